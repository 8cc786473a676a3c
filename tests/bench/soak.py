"""soak.py [MINUTES] - one server under use for an hour: 64 clients over three transports, a console that breaks now and then,
ten changes a minute that are approved, applied and undone. Once, by hand (`make soak`); no part of the test run.

What must hold: the server's memory stays within 5 % from the tenth minute on, no descriptor stays behind, each answer is a
result or an error of the tool (what the console did is allowed; a broken connection, a JSON-RPC error or silence is not), the
audit is whole. It prints a line a minute, a row a figure, and ends with "N passed, N failed".
"""
import collections
import hashlib
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("HIGRESS_OPS", os.path.join(TOP, "build/gcc/higress-ops"))
sys.path.insert(0, os.path.join(TOP, "tests/e2e"))
import client  # noqa: E402
from ports import free_port  # noqa: E402

client.record = client.record_raw = lambda *_: None  # an hour of messages is not kept for 90-schemas
MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 60
SETTLED = min(10, MINUTES / 4)  # minutes until memory counts
HTTP, SSE, STDIO, ROUTES = 32, 24, 8, 200
FAULTS = ("reset", "reset-body", "truncated", "html", "status:503", "slow")
TOKEN, APPROVER = "client-token-for-the-soak", "approver-token-for-the-soak"
CALLS = (("list_routes", lambda n: {"text": "route-%d" % n}), ("gateway_overview", lambda n: {}),
         ("get_resource", lambda n: {"kind": "route", "name": "route-%d" % n}), ("list_changes", lambda n: {"limit": 5}),
         ("explain_request", lambda n: {"url": "http://shop.example/p%d" % n}), ("list_resources", lambda n: {"kind": "domain"}))
counts, wrong, over = collections.Counter(), [], threading.Event()


