#!/usr/bin/env python3
"""lossless.py - for every kind, "read, patch one field, apply, read" changes exactly that field: of each object that the
recorded exchanges made, right before it is deleted or at the end, and of nothing else. Prints N passed, N failed."""
import json
import os
import subprocess
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.dirname(__file__))
from plane import SHARED, Plane, exchanges  # noqa: E402
from refusals import FILES, split  # noqa: E402

LISTS = {"route": "/v1/routes", "domain": "/v1/domains", "service-source": "/v1/service-sources",
         "proxy-server": "/v1/proxy-servers", "ai-provider": "/v1/ai/providers", "ai-route": "/v1/ai/routes",
         "wasm-plugin": "/v1/wasm-plugins", "consumer": "/v1/consumers", "tls-certificate": "/v1/tls-certificates",
         "mcp-server": "/v1/mcpServer"}
KEYS = {"plugin-instance": "pluginName"}
# What a write moves by itself.
MADE = {"version", "readonly", "pluginVersion", "rawConfigurations", "validityStart", "validityEnd", "uid", "builtIn"}
PROVIDER = {"id", "type", "protocol", "apiTokens", "failover", "retryOnFailure"}
PREDICATE = [{"key": "x-lossless", "matchType": "EQUAL", "matchValue": "1"}]


def patches(kind, o):
    """Merge patches, each of one field."""
    if kind == "route":
        return [{"methods": ["GET", "PUT"]}, {"customConfigs": {"higress.io/timeout": "17"}},
                {"headers": [dict(PREDICATE[0])]}, {"rewrite": {"enabled": True, "path": "/lossless"}},
                {"path": dict(o["path"] or {}, matchValue=((o["path"] or {}).get("matchValue") or "/") + "x")},
                {"customLabels": {"lossless": "yes"}}]
    if kind == "domain":
        if o.get("certIdentifier"):
            return [{"enableHttps": "on" if o["enableHttps"] == "force" else "force"}]
        return [{"certIdentifier": "default"}]
    if kind == "service-source":
        return [{"protocol": "https" if o.get("protocol") != "https" else "http"}, {"sni": "sni.example.com"},
                {"vport": {"defaultValue": 8099}}]
    if kind == "proxy-server":
        return [{"serverPort": 3999}, {"connectTimeout": 77}]
    if kind == "ai-provider":
        # Of claude the console sets a default version with the first setting.
        setting = {"claudeVersion": "2023-01-01"} if o["type"] == "claude" else {"losslessSetting": "kept"}
        return [{"tokens": ["sk-lossless-0123456789"]}, {"rawConfigs": setting},
                {"tokenFailoverConfig": {"enabled": True, "failureThreshold": 9}}]
    if kind == "ai-route":
        return [{"customConfigs": {"higress.io/timeout": "17"}}, {"headerPredicates": [dict(PREDICATE[0])]},
                {"modelPredicates": [{"matchType": "PRE", "matchValue": "lossless"}]}]
    if kind == "wasm-plugin":
        return [{"priority": 7}] if o["builtIn"] else [{"priority": 7}, {"description": "lossless"}]
    if kind == "plugin-instance":
        return [{"enabled": not o["enabled"]}]
    if kind == "consumer":
        return [{"credentials": [dict(o["credentials"][0], values=[f"lossless-{o['name']}"])]}]
    if kind == "mcp-server":
        return [{"description": "lossless"}, {"services": [dict(o["services"][0], port=81)]}]
    if kind == "dashboard":
        return [{"url": "https://grafana.example.com/d/lossless"}]
    return []


def merge(o, patch):
    if not isinstance(patch, dict):
        return patch
    out = dict(o) if isinstance(o, dict) else {}
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = merge(out.get(name), value)
    return out


def plain(o, kind=None):
    """Without what is made, nulls and empties: they say the same to the console."""
    if isinstance(o, dict):
        out = {k: plain(v) for k, v in o.items() if k not in MADE}
        if kind == "ai-provider" and isinstance(out.get("rawConfigs"), dict):
            out["rawConfigs"] = {k: v for k, v in out["rawConfigs"].items() if k not in PROVIDER}
        return {k: v for k, v in out.items() if v not in (None, {}, [])}
    return [plain(v) for v in o] if isinstance(o, list) else o


