"""lines.py - the sockets of the chat platforms (server/chat/socket*.c) against the double of each. `N passed, N failed`. Runs
with the Python of build/python/ws."""
import json
import sys
import threading
import time

from double import DingTalk, Feishu, Slack, WeCom
from rig import end, holds

SECRETS = ("SECRETTICKET", "xapp-SECRET", "xoxb-SECRET", "dingSECRET", "feishuSECRET", "wecomSECRET", "SECRETKEY")


def over(words, line):
    code, text = line.stop()
    holds("%s: ends in order" % words, code == 0, (code, text[-1500:]))
    said = [s for s in SECRETS if s in text]
    holds("%s: no secret is traced or logged" % words, not said, said)


def refuse(double, line, status, answer, said):
    """The first call is refused for good: said, and not asked again."""
    asked = len(double.calls)
    lost = line.until("lost")
    holds("%s: a refusal is said: %s" % (double.platform, said), said in lost.get("why", ""), lost)
    holds("%s: and not asked again soon" % double.platform, double.link(1.5) is None and len(double.calls) <= asked + 1, double.calls)


def refused(make, status, answer, said):
    d = make()
    d.answers = [(status, answer)] * 9
    line = d.line()
    refuse(d, line, status, answer, said)
    over(d.platform + " refused", line)
    d.stop()


def ack_of(link, envelope):
    return link.until(lambda f: f.get("envelope_id") == envelope, 3)


def slack():
    d = Slack()
    line = d.line()
    one = d.link()
    holds("slack: the first call", d.calls[0][1].get("authorization") == "Bearer xapp-SECRET" and d.calls[0][2] == b"", d.calls)
    holds("slack: up by hello", line.until("back") != {})
    one.send(d.message("en1", "overview"))
    holds("slack: the envelope is answered", ack_of(one, "en1") == {"envelope_id": "en1"})
    heard = line.until("message")
    holds("slack: a message", (heard.get("text"), heard.get("user"), heard.get("tenant"), heard.get("id")) ==
          ("overview", "U111", "T111", "Ev1"), heard)
    one.send(d.press("en2"))
    holds("slack: a press is answered", ack_of(one, "en2") == {"envelope_id": "en2"})
    heard = line.until("press")
    holds("slack: a press", (heard.get("button"), heard.get("choice"), heard.get("user")) == ("b7f3a", 1, "U111"), heard)
    for frame in ("not json", "[]", '{"type":"unheard","envelope_id":"en3","payload":7}', '{"envelope_id":5}', b"\0binary"):
        one.send(frame)
    holds("slack: an envelope of an unknown type is answered", ack_of(one, "en3") == {"envelope_id": "en3"})
    slack_refresh(d, line, one)
    over("slack", line)
    d.stop()
    refused(Slack, 200, {"ok": False, "error": "invalid_auth"}, "invalid_auth")


def slack_refresh(d, line, one):
    """The next connection stands before the old one ends, and both are read."""
    one.send({"type": "disconnect", "reason": "warning", "debug_info": {"host": "applink-1"}})
    two = d.link()
    holds("slack: a warning brings the next connection", two is not None and not one.closed.is_set())
    line.until("back")
    one.send(d.message("en4", "on the old one", "Ev4"))
    holds("slack: the old one is still answered", ack_of(one, "en4") is not None and line.until("message").get("id") == "Ev4")
    two.send(d.message("en5", "on the new one", "Ev5"))
    holds("slack: and the new one", ack_of(two, "en5") is not None and line.until("message").get("id") == "Ev5")
    one.close()
    two.cut()
    three = d.link()
    holds("slack: a connection that is cut is followed", three is not None and line.until("back") != {})
    holds("slack: each connection had a ticket of its own", d.issued >= 3, d.issued)
    three.close(1001, "going away")
    four = d.link()
    holds("slack: so is one that is closed", four is not None and line.until("back") != {})
    four.send({"type": "disconnect", "reason": "link_disabled"})
    lost = line.until("lost")
    holds("slack: switched off: said", "switched off" in lost.get("why", ""), lost)
    holds("slack: switched off: no loop", d.link(2.5) is None)


