"""logs.py - the logs of pods and of Loki, read by tail_logs, analyze_traffic and diagnose (59-logs). The cluster is the rig's;
Loki is a double that answers as its documentation says (loki.py).

usage: logs.py BUILD [WORD]
"""
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from broken import Broken
from kube import documented_role
from loki import Loki
from rig import PROGRAMS, TOP, Cluster, free_port

BUILD = sys.argv[1]
ONLY = sys.argv[2] if len(sys.argv) > 2 else ""
OPS = os.path.join(TOP, BUILD, "higress-ops")
HIDDEN = "kq7Vw2Zp9Xr4Lm6Bt1"
KEYS = """ai_log authority bytes_received bytes_sent downstream_local_address downstream_remote_address duration
istio_policy_status method path protocol request_id requested_server_name response_code response_flags route_name
start_time trace_id upstream_cluster upstream_host upstream_local_address upstream_service_time
upstream_transport_failure_reason user_agent x_forwarded_for response_code_details""".split()
said = []


def stamp(at, zone=0):
    """A time as a runtime writes it: nine digits, and the node's zone."""
    t = datetime.datetime.fromtimestamp(int(at), datetime.timezone(datetime.timedelta(hours=zone)))
    text = t.strftime("%Y-%m-%dT%H:%M:%S.") + "%09d" % (int(round(at * 1e9)) % 10**9)
    return text + (t.strftime("%z")[:3] + ":00" if zone else "Z")


def record(at, **values):
    row = {**dict.fromkeys(KEYS, "-"), "start_time": stamp(at)[:23] + "Z", "authority": "shop.example.com", "method": "GET",
           "path": "/orders?token=" + HIDDEN, "protocol": "HTTP/1.1", "response_code": "200", "route_name": "shop",
           "upstream_cluster": "outbound|80||shop.static", "upstream_host": "10.0.0.9:80", "user_agent": "curl/8",
           "x_forwarded_for": "10.1.1.1", "response_code_details": "via_upstream", "duration": "5", **values}
    return "{" + ",".join('"%s":"%s"' % (k, row[k]) for k in KEYS) + "}"


class Log:
    """A container's file of a pod, as its runtime writes it."""

    def __init__(self, c, name, zone=0):
        self.path, self.zone = c.path(name + ".log"), zone
        open(self.path, "w").close()

    def write(self, *entries):
        with open(self.path, "a") as f:
            for at, text in entries:
                f.write("%s %s\n" % (stamp(at, self.zone), text))


def ops(c, *argv, config=None, who="admin", timeout=60, more=""):
    config = config or c.write("ops.yaml", "kubernetes: {kubeconfig: %s, namespace: higress-system}\n%s"
                               % (c.token_config(who), more))
    done = subprocess.run([OPS, argv[0], "--config", config, *argv[1:]], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, env=dict(os.environ, HIGRESS_OPS_STATE=c.path("state"), NO_COLOR="1"))
    said.append(done.stdout + done.stderr)
    return done.returncode, done.stdout, done.stderr


def ask(c, tool, config=None, who="admin", more="", **arguments):
    code, out, err = ops(c, "call", tool, json.dumps(arguments), "--json", config=config, who=who, more=more)
    assert code == 0, out + err
    return json.loads(out)


def lines(c, **arguments):
    return ask(c, "tail_logs", full=True, **arguments)


# -- pods ----------------------------------------------------------------------------------------------------------------------

class Gateway:
    """Three replicas in three time zones, and a controller; they stay for all cases."""

    def __init__(self, c):
        c.namespace("higress-system")
        self.c, self.now = c, time.time()
        self.logs = [Log(c, "gw-%d" % i, zone) for i, zone in enumerate((0, 8, -3))]
        self.core, self.pilot, self.console, self.before = (Log(c, n) for n in ("core", "pilot", "console", "before"))
        for i, log in enumerate(self.logs):
            c.pod("higress-system", "gw-%d" % i, {"app": "higress-gateway"}, containers=("higress-gateway",),
                  logs={"higress-gateway": log.path}, previous={"higress-gateway": self.before.path} if i == 1 else {})
        c.pod("higress-system", "ctl", {"app": "higress-controller"}, containers=("higress-core", "discovery"),
              logs={"higress-core": self.core.path, "discovery": self.pilot.path})
        c.pod("higress-system", "con", {"app.kubernetes.io/name": "higress-console"}, containers=("higress-console",),
              logs={"higress-console": self.console.path})


def replicas_are_merged_by_time(g):
    for i in range(30):
        at = g.now - 300 + i
        g.logs[i % 3].write((at, record(at, path="/orders/%d" % i, response_code="503" if i % 10 == 9 else "200")))
    rows = lines(g.c, limit=30)
    assert [r["path"] for r in rows["lines"]] == ["/orders/%d" % i for i in reversed(range(30))], rows
    assert [r["replica"] for r in rows["lines"][:3]] == ["gw-2", "gw-1", "gw-0"], rows["lines"][:3]
    assert rows["source"] == "pods of higress-system", rows
    failed = lines(g.c, status="5xx")
    assert [r["path"] for r in failed["lines"]] == ["/orders/29", "/orders/19", "/orders/9"], failed
    page, seen = lines(g.c, limit=7), []
    while True:
        seen += [r["path"] for r in page["lines"]]
        if "cursor" not in page:
            break
        page = lines(g.c, limit=7, cursor=page["cursor"])
    assert seen == ["/orders/%d" % i for i in reversed(range(30))], seen
    count = ask(g.c, "analyze_traffic", by=["replica"])
    assert count["matched"] == 30 and {r["replica"]: r["count"] for r in count["rows"]} == {"gw-0": 10, "gw-1": 10, "gw-2": 10}


