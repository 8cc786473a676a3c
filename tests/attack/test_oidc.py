"""test_oidc.py BINARY - login by OpenID Connect against a hostile provider and hostile browsers: answers given twice, in another
browser, to another login; answers of the provider that are too large, too slow, or lead elsewhere; open redirects, header
injection, cookies planted and stolen; who is somebody in the table and who is not."""
import hashlib
import http.client
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time

import rig
from provider import ATTEMPT, CLIENT, COOKIE, PAGE, PEOPLE, SECRET, Browser, Pages, Provider, b64, basic, said


# -- the flow as it should be -------------------------------------------------------------------


def whole(r):
    p, b = r.provider, r.browser()
    asked = b.begin("/audit")
    r.score.check(asked and {k: asked.get(k) for k in ("response_type", "client_id", "redirect_uri", "scope", "code_challenge_method", "tenant")} ==
                {"response_type": "code", "client_id": CLIENT, "redirect_uri": PAGE + "/login/oidc", "scope": "openid",
                 "code_challenge_method": "S256", "tenant": "1"}, "the provider is asked as the standards say", asked)
    secrets = [asked[k] for k in ("state", "nonce", "code_challenge")]
    r.score.check(all(re.fullmatch(r"[\w-]{43}", s) for s in secrets) and len(set(secrets)) == 3, "each secret is its own", secrets)
    r.score.check(len(b.set) == 1 and re.fullmatch(ATTEMPT + r"=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600", b.set[0]),
                "the cookie on the way there is Lax, short and opens nothing", b.set)
    r.score.check(b.heads["content-security-policy"].startswith("default-src 'none'") and b.status == 200, "the page between is strict, too", b.heads)
    code = p.code(asked)
    status, heads, text = b.come_back(code=code, state=asked["state"], iss=p.url)
    r.score.check(status == 200 and heads.get("refresh") == "0;url=/audit" and "location" not in heads, "the callback answers 200 and goes on by itself", heads)
    r.score.check(len(b.set) == 2 and re.fullmatch(COOKIE + r"=[\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Secure", b.set[0]) and
                b.set[1] == ATTEMPT + "=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0", "the session's cookie is Strict, the other one ends", b.set)
    r.score.check("default-src 'none'" in heads["content-security-policy"] and heads["cache-control"] == "no-store" and code not in text,
                "the page is strict, is not kept, and does not say the code", heads)
    form, sent = next((f, h) for path, f, h in reversed(p.asked) if path == "/token")
    r.score.check(basic(sent) == (CLIENT, SECRET) and "client_secret" not in form and form["grant_type"] == "authorization_code", "client_secret_basic", form)
    r.score.check(b64(hashlib.sha256(form["code_verifier"].encode()).digest()) == asked["code_challenge"], "PKCE holds", form)
    r.score.check(b.is_in(), "the session is good")
    r.score.check(re.search(r'"login"[^}]*"ann"|"ann"[^}]*"login"', r.lines()), "and audited", r.lines()[-300:])
    for sub in ("auth0|17", "s-bob"):
        r.score.check(r.browser().login(p, sub=sub)[0] == 200, "%s is somebody" % sub)
    b = r.browser()
    b.host, b.origin = "127.0.0.1:%d" % b.port, "http://127.0.0.1:%d" % b.port
    r.score.check(b.begin() is None and b.status == 400 and "sends people back to " + PAGE in said(b.text) and not b.jar,
                  "under another name than http.page no login is begun, which could not end", (b.status, said(b.text)[-300:]))


# -- answers that are not the answer ------------------------------------------------------------


