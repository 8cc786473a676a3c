"""test_api.py BINARY - decisions over /api: tokens of clients and viewers, a requester by this second channel, digests and
proofs that are another's, old, late or made up, half a change, pages of other sites, bodies that never end, freezes dodged
by undo. Prints what it tried; `N passed, N failed`."""
import http.client
import json
import os
import select
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_policy as base  # noqa: E402
from test_approvals import (LEGACY, ALICE, ADA, change, changed, delete, equal, holds, patch, route,  # noqa: E402
                            said, settings, whole)
from test_policy import ALICE_PAGE, BARE, BOB_PAGE, PEOPLE  # noqa: E402
import house  # noqa: E402

DECISIONS = ("approve", "reject", "undo")
TWO_BY_API = """mode: enforce
rules:
  - name: two people for routes
    when: {kind: route}
    then: {ask: {count: 2, channels: [api, page], not_requester: true}}
"""
NOT_BY_API = "mode: enforce\nrules:\n  - {name: by hand, then: {ask: {channels: [page, terminal]}}}\n"


class Shop(base.Guarded):
    """A shop, its people, and their pipelines."""

    def api_raw(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.web, timeout=60)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            text = r.read().decode()
            return r.status, {k.lower(): v for k, v in r.getheaders()}, json.loads(text) if text else None
        finally:
            c.close()

    def ask(self, path, token=ADA, **headers):
        return self.api_raw("GET", path, None, {"Authorization": "Bearer " + token, **headers})

    def tell(self, plan, what, body, token=ADA, **headers):
        return self.api_raw("POST", "/api/changes/%s/%s" % (plan, what), json.dumps(body), {
            "Authorization": "Bearer " + token, "Content-Type": "application/json", **headers})

    def read(self, plan, token=ADA):
        """What a decision names, read as it is to be: all parts in order."""
        status, _, o = self.ask("/api/changes/" + plan, token)
        equal(status, 200, str(o)[:300])
        while "next" in o:
            status, _, o = self.ask(o["next"], token)
            equal(status, 200, str(o)[:300])
        return o["read"]

    def refusals(self):
        """Lines of the audit about what was refused."""
        code, out, err = self.run(["audit", "search", "--event", "refused", "--limit", "100", "--json"])
        equal(code, 0, err)
        return json.loads(out)["lines"]

    def audit_is_whole(self):
        code, out, err = self.run(["audit", "verify"])
        equal(code, 0, out + err)


def no(answer, status, code, words=""):
    """A problem of RFC 9457, with that code."""
    got, headers, o = answer
    equal((got, o.get("code")), (status, code), "%s %s" % (words, str(o)[:400]))
    equal(headers["content-type"], "application/problem+json", words)
    equal(o["status"], status, words)
    holds(o["type"].endswith(":" + code) and o["title"] and o["detail"], str(o))
    return o


def untouched(shop, i=0):
    equal(shop.path_of(i), "/orders/%d" % i, "orders-%d" % i)


# -- whose token --------------------------------------------------------------------------------------------------------

@settings(policy=BARE)
def check_a_clients_token_at_every_decision(shop):
    plan = shop.asks()
    read = shop.read(plan)
    for what in DECISIONS:
        no(shop.tell(plan, what, read if what == "approve" else {}, ALICE), 403, "forbidden", what)
        no(shop.tell(plan, what, {}, "nobody's token"), 401, "unauthorized", what)
        no(shop.api_raw("POST", "/api/changes/%s/%s" % (plan, what), "{}", {"Content-Type": "application/json"}),
           401, "unauthorized", what)
    equal(shop.state_of(plan), "pending", "state")
    untouched(shop)
    code, out, _ = shop.run(["audit", "search", "--event", "wrong_token", "--json"])
    equal((code, json.loads(out)["lines"][0]["channel"]), (0, "api"), "in the audit")


