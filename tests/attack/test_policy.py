"""test_policy.py BINARY - the rules and people of a policy, got round: a viewer who decides, a requester who decides by
another channel, a policy edited between plan and write, freezes and rules dodged by undo, draft, bundle, name or process,
policy files that are no files. Prints what it tried; `N passed, N failed`."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_approvals as base  # noqa: E402
from test_approvals import (LEGACY, MODERN, ALICE, BOB, ADA, change, changed, equal, holds, patch, refused,  # noqa: E402
                            route, said, settings, sha256, whole)
import client as mcp  # noqa: E402
import house  # noqa: E402

ALICE_PAGE, BOB_PAGE = "alice-page-token-1d4f", "bob-page-token-77aa"
PEOPLE = """people:
  - {name: alice, roles: [operator, approver], tokens: [alice, alice-page]}
  - {name: bob, roles: [viewer], tokens: [bob, bob-page]}
  - {name: ada, roles: [approver], tokens: [ada]}
  - {name: root, roles: [admin], os: [root]}
"""
TWO = """mode: enforce
rules:
  - name: two people for routes
    when: {kind: route}
    then: {ask: {count: 2, channels: [page, terminal], not_requester: true}}
"""
BARE = "mode: enforce\nrules:\n  - {name: ask, then: ask}\n"


class Guarded(base.Shop):
    """A shop with a table of people and a policy."""

    def __init__(self, policy=TWO, people=PEOPLE, **more):
        self.policy, self.people = policy, people
        super().__init__(**more)

    def serve(self, args=()):
        self.env["HIGRESS_OPS_CONFIG"] = os.path.join(self.dir, "ops.yaml")
        self.env["HIGRESS_OPS_LOG"] = "info"
        self.env["HIGRESS_OPS_APPROVERS"] = "ada:%s,alice-page:%s,bob-page:%s" % (
            sha256(ADA), sha256(ALICE_PAGE), sha256(BOB_PAGE))
        self.write("ops.yaml", self.people + "policy: {file: policy.yaml}\n")
        self.write("policy.yaml", self.policy)
        return super().serve(args)

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)
        os.chmod(os.path.join(self.dir, name), 0o600)

    def logged(self):
        with open(os.path.join(self.dir, "serve.log")) as f:
            return f.read()

    def reload(self, policy=None, people=None, word="was read again"):
        """The server reads its files again; word: what it says then."""
        if policy:
            self.write("policy.yaml", policy)
        if people is not None:
            self.write("ops.yaml", people + "policy: {file: policy.yaml}\n")
        before = self.logged().count(word)
        self.processes[-1].send_signal(signal.SIGHUP)
        for _ in range(200):
            if self.logged().count(word) > before:
                return
            time.sleep(0.05)
        raise AssertionError("no reload: " + self.logged()[-600:])

    def asks(self, i=0):
        """alice's client asks for a change; nobody was asked in its form."""
        c = self.http(LEGACY)
        o = changed(change(c, patch(i)), "asked")
        equal((o["state"], c.asked), ("pending", []), "waits")
        return o["id"]

    def says(self, plan, token, yes="approve"):
        """(status, answer) of what that token says at the page."""
        return self.page(said(whole(self, plan, token), yes), token)

    def state_of(self, plan):
        return json.loads(self.run(["changes", plan, "--json"])[1])["state"]

    def audit(self):
        return json.dumps(self.stdio(LEGACY).request("resources/read", {"uri": "higress://audit"}))


def untouched(shop, i=0):
    equal(shop.path_of(i), "/orders/%d" % i, "orders-%d" % i)


# -- who decides --------------------------------------------------------------------------------------------------------

def check_two_people_and_no_fewer(shop):
    plan = shop.asks()
    status, o = shop.says(plan, ADA)
    equal((status, o["state"]), (200, "pending"), "one of two")
    equal([a["who"] for a in o["approvals"]], ["ada"], "who agreed")
    untouched(shop)
    status, o = shop.says(plan, ADA)
    equal(status, 409, "ada again: %s" % o)
    holds("already" in o["error"], o["error"])
    untouched(shop)
    code, screen = shop.person(["approve", plan], "yes")
    equal(code, 0, screen)
    equal(shop.path_of(0), "/taken", "applied")
    text = shop.audit()
    for word in ("agreed", "ada", "root (uid 0)", "approved", "applied"):
        holds(word in text, word + " in the audit")
    code, out, err = shop.run(["audit", "verify"])
    equal(code, 0, out + err)


