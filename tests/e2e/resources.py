"""resources.py [WORD…] - resources, subscriptions and completion as clients see them, over both transports and eras."""
import http.client
import json
import os
import queue
import re
import signal
import socket
import sys
import threading
import time

import client as mcp
import house
import protocol
from protocol import LEGACY, World, equal, holds

HUSH = "sk-hush-7781-quiet"
GATEWAY = "higress://gateway/default/"


def refused(c, method, params):
    try:
        c.request(method, params)
    except mcp.RpcError as e:
        return e.error
    raise AssertionError("%s took %s" % (method, params))


def read(c, uri):
    got = c.request("resources/read", {"uri": uri})
    equal(got["contents"][0]["uri"], uri)
    equal(len(got["contents"]), 1)
    return json.loads(got["contents"][0]["text"])


def all_pages(c, method, member):
    rows, cursor = [], None
    while True:
        page = c.request(method, {"cursor": cursor} if cursor else {})
        holds(len(page[member]) <= 200, "a page is bounded")
        rows += page[member]
        cursor = page.get("nextCursor")
        if not cursor:
            return rows


def check_every_listed_resource_is_read(w):
    w.api("POST", "/v1/ai/providers", {"name": "mind", "type": "openai", "protocol": "openai/v1", "tokens": [HUSH]})
    for c in (w.http(LEGACY), w.http(mcp.MODERN), w.stdio("2025-06-18")):
        rows = all_pages(c, "resources/list", "resources")
        uris = [r["uri"] for r in rows]
        equal(len(uris), len(set(uris)), "no URI twice")
        for want in ("route/pay", "service/pay.static", "service-source/pay", "ai-provider/mind"):
            holds(GATEWAY + want in uris, "%s is listed: %s" % (want, uris[:20]))
        seen = set()
        for row in rows:
            kind = row["uri"].split("/")[4:5]
            if row["uri"].startswith(("ui:", "higress://map/")) or (kind and tuple(kind) in seen):
                continue
            seen.add(tuple(kind))
            holds(HUSH not in json.dumps(read(c, row["uri"])), "the secret is masked")
        equal(read(c, GATEWAY + "route/pay")["path"]["matchValue"], w.path_of_route())
        holds(read(c, GATEWAY + "ai-provider/mind")["tokens"][0].startswith("secret:sha256:"), "masked")
        c.close()


def check_what_is_missing_is_said_so(w):
    for era, code in ((LEGACY, -32002), (mcp.MODERN, -32602)):
        c = w.http(era)
        for uri in (GATEWAY + "route/nope", GATEWAY + "route/", GATEWAY + "route/..%2Fpay", GATEWAY + "nokind/pay",
                    "higress://gateway/other/route/pay", "file:///etc/passwd", GATEWAY + "route/pay/more",
                    GATEWAY + "plugin-instance/key-auth", "higress://change/ffffffffffff", "higress://nothing"):
            error = refused(c, "resources/read", {"uri": uri})
            equal((error["code"], error.get("data")), (code, {"uri": uri}), "%s: %s" % (uri, error))
        equal(refused(c, "resources/read", {"uri": 5})["code"], -32602)
        for cursor in ("x", "r0", "r-1", "r5x", "r99999999999999999999", 5):
            equal(refused(c, "resources/list", {"cursor": cursor})["code"], -32602, str(cursor))
        c.close()


def check_templates_name_every_kind(w):
    c = w.http(LEGACY)
    rows = all_pages(c, "resources/templates/list", "resourceTemplates")
    kinds = [r["uriTemplate"].split("/")[4] for r in rows if "gateway" in r["uriTemplate"]]
    for kind in ("route", "domain", "consumer", "plugin-instance", "ai-route", "tls-certificate", "service"):
        holds(kind in kinds, kind)
    holds(all(r["name"] and r["description"] and r["mimeType"] for r in rows), "each is described")
    c.close()