@settings(policy=BARE)
def check_a_client_reads_and_is_told_nothing_that_a_decision_names(shop):
    alice = shop.http(LEGACY)
    plan = changed(change(alice, delete(1)), "asked")["id"]
    status, _, o = shop.ask("/api/changes/" + plan, ALICE)
    equal(status, 200, str(o))
    holds(o["operations"] and "read" not in o and "you" not in o, str(o))
    text = json.dumps([o, shop.ask("/api/changes", ALICE)[2], shop.ask("/api/changes/%s/policy" % plan, ALICE)[2]])
    mine = shop.read(plan)
    for member in ("plan", "rendering", "seen", "word"):
        holds(mine[member] not in text and '"%s"' % member not in text, member)
    no(shop.ask("/api/changes/" + plan, "nobody's token"), 401, "unauthorized")
    no(shop.api_raw("GET", "/api/changes/" + plan), 401, "unauthorized")


@settings(policy=BARE)
def check_a_viewers_token_at_every_decision(shop):
    plan = shop.asks()
    read = shop.read(plan, BOB_PAGE)
    status, _, o = shop.ask("/api/changes/" + plan, BOB_PAGE)
    equal((status, o["you"]["may_approve"]), (200, False), str(o))
    holds("has the role viewer" in o["you"]["why"], o["you"]["why"])
    for what in DECISIONS:
        body = read if what == "approve" else {k: read[k] for k in ("plan", "rendering")} if what == "reject" else {}
        o = no(shop.tell(plan, what, body, BOB_PAGE), 409 if what == "undo" else 403,
               "not_planned" if what == "undo" else "refused", what)
        holds("role viewer" in o["detail"] or what == "undo", o["detail"])
    equal([(x["who"], x["channel"]) for x in shop.refusals()], [("bob-page", "API")] * 3, "in the audit")
    equal(shop.state_of(plan), "pending", "state")
    untouched(shop)
    shop.audit_is_whole()


@settings(policy=TWO_BY_API)
def check_the_requester_by_this_second_channel(shop):
    plan = shop.asks()
    o = no(shop.tell(plan, "approve", shop.read(plan, ALICE_PAGE), ALICE_PAGE), 403, "refused")
    holds("'alice' asked for change" in o["detail"], o["detail"])
    status, _, o = shop.tell(plan, "approve", shop.read(plan))
    equal((status, o["state"], o["missing"]), (200, "pending", 1), str(o))
    equal([(a["who"], a["channel"]) for a in o["approvals"]], [("ada", "API")], "who agreed")
    no(shop.tell(plan, "approve", shop.read(plan)), 403, "refused", "ada again")
    equal(shop.page(said(whole(shop, plan)))[0], 409, "ada once more, at the page")
    no(shop.tell(plan, "approve", shop.read(plan, ALICE_PAGE), ALICE_PAGE), 403, "refused", "alice as the second")
    untouched(shop)


@settings(policy=NOT_BY_API)
def check_a_policy_that_leaves_this_channel_out(shop):
    plan = shop.asks()
    o = no(shop.tell(plan, "approve", shop.read(plan)), 403, "refused")
    holds("'by hand'" in o["detail"] and o["detail"].startswith("API does not approve"), o["detail"])
    untouched(shop)


@settings(policy=BARE, HIGRESS_OPS_APPROVAL_CHANGE="passkey")
def check_a_token_where_a_key_is_wanted(shop):
    plan = shop.asks()
    no(shop.tell(plan, "approve", shop.read(plan)), 403, "refused")
    untouched(shop)


@settings(policy=BARE)
def check_wrong_tokens_are_slowed_and_audited(shop):
    seen = [shop.ask("/api/changes", "wrong-%d" % i) for i in range(24)]
    equal(seen[0][0], 401, "at first")
    no(seen[-1], 429, "slow_down")
    holds(int(seen[-1][1]["retry-after"]) >= 1, "Retry-After")
    no(shop.ask("/api/changes"), 429, "slow_down", "the right one from there, never seen before")


# -- what was read ------------------------------------------------------------------------------------------------------

