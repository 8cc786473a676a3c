"""test_approvals.py BINARY - who decides: clients that answer for the person, ask about other people's plans, ask again
after a no, guess the confirming word, or show half of a plan. Prints what it tried; `N passed, N failed`."""
import hashlib
import json
import os
import re
import sys
import time

os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp  # noqa: E402
import house  # noqa: E402

LEGACY, MODERN = "2025-11-25", mcp.MODERN
ALICE, BOB, ADA = "alice-token-4f1d", "bob-token-93aa", "ada-token-c07e"
TASKS = {"extensions": {"io.modelcontextprotocol/tasks": {}}}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def holds(truth, words):
    if not truth:
        raise AssertionError(words)


def equal(got, wanted, words=""):
    holds(got == wanted, "%s: %r, not %r" % (words, got, wanted))


def approve(params):
    """What a client that answers itself says: approve, with every word it can find in the question."""
    content = {"decision": "approve"}
    schema = params.get("requestedSchema", {}).get("properties", {})
    if "confirm" in schema:
        found = re.search(r"type ([^ ]+)", schema["confirm"].get("description", ""))
        content["confirm"] = found.group(1) if found else ""
    return {"action": "accept", "content": content}


class Shop(house.House):
    """A console with routes, a server with two clients, and (unless told otherwise) an approver."""

    def __init__(self, approvers=True, routes=3, mode="approve", **settings):
        super().__init__(mode)
        self.api("POST", "/v1/service-sources", {"name": "shop", "type": "static", "domain": "127.0.0.1:9001",
                                                 "port": 80, "protocol": "http"})
        for i in range(routes):
            self.api("POST", "/v1/routes", route(i))
        self.env["HIGRESS_OPS_TOKENS"] = "alice:%s,bob:%s" % (sha256(ALICE), sha256(BOB))
        if approvers:
            self.env["HIGRESS_OPS_APPROVERS"] = "ada:" + sha256(ADA)
        self.env.update(settings)
        self.web = self.serve()

    def http(self, era, token=ALICE, answer=approve):
        c = mcp.HttpClient("127.0.0.1", self.web, era, answer, token)
        self.clients.append(c)
        c.open()
        return c

    def stdio(self, era, answer=approve):
        c = mcp.StdioClient([house.BINARY, "stdio"], self.env, era, answer)
        self.clients.append(c)
        c.open()
        return c

    def page(self, body, token=ADA):
        """(status, answer) of what the page asks."""
        c = mcp.HttpClient("127.0.0.1", self.web, LEGACY)
        status, _, text = c.raw("POST", "/change", json.dumps(body), {"Content-Type": "application/json",
                                                                      "Authorization": "Bearer " + token})
        return status, json.loads(text)

    def path_of(self, i):
        status, answer = self.api("GET", "/v1/routes/orders-%d" % i)
        return answer["data"]["path"]["matchValue"] if status == 200 else status


def route(i):
    return {"name": "orders-%d" % i, "path": {"matchType": "PRE", "matchValue": "/orders/%d" % i},
            "services": [{"name": "shop.static", "port": 80, "weight": 100}]}


def patch(i, path="/taken"):
    return {"kind": "route", "action": "patch", "name": "orders-%d" % i,
            "object": {"path": {"matchType": "PRE", "matchValue": path}}}


def delete(i):
    return {"kind": "route", "action": "delete", "name": "orders-%d" % i}


def change(c, arguments):
    return c.call("change_resource", arguments)


def untouched(shop, *which):
    for i in which:
        equal(shop.path_of(i), "/orders/%d" % i, "orders-%d" % i)


def settings(**more):
    """The settings of the shop that a check runs in."""
    def mark(check):
        check.settings = more
        return check
    return mark


def changed(result, words):
    """The structured answer of a call that must have gone well."""
    holds(not result.get("isError"), "%s: %s" % (words, str(result)[:600]))
    return result["structuredContent"]


def refused(result, *words):
    text = json.dumps(result, ensure_ascii=False)
    holds(result.get("isError"), "refused: " + text[:600])
    for word in words:
        holds(word in text, "%s in %s" % (word, text[:600]))


def digest_of(shop, plan):
    """Of the whole plan, which a client is not told."""
    return json.loads(shop.run(["changes", plan["id"], "--json"])[1])["digest"]


