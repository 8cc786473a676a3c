#!/usr/bin/env python3
"""faults.py - faults of our own in a real Envoy, beside those that were recorded.

Uses the recorded harness (../shared/recordings/envoy/provoke.py): the same upstreams, the same
Envoy, cases of our own. A step "@NAME" among a case's requests writes NAME's routes to Envoy.

usage: faults.py --envoy BINARY --keep SECONDS CASE      (diagnosis.py starts it so)
"""
import importlib.util
import os
import sys
import time

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "recordings", "envoy")


def load():
    spec = importlib.util.spec_from_file_location("provoke", SHARED + "/provoke.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(p, routes, domains=("api.example.com",)):
    """A route configuration as provoke.py writes it."""
    return [{"@type": p.T + "config.route.v3.RouteConfiguration", "name": "higress-rds-80", "virtual_hosts": [
        {"name": "h%d" % i, "domains": [d], "routes": routes} for i, d in enumerate(domains)]}]


def method_match(route, methods):
    route["match"]["headers"] = [{"name": ":method", "string_match": {"safe_regex": {"regex": methods}}}]
    return route


def cases(p):
    """Each with what a right diagnosis says: verdict first, words in its evidence, how many verdicts."""
    orders, pay = p.cluster(p.ORD, [p.A, p.B, p.C]), p.cluster(p.PAY, [p.UP + 3])
    plain = [p.route("shop/orders", "/orders", p.ORD)]
    both = plain + [p.route("shop/pay", "/pay", p.PAY)]

    def up(*modes):
        return [(p.UP + i, m) for i, m in enumerate(modes)]

    def case(name, verdict, says="", only=0, arguments=None, **k):
        return {"case": name, "truth": name, "verdict": verdict, "says": says, "only": only, "arguments": arguments or {},
                "clusters": [orders], "routes": plain, "up": up("ok", "ok", "ok"), **k}

    thirty, third = [("/orders", 30)], "the other 2 endpoints: 0 of 20"
    yield case("one-endpoint-404", "ENDPOINT_BAD", third, 1, up=up("ok", "ok", "status:404"), send=thirty)
    yield case("one-endpoint-401", "ENDPOINT_BAD", third, 1, up=up("ok", "ok", "status:401"), send=thirty)
    yield case("one-endpoint-closes", "ENDPOINT_BAD", third, 1, up=up("ok", "ok", "close"), send=thirty)
    yield case("one-endpoint-garbage", "ENDPOINT_BAD", third, 1, up=up("ok", "ok", "garbage"), send=thirty)
    yield case("one-endpoint-too-slow", "ENDPOINT_SLOW", "were cut off without an answer", 1,
               up=up("ok", "ok", "slow:2"), routes=[p.route("shop/orders", "/orders", p.ORD, timeout="1s")],
               send=[("/orders", 18)])
    yield case("one-endpoint-late", "ENDPOINT_SLOW", "took longer than", 1, up=up("ok", "ok", "slow:0.4"),
               send=[("/orders", 24)])
    yield case("one-endpoint-down", "ENDPOINT_DOWN", "no connection in 10 of 10", 1, up=up("ok", "ok"), send=thirty)
    yield case("two-causes", "ENDPOINT_BAD", third, 2, up=up("ok", "ok", "status:500"), clusters=[orders, pay],
               routes=both, send=[("/orders", 30), ("/pay", 5)])
    yield case("scanner", "OK", only=1, noise="no route ever took", send=[("/orders", 20), ("/.env", 4), ("/wp-login.php", 4)])
    yield case("method-not-taken", "NO_ROUTE", "but only GET; this was POST", 1, method="POST",
               routes=[method_match(p.route("shop/orders", "/orders", p.ORD), "GET"), p.route("shop/pay", "/pay", p.ORD)],
               send=[("/pay", 10), ("/orders/mcp", 4)])
    header = p.route("shop/beta", "/beta", p.ORD)
    header["match"]["headers"] = [{"name": "x-internal", "string_match": {"exact": "1"}}]
    yield case("header-not-sent", "NO_ROUTE", "only with the header x-internal", 1, routes=plain + [header],
               send=[("/orders", 10), ("/beta/1", 4)])
    query = p.route("shop/find", "/find", p.ORD)
    query["match"]["query_parameters"] = [{"name": "v", "string_match": {"exact": "2"}}]
    yield case("parameter-not-sent", "NO_ROUTE", "only with the parameter v; this had none", 1, routes=plain + [query],
               send=[("/orders", 10), ("/find?w=1", 4)])
    yield case("route-came-later", "OK", later=table(p, plain + [p.route("shop/later", "/later", p.ORD)]),
               send=[("/later", 4), ("@later", 1), ("/later", 25)])
    yield case("route-went-away", "NO_ROUTE", "was taken by shop/pay until", 1, clusters=[orders, pay],
               up=up("ok", "ok", "ok", "ok"), routes=both, gone=table(p, plain),
               send=[("/pay", 8), ("/orders", 10), ("@gone", 1), ("/pay", 4)])
    yield case("refused-once", "OK", history="refused", bad=table(p, plain, ("api.example.com", "api.example.com")),
               good=table(p, plain), send=[("@bad", 1), ("@good", 1), ("/orders", 12)])
    yield case("refused-still", "CONFIG_REJECTED", "updates refused since start", 1, bad=table(p, plain, ("api.example.com", "api.example.com")),
               routes=[p.route("shop/orders", "/orders", p.name("ghost"))], send=[("@bad", 1), ("/orders", 6)])
    chat = p.route("ai-route-chat.internal", "/v1/chat", p.PAY)
    yield case("asked-for-an-ai-route", "UPSTREAM_REFUSED", "refused", 1, {"ai_route": "chat"}, clusters=[orders, pay],
               up=up("ok", "ok", "status:500"), routes=plain + [chat], elsewhere="ENDPOINT_BAD",
               send=[("/orders", 30), ("/v1/chat/completions", 5)])
    yield case("asked-for-a-domain", "ENDPOINT_BAD", third, 1, {"domain": "api.example.com"},
               up=up("ok", "ok", "status:500"), send=thirty)
    yield case("asked-for-another-port", "SERVICE_PORT_UNKNOWN", "at port 8080 only", 1,
               {"service": "orders.shop.svc.cluster.local:81"}, send=[("/orders", 6)])
    yield case("asked-for-a-good-route", "OK", "", 1, {"route": "shop/orders"}, clusters=[orders, pay], routes=both,
               elsewhere="UPSTREAM_REFUSED", send=[("/orders", 12), ("/pay", 5)])
    dark, retry = p.name("orders-dark"), {"retry_on": "5xx", "num_retries": 3}
    yield case("weighted-leg-500", "UPSTREAM_5XX", "500 - via_upstream", 1, clusters=[p.cluster(p.ORD, [p.A]), p.cluster(dark, [p.B])],
               up=up("ok", "status:500"), routes=[p.route("shop/orders", "/orders", [(p.ORD, 80), (dark, 20)])],
               send=[("/orders", 40)])
    yield case("one-endpoint-503-retried", "ENDPOINT_BAD", "retries hide it", 1, up=up("ok", "ok", "status:503"),
               routes=[p.route("shop/orders", "/orders", p.ORD, retry_policy=retry)], send=thirty)
    yield case("no-endpoints", "NO_ENDPOINT", "without any endpoint", 1, clusters=[p.cluster(p.ORD, [])], send=[("/orders", 5)])
    closed = {"name": "shop/orders", "match": {"prefix": "/orders"},
              "direct_response": {"status": 503, "body": {"inline_string": "closed"}}}
    yield case("route-answers-itself", "GATEWAY_ERROR", "direct_response", 1, routes=[closed], send=[("/orders", 5)])
    yield case("stream-too-long", "UPSTREAM_TIMEOUT", "max_duration_timeout", 1, clusters=[p.cluster(p.ORD, [p.A])],
               up=up("slow:2"), send=[("/orders", 5)], routes=[p.route(
                   "shop/orders", "/orders", p.ORD, timeout="0s", max_stream_duration={"max_stream_duration": "0.5s"})])
    yield case("path-in-another-case", "NO_ROUTE", "only paths under /orders", 1, send=[("/orders", 10), ("/Orders/1", 5)])
    exact = p.route("shop/orders", "/orders", p.ORD)
    exact["match"] = {"path": "/orders"}
    yield case("slash-at-the-end", "NO_ROUTE", "only paths equal to /orders", 1, routes=[exact],
               send=[("/orders", 10), ("/orders/", 5)])


def main():
    p = load()
    plain_put, plain_once, folder = p.put, p.once, {}

    def put(path, resources):
        folder["xds"] = os.path.dirname(path)
        plain_put(path, resources)

    def once(c, path, pem):
        if path.startswith("@"):
            put(folder["xds"] + "/rds.json", c[path[1:]])
            time.sleep(1.2)
            return path
        if not c.get("method"):
            return plain_once(c, path, pem)
        h = p.http.client.HTTPConnection("127.0.0.1", p.LISTEN, timeout=8)
        h.request(c["method"], path, headers={"Host": "api.example.com"})
        return h.getresponse().status

    p.put, p.once, p.cases = put, once, lambda pem: cases(p)
    sys.argv[0] = SHARED + "/provoke.py"
    exec(compile("if True:\n" + source_of_main(), sys.argv[0], "exec"), vars(p))


def source_of_main():
    """What provoke.py does when it is started."""
    with open(SHARED + "/provoke.py") as f:
        return f.read().split("if __name__ == '__main__':\n", 1)[1]


if __name__ == "__main__":
    main()
