"""operators.py BINARY - inputs that operators brought (../shared/cases/operators), each by its name: what the README there
calls right. Skipped and counted where the folder is not."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import gateway
from client import warnings_of

CASES = "../shared/cases/operators"
passed = failed = 0


def held(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAILED {name}: {str(detail)[:1500]}")


def text_of(name):
    with open(f"{CASES}/{name}", encoding="utf-8") as f:
        return f.read()


def apply(g, name, **more):
    return g.call("apply_manifest", manifest=text_of(name), **more)


def literal_saved(g):
    """The same configuration, already saved in the gateway."""
    g.instance("route:orders", "ai-token-ratelimit", {
        "rule_name": "quota", "redis": {"service_name": "cache.static", "service_port": 80}, "rejected_code": 429,
        "rule_items": [{"limit_by_per_consumer": "", "limit_keys": [{"key": "team-a", "token_per_day": 1000}]}]})
    words = "'team-a' must be '*' or 'regexp:…' with limit_by_per_consumer"
    ok, answer, text = g.call("diagnose", route="orders")
    held("token-limit-literal-consumer: found by diagnose of its route", words in text, text)
    ok, answer, text = g.call("gateway_overview")
    held("token-limit-literal-consumer: and by the overview", "LIMIT_REFUSED" in json.dumps(answer["suspicious"]), text)
    ok, answer, text = g.call("check_config")
    held("token-limit-literal-consumer: and by check_config", words in text, text)


def token_limit_literal_consumer(g):
    ok, answer, text = apply(g, "token-limit-literal-consumer.yaml")
    held("token-limit-literal-consumer: refused with the rule", not ok and "must be '*' or 'regexp:…'" in text, text)
    literal_saved(g)


def redis_bare_ip(g):
    ok, answer, text = apply(g, "redis-bare-ip.yaml")
    held("redis-bare-ip: warned, with the effect", ok and any(
        "127.0.0.27 is an address" in w and "lets everything pass" in w for w in warnings_of(text)), text)


def consumer_two_rules(g):
    ok, answer, text = apply(g, "consumer-two-rules.yaml")
    held("consumer-two-rules: no warning for what the plugin itself documents",
         ok and not any("not in the schema" in w or "UNKNOWN" in w for w in warnings_of(text)), text)


def provider_port_as_text(g):
    given = json.loads(text_of("provider-port-as-text.json"))
    ok, answer, text = g.call("add_provider", **given)
    held("provider-port-as-text: refused, a number is wanted",
         not ok and "openaiCustomServicePort" in text and "is not a number" in text, text)
    given["settings"]["openaiCustomServicePort"] = 80
    ok, answer, text = g.call("add_provider", **given)
    held("provider-port-as-text: a number is taken", ok, text)


def mcp_tool_bad_security(g):
    ok, answer, text = apply(g, "mcp-tool-bad-security.yaml")
    held("mcp-tool-bad-security: refused with the rule", not ok and "security" in text and "object" in text, text)


if not os.path.isdir(CASES):
    print("skipped: ../shared/cases/operators is not there")
    print("0 passed, 0 failed, 5 skipped")
    sys.exit(0)
g = gateway.Gateway(sys.argv[1] if len(sys.argv) > 1 else "build/gcc/higress-ops", "auto")
held("base.yaml is applied", apply(g, "base.yaml")[0])
g.mode = "dry-run"
g.start()
for case in (token_limit_literal_consumer, redis_bare_ip, consumer_two_rules, provider_port_as_text, mcp_tool_bad_security):
    case(g)
g.end()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
