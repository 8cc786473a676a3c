"""ours.py - our own figures: who may read /metrics, that Prometheus' checker takes it, what is counted, that no label is of a
client's making; and the dashboard, each panel's query asked of the real Prometheus. Used by metrics.py."""
import hashlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))
import client as mcp  # noqa: E402
import house  # noqa: E402

TOKEN = "metrics-reader-feldspar-5510"
DASHBOARD = os.path.join(HERE, "../../docs/grafana/higress-ops.json")


def get(port, headers=None, method="GET"):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        c.request(method, "/metrics", headers=headers or {})
        r = c.getresponse()
        return r.status, r.headers, r.read().decode()
    finally:
        c.close()


def samples(text):
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line and not line.startswith("#")}


class Ours:
    """A server of ours whose clients keep it busy."""

    def __init__(self):
        self.house = house.House("auto")
        self.port = self.house.serve(["--metrics", "local"])
        self.ends = threading.Event()
        self.worker = threading.Thread(target=self.work, daemon=True)
        self.worker.start()

    def call(self, tool, arguments):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments, "_meta": {
                mcp.META + "protocolVersion": mcp.MODERN, mcp.META + "clientInfo": {"name": "x", "version": "1"},
                mcp.META + "clientCapabilities": {}}}}
            c.request("POST", "/mcp", json.dumps(body), {
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": mcp.MODERN,
                "Mcp-Method": "tools/call", "Mcp-Name": tool.encode("ascii", "replace").decode().replace("\n", "?")})
            return c.getresponse().read().decode()
        finally:
            c.close()

    def work(self):
        n = 0
        while not self.ends.wait(0.2):
            n += 1
            self.call("list_routes", {})
            self.call("get_resource", {"kind": "route", "name": "nobody"})
            self.call("change_resource", {"kind": "domain", "action": "create", "name": "d%d.example.com" % n, "object": {"enableHttps": "off"}})

    def stop(self):
        self.ends.set()
        self.worker.join()
        self.house.leave()


def who_may(check):
    """http.metrics, each way."""
    h = house.House()
    try:
        status, _, text = get(h.serve([]))
        check("by default nobody may", status == 404 and "off" in text, (status, text))
        sha = hashlib.sha256(TOKEN.encode()).hexdigest()
        port = h.serve(["--metrics", "token", "--tokens", "reader:" + sha])
        check("with a token: not without", get(port)[0] == 401)
        check("not with a wrong one", get(port, {"Authorization": "Bearer x" + TOKEN})[0] == 401)
        check("but with it", get(port, {"Authorization": "Bearer " + TOKEN})[0] == 200)
        port = h.serve(["--metrics", "local", "--tokens", "reader:" + sha])
        check("this machine without one", get(port)[0] == 200)
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            check("whom a proxy speaks for is not this machine: " + name, get(port, {name: "for=10.1.2.3"})[0] == 403)
        check("no other host's name", get(port, {"Host": "evil.example"})[0] == 403)
        port = h.serve(["--metrics", "any", "--tokens", "reader:" + sha])
        check("anybody", get(port, {"X-Forwarded-For": "10.1.2.3"})[0] == 200)
        check("and only to read", get(port, method="POST")[0] in (401, 405))
        code, out, err = h.run(["serve", "--metrics", "everybody"])
        check("nothing else", code == 3 and "http.metrics" in err, err)
    finally:
        h.leave()


def counted(ours, check):
    for name in ("no_such_tool", 'x"} 1', "a\nb 2"):
        ours.call(name, {})
    before = samples(get(ours.port)[2])
    for _ in range(5):
        ours.call("list_routes", {})
    status, headers, text = get(ours.port)
    after = samples(text)
    check("its type", headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers)
    got = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    check("promtool finds nothing", got.returncode == 0 and not got.stdout + got.stderr, got.stdout + got.stderr)
    key = 'higress_ops_calls_total{tool="list_routes",outcome="ok"}'
    check("calls by tool and outcome", after[key] - before[key] >= 5, (before.get(key), after.get(key)))
    check("what failed, too", after['higress_ops_calls_total{tool="get_resource",outcome="gateway"}'] > 0
          or after.get('higress_ops_calls_total{tool="get_resource",outcome="args"}', 0) > 0, text)
    check("changes by state", after['higress_ops_changes_total{state="applied"}'] > 0, text)
    name = 'higress_ops_upstream_request_duration_seconds'
    check("how long the console took", after[name + '_count{to="console"}'] == after[name + '_bucket{to="console",le="+Inf"}'] > 5, text)
    check("memory, sessions, queue", after["process_resident_memory_bytes"] > 1e6 and "higress_ops_sessions" in after
          and "higress_ops_upstream_requests_queued" in after, text)
    check("since when it runs", 0 <= time.time() - after["process_start_time_seconds"] < 600, after["process_start_time_seconds"])
    tools = set(re.findall(r'tool="([^"]*)"', text))
    check("labels are of our own tables", tools <= {"list_routes", "get_resource", "change_resource"} and "no_such_tool" not in text, tools)
    check("few of them", len(after) < 400, len(after))


def dashboard(r, check):
    with open(DASHBOARD) as f:
        panels = [p for p in json.load(f)["panels"] if p["type"] != "row"]
    check("the dashboard has panels of both", len(panels) >= 16, len(panels))
    for p in panels:
        for target in p["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            check("panel '%s' shows something" % p["title"], r.wait_for(expression, 20), expression)
            labels = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
            series = r.query(expression) or []
            check("and its legend has its labels", any(all(l in s["metric"] for l in labels) for s in series), (labels, series[:2]))
