"""peers.py - our WebSocket client against servers of another make: npm `ws` and Python `websockets`, plain and with TLS.
`N passed, N failed`. Runs with the Python of build/python/ws."""
import asyncio
import glob
import hashlib
import http
import json
import logging
import os
import queue
import ssl
import subprocess
import sys
import tempfile
import threading

import websockets
from websockets.asyncio.server import serve

from rig import ROOT, Proxy, certificates, clean, end, find, holds, messages, talk

logging.getLogger("websockets").setLevel(logging.CRITICAL)
MEGABYTES = [{"fill": 1 << 20, "both": 24}]


# -- npm ws ------------------------------------------------------------------------------------------------------------------

class Node:
    def __init__(self):
        node = glob.glob(os.path.join(ROOT, "build/ws/node_modules/node-linux-*/bin/node"))[0]
        self.run = subprocess.Popen([node, "server.mjs"], cwd=os.path.join(ROOT, "build/ws"), stdout=subprocess.PIPE)
        self.port = int(self.run.stdout.readline())
        self.said = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.run.stdout:
            self.said.put(json.loads(line))

    def until(self, key):
        """What it said up to the first line with that key."""
        lines = []
        while not lines or key not in lines[-1]:
            lines.append(self.said.get(timeout=20))
        return lines

    def talk(self, path, steps, **options):
        return talk("ws://127.0.0.1:%d/%s" % (self.port, path), steps, **options)

    def stop(self):
        self.run.terminate()
        self.run.wait()


def node_messages(node):
    events = node.talk("echo", [{"write": "hällo 😀"}, {"bytes": "00ff80"}, {"write": ""}, {"read": 3}, {"close": 1000, "reason": "bye"}])
    holds("ws: texts and bytes come back", messages(events) == ["hällo 😀", 3, ""] and clean(events), events)
    holds("ws: it saw our close", node.until("closed")[-1] == {"closed": 1000, "reason": "bye", "path": "/echo"})
    for n in (125, 126, 65535, 65536, 1 << 20):
        events = node.talk("echo", [{"fill": n}, {"read": 1}], max_message=1 << 20)
        holds("ws: %d bytes come back" % n, messages(events) == [n], events)
        holds("ws: a client that is gone", node.until("closed")[-1]["closed"] == 1006)
    events = node.talk("fragments", [{"read": 5}, {"close": 4000}])
    holds("ws: fragments with control frames between them",
          messages(events) == ["hello", 140000, "€😀", "", 0], events)
    want = hashlib.sha256(b"\1" * 70000 + b"\2" * 70000).hexdigest()
    holds("ws: in their order", any(e.get("sha256") == want for e in events), events)
    said = node.until("closed")
    holds("ws: its pings were answered", [s["pong"] for s in said if "pong" in s][-1] == "two" and said[-1]["closed"] == 4000, said)


def node_ends(node):
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 4999]:
        events = node.talk("close?code=%d&reason=w%%C3%%A4g" % code, [{"read": 1}])
        closed = find(events, "closed")
        saw = node.until("closed")[-1]["closed"]
        holds("ws: closes with %d" % code, (closed.get("code"), closed.get("reason"), saw) == (code, "wäg", code), (events, saw))
    events = node.talk("close?code=0", [{"read": 1}])
    holds("ws: closes without a code", find(events, "closed").get("code") == 1005 and node.until("closed")[-1]["closed"] == 1005, events)
    events = node.talk("terminate", [{"read": 2}])
    holds("ws: terminates", messages(events) == ["before"] and "without a close" in find(events, "failed").get("error", "")
          or "reset" in find(events, "failed").get("error", ""), events)
    node.until("closed")
    events = node.talk("silent", [{"close": 0}, {"read": 1}])
    holds("ws: our close without a code", find(events, "closed").get("code") == 1005 and node.until("closed")[-1]["closed"] == 1005, events)
    events = node.talk("echo", [{"fill": 5000}, {"read": 1}], max_message=4999)
    holds("ws: a message over our bound", "more than 4999 bytes" in find(events, "failed").get("error", ""), events)
    holds("ws: is told 1009", node.until("closed")[-1]["closed"] == 1009)


