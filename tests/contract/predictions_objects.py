"""predictions_objects.py - more rows of predictions.py: validation of sources, plugins, instances, AI routes and the gateway's
configuration, in the order and the words of the console's models."""
import json

CLASS = "com.alibaba.higress.sdk.exception."


def row(method, path, body, status, at=None):
    return (method, path, json.dumps(body).encode(), None, status, at)


def refused(text, kind="ValidationException"):
    return {"message": f"{CLASS}{kind}: {text}"}


def source(**more):
    return {"name": "s", "type": "static", "domain": "10.0.0.1:80", "port": 80, **more}


def source_rows():
    def post(status, at, **more):
        return row("POST", "/v1/service-sources", source(**more), status, at)

    invalid = "Invalid address format: %s. Correct format is IP:Port, e.g., 192.168.1.1:8080"
    for domain, text in [("10.0.0.1:+80x", "Invalid port number: +80x. Port must be an integer."),
                         ("10.0.0.1:0", "Invalid port range: 0. Port must be between 1-65535."),
                         ("10.0.0.1:-1", "Invalid port range: -1. Port must be between 1-65535."),
                         ("10.0.0.1:99999999999", "Invalid port number: 99999999999. Port must be an integer."),
                         ("10.0.0.1::80", invalid % "10.0.0.1::80"), (":80", "Invalid IP address format: "),
                         ("10.0.0.1:", invalid % "10.0.0.1:"), (":", invalid % ":"),
                         ("10.0.0.1:80,x", invalid % "x"),
                         (" , ,", "Static service source domain format is invalid. Must provide a list of IP:Port addresses "
                                  "separated by commas.")]:
        yield post(400, refused(text), domain=domain)
    for i, domain in enumerate(["10.0.0.1:80,,10.0.0.2:80", ",10.0.0.1:80", "10.0.0.1:80:", "10.0.0.1:+80", " 10.0.0.1:080 "]):
        yield post(201, {"domain": domain}, name=f"st{i}", domain=domain)
    for domain, text in [("a.example,,B.example", "Invalid domain format: B.example"),
                         (",", "DNS service source domain format is invalid. Must provide a list of domain names separated by commas.")]:
        yield post(400, refused(text), type="dns", domain=domain)
    yield post(201, {"domain": "a.example,,b.example"}, name="dn", type="dns", domain="a.example,,b.example")
    for kind in ("nacos", "eureka", "zookeeper", "consul"):
        yield post(400, refused(f"Invalid domain format. For {kind} type, domain must be a valid domain name or IP address."), type=kind,
                   domain="x")
    yield post(400, refused("Invalid domain format. For nacos type, domain must be a valid domain name or IP address."), type="nacos",
               domain="x", port=None)
    yield post(400, refused("Service source port is required."), port=None)
    yield post(400, refused("Unsupported service source type: x. Supported types: [nacos, nacos2, nacos3, zookeeper, consul, eureka, "
                            "static, dns]"), type="x", port=None)
    yield post(400, refused("Proxy server name is only supported for static and dns types."), type="eureka", domain="10.0.0.1",
               proxyName=" ")
    yield post(201, {"proxyName": ""}, name="eu", type="eureka", domain="10.0.0.1", proxyName="")

    def consul(interval, center="dc"):
        return {"type": "consul", "domain": "10.0.0.1", "properties": {"consulDatacenter": center, "consulRefreshInterval": interval}}
    for value in ("30", 30.5, True, [], 3e10):
        yield post(400, refused("Invalid type for consulRefreshInterval. Must be an integer."), **consul(value))
    for value in (9, 601, -1):
        yield post(400, refused(f"Invalid consulRefreshInterval value: {value}. Must be between 10 and 600 seconds."), **consul(value))
    for center in (None, " ", 5, ["dc"]):
        yield post(400, refused("Consul service source requires consulDatacenter configuration."), **consul(30, center))
    yield post(201, {}, name="co", **consul(600))

    def nacos(**properties):
        return {"type": "nacos3", "domain": "10.0.0.1", "properties": {"enableMCPServer": True, "mcpServerBaseUrl": "/m", **properties}}
    for properties, text in [({"enableMCPServer": "true"}, "Invalid type for enableMCPServer. Must be a boolean."),
                             ({"mcpServerExportDomains": "a.example"},
                              "Invalid type for mcpServerExportDomains. Must be a list of strings."),
                             ({"mcpServerExportDomains": ["a.example", 5]},
                              "Invalid domain in mcpServerExportDomains. All entries must be strings."),
                             ({"mcpServerExportDomains": ["A"], "mcpServerBaseUrl": 5},
                              "Invalid domain format in mcpServerExportDomains: A"),
                             ({"mcpServerBaseUrl": 5}, "Invalid type for mcpServerBaseUrl. Must be a string."),
                             ({"mcpServerBaseUrl": None}, "Invalid type for mcpServerBaseUrl. Must be a string."),
                             ({"mcpServerBaseUrl": "m"}, "Invalid mcpServerBaseUrl format: m. Must start with '/' and cannot contain "
                                                         "'?' characters.")]:
        yield post(400, refused(text), **nacos(**properties))
    for services, text in [([{"name": "a", "value": 0}], "Invalid VPort value for service a. Must be an integer between 1-65535."),
                           ([{"value": None}], "Invalid VPort value for service null. Must be an integer between 1-65535."),
                           ([{"value": 1}, {"value": 2}], "Duplicate service name in VPort configuration: null")]:
        yield post(400, refused(text), vport={"servicesVport": services})
    yield post(201, {"vport/servicesVport/0/name": None}, name="vp", vport={"servicesVport": [{"value": 1}]})
    yield post(201, {}, name="ty", type="nacos2", domain="10.0.0.1", properties={"nacosGroups": ["g"], "nacosNamespaceId": "n"})
    yield row("PUT", "/v1/service-sources/ty", source(type="eureka", domain="10.0.0.1"), 200)
    yield row("PUT", "/v1/service-sources/ty", source(type="nacos3", domain="10.0.0.1", properties={
        "enableMCPServer": True, "mcpServerBaseUrl": "/m"}), 200)
    yield ("GET", "/v1/service-sources/ty", b"", None, 200, {"data/properties/nacosGroups": None})  # set anew, to nothing
    yield post(500, {"message": 'java.lang.NullPointerException: Cannot invoke "String.getBytes(java.nio.charset.Charset)" because the '
                                'return value of "java.util.Map$Entry.getValue()" is null'},
               name="au", authN={"enabled": True, "properties": {"a": None}})
    proxy = {"type": "http", "name": "p.internal", "serverAddress": "10.0.0.1", "serverPort": 1}
    yield row("POST", "/v1/proxy-servers", proxy, 400, refused("Adding an internal proxy server is not allowed."))
    yield row("PUT", "/v1/proxy-servers/p.internal", proxy, 400, refused("Updating an internal proxy server is not allowed."))


