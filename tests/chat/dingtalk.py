"""dingtalk.py [WORD] - the DingTalk platform against payloads after open.dingtalk.com, the message classes of dingtalk-stream, and
a scripted API. `N passed, N failed`. Runs with the Python of build/python/chat-sdks."""
import json
import sys
import time
import urllib.parse

from dingtalk_stream import CallbackMessage, ChatbotMessage
from dingtalk_stream.card_callback import CardCallbackMessage

from rig import DONE, NOW, PLAN, Api, Driver, equal, event, has, nothing, refused, run, said_no

SECRET, ISSUED, SESSION = "dingAppSECRET", "issuedTokenSECRET", "sessionSECRET"


def dingtalk(ids=None, **how):
    return Driver("dingtalk", {"secret": SECRET}, ids or {"client": "dingabc", "template": "abc.schema"}, ["dingcorp"],
                  secrets=[ISSUED, SESSION], **how)


def send(d, payload, at=None, sign=None, headers=(), now=NOW):
    at = str(now * 1000 if at is None else at)
    made = {"timestamp": at, "sign": sign or d.ask("sign", how="dingtalk", key=SECRET, at=at)["text"]}
    return d.take(payload, dict(made, **dict(headers)), now=now)


def message(text=" restart gw", **m):
    return dict({"conversationId": "cidX", "conversationType": "2", "chatbotCorpId": "dingcorp", "chatbotUserId": "$:LWCP_v1:$b",
                 "msgId": "msgX", "senderNick": "Ann", "isAdmin": False, "senderStaffId": "manager01", "senderId": "$:LWCP_v1:$a",
                 "senderCorpId": "dingcorp", "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=" + SESSION,
                 "sessionWebhookExpiredTime": 1700005400000, "createAt": 1700000000000, "isInAtList": True, "robotCode": "dingabc",
                 "msgtype": "text", "text": {"content": text}}, **m)


def press(choice="approve", content=None, **p):
    content = {"cardPrivateData": {"actionIds": [choice], "params": {"action": choice}}} if content is None else content
    return dict({"type": "actionCallback", "outTrackId": "b7f3a", "corpId": "dingcorp", "userId": "manager01", "userIdType": 1,
                 "spaceId": "cidX", "spaceType": "IM_GROUP", "extension": "{}",
                 "content": content if isinstance(content, str) else json.dumps(content)}, **p)


def check_messages():
    d = dingtalk()
    for ask in (d.read, lambda m: send(d, m)):
        got = event(ask(message()), kind="message", id="msgX", tenant="dingcorp", user="manager01", name="Ann", channel="cidX",
                    message="msgX", text="restart gw", at_ms=NOW * 1000)
        assert not {"outsider", "direct", "thread", "reply"} & set(got), got
        theirs = ChatbotMessage.from_dict(message())
        equal((got["user"], got["channel"], got["id"], got["text"]),
              (theirs.sender_staff_id, theirs.conversation_id, theirs.message_id, theirs.text.content.strip()))
    event(d.read(message(conversationType="1")), direct=True, channel="@manager01")
    event(d.read(message(msgtype="richText", content={"richText": [{"text": "routes "}, {"downloadCode": "x"}, {"text": "pay"}]})),
          text="routes pay")
    event(d.read(message(senderCorpId="other")), outsider=True)
    stranger = message()
    del stranger["senderStaffId"]
    assert "user" not in event(d.read(stranger), outsider=True)
    d.close()


def check_what_is_dropped():
    d = dingtalk()
    for kind in ("picture", "video", "file", "audio", "interactiveCard"):
        nothing(d.read(message(msgtype=kind)))
    nothing(d.read(message(senderId="$:LWCP_v1:$b")))
    nothing(d.read({"EventType": "user_add_org"}))
    for choice in ("page", "", "Approve"):
        nothing(d.read(press(choice)))
    nothing(d.read(press(content={})))
    said_no(d.read(message(robotCode="other")), "another robot")
    d.close()


