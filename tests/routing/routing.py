#!/usr/bin/env python3
"""routing.py - does a request take the route that Higress itself chose for it?

For each round of ../shared/recordings/stack/routing.jsonl: creates its routes through the embedded
console, renders the data folder, compares the order of routes in every virtual host with the
recorded one, starts a real Envoy, sends the round's requests and compares route, status and flags
of Envoy's access log with what was recorded. A line per difference; the last line is
`N passed, N failed[, N skipped]`.

usage: routing.py [--order-only] [--direct] [ROUND ...]
--direct writes the Ingresses itself instead of asking the console: is it the renderer or the console?
"""
import base64
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(__file__))
import envoy

RECORDED = envoy.ROOT + "/../shared/recordings/stack/routing.jsonl"


class Tally:
    passed = failed = skipped = 0

    def check(self, good, line):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL " + line, flush=True)


class Upstream(BaseHTTPRequestHandler):
    """The recorded upstream knew GET and POST; everything else it answered with 501."""
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def answer(self):
        n = int(self.headers.get("content-length") or 0)
        self.rfile.read(n)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def read_rounds():
    rounds = []
    with open(RECORDED) as f:
        for line in f:
            entry = json.loads(line)
            if "round" in entry:
                rounds.append((entry, []))
            else:
                rounds[-1][1].append(entry)
    return rounds


