#!/usr/bin/env python3
"""test_logs.py - the access log: what clients send into it is no way to secrets, and blames nobody.

Writes logs as Envoy writes them (values as they come, nothing escaped), then asks `tail_logs` and
`diagnose`. Every attack has a name; the last line is `N passed, N failed`.

usage: test_logs.py BINARY
"""
import gzip
import json
import os
import string
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kube"))
from loki import Loki  # noqa: E402

BINARY = sys.argv[1]
FOLDER = tempfile.mkdtemp(prefix="attack-logs-")
TOKEN = "kq7Vw2Zp9Xr4Lm6Bt1"
KEYS = """ai_log authority bytes_received bytes_sent downstream_local_address downstream_remote_address duration
istio_policy_status method path protocol request_id requested_server_name response_code response_flags route_name
start_time trace_id upstream_cluster upstream_host upstream_local_address upstream_service_time
upstream_transport_failure_reason user_agent x_forwarded_for response_code_details""".split()
GOOD = {"authority": "shop.example.com", "method": "GET", "path": "/orders", "protocol": "HTTP/1.1",
        "response_code": "200", "route_name": "shop", "upstream_cluster": "outbound|80||shop.static",
        "upstream_host": "10.0.0.9:80", "user_agent": "curl/8", "x_forwarded_for": "10.1.1.1",
        "response_code_details": "via_upstream", "duration": "5"}
passed = failed = 0


def check(held, name, more=""):
    global passed, failed
    passed += bool(held)
    failed += not held
    if not held:
        print("FAIL %s %s" % (name, str(more)[:600]))


