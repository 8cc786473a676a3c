"""wire.py [WORD…] - the transports: what a connection may lose, repeat, hold back or cut, and what clients get then.

Checks work as in protocol.py, on the same World.
"""
import json
import os
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import protocol
from protocol import LEGACY, META, equal, holds

SESSION_ERAS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


class Stream:
    """One HTTP exchange by hand whose answer is read event by event."""

    def __init__(self, port, method, path, headers, body=b""):
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
                return json.loads(e["data"])

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
    for era in SESSION_ERAS:
        c = w.http(era)
        s, plan = begin_wait(w, c, w.port, 4)
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
            s, plan = begin_wait(w, c, port, 6)
        else:
            meta = {META + "protocolVersion": era, META + "clientCapabilities": {}}
            body = json.dumps({"jsonrpc": "2.0", "id": 70, "method": "tools/call", "params": {
                "_meta": meta, "name": "get_change", "arguments": {"id": plan, "wait": 6}}}).encode()
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


if __name__ == "__main__":
    sys.exit(protocol.run_all([(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")],
                              sys.argv[1:]))