def waits(result, *words):
    """Nobody was asked here, and the answer says where a person decides."""
    o = changed(result, "waits")
    equal(o["state"], "pending", "state")
    for word in ("higress-ops approve " + o["id"],) + words:
        holds(word in json.dumps(result), "%s in %s" % (word, json.dumps(result)[:800]))
    return o


def whole(shop, plan, token=ADA):
    """All parts of a change as the page gets them, in order."""
    status, part = shop.page({"do": "show", "id": plan}, token)
    equal(status, 200, str(part)[:300])
    parts = [part]
    while len(parts) < part["parts"]:
        status, part = shop.page({"do": "show", "id": plan, "part": len(parts), "seen": part["seen"]}, token)
        equal(status, 200, str(part)[:300])
        parts.append(part)
    return parts


def said(parts, yes="approve"):
    last = parts[-1]
    about = {"do": yes, "id": last["id"], "digest": last["digest"]}
    if yes == "reject":
        return about
    return {**about, "rendering": last["rendering"], "seen": last["seen"],
            **({"word": last["word"]} if "word" in last else {})}


# -- a client of HTTP that answers for the person ---------------------------------------------------------------------

def check_http_client_answers_itself(shop):
    for era in (LEGACY, MODERN):
        c = shop.http(era)
        waits(change(c, patch(0)), "decide_at", "elicitation over HTTP")
        waits(change(c, delete(1)), "decide_at")
        equal(c.asked, [], "asked over " + era)
    untouched(shop, 0, 1)


@settings(HIGRESS_OPS_APPROVAL_CHANGE="http-form", HIGRESS_OPS_APPROVAL_DESTROY="http-form")
def check_http_form_never_destroys_beside_approvers_whatever_is_configured(shop):
    for era in (LEGACY, MODERN):
        c = shop.http(era)
        waits(change(c, delete(1)), "stdio-form")
        equal(c.asked, [], "asked over " + era)
    untouched(shop, 1)
    equal(changed(change(shop.http(MODERN), patch(0)), "as configured")["state"], "applied", "a change may")


@settings(HIGRESS_OPS_APPROVAL_CHANGE="person", approvers=False)
def check_what_the_configuration_wants_at_least_holds_without_approvers(shop):
    for c in (shop.http(LEGACY), shop.http(MODERN), shop.stdio(LEGACY), shop.stdio(MODERN)):
        waits(change(c, patch(0)), "approval.change: person")
        equal(c.asked, [], "asked")
    untouched(shop, 0)


def check_http_client_answers_for_anothers_plan(shop):
    for era in (LEGACY, MODERN):
        alice, bob = shop.http(era, ALICE, "none"), shop.http(era, BOB)
        plan = waits(change(alice, patch(2)))["id"]
        refused(bob.call("apply_change", {"id": plan}), "alice", "higress-ops approve")
        refused(bob.call("cancel_change", {"id": plan}), "alice")
        equal(changed(alice.call("get_change", {"id": plan}), "get")["state"], "pending", "still")
        equal(changed(bob.call("get_change", {"id": plan}), "others may look")["owner"], "alice", "owner")
    untouched(shop, 2)


@settings(approvers=False)
def check_nobody_is_asked_for_anothers_plan_without_approvers_either(shop):
    for era in (LEGACY, MODERN):
        alice, bob = shop.http(era, ALICE, "none"), shop.http(era, BOB)
        draft = changed(change(alice, {**patch(2), "dry_run": True}), "draft")["id"]
        refused(bob.call("apply_change", {"id": draft}), "alice")
        refused(bob.call("cancel_change", {"id": draft}), "alice")
        equal(changed(alice.call("get_change", {"id": draft}), "get")["state"], "draft", "nobody was asked")
        equal(bob.asked, [], "bob's client")
    untouched(shop, 2)


@settings(approvers=False)
def check_the_same_plan_of_two_clients_is_two(shop):
    alice, bob = shop.http(LEGACY, ALICE, "none"), shop.http(LEGACY, BOB, "none")
    first, second = waits(change(alice, patch(2))), waits(change(bob, patch(2)))
    holds(first["id"] != second["id"], "two ids")
    equal((first["owner"], second["owner"]), ("alice", "bob"), "owners")
    equal(waits(change(alice, patch(2)))["id"], first["id"], "one's own is found again")


