"""room.py - a chat room whose platform is the webhook: a server with a bot, the system that people write by, and what that hears.

    room = Room(people=[…], channels=[…])             # embedded console, `serve`, a receiver of what the bot says
    room.write("ada", "limit shop-pay 10")            # signed; the answer comes as an event
    card = room.card()                                # waits for the next card with buttons
    room.press("ada", card, "approve"); room.told("applied")

Everything that is waited for is an event, with a deadline that no good run meets.
"""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pwd
import re
import sqlite3
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../agent"), os.path.join(HERE, "../e2e")]
import house  # noqa: E402
import world  # noqa: E402
from world import equal, has, holds  # noqa: E402,F401

KEYS = {"in": b"the-key-of-what-comes-in-01", "out": b"the-key-of-what-goes-out-02"}
TENANT = "t1"
PATIENCE = 30  # seconds
PEOPLE = [{"name": "ada", "roles": ["operator", "approver"]}, {"name": "bob", "roles": ["approver"]},
          {"name": "eve", "roles": ["viewer"]}, {"name": "olaf", "roles": ["operator"]}, {"name": "root", "roles": ["admin"], "os": [pwd.getpwuid(os.getuid()).pw_name]}]


def whsec(key):
    return "whsec_" + base64.b64encode(key).decode()


