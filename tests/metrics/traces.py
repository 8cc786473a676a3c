#!/usr/bin/env python3
"""traces.py - spans sent to a collector. Run by the Python of build/python/otlp: what arrives is parsed by the official schemas,
strictly; the collector is scripted, as in tests/audit/otlp.py. Closes with `N passed, N failed`."""
import base64
import http.client
import http.server
import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../audit", "../guard", "../e2e"):
    sys.path.insert(0, os.path.join(HERE, folder))
import client as mcp  # noqa: E402
import gate  # noqa: E402
import house  # noqa: E402
import otlp  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces  # noqa: E402

TOKEN, NEEDLE = "traces-token-feldspar-7713", "needle-quartz-4419"
TRACE, PARENT = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
passed = failed = 0


def check(what, good, shown=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s: %s" % (what, str(shown)[:1200]), flush=True)


def strict(body):
    """By the schema, and what its JSON form wants beyond that; ids are hex there."""
    tree = json.loads(body)
    for r in tree["resourceSpans"]:
        for s in r["scopeSpans"]:
            assert s["spans"], "an empty envelope"
            for span in s["spans"]:
                assert type(span["kind"]) is int and type(span.get("status", {}).get("code", 0)) is int
                for name, size in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
                    if name == "parentSpanId" and name not in span:
                        continue
                    assert len(span[name]) == size and span[name] == span[name].lower() and int(span[name], 16), span
                    span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
                for name in ("startTimeUnixNano", "endTimeUnixNano"):
                    assert type(span[name]) is str and span[name].isdigit()
                assert int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"])
                keys = [a["key"] for a in span["attributes"]]
                assert len(keys) == len(set(keys)), keys
                assert all(type(a["value"].get("intValue", "")) is str for a in span["attributes"])
    return json_format.ParseDict(tree, traces.ExportTraceServiceRequest(), ignore_unknown_fields=False)


class Collector(otlp.Collector):
    def do_POST(self):
        s = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        s.requests.append((time.time(), self.path, dict(self.headers), body))
        try:
            request = strict(body)
        except Exception as e:
            s.wrong.append("%r: %s" % (e, body[:500]))
            return self.reply(400, {"message": str(e)})
        spans = [x for r in request.resource_spans for scope in r.scope_spans for x in scope.spans]
        how = s.script.pop(0) if s.script else "take"
        if how == "hang up":
            return self.connection.close()
        if isinstance(how, tuple):
            return self.reply(how[0], {"message": "said by the collector"}, **how[1])
        if s.refuses and any(s.refuses in x.name for x in spans):
            return self.reply(400, {"message": "cannot take it"})
        s.took.extend(spans)
        self.reply(200)


def collector():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.requests, server.took, server.wrong, server.script, server.refuses = [], [], [], [], None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def attributes(span):
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def named(server, name):
    return [x for x in list(server.took) if x.name == name]


def call(port, tool, arguments, **meta):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments, "_meta": {
            mcp.META + "protocolVersion": mcp.MODERN, mcp.META + "clientInfo": {"name": "x", "version": "1"},
            mcp.META + "clientCapabilities": {}, **meta}}}
        c.request("POST", "/mcp", json.dumps(body), {
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": mcp.MODERN,
            "Mcp-Method": "tools/call", "Mcp-Name": tool})
        return c.getresponse().read().decode()
    finally:
        c.close()


def configured(h, server, **more):
    path = os.path.join(h.dir, "traces.yaml")
    with open(path, "w") as f:
        json.dump({"http": {"metrics": "any"}, "traces": {
            "url": "http://127.0.0.1:%d/v1/traces" % server.server_port, "headers": [{"name": "Authorization", "env": "OTLP_TOKEN"}], **more}}, f)
    h.env.update(OTLP_TOKEN="Bearer " + TOKEN, HIGRESS_OPS_CONFIG=path)
    return h.serve([])


def parents(server, port):
    """Who is whose."""
    call(port, "list_routes", {"text": NEEDLE}, traceparent="00-%s-%s-01" % (TRACE, PARENT), baggage="secret=" + NEEDLE)
    root = gate.eventually("a span of the call", 20, lambda: named(server, "tools/call list_routes"))[0]
    check("the client's span is its parent", root.trace_id.hex() == TRACE and root.parent_span_id.hex() == PARENT, root)
    check("which is said to be elsewhere", root.flags & 0x300 == 0x300 and root.flags & 1, root.flags)
    check("what it was", root.kind == 2 and attributes(root)["gen_ai.tool.name"] == "list_routes"
          and attributes(root)["mcp.method.name"] == "tools/call", root)
    requests = [x for x in server.took if x.parent_span_id == root.span_id]
    check("requests to the console are its children", requests and all(
        x.trace_id.hex() == TRACE and x.kind == 3 and attributes(x)["peer.service"] == "console"
        and attributes(x)["http.response.status_code"] == 200 for x in requests), server.took)
    check("and lie within it", all(root.start_time_unix_nano - 2e6 <= x.start_time_unix_nano and
                                   x.end_time_unix_nano <= root.end_time_unix_nano + 2e6 for x in requests), requests)
    call(port, "get_resource", {"kind": "route", "name": NEEDLE})
    wrong = gate.eventually("one without a parent", 20, lambda: named(server, "tools/call get_resource"))[0]
    check("begins a trace", not wrong.parent_span_id and wrong.trace_id.hex() != TRACE, wrong)
    check("an error is one", wrong.status.code == 2 and attributes(wrong)["error.type"] in ("gateway", "args"), wrong)


