"""wire.py [WORD…] - the transports: what a connection may lose, repeat, hold back or cut, and what clients get then.

Checks work as in protocol.py, on the same World.
"""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import protocol
from protocol import LEGACY, META, equal, holds

SESSION_ERAS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


class Stream:
    """One HTTP exchange by hand whose answer is read event by event. What it says is kept for tests/parts/90-schemas."""

    def __init__(self, port, method, path, headers, body=b"", era=None):
        self.era = era or headers.get("MCP-Protocol-Version") or LEGACY
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        head = "".join("%s: %s\r\n" % h for h in {"Host": "localhost", "Content-Length": len(body), **headers}.items())
        self.socket.sendall(("%s %s HTTP/1.1\r\n%s\r\n" % (method, path, head)).encode() + body)
        self.file = self.socket.makefile("rb")
        line = self.file.readline()
        self.status = int(line.split()[1]) if line else 0
        self.headers, self.left = {}, 0
        for line in iter(self.file.readline, b"\r\n"):
            name, value = line.decode().split(":", 1)
            self.headers[name.lower()] = value.strip()
        self.pending = b""

    def piece(self):
        """The next chunk; b"" at the end of the answer."""
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.file.read(int(self.headers.get("content-length", 0)))
        size = int(self.file.readline() or b"0", 16)
        data = self.file.read(size)
        self.file.readline()
        return data

    def event(self, seconds=20):
        """{"id", "event", "data", "comment"} of the next event; None at the end."""
        self.socket.settimeout(seconds)
        while b"\n\n" not in self.pending:
            more = self.piece()
            if not more:
                return None
            self.pending += more
        text, self.pending = self.pending.split(b"\n\n", 1)
        out = {}
        for line in text.decode().split("\n"):
            name, _, value = line.partition(":")
            out[name or "comment"] = value.lstrip(" ")
        return out

    def message(self, seconds=20):
        """The next message, without comments and empty events; None at the end."""
        while True:
            e = self.event(seconds)
            if e is None:
                return None
            if e.get("data"):
                got = json.loads(e["data"])
                for one in got if isinstance(got, list) else [got]:
                    mcp.record(self.era, None, one)
                return got

    def close(self):
        self.file.close()
        self.socket.close()


def begin_wait(w, c, port, seconds, call_id=70):
    """A call that says nothing until a plan is decided: (its stream, the plan's id)."""
    other = w.http(LEGACY, port=port)
    plan = protocol.pending_id(other)
    other.close()
    body = json.dumps({"jsonrpc": "2.0", "id": call_id, "method": "tools/call",
                       "params": {"name": "get_change", "arguments": {"id": plan, "wait": seconds}}}).encode()
    return Stream(port, "POST", "/mcp", c.headers({}), body), plan


def resume(c, port, event):
    headers = {**c.headers({}), "Accept": "text/event-stream"}
    if event is not None:
        headers["Last-Event-ID"] = event
    return Stream(port, "GET", "/mcp", headers)


# -- streams of session revisions ---------------------------------------------------------------------------------------

def check_a_silent_call_becomes_a_stream(w):
    for era in ("2024-11-05", LEGACY):
        c = w.http(era)
        s, plan = begin_wait(w, c, w.port, 3)
        equal((s.status, s.headers["content-type"]), (200, "text/event-stream"), era)
        first = s.event()
        if era == LEGACY:
            equal((first["data"], first["retry"]), ("", "1000"), "the first event only has an id")
            holds(first["id"], "id")
        else:
            holds("comment" in first and "data" not in first, "older parsers get no empty data: %s" % first)
        got = s.message()
        equal(got["id"], 70, "the answer")
        equal(s.event(), None, "then the stream ends")
        c.call("cancel_change", {"id": plan})
        c.close()


def check_a_client_that_takes_no_stream(w):
    c = w.http(LEGACY)
    plan = protocol.pending_id(c)
    call = {"jsonrpc": "2.0", "id": 71, "method": "tools/call",
            "params": {"name": "get_change", "arguments": {"id": plan, "wait": 3}}}
    status, headers, got = w.post(call, {**c.headers({}), "Accept": "application/json"})
    equal((status, headers["content-type"], got["id"]), (200, "application/json", 71), "JSON however long it takes")
    c.call("cancel_change", {"id": plan})
    c.close()


