"""rig.py - a gateway whose figures are kept: a real Envoy with Higress' labels, upstreams that answer, fail, and take their
time, a page of the AI plugins' counters (names as recorded in ../shared/reference/data-plane.md), a real Prometheus that scrapes
both each second, and traffic. Loopback only."""
import http.client
import http.server
import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../routing"))
import envoy  # noqa: E402

TYPE = "type.googleapis.com/envoy."
TAGS = [("cluster_name", r"^cluster\.((.*?)\.)(http1\.|http2\.|health_check\.|outlier_detection\.|circuit_breakers\.|ssl\.|[^\.]+$)"),
        ("response_code_class", r"_rq(_(\dxx))$"),
        ("http_conn_manager_prefix", r"^http\.(((outbound_([0-9]{1,3}\.{0,1}){4}_\d{0,5})|([^\.]+))\.)")]
ORDERS, PAY, SLOW = ("%s.shop.svc.cluster.local" % n for n in ("orders", "pay", "slow"))
HOSTILE = 'evil"} 1\nup{x="\x1b[31m'


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body, kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def serve(handler):
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Upstream(Quiet):
    """orders answers, every third of pay is a 503, slow takes 0.2 s."""

    def do_GET(self):
        self.server.seen = getattr(self.server, "seen", 0) + 1
        if self.path.startswith("/slow"):
            time.sleep(0.2)
        bad = self.path.startswith("/pay") and self.server.seen % 3 == 0
        self.reply(503 if bad else 200, b"ok\n")


def quoted(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Plugins(Quiet):
    """Counters that grow by the second: who asks what, and what came of it."""
    began = time.time()
    kept = [("ai-route-chat.internal", "qwen-max", "alice", 30), ("ai-route-chat.internal", "qwen-max", "bob", 10),
            ("ai-route-help.internal", "gpt-new", "none", 5), ("ai-route-help.internal", HOSTILE, "carol", 1)]

    def do_GET(self):
        grown, lines = time.time() - self.began, []
        for name, times in (("input_token", 3), ("output_token", 1), ("total_token", 4), ("llm_service_duration", 200),
                            ("llm_duration_count", 1), ("llm_first_token_duration", 50), ("llm_stream_duration_count", 1),
                            ("token_ratelimit_count", 1)):
            full = "route_upstream_model_consumer_metric_" + name
            lines.append("# TYPE %s counter" % full)
            for route, model, consumer, each in self.kept:
                if name == "token_ratelimit_count" and consumer != "bob":
                    continue
                lines.append('%s{ai_route="%s",ai_cluster="outbound|443||llm-qwen.internal.dns",ai_model="%s",ai_consumer="%s"} %d'
                             % (full, route, quoted(model), consumer, int(grown) * each * times))
        self.reply(200, ("\n".join(lines) + "\n").encode(), "text/plain; version=0.0.4")


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def cluster(name, port, **more):
    full = "outbound|8080||" + name
    return {"name": full, "type": "STATIC", "connect_timeout": "1s", "load_assignment": {
        "cluster_name": full, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]}, **more}


def route(prefix, name, **more):
    return {"match": {"prefix": prefix}, "route": {"cluster": "outbound|8080||" + name}, **more}


def limited(tokens):
    return {"typed_per_filter_config": {"envoy.filters.http.local_ratelimit": {
        "@type": TYPE + "extensions.filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "http_local_rate_limiter",
        "token_bucket": {"max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": "60s"},
        "filter_enabled": {"default_value": {"numerator": 100}}, "filter_enforced": {"default_value": {"numerator": 100}}}}}


