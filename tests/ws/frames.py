"""frames.py - our WebSocket client against a server of bytes: every rule that a server can break, every way a connection or
an upgrade can end. `N passed, N failed`."""
import socket
import struct
import time

from rig import Proxy, Server, clean, closing, end, find, frame, holds, messages, talk

READ = [{"read": 20}]


def broken(words, sent, code, said):
    """The client closes with that code, says so in words, and what came before is still read."""
    with Server(lambda sock, reader: (sock.sendall(frame(1, b"before") + sent), reader.closed_with())[1]) as server:
        events = talk("ws://127.0.0.1:%d/" % server.port, READ, max_message=1000)
        saw = server.result()
    failed = find(events, "failed")
    holds("%s: closes with %d" % (words, code), saw == code, saw)
    holds("%s: says %s" % (words, said), said in failed.get("error", "") and failed.get("kind") == "net", events)
    holds("%s: what came before is read" % words, messages(events) == ["before"] and clean(events), events)


def broken_rules():
    broken("masked frame", frame(1, b"x", mask=b"abcd"), 1002, "masked a frame")
    broken("first reserved bit", frame(1, b"x", rsv=4), 1002, "reserved bits")
    broken("last reserved bit", frame(9, b"x", rsv=1), 1002, "reserved bits")
    for opcode in (3, 7, 11, 15):
        broken("opcode %d" % opcode, frame(opcode, b""), 1002, "unknown opcode %d" % opcode)
    broken("ping in fragments", frame(9, b"x", fin=False), 1002, "control frame in fragments")
    broken("long ping", frame(9, b"x" * 126), 1002, "more than 125 bytes")
    broken("continuation of nothing", frame(0, b"x"), 1002, "had not begun")
    broken("message within fragments", frame(1, b"x", fin=False) + frame(2, b"y"), 1002, "within another one's fragments")
    broken("text that is no UTF-8", frame(1, b"a\xff"), 1007, "no UTF-8")
    broken("text cut in a character", frame(1, b"\xe2\x82"), 1007, "no UTF-8")
    broken("surrogate", frame(1, b"\xed\xa0\x80"), 1007, "no UTF-8")
    broken("bad fragment, said at once", frame(1, b"\xff\xff\xff\xff", fin=False), 1007, "no UTF-8")
    broken("large message", frame(2, b"x" * 1001), 1009, "more than 1000 bytes")
    broken("large in fragments", frame(2, b"x" * 600, fin=False) + frame(0, b"x" * 600), 1009, "more than 1000 bytes")
    broken("length of 2^63", b"\x82\x7f" + b"\xff" * 8, 1009, "more than 1000 bytes")
    broken("close of one byte", frame(8, b"x"), 1002, "close frame of one byte")
    broken("reason that is no UTF-8", closing(1000, b"\xff"), 1007, "no UTF-8")
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535):
        broken("close %d" % code, closing(code), 1002, "closed with %d" % code)


def closes():
    for code in [c for c in range(1000, 1015) if c not in (1004, 1005, 1006)] + [3000, 3999, 4000, 4999]:
        with Server(lambda sock, reader, code=code: (sock.sendall(closing(code, b"so \xe2\x82\xac")), reader.closed_with())[1]) as s:
            events = talk("ws://127.0.0.1:%d/" % s.port, READ)
            saw = s.result()
        closed = find(events, "closed")
        holds("close %d is read and answered" % code,
              closed.get("code") == code and closed.get("reason") == "so €" and saw == code, (events, saw))
    with Server(lambda sock, reader: (sock.sendall(frame(8)), reader.closed_with())[1]) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, READ)
        holds("close without a code", find(events, "closed").get("code") == 1005 and s.result() == 1005, events)
    with Server(lambda sock, reader: (sock.sendall(closing(1000) + frame(1, b"late")), reader.closed_with())[1]) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, READ)
        holds("what comes behind a close is not read", messages(events) == [] and s.result() == 1000, events)
    with Server(lambda sock, reader: (sock.sendall(closing(1001)), reader.closed_with(), time.sleep(3))[1]) as s:
        began = time.monotonic()
        events = talk("ws://127.0.0.1:%d/" % s.port, READ)
        holds("a server that leaves the connection open is hung up on",
              find(events, "closed").get("code") == 1001 and time.monotonic() - began < 2.9, events)


