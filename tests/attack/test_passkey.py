"""test_passkey.py BINARY - keys made of software against approvals by passkey: without a code, with another's; assertions of another
plan, origin, person, session, without user verification, twice, from a copied key; a model that its maker must vouch for."""
import base64
import hashlib
import http.client
import json
import os
import pwd
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import urllib.parse

import rig

os.environ["LSAN_OPTIONS"] = "use_tls=0"  # its tracer dies, one time in two, over what libfido2 keeps there
PAGE, SITE = "https://ops.example", "ops.example"
score = rig.Score()
b64 = lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")
PRESENT, VERIFIED, KEY = 1, 4, 64


class Key:
    """A key of openssl that says what it is told to."""

    def __init__(self, folder, name):
        self.file, self.id, self.count = os.path.join(folder, name), name.encode() * 4, 0
        self.run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.file)
        self.point = self.run("ec", "-in", self.file, "-pubout", "-outform", "DER")[-64:]

    def run(self, *args, data=b""):
        return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout

    def data(self, site, flags, count, more=b""):
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + struct.pack(">I", count) + more

    def made(self, challenge, origin=PAGE, site=SITE, flags=PRESENT | VERIFIED | KEY):
        cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + self.point[:32] + b"\x22\x58\x20" + self.point[32:]
        data = self.data(site, flags, 0, b"\xab" * 16 + struct.pack(">H", len(self.id)) + self.id + cose)
        o = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59" + struct.pack(">H", len(data)) + data
        return {"client": b64(client("webauthn.create", challenge, origin)), "attestation": b64(o)}

    def signed(self, challenge, origin=PAGE, site=SITE, flags=PRESENT | VERIFIED, count=None, type="webauthn.get", more=None):
        self.count += 1
        said, data = client(type, challenge, origin, more), self.data(site, flags, self.count if count is None else count)
        signature = self.run("dgst", "-sha256", "-sign", self.file, data=data + hashlib.sha256(said).digest())
        return json.dumps({"id": b64(self.id), "type": "public-key", "response": {
            "clientDataJSON": b64(said), "authenticatorData": b64(data), "signature": b64(signature)}})


def client(type, challenge, origin, more=None):
    return json.dumps({"type": type, "challenge": challenge, "origin": origin, "crossOrigin": False, **(more or {})}).encode()


def scrypt(text):
    salt = b"salt of the attack"
    return "scrypt$1024$8$1$%s$%s" % (b64(salt), b64(hashlib.scrypt(text.encode(), salt=salt, n=1024, r=8, p=1, dklen=32)))


class Browser:
    """A person who is logged in, or a program that drives their browser."""

    def __init__(self, port, login):
        self.port, self.cookie = port, None
        status, heads, _ = self.ask("POST", "/login", login)
        self.cookie = re.match(r"higress-ops=([^;]*);", heads.get("set-cookie", "=;")).group(1)

    def ask(self, method, path, fields=None):
        host = "127.0.0.1:%d" % self.port
        headers = {"Host": host, "Content-Type": "application/x-www-form-urlencoded", "Origin": "http://" + host, "Sec-Fetch-Site": "same-origin"}
        if self.cookie:
            headers["Cookie"] = "higress-ops=" + self.cookie
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request(method, path, urllib.parse.urlencode(fields) if fields else None, headers)
        r = c.getresponse()
        text = r.read().decode("utf-8", "replace")
        c.close()
        return r.status, {k.lower(): v for k, v in r.getheaders()}, text

    def hidden(self, path):
        text = self.ask("GET", path)[2]
        return dict(re.findall(r'name="(form|digest|rendering|seen)" value="([^"]*)"', text))

    def form(self):
        return {"form": self.hidden("/passkeys")["form"]}

    def enrol(self, key, code, **how):
        status, _, text = self.ask("POST", "/passkeys/new", {**self.form(), "code": code})
        if status != 200:
            return status, text
        made = key.made(json.loads(text)["challenge"], **how)
        return self.ask("POST", "/passkeys", {**self.form(), "code": code, "name": "soft", **made})[::2]

    def challenge(self, change, fields):
        status, _, text = self.ask("POST", "/passkeys/sign", {**fields, "change": change})
        return json.loads(text)["challenge"] if status == 200 else text

    def approve(self, change, fields, answer):
        return self.ask("POST", "/changes/" + change, {**fields, "do": "approve", **({"passkey": answer} if answer else {})})[::2]


def code_for(world, name):
    _, screen = world.person("passkey", "enroll", name, answer="yes")
    found = re.search(r"\b[a-z0-9]{4}(?:-[a-z0-9]{4}){3}\b", screen)
    return found.group(0) if found else screen