def plugin(**more):
    return {"name": "mine", "title": "t", "category": "c", "imageRepository": "r.example/x", **more}


def plugin_rows():
    def post(status, at, **more):
        return row("POST", "/v1/wasm-plugins", plugin(**more), status, at)

    yield post(400, refused("title cannot be blank."), title=" ", category=None)
    yield post(400, refused("category cannot be blank."), category=" ", imageRepository=None)
    yield post(400, refused("Invalid imagePullPolicy: x"), imagePullPolicy="x", phase="y")
    yield post(400, refused("Invalid phase: y"), phase="y", builtIn=True)
    yield post(400, refused("Invalid phase:  "), phase=" ")
    yield post(409, refused("Adding a built-in plugin is not allowed.", "ResourceConflictException"), builtIn=True)
    yield post(201, {"phase": "AUTHN", "imagePullPolicy": "Always", "category": "custom"}, phase="authn", imagePullPolicy="ALWAYS")
    yield post(201, {"imageRepository": "oci://r.example", "imageVersion": "5000/x"}, name="port", imageRepository="r.example:5000/x")
    yield post(201, {"imageRepository": "oci://r.example/x", "imageVersion": None}, name="blank", imageVersion=" ")
    yield post(201, {"imageRepository": "http://r.example/x.wasm:1", "imageVersion": None}, name="http",
               imageRepository="http://r.example/x.wasm", imageVersion="1")

    def put(at_name, status, at, **more):
        return row("PUT", f"/v1/wasm-plugins/{at_name}", plugin(**{"name": at_name, **more}), status, at)
    yield put("mine", 400, refused("Plugin name in the URL doesn't match the one in the body."), name="other")
    yield put("mine", 400, refused("Plugin name in the URL doesn't match the one in the body."), name=" ")
    yield put("mine", 200, {"name": "mine"}, name="", version="")
    yield put("key-auth", 409, refused("Updating a built-in plugin is not allowed.", "ResourceConflictException"))
    yield put("ghost", 409, refused("No built-in plugin is found with the given name: ghost", "ResourceConflictException"), builtIn=True)
    yield put("key-auth", 200, {"imageRepository": "oci://r.example/x"}, builtIn=True)
    yield ("GET", "/v1/global/plugin-instances/key-auth", b"", None, 200, {"data/enabled": False})
    for method, path in [("GET", "/v1/wasm-plugins/a%20b"), ("GET", "/v1/wasm-plugins/a%20b/config"),
                         ("GET", "/v1/wasm-plugins/a%20b/readme"), ("DELETE", "/v1/wasm-plugins/a%20b")]:
        yield (method, path, b"", None, 500, {"success": False})
    for method, path, status in [("GET", "/v1/wasm-plugins/a.b", 404), ("DELETE", "/v1/wasm-plugins/a.b", 204)]:
        yield (method, path, b"", None, status, None)
    place = "/v1/routes/default/plugin-instances/"

    def instance(name, status, at, **body):
        return row("PUT", place + name, body, status, at)
    bad = "java.lang.IllegalArgumentException: "
    yield instance("ip-restriction", 500, {"message": bad + "instance.target must be empty when scope is GLOBAL."}, scope="GLOBAL",
                   target="x", configurations={})
    for target in (None, ""):
        yield instance("ip-restriction", 500, {"message": bad + "instance.target must not be null or empty when scope is not GLOBAL."},
                       scope="ROUTE", target=target, configurations={})
    yield instance("ghost", 400, refused("Unsupported plugin: ghost"), scope="GLOBAL", target="x", rawConfigurations="a: [")
    yield instance("a%20b", 500, {"success": False}, configurations={"a": 1})
    yield instance("ip-restriction", 500, {"message": bad + "Add operation is only allowed for the current plugin version."},
                   pluginVersion="9.9.9", rawConfigurations="a: [")
    yield instance("ip-restriction", 500, {"success": False}, pluginVersion="a b", configurations={"a": 1})
    for text in (" ", "# nothing", "[a]", "5"):
        yield instance("ip-restriction", 400, refused("Error occurs when parsing raw configurations: " + text), rawConfigurations=text)
    for more in ({}, {"rawConfigurations": ""}, {"rawConfigurations": "~"}, {"rawConfigurations": "null"}):
        yield instance("ip-restriction", 200, {"enabled": True, "configurations": None, "rawConfigurations": ""}, **more)
    yield row("PUT", "/v1/global/plugin-instances/ip-restriction", {}, 200, {"configurations": {}, "rawConfigurations": ""})
    yield instance("ip-restriction", 200, {"configurations": {}, "rawConfigurations": ""}, rawConfigurations="{}")


