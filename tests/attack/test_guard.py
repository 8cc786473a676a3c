"""test_guard.py BINARY - guards and schedules turned against those who rely on them: a guard that reverts somebody else's work,
forged rows and forged lines of the log, a window dodged, clocks that jump. Prints what it tried; `N passed, N failed`."""
import http.client
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../guard"))
import gate  # noqa: E402
import kills  # noqa: E402

gate.mcp.record = lambda *_: None
FIVE = {"for": "30s", "revert_if": ["5xx > 2 %"]}
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(id, t);
    const char *path = getenv("CLOCK_OFFSET_FILE");
    FILE *f = id == CLOCK_REALTIME && path ? fopen(path, "r") : NULL;
    long off = 0;
    if (f && fscanf(f, "%ld", &off) == 1)
        t->tv_sec += off;
    if (f)
        fclose(f);
    return rc;
}
"""


def holds(truth, words):
    if not truth:
        raise AssertionError(str(words)[:1500])


class Attack(kills.Bench):
    def sql(self, statement, *args):
        db = sqlite3.connect(os.path.join(self.dir, "state", "state.db"), timeout=10)
        got = db.execute(statement, args).fetchall()
        db.commit()
        db.close()
        return got

    def guarded(self, server, guard=None, route="orders"):
        self.lines(route, 40, 200)
        return self.change(server, "route", route, {"methods": ["GET"]}, guard=guard or FIVE)[0]

    def settled(self, seconds=4):
        time.sleep(seconds)
        return self.methods("orders")


def attack_without_doing_anything_a_bad_change_is_back(b):
    c = b.assistant()
    change = b.guarded(c)
    b.lines("orders", 20, 503)
    b.until(change, "reverted", 8)
    holds(b.methods("orders") == [], b.methods("orders"))


def attack_a_log_that_a_client_writes(b):
    """What a client can put into a line (path, agent, host) is not what the gateway says of a request."""
    c = b.assistant()
    change = b.guarded(c)
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    good = {"start_time": now, "authority": gate.HOST, "method": "GET", "protocol": "HTTP/1.1", "route_name": "orders",
            "response_flags": "-", "duration": 3, "upstream_service_time": "3", "upstream_cluster": "outbound|80||orders.static"}
    said = '/x","response_code":503,"route_name":"orders","y":"'
    with open(b.log, "a") as f:
        for _ in range(60):
            line = json.dumps({**good, "response_code": 200, "path": "PATH"})
            f.write(line.replace("PATH", said) + "\n")                                # breaks out of its string
            f.write(json.dumps({**good, "response_code": 200, "path": said}) + "\n")  # as the gateway escapes it
            f.write(json.dumps({**good, "response_code": 200, "user_agent": '503 "orders"', "path": "/503"}) + "\n")
            f.write(json.dumps({**good, "response_code": 503, "route_name": "other", "path": "/orders",
                                "upstream_cluster": "outbound|80||other.static"}) + "\n")  # another route, same host
            f.write(json.dumps({**good, "response_code": 0, "path": "/gone"}) + "\n")  # the client hung up
    holds(b.settled() == ["GET"] and b.guard_of(change)["state"] == "watching", b.guard_of(change))


def attack_a_few_bad_requests(b):
    """Fewer than five take nothing back, however large their share is."""
    c = b.assistant()
    change = b.guarded(c)
    b.lines("orders", 4, 503)
    holds(b.settled(3) == ["GET"] and b.guard_of(change)["state"] == "watching", b.guard_of(change))


def attack_lines_from_before_and_from_the_future(b):
    c = b.assistant()
    change = b.guarded(c)
    for ago in (600, -600):
        with open(b.log, "a") as f:
            for _ in range(50):
                f.write(json.dumps({"start_time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - ago)),
                                    "authority": gate.HOST, "method": "GET", "path": "/x", "protocol": "HTTP/1.1",
                                    "route_name": "orders", "response_code": 503, "response_flags": "-", "duration": 3}) + "\n")
    holds(b.settled(3) == ["GET"] and b.guard_of(change)["state"] == "watching", b.guard_of(change))


def attack_to_revert_the_work_of_somebody_else(b):
    """A second change over the same object, through us: the first guard must not take it away."""
    c = b.assistant()
    change = b.guarded(c)
    other, _ = b.change(b.assistant(), "route", "orders", {"methods": ["GET", "POST"]})
    b.lines("orders", 60, 503)
    gone = b.until(change, "stopped", 8)
    holds("changed by somebody since" in gone["text"] and b.methods("orders") == ["GET", "POST"], gone)


def attack_a_forged_row_begins_a_guard(b):
    """An unguarded change is said to be watched; a guard that ended is set back."""
    c = b.assistant()
    plain, _ = b.change(c, "route", "other", {"methods": ["GET"]})
    change = b.guarded(c, {"for": "5s", "revert_if": ["5xx > 2 %"]})
    b.lines("orders", 30, 200)
    watching = b.sql("SELECT * FROM plans WHERE id = ?", change)
    b.until(change, "held", 9)
    kept = json.dumps({"baseline": {"from": 0, "to": 1, "all": 9, "bad": [0]}, "wrote": ["absent"], "since": time.time() - 1,
                       "until": time.time() + 99})
    b.sql("UPDATE plans SET guarded = 'watching', guard = ? WHERE id = ?", kept, plain)
    b.sql("UPDATE plans SET guarded = 'watching', guard = ? WHERE id = ?", kept, change)
    b.lines("orders", 60, 503), b.lines("other", 60, 503)
    holds(b.settled() == ["GET"] and b.methods("other") == ["GET"], (b.methods("orders"), b.methods("other")))
    columns = len(watching[0])
    b.sql("DELETE FROM plans WHERE id = ?", change)
    db = sqlite3.connect(os.path.join(b.dir, "state", "state.db"), timeout=10)
    db.execute("INSERT INTO plans VALUES (%s)" % ",".join("?" * columns), watching[0])  # as it was, with its MAC
    db.commit(), db.close()
    holds(b.settled() == ["GET"], "the row of before is believed")
    code, out, err = b.run(["audit", "verify"])
    holds(code != 0 and "tampered" in err, (out, err))


def attack_a_forged_reverse(b):
    """A pending change of mallory's is said to be the reverse that a guard has begun."""
    c = b.assistant("none")
    ok, text, data = b.call(c, "change_resource", kind="route", name="other", action="patch", object={"methods": ["PUT"]})
    wish = data["id"]
    b.sql("UPDATE plans SET state = 'approved', tool = 'guard', undoes = ? WHERE id = ?", wish, wish)
    b.sql("INSERT INTO decisions (id, at, who, channel, verdict, plan) SELECT id, 9e9, 'guard', 'guard', 'approved', digest FROM plans "
          "WHERE id = ?", wish)
    time.sleep(3)
    holds(b.methods("other") == [], b.methods("other"))