def check_pages_of_many(w):
    for i in range(450):
        w.api("POST", "/v1/routes", {**protocol.ROUTE, "name": "many-%03d" % i})
    for c in (w.http(LEGACY), w.http(mcp.MODERN)):
        names = [r["name"] for r in all_pages(c, "resources/list", "resources") if "/route/many-" in r["uri"]]
        equal(sorted(names), ["many-%03d" % i for i in range(450)], "each once")
        done = complete(c, {"type": "ref/resource", "uri": GATEWAY_T + "route/{name}"}, "name", "")
        equal((len(done["values"]), done["hasMore"]), (100, True))
        holds(done["total"] >= 450, "the honest total: %s" % done["total"])
        c.close()
    for i in range(450):
        w.house.api("DELETE", "/v1/routes/many-%03d" % i)


GATEWAY_T = "higress://gateway/{gateway}/"


def complete(c, ref, name, value, given=None):
    params = {"ref": ref, "argument": {"name": name, "value": value}}
    if given:
        params["context"] = {"arguments": given}
    return c.request("completion/complete", params)["completion"]


def check_completion_is_ranked(w):
    for name in ("alpha-pay", "payroll", "repays"):
        w.api("POST", "/v1/routes", {**protocol.ROUTE, "name": name})
    route = {"type": "ref/resource", "uri": GATEWAY_T + "route/{name}"}
    instance = {"type": "ref/resource", "uri": GATEWAY_T + "plugin-instance/{scope}/{name}"}
    for c in (w.http(LEGACY), w.http(mcp.MODERN), w.stdio(LEGACY)):
        equal(complete(c, route, "name", "PAY"),
              {"values": ["pay", "payroll", "alpha-pay", "repays"], "total": 4, "hasMore": False})
        equal(complete(c, route, "gateway", "")["values"], ["default"])
        holds("route:payroll" in complete(c, instance, "scope", "route:pay")["values"], "scopes are completed")
        equal(complete(c, instance, "name", "zzz", {"scope": "global"})["total"], 0)
        prompts = c.request("prompts/list")["prompts"]
        named = [(p["name"], a["name"]) for p in prompts for a in p["arguments"] if a["name"] == "route"]
        equal(complete(c, {"type": "ref/prompt", "name": named[0][0]}, "route", "payr")["values"], ["payroll"])
        for ref in ({"type": "ref/prompt", "name": "nope"}, {"type": "ref/resource", "uri": "nope://x"},
                    {"type": "ref/thing"}, {}):
            equal(refused(c, "completion/complete", {"ref": ref, "argument": {"name": "a", "value": ""}})["code"], -32602)
        c.close()
    for name in ("alpha-pay", "payroll", "repays"):
        w.house.api("DELETE", "/v1/routes/" + name)


def check_changes_and_audit(w):
    c = w.http(LEGACY)
    plan = protocol.pending_id(c)
    shown = read(c, "higress://change/" + plan)
    equal((shown["id"], shown["state"]), (plan, "pending"))
    holds(any(plan in r["uri"] for r in all_pages(c, "resources/list", "resources")), "the change is listed")
    lines = read(c, "higress://audit")["lines"]
    holds(lines and all(line["event"] and line["at"] for line in lines), "the audit has lines: %s" % lines[:2])
    holds(plan in complete(c, {"type": "ref/resource", "uri": "higress://change/{id}"}, "id", plan[:4])["values"], "id")
    c.call("cancel_change", {"id": plan})
    equal(read(c, "higress://change/" + plan)["state"], "cancelled")
    c.close()


class Standing:
    """The standing GET stream of an HTTP session, or a listen stream; what it says, as it comes."""

    def __init__(self, c, uris=None, lists=()):
        self.c, self.notes = http.client.HTTPConnection(c.host, c.port, timeout=20), queue.Queue()
        if c.modern():
            message = {"jsonrpc": "2.0", "id": "w", "method": "subscriptions/listen", "params": {
                "_meta": c.meta(), "notifications": {**({"resourceSubscriptions": uris} if uris else {}),
                                                     **{name: True for name in lists}}}}
            self.c.request("POST", "/mcp", json.dumps(message), c.headers(message))
        else:
            self.c.request("GET", "/mcp", None, {"Accept": "text/event-stream", "Mcp-Session-Id": c.session})
        self.response = self.c.getresponse()
        equal(self.response.status, 200)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for line in self.response:
                if line.startswith(b"data: {"):
                    self.notes.put(json.loads(line[6:]))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass

    def close(self):
        self.c.sock and self.c.sock.shutdown(socket.SHUT_RDWR)
        self.c.close()


