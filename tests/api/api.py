"""api.py BINARY - /api as its own document describes it: the document held against OpenAPI 3.1 by openapi-spec-validator, each
answer against the schema that the document names for it; conditions, waiting, pages. Closes with `N passed, N failed`."""
import json
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../attack"))
import jsonschema  # noqa: E402
import openapi_spec_validator  # noqa: E402
import test_api  # noqa: E402
from test_api import no  # noqa: E402
from test_approvals import ALICE, ADA, LEGACY, change, changed, delete, equal, holds, patch, settings  # noqa: E402
from test_policy import BARE  # noqa: E402
import house  # noqa: E402


class Shop(test_api.Shop):
    """Every answer is held against the document of the server that gave it."""
    document, used = None, set()

    def described(self, method, path):
        parts = path.split("?")[0].split("/")
        if len(parts) > 3:
            parts[3] = "{id}"
        return "/".join(parts), self.document["paths"].get("/".join(parts), {}).get(method.lower())

    def api_raw(self, method, path, body=None, headers=None):
        status, got, o = super().api_raw(method, path, body, headers)
        if not self.document:
            Shop.document = super().api_raw("GET", "/api/openapi.json")[2]
        name, operation = self.described(method, path)
        if not operation:
            return status, got, o
        if status >= 400:
            wanted = self.document["components"]["schemas"]["Problem"]
            holds(o["code"] in wanted["x-codes"], "an unknown code: %s" % o)
            holds(wanted["x-codes"][o["code"]].startswith("%d: " % status), str(o))
        else:
            answer = operation["responses"][str(status)]
            Shop.used.add((method, name, status))
            wanted = answer["content"]["application/json"]["schema"] if status != 304 else {}
        jsonschema.Draft202012Validator(wanted).validate(o if status != 304 else {})
        return status, got, o


@settings(policy=BARE)
def check_the_document_is_openapi(shop):
    status, headers, document = shop.api_raw("GET", "/api/openapi.json")
    equal((status, document["openapi"]), (200, "3.1.0"), "for everybody")
    openapi_spec_validator.validate(document)
    names = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    equal(len(names), len(set(names)), "a name each")
    broken = json.loads(json.dumps(document))
    del broken["info"]["version"]
    try:
        openapi_spec_validator.validate(broken)
        holds(False, "the validator takes anything")
    except openapi_spec_validator.validation.exceptions.OpenAPIValidationError:
        pass
    equal(shop.api_raw("GET", "/api/openapi.json", None, {"If-None-Match": headers["etag"]})[0], 304, "known")


@settings(policy=BARE)
def check_a_change_from_plan_to_undo(shop):
    plan = changed(change(shop.http(LEGACY), delete(1)), "asked")["id"]
    status, headers, o = shop.ask("/api/changes/" + plan)
    holds(any("orders-1" in line or "orders-1" == op["name"] for op in o["operations"] for line in op["lines"]), str(o))
    equal((o["missing"], o["you"]["may_approve"]), (1, True), str(o))
    equal(shop.ask("/api/changes/" + plan, **{"If-None-Match": headers["etag"]})[0], 304, "as it was")
    holds(shop.ask("/api/changes/" + plan)[1]["etag"] == headers["etag"], "the same tag, another proof")
    equal(shop.ask("/api/changes/%s/policy" % plan)[2]["rule"], "ask", "the rule")
    read = shop.read(plan)
    status, _, o = shop.tell(plan, "approve", {**read, "comment": "as agreed"}, **{"If-Match": headers["etag"]})
    equal((status, o["state"], o["decision"]["comment"]), (200, "applied", "as agreed"), str(o))
    status, _, o = shop.ask("/api/changes/" + plan)
    equal((o["state"], "read" in o, "you" in o), ("applied", False, False), "nothing to decide any more")
    equal(shop.ask("/api/changes/" + plan, **{"If-None-Match": headers["etag"]})[0], 200, "it is another now")
    status, headers, o = shop.tell(plan, "undo", {}, test_api.ALICE_PAGE)
    equal((status, headers["location"]), (201, "/api/changes/" + o["id"]), str(o))
    status, _, o = shop.tell(o["id"], "reject", {k: v for k, v in shop.read(o["id"]).items() if k in ("plan", "rendering")})
    equal((status, o["state"]), (200, "rejected"), str(o))