def check_presses():
    d = dingtalk()
    for choice in ("approve", "reject", "details"):
        got = event(d.read(press(choice), "frame1"), kind="press", id="frame1", choice=choice, button="b7f3a", message="b7f3a",
                    user="manager01", tenant="dingcorp", channel="cidX")
        theirs = CardCallbackMessage.from_dict(press(choice))
        equal((got["user"], got["tenant"], got["button"], got["choice"]),
              (theirs.user_id, theirs.corp_id, theirs.card_instance_id, theirs.content["cardPrivateData"]["params"]["action"]))
    event(d.read(press("reject", content={"cardPrivateData": {"actionIds": ["reject"]}}), "f"), choice="reject")
    event(d.read(press(spaceType="IM_ROBOT", spaceId="x"), "f"), direct=True, channel="@manager01")
    assert "user" not in event(d.read(press(userIdType=2), "f"), outsider=True)
    event(d.read(press(corpId="other"), "f"), outsider=True)
    for content in ("{not json", "", "[" * 100):
        said_no(d.read(press(content=content), "f"), "press's content", "not JSON")
    d.close()


def check_requests():
    d = dingtalk()
    event(send(d, message(), at=(NOW - 3600) * 1000))
    for at in ((NOW - 3602) * 1000, (NOW + 3602) * 1000, NOW, 0):
        refused(send(d, message(), at=at), 401, "within an hour")
    for sign in ("", "x", "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g="):
        refused(send(d, message(), headers={"sign": sign}), 401, "keys.secret")
    refused(d.take(message()), 401)
    refused(send(d, press()), 403, "press", "Stream")
    for body in ("{", "[]", "7", ""):
        refused(send(d, body), 400)
    d.close()


def check_cards():
    d = dingtalk()
    card = d.card(PLAN)["cardParamMap"]
    assert all(isinstance(v, str) for v in card.values()), card
    equal((card["title"], card["status"], card["decides"], card["approves"], card["note"]),
          (PLAN["title"], "pending", "true", "true", "by ann, until 12:00"))
    assert "\u202e" not in json.dumps(card, ensure_ascii=False) and "\\u202e" in card["code"]
    equal(d.card(dict(PLAN, approvable=False))["cardParamMap"]["approves"], "false")
    done = d.card(DONE)["cardParamMap"]
    equal((done["decides"], done["approves"], done["status"], done["code"]), ("false", "false", "good", ""))
    equal(d.card({"title": "t", "blocks": [{"code": "x" * 8000}]}), None)
    equal(d.card({"title": "t", "blocks": [{"text": "x" * 3000}, {"note": "y" * 5000}]}), None)
    equal(d.card(dict(PLAN, types=True)), None)
    d.close()


def api_of(**more):
    def check(r):
        if r["path"].endswith("/accessToken"):
            return None if r["json"] == {"appKey": "dingabc", "appSecret": SECRET} else "not the app's credentials"
        if r["path"] == "/media/upload":
            return None if r["query"] == {"access_token": ISSUED, "type": "file"} else "no token"
        if r["headers"].get("x-acs-dingtalk-access-token") != ISSUED:
            return "no token"
        if r["headers"].get("accept") != "application/json":
            return "would be answered in XML"
        if "robot" in r["path"] and not isinstance(json.loads(r["json"]["msgParam"]), dict):
            return "msgParam is no JSON in a text"
    answers = {"/v1.0/oauth2/accessToken": {"accessToken": ISSUED, "expireIn": 7200},
               "/v1.0/robot/groupMessages/send": {"processQueryKey": "q"},
               "/v1.0/robot/oToMessages/batchSend": {"processQueryKey": "q"},
               "/v1.0/card/instances/createAndDeliver":
               {"success": True, "result": {"outTrackId": "b7f3a", "deliverResults": [{"success": True, "spaceId": "cidX"}]}},
               "/v1.0/card/instances": {"success": True}, "/media/upload": {"errcode": 0, "media_id": "@m"}}
    answers.update(more)
    return Api(answers, check)


