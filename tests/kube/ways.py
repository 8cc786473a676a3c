"""ways.py - a page of a pod by each way there is: port forward, exec of pilot-agent, pods/proxy; who may not do the one is served by
the next, and the console's login comes out of its Secret where that is allowed.

    ways.py BUILD [WORDS of a case's title]
"""
import base64
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import kube
from rig import TOP, Cluster

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
    c.pod_status("shop", "gw-far", {"podIP": address, "podIPs": [{"ip": address}]})
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


def ops(c, who, settings, *argv):
    """The command with a configuration of its own, without a password."""
    config = c.write("ways.yaml", "mode: read-only\nkubernetes: {kubeconfig: %s, namespace: higress-system%s}\n" % (c.token_config(who), settings))
    return kube.ops(c, who, *argv, config=config, password=None)


def put_login(c, password, method="POST"):
    b64 = lambda s: base64.b64encode(s.encode()).decode()
    path = "/api/v1/namespaces/higress-system/secrets"
    body = {"metadata": {"name": "higress-console"}, "data": {"adminUsername": b64("admin"), "adminPassword": b64(password)}}
    c.ask(method, path if method == "POST" else path + "/higress-console", body)


def printed_role(out):
    return [(v.split(", "), r.split(", "), n) for r, n, v in re.findall(
        r"resources: \[(.*?)\](?:, resourceNames: \[(.*?)\])?, verbs: \[(.*?)\]", out)]


def the_higress(c):
    """One for all cases: a namespace never ends on the rig."""
    if not hasattr(c, "higress"):
        c.higress = kube.Higress(c)
        c.higress.pods()
    return c.higress


