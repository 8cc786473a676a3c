"""provider.py - a hostile OpenID provider, the pages of a server that trusts it, and browsers that come from there.

Each answer of the provider is a member that a test replaces: `says` of discovery, `published` keys, `gives` at the token
endpoint. Tokens are signed by openssl. What was asked is kept in `asked`.
"""
import base64
import hashlib
import html
import http.client
import http.server
import itertools
import json
import os
import re
import sys
import threading
import time
import urllib.parse

import rig

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from oauth import Key, b64  # noqa: E402,F401

PAGE = "https://ops.example"
COOKIE, ATTEMPT = "__Host-higress-ops", "__Host-higress-ops-login"
CLIENT, SECRET = "ops client:1", "s:e c+r%et &x=/?-of-the-double"

addresses = ("127.0.%d.%d" % pair for pair in itertools.product(range(1, 250), range(1, 250)))
PEOPLE = """http: {hosts: [ops.example], origins: ["https://ops.example"]}
people:
  - {name: ann, roles: [approver, operator], oidc: [s-ann, "auth0|17"]}
  - {name: bob, roles: [viewer], oidc: ["%s|s-bob"]}
  - {name: eve, roles: [viewer], oidc: ["https://other.example|s-eve", "ann@example.com"]}
"""


class Provider:
    def __init__(self, folder):
        self.keys = {alg: Key(folder, alg, "key-" + alg) for alg in ("RS256", "ES256")}
        self.rogue = Key(folder, "RS256", "rogue")
        self.folder = folder
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        self.codes, self.asked = {}, []
        self.reset()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        self.published = {"keys": [k.jwk() for k in self.keys.values()]}
        self.says = self.metadata()
        self.gives = self.swap
        self.late, self.headers = 0, {}

    def metadata(self, **more):
        o = {"issuer": self.url, "authorization_endpoint": self.url + "/auth?tenant=1", "token_endpoint": self.url + "/token",
             "jwks_uri": self.url + "/jwks", "code_challenge_methods_supported": ["S256"], "response_types_supported": ["code"],
             "id_token_signing_alg_values_supported": ["RS256"], "authorization_response_iss_parameter_supported": True, **more}
        return {k: v for k, v in o.items() if v is not None}

    def times(self, path):
        return sum(1 for p, _, _ in self.asked if p.split("?")[0] == path)

    # -- tokens --
    def token(self, nonce, key=None, head=None, signature=None, **claims):
        key, now = key or self.keys["RS256"], int(time.time())
        said = {"iss": self.url, "aud": CLIENT, "sub": "s-ann", "nonce": nonce, "iat": now, "exp": now + 300, **claims}
        head = {"alg": key.alg, "kid": key.kid, **(head or {})}
        part = lambda o: b64(json.dumps({k: v for k, v in o.items() if v is not None}).encode())
        signed = part(head) + "." + part(said)
        return signed + "." + b64(key.sign(signed.encode()) if signature is None else signature(signed.encode()))

    def code(self, asked, **how):
        """A code for the login whose request that was: what the token endpoint then gives. token: that instead."""
        code = b64(os.urandom(24))
        self.codes[code] = (asked, how)
        return code

    def swap(self, form, headers):
        """As a good provider does, once for each code."""
        asked, how = self.codes.pop(form.get("code"), (None, None))
        challenge = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not asked or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": "grant request is invalid"}
        return 200, {"token_type": "Bearer", "access_token": "at-" + form["code"], "id_token":
                     how["token"] if "token" in how else self.token(**{"nonce": asked["nonce"], **how})}

    def handler(provider):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked.append((self.path, {}, dict(self.headers)))
                said = {"/.well-known/openid-configuration": provider.says, "/jwks": provider.published}.get(self.path)
                self.answer(200 if said is not None else 404, said)

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {k: v[0] for k, v in urllib.parse.parse_qs(text, strict_parsing=True).items()}
                provider.asked.append((self.path, form, dict(self.headers)))
                self.answer(*provider.gives(form, self.headers))

            def answer(self, status, said):
                time.sleep(provider.late)
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                try:
                    self.send_response(status)
                    for name, value in {"Content-Type": "application/json", **provider.headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *args):
                pass
        return Handler


