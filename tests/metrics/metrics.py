#!/usr/bin/env python3
"""metrics.py - query_metrics against a real Prometheus that scrapes a real Envoy with traffic, and against that Envoy alone.
Closes with `N passed, N failed[, N skipped]`."""
import base64
import http.client
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import ours  # noqa: E402
import rig  # noqa: E402
from rig import ORDERS, PAY, SLOW, envoy  # noqa: E402

PRICES = [{"model": "qwen-max", "input": 2, "output": 8, "currency": "USD"}]
SECRET = "prometheus-key-feldspar-8841"
passed = failed = 0


def check(what, good, shown=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s: %s" % (what, str(shown)[:900]), flush=True)


def by(answer, *labels):
    return {tuple(row.get(l) for l in labels) if len(labels) > 1 else row.get(labels[0]): row for row in answer["rows"]}


def near(value, wanted, share=0.15):
    return value is not None and abs(value - wanted) <= wanted * share


def services(r, config):
    got = by(r.ask(config, question="requests", by=["service"], minutes=1), "service")
    check("every service, and nothing that is none", set(got) == {ORDERS, PAY, SLOW}, got)
    check("pay has as many as orders", near(got[PAY]["requests"], got[ORDERS]["requests"]), got)
    answer = r.ask(config, question="error_rate", by=["service"], minutes=1)
    got = by(answer, "service")
    check("who says so", answer["source"] == "prometheus" and answer["since"] >= answer["from"], answer)
    check("a third of pay fails", 25 < got[PAY]["percent_5xx"] < 42, got)
    check("orders never: that is 0, not nothing", got[ORDERS]["percent_5xx"] == 0 and got[ORDERS]["errors_5xx"] == 0, got)
    check("the worst comes first", answer["rows"][0]["service"] == SLOW, answer)
    got = by(r.ask(config, question="latency", by=["service"], minutes=1), "service")
    check("slow is slow, as far as Envoy's buckets tell", 150 < got[SLOW]["p50_ms"] <= got[SLOW]["p90_ms"] <= got[SLOW]["p99_ms"] < 1100, got)
    check("pay is not", got[PAY]["p50_ms"] < 100, got)
    answer = r.ask(config, question="saturation", by=["service"], minutes=1)
    got = by(answer, "service")
    check("what its limits refused", got[SLOW]["overflow"] > 10 and got[PAY]["overflow"] == 0, got)
    check("how much is left is told where Envoy tracks it", got[SLOW]["requests_left"] == 0 and "requests_left" not in got[PAY], got)
    check("requests under way", got[SLOW]["active"] == 1 and got[SLOW]["connections"] == 1, got)
    answer = r.ask(config, question="requests", by=["replica"], minutes=1)
    check("by replica", [row["replica"] for row in answer["rows"]] == ["gw-7c9-a"], answer)
    one = r.ask(config, question="requests", only="service=" + PAY, minutes=1)["rows"]
    check("of one service", len(one) == 1 and one[0]["requests"] > 5, one)
    code, out, err = r.run({"question": "error_rate", "by": ["route"]}, "--config", config)
    check("what nobody counts is said, with who does", code != 0 and "analyze_traffic" in err, err)


def of_models(r, config):
    got = by(r.ask(config, question="tokens", by=["consumer", "model"], minutes=1), "consumer", "model")
    alice, bob = got["alice", "qwen-max"], got["bob", "qwen-max"]
    check("tokens by consumer and model", near(alice["total"], 3 * bob["total"]) and near(alice["total"], alice["input"] + alice["output"]), got)
    check("by route, as people call it", {row["route"] for row in r.ask(config, question="tokens", by=["route"])["rows"]}
          == {"AI route chat", "AI route help"})
    for name in ("chat", "ai-route-chat.internal", "AI route chat"):
        rows = r.ask(config, question="tokens", only="route=" + name, by=["consumer"])["rows"]
        check("of one route: " + name, {row["consumer"] for row in rows} == {"alice", "bob"}, rows)
    rows = r.ask(config, question="tokens", only="model=qwen-max,consumer=bob", by=["consumer", "model"])["rows"]
    check("of one model and consumer", len(rows) == 1 and rows[0]["consumer"] == "bob", rows)
    rows = r.ask(config, question="tokens", only="model=qwen-max,x=bob")["rows"]
    check("a comma may be part of a name", rows == [], rows)
    rows = r.ask(config, question="tokens", by=["service"])["rows"]
    check("by service", [row["service"] for row in rows] == ["llm-qwen.internal.dns"], rows)
    answer = r.ask(config, question="cost", by=["consumer"], minutes=1)
    alice = by(answer, "consumer")["alice"]
    check("what that costs", near(alice["cost"], (alice["input"] * 2 + alice["output"] * 8) / 1e6, 0.01) and answer["currency"] == "USD", answer)
    check("a model without a price is named, and has no cost", "gpt-new" in answer["without_price"] and "cost" not in by(answer, "consumer")["none"], answer)
    rows = r.ask(config, question="first_token", by=["model"], minutes=1)["rows"]
    check("time to the first token", near(by({"rows": rows}, "model")["qwen-max"]["mean_ms"], 50, 0.02), rows)
    rows = r.ask(config, question="latency", by=["model"], minutes=1)["rows"]
    check("of models there is a mean", near(by({"rows": rows}, "model")["qwen-max"]["llm_mean_ms"], 200, 0.02), rows)
    answer = r.ask(config, question="refusals", by=["consumer"], minutes=1)
    check("refused by their limit of tokens", [row["consumer"] for row in answer["rows"]] == ["bob"], answer)
    check("and what is not counted so", answer["not_by"] == ["overflow", "route_limits"], answer)
    whole = r.ask(config, question="refusals", minutes=1)["rows"][0]
    check("all refusals", min(whole["token_limit"], whole["overflow"], whole["route_limits"]) > 0, whole)


def over_time(r, config):
    answer = r.ask(config, question="requests", by=["service"], minutes=10, points=10)
    row = by(answer, "service")[ORDERS]
    check("a course over time", answer["step"] == 60 and len(row["requests"]) == 10, answer)
    check("the last minute has traffic; before anybody looked nothing is known", row["requests"][-1] > 5 and row["requests"][0] is None, row)
    answer = r.ask(config, question="requests", minutes=1, points=50)
    check("no step is shorter than its figures", "step" not in answer and isinstance(answer["rows"][0]["requests"], (int, float)), answer)
    answer = r.ask(config, question="tokens", by=["consumer", "model"], limit=2)
    check("rows are bounded, and it is said how many are left", len(answer["rows"]) == 2 and answer["truncated"]["rows"] == 2, answer)


def as_text(r, config):
    """What others wrote stays one line of data; what others ask for stays a name."""
    code, out, err = r.run({"question": "tokens", "by": ["model"]}, "--config", config)
    hostile = [line for line in out.splitlines() if "evil" in line]
    check("a hostile label is one line, without escapes", len(hostile) == 1 and "\x1b" not in out and not out.count("\nup{"), out)
    rows = r.ask(config, question="tokens", only="model=" + rig.HOSTILE)["rows"]
    check("and can be asked for", len(rows) == 1 and rows[0]["total"] > 0, rows)
    for text in ('x"} or vector(1) or {a="', ".*", "qwen.max", "qwen-max|gpt-new", "(", "\\", "\\\"", "\n", "qwen-max\"", "{}", "$1", "é"):
        for name in ("model", "consumer", "route", "replica", "service"):
            question = "tokens" if name != "service" else "requests"
            code, out, err = r.run({"question": question, "only": name + "=" + text}, "--json", "--config", config)
            check("%s %r is a name and finds nothing" % (name, text), code == 0 and json.loads(out)["rows"] == [], out + err)


def expressions(r, config):
    answer = r.ask(config, promql='up{job="k8s_pods"}')
    check("an expression", answer["rows"][0]["value"] == 1 and answer["rows"][0]["labels"]["job"] == "k8s_pods", answer)
    check("a number", r.ask(config, promql="1 + 1")["rows"] == [{"value": 2}], r.ask(config, promql="1 + 1"))
    check("a text", r.ask(config, promql='"a\\nb"')["rows"] == [{"value": "a b"}], r.ask(config, promql='"a\\nb"'))
    answer = r.ask(config, promql="up", minutes=1, points=6)
    check("over time", answer["step"] == 10 and 1 <= len(answer["rows"][0]["value"]) <= 6, answer)
    answer = r.ask(config, promql='{__name__=~"envoy_.*"}', limit=5)
    check("is bounded", len(answer["rows"]) == 5 and answer["truncated"]["rows"] > 50, answer.get("truncated"))
    code, out, err = r.run({"promql": "sum("}, "--config", config)
    check("Prometheus says what it does not understand", code != 0 and "bad_data" in err and "parse error" in err, err)
    for only in ("model", "=x", "colour=red", "model="):
        code, out, err = r.run({"question": "tokens", "only": only}, "--config", config)
        check("%s names nothing" % only, code != 0 and "is not LABEL=NAME" in err, err)
    code, out, err = r.run({"promql": "up", "question": "tokens"}, "--config", config)
    check("either, or", code != 0 and "give a question, or promql" in err, err)
    code, out, err = r.run({"promql": "up"}, "--config", r.configuration("off", promql=False))
    check("where it is off it is off", code != 0 and "prometheus.promql is off" in err, err)
    code, out, err = r.run({"promql": "up"}, "--envoy-admin", "http://127.0.0.1:%d" % r.admin)
    check("without a Prometheus there are none", code != 0 and "no Prometheus is configured" in err, err)


def selection(r):
    ours = r.configuration("ours", select={"app": "higress-gateway", "kubernetes_pod_name": "gw-7c9-a"}, replica="app")
    check("labels pick this gateway", by(r.ask(ours, question="requests", by=["replica"]), "replica").get("higress-gateway"))
    other = r.configuration("other", select={"app": 'x"} or vector(1) or {y="'})
    answer = r.ask(other, question="error_rate", by=["service"])
    check("another's figures are not there: that is said, with what was looked for",
          answer["rows"] == [] and "envoy_cluster_upstream_rq_completed" in answer["not_there"], answer)
    path = os.path.join(r.dir, "several.yaml")
    with open(path, "w") as f:
        json.dump({"prometheus": {"url": "http://127.0.0.1:9/all"}, "gateways": [
            {"name": "one", "url": "http://127.0.0.1:8"}, {"name": "two", "url": "http://127.0.0.1:7", "prometheus": {"url": r.url + "/"}}]}, f)
    said = r.check(path)
    check("each gateway has its own, or that of all", said.count("prometheus:  http://127.0.0.1:9/all\n") == 1
          and "prometheus:  " + r.url + "\n" in said, said)
    got = json.loads(r.run({"question": "requests", "gateway": "two"}, "--json", "--config", path)[1])
    check("and is asked there", got["rows"][0]["requests"] > 5, got)
    code, out, err = r.run({"question": "cost"}, "--config", ours)
    check("cost wants prices", code != 0 and "prometheus.prices" in err, err)


class Keeper(rig.Quiet):
    """Before Prometheus, and wants to know who asks."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(dict(self.headers))
        if self.headers.get("Authorization") not in self.server.wanted:
            return self.reply(401, b"who \x1b[1m are you?\nnobody")
        h = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=10)
        h.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"]})
        got = h.getresponse()
        self.reply(got.status, got.read(), "application/json")


def logins(r):
    keeper = rig.serve(Keeper)
    keeper.heard, keeper.behind = [], r.prometheus_port
    keeper.wanted = ["Bearer " + SECRET, "Basic " + base64.b64encode(("ops:" + SECRET).encode()).decode()]
    url, secret = "http://127.0.0.1:%d" % keeper.server_port, {"env": "METRICS_SECRET"}
    check("check says which Prometheus is asked", "prometheus:  " + r.url in r.check(r.configuration("plain")), r.check(r.configuration("plain")))
    for name, members in (("token", {"token": secret, "tenant": "shop"}), ("basic", {"username": "ops", "password": secret})):
        config = r.configuration(name, **{"url": url, **members})
        code, out, err = r.run({"question": "requests"}, "--config", config, env={"METRICS_SECRET": SECRET})
        check("a login by " + name, code == 0 and "requests" in out, out + err)
    check("a tenant is named", any(h.get("X-Scope-OrgID") == "shop" for h in keeper.heard), keeper.heard)
    code, out, err = r.run({"question": "requests"}, "--config", config, env={"METRICS_SECRET": SECRET + "x"})
    check("a wrong one: in its words, on one line", code != 0 and "Prometheus answered 401" in err and "\x1b" not in err and SECRET not in err, err)
    for members, words in (({"url": "http://10.2.3.4:9090", "token": secret}, "this is a secret"), ({"url": url, "username": "x"}, "together with"),
                           ({"url": "ftp://prom.example"}, "http://HOST"), ({"url": "http://a:b@c/"}, "without user"), ({"select": {"a b": "c"}}, "a label is"),
                           ({"replica": "a-b"}, "a label is"), ({"url": url, "token": secret, "username": "a", "password": secret}, "instead of")):
        code, out, err = r.run({"question": "requests"}, "--config", r.configuration("bad", **members), env={"METRICS_SECRET": SECRET})
        check("refused: %s" % members, code == 3 and words in err and SECRET not in err, err)
    keeper.shutdown()
    keeper.server_close()
    code, out, err = r.run({"question": "requests"}, "--config", config, env={"METRICS_SECRET": SECRET})
    check("nobody there is said, and not nothing", code != 0 and "refused" in err, err)


class Admin(rig.Quiet):
    """Envoy's page as it is with the AI plugins (which no Envoy of ours can load): their counters, twice."""
    rounds = 0
    NAMES = {"route.ai-route-chat.internal.upstream.outbound|443||llm-qwen.internal.dns.model.qwen2.5-max.consumer.alice": 10,
             "route.ai-route-chat.internal.upstream.outbound|443||llm-qwen.internal.dns.model.x.consumer.y.metric.total_token.consumer.bob": 4}

    def do_GET(self):
        Admin.rounds += 1
        stats = [{"name": "wasmcustom.%s.metric.%s" % (name, what), "value": 1000 + each * times * Admin.rounds}
                 for name, each in self.NAMES.items() for what, times in (("input_token", 3), ("output_token", 1), ("total_token", 4))]
        self.reply(200, json.dumps({"stats": stats}).encode(), "application/json")


def envoy_alone(r):
    admin = ["--envoy-admin", "http://127.0.0.1:%d" % r.admin, "--json"]
    code, out, err = r.run({"question": "error_rate", "by": ["service"]}, *admin)
    answer = json.loads(out)
    got = by(answer, "service")
    check("Envoy itself: the same question", set(got) == {ORDERS, PAY, SLOW} and 20 < got[PAY]["percent_5xx"] < 47, out + err)
    check("who says so, and for how long", answer["source"] == "Envoy's counters" and "5 s apart" in answer["note"], answer)
    got = by(json.loads(r.run({"question": "latency", "by": ["service"]}, *admin)[1]), "service")
    check("percentiles of its buckets", got[SLOW]["p50_ms"] > 150 and got[PAY]["p50_ms"] < 100, got)
    got = by(json.loads(r.run({"question": "saturation", "by": ["service"]}, *admin)[1]), "service")
    check("and the limits beside", got[SLOW]["max_requests"] == 1 and got[SLOW]["overflow"] > 5 and got[PAY]["max_connections"] == 1024, got)
    answer = json.loads(r.run({"question": "tokens", "by": ["model"]}, *admin)[1])
    check("what it does not count is not there", answer["rows"] == [] and "total_token" in answer["not_there"], answer)
    both = ["--envoy-admins", "http://127.0.0.1:%d,http://localhost:%d" % (r.admin, r.admin), "--json"]
    answer = json.loads(r.run({"question": "requests", "by": ["replica"], "only": "service=" + ORDERS}, *both)[1])
    rows = by(answer, "replica")
    check("each replica for itself", len(rows) == 2 and near(*[row["requests"] for row in rows.values()], 0.2), answer)
    gone = envoy.free_ports(1)[0]
    half = ["--envoy-admins", "http://127.0.0.1:%d,http://127.0.0.1:%d" % (r.admin, gone), "--json"]
    answer = json.loads(r.run({"question": "requests", "by": ["service"]}, *half)[1])
    check("one that cannot be read is named, the others are told", len(answer["unread"]) == 1 and str(gone) in answer["unread"][0]
          and by(answer, "service")[ORDERS]["requests"] > 5, answer)
    code, out, err = r.run({"question": "requests"}, "--envoy-admin", "http://127.0.0.1:%d" % gone)
    check("none of them is an error", code != 0 and "refused" in err, err)
    code, out, err = r.run({"question": "requests"})
    check("nor is there an answer where none is configured", code != 0 and "Envoy" in err, err)
    double = rig.serve(Admin)
    code, out, err = r.run({"question": "tokens", "by": ["consumer", "model"]}, "--json", "--envoy-admin",
                           "http://127.0.0.1:%d" % double.server_port)
    got = by(json.loads(out), "consumer")
    check("tokens by the plugins' counters: what came on top", got["alice"]["total"] == 40 and got["alice"]["model"] == "qwen2.5-max", out + err)
    check("a model cannot name a consumer", got["bob"]["total"] == 16 and got["bob"]["model"].startswith("x.consumer.y"), out)
    double.shutdown()


def documented(r, config):
    """The calls of docs/metrics.md."""
    text = open(os.path.join(HERE, "../../docs/metrics.md")).read()
    calls = re.findall(r"query_metrics '(\{.*?\})'", text)
    check("the page has examples", len(calls) >= 6, calls)
    for arguments in calls:
        code, out, err = r.run(json.loads(arguments), "--config", config)
        check("docs/metrics.md: " + arguments, code == 0 and "not there" not in out and " 0 rows" not in out, out + err)


def main():
    executable = envoy.binary()
    if not executable or not os.path.exists("/usr/bin/prometheus"):
        print("metrics: no Envoy, or no Prometheus")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    own = ours.Ours()
    r = rig.Rig(executable, own.port)
    try:
        config = r.configuration("prices", prices=PRICES)
        ready = all(r.wait_for(e) for e in (
            'increase(envoy_cluster_upstream_rq{response_code_class="5xx",cluster_name=~".*pay.*"}[1m]) > 5',
            'increase(envoy_cluster_upstream_rq_completed{cluster_name=~".*pay.*local"}[1m]) > 100',
            "increase(route_upstream_model_consumer_metric_total_token[1m]) > 20",
            "increase(envoy_http_local_rate_limiter_http_local_rate_limit_rate_limited[1m]) > 1",
            'increase(envoy_cluster_upstream_rq_pending_overflow[1m]) > 20'))
        check("there is something to ask about", ready)
        for part in (services, of_models, over_time, as_text, expressions, documented):
            part(r, config)
        selection(r)
        logins(r)
        envoy_alone(r)
        ours.dashboard(r, check)
        ours.counted(own, check)
        ours.who_may(check)
    finally:
        r.stop()
        own.stop()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