def a_forged_line_is_one_everywhere(g):
    at = g.now - 200
    g.logs[1].write((at, record(at, user_agent='x","response_code":"503","route_name":"other')))
    rows = lines(g.c, limit=1, text="FORGED-NOT-THERE")
    assert rows["lines"] == [], rows
    newest = lines(g.c, limit=1)["lines"][0]
    assert newest.get("forged") and newest["replica"] == "gw-1", newest


def more_lines_than_the_first_look(g):
    at = g.now - 100
    g.logs[0].write(*((at + i / 1000, record(at, path="/many/%d" % i)) for i in range(5000)))
    count = ask(g.c, "analyze_traffic", path="/many")
    assert count["matched"] == 5000, count
    assert [r["path"] for r in lines(g.c, path="/many/17", limit=3)["lines"]][:1] == ["/many/1799"], "newest first"
    old = lines(g.c, text="/orders/3", limit=5)
    assert "/orders/3" in [r["path"] for r in old["lines"]], old


def the_container_before(g):
    g.before.write((g.now - 900, record(g.now - 900, path="/before-the-crash")),
                   (g.now - 899, "%s\tcritical\tenvoy backtrace external/envoy/x.h:1\tCaught Segmentation fault\tthread=1"
                    % stamp(g.now - 899)))
    rows = lines(g.c, previous=True)
    assert [r["path"] for r in rows["lines"]] == ["/before-the-crash"], rows
    assert "gw-0 was not read" in rows["note"] and "previous terminated container" in rows["note"], rows
    words = lines(g.c, previous=True, what="gateway")
    assert [(w["level"], w["component"], w["text"]) for w in words["lines"]] == \
        [("critical", "backtrace", "Caught Segmentation fault")], words


def other_lines_than_requests(g):
    at = g.now - 50
    g.logs[2].write((at, "[2026-11-30 08:00:00.123][31][warning][wasm] [source/x/context.cc:1195] wasm log "
                     "higress-system.key-auth: no consumer for token=%s" % HIDDEN),
                    (at + 1, "%s\tinfo\txdsproxy\tconnected to upstream XDS server" % stamp(at + 1)))
    g.core.write((at, json.dumps({"level": "error", "ts": at, "logger": "ingress", "msg": "cannot convert",
                                  "error": "secret Bearer %s" % HIDDEN, "password": HIDDEN})),
                 (at + 2, "%s\twarn\tkube\tlist failed" % stamp(at + 2)))
    g.pilot.write((at + 3, "%s\tinfo\tads\tPush debounce stable[7] 1 for config" % stamp(at + 3)),
                  (at + 4, "W1130 09:00:00.000000       1 reflector.go:561] watch of *v1.Pod ended\x1b[31m"))
    words = lines(g.c, what="gateway")
    assert [(w.get("level"), w.get("component"), w["replica"]) for w in words["lines"]] == \
        [("info", "xdsproxy", "gw-2"), ("warning", "wasm higress-system.key-auth", "gw-2")], words
    words = lines(g.c, what="controller")
    assert [(w["level"], w["component"]) for w in words["lines"]] == [("warning", "kube"), ("error", "ingress")], words
    assert words["lines"][1]["text"].startswith("cannot convert error: secret Bearer ***"), words
    words = lines(g.c, what="pilot")
    assert [(w["level"], w["component"]) for w in words["lines"]] == [("warning", "reflector.go:561"), ("info", "ads")], words
    assert lines(g.c, what="pilot", text="debounce")["lines"][0]["text"].startswith("Push debounce"), "text filters"
    code, out, err = ops(g.c, "call", "tail_logs", json.dumps({"what": "pilot", "status": "5xx"}))
    assert code and "status" in out + err and "access" in out + err, out + err


def a_missing_right_is_named(g):
    g.c.role("higress-system", "ann", [(["list"], ["pods"])])
    for _ in range(50):
        code, out, err = ops(g.c, "call", "tail_logs", who="ann")
        if "pods/log" in err:
            break
        time.sleep(0.1)
    assert code and "403" in err and 'cannot get resource "pods/log"' in err and "docs/kubernetes.md" in err, err
    found = ask(g.c, "diagnose", who="ann")
    assert any("pods/log" in u for u in found["unavailable"]), found["unavailable"]


def a_pod_that_cannot_be_read_is_told(g):
    g.c.pod("higress-system", "gw-9", {"app": "higress-gateway"}, containers=("higress-gateway",))
    rows = lines(g.c, limit=1)
    assert len(rows["lines"]) == 1 and "gw-9 was not read" in rows["note"], rows
    g.c.ask("DELETE", "/api/v1/namespaces/higress-system/pods/gw-9?gracePeriodSeconds=0")


def more_bytes_than_the_limit(g):
    """17 MiB of one replica: the newest 16 are read, and what was cut is said."""
    log = Log(g.c, "big")
    at = time.time() - 20
    log.write(*((at + i / 10000, record(at, path="/big/%d" % i, user_agent="x" * 3000)) for i in range(5000)))
    g.c.pod("higress-system", "gw-big", {"app": "higress-gateway"}, containers=("higress-gateway",),
            logs={"higress-gateway": log.path})
    try:
        assert os.path.getsize(log.path) > 17 << 20
        count = ask(g.c, "analyze_traffic", path="/big")
        assert 3000 < count["matched"] < 5000 and "gw-big was read back to" in count["note"], count
        assert lines(g.c, path="/big", limit=1)["lines"][0]["path"] == "/big/4999", "the newest"
    finally:
        g.c.ask("DELETE", "/api/v1/namespaces/higress-system/pods/gw-big?gracePeriodSeconds=0")


