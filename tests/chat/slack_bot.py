"""slack_bot.py [WORD] - a bot at a platform of others end to end: Slack's requests signed as Slack does, its API scripted
(rig.Api), the server and the console real. `N passed, N failed`."""
import hashlib
import hmac
import http.client
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rig
import room
from room import Room, equal, has, holds, house

SIGNING = "0123456789abcdef0123456789abcdef"
BOT = "xoxb-made-up-token-of-the-test"


class Slack(Room):
    def __init__(self):
        self.slack = rig.Api({"/chat.postMessage": [{"ok": True, "channel": "C1", "ts": "%d.000100" % n} for n in range(100, 140)],
                              "/chat.update": {"ok": True}, "/chat.postEphemeral": {"ok": True}})
        super().__init__()
        self.env["HIGRESS_OPS_LOG"] = "warn"
        for name, value in (("signing", SIGNING), ("bot", BOT)):
            with open(os.path.join(self.folder_of_key, name), "w") as f:
                f.write(value)
        for p in self.settings["people"]:
            p["chat"].append("slack:T1/U%s" % p["name"])
        self.settings["chat"].append({"platform": "slack", "name": "shop", "url": self.slack.url, "tenants": ["T1"], "ids": {"app": "A1"},
                                      "keys": {k: {"file": os.path.join(self.folder_of_key, k)} for k in ("signing", "bot")}})
        self.write_settings()
        self.restart()

    def ask(self, body, kind="application/json", key=SIGNING):
        at = str(int(time.time()))
        mac = hmac.new(key.encode(), b"v0:%s:%s" % (at.encode(), body), hashlib.sha256).hexdigest()
        c = http.client.HTTPConnection("127.0.0.1", self.port_of_bot, timeout=30)
        c.request("POST", "/chat/slack/shop", body, {"Content-Type": kind, "X-Slack-Request-Timestamp": at, "X-Slack-Signature": "v0=" + mac})
        r = c.getresponse()
        answer = r.status, r.read().decode()
        c.close()
        return answer

    def unsigned(self, body):
        c = http.client.HTTPConnection("127.0.0.1", self.port_of_bot, timeout=30)
        c.request("POST", "/chat/slack/shop", body)
        r = c.getresponse()
        r.read()
        c.close()
        return r.status

    def mention(self, user, text, event="Ev1"):
        return self.ask(json.dumps({"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": event, "event": {
            "type": "app_mention", "user": "U" + user, "team": "T1", "text": "<@UBOT> " + text, "channel": "C1", "ts": "90.0001"}}).encode())

    def click(self, user, card, choice, key=SIGNING):
        actions = [b for b in card["json"]["blocks"] if b["type"] == "actions"][0]["elements"]
        button = [x for x in actions if choice in x["action_id"]][0]
        payload = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U" + user, "team_id": "T1"}, "api_app_id": "A1",
                   "container": {"type": "message", "message_ts": card["ts"], "channel_id": "C1"}, "channel": {"id": "C1"},
                   "message": {"type": "message", "ts": card["ts"], "blocks": card["json"]["blocks"]}, "trigger_id": "1.2.%d" % time.time_ns(),
                   "actions": [{**button, "action_ts": "%d.1" % time.time_ns()}]}
        return self.ask(urllib.parse.urlencode({"payload": json.dumps(payload)}).encode(), "application/x-www-form-urlencoded", key)

    def seen(self, path, *words):
        """The first call of that method with these words; its ts where it has one."""
        until = time.time() + room.PATIENCE
        while time.time() < until:
            posts = [r for r in self.slack.seen if r["path"] == "/chat.postMessage"]
            for r in list(self.slack.seen):
                if r["path"] == path and all(w in r["body"].decode() for w in words):
                    equal(r["headers"]["authorization"], "Bearer " + BOT)
                    return {**r, "ts": "%d.000100" % (100 + posts.index(r)) if r in posts else None}
            time.sleep(0.02)
        raise AssertionError("%s was not called with %s: %s" % (path, words, [r["body"][:200] for r in self.slack.seen]))

    def leave(self):
        super().leave()
        self.slack.stop()
        equal(self.slack.wrong, [])


def check_a_question_is_answered_in_its_thread(r):
    equal(r.mention("eve", "routes path=/pay")[0], 200)
    has(json.dumps(r.seen("/chat.postMessage", "shop-pay")["json"]), '"thread_ts": "90.0001"')
    equal(r.mention("eve", "routes path=/pay")[0], 200)  # Slack delivers again
    r.mention("eve", "help", event="Ev2")
    r.seen("/chat.postMessage", "never by text")
    equal(len([x for x in r.slack.seen if b"shop-pay" in x["body"]]), 1)


def check_a_card_and_its_button(r):
    r.mention("ada", "limit shop-pay 10")
    card = r.seen("/chat.postMessage", '"actions"')
    r.click("eve", card, "approve")
    has(r.seen("/chat.postEphemeral", "role viewer")["body"].decode(), "Ueve")
    equal(r.click("bob", card, "approve", key="x" * 32)[0], 401)
    equal((r.limited(), r.audit("approved")), (False, []))
    r.click("bob", card, "approve")
    done = r.seen("/chat.update", "applied", "approved by bob")
    equal(done["json"]["ts"], card["ts"])
    holds('"actions"' not in done["body"].decode(), "the buttons stay")
    equal((r.limited(), r.audit("approved")[0][2:4]), (True, ("slack:T1/Ubob", "chat")))
    holds(BOT not in r.everything() and SIGNING not in r.everything(), "a key was said or kept")


def check_a_card_that_slack_holds_back(r):
    r.slack.answers["/chat.update"] = [(429, {"Retry-After": "1"}, {"ok": False}), {"ok": False, "error": "fatal_error"}, {"ok": True}]
    r.mention("ada", "limit shop-pay 10")
    card = r.seen("/chat.postMessage", '"actions"')
    r.click("bob", card, "reject")
    r.audited("rejected")
    until = time.time() + room.PATIENCE
    while len([x for x in r.slack.seen if x["path"] == "/chat.update"]) < 3:
        holds(time.time() < until, "it is not tried again")
        time.sleep(0.05)
    equal(len(r.audit("rejected")), 1)


def check_what_slack_signed_and_nobody_reads_is_no_forgery(r):
    equal({r.ask(b'{"no": "type %d"}' % i)[0] for i in range(30)}, {400})
    equal(r.ask(b"{}", key="another")[0], 401)
    r.audited("wrong_token")
    equal([json.loads(x[4])["count"] for x in r.audit("wrong_token")], [1])
    said = [line for line in open(os.path.join(r.dir, "serve.log")) if "a request was refused" in line]
    equal(len(said), 1, "a line a minute")
    has(said[0], "slack/shop", "Slack's payload has no type")


def check_guessing_is_slowed_whatever_is_unsigned(r):
    equal(r.unsigned(b"ssl_check=1"), 200)
    seen = [r.ask(b"{}", key="guess %d" % i)[0] for i in range(30)]
    equal(sorted(set(seen)), [401, 429])


if __name__ == "__main__":
    sys.exit(house.run_each(dict(globals()), lambda check: Slack(), sys.argv[1] if len(sys.argv) > 1 else ""))
