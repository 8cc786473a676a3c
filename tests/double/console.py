#!/usr/bin/env python3
"""console.py [--tls CERT KEY] - a double of the Higress console that breaks on command.

Prints the port it listens on (127.0.0.1), then serves until its stdin ends. It keeps objects in memory
with the rules a client notices (envelopes, versions, 409, upserts, synthetic plugin instances).

  POST /_fault {"method","path","do","times","seconds"}  the next `times` requests that match break
  POST /_reset                                           forgets objects, faults and the log
  GET  /_log                                             every request that is not one of these
  PUT  /_object {"path","object"}                        stores an object behind the client's back

do: reset (before acting), reset-body (in the middle of the answer), reset-after (after acting), slow, html,
big, garbage, empty, truncated, html404, status:N, not-found-502, error-after (500 after acting), lie (success
without acting), other (another object), wrong-total, hang-after (acts, never answers), half (stores only
the object "part" of the request, then 500).
"""
import base64
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()
USER, PASSWORD = "admin", os.environ.get("DOUBLE_PASSWORD", "admin")
KINDS = {"routes": True, "domains": True, "service-sources": False, "proxy-servers": False, "consumers": None,
         "ai/providers": None, "ai/routes": True, "wasm-plugins": True, "tls-certificates": True, "mcpServer": None}
UPSERTS = {"service-sources", "proxy-servers", "consumers", "ai/providers", "mcpServer"}


class State:
    def __init__(self):
        self.objects, self.faults, self.log, self.version = {}, [], [], 100


S = State()


class Broken(Exception):
    pass


