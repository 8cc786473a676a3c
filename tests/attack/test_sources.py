"""test_sources.py BINARY - who guesses tokens, and who takes all there is: wrong tokens are slowed by source and audited
without filling the audit, and no client uses up the sessions, calls, streams and connections of the others."""
import hashlib
import http.client
import json
import os
import signal
import socket
import sys
import threading
import time

BINARY = os.path.abspath(sys.argv[1])
os.environ["HIGRESS_OPS"] = BINARY
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp
import house

passed = failed = 0
ADA, BOB, BOSS = "ada-" + "a" * 40, "bob-" + "b" * 40, "boss-" + "c" * 40
META = {mcp.META + "protocolVersion": mcp.MODERN, mcp.META + "clientCapabilities": {}}
KNOWS_TASKS = {mcp.META + "protocolVersion": mcp.MODERN,
               mcp.META + "clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}}


def check(name, ok, seen=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print("%s %s%s" % ("ok  " if ok else "FAIL", name, "" if ok else ": " + str(seen)[:400]))


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Server:
    """A server that knows ada, bob, and boss who decides."""

    def __init__(self, world, *args, tokens=True):
        if tokens:
            args += ("--tokens", "ada:%s,bob:%s" % (sha256(ADA), sha256(BOB)), "--approvers", "boss:" + sha256(BOSS))
        self.port = world.serve(args)
        self.process = world.processes[-1]

    def post(self, token, message, path="/mcp", headers=(), source=None, timeout=20):
        """(status, headers, text)"""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout, source_address=source and (source, 0))
        h = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **dict(headers)}
        if token is not None:
            h["Authorization"] = token if " " in token else "Bearer " + token
        c.request("POST", path, json.dumps(message), h)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, {k.lower(): v for k, v in r.getheaders()}, text

    def ping(self, token, **more):
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}
        return self.post(token, message, headers={"MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "tools/list"}, **more)

    def initialize(self, token, **more):
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}
        return self.post(token, message, **more)


def audit_lines(world):
    code, out, err = world.run(["audit", "--json"]) if False else world.run(["call", "list_changes"])
    import sqlite3
    db = sqlite3.connect("file:%s/state/state.db?mode=ro" % world.dir, uri=True)
    rows = db.execute("SELECT who, channel, detail FROM audit WHERE event = 'wrong_token' ORDER BY seq").fetchall()
    db.close()
    return [(who, channel, json.loads(detail)["count"]) for who, channel, detail in rows]


def guessing(world):
    s = Server(world)
    check("ada's token is right", s.ping(ADA)[0] == 200)
    seen = [s.ping("guess-%d" % i) for i in range(200)]
    statuses = [x[0] for x in seen]
    check("wrong tokens are refused", set(statuses) <= {401, 429}, set(statuses))
    check("and after a few not looked at", statuses.count(429) > 150, statuses)
    waits = [int(h["retry-after"]) for status, h, _ in seen if status == 429]
    check("Retry-After says when", waits and all(1 <= w <= 60 for w in waits), waits[:5])
    refused = [text for status, _, text in seen if status == 429]
    check("the refusal says why and where from", all("127.0.0.1" in t and "wrong tokens" in t for t in refused[:3]), refused[:1])
    check("no answer holds the guess", not any("guess-" in t for _, _, t in seen))
    check("a token that was right from there works on", s.ping(ADA)[0] == 200)
    check("whoever sends none is told as ever", s.ping(None)[0] == 401)
    check("a guess right after it is not looked at", s.ping(BOB)[0] == 429)
    check("another source is not concerned", s.ping(BOB, source="127.0.0.2")[0] == 200)
    time.sleep(int(s.ping(BOB)[1]["retry-after"]) + 0.2)
    check("a right token is not locked out for good", s.ping(BOB)[0] == 200)
    lines = audit_lines(world)
    check("the audit names the source", lines and lines[0][0] == "127.0.0.1" and lines[0][1] == "mcp", lines)
    check("in one line a minute", len(lines) == 1, lines)
    growing = []
    for _ in range(3):
        status, headers, _ = s.ping("more")
        if status == 401:
            status, headers, _ = s.ping("more")
        growing.append(int(headers.get("retry-after", 0)))
        time.sleep(growing[-1] + 0.1)
    check("the wait grows", growing[0] < growing[1] < growing[2], growing)
    s.process.send_signal(signal.SIGTERM)
    s.process.wait(15)
    lines = audit_lines(world)
    check("what was not said yet is at the end, counted", len(lines) == 2 and sum(n for _, _, n in lines) >= 199, lines)


def schemes(world):
    """Other ways to be wrong count as well."""
    for what, token in [("another scheme", "Basic YWRhOmFkYQ=="), ("an approver's token", BOSS), ("an empty one", "Bearer "),
                        ("a huge one", "x" * 6000), ("the same one again", "again")]:
        s = Server(world)
        statuses = [s.ping(token)[0] for _ in range(60)]
        check("slowed: " + what, 429 in statuses and set(statuses) <= {401, 429}, statuses)
    s = Server(world)
    wish = {"id": "x", "what": "approve", "digest": "x"}
    statuses = [s.post("wrong-%d" % i, wish, path="/change")[0] for i in range(60)]
    check("slowed at /change", statuses[0] == 401 and 429 in statuses and set(statuses) <= {401, 429}, statuses)
    check("the audit says for what", ("127.0.0.1", "change", 1) in audit_lines(world), audit_lines(world))
    check("and at /mcp alike", s.ping("other")[0] == 429)
    before = time.time()
    results = []
    crowd = [threading.Thread(target=lambda: results.append(s.ping("crowd")[0])) for _ in range(40)]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()
    check("a crowd is answered at once, nobody is held", len(results) == 40 and time.time() - before < 10, results)


def mixed(world):
    """Who has a token of its own cannot wash its guesses clean with it."""
    s = Server(world)
    statuses = []
    for i in range(60):
        statuses.append(s.post("guess-%d" % i, {}, path="/change")[0])
        check_status = s.ping(ADA)[0]
        if check_status != 200:
            statuses.append(check_status)
    check("own right tokens between the guesses do not help", statuses.count(429) >= 20, statuses)


def many_sources(world):
    """A line each, but not more than the minute has room for."""
    before = len(audit_lines(world))
    s = Server(world)
    for i in range(400):
        s.ping("x", source="127.0.%d.%d" % (1 + i // 200, 1 + i % 200))
    lines = audit_lines(world)[before:]
    check("400 sources make at most 61 lines", 1 < len(lines) <= 61, len(lines))
    with open("/proc/%d/status" % s.process.pid) as f:
        size = int(f.read().split("VmRSS:")[1].split()[0])
    for i in range(3000):
        s.ping("y%d" % i, source="127.1.%d.%d" % (i // 200, 1 + i % 200))
    with open("/proc/%d/status" % s.process.pid) as f:
        grown = int(f.read().split("VmRSS:")[1].split()[0]) - size
    most = 64000 if "san" in BINARY else 8000  # the sanitizer keeps freed memory for a while
    check("3000 more take no memory", grown < most, "%d KiB" % grown)


# -- shares --------------------------------------------------------------------------------------


def sessions(world, title, first, second, **server):
    s = Server(world, "--sessions", "20", **server)
    mine = [s.initialize(*first[:1], source=first[1]) for _ in range(20)]
    check(title + ": alone, one has all", all(x[0] == 200 for x in mine), [x[0] for x in mine])
    status, _, text = s.initialize(first[0], source=first[1])
    check(title + ": and no more", status == 503 and "http.sessions" in text and "20" in text, (status, text))
    others = [s.initialize(second[0], source=second[1])[0] for _ in range(10)]
    check(title + ": the other gets its share at once", others == [200] * 10, others)
    status, _, text = s.initialize(second[0], source=second[1])
    check(title + ": and not more than that", status == 503 and "share" in text, (status, text))
    status, _, text = s.initialize(first[0], source=first[1])
    check(title + ": the first cannot take it back", status == 503, (status, text))


def standing(world):
    """Sessions that somebody listens to are held on to as well: a share counts all the same."""
    s = Server(world, "--sessions", "10")
    streams = []
    for _ in range(10):
        _, headers, _ = s.initialize(ADA)
        c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
        c.request("GET", "/mcp", None, {"Accept": "text/event-stream", "Authorization": "Bearer " + ADA,
                                        "Mcp-Session-Id": headers["mcp-session-id"]})
        streams.append((c, c.getresponse()))
    check("sessions with streams: the other still gets one", s.initialize(BOB)[0] == 200)


class Slow:
    """A console that takes its time, so that calls stay in flight."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(256)
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        self.kept = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.kept.append(self.socket.accept()[0])


kept = []  # connections that must not end with their variable


def hang(s, token, n, source=None, method="tools/call", params=None):
    """n requests that wait for the console; their connections."""
    params = dict(params or {"name": "list_routes", "arguments": {}}, _meta=META)
    name = params.get("name") or params.get("uri")
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    held = []
    kept.append(held)
    for _ in range(n):
        c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20, source_address=source and (source, 0))
        h = {"Content-Type": "application/json", "Accept": "application/json", "MCP-Protocol-Version": mcp.MODERN,
             "Mcp-Method": method, **({"Mcp-Name": name} if name else {})}
        if token:
            h["Authorization"] = "Bearer " + token
        c.request("POST", "/mcp", message, h)
        held.append(c)
    time.sleep(1)
    return held


def answered(held):
    """Texts of those that have been answered already."""
    texts = []
    for c in held:
        c.sock.setblocking(False)
        try:
            texts.append(c.sock.recv(65536).decode())
        except BlockingIOError:
            pass
    return texts


def calls(world, title, first, second, **server):
    slow = Slow()
    s = Server(world, "--max-calls", "8", "--gateway-url", slow.url, **server)
    mine = answered(hang(s, first[0], 12, source=first[1]))
    check(title + ": alone, one has all eight calls", len(mine) == 4, len(mine))
    check(title + ": the others are told which limit", all("limits.calls" in t and "busy" in t for t in mine), mine[:1])
    yours = answered(hang(s, second[0], 6, source=second[1]))
    check(title + ": the other has its four", len(yours) == 2, len(yours))
    check(title + ": and is told of its share", all("share" in t and "limits.calls" in t for t in yours), yours[:1])
    more = answered(hang(s, first[0], 2, source=first[1]))
    check(title + ": the first gets no more", len(more) == 2, len(more))
    reads = answered(hang(s, first[0], 2, source=first[1], method="resources/read",
                          params={"uri": "higress://gateway/default/route/x"}))
    check(title + ": not by resources either", len(reads) == 2 and "usy" in reads[0], reads)


def listens(world):
    s = Server(world)
    wish = {"notifications": {"toolsListChanged": True}}
    held = []
    for _ in range(129):
        c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
        c.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
                                              "params": {**wish, "_meta": META}}),
                  {"Content-Type": "application/json", "Accept": "text/event-stream, application/json",
                   "Authorization": "Bearer " + ADA, "MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "subscriptions/listen"})
        held.append((c, c.getresponse()))
    text = held[-1][1].read(400).decode() if held[-1][1].getheader("Content-Type") == "application/json" else ""
    check("listen streams of one are bounded", "limit reached" in text and "128" in text, text or "a stream")
    message = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {**wish, "_meta": META}}
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
    c.request("POST", "/mcp", json.dumps(message), {
        "Content-Type": "application/json", "Accept": "text/event-stream, application/json", "Authorization": "Bearer " + BOB,
        "MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "subscriptions/listen"})
    check("and the other still listens", "event-stream" in c.getresponse().getheader("Content-Type"))


def watches(world):
    """1000 subscriptions of one leave room for the other."""
    s = Server(world)

    def session(token):
        return {"Mcp-Session-Id": s.initialize(token)[1]["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}

    def subscribe(token, headers, n):
        return s.post(token, {"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe",
                              "params": {"uri": "higress://change/%d" % n}}, headers=headers)[2]

    for i in range(10):
        headers = session(ADA)
        for k in range(100):
            text = subscribe(ADA, headers, 100 * i + k)
    check("ada has a thousand", '"error"' not in text, text)
    text = subscribe(ADA, session(ADA), 5000)
    check("and is told that it is all", "limit reached" in text and "1000" in text, text)
    text = subscribe(BOB, session(BOB), 6000)
    check("bob subscribes all the same", '"error"' not in text, text)


def connections(world):
    """One source cannot take all connections, whether it has a token or not."""
    s = Server(world, "--sessions", "100")
    held = []
    for _ in range(1124):
        c = socket.socket()
        c.settimeout(5)
        try:
            c.connect(("127.0.0.1", s.port))
            held.append(c)
        except OSError:
            break
    time.sleep(0.5)
    try:
        status = s.ping(ADA, source="127.0.0.3", timeout=4)[0]
    except OSError as e:
        status = e
    check("another source still comes in", status == 200, status)
    for c in held:
        c.close()


def raw(s, *requests):
    """All that comes back for requests in one piece."""
    c = socket.create_connection(("127.0.0.1", s.port), timeout=5)
    c.sendall(b"".join(requests))
    text = b""
    try:
        while (more := c.recv(65536)):
            text += more
    except OSError:
        pass
    c.close()
    return text.decode("utf-8", "replace")


def request(token, line="POST /mcp HTTP/1.1", host="127.0.0.1", more=""):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
    return ("%s\r\nHost: %s\r\n%sContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            "Authorization: Bearer %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            % (line, host, more, token, len(body), body)).encode()


def status_of(text):
    return text.split(" ")[1] if " " in text else text


def evasions(world):
    """Ways to look like another source, or like nobody."""
    spoofed = "X-Forwarded-For: 10.0.0.%d\r\nX-Real-IP: 9.9.9.%d\r\nForwarded: for=1.1.1.%d\r\n"
    lines = ["POST /mcp HTTP/1.1", "POST /messages HTTP/1.1", "POST /change HTTP/1.1", "DELETE /mcp HTTP/1.1", "GET /sse HTTP/1.1",
             "GET /nothing HTTP/1.1", "PUT /change HTTP/1.1"]
    ways = {"X-Forwarded-For": lambda i: request("g%d" % i, more=spoofed % (i, i, i)),
            "one endpoint after the other": lambda i: request("g%d" % i, lines[i % len(lines)]),
            "two Authorizations, one right": lambda i: request("g%d" % i, more="Authorization: Bearer %s\r\n" % ADA),
            "two Authorizations, the first right": lambda i: request(ADA, more="Authorization: Bearer g%d\r\n" % i),
            "ada's own token at /change": lambda i: request(ADA, "POST /change HTTP/1.1")}
    for way, make in ways.items():
        s = Server(world)
        statuses = [status_of(raw(s, make(i))) for i in range(40)]
        check("evasion: " + way, statuses[0] == "401" and set(statuses) <= {"401", "429"} and statuses.count("429") > 10, statuses)
    s = Server(world)
    held = [socket.create_connection(("127.0.0.1", s.port), timeout=5) for _ in range(40)]
    for i, c in enumerate(held):
        c.sendall(request("g%d" % i)[:-300])
    for i, c in enumerate(held):
        c.sendall(request("g%d" % i)[-300:])
    statuses = [status_of(c.recv(4096).decode()) for c in held]
    check("evasion: all at once, by slow pieces", set(statuses) <= {"401", "429"} and statuses.count("429") > 10, statuses)


def hosts(world):
    """A target that is a whole URL names a host too."""
    s = Server(world)
    for target in ["http://evil.example/mcp", "https://evil.example/mcp", "http://127.0.0.1@evil.example/mcp",
                   "http://127.0.0.1.evil.example/mcp", "http:///mcp"]:
        check("target %s is refused" % target, status_of(raw(s, request(ADA, "POST %s HTTP/1.1" % target))) in ("400", "403"))
    check("our own is served", status_of(raw(s, request(ADA, "POST http://127.0.0.1:%d/mcp HTTP/1.1" % s.port))) == "200")
    for host in ["127.0.0.1:x", "localhost:80x", "[::1]:a", "localhost.", "127.1"]:
        check("Host %s is refused" % host, status_of(raw(s, request(ADA, host=host))) == "403")


def heavy(world):
    """One call that would take a server's stack, or its time, from all: before, a URL in a URL in a URL … ended it."""
    s = Server(world)
    for name, value in {"nested URLs": "http://a?user=" * 8000, "half tokens": "eyJ-" * 40000, "half keys": "-----BEGIN " * 18000,
                        "names": "cookie: {" * 20000, "schemes": "a+" * 90000, "nested data sources": "a:b@tcp(h)/x?user=" * 6000}.items():
        began = time.time()
        for kind, member in (("route", "path"), ("service-source", "domain")):
            thing = {"name": "x", member: {"matchType": "PRE", "matchValue": value} if member == "path" else value}
            message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "change_resource", "arguments": {
                "kind": kind, "action": "create", "name": "x", "dry_run": True, "object": thing}, "_meta": META}}
            try:
                status = s.post(ADA, message, headers={"MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "tools/call",
                                                       "Mcp-Name": "change_resource"})[0]
            except (OSError, http.client.HTTPException) as e:
                status = e
            check("heavy: %s in a %s are answered" % (name, kind), status == 200, status)
        check("heavy: %s take no time" % name, time.time() - began < 8, time.time() - began)
        check("heavy: %s, and the server is there" % name, s.process.poll() is None and s.ping(ADA)[0] == 200)


def batches(world):
    """The requests of a batch count one by one."""
    slow = Slow()
    s = Server(world, "--max-calls", "8", "--gateway-url", slow.url)
    first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}
    opened = s.post(ADA, first)[1]
    batch = [{"jsonrpc": "2.0", "id": i, "method": "tools/call", "params": {"name": "list_routes", "arguments": {}}}
             for i in range(90)]
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
    c.request("POST", "/mcp", json.dumps(batch), {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Authorization": "Bearer " + ADA,
        "Mcp-Session-Id": opened["mcp-session-id"], "MCP-Protocol-Version": "2025-03-26"})
    kept.append([c])
    time.sleep(1)
    check("a batch asks the console no more than a share", len(slow.kept) <= 8, len(slow.kept))
    yours = answered(hang(s, BOB, 6))
    check("and leaves the other its share", len(yours) == 2, len(yours))


def main():
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
                                                resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    world = house.House("read-only")
    for test in (guessing, schemes, mixed, many_sources, evasions):
        w = house.House("read-only")
        test(w)
        w.close()
    sessions(world, "sessions of principals", (ADA, None), (BOB, None))
    sessions(world, "sessions of sources", (None, "127.0.0.1"), (None, "127.0.0.2"), tokens=False)
    standing(world)
    hosts(world)
    batches(world)
    calls(world, "calls of principals", (ADA, None), (BOB, None))
    calls(world, "calls of sources", (None, "127.0.0.1"), (None, "127.0.0.2"), tokens=False)
    listens(world)
    watches(world)
    connections(world)
    world.close()
    approving = house.House("approve")
    heavy(approving)
    approving.close()


main()
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
