"""plant.py - fills the console of a world with seeded objects of every kind, through its REST API."""
import os
import re
from urllib.parse import quote

import house
import plant_kinds
import plant_odd
import plant_plugins
from seeds import Planter

TOTAL = 450  # 400 in the places of the reference, the others where nobody would look
LISTS = {"route": "/v1/routes", "domain": "/v1/domains", "service-source": "/v1/service-sources",
         "proxy-server": "/v1/proxy-servers", "ai-provider": "/v1/ai/providers", "ai-route": "/v1/ai/routes",
         "wasm-plugin": "/v1/wasm-plugins", "consumer": "/v1/consumers", "tls-certificate": "/v1/tls-certificates"}
SCOPES = ("global", "route:shop", "domain:shop.example.com", "service:shop.static")
NOT_BUILT_IN = ("ai-image-reader", "chatgpt-proxy", "qwen3guard", "replay-protection", "traffic-editor",
                "api-workflow", "my-signer", "legacy")


class Object:
    def __init__(self, kind, name, scope, body, status, answer):
        self.kind, self.name, self.scope, self.body = kind, name, scope, body
        self.status, self.answer = status, answer

    def whole(self):
        """As a client would give it."""
        key = "pluginName" if self.kind == "plugin-instance" else "name"
        return {key: self.name, **self.body}


def instance_path(name, scope):
    level, _, target = scope.partition(":")
    head = "%ss/%s" % (level, quote(target, safe="")) if target else level
    return "/v1/%s/plugin-instances/%s" % (head, name)


def path_of(o):
    """Where the console shows an object."""
    if o.kind == "plugin-instance":
        return instance_path(o.name, o.scope)
    name = quote(o.name, safe="")
    fixed = {"mcp-server": "/v1/mcpServer/" + name, "dashboard": "/dashboard/info?type=" + name,
             "higress-config": "/system/higress-config"}
    return fixed.get(o.kind) or "%s/%s" % (LISTS[o.kind], name)


def put(world, kind, name, body, scope=None):
    if kind in LISTS:
        method, path = "POST", LISTS[kind]
    elif kind == "mcp-server":
        method, path = "PUT", "/v1/mcpServer"
    elif kind == "dashboard":
        method, path = "PUT", "/dashboard/info?type=" + name
    else:
        method, path = "PUT", instance_path(name, scope)
    body = {"name": name, **body} if kind not in ("dashboard", "plugin-instance") else body
    status, answer = world.api(method, path, body)
    return Object(kind, name, scope, body, status, answer)


def put_config(world, sections):
    """The settings: each section is YAML text in a ConfigMap; JSON is YAML."""
    _, now = world.api("GET", "/system/higress-config")
    text = now["data"] if isinstance(now, dict) else now
    version = re.search(r"resourceVersion: ['\"]?(\d+)", text).group(1)
    whole = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "higress-config", "namespace": "higress-system", "resourceVersion": version},
        "data": {name: plant_kinds.yaml(tree) for name, tree in sections.items()}}
    status, answer = world.api("PUT", "/system/higress-config", {"config": plant_kinds.yaml(whole)})
    return Object("higress-config", "higress-config", None, {"data": sections}, status, answer)


def plugins(world, planter):
    known = [(n, c) for n, c in plant_plugins.configurations(planter).items()]
    own = list(plant_plugins.custom(planter).items())
    for name in NOT_BUILT_IN:
        yield put(world, "wasm-plugin", name, {"category": "custom", "title": name, "imageVersion": "1.0", "phase": "AUTHN",
                                               "priority": 100, "imageRepository": "oci://registry.example.com/" + name})
    for i, (name, config) in enumerate(known + own):
        scope = SCOPES[i % len(SCOPES)]
        body = {"enabled": True, "configurations": config}
        if i % 5 == 4:  # the same as text
            body = {"enabled": True, "rawConfigurations": plant_kinds.yaml(config)}
        yield put(world, "plugin-instance", name, body, scope)


def dashboards(planter):
    yield "MAIN", "https://grafana.example.com/d/gateway?auth_token=" + planter.quoted("dashboard url (query)")
    yield "AI", "https://ops:%s@grafana.example.com/d/ai" % planter.quoted("dashboard url (userinfo)")
    yield "LOG", "https://grafana.example.com/public-dashboards/" + planter.value("dashboard url (path)", "hex")


def fill(world):
    """(planter, objects): TOTAL seeds, each in one object at least."""
    planter, out = Planter(), []
    admin = planter.seed("system adminUser.password", "plain")
    admin.value, admin.cores = house.PASSWORD, [house.PASSWORD]
    rows = []
    for source in (plant_kinds.sources, plant_kinds.providers):
        rows += source(planter)
    rows += plant_kinds.routes(planter)
    rows += plant_kinds.rest(planter)
    out += [put(world, *row) for row in rows]
    out.append(put_config(world, plant_kinds.configuration(planter)))
    out += [put(world, *row) for source in (plant_kinds.mcp_servers, plant_odd.objects) for row in source(planter)]
    out += plugins(world, planter)
    out += [put(world, "plugin-instance", name, {"enabled": True, "configurations": config}, "route:headers")
            for name, config in plant_odd.instances(planter).items()]
    out += [put(world, "dashboard", name, {"url": url}) for name, url in dashboards(planter)]
    out += [put(world, *row) for row in plant_kinds.consumers(planter, TOTAL - len(planter.seeds) - 36)]
    return planter, out


def kept(world):
    """What the console's folder holds, as bytes."""
    parts = []
    for folder, _, names in os.walk(os.path.join(world.house.dir, "data")):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                parts.append(f.read())
    return b"\n".join(parts)
