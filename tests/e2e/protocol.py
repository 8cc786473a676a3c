"""protocol.py [WORD…] - what clients may rely on and what attackers must not: messages written by hand, byte for byte.

Each check_* function gets a World (one console, one HTTP server in mode approve, stdio servers on demand) and asserts.
The scenarios (run.py) say what the product does; this file says how the protocol answers.
"""
import base64
import http.client
import http.server
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import house

META = mcp.META
LEGACY = "2025-11-25"
ROUTE = {"name": "pay", "domains": [], "path": {"matchType": "PRE", "matchValue": "/pay"},
         "services": [{"name": "pay.static", "port": 80, "weight": 100}]}
PATCH = {"kind": "route", "action": "patch", "name": "pay", "object": {"path": {"matchType": "PRE", "matchValue": "/p2"}}}


def equal(got, want, what=""):
    if got != want:
        raise AssertionError("%s: got %r, expected %r" % (what, got, want))


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


class World:
    def __init__(self):
        self.house = house.House()
        self.api("POST", "/v1/service-sources", {"name": "pay", "type": "static", "domain": "127.0.0.1:9", "port": 80,
                                                 "protocol": "http", "properties": {}, "authN": {"enabled": False}})
        self.api("POST", "/v1/routes", ROUTE)
        self.port = self.house.serve()

    def api(self, method, path, body=None):
        status, answer = self.house.api(method, path, body)
        holds(status < 300, "the console answered %s: %s" % (status, answer))
        return answer

    def path_of_route(self):
        return self.api("GET", "/v1/routes/pay")["data"]["path"]["matchValue"]

    def http(self, era, answer="none", port=None):
        c = mcp.HttpClient("127.0.0.1", port or self.port, era, answer)
        c.open()
        return c

    def stdio(self, era, answer="none", opened=True):
        c = mcp.StdioClient([house.BINARY, "stdio"], self.house.env, era, answer)
        if opened:
            c.open()
        return c

    def post(self, body, headers=None, port=None):
        """(status, headers, parsed body) of a POST whose headers are exactly these."""
        c = mcp.HttpClient("127.0.0.1", port or self.port, LEGACY)
        h = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **(headers or {})}
        h = {k: v for k, v in h.items() if v is not None}
        status, got, data = c.raw("POST", "/mcp", body if isinstance(body, (str, bytes)) else json.dumps(body), h)
        return status, got, json.loads(data) if data[:1] in ("{", "[") else data

    def modern(self, method, params=None, version=mcp.MODERN, headers=None, meta=None, msg_id=7):
        params = dict(params or {})
        params["_meta"] = meta if meta is not None else {META + "protocolVersion": version,
                                                         META + "clientCapabilities": {}}
        h = {"MCP-Protocol-Version": version, "Mcp-Method": method}
        if "name" in params:
            h["Mcp-Name"] = params["name"]
        h.update(headers or {})
        return self.post({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params}, h)


def code_of(answer):
    return answer[0], answer[2].get("error", {}).get("code") if isinstance(answer[2], dict) else None


# -- 2026-07-28: the ladder -------------------------------------------------------------------------------------------

def check_ladder_meta(w):
    for meta in ({}, {META + "clientCapabilities": {}}, {META + "protocolVersion": mcp.MODERN},
                 {META + "protocolVersion": 7, META + "clientCapabilities": {}},
                 {META + "protocolVersion": mcp.MODERN, META + "clientCapabilities": []}):
        answer = w.modern("tools/list", meta=meta)
        equal(code_of(answer), (400, -32602), "with _meta %s" % meta)
        equal(answer[2]["id"], 7, "id")
    equal(code_of(w.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}},
                         {"MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "tools/list"})), (400, -32602), "no _meta")


def check_ladder_versions(w):
    equal(code_of(w.modern("tools/list", version="v999.0.0", headers={"MCP-Protocol-Version": mcp.MODERN})),
          (400, -32020), "body says v999, header says 2026-07-28")
    answer = w.modern("tools/list", version="v999.0.0")
    equal(code_of(answer), (400, -32022), "both say v999")
    data = answer[2]["error"]["data"]
    equal(data["requested"], "v999.0.0", "requested")
    offered = w.modern("server/discover")[2]["result"]["supportedVersions"]
    holds(set(data["supported"]) <= set(offered), "supported is not within %s" % offered)
    equal(code_of(w.modern("tools/list", headers={"MCP-Protocol-Version": None})), (400, -32020), "no version header")


def check_ladder_headers(w):
    for headers in ({"Mcp-Method": "tools/call"}, {"Mcp-Method": None}, {"Mcp-Method": "TOOLS/LIST"}):
        equal(code_of(w.modern("tools/list", headers=headers)), (400, -32020), str(headers))
    call = {"name": "list_changes", "arguments": {}}
    for name in ("other", None, "=?base64?bGlzdF9jaGFuZ2Vz=?=", "=?base64?!!!?="):
        equal(code_of(w.modern("tools/call", call, headers={"Mcp-Name": name})), (400, -32020), "Mcp-Name %s" % name)
    for name in ("  list_changes ", "=?base64?%s?=" % base64.b64encode(b"list_changes").decode()):
        equal(w.modern("tools/call", call, headers={"Mcp-Name": name})[0], 200, "Mcp-Name '%s'" % name)


def check_ladder_methods(w):
    for method in ("initialize", "ping", "logging/setLevel", "resources/subscribe", "unknown/method"):
        answer = w.modern(method)
        equal(code_of(answer), (404, -32601), method)
        equal(answer[2]["id"], 7, "id")
    equal(code_of(w.modern("tools/call", {"name": "nope"})), (200, -32602), "unknown tool")
    equal(code_of(w.modern("tools/list", {"cursor": "x"})), (200, -32602), "unknown cursor")


def check_modern_results(w):
    for method in ("server/discover", "tools/list", "prompts/list"):
        result = w.modern(method)[2]["result"]
        equal(result["resultType"], "complete", method)
        holds(isinstance(result["ttlMs"], int) and result["cacheScope"] in ("private", "public"), "cache of " + method)
        holds(result["_meta"][META + "serverInfo"]["version"], "serverInfo of " + method)
    answer = w.modern("tools/list", headers={"Mcp-Session-Id": "abc", "Last-Event-ID": "1"})
    holds("mcp-session-id" not in answer[1], "a session id on a modern answer")
    for msg_id in (0, -3, "a", 9007199254740993, "ä\""):
        equal(w.modern("tools/list", msg_id=msg_id)[2]["id"], msg_id, "id")


# -- HTTP in general --------------------------------------------------------------------------------------------------

def check_bodies(w):
    init = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
    answer = w.post("{nonsense")
    equal(code_of(answer), (400, -32700), "no JSON")
    holds("id" not in answer[2], "an id that could not be read")
    for body in ([init], {"id": 1, "method": "ping"}, {"jsonrpc": "2.0", "id": None, "method": "ping"}, 3,
                 {"jsonrpc": "2.0", "id": 1.5, "method": "ping"}, {"jsonrpc": "2.0", "id": {}, "method": "ping"}):
        equal(code_of(w.post(body)), (400, -32600), json.dumps(body))
    twice = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{%s}}'
    for body in (twice.replace('"id":1', '"id":1,"method":"ping"') % "", twice % '"_meta":{},"_meta":{}',
                 twice % '"a":[{"x\\u202e":1,"b":2,"x\\u202e":3}]'):
        answer = w.post(body)
        equal((code_of(answer), answer[2]["id"]), ((400, -32600), 1), body)
        holds("twice" in answer[2]["error"]["message"] and "\u202e" not in answer[2]["error"]["message"], answer[2])
    equal(w.post(init, {"Content-Type": "text/plain"})[0], 415, "text/plain")
    equal(w.post(init, {"Content-Type": "application/json; charset=utf-8"})[0], 200, "charset")
    equal(w.post("[" * 100 + "]" * 100)[0], 400, "depth")
    status, headers, _ = mcp.HttpClient("127.0.0.1", w.port, LEGACY).raw("PUT", "/mcp", "{}")
    equal((status, "POST" in headers.get("allow", "")), (405, True), "PUT")
    equal(mcp.HttpClient("127.0.0.1", w.port, LEGACY).raw("GET", "/mcp", None)[0], 405, "GET without a session")
    equal(mcp.HttpClient("127.0.0.1", w.port, LEGACY).raw("POST", "/sse", "{}",
                                                          {"Content-Type": "application/json"})[0], 405, "/sse")