def a_container_of_another_name(g):
    log = Log(g.c, "other")
    log.write((time.time(), record(time.time(), path="/other-name")))
    g.c.pod("higress-system", "gw-other", {"app": "higress-gateway"}, containers=("proxy",), logs={"proxy": log.path})
    try:
        assert lines(g.c, path="/other-name")["lines"][0]["replica"] == "gw-other"
    finally:
        g.c.ask("DELETE", "/api/v1/namespaces/higress-system/pods/gw-other?gracePeriodSeconds=0")


def diagnosis_reads_the_pods(g):
    at = time.time() - 30
    for i in range(20):
        g.logs[i % 3].write((at + i, record(at + i, route_name="pay", path="/pay", response_code="503", response_flags="UH",
                                            upstream_cluster="outbound|80||pay.static", upstream_host="-",
                                            response_code_details="no_healthy_upstream")))
    found = ask(g.c, "diagnose")
    assert "access_log" not in found["unavailable"], found
    assert "pay.static" in json.dumps(found) and "no_healthy" in json.dumps(found).lower(), found


# -- as they come --------------------------------------------------------------------------------------------------------------

class Talk:
    """An MCP client over stdio: what comes is kept, each with the time it came."""

    def __init__(self, c, config):
        self.process = subprocess.Popen([OPS, "stdio", "--config", config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True,
                                        env=dict(os.environ, HIGRESS_OPS_STATE=c.path("state-talk")))
        self.came, self.news = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        self.send({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
        self.until(lambda m: m.get("id") == 0)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def read(self):
        for line in self.process.stdout:
            said.append(line)
            with self.news:
                self.came.append((time.time(), json.loads(line)))
                self.news.notify_all()

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def until(self, wanted, seconds=20):
        """The first message that is wanted, and when it came."""
        end = time.time() + seconds
        with self.news:
            while True:
                for at, m in self.came:
                    if wanted(m):
                        return at, m
                if not self.news.wait(end - time.time()) and time.time() > end:
                    raise AssertionError("nothing of that came: %s" % json.dumps([m for _, m in self.came])[-1500:])

    def call(self, n, **arguments):
        self.send({"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {
            "name": "tail_logs", "arguments": {"full": True, **arguments}, "_meta": {"progressToken": "p%d" % n}}})

    def told(self, n, text, seconds=20):
        return self.until(lambda m: m.get("method") == "notifications/progress" and m["params"]["progressToken"] == "p%d" % n
                          and text in m["params"].get("message", ""), seconds)

    def lines_told(self, n):
        with self.news:
            return [m["params"]["message"] for _, m in self.came if m.get("method") == "notifications/progress"
                    and m["params"]["progressToken"] == "p%d" % n]

    def answer(self, n, seconds=70):
        m = self.until(lambda m: m.get("id") == n, seconds)[1]
        assert not m["result"].get("isError"), m
        return m["result"]["structuredContent"]

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)


def write_until_told(talk, n, write, text):
    """A follower begins when it is ready: lines are written until the first is told."""
    for i in range(200):
        write(i)
        try:
            return talk.told(n, text, 0.1)
        except AssertionError:
            pass
    raise AssertionError("no line was told: %s" % talk.lines_told(n))


def pods_are_followed(g):
    talk = Talk(g.c, g.c.write("follow.yaml", "kubernetes: {kubeconfig: %s, namespace: higress-system}\n" % g.c.token_config("admin")))
    lost, again = Log(g.c, "lost"), Log(g.c, "again")
    g.c.pod("higress-system", "gw-lost", {"app": "higress-gateway"}, containers=("higress-gateway",),
            logs={"higress-gateway": lost.path})
    talk.call(1, follow=8, path="/live", limit=100)
    write_until_told(talk, 1, lambda i: lost.write((time.time(), record(time.time(), path="/live/begin"))), "/live/begin")
    for i, log in enumerate(g.logs):
        log.write((time.time(), record(time.time(), path="/live/%d" % i)), (time.time(), record(time.time(), path="/not-wanted")))
    for i in range(3):
        assert "@gw-%d" % i in talk.told(1, "/live/%d " % i)[1]["params"]["message"]
    g.logs[0].write((time.time(), record(time.time(), path="/live/rotated")))  # then the kubelet rotates
    os.rename(g.logs[0].path, g.logs[0].path + ".1")
    Log(g.c, "gw-0").write((time.time(), record(time.time(), path="/live/behind")))
    talk.told(1, "/live/rotated")
    talk.told(1, "/live/behind")
    # A pod goes, its container having started again before; another comes.
    g.c.pods["higress-system/gw-lost"]["logs"]["higress-gateway"] = again.path
    g.c.write("pods.json", json.dumps(g.c.pods))
    again.write((time.time(), record(time.time(), path="/live/started-again")))
    talk.told(1, "/live/started-again")
    del g.c.pods["higress-system/gw-lost"]
    g.c.ask("DELETE", "/api/v1/namespaces/higress-system/pods/gw-lost?gracePeriodSeconds=0")
    came = Log(g.c, "came")
    came.write((time.time(), record(time.time(), path="/live/new-pod?token=" + HIDDEN)))
    g.c.pod("higress-system", "gw-new", {"app": "higress-gateway"}, containers=("higress-gateway",),
            logs={"higress-gateway": came.path})
    try:
        talk.told(1, "/live/new-pod")
        a = talk.answer(1)
        assert "gw-lost is gone" in a["note"], a
        paths = [r["path"] for r in a["lines"]]
        for path in ("/live/0", "/live/1", "/live/2", "/live/rotated", "/live/behind", "/live/started-again"):
            assert paths.count(path) == 1, (path, paths)
        assert a["matched"] == a["streamed"] and a["source"] == "pods of higress-system", a
        assert "were left out here" in talk.lines_told(1)[-1] and HIDDEN not in "".join(talk.lines_told(1)), talk.lines_told(1)
    finally:
        g.c.ask("DELETE", "/api/v1/namespaces/higress-system/pods/gw-new?gracePeriodSeconds=0")
        talk.end()


def files_are_followed(g):
    path = g.c.path("followed.log")
    with open(path, "w") as f:
        f.write(record(time.time(), path="/old") + "\n")
    talk = Talk(g.c, g.c.write("file.yaml", "envoy: {access_log: %s}\n" % path))

    def put(*paths, mode="a", how=record):
        with open(path, mode) as f:
            f.write("".join(how(time.time(), path=p) + "\n" for p in paths))

    talk.call(1, follow=4, limit=100)
    write_until_told(talk, 1, lambda i: put("/begin"), "/begin")
    with open(path, "a") as f:  # one line in two pieces
        f.write(record(time.time(), path="/in-two")[:100])
        f.flush()
        time.sleep(0.1)
        f.write(record(time.time(), path="/in-two")[100:] + "\n")
    talk.told(1, "/in-two")
    os.rename(path, path + ".1")
    put("/rotated", mode="w")
    talk.told(1, "/rotated")
    put("/truncated", mode="w")
    time.sleep(0.1)
    os.truncate(path, 0)
    put("/after")
    talk.told(1, "/after")
    a = talk.answer(1)
    assert "/old" not in [r["path"] for r in a["lines"]] and a["source"] == "file " + path, a
    # Many at once: bounded, and said.
    talk.call(2, follow=2, limit=5)
    write_until_told(talk, 2, lambda i: put("/begin-2"), "/begin-2")
    put(*("/many/%d" % i for i in range(3000)))
    a = talk.answer(2)
    told = talk.lines_told(2)
    assert a["matched"] >= 3000 and len(told) < 120 and a["streamed"] == len(told) - 1, (a["matched"], len(told))
    assert told[-1] == "%d lines came, %d were left out here" % (a["matched"], a["matched"] - a["streamed"]), told[-1]
    assert [r["path"] for r in a["lines"]] == ["/many/%d" % i for i in range(2999, 2994, -1)] and a["truncated"], a
    # Cancelled: no answer comes, and nothing more is told.
    talk.call(3, follow=60)
    write_until_told(talk, 3, lambda i: put("/begin-3"), "/begin-3")
    talk.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}})
    talk.send({"jsonrpc": "2.0", "id": 4, "method": "ping"})
    talk.until(lambda m: m.get("id") == 4)
    put("/too-late")
    talk.call(5, limit=1)
    assert talk.answer(5)["lines"][0]["path"] == "/too-late"
    assert "/too-late" not in "".join(talk.lines_told(3)) and not [m for _, m in talk.came if m.get("id") == 3]
    talk.end()


