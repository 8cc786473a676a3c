#!/usr/bin/env python3
"""guard.py - guards on a real Envoy that follows the embedded console: a good change stays, a bad one is back within two
looks, whatever happens to the server meanwhile; and what somebody else changed is left alone.

usage: guard.py [WORD]   the checks whose name holds the word. The last line is `N passed, N failed[, N skipped]`.
"""
import sys
import time

import gate
from gate import envoy, eventually, free_port

FIVE = ["5xx > 2 %"]


def source(g, address):
    return {"domain": address}


def dead():
    return "127.0.0.1:%d" % free_port()


def check_a_good_change_stays(g):
    stop, c = g.stream(), g.assistant()
    time.sleep(2)
    change, text = g.change(c, "service-source", "orders", {"domain": g.up()}, guard={"for": "6s", "revert_if": FIVE + ["no traffic"]})
    assert "applied" in text, text
    watching = g.guard_of(change)
    assert watching["state"] == "watching" and watching["until"], watching
    held = g.until(change, "held", 12)
    stop()
    assert held["text"].startswith("held 6s over ") and "5xx 0 % -> 0 %" in held["text"], held
    assert int(held["text"].split()[3]) > 50, held


def bad(g, c, patch, conditions, kind="service-source", name="orders", most=6, span="30s"):
    change, text = g.change(c, kind, name, patch, guard={"for": span, "revert_if": conditions})
    began = time.time()
    gone = g.until(change, "reverted", 15)
    took = time.time() - began
    assert took < most, took
    back = g.show(gone["reverse"])
    assert back["state"] == "applied" and back["decision"]["channel"] == "guard" and back["undoes"] == change, back
    assert gone["reverse"] in gone["text"], gone
    return change, gone, took


def check_a_wrong_port_is_back_within_two_looks(g):
    stop, c = g.stream(), g.assistant()
    time.sleep(2)
    change, gone, took = bad(g, c, {"domain": dead()}, FIVE)
    assert gone["text"].startswith("5xx > 2 %: 5xx 0 % (0 of "), gone
    print("     back after %.1f s (looks every 1.5 s): %s" % (took, gone["text"]))
    eventually("200 again", 5, lambda: g.visit() == 200)
    stop()
    source = g.api("GET", "/v1/service-sources/orders")[1]["data"]
    assert source["domain"] == g.good, source
    code, out, err = g.run(["audit", "verify"])
    assert code == 0, err


def check_a_timeout_that_is_too_short(g):
    g.backends[0].delay = 1.5
    stop, c = g.stream(at_once=8), g.assistant()
    time.sleep(4)
    bad(g, c, {"customConfigs": {"higress.io/timeout": "1"}}, FIVE, "route", most=9)
    stop()


def check_what_was_slow_before_is_no_regression(g):
    g.backends[0].delay = 0.3
    stop, c = g.stream(), g.assistant()
    time.sleep(3)
    change, _ = g.change(c, "route", "orders", {"methods": ["GET"]}, guard={"for": "5s", "revert_if": ["p99 > 200 ms"]})
    held = g.until(change, "held", 10)
    assert "100 % -> 100 %" in held["text"], held
    stop()


def check_a_slow_backend_is_seen(g):
    stop, c = g.stream(), g.assistant()
    time.sleep(2)
    _, gone, _ = bad(g, c, {"domain": g.up(delay=0.4)}, ["p95 > 250 ms"])
    assert "slower than 250 ms" in gone["text"], gone
    stop()


def check_no_traffic_any_more(g):
    stop, c = g.stream(), g.assistant()
    time.sleep(4)
    _, gone, _ = bad(g, c, {"path": {"matchType": "PRE", "matchValue": "/elsewhere"}}, ["no traffic"], "route", span="20s", most=12)
    assert gone["text"].startswith("no traffic: "), gone
    stop()


