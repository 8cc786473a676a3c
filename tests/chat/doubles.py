"""doubles.py - each platform of the table in every.py: its servers (API and socket) as far as the bot meets them, what people do
there, and what the bot said there. The sockets are the doubles of tests/ws, which the official clients hold up (held.py); requests
are signed, encrypted and tokens made as tests/chat/PLATFORM.py does with the makers' libraries.

    p = Slack(); p.rows(folder) -> rows of `chat`; p.begin(room); p.write("ada", "help"); p.heard("text", "never by text")
    card = p.card(); p.press("bob", card, "approve"); p.renewed(card, "applied")

What was said is a Said: kind (text, card, renew, whisper), text (all of it, as JSON), message (which one), to (of a whisper), raw.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../ws")]
import double  # noqa: E402
import feishu as feishu_maker  # noqa: E402
import room  # noqa: E402
import teams as teams_maker  # noqa: E402
from room import equal, holds  # noqa: E402
from wechatpy.crypto import _get_signature  # noqa: E402
from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto  # noqa: E402

PATIENCE = room.PATIENCE


class Said:
    def __init__(self, kind, raw, message=None, to=None):
        self.kind, self.raw, self.message, self.to = kind, raw, message, to
        self.text = json.dumps(raw, ensure_ascii=False)
        self.text += self.text.replace('\\"', '"')  # also of JSON in a text


class Platform:
    name = ""          # of its row
    account = "every"  # the account that the cases go through
    called = "every"   # the one whose requests come
    ways = ("",)       # of a message in
    presses = ("",)    # of a press in
    tenant = ""
    limited = ""       # a word of an answer that was waited for

    def __init__(self):
        self.said, self.came, self.ids, self.refusals, self.refused = [], threading.Condition(), 0, [], 0

    def ident(self):
        self.ids += 1
        return "%s%d" % (self.name, self.ids)

    def identity(self, user):
        return "%s:%s/%s" % (self.name, self.tenant, user)

    def begin(self, r):
        self.room = r

    def row(self, folder, keys, **more):
        given = {}
        for name, value in keys.items():
            path = os.path.join(folder, "%s-%s" % (self.name, name))
            with open(path, "w") as f:
                f.write(value)
            given[name] = {"file": path}
        return {"platform": self.name, "name": self.account, "tenants": [self.tenant], "keys": given, **more}

    # -- what the bot said

    def hear(self, kind, raw, **more):
        with self.came:
            self.said.append(Said(kind, raw, **more))
            self.came.notify_all()

    def wait(self, fits, since=0):
        until = time.time() + PATIENCE
        with self.came:
            while True:
                for s in self.said[since:]:
                    if fits(s):
                        return s
                left = until - time.time()
                if left <= 0 or not self.came.wait(left):
                    raise AssertionError("%s: it was not said; what was: %s" % (
                        self.name, [(s.kind, s.text[:600]) for s in self.said[since:]]))

    def heard(self, kind, *words, since=0):
        return self.wait(lambda s: s.kind == kind and all(w in s.text for w in words), since)

    def card(self, *words, since=0):
        return self.heard("card", *words, since=since)

    def renewed(self, card, *words, since=0):
        return self.wait(lambda s: s.kind == "renew" and s.message == card.message and all(w in s.text for w in words), since)

    def count(self, word, since=0):
        """How many messages hold that word."""
        return sum(word in s.text for s in self.said[since:])

    def told_outcome(self, card, *words, since=0):
        """That the change came to that: on the card."""
        return self.renewed(card, *words, since=since)

    # -- requests to the server

    def request(self, path, body, headers=(), method="POST"):
        c = http.client.HTTPConnection("127.0.0.1", self.room.port_of_bot, timeout=PATIENCE)
        c.request(method, path, body, dict(headers))
        r = c.getresponse()
        r.read()
        c.close()
        return r.status

    def pour(self, requests):
        """Many, over one connection, 32 under way: how many were answered 2xx. requests: (path, headers, body)."""
        s = socket.create_connection(("127.0.0.1", self.room.port_of_bot), PATIENCE)
        answers, good, batch, waiting = s.makefile("rb"), 0, b"", 0

        def read_answers(n):
            good = 0
            for _ in range(n):
                status = int(answers.readline().split()[1])
                length = 0
                for line in iter(answers.readline, b"\r\n"):
                    name, value = line.split(b":", 1)
                    length = int(value) if name.lower() == b"content-length" else length
                answers.read(length)
                good += status // 100 == 2
            return good

        for path, headers, body in requests:
            head = "".join("%s: %s\r\n" % x for x in dict(headers).items())
            batch += ("POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%sContent-Length: %d\r\n\r\n" % (
                path, self.room.port_of_bot, head, len(body))).encode() + body
            waiting += 1
            if waiting == 32:
                s.sendall(batch)
                good, batch, waiting = good + read_answers(waiting), b"", 0
        s.sendall(batch)
        good += read_answers(waiting)
        s.close()
        return good

    def flood(self, n, start=0):
        """So many events of a stranger, fewer at a time than wait in a queue: how many were taken."""
        return sum(self.part(range(i, min(i + 50, start + n))) for i in range(start, start + n, 50))

    def too_many(self):
        """The next call of the API is answered so that it has to wait."""
        self.refusals.append(self.limit)

    def stop(self):
        pass


class Api(double.Double):
    """The HTTP side of a double: also the calls of the API, each answered by `answer_call(method, path, query, headers, json)` of
    the platform: an object, or (status, headers, object)."""

    def __init__(self):
        super().__init__()
        api = self

        class Handler(double.http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urllib.parse.urlsplit(self.path)
                headers = {k.lower(): v for k, v in self.headers.items()}
                status, more, answer = api.serve_call(self.command, url.path, dict(urllib.parse.parse_qsl(url.query)), headers, body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = serve

            def log_message(self, *_):
                pass

        self.http.RequestHandlerClass = Handler

    def serve_call(self, method, path, query, headers, body):
        p = self.platform_of
        if path in p.first_calls:
            return 200, {}, self.first_call(path, body)
        if p.refusals and path not in p.unrefused:
            p.refused += 1
            return p.refusals.pop(0)
        try:
            tree = json.loads(body) if body else None
        except ValueError:
            tree = None
        answer = p.answer_call(method, path, query, headers, tree)
        return answer if isinstance(answer, tuple) else (200, {}, answer)


class Socket(Platform):
    """A platform with a socket: `double` of tests/ws, whose newest connection is self.link."""
    first_calls, unrefused = (), ()

    def __init__(self, kind):
        super().__init__()
        self.double = kind()
        self.double.platform_of = self

    def begin(self, r):
        super().begin(r)
        self.link = self.double.link()
        holds(self.link, "%s: no connection comes" % self.name)
        self.let_in()

    def let_in(self):
        pass

    def cut(self):
        """The connection ends, and another one comes."""
        self.link.cut()
        self.begin(self.room)

    def stop(self):
        self.double.stop()


# -- Slack ----------------------------------------------------------------------------------------------------------------


class SlackDouble(Api, double.Slack):
    pass


class Slack(Socket):
    name, tenant = "slack", "T111"
    ways = presses = ("socket", "request")
    first_calls = ("/api/apps.connections.open",)
    limit = (429, {"Retry-After": "1"}, {"ok": False, "error": "ratelimited"})
    SIGNING = "0123456789abcdef0123456789abcdef"

    def __init__(self, kind=SlackDouble):
        super().__init__(kind)

    def rows(self, folder):
        return [self.row(folder, {**double.Slack.keys, "signing": self.SIGNING}, url=self.double.base(), ids=double.Slack.ids)]

    def answer_call(self, method, path, query, headers, o):
        if headers.get("authorization") != "Bearer xoxb-SECRET":
            return {"ok": False, "error": "invalid_auth"}
        what, ts = path.rsplit("/", 1)[1], "%d.000100" % (1700000000 + len(self.said))
        if what == "chat.postMessage":
            self.hear("card" if '"actions"' in json.dumps(o) else "text", o, message=ts)
        elif what == "chat.update":
            self.hear("renew", o, message=o["ts"])
        elif what == "chat.postEphemeral":
            self.hear("whisper", o, to=o["user"])
        else:
            return {"ok": False, "error": "unknown_method"}
        return {"ok": True, "channel": o["channel"], "ts": ts}

    def signed(self, body, kind, key=None, at=None):
        at = str(int(time.time()) if at is None else at)
        mac = hmac.new((key or self.SIGNING).encode(), b"v0:%s:%s" % (at.encode(), body), hashlib.sha256).hexdigest()
        return {"Content-Type": kind, "X-Slack-Request-Timestamp": at, "X-Slack-Signature": "v0=" + mac}

    def come(self, kind, payload, ident, way, key=None, at=None):
        """True: it was acknowledged; by a request its status."""
        if way == "request":
            body = urllib.parse.urlencode({"payload": json.dumps(payload)}) if kind == "interactive" else json.dumps(payload)
            form = "application/x-www-form-urlencoded" if kind == "interactive" else "application/json"
            return self.request("/chat/slack/" + self.called, body.encode(), self.signed(body.encode(), form, key, at))
        self.link.send({"envelope_id": ident, "type": kind, "accepts_response_payload": False, "payload": payload})
        return self.link.until(lambda f: f.get("envelope_id") == ident) is not None

    def message(self, user, text, ident):
        return {"type": "event_callback", "team_id": "T111", "api_app_id": "A111", "event_id": ident, "event": {
            "type": "app_mention", "user": user, "team": "T111", "text": "<@UBOT> " + text, "channel": "C111", "ts": "90.0001"}}

    def write(self, user, text, ident=None, way="socket"):
        ident = ident or self.ident()
        return self.come("events_api", self.message(user, text, ident), ident, way)

    def pressed(self, user, card, choice, ident):
        actions = [b for b in card.raw["blocks"] if b["type"] == "actions"][0]["elements"]
        button = [x for x in actions if choice in x["action_id"]][0]
        return {"type": "block_actions", "team": {"id": "T111"}, "user": {"id": user, "team_id": "T111"}, "api_app_id": "A111",
                "container": {"type": "message", "message_ts": card.message, "channel_id": "C111"}, "channel": {"id": "C111"},
                "message": {"type": "message", "ts": card.message, "blocks": card.raw["blocks"]}, "trigger_id": "1.2." + ident,
                "actions": [{**button, "action_ts": "17000.%s" % ident}]}

    def press(self, user, card, choice, ident=None, way="socket"):
        ident = ident or self.ident()
        return self.come("interactive", self.pressed(user, card, choice, ident), ident, way)

    def forged(self, card):
        one, now = self.pressed("bob", card, "approve", self.ident()), int(time.time())
        return [(words, self.come("interactive", one, "x", "request", **how)) for words, how in (
            ("another secret", {"key": "x" * 32}), ("signed an hour ago", {"at": now - 3600}))]

    def part(self, numbers):
        for i in numbers:
            ident = "flood%d" % i
            self.link.send({"envelope_id": ident, "type": "events_api", "accepts_response_payload": False,
                            "payload": self.message("mallory", "overview", ident)})
        return sum(self.link.until(lambda f: "envelope_id" in f) is not None for _ in numbers)


# -- DingTalk ---------------------------------------------------------------------------------------------------------------


class DingTalkDouble(Api, double.DingTalk):
    pass


class DingTalk(Socket):
    name, tenant = "dingtalk", "dingcorp"
    ways, presses = ("stream", "callback"), ("stream",)
    first_calls = ("/v1.0/gateway/connections/open",)
    unrefused = ("/v1.0/oauth2/accessToken",)
    limit = (403, {}, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "slow down"})
    TOKEN = "issuedTokenSECRET"

    def __init__(self):
        super().__init__(DingTalkDouble)

    def rows(self, folder):
        return [self.row(folder, double.DingTalk.keys, url=self.double.base(), ids={**double.DingTalk.ids, "template": "abc.schema"})]

    def answer_call(self, method, path, query, headers, o):
        if path == "/v1.0/oauth2/accessToken":
            return {"accessToken": self.TOKEN, "expireIn": 7200} if o == {"appKey": "dingabc", "appSecret": "dingSECRET"} else (400, {}, {})
        if headers.get("x-acs-dingtalk-access-token") != self.TOKEN:
            return 401, {}, {"code": "InvalidAuthentication", "message": "no token"}
        if path == "/v1.0/card/instances/createAndDeliver":
            kind = "card" if o["cardData"]["cardParamMap"]["decides"] == "true" else "text"
            self.hear(kind, o, message=o["outTrackId"])
            return {"success": True, "result": {"outTrackId": o["outTrackId"], "deliverResults": [{"success": True}]}}
        if path == "/v1.0/card/instances" and method == "PUT":
            self.hear("renew", o, message=o["outTrackId"])
            return {"success": True}
        if path == "/v1.0/robot/groupMessages/send":
            self.hear("text", o)
        elif path == "/v1.0/robot/oToMessages/batchSend":
            self.hear("whisper", o, to=o["userIds"][0])
        else:
            return 404, {}, {"code": "NotFound"}
        return {"processQueryKey": "q"}

    def message(self, user, text, ident):
        return {"conversationId": "cidX", "conversationType": "2", "chatbotCorpId": "dingcorp", "chatbotUserId": "$:LWCP_v1:$b",
                "msgId": ident, "senderNick": "x", "senderStaffId": user, "senderId": "$:LWCP_v1:$a", "senderCorpId": "dingcorp",
                "createAt": 1700000000000, "isInAtList": True, "robotCode": "dingabc", "msgtype": "text", "text": {"content": " " + text}}

    def frame(self, topic, ident, data):
        self.link.send(double.DingTalk.frame("CALLBACK", topic, ident, data))
        return self.link.until(lambda f: f["headers"]["messageId"] == ident)["code"] == 200

    def callback(self, data, secret="dingSECRET", at=None):
        at = str(int(time.time() * 1000) if at is None else at)
        made = base64.b64encode(hmac.new(secret.encode(), ("%s\n%s" % (at, secret)).encode(), hashlib.sha256).digest()).decode()
        return self.request("/chat/dingtalk/" + self.called, json.dumps(data), {"timestamp": at, "sign": made})

    def write(self, user, text, ident=None, way="stream"):
        ident = ident or self.ident()
        data = self.message(user, text, ident)
        return self.callback(data) if way == "callback" else self.frame("/v1.0/im/bot/messages/get", "f" + ident, data)

    def pressed(self, user, card, choice):
        return {"type": "actionCallback", "outTrackId": card.message, "corpId": "dingcorp", "userId": user, "userIdType": 1,
                "spaceId": "cidX", "spaceType": "IM_GROUP", "extension": "{}",
                "content": json.dumps({"cardPrivateData": {"actionIds": [choice], "params": {"action": choice}}})}

    def press(self, user, card, choice, ident=None, way="stream"):
        return self.frame("/v1.0/card/instances/callback", ident or self.ident(), self.pressed(user, card, choice))

    def forged(self, card):
        one = self.pressed("bob", card, "approve")
        return [("another secret", self.callback(one, "another")),
                ("signed two hours ago", self.callback(one, at=int(time.time() - 7200) * 1000)),
                ("a press by a signed request", self.callback(one))]

    def part(self, numbers):
        for i in numbers:
            self.link.send(double.DingTalk.frame("CALLBACK", "/v1.0/im/bot/messages/get", "f%d" % i, self.message("mallory", "overview", "m%d" % i)))
        return sum(self.link.until(lambda f: f.get("code") == 200) is not None for _ in numbers)


# -- Feishu -----------------------------------------------------------------------------------------------------------------


class FeishuDouble(Api, double.Feishu):
    pass


class Feishu(Socket):
    name, tenant, called = "feishu", "t1", "called"
    ways = presses = ("connection", "request")
    first_calls = ("/callback/ws/endpoint",)
    unrefused = ("/open-apis/auth/v3/tenant_access_token/internal",)
    limit = (400, {"x-ogw-ratelimit-limit": "5", "x-ogw-ratelimit-reset": "1"}, {"code": 99991400, "msg": "request trigger frequency limit"})
    ISSUED = "t-issuedSECRET"

    def __init__(self):
        super().__init__(FeishuDouble)
        self.channel = {"connection": "oc_1", "request": "oc_2"}

    def rows(self, folder):
        """Two accounts: one that listens, and one that is called."""
        keys = {"encrypt": feishu_maker.KEY, "verification": feishu_maker.TOKEN}
        called = self.row(folder, {**double.Feishu.keys, **keys}, url=self.double.base(), ids=double.Feishu.ids)
        return [self.row(folder, double.Feishu.keys, url=self.double.base(), ids=double.Feishu.ids), dict(called, name=self.called)]

    def answer_call(self, method, path, query, headers, o):
        if path.endswith("/tenant_access_token/internal"):
            good = o == {"app_id": "cli_a", "app_secret": "feishuSECRET"}
            return {"code": 0, "tenant_access_token": self.ISSUED, "expire": 7200} if good else {"code": 10014, "msg": "app secret invalid"}
        if headers.get("authorization") != "Bearer " + self.ISSUED:
            return 400, {}, {"code": 99991663, "msg": "invalid token"}
        if method == "PATCH":
            self.hear("renew", o, message=path.rsplit("/", 1)[1])
            return {"code": 0}
        message = "om_%d" % len(self.said)
        whispers = query.get("receive_id_type") == "open_id"
        card = o["msg_type"] == "interactive" and '"behaviors"' in o["content"]
        self.hear("whisper" if whispers else "card" if card else "text", o, message=message, to=o.get("receive_id") if whispers else None)
        return {"code": 0, "data": {"message_id": message}}

    def message(self, user, text, ident, way):
        return feishu_maker.message("@_user_1 " + text, sender={"sender_id": {"open_id": user}, "tenant_key": "t1"}, message_id=ident,
                                    chat_id=self.channel[way])

    def come(self, payload, ident, way):
        payload["header"]["event_id"], payload["header"]["tenant_key"] = "e" + ident, "t1"
        if way == "request":
            return self.request("/chat/feishu/" + self.called, *self.sealed(payload))
        for frame in double.Feishu.event(ident, payload, 2):
            self.link.send(frame)
        return self.link.until(lambda f: self.double.header(f, "message_id") == ident) is not None

    def sealed(self, payload, key=None, at=None):
        key, at = key or feishu_maker.KEY, str(int(time.time()) if at is None else at)
        body = json.dumps({"encrypt": feishu_maker.seal(json.dumps(payload), key)})
        made = hashlib.sha256((at + "nonce1" + key).encode() + body.encode()).hexdigest()
        return body, {"X-Lark-Request-Timestamp": at, "X-Lark-Request-Nonce": "nonce1", "X-Lark-Signature": made}

    def write(self, user, text, ident=None, way="connection"):
        ident = ident or self.ident()
        return self.come(self.message(user, text, ident, way), ident, way)

    def pressed(self, user, card, choice, way):
        button = re.search(r'"id": ?"([^"]+)", ?"d": ?"%s"' % choice, card.text).group(1)
        return feishu_maker.press(value={"id": button, "d": choice}, operator={"tenant_key": "t1", "open_id": user},
                                  context={"open_message_id": card.message, "open_chat_id": self.channel[way]})

    def press(self, user, card, choice, ident=None, way="connection"):
        return self.come(self.pressed(user, card, choice, way), ident or self.ident(), way)

    def forged(self, card):
        one = self.pressed("bob", card, "approve", "connection")
        body, headers = self.sealed(one)
        return [("another key", self.request("/chat/feishu/" + self.called, *self.sealed(one, key="another"))),
                ("signed an hour ago", self.request("/chat/feishu/" + self.called, *self.sealed(one, at=int(time.time()) - 3600))),
                ("another body", self.request("/chat/feishu/" + self.called, body + " ", headers)),
                ("where no key is configured", self.request("/chat/feishu/" + self.account, body, headers))]

    def part(self, numbers):
        for i in numbers:
            ident = "flood%d" % i
            payload = self.message("mallory", "overview", ident, "connection")
            payload["header"]["event_id"] = ident
            self.link.send(double.Feishu.event(ident, payload)[0])
        return sum(self.link.until(lambda f: (self.double.header(f, "message_id") or "").startswith("flood")) is not None for _ in numbers)


# -- WeCom ------------------------------------------------------------------------------------------------------------------


class WeComDouble(double.WeCom):
    def answer(self, link, frame):
        p, body = self.platform_of, frame.get("body", {})
        if frame["cmd"] not in ("aibot_subscribe", "ping"):
            if p.refusals:
                p.refused += 1
                link.send(dict(p.refusals.pop(0), headers=frame["headers"]))
                return
            if frame["cmd"] == "aibot_respond_update_msg":
                p.hear("renew", body, message=body["template_card"]["task_id"])
            elif body.get("msgtype") == "template_card":
                p.hear("card", body, message=body["template_card"]["task_id"])
            else:
                alone = frame["cmd"] == "aibot_send_msg" and body.get("chatid") != "wr1"
                p.hear("whisper" if alone else "text", body, to=body.get("chatid") if alone else None)
        super().answer(link, frame)


class WeCom(Socket):
    name, tenant, called = "wecom", "ww1", "called"
    ways, presses = ("connection", "callback"), ("connection",)
    limit = {"errcode": 45009, "errmsg": "api freq out of limit"}
    limited = '"stream"'  # the answer to that very message
    TOKEN, KEY = "wecomTOKENsecret", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

    def __init__(self):
        super().__init__(WeComDouble)
        self.answers = []  # to callbacks
        me = self

        class Hook(double.http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                me.hear("text", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                data = b'{"errcode":0}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.double.http.RequestHandlerClass = Hook

    def rows(self, folder):
        """Two accounts: one that listens, and one that is called and answers at the address of each message."""
        called = self.row(folder, {"token": self.TOKEN, "aes": self.KEY}, url=self.double.url, ids=double.WeCom.ids)
        return [self.row(folder, double.WeCom.keys, url=self.double.base(), ids=double.WeCom.ids), dict(called, name=self.called)]

    def let_in(self):
        holds(self.link.until(lambda f: f["cmd"] == "aibot_subscribe"), "it does not subscribe")

    def body(self, user, ident):
        return {"msgid": ident, "aibotid": "B1", "chatid": "wr1", "chattype": "group", "create_time": 1700000000,
                "from": {"userid": user, "corpid": "ww1"}}

    def callback(self, payload, token=None, key=None, at=None):
        token, key, at = token or self.TOKEN, key or self.KEY, str(int(time.time()) if at is None else at)
        sealed = PrpCrypto(WeChatCrypto(token, key, "").key).encrypt(json.dumps(payload), "")
        sealed = sealed.decode() if isinstance(sealed, bytes) else sealed
        query = urllib.parse.urlencode({"msg_signature": _get_signature(token, at, "n1", sealed), "timestamp": at, "nonce": "n1"})
        return self.request("/chat/wecom/%s?%s" % (self.called, query), json.dumps({"encrypt": sealed}))

    def message(self, user, text, ident):
        return dict(self.body(user, ident), msgtype="text", text={"content": "@bot " + text}, response_url=self.double.url + "/answer")

    def write(self, user, text, ident=None, way="connection"):
        ident = ident or self.ident()
        if way == "callback":
            return self.callback(self.message(user, text, ident))
        self.link.send({"cmd": "aibot_msg_callback", "headers": {"req_id": "r" + ident}, "body": self.message(user, text, ident)})
        return True

    def pressed(self, user, card, choice, ident):
        t = card.raw["template_card"]
        key = [b["key"] for b in t["button_list"] if b["key"].endswith(choice)][0]
        return dict(self.body(user, ident), msgtype="event", event={"eventtype": "template_card_event", "template_card_event": {
            "card_type": t["card_type"], "event_key": key, "task_id": t["task_id"]}})

    def press(self, user, card, choice, ident=None, way="connection"):
        ident = ident or self.ident()
        self.link.send({"cmd": "aibot_event_callback", "headers": {"req_id": "p%s.%d" % (ident, self.ids)},
                        "body": self.pressed(user, card, choice, ident)})
        return True

    def told_outcome(self, card, *words, since=0):
        return self.heard("text", *words, since=since)  # a card is changed by its press alone

    def forged(self, card):
        one = self.pressed("bob", card, "approve", self.ident())
        return [("another token", self.callback(one, token="another")),
                ("signed an hour ago", self.callback(one, at=int(time.time()) - 3600)),
                ("another key", self.callback(one, key=self.KEY[::-1]))]

    def part(self, numbers):
        for i in numbers:
            self.link.send({"cmd": "aibot_msg_callback", "headers": {"req_id": "flood%d" % i}, "body": self.message("mallory", "overview", "flood%d" % i)})
        since = len(self.said)
        self.write("eve", "help")  # nothing acknowledges them: the answer to what is asked after them does
        self.heard("text", "never by text", since=since)
        return len(numbers)


# -- Teams ------------------------------------------------------------------------------------------------------------------


class Teams(Platform):
    name, tenant = "teams", teams_maker.TENANT
    limit = (429, {"Retry-After": "1"}, {"error": {"code": "TooManyRequests", "message": "slow"}})
    ROOM = "19:x@thread.tacv2"

    def __init__(self):
        super().__init__()
        self.api = teams_maker.api_of()
        answers = self.api.answers
        self.api.answers = {}
        self.api.answer = lambda request: self.serve_call(request, answers)

    def rows(self, folder):
        return [self.row(folder, {"password": teams_maker.PASSWORD}, url=self.api.url, ids={"app": teams_maker.APP, "tenant": self.tenant})]

    def serve_call(self, request, answers):
        path, o = urllib.parse.unquote(request["path"]), request["json"]
        if request["path"] in answers:
            return 200, {}, answers[request["path"]][0]
        if request["headers"].get("authorization") != "Bearer " + teams_maker.ISSUED:
            return 401, {}, {"error": {"code": "Unauthorized"}}
        if self.refusals:
            self.refused += 1
            return self.refusals.pop(0)
        if path == "/v3/conversations":
            return 200, {}, {"id": "a:" + o["members"][0]["id"]}
        room_of, ident = re.match(r"/v3/conversations/([^/]+)/activities(?:/(.+))?$", path).groups()
        if request["method"] == "PUT":
            self.hear("renew", o, message=ident)
            return 200, {}, {"id": ident}
        message = "17%05d" % len(self.said)
        alone = room_of.startswith("a:")
        self.hear("whisper" if alone else "card" if '"Action.Execute"' in json.dumps(o) else "text", o, message=message,
                  to=room_of[2:] if alone else None)
        return 200, {}, {"id": message}

    def begin(self, r):
        super().begin(r)
        until = time.time() + PATIENCE
        while self.write("mallory", "are you there?") == 503:  # the keys are not read yet
            holds(time.time() < until, "the keys are not read")
            time.sleep(0.05)

    def activity(self, user, ident, **more):
        return teams_maker.message(**{"id": ident, "from": {"id": "29:" + user, "name": user, "aadObjectId": user}, **more})

    def come(self, activity, bearer=None):
        return self.request("/chat/teams/" + self.called, json.dumps(activity), {"Authorization": "Bearer " + (bearer or teams_maker.token())})

    def write(self, user, text, ident=None, way=""):
        return self.come(self.activity(user, ident or self.ident(), text="<at>gateway</at> " + text))

    def pressed(self, user, card, choice, ident):
        actions = card.raw["attachments"][0]["content"]["actions"]
        data = [a["data"] for a in actions if a.get("verb") == choice][0]
        return self.activity(user, ident, type="invoke", name="adaptiveCard/action", replyToId=card.message,
                             value={"action": {"type": "Action.Execute", "verb": choice, "data": data}, "trigger": "manual"})

    def press(self, user, card, choice, ident=None, way=""):
        return self.come(self.pressed(user, card, choice, ident or self.ident()))

    def forged(self, card):
        one, now = self.pressed("bob", card, "approve", self.ident()), int(time.time())
        return [(words, self.come(one, bearer)) for words, bearer in (
            ("another key", teams_maker.token(key="k2")), ("not endorsed", teams_maker.token("k2")),
            ("for another app", teams_maker.token(aud="other")), ("expired", teams_maker.token(exp=now - 400, nbf=now - 4000)),
            ("for another service", teams_maker.token(serviceurl="https://evil.example/")))]

    def cut(self):
        """There is no connection: its API is gone for a while."""
        self.refusals += [(503, {}, {"error": {"code": "ServiceUnavailable"}})]
        self.write("eve", "help")
        self.room.audited("chat_lost", self.room.lost() + 1)

    def part(self, numbers):
        bearer = teams_maker.token()
        return self.pour(("/chat/teams/" + self.called, {"Authorization": "Bearer " + bearer},
                          json.dumps(self.activity("mallory", "flood%d" % i, text="overview")).encode()) for i in numbers)

    def stop(self):
        self.api.stop()


# -- the webhook ------------------------------------------------------------------------------------------------------------


class Webhook(Platform):
    name, account, tenant = "webhook", "ops", room.TENANT

    def rows(self, folder):
        return []  # the room's own

    def begin(self, r):
        super().begin(r)
        self.kinds = {"message": "text", "card": "text", "card.update": "renew", "whisper": "whisper", "file": "text"}

    def wait(self, fits, since=0):
        def said(event):
            data = event["data"]
            kind = "card" if event["type"] == "card" and "button" in data["card"] else self.kinds[event["type"]]
            return Said(kind, data, message=data.get("message") if kind == "renew" else event["id"], to=data.get("user"))
        return said(self.room.receiver.wait(lambda e: fits(said(e)), since))

    def count(self, word, since=0):
        return sum(word in json.dumps(e["data"]) for e in self.room.receiver.heard[since:])

    @property
    def said(self):
        return self.room.receiver.heard

    @said.setter
    def said(self, _):
        pass

    def write(self, user, text, ident=None, way=""):
        return self.room.send(self.room.event(user, type="message", text=text), ident=ident or self.ident())[0]

    def pressed(self, user, card, choice):
        return {**self.room.event(user, type="press", message=card.message, button=card.raw["card"]["button"], choice=choice),
                "channel": card.raw["channel"]}

    def press(self, user, card, choice, ident=None, way=""):
        return self.room.send(self.pressed(user, card, choice), ident=ident or self.ident())[0]

    def forged(self, card):
        one, now = self.pressed("bob", card, "approve"), int(time.time())
        return [("another key", self.room.send(one, key=b"another")[0]), ("signed an hour ago", self.room.send(one, at=now - 3600)[0]),
                ("signed tomorrow", self.room.send(one, at=now + 86400)[0])]

    def too_many(self):
        self.room.receiver.refuse = [429]
        self.refused += 1

    def cut(self):
        self.room.receiver.refuse = [503, 503]
        self.write("eve", "help")
        self.room.audited("chat_lost", self.room.lost() + 1)

    def part(self, numbers):
        def one(i):
            body, at, ident = json.dumps(self.room.event("mallory", type="message", text="overview")).encode(), int(time.time()), "flood%d" % i
            return "/chat/webhook/ops", {"webhook-id": ident, "webhook-timestamp": str(at), "webhook-signature":
                                         room.sign(room.KEYS["in"], ident, at, body)}, body
        return self.pour(one(i) for i in numbers)


PLATFORMS = (Slack, DingTalk, Feishu, WeCom, Teams, Webhook)
