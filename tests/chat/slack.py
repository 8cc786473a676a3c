"""slack.py [WORD] - the Slack platform against payloads after docs.slack.dev, the signer of slack_sdk, and a scripted Web API.
`N passed, N failed`. Runs with the Python of build/python/chat-sdks."""
import json
import sys
import time
import urllib.parse

from slack_sdk.signature import Clock, SignatureVerifier

from rig import DONE, NOW, PLAN, Api, Driver, equal, event, has, nothing, refused, run, said_no

SIGNING, BOT = "8f742231b10e8888abcd99yyyzzz85a5", "xoxb-1111-2222-abcdefSECRET"
HOOK = "https://hooks.slack.com/actions/T111/1/SECRETPATH"


class Fixed(Clock):
    def now(self):
        return NOW


def slack(**how):
    return Driver("slack", {"signing": SIGNING, "bot": BOT}, {"app": "A111"}, ["T111"], secrets=[HOOK, "SECRETPATH"], **how)


def signed(d, body, now=NOW, at=NOW, secret=SIGNING, instead=None, headers=()):
    body = body if isinstance(body, str) else json.dumps(body)
    theirs = SignatureVerifier(secret, Fixed())
    made = {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": theirs.generate_signature(timestamp=str(at), body=body)}
    return d.take(body if instead is None else instead, dict(made, **dict(headers)), now=now)


def mention(**m):
    return {"type": "event_callback", "team_id": "T111", "api_app_id": "A111", "event_id": "Ev1", "event_time": NOW,
            "authorizations": [{"team_id": "T111", "user_id": "U0BOT", "is_bot": True}], "is_ext_shared_channel": False,
            "event": dict({"type": "app_mention", "user": "U111", "text": "<@U0BOT> diagnose &lt;shop&gt; <https://a.example/x|a.example>",
                           "ts": "1700000000.000100", "channel": "C111", "team": "T111"}, **m)}


def direct(**m):
    return mention(**dict({"type": "message", "channel_type": "im", "channel": "D111", "text": "overview"}, **m))


def press(action="approve", **p):
    return dict({"type": "block_actions", "team": {"id": "T111", "domain": "acme"},
                 "user": {"id": "U111", "username": "ann", "name": "ann", "team_id": "T111"}, "api_app_id": "A111",
                 "token": "legacy", "trigger_id": "1.2.abc", "channel": {"id": "C111", "name": "ops"},
                 "container": {"type": "message", "message_ts": "1700000001.000200", "channel_id": "C111",
                               "thread_ts": "1700000000.000100", "is_ephemeral": False},
                 "state": {"values": {"typed": {"typed": {"type": "plain_text_input", "value": "shop"}}}},
                 "response_url": HOOK,
                 "actions": [{"action_id": action, "block_id": "x", "value": "b7f3a", "type": "button",
                              "text": {"type": "plain_text", "text": "Approve"}, "action_ts": "1700000002.000300"}]}, **p)


def form(payload):
    return "payload=" + urllib.parse.quote_plus(json.dumps(payload))


def check_messages():
    d = slack()
    got = event(signed(d, mention()), kind="message", id="Ev1", tenant="T111", user="U111", channel="C111",
                thread="1700000000.000100", message="1700000000.000100", text="diagnose <shop> a.example", at_ms=NOW * 1000)
    assert "outsider" not in got and "direct" not in got
    event(signed(d, mention(thread_ts="1699999999.000001")), thread="1699999999.000001")
    event(signed(d, mention(text="<@U0BOT> a &amp;lt; <!channel> <@U2|bob> <#C2|ops> <b")), text="a &lt; @channel @bob #ops <b")
    got = event(signed(d, direct()), direct=True, channel="D111", text="overview")
    assert "thread" not in got
    event(signed(d, mention(team="T999")), outsider=True, tenant="T999")
    event(signed(d, mention(user_team="T999")), outsider=True, tenant="T999")
    shared = mention()
    shared["is_ext_shared_channel"] = True
    del shared["event"]["team"]
    assert "tenant" not in event(signed(d, shared), outsider=True)
    d.close()


def check_what_is_dropped():
    d = slack()
    for m in ({"bot_id": "B1"}, {"subtype": "message_changed"}, {"subtype": "bot_message"}, {"bot_profile": {}},
              {"subtype": "thread_broadcast"}, {"type": "message"}, {"type": "reaction_added"}, {"user": ""},
              {"hidden": True}, {"user": 7}):
        nothing(signed(d, mention(**m)))
    for subtype in ("message_changed", "message_deleted", "channel_join", "file_share", "me_message"):
        nothing(signed(d, direct(subtype=subtype)))
    for action in ("page", "", "approve ", "APPROVE"):
        nothing(signed(d, form(press(action))))
    nothing(signed(d, {"type": "app_rate_limited", "team_id": "T111"}))
    nothing(signed(d, form({"type": "view_submission"})))
    d.close()


def check_presses():
    d = slack()
    for choice in ("approve", "reject", "details"):
        event(signed(d, form(press(choice))), kind="press", choice=choice, button="b7f3a", user="U111", tenant="T111", name="ann",
              channel="C111", message="1700000001.000200", thread="1700000000.000100", typed="shop", reply=HOOK,
              id="1700000002.000300/U111/1700000001.000200")
    event(signed(d, form(press(user={"id": "U9", "team_id": "T999"}))), outsider=True, tenant="T999")
    event(signed(d, form(press(user={"id": "U1"}))), tenant="T111")
    event(d.read(press("reject")), choice="reject")
    event(d.read(mention()), text="diagnose <shop> a.example")
    refused(signed(d, form(press(api_app_id="A999"))), 403, "another app")
    d.close()


def check_commands():
    d = slack()
    body = urllib.parse.urlencode({"token": "x", "team_id": "T111", "channel_id": "C111", "user_id": "U111", "user_name": "ann",
                                   "command": "/gateway", "text": "routes path=/pay a+b", "response_url": HOOK,
                                   "trigger_id": "13345.7", "api_app_id": "A111"})
    event(signed(d, body), kind="message", id="13345.7", user="U111", tenant="T111", text="routes path=/pay a+b", reply=HOOK)
    d.close()


def check_challenge_and_ssl():
    d = slack()
    a = signed(d, {"type": "url_verification", "challenge": "c1", "token": "t"})
    equal((a["ok"], a["status"], a["type"], json.loads(a["body"])), (True, 200, "application/json", {"challenge": "c1"}))
    nothing(d.take("ssl_check=1&token=x"))
    refused(d.take(json.dumps({"type": "url_verification", "challenge": "c1"})), 401)
    d.close()


def check_signatures():
    d = slack()
    body = form(press())
    event(signed(d, body, at=NOW - 300))
    event(signed(d, body, at=NOW + 300))
    for at in (NOW - 301, NOW + 301, 0):
        refused(signed(d, body, at=at), 401, "within five minutes")
    refused(signed(d, body, secret="8f742231b10e8888abcd99yyyzzz85a6"), 401, "X-Slack-Signature", "keys.signing")
    refused(signed(d, body, instead=body + " "), 401, "X-Slack-Signature")
    refused(signed(d, body, instead="ssl_check=0&" + body), 401, "X-Slack-Signature")
    for name in ("X-Slack-Request-Timestamp", "X-Slack-Signature"):
        for value in ("", "v0=", "v1=00", "-1", "17000000000000000000000"):
            refused(signed(d, body, headers={name: value}), 401)
    refused(d.take(body), 401)
    # And back: what we sign, theirs takes.
    ours = d.ask("sign", how="slack", key=SIGNING, at=str(NOW), text=body)["text"]
    equal(SignatureVerifier(SIGNING, Fixed()).is_valid(body, str(NOW), ours), True)
    d.close()
    none = Driver("slack", {"bot": BOT}, {}, ["T111"])
    refused(signed(none, body), 403, "keys.signing")
    none.close()


def check_nonsense():
    d = slack()
    for body in ("payload=%7B", "payload=", "payload=%5B%5D", "payload=7", "{", "{}", "[]", "payload=%ff", "x=y", "payload=%22%22"):
        refused(signed(d, body), 400)
    for payload in ([], 7, "x", None):
        a = d.read(payload)
        assert not a["ok"] and a["error"], payload
    for payload in (press(actions=[]), press(actions=7), press(user=7, container=[], state="x")):
        assert d.read(payload)["ok"]
    d.close()


def check_cards():
    d = slack()
    card = d.card(dict(PLAN, types=True))
    text = json.dumps(card, ensure_ascii=False)
    kinds = [b["type"] for b in card["blocks"]]
    equal(kinds, ["header", "section", "rich_text", "context", "input", "actions", "context"])
    equal([e["action_id"] for e in card["blocks"][5]["elements"]], ["approve", "reject", "details"])
    assert "\u202e" not in text and "\\u202e" in card["blocks"][2]["elements"][0]["elements"][0]["text"]
    equal(card["text"], "Restart &lt;gateway&gt; &amp; co?")
    mrkdwn = [e for b in card["blocks"] for e in b.get("elements", []) if e.get("type") == "mrkdwn"]
    equal([e["text"] for e in mrkdwn], ["<https://console.example/changes/7f3a?x=1&amp;y=2|Open its page>"])
    equal([e["action_id"] for e in d.card(dict(PLAN, approvable=False))["blocks"][4]["elements"]], ["reject", "details"])
    assert "actions" not in json.dumps(d.card(DONE)) and "button" not in json.dumps(d.card(DONE))
    long = d.card({"title": "t", "blocks": [{"code": "line of a diff\n" * 700}]})
    pieces = [b["elements"][0]["elements"][0]["text"] for b in long["blocks"][1:]]
    assert len(pieces) == 4 and all(len(p) <= 3000 for p in pieces)
    equal("\n".join(pieces), ("line of a diff\n" * 700))
    for blocks in ([{"code": "x" * 12001}], [{"text": "😀" * 6001}], [{"note": "x"}] * 51):
        equal(d.card({"title": "t", "blocks": blocks}), None)
    assert d.card({"title": "x" * 200, "blocks": []})["blocks"][0]["type"] == "section"
    d.close()


def api_of(**answers):
    def check(r):
        if r["path"] == "/put":
            return None if r["headers"].get("authorization") is None else "the token goes to another host"
        if r["headers"].get("authorization") != "Bearer " + BOT:
            return "no token"
        j = r["json"]
        if j and len(j.get("blocks", [])) > 50:
            return "too many blocks"
        if r["path"] == "/chat.postMessage" and (j["unfurl_links"], j["unfurl_media"]) != (False, False):
            return "previews are not off"
        if j is not None and r["headers"]["content-type"] != "application/json; charset=utf-8":
            return "not as JSON"
    ok = {"/chat.postMessage": {"ok": True, "channel": "C1", "ts": "1.5"}, "/chat.update": {"ok": True, "ts": "1.5"},
          "/chat.postEphemeral": {"ok": True, "message_ts": "2.5"}}
    ok.update({"/" + k.replace("_", "."): v for k, v in answers.items()})
    return Api(ok, check)


def check_calls():
    api = api_of(files_completeUploadExternal={"ok": True, "files": []}, put="OK")
    api.answers["/files.getUploadURLExternal"] = [{"ok": True, "upload_url": api.url + "/put?SECRETPATH", "file_id": "F1"}]
    d = slack(url=api.url)
    equal(d.say("a <!channel> & b", "C1", thread="1.1")["message"], "1.5")
    equal({k: api.seen[0]["json"][k] for k in ("channel", "thread_ts", "text", "mrkdwn")},
          {"channel": "C1", "thread_ts": "1.1", "text": "a &lt;!channel&gt; &amp; b", "mrkdwn": False})
    equal(d.show(PLAN, "C1", thread="1.1")["message"], "1.5")
    equal(d.renew(DONE, "1.5", "C1")["ok"], True)
    equal((api.seen[2]["json"]["ts"], api.seen[2]["json"]["channel"]), ("1.5", "C1"))
    equal(d.whisper("not you", "U9", "C1", thread="1.1")["ok"], True)
    equal((api.seen[3]["path"], api.seen[3]["json"]["user"]), ("/chat.postEphemeral", "U9"))
    assert d.file("ä answer.txt", "long\n" * 3000, "C1", thread="1.1")["ok"]
    equal(api.paths()[4:], ["/files.getUploadURLExternal", "/put", "/files.completeUploadExternal"])
    equal(dict(urllib.parse.parse_qsl(api.seen[4]["body"].decode())), {"filename": "ä answer.txt", "length": "15000"})
    equal((api.seen[5]["body"], api.seen[6]["json"]),
          (b"long\n" * 3000, {"files": [{"id": "F1", "title": "ä answer.txt"}], "channel_id": "C1", "thread_ts": "1.1"}))
    said_no(d.say("x" * 4001, "C1"), "does not fit")
    said_no(d.show({"title": "t", "blocks": [{"code": "x" * 13000}]}, "C1"), "does not fit whole")
    equal((len(api.seen), api.wrong), (7, []))
    d.close()
    api.stop()


def check_refusals():
    for answer, words in (({"ok": False, "error": "not_in_channel"}, ("Slack", "chat.postMessage", "not_in_channel")),
                          ({"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": ["[ERROR] no such block"]}},
                           ("invalid_blocks", "no such block")),
                          ({"ok": False, "error": "invalid_auth: " + BOT}, ("invalid_auth",)),
                          ({}, ("HTTP 200",)), ({"ok": 1}, ("HTTP 200",)), ((200, {}, "<html>"), ("HTTP 200",)),
                          ((500, {}, "oops"), ("HTTP 500",))):
        api = api_of(chat_postMessage=[answer])
        d = slack(url=api.url)
        said_no(d.say("x", "C1"), *words)
        equal(len(api.seen), 1)
        d.close()
        api.stop()
    d = slack(url="http://127.0.0.1:9")
    said_no(d.say("x", "C1"), "chat.postMessage of Slack", "refused")
    d.close()