def ai_rows():
    def post(status, at, **more):
        body = {"name": "a", "upstreams": [{"provider": "x", "weight": 100}], **more}
        return row("POST", "/v1/ai/routes", body, status, at)

    pre, unknown = {"matchType": "PRE", "matchValue": "/"}, {"matchType": "x", "matchValue": "/"}
    yield post(400, refused("Unknown matchType: x"), upstreams=[{}], pathPredicate=unknown)
    yield post(400, refused("Unknown matchType: "), pathPredicate={**pre, "matchType": ""})
    yield post(400, refused("pathPredicate must be of type PRE."), upstreams=[{}], pathPredicate={**pre, "matchType": "EQUAL"})
    yield post(400, refused("Unknown matchType: x"), headerPredicates=[{"key": "X-Higress-LLM-Model", **pre}, {"key": "b", **unknown}])
    yield post(400, refused("headerPredicates cannot contain the model routing header."), upstreams=[{}],
               headerPredicates=[{"key": "X-Higress-LLM-Model", **pre}])
    said = "Route predicate contains non-ASCII characters: key=%s, matchValue=%s"
    yield post(400, refused(said % ("é", "/")), headerPredicates=[{"key": "é", **pre}])
    yield post(400, refused(said % ("null", "é")), urlParamPredicates=[{"matchType": "PRE", "matchValue": "é"}])
    yield post(500, {"message": "java.lang.NullPointerException: null"}, headerPredicates=[None])
    yield post(400, refused("provider cannot be null or empty."), upstreams=[{"weight": 5}], fallbackConfig={"enabled": True})
    yield post(400, refused("The sum of upstream weights must be 100."), upstreams=[{"provider": "x", "weight": 99}],
               modelPredicates=[unknown])
    for fallback, text in [({"fallbackStrategy": " "}, "unknown fallback strategy:  "),
                           ({"fallbackStrategy": "rand", "upstreams": []}, "unknown fallback strategy: rand"),
                           ({"fallbackStrategy": ""}, "upstreams cannot be empty when fallback is enabled."),
                           ({"upstreams": [{}]}, "response codes cannot be empty when fallback is enabled."),
                           ({"upstreams": [{}], "responseCodes": ["4xx", None]}, "invalid response code:null"),
                           ({"upstreams": [{}], "responseCodes": ["4XX"]}, "invalid response code:4XX"),
                           ({"upstreams": [{}], "responseCodes": ["4xx"]}, "provider cannot be null or empty.")]:
        yield post(400, refused(text), fallbackConfig={"enabled": True, **fallback}, modelPredicates=[unknown])
    yield post(400, refused("Unknown matchType: x"), fallbackConfig={"upstreams": []}, modelPredicates=[unknown])
    yield post(400, refused("AiModelPredicate does not support regular expression matchType"),
               modelPredicates=[{**pre, "matchType": "regular"}])
    yield post(400, refused("matchValue is required"), modelPredicates=[{"matchType": "PRE"}])
    yield post(400, refused("Unknown provider: x"), modelPredicates=[{**pre, "matchValue": "é"}])
    yield ("POST", "/v1/ai/providers", json.dumps({"name": "q", "type": "qwen"}).encode(), None, 201, {})
    single = [{"provider": "q", "weight": 7}]
    yield post(201, {"fallbackConfig/upstreams/0/weight": 7}, name="off", upstreams=[{"provider": "q", "weight": 100}],
               fallbackConfig={"enabled": False, "upstreams": single})
    yield post(201, {"fallbackConfig/upstreams/0/weight": 100, "fallbackConfig/fallbackStrategy": "RAND"}, name="on",
               upstreams=[{"provider": "q", "weight": 100}],
               fallbackConfig={"enabled": True, "upstreams": single, "fallbackStrategy": "", "responseCodes": ["4xx", "4xx"]})


