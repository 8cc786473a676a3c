"""check.py BINARY - check_config, `higress-ops check --gateway`, and the warnings of plans, over the embedded console.

What is planted goes straight into the console, as an administrator's browser would put it there."""
import json
import os
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import gateway
from client import warnings_of

SECRET = "s3cr3t-Zx81-Qp77-check"
passed = failed = 0


def held(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAILED {name}: {str(detail)[:1500]}")


def plant(g):
    g.put("POST", "/v1/service-sources", {"name": "web", "type": "static", "domain": "127.0.0.11:80", "port": 80})
    g.put("POST", "/v1/domains", {"name": "api.shop.example", "enableHttps": "off"})
    for name, path, service in (("orders", "/orders", "web.static"), ("again", "/orders", "web.static"),
                                ("gone", "/gone", "nowhere.static")):
        g.put("POST", "/v1/routes", {"name": name, "domains": ["api.shop.example"],
                                     "path": {"matchType": "PRE", "matchValue": path},
                                     "services": [{"name": service, "port": 80}]})
    g.instance("route:orders", "ai-token-ratelimit", {
        "rule_name": "quota", "redis": {"service_name": "127.0.0.27", "password": SECRET},
        "rule_items": [{"limit_by_per_consumer": "", "limit_keys": [{"key": "team-a", "token_per_day": 1000}]}]})
    g.instance("domain:api.shop.example", "ip-restriction", {"allow": {"10.0.0.0/8": True}})
    g.instance("global", "basic-auth", {"consumers": [{"name": "a", "credential": f"u:{SECRET}"},
                                                      {"name": "b", "credential": f"u:{SECRET}x"}]})
    g.instance("route:gone", "basic-auth", {"allow": ["a"]})
    g.put("PUT", "/v1/mcpServer", {"name": "books", "type": "OPEN_API", "domains": [], "services": [{"name": "web.static", "port": 80}],
                                   "rawConfigurations": f"server: {{name: books, config: {{apiKey: {SECRET}}}}}\ntools: []\n"})
    g.put("POST", "/v1/ai/providers", {"name": "qw", "type": "qwen", "protocol": "openai/v1", "tokens": [SECRET],
                                       "tokenFailoverConfig": {"enabled": True}})


def a_clean_gateway(g):
    code, out, err = g.check()
    held("a fresh gateway has notes only", code == 0 and out.count("ROUTE_UNGUARDED") == 1 and "1 note\n" in out, (code, out, err))
    code, out, err = g.check("--fail-on", "note")
    held("which fail where that is asked for", code == 7, (code, out, err))
    ok, answer, text = g.call("check_config", risk="open")
    held("the tool says so, too", ok and answer["count"] == 0 and answer["findings"] == [], text)


def the_tool(g):
    ok, answer, text = g.call("check_config")
    lines = answer.get("findings", [])
    for verdict, words in (("AUTH_SWITCHED_OFF", "every request passes it"), ("LIMIT_REFUSED", "team-a"),
                           ("LIMIT_REDIS_MISSING", "is an address"), ("IP_LIST_REFUSED", "neither an allow nor a deny"),
                           ("HOST_CASE_ESCAPES", "Host in capitals"), ("FAILOVER_WITHOUT_MODEL", "provider qw"),
                           ("ROUTE_DUPLICATE", "exactly the requests"), ("ROUTE_SERVICE_MISSING", "nowhere.static")):
        held(f"check_config names {verdict}", any(f" {verdict} " in x and words in x for x in lines), text)
    order = [x.split()[0] for x in lines]
    held("the worst stands first", order == sorted(order, key=["open", "broken", "dead", "note"].index), order)
    held("each risk is counted", answer["counts"].get("open", 0) >= 5, answer.get("counts"))
    held("that Envoy was not asked is said", any("Envoy" in u for u in answer.get("unread", [])), answer.get("unread"))
    ok, only, text = g.call("check_config", risk="broken")
    held("one risk alone", only["findings"] and all(x.startswith("broken ") for x in only["findings"]), text)
    ok, only, text = g.call("check_config", text="route:orders")
    held("one object alone", only["findings"] and all("route:orders" in x for x in only["findings"]), text)
    ok, page, text = g.call("check_config", limit=2)
    ok, rest, more = g.call("check_config", limit=2, cursor=page.get("cursor", ""))
    held("goes on by cursor", len(page["findings"]) == 2 and rest["findings"] and
         not set(rest["findings"]) & set(page["findings"]), (text, more))


def many_of_one(g):
    for i in range(9):
        g.put("POST", "/v1/routes", {"name": f"lost-{i}", "domains": [], "path": {"matchType": "PRE", "matchValue": f"/l{i}"},
                                     "services": [{"name": "nowhere.static", "port": 80}]})
    ok, answer, text = g.call("check_config", limit=100)
    folded = [x for x in answer["findings"] if "ROUTE_SERVICE_MISSING" in x]
    held("a verdict of many objects is folded", len(folded) == 5 and "6 more; give text ROUTE_SERVICE_MISSING" in text, folded)
    ok, answer, text = g.call("check_config", limit=100, text="ROUTE_SERVICE_MISSING")
    held("and whole when asked for", answer["count"] == 10, text)


def other_tools(g):
    ok, answer, text = g.call("diagnose", route="orders")
    held("diagnose says what is configured at its route",
         any("LIMIT_REFUSED" in x for x in answer.get("configured", [])) and "configured: open LIMIT_REFUSED" in text, text)
    ok, answer, text = g.call("gateway_overview")
    held("the overview names the worst", any("AUTH_SWITCHED_OFF" in x for x in answer["suspicious"]), answer)
    held("and where to read on", "check_config" in json.dumps(answer["suspicious"]), answer["suspicious"])


def the_command(g):
    code, out, err = g.check()
    held("findings fail a pipeline", code == 7 and "open AUTH_SWITCHED_OFF" in out, (code, err))
    code, out, err = g.check("--fail-on", "nothing")
    held("an unknown risk is a wrong command line", code == 2, (code, err))
    code, out, err = g.check("--format", "html")
    held("an unknown format is a wrong command line", code == 2, (code, err))
    code, out, err = g.check("--days", "x")
    held("days are a number", code == 2, (code, err))


def the_json(g):
    code, out, err = g.check("--format", "json")
    report = json.loads(out)
    held("JSON holds all rows", report["counts"]["open"] == sum(r["risk"] == "open" for r in report["findings"]), err)
    held("with the rule that decides and its number", all(r["rule"] and r["number"] for r in report["findings"]), out)
    return report


def the_sarif(g, report):
    """The parts of the 2.1.0 schema that a reader of results relies on."""
    code, out, err = g.check("--format", "sarif")
    log = json.loads(out)
    run = log["runs"][0]
    rules = {r["id"]: r for r in run["tool"]["driver"]["rules"]}
    held("SARIF is a log of one run", log["version"] == "2.1.0" and len(log["runs"]) == 1 and "$schema" in log, log)
    held("each rule says what it is", len(rules) > 100 and len(rules) == len(run["tool"]["driver"]["rules"]) and
         all(r["shortDescription"]["text"] and r["fullDescription"]["text"] and
             r["defaultConfiguration"]["level"] in ("error", "warning", "note") for r in rules.values()), len(rules))
    held("each result has a rule, a level, words and a place", run["results"] and
         all(r["ruleId"] in rules and r["level"] in ("error", "warning", "note", "none") and r["message"]["text"] and
             r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] and
             r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("higress/") and
             " " not in r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]), out)
    the_document(rules)
    held("as many results as findings", len(run["results"]) == len(report["findings"]), len(run["results"]))
    held("the run says what it could not judge", run["invocations"][0]["executionSuccessful"] is True and
         run["invocations"][0]["toolExecutionNotifications"], run["invocations"])


