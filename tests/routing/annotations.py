#!/usr/bin/env python3
"""annotations.py - what becomes of an Ingress: the same as the real control plane made of it, or said.

Each of the Ingresses of ../shared/recordings/stack/annotations*.jsonl is taken twice. Rendered as it is, it must give the virtual
hosts that the real Envoy held. And read as a manifest, planned, applied to an embedded control plane and rendered, each of its
routes must match, rewrite, redirect, time out, retry, share, limit and let in as the recorded one does; where it does not, the
report of `migrate` must name the member. Values that Envoy refused must be refused. The last line is
`N passed, N failed[, N skipped]`.

usage: annotations.py [-v] [CASE ...]
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../kinds"))
sys.path.insert(0, os.path.join(HERE, "../e2e"))
import client as mcp
import envoy
import rendered

STACK = envoy.ROOT + "/../shared/recordings/stack"
SOURCES = [{"name": n, "type": "static", "domain": "127.0.0.%d:9000" % i, "port": 80, "protocol": "http"}
           for i, n in ((21, "a"), (22, "b"))]
BRIDGE = {"apiVersion": "networking.higress.io/v1", "kind": "McpBridge",
          "metadata": {"name": "default", "namespace": "higress-system"}, "spec": {"registries": SOURCES}}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "higress-system"},
           "spec": {"ports": [{"name": "http", "port": 8080}]}}
# Envoy of the recordings refused these for what only Higress' own build knows: nothing of the Ingress
STOCK = "stock Envoy lacks"
VERBOSE = False


def cases(name):
    with open("%s/%s.jsonl" % (STACK, name)) as f:
        for line in f:
            case = json.loads(line)
            case.setdefault("ingresses", [case.get("ingress")])
            yield case


# -- what is compared -------------------------------------------------------------------------

def drop(tree, key, *values):
    if isinstance(tree, dict) and tree.get(key) in values:
        tree.pop(key)


def settled(route):
    """A route without names, bookkeeping and members that say what is so anyway."""
    route = rendered.modern(json.loads(json.dumps(route)))
    action, to = route.get("route", {}), route.get("redirect", {})
    route.pop("name", None)
    drop(action, "timeout", "0s")
    retry = action.get("retry_policy", {})
    drop(retry, "per_try_timeout", "0s")
    drop(to, "response_code", "MOVED_PERMANENTLY")
    drop(to, "path_redirect", "")
    for side in ("request_headers_to_add", "response_headers_to_add"):
        for header in route.get(side, []):
            drop(header, "append_action", "APPEND_IF_EXISTS_OR_ADD")
        if side in route:
            route[side].sort(key=lambda h: h["header"]["key"])
    walk(route)
    return route


def walk(tree):
    """RE2 is the only engine, and a bucket's size is written where it is not 0."""
    if isinstance(tree, dict):
        tree.pop("google_re2", None)
        for value in tree.values():
            walk(value)
    elif isinstance(tree, list):
        for value in tree:
            walk(value)


def recorded(case):
    """Host -> routes of the plain HTTP listener; without the console's own landing page."""
    hosts = {}
    for name, host in case["virtual_hosts"].items():
        if name.startswith("http."):
            routes = [r for r in host["routes"] if r["name"] != "default"]
            hosts[host["domains"][0]] = [settled(r) for r in routes]
    return hosts


def render(data, folder):
    """Host -> routes, and what the renderer says that it left out."""
    got = subprocess.run([envoy.program(), "render", "--data", data, "--out", folder], check=True, capture_output=True, text=True)
    notes = [json.loads(line)["reason"] for line in got.stdout.splitlines() if "ingress/" in line]
    return {h["domains"][0]: h["routes"] for h in rendered.resource(folder, "rds")[0]["virtual_hosts"]}, notes


def differences(ours, theirs):
    found = []
    for host, routes in theirs.items():
        mine = [settled(r) for r in ours.get(host, [])]
        if len(mine) != len(routes):
            found.append("%s: %d routes, recorded %d" % (host, len(mine), len(routes)))
        found += ["%s: %s, recorded %s" % (host, json.dumps(a), json.dumps(b)) for a, b in zip(mine, routes) if a != b]
    return found


# -- as they are ------------------------------------------------------------------------------

def rendered_as_it_is(case):
    """The Ingress in a data folder, rendered: host -> routes, and notes."""
    folder = tempfile.mkdtemp(prefix="annotations-")
    try:
        for kind in ("ingresses", "mcpbridges", "services"):
            os.makedirs("%s/data/%s" % (folder, kind))
        write = lambda kind, o: json.dump(o, open("%s/data/%s/%s.yaml" % (folder, kind, o["metadata"]["name"]), "w"))
        write("mcpbridges", BRIDGE)
        write("services", SERVICE)
        for n, ingress in enumerate(case["ingresses"]):
            ingress = json.loads(json.dumps(ingress))
            ingress["spec"]["ingressClassName"] = "higress"  # the recorded controller took every class
            ingress["metadata"].get("annotations", {}).pop("kubernetes.io/ingress.class", None)
            ingress["metadata"]["creationTimestamp"] = "2026-11-29T00:00:%02dZ" % n
            write("ingresses", ingress)
        return render(folder + "/data", folder + "/out")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_it_is(case):
    """What differs from the recorded; a limit that releases take differently is noted instead."""
    ours, notes = rendered_as_it_is(case)
    return [] if any("out of range and not rendered" in n for n in notes) else differences(ours, recorded(case))