class SseClient(client.Client):
    """HTTP+SSE of 2024-11-05: one stream brings all answers."""

    def __init__(self, port):
        super().__init__("2024-11-05")
        self.port, self.waiting, self.ready = port, {}, threading.Event()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", "/sse", headers={"Authorization": "Bearer " + TOKEN, "Accept": "text/event-stream"})
        self.socket = self.connection.sock.dup()
        self.stream = self.connection.getresponse()
        threading.Thread(target=self.listen, daemon=True).start()
        if not self.ready.wait(30):
            raise client.Gone("no endpoint event")

    def listen(self):
        event = ""
        try:
            for line in self.stream:
                line = line.decode().rstrip("\r\n")
                if not line:
                    event = ""
                elif line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:") and event == "endpoint":
                    self.endpoint = line[5:].strip()
                    self.ready.set()
                elif line.startswith("data:"):
                    message = json.loads(line[5:])
                    slot = self.waiting.pop(message.get("id"), None)
                    if slot is not None:
                        slot.append(message)
        except (OSError, ValueError, AttributeError):
            pass

    def send(self, message):
        request = urllib.request.Request("http://127.0.0.1:%d%s" % (self.port, self.endpoint), json.dumps(message).encode(),
                                         {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=40).close()

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def exchange(self, message, timeout=40):
        slot = self.waiting[message["id"]] = []
        self.send(message)
        end = time.time() + timeout
        while not slot:
            if time.time() > end:
                raise client.Gone("no answer on the stream in %s s" % timeout)
            time.sleep(0.005)
        return slot[0]

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Console:
    """The double that breaks on command (tests/double/console.py)."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(TOP, "tests/double/console.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        for i in range(ROUTES):
            self.tell("/_object", {"path": "/v1/routes/route-%d" % i, "object": {
                "name": "route-%d" % i, "domains": ["shop.example"], "path": {"matchType": "PRE", "matchValue": "/p%d" % i},
                "services": [{"name": "web.static", "port": 80}]}})

    def tell(self, path, body):
        request = urllib.request.Request("http://127.0.0.1:%d%s" % (self.port, path), json.dumps(body).encode(), method="POST")
        return json.loads(urllib.request.urlopen(request, timeout=30).read())


def used(pid):
    with open("/proc/%d/status" % pid) as f:
        memory = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    return memory, len(os.listdir("/proc/%d/fd" % pid))


def attempt(what, act):
    """One use; what is neither a result nor an error of the tool is wrong."""
    try:
        result = act()
        counts[what + (" (tool error)" if result.get("isError") else "")] += 1
        return result
    except urllib.error.HTTPError as e:
        if e.code != 502:  # what the console did, in its words
            wrong.append("%s: %s %s" % (what, e, e.read()[:200]))
        counts[what + " (502)"] += 1
        return None
    except Exception as e:  # noqa: BLE001 - whatever it is, it is counted and told
        if not over.is_set():
            wrong.append("%s: %r" % (what, e))
        return None


def use(make, name, seed):
    chance = random.Random(seed)
    talk = None
    while not over.is_set():
        if talk is None:
            talk = attempt(name + " open", lambda: opened(make))
            if talk is None:
                time.sleep(1)
                continue
            talk = talk["talk"]
        tool, arguments = chance.choice(CALLS)
        attempt(name, lambda: talk.call(tool, arguments(chance.randrange(ROUTES)), timeout=60))
        talk.heard.clear(), talk.notes.clear(), talk.sent.clear()
        over.wait(chance.uniform(0.5, 2.5))
        if chance.random() < 0.01:  # some leave and come back
            talk.close()
            talk = None
    if talk:
        talk.close()


def opened(make):
    talk = make()
    talk.open()
    return {"talk": talk}


def api(port, path, token, body=None):
    request = urllib.request.Request("http://127.0.0.1:%d%s" % (port, path), None if body is None else json.dumps(body).encode(),
                                     {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=90) as answer:
        return json.loads(answer.read())


def carried_out(port, planned):
    """Approves a planned change as its reader did, whole; its state in the end."""
    if not planned or planned.get("isError"):
        return None
    change = planned["structuredContent"]["id"]
    path = "/api/changes/" + change
    while path:
        part = api(port, path, APPROVER)
        path = part.get("next")
    api(port, "/api/changes/%s/approve" % change, APPROVER, part["read"])
    while True:
        state = api(port, "/api/changes/%s?wait=50" % change, TOKEN)["state"]
        if state not in ("draft", "pending", "approved", "applying"):
            return change, state


def change_and_undo(port):
    talk = client.HttpClient("127.0.0.1", port, client.MODERN, token=TOKEN)
    chance, n = random.Random(7), 0
    while not over.is_set():
        begin, n = time.time(), n + 1
        name = "route-%d" % chance.randrange(ROUTES)
        wish = {"kind": "route", "name": name, "action": "patch", "object": {"path": {"matchValue": "/soak%d" % n}}}
        done = attempt("changes", lambda: settle(port, talk.call("change_resource", wish, timeout=90)))
        if done and done.get("state") == "applied":
            attempt("undos", lambda: settle(port, talk.call("undo_change", {"id": done["id"]}, timeout=90)))
        talk.heard.clear(), talk.sent.clear()
        over.wait(max(0, begin + 6 - time.time()))


def settle(port, planned):
    done = carried_out(port, planned)
    if done is None:
        return {"isError": True}
    counts["%s in the end" % done[1]] += 1
    return {"id": done[0], "state": done[1]}


def break_console(console):
    chance = random.Random(11)
    while not over.wait(chance.uniform(2, 6)):
        console.tell("/_fault", {"method": chance.choice(("GET", "PUT", "")), "path": "/v1/", "do": chance.choice(FAULTS),
                                 "times": chance.randrange(1, 4), "seconds": 0.3})


def configuration(folder, console, port):
    digest = lambda token: hashlib.sha256(token.encode()).hexdigest()  # noqa: E731
    path = os.path.join(folder, "ops.yaml")
    with open(path, "w") as f:
        json.dump({"listen": "127.0.0.1:%d" % port, "state": os.path.join(folder, "state"),
                   "gateway": {"url": "http://127.0.0.1:%d" % console.port, "password": {"env": "SOAK_PASSWORD"}, "timeout": 5},
                   "limits": {"repeats": 0},
                   "http": {"tokens": [{"name": "client", "sha256": digest(TOKEN)}],
                            "approvers": [{"name": "approver", "sha256": digest(APPROVER)}]}}, f)
    return path


def run(folder):
    console, port = Console(), free_port()
    config = configuration(folder, console, port)
    env = dict(os.environ, SOAK_PASSWORD="admin")
    server = subprocess.Popen([BINARY, "serve", "--config", config], env=env, stderr=open(os.path.join(folder, "log"), "w"))
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect()
            break
        except OSError:
            time.sleep(0.05)
    first = client.HttpClient("127.0.0.1", port, client.MODERN, token=TOKEN)  # libraries and the state are open from then on
    for tool in ("gateway_overview", "list_changes"):
        first.call(tool)
    at_first = used(server.pid)
    makers = ([("http", lambda: client.HttpClient("127.0.0.1", port, random.choice(("2025-06-18", client.MODERN)), token=TOKEN))] * HTTP
              + [("sse", lambda: SseClient(port))] * SSE
              + [("stdio", lambda: client.StdioClient([BINARY, "stdio", "--config", config], env, "2025-11-25"))] * STDIO)
    threads = [threading.Thread(target=use, args=(make, name, i)) for i, (name, make) in enumerate(makers)]
    threads += [threading.Thread(target=change_and_undo, args=(port,)), threading.Thread(target=break_console, args=(console,))]
    for t in threads:
        t.start()
    samples, begin, next_line = [], time.time(), 60
    while time.time() < begin + 60 * MINUTES and server.poll() is None:
        time.sleep(5)
        passed = time.time() - begin
        samples.append((passed, *used(server.pid)))
        if passed >= next_line:
            next_line += 60
            print("%4.0f min: %d kB, %d descriptors, %d uses, %d wrong" % (passed / 60, *samples[-1][1:], sum(counts.values()), len(wrong)),
                  flush=True)
    over.set()
    for t in threads:
        t.join(120)
    deadline = time.time() + 90
    while used(server.pid)[1] > at_first[1] + 4 and time.time() < deadline:
        time.sleep(1)
    at_last = used(server.pid)
    server.terminate()
    code = server.wait(60)
    audit = subprocess.run([BINARY, "audit", "verify", "--config", config], env=env, capture_output=True, text=True)
    console.process.stdin.close()
    return samples, at_first, at_last, code, audit


def judge(samples, at_first, at_last, code, audit):
    settled = [memory for passed, memory, _ in samples if passed >= 60 * SETTLED]
    middle = sorted(settled)[len(settled) // 2]
    last = sorted(settled[-len(settled) // 5:])
    checks = [
        ("memory from minute %.0f on within 5 %%: %d to %d kB, median %d, of the last fifth %d" %
         (SETTLED, min(settled), max(settled), middle, last[len(last) // 2]), abs(last[len(last) // 2] - settled[0]) <= 0.05 * settled[0]),
        ("descriptors: %d before, %d after" % (at_first[1], at_last[1]), at_last[1] <= at_first[1] + 4),
        ("nothing wrong in %d uses%s" % (sum(counts.values()), "".join("\n    " + w[:300] for w in wrong[:10])), not wrong),
        ("changes applied and undone: %d applied" % counts["applied in the end"], counts["applied in the end"] >= 5 * MINUTES),
        ("the server ended by itself when asked", code == 0),
        ("the audit is whole: " + (audit.stdout + audit.stderr).strip()[-200:], audit.returncode == 0),
    ]
    for name, n in sorted(counts.items()):
        print("     %-28s %d" % (name, n))
    for name, good in checks:
        print("%s %s" % ("ok  " if good else "FAIL", name))
    failed = sum(not good for _, good in checks)
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return failed


with tempfile.TemporaryDirectory() as work:
    sys.exit(judge(*run(work)) > 0)
