"""part_idle.py - rows 10, 11: memory of idle sessions, each with a standing GET stream, plain and TLS; what is left when
they have gone; how fast they open; and how much of the throughput 5,000 of them leave.

One client (this program) opens them one after another: initialize on one kept connection, then a new connection for the
stream. The opening rate is a floor: the client takes part of the time, with TLS most of it.
"""
import os
import re
import socket
import ssl
import tempfile
import time

from bench import (BUILD, Broken, INIT, LEGACY, Target, compare, json, measure, node, open_files, ratio, row, start_mcp_time,
                   start_node, start_ours)
from part_http import certificate

FILES = 5000 + 1000
NO_CHECK = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
NO_CHECK.check_hostname, NO_CHECK.verify_mode = False, ssl.CERT_NONE


class Idle:
    """Sessions of one server, each with an open stream."""

    def __init__(self, server, tls=False):
        self.server, self.tls, self.held = server, tls, []
        self.control = self.connect()

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.server.port), 20)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return NO_CHECK.wrap_socket(s) if self.tls else s

    def ask(self, s, method, own=None, body=None, whole=True):
        """The head of the answer; its body is read when it has to be, a stream's is not."""
        head = "%s /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n" % (
            method, "text/event-stream" if method == "GET" else "application/json, text/event-stream")
        head += "Mcp-Session-Id: %s\r\n" % own if own else ""
        if body:
            text = json.dumps(body)
            head += "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)
        s.sendall((head + ("" if body else "\r\n")).encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.more(s)
        head, rest = got.split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        chunked = re.search(rb"(?i)transfer-encoding: *chunked", head)
        while whole and (len(rest) < int(length.group(1)) if length else chunked and not rest.endswith(b"0\r\n\r\n")):
            rest += self.more(s)
        return head.decode()

    def more(self, s):
        piece = s.recv(65536)
        if not piece:
            raise Broken("%s closed a connection with %d sessions open" % (self.server.name, len(self.held)))
        return piece

    def open(self, n):
        """n more; sessions a second."""
        begin = time.perf_counter()
        for _ in range(n):
            head = self.ask(self.control, "POST", body=INIT)
            own = re.search(r"(?i)mcp-session-id: *(\S+)", head)
            if not own:
                raise Broken("initialize answered %s with %d sessions open" % (head.split("\r\n")[0], len(self.held)))
            s = self.connect()
            head = self.ask(s, "GET", own.group(1), whole=False)
            if " 200 " not in head.split("\r\n")[0]:
                raise Broken("the stream of session %d: %s" % (len(self.held) + 1, head.split("\r\n")[0]))
            self.held.append((own.group(1), s))
        return n / (time.perf_counter() - begin)

    def alive(self):
        """Broken: a stream has ended. What has come (heartbeats) is dropped."""
        for _, s in self.held:
            s.setblocking(False)
            try:
                while s.recv(4096):
                    pass
                raise Broken("%s ended an idle stream" % self.server.name)
            except (BlockingIOError, ssl.SSLWantReadError):
                s.setblocking(True)

    def close(self):
        for own, s in self.held:
            s.close()
            self.ask(self.control, "DELETE", own)
        self.held = []


def memory_of(label, server, counts, target, tls=False):
    """Kilobytes a session at each count, over what the server holds after 20 that came and went."""
    idle = Idle(server, tls)
    idle.open(20)
    idle.close()
    time.sleep(1)
    before, each = server.rss(), []
    for n in counts:
        rate = idle.open(n - len(idle.held))
        time.sleep(1)
        idle.alive()
        each.append((server.rss() - before) / n)
        row("10 idle session, %s, %d" % (label, n), "%.1f kB" % each[-1], target)
        row("10   opening rate", "%.0f /s" % rate, "no target: one client, one after another")
    idle.close()
    time.sleep(3)
    row("10   RSS before / after they closed, %s" % label, "%d / %d kB" % (before, server.rss()),
        "most %.0f kB; %s of before" % (before + each[-1] * counts[-1], ratio(server.rss(), before)))


@measure
def idle_sessions_plain():
    open_files(FILES)
    memory_of("plain", start_ours("--sessions", "6000").wait(), (1000, 5000), "target <= 4 kB")


@measure
def idle_sessions_TLS():
    open_files(FILES)
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        memory_of("TLS", start_ours("--sessions", "6000", *certificate(folder)).wait(), (1000, 5000), "target <= 20 kB", True)


@measure
def idle_sessions_of_mcp_time():
    open_files(FILES)
    memory_of("mcp-time", start_mcp_time().wait(), (1000,), "peer")


@measure
def idle_sessions_of_sdk1():
    open_files(FILES)
    memory_of("sdk1", start_node("node_server.mjs").wait(), (1000,), "peer")


@measure
def throughput_beside_5000_idle_sessions():
    open_files(FILES)
    quiet, busy = start_ours("--sessions", "6000").wait(), start_ours("--sessions", "6000").wait()
    idle = Idle(busy)
    idle.open(5000)
    targets = [Target("none", quiet, "list_changes"), Target("5000", busy, "list_changes")]
    for c in (1, 16):
        got = compare(targets, c, rounds=5)
        none, many = got["none"], got["5000"]
        row("11 throughput kept with 5,000 idle sessions, c=%d" % c, ratio(many["rate"], none["rate"]),
            "target >= 0.8; %.0f of %.0f /s; CPU a request %.1f, %.1f us without: %s; p99 %.0f, %.0f us"
            % (many["rate"], none["rate"], many["cpu"], none["cpu"], ratio(many["cpu"], none["cpu"]), many["p99"], none["p99"]))
    idle.alive()


if __name__ == "__main__":
    print("== idle sessions")
    idle_sessions_plain()
    idle_sessions_TLS()
    idle_sessions_of_mcp_time()
    idle_sessions_of_sdk1()
    throughput_beside_5000_idle_sessions()
