"""kube.py - a real API server is reached in every way that a kubeconfig can say, and refuses in words.

    kube.py BUILD [WORDS of a case's title]
"""
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from rig import TOP, Cluster, free_port

ASK, OPS = os.path.join(sys.argv[1], "kube_ask"), os.path.join(sys.argv[1], "higress-ops")
ONLY = " ".join(sys.argv[2:])
said = []  # all that was ever printed: no credential may be in it


def ask(config, *argv, env=None):
    done = subprocess.run([ASK, config, *argv], capture_output=True, text=True, timeout=120, env=dict(os.environ, **(env or {})))
    said.append(done.stdout + done.stderr)
    return done.returncode, done.stdout, done.stderr.strip()


def reaches(config, **more):
    code, out, err = ask(config, "get", "/api/v1/namespaces/shop", **more)
    assert code == 0 and json.loads(out)["metadata"]["name"] == "shop", err
    return json.loads(out)


def refuses(config, *words, path="/api/v1/namespaces/shop", **more):
    code, out, err = ask(config, "get", path, **more)
    assert code != 0, "it was answered: " + out[:200]
    for word in words:
        assert word in err, "%r is not in %r" % (word, err)
    return err


def plugin(cluster, name, body):
    """A credential plugin that counts its runs, as a program."""
    path = cluster.write(name, "#!/bin/sh\necho run >>%s.runs\n%s\n" % (cluster.path(name), body))
    os.chmod(path, 0o700)
    return path


def runs(path):
    with open(path + ".runs") as f:
        return len(f.readlines())


