#!/usr/bin/env python3
"""platforms.py - by which rules a plan is judged where the gateway's objects are kept. The recordings of the console on a
real cluster say which of the standalone's exchanges end otherwise there: each of those 36 is named here, with what the
tools say of it on kubernetes, where it is unknown, and on a standalone. And of all other writes: what the cluster took
is not refused for being on one. Prints N passed, N failed."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from plane import SHARED, Plane, exchanges  # noqa: E402
from refusals import FILES, asked  # noqa: E402

CLUSTER = SHARED + "-k8s"
PLATFORMS = ("kubernetes", "unknown", "standalone")
NAME = ("refused", "warned", "taken")
ALWAYS = ("refused",) * 3
# file, number, note: what is said of it on each of PLATFORMS (ALWAYS: no gateway serves it as it is meant)
WRITES = {
    ("domains-and-certificates", 13, "no name"): ALWAYS,  # there: every list of certificates is 500 afterwards
    ("domains-and-certificates", 38, "strange name"): ALWAYS,  # there: 500, after it was written
    ("routes", 45, "no path"): ALWAYS,
    ("routes", 51, "empty match value"): ALWAYS,
    ("routes", 53, "path without slash"): ALWAYS,  # matches no request
    ("routes", 55, "upper-case name"): NAME,
    ("routes", 56, "underscore name"): NAME,
    ("routes", 64, "long name"): ALWAYS,  # no file takes 300 bytes either
    ("routes", 66, "name with slash"): ALWAYS,  # no path of the console either
    ("routes", 67, "name with dots"): NAME,
}
VERSION = "the version is that of the object as read, never the caller's"
OTHERS = {  # the other writes: not the tool's to judge
    ("mcp-servers", 13, "set redis"): VERSION,
    ("routes", 76, "update with nonsense version"): VERSION,
}
READS = 24  # lists without what was refused, and versions in texts


def said(plane, request):
    """refused, warned or taken."""
    arguments = dict(asked(plane, request))
    good, answer = plane.call("change_resource", arguments)
    if not good:
        return "refused", answer
    warnings = " ".join(plane.warnings)
    return ("warned" if "Kubernetes" in warnings else "taken"), warnings


def differing():
    """(file, number, note) of the exchanges that end otherwise on a cluster: writes, reads."""
    writes, reads = set(), 0
    for name in FILES + ["system"]:
        for exchange in exchanges(name, CLUSTER):
            if exchange["as_standalone"]:
                continue
            if exchange["request"]["method"] == "GET":
                reads += 1
            else:
                writes.add((name, exchange["n"], exchange["note"]))
    return writes, reads


class Count:
    passed = failed = 0

    def check(self, good, text):
        self.passed += good
        self.failed += not good
        if not good:
            print(text[:600])


def judge_named(count, planes, key, request):
    for plane, platform, wanted in zip(planes, PLATFORMS, WRITES[key]):
        was, text = said(plane, request)
        count.check(was == wanted, f"{key} on {platform}: {was}, not {wanted}: {text}")


def judge_others(count, planes, key, exchange):
    """A write that the cluster took, as the standalone did: the platform changes nothing."""
    cluster, text = said(planes[0], exchange["request"])
    standalone, _ = said(planes[2], exchange["request"])
    count.check(cluster == standalone, f"{key}: {cluster} on kubernetes, {standalone} on standalone: {text}")


def main():
    if not os.path.isdir(CLUSTER):
        print("the recordings are absent")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    count = Count()
    writes, reads = differing()
    count.check(writes == set(WRITES) | set(OTHERS), f"other writes differ: {writes ^ (set(WRITES) | set(OTHERS))}")
    count.check(reads == READS, f"{reads} reads differ, not {READS}")
    for name in FILES:
        planes = [Plane("approve", "--platform", platform) for platform in PLATFORMS]
        for exchange in exchanges(name, CLUSTER):
            request, key = exchange["request"], (name, exchange["n"], exchange["note"])
            write = request["method"] in ("POST", "PUT") and isinstance(request.get("body"), dict)
            if key in WRITES:
                judge_named(count, planes, key, request)
            elif write and exchange["response"]["status"] < 400 and request["path"].startswith("/v1/") and \
                    asked(planes[0], request):
                judge_others(count, planes, key, exchange)
            for plane in planes:
                plane.send(request)
        for plane in planes:
            plane.end()
    print(f"{count.passed} passed, {count.failed} failed")
    return count.failed > 0


if __name__ == "__main__":
    sys.exit(main())