def updates(notes, seconds):
    """URIs of the resources/updated within that time."""
    uris, end = [], time.time() + seconds
    while True:
        try:
            note = notes.get(timeout=max(0, end - time.time()))
        except queue.Empty:
            return uris
        note = json.loads(note) if isinstance(note, bytes) else note
        if note and note.get("method") == "notifications/resources/updated":
            uris.append(note["params"]["uri"])
            end = min(end, time.time() + 0.3)


def check_subscriptions_fire_when_it_changed(w):
    """Every transport and era: after an own change at once, after a foreign one at the configured rate, else never."""
    uri, other = GATEWAY + "route/pay", GATEWAY + "route/other"
    w.api("POST", "/v1/routes", {**protocol.ROUTE, "name": "other"})
    port = w.house.serve(["--watch", "1", "--mode", "auto"])
    for c in (w.http(LEGACY, port=port), w.http(mcp.MODERN, port=port), "stdio"):
        if c == "stdio":
            c = mcp.StdioClient([house.BINARY, "stdio", "--watch", "1", "--mode", "auto"], w.house.env, LEGACY)
            c.open()
            standing, notes = None, c.lines
        else:
            standing = Standing(c, [uri])
            notes = standing.notes
        if not c.modern():
            equal(c.request("resources/subscribe", {"uri": uri}), {})
            equal(c.request("resources/subscribe", {"uri": uri}), {})
        equal(updates(notes, 1.5), [], "nothing has changed")
        path = "/foreign-%s" % time.time()
        route = w.api("GET", "/v1/routes/pay")["data"]
        w.api("PUT", "/v1/routes/pay", {**route, "path": {**route["path"], "matchValue": path}})
        w.api("PUT", "/v1/routes/other", w.api("GET", "/v1/routes/other")["data"])
        equal(updates(notes, 4), [uri], "a foreign change")
        done = c.call("change_resource", {**protocol.PATCH, "object": {"path": {"matchValue": path + "-own"}}})
        equal(done["structuredContent"]["state"], "applied")
        equal(updates(notes, 4), [uri], "an own change")
        if not c.modern():
            equal(c.request("resources/unsubscribe", {"uri": uri}), {})
            c.call("change_resource", {**protocol.PATCH, "object": {"path": {"matchValue": path + "-more"}}})
            equal(updates(notes, 2.5), [], "unsubscribed")
        if standing:
            standing.close()
        c.close()
    w.house.api("DELETE", "/v1/routes/other")


def check_changes_are_subscribed_without_a_rate(w):
    c = w.http(LEGACY)
    plan = protocol.pending_id(c)
    standing = Standing(c)
    for uri in ("higress://change/" + plan, "higress://audit", GATEWAY + "route/pay", "test://unknown"):
        equal(c.request("resources/subscribe", {"uri": uri}), {})
    equal(updates(standing.notes, 1.5), [], "nothing has changed")
    c.call("cancel_change", {"id": plan})
    equal(sorted(updates(standing.notes, 4)), ["higress://audit", "higress://change/" + plan])
    for i in range(96):
        c.request("resources/subscribe", {"uri": "test://many/%d" % i})
    equal(refused(c, "resources/subscribe", {"uri": "test://many/96"})["code"], -32603, "bounded")
    standing.close()
    c.close()


