#!/usr/bin/env python3
"""faults.py BINARY - the whole program against a console that breaks.

Every tool that reads is called while every read breaks in one way: it must fail with a sentence, never with an
empty or partial answer that looks like the truth. Then one change is applied (mode auto) while reads or the write
break: what the program says must be what the double holds, there is never more than one write, and no answer
shows a secret. Prints a line for each failure and closes with "N passed, N failed".
"""
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

BINARY = sys.argv[1]
SECRET = "sk-secret-of-the-double-000111"
ROUTE = {"name": "pay", "domains": ["a.example"], "path": {"matchType": "PRE", "matchValue": "/"},
         "services": [{"name": "web.static", "port": 80}]}
READS = [("list_routes", {}), ("gateway_overview", {}), ("list_resources", {"kind": "ai-provider"}),
         ("get_resource", {"kind": "route", "name": "pay"}), ("get_resource", {"kind": "ai-provider", "name": "qw"})]
READ_FAULTS = ["reset", "reset-body", "truncated", "html", "html404", "big", "garbage", "empty", "object", "no-data",
               "status:401", "status:500", "status:503", "not-found-502", "slow"]
# fault of the write -> outcomes that are true (the double is asked which one is)
WRITE_FAULTS = ["reset", "reset-after", "reset-body", "truncated", "html", "big", "garbage", "empty", "lie",
                "status:400", "status:401", "status:409", "status:500", "error-after", "not-found-502", "hang-after"]
passed = failed = 0


class Double:
    def __init__(self):
        here = os.path.dirname(os.path.abspath(__file__))
        self.process = subprocess.Popen([sys.executable, os.path.join(here, "console.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def tell(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        return json.loads(urllib.request.urlopen(request).read())

    def fresh(self):
        self.tell("/_reset", {})
        self.tell("/_object", {"path": "/v1/routes/pay", "object": ROUTE})
        self.tell("/_object", {"path": "/v1/ai/providers/qw",
                               "object": {"name": "qw", "type": "qwen", "tokens": [SECRET]}})

    def writes(self):
        return [r for r in self.tell("/_log", {}) if r["method"] != "GET" and r["path"].startswith("/v1")]

    def domain(self):
        self.tell("/_fault", {"clear": True, "times": 0, "do": "none"})
        request = urllib.request.Request(self.url + "/v1/routes/pay", headers={"Cookie": "_hi_sess=c2Vzc2lvbg=="})
        return json.loads(urllib.request.urlopen(request).read())["data"]["domains"][0]


def call(double, tool, arguments, state, mode="approve"):
    env = dict(os.environ, HIGRESS_OPS_URL=double.url, HIGRESS_OPS_PASSWORD="admin", HIGRESS_OPS_STATE=state,
               HIGRESS_OPS_TIMEOUT="2", HIGRESS_OPS_MODE=mode)
    p = subprocess.run([BINARY, "call", tool, json.dumps(arguments), "--json"], env=env, capture_output=True, text=True,
                       timeout=120, stdin=subprocess.DEVNULL)
    return p.returncode, p.stdout + p.stderr


def verdict(what, mistakes):
    global passed, failed
    if mistakes:
        failed += 1
        print(f"FAIL {what}: {'; '.join(mistakes)}")
    else:
        passed += 1


def true_of_read(tool, code, text):
    """A read under a fault: an error, or an answer that says that it could not see."""
    mistakes = []
    if SECRET in text:
        mistakes.append("shows the secret")
    if "Exception" in text:
        mistakes.append("shows a class name")
    said = ("answered" in text or "refused" in text or "broke" in text or "timed out" in text or "within" in text
            or "larger than" in text or "ended" in text or "not exist" in text)
    if tool == "gateway_overview":
        if code == 0 and '"routes":0' in text.replace(" ", ""):
            mistakes.append("counts nothing where nothing was seen: " + text[:200])
    elif code == 0:
        mistakes.append("succeeds: " + text[:200])
    if code != 0 and not said:
        mistakes.append("does not say what happened: " + text[:300])
    return mistakes


def reads(double, state):
    for fault in READ_FAULTS:
        for tool, arguments in READS:
            if fault == "slow" and tool != "list_routes":
                continue
            double.fresh()
            double.tell("/_fault", {"method": "GET", "path": "/v1/", "do": fault, "times": 99, "seconds": 4})
            code, text = call(double, tool, arguments, state)
            mistakes = true_of_read(tool, code, text)
            if double.writes():
                mistakes.append("writes")
            verdict(f"{tool} {json.dumps(arguments)} while reads break by {fault}", mistakes)


def changes(double, state):
    change = {"kind": "route", "action": "patch", "name": "pay", "object": {"domains": ["b.example"]}}
    rows = [("GET", f, 99) for f in READ_FAULTS if f != "slow"] + [("PUT", f, 1) for f in WRITE_FAULTS]
    for method, fault, times in rows:
        double.fresh()
        double.tell("/_fault", {"method": method, "path": "/v1/routes/pay", "do": fault, "times": times, "seconds": 4})
        code, text = call(double, "change_resource", change, state, "auto")
        writes = double.writes()
        holds = double.domain()
        mistakes = []
        if method == "GET" and writes:
            mistakes.append("writes without having read")
        if len(writes) > (2 if fault == "status:401" else 1):
            mistakes.append(f"{len(writes)} writes")
        if code == 0 and holds != "b.example":
            mistakes.append("says applied, and it is not: " + text[:200])
        if code != 0 and holds == "b.example" and "may or may not" not in text:
            mistakes.append("says no, and it is applied: " + text[:200])
        if "Exception" in text or SECRET in text:
            mistakes.append("shows a class name or a secret")
        verdict(f"change_resource while {method} breaks by {fault}", mistakes)


def main():
    double = Double()
    with tempfile.TemporaryDirectory() as state:
        reads(double, state)
        changes(double, state)
        code = subprocess.run([BINARY, "audit", "verify", "--state", state], capture_output=True).returncode
        verdict("the audit is whole afterwards", [] if code == 0 else [f"exit {code}"])
        leak = [f for f in os.listdir(state) if SECRET.encode() in open(os.path.join(state, f), "rb").read()]
        verdict("no secret in the state folder", leak)
    double.process.stdin.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
