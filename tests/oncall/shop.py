"""shop.py - a shop at which several things are broken at once: about sixty routes behind a real Envoy, what customers and
scanners sent it, and an assistant on call with our tools.

Broken are: payments (nobody listens), one of the three endpoints of reviews (500), reports (needs 2 s, its route gives it
1), a route that only requests with a header reach, a provider whose address does not resolve.
"""
import concurrent.futures
import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../routing"))
import client as mcp
import envoy
import house
from ports import free_port

HOST, AI_HOST = "shop.example.com", "ai.shop.example.com"
PLAIN = ["orders", "catalog", "inventory", "customers", "search", "cart", "shipping", "returns"]
SECTIONS = ["list", "item", "export", "stats", "admin"]
CAMPAIGNS = ["camp-spring", "camp-summer", "camp-autumn", "camp-winter"]
GUARDED = [name + "-admin" for name in PLAIN]  # routes that want a key
SLOW_SECONDS, ROUTE_TIMEOUT = 2, 1


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def do_GET(self):
        time.sleep(self.server.delay)
        body = b"ok\n" if self.server.status < 400 else b"broken\n"
        try:
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the gateway went away: that is what a timeout looks like

    do_POST = do_GET

    def log_message(self, *_):
        pass


def backend(status=200, delay=0):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.status, server.delay = status, delay
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def route(name, path, service, **more):
    return {"name": name, "domains": [HOST], "path": {"matchType": "PRE", "matchValue": path},
            "services": [{"name": service + ".static", "port": 80}], **more}


class Shop(house.House):
    def __init__(self, executable):
        self.backends, self.envoy = [], None
        self.port_of = {"in": free_port(), "admin": free_port()}
        super().__init__(extra_env={"HIGRESS_OPS_SECRET_QWEN": "sk-of-tomorrow-1c07f2a94e", "HIGRESS_OPS_LOG": "off",
                                    "ELSEWHERE_KEY": "sk-of-elsewhere-77"})
        self.folder = os.path.join(self.dir, "envoy")
        self.log = os.path.join(self.folder, "access.log")
        self.env.update(HIGRESS_OPS_ENVOY_ADMIN="http://127.0.0.1:%d" % self.port_of["admin"],
                        HIGRESS_OPS_ACCESS_LOG=self.log,
                        HIGRESS_OPS_VERIFY_SERVED="0")  # this Envoy has what the test renders, when it renders
        self.stock()
        self.render()
        self.envoy = envoy.Envoy(executable, self.folder + "/envoy.json", self.port_of["admin"], self.folder + "/envoy.log")
        if not self.envoy.wait():
            raise RuntimeError("Envoy does not serve: " + open(self.folder + "/envoy.log").read()[-500:])
        self.trade()

    def up(self, **how):
        self.backends.append(backend(**how))
        return "127.0.0.1:%d" % self.backends[-1].server_port

    def make(self, path, body):
        status, answer = self.api("POST", path, body)
        if status not in (200, 201):
            raise RuntimeError("%s %s: %s %s" % (path, body.get("name"), status, answer))

    def source(self, name, *addresses):
        self.make("/v1/service-sources", {"type": "static", "name": name, "domain": ",".join(addresses), "port": 80,
                                          "protocol": "http"})

    def stock(self):
        for host in (HOST, AI_HOST):
            self.make("/v1/domains", {"name": host, "enableHttps": "off"})
        works = self.up()
        for name in PLAIN:
            self.source(name, works)
        self.payments = free_port()
        self.source("payments", "127.0.0.1:%d" % self.payments)
        bad = self.up(status=500)
        self.bad = self.backends[-1]
        self.source("reviews", self.up(), bad, self.up())
        self.source("reports", self.up(delay=SLOW_SECONDS))
        self.make("/v1/consumers", {"name": "alice", "credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-key",
                                                                      "values": ["key-of-alice-5512"]}]})
        for name in PLAIN:
            self.make("/v1/routes", route(name, "/" + name, name))
            for section in SECTIONS:
                guard = {"authConfig": {"enabled": True, "allowedConsumers": ["alice"]}} if section == "admin" else {}
                self.make("/v1/routes", route("%s-%s" % (name, section), "/%s/%s" % (name, section), name, **guard))
        self.make("/v1/routes", route("payments", "/payments", "payments"))
        self.make("/v1/routes", route("reviews", "/reviews", "reviews"))
        self.make("/v1/routes", route("reports", "/reports", "reports",
                                      customConfigs={"higress.io/timeout": str(ROUTE_TIMEOUT)}))
        self.make("/v1/routes", route("stock-of-orders", "/inventory/stock", "orders", methods=["GET"], headers=[
            {"key": "x-internal", "matchType": "EQUAL", "matchValue": "1"}]))
        for name in CAMPAIGNS + ["campus"]:
            self.make("/v1/routes", route(name, "/" + name, "catalog"))
        self.make("/v1/ai/providers", {"name": "qwen", "type": "qwen", "protocol": "openai/v1", "tokens": ["sk-of-today-9a8b7c6d"]})
        self.make("/v1/ai/providers", {"name": "nowhere", "type": "openai", "protocol": "openai/v1", "tokens": ["sk-no-4f5e6d7c"],
                                       "rawConfigs": {"openaiCustomUrl": "http://llm.nowhere.invalid/v1"}})
        self.make("/v1/ai/routes", {"name": "chat", "domains": [AI_HOST], "upstreams": [{"provider": "qwen", "weight": 100}]})

    def render(self):
        subprocess.run([house.BINARY, "render", "--data", os.path.join(self.dir, "data"), "--out", self.folder,
                        "--port", str(self.port_of["in"]), "--admin", str(self.port_of["admin"])],
                       check=True, stdout=subprocess.DEVNULL)

    def visit(self, path, host=HOST, method="GET", agent="customer/1.0", **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port_of["in"], timeout=20)
        c.request(method, path, headers={"Host": host, "User-Agent": agent, **headers})
        answer = c.getresponse()
        answer.read()
        c.close()
        return answer.status

    def trade(self):
        """What customers and scanners send; returns when all of it is in the log."""
        visits = [("/%s/%d" % (name, i),) for name in PLAIN for i in range(20)]
        visits += [("/payments/%d" % i,) for i in range(40)]
        visits += [("/reviews/%d" % i,) for i in range(90)]
        visits += [("/reports/monthly",)] * 6
        visits += [("/inventory/stock",)] * 20
        visits += [(path, "203.0.113.7") for path in ("/wp-login.php", "/.env", "/phpmyadmin/") for _ in range(10)]
        with concurrent.futures.ThreadPoolExecutor(8) as crowd:
            self.statuses = list(crowd.map(lambda v: self.visit(*v), visits))
        for _ in range(100):
            with open(self.log) as f:
                if len(f.readlines()) >= len(visits):
                    return
            time.sleep(0.1)
        raise RuntimeError("the access log lacks lines")

    def assistant(self, answer="none"):
        c = mcp.StdioClient([house.BINARY, "stdio"], self.env, "2025-11-25", answer)
        self.clients.append(c)
        c.open()
        return c

    def leave(self):
        if self.envoy:
            self.envoy.stop()
        for b in self.backends:
            b.shutdown()
            b.server_close()
        super().leave()


def log_rows(shop):
    with open(shop.log) as f:
        return [json.loads(line) for line in f]
