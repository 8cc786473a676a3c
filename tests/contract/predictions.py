"""predictions.py - requests that no recording holds, with what the real console is expected to answer by the rule.

Predicted from the Java that the references describe (Jackson 2.13, Spring 5.3, Tomcat 9, SnakeYAML, Gson, the Kubernetes API
server), before ours was asked. They are no recordings: a row that the real console answers otherwise is to be mended here and
in the rule that made it. BETS says of each kind, of fifty, how many we would bet on.

A row: what is sent, the status, and optionally what must be at some places of the JSON answer ("data.name": value).
"""
import base64
import json
import socket
import sys

import plugins
import predictions_objects

BETS = {"json": 45, "query": 46, "path": 44, "media": 41, "basic": 46, "yaml": 40, "selector": 45, "provider": 40, "dsn": 42,
        "list": 38, **predictions_objects.BETS}
GOOD = "Basic " + base64.b64encode(b"a:p").decode()


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}

    def at(self, place):
        node = json.loads(self.body)
        for step in place.split("/"):
            node = node[int(step)] if isinstance(node, list) else node[step]
        return node


def ask(address, method, target, body=b"", headers=None):
    sent = {"host": address, "connection": "close", "authorization": GOOD, "content-type": "application/json",
            "content-length": str(len(body))}
    sent.update(headers or {})
    if not body and method == "GET":
        del sent["content-type"]
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 20) as s:
        lines = [f"{method} {target} HTTP/1.1"] + [f"{k}: {v}" for k, v in sent.items() if v is not None]
        s.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        raw = b""
        while piece := s.recv(65536):
            raw += piece
    return Answer(raw)


def route(name, **more):
    out = {"name": name, "path": {"matchType": "PRE", "matchValue": "/x"}, "services": [{"name": "web.static", "port": 80}]}
    out.update(more)
    return out


def post_route(body, status, at=None, headers=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ("POST", "/v1/routes", data, headers, status, at or {})


def get(target, status, at=None, headers=None):
    return ("GET", target, b"", headers, status, at or {})


def put(target, body, status, at=None):
    return ("PUT", target, json.dumps(body).encode(), None, status, at or {})


def message(text):
    return {"message": text}


def invalid(text):
    return message("com.alibaba.higress.sdk.exception.ValidationException: " + text)


def illegal(text):
    return message("java.lang.IllegalArgumentException: " + text)


def text_of(tree):
    return json.dumps(tree).encode()


def json_rows():
    one = json.dumps(route("J"))
    for i, (encoding, mark) in enumerate([("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-be", b"\xfe\xff"),
                                          ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b""), ("utf-16-le", b""),
                                          ("utf-32-be", b"\0\0\xfe\xff"), ("utf-32-le", b"\xff\xfe\0\0"), ("utf-32-be", b""),
                                          ("utf-32-le", b"")]):
        yield post_route(mark + one.replace("J", f"je{i}").encode(encoding), 201, {"name": f"je{i}"})
    latin = json.dumps(route("jé"), ensure_ascii=False).encode("latin-1")
    yield post_route(latin, 201, {"name": "jé"}, {"content-type": "application/json;charset=ISO-8859-1"})
    yield post_route(latin, 400)
    for i, tail in enumerate(["}", "]", " x", "{", '"', "\n\n{}", ",", "\0", "//", "/*"]):
        yield post_route(one.replace("J", f"jt{i}").encode() + tail.encode(), 201)
    for bad in ["{'name':'a'}", "{name:1}", '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":1.}', '{"a":Infinity}', '{"a":"\\x"}',
                '{"a":tru}', '{"a":1,}', "[1]", "null", "true", '{"a":"\n"}', '{"a" 1}', "{", '{"a":"']:
        yield post_route(bad.encode(), 400, {"error": "Bad Request", "path": "/v1/routes"})
    for port, want in [("443", 443), (" 443 ", 443), ("+443", 443), ("null", None), ("", None), (1e2, 100), (80.999, 80),
                       (None, None), ("0", None)]:
        name = f"jp{port}".replace(" ", "_")
        at = {} if port == "0" else {"services/0/port": want}
        yield post_route(route(name, services=[{"name": "w.static", "port": port}]), 201, at)
    for port in ["80.0", "0x50", "8 0", "1e2", "99999999999", [80], {"a": 1}, False, "²"]:
        yield post_route(route("jq", services=[{"name": "w.static", "port": port}]), 400)
    for flag, want in [("true", True), (" TRUE ", True), ("False", False), ("null", None), (0, False), (5, True), (-1, True)]:
        at = {} if want is None else {"rewrite/enabled": want}
        yield post_route(route(f"jb{flag}".replace(" ", "_"), rewrite={"enabled": flag, "path": "/y"}), 201, at)
    for flag in ["tRue", "yes", "1", 1.0, 0.5, [], "on"]:
        yield post_route(text_of(route("jc", rewrite={"enabled": flag, "path": "/y"})), 400)
    yield post_route(b'{"name":1.0,"path":{"matchType":"PRE","matchValue":1e2},"services":[{"name":"w"}]}', 201,
                     {"name": "1.0", "path/matchValue": "1e2"})
    yield post_route(b'{"name":"\\ud800","path":null,"services":[{"name":"w"}]}', 201, {"name": "?"})
    source = {"name": "js", "type": "static", "domain": "10.0.0.1:80, 10.0.0.2:80", "port": 80}
    yield ("POST", "/v1/service-sources", text_of(source)[:-1] + b',"properties":{"a":1e999,"b":[-1e999]}}', None, 201,
           {"properties/a": "Infinity", "properties/b": ["-Infinity"]})
    nacos = {"name": "jn", "type": "nacos2", "domain": "10.0.0.1", "port": 8848}
    for value, java in [(5, "lang.Integer"), (True, "lang.Boolean"), (1.5, "lang.Double"), ([], "util.ArrayList"), ({}, "util.LinkedHashMap"),
                        (5000000000, "lang.Long")]:
        yield ("POST", "/v1/service-sources", text_of({**nacos, "properties": {"nacosGroups": ["g"], "nacosNamespaceId": value}}), None,
               500, message(f"java.lang.ClassCastException: class java.{java} cannot be cast to class java.lang.String (java.{java} and "
                            "java.lang.String are in module java.base of loader 'bootstrap')"))
    server = {"name": "je", "services": [{"name": "w"}], "directRouteConfig": {"path": "/m", "transportType": "streamable"}}
    for kind, status in [(2, 200), ("2", 200), (" DIRECT_ROUTE ", 200), (3, 400), ("3", 400), ("", 400), ("Direct_Route", 400)]:
        yield put("/v1/mcpServer", {**server, "type": kind}, status)


