#!/usr/bin/env python3
"""served.py - a change is done when every replica serves it: real Envoys that follow, lag behind, refuse, or do not answer,
and the sentence that is said of each.

usage: served.py [WORD]   the checks whose name holds the word. The last line is `N passed, N failed[, N skipped]`.
"""
import http.server
import json
import socket
import sys
import threading
import time

import replicas
from replicas import envoy, house


def check_all_of_three_serve_a_route(g):
    c = g.assistant()
    served, data, text = g.change(c, "create", "route", "pay", g.route("pay"))
    assert served["replicas"] == served["served"] == 3 and "not" not in served, served
    assert served["says"].startswith("served by 3 of 3 replicas after ") and served["says"] in text, text
    assert all("pay" in r.routes() for r in g.replicas)
    # An update that Envoy shows, one that it does not, and a delete.
    served, _, text = g.change(c, "patch", "route", "pay", {"rewrite": {"enabled": True, "path": "/new"}})
    assert served["served"] == 3, served
    served, screen = g.delete(c, "route", "pay")
    assert "served by 3 of 3 replicas" in screen, screen
    assert served["served"] == 3 and not any("pay" in r.routes() for r in g.replicas), served
    assert json.loads(g.run(["changes", data["id"], "--json"])[1])["result"]["served"]["served"] == 3
    code, out, err = g.run(["audit", "verify"])
    assert code == 0, err
    code, out, err = g.run(["audit", "search", "--event", "served", "--json"])
    assert code == 0 and out.count('"event":"served"') + out.count('"event": "served"') == 3, (out, err)


def check_one_that_is_behind_is_named(g):
    g.replicas[1].how = "behind"
    c = g.assistant()
    began = time.time()
    served, data, text = g.change(c, "create", "route", "pay", g.route("pay"))
    said(served)
    assert time.time() - began < 9, "it waits as long as it is configured to"
    assert (served["replicas"], served["served"]) == (3, 2), served
    assert [n["replica"] for n in served["not"]] == [g.replicas[1].name], served
    assert "route pay: it is not there; what it has is older: of 20" in served["not"][0]["why"], served
    assert "served by 2 of 3 replicas within" in text and g.replicas[1].name in text, text
    served, _, _ = g.change(c, "patch", "service-source", "orders", {"domain": "127.0.0.12:80"})
    assert served["served"] == 2 and "Envoy has it at 127.0.0.11:80, the console says 127.0.0.12:80" in served["not"][0]["why"], served
    served, _, _ = g.change(c, "patch", "route", "orders", {"path": {"matchType": "PRE", "matchValue": "/older"}})
    assert "another one in Envoy" in served["not"][0]["why"] and "/older" in served["not"][0]["why"], served
    g.replicas[1].how = "follow"
    served, _, _ = g.change(c, "create", "route", "late", g.route("late"))
    assert served["served"] == 3, served


def check_a_host_that_one_lacks_is_told(g):
    g.replicas[2].how = "behind"
    g.make("/v1/domains", {"name": "b.example.com", "enableHttps": "off"})
    served, _, _ = g.change(g.assistant(), "patch", "route", "orders", {"domains": [replicas.HOST, "b.example.com"]})
    assert served["served"] == 2 and "route orders: it is not at all of its hosts" in served["not"][0]["why"], served


def check_one_that_refuses_is_named(g):
    g.replicas[2].how = "refuse"
    c = g.assistant()
    served, _, text = g.change(c, "create", "route", "pay", g.route("pay"))
    said(served)
    assert served["served"] == 2 and served["not"][0]["replica"] == g.replicas[2].name, served
    assert "refused" in served["not"][0]["why"], served
    if "it refused the update" in served["not"][0]["why"]:  # else it had done so before it was looked at first
        assert served["seconds"] < 5, "a refusal is not waited out: %s" % served


def check_one_that_does_not_answer_is_named(g):
    g.replicas[0].wire.cut()
    c = g.assistant()
    served, _, text = g.change(c, "create", "route", "pay", g.route("pay"))
    said(served)
    assert served["served"] == 2 and served["not"][0]["replica"] == g.replicas[0].name, served
    assert "could not be read" in served["not"][0]["why"] and "refused" in served["not"][0]["why"], served
    assert "pay" in g.replicas[0].routes(), "unknown is not said to be missing"


