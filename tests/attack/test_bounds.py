"""test_bounds.py BINARY - what --toolsets and --tools switch off is not read, listed, completed, watched or named by another
way."""
import json
import os
import signal
import sys
import time

BINARY = os.path.abspath(sys.argv[1])
os.environ["HIGRESS_OPS"] = BINARY
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp
import house

passed = failed = 0
ROUTE = "higress://gateway/default/route/shop-orders"
TOOLS = ["gateway_overview", "list_routes", "list_resources", "get_resource", "describe_kind", "change_resource", "check_config",
         "diagnose", "explain_request", "tail_logs", "analyze_traffic", "query_metrics", "add_provider", "tune_rate_limit", "apply_manifest", "apply_change", "get_change", "list_changes",
         "cancel_change", "undo_change"]


def check(name, ok, seen=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print("%s %s%s" % ("ok  " if ok else "FAIL", name, "" if ok else ": " + str(seen)[:400]))


class World:
    def __init__(self):
        self.house = house.House("approve")
        self.made("/v1/service-sources", {"name": "orders", "type": "static", "domain": "10.0.0.1:80", "port": 80,
                                          "protocol": "http"})
        self.made("/v1/routes", {"name": "shop-orders", "path": {"matchType": "PRE", "matchValue": "/orders"},
                                              "services": [{"name": "orders.static", "port": 80, "weight": 100}]})
        c = self.open()
        self.change = c.call("change_resource", {"kind": "route", "action": "patch", "name": "shop-orders", "object":
                             {"path": {"matchType": "PRE", "matchValue": "/elsewhere"}}})["structuredContent"]["id"]
        c.close()

    def made(self, path, body):
        status, answer = self.house.api("POST", path, body)
        if status not in (200, 201):
            raise SystemExit("not made: %s %s" % (status, answer))

    def open(self, *args, era="2025-11-25"):
        c = mcp.StdioClient([BINARY, "stdio", *args], self.house.env, era)
        c.opening = c.open()
        return c


def tried(c, method, params):
    """The result, or None for an error."""
    try:
        return c.request(method, params)
    except mcp.RpcError:
        return None


def uris(c, method, member, key):
    return [row[key] for row in c.request(method)[member]]


def values(c, ref, name, value=""):
    answer = tried(c, "completion/complete", {"ref": ref, "argument": {"name": name, "value": value}})
    return answer["completion"]["values"] if answer else []


def named(text, offered):
    """Tools that the text names although they are off."""
    words = set(text.replace("`", " ").replace(",", " ").replace(".", " ").replace("(", " ").replace(":", " ").split())
    return sorted(t for t in TOOLS if t in words and t not in offered and t != "diagnose")


def all_on(w):
    c = w.open()
    check("with all tools: the route is read", tried(c, "resources/read", {"uri": ROUTE}))
    check("with all tools: the change is read", tried(c, "resources/read", {"uri": "higress://change/" + w.change}))
    check("with all tools: the audit is read", tried(c, "resources/read", {"uri": "higress://audit"}))
    check("with all tools: three prompts", len(c.request("prompts/list")["prompts"]) == 3)
    check("with all tools: a route completes", "shop-orders" in values(
        c, {"type": "ref/prompt", "name": "diagnose-upstream"}, "route"))
    c.close()


def narrow(w, title, args, route=False, change=False, audit=False, view=False):
    c = w.open(*args)
    offered = uris(c, "tools/list", "tools", "name")
    listed = uris(c, "resources/list", "resources", "uri")
    templates = uris(c, "resources/templates/list", "resourceTemplates", "uriTemplate")
    change_uri = "higress://change/" + w.change
    for what, uri, on in [("route", ROUTE, route), ("change", change_uri, change), ("audit", "higress://audit", audit)]:
        check("%s: %s is %s" % (title, what, "read" if on else "not read"),
              bool(tried(c, "resources/read", {"uri": uri})) == on)
        check("%s: %s is %s" % (title, what, "listed" if on else "not listed"), (uri in listed) == on, listed)
        check("%s: %s is %s" % (title, what, "subscribed to" if on else "not subscribed to"),
              (tried(c, "resources/subscribe", {"uri": uri}) is not None) == on)
    check("%s: templates of the gateway" % title, any("//gateway/" in t for t in templates) == route, templates)
    check("%s: templates of changes" % title, any("change/" in t for t in templates) == change, templates)
    check("%s: the view" % title, ("ui://higress-ops/plan2" in listed) == view, listed)
    seen = "gateway_overview" in offered and bool({"list_routes", "list_resources", "get_resource"} & set(offered))
    check("%s: the map" % title, ("higress://map/default" in listed) == seen, listed)
    check("%s: the map is read" % title, bool(tried(c, "resources/read", {"uri": "higress://map/default"})) == seen)
    check("%s: the view of the map" % title, ("ui://higress-ops/map1" in listed) == seen, listed)
    gateway = {"type": "ref/resource", "uri": "higress://gateway/{gateway}/route/{name}"}
    check("%s: names of routes complete" % title, ("shop-orders" in values(c, gateway, "name")) == route)
    check("%s: ids of changes complete" % title, (w.change in values(
        c, {"type": "ref/resource", "uri": "higress://change/{id}"}, "id")) == change)
    for prompt in c.request("prompts/list")["prompts"]:
        got = c.request("prompts/get", {"name": prompt["name"], "arguments": {a["name"]: "x" for a in prompt["arguments"]}})
        check("%s: prompt %s names what is offered" % (title, prompt["name"]), not named(json.dumps(got), offered), got)
    for name in ["diagnose-upstream", "onboard-provider", "tune-limits"]:
        got = tried(c, "prompts/get", {"name": name, "arguments": {"route": "x", "provider": "x", "type": "x"}})
        check("%s: prompt %s by its name" % (title, name), not got or not named(json.dumps(got), offered), got)
        if not got:
            check("%s: and it completes nothing" % title, not values(c, {"type": "ref/prompt", "name": name}, "route"))
    check("%s: the instructions name what is offered" % title, not named(c.opening["instructions"], offered),
          named(c.opening["instructions"], offered))
    c.close()


def modern(w):
    c = w.open("--tools", "gateway_overview", era=mcp.MODERN)
    check("2026-07-28: not read", not tried(c, "resources/read", {"uri": ROUTE}))
    check("2026-07-28: nothing listed", c.request("resources/list")["resources"] == [])
    check("2026-07-28: the instructions", not named(c.opening["instructions"], ["gateway_overview"]))
    c.close()


def own_runbooks(w):
    folder = w.house.dir + "/runbooks"
    os.mkdir(folder)
    for name, text in [("quiet", "Call `gateway_overview` and say what you see."),
                       ("loud", "Call `get_resource` of kind consumer."), ("sly", "Ask for a name.")]:
        with open("%s/%s.md" % (folder, name), "w") as f:
            f.write("---\nname: %s\ndescription: One.\narguments:\n  - name: who\n    description: Who.\n    complete: route\n---\n%s\n"
                    % (name, text))
    c = w.open("--tools", "gateway_overview", "--prompts", folder)
    names = [p["name"] for p in c.request("prompts/list")["prompts"]]
    check("own runbooks: those that name nothing that is off", names == ["quiet", "sly"], names)
    check("own runbooks: and complete no names", not values(c, {"type": "ref/prompt", "name": "sly"}, "who"))
    c.close()
    c = w.open("--tools", "gateway_overview,list_routes", "--prompts", folder)
    check("own runbooks: names that a tool tells are completed",
          "shop-orders" in values(c, {"type": "ref/prompt", "name": "sly"}, "who"))
    c.close()


def reload(w):
    """Switched off while a client is connected and subscribed."""
    config = w.house.dir + "/config.yaml"
    with open(config, "w") as f:
        f.write("toolsets: [resource, change, overview]\n")
    c = w.open("--config", config)
    tried(c, "resources/subscribe", {"uri": ROUTE})
    check("before: read", tried(c, "resources/read", {"uri": ROUTE}))
    with open(config, "w") as f:
        f.write("toolsets: [overview]\n")
    c.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    check("after SIGHUP: not read", not tried(c, "resources/read", {"uri": ROUTE}))
    check("after SIGHUP: not listed", uris(c, "resources/list", "resources", "uri") == [])
    c.close()


def main():
    w = World()
    all_on(w)
    narrow(w, "overview only", ["--toolsets", "overview"])
    narrow(w, "log only", ["--toolsets", "log"])
    narrow(w, "one tool", ["--tools", "gateway_overview"])
    narrow(w, "routes listed", ["--tools", "list_routes"])
    narrow(w, "resource", ["--toolsets", "resource"], route=True, view=True)
    narrow(w, "get_resource", ["--tools", "get_resource"], route=True)
    narrow(w, "change", ["--toolsets", "change"], change=True, audit=True, view=True)
    narrow(w, "get_change", ["--tools", "get_change"], change=True)
    narrow(w, "diagnose and log", ["--toolsets", "diagnose,log"])
    modern(w)
    own_runbooks(w)
    reload(w)
    w.house.close()


main()
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