def check_a_lost_stream_is_resumed(w):
    c = w.http(LEGACY)
    s, plan = begin_wait(w, c, w.port, 5)
    first = s.event()
    s.close()
    again = resume(c, w.port, first["id"])  # while the call runs
    equal(again.status, 200, "resumed")
    third = resume(c, w.port, first["id"])  # the newest has it
    equal(again.event(), None, "an older connection ends")
    e = third.event()
    while not e.get("data"):
        e = third.event()
    equal(json.loads(e["data"])["id"], 70, "the answer comes on the resumed stream")
    equal(third.event(), None, "then it ends")
    last = resume(c, w.port, first["id"])  # after the end
    equal(last.message()["id"], 70, "kept after the end")
    equal(last.event(), None, "and ends")
    equal(resume(c, w.port, e["id"]).event(), None, "nothing is left after the last event")
    other = w.http(LEGACY)
    equal(resume(other, w.port, first["id"]).status, 400, "another session's stream")
    for bad in ("999999-1", first["id"] + "9", "x", "1", "-1", first["id"] + "\t1", "9" * 30 + "-1"):
        equal(resume(c, w.port, bad).status, 400, "Last-Event-ID " + bad)
    equal(c.request("ping"), {}, "the session goes on")
    c.call("cancel_change", {"id": plan})
    own = c.session
    c.close()
    c.session = own
    equal(resume(c, w.port, first["id"]).status, 404, "after DELETE")
    other.close()


class Switch:
    """A server whose list of tools changes whenever it is told to."""

    def __init__(self, w, args=()):
        self.file, self.narrow = os.path.join(w.house.dir, "switch.yaml"), False
        self.write()
        self.port = w.house.serve(["--config", self.file, *args])
        self.process = w.house.processes[-1]

    def write(self):
        with open(self.file, "w") as f:
            f.write("read_only: %s\n" % str(self.narrow).lower())

    def flip(self):
        self.narrow = not self.narrow
        self.write()
        self.process.send_signal(signal.SIGHUP)


def check_the_standing_stream_keeps_what_nobody_heard(w):
    s = Switch(w)
    c = w.http(LEGACY, port=s.port)
    stream = resume(c, s.port, None)
    first = stream.event()
    equal((first["data"], first["id"][:2]), ("", "0-"), "the standing stream has ids")
    s.flip()
    told = stream.event()
    holds("list_changed" in told["data"], "told while listening: %s" % told)
    stream.close()
    time.sleep(0.3)
    s.flip()
    time.sleep(0.3)
    stream = resume(c, s.port, None)
    missed = stream.event(5)
    holds("list_changed" in missed["data"] and missed["id"] != told["id"], "told afterwards, without Last-Event-ID")
    stream.close()
    stream = resume(c, s.port, first["id"])
    equal([stream.event(5)["id"], stream.event(5)["id"]], [told["id"], missed["id"]], "told again from the event named")
    stream.close()
    c.close()


def check_heartbeat(w):
    port = w.house.serve(["--heartbeat", "1"])
    for era in (LEGACY, mcp.MODERN):
        c = w.http(era, port=port)
        if era == LEGACY:
            s = resume(c, port, None)
            s.event()
            begin = time.time()
            holds("comment" in s.event(4) and time.time() - begin < 3, "a comment on the standing stream")
            s.close()
            s, plan = begin_wait(w, c, port, 5)
        else:
            meta = {META + "protocolVersion": era, META + "clientCapabilities": {}}
            body = json.dumps({"jsonrpc": "2.0", "id": 70, "method": "tools/call", "params": {
                "_meta": meta, "name": "get_change", "arguments": {"id": plan, "wait": 5}}}).encode()
            s = Stream(port, "POST", "/mcp", {**c.headers({"method": "tools/call", "params": {"name": "get_change"}})},
                       body)
        comments = 0
        while True:
            e = s.event()
            if e.get("data"):
                break
            comments += "comment" in e
            holds(era == LEGACY or "id" not in e, "no event ids in 2026-07-28")
        holds(comments >= 2, "%d comments while the call was silent" % comments)
        s.close()
    c.close()


def check_sessions_end(w):
    port = w.house.serve(["--sessions", "3", "--session-ttl", "2"])
    clients = [w.http(LEGACY, port=port) for _ in range(3)]
    status, _, body = w.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}, port=port)
    equal((status, body["error"]["code"]), (503, -32603), "one too many")
    held = resume(clients[0], port, None)
    held.event()
    time.sleep(4.5)
    equal(clients[0].request("ping"), {}, "an open stream keeps its session")
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    equal(w.post(ping, clients[1].headers({}), port)[0], 404, "unused: it ends by itself")
    late = w.http(LEGACY, port=port)
    equal(late.request("ping"), {}, "there is room again")
    held.close()