def a_server_hears_of_pods(c):
    """One that stays lists the pods of a workload twice at most, and knows of another pod without asking."""
    sys.path.insert(0, os.path.join(TOP, "tests/e2e"))
    import client as mcp
    h = the_higress(c)
    pods = "/api/v1/namespaces/higress-system/pods"
    config = c.write("stay.yaml", "mode: read-only\nkubernetes: {kubeconfig: %s, namespace: higress-system}\n" % c.token_config("admin"))
    client = mcp.StdioClient([kube.OPS, "stdio", "--config", config, "--trace", "fetch"], dict(
        os.environ, HIGRESS_OPS_STATE=c.path("stay"), HIGRESS_OPS_PASSWORD=PASSWORD), "2025-11-25")
    client.open()
    probe = lambda: json.dumps(client.call("probe", {"kind": "domain", "name": "stay.example"}))
    # Through the gateway: its pod is named in each answer.
    c_http = http.client.HTTPConnection("127.0.0.1", h.port, timeout=10)
    c_http.request("POST", "/v1/domains", json.dumps({"name": "stay.example", "enableHttps": "off"}), {
        "Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(("admin:" + PASSWORD).encode()).decode()})
    assert c_http.getresponse().status in (200, 201)
    assert all("higress-gateway-1" in probe() for _ in range(5)), probe()
    c.ask("DELETE", pods + "/higress-gateway-1?gracePeriodSeconds=0")
    c.pod("higress-system", "higress-gateway-2", {"app": "higress-gateway"}, ports={15000: h.admin.server_port, 80: h.admin.server_port})
    for _ in range(100):
        if "higress-gateway-2" in probe():
            break
        time.sleep(0.05)
    text = probe()
    assert "higress-gateway-2" in text and "higress-gateway-1" not in text, text
    code = client.close()
    heard = "".join(client.errors)
    assert code == 0, heard[-2000:]
    kube.said.append(heard)
    lists = [line for line in heard.splitlines() if "/pods?labelSelector=app%3Dhigress-gateway" in line and "watch=1" not in line]
    assert 1 <= len(lists) <= 3, lists


def the_login_comes_from_the_secret(c):
    the_higress(c)
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
    assert sorted(rules) == sorted(documented), (rules, documented)
    c.role("higress-system", "dan", rules)
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


def an_answer_says_which_way_it_came(c):
    the_higress(c)
    c.pod("higress-system", "far-1", {"app": "far-gateway"}, containers=("higress-gateway",), programs={"higress-gateway": c.path("agent")})
    c.role("higress-system", "ben", [(["list"], ["pods"]), (["get", "create"], ["pods/exec"])])
    far, look = ", gateway: app=far-gateway, exec: true", ("call", "--json", "inspect_proxy", '{"what": "clusters"}')
    for who, wanted in (("ben", "exec of pilot-agent"), ("admin", None)):
        code, out = eventually(lambda: ops(c, who, far, *look))
        if wanted:
            assert code == 0 and json.loads(out)["replicas"][0]["by"] == wanted, out
            code, out = ops(c, who, far, "call", *look[2:])
            assert code == 0 and "\nread by %s\n" % wanted in out, out
        else:
            assert code != 0 and "exec" not in out, out  # its port forward is not refused: the port is


def each_workload_can_be_named(c):
    the_higress(c)
    c.pod("higress-system", "own-controller-1", {"app": "own-controller"})
    for setting, word in (("console", "console pods"), ("gateway", "gateway pods"), ("controller", "controller: ")):
        code, out = ops(c, "admin", ", %s: app=own-controller" % setting, "check")
        line = next(line for line in out.splitlines() if line.startswith(word))
        assert "own-controller-1" in line, out
    code, out = ops(c, "admin", ", controller: app=nobody", "call", "tail_logs", '{"what": "controller"}')
    assert code != 0 and "no pod app=nobody" in out and "kubernetes.controller" in out, out


# -- watches ------------------------------------------------------------------------------------------------------------------

MAPS = "/api/v1/namespaces/shop/configmaps"


class Watching:
    """`ask watch` beside the test: what it says, line by line."""

    def __init__(self, config, path=MAPS, milliseconds=60000):
        self.process = subprocess.Popen([kube.ASK, config, "watch", path, str(milliseconds)], stdout=subprocess.PIPE, text=True)

    def until(self, line):
        """The names, as they stand when they are these; the number of lists until then."""
        for said in self.process.stdout:
            kube.said.append(said)
            names, _, lists = said.strip().rpartition(" (lists ")
            if names == line:
                return int(lists[:-1])
        raise AssertionError("it never was %r" % line)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def make(c, name):
    c.ask("POST", MAPS, {"metadata": {"name": name}, "data": {"k": "v"}})


def a_watch_follows_a_real_cluster(c):
    make(c, "one")
    w = Watching(c.token_config("admin"))
    try:
        assert w.until("one") == 1
        make(c, "two")
        w.until("one two")
        c.ask("PATCH", MAPS + "/two", {"metadata": {"labels": {"a": "b"}}}, media="application/merge-patch+json")
        c.ask("DELETE", MAPS + "/one")
        assert w.until("two") == 1
    finally:
        w.stop()
    w = Watching(c.token_config("ann"))  # who may not list knows nothing
    try:
        assert w.process.stdout.readline().startswith("?")
    finally:
        w.stop()


class Streams(http.server.BaseHTTPRequestHandler):
    """An API server by a script: for each stream, the lines it says and how it ends."""
    protocol_version = "HTTP/1.1"
    script, asked, lists = [], [], []

    def log_message(self, *_):
        pass

    def do_GET(self):
        q = urllib.parse.parse_qs(self.path.partition("?")[2])
        if "watch" not in q:
            names, version = Streams.lists.pop(0) if len(Streams.lists) > 1 else Streams.lists[0]
            self.whole(200, {"kind": "ConfigMapList", "metadata": {"resourceVersion": version}, "items": [
                {"metadata": {"name": n, "namespace": "shop", "resourceVersion": version}} for n in names]})
            return
        Streams.asked.append((q["resourceVersion"][0], q.get("allowWatchBookmarks"), q["timeoutSeconds"][0]))
        step = Streams.script.pop(0) if Streams.script else None
        if step == 410:
            self.whole(410, {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in step or []:
            text = (line if isinstance(line, str) else json.dumps(line)) + "\n"
            for part in (text[:7], text[7:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part.encode()), part.encode()))
                self.wfile.flush()
        if step is None:
            time.sleep(30)
        self.wfile.write(b"0\r\n\r\n")

    def whole(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def event(kind, name, version):
    return {"type": kind, "object": {"metadata": {"name": name, "namespace": "shop", "resourceVersion": version}}}


class Quiet(http.server.ThreadingHTTPServer):
    """Who is watched is often left in the middle."""
    daemon_threads = True

    def handle_error(self, *_):
        pass


def scripted(c, lists, script):
    Streams.lists, Streams.script, Streams.asked = list(lists), list(script), []
    server = Quiet(("127.0.0.1", 0), Streams)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, Watching(c.token_config("admin", server="http://127.0.0.1:%d" % server.server_port))


def a_stream_goes_on_where_it_ended(c):
    server, w = scripted(c, [(["a"], "10")], [[event("ADDED", "b", "11"), {"type": "BOOKMARK", "object": {"metadata": {
        "resourceVersion": "40"}}}], [event("DELETED", "a", "41")], [event("MODIFIED", "b", "42"), event("ADDED", "c", "43")]])
    try:
        assert w.until("b c") == 1
    finally:
        w.stop()
        server.shutdown()
    assert [v for v, _, _ in Streams.asked[:3]] == ["10", "40", "41"], Streams.asked
    assert Streams.asked[0][1:] == (["true"], "120"), Streams.asked


def what_the_cluster_no_longer_has_is_listed(c):
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (48)"}}
    for first in (410, [event("ADDED", "b", "11"), gone]):
        server, w = scripted(c, [(["a"], "10"), (["x", "y"], "90")], [first, [event("ADDED", "z", "91")]])
        try:
            assert w.until("x y z") == 2
        finally:
            w.stop()
            server.shutdown()
        assert [v for v, _, _ in Streams.asked[:2]] == ["10", "90"], Streams.asked


def a_stream_that_says_nothing_is_not_believed(c):
    """Something between swallows events: what is new comes by lists, and nothing is known while the next try waits."""
    server, w = scripted(c, [(["a"], "10"), (["a", "b"], "20")], [[]] * 500)
    try:
        assert w.until("a b") == 2
        assert w.until("?") == 2
    finally:
        w.stop()
        server.shutdown()


def a_hostile_stream_is_bounded(c):
    """It is asked again with growing pauses, and what is not known is said to be so."""
    for bad in ([410] * 500, [[]] * 500, [["no JSON"]] * 500, [["x" * (5 << 20)]] * 50):
        server, w = scripted(c, [(["a"], "10")], bad)
        try:
            time.sleep(1.5)
            assert w.process.poll() is None and len(Streams.asked) <= 4, (bad[0], len(Streams.asked))
        finally:
            w.stop()
            server.shutdown()


CASES = [a_watch_follows_a_real_cluster, a_stream_goes_on_where_it_ended, what_the_cluster_no_longer_has_is_listed, a_stream_that_says_nothing_is_not_believed,
         a_hostile_stream_is_bounded, a_port_forward_comes_first, exec_where_forwards_are_refused, exec_only_where_it_is_allowed, a_command_is_no_text_of_others,
         a_command_that_fails, a_page_that_answers_badly_is_not_asked_again, the_proxy_is_last, a_server_hears_of_pods, the_login_comes_from_the_secret,
         an_answer_says_which_way_it_came, each_workload_can_be_named]


def main():
    c = Cluster(people=("ann", "ben", "cid", "dan"))
    c.namespace("shop")
    admin = serve()
    c.pod("shop", "gw-0", containers=("higress-gateway",), ports={15000: admin.server_port},
          programs={"higress-gateway": agent(c, admin.server_port)})
    failed = kube.run_cases(CASES, c, [*c.tokens.values(), PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), "another-password-9"])
    if hasattr(c, "higress"):
        c.higress.stop()
    c.stop()
    return failed


if __name__ == "__main__":
    sys.exit(main())
