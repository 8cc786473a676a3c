"""resources.py [WORD…] - resources, subscriptions and completion as clients see them, over both transports and eras."""
import json
import sys

import client as mcp
import protocol
from protocol import LEGACY, World, equal, holds

HUSH = "sk-hush-7781-quiet"
GATEWAY = "higress://gateway/default/"


def refused(c, method, params):
    try:
        c.request(method, params)
    except mcp.RpcError as e:
        return e.error
    raise AssertionError("%s took %s" % (method, params))


def read(c, uri):
    got = c.request("resources/read", {"uri": uri})
    equal(got["contents"][0]["uri"], uri)
    equal(len(got["contents"]), 1)
    return json.loads(got["contents"][0]["text"])


def all_pages(c, method, member):
    rows, cursor = [], None
    while True:
        page = c.request(method, {"cursor": cursor} if cursor else {})
        holds(len(page[member]) <= 200, "a page is bounded")
        rows += page[member]
        cursor = page.get("nextCursor")
        if not cursor:
            return rows


def check_every_listed_resource_is_read(w):
    w.api("POST", "/v1/ai/providers", {"name": "mind", "type": "openai", "protocol": "openai/v1", "tokens": [HUSH]})
    for c in (w.http(LEGACY), w.http(mcp.MODERN), w.stdio("2025-06-18")):
        rows = all_pages(c, "resources/list", "resources")
        uris = [r["uri"] for r in rows]
        equal(len(uris), len(set(uris)), "no URI twice")
        for want in ("route/pay", "service/pay.static", "service-source/pay", "ai-provider/mind"):
            holds(GATEWAY + want in uris, "%s is listed: %s" % (want, uris[:20]))
        seen = set()
        for row in rows:
            kind = row["uri"].split("/")[4:5]
            if kind and tuple(kind) in seen and len(kind) == 1:
                continue
            seen.add(tuple(kind))
            holds(HUSH not in json.dumps(read(c, row["uri"])), "the secret is masked")
        equal(read(c, GATEWAY + "route/pay")["path"]["matchValue"], w.path_of_route())
        holds(read(c, GATEWAY + "ai-provider/mind")["tokens"][0].startswith("secret:sha256:"), "masked")
        c.close()


def check_what_is_missing_is_said_so(w):
    for era, code in ((LEGACY, -32002), (mcp.MODERN, -32602)):
        c = w.http(era)
        for uri in (GATEWAY + "route/nope", GATEWAY + "route/", GATEWAY + "route/..%2Fpay", GATEWAY + "nokind/pay",
                    "higress://gateway/other/route/pay", "file:///etc/passwd", GATEWAY + "route/pay/more",
                    GATEWAY + "plugin-instance/key-auth", "higress://change/ffffffffffff", "higress://nothing"):
            error = refused(c, "resources/read", {"uri": uri})
            equal((error["code"], error.get("data")), (code, {"uri": uri}), "%s: %s" % (uri, error))
        equal(refused(c, "resources/read", {"uri": 5})["code"], -32602)
        for cursor in ("x", "r0", "r-1", "r5x", "r99999999999999999999", 5):
            equal(refused(c, "resources/list", {"cursor": cursor})["code"], -32602, str(cursor))
        c.close()


def check_templates_name_every_kind(w):
    c = w.http(LEGACY)
    rows = all_pages(c, "resources/templates/list", "resourceTemplates")
    kinds = [r["uriTemplate"].split("/")[4] for r in rows if "gateway" in r["uriTemplate"]]
    for kind in ("route", "domain", "consumer", "plugin-instance", "ai-route", "tls-certificate", "service"):
        holds(kind in kinds, kind)
    holds(all(r["name"] and r["description"] and r["mimeType"] for r in rows), "each is described")
    c.close()


def check_pages_of_many(w):
    for i in range(450):
        w.api("POST", "/v1/routes", {**protocol.ROUTE, "name": "many-%03d" % i})
    for c in (w.http(LEGACY), w.http(mcp.MODERN)):
        names = [r["name"] for r in all_pages(c, "resources/list", "resources") if "/route/many-" in r["uri"]]
        equal(sorted(names), ["many-%03d" % i for i in range(450)], "each once")
        done = complete(c, {"type": "ref/resource", "uri": GATEWAY_T + "route/{name}"}, "name", "")
        equal((len(done["values"]), done["hasMore"]), (100, True))
        holds(done["total"] >= 450, "the honest total: %s" % done["total"])
        c.close()
    for i in range(450):
        w.house.api("DELETE", "/v1/routes/many-%03d" % i)


GATEWAY_T = "higress://gateway/{gateway}/"


def complete(c, ref, name, value, given=None):
    params = {"ref": ref, "argument": {"name": name, "value": value}}
    if given:
        params["context"] = {"arguments": given}
    return c.request("completion/complete", params)["completion"]


def check_completion_is_ranked(w):
    for name in ("alpha-pay", "payroll", "repays"):
        w.api("POST", "/v1/routes", {**protocol.ROUTE, "name": name})
    route = {"type": "ref/resource", "uri": GATEWAY_T + "route/{name}"}
    instance = {"type": "ref/resource", "uri": GATEWAY_T + "plugin-instance/{scope}/{name}"}
    for c in (w.http(LEGACY), w.http(mcp.MODERN), w.stdio(LEGACY)):
        equal(complete(c, route, "name", "PAY"),
              {"values": ["pay", "payroll", "alpha-pay", "repays"], "total": 4, "hasMore": False})
        equal(complete(c, route, "gateway", "")["values"], ["default"])
        holds("route:payroll" in complete(c, instance, "scope", "route:pay")["values"], "scopes are completed")
        equal(complete(c, instance, "name", "zzz", {"scope": "global"})["total"], 0)
        prompts = c.request("prompts/list")["prompts"]
        named = [(p["name"], a["name"]) for p in prompts for a in p["arguments"] if a["name"] == "route"]
        equal(complete(c, {"type": "ref/prompt", "name": named[0][0]}, "route", "payr")["values"], ["payroll"])
        for ref in ({"type": "ref/prompt", "name": "nope"}, {"type": "ref/resource", "uri": "nope://x"},
                    {"type": "ref/thing"}, {}):
            equal(refused(c, "completion/complete", {"ref": ref, "argument": {"name": "a", "value": ""}})["code"], -32602)
        c.close()
    for name in ("alpha-pay", "payroll", "repays"):
        w.house.api("DELETE", "/v1/routes/" + name)


def check_changes_and_audit(w):
    c = w.http(LEGACY)
    plan = protocol.pending_id(c)
    shown = read(c, "higress://change/" + plan)
    equal((shown["id"], shown["state"]), (plan, "pending"))
    holds(any(plan in r["uri"] for r in all_pages(c, "resources/list", "resources")), "the change is listed")
    lines = read(c, "higress://audit")["lines"]
    holds(lines and all(line["event"] and line["at"] for line in lines), "the audit has lines: %s" % lines[:2])
    holds(plan in complete(c, {"type": "ref/resource", "uri": "higress://change/{id}"}, "id", plan[:4])["values"], "id")
    c.call("cancel_change", {"id": plan})
    equal(read(c, "higress://change/" + plan)["state"], "cancelled")
    c.close()


if __name__ == "__main__":
    sys.exit(protocol.run_all([(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")],
                              sys.argv[1:]))
