"""plant_odd.py - secrets where nobody would look for one: in harmless fields, in keys, as numbers, below a member that
should be a text, in URLs of other schemes, coded twice. `objects` as in plant_kinds, `instances` for plugins."""
import base64
import json

from seeds import KNOWN, LINE

SERVICES = [{"name": "shop.static", "port": 80}]
NUMBER = ("number",)


def objects(p):
    def v(place, shapes=KNOWN):
        return p.value("odd " + place, shapes)
    one = tuple(s for s in KNOWN if s != "pem")
    yield "route", "odd", {
        "path": {"matchType": "PRE", "matchValue": "/odd"}, "services": SERVICES,
        "rewrite": {"enabled": True, "path": "/odd?access_token=" + v("route rewrite.path", ("plain", "hex"))},
        "cors": {"enabled": True, "allowOrigins": ["https://u:%s@a.example.com" % v("route cors.allowOrigins[]", ("plain",))],
                 "allowMethods": ["GET"]},
        "customLabels": {"note": v("route customLabels", one)},
        "headers": [{"key": "cookie", "matchType": "PRE", "matchValue": "JSESSIONID=" + v("route headers[] cookie", ("plain",))},
                    {"key": "x-note", "matchType": "EQUAL", "matchValue": v("route headers[] x-note", ("bearer",))}],
        "urlParams": [{"key": "Access_Token", "matchType": "REGULAR", "matchValue": v("route urlParams[] mixed case", ("plain",)) + ".*"}],
        "headerControl": {"enabled": True, "request": {"add": [
            {"key": "X-Note", "value": "Basic " + base64.b64encode(("ops:" + v("route X-Note Basic", ("plain",))).encode()).decode()},
            {"key": "X-Next", "value": "https://a.example.com/#access_token=" + v("route X-Next fragment", ("plain", "uuid"))},
            {"key": "X-Plain", "value": v("route X-Plain", ("bearer",))}, {"key": "X-Json", "value": json.dumps(
                {"password": v("route X-Json", ("plain",))})}]}}}
    yield "wasm-plugin", "odd", {
        "category": "custom", "title": "Odd", "description": "Sign with " + v("wasm-plugin description", one),
        "imageRepository": "oci://registry.example.com/odd", "imageVersion": "1.0", "phase": "AUTHN", "priority": 12}
    yield "ai-provider", "odd", {"type": "qwen", "tokens": [v("ai-provider tokens[] of digits", NUMBER)], "rawConfigs": {
        "qwenDomain": "https://u:%s@dashscope.example.com" % v("ai-provider rawConfigs.qwenDomain", ("plain",)),
        "modelMapping": {"a": v("ai-provider modelMapping value", one), v("ai-provider modelMapping key", ("github",)): "b"},
        "newSetting": {"deep": [{"secretKey": v("ai-provider unknown member", LINE)}]}}}
    yield "mcp-server", "odd", {"type": "OPEN_API", "services": SERVICES, "rawConfigurations": json.dumps({
        "server": {"name": "odd", "config": {"appCode": v("mcp-server server.config of digits", NUMBER),
                                             "url": "redis://:%s@redis.example.com/0" % v("mcp-server server.config.url", ("plain",))}},
        "tools": [{"name": "t", "description": "d", "args": [
            {"name": "token", "type": "string", "description": "e.g. " + v("mcp-server args[].description", one),
             "enum": [v("mcp-server args[].enum[]", ("plain", "hex"))]}],
            "requestTemplate": {"url": "https://a.example.com/x", "method": "POST", "headers": [
                {"key": "Content-Type", "value": "application/json"},
                {"key": "X-Sign", "value": "APPCODE " + v("mcp-server APPCODE", ("hex",))}],
                "body": json.dumps(json.dumps({"client_secret": v("mcp-server body coded twice", ("github",))}))}}],
        "unknown": {"blob": v("mcp-server unknown member", LINE)}})}


def instances(p):
    """{plugin: configuration}"""
    def v(place, shapes=LINE):
        return p.value("odd plugin " + place, shapes)
    return {
        "odd": {"redis": {"password": int(v("number", NUMBER))}, "secret": {"value": v("below a secret")}, "token": [[v("in lists")]],
                "address": "amqp://u:%s@mq.example.com:5672/v" % v("amqp", ("plain",)),
                "store": "mongodb+srv://u:%s@db.example.com/x?w=1" % v("mongodb", ("plain",)),
                "hook": "https://open.feishu.cn/open-apis/bot/v2/hook/" + v("feishu", ("uuid",)),
                "bot": "https://api.telegram.org/bot%s/send" % v("telegram", ("plain",)),
                "sas": "https://x.blob.core.windows.net/c?sv=2022&sig=" + v("sas", ("base64url",)),
                "yaml": "a:\n  password: %s\n" % v("YAML in a text", ("plain", "hex")),
                "json": json.dumps({"auths": {"r.example.com": {"auth": v("JSON in a text", ("base64",))}}}),
                v("key", ("github",)): 1, "upper": {"APIKEY": v("APIKEY"), "Api_Key": v("Api_Key")}, "host": v("under host", KNOWN)},
        "request-validation": {"body_schema": {"type": "object", "properties": {"user": {"type": "object", "properties": {
            "password": {"type": "string", "enum": [v("schema enum", ("plain",))], "examples": [v("schema examples", ("plain",))]}}}}}},
        "oidc": {"client_id": "shop", "oidc_issuer_url": "https://issuer.example.com", "client_secret": v("oidc client_secret"),
                 "cookie_secret": v("oidc cookie_secret"), "service_name": "shop.static"},
    }