def check_the_requester_by_every_channel_of_theirs(shop):
    plan = shop.asks()
    status, o = shop.says(plan, ALICE_PAGE)
    equal(status, 409, str(o))
    holds("'alice' asked for change" in o["error"] and "two people for routes" in o["error"], o["error"])
    for c in (shop.http(LEGACY), shop.http(MODERN), shop.stdio(LEGACY)):
        result = c.call("apply_change", {"id": plan})
        holds(not c.asked, "a form was shown: %s" % result)
    shop.says(plan, ADA)
    status, o = shop.says(plan, ALICE_PAGE)
    equal(status, 409, "as the second: %s" % o)
    untouched(shop)


def check_a_viewers_token_decides_nothing_and_asks_for_nothing(shop):
    plan = shop.asks()
    for yes in ("approve", "reject"):
        status, o = shop.says(plan, BOB_PAGE, yes)
        equal(status, 409, str(o))
        holds("has the role viewer" in o["error"], o["error"])
    equal(shop.state_of(plan), "pending", "state")
    for era in (LEGACY, MODERN):
        refused(change(shop.http(era, BOB), patch(1)), "has the role viewer")
    refused(shop.http(LEGACY, BOB).call("apply_change", {"id": plan}))
    untouched(shop)
    untouched(shop, 1)


@settings(people="people: []\n", policy=BARE)
def check_an_empty_table_means_nobody(shop):
    for c in (shop.http(LEGACY), shop.http(MODERN), shop.stdio(LEGACY), shop.stdio(MODERN)):
        refused(change(c, patch(0)), "not in the table of people")
    code, screen = shop.person(["undo", "c-000000"], "yes")
    holds(code != 0, screen)
    code, screen = shop.person(["freeze", "--reason", "x", "--until", "1h"], "yes")
    equal(code, 5, screen)
    holds("has no role" in screen, screen)
    untouched(shop)


def check_a_role_taken_away_between_two_approvals(shop):
    plan = shop.asks()
    shop.says(plan, ADA)
    less = PEOPLE.replace("name: ada, roles: [approver]", "name: ada, roles: [viewer]").replace(
        "name: root, roles: [admin]", "name: root, roles: [admin, approver]")
    extra = "  - {name: dora, roles: [approver], os: [dora]}\n"
    shop.reload(people=less + extra)
    code, screen = shop.person(["approve", plan], "yes")
    holds(code != 0 and "'ada' has the role viewer" in screen, screen)
    untouched(shop)


READS = "mode: enforce\nrules:\n  - {name: not bob, when: {risk: read, requester: bob}, then: deny}\n  - {name: ask, then: ask}\n"


@settings(policy=READS)
def check_what_may_not_be_read_is_no_resource_either(shop):
    uri = "higress://gateway/default/route/orders-0"
    asked = {"ref": {"type": "ref/resource", "uri": "higress://gateway/{gateway}/route/{name}"},
             "argument": {"name": "name", "value": "ord"}}
    for era in (LEGACY, MODERN):
        c, other = shop.http(era, BOB), shop.http(era)
        refused(c.call("get_resource", {"kind": "route", "name": "orders-0"}), "rule 'not bob'")
        for method, params in (("resources/read", {"uri": uri}), ("resources/read", {"uri": "higress://audit"}),
                               ("resources/list", {})):
            other.request(method, params)
            try:
                holds(False, "%s gave bob %s" % (method, str(c.request(method, params))[:300]))
            except mcp.RpcError as e:
                holds("rule 'not bob'" in str(e), str(e))
        holds("orders-0" in str(other.request("completion/complete", asked)), "names")
        holds("orders-0" not in str(c.request("completion/complete", asked)), "names for bob")


# -- the policy is another one by now -----------------------------------------------------------------------------------

def check_a_viewer_at_a_terminal_and_over_stdio(shop):
    plan = shop.asks()
    shop.write("ops.yaml", PEOPLE.replace("name: root, roles: [admin]", "name: root, roles: [viewer]")
               + "policy: {file: policy.yaml}\n")
    for verb in ("approve", "reject"):
        code, screen = shop.person([verb, plan], "yes")
        holds(code != 0 and "has the role viewer" in screen, screen)
    for era in (LEGACY, MODERN):
        c = shop.stdio(era)
        refused(change(c, patch(1)), "has the role viewer")
        refused(c.call("apply_change", {"id": plan}))
        equal(c.asked, [], "asked over stdio")
    equal(shop.state_of(plan), "pending", "state")
    untouched(shop)


