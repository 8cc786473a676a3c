"""plant_kinds.py - objects of every kind with seeds in them, in the order in which a console takes them.

`objects(planter)` gives (kind, name, scope, method, path, body); a body that the console refuses is not lost: it is
sent as the argument of a change, which must not be said again either.
"""
import json
import subprocess
import tempfile
from urllib.parse import quote

import plant_plugins
from seeds import KNOWN, LINE, TOKEN, WHOLE

TYPES = ("qwen openai moonshot deepseek claude azure ollama gemini zhipuai minimax baichuan yi groq grok mistral cohere "
         "stepfun doubao coze ai360 github baidu bedrock vllm openrouter vertex").split()
SERVICES = [{"name": "shop.static", "port": 80}]
CONFIGURED = {"bedrock": {"awsAccessKey": "AKIAEXAMPLE", "awsRegion": "us-east-1"},
              "ollama": {"ollamaServerHost": "10.0.3.1", "ollamaServerPort": 11434}}


def yaml(o, indent=0):
    """Block YAML; scalars as JSON, which YAML reads."""
    pad = "  " * indent
    if isinstance(o, dict) and o:
        return "".join("%s%s:%s" % (pad, json.dumps(k) if not k.isidentifier() else k, nested(v, indent)) for k, v in o.items())
    return "".join("%s-%s" % (pad, nested(v, indent)) for v in o)


def nested(v, indent):
    if isinstance(v, (dict, list)) and v:
        return "\n" + yaml(v, indent + 1)
    return " " + json.dumps(v, ensure_ascii=False) + "\n"


