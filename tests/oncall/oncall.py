#!/usr/bin/env python3
"""oncall.py - the twelve requests of ../shared/cases/oncall.md and five of our own, each answered by its shortest sequence of calls at a shop where
several things are broken at once: what a right answer contains, how many calls and how many bytes it takes.

usage: oncall.py [WORD]   the requests whose name holds the word. The last line is `N passed, N failed[, N skipped]`.
"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import shop
from shop import envoy

CALLS, BYTES = 24, 40 * 1024  # of all together


class Request:
    """One request of a person: its calls, and what they said."""

    def __init__(self, shop, client, calls):
        self.shop, self.client, self.most = shop, client, calls
        self.calls = self.bytes = 0
        self.wrong, self.text = [], ""

    def call(self, tool, fails=False, **arguments):
        result = self.client.call(tool, arguments)
        self.calls += 1
        self.bytes += len(json.dumps(result, ensure_ascii=False).encode())
        self.text = "\n".join(c["text"] for c in result["content"])
        if bool(result.get("isError")) != fails:
            self.wrong.append("%s answered: %s" % (tool, self.text))
        return result.get("structuredContent", {})

    def says(self, *words):
        self.wrong += ["%r is not said in: %s" % (w, self.text) for w in words if not re.search(w, self.text)]

    def holds(self, right, what):
        if not right:
            self.wrong.append("%s; said was: %s" % (what, self.text))


def endpoint(server):
    return r"127\.0\.0\.1:%d" % server.server_port


def check_1_payments_answer_503(r):
    r.call("diagnose", route="payments")
    r.says(r"UPSTREAM_REFUSED \(high\) \S*payments\.static", r"127\.0\.0\.1:%d" % r.shop.payments, r"[Cc]onnection refused",
           r"40 of 40 requests", r"(?m)^elsewhere: .*reviews")
    r.holds(r.text.count("elsewhere:") == 1, "what is wrong elsewhere is one line")


def check_2_a_third_of_reviews_fails(r):
    r.call("diagnose", route="reviews")
    r.says(r"ENDPOINT_BAD \(high\) \S*reviews\.static endpoint " + endpoint(r.shop.bad), r"the other 2 endpoints: 0 of \d+",
           endpoint(r.shop.bad) + r": (\d+) of \1 requests were answered 500")
    r.holds("UPSTREAM_5XX" not in r.text, "the service is not blamed beside its endpoint")


def check_3_reports_are_slow(r):
    r.call("diagnose", route="reports")
    r.says(r"UPSTREAM_TIMEOUT \(high\) \S*reports\.static", r"timeout 1s", r"higress\.io/timeout", r"cut off at about (99\d|1\d\d\d) ms",
           r"not known")
    r.call("change_resource", kind="route", name="reports", action="patch", dry_run=True,
           object={"customConfigs": {"higress.io/timeout": "5"}})
    r.says(r"draft", r'higress\.io/timeout"?: ?"1".*"5"|"1" -> "5"')
    status, route = r.shop.api("GET", "/v1/routes/reports")
    r.holds(route["data"]["customConfigs"]["higress.io/timeout"] == "1", "nothing is written")


def check_4_stock_does_not_reach_orders(r):
    r.call("explain_request", host=shop.HOST, path="/inventory/stock")
    r.says(r"^route inventory\b", r"stock-of-orders .*header x-internal", r"to inventory\.static:80")


def check_5_rotate_the_key_of_qwen(r):
    new = {"tokens": [{"$secret": {"env": "HIGRESS_OPS_SECRET_QWEN"}}]}
    r.call("change_resource", kind="ai-provider", name="qwen", action="patch", object=new, dry_run=True)
    r.says(r"Rotate the key of provider qwen", r"put ai-provider qwen", r"~ tokens\[0\]")
    r.holds(len(re.findall(r"(?m)^  [-+~] ", r.text)) == 1, "the key changes and nothing else")
    r.call("change_resource", fails=True, kind="ai-provider", name="qwen", action="patch", dry_run=True,
           object={"tokens": [{"$secret": {"env": "ELSEWHERE_KEY"}}]})
    r.says(r"secrets\.envs", r"HIGRESS_OPS_SECRET_")


def check_6_what_breaks_without_source_orders(r):
    users = ["orders", "stock-of-orders"] + ["orders-" + s for s in shop.SECTIONS]
    r.call("get_resource", kind="service-source", name="orders", used_by=True)
    r.says(*[r"(?m)route %s services" % name for name in users])
    r.holds(r.text.count("route ") == len(users), "its users and no others")
    r.holds(not r.client.call("list_changes", {"object": "service-source orders"})["structuredContent"]["changes"],
            "nothing is planned")


def check_7_who_changed_the_route(r):
    listed = r.call("list_changes", object="route cart")
    r.says(r"applied", r"cart")
    change = (listed["changes"] or [{"id": "none"}])[0]
    r.call("get_change", id=change["id"])
    r.says(r"asked by local", r"approved by \S+.*\(command line\)", r"at 20\d\d-", r'path.*"/basket"')


def check_8_deepseek_as_fallback(r):
    r.call("apply_manifest", dry_run=True, manifest="\n".join([
        "kind: ai-provider", "name: deepseek", "type: deepseek", "protocol: openai/v1",
        'tokens: [{"$secret": {"env": "HIGRESS_OPS_SECRET_QWEN"}}]', "---", "kind: ai-route", "name: chat",
        "domains: [%s]" % shop.AI_HOST, "upstreams: [{provider: qwen, weight: 100}]",
        "fallbackConfig: {enabled: true, upstreams: [{provider: deepseek, weight: 100}], fallbackStrategy: SEQ,"
        ' responseCodes: ["4xx", "5xx"]}']))
    r.says(r"(?m)^c-\w+ draft", r"create ai-provider deepseek", r"put ai-route chat", r"fall back to deepseek")
    r.holds(len(re.findall(r"(?m)^c-\w+ draft", r.text)) == 1 and "sk-of-tomorrow" not in r.text, "one plan, and no key in it")


def check_9_routes_without_authentication(r):
    answer = r.call("list_routes", auth="none", limit=100)
    _, page = r.shop.api("GET", "/v1/routes?pageNum=1&pageSize=200")
    guarded = {x["name"] for x in page["data"] if (x.get("authConfig") or {}).get("enabled")}
    told = {line.split()[0] for line in answer["routes"]}
    r.holds(guarded == set(shop.GUARDED), "the shop guards what it says")
    r.holds(told == {x["name"] for x in page["data"]} - guarded, "the exact set")


def check_10_errors_by_path_status_and_upstream(r):
    answer = r.call("analyze_traffic", by=["path", "status", "upstream"], errors=True, minutes=5)
    r.says(r"(?m)^40 .*/payments/\{id\} 503", r"(?m)^6 .*/reports/monthly 504", r"(?m)^10 .*/\.env 404")
    failed = [row for row in shop.log_rows(r.shop) if row["response_code"][0] in "45"]
    bad = sum(row["path"].startswith("/reviews") for row in failed)
    r.says(r"(?m)^%d .*/reviews/\{id\} 500 %s" % (bad, endpoint(r.shop.bad)), r"(?m)^%d requests of " % len(failed))
    r.holds(r.bytes <= 2048, "%d bytes are more than 2 kB: %s" % (r.bytes, answer))


def check_11_does_the_gateway_run_what_the_console_shows(r):
    r.call("check_config", risk="broken")
    r.says(r"ENVOY_ROUTE_MISSING route of-today", r"of the console's \d+ routes Envoy has not 1 \(the same: \d\d, different: 1, not compared: 0\)",
           r"ENVOY_ROUTE_DIFFERS route catalog-stats: .*the timeout: Envoy has none, the console says 7 s", r"only Envoy has: 0", r"refused: 0")


def check_12_delete_the_camp_routes(r):
    r.call("apply_manifest", manifest="kind: route\nselect: camp-*\ndelete: true\n")
    r.says(r"pending \(destroy\)", r"A person must decide", *[r"(?m)^delete route %s$" % name for name in shop.CAMPAIGNS])
    r.holds(len(re.findall(r"(?m)^delete route ", r.text)) == len(shop.CAMPAIGNS), "exactly the matching ones")


def check_13_why_does_a_scanned_host_get_404(r):
    r.call("diagnose", domain="203.0.113.7")
    r.says(r"UNKNOWN_OBJECT", r"noise: 30 requests to host 203\.0\.113\.7")
    r.holds("CONFIG_MISSING" not in r.text, "what nobody configured is not said to be late")


def check_14_what_happens_to_a_post_over_https(r):
    r.call("explain_request", host=shop.HOST, path="/orders/7", method="POST", port=443)
    r.says(r"no route takes it", r"domain shop\.example\.com has no HTTPS")


def check_15_which_service_takes_how_much(r):
    r.call("analyze_traffic", by=["service"], path="/reviews")
    r.says(r"(?m)^90 100 % outbound\|80\|\|reviews\.static")


def check_16_limit_a_consumer_where_nobody_is_asked(r):
    r.call("tune_rate_limit", route="chat", requests=100000, unit="tokens", per="day", by="consumer", key="alice",
           redis="orders.static:80", dry_run=True)
    r.says(r"consumers there are: alice", r"route 'ai-route-chat\.internal' has no authentication of its own")


def check_17_what_the_provider_gets(r):
    r.call("explain_request", host=shop.AI_HOST, path="/v1/chat/completions", method="POST")
    r.says(r"as ai-proxy changes them", r"ai-proxy .*puts the provider's host, path and key")


MOST = {"3": 2, "5": 2, "7": 2}  # calls, where one is not enough


def change_a_route(home):
    """What request 7 asks about: the assistant proposes, a person at a terminal approves."""
    client = home.assistant()
    answer = client.call("change_resource", {"kind": "route", "name": "cart", "action": "patch",
                                             "object": {"path": {"matchType": "PRE", "matchValue": "/basket"}}})
    code, screen = home.person(["approve", answer["structuredContent"]["id"]], "yes")
    if code != 0:
        raise RuntimeError("not approved: " + screen)
    home.render()
    home.api("PUT", "/v1/routes/catalog-stats", shop.route("catalog-stats", "/catalog/stats", "catalog",
                                                           customConfigs={"higress.io/timeout": "7"}))
    home.make("/v1/routes", shop.route("of-today", "/of-today", "catalog"))  # after the rendering: Envoy has it not


def main():
    executable = envoy.binary()
    checks = {n[6:]: f for n, f in globals().items() if n.startswith("check_")}
    if not executable:
        print("oncall: no Envoy\n0 passed, 0 failed, %d skipped" % len(checks))
        return 0
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    home = shop.Shop(executable)
    failed = calls = size = 0
    try:
        change_a_route(home)
        client = home.assistant()
        for name, check in checks.items():
            if word not in name:
                continue
            r = Request(home, client, MOST.get(name.split("_")[0], 1))
            check(r)
            r.holds(r.calls <= r.most, "%d calls are more than %d" % (r.calls, r.most))
            calls, size, failed = calls + r.calls, size + r.bytes, failed + bool(r.wrong)
            print("%s %-48s %d call%s %6d bytes" % ("FAIL" if r.wrong else "ok  ", name.replace("_", " "), r.calls,
                                                     " " if r.calls == 1 else "s", r.bytes))
            for wrong in r.wrong:
                print("     " + wrong.replace("\n", "\n       "))
    finally:
        home.leave()
    total = calls <= CALLS and size <= BYTES
    print("%s together %d calls (at most %d), %d bytes (at most %d)" % ("ok  " if total else "FAIL", calls, CALLS, size, BYTES))
    failed += not total
    print("%d passed, %d failed" % (len([n for n in checks if word in n]) + 1 - failed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