def query_rows():
    for value, num in [("1", 1), ("%201", 1), ("%2B1", 1), ("0x1", 1), ("%231", 1), ("0", 1), ("-5", 1), ("1%09", 1),
                       ("-0x1", 1), ("001", 1)]:
        yield get(f"/v1/domains?pageNum={value}", 200, {"pageNum": num, "pageSize": 10})
    for value in ["x", "1.0", "1e1", "2147483648", "0x", "1,2", "%20", "--1", "0x100000000", "%2B0x1", "1_0"]:
        yield get(f"/v1/domains?pageNum={value}", 400, {"error": "Bad Request"})
    yield get("/v1/domains?pageNum=", 200, {"pageNum": None, "pageSize": None})
    yield get("/v1/domains?pageNum", 200, {"pageNum": None})
    yield get("/v1/domains?pageSize=3", 200, {"pageNum": 1, "pageSize": 3})
    yield get("/v1/domains?pageSize=0", 200, {"pageNum": 1, "pageSize": 10})
    yield get("/v1/domains?pageNum=1&pageNum=x", 200, {"pageNum": 1})
    yield get("/v1/domains?pageNum=x&pageNum=1", 400)
    yield get("/v1/domains?pagenum=x", 200, {"pageNum": None})
    yield get("/v1/domains?%70ageNum=1", 200, {"pageNum": 1})
    yield get("/v1/domains?pageNum=%zz", 200, {"pageNum": None})
    yield get("/v1/domains?&&a&=b&pageNum=1", 200, {"pageNum": 1})
    for value in ["true", "TRUE", "on", "yes", "1", "false", "off", "NO", "0", "", "%20true%20"]:
        yield get(f"/v1/routes?all={value}", 200, {"success": True})
    for value in ["maybe", "2", "y", "t", "null", "truee"]:
        yield get(f"/v1/routes?all={value}", 400, {"status": 400})
    yield get("/v1/routes?all=true&domainName=a.org", 400,
              invalid("The query parameter 'all' is not supported when querying by domain."))
    yield get("/v1/routes?all=yes&domainName=a.org", 400)
    yield get("/v1/routes?all=0&domainName=a.org", 200, {"total": 0})
    yield get("/v1/routes?domainName=a.org&domainName=b.org", 200)
    yield get("/dashboard/init?force=maybe", 400, {"error": "Bad Request"})
    yield get("/dashboard/init?force=on", 500)
    yield get("/dashboard/info?type=main", 200)
    yield get("/v1/mcpServer?pageSize=x", 400)
    for page, size, first, last in [(2, 10, 10, 1), (2147483647, 1, 2147483646, 1), (2, 2147483647, 2147483647, -2)]:
        last = min(last, 1)
        yield get(f"/v1/domains?pageNum={page}&pageSize={size}", 500, illegal(f"fromIndex({first}) > toIndex({last})"))
    yield get("/v1/domains?pageNum=2147483647&pageSize=10", 500,
              message("java.lang.IndexOutOfBoundsException: fromIndex = -20"))


