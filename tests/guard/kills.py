#!/usr/bin/env python3
"""kills.py [KILLS [SEED]] - the server is killed at each step of a guarded change and of its reverse, in every order that chance
gives; then one that lives looks what it finds. What is said of a change is held against the console:

  double applies   a change is written once, its reverse once, and there is one reverse
  lost approvals   what was approved came to an end
  wrong statements applied, failed, reverted, held: the object is what that says

Needs a build that can be killed at a step (build/gcc-san). Closes with `N passed, N failed`."""
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
WORKERS = 4
lock = threading.Lock()
seen = {"kills": 0, "rounds": 0, "reverted": 0, "held": 0, "double": 0, "lost": 0, "wrong": 0}


def note(what, detail=""):
    with lock:
        seen[what] += 1
        if detail:
            print("FAILED %s: %s" % (what, str(detail)[:1500]), flush=True)


class Bench(gate.Gate):
    """No Envoy: the log is written by hand."""

    def __init__(self):
        super().__init__(None)

    def lines(self, route, count, code):
        with open(self.log, "a") as f:
            for _ in range(count):
                f.write(json.dumps({
                    "start_time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%03dZ" % (time.time() % 1 * 1000),
                    "authority": gate.HOST, "method": "GET", "path": "/x", "protocol": "HTTP/1.1", "route_name": route,
                    "response_code": code, "response_flags": "-", "duration": 3, "upstream_service_time": "3",
                    "upstream_cluster": "outbound|80||orders.static", "upstream_host": "127.0.0.1:80"}) + "\n")

    def server(self, stop_at=None):
        env = {**self.env, "HIGRESS_OPS_PAUSE": "0.02", **({"HIGRESS_OPS_STOP_AT": stop_at} if stop_at else {})}
        c = gate.mcp.StdioClient([gate.house.BINARY, "stdio"], env, "2025-11-25", answer="accept")
        c.open()
        return c

    def died(self, server, seconds):
        try:
            server.process.wait(seconds)
            return True
        except Exception:
            return False

    def methods(self, name):
        return self.api("GET", "/v1/routes/" + name)[1]["data"].get("methods") or []

    def changes(self, name):
        """All that touched the route, oldest first, each whole."""
        code, out, err = self.run(["call", "list_changes", json.dumps({"object": "route " + name, "limit": 50}), "--json"])
        rows = json.loads(out)["changes"] if code == 0 else []
        return [self.show(r["id"]) for r in reversed(rows)]


def is_done(rows):
    first = [r for r in rows if r.get("tool") != "guard"]
    return first and all(r["state"] in FINAL for r in rows if r["state"] not in ("draft",)) and \
        all(r.get("guard", {}).get("state") not in ("watching", "reverting") for r in first)


def judge(b, name, rows, approved):
    now = b.methods(name)
    first = [r for r in rows if r.get("tool") != "guard"]
    back = [r for r in rows if r.get("tool") == "guard" and r["state"] != "draft"]
    if len(first) != 1 or len(back) > 1 or sum(r["state"] == "applied" for r in back) > 1:
        return note("double", [(r["id"], r.get("tool"), r["state"]) for r in rows])
    f, guard = first[0], first[0].get("guard", {})
    if approved and f["state"] in ("pending", "approved", "applying", "expired", "draft"):
        return note("lost", f)
    if f["state"] == "unknown" or (back and back[0]["state"] == "unknown"):
        return None  # said to be unknown: no claim
    stands = f["state"] == "applied" and not (back and back[0]["state"] == "applied")
    if now != (["GET"] if stands else []):
        return note("wrong", (now, f, back))
    if guard.get("state") == "reverted" and not (back and back[0]["state"] == "applied"):
        return note("wrong", ("reverted", f, back))
    if guard.get("state") == "held" and not stands:
        return note("wrong", ("held", f, back))
    if guard.get("state") in ("reverted", "held"):
        note(guard["state"])
    return None


def ask(b, server, name):
    """True: the person has said yes and the server lived to hear it."""
    try:
        b.call(server, "change_resource", kind="route", name=name, action="patch", object={"methods": ["GET"]},
               guard={"for": "20s", "revert_if": ["5xx > 2 %"]})
    except Exception:
        pass


def one_round(b, n, chance):
    name = "r%d" % n
    b.make("/v1/routes", {"name": name, "domains": [gate.HOST], "path": {"matchType": "PRE", "matchValue": "/" + name},
                          "services": [{"name": "orders.static", "port": 80}]})
    b.lines(name, 40, 200)
    plan = [chance.choice(STEPS + [None])] + [chance.choice(OF_GUARD) for _ in range(chance.randint(1, 3))] + [None]
    for i, stop_at in enumerate(plan):
        server = b.server(stop_at)
        if i == 0:
            ask(b, server, name)
        if i <= 1:
            b.lines(name, 30, 503)
        last = i == len(plan) - 1
        end = time.time() + (20 if last else 3.5)
        rows = []
        while time.time() < end:
            if b.died(server, 0.2):
                note("kills")
                break
            rows = b.changes(name) if last else rows
            if last and is_done(rows):
                break
        server.process.kill()
        server.process.wait()
        b.clients = []
    judge(b, name, b.changes(name), True)
    note("rounds")


def work(b, kills, seed):
    chance, n = random.Random(seed), 0
    try:
        while seen["kills"] < kills:
            one_round(b, n, chance)
            n += 1
        code, out, err = b.run(["audit", "verify"])
        if code:
            note("wrong", err)
    except Exception as e:
        note("wrong", "the test itself: %r" % e)
    finally:
        b.leave()


def main():
    kills, seed = int((sys.argv + ["40"])[1]), int((sys.argv + ["", "7"])[2]) if len(sys.argv) > 2 else 7
    threads = [threading.Thread(target=work, args=(Bench(), kills, seed + i)) for i in range(WORKERS)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    print("%(kills)d kills in %(rounds)d rounds: %(double)d double applies, %(lost)d lost approvals, %(wrong)d wrong statements; "
          "%(reverted)d taken back, %(held)d held" % seen)
    bad = seen["double"] + seen["lost"] + seen["wrong"]
    print("%d passed, %d failed" % (seen["rounds"] - bad, bad))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