def nonsense(server, port):
    """A bad parent makes a new trace, and never a failing call; who does not sample is not sampled."""
    bad = ["00-%s-%s-01" % (TRACE.upper(), PARENT), "00-%s-%s-01" % ("0" * 32, PARENT), "00-%s-%s-01" % (TRACE, "0" * 16),
           "ff-%s-%s-01" % (TRACE, PARENT), "00-%s-%s-01-x" % (TRACE, PARENT), "00-%s-%s" % (TRACE, PARENT), "", "x" * 9000, 7, None,
           {"a": 1}, "00-%s-%s-0g" % (TRACE, PARENT)]
    before = len(named(server, "tools/call describe_kind"))
    for one in bad:
        text = call(port, "describe_kind", {"kind": "route"}, traceparent=one)
        check("%.60r fails no call" % (one,), '"isError":false' in text, text)
    got = gate.eventually("a span each", 20, lambda: len(named(server, "tools/call describe_kind")) >= before + len(bad) and
                          named(server, "tools/call describe_kind"))
    check("each its own trace", len({x.trace_id for x in got}) == len(got) and not any(x.parent_span_id for x in got), got[:2])
    call(port, "check_config", {}, traceparent="00-%s-%s-00" % (TRACE, PARENT))
    call(port, "describe_kind", {"kind": "route"}, traceparent="01-%s-%s-01-later" % (TRACE, PARENT))
    gate.eventually("a later version", 20, lambda: [x for x in named(server, "tools/call describe_kind") if x.parent_span_id.hex() == PARENT])
    check("what is not sampled is not sent", not named(server, "tools/call check_config"))


def changes(h, server, port):
    text = call(port, "change_resource", {"kind": "domain", "action": "create", "name": "t.example.com", "object": {"enableHttps": "off"}})
    got = gate.eventually("the change", 20, lambda: named(server, "change apply"))
    root = gate.eventually("its call", 20, lambda: named(server, "tools/call change_resource"))[0]
    check("a change that is applied is a span of its call", got[0].parent_span_id == root.span_id and got[0].kind == 1, got)
    check("with its number", attributes(got[0])["higress_ops.change"] in text, (attributes(got[0]), text))
    check("what is written is its child", [x for x in server.took if x.parent_span_id == got[0].span_id and x.name == "POST"], server.took[-8:])


def goes_wrong(server, port):
    """Busy, hung up, refused: sent later, in smaller parts, and at last dropped and counted; nobody waits for it."""
    before = len(server.requests)
    server.script = [(503, {"Retry_After": "2"}), "hang up", (429, {}), "take"]
    began = time.time()
    call(port, "list_changes", {})
    check("nobody waits", time.time() - began < 1.5, time.time() - began)
    gate.eventually("after three failures", 60, lambda: named(server, "tools/call list_changes"))
    times = [t for t, *_ in server.requests[before:]]
    check("not before Retry-After", times[1] - times[0] >= 1.9, times)
    check("and once", len(named(server, "tools/call list_changes")) == 1)
    server.refuses = "tools/call gateway_overview"
    call(port, "gateway_overview", {})
    call(port, "list_resources", {"kind": "domain"})
    gate.eventually("the others come", 60, lambda: named(server, "tools/call list_resources"))
    check("what is refused is not", not named(server, "tools/call gateway_overview"))
    server.refuses = None
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    c.request("GET", "/metrics")
    text = c.getresponse().read().decode()
    check("both are counted", 'higress_ops_spans_total{outcome="sent"}' in text and 'higress_ops_spans_total{outcome="refused"} ' in text, text[-3000:])


def nothing_told(h, server):
    """No argument, no address, no secret; the header by reference."""
    check("all of it as the schemas say", not server.wrong, server.wrong[:2])
    for _, path, headers, body in server.requests:
        text = body.decode()
        if path != "/v1/traces" or headers.get("Authorization") != "Bearer " + TOKEN or headers.get("Content-Type") != "application/json":
            check("to the path, with the header", False, (path, headers))
        for secret in (NEEDLE, TOKEN, "127.0.0.1", "t.example.com", "http://", h.dir):
            if secret in text:
                check("%s is not told" % secret, False, text)
    check("nothing of arguments is told", len(server.requests) > 5)


def ratio_and_end(h, server):
    """No share of those without a parent; what is left is sent at the end; off there is nothing."""
    port = configured(h, server, ratio=0)
    before = len(server.took)
    call(port, "list_routes", {})
    call(port, "describe_kind", {"kind": "domain"}, traceparent="00-%s-%s-01" % ("a" * 32, PARENT))
    h.processes[-1].terminate()
    h.processes[-1].wait(20)
    got = server.took[before:]
    check("sent at the end, and only the client's", [x.name for x in got] == ["tools/call describe_kind"], got)
    for members, words in (({"url": "http://10.1.2.3:4318/v1/traces"}, "these are secrets"), ({"url": "ftp://a.example"}, "must be http"),
                           ({"ratio": 2}, "more than 1")):
        path = os.path.join(h.dir, "bad.yaml")
        with open(path, "w") as f:
            json.dump({"traces": {"url": "http://127.0.0.1:9/v1/traces", "headers": [{"name": "A", "env": "OTLP_TOKEN"}], **members}}, f)
        code, out, err = h.run(["serve", "--config", path])
        check("refused: %s" % members, code == 3 and words in err and TOKEN not in err, err)


def main():
    h, server = house.House("auto"), collector()
    try:
        port = configured(h, server)
        parents(server, port)
        nonsense(server, port)
        changes(h, server, port)
        goes_wrong(server, port)
        ratio_and_end(h, server)
        nothing_told(h, server)
    finally:
        h.leave()
        server.shutdown()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