def path_rows():
    for path in ["/v1/domains", "/v1/domains/", "//v1/domains", "/v1//domains", "/v1///domains//", "/v1/domains;a", "/v1;x/domains",
                 "/;/v1/domains", "/v1/domains;a=b/", "/%76%31/domains", "/v1/domain%73"]:
        yield get(path, 200, {"success": True})
    for path in ["/v1/./domains", "/v1/routes/../domains", "/V1/domains", "/v1/Domains", "/v1/domains.json", "/v1/domains/a/b/c",
                 "/v1", "/v1/", "/v1/domains%20", "/v2/domains"]:
        yield get(path, 404)
    for path in ["/v1/../../x", "/../v1/domains", "/v1/domains/%2e%2e/%2e%2e/%2e%2e", "/v1/%2fdomains", "/v1/a%5cb", "/v1/%",
                 "/v1/%4", "/v1/%gg", "/v1/%00"]:
        yield ("GET", path, b"", None, 400, None)
    for path in ["/v1/routes/none", "/v1/routes/none;x", "/v1/routes/no%20ne", "/v1/routes/%C3%A9", "/v1/routes/a+b", "/v1/routes/~",
                 "/v1/routes/%25", "/v1/routes/a,b", "/v1/routes/a&b", "/v1/routes/%2A"]:
        yield get(path, 404)
    for path in ["/v1/routes/%20", "/v1/routes/%09"]:
        yield get(path, 500, message("javax.validation.ConstraintViolationException: query.routeName: must not be blank"))
    for method, status in [("PATCH", 405), ("PROPFIND", 405), ("PUT", 405), ("TRACE", 405), ("OPTIONS", 200), ("HEAD", 200)]:
        yield (method, "/v1/domains", b"", None, status, None)


def media_rows():
    for accept, kind in [(None, "application/json"), ("*/*", "application/json"), ("application/*", "application/json"),
                         ("application/json;q=0.1", "application/json"), ("text/html, */*;q=0.1", "application/json"),
                         ("application/vnd.a+json", "application/vnd.a+json"), ("APPLICATION/JSON", "application/json"),
                         ("text/plain,application/json", "application/json"), ("*", "application/json"),
                         ("application/json;charset=utf-8", "application/json;charset=utf-8"), ("", "application/json")]:
        yield ("GET", "/v1/domains", b"", {"accept": accept}, 200, {"header content-type": kind})
    for accept in ["text/plain", "application/xml", "garbage", "image/*", "json", "application/json;charset=latin1", "a/b;q=2",
                   "*/json", "/", "text/"]:
        yield ("GET", "/v1/domains", b"", {"accept": accept}, 406, None)
    for accept in ["text/html", "text/html,application/xhtml+xml", "text/*"]:
        yield ("GET", "/v1/none", b"", {"accept": accept}, 404, {"header content-type": "text/html;charset=UTF-8"})
        yield ("GET", "/v1/domains", b"", {"accept": accept}, 406, {"header content-type": "text/html;charset=UTF-8"})
    for accept in ["application/xml", "garbage", "text/plain"]:
        yield ("GET", "/v1/none", b"", {"accept": accept}, 404, {"header content-type": None})
        yield ("GET", "/v1/routes/none", b"", {"accept": accept}, 404, {"header content-type": None})
    yield ("GET", "/v1/domains", b"", {"accept": "garbage", "authorization": None}, 401, {"header content-type": None})
    yield ("GET", "/v1/domains", b"", {"accept": "text/plain", "authorization": None}, 406, None)
    yield ("GET", "/healthz/ready", b"", {"accept": "application/json"}, 200, {"header content-type": "application/json"})
    yield ("GET", "/healthz/ready", b"", {"accept": "text/html"}, 200, {"header content-type": "text/html;charset=ISO-8859-1"})
    yield ("GET", "/healthz/ready", b"", {"accept": "*/*"}, 200, {"header content-type": "text/plain;charset=ISO-8859-1"})
    good = text_of({"name": "", "path": None})
    for kind in ["application/json", "application/json; charset=UTF-8", "application/hal+json", "APPLICATION/Json",
                 "application/json;charset=\"utf-8\"", "application/json ; a=b", "application/problem+json;charset=utf-16"]:
        yield ("POST", "/v1/routes", good, {"content-type": kind}, 400, invalid("Route name is required."))
    for kind in ["text/json", "text/plain", "application/x-www-form-urlencoded", "garbage", "application/", "/json", "*/json",
                 "application/json;charset=none", "application/jsonx", "multipart/form-data", "application/json/x", None]:
        yield ("POST", "/v1/routes", good, {"content-type": kind}, 415, None)
    for kind in ["*/*", "application/*", "application/*+json", "*"]:
        yield ("POST", "/v1/routes", good, {"content-type": kind}, 500, {"error": "Internal Server Error"})
    yield ("POST", "/v1/routes", good, {"content-type": "*/*;charset=utf-8"}, 415, None)