def check_a_command_where_the_bot_is_no_member():
    api = api_of(chat_postMessage={"ok": False, "error": "channel_not_found"}, commands="ok")
    api.check = None
    d = slack(url=api.url)
    equal(d.say("a <b>", "C9", reply=api.url + "/commands"), {"ok": True})
    equal(api.seen[1]["json"], {"response_type": "in_channel", "text": "a &lt;b&gt;", "mrkdwn": False})
    assert "authorization" not in api.seen[1]["headers"], "the token goes to another address"
    for url in ("https://hooks.slack.com.evil.example/x", "http://hooks.slack.com/x", "https://evil.example/"):
        said_no(d.say("a", "C9", reply=url), "not at Slack")
    said_no(d.say("a", "C9"), "channel_not_found")
    equal(([p for p in api.paths() if p == "/commands"], api.wrong), (["/commands"], []))
    d.close()
    api.stop()


def check_too_many():
    slow = (429, {"Retry-After": "1"}, {"ok": False, "error": "ratelimited"})
    api = api_of(chat_postMessage=[slow, {"ok": True, "ts": "3"}])
    d = slack(url=api.url)
    began = time.monotonic()
    equal(d.say("x", "C1")["message"], "3")
    assert time.monotonic() - began >= 1, "it waits as long as it is told"
    equal(len(api.seen), 2)
    api.answers["/chat.postMessage"] = [(429, {"Retry-After": "0"}, {"ok": False, "error": "ratelimited"})]
    said_no(d.say("x", "C1"), "ratelimited")
    equal(len(api.seen), 4)
    api.answers["/chat.postMessage"] = [(429, {"Retry-After": "3600"}, {"ok": False, "error": "ratelimited"})]
    said_no(d.say("x", "C1"), "ratelimited", "longer pause")
    equal((len(api.seen), api.wrong), (5, []))
    d.close()
    api.stop()


if __name__ == "__main__":
    sys.exit(run(dict(globals()), sys.argv[1] if len(sys.argv) > 1 else ""))
