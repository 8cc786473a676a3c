#!/usr/bin/env python3
"""kills.py [KILLS [SEED [WORKERS]]] - the server is killed at each step of a change's life, in every order that chance gives: a
guarded change and its reverse, one that waits for its hour, one that two people approve. It dies at a named step of applying,
before or after any statement that writes the state, or at any moment. Then one that lives looks what it finds. What is said of a
change is held against the console:

  double applies   a change is written once (the console counts its writes), its reverse once, and there is one reverse
  lost approvals   what was approved came to an end; a yes of two that a person was told is kept is there after the kill
  wrong statements applied, failed, reverted, held: the object is what that says; nothing is applied before its hour

Needs a build that can be killed at a step (build/gcc-san). Prints its seed and its counts, and closes with `N passed, N failed`."""
import datetime
import hashlib
import http.client
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gate

STEPS = ["claim", "claimed", "checked", "intent.0", "sent.0", "recorded.0", "finish", "finished"]
OF_GUARD = ["guard.worse", "guard.proposed", "guard.begun", "guard.over"] + STEPS
FINAL = ("applied", "failed", "unknown", "void", "rejected", "cancelled", "expired")
WAITING = ("pending", "approved", "applying", "expired", "draft")
TOKENS = {name: "%s-kills-token-8f2e" % name for name in ("model", "ada", "ben")}
POLICY = "mode: enforce\nrules:\n  - {name: two of us, when: {name: \"two-*\"}, then: {ask: {count: 2, channels: [page]}}}\n"
SOON = 4  # seconds until a scheduled change is due
BROKEN = (OSError, http.client.HTTPException, ValueError, KeyError, RuntimeError)
lock = threading.Lock()
seen = dict.fromkeys(("kills", "rounds", "guarded", "scheduled", "by two", "reverted", "held", "double", "lost", "wrong"), 0)


def note(what, detail=""):
    with lock:
        seen[what] += 1
        if detail:
            print("FAILED %s: %s" % (what, str(detail)[:1500]), flush=True)


class Bench(gate.Gate):
    """No Envoy: the log is written by hand."""

    def __init__(self):
        super().__init__(None)
        self.serving = None

    def lines(self, route, count, code):
        with open(self.log, "a") as f:
            for _ in range(count):
                f.write(json.dumps({
                    "start_time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%03dZ" % (time.time() % 1 * 1000),
                    "authority": gate.HOST, "method": "GET", "path": "/x", "protocol": "HTTP/1.1", "route_name": route,
                    "response_code": code, "response_flags": "-", "duration": 3, "upstream_service_time": "3",
                    "upstream_cluster": "outbound|80||orders.static", "upstream_host": "127.0.0.1:80"}) + "\n")

    def server(self, stop_at=None):
        c = gate.mcp.StdioClient([gate.house.BINARY, "stdio"], {**self.env, "HIGRESS_OPS_PAUSE": "0.02", **stopping(stop_at)},
                                 "2025-11-25", answer="accept")
        c.open()
        return c

    def died(self, process, seconds):
        try:
            process.wait(seconds)
            return True
        except Exception:
            return False

    def route(self, name):
        return self.api("GET", "/v1/routes/" + name)[1]["data"]

    def methods(self, name):
        return self.route(name).get("methods") or []

    def changes(self, name):
        """All that touched the route, oldest first, each whole."""
        code, out, err = self.run(["call", "list_changes", json.dumps({"object": "route " + name, "limit": 50}), "--json"])
        rows = json.loads(out)["changes"] if code == 0 else []
        return [self.show(r["id"]) for r in reversed(rows)]

    def audit(self, change):
        code, out, err = self.run(["audit", "search", "--change", change, "--limit", "200", "--json"])
        assert code == 0, err
        return list(reversed(json.loads(out)["lines"]))

    # -- a server over HTTP, for two people --
    def serve_two(self, stop_at):
        path = os.path.join(self.dir, "two.yaml")
        if not os.path.exists(path):
            for name, text in (("two.yaml", "policy: {file: policy.yaml}\n"), ("policy.yaml", POLICY)):
                with open(os.path.join(self.dir, name), "w") as f:
                    f.write(text)
                os.chmod(os.path.join(self.dir, name), 0o600)
        plain, digest = self.env, {n: hashlib.sha256(t.encode()).hexdigest() for n, t in TOKENS.items()}
        self.env = {**plain, "HIGRESS_OPS_CONFIG": path, "HIGRESS_OPS_PAUSE": "0.02", **stopping(stop_at)}
        try:
            self.inlet = self.serve(["--tokens", "model:" + digest["model"], "--approvers", "ada:%s,ben:%s" % (digest["ada"], digest["ben"])])
        finally:
            self.env = plain
            self.serving = self.processes.pop()
        return self.serving

    def page(self, who, **body):
        c = http.client.HTTPConnection("127.0.0.1", self.inlet, timeout=20)
        try:
            c.request("POST", "/change", json.dumps(body), {"Content-Type": "application/json", "Authorization": "Bearer " + TOKENS[who]})
            answer = c.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            c.close()

    def agrees(self, who, change):
        """True: they were told that their yes is kept, now or before."""
        status, o = self.page(who, do="show", id=change)
        if status != 200:
            return o.get("error", "") != "" and "applied" in json.dumps(o)
        if o.get("state") not in ("pending",):
            return False
        status, told = self.page(who, do="approve", id=change, digest=o["digest"], rendering=o["rendering"], seen=o["seen"],
                                 **({"word": o["word"]} if "word" in o else {}))
        return status == 200 or "already" in json.dumps(told)


