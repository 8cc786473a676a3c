"""sweep.py - calls everything that can say something about a filled gateway: each tool with each reasonable argument,
resources, completion, prompts, commands and the page. What was said is in the world's `heard`; `Coverage` says what
exists and was not called.
"""
import json
import os
import re
from urllib.parse import quote

import house
import plant
import plant_kinds

KINDS = ("route domain service-source proxy-server service ai-provider ai-route wasm-plugin plugin-instance consumer "
         "tls-certificate mcp-server mcp-consumers higress-config dashboard system").split()
HARMLESS = {
    "route": {"methods": ["GET", "PUT"]}, "ai-route": {"modelPredicates": [{"matchType": "PRE", "matchValue": "qwen"}]},
    "ai-provider": {"protocol": "original"}, "plugin-instance": {"enabled": False}, "mcp-server": {"description": "Other"},
    "service-source": {"port": 8849}, "wasm-plugin": {"priority": 7}, "domain": {"enableHttps": "off"},
    "dashboard": {"url": "https://grafana.example.com/d/other"}, "proxy-server": {"serverPort": 3129},
    "higress-config": {"data": {"higress": {"downstream": {"idleTimeout": 181}}}},
    "consumer": {"credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-other", "values": ["value-of-another-key"]}]},
}
BAD = {"nonsense": 1, "enabled": "perhaps", "services": "none", "rawConfigs": 7, "configurations": "no", "tokens": 5,
       "credentials": {"a": 1}, "dbConfig": [], "headerControl": "x", "authN": "x", "priority": "high", "data": 3}
FIXED = ("plugin-instance", "dashboard", "higress-config")
NOT_CALLED = {"stdio": "is one of the talks", "serve": "is one of the talks", "console": "is the gateway",
              "demo": "has a gateway of its own", "chat": "is ask, at a terminal"}


def addressed(o):
    return {k: v for k, v in (("kind", o.kind), ("name", o.name), ("scope", o.scope)) if v}


def swap_types(value):
    """The same members, each text where a list is due and a list where a text is due: errors quote what they refuse."""
    if isinstance(value, dict):
        return {k: swap_types(v) for k, v in value.items()}
    if isinstance(value, list):
        return value[0] if value and isinstance(value[0], str) else {"of": value}
    return [value] if isinstance(value, str) else value


def seeded_parts(body):
    """Every member of the top level as the only thing that a patch says, wrong in type."""
    return [{name: swap_types(value)} for name, value in body.items()]


def read(talk, objects):
    """What only reads."""
    talk.call("gateway_overview")
    for arguments in ({}, {"text": "shop"}, {"domain": "shop.example.com"}, {"service": "shop"}, {"path": "/h"}, {"limit": 3},
                      {"limit": "x"}, {"cursor": "nonsense"}):
        talk.call("list_routes", arguments)
    for kind in KINDS:
        for arguments in ({}, {"text": "a"}, {"limit": 500}):
            for scope in plant.SCOPES if kind == "plugin-instance" else (None,):
                talk.call("list_resources", {"kind": kind, **arguments, **({"scope": scope} if scope else {})})
        talk.call("describe_kind", {"kind": kind})
        if kind in ("system", "higress-config"):
            talk.call("get_resource", {"kind": kind})
    for o in objects:
        talk.call("get_resource", addressed(o))
        if o.kind == "plugin-instance":
            talk.call("describe_kind", {"kind": o.kind, "plugin": o.name})
    for server in ("orders", "direct", "nobody"):
        talk.call("get_resource", {"kind": "mcp-consumers", "name": server})
    for arguments in ({}, {"route": "shop"}, {"route": "headers"}, {"service": "shop.static"}, {"route": "nobody"}):
        talk.call("diagnose", arguments)
    for arguments in ({"kind": "route", "name": "shop"}, {"kind": "service", "name": "shop.static", "by": "http"}, {"address": "10.9.8.7:80"},
                      {"kind": "ai-provider", "name": "nobody"}, {"kind": "domain", "name": "*.example.com"}, {}):
        talk.call("probe", arguments)
    for arguments in ({}, {"limit": 500, "text": " "}, {"risk": "open", "days": 3650}, {"cursor": "nonsense"}):
        talk.call("check_config", arguments)
    for arguments in ({}, {"text": "token"}, {"route": "shop", "status": "5xx", "minutes": 5},
                      {"what": "gateway", "limit": 200}, {"what": "pilot"}, {"what": "gateway", "text": "token"},
                      {"previous": True}, {"follow": 1}):
        talk.call("tail_logs", arguments)
    for arguments in ({}, {"by": ["path", "user_agent"]}, {"by": ["client", "consumer", "model"], "text": "token", "errors": True}):
        talk.call("analyze_traffic", arguments)
    for arguments in ({"question": "requests", "by": ["service"]}, {"question": "tokens", "by": ["consumer"], "only": "model=token"},
                      {"promql": "up"}, {"question": "errors"}, {"question": "tokens", "only": "token"}):
        talk.call("query_metrics", arguments)
    for o in [o for o in objects if o.kind == "route"]:
        path = o.body["path"]["matchValue"]
        for arguments in ({}, {"host": "shop.example.com"}, {"method": "POST", "headers": {"x-a": "b"}, "query": "c=d"}):
            talk.call("explain_request", {"path": path if path.startswith("/") else "/", **arguments})


