"""test_pages.py BINARY - the pages against strangers, other sites and other people's browsers: who is not logged in sees nothing;
a session is nobody else's, chosen by nobody, and ends; no site but ours posts; text of the gateway is text on every view."""
import http.client
import json
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

import rig
from pages import Browser, Tags, scrypt

passed = failed = 0
BOSS = rig.APPROVER
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;\'`'


def check(name, ok, seen=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print("%s %s%s" % ("ok  " if ok else "FAIL", name, "" if ok else ": " + str(seen)[:400]))


def path_of(world, name):
    return world.api("GET", "/v1/routes/" + name)[1]["data"]["path"]["matchValue"]


def strangers(b, change):
    """Who is not logged in."""
    for path in ("/", "/changes", "/changes/" + change, "/audit", "/changes?state=pending"):
        status, heads, text = b.ask("GET", path)
        check("a stranger sees nothing of " + path, status == 303 and heads["location"].startswith("/login?to=") and not text,
              (status, heads))
    for path in ("/changes/" + change, "/audit", "/logout"):
        status, _, text = b.ask("POST", path, {"do": "approve", "form": "x"})
        check("a stranger does nothing by " + path, status == 403 and change not in text, status)
    check("a stranger hears no news", b.ask("GET", "/changes/live")[0] == 401)
    for link in ("//evil.example", "https://evil.example/", "/\\evil.example", "/changes/../..//evil.example", "javascript:alert(1)",
                 "/changes\r\nSet-Cookie: a=b", "/login?to=/login", "/changes@evil.example", "/mcp", "/audit.evil"):
        status, heads, _ = b.login({"token": BOSS, "to": link})
        to = heads.get("location", "")
        check("a login goes on to no other site: %r" % link, status == 303 and re.match(r"/(changes|audit)($|[/?])", to) and "evil" not in
              urllib.parse.urlsplit(to).netloc and not to.startswith("//"), (status, to))
    check("a header is not made by a link", "a" not in [k for k in b.ask("GET", "/login?to=/changes%0d%0aX-A:b")[1]])
    b.cookie = None
    status, heads, _ = b.ask("GET", "/change?id=" + urllib.parse.quote(EVIL))
    check("an old link goes to our own pages alone", status == 200 and heads["refresh"] == "0;url=/changes", heads)


def sessions(b, other, change):
    """Theft and fixation."""
    b.cookie = "B" * 43
    check("an id of one's own choice is none", b.ask("GET", "/changes")[0] == 303)
    b.login({"token": BOSS})
    check("a login gives another id than it was sent", b.cookie and b.cookie != "B" * 43, b.cookie)
    mine = b.cookie
    check("with which its person comes in", b.ask("GET", "/changes")[0] == 200)
    twice = b.ask("GET", "/changes", Cookie="higress-ops=%s; higress-ops=%s" % (mine, "C" * 43))[0]
    check("of two cookies of the name none counts", twice == 303, twice)
    check("a prefix of an id is none", b.ask("GET", "/changes", Cookie="higress-ops=" + mine[:-1])[0] == 303)
    check("a token is no session", b.ask("GET", "/changes", Cookie="higress-ops=" + BOSS)[0] == 303)
    check("a client's token opens no page", b.ask("GET", "/changes", Cookie=None, Authorization="Bearer " + rig.token_of("ann"))[0] == 303)
    check("a session is no token of a client", b.ask("POST", "/mcp", "{}", Content_Type="application/json",
                                                     Authorization="Bearer " + mine)[0] == 401)
    other.login({"name": "vic", "passphrase": "vic only looks"})
    shown = b.fields("/changes/" + change)
    status, _, text = other.ask("POST", "/changes/" + change, {**shown, "do": "approve"})
    check("another's form does not fit a session", status == 403, (status, text))
    own = {**shown, "form": other.form()}
    for what in ("approve", "reject", "undo"):
        status, _, text = other.ask("POST", "/changes/" + change, {**own, "do": what})
        check("a viewer does not %s with what an approver was shown" % what, status == 409, (status, Tags(text).text))
    status = other.ask("POST", "/changes/" + change, {**shown, "do": "approve"}, Cookie="higress-ops=" + mine + "x")[0]
    check("a form without its session does nothing", status == 403, status)
    for cookie in ("higress-ops=" + "x" * 15000, "; ".join("c%d=%d" % (i, i) for i in range(1500)), "=;=;;;=", "higress-ops",
                   "higress-ops=\x7f", "higress-ops=" + mine + "\u00e9"):
        try:
            status = b.ask("GET", "/changes", Cookie=cookie.encode("utf-8"))[0]
        except (http.client.HTTPException, OSError):
            status = 400
        check("a strange cookie of %d bytes opens nothing" % len(cookie), status in (303, 400, 431), status)
    check("and harms nobody", b.ask("GET", "/changes")[0] == 200)
    opened = []
    for _ in range(20):
        one = Browser(b.port)
        one.login({"name": "vic", "passphrase": "vic only looks"})
        opened.append(one)
    alive = [one for one in opened if one.ask("GET", "/changes")[0] == 200]
    check("one person has 16 sessions at most, the newest", alive == opened[-16:], len(alive))
    check("whoever has many takes none of another's", b.ask("GET", "/changes")[0] == 200)
    form = b.form()
    check("a logout without its form is none", b.ask("POST", "/logout", {})[0] == 403 and b.ask("GET", "/changes")[0] == 200)
    b.ask("POST", "/logout", {"form": form})
    check("after a logout the id is worth nothing", b.ask("GET", "/changes", Cookie="higress-ops=" + mine)[0] == 303)


def forms(world, b, change):
    """Requests that other sites make a browser send."""
    b.login({"token": BOSS})
    good = {**b.fields("/changes/" + change), "do": "approve"}
    tries = {
        "from another site": {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
        "from another port of this machine": {"Origin": "http://127.0.0.1:1", "Sec_Fetch_Site": "same-site"},
        "same-site, whatever Origin says": {"Sec_Fetch_Site": "same-site"},
        "from a sandboxed frame": {"Origin": "null", "Sec_Fetch_Site": None},
        "by an old browser from another port": {"Origin": "http://127.0.0.1:1", "Sec_Fetch_Site": None},
        "from a name that looks like ours": {"Origin": "http://%s.evil.example" % b.host, "Sec_Fetch_Site": None},
        "that say nothing of where they come from": {"Origin": None, "Sec_Fetch_Site": None},
        "typed into the address bar": {"Origin": None, "Sec_Fetch_Site": "none"},
        "with a Host of another": {"Host": "evil.example"},
        "as text": {"Content_Type": "text/plain"},
        "as JSON": {"Content_Type": "application/json"},
        "in parts": {"Content_Type": "multipart/form-data; boundary=x"},
    }
    for name, headers in tries.items():
        status = b.ask("POST", "/changes/" + change, good, **headers)[0]
        check("no form " + name, status in (403, 415), status)
    for name, fields in {"without its token": {**good, "form": ""}, "with another's": {**good, "form": "A" * 32},
                         "with all twice": urllib.parse.urlencode(good) + "&do=reject", "too large": {**good, "comment": "x" * 70000},
                         "that is no text": "form=%ff&do=approve", "with a NUL": urllib.parse.urlencode(good) + "%00"}.items():
        check("no form " + name, b.ask("POST", "/changes/" + change, fields)[0] in (400, 403), name)
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "post"):
        status = b.ask(method, "/changes/%s?%s" % (change, urllib.parse.urlencode(good)))[0]
        check("%s decides nothing" % method, status in (200, 400, 401, 405, 501), status)
    for member in ("digest", "rendering", "seen"):
        for value in (None, "0" * 64, good[member][:-1] + ("A" if good[member][-1] != "A" else "B")):
            fields = {k: v for k, v in {**good, member: value}.items() if v}
            status = b.ask("POST", "/changes/" + change, fields)[0]
            check("no yes with %s %s" % (member, value and value[:8]), 400 <= status < 503, status)
    check("nothing was decided by all that", path_of(world, "target") == "/target", path_of(world, "target"))
    for path in ("/changes/%2e%2e", "/changes//", "/changes/c-", "/changes/" + "c" * 300, "/changes/C-ABCDEF", "/changes/%00"):
        check("no change is called %s" % path[:20], b.ask("GET", path)[0] in (400, 404), path)
    status, heads, _ = b.ask("POST", "/changes/" + change, good)
    check("the same form from our own page is taken", status == 303 and path_of(world, "target") == "/wanted", (status, heads))
    status = b.ask("POST", "/changes/" + change, good)[0]
    check("and only once", status == 409, status)


def headers(b):
    _, heads, text = b.ask("GET", "/changes")
    policy = heads.get("content-security-policy", "")
    for word in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        check("the policy says " + word, word in policy, policy)
    check("and lets nothing inside run", "unsafe" not in policy and not re.search(r"<script>|<style|\son\w+=|\sstyle=", text))
    check("no page is kept or framed", heads["cache-control"] == "no-store" and heads["x-frame-options"] == "DENY")
    allowed = b.ask("GET", "/changes", Origin="http://localhost:1")[1].get("access-control-allow-credentials")
    check("no other origin may read with a cookie", allowed is None, allowed)


def markup(b, ids):
    """Text of the gateway, of clients and of people on every view, in both languages."""
    known = {"html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "b", "form", "input", "span", "button", "main",
             "h1", "h2", "h3", "p", "ul", "li", "label", "select", "option", "div", "code", "time", "article", "section", "table", "thead",
             "tbody", "tr", "td", "th", "details", "summary", "dl", "dt", "dd", "ol", "q", "textarea", "svg", "g", "rect", "path", "text",
             "tspan", "pre"}
    query = urllib.parse.quote(EVIL)
    paths = ["/", "/audit", "/changes", "/login?to=" + query, "/changes/" + query,
             "/changes?cursor=" + query, "/?find=" + query, "/?gateway=" + query, "/?kind=route&name=" + query, "/?kind=" + query + "&name=x",
             "/?kind=route&name=evil", "/?find=evil"]
    paths += ["/changes?state=outside", "/changes?state=outside&object=" + query]
    paths += ["/changes?%s=%s" % (n, query) for n in ("state", "risk", "gateway", "object", "actor", "since", "cursor")]
    paths += ["/changes/" + i for i in ids] + ["/changes/%s?part=1&seen=%s" % (ids[0], query)]
    seen = 0
    for language in ("en", "zh-CN,zh;q=0.9,en;q=0.1"):
        for path in paths:
            status, _, text = b.ask("GET", path, Accept_Language=language)
            if status not in (200, 400, 404, 409):
                check("a view answers: %s" % path[:60], status == 303 and path.startswith("/login"), status)
                continue
            tags = Tags(text)
            strange = [t for t, a in tags.tags if t not in known or any(k.startswith("on") or k == "style" or (v or "").startswith(
                "javascript:") for k, v in a.items()) or (t == "script" and not a.get("src", "").startswith("/page.js"))]
            check("markup stays text on %s (%s)" % (path[:60], language[:2]), not strange, strange)
            seen += "alert(1)" in tags.text
    check("the views did show it", seen > 4, seen)


def guessing(b):
    """Wrong passphrases are slowed, whoever is guessed; the right one of another address is not needed for that."""
    statuses = [b.login({"name": "vic" if i % 2 else "nobody-%d" % i, "passphrase": "guess %d" % i})[0] for i in range(40)]
    check("guesses are slowed", statuses.count(429) > 5 and statuses[0] == 403, statuses)
    check("and nobody comes in meanwhile by a guess", b.login({"name": "vic", "passphrase": "vic only looks"})[0] == 429)
    began, threads, said = time.time(), [], []
    for _ in range(12):
        threads.append(threading.Thread(target=lambda: said.append(Browser(b.port).login({"name": "x", "passphrase": "y"})[0])))
        threads[-1].start()
    for t in threads:
        t.join()
    check("many at once hold nobody up", time.time() - began < 20 and set(said) <= {403, 429, 503}, (said, time.time() - began))


def main():
    with rig.World(sys.argv[1]) as world:
        people = os.path.join(world.house.dir, "people.yaml")
        with open(people, "w") as f:
            f.write("people:\n  - {name: boss, roles: [approver, operator], tokens: [boss]}\n"
                    "  - {name: vic, roles: [viewer], passphrase: \"%s\"}\n  - {name: ann, roles: [operator], tokens: [ann]}\n"
                    % scrypt("vic only looks"))
        world.house.env["HIGRESS_OPS_CONFIG"] = people
        world.api("POST", "/v1/service-sources", {"name": "shop", "type": "static", "domain": "127.0.0.1:9", "port": 80, "protocol": "http"})
        for name in ("target", "other"):
            world.api("POST", "/v1/routes", {"name": name, "path": {"matchType": "PRE", "matchValue": "/" + name},
                                             "services": [{"name": "shop.static", "port": 80}]})
        world.api("POST", "/v1/routes", {"name": "evil", "path": {"matchType": "PRE", "matchValue": "/evil"}, "customConfigs": {
            "higress.io/note": EVIL}, "services": [{"name": "shop.static", "port": 80}]})
        world.serve(args=("--config", people))
        ann = world.http("ann")

        def want(name, body):
            good, answer = ann.change("patch", "route", name, body, dry=False)
            assert good, answer
            return answer["id"]
        change = want("target", {"path": {"matchType": "PRE", "matchValue": "/wanted"}})
        evil = want("other", {"customConfigs": {"higress.io/note": EVIL}, "customLabels": {"x": EVIL},
                              "path": {"matchType": "PRE", "matchValue": "/" + EVIL.replace(" ", "")}})
        world.command("outside", "--look")
        now = world.api("GET", "/v1/routes/other")[1]["data"]
        world.api("PUT", "/v1/routes/other", {**now, "customConfigs": {"higress.io/note": EVIL}, "customLabels": {"x": EVIL}})
        edit = json.loads(world.command("outside", "--look", "--json")[1])["changes"][0]["id"]
        b = Browser(world.port)
        strangers(b, change)
        b.login({"token": BOSS})
        headers(b)
        markup(b, [evil, change, edit])
        sessions(b, Browser(world.port), change)
        forms(world, b, change)
        b.login({"token": BOSS})
        said = b.ask("POST", "/changes/" + evil, {**b.fields("/changes/" + evil), "do": "reject", "comment": EVIL})[0]
        check("a comment is taken", said == 303, said)
        markup(b, [evil])
        gone = want("other", {"path": {"matchType": "PRE", "matchValue": "/gone"}})
        ann.call("cancel_change", {"id": gone})
        check("a change that nobody decided is shown", b.ask("GET", "/changes/" + gone)[0] == 200)
        guessing(b)
        check("the server still stands", world.server.poll() is None and not world.broken, world.broken)
        check("no id of a session, no passphrase and no token is written down", not any(
            w in ann.log() for w in (b.cookie or "-" * 50, BOSS, "vic only looks")))


main()
print("%d passed, %d failed" % (passed, failed))
sys.exit(1 if failed else 0)