def check_several_clients_of_one_session(w):
    c = w.http(LEGACY)
    wrong = []

    def work(i):
        for _ in range(10):
            status, _, body = w.post({"jsonrpc": "2.0", "id": i, "method": "tools/list"}, c.headers({}))
            if status != 200 or body["id"] != i:
                wrong.append((status, body))
    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(wrong, [], "eight connections")
    c.close()


def check_version_header(w):
    c = w.http(LEGACY)
    own = {**c.headers({}), "Accept": "text/event-stream"}
    for method in ("GET", "DELETE"):
        equal(Stream(w.port, method, "/mcp", {**own, "MCP-Protocol-Version": "1999-01-01"}).status, 400, method)
    for version in SESSION_ERAS:  # any that has sessions
        status, _, body = w.post({"jsonrpc": "2.0", "id": 1, "method": "ping"},
                                 {**c.headers({}), "MCP-Protocol-Version": version})
        equal((status, body.get("result")), (200, {}), version)
    equal(w.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, {**c.headers({}), "MCP-Protocol-Version": None})[0], 200,
          "none")
    c.close()


# -- batches: 2025-03-26 only -----------------------------------------------------------------------------------------

PING = {"jsonrpc": "2.0", "id": "p", "method": "ping"}
NOTE = {"jsonrpc": "2.0", "method": "notifications/initialized"}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
RESPONSE = {"jsonrpc": "2.0", "id": "none", "result": {}}
INIT = {"jsonrpc": "2.0", "id": 3, "method": "initialize", "params": {}}
CLAIM = {"jsonrpc": "2.0", "id": 4, "method": "tools/list", "params": {
    "_meta": {META + "protocolVersion": mcp.MODERN, META + "clientCapabilities": {}}}}


def answers_of(got):
    """{id: "result" or the error's code}, None for an answer without an id."""
    return {a.get("id"): "result" if "result" in a else a["error"]["code"] for a in got}


