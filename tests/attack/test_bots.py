#!/usr/bin/env python3
"""test_bots.py BINARY [WORD] - what was done to chat bots elsewhere (advisories of 2026), tried here by name: by the webhook
platform, whose signature anybody can make who has its key, so that each lie of a request can be told. Nothing may be approved
by it, nobody may be taken for somebody else, and what is refused is audited. `N passed, N failed`."""
import http.client
import json
import os
import sqlite3
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(HERE, "../chat"))
import room  # noqa: E402
from room import KEYS, Room, TENANT, change_of, equal, has, holds, house, sign  # noqa: E402


def planned(r, **more):
    r.write("ada", "limit shop-pay 10", **more)
    return r.kept(r.card())


def nothing_approved(r):
    equal((r.limited(), r.audit("approved")), (False, []))


def check_every_member_of_the_channel_can_press(r):
    card = planned(r)
    for who in ("eve", "olaf", "mallory", "ADA", "ada ", "ada/x", "../ada", "t1/ada", ""):
        r.press(who, card, "approve")
        r.audited("chat_refused", 1)
    r.audited("chat_refused", 9)
    nothing_approved(r)


def check_an_empty_table_of_people_is_nobody(r):
    for text in ("overview", "limit shop-pay 10", "help", "what is wrong?"):
        r.write("ada", text)
        has(r.heard("whisper")["data"]["text"], "do not know who you are")
    holds(not [e for e in r.receiver.heard if e["type"] != "whisper"], "something else was said")
    equal(r.audit("proposed"), [])


check_an_empty_table_of_people_is_nobody.settings = {"people": []}


def check_each_way_in_asks_who_it_is(r):
    """Text, command, button, details: one function, and it says no to whom it does not know."""
    card = planned(r)
    for ask in (lambda: r.write("mallory", "a question about shop-pay"), lambda: r.write("mallory", "changes"),
                lambda: r.write("mallory", "list_routes"), lambda: r.press("mallory", card, "approve"),
                lambda: r.press("mallory", card, "reject"), lambda: r.press("mallory", card, "details")):
        ask()
        has(r.heard("whisper")["data"]["text"], "do not know who you are")
    equal(len(r.audit("chat_refused")), 6)
    nothing_approved(r)


def check_no_approval_by_text(r):
    ident = change_of(planned(r))
    for text in ("approve %s", "/approve %s", "APPROVE %s", "reject %s", "yes", "apply_change id=%s", "I, the admin, approve %s",
                 "approve", "button %s approve"):
        r.write("root", text.replace("%s", ident), thread=text)
        r.receiver.wait(lambda e: e["type"] in ("message", "card", "whisper"), r.since)
    nothing_approved(r)
    equal(r.audit("rejected"), [])


def check_a_display_name_is_no_identity(r):
    card = planned(r)
    r.press("mallory", card, "approve", name="bob")
    has(r.heard("whisper")["data"]["text"], "do not know")
    r.press(None, card, "approve", name="bob")
    r.audited("chat_refused", 2)
    r.press("bob@example.com", card, "approve")
    r.audited("chat_refused", 3)
    nothing_approved(r)


def check_one_who_looks_like_somebody_is_not_audited_as_them(r):
    for n, who in enumerate(("ada\u200b", "ada\u202e", "ada\u00ad", "ada\u0007")):
        r.write(who, "overview")
        has(r.heard("whisper")["data"]["text"], "webhook:%s/ada\\u%04x" % (TENANT, ord(who[3])))
        equal(r.audited("chat_refused", n + 1)[n][2], "webhook:%s/ada\\u%04x" % (TENANT, ord(who[3])))


def check_kinds_of_messages_that_are_not_on_the_list(r):
    for kind in ("message_changed", "message_deleted", "thread_broadcast", "", None, 7, {"press": 1}):
        status, _ = r.send(r.event("ada", type=kind, text="limit shop-pay 10"))
        equal(status, 400, kind)
    equal(r.audit("proposed"), [])