def check_a_reload_is_told_over_http(w):
    config = os.path.join(w.house.dir, "narrow.yaml")
    with open(config, "w") as f:
        f.write("tools: [list_routes]\n")
    port = w.house.serve(["--config", config])
    server = w.house.processes[-1]
    legacy, modern = w.http(LEGACY, port=port), w.http(mcp.MODERN, port=port)
    streams = [Standing(legacy), Standing(modern, lists=["toolsListChanged"])]
    prompts = Standing(modern, lists=["promptsListChanged"])
    equal(prompts.notes.get(timeout=5)["method"], "notifications/subscriptions/acknowledged")
    time.sleep(0.3)
    with open(config, "w") as f:
        f.write("tools: [list_routes, diagnose]\n")
    server.send_signal(signal.SIGHUP)
    for s in streams:
        heard = [s.notes.get(timeout=5)["method"]]
        if heard[0] == "notifications/subscriptions/acknowledged":
            heard = [s.notes.get(timeout=5)["method"]]
        equal(heard, ["notifications/tools/list_changed"])
        s.close()
    holds(prompts.notes.empty(), "who asked for prompts alone hears nothing of tools")
    prompts.close()
    for c in (legacy, modern):
        equal([t["name"] for t in c.request("tools/list")["tools"]], ["list_routes", "diagnose"])


VIEW, MAP = "ui://higress-ops/plan2", "ui://higress-ops/map1"
APP = "text/html;profile=mcp-app"


def check_the_map(w):
    """The gateway as SVG: whole, and of one object; its names are told where a tool tells them."""
    for era in (LEGACY, mcp.MODERN):
        c = mcp.HttpClient("127.0.0.1", w.port, era)
        c.open()
        [row] = [r for r in c.request("resources/list")["resources"] if r["uri"] == "higress://map/default"]
        equal(row["mimeType"], "image/svg+xml")
        whole = c.request("resources/read", {"uri": row["uri"]})["contents"][0]
        equal(whole["mimeType"], "image/svg+xml")
        holds(whole["text"].startswith("<svg ") and "<script" not in whole["text"], whole["text"][:200])
        name = re.search('data-kind="route" data-name="([^"]+)"', whole["text"]).group(1)
        one = c.request("resources/read", {"uri": "higress://map/default/route/" + name})["contents"][0]["text"]
        equal(one.count('data-kind="route"'), 1)
        for wrong in ("higress://map/default/route/not-there", "higress://map/other", "higress://map/default/route"):
            equal(refused(c, "resources/read", {"uri": wrong})["data"], {"uri": wrong})


def check_the_views(w):
    """MCP Apps: told to those who ask, on tools that plan or look; pages without data, network or a way to approve."""
    ui = {"io.modelcontextprotocol/ui": {"mimeTypes": [APP]}}
    for era in (LEGACY, mcp.MODERN):
        plain, host = (mcp.HttpClient("127.0.0.1", w.port, era) for _ in range(2))
        host.capabilities = lambda: {"extensions": ui}
        told = [c.open()["capabilities"].get("extensions", {}) for c in (plain, host)]
        holds("io.modelcontextprotocol/ui" in told[1], "negotiated in %s: %s" % (era, told))
        equal("io.modelcontextprotocol/ui" in told[0], era == mcp.MODERN, "a session that did not ask is not told")
        tools = host.request("tools/list")["tools"]
        equal(json.dumps(tools), json.dumps(plain.request("tools/list")["tools"]), "one list for everybody")
        for t in tools:
            plans = "dry_run" in t["inputSchema"].get("properties", {})
            view = VIEW if plans else MAP if t["name"] in ("gateway_overview", "diagnose") else None
            equal(t.get("_meta"), {"ui": {"resourceUri": view}} if view else None, t["name"])
        for view in (VIEW, MAP):
            one = [r for r in host.request("resources/list")["resources"] if r["uri"] == view]
            equal([r["mimeType"] for r in one], [APP])
            got = host.request("resources/read", {"uri": view})
            content = got["contents"][0]
            equal(content["mimeType"], APP)
            equal(content["_meta"]["ui"]["csp"], {d: [] for d in ("connectDomains", "resourceDomains", "frameDomains",
                                                                  "baseUriDomains")})
            for word in ("innerHTML", "http://", "https://", "<link", "src=", "eval(", "apply_change"):
                holds(word not in content["text"], "the page holds no " + word)
            if era == mcp.MODERN:
                equal((got["cacheScope"], got["ttlMs"] > 0), ("public", True))
        equal(refused(host, "resources/read", {"uri": "ui://higress-ops/other.html"})["data"],
              {"uri": "ui://higress-ops/other.html"})


if __name__ == "__main__":
    sys.exit(protocol.run_all([(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")],
                              sys.argv[1:]))
