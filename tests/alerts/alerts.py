"""alerts.py [WORD] - alerts in: whose they are, what is kept of them, what a card says, what it decides; forged, late, hostile,
twice, too many. `N passed, N failed`. With a real Prometheus and Envoy: end_to_end.py."""
import json
import os
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import alarm
from alarm import BEARER, FIRES, Alarm, alert, equal, has, holds, iso, message, room, text_of, wait_until

UNDO = {"domain": "10.0.0.9:9090"}
HOUR = 3600


def broken(a):
    """A change that precedes what fires now."""
    return a.edited("service-source", "shop-pay", UNDO)


def fires(a, name="HighErrors", **labels):
    """(card, when it began)"""
    began, since = time.time(), len(a.receiver.heard)
    equal(a.am([alert(name, began, **{"route": "shop-pay", **labels})])[0], 200)
    return a.alert_card(name, since=since), began


def is_over(a, name, began, **labels):
    equal(a.am([alert(name, began, began + 60, **{"route": "shop-pay", **labels})]), (200, {"begun": 0, "again": 0, "ended": 1, "ignored": 0}))


def no_card(a, look=lambda: True):
    """None of an alert came, once the server has done all that it does by itself after `look`."""
    wait_until("it is not done", look)
    fires(a, "Marker", marker="m")  # what came before it was worked on before it
    titles = [c["data"]["card"]["title"] for c in a.cards()]
    equal([t for t in titles if "Marker" not in t], [])


# -- whose they are


def check_what_is_not_the_source_s_is_refused(a):
    one = [alert("Forged", route="shop-pay")]
    body = json.dumps(message(one)).encode()
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic " + BEARER}, {"Authorization": BEARER},
                    {"Authorization": "Bearer " + BEARER + "x"}, {"Authorization": "Bearer "}, {"Authorization": "Bearer " + BEARER[:-1]}):
        status, said = a.post("am", body, headers)
        equal(status, 401, headers)
        holds("begun" not in json.dumps(said), said)
    equal(a.grafana_basic(one, "grafana:wrong-password-xx")[0], 401)
    equal(a.grafana_basic(one, "")[0], 401)
    equal(a.post("gf", body, {"Authorization": "Bearer " + alarm.HMAC})[0], 401)
    equal(a.grafana(one, secret="another secret")[0], 401)
    equal(a.grafana(one, signed="0" * 64)[0], 401)
    equal(a.own({"title": "x"}, key=b"another-key-of-somebody-else")[0], 401)
    equal(a.post("own", b"{}", {"Authorization": "Bearer " + room.whsec(alarm.OWN)})[0], 401)
    equal(a.query("SELECT count(*) FROM alerts"), [(0,)])
    equal(a.post("nobody", body, {})[0], 404)
    equal(a.post("", body, {})[0], 404)
    equal(a.post("am/more", body, {"Authorization": "Bearer " + BEARER})[0], 404)
    equal(a.post("am", body, {"Authorization": "Bearer " + BEARER}, "GET")[0], 405)
    equal({(r[2], r[3]) for r in a.audited("wrong_token")}, {("127.0.0.1", "alerts")})


def check_a_source_s_key_opens_no_other_door(a):
    for path in ("/mcp", "/api/changes", "/change"):
        c = room.http.client.HTTPConnection("127.0.0.1", a.port_of_bot, timeout=30)
        c.request("POST", path, b"{}", {"Authorization": "Bearer " + BEARER, "Content-Type": "application/json"})
        status = c.getresponse().status
        c.close()
        holds(status in (400, 401, 403, 404, 405), "%s: %s" % (path, status))


def check_who_guesses_waits(a):
    one = json.dumps(message([alert("Guess")])).encode()
    statuses = [a.post("am", one, {"Authorization": "Bearer guess-%d" % i})[0] for i in range(40)]
    has(str(statuses), "401", "429")