@settings(policy=BARE)
def check_digests_and_proofs_of_another_plan(shop):
    first, second = shop.asks(0), shop.asks(1)
    one, other = shop.read(first), shop.read(second)
    no(shop.tell(first, "approve", other), 409, "moved", "all of another")
    for member, code in (("plan", "moved"), ("rendering", "moved"), ("seen", "not_shown")):
        no(shop.tell(first, "approve", {**one, member: other[member]}), 409, code, member)
    for member in ("plan", "rendering"):
        body = {k: (other if k == member else one)[k] for k in ("plan", "rendering")}
        no(shop.tell(first, "reject", body), 409, "moved", "reject with another " + member)
    equal(shop.state_of(first), "pending", "state")
    untouched(shop, 0)
    untouched(shop, 1)
    equal(len(shop.refusals()), 6, "in the audit")


@settings(policy=BARE)
def check_proofs_that_are_made_up_or_anothers(shop):
    plan = shop.asks()
    read = shop.read(plan)
    theirs = shop.read(plan, ALICE_PAGE)
    no(shop.tell(plan, "approve", theirs), 409, "not_shown", "shown to alice, said by ada")
    for at in (0, 20, len(read["seen"]) // 2, len(read["seen"]) - 1):
        forged = read["seen"][:at] + ("A" if read["seen"][at] != "A" else "B") + read["seen"][at + 1:]
        no(shop.tell(plan, "approve", {**read, "seen": forged}), 409, "not_shown", "byte %d" % at)
    for member in ("plan", "rendering", "seen"):
        no(shop.tell(plan, "approve", {k: v for k, v in read.items() if k != member}), 400, "bad_request", member)
    equal(shop.state_of(plan), "pending", "state")
    untouched(shop)


@settings(policy=BARE, routes=40)
def check_half_a_change(shop):
    many = [{"kind": "route", **route(i), "customLabels": {"note": "/" + "x" * 3000}} for i in range(40)]
    plan = changed(shop.http(LEGACY).call("apply_manifest", {"manifest": many}, timeout=120), "asked")["id"]
    _, _, first = shop.ask("/api/changes/" + plan)
    holds(first["parts"] > 2 and "read" not in first and "next" in first, str(first)[:200])
    no(shop.ask("/api/changes/%s?part=%d" % (plan, first["parts"] - 1)), 409, "not_shown", "the last part at once")
    seen = first["next"].split("seen=")[1]
    no(shop.ask("/api/changes/%s?part=2&seen=%s" % (plan, seen)), 409, "not_shown", "a part is not skipped")
    read = shop.read(plan)
    no(shop.tell(plan, "approve", {**read, "seen": seen}), 409, "not_shown", "a yes by the proof of the first")
    equal(shop.state_of(plan), "pending", "state")


@settings(policy=BARE)
def check_a_plan_that_moved_since_it_was_read(shop):
    plan = shop.asks()
    read, (_, headers, _) = shop.read(plan), shop.ask("/api/changes/" + plan)
    other = changed(change(shop.stdio(LEGACY, "none"), patch(0)), "the same, asked for by somebody else")["id"]
    status, _, o = shop.tell(other, "reject", {k: v for k, v in shop.read(other).items() if k in ("plan", "rendering")})
    equal((status, o["state"]), (200, "rejected"), str(o))
    no(shop.tell(plan, "approve", read), 409, "moved", "it says now that the same was rejected")
    no(shop.tell(plan, "approve", shop.read(plan), **{"If-Match": headers["etag"]}), 412, "changed")
    untouched(shop)
    shop.api("PUT", "/v1/routes/orders-0", {**shop.api("GET", "/v1/routes/orders-0")[1]["data"],
                                            "path": {"matchType": "PRE", "matchValue": "/elsewhere"}})
    no(shop.tell(plan, "approve", shop.read(plan)), 409, "drifted", "the gateway moved on")
    equal(shop.path_of(0), "/elsewhere", "nothing was written")


@settings(policy=BARE)
def check_a_decision_again(shop):
    plan = shop.asks()
    read = shop.read(plan)
    status, _, o = shop.tell(plan, "approve", read)
    equal((status, o["state"]), (200, "applied"), str(o))
    equal((o["decision"]["who"], o["decision"]["channel"]), ("ada", "API"), "who, and how")
    shop.api("PUT", "/v1/routes/orders-0", {**shop.api("GET", "/v1/routes/orders-0")[1]["data"],
                                            "path": {"matchType": "PRE", "matchValue": "/later"}})
    no(shop.tell(plan, "approve", read), 409, "decided")
    no(shop.tell(plan, "reject", {k: read[k] for k in ("plan", "rendering")}), 409, "decided")
    equal(shop.path_of(0), "/later", "nothing was written twice")
    shop.audit_is_whole()


@settings(policy=BARE, HIGRESS_OPS_PLAN_TTL="1")
def check_a_decision_that_comes_late(shop):
    plan = shop.asks()
    read = shop.read(plan)
    status, _, o = shop.ask("/api/changes/%s?wait=20" % plan)
    equal((status, o["state"]), (200, "expired"), "waited for: %s" % o)
    no(shop.tell(plan, "approve", read), 409, "expired")
    no(shop.tell(plan, "reject", {k: read[k] for k in ("plan", "rendering")}), 409, "expired")
    untouched(shop)


@settings(policy=BARE)
def check_what_destroys_takes_the_word_that_came_with_it(shop):
    plan = changed(change(shop.http(LEGACY), delete(1)), "asked")["id"]
    first, second = shop.read(plan), shop.read(plan)
    holds(first["word"] != second["word"], "a word of its own each time")
    bare = {k: v for k, v in first.items() if k != "word"}
    no(shop.tell(plan, "approve", bare), 409, "word", "none")
    no(shop.tell(plan, "approve", {**bare, "word": second["word"]}), 409, "word", "that of another answer")
    untouched(shop, 1)
    equal(shop.tell(plan, "approve", first)[2].get("state"), "applied", "the right one")


# -- other sites --------------------------------------------------------------------------------------------------------

@settings(policy=BARE)
def check_pages_of_other_sites(shop):
    plan = shop.asks()
    read = shop.read(plan)
    home = {"Origin": "http://127.0.0.1:%d" % shop.web, "Content-Type": "application/x-www-form-urlencoded"}
    _, headers, _ = shop.api_raw("POST", "/login", "token=" + ADA, home)
    cookie = {"Cookie": headers["set-cookie"].split(";")[0]}
    path, body = "/api/changes/%s/approve" % plan, json.dumps(read)
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        no(shop.api_raw("POST", path, body, {**cookie, "Content-Type": kind}), 401, "unauthorized", "a cookie and " + kind)
    no(shop.api_raw("GET", "/api/changes", None, cookie), 401, "unauthorized", "a cookie")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""):
        no(shop.tell(plan, "approve", read, **{"Content-Type": kind}), 415, "media_type", kind)
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        no(shop.tell(plan, "approve", read, Origin=origin), 403, "forbidden", origin)
        status, headers, _ = shop.api_raw("OPTIONS", path, None, {
            "Origin": origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type"})
        holds(status == 403 and "access-control-allow-origin" not in headers, "%s: %s" % (status, headers))
    no(shop.tell(plan, "approve", read, Host="evil.example"), 403, "forbidden", "another Host")
    status, headers, _ = shop.api_raw("OPTIONS", path, None, {
        "Origin": "http://localhost:1", "Access-Control-Request-Method": "POST"})
    holds(not any(h.startswith("access-control-allow-") and "*" in v or h == "access-control-allow-origin"
                  for h, v in headers.items()), "a page of this machine is told nothing: %s" % headers)
    equal(shop.state_of(plan), "pending", "state")
    untouched(shop)


@settings(policy=BARE)
def check_no_answer_is_shown_as_a_page(shop):
    name = "<script>alert(1)</script>"
    asked = {"kind": "consumer", "action": "create", "name": "eve", "object": {
        "name": "eve", "credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-\u202ekey" + name,
                                        "values": ["0123456789abcdef"]}]}}
    shop.http(LEGACY).call("change_resource", asked)
    plan = shop.asks()
    for path in ("/api/changes", "/api/changes/" + plan, "/api/changes/%s/policy" % plan, "/api/openapi.json",
                 "/api/changes/c-nothing", "/api/changes?state=%3Cscript%3E"):
        status, headers, o = shop.ask(path)
        holds(headers["content-type"] in ("application/json", "application/problem+json"), path)
        text = json.dumps(o, ensure_ascii=False)
        holds("\u202e" not in text, "text in another order: " + path)
        if status == 200:
            equal((headers["x-content-type-options"], headers["x-frame-options"]), ("nosniff", "DENY"), path)
            holds("default-src 'none'" in headers["content-security-policy"], path)
            equal((headers["cache-control"], headers["cross-origin-resource-policy"]), ("no-store", "same-origin"), path)
        holds("set-cookie" not in headers, path)
    holds("0123456789abcdef" not in json.dumps(shop.ask("/api/changes")[2]), "a key")


