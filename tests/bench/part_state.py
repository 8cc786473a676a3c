"""part_state.py - a state of 100,000 changes and 1,000,000 lines of audit: list, search, verify, the pages over it; and how many
durable commits a change takes from its plan to its end, and how long as a multiple of one."""
import hashlib
import http.client
import os
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

from bench import BINARY, BUILD, Broken, HERE, Server, free_port, measure, program, row

sys.path.insert(0, os.path.join(HERE, "../guard"))
os.environ["HIGRESS_OPS"] = BINARY


@measure
def large(changes, lines):
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        out = subprocess.run([program("state_bench"), folder + "/state", str(changes), str(lines)], capture_output=True, text=True, timeout=3600)
        for said in out.stdout.splitlines():
            name, figure, *more = said.split()
            if name == "verify":
                row("20 audit verify over %d changes and %d lines" % (changes, lines), figure + " records/s", "target >= 200000; " + " ".join(more))
            else:
                row("20 %s" % name.replace("_", " "), figure + " ms", "CPU; target <= 20; " + " ".join(more))
        pages(folder + "/state")


def rows_of(state, query):
    db = sqlite3.connect("file:%s/state.db?mode=ro" % state, uri=True)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


@measure
def pages(state):
    """CPU of the server for one page, by its own clock: neighbours do not count."""
    port, token, times = free_port(), "bench-approver-token", 10
    env = {**os.environ, "HIGRESS_OPS_STATE": state, "HIGRESS_OPS_LOG": "off", "HIGRESS_OPS_URL": "http://127.0.0.1:1",
           "HIGRESS_OPS_PASSWORD": "none"}
    server = Server([BINARY, "serve", "--listen", "127.0.0.1:%d" % port, "--approvers", "ann:" + hashlib.sha256(token.encode()).hexdigest()],
                    port, env).wait(60)
    cookie = ask(port, "POST", "/login", "token=" + token, {})[1].getheader("set-cookie", "").split(";")[0]
    (deep,), (last,) = (rows_of(state, "SELECT printf('%%.17g', created) || '/' || id FROM plans ORDER BY created, id DESC LIMIT 1 OFFSET %d" % n)
                        for n in (50000, 50))
    for name, path in (("list", ""), ("in the middle", "?cursor=" + deep[0]), ("last", "?cursor=" + last[0]), ("by state", "?state=expired"),
                       ("pending", "?state=pending"), ("by risk", "?risk=change"), ("by a part of a name", "?object=d777"),
                       ("by an object", "?object=domain+d77.example"), ("by nobody", "?actor=nobody"), ("by person", "?actor=ann")):
        ask(port, "GET", "/changes" + path, None, {"Cookie": cookie})
        began, size = server.cpu(), 0
        for _ in range(times):
            status, answer, text = ask(port, "GET", "/changes" + path, None, {"Cookie": cookie})
            if status != 200 or "<h1" not in text:
                raise Broken("%s answered %d %s" % (path, status, text[:200]))
            size = text.count('/changes/c-')
        row("20 page /changes %s" % name, "%.1f ms" % ((server.cpu() - began) / times * 1e3), "CPU; target <= 20; %d links" % size)


def ask(port, method, path, body, headers):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        c.request(method, path, body, {"Origin": "http://127.0.0.1:%d" % port, "Content-Type": "application/x-www-form-urlencoded", **headers})
        answer = c.getresponse()
        return answer.status, answer, answer.read().decode()
    finally:
        c.close()


def commits(folder):
    """Commits in the write-ahead log since it began anew."""
    with open(os.path.join(folder, "state.db-wal"), "rb") as f:
        data = f.read()
    size, salt, n, at = struct.unpack(">I", data[8:12])[0], data[16:24], 0, 32
    while at + 24 + size <= len(data):
        n += data[at + 8:at + 16] == salt and struct.unpack(">I", data[at + 4:at + 8])[0] > 0
        at += 24 + size
    return n


def one_commit(folder):
    db = sqlite3.connect(os.path.join(folder, "one.db"))
    db.execute("PRAGMA journal_mode=WAL"), db.execute("PRAGMA synchronous=FULL"), db.execute("CREATE TABLE t (x)")
    began = time.perf_counter()
    for i in range(50):
        db.execute("INSERT INTO t VALUES (?)", (i,))
        db.commit()
    return (time.perf_counter() - began) / 50


@measure
def one_change():
    import gate
    g = gate.Gate(None, "none")
    try:
        state, c = os.path.join(g.dir, "state"), g.assistant()
        g.change(c, "route", "other", {"methods": ["GET"]})
        counts, took = [], []
        for i, method in enumerate(("GET", "PUT", "POST", "HEAD", "DELETE")):
            before, began = commits(state), time.perf_counter()
            g.change(c, "route", "orders", {"methods": [method]})
            took.append(time.perf_counter() - began)
            counts.append(commits(state) - before)
        row("20 durable commits from plan to applied", "%d" % min(counts), "target <= 6; %.0f ms, %.0f times one commit"
            % (sorted(took)[2] * 1e3, sorted(took)[2] / one_commit(g.dir)))
    finally:
        g.leave()


print("== state")
one_change()
large(100000, 1000000)