def path_of(kind, name, scope):
    if kind == "plugin-instance":
        head = "/v1/global" if scope == "global" else f"/v1/{scope.split(':', 1)[0]}s/{quote(scope.split(':', 1)[1], safe='')}"
        return f"{head}/plugin-instances/{quote(name, safe='')}"
    return f"{LISTS[kind]}/{quote(name, safe='')}"


def everything(plane, but):
    """All objects that lists show, except one; lists of what follows from others are left out."""
    out = {}
    for kind, path in LISTS.items():
        for o in plane.get(path) or []:
            internal = (o.get("name") or "").endswith(".internal")
            if (kind, o.get("name")) != but and not internal:
                out[kind, o.get("name")] = plain(o, kind)
    return out


class Count:
    passed = failed = refused = objects = 0
    kinds = {}
    tried = set()


def read(plane, kind, name, scope):
    """As a client must: of a built-in plugin only the list shows what was changed."""
    o = plane.get(path_of(kind, name, scope))
    if kind == "wasm-plugin" and o and o["builtIn"]:
        return next(p for p in plane.get(LISTS[kind]) if p["name"] == name)
    return o


def try_patch(plane, count, what, kind, name, scope, patch):
    before = read(plane, kind, name, scope)
    arguments = {"kind": kind, "action": "patch", "name": name, "object": patch}
    if scope:
        arguments["scope"] = scope
    good, said = plane.call("change_resource", arguments)
    after = read(plane, kind, name, scope)
    if not good:
        count.refused += 1
        same = plain(before, kind) == plain(after, kind)
        if os.environ.get("SHOW") or not same:
            print(f"{what} {kind} {name} {json.dumps(patch)}: {said}"[:300])
        count.failed += not same
        return
    wanted = plain(merge(before, patch), kind)
    if said.get("state") == "applied" and plain(after, kind) == wanted:
        count.passed += 1
        count.kinds[kind] = count.kinds.get(kind, 0) + 1
        return
    count.failed += 1
    print(f"{what} {kind} {name} {scope or ''} {json.dumps(patch)}: {said.get('state')}\n"
          f"  wanted {json.dumps(wanted)[:1200]}\n  is     {json.dumps(plain(after, kind))[:1200]}")


def try_object(plane, count, what, kind, name, scope):
    o = read(plane, kind, name, scope) if name else None
    if not o or name.endswith(".internal") or (kind == "plugin-instance" and not o.get("configurations")):
        return
    if (what, kind, name, scope) in count.tried:
        return
    count.tried.add((what, kind, name, scope))
    count.objects += 1
    others = everything(plane, (kind, name))
    for patch in patches(kind, o):
        try_patch(plane, count, what, kind, name, scope, patch)
    moved = {k: v for k, v in everything(plane, (kind, name)).items() if others.get(k) != v}
    count.failed += bool(moved)
    if moved:
        print(f"{what} {kind} {name}: others changed: {moved}"[:600])


def certificate(plane, count):
    """A certificate is never shown: a patch must bring cert and key, and one without them is refused."""
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                           "/CN=lossless.example.com", "-keyout", f"{plane.dir}/key", "-out", f"{plane.dir}/cert"],
                          capture_output=True, check=False)
    if made.returncode:
        print("certificate: openssl makes none")
        count.failed += 1
        return
    with open(f"{plane.dir}/cert", encoding="ascii") as cert, open(f"{plane.dir}/key", encoding="ascii") as key:
        patch = {"cert": cert.read(), "key": key.read()}
    good, _ = plane.call("change_resource", {"kind": "tls-certificate", "action": "patch", "name": "default",
                                             "object": {"domains": ["other.example.com"]}})
    count.failed += good
    good, said = plane.call("change_resource", {"kind": "tls-certificate", "action": "patch", "name": "default",
                                                "object": patch})
    now = plane.get("/v1/tls-certificates/default")
    right = good and said.get("state") == "applied" and now["domains"] == ["lossless.example.com"]
    count.passed += right
    count.failed += not right
    if not right:
        print(f"certificate: {said} {now}")


