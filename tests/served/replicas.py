"""replicas.py - a gateway of several real Envoys for a test: the embedded console, and an Envoy a replica, each with a folder
of its own that follows the console's data, lags behind it, or is given routes that Envoy refuses.
"""
import json
import os
import socket
import subprocess
import sys
import threading
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
for folder in ("e2e", "routing"):
    sys.path.insert(0, os.path.join(TESTS, folder))
import client as mcp
import envoy
import house
from ports import free_port

HOST = "shop.example.com"


class Wire:
    """A TCP port in front of another; cut, nothing goes through it any more."""

    def __init__(self, to):
        self.to, self.ended, self.open = to, False, set()
        self.listens = socket.create_server(("127.0.0.1", 0))
        self.port = self.listens.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def carry(self, a, b):
        try:
            while piece := a.recv(65536):
                b.sendall(piece)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(self):
        while True:
            try:
                one, _ = self.listens.accept()
            except OSError:
                return
            try:
                other = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                one.close()
                continue
            self.open |= {one, other}
            for pair in ((one, other), (other, one)):
                threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def cut(self):
        try:
            self.listens.shutdown(socket.SHUT_RDWR)  # whoever waits for a connection wakes
        except OSError:
            pass
        self.listens.close()
        for s in self.open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Replica:
    """An Envoy. how: "follow", "behind", "refuse"."""

    def __init__(self, home, number, executable):
        self.home, self.how, self.seen = home, "follow", None
        self.folder = os.path.join(home.dir, "envoy%d" % number)
        self.inlet, self.admin = free_port(), free_port()
        self.render()
        self.envoy = envoy.Envoy(executable, self.folder + "/envoy.json", self.admin, self.folder + "/envoy.log")
        self.wire = Wire(self.admin)
        self.name = "127.0.0.1:%d" % self.wire.port

    def render(self, folder=None):
        subprocess.run([house.BINARY, "render", "--data", os.path.join(self.home.dir, "data"), "--out", folder or self.folder, "--port",
                        str(self.inlet), "--admin", str(self.admin)], check=True, stdout=subprocess.DEVNULL)

    def refuse(self):
        """Routes with an expression that does not compile: Envoy keeps those it has."""
        aside = self.folder + ".aside"
        self.render(aside)
        with open(aside + "/rds.json") as f:
            tree = json.load(f)
        host = tree["resources"][0]["virtual_hosts"][0]
        host["routes"].insert(0, {"name": "bad", "match": {"safe_regex": {"regex": "("}}, "redirect": {"host_redirect": "x"}})
        with open(aside + "/rds.next", "w") as f:
            json.dump(tree, f)
        os.rename(aside + "/rds.next", self.folder + "/rds.json")

    def follow(self, state):
        if state == self.seen or self.how == "behind":
            return
        (self.render if self.how == "follow" else self.refuse)()
        self.seen = state

    def routes(self):
        dump = json.loads(envoy.get(self.admin, "/config_dump?resource=dynamic_route_configs") or "{}")
        return {r["name"] for c in dump.get("configs", []) for v in c["route_config"].get("virtual_hosts", []) for r in v["routes"]}


class Gateway(house.House):
    def __init__(self, executable, count=3, mode="auto", **env):
        self.replicas, self.ended, self.executable = [], False, executable
        super().__init__(mode, extra_env=env)
        self.stock()
        for i in range(count):
            self.replicas.append(Replica(self, i, executable))
        for r in self.replicas:
            assert r.envoy.wait(), open(r.folder + "/envoy.log").read()[-500:]
        if self.replicas:
            self.env["HIGRESS_OPS_ENVOY_ADMINS"] = ",".join("http://" + r.name for r in self.replicas)
        threading.Thread(target=self.follow, daemon=True).start()

    def make(self, path, body):
        status, answer = self.api("POST", path, body)
        assert status in (200, 201), (path, answer)

    def stock(self):
        self.make("/v1/domains", {"name": HOST, "enableHttps": "off"})
        self.make("/v1/service-sources", {"type": "static", "name": "orders", "domain": "127.0.0.11:80", "port": 80,
                                          "protocol": "http"})
        self.make("/v1/routes", self.route("orders"))

    @staticmethod
    def route(name, **more):
        return {"name": name, "domains": [HOST], "path": {"matchType": "PRE", "matchValue": "/" + name},
                "services": [{"name": "orders.static", "port": 80}], **more}

    def follow(self):
        while not self.ended:
            time.sleep(0.1)
            for r in self.replicas:
                try:
                    r.follow(self.state_of_data())
                except (OSError, subprocess.CalledProcessError):
                    pass  # a file was being written: the next round has it

    def assistant(self, *args):
        c = mcp.StdioClient([house.BINARY, "stdio", *args], self.env, "2025-11-25", answer="accept")
        c.open()
        self.clients.append(c)
        return c

    def change(self, c, action, kind, name, o=None, **more):
        """(served, whole answer, text) of a change that was applied."""
        arguments = dict(kind=kind, name=name, action=action, **more)
        if o is not None:
            arguments["object"] = o
        r = c.call("change_resource", arguments)
        text = "\n".join(x.get("text", "") for x in r["content"])
        assert not r.get("isError"), text
        data = r["structuredContent"]
        assert data["state"] == "applied", text
        return data.get("result", {}).get("served"), data, text

    def delete(self, c, kind, name):
        """What a person approves at a terminal; (served, what the terminal showed)."""
        r = c.call("change_resource", dict(kind=kind, name=name, action="delete"))
        change = r["structuredContent"]["id"]
        code, screen = self.person(["approve", change], "yes", timeout=60)
        assert code == 0, screen
        return self.show(change)["result"].get("served"), screen

    def show(self, change):
        code, out, err = self.run(["changes", change, "--json"])
        assert code == 0, err
        return json.loads(out)

    def leave(self):
        self.ended = True
        for c in self.clients:
            try:
                c.close()
            except Exception:
                pass
        for r in self.replicas:
            r.envoy.stop()
            r.wire.cut()
        self.close()