def answers(r):
    p = r.provider
    b = r.browser()
    asked = b.begin()
    query = {"code": p.code(asked), "state": asked["state"], "iss": p.url}
    r.score.check(b.come_back(**query)[0] == 200, "an answer is taken")
    times, held = p.times("/token"), b.session()
    status, _, text = b.come_back(**query)
    r.score.check(status == 403 and "not open here" in said(text) and p.times("/token") == times and b.session() == held,
                "an answer is taken once, and the provider not asked again", said(text)[-300:])
    again = r.browser()
    asked = again.begin()
    r.refused("a code used before", "invalid_grant: grant request is invalid", again.come_back(code=query["code"], state=asked["state"], iss=p.url), again)
    r.refused("and the state with it", "not open here", again.come_back(code=p.code(asked), state=asked["state"], iss=p.url), again)

    evil, victim = r.browser(), r.browser()
    evils = evil.begin()
    bait = {"code": p.code(evils, sub="s-bob"), "state": evils["state"], "iss": p.url}
    r.refused("another browser's answer, to one without a login", "not open here", victim.come_back(**bait), victim)
    victims = victim.begin()
    r.refused("another browser's answer, to one with its own", "not open here", victim.come_back(**bait), victim)
    r.refused("another browser's code with one's own state (no PKCE there)", "another login (nonce)",
              victim.come_back(code=p.code({**victims, "nonce": evils["nonce"]}), state=victims["state"], iss=p.url), victim)
    victims = victim.begin()
    r.refused("a stolen code", "invalid_grant", victim.come_back(code=bait["code"], state=victims["state"], iss=p.url), victim)
    r.score.check(evil.come_back(**{**bait, "code": p.code(evils, sub="s-bob")})[0] == 200, "where it was asked for, the state is still good")

    for what, change in (("no state", {"state": None}), ("an empty state", {"state": ""}), ("a long state", {"state": "x" * 5000}),
                         ("a state of markup", {"state": "<script>alert(1)</script>"})):
        b = r.browser()
        asked = b.begin()
        r.refused(what, "not open here", b.come_back(**{"code": p.code(asked), "state": asked["state"], "iss": p.url, **change}), b)
    b = r.browser()
    asked = b.begin()
    twice = "/login/oidc?code=%s&state=%s&iss=%s&state=%s" % (p.code(asked), asked["state"], p.url, asked["state"])
    r.refused("a state twice", "not open here", b.ask("GET", twice), b)
    two = "%s=%s; %s=%s" % (ATTEMPT, b.jar[ATTEMPT], ATTEMPT, b.jar[ATTEMPT])
    r.refused("a cookie twice", "not open here", b.ask("GET", twice.rsplit("&", 1)[0], headers={"Cookie": two}), b)
    r.refused("neither a code nor an error", "neither a code nor an error", b.come_back(state=asked["state"], iss=p.url), b, 400)
    b = r.browser()
    asked = b.begin()
    r.refused("a code of 5000 letters", "neither a code nor an error", b.come_back(code="c" * 5000, state=asked["state"], iss=p.url), b, 400)
    b = r.browser()
    r.refused("an answer to nothing", "not open here", b.ask("GET", "/login/oidc"), b)


def mixed_up(r):
    """RFC 9207: the answer says whose it is."""
    p = r.provider
    for what, iss, words in (("no iss", None, "does not say which provider"), ("another provider's iss", "https://evil.example", "another provider"),
                             ("an iss with a slash more", p.url + "/", "another provider")):
        for query in ({"code": "any"}, {"error": "access_denied"}):
            b = r.browser()
            times, asked = p.times("/token"), b.begin()
            r.refused("%s on %s" % (what, list(query)[0]), words, b.come_back(state=asked["state"], iss=iss, **query), b)
            r.score.check(p.times("/token") == times, "its code goes nowhere")


