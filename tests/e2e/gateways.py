#!/usr/bin/env python3
"""gateways.py - several gateways in one configuration: two embedded control planes and one program.

What is asked of one never reaches the other; a change knows its gateway in every command; the stricter of the two modes
holds. Prints a line for each failure and closes with "N passed, N failed".
"""
import json
import os
import sys

from client import StdioClient
from house import BINARY, PASSWORD, House

passed = failed = 0
SOURCE = {"name": "shop", "type": "static", "domain": "10.0.0.1:80", "port": 80, "protocol": "http"}
CREATE = {"kind": "service-source", "action": "create", "name": "shop", "object": SOURCE}


def check(what, good, shown=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {what}: {str(shown)[:600]}")


def config(houses, modes, mode, extra=""):
    lines = ["gateways:"]
    for name, house in houses.items():
        lines += [f"  - name: {name}", f"    url: http://127.0.0.1:{house.port}",
                  f"    password: {{file: {house.dir}/password}}"]
        if modes.get(name):
            lines.append(f"    mode: {modes[name]}")
    return "\n".join(lines + [f"mode: {mode}", extra, ""])


class Program:
    def __init__(self, house, text):
        self.house, self.file = house, os.path.join(house.dir, "ops.yaml")
        with open(self.file, "w") as f:
            f.write(text)
        self.said = ""
        house.env = {k: v for k, v in house.env.items() if not k.startswith("HIGRESS_OPS_")}
        house.env["HIGRESS_OPS_STATE"] = os.path.join(house.dir, "state")

    def run(self, *args):
        code, out, err = self.house.run([args[0], "--config", self.file, *args[1:]])
        self.said += out + err
        return code, out + err

    def call(self, tool, arguments, *more):
        code, text = self.run("call", "--json", *more, tool, json.dumps(arguments))
        return code, text

    def person(self, command, identity):
        code, screen = self.house.person([command, "--config", self.file, identity], "yes")
        self.said += screen
        return code, screen


def sources(house):
    return [s["name"] for s in house.api("GET", "/v1/service-sources")[1]["data"]]


def listing(p):
    client = StdioClient([BINARY, "stdio", "--config", p.file], p.house.env, "2025-11-25")
    client.open()
    tools = {t["name"]: t["inputSchema"]["properties"] for t in client.request("tools/list")["tools"]}
    client.close()
    return tools


def reading(p, a, b):
    a.api("POST", "/v1/domains", {"name": "only-a.example", "enableHttps": "off"})
    b.api("POST", "/v1/domains", {"name": "only-b.example", "enableHttps": "off"})
    for more, arguments, mine, other in [
            ((), {}, "only-a", "only-b"), ((), {"gateway": "two"}, "only-b", "only-a"),
            ((), {"gateway": "one"}, "only-a", "only-b"), (("--gateway", "two"), {}, "only-b", "only-a"),
            (("--gateway", "two"), {"gateway": "one"}, "only-a", "only-b")]:
        code, text = p.call("list_resources", {"kind": "domain", **arguments}, *more)
        check(f"list of {arguments} {more}", code == 0 and mine in text and other not in text, text)
    code, text = p.call("list_resources", {"kind": "domain", "gateway": "three"})
    check("an unknown gateway is refused with the names", code != 0 and "one" in text and "two" in text, text)
    code, text = p.run("check", "--gateway", "three")
    check("so by the command line", code == 3 and "--gateway" in text and "one, two" in text, text)
    for gateway, there in (("one", "OK"), ("two", "UNKNOWN_OBJECT")):
        code, text = p.call("diagnose", {"domain": "only-a.example", "gateway": gateway})
        check(f"diagnose looks at the gateway {gateway}", code == 0 and ("UNKNOWN_OBJECT" in text) == (there == "UNKNOWN_OBJECT"), text)
    tools = listing(p)
    check("so do the others that look at proxy and log", all("gateway" in tools[t] for t in ("diagnose", "tail_logs", "analyze_traffic")), tools)
    check("list_routes takes gateway", tools["list_routes"].get("gateway", {}).get("enum") == ["one", "two"],
          tools["list_routes"])
    check("what has a change has its gateway", not any("gateway" in tools[t] for t in (
        "get_change", "apply_change", "undo_change", "list_changes", "cancel_change")), tools["undo_change"])


def resources(p):
    client = StdioClient([BINARY, "stdio", "--config", p.file], p.house.env, "2025-11-25")
    client.open()
    for gateway, name in [("default", "only-a.example"), ("one", "only-a.example"), ("two", "only-b.example")]:
        uri = f"higress://gateway/{gateway}/domain/{name}"
        check(f"reads {uri}", name in json.dumps(client.request("resources/read", {"uri": uri})))
    client.close()


def changing(p, a, b):
    code, text = p.call("change_resource", {**CREATE, "gateway": "one"})
    check("a read-only gateway refuses by its name", code != 0 and "'one'" in text and "read-only" in text, text)
    check("and nothing was written", "shop" not in sources(a) + sources(b), sources(a))
    code, text = p.call("change_resource", CREATE)
    check("so does the one that is meant", code != 0 and "read-only" in text, text)
    code, text = p.call("change_resource", {**CREATE, "gateway": "two"})
    check("the other plans", '"approval_required"' in text and '"gateway":"two"' in text, text)
    change = json.loads(text)
    identity = (change.get("structuredContent") or change)["id"]
    code, text = p.run("changes")
    check("the list names the gateway", identity in text and "two: " in text, text)
    code, text = p.person("approve", identity)
    check("approving finds the gateway", code == 0 and "gateway two" in text and "applied" in text, text)
    check("it was written there and only there", "shop" in sources(b) and "shop" not in sources(a), sources(b))
    code, text = p.run("undo", identity)
    undo = text.split()[0]
    check("undoing plans for the same gateway", "gateway two" in text, text)
    code, text = p.person("approve", undo)
    check("and is applied there", code == 0 and "shop" not in sources(b), text)


def bound(p, a, b):
    plans = [json.loads(p.call("change_resource", {**CREATE, "gateway": g, "dry_run": True})[1]) for g in ("one", "two")]
    plans = [x.get("structuredContent") or x for x in plans]
    check("equal changes of two gateways are two plans", plans[0]["id"] != plans[1]["id"], plans)
    code, text = p.call("undo_change", {"id": plans[0]["id"]})
    check("a draft cannot be undone", code != 0, text)
    p.run("changes")
    Program(a, config({"two": b}, {}, "approve"))
    code, text = p.person("approve", plans[0]["id"])
    check("a gateway that is gone from the configuration is not written to", code != 0 and "not" in text and
          "shop" not in sources(a) + sources(b), text)


def main():
    a, b = House(), House()
    houses = {"one": a, "two": b}
    p = Program(a, config(houses, {"one": "read-only"}, "approve"))
    code, text = p.run("check")
    check("check shows both", code == 0 and text.count("gateway:") == 2 and "password set" in text, text)
    reading(p, a, b)
    resources(p)
    changing(p, a, b)
    p = Program(a, config(houses, {"two": "auto"}, "dry-run"))
    code, text = p.call("change_resource", {**CREATE, "gateway": "two"})
    check("the stricter mode holds", '"draft"' in text and "shop" not in sources(b), text)
    p2 = Program(a, config(houses, {"two": "auto"}, "auto"))
    code, text = p2.call("change_resource", {**CREATE, "gateway": "two"})
    check("auto applies", code == 0 and "shop" in sources(b) and "shop" not in sources(a), text)
    code, text = p2.call("change_resource", {"kind": "route", "action": "create", "name": "shop", "gateway": "two", "object": {
        "name": "shop", "path": {"matchType": "PRE", "matchValue": "/"}, "services": [{"name": "shop.static", "port": 80}]}})
    check("what a change refers to is looked for on its gateway", code == 0 and '"applied"' in text, text)
    b.api("DELETE", "/v1/routes/shop")
    b.api("DELETE", "/v1/service-sources/shop")
    p3 = Program(a, config(houses, {}, "approve"))
    bound(p3, a, b)
    check("no password anywhere", PASSWORD not in p.said + p2.said + p3.said + a.everything(), "")
    for house in (a, b):
        house.close()
        house.forget()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
