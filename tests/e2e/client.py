"""client.py - a small MCP client for tests: stdio and Streamable HTTP, session revisions and 2026-07-28.

It says exactly what it is told to and keeps every byte the server sent (`heard`), so that a test can search all of it.
"""
import http.client
import json
import os
import queue
import subprocess
import sys
import threading

MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"


RECORD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build/record")
recorded = set()


def record(era, method, message):
    """Keeps one message of the server for tests/parts/90-schemas; method: of the request it answers, or None."""
    text = json.dumps({"era": era, "method": method, "message": message})
    plain = json.dumps({**message, "id": 0}) if isinstance(message, dict) else text
    if (era, method, plain) in recorded:
        return
    recorded.add((era, method, plain))
    os.makedirs(RECORD, exist_ok=True)
    with open(os.path.join(RECORD, "%d.jsonl" % os.getpid()), "a") as f:
        f.write(text + "\n")


def record_raw(request, headers, answer):
    """The same for a request written by hand: its revision is what it claims, in the body or else the header."""
    try:
        said, heard = json.loads(request or "{}"), json.loads(answer)
    except ValueError:
        return
    said = said if isinstance(said, dict) else {}
    params = said.get("params") if isinstance(said.get("params"), dict) else {}
    meta = params.get("_meta") if isinstance(params.get("_meta"), dict) else {}
    era = meta.get(META + "protocolVersion") or headers.get("MCP-Protocol-Version") or "2025-11-25"
    if isinstance(heard, dict) and heard.get("jsonrpc"):
        record(era if isinstance(era, str) else MODERN, said.get("method"), heard)


def warnings_of(text):
    """What the words of a change warn of."""
    return [line[2:] for line in text.splitlines() if line.startswith("! ")]


class Gone(Exception):
    """The server closed the connection, or said nothing in time."""


class Client:
    """What both transports share. `answer` is how the person decides when asked: accept, decline, cancel, none (the
    client cannot ask), or a function of the request's params that returns the result."""

    def __init__(self, era, answer="none"):
        self.era, self.answer = era, answer
        self.next_id, self.heard, self.notes, self.asked, self.protocol_error = 0, [], [], [], None
        self.sent = {}  # id -> method, of what was sent

    def keep(self, message):
        answered = self.sent.get(json.dumps(message.get("id"))) if isinstance(message, dict) else None
        record(self.era, answered, message)
        return message

    def modern(self):
        return self.era == MODERN

    def capabilities(self):
        return {} if self.answer == "none" else {"elicitation": {}}

    def meta(self):
        return {META + "protocolVersion": self.era, META + "clientCapabilities": self.capabilities(),
                META + "clientInfo": {"name": "scenario", "version": "1"}}

    def decide(self, params):
        self.asked.append(params)
        if callable(self.answer):
            return self.answer(params)
        if self.answer != "accept":
            return {"action": self.answer}
        content = {}
        for name, schema in params.get("requestedSchema", {}).get("properties", {}).items():
            content[name] = True if schema.get("type") == "boolean" else "approve"
        return {"action": "accept", "content": content}

    def request(self, method, params=None, timeout=40):
        """The result; RpcError for a JSON-RPC error."""
        self.next_id += 1
        params = dict(params or {})
        if self.modern():
            params["_meta"] = {**self.meta(), **params.get("_meta", {})}
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}
        answer = self.exchange(message, timeout)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    def call(self, tool, arguments=None, meta=None, timeout=40):
        """tools/call, with the rounds of 2026-07-28 driven as its clients do."""
        params = {"name": tool, "arguments": arguments or {}}
        if meta:
            params["_meta"] = meta
        for _ in range(5):
            result = self.request("tools/call", params, timeout)
            if result.get("resultType") != "input_required":
                return result
            answers = {k: self.decide(v["params"]) for k, v in result.get("inputRequests", {}).items()}
            params = {**params, "inputResponses": answers, "requestState": result["requestState"]}
        raise Gone("still input_required after five rounds")

    def open(self):
        if self.modern():
            return self.request("server/discover")
        result = self.request("initialize", {"protocolVersion": self.era, "capabilities": self.capabilities(),
                                             "clientInfo": {"name": "scenario", "version": "1"}})
        self.notify("notifications/initialized")
        return result

    def incoming(self, message):
        """A message that is not the answer waited for. True when it was a request that we answered."""
        if "method" in message and "id" in message:
            result = self.decide(message.get("params", {})) if message["method"] == "elicitation/create" else {}
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
            return True
        self.notes.append(message)
        return False


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.error = error