def refusals(r):
    """The provider's words, as words."""
    p, b = r.provider, r.browser()
    asked = b.begin()
    status, heads, text = b.come_back(state=asked["state"], iss=p.url, error="access_denied",
                                      error_description="<img src=x onerror=alert(1)>\r\nSet-Cookie: a=b\u202e" + "y" * 3000)
    r.score.check(status == 403 and "access_denied" in text and "<img" not in text and "&lt;img src=x" in text and "\u202e" not in text,
                "an error is shown, escaped and cleaned", text[-600:])
    r.score.check(len(said(text)) < 1500 and not b.session() and "a=b" not in b.jar, "and cut", len(text))
    for status, body, words in ((400, {"error": "<b>bold</b>", "error_description": "<script>alert(1)</script>"}, "refused this login: <b>bold</b>: <script>"),
                                (401, {"error": "invalid_client"}, "invalid_client"), (500, b"<h1>down</h1>", "status 500 and no JSON"),
                                (200, [], "no JSON object"), (200, {}, "no id_token"), (200, {"id_token": 7}, "no id_token"),
                                (200, b"\xff\xfe{}", "no JSON object"), (200, b"[" * 100000, "no JSON object"), (204, b"", "no JSON object"),
                                (200, {"error": "x", "id_token": "a.b.c"}, "not a JWT"), (403, {"message": "no"}, "status 403")):
        p.gives = lambda form, headers, s=status, o=body: (s, o)
        b = r.browser()
        answer = b.login(p)
        r.refused("the token endpoint says %s" % str(body)[:40], words, answer, b, answer[0] if answer[0] in (403, 502) else 403)
        r.score.check("<script>" not in answer[2] and "<h1>down" not in answer[2], "as text", answer[2][-300:])
    p.reset()


# -- people -------------------------------------------------------------------------------------


def people(r):
    p = r.provider
    for sub in ("ann", "S-ANN", "s-ann ", "s-eve", "https://other.example|s-eve", p.url + "|s-bob", "ann@example.com", "s-an", "17"):
        b = r.browser()
        answer = b.login(p, sub=sub, email="ann@example.com", email_verified=True, preferred_username="ann", roles=["admin"], groups=["approver"])
        if sub == "ann@example.com":
            r.score.check(answer[0] == 200, "an identity is a text of the table, whatever it looks like")
            continue
        r.refused("the subject %r" % sub, "which is nobody here", answer, b)
    r.score.check("nobody of people" in r.lines() and "S-ANN" in r.lines(), "and audited")
    anns = r.world.command("audit", "search", "--json", "--who", "ann")[1]
    r.score.check('"login"' in anns and "login refused" not in anns, "not as a line of who is called so here", anns[-400:])
    bob = r.browser()
    bob.login(p, sub="s-bob", roles=["admin"], groups=["approver"])
    r.score.check(bob.ask("GET", "/changes")[0] == 200 and bob.ask("POST", "/changes/c-1234", {"form": bob.form(), "do": "approve"})[0] >= 400,
                "roles of the token are nobody's")
    b = r.browser()
    b.login(p)
    r.score.check(b.is_in(), "ann is in")
    r.people((PEOPLE % p.url).replace("s-ann, ", ""))
    os.kill(r.world.server.pid, signal.SIGHUP)
    for _ in range(100):
        if not b.is_in():
            break
        time.sleep(0.05)
    r.score.check(not b.is_in() and bob.is_in(), "an identity that is taken away ends its session, and no other")
    r.refused("and lets nobody in", "nobody here", r.browser().login(p), r.browser())
    r.people(PEOPLE % p.url)
    os.kill(r.world.server.pid, signal.SIGHUP)
    back = r.browser()
    for _ in range(100):
        if back.login(p)[0] == 200:
            break
        time.sleep(0.05)
    r.score.check(back.is_in(), "and that is given back lets in again")


def by_email(r):
    p = r.provider
    r.people((PEOPLE % p.url).replace("s-ann, ", "ann@example.org, "))
    r.serve("--oidc-person", "email", "--oidc-client-auth", "post", "--oidc-scopes", "email")
    b = r.browser()
    asked = b.begin()
    r.score.check(asked["scope"] == "openid email", "the scopes that are configured", asked)
    for what, words, how in (("not verified", "has not verified", {"email": "ann@example.org", "email_verified": False}),
                             ("verified, as text", "has not verified", {"email": "ann@example.org", "email_verified": "true"}),
                             ("verified by nobody", "has not verified", {"email": "ann@example.org"}),
                             ("none", "no email", {"sub": "ann@example.org", "email_verified": True}),
                             ("in other letters", "nobody here", {"email": "Ann@example.org", "email_verified": True}),
                             ("a list", "no email", {"email": ["ann@example.org"], "email_verified": True})):
        b = r.browser()
        r.refused("an e-mail address: " + what, words, b.login(p, **how), b)
    b = r.browser()
    r.score.check(b.login(p, sub="anything", email="ann@example.org", email_verified=True)[0] == 200 and b.is_in(), "a verified address of the table is ann's")
    form, sent = next((f, h) for path, f, h in reversed(p.asked) if path == "/token")
    r.score.check((form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET) and "Authorization" not in sent, "client_secret_post", form)
    r.people(PEOPLE % p.url)


