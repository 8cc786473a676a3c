"""schedules.py [WORD] - what a bot says by itself, by the webhook: reports, certificates, drift; restarts, hours that were missed, a
platform that is away, quiet hours. Envoy's admin pages are a double. When schedules are due is tests/unit/test_schedule_due.c's.
`N passed, N failed`."""
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import room  # noqa: E402
from room import Room, equal, has, holds, house  # noqa: E402

EVERY = 5


class Envoy:
    """/certs as Envoy prints it; nothing else."""

    def __init__(self, *ends):
        certs = [{"ca_cert": [], "cert_chain": [{"path": "<inline>", "serial_number": "0%d" % n, "subject_alt_names": [{"dns": name}],
                                                 "days_until_expiration": "9", "valid_from": "2026-01-01T00:00:00Z", "expiration_time": end}]}
                 for n, (name, end) in enumerate(ends)]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                known = self.path == "/certs"
                data = json.dumps({"certificates": certs * 2} if known else {}).encode()
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def schedule(name, what="report", **more):
    return {"name": name, "what": what, "account": "webhook/ops", "channel": "c1", "every": "%ds" % EVERY, **more}


class Scheduled(Room):
    def quiet(self, now=True):
        at = time.gmtime(time.time() + (-3600 if now else 7200))
        to = time.gmtime(time.time() + (3600 if now else 10800))
        return {"from": time.strftime("%H:%M", at), "to": time.strftime("%H:%M", to)}

    def reload(self):
        self.write_settings()
        self.processes[-1].send_signal(signal.SIGHUP)

    def told(self, *words, since=0):
        return self.heard("message", *words, since=since)["data"]["text"]

    def runs(self, name):
        """[(due, outcome)] of the audit."""
        return [(json.loads(x[4])["due"], json.loads(x[4])["outcome"]) for x in self.audit("schedule") if x[2] == "schedule:" + name]

    def said_of(self, name):
        return [e["data"]["text"] for e in self.receiver.heard if e["type"] == "message" and "'%s'" % name in e["data"]["text"].split("\n")[0]]


    def as_many_as_noted(self, name, more=0):
        """No message but those of the audit: one that is said twice stays."""
        until = time.time() + room.PATIENCE
        while len(self.said_of(name)) != more + [outcome for _, outcome in self.runs(name)].count("said"):
            holds(time.time() < until, (self.said_of(name), self.runs(name)))
            time.sleep(0.1)
        said = [due for due, outcome in self.runs(name) if outcome == "said"]
        equal(len(set(said)), len(said), "a due one is said once")


def check_what_they_say(r):
    end = time.time() + 9 * 86400 + 3600
    envoy = Envoy(("shop.example.com", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))), ("old.example.com", "2026-01-02T00:00:00Z"),
                  ("later.example.com", "2099-01-01T00:00:00Z"))
    try:
        key, pem = os.path.join(r.dir, "k.pem"), os.path.join(r.dir, "c.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", pem, "-days", "20", "-subj",
                        "/CN=a.example"], check=True, stderr=subprocess.DEVNULL)
        status, answer = r.api("POST", "/v1/tls-certificates", {"name": "a-cert", "cert": open(pem).read(), "key": open(key).read()})
        holds(status in (200, 201), answer)
        r.write("ada", "limit shop-pay 10")
        change = room.change_of(r.card())
        r.env["HIGRESS_OPS_ENVOY_ADMIN"] = envoy.url
        r.settings["schedules"] = [schedule("morning"), schedule("ends", "certificates", certificate_days=21),
                                   schedule("outside", "drift", zone="Asia/Shanghai")]
        r.write_settings()
        r.restart()
        text = r.told("Report 'morning', ")
        has(text, "== Overview", "== What goes wrong", "== Waits for a decision", change, "== Changed in the last 24 hours",
            "== Edited outside in the last 24 hours")
        holds(re.match(r"Report 'morning', \d{4}-\d\d-\d\d \d\d:\d\d UTC\n", text), text[:100])
        text = r.told("Certificates 'ends', ")
        has(text, "a-cert", "CERTIFICATE_EXPIRING", "== Of Envoy, within 21 days", "old.example.com ended 2026-01-02T00:00:00Z",
            "shop.example.com ends ", "in 9 day(s)")
        equal((text.count("shop.example.com"), text.count("later.example.com")), (1, 0))
        has(r.told("Drift 'outside', ", "CST"), "This was the first look", "== The console against Envoy")
        since = len(r.receiver.heard)
        route = r.route()
        route["path"]["matchValue"] = "/payments"
        equal(r.api("PUT", "/v1/routes/shop-pay", route)[0], 200)
        has(r.told("Drift 'outside', ", "/payments", since=since), "shop-pay")
        equal((r.limited(), {x[3] for x in r.audit("schedule")}), (False, {"webhook/ops"}))
        equal({outcome for _, outcome in r.runs("morning")}, {"said"})
    finally:
        envoy.stop()