def check_large_body(w):
    with socket.create_connection(("127.0.0.1", w.port), 10) as s:
        s.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  b"Content-Length: 90000000\r\n\r\n")
        holds(b" 413 " in s.recv(4096).split(b"\r\n")[0], "90 MB is refused before it is sent")


def check_host_and_origin(w):
    init = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
    for path, method in (("/mcp", "POST"), ("/mcp", "GET"), ("/mcp", "DELETE"), ("/other", "GET"), ("/mcp", "OPTIONS")):
        for headers in ({"Host": "evil.example.com"}, {"Origin": "http://evil.example.com"}, {"Origin": "null"},
                        {"Host": "localhost.evil.com"}, {"Origin": "http://localhost.evil.com"},
                        {"Host": "127.0.0.1:1@evil.com"}):
            c = mcp.HttpClient("127.0.0.1", w.port, LEGACY)
            status, _, _ = c.raw(method, path, json.dumps(init) if method == "POST" else None,
                                 {"Content-Type": "application/json", **headers})
            equal(status, 403, "%s %s %s" % (method, path, headers))
    for host in ("localhost:%d" % w.port, "127.0.0.1", "[::1]:8470", "LOCALHOST"):
        equal(w.post(init, {"Host": host, "Origin": "http://localhost:3000"})[0], 200, host)


def check_sessions(w):
    equal(w.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})[0], 400, "no session id")
    equal(w.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, {"Mcp-Session-Id": "x" * 27})[0], 404, "unknown")
    status, headers, body = w.post({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                                    "params": {"protocolVersion": "1999-01-01", "capabilities": {"x": 1}}})
    equal((status, body["result"]["protocolVersion"]), (200, LEGACY), "an unknown version is countered")
    own = {"Mcp-Session-Id": headers["mcp-session-id"], "MCP-Protocol-Version": LEGACY}
    holds(len(own["Mcp-Session-Id"]) >= 22, "128 bits")
    equal(w.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, own)[::2], (202, ""), "202 without a body")
    for method in ("ping", "logging/setLevel"):
        equal(w.post({"jsonrpc": "2.0", "id": "p", "method": method, "params": {"level": "info"}}, own)[2]["result"],
              {}, method)
    equal(code_of(w.post({"jsonrpc": "2.0", "id": 2, "method": "nope"}, own)), (200, -32601), "unknown method")
    equal(code_of(w.post({"jsonrpc": "2.0", "id": 2, "method": "initialize"}, own))[0], 200, "initialize again")
    equal(w.post({"jsonrpc": "2.0", "id": 2, "method": "ping"}, {**own, "MCP-Protocol-Version": "1999-01-01"})[0], 400,
          "an unknown version in the header")
    c = mcp.HttpClient("127.0.0.1", w.port, LEGACY)
    equal(c.raw("DELETE", "/mcp", None, own)[0], 204, "DELETE")
    equal(w.post({"jsonrpc": "2.0", "id": 3, "method": "ping"}, own)[0], 404, "after DELETE")


def check_standing_stream(w):
    c = w.http(LEGACY)

    def get():
        conn = http.client.HTTPConnection("127.0.0.1", w.port, timeout=10)
        conn.request("GET", "/mcp", None, {**c.headers({}), "Accept": "text/event-stream"})
        return conn, conn.getresponse()
    _, first = get()
    equal((first.status, first.getheader("Content-Type")), (200, "text/event-stream"), "GET")
    _, second = get()
    equal(second.status, 200, "a second GET")
    first.read()  # the newest wins: the first one ends by itself
    equal(c.raw("GET", "/mcp", None, {**c.headers({}), "Accept": "application/json"})[0], 406, "Accept")
    c.close()
    second.read()  # ends with its session


