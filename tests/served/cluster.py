#!/usr/bin/env python3
"""cluster.py - several replicas behind a real API server: real Envoys and a double of pilot as pods, and what is said of a
change that one of them does not serve. Skipped where the API server is not built (make kube).

usage: cluster.py [WORD]   the checks whose name holds the word. The last line is `N passed, N failed[, N skipped]`.
"""
import json
import os
import subprocess
import sys
import threading
import time

import pilot
import replicas
from replicas import envoy, house

sys.path.insert(0, os.path.join(house.ROOT, "tests/kube"))
import rig

SPACE = "higress-system"
PODS = "/api/v1/namespaces/%s/pods/" % SPACE
COMES = "higress-gateway-7c9-9"
GATEWAYS = ["higress-gateway-7c9-%d" % i for i in range(3)]


class OnCluster(replicas.Gateway):
    def __init__(self, executable, cluster):
        super().__init__(executable, 3, HIGRESS_OPS_VERIFY_SERVED="5")
        self.cluster, self.pilot = cluster, pilot.Pilot()
        self.pilot.say("/debug/syncz", [pilot.proxy(name) for name in GATEWAYS])
        for key in ("HIGRESS_OPS_URL", "HIGRESS_OPS_ENVOY_ADMINS"):
            del self.env[key]
        self.env.update(HIGRESS_OPS_KUBECONFIG=cluster.token_config("admin"), HIGRESS_OPS_KUBE_NAMESPACE=SPACE)
        cluster.pod(SPACE, "higress-console-1", {"app.kubernetes.io/name": "higress-console"}, ports={8080: self.port})
        cluster.pod(SPACE, "higress-controller-1", {"app": "higress-controller"},
                    ports={n: self.pilot.port(n) for n in (15014, 8888)})
        for name, replica in zip(GATEWAYS, self.replicas):
            cluster.pod(SPACE, name, {"app": "higress-gateway"}, ports={15000: replica.admin})

    def crash(self, name):
        self.cluster.pod_status(SPACE, name, {
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "main", "ready": False, "restartCount": 4, "image": "local", "imageID": "",
                                   "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]})

    def until_looked_at(self):
        """All that follow have the route, so that the one which lags is waited for."""
        while not all("pay" in r.routes() for r in (self.replicas[0], self.replicas[2])):
            time.sleep(0.05)

    def leave(self):
        for name in ("higress-console-1", "higress-controller-1", *GATEWAYS):
            self.cluster.ask("DELETE", PODS + name + "?gracePeriodSeconds=0")
        self.pilot.stop()
        super().leave()


def check_all_pods_serve_it(g):
    served, _, text = g.change(g.assistant(), "create", "route", "pay", g.route("pay"))
    assert served["says"].startswith("served by 3 of 3 replicas after "), served
    assert not any("15014" in path for path in g.pilot.asked), "the controller is asked for reasons only"


def check_each_that_does_not_is_named_with_its_reason(g):
    g.crash(GATEWAYS[0])
    g.replicas[1].how = g.replicas[2].how = "behind"
    g.pilot.say("/debug/syncz", [pilot.proxy(GATEWAYS[1], errors={"route": "unknown field cluster_fallback"})])
    served, _, text = g.change(g.assistant(), "create", "route", "pay", g.route("pay"))
    print("     " + served["says"])
    assert (served["replicas"], served["served"]) == (3, 0), served
    why = {n["replica"]: n["why"] for n in served["not"]}
    assert "it is not ready: " in why[GATEWAYS[0]] and "CrashLoopBackOff" in why[GATEWAYS[0]], why
    assert "by the controller it refused routes: unknown field cluster_fallback" in why[GATEWAYS[1]], why
    assert "no controller that was read has it connected" in why[GATEWAYS[2]], why
    assert all(name in text for name in GATEWAYS), text


def check_pods_that_come_and_go_count_as_they_are(g):
    """One that lags goes while it is looked at; another one comes, and counts."""
    g.replicas[1].how = "behind"

    def scale():
        g.until_looked_at()
        g.cluster.pod(SPACE, COMES, {"app": "higress-gateway"}, ports={15000: g.replicas[0].admin})
        g.cluster.ask("DELETE", PODS + GATEWAYS[1] + "?gracePeriodSeconds=0")

    scaling = threading.Thread(target=scale)
    scaling.start()
    try:
        served, data, text = g.change(g.assistant(), "create", "route", "pay", g.route("pay"))
        assert (served["replicas"], served["served"]) == (3, 3) and "not" not in served, served
        scaling.join()
        g.replicas[0].how = g.replicas[2].how = "behind"
        served, data, text = g.change(g.assistant(), "create", "route", "late", g.route("late"))
        assert {n["replica"] for n in served["not"]} == {GATEWAYS[0], GATEWAYS[2], COMES}, served
    finally:
        scaling.join()
        g.cluster.ask("DELETE", PODS + COMES + "?gracePeriodSeconds=0")
        g.cluster.pod(SPACE, GATEWAYS[1], {"app": "higress-gateway"}, ports={15000: g.replicas[1].admin})


def check_the_control_plane_is_reached_through_its_pod(g):
    g.pilot.say("/debug/syncz", [pilot.proxy(name, errors={"route": "unknown field x"} if name == GATEWAYS[2] else None)
                                 for name in GATEWAYS[1:]])
    answer = json.loads(g.run(["check", "--gateway", "--format", "json"])[1])
    text = json.dumps(answer)
    assert "REPLICA_REFUSED" in text and "unknown field x" in text and "%s.%s" % (GATEWAYS[2], SPACE) in text, text
    assert "REPLICA_NOT_CONNECTED" in text and GATEWAYS[0] in text, text
    code, out, err = g.run(["call", "diagnose", "{}"])
    assert "REPLICA_NOT_CONNECTED" in out and "REPLICA_REFUSED" in out, (out, err)


def main():
    executable = envoy.binary()
    built = subprocess.run([house.ROOT + "/tests/setup/kube.sh"], env=dict(os.environ, BUILD="0"), capture_output=True, text=True)
    if not executable or built.returncode:
        print("skipped: %s\n0 passed, 0 failed, 4 skipped" % ("no Envoy" if not executable else built.stderr.strip()[-200:]))
        return 0
    cluster = rig.Cluster()
    cluster.namespace(SPACE)
    failed = house.run_each(globals(), lambda check: OnCluster(executable, cluster), " ".join(sys.argv[1:]))
    cluster.stop()
    return failed


if __name__ == "__main__":
    sys.exit(main())