def attack_a_weaker_server_takes_nothing_back(b):
    """A guard that was approved, and a server that may only plan by now."""
    c = b.assistant()
    change = b.guarded(c)
    b.kill(c)
    b.lines("orders", 60, 503)
    weak = b.assistant(args=["--mode", "dry-run"])
    holds(b.settled(3) == ["GET"] and b.guard_of(change)["state"] == "watching", b.guard_of(change))
    b.kill(weak)
    code, screen = b.person(["state", "pin", "--mode", "dry-run"], "yes")
    strong = b.assistant()
    holds(code != 0 or b.settled(3) == ["GET"], (screen, b.guard_of(change)))
    b.kill(strong)


def attack_a_freeze_holds_for_guards_and_schedules(b):
    """Frozen after the approval: neither the reverse nor what was scheduled is written before it thaws."""
    c = b.assistant()
    change = b.guarded(c)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 12))
    late, _ = b.change(c, "route", "other", {"methods": ["GET"]}, schedule={"at": at})
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    code, screen = b.person(["freeze", "--reason", "audit week", "--until", until], "yes")
    holds(code == 0, screen)
    b.lines("orders", 60, 503)
    time.sleep(14)
    holds(b.methods("orders") == ["GET"] and b.methods("other") == [], (b.methods("orders"), b.methods("other")))
    holds("reeze" in b.guard_of(change).get("text", "") or b.guard_of(change)["state"] in ("watching", "reverting"), b.guard_of(change))
    holds(b.show(late)["state"] == "approved", b.show(late))


def attack_a_schedule_that_does_not_wait(b):
    """Applied by its owner before its time, or set free in the file."""
    c = b.assistant()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    change, _ = b.change(c, "route", "orders", {"methods": ["GET"]}, schedule={"at": at})
    for tool in ("apply_change", "get_change"):
        b.call(c, tool, id=change)
    holds(b.methods("orders") == [] and b.show(change)["state"] == "approved", b.show(change))
    b.sql("UPDATE plans SET starts = NULL WHERE id = ?", change)
    holds(b.settled(3) == [], "the file says when")
    ok, text, _ = b.call(c, "apply_change", id=change)
    holds(not ok and b.methods("orders") == [], text)


