"""alarm.py - a chat room (tests/chat/room.py) whose server takes alerts of four sources, as each of them proves itself; with
`envoy`, a real Envoy follows the console's data.

    s = Alarm(); s.am([alert("HighErrors", route="shop-pay")])         # (status, what was answered)
    card = s.alert_card("HighErrors"); s.renewed(card, "over since")
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import sqlite3
import sys
import threading
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TESTS, "chat"), os.path.join(TESTS, "guard"), os.path.join(TESTS, "routing")]
import gate  # noqa: E402
import room  # noqa: E402
from room import PATIENCE, equal, has, holds  # noqa: E402,F401

BEARER = "token-of-the-alertmanager-1"
BASIC = "grafana:password-of-grafana-2"
HMAC = "secret-of-grafana-3-hmac"
OWN = b"the-key-of-our-own-system-04"
SOURCES = {"am": ("alertmanager", "bearer", BEARER), "gb": ("grafana", "basic", BASIC), "gf": ("grafana", "hmac", HMAC),
           "own": ("json", "hmac", room.whsec(OWN))}
FIRES = "0001-01-01T00:00:00Z"
with open(os.path.join(TESTS, "../docs/chatops/alerts.md")) as page:
    PAGE = page.read()
SIGNATURE, STAMP = (re.search(r"^ +%s: (\S+)$" % name, PAGE, re.M).group(1) for name in ("header", "timestampHeader"))


def iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + ".%03dZ" % (at % 1 * 1000)


def fingerprint(labels):
    """As Prometheus makes it: 64 bits of FNV-1a over the sorted labels."""
    n = 0xcbf29ce484222325
    for byte in b"".join(k.encode() + b"\xff" + v.encode() + b"\xff" for k, v in sorted(labels.items())):
        n = (n ^ byte) * 0x100000001b3 % 2 ** 64
    return "%016x" % n


def alert(name, starts=None, ends=None, summary="it is broken", **labels):
    """One of a message of Alertmanager."""
    labels = {"alertname": name, "severity": "critical", **labels}
    return {"status": "resolved" if ends else "firing", "labels": labels, "annotations": {"summary": summary},
            "startsAt": iso(starts or time.time()), "endsAt": iso(ends) if ends else FIRES,
            "generatorURL": "http://vm:19090/graph?g0.expr=x&g0.tab=1", "fingerprint": fingerprint(labels)}


def message(alerts, group=None, version="4", truncated=0, **more):
    """As Alertmanager 0.25 and Grafana send it."""
    common = {"alertname": alerts[0]["labels"]["alertname"]}
    firing = any(a["status"] == "firing" for a in alerts)
    return {"receiver": "w\\.x", "status": "firing" if firing else "resolved", "alerts": alerts, "groupLabels": common,
            "commonLabels": common, "commonAnnotations": {}, "externalURL": "http://vm:19093", "version": version,
            "groupKey": group or '{}:{alertname="%s"}' % common["alertname"], "truncatedAlerts": truncated, **more}


class Alarm(room.Room):
    def __init__(self, mode="approve", people=None, settings=None, sources=None, window=0, envoy=None, **account):
        self.wanted = {name: {"window": window, **(sources or {}).get(name, {})} for name in SOURCES}
        self.envoy, self.ended, self.backends, self.executable = None, False, [], envoy
        super().__init__(mode, people=people, settings=settings, **account)

    def fill_gateway(self):
        super().fill_gateway()
        self.settings["alerts"] = [
            {"name": name, "from": kind, "keys": {key: {"file": self.put_secret(name, secret)}}, "chat": "webhook/ops",
             "channel": "c1", **self.wanted[name]} for name, (kind, key, secret) in SOURCES.items()]
        self.write_settings()
        if self.executable:
            self.fill_data_plane()

    def put_secret(self, name, text):
        path = os.path.join(self.folder_of_key, "alert-" + name)
        with open(path, "w") as f:
            f.write(text + "\n")
        return path

    # -- a real data plane

    up, make, stock = gate.Gate.up, gate.Gate.make, gate.Gate.stock
    begin_envoy, render, follow, state_of_data = gate.Gate.begin_envoy, gate.Gate.render, gate.Gate.follow, gate.Gate.state_of_data
    visit, stream = gate.Gate.visit, gate.Gate.stream

    def fill_data_plane(self):
        self.inlet, self.admin = gate.free_port(), gate.free_port()
        self.folder = os.path.join(self.dir, "envoy")
        self.log = os.path.join(self.folder, "access.log")
        os.makedirs(self.folder)
        open(self.log, "a").close()
        self.env.update(HIGRESS_OPS_ACCESS_LOG=self.log, HIGRESS_OPS_ENVOY_ADMIN="http://127.0.0.1:%d" % self.admin)
        self.good = self.up()
        self.stock()
        self.begin_envoy(self.executable)

    # -- what comes in

    def post(self, name, body, headers, method="POST"):
        """(status, what was answered)"""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        c = http.client.HTTPConnection("127.0.0.1", self.port_of_bot, timeout=30)
        c.request(method, "/alerts/" + name, body, {"Content-Type": "application/json", **headers})
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, json.loads(text) if text.startswith("{") else text

    def am(self, alerts, headers=None, **more):
        body = alerts if isinstance(alerts, (bytes, dict)) else message(alerts, **more)
        return self.post("am", body, {"Authorization": "Bearer " + BEARER, **(headers or {})})

    def grafana(self, alerts, at=None, secret=HMAC, signed=None, method="POST", **more):
        body = json.dumps(message(alerts, version="1", orgId=1, title="[FIRING:1] **High**", state="alerting", **more)).encode()
        at = str(int(time.time())) if at is None else at
        mac = signed or hmac.new(secret.encode(), at.encode() + b":" + body, hashlib.sha256).hexdigest()
        return self.post("gf", body, {SIGNATURE: mac, STAMP: at}, method)

    def grafana_basic(self, alerts, pair=BASIC):
        return self.post("gb", message(alerts, version="1"), {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()})

    def own(self, body, ident=None, at=None, key=OWN):
        body = json.dumps(body).encode()
        self.ids += 1
        ident = ident or "own_%d_%d" % (self.ids, time.time_ns())
        at = int(time.time()) if at is None else at
        return self.post("own", body, {"webhook-id": ident, "webhook-timestamp": str(at),
                                       "webhook-signature": room.sign(key, ident, at, body)})

    # -- what goes out

    def alert_card(self, *words, since=0):
        """The first card of an alert with these words."""
        return self.receiver.wait(lambda e: e["type"] == "card" and e["data"]["card"]["title"].startswith("Alert") and
                                  all(w in text_of(e) for w in words), since)

    def cards(self):
        return [e for e in self.receiver.heard if e["type"] == "card"]

    def becomes(self, card, state):
        """The update of the card by which its change has come into that state."""
        return self.receiver.wait(lambda e: e["type"] == "card.update" and e["data"]["message"] == card["id"] and
                                  any(b["text"].split(":")[0] == state for b in e["data"]["card"]["blocks"]))

    def edited(self, kind, name, patch, **more):
        """A change that root asks for and approves at a terminal: its id, once it is applied."""
        code, out, err = self.run(["call", "change_resource", json.dumps(
            {"kind": kind, "name": name, "action": "patch", "object": patch, **more}), "--json"])
        change = json.loads(out)
        if change["state"] == "pending":
            code, screen = self.person(["approve", change["id"]], "yes")
            equal(code, 0, screen)
        return change["id"]

    def wait_told(self, card):
        """Until the server has heard that it was taken."""
        wait_until("that it was told is not kept", lambda: self.query("SELECT 1 FROM incidents WHERE message = ?", card["id"]))

    def edit(self, text):
        """The state, by somebody who can write the file."""
        db = sqlite3.connect(os.path.join(self.dir, "state", "state.db"))
        db.execute(text)
        db.commit()
        db.close()

    def leave(self):
        self.ended = True
        if self.envoy:
            self.envoy.stop()
        for b in self.backends:
            b.shutdown()
        said = self.everything()
        super().leave()
        for secret in (BEARER, BASIC, BASIC.split(":")[1], HMAC, room.whsec(OWN)[6:]):
            holds(secret not in said, "a key was said or kept")


def text_of(event):
    card = event["data"]["card"]
    return "\n".join([card["title"]] + [b["text"] for b in card["blocks"]])


def wait_until(what, look, patience=PATIENCE):
    until = time.time() + patience
    while not look():
        holds(time.time() < until, what)
        time.sleep(0.05)
