"""modern.py [WORD…] - 2026-07-28: listen streams, tasks, cache hints, and states in the wrong hands.

As protocol.py, whose World it uses: each check_* function asserts on messages written by hand.
"""
import hashlib
import http.client
import json
import os
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import protocol
from protocol import META, PATCH, code_of, equal, holds

TASKS = "io.modelcontextprotocol/tasks"
ID = META + "subscriptionId"


def meta_of(capabilities=None):
    return {META + "protocolVersion": mcp.MODERN, META + "clientCapabilities": capabilities or {}}


KNOWS_TASKS = meta_of({"extensions": {TASKS: {}}})


class Stream:
    """One subscriptions/listen over HTTP; next() is the next message."""

    def __init__(self, port, msg_id, notifications, meta=None):
        params = {"_meta": meta or meta_of(), "notifications": notifications}
        body = json.dumps({"jsonrpc": "2.0", "id": msg_id, "method": "subscriptions/listen", "params": params})
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        self.http.request("POST", "/mcp", body, {
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "subscriptions/listen"})
        self.response = self.http.getresponse()
        self.type = self.response.getheader("Content-Type")

    def next(self):
        for line in self.response:
            if line.startswith(b"data:"):
                got = json.loads(line[5:])
                mcp.record(mcp.MODERN, None if "method" in got else "subscriptions/listen", got)
                return got
        return None

    def close(self):
        self.response.close()
        self.http.close()


def task_call(w, name, arguments, meta=KNOWS_TASKS):
    answer = w.modern("tools/call", {"name": name, "arguments": arguments}, meta=meta)[2]
    if isinstance(answer, str):  # a call that was silent for a while is a stream
        answer = [json.loads(line[5:]) for line in answer.splitlines() if line.startswith("data:")][-1]
        mcp.record(mcp.MODERN, "tools/call", answer)
    return answer


def task_of(w, method, task_id, meta=KNOWS_TASKS, **more):
    return w.modern(method, {"taskId": task_id, **more}, meta=meta, headers={"Mcp-Name": task_id})