def basic(headers):
    """(client, secret) as client_secret_basic sends them."""
    sent = base64.b64decode(headers["Authorization"].split(" ")[1]).decode()
    return tuple(urllib.parse.unquote(part) for part in sent.split(":"))


class Browser:
    """One person's browser, with its cookies by name; `source` is the address that it comes from."""

    def __init__(self, port, source="127.0.0.1"):
        self.port, self.source, self.jar = port, source, {}
        self.host, self.origin = "ops.example", PAGE

    def ask(self, method, path, fields=None, headers=()):
        sent = {"Host": self.host}
        if self.jar:
            sent["Cookie"] = "; ".join("%s=%s" % c for c in self.jar.items())
        if fields is not None:
            sent.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin,
                         "Sec-Fetch-Site": "same-origin"})
        sent.update(dict(headers))
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40, source_address=(self.source, 0))
        c.request(method, path, urllib.parse.urlencode(fields) if fields is not None else None, sent)
        r = c.getresponse()
        text = r.read().decode("utf-8", "replace")
        c.close()
        self.set = [v for k, v in r.getheaders() if k.lower() == "set-cookie"]
        for cookie in self.set:
            name, value = cookie.split(";")[0].split("=", 1)
            self.jar.pop(name, None)
            if value:
                self.jar[name] = value
        return r.status, {k.lower(): v for k, v in r.getheaders()}, text

    def begin(self, to="/changes"):
        """What the provider is asked, by name; None: the browser is not sent there."""
        self.status, self.heads, self.text = self.ask("POST", "/login/oidc", {"to": to})
        found = re.match(r"0;url=(.*)", self.heads.get("refresh", ""))
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(found.group(1)).query)) if found else None

    def come_back(self, **query):
        """(status, headers, text) of the way back from the provider, which is another site: the session's cookie stays away."""
        session, self.jar = {k: v for k, v in self.jar.items() if k.endswith("ops")}, \
                            {k: v for k, v in self.jar.items() if not k.endswith("ops")}
        said = self.ask("GET", "/login/oidc?" + urllib.parse.urlencode({k: v for k, v in query.items() if v is not None}),
                        headers={"Sec-Fetch-Site": "cross-site"})
        for name, value in session.items():
            self.jar.setdefault(name, value)
        return said

    def login(self, provider, to="/changes", **how):
        asked = self.begin(to)
        if not asked:
            return self.status, self.heads, self.text
        return self.come_back(code=provider.code(asked, **how), state=asked["state"], iss=provider.url)

    def session(self):
        return next((v for k, v in self.jar.items() if k.endswith("ops")), None)

    def is_in(self):
        return self.ask("GET", "/changes")[0] == 200

    def form(self):
        found = re.search(r'name="form" value="([^"]*)"', self.ask("GET", "/changes")[2])
        return found.group(1) if found else None


def said(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


class Pages:
    """The pages before that provider, and whoever tries to come in."""

    def __init__(self, world, provider):
        self.world, self.provider, self.score = world, provider, rig.Score()
        self.config = os.path.join(world.house.dir, "people.yaml")
        self.people(PEOPLE % provider.url)
        secret = os.path.join(world.house.dir, "oidc-secret")
        with open(secret, "w") as f:
            f.write(SECRET + "\n")
        os.chmod(secret, 0o600)
        world.house.env.update(HIGRESS_OPS_CONFIG=self.config, HIGRESS_OPS_PAGE=PAGE, HIGRESS_OPS_OIDC_ISSUER=provider.url,
                               HIGRESS_OPS_OIDC_CLIENT_ID=CLIENT, HIGRESS_OPS_OIDC_CLIENT_SECRET_FILE=secret)

    def people(self, text):
        with open(self.config, "w") as f:
            f.write(text)

    def serve(self, *args):
        self.provider.reset()
        self.world.serve(("model",), args)
        return self

    def browser(self):
        """From an address of its own, so that what others did wrong does not slow it."""
        return Browser(self.world.port, next(addresses))

    def lines(self):
        return self.world.command("audit", "search", "--json", "--limit", "500")[1]

    def refused(self, what, words, answer, browser, status=403):
        ok = answer[0] == status and words in said(answer[2]) and not browser.session()
        self.score.check(ok, "%s: nobody is logged in" % what, (answer[0], said(answer[2])[-500:], browser.jar))