def proxies(talk, names):
    """What two Envoys hold, compared and of one."""
    for what in ("clusters", "endpoints", "routes", "listeners", "certificates", "plugins", "stats"):
        for arguments in ({}, {"limit": 500}, {"text": "x-asked"}, {"replica": names[0], "limit": 500}, {"replica": "nobody"}):
            talk.call("inspect_proxy", {"what": what, **arguments})


def dry(talk, o, new):
    """Changes of one object that are only looked at: harmless, of the secret, wrong beside it, as read, elsewhere, gone."""
    seen = talk.get(o.kind, o.name, o.scope)
    if o.kind in HARMLESS:
        talk.change("patch", o.kind, o.name, HARMLESS[o.kind], o.scope)
    if seen:
        talk.change("replace", o.kind, o.name, seen, o.scope)
        talk.change("patch", o.kind, o.name, {**seen, "nonsense": {"a": [1]}}, o.scope)
    talk.change("patch", o.kind, o.name, o.body, o.scope)
    talk.change("patch", o.kind, o.name, {**o.body, **BAD}, o.scope)
    for part in seeded_parts(o.body):
        talk.change("patch", o.kind, o.name, part, o.scope)
    talk.change("delete", o.kind, o.name, None, o.scope, if_used="force")
    if o.kind not in FIXED:
        talk.change("create", o.kind, new, {**o.whole(), "name": new}, o.scope)
        talk.change("create", o.kind, "bad name/", {**o.whole(), "name": "bad name/"}, o.scope)


def others(talk, objects):
    """The tools that plan in their own words."""
    for o in [o for o in objects if o.kind == "ai-provider"]:
        for more in ({}, {"replace": True}, {"name": "bad name/"}, {"type": "nobody"}, {"settings": {"openaiCustomUrl": 7}}):
            talk.call("add_provider", {"name": o.name, "type": o.body["type"], "key": o.body["tokens"][0],
                                       "settings": o.body["rawConfigs"], "dry_run": True, **more})
    talk.call("add_provider", {"name": "n", "type": "qwen", "secret_ref": {"env": "HIGRESS_OPS_STATE"}, "dry_run": True})
    for arguments in ({"scope": "route:shop", "header": "x-api-key"}, {"route": "shop"}, {"scope": "global", "by": "param:token"},
                      {"scope": "route:shop", "header": "authorization", "key": "Bearer abc"}):
        talk.call("tune_rate_limit", {"requests": 5, "dry_run": True, **arguments})


def manifests(world, talk, objects):
    """As read with something harmless changed, with the secrets in them, and the folder's own Kubernetes objects."""
    seen = [{**(talk.get(o.kind, o.name, o.scope) or {}), **HARMLESS.get(o.kind, {}), **addressed(o)} for o in objects
            if o.kind not in ("tls-certificate", "consumer")]
    raw = [{**o.whole(), **addressed(o), "name": o.name if o.kind in FIXED else "m-" + o.name} for o in objects]
    for rows in (seen, raw):
        for at in range(0, len(rows), 4):
            talk.call("apply_manifest", {"manifest": rows[at:at + 4], "dry_run": True})
            documents = "---\n".join(plant_kinds.yaml(row) for row in rows[at:at + 4])
            talk.call("apply_manifest", {"manifest": documents, "dry_run": True})
            talk.call("apply_manifest", {"manifest": documents + "---\nkind: route\n  name: [", "dry_run": True})
    for folder, _, names in os.walk(os.path.join(world.house.dir, "data")):
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
                text = f.read()
            if name.endswith(".yaml"):
                for given in (text, text.replace("enabled: true", "enabled: false"), text.replace("kind: ", "kind: [", 1)):
                    talk.call("apply_manifest", {"manifest": given, "dry_run": True})


