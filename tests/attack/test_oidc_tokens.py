"""test_oidc_tokens.py BINARY - ID tokens of every wrong kind, keys that are too many, too large or not there, and a provider that says
what is not so of itself."""
import base64
import hashlib
import hmac
import json
import re
import sys
import tempfile
import time

import rig
from provider import CLIENT, SECRET, Key, Pages, Provider, b64, said

PEM = "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"


def hs256(secret):
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


def tokens(r):
    p, now = r.provider, int(time.time())
    rs, es, long = p.keys["RS256"], p.keys["ES256"], "s" * 256
    text = (PEM % "\n".join(re.findall(".{1,64}", base64.b64encode(rs.public).decode()))).encode()
    modulus = rs.jwk()["n"].encode()
    bad = [
        ("another issuer's", "another issuer", {"iss": "https://evil.example"}),
        ("an issuer with a slash more", "another issuer", {"iss": p.url + "/"}),
        ("no issuer", "another issuer", {"iss": None}),
        ("issuers in a list", "another issuer", {"iss": [p.url]}),
        ("alg none", "not a JWT", {"head": {"alg": "none"}, "signature": lambda s: b""}),
        ("alg none with something", "not signed with", {"head": {"alg": "none"}, "signature": lambda s: b"x"}),
        ("alg NONE", "not signed with", {"head": {"alg": "nOnE"}, "signature": lambda s: b"x"}),
        ("HS256 by the PEM of the public key", "not signed with", {"head": {"alg": "HS256"}, "signature": hs256(text)}),
        ("HS256 by the DER of the public key", "not signed with", {"head": {"alg": "HS256"}, "signature": hs256(rs.public)}),
        ("HS256 by the modulus", "not signed with", {"head": {"alg": "HS256"}, "signature": hs256(modulus)}),
        ("HS256 by the client's secret", "not signed with", {"head": {"alg": "HS256"}, "signature": hs256(SECRET.encode())}),
        ("RS512", "not signed with", {"head": {"alg": "RS512"}}),
        ("alg as a list", "not signed with", {"head": {"alg": ["RS256"]}}),
        ("no alg", "not signed with", {"head": {"alg": None}}),
        ("ES256, which is not configured", "another way than is configured", {"key": es}),
        ("RS256 in name, with the EC key", "does not publish", {"key": es, "head": {"alg": "RS256"}}),
        ("ES256 in name, with the RSA key", "another way", {"key": rs, "head": {"alg": "ES256"}}),
        ("a key of its own", "does not publish", {"key": p.rogue}),
        ("a key of its own under a published name", "signature is wrong", {"key": p.rogue, "head": {"kid": rs.kid}}),
        ("a key that it brings along", "does not publish", {"key": p.rogue, "head": {"jwk": p.rogue.jwk()}}),
        ("a key that it brings along, under a published name", "signature is wrong", {"key": p.rogue, "head": {"jwk": p.rogue.jwk(), "kid": rs.kid}}),
        ("a key at an address of its own", "does not publish", {"key": p.rogue, "head": {"jku": p.url + "/evil", "x5u": p.url + "/evil"}}),
        ("critical extensions", "critical", {"head": {"crit": ["b64"], "b64": False}}),
        ("no signature", "not a JWT", {"signature": lambda s: b""}),
        ("a signature of zeros", "signature is wrong", {"signature": lambda s: b"\0" * 256}),
        ("another audience", "another audience", {"aud": "someone"}),
        ("an audience that begins alike", "another audience", {"aud": CLIENT + "2"}),
        ("no audience", "has no aud", {"aud": None}),
        ("an empty list of audiences", "another audience", {"aud": []}),
        ("a list without us", "another audience", {"aud": ["a", "b"]}),
        ("two audiences and no azp", "no azp", {"aud": [CLIENT, "other"]}),
        ("two audiences, made for the other", "another client (azp)", {"aud": [CLIENT, "other"], "azp": "other"}),
        ("made for another client", "another client (azp)", {"azp": "other"}),
        ("an azp that is no text", "another client (azp)", {"azp": [CLIENT]}),
        ("expired", "expired", {"exp": now - 100}),
        ("no exp", "no exp", {"exp": None}),
        ("exp as text", "no exp", {"exp": str(now + 300)}),
        ("not valid yet", "not valid yet", {"nbf": now + 200}),
        ("issued in the future", "in the future", {"iat": now + 200}),
        ("issued before the login", "before this login", {"iat": now - 200}),
        ("no iat", "no iat", {"iat": None}),
        ("iat as text", "no iat", {"iat": str(now)}),
        ("no nonce", "nonce", {"nonce": None}),
        ("another nonce", "nonce", {"nonce": "n" * 43}),
        ("an empty nonce", "nonce", {"nonce": ""}),
        ("a nonce that is no text", "nonce", {"nonce": True}),
        ("no sub", "no sub", {"sub": None}),
        ("an empty sub", "no sub", {"sub": ""}),
        ("a sub that is no text", "no sub", {"sub": 17}),
        ("a sub of 256", "no sub", {"sub": long}),
        ("a sub beyond ASCII", "no sub", {"sub": "s-änn"}),
        ("encrypted", "not a JWT", {"token": "a.b.c.d.e"}),
        ("no token at all", "not a JWT", {"token": "x"}),
        ("a head of 9000 letters", "not a JWT", {"token": "e" * 9000 + ".e.e"}),
        ("padded", "not a JWT", {"token": "eyJhbGciOiJSUzI1NiJ9==.e30.e30"}),
    ]
    for what, words, how in bad:
        b = r.browser()
        r.refused(what, words, b.login(p, **how), b)
    for what, how in (("one audience in a list", {"aud": [CLIENT]}), ("two audiences and our azp", {"aud": [CLIENT, "other"], "azp": CLIENT}),
                      ("clocks 40 s apart", {"iat": int(time.time()) + 40}), ("clocks 40 s apart the other way", {"iat": int(time.time()) - 40}),
                      ("expired within what clocks may differ", {"exp": int(time.time()) - 40})):
        b = r.browser()
        answer = b.login(p, **how)
        r.score.check(answer[0] == 200 and b.is_in(), "%s: is taken" % what, said(answer[2])[-300:])
    b = r.browser()
    tampered = lambda t: ".".join([t.split(".")[0], b64(json.dumps({**claims_of(t), "sub": "s-bob"}).encode()), t.split(".")[2]])
    asked = b.begin()
    r.refused("another subject under a good signature", "signature is wrong",
              b.come_back(code=p.code(asked, token=tampered(p.token(asked["nonce"]))), state=asked["state"], iss=p.url), b)
    lines = r.lines()
    r.score.check(lines.count("login refused") >= 40 and "nonce" in lines, "each is a line of the audit", lines.count("login refused"))


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def keys(r):
    p = r.provider
    r.browser().login(p)
    times = p.times("/jwks")
    for _ in range(3):
        r.browser().login(p)
    r.score.check(p.times("/jwks") == times, "keys are not read for each login", p.times("/jwks") - times)
    p.keys["RS256"] = Key(p.folder, "RS256", "rotated")
    p.published = {"keys": [p.keys["RS256"].jwk()]}
    b = r.browser()
    r.score.check(b.login(p)[0] == 200 and b.is_in() and p.times("/jwks") == times + 1, "a new key is looked for once, and found")
    b = r.browser()
    r.refused("a key that is nowhere", "does not publish", b.login(p, key=p.rogue), b)
    r.score.check(p.times("/jwks") == times + 2, "and once where there is none")
    small = Key(p.folder, "RS256", "small", ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"])
    huge = {**p.rogue.jwk(), "kid": "huge", "n": b64(b"\xff" * 20000), "e": b64(b"\xff" * 20000)}
    rsa = p.keys["RS256"].jwk()
    for what, published, words, how in (
            ("an RSA key of 1024 bits", [rsa, small.jwk()], "signature is wrong", {"key": small}),
            ("an RSA key of 160,000 bits", [rsa, huge], "signature is wrong", {"head": {"kid": "huge"}}),
            ("two keys of one name", [rsa, {**rsa, "kid": "two"}, {**p.rogue.jwk(), "kid": "two"}], "does not publish", {"head": {"kid": "two"}}),
            ("no kid and several that fit", [{**rsa, "kid": "k%d" % i} for i in range(3)], "does not publish", {"head": {"kid": None}}),
            ("a key for encryption", [{**rsa, "use": "enc", "kid": "enc"}], "does not publish", {"head": {"kid": "enc"}}),
            ("a key without numbers", [{"kty": "RSA", "kid": "bare"}], "signature is wrong", {"head": {"kid": "bare"}}),
            ("keys that are no objects", [1, None, "x", []], "does not publish", {"head": {"kid": "?"}}),
            ("10,000 keys", [{**rsa, "kid": "k%d" % i} for i in range(10000)], "", {"head": {"kid": "k9"}}),
            ("65 keys", [{**rsa, "kid": "k%d" % i} for i in range(65)], "at most 64 keys", {"head": {"kid": "k9"}}),
            ("a list of nothing", "keys", "at most 64 keys", {"head": {"kid": "zz"}})):
        p.published = {"keys": published}
        b = r.browser()
        answer = b.login(p, **how)
        r.refused(what, words, answer, b, answer[0] if answer[0] in (403, 502) else 403)
    p.published = b'{"keys":[' + b" " * (1 << 20) + b"]}"
    b = r.browser()
    r.refused("a megabyte of keys", "could not be asked", b.login(p, head={"kid": "more"}), b, 502)
    p.published = {"keys": [rsa]}
    r.score.check(r.browser().login(p)[0] == 200, "after all that a good login is good")


def public(r):
    """Without a secret."""
    kept = r.world.house.env.pop("HIGRESS_OPS_OIDC_CLIENT_SECRET_FILE")
    r.serve("--oidc-algs", "RS256,ES256")
    b = r.browser()
    r.score.check(b.login(r.provider)[0] == 200 and b.is_in(), "a public client logs people in")
    form, sent = next((f, h) for path, f, h in reversed(r.provider.asked) if path == "/token")
    r.score.check(form.get("client_id") == CLIENT and "client_secret" not in form and "Authorization" not in sent, "by its name and PKCE alone", form)
    r.provider.says = r.provider.metadata(authorization_response_iss_parameter_supported=None)
    es = r.provider.keys["ES256"]
    b = r.browser()
    r.score.check(b.login(r.provider, key=es)[0] == 200, "ES256 where it is configured")
    for what, how in (("RS256 in name, with the EC key", {"key": es, "head": {"alg": "RS256"}}),
                      ("ES256 in name, with the RSA key", {"head": {"alg": "ES256"}}),
                      ("an ES256 signature in DER", {"key": es, "signature": lambda s: b"\x30\x44" + b"\x02\x20" + b"\x01" * 32 + b"\x02\x20" + b"\x01" * 32}),
                      ("an ES256 signature of zeros", {"key": es, "signature": lambda s: b"\0" * 64})):
        b = r.browser()
        answer = b.login(r.provider, **how)
        r.score.check(answer[0] == 403 and not b.session(), "%s: nobody is logged in" % what, said(answer[2])[-300:])
    r.world.house.env["HIGRESS_OPS_OIDC_CLIENT_SECRET_FILE"] = kept


def discovery(r):
    p, evil = r.provider, "http://127.0.0.1:1"
    huge = b'{"issuer":"' + b"x" * (1 << 20) + b'"}'
    for what, says, headers, words in (
            ("names another issuer", p.metadata(issuer="https://evil.example"), {}, "must be equal to the last character"),
            ("names its issuer with a slash more", p.metadata(issuer=p.url + "/"), {}, "must be equal"),
            ("sends people to an address in clear text", p.metadata(authorization_endpoint="http://evil.example/auth"), {}, "no usable authorization_endpoint"),
            ("sends people to a script", p.metadata(authorization_endpoint="javascript:alert(1)"), {}, "no usable authorization_endpoint"),
            ("sends people on with a header", p.metadata(authorization_endpoint="https://id.example/a\r\nSet-Cookie: a=b"), {}, "no usable authorization_endpoint"),
            ("sends the secret to clear text", p.metadata(token_endpoint="http://evil.example/token"), {}, "no usable token_endpoint"),
            ("has a token endpoint with a user", p.metadata(token_endpoint="https://127.0.0.1:1@evil.example/"), {}, "no usable token_endpoint"),
            ("has its keys in a file", p.metadata(jwks_uri="file:///etc/passwd"), {}, "no usable jwks_uri"),
            ("has no keys", p.metadata(jwks_uri=None), {}, "no usable jwks_uri"),
            ("knows plain PKCE only", p.metadata(code_challenge_methods_supported=["plain"]), {}, "cannot do PKCE"),
            ("signs by HMAC", p.metadata(id_token_signing_alg_values_supported=["HS256", "none"]), {}, "none of the ways"),
            ("is a megabyte", huge, {}, "could not be asked"), ("is no JSON", b"<html>", {}, "no JSON object"), ("is a list", [], {}, "no JSON object")):
        r.serve()
        p.says, p.headers = says, headers
        b = r.browser()
        b.begin()
        r.refused("a discovery document that " + what, words, (b.status, b.heads, b.text), b, 502)
        r.score.check(not b.jar and "refresh" not in b.heads, "and the browser goes nowhere", (b.jar, b.heads))
    times = p.times("/.well-known/openid-configuration")
    b = r.browser()
    b.begin()
    r.score.check(b.status == 502 and p.times("/.well-known/openid-configuration") == times, "what failed is not asked for at once again")
    r.serve("--oidc-issuer", evil)
    b = r.browser()
    b.begin()
    r.refused("a provider that is not there", "refused", (b.status, b.heads, b.text), b, 502)


def main():
    with rig.World(sys.argv[1]) as world, tempfile.TemporaryDirectory() as folder:
        r = Pages(world, Provider(folder)).serve()
        for attack in (tokens, keys, public, discovery):
            attack(r)
            r.provider.reset()
        r.score.check(world.server.poll() is None and not world.broken, "the server still stands", world.broken)
    return r.score.end()


sys.exit(main())