# -- where it leads -----------------------------------------------------------------------------


def redirects(r):
    p = r.provider
    for to in ("//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/changes@evil.example", "javascript:alert(1)",
               "/changes/..//evil.example/%0d%0aSet-Cookie:a=b", "/changes\r\nSet-Cookie: a=b", "/changes;url=https://evil.example", "/login/oidc?code=1",
               "/logout", "/changesx", " /changes", "/changes?x=" + "y" * 9000, "/audit/" + "z" * 600, "data:text/html,x", "/.evil.example", "http:evil.example"):
        b = r.browser()
        answer = b.login(p, to)
        where = answer[1].get("refresh", "")
        r.score.check(answer[0] in (200, 403) and re.fullmatch(r"(0;url=/(changes|audit)([/?][^;,\s\\]*)?)?", where) and "a=b" not in str(b.set) and
                    "location" not in answer[1], "a way back to %r leads nowhere else" % to[:40], (answer[0], where[:200]))
    b = r.browser()
    asked = b.begin()
    answer = b.come_back(code=p.code(asked), state=asked["state"], iss=p.url, to="https://evil.example", redirect_uri="https://evil.example", next="//e")
    r.score.check(answer[1].get("refresh") == "0;url=/changes", "nor does what the way back brings", answer[1])
    b = r.browser()
    asked = b.begin()
    answer = b.ask("GET", "/login/oidc?state=%s&iss=%s&error=a%%0d%%0aSet-Cookie:%%20a=b%%0d%%0a%%0d%%0a<script>" % (asked["state"], p.url))
    r.score.check(answer[0] == 403 and not b.set and "<script>" not in answer[2], "no header is injected", (answer[0], b.set))


def endpoints(r):
    p = r.provider
    evil = Provider(tempfile.mkdtemp(dir=p.folder))
    p.headers = {"Location": evil.url + "/token"}
    for status in (301, 302, 307, 308):
        p.gives = lambda form, headers, s=status: (s, {})
        b = r.browser()
        answer = b.login(p)
        r.refused("a token endpoint that answers %d" % status, "status %d" % status, answer, b, 502)
    r.score.check(not evil.asked, "nobody else is told the code or the secret", evil.asked)
    p.reset()
    p.gives = lambda form, headers: (200, b'{"id_token":"' + b"x" * (4 << 20) + b'"}')
    b = r.browser()
    r.refused("an answer of 4 MiB", "could not be asked", b.login(p), b, 502)
    p.reset()
    p.late = 30
    b, other, leaves = r.browser(), r.browser(), r.browser()
    p.late = 0
    asked, gone = b.begin(), leaves.begin()
    p.late = 30
    slow = []
    thread = threading.Thread(target=lambda: slow.append(b.come_back(code=p.code(asked), state=asked["state"], iss=p.url)))
    thread.start()
    before = p.times("/token")
    leave(r, leaves, p.code(gone), gone["state"])
    began = time.time()
    r.score.check(other.ask("GET", "/login")[0] == 200 and time.time() - began < 5, "while a provider dawdles the pages answer")
    thread.join()
    r.refused("a provider that dawdles", "could not be asked", slow[0], b, 502)
    r.score.check("no answer within 10" in said(slow[0][2]) and p.times("/token") >= before, "which is said", said(slow[0][2])[-300:])
    p.reset()
    r.score.check(r.browser().login(p)[0] == 200, "a good login is good after it")