@settings(policy=BARE)
def check_names_that_several_go_by_have_no_role(shop):
    for person in ("{name: eve, roles: [admin], tokens: [local]}", "{name: local, roles: [admin]}",
                   "{name: eve, roles: [admin], os: [command line]}"):
        shop.reload(people="people:\n  - %s\n" % person, word="nothing was changed")
        holds("is what several go by" in shop.logged(), shop.logged()[-400:])


@settings(policy=BARE)
def check_the_policy_is_edited_between_plan_and_write(shop):
    plan = shop.asks()
    shop.reload("mode: enforce\nrules:\n  - {name: stop, when: {kind: route}, then: deny}\n")
    status, o = shop.says(plan, ADA)
    equal(status, 409, str(o))
    holds("rule 'stop' of the policy says deny for route 'orders-0'" in o["error"], o["error"])
    refused(change(shop.http(LEGACY), patch(1)), "rule 'stop'")
    untouched(shop)


@settings(policy=BARE)
def check_a_policy_that_was_edited_is_said(shop):
    """Other rules that ask as well: not refused, but whoever decides hears of it, and the audit and the result keep it."""
    plan, words = shop.asks(), "the policy is not the one that it was planned under"
    code, out, _ = shop.run(["policy", "explain", plan])
    holds(code == 0 and words not in out, out)
    shop.reload("mode: enforce\nrules:\n  - {name: ask again, then: ask}\n")
    holds('policy edited' in shop.audit(), shop.audit()[-600:])
    code, out, _ = shop.run(["policy", "explain", plan])
    holds(words in out, out)
    holds(words in json.loads(shop.run(["changes", plan, "--json"])[1])["policy_moved"], out)
    code, screen = shop.person(["approve", plan], "yes")
    equal(code, 0, screen)
    holds(words in screen, "the terminal says so: " + screen[-800:])
    holds(words in json.loads(shop.run(["changes", plan, "--json"])[1])["result"]["policy_moved"], "the result says so")
    holds(words in shop.audit(), "the decision's line says so")
    code, out, _ = shop.run(["state", "show"])
    holds("this configuration has another one" in out, out)
    again = shop.asks(1)
    code, out, _ = shop.run(["policy", "explain", again])
    holds(words not in out, "one that is planned now knows the policy of now: " + out)


@settings(policy=BARE)
def check_a_broken_policy_changes_nothing_on_reload(shop):
    for broken, word in (("mode: enforce\nrules: []\n", "rules"), ("mode: enforce\nrules:\n - {name: x, then: mabye}",
                         "policy.yaml, line 3"), ("{{{{", "policy.yaml")):
        shop.reload(broken, word="nothing was changed")
        holds(word in shop.logged(), shop.logged()[-400:])
    plan = shop.asks()
    shop.write("policy.yaml", BARE)
    code, out, err = shop.run(["policy", "explain", plan])
    holds(code == 0 and "ask by ask" in out, out + err)


