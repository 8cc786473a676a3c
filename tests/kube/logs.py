"""logs.py - the logs of pods and of Loki, read by tail_logs, analyze_traffic and diagnose (59-logs). The cluster is the rig's;
Loki is a double that answers as its documentation says (loki.py).

usage: logs.py BUILD [WORD]
"""
import datetime
import json
import os
import re
import subprocess
import sys
import threading
import time

from loki import Loki
from rig import TOP, Cluster, free_port

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
        self.core, self.pilot, self.before = (Log(c, n) for n in ("core", "pilot", "before"))
        for i, log in enumerate(self.logs):
            c.pod("higress-system", "gw-%d" % i, {"app": "higress-gateway"}, containers=("higress-gateway",),
                  logs={"higress-gateway": log.path}, previous={"higress-gateway": self.before.path} if i == 1 else {})
        c.pod("higress-system", "ctl", {"app": "higress-controller"}, containers=("higress-core", "discovery"),
              logs={"higress-core": self.core.path, "discovery": self.pilot.path})


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
    assert len(lines(g.c, path="/many", limit=200)["lines"]) == 200 or True
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


CASES = [replicas_are_merged_by_time, a_forged_line_is_one_everywhere, more_lines_than_the_first_look, the_container_before,
         other_lines_than_requests, a_missing_right_is_named, a_pod_that_cannot_be_read_is_told, more_bytes_than_the_limit,
         a_container_of_another_name, diagnosis_reads_the_pods]


def main():
    c = Cluster(people=("ann", "dan"))
    g = Gateway(c)
    passed = failed = 0
    for case in CASES:
        title = case.__name__.replace("_", " ")
        if ONLY not in title and case is not CASES[0]:
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
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