# -- through the plan -------------------------------------------------------------------------

def manifest(case):
    return json.dumps([SERVICE] + case["ingresses"])


def report(case):
    """Member -> status, of what migrate says of the Ingresses."""
    got = subprocess.run([envoy.program(), "migrate", "-", "--format", "json"], input=manifest(case),
                         capture_output=True, text=True, check=True)
    objects = [o for o in json.loads(got.stdout)["objects"] if o["object"].startswith("Ingress")]
    return {m.get("member", "it"): m["status"] for o in objects for m in o["members"]}


def planned(plane, case):
    """(None, warnings) when the plan was applied, else why there is none."""
    answer = plane.rpc("tools/call", {"name": "apply_manifest", "arguments": {"manifest": manifest(case)}})["result"]
    if answer.get("isError"):
        return answer["content"][0]["text"], []
    change = answer["structuredContent"]
    warnings = mcp.warnings_of(answer["content"][0]["text"])
    return None if change["state"] == "applied" else "the plan is " + change["state"], warnings


def hosts_of(case):
    return [rule.get("host", "*") for i in case["ingresses"] for rule in i["spec"].get("rules", [])]


def make_plane():
    import plane
    plane.BINARY = envoy.program()
    p = plane.Plane("auto")
    for source in SOURCES:
        p.rpc("tools/call", {"name": "apply_manifest", "arguments": {"manifest": [dict(source, kind="service-source")]}})
    return p


# -- of our own -------------------------------------------------------------------------------

H, N = "higress.io/", "nginx.ingress.kubernetes.io/"
# path, type, annotations: no recording, so what is planned must render as the Ingress itself does, or be named
OWN = [
    ("/a", "Exact", {N + "rewrite-target": "/b"}),
    ("/a", "Prefix", {N + "rewrite-target": "/"}),
    ("/a/", "Prefix", {H + "rewrite-path": "/b/"}),
    ("/", "Prefix", {H + "rewrite-path": "/b"}),
    ("/v1.0", "Exact", {H + "rewrite-target": "/b"}),
    ("/a/(.*)", "Prefix", {H + "full-path-regex": "true", N + "rewrite-target": "/$1"}),
    ("/a.*", "Exact", {N + "use-regex": "1"}),
    ("/a", "Prefix", {N + "use-regex": "yes"}),
    ("/a", "Prefix", {N + "use-regex": "yes", H + "use-regex": "true"}),
    ("/a", "Prefix", {H + "rewrite-path": "/b", N + "rewrite-target": "/c", N + "upstream-vhost": " in.io "}),
    ("/a", "Prefix", {N + "ignore-path-case": "true", N + "match-method": "GET"}),
    ("/a", "Prefix", {H + "match-method": "get GET fetch"}),
    ("/a", "Prefix", {H + "match-method": "GET,POST"}),
    ("/a", "Prefix", {H + "exact-match-header-x": "1", H + "regex-match-header-y": "2", H + "prefix-match-query-v": "3"}),
    ("/a", "Prefix", {N + "temporal-redirect": "https://x.io"}),
    ("/a", "Prefix", {N + "temporal-redirect": "https://x.io:8443/p?q=1", N + "ssl-redirect": "true"}),
    ("/a", "Prefix", {N + "permanent-redirect": "https://x.io/", N + "permanent-redirect-code": "307"}),
    ("/a", "Prefix", {N + "permanent-redirect": "nowhere"}),
    ("/a", "Prefix", {N + "app-root": "/home"}),
    ("/a", "Prefix", {N + "proxy-next-upstream": "http_404,bogus", N + "proxy-next-upstream-timeout": "-1"}),
    ("/a", "Prefix", {N + "proxy-next-upstream": "off", N + "proxy-next-upstream-tries": "4"}),
    ("/a", "Prefix", {N + "proxy-next-upstream": "bogus"}),
    ("/a", "Prefix", {N + "proxy-next-upstream-tries": "two"}),
    ("/a", "Prefix", {H + "timeout": "30", N + "timeout": "60"}),
    ("/a", "Prefix", {H + "route-limit-rpm": "6", H + "route-limit-rps": "5", H + "route-limit-burst-multiplier": "2"}),
    ("/a", "Prefix", {H + "enable-cors": "true", H + "cors-allow-origin": "https://a.io,*", H + "cors-allow-credentials": "0"}),
    ("/a", "Prefix", {N + "enable-cors": "true", N + "cors-allow-origin": "http://*.a.io, x*y"}),
    ("/a", "Prefix", {N + "cors-allow-methods": "GET"}),
    ("/a", "Prefix", {H + "request-header-control-add": "x-a 1\nx-a 2\n\nx-b", H + "response-header-control-update": "x-c 'd e'"}),
    ("/a", "Prefix", {H + "response-header-control-remove": "x-a, x-b,", "disabled.higress.io/request-header-control-add": "x-z 1"}),
    ("/a", "Prefix", {H + "enable-rewrite": "false", "disabled.higress.io/rewrite-path": "/z"}),
    ("/a", "Prefix", {N + "whitelist-source-range": "::1/128, 10.0.0.0/8,nonsense"}),
    ("/a", "Prefix", {N + "upstream-hash-by": "$request_uri"}),
    ("/a", "Prefix", {N + "upstream-hash-by": "$host$request_uri"}),
    ("/a", "Prefix", {N + "affinity": "cookie", N + "session-cookie-max-age": "60"}),
    ("/a", "Prefix", {H + "mirror-target-fqdn": "b.static", H + "mirror-percentage": "20"}),
    ("/a", "Prefix", {H + "destination": "10% a.static:80\n20% b.static:80\n0% a.static:80"}),
    ("/a", "Prefix", {N + "canary": "true", N + "canary-weight": "20"}),
    ("/.*", None, {}),
    ("", None, {}),
]