def certificate():
    """(certificate, key) as PEM."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "30", "-subj", "/CN=shop.example.com", "-keyout", folder + "/key", "-out", folder + "/cert"],
                       capture_output=True, check=True)
        return [open(folder + "/" + name, encoding="ascii").read() for name in ("cert", "key")]


def sources(p):
    yield "service-source", "shop", {"type": "static", "domain": "10.0.0.11:8080", "port": 80, "protocol": "http"}
    yield "service-source", "nacos-two", {
        "type": "nacos2", "domain": "nacos.example.com", "port": 8848,
        "properties": {"nacosNamespaceId": "5f2c1d6e-0b7a-4c5e-9a55-6a4a3b1c2d3e", "nacosGroups": ["DEFAULT_GROUP"]},
        "authN": {"enabled": True, "properties": {
            "nacosUsername": "ops", "nacosPassword": p.value("service-source authN.properties.nacosPassword")}}}
    yield "service-source", "consul", {
        "type": "consul", "domain": "10.0.1.5", "port": 8500,
        "properties": {"consulDatacenter": "dc1", "consulServiceTag": "web", "consulRefreshInterval": 30},
        "authN": {"enabled": True, "properties": {"consulToken": p.value("service-source authN.properties.consulToken", "uuid")}}}
    yield "proxy-server", "corp", {"type": "http", "serverAddress": "proxy.example.com", "serverPort": 3128}


def settings(p, kind):
    """rawConfigs of a provider type: what is secret there, by name, by rule or by shape."""
    def v(path, shapes=WHOLE):
        return p.value("ai-provider rawConfigs." + path, shapes)

    def url(path, form):
        return form % p.quoted("ai-provider rawConfigs." + path)
    made = dict(CONFIGURED.get(kind, {}))
    if kind == "bedrock":
        made.update(awsSecretKey=v("awsSecretKey", ("base64", "quotes")), bedrockAdditionalFields={"apiSecret": v(
            "bedrockAdditionalFields.*", LINE)})
    elif kind == "openai":
        made.update(openaiCustomUrl=url("openaiCustomUrl", "https://llm.example.org:8443/v1?api-key=%s"),
                    openaiExtraCustomUrls=[])
    elif kind == "azure":
        made.update(azureServiceUrl=url("azureServiceUrl", "https://r.openai.azure.com/openai/deployments/d/chat/completions"
                                        "?api-version=2024-02-01&api-key=%s"))
    elif kind == "claude":
        made.update(claudeVersion="2023-06-01", claudeCustomUrl=url("claudeCustomUrl", "https://u:%s@cl.example.org/base"))
    elif kind == "vllm":
        made.update(vllmCustomUrl="http://10.0.3.2:8000/v1?token=%s" % p.quoted("ai-provider rawConfigs.vllmCustomUrl"),
                    vllmExtraCustomUrls=["http://10.0.3.3:8000/v1?token=%s" % p.quoted(
                        "ai-provider rawConfigs.vllmExtraCustomUrls[]")])
    elif kind == "vertex":
        made.update(vertexRegion="us-central1", vertexProjectId="shop", vertexAuthKey=plant_plugins.service_account(
            v("vertexAuthKey", ("pem", "plain"))))
    elif kind == "minimax":
        made.update(minimaxGroupId="g-1", hunyuanAuthKey=v("hunyuanAuthKey", "hex"), klingSecretKey=v("klingSecretKey", "plain"))
    elif kind == "qwen":
        made.update(context={"fileUrl": url("context.fileUrl", "https://oss.example.com/ctx.txt?Expires=1&Signature=%s"),
                             "serviceName": "shop.static", "servicePort": 80},
                    customSettings=[{"name": "api_key", "value": v("customSettings[].value", LINE)}],
                    contextCleanupCommands=["clear " + v("contextCleanupCommands[]", KNOWN)])
    elif kind == "moonshot":
        made.update(difyApiUrl=url("difyApiUrl", "https://dify.example.com/v1?api_key=%s"), mySecret=v("mySecret", LINE))
    return made


def providers(p):
    for i, kind in enumerate(TYPES):
        tokens = [p.value("ai-provider tokens[]") for _ in range(3 if i < 20 else 2)]
        yield "ai-provider", "p-" + kind, {"type": kind, "tokens": tokens, "rawConfigs": settings(p, kind)}


def consumers(p, more):
    for i in range(12):
        source = ("HEADER", "QUERY", "BEARER")[i % 3]
        values = [p.value("consumer credentials[].values[]") for _ in range(3)]
        yield "consumer", "caller-%d" % i, {"credentials": [
            {"type": "key-auth", "source": source, "key": None if source == "BEARER" else "x-api-key", "values": values}]}
    for i in range(more):
        yield "consumer", "more-%d" % i, {"credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-api-key", "values": [
            p.value("consumer credentials[].values[]")]}]}


def header_control(p, kind):
    def rows(path, *names):
        return [{"key": n, "value": p.value("%s headerControl.%s (%s)" % (kind, path, n), LINE)} for n in names]
    return {"enabled": True,
            "request": {"add": rows("request.add[].value", "Authorization", "x-api-key") + [
                {"key": "X-Callback", "value": "https://vendor.example.com/cb?token=" + p.quoted(
                    kind + " headerControl.request.add[].value (a URL)")}],
                "set": rows("request.set[].value", "x-goog-api-key", "Cookie", "X-Upstream-Secret"), "remove": []},
            "response": {"add": rows("response.add[].value", "set-cookie"), "set": rows("response.set[].value", "x-auth-token"),
                         "remove": ["server"]}}


def predicates(p, place, *names):
    return [{"key": n, "matchType": "EQUAL", "matchValue": p.value("%s (%s)" % (place, n), TOKEN)} for n in names]


def annotations(p):
    def v(name, shapes=TOKEN):
        return p.value("route customConfigs." + name, shapes)
    return {
        "higress.io/auth-url": "https://auth.example.com/check?token=" + v("auth-url"),
        "higress.io/auth-signin": "https://u:%s@auth.example.com/login" % v("auth-signin"),
        "nginx.ingress.kubernetes.io/configuration-snippet": 'proxy_set_header Authorization "Bearer %s";' % v("snippet"),
        "nginx.ingress.kubernetes.io/canary-by-header": "x-api-key",
        "nginx.ingress.kubernetes.io/canary-by-header-value": v("canary-by-header-value"),
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
            {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": v("last-applied", WHOLE)}}),
        "example.com/deploy-token": v("deploy-token"), "higress.io/timeout": "30",
    }


def routes(p):
    yield "route", "shop", {"path": {"matchType": "PRE", "matchValue": "/shop"}, "services": SERVICES,
                            "domains": ["shop.example.com"]}
    yield "route", "headers", {"path": {"matchType": "PRE", "matchValue": "/h"}, "services": SERVICES,
                               "headerControl": header_control(p, "route")}
    yield "route", "matches", {
        "path": {"matchType": "PRE", "matchValue": "/m"}, "services": SERVICES,
        "headers": predicates(p, "route headers[].matchValue", "authorization", "x-api-key", "x-tenant-token"),
        "urlParams": predicates(p, "route urlParams[].matchValue", "access_token", "api_key")}
    yield "route", "annotated", {"path": {"matchType": "PRE", "matchValue": "/a"}, "services": SERVICES,
                                 "customConfigs": annotations(p)}
    yield "ai-route", "chat", {
        "upstreams": [{"provider": "p-qwen", "weight": 100, "modelMapping": {}}],
        "headerPredicates": predicates(p, "ai-route headerPredicates[].matchValue", "authorization"),
        "urlParamPredicates": predicates(p, "ai-route urlParamPredicates[].matchValue", "token"),
        "headerControl": header_control(p, "ai-route"), "customConfigs": {
            "example.com/webhook-secret": p.value("ai-route customConfigs.*", TOKEN)}}


def mcp_yaml(p, place):
    def v(path, shapes=WHOLE):
        return p.value("%s %s" % (place, path), shapes)
    return {
        "server": {"name": "orders", "config": {"apiKey": v("server.config.apiKey"), "appid": v("server.config.appid", TOKEN),
                                                "baseUrl": "https://vendor.example.com"},
                   "securitySchemes": [{"id": "key", "type": "apiKey", "in": "header", "name": "X-Api-Key",
                                        "defaultCredential": v("server.securitySchemes[].defaultCredential")}],
                   "defaultUpstreamSecurity": {"id": "key", "credential": v("server.defaultUpstreamSecurity.credential")}},
        "tools": [{
            "name": "get-order", "description": "Gets an order. Example: " + v("tools[].description", KNOWN),
            "args": [{"name": "id", "type": "string", "required": True, "description": "Number of the order"},
                     {"name": "api_key", "type": "string", "default": v("tools[].args[].default", TOKEN)}],
            "requestTemplate": {
                "url": "https://vendor.example.com/orders/{{.args.id}}?api_key=" + p.quoted(place + " requestTemplate.url"),
                "method": "GET", "body": '{"key":"%s","id":"{{.args.id}}"}' % v("requestTemplate.body", ("github", "claude")),
                "headers": [{"key": "Authorization", "value": "Bearer " + v("requestTemplate.headers[].value", TOKEN)},
                            {"key": "X-Vendor-Secret", "value": v("requestTemplate.headers[].value", LINE)}],
                "security": {"id": "key", "credential": v("requestTemplate.security.credential")}},
            "responseTemplate": {"body": "Order {{.id}} " + v("responseTemplate.body", KNOWN)}}]}


def mcp_servers(p):
    def v(path, shapes):
        return p.value("mcp-server " + path, shapes)
    yield "mcp-server", "orders", {"type": "OPEN_API", "services": SERVICES, "description": "Old key " + v("description", KNOWN),
                                   "rawConfigurations": yaml(mcp_yaml(p, "mcp-server rawConfigurations"))}
    login = {"host": "10.0.5.1", "port": "3306", "username": "ops", "dbname": "shop"}
    for db, shapes in (("MYSQL", ("backslash", "base64", "colon")), ("POSTGRESQL", ("percent", "query", "quotes")),
                       ("CLICKHOUSE", ("plain", "query"))):
        yield "mcp-server", "db-" + db.lower(), {
            "type": "DATABASE", "dbType": db, "services": SERVICES,
            "dbConfig": {**login, "password": v("dbConfig.password " + db, shapes),
                         "otherParams": {"sslpassword": v("dbConfig.otherParams.*", ("plain", "base64url")), "sslmode": "require"}}}
    yield "mcp-server", "lite", {"type": "DATABASE", "dbType": "SQLITE", "services": SERVICES, "dbConfig": {
        "dbname": "/data/shop.db?_auth_pass=" + v("dbConfig.dbname", ("plain", "base64url"))}}
    yield "mcp-server", "direct", {"type": "DIRECT_ROUTE", "services": SERVICES, "directRouteConfig": {
        "path": "/mcp?api_key=" + v("directRouteConfig.path", TOKEN), "transportType": "streamable"}}


def dsns(p):
    def v(form, shapes):
        return p.value("higress-config mcpServer.servers[].config.dsn " + form, shapes)
    return [
        ("mysql", "ops:%s@tcp(10.0.5.1:3306)/shop?charset=utf8mb4" % v("mysql", ("backslash", "colon", "plain"))),
        ("mysql", "ops:%s@x/%s@tcp(10.0.5.1:3306)/shop" % (v("mysql with @", ("plain",)), v("mysql with @", ("plain",)))),
        ("postgres", "postgres://ops:%s@10.0.5.1:5432/shop?sslmode=disable" % quote(v("url", ("percent", "plain")), safe="")),
        ("postgres", "host=10.0.5.1 user=ops password='%s' dbname=shop" % v("words", ("blanks", "plain"))),
        ("clickhouse", "tcp://10.0.5.1:9000?username=ops&password=%s&database=shop" % v("query", ("plain", "uuid"))),
        ("sqlite", "file:/data/x.db?_auth_user=a&_auth_pass=%s" % v("file", ("plain",))),
    ]


def configuration(p):
    """Sections of higress-config."""
    def v(path, shapes=WHOLE):
        return p.value("higress-config " + path, shapes)
    servers = [{"name": "own-%d" % i, "type": "database", "path": "/own-%d" % i, "domain_list": [],
                "config": {"dsn": dsn, "dbType": db}} for i, (db, dsn) in enumerate(dsns(p))]
    servers.append({"name": "rag", "type": "rag", "path": "/rag", "domain_list": [], "config": {
        "embedding": {"api_key": v("servers[].config.embedding.api_key"), "base_url": "https://vendor.example.com/v1"},
        "llm": {"api_key": v("servers[].config.llm.api_key", LINE), "base_url": "https://vendor.example.com?api_key=" + p.quoted(
            "higress-config servers[].config.llm.base_url")},
        "vectordb": {"password": v("servers[].config.vectordb.password", LINE)}}})
    servers.append({"name": "nacos", "type": "nacos-mcp-registry", "path": "/nacos", "domain_list": [], "config": {
        "accessKey": "AK", "secretKey": v("servers[].config.secretKey"), "serverAddr": "10.0.1.1:8848"}})
    servers.append({"name": "odd", "type": "nobody-knows", "path": "/odd", "domain_list": [], "config": {
        "blob": v("servers[].config.* of an unknown type", LINE)}})
    redis = {"address": "redis.example.com:6379", "username": "ops", "password": v("mcpServer.redis.password"),
             "secret": v("mcpServer.redis.secret", LINE), "db": 0}
    return {
        "meshNetworks": {"networks": {}},
        "higress": {"mcpServer": {"enable": True, "sse_path_suffix": "/sse", "redis": redis, "match_list": [], "servers": servers},
                    "tracing": {"enable": True, "sampling": 100, "skywalking": {
                        "service": "sky.example.com", "port": "11800", "access_token": v("tracing.skywalking.access_token", LINE)}}},
        "mesh": {"accessLogFile": "/dev/stdout", "defaultConfig": {"tracing": {"lightstep": {
            "address": "ls.example.com:80", "accessToken": v("mesh lightstep.accessToken", LINE)}}},
            "extensionProviders": [{"name": "otel", "opentelemetry": {"service": "otel.example.com", "http": {"headers": [
                {"name": "authorization", "value": v("mesh extensionProviders[].*", LINE)}]}}}]}}


def rest(p):
    yield "wasm-plugin", "signed", {
        "category": "custom", "title": "Signed", "imageRepository": "https://bucket.example.com/x.wasm?X-Amz-Signature="
        + p.value("wasm-plugin imageRepository (query)", ("hex64",)), "imageVersion": "1.0", "phase": "AUTHN", "priority": 10}
    yield "wasm-plugin", "login", {
        "category": "custom", "title": "Login", "imageRepository": "https://ops:%s@bucket.example.com/y.wasm"
        % p.value("wasm-plugin imageRepository (userinfo)", ("plain",)), "imageVersion": "1.0", "phase": "AUTHN", "priority": 11}
    cert, key = certificate()
    cut = key.split("\n")[1][:60]
    yield "tls-certificate", "shop", {"cert": cert, "key": key.replace(cut, known(p, "tls-certificate key", cut))}
    yield "tls-certificate", "bundle", {"cert": cert + p.value("tls-certificate cert (bundle)", "pem"), "key": p.value(
        "tls-certificate key", "pem")}
    yield "domain", "shop.example.com", {"enableHttps": "on", "certIdentifier": "shop"}


def known(p, place, core):
    """A seed whose value is given: a line of a real key."""
    seed = p.seed(place, "plain")
    seed.value, seed.cores, seed.shape = core, [core], "key"
    return core
