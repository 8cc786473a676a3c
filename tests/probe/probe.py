"""probe.py - the tool `probe` against real servers: nginx for HTTP and TLS, gRPC's health service, an MCP server by the official
SDK; a provider is scripted.

    HIGRESS_OPS=BINARY probe.py [WORDS of a case's title]
"""
import glob
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for other in ("e2e", "routing"):
    sys.path.insert(0, os.path.join(HERE, "..", other))
import client as mcp
import envoy
import house
from ports import free_port

PYTHON = os.path.join(HERE, "../../build/python/probe-servers/bin/python")
KEY, OTHER = "sk-live-4f9d2c7e8b1a6053", "sk-old-99ab31cd77ef2048"


def openssl(folder, *argv):
    subprocess.run(["openssl", *argv], cwd=folder, check=True, capture_output=True)


def certificates(folder):
    """A CA, and what it signed for shop.example: good, for another name, of the past; and one that signed itself."""
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
            "-subj", "/CN=The test's CA", "-days", "30")
    for name, host, when in (("good", "shop.example", ["-days", "20"]), ("named", "other.example", ["-days", "20"]),
                             ("past", "shop.example", ["-not_before", "20250101000000Z", "-not_after", "20250201000000Z"])):
        openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out",
                name + ".csr", "-subj", "/CN=" + host)
        with open(os.path.join(folder, name + ".ext"), "w") as f:
            f.write("subjectAltName=DNS:%s\n" % host)
        if when[0] == "-days":
            openssl(folder, "x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                    name + ".crt", "-extfile", name + ".ext", *when)
        else:
            signed_of_old(folder, name)
        with open(os.path.join(folder, name + ".pem"), "w") as f:
            for part in (name + ".crt", "ca.crt"):
                f.write(open(os.path.join(folder, part)).read())
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "self.key", "-out",
            "self.pem", "-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example", "-days", "20")


def signed_of_old(folder, name):
    """By `openssl ca`, which takes dates."""
    for f in ("index.txt", "index.txt.attr"):
        open(os.path.join(folder, f), "w").close()
    with open(os.path.join(folder, "ca.cnf"), "w") as f:
        f.write("[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n"
                "[p]\ncommonName=supplied\n")
    with open(os.path.join(folder, "serial"), "w") as f:
        f.write("77\n")
    openssl(folder, "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key", "-in", name + ".csr", "-out",
            name + ".crt", "-notext", "-startdate", "20250101000000Z", "-enddate", "20250201000000Z", "-extfile", name + ".ext")


