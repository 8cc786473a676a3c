#!/usr/bin/env python3
"""map.py - the map of a gateway with a real Envoy that follows the embedded console: which figures of the last hour stand
beside its nodes and where they come from, and what fails there, in words.

usage: map.py [WORD]   the checks whose name holds the word. The last line is `N passed, N failed[, N skipped]`.
"""
import os
import re
import socket
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../guard"))
import gate
from gate import envoy, eventually, free_port

SVG = "{http://www.w3.org/2000/svg}"


def nodes(svg):
    """By what they are of: (class, the words in it)."""
    root = xml.fromstring(svg)
    return {"%s %s" % (g.get("data-kind"), g.get("data-name")): (g.get("class"), [t for t in g.itertext() if t.strip()])
            for g in root.iter(SVG + "g") if g.get("data-kind")}, " ".join(root.itertext())


class Reader:
    """Reads the map over HTTP from a `serve`, which counts while it runs."""

    def __init__(self, g):
        self.port = free_port()
        self.process = subprocess.Popen([gate.house.BINARY, "serve", "--listen", "127.0.0.1:%d" % self.port], env=g.env,
                                                   stdout=subprocess.DEVNULL)
        gate.house.wait_for(self.port, self.process, "the server")
        self.client = gate.mcp.HttpClient("127.0.0.1", self.port, "2025-11-25")
        self.client.open()
        g.clients.append(self)

    def read(self):
        return nodes(self.client.request("resources/read", {"uri": "higress://map/default"})["contents"][0]["text"])

    def close(self):
        self.client.close()
        self.process.terminate()
        self.process.wait()


def seen_in(words):
    """How many requests a node says that there were."""
    return next((int(w) for w in words if re.fullmatch(r"\d+\s*", w)), 0)


def check_counters_of_envoy_are_read_over_time(g):
    for _ in range(5):
        g.visit()
    r = Reader(g)
    eventually("the first reading", 10, lambda: "counters" in r.read()[1] or r.client)
    for _ in range(40):
        assert g.visit() == 200
    for _ in range(10):
        assert g.visit("/nowhere") == 404
    found, words = eventually("a second reading", 40, lambda: (lambda m: m if seen_in(m[0]["service orders.static"][1]) else None)(r.read()))
    assert "Last hour: Envoy's counters, since " in words, words
    service = found["service orders.static"][1]
    assert seen_in(service) == 40, "what was before the first reading is not of the time since: %s" % service
    assert any(w.endswith(" ms") for w in service), service
    assert seen_in(found["route orders"][1]) == 0, "counters know no routes"


check_counters_of_envoy_are_read_over_time.signals = "counters"


def check_the_log_says_which_route_and_diagnose_why(g):
    status, now = g.api("GET", "/v1/service-sources/orders")
    refuses = socket.socket()  # bound and not listening: nobody else gets the port meanwhile
    refuses.bind(("127.0.0.1", 0))
    assert g.api("PUT", "/v1/service-sources/orders", {**now["data"], "domain": "127.0.0.1:%d" % refuses.getsockname()[1]})[0] == 200
    eventually("503", 20, lambda: g.visit() == 503)
    for _ in range(20):
        g.visit()
        g.visit("/other")
    eventually("the log", 20, lambda: open(g.log).read().count("/orders") >= 20 and open(g.log).read().count("/other") >= 20)
    r = Reader(g)
    found, words = r.read()
    assert "Last hour: access log" in words, words
    kind, said = found["service orders.static"]
    assert "broken" in kind and any("ENDPOINT_DOWN" in w for w in said), (kind, said)
    assert seen_in(found["route orders"][1]) >= 20 and any("%" in w for w in found["route orders"][1]), found["route orders"]
    assert seen_in(found["route other"][1]) == 20 and "broken" not in found["route other"][0], found["route other"]


def check_without_signals_no_data_is_said(g):
    r = Reader(g)
    assert "Last hour: no data" in r.read()[1]


check_without_signals_no_data_is_said.signals = "none"


def check_the_file_holds_all_of_it(g):
    path = os.path.join(g.dir, "map.html")
    for _ in range(3):
        g.visit()
    eventually("the log", 20, lambda: open(g.log).read().count("/orders") >= 3)
    c = g.assistant(answer=None)
    ok, text, data = g.call(c, "change_resource", kind="route", name="other", action="patch", object={"methods": ["GET"]})
    assert data["state"] == "pending", text
    code, out, err = g.run(["overview", "--html", path])
    assert code == 0, err
    page = open(path).read()
    assert "access log" in page and 'class="count"' in page, page[-3000:]
    assert page.count('class="waits"') == 1 and ">a change waits" in page, "the change of `other` is marked where it would act"
    for foreign in ("src=", "<link", "@import", "url("):
        assert foreign not in page, foreign
    code, out, err = g.run(["overview", "--svg"])
    assert code == 0 and out.startswith("<svg"), err
    xml.fromstring(out)


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    executable = envoy.binary()
    if not executable:
        print("no Envoy here\n0 passed, 0 failed, 1 skipped")
        return 0
    return gate.house.run_each(globals(), lambda check: gate.Gate(executable, getattr(check, "signals", "log")), word)


if __name__ == "__main__":
    sys.exit(main())