def settings(plane, count):
    """higress-config, a dashboard: one member of one section; the other sections keep their text."""
    before = plane.get("/system/higress-config")
    good, said = plane.call("change_resource", {"kind": "higress-config", "action": "patch", "object": {
        "data": {"higress": {"downstream": {"idleTimeout": 181}}}}})
    after = plane.get("/system/higress-config")
    start = before.index("  mesh: "), after.index("  mesh: ")
    right = good and said.get("state") == "applied" and "idleTimeout: 181" in after and \
        before[start[0]:] == after[start[1]:]
    good, said = plane.call("get_resource", {"kind": "higress-config"})
    right = right and good and said["object"]["data"]["higress"]["downstream"]["idleTimeout"] == 181
    good, said = plane.call("change_resource", {"kind": "dashboard", "action": "patch", "name": "AI",
                                                "object": {"url": "https://grafana.example.com/d/ai"}})
    right = right and good and plane.get("/dashboard/info?type=AI")["url"] == "https://grafana.example.com/d/ai" and \
        plane.get("/dashboard/info?type=LOG")["url"] is None
    for kind in ("system", "service"):
        good, _ = plane.call("change_resource", {"kind": kind, "action": "patch", "name": kind, "object": {"a": 1}})
        right = right and not good
    for action in ("create", "delete"):
        good, _ = plane.call("change_resource", {"kind": "higress-config", "action": action, "name": "higress-config",
                                                 "object": {}})
        right = right and not good
    count.passed += right
    count.failed += not right
    if not right:
        print(f"settings: {said}\n{before}\n{after}")


def allow_list(plane, count):
    """mcp-consumers of the recorded servers: the list as given, and nothing else of the server."""
    names = [c["name"] for c in plane.get("/v1/consumers")]
    for server in [s["name"] for s in plane.get("/v1/mcpServer")]:
        before = plane.get(f"/v1/mcpServer/{server}")
        for wanted in (names[:1], [], names):
            good, said = plane.call("change_resource", {"kind": "mcp-consumers", "action": "patch", "name": server,
                                                        "object": {"consumers": wanted}})
            rows = plane.get(f"/v1/mcpServer/consumers?mcpServerName={server}")
            is_now = sorted(r["consumerName"] for r in rows)
            now = plane.get(f"/v1/mcpServer/{server}")
            auth = "consumerAuthInfo"
            right = is_now == sorted(wanted) and {k: v for k, v in now.items() if k != auth} == \
                {k: v for k, v in before.items() if k != auth} and now[auth]["enable"] == before[auth]["enable"]
            right = right and (good or "already looks like that" in str(said))
            count.passed += right
            count.failed += not right
            if not right:
                print(f"allow list of {server}: wanted {wanted}, is {is_now}: {said}"[:600])


def main():
    if not os.path.isdir(SHARED):
        print("the recordings are absent")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    count = Count()
    for file in FILES:
        plane = Plane("auto")
        made = {}
        for exchange in exchanges(file):
            request = exchange["request"]
            well = exchange["response"]["status"] < 400
            kind, name, scope = split(request["path"]) if request["path"].startswith("/v1/") and \
                "swagger" not in request["path"] else (None, None, None)
            if well and request["method"] == "DELETE" and name and kind in LISTS | KEYS:
                try_object(plane, count, file, kind, name, scope)
                for other in made if kind == "ai-provider" else ():  # these cannot be changed without it
                    if other[0] == "ai-route":
                        try_object(plane, count, file, *other)
            plane.send(request)
            body = request.get("body")
            if well and request["method"] in ("POST", "PUT") and isinstance(body, dict) and kind in LISTS | KEYS:
                made[kind, name or body.get("name"), scope] = True
        for kind, name, scope in made:
            try_object(plane, count, file, kind, name, scope)
        if file == "mcp-servers":
            allow_list(plane, count)
        if file == "domains-and-certificates":
            certificate(plane, count)
            settings(plane, count)
        plane.end()
    print(f"{count.objects} recorded objects, patches applied by kind: {json.dumps(count.kinds)}; "
          f"{count.refused} patches refused with the object as it was")
    print(f"{count.passed} passed, {count.failed} failed")
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
