"""plane.py - for the tests of kinds: an embedded console over a copy of the recorded start, the tools over stdio, and
the recorded exchanges sent to the console as they were."""
import base64
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp

SHARED = "../shared/recordings/console"
BINARY = "build/gcc/higress-ops"


class Plane:
    """A console, and one stdio server that operates it."""

    def __init__(self, mode, *flags):
        self.dir = tempfile.mkdtemp(prefix="higress-ops-kinds-")
        shutil.copytree(f"{SHARED}/initial", f"{self.dir}/data")
        for folder, _, files in os.walk(f"{self.dir}/data"):
            for name in [folder] + [os.path.join(folder, f) for f in files]:
                os.chmod(name, 0o755 if os.path.isdir(name) else 0o644)
        self.console = subprocess.Popen([BINARY, "console", "--data", f"{self.dir}/data", "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.console.stdout.readline()
        while "listening on" not in line:
            if not line:
                raise SystemExit("the console did not start")
            line = self.console.stdout.readline()
        self.port = int(line.split("http://127.0.0.1:")[1].split()[0].strip("/"))
        self.http = http.client.HTTPConnection("127.0.0.1", self.port)
        env = dict(os.environ, HIGRESS_OPS_PASSWORD="admin", HIGRESS_OPS_STATE=f"{self.dir}/state")
        self.tools = subprocess.Popen([BINARY, "stdio", "--gateway-url", f"http://127.0.0.1:{self.port}", "--mode", mode, *flags],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      text=True, env=env)
        self.id = 0
        self.rpc("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                "clientInfo": {"name": "kinds", "version": "1"}})
        self.tools.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')

    def end(self):
        for process in (self.tools, self.console):
            process.terminate()
            process.wait(10)
        shutil.rmtree(self.dir)

    def rpc(self, method, params):
        self.id += 1
        self.tools.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}) + "\n")
        self.tools.stdin.flush()
        while True:
            answer = json.loads(self.tools.stdout.readline())
            if answer.get("id") == self.id:
                mcp.record("2025-11-25", method, answer)
                return answer

    def call(self, tool, arguments):
        """(answered well, structured answer or the sentence of the error)"""
        answer = self.rpc("tools/call", {"name": tool, "arguments": arguments})
        if "error" in answer:
            return False, answer["error"]["message"]
        result = answer["result"]
        text = " ".join(c.get("text", "") for c in result.get("content", []))
        self.warnings = mcp.warnings_of(text)
        return not result.get("isError"), text if result.get("isError") else result.get("structuredContent", text)

    def send(self, request):
        """One exchange as recorded: (status, parsed body)."""
        headers = {"Content-Type": "application/json"}
        for name, value in (request.get("headers") or {}).items():
            if name.lower() == "authorization" and value.startswith("basic "):
                value = "Basic " + base64.b64encode(value[6:].encode()).decode()
            headers[name] = value
        body = request.get("body_text")
        if body is None and request.get("body") is not None:
            body = json.dumps(request["body"])
        self.http.request(request["method"], request["path"], body.encode() if body is not None else None, headers)
        answer = self.http.getresponse()
        raw = answer.read()
        try:
            return answer.status, json.loads(raw)
        except ValueError:
            return answer.status, raw.decode("utf-8", "replace")

    def get(self, path):
        status, body = self.send({"method": "GET", "path": path, "headers": {"authorization": "basic admin:admin"}})
        if status != 200:
            return None
        return body["data"] if isinstance(body, dict) and "data" in body and "success" in body else body


def exchanges(name, folder=SHARED):
    with open(f"{folder}/{name}.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
