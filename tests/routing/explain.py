#!/usr/bin/env python3
"""explain.py [ROUND…] - explain_request over every recorded request: the tool names the route that Higress chose, or
says that only the times of creation decide, which no console tells.

Routes are created through the embedded console in their recorded order; the tool is called over stdio, without Envoy. The rule
alone, with the recorded times, is checked first (tests/routing/explain.c). The last line is `N passed, N failed[, N skipped]`."""
import os
import subprocess
import sys

import envoy
import routing

sys.path.insert(0, envoy.ROOT + "/tests/e2e")
import client as mcp
import house

PROGRAM = envoy.ROOT + "/build/gcc/explain"


def rule_alone():
    """(passed, failed) of the rule with the times of creation, and without."""
    passed = failed = 0
    for more in ([], ["undated"]):
        out = subprocess.run([PROGRAM, routing.RECORDED] + more, capture_output=True, text=True).stdout
        print("\n".join(out.splitlines()[:-1]))
        words = (out.splitlines() or ["0 passed, 1 failed"])[-1].split()
        passed, failed = passed + int(words[0]), failed + int(words[2])
    return passed, failed


def ask(session, request):
    answer = session.call("explain_request", {k: request[k] for k in ("method", "host", "path", "headers")})
    return answer.get("structuredContent") or {"route": answer}


def fits(said, wanted):
    if said["route"] == wanted:
        return True
    return "unsure" in said and wanted in str(said.get("order", {}).get("would_take_too")) + said["unsure"]


def run_round(tally, entry, requests):
    home = house.House("dry-run")
    session = None
    try:
        home.api("DELETE", "/v1/routes/default")  # as in routing.py
        for route in entry["routes"]:
            home.api("POST", "/v1/routes", {k: v for k, v in route.items() if k != "created"})
        session = mcp.StdioClient([house.BINARY, "stdio"], home.env, "2025-11-25")
        session.open()
        for request in requests:
            said = ask(session, request)
            tally.check(fits(said, request["route"]), "round %d: %s said for %s" % (entry["round"], said, request))
    finally:
        if session:
            session.close()
        home.leave()


def main():
    tally = routing.Tally()
    if not os.path.exists(routing.RECORDED):
        print("explain: the recordings are not here\n0 passed, 0 failed, 9600 skipped")
        return 0
    tally.passed, tally.failed = rule_alone()
    chosen = [int(a) for a in sys.argv[1:] if a.isdigit()]
    for entry, requests in routing.read_rounds():
        if not chosen or entry["round"] in chosen:
            run_round(tally, entry, requests)
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return tally.failed > 0


if __name__ == "__main__":
    sys.exit(main())
