"""drift.py BINARY - check_config holds the console against Envoy: what is the same, what is not, what is not compared.

The routes of ../shared/recordings/stack/mixed and the Ingresses of annotations*.jsonl, served by the embedded console, against the
configuration that the real control plane gave a real Envoy of them: nothing may differ. Then each part of what Envoy holds is
changed, and must be named. The last line is `N passed, N failed[, N skipped]`."""
import copy
import http.client
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
STACK = ROOT + "/../shared/recordings/stack"
BRIDGE = {"apiVersion": "networking.higress.io/v1", "kind": "McpBridge", "metadata": {"name": "default", "namespace": "higress-system"},
          "spec": {"registries": [{"name": n, "type": "static", "domain": "127.0.0.2%d:9000" % i, "port": 80, "protocol": "http"}
                                  for i, n in enumerate("ab")]}}
# of this Ingress the console shows a rewriting that it would write otherwise; of the limits of the others it can make none
HIDDEN = ["ann-rewrite-target-plain", "one-reject-burst-zero", "one-reject-limit-huge"]
SECRET = "s3cr3t-Zx81-Qp77-drift"
passed = failed = 0


def held(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED %s: %s" % (name, str(detail)[:1500]))


class Admin(http.server.ThreadingHTTPServer):
    """Envoy's admin interface, as far as /config_dump goes."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.dump = {"configs": []}
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Page(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = json.dumps(self.server.dump).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class World:
    """An embedded console over a folder, and an Envoy that holds what it is told."""

    def __init__(self, binary, data):
        self.binary, self.admin, self.folder = os.path.abspath(binary), Admin(), data
        self.console = subprocess.Popen([self.binary, "console", "--data", data, "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.console.stdout.readline()
        while line and "listening on" not in line:
            line = self.console.stdout.readline()
        self.url = "http://127.0.0.1:" + line.split("http://127.0.0.1:")[1].split()[0].strip("/")

        c = http.client.HTTPConnection(self.url[7:])
        c.request("POST", "/system/init", json.dumps({"adminUser": {"name": "admin", "displayName": "A", "password": "admin"}}),
                  {"Content-Type": "application/json"})
        c.getresponse().read()

    def check(self):
        """(text of check_config, its findings about routes that differ, what it says of Envoy)"""
        done = subprocess.run([self.binary, "call", "check_config", json.dumps({"limit": 500, "text": "ENVOY_ROUTE"}), "--json",
                               "--gateway-url", self.url, "--envoy-admin", "http://127.0.0.1:%d" % self.admin.server_address[1],
                               "--state", self.folder + "-state"], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env=dict(os.environ, HIGRESS_OPS_PASSWORD="admin"))
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            return done.stdout + done.stderr, [], ""
        differ = [f for f in answer.get("findings", []) if "ENVOY_ROUTE_DIFFERS" in f]
        return done.stdout, differ, answer.get("envoy", "")

    def end(self):
        self.console.terminate()
        self.console.wait(10)
        self.admin.shutdown()
        shutil.rmtree(self.folder)
        shutil.rmtree(self.folder + "-state", ignore_errors=True)


def write(folder, *objects):
    for o in objects:
        to = os.path.join(folder, {"McpBridge": "mcpbridges", "Ingress": "ingresses"}[o["kind"]])
        os.makedirs(to, exist_ok=True)
        with open(os.path.join(to, o["metadata"]["name"] + ".yaml"), "w") as f:
            json.dump(o, f)


def routes_of(dump):
    for part in dump["configs"]:
        for table in part.get("dynamic_route_configs", []):
            for host in table["route_config"].get("virtual_hosts", []):
                yield from host["routes"]


def dump_of(virtual_hosts):
    """The virtual hosts of a case, as /config_dump holds them."""
    tables = {}
    for key, host in virtual_hosts.items():
        tables.setdefault(key.split("/")[0].split(" ")[0], []).append(host)
    return {"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
                         "dynamic_route_configs": [{"route_config": {"name": t, "virtual_hosts": hosts}} for t, hosts in tables.items()]}]}


# -- nothing differs --------------------------------------------------------------------------

def the_recorded(binary):
    data = tempfile.mkdtemp(prefix="drift-")
    shutil.copytree(STACK + "/mixed/data", data, dirs_exist_ok=True)
    w = World(binary, data)
    with open(STACK + "/mixed/envoy-config_dump.json") as f:
        w.admin.dump = json.load(f)
    text, differ, envoy = w.check()
    held("what the real control plane made is the same", not differ and "the same: 13, different: 0, not compared: 0" in envoy, text)
    each_part(w)
    w.end()


def the_annotations(binary):
    """What Envoy was given of each Ingress is said to differ only where the console shows something else of it."""
    data, hosts = tempfile.mkdtemp(prefix="drift-"), {}
    for name in ("annotations", "annotations-more"):
        with open("%s/%s.jsonl" % (STACK, name)) as f:
            cases = [json.loads(line) for line in f]
        for case in cases:
            ingresses = case.get("ingresses") or [case["ingress"]]
            new = case["virtual_hosts"]
            if case.get("rejected") or not new or any(k in hosts or " *" in k for k in new):
                continue
            hosts.update(new)
            for at, ingress in enumerate(ingresses):
                meta = ingress["metadata"]
                meta.setdefault("creationTimestamp", "2026-11-29T00:00:0%dZ" % at)
                meta.setdefault("labels", {})["higress.io/resource-definer"] = "higress"
                meta.setdefault("namespace", "higress-system")
            write(data, BRIDGE, *ingresses)
    w = World(binary, data)
    w.admin.dump = dump_of(hosts)
    text, differ, envoy = w.check()
    if not envoy:
        held("check_config answers", False, text)
        return
    same, skipped = (int(envoy.split(word + ": ")[1].split(",")[0].split(" ")[0]) for word in ("the same", "not compared"))
    held("only what the console hides of an Ingress differs", [d.split(" route ")[1].split(":")[0] for d in differ] == HIDDEN, (differ, envoy))
    held("most are compared", same > 4 * skipped and same >= 70, envoy)
    w.end()


# -- each part --------------------------------------------------------------------------------

def change(dump, name, what):
    for route in routes_of(dump):
        if route["name"] == name:
            what(route)


def put(*path, value):
    def at(route):
        for key in path[:-1]:
            route = route.setdefault(key, {})
        route[path[-1]] = value
    return at


# the part: (route, what is changed of it in Envoy, words of the finding)
PARTS = {
    "timeout": ("retry", put("route", "timeout", value="5s"), "the timeout: Envoy has 5 s, the console says none"),
    "service": ("shop", put("route", "cluster", value="outbound|80||old.static"),
                "the service: Envoy sends to outbound|80||old.static, the console says outbound|80||shop.static"),
    "path": ("exact", put("match", "path", value="/exactly"), "the path: Envoy takes exactly /exactly, the console says exactly /exact"),
    "case": ("exact", put("match", "case_sensitive", value=False), "the path: Envoy takes exactly /exact in any case"),
    "header": ("shop", put("match", "headers", value=[{"name": "x-key", "string_match": {"exact": SECRET}}]),
               "the header x-key, which only Envoy asks for"),
    "parameter": ("shop", put("match", "query_parameters", value=[{"name": "v", "string_match": {"exact": "2"}}]),
                  "the parameter v, which only Envoy asks for"),
    "method": ("shop", put("match", "headers", value=[{"name": ":method", "string_match": {"exact": "GET"}}]),
               "the header :method, which only Envoy asks for"),
    "rewrite": ("exact", put("route", "prefix_rewrite", value="/token/" + SECRET), "the path's rewriting, which is another one in Envoy"),
    "host": ("exact", put("route", "host_rewrite_literal", value="other.example"),
             "the Host of the service: Envoy sets other.example, the console says none"),
    "retries": ("exact", put("route", "retry_policy", "num_retries", value=7), "the retries: Envoy makes 7 on "),
    "rate limit": ("exact", put("typed_per_filter_config", "envoy.filters.http.local_ratelimit",
                                value={"token_bucket": {"max_tokens": 25, "tokens_per_fill": 5, "fill_interval": "1s"}}),
                   "the rate limit: Envoy has 25 at once and 5 in 1s, the console makes none"),
    "list of addresses": ("exact", put("typed_per_filter_config", "envoy.filters.http.rbac", value={"rbac": {"rules": {"action": "DENY"}}}),
                          "the list of addresses, which only Envoy has"),
    "CORS policy": ("exact", put("route", "cors", value={"allow_methods": "GET"}), "the CORS policy, which only Envoy has"),
    "headers": ("hdr", put("request_headers_to_add", value=[{"header": {"key": "x-new", "value": SECRET}}]), "header "),
}
# what is not understood is neither the same nor different
ODD = {
    "the match": ("shop", put("match", "path_separated_prefix", value="/x"), "its match is not understood: 1"),
    "the action": ("shop", put("route", "cluster_header", value="x-to"), "its action is not understood: 1"),
    "a predicate": ("shop", put("match", "headers", value=[{"name": "x", "present_match": True}]), "its match is not understood: 1"),
}


def each_part(w):
    recorded = w.admin.dump
    for part, (route, what, words) in PARTS.items():
        w.admin.dump = copy.deepcopy(recorded)
        change(w.admin.dump, route, what)
        text, differ, envoy = w.check()
        held("another %s is said" % part, len(differ) == 1 and " route %s: is another one in Envoy, at shop.example.com: " % route in differ[0] and
             words in differ[0] and "the same: 12, different: 1" in envoy, (differ, envoy, text))
        held("no value of it is shown (%s)" % part, SECRET not in text, text)
    for part, (route, what, words) in ODD.items():
        w.admin.dump = copy.deepcopy(recorded)
        change(w.admin.dump, route, what)
        text, differ, envoy = w.check()
        held("%s that is not understood is not compared" % part, not differ and "different: 0, not compared: 1" in envoy and words in envoy, (differ, envoy))
    w.admin.dump = copy.deepcopy(recorded)
    change(w.admin.dump, "weighted", lambda r: r["route"]["weighted_clusters"]["clusters"].reverse())
    held("the order of weights says nothing", not w.check()[1])
    change(w.admin.dump, "weighted", lambda r: [c.update(weight=50) for c in r["route"]["weighted_clusters"]["clusters"]])
    text, differ, envoy = w.check()
    held("other weights are said", len(differ) == 1 and " 50% and " in differ[0], (differ, envoy))
    w.admin.dump = copy.deepcopy(recorded)
    for part in w.admin.dump["configs"]:
        for table in part.get("dynamic_route_configs", []):
            for host in table["route_config"].get("virtual_hosts", []):
                host["routes"] = [r for r in host["routes"] if r["name"] != "ghost"]
    text, differ, envoy = w.check()
    held("one that is not there is missing, not different", not differ and "Envoy has not 1 (the same: 12, different: 0, not compared: 0)" in envoy, envoy)


def main():
    if not os.path.exists(STACK):
        print("drift: the recordings are not here\n0 passed, 0 failed, 1 skipped")
        return 0
    the_recorded(sys.argv[1])
    the_annotations(sys.argv[1])
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