def sign(key, ident, at, body):
    mac = hmac.new(key, b"%s.%s.%s" % (ident.encode(), str(at).encode(), body), hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


class Receiver:
    """The system that the bot speaks to. heard: what it was sent, in order, each with `at`."""

    def __init__(self, check=None):
        self.heard, self.wrong, self.refuse, self.requests = [], [], [], []  # requests: (headers, text)
        self.deleted = set()  # messages that cannot be renewed any more
        self.hold = None  # an event: cards are heard, and not answered before it is set
        self.hold_all = None  # the same of all
        self.came = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ident, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
                status = receiver.refuse.pop(0) if receiver.refuse else 200
                status = 404 if json.loads(body)["data"].get("message") in receiver.deleted else status
                if sign(KEYS["out"], ident, at, body) != self.headers["webhook-signature"]:
                    receiver.wrong.append("a signature that is not right")
                if check:
                    check(body, dict(self.headers))
                answer = b"{}"
                if status == 200:
                    with receiver.came:
                        receiver.requests.append((dict(self.headers), body.decode()))
                        event = json.loads(body)
                        event["id"], event["at"] = ident, time.time()
                        receiver.heard.append(event)
                        receiver.came.notify_all()
                    if receiver.hold and event["type"] == "card":
                        receiver.hold.wait(PATIENCE)
                    if receiver.hold_all:
                        receiver.hold_all.wait(PATIENCE)
                else:
                    answer = b'{"message":"not now"}'
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, address):
                pass  # the bot was stopped while it spoke

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/in" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, fits, since=0, patience=PATIENCE):
        """The first that was heard from `since` on and fits."""
        until = time.time() + patience
        with self.came:
            while True:
                for event in self.heard[since:]:
                    if fits(event):
                        return event
                left = until - time.time()
                if left <= 0 or not self.came.wait(left):
                    raise AssertionError("it was not heard; what was: %s" % json.dumps(self.heard[since:])[:3000])

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Room(world.World):
    def __init__(self, mode="approve", people=None, check=None, settings=None, **account):
        super().__init__(mode)
        self.receiver = Receiver(check)
        self.ids = 0
        self.since = 0
        self.settings = {
            "people": [{"chat": ["webhook:%s/%s" % (TENANT, p["name"])], **p} for p in people or PEOPLE],
            "chat": [{"platform": "webhook", "name": "ops", "url": self.receiver.url, "tenants": [TENANT],
                      "ids": {"users": "trusted"}, "keys": {n: {"file": self.put_key(n, k)} for n, k in KEYS.items()},
                      **account}], **(settings or {})}
        self.write_settings()
        self.fill_gateway()
        self.port_of_bot = self.serve()

    def put_key(self, name, key):
        """Outside of what a house says or keeps."""
        path = os.path.join(self.folder_of_key, name)
        with open(path, "w") as f:
            f.write(whsec(key) + "\n")
        return path

    def fill_gateway(self):
        status, answer = self.api("POST", "/v1/service-sources", {"name": "shop-pay", "type": "static", "port": 80, "domain": "10.0.0.9:8080"})
        holds(status in (200, 201), answer)
        status, answer = self.api("POST", "/v1/routes", {"name": "shop-pay", "domains": [], "path": {"matchType": "PRE", "matchValue": "/pay"},
                                                        "services": [{"name": "shop-pay.static", "port": 80, "weight": 100}]})
        holds(status in (200, 201), answer)

    def write_settings(self):
        """Also replaced by what the model's part needs."""
        self.env["HIGRESS_OPS_CONFIG"] = self.put("ops.yaml", json.dumps(self.settings))

    def configure(self, settings):
        self.settings["model"] = settings
        self.write_settings()

    def restart(self):
        self.processes[-1].terminate()
        equal(self.processes[-1].wait(30), 0, "the server ended with")
        self.port_of_bot = self.serve()

    # -- what comes in

    def send(self, event, ident=None, at=None, key=KEYS["in"], path="/chat/webhook/ops", body=None, headers=None):
        """(status, text)"""
        self.ids += 1
        ident = ident or "in_%d_%d" % (self.ids, time.time_ns())
        at = int(time.time()) if at is None else at
        body = json.dumps(event).encode() if body is None else body
        given = {"webhook-id": ident, "webhook-timestamp": str(at), "webhook-signature": sign(key, ident, at, body),
                 "Content-Type": "application/json"}
        c = http.client.HTTPConnection("127.0.0.1", self.port_of_bot, timeout=30)
        c.request("POST", path, body, {**given, **(headers or {})})
        r = c.getresponse()
        answer = r.status, r.read().decode()
        c.close()
        return answer

    def event(self, user, **more):
        return {"tenant": TENANT, "user": user, "channel": "c1", "thread": "th1", **more}

    def write(self, user, text, **more):
        self.since = len(self.receiver.heard)
        equal(self.send(self.event(user, type="message", text=text, **more))[0], 202, text)

    def press(self, user, card, choice, ident=None, **more):
        data = card["data"]
        self.since = len(self.receiver.heard)
        event = self.event(user, type="press", message=card["id"], button=data["card"]["button"], choice=choice)
        return self.send({**event, "channel": data["channel"], **more}, ident=ident)

    # -- what goes out

    def heard(self, kind, *words, since=None):
        """The first of that kind with these words."""
        return self.receiver.wait(lambda e: e["type"] == kind and all(w in json.dumps(e["data"]) for w in words),
                                  self.since if since is None else since)

    def card(self, since=None):
        return self.receiver.wait(lambda e: e["type"] == "card" and "button" in e["data"]["card"],
                                  self.since if since is None else since)

    def renewed(self, card, *words, since=None):
        return self.receiver.wait(lambda e: e["type"] == "card.update" and e["data"]["message"] == card["id"] and
                                  all(w in json.dumps(e["data"]) for w in words), self.since if since is None else since)

    # -- what became of it

    def change(self, ident):
        code, out, _ = self.run(["call", "get_change", json.dumps({"id": ident}), "--json"])
        return json.loads(out) if code == 0 else {}

    def route(self, name="shop-pay"):
        status, answer = self.api("GET", "/v1/routes/" + name)
        equal(status, 200, name)
        return answer["data"]

    def limited(self):
        return "limit-rps" in json.dumps(self.route())

    def query(self, text, *args):
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.dir, "state", "state.db"), uri=True)
        rows = db.execute(text, args).fetchall()
        db.close()
        return rows

    def kept(self, card):
        """Once the server has heard that it was taken."""
        until = time.time() + PATIENCE
        while self.query("SELECT message FROM cards WHERE button = ?", card["data"]["card"]["button"]) != [(card["id"],)]:
            holds(time.time() < until, "the card is not kept")
            time.sleep(0.01)
        return card

    def audit(self, event=None):
        """[(event, id, who, channel, detail)]"""
        rows = self.query("SELECT event, id, who, channel, detail FROM audit ORDER BY seq")
        return [r for r in rows if event is None or r[0] == event]

    def audited(self, event, count=1):
        """The lines of that event, once there are so many."""
        until = time.time() + PATIENCE
        while len(self.audit(event)) < count:
            holds(time.time() < until, "%d lines of %s do not come" % (count, event))
            time.sleep(0.02)
        return self.audit(event)

    def leave(self):
        self.receiver.stop()
        said = self.everything()
        super().leave()
        equal(self.receiver.wrong, [])
        for key in KEYS.values():
            holds(whsec(key)[6:] not in said and key.decode() not in said, "a key was said or kept")


def change_of(card):
    """The id of the change that a card is about."""
    return re.search(r"c-[0-9a-z]+", json.dumps(card["data"])).group(0)