def line(extra=(), **values):
    """One line; values go in as a client sent them. extra: further (key, value) at the end."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    row = {**dict.fromkeys(KEYS, "-"), "start_time": now, **GOOD, **values}
    return ("{" + ",".join('"%s":"%s"' % (k, row[k]) for k in KEYS) +
            "".join(',"%s":"%s"' % pair for pair in extra) + "}\n")


def write(name, *lines):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as f:
        f.write(b"".join(one if isinstance(one, bytes) else one.encode() for one in lines))
    return path


def call(tool, arguments, log):
    arguments = {**arguments, "full": True} if tool == "tail_logs" else arguments
    got = subprocess.run([BINARY, "call", tool, json.dumps(arguments), "--json", "--access-log", log, "--state",
                          os.path.join(FOLDER, "state")], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    text = got.stdout.decode()
    try:
        return json.loads(text), text
    except ValueError:
        return {}, text + got.stderr.decode()


def say(tool, arguments, log):
    """What a person reads: without --json."""
    return subprocess.run([BINARY, "call", tool, json.dumps(arguments), "--access-log", log, "--state",
                           os.path.join(FOLDER, "state")], capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL).stdout.decode()


def oracle():
    """A masked token is guessed letter by letter, through every filter; before, 109 calls gave it back."""
    places = {
        "query": line(path="/orders?token=" + TOKEN),
        "agent": line(user_agent="app/1 Authorization: Bearer " + TOKEN),
        "cookie": line(extra=[("cookie", "sid=" + TOKEN)]),
        "header": line(extra=[("x_api_key", TOKEN)]),
        "referer": line(extra=[("referer", "https://shop.example.com/a?sid=" + TOKEN)]),
        "escaped": line(path="/orders?token=\\u006b" + TOKEN[1:]),
        "forged": line(user_agent='x","response_code":"503","x":"' + TOKEN),
        "raw": "[wasm] apiToken: %s is out\n" % TOKEN,
    }
    filters = {"text": "%s", "path": "/orders?token=%s", "route": "%s", "host": "%s", "flag": "%s"}
    prefixes = {"query": "token=", "agent": "Bearer ", "cookie": "sid=", "referer": "sid=", "raw": "apiToken: "}
    for place, text in places.items():
        log = write("oracle-" + place, line(), text, line())
        for name, form in filters.items():
            right = call("tail_logs", {name: form % TOKEN[:4]}, log)
            wrong = call("tail_logs", {name: form % (TOKEN[:3] + "!")}, log)
            check(right == wrong, "oracle: %s through %s" % (place, name), right[1])
        for guess in (prefixes.get(place, TOKEN[0]) + TOKEN[:1], TOKEN[1:5], TOKEN[-4:]):
            answer, text = call("tail_logs", {"text": guess}, log)
            check(answer.get("lines") == [], "oracle: %s, text %s" % (place, guess), text)
    log = write("oracle-limits", *[line(path="/o?token=" + (TOKEN if i % 2 else "other")) for i in range(300)])
    nothing = call("tail_logs", {"text": "never written"}, log)[0]
    check(nothing.get("lines") == [] and set(nothing) == {"lines", "looked_back_to", "source"}, "oracle: what is said of nothing", nothing)
    for arguments in ({"text": TOKEN, "limit": 5}, {"text": TOKEN[:2]}, {"path": "/o?token=k"}, {"text": "token=k"}):
        answer, text = call("tail_logs", arguments, log)
        check(answer == nothing, "oracle: no count, no truncation %s" % arguments, text)
    found = ""
    for letter in string.ascii_letters + string.digits:
        if call("tail_logs", {"text": "token=" + letter, "limit": 1}, log)[0].get("lines"):
            found += letter
    check(found == "", "oracle: the first letter of a query value", found)
    check(len(call("tail_logs", {"text": "token=***", "limit": 3}, log)[0]["lines"]) == 3,
          "what the reader sees is found")


def secret_lines():
    """Every place of a line that a secret can stand in."""
    many = "token sig code state page X-Amz-Signature jwt q id access%5Ftoken".split()
    texts = [line(path="/orders?%s=%s" % (name, TOKEN)) for name in many]
    texts += [line(path=path.replace("@", TOKEN)) for path in (
        "/o?@", "/o?a=1&@", "/o#@", "/o#access_token=@", "/o;jsessionid=@", "/o?a=1;b=@", "/o%3Ftoken=@",
        "/o?token%3D@", "/o?a=%22@", '/o?a="@', "/o?a=\\\\@", "/o?redirect=https://x/?code=@")]
    texts += [line(path="http://user:%s@shop.example.com/a" % TOKEN),
              line(authority="hooks.slack.com", path="/services/T01/B02/" + TOKEN),
              line(user_agent='app {"password":"%s"}' % TOKEN), line(user_agent="curl -H 'X-Api-Key: %s'" % TOKEN),
              line(user_agent="app?key=" + TOKEN), line(x_forwarded_for="a=" + TOKEN),
              line(response_code_details="ext_auth_denied{token=%s}" % TOKEN),
              line(ai_log='{\\"question\\":\\"%s\\",\\"session_id\\":\\"%s\\",\\"model\\":\\"qwen\\"}' % (TOKEN, TOKEN))]
    headers = """referer cookie set_cookie authorization proxy_authorization x_api_key x_auth_token x_whatever
                 X-Hi-Original-Auth log-request-headers log-request-body wasm.custom x_forwarded_client_cert""".split()
    texts += [line(extra=[(name, TOKEN)]) for name in headers]
    texts += [line(extra=[("referer", "https://u:%s@a.example/b?c=%s#%s" % (TOKEN, TOKEN, TOKEN))]),
              line(user_agent='a "quote"', extra=[("x_api_key", TOKEN)]),
              line(user_agent='x","authority":"y', extra=[("x_api_key", TOKEN)]),
              "[info] failover: apiToken: %s\n" % TOKEN, "[2026] \"GET /o?k=%s HTTP/1.1\" 503 UH\n" % TOKEN,
              "plugin config: {\"apiKey\": \"%s\"}\n" % TOKEN, "Authorization: Basic %s\n" % TOKEN]
    return texts


def fields():
    """The token must not be in any answer."""
    for text in secret_lines():
        log = write("field", line(), text)
        told = [call("tail_logs", {}, log)[1], call("tail_logs", {"text": "o"}, log)[1], say("tail_logs", {}, log),
                say("tail_logs", {"text": "i"}, log), call("diagnose", {}, log)[1]]
        check(not any(TOKEN in one for one in told), "field: " + text.strip().replace(TOKEN, "@")[-200:])
    rows = call("tail_logs", {}, write("kept", line(path="/orders/7/items?x=1")))[0]["lines"]
    check(rows and rows[0]["path"] == "/orders/7/items?x=***", "paths and names of parameters are kept", rows)


FORGERIES = [
    'x","response_code":"503","response_flags":"UF","route_name":"victim","upstream_cluster":"outbound|80||victim.static',
    'x","response_cod\\u0065":"503","route_nam\\u0065":"victim","response_flag\\u0073":"UF',
    'x\\u0000","response_code":"503","response_flags":"UF","route_name":"victim',
    'x"}{"ai_log":"-","response_code":"503","response_flags":"UF","route_name":"victim","user_agent":"',
    'x"}\\n{"ai_log":"-","response_code":"503","route_name":"victim"}',
    'x","response_code_details":"no_healthy_upstream","upstream_cluster":"outbound|80||victim.static"}',
    'x\\","response_code":"503","route_name":"victim\\',
    b'x\x00","response_code":"503","response_flags":"UF","route_name":"victim',
    b'x\r","response_code":"503","response_flags":"UF","route_name":"victim',
    b'x\xe2\x80\xa8","response_code":"503","response_flags":"UF","route_name":"victim',
    b'x\xff\xfe","response_code":"503","response_flags":"UF","route_name":"victim',
    'x","y":{"response_code":"503","route_name":"victim"},"response_code":"503","z":"',
]


def forged_line(agent):
    if isinstance(agent, bytes):
        return line(user_agent="AGENT").encode().replace(b"AGENT", agent)
    return line(user_agent=agent)


def forgeries():
    """A client writes keys of the log's own format: no second record, no other route, no other verdict."""
    for agent in FORGERIES:
        name = "forged: %r" % agent[:70]
        log = write("forged", *[line() for _ in range(5)], *[forged_line(agent) for _ in range(7)])
        plain = write("plain", *[line() for _ in range(12)])
        answer, text = call("tail_logs", {"limit": 50}, log)
        rows = answer.get("lines", [])
        check(len(rows) == 12, name + ": one line is one record", len(rows))
        check(all(r.get("forged") is True for r in rows[:7]), name + ": marked", rows[:1])
        check(not any(r.get("route_name", "shop") != "shop" or r.get("response_code", "200") != "200" for r in rows),
              name + ": no route, no status", text)
        check(len(say("tail_logs", {"limit": 50}, log).strip().split("\n")) == 12, name + ": twelve printed lines")
        for arguments in ({"route": "victim"}, {"status": "5xx"}, {"flag": "UF"}, {"text": "victim"}):
            check(call("tail_logs", arguments, log)[0].get("lines") == [], name + ": %s finds none" % arguments)
        for arguments in ({}, {"route": "victim"}, {"service": "victim.static"}, {"route": "shop"}):
            said, text = call("diagnose", arguments, log)
            other = call("diagnose", arguments, plain)[0]
            codes = [(v["code"], v["object"], v["confidence"]) for v in said.get("verdicts", [])]
            check(codes == [(v["code"], v["object"], v["confidence"]) for v in other["verdicts"]],
                  name + ": the verdict of %s stays" % arguments, text)
            check(said.get("looked_at", {}).get("forged_lines") == 7 and "7 lines" in said.get("note", ""),
                  name + ": counted for nobody", text)


