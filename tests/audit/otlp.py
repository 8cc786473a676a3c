#!/usr/bin/env python3
"""otlp.py - lines of the audit sent to a collector. Run by the Python of build/python/otlp: what arrives is parsed by the official
schemas, strictly. The collector here is scripted: it is busy, hangs up, takes a part, refuses a line, wants a token. Then
retention: what was sent is removed, and only that. Closes with `N passed, N failed`."""
import email.utils
import gzip
import http.server
import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../guard"))
import gate  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs  # noqa: E402

TOKEN = "otlp-token-quartz-5512"
passed = failed = 0


def check(what, good, shown=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s: %s" % (what, str(shown)[:1200]), flush=True)


def strict(body):
    """The request by the schema; what its JSON form wants beyond that is asked by hand."""
    tree = json.loads(body)
    for r in tree["resourceLogs"]:
        for s in r["scopeLogs"]:
            assert s["logRecords"], "an empty envelope"
            for record in s["logRecords"]:
                assert type(record["severityNumber"]) is int
                for name in ("timeUnixNano", "observedTimeUnixNano"):
                    assert type(record[name]) is str and record[name].isdigit()
                keys = [a["key"] for a in record["attributes"]]
                assert len(keys) == len(set(keys)), keys
                assert all(type(a["value"].get("intValue", "")) is str for a in record["attributes"])
    return json_format.ParseDict(tree, logs.ExportLogsServiceRequest(), ignore_unknown_fields=False)


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=None, **headers):
        text = json.dumps(body or {}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        s = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        s.requests.append((time.time(), self.path, dict(self.headers), len(body)))
        try:
            request = strict(body)
        except Exception as e:
            s.wrong.append("%r: %s" % (e, body[:500]))
            return self.reply(400, {"message": str(e)})
        s.names = {a.key: a.value.string_value for rl in request.resource_logs for a in rl.resource.attributes}
        records = [r for rl in request.resource_logs for sl in rl.scope_logs for r in sl.log_records]
        how = s.script.pop(0) if s.script else "take"
        if how == "hang up":
            return self.connection.close()
        if isinstance(how, tuple):
            return self.reply(how[0], {"message": "said by the collector"}, **how[1])
        if s.refuses and any(s.refuses in r.body.string_value for r in records):
            return self.reply(400, {"message": "cannot take it"})
        if how == "part":
            s.took.extend(records[1:])
            return self.reply(200, {"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": "one is too old"}})
        s.took.extend(records)
        return self.reply(200)

    def log_message(self, *_):
        pass


