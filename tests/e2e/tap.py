"""tap.py - listens in between a client that cannot record and the server, for tests/parts/90-schemas.

  tap.py stdio COMMAND...   is that command, for a client that starts it
  tap.py http PORT          relays to that port from one that it prints; SIGTERM ends it

Every byte passes as it is. What the server said is kept as client.py keeps it, each answer with the method it answers.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp

DEFAULT = "2025-11-25"


def several(text):
    """The messages of a body or line."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [m for m in (found if isinstance(found, list) else [found]) if isinstance(m, dict)]


def claim(message):
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta.get(mcp.META + "protocolVersion") if isinstance(meta, dict) else None


class Talk:
    """What one session, or one pipe, has asked; the revision it speaks."""

    def __init__(self):
        self.asked, self.era = {}, DEFAULT

    def said(self, message, era=None):
        if "method" in message and "id" in message:
            self.asked[json.dumps(message["id"])] = message["method"], claim(message) or era

    def heard(self, message, era=None):
        method, own = (None, None) if "method" in message else self.asked.get(json.dumps(message.get("id")), (None, None))
        if method == "initialize" and "result" in message:
            self.era = message["result"]["protocolVersion"]
        mcp.record(own or era or self.era, method, message)


# -- a pipe -----------------------------------------------------------------------------------------------------------

def pipe(command):
    talk = Talk()
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())

    def to_server():
        for line in sys.stdin.buffer:
            for message in several(line):
                talk.said(message)
            try:
                server.stdin.write(line)
                server.stdin.flush()
            except OSError:
                break
        server.stdin.close()
    threading.Thread(target=to_server, daemon=True).start()
    for line in server.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        for message in several(line):
            talk.heard(message)
    return server.wait()


# -- HTTP -------------------------------------------------------------------------------------------------------------

def unchunk(data):
    """(the body, what follows it); a body that was cut ends early."""
    body = b""
    while b"\r\n" in data:
        size, data = data.split(b"\r\n", 1)
        n = int(size.split(b";")[0] or b"0", 16)
        if n == 0:
            return body, data[2:]
        body, data = body + data[:n], data[n + 2:]
    return body, b""


def parts(data):
    """(first line, headers, body) of each request or answer of one direction of a connection."""
    while b"\r\n\r\n" in data:
        head, data = data.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            body, data = unchunk(data)
        else:
            none = first.startswith(("HTTP/1.1 1", "HTTP/1.1 204"))
            n = 0 if none or not first.startswith("HTTP") else len(data)
            n = int(headers.get("content-length", n))
            body, data = data[:n], data[n:]
        if not first.startswith("HTTP/1.1 100"):
            yield first, headers, body


def events(body):
    """(name, data) of an event stream."""
    for block in body.decode(errors="replace").replace("\r\n", "\n").split("\n\n"):
        fields = [line.split(":", 1) for line in block.split("\n") if ":" in line]
        data = [v.removeprefix(" ") for k, v in fields if k == "data"]
        if data:
            yield next((v.strip() for k, v in fields if k == "event"), "message"), "\n".join(data)


class Relay:
    def __init__(self, port):
        self.to, self.connections, self.talks = port, [], {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                theirs = self.listener.accept()[0]
            except OSError:
                return
            try:
                ours = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                theirs.close()
                continue
            asked, heard = bytearray(), bytearray()
            self.connections.append((asked, heard))
            for a, b, kept in ((theirs, ours, asked), (ours, theirs, heard)):
                a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.pump, args=(a, b, kept), daemon=True).start()

    def pump(self, a, b, kept):
        try:
            while piece := a.recv(65536):
                kept += piece
                b.sendall(piece)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (a, b):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def talk(self, session):
        return self.talks.setdefault(session, Talk())

    def finish(self):
        """Reads what was said; all requests first: an answer may come on another connection."""
        self.listener.close()
        pairs = []
        for asked, heard in self.connections:
            requests, answers = list(parts(bytes(asked))), list(parts(bytes(heard)))
            for (line, headers, body), (_, got, answer) in zip(requests, answers):
                query = parse_qs(urlsplit(line.split()[1]).query)
                session = headers.get("mcp-session-id") or got.get("mcp-session-id") or query.get("sessionId", [None])[0]
                stream = list(events(answer)) if got.get("content-type", "").startswith("text/event-stream") else []
                for name, data in stream:
                    if name == "endpoint":
                        session = parse_qs(urlsplit(data).query)["sessionId"][0]
                talk = self.talk(session) if session else Talk()
                era = headers.get("mcp-protocol-version")
                for message in several(body):
                    talk.said(message, era)
                pairs.append((talk, era, [d for n, d in stream if n == "message"] or [answer]))
        for talk, era, texts in pairs:
            for text in texts:
                for message in several(text):
                    talk.heard(message, era)


def main():
    if sys.argv[1] == "stdio":
        return pipe(sys.argv[2:])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    relay = Relay(int(sys.argv[2]))
    print(relay.port, flush=True)
    signal.sigwait({signal.SIGTERM})
    relay.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