def crowd():
    """Forged lines do not crowd out the requests that a diagnosis must see."""
    bad = [line(response_code="503", response_flags="UF", upstream_transport_failure_reason="delayed connect "
                "error: Connection refused", response_code_details="upstream_reset_before_response_started")] * 9
    log = write("crowd", *bad, *[forged_line(FORGERIES[0]) for _ in range(900)])
    said, text = call("diagnose", {}, log)
    check(said["verdicts"][0]["code"] == "UPSTREAM_REFUSED", "crowd: the real fault is seen", text)
    check(said["looked_at"]["forged_lines"] >= 400, "crowd: and the others are counted", text)


def odd_files():
    """Lines without an end, too long, too deep, not text: an answer that is JSON, and no record out of pieces."""
    deep = line(ai_log="[" * 3000)
    long = line(user_agent="A" * 600000)
    piece = '{"response_code":"503","route_name":"victim","user_agent":"' + "B" * 600000 + '"}\n'
    for name, content in {"deep": deep, "long": long, "piece": piece, "zeros": b"\0" * 5000, "unfinished": line()[:-40],
                          "bytes": bytes(range(256)) * 40, "open": '{"response_code":"503","route_name":"victim'}.items():
        log = write("odd", line(), content if isinstance(content, bytes) else content.encode(), b"\n", line())
        for arguments in ({}, {"text": "a"}, {"status": "5xx"}, {"route": "victim"}):
            answer, text = call("tail_logs", arguments, log)
            check("lines" in answer, "odd: %s %s is answered" % (name, arguments), text)
            check("victim" not in [r.get("route_name") for r in answer.get("lines", [])],
                  "odd: %s %s, no record out of a piece" % (name, arguments), text)


