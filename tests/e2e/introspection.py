"""introspection.py [WORD…] - opaque OAuth tokens. oidc-provider, a real authorization server, gives and revokes them; what
it never says (nonsense, nothing, late) a small server says in its place.

Each check_* function gets a World and asserts, as in protocol.py. Needs build/oauth (tests/setup/npm.sh oauth).
"""
import base64
import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import house
import protocol
from oauth import INITIALIZE, RESOURCE
from protocol import LEGACY, equal, holds, run_all

BOSS = "the-token-of-an-approver"
SECRET = "s:e c+r%et &x=/?"
CLIENTS = ("ops", "ann", "bob", "jay")
DELETE = {"jsonrpc": "2.0", "id": 9, "method": "tools/call",
          "params": {"name": "change_resource", "arguments": {"kind": "route", "action": "delete", "name": "default"}}}


class Odd:
    """An issuer's endpoint that answers as `says`(form) tells: (status, body), after `late` seconds."""

    def __init__(self):
        self.asked, self.late, self.says = [], 0, lambda form: (200, {"active": False})
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {k: v[0] for k, v in urllib.parse.parse_qs(text, strict_parsing=True).items()}
                outer.asked.append((dict(self.headers), form))
                time.sleep(outer.late)
                status, body = outer.says(form)
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                try:
                    self.send_response(status)
                    self.send_header("Location", "/elsewhere")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/introspect?tenant=1" % server.server_port

    def good(self, **more):
        answer = {"active": True, "aud": RESOURCE, "exp": time.time() + 300, "sub": "ann",
                  "scope": "higress:read higress:change", **more}
        return 200, {k: v for k, v in answer.items() if v is not None}


class World:
    def __init__(self):
        self.house = house.House()
        self.tokens, self.count = [], 0
        self.secret = os.path.join(self.house.dir, "client-secret")
        with open(self.secret, "w") as f:
            f.write(SECRET + "\n")
        self.issuer_port = house.free_port()
        self.issuer = "http://127.0.0.1:%d" % self.issuer_port
        self.start_issuer()
        self.port = self.serve(self.issuer + "/token/introspection")
        self.odd = Odd()
        self.odd_port = self.serve(self.odd.url, cache=0.5)

    def start_issuer(self):
        clients = json.dumps([{"client_id": c, "client_secret": SECRET} for c in CLIENTS])
        with open(os.path.join(self.house.dir, "issuer.log"), "ab") as log:
            program = os.path.join(house.ROOT, "build/oauth/issuer.mjs")
            p = subprocess.Popen(["node", program, str(self.issuer_port), clients], stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=log)
        self.house.processes.append(p)
        house.wait_for(self.issuer_port, p, "the authorization server")

    def serve(self, endpoint, cache=1, jwks=""):
        config = os.path.join(self.house.dir, "oauth-%d.yaml" % house.free_port())
        with open(config, "w") as f:
            f.write("http:\n  hosts: [gw.example]\n  oauth:\n    issuer: %s\n    resource: %s\n    skew: 2\n%s"
                    "    introspection:\n      endpoint: %s\n      client_id: ops\n      client_secret: {file: %s}\n      cache: %s\n"
                    % (self.issuer, RESOURCE, jwks, endpoint, self.secret, cache))
        return self.house.serve(["--config", config, "--log", "debug", "--approvers", "boss:" + protocol.sha256(BOSS)])

    def form(self, path, client, **form):
        """(status, body) of a form that the client posts to the issuer."""
        basic = "%s:%s" % (client, urllib.parse.quote_plus(SECRET))
        c = http.client.HTTPConnection("127.0.0.1", self.issuer_port, timeout=10)
        c.request("POST", path, urllib.parse.urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "Basic " + base64.b64encode(basic.encode()).decode()})
        r = c.getresponse()
        text = r.read()
        c.close()
        return r.status, json.loads(text) if text else None

    def token(self, client="ann", scope="higress:read higress:change", resource=RESOURCE):
        status, body = self.form("/token", client, grant_type="client_credentials", scope=scope, resource=resource)
        equal(status, 200, str(body))
        self.tokens.append(body["access_token"])
        return body["access_token"]

    def fresh(self):
        """A token that nobody was asked about yet, for the odd issuer."""
        self.count += 1
        self.tokens.append("opaque-%d-%d+/~._x==" % (os.getpid(), self.count))
        return self.tokens[-1]

    def post(self, token, port=None, message=None, headers=None):
        c = mcp.HttpClient("127.0.0.1", port or self.port, LEGACY)
        h = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
             "Authorization": "Bearer " + token, **(headers or {})}
        return c.raw("POST", "/mcp", json.dumps(message or INITIALIZE), h)

    def refused(self, token, words, port=None):
        status, headers, body = self.post(token, port)
        equal(status, 401, words)
        challenge = headers.get("www-authenticate", "")
        holds('error="invalid_token"' in challenge and words in challenge, challenge)

    def unknown(self, token, what, port=None):
        status, headers, body = self.post(token, port)
        equal((status, headers.get("retry-after"), headers.get("www-authenticate")), (503, "1", None), what)
        holds("invalid" not in body and "ask again" in body, body)

    def log(self):
        with open(os.path.join(self.house.dir, "serve.log")) as f:
            return f.read()