def quiet(ask):
    """Asks, whatever becomes of it."""
    def run():
        try:
            ask()
        except (OSError, http.client.HTTPException):
            pass
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def ended(r):
    """The server ends while somebody logs in: the provider is asked, or a passphrase is judged."""
    p = r.provider
    salt, slow = b"salt of the attack", b"slow to judge"
    key = hashlib.scrypt(slow, salt=salt, n=1 << 16, r=8, p=1, maxmem=1 << 27, dklen=32)
    r.people(PEOPLE % p.url + "  - {name: slow, roles: [viewer], passphrase: '%s'}\n" % ("scrypt$65536$8$1$%s$%s" % (b64(salt), b64(key))))
    for waits in ("POST %s/token" % p.url, "GET %s/.well-known/openid-configuration" % p.url, "the processor a passphrase"):
        r.serve("--trace", "fiber")
        b, log = r.browser(), os.path.join(r.world.house.dir, "serve.log")
        asked, seen = b.begin() if "/token" in waits else None, os.path.getsize(log)
        p.late = 20
        said_of_it = lambda: open(log, errors="replace").read()[seen:]
        thread = quiet(lambda: b.come_back(code=p.code(asked), state=asked["state"], iss=p.url) if asked else
                       b.ask("POST", "/login", {"name": "slow", "passphrase": slow.decode()}) if "passphrase" in waits else b.begin())
        for _ in range(500):
            if "waits for " + waits in said_of_it():
                break
            time.sleep(0.02)
        r.world.server.terminate()
        code = r.world.server.wait(30)
        thread.join()
        text = said_of_it()
        wrong = re.findall(r"Sanitizer|runtime error", text)
        r.score.check(code == 0 and not wrong and "waits for " + waits in text, "a server ends well while it waits for %s" % waits, (code, wrong, text[-500:]))
    r.people(PEOPLE % p.url)
    r.serve()


def leave(r, b, code, state):
    """The browser goes away while the provider is asked."""
    s = socket.create_connection(("127.0.0.1", r.world.port), source_address=(b.source, 0))
    s.sendall(("GET /login/oidc?code=%s&state=%s&iss=%s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n" % (
        code, state, r.provider.url.replace(":", "%3A").replace("/", "%2F"), b.host, ATTEMPT, b.jar[ATTEMPT])).encode())
    for _ in range(200):
        if any(f.get("code") == code for path, f, _ in r.provider.asked if path == "/token"):
            break
        time.sleep(0.02)
    s.close()


# -- cookies ------------------------------------------------------------------------------------


def cookies(r):
    p = r.provider
    b = r.browser()
    b.jar = {COOKIE: "A" * 43, ATTEMPT: "B" * 43}
    asked = b.begin()
    r.score.check(b.jar[ATTEMPT] != "B" * 43, "a planted cookie is not the one that a login is bound to")
    planted = r.browser()
    planted.jar = {ATTEMPT: "B" * 43}
    r.refused("and its planter gains nothing", "not open here", planted.come_back(code=p.code(asked), state=asked["state"], iss=p.url), planted)
    b.come_back(code=p.code(asked), state=asked["state"], iss=p.url)
    r.score.check(b.session() and b.session() != "A" * 43 and b.is_in(), "a session is another than what was planted")
    planted.jar = {COOKIE: "A" * 43}
    r.score.check(not planted.is_in(), "which opens nothing")
    first = b.session()
    asked = b.begin()
    old = r.browser()
    old.jar = {COOKIE: first}
    r.score.check(not old.is_in(), "a new login ends the session that it began in")
    thief = r.browser()
    thief.jar = {COOKIE: b.jar[ATTEMPT]}
    r.score.check(not thief.is_in(), "the cookie of the way there opens no page")
    b.come_back(code=p.code(asked), state=asked["state"], iss=p.url)
    second = b.session()
    r.score.check(second != first and b.is_in(), "each login has a session of its own")
    thief.jar = {ATTEMPT: second}
    asked = r.browser().begin()
    r.refused("a session's cookie as that of the way there", "not open here", thief.come_back(code=p.code(asked), state=asked["state"], iss=p.url), thief)
    bob = r.browser()
    bob.login(p, sub="s-bob")
    ann_form, bob_form = b.form(), bob.form()
    r.score.check(ann_form != bob_form and bob.ask("POST", "/logout", {"form": ann_form})[0] == 403 and b.is_in() and bob.is_in(), "another person's form is none of one's own")
    mixed = r.browser()
    mixed.jar = {COOKIE: bob.session()}
    r.score.check("ann" not in said(mixed.ask("GET", "/changes")[2]).split("Passkeys")[0][:200] and mixed.ask("POST", "/logout", {"form": ann_form})[0] == 403,
                "a cookie is its own person's alone")
    status, heads, _ = b.ask("POST", "/logout", {"form": ann_form})
    r.score.check(status == 303 and heads["location"] == "/login?left=1" and not b.session(), "logout", heads)
    old.jar = {COOKIE: second}
    r.score.check(not old.is_in() and bob.is_in(), "ends this session here, and no other")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": ""}):
        b = r.browser()
        answer = b.ask("POST", "/login/oidc", {"to": "/"}, headers)
        r.score.check(answer[0] == 403 and not b.jar, "another site begins no login %s" % headers, answer[0])


