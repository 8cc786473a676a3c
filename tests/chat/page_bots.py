"""page_bots.py [WORD] - the configuration of each page of docs/chatops makes a bot that works: with nothing put in but the ids and
keys of the platform's double (doubles.py) and its address, a message is answered, and a plan approved where cards are possible.
`N passed, N failed`. Runs with the Python of build/python/chat-sdks."""
import importlib.util
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import doubles  # noqa: E402
import feishu as feishu_maker  # noqa: E402
import room  # noqa: E402
import teams as teams_maker  # noqa: E402
from room import Room, equal, holds, house  # noqa: E402

spec = importlib.util.spec_from_file_location("chat_pages", os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages.py"))
pages = importlib.util.module_from_spec(spec)  # there is a pages.py of tests/agent, too
spec.loader.exec_module(pages)

# Of each page: its double, what the page's ids are there, what its variables hold, and for each configuration by which way it is
# spoken to, and whether a card comes that way.
PAGES = {
    "slack": (doubles.Slack, {"T0123456789": "T111", "A0123456789": "A111"},
              {"SLACK_BOT_TOKEN": "xoxb-SECRET", "SLACK_APP_TOKEN": "xapp-SECRET", "SLACK_SIGNING_SECRET": doubles.Slack.SIGNING},
              [("socket", True), ("request", True)]),
    "dingtalk": (doubles.DingTalk, {"dingCORPID": "dingcorp", "dingAPPKEY": "dingabc",
                                    "01234567-89ab-cdef-0123-456789abcdef.schema": "abc.schema"},
                 {"DINGTALK_APP_SECRET": "dingSECRET"}, [("stream", True)]),
    "feishu": (doubles.Feishu, {"TENANT_KEY": "t1", "cli_a1b2c3": "cli_a"},
               {"FEISHU_APP_SECRET": "feishuSECRET", "FEISHU_ENCRYPT_KEY": feishu_maker.KEY, "FEISHU_VERIFICATION_TOKEN": feishu_maker.TOKEN},
               [("connection", True), ("request", True)]),
    "wecom": (doubles.WeCom, {"ww0123456789abcdef": "ww1", "aibAAAAAAAA": "B1"},
              {"WECOM_BOT_SECRET": "wecomSECRET", "WECOM_TOKEN": doubles.WeCom.TOKEN, "WECOM_ENCODING_AES_KEY": doubles.WeCom.KEY},
              [("connection", True), ("callback", False)]),
    "teams": (doubles.Teams, {}, {"TEAMS_CLIENT_SECRET": teams_maker.PASSWORD}, [("", True)]),
    "webhook": (doubles.Webhook, {"acme": room.TENANT}, {"CHATOPS_IN": room.whsec(room.KEYS["in"]), "CHATOPS_OUT": room.whsec(room.KEYS["out"])},
                [("", True)]),
}


class OfPage(Room):
    """A server whose bot is the page's."""

    def __init__(self, name, text, way):
        make, self.changed, self.variables, _ = PAGES[name]
        self.platform, self.text, self.way = make(), text[text.index("\nchat:") + 1 if "\nchat:" in text else 0:], way
        super().__init__()
        p = self.platform
        waits = isinstance(p, doubles.Socket) and way == p.ways[0]
        (p.begin if waits else super(doubles.Socket, p).begin if isinstance(p, doubles.Socket) else p.begin)(self)

    def write_settings(self):
        p, text = self.platform, self.text
        for said, here in self.changed.items():
            text = text.replace(said, here)
        name = text.split("name: ")[1].split("\n")[0]
        p.account = p.called = name
        url = self.receiver.url if p.name == "webhook" else (p.rows(self.folder_of_key)[0] if self.way in ("", p.ways[0])
                                                             else p.rows(self.folder_of_key)[-1])["url"]
        lines = [line for line in text.splitlines() if not line.startswith("    url:")]
        lines.insert(lines.index("    name: " + name) + 1, "    url: " + url)
        people = [{**one, "chat": [p.identity(one["name"])]} for one in self.settings["people"]]
        if p.name == "webhook":  # one system speaks, whose name is in none of its messages
            people = [{"name": "the deployer", "roles": ["operator", "approver"], "chat": [p.identity("system")]}]
        self.env.update(self.variables)
        self.env["HIGRESS_OPS_CONFIG"] = self.put("ops.yaml", "people: %s\n%s\n" % (json.dumps(people), "\n".join(lines)))

    def send(self, event, path=None, **how):
        return super().send(event, path="/chat/webhook/" + self.platform.called, **how)

    def leave(self):
        super().leave()
        self.platform.stop()


def run_page(name, text, way, cards):
    r = OfPage(name, text, way)
    p = r.platform
    how = {"way": way} if way else {}
    try:
        p.write("eve", "help", **how)
        p.heard("text", "never by text")
        if cards:
            since = len(p.said)
            p.write("ada", "limit shop-pay 10", **how)
            card = p.card(since=since)
            p.press("bob", card, "approve", **(how if way in p.presses else {}))
            p.told_outcome(card, "applied", since=since)
        equal(r.limited(), cards)
    finally:
        r.leave()


def main(word=""):
    passed = failed = 0
    for name, (_, _, _, ways) in PAGES.items():
        texts = pages.texts_of(open(os.path.join(house.ROOT, "docs/chatops", name + ".md")).read())
        if len(texts) != len(ways):
            failed += 1
            print("FAIL %s: %d configurations, %d are run here" % (name, len(texts), len(ways)))
        for text, (way, cards) in zip(texts, ways):
            if word not in name:
                continue
            try:
                run_page(name, text, way, cards)
                passed += 1
                print("ok   %s %s" % (name, way), flush=True)
            except Exception:
                failed += 1
                print("FAIL %s %s\n%s\n%s" % (name, way, text, room.house.traceback.format_exc()))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