def node_pressure(node):
    events = node.talk("deaf", [{"fill": 1 << 20, "times": 24}, {"close": 1000, "timeout": 20}], max_unsent=1 << 20)
    total = [s for s in node.until("closed") if "total" in s] or [node.said.get(timeout=20)]
    holds("ws: 24 MB to a server that does not read for a while", total[0]["total"] == 24 << 20 and
          find(events, "close answered") != {}, (events, total))
    holds("ws: no more than a bound of it waited here", find(events, "filled")["most_unsent"] < 2 << 20 | 64, events)
    events = node.talk("flood", [{"nap": 0.7}, {"state": 1}, {"read": 97}], max_unread=1 << 20)
    seen = [e["sha256"] for e in events if e["event"] == "message"][:96]
    holds("ws: 24 MB to a reader that sleeps", messages(events)[-1] == "end" and
          seen == [hashlib.sha256(bytes([i]) * (256 << 10)).hexdigest() for i in range(96)], len(seen))
    holds("ws: no more than a bound of it waited here", find(events, "state")["unread"] < 2 << 20, events[1])
    node.until("closed")
    events = node.talk("echo", MEGABYTES, max_message=1 << 20)
    holds("ws: 24 MB there and back", messages(events) == [1 << 20] * 24 and clean(events), messages(events))
    node.until("closed")
    events = node.talk("pings", [{"read": 1}, {"write": "x"}, {"close": 1000}])
    said = node.until("closed")
    holds("ws: 20,000 pings", messages(events) == ["after"] and any("pongs" in s for s in said), (events, said))
    events = node.talk("pinged", [{"ping": 1}, {"read": 1, "within": 0.2}, {"state": 1}, {"close": 1000}])
    state = find(events, "state")
    holds("ws: our ping", state.get("ponged") is True and state.get("pings") == 0 and "pinged" in node.until("pinged")[-1], events)
    node.until("closed")


def node_protocols(node):
    events = node.talk("echo", [{"close": 1000}], protocols=["v5.channel.k8s.io", "v4.channel.k8s.io"])
    holds("ws: the subprotocol that it chose", find(events, "open").get("protocol") == "v4.channel.k8s.io", events)
    events = node.talk("echo", [{"close": 1000}], protocols=["v5.channel.k8s.io"])
    holds("ws: no subprotocol in common", "none of the subprotocols" in find(events, "not open").get("error", ""), events)


# -- Python websockets ---------------------------------------------------------------------------------------------------------

class Library:
    """`websockets`, in a thread with a loop of its own; context: TLS."""

    def __init__(self, context=None, **options):
        self.ready, self.closed, self.context, self.options = threading.Event(), queue.Queue(), context, options
        threading.Thread(target=asyncio.run, args=(self.work(),), daemon=True).start()
        self.ready.wait(20)

    async def work(self):
        async with serve(self.one, "127.0.0.1", 0, ssl=self.context, max_size=None, process_request=self.judge,
                         **self.options) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await asyncio.Future()

    def judge(self, connection, request):
        if request.path.startswith("/refuse"):
            return connection.respond(http.HTTPStatus(int(request.path.split("?")[0].rsplit("/", 1)[1])), "refused in words\n")
        return None

    async def one(self, c):
        path = c.request.path
        try:
            if path == "/fragments":
                await c.send(["frag", "ments", "", "€"])
                await c.send([b"\0" * 40000, b"\1" * 40000])
                waiter = await c.ping(b"are you there")
                await asyncio.wait_for(waiter, 10)
                await c.send("pong came")
            elif path.startswith("/close"):
                await c.close(int(path.rsplit("/", 1)[1]), "reason of it")
            elif path == "/slow":
                await asyncio.sleep(0.6)
            async for m in c:
                await c.send(m)
        except websockets.ConnectionClosed:
            pass
        self.closed.put((c.close_code, c.close_reason))

    def talk(self, path, steps, **options):
        scheme = "wss://localhost" if self.context else "ws://127.0.0.1"
        return talk("%s:%d%s" % (scheme, self.port, path), steps, **options)


