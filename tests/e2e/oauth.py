"""oauth.py [WORD…] - the server as an OAuth resource server: tokens made by openssl, keys served by a small JWKS server.

Each check_* function gets a World and asserts, as in protocol.py.
"""
import base64
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import house
from protocol import LEGACY, equal, holds, run_all

ISSUER, RESOURCE = "https://as.example", "https://gw.example/mcp"
INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
              "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, check=True, capture_output=True).stdout


class Key:
    """A key pair of openssl, and the JWK of its public half."""

    KINDS = {"RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
             "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "EdDSA": ["ED25519"]}

    def __init__(self, folder, alg, kid, options=None):
        self.alg, self.kid, self.file = alg, kid, os.path.join(folder, kid + ".pem")
        openssl("genpkey", "-algorithm", *(options or self.KINDS[alg]), "-out", self.file)
        self.public = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")

    def jwk(self):
        der, common = self.public, {"kid": self.kid, "use": "sig", "alg": self.alg}
        if self.alg == "RS256":
            modulus = openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().split("=")[1].strip()
            return {**common, "kty": "RSA", "n": b64(bytes.fromhex(modulus)), "e": "AQAB"}
        if self.alg == "ES256":
            return {**common, "kty": "EC", "crv": "P-256", "x": b64(der[-64:-32]), "y": b64(der[-32:])}
        return {**common, "kty": "OKP", "crv": "Ed25519", "x": b64(der[-32:])}

    def sign(self, data):
        if self.alg == "EdDSA":
            with tempfile.NamedTemporaryFile() as f:
                f.write(data)
                f.flush()
                return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", f.name)
        signature = openssl("dgst", "-sha256", "-sign", self.file, data=data)
        return signature if self.alg == "RS256" else raw_ecdsa(signature)


def raw_ecdsa(der):
    """R|S out of SEQUENCE { INTEGER r, INTEGER s }."""
    n = der[3]
    r, s = der[4:4 + n], der[6 + n:]
    return r.lstrip(b"\0").rjust(32, b"\0") + s.lstrip(b"\0").rjust(32, b"\0")


class World:
    def __init__(self):
        self.house = house.House()
        self.keys = {alg: Key(self.house.dir, alg, "key-" + alg) for alg in Key.KINDS}
        self.published = [k.jwk() for k in self.keys.values()]
        self.fetched = 0
        self.jwks = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.jwks.serve_forever, daemon=True).start()
        self.port = self.serve("http://127.0.0.1:%d/jwks" % self.jwks.server_port)

    def serve(self, jwks):
        config = os.path.join(self.house.dir, "oauth-%d.yaml" % house.free_port())
        with open(config, "w") as f:
            f.write("http:\n  hosts: [gw.example]\n  oauth:\n    issuer: %s\n    resource: %s\n    jwks: %s\n    skew: 5\n"
                    % (ISSUER, RESOURCE, jwks))
        return self.house.serve(["--config", config])

    def handler(world):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                world.fetched += 1
                body = json.dumps({"keys": world.published}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass
        return Handler

    def token(self, alg="RS256", key=None, head=None, signature=None, **claims):
        key = key or self.keys[alg]
        now = time.time()
        payload = {"iss": ISSUER, "aud": RESOURCE, "sub": "ann", "scope": "higress:read higress:change",
                   "exp": now + 300, **claims}
        payload = {k: v for k, v in payload.items() if v is not None}
        head = {"alg": key.alg, "kid": key.kid, **(head or {})}
        head = {k: v for k, v in head.items() if v is not None}
        signed = b64(json.dumps(head).encode()) + "." + b64(json.dumps(payload).encode())
        return signed + "." + b64(key.sign(signed.encode()) if signature is None else signature(signed.encode()))

    def post(self, token, message=None, port=None, headers=None):
        c = mcp.HttpClient("127.0.0.1", port or self.port, LEGACY)
        h = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **(headers or {})}
        if token is not None:
            h["Authorization"] = "Bearer " + token
        return c.raw("POST", "/mcp", json.dumps(message or INITIALIZE), h)

    def refused(self, token, status, error, port=None, what=""):
        got, headers, _ = self.post(token, port=port)
        challenge = headers.get("www-authenticate", "")
        equal(got, status, what)
        holds(('error="%s"' % error in challenge) if error else "error=" not in challenge, "%s: %s" % (what, challenge))
        holds('resource_metadata="https://gw.example/.well-known/oauth-protected-resource/mcp"' in challenge, challenge)