def formats():
    """Operators write other formats; they are read as long as each key is there once. What a format lacks, no client
    adds."""
    short = '{"path":"/a","user_agent":"%s","response_code":"200","response_flags":"-"}\n'
    for agent in ('x","route_name":"victim","upstream_cluster":"outbound|80||victim.static","z":"',
                  'x","start_time":"1999-01-01T00:00:00Z","route_name":"victim'):
        log = write("short", short % "curl", short % agent, short % "curl")
        rows = call("tail_logs", {}, log)[0]["lines"]
        check([r.get("forged") for r in rows] == [None, True, None] and rows[2]["response_code"] == "200",
              "format: no key is added to a short one", rows)
        check(call("tail_logs", {"route": "victim"}, log)[0]["lines"] == [], "format: nor believed")
    rows = [json.dumps({"time": "x", "response_code": 503, "route_name": "r", "path": "/a?b=c", "cookie": "s=1"}),
            '{"route_name":"r","response_code":"503","user_agent":"a \\"b\\"","path":"/x"}']
    for row in rows:
        answer, text = call("tail_logs", {"route": "r", "status": "5xx"}, write("format", row + "\n"))
        check(len(answer.get("lines", [])) == 1 and "forged" not in answer["lines"][0], "format: " + row, text)


WEBHOOKS = [(host, path) for host in ("hooks.slack.com", "HOOKS.slack.com", "hooks.slack.com:443", "hooks.slack.com.",
                                      "u@hooks.slack.com", "Hooks.Slack.Com.:443")
            for path in ("/services/T/B/@", "//services/T/B/@", "/%73ervices/T/B/@")]
WEBHOOKS += [("discord.com", path + "/1/@") for path in (
    "/api/webhooks", "/api//webhooks", "/%61pi/webhooks", "/API/webhooks", "/api/v10/webhooks", "/api%2Fwebhooks",
    "/x/../api/webhooks", "/./api/webhooks", "/%2561pi/webhooks")] + [("canary.discord.com", "/api/webhooks/1/@")]
WEBHOOKS += [("open.feishu.cn", "/open-apis/bot/v2//hook/@"), ("open.feishu.cn", "/open-apis/bot/v2/hook%2F@")]
WEBHOOKS += [("h", path) for path in (
    "/webhook/%6b@", "/webhook/@%21", "/webhook/@.json", "/webhook//@", "/webhook/@;x", "/hooks/@:x", "/Webhook%2f@",
    "/webhook/@+a", "/webhook/@,a", "/webhook/v1/@", "/webhook/./@")]
PATHS = ["/a%253Ftoken%253D@", "/o?a= @", "/o?a=b\\t@", "/o?@=1", "/o?a[@]=1", "/o?a=1 @", "/o%23@", "/o%3B@=1", "/o?@==",
         "/o?" + TOKEN.lower() + "=", "/o?@=", "/a%2526token%253D@"]


def encoded():
    """A path that is secret, or a value, is so in every way to write it; others stay."""
    for host, path in WEBHOOKS + [("h", path) for path in PATHS]:
        text = line(authority=host, path=path.replace("@", TOKEN))
        told = call("tail_logs", {}, write("encoded", text))[1] + call("diagnose", {}, write("encoded", text))[1]
        check(TOKEN not in told and TOKEN.lower() not in told, "encoded: %s %s" % (host, path), told)
    for path in ("/orders%2F7", "/a//b", "/a/../b", "/caf%C3%A9/%20x", "/%", "/a%zz", "/webhook/orders", "/o?flag=", "/.well-known/x"):
        rows = call("tail_logs", {}, write("kept", line(path=path)))[0]["lines"]
        check(rows and rows[0]["path"] == path, "encoded: %s is kept" % path, rows)


def users():
    """user:password before an @ in any text that a client writes."""
    for key in ("authority", "request_id", "x_forwarded_for", "trace_id", "requested_server_name", "user_agent", "method",
                "upstream_transport_failure_reason", "response_code_details"):
        for form in ("u:%s@h", "http://u:%s@h/", "x u:%s@h y", "https://%s@h/", "ApiKey %s", "Api-Key %s"):
            told = call("tail_logs", {}, write("users", line(**{key: form % TOKEN})))[1]
            check(TOKEN not in told, "users: %s %s" % (key, form), told)