def check_batches_over_http(w):
    c = w.http("2025-03-26")

    def post(body):
        return w.post(body, c.headers({}))
    status, headers, got = post([PING, NOTE, LIST, RESPONSE])
    equal((status, headers["content-type"], answers_of(got)), (200, "application/json", {"p": "result", 2: "result"}),
          "requests between others")
    equal(answers_of(post([PING, 7, {"jsonrpc": "2.0", "id": 9, "method": "nope"}, INIT])[2]),
          {"p": "result", None: -32600, 9: -32601, 3: -32600}, "what is wrong with one is said of that one")
    equal(post([NOTE, RESPONSE])[::2], (202, ""), "nothing to answer")
    for bad in ([], [PING, CLAIM], [PING] * 101):
        status, _, got = post(bad)
        equal((status, got["error"]["code"]), (400, -32600), "one error for %s" % str(bad)[:60])
    equal(post("[{]")[2]["error"]["code"], -32700, "no JSON")
    equal(post(" \n[" + json.dumps(PING) + " , " + json.dumps(LIST) + "\t]")[0], 200, "blanks")
    call = {"jsonrpc": "2.0", "id": 6, "method": "tools/call",
            "params": {"name": "diagnose", "arguments": {}, "_meta": {"progressToken": 1}}}
    body = json.dumps([PING, call]).encode()
    s = Stream(w.port, "POST", "/mcp", c.headers({}), body)
    got = s.message() if "event-stream" in s.headers["content-type"] else json.loads(s.piece())
    while not isinstance(got, list):
        equal(got["method"], "notifications/progress", "in between")
        got = s.message()
    equal(answers_of(got), {"p": "result", 6: "result"}, "one array at the end")
    c.close()
    for era in ("2024-11-05", "2025-06-18", "2025-11-25"):
        c = w.http(era)
        status, _, got = w.post([PING], c.headers({}))
        equal((status, got["error"]["code"]), (400, -32600), era)
        c.close()
    equal(w.post([CLAIM], {"MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "tools/list"})[0], 400, mcp.MODERN)


def check_batches_over_stdio(w):
    c = w.stdio("2025-03-26")
    c.send(json.dumps([PING, NOTE, LIST, 7]))
    equal(answers_of(c.receive()), {"p": "result", 2: "result", None: -32600}, "an array")
    c.send(json.dumps([NOTE]))
    c.send(json.dumps([]))
    equal(c.receive()["error"]["code"], -32600, "the empty one is answered, the one without requests is not")
    other = w.http(LEGACY)
    plan = protocol.pending_id(other)
    other.close()
    wait = {"jsonrpc": "2.0", "id": 8, "method": "tools/call",
            "params": {"name": "get_change", "arguments": {"id": plan, "wait": 20}}}
    c.send(json.dumps([wait, PING]))
    equal(c.exchange({"jsonrpc": "2.0", "id": 5, "method": "ping"})["id"], 5, "others are answered meanwhile")
    c.notify("notifications/cancelled", {"requestId": 8})
    equal(answers_of(c.receive()), {"p": "result"}, "a cancelled one has no answer")
    equal(c.close(), 0, "exit code")
    for era in ("2024-11-05", "2025-06-18", "2025-11-25"):
        c = w.stdio(era)
        c.send(json.dumps([PING]))
        equal(c.receive()["error"]["code"], -32600, era)
        equal(c.close(), 0, "exit code")


def check_what_a_revision_does_not_know(w):
    for era, titles, structured, annotations in (("2024-11-05", False, False, False), ("2025-03-26", False, False, True),
                                                 ("2025-06-18", True, True, True), ("2025-11-25", True, True, True)):
        for c in (w.http(era), w.stdio(era)):
            tools = c.request("tools/list")["tools"]
            equal(any("title" in t for t in tools), titles, "titles in " + era)
            equal(any("outputSchema" in t for t in tools), structured, "output schemas in " + era)
            equal(any("annotations" in t for t in tools), annotations, "annotations in " + era)
            result = c.call("list_routes", {})
            equal("structuredContent" in result, structured, "structured content in " + era)
            holds(result["content"][0]["text"], "a text in " + era)
            c.notes.clear()
            c.call("diagnose", {}, meta={"progressToken": 1})
            steps = [n["params"] for n in c.notes if n["method"] == "notifications/progress"]
            holds(steps and all(("message" in s) == (era != "2024-11-05") for s in steps), "progress in %s: %s" % (era, steps))
            c.close()
        init = w.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": era}})[2]["result"]
        equal(init["protocolVersion"], era, "negotiated")
        equal("title" in init["serverInfo"], titles, "serverInfo of " + era)
        equal("completions" in init["capabilities"], era != "2024-11-05", "completions of " + era)
    for asked, got in (("2024-10-07", "2024-11-05"), (mcp.MODERN, LEGACY), ("2030-01-01", LEGACY)):
        init = w.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": asked}})[2]
        equal(init["result"]["protocolVersion"], got, "asked for " + asked)


# -- HTTP+SSE of 2024-11-05 -------------------------------------------------------------------------------------------

class Sse:
    """A client of HTTP+SSE."""

    def __init__(self, port, era="2024-11-05", capabilities=None, **headers):
        self.port, self.headers = port, headers
        self.stream = Stream(port, "GET", "/sse", {"Accept": "text/event-stream", **headers}, era=era)
        equal((self.stream.status, self.stream.headers["content-type"]), (200, "text/event-stream"), "GET /sse")
        first = self.stream.event()
        while "comment" in first:
            first = self.stream.event()
        equal(first["event"], "endpoint", "the first event")
        self.path = first["data"]
        holds(self.path.startswith("/messages?sessionId=") and len(self.path) >= 42, self.path)
        self.post({**INIT, "params": {"protocolVersion": era, "capabilities": capabilities or {},
                                      "clientInfo": {"name": "sse", "version": "1"}}})
        self.init = self.stream.message()["result"]
        self.post(NOTE)

    def post(self, body, want=202, path=None, **headers):
        s = Stream(self.port, "POST", path or self.path, {"Content-Type": "application/json", **self.headers, **headers},
                   body if isinstance(body, bytes) else json.dumps(body).encode())
        equal(s.status, want, str(body)[:100])
        s.close()

    def request(self, message):
        self.post(message)
        while True:
            got = self.stream.message()
            if got.get("id") == message["id"] and "method" not in got:
                return got


def check_http_sse(w):
    for era in SESSION_ERAS:
        c = Sse(w.port, era)
        equal(c.init["protocolVersion"], era, "negotiated")
        equal(c.request(PING)["result"], {}, "ping")
        holds("tools" in c.request(LIST)["result"], "tools/list")
        c.stream.close()
    c = Sse(w.port)
    call = {"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": {"name": "list_routes", "arguments": {}}}
    holds("content" in c.request(call)["result"], "a call")
    c.post(b"{nonsense", 400)
    c.post([PING], 400)
    c.post(CLAIM, 400)
    c.post(b"", 400)
    c.post(PING, 415, **{"Content-Type": "text/plain"})
    c.post(PING, 404, path="/messages?sessionId=" + "x" * 27)
    c.post(PING, 400, path="/messages")
    c.post(PING, 403, Host="evil.example.com")
    c.post(PING, 403, Origin="http://evil.example.com")
    equal(Stream(w.port, "POST", "/sse", {"Content-Type": "application/json"}, b"{}").status, 405, "POST /sse")
    equal(Stream(w.port, "GET", c.path, {}).status, 405, "GET /messages")
    equal(Stream(w.port, "GET", "/sse", {"Host": "evil.example.com"}).status, 403, "Host")
    streamable = w.http(LEGACY)
    c.post(PING, 404, path="/messages?sessionId=" + streamable.session)
    own = {"Mcp-Session-Id": c.path.split("=")[1], "Accept": "text/event-stream"}
    equal(Stream(w.port, "GET", "/mcp", own).status, 400, "its stream is not taken away")
    equal(c.request(PING)["result"], {}, "it goes on")
    streamable.close()
    c.stream.close()
    for _ in range(30):
        s = Stream(w.port, "POST", c.path, {"Content-Type": "application/json"}, json.dumps(PING).encode())
        if s.status == 404:
            break
        time.sleep(0.1)
    equal(s.status, 404, "the session ends with its stream")


def check_http_sse_batches_and_questions(w):
    c = Sse(w.port, "2025-03-26")
    c.post([PING, NOTE, LIST])
    equal(answers_of(c.stream.message()), {"p": "result", 2: "result"}, "an array on the stream")
    c.post([NOTE])
    equal(c.request(PING)["result"], {}, "nothing for notifications")
    c.stream.close()
    c = Sse(w.port, "2025-06-18", {"elicitation": {}})
    c.post({"jsonrpc": "2.0", "id": 6, "method": "tools/call",
            "params": {"name": "change_resource", "arguments": {
                **protocol.PATCH, "object": {"path": {"matchType": "PRE", "matchValue": "/unwanted"}}}}})
    asked = c.stream.message()
    while asked["method"] != "elicitation/create":
        asked = c.stream.message()
    c.post({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "decline"}})
    while asked.get("id") != 6:
        asked = c.stream.message()
    holds("rejected" in json.dumps(asked), "declined over /messages: %s" % str(asked)[:300])
    c.stream.close()


def check_http_sse_leaving_mid_call(w):
    other = w.http(LEGACY)
    plan = protocol.pending_id(other)
    for _ in range(5):
        c = Sse(w.port)
        c.post({"jsonrpc": "2.0", "id": 6, "method": "tools/call",
                "params": {"name": "get_change", "arguments": {"id": plan, "wait": 20}}})
        c.stream.close()
    equal(other.request("ping"), {}, "alive")
    other.close()


# -- Origin, Host, CORS -----------------------------------------------------------------------------------------------

def check_cors(w):
    port = w.house.serve(["--origins", "https://ops.example.com", "--hosts", "mcp.example.com"])
    ours = {"Origin": "https://ops.example.com", "Host": "mcp.example.com:%d" % port}

    def ask(method, path, headers, body=b""):
        s = Stream(port, method, path, headers, body)
        s.close()
        return s.status, s.headers
    known = ["/.well-known/oauth-protected-resource" + end for end in ("", "/mcp", "/sse")]
    for path in known + ["/", "/nothing", "/mcp/", "/healthz"]:
        for method in ("GET", "POST", "DELETE", "OPTIONS", "HEAD"):
            equal(ask(method, path, {"Host": "evil.example.com"})[0], 403, "Host on %s %s" % (method, path))
            equal(ask(method, path, {"Origin": "https://evil.example.com"})[0], 403, "Origin on %s %s" % (method, path))
            got = ask(method, path, ours)[1]
            equal((got["access-control-allow-origin"], got["vary"]), (ours["Origin"], "Origin"), "%s %s" % (method, path))
            holds("access-control-allow-origin" not in ask(method, path, {"Origin": "http://localhost:1"})[1], path)
    for path in ("/mcp", "/sse", "/messages"):
        status, got = ask("OPTIONS", path, {**ours, "Access-Control-Request-Headers": "mcp-param-x, x-evil"})
        equal((status, got["access-control-allow-origin"]), (204, ours["Origin"]), "preflight of " + path)
        for name in ("mcp-session-id", "authorization", "last-event-id", "mcp-param-x"):
            holds(name in got["access-control-allow-headers"], name)
        holds("evil" not in got["access-control-allow-headers"], "only what is known")
        status, got = ask("OPTIONS", path, {"Origin": "http://localhost:3000"})
        equal((status, "access-control-allow-origin" in got, got["vary"]), (204, False, "Origin"),
              "loopback pages are not configured ones")
        equal(ask("OPTIONS", path, {"Origin": "https://evil.example.com"})[0], 403, "another origin")
        for method, want in (("PUT", 405), ("GET", None), ("POST", None), ("DELETE", None)):
            status, got = ask(method, path, {**ours, "Content-Type": "application/json"})
            equal(got["access-control-allow-origin"], ours["Origin"], "%s %s (%s)" % (method, path, status))
            equal(got["access-control-expose-headers"], "mcp-session-id, www-authenticate", "exposed")
            holds(want in (None, status), "%s %s: %s" % (method, path, status))
            equal(ask(method, path, {"Host": "evil.example.com"})[0], 403, "Host on %s %s" % (method, path))
            equal(ask(method, path, {"Origin": "https://ops.example.com.evil"})[0], 403, "Origin on " + path)
    status, got = ask("GET", "/sse", ours)
    equal((status, got["access-control-allow-origin"]), (200, ours["Origin"]), "a stream")
    status, _, body = w.post(INIT, {**ours}, port)
    holds(status == 200 and "result" in body, "a configured origin is served")
    equal(ask("OPTIONS", "/mcp", {})[0], 204, "OPTIONS without an origin")
    holds("access-control-allow-origin" not in ask("OPTIONS", "/mcp", {})[1], "no origin, no grant")
    s = Stream(w.port, "OPTIONS", "/mcp", {"Origin": "http://localhost:3000"})
    equal((s.status, "access-control-allow-origin" in s.headers), (204, False), "none configured")


# -- stdio ------------------------------------------------------------------------------------------------------------

def peak(pid):
    """Most memory the process ever had, in kB."""
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def write(c, data):
    c.process.stdin.write(data)
    c.process.stdin.flush()


def check_a_line_of_64_megabytes(w):
    c = w.stdio(LEGACY)
    c.request("ping")
    before = peak(c.process.pid)
    write(c, b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"')
    for _ in range(64):
        write(c, b"x" * (1 << 20))
    write(c, b'"}}\n')
    equal(c.receive()["error"]["code"], -32600, "refused")
    holds(peak(c.process.pid) - before < 48 << 10, "grew by %d kB" % (peak(c.process.pid) - before))
    equal(c.request("ping"), {}, "it goes on")
    equal(c.close(), 0, "exit code")


def guard_pages(pid):
    """Of the stacks that a process holds: each has one below it."""
    with open("/proc/%d/maps" % pid) as maps:
        return sum(" ---p " in line and line.rstrip().endswith(" 0") for line in maps)


def check_memory_of_many_calls_goes_back(w):
    other = w.http(LEGACY)
    plan = protocol.pending_id(other)
    other.close()
    c = w.stdio(LEGACY)
    before = guard_pages(c.process.pid)
    for i in range(40):
        c.send({"jsonrpc": "2.0", "id": 100 + i, "method": "tools/call",
                "params": {"name": "get_change", "arguments": {"id": plan, "wait": 20}}})
    equal(c.exchange({"jsonrpc": "2.0", "id": 5, "method": "ping"})["id"], 5, "they wait")
    most = guard_pages(c.process.pid)
    holds(most >= before + 40, "each has a stack")
    for i in range(40):
        c.notify("notifications/cancelled", {"requestId": 100 + i})
    until = time.time() + 10
    while guard_pages(c.process.pid) > most - 36 and time.time() < until:
        time.sleep(0.05)
    equal(guard_pages(c.process.pid), most - 36, "soon after four are left")
    c.close()


def check_lines_that_are_no_utf8(w):
    c = w.stdio(LEGACY)
    for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\\ud800", b"\\udc00x", b"\x00",
                b"\x01"):
        write(c, b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"' + bad + b'"}}\n')
        got = c.receive()
        equal((got["error"]["code"], "id" in got), (-32700, False), repr(bad))
    write(c, '{"jsonrpc":"2.0","id":"\u00e4\U0001f600","method":"ping"}\n'.encode())
    equal(c.receive()["id"], "\u00e4\U0001f600", "real UTF-8")
    equal(c.close(), 0, "exit code")


def check_lines_in_pieces(w):
    c = w.stdio(LEGACY)
    line = json.dumps({"jsonrpc": "2.0", "id": 31, "method": "ping"}).encode() + b"\r\n"
    for at in range(len(line)):
        write(c, line[at:at + 1])
    equal(c.receive()["id"], 31, "byte by byte")
    write(c, b"\n\n" + line * 40 + line[:9])
    for _ in range(40):
        equal(c.receive()["id"], 31, "forty at once")
    write(c, line[9:])
    equal(c.receive()["id"], 31, "the rest of one")
    write(c, json.dumps({"jsonrpc": "2.0", "id": 32, "method": "tools/call", "params": {
        "name": "list_routes", "arguments": {}}}).encode())  # no newline, then EOF
    equal(c.close(), 0, "exit code")
    holds(any('"id":32' in line and "result" in line for line in c.heard), "answered after EOF: %s" % c.heard[-1][:200])


def check_sigterm_and_broken_pipe(w):
    plan = protocol.pending_id(w.http(LEGACY))
    wait = json.dumps({"jsonrpc": "2.0", "id": 33, "method": "tools/call",
                       "params": {"name": "get_change", "arguments": {"id": plan, "wait": 20}}}).encode() + b"\n"
    c = w.stdio(LEGACY)
    write(c, wait)
    c.request("ping")
    begin = time.time()
    c.process.terminate()
    code = c.process.wait(10)
    equal(code, 0, "exit code after SIGTERM with a call in flight, stderr: " + "".join(c.errors)[-3000:])
    holds(time.time() - begin < 5, "took %.1f s" % (time.time() - begin))
    c = w.stdio(LEGACY, opened=False)
    quiet = subprocess.Popen(c.process.args, env=w.house.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    quiet.stdout.close()  # nobody reads the answers
    try:
        for _ in range(50):
            quiet.stdin.write(json.dumps(PING).encode() + b"\n")
            quiet.stdin.flush()
            time.sleep(0.02)
    except BrokenPipeError:
        pass
    begin = time.time()
    equal(quiet.wait(30), 0, "exit code after a broken pipe")
    holds(time.time() - begin < 5, "took %.1f s" % (time.time() - begin))
    equal(c.close(), 0, "exit code")


# -- TLS and Unix sockets ---------------------------------------------------------------------------------------------

def certificate(folder, name):
    """NAME.pem and NAME.key; returns the certificate as the client will see it."""
    files = [os.path.join(folder, name + end) for end in (".key", ".pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048" if name == "rsa" else "ec", "-pkeyopt",
                    "rsa_keygen_bits:2048" if name == "rsa" else "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=" + name, "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    with open(files[1]) as f:
        return ssl.PEM_cert_to_DER_cert(f.read())


def tls(port, session=None, alpn=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), session=session)


def ask_on(s):
    s.sendall(b"GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n")
    got = b""
    while b"\r\n\r\n" not in got:
        piece = s.recv(4096)
        holds(piece, "the connection is closed")
        got += piece
    return int(got.split()[1])


def check_tls_and_a_new_certificate(w):
    folder = w.house.dir
    certs = {name: certificate(folder, name) for name in ("first", "second", "rsa")}
    use = {end: os.path.join(folder, "use" + end) for end in (".pem", ".key")}

    def install(cert, key):
        shutil.copy(os.path.join(folder, cert + ".pem"), use[".pem"])
        shutil.copy(os.path.join(folder, key + ".key"), use[".key"])
    install("first", "first")
    port = w.house.serve(["--tls-certificate", use[".pem"], "--tls-key", use[".key"]])
    server = w.house.processes[-1]
    old = tls(port, alpn=("h2", "http/1.1"))
    equal((old.getpeercert(True), old.selected_alpn_protocol()), (certs["first"], "http/1.1"), "no HTTP/2")
    equal(ask_on(old), 405, "served")
    opened = [old]
    for cert, key, shown in (("second", "second", "second"), ("first", "second", "second"), ("rsa", "rsa", "rsa"),
                             ("first", "first", "first")):
        install(cert, key)
        server.send_signal(signal.SIGHUP)
        time.sleep(0.4)
        new = tls(port, alpn=("h2", "http/1.1"))
        equal(new.getpeercert(True), certs[shown], "%s with the key of %s" % (cert, key))
        equal(new.selected_alpn_protocol(), "http/1.1", "no HTTP/2")
        opened.append(new)
    for s in opened:
        equal(ask_on(s), 405, "open connections stay")
    equal(old.getpeercert(True), certs["first"], "and keep their certificate")
    equal(server.poll(), None, "the server runs")
    with open(os.path.join(folder, "serve.log")) as f:
        holds("the old ones stay in use" in f.read(), "a broken pair is logged")
    equal(w.house.run(["serve", "--tls-certificate", use[".pem"]])[0], 3, "a certificate without a key")
    code, _, err = w.house.run(["serve", "--listen", "127.0.0.1:0", "--tls-certificate", "/nowhere", "--tls-key", "/no"])
    holds(code == 1 and "not readable" in err, "%s %s" % (code, err))


def check_tls_resumes_and_its_keys_change(w):
    certificate(w.house.dir, "resumed")
    files = [os.path.join(w.house.dir, "resumed" + end) for end in (".pem", ".key")]
    w.house.env["HIGRESS_OPS_TICKET_SECONDS"] = "1"
    port = w.house.serve(["--tls-certificate", files[0], "--tls-key", files[1]])
    del w.house.env["HIGRESS_OPS_TICKET_SECONDS"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def connect(session):
        s = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), session=session)
        equal(ask_on(s), 405, "served")
        return s
    # A key may change between the two connections, but not twice.
    holds(any(connect(connect(None).session).session_reused for _ in range(2)), "a ticket resumes")
    old, until = connect(None).session, time.time() + 10
    while connect(old).session_reused and time.time() < until:
        time.sleep(0.1)
    holds(not connect(old).session_reused, "one under a key of before does not")
    holds(any(connect(connect(None).session).session_reused for _ in range(2)), "one under the new key does")


def check_clear_text_is_said(w):
    config = os.path.join(w.house.dir, "clear.yaml")
    with open(config, "w") as f:
        f.write("http:\n  tokens:\n    - name: ci\n      sha256: %s\n" % protocol.sha256("x"))
    tls = ["--tls-certificate", os.path.join(w.house.dir, "first.pem"), "--tls-key", os.path.join(w.house.dir, "first.key")]
    certificate(w.house.dir, "first")
    for args, said in (([], True), (tls, False)):
        p = subprocess.Popen([protocol.house.BINARY, "serve", "--listen", "0.0.0.0:0", "--config", config, *args],
                             env=w.house.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.readline()
        p.terminate()
        equal("clear text" in p.communicate(timeout=10)[1].decode(), said, "open to other machines, %s" % (args[:1] or "no TLS"))
        equal(p.returncode, 0, "exit code")


def check_a_unix_socket(w):
    path = os.path.join(w.house.dir, "mcp.sock")
    process = w.house.start(["serve", "--listen", "unix:" + path], w.house.serve_log)
    for _ in range(100):
        if os.path.exists(path):
            break
        time.sleep(0.05)
    equal(os.stat(path).st_mode & 0o777, 0o600, "mode")

    def post(headers):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            body = json.dumps(INIT).encode()
            s.sendall(b"POST /mcp HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
                      % (len(body), headers) + body)
            return int(s.recv(4096).split()[1])
    equal(post(b"Host: localhost\r\n"), 200, "served")
    equal(post(b"Host: evil.example.com\r\n"), 403, "Host")
    code, _, err = w.house.run(["serve", "--listen", "unix:" + path])
    holds(code == 1 and "another program listens" in err, "a second one: %s %s" % (code, err))
    equal(post(b"Host: localhost\r\n"), 200, "the first goes on")
    process.terminate()
    equal(process.wait(10), 0, "exit code")
    equal(os.path.exists(path), False, "the socket is removed")
    for bad in ("unix:", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80", ":80", "127.0.0.1:8x"):
        equal(w.house.run(["serve", "--listen", bad])[0], 3, "--listen " + bad)
        if not bad.startswith("unix"):
            equal(w.house.run(["console", "--data", w.house.dir + "/none", "--listen", bad])[0], 2, "console " + bad)


if __name__ == "__main__":
    sys.exit(protocol.run_all([(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")],
                              sys.argv[1:]))