def ready(w, port=None):
    """The keys are read in the background: until then the answer is 503."""
    for _ in range(100):
        status, headers, _ = w.post(w.token(), port=port)
        if status != 503:
            return status
        equal(headers.get("retry-after"), "1", "503")
        time.sleep(0.05)
    return 503


def check_metadata(w):
    for path in ("", "/mcp", "/sse"):
        status, headers, body = mcp.HttpClient("127.0.0.1", w.port, LEGACY).raw(
            "GET", "/.well-known/oauth-protected-resource" + path, None, {"Host": "gw.example"})
        equal(status, 200, path)
        equal(headers.get("access-control-allow-origin"), "*", path)
        equal(json.loads(body), {"resource": RESOURCE, "authorization_servers": [ISSUER],
                                 "scopes_supported": ["higress:read", "higress:change"],
                                 "bearer_methods_supported": ["header"], "resource_name": "Higress operations"}, path)


def check_good_tokens(w):
    equal(ready(w), 200, "RS256")
    for alg in Key.KINDS:
        equal(w.post(w.token(alg))[0], 200, alg)
    equal(w.post(w.token(aud=["https://other.example", RESOURCE]))[0], 200, "aud as an array")
    equal(w.post(w.token(scope=None, scp=["higress:read"]))[0], 200, "scp")
    equal(w.post(w.token(exp=time.time() - 2))[0], 200, "expired within the skew")
    equal(w.post(w.token(nbf=time.time() + 2))[0], 200, "not valid yet within the skew")


def check_bad_tokens(w):
    ready(w)
    w.refused(None, 401, None, what="no token")
    rsa, public = w.keys["RS256"], w.keys["RS256"].public

    def hmac_by(key):
        import hmac
        return lambda signed: hmac.new(key, signed, hashlib.sha256).digest()

    pem = openssl("pkey", "-in", rsa.file, "-pubout")
    stranger = Key(w.house.dir, "RS256", "stranger")
    stranger.kid = rsa.kid
    good = w.token()
    bad = {
        "none": w.token(head={"alg": "none"}, signature=lambda s: b""),
        "none with a signature": w.token(head={"alg": "none"}),
        "HMAC by the public key": w.token(head={"alg": "HS256"}, signature=hmac_by(pem)),
        "HMAC by the DER key": w.token(head={"alg": "HS256"}, signature=hmac_by(public)),
        "RS256 by an EC key": w.token("ES256", head={"alg": "RS256"}),
        "ES256 that names an RSA key": w.token("ES256", head={"kid": rsa.kid}),
        "another key": w.token(key=stranger),
        "crit": w.token(head={"crit": ["exp"]}),
        "two keys and no kid of theirs": w.token(head={"kid": 7}),
        "expired": w.token(exp=time.time() - 10),
        "no exp": w.token(exp=None),
        "exp as text": w.token(exp="later"),
        "not yet": w.token(nbf=time.time() + 60),
        "issuer": w.token(iss=ISSUER + "/"),
        "audience": w.token(aud="https://gw.example"),
        "no audience": w.token(aud=None),
        "an audience in an object": w.token(aud={"x": RESOURCE}),
        "no subject": w.token(sub=None),
        "changed payload": good.replace(good.split(".")[1], b64(b'{"iss":"x"}')),
        "cut signature": good[:-4],
        "padded": good + "=",
        "four parts": good + ".x",
        "not a JWT": "abc",
        "empty parts": "..",
        "huge": "a" * 9000 + ".b.c",
    }
    for what, token in bad.items():
        status = w.post(token)[0]
        if status == 503:  # no key of that kind: the keys were read again first
            time.sleep(0.2)
        w.refused(token, 401, "invalid_token", what=what)
    equal(w.post(None, headers={"Authorization": "Basic " + good})[0], 401, "another scheme")


def check_scopes(w):
    ready(w)
    w.refused(w.token(scope="other"), 403, "insufficient_scope", what="no scope")
    c = mcp.HttpClient("127.0.0.1", w.port, LEGACY, token=w.token(scope="higress:read"))
    c.open()
    holds("isError" not in c.call("list_changes") or not c.call("list_changes")["isError"], "reading")
    message = {"jsonrpc": "2.0", "id": 9, "method": "tools/call",
               "params": {"name": "change_resource", "arguments": {"kind": "route", "action": "delete", "name": "default"}}}
    status, headers, _ = c.raw("POST", "/mcp", json.dumps(message), c.headers(message))
    equal(status, 403, "changing")
    challenge = headers.get("www-authenticate", "")
    holds('error="insufficient_scope"' in challenge and 'scope="higress:read higress:change"' in challenge, challenge)
    c.close()