def slack_trouble():
    """The API is away, then throttles, then is back."""
    d = Slack()
    d.answers = [(500, {}), (503, {"ok": False, "error": "fatal_error"})]
    line = d.line()
    lost = line.until("lost")
    holds("slack: an API that fails is said", "apps.connections.open" in lost.get("why", ""), lost)
    holds("slack: and tried again", d.link() is not None and line.until("back") != {} and len(d.calls) == 3, len(d.calls))
    over("slack after trouble", line)
    d.stop()
    d = Slack()
    d.answers = [(500, {})] * 99
    line = d.line()
    holds("slack: pauses grow", d.link(5) is None and 2 <= len(d.calls) <= 6, len(d.calls))
    over("slack that is away", line)
    d.stop()
    d = Slack()
    d.first_call = lambda path, body: {"ok": True, "url": "http://evil.example/?ticket=SECRETTICKET"}
    line = d.line()
    holds("slack: only an address of a socket is connected to", "not wss://" in line.until("lost").get("why", ""))
    over("slack with another address", line)
    d.stop()


def dingtalk():
    d = DingTalk()
    line = d.line()
    one = d.link()
    holds("dingtalk: the first call", d.calls[0][1].get("accept") == "application/json" and
          d.topics == {"/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"}, d.calls)
    holds("dingtalk: up", line.until("back") != {})

    def answered(message_id):
        return one.until(lambda f: f["headers"]["messageId"] == message_id, 3) or {}
    one.send(d.frame("SYSTEM", "ping", "p1", {"opaque": "abc"}))
    pong = answered("p1")
    holds("dingtalk: ping is echoed", pong.get("code") == 200 and json.loads(pong["data"]) == {"opaque": "abc"}, pong)
    one.send(d.message("c1", "restart gw"))
    ack = answered("c1")
    holds("dingtalk: a callback is answered", (ack.get("code"), ack.get("message"), json.loads(ack.get("data", "0"))) ==
          (200, "OK", {"response": None}) and ack["headers"]["contentType"] == "application/json", ack)
    heard = line.until("message")
    holds("dingtalk: a message", (heard.get("text"), heard.get("user"), heard.get("tenant")) == ("restart gw", "manager01", "dingcorp"), heard)
    one.send(d.press("c2"))
    heard = line.until("press")
    holds("dingtalk: a press", answered("c2").get("code") == 200 and (heard.get("button"), heard.get("choice")) == ("b7f3a", 1), heard)
    one.send(d.frame("EVENT", "*", "ev1", {"x": 1}))
    holds("dingtalk: an event is confirmed", json.loads(answered("ev1")["data"])["status"] == "SUCCESS")
    one.send(d.frame("CALLBACK", "/v1.0/graph/api/invoke", "c3", {}))
    holds("dingtalk: a topic that we have not", answered("c3").get("code") == 404)
    one.send(d.frame("CALLBACK", "/v1.0/im/bot/messages/get", "c4", "{not json"))
    holds("dingtalk: data that is none", answered("c4").get("code") == 400)
    one.send(d.frame("SYSTEM", "disconnect", "s1", {"reason": "x"}))
    two = d.link()
    holds("dingtalk: disconnect brings the next connection", two is not None and answered("s1").get("code") == 200)
    one.send(d.message("c5", "late"))
    holds("dingtalk: the old one is read until it ends", answered("c5").get("code") == 200 and line.until("message").get("text") == "late")
    one.cut()
    two.send(d.message("c6", "new"))
    holds("dingtalk: the new one is read", line.until("message").get("text") == "new")
    over("dingtalk", line)
    holds("dingtalk: ends with a close", two.closed.wait(5) and two.close_code == 1000)
    d.stop()
    refused(DingTalk, 401, {"code": "authFailed", "message": "bad secret"}, "bad secret")


