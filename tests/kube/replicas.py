"""replicas.py - a gateway of three replicas on a cluster, real Envoys behind a real API server: each fault of one of them is named
right, by whom it is seen, and what is the same in all reads as it does of one.

    replicas.py BUILD [WORDS of a case's title]
"""
import functools
import http.server
import json
import os
import re
import sys
import threading
import time

import kube
from envoys import PLUGIN, SECRET, Envoy, checked, cluster, name_of, plugin, route, table
from rig import TOP, Cluster, free_port

SHOP, PAY = name_of("shop.static"), name_of("pay.static")
A, B, C = ("higress-gateway-" + x for x in "abc")


class Upstream(http.server.BaseHTTPRequestHandler):
    """A service that one address cannot reach: who connects from there is sent away."""
    refuses = None

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            if self.client_address[0] != Upstream.refuses:
                super().handle()
        except OSError:
            pass  # a health check that was given up

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


class Gateway:
    """Three pods, each an Envoy; reset() gives all the same configuration, of a newer version."""

    def __init__(self, c):
        self.c, self.version = c, 1
        self.up = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=self.up.serve_forever, daemon=True).start()
        port = free_port()  # one for all, as pods have it: the kernel gives each connection to one of them
        self.envoys = {name: Envoy(self.clusters(), self.routes(), source="127.0.0.%d" % i, port=port)
                       for i, name in ((11, A), (12, B), (13, C))}
        self.higress = kube.Higress(c)
        c.namespace("higress-system")
        c.pod("higress-system", "higress-console-1", {"app.kubernetes.io/name": "higress-console"}, ports={8080: self.higress.port})
        for name, e in self.envoys.items():
            c.pod("higress-system", name, {"app": "higress-gateway"}, containers=("higress-gateway",), ports={15000: e.admin},
                  logs={"higress-gateway": c.write(name + ".log", "")},
                  previous={"higress-gateway": c.path(B + ".before")} if name == B else None)
        c.role("higress-system", "dan", kube.documented_role())

    def clusters(self, **more):
        return [checked(cluster(SHOP, [self.up.server_port], **more)), cluster(PAY, [self.up.server_port])]

    @staticmethod
    def routes(**more):
        return table([route("orders", "/orders", SHOP, **more), route("pay", "/pay", PAY)])

    def push(self, only=None, clusters=None, routes=None, extension=None):
        """A newer configuration to all but those left out."""
        self.version += 1
        for name in only or self.envoys:
            e = self.envoys[name]
            e.write("cds", clusters or self.clusters(), str(self.version))
            e.write("rds", [routes or self.routes()], str(self.version))
            e.write("ecds", [extension or plugin()], str(self.version))
            e.write("lds", [e.listener()], str(self.version))
        for name in only or self.envoys:  # what did not change keeps its version: of clusters, routes, plugins, listeners
            e = self.envoys[name]
            e.until(lambda: e.page("/stats?filter=version_text").count('"%d"' % self.version) == 4, name + " takes no update")

    def status(self, name, ready, **container):
        state = dict({"name": "higress-gateway", "ready": ready, "restartCount": 0, "image": "local", "imageID": ""}, **container)
        self.c.pod_status("higress-system", name, {"conditions": [{"type": "Ready", "status": str(ready)}], "containerStatuses": [state]})

    def stop(self):
        self.higress.stop()
        for e in self.envoys.values():
            e.stop()
        self.up.shutdown()


def call(g, tool, **arguments):
    code, out = kube.ops(g.c, "dan", "call", tool, json.dumps(arguments))
    assert code == 0, out
    return out


def answer(g, tool, **arguments):
    code, out = kube.ops(g.c, "dan", "call", "--json", tool, json.dumps(arguments))
    assert code == 0, out
    return json.loads(out)


def until_diagnosed(g, *words, without=()):
    """An update takes a moment to be old enough to be a fault."""
    for _ in range(40):
        out = call(g, "diagnose")
        if all(w in out for w in words):
            break
    missing = [w for w in words if w not in out]
    assert not missing, "%r is not in %s" % (missing, out)
    assert not any(w in out for w in without), out
    return out


# -- cases --------------------------------------------------------------------------------------------------------------------

def all_are_alike(g):
    for what in ("clusters", "endpoints", "routes", "listeners", "plugins", "certificates"):
        out = call(g, "inspect_proxy", what=what)
        assert "0 of 0 differences" in out, out
    out = call(g, "diagnose")
    assert A not in out and "REPLICA" not in out, out


def one_replica_is_listed(g):
    out = call(g, "inspect_proxy", what="routes", replica=B)
    assert "route orders, prefix /orders: to " + SHOP in out and "virtual hosts: 1" in out and "\nread by a port forward\n" in out, out
    out = call(g, "inspect_proxy", what="plugins", replica=B, text="key-auth")
    assert PLUGIN + ": Lua" in out, out
    code, out = kube.ops(g.c, "dan", "call", "inspect_proxy", json.dumps({"what": "routes", "replica": "other"}))
    assert code != 0 and A in out and C in out, out
    out = call(g, "inspect_proxy", what="stats", text="server.live")
    assert "server.live: 3 (1, 1, 1)" in out, out