@settings(policy=BARE)
def check_a_broken_policy_stops_the_start(shop):
    target = os.path.join(shop.dir, "policy.yaml")

    def start(words, make):
        if os.path.lexists(target):
            os.unlink(target)
        make()
        begun = time.time()
        p = subprocess.run([house.BINARY, "serve", "--listen", "127.0.0.1:0"], env=shop.env, stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=30)
        equal(p.returncode, 3, "exit code: %s" % p.stderr.decode()[-300:])
        holds(time.time() - begun < 10, "took too long")
        holds(words in p.stderr.decode(), "%s in %s" % (words, p.stderr.decode()))

    start("cannot open", lambda: None)
    start("is no regular file", lambda: os.mkfifo(target))
    start("is no regular file", lambda: os.symlink("/dev/zero", target))
    start("policy.yaml", lambda: shop.write("policy.yaml", "#" * (10 << 20)))
    start("policy.yaml", lambda: shop.write("policy.yaml", "mode: " + "[" * 100000))
    start("policy.yaml", lambda: shop.write("policy.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        "%s: &%s [%s]\n" % (chr(98 + i), chr(98 + i), ",".join(["*" + chr(97 + i)] * 9)) for i in range(12))))
    start("line 3", lambda: shop.write("policy.yaml", "mode: enforce\nrules:\n- {name: x, when: {kind: rout}, then: deny}\n"))

    def open_to_all():
        shop.write("policy.yaml", BARE)
        os.chmod(target, 0o666)
    start("can be written by others", open_to_all)


@settings(policy="mode: shadow\nrules:\n  - {name: would stop, when: {kind: route}, then: deny}\n")
def check_shadow_says_what_it_would_have_done(shop):
    plan = shop.asks()
    status, o = shop.says(plan, ADA)
    equal((status, o["state"]), (200, "applied"), str(o)[:300])
    text = shop.audit()
    holds("policy in shadow" in text and "would stop" in text, text[-2000:])


# -- rules and freezes dodged -------------------------------------------------------------------------------------------

@settings(policy="mode: enforce\nrules:\n  - {name: routes by themselves, when: {kind: route}, then: auto}\n"
          "  - {name: not this one, when: {name: orders-1}, then: never}\n  - {name: rest, then: deny}\n", mode="auto")
def check_never_is_not_lifted_by_another_rule_or_by_company(shop):
    c = shop.http(LEGACY)
    equal(changed(change(c, patch(0)), "alone")["state"], "applied", "what may")
    refused(change(c, patch(1)), "rule 'not this one'")
    both = {"manifest": [{"kind": "route", **{**route(i), "path": {"matchType": "PRE", "matchValue": "/both"}}}
                         for i in (1, 2)]}
    refused(c.call("apply_manifest", both), "rule 'not this one'")
    untouched(shop, 1)
    untouched(shop, 2)
    source = {"kind": "domain", "name": "new.example", "enableHttps": "off"}
    refused(c.call("apply_manifest", {"manifest": both["manifest"][1:] + [source]}), "rule 'rest'")
    untouched(shop, 2)


@settings(policy=BARE, mode="auto")
def check_a_freeze_is_not_dodged_by_undo_draft_or_time_of_planning(shop):
    c = shop.http(LEGACY)
    done = changed(change(c, patch(0)), "before")
    equal(done["state"], "pending", "state")
    shop.says(done["id"], ADA)
    equal(shop.path_of(0), "/taken", "before the freeze")
    waiting = shop.asks(1)
    draft = changed(c.call("change_resource", {**patch(2), "dry_run": True}), "draft")
    code, screen = shop.person(["freeze", "--reason", "Black Friday", "--until", "1h"], "yes")
    equal(code, 0, screen)
    undo = changed(c.call("undo_change", {"id": done["id"]}), "undo")
    equal(undo["state"], "draft", "an undo is no more than planned")
    refused(c.call("apply_change", {"id": undo["id"]}), "frozen until", "Black Friday")
    refused(c.call("apply_change", {"id": draft["id"]}), "frozen until")
    status, o = shop.says(waiting, ADA)
    equal(status, 409, str(o))
    holds("Black Friday" in o["error"], o["error"])
    code, screen = shop.person(["approve", waiting], "yes")
    holds(code != 0 and "Black Friday" in screen, screen)
    equal((shop.path_of(0), shop.path_of(1)), ("/taken", "/orders/1"), "nothing moved")
    code, out, err = shop.run(["freeze", "--lift"])
    equal(code, 5, "from a pipe: " + out + err)
    holds("frozen" in shop.run(["policy", "show"])[1], "show")
    equal(shop.person(["freeze", "--lift"], "yes")[0], 0, "lifted")
    status, o = shop.says(waiting, ADA)
    equal((status, o["state"]), (200, "applied"), str(o)[:300])
    text = shop.audit()
    holds("frozen" in text and "freeze lifted" in text, "in the audit")


@settings(policy=BARE)
def check_a_freeze_that_comes_while_the_gateway_is_read(shop):
    plan = shop.asks()
    parts = whole(shop, plan)
    os.kill(shop.console.pid, signal.SIGSTOP)
    answers = []
    page = threading.Thread(target=lambda: answers.append(shop.page(said(parts), ADA)))
    page.start()
    try:
        for _ in range(100):
            if shop.state_of(plan) == "applying":
                break
            time.sleep(0.05)
        equal(shop.state_of(plan), "applying", "reads what is there")
        code, screen = shop.person(["freeze", "--reason", "Black Friday", "--until", "1h"], "yes")
        equal(code, 0, screen)
    finally:
        os.kill(shop.console.pid, signal.SIGCONT)
    page.join(30)
    holds("Black Friday" in json.dumps(answers), str(answers)[:600])
    equal(shop.state_of(plan), "failed", "state")
    untouched(shop)


@settings(policy=BARE)
def check_a_freeze_made_while_another_is_lifted(shop):
    shop.write("other.yaml", PEOPLE + "gateways:\n  - {name: one, url: '%s', username: admin, password: {file: '%s'}}\n"
               % (shop.env["HIGRESS_OPS_URL"], shop.env["HIGRESS_OPS_PASSWORD_FILE"]))
    shop.env["HIGRESS_OPS_CONFIG"] = os.path.join(shop.dir, "other.yaml")
    for name in ("HIGRESS_OPS_URL", "HIGRESS_OPS_PASSWORD_FILE"):
        del shop.env[name]
    code, screen = shop.person(["freeze", "--gateway", "one", "--reason", "x", "--until", "1h"], "yes")
    equal(code, 0, screen)
    yes = house.once("yes")

    def freezes_meanwhile(screen):
        answer = yes(screen)
        if answer:
            shop.person(["freeze", "--reason", "Black Friday", "--until", "2d"], "yes")
        return answer

    code, screen = house.at_terminal([house.BINARY, "freeze", "--gateway", "one", "--lift"], shop.env, freezes_meanwhile)
    equal(code, 0, screen)
    out = shop.run(["policy", "show"])[1]
    holds("all gateways until" in out and "Black Friday" in out, out)
    holds("frozen: http" not in out, out)


def check_another_name_for_the_gateway_or_another_process_is_no_way_round(shop):
    plan = shop.asks()
    url = shop.env["HIGRESS_OPS_URL"]
    shop.reload("mode: enforce\nrules:\n  - {name: not here, when: {gateway: '%s'}, then: deny}\n" % url)
    shop.write("other.yaml", PEOPLE + "policy: {file: policy.yaml}\ngateways:\n  - {name: elsewhere, url: '%s', "
               "username: admin, password: {file: '%s'}}\n" % (url, shop.env["HIGRESS_OPS_PASSWORD_FILE"]))
    kept = dict(shop.env)
    shop.env["HIGRESS_OPS_CONFIG"] = os.path.join(shop.dir, "other.yaml")
    for name in ("HIGRESS_OPS_URL", "HIGRESS_OPS_PASSWORD_FILE"):
        del shop.env[name]
    code, screen = shop.person(["approve", plan], "yes")
    holds(code != 0 and "rule 'not here'" in screen, screen)
    mine = PEOPLE.replace("name: root, roles: [admin]", "name: me, roles: [admin, approver]")
    for text in ("mode: approve\n", PEOPLE, mine):  # no policy at all; the state is pinned to one
        shop.env = dict(kept)
        shop.write("none.yaml", text)
        shop.env["HIGRESS_OPS_CONFIG"] = os.path.join(shop.dir, "none.yaml")
        code, screen = shop.person(["approve", plan], "yes")
        holds(code != 0 and "is pinned" in screen, screen)
    shop.env = kept
    untouched(shop)


KEYS = """start_time authority method path protocol response_code response_flags route_name upstream_cluster duration
bytes_sent bytes_received user_agent request_id""".split()


def line(name):
    """A request in the gateway's access log, just now."""
    row = {**dict.fromkeys(KEYS, "-"), "start_time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
           "method": "GET", "path": "/", "protocol": "HTTP/1.1", "response_code": "200", "route_name": name,
           "authority": "shop.example", "duration": "3", "bytes_sent": "1", "bytes_received": "0"}
    return json.dumps(row) + "\n"


@settings(policy="mode: enforce\nrules:\n  - {name: much, when: {over: {share: 30 %}}, then: deny}\n"
          "  - {name: little, then: ask}\n")
def check_how_much_traffic_an_ai_route_takes(shop):
    shop.api("POST", "/v1/ai/providers", {"name": "mind", "type": "openai", "protocol": "openai/v1", "tokens": ["x-1"]})
    status, made = shop.api("POST", "/v1/ai/routes", {"name": "chat", "pathPredicate": {"matchType": "PRE", "matchValue": "/"},
                                                      "upstreams": [{"provider": "mind", "weight": 100}]})
    holds(status < 300, made)
    shop.write("access.log", "".join(line("ai-route-chat.internal") for i in range(50)))
    shop.write("ops.yaml", PEOPLE + "policy: {file: policy.yaml}\n")
    shop.env["HIGRESS_OPS_ACCESS_LOG"] = os.path.join(shop.dir, "access.log")
    c = shop.stdio(LEGACY)
    plugin = {"kind": "plugin-instance", "action": "create", "name": "request-block", "scope": "route:ai-route-chat.internal",
              "object": {"enabled": True, "configurations": {"block_urls": ["/x"]}}}
    refused(change(c, plugin), "rule 'much'")
    equal(changed(change(c, patch(0)), "no requests at all")["state"], "applied", "little")


@settings(policy="mode: enforce\nrules:\n  - {name: much, when: {over: {share: 30 %}}, then: deny}\n"
          "  - {name: little, then: ask}\n")
def check_how_much_traffic_a_change_touches(shop):
    shop.write("access.log", "".join(line("orders-%d" % (i % 10 > 1)) for i in range(50)))
    shop.write("ops.yaml", PEOPLE + "policy: {file: policy.yaml}\n")
    shop.env["HIGRESS_OPS_ACCESS_LOG"] = os.path.join(shop.dir, "access.log")
    c = shop.stdio(LEGACY)  # root's, who may ask
    equal(changed(change(c, patch(0)), "20 % of the requests")["state"], "applied", "little")
    refused(change(c, patch(1)), "rule 'much'")
    both = {"manifest": [{"kind": "route", **{**route(i), "path": {"matchType": "PRE", "matchValue": "/both"}}}
                         for i in (1, 2)]}
    refused(c.call("apply_manifest", both), "rule 'much'")
    domain = {"manifest": [{"kind": "domain", "name": "new.example", "enableHttps": "off"}]}
    refused(c.call("apply_manifest", domain), "rule 'much'")  # nobody can say how much: all
    os.unlink(os.path.join(shop.dir, "access.log"))
    refused(change(c, patch(2)), "rule 'much'")
    untouched(shop, 1)
    untouched(shop, 2)


# -- runaway models -----------------------------------------------------------------------------------------------------

@settings(policy=BARE, HIGRESS_OPS_REPEATS="3")
def check_the_same_call_again_and_again(shop):
    c, other = shop.http(LEGACY), shop.http(LEGACY, BOB)
    first = c.call("get_resource", {"kind": "route", "name": "orders-0"})
    seen = [first] + [c.call("get_resource", {"name": "orders-0", "kind": "route"}) for _ in range(5)]
    again = ["the same call came" in json.dumps(r) for r in seen]
    equal(again, [False] * 3 + [True] * 3, "which were run")
    holds("the same call" not in json.dumps(other.call("get_resource", {"kind": "route", "name": "orders-0"})),
          "another caller has answers of its own")
    holds("the same call" not in json.dumps(c.call("get_resource", {"kind": "route", "name": "orders-1"})), "other arguments")
    plan = shop.asks()
    shop.says(plan, ADA)
    after = c.call("get_resource", {"kind": "route", "name": "orders-0"})
    holds("the same call" not in json.dumps(after) and "/taken" in json.dumps(after), "a change empties it: %s" % after)
    for _ in range(6):
        holds("the same call" not in json.dumps(c.call("list_changes", {})), "what shows changes is always run")


@settings(policy=BARE, HIGRESS_OPS_REPEATS="2")
def check_an_answer_is_not_older_than_an_error(shop):
    c = shop.http(LEGACY)
    asked = {"kind": "route", "name": "orders-1"}
    holds("/orders/1" in json.dumps(c.call("get_resource", asked)), "is there")
    equal(shop.api("DELETE", "/v1/routes/orders-1")[0], 204, "deleted by somebody else")
    for _ in range(4):
        refused(c.call("get_resource", asked), "orders-1")


@settings(policy=BARE, HIGRESS_OPS_PLANS_HOUR="2")
def check_plans_of_one_client_within_an_hour(shop):
    c = shop.http(LEGACY)
    for i in (0, 1):
        equal(changed(change(c, patch(i)), "planned")["state"], "pending", "state")
    refused(change(c, patch(2)), "limits.plans_hour")
    before = shop.run(["changes"])[1].count("\n")
    refused(change(c, patch(2)), "limits.plans_hour")
    equal(shop.run(["changes"])[1].count("\n"), before, "a refused call keeps nothing")


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Guarded(**getattr(check, "settings", {})), "".join(sys.argv[2:3])))