class Provider(http.server.BaseHTTPRequestHandler):
    """GET /v1/models as OpenAI has it; what it says of a wrong key is `refusal`."""
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    seen, refusal, open_to_all = [], "Incorrect API key provided.", False

    def log_message(self, *_):
        pass

    def do_GET(self):
        given = self.headers.get("Authorization", "")
        Provider.seen.append((self.path, given))
        if given == "Bearer " + KEY or Provider.open_to_all:
            self.say(200, {"object": "list", "data": [{"id": "m-%d" % i, "object": "model"} for i in range(3)]})
        else:
            self.say(401, {"error": {"message": Provider.refusal.replace("{given}", given), "code": "invalid_api_key"}})

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class World:
    def __init__(self):
        self.house = house.House("read-only")
        self.folder = os.path.join(self.house.dir, "servers")
        os.makedirs(os.path.join(self.folder, "html/shop"))
        certificates(self.folder)
        self.nginx()
        self.servers = subprocess.Popen([PYTHON, "-W", "ignore", os.path.join(HERE, "servers.py"), "good.pem", "good.key"], cwd=self.folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.ports.update(json.loads(self.servers.stdout.readline()))
        provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        self.ports["provider"] = provider.server_port
        self.domains, self.clients = {}, []
        self.fill()

    def nginx(self):
        self.ports = {n: free_port() for n in ("http", "good", "named", "past", "self", "plain")}
        with open(os.path.join(self.folder, "html/shop/index.html"), "w") as f:
            f.write("hello")
        tls = "".join("server { listen 127.0.0.1:%d ssl%s; server_name shop.example; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate %s.pem; ssl_certificate_key %s.key; "
                      "root html; }\n" % (self.ports[n], " http2" if n == "good" else "", n, n) for n in ("good", "named", "past", "self"))
        with open(os.path.join(self.folder, "nginx.conf"), "w") as f:
            f.write("daemon off; user root; pid nginx.pid; error_log error.log; worker_processes 1;\nevents {}\nhttp { "
                    "log_format short '$host $request $status'; access_log access.log short;\n"
                    "client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n"
                    "server { listen 127.0.0.1:%d; server_name shop.example; root html; location /broken { return 503 'no stock'; } "
                    "location /leaky { return 500 'db token ghp_aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3'; } }\n"
                    "server { listen 127.0.0.1:%d default_server; server_name _; return 404; }\n%s}\n"
                    % (self.ports["http"], self.ports["http"], tls))
        self.web = subprocess.Popen(["/usr/sbin/nginx", "-p", self.folder, "-c", "nginx.conf"], stderr=subprocess.DEVNULL)
        house.wait_for(self.ports["self"], self.web, "nginx")

    def make(self, path, body):
        status, answer = self.house.api("POST" if path != "/v1/mcpServer" else "PUT", path, body)
        assert status in (200, 201), (path, status, answer)

    def source(self, name, *ports, protocol="http", sni=None):
        self.domains[name] = ",".join("127.0.0.1:%d" % p for p in ports)
        self.make("/v1/service-sources", {"name": name, "type": "static", "port": 80, "protocol": protocol, "sni": sni,
                                          "domain": self.domains[name]})

    def fill(self):
        p = self.ports
        self.source("web", p["http"])
        self.source("half", p["http"], free_port())
        for name in ("good", "named", "past", "self"):
            self.source(name, p[name], protocol="https", sni="shop.example")
        self.source("plain", p["http"], protocol="https", sni="shop.example")
        for name in ("grpc", "grpc_down", "grpc_none"):
            self.source(name.replace("_", "-"), p[name], protocol="grpc")
        self.source("grpc-tls", p["grpc_tls"], protocol="grpcs", sni="shop.example")
        for name in ("mcp", "mcp_json", "mcp_sse"):
            self.source(name.replace("_", "-"), p[name])
        self.make("/v1/domains", {"name": "shop.example", "enableHttps": "off"})
        for name, path, service in (("shop", "/shop/", "web"), ("broken", "/broken", "web"), ("secure", "/shop/", "good")):
            self.make("/v1/routes", {"name": name, "domains": ["shop.example"], "path": {"matchType": "PRE", "matchValue": path},
                                     "services": [{"name": service + ".static", "port": 80, "weight": 100}]})
        url = "http://127.0.0.1:%d/v1" % p["provider"]
        for name, tokens in (("llm", [KEY]), ("two-keys", [KEY, OTHER]), ("no-key", [])):
            self.make("/v1/ai/providers", {"name": name, "type": "openai", "tokens": tokens, "rawConfigs": {"openaiCustomUrl": url}})
        self.make("/v1/ai/providers", {"name": "odd", "type": "bedrock", "tokens": [], "rawConfigs": {
            "awsRegion": "eu-x", "awsAccessKey": "AKIA0000EXAMPLE00000", "awsSecretKey": "a-secret-of-forty-characters-0123456789ab"}})
        for name, path, kind in (("mcp", "/mcp", "streamable"), ("mcp-json", "/mcp", "streamable"), ("mcp-sse", "/sse", "sse")):
            self.make("/v1/mcpServer", {"name": name, "type": "DIRECT_ROUTE", "domains": ["shop.example"],
                                        "directRouteConfig": {"path": path, "transportType": kind},
                                        "services": [{"name": name + ".static", "port": 80, "weight": 100}]})

    def client(self, *args):
        c = mcp.StdioClient([house.BINARY, "stdio", *args], self.house.env, "2025-11-25")
        c.open()
        self.clients.append(c)
        return c

    def ask(self, *args, **arguments):
        """(text, data) of a call."""
        if not hasattr(self, "usual"):
            self.usual = self.client("--probe-ca-file", os.path.join(self.folder, "ca.crt"))
        c = self.client(*args) if args else self.usual
        result = c.call("probe", arguments)
        return result["content"][0]["text"], result.get("structuredContent") or {}

    def row(self, *args, **arguments):
        text, data = self.ask(*args, **arguments)
        assert len(data.get("probes", [])) == 1, (text, data)
        return data["probes"][0]

    def heard(self):
        return "".join("".join(c.heard) for c in self.clients)

    def close(self):
        for c in self.clients:
            c.close()
        self.servers.stdin.close()
        self.web.terminate()
        for p in (self.servers, self.web):
            p.wait(20)
        self.house.leave()


PAGE = os.path.join(house.ROOT, "docs/probes.md")


# -- cases --------------------------------------------------------------------------------------------------------------------

def check_a_connect(w):
    text, data = w.ask(kind="service", name="half.static")
    assert data["counts"] == {"refused": 1, "ok": 1} and data["probes"][0]["result"] == "refused", data
    assert "higress-ops on host " + socket.gethostname() == data["from"], data["from"]
    assert data["probes"][1]["sent"] == "nothing but the connect" and "refused" in text, text


def check_the_page_is_what_it_says(w):
    """docs/probes.md: each command runs, with only the names of what is there put in; each result is one that the program has."""
    with open(PAGE) as f:
        page = f.read()
    commands = re.findall(r"^higress-ops call probe '(.*)'$", page, re.M)
    there = {"orders.dns": "web.static", "orders": "shop", "qwen": "llm", "10.0.0.7:8443": "127.0.0.1:%d" % w.ports["good"]}
    assert len(commands) == 4, commands
    for text in commands:
        asked = {k: there.get(v, v) for k, v in json.loads(text).items()}
        assert asked != json.loads(text), "its names are not among those that are put in: " + text
        done = subprocess.run([house.BINARY, "call", "--probe-ca-file", os.path.join(w.folder, "ca.crt"), "probe", json.dumps(asked)],
                              env=w.house.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and ": ok" in done.stdout, (asked, done.stdout, done.stderr)
    source = "".join(open(path).read() for path in glob.glob(os.path.join(house.ROOT, "server/*/probe*.c")))
    for result in re.findall(r"`([a-z0-9-]+)`", page.split("Results are")[1].split(".\n")[0]):
        assert '"%s' % re.sub(r"\d+$", "", result) in source, result


def check_http_has_the_routes_host_and_path(w):
    row = w.row(kind="route", name="shop")
    assert (row["result"], row["status"], row["sent"]) == ("ok", 200, "GET /shop/, Host shop.example"), row
    row = w.row(kind="route", name="broken")
    assert (row["result"], row["status"], row["said"]) == ("http-503", 503, "no stock"), row
    assert w.row(kind="service", name="web.static", by="http")["status"] == 404
    with open(os.path.join(w.folder, "access.log")) as f:
        log = f.read()
    assert "shop.example GET /shop/ HTTP/1.1 200" in log, log
    assert "POST" not in log and "PUT" not in log, log


def check_a_route_over_tls(w):
    text, data = w.ask(kind="route", name="secure")
    rows = {r["by"]: r for r in data["probes"]}
    assert rows["http"]["status"] == 200 and rows["tls"]["result"] == "ok", data


def check_chains(w):
    good = w.row(kind="service", name="good.static")
    assert good["result"] == "ok" and good["tls"]["alpn"] == "h2" and good["tls"]["version"] == "TLSv1.3", good
    chain = good["tls"]["chain"]
    assert [(c["subject"], c["issuer"]) for c in chain] == [("shop.example", "The test's CA"), ("The test's CA", "The test's CA")], chain
    assert chain[0]["names"] == ["shop.example"] and chain[0]["until"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), chain
    named = w.row(kind="service", name="named.static")
    assert named["result"] == "tls-name" and named["tls"]["wrong"][-1] == "the certificate is not for shop.example", named
    assert named["tls"]["chain"][0]["names"] == ["other.example"] and named["tls"]["alpn"] == "http/1.1", named
    past = w.row(kind="service", name="past.static")
    assert past["result"] == "tls-expired" and past["tls"]["chain"][0]["until"] == "2025-02-01T00:00:00Z", past
    own = w.row(kind="service", name="self.static")
    assert own["result"] == "tls-unknown-ca" and "self-signed" in own["tls"]["wrong"][0], own
    assert w.row(kind="service", name="plain.static")["result"] == "not-tls"


def check_who_is_trusted_is_configured(w):
    row = w.row("--probe-ca-file", os.path.join(w.folder, "self.pem"), kind="service", name="good.static")
    assert row["result"] == "tls-unknown-ca", row
    text, data = w.ask("--probe-ca-file", os.path.join(w.folder, "self.pem"), kind="route", name="secure")
    assert {r["by"]: r["result"] for r in data["probes"]} == {"http": "tls-unknown-ca", "tls": "tls-unknown-ca"}, data


def check_grpc(w):
    for name, result in (("grpc", "ok"), ("grpc-down", "not-serving"), ("grpc-none", "no-health-service"), ("grpc-tls", "ok")):
        row = w.row(kind="service", name=name + ".static")
        assert (row["by"], row["result"]) == ("grpc", result), (name, row)
    row = w.row(kind="service", name="web.static", by="grpc")
    assert row["result"] not in ("ok", "not-serving", "no-health-service"), row


def check_models(w):
    Provider.seen.clear()
    row = w.row(kind="ai-provider", name="llm")
    assert (row["result"], row["keys"][0]["models"], row["keys"][0]["result"]) == ("ok", 3, "ok"), row
    assert Provider.seen == [("/v1/models", "Bearer " + KEY), ("/v1/models", "")], Provider.seen
    assert row["keys"][0]["key"].startswith("secret:sha256:"), row
    row = w.row(kind="ai-provider", name="two-keys")
    assert row["result"] == "key-refused" and [k["result"] for k in row["keys"]] == ["ok", "key-refused"], row
    assert row["keys"][1]["said"] == "Incorrect API key provided.", row
    row = w.row(kind="ai-provider", name="no-key")
    assert (row["result"], row["keys"][0]["key"]) == ("key-refused", "none"), row
    assert w.row(kind="ai-provider", name="odd")["result"] in ("not-probed", "dns")


def check_a_provider_without_keys_says_nothing_of_a_key(w):
    Provider.open_to_all = True
    row = w.row(kind="ai-provider", name="two-keys")
    Provider.open_to_all = False
    assert row["result"] == "ok" and "not known" in row["said"], row


def check_what_repeats_a_key_is_not_told(w):
    for words in ("Wrong: {given}", "Wrong key " + OTHER[:12] + "***", "***" + OTHER[-8:], json.dumps({"k": OTHER})):
        Provider.refusal = words
        text, data = w.ask(kind="ai-provider", name="two-keys")
        assert "are not shown" in data["probes"][0]["keys"][1]["said"], (words, data)
    Provider.refusal = "Incorrect API key provided."


def check_no_name_leads_a_key_elsewhere(w):
    """What a URL reads as more than a host: the source says 127.0.0.1, its names would lead to 127.0.0.2."""
    port = w.ports["good"]
    stray = socket.create_server(("127.0.0.2", port))
    stray.settimeout(0.3)
    for i, sni in enumerate(("x@127.0.0.2", "127.0.0.2/", "127.0.0.2?", "127.0.0.2#")):
        name = "led-%d" % i
        w.source(name, port, protocol="https", sni=sni)
        w.make("/v1/ai/providers", {"name": name, "type": "openai", "tokens": [KEY], "rawConfigs": {
            "openaiCustomServiceName": name + ".static", "openaiCustomServicePort": 80}})
        for arguments in ({"kind": "ai-provider", "name": name}, {"kind": "service", "name": name + ".static"},
                          {"kind": "service", "name": name + ".static", "by": "http"}):
            row = w.row(**arguments)
            assert row["result"] == "not-probed" and "no name of a host" in row["said"], (sni, row)
    try:
        stray.accept()
        raise AssertionError("somebody knocked")
    except socket.timeout:
        stray.close()


def check_a_key_goes_where_the_gateway_takes_it(w):
    """The service of OpenAI's type is nothing to another type, nor without its port."""
    Provider.seen.clear()
    w.source("stray", w.ports["provider"])
    w.make("/v1/ai/providers", {"name": "claude", "type": "claude", "tokens": [KEY], "rawConfigs": {
        "openaiCustomServiceName": "stray.static"}})
    text, data = w.ask("--probe", "127.0.0.0/8", kind="ai-provider", name="claude")
    assert not Provider.seen, (Provider.seen, text)


def check_words_of_others_are_masked(w):
    token = "ghp_" + "aB3" * 12
    w.make("/v1/routes", {"name": "leaky", "domains": ["shop.example"], "path": {"matchType": "PRE", "matchValue": "/leaky"},
                          "services": [{"name": "web.static", "port": 80, "weight": 100}]})
    row = w.row(kind="route", name="leaky")
    assert row["status"] == 500 and "db token" in row["said"] and token not in json.dumps(row), row


def check_mcp(w):
    for name in ("mcp", "mcp-json"):
        text, data = w.ask(kind="mcp-server", name=name)
        row = data["probes"][0]
        assert (row["result"], row["tools"], row["first"]) == ("ok", 2, ["count_parts", "move_part"]), data
        assert row["server"].startswith("warehouse 7.1, MCP 2025-"), row
        assert "envoy.traffic_url" in data["notes"][0], data
    text, data = w.ask(kind="mcp-server", name="mcp-sse")
    assert data["probes"][0]["result"] == "ok" and "endpoint" in data["probes"][0]["said"], data


def check_mcp_through_the_gateway(w):
    """The gateway is a server that has the path of its MCP servers."""
    port = w.ports["mcp"]

    class Gateway(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        hosts = set()

        def log_message(self, *_):
            pass

        def do_POST(self):
            Gateway.hosts.add((self.path, self.headers["Host"]))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            c = __import__("http.client").client.HTTPConnection("127.0.0.1", port, timeout=10)
            c.request("POST", "/mcp", body, {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")})
            r = c.getresponse()
            text = r.read()
            self.send_response(r.status)
            for k, v in r.getheaders():
                if k.lower() in ("content-type", "mcp-session-id"):
                    self.send_header(k, v)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_DELETE(self):
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    gateway = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    text, data = w.ask("--traffic-url", "http://127.0.0.1:%d" % gateway.server_port, kind="mcp-server", name="mcp")
    assert [(r["at"], r["result"], r["tools"]) for r in data["probes"]] == [("the gateway", "ok", 2), ("127.0.0.1:%d" % port, "ok", 2)], data
    assert Gateway.hosts == {("/mcp-servers/mcp", "shop.example")}, Gateway.hosts
    gateway.shutdown()


def start_envoy(w, name, ports):
    """A real one whose cluster of half.static is checked: one endpoint is there, one is not."""
    folder, (admin,) = os.path.join(w.folder, name), envoy.free_ports(1)
    os.makedirs(folder)
    cluster = {"name": "outbound|80||half.static", "type": "STATIC", "connect_timeout": "1s",
               "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
               "health_checks": [{"timeout": "0.5s", "interval": "0.2s", "no_traffic_interval": "0.2s", "unhealthy_threshold": 1,
                                  "healthy_threshold": 1, "tcp_health_check": {}}],
               "load_assignment": {"cluster_name": "outbound|80||half.static", "endpoints": [{"lb_endpoints": [
                   {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": p}}}} for p in ports]}]}}
    with open(os.path.join(folder, "envoy.json"), "w") as f:
        json.dump({"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
                   "static_resources": {"clusters": [cluster]}}, f)
    e = envoy.Envoy(envoy.binary(), os.path.join(folder, "envoy.json"), admin, os.path.join(folder, "envoy.log"))
    assert e.wait(listeners=0), open(os.path.join(folder, "envoy.log")).read()
    return e


def check_what_each_envoy_saw(w):
    ports = [int(at.rsplit(":", 1)[1]) for at in w.domains["half"].split(",")]
    envoys = [start_envoy(w, "envoy-%d" % i, ports[:2 - i]) for i in range(2)]
    try:
        admins = ["http://127.0.0.1:%d" % e.admin for e in envoys]
        for _ in range(100):
            text, data = w.ask("--envoy-admins", ",".join(admins), kind="service", name="half.static")
            dead, good = data["probes"]
            if "fails its health check" in json.dumps(dead):
                break
            time.sleep(0.1)
        first, second = ("127.0.0.1:%d: " % e.admin for e in envoys)
        assert len(dead["envoy"]) == 1 and dead["envoy"][0].startswith(first + "fails its health check in outbound|80||half.static"), dead
        assert sorted(line.split(" in ")[0] for line in good["envoy"]) == sorted([first + "healthy", second + "healthy"]), good
        envoys[1].stop()
        text, data = w.ask("--envoy-admins", ",".join(admins), kind="service", name="half.static")
        assert "what Envoy saw is not known: " in data["notes"][0] and str(envoys[1].admin) in data["notes"][0], data
        assert len(data["probes"][1]["envoy"]) == 1, data
    finally:
        for e in envoys:
            e.stop()


def check_only_what_the_gateway_names(w):
    row = w.row(address="127.0.0.1:%d" % w.ports["http"])
    assert row["result"] == "ok", row
    stray = socket.create_server(("127.0.0.1", 0))
    stray.settimeout(0.3)
    for address in ("127.0.0.1:%d" % stray.getsockname()[1], "localhost:%d" % w.ports["http"], "169.254.169.254:80"):
        text, data = w.ask(address=address)
        assert "no object of the gateway points to" in text and not data.get("probes"), text
    try:
        stray.accept()
        raise AssertionError("somebody knocked")
    except socket.timeout:
        pass
    row = w.row("--probe", "127.0.0.0/8", address="127.0.0.1:%d" % stray.getsockname()[1])
    assert row["result"] == "ok", row


def check_mistakes_are_named(w):
    for arguments, words in (({}, "kind and name"), ({"kind": "route"}, "kind and name"), ({"kind": "route", "name": "none"}, "no route 'none'"),
                             ({"kind": "route", "name": "shop", "address": "a:1"}, "kind and name"), ({"address": "nowhere"}, "HOST:PORT")):
        text, data = w.ask(**arguments)
        assert words in text, (arguments, text)


def check_no_key_was_told(w):
    said = w.heard()
    assert "secret:sha256:" in said
    for secret in (KEY, OTHER, OTHER[:12], house.PASSWORD, "a-secret-of-forty"):
        assert secret not in said, secret


def main():
    word = " ".join(sys.argv[1:])
    w = World()
    passed = failed = 0
    for name, check in [(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")]:
        if word not in name:
            continue
        try:
            check(w)
            passed += 1
            print("ok   " + name)
        except Exception as e:
            failed += 1
            print("FAIL %s: %s: %s" % (name, type(e).__name__, str(e)[:1500]))
    w.close()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


sys.exit(main())