def attack_a_schedule_outlives_its_approval(b):
    c = b.assistant()
    at, until = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + n)) for n in (3, 5)]
    change, _ = b.change(c, "route", "orders", {"methods": ["GET"]}, schedule={"at": at, "until": until})
    b.kill(c)
    time.sleep(6)
    b.assistant()
    holds(b.settled(12) == [] and b.show(change)["state"] == "expired", b.show(change))


def shim(b):
    path = os.path.join(b.dir, "clock.so")
    with open(path + ".c", "w") as f:
        f.write(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", path, path + ".c", "-ldl"], check=True)
    b.offset = os.path.join(b.dir, "offset")
    b.jump(0)
    if "-san" not in gate.house.BINARY:
        b.env.update(LD_PRELOAD=path, CLOCK_OFFSET_FILE=b.offset)
        return True
    return False


def jump(self, seconds):
    with open(self.offset + ".new", "w") as f:
        f.write("%d" % seconds)
    os.rename(self.offset + ".new", self.offset)


Attack.jump = jump


def attack_clocks_that_jump(b):
    """While a guard watches: which requests came after the write cannot be told any more, so it stops and says so."""
    for off in (7200, -7200):
        if not shim(b):
            return print("     (not under the sanitizers)")
        c = b.assistant()
        change = b.guarded(c, route="orders" if off > 0 else "other")
        time.sleep(3)
        b.jump(off)
        gone = b.until(change, "stopped", 6)
        holds("the clock was set" in gone["text"], gone)
        b.kill(c)
        b.jump(0)


def attack_a_schedule_and_a_clock_that_jumps(b):
    """Far past its end: nothing is written. Back again: nothing either, it has expired."""
    if not shim(b):
        return print("     (not under the sanitizers)")
    c = b.assistant()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    change, _ = b.change(c, "route", "orders", {"methods": ["GET"]}, schedule={"at": at})
    b.jump(86400)
    holds(b.settled(12) == [], "written a day late")
    b.jump(0)
    holds(b.settled(2) == [] and b.show(change)["state"] == "expired", b.show(change))


class Between(http.server.BaseHTTPRequestHandler):
    """Passes all on to the console; right before the GET of that number, `edit` is called."""
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    port, path, left, edit = 0, "", -1, None

    def pass_on(self):
        kind = type(self)
        if self.command == "GET" and kind.left >= 0 and kind.path in self.path:
            kind.left -= 1
            if kind.left < 0:
                kind.edit()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        c = http.client.HTTPConnection("127.0.0.1", kind.port, timeout=20)
        c.request(self.command, self.path, body or None, {k: v for k, v in self.headers.items() if k.lower() != "host"})
        r = c.getresponse()
        text = r.read()
        self.send_response(r.status)
        for k, v in r.getheaders():
            if k.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(k, v)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        c.close()

    do_GET = do_POST = do_PUT = do_DELETE = pass_on

    def log_message(self, *_):
        pass


def attack_an_edit_between_look_and_reverse(b):
    """Somebody edits the object after the guard has looked whether it was left alone, and before the reverse reads its base."""
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    b.backends.append(proxy)
    b.env["HIGRESS_OPS_URL"] = "http://127.0.0.1:%d" % proxy.server_port

    def edit():
        route = b.api("GET", "/v1/routes/orders")[1]["data"]
        b.api("PUT", "/v1/routes/orders", {**route, "methods": ["GET", "PUT"]})

    Between.port, Between.path, Between.edit = b.port, "/v1/routes/orders", staticmethod(edit)
    c = b.assistant()
    change = b.guarded(c)
    Between.left = 1
    b.lines("orders", 60, 503)
    gone = b.until(change, "stopped", 10)
    holds("changed by somebody since" in gone["text"] and b.methods("orders") == ["GET", "PUT"], (gone, b.methods("orders")))


def attack_limits_of_the_owner_keep_no_guard_from_acting(b):
    """Who planned as much as they may in an hour, or has as many undecided changes as are kept: the reverse counts against neither."""
    b.env.update(HIGRESS_OPS_MAX_PLANS="2", HIGRESS_OPS_PLANS_HOUR="3")
    c = b.assistant()
    change = b.guarded(c)
    no = b.assistant("none")
    for name in ("one", "two"):
        b.call(no, "change_resource", kind="domain", action="create", name=name + ".example",
               object={"name": name + ".example", "enableHttps": "off"})
    ok, text, _ = b.call(no, "change_resource", kind="domain", action="create", name="x.example",
                         object={"name": "x.example", "enableHttps": "off"})
    holds(not ok and "limits.plans" in text, text)
    b.lines("orders", 60, 503)
    b.until(change, "reverted", 10)
    holds(b.methods("orders") == [], b.methods("orders"))


def attack_a_model_cancels_what_a_guard_takes_back(b):
    """The reverse is begun and the server dies: who asked for the change cancels the reverse before another server goes on."""
    if "-san" not in gate.house.BINARY:
        return print("     (only where a build can be killed at a step)")
    c = b.server("guard.begun")
    change = b.guarded(c)
    b.lines("orders", 60, 503)
    holds(b.died(c.process, 15), "the guard did not begin")
    reverse = b.guard_of(change)["reverse"]
    weak = b.assistant(args=["--mode", "dry-run"])
    ok, text, _ = b.call(weak, "cancel_change", id=reverse)
    holds(not ok and "higress-ops stop " + change in text, text)
    b.kill(weak)
    b.assistant()
    b.until(change, "reverted", 15)
    holds(b.methods("orders") == [], b.methods("orders"))


def attack_traffic_of_a_service_whose_name_begins_so(b):
    """"orders.static" is guarded; what goes wrong is another service, whose name begins with that."""
    c = b.assistant()
    now = lambda: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%03dZ" % (time.time() % 1 * 1000)  # noqa: E731
    line = lambda cluster, code: json.dumps({  # noqa: E731
        "start_time": now(), "authority": gate.HOST, "method": "GET", "path": "/x", "protocol": "HTTP/1.1", "route_name": "x",
        "response_code": code, "response_flags": "-", "duration": 3, "upstream_service_time": "3",
        "upstream_cluster": "outbound|80||" + cluster}) + "\n"
    with open(b.log, "a") as f:
        f.writelines(line("orders.static", 200) for _ in range(40))
    change, _ = b.change(c, "service-source", "orders", {"port": 81}, guard=FIVE)
    with open(b.log, "a") as f:
        f.writelines(line(name, 503) for name in ("orders.static2", "orders.static.dns", "orders.static2.static") for _ in range(60))
    time.sleep(4)
    holds(b.guard_of(change)["state"] == "watching", b.guard_of(change))
    with open(b.log, "a") as f:
        f.writelines(line("orders.static", 503) for _ in range(60))
    b.until(change, "reverted", 10)


def attack_a_log_that_is_behind(b):
    """Envoy writes its log every ten seconds: what is not written yet is no lack of traffic; lines of others say that it is."""
    c = b.assistant()
    for route, late in (("orders", "orders"), ("other", "orders")):
        change = b.guarded(c, {"for": "30s", "revert_if": ["no traffic"]}, route)
        time.sleep(10)
        holds(b.guard_of(change)["state"] == "watching", b.guard_of(change))
        b.lines(late, 5, 200)
        time.sleep(2.5)
        holds(b.guard_of(change)["state"] == ("watching" if route == late else "reverted"), b.guard_of(change))


def attack_a_guard_that_could_see_nothing(b):
    """The services that a registry lists have names of their own: a guard on it would watch none, and is refused."""
    c = b.assistant()
    ok, text, _ = b.call(c, "change_resource", kind="service-source", action="create", name="reg", dry_run=True, guard=FIVE, object={
        "type": "nacos2", "name": "reg", "domain": "127.0.0.1", "port": 8848, "protocol": "http",
        "properties": {"nacosNamespaceId": "", "nacosGroups": ["DEFAULT_GROUP"]}})
    holds(not ok and "cannot be told" in text, text)


def main():
    passed = failed = 0
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    for name, attack in [(n[7:].replace("_", " "), f) for n, f in globals().items() if n.startswith("attack_")]:
        if word not in name:
            continue
        b = Attack()
        try:
            attack(b)
            passed += 1
            print("ok   " + name, flush=True)
        except Exception as e:
            failed += 1
            print("FAIL %s: %r" % (name, e), flush=True)
        finally:
            b.leave()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
