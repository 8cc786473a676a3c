"""test_console.py BINARY - pages in a browser against the embedded console: other origins, DNS rebinding, and who may be
the first administrator."""
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile

BINARY = sys.argv[1]
passed = failed = 0


def check(name, ok, seen=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print("%s %s%s" % ("ok  " if ok else "FAIL", name, "" if ok else ": " + str(seen)[:300]))


class Console:
    def __init__(self, *args, listen="127.0.0.1:0"):
        self.dir = tempfile.mkdtemp(prefix="higress-ops-console-")
        self.process = subprocess.Popen([BINARY, "console", "--data", self.dir + "/data", "--listen", listen, *args],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.strip().rsplit(":", 1)[1])

    def ask(self, method, path, body=None, **headers):
        """(status, text) of a request with exactly these headers; names with _ for -."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        hosts = headers.pop("Host", "127.0.0.1:%d" % self.port)
        c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for host in [hosts] if isinstance(hosts, str) else hosts:
            c.putheader("Host", host)
        for name, value in headers.items():
            c.putheader(name, value)
        data = body.encode() if body is not None else b""
        c.putheader("Content-Length", str(len(data)))
        c.endheaders(data)
        answer = c.getresponse()
        text = answer.read().decode("utf-8", "replace")
        c.close()
        return answer.status, text

    def initialized(self):
        return '"system.initialized":true' in self.ask("GET", "/system/config")[1].replace(" ", "")

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.dir)


EVE = json.dumps({"adminUser": {"name": "eve", "displayName": "Eve", "password": "eve"}, "configs": {}})
JSON = {"Content_Type": "application/json"}


def main():
    c = Console()
    port = c.port
    attempts = [
        ("a page of another site, as JSON", {**JSON, "Origin": "https://evil.example"}),
        ("a page of another site, as a form would", {"Content_Type": "text/plain", "Origin": "https://evil.example"}),
        ("a form without an Origin", {"Content_Type": "text/plain"}),
        ("an urlencoded form", {"Content_Type": "application/x-www-form-urlencoded"}),
        ("a sandboxed frame", {**JSON, "Origin": "null"}),
        ("a page of this machine, another port", {**JSON, "Origin": "http://localhost:3000"}),
        ("a page of the console's own origin", {**JSON, "Origin": "http://127.0.0.1:%d" % port}),
        ("a page whose Origin was stripped", {**JSON, "Sec_Fetch_Site": "cross-site"}),
        ("a page whose Origin was stripped, same site", {**JSON, "Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}),
        ("DNS rebinding", {**JSON, "Host": "evil.example:%d" % port}),
        ("DNS rebinding with its own Origin", {**JSON, "Host": "evil.example:%d" % port,
                                               "Origin": "http://evil.example:%d" % port}),
        ("rebinding, a name that begins like ours", {**JSON, "Host": "127.0.0.1.evil.example:%d" % port}),
        ("rebinding, localhost as a label", {**JSON, "Host": "localhost.evil.example"}),
        ("rebinding, user information", {**JSON, "Host": "127.0.0.1@evil.example"}),
        ("two Hosts", {**JSON, "Host": ["127.0.0.1", "evil.example"]}),
        ("two Hosts, ours last", {**JSON, "Host": ["evil.example", "127.0.0.1"]}),
    ]
    for path in ["/system/init", "/system/init?x=1", "//system/init"]:
        for name, headers in attempts:
            status, text = c.ask("POST", path, EVE, **headers)
            check("init refused to %s (%s)" % (name, path), status in (400, 403, 404, 415), (status, text))
    check("nobody became administrator", not c.initialized())
    for path in ["/v1/routes", "/system/info", "/landing", "/session/login"]:
        status, text = c.ask("GET", path, None, Host="evil.example")
        check("rebinding reads nothing at " + path, status == 403 and "evil" not in text, (status, text))
    for host in ["127.0.0.1:x", "127.0.0.1:evil.example", "localhost:80x", "[::1]:a", "localhost.", "[::1", "[::1].evil.example",
                 "localhost, evil.example", "localhost#", "localhost/", "127.1", "2130706433", "0.0.0.0", "[::ffff:127.0.0.1]",
                 "127.0.0.1.nip.io", ""]:
        check("Host %r is not ours" % host, c.ask("GET", "/system/info", None, Host=host)[0] == 403)
    for target in ["http://evil.example/system/info", "https://evil.example/", "http://127.0.0.1@evil.example/system/info",
                   "http://localhost.evil.example/", "http:///system/info"]:
        check("target %s is refused" % target, c.ask("GET", target, None)[0] in (400, 403))
    for method in ["PUT", "GET", "PATCH", "DELETE", "HEAD", "post"]:
        for more in [{}, {"X_HTTP_Method_Override": "POST"}, {"Origin": "null"}, {"Sec_Fetch_Site": "none"}]:
            status, text = c.ask(method, "/system/init?_method=POST", EVE, **JSON, **more)
            check("init by %s %s" % (method, more), status in (400, 403, 404, 405), (status, text))
    check("and still nobody is", not c.initialized())
    status, _ = c.ask("OPTIONS", "/system/init", None, Origin="https://evil.example",
                      Access_Control_Request_Method="POST", Access_Control_Request_Headers="content-type")
    check("no preflight for another site", status == 403, status)
    status, text = c.ask("POST", "/system/init", EVE.replace("eve", "admin"), Sec_Fetch_Mode="cors", **JSON)
    check("a program may still do it, Node's fetch too,", status == 200, (status, text))
    check("and is the first", c.initialized())
    status, _ = c.ask("POST", "/v1/routes", "{}", Authorization="Basic YWRtaW46YWRtaW4=", Origin="https://evil.example", **JSON)
    check("credentials that the browser adds do not help another site", status == 403, status)
    for host in ["localhost", "localhost:%d" % port, "127.0.0.1", "[::1]:%d" % port]:
        check("Host %s is served" % host, c.ask("GET", "/system/info", None, Host=host)[0] == 200)
    c.end()

    c = Console("--hosts", "console.example,other.example:9", "--origins", "https://ui.example", listen="0.0.0.0:0")
    check("a configured Host is served", c.ask("GET", "/system/info", None, Host="Console.Example:8001")[0] == 200)
    check("a configured Host is served at its port", c.ask("GET", "/system/info", None, Host="other.example:9")[0] == 200)
    check("and not at another", c.ask("GET", "/system/info", None, Host="other.example:10")[0] == 403)
    check("a configured Origin may", c.ask("GET", "/system/info", None, Origin="https://ui.example")[0] == 200)
    check("a configured Origin may not begin", c.ask("POST", "/system/init", EVE, Origin="https://ui.example", **JSON)[0] == 403)
    check("open to others, a loopback page may not", c.ask("GET", "/system/info", None, Origin="http://localhost:3000")[0] == 403)
    check("and no other name", c.ask("GET", "/system/info", None, Host="evil.example")[0] == 403)
    c.end()


main()
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