def enrolment(world, boss, eve, key, hers):
    status, text = boss.enrol(key, "aaaa-aaaa-aaaa-aaaa")
    score.check(status == 409 and "not a code" in text, "a driven browser enrols no key of software without a code", text)
    code, _, err = world.command("passkey", "enroll", "boss", stdin="yes\n")
    score.check(code != 0 and "terminal" in err, "a pipe makes no code", err)
    code = code_for(world, "boss")
    status, text = eve.enrol(hers, code)
    score.check(status == 409 and "not a code" in text, "another person's code is none", text)
    for how, words in (({"origin": "https://evil.example"}, "was used at"), ({"site": "evil.example"}, "another site"),
                       ({"flags": PRESENT | KEY}, "did not verify"), ({"flags": VERIFIED | KEY}, "nobody touched")):
        status, text = boss.enrol(key, code, **how)
        score.check(status == 409 and words in text, "no key is enrolled with %s" % how, (status, text[-800:]))
    status, text = boss.enrol(key, code)
    score.check(status == 303, "with the code it is", (status, text[-800:]))
    status, text = boss.enrol(Key(os.path.dirname(key.file), "two"), code)
    score.check(status == 409 and "not a code" in text, "a code is good once", text)
    status, text = eve.enrol(key, code_for(world, "eve"))
    score.check(status == 409 and "already" in text, "a key is one person's", text[-800:])
    for _ in range(5):
        eve.enrol(hers, "bbbb-bbbb-bbbb-bbbb")
    status, text = eve.enrol(hers, code_for(world, "eve"))
    score.check(status == 303, "a new code is good after wrong ones", text[-800:])


def approvals(world, boss, eve, key, hers, change, second):
    fields, other = boss.hidden("/changes/" + change), boss.hidden("/changes/" + second)
    eves = eve.hidden("/changes/" + change)

    def refused(what, words, answer, who=boss, at=change, with_=fields):
        status, text = who.approve(at, with_, answer)
        score.check(status == 409 and words in text, "%s approves nothing" % what, (status, re.sub(r"<[^>]+>", " ", text)[-900:]))

    ask = lambda: boss.challenge(change, fields)
    refused("a press of the button", "passkey", None)
    refused("no answer", "cannot be read", "{}")
    refused("a challenge of one's own", "not open", key.signed(b64(os.urandom(32))))
    refused("another plan's signature", "another question", key.signed(ask()), at=second, with_=other)
    refused("a signature for other digests", "another question", key.signed(ask()), with_={**fields, "digest": other["digest"]})
    refused("a signature for another rendering", "another question", key.signed(ask()), with_={**fields, "rendering": "sha256:0000"})
    refused("another origin", "was used at", key.signed(ask(), origin="https://ops.example.evil.example"))
    refused("another site", "another site", key.signed(ask(), site="evil.example"))
    refused("no verification of the person", "did not verify", key.signed(ask(), flags=PRESENT))
    refused("no touch", "nobody touched", key.signed(ask(), flags=VERIFIED))
    refused("an answer to an enrolment", "something else", key.signed(ask(), type="webauthn.create"))
    refused("a frame", "frame", key.signed(ask(), more={"topOrigin": "https://evil.example"}))
    refused("another person's question", "another question", hers.signed(ask()), who=eve, with_=eves)
    refused("another person's key", "no key of", hers.signed(ask()))
    again = Browser(world.port, {"token": rig.APPROVER})
    refused("another session's question", "another question", key.signed(ask()), who=again, with_=again.hidden("/changes/" + change))
    forged = json.loads(key.signed(ask()))
    forged["id"] = b64(hers.id)
    refused("a key named for another", "no key of", json.dumps(forged))
    spoilt = json.loads(hers.signed(ask()))
    spoilt["id"] = b64(key.id)
    refused("another key's signature under one's own name", "signature", json.dumps(spoilt))
    status, answer = world.page("approve", id=change, digest=fields["digest"], rendering=fields["rendering"], seen=fields["seen"])
    score.check(status == 409 and "passkey" in str(answer), "a program with the approver's token approves nothing", answer)
    code, screen = world.person("approve", change, answer="yes")
    score.check(code != 0 and "passkey" in screen, "a terminal approves nothing", screen)
    for at in (change, second):
        score.check(world.page("show", id=at)[1].get("state") == "pending", "nothing was decided", at)
    good = key.signed(ask())
    status, text = boss.approve(change, fields, good)
    score.check(status == 303, "the right signature approves", (status, text[-800:]))
    status, text = boss.approve(second, other, good)
    score.check(status == 409 and "not open" in text, "and not twice", text[-800:])
    refused("a copied key, whose counter stands still", "there is a copy", key.signed(boss.challenge(second, other), count=key.count),
            at=second, with_=other)
    said = boss.challenge(second, other)
    score.check("no passkey" in said, "which is asked nothing any more", said)
    lines = world.command("audit", "show", "--limit", "100")[1] + str(world.talks[0].request("resources/read", {"uri": "higress://audit"}))
    score.check("passkey copied" in lines and "passkey refused" in lines and "passkey used" in lines, "it is all in the audit", lines[-600:])
    score.check(world.command("audit", "verify")[0] == 0, "which holds")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl_verifies(folder, evidence):
    """By openssl alone: the public key, what the key said, and the digest of what the browser said."""
    point, names = unb64(evidence["key"]["public"]), [os.path.join(folder, n) for n in ("public.der", "signature", "signed")]
    head = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # SubjectPublicKeyInfo of P-256
    said = unb64(evidence["client"])
    for name, data in zip(names, (head + point, unb64(evidence["signature"]), unb64(evidence["authenticator"]) + hashlib.sha256(said).digest())):
        with open(name, "wb") as f:
            f.write(data)
    p = subprocess.run(["openssl", "dgst", "-sha256", "-verify", names[0], "-keyform", "DER", "-signature", names[1], names[2]], capture_output=True)
    return p.returncode == 0