def basic_rows():
    def coded(text):
        return base64.b64encode(text).decode()
    for value in ["Basic YTpw", "Basic " + coded(b"a:p:"), "Basic " + coded(b"a:p::"), "Basic " + coded(b"a:p:").rstrip("=")]:
        yield ("GET", "/user/info", b"", {"authorization": value}, 200, {"data/name": "a"})
    for value in [None, "", "Basic", "basic YTpw", "BASIC YTpw", "Basic  YTpw", "Bearer YTpw", "Basic YTpw x", "Basic YQ==",
                  "Basic " + coded(b"a:"), "Basic " + coded(b":p"), "Basic " + coded(b"a:p:x"), "Basic " + coded(b"a:q"),
                  "Basic " + coded(b"A:p"), "Basic " + coded(b" a:p"), "Basic " + coded(b":"), "Basic " + coded(b"::"),
                  "Basic " + coded(b"a:p ")]:
        yield ("GET", "/user/info", b"", {"authorization": value}, 401, {"success": False})
    for value, text in [("Basic ****", "Illegal base64 character 2a"), ("Basic YTp-", "Illegal base64 character 2d"),
                        ("Basic YTp_", "Illegal base64 character 5f"), ("Basic a", "Input byte[] should at least have 2 bytes "
                                                                        "for base64 bytes"),
                        ("Basic YTpwY", "Last unit does not have enough valid bits"),
                        ("Basic YTpw=", "Input byte array has wrong 4-byte ending unit"),
                        ("Basic YQ=", "Input byte array has wrong 4-byte ending unit"),
                        ("Basic YQ=a", "Input byte array has wrong 4-byte ending unit"),
                        ("Basic YQ==a", "Input byte array has incorrect ending byte at 4"),
                        ("Basic YWI=a", "Input byte array has incorrect ending byte at 4"),
                        ("Basic \xe9AAA", "Illegal base64 character -17")]:
        yield ("GET", "/user/info", b"", {"authorization": value}, 500, illegal(text))
    for cookie, status in [("_hi_sess=", 401), ("_hi_sess=AAAA", 401), ("x=y; _hi_sess=AAAA", 401), ("_hi_sess=*", 500),
                           ("_HI_SESS=*", 401)]:
        yield ("GET", "/user/info", b"", {"authorization": None, "cookie": cookie}, status, None)
    yield ("GET", "/user/info", b"", {"cookie": "_hi_sess=AAAA"}, 200, {"data/name": "a"})