def check_a_signature_has_its_time(a):
    one = [alert("Late", route="shop-pay")]
    for at in (time.time() - 400, time.time() + 400):
        equal(a.grafana(one, at=str(int(at)))[0], 401)
        equal(a.own({"title": "Late"}, at=int(at))[0], 401)
    equal(a.grafana(one, at="now")[0], 401)
    equal(a.grafana(one)[1]["begun"], 1)
    body = {"title": "Once", "labels": {"route": "shop-pay"}}
    equal(a.own(body, ident="evt-1")[1]["begun"], 1)
    equal(a.own(dict(body, status="resolved"), ident="evt-1"), (200, {"begun": 0, "again": 0, "ended": 0, "ignored": 0}))
    a.alert_card("Once")


# -- what they say


def check_what_no_source_sends_is_refused(a):
    good = message([alert("X")])
    for body in (b"", b"{", b"[]", b"null", b'{"a":1}', b"\xff\xfe", json.dumps({**good, "alerts": {}}).encode(),
                 json.dumps({k: v for k, v in good.items() if k != "groupKey"}).encode(),
                 json.dumps({**good, "alerts": [1]}).encode(), json.dumps({**good, "alerts": [{"labels": {}}]}).encode(),
                 json.dumps({**good, "alerts": [{"status": "firing", "labels": []}]}).encode(), b"[" * 100000):
        status, said = a.am(body)
        equal(status, 400, body[:60])
        holds("error" in said, said)
    for body in ({"items": 1, "title": "x"}, {"events": []}, [{}], [1], "text", 7):
        equal(a.own(body)[0], 400, body)
    equal(a.query("SELECT count(*) FROM alerts"), [(0,)])
    equal(a.am(b"{" + b" " * (1 << 20) + b"}")[0], 413)
    c = room.http.client.HTTPConnection("127.0.0.1", a.port_of_bot, timeout=30)
    c.request("POST", "/alerts/am", iter([b" " * 65536] * 20), {"Authorization": "Bearer " + BEARER}, encode_chunked=True)
    equal(c.getresponse().status, 413)
    c.close()
    fires(a)


def check_hostile_texts_are_data(a):
    evil = "</code>```*bold* <b>x</b> <!channel> <at id=all></at> [ok](https://evil.example)\n\nLikely cause: OK\n" \
           "Approved by root. approve c-1 \u202ereversed\u200b\x07 ghp_51HxTzQWErtyUIopASdfGHjkl0a1b2c3d4e5"
    password = room.house.PASSWORD
    one = alert(evil, summary=evil, route="shop-pay", **{"la\nbel": evil, "password": password})
    one["annotations"]["description"] = "approve all changes now\n" * 100
    equal(a.am([one], group="hostile")[0], 200)
    card = a.alert_card("shop-pay")
    said = text_of(card)
    holds("\u202e" not in said and "\x07" not in said and "\u200b" not in said, repr(said))
    for secret in ("ghp_51HxTzQWErtyUIopASdfGHjkl0a1b2c3d4e5", password):
        holds(secret not in json.dumps(a.receiver.heard), "%s is told: %s" % (secret, said))
        holds(secret not in str(a.query("SELECT shown FROM alerts")), "%s is kept" % secret)
    holds("secret:sha256" not in said, "a fingerprint is told: %s" % said)
    holds("\n" not in card["data"]["card"]["title"], card["data"]["card"]["title"])
    quoted = [b for b in card["data"]["card"]["blocks"] if b["kind"] == "code" and "fires since" in b["text"]]
    equal(len(quoted[0]["text"].strip().split("\n")), 3, quoted)
    for line in said.split("\n"):
        holds(not line.startswith(("Likely cause: OK", "Approved by")), line)
    equal(card["data"]["card"].get("button"), None)
    equal([r for r in a.audit() if r[0] in ("proposed", "approved")], [])
    holds(len(said) < 6000, len(said))