def check_a_real_issuer(w):
    token = w.token()
    holds(token.count(".") != 2, "the token is opaque")
    equal(w.post(token)[0], 200, "a good token")
    start = time.time()
    for _ in range(20):
        equal(w.post(token)[0], 200, "again")
    holds(time.time() - start < 5, "remembered")
    w.refused("no-such-token", "not active")
    w.refused(w.token(resource="https://other.example/mcp"), "another audience")
    w.refused("not a token", "could be asked")
    status, headers, _ = w.post(w.token(scope=""))
    equal(status, 403, "no scope")
    holds('error="insufficient_scope"' in headers["www-authenticate"], str(headers))
    anonymous = mcp.HttpClient("127.0.0.1", w.port, LEGACY)
    status, headers, _ = anonymous.raw("POST", "/mcp", "{}", {"Content-Type": "application/json"})
    holds(status == 401 and "error=" not in headers["www-authenticate"], "no token")


def check_scopes_and_principals(w):
    c = mcp.HttpClient("127.0.0.1", w.port, LEGACY, token=w.token(scope="higress:read"))
    c.open()
    holds(not c.call("list_changes").get("isError"), "reading")
    equal(c.raw("POST", "/mcp", json.dumps(DELETE), c.headers(DELETE))[0], 403, "changing")
    message = {"jsonrpc": "2.0", "id": 9, "method": "tools/list"}
    c.token = w.token()
    equal(c.raw("POST", "/mcp", json.dumps(message), c.headers(message))[0], 200, "another token of ann")
    c.token = w.token("bob")
    equal(c.raw("POST", "/mcp", json.dumps(message), c.headers(message))[0], 404, "bob in ann's session")


def check_a_revoked_token(w):
    token = w.token()
    equal(w.post(token)[0], 200, "before")
    equal(w.form("/token/revocation", "ann", token=token)[0], 200, "revoking")
    time.sleep(1.1)
    w.refused(token, "not active")


def check_jwts_beside_opaque_tokens(w):
    """With jwks too, JWTs are judged by the keys and everything else is asked about."""
    port = w.serve(w.odd.url, jwks="    jwks: %s/jwks\n" % w.issuer)
    jwt = w.token("jay")
    equal(jwt.count("."), 2, "a JWT")
    for _ in range(50):
        status = w.post(jwt, port)[0]
        if status != 503:
            break
        time.sleep(0.05)
    equal(status, 200, "a JWT")
    asked = len(w.odd.asked)
    w.refused(jwt[:-8] + "AAAAAAAA", "signature", port)
    equal(len(w.odd.asked), asked, "questions about JWTs")
    w.odd.says = lambda form: w.odd.good()
    equal(w.post(w.fresh(), port)[0], 200, "an opaque token")
    equal(len(w.odd.asked), asked + 1, "questions")


def check_the_question(w):
    w.odd.says = lambda form: w.odd.good()
    token = w.fresh()
    equal(w.post(token, w.odd_port)[0], 200, "good")
    headers, form = w.odd.asked[-1]
    equal(form, {"token": token, "token_type_hint": "access_token"}, "form")
    equal(headers["Content-Type"], "application/x-www-form-urlencoded", "type")
    basic = base64.b64decode(headers["Authorization"].split("Basic ")[1]).decode()
    equal([urllib.parse.unquote_plus(p) for p in basic.split(":")], ["ops", SECRET], "who asks")
    forgetful, before = w.serve(w.odd.url, cache=0), len(w.odd.asked)
    equal([w.post(token, forgetful)[0] for _ in range(3)], [200] * 3, "without a cache")
    equal(len(w.odd.asked), before + 3, "questions without a cache")