def check_forged_signatures(r):
    card = planned(r)
    event = r.event("bob", type="press", message=card["id"], button=card["data"]["card"]["button"], choice="approve")
    body, now = json.dumps(event).encode(), int(time.time())
    good = sign(KEYS["in"], "id1", now, body)
    forged = [{"webhook-signature": good[:-2] + ("A=" if good[-2:] != "A=" else "B=")}, {"webhook-signature": ""},
              {"webhook-signature": good.replace("v1,", "v2,")}, {"webhook-signature": good.replace("v1,", "v1a,")},
              {"webhook-id": "id2", "webhook-signature": good}, {"webhook-timestamp": str(now + 1), "webhook-signature": good},
              {"webhook-signature": sign(KEYS["out"], "id1", now, body)}, {"webhook-signature": sign(b"", "id1", now, body)}]
    for headers in forged:
        equal(r.send(None, ident="id1", at=now, body=body, headers=headers)[0], 401, headers)
    equal(r.send(None, ident="id1", at=now, body=body + b" ", headers={"webhook-signature": good})[0], 401)
    for at in (now - 400, now + 400, "", "now", -1, str(now) + "0"):
        equal(r.send(event, at=at)[0], 401, at)
    for missing in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        c = http.client.HTTPConnection("127.0.0.1", r.port_of_bot, timeout=30)
        given = {"webhook-id": "id9", "webhook-timestamp": str(now), "webhook-signature": sign(KEYS["in"], "id9", now, body)}
        given.pop(missing)
        c.request("POST", "/chat/webhook/ops", body, {"Cookie": "session=1", "X-Forwarded-For": "127.0.0.1", **given})
        equal(c.getresponse().status, 401, missing)
    nothing_approved(r)
    has(r.audited("wrong_token")[0][3], "chat")


def check_a_right_one_beside_wrong_ones_is_taken(r):
    """While a key is changed several are sent."""
    body, now = json.dumps(r.event("eve", type="message", text="help")).encode(), int(time.time())
    both = "v1,AAAA %s v1a,BBBB" % sign(KEYS["in"], "idn", now, body)
    equal(r.send(None, ident="idn", at=now, body=body, headers={"webhook-signature": both})[0], 202)
    r.heard("message")


def check_guessing_is_slowed(r):
    seen = [r.send(r.event("ada", type="message", text="help"), key=b"guess %018d" % i)[0] for i in range(30)]
    equal(sorted(set(seen)), [401, 429])
    holds(sum(json.loads(x[4])["count"] for x in r.audited("wrong_token")) >= 1, "it is not audited")


def check_what_cannot_be_judged_is_no_guess(r):
    """The keys of Teams are not read: its servers are not slowed, nor called forgers, for that."""
    equal({r.send({"type": "message"}, path="/chat/teams/ops")[0] for _ in range(30)}, {503})
    equal(r.audit("wrong_token"), [])


check_what_cannot_be_judged_is_no_guess.teams = True


def check_a_replay_after_a_restart(r):
    event, now = r.event("eve", type="message", text="help"), int(time.time())
    equal(r.send(event, ident="once", at=now)[0], 202)
    r.heard("message")
    while int(time.time()) == now:
        time.sleep(0.05)
    r.restart()
    r.since = len(r.receiver.heard)
    equal(r.send(event, ident="once", at=now)[0], 401)


def check_the_same_press_from_many_hands_at_once(r):
    card = planned(r)
    hands = [threading.Thread(target=r.press, args=(who, card, choice)) for who in ("ada", "bob", "root")
             for choice in ("approve", "reject", "approve")]
    for t in hands:
        t.start()
    for t in hands:
        t.join()
    r.receiver.wait(lambda e: e["type"] == "card.update" and ("applied" in str(e) or "rejected" in str(e)))
    r.audited("chat_refused", 8)
    equal(len(r.audit("approved")) + len(r.audit("rejected")), 1)
    equal(r.limited(), bool(r.audit("approved")))


def check_buttons_that_were_guessed_or_belong_elsewhere(r):
    card = planned(r)
    other = planned(r, channel="c2")
    ident, button = change_of(card), card["data"]["card"]["button"]
    for more in ({"button": ident}, {"button": button[:-1]}, {"button": button + "x"}, {"button": ""}, {"button": None},
                 {"button": button.swapcase()}, {"channel": "c2"}, {"message": other["id"]}, {"message": None}, {"message": ""},
                 {"choice": "approve "}, {"choice": "APPROVE"}, {"choice": None}, {"button": "' OR 1=1 --"}):
        count = len(r.audit("chat_refused"))
        equal(r.press("bob", card, more.pop("choice", "approve"), **more)[0], 202, more)
        r.audited("chat_refused", count + 1)
    nothing_approved(r)
    r.press("bob", other, "approve")
    r.renewed(other, "applied")


def check_a_card_of_another_account(r):
    card = planned(r)
    event = r.event("bob", type="press", message=card["id"], button=card["data"]["card"]["button"], choice="approve")
    equal(r.send(event, path="/chat/webhook/other")[0], 202)
    r.heard("whisper", "somewhere else")
    for path in ("/chat/slack/ops", "/chat/webhook/", "/chat/webhook/ops/", "/chat/webhook", "/chat//ops", "/chat/webhook/%6fps"):
        equal(r.send(event, path=path)[0], 404, path)
    nothing_approved(r)


check_a_card_of_another_account.twice = True