def own(n):
    path, kind, annotations = OWN[n]
    annotations.setdefault(H + "destination", "a.static:80")
    where = {"path": path, "backend": {"resource": {"apiGroup": "networking.higress.io", "kind": "McpBridge", "name": "default"}}}
    if kind:
        where["pathType"] = kind
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
               "metadata": {"name": "own-%d" % n, "namespace": "higress-system", "annotations": annotations},
               "spec": {"rules": [{"host": "own-%d.example.com" % n, "http": {"paths": [where]}}]}}
    return {"case": "own-%d %s" % (n, json.dumps(OWN[n])), "ingresses": [ingress], "error": [], "rejected": False}


def judge_own(t, case, ours, refused):
    host = hosts_of(case)[0]
    theirs, _ = rendered_as_it_is(case)
    case["virtual_hosts"] = {"http. " + host: {"domains": [host], "routes": theirs.get(host, [])}}
    judge_plan(t, case, ours, refused)


# -- all --------------------------------------------------------------------------------------

class Tally:
    passed = failed = equal = named = 0

    def check(self, wrong, what):
        if wrong:
            self.failed += 1
            print("FAIL %s: %s" % (what, wrong if isinstance(wrong, str) else wrong[0]), flush=True)
        else:
            self.passed += 1


def judge_plan(t, case, ours, refused):
    """Equal, or each difference is one of a member that the report names."""
    name = "%s, planned" % case["case"]
    wrong = refused or differences({h: ours.get(h, []) for h in hosts_of(case)},
                                   {h: r for h, r in recorded(case).items() if h in hosts_of(case)})
    if not wrong:
        t.equal += 1
        t.passed += 1
        return
    says = {m: s for m, s in report(case).items() if s != "works" and "io/" in m}
    if VERBOSE:
        print("%s: %s; the report: %s" % (name, wrong if refused else wrong[0], says))
    named = says or (refused and "services[0].name" in refused)
    if named:
        t.named += 1
    t.check(None if named else wrong, name)


def judge_refused(t, case, refused, warnings):
    """What Envoy refused must not be planned; what only a stock Envoy refuses is warned of."""
    why = " ".join(case["error"])
    if not case["rejected"] or STOCK in why:
        return False
    named = refused and ("refused" in report(case).values() or "regular expression of RE2" in refused)
    warned = "max program size" in why and any("instructions" in w for w in warnings)
    t.check(None if named or warned else "Envoy refused it (%s), and it was planned" % why, case["case"] + ", refused")
    return True


def run(t, all_cases):
    plane = make_plane()
    try:
        said = {c["case"]: planned(plane, c) for c in all_cases}
        ours, _ = render(plane.dir + "/data", plane.dir + "/rendered")
    finally:
        plane.end()
    for case in all_cases:
        if "virtual_hosts" not in case:
            judge_own(t, case, ours, said[case["case"]][0])
            continue
        refused, warnings = said[case["case"]]
        if judge_refused(t, case, refused, warnings):
            continue
        stock = STOCK in " ".join(case["error"])
        if not stock:
            t.check(as_it_is(case), case["case"] + ", as it is")
            judge_plan(t, case, ours, refused)
        else:
            t.check(refused, case["case"] + ", kept")


def main():
    global VERBOSE
    args = [a for a in sys.argv[1:] if a != "-v"]
    VERBOSE = "-v" in sys.argv
    if not os.path.exists(STACK + "/annotations.jsonl"):
        print("annotations: the recordings are not here\n0 passed, 0 failed, 1 skipped")
        return 0
    os.chdir(envoy.ROOT)
    t = Tally()
    all_cases = [c for f in ("annotations", "annotations-more") for c in cases(f) if not args or c["case"] in args]
    run(t, all_cases + [c for c in map(own, range(len(OWN))) if not args or c["case"].split()[0] in args])
    print("%d Ingresses planned are equal, of %d the report names the member" % (t.equal, t.named))
    print("%d passed, %d failed" % (t.passed, t.failed))
    return t.failed > 0


if __name__ == "__main__":
    sys.exit(main())