def yaml_rows():
    target = "/v1/global/plugin-instances/custom-response"
    for text, want in [("a: 1", 1), ("a: 017", 15), ("a: 0x1F", 31), ("a: 0b101", 5), ("a: 1_000", 1000), ("a: +7", 7),
                       ("a: -7", -7), ("a: 1:30", "1:30"), ("a: 08", "08"), ("a: 1.5", 1.5), ("a: .5", 0.5), ("a: 1.", 1),
                       ("a: 1e3", 1000), ("a: 1.5e3", 1500), ("a: yes", True), ("a: Off", False), ("a: y", "y"), ("a: ''", ""), ("a: '1'", "1"), ("a: 2001-01-01", "2001-01-01"),
                       ("a: !!str 5", "5"), ("a: !!int '5'", 5), ("a: !!int x", "x"), ("a: !!float 5", 5), ("a: !!bool yes", True),
                       ("a: !foo bar", "bar"), ("a: !foo 5", "5"), ("a: !!binary aGk=", [104, 105]),
                       ("a: ! 5", 5), ("a: 1\na: 2", 2), ("a: &x 1", 1), ("b: &x 1\na: *x", "x"), ("a: *none", "none"),
                       ("a: !!map {}", {}), ("a: !bar []", []), ("a: \"x\\ny\"", "x\ny"), ("a: |\n  x\n  y", "x\ny\n"),
                       ("a: >\n  x\n  y\n", "x y\n"), ("a: |-\n  x\n", "x"), ("a: [1, 2.5, x]", [1, 2.5, "x"]), ("a: =", "=")]:
        yield put(target, {"rawConfigurations": text + "\nz: 1"}, 200, {"configurations/a": want})
    for text in ["a: ~", "a:", "a: Null", "a: !!null x"]:  # Gson leaves members out that are null
        yield put(target, {"rawConfigurations": text + "\nz: 1"}, 200, {"configurations": {"z": 1}})
    for key, name in [("true: 1", "true"), ("1: 1", "1"), ("0x10: 1", "0x10"), ("~: 1", "~"), ("<<: {b: 2}", "<<"), ("? k\n: 1", "k")]:
        yield put(target, {"rawConfigurations": key + "\nz: 1"}, 200, {"configurations/" + name: 1 if "<" not in name else {"b": 2}})
    for text in ["a: .inf", "a: -.Inf", "a: .nan", "- a", "x", "5", "a: [1", "a: !!float x", "[a]: 1", "a: b: c", "a: 1\n b: 2", "\ta: 1",
                 "a: @x", "# nothing"]:
        yield put(target, {"rawConfigurations": text}, 400, invalid("Error occurs when parsing raw configurations: " + text))
    for text, shown in [("a: \"x\\ny\"", "a: |-\n  x\n  y\nz: 1"), ("a: \"x\\n\\ty\"", 'a: "x\\n\\ty"\nz: 1'),
                        ("a: \"x \\ny\"", 'a: "x \\ny"\nz: 1'), ("a: \" x\\ny\\n\"", "a: |2\n   x\n  y\nz: 1")]:
        yield put(target, {"rawConfigurations": text + "\nz: 1"}, 200, {"rawConfigurations": shown})
    for number, sign in [("1e999", ""), ("-1.8e308", "-")]:
        body = b'{"configurations":{"a":%s}}' % number.encode()
        yield ("PUT", target, body, None, 500,
               illegal(f"{sign}Infinity is not a valid double value as per JSON specification. To override this behavior, use "
                       "GsonBuilder.serializeSpecialFloatingPointValues() method."))


LABEL = ("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
         "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")
VALUE = ("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
         "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")


def refused(text, prefix="unable to parse requirement: "):
    status = json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                         "message": prefix + text, "reason": "BadRequest", "code": 400},
                        separators=(",", ":"), ensure_ascii=False)
    for c in "<>&":
        status = status.replace(c, f"\\u{ord(c):04x}")
    return message("io.kubernetes.client.openapi.ApiException: " + status + "\n")


def selector_rows():
    from urllib.parse import quote
    def of(domain):
        return "/v1/routes?domainName=" + quote(domain)
    for domain in ["a.org", "*.a.org", "A.org", "a_b.org", "x" * 56, "10.0.0.1", "a..b", "a", "*a", "*"]:
        yield get(of(domain), 200, {"total": 0})
    for domain in ["a.org.", "-", "ü.org", "a:80", "a*b", "a@b", "a;b", "*.", "a%b", "[::1]", "a'b", "a?"]:
        full = "higress.io/domain_" + ("wildcard" + domain[1:] if domain[0] == "*" else domain)
        yield get(of(domain), 500, refused(f'<nil>: Invalid value: "{full}": {LABEL}'))
    yield get(of("x" * 57), 500, refused(f'<nil>: Invalid value: "higress.io/domain_{"x" * 57}": '
                                         "name part must be no more than 63 characters"))
    yield get(of("é" * 30), 500, refused(f'<nil>: Invalid value: "higress.io/domain_{"é" * 30}": name part must be no more than 63 '
                                         f"characters; {LABEL}"))
    for domain, found in [("a b", "b"), ("a (b", "("), ("a)", ")"), ("a(b)", "("), ("a\tb c", "b"), ("a b c", "b")]:
        yield get(of(domain), 500, refused(f"found '{found}', expected: in, notin, =, ==, !=, gt, lt"))
    yield get(of("a,b"), 200)
    yield get(of("a=b"), 500, refused("found '=', expected: ',' or 'end of string'", ""))
    yield get(of("a/b"), 500, refused(
        '<nil>: Invalid value: "higress.io/domain_a/b": a qualified name ' + LABEL[len("name part "):] +
        " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"))
    for plugin in ["a.b", "a_b", "A", "x" * 63]:
        yield get("/v1/global/plugin-instances/" + plugin, 200, {"data/enabled": False})
    for plugin in ["-a", "a-", "é", "a:b", "a*"]:
        yield get("/v1/global/plugin-instances/" + quote(plugin), 500,
                  refused(f'values[0][higress.io/wasm-plugin-name]: Invalid value: "{plugin}": {VALUE}'))
    yield get("/v1/global/plugin-instances/a%20b", 500, refused("found 'b', expected: ',' or 'end of string'", ""))
    yield get("/v1/global/plugin-instances/" + "x" * 64, 500, refused(
        f'values[0][higress.io/wasm-plugin-name]: Invalid value: "{"x" * 64}": must be no more than 63 characters'))