@settings(policy=BARE)
def check_lists_by_page_and_filter(shop):
    plans = [shop.asks(i) for i in range(3)]
    shop.tell(plans[0], "approve", shop.read(plans[0]))
    seen, path = [], "/api/changes?limit=2"
    while path:
        status, _, o = shop.ask(path)
        holds(status == 200 and len(o["changes"]) <= 2, str(o))
        seen += [c["id"] for c in o["changes"]]
        path = "next" in o and "/api/changes?limit=2&cursor=" + o["next"].replace("/", "%2F")
    equal(sorted(seen), sorted(plans), "each once")
    for query, wanted in (("state=pending", 2), ("state=applied", 1), ("object=route+orders-1", 1), ("object=orders-*", 3),
                          ("actor=ada", 1), ("risk=destroy", 0), ("since=1h", 3), ("gateway=nowhere", 0)):
        equal(len(shop.ask("/api/changes?" + query)[2]["changes"]), wanted, query)


@settings(policy=BARE)
def check_who_waits_hears_when_it_is_decided(shop):
    plan = shop.asks()
    heard = []
    waits = threading.Thread(target=lambda: heard.append(shop.ask("/api/changes/%s?wait=50" % plan, ALICE)))
    waits.start()
    _, headers, _ = shop.ask("/api/changes/" + plan)
    other = threading.Thread(target=lambda: heard.append(
        shop.ask("/api/changes/%s?wait=50" % plan, **{"If-None-Match": headers["etag"]})))
    other.start()
    shop.tell(plan, "approve", shop.read(plan))
    for t in (waits, other):
        t.join(40)
        holds(not t.is_alive(), "told before its time")
    equal([h[0] for h in heard], [200, 200], "both")
    holds("applied" in [h[2]["state"] for h in heard], str([h[2]["state"] for h in heard]))
    equal(shop.ask("/api/changes/%s?wait=50" % plan)[2]["state"], "applied", "nothing to wait for: at once")
    still = shop.asks(1)
    equal(shop.ask("/api/changes/%s?wait=0.5" % still)[2]["state"], "pending", "its time is over")


@settings(policy=BARE)
def check_a_server_that_ends_under_who_waits(shop):
    import socket
    plan = shop.asks()
    s = socket.create_connection(("127.0.0.1", shop.web), 30)
    s.sendall(("GET /api/changes/%s?wait=50 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n"
               % (plan, ADA)).encode())
    gone = socket.create_connection(("127.0.0.1", shop.web), 30)
    gone.sendall(("GET /api/changes/%s?wait=50 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n"
                  % (plan, ADA)).encode())
    shop.ask("/api/changes/" + plan)
    gone.close()
    shop.ask("/api/changes/" + plan)
    shop.processes[-1].terminate()
    equal(shop.processes[-1].wait(30), 0, "it ends, whoever waits")
    s.close()


@settings(policy=BARE, HIGRESS_OPS_TOOLS="list_routes,change_resource")
def check_clients_read_what_is_offered_to_them(shop):
    plan = shop.asks()
    no(shop.ask("/api/changes", ALICE), 403, "switched_off")
    no(shop.ask("/api/changes/" + plan, ALICE), 403, "switched_off")
    equal(shop.ask("/api/changes/" + plan)[0], 200, "an approver reads")


def check_every_path_of_the_document_was_used(shop):
    shop.api_raw("GET", "/api/openapi.json")
    described = {(m.upper(), p) for p, path in Shop.document["paths"].items() for m in path}
    equal({(m, p) for m, p, _ in Shop.used}, described, "each with an answer that went well")


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Shop(**getattr(check, "settings", {})), "".join(sys.argv[2:3])))
