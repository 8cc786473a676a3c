#!/usr/bin/env python3
"""outside.py [WORD] - what others change on a gateway (docs/outside.md), on the embedded console: what is found, when, and
what is not ours; put back through the gate; what could not be read; a server that looks by itself. Closes with
`N passed, N failed`."""
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../e2e", "../guard"):
    sys.path.insert(0, os.path.join(HERE, folder))
import client as mcp  # noqa: E402
import house  # noqa: E402
from gate import eventually  # noqa: E402

SOURCE = {"type": "static", "name": "web", "domain": "10.0.0.1:80", "port": 80, "protocol": "http"}
ROUTE = {"name": "orders", "domains": [], "path": {"matchType": "PRE", "matchValue": "/orders"},
         "services": [{"name": "web.static", "port": 80}]}
# What the assistant makes, changes and deletes, in an order in which each stands on those before.
OURS = [
    ("service-source", "web", SOURCE, {"domain": "10.0.0.2:80"}, None),
    ("proxy-server", "out", {"name": "out", "type": "http", "serverAddress": "proxy.example.com", "serverPort": 3128},
     {"serverPort": 3129}, None),
    ("domain", "shop.example.com", {"name": "shop.example.com", "enableHttps": "off"}, None, None),
    ("consumer", "alice", {"name": "alice", "credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-api-key",
                                                             "values": ["a-key-of-alice-4711"]}]},
     {"credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-api-key", "values": ["b-key-of-alice-4712"]}]}, None),
    ("route", "orders", {**ROUTE, "domains": ["shop.example.com"],
                         "authConfig": {"enabled": True, "allowedConsumers": ["alice"]}}, {"methods": ["GET"]}, None),
    ("ai-provider", "qwen", {"name": "qwen", "type": "qwen", "protocol": "openai/v1", "tokens": ["sk-of-qwen-0815-0815"]},
     {"tokens": ["sk-of-qwen-0816-0816"]}, None),
    ("ai-route", "chat", {"name": "chat", "upstreams": [{"provider": "qwen", "weight": 100}],
                          "authConfig": {"enabled": True, "allowedConsumers": ["alice"]}},
     {"modelPredicates": [{"matchType": "PRE", "matchValue": "qwen"}]}, None),
    ("mcp-server", "weather", {"name": "weather", "type": "DIRECT_ROUTE", "services": [{"name": "web.static", "port": 80}],
                               "directRouteConfig": {"path": "/mcp", "transportType": "streamable"},
                               "consumerAuthInfo": {"type": "key-auth", "enable": True, "allowedConsumers": ["alice"]}},
     {"services": [{"name": "web.static", "port": 81}]}, None),
    ("plugin-instance", "request-block", {"pluginName": "request-block", "enabled": True,
                                          "configurations": {"block_urls": ["/admin"]}},
     {"configurations": {"block_urls": ["/root"]}}, "route:orders"),
    ("plugin-instance", "request-block", {"pluginName": "request-block", "enabled": True,
                                          "configurations": {"block_urls": ["/admin"]}}, None, "service:web.static"),
    ("higress-config", "higress-config", None, {"data": {"higress": {"downstream": {"idleTimeout": 199}}}}, None),
]