def a_replica_behind(g):
    g.push(only=(A, B), clusters=g.clusters(connect_timeout="7s"))
    out = call(g, "inspect_proxy", what="clusters")
    assert "%s: differs in connect_timeout: [%s, %s] STATIC, ROUND_ROBIN, connect 7s; [%s] STATIC" % (SHOP, A, B, C) in out, out
    assert "%s: 2 read, version %d," % (A, g.version) in out and "%s: 2 read, version " % C in out, out
    with open(os.path.join(TOP, "docs/kubernetes.md")) as f:
        shown = re.search(r"```\nhigress-ops call (\w+) '(.*)'\n(.*?)```", f.read(), re.S).groups()
    assert shown[2].splitlines()[1] in call(g, shown[0], **json.loads(shown[1])).splitlines(), "docs/kubernetes.md shows " + shown[2]
    out = until_diagnosed(g, "REPLICA_BEHIND (medium) replica " + C, "that of %s %d of" % (A, g.version), "differs in connect_timeout",
                          "1 item is not as there")
    assert "replica " + A not in out and "replica " + B not in out, out


def a_replica_that_refuses(g):
    e = g.envoys[C]
    bad = e.listener()
    filters = bad["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
    filters[1] = dict(filters[1], name="broken", typed_config=dict(plugin()["typed_config"], default_source_code={"inline_string": "no lua"}))
    e.write("lds", [bad], "90")
    e.shows("error_state")
    until_diagnosed(g, "CONFIG_REJECTED", "by 1 of 3: " + C, "listener 0.0.0.0_80 refused", "no lua")
    out = call(g, "check_config", text="ENVOY_REJECTED")
    assert "1 of 3 replicas (%s): " % C in out, out
    out = call(g, "inspect_proxy", what="listeners")
    assert "a newer one was refused: " in out and "updates refused: " in out, out


def a_crashing_replica(g):
    at = "2026-11-30T00:00:5%d.000000Z"
    said = ["info\tenvoy main x.cc:1\tall is well\tthread=1",
            "critical\tenvoy backtrace x.h:1\tCaught Segmentation fault of authorization: %s\tthread=1" % SECRET,
            *("critical\tenvoy backtrace x.h:%d\t#%d: main\tthread=1" % (i, i) for i in range(3)),
            "error\tEnvoy exited with error: signal: segmentation fault", "info\tNo more active epochs, terminating"]
    request = json.dumps({"start_time": at % 0, "method": "GET", "path": "/pay", "authority": "api.example.com", "response_code": "200"})
    g.c.write(B + ".before", "".join("%s %s\n" % (at % i, text) for i, text in enumerate([request] + [at % i + "\t" + x for i, x in enumerate(said)])))
    g.status(B, False, restartCount=7, state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed"}},
             lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": "2026-11-30T00:00:00Z",
                                       "finishedAt": "2026-11-30T00:01:00Z"}})
    out = until_diagnosed(g, "REPLICA_DOWN (high) replica " + B, "CrashLoopBackOff (back-off 5m0s restarting failed)",
                          "exit code 137, OOMKilled", "restarts: 7",
                          "log before: critical backtrace: Caught Segmentation fault", "log before: info No more active epochs, terminating",
                          without=("all is well", "#1: main", "/pay"))
    assert "by " + B not in out, out
    os.remove(g.c.path(B + ".before"))
    until_diagnosed(g, "REPLICA_DOWN", "log before: not read: ", 'previous terminated container "higress-gateway"')
    os.mkfifo(g.c.path(B + ".before"))  # a node that does not answer
    until_diagnosed(g, "REPLICA_DOWN", "log before: not read: ", "within 8.0 s")
    out = call(g, "inspect_proxy", what="clusters")
    assert B + ": could not be read: " in out and "restarts: 7" in out and "0 of 0 differences" in out, out
    out = call(g, "check_config")
    assert B + " does not run" in out, out
    g.status(B, True, state={"running": {"startedAt": "2026-11-30T00:00:00Z"}})


def a_plugin_that_one_did_not_load(g):
    g.envoys[A].write("ecds", [plugin(loaded=False)], str(g.version))
    g.envoys[A].shows("rbac.v3.RBAC\"\n", "/config_dump?resource=ecds_filters")
    until_diagnosed(g, "PLUGIN_NOT_LOADED (high) plugin " + PLUGIN, "by 1 of 3: " + A, without=("REPLICA_BEHIND",))
    out = call(g, "check_config", text="ENVOY_PLUGIN_NOT_LOADED")
    assert "1 of 3 replicas (%s): " % A in out, out
    out = call(g, "inspect_proxy", what="plugins")
    assert "[%s] not loaded" % A in out and "[%s, %s] Lua" % (B, C) in out, out


