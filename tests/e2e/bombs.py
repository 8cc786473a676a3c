"""bombs.py - texts that are small to send and costly to read: at most 50 ms a megabyte and 16 times their size in memory.

Each bomb goes to a server of its own by POST, then whole as one line to a process of its own on stdio; the answer must be
an answer or a refusal, and the process must still serve afterwards. Processor time and memory are those of the release build.
"""
import http.client
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import house

BINARY = os.path.join(house.ROOT, "build/gcc/higress-ops")
MB = 1 << 20
SIZE = 4 * MB - 4096
MS_A_MB, TIMES = 50, 16
HEAD, TAIL = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":', "}}"


def fill(piece, before="", after=""):
    room = SIZE - len(HEAD) - len(TAIL) - len(before) - len(after)
    return HEAD + before + (piece * (room // len(piece))) + after + TAIL


BOMBS = {
    "depth of arrays": fill("[", after="1"),
    "depth closed": HEAD + "[" * 900000 + "]" * 900000 + TAIL,
    "depth of objects": fill('{"a":', after="1"),
    "an array of numbers": fill("1,", "[", "1]"),
    "an array of empty arrays": fill("[],", "[", "[]]"),
    "an array of empty objects": fill("{},", "[", "{}]"),
    "an array of empty strings": fill('"",', "[", '""]'),
    "an array of nulls": fill("null,", "[", "null]"),
    "one object with many members": HEAD + "{" + ",".join('"k%d":1' % i for i in range(300000)) + "}" + TAIL,
    "one key again and again": fill('"a":1,', "{", '"a":1}'),
    "many objects with equal keys": fill('{"a":1,"a":2},', "[", "{}]"),
    "a long number": fill("9", "1"),
    "many long numbers": fill("9" * 400 + ",", "[", "1]"),
    "a huge exponent": fill("9", "1e"),
    "many huge exponents": fill("1e999999999,", "[", "1]"),
    "a long string": fill("a", '"', '"'),
    "escapes": fill("\\n", '"', '"'),
    "escaped pairs": fill("\\ud83d\\ude00", '"', '"'),
    "lone surrogates": fill("\\ud83d", '"', '"'),
    "escaped NULs": fill("\\u0000", '"', '"'),
    "blanks": fill(" ", after="1"),
    "an open string": HEAD + '"' + "a" * (SIZE - 100),
}


def peak(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))


def spent(pid):
    """Seconds of processor time: what others do on this machine does not count."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answers(text):
    message = json.loads(text)
    mcp.record("2025-11-25", None, message)
    return "result" in message or message.get("error", {}).get("code") in (-32700, -32600, -32602)


def by_post(text):
    """(answered well, seconds, memory over before)"""
    port = house.free_port()
    p = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:%d" % port], stdout=subprocess.DEVNULL)
    try:
        house.wait_for(port, p, "the server")
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Content-Type": "application/json"}
        say = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}'
        c.request("POST", "/mcp", say, headers)
        r = c.getresponse()
        r.read()
        headers["Mcp-Session-Id"] = r.getheader("Mcp-Session-Id")
        before, started = peak(p.pid), spent(p.pid)
        c.request("POST", "/mcp", text, headers)
        body = c.getresponse().read().decode()
        seconds, memory = spent(p.pid) - started, peak(p.pid) - before
        c.request("POST", "/mcp", '{"jsonrpc":"2.0","id":2,"method":"ping"}', headers)
        good = answers(body) and json.loads(c.getresponse().read()) == {"jsonrpc": "2.0", "id": 2, "result": {}}
        p.terminate()
        return good and p.wait(10) == 0, seconds, memory
    finally:
        p.kill()


def by_line(text):
    p = subprocess.Popen([BINARY, "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        p.stdin.write(b'{"jsonrpc":"2.0","id":0,"method":"ping"}\n')
        p.stdin.flush()
        p.stdout.readline()
        before, started = peak(p.pid), spent(p.pid)
        p.stdin.write(text.encode() + b"\n")
        p.stdin.flush()
        body = p.stdout.readline()
        seconds, memory = spent(p.pid) - started, peak(p.pid) - before
        p.stdin.write(b'{"jsonrpc":"2.0","id":2,"method":"ping"}\n')
        p.stdin.close()
        good = answers(body) and json.loads(p.stdout.readline()) == {"jsonrpc": "2.0", "id": 2, "result": {}}
        return good and p.wait(10) == 0, seconds, memory
    finally:
        p.kill()


def main():
    passed = failed = 0
    worst_ms = worst_times = 0.0
    for name, text in BOMBS.items():
        for way in (by_post, by_line):
            good, seconds, memory = min((way(text) for _ in range(3)), key=lambda x: (not x[0], x[1]))
            ms, times = seconds * 1000 / (len(text) / MB), memory / len(text)
            worst_ms, worst_times = max(worst_ms, ms), max(worst_times, times)
            if good and ms <= MS_A_MB and times <= TIMES:
                passed += 1
            else:
                failed += 1
                print("FAIL %s %s: %s, %.0f ms a MB, %.1f times its size" % (name, way.__name__, "answered" if good else
                      "NOT ANSWERED", ms, times))
    print("at most %.0f ms a MB (limit %d) and %.1f times the size (limit %d)" % (worst_ms, MS_A_MB, worst_times, TIMES))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