class Place(house.House):
    def __init__(self, check):
        super().__init__("approve")
        self.env["HIGRESS_OPS_PAUSE"] = "0.02"

    def stock(self):
        self.make("/v1/service-sources", SOURCE)
        self.make("/v1/routes", ROUTE)

    def make(self, path, body):
        status, answer = self.api("POST", path, body)
        assert status in (200, 201), (path, answer)

    def patch_route(self, name="orders", **patch):
        now = self.api("GET", "/v1/routes/" + name)[1]["data"]
        status, answer = self.api("PUT", "/v1/routes/" + name, {**now, **patch})
        assert status == 200, answer

    def assistant(self, answer="accept", args=()):
        c = mcp.StdioClient([house.BINARY, "stdio", *args], self.env, "2025-11-25", answer=answer)
        c.open()
        self.clients.append(c)
        return c

    def call(self, client, tool, **arguments):
        """(well, text, data)"""
        r = client.call(tool, arguments)
        return not r.get("isError"), "\n".join(c.get("text", "") for c in r["content"]), r.get("structuredContent", {})

    def change(self, client, action, kind, name, body=None, scope=None, **more):
        given = {"kind": kind, "action": action, "name": name, "object": body, "scope": scope, **more}
        ok, text, data = self.call(client, "change_resource", **{k: v for k, v in given.items() if v is not None})
        assert ok, (kind, action, text)
        if data["state"] == "pending":  # what destroys is for a person at a terminal
            code, screen = self.person(["approve", data["id"]], "yes")
            assert code == 0, screen
        else:
            assert data["state"] == "applied", (kind, action, text)
        return data["id"]

    def look(self, *args):
        """(what it said, the edits known by then)"""
        code, out, err = self.run(["outside", "--look", "--json", *args])
        assert code == 0, err
        return err, json.loads(out)["changes"]

    def edits(self):
        code, out, err = self.run(["outside", "--json"])
        assert code == 0, err
        return json.loads(out)["changes"]

    def edit(self, ident):
        return json.loads(self.run(["outside", ident, "--json"])[1])


def said(edits):
    return sorted(e["title"].split(" outside between")[0] for e in edits)


def check_our_changes_are_no_edits(h):
    """Each kind made, changed and deleted through the gate, with all that the console writes along with it."""
    c = h.assistant()
    assert "known from now on" in h.look()[0]
    for kind, name, body, patch, scope in OURS:
        if body:
            h.change(c, "create", kind, name, body, scope)
            assert h.look()[1] == [], ("created", kind, h.edits())
        if patch:
            h.change(c, "patch", kind, name, patch, scope)
            assert h.look()[1] == [], ("changed", kind, h.edits())
    for kind, name, body, _, scope in reversed(OURS):
        if body:
            h.change(c, "delete", kind, name, scope=scope)
            assert h.look()[1] == [], ("deleted", kind, h.edits())
    code, out, err = h.run(["audit", "verify"])
    assert code == 0, (out, err)


def check_what_others_change_is_found(h):
    """Made, changed and deleted elsewhere, of several kinds; each once, with its diff, and what comes along is not told twice."""
    h.stock()
    h.look()
    h.patch_route(path={"matchType": "PRE", "matchValue": "/pay"})
    h.make("/v1/consumers", {"name": "bob", "credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-api-key",
                                                            "values": ["outside-key-of-bob-4711"]}]})
    h.make("/v1/ai/providers", {"name": "qwen", "type": "qwen", "protocol": "openai/v1", "tokens": ["outside-token-4711"]})
    status, answer = h.api("PUT", "/v1/routes/orders/plugin-instances/request-block",
                           {"pluginName": "request-block", "enabled": True, "configurations": {"block_urls": ["/x"]}})
    assert status == 200, answer
    told, edits = h.look()
    titles = said(edits)
    for title in ("route orders was changed", "consumer bob was created", "ai-provider qwen was created",
                  "plugin-instance request-block at route:orders was created"):
        assert titles.count(title) == 1, titles
    assert not [t for t in titles if "llm-qwen" in t], titles
    route = [e for e in edits if e["title"].startswith("route orders")][0]
    assert route["diff"] == ['~ path.matchValue: "/orders" -> "/pay"'], route
    assert route["since"] <= route["created"], route
    assert "outside-key-of-bob" not in h.everything() and "outside-token" not in h.everything()
    assert len(h.look()[1]) == len(edits), "found twice"
    h.api("DELETE", "/v1/routes/orders")
    titles = said(h.look()[1])
    assert "route orders was deleted" in titles, titles
    assert "plugin-instance request-block at route:orders was deleted" not in titles, titles
    ok, text, data = h.call(h.assistant(), "list_changes", state="outside", object="consumer *", limit=1)
    assert ok and [e["id"] for e in data["changes"]] == [e["id"] for e in edits if "consumer" in e["title"]], text
    assert "secret:sha256:" in json.dumps(h.edit(data["changes"][0]["id"])), text