class StdioClient(Client):
    def __init__(self, command, env, era, answer="none"):
        super().__init__(era, answer)
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.lines, self.errors = queue.Queue(), []
        threading.Thread(target=self.read_out, daemon=True).start()
        self.err_thread = threading.Thread(target=self.read_err, daemon=True)
        self.err_thread.start()

    def read_out(self):
        for line in self.process.stdout:
            self.heard.append(line.decode())
            self.lines.put(line)
        self.lines.put(None)

    def read_err(self):
        for line in self.process.stderr:
            self.errors.append(line.decode(errors="replace"))

    def send(self, message):
        text = message if isinstance(message, str) else json.dumps(message)
        if isinstance(message, dict):
            self.sent[json.dumps(message.get("id"))] = message.get("method")
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def receive(self, timeout=40):
        try:
            line = self.lines.get(timeout=timeout)
        except queue.Empty:
            raise Gone("no line in %s s; stderr: %s" % (timeout, "".join(self.errors)[-800:]))
        if line is None:
            raise Gone("stdout was closed; stderr: " + "".join(self.errors)[-800:])
        return self.keep(json.loads(line))

    def exchange(self, message, timeout=40):
        self.send(message)
        while True:
            got = self.receive(timeout)
            if "method" not in got and got.get("id") == message["id"]:
                return got
            self.incoming(got)

    def close(self):
        self.process.stdin.close()
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Gone("did not end after EOF on stdin")
        self.err_thread.join(2)
        self.heard += self.errors
        return code


class HttpClient(Client):
    def __init__(self, host, port, era, answer="none", token=None):
        super().__init__(era, answer)
        self.host, self.port, self.token, self.session = host, port, token, None

    def headers(self, message):
        h = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if self.token:
            h["Authorization"] = "Bearer " + self.token
        if self.modern():
            h["MCP-Protocol-Version"] = self.era
            h["Mcp-Method"] = message.get("method", "")
            named = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}.get(message.get("method"))
            if named and isinstance(message["params"].get(named), str):
                h["Mcp-Name"] = message["params"][named]
        elif self.session:
            h["Mcp-Session-Id"] = self.session
            h["MCP-Protocol-Version"] = self.era
        return h

    def raw(self, method, path, body=None, headers=None, timeout=40):
        """(status, headers, body) of one plain request."""
        c = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            data = r.read().decode()
            self.heard.append(data)
            record_raw(body, headers or {}, data)
            return r.status, {k.lower(): v for k, v in r.getheaders()}, data
        finally:
            c.close()

    def send(self, message):
        status, _, body = self.raw("POST", "/mcp", json.dumps(message), self.headers(message))
        if status != 202 or body:
            raise Gone("%s for %s: %s" % (status, message.get("method", "a response"), body))

    def notify(self, method, params=None):
        params = dict(params or {})
        if self.modern():
            params["_meta"] = self.meta()
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def exchange(self, message, timeout=40):
        c = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            self.sent[json.dumps(message["id"])] = message["method"]
            c.request("POST", "/mcp", json.dumps(message), self.headers(message))
            r = c.getresponse()
            self.status = r.status
            if r.getheader("Mcp-Session-Id"):
                self.session = r.getheader("Mcp-Session-Id")
            if "event-stream" in (r.getheader("Content-Type") or ""):
                return self.stream(r, message["id"])
            data = r.read().decode()
            self.heard.append(data)
            if not data:
                raise Gone("status %s without a body" % r.status)
            return self.keep(json.loads(data))
        except TimeoutError:
            raise Gone("no answer in %s s" % timeout)
        finally:
            c.close()

    def stream(self, response, want):
        for line in response:
            line = line.decode()
            self.heard.append(line)
            if not line.startswith("data:") or not line[5:].strip():
                continue
            got = self.keep(json.loads(line[5:]))
            if "method" not in got and got.get("id") == want:
                return got
            self.incoming(got)
        raise Gone("the stream ended without the answer")

    def close(self):
        if self.session:
            self.raw("DELETE", "/mcp", None, self.headers({}))
            self.session = None
        return 0


if __name__ == "__main__":  # client.py REVISION METHOD <MESSAGE: keeps what a shell script heard
    record(sys.argv[1], sys.argv[2], json.load(sys.stdin))