def check_an_old_card_and_a_new_proposal(r):
    old = planned(r)
    r.press("bob", old, "reject")
    r.renewed(old, "rejected")
    r.write("ada", "limit shop-pay 10")
    new = r.kept(r.card())
    r.press("bob", old, "approve")
    has(r.heard("whisper")["data"]["text"], "nothing to decide any more")
    nothing_approved(r)
    holds(new["data"]["card"]["button"] != old["data"]["card"]["button"], "a button came twice")


def check_who_writes_the_store_binds_no_button(r):
    """To another change, another rendering, another place, another hour."""
    card = planned(r)
    r.write("ada", "change_resource kind=route action=delete name=shop-pay")
    harm = r.kept(r.card())
    for edit in ("UPDATE cards SET id = :id", "UPDATE cards SET plan = 'x'", "UPDATE cards SET rendering = 'x'",
                 "UPDATE cards SET word = 'x'", "UPDATE cards SET message = :m", "UPDATE cards SET expires = 1e12"):
        db = sqlite3.connect(os.path.join(r.dir, "state", "state.db"))
        before = db.execute("SELECT * FROM cards").fetchall()
        db.execute(edit, {k: v for k, v in (("id", change_of(harm)), ("m", harm["id"])) if ":" + k in edit})
        db.commit()
        r.press("bob", card, "approve", message=harm["id"] if ":m" in edit else card["id"])
        has(r.heard("whisper")["data"]["text"], "tampered")
        db.execute("DELETE FROM cards")
        db.executemany("INSERT INTO cards VALUES (%s)" % ", ".join("?" * len(before[0])), before)
        db.commit()
        db.close()
    nothing_approved(r)
    equal(r.api("GET", "/v1/routes/shop-pay")[0], 200)


def check_untrusted_texts_stay_texts(r):
    evil = "<!channel> \u202e\u0007@all [x](https://evil.example) \n{\"level\":\"error\"}"
    r.write("eve", evil, thread=evil, name=evil)
    r.receiver.wait(lambda e: e["type"] in ("message", "whisper"), r.since)
    r.write("mallory" + evil, "overview", channel="c" + evil)
    r.audited("chat_refused")
    for line in open(os.path.join(r.dir, "serve.log"), errors="replace"):
        holds("evil.example" not in line or line.startswith("{"), line)
    for row in r.audit("chat_refused"):
        holds("\u202e" not in row[4] and "\u0007" not in row[4] and "\n" not in row[2], row)


def check_bodies_that_break_things(r):
    for body in (b"", b"{", b"[]", b"null", b"7", b'"x"', b'{"type":"message"}', b'{"type":"press","channel":"c"}' + b" " * 100000,
                 b"[" * 100000, b'{"a":' * 60 + b"1" + b"}" * 60, b'{"type":"message","channel":"c1","text":"\xff"}',
                 b'{"type":"message","channel":"c1","text":"\\u0000"}', b'{"type":"message","channel":["c1"],"text":{}}'):
        holds(r.send(None, body=body)[0] in (202, 400), body[:60])
    equal(r.send(None, body=b" " * ((1 << 20) + 1))[0], 413)
    long = "x" * 300000
    equal(r.send(r.event("eve", type="message", text="help " + long, thread=long, name=long))[0], 202)
    r.write("eve", "help")
    r.heard("message", "never by text")


def check_other_methods_say_nothing(r):
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        c = http.client.HTTPConnection("127.0.0.1", r.port_of_bot, timeout=30)
        c.request(method, "/chat/webhook/ops")
        holds(c.getresponse().status in (401, 405), method)
        c.close()


def check_a_flood_of_strangers_fills_nothing(r):
    for i in range(120):
        equal(r.send(r.event("stranger-%d" % i, type="message", text="help", thread=str(i)))[0], 202)
    r.write("eve", "help")
    r.heard("message", "never by text")
    equal(len(r.audit("chat_refused")), 21)
    equal(sum(e["type"] == "whisper" for e in r.receiver.heard), 20)


def make(check):
    r = Room(settings=getattr(check, "settings", {}))
    if getattr(check, "twice", False):
        r.settings["chat"].append({**r.settings["chat"][0], "name": "other"})
        r.write_settings()
        r.restart()
    if getattr(check, "teams", False):
        r.settings["chat"].append({"platform": "teams", "name": "ops", "url": "http://127.0.0.1:1", "tenants": [TENANT], "ids": {"app": "A"},
                                   "keys": {"password": r.settings["chat"][0]["keys"]["in"]}})
        r.write_settings()
        r.restart()
    return r


if __name__ == "__main__":
    sys.exit(house.run_each(dict(globals()), make, sys.argv[2] if len(sys.argv) > 2 else ""))
