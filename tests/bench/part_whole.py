"""part_whole.py - diagnose, check_config and explain_request over a whole gateway: 10,000 routes of the embedded console, an Envoy
double with 1,000 clusters and as many routes as the console (pages formed as Envoy 1.x prints them), an access log of 1 M lines."""
import http.server
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import parse_qs, urlparse

from bench import BINARY, HERE, INIT, TOP, Broken, measure, own_environment, row, start_console

sys.path.insert(0, os.path.join(HERE, "../kube"))
ROUTES, SERVICES, LINES = 10000, 1000, 1000000
T = "type.googleapis.com/envoy."
COUNTERS = """circuit_breakers.default.cx_open circuit_breakers.default.rq_open circuit_breakers.default.rq_pending_open default.total_match_count
external.upstream_rq_200 external.upstream_rq_2xx external.upstream_rq_completed lb_healthy_panic max_host_weight membership_change
membership_healthy membership_total upstream_cx_active upstream_cx_connect_fail upstream_cx_connect_timeout upstream_cx_http1_total
upstream_cx_rx_bytes_total upstream_cx_total upstream_cx_tx_bytes_total upstream_rq_2xx upstream_rq_200 upstream_rq_5xx
upstream_rq_completed upstream_rq_pending_overflow upstream_rq_retry upstream_rq_timeout upstream_rq_total""".split()
HOST_STATS = [{"name": "cx_connect_fail"}, {"value": "1", "name": "cx_total"}, {"name": "rq_error"}, {"value": "5", "name": "rq_success"},
              {"name": "rq_timeout"}, {"value": "5", "name": "rq_total"}, {"type": "GAUGE", "value": "1", "name": "cx_active"},
              {"type": "GAUGE", "name": "rq_active"}]


def cluster_name(i):
    return "outbound|80||svc%d.static" % i