def provider(kind, raw, status, at=None, **more):
    body = {"name": f"{kind}-{provider.count}", "type": kind, "tokens": ["t"], "rawConfigs": raw, **more}
    provider.count += 1
    return ("POST", "/v1/ai/providers", text_of(body), None, status, at or {})


provider.count = 0


def provider_rows():
    for url, status, at in [
            ("http://h0.example.org", 201, {}), ("HTTP://h1.example.org", 201, {}), ("https://h2.example.org:0/", 500,
             illegal("Port must be a positive integer.")), ("https://h:65536", 500, illegal("Port must be a positive integer.")),
            ("https://a_b.example.org/", 500, illegal("Address cannot be null or empty.")),
            ("https:///x", 500, illegal("Address cannot be null or empty.")),
            ("https://1.2.3/", 500, illegal("Address cannot be null or empty.")),
            ("https://h:x/", 500, illegal("Address cannot be null or empty.")),
            ("https://-h.org/", 500, illegal("Address cannot be null or empty.")),
            ("mailto:a@b", 400, invalid("Custom service URL must have a valid scheme: mailto:a@b")),
            ("ws://h", 400, invalid("Custom service URL must have a valid scheme: ws://h")),
            ("h.example.org", 400, invalid("Custom service URL must have a scheme: h.example.org")),
            ("//h.example.org/v1", 400, invalid("Custom service URL must have a scheme: //h.example.org/v1")),
            ("https://h/%zz", 400, invalid("openaiCustomUrl contains an invalid URL: https://h/%zz")),
            ("https://h/{x}", 400, invalid("openaiCustomUrl contains an invalid URL: https://h/{x}")),
            ("https://", 400, invalid("openaiCustomUrl contains an invalid URL: https://")),
            (" ", 400, invalid("openaiCustomUrl contains an invalid URL:  ")),
            ("https://h3.example.org.", 201, {}), ("https://[fe80::1]:8443/v1", 201, {})]:
        yield provider("openai", {"openaiCustomUrl": url}, status, at)
    for value, want in [("true", True), ("TRUE", True), ("yes", False), ("", False), (1, True), (0, False), (None, False), ([], False),
                        (True, True)]:
        yield provider("qwen", {"qwenEnableSearch": value, "qwenDomain": f"q{provider.count}.example.org"}, 201,
                       {"rawConfigs/qwenEnableSearch": want})
    for value in ["localhost", "Q.Example.org", "a_b.example.org", "q.example.org:80", "1.2.3", "[::1]"]:
        yield provider("qwen", {"qwenDomain": value}, 400, invalid(f"qwenDomain contains an invalid domain name: {value}"))
    for value in [{"a": 1}, "x", 5, True]:
        yield provider("qwen", {"qwenFileIds": value}, 400, invalid("Invalid configuration: qwenFileIds"))
    for port, status, text in [("8080", 201, None), ("+8080", 201, None), (" 8080", 400, "a number"), ("80.0", 400, "a number"),
                               (True, 400, "a number"), (None, 400, "a number"), (-1, 400, "a valid port number"),
                               ("65536", 400, "a valid port number"), (1.5, 400, "a number"), ("", 400, "a number")]:
        raw = {"ollamaServerHost": f"o{provider.count}.example.org", "ollamaServerPort": port}
        yield provider("ollama", raw, status, invalid(f"ollamaServerPort must be {text}.") if text else {})
    yield provider("ollama", {"ollamaServerHost": "", "ollamaServerPort": 1}, 400, invalid("ollamaServerHost cannot be empty."))
    yield provider("ollama", {"ollamaServerHost": 5, "ollamaServerPort": 1}, 400, invalid("ollamaServerHost must be a string."))
    yield provider("azure", {"azureServiceUrl": 5}, 400, invalid("azureServiceUrl must be a string."))
    yield provider("azure", {"azureServiceUrl": ""}, 400, invalid("azureServiceUrl cannot be empty."))
    yield provider("azure", {"azureServiceUrl": "ftp://h?api-version=1"}, 400, invalid("Invalid Azure service URL."))
    yield provider("claude", {"claudeCodeMode": "no"}, 201, {"rawConfigs/claudeCodeMode": False})
    yield provider("bedrock", {"awsRegion": True, "awsAccessKey": 1, "awsSecretKey": ""}, 400, invalid("awsSecretKey cannot be empty."))