def stopping(at):
    """The environment of a server that dies there: a named step, "state N", or nothing."""
    if not at or at.startswith("after"):
        return {}
    return {"HIGRESS_OPS_STATE_STOP_AT": at.split()[1]} if at.startswith("state") else {"HIGRESS_OPS_STOP_AT": at}


def a_death(chance, steps):
    how = chance.random()
    if how < 0.45:
        return chance.choice(steps)
    if how < 0.8:
        return "state %d" % int(chance.expovariate(1 / 50))
    return "after %.3f" % chance.uniform(0.05, 3)


def await_death(b, process, at, seconds, look=lambda: False):
    """True: it died, by itself or by our hand."""
    end = time.time() + (float(at.split()[1]) if at and at.startswith("after") else seconds)
    while time.time() < end:
        if b.died(process, 0.1):
            return True
        if look():
            return False
    if at and at.startswith("after"):
        process.kill()
        process.wait()
        return True
    return False


def is_done(rows):
    first = [r for r in rows if r.get("tool") != "guard"]
    return first and all(r["state"] in FINAL for r in rows if r["state"] not in ("draft",)) and \
        all(r.get("guard", {}).get("state") not in ("watching", "reverting") for r in first)


# -- what was said, against what is --------------------------------------------------------------------------------------


def judge(b, name, rows, approved, wrote, due=None):
    """approved: somebody was told that it is. wrote: how often the console wrote since. due: not before that."""
    first = [r for r in rows if r.get("tool") != "guard"]
    back = [r for r in rows if r.get("tool") == "guard" and r["state"] != "draft"]
    if len(first) > 1 or len(back) > 1 or sum(r["state"] == "applied" for r in back) > 1 or wrote > len(first) + len(back):
        return note("double", (wrote, [(r["id"], r.get("tool"), r["state"]) for r in rows]))
    if not first:
        return note("lost", (name, rows)) if approved else None
    f = first[0]
    events = [line["event"] for line in b.audit(f["id"])]
    if events.count("applied") > 1 or events.count("applying") > 1:
        return note("double", events)
    if approved and f["state"] in WAITING:
        return note("lost", f)
    if f["state"] == "unknown" or (back and back[0]["state"] == "unknown"):
        return None  # said to be unknown: no claim
    return judge_object(b, name, f, back, wrote, due)


def judge_object(b, name, f, back, wrote, due):
    guard = f.get("guard", {})
    stands = f["state"] == "applied" and not (back and back[0]["state"] == "applied")
    now = b.methods(name)
    if now != (["GET"] if stands else []):
        return note("wrong", (now, f, back))
    if guard.get("state") == "reverted" and not (back and back[0]["state"] == "applied"):
        return note("wrong", ("reverted", f, back))
    if guard.get("state") == "held" and not stands:
        return note("wrong", ("held", f, back))
    began = [line["at"] for line in b.audit(f["id"]) if line["event"] == "applying"]
    if stands and not wrote:
        return note("wrong", ("applied, and the console has written nothing", f))
    if due and began and began[0][:19] < due[:19]:
        return note("wrong", ("before its hour", began, due))
    if guard.get("state") in ("reverted", "held"):
        note(guard["state"])
    return None


# -- rounds --------------------------------------------------------------------------------------------------------------


def make_route(b, name):
    b.make("/v1/routes", {"name": name, "domains": [gate.HOST], "path": {"matchType": "PRE", "matchValue": "/" + name},
                          "services": [{"name": "orders.static", "port": 80}]})
    return int(b.route(name)["version"])


def ask(b, server, name, terms):
    """The person says yes, in the form. True: they were told what became of it."""
    try:
        return b.call(server, "change_resource", kind="route", name=name, action="patch", object={"methods": ["GET"]}, **terms)[0]
    except Exception:
        return False