def the_document(rules):
    """docs/check.md lists every trap; UPDATE=1 writes the list."""
    with open("docs/check.md", encoding="utf-8") as f:
        said = f.read()
    head = said.split("## The traps\n")[0] + "## The traps\n\n"
    rows = ["| verdict | risk | what | why it is a trap |", "|---|---|---|---|"]
    for risk in ("open", "broken", "dead", "note"):
        rows += ["| %s | %s | %s | %s |" % (r["id"], risk, r["shortDescription"]["text"], r["fullDescription"]["text"].replace("|", "\\|"))
                 for r in rules.values() if r["properties"]["risk"] == risk]
    wanted = head + "\n".join(rows) + "\n"
    if os.environ.get("UPDATE"):
        with open("docs/check.md", "w", encoding="utf-8") as f:
            f.write(wanted)
        said = wanted
    held("docs/check.md lists every trap (UPDATE=1 writes it)", said == wanted)


def the_junit(g, report):
    code, out, err = g.check("--format", "junit", "--fail-on", "open")
    suite = xml.fromstring(out)
    failures = suite.findall(".//failure")
    held("JUnit is a suite that counts right", suite.tag == "testsuite" and
         int(suite.get("tests")) == len(suite.findall("testcase")) and int(suite.get("failures")) == len(failures) and
         int(suite.get("skipped")) == len(suite.findall(".//skipped")), out[:400])
    opened = {r["verdict"] for r in report["findings"] if r["risk"] == "open"}
    failing = {c.get("name") for c in suite.findall("testcase") if c.find("failure") is not None}
    held("a case fails for each verdict at the risk asked for", failing == opened, failing ^ opened)