def credential(version="v1", **status):
    return json.dumps({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/" + version, "status": status})


def exec_user(command, version="v1", **more):
    return {"exec": dict({"apiVersion": "client.authentication.k8s.io/" + version, "command": command, "interactiveMode": "Never"},
                         **more)}


# -- cases --------------------------------------------------------------------------------------------------------------------

def tokens(c):
    reaches(c.token_config("admin"))
    refuses(c.kubeconfig("wrong", {"token": "not-the-right-token"}), "401", "Unauthorized", "is not good there", "wrong.kubeconfig")
    with open(c.path("t"), "w") as f:
        f.write(" %s\n" % c.tokens["admin"])
    reaches(c.kubeconfig("file", {"tokenFile": "t"}))
    reaches(c.kubeconfig("both", {"tokenFile": "t", "token": "an-old-token-of-mine"}))
    refuses(c.kubeconfig("lost", {"tokenFile": "no-such-file"}), "no token of the cluster", "no-such-file")
    reaches(c.kubeconfig("fallen", {"tokenFile": "no-such-file", "token": c.tokens["admin"]}))


def certificates(c):
    reaches(c.kubeconfig("files", {"client-certificate": "cert-admin.crt", "client-key": "cert-admin.key"}))
    data = {}
    for member, name in (("client-certificate-data", "cert-admin.crt"), ("client-key-data", "cert-admin.key")):
        with open(c.path(name), "rb") as f:
            data[member] = __import__("base64").b64encode(f.read()).decode()
    reaches(c.kubeconfig("data", data))
    reaches(c.token_config("admin", cluster={"certificate-authority-data": None, "certificate-authority": "ca.crt"}))
    refuses(c.token_config("admin", cluster={"certificate-authority-data": None}), "certificate", "127.0.0.1")


def names_and_proxies(c):
    reaches(c.token_config("admin", cluster={"tls-server-name": "kubernetes"}))
    refuses(c.token_config("admin", cluster={"tls-server-name": "elsewhere"}), "certificate")
    seen = []
    proxy = socket.create_server(("127.0.0.1", 0))

    def carry(a, b):
        try:
            while True:
                piece = a.recv(65536)
                if not piece:
                    break
                b.sendall(piece)
        except OSError:
            pass
        b.close()

    def serve():
        while True:
            one, _ = proxy.accept()
            head = b""
            while b"\r\n\r\n" not in head:
                head += one.recv(65536)
            seen.append(head.split(b"\r\n")[0].decode())
            other = socket.create_connection(("127.0.0.1", c.port))
            one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=carry, args=(one, other), daemon=True).start()
            threading.Thread(target=carry, args=(other, one), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    via = "http://127.0.0.1:%d" % proxy.getsockname()[1]
    reaches(c.token_config("admin", cluster={"proxy-url": via}))
    assert seen == ["CONNECT 127.0.0.1:%d HTTP/1.1" % c.port], seen
    reaches(c.token_config("admin", cluster={"proxy-url": via, "tls-server-name": "kubernetes"}))


def plugins(c):
    good = plugin(c, "login", "printf '%s' '" + credential(token=c.tokens["admin"]) + "'")
    reaches(c.kubeconfig("exec", exec_user(good)))
    reaches(c.kubeconfig("exec", exec_user("./login")))
    reaches(c.kubeconfig("exec", exec_user("login")), env={"PATH": c.folder + ":" + os.environ["PATH"]})
    old = plugin(c, "old", "printf '%s' '" + credential("v1beta1", token=c.tokens["admin"]) + "'")
    reaches(c.kubeconfig("exec", exec_user(old, "v1beta1")))
    refuses(c.kubeconfig("exec", exec_user(old)), "another apiVersion")
    told = plugin(c, "told", 'printf %s "$KUBERNETES_EXEC_INFO" >' + c.path("told.json") + "\nprintf '%s' '" +
                  credential(token=c.tokens["admin"]) + "'")
    reaches(c.kubeconfig("exec", exec_user(told, provideClusterInfo=True)))
    with open(c.path("told.json")) as f:
        spec = json.load(f)["spec"]
    assert spec["interactive"] is False and spec["cluster"]["server"].endswith(str(c.port)), spec
    pair = {}
    for member, name in (("clientCertificateData", "cert-admin.crt"), ("clientKeyData", "cert-admin.key")):
        with open(c.path(name)) as f:
            pair[member] = f.read()
    c.write("pair.json", credential(**pair))
    reaches(c.kubeconfig("exec", exec_user(plugin(c, "pair", "cat " + c.path("pair.json")))))


def plugins_that_fail(c):
    refuses(c.kubeconfig("exec", exec_user("kubelogin", installHint="get it from the wiki")), "'kubelogin' is not in PATH (",
            os.environ["PATH"], "get it from the wiki")
    refuses(c.kubeconfig("exec", exec_user("/no/such/plugin")), "'/no/such/plugin' is not there", "install it")
    refuses(c.kubeconfig("exec", exec_user(plugin(c, "angry", "echo the browser was closed >&2; exit 4"))), "status 4",
            "the browser was closed")
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
    err = refuses(c.kubeconfig("exec", exec_user(plugin(c, "chatty", "echo got %s and then failed >&2; exit 1" % jwt))), "and then failed")
    assert jwt.split(".")[2] not in err, err  # without it the rest proves nothing
    refuses(c.kubeconfig("exec", exec_user(plugin(c, "mute", "true"))), "what the credential plugin", "is no ExecCredential")
    refuses(c.kubeconfig("exec", exec_user(plugin(c, "empty", "echo '%s'" % credential()))), "neither a token nor a certificate")
    refuses(c.kubeconfig("exec", exec_user("login", interactiveMode="Always")), "wants a terminal")


def a_401_asks_again(c):
    flip = plugin(c, "flip", "if [ $(wc -l <%s) = 1 ]; then t=a-token-that-has-ended; else t=%s; fi\n"
                  "printf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":"
                  "{\"token\":\"%%s\"}}' $t" % (c.path("flip.runs"), c.tokens["admin"]))
    reaches(c.kubeconfig("exec", exec_user(flip)))
    assert runs(flip) == 2, runs(flip)
    never = plugin(c, "never", "printf '%s' '" + credential(token="a-token-of-nobody-here") + "'")
    refuses(c.kubeconfig("exec", exec_user(never)), "401")
    assert runs(never) == 2, runs(never)


def impersonation(c):
    as_ann = {"token": c.tokens["admin"], "as": "ann", "as-groups": ["g"], "as-user-extra": {"scopes/a": ["b"]}}
    refuses(c.kubeconfig("as", as_ann), 'User "ann" cannot get resource')
    code, out, err = ask(c.kubeconfig("as", dict(as_ann, **{"as-groups": ["system:masters"]})), "get", "/api/v1/namespaces/shop")
    assert code == 0, err


def refusals(c):
    err = refuses(c.token_config("ann"), "403", 'User "ann" cannot get resource "namespaces"', "docs/kubernetes.md")
    assert len(err) < 600, err
    refuses(c.token_config("admin"), "404", 'namespaces "nowhere" not found', path="/api/v1/namespaces/nowhere")
    refuses(c.token_config("admin"), "404", path="/apis/no.such.group/v1/things")
    refuses(c.token_config("admin", server="https://127.0.0.1:1"), "refused")
    refuses(c.token_config("admin", server="http://127.0.0.1:%d" % c.port), "400")


def lists(c):
    for i in range(1203):
        c.ask("POST", "/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "m%04d" % i}, "data": {"k": "v" * 100}})
    config = c.token_config("admin")
    code, out, err = ask(config, "list", "/api/v1/namespaces/shop/configmaps", "5000")
    assert code == 0 and out.split() == ["m%04d" % i for i in range(1203)], (err, len(out.split()))
    code, out, err = ask(config, "list", "/api/v1/namespaces/shop/configmaps", "700")
    assert out.split()[-1] == "truncated" and len(out.split()) == 701, err
    code, out, err = ask(config, "list", "/api/v1/namespaces/shop/configmaps?fieldSelector=metadata.name=m0007", "10")
    assert out.split() == ["m0007"], err
    code, out, err = ask(config, "list", "/api/v1/namespaces/shop/configmaps?fieldSelector=data=1", "10")
    assert code != 0 and "400" in err and "is not a known field selector" in err, err


class Hostile(http.server.BaseHTTPRequestHandler):
    """An API server that never comes to an end, and names pods as it likes."""
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    asked = 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        Hostile.asked += 1
        bad = {"metadata": {"name": "x\x1b[2J\nrights: all that is used"}, "status": {"phase": "\x1b[31mRunning"}}
        answer = {"kind": "List", "items": [bad] if "pods" in self.path else [],
                  "metadata": [] if "pods" in self.path else {"continue": "on"}}
        self.say(200, answer)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.say(403, {"kind": "Status", "message": "\x1b]0;no\x07 <b>no</b>\nmissing"})

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def a_hostile_server(c):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = c.token_config("admin", server="http://127.0.0.1:%d" % server.server_port)
    code, out, err = ask(config, "list", "/api/v1/namespaces/shop/configmaps", "10")
    assert code != 0 and "does not end" in err and Hostile.asked < 100, (Hostile.asked, err)
    for argv in (("list_routes",), ("gateway_overview",)):
        code, out = ops(c, "admin", "call", *argv, kubeconfig=config)
        assert code != 0 and "no pod of higress-console is ready" in out, out
        assert "\x1b" not in out and "\nrights" not in out, repr(out)
    code, out = ops(c, "admin", "check", kubeconfig=config)
    assert code != 0 and "403" in out and "\x1b" not in out and "\nmissing" not in out, repr(out)
    server.shutdown()


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def log_message(self, *_):
        pass

    def do_GET(self):
        n = int(self.path.rsplit("/", 1)[1])
        body = (b"%07d\n" % n) * (n // 8) if n else b""
        self.send_response(200 if n else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def ports_of_pods(c):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    c.pod("shop", "gw-0", ports={15000: server.server_port, 15001: 1})
    config = c.token_config("admin")
    for n in (0, 8, 65536, 6000000):
        code, out, err = ask(config, "pod", "shop", "gw-0", "15000", "/page/%d" % n)
        assert code == 0, err
        status, _, body = out.partition("\n")
        assert status == ("200" if n else "503") and len(body) == n // 8 * 8, (status, len(body))
    for port, words in (("15002", ["port 15002 of pod shop/gw-0"]), ("15001", ["port 15001 of pod shop/gw-0", "refused"])):
        code, out, err = ask(config, "pod", "shop", "gw-0", port, "/page/8")
        assert code != 0 and all(w in err for w in words), err
    code, out, err = ask(config, "pod", "shop", "gw-9", "15000", "/page/8")
    assert code != 0 and "404" in err and 'pods "gw-9" not found' in err, err
    server.shutdown()


def rights_for_ports(c):
    """From Kubernetes 1.35 on a WebSocket needs both verbs."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    c.pod("shop", "gw-1", ports={15000: server.server_port})
    c.role("shop", "ben", [(["get"], ["pods/portforward"])])
    c.role("shop", "cid", [(["get", "create"], ["pods/portforward"])])
    for who, may in (("ann", False), ("ben", False), ("cid", True)):
        for _ in range(50):  # the authorizer hears of a new role a little later
            code, out, err = ask(c.token_config(who), "pod", "shop", "gw-1", "15000", "/page/8")
            if (code == 0) == may:
                break
            time.sleep(0.1)
        assert (code == 0) == may, (who, out, err)
        assert may or ("403" in err and "docs/kubernetes.md" in err), err
    server.shutdown()


# -- a Higress on it -----------------------------------------------------------------------------------------------------------

class Higress:
    """The pods of a chart: a console that is a local process, and an Envoy admin page."""

    def __init__(self, c):
        self.c, self.port, self.data = c, free_port(), c.path("data")
        self.process = subprocess.Popen([OPS, "console", "--data", self.data, "--listen", "127.0.0.1:%d" % self.port],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        body = json.dumps({"adminUser": {"name": "admin", "displayName": "a", "password": "kube-pw-1"}, "configs": {}}).encode()
        for _ in range(200):
            try:
                urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:%d/system/init" % self.port, body,
                                                              {"Content-Type": "application/json"}), timeout=10)
                break
            except OSError:
                time.sleep(0.05)

        class Admin(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                text = json.dumps({"version": "1.2.3/pod", "state": "LIVE"}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text)

        self.admin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Admin)
        threading.Thread(target=self.admin.serve_forever, daemon=True).start()

    def pods(self):
        self.c.namespace("higress-system")
        self.c.pod("higress-system", "higress-console-1", {"app.kubernetes.io/name": "higress-console"}, ports={8080: self.port})
        self.c.pod("higress-system", "higress-gateway-1", {"app": "higress-gateway"}, ports={15000: self.admin.server_port})
        self.c.pod("higress-system", "higress-controller-1", {"app": "higress-controller"})

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.admin.shutdown()


def ops(c, who, *argv, kubeconfig=None, mode="auto", config=None, password="kube-pw-1", **env):
    config = config or c.write("ops.yaml", "mode: %s\nkubernetes: {kubeconfig: %s, namespace: higress-system}\n"
                     % (mode, kubeconfig or c.token_config(who)))
    env = dict(os.environ, HIGRESS_OPS_STATE=c.path("state-" + who), HIGRESS_OPS_PASSWORD=password, **env)
    done = subprocess.run([OPS, argv[0], "--config", config, *argv[1:]], capture_output=True, text=True, timeout=120,
                          env={k: v for k, v in env.items() if v is not None})
    said.append(done.stdout + done.stderr)
    return done.returncode, done.stdout + done.stderr


def documented_role():
    with open(os.path.join(TOP, "docs/kubernetes.md")) as f:
        text = f.read().split("kind: Role\n")[1].split("```")[0]
    return [(v.split(", "), r.split(", ")) for r, v in re.findall(r"resources: \[(.*?)\], verbs: \[(.*?)\]", text)]


def the_documented_role_is_enough(c):
    h = Higress(c)
    try:
        for words in (["there is no pod app.kubernetes.io/name=higress-console in namespace higress-system", "kubernetes.console"],):
            code, out = ops(c, "admin", "call", "list_routes")
            assert code != 0 and all(w in out for w in words), out
        h.pods()
        code, out = ops(c, "ann", "check")
        assert code == 1 and "missing right: list pods" in out and "missing right: create pods/portforward" in out, out
        printed = out.split("a Role that is enough:\n")[1]
        with open(os.path.join(TOP, "docs/kubernetes.md")) as f:
            assert printed.split("state: ")[0].strip() in f.read(), printed
        c.role("higress-system", "dan", documented_role())
        for _ in range(50):
            code, out = ops(c, "dan", "check")
            if code == 0:
                break
            time.sleep(0.1)
        assert code == 0, out
        for words in ("who: dan", "console pods: higress-console-1", "gateway pods: higress-gateway-1", "rights: all that is used"):
            assert words in out, out
        code, out = ops(c, "dan", "call", "list_routes")
        assert code == 0, out
        with open(os.path.join(TOP, "docs/kubernetes.md")) as f:
            text = re.search(r"```yaml\n(.*?)```", f.read(), re.S).group(1)
        for a, b in (("/home/me/.kube/config", c.token_config("dan")), ("context: prod", "context: rig"),
                     ("/run/secrets/console-password", c.write("console-password", "kube-pw-1"))):
            assert a in text, text
            text = text.replace(a, b)
        code, out = ops(c, "dan", "call", "list_routes", config=c.write("page.yaml", text))
        assert code == 0, out
        code, out = ops(c, "dan", "call", "change_resource", json.dumps({
            "kind": "domain", "action": "create", "object": {"name": "pay.example.com", "enableHttps": "off"}}))
        written = os.path.join(h.data, "configmaps", "domain-pay.example.com.yaml")
        assert os.path.exists(written), out
        code, out = ops(c, "dan", "call", "gateway_overview")
        assert "Envoy LIVE" in out, out
    finally:
        h.stop()


CASES = [tokens, certificates, names_and_proxies, plugins, plugins_that_fail, a_401_asks_again, impersonation, refusals, lists,
         a_hostile_server, ports_of_pods, rights_for_ports, the_documented_role_is_enough]


def run_cases(cases, fixture, secrets):
    """Each case whose title holds the words, by itself; one that gives words was skipped, for that reason. Then: no secret was
    printed. Prints all that and the sums; gives the exit code."""
    passed = failed = skipped = 0
    for case in cases:
        title = case.__name__.replace("_", " ")
        if ONLY not in title:
            continue
        try:
            why = case(fixture)
            passed, skipped = passed + (not why), skipped + bool(why)
            print("skip" if why else "ok  ", title, why or "")
        except Exception as x:  # each is a failure of this case alone
            failed += 1
            print("FAIL", title, "-", type(x).__name__, x)
    everything = "\n".join(said)
    shown = [s for s in secrets if s in everything]
    passed, failed = passed + (not shown), failed + bool(shown)
    print("FAIL" if shown else "ok  ", "no credential was printed", shown)
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return failed != 0


def main():
    c = Cluster(people=("ann", "ben", "cid", "dan"))
    c.namespace("shop")
    with open(c.path("cert-admin.key")) as f:
        key = f.read().split("\n")[1:4]
    failed = run_cases(CASES, c, [*c.tokens.values(), *key, "not-the-right-token", "a-token-of-nobody-here"])
    c.stop()
    return failed


if __name__ == "__main__":
    sys.exit(main())
