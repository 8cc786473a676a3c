"""webhook.py BINARY - what a receiver of webhooks hears, held against the library of Standard Webhooks: signed, whole, in order,
tried again under one id, never in the way of a change. Closes with `N passed, N failed`."""
import base64
import json
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../attack"))
sys.path.insert(0, os.path.join(HERE, "../guard"))
sys.path.insert(0, HERE)
from standardwebhooks import Webhook, WebhookVerificationError  # noqa: E402
import kills  # noqa: E402
import test_api  # noqa: E402
from receiver import Receiver  # noqa: E402
from test_approvals import LEGACY, change, changed, delete, equal, holds, patch, settings  # noqa: E402
from test_policy import BARE, PEOPLE  # noqa: E402
import house  # noqa: E402

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Shop(test_api.Shop):
    """A shop whose server tells a receiver."""

    def __init__(self, attempts=6, begins=True, **more):
        self.receiver, self.attempts, self.begins = Receiver(), attempts, begins
        super().__init__(**more)

    def hook(self, url=None, **more):
        url = url or "http://127.0.0.1:%d/hook" % self.receiver.port
        return {"url": url, "secret": {"file": os.path.join(self.dir, "hook.secret")}, "attempts": self.attempts, **more}

    def serve(self, args=()):
        self.write("hook.secret", SECRET + "\n")
        self.people = PEOPLE + "webhook: %s\n" % json.dumps(self.hook())
        self.web = super().serve(args)
        if self.begins:  # what came before it began is not told
            self.until("told to line")
        return self.web

    def told(self):
        return self.run(["audit", "told"])[1]

    def until(self, words, seconds=30):
        """Waits until `audit told` says so; gives what it says."""
        end = time.time() + seconds
        while words not in self.told():
            holds(time.time() < end, "%s: %s, %s" % (words, self.told(), self.logged()[-800:]))
            time.sleep(0.1)
        return self.told()

    def again(self, hard=False):
        """The server ends, and another one begins on the same state."""
        self.processes[-1].send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        self.processes[-1].wait()
        self.web = self.serve()

    def hears(self, kind=None):
        """The next message, as the official library takes it."""
        _, headers, body = self.receiver.next()
        o = Webhook(SECRET).verify(body, headers)
        if kind:
            equal(o["type"], kind, str(o))
        return headers["webhook-id"], o

    def leave(self):
        super().leave()
        self.receiver.close()


@settings(policy=BARE)
def check_a_decision_that_is_wanted_and_what_became_of_it(shop):
    plan = shop.asks()
    _, o = shop.hears("change.decision_wanted")
    data = o["data"]
    equal((data["id"], data["state"], data["risk"], data["asked_by"]), (plan, "pending", "change", "alice"), str(o))
    holds(data["title"] and data["page"].endswith("/change?id=" + plan), str(o))
    holds(set(data) <= {"id", "title", "risk", "state", "gateway", "asked_by", "page"}, str(o))
    equal(shop.tell(plan, "approve", {**shop.read(plan), "comment": "not for strangers"})[0], 200, "approved")
    ids, seen = set(), []
    for kind in ("change.approved", "change.applied"):
        number, o = shop.hears(kind)
        ids.add(number)
        seen.append(o)
        equal((o["data"]["id"], o["data"]["decided_by"], o["data"]["channel"]), (plan, "ada", "API"), str(o))
        holds("not for strangers" not in json.dumps(o), "a comment")
    holds(len(ids) == 2 and all("." not in i for i in ids), "an id each")
    holds(seen[0]["timestamp"] <= seen[1]["timestamp"], "in order")
    no = shop.asks(1)
    shop.hears("change.decision_wanted")
    shop.tell(no, "reject", {k: v for k, v in shop.read(no).items() if k in ("plan", "rendering")})
    shop.hears("change.rejected")


@settings(policy=BARE)
def check_a_signature_is_over_all_of_it(shop):
    shop.asks()
    _, headers, body = shop.receiver.next()
    hook = Webhook(SECRET)
    hook.verify(body, headers)
    for what, h, b in (("body", headers, body.replace(b"pending", b"applied")),
                       ("id", {**headers, "webhook-id": "msg_other"}, body),
                       ("time", {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)}, body)):
        try:
            hook.verify(b, h)
            holds(False, "another " + what)
        except WebhookVerificationError:
            pass
    try:
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(body, headers)
        holds(False, "another secret")
    except WebhookVerificationError:
        pass
    holds(SECRET not in str(headers) and SECRET[6:].encode() not in body, "the secret itself")