def split(path):
    """(collection, name) of /v1/COLLECTION[/NAME], and the same for plugin instances."""
    parts = [urllib.parse.unquote(p) for p in path.split("?")[0].strip("/").split("/")]
    if parts[:1] != ["v1"]:
        return None, None
    parts = parts[1:]
    for i, part in enumerate(parts):
        if part == "plugin-instances":
            return "/".join(parts[:i + 1]), parts[i + 1] if len(parts) > i + 1 else None
    n = 2 if parts[0] == "ai" else 1
    return "/".join(parts[:n]), parts[n] if len(parts) > n else None


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def log_message(self, *args):
        pass

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        for part in (self.rfile, self.wfile, self.connection):
            part.close()
        raise Broken

    def send(self, status, body=b"", kind="application/json", extra=(), cut=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if body:
            self.send_header("Content-Type", kind)
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        self.wfile.flush()

    def envelope(self, data, **more):
        self.send(200, {"success": True, "message": None, "data": data, **more})

    def fail(self, status, words):
        self.send(status, {"success": False, "message": words, "data": None})

    # -- what the console does -------------------------------------------------------------------------
    def login(self, body):
        if body.get("username") == USER and body.get("password") == PASSWORD:
            token = base64.b64encode(b"session").decode()
            return self.send(201, {"name": USER}, extra=[("Set-Cookie", f"_hi_sess={token}; Path=/; HttpOnly")])
        return self.fail(401, "com.alibaba.higress.console.controller.exception.AuthException: "
                              "Incorrect username or password")

    def allowed(self):
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return ("_hi_sess=c2Vzc2lvbg==" in self.headers.get("Cookie", "")
                or (self.headers.get("Authorization") == basic and ":" not in PASSWORD))

    def read(self, collection, name):
        known = collection in KINDS or collection.endswith("plugin-instances") or collection == "services"
        if not known:
            return self.send(404, {"status": 404, "error": "Not Found", "path": self.path})
        there = S.objects.get(collection, {})
        if name is None:
            return self.envelope(list(there.values()), total=len(there), pageNum=None, pageSize=None)
        if name in there:
            return self.envelope(there[name])
        if collection.endswith("plugin-instances"):
            return self.envelope({"pluginName": name, "enabled": False, "internal": False, "scope": "ROUTE",
                                  "configurations": None, "rawConfigurations": None, "version": None})
        if collection == "mcpServer":
            return self.fail(502, "com.alibaba.higress.sdk.exception.NotFoundException: can't found the bound route by name: "
                                  f"mcp-server-{name}.internal")
        return self.send(404)

    def store(self, collection, name, o):
        S.version += 1
        o = {k: v for k, v in o.items() if k not in ("scope", "target", "targets")}
        if KINDS.get(collection) is not None or collection.endswith("plugin-instances"):
            o["version"] = str(S.version)
        S.objects.setdefault(collection, {})[name] = o
        return o

    def act(self, collection, name, body):
        """Returns (status, body) of a write and does it."""
        there = S.objects.setdefault(collection, {})
        conflict = (409, {"success": False, "data": None,
                          "message": "com.alibaba.higress.sdk.exception.ResourceConflictException: null"})
        if self.command == "DELETE":
            there.pop(name, None)
            if collection == "ai/routes":
                S.objects.get("routes", {}).pop(f"ai-route-{name}.internal", None)
            return 204, b""
        if self.command == "POST":
            name = body.get("name")
            if name in there and collection not in UPSERTS:
                return conflict
            return 201, self.store(collection, name, body)
        instance = collection.endswith("plugin-instances")
        name = name or body.get("name")
        if name not in there and collection not in UPSERTS and not instance:
            return 500, {"success": False, "data": None,
                         "message": "io.kubernetes.client.openapi.ApiException: Not Found - "
                                    '{"kind":"Status","message":"it is not there","code":404}'}
        sent = body.get("version")
        if KINDS.get(collection) and sent and sent != there[name].get("version"):
            return conflict
        return 200, self.store(collection, name, body)

    # -- breaking ----------------------------------------------------------------------------------------
    def fault(self):
        for f in S.faults:
            if f["times"] > 0 and f["method"] in (self.command, "*") and self.path.startswith(f["path"]):
                if f.get("skip", 0) > 0:
                    f["skip"] -= 1
                    continue
                f["times"] -= 1
                return f
        return None

    def before(self, f):
        """Breaks instead of acting; True when the answer is given."""
        do = f["do"]
        if do == "reset":
            self.reset()
        if do == "slow":
            time.sleep(f.get("seconds", 5))
            return False
        if do == "html":
            self.send(200, b"<!doctype html><html><body>Sign in</body></html>", "text/html")
        elif do == "html404":
            self.send(404, b"<html><body>nginx 404</body></html>", "text/html")
        elif do == "big":
            self.big()
        elif do == "garbage":
            self.send(200, b'{"success":true,"data":{"name":"x",,,')
        elif do == "empty":
            self.send(200, b"")
        elif do == "object":
            self.send(200, b"{}")
        elif do == "no-data":
            self.send(200, b'{"success":true,"message":null}')
        elif do == "not-found-502":
            self.fail(502, "com.alibaba.higress.sdk.exception.NotFoundException: can't found it")
        elif do == "lie":
            self.send(204 if self.command == "DELETE" else 200, b"" if self.command == "DELETE" else self.body)
        elif do == "other":
            self.envelope({"name": "somebody-else", "version": "1"})
        elif do == "half":
            part, name = split(f["part"])
            self.store(part, name, {"name": name, "services": [{"name": "half.static"}]})
            self.fail(500, "java.lang.IllegalStateException: half of it is stored")
        elif do == "wrong-total":
            self.envelope([], total=3)
        elif do == "status:404x":
            self.send(404, {"status": 404, "error": "Not Found", "path": self.path})
        elif do.startswith("status:"):
            self.fail(int(do[7:]), "javax.validation.ValidationException: the double says no")
        else:
            return False
        return True

    def big(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(50 << 20))
        self.end_headers()
        self.wfile.write(b'{"success":true,"data":[{"name":"')
        try:
            for _ in range(50):
                self.wfile.write(b"x" * (1 << 20))
        except OSError:
            pass
        self.close_connection = True

    def after(self, f, status, body):
        do = f["do"]
        if do == "reset-after":
            self.reset()
        if do == "hang-after":
            time.sleep(f.get("seconds", 30))
            self.reset()
        if do == "error-after":
            return self.fail(500, "java.lang.IllegalStateException: stored, then it broke")
        if do in ("reset-body", "truncated"):
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send(status, text, cut=len(text) // 2)
            self.reset() if do == "reset-body" else None
            self.close_connection = True
            return None
        return self.send(status, body)

    # -- one request ---------------------------------------------------------------------------------------
    def handle_one(self):
        n = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(n) if n else b""
        body = json.loads(self.body) if self.body else {}
        if self.path.startswith("/_"):
            return self.command_of_test(body)
        with LOCK:
            S.log.append({"method": self.command, "path": self.path})
            f = self.fault()
        if self.path == "/session/login":
            return self.login(body)
        if f and self.before(f):
            return None
        if not self.allowed():
            return self.fail(401, "com.alibaba.higress.console.controller.exception.AuthException: Login required.")
        if self.path == "/system/info":
            return self.send(200, {"version": "2.2.4"})
        collection, name = split(self.path)
        if collection is None:
            return self.send(404, {"status": 404, "error": "Not Found", "path": self.path})
        if self.command == "GET" and not f:
            return self.read(collection, name)
        if self.command == "GET":
            there = S.objects.get(collection, {})
            return self.after(f, 200, {"success": True, "message": None,
                                       "data": there.get(name) if name else list(there.values())})
        with LOCK:
            status, answer = self.act(collection, name, body)
        return self.after(f, status, answer) if f else self.send(status, answer)

    def command_of_test(self, body):
        global S
        if self.path == "/_reset":
            S = State()
        elif self.path == "/_fault":
            if body.get("clear"):
                S.faults.clear()
            S.faults.append({"method": "*", "path": "/", "times": 1, **body})
        elif self.path == "/_object":
            collection, name = split(body["path"])
            if body["object"] is None:
                S.objects.get(collection, {}).pop(name, None)
            else:
                self.store(collection, name, body["object"])
        elif self.path == "/_log":
            return self.send(200, S.log)
        return self.send(200, {})

    def answer(self):
        try:
            self.handle_one()
        except (Broken, OSError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = answer


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # a connection that a fault closed
    if "--tls" in sys.argv:
        i = sys.argv.index("--tls")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[i + 1], sys.argv[i + 2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    os.write(1, f"{server.server_address[1]}\n".encode())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