def an_endpoint_that_one_cannot_reach(g):
    Upstream.refuses = "127.0.0.13"
    try:
        g.envoys[C].shows("failed_active_health_check", "/clusters?format=json")
        until_diagnosed(g, "NO_HEALTHY_UPSTREAM", "by 1 of 3: " + C, without=(A, B))
        out = call(g, "inspect_proxy", what="endpoints")
        assert "differs in health: [%s, %s] healthy" % (A, B) in out and "[%s] failed_active_health_check" % C in out, out
    finally:
        Upstream.refuses = None


def no_replica_can_reach_it(g):
    """All agree: it reads as it does of one."""
    g.push(clusters=[checked(cluster(SHOP, [1])), cluster(PAY, [g.up.server_port])])
    for e in g.envoys.values():
        e.shows("failed_active_health_check", "/clusters?format=json")
    until_diagnosed(g, "NO_HEALTHY_UPSTREAM", without=("by 1 of", "by 2 of", "by 3 of", A, B, C))


def a_request_that_one_takes_otherwise(g):
    """The console has the routes; one replica lacks one of them, and has another for the other."""
    call(g, "change_resource", kind="service-source", action="create", object={
        "name": "shop", "type": "static", "domain": "127.0.0.1:%d" % g.up.server_port, "port": 80})
    for name in ("orders", "pay"):
        call(g, "change_resource", kind="route", action="create", object={
            "name": name, "domains": [], "path": {"matchType": "PRE", "matchValue": "/" + name},
            "services": [{"name": "shop.static", "port": 80, "weight": 100}]})
    out = call(g, "explain_request", path="/orders", host="api.example.com")
    assert "replicas: " not in out, out
    g.push(only=(C,), routes=table([route("orders", "/orders", SHOP, timeout="3s")]))
    out = call(g, "explain_request", path="/orders", host="api.example.com")
    assert "replicas: http.80 host api.example.com:80 0 route orders, prefix /orders: differs in route: [%s, %s]" % (A, B) in out, out
    out = call(g, "explain_request", path="/pay", host="api.example.com")
    assert "[%s] not there" % C in out, out
    out = call(g, "check_config", text="ENVOY_ROUTE_MISSING")
    assert "route pay: 1 of 3 replicas (%s): is in the console and not in Envoy" % C in out, out
    out = call(g, "gateway_overview")
    assert "ENVOY_ROUTE_MISSING" in out and "1 of 3 replicas (%s): " % C in out, out


def requests_that_fail_at_one(g):
    """The logs of all pods are read; who met the fault is known by whose line it is."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000", time.gmtime(time.time() - 5))
    for name, lines, code, flags in ((A, 20, "200", "-"), (C, 6, "503", "UF")):
        row = json.dumps({"start_time": at + "Z", "method": "GET", "path": "/pay", "authority": "api.example.com", "response_code": code,
                          "response_flags": flags, "route_name": "pay", "upstream_cluster": PAY, "upstream_host": "-", "duration": "3",
                          "response_code_details": "via_upstream" if code == "200" else "upstream_reset_before_response_started"})
        g.c.write(name + ".log", ("%s000000Z %s\n" % (at, row)) * lines)
    out = until_diagnosed(g, "by 1 of 3: %s, 6 requests" % C)
    assert "6 of 26 requests" in out, out
    for name in (A, C):
        g.c.write(name + ".log", "")


def a_cluster_that_lists_no_pods(g):
    code, out = kube.ops(g.c, "ann", "call", "inspect_proxy", '{"what": "clusters"}')
    assert code != 0 and "403" in out and "pods" in out, out
    code, out = kube.ops(g.c, "ann", "call", "diagnose", "{}")
    assert code == 0 and "UNKNOWN" in out and "403" in out.split("replicas: ")[1], out


CASES = [all_are_alike, one_replica_is_listed, a_replica_behind, a_replica_that_refuses, a_crashing_replica,
         a_plugin_that_one_did_not_load, an_endpoint_that_one_cannot_reach, no_replica_can_reach_it, a_request_that_one_takes_otherwise, requests_that_fail_at_one,
         a_cluster_that_lists_no_pods]


def from_alike(case):
    @functools.wraps(case)
    def run(g):
        g.push()
        case(g)
    return run


def main():
    c = Cluster(people=("ann", "dan"))
    g = Gateway(c)
    failed = kube.run_cases([from_alike(case) for case in CASES], g, [*c.tokens.values(), SECRET, SECRET.split()[1], SECRET[7:19]])
    g.stop()
    c.stop()
    return failed


if __name__ == "__main__":
    sys.exit(main())