def the_command_for_people(g):
    path = g.c.path("people.log")
    with open(path, "w") as f:
        for i in range(30):
            f.write(record(time.time() - 60 + i, path="/p/%d?token=%s" % (i, HIDDEN), user_agent="a\\u001b[31mb",
                           response_code="503" if i % 3 == 0 else "200") + "\n")
    config = g.c.write("people.yaml", "envoy: {access_log: %s}\n" % path)
    code, out, err = ops(g.c, "logs", "--limit", "3", config=config)
    rows = out.splitlines()
    assert code == 0 and len(rows) == 3 and "/p/27?" in rows[0] and "/p/29?" in rows[2] and "\033" not in out, (out, err)
    assert "(file %s" % path in err and "older lines: --cursor" in err, err
    cursor = re.search(r"--cursor (\S+?)\)", err).group(1)
    code, out, err = ops(g.c, "logs", "--limit", "1", "--cursor", cursor, config=config)
    assert "/p/26?" in out, out
    code, out, err = ops(g.c, "logs", "--status", "5xx", "--json", "--since", "1h", config=config)
    assert [json.loads(r)["response_code"] for r in out.splitlines()] == ["503"] * 10, out
    for argv, words in ((("--what", "pilot"), "logs.pilot"), (("--what", "x"), "access|gateway"), (("--since", "x"), "15m"),
                        (("--status", "6xx"), "2xx"), (("-f", "--previous"), "left out"), (("--previous",), "pods"),
                        (("--what", "gateway", "--route", "x"), "only the access log")):
        code, out, err = ops(g.c, "logs", *argv, config=config)
        assert code and words in err, (argv, code, out, err)
    # At a terminal with colours, which NO_COLOR takes away.
    for no_color in ("", "1"):
        at, to = os.openpty()
        subprocess.run([OPS, "logs", "--config", config, "--limit", "1", "--status", "5xx"], stdout=to, stderr=subprocess.DEVNULL,
                       timeout=60, env=dict(os.environ, NO_COLOR=no_color, HIGRESS_OPS_STATE=g.c.path("state")))
        os.close(to)
        text = os.read(at, 65536).decode()
        os.close(at)
        assert ("\033[31m503\033[0m" in text) == (not no_color) and "/p/27" in text, text
    # Followed by a person: what was there, then what comes, each once.
    p = subprocess.Popen([OPS, "logs", "-f", "--config", config, "--limit", "2"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True, env=dict(os.environ, HIGRESS_OPS_STATE=g.c.path("state")))
    got = [p.stdout.readline() for _ in range(2)]
    assert "/p/28?" in got[0] and "/p/29?" in got[1], got
    with open(path, "a") as f:
        f.write(record(time.time(), path="/p/new") + "\n" + record(time.time(), path="/p/newer") + "\n")
    got = [p.stdout.readline() for _ in range(2)]
    assert "/p/new " in got[0] and "/p/newer " in got[1], got
    p.terminate()
    assert p.stdout.read() == "" and p.wait(20), "it ends when it is told to"


# -- Loki ----------------------------------------------------------------------------------------------------------------------

def loki_config(c, loki, name="loki.yaml", more=""):
    return c.write(name, "logs:\n  loki:\n    url: %s\n    selector: '{app=\"higress-gateway\", cluster=\"a \\\"b\\\"\"}'\n%s"
                   % (loki.url, more))


LABELS = {"app": "higress-gateway", "cluster": 'a "b"'}


def loki_answers_as_pods_and_files_do(g):
    """The same lines in a file, in pods and in Loki: the same rows, counts and forgeries."""
    loki, path = Loki(), g.c.path("same.log")
    now = time.time() - 3000
    rows = [record(now + i, path="/same/%d?token=%s" % (i, HIDDEN), response_code="503" if i % 7 == 0 else "200",
                   user_agent='x","route_name":"forged' if i % 11 == 0 else "curl") for i in range(60)]
    rows.insert(30, "[2026-11-30 08:00:00.123][31][warning][wasm] [source/x/context.cc:1195] wasm log key-auth: token=" + HIDDEN)
    with open(path, "w") as f:
        f.write("".join(r + "\n" for r in rows))
    logs = [Log(g.c, "same-%d" % i) for i in range(2)]
    for i, row in enumerate(rows):
        logs[i % 2].write((now + i, row))
        loki.entries.append((int((now + i) * 1e9), dict(LABELS, pod="same-%d" % (i % 2)), row))
    loki.entries.append((int((now + 99) * 1e9), {"app": "other"}, record(now + 99, path="/other-app")))
    g.c.namespace("same")
    for i, log in enumerate(logs):
        g.c.pod("same", "same-%d" % i, {"app": "higress-gateway"}, containers=("higress-gateway",), logs={"higress-gateway": log.path})
    sources = {"file": g.c.write("s1.yaml", "envoy: {access_log: %s}\n" % path), "loki": loki_config(g.c, loki),
               "pods": g.c.write("s2.yaml", "kubernetes: {kubeconfig: %s, namespace: same}\n" % g.c.token_config("admin"))}
    questions = [("tail_logs", dict(full=True, limit=30)), ("tail_logs", dict(full=True, status="5xx", limit=30)),
                 ("tail_logs", dict(full=True, text="/same/4", limit=30)), ("tail_logs", dict(full=True, text=HIDDEN)),
                 ("tail_logs", dict(full=True, what="gateway")), ("analyze_traffic", dict(by=["status", "route"])),
                 ("tail_logs", dict(full=True, text="forged", limit=30))]
    for tool, arguments in questions:
        answers = {}
        for name, config in sources.items():
            a = ask(g.c, tool, config=config, **arguments)
            assert a["source"].startswith(name), a["source"]
            for row in a.get("lines", []):
                row.pop("replica", None)
                if name != "file" and "time" in row:
                    row["time"] = "-"  # Envoy's own has no zone: the line's counts, where there is one
            answers[name] = {k: a.get(k) for k in ("lines", "rows", "matched", "forged", "unreadable")}
        for row in answers["file"]["lines"] or []:
            if "time" in row:
                row["time"] = "-"
        for name in ("loki", "pods"):
            for k, v in answers["file"].items():
                assert v == answers[name][k], (arguments, name, k, [x for x in zip(v or [], answers[name][k] or []) if x[0] != x[1]])
    asked = loki.asked[-1]
    assert asked[1]["query"] == '{app="higress-gateway", cluster="a \\"b\\""}' and asked[1]["direction"] == "backward", asked
    loki.stop()


def loki_is_read_by_pages(g):
    loki = Loki()
    begin = time.time() - 1000
    for i in range(7000):  # ten of each time
        loki.entries.append((int(begin * 1e9) + i // 10, LABELS, record(begin, path="/n/%d" % i)))
    config = loki_config(g.c, loki)
    count = ask(g.c, "analyze_traffic", config=config)
    assert count["matched"] == 7000, count
    assert [int(q["limit"]) for _, q, _ in loki.asked] == [5000, 5000], [q for _, q, _ in loki.asked]
    page, seen = lines(g.c, config=config, limit=200), []
    while len(seen) < 1200:
        seen += [r["path"] for r in page["lines"]]
        page = lines(g.c, config=config, limit=200, cursor=page["cursor"])
    assert len(set(seen)) == len(seen) == 1200, (len(set(seen)), len(seen))
    assert set(seen) == {"/n/%d" % i for i in range(5800, 7000)}, "none is left out"
    found = lines(g.c, config=config, path="/n/3", limit=1)
    assert found["lines"][0]["path"] == "/n/3999", found
    loki.stop()


def more_lines_of_one_time_than_a_page(g):
    loki = Loki()
    at = int((time.time() - 1000) * 1e9)
    loki.entries += [(at, LABELS, record(at / 1e9, path="/one-time")) for _ in range(6000)]
    loki.entries.append((at - 5, LABELS, record(at / 1e9, path="/older")))
    a = ask(g.c, "analyze_traffic", config=loki_config(g.c, loki), by=["path"])
    assert {r["path"]: r["count"] for r in a["rows"]} == {"/one-time": 5000, "/older": 1} and "only 5000 were read" in a["note"], a
    loki.stop()


def loki_says_no_in_its_words(g):
    loki = Loki(tenant="team-a", authorization="Bearer " + HIDDEN)
    token = g.c.write("loki.token", HIDDEN + "\n")
    login = "    token: {file: %s}\n" % token
    for more, words in (("", ["401", "Unauthorized", "logs.loki.token"]), (login, ["401", "no org id", "logs.loki.tenant"])):
        code, out, err = ops(g.c, "call", "tail_logs", config=loki_config(g.c, loki, more=more))
        assert code and all(w in err for w in words), err
    config = loki_config(g.c, loki, more=login + "    tenant: team-a\n")
    loki.entries.append((int(time.time() * 1e9) - 10**9, LABELS, record(time.time(), path="/let-in")))
    assert lines(g.c, config=config)["lines"][0]["path"] == "/let-in"
    for fail, words in (((400, "parse error at line 1, col 5: syntax error: unexpected }"), ["400", "parse error at line 1"]),
                        ((429, "too many outstanding requests"), ["429", "too many outstanding", "fewer minutes"]),
                        ((504, ""), ["504", "no reason given", "fewer minutes"]),
                        ((200, "<html>\x1b[31m"), ["no streams"]), ((404, "404 page not found"), ["404", "base of Loki"])):
        loki.fail = fail
        code, out, err = ops(g.c, "call", "tail_logs", config=config)
        assert code and all(w in err for w in words) and "\x1b" not in err, (fail, err)
    loki.fail = (200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}))
    code, out, err = ops(g.c, "call", "tail_logs", config=config)
    assert code and "no streams" in err, err
    found = ask(g.c, "diagnose", config=g.c.write("nowhere.yaml", "logs: {loki: {url: 'http://127.0.0.1:%d', selector: '{a=\"b\"}'}}\n"
                                                  % free_port()))
    assert any("access_log: Loki" in u for u in found["unavailable"]), found["unavailable"]
    for text, words in (("logs: {from: loki}", "logs.loki.url is missing"), ("logs: {from: pods}", "kubernetes is missing"),
                        ("logs: {from: file}", "envoy.access_log is missing"), ("logs: {loki: {url: 'http://l'}}", "selector"),
                        ("logs: {loki: {url: 'http://l', selector: 'app'}}", "must be LogQL"),
                        ("logs: {loki: {url: 'http://l', selector: '{a=\"b\"}', tenant: 'a b'}}", "tenant"),
                        ("logs: {loki: {url: 'ftp://l'}}", "logs.loki.url")):
        code, out, err = ops(g.c, "call", "tail_logs", config=g.c.write("wrong.yaml", text + "\n"))
        assert code and words in err, (text, err)
    loki.stop()


def loki_is_followed(g):
    loki = Loki()
    now = time.time()
    loki.entries.append((int((now - 5) * 1e9), LABELS, record(now - 5, path="/old")))
    talk = Talk(g.c, loki_config(g.c, loki))
    talk.call(1, follow=6, limit=50)
    write_until_told(talk, 1, lambda i: loki.entries.append((int(time.time() * 1e9), LABELS, record(time.time(), path="/begin"))),
                     "/begin")
    late = time.time() - 3  # a shipper that was behind
    loki.entries.append((int(time.time() * 1e9), dict(LABELS, pod="gw-1"), record(time.time(), path="/now")))
    talk.told(1, "/now")
    loki.entries.append((int(late * 1e9), LABELS, record(late, path="/late")))
    talk.told(1, "/late")
    a = talk.answer(1)
    paths = [r["path"] for r in a["lines"]]
    assert paths.count("/now") == 1 and paths.count("/late") == 1 and "/old" not in paths, paths
    talk.end()
    loki.stop()


def a_file_that_grows_without_pause(g):
    """Others have their turn meanwhile, and a cancellation is heard."""
    path, end = g.c.path("fast.log"), threading.Event()
    some = (record(time.time(), path="/fast") + "\n").encode() * 4

    def write():
        with open(path, "wb", buffering=0) as f:
            while not end.is_set() and f.tell() < 1 << 30:
                f.write(some)

    open(path, "w").close()
    talk = Talk(g.c, g.c.write("fast.yaml", "envoy: {access_log: %s}\n" % path))
    threading.Thread(target=write, daemon=True).start()
    try:
        talk.call(1, follow=5)
        talk.told(1, "/fast")
        talk.send({"jsonrpc": "2.0", "id": 2, "method": "ping"})
        talk.until(lambda m: m.get("id") == 2)
        assert not [m for _, m in talk.came if m.get("id") == 1], "the ping waited for the end of following"
        talk.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
        talk.call(3, limit=1)
        talk.answer(3)
        assert not [m for _, m in talk.came if m.get("id") == 1], "it went on"
    finally:
        end.set()
        talk.end()
        os.remove(path)


def what_was_there_before_is_not_told_as_new(g):
    """More lines of the last seconds than the first look reads."""
    loki, now = Loki(), time.time()
    loki.entries += [(int((now - 8 + i / 500) * 1e9), LABELS, record(now, path="/before/%d" % i)) for i in range(3000)]
    a = lines(g.c, config=loki_config(g.c, loki), follow=2)
    assert a["matched"] == 0, (a["matched"], a["lines"][:1])
    loki.stop()


def many_lines_of_loki_are_told_once(g):
    """Twenty thousand within the seconds that are asked for again and again."""
    loki, told = Loki(), []
    query = loki.query

    def batch(q):
        if q["direction"] == "backward":
            return query(q)
        told.append(1)
        now, n = int(q["end"]) - 10**9, min(len(told), 5)
        loki.entries[:] = [(began + n * 10**8 + i, LABELS, "[2026-11-30 08:00:00.123][1][info][x] line %d of %d" % (i, n))
                           for i in range(4999)]
        return query({**q, "start": 0, "end": now + 10**10})

    began = int(time.time() * 1e9)
    loki.query = batch
    a = lines(g.c, config=loki_config(g.c, loki), follow=8, what="gateway")
    assert len(told) > 5 and a["matched"] == 5 * 4999, (len(told), a["matched"])
    loki.stop()


def a_loki_that_knows_no_bounds(g):
    """It minds neither the limit nor the end: no more is taken than was asked for, and it is not asked without end."""
    loki, asked = Loki(), []
    at = int(time.time() * 1e9) - 10**9

    def query(q):
        asked.append(q)
        assert len(asked) < 50
        return 200, json.dumps({"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": {"pod": "p%d" % i}, "values": [[str(at + i), record(at / 1e9, path="/%d" % i)]]} for i in range(7000)]}}), \
            "application/json"

    loki.query = query
    config = loki_config(g.c, loki)
    assert lines(g.c, config=config, limit=1)["lines"][0]["path"] == "/6999", "the newest"
    code, out, err = ops(g.c, "call", "analyze_traffic", config=config)
    assert code and "newer than was asked for" in err and len(asked) < 6, (len(asked), out, err)
    loki.stop()