def bootstrap(admin, listen, upstream):
    tight = {"circuit_breakers": {"thresholds": [{"max_connections": 1, "max_pending_requests": 1, "max_requests": 1,
                                                  "track_remaining": True}]}}
    manager = {"@type": TYPE + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
               "stat_prefix": "outbound_0.0.0.0_80", "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                   route("/orders", ORDERS), route("/pay", PAY), route("/slow", SLOW), route("/few", ORDERS, **limited(1))]}]},
               "http_filters": [
                   {"name": "envoy.filters.http.local_ratelimit", "typed_config": {
                       "@type": TYPE + "extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                       "stat_prefix": "http_local_rate_limiter"}},
                   {"name": "envoy.filters.http.router", "typed_config": {
                       "@type": TYPE + "extensions.filters.http.router.v3.Router"}}]}
    return {"admin": {"address": address(admin)},
            "stats_config": {"use_all_default_tags": False, "stats_tags": [{"tag_name": n, "regex": r} for n, r in TAGS]},
            "static_resources": {
                "clusters": [cluster(ORDERS, upstream), cluster(PAY, upstream), cluster(SLOW, upstream, **tight)],
                "listeners": [{"name": "0.0.0.0_80", "address": address(listen), "filter_chains": [{"filters": [
                    {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}]}}


class Rig:
    def __init__(self, executable, ours=None):
        """ours: the port of a /metrics of higress-ops, scraped too."""
        self.dir = tempfile.mkdtemp(prefix="metrics-")
        self.upstream, self.plugins = serve(Upstream), serve(Plugins)
        self.admin, self.listen, self.prometheus_port = envoy.free_ports(3)
        path = os.path.join(self.dir, "envoy.json")
        with open(path, "w") as f:
            json.dump(bootstrap(self.admin, self.listen, self.upstream.server_port), f)
        self.envoy = envoy.Envoy(executable, path, self.admin, os.path.join(self.dir, "envoy.log"))
        if not self.envoy.wait():
            raise SystemExit("Envoy does not start: " + open(self.envoy.log).read()[-2000:])
        self.ends = threading.Event()
        self.traffic = [threading.Thread(target=self.send, args=(paths, pause), daemon=True) for paths, pause in
                        ((["/orders", "/pay"], 0.02), (["/slow"], 0.01), (["/slow"], 0.01), (["/slow"], 0.01), (["/few"], 0.2))]
        for one in self.traffic:
            one.start()
        self.start_prometheus(ours)

    def send(self, paths, pause):
        while not self.ends.wait(pause):
            for path in paths:
                h = http.client.HTTPConnection("127.0.0.1", self.listen, timeout=10)
                try:
                    h.request("GET", path)
                    h.getresponse().read()
                except (OSError, http.client.HTTPException):
                    pass
                finally:
                    h.close()

    def start_prometheus(self, ours):
        jobs = [{"job_name": "k8s_pods", "metrics_path": "/stats/prometheus", "static_configs": [
            {"targets": ["127.0.0.1:%d" % self.admin], "labels": {"app": "higress-gateway", "kubernetes_pod_name": "gw-7c9-a"}}]},
            {"job_name": "plugins", "static_configs": [
                {"targets": ["127.0.0.1:%d" % self.plugins.server_port],
                 "labels": {"app": "higress-gateway", "kubernetes_pod_name": "gw-7c9-a"}}]}]
        if ours:
            jobs.append({"job_name": "higress-ops", "static_configs": [{"targets": ["127.0.0.1:%d" % ours]}]})
        path = os.path.join(self.dir, "prometheus.yml")
        with open(path, "w") as f:
            json.dump({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}, f)  # JSON is YAML
        self.prometheus = subprocess.Popen(
            ["prometheus", "--config.file=" + path, "--storage.tsdb.path=" + os.path.join(self.dir, "tsdb"),
             "--web.listen-address=127.0.0.1:%d" % self.prometheus_port, "--log.level=warn"],
            stdout=subprocess.DEVNULL, stderr=open(os.path.join(self.dir, "prometheus.log"), "w"))
        self.url = "http://127.0.0.1:%d" % self.prometheus_port

    def query(self, expression):
        """What Prometheus itself says: its series, or None."""
        h = http.client.HTTPConnection("127.0.0.1", self.prometheus_port, timeout=10)
        try:
            h.request("POST", "/api/v1/query", "query=" + urllib.parse.quote(expression),
                      {"Content-Type": "application/x-www-form-urlencoded"})
            return json.loads(h.getresponse().read()).get("data", {}).get("result")
        except (OSError, ValueError):
            return None
        finally:
            h.close()

    def wait_for(self, expression, seconds=60):
        """Until Prometheus answers it with something."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.query(expression):
                return True
            if self.prometheus.poll() is not None:
                raise SystemExit("Prometheus ended: " + open(os.path.join(self.dir, "prometheus.log")).read()[-2000:])
            time.sleep(0.2)
        return False

    def configuration(self, name, **members):
        """A file with `prometheus` of these members; its path."""
        path = os.path.join(self.dir, name + ".yaml")
        with open(path, "w") as f:
            json.dump({"prometheus": {"url": self.url, **members}}, f)
        return path

    def run(self, arguments, *flags, env=None):
        """(code, stdout, stderr) of a call of query_metrics."""
        got = subprocess.run([envoy.program(), "call", "query_metrics", json.dumps(arguments), "--state", self.dir + "/state", *flags],
                             capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, env=dict(os.environ, **(env or {})))
        return got.returncode, got.stdout, got.stderr

    def check(self, config):
        """What `check` says of a configuration."""
        return subprocess.run([envoy.program(), "check", "--config", config, "--state", self.dir + "/state"], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL).stdout

    def ask(self, config, **arguments):
        """The answer as data; AssertionError with what was said instead."""
        code, out, err = self.run(arguments, "--json", "--config", config)
        assert code == 0, (code, out, err)
        answer = json.loads(out)
        return answer.get("structuredContent", answer)

    def stop(self):
        self.ends.set()
        for process in (self.prometheus, self.envoy.process):
            process.terminate()
            process.wait()
        for server in (self.upstream, self.plugins):
            server.shutdown()
        shutil.rmtree(self.dir, ignore_errors=True)