def until(w, task_id, states, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        task = task_of(w, "tasks/get", task_id)[2]["result"]
        if task["status"] in states:
            return task
        time.sleep(0.1)
    raise AssertionError("the task is still " + json.dumps(task)[:400])


# -- listen -----------------------------------------------------------------------------------------------------------

def check_listen_acknowledges_what_it_honours(w):
    for msg_id in ("listen:0", 7, 0):
        s = Stream(w.port, msg_id, {"toolsListChanged": True, "promptsListChanged": False, "somethingElse": True})
        ack = s.next()
        equal(ack["method"], "notifications/subscriptions/acknowledged", "first message")
        equal(ack["params"]["notifications"], {"toolsListChanged": True}, "honoured")
        holds(ack["params"]["_meta"][ID] == msg_id and type(ack["params"]["_meta"][ID]) is type(msg_id), "the id's type")
        s.close()


def check_listen_refuses_what_is_malformed(w):
    for bad in (None, [], 7, {"resourceSubscriptions": "x"}, {"resourceSubscriptions": [1]}, {"taskIds": {}},
                {"resourceSubscriptions": ["higress://x"] * 257}):
        answer = w.modern("subscriptions/listen", {"notifications": bad})
        equal(code_of(answer), (200, -32602), json.dumps(bad)[:60])
    equal(code_of(w.modern("subscriptions/listen", {"notifications": {"taskIds": ["x"]}})), (400, -32021), "no extension")
    answer = w.modern("subscriptions/listen", {"notifications": {}}, headers={"Accept": "application/json"})
    equal(code_of(answer), (406, -32600), "a client that takes no stream")


def check_listen_is_bounded(w):
    streams = []
    for i in range(140):
        s = Stream(w.port, i, {"toolsListChanged": True})
        if s.type == "application/json":
            error = json.loads(s.response.read())["error"]
            equal(error["code"], -32603, "over the limit")
            break
        streams.append(s)
    equal(len(streams), 128, "open streams of one principal")
    equal(w.modern("server/discover")[0], 200, "others are served")
    for s in streams:
        s.close()
    time.sleep(0.3)
    s = Stream(w.port, "again", {})
    equal(s.next()["params"]["notifications"], {}, "there is room again")
    s.close()


def check_listen_ends_with_its_result(w):
    port = w.house.serve()
    server = w.house.processes[-1]
    s = Stream(port, "l-1", {"toolsListChanged": True})
    s.next()
    server.terminate()
    last = s.next()
    equal((last or {}).get("id"), "l-1", "the result when the server ends: %r" % last)
    equal(last["result"]["resultType"], "complete", "result")
    equal(last["result"]["_meta"][ID], "l-1", "subscriptionId")
    equal(server.wait(10), 0, "exit")


def check_listen_on_a_pipe(w):
    c = w.stdio(mcp.MODERN)
    c.send({"jsonrpc": "2.0", "id": "a", "method": "subscriptions/listen",
            "params": {"_meta": meta_of(), "notifications": {"promptsListChanged": True}}})
    equal(c.receive(5)["params"]["_meta"][ID], "a", "acknowledged")
    holds("supportedVersions" in c.request("server/discover"), "others meanwhile")
    c.notify("notifications/cancelled", {"requestId": "a"})
    c.send({"jsonrpc": "2.0", "id": "b", "method": "subscriptions/listen",
            "params": {"_meta": meta_of(), "notifications": {}}})
    equal(c.receive(5)["params"]["_meta"][ID], "b", "the second; nothing came for the first")
    started = time.time()
    c.process.stdin.close()
    equal(c.receive(5)["id"], "b", "its result at the end of input")
    equal(c.process.wait(10), 0, "exit")
    holds(time.time() - started < 2, "it ends at once")


# -- tasks ------------------------------------------------------------------------------------------------------------

def check_tasks_need_the_extension(w):
    for method in ("tasks/get", "tasks/update", "tasks/cancel"):
        answer = task_of(w, method, "nothing", meta_of())
        equal(code_of(answer), (400, -32021), method)
        equal(answer[2]["error"]["data"], {"requiredCapabilities": {"extensions": {TASKS: {}}}}, method)
        equal(code_of(task_of(w, method, "nothing", inputResponses={})), (200, -32602), method + " of an unknown task")
    for method in ("tasks/list", "tasks/result"):
        equal(code_of(task_of(w, method, "nothing")), (404, -32601), method)
    answer = w.modern("tools/call", {"name": "list_routes", "arguments": {}}, meta=KNOWS_TASKS)[2]["result"]
    equal(answer["resultType"], "complete", "what is fast is no task")


def check_a_plan_that_awaits_a_person_is_a_task(w):
    created = task_call(w, "change_resource", PATCH)["result"]
    equal((created["resultType"], created["status"]), ("task", "working"), json.dumps(created)[:300])
    s = Stream(w.port, 5, {"taskIds": [created["taskId"], "unknown"]}, KNOWS_TASKS)
    equal(s.next()["params"]["notifications"], {"taskIds": [created["taskId"]]}, "honoured")
    task = until(w, created["taskId"], ["working"])
    holds("higress-ops approve " in task["statusMessage"], task["statusMessage"])
    equal((task["ttlMs"], task["resultType"]), (3600000, "complete"), "ttl and type")
    plan = task["statusMessage"].split("approve ")[1].split("`")[0]
    code, screen = w.house.person(["approve", plan], "yes")
    equal(code, 0, screen)
    task = until(w, created["taskId"], ["completed", "failed"])
    equal(task["status"], "completed", json.dumps(task)[:400])
    equal(task["result"]["structuredContent"]["state"], "applied", json.dumps(task["result"])[:400])
    equal(w.path_of_route(), "/p2", "applied")
    told = s.next()
    equal((told["method"], told["params"]["taskId"], told["params"]["_meta"][ID]),
          ("notifications/tasks", created["taskId"], 5), "told")
    equal(told["params"]["status"], "completed", "told")
    s.close()
    equal(code_of(task_of(w, "tasks/cancel", created["taskId"])), (200, None), "cancelling what has ended")
    equal(until(w, created["taskId"], ["completed"])["status"], "completed", "it stays")
    route = w.api("GET", "/v1/routes/pay")["data"]
    route["path"]["matchValue"] = "/pay"
    w.api("PUT", "/v1/routes/pay", route)


def check_a_client_with_views_gets_the_plan_at_once(w):
    views = {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}, TASKS: {}}
    result = task_call(w, "change_resource", PATCH, meta_of({"extensions": views}))["result"]
    equal((result["resultType"], result["structuredContent"]["status"]), ("complete", "approval_required"), "the plan")
    w.http(mcp.MODERN).call("cancel_change", {"id": result["structuredContent"]["id"]})


def check_a_cancelled_task_leaves_the_plan_pending(w):
    created = task_call(w, "change_resource", PATCH)["result"]
    plan = until(w, created["taskId"], ["working"])["statusMessage"].split("approve ")[1].split("`")[0]
    ack = task_of(w, "tasks/cancel", created["taskId"])[2]["result"]
    equal(set(ack), {"resultType", "_meta"}, "an acknowledgement has nothing else")
    equal(until(w, created["taskId"], ["cancelled"])["status"], "cancelled", "cancelled")
    c = w.http(mcp.MODERN)
    equal(c.call("get_change", {"id": plan})["structuredContent"]["state"], "pending", "the plan")
    equal(w.path_of_route(), "/pay", "nothing is written")
    c.call("cancel_change", {"id": plan})


