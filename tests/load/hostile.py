"""hostile.py BINARY - what hostile clients may cost the others, in latency, memory and descriptors.

An observer in a process of its own asks for `ping` all the time; its p99 is printed for each attack beside the quiet
one, which it should at most double. What fails a check is a wrong answer, a connection that should be closed and is not,
memory or descriptors that do not come back, or a latency far beyond what a busy machine explains. The last line is
"N passed, N failed".

Attackers and observers sit on other machines than the server. Here the server has a core, they share the rest, and the
observer comes before the attackers, so that what is measured is the server.
"""
import json
import multiprocessing
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp

SESSIONS, STREAMS, HALF_OPEN, LORIS, TTL = 10000, 5000, 1000, 100, 6
ATTACK = 4  # seconds: some thousand pings of the observer
results, kept = [], set()
INIT = {"jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}


def check(name, ok, what=""):
    results.append(bool(ok))
    print("%s %s%s" % ("ok   " if ok else "FAIL ", name, ": " + str(what) if what != "" else ""), flush=True)


def connect(port):
    s = socket.create_connection(("127.0.0.1", port), 20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def post(message, session=None, extra=""):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s%sContent-Length: %d\r\n\r\n" % (
        "Mcp-Session-Id: %s\r\n" % session if session else "", extra, len(body))
    return head.encode() + body


def keep(body):
    """For tests/parts/90-schemas."""
    kept.add(body)
    try:
        message = json.loads(body)
    except ValueError:
        return
    mcp.record("2025-11-25", "initialize" if "protocolVersion" in message.get("result", {}) else None, message)


class Reader:
    """Answers of one connection, one after the other."""

    def __init__(self, s, kept=True):
        self.socket, self.data, self.kept = s, b"", kept

    def fill(self):
        more = self.socket.recv(1 << 16)
        self.data += more
        return bool(more)

    def answer(self):
        """(status, head, body); None at the end of the connection; ValueError when it ends within an answer."""
        while b"\r\n\r\n" not in self.data:
            if not self.fill():
                if self.data:
                    raise ValueError("half a head: %r" % self.data[:100])
                return None
        head, rest = self.data.split(b"\r\n\r\n", 1)
        size = re.search(rb"content-length: (\d+)", head.lower())
        size = int(size.group(1)) if size else 0
        while len(rest) < size:
            if not self.fill():
                raise ValueError("half a body")
            rest = self.data.split(b"\r\n\r\n", 1)[1]
        body, self.data = rest[:size], rest[size:]
        if self.kept and body and body not in kept:
            keep(body)
        return int(head.split()[1]), head.decode(), body


def ask(s, data):
    s.sendall(data)
    return Reader(s).answer()


def open_session(s):
    _, head, _ = ask(s, post(INIT))
    return re.search(r"(?i)mcp-session-id: (\S+)", head).group(1)


def ping(i):
    return {"jsonrpc": "2.0", "id": i, "method": "ping"}


# -- the observer -----------------------------------------------------------------------------------------------------

def observe(port, pipe):
    """Pings; sends its latencies (ms) whenever it is asked to."""
    s = connect(port)
    own, times, n = open_session(s), [], 0
    reader = Reader(s, kept=False)
    while True:
        begin = time.perf_counter()
        s.sendall(post(ping(n), own))
        got = reader.answer()
        if got is None or json.loads(got[2]) != {"jsonrpc": "2.0", "id": n, "result": {}}:
            pipe.send(got)
            return
        times.append((time.perf_counter() - begin) * 1e3)
        n += 1
        if pipe.poll(0.0005):
            if pipe.recv() == "end":
                return
            pipe.send(times)
            times = []


class Server:
    def __init__(self, binary):
        self.dir = tempfile.TemporaryDirectory()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        env = {**os.environ, "HIGRESS_OPS_STATE": self.dir.name, "HIGRESS_OPS_URL": "http://127.0.0.1:9"}
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:%d" % self.port, "--sessions", str(SESSIONS + 100), "--session-ttl",
             str(TTL), "--log", "error"], env=env, stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard)))
        self.process.stdout.readline()
        self.pid = self.process.pid

    def memory(self):
        with open("/proc/%d/status" % self.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))