def the_examples_of_the_documentation(g):
    """Answers as Loki's API documentation prints them: 2.9, and 3.x with a third element of a value."""
    loki = Loki()
    line = record(1764345600, path="/documented")
    for values in ([["1764345600123456789", line]], [["1764345600123456789", line, {"trace_id": "0242ac120002"}]]):
        loki.fail = (200, json.dumps({"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": {"filename": "/var/log/proxy/access.log", "route_name": "shop/orders", "response_code": "503"},
             "values": values}], "stats": {"summary": {"bytesProcessedPerSecond": 0}}}}), "application/json; charset=UTF-8")
        assert lines(g.c, config=loki_config(g.c, loki))["lines"][0]["path"] == "/documented"
    at = int(time.time() * 1e9) - 10**9
    loki.entries += [(at, LABELS, "\0\0\0" + record(1764345600, path="/behind-nuls")), (at + 1, LABELS, "two\nlines \\u0000")]
    rows = lines(g.c, config=loki_config(g.c, loki))["lines"]
    assert rows[1]["path"] == "/behind-nuls" and rows[0]["raw"] == "two lines \\u0000", rows
    loki.stop()


# -- streams that end anywhere -------------------------------------------------------------------------------------------------

def a_stream_that_ends_within_a_line(g):
    """What was cut comes again, whole: no line is told twice, none is broken, none is called forged."""
    began, asked, end = time.time(), [], threading.Event()

    def row(i):
        return "%s %s\n" % (stamp(began + i / 1000), record(began + i / 1000, path="/cut/%d" % i))

    def read(pod, follows):
        asked.append(follows)
        if not follows:
            yield row(0)
        elif asked.count(True) == 1:
            yield from (row(1), row(2), row(3)[:200])
        else:
            yield from (row(i) for i in range(6))
            end.wait(20)

    double = Broken(lambda: ["gw-0"], read)
    a = lines(g.c, config=double.config(g.c), follow=2, limit=50)
    end.set()
    double.stop()
    assert [r.get("path") for r in a["lines"]] == ["/cut/%d" % i for i in (5, 4, 3, 2, 1)] and a["matched"] == 5, a


