"""attacked.py [WORD] - alerts in, what an attack with the source in hand found: what is lost, said twice, or not so. `N passed, N failed`."""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import alerts
from alarm import Alarm, alert, equal, has, holds, room, text_of, wait_until

HOUR = 3600
NOTHING = {"begun": 0, "again": 0, "ended": 0, "ignored": 0}


def hours(first, last):
    at = [time.strftime("%H:%M", time.gmtime(time.time() + h * HOUR)) for h in (first, last)]
    return {"from": at[0], "to": at[1], "zone": "UTC", "urgent": ["critical"]}


def night(a, on=True):
    a.settings["chat"][0].pop("quiet", None)
    if on:
        a.settings["chat"][0]["quiet"] = hours(-1, 1)
    a.write_settings()
    a.restart()


def check_what_was_not_kept_may_come_again_under_its_id(a):
    body = {"title": "Twice", "labels": {"route": "shop-pay"}}
    equal(a.own([{}], ident="evt-1")[0], 400)
    equal(a.own(body, ident="evt-1")[1]["begun"], 1)
    equal(a.own(body, ident="evt-1"), (200, NOTHING))
    a.edit("UPDATE alerts SET mac = NULL")  # it cannot be kept now
    equal(a.own({**body, "status": "resolved"}, ident="evt-2")[0], 503)
    a.edit("DELETE FROM alerts")
    equal(a.own(body, ident="evt-2")[1]["begun"], 1)


def check_one_urgent_of_very_many_is_told_at_night(a):
    night(a)
    began = time.time()
    many = [alert("Many", began + 1, route="shop-pay", severity="warning", pod="p%d" % i) for i in range(80)]
    equal(a.am(many + [alert("Many", began - 60, route="shop-pay", severity="critical")])[1]["begun"], 81)
    has(text_of(a.alert_card("Many")), "81 of 81 alerts of am fire")


def check_a_severity_among_very_many_labels_counts(a):
    night(a)
    equal(a.am([alert("Labels", route="shop-pay", **{"a%02d" % i: "x" for i in range(40)}, severity="critical")])[0], 200)
    one = alert("Ordered", route="shop-pay", severity="critical")
    one["labels"] = {**{"a%02d" % i: "x" for i in range(40)}, **one["labels"]}
    equal(a.am([one])[0], 200)
    wait_until("both are not told", lambda: len(a.cards()) == 2)


def check_what_flaps_at_night_is_one_card(a):
    night(a)
    began = time.time()
    for i in range(8):
        at = began + i * 10
        equal(a.am([alert("Flaps", at, route="shop-pay", severity="warning")])[1]["begun"], 1)
        if i < 7:
            equal(a.am([alert("Flaps", at, at + 5, route="shop-pay", severity="warning")])[1]["ended"], 1)
    night(a, False)
    has(text_of(a.alert_card("Flaps")), "1 of 1 alert of am fires")
    wait_until("the others do not pass", lambda: len(a.audit("alert_passed")) == 7)
    alerts.fires(a, "Marker", marker="m")
    equal([c["data"]["card"]["title"] for c in a.cards()], ["Alert: Flaps", "Alert: Marker"])


def check_a_card_whose_alert_fires_under_another_says_so(a):
    alerts.broken(a)
    card, began = alerts.fires(a)
    alerts.is_over(a, "HighErrors", began)
    a.renewed(card, "Alert over: HighErrors", since=0)
    since = len(a.receiver.heard)
    equal(a.am([alert("HighErrors", began + 90, route="shop-pay")])[1]["begun"], 1)
    a.alert_card("1 of 1 alert of am fires", since=since)
    since = len(a.receiver.heard)
    a.press("bob", card, "reject")
    said = text_of(a.renewed(card, "told by a later card", since=since))
    for wrong in ("no name", "0 alerts", "In the words of the source"):
        holds(wrong not in said, said)


def check_what_was_done_since_it_fires_is_not_offered_to_be_undone(a):
    bad = alerts.broken(a)
    time.sleep(3)  # clocks may differ by two seconds
    began = time.time()
    time.sleep(3)
    mended = a.edited("service-source", "shop-pay", {"domain": "10.0.0.2:9090"})
    equal(a.am([alert("Between", began, route="shop-pay")])[0], 200)
    card = a.alert_card("Between")
    has(text_of(card), "Changed before it: " + bad, "It is not offered to be undone here: %s was applied there since" % mended)
    equal((card["data"]["card"].get("button"), len(a.audit("proposed"))), (None, 2))
    equal(a.am([alert("After", route="shop-pay")])[0], 200)
    has(text_of(a.alert_card("After")), "Changed before it: " + mended, "What would help:\nundo " + mended)


