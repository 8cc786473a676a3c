"""rig.py - what the programs of tests/ws share: the driver of our client, servers in threads, certificates, checks."""
import base64
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TALK = os.environ.get("WS_TALK", os.path.join(ROOT, "build/gcc-san/ws_talk"))
passed = failed = 0


def holds(words, ok, seen=None):
    global passed, failed
    passed += bool(ok)
    failed += not ok
    print("%s %s%s" % ("ok  " if ok else "FAIL", words, "" if ok else ": %r" % (seen,)), flush=True)


def end():
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


def talk(url, steps=(), trace=None, **options):
    """The events of one run of the driver; a crash or leak is an event of its own."""
    plan = dict(url=url, steps=list(steps), **options)
    run = subprocess.run([TALK, json.dumps(plan)] + ([trace] if trace else []), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=90)
    events = [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]
    if trace:
        events.append(dict(event="trace", text=run.stderr.decode("utf-8", "replace")))
    if run.returncode or not any(e["event"] == "fibers" and e["left"] == 0 for e in events):
        events.append(dict(event="crash", code=run.returncode, text=run.stderr.decode("utf-8", "replace")[-2000:]))
    return events


def find(events, name):
    return next((e for e in events if e["event"] == name), {})


def messages(events):
    return [e.get("text", e["len"]) for e in events if e["event"] == "message"]


def clean(events):
    return not find(events, "crash")


# -- a server of bytes ---------------------------------------------------------------------------------------------------

def frame(opcode, payload=b"", fin=True, rsv=0, mask=None):
    """A frame of a server, right or wrong."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    marked = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([marked | len(payload)])
    elif len(payload) < 65536:
        head += bytes([marked | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([marked | 127]) + struct.pack(">Q", len(payload))
    if mask:
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return head + (mask or b"") + payload


def closing(code, reason=b""):
    return frame(8, struct.pack(">H", code) + reason)


class Reader:
    """Frames of a client, from a socket."""

    def __init__(self, sock):
        self.sock, self.bytes = sock, b""

    def take(self, n):
        while len(self.bytes) < n:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.bytes += more
        taken, self.bytes = self.bytes[:n], self.bytes[n:]
        return taken

    def head(self):
        while b"\r\n\r\n" not in self.bytes:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.bytes += more
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        return lines[0], {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}

    def frame(self):
        """(opcode, payload); refuses what a client must not send."""
        one, two = self.take(2)
        assert two & 0x80, "a frame of a client is masked"
        n = two & 0x7f
        if n == 126:
            n, = struct.unpack(">H", self.take(2))
        elif n == 127:
            n, = struct.unpack(">Q", self.take(8))
        mask = self.take(4)
        payload = self.take(n)
        assert one & 0x80 and not one & 0x70, "a frame of ours is whole, without reserved bits"
        return one & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(payload))

    def closed_with(self):
        """The code of the client's close; None: it ended without one."""
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == 8:
                    return struct.unpack(">H", payload[:2])[0] if payload else 1005
        except (EOFError, OSError):
            return None


def accept(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def switching(headers, extra=""):
    return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n"
            % (accept(headers["sec-websocket-key"]), extra)).encode()


class Server:
    """serve(sock, reader) for each connection, in threads; `saw` is what those returned."""

    def __init__(self, serve, context=None, upgrade=True):
        self.saw, self.requests, self.ended = [], [], threading.Semaphore(0)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.serve, self.context, self.upgrade = serve, context, upgrade
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(sock,), daemon=True).start()

    def one(self, sock):
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            reader = Reader(sock)
            if self.upgrade:
                line, headers = reader.head()
                self.requests.append((line, headers))
                sock.sendall(switching(headers))
            self.saw.append(self.serve(sock, reader))
        except (OSError, EOFError, AssertionError) as e:
            self.saw.append(e)
        finally:
            sock.close()
            self.ended.release()

    def result(self):
        """What the next connection that ends returned."""
        if not self.ended.acquire(timeout=20):
            return "it did not end"
        return self.saw[-1]

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# -- certificates -----------------------------------------------------------------------------------------------------------

def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificates(folder):
    """ca.pem, and signed by it NAME.pem with NAME.key for localhost: right, other (for another name), expired."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=tests", "-addext", "basicConstraints=critical,CA:TRUE")
    for name, host, dates in (("right", "localhost", []), ("other", "elsewhere.test", []),
                              ("expired", "localhost", ["-enddate", "20200101000000Z", "-startdate", "20190101000000Z"])):
        openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr",
                "-subj", "/CN=" + host)
        with open(os.path.join(folder, name + ".cnf"), "w") as f:
            f.write("[ca]\ndefault_ca=d\n[d]\ndatabase=%s.db\nserial=%s.srl\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n"
                    "x509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:%s\n" % (name, name, host))
        open(os.path.join(folder, name + ".db"), "w").close()
        with open(os.path.join(folder, name + ".srl"), "w") as f:
            f.write("%02X\n" % (0x10 + len(name)))
        openssl(folder, "ca", "-batch", "-config", name + ".cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", name + ".csr",
                "-out", name + ".pem", "-notext", *(dates or ["-days", "1"]))


# -- a proxy ----------------------------------------------------------------------------------------------------------------

def relay(one, other):
    def copy(source, sink):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    back = threading.Thread(target=copy, args=(other, one), daemon=True)
    back.start()
    copy(one, other)
    back.join(20)


class Proxy(Server):
    """CONNECT, with the user and password wanted, if any."""

    def __init__(self, wanted=None):
        self.wanted, self.asked = wanted, []
        super().__init__(self.connect, upgrade=False)

    def connect(self, sock, reader):
        line, headers = reader.head()
        self.asked.append(line)
        want = self.wanted and "Basic " + base64.b64encode(self.wanted.encode()).decode()
        if want and headers.get("proxy-authorization") != want:
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n"
                         b"Content-Length: 0\r\n\r\n")
            return "refused"
        host, port = line.split()[1].rsplit(":", 1)
        other = socket.create_connection((host.strip("[]"), int(port)))
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        relay(sock, other)
        other.close()
        return "relayed"
