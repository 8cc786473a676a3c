"""bound.py [WORD] - channels that are bound to a gateway or a role, or read-only, end to end by the webhook: what is asked there, and
presses on the cards that are there, also of those from before it was bound. `N passed, N failed`. Runs with the Python of
build/python/model-sdks."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import room
from bots import make, planned
from room import change_of, equal, has, holds, house


def check_channels_are_bound(r):
    r.write("ada", "limit shop-pay 10", channel="reads")
    r.heard("whisper", "You may not ask for changes here")
    r.write("ada", "limit shop-pay 10", channel="operators")
    card = r.card()
    r.press("ada", card, "approve")
    r.heard("whisper", "this channel is bound")
    r.write("ada", "help", channel="elsewhere")
    r.heard("whisper", "In this channel I do not answer")
    r.write("ada", "help", channel="elsewhere", direct=True)
    r.heard("message", "never by text")
    equal(r.limited(), False)


check_channels_are_bound.account = {"channels": [{"id": "reads", "read_only": True}, {"id": "operators", "role": "operator"}]}


def check_a_channel_is_bound_to_a_gateway(r):
    other = house.House()
    try:
        password = {"file": r.env.pop("HIGRESS_OPS_PASSWORD_FILE")}
        r.settings["gateways"] = [{"name": "shop", "url": r.env.pop("HIGRESS_OPS_URL"), "password": password},
                                  {"name": "lab", "url": "http://127.0.0.1:%d" % other.port, "password": password}]
        r.settings["chat"][0]["channels"] = [{"id": "c1"}, {"id": "lab", "gateway": "lab"}]
        r.write_settings()
        r.restart()
        card = planned(r)
        r.write("eve", "routes path=/pay", channel="lab")
        holds("shop-pay" not in r.heard("message")["data"]["text"], "it looked at the other one")
        r.write("eve", "routes path=/pay gateway=shop", channel="lab")
        has(r.heard("message")["data"]["text"], "here is only spoken of the gateway lab")
        r.press("bob", card, "approve")
        r.renewed(card, "applied")
        r.write("ada", "undo " + change_of(card), channel="lab")
        has(r.heard("message")["data"]["text"], "here is only spoken of the gateway lab")
        equal(r.limited(), True)
    finally:
        other.leave()


def rebind(r, channels):
    """Of the account, while it runs; the server has taken it."""
    r.settings["chat"][0]["channels"] = channels
    r.write_settings()
    r.processes[-1].send_signal(signal.SIGHUP)
    end = time.time() + room.PATIENCE
    while True:
        since = len(r.receiver.heard)
        r.write("eve", "help", channel="probe", direct=False)
        if r.receiver.wait(lambda e: e["type"] in ("message", "whisper"), since)["type"] == "whisper":
            return  # it is among the channels no more
        holds(time.time() < end, "it is not read again")


def check_a_card_of_a_channel_that_is_bound_to_a_gateway(r):
    other = house.House()
    try:
        for path, body in (("/v1/service-sources", {"name": "shop-pay", "type": "static", "port": 80, "domain": "10.0.0.9:8080"}),
                           ("/v1/routes", {"name": "shop-pay", "domains": [], "path": {"matchType": "PRE", "matchValue": "/pay"},
                                           "services": [{"name": "shop-pay.static", "port": 80, "weight": 100}]})):
            holds(other.api("POST", path, body)[0] in (200, 201), path)
        password = {"file": r.env.pop("HIGRESS_OPS_PASSWORD_FILE")}
        r.settings["gateways"] = [{"name": "shop", "url": r.env.pop("HIGRESS_OPS_URL"), "password": password},
                                  {"name": "lab", "url": "http://127.0.0.1:%d" % other.port, "password": password}]
        r.settings["chat"][0]["channels"] = [{"id": "c1", "gateway": "lab"}, {"id": "probe"}]
        r.write_settings()
        r.restart()
        card = planned(r)
        r.press("bob", card, "approve")
        r.renewed(card, "applied")
        has(json.dumps(other.api("GET", "/v1/routes/shop-pay")[1]), "limit-rps")
        equal(r.limited(), False)
        card = r.kept(planned(r, text="limit shop-pay 20"))
        rebind(r, [{"id": "c1", "gateway": "shop"}])
        for choice in ("approve", "reject", "details"):
            r.press("bob", card, choice)
            has(r.heard("whisper")["data"]["text"], "for another gateway than this channel is about")
        equal((len(r.audit("approved")), r.audit("rejected")), (1, []))
    finally:
        other.leave()


def check_a_card_of_a_channel_that_is_bound_to_a_role(r):
    card = r.kept(planned(r))  # an operator plans there
    for choice in ("approve", "reject"):
        r.press("bob", card, choice)
        has(r.heard("whisper")["data"]["text"], "You may not decide about changes here", "role approver, and this channel is bound")
    r.press("bob", card, "details")
    has(r.heard("message")["data"]["text"], "customConfigs")
    r.write("bob", "limit shop-pay 20")  # an approver is no operator there
    has(r.heard("whisper")["data"]["text"], "You may not ask for changes here")
    equal((r.limited(), r.audit("approved"), r.audit("rejected"), len(r.audit("chat_refused"))), (False, [], [], 3))
    rebind(r, [{"id": "c1", "role": "viewer"}])
    r.write("ada", "limit shop-pay 30")
    has(r.heard("whisper")["data"]["text"], "You may not ask for changes here")
    r.write("ada", "routes path=/pay")
    has(r.heard("message")["data"]["text"], "shop-pay")
    rebind(r, [{"id": "c1", "role": "approver"}])
    r.press("bob", card, "approve")
    r.renewed(card, "applied")


check_a_card_of_a_channel_that_is_bound_to_a_role.account = {"channels": [{"id": "c1", "role": "operator"}, {"id": "probe"}]}


def check_a_card_of_a_channel_that_is_read_only(r):
    card = r.kept(planned(r))
    rebind(r, [{"id": "c1", "read_only": True}, {"id": "c2"}])
    for choice in ("approve", "reject"):
        r.press("bob", card, choice)
        has(r.heard("whisper")["data"]["text"], "You may not decide about changes here", "this channel is bound")
    r.press("eve", card, "details")
    has(r.heard("message")["data"]["text"], "customConfigs")
    r.press("bob", card, "approve", channel="c2")  # from where it was not shown
    has(r.heard("whisper")["data"]["text"], "belongs to a card somewhere else")
    equal((r.limited(), r.audit("approved"), r.audit("rejected")), (False, [], []))
    code, screen = r.person(["approve", change_of(card)], "yes")  # elsewhere it is decided as ever, and the card follows
    equal(code, 0, screen)
    r.renewed(card, "applied", since=0)


check_a_card_of_a_channel_that_is_read_only.account = {"channels": [{"id": "c1"}, {"id": "probe"}]}


if __name__ == "__main__":
    sys.exit(house.run_each(dict(globals()), make, sys.argv[1] if len(sys.argv) > 1 else ""))