@settings(policy=BARE)
def check_no_secret_of_a_change_is_told(shop):
    key = "k3y-of-eve-that-nobody-hears"
    consumer = {"name": "eve", "credentials": [{"type": "key-auth", "source": "BEARER", "values": [key]}]}
    changed(change(shop.http(LEGACY), {"kind": "consumer", "action": "create", "name": "eve", "object": consumer}), "asked")
    _, headers, body = shop.receiver.next()
    holds(key.encode() not in body and base64.b64encode(key.encode()) not in body, body)
    holds(b"credentials" not in body, "nothing of what it does: %s" % body)
    holds(shop.env["HIGRESS_OPS_TOKENS"].split(":")[1][:64].encode() not in body, "no token")


@settings(policy=BARE)
def check_what_is_not_taken_comes_again_under_its_id(shop):
    for status in (500, 429):
        shop.receiver.answers.put((status, {}))
    plan = shop.asks()
    equal(shop.tell(plan, "approve", shop.read(plan))[2]["state"], "applied", "nothing waits for the receiver")
    first = [shop.hears("change.decision_wanted") for _ in range(3)]
    equal(len({number for number, _ in first}), 1, "one id for all attempts")
    shop.hears("change.approved")
    shop.hears("change.applied")
    holds(", 0 messages lost" in shop.until(" 0 behind"), shop.told())


@settings(policy=BARE)
def check_retry_after_is_heard(shop):
    shop.receiver.answers.put((503, {"Retry-After": "4"}))
    shop.asks()
    times = [int(shop.receiver.next()[1]["webhook-timestamp"]) for _ in range(2)]
    holds(times[1] - times[0] >= 3, "later than by its own: %s" % times)


@settings(policy=BARE, attempts=2)
def check_redirects_are_not_followed_and_lost_ones_are_counted(shop):
    other = Receiver()
    for _ in range(2):
        shop.receiver.answers.put((307, {"Location": "http://127.0.0.1:%d/elsewhere" % other.port}))
    plan = shop.asks()
    for _ in range(2):
        shop.hears("change.decision_wanted")
    holds(", 1 messages lost" in shop.until(" 0 behind"), shop.told())
    equal(shop.tell(plan, "approve", shop.read(plan))[0], 200, "approved")
    shop.hears("change.approved")  # what comes after a lost one is told
    holds(other.silent(), "nobody followed")
    log = shop.logged()
    holds("of change %s was not taken: it was answered with 307; it is lost, 1 lost so far" % plan in log, log[-600:])
    holds("/hook" not in log and SECRET not in log, "neither URL nor secret in the log")
    other.close()


@settings(policy=BARE)
def check_a_receiver_that_never_answers_is_in_nobodys_way(shop):
    import threading
    until = threading.Event()
    shop.receiver.answers.put(("never", {"until": until}))
    plan = shop.asks()
    shop.hears("change.decision_wanted")
    equal(shop.tell(plan, "approve", shop.read(plan))[2]["state"], "applied", "while it holds the first")
    equal(shop.path_of(0), "/taken", "written")
    until.set()
    shop.hears("change.approved")
    until.clear()
    shop.receiver.answers.put(("never", {"until": until}))
    shop.hears("change.applied")
    shop.receiver.answers.put(("never", {"until": until}))
    shop.asks(1)
    shop.processes[-1].send_signal(signal.SIGTERM)
    equal(shop.processes[-1].wait(30), 0, "it ends while one is on its way")
    until.set()


@settings(policy=BARE)
def check_a_restart_loses_nothing_and_tells_nothing_twice_by_another_id(shop):
    port = shop.receiver.port
    shop.receiver.close()
    plan = shop.asks()
    equal(shop.tell(plan, "approve", shop.read(plan))[2]["state"], "applied", "while nobody listens")
    shop.processes[-1].send_signal(signal.SIGKILL)
    shop.processes[-1].wait()
    shop.receiver = Receiver(port)
    shop.web = shop.serve()
    heard = []
    while not heard or heard[-1][1]["type"] != "change.applied":
        heard.append(shop.hears())
        equal(heard[-1][1]["data"]["id"], plan, str(heard[-1]))
    equal([o["type"] for _, o in heard], ["change.decision_wanted", "change.approved", "change.applied"], "in order")
    shop.until(" 0 behind")
    shop.again()
    shop.asks(1)
    _, o = shop.hears("change.decision_wanted")
    holds(o["data"]["id"] != plan, "nothing of it comes again")


@settings(policy=BARE)
def check_who_says_gone_hears_no_more_until_the_configuration_is_read_again(shop):
    shop.receiver.answers.put((410, {}))
    shop.asks()
    shop.hears("change.decision_wanted")
    shop.asks(1)
    other = Receiver()
    shop.reload(people=PEOPLE + "webhook: %s\n" % json.dumps(shop.hook("http://127.0.0.1:%d/new" % other.port)))
    types = [Webhook(SECRET).verify(body, headers)["type"] for _, headers, body in (other.next(), other.next())]
    equal(types, ["change.decision_wanted"] * 2, "what it would not hear, and what came since")
    holds(shop.receiver.silent(), "and nothing where it was gone")
    other.close()


