"""pilot.py - a double of the control plane's debug pages, as pilot (port 15014) and the controller (8888) answer: only what a
real one cannot be made to say in a test. The shapes are those of ../shared/reference/kubernetes.md and the recordings.
"""
import http.server
import json
import threading

KINDS = ("cluster", "listener", "route", "endpoint", "extensionconfig")
TYPES = {"route": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"}


HANGS = 0  # in place of a page: it never comes


def proxy(name, version="1.19.5", unanswered=(), errors=None, namespace="higress-system"):
    """An element of syncz; errors: {"route": "why"}, as newer pilots say it."""
    o = {"cluster_id": "Kubernetes", "proxy": "%s.%s" % (name, namespace), "proxy_type": "router", "istio_version": version}
    for kind in KINDS:
        o[kind + "_sent"] = "%s-%s-2" % (name, kind)
        o[kind + "_acked"] = o[kind + "_sent"] if kind not in unanswered else "%s-%s-1" % (name, kind)
    for kind, why in (errors or {}).items():
        o.setdefault("resources", {})[TYPES[kind]] = {"sent": o[kind + "_sent"], "acked": "old", "lastError": why}
        o[kind + "_acked"] = "old"
    return o


def service(host, registry="External"):
    return {"hostname": host, "Attributes": {"ServiceRegistry": registry, "Name": host, "Namespace": "mcp"}, "ports": []}


def config(kind, name):
    return {"kind": kind, "metadata": {"name": name, "namespace": "higress-system"}, "spec": {"secret": "s3cr3t-of-a-config"}}


class Pilot:
    """Two ports. `pages`: {path: JSON or text, or a number: that status}; what is not there is 404."""

    def __init__(self):
        self.pages = {15014: {
            "/version": "1.19.5-0000000-Clean\n", "/debug/syncz": [proxy("higress-gateway")], "/metrics": "",
            "/debug/connections": {"totalClients": 0, "clients": []}, "/debug/push_status": {},
            "/debug/registryz": [service("orders.static"), service("higress-console.static")], "/debug/configz": [config("VirtualService", "a")],
        }, 8888: {"/debug/configz": [config("VirtualService", "a")]}}
        self.servers, self.asked, self.ends = {}, [], threading.Event()
        for number in self.pages:
            self.servers[number] = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler(number))
            threading.Thread(target=self.servers[number].serve_forever, daemon=True).start()

    def port(self, number):
        return self.servers[number].server_port

    def url(self, number):
        return "http://127.0.0.1:%d" % self.port(number)

    def say(self, path, page, number=15014):
        self.pages[number][path] = page

    def handler(double, number):
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                double.asked.append("%d%s" % (number, self.path))
                page = double.pages[number].get(self.path, 404)
                if page == HANGS:
                    double.ends.wait(30)
                    return
                status = page if isinstance(page, int) else 200
                text = "no such page" if isinstance(page, int) else page if isinstance(page, str) else json.dumps(page)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

        return Handler

    def stop(self):
        self.ends.set()
        for s in self.servers.values():
            s.shutdown()
            s.server_close()