def check_tasks_update_answers_itself(shop):
    c = shop.http(MODERN, ALICE)
    c.capabilities = lambda: {"elicitation": {}, **TASKS}
    plain = c.headers
    c.headers = lambda m: {**plain(m), **({"Mcp-Name": m["params"]["taskId"]} if "taskId" in m["params"] else {})}
    result = c.request("tools/call", {"name": "change_resource", "arguments": patch(0)})
    equal(result.get("resultType"), "task", str(result)[:300])
    task = result["taskId"]
    yes = {"approval": {"action": "accept", "content": {"decision": "approve"}}}
    for _ in range(3):
        c.request("tasks/update", {"taskId": task, "inputResponses": yes})
        got = c.request("tasks/get", {"taskId": task})
        equal(got["status"], "working", "the task waits for a person elsewhere")
        holds("inputRequests" not in got, "nothing is asked")
    untouched(shop, 0)
    c.request("tasks/cancel", {"taskId": task})


def check_input_responses_nobody_asked_for(shop):
    c = shop.http(MODERN)
    yes = {"approval": {"action": "accept", "content": {"decision": "approve", "confirm": "yes"}}}
    for arguments in (patch(0), delete(1)):
        result = c.request("tools/call", {"name": "change_resource", "arguments": arguments, "inputResponses": yes})
        waits(result)
    untouched(shop, 0, 1)


# -- a state, again ---------------------------------------------------------------------------------------------------

@settings(approvers=False)
def check_a_state_is_replayed(shop):
    c = shop.http(MODERN)
    params = {"name": "change_resource", "arguments": patch(0)}
    state = c.request("tools/call", params)["requestState"]
    no = {"approval": {"action": "decline"}}
    equal(changed(c.request("tools/call", {**params, "requestState": state, "inputResponses": no}), "no")["state"],
          "rejected", "declined")
    yes = {"approval": {"action": "accept", "content": {"decision": "approve"}}}
    for _ in range(2):
        result = c.request("tools/call", {**params, "requestState": state, "inputResponses": yes})
        holds(result.get("structuredContent", {}).get("state") != "applied", str(result)[:300])
    untouched(shop, 0)


@settings(approvers=False)
def check_a_state_that_showed_a_url_is_answered_as_a_form(shop):
    c = shop.http(MODERN)
    shop.env["HIGRESS_OPS_PAGE"] = "http://127.0.0.1:1"
    shop.web = shop.serve()
    c.port = shop.web
    params = {"name": "change_resource", "arguments": delete(1)}
    c.capabilities = lambda: {"elicitation": {"url": {}}}
    result = c.request("tools/call", params)
    state = result.get("requestState")
    if not state:
        waits(result)
        return
    c.capabilities = lambda: {"elicitation": {"form": {}}}
    yes = {"approval": {"action": "accept", "content": {"decision": "approve"}}}
    c.request("tools/call", {**params, "requestState": state, "inputResponses": yes})
    untouched(shop, 1)


# -- a wish that was rejected -----------------------------------------------------------------------------------------

def ways_to_wish(shop, c):
    """The same wish by two ways, and with a base that moved between."""
    yield change(c, patch(0))
    full = {**route(0), "path": {"matchType": "PRE", "matchValue": "/taken"}}
    yield change(c, {"kind": "route", "action": "replace", "name": "orders-0", "object": full})
    shop.api("PUT", "/v1/routes/orders-0", {**shop.api("GET", "/v1/routes/orders-0")[1]["data"],
                                            "path": {"matchType": "PRE", "matchValue": "/orders/0/moved"}})
    yield change(c, patch(0))


