"""part_replicas.py - inspect_proxy compares what three real Envoys of 1,000 clusters each run by: a whole command, and its peak of
memory; through the port forwards of a real API server, too, where `make kube` has built one."""
import json
import os
import statistics
import subprocess
import sys
import time

from bench import BINARY, BUILD, TOP, Broken, measure, own_environment, row

sys.path.insert(0, os.path.join(TOP, "tests", "kube"))
import envoys
from rig import Cluster

CLUSTERS, REPLICAS, ROUNDS = 1000, 3, 7


def start_envoys():
    """Alike but for one cluster of the last."""
    many = [envoys.cluster(envoys.name_of("shop-%d.static" % i), [1 + i % 9]) for i in range(CLUSTERS)]
    other = many[:-1] + [dict(many[-1], connect_timeout="9s")]
    routes = envoys.table([envoys.route("shop", "/shop", many[0]["name"])])
    return [envoys.Envoy(other if i == REPLICAS - 1 else many, routes) for i in range(REPLICAS)]


def run(what, **env):
    """(seconds, KiB at most, seconds of our CPU: the rest is Envoy, which writes its pages)"""
    measured = subprocess.run(
        [sys.executable, "-c", "import os, resource, subprocess, sys, time\nbegin = time.perf_counter()\n"
         "out = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True).stdout\n"
         "took, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)\n"
         "print(took, used.ru_maxrss, used.ru_utime + used.ru_stime)\nprint(out)",
         BINARY, "call", "inspect_proxy", json.dumps({"what": what})], env=own_environment(**env), capture_output=True, text=True, check=True)
    figures, out = measured.stdout.split("\n", 1)
    if "the same in all that were read: %d; 1 of 1 differences" % (CLUSTERS - 1) not in out and what == "clusters":
        raise Broken(out[:300])
    seconds, most, cpu = figures.split()
    return float(seconds), int(most), float(cpu)


@measure
def compare(where, what, env):
    figures = [run(what, **env) for _ in range(ROUNDS)]
    row("inspect_proxy %s, %d x %d, %s" % (what, REPLICAS, CLUSTERS, where), "%.0f ms" % (statistics.median(f[0] for f in figures) * 1e3),
        "target <= 300; %.1f MB at most (target <= 24), our CPU %.0f ms"
        % (max(f[1] for f in figures) / 1024, statistics.median(f[2] for f in figures) * 1e3))


@measure
def by_port_forwards(list_of):
    if not os.path.exists(os.path.join(TOP, "build", "kube", "apiserver")):
        raise Broken("make kube has not built an API server")
    c = Cluster()
    try:
        c.namespace("higress-system")
        for i, e in enumerate(list_of):
            c.pod("higress-system", "gateway-%d" % i, {"app": "higress-gateway"}, ports={15000: e.admin})
        kubeconfig = c.token_config("admin")
        for what in ("clusters", "endpoints"):
            compare("by port forwards", what, {"HIGRESS_OPS_KUBECONFIG": kubeconfig, "HIGRESS_OPS_KUBE_NAMESPACE": "higress-system"})
    finally:
        c.stop()


print("== replicas")
os.makedirs(BUILD, exist_ok=True)
started = start_envoys()
for one in ("clusters", "endpoints"):
    compare("by URLs", one, {"HIGRESS_OPS_ENVOY_ADMINS": ",".join("http://127.0.0.1:%d" % e.admin for e in started)})
by_port_forwards(started)
for e in started:
    e.stop()
