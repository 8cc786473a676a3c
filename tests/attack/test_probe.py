"""test_probe.py BINARY - who may write a service source tries to have this host knock at doors for him: metadata services,
link-local and unspecified addresses, and the loopback ports of the host that higress-ops runs on."""
import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import threading

BINARY = os.path.abspath(sys.argv[1])
os.environ["HIGRESS_OPS"] = BINARY
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp
import house

passed = failed = skipped = 0


def check(name, ok, seen=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print("%s %s%s" % ("ok  " if ok else "FAIL", name, "" if ok else ": " + str(seen)[:400]))


class Door:
    """A port that counts who comes."""

    def __init__(self, family=socket.AF_INET, address="127.0.0.1"):
        self.socket = socket.socket(family)
        self.socket.bind((address, 0))
        self.socket.listen(16)
        self.port, self.came = self.socket.getsockname()[1], 0
        threading.Thread(target=self.open, daemon=True).start()

    def open(self):
        while True:
            try:
                self.socket.accept()[0].close()
                self.came += 1
            except OSError:
                return


def own_address():
    """An address of this host that is not loopback; None: there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
            return s.getsockname()[0]
        except OSError:
            return None


class Relay(http.server.BaseHTTPRequestHandler):
    """A console that says of service sources what ours would not take: the address that it lies about."""
    lies, console = {}, None

    def do_GET(self):
        c = http.client.HTTPConnection("127.0.0.1", self.console, timeout=10)
        c.request("GET", self.path, None, {"Authorization": self.headers.get("Authorization", "")})
        answer = c.getresponse()
        body = answer.read()
        if self.path.startswith("/v1/service-sources/") and answer.status == 200:
            tree = json.loads(body)
            tree["data"]["domain"] = self.lies.get(tree["data"]["name"], tree["data"]["domain"])
            body = json.dumps(tree).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type") or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        c.close()

    def log_message(self, *args):
        pass


class World:
    """A console at that address of this host, and a server that operates it."""

    def __init__(self, address, *args):
        self.house = house.House("read-only")
        Relay.console = self.house.port
        self.relay = http.server.ThreadingHTTPServer((address, 0), Relay)
        threading.Thread(target=self.relay.serve_forever, daemon=True).start()
        self.url = "http://%s:%d" % (address, self.relay.server_port)
        self.args = args

    def source(self, kind, domain, port=80):
        name = "s%d" % len(Relay.lies)
        Relay.lies[name] = domain
        body = {"name": name, "type": kind, "domain": "10.99.0.1:80" if kind == "static" else "fine.example", "port": port,
                "protocol": "http"}
        status, answer = self.house.api("POST", "/v1/service-sources", body)
        if status not in (200, 201):
            raise SystemExit("no source: %s %s" % (status, answer))
        return name + "." + kind

    def diagnose(self, service):
        """What diagnose says about the service, as text."""
        c = mcp.StdioClient([BINARY, "stdio", "--gateway-url", self.url, *self.args], self.house.env, "2025-11-25")
        c.open()
        result = c.call("diagnose", {"service": service})
        by = [{}, {"by": "tls"}, {"by": "http"}, {"by": "grpc"}]
        probes = [c.call("probe", {"kind": "service", "name": service, **how}).get("structuredContent", {}) for how in by]
        c.close()
        self.probed = [row["result"] for p in probes for row in p.get("probes", [])]
        return json.dumps(result.get("structuredContent", result))

    def close(self):
        self.relay.shutdown()
        self.relay.server_close()
        self.house.close()


FAR = [("the metadata service", "static", "169.254.169.254:80"), ("the metadata of containers", "static", "169.254.170.2:80"),
       ("link-local", "static", "169.254.7.7:22"), ("Alibaba's metadata", "static", "100.100.100.200:80"),
       ("Azure's wire server", "static", "168.63.129.16:80"), ("multicast", "static", "224.0.0.1:80"),
       ("broadcast", "static", "255.255.255.255:80"), ("a reserved address", "static", "240.0.0.1:80"),
       ("the metadata service by a number", "dns", "2852039166"), ("in hexadecimal", "dns", "0xa9fea9fe"),
       ("in octal", "dns", "0251.0376.0251.0376"), ("with two parts", "dns", "169.16689662"),
       ("AWS by IPv6", "static", "[fd00:ec2::254]:80"), ("link-local IPv6", "static", "[fe80::1]:80"),
       ("mapped metadata", "static", "[::ffff:169.254.169.254]:80"),
       ("NAT64 metadata", "static", "[64:ff9b::a9fe:a9fe]:80"), ("6to4 metadata", "static", "[2002:a9fe:a9fe::]:80"),
       ("metadata in mixed parts", "dns", "0251.254.169.254"), ("in hexadecimal parts", "dns", "0xA9.0xFE.0xA9.0xFE"),
       ("with three parts", "dns", "169.254.43518"), ("a zone", "static", "[fe80::1%lo]:80"),
       ("an encoded zone", "dns", "[fe80::1%25lo]"), ("mapped in hexadecimal", "static", "[::ffff:a9fe:a9fe]:80"),
       ("translated", "static", "[::ffff:0:a9fe:a9fe]:80"), ("compatible", "static", "[::a9fe:a9fe]:80"),
       ("a network's own NAT64", "static", "[64:ff9b:1::a9fe:a9fe]:80"), ("Teredo", "static", "[2001::5601:5601]:80"),
       ("this network", "static", "0.1.2.3:80"), ("a user before it", "dns", "a@169.254.169.254"),
       ("a fragment behind it", "dns", "169.254.169.254#"), ("a path behind it", "dns", "169.254.169.254/"),
       ("6to4 loopback", "static", "[2002:7f00:1::]:80"), ("NAT64 loopback", "static", "[64:ff9b::7f00:1]:80"),
       ("unspecified IPv6", "static", "[::]:80"), ("multicast IPv6", "static", "[ff02::1]:80")]


def good_words(results):
    """Nobody was there, as far as `probe` says."""
    return set(results) <= {"not-probed", "dns", "other", "no-route"}


def never(w):
    """Whatever the gateway says, these are nobody's service."""
    for what, kind, domain in FAR:
        text = w.diagnose(w.source(kind, domain))
        check("%s is not probed (%s)" % (what, domain), "not probed: " in text and '"OK"' not in text and good_words(w.probed),
              (w.probed, text))


def loopback(w, allowed, title):
    """Loopback in all notations; `allowed`: written as an address it may be probed."""
    door = Door()
    for domain, kind, literal in [("127.0.0.1:%d" % door.port, "static", True), ("0.0.0.0:%d" % door.port, "static", False),
                                  ("localhost", "dns", True), ("[::ffff:127.0.0.1]:%d" % door.port, "static", False), ("[::]:%d" % door.port, "static", False), ("127.1", "dns", False), ("2130706433", "dns", False),
                                  ("0x7f000001", "dns", False), ("ip6-localhost", "dns", False)]:
        before = door.came
        text = w.diagnose(w.source(kind, domain, door.port))
        if allowed and literal:
            check("%s: %s is probed" % (title, domain), door.came > before and "not probed" not in text, text)
        elif domain == "ip6-localhost" and "not probed" not in text:
            check("%s: %s has no address here" % (title, domain), door.came == before and "DNS" in text.upper(), text)
        else:
            check("%s: nobody knocks at %s" % (title, domain), door.came == before and "not probed: " in text and good_words(w.probed),
                  (w.probed, text))
    door.socket.close()


def main():
    global skipped
    w = World("127.0.0.1")
    never(w)
    loopback(w, True, "a gateway on this host")
    w.close()
    own = own_address()
    if not own:
        skipped += 1
        print("skip a gateway elsewhere: this host has loopback only")
    else:
        w = World(own)
        loopback(w, False, "a gateway elsewhere")
        w.args = ("--probe", "127.0.0.0/8")
        door = Door()
        text = w.diagnose(w.source("static", "127.0.0.1:%d" % door.port))
        check("the configuration can allow it", door.came > 0 and "not probed" not in text and "ok" in w.probed, (w.probed, text))
        w.close()
    done = subprocess.run([BINARY, "check", "--probe", "10.0.0.0/33"], capture_output=True, text=True)
    check("a wrong network is refused", done.returncode != 0 and "10.0.0.0/33" in done.stderr + done.stdout, done)


main()
if skipped:
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
else:
    print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