def our_closes():
    for code, want in ((1000, 1000), (3000, 3000), (4999, 4999), (1005, 1005), (0, 1005)):
        def serve(sock, reader):
            opcode, payload = reader.frame()
            sock.sendall(frame(opcode, payload))
            return struct.unpack(">H", payload[:2])[0] if payload else 1005
        with Server(serve) as s:
            events = talk("ws://127.0.0.1:%d/" % s.port, [{"close": code, "reason": "bye"}, {"state": 1}, {"read": 1}])
            holds("our close %d" % code, s.result() == want and find(events, "close answered") != {} and
                  find(events, "closed").get("code") == want, events)
    with Server(lambda sock, reader: (reader.frame(), sock.sendall(frame(1, b"meanwhile")), sock.sendall(closing(1000)))[0]) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, [{"close": 1000, "reason": "é" * 100}, {"read": 1}])
        opcode, payload = s.result()
        holds("a long reason is cut on a character", opcode == 8 and payload[2:].decode() == "é" * 61, payload)
        holds("messages behind our close are dropped", messages(events) == [] and find(events, "closed"), events)
    with Server(lambda sock, reader: (reader.frame(), time.sleep(2))[0]) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, [{"close": 1000, "timeout": 0.3}, {"write": "x"}, {"ping": 1}, {"read": 1}])
        holds("a close that is not answered", find(events, "close unanswered") != {} and
              find(events, "closed").get("code") == 0, events)
        holds("nothing is written behind it", "nothing more can be sent" in find(events, "unwritten").get("error", "") and
              find(events, "unpinged") != {} and clean(events), events)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def losses():
    def lost(words, serve, said):
        with Server(serve) as s:
            events = talk("ws://127.0.0.1:%d/x?ticket=verysecret" % s.port, [{"read": 5}, {"write": "x"}])
            error = find(events, "failed").get("error", "")
            holds(words, said in error and "verysecret" not in error and clean(events), events)
            holds("%s: writing says the same" % words, find(events, "unwritten").get("error") == error, events)
    lost("ends without a close", lambda sock, reader: None, "ended the connection without a close")
    lost("ends within a frame", lambda sock, reader: sock.sendall(frame(1, b"hello")[:4]), "without a close")
    lost("ends within fragments", lambda sock, reader: sock.sendall(frame(1, b"he", fin=False)), "without a close")
    lost("reset", lambda sock, reader: (time.sleep(0.1), reset(sock)), "reset")


def pieces():
    """Slow servers: a byte at a time, and nothing at all."""
    def drip(sock, reader):
        for b in frame(1, b"slow \xe2\x82\xac", fin=False) + frame(9, b"x") + frame(0, b"!"):
            sock.sendall(bytes([b]))
            time.sleep(0.005)
        return reader.frame()
    with Server(drip) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, [{"read": 1}, {"read": 1, "within": 0.3}, {"state": 1}])
        holds("byte by byte", messages(events) == ["slow €!"] and s.result() == (10, b"x"), events)
        holds("a ping is noted", find(events, "state").get("pinged") is True, events)
    with Server(lambda sock, reader: reader.closed_with()) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, [{"read": 1, "within": 0.2}, {"write": "still"}, {"state": 1}])
        holds("nothing within the time: the connection stands", find(events, "quiet") != {} and
              find(events, "state").get("ended") is False and not find(events, "unwritten"), events)
    with Server(lambda sock, reader: reader.closed_with()) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, [{"cancel": 0.1}, {"state": 1}, {"write": "still"}, {"cut": 0.1}])
        first = find(events, "failed")
        holds("cancelled: the connection stands", first.get("kind") == "gone" and find(events, "state").get("ended") is False, events)
        holds("freed under a reader", "given up" in [e for e in events if e["event"] == "failed"][-1]["error"] and clean(events),
              events)


def floods():
    def ping(sock, reader):
        sock.sendall(b"".join(frame(9, b"%d" % i) for i in range(100000)) + frame(1, b"after"))
        while True:
            opcode, payload = reader.frame()
            if opcode == 10 and payload == b"99999":
                sock.sendall(closing(1000))
                return reader.closed_with()
    with Server(ping) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, [{"read": 2}])
        holds("100,000 pings: the newest is answered", messages(events) == ["after"] and s.result() == 1000, events)

    def small(sock, reader):
        sock.settimeout(1)
        sent = 0
        try:
            while sent < 40 << 20:
                sent += sock.send(frame(2, b"") * 4096)
        except OSError:
            pass
        return sent
    with Server(small) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, [{"nap": 1.5}, {"state": 1}])
        holds("empty messages that nobody reads stop the socket", s.result() < 39 << 20 and clean(events), s.saw)


