"""wecom_bot.py [WORD] - a bot on WeCom's long connection end to end: the socket is a double that WeCom's own SDK holds up
(tests/ws/held.py), the server and the console are real. `N passed, N failed`."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../ws")]
import double  # noqa: E402
from room import Room, equal, holds, house  # noqa: E402

SECRET = double.WeCom.keys["secret"]


class WeCom(Room):
    def __init__(self):
        self.double, self.said = double.WeCom(), 0
        super().__init__()
        with open(os.path.join(self.folder_of_key, "secret"), "w") as f:
            f.write(SECRET)
        for p in self.settings["people"]:
            p["chat"].append("wecom:ww1/%s" % p["name"])
        self.settings["chat"].append({"platform": "wecom", "name": "shop", "url": self.double.base(), "tenants": ["ww1"],
                                      "ids": self.double.ids, "keys": {"secret": {"file": os.path.join(self.folder_of_key, "secret")}}})
        self.write_settings()
        self.restart()
        self.link = self.double.link()
        holds(self.link.until(lambda f: f["cmd"] == "aibot_subscribe"), "it does not subscribe")

    def body(self, user):
        self.said += 1
        return {"msgid": "m%d" % self.said, "aibotid": "B1", "chatid": "wr1", "chattype": "group", "create_time": 1700000000,
                "from": {"userid": user, "corpid": "ww1"}}

    def mention(self, user, text):
        self.link.send({"cmd": "aibot_msg_callback", "headers": {"req_id": "r%d" % self.said},
                        "body": dict(self.body(user), msgtype="text", text={"content": "@bot " + text})})

    def click(self, user, card, choice):
        """The press; its req_id."""
        key = [b["key"] for b in card["button_list"] if b["key"].endswith(choice)][0]
        req_id = "press%d" % self.said
        self.link.send({"cmd": "aibot_event_callback", "headers": {"req_id": req_id}, "body": dict(
            self.body(user), msgtype="event", event={"eventtype": "template_card_event", "template_card_event": {
                "card_type": card["card_type"], "event_key": key, "task_id": card["task_id"]}})})
        return req_id

    def card(self):
        frame = self.link.until(lambda f: f.get("body", {}).get("msgtype") == "template_card")
        holds(frame, "there came no card")
        return frame["body"]["template_card"]

    def changed(self, req_id):
        frame = self.link.until(lambda f: f["cmd"] == "aibot_respond_update_msg")
        holds(frame, "the card is not changed")
        equal((frame["headers"]["req_id"], frame["body"]["response_type"]), (req_id, "update_template_card"))
        return frame["body"]["template_card"]

    def told(self, word):
        holds(self.link.until(lambda f: f["cmd"] == "aibot_send_msg" and word in str(f["body"])), "it is not told: " + word)

    def leave(self):
        super().leave()
        self.double.stop()


def check_a_pressed_card_is_changed_itself(r):
    r.mention("ada", "limit shop-pay 10")
    card = r.card()
    now = r.changed(r.click("bob", card, "approve"))
    equal(now["task_id"], card["task_id"])
    holds(not now.get("button_list"), "the buttons stay")
    r.told("applied")
    equal((r.limited(), r.audit("approved")[0][2:4]), (True, ("wecom:ww1/bob", "chat")))
    holds(SECRET not in r.everything(), "the secret was said or kept")


def check_a_no_changes_it_too(r):
    r.mention("ada", "limit shop-pay 10")
    now = r.changed(r.click("bob", r.card(), "reject"))
    holds(not now.get("button_list"), "the buttons stay")
    r.told("rejected by bob")
    equal(r.limited(), False)


def check_who_may_not_changes_nothing(r):
    r.mention("ada", "limit shop-pay 10")
    card = r.card()
    r.click("eve", card, "approve")
    r.told("role viewer")
    equal((r.limited(), r.audit("approved")), (False, []))
    r.changed(r.click("bob", card, "approve"))
    r.told("applied")


if __name__ == "__main__":
    sys.exit(house.run_each(dict(globals()), lambda check: WeCom(), sys.argv[1] if len(sys.argv) > 1 else ""))
