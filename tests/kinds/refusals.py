#!/usr/bin/env python3
"""refusals.py - every write that the recorded console answered with 4xx or 5xx is refused by change_resource before
anything is written; the exceptions are listed with their reason. Of those that it took, the ones that it should not have
taken (listed by number; the recordings' notes say why) are refused, and no other. Prints N passed, N failed."""
import os
import sys
from urllib.parse import unquote, urlsplit

sys.path.insert(0, os.path.dirname(__file__))
from plane import SHARED, Plane, exchanges  # noqa: E402

FILES = ["routes", "domains-and-certificates", "service-sources", "consumers", "llm-providers", "ai-routes", "plugins",
         "mcp-servers"]
LISTS = {"routes": "route", "domains": "domain", "service-sources": "service-source", "proxy-servers": "proxy-server",
         "tls-certificates": "tls-certificate", "consumers": "consumer", "wasm-plugins": "wasm-plugin"}
VERSION = "the version is that of the object as read, not the caller's"
SCOPE = "scope and target inside an object are taken out: the tool's own scope counts"
TEXT = "the ConfigMap's text is made by the program from sections, never taken from a caller"
# file, number: why it is not refused
OTHERWISE = {
    ("routes", 72): VERSION, ("routes", 77): "another name in the object is a renaming, which the tool plans whole",
    ("domains-and-certificates", 58): VERSION,
    ("ai-routes", 34): VERSION,
    ("plugins", 32): VERSION, ("plugins", 73): SCOPE,
    ("mcp-servers", 14): TEXT, ("mcp-servers", 15): TEXT, ("mcp-servers", 16): TEXT, ("mcp-servers", 17): TEXT,
    ("mcp-servers", 18): TEXT, ("mcp-servers", 40): "a converter, no resource",
}
# Taken by the console: dropped in part, broken in the gateway, refused by a real Kubernetes, or pointing to nothing.
TRAPS = {
    "routes": {8, 11, 19, 20, 21, 23, 30, 34, 36, 37, 45, 51, 53, 55, 56, 61, 62, 67, 68},
    "domains-and-certificates": {7, 10, 11, 12, 13, 14, 19, 21, 24, 33, 34, 35, 37, 48},
    "service-sources": {12, 14, 47, 63, 94},
    "consumers": {11, 18, 19, 24, 36},
    "llm-providers": {66},
    "ai-routes": {9},
    "plugins": {5, 6, 34, 58, 65, 81},
    "mcp-servers": {7, 19},
}


def split(path):
    """(kind, name, scope) of a console path."""
    parts = [unquote(p) for p in urlsplit(path).path.strip("/").split("/")][1:]
    if "plugin-instances" in parts:
        at = parts.index("plugin-instances")
        scope = "global" if at == 1 else f"{parts[0][:-1]}:{parts[1]}"
        return "plugin-instance", parts[at + 1] if len(parts) > at + 1 else None, scope
    if parts[0] == "ai":
        return {"routes": "ai-route", "providers": "ai-provider"}[parts[1]], parts[2] if len(parts) > 2 else None, None
    if parts[0] == "mcpServer":
        return "mcp-server" if parts[1:] != ["consumers"] else "mcp-consumers", None, None
    return LISTS.get(parts[0]), parts[1] if len(parts) > 1 else None, None


def asked(plane, request):
    """The arguments of change_resource that mean this request; None when none do."""
    if not request["path"].startswith("/v1/") or "swagger" in request["path"]:
        return None
    kind, name, scope = split(request["path"])
    body = request.get("body")
    arguments = {"kind": kind, "dry_run": True}
    if scope:
        arguments["scope"] = scope
    if kind == "mcp-consumers":
        name = body.get("mcpServerName")
    if kind == "mcp-server":
        name = body.get("name")
    if name:
        arguments["name"] = name
    if request["method"] == "DELETE":
        return dict(arguments, action="delete")
    arguments["object"] = body
    if request["method"] == "POST":
        return dict(arguments, action="create")
    if kind in ("plugin-instance", "mcp-server"):
        there, _ = plane.call("get_resource", {k: arguments[k] for k in ("kind", "name", "scope") if k in arguments})
        return dict(arguments, action="replace" if there else "create")
    return dict(arguments, action="replace")


def taken(plane, request):
    """Is a write that the console took refused? Nothing to change is no refusal."""
    arguments = asked(plane, request)
    name = arguments.get("name") or request["body"].get("name")
    where = {k: v for k, v in dict(arguments, name=name or "?").items() if k in ("kind", "name", "scope")}
    there, _ = plane.call("get_resource", where)
    arguments["action"] = "replace" if there else "create"
    if there:
        arguments["name"] = name
    good, said = plane.call("change_resource", arguments)
    return not good and "already looks like that" not in said, said


def is_write(exchange):
    request = exchange["request"]
    return request["method"] in ("POST", "PUT") and exchange["response"]["status"] < 400 and \
        request["path"].startswith("/v1/") and isinstance(request.get("body"), dict)


def main():
    if not os.path.isdir(SHARED):
        print("the recordings are absent")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = accepted = 0
    listed = set()
    for name in FILES:
        plane = Plane("approve", "--platform", "kubernetes")
        for exchange in exchanges(name):
            request = exchange["request"]
            status = exchange["response"]["status"]
            if request["method"] in ("POST", "PUT", "DELETE") and status >= 400:
                key = (name, exchange["n"])
                arguments = asked(plane, request)
                good, said = plane.call("change_resource", arguments) if arguments else (True, "")
                if good == (key in OTHERWISE):
                    passed += 1
                    listed.add(key)
                else:
                    failed += 1
                    print(f"{name} {exchange['n']} ({exchange['note']}): the console answered {status}, the tool "
                          f"{'took it' if good else 'refused it: ' + said}: {arguments}"[:700])
                if os.environ.get("SHOW"):
                    print(f"{name} {exchange['n']} {exchange['note']}: {said if not good else OTHERWISE.get(key)}"[:260])
            elif is_write(exchange) and asked(plane, request):
                refused, said = taken(plane, request)
                well = refused == (exchange["n"] in TRAPS.get(name, ()))
                accepted += well
                failed += not well
                if not well:
                    print(f"{name} {exchange['n']} ({exchange['note']}): the console took it, the tool "
                          f"{'refused it' if refused else 'took it'}: {said}"[:500])
            plane.send(request)
        plane.end()
    for key in OTHERWISE:
        if key not in listed:
            failed += 1
            print(f"{key}: listed as an exception, but no such failed write is recorded")
    print(f"{passed} recorded refusals: {passed - len(OTHERWISE)} refused before a write, {len(OTHERWISE)} listed")
    print(f"{accepted} recorded writes that the console took: {sum(len(t) for t in TRAPS.values())} refused, the others taken")
    print(f"{passed + accepted} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