def pods_come_and_go_without_end(g):
    """More of them than are followed at once: the place of one that is gone is another's."""
    gone = set()

    def pods():
        return ["gw-70"] if gone else ["gw-%d" % i for i in range(70)]

    def read(pod, follows):
        at = time.time()
        if follows and pod != "gw-70":
            gone.add(pod)
            return None
        return iter(["%s %s\n" % (stamp(at), record(at, path="/late-pod"))] if follows else [])

    double = Broken(pods, read)
    a = lines(g.c, config=double.config(g.c), follow=5, limit=50)
    double.stop()
    assert a["lines"] and a["lines"][0]["replica"] == "gw-70", a
    assert "more pods are there" in a["note"] or "is gone" in a["note"], a


def followers_keep_nobody_from_the_cluster(g):
    """Three that follow sixty pods each: who asks meanwhile is answered, and does not wait for their end."""
    end = threading.Event()

    def read(pod, follows):
        at = time.time()
        yield "%s %s\n" % (stamp(at), record(at, path="/of/" + pod))
        if follows:
            end.wait(30)

    double = Broken(lambda: ["gw-%d" % i for i in range(60)], read)
    talk = Talk(g.c, double.config(g.c))
    try:
        for n in (1, 2, 3):
            talk.call(n, follow=20, path="/of")
        for n in (1, 2, 3):
            talk.told(n, "/of/")
        talk.call(4, limit=1)
        assert talk.answer(4)["lines"]
        assert not [m for _, m in talk.came if m.get("id") in (1, 2, 3)], "it waited for those that follow"
    finally:
        end.set()
        talk.process.kill()
        double.stop()


