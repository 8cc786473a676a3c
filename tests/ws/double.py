"""double.py - the platforms' side of their sockets: the first call over HTTP, then frames over a WebSocket, after their
documentation (held up by their own SDKs in lines.py). A ticket is good for one connect.

    d = Slack(); ours = d.line(); link = d.link(); link.send({...}); link.until(lambda f: ...)
"""
import http.server
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

from lark_oapi.ws.pb.pbbp2_pb2 import Frame
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINE = os.environ.get("CHAT_LINE", os.path.join(ROOT, "build/gcc-san/chat_line"))
PATIENCE = 20


class Link:
    """A connection that came; what it sent waits in `frames`."""

    def __init__(self, socket, path):
        self.socket, self.path, self.frames, self.closed = socket, path, queue.Queue(), threading.Event()

    def send(self, frame):
        self.socket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    def until(self, wanted, seconds=PATIENCE):
        """The first frame that is wanted; those before are dropped. None: none came."""
        end = time.monotonic() + seconds
        while True:
            try:
                frame = self.frames.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                return None
            if wanted(frame):
                return frame

    def close(self, code=1000, reason=""):
        self.socket.close(code, reason)

    def cut(self):
        self.socket.socket.shutdown(socket.SHUT_RDWR)


class Double:
    platform, keys, ids, tenants = "", {}, {}, []
    context, host = None, "127.0.0.1"  # of TLS, for that name

    def __init__(self):
        self.links, self.calls, self.tickets, self.answers, self.issued = queue.Queue(), [], set(), [], 0
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.split("?")[0]
                double.calls.append((path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, answer = double.answers.pop(0) if double.answers else (200, double.first_call(path, body))
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.context:
            self.http.socket = self.context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.ws = serve(self.serve, "127.0.0.1", 0, process_request=self.judge, ping_interval=None, ssl=self.context)
        self.ws_port = self.ws.socket.getsockname()[1]
        threading.Thread(target=self.ws.serve_forever, daemon=True).start()
        s = "s" if self.context else ""
        self.url = "http%s://%s:%d" % (s, self.host, self.http.server_port)
        self.ws_url = "ws%s://%s:%d" % (s, self.host, self.ws_port)

    def ticket(self):
        self.issued += 1
        t = "SECRETTICKET%d/+&" % self.issued
        self.tickets.add(t)
        return t

    def judge(self, connection, request):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
        ticket = query.get("ticket", [None])[0]
        if ticket not in self.tickets:
            return connection.respond(401, "the ticket %s is not good\n" % ticket)
        self.tickets.discard(ticket)
        return None

    def decode(self, frame):
        return json.loads(frame)

    def serve(self, socket):
        link = Link(socket, socket.request.path)
        self.links.put(link)
        try:
            self.greet(link)
            for frame in socket:
                decoded = self.decode(frame)
                self.answer(link, decoded)
                link.frames.put(decoded)
        except ConnectionClosed:
            pass
        link.close_code = socket.close_code
        link.closed.set()

    def greet(self, link):
        pass

    def answer(self, link, frame):
        pass

    def link(self, seconds=PATIENCE):
        """The next connection; None: none came."""
        try:
            return self.links.get(timeout=seconds)
        except queue.Empty:
            return None

    def line(self, **changed):
        return Line(dict(platform=self.platform, url=self.base(), keys=self.keys, ids=self.ids, tenants=self.tenants, **changed))

    def base(self):
        return self.url

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
        self.ws.shutdown()


class Line:
    """Our side: the driver, and what it printed."""

    def __init__(self, account):
        self.process = subprocess.Popen([LINE, json.dumps(account), "all"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.events, self.log = queue.Queue(), []
        threading.Thread(target=self.listen, daemon=True).start()
        self.traces = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.traces.start()

    def listen(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def until(self, name, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while True:
            try:
                event = self.events.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                return {}
            if event["event"] == name:
                return event

    def tell(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def stop(self):
        """The exit code, and all that was traced."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        code = self.process.wait(60)
        self.traces.join(10)
        return code, b"".join(self.log).decode("utf-8", "replace")


class Slack(Double):
    platform, keys, ids, tenants = "slack", {"bot": "xoxb-SECRET", "app": "xapp-SECRET"}, {"app": "A111"}, ["T111"]

    def base(self):
        return self.url + "/api"

    def first_call(self, path, body):
        assert path == "/api/apps.connections.open", path
        return {"ok": True, "url": "%s/link/?ticket=%s&app_id=A111" % (self.ws_url, urllib.parse.quote_plus(self.ticket()))}

    def greet(self, link):
        link.send({"type": "hello", "num_connections": 1, "debug_info": {"host": "applink-1", "build_number": 10,
                                                                         "approximate_connection_time": 18060},
                   "connection_info": {"app_id": "A111"}})

    @staticmethod
    def message(envelope, text, event="Ev1"):
        return {"envelope_id": envelope, "type": "events_api", "accepts_response_payload": False, "retry_attempt": 0, "retry_reason": "",
                "payload": {"team_id": "T111", "api_app_id": "A111", "type": "event_callback", "event_id": event,
                            "event": {"type": "message", "channel_type": "im", "user": "U111", "team": "T111", "text": text,
                                      "ts": "1700000000.000100", "channel": "D111"}}}

    @staticmethod
    def press(envelope):
        return {"envelope_id": envelope, "type": "interactive", "accepts_response_payload": True,
                "payload": {"type": "block_actions", "team": {"id": "T111"}, "user": {"id": "U111", "team_id": "T111", "username": "ann"},
                            "api_app_id": "A111", "container": {"type": "message", "message_ts": "1.2", "channel_id": "C111"},
                            "channel": {"id": "C111"}, "actions": [{"action_id": "approve", "block_id": "b", "value": "b7f3a",
                                                                    "type": "button", "action_ts": "1700000002.000300"}]}}


class DingTalk(Double):
    platform, keys, ids, tenants = "dingtalk", {"secret": "dingSECRET"}, {"client": "dingabc"}, ["dingcorp"]

    def first_call(self, path, body):
        assert path == "/v1.0/gateway/connections/open", path
        asked = json.loads(body)
        assert asked["clientId"] == "dingabc" and asked["clientSecret"] == "dingSECRET", asked
        self.topics = {s["topic"] for s in asked["subscriptions"]}
        return {"endpoint": self.ws_url + "/connect", "ticket": self.ticket()}

    @staticmethod
    def frame(kind, topic, message_id, data):
        return {"specVersion": "1.0", "type": kind, "data": data if isinstance(data, str) else json.dumps(data),
                "headers": {"topic": topic, "messageId": message_id, "contentType": "application/json", "time": "1700000000000",
                            "appId": "a", "connectionId": "c"}}

    @classmethod
    def message(cls, message_id, text):
        return cls.frame("CALLBACK", "/v1.0/im/bot/messages/get", message_id, {
            "conversationId": "cidX", "conversationType": "2", "chatbotCorpId": "dingcorp", "chatbotUserId": "$:LWCP_v1:$b",
            "msgId": "msg" + message_id, "senderNick": "Ann", "isAdmin": False, "senderStaffId": "manager01",
            "senderId": "$:LWCP_v1:$a", "senderCorpId": "dingcorp", "createAt": 1700000000000, "isInAtList": True,
            "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=s", "sessionWebhookExpiredTime": 1700005400000,
            "robotCode": "dingabc", "msgtype": "text", "text": {"content": " " + text}})

    @classmethod
    def press(cls, message_id):
        return cls.frame("CALLBACK", "/v1.0/card/instances/callback", message_id, {
            "type": "actionCallback", "outTrackId": "b7f3a", "corpId": "dingcorp", "userId": "manager01", "userIdType": 1,
            "spaceId": "cidX", "spaceType": "IM_GROUP", "extension": "{}",
            "content": json.dumps({"cardPrivateData": {"actionIds": ["approve"], "params": {"action": "approve"}}})})


class Feishu(Double):
    platform, keys, ids, tenants = "feishu", {"secret": "feishuSECRET"}, {"app": "cli_a"}, ["t1"]
    mute = False
    config = {"ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 1, "PingInterval": 5}

    def first_call(self, path, body):
        assert path == "/callback/ws/endpoint", path
        asked = json.loads(body)
        assert asked["AppID"] == "cli_a" and asked["AppSecret"] == "feishuSECRET", asked
        return {"code": 0, "msg": "", "data": {"ClientConfig": self.config, "URL":
                "%s/ws/v2?device_id=1&service_id=7&access_key=SECRETKEY&ticket=%s"
                % (self.ws_url, urllib.parse.quote_plus(self.ticket()))}}

    def decode(self, frame):
        f = Frame()
        f.ParseFromString(frame)
        return f

    def answer(self, link, frame):
        if self.header(frame, "type") == "ping" and not self.mute:
            link.send(self.make(0, {"type": "pong"}, json.dumps(self.config).encode(), service=frame.service))

    @staticmethod
    def header(frame, key):
        return next((h.value for h in frame.headers if h.key == key), None)

    @staticmethod
    def make(method, headers, payload=b"", service=7, seq_id=300, log_id=1):
        f = Frame(SeqID=seq_id, LogID=log_id, service=service, method=method, payload=payload)
        for key, value in headers.items():
            h = f.headers.add()
            h.key, h.value = key, value
        return f.SerializeToString()

    @classmethod
    def event(cls, message_id, event, pieces=1):
        """Its frames, in order."""
        data = json.dumps(event).encode()
        size = -(-len(data) // pieces)
        return [cls.make(1, {"type": "event", "message_id": message_id, "sum": str(pieces), "seq": str(i), "trace_id": "t1"},
                         data[i * size:(i + 1) * size]) for i in range(pieces)]

    @staticmethod
    def message(text, event_id="e1"):
        return {"schema": "2.0", "header": {"event_id": event_id, "event_type": "im.message.receive_v1", "create_time": "1700000000000",
                                            "token": "", "app_id": "cli_a", "tenant_key": "t1"},
                "event": {"sender": {"sender_id": {"union_id": "on_1", "user_id": "u1", "open_id": "ou_1"}, "sender_type": "user",
                                     "tenant_key": "t1"},
                          "message": {"message_id": "om_1", "create_time": "1700000000000", "chat_id": "oc_1", "chat_type": "p2p",
                                      "message_type": "text", "content": json.dumps({"text": text})}}}


class WeCom(Double):
    platform, keys, ids, tenants = "wecom", {"secret": "wecomSECRET"}, {"bot": "B1", "corp": "ww1"}, ["ww1"]
    mute = False
    reads = None  # an event: nothing more is read before it is set

    def base(self):
        return self.ws_url.replace("ws", "http", 1)

    def judge(self, connection, request):
        return None

    def answer(self, link, frame):
        headers, ok = frame["headers"], {"errcode": 0, "errmsg": "ok"}
        if self.reads:
            self.reads.wait(2 * PATIENCE)
        if frame["cmd"] == "aibot_subscribe":
            right = frame["body"] == {"bot_id": "B1", "secret": "wecomSECRET"} and not self.answers
            link.send(dict(ok, headers=headers) if right else {"headers": headers, "errcode": 853000, "errmsg": "invalid secret"})
            if not right and self.answers:
                self.answers.pop(0)
        elif not self.mute:
            bad = frame.get("body", {}).get("chatid") == "wr_bad"
            link.send({"headers": headers, "errcode": 846605, "errmsg": "not there"} if bad else dict(ok, headers=headers))

    @staticmethod
    def message(req_id, text, msgid="m1"):
        return {"cmd": "aibot_msg_callback", "headers": {"req_id": req_id}, "body": {
            "msgid": msgid, "aibotid": "B1", "chatid": "wr1", "chattype": "group", "from": {"userid": "ann"}, "create_time": 1700000000,
            "response_url": "https://x/", "msgtype": "text", "text": {"content": "@bot " + text}}}

    @staticmethod
    def event(req_id, kind, **more):
        return {"cmd": "aibot_event_callback", "headers": {"req_id": req_id}, "body": {
            "msgid": "m9", "create_time": 1700000009, "aibotid": "B1", "chatid": "wr1", "chattype": "group",
            "from": {"userid": "ann", "corpid": "ww1"}, "msgtype": "event", "event": dict({"eventtype": kind}, **more)}}


PLATFORMS = {c.platform: c for c in (Slack, DingTalk, Feishu, WeCom)}
sys.setswitchinterval(0.001)