def check_two_processes_on_one_state_make_one_card(a):
    other = a.serve()
    began = time.time()
    a.receiver.hold = threading.Event()
    equal(a.am([alert("First", began, route="shop-pay")])[0], 200)
    card = a.alert_card("First")  # by one process, which waits for the answer
    a.port_of_bot = other
    equal(a.am([alert("Second", began, route="shop-pay")])[0], 200)
    a.alert_card("Second")  # by the other, which looked at the first before it
    equal(sorted(c["data"]["card"]["title"] for c in a.cards()), ["Alert: First", "Alert: Second"])
    a.receiver.hold.set()
    a.receiver.hold = None
    a.wait_told(card)
    alerts.is_over(a, "First", began)
    a.renewed(card, "Alert over", since=0)
    equal([len(a.audited(e, n)) for e, n in (("alert_diagnosed", 2), ("alert_told", 2), ("alert_over", 1))], [2, 2, 1])
    a.processes[-2].kill()  # whose the first was: what is its is followed by the one that is left
    a.processes[-2].wait()
    a.processes.pop(-2)
    alerts.is_over(a, "Second", began)
    a.audited("alert_over", 2)


def check_an_incident_that_cannot_be_read_is_tried_at_its_time(a):
    a.env["HIGRESS_OPS_LOG"] = "error"
    a.restart()
    equal(a.am([alert("Broken", route="shop-pay")])[0], 200)
    a.edit("UPDATE alerts SET mac = NULL")
    wait_until("nobody looked", lambda: "an incident could not be read" in a.everything())
    alerts.fires(a, "Other", other="x")
    alerts.fires(a, "Another", other="y")
    tries = a.everything().count("an incident could not be read")  # where something moves, and then each minute
    holds(tries < 60, "%d tries" % tries)


check_an_incident_that_cannot_be_read_is_tried_at_its_time.window = 1


def check_a_report_says_what_fires_of_its_gateway_alone(a):
    password = os.path.join(a.dir, "password")
    a.settings["gateways"] = [{"name": n, "url": "http://%s:%d" % (host, a.port), "password": {"file": password}}
                              for n, host in (("east", "127.0.0.1"), ("west", "localhost"))]
    for name in ("HIGRESS_OPS_URL", "HIGRESS_OPS_PASSWORD_FILE"):
        a.env.pop(name)
    for x in a.settings["alerts"]:  # "am" is about the one that is meant
        x.update({"gf": {"gateway": "west"}, "gb": {"gateway": "east"}}.get(x["name"], {}))
    a.settings["schedules"] = [{"name": n or "meant", "what": "report", "account": "webhook/ops", "channel": "c1", "every": "5s",
                                **({"gateway": n} if n else {})} for n in ("east", "west", None)]
    a.write_settings()
    a.restart()
    for told in (a.am, a.grafana, a.grafana_basic):
        equal(told([alert("Of one", route="shop-pay")])[0], 200)
    wait_until("they are not told", lambda: len(a.cards()) == 3)
    since = len(a.receiver.heard)

    def sources(name):
        said = a.receiver.wait(lambda e: e["type"] == "message" and "Report '%s'" % name in e["data"]["text"], since)["data"]["text"]
        return [x for x in ("am", "gb", "gf", "own") if "1 of 1 of %s: " % x in said]

    equal((sources("east"), sources("west"), sources("meant")), (["am", "gb"], ["gf"], ["am", "gb"]))
    a.settings["alerts"] = [x for x in a.settings["alerts"] if x["name"] != "gf"]
    a.write_settings()
    a.restart()
    since = len(a.receiver.heard)
    equal(sources("west"), [])  # nobody hears of it any more


def check_labels_that_are_named_as_secrets_are(a):
    word, login = "hunter2hunter2", "letmein9letmein9"
    one = alert("Named", summary="see https://ops:%s@grafana.example/d?token=%s" % (login, word), route="shop-pay",
                **{"password": word, "api_key": word, "pod": "p1"})
    one["annotations"]["description"] = "Authorization: Bearer " + word
    equal(a.am([one])[0], 200)
    said = text_of(a.alert_card("Named"))
    has(said, 'pod="p1"', 'password="(secret)"')
    for secret in (word, login):
        holds(secret not in json.dumps(a.receiver.heard) and secret not in str(a.query("SELECT shown FROM alerts")), said)


def make(check):
    return Alarm(window=getattr(check, "window", 0))


if __name__ == "__main__":
    sys.exit(room.house.run_each(dict(globals()), make, sys.argv[1] if len(sys.argv) > 1 else ""))