def check_tokens(w):
    token = "correct-horse-battery-staple"
    config = os.path.join(w.house.dir, "tokens.yaml")
    with open(config, "w") as f:
        f.write("http:\n  tokens:\n    - name: ci\n      sha256: %s\n" % sha256(token))
    port = w.house.serve(["--config", config])
    for value in (None, "Bearer wrong", "Basic " + token, "Bearer", "Bearer " + token + "x"):
        h = {"Content-Type": "application/json"}
        if value:
            h["Authorization"] = value
        status, headers, _ = mcp.HttpClient("127.0.0.1", port, LEGACY).raw("POST", "/mcp", "{}", h)
        equal((status, headers.get("www-authenticate", "")[:6]), (401, "Bearer"), str(value))
    c = mcp.HttpClient("127.0.0.1", port, LEGACY, token=token)
    c.open()
    c.close()
    code, _, err = w.house.run(["serve", "--listen", "0.0.0.0:0"])
    holds(code not in (0, None) and "authentication" in err, "0.0.0.0 without tokens: %s %s" % (code, err))


def sha256(text):
    import hashlib
    return hashlib.sha256(text.encode()).hexdigest()


# -- approval ---------------------------------------------------------------------------------------------------------

def ask_modern(w, arguments=PATCH, tool="change_resource"):
    meta = {META + "protocolVersion": mcp.MODERN, META + "clientCapabilities": {"elicitation": {}}}
    answer = w.modern("tools/call", {"name": tool, "arguments": arguments}, meta=meta)[2]
    result = answer.get("result", {})
    equal(result.get("resultType"), "input_required", json.dumps(answer)[:600])
    return result["requestState"], meta


def retry(w, state, meta, arguments=PATCH, tool="change_resource", responses=None):
    yes = {"approval": {"action": "accept", "content": {"decision": "approve"}}}
    return w.modern("tools/call", {"name": tool, "arguments": arguments, "requestState": state,
                                   "inputResponses": yes if responses is None else responses}, meta=meta)


def check_state_tampered(w):
    state, meta = ask_modern(w)
    before = w.path_of_route()
    sealed = state.split(".")[1]
    flipped = ("A" if sealed[0] != "A" else "B") + sealed[1:]
    for bad in (state + "-TAMPERED", state[:-1], "", "v2.", "v2." + flipped, state + ".", "." + state,
                "v1." + sealed, "v2." + sealed[:-2], "v1.%s.%s" % (sealed, "A" * 43), 7, "A" * 100000):
        equal(code_of(retry(w, bad, meta)), (200, -32602), "state %s" % str(bad)[-40:])
    other = {**PATCH, "object": {"path": {"matchType": "PRE", "matchValue": "/p3"}}}
    equal(code_of(retry(w, state, meta, other)), (200, -32602), "approval for other arguments")
    equal(code_of(retry(w, state, meta, {}, "list_changes")), (200, -32602), "approval for another tool")
    equal(w.path_of_route(), before, "nothing is written")


def check_answers_that_do_not_approve(w):
    before = w.path_of_route()
    wishes = iter(range(100))  # one that was rejected is not asked about again
    for responses in ({}, {"approval": {"action": "cancel"}}, {"approval": {"action": "accept"}}, {"approval": 1},
                      {"approval": {"action": "accept", "content": {}}}, {"other": {"action": "accept"}},
                      {"approval": {"action": "accept", "content": {"decision": "yes"}}},
                      {"approval": {"action": "accept", "content": {"decision": True}}},
                      {"approval": {"action": "decline"}},
                      {"approval": {"action": "accept", "content": {"decision": "reject"}}}):
        wish = {**PATCH, "object": {"path": {"matchType": "PRE", "matchValue": "/wish/%d" % next(wishes)}}}
        state, meta = ask_modern(w, wish)
        answer = retry(w, state, meta, wish, responses=responses)
        equal(answer[0], 200, json.dumps(responses))
        equal(w.path_of_route(), before, json.dumps(responses))
    equal(code_of(retry(w, state, meta, wish, responses=[])), (200, -32602), "inputResponses as a list")


def check_state_used_once(w):
    state, meta = ask_modern(w)
    result = retry(w, state, meta)[2]["result"]
    holds(not result.get("isError"), json.dumps(result)[:500])
    equal(w.path_of_route(), "/p2", "applied")
    route = w.api("GET", "/v1/routes/pay")["data"]
    route["path"]["matchValue"] = "/pay"
    w.api("PUT", "/v1/routes/pay", route)
    again = retry(w, state, meta)[2].get("result", {})
    equal(w.path_of_route(), "/pay", "the same approval a second time: %s" % json.dumps(again)[:300])


def check_drift_between_legs(w):
    state, meta = ask_modern(w)
    route = w.api("GET", "/v1/routes/pay")["data"]
    route["path"]["matchValue"] = "/elsewhere"
    w.api("PUT", "/v1/routes/pay", route)
    answer = retry(w, state, meta)[2]["result"]
    holds(answer.get("isError") or answer.get("resultType") == "input_required", json.dumps(answer)[:400])
    equal(w.path_of_route(), "/elsewhere", "an approval of a plan that is no longer true")
    route = w.api("GET", "/v1/routes/pay")["data"]
    route["path"]["matchValue"] = "/pay"
    w.api("PUT", "/v1/routes/pay", route)


def check_asked_on_the_calls_stream(w):
    for make, path in ((w.http, "/unwanted/1"), (w.stdio, "/unwanted/2")):
        c = make(LEGACY, "decline")
        result = c.call("change_resource", {**PATCH, "object": {"path": {"matchType": "PRE", "matchValue": path}}})
        equal(len(c.asked), 1, "asked")
        equal(c.asked[0].get("mode"), "form", "mode")
        holds(path in c.asked[0]["message"], "the diff is shown")
        holds("rejected" in json.dumps(result), json.dumps(result)[:300])
        c.close()
    equal(w.path_of_route(), "/pay", "declined")