def check_pages_of_a_list(h):
    h.stock()
    h.look()
    for n in range(5):
        h.patch_route(path={"matchType": "PRE", "matchValue": "/%d" % n})
        h.look()
    c, ids, cursor = h.assistant(), [], None
    for _ in range(3):
        ok, text, data = h.call(c, "list_changes", state="outside", limit=2, **({"cursor": cursor} if cursor else {}))
        assert ok, text
        ids += [e["id"] for e in data["changes"]]
        cursor = data.get("next")
    assert ids == [e["id"] for e in h.edits()] and len(ids) == 5 and cursor is None, ids
    ok, text, _ = h.call(c, "list_changes", state="outside", cursor="o-nothing")
    assert not ok and "cursor" in text, text
    ok, text, _ = h.call(c, "list_changes", state="outside", actor="ann")
    assert not ok and "not known who" in text, text


def check_put_back(h):
    """What was changed, deleted and made elsewhere is put back through the gate, once and as it was."""
    h.stock()
    h.look()
    c = h.assistant()
    before = h.api("GET", "/v1/routes/orders")[1]["data"]
    h.patch_route(path={"matchType": "PRE", "matchValue": "/pay"})
    edit = h.look()[1][0]["id"]
    ok, text, data = h.call(c, "undo_change", id=edit)
    assert ok and data["state"] == "applied" and data["undoes"] == edit, text
    now = h.api("GET", "/v1/routes/orders")[1]["data"]
    assert {**now, "version": 0} == {**before, "version": 0}, (before, now)
    assert len(h.look()[1]) == 1, "what we put back is no edit of others"
    ok, text, _ = h.call(c, "undo_change", id=edit)
    assert not ok and "not any more as the outside edit" in text, text
    h.api("DELETE", "/v1/routes/orders")
    edit = h.look()[1][0]["id"]
    assert h.call(c, "undo_change", id=edit)[2]["state"] == "applied"
    assert h.api("GET", "/v1/routes/orders")[1]["data"]["path"] == before["path"]
    h.make("/v1/routes", {**ROUTE, "name": "more"})
    edit = h.look()[1][0]["id"]
    code, out, err = h.run(["undo", edit])
    assert code == 4 and "delete route more" in out, (out, err)
    ident = out.split()[0]
    assert h.person(["approve", ident], "yes")[0] == 0
    assert h.api("GET", "/v1/routes/more")[0] == 404
    assert len(h.look()[1]) == 3, h.edits()


def check_later_work_is_left_alone(h):
    """Somebody changed the object after the edit: it is said, and nothing is planned or written."""
    h.stock()
    h.look()
    c = h.assistant()
    h.patch_route(path={"matchType": "PRE", "matchValue": "/pay"})
    edit = h.look()[1][0]["id"]
    h.patch_route(methods=["GET"])
    ok, text, _ = h.call(c, "undo_change", id=edit)
    assert not ok and "somebody has changed it since" in text and "methods" in text, text
    h.look()
    newest = h.edits()[0]["id"]
    code, out, err = h.run(["undo", newest])
    assert code == 4, err
    h.patch_route(methods=["POST"])  # between the plan and the write
    code, screen = h.person(["approve", out.split()[0]], "yes")
    assert code != 0 and "changed since the plan was made" in screen, screen
    assert h.api("GET", "/v1/routes/orders")[1]["data"]["methods"] == ["POST"]


def check_edits_around_our_change(h):
    """Before our plan and after our write, within one pair of looks: both are told, ours is not."""
    h.stock()
    h.look()
    c = h.assistant()
    h.patch_route(methods=["GET"])
    h.change(c, "patch", "route", "orders", {"path": {"matchType": "PRE", "matchValue": "/ours"}})
    h.patch_route(methods=["GET", "POST"])
    edits = h.look()[1]
    assert said(edits) == ["route orders was changed"] * 2, edits
    assert "/ours" not in json.dumps(edits), edits
    assert 'methods' in edits[0]["diff"][0] and 'methods' in edits[1]["diff"][0], edits


