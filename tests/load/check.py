"""check.py SERVER - idle streams, stalled clients and clients that leave, against tests/load/server.c.

Prints each figure beside its bound; the last line is "N passed, N failed"."""
import resource, socket, statistics, subprocess, sys, time

STREAMS, STALLED, LEAVING, ASKED = 1000, 300, 500, 300
results = []


def check(name, value, bound, unit):
    results.append(value <= bound)
    print(f"{'ok   ' if value <= bound else 'FAIL '} {name}: {value:.2f} {unit} (at most {bound:.2f})")


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def ask(s):
    s.sendall(b"GET /n HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = b""
    while b"}" not in answer:
        piece = s.recv(4096)
        if not piece:
            raise RuntimeError("the server closed the connection")
        answer += piece
    return answer


def latency(port):
    s, times = connect(port), []
    for _ in range(ASKED):
        start = time.perf_counter()
        ask(s)
        times.append((time.perf_counter() - start) * 1e3)
    s.close()
    return statistics.median(times)


def memory(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def streams(port, pid):
    before, held = memory(pid), []
    for _ in range(STREAMS):
        s = connect(port)
        s.sendall(b"GET /idle HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n"
                  b"Mcp-Session-Id: 0123456789abcdef0123456789abcdef\r\n\r\n")
        s.recv(4096)
        held.append(s)
    time.sleep(0.2)
    check("memory of an idle stream", (memory(pid) - before) / STREAMS, 4, "kB")
    for s in held:
        s.close()
    time.sleep(1.5)
    check("memory kept after they closed", memory(pid) / before, 1.25, "of before")
    s = connect(port)
    check("streams the server believes in", float(b'"streams":0}' not in ask(s)), 0, "wrong")
    s.close()


def stalled(port, quiet):
    held = []
    for i in range(STALLED):
        s = connect(port)
        s.sendall([b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"][i % 2])
        held.append(s)
    for i in range(LEAVING):
        s = connect(port)
        s.sendall([b"GET /idle HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /n HTTP/1.1\r\nHo"][i % 2])
        s.close()
    # A hung or spinning server is far beyond either bound; a busy machine is not.
    check("latency beside stalled clients", latency(port), max(3 * quiet, 10), "ms")
    for s in held:
        s.close()


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if 0 < hard < 8192 else 8192, hard))
    server = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline())
        quiet = latency(port)
        streams(port, server.pid)
        stalled(port, quiet)
    finally:
        server.terminate()
    check("exit status", float(server.wait(10)), 0, "")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


main()