def alone(b, n, chance, kind):
    """One person, over stdio: a guard, or an hour to come."""
    name = "%s-%d" % (kind[0], n)
    version, due = make_route(b, name), None
    terms = {"guard": {"for": "20s", "revert_if": ["5xx > 2 %"]}}
    if kind == "scheduled":
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=SOON)
        due = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        terms = {"schedule": {"at": due, "until": (at + datetime.timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")}}
    b.lines(name, 40, 200)
    approved = False
    steps = OF_GUARD if kind == "guarded" else STEPS
    plan = [a_death(chance, STEPS) if chance.random() < 0.8 else None]
    plan += [a_death(chance, steps) for _ in range(chance.randint(1, 3))] + [None]
    for i, at in enumerate(plan):
        last = i == len(plan) - 1
        try:
            server = b.server(at)
        except Exception:  # killed while it opened
            note("kills")
            continue
        if not approved and not b.changes(name):
            approved = ask(b, server, name, terms)
        if kind == "guarded" and i <= 1:
            b.lines(name, 30, 503)
        if await_death(b, server.process, at, 40 if last else 4 + (SOON if due else 0),
                       lambda: (last or i == 0) and is_done(b.changes(name))):
            note("kills")
        server.process.kill()
        server.process.wait()
        b.clients = []
    rows = b.changes(name)
    judge(b, name, rows, approved or any(r["state"] == "approved" for r in rows), int(b.route(name)["version"]) - version, due)


def propose(b):
    c = gate.mcp.HttpClient("127.0.0.1", b.inlet, "2025-11-25", "none", TOKENS["model"])
    c.open()
    return c


def two_steps(b, name, told):
    """What has not been done yet: proposed, then agreed to by both. The server may die in any of it."""
    if "id" not in told:
        r = propose(b).call("change_resource", {"kind": "route", "name": name, "action": "patch", "object": {"methods": ["GET"]}})
        told["id"] = r["structuredContent"]["id"]
    for who in ("ada", "ben"):
        if not told.get(who):
            told[who] = b.agrees(who, told["id"])


def by_two(b, n, chance, kind):
    """Two people at the page: the first yes is kept, the second applies it."""
    name = "two-%d" % n
    version, told = make_route(b, name), {}
    plan = [a_death(chance, STEPS) for _ in range(chance.randint(2, 4))] + [None]
    for at in plan:
        killer = None
        try:
            process = b.serve_two(at)
            if at and at.startswith("after"):
                killer = threading.Timer(float(at.split()[1]) / 2, process.kill)
                killer.start()
            two_steps(b, name, told)
            await_death(b, process, at, 20 if not at else 3, lambda: is_done(b.changes(name)) if told.get("ben") else False)
        except BROKEN:
            pass
        if killer:
            killer.join()
        process = b.serving
        if b.died(process, 0.3):
            note("kills")
        process.kill()
        process.wait()
    rows = b.changes(name)
    for who in ("ada", "ben"):
        if told.get(who) and not any(line.get("who") == who for line in b.audit(told["id"])):
            note("lost", (who, told, b.audit(told["id"])))
    judge(b, name, rows, bool(told.get("ada") and told.get("ben")), int(b.route(name)["version"]) - version)


KINDS = {"guarded": alone, "scheduled": alone, "by two": by_two}


def work(b, kills, seed):
    chance, n = random.Random(seed), 0
    try:
        while seen["kills"] < kills:
            kind = list(KINDS)[n % 3]
            KINDS[kind](b, n, chance, kind)
            note(kind), note("rounds")
            n += 1
        code, out, err = b.run(["audit", "verify"])
        if code:
            note("wrong", err)
    except Exception as e:
        note("wrong", "the test itself: %r" % e)
    finally:
        b.leave()


def main():
    given = [int(x) for x in sys.argv[1:]] + [0, 0, 0]
    kills, seed, workers = given[0] or 40, given[1] or 7, given[2] or 4
    print("seed %d" % seed, flush=True)
    threads = [threading.Thread(target=work, args=(Bench(), kills, seed + i)) for i in range(workers)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    print("%(kills)d kills in %(rounds)d rounds (%(guarded)d guarded, %(scheduled)d scheduled, %(by two)d by two people): %(double)d double "
          "applies, %(lost)d lost approvals, %(wrong)d wrong statements; %(reverted)d taken back, %(held)d held" % seen)
    bad = seen["double"] + seen["lost"] + seen["wrong"]
    print("%d passed, %d failed" % (seen["rounds"] - bad, bad))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