def challenge_of(evidence):
    """The hash over what was asked, made here."""
    q = evidence["about"]
    parts = ["higress-ops passkey 2"] + [q[n] for n in ("deed", "who", "session", "change", "plan", "rendering")]
    text = b"".join(b"%d:%s," % (len(p.encode()), p.encode()) for p in parts) + q["until"].encode() + b","
    return b64(hashlib.sha256(text + unb64(q["nonce"])).digest())


def evidence(world, folder, key, change, second):
    """An auditor with the public key: was that approval signed for that change?"""
    code, out, err = world.command("audit", "evidence", "--change", change)
    score.check(code == 0 and "the signature holds" in out and "'boss'" in out and "it is the yes of line" in out, "the evidence holds", out + err)
    code, out, err = world.command("audit", "evidence", "--change", change, "--json")
    kept = json.loads(out)[0]["detail"]["evidence"]
    score.check(unb64(kept["key"]["public"]) == key.point, "its public key is the person's")
    score.check(openssl_verifies(folder, kept), "openssl alone says so, too")
    said = json.loads(unb64(kept["client"]))
    score.check(said["challenge"] == challenge_of(kept) and kept["about"]["change"] == change, "the challenge is the hash over what was asked", said)
    score.check(rig.APPROVER not in out, "no token is in it")
    code, out, err = world.command("audit", "evidence", "--change", second)
    score.check(code == 1 and "nobody signed" in out, "of another change there is none", out + err)
    code, out, err = world.command("audit", "evidence")
    score.check(code != 0 and "--change" in err, "a change is named", err)
    db = os.path.join(world.house.dir, "state", "state.db")
    with sqlite3.connect(db, timeout=10) as d:
        (seq, text), = d.execute("SELECT seq, detail FROM audit WHERE event = 'passkey used'").fetchall()
        d.execute("UPDATE audit SET detail = ? WHERE seq = ?", (text.replace(change, second), seq))
    code, out, err = world.command("audit", "evidence", "--change", change)
    score.check(code != 0 and "line %d" % seq in err, "evidence that somebody changed is none", out + err)
    with sqlite3.connect(db, timeout=10) as d:
        d.execute("UPDATE audit SET detail = ? WHERE seq = ?", (text, seq))
    score.check(world.command("audit", "evidence", "--change", change)[0] == 0, "as it was it holds again")


def main():
    with rig.World(sys.argv[1]) as world, tempfile.TemporaryDirectory() as folder:
        people = os.path.join(world.house.dir, "people.yaml")
        with open(people, "w") as f:
            f.write("people:\n  - {name: boss, roles: [approver], tokens: [boss]}\n"
                    "  - {name: eve, roles: [approver], passphrase: \"%s\"}\n  - {name: ann, roles: [operator], tokens: [ann]}\n"
                    "  - {name: top, roles: [admin, approver], os: [%s]}\n" % (scrypt("eve decides"), pwd.getpwuid(os.getuid()).pw_name))
        world.house.env.update(HIGRESS_OPS_CONFIG=people, HIGRESS_OPS_PAGE=PAGE, HIGRESS_OPS_APPROVAL_CHANGE="passkey",
                               HIGRESS_OPS_APPROVERS="boss:" + rig.sha256(rig.APPROVER))
        world.api("POST", "/v1/service-sources", {"name": "shop", "type": "static", "domain": "127.0.0.1:9", "port": 80, "protocol": "http"})
        for name in ("target", "other"):
            world.api("POST", "/v1/routes", {"name": name, "path": {"matchType": "PRE", "matchValue": "/" + name},
                                             "services": [{"name": "shop.static", "port": 80}]})
        world.serve()
        ann = world.http("ann")
        changes = [ann.change("patch", "route", n, {"path": {"matchType": "PRE", "matchValue": "/wanted"}}, dry=False)[1]["id"]
                   for n in ("target", "other")]
        boss, eve = Browser(world.port, {"token": rig.APPROVER}), Browser(world.port, {"name": "eve", "passphrase": "eve decides"})
        key, hers = Key(folder, "boss"), Key(folder, "eve")
        enrolment(world, boss, eve, key, hers)
        approvals(world, boss, eve, key, hers, *changes)
        evidence(world, folder, key, *changes)
        score.check(world.server.poll() is None and not world.broken, "the server still stands", world.broken)


main()
sys.exit(score.end())