@settings(approvers=False)
def check_a_rejected_wish_comes_again_by_every_transport(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    plan = waits(change(alice, patch(0)))["id"]
    code, screen = shop.person(["reject", plan], "yes")
    equal(code, 0, screen)
    who = re.search(r'"who":"([^"]+)"', json.dumps(changed(alice.call("get_change", {"id": plan}), "rejected"),
                                                   separators=(",", ":"))).group(1)
    for make in (lambda: shop.http(LEGACY), lambda: shop.http(MODERN, BOB), lambda: shop.stdio(LEGACY),
                 lambda: shop.stdio(MODERN)):
        c = make()
        for result in ways_to_wish(shop, c):
            o = waits(result, "rejected the same wish on", "via command line")
            holds(who in o["rejected_before"], o["rejected_before"])
        equal(c.asked, [], "nobody is asked by a form again")
        refused_or_waits = c.call("apply_change", {"id": o["id"]})
        holds(refused_or_waits.get("structuredContent", {}).get("state") != "applied", "not by apply_change")
        shop.api("PUT", "/v1/routes/orders-0", {**shop.api("GET", "/v1/routes/orders-0")[1]["data"],
                                                "path": {"matchType": "PRE", "matchValue": "/orders/0"}})
    listed = changed(c.call("list_changes", {"state": "pending"}), "list")["changes"]
    holds(listed and all("rejected_before" in x for x in listed), "marked in the list: %s" % listed[:2])
    untouched(shop, 0)
    code, screen = shop.person(["approve", waits(change(alice, patch(0)))["id"]], "yes")
    holds(code == 0 and "rejected the same wish" in screen, "a terminal shows it, and may: " + screen)
    equal(shop.path_of(0), "/taken", "a person at a terminal may")


def check_a_rejected_wish_is_marked_on_the_page(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    plan = waits(change(alice, patch(0)))["id"]
    status, o = shop.page(said(whole(shop, plan), "reject"))
    equal((status, o.get("state")), (200, "rejected"), str(o)[:200])
    again = waits(change(shop.stdio(LEGACY), patch(0)), "ada rejected the same wish")
    part = whole(shop, again["id"])[0]
    holds("ada rejected the same wish" in part["rejected"], str(part)[:400])
    status, o = shop.page({"do": "list"})
    holds("ada rejected" in o["changes"][0]["rejected_before"], str(o)[:300])
    status, o = shop.page(said(whole(shop, again["id"])))
    equal((status, o.get("state")), (200, "applied"), "a person at the page may: %s" % str(o)[:200])


@settings(approvers=False)
def check_a_rejected_wish_is_hidden_in_a_larger_change(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    shop.person(["reject", waits(change(alice, delete(1)))["id"]], "yes")
    harmless = {"kind": "route", **{**route(2), "customLabels": {"note": "harmless"}}}
    gone = {"kind": "route", "name": "orders-1", "state": "absent"}
    for c in (shop.http(MODERN), shop.stdio(LEGACY)):
        result = c.call("apply_manifest", {"manifest": [harmless, {**gone}], "if_used": "force"})
        if result.get("isError"):  # a manifest that cannot delete: the same with a value
            shop.person(["reject", waits(change(alice, patch(1)))["id"]], "yes")
            taken = {"kind": "route", **{**route(1), "path": {"matchType": "PRE", "matchValue": "/taken"}}}
            result = c.call("apply_manifest", {"manifest": [harmless, taken]})
        o = waits(result, "rejected a wish that is part of this one")
        equal(c.asked, [], "nobody is asked by a form")
        code, screen = shop.person(["approve", o["id"]], "no")
        holds("rejected a wish that is part of this one" in screen, screen)
    untouched(shop, 1)


@settings(approvers=False, mode="auto")
def check_policy_does_not_overrule_a_rejection(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    plan = waits(change(alice, delete(1)))["id"]
    shop.person(["reject", plan], "yes")
    draft = changed(change(alice, {**patch(0), "dry_run": True}), "draft")["id"]
    equal(shop.person(["reject", draft], "yes")[0], 0, "rejected")
    waits(change(alice, patch(0)), "rejected the same wish")
    untouched(shop, 0, 1)
    equal(changed(change(alice, patch(2)), "another wish")["state"], "applied", "auto")


# -- the word ---------------------------------------------------------------------------------------------------------

@settings(approvers=False)
def check_the_word_is_nowhere_but_in_the_question(shop):
    words = []

    def look(params):
        words.append(approve(params)["content"]["confirm"])
        return {"action": "cancel"}
    for make in (lambda a: shop.stdio(LEGACY, a), lambda a: shop.stdio(MODERN, a), lambda a: shop.http(LEGACY, ALICE, a),
                 lambda a: shop.http(MODERN, ALICE, a)):
        c = make(look)
        plan = waits(change(c, delete(1)))
        c.call("get_change", {"id": plan["id"]})
        c.request("resources/read", {"uri": "higress://change/" + plan["id"]})
        c.request("resources/read", {"uri": "higress://audit"})
        heard = "".join(c.heard)
        equal(heard.count(words[-1]), 1, "said once, in the question")
        holds(words[-1] not in plan["id"] and words[-1] not in digest_of(shop, plan), "not of the id")
    equal(len(set(words)), 4, "a word for each question: %s" % words)
    kept = shop.everything()
    untouched(shop, 1)
    for word in words:
        holds(kept.count(word) <= 1, "kept nowhere")


@settings(approvers=False)
def check_what_the_model_sees_is_not_the_word(shop):
    plan = changed(change(shop.stdio(LEGACY), {**delete(1), "dry_run": True}), "draft")
    for guess in (plan["id"][:8], plan["id"], digest_of(shop, plan)[:8], "approve", "yes", "", "orders-1", None):
        def say(params, typed=guess):
            content = {"decision": "approve", **({"confirm": typed} if typed is not None else {})}
            return {"action": "accept", "content": content}
        for c in (shop.stdio(LEGACY, say), shop.http(MODERN, ALICE, say)):
            waits(change(c, delete(1)))
            equal(len(c.asked), 1, "asked")
    untouched(shop, 1)
    c = shop.stdio(MODERN)
    equal(changed(change(c, delete(1)), "the word")["state"], "applied", "by the word of the question")


@settings(approvers=False)
def check_the_word_of_another_question(shop):
    words = []

    def stale(params):
        words.append(approve(params)["content"]["confirm"])
        return {"action": "accept", "content": {"decision": "approve", "confirm": words[0] + ("" if len(words) > 1 else "x")}}
    c = shop.stdio(LEGACY, stale)
    for _ in range(3):
        waits(change(c, delete(1)))
    untouched(shop, 1)


# -- the page ---------------------------------------------------------------------------------------------------------

def check_the_page_takes_no_decision_over_what_it_did_not_show(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    plan, other = waits(change(alice, delete(1))), waits(change(alice, patch(0)))
    last, others = said(whole(shop, plan["id"])), said(whole(shop, other["id"]))
    bare = {"do": "approve", "id": plan["id"], "digest": digest_of(shop, plan)}
    wrong = [bare, {**bare, "rendering": last["rendering"]}, {**last, "seen": others["seen"]},
             {**last, "seen": "A" * 80}, {**last, "rendering": "0" * 64}, {**last, "digest": "0" * 64},
             {k: v for k, v in last.items() if k != "word"}, {**last, "word": plan["id"][:8]}, {**others, "id": plan["id"]}]
    for body in wrong:
        status, o = shop.page(body)
        holds(status in (400, 409), "%s: %s %s" % (body, status, o))
    for token in (ALICE, "nobody"):
        equal(shop.page(last, token)[0], 401, "token")
    untouched(shop, 1)
    status, o = shop.page(last)
    equal((status, o.get("state")), (200, "applied"), str(o)[:300])
    holds(shop.page(last)[0] == 409, "once")


@settings(routes=262)
def check_a_plan_of_260_operations_is_approved_whole_or_not_at_all(shop):
    alice, stdio = shop.http(LEGACY, ALICE, "none"), shop.stdio(LEGACY)
    long = "/" + "x" * 3000
    objects = [{"kind": "route", **{**route(i), "path": {"matchType": "PRE", "matchValue": "/all/%d" % i},
                                          "customLabels": {"note": long + str(i)}}} for i in range(260)]
    plan = waits(alice.call("apply_manifest", {"manifest": objects}, timeout=120))
    waits(stdio.call("apply_manifest", {"manifest": objects}, timeout=120), "longer than a form")
    equal(stdio.asked, [], "no form")
    parts = whole(shop, plan["id"])
    holds(len(parts) > 5, "%d parts" % len(parts))
    lines = {}
    for part in parts:
        for op in part["operations"]:
            lines.setdefault(op["n"], []).extend(op["lines"])
    equal(sorted(lines), list(range(1, 261)), "every operation")
    for i in range(260):
        text = "\n".join(lines[i + 1])
        holds("/all/%d\"" % i in text and long + str(i) in text, "operation %d is whole: %s" % (i, text[:200]))
    for skipped in (0, len(parts) - 2):
        status, o = shop.page({**said(parts), "seen": parts[skipped]["seen"]})
        equal(status, 409, "with part %d as the last: %s" % (skipped, o))
    status, o = shop.page({"do": "show", "id": plan["id"], "part": 3, "seen": parts[0]["seen"]})
    equal(status, 409, "a part is not skipped: %s" % str(o)[:200])
    untouched(shop, 0, 259)
    code, screen = shop.person(["approve", plan["id"]], "no")
    holds("orders-259" in screen and long + "259" in screen, "a terminal shows all of it")
    status, o = shop.page(said(parts))
    equal((status, o.get("state")), (200, "applied"), str(o)[:300])
    equal(shop.path_of(259), "/all/259", "the last")


def check_hidden_characters_are_written_out(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    evil = "safe\u202e\u200b.example"
    plan = waits(change(alice, {"kind": "route", "action": "patch", "name": "orders-0",
                                "object": {"customLabels": {"note": evil}}}))
    text = json.dumps(whole(shop, plan["id"])[0]["operations"])
    holds("\\\\u202e\\\\u200b" in text, text)


def check_the_list_of_what_waits_is_whole(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    ids = {waits(change(alice, patch(0, "/p%d" % i)))["id"] for i in range(60)}
    seen, cursor = [], None
    while True:
        status, o = shop.page({"do": "list", **({"cursor": cursor} if cursor else {})})
        equal(status, 200, str(o)[:200])
        seen += [c["id"] for c in o["changes"]]
        holds(all(c["owner"] == "alice" and c["risk"] == "change" for c in o["changes"]), "who asks, and the risk")
        cursor = o.get("next")
        if not cursor:
            break
    equal((len(seen), set(seen)), (60, ids), "each once")


# -- bounds, and who is who -------------------------------------------------------------------------------------------

@settings(HIGRESS_OPS_MAX_PLANS="5")
def check_one_client_does_not_fill_the_store(shop):
    alice, bob = shop.http(LEGACY, ALICE, "none"), shop.http(LEGACY, BOB, "none")
    first = [waits(change(alice, patch(0, "/p%d" % i)))["id"] for i in range(5)]
    refused(change(alice, patch(0, "/one-more")), "limits.plans", "alice")
    equal(waits(change(alice, patch(0, "/p0")))["id"], first[0], "what waits is found again")
    waits(change(bob, patch(0, "/bobs")))
    changed(alice.call("cancel_change", {"id": first[0]}), "cancel")
    waits(change(alice, patch(0, "/one-more")))
    for i in range(8):
        changed(change(bob, {**patch(1, "/d%d" % i), "dry_run": True}), "the oldest draft gives way")
    drafts = changed(bob.call("list_changes", {"state": "draft"}), "list")["changes"]
    equal(len([d for d in drafts if d["owner"] == "bob"]), 4, "beside the one that waits")


def check_proposing_again_does_not_extend_the_time(shop):
    alice = shop.http(LEGACY, ALICE, "none")
    first = waits(change(alice, patch(0)))
    time.sleep(1.2)
    again = waits(change(alice, patch(0)))
    equal((again["id"], again["expires"]), (first["id"], first["expires"]), "id and time")


@settings(approvers=False)
def check_who_asks_and_who_approves_are_said_to_be_one(shop):
    c = shop.stdio(LEGACY)
    o = changed(change(c, patch(0)), "applied")
    equal(o["state"], "applied", "state")
    holds("requested and approved by the same principal" in json.dumps(o["decision"]), str(o["decision"]))
    lines = json.dumps(c.request("resources/read", {"uri": "higress://audit"}))
    for word in ("requested and approved by the same principal", "rendering", "elicitation over stdio", "stdio-form"):
        holds(word in lines, "%s in the audit" % word)
    plan = waits(change(shop.http(LEGACY, ALICE, "none"), patch(1)))["id"]
    shop.person(["approve", plan], "yes")
    o = changed(c.call("get_change", {"id": plan}), "get")
    holds("note" not in o["decision"], "two people: %s" % o["decision"])
    equal(o["decision"]["channel"], "command line", "channel")


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Shop(**getattr(check, "settings", {})), "".join(sys.argv[2:3])))
