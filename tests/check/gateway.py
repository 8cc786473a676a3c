"""gateway.py - for the tests of check_config: an embedded console over a folder of its own, a proxy before it that
breaks what it is told to, the tools over stdio and the command line."""
import base64
import http.client
import http.server
import json
import os
import subprocess
import tempfile
import threading
import shutil

BASIC = "Basic " + base64.b64encode(b"admin:admin").decode()


class Proxy(http.server.ThreadingHTTPServer):
    """Passes everything on, but answers 500 to GETs whose path begins with one of `broken`; counts the GETs."""
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind, self.broken, self.paths = port, [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20  # head and body in one piece

    def log_message(self, *_):
        pass

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.paths.append(self.path)
        if self.command == "GET" and any(self.path.startswith(b) for b in self.server.broken):
            status, raw = 500, b'{"success":false,"message":"the database of alice is away"}'
        else:
            c = http.client.HTTPConnection("127.0.0.1", self.server.behind)
            c.request(self.command, self.path, body or None,
                      {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")})
            answer = c.getresponse()
            status, raw = answer.status, answer.read()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_DELETE = pass_on


class Gateway:
    def __init__(self, binary, mode="dry-run"):
        self.binary = os.path.abspath(binary)
        self.dir = tempfile.mkdtemp(prefix="higress-ops-check-")
        os.mkdir(f"{self.dir}/data", 0o755)
        self.console = subprocess.Popen([self.binary, "console", "--data", f"{self.dir}/data", "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.console.stdout.readline()
        while "listening on" not in line:
            if not line:
                raise SystemExit("the console did not start")
            line = self.console.stdout.readline()
        self.port = int(line.split("http://127.0.0.1:")[1].split()[0].strip("/"))
        self.put("POST", "/system/init", {"adminUser": {"name": "admin", "displayName": "Admin", "password": "admin"}})
        self.proxy = Proxy(self.port)
        self.url = f"http://127.0.0.1:{self.proxy.server_address[1]}"
        self.env = dict(os.environ, HIGRESS_OPS_PASSWORD="admin", HIGRESS_OPS_STATE=f"{self.dir}/state")
        self.mode, self.id, self.tools, self.said = mode, 0, None, []
        self.start()

    def start(self, *more):
        if self.tools:
            self.tools.terminate()
            self.tools.wait(10)
        self.tools = subprocess.Popen([self.binary, "stdio", "--gateway-url", self.url, "--mode", self.mode, *more],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      text=True, env=self.env)
        self.rpc("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                "clientInfo": {"name": "check", "version": "1"}})
        self.tools.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')

    def end(self):
        for process in (self.tools, self.console):
            process.terminate()
            process.wait(10)
        self.proxy.shutdown()
        shutil.rmtree(self.dir)

    def rpc(self, method, params):
        self.id += 1
        self.tools.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}) + "\n")
        self.tools.stdin.flush()
        while True:
            line = self.tools.stdout.readline()
            if not line:
                raise SystemExit("the server ended")
            self.said.append(line)
            answer = json.loads(line)
            if answer.get("id") == self.id:
                return answer

    def call(self, tool, **arguments):
        """(answered well, structured answer, text)"""
        answer = self.rpc("tools/call", {"name": tool, "arguments": arguments})
        if "error" in answer:
            return False, {}, answer["error"]["message"]
        result = answer["result"]
        text = "\n".join(c.get("text", "") for c in result.get("content", []))
        return not result.get("isError"), result.get("structuredContent") or {}, text

    def put(self, method, path, body):
        """Straight into the console, past every rule of ours."""
        c = http.client.HTTPConnection("127.0.0.1", self.port)
        c.request(method, path, json.dumps(body), {"Content-Type": "application/json", "Authorization": BASIC})
        answer = c.getresponse()
        raw = answer.read()
        if answer.status // 100 != 2:
            raise SystemExit(f"{method} {path}: {answer.status} {raw[:300]}")

    def instance(self, scope, plugin, settings, enabled=True):
        kind, _, name = scope.partition(":")
        base = "/v1/global" if kind == "global" else f"/v1/{kind}s/{name}"
        self.put("PUT", f"{base}/plugin-instances/{plugin}", {"enabled": enabled, "configurations": settings})

    def check(self, *options):
        """The command: (exit code, stdout, stderr)"""
        done = subprocess.run([self.binary, "check", "--gateway", "--gateway-url", self.url, *options],
                              capture_output=True, text=True, env=self.env, timeout=120)
        self.said.append(done.stdout + done.stderr)
        return done.returncode, done.stdout, done.stderr
