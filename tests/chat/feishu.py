"""feishu.py [WORD] - the Feishu platform against payloads after open.feishu.cn, AESCipher and the dispatcher of lark-oapi, and a
scripted API. What their dispatcher takes we take, and what it refuses we refuse. `N passed, N failed`. Runs with the Python of
build/python/chat-sdks."""
import base64
import hashlib
import json
import os
import sys
import time

import lark_oapi
from Crypto.Cipher import AES
from lark_oapi.core.model import RawRequest
from lark_oapi.core.utils.decryptor import AESCipher

from rig import DONE, NOW, PLAN, Api, Driver, equal, event, has, nothing, refused, run, said_no

SECRET, KEY, TOKEN, ISSUED = "feishuAppSECRET", "encryptKEYsecret", "verifyTOKENsecret", "t-issuedSECRET"
APP, TENANT = "cli_a", "tk1"


def feishu(keys=None, **how):
    keys = {"secret": SECRET, "encrypt": KEY, "verification": TOKEN} if keys is None else dict(keys, secret=SECRET)
    return Driver("feishu", keys, {"app": APP}, [TENANT], secrets=[ISSUED], **how)


def seal(text, key=KEY, iv=None):
    iv = iv or os.urandom(16)
    data = text.encode()
    data += bytes([16 - len(data) % 16]) * (16 - len(data) % 16)
    sealed = base64.b64encode(iv + AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, iv).encrypt(data)).decode()
    equal(AESCipher(key).decrypt_str(sealed), text, "lark-oapi opens it")
    return sealed


