"""world.py - one console with a route, and a server over HTTP that can be killed and started again on the same port."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import house

ROUTE = {"name": "orders", "domains": [], "path": {"matchType": "PRE", "matchValue": "/orders"},
         "services": [{"name": "shop.static", "port": 80, "weight": 100}]}


class World:
    """One console; servers over HTTP that can be killed and started again on the same port."""

    def __init__(self):
        self.house = house.House()
        self.house.api("POST", "/v1/service-sources", {"name": "shop", "type": "static", "domain": "127.0.0.1:9",
                                                       "port": 80, "protocol": "http"})
        self.house.api("POST", "/v1/routes", ROUTE)
        self.port, self.log = house.free_port(), open(os.path.join(self.house.dir, "serve.log"), "ab")
        self.server = None
        self.restart()

    def restart(self):
        self.kill()
        self.server = self.house.start(["serve", "--listen", "127.0.0.1:%d" % self.port], self.log)
        house.wait_for(self.port, self.server, "the server")

    def kill(self):
        if self.server and self.server.poll() is None:
            self.server.kill()
            self.server.wait()

    def path(self):
        return self.house.api("GET", "/v1/routes/orders")[1]["data"]["path"]["matchValue"]

    def url(self, path):
        return "http://127.0.0.1:%d%s" % (self.port, path)

    def close(self):
        self.kill()
        self.house.close()
        self.house.forget()
