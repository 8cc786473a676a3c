"""world.py - one console with a route, and a server over HTTP that can be killed and started again on the same port."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import house
import tap

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
        self.server, self.relay = None, tap.Relay(self.port)
        self.heard = True  # for tests/parts/90-schemas; not where it matters whose process is killed
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
        return "http://127.0.0.1:%d%s" % (self.relay.port if self.heard else self.port, path)

    def command(self):
        """The server over stdio."""
        return ([sys.executable, tap.__file__, "stdio"] if self.heard else []) + [house.BINARY, "stdio"]

    def close(self):
        self.relay.finish()
        self.kill()
        self.house.close()
        self.house.forget()