def check_an_approver(w):
    """Whose token decides at /change is no client, and the issuer does not hear of that token."""
    before = len(w.odd.asked)
    w.refused(BOSS, "not known", w.odd_port)
    equal(len(w.odd.asked), before, "questions")
    c = mcp.HttpClient("127.0.0.1", w.odd_port, LEGACY)
    say = lambda token: c.raw("POST", "/change", '{"do":"list"}', {
        "Content-Type": "application/json", "Authorization": "Bearer " + token})
    equal(say(BOSS)[0], 200, "decides")
    w.odd.says = lambda form: w.odd.good()
    equal(say(w.fresh())[0], 401, "an access token decides nothing")


def check_one_question_for_many(w):
    w.odd.says, w.odd.late = (lambda form: w.odd.good()), 0.3
    token, before, got = w.fresh(), len(w.odd.asked), []
    threads = [threading.Thread(target=lambda: got.append(w.post(token, w.odd_port)[0])) for _ in range(12)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    equal(got, [200] * 12, "all")
    equal(len(w.odd.asked), before + 1, "questions")
    w.odd.says = lambda form: (200, {"active": False})
    bad, before = w.fresh(), len(w.odd.asked)
    for _ in range(5):
        w.refused(bad, "not active", w.odd_port)
    equal(len(w.odd.asked), before + 1, "questions about a bad one")
    time.sleep(0.6)
    w.odd.late = 0
    w.refused(bad, "not active", w.odd_port)
    equal(len(w.odd.asked), before + 2, "after the cache time")


def check_a_flood_of_tokens(w):
    """Others are served while the issuer is slow, and it is asked at most 16 things at once."""
    w.odd.says, w.odd.late = (lambda form: (200, {"active": False})), 1.5
    before, got = len(w.odd.asked), []
    threads = [threading.Thread(target=lambda t=w.fresh(): got.append(w.post(t, w.odd_port)[0])) for _ in range(24)]
    [t.start() for t in threads]
    start = time.time()
    status, _, _ = mcp.HttpClient("127.0.0.1", w.odd_port, LEGACY).raw("GET", "/.well-known/oauth-protected-resource")
    holds(status == 200 and time.time() - start < 1, "the loop is free")
    [t.join() for t in threads]
    w.odd.late = 0
    equal((got.count(401), got.count(503)), (16, 8), "asked about, and turned away")
    equal(len(w.odd.asked), before + 16, "questions")


def check_clients_that_leave(w):
    w.odd.says, w.odd.late = (lambda form: w.odd.good()), 0.5
    token = w.fresh()
    link = http.client.HTTPConnection("127.0.0.1", w.odd_port, timeout=10)
    link.request("GET", "/mcp", None, {"Authorization": "Bearer " + token, "Accept": "text/event-stream"})
    time.sleep(0.1)
    link.close()
    equal(w.post(token, w.odd_port)[0], 200, "one who stayed")
    w.odd.late = 0
    equal(w.post(token, w.odd_port, headers={"Expect": "100-continue"})[0], 200, "later")


def check_answers_that_say_no(w):
    now = time.time()
    for words, more in (("no aud", {"aud": None}), ("another audience", {"aud": ["https://gw.example"]}),
                        ("another issuer", {"iss": "https://as.example"}), ("no exp", {"exp": None}),
                        ("expired", {"exp": now - 3}), ("not valid yet", {"nbf": now + 60}),
                        ("neither sub", {"sub": None}), ("not a bearer token", {"token_type": "DPoP"})):
        w.odd.says = lambda form: w.odd.good(**more)
        w.refused(w.fresh(), words, w.odd_port)
    w.odd.says = lambda form: w.odd.good(exp=time.time() - 1, iss=w.issuer, token_type="Bearer")
    token = w.fresh()
    equal(w.post(token, w.odd_port)[0], 200, "within the skew")


def check_answers_that_are_none(w):
    for what, status, body in (("500", 500, {"active": True}), ("401", 401, {"error": "invalid_client"}), ("302", 302, b""),
                               ("400", 400, {"error": "invalid_request"}), ("204", 204, b""), ("nothing", 200, b""),
                               ("html", 200, b"<html>active</html>"), ("no active", 200, {"aud": RESOURCE}),
                               ("active as text", 200, {"active": "true", "aud": RESOURCE, "sub": "a", "exp": 9e9}),
                               ("a list", 200, [{"active": True}]),
                               ("huge", 200, b'{"active":true,"x":"' + b"x" * 70000 + b'"}')):
        w.odd.says = lambda form: (status, body)
        token = w.fresh()
        w.unknown(token, what, w.odd_port)
    w.odd.says = lambda form: w.odd.good()
    time.sleep(1.1)
    equal(w.post(token, w.odd_port)[0], 200, "it is asked about again after a second")
    holds("the status was 500" in w.log(), w.log()[-2000:])


def check_an_issuer_that_is_gone(w):
    nobody = w.serve("http://127.0.0.1:%d/introspect" % house.free_port())
    w.unknown(w.fresh(), "nobody there", nobody)
    holds("introspection at http://127.0.0.1" in w.log(), "said in the log")
    w.odd.late = 6
    token = w.fresh()
    start = time.time()
    w.unknown(token, "too late", w.odd_port)
    holds(4 < time.time() - start < 6, "within its time")
    w.odd.late = 0


def check_stream_ends_with_its_token(w):
    token = w.fresh()
    w.odd.says = lambda form: w.odd.good(exp=begun - 1)  # good for the skew: until a second from now
    begun = time.time() + 1
    c = mcp.HttpClient("127.0.0.1", w.odd_port, LEGACY, token=token)
    c.open()
    link = http.client.HTTPConnection("127.0.0.1", w.odd_port, timeout=20)
    link.request("GET", "/mcp", None, {**c.headers({"method": "x"}), "Accept": "text/event-stream"})
    answer = link.getresponse()
    equal(answer.status, 200, "the stream")
    start = time.time()
    answer.read()  # until the server ends it
    holds(time.time() - start < 8, "the stream outlived its token")


def check_questions_at_the_end(w):
    """The server ends while it asks: nothing is left over (AddressSanitizer looks)."""
    w.odd.late = 3
    port = w.serve(w.odd.url)
    process = w.house.processes[-1]
    thread = threading.Thread(target=lambda: ended(w, port))
    thread.start()
    time.sleep(0.4)
    process.terminate()
    start = time.time()
    equal(process.wait(10), 0, "the exit status")
    thread.join()
    w.odd.late = 0
    holds(time.time() - start < 2.5, "it waited for the issuer")


def ended(w, port):
    try:
        w.post(w.fresh(), port)
    except OSError:
        pass


def check_the_configuration(w):
    config = os.path.join(w.house.dir, "check.yaml")
    head = "http:\n  oauth:\n    issuer: https://as.example\n    resource: %s\n" % RESOURCE
    with open(config, "w") as f:
        f.write(head + "    introspection: {endpoint: 'http://as.example/i', client_id: ops,\n"
                "                    client_secret: {file: %s}}\n" % w.secret)
    code, out, err = w.house.run(["check", "--config", config])
    holds(code != 0 and "http.oauth.introspection.endpoint: must be https://" in err, out + err)
    with open(config, "w") as f:
        f.write(head)
    code, out, err = w.house.run(["check", "--config", config, "--oauth-introspection", "https://as.example/i",
                                  "--oauth-client-id", "ops", "--oauth-client-secret-file", w.secret])
    holds(code == 0 and "OAuth" in out, out + err)


def check_zz_no_secret_was_said(w):
    """After all others: the log has neither a token nor the client's secret, in whatever form."""
    log = w.log()
    holds("introspection at" in log, "the log is the right one")
    basic = base64.b64encode(("ops:" + urllib.parse.quote(SECRET, safe="-._~")).encode()).decode()
    for secret in [SECRET, urllib.parse.quote(SECRET, safe="-._~"), urllib.parse.quote_plus(SECRET), basic] + w.tokens:
        holds(secret not in log, "the log has %s" % secret)
    holds(len(w.tokens) > 30, "tokens")


def main():
    checks = [(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")]
    return run_all(checks, sys.argv[1:], World)


if __name__ == "__main__":
    sys.exit(main())