# -- requests that are none ---------------------------------------------------------------------------------------------

@settings(policy=BARE)
def check_paths_ids_and_bodies_that_are_none(shop):
    plan = shop.asks()
    read = shop.read(plan)
    for path in ("/api/", "/api/changes/", "/api/changes//approve", "/api/changes/../changes", "/api/change",
                 "/api/changes/%2e%2e/approve", "/api/changes/" + plan.upper(), "/api/changes/%s/approve/" % plan,
                 "/api/changes/" + "a" * 65, "/api/openapi.json/x"):
        holds(shop.ask(path)[0] == 404, path)
    no(shop.ask("/api/changes/" + plan[:-1]), 404, "not_found", "the beginning of an id")
    no(shop.tell("c-000000000000", "approve", read), 404, "not_found", "an id that nobody has")
    for method in ("PUT", "DELETE", "PATCH", "HEAD"):
        status, headers, _ = shop.api_raw(method, "/api/changes/%s/approve" % plan, None if method == "HEAD" else "{}",
                                          {"Authorization": "Bearer " + ADA, "Content-Type": "application/json",
                                           "X-HTTP-Method-Override": "POST"})
        equal((status, headers.get("allow")), (405, "POST"), method)
    head = {"Authorization": "Bearer " + ADA, "Content-Type": "application/json"}
    for body in ("", "[]", "null", "{", '"x"', json.dumps({**read, "do": "approve"}), json.dumps({**read, "plan": 1}),
                 json.dumps(read)[:-1] + ', "plan": "%s"}' % read["plan"], json.dumps({**read, "comment": "x" * 1001})):
        no(shop.api_raw("POST", "/api/changes/%s/approve" % plan, body, head), 400, "bad_request", body[:40])
    for query in ("wait=51", "wait=-1", "wait=nan", "part=-1", "part=x", "part=0&part=0", "limit=1", "wait=0x10"):
        no(shop.ask("/api/changes/%s?%s" % (plan, query)), 400, "bad_request", query)
    for query in ("limit=0", "limit=101", "state=lost", "cursor=x", "since=yesterday", "limit=1.5"):
        no(shop.ask("/api/changes?" + query), 400, "bad_request", query)
    equal(shop.state_of(plan), "pending", "state")
    shop.audit_is_whole()