class Console:
    """The embedded control plane over a folder of its own."""

    def __init__(self, folder):
        self.port = envoy.free_ports(1)[0]
        self.log = open(folder + ".console.log", "w")
        self.process = subprocess.Popen(
            [envoy.program(), "console", "--data", folder,
             "--listen", "127.0.0.1:%d" % self.port], stdout=self.log, stderr=self.log)
        for _ in range(200):
            if envoy.get(self.port, "/healthz") is not None:
                break
            if self.process.poll() is not None:
                raise SystemExit("the embedded console ended: " + open(self.log.name).read())
            time.sleep(0.05)
        self.call("POST", "/system/init", {"adminUser": {
            "name": "admin", "displayName": "admin", "password": "admin"}, "configs": {}})

    def call(self, method, path, body):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request(method, path, body and json.dumps(body), {
            "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()})
        answer = c.getresponse()
        text = answer.read().decode()
        c.close()
        if answer.status >= 300:
            raise SystemExit("%s %s answered %d: %s" % (method, path, answer.status, text[:300]))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def create(folder, routes, upstream):
    console = Console(folder)
    try:
        # made at first start; the recorded console had lost it
        console.call("DELETE", "/v1/routes/default", None)
        console.call("POST", "/v1/service-sources", {
            "type": "static", "name": "shop", "domain": "127.0.0.1:%d" % upstream, "port": 80,
            "protocol": "http"})
        for route in routes:
            console.call("POST", "/v1/routes", {k: v for k, v in route.items() if k != "created"})
    finally:
        console.stop()


def annotations(route):
    how = {"EQUAL": "exact", "PRE": "prefix", "REGULAR": "regex"}
    notes = {"higress.io/destination": "shop.static:80"}
    if route.get("methods"):
        notes["higress.io/match-method"] = " ".join(route["methods"])
    for kind, rows in (("header", route.get("headers")), ("query", route.get("urlParams"))):
        for row in rows or []:
            key = "higress.io/%s-match-%s-%s" % (how[row["matchType"]], kind, row["key"])
            notes[key] = row["matchValue"]
    if route["path"]["matchType"] == "REGULAR":
        notes["higress.io/use-regex"] = "true"
    if route["path"].get("caseSensitive") is not None:
        notes["higress.io/ignore-path-case"] = str(not route["path"]["caseSensitive"]).lower()
    return notes


def ingress(route):
    path = {"path": route["path"]["matchValue"],
            "pathType": "Exact" if route["path"]["matchType"] == "EQUAL" else "Prefix",
            "backend": {"resource": {"apiGroup": "networking.higress.io", "kind": "McpBridge",
                                     "name": "default"}}}
    rules = [{"host": d, "http": {"paths": [path]}} for d in route.get("domains") or []]
    return {"metadata": {"name": route["name"], "namespace": "higress-system",
                         "creationTimestamp": route["created"],
                         "annotations": annotations(route)},
            "spec": {"ingressClassName": "higress",
                     "rules": rules or [{"http": {"paths": [path]}}]}}


def create_directly(folder, routes, upstream):
    os.makedirs(folder + "/ingresses")
    os.makedirs(folder + "/mcpbridges")
    bridge = {"metadata": {"name": "default"}, "spec": {"registries": [
        {"name": "shop", "type": "static", "domain": "127.0.0.1:%d" % upstream, "port": 80}]}}
    with open(folder + "/mcpbridges/default.yaml", "w") as f:
        json.dump(bridge, f)
    for route in routes:
        with open("%s/ingresses/%s.yaml" % (folder, route["name"]), "w") as f:
            json.dump(ingress(route), f)


def set_creation(folder, routes):
    """The order of creation decides between equals: the recorded seconds, not today's."""
    for route in routes:
        path = "%s/ingresses/%s.yaml" % (folder, route["name"])
        text = open(path).read()
        text, n = re.subn(r'(?m)^  creationTimestamp:.*$',
                          '  creationTimestamp: "%s"' % route["created"], text)
        if n != 1:
            raise SystemExit(path + " has no creationTimestamp")
        with open(path, "w") as f:
            f.write(text)


def render(folder, out, port, admin):
    subprocess.run([envoy.program(), "render", "--data", folder, "--out", out,
                    "--port", str(port), "--admin", str(admin)], check=True,
                   stdout=subprocess.DEVNULL)


def rendered_order(out):
    with open(out + "/rds.json") as f:
        hosts = json.load(f)["resources"][0]["virtual_hosts"]
    return {h["domains"][0]: list(dict.fromkeys(r["name"] for r in h["routes"])) for h in hosts}


def check_order(tally, entry, out):
    ours = rendered_order(out)
    names = {route["name"] for route in entry["routes"]}
    for host, recorded in entry["order"].items():
        wanted = [n for n in recorded if n in names]
        if not wanted:
            continue  # of the recording machine, not of the round
        got = [n for n in ours.get(host, []) if n in names]
        tally.check(got == wanted, "round %d, virtual host %s: routes %s, recorded %s" % (
            entry["round"], host, got, wanted))


class Client:
    """One kept-alive connection that sends exactly what it is told."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")

    def send(self, request):
        lines = ["%s %s HTTP/1.1" % (request["method"], request["path"]),
                 "Host: " + request["host"]]
        lines += ["%s: %s" % pair for pair in request["headers"].items()]
        if request["method"] in ("POST", "PUT", "PATCH"):
            lines.append("Content-Length: 0")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin1"))
        status = self.file.readline()
        length, chunked = 0, False
        while True:
            line = self.file.readline().strip().lower()
            if not line:
                break
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            chunked = chunked or line.startswith(b"transfer-encoding:")
        if chunked and request["method"] != "HEAD":
            raise SystemExit("an answer without content-length: " + repr(status))
        if request["method"] != "HEAD":
            self.file.read(length)


def number_of(path):
    return int(re.search(r"[?&]_i=(\d+)", path).group(1))


def read_log(path, count):
    seen = {}
    for _ in range(100):
        with open(path) as f:
            lines = f.read().splitlines()
        if len(lines) >= count:
            break
        time.sleep(0.1)
    for line in lines:
        entry = json.loads(line)
        seen[number_of(entry["path"])] = entry
    return seen


def check_requests(tally, entry, requests, out, port):
    client = Client(port)
    for request in requests:
        client.send(request)
    seen = read_log(out + "/access.log", len(requests))
    for request in requests:
        got = seen.get(number_of(request["path"]))
        route = got and (None if got["route_name"] == "-" else got["route_name"])
        chosen = got and (route, int(got["response_code"]), got["response_flags"])
        wanted = (request["route"], request["code"], request["flags"])
        tally.check(chosen == wanted, "round %d: %s %s %s %s took %s, recorded %s" % (
            entry["round"], request["method"], request["host"], request["path"],
            request["headers"], chosen, wanted))


def run_round(tally, entry, requests, executable, upstream):
    work = tempfile.mkdtemp(prefix="routing-")
    out, data = work + "/xds", work + "/data"
    port, admin = envoy.free_ports(2)
    try:
        if "--direct" in sys.argv:
            create_directly(data, entry["routes"], upstream)
        else:
            create(data, entry["routes"], upstream)
            set_creation(data, entry["routes"])
        render(data, out, port, admin)
        check_order(tally, entry, out)
        if not executable:
            tally.skipped += len(requests)
            return
        running = envoy.Envoy(executable, out + "/envoy.json", admin, work + "/envoy.log")
        try:
            if not running.wait():
                raise SystemExit("Envoy did not start: " + open(work + "/envoy.log").read()[-2000:])
            check_requests(tally, entry, requests, out, port)
        finally:
            running.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def main():
    tally = Tally()
    if not os.path.exists(RECORDED):
        print("routing: the recordings are not here; 3258 checks skipped")
        print("0 passed, 0 failed, 3258 skipped")
        return 0
    executable = None if "--order-only" in sys.argv else envoy.binary()
    if not executable:
        print("routing: no Envoy; only the order of routes is compared")
    chosen = [int(a) for a in sys.argv[1:] if a.isdigit()]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for entry, requests in read_rounds():
        if not chosen or entry["round"] in chosen:
            run_round(tally, entry, requests, executable, server.server_address[1])
    server.shutdown()
    print("%d passed, %d failed%s" % (
        tally.passed, tally.failed, ", %d skipped" % tally.skipped if tally.skipped else ""))
    return tally.failed > 0


if __name__ == "__main__":
    sys.exit(main())