def check_a_restart_says_nothing_twice_and_a_missed_one_once(r):
    r.settings["schedules"] = [schedule("morning")]
    r.write_settings()
    r.restart()
    r.told("Report 'morning'")
    for _ in range(2):
        r.restart()
    r.as_many_as_noted("morning")
    r.processes[-1].terminate()
    equal(r.processes[-1].wait(30), 0)
    before = len(r.said_of("morning"))
    due = time.time() // EVERY * EVERY
    while time.time() < due + 3 * EVERY + 1:
        time.sleep(0.2)
    since = len(r.receiver.heard)
    r.port_of_bot = r.serve()
    has(r.told("Report 'morning'", since=since), "(late)", "This is late: it was due at ", "before it were left out")
    equal(len(r.said_of("morning")) - before, 1)
    r.as_many_as_noted("morning")


def check_a_platform_that_is_away_hears_it_later_once(r):
    r.receiver.refuse = [503]
    r.settings["schedules"] = [schedule("morning")]
    r.write_settings()
    r.restart()
    until = time.time() + room.PATIENCE
    while "said" not in [outcome for _, outcome in r.runs("morning")]:
        holds(time.time() < until, r.runs("morning"))
        time.sleep(0.1)
    has(r.runs("morning")[0][1], "could not be said")
    r.as_many_as_noted("morning")
    holds(any("503" in x[4] for x in r.audit("chat_lost")), r.audit("chat_lost"))


def check_quiet_hours_keep_it_and_end_with_one_summary(r):
    r.settings["schedules"] = [schedule("morning"), schedule("elsewhere", "drift", channel="loud")]
    r.settings["chat"][0]["channels"] = [{"id": "c1", "quiet": r.quiet()}, {"id": "loud"}]
    r.settings["chat"][0]["quiet"] = r.quiet(False)
    r.write_settings()
    r.restart()
    r.told("Drift 'elsewhere'")
    until = time.time() + room.PATIENCE
    while [o for _, o in r.runs("morning")] < ["kept", "kept"]:
        holds(time.time() < until, "nothing is kept: %s" % r.runs("morning"))
        time.sleep(0.1)
    r.restart()  # it is kept in the store
    r.write("eve", "help")
    r.heard("message", "never by text")  # people are answered
    equal(r.said_of("morning"), [])
    del r.settings["chat"][0]["channels"][0]["quiet"], r.settings["chat"][0]["quiet"]
    r.settings["schedules"] = []
    kept = len(r.runs("morning"))
    r.reload()
    text = r.told("The quiet hours are over.")
    equal(text.count("Report 'morning', "), 2 * kept, "title and first line of each")
    has(text, "Kept meanwhile: %d." % kept, "== Overview")
    r.write("eve", "help")
    r.heard("message", "never by text")
    equal(len([e for e in r.receiver.heard if "quiet hours are over" in json.dumps(e)]), 1)


def end_while_the_summary_is_said(r, how):
    r.settings["schedules"] = [schedule("morning")]
    r.settings["chat"][0]["quiet"] = r.quiet()
    r.write_settings()
    r.restart()
    r.audited("schedule")
    r.receiver.hold_all = threading.Event()
    del r.settings["chat"][0]["quiet"]
    r.settings["schedules"] = []
    r.reload()
    r.told("The quiet hours are over.")
    r.processes[-1].send_signal(how)
    r.processes[-1].wait(30)
    r.receiver.hold_all.set()
    r.receiver.hold_all = None
    since = len(r.receiver.heard)
    r.port_of_bot = r.serve()
    has(r.told("The quiet hours are over.", since=since), "Report 'morning'", "it may have come before")
    until = time.time() + room.PATIENCE
    while r.query("SELECT 1 FROM facts WHERE name LIKE 'quiet %'"):
        holds(time.time() < until, "what was said stays")
        time.sleep(0.1)
    equal(len([e for e in r.receiver.heard[since:] if "quiet hours are over" in json.dumps(e)]), 1)


def check_what_was_kept_and_being_said_when_the_process_died_is_said(r):
    end_while_the_summary_is_said(r, signal.SIGKILL)


def check_what_was_kept_and_being_said_when_it_was_stopped_is_said(r):
    end_while_the_summary_is_said(r, signal.SIGTERM)


def end_while_it_is_said(r, how):
    r.receiver.hold_all = threading.Event()
    r.settings["schedules"] = [schedule("morning")]
    r.write_settings()
    r.restart()
    r.told("Report 'morning'")
    r.processes[-1].send_signal(how)
    r.processes[-1].wait(30)
    r.receiver.hold_all.set()
    r.port_of_bot = r.serve()
    r.audited("schedule")
    r.as_many_as_noted("morning", 1)


def check_what_was_being_said_when_the_process_died_is_not_said_again(r):
    end_while_it_is_said(r, signal.SIGKILL)


def check_what_was_being_said_when_it_was_stopped_is_not_said_again(r):
    end_while_it_is_said(r, signal.SIGTERM)
    has(json.dumps([json.loads(x[4])["outcome"] for x in r.audit("schedule")]), "it may have come, or not")


if __name__ == "__main__":
    sys.exit(house.run_each(dict(globals()), lambda check: Scheduled(), sys.argv[1] if len(sys.argv) > 1 else ""))