# -- what is documented --------------------------------------------------------------------------------------------------------

def blocks(kind):
    with open(os.path.join(TOP, "docs/logs.md")) as f:
        return re.findall(r"```%s\n(.*?)```" % kind, f.read(), re.S)


def the_page_is_what_it_says(g):
    """docs/logs.md: each configuration is read from, each command runs as it stands there, and shows lines where it says."""
    c, loki = g.c, Loki(tenant="team-a", authorization="Bearer " + HIDDEN)
    now = time.time()
    rows = [record(now - 9, path="/a", response_code="503"), record(now - 8, path="/b", route_name="orders"),
            "[2026-11-30 08:00:00.123][31][warning][config] [x.cc:1] delta config for type rejected"]
    os.makedirs(c.path("var"), exist_ok=True)
    words = {"controller": "%s\tinfo\tx\tsays the controller" % stamp(now), "pilot": "%s\tinfo\tads\tsays pilot" % stamp(now),
             "console": "2026-11-30 08:00:00.123  INFO 1 --- [main] c.a.h.App : says the console"}
    for name, text in (("gateway", "\n".join(rows)), *words.items()):
        with open(c.path("var", name + ".log"), "w") as f:
            f.write(text + "\n")
    token = c.write("loki-token", HIDDEN + "\n")
    for i, row in enumerate(rows):
        loki.entries.append((int((now - 9 + i) * 1e9), {"filename": "/var/log/proxy/access.log"}, row))
    for name, container in (("controller", "higress-core"), ("pilot", "discovery"), ("console", "higress-console")):
        loki.entries.append((int(now * 1e9), {"namespace": "higress-system", "container": container}, words[name]))
    for log, row in (*zip(g.logs, rows), (g.core, words["controller"]), (g.pilot, words["pilot"]),
                     (g.console, words["console"])):
        log.write((now, row))
    files, pods, of_loki = blocks("yaml")
    said_there = [("/var/log/higress/", c.path("var") + "/"), ("namespace: higress-system\n", "namespace: higress-system\n  kubeconfig: %s\n"
                   % c.token_config("admin")), ("http://higress-console-loki.higress-system:3100", loki.url),
                  ("/run/secrets/loki-token", token)]
    for text, source in ((files, "file"), (pods, "pods"), (of_loki, "loki")):
        for a, b in said_there:
            text = text.replace(a, b)
        config = c.write("page-%s.yaml" % source, text)
        for what in ("access", "gateway", "controller", "pilot", "console"):
            a = lines(c, config=config, what=what)
            assert a["lines"] and a["source"].startswith(source), (source, what, a)
            assert what not in words or what in a["lines"][0]["text"] or source == "pods", a
        for command in blocks("sh")[0].splitlines():
            p = subprocess.Popen(command.replace("higress-ops", OPS), shell=True, start_new_session=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, env=dict(os.environ, HIGRESS_OPS_CONFIG=config))
            first = p.stdout.readline()
            said.append(first)
            os.killpg(p.pid, 15) if " -f" in command else None
            out, err = p.communicate(timeout=60)
            assert first and (" -f" in command or p.returncode == 0), (command, source, out, err)
    for text in re.findall(r"`(logs\.[a-z.]+)`", open(os.path.join(TOP, "docs/logs.md")).read()):
        with open(os.path.join(TOP, "server/config/settings.c")) as f:
            assert '"%s"' % text in f.read(), text
    loki.stop()