def trees():
    """A value that is a tree is shown nowhere but as ai_log."""
    for key in ("path", "referer", "user_agent", "method", "duration", "time", "authority", "consumer", "route_name", "hostname",
                "response_code", "request_id"):
        for value in ({"token": TOKEN}, [TOKEN], {"a": [{"b": TOKEN}]}, ["x", {"password": TOKEN}], {TOKEN: 1}):
            row = {"response_code": "200", "x": "y", key: value}
            told = call("tail_logs", {}, write("trees", json.dumps(row) + "\n"))[1]
            check(TOKEN not in told, "trees: %s %s" % (key, json.dumps(value)), told)


ENVOY = '[2026-11-29T16:02:14.000Z] "GET %s HTTP/1.1" 503 UH 0 19 0 - "127.0.2.16" "%s" "3a7c" "%s" "-"\n'
ISTIO = ('[2026-11-29T16:02:14.000Z] "GET %s HTTP/1.1" 503 UC upstream_reset{x} - "-" 0 95 0 - "127.0.2.16" "%s" "3a7" "%s" '
         '"127.0.0.11:8080" outbound|80||web.static 127.0.1.2:37132 127.0.1.2:80 127.0.2.16:59375 - orders\n')


def text_formats():
    """Logs that are not JSON: what stands in them is found by its words only, and masked as well."""
    for form in (ENVOY, ISTIO):
        texts = [form % (path.replace("@", TOKEN), "curl/8", host) for host, path in WEBHOOKS]
        texts += [form % (path.replace("@", TOKEN), "curl/8", "h.example") for path in (
            "/a?k=@", "/a?@", "/a#access_token=@", "/a;jsessionid=@", "/a%3Fk%3D@", "/o?k=x;@", "/o?k=x,@", "/webhook/@")]
        texts += [form % ("/o", agent.replace("@", TOKEN), "h.example") for agent in (
            "x Authorization: Bearer @", "x-api-key: @", "Cookie: sid=@; b", '{"token":"@"}', '\\"token\\":\\"@\\"', "sid=@",
            "ApiKey @", "pwd = @", "secret: '@'")]
        for text in texts:
            log = write("text", text)
            told = "".join(call("tail_logs", {"text": word}, log)[1] for word in ("GET", "HTTP", TOKEN[:5]))
            check(TOKEN not in told, "text format: " + text.replace(TOKEN, "@")[27:120], told)
        kept = call("tail_logs", {"text": "GET"}, write("text", form % ("/orders/7?x=1", "curl/8", "api.shop.example")))[1]
        check("/orders/7?x=***" in kept and "api.shop.example" in kept, "text format: the rest is kept", kept)
    for dump in ("'x-api-key', '%s'", '["authorization","%s"]', '("cookie", "%s")'):
        told = call("tail_logs", {"text": "dump"}, write("text", "dump " + dump % TOKEN + "\n"))[1]
        check(TOKEN not in told and "dump" in told, "text format: " + dump, told)


def flooded():
    """A client fills the newest lines with a format of its own, or with many: the log's own is known from before."""
    short = '{"path":"/a","user_agent":"%s","response_code":"200","response_flags":"-"}\n'
    one = 'x","route_name":"victim","upstream_cluster":"outbound|80||victim.static","z":"'
    many = ['x","route_name":"victim","k%d":"' % i for i in range(300)]
    for name, agents in {"one format": [one] * 300, "many formats": many}.items():
        log = write("flooded", *[short % "curl"] * 900, *[short % agent for agent in agents], short % "curl" * (name != "one format"))
        rows = call("tail_logs", {"limit": 50, "route": "victim"}, log)[0]["lines"]
        check(rows == [], "flooded: %s is not believed" % name, rows[:1])
        said, text = call("diagnose", {"route": "victim"}, log)
        check(said.get("looked_at", {}).get("forged_lines", 0) >= 100, "flooded: %s is counted" % name, text)
    with_more = '{"path":"/a","user_agent":"%s","referer":"-","response_code":"503","response_flags":"UH"}\n'
    log = write("flooded", *[short % "curl"] * 9000, *[with_more % "curl"] * 15000)
    rows = call("tail_logs", {"limit": 5}, log)[0]["lines"]
    check(len(rows) == 5 and not any("forged" in r for r in rows), "flooded: an operator may change the format", rows[:1])