def check_unread_is_not_deleted(h):
    """A console that is gone, and one that answers errors for one list."""
    h.stock()
    h.look()
    h.console.terminate()
    h.console.wait()
    code, out, err = h.run(["outside", "--look", "--json", "--timeout", "1"])
    assert "not read" in err or code != 0, (out, err)
    assert h.edits() == []
    h.console = h.start(["console", "--data", os.path.join(h.dir, "data"), "--listen", "127.0.0.1:%d" % h.port], h.console_log)
    house.wait_for(h.port, h.console, "the console")
    assert h.look()[1] == [], h.edits()


def check_a_server_looks_by_itself(h):
    """Every second; an edit of others is found, a change of ours is not one, and a restart loses nothing."""
    h.stock()
    h.serve(["--outside", "snapshot", "--outside-every", "1"])
    state = lambda: json.loads(h.run(["call", "list_changes", '{"state":"outside"}', "--json"])[1])["looks"][0]  # noqa: E731
    eventually("a first look", 20, lambda: state().get("looked"))
    h.patch_route(path={"matchType": "PRE", "matchValue": "/pay"})
    eventually("the edit", 20, lambda: said(h.edits()) == ["route orders was changed"])
    h.change(h.assistant(), "patch", "route", "orders", {"methods": ["GET"]})
    looked = state()["looked"]
    eventually("another look", 20, lambda: state()["looked"] > looked)
    assert len(h.edits()) == 1, h.edits()
    for p in h.processes[1:]:
        p.terminate()
        p.wait()
    h.api("DELETE", "/v1/routes/orders")
    h.serve(["--outside", "snapshot", "--outside-every", "1"])
    eventually("what happened meanwhile", 20, lambda: "route orders was deleted" in said(h.edits()))
    assert h.run(["audit", "verify"])[0] == 0


def check_two_gateways(h):
    """Each has its own setting and its own edits; one that is out of reach is named, the other one is looked at."""
    other = house.House()
    try:
        h.stock()
        other.api("POST", "/v1/service-sources", SOURCE)
        file = os.path.join(h.dir, "ops.yaml")
        with open(file, "w") as f:
            f.write("gateways:\n" + "".join("  - {name: %s, url: 'http://127.0.0.1:%d', password: {file: %s/password}%s}\n" % (
                name, one.port, one.dir, more) for name, one, more in (("east", h, ", outside: snapshot, outside_every: 1"),
                                                                       ("west", other, ""))))
        h.env = {k: v for k, v in h.env.items() if not k.startswith("HIGRESS_OPS_")}
        h.env.update(HIGRESS_OPS_STATE=os.path.join(h.dir, "state"), HIGRESS_OPS_CONFIG=file)
        h.serve()
        looks = lambda: {look["gateway"]: look for look in json.loads(h.run(  # noqa: E731
            ["call", "list_changes", '{"state":"outside"}', "--json"])[1])["looks"]}
        eventually("a first look at one", 20, lambda: looks()["east"].get("looked"))
        assert looks()["east"]["watched"] and not looks()["west"]["watched"] and "looked" not in looks()["west"], looks()
        assert h.run(["outside", "--look", "--gateway", "west"])[0] == 0
        other.api("DELETE", "/v1/service-sources/web")
        h.patch_route(methods=["GET"])
        eventually("the edit of one", 20, lambda: [e["gateway"] for e in h.edits()] == ["east"])
        other.console.terminate()
        other.console.wait()
        h.patch_route(methods=["POST"])
        eventually("another one", 20, lambda: [e["gateway"] for e in h.edits()] == ["east"] * 2)
    finally:
        other.leave()


def check_begin_anew(h):
    h.stock()
    h.look()
    h.api("DELETE", "/v1/routes/orders")
    code, screen = h.person(["outside", "--reset"], "yes")
    assert code == 0 and "forgotten" in screen, screen
    told, edits = h.look()
    assert edits == [] and "known from now on" in told, (told, edits)
    assert h.run(["audit", "verify"])[0] == 0


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), Place, sys.argv[1] if len(sys.argv) > 1 else ""))