def check_one_that_hangs_holds_nobody_else_up(g):
    """It takes connections and never answers; another one follows a second late, and is seen to."""
    hung = g.replicas[1]
    hung.wire.cut()
    silent = socket.create_server(("127.0.0.1", hung.wire.port))
    g.replicas[0].how = "behind"
    c = g.assistant()

    def follow():
        while "pay" not in g.replicas[2].routes():
            time.sleep(0.05)
        time.sleep(0.5)  # so that it is looked at before
        g.replicas[0].how = "follow"

    late = threading.Thread(target=follow)
    late.start()
    began = time.time()
    served, _, text = g.change(c, "create", "route", "pay", g.route("pay"))
    took = time.time() - began
    late.join()
    silent.close()
    said(served)
    assert served["served"] == 2 and [n["replica"] for n in served["not"]] == [hung.name], served
    assert "could not be read" in served["not"][0]["why"] and took < 12, (served, took)


def check_what_is_no_envoy_serves_nothing(g):
    class Page(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>the page of a proxy</html>")

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    g.env["HIGRESS_OPS_ENVOY_ADMINS"] += ",http://127.0.0.1:%d" % server.server_port
    c = g.assistant()
    g.change(c, "create", "route", "pay", g.route("pay"))
    served, screen = g.delete(c, "route", "pay")  # where nothing is, nothing is gone
    assert (served["served"], served["replicas"]) == (3, 4) and "is that an Envoy?" in served["not"][0]["why"], served
    server.shutdown()


def check_what_envoy_does_not_show_is_said(g):
    c = g.assistant()
    began = time.time()
    served, _, text = g.change(c, "create", "consumer", "ada", {"name": "ada", "credentials": [
        {"type": "key-auth", "source": "HEADER", "key": "x-key", "values": ["key-of-ada-5512"]}]})
    assert "cannot be seen" in served["says"] and "replicas" not in served and "consumer ada" in served["not_visible"][0], served
    served, _, text = g.change(c, "create", "domain", "a.example.com", {"name": "a.example.com", "enableHttps": "off"})
    assert "cannot be seen" in served["says"], served
    assert time.time() - began < 4, "nothing is waited for that is not visible"
    served, _, text = g.change(c, "patch", "route", "orders", {"customLabels": {"team": "shop"}})
    assert "cannot be seen" in served["says"] and "not compared" in json.dumps(served), served
    assert "key-of-ada" not in text


def check_off_and_without_envoy_nothing_is_looked_at(g):
    for key, value in (("HIGRESS_OPS_VERIFY_SERVED", "0"), ("HIGRESS_OPS_ENVOY_ADMINS", "")):
        before = dict(g.env)
        g.env[key] = value
        if not value:
            del g.env[key]
        served, data, text = g.change(g.assistant(), "create", "route", "r" + str(len(value)), g.route("r" + str(len(value))))
        assert served is None and "served" not in text, text
        g.env.clear()
        g.env.update(before)


def begun(g, c, number):
    """The id of a change that is applied and being looked at."""
    c.send({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "change_resource", "arguments": {
        "kind": "route", "name": "pay", "action": "create", "object": g.route("pay")}}})
    end = time.time() + 20
    while time.time() < end:
        changes = json.loads(g.run(["changes", "--json"])[1])["changes"]
        if changes and changes[0]["state"] == "applied":
            return changes[0]["id"]
    raise AssertionError("it was never applied")


def check_a_server_that_dies_while_it_looks_says_so(g):
    g.replicas[1].how = "behind"
    c = g.assistant()
    change = begun(g, c, 900)
    assert g.show(change)["result"]["served"] == {"says": "not looked at", "looking": True}, g.show(change)
    c.process.kill()
    c.process.wait()
    shown = g.show(change)
    assert shown["state"] == "applied" and shown["result"]["served"]["says"] == "not looked at", shown
    assert g.run(["audit", "verify"])[0] == 0
    served, _ = g.delete(g.assistant(), "route", "pay")
    assert served["served"] >= 2, "the lease was free: %s" % served


def check_who_cancels_ends_the_look_and_not_the_change(g):
    g.replicas[1].how = "behind"
    c = g.assistant()
    change = begun(g, c, 901)
    c.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 901}})
    end = time.time() + 5
    while g.show(change)["result"]["served"].get("looking") and time.time() < end:
        pass
    shown = g.show(change)
    assert shown["state"] == "applied" and shown["result"]["served"] == {"says": "not looked at: the call was cancelled"}, shown


def said(served):
    print("     " + served["says"])


def main():
    executable = envoy.binary()
    if not executable:
        print("skipped: there is no Envoy here\n0 passed, 0 failed, 11 skipped")
        return 0
    return house.run_each(globals(), lambda check: replicas.Gateway(executable, HIGRESS_OPS_VERIFY_SERVED="6"),
                          " ".join(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
