"""gate.py - a gateway for tests of guards: the embedded console, a real Envoy that follows its data, backends that do as
they are told, a stream of requests, and an assistant over stdio whose person says yes.
"""
import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
for folder in ("e2e", "routing", "kube"):
    sys.path.insert(0, os.path.join(TESTS, folder))
import client as mcp
import envoy
import house
from loki import Loki
from ports import free_port

HOST = "shop.example.com"


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def do_GET(self):
        time.sleep(self.server.delay)
        try:
            self.send_response(self.server.status)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"ok\n")
        except OSError:
            pass  # the gateway went away

    def log_message(self, *_):
        pass


def backend(status=200, delay=0):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.status, server.delay = status, delay
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def eventually(what, seconds, look):
    """The first true value that look gives."""
    end = time.time() + seconds
    while time.time() < end:
        got = look()
        if got:
            return got
        time.sleep(0.1)
    raise AssertionError("in %s s it did not come to: %s" % (seconds, what))


class Gate(house.House):
    """`signals`: "log", "counters", "none" or "loki": the log is shipped while `ships` is true."""

    def __init__(self, executable, signals="log", mode="approve"):
        self.envoy, self.ended, self.backends = None, False, []
        self.inlet, self.admin = free_port(), free_port()
        super().__init__(mode)
        self.folder = os.path.join(self.dir, "envoy")
        self.log = os.path.join(self.folder, "access.log")
        os.makedirs(self.folder)
        if signals == "log":
            self.env["HIGRESS_OPS_ACCESS_LOG"] = self.log
            open(self.log, "a").close()
        elif signals == "counters":
            self.env["HIGRESS_OPS_ENVOY_ADMIN"] = "http://127.0.0.1:%d" % self.admin
        elif signals == "loki":
            self.loki, self.ships = Loki(), True
            self.env.update(HIGRESS_OPS_LOKI=self.loki.url, HIGRESS_OPS_LOKI_SELECTOR='{app="gw"}')
            threading.Thread(target=self.ship, daemon=True).start()
        self.good = self.up()
        self.stock()
        if executable:
            self.begin_envoy(executable)

    def up(self, **how):
        self.backends.append(backend(**how))
        return "127.0.0.1:%d" % self.backends[-1].server_port

    def make(self, path, body):
        status, answer = self.api("POST", path, body)
        assert status in (200, 201), (path, answer)

    def stock(self):
        self.make("/v1/domains", {"name": HOST, "enableHttps": "off"})
        for name in ("orders", "other"):
            self.make("/v1/service-sources", {"type": "static", "name": name, "domain": self.good, "port": 80, "protocol": "http"})
            self.make("/v1/routes", {"name": name, "domains": [HOST], "path": {"matchType": "PRE", "matchValue": "/" + name},
                                     "services": [{"name": name + ".static", "port": 80}]})

    # -- Envoy, which follows the data --
    def begin_envoy(self, executable):
        self.render()
        self.envoy = envoy.Envoy(executable, self.folder + "/envoy.json", self.admin, self.folder + "/envoy.log")
        assert self.envoy.wait(), open(self.folder + "/envoy.log").read()[-500:]
        threading.Thread(target=self.follow, daemon=True).start()

    def render(self):
        subprocess.run([house.BINARY, "render", "--data", os.path.join(self.dir, "data"), "--out", self.folder, "--port",
                        str(self.inlet), "--admin", str(self.admin), "--log", self.log], check=True, stdout=subprocess.DEVNULL)

    def follow(self):
        seen = self.state_of_data()
        while not self.ended:
            time.sleep(0.2)
            try:
                now = self.state_of_data()
                if now != seen:
                    self.render()
                    seen = now
            except (OSError, subprocess.CalledProcessError):
                pass

    # -- requests --
    def visit(self, path="/orders", **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.inlet, timeout=20)
        try:
            c.request("GET", path, headers={"Host": HOST, **headers})
            r = c.getresponse()
            r.read()
            return r.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            c.close()

    def traffic(self, seconds, path="/orders", pause=0.02):
        """Statuses, by how often."""
        end, got = time.time() + seconds, {}
        while time.time() < end:
            s = self.visit(path)
            got[s] = got.get(s, 0) + 1
            time.sleep(pause)
        return got

    def stream(self, path="/orders", at_once=3):
        """Requests until the function that it gives is called."""
        on = [True]

        def run():
            while on[0]:
                self.visit(path)
                time.sleep(0.03)

        for _ in range(at_once):
            threading.Thread(target=run, daemon=True).start()
        return lambda: on.__setitem__(0, False)

    # -- the assistant --
    def assistant(self, answer="accept", args=()):
        c = mcp.StdioClient([house.BINARY, "stdio", *args], self.env, "2025-11-25", answer=answer)
        c.open()
        self.clients.append(c)
        return c

    def kill(self, client):
        client.process.kill()
        client.process.wait()

    def call(self, client, tool, **arguments):
        """(well, text, data)"""
        r = client.call(tool, arguments)
        return not r.get("isError"), "\n".join(c.get("text", "") for c in r["content"]), r.get("structuredContent", {})

    def change(self, client, kind, name, patch, **more):
        ok, text, data = self.call(client, "change_resource", kind=kind, name=name, action="patch", object=patch, **more)
        assert ok, text
        return data["id"], text

    def show(self, change):
        code, out, err = self.run(["changes", change, "--json"])
        assert code == 0, err
        return json.loads(out)

    def guard_of(self, change):
        return self.show(change).get("guard", {})

    def until(self, change, state, seconds):
        return eventually("guard of %s %s" % (change, state), seconds,
                          lambda: (lambda g: g if g.get("state") == state else None)(self.guard_of(change)))

    def ship(self):
        """Lines of the log go to Loki, as they come."""
        at = 0
        while not self.ended:
            time.sleep(0.05)
            if not self.ships or not os.path.exists(self.log):
                continue
            with open(self.log, "rb") as f:
                f.seek(at)
                text = f.read()
            whole = text[:text.rfind(b"\n") + 1]
            at += len(whole)
            now = time.time_ns()
            self.loki.entries += [(now + i, {"app": "gw"}, line.decode()) for i, line in enumerate(whole.splitlines())]

    def leave(self):
        self.ended = True
        for c in self.clients:
            try:
                c.close()
            except Exception:
                pass
        if self.envoy:
            self.envoy.stop()
        for b in self.backends:
            b.shutdown()
        self.close()