class Observer:
    def __init__(self, port):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=observe, args=(port, theirs), daemon=True)
        self.process.start()
        self.quiet = 1

    def p99(self):
        self.pipe.send("times")
        times = self.pipe.recv()
        if not isinstance(times, list):
            raise RuntimeError("the observer got %s" % (times,))
        times.sort()
        return (times[len(times) * 99 // 100] if times else 0), len(times)

    def rest(self):
        self.p99()
        time.sleep(ATTACK)
        self.quiet, n = self.p99()
        print("     quiet: p99 %.2f ms of %d pings" % (self.quiet, n), flush=True)

    def attack(self, what, deed):
        """Does it again and again for a while, then reports."""
        self.p99()
        end = time.time() + ATTACK
        while time.time() < end:
            deed()
        self.report(what)

    def report(self, what):
        got, n = self.p99()
        bound = max(20 * self.quiet, 500)
        check("%s: p99 of another session %.2f ms of %d pings (%.1f times the quiet one)" % (what, got, n, got / self.quiet),
              got < bound)


# -- attacks ----------------------------------------------------------------------------------------------------------

def make_room(server, observer):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(server.pid, cores[:1])
        os.sched_setaffinity(observer.process.pid, cores[1:])
        os.sched_setaffinity(0, cores[1:])
    os.nice(19)


def open_and_drop(port, count, ended=2):
    """Sessions over connections that come and go; one in so many is ended, the others are forgotten."""
    opened = 0
    for _ in range(count // 50):
        s = connect(port)
        s.sendall(post(INIT) * 50)
        reader, ids = Reader(s), []
        for _ in range(50):
            status, head, _ = reader.answer()
            opened += status == 200
            ids.append(re.search(r"(?i)mcp-session-id: (\S+)", head).group(1))
        for own in ids[::ended]:
            s.sendall(("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: %s\r\n\r\n" % own).encode())
        for _ in ids[::ended]:
            opened -= reader.answer()[0] != 204
        s.close()
    return opened


def streams(port, count):
    """That many sessions at once, each with its standing stream."""
    s, held = connect(port), []
    for _ in range(count):
        c = connect(port)
        c.sendall(("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: %s\r\n\r\n"
                   % open_session(s)).encode())
        if not c.recv(4096).startswith(b"HTTP/1.1 200 "):
            break
        held.append(c)
    check("standing streams at once", len(held) == count, len(held))
    for c in held + [s]:
        c.close()


def slow(port):
    """Connections that say nothing, or a byte now and then, in their head or in their body."""
    silent = [connect(port) for _ in range(HALF_OPEN)]
    for s in silent[::2]:
        s.sendall(b"POST /mcp HT")
    heads = [connect(port) for _ in range(LORIS)]
    bodies = [connect(port) for _ in range(LORIS)]
    for s in heads:
        s.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    for s in bodies:
        s.sendall(post(ping(1))[:-1].replace(b"Content-Length: ", b"Content-Length: 9000"))
    return silent, heads, bodies


def gone(sockets):
    """How many the server has closed."""
    n = 0
    for s in sockets:
        try:
            s.setblocking(False)
            while s.recv(4096):
                pass
            n += 1
        except BlockingIOError:
            pass
        except OSError:
            n += 1
    return n


def drip(sockets):
    for s in sockets:
        try:
            s.sendall(b"x")
        except OSError:
            pass


def splits(port, k, every, at_once=10):
    """k pipelined requests, cut in two at every place: how many answers are not in order, each once."""
    s = connect(port)
    own = open_session(s)
    data = b"".join(post(ping(i), own) for i in range(k))
    wrong = 0
    places = list(range(1, len(data), every))
    for at in range(0, len(places), at_once):
        some = [(connect(port), p) for p in places[at:at + at_once]]
        for c, p in some:
            c.sendall(data[:p])
        for c, p in some:
            c.sendall(data[p:])
        for c, _ in some:
            reader = Reader(c)
            wrong += [json.loads(reader.answer()[2])["id"] for _ in range(k)] != list(range(k))
            wrong += reader.data != b""
            c.close()
    s.close()
    return wrong


def pipelines(port, wrong, at_once=10):
    for k, every in ((2, 1), (3, 1), (20, 3)):
        wrong[k] = wrong.get(k, 0) + splits(port, k, every, at_once)
    wrong["garbage"] = wrong.get("garbage", []) + garbage(port)


def garbage(port):
    """What is wrong with the answers to a request that garbage follows."""
    s = connect(port)
    own = open_session(s)
    wrong = []
    for after in (b"GARBAGE\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"{}", b"}" * 70000, b"GET / HTTP/9.9\r\n\r\n", b"\n\n\n\n\r\n\r\n",
                  b"POST /mcp HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", os.urandom(5000) + b"\r\n\r\n"):
        c = connect(port)
        c.sendall(post(ping(5), own) + after)
        c.shutdown(socket.SHUT_WR)
        reader = Reader(c)
        try:
            first, second = reader.answer(), reader.answer()
            end = reader.answer() if second else None
            if first[0] != 200 or json.loads(first[2])["id"] != 5 or (second and second[0] < 400) or end:
                wrong.append((after[:20], first, second))
        except (ValueError, OSError) as e:
            wrong.append((after[:20], e))
        c.close()
    s.close()
    return wrong


# -- what libwebsockets 4.1.6 gets wrong where its HTTP role is used ---------------------------------------------------

def pitfalls(port):
    s = connect(port)
    own = open_session(s)
    chunked = (b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nmCp-SeSsIoN-iD:   %s  \r\n"
               b"Transfer-Encoding: chunked\r\n\r\n" % own.encode())
    body = json.dumps(ping(3)).encode()
    chunked += b"".join(b"%x;ext\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7)) + b"0\r\n\r\n"
    got = ask(s, chunked)
    check("a chunked body (4.6), a header in mixed case", got and got[0] == 200 and json.loads(got[2])["id"] == 3, got)
    begin = time.time()
    s.sendall(post(ping(4), own, "Expect: 100-continue\r\n").split(b"\r\n\r\n")[0] + b"\r\n\r\n")
    got = Reader(s).answer()
    check("Expect: 100-continue (4.7) after %.3f s" % (time.time() - begin), got[0] == 100 and time.time() - begin < 0.8)
    got = ask(s, json.dumps(ping(4)).encode())
    check("and the answer behind it", got[0] == 200)
    check("15 kB of headers (4.8)", ask(s, post(ping(5), own, "X-Token: %s\r\n" % ("t" * 15000)))[0] == 200)
    check("20 kB of headers are refused with words", ask(connect(port), post(ping(5), own, "X-Token: %s\r\n" % ("t" * 20000)))[0]
          == 431)
    c = connect(port)
    got = ask(c, b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n")
    check("a body over the limit before it is sent (4.9)", got[0] == 413)
    got = ask(s, post(b"", own))
    check("Content-Length: 0", got[0] == 400 and json.loads(got[2])["error"]["code"] == -32700, got[0])
    got = ask(connect(port), b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n")
    check("no length at all: no body", got[0] == 400, got[0])
    got = ask(connect(port), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    check("HTTP/2 with prior knowledge is refused (4.5)", got[0] in (400, 505), got[0])
    begin = time.time()
    time.sleep(5.5)
    got = ask(s, post(ping(6), own))
    check("a connection idle for 5.5 s is still there (4.10)", got and got[0] == 200)
    s.close()


# -- the end ----------------------------------------------------------------------------------------------------------

def hammer(port, wrong, refused):
    """Requests until nobody answers: an answer is whole, or there is none."""
    own = None
    try:
        while True:
            s = connect(port)
            reader = Reader(s)
            own = own or open_session(s)
            for i in range(50):
                s.sendall(post(ping(i), own))
                got = reader.answer()
                if got is None:
                    break
                if got[0] != 200 or json.loads(got[2])["id"] != i:
                    wrong.append(got)
            s.close()
    except ValueError as e:
        wrong.append(e)
    except (OSError, TypeError):  # refused, reset, or no answer to initialize
        refused.append(1)


def shut_down(server):
    wrong, refused = [], []
    threads = [threading.Thread(target=hammer, args=(server.port, wrong, refused)) for _ in range(16)]
    for t in threads:
        t.start()
    time.sleep(1)
    begin = time.time()
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(30)
    took = time.time() - begin
    for t in threads:
        t.join(20)
    check("requests while the server shuts down: whole answers or none", not wrong and len(refused) == 16, wrong[:3])
    check("exit status", code == 0, code)
    check("it took %.2f s" % took, took < 10)


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if 0 < hard < 8192 else 8192, hard))
    server = Server(sys.argv[1])
    check("memory at the start, whatever the limit of descriptors (4.11): %d kB" % server.memory(), server.memory() < 40000)
    observer = Observer(server.port)
    make_room(server, observer)
    try:
        # As many as later, so that what is compared is a server that has been busy before.
        open_and_drop(server.port, SESSIONS)
        streams(server.port, STREAMS)
        pipelines(server.port, {}, 100)
        time.sleep(2 * TTL)
        observer.rest()
        before, files = server.memory(), server.files()
        opened = open_and_drop(server.port, SESSIONS)
        check("sessions opened and dropped", opened == SESSIONS, opened)
        observer.attack("sessions opened and dropped, %d and more" % SESSIONS, lambda: open_and_drop(server.port, 1000, 1))
        wrong = {}
        observer.attack("pipelines and garbage", lambda: pipelines(server.port, wrong))
        observer.attack("the same by 100 at once, who share the server with it", lambda: pipelines(server.port, wrong, 100))
        for what, n in wrong.items():
            check("%s pipelined requests in all splits" % what if what != "garbage" else "garbage after a valid body", not n, n)
        observer.p99()
        began = time.time()
        silent, heads, bodies = slow(server.port)
        time.sleep(ATTACK)
        observer.report("%d half-open connections" % HALF_OPEN)
        pitfalls(server.port)
        while time.time() - began < 13:
            drip(heads + bodies)
            time.sleep(0.5)
        check("half-open connections are cut in 13 s (4.2)", gone(silent) == HALF_OPEN, gone(silent))
        check("slow heads are cut in 13 s", gone(heads) == LORIS, gone(heads))
        while time.time() - began < 33:
            drip(bodies)
            time.sleep(0.5)
        check("slow bodies are cut in 33 s", gone(bodies) == LORIS, gone(bodies))
        observer.report("slow heads and bodies")
        for s in silent + heads + bodies:
            s.close()
        time.sleep(1.5)
        now, open_now = server.memory(), server.files()
        check("memory: %d kB before, %d kB after" % (before, now), now <= before * 1.1 + 512)
        check("descriptors: %d before, %d after" % (files, open_now), open_now <= files)
        observer.pipe.send("end")
        observer.process.join(5)
        shut_down(server)
    finally:
        if server.process.poll() is None:
            server.process.kill()
    print("%d passed, %d failed" % (sum(results), len(results) - sum(results)))
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