def check_tasks_that_await_a_person_take_no_place(w):
    port = w.house.serve(["--max-calls", "2"])
    headers = {"MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "tools/call"}

    def call(name, arguments):
        params = {"name": name, "arguments": arguments, "_meta": KNOWS_TASKS}
        return w.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
                      {**headers, "Mcp-Name": name}, port)[2]["result"]

    for i in range(4):
        patch = {**PATCH, "object": {"path": {"matchType": "PRE", "matchValue": "/await%d" % i}}}
        equal(call("change_resource", patch)["resultType"], "task", "the %d. that waits" % i)
    answer = call("gateway_overview", {})
    holds(not answer.get("isError"), json.dumps(answer)[:300])
    c = w.stdio(mcp.MODERN)
    c.send({"jsonrpc": "2.0", "id": 9, "method": "tools/call",
            "params": {"name": "change_resource", "arguments": PATCH, "_meta": KNOWS_TASKS}})
    equal(c.receive(10)["result"]["resultType"], "task", "on a pipe")
    started = time.time()
    equal(c.close(), 0, "exit")
    holds(time.time() - started < 3, "a task that nobody can fetch does not keep the process")


def check_a_long_call_becomes_a_task(w):
    c = w.http(mcp.MODERN)
    plan = protocol.pending_id(c)
    started = time.time()
    created = task_call(w, "get_change", {"id": plan, "wait": 7})["result"]
    took = time.time() - started
    equal(created["resultType"], "task", json.dumps(created)[:300])
    holds(4.5 < took < 6.5, "after %.1f s" % took)
    equal(until(w, created["taskId"], ["completed"])["result"]["structuredContent"]["state"], "pending", "its result")
    plain = c.request("tools/call", {"name": "get_change", "arguments": {"id": plan, "wait": 6}})
    equal(plain["resultType"], "complete", "without the extension it is answered when it is done")


def check_others_see_neither_tasks_nor_states(w):
    tokens = ["alice:" + hashlib.sha256(b"alice-token").hexdigest(), "bob:" + hashlib.sha256(b"bob-token").hexdigest()]
    port = w.house.serve(["--tokens", ",".join(tokens)])

    def ask(who, method, params, meta, name=None):
        headers = {"Authorization": "Bearer %s-token" % who, "MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": method,
                   "Mcp-Name": name or params.get("name")}
        return w.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}, headers, port)

    task = ask("alice", "tools/call", {"name": "change_resource", "arguments": PATCH}, KNOWS_TASKS)[2]["result"]["taskId"]
    for method in ("tasks/get", "tasks/cancel", "tasks/update"):
        answer = ask("bob", method, {"taskId": task, "inputResponses": {}}, KNOWS_TASKS, task)
        equal(code_of(answer), (200, -32602), "bob and " + method)
    equal(ask("alice", "tasks/get", {"taskId": task}, KNOWS_TASKS, task)[2]["result"]["status"], "working", "alice")
    ask("alice", "tasks/cancel", {"taskId": task}, KNOWS_TASKS, task)
    form = meta_of({"elicitation": {}})
    call = {"name": "change_resource", "arguments": PATCH}
    state = ask("alice", "tools/call", call, form)[2]["result"]["requestState"]
    yes = {"approval": {"action": "accept", "content": {"decision": "approve"}}}
    answer = ask("bob", "tools/call", {**call, "requestState": state, "inputResponses": yes}, form)
    equal((code_of(answer), answer[2]["error"]["message"]), ((200, -32602), "Invalid or expired requestState"), "bob")
    equal(w.path_of_route(), "/pay", "nothing is written")


# -- shapes -----------------------------------------------------------------------------------------------------------

def check_cache_hints(w):
    for method in ("server/discover", "tools/list", "prompts/list"):
        result = w.modern(method)[2]["result"]
        holds(type(result["ttlMs"]) is int and result["ttlMs"] >= 0, method)
        holds(result["cacheScope"] in ("public", "private"), method)
        equal(result["resultType"], "complete", method)
    asked = w.modern("tools/call", {"name": "change_resource", "arguments": PATCH}, meta=meta_of({"elicitation": {}}))
    holds("ttlMs" not in asked[2]["result"], "an input_required is not kept")
    c = w.http(protocol.LEGACY)
    for method in ("tools/list", "prompts/list"):
        holds(not {"ttlMs", "cacheScope", "resultType"} & set(c.request(method)), method + " of a session")
    c.close()


def check_discover_and_lists_agree(w):
    result = w.modern("server/discover")[2]["result"]
    holds("tasks" not in result["capabilities"], "tasks are an extension here")
    equal(result["capabilities"]["extensions"][TASKS], {}, "the extension")
    holds("serverInfo" not in result, "serverInfo is in _meta")
    first = w.modern("tools/list")[2]["result"]["tools"]
    equal(w.modern("tools/list")[2]["result"]["tools"], first, "the same order each time")


def main():
    checks = [(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")]
    return protocol.run_all(checks, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