def other_names():
    """Logs with key names of an operator's: what such a format lacks no client adds, under either name, and no value that
    the table of Higress' keys would hide is shown under another name."""
    short = '{"status":"200","verb":"GET","uri":"/a","ua":"%s","ts":"2026-11-29T16:00:00Z"}\n'
    for agent in ('x","route":"victim","cluster":"outbound|80||victim.static","z":"', 'x","route_name":"victim',
                  'x","response_code":"503","route_name":"victim', 'x","code":"503', 'x","flags":"UF","routeName":"victim'):
        log = write("names", *[short % "curl"] * 40, short % agent, *[short % "curl"] * 40)
        for arguments in ({"route": "victim"}, {"status": "5xx"}, {"flag": "UF"}):
            rows = [r for r in call("tail_logs", arguments, log)[0]["lines"] if "forged" not in r]
            check(rows == [], "names: %s through %s" % (agent, arguments), rows)
        codes = [v["code"] for v in call("diagnose", {"since": "2026-11-01T00:00:00Z"}, log)[0]["verdicts"]]
        check(codes == ["OK"], "names: nobody is blamed for %s" % agent, codes)
    for row in ({"uri": "/services/T/B/@", "vhost": "hooks.slack.com"}, {"vhost": "hooks.slack.com", "url": "/services/T/B/@"},
                {"uri": "/o?k=@"}, {"ua": "x Authorization: Bearer @"}, {"client": "Bearer @"}, {"backend": "http://u:@/"},
                {"details": "x {token=@}"}, {"authorization": "@"}, {"cookie": "sid=@"}):
        told = write("names", json.dumps({"status": 200, "verb": "GET", "ts": "2026-11-29T16:00:00Z", "uri": "/x",
                                          **{k: v.replace("@", TOKEN) for k, v in row.items()}}) + "\n")
        check(TOKEN not in call("tail_logs", {}, told)[1] + say("tail_logs", {}, told), "names: hidden in %s" % row)


def text_forgeries():
    """Fields that a client puts into a line of text: no record has a word of its in the place of the gateway's."""
    for agent in ('x" "r" "victim.example" "10.6.6.6:1', 'x" "y', '"', 'x" "r" "h" "1.1.1.1:1" outbound|80||victim.static - - - - victim',
                  'x"] "GET /v HTTP/1.1" 503 UF 0 0 0 - "-" "-" "-" "victim.example" "-"'):
        for form in (ENVOY, ISTIO):
            log = write("fields", form % ("/a", agent, "h.example"))
            for arguments in ({"route": "victim"}, {"status": "5xx", "host": "victim.example"}, {"host": "victim.example"}):
                rows = call("tail_logs", arguments, log)[0]["lines"]
                check(rows == [], "fields: %s through %s" % (agent, arguments), rows)


def rotated():
    """Rotated and packed files, page by page: masked as the log is; a guess finds no page, count or cursor of its own."""
    texts = [line(path="/o?token=" + (TOKEN if i % 2 else "other"), extra=[("cookie", "sid=" + TOKEN)]) for i in range(60)]
    log = write("rotated.log", *texts)
    write("rotated.log.1", *texts)
    with gzip.open(os.path.join(FOLDER, "rotated.log.2.gz"), "wb") as f:
        f.write("".join(texts).encode())
    cursor, told, lines = None, "", 0
    for _ in range(20):
        answer, text = call("tail_logs", {"limit": 50, **({"cursor": cursor} if cursor else {})}, log)
        told, lines, cursor = told + text, lines + len(answer["lines"]), answer.get("cursor")
        if not cursor:
            break
    check(lines == 180 and TOKEN not in told, "rotated: all 180 lines, none with the token", lines)
    for right, wrong in ((TOKEN[:4], TOKEN[:3] + "!"), ("token=k", "token=!"), ("sid=k", "sid=!")):
        check(call("tail_logs", {"text": right}, log) == call("tail_logs", {"text": wrong}, log), "rotated: a guess of " + right)
    bomb = os.path.join(FOLDER, "bomb.log")
    with gzip.open(bomb + ".1.gz", "wb") as f:
        for _ in range(300):
            f.write(b"\0" * (1 << 20))
    with open(bomb, "w") as f:
        f.write(line())
    check(len(call("tail_logs", {}, bomb)[0]["lines"]) == 1, "rotated: 300 MiB of nothing, packed")