def feishu():
    d = Feishu()
    line = d.line()
    one = d.link()
    ping = one.until(lambda f: d.header(f, "type") == "ping", 3)
    holds("feishu: a ping at once", ping is not None and (ping.service, ping.method, ping.SeqID, ping.LogID) == (7, 0, 0, 0), ping)
    holds("feishu: the vector", ping.SerializeToString().hex() == "08001000180720002a0c0a0474797065120470696e67")
    holds("feishu: up by pong", line.until("back") != {})

    def send(event, message_id, pieces=1, order=None):
        frames = d.event(message_id, event, pieces)
        for i in order or range(pieces):
            one.send(frames[i])
        return one.until(lambda f: d.header(f, "message_id") == message_id, 2)
    ack = send(d.message("overview"), "m1")
    holds("feishu: the same frame comes back", ack is not None and json.loads(ack.payload) == {"code": 200} and
          (ack.SeqID, ack.LogID, ack.service, ack.method) == (300, 1, 7, 1) and
          [h.key for h in ack.headers] == ["type", "message_id", "sum", "seq", "trace_id", "biz_rt"], ack)
    heard = line.until("message")
    holds("feishu: a message", (heard.get("text"), heard.get("tenant"), heard.get("id")) == ("overview", "t1", "om_1"), heard)
    long = "wörter " * 3000
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [0, 0, 1, 2, 2, 3]):
        send(d.message(long, "e%s" % order), "m%s" % order, 4, order)
        holds("feishu: in pieces %s" % order, line.until("message").get("text") == long.strip())
    holds("feishu: a set that is not whole is not answered", send(d.message("x", "e9"), "m9", 3, [0, 2]) is None)
    feishu_oddities(d, one)
    send(d.message("after all that"), "m10")
    holds("feishu: and goes on", line.until("message").get("text") == "after all that")
    one.cut()
    two = d.link()
    holds("feishu: a connection that is cut is followed, by its patience", two is not None and line.until("back") != {})
    holds("feishu: it pings as often as it was told", two.until(lambda f: d.header(f, "type") == "ping") is not None and
          two.until(lambda f: d.header(f, "type") == "ping", 7) is not None)
    d.mute = True  # the connection stands, nothing comes any more
    holds("feishu: silence ends a connection", d.link(25) is not None and "was silent for 1" in line.until("lost").get("why", ""))
    d.mute = False
    holds("feishu: and it comes back", line.until("back") != {})
    over("feishu", line)
    d.stop()
    refused(Feishu, 200, {"code": 514, "msg": "app_id or secret is wrong"}, "app_id or secret is wrong")


def feishu_oddities(d, one):
    """None of these ends the connection or is answered."""
    for odd in (b"", b"\xff", b"\x08", d.make(1, {}), d.make(7, {"type": "event"}), d.make(1, {"type": "card"}, b"{}"),
                d.make(0, {"type": "ping"}), d.make(0, {"type": "pong"}, b"not json"),
                d.make(1, {"type": "event", "message_id": "a", "sum": "2", "seq": "2"}, b"x"),
                d.make(1, {"type": "event", "message_id": "a", "sum": "999999999", "seq": "0"}, b"x"),
                d.make(1, {"type": "event", "message_id": "a" * 500, "sum": "2", "seq": "0"}, b"x"),
                d.make(1, {"type": "event", "sum": "2", "seq": "0"}, b"x"), d.make(1, {"k%d" % i: "v" for i in range(100)})):
        one.send(odd)
    for i in range(40):
        one.send(d.make(1, {"type": "event", "message_id": "n%d" % i, "sum": "64", "seq": "0"}, b"x" * 1000))
    one.send("a text")