def says_then_waits(shop, head, body=b""):
    """The status line of the answer to what is sent so, and never finished."""
    with socket.create_connection(("127.0.0.1", shop.web), 60) as s:
        s.sendall(head.replace("\n", "\r\n").encode() + body)
        return s.recv(200).split(b"\r\n")[0].decode()


@settings(policy=BARE)
def check_bodies_that_are_too_large_or_never_end(shop):
    plan = shop.asks()
    head = ("POST /api/changes/%s/approve HTTP/1.1\nHost: 127.0.0.1\nAuthorization: Bearer %s\n"
            "Content-Type: application/json\n" % (plan, ADA))
    holds(" 413 " in says_then_waits(shop, head + "Content-Length: 1000000\n\n"), "before a byte of it is read")
    chunk = b"%x\r\n%s\r\n" % (40000, b" " * 40000)
    holds(" 413 " in says_then_waits(shop, head + "Transfer-Encoding: chunked\n\n", chunk + b"0\r\n\r\n"), "in chunks")
    holds(" 401 " in says_then_waits(shop, head.replace(ADA, "nobody") + "Content-Length: 100\n\n"), "nobody's is not waited for")
    slow = socket.create_connection(("127.0.0.1", shop.web), 60)
    slow.sendall((head + "Content-Length: 100\n\n").replace("\n", "\r\n").encode() + b"{")
    equal(shop.ask("/api/changes")[0], 200, "others are served beside it")
    slow.close()
    equal(shop.state_of(plan), "pending", "state")