def collector():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.requests, server.took, server.wrong, server.script, server.refuses, server.names = [], [], [], [], None, {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def numbers(server):
    return [next(a.value.int_value for a in r.attributes if a.key == "audit.line") for r in list(server.took)]


def newest(b):
    code, out, err = b.run(["audit", "head"])
    return int(out.split(":")[0])


def configured(b, server, more=""):
    path = os.path.join(b.dir, "ops.yaml")
    with open(path, "w") as f:
        f.write("audit:\n  ship: \"otlp:http://127.0.0.1:%d/v1/logs\"\n  headers:\n    - {name: Authorization, env: OTLP_TOKEN}\n%s"
                % (server.server_port, more))
    os.chmod(path, 0o600)
    b.env.update(HIGRESS_OPS_CONFIG=path, OTLP_TOKEN="Bearer " + TOKEN)


def shipped(b):
    return b.run(["audit", "shipped"])[1]


def sent(b, server):
    configured(b, server)
    a = b.assistant()
    last = newest(b)
    gate.eventually("sent", 20, lambda: last in numbers(server))
    check("every line once, in order", numbers(server) == list(range(1, last + 1)), numbers(server))
    check("as the schema says", not server.wrong, server.wrong)
    path, headers = server.requests[0][1:3]
    check("to the path that is configured", path == "/v1/logs", path)
    check("as JSON", headers.get("Content-Type") == "application/json", headers)
    check("with the header by reference", headers.get("Authorization") == "Bearer " + TOKEN)
    first = server.took[0]
    line = json.loads(first.body.string_value)
    check("the body is the line, with its hash", line["seq"] == 1 and len(line["hash"]) == 64, line)
    check("and who sent it", server.names.get("service.name") == "higress-ops", server.names)
    check("its time is that of the line", abs(first.time_unix_nano / 1e9 - time.time()) < 600, first.time_unix_nano)
    check("nothing is behind", shipped(b).endswith(": 0 behind\n"), shipped(b))
    return a


def more(b, a, method):
    b.change(a, "route", "other", {"methods": [method]})
    return newest(b)


def goes_wrong(b, a, server):
    """Busy, gone, hung up: the lines stay, wait as long as they are told, and come once."""
    before = len(server.requests)
    server.script = [(503, {"Retry_After": "3"}), "hang up", (429, {}), "take"]
    last = more(b, a, "PUT")
    gate.eventually("after three failures", 40, lambda: last in numbers(server))
    times = [t for t, *_ in server.requests[before:]]
    check("not before Retry-After", len(times) >= 4 and times[1] - times[0] >= 2.9, times)
    check("nothing is lost, and nothing is doubled", numbers(server) == list(range(1, last + 1)), numbers(server)[-20:])
    server.script = [(503, {"Retry_After": email.utils.formatdate(time.time() + 4, usegmt=True)})]
    before = len(server.requests)
    last = more(b, a, "GET")
    gate.eventually("a date, too", 40, lambda: last in numbers(server))
    times = [t for t, *_ in server.requests[before:]]
    check("is waited for", times[1] - times[0] >= 1.9, times)


def lost(b, a, server):
    """What the collector refuses is counted: a part of a request, a line that it never takes."""
    server.script = ["part"]
    last = more(b, a, "POST")
    gate.eventually("sent", 20, lambda: shipped(b).endswith(": 0 behind\n"))
    check("a part refused is not sent again, and counted", "1 lines are lost" in shipped(b), shipped(b))
    got = numbers(server)
    check("the others came", len(got) == len(set(got)) == last - 1, got[-10:])
    server.refuses = '"event":"applied"'
    last = more(b, a, "DELETE")
    gate.eventually("around it", 30, lambda: shipped(b).endswith(": 0 behind\n"))
    check("one line refused costs one line", "2 lines are lost" in shipped(b), shipped(b))
    server.refuses = None
    last = more(b, a, "PATCH")
    gate.eventually("and the next ones come", 20, lambda: last in numbers(server))


def token_is_wrong(b, a, server):
    """What somebody has to mend is waited for: nothing is lost by a wrong token."""
    server.script = [(401, {})]
    before = len(server.requests)
    last = more(b, a, "HEAD")
    gate.eventually("asked", 20, lambda: len(server.requests) > before)
    time.sleep(3)
    check("is left alone for a while", len(server.requests) == before + 1, len(server.requests) - before)
    check("is behind", not shipped(b).endswith(": 0 behind\n"), shipped(b))
    check("and nothing is lost by it", "2 lines are lost" in shipped(b), shipped(b))
    b.kill(a)
    a = b.assistant()
    gate.eventually("sent after a start", 20, lambda: last in numbers(server))
    return a


def is_not_blocked(b, a, server):
    """A collector that answers nothing holds nobody up."""
    holding = threading.Event()
    real = Collector.do_POST

    def hold(self):
        holding.wait(30)
        real(self)

    Collector.do_POST = hold
    try:
        began = time.time()
        more(b, a, "GET")
        time.sleep(1.5)
        more(b, a, "PUT")
        check("changes go on", time.time() - began < 8, time.time() - began)
    finally:
        Collector.do_POST = real
        holding.set()
    last = newest(b)
    gate.eventually("and then they come", 40, lambda: last in numbers(server))


def retention(b, a, server, lost_ones):
    """Closed after ten lines, removed after some seconds; only what was sent."""
    b.kill(a)
    configured(b, server, "  segment_lines: 10\n  keep_days: 0.00002\n")
    server.script = [(503, {"Retry_After": "5"})]
    a = b.assistant()
    found = gate.eventually("removed", 60, lambda: json.loads(
        b.run(["audit", "search", "--event", "segment removed", "--json"])[1])["lines"])
    removed = json.loads(b.run(["audit", "segments", "--json"])[1])
    check("what goes is closed and counted", 0 < removed["removed_to"] <= newest(b) and removed["closed"] >= removed["removed"] >= 1, removed)
    check("and was sent before", set(range(1, removed["removed_to"] + 1)) - set(numbers(server)) <= lost_ones, removed)
    check("its line says what", found[-1]["detail"]["first"] == 1 and found[-1]["who"] == "retention", found[-1])
    code, out, err = b.run(["audit", "verify"])
    check("the audit is whole", code == 0, err)
    check("verify says what is gone", "removed by retention: lines 1 to %d" % removed["removed_to"] in out, out)
    code, out, err = b.run(["audit", "search"])
    check("search says so, too", code == 0 and "removed by retention" in out, out + err)
    code, out, err = b.run(["report", "--since", "1d"])
    check("a report says that it cannot tell all", code == 0 and "removed by retention" in out.replace("\\", ""), out + err)
    code, out, err = b.run(["audit", "segments"])
    check("they are listed", code == 0 and "removed" in out and "head" in out, out)
    code, out, err = b.run(["changes", "--json"])
    check("all changes are still what they were", code == 0 and "tampered" not in out, out + err)
    b.kill(a)


def everything(b):
    """The token is nowhere."""
    code, out, err = b.run(["audit", "search", "--limit", "1000", "--json"])
    check("the token is not in the audit", TOKEN not in out)
    state = os.path.join(b.dir, "state")
    for name in os.listdir(state):
        with open(os.path.join(state, name), "rb") as f:
            check("nor in %s" % name, TOKEN.encode() not in f.read())
    for url, why in (("otlp:http://10.1.2.3:4318/v1/logs", "secrets"), ("otlp:ftp://x", "neither"), ("otlp:http://a@b/v1/logs", "user")):
        code, out, err = b.run(["audit", "head", "--audit-ship", url])
        check("%s is refused" % url, code == 3 and why in err, (code, err))


def main():
    b, server = gate.Gate(None, "none"), collector()
    try:
        a = b.assistant()
        b.change(a, "route", "orders", {"methods": ["GET"]})
        b.kill(a)
        a = sent(b, server)
        goes_wrong(b, a, server)
        lost(b, a, server)
        lost_ones = set(range(1, newest(b) + 1)) - set(numbers(server))
        a = token_is_wrong(b, a, server)
        is_not_blocked(b, a, server)
        check("all of it as the schema says", not server.wrong, server.wrong)
        retention(b, a, server, lost_ones)
        everything(b)
    finally:
        b.leave()
        server.shutdown()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