def check_calls():
    api = api_of()
    d = dingtalk(url=api.url)
    assert d.say("a **b**", "cidX")["ok"] and d.say("c", "@manager01")["ok"]
    equal([(r["path"][12:], json.loads(r["json"]["msgParam"]), r["json"]["msgKey"]) for r in api.seen[1:]],
          [("groupMessages/send", {"content": "a **b**"}, "sampleText"), ("oToMessages/batchSend", {"content": "c"}, "sampleText")])
    equal((api.seen[1]["json"]["openConversationId"], api.seen[2]["json"]["userIds"]), ("cidX", ["manager01"]))
    equal(d.show(PLAN, "cidX")["message"], "b7f3a")
    sent = api.seen[3]["json"]
    equal({k: sent[k] for k in ("cardTemplateId", "outTrackId", "callbackType", "openSpaceId", "imGroupOpenDeliverModel")},
          {"cardTemplateId": "abc.schema", "outTrackId": "b7f3a", "callbackType": "STREAM", "openSpaceId": "dtv1.card//IM_GROUP.cidX",
           "imGroupOpenDeliverModel": {"robotCode": "dingabc"}})
    assert d.show(DONE, "@manager01")["message"]
    equal((api.seen[4]["json"]["openSpaceId"], api.seen[4]["json"]["imRobotOpenDeliverModel"]),
          ("dtv1.card//IM_ROBOT.manager01", {"spaceType": "IM_ROBOT"}))
    assert d.renew(DONE, "b7f3a", "cidX")["ok"]
    equal((api.seen[5]["method"], api.seen[5]["json"]["outTrackId"], api.seen[5]["json"]["cardUpdateOptions"]),
          ("PUT", "b7f3a", {"updateCardDataByKey": True}))
    assert d.whisper("not you", "u9", "cidX")["ok"]
    equal(api.seen[6]["json"]["userIds"], ["u9"])
    assert d.file("answer.md", "long\n" * 3000, "cidX")["ok"]
    equal(json.loads(api.seen[8]["json"]["msgParam"]), {"mediaId": "@m", "fileName": "answer.md", "fileType": "md"})
    said_no(d.say("x" * 6001, "cidX"), "does not fit")
    equal((api.paths().count("/v1.0/oauth2/accessToken"), api.wrong), (1, []))
    d.close()
    api.stop()
    none = dingtalk({"client": "dingabc"})
    said_no(none.show(PLAN, "cidX"), "ids.template")
    none.close()


def check_refusals():
    api = api_of(**{"/v1.0/robot/groupMessages/send": (400, {}, {"code": "resource.not.found", "message": "robot not found " + ISSUED}),
                    "/v1.0/card/instances/createAndDeliver":
                    {"success": True, "result": {"deliverResults": [{"success": False, "errorMsg": "spaces of card is empty"}]}},
                    "/media/upload": {"errcode": 40035, "errmsg": "bad"}})
    d = dingtalk(url=api.url)
    said_no(d.say("x", "cidX"), "DingTalk", "robot not found", "resource.not.found", "HTTP 400")
    said_no(d.show(PLAN, "cidX"), "did not deliver", "spaces of card is empty")
    said_no(d.file("a.txt", "x", "cidX"), "media/upload", "bad", "40035")
    d.close()
    api.stop()


def check_too_many():
    api = api_of(**{"/v1.0/robot/groupMessages/send": [(429, {"Retry-After": "1"}, {"code": "Throttling", "message": "slow"}), {}]})
    d = dingtalk(url=api.url)
    began = time.monotonic()
    assert d.say("x", "cidX")["ok"] and time.monotonic() - began >= 1
    equal(api.wrong, [])
    d.close()
    api.stop()


if __name__ == "__main__":
    sys.exit(run(dict(globals()), sys.argv[1] if len(sys.argv) > 1 else ""))