def resources(talk, objects):
    """The URIs that are listed and those of all objects, read; and the templates with completions."""
    uris = {row["uri"] for row in talk.every("resources/list", "resources")}
    uris |= {"higress://gateway/default/" + "/".join(quote(part, safe="") for part in addressed(o).values()) for o in
             [plant.Object(o.kind, o.scope or o.name, o.scope and o.name, None, 0, None) for o in objects]}
    for uri in sorted(uris):
        talk.request("resources/read", {"uri": uri})
    for template in talk.every("resources/templates/list", "resourceTemplates"):
        for name in re.findall(r"{(\w+)}", template["uriTemplate"]):
            for text in ("", "s", "p-"):
                complete(talk, {"type": "ref/resource", "uri": template["uriTemplate"]}, name, text)


def complete(talk, ref, name, text):
    talk.request("completion/complete", {"ref": ref, "argument": {"name": name, "value": text}})


def prompts(talk):
    for prompt in talk.every("prompts/list", "prompts"):
        names = [a["name"] for a in prompt.get("arguments", [])]
        for value in ("shop", "p-qwen"):
            talk.request("prompts/get", {"name": prompt["name"], "arguments": {n: value for n in names}})
        for name in names:
            complete(talk, {"type": "ref/prompt", "name": prompt["name"]}, name, "")


def plans(talk, objects):
    """Changes that stay: one harmless and one with the secrets of each kind. Their ids."""
    ids, seen = [], set()
    for o in objects:
        if o.kind in seen or o.name in ("shop", "corp"):
            continue
        seen.add(o.kind)
        new = "stored-" + re.sub("[^a-z]", "", o.name)
        for action, name, body in (("patch", o.name, HARMLESS.get(o.kind)), ("patch", o.name, o.body),
                                   ("create", new, {**o.whole(), "name": new})):
            good, answer = talk.change(action, o.kind, name, body, o.scope, dry=False) if body else (False, None)
            if good and isinstance(answer, dict) and answer.get("id"):
                ids.append(answer["id"])
    return ids


def pages_of(world, objects):
    """One object of each kind as its page shows it."""
    for kind, name in sorted({o.kind: o.name for o in objects if not o.scope}.items()):
        world.look("/?kind=%s&name=%s" % (quote(kind, safe=""), quote(name, safe="")))


def decide(world, talk, ids):
    """Each change is looked at everywhere; then approved, rejected or cancelled in turn, and undone."""
    world.page("list")
    world.pipeline("listChanges", "GET", "/api/changes?limit=100")
    world.pipeline("getDocument", "GET", "/api/openapi.json")
    for path in ("/", "/changes", "/audit"):
        world.look(path)
    for i, change in enumerate(ids):
        world.look("/changes/" + change)
        talk.call("get_change", {"id": change})
        talk.request("resources/read", {"uri": "higress://change/" + change})
        world.command("changes", change)
        _, shown = world.page("show", id=change)
        _, o = world.pipeline("getChange", "GET", "/api/changes/" + change)
        world.pipeline("explainChange", "GET", "/api/changes/%s/policy" % change)
        read = o.get("read") or {"plan": "0" * 16, "rendering": "0" * 16, "seen": "x"}
        world.pipeline("approveChange", "POST", "/api/changes/%s/approve" % change, {**read, "seen": "x"})
        world.pipeline("rejectChange", "POST", "/api/changes/%s/reject" % change,
                       {"plan": read["plan"], "rendering": read["rendering"][::-1]})
        world.pipeline("undoChange", "POST", "/api/changes/%s/undo" % change, {"if_used": "force"})
        digest = shown.get("digest") if isinstance(shown, dict) else None
        if i % 4 == 0:
            world.person("approve", change, answer="no")
        elif i % 4 == 1:
            talk.call("apply_change", {"id": change})
        world.page(("approve", "reject", "approve", "show")[i % 4], id=change, digest=digest or "0" * 16)
        talk.call("get_change", {"id": change, "wait": 0})
        talk.call("undo_change", {"id": change, "dry_run": i % 2 == 0})
        talk.call("cancel_change", {"id": change})
    for state in (None, "pending", "applied", "rejected", "nonsense"):
        talk.call("list_changes", {"state": state, "limit": 100} if state else {"limit": 100})


