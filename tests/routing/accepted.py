#!/usr/bin/env python3
"""accepted.py - does a real Envoy take whatever the console can make?

Puts every Ingress and, in turn, McpBridges that the console wrote in ../shared/recordings/console
into one data folder, renders it, and asks Envoy whether it refused an update: it would keep the old
configuration and say nothing to anybody. The last line is `N passed, N failed[, N skipped]`."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import envoy

STEP = 12  # every so many of the recorded states of the McpBridge


def recorded():
    """Distinct texts of the objects, by kind."""
    texts = {"ingresses": set(), "mcpbridges": set()}
    for path in glob.glob(envoy.ROOT + "/../shared/recordings/console/*.jsonl"):
        with open(path) as f:
            for line in f:
                for name, text in (json.loads(line).get("files") or {}).items():
                    kind = name.split("/")[0]
                    if text and kind in texts:
                        texts[kind].add(text)
    return sorted(texts["ingresses"]), sorted(texts["mcpbridges"])


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def refusals(executable, work, ingresses, bridge):
    """What Envoy says against the rendering; empty when it takes it."""
    for kind in ("ingresses", "mcpbridges"):
        os.makedirs("%s/data/%s" % (work, kind))
    for i, text in enumerate(ingresses):
        write("%s/data/ingresses/i%d.yaml" % (work, i), text)
    write(work + "/data/mcpbridges/default.yaml", bridge)
    port, admin = envoy.free_ports(2)
    subprocess.run([envoy.program(), "render", "--data", work + "/data", "--out", work + "/xds",
                    "--port", str(port), "--admin", str(admin)], check=True,
                   stdout=subprocess.DEVNULL)
    running = envoy.Envoy(executable, work + "/xds/envoy.json", admin, work + "/envoy.log")
    try:
        if not running.wait():
            return ["it does not start: " + open(work + "/envoy.log").read()[-600:]]
        stats = envoy.get(admin, "/stats?filter=update_(rejected|failure)%24") or "no statistics"
        return [line for line in stats.splitlines() if not line.endswith(": 0")]
    finally:
        running.stop()


def main():
    ingresses, bridges = recorded()
    executable = envoy.binary()
    if not ingresses or not executable:
        print("accepted: no recordings or no Envoy\n0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    for bridge in bridges[::STEP]:
        work = tempfile.mkdtemp(prefix="accepted-")
        wrong = refusals(executable, work, ingresses, bridge)
        shutil.rmtree(work, ignore_errors=True)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong:
            print("FAIL Envoy refuses what was rendered: %s" % wrong)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