def server(database, config, status=200, at=None):
    server.count += 1
    body = {"name": f"dsn{server.count}", "type": "DATABASE", "dbType": database, "services": [{"name": "w"}], "dbConfig": config}
    return put("/v1/mcpServer", body, status, at)


server.count = 0


def dsn_rows():
    full = {"host": "h", "port": "1", "username": "u", "password": "p", "dbname": "d"}
    changes = [("host", "h.example.org"), ("host", "::1"), ("host", "10.0.0.1"), ("password", "p:q"), ("password", "a/b?c#d"),
               ("password", "%41"), ("password", "a+b c"), ("password", "~*"), ("username", "u+1"), ("dbname", "a-b_c"),
               ("password", None), ("password", ""), ("otherParams", {"a": ""}), ("otherParams", {"a.b-c_d": "x=y&z"}),
               ("otherParams", {"k": "a+b"}), ("port", "65535")]
    for key, value in changes:
        for database in ["POSTGRESQL", "CLICKHOUSE", "MYSQL"]:
            want = "[::1]" if value == "::1" else value or None
            if database == "MYSQL" and key == "password" and value and "@" in value:
                continue
            yield server(database, {**full, key: value}, 200)
            yield get(f"/v1/mcpServer/dsn{server.count}", 200, {f"data/dbConfig/{key}": want})
    for key, value, text in [("host", "", "host must not be empty"), ("host", "a b", "host must be a valid hostname or IP address"),
                             ("host", "-a", "host must be a valid hostname or IP address"),
                             ("host", "a..b", "host must be a valid hostname or IP address"),
                             ("host", "x" * 254, "host length must be <= 253"), ("port", "x", "port must be an integer in 1..65535"),
                             ("port", "65536", "port must be an integer in 1..65535"), ("port", " ", "port must not be empty"),
                             ("username", " ", "username must not be empty"), ("password", "é", "password contains non-printable "
                                                                               "characters"),
                             ("password", "x" * 257, "password length must be <= 256"), ("dbname", "", "dbname must not be empty"),
                             ("dbname", "a\tb", "dbname contains non-printable characters"),
                             ("otherParams", {"": "x"}, "otherParams key must not be empty"),
                             ("otherParams", {"a b": "x"}, "otherParams key may only contain letters, digits, '.', '_' or '-'"),
                             ("otherParams", {"a": None}, "otherParams value for 'a' must not be null")]:
        yield server("MYSQL", {**full, key: value}, 500, illegal(text))


