"""wecom.py [WORD] - the WeCom platform against frames and callbacks after developer.work.weixin.qq.com, the crypto of wechatpy, and
a scripted line. `N passed, N failed`. Runs with the Python of build/python/chat-sdks."""
import json
import sys
import urllib.parse

from wechatpy.crypto import _get_signature
from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto

from rig import DONE, NOW, PLAN, Api, Driver, equal, event, has, nothing, refused, run, said_no

TOKEN, KEY, HOOK = "wecomTOKENsecret", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "response/SECRETCODE"
OK = {"errcode": 0, "errmsg": "ok"}
LINE = {"aibot_send_msg": OK, "aibot_respond_msg": OK, "aibot_respond_update_msg": OK,
        "aibot_upload_media_init": dict(OK, body={"upload_id": "u1"}), "aibot_upload_media_chunk": OK,
        "aibot_upload_media_finish": dict(OK, body={"media_id": "m1"})}


def wecom(keys=None, **how):
    keys = {"token": TOKEN, "aes": KEY, "secret": "botSECRET"} if keys is None else keys
    return Driver("wecom", keys, {"bot": "B1", "corp": "ww1"}, ["ww1"], secrets=["SECRETCODE"], **how)


def send(d, payload, method="POST", at=NOW, key=KEY, token=TOKEN, receive_id="", query=(), body=None):
    """Encrypted and signed by wechatpy."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    theirs = WeChatCrypto(token, key, receive_id)
    sealed = PrpCrypto(theirs.key).encrypt(text, receive_id)
    sealed = sealed.decode() if isinstance(sealed, bytes) else sealed
    made = {"msg_signature": _get_signature(token, str(at), "n1", sealed), "timestamp": str(at), "nonce": "n1"}
    if method == "GET":
        made["echostr"] = sealed
    made.update(dict(query))
    body = (json.dumps({"encrypt": sealed}) if body is None else body) if method == "POST" else ""
    return d.take(body, query=urllib.parse.urlencode(made), method=method)


def message(text="@bot restart gw", **m):
    return dict({"msgid": "m1", "aibotid": "B1", "chatid": "wr1", "chattype": "group", "from": {"userid": "ann"}, "create_time": NOW,
                 "response_url": "https://qyapi.weixin.qq.com/" + HOOK, "msgtype": "text", "text": {"content": text}}, **m)


def press(choice="approve", flat=False, **p):
    press = {"card_type": "button_interaction", "event_key": "b7f3a:" + choice, "task_id": "b7f3a"}
    kind = {"eventtype": "template_card_event"}
    return dict({"msgid": "m9", "create_time": NOW, "aibotid": "B1", "chatid": "wr1", "chattype": "group",
                 "from": {"userid": "ann", "corpid": "ww1"}, "msgtype": "event",
                 "event": dict(kind, **press) if flat else dict(kind, template_card_event=press)}, **p)


def check_messages():
    d = wecom()
    got = event(send(d, message()), kind="message", id="m1", tenant="ww1", user="ann", channel="wr1", message="m1", text="restart gw",
                reply="https://qyapi.weixin.qq.com/" + HOOK, at_ms=NOW * 1000)
    assert not {"outsider", "direct", "thread"} & set(got)
    event(d.read(message(), "r1"), text="restart gw", reply="msg:r1")
    event(d.read(message("overview", chattype="single", chatid=None), "r1"), direct=True, channel="ann", text="overview")
    mixed = {"msg_item": [{"msgtype": "text", "text": {"content": "@bot rou"}}, {"msgtype": "image"}, {"msgtype": "text", "text": {"content": "tes"}}]}
    event(d.read(message(msgtype="mixed", mixed=mixed)), text="routes")
    event(d.read(message(**{"from": {"userid": "ann", "corpid": "ww9"}})), outsider=True, tenant="ww9")
    for kind in ("image", "voice", "file", "video", "location"):
        nothing(d.read(message(msgtype=kind)))
    said_no(d.read(message(aibotid="B2")), "another bot")
    d.close()


def check_presses():
    d = wecom()
    for choice in ("approve", "reject", "details"):
        for flat in (False, True):
            event(d.read(press(choice, flat), "r9"), kind="press", id="m9", choice=choice, button="b7f3a", message="b7f3a", user="ann",
                  tenant="ww1", channel="wr1", reply="press:r9")
    for key in ("", "b7f3a", "b7f3a:page", "approve"):
        nothing(d.read(press(event={"eventtype": "template_card_event", "event_key": key})))
    for kind in ("enter_chat", "feedback_event", "disconnected_event"):
        nothing(d.read(press(event={"eventtype": kind})))
    d.close()


def check_callbacks():
    d = wecom()
    for n in range(70):
        a = send(d, "%d%s" % (n, "x" * n), "GET")
        equal((a["ok"], a["status"], a["body"]), (True, 200, "%d%s" % (n, "x" * n)))
        assert "type" not in a
    equal(event(send(d, press()))["choice"], "approve")
    for at in (NOW - 301, NOW + 301, 0):
        refused(send(d, message(), at=at), 401, "five minutes")
    refused(send(d, message(), token="other"), 401, "keys.token")
    refused(send(d, message(), key="b" * 43), 401, "does not open")
    refused(send(d, message(), receive_id="ww1"), 401, "does not open")
    for name in ("msg_signature", "timestamp", "nonce"):
        for method in ("GET", "POST"):
            refused(send(d, message(), method, query={name: "0"}), 401)
            refused(send(d, message(), method, query={name: ""}), 401)
    refused(d.take("", query="", method="GET"), 401)
    for body in ("", "[]", "{}", '{"encrypt":7}', '{"encrypt":"x"}', "<xml/>"):
        refused(send(d, message(), body=body), 401)
    for text in ("{not json", "[]", "7"):
        refused(send(d, text), 400)
    refused(send(d, message(aibotid="B2")), 403, "another bot")
    d.close()
    none = wecom({"secret": "botSECRET"})
    refused(send(none, message()), 403, "keys.token")
    none.close()


def check_cards():
    d = wecom()
    card = d.card(PLAN)
    words = card["markdown"]["content"]
    assert words.startswith("```\n") and words.count("```") == 2, words
    has(words, "```\n[Open its page](https://console.example/changes/7f3a?x=1&y=2)", "Asked by <!channel>", "by ann, until 12:00")
    assert "\u202e" not in words and "<@" not in words
    equal("<@" in d.card(dict(PLAN, blocks=[{"text": "<@all> ```` <@x>"}]))["markdown"]["content"], False)
    t = card["template_card"]
    equal((t["card_type"], t["task_id"], [b["key"] for b in t["button_list"]]),
          ("button_interaction", "b7f3a", ["b7f3a:approve", "b7f3a:reject", "b7f3a:details"]))
    assert len(t["main_title"]["title"]) <= 26 and len(t["main_title"]["desc"]) <= 30
    equal(len(d.card(dict(PLAN, approvable=False))["template_card"]["button_list"]), 2)
    done = d.card(DONE)["template_card"]
    equal((done["card_type"], done["card_action"], "button_list" in done), ("text_notice", {"type": 0}, False))
    for card in ({"title": "t", "blocks": [{"code": "x" * 20480}]}, {"title": "t" * 113, "blocks": []}, dict(PLAN, types=True),
                 dict(PLAN, button="b" * 129), dict(PLAN, page="https://x/)[y](https://evil")):
        equal(d.card(card), None)
    d.close()


def check_calls_by_the_line():
    d = wecom()
    a = d.ask("say", text="a <@all>", where={"channel": "wr1", "reply": "msg:r1"}, line=LINE)
    equal([(f["cmd"], f["req_id"], f["body"]["stream"]["finish"]) for f in a["sent"]], [("aibot_respond_msg", "r1", True)])
    equal(a["sent"][0]["body"]["stream"]["content"], "```\na <\u200b@all>\n```\n")
    for reply in (None, "press:r9", "https://evil.example/"):
        a = d.ask("say", text="b", where={"channel": "wr1", "reply": reply}, line=LINE)
        equal([(f["cmd"], f["req_id"], f["body"]["chatid"]) for f in a["sent"]], [("aibot_send_msg", None, "wr1")])
    a = d.ask("say", text="b", where={"channel": "wr1", "reply": "msg:r1"}, line={"aibot_send_msg": OK})
    equal([f["cmd"] for f in a["sent"]], ["aibot_respond_msg", "aibot_send_msg"])
    a = d.ask("show", card=PLAN, where={"channel": "wr1"}, line=LINE)
    equal((a["message"], [f["body"]["msgtype"] for f in a["sent"]]), ("b7f3a", ["markdown", "template_card"]))
    a = d.ask("renew", card=DONE, message="b7f3a", where={"channel": "wr1", "reply": "press:r9"}, line=LINE)
    equal([(f["cmd"], f["req_id"], f["body"]["template_card"]["task_id"]) for f in a["sent"]], [("aibot_respond_update_msg", "r9", "b7f3a")])
    a = d.ask("renew", card=DONE, message="b7f3a", where={"channel": "wr1"}, line=LINE)
    equal([f["body"]["msgtype"] for f in a["sent"]], ["markdown"])
    a = d.ask("whisper", user="u9", text="not you", where={"channel": "wr1", "reply": "press:r9"}, line=LINE)
    equal(a["sent"][0]["body"]["chatid"], "u9")
    a = d.ask("file", name="a.txt", text="x" * (512 << 10) + "y", where={"channel": "wr1"}, line=LINE)
    equal([f["cmd"][6:] for f in a["sent"]], ["upload_media_init", "upload_media_chunk", "upload_media_chunk", "upload_media_finish", "send_msg"])
    equal((a["sent"][0]["body"]["total_chunks"], a["sent"][2]["body"]["base64_data"], a["sent"][4]["body"]["file"]), (2, "eQ==", {"media_id": "m1"}))
    said_no(d.ask("show", card=PLAN, where={"channel": "wr1"}, line={}), "refused aibot_send_msg")
    said_no(d.ask("file", name="a.txt", text="x", where={"channel": "wr1"}, line={"aibot_upload_media_init": OK}), "a.txt")
    said_no(d.say("x" * 6001, "wr1"), "does not fit")
    said_no(d.say("x", "wr1"), "long connection")
    said_no(d.show(PLAN, "wr1"), "long connection")
    d.close()


def check_answers_to_callbacks():
    api = Api({"/" + HOOK: [{"errcode": 0, "errmsg": "ok"}, {"errcode": 60140, "errmsg": "response url used"}]})
    d = wecom(url=api.url)
    hook = api.url + "/" + HOOK
    assert d.say("a", "wr1", reply=hook)["ok"]
    equal(api.seen[0]["json"], {"msgtype": "markdown", "markdown": {"content": "```\na\n```\n"}})
    said_no(d.say("a", "wr1", reply=hook), "WeCom", "used", "60140")
    for url in ("https://evil.example/x", "http://qyapi.weixin.qq.com/x", "https://qyapi.weixin.qq.com.evil.example/", api.url + "0/x"):
        said_no(d.say("a", "wr1", reply=url), "not at WeCom")
    equal((len(api.seen), api.wrong), (2, []))
    d.close()
    api.stop()


if __name__ == "__main__":
    sys.exit(run(dict(globals()), sys.argv[1] if len(sys.argv) > 1 else ""))