def config_rows():
    def put(data, status, at, version="1"):
        text = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "higress-config", "resourceVersion": version},
                           "data": data})
        return row("PUT", "/system/higress-config", {"config": text}, status, at)

    keys = refused("ConfigMap data must contain all required keys: higress, mesh, meshNetworks")
    good = {"higress": "a: 1", "mesh": "b: 2", "meshNetworks": "networks: {}"}
    yield put({"x": "y"}, 400, keys)
    yield put({"higress": "", "mesh": ""}, 400, keys)
    yield put({"higress": "a: 1", "mesh": "b: 1", "other": "x"}, 400, keys)
    for key in good:
        for value in ("", " ", "\n\t"):
            yield put({**good, key: value}, 400, refused(f"ConfigMap data key {key} has an empty value."))
        for value in ("text", "[1]", "5", "a: ["):
            yield put({**good, key: value}, 400, refused(f"Invalid YAML data for key {key}: {value}"))
    yield put(good, 500, refused("ConfigMap resourceVersion is missing.", "BusinessException"), version="")
    yield put({}, 400, refused("ConfigMap data is empty."))
    yield put(good, 409, refused("null", "ResourceConflictException"), version="77")


KINDS = {"source": source_rows, "plugin": plugin_rows, "ai": ai_rows, "config": config_rows}
BETS = {"source": 46, "plugin": 43, "ai": 46, "config": 46}