def list_rows():
    for extra, at in [({"methods": []}, {"methods": None}), ({"methods": [None]}, {"methods": None}),
                      ({"methods": ["GET", None]}, {"methods": ["GET"]}), ({"methods": [None, "GET"]}, {"methods": ["GET"]}),
                      ({"methods": ["", "GET"]}, {"methods": ["GET"]}), ({"headers": []}, {"headers": None}),
                      ({"domains": []}, {"domains": []}), ({"customConfigs": {"a": None}}, {"customConfigs": {}}),
                      ({"customConfigs": {"a": ""}}, {"customConfigs": {"a": ""}}), ({"customLabels": {"a": None}}, {"customLabels": {}}),
                      ({"cors": {"allowOrigins": [None]}}, {"cors/allowOrigins": None}),
                      ({"cors": {"allowOrigins": [None, "*"]}}, {"cors/allowOrigins": ["*"]}),
                      ({"cors": {"allowOrigins": []}}, {"cors/allowOrigins": None}),
                      ({"headerControl": {"request": {"remove": [None, ""]}}}, {"headerControl": None}),
                      ({"headerControl": {"request": {"remove": [None, "x"]}}}, {"headerControl/request/remove": ["x"]}),
                      ({"headerControl": {"request": {"add": []}}}, {"headerControl": None}),
                      ({"proxyNextUpstream": {"conditions": [None, "error"]}}, {"proxyNextUpstream/conditions": ["error"]}),
                      ({"authConfig": None}, {"authConfig": None})]:
        list_rows.count += 1
        yield post_route(route(f"l{list_rows.count}", **extra), 201, at)
    for port, name in [(0, "w.static:0"), (65536, "w.static:65536"), (-1, "w.static:-1"), (65535, "w.static"), (1, "w.static")]:
        list_rows.count += 1
        yield post_route(route(f"l{list_rows.count}", services=[{"name": "w.static", "port": port}]), 201,
                         {"services/0/name": name, "services/0/port": port})
    nothing = message("java.lang.NullPointerException: null")
    yield post_route(route("ln", services=[None]), 500, nothing)
    yield post_route(route("ln", services=[{"name": "a"}, None]), 500, nothing)
    yield post_route(route("ln", services=[]), 400, invalid("services cannot be empty."))
    null = 'java.lang.NullPointerException: Cannot invoke "com.alibaba.higress.sdk.model.'
    yield post_route(route("ln", headers=[None]), 500, message(null + 'route.KeyedRoutePredicate.validate(String)" because "h" is null'))
    for consumers, shown in [(["a", "a"], ["a"]), ([None], []), (["", None, ""], [""]), ([], []), (None, [])]:
        list_rows.count += 1
        name = f"l{list_rows.count}"
        yield post_route(route(name, authConfig={"enabled": True, "allowedConsumers": consumers}), 201)
        yield get("/v1/routes/" + name, 200, {"data/authConfig/allowedConsumers": shown,
                                              "data/authConfig/allowedCredentialTypes": ["key-auth"]})
    for values, shown in [(["a1", None], ["a1"]), ([""], [""]), ([None], []), ([5, 1.5], ["5", "1.5"])]:
        list_rows.count += 1
        body = {"name": f"c{list_rows.count}", "credentials": [{"type": "key-auth", "source": "QUERY", "key": f"k{list_rows.count}",
                                                                "values": values}]}
        yield ("POST", "/v1/consumers", text_of(body), None, 201, {"credentials/0/values": shown})
    for credential, status, text in [({}, 201, None), ({"type": "key-auth"}, 400, "source cannot be blank."),
                                     ({"type": "key-auth", "source": "x"}, 400, "unknown source value: x"),
                                     ({"type": "key-auth", "source": "QUERY"}, 400, "key cannot be blank."),
                                     ({"type": "key-auth", "source": "BEARER"}, 400, "value cannot be blank.")]:
        body = {"name": "cz", "credentials": [credential]}
        yield ("POST", "/v1/consumers", text_of(body), None, status, invalid(text) if text else None)
        yield ("PUT", "/v1/consumers/cz", text_of(body), None, 200 if status == 201 else status, invalid(text) if text else None)
    for tokens, shown in [([None], []), (["a", None], ["a"]), ([True], ["true"]), ([], None), (None, None)]:
        list_rows.count += 1
        yield ("POST", "/v1/ai/providers", text_of({"name": f"lp{list_rows.count}", "type": "groq", "tokens": tokens}), None, 201,
               {"tokens": shown})
    for upstreams, status, text in [([None], 500, "java.lang.NullPointerException: null"), ([], 400, None),
                                    ([{"provider": "x"}], 500, "java.lang.NullPointerException: null")]:
        yield ("POST", "/v1/ai/routes", text_of({"name": "lr", "upstreams": upstreams}), None, status, message(text) if text else {})


list_rows.count = 0


def faults(answer, status, at):
    if answer.status != status:
        yield f"{answer.status}, not {status}: {answer.body[:160]!r}"
        return
    for place, want in (at or {}).items():
        header = place.startswith("header ")
        try:
            got = answer.headers.get(place[7:]) if header else answer.at(place)
        except (KeyError, ValueError, TypeError, IndexError):
            got = f"(nothing: {answer.body[:120]!r})"
        if got != want:
            yield f"{place}: {got!r}, not {want!r}"


def main():
    kinds = {"json": json_rows, "query": query_rows, "path": path_rows, "media": media_rows, "basic": basic_rows, "yaml": yaml_rows,
             "selector": selector_rows, "provider": provider_rows, "dsn": dsn_rows, "list": list_rows,
             **predictions_objects.KINDS}
    passed = failed = 0
    for kind, rows in kinds.items():
        if len(sys.argv) > 1 and kind not in sys.argv[1:]:
            continue
        console = plugins.Console()
        address, count = console.url.split("//")[1], 0
        try:
            for method, target, body, headers, status, at in rows():
                found = list(faults(ask(address, method, target, body, headers), status, at))
                count, passed, failed = count + 1, passed + (not found), failed + bool(found)
                for f in found:
                    print(f"{kind}: {method} {target[:90]} {body[:130]!r} {headers or ''}: {f}")
        finally:
            console.stop()
        print(f"{kind}: {count} predicted; we would bet on {BETS[kind]} of 50")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