def what_cannot_be_read(g):
    g.proxy.broken = ["/v1/consumers"]
    ok, answer, text = g.call("check_config")
    held("a list that fails is named, in the gateway's words",
         any(u.startswith("consumer: ") and "away" in u for u in answer["unread"]), answer["unread"])
    held("and is unknown, not empty", any("consumer was not read" in u for u in answer["unread"]) and
         not any("who does not exist" in x for x in answer["findings"]), answer)
    g.proxy.broken = ["/v1/routes/orders/plugin-instances"]
    ok, answer, text = g.call("check_config")
    held("a place that fails is named", any("plugin-instance at route:orders" in u for u in answer["unread"]), answer["unread"])
    held("what needs all instances is not judged", not any("AUTH_SWITCHED_OFF" in x for x in answer["findings"]), text)
    g.proxy.broken = ["/v1/"]
    ok, answer, text = g.call("check_config")
    held("nothing read is an error", not ok and "nothing of the gateway could be read" in text, text)
    code, out, err = g.check()
    held("and fails the command", code == 1 and "nothing of the gateway could be read" in err, (code, out, err))
    g.proxy.broken = []


def plans(g):
    ok, answer, text = g.call("change_resource", kind="plugin-instance", action="create", scope="route:gone",
                              name="simple-jwt-auth", object={"pluginName": "simple-jwt-auth", "enabled": True,
                                                              "configurations": {"token_secret_key": "abcdefgh1", "token_headers": "X"}})
    held("a plan warns of the trap it makes", ok and any("SIMPLE_JWT_OPEN" in w for w in warnings_of(text)), text)
    held("not of those that stand there", not any("LIMIT_REFUSED" in w or "AUTH_SWITCHED_OFF" in w
                                                  for w in warnings_of(text)), warnings_of(text))
    ok, answer, text = g.call("change_resource", kind="route", action="create", name="third",
                              object={"name": "third", "domains": ["api.shop.example"],
                                      "path": {"matchType": "REGULAR", "matchValue": "/orders/[0-9]+"},
                                      "services": [{"name": "web.static", "port": 80}]})
    held("a plan warns of a route that will be shadowed", any("ROUTE_SHADOWED" in w for w in warnings_of(text)), text)
    ok, answer, text = g.call("apply_manifest", dry_run=True, manifest="\n".join([
        "kind: service-source", "name: new", "type: static", "domain: 127.0.0.9:80", "port: 80", "---", "kind: route",
        "name: fresh", "path: {matchType: PRE, matchValue: /fresh}", "services: [{name: new.static, port: 80}]"]))
    held("what the plan itself makes exists", ok and not warnings_of(text), text)
    g.proxy.broken = ["/v1/consumers"]
    ok, answer, text = g.call("change_resource", kind="plugin-instance", action="create", scope="route:gone", name="key-rate-limit",
                              object={"pluginName": "key-rate-limit", "enabled": True, "configurations": {
                                  "limit_by_header": "x-a", "limit_keys": [{"key": "a", "query_per_second": 1}]}})
    held("a plan is not kept from what it does by a failing list",
         ok and any(w.startswith("not judged: could not read consumer") for w in warnings_of(text)), text)
    g.proxy.broken = []
    ok, answer, text = g.call("change_resource", kind="ai-provider", action="create", name="two",
                              object={"name": "two", "type": "qwen", "tokens": ["K-0123456789"],
                                      "tokenFailoverConfig": {"enabled": True}})
    held("failover without a model is refused before it is planned", not ok and "healthCheckModel" in text, text)


def bounded(g):
    for i in range(600):
        g.put("POST", "/v1/routes", {"name": f"many-{i}", "domains": [], "path": {"matchType": "EQUAL", "matchValue": f"/m{i}"},
                                     "services": [{"name": "web.static", "port": 80}]})
    before = len(g.proxy.paths)
    ok, answer, text = g.call("check_config")
    held("places are asked up to a bound", len(g.proxy.paths) - before < 560, len(g.proxy.paths) - before)
    held("and what was left out is said", any("places were not asked" in u for u in answer["unread"]), answer["unread"])
    held("the answer stays small", len(text) < 20000, len(text))
    before = len(g.proxy.paths)
    g.call("diagnose", route="orders")
    held("a diagnosis asks fewer", len(g.proxy.paths) - before < 110, len(g.proxy.paths) - before)


g = gateway.Gateway(sys.argv[1] if len(sys.argv) > 1 else "build/gcc/higress-ops")
a_clean_gateway(g)
plant(g)
the_tool(g)
many_of_one(g)
other_tools(g)
the_command(g)
rows = the_json(g)
the_sarif(g, rows)
the_junit(g, rows)
what_cannot_be_read(g)
plans(g)
bounded(g)
held("no secret was said", not any(SECRET in s for s in g.said), [s for s in g.said if SECRET in s][:1])
g.end()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
