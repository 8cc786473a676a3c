#!/usr/bin/env python3
"""cases.py - what operators brought: each Kubernetes input of ../shared/cases/operators, planned, and what its README says is right.

A proxy before the embedded console adds what a cluster has and the console alone has not: the service `web` with port 8080 in the
list of services. Each row is a test by the name of its file; an input that is not there is skipped. Then the commands of
docs/migrate.md, run as they stand there. The last line is `N passed, N failed[, N skipped]`."""
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../.."))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(HERE, "../kinds"))
import plane

plane.BINARY = BINARY = os.environ.get("HIGRESS_OPS", os.path.join(ROOT, "build/gcc/higress-ops"))
CASES = "../shared/cases/operators/"
NGINX = "nginx.ingress.kubernetes.io/"
SERVICES = [{"name": "web.shop.svc.cluster.local", "namespace": "shop", "port": 8080, "endpoints": [], "protocol": "HTTP"}]


class Cluster(BaseHTTPRequestHandler):
    """The console, with the services of a cluster in its list."""
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    console = 0

    def forward(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        c = http.client.HTTPConnection("127.0.0.1", self.console, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")}
        c.request(self.command, self.path, body or None, headers)
        got = c.getresponse()
        answer = got.read()
        if self.path.split("?")[0] == "/v1/services" and self.command == "GET":
            page = json.loads(answer)
            page["data"] += SERVICES
            page["total"] = len(page["data"])
            answer = json.dumps(page).encode()
        self.send_response(got.status)
        for name, value in got.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        c.close()

    do_GET = do_POST = do_PUT = do_DELETE = forward

    def log_message(self, *_):
        pass


class Test:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.plane = plane.Plane("dry-run")
        Cluster.console = self.plane.port
        self.cluster = ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
        threading.Thread(target=self.cluster.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.cluster.server_address[1]
        self.plane.tools.terminate()
        self.plane.tools.wait(10)
        self.env = dict(os.environ, HIGRESS_OPS_PASSWORD="admin", HIGRESS_OPS_STATE=self.plane.dir + "/state2")
        self.base = open(CASES + "base.yaml").read() if os.path.exists(CASES + "base.yaml") else ""

    def end(self):
        self.cluster.shutdown()
        self.plane.tools = subprocess.Popen(["true"])
        self.plane.end()

    def check(self, name, wrong):
        if wrong:
            self.failed += 1
            print("FAIL %s: %s" % (name, wrong), flush=True)
        else:
            self.passed += 1

    def call(self, text):
        """The plan of a manifest after the base, or its mistake."""
        got = subprocess.run([BINARY, "call", "apply_manifest", json.dumps({"manifest": self.base + "\n---\n" + text}), "--json",
                              "--gateway-url", self.url, "--mode", "dry-run"], capture_output=True, text=True, env=self.env)
        if got.returncode != 0:
            return got.stdout + got.stderr
        whole = subprocess.run([BINARY, "changes", json.loads(got.stdout)["id"], "--gateway-url", self.url], capture_output=True,
                               text=True, env=self.env)
        return got.stderr + "\n".join(json.loads(got.stdout).get("warnings", [])) + "\n" + whole.stdout

    def migrate(self, text, *args):
        got = subprocess.run([BINARY, "migrate", "-", *args], input=text, capture_output=True, text=True, env=self.env)
        return got.returncode, got.stdout, got.stderr


def statuses(t, text):
    report = json.loads(t.migrate(text, "--format", "json")[1])
    return {m.get("member", "it"): m["status"] for o in report["objects"] for m in o["members"]}


def missing(text, *wanted):
    """What of wanted is not in the text, blanks aside."""
    flat = re.sub(r"\s+", "", text)
    lost = [w for w in wanted if re.sub(r"\s+", "", w) not in flat]
    return "%s is not in %s" % (lost, text[:3000]) if lost else None


# -- the rows ---------------------------------------------------------------------------------

def rewrite_target_with_group(t, text):
    return missing(t.call(text), '"matchType":"REGULAR","matchValue":"/shopping/man-api/(.*)"', '"path":"/$1"')


def nginx_annotations(t, text):
    says = statuses(t, text)
    wanted = {"use-regex": "works", "rewrite-target": "works", "proxy-body-size": "ignored", "proxy-read-timeout": "ignored",
              "configuration-snippet": "refused", "auth-url": "refused", "limit-rps": "needs plugin", "enable-cors": "works",
              "cors-allow-origin": "works", "cors-allow-methods": "works"}
    wrong = {k: says.get(NGINX + k) for k, v in wanted.items() if says.get(NGINX + k) != v}
    if wrong or says.get("kubernetes.io/ingress.class") != "translated" or "cert-manager.io/cluster-issuer" not in says:
        return "%s of %s" % (wrong, says)
    refused = missing(t.call(text), NGINX + "auth-url", NGINX + "configuration-snippet", "ext-auth")
    if refused:
        return refused
    kept = re.sub(r"(?m)^    nginx\S+(auth-url: .*|configuration-snippet: \|\n.*)\n", "", text)
    plan = t.call(kept)
    if "ingress.class\":" in re.sub(r"\s", "", plan) or "portName" in plan:
        return "the class or the name of a port is written: " + plan
    return missing(plan, '"name":"web.shop.svc.cluster.local","weight":100,"port":8080', '"GET","PUT","POST"',
                   '"https://a.example","https://b.example"', NGINX + "proxy-body-size is ignored", '"path":"/$2"')


def nginx_annotations_retry(t, text):
    kept = re.sub(r"(?m)^    nginx\S+(auth-url: .*|configuration-snippet: \|\n.*)\n", "", text)
    return nginx_annotations(t, text) or missing(t.call(kept), '"conditions":["error","timeout","http_502"]') or \
        missing(t.call(kept.replace("error timeout http_502", "off")), '"attempts":0')


def a_named_port_is_looked_up_or_refused(t, text):
    kept = re.sub(r"(?m)^    nginx\S+(auth-url: .*|configuration-snippet: \|\n.*)\n", "", text)
    return missing(t.call(kept.replace("service: {name: web,", "service: {name: ghost,")), "services[0].port",
                   "no service ghost.shop.svc.cluster.local")


def default_backend(t, text):
    plan = t.call(text)
    return missing(plan, 'name: "with-default-default"', 'name: "with-default-default-hosts"', "spec.defaultBackend is translated")


def ssl_redirect_no_tls(t, text):
    return missing(t.call(text), "nothing in this manifest serves HTTPS", '"higress.io/force-ssl-redirect":"true"')


def ingress_v1beta1(t, text):
    return missing(t.call(text), '"matchType":"PRE","matchValue":"/old"', '"name":"web.shop.svc.cluster.local","port":8080')


def several_paths(t, text):
    return missing(t.call(text), 'name: "multi-a"', 'name: "multi-b"', "it is the route multi-a", "it is the route multi-b",
                   '"matchType":"EQUAL","matchValue":"/b"')


def canary_pair(t, text):
    says = statuses(t, text)
    lost = says.get(NGINX + "canary-by-header-pattern") != "works" or says.get(NGINX + "canary-weight") != "ignored"  # by header, nothing reads the weight: said
    plan = missing(t.call(text), '"%scanary":"true"' % NGINX, '"%scanary-weight":"20"' % NGINX, '"%scanary-by-header":"Referer"' % NGINX,
                   'name: "api-canary"')
    return plan or (lost and "the report says %s" % says)


def own_plugin(t, text):
    return missing(t.call(text), 'imageRepository:"oci://registry.example/team/geo-header"', 'imageVersion:"1.2.0"',
                   'phase:"AUTHN"', 'priority:310', "spec.failStrategy is ignored")


def builtin_own_image(t, text):
    return missing(t.call(text), '-> "oci://registry.example/mirror/key-rate-limit"', '-> "1.0.3"',
                   '-> 999', "spec.failStrategy is ignored", "a plugin of the console's own")


def registries_all_fields(t, text):
    lost = ["ec2: " + f for f in ("nacosNamespace", "nacosRefreshInterval", "nacosAccessKey", "nacosSecretKey", "authSecretName",
                                  "metadata")] + ["con: consulNamespace"]
    legal = text.replace("connectTimeout: 1000", "connectTimeout: 1000, listenerPort: 8001")
    return missing(t.call(text), *[f + " is ignored" for f in lost]) or missing(t.call(legal), "listenerPort is ignored: legal")


ROWS = {"rewrite-target-with-group": rewrite_target_with_group, "nginx-annotations": nginx_annotations,
        "nginx-annotations-retry": nginx_annotations_retry, "default-backend": default_backend,
        "ssl-redirect-no-tls": ssl_redirect_no_tls, "ingress-v1beta1": ingress_v1beta1, "several-paths": several_paths,
        "canary-pair": canary_pair, "own-plugin": own_plugin, "builtin-own-image": builtin_own_image,
        "registries-all-fields": registries_all_fields}


def rows(t):
    for name, judge in list(ROWS.items()) + [("nginx-annotations", a_named_port_is_looked_up_or_refused)]:
        path = CASES + name + ".yaml"
        if os.path.exists(path):
            t.check(name, judge(t, open(path).read()))
        else:
            t.skipped += 1


# -- the page ---------------------------------------------------------------------------------

def page(t):
    """Every command of docs/migrate.md does what the page says, with its own example."""
    text = open("docs/migrate.md").read()
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.S)
    folder = tempfile.mkdtemp(prefix="migrate-", dir=t.plane.dir)
    with open(folder + "/shop.yaml", "w") as f:
        f.write(next(body for kind, body in blocks if kind == "yaml"))
    os.makedirs(folder + "/bin")
    os.symlink(BINARY, folder + "/bin/higress-ops")
    env = dict(t.env, PATH=folder + "/bin:" + os.environ["PATH"], HIGRESS_OPS_URL=t.url)
    wanted = ("web-web", "web-api", "needs plugin", "ignored", "translated")
    for command in "".join(body for kind, body in blocks if kind == "sh").splitlines():
        got = subprocess.run(command, shell=True, cwd=folder, env=env, capture_output=True, text=True)
        plan = "Nothing is written: higress-ops approve c-" if "--plan" in command else ""
        t.check("docs/migrate.md: " + command, got.returncode != (4 if "--plan" in command else 0) and got.stderr or missing(got.stdout + got.stderr, plan, *wanted))
    folders = subprocess.run(["higress-ops", "migrate", folder], env=env, capture_output=True, text=True)
    t.check("a folder is read", missing(folders.stdout, "Ingress shop/web", *wanted))
    refused = open(folder + "/shop.yaml").read().replace('limit-rps: "5"', 'auth-url: "http://x"')
    code, _, said = t.migrate(refused, "--plan", "--gateway-url", t.url)
    t.check("a refused member makes no plan", code != 5 and "exit code %d: %s" % (code, said) or missing(said, "--without-refused"))


def main():
    if not os.path.exists(plane.SHARED):
        print("cases: the recordings are not here\n0 passed, 0 failed, 1 skipped")
        return 0
    t = Test()
    try:
        rows(t)
        page(t)
    finally:
        t.end()
    print("%d passed, %d failed%s" % (t.passed, t.failed, ", %d skipped" % t.skipped if t.skipped else ""))
    return t.failed > 0


if __name__ == "__main__":
    sys.exit(main())