def send(d, payload, key=KEY, at=None, sign=True, now=None, sealed=True, change=None, theirs=True):
    """As Feishu sends it; what the dispatcher of lark-oapi says of the same request is compared."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    body = json.dumps({"encrypt": seal(text, key)}) if sealed else text
    now = int(time.time()) if now is None else now
    at = str(now if at is None else at)
    headers = {}
    if sign:
        made = hashlib.sha256((at + "nonce1" + key).encode() + body.encode()).hexdigest()
        headers = {"X-Lark-Request-Timestamp": at, "X-Lark-Request-Nonce": "nonce1", "X-Lark-Signature": made}
        equal(d.ask("sign", how="feishu", key=key, at=at, nonce="nonce1", text=body)["text"], made)
    if change:
        body, headers = change(body, headers)
    answer = d.take(body, headers, now=now)
    if theirs:
        equal(answer["ok"], accepted(body, headers), "lark-oapi says otherwise")
    return answer


def accepted(body, headers):
    h = lark_oapi.EventDispatcherHandler.builder(KEY, TOKEN, lark_oapi.LogLevel.CRITICAL)
    h = h.register_p2_im_message_receive_v1(lambda e: None)
    h = h.register_p2_card_action_trigger(lambda e: {}).build()
    request = RawRequest()
    request.uri, request.body, request.headers = "/x", body.encode(), dict(headers)
    try:
        return h.do(request).status_code == 200
    except Exception:
        return False


def message(text="@_user_1 restart", kind="text", content=None, sender=None, **m):
    who = dict({"sender_id": {"open_id": "ou_1", "union_id": "on_1", "user_id": "u1"}, "sender_type": "user", "tenant_key": TENANT},
               **(sender or {}))
    said = {"message_id": "om_1", "root_id": "", "parent_id": "", "thread_id": "", "create_time": "1700000000000", "chat_id": "oc_1",
            "chat_type": "group", "message_type": kind, "content": json.dumps({"text": text}) if content is None else content,
            "mentions": [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "bot"}]}
    return {"schema": "2.0", "header": {"event_id": "e1", "event_type": "im.message.receive_v1", "create_time": "1700000000000",
                                        "token": TOKEN, "app_id": APP, "tenant_key": TENANT},
            "event": {"sender": who, "message": dict(said, **m)}}


def press(choice="approve", value=None, **e):
    value = {"id": "b7f3a", "d": choice} if value is None else value
    return {"schema": "2.0", "header": {"event_id": "e2", "event_type": "card.action.trigger", "token": TOKEN, "app_id": APP,
                                        "tenant_key": TENANT, "create_time": "1700000000000123"},
            "event": dict({"operator": {"tenant_key": TENANT, "user_id": "u1", "open_id": "ou_1", "union_id": "on_1"}, "token": "c-abc",
                           "action": {"value": value, "tag": "button", "form_value": {"typed": "shop"}}, "host": "im_message",
                           "context": {"open_message_id": "om_2", "open_chat_id": "oc_1"}}, **e)}


def check_messages():
    d = feishu()
    got = event(send(d, message()), kind="message", id="om_1", tenant=TENANT, user="ou_1", channel="oc_1", thread="om_1",
                message="om_1", text="restart", at_ms=NOW * 1000)
    assert "outsider" not in got and "direct" not in got
    event(send(d, message(root_id="om_0")), thread="om_0")
    got = event(send(d, message("overview", chat_type="p2p", mentions=None)), direct=True, text="overview")
    assert "thread" not in got
    two = [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "bot"}, {"key": "@_user_2", "id": {"open_id": "ou_2"}, "name": "bob"}]
    event(send(d, message("@_user_1 ask @_user_2 please", mentions=two)), text="ask @bob please")
    event(send(d, message("diagnose @_user_1")), text="diagnose")
    post = json.dumps({"title": "", "content": [[{"tag": "at", "user_id": "@_user_1"}, {"tag": "text", "text": " routes "}],
                                                [{"tag": "a", "href": "http://x", "text": "x.example"}, {"tag": "img"}]]})
    event(send(d, message(kind="post", content=post)), text="routes \nx.example")
    event(send(d, message(sender={"tenant_key": "tk9"})), outsider=True, tenant="tk9")
    event(d.read(message()), text="restart")
    d.close()


def check_what_is_dropped():
    d = feishu()
    for m in (message(sender={"sender_type": "app"}), message(sender={"sender_type": "bot"}), message(kind="image"), message(kind="sticker"),
              message(mentions=[]), message(mentions=None)):
        nothing(send(d, m))
    other = message()
    other["header"]["event_type"] = "im.message.message_read_v1"
    nothing(send(d, other, theirs=False))
    nothing(send(d, press(value={"id": "x", "d": "page"})))
    nothing(send(d, press(value={"id": "x"})))
    d.close()


def check_presses():
    d = feishu()
    for choice in ("approve", "reject", "details"):
        a = send(d, press(choice))
        event(a, kind="press", id="e2", choice=choice, button="b7f3a", user="ou_1", tenant=TENANT, channel="oc_1", message="om_2",
              typed="shop", at_ms=NOW * 1000)
        equal((a["type"], a["body"]), ("application/json", "{}"))
    event(send(d, press(value=json.dumps({"id": "b7f3a", "d": "reject"})), theirs=False), choice="reject")
    event(send(d, press(operator={"tenant_key": "tk9", "open_id": "ou_9"})), outsider=True)
    refused(send(d, press(value="{not json"), theirs=False), 400, "button's value", "not JSON")
    d.close()


def check_the_address_is_checked():
    d = feishu()
    check = {"challenge": "c1", "token": TOKEN, "type": "url_verification"}
    for sign in (True, False):
        a = send(d, check, sign=sign)
        equal((a["ok"], a["status"], json.loads(a["body"]), a["events"]), (True, 200, {"challenge": "c1"}, []))
    refused(send(d, dict(check, token="other")), 401)
    refused(send(d, dict(check, token="other"), sign=False), 401)
    refused(send(d, check, key="otherkey", sign=False), 401)
    refused(send(d, check, sealed=False, sign=False, theirs=False), 401)
    d.close()


def check_signatures():
    d, now = feishu(), int(time.time())
    event(send(d, message(), at=now - 300, now=now))
    for at in (now - 301, now + 301, 0):  # they check no window
        refused(send(d, message(), at=at, now=now, theirs=False), 401, "keys.encrypt", "five minutes")
    refused(send(d, message(), sign=False), 401)
    refused(send(d, message(), key="otherkey"), 401)
    refused(send(d, message(), change=lambda b, h: (b + " ", h)), 401)
    for name in ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature"):
        refused(send(d, message(), change=lambda b, h: (b, dict(h, **{name: "0"}))), 401)
        refused(send(d, message(), change=lambda b, h: (b, {k: v for k, v in h.items() if k != name})), 401)
    other = message()
    other["header"]["token"] = "other"
    refused(send(d, other), 401, "keys.verification")
    other = message()
    other["header"]["app_id"] = "cli_b"
    refused(send(d, other, theirs=False), 403, "another app")
    d.close()


def check_only_a_token():
    d = feishu({"verification": TOKEN})
    event(send(d, message(), sealed=False, sign=False, theirs=False), text="restart")
    other = message()
    other["header"]["token"] = "other"
    refused(send(d, other, sealed=False, sign=False, theirs=False), 401)
    refused(send(d, message(), theirs=False), 401)
    d.close()
    none = feishu({})
    refused(send(none, message(), theirs=False), 403, "keys.encrypt")
    none.close()


def check_nonsense():
    d = feishu()
    for content in ("{not json", "", "[" * 100):
        refused(send(d, message(content=content), theirs=False), 400, "message's content", "not JSON")
    refused(send(d, message(content="\x00"), theirs=False), 400, "no JSON")
    for body in ("[]", "7", "{}", '"x"', "{", "nul"):
        assert not send(d, body, theirs=False)["ok"], body
        assert not d.take(body, {})["ok"], body
    for payload in ([], 7, {"header": 7}, {"header": {"event_type": 7}}):
        said_no(d.read(payload), "header.event_type")
    event(send(d, message(content="[]"), theirs=False), text="")
    d.close()


def check_cards():
    d = feishu()
    for types in (False, True):
        card = d.card(dict(PLAN, types=types))
        text = json.dumps(card, ensure_ascii=False)
        equal((card["schema"], card["config"], card["header"]["template"]), ("2.0", {"update_multi": True}, "orange"))
        elements = card["body"]["elements"]
        equal([e["tag"] for e in elements], ["div", "div", "div", "form" if types else "column_set", "markdown"])
        assert all(e["text"]["tag"] == "plain_text" for e in elements[:3])
        equal([e["content"] for e in elements if e["tag"] == "markdown"],
              ["[Open its page](https://console.example/changes/7f3a?x=1&y=2)"])
        row = elements[3]["elements"][-1] if types else elements[3]
        buttons = [c["elements"][0] for c in row["columns"]]
        equal([b["behaviors"][0]["value"] for b in buttons], [{"id": "b7f3a", "d": c} for c in ("approve", "reject", "details")])
        assert "\u202e" not in text and "\\u202e" in elements[1]["text"]["content"]
    equal(len(d.card(dict(PLAN, approvable=False))["body"]["elements"][3]["columns"]), 2)
    assert "button" not in json.dumps(d.card(DONE)) and d.card(DONE)["header"]["template"] == "green"
    equal(d.card({"title": "t", "blocks": [{"code": "x" * 30000}]}), None)
    equal(d.card({"title": "t", "blocks": [{"code": "x"}] * 201}), None)
    equal(d.card(dict(PLAN, page="https://x/)[y](https://evil")), None)
    d.close()


def api_of(**more):
    def check(r):
        if r["path"].endswith("/internal"):
            return None if r["json"] == {"app_id": APP, "app_secret": SECRET} else "not the app's credentials"
        if r["headers"].get("authorization") != "Bearer " + ISSUED:
            return "no token"
        if r["path"].startswith("/open-apis/im/v1/messages"):
            if not isinstance(r["json"]["content"], str) or len(r["json"]["content"].encode()) > 30000:
                return "the content is no text of 30 KB"
            json.loads(r["json"]["content"])
    answers = {"/open-apis/auth/v3/tenant_access_token/internal":
               {"code": 0, "msg": "ok", "tenant_access_token": ISSUED, "expire": 7200},
               "/open-apis/im/v1/messages": {"code": 0, "data": {"message_id": "om_9"}},
               "/open-apis/im/v1/messages/om_1/reply": {"code": 0, "data": {"message_id": "om_10"}},
               "/open-apis/im/v1/messages/om_9": {"code": 0}, "/open-apis/im/v1/files": {"code": 0, "data": {"file_key": "fk"}}}
    answers.update(more)
    return Api(answers, check)


def check_calls():
    api = api_of()
    d = feishu(url=api.url)
    equal(d.say('a <at user_id="all"></at>\nb', "oc_1")["message"], "om_9")
    sent = api.seen[1]
    equal((sent["query"], sent["json"]["receive_id"], sent["json"]["msg_type"]), ({"receive_id_type": "chat_id"}, "oc_1", "post"))
    equal(json.loads(sent["json"]["content"])["zh_cn"]["content"],
          [[{"tag": "text", "text": 'a <at user_id="all"></at>'}], [{"tag": "text", "text": "b"}]])
    equal(d.show(PLAN, "oc_1", thread="om_1")["message"], "om_10")
    equal((api.seen[2]["json"]["reply_in_thread"], api.seen[2]["json"]["msg_type"]), (True, "interactive"))
    assert d.renew(DONE, "om_9", "oc_1")["ok"] and d.whisper("not you", "ou_9", "oc_1")["ok"]
    equal((api.seen[3]["method"], json.loads(api.seen[3]["json"]["content"])["header"]["template"]), ("PATCH", "green"))
    equal((api.seen[4]["query"], api.seen[4]["json"]["receive_id"]), ({"receive_id_type": "open_id"}, "ou_9"))
    assert d.file('ä "x".txt', "long\n" * 3000, "oc_1", thread="om_1")["ok"]
    has(api.seen[5]["headers"]["content-type"], "multipart/form-data; boundary=")
    has(api.seen[5]["body"].decode(), 'name="file_type"\r\n\r\nstream\r\n', 'filename="ä _x_.txt"', "long\nlong\n")
    equal(json.loads(api.seen[6]["json"]["content"]), {"file_key": "fk"})
    assert d.say("x\n" * 3000, "oc_1")["ok"]
    said_no(d.say("x" * 6001, "oc_1"), "does not fit")
    equal((api.paths().count("/open-apis/auth/v3/tenant_access_token/internal"), api.wrong), (1, []))
    equal(len({r["json"]["uuid"] for r in api.seen if r["json"] and "uuid" in r["json"]}), 5)
    d.close()
    api.stop()


def check_refusals():
    api = api_of(**{"/open-apis/im/v1/messages": (400, {}, {"code": 230002, "msg": "Bot/User can NOT be out of the chat. " + ISSUED})})
    d = feishu(url=api.url)
    said_no(d.say("x", "oc_1"), "Feishu", "im/v1/messages", "out of the chat", "230002")
    said_no(d.say("x", "oc_1"), "230002")
    equal(api.paths().count("/open-apis/auth/v3/tenant_access_token/internal"), 2)
    d.close()
    api.stop()
    for answer in ({"code": 10014, "msg": "app secret invalid " + SECRET}, {"code": 0}, {"code": 0, "tenant_access_token": "x" * 9000}):
        api = api_of(**{"/open-apis/auth/v3/tenant_access_token/internal": answer})
        d = feishu(url=api.url)
        said_no(d.say("x", "oc_1"), "tenant_access_token")
        equal(len(api.seen), 1)
        d.close()
        api.stop()


def check_too_many():
    for status in (429, 400):
        slow = (status, {"x-ogw-ratelimit-reset": "1"}, {"code": 99991400, "msg": "request trigger frequency limit"})
        api = api_of(**{"/open-apis/im/v1/messages": [slow, {"code": 0, "data": {"message_id": "om_9"}}]})
        d = feishu(url=api.url)
        began = time.monotonic()
        equal(d.say("x", "oc_1")["message"], "om_9")
        assert time.monotonic() - began >= 1
        equal((api.seen[1]["json"]["uuid"], api.wrong), (api.seen[2]["json"]["uuid"], []))
        d.close()
        api.stop()


def check_a_short_token_is_renewed():
    api = api_of(**{"/open-apis/auth/v3/tenant_access_token/internal":
                    {"code": 0, "msg": "ok", "tenant_access_token": ISSUED, "expire": 0}})
    d = feishu(url=api.url)
    assert d.say("x", "oc_1")["ok"] and d.say("x", "oc_1")["ok"]
    equal(api.paths().count("/open-apis/auth/v3/tenant_access_token/internal"), 2)
    d.close()
    api.stop()


if __name__ == "__main__":
    sys.exit(run(dict(globals()), sys.argv[1] if len(sys.argv) > 1 else ""))