def check_only_requests_of_what_was_changed_count(g):
    g.backends.append(gate.backend(status=500))
    g.api("PUT", "/v1/service-sources/other", {**g.api("GET", "/v1/service-sources/other")[1]["data"],
                                               "domain": "127.0.0.1:%d" % g.backends[-1].server_port})
    stop, noise, c = g.stream(), g.stream("/other"), g.assistant()
    time.sleep(2)
    change, _ = g.change(c, "route", "orders", {"methods": ["GET"]}, guard={"for": "5s", "revert_if": FIVE})
    g.until(change, "held", 10)
    stop(), noise()


def check_a_restart_in_between(g):
    c = g.assistant()
    g.traffic(1)
    change, _ = g.change(c, "service-source", "orders", {"domain": dead()}, guard={"for": "30s", "revert_if": FIVE})
    g.kill(c)
    assert "no server watches" in g.guard_of(change)["text"], g.guard_of(change)
    stop = g.stream()
    time.sleep(2)
    assert g.guard_of(change)["state"] == "watching"
    g.assistant()
    g.until(change, "reverted", 10)
    stop()


def check_a_server_that_comes_too_late_takes_nothing_back(g):
    c = g.assistant()
    g.traffic(1)
    change, _ = g.change(c, "service-source", "orders", {"domain": dead()}, guard={"for": "5s", "revert_if": FIVE})
    g.kill(c)
    g.traffic(11)
    g.assistant()
    gone = g.until(change, "unseen", 10)
    assert "no server watched" in gone["text"], gone


def check_what_somebody_else_changed_is_left_alone(g):
    stop, c = g.stream(), g.assistant()
    time.sleep(2)
    first, second = dead(), dead()
    change, _ = g.change(c, "service-source", "orders", {"domain": first}, guard={"for": "40s", "revert_if": FIVE})
    now = g.api("GET", "/v1/service-sources/orders")[1]["data"]
    assert g.api("PUT", "/v1/service-sources/orders", {**now, "domain": second})[0] == 200
    gone = g.until(change, "stopped", 12)
    assert "changed by somebody since" in gone["text"] and "5xx > 2 %" in gone["text"], gone
    time.sleep(3)
    assert g.api("GET", "/v1/service-sources/orders")[1]["data"]["domain"] == second
    stop()


def check_undo_ends_it(g):
    c = g.assistant()
    g.traffic(1)
    change, _ = g.change(c, "service-source", "orders", {"domain": g.up()}, guard={"for": "60s", "revert_if": FIVE})
    ok, text, data = g.call(c, "undo_change", id=change)
    assert ok, text
    gone = g.until(change, "stopped", 3)
    assert gone["text"].endswith("took it back") and data["id"] in gone["text"], gone


def check_a_person_ends_it(g):
    c = g.assistant()
    g.traffic(1)
    change, _ = g.change(c, "service-source", "orders", {"domain": g.up()}, guard={"for": "60s", "revert_if": FIVE})
    code, out, err = g.run(["stop", change, "--reason", "we look ourselves"])
    assert code == 5, (code, out, err)
    code, screen = g.person(["stop", change, "--reason", "we look ourselves"], "yes")
    assert code == 0, screen
    gone = g.guard_of(change)
    assert gone["state"] == "stopped" and gone["text"].endswith(": we look ourselves"), gone
    code, screen = g.person(["stop", change, "--reason", "again"], "yes")
    assert code == 5 and "nothing to stop" in screen, screen


def check_counters_alone(g):
    """Where there is no access log: Envoy's counters, by service."""
    stop, c = g.stream(), g.assistant()
    time.sleep(2)
    ok, text, _ = g.call(c, "change_resource", kind="service-source", name="orders", action="patch", object={"domain": dead()},
                         guard={"for": "30s", "revert_if": ["p99 > 5 ms"]})
    assert not ok and "Envoy's counters" in text, text
    _, gone, _ = bad(g, c, {"domain": dead()}, FIVE)
    stop()


check_counters_alone.signals = "counters"


def check_a_bad_change_is_seen_in_loki(g):
    stop, c = g.stream(), g.assistant()
    time.sleep(2)
    _, gone, _ = bad(g, c, {"domain": dead()}, FIVE)
    assert gone["text"].startswith("5xx > 2 %"), gone
    stop()