@settings(policy=BARE)
def check_who_waits_keeps_nobody_from_anything(shop):
    plan = shop.asks()
    waiting = []
    for _ in range(17):
        s = socket.create_connection(("127.0.0.1", shop.web), 60)
        s.sendall(("GET /api/changes/%s?wait=50 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n"
                   % (plan, ADA)).encode())
        waiting.append(s)
    busy = select.select(waiting, [], [], 30)[0][0]
    waiting.remove(busy)
    answer = busy.recv(4000).decode()
    holds(" 503 " in answer.split("\r\n")[0] and "Retry-After: 5" in answer and '"busy"' in answer, answer)
    equal(shop.tell(plan, "approve", shop.read(plan))[2]["state"], "applied", "a decision is not kept waiting")
    for s in waiting:
        holds(" 200 " in s.recv(100).decode(), "all hear of it")
        s.close()
    busy.close()


# -- around the gate ----------------------------------------------------------------------------------------------------

@settings(policy=BARE)
def check_a_freeze_is_not_dodged_by_undo(shop):
    plan = shop.asks()
    equal(shop.tell(plan, "approve", shop.read(plan))[2]["state"], "applied", "before the freeze")
    code, screen = shop.person(["freeze", "--reason", "Black Friday", "--until", "1h"], "yes")
    equal(code, 0, screen)
    status, headers, o = shop.tell(plan, "undo", {}, ALICE_PAGE)
    if status == 201:
        reverse = headers["location"].rsplit("/", 1)[1]
        equal(o["id"], reverse, "where it is")
        o = no(shop.tell(reverse, "approve", shop.read(reverse)), 403, "refused")
        holds("Black Friday" in o["detail"], o["detail"])
    else:
        holds("Black Friday" in no((status, headers, o), 409, "not_planned")["detail"], str(o))
    equal(shop.path_of(0), "/taken", "still as it was")
    equal(shop.person(["freeze", "--lift"], "yes")[0], 0, "lifted")
    status, headers, o = shop.tell(plan, "undo", {}, ALICE_PAGE)
    equal((status, o["state"], o["undoes"]), (201, "pending", plan), "a change of its own: %s" % o)
    equal(shop.path_of(0), "/taken", "which waits for a person")
    equal(shop.tell(o["id"], "approve", shop.read(o["id"]))[2]["state"], "applied", "who says yes to it")
    equal(shop.path_of(0), "/orders/0", "taken back")
    shop.audit_is_whole()


@settings(policy=BARE)
def check_a_token_that_was_taken_away(shop):
    plan = shop.asks()
    read = shop.read(plan)
    shop.write("ops.yaml", PEOPLE + "policy: {file: policy.yaml}\n")
    shop.env["HIGRESS_OPS_APPROVERS"] = "boss:" + base.sha256("another")
    house.House.close(shop)
    shop.console = shop.start(["console", "--data", os.path.join(shop.dir, "data"), "--listen", "127.0.0.1:%d" % shop.port],
                              shop.console_log)
    house.wait_for(shop.port, shop.console, "the console")
    shop.web = house.House.serve(shop)
    no(shop.tell(plan, "approve", read), 401, "unauthorized")
    untouched(shop)


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Shop(**getattr(check, "settings", {})), "".join(sys.argv[2:3])))