def check_cancel_while_asked(w):
    c = w.stdio(LEGACY, "none")
    c.close()
    c = w.stdio(LEGACY, opened=False)
    c.exchange({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": LEGACY, "capabilities": {"elicitation": {}}, "clientInfo": {"name": "x", "version": "1"}}})
    c.send({"jsonrpc": "2.0", "id": "call-1", "method": "tools/call",
            "params": {"name": "change_resource", "arguments": PATCH}})
    asked = c.receive()
    equal(asked["method"], "elicitation/create", "asked")
    c.notify("notifications/cancelled", {"requestId": "call-1"})
    told = c.receive()
    equal((told["method"], told["params"]["requestId"]), ("notifications/cancelled", asked["id"]), "the dialog closes")
    # An answer that comes too late approves nothing, and the cancelled call stays unanswered.
    c.send({"jsonrpc": "2.0", "id": asked["id"],
            "result": {"action": "accept", "content": {"decision": "approve"}}})
    equal(c.exchange({"jsonrpc": "2.0", "id": 9, "method": "ping"})["result"], {}, "goes on")
    equal(w.path_of_route(), "/pay", "cancelled")
    equal(c.close(), 0, "exit code")


def check_eof_while_asked(w):
    c = w.stdio(LEGACY, opened=False)
    c.exchange({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": LEGACY, "capabilities": {"elicitation": {}}, "clientInfo": {"name": "x", "version": "1"}}})
    c.send({"jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": {"name": "change_resource", "arguments": PATCH}})
    c.receive()
    begin = time.time()
    equal(c.close(), 0, "exit code at EOF")
    holds(time.time() - begin < 5, "took %.1f s" % (time.time() - begin))
    equal(w.path_of_route(), "/pay", "nothing is written")


# -- calls ------------------------------------------------------------------------------------------------------------

def check_slow_reader_at_eof(w):
    """The end of input does not cut off answers that a slow reader has not taken yet."""
    requests = [{"jsonrpc": "2.0", "id": 0, "method": "initialize",
                 "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}]
    requests += [{"jsonrpc": "2.0", "id": i, "method": "tools/list"} for i in range(1, 101)]
    p = subprocess.Popen([house.BINARY, "stdio"], env=w.house.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdin.write("".join(json.dumps(r) + "\n" for r in requests).encode())
    p.stdin.close()
    time.sleep(1.0)
    lines = p.stdout.read().decode().splitlines()
    p.wait(20)
    equal([json.loads(line)["id"] for line in lines], list(range(101)), "answers")


def pending_id(c):
    result = c.call("change_resource", PATCH)
    return result["structuredContent"]["id"]


def check_cancellation(w):
    c = w.stdio(LEGACY)
    plan = pending_id(c)
    c.send({"jsonrpc": "2.0", "id": 50, "method": "tools/call",
            "params": {"name": "get_change", "arguments": {"id": plan, "wait": 20}}})
    equal(c.exchange({"jsonrpc": "2.0", "id": 51, "method": "ping"})["result"], {}, "answered out of order")
    begin = time.time()
    c.notify("notifications/cancelled", {"requestId": 50})
    time.sleep(0.3)
    equal(c.exchange({"jsonrpc": "2.0", "id": 52, "method": "ping"})["result"], {}, "still alive")
    equal(c.close(), 0, "exit code")
    holds(time.time() - begin < 10, "a cancelled call does not delay the end")
    holds(not any('"id":50' in line for line in c.heard), "a cancelled call is not answered")


def check_disconnect_cancels_only_modern(w):
    legacy = w.http(LEGACY)
    plan = pending_id(legacy)
    params = {"name": "get_change", "arguments": {"id": plan, "wait": 15}}
    meta = {META + "protocolVersion": mcp.MODERN, META + "clientCapabilities": {}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**params, "_meta": meta}}).encode()
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", w.port), 10) as s:
            s.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMcp-Method: "
                      b"tools/call\r\nMcp-Name: get_change\r\nMCP-Protocol-Version: 2026-07-28\r\nContent-Length: %d"
                      b"\r\n\r\n" % len(body) + body)
            time.sleep(0.2)
    equal(legacy.request("ping"), {}, "alive")
    legacy.close()


def check_calls_at_once(w):
    w.house.env["HIGRESS_OPS_MAX_CALLS"] = "2"
    c = w.stdio(LEGACY)
    del w.house.env["HIGRESS_OPS_MAX_CALLS"]
    plan = pending_id(c)
    for i in (61, 62):
        c.send({"jsonrpc": "2.0", "id": i, "method": "tools/call",
                "params": {"name": "get_change", "arguments": {"id": plan, "wait": 20}}})
    result = c.call("list_changes", {})
    holds(result.get("isError") and "busy" in result["content"][0]["text"], json.dumps(result)[:300])
    c.notify("notifications/cancelled", {"requestId": 61})
    time.sleep(0.3)
    holds(not c.call("list_changes", {}).get("isError"), "one has ended")
    c.notify("notifications/cancelled", {"requestId": 62})
    c.close()


def progress_of(c, tool, arguments, token=7):
    before = len(c.notes)
    result = c.call(tool, arguments, meta={"progressToken": token})
    holds(not result.get("isError"), "%s: %s" % (tool, result["content"][0]["text"][:300]))
    notes = [n["params"] for n in c.notes[before:] if n["method"] == "notifications/progress"]
    for n in notes:
        equal(n["progressToken"], token, "token")
    done = [n["progress"] for n in notes]
    equal(done, sorted(set(done)), "progress only grows")
    return notes


def check_progress(w):
    for token in (0, "t", 12):
        c = w.stdio(LEGACY)
        progress_of(c, "gateway_overview", {}, token)
        notes = progress_of(c, "diagnose", {"route": "pay"}, token)
        equal({n["total"] for n in notes}, {9}, "steps of a diagnosis")
        equal(notes[-1]["progress"], 9, "the last step")
        c.close()


def check_progress_of_an_apply(w):
    for c in (w.http(LEGACY, "accept"), w.http(mcp.MODERN, "accept"), w.stdio(LEGACY, "accept")):
        path = "/progress-%s" % time.time()
        notes = progress_of(c, "change_resource", {**PATCH, "object": {"path": {"matchValue": path}}})
        equal([(n["progress"], n["total"]) for n in notes[-2:]][-1:], [(1, 1)], "one operation of one")
        equal(w.path_of_route(), path)
        c.close()


def check_progress_of_a_long_list(w):
    """Counts as it reads; the console says the total when its list has ended, and so do we: no guess before that."""
    for i in range(1100):
        w.api("POST", "/v1/domains", {"name": "d%d.example.com" % i, "enableHttps": "off"})
    c = w.http(mcp.MODERN)
    notes = progress_of(c, "list_resources", {"kind": "domain"})
    every = w.api("GET", "/v1/domains")["total"]
    equal([(n["progress"], n.get("total")) for n in notes], [(1000, None), (every, every)])
    for i in range(1100):
        w.api("DELETE", "/v1/domains/d%d.example.com" % i)


class SlowConsole:
    """Stands before the console; while `armed` it answers nothing and notes when the client has left."""

    def __init__(self, port):
        outer = self
        self.port, self.armed, self.held, self.left = port, False, queue.Queue(), queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if outer.armed and "/session/" not in self.path:
                    outer.held.put(self.path)
                    self.connection.settimeout(10)
                    try:
                        self.connection.recv(1)
                    except OSError:
                        pass
                    outer.left.put(time.time())
                    self.close_connection = True
                    return
                c = http.client.HTTPConnection("127.0.0.1", outer.port, timeout=10)
                c.request(self.command, self.path, body or None, dict(self.headers))
                r = c.getresponse()
                data = r.read()
                self.send_response(r.status)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Content-Type", r.headers.get("Content-Type", ""))
                self.end_headers()
                self.wfile.write(data)
                c.close()

            do_GET = do_POST = do_PUT = do_DELETE = do

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_port


def check_cancelling_leaves_the_console_at_once(w):
    """Whatever reads the gateway: 100 ms after the cancellation the request to the console is over (best of three)."""
    slow = SlowConsole(w.house.port)
    stdio = mcp.StdioClient([house.BINARY, "stdio", "--gateway-url", slow.url], w.house.env, LEGACY)
    stdio.open()
    route = {"type": "ref/resource", "uri": "higress://gateway/{gateway}/route/{name}"}
    for method, params in (("tools/call", {"name": "gateway_overview", "arguments": {}}),
                           ("tools/call", {"name": "list_routes", "arguments": {}}),
                           ("tools/call", {"name": "diagnose", "arguments": {"route": "pay"}}),
                           ("tools/call", {"name": "get_resource", "arguments": {"kind": "route", "name": "pay"}}),
                           ("tools/call", {"name": "change_resource", "arguments": PATCH}),
                           ("resources/list", {}), ("resources/read", {"uri": "higress://gateway/default/route/pay"}),
                           ("completion/complete", {"ref": route, "argument": {"name": "name", "value": ""}})):
        took = []
        for i in range(3):
            slow.armed = True
            stdio.send({"jsonrpc": "2.0", "id": "c%d" % i, "method": method, "params": params})
            slow.held.get(timeout=10)
            start = time.time()
            stdio.notify("notifications/cancelled", {"requestId": "c%d" % i})
            took.append(slow.left.get(timeout=10) - start)
            slow.armed = False
            stdio.request("ping")
        holds(min(took) < 0.1, "%s %s: %s" % (method, params, took))
        holds(slow.held.empty(), "nothing more was asked")
    port = w.house.serve(["--gateway-url", slow.url])
    modern, legacy = w.http(mcp.MODERN, port=port), w.http(LEGACY, port=port)
    for c in (modern, legacy):
        took = []
        for i in range(3):
            slow.armed = True
            message = {"jsonrpc": "2.0", "id": "h%d" % i, "method": "tools/call", "params": {
                "name": "list_routes", "arguments": {}, **({"_meta": c.meta()} if c.modern() else {})}}
            call = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            call.request("POST", "/mcp", json.dumps(message), c.headers(message))
            slow.held.get(timeout=10)
            start = time.time()
            if c.modern():
                call.sock.shutdown(socket.SHUT_RDWR)
            else:
                c.notify("notifications/cancelled", {"requestId": "h%d" % i})
            took.append(slow.left.get(timeout=10) - start)
            call.close()
            slow.armed = False
        holds(min(took) < 0.1, "over HTTP, %s: %s" % (c.era, took))
    changes = stdio.call("list_changes", {"state": "pending"})
    holds(not changes.get("isError"), "the server goes on: %s" % changes)
    stdio.close()


def check_log_level(w):
    for level, heard in (("emergency", False), ("info", True)):
        c, beside = w.http(LEGACY), w.http(LEGACY)
        c.request("logging/setLevel", {"level": level})
        for one in (c, beside):
            one.call("list_changes", {})
        equal(any(n["method"] == "notifications/message" for n in c.notes), heard, "session level " + level)
        equal(beside.notes, [], "the level is that session's alone")
        c.close()
        beside.close()
        c = w.http(mcp.MODERN)
        c.call("list_changes", {}, meta={META + "logLevel": level})
        equal(any(n["method"] == "notifications/message" for n in c.notes), heard, "request level " + level)
    c = w.http(mcp.MODERN)
    c.call("list_changes", {})
    equal(c.notes, [], "without a level")


def check_arguments(w):
    c = w.http(mcp.MODERN)
    for args, words in (({"nope": 1}, "nope"), ({}, "kind"), ({"kind": 5}, "kind"), ({"kind": "nothing"}, "nothing")):
        result = c.call("list_resources", args)
        text = result["content"][0]["text"]
        holds(result["isError"] and words in text, "%s: %s" % (args, text[:300]))
    holds(not c.request("tools/call", {"name": "list_changes", "arguments": None}).get("isError"), "null is nothing")
    try:
        c.request("tools/call", {"name": "list_changes", "arguments": []})
    except mcp.RpcError as e:
        equal(e.error["code"], -32602, "arguments as a list")
    else:
        pass  # a result with isError is the other answer that 2025-11-25 and later allow


def check_prompts(w):
    for c in (w.http(LEGACY), w.http(mcp.MODERN), w.stdio("2025-06-18")):
        prompts = c.request("prompts/list")["prompts"]
        holds(len(prompts) >= 3 and all(p["description"] for p in prompts), "prompts")
        arguments = {a["name"]: "pay" for a in prompts[0].get("arguments", [])}
        got = c.request("prompts/get", {"name": prompts[0]["name"], "arguments": arguments})
        holds(got["messages"][0]["content"]["type"] == "text", "message")
        for params in ({"name": "nope"}, {"name": prompts[0]["name"], "arguments": {"x": 5}}):
            try:
                c.request("prompts/get", params)
                raise AssertionError("prompts/get took %s" % params)
            except mcp.RpcError as e:
                equal(e.error["code"], -32602, str(params))
        named = [(p["name"], a["name"]) for p in prompts for a in p.get("arguments", []) if a["name"] == "route"]
        if named:
            done = c.request("completion/complete", {"ref": {"type": "ref/prompt", "name": named[0][0]},
                                                     "argument": {"name": named[0][1], "value": "p"}})
            holds("pay" in done["completion"]["values"], "completed from real names: %s" % done)
        c.close()


def check_prompts_of_a_folder(w):
    folder = os.path.join(w.house.dir, "runbooks")
    os.mkdir(folder)
    for name, text in (("own.md", "---\nname: own\ndescription: Ours.\narguments:\n- name: x\n  description: X.\n"
                                  "  required: true\n---\nDo {{x}} and {{y}}.\n"),
                       ("limits.md", "---\nname: tune-limits\ndescription: Replaced.\n---\nNothing.\n"),
                       ("wrong.md", "no header"), ("odd.md", "---\nname: odd\nwhat: 1\n---\n"), ("x.txt", "---")):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    w.house.env["HIGRESS_OPS_PROMPTS"] = folder
    c = w.stdio(LEGACY)
    del w.house.env["HIGRESS_OPS_PROMPTS"]
    prompts = {p["name"]: p for p in c.request("prompts/list")["prompts"]}
    equal((len(prompts), prompts["tune-limits"]["description"]), (4, "Replaced."), "one more, one replaced")
    text = c.request("prompts/get", {"name": "own", "arguments": {"x": "this\nnow {{y}}", "y": "no"}})
    holds("Do this now {{y}} and" in text["messages"][0]["content"]["text"], "values are data: %s" % text)
    c.close()
    holds("wrong.md is left out" in "".join(c.errors) and "odd.md is left out" in "".join(c.errors), "said on stderr")


def check_two_eras_on_one_pipe(w):
    c = w.stdio(LEGACY, opened=False)
    early = c.exchange({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    equal(early["error"]["code"], -32600, "before initialize")
    equal(c.exchange({"jsonrpc": "2.0", "id": 2, "method": "ping"})["result"], {}, "ping before initialize")
    holds("error" in c.exchange({"jsonrpc": "2.0", "id": 3, "method": "server/discover"}), "discover without _meta")
    meta = {META + "protocolVersion": mcp.MODERN, META + "clientCapabilities": {}}
    modern = {"jsonrpc": "2.0", "id": 4, "method": "tools/list", "params": {"_meta": meta}}
    equal(c.exchange(modern)["result"]["resultType"], "complete", "stateless before initialize")
    c.open()
    holds("resultType" not in c.request("tools/list"), "session result")
    equal(c.exchange({**modern, "id": 99})["result"]["resultType"], "complete", "stateless beside a session")
    c.send("{nonsense")
    got = c.receive()
    equal(("id" in got, got["error"]["code"]), (False, -32700), "parse error without id")
    c.send("   ")
    c.send("{\"jsonrpc\":\"2.0\",\"id\":123456789012345678901,\"method\":\"ping\"}\r")
    holds('"id":123456789012345678901,' in json.dumps(c.receive(), separators=(",", ":")), "a long id is kept")
    equal(c.close(), 0, "exit code")


def check_nothing_loaded_before_it_is_needed(w):
    c = w.stdio(LEGACY)
    c.request("tools/list")
    c.request("prompts/list")
    maps = open("/proc/%d/maps" % c.process.pid).read()
    for library in ("libcurl", "libwebsockets", "libsqlite3", "libcrypto", "libssl"):
        holds(library not in maps, library + " is loaded already")
    c.close()


def check_many_at_once(w):
    def work(era, wrong):
        try:
            c = w.http(era)
            for _ in range(10):
                holds("content" in c.call("list_routes", {}), "list_routes")
            c.close()
        except Exception as e:
            wrong.append(repr(e))
    wrong = []
    threads = [threading.Thread(target=work, args=(e, wrong)) for e in (LEGACY, mcp.MODERN) * 8]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(wrong, [], "16 clients")


def check_shutdown_with_calls_in_flight(w):
    meta = {META + "protocolVersion": mcp.MODERN, META + "clientCapabilities": {}}
    port = w.house.serve()
    server = w.house.processes[-1]
    legacy = w.http(LEGACY, port=port)
    call = {"name": "get_change", "arguments": {"id": pending_id(legacy), "wait": 20}}

    def wait(headers, params):
        try:
            w.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, headers, port)
        except (OSError, http.client.HTTPException):
            pass
    for headers, params in ((legacy.headers({}), call),
                            ({"MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "get_change"},
                             {**call, "_meta": meta})):
        threading.Thread(target=wait, args=(headers, params), daemon=True).start()
    time.sleep(0.5)
    begin = time.time()
    server.terminate()
    code = server.wait(20)
    w.house.processes.remove(server)
    equal(code, 0, "exit code (a leak or a crash is another one)")
    holds(time.time() - begin < 5, "took %.1f s" % (time.time() - begin))


# -- every answer fits the schema that tools/list gives ------------------------------------------------------------------

def check_instructions(w):
    """Short, the same in both eras, and what they name is there."""
    said = [c.open()["instructions"] for c in (w.stdio(LEGACY, opened=False), w.stdio(mcp.MODERN, opened=False))]
    equal(said[0], said[1])
    holds(len(said[0].split()) <= 150, "%d words" % len(said[0].split()))
    tools = names_of(w.http(LEGACY))
    named = set(re.findall(r"\b[a-z]+_[a-z_]+\b", said[0]))
    equal(named - set(tools), {"approval_required", "dry_run"}, "named")
    holds({"gateway_overview", "diagnose", "list_routes", "get_change"} <= named | set(said[0].split()), "the way in")


def names_of(c):
    return [t["name"] for t in c.request("tools/list")["tools"]]


def check_a_file_broken_by_hand(w):
    """The console names file and line, goes on serving the rest, and takes the file again when it is mended."""
    own = house.House()
    try:
        path = os.path.join(own.dir, "data", "ingresses", "default.yaml")
        good = open(path).read()
        with open(path, "a") as f:
            f.write("\n  x: [1\n")
        equal([r["name"] for r in own.api("GET", "/v1/routes")[1]["data"]], [], "routes")
        equal(own.api("GET", "/v1/domains")[0], 200, "the rest")
        log = open(os.path.join(own.dir, "console.log")).read()
        holds("ingresses/default.yaml: not YAML at line %d" % (good.count("\n") + 3) in log, "the log: " + log)
        with open(path, "w") as f:
            f.write(good)
        equal([r["name"] for r in own.api("GET", "/v1/routes")[1]["data"]], ["default"], "mended")
    finally:
        own.close()
        own.forget()


def check_narrowed_tools(w):
    every = names_of(w.http(LEGACY))
    for args, want in ((["--tools", "list_routes,diagnose"], {"list_routes", "diagnose"}),
                       (["--toolsets", "change", "--tools", "list_routes"],
                        {"apply_change", "get_change", "list_changes", "cancel_change", "undo_change", "list_routes"}),
                       (["--read-only"], {n for n in every if n.startswith(("get", "list", "tail", "diag"))})):
        c = mcp.StdioClient([house.BINARY, "stdio", *args], w.house.env, LEGACY)
        c.open()
        got = names_of(c)
        if args[0] == "--read-only":
            holds(want <= set(got) < set(every) and "change_resource" not in got, "read-only: %s" % got)
        else:
            equal(set(got) | want, want, str(args))
        equal(got, [n for n in every if n in got], "the order stays")
        result = c.call("change_resource", PATCH)
        holds(result["isError"] and ("--mode approve" if args[0] == "--read-only" else "--tools")
              in result["content"][0]["text"], json.dumps(result))
        c.close()
    for args in (["--tools", "nope"], ["--toolsets", "nope"]):
        code, _, err = w.house.run(["stdio", *args])
        holds(code == 3 and "nope" in err, "%s: %s %s" % (args, code, err))


def check_reload(w):
    """SIGHUP reads the configuration again; every client is told of the tools and prompts that are others now."""
    folder = os.path.join(w.house.dir, "reload")
    os.mkdir(folder)
    config = os.path.join(folder, "ops.yaml")

    def write(tools, more=""):
        with open(config, "w") as f:
            f.write("prompts: %s\n%s%s" % (folder, "tools: [%s]\n" % tools if tools else "", more))

    def told(c):
        heard, end = [], time.time() + 5
        while time.time() < end and len(heard) < 3:
            try:
                heard.append(c.receive(1)["method"].split("/")[1])
            except mcp.Gone:
                break
        return sorted(heard)

    write("list_routes")
    c = mcp.StdioClient([house.BINARY, "stdio", "--config", config], w.house.env, LEGACY)
    c.open()
    equal(names_of(c), ["list_routes"])
    c.request("prompts/list")
    write("list_routes, diagnose")
    c.process.send_signal(signal.SIGHUP)
    equal(told(c), ["tools"], "tools changed")
    equal(names_of(c), ["list_routes", "diagnose"])
    c.process.send_signal(signal.SIGHUP)
    equal(told(c), [], "nothing changed")
    with open(os.path.join(folder, "one.md"), "w") as f:
        f.write("---\nname: one\ndescription: One.\n---\nDo it.\n")
    write("", "read_only: true\n")
    c.process.send_signal(signal.SIGHUP)
    equal(told(c), ["prompts", "tools"], "both changed")
    holds("change_resource" not in names_of(c) and "get_resource" in names_of(c), "mode changed")
    holds("one" in [p["name"] for p in c.request("prompts/list")["prompts"]], "a new prompt")
    write("nope")
    c.process.send_signal(signal.SIGHUP)
    equal(told(c), [], "a wrong configuration changes nothing")
    holds("get_resource" in names_of(c), "it goes on")
    holds(any("nothing was changed" in line for line in c.errors), "and is logged")
    c.close()


def misfit(schema, value, at="$"):
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    want = schema.get("type")
    if want and (not isinstance(value, kinds[want]) or (want in ("integer", "number") and isinstance(value, bool))):
        return "%s is %r, not %s" % (at, value, want)
    if "enum" in schema and value not in schema["enum"]:
        return "%s is %r" % (at, value)
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                return "%s.%s is missing" % (at, name)
        for name, sub in schema.get("properties", {}).items():
            wrong = misfit(sub, value[name], at + "." + name) if name in value else None
            if wrong:
                return wrong
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for i, item in enumerate(value):
            wrong = misfit(schema["items"], item, "%s[%d]" % (at, i))
            if wrong:
                return wrong
    return None


class EmptyPrometheus(http.server.BaseHTTPRequestHandler):
    """It has nothing, and says so."""

    def do_POST(self):
        body = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class EmptyAdmin(http.server.BaseHTTPRequestHandler):
    """The admin interface of an Envoy that has nothing."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "14")
        self.end_headers()
        self.wfile.write(b'{"configs":[]}')


def check_answers_fit_their_schemas(w):
    admin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyAdmin)
    threading.Thread(target=admin.serve_forever, daemon=True).start()
    figures = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyPrometheus)
    threading.Thread(target=figures.serve_forever, daemon=True).start()
    log = os.path.join(w.house.dir, "access.log")
    with open(log, "w") as f:
        f.write(json.dumps({"start_time": "2026-11-24T10:00:00.000Z", "method": "GET", "path": "/pay", "authority": "a",
                            "response_code": "503", "response_flags": "UF", "route_name": "pay"}) + "\n")
    c = w.http(LEGACY, port=w.house.serve(["--access-log", log, "--envoy-admin", "http://127.0.0.1:%d" % admin.server_port,
                                             "--prometheus", "http://127.0.0.1:%d" % figures.server_port]))
    tools = {t["name"]: t for t in c.request("tools/list")["tools"]}
    plan = pending_id(c)
    calls = [("gateway_overview", {}), ("list_routes", {}), ("list_resources", {"kind": "route"}), ("diagnose", {}),
             ("get_resource", {"kind": "route", "name": "pay"}), ("list_changes", {}), ("get_change", {"id": plan}),
             ("change_resource", {**PATCH, "dry_run": True}), ("tail_logs", {}), ("apply_change", {"id": plan}),
             ("tune_rate_limit", {"route": "pay", "requests": 5, "dry_run": True}),
             ("add_provider", {"name": "mind", "type": "openai", "key": "sk-hush-1199-quiet", "dry_run": True}),
             ("describe_kind", {"kind": "route"}), ("check_config", {}), ("analyze_traffic", {"by": ["route"]}),
             ("explain_request", {"path": "/pay"}), ("inspect_proxy", {"what": "clusters"}),
             ("query_metrics", {"question": "requests"}),
             ("apply_manifest", {"manifest": "kind: domain\nname: d.example.com\nenableHttps: 'off'\n", "dry_run": True}),
             ("probe", {"kind": "route", "name": "pay"}), ("cancel_change", {"id": plan})]
    code, _, err = w.house.run(["call", "--mode", "auto", "change_resource",
                                json.dumps({**PATCH, "object": {"path": {"matchValue": "/fit-%s" % time.time()}}})])
    equal(code, 0, err)
    applied = c.call("list_changes", {"state": "applied"})["structuredContent"]["changes"][0]["id"]
    calls.append(("undo_change", {"id": applied, "dry_run": True}))
    equal(sorted({name for name, _ in calls}), sorted(tools), "every tool")
    for name, args in calls:
        result = c.call(name, args)
        text = result["content"][0]["text"]
        holds(not result.get("isError"), "%s: %s" % (name, text[:300]))
        holds(0 < len(text) < 6000, "a short text beside it: %s" % name)
        equal(misfit(tools[name]["outputSchema"], result.get("structuredContent")), None, name)
        reads = name.startswith(("list_", "get_", "gateway_", "describe_", "diagnose", "tail_", "check_", "analyze_", "explain_", "inspect_",
                                 "query_", "probe"))
        hint = {"readOnlyHint": True} if reads else {"destructiveHint": name == "apply_change"}
        closed = {} if name == "probe" else {"openWorldHint": False}  # it asks servers behind the gateway, too
        equal(tools[name]["annotations"], {**hint, **closed}, "annotations of " + name)
        holds(tools[name]["title"], "title of " + name)
    for era in ("2025-06-18", LEGACY, mcp.MODERN):
        again = [json.dumps(w.http(era).request("tools/list")["tools"]) for _ in range(3)]
        equal(len(set(again)), 1, "the same order every time")
    c.close()
    admin.shutdown()
    figures.shutdown()


def check_changes_are_listed_where_no_gateway_is_configured(w):
    """It ended the process."""
    plan = pending_id(w.http(LEGACY))
    env = {k: v for k, v in w.house.env.items() if k != "HIGRESS_OPS_URL"}
    c = mcp.StdioClient([house.BINARY, "stdio"], env, LEGACY)
    c.open()
    changes = c.call("list_changes", {"state": "pending"})["structuredContent"]["changes"]
    holds(plan in [x["id"] for x in changes], str(changes)[:300])
    c.close()


def check_every_outcome_fits_its_schema(w):
    """A call that is wrong, refused, cut short, or made while the console is away; no null where a type is promised."""
    log = os.path.join(w.house.dir, "long.log")
    line = {"start_time": "2026-11-24T10:00:00.000Z", "method": "GET", "authority": "a", "response_code": "503",
            "response_flags": "UF", "route_name": "pay"}
    with open(log, "w") as f:
        f.writelines(json.dumps({**line, "path": "/pay/%d" % i}) + "\n" for i in range(300))
    for i in range(40):
        w.api("POST", "/v1/routes", {**ROUTE, "name": "outcome-%02d" % i})
    every = {"kind": "route", "name": "pay", "route": "pay", "id": "ffffffffffff", "requests": 5, "type": "openai",
             "secret_ref": "NOPE", "action": "patch", "object": {"path": {"matchValue": "/outcome"}},
             "manifest": "kind: domain\nname: d.example.com\nenableHttps: 'off'\n"}
    seen, cut = {"ok": 0, "isError": 0}, set()
    for args in (["--access-log", log, "--answer-bytes", "1000"], ["--gateway-url", "http://127.0.0.1:9"],
                 ["--mode", "dry-run"]):
        c = w.http(LEGACY, port=w.house.serve(args))
        for tool in c.request("tools/list")["tools"]:
            rows = tool["inputSchema"].get("properties", {})
            given = {k: v for k, v in every.items()
                     if k in rows and not (isinstance(v, dict) and rows[k].get("type") == "string")}
            for arguments in ({}, {"nope": 1}, given, {**given, "dry_run": True}):
                result = c.call(tool["name"], arguments)
                text, structured = result["content"][0]["text"], result.get("structuredContent")
                holds(text and structured != {}, tool["name"])
                if structured is None:
                    holds(result["isError"] and len(text) > 20, "%s %s: %s" % (tool["name"], arguments, text))
                else:
                    equal(misfit(tool["outputSchema"], structured), None, "%s %s" % (tool["name"], arguments))
                    cut |= {tool["name"]} if structured.get("cursor") or structured.get("truncated") else set()
                seen["isError" if result.get("isError") else "ok"] += 1
        c.close()
    holds(seen["ok"] > 40 and seen["isError"] > 80, "outcomes: %s" % seen)
    holds("list_routes" in cut, "cut short: %s" % cut)
    for i in range(40):
        w.api("DELETE", "/v1/routes/outcome-%02d" % i)


def run_all(checks, words, make=World):
    w, passed, failed = make(), 0, 0
    for name, check in checks:
        if words and not any(word in name for word in words):
            continue
        try:
            check(w)
            passed += 1
            print("ok   " + name, flush=True)
        except Exception as e:
            failed += 1
            print("FAIL %s: %s" % (name, e if isinstance(e, AssertionError) else traceback.format_exc()), flush=True)
    bad = [c for c in w.house.close() if c not in (0, -15)]
    if bad:
        failed += 1
        print("FAIL a process ended with %s\n%s" % (bad, open(os.path.join(w.house.dir, "serve.log")).read()[-4000:]))
    w.house.forget()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


def main():
    return run_all([(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")], sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