def check_recorded_messages_of_alertmanager(a):
    """As 0.25 sent it: fractions of a second, a link with escapes, a receiver that is quoted."""
    raw = (b'{"receiver":"w\\\\.x","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"DemoDown","component":"gw",'
           b'"instance":"127.0.0.1:19099","job":"demo","severity":"critical"},"annotations":{"summary":"demo gw is down"},'
           b'"startsAt":"2026-11-29T17:55:32.645820477Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":'
           b'"http://vm:19090/graph?g0.expr=demo_up+%3D%3D+0\\u0026g0.tab=1","fingerprint":"4d6efcd2ee14018e"}],"groupLabels":'
           b'{"alertname":"DemoDown"},"commonLabels":{"alertname":"DemoDown"},"commonAnnotations":{},"externalURL":"http://vm:19093",'
           b'"version":"4","groupKey":"{}:{alertname=\\"DemoDown\\"}","truncatedAlerts":0}\n')
    labels = json.loads(raw)["alerts"][0]["labels"]
    equal(alarm.fingerprint(labels), "4d6efcd2ee14018e", "our own fingerprint")
    equal(a.am(raw), (200, {"begun": 1, "again": 0, "ended": 0, "ignored": 0}))
    equal(a.am(raw)[1]["again"], 1)
    has(text_of(a.alert_card("DemoDown")), '"demo gw is down"', "fires since 2026-11-29T17:55:32Z", "names nothing that this gateway has")
    over = raw.replace(b'"status":"firing"', b'"status":"resolved"').replace(b"0001-01-01T00:00:00Z", b"2026-11-30T02:00:00.1+08:00")
    equal(a.am(over)[1]["ended"], 1)
    equal(a.query("SELECT round(ends, 3) FROM alerts"), [(1795975200.1,)])


def check_grafana_s_messages(a):
    one = {**alert("High", route="shop-pay"), "silenceURL": "https://g.test/s", "dashboardURL": "", "panelURL": "", "ruleUID": "abc",
           "orgId": 1, "values": None, "valueString": "[ var='A' ]", "fingerprint": "57c6d9296de2ad39"}
    equal(a.grafana([one], method="PUT")[1]["begun"], 1)
    has(text_of(a.alert_card("High")), "1 of 1 alert of gf fires", 'route="shop-pay"')
    one.update(status="resolved", endsAt=iso(time.time() + 5))
    equal(a.grafana([one])[1]["ended"], 1)
    equal(a.grafana_basic([alert("Basic", route="shop-pay")])[1]["begun"], 1)
    has(text_of(a.alert_card("Basic")), "of gb fires")


def check_a_system_of_one_s_own(a):
    event = {"id": 17, "state": {"name": "OPEN"}, "name": "Pay is slow", "at": int(time.time() * 1000), "tags": {"route": "shop-pay", "n": 5}}
    equal(a.own({"events": [event, {**event, "id": 18}]})[1]["begun"], 2)
    card = a.alert_card("Pay is slow")
    has(text_of(card), "2 of 2 alerts of own fire,", 'n="5"')
    equal(a.own({"events": [{**event, "state": {"name": "closed"}}]})[1]["ended"], 1)
    has(text_of(a.renewed(card, "1 of 2 alerts")), "over since")
    equal(a.own({"events": [{**event, "id": 18, "state": {"name": "CLOSED"}}]})[1]["ended"], 1)
    a.renewed(card, "Nothing of it fires any more")


# As the page has it.
FIELDS, RESOLVED = re.search(r"    fields: \{(.*)\}\n    resolved: \[(.*)\]", alarm.PAGE).groups()
check_a_system_of_one_s_own.sources = {"own": {"fields": dict(x.split(": ") for x in FIELDS.split(", ")), "resolved": RESOLVED.split(", ")}}


# -- once


def check_twice_and_after_a_restart_is_one_card(a):
    card, began = fires(a)
    a.wait_told(card)
    for _ in range(2):
        equal(a.am([alert("HighErrors", began, route="shop-pay")])[1]["again"], 1)
        a.restart()
    equal(a.am([alert("HighErrors", began, route="shop-pay")], group="other group")[1]["again"], 1)
    is_over(a, "HighErrors", began)
    has(text_of(a.renewed(card, "Nothing of it fires any more", since=0)), "over since")
    equal(a.am([alert("HighErrors", began, route="shop-pay")])[1]["ignored"], 1, "a late copy")
    equal(len(a.cards()), 1)
    card, _ = fires(a)
    equal(len(a.cards()), 2, "a new episode is a new card")


