"""part_kube.py - 200 probes of 20 ms side by side; and on the rig (tests/kube, a real kube-apiserver) the first answer of a cold start
through a port forward, beside kubectl's where there is one."""
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench import BINARY, BUILD, TOP, Broken, Server, call_line, free_port, measure, row, start_console, stdio
from part_http import AUTHORIZATION

sys.path.insert(0, os.path.join(TOP, "tests/kube"))
ROUNDS = 9


def make(port, path, body):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request("POST", path, json.dumps(body), {"Authorization": AUTHORIZATION, "Content-Type": "application/json"})
    r = c.getresponse()
    if r.status not in (200, 201):
        raise Broken("%s: %d %s" % (path, r.status, r.read()[:200]))


@measure
def probes():
    late = os.path.join(BUILD, "late")
    subprocess.run(["gcc", "-O2", os.path.join(TOP, "tests/bench/late.c"), "-o", late], check=True)
    port = free_port()
    Server([late, str(port), "20"], port).wait()
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        console = start_console(folder)
        for n in (1, 200):
            where = ",".join("127.0.%d.%d:%d" % (1 + i // 200, 1 + i % 200, port) for i in range(n))
            make(console.port, "/v1/service-sources", {"name": "s%d" % n, "type": "static", "port": 80, "protocol": "http",
                                                       "domain": where})
            line = call_line("probe", json.dumps({"kind": "service", "name": "s%d.static" % n, "by": "http"}))
            took = stdio(["calls", ROUNDS, line], [BINARY, "stdio"], **console.env)
            row("%d probe%s of 20 ms" % (n, "s" if n > 1 else ""), "%.1f ms" % (took["p50"] / 1e3), "target <= 50 ms for 200")


def timed(argv, env):
    begin = time.perf_counter()
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)
    took = (time.perf_counter() - begin) * 1e3
    if done.returncode:
        raise Broken("%s: %s" % (argv[0], (done.stdout + done.stderr)[-300:]))
    return took, done.stdout


def forwarded(kubectl, config, env):
    """The way of kubectl: a port forward started, a page asked through it."""
    begin = time.perf_counter()
    p = subprocess.Popen([kubectl, "--kubeconfig", config, "-n", "higress-system", "port-forward", "pod/higress-gateway-1", ":15000"],
                         env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = p.stdout.readline()
        if "Forwarding from" not in line:
            raise Broken("kubectl: " + p.stderr.read()[-300:])
        port = int(line.split(" -> ")[0].rsplit(":", 1)[1])
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        c.request("GET", "/ready")
        c.getresponse().read()
        return (time.perf_counter() - begin) * 1e3
    finally:
        p.kill()
        p.wait()


@measure
def cold_start():
    ready = subprocess.run(["tests/setup/kube.sh"], cwd=TOP, env=dict(os.environ, BUILD="0"), capture_output=True, text=True)
    if ready.returncode:
        raise Broken("no kube-apiserver: " + ready.stderr[-200:])
    subprocess.run(["tests/setup/build.sh", "build/gcc/kube_ask"], cwd=TOP, check=True)
    sys.argv = [sys.argv[0], os.path.join(TOP, "build/gcc")]
    import kube
    from rig import Cluster
    c = Cluster(people=("dan",))
    h = kube.Higress(c)
    try:
        h.pods()
        c.role("higress-system", "dan", kube.documented_role())
        config = c.write("ops.yaml", "mode: read-only\nkubernetes: {kubeconfig: %s, namespace: higress-system}\n" % c.token_config("dan"))
        env = dict(os.environ, HIGRESS_OPS_STATE=c.path("state"), HIGRESS_OPS_PASSWORD="kube-pw-1", HIGRESS_OPS_LOG="off")
        call = lambda: timed([BINARY, "call", "--config", config, "list_routes"], env)[0]
        time.sleep(1)  # the authorizer hears of the role
        call()
        row("first answer, cold, by port forward", "%.0f ms" % statistics.median(call() for _ in range(ROUNDS)), "target <= 150 ms")
        idle = int(timed([os.path.join(TOP, "build/gcc/kube_ask"), c.token_config("admin"), "idle",
                          "/api/v1/namespaces/higress-system/pods", "50"], env)[1])
        row("an idle watch", "%.0f KB" % (idle / 1024), "target <= 100 KB")
        kubectl = shutil.which("kubectl")
        if not kubectl:
            row("kubectl port-forward, then a page", "not here")
            return
        took = statistics.median(forwarded(kubectl, c.token_config("admin"), env) for _ in range(3))
        row("kubectl port-forward, then a page", "%.0f ms" % took)
    finally:
        h.stop()
        c.stop()


print("== kube")
probes()
cold_start()
