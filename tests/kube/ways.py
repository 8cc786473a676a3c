"""ways.py - a page of a pod by each way there is: port forward, exec of pilot-agent, pods/proxy; who may not do the one is served by
the next, and the console's login comes out of its Secret where that is allowed.

    ways.py BUILD [WORDS of a case's title]
"""
import base64
import http.server
import json
import os
import socket
import sys
import threading
import time

import kube
from rig import TOP, Cluster

ONLY = " ".join(sys.argv[2:])
PASSWORD = "kube-pw-1"  # of the console that kube.Higress starts


class Admin(http.server.BaseHTTPRequestHandler):
    """Envoy's admin interface: says whether a socket or the agent asked."""
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = json.dumps({"path": self.path, "agent": self.headers["User-Agent"], "host": self.headers["Host"],
                           "authorization": self.headers["Authorization"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(address="127.0.0.1", port=0):
    s = http.server.ThreadingHTTPServer((address, port), Admin)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


def agent(c, port):
    """`pilot-agent request` as a program: argv is what the container would run. Other words end with 127."""
    path = c.write("agent", """#!/bin/sh
printf '%%s\\n' "$*" >>%s
[ "$1 $2 $3" = "pilot-agent request GET" ] && [ $# = 4 ] || { echo "unknown command $1" >&2; exit 127; }
case "$4" in
/broken*) echo "a part"; echo "error: the admin port is closed" >&2; exit 1;;
/endless*) yes 0123456789;;
/slow*) sleep 30;;
esac
curl -s "http://127.0.0.1:%d$4" || exit 1
echo
""" % (c.path("agent.ran"), port))
    os.chmod(path, 0o700)
    return path


def ran(c):
    try:
        with open(c.path("agent.ran")) as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def way(c, who, port, path, may_exec=1, pod="gw-0"):
    return kube.ask(c.token_config(who), "way", "shop", pod, str(port), path, str(may_exec))


def eventually(fn):
    """The authorizer hears of a new role a little later."""
    for _ in range(50):
        got = fn()
        if got[0] == 0:
            return got
        time.sleep(0.1)
    return got


# -- cases --------------------------------------------------------------------------------------------------------------------

def a_port_forward_comes_first(c):
    code, out, err = way(c, "admin", 15000, "/clusters?format=json")
    assert code == 0 and out.startswith("a port forward: 200"), (out, err)
    assert not ran(c), ran(c)


def exec_where_forwards_are_refused(c):
    c.role("shop", "ben", [(["get", "create"], ["pods/exec"])])
    code, out, err = eventually(lambda: way(c, "ben", 15000, "/clusters?format=json"))
    assert code == 0 and out.startswith("exec of pilot-agent: 200"), (out, err)
    answer = json.loads(out.split("\n", 1)[1])
    assert answer["path"] == "/clusters?format=json" and answer["agent"].startswith("curl"), answer
    assert ran(c)[-1] == "pilot-agent request GET /clusters?format=json", ran(c)


def exec_only_where_it_is_allowed(c):
    before = len(ran(c))
    code, out, err = way(c, "ben", 15000, "/stats", 0)
    assert code != 0 and "403" in err and "kubernetes.exec" in err and len(ran(c)) == before, err
    for port in (15020, 8080):
        code, out, err = way(c, "ben", port, "/stats")
        assert code != 0 and "exec of" not in err and len(ran(c)) == before, err


def a_command_is_no_text_of_others(c):
    before = len(ran(c))
    for path in ("/a;touch /tmp/x", "/a b", "/$(id)", "/`id`", "relative", "/a\nb", "/a'b", "/é"):
        code, out, err = way(c, "ben", 15000, path)
        assert code != 0 and len(ran(c)) == before, (path, out, err)


def a_command_that_fails(c):
    code, out, err = way(c, "ben", 15000, "/broken")
    for words in ("by a port forward:", "403", "by exec of pilot-agent:", "exit status 1", "the admin port is closed"):
        assert words in err, err
    assert code != 0 and "a part" not in out, out
    code, out, err = way(c, "ben", 15000, "/endless")
    assert code != 0 and "more than" in err, err


def a_page_that_answers_badly_is_not_asked_again(c):
    """What is behind the way is no reason for another one."""
    before = len(ran(c))
    c.pod("shop", "gw-dead", containers=("higress-gateway",), ports={15000: 1}, programs={"higress-gateway": c.path("agent")})
    code, out, err = way(c, "admin", 15000, "/stats", pod="gw-dead")
    assert code != 0 and "refused" in err and "exec" not in err and len(ran(c)) == before, err
    code, out, err = way(c, "admin", 15000, "/stats", pod="no-such-pod")
    assert code != 0 and "404" in err and "exec" not in err, err


def own_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
            return s.getsockname()[0]
        except OSError:
            return None


def the_proxy_is_last(c):
    """It reaches the pod's own address, which must not be loopback: this host's."""
    address = own_address()
    if not address:
        return "this host has loopback only"
    try:
        page = serve(address, 15020)
    except OSError as x:
        return "port 15020 is taken: %s" % x
    c.pod("shop", "gw-far", containers=("higress-gateway",))
    c.ask("PATCH", "/api/v1/namespaces/shop/pods/gw-far/status", {"status": {"podIP": address, "podIPs": [{"ip": address}]}},
          media="application/merge-patch+json")
    c.role("shop", "cid", [(["get"], ["pods/proxy"])])
    code, out, err = eventually(lambda: way(c, "cid", 15020, "/stats/prometheus", pod="gw-far"))
    page.shutdown()
    page.server_close()
    assert code == 0 and out.startswith("pods/proxy: 200"), (out, err)
    answer = json.loads(out.split("\n", 1)[1])
    assert answer["path"] == "/stats/prometheus" and answer["authorization"] is None, answer
    code, out, err = way(c, "cid", 15000, "/stats", pod="gw-far")
    assert code != 0 and "pods/proxy" not in err and "by exec of pilot-agent" in err, err
    code, out, err = way(c, "ann", 15020, "/stats/prometheus", pod="gw-far")
    assert code != 0 and "by a port forward" in err and "by pods/proxy" in err, err


def ops(c, who, settings, *argv, **env):
    """The command with a configuration of its own, without a password."""
    config = c.write("ways.yaml", "mode: read-only\nkubernetes: {kubeconfig: %s, namespace: higress-system%s}\n" % (c.token_config(who), settings))
    env = {k: v for k, v in dict(os.environ, HIGRESS_OPS_STATE=c.path("state-" + who), **env).items() if k != "HIGRESS_OPS_PASSWORD"}
    done = kube.subprocess.run([kube.OPS, argv[0], "--config", config, *argv[1:]], capture_output=True, text=True, timeout=120, env=env)
    kube.said.append(done.stdout + done.stderr)
    return done.returncode, done.stdout + done.stderr


def put_login(c, password, method="POST"):
    b64 = lambda s: base64.b64encode(s.encode()).decode()
    path = "/api/v1/namespaces/higress-system/secrets"
    body = {"metadata": {"name": "higress-console"}, "data": {"adminUsername": b64("admin"), "adminPassword": b64(password)}}
    c.ask(method, path if method == "POST" else path + "/higress-console", body)


def printed_role(out):
    return [(v.split(", "), r.split(", "), n) for r, n, v in kube.re.findall(
        r"resources: \[(.*?)\](?:, resourceNames: \[(.*?)\])?, verbs: \[(.*?)\]", out)]


def grant(c, who, rules):
    """As c.role, with names of objects."""
    group = "/apis/rbac.authorization.k8s.io/v1/namespaces/higress-system/"
    c.apply(group + "roles", {"metadata": {"name": who}, "rules": [
        dict({"apiGroups": [""], "verbs": v, "resources": r}, **({"resourceNames": [n]} if n else {})) for v, r, n in rules]})
    c.apply(group + "rolebindings", {"metadata": {"name": who}, "subjects": [
        {"kind": "User", "name": who, "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "Role", "name": who, "apiGroup": "rbac.authorization.k8s.io"}})


def the_login_comes_from_the_secret(c):
    h = kube.Higress(c)
    try:
        h.pods()
        put_login(c, PASSWORD)
        code, out = ops(c, "admin", "", "call", "list_routes")
        assert code != 0 and PASSWORD not in out, out
        code, out = ops(c, "admin", ", login_from_secret: true", "call", "list_routes")
        assert code == 0, out
        code, out = ops(c, "ann", ", login_from_secret: true, exec: true", "check")
        for words in ("missing right: get secrets (to log in at the console)", "missing right: get pods/exec", "resourceNames: [higress-console]",
                      "password read from its Secret"):
            assert words in out, out
        rules = printed_role(out.split("a Role that is enough:")[1])
        with open(os.path.join(TOP, "docs/kubernetes.md")) as f:
            documented = printed_role(f.read())
        assert all(rule in documented for rule in rules) and len(rules) == 4, (rules, documented)
        grant(c, "dan", rules)
        code, out = eventually(lambda: ops(c, "dan", ", login_from_secret: true, exec: true", "check"))
        assert code == 0 and "rights: all that is used" in out and "Envoy's pages: by a port forward" in out, out
        code, out = ops(c, "dan", ", login_from_secret: true", "call", "list_routes")
        assert code == 0, out
        put_login(c, "another-password-9", "PUT")
        code, out = ops(c, "dan", ", login_from_secret: true", "call", "list_routes")
        assert code != 0 and "401" in out and "another-password" not in out, out
        c.ask("PUT", "/api/v1/namespaces/higress-system/secrets/higress-console", {"metadata": {"name": "higress-console"}, "data": {}})
        code, out = ops(c, "dan", ", login_from_secret: true", "call", "list_routes")
        assert code != 0 and "no adminUsername" in out and "gateway.password" in out, out
    finally:
        h.stop()


CASES = [a_port_forward_comes_first, exec_where_forwards_are_refused, exec_only_where_it_is_allowed, a_command_is_no_text_of_others,
         a_command_that_fails, a_page_that_answers_badly_is_not_asked_again, the_proxy_is_last, the_login_comes_from_the_secret]


def main():
    c = Cluster(people=("ann", "ben", "cid", "dan"))
    c.namespace("shop")
    admin = serve()
    c.pod("shop", "gw-0", containers=("higress-gateway",), ports={15000: admin.server_port},
          programs={"higress-gateway": agent(c, admin.server_port)})
    passed = failed = skipped = 0
    for case in CASES:
        title = case.__name__.replace("_", " ")
        if ONLY not in title:
            continue
        try:
            why = case(c)
            passed, skipped = passed + (not why), skipped + bool(why)
            print("skip" if why else "ok  ", title, why or "")
        except Exception as x:  # each is a failure of this case alone
            failed += 1
            print("FAIL", title, "-", type(x).__name__, x)
    everything = "\n".join(kube.said)
    secrets = list(c.tokens.values()) + [PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), "another-password-9"]
    shown = [s for s in secrets if s in everything]
    passed, failed = passed + (not shown), failed + bool(shown)
    print("FAIL" if shown else "ok  ", "no credential was printed", shown)
    c.stop()
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