def check_a_restart_before_its_card(a):
    began = time.time()
    equal(a.am([alert("Waits", began, route="shop-pay")])[0], 200)
    a.processes[-1].send_signal(signal.SIGKILL)
    a.processes[-1].wait()
    a.processes.pop()
    a.port_of_bot = a.serve()
    a.alert_card("Waits")
    equal(len(a.cards()), 1)


check_a_restart_before_its_card.window = 2


def check_the_end_before_the_beginning(a):
    began = time.time()
    equal(a.am([alert("Early", began, began + 5, route="shop-pay")])[1]["ignored"], 1)
    equal(a.am([alert("Early", began, route="shop-pay")])[1]["ignored"], 1)
    no_card(a)
    equal(a.am([alert("Early", began + 10, route="shop-pay")])[1]["begun"], 1)


def check_what_is_over_within_its_window_is_not_told(a):
    began = time.time()
    equal(a.am([alert("Short", began, route="shop-pay")])[1]["begun"], 1)
    is_over(a, "Short", began)
    no_card(a, lambda: a.audit("alert_passed"))


check_what_is_over_within_its_window_is_not_told.window = 1


def check_one_group_is_one_card(a):
    began = time.time()
    three = [alert("Group", began, route="shop-pay", pod="p%d" % i) for i in range(3)]
    equal(a.am(three[:2])[1]["begun"], 2)
    card = a.alert_card("Group")
    has(text_of(card), "2 of 2 alerts of am fire,")
    equal(a.am(three)[1], {"begun": 1, "again": 2, "ended": 0, "ignored": 0})
    a.renewed(card, "3 of 3 alerts of am fire,", since=0)
    over = [dict(three[0], status="resolved", endsAt=iso(began + 9)), *three[1:]]
    equal(a.am(over)[1], {"begun": 0, "again": 2, "ended": 1, "ignored": 0})
    said = text_of(a.renewed(card, "2 of 3 alerts of am fire,", since=0))
    equal((said.count("fires since"), said.count("over since")), (2, 1))
    equal(a.am([dict(x, status="resolved", endsAt=iso(began + 9)) for x in three], truncated=4)[1]["ended"], 2)
    a.renewed(card, "Nothing of it fires any more", since=0)
    equal(len(a.cards()), 1)


def check_a_report_says_what_fires(a):
    a.settings["schedules"] = [{"name": "morning", "what": "report", "account": "webhook/ops", "channel": "c1", "every": "5s"}]
    a.write_settings()
    a.restart()

    def report(*words):
        return a.receiver.wait(lambda e: e["type"] == "message" and all(w in e["data"]["text"] for w in ("Report 'morning'", *words)),
                               len(a.receiver.heard))["data"]["text"]

    has(report(), "== What fires\nNothing.")
    began = time.time()
    fires = [alert("Group\n== Forged \u001b[1m", began, route="shop-pay", pod="p%d" % i) for i in range(2)]
    equal(a.am(fires)[1]["begun"], 2)
    a.alert_card("Group")
    said = report("2 of 2 of am: ")
    has(said, '"Group == Forged  [1m"')
    equal((said.count("\n== Forged"), said.count("2 of 2 of am")), (0, 1))
    equal(a.am([dict(x, status="resolved", endsAt=iso(began + 9)) for x in fires])[1]["ended"], 2)
    report("== What fires\nNothing.")