def the_documented_role_reads_them(g):
    g.c.role("higress-system", "dan", documented_role())
    for _ in range(50):
        code, out, err = ops(g.c, "call", "tail_logs", "{}", who="dan")
        if code == 0:
            break
        time.sleep(0.1)
    assert code == 0 and "@gw-" in out, err
    code, out, err = ops(g.c, "check", who="dan")
    assert "rights: all that is used" in out and "pods of higress-system" in out, out


ON_A_CLUSTER = [replicas_are_merged_by_time, a_forged_line_is_one_everywhere, more_lines_than_the_first_look,
                the_container_before, other_lines_than_requests, a_missing_right_is_named, a_pod_that_cannot_be_read_is_told,
                more_bytes_than_the_limit, a_container_of_another_name, diagnosis_reads_the_pods, pods_are_followed,
                loki_answers_as_pods_and_files_do, the_page_is_what_it_says, the_documented_role_reads_them]
WITHOUT = [files_are_followed, a_file_that_grows_without_pause, the_command_for_people, loki_is_read_by_pages, more_lines_of_one_time_than_a_page,
           loki_says_no_in_its_words, loki_is_followed, what_was_there_before_is_not_told_as_new,
           many_lines_of_loki_are_told_once, a_loki_that_knows_no_bounds, the_examples_of_the_documentation,
           a_stream_that_ends_within_a_line, pods_come_and_go_without_end,
           followers_keep_nobody_from_the_cluster]


class Folder:
    """What the cases without a cluster have of one."""
    tokens = {}
    path, write = Cluster.path, Cluster.write

    def __init__(self):
        self.c, self.folder = self, tempfile.mkdtemp(prefix="logs-")

    def stop(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    there = os.path.exists(os.path.join(PROGRAMS, "apiserver"))
    c = Cluster(people=("ann", "dan")) if there else Folder()
    g = Gateway(c) if there else c
    passed = failed = 0
    for case in (ON_A_CLUSTER if there else []) + WITHOUT:
        title = case.__name__.replace("_", " ")
        if ONLY not in title and case is not ON_A_CLUSTER[0]:
            continue
        try:
            case(g)
            passed += 1
            print("ok  ", title)
        except Exception as x:  # each is a failure of this case alone
            failed += 1
            print("FAIL", title, "-", type(x).__name__, str(x)[:3000])
    shown = [s for s in [HIDDEN, *c.tokens.values()] if s in "\n".join(said)]
    passed, failed = passed + (not shown), failed + bool(shown)
    print("FAIL" if shown else "ok  ", "no secret was printed", shown)
    c.stop()
    print("%d passed, %d failed%s" % (passed, failed, "" if there else ", %d skipped" % len(ON_A_CLUSTER)))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