def commands(world, objects, ids):
    d = world.house.dir
    world.command("ask", "--no-model", "why do shop and headers fail?")
    world.command("ask", "--no-model", "--json", "is anything wrong?")
    world.command("export")
    world.command("export", "--out", d + "/gateway.yaml", "--secrets", d + "/secrets.yaml")
    world.command("import", d + "/gateway.yaml", "--secrets", d + "/secrets.yaml", "--dry-run")
    world.command("import", d + "/gateway.yaml", "--dry-run")
    world.command("migrate", d + "/data")
    world.command("migrate", d + "/data", "--format", "json")
    world.command("migrate", d + "/data", "--plan", "--without-refused")
    with open(d + "/gateway.yaml", "rb") as f:
        world.keep("command export", f.read())
    for arguments in (("audit", "verify"), ("audit", "told"), ("audit", "segments"), ("audit", "segments", "--json"),
                      ("state", "show"), ("passkey", "list"), ("policy", "show"),
                      ("freeze", "--reason", "not at a terminal", "--until", "1h"), ("report", "--since", "1d"), ("stop", "c-000000000000", "--reason", "not at a terminal"), ("changes",), ("changes", "--json"), ("tools",), ("tools", "--json"), ("check",),
                      ("overview",), ("overview", "--svg"), ("logs", "--limit", "200"), ("logs", "--json", "--what", "gateway", "--limit", "200"),
                      *(("check", "--gateway", "--format", f) for f in ("text", "json", "sarif", "junit")),
                      ("render", "--data", d + "/data", "--out", d + "/envoy")):
        world.command(*arguments)
    for o in objects[::7]:
        world.command("call", "get_resource", json.dumps(addressed(o)))
        world.command("call", "change_resource", json.dumps({**addressed(o), "action": "patch", "object": o.body, "dry_run": True}))
    for change in ids[:6]:
        world.command("changes", change, "--json")
        world.command("policy", "explain", change)
        world.command("audit", "evidence", "--change", change)
        world.command("undo", change)
        world.person("reject", change, answer="no")


def outside(world, talk, objects):
    """All objects deleted behind the server's back, and what is told of that everywhere. The last of all: the gateway is empty then."""
    world.command("outside", "--look")
    for o in sorted(objects, key=lambda o: o.kind != "plugin-instance"):
        if o.kind == "plugin-instance":
            world.api("DELETE", plant.instance_path(o.name, o.scope))
        elif o.kind in plant.LISTS or o.kind == "mcp-server":
            world.api("DELETE", plant.LISTS.get(o.kind, "/v1/mcpServer") + "/" + quote(o.name, safe=""))
    _, out, _ = world.command("outside", "--look", "--json")
    edits = json.loads(out)["changes"]
    for look in ({"state": "outside"}, {"state": "outside", "limit": 100, "object": "consumer *"}):
        talk.call("list_changes", look)
    world.look("/changes?state=outside")
    for e in edits:
        talk.call("get_change", {"id": e["id"]})
        talk.call("undo_change", {"id": e["id"], "dry_run": True})
        world.look("/changes/" + e["id"])
    for e in edits[::5]:
        world.command("outside", e["id"])
        world.command("undo", e["id"])
    world.command("report", "--since", "1h", "--html")
    return edits


class Coverage:
    """What exists, and what of it was called."""

    def __init__(self, world):
        self.rows = []
        for talk in world.talks:
            self.add("tools over " + talk.name, [t["name"] for t in talk.tools], talk.called)
            methods = ("resources/list", "resources/templates/list", "resources/read", "completion/complete", "prompts/list",
                       "prompts/get", "tools/list")
            self.add("methods over " + talk.name, methods, talk.called)
        out = house.subprocess.run([house.BINARY, "--help"], capture_output=True, text=True, check=False).stdout
        listed = re.findall(r"^  (\w+) {2,}\S", out.split("commands:")[1], re.M)
        self.add("commands", [c for c in listed if c not in NOT_CALLED], world.commands)
        page = {o[5:] for o in world.heard if o.startswith("page ")}
        self.add("page", ("list", "show", "approve", "reject"), page)
        paths = world.pipeline("getDocument", "GET", "/api/openapi.json")[1]["paths"]
        self.add("api", [o["operationId"] for path in paths.values() for o in path.values()],
                 {o[4:] for o in world.heard if o.startswith("api ")})

    def add(self, what, exist, called):
        missing = [name for name in exist if name not in called]
        self.rows.append((what, len(exist), missing))

    def whole(self):
        return not any(missing for _, _, missing in self.rows)

    def show(self):
        for what, n, missing in self.rows:
            print("  %-22s %d of %d%s" % (what, n - len(missing), n, "; not called: " + ", ".join(missing) if missing else ""))