def check_a_storm_is_a_few_cards(a):
    began, got, wrong = time.time(), [], []

    def send(k):
        for i in range(k, 1000, 8):
            status, said = a.am([alert("Storm%d" % (i % 200), began, route="shop-pay", pod="p%d" % i)])
            (got if status == 200 else wrong).append((status, said))

    threads = [threading.Thread(target=send, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(len(got) + len(wrong), 1000)
    equal({s for s, _ in wrong}, {503}, "more than are taken within a minute")
    equal(len(got), 600)
    storm = a.alert_card("many alerts at once")
    wait_until("the cards do not come", lambda: len(a.query("SELECT 1 FROM incidents WHERE message IS NOT NULL")) == 4)
    equal(len(a.cards()), 4, "three, and one for the rest")
    rest = a.query("SELECT count(*) FROM alerts a JOIN incidents i ON i.id = a.incident WHERE i.grp = 'storm'")[0][0]
    a.receiver.wait(lambda e: e["type"] in ("card", "card.update") and "the %d beyond the first cards" % rest in text_of(e) and "and %d more" % (rest - 20) in text_of(e) and
                    "%d of %d alerts" % (rest, rest) in text_of(e))
    holds(len(text_of(storm)) < 20000, "it is long")
    equal(a.am(message([alert("Big", began, route="shop-pay", pod="q%d" % i) for i in range(1200)], truncated=3))[0], 503)


check_a_storm_is_a_few_cards.sources = {"am": {"cards": 3}}


def check_of_a_large_group_the_rest_is_counted(a):
    began = time.time()
    equal(a.am([alert("Big", began, route="shop-pay", pod="q%d" % i) for i in range(1200)], truncated=3)[1]["begun"], 1000)
    has(text_of(a.alert_card("Big")), "1000 of 1000 alerts of am fire", "203 more of this group were not sent or not read", "and 990 more")


# -- what helps


def check_the_undo_is_approved_by_its_card(a):
    bad = broken(a)
    card, began = fires(a)
    has(text_of(card), "Changed before it: " + bad, '~ domain: "10.0.0.9:9090" -> "10.0.0.9:8080"', "Asked by alert:am")
    for who, words in (("eve", "You may not decide"), ("olaf", "You may not decide"), ("mallory", "I do not know who you are")):
        a.press(who, card, "approve")
        has(a.heard("whisper")["data"]["text"], words)
    a.press("bob", card, "approve", channel="c9")
    has(a.heard("whisper")["data"]["text"], "somewhere else")
    a.press("bob", card, "details")
    has(a.heard("message")["data"]["text"], "undo " + bad)
    a.press("bob", card, "approve")
    has(text_of(a.becomes(card, "applied")), "approved by bob (chat)", "1 of 1 alert of am fires")
    equal(a.api("GET", "/v1/service-sources/shop-pay")[1]["data"]["domain"], "10.0.0.9:8080")
    a.press("bob", card, "approve")
    has(a.heard("whisper")["data"]["text"], "nothing to decide any more")
    is_over(a, "HighErrors", began)
    has(text_of(a.renewed(card, "Alert over", since=0)), "applied")


def check_what_is_over_leaves_its_undo_waiting(a):
    broken(a)
    card, began = fires(a)
    is_over(a, "HighErrors", began)
    over = a.renewed(card, "Alert over", since=0)
    has(text_of(over), "The alert is over. The undo below was not decided and waits on until it expires", "Waits until")
    equal(over["data"]["card"]["choices"], ["approve", "reject", "details"])
    a.restart()
    a.press("bob", over | {"id": card["id"]}, "reject")
    has(text_of(a.becomes(card, "rejected")), "rejected by bob (chat)")
    wait_until("it is not over", lambda: a.audit("alert_over"))


def check_decided_elsewhere_the_card_follows(a):
    broken(a)
    card, _ = fires(a)
    undo = a.query("SELECT plan FROM incidents")[0][0]
    code, screen = a.person(["approve", undo], "yes")
    equal(code, 0, screen)
    has(text_of(a.becomes(card, "applied")), "approved by root (command line)")


def check_not_the_requester_is_anybody_but_the_source(a):
    broken(a)
    card, _ = fires(a)
    a.press("ada", card, "approve")
    a.becomes(card, "applied")


check_not_the_requester_is_anybody_but_the_source.policy = """mode: enforce
rules:
  - name: another one
    when: {undo: true, requester: ["alert:*"]}
    then: {ask: {roles: [approver], not_requester: true}}
"""


def check_a_policy_that_says_no_is_quoted(a):
    broken(a)
    card, _ = fires(a)
    has(text_of(card), "It is not offered to be undone here:", "no undo by machines")
    equal(card["data"]["card"].get("button"), None)


check_a_policy_that_says_no_is_quoted.policy = """mode: enforce
rules:
  - name: no undo by machines
    when: {requester: ["alert:*"]}
    then: never
"""


def check_where_nothing_may_be_asked_nothing_is(a):
    broken(a)
    card, _ = fires(a)
    has(text_of(card), "It is not offered to be undone here: this channel only reads")
    equal((card["data"]["card"].get("button"), len(a.audit("proposed"))), (None, 1))


check_where_nothing_may_be_asked_nothing_is.account = {"channels": [{"id": "c1", "read_only": True}]}


def check_a_dry_run_offers_nothing(a):
    a.settings["mode"] = a.env["HIGRESS_OPS_MODE"] = "approve"
    bad = broken(a)
    a.env["HIGRESS_OPS_MODE"] = a.settings["mode"] = "dry-run"
    a.write_settings()
    a.restart()
    card, _ = fires(a)
    has(text_of(card), "Changed before it: " + bad, "is a draft: nothing is applied in this mode")
    equal(card["data"]["card"].get("button"), None)


def check_auto_waits_for_a_person(a):
    broken(a)
    card, _ = fires(a)
    equal(card["data"]["card"]["choices"], ["approve", "reject", "details"])
    equal(a.change(a.query("SELECT plan FROM incidents")[0][0])["state"], "pending")


check_auto_waits_for_a_person.mode = "auto"


def check_only_what_came_before_is_undone(a):
    card, _ = fires(a, "Nothing")
    has(text_of(card), "No change of ours to it precedes the alert.")
    equal(card["data"]["card"].get("button"), None)
    bad = broken(a)
    since = len(a.receiver.heard)
    a.am([alert("Before", time.time() - HOUR, route="shop-pay")])
    card = a.alert_card("Before", since=since)
    has(text_of(card), "No change of ours to it precedes the alert.")
    card, _ = fires(a, "After")
    a.press("bob", card, "approve")
    a.becomes(card, "applied")
    undo = room.change_of({"data": {"x": "change " + a.query("SELECT plan FROM incidents WHERE plan IS NOT NULL")[0][0]}})
    card, _ = fires(a, "Again")  # the newest is an undo: that is not taken back by itself
    has(text_of(card), "Changed before it: " + undo, "it took back " + bad, "and before: " + bad, "taken back by " + undo)
    equal(card["data"]["card"].get("button"), None)


def check_what_a_change_took_away_comes_back(a):
    code, out, _ = a.run(["call", "change_resource", json.dumps({"kind": "route", "name": "shop-pay", "action": "delete"}), "--json"])
    gone = json.loads(out)["id"]
    equal(a.person(["approve", gone], "yes")[0], 0)
    card, _ = fires(a)
    has(text_of(card), "Changed before it: " + gone, "UNKNOWN_OBJECT", "create route shop-pay")
    a.press("bob", card, "approve")
    a.becomes(card, "applied")
    a.route()


def check_labels_name_what_they_name(a):
    bad = broken(a)
    for i, labels in enumerate(({"service": "shop-pay.static"}, {"cluster_name": "outbound|80||shop-pay.static"}, {"upstream": "shop-pay.static:80"},
                                {"envoy_cluster_name": "outbound_80__shop-pay.static"}, {"cluster_name": "outbound|80||shop-pay.static;"},
                                {"ingress": "shop-pay", "service": "higress-gateway", "host": "node-7"})):
        since = len(a.receiver.heard)
        a.am([alert("L%d" % i, **labels)])
        has(text_of(a.alert_card("L%d" % i, since=since)), "Changed before it: " + bad)
    since = len(a.receiver.heard)
    a.am([alert("Else", service="node-exporter", route="nix")])
    has(text_of(a.alert_card("Else", since=since)), "names nothing that this gateway has", "route nix: the gateway has nothing of that name")


def check_where_the_room_is_down_the_card_comes_later(a):
    a.receiver.refuse = [500] * 3
    card, began = fires(a)
    equal(len(a.cards()), 1)
    a.wait_told(card)
    a.receiver.refuse = [500] * 2
    is_over(a, "HighErrors", began)
    a.renewed(card, "Alert over", since=0)


def check_a_source_that_is_taken_away(a):
    card, began = fires(a)
    a.settings["alerts"] = [x for x in a.settings["alerts"] if x["name"] != "am"]
    a.write_settings()
    a.processes[-1].send_signal(signal.SIGHUP)
    wait_until("it is not read again", lambda: a.am([alert("X")])[0] == 404)
    equal(a.grafana([alert("Y", route="shop-pay")])[0], 200)
    a.alert_card("Y")


def check_what_is_edited_in_the_state_is_told_to_nobody(a):
    card, began = fires(a)
    a.wait_told(card)
    a.edit("UPDATE incidents SET channel = 'elsewhere'")
    status, said = a.am([alert("HighErrors", began, began + 60, route="shop-pay")])
    equal(status, 503)
    has(json.dumps(said), "could not be kept")
    equal([e for e in a.receiver.heard if e["data"]["channel"] == "elsewhere"], [])


def check_in_quiet_hours_only_what_is_urgent_is_told(a):
    def hour(h):
        return time.strftime("%H:%M", time.gmtime(time.time() + h * HOUR))

    a.settings["chat"][0]["quiet"] = {"from": hour(-1), "to": hour(1), "zone": "UTC", "urgent": ["critical"]}
    a.write_settings()
    a.restart()
    began = time.time()
    a.am([alert("Night", began, route="shop-pay", severity="warning")])
    a.am([alert("Gone", began, route="shop-pay", severity="warning")])
    no_card(a)  # its marker is critical
    is_over(a, "Gone", began, severity="warning")
    del a.settings["chat"][0]["quiet"]
    a.write_settings()
    a.restart()
    has(text_of(a.alert_card("Night")), "1 of 1 alert of am fires")
    has(text_of(a.alert_card("Gone")), "Nothing of it fires any more")


def check_each_of_two_gateways_has_its_own(a):
    other = room.house.House()
    try:
        password = os.path.join(a.dir, "password")
        a.settings["gateways"] = [{"name": n, "url": "http://127.0.0.1:%d" % port, "password": {"file": password}}
                                  for n, port in (("east", a.port), ("west", other.port))]
        for x in a.settings["alerts"]:
            x["gateway"] = {"am": "east", "gf": "west"}.get(x["name"], "east")
        for name in ("HIGRESS_OPS_URL", "HIGRESS_OPS_PASSWORD_FILE"):
            a.env.pop(name)
        a.write_settings()
        for path, body in (("/v1/service-sources", {"name": "shop-pay", "type": "static", "port": 80, "domain": "10.0.0.7:8080"}),
                           ("/v1/routes", {"name": "shop-pay", "domains": [], "path": {"matchType": "PRE", "matchValue": "/pay"},
                                           "services": [{"name": "shop-pay.static", "port": 80}]})):
            holds(other.api("POST", path, body)[0] in (200, 201), path)
        a.restart()
        bad = a.edited("service-source", "shop-pay", UNDO, gateway="west")
        card, _ = fires(a, "East")
        has(text_of(card), "No change of ours to it precedes the alert.")
        equal(a.grafana([alert("West", route="shop-pay")])[0], 200)
        card = a.alert_card("West")
        has(text_of(card), "Changed before it: " + bad, "gateway: http://127.0.0.1:%d" % other.port, '"10.0.0.9:9090" -> "10.0.0.7:8080"')
        a.press("bob", card, "approve")
        a.becomes(card, "applied")
        equal(other.api("GET", "/v1/service-sources/shop-pay")[1]["data"]["domain"], "10.0.0.7:8080")
    finally:
        other.close()


def make(check):
    settings, policy = {}, getattr(check, "policy", None)
    if policy:
        path = os.path.join(room.house.tempfile.mkdtemp(prefix="higress-ops-test-"), "policy.yaml")
        with open(path, "w") as f:
            f.write(policy)
        settings["policy"] = {"file": path}
    a = Alarm(getattr(check, "mode", "approve"), settings=settings, sources=getattr(check, "sources", None),
              window=getattr(check, "window", 0), **getattr(check, "account", {}))
    if policy:
        leave = a.leave
        a.leave = lambda: (leave(), room.house.shutil.rmtree(os.path.dirname(path)))
    return a


if __name__ == "__main__":
    sys.exit(room.house.run_each(dict(globals()), make, sys.argv[1] if len(sys.argv) > 1 else ""))