WORDS = ["[2026-11-30 08:00:00.123][31][warning][wasm] [x.cc:1195] wasm log shop.key-auth: apiKey=@ Bearer @",
         "[2026-11-30 08:00:00.123][31][info][upstream] [x.cc:1] add cluster https://u:@{at}shop.example.com/a?k=@",
         "2026-11-30T08:00:00.123456Z\tinfo\tads\tpush for token=@ to /o?access_token=@",
         "2026-11-30T08:00:00.123456Z\twarn\tAuthorization: Basic @",
         "E1130 08:00:00.000000       1 reflector.go:561] Get https://10.0.0.1/?token=@: Bearer @",
         '{"level":"error","ts":1796025600.5,"msg":"login {\\"password\\": \\"@\\"}","error":"Bearer @","password":"@","o":{"k":"@"}}',
         '{"level":"info","ts":1,"logger":"Bearer @","message":"apiKey: @","key":"@"}', "plain apiToken: @ is out",
         "{\"level\":\"info\",\"msg\":\"broken apiKey=@"]


def sources():
    """Of a file and of Loki the same is shown, by every way: read, followed, for people, requests and other lines. (Pods:
    59-logs.)"""
    loki = Loki()
    texts = [t.rstrip("\n") for t in secret_lines()] + [w.replace("@", TOKEN).replace("{at}", "@") for w in WORDS]
    log = write("sources", *(t + "\n" for t in texts))
    begin = int((time.time() - 100) * 1e9)
    loki.entries = [(begin + i, {"app": "gw"}, t) for i, t in enumerate(texts)]
    config = write("sources.yaml", "logs: {loki: {url: '%s', selector: '{app=\"gw\"}'}}\n" % loki.url)
    state = ["--state", os.path.join(FOLDER, "state")]

    def run(*argv, wait=None):
        p = subprocess.Popen([BINARY, *argv, *state], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        if wait:
            wait()
        out, err = p.communicate(timeout=60)
        return out.decode() + (err.decode() if wait is None and argv[0] == "logs" else "")

    def without_source(text):
        answer = json.loads(text)
        for row in answer["lines"]:
            row.pop("time", None)  # a line without one has Loki's
        return {k: v for k, v in answer.items() if k in ("lines", "truncated")}

    for arguments in ({"full": True, "limit": 40}, {"full": True, "what": "gateway"}, {"full": True, "text": "o", "limit": 30},
                      {"full": True, "what": "gateway", "text": TOKEN[:4]}, {"full": True, "text": TOKEN[:4]},
                      {"full": True, "what": "gateway", "text": "apiKey"}):
        both = [run("call", "tail_logs", json.dumps(arguments), "--json", *where)
                for where in (("--access-log", log), ("--config", config))]
        check(without_source(both[0]) == without_source(both[1]), "sources: the same of %s" % arguments, both)
        check(TOKEN not in both[0] + both[1], "sources: hidden in %s" % arguments)
    for where in (("--access-log", log), ("--config", config)):
        for more in ((), ("--json",), ("--what", "gateway"), ("--what", "gateway", "--json"), ("--text", TOKEN[:4])):
            out = run("logs", "--limit", "500", *more, *where)
            check(TOKEN not in out, "sources: logs %s" % (more,))
            check("\033" not in out, "sources: no escape codes in %s" % (more,))
    guess, wrong = (run("call", "tail_logs", json.dumps({"what": "gateway", "text": t}), "--json", "--config", config)
                    for t in (TOKEN[2:7], TOKEN[2:6] + "!"))
    check(json.loads(guess) == json.loads(wrong), "sources: a guess among other lines", guess)
    for what in ("access", "gateway"):
        fresh = write("sources-followed", line())

        def write_all():
            for _ in range(8):
                time.sleep(0.2)
                with open(fresh, "a") as f:
                    f.write("".join(t + "\n" for t in texts))

        out = run("call", "tail_logs", json.dumps({"follow": 2, "limit": 200, "full": True, "what": what}), "--json", "--access-log",
                  fresh, wait=write_all)
        check(TOKEN not in out and json.loads(out)["matched"] > 10, "sources: followed %s" % what, out[-300:])
    loki.stop()


if __name__ == "__main__":
    for attack in (oracle, fields, forgeries, crowd, odd_files, formats, encoded, users, trees, text_formats, flooded, other_names,
                   text_forgeries, rotated, sources):
        before = passed, failed
        attack()
        print("%-10s %4d passed %3d failed" % (attack.__name__, passed - before[0], failed - before[1]))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)
