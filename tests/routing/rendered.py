#!/usr/bin/env python3
"""rendered.py - is what `render` writes what Higress' pilot gave the recorded Envoy?

Renders ../shared/recordings/stack/mixed/data and compares every route, member by member, and the
names of the clusters with the recorded /config_dump. What pilot adds for its own bookkeeping
(metadata, decorator) and the older spelling of two fields are taken out on its side first. The last
line is `N passed, N failed[, N skipped]`."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import envoy

MIXED = envoy.ROOT + "/../shared/recordings/stack/mixed"
CORS = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"
# not from the data folder: pilot's own, and one that an EnvoyFilter adds
NOT_RENDERED = {"BlackHoleCluster",
                "outbound|8889||higress-controller.higress-system.svc.cluster.local"}


def recorded():
    """Route configuration of the HTTP port, names of the clusters."""
    with open(MIXED + "/envoy-config_dump.json") as f:
        dump = json.load(f)["configs"]
    routes = [r["route_config"] for part in dump for r in part.get("dynamic_route_configs", [])]
    clusters = {c["cluster"]["name"] for part in dump
                for c in part.get("dynamic_active_clusters", [])}
    return next(r for r in routes if r["name"] == "http.18080"), clusters


def modern(route):
    """The recorded route without bookkeeping, in today's spelling."""
    for key in ("metadata", "decorator"):
        route.pop(key, None)
    action = route.get("route", {})
    action.pop("max_grpc_timeout", None)
    action.get("weighted_clusters", {}).pop("total_weight", None)
    route["match"].setdefault("case_sensitive", True)
    if "safe_regex" in route["match"]:
        route["match"].pop("case_sensitive")  # Envoy does not look at it there
    retry = action.get("retry_policy", {})
    if "host_selection_retry_max_attempts" in retry:
        retry["host_selection_retry_max_attempts"] = int(
            retry["host_selection_retry_max_attempts"])
    for header in retry.get("retriable_request_headers", []):
        header["string_match"]["safe_regex"].pop("google_re2", None)
    if "cors" in action:
        cors = action.pop("cors")
        cors.pop("filter_enabled", None)
        filters = route.setdefault("typed_per_filter_config", {})
        filters["envoy.filters.http.cors"] = dict(cors, **{"@type": CORS})
    for config in route.get("typed_per_filter_config", {}).values():
        for header in config.get("response_headers_to_add", []):
            header.pop("append", None)
    return route


def resource(folder, name):
    with open("%s/%s.json" % (folder, name)) as f:
        return json.load(f)["resources"]


def compare(folder):
    """Names of checks that do not hold, and how many there were."""
    real, clusters = recorded()
    ours = {h["domains"][0]: h["routes"] for h in resource(folder, "rds")[0]["virtual_hosts"]}
    theirs = {h["domains"][0]: [modern(r) for r in h["routes"]] for h in real["virtual_hosts"]}
    checks = [("virtual hosts", sorted(ours), sorted(theirs)),
              ("clusters", {c["name"] for c in resource(folder, "cds")},
               clusters - NOT_RENDERED)]
    for host, routes in theirs.items():
        mine = ours.get(host, [])
        checks.append(("number of routes of " + host, len(mine), len(routes)))
        checks += [("%s of %s" % (b["name"], host), a, b) for a, b in zip(mine, routes)]
    return [c for c in checks if c[1] != c[2]], len(checks)


def main():
    if not os.path.exists(MIXED):
        print("rendered: the recordings are not here\n0 passed, 0 failed, 1 skipped")
        return 0
    folder = tempfile.mkdtemp(prefix="rendered-")
    try:
        subprocess.run([envoy.program(), "render", "--data", MIXED + "/data", "--out", folder,
                        "--port", "18080"], check=True, stdout=subprocess.DEVNULL)
        wrong, count = compare(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for what, ours, theirs in wrong:
        print("FAIL %s: rendered %s, recorded %s" % (what, ours, theirs))
    print("%d passed, %d failed" % (count - len(wrong), len(wrong)))
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