def wecom():
    d = WeCom()
    line = d.line()
    one = d.link()
    asked = one.until(lambda f: f["cmd"] == "aibot_subscribe", 3)
    holds("wecom: subscribes", asked is not None and asked["body"] == {"bot_id": "B1", "secret": "wecomSECRET"} and
          asked["headers"]["req_id"].startswith("aibot_subscribe_"), asked)
    holds("wecom: up by the answer", line.until("back") != {})
    one.send(d.message("r1", "restart gw"))
    heard = line.until("message")
    holds("wecom: a message", (heard.get("text"), heard.get("user"), heard.get("channel"), heard.get("reply")) ==
          ("restart gw", "ann", "wr1", "msg:r1"), heard)
    line.tell(do="say", channel="wr1", text="working", reply="msg:r1")
    said = one.until(lambda f: f["cmd"] == "aibot_respond_msg", 3)
    holds("wecom: the answer goes back by its req_id", said is not None and said["headers"]["req_id"] == "r1" and
          "working" in said["body"]["stream"]["content"] and line.until("said") != {}, said)
    line.tell(do="say", channel="wr_bad", text="hello")
    holds("wecom: an error of the server is said", "not there" in line.until("not said").get("why", ""))
    d.mute = True
    line.tell(do="say", channel="wr1", text="hello")
    holds("wecom: no answer is said to be unknown", "it may have come, or not" in line.until("not said").get("why", ""))
    line.tell(do="say", channel="wr1", text="hello")
    one.until(lambda f: f["cmd"] == "aibot_send_msg", 3)
    one.cut()
    holds("wecom: who waits when the connection ends is told at once", line.until("not said", 3) != {})
    line.tell(do="say", channel="wr1", text="hello")
    d.mute = False
    two = d.link()
    holds("wecom: a connection that is cut is followed", two is not None and line.until("back") != {})
    two.send(d.event("r9", "template_card_event", template_card_event={"card_type": "button_interaction", "event_key": "7f3a:approve",
                                                                       "task_id": "ap"}))
    heard = line.until("press")
    holds("wecom: a press", (heard.get("button"), heard.get("choice"), heard.get("reply")) == ("7f3a", 1, "press:r9"), heard)
    two.send(d.event("r10", "disconnected_event"))
    lost = line.until("lost")
    holds("wecom: thrown out: said, and never back", "another connection" in lost.get("why", "") and d.link(3) is None, lost)
    over("wecom", line)
    d.stop()
    d = WeCom()
    d.answers = [1] * 9
    line = d.line()
    lost = line.until("lost")
    holds("wecom: refused", "invalid secret" in lost.get("why", ""), lost)
    d.link()
    holds("wecom: refused: not tried again soon", d.link(2) is None)
    over("wecom refused", line)
    d.stop()


def wecom_writers():
    """Others wait for room in the connection while its own fiber reads: stopping wakes that one all the same, not its next beat,
    which is ten seconds off."""
    d = WeCom()
    line = d.line()
    d.link()
    line.until("back")
    d.mute, d.reads, told, said = True, threading.Event(), 0, 0
    while told == said and told < 1000:
        for _ in range(64):
            line.tell(do="say", channel="wr1", text="\1" * 2900)
        told += 64
        end = time.monotonic() + 6
        while said < told and time.monotonic() < end and line.until("not said", 6):
            said += 1
    holds("wecom: writers wait for room", said < told, (said, told))
    d.reads.set()
    while said < told and line.until("not said", 10):
        said += 1
    began = time.monotonic()
    over("wecom: writers waited", line)
    holds("wecom: it was not the next beat", time.monotonic() - began < 5 and said == told, (time.monotonic() - began, said, told))
    d.stop()


def not_wanted():
    for make, keys in ((Slack, {"bot": "x"}), (WeCom, {"token": "x"}), (Feishu, {"secret": "x", "encrypt": "y"}), (DingTalk, {})):
        d = make()
        d.keys = keys
        line = d.line()
        holds("%s: no socket without what it needs" % d.platform, line.until("not wanted") != {} and d.link(0.2) is None)
        over(d.platform + " unwanted", line)
        d.stop()


def many():
    """10,000 events are all answered, and stopping is prompt while they come."""
    d = Slack()
    line = d.line()
    one = d.link()
    line.until("back")
    for i in range(10000):
        one.send(d.message("n%d" % i, "x", "E%d" % i))
    holds("slack: 10,000 envelopes are answered", ack_of(one, "n9999") is not None or one.until(lambda f: f.get("envelope_id") == "n9999"))
    over("slack after 10,000", line)
    d.stop()


for part in (slack, slack_trouble, dingtalk, feishu, wecom, wecom_writers, not_wanted, many):
    if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
        part()
end()
