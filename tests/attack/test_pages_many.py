"""test_pages_many.py BINARY - the pages over several gateways, one of them out of reach: nothing of one shows at another, and what could
not be read is never "nothing there"; two people for one change; who leaves the configuration; very many readers, slow ones, large forms."""
import http.client
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.parse

import rig
from pages import Browser, Tags, scrypt

import house
import ports

passed = failed = 0
NAME = "目录-" + "很长的名字" * 8


def check(name, ok, seen=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print("%s %s%s" % ("ok  " if ok else "FAIL", name, "" if ok else ": " + str(seen)[:600]))


def words(text):
    return re.sub(r"\s+", " ", Tags(re.sub(r"<(style|script)[^>]*>.*?</\1>", "", text, flags=re.S)).text)


def route(name, path, service="shop.static", **more):
    return {"name": name, "path": {"matchType": "PRE", "matchValue": path}, "services": [{"name": service, "port": 80}], **more}


class Two:
    """Two consoles and a port where none is, one server over all three."""

    PEOPLE = [("ann", "approver, operator"), ("bob", "approver"), ("cyd", "approver")]

    def __init__(self):
        self.east, self.west = house.House(), house.House()
        for h in (self.east, self.west):
            h.api("POST", "/v1/service-sources", {"name": "shop", "type": "static", "domain": "127.0.0.1:9", "port": 80, "protocol": "http"})
            h.api("POST", "/v1/routes", route("orders", "/orders"))
        self.west.api("POST", "/v1/routes", route("only-west", "/west"))
        self.east.api("POST", "/v1/routes", route("lost", "/lost", "gone.static"))
        self.file = os.path.join(self.east.dir, "ops.yaml")
        self.write(self.PEOPLE)
        with open(os.path.join(self.east.dir, "policy.yaml"), "w") as f:
            f.write("mode: enforce\nrules:\n  - name: two of us\n    when: {name: \"orders\"}\n"
                    "    then: {ask: {count: 2, channels: [page]}}\n")
        self.east.env = {k: v for k, v in self.east.env.items() if not k.startswith("HIGRESS_OPS_")}
        self.east.env["HIGRESS_OPS_STATE"] = os.path.join(self.east.dir, "state")
        self.east.env["HIGRESS_OPS_CONFIG"] = self.file
        self.port = self.east.serve(["--tokens", "model:" + rig.sha256("model-token"), "--mode", "approve"])
        self.server = self.east.processes[-1]

    def write(self, people, passphrase="pass of %s"):
        rows = ["gateways:"]
        for name, port in (("east", self.east.port), ("west", self.west.port), ("away", getattr(self, "nowhere", None) or ports.free_port())):
            rows += ["  - name: %s" % name, "    url: http://127.0.0.1:%d" % port, "    password: {file: %s/password}" % self.east.dir]
            self.nowhere = port
        rows.append("people:")
        rows += ["  - {name: %s, roles: [%s], passphrase: \"%s\"}" % (n, r, scrypt(passphrase % n)) for n, r in people]
        rows += ["  - {name: %s, roles: [approver], os: [%s]}" % (n, n) for n in ("dan", "eve")]
        rows += ["  - {name: model, roles: [operator], tokens: [model]}", "policy: {file: policy.yaml}", ""]
        with open(self.file, "w") as f:
            f.write("\n".join(rows))

    def reload(self, *args, **more):
        self.write(*args, **more)
        self.server.send_signal(signal.SIGHUP)
        time.sleep(1.5)

    def as_person(self, name):
        b = Browser(self.port)
        status, _, text = b.login({"name": name, "passphrase": "pass of " + name})
        assert status == 303, (status, words(text))
        return b

    def want(self, gateway, name, path, action="patch"):
        client = rig.mcp.HttpClient("127.0.0.1", self.port, rig.ERAS[0], "none", "model-token")
        client.open()
        answer = client.call("change_resource", {"kind": "route", "action": action, "name": name, "gateway": gateway,
                                                 "object": {"path": {"matchType": "PRE", "matchValue": path}}})
        assert not answer.get("isError"), answer
        return answer["structuredContent"]["id"]

    def close(self):
        for h in (self.east, self.west):
            h.close()
            h.forget()


def path_of(h, name):
    return h.api("GET", "/v1/routes/" + name)[1]["data"]["path"]["matchValue"]


def links(text):
    return [a["href"] for t, a in Tags(text).tags if t == "a" and "kind=" in a.get("href", "")]


def maps(two, b):
    one = two.want("west", "orders", "/moved")
    status, _, text = b.ask("GET", "/?gateway=east")
    check("a map names its gateways and which one it is", status == 200 and 'aria-current="true">east' in text and "?gateway=west" in text, text[:900])
    check("each link of a map stays at its gateway", links(text) and all("gateway=east&" in link for link in links(text)), links(text))
    check("what waits at another gateway is not marked here", 'class="waits"' not in text)
    status, _, west = b.ask("GET", "/?gateway=west")
    check("but there", west.count('class="waits"') == 2, west.count('class="waits"'))
    check("a route of one gateway is not on the map of another", "only-west" in west and "only-west" not in text)
    check("the history of an object is that of its gateway", one in b.ask("GET", "/?gateway=west&kind=route&name=orders")[2] and one not in
          b.ask("GET", "/?gateway=east&kind=route&name=orders")[2])
    status, _, away = b.ask("GET", "/?gateway=away")
    check("a gateway out of reach is said to be so", status == 502 and "could be read" in words(away) and "connection refused" in words(away) and
          "no route" not in words(away) and "Nothing is wrong" not in words(away), (status, words(away)))
    check("with the way to the others", "/?gateway=west" in away)
    check("and so is one that nobody knows", b.ask("GET", "/?gateway=no")[0] in (400, 404, 502))
    for kind, name in (("route", "no-such-route"), ("service", "nope"), ("domain", "no.example"), ("ai-provider", "x"), ("consumer", "y")):
        status, _, text = b.ask("GET", "/?gateway=east&kind=%s&name=%s" % (kind, name))
        check("no %s of that name: it is said, and not that all is well" % kind, status == 404 and "Nothing is wrong" not in text and
              "Nothing of that name" in text, (status, words(text)))
    text = b.ask("GET", "/?gateway=east&kind=service&name=gone.static")[2]
    check("a service that is not there is shown with who leads to it", "is not there" in text and ">lost<" in text, words(text))
    whole = words(b.ask("GET", "/?gateway=east")[2])
    check("with things unread it is not said that nothing is wrong", "could not be read" in whole or "was not read" in whole, whole)
    two.west.api("POST", "/v1/routes", route("long", "/" + NAME))
    change = two.want("west", "long", "/" + NAME + "/2")
    shown = words(b.ask("GET", "/changes/" + change, Accept_Language="zh-CN")[2])
    check("a long name in other letters is shown whole", NAME + "/2" in shown, shown)
    return one


def approvals(two, change):
    ann, bob, cyd = (two.as_person(n) for n in ("ann", "bob", "cyd"))
    page = words(ann.ask("GET", "/changes/" + change)[2])
    check("a page says how many must decide, and by which rule", "2 people" in page and "2 more must approve" in page and "two of us" in page, page)
    form = {**ann.fields("/changes/" + change), "do": "approve"}
    status = ann.ask("POST", "/changes/" + change, form)[0]
    page = words(bob.ask("GET", "/changes/" + change)[2])
    check("the first of two is kept, named, and nothing is written", status == 303 and path_of(two.west, "orders") == "/orders" and
          "1 more must approve" in page and "approved by ann" in page, page)
    own = ann.ask("GET", "/changes/" + change)[2]
    check("and who approved sees that they did", 'value="approve"' not in own and "You have approved it" in words(own), words(own))
    check("no way is named that the policy does not take", "higress-ops approve" not in page, page)
    said = [None] * 6

    def again(i):
        said[i] = ann.ask("POST", "/changes/" + change, form)[0]
    threads = [threading.Thread(target=again, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check("one person counts once, however often and fast they send it", path_of(two.west, "orders") == "/orders" and
          "1 more must approve" in words(bob.ask("GET", "/changes/" + change)[2]), said)
    own = {**form, "form": bob.form()}
    check("what one was shown is not what another has seen", bob.ask("POST", "/changes/" + change, own)[0] == 409)
    forms = {b: {**b.fields("/changes/" + change), "do": "approve"} for b in (bob, cyd)}
    results = {}
    threads = [threading.Thread(target=lambda b=b: results.__setitem__(b, b.ask("POST", "/changes/" + change, forms[b])[0])) for b in forms]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check("two at once: applied once", path_of(two.west, "orders") == "/moved" and sorted(results.values()) in ([303, 303], [303, 409]), results)
    check("and at no other gateway", path_of(two.east, "orders") == "/orders")
    page = words(ann.ask("GET", "/changes/" + change)[2])
    check("the time line names who agreed", "approved by ann" in page and re.search(r"approved by (bob|cyd)", page), page)
    status, heads, _ = ann.ask("POST", "/changes/" + change, {"form": ann.form(), "do": "undo"})
    undo = heads.get("location", "").split("/")[-1]
    check("an undo is planned at the gateway of its change", status == 303 and "west" in json.dumps(
        [row for row in re.findall(r"<li>.*?</li>", ann.ask("GET", "/changes")[2], re.S) if undo in row]), (status, heads))
    moved = two.want("west", "only-west", "/a")
    shown = {**ann.fields("/changes/" + moved), "do": "approve"}
    body = two.west.api("GET", "/v1/routes/only-west")[1]["data"]
    two.west.api("PUT", "/v1/routes/only-west", {**body, "path": {"matchType": "PRE", "matchValue": "/somebody-else"}})
    status, _, text = ann.ask("POST", "/changes/" + moved, shown)
    check("what moved after it was shown is not written", path_of(two.west, "only-west") == "/somebody-else" and (status, words(text)) and
          "void" in words(ann.ask("GET", "/changes/" + moved)[2]), (status, words(text)))


def leavers(two):
    ann, bob = two.as_person("ann"), two.as_person("bob")
    form = bob.form()
    live = socket.create_connection(("127.0.0.1", two.port))
    live.sendall(("GET /changes/live HTTP/1.1\r\nHost: %s\r\nCookie: higress-ops=%s\r\n\r\n" % (bob.host, bob.cookie)).encode())
    live.settimeout(10)
    live.recv(4000)
    two.reload([p for p in two.PEOPLE if p[0] != "bob"])
    check("who is removed from people is logged in no more", bob.ask("GET", "/changes")[0] == 303)
    check("and posts nothing", bob.ask("POST", "/logout", {"form": form})[0] == 403)
    heard = b"x"
    while heard and b"0\r\n\r\n" not in heard:
        heard = live.recv(4000)
    check("and hears no news", b"data" not in heard or b"0\r\n\r\n" in heard, heard)
    # scrypt() has one salt: the text of ann's passphrase is the same as before
    check("others stay", ann.ask("GET", "/changes")[0] == 200)
    two.reload([("ann", "viewer")], passphrase="pass of %s")
    text = ann.ask("GET", "/changes?state=pending")[2]
    pending = re.findall(r"/changes/(c-[0-9a-f]+)", text)
    page = ann.ask("GET", "/changes/" + pending[0])[2]
    check("who loses a role sees no button", 'value="approve"' not in page and 'value="reject"' not in page)
    status = ann.ask("POST", "/changes/" + pending[0], {"form": ann.form(), "do": "reject", "digest": "0" * 64})[0]
    check("and decides nothing", status == 409, status)
    two.reload([("ann", "approver, operator")], passphrase="new of %s")
    check("a changed passphrase ends its sessions", ann.ask("GET", "/changes")[0] == 303)
    two.reload(two.PEOPLE)


def crowds(two):
    ann, bob = two.as_person("ann"), two.as_person("bob")
    places = []
    for _ in range(1000):
        s = socket.create_connection(("127.0.0.1", two.port))
        s.sendall(("GET /changes/live HTTP/1.1\r\nHost: %s\r\nCookie: higress-ops=%s\r\n\r\n" % (ann.host, ann.cookie)).encode())
        places.append(s)
        if len(places) > 400:  # the tests' machine has few files
            places.pop(0).close()
    time.sleep(1)
    began = time.time()
    check("a thousand readers hold nobody up", bob.ask("GET", "/changes")[0] == 200 and time.time() - began < 5, time.time() - began)
    s = socket.create_connection(("127.0.0.1", two.port))
    s.settimeout(5)
    s.sendall(("GET /changes/live HTTP/1.1\r\nHost: %s\r\nCookie: higress-ops=%s\r\n\r\n" % (bob.host, bob.cookie)).encode())
    check("nor take the places of another's news", s.recv(200).startswith(b"HTTP/1.1 200"))
    s.close()
    for p in places:
        p.close()
    slow = []
    for _ in range(100):
        s = socket.create_connection(("127.0.0.1", two.port))
        s.sendall(("POST /login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\na" % ann.host).encode())
        slow.append(s)
    began = time.time()
    check("a hundred slow forms hold nobody up", ann.ask("GET", "/changes")[0] == 200 and time.time() - began < 5, time.time() - began)
    for s in slow:
        s.close()
    for size in (65000, 70000, 3 << 20):
        try:
            status = ann.ask("POST", "/logout", "form=" + "x" * size)[0]
        except (http.client.HTTPException, OSError):
            status = 413
        check("a form of %d bytes does nothing" % size, status in (400, 403, 413), status)
    many = "&".join("a%d=1" % i for i in range(8000))
    began = time.time()
    status = ann.ask("POST", "/logout", many)[0]
    check("a form of 8,000 fields costs little", status == 403 and time.time() - began < 1, (status, time.time() - began))
    check("and harms nobody", ann.ask("GET", "/changes")[0] == 200)
    for to in ("/changes?object=route+a*b", "/?kind=route&name=a%20b", "/?gateway=west&kind=route&name=%E7%9B%AE"):
        b = Browser(two.port)
        heads = b.login({"name": "bob", "passphrase": "pass of bob", "to": to})[1]
        check("a login goes on to %s" % to, heads.get("location") == to, heads)


def races(two):
    """Another process writes to the audit while this one is read: that is no tampering."""
    ann, port, ends = two.as_person("ann"), two.east.serve(["--tokens", "model:" + rig.sha256("model-token")]), time.time() + 6

    def write():
        while time.time() < ends:
            Browser(port).login({"name": "bob", "passphrase": "pass of bob"})
    threads = [threading.Thread(target=write) for _ in range(2)]
    for t in threads:
        t.start()
    bad, n = [], 0
    while time.time() < ends:
        status, _, text = ann.ask("GET", "/audit")
        n += 1
        bad += [words(text)] if status != 200 else []
    for t in threads:
        t.join()
    check("the audit is whole while others write to it (%d looks)" % n, n > 20 and not bad, bad[:1])


def main():
    two = Two()
    try:
        change = maps(two, two.as_person("ann"))
        approvals(two, change)
        leavers(two)
        crowds(two)
        races(two)
        check("the server still stands", two.server.poll() is None)
    finally:
        two.close()


main()
print("%d passed, %d failed" % (passed, failed))
sys.exit(1 if failed else 0)