def address(i, k):
    return {"socket_address": {"address": "10.%d.%d.%d" % (i // 250, i % 250, k + 1), "port_value": 80}}


def parts():
    """Of /config_dump: the member of each part, and its elements."""
    state = {"version_info": "2026-11-30T09:00:00Z/7", "last_updated": "2026-11-30T09:00:01.123Z"}
    breakers = {"thresholds": [{"max_connections": 4294967295, "max_requests": 4294967295, "max_retries": 4294967295}]}
    return {
        "dynamic_active_clusters": [dict(state, cluster={
            "@type": T + "config.cluster.v3.Cluster", "name": cluster_name(i), "type": "EDS", "connect_timeout": "10s",
            "eds_cluster_config": {"eds_config": {"ads": {}, "resource_api_version": "V3"}, "service_name": cluster_name(i)},
            "circuit_breakers": breakers, "metadata": {"filter_metadata": {"istio": {"services": [{"host": "svc%d.static" % i}]}}}})
            for i in range(SERVICES)],
        "dynamic_endpoint_configs": [{"endpoint_config": {
            "@type": T + "config.endpoint.v3.ClusterLoadAssignment", "cluster_name": cluster_name(i), "endpoints": [
                {"locality": {}, "lb_endpoints": [{"endpoint": {"address": address(i, k)}, "health_status": "HEALTHY",
                                                   "load_balancing_weight": 1} for k in range(2)]}]}} for i in range(SERVICES)],
        "dynamic_route_configs": [dict(state, route_config={
            "@type": T + "config.route.v3.RouteConfiguration", "name": "http.80", "virtual_hosts": [
                {"name": "*:80", "domains": ["*"], "routes": [
                    {"name": "route-%d" % i, "match": {**match, "case_sensitive": True}, "route": {
                        "cluster": cluster_name(i % SERVICES), "timeout": "0s", "retry_policy": {
                            "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes", "num_retries": 2,
                            "host_selection_retry_max_attempts": "5", "retriable_status_codes": [503]}, "max_grpc_timeout": "0s"},
                     "metadata": {"filter_metadata": {"istio": {"config": "/apis/networking.istio.io/v1alpha3/namespaces/higress-system/"
                                                                "virtual-service/route-%d" % i}}},
                     "decorator": {"operation": "svc%d.static:80/*" % (i % SERVICES)}}
                    for i in range(ROUTES) for match in ({"path": "/shop/%d" % i}, {"prefix": "/shop/%d/" % i})]}]})],
        "dynamic_listeners": [{"name": "0.0.0.0_80", "active_state": dict(state, listener={
            "@type": T + "config.listener.v3.Listener", "name": "0.0.0.0_80",
            "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}})}],
        "ecds_filters": [],
    }


KINDS = {"dynamic_active_clusters": "Clusters", "dynamic_endpoint_configs": "Endpoints", "dynamic_route_configs": "Routes",
         "dynamic_listeners": "Listeners", "ecds_filters": "Ecds"}


class Envoy:
    """Its admin interface; url. Each page is made once."""

    def __init__(self):
        lists, made = parts(), {}
        stats = [{"name": "cluster.%s.%s" % (cluster_name(i), c), "value": i % 7} for i in range(SERVICES) for c in COUNTERS] + [
            {"name": n, "value": 1} for n in ("listener_manager.lds.update_rejected", "cluster_manager.cds.update_success")]

        def page(path, query):
            asked = query.get("resource", [None])[0]
            if path == "/config_dump":
                return {"configs": lists.get(asked, []) if asked else [
                    {"@type": T + "admin.v3.%sConfigDump" % kind, member: lists[member]} for member, kind in KINDS.items()
                    if member != "dynamic_endpoint_configs" or "include_eds" in query]}
            if path == "/clusters":
                return {"cluster_statuses": [{"name": cluster_name(i), "added_via_api": True, "host_statuses": [
                    {"address": address(i, k), "stats": HOST_STATS, "health_status": {"eds_health_status": "HEALTHY"}, "weight": 1,
                     "locality": {}} for k in range(2)], "observability_name": cluster_name(i)} for i in range(SERVICES)]}
            if path == "/stats":
                wanted = re.compile(query.get("filter", [""])[0])
                return {"stats": [s for s in stats if wanted.search(s["name"])]}
            return {"/server_info": {"state": "LIVE", "version": "1.36.0", "uptime_current_epoch": "9000s"},
                    "/listeners": {"listener_statuses": []}, "/certs": {}}.get(path)

        class Admin(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                at = urlparse(self.path)
                if self.path not in made:
                    body = page(at.path, parse_qs(at.query, keep_blank_values=True))
                    made[self.path] = None if body is None else json.dumps(body, indent=1).encode()
                body = made[self.path]
                asked[self.path] = len(body or b"")
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

        asked = self.asked = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Admin)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_port


def write_access_log(path):
    import logs
    now = time.time()
    with open(path, "w", 1 << 20) as f:
        for i in range(LINES):
            bad = i % 97 == 0
            f.write(logs.record(now - (LINES - i) / 300, path="/shop/%d/items?page=2" % (i * 7919 % ROUTES), duration=str(i * 13 % 900),
                                response_code="503" if bad else "200", response_flags="UF" if bad else "-",
                                route_name="route-%d" % (i * 7919 % ROUTES), upstream_cluster=cluster_name(i * 7919 % ROUTES % SERVICES),
                                request_id="0b1f2c3d-4e5f-6789-abcd-ef01%08d" % i) + "\n")
    return os.path.getsize(path)


class Client:
    """Our server over stdio."""

    def __init__(self, argv, env):
        self.p = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ask({**INIT})

    def ask(self, message):
        self.p.stdin.write(json.dumps(message) + "\n")
        self.p.stdin.flush()
        return json.loads(self.p.stdout.readline())

    def call(self, tool, **arguments):
        return self.ask({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})["result"]

    def figure(self, field):
        with open("/proc/%d/status" % self.p.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith(field)) / 1024

    def cpu(self):
        with open("/proc/%d/stat" % self.p.pid) as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.p.stdin.close()
        self.p.wait(20)


def measure_call(label, argv, env, tool, arguments, rounds=5):
    client, took = Client(argv, env), []
    try:
        before = client.cpu()
        for _ in range(rounds):
            begin = time.perf_counter()
            got = client.call(tool, **arguments)
            took.append((time.perf_counter() - begin) * 1e3)
        if got.get("isError"):
            raise Broken(got["content"][0]["text"][:200])
        row(label, "%.0f ms" % statistics.median(took), "target <= 300; CPU %.0f ms, peak %.1f MB (target <= 32), answer %d B"
            % ((client.cpu() - before) / rounds * 1e3, client.figure("VmHWM"), len(json.dumps(got))))
        return got
    finally:
        client.end()


@measure
def whole_gateway():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run([sys.executable, os.path.join(HERE, "routes.py"), str(ROUTES), d, str(SERVICES)], check=True)
        console, envoy = start_console(d), Envoy()
        size = write_access_log(os.path.join(d, "access.log"))
        env = own_environment(**console.env, HIGRESS_OPS_ENVOY_ADMIN=envoy.url, HIGRESS_OPS_ACCESS_LOG=os.path.join(d, "access.log"))
        print("   %d routes, %d clusters, %.0f MB of log" % (ROUTES, SERVICES, size / 1e6))
        for tool, arguments in (("diagnose", {"route": "route-77"}), ("diagnose", {"service": "svc77.static"}), ("diagnose", {}),
                                ("check_config", {}), ("explain_request", {"path": "/shop/77"})):
            envoy.asked.clear()
            got = measure_call("%s %s" % (tool, json.dumps(arguments)), [BINARY, "stdio"], env, tool, arguments)
            if os.environ.get("SHOW"):
                print(got["content"][0]["text"][:1500], {k: v for k, v in envoy.asked.items()})


if __name__ == "__main__":
    print("== whole")
    sys.argv[1:] = [os.path.relpath(os.path.dirname(BINARY), TOP)]  # what logs.py takes
    whole_gateway()