def check_principals_are_apart(w):
    ready(w)
    ann = mcp.HttpClient("127.0.0.1", w.port, LEGACY, token=w.token())
    ann.open()
    ann.token = w.token(sub="bob")
    message = {"jsonrpc": "2.0", "id": 9, "method": "tools/list"}
    equal(ann.raw("POST", "/mcp", json.dumps(message), ann.headers(message))[0], 404, "bob in ann's session")


def check_rotation(w):
    """A new key is found by reading the set again, at most once a minute; a key that is gone stops working then."""
    port = w.serve("http://127.0.0.1:%d/jwks" % w.jwks.server_port)
    equal(ready(w, port), 200, "before")
    old, new = w.token("ES256"), Key(w.house.dir, "ES256", "second")
    equal(w.post(old, port=port)[0], 200, "the old key")
    w.refused(w.token(key=new), 401, "invalid_token", port=port, what="the keys were read a moment ago")


def check_keys_from_a_file(w):
    path = os.path.join(w.house.dir, "jwks.json")
    with open(path, "w") as f:
        json.dump({"keys": w.published[:1]}, f)
    port = w.serve(path)
    equal(ready(w, port), 200, "RS256")
    w.refused(w.token("ES256"), 401, "invalid_token", port=port, what="not in the file")
    equal(w.post(w.token(head={"kid": None}), port=port)[0], 200, "no kid, one key")


def check_keys_that_cannot_be_read(w):
    port = w.serve("http://127.0.0.1:%d/" % house.free_port())
    time.sleep(0.3)
    status, headers, _ = w.post(w.token(), port=port)
    equal((status, headers.get("retry-after")), (503, "1"), "no keys")


def check_stream_ends_with_its_token(w):
    ready(w)
    c = mcp.HttpClient("127.0.0.1", w.port, LEGACY, token=w.token(exp=time.time() - 2))  # good for 3 s more
    c.open()
    import http.client
    link = http.client.HTTPConnection("127.0.0.1", w.port, timeout=20)
    link.request("GET", "/mcp", None, {**c.headers({"method": "x"}), "Accept": "text/event-stream"})
    answer = link.getresponse()
    equal(answer.status, 200, "the stream")
    start = time.time()
    answer.read()  # until the server ends it
    holds(time.time() - start < 10, "the stream outlived its token")


def check_body_after_its_token_has_expired(w):
    """The gate saw the token while it was good; the body takes longer than that."""
    import socket
    ready(w)
    meta = {mcp.META + "protocolVersion": mcp.MODERN, mcp.META + "clientCapabilities": {}}
    modern = {"MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "tools/list"}
    initialize = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "late", "version": "1"}}
    session = mcp.HttpClient("127.0.0.1", w.port, LEGACY, token=w.token(exp=time.time() + 60))
    session.open()
    for what, method, params, headers in [
            ("initialize", "initialize", initialize, {}), ("2026-07-28", "tools/list", {"_meta": meta}, modern),
            ("a session", "tools/list", {}, {"Mcp-Session-Id": session.session})]:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        lines = {"Host": "127.0.0.1", "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                 "Content-Length": len(body), "Authorization": "Bearer " + w.token(exp=time.time() - 3), **headers}
        link = socket.create_connection(("127.0.0.1", w.port), 20)
        link.sendall(("POST /mcp HTTP/1.1\r\n" + "".join("%s: %s\r\n" % h for h in lines.items()) + "\r\n").encode())
        link.sendall(body[:10])
        time.sleep(3)  # the clocks may differ by five seconds here
        link.sendall(body[10:])
        answer = link.recv(65536).decode()
        holds(answer.startswith("HTTP/1.1 401 "), "%s: %s" % (what, answer[:200]))
        link.close()
    ready(w)


def check_listen_stream_ends_with_its_token(w):
    import http.client
    ready(w)
    meta = {mcp.META + "protocolVersion": mcp.MODERN, mcp.META + "clientCapabilities": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
            "params": {"notifications": {"toolsListChanged": True}, "_meta": meta}}
    link = http.client.HTTPConnection("127.0.0.1", w.port, timeout=20)
    link.request("POST", "/mcp", json.dumps(body), {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": mcp.MODERN, "Mcp-Method": "subscriptions/listen",
        "Authorization": "Bearer " + w.token(exp=time.time() - 2)})
    answer = link.getresponse()
    equal(answer.status, 200, "listening")
    start = time.time()
    heard = answer.read().decode()
    holds("acknowledged" in heard, heard)
    holds(time.time() - start < 10, "the stream outlived its token")


def main():
    checks = [(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")]
    return run_all(checks, sys.argv[1:], World)


if __name__ == "__main__":
    sys.exit(main())