def slowed(r):
    p = r.provider
    b = Browser(r.world.port, "127.0.251.1")
    statuses = [b.come_back(code="c", state="s" * 43, iss=p.url)[0] for _ in range(30)]
    r.score.check(statuses[0] == 403 and statuses[-1] == 429, "who guesses is slowed", statuses)
    r.score.check(b.begin() is None and b.status == 429, "and begins no login")
    lines = [l for l in r.lines().split("{") if b.source in l]
    r.score.check(lines and all("wrong_token" in l for l in lines) and len(lines) <= 2, "and fills no audit", lines)
    r.score.check(r.browser().login(p)[0] == 200, "others are not")
    baited = Browser(r.world.port, "127.0.251.3")
    asked = baited.begin()
    for what in ("image", "iframe", "empty"):
        heads = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": what}
        path = "/login/oidc?code=%s&state=%s&iss=%s" % (p.code(asked), asked["state"], p.url)
        statuses = {baited.ask("GET", path, headers=heads)[0] for _ in range(12)}
        r.score.check(statuses == {403}, "what the page of another site loads (%s) is no way back" % what, statuses)
    r.score.check(baited.come_back(code=p.code(asked), state=asked["state"], iss=p.url)[0] == 200, "and slows and ends nobody's login")
    times, crowd = p.times("/token"), Browser(r.world.port, "127.0.251.2")
    for _ in range(200):
        crowd.jar = {}
        asked = crowd.begin()
    r.score.check(crowd.come_back(code=p.code(asked), state=asked["state"], iss=p.url)[0] == 200 and p.times("/token") == times + 1,
                "logins that are begun and left fill nothing")


def silent(r):
    """What was secret is nowhere."""
    b = r.browser()
    asked = b.begin()
    code = r.provider.code(asked)
    b.come_back(code=code, state=asked["state"], iss=r.provider.url)
    form = next(f for path, f, _ in reversed(r.provider.asked) if path == "/token")
    needles = {"state": {asked["state"]}, "nonce": {asked["nonce"]}, "verifier": {form["code_verifier"]}, "code": {code},
               "session": {b.session()}, "client secret": {SECRET, SECRET.replace(" ", "%20")}}
    r.world.collect()
    with open(os.path.join(r.world.house.dir, "serve.log"), "rb") as f:
        r.world.keep("log of the server", f.read())
    r.score.check(not r.world.leaks(needles), "no log, audit line or file holds a secret of a login", r.world.leaks(needles))


def main():
    with rig.World(sys.argv[1]) as world, tempfile.TemporaryDirectory() as folder:
        r = Pages(world, Provider(folder)).serve("--trace", "all")
        for attack in (whole, answers, mixed_up, refusals, people, redirects, endpoints, cookies, slowed, silent, by_email, ended):
            attack(r)
            r.provider.reset()
        r.score.check(world.command("audit", "verify")[0] == 0, "the audit holds")
        r.score.check(world.server.poll() is None and not world.broken, "the server still stands", world.broken)
    return r.score.end()


sys.exit(main())
