"""reads.py BINARY - one call reads a list of the console once; what must be true now is read again.

At a double of the console that counts requests. The last line is `N passed, N failed`."""
import collections
import http.client
import json
import os
import subprocess
import sys
import tempfile

DOUBLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../double/console.py")
OBJECTS = {
    "/v1/domains": [{"name": "shop.example.com", "enableHttps": "off"}],
    "/v1/services": [{"name": "shop.static", "namespace": "mcp", "port": 80}, {"name": "pay.static", "namespace": "mcp", "port": 80}],
    "/v1/service-sources": [{"name": n, "type": "static", "domain": "127.0.0.1:9001", "port": 80, "protocol": "http"} for n in ("shop", "pay")],
    "/v1/consumers": [{"name": "alice", "credentials": []}],
    "/v1/routes": [{"name": "r%d" % i, "domains": ["shop.example.com"], "path": {"matchType": "PRE", "matchValue": "/r%d" % i},
                    "services": [{"name": "shop.static", "port": 80, "weight": 100}]} for i in range(5)],
}
passed = failed = 0


def held(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED %s: %s" % (name, str(detail)[:1500]))


class Double:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, DOUBLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        for path, objects in OBJECTS.items():
            for o in objects:
                self.ask("PUT", "/_object", {"path": "%s/%s" % (path, o["name"]), "object": o})

    def ask(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        c.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        return json.loads(c.getresponse().read() or b"null")

    def log(self):
        """[(method, path)] since the start."""
        return [(r["method"], r["path"]) for r in self.ask("GET", "/_log")]

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


def call(binary, double, folder, tool, arguments, mode):
    """What the call asked of the console, its data."""
    before = len(double.log())
    done = subprocess.run([binary, "call", tool, json.dumps(arguments), "--json", "--gateway-url", "http://127.0.0.1:%d" % double.port,
                           "--state", folder + "/state", "--mode", mode], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, env=dict(os.environ, HIGRESS_OPS_PASSWORD="admin"))
    return double.log()[before:], done.stdout + done.stderr


def lists_of(asked):
    """How often each list was read."""
    return collections.Counter(path for method, path in asked if method == "GET" and path.rsplit("/", 1)[-1] in
                               ("routes", "domains", "services", "service-sources", "consumers", "plugin-instances", "providers",
                                "tls-certificates", "mcpServer", "proxy-servers"))


def reads_once(binary, double, folder, tool, arguments):
    asked, out = call(binary, double, folder, tool, arguments, "dry-run")
    lists = lists_of(asked)
    again = {path: n for path, n in lists.items() if n > 1}
    held("%s reads a list once" % tool, lists and not again, again or out)
    return "%s %d requests (%d lists)" % (tool, len(asked), len(lists))


def writes_upon_what_is_there_now(binary, double, folder):
    """The base is read again right before the write, and what was written after it."""
    route = dict(OBJECTS["/v1/routes"][0], services=[{"name": "pay.static", "port": 80, "weight": 100}])
    asked, out = call(binary, double, folder, "change_resource", {"kind": "route", "action": "replace", "name": "r0", "object": route}, "auto")
    at = [i for i, (method, path) in enumerate(asked) if method == "PUT" and path.startswith("/v1/routes/r0")]
    own = [i for i, (method, path) in enumerate(asked) if method == "GET" and path.startswith("/v1/routes/r0") and "plugin" not in path]
    held("a write", len(at) == 1, out)
    held("its base is read again before it", at and len([i for i in own if i < at[0]]) >= 2, asked)
    held("and the object after it", at and own and own[-1] > at[0], asked)

    # a source has no version, and is a list's element to no one: a service is, and is read in its list
    asked, out = call(binary, double, folder, "change_resource", {"kind": "service-source", "action": "delete", "name": "pay", "if_used": "force"},
                      "dry-run")
    again = {path: n for path, n in lists_of(asked).items() if n > 1}
    held("a delete looks for users once", asked and not again, again or out)
    return "a delete's plan %d requests" % len(asked)


def main():
    binary, double = os.path.abspath(sys.argv[1]), Double()
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(", ".join([reads_once(binary, double, folder, "gateway_overview", {}),
                             reads_once(binary, double, folder, "check_config", {}),
                             reads_once(binary, double, folder, "change_resource", {"kind": "route", "action": "patch", "name": "r1",
                                                                                    "object": {"path": {"matchValue": "/r2"}}}),
                             writes_upon_what_is_there_now(binary, double, folder)]))
    finally:
        double.end()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