@settings(policy=BARE)
def check_a_mark_that_is_not_ours(shop):
    shop.processes[-1].send_signal(signal.SIGTERM)
    shop.processes[-1].wait()
    with open(os.path.join(shop.dir, "state", "webhook.told"), "w") as f:
        f.write("999999 0 00\n")
    shop.web = shop.serve()
    holds("is not what was written there" in shop.logged(), shop.logged()[-600:])
    shop.asks()
    shop.hears("change.decision_wanted")


@settings(policy=BARE, attempts=1)
def check_a_url_that_nobody_should_be_sent_to(shop):
    metadata = shop.hook("http://169.254.169.254/latest", clear_text=True)
    shop.reload(people=PEOPLE + "webhook: %s\n" % json.dumps(metadata))
    shop.asks()
    holds(", 1 messages lost" in shop.until(" 0 behind"), shop.told())
    holds("the metadata service of a cloud" in shop.logged(), shop.logged()[-600:])


def refusal(shop, hook):
    """What a server says that does not start."""
    shop.write("bad.yaml", "webhook: %s\n" % json.dumps(hook))
    code, _, err = shop.run(["serve", "--config", os.path.join(shop.dir, "bad.yaml"), "--listen", "127.0.0.1:0"], timeout=20)
    holds(code == 3, "%s: %s" % (code, err))
    return err


@settings(policy=BARE)
def check_configurations_that_are_refused(shop):
    for url in ("http://hooks.example/x", "ftp://127.0.0.1/x", "http://127.0.0.1:80@evil.example/", "https://a.example/#x"):
        holds("webhook.url: must be https" in refusal(shop, shop.hook(url)), url)
    holds("webhook.url" in refusal(shop, shop.hook("http://u@hooks.example/x", clear_text=True)), "a user in it")
    hook = shop.hook()
    holds("webhook.secret: is missing" in refusal(shop, {"url": hook["url"]}), "no secret")
    holds("webhook.url: is missing" in refusal(shop, {"secret": hook["secret"]}), "no url")
    for secret in ("hunter2", "whsec_" + base64.b64encode(b"x" * 8).decode(), "whsec_***"):
        shop.write("hook.secret", secret)
        err = refusal(shop, hook)
        holds("webhook.secret: must be whsec_" in err and secret not in err, err)


@settings(policy=BARE)
def check_one_process_of_a_state_tells(shop):
    c = shop.stdio(LEGACY, "none")
    plan = changed(change(c, delete(1)), "asked by another process")["id"]
    _, o = shop.hears("change.decision_wanted")
    equal(o["data"]["id"], plan, str(o))
    shop.asks(0)
    _, o = shop.hears("change.decision_wanted")
    holds(o["data"]["id"] != plan, "once")


class Bench(kills.Bench):
    """A log written by hand, and an assistant whose server tells a receiver."""

    def __init__(self):
        super().__init__()
        self.receiver = Receiver()
        with open(os.path.join(self.dir, "hook.secret"), "w") as f:
            f.write(SECRET)
        self.env.update(HIGRESS_OPS_WEBHOOK="http://127.0.0.1:%d/" % self.receiver.port,
                        HIGRESS_OPS_WEBHOOK_SECRET_FILE=os.path.join(self.dir, "hook.secret"))

    hears = Shop.hears

    def leave(self):
        super().leave()
        self.receiver.close()


@settings(bench=True)
def check_what_a_guard_took_back(bench):
    c = bench.assistant()
    bench.change(c, "route", "other", {"methods": ["GET"]})  # makes the state; told or not
    kills.gate.eventually("begun", 20, lambda: "told to line" in bench.run(["audit", "told"])[1])
    bench.lines("orders", 40, 200)
    change, _ = bench.change(c, "route", "orders", {"methods": ["GET"]},
                             guard={"for": "30s", "revert_if": ["5xx > 2 %"]})
    for _ in range(10):  # a guard counts what began after it did
        bench.lines("orders", 20, 503)
        time.sleep(0.2)
    types = []
    while "change.guard_reverted" not in types:
        _, o = bench.hears()
        if o["data"]["id"] == change:
            types.append(o["type"])
    equal(types, ["change.decision_wanted", "change.approved", "change.applied", "change.guard_reverted"], "of the change")
    equal(bench.methods("orders"), [], "taken back")


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Bench() if getattr(check, "settings", {}).get("bench")
                            else Shop(**getattr(check, "settings", {})), "".join(sys.argv[2:3])))