def library():
    s = Library()
    events = s.talk("/", [{"write": "hällo"}, {"bytes": "ff00"}, {"read": 2}, {"close": 3001, "reason": "weg"}])
    holds("websockets: comes back", messages(events) == ["hällo", 2] and clean(events), events)
    holds("websockets: it saw our close", s.closed.get(timeout=20) == (3001, "weg"))
    events = s.talk("/fragments", [{"read": 3}, {"close": 1000}])
    holds("websockets: fragments, and a ping of its own", messages(events) == ["fragments€", 80000, "pong came"], events)
    s.closed.get(timeout=20)
    for code in (1000, 1001, 1011, 3000, 4000, 4999):
        events = s.talk("/close/%d" % code, [{"read": 1}])
        closed = find(events, "closed")
        holds("websockets: closes with %d" % code, (closed.get("code"), closed.get("reason")) == (code, "reason of it") and
              s.closed.get(timeout=20)[0] == code, events)
    events = s.talk("/slow", [{"fill": 1 << 20, "both": 24}, {"close": 1000}], max_message=1 << 20)
    holds("websockets: 24 MB there and back, slowly", messages(events) == [1 << 20] * 24 and clean(events), messages(events))
    events = Library(subprotocols=["chat", "other"]).talk("/", [{"close": 1000}], protocols=["nothing", "other", "chat"])
    holds("websockets: the subprotocol", find(events, "open").get("protocol") in ("chat", "other"), events)
    events = Library(subprotocols=["chat"]).talk("/", [], protocols=["nothing"])
    holds("websockets: no subprotocol in common", "400 Bad Request" in find(events, "not open").get("error", ""), events)
    for status in (401, 403, 404, 429, 503):
        error = find(s.talk("/refuse/%d?ticket=verysecret" % status, []), "not open")
        holds("websockets: refuses with %d" % status, error.get("status") == status and "refused in words" in error["error"] and
              "verysecret" not in error["error"], error)


def tls():
    with tempfile.TemporaryDirectory() as folder:
        certificates(folder)

        def library_of(name):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
            return Library(context)
        ca = os.path.join(folder, "ca.pem")
        s = library_of("right")
        events = s.talk("/", MEGABYTES + [{"close": 1000, "reason": "bye"}], ca_file=ca, max_message=1 << 20)
        holds("TLS: 24 MB there and back", messages(events) == [1 << 20] * 24 and find(events, "close answered") != {}, messages(events))
        holds("TLS: it saw our close", s.closed.get(timeout=20) == (1000, "bye"))
        events = s.talk("/slow", [{"fill": 1 << 20, "times": 8}, {"nap": 0.5}, {"read": 8}, {"close": 1000}], ca_file=ca,
                        max_message=1 << 20, max_unread=4096, max_unsent=64 << 10)
        holds("TLS: the same with both sides slow", messages(events) == [1 << 20] * 8, messages(events))
        with Proxy("me:secretofit") as p:
            events = s.talk("/", [{"write": "x"}, {"read": 1}, {"close": 1000}], ca_file=ca,
                            proxy="http://me:secretofit@127.0.0.1:%d" % p.port)
            holds("TLS through a proxy", messages(events) == ["x"] and p.asked == ["CONNECT localhost:%d HTTP/1.1" % s.port], events)
        for name, file, said in (("right", None, "not signed by a trusted authority"), ("other", ca, "for another name"),
                                 ("expired", ca, "has expired")):
            error = find(library_of(name).talk("/?ticket=verysecret", [], ca_file=file), "not open").get("error", "")
            holds("TLS: %s" % said, said in error and "Nothing was sent" in error and "verysecret" not in error, error)
        plain = Library()
        error = find(talk("wss://localhost:%d/" % plain.port, ca_file=ca), "not open").get("error", "")
        holds("TLS with a server that speaks none", "TLS" in error and "Nothing was sent" in error, error)
        error = find(talk("ws://localhost:%d/" % s.port), "not open").get("error", "")
        holds("no TLS with a server that speaks it", error.startswith("ws://localhost"), error)


def main():
    node = Node()
    try:
        node_messages(node)
        node_ends(node)
        node_pressure(node)
        node_protocols(node)
    finally:
        node.stop()
    library()
    tls()
    end()


sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
main()
