"""fingerprints.py - places of an object where a fingerprint does not belong, for each kind: `elsewhere(kind, fp)` gives
(field, patch), the field being the word that a refusal must hold; and `held`, the fingerprints that an object shows.
"""
import re

import rig

MARK = re.compile(r"secret:[a-z0-9]+:[0-9a-f]{6,64}")


def held(o):
    """{path: fingerprint} of what is masked whole, as it was read."""
    return {path: value for path, value in rig.leaves(o) if isinstance(value, str) and MARK.fullmatch(value)}


def marks(o):
    """Every fingerprint in an object, also inside longer texts."""
    return {m for _, value in rig.leaves(o) if isinstance(value, str) for m in MARK.findall(value)}


def route(fp):
    request = {"enabled": True, "request": {"add": [{"key": "x-note", "value": fp}]}}
    return [
        ("path", {"rewrite": {"enabled": True, "path": "/" + fp}}), ("host", {"rewrite": {"enabled": True, "host": fp}}),
        ("matchValue", {"path": {"matchType": "PRE", "matchValue": "/" + fp}}), ("domains", {"domains": [fp]}),
        ("methods", {"methods": [fp]}), ("value", {"headerControl": request}),
        ("remove", {"headerControl": {"enabled": True, "request": {"remove": [fp]}}}),
        ("key", {"headerControl": {"enabled": True, "response": {"add": [{"key": fp, "value": "x"}]}}}),
        ("matchValue", {"headers": [{"key": "x-note", "matchType": "EQUAL", "matchValue": fp}]}),
        ("customConfigs", {"customConfigs": {"higress.io/rewrite-target": fp}}), ("customConfigs", {"customConfigs": {fp: "x"}}),
        ("customLabels", {"customLabels": {"note": fp}}), ("name", {"services": [{"name": fp, "port": 80}]}),
        ("allowOrigins", {"cors": {"enabled": True, "allowOrigins": ["https://" + fp]}}),
    ]


def provider(fp):
    return [("proxyName", {"proxyName": fp}), ("qwenDomain", {"rawConfigs": {"qwenDomain": fp}}),
            ("genericHost", {"rawConfigs": {"genericHost": "see " + fp}}), ("modelMapping", {"rawConfigs": {"modelMapping": {
                "*": fp}}}), ("modelMapping", {"rawConfigs": {"modelMapping": {fp: "x"}}}), ("rawConfigs", {"rawConfigs": {fp: "x"}}),
            ("healthCheckModel", {"tokenFailoverConfig": {"enabled": True, "healthCheckModel": fp}})]


def ai_route(fp):
    upstreams = [{"provider": "p-qwen", "weight": 100, "modelMapping": {"*": fp}}]
    return [("modelMapping", {"upstreams": upstreams}), ("matchValue", {"modelPredicates": [{"matchType": "PRE", "matchValue": fp}]}),
            ("customLabels", {"customLabels": {"a": fp}}), ("provider", {"upstreams": [{"provider": fp, "weight": 100}]}),
            ("matchValue", {"pathPredicate": {"matchType": "PRE", "matchValue": "/" + fp}})]


def mcp_server(fp):
    text = ("server:\n  name: orders\ntools:\n- name: get-order\n  description: %s\n  args: []\n"
            "  requestTemplate:\n    url: %s\n    method: GET\n")
    return [("description", {"description": fp}), ("description", {"description": "It is %s, said somebody" % fp}),
            ("rawConfigurations", {"rawConfigurations": text % (fp, "/orders")}),
            ("rawConfigurations", {"rawConfigurations": text % ("x", "https://vendor.example.com/" + fp)}),
            ("rawConfigurations", {"rawConfigurations": "server:\n  name: orders\n  config:\n    region: %s\ntools: []\n" % fp}),
            ("domains", {"domains": [fp]})]


def instance(fp):
    return [("block_urls", {"configurations": {"block_urls": [fp]}}), ("note", {"configurations": {"note": fp}}),
            ("configurations", {"configurations": {fp: "x"}}), ("deep", {"configurations": {"a": [{"deep": {"deep": fp}}]}}),
            ("note", {"configurations": {"note": "a longer text with %s in it" % fp}}),
            ("rawConfigurations", {"rawConfigurations": "note: %s\n" % fp})]


PLACES = {
    "route": route, "ai-provider": provider, "ai-route": ai_route, "mcp-server": mcp_server, "plugin-instance": instance,
    "consumer": lambda fp: [("key", {"credentials": [
        {"type": "key-auth", "source": "HEADER", "key": fp, "values": ["value-of-its-own"]}]})],
    "service-source": lambda fp: [("domain", {"domain": fp}), ("sni", {"protocol": "https", "sni": fp}),
                                  ("consulServiceTag", {"properties": {"consulServiceTag": fp}})],
    "proxy-server": lambda fp: [("serverAddress", {"serverAddress": fp})],
    "wasm-plugin": lambda fp: [("description", {"description": fp}), ("title", {"title": "a %s b" % fp}),
                               ("imageRepository", {"imageRepository": "oci://registry.example.com/" + fp})],
    "dashboard": lambda fp: [("url", {"url": "https://grafana.example.com/d/" + fp})],
    "higress-config": lambda fp: [("sse_path_suffix", {"data": {"higress": {"mcpServer": {"sse_path_suffix": fp}}}}),
                                  ("accessLogFile", {"data": {"mesh": {"accessLogFile": fp}}}),
                                  ("networks", {"data": {"meshNetworks": {"networks": {fp: {"endpoints": []}, "n": {"gateways": [fp]}}}}})],
    "domain": lambda fp: [("certIdentifier", {"enableHttps": "on", "certIdentifier": fp})],
}


def elsewhere(kind, fp):
    return PLACES[kind](fp) if kind in PLACES else []