def upgrades():
    def answer(words, reply, said, status=0, **options):
        def serve(sock, reader):
            _, headers = reader.head()
            sock.sendall(reply(headers) if callable(reply) else reply)
            time.sleep(0.05)
        with Server(serve, upgrade=False) as s:
            events = talk("ws://127.0.0.1:%d/path?ticket=verysecret" % s.port,
                          headers={"Authorization": "Bearer tokenofmine"}, timeout=3, **options)
        failed = find(events, "not open")
        error = failed.get("error", "")
        holds(words, said in error and failed.get("status") == status and clean(events), events)
        holds("%s: no secret is quoted" % words, "verysecret" not in error and "tokenofmine" not in error, error)
    right = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    answer("wrong accept", (right + "AAAA\r\n\r\n").encode(), "does not fit the key")
    answer("no accept", b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "does not fit the key")
    answer("101 to another protocol", b"HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "to no WebSocket")
    for status, more, said in ((301, "Location: http://other/y?k=verysecret\r\n", "301 Moved (to http://other/y; redirects"),
                               (401, "WWW-Authenticate: Bearer\r\n", "401 Moved: no verysec"),
                               (429, "Retry-After: 17\r\n", "429 Moved (Retry-After: 17): no"),
                               (503, "", "503 Moved: no"), (407, "", "407 Moved: no"), (200, "", "200 Moved: no")):
        said = "401 Moved: no" if status == 401 else said
        body = "no verysecret, no tokenofmine"
        answer("%d" % status, ("HTTP/1.1 %d Moved\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)).encode(),
               said, status)
        answer("%d, body until the end" % status, ("HTTP/1.1 %d Moved\r\n%s\r\n%s" % (status, more, body)).encode(), said, status)
    answer("403 in chunks", b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nway\r\n0\r\n\r\n", "403 No: way", 403)
    answer("403 whose body never ends", b"HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nhalf", "403 No: half", 403)
    answer("403 with an empty body", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "answered 403 Forbidden", 403)
    answer("no HTTP", b"220 mail ready\r\n", "does not speak HTTP")
    answer("nothing", b"", "without a close")
    answer("endless head", b"HTTP/1.1 101 S\r\n" + b"X: y\r\n" * 4000, "too large")
    with Server(lambda sock, reader: (reader.head(), time.sleep(1.5)), upgrade=False) as s:
        events = talk("ws://127.0.0.1:%d/" % s.port, timeout=0.4)
        holds("no answer in time", "did not answer the upgrade in time" in find(events, "not open").get("error", ""), events)
        events = talk("ws://127.0.0.1:%d/" % s.port, cancel=0.2)
        holds("cancelled while it waits", find(events, "not open").get("kind") == "gone" and clean(events), events)
    events = talk("ws://127.0.0.1:%d/" % s.port)
    holds("nobody there", "connection refused" in find(events, "not open").get("error", ""), events)
    events = talk("ws://name.invalid/?ticket=verysecret")
    holds("no such name", "has no address" in find(events, "not open").get("error", "") and "verysecret" not in str(events), events)


def proxies():
    with Server(lambda sock, reader: (sock.sendall(frame(1, b"through")), reader.closed_with())[1]) as s:
        url = "ws://127.0.0.1:%d/x" % s.port
        with Proxy() as p:
            events = talk(url, [{"read": 1}, {"close": 1000, "timeout": 0.2}], proxy="http://127.0.0.1:%d" % p.port)
            holds("through a proxy", messages(events) == ["through"] and
                  p.asked == ["CONNECT 127.0.0.1:%d HTTP/1.1" % s.port], (events, p.asked))
        with Proxy("user:pass word") as p:
            events = talk(url, [{"read": 1}], proxy="http://user:pass%%20word@127.0.0.1:%d" % p.port)
            holds("through a proxy that wants a password", messages(events) == ["through"], events)
            events = talk(url, [{"read": 1}], proxy="http://user:wrongword@127.0.0.1:%d" % p.port)
            error = find(events, "not open").get("error", "")
            holds("407 of a proxy", "the proxy http://127.0.0.1:%d" % p.port in error and "with 407" in error and
                  "wrongword" not in error, events)
    events = talk(url, proxy="http://127.0.0.1:%d" % p.port)
    holds("a proxy that is not there", "through the proxy" in find(events, "not open").get("error", "") and
          "refused" in find(events, "not open").get("error", ""), events)


def traces():
    with Server(lambda sock, reader: (sock.sendall(frame(1, b"contentofit")), sock.sendall(closing(4001, b"no verysecret")))) as s:
        events = talk("ws://127.0.0.1:%d/x?ticket=verysecret" % s.port, READ, trace="all",
                      headers={"Authorization": "Bearer tokenofmine"})
        text = find(events, "trace")["text"]
        holds("traced: opened, bytes, closed", all(w in text for w in ("is open", "11 bytes came", "closes with 4001")), text)
        holds("nothing secret is traced", not any(w in text for w in ("verysecret", "tokenofmine", "contentofit")), text)
        holds("nor in the reason of a close", "verysecret" not in find(events, "closed").get("reason", "verysecret"), events)


broken_rules()
closes()
our_closes()
losses()
pieces()
floods()
upgrades()
proxies()
traces()
end()