check_a_bad_change_is_seen_in_loki.signals = "loki"


def check_silence_of_a_log_without_requests_is_no_sign(g):
    """The access log is elsewhere: a guard that would see no traffic sees nothing, and nothing is written."""
    g.ships = False
    time.sleep(0.2)
    g.loki.entries = [(time.time_ns(), {"app": "gw"}, "2026-11-30T08:00:00.123456Z\tinfo\tads\tready")]
    c = g.assistant()
    ok, text, _ = g.call(c, "change_resource", kind="service-source", name="orders", action="patch", object={"domain": g.up()},
                         guard={"for": "5s", "revert_if": ["no traffic"]})
    assert not ok and "nothing was written" in text and "no request is in loki" in text and "logs.from" in text, text
    assert g.api("GET", "/v1/service-sources/orders")[1]["data"]["domain"] == g.good


check_silence_of_a_log_without_requests_is_no_sign.signals = "loki"


def check_blind_guards_are_refused_before_the_plan(g):
    c = g.assistant()
    ok, text, _ = g.call(c, "change_resource", kind="service-source", name="orders", action="patch", object={"domain": dead()},
                         guard={"for": "30s", "revert_if": FIVE})
    assert not ok and "nothing could be watched" in text, text
    assert not g.run(["changes"])[1].strip(), g.run(["changes"])[1]


check_blind_guards_are_refused_before_the_plan.signals = "none"


def stamp(ahead):
    t = time.gmtime(time.time() + ahead + 3600)
    return time.strftime("%Y-%m-%dT%H:%M:%S+01:00", t)


def check_a_schedule_waits_for_its_time(g):
    c = g.assistant()
    change, text = g.change(c, "route", "orders", {"methods": ["GET"]}, schedule={"at": stamp(4)})
    shown = g.show(change)
    assert shown["state"] == "approved" and shown["starts"], shown
    assert not g.api("GET", "/v1/routes/orders")[1]["data"].get("methods")
    eventually("applied", 10, lambda: g.show(change)["state"] == "applied")
    assert g.api("GET", "/v1/routes/orders")[1]["data"]["methods"] == ["GET"]


def check_a_schedule_survives_a_restart_and_sees_drift(g):
    c = g.assistant()
    change, _ = g.change(c, "route", "orders", {"methods": ["GET"]}, schedule={"at": stamp(5)})
    other, _ = g.change(c, "route", "other", {"methods": ["GET"]}, schedule={"at": stamp(5)})
    third, _ = g.change(c, "service-source", "orders", {"domain": g.up()}, schedule={"at": stamp(5)})
    g.kill(c)
    now = g.api("GET", "/v1/routes/other")[1]["data"]
    assert g.api("PUT", "/v1/routes/other", {**now, "methods": ["PUT"]})[0] == 200
    code, screen = g.person(["stop", third, "--reason", "not now"], "yes")
    assert code == 0, screen
    g.assistant(), g.assistant()
    eventually("applied", 12, lambda: g.show(change)["state"] == "applied")
    eventually("void", 6, lambda: g.show(other)["state"] == "void")
    assert g.show(third)["state"] == "cancelled"
    assert g.api("GET", "/v1/routes/other")[1]["data"]["methods"] == ["PUT"]


def check_a_schedule_says_what_is_wrong(g):
    c = g.assistant()
    for given, words in (({"at": "2030-01-01T02:00:00"}, "with its zone"), ({"at": stamp(-60)}, "a time to come"),
                         ({"at": stamp(60), "until": stamp(50)}, "after at"), ({"at": stamp(60), "for": "5m"}, "no more")):
        ok, text, _ = g.call(c, "change_resource", kind="route", name="orders", action="patch", object={"methods": ["GET"]}, schedule=given)
        assert not ok and words in text, (given, text)


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    executable = envoy.binary()
    if not executable:
        print("no Envoy here\n0 passed, 0 failed, 1 skipped")
        return 0
    return gate.house.run_each(globals(), lambda check: gate.Gate(executable, getattr(check, "signals", "log")), word)


if __name__ == "__main__":
    sys.exit(main())
