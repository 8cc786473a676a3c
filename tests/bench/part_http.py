"""part_http.py - rows 2, 7, 8, 9: cold start over HTTP, a cheap local call at c=1, 16, 64 in both eras, and a call with one
upstream GET at c=16, beside nginx `return 200`, mcp-time, mcp-prometheus and the TypeScript SDK's servers.

nginx is asked with the same requests by the same client. CPU is user and system time of the server process over its requests.
"""
import base64
import http.client
import os
import socket
import ssl
import statistics
import subprocess
import tempfile
import time

from bench import (BINARY, BUILD, INIT, LEGACY, MODERN, NONE, TOP, Broken, Server, Target, compare, free_port, measure, node,
                   own_environment, peer, ratio, row, start_console, start_mcp_time, start_nginx, start_node, start_ours)
from bench import json as js

AUTHORIZATION = "Basic " + base64.b64encode(b"admin:bench-pw-1").decode()
METRICS = "return 200 '{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}';"
QUERY = '{"promql":"up"}'


def figures(f):
    slow = ", %.0f TIMED OUT" % f["timeout"] if f["timeout"] else ""
    return "p50 %.0f, p99 %.0f, CPU %.1f us%s" % (f["p50"], f["p99"], f["cpu"], slow)


def print_local(c, got):
    nginx, go, one, two = got["nginx"], got["mcp-time"], got["sdk1"], got["sdk2"]
    for era, npm, name in ((LEGACY, one, "sdk1"), (MODERN, two, "sdk2")):
        ours = got[era]
        row("7 list_changes (SQLite), %s, c=%d" % (era, c), "%.0f /s" % ours["rate"],
            "nginx %s (target >= 0.5); mcp-time %s (>= 2); %s %s (>= 20)"
            % (ratio(ours["rate"], nginx["rate"]), ratio(ours["rate"], go["rate"]), name, ratio(ours["rate"], npm["rate"])))
        row("7   CPU a request", "%.1f us" % ours["cpu"], "nginx %.1f: %s (target <= 2.5); mcp-time %.1f, %s %.1f us"
            % (nginx["cpu"], ratio(ours["cpu"], nginx["cpu"]), go["cpu"], name, npm["cpu"]))
        row("8   p50 / p99", "%.0f / %.0f us" % (ours["p50"], ours["p99"]),
            "p99: mcp-time %s (target <= 0.4 at c=64), nginx %s; %s"
            % (ratio(ours["p99"], go["p99"]), ratio(ours["p99"], nginx["p99"]),
               "%.0f TIMED OUT" % ours["timeout"] if ours["timeout"] else "no time-outs"))
    for name in ("nginx", "nginx GET", "mcp-time", "sdk1", "sdk2"):
        row("    %s, c=%d" % (name, c), "%.0f /s" % got[name]["rate"], figures(got[name]))


@measure
def local_calls():
    ours, go = start_ours().wait(), start_mcp_time().wait()
    one, two = start_node("node_server.mjs").wait(), start_node("node_modern.mjs", "bench-peers").wait()
    nginx = start_nginx().wait()
    targets = [Target("nginx", nginx, "echo", NONE), Target("nginx GET", nginx),
               Target(LEGACY, ours, "list_changes"), Target(MODERN, ours, "list_changes", MODERN),
               Target("mcp-time", go, "current_time"), Target("sdk1", one, "echo"), Target("sdk2", two, "echo", MODERN)]
    for c in (1, 16, 64):
        print_local(c, compare(targets, c))


@measure
def calls_with_one_upstream_GET():
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        console = start_console(folder)
        ours = start_ours(**console.env).wait()
        path = "/v1/routes/default"
        npm = start_node("node_server.mjs", BENCH_UPSTREAM=console.env["HIGRESS_OPS_URL"] + path,
                         BENCH_AUTHORIZATION=AUTHORIZATION).wait()
        metrics = start_nginx(METRICS).wait()
        port = free_port()
        go = Server([peer("mcp-prometheus"), "--port", str(port), "--url", "http://127.0.0.1:%d" % metrics.port], port).wait()
        args = '{"kind":"route","name":"default"}'
        targets = [Target("raw", console, path=path, headers=["Authorization: " + AUTHORIZATION]),
                   Target(LEGACY, ours, "get_resource", args=args), Target(MODERN, ours, "get_resource", MODERN, args=args),
                   Target("go", go, "query", args=QUERY), Target("sdk1", npm, "get")]
        before = console.cpu(), ours.cpu()
        got = compare(targets, 16)
        share = (console.cpu() - before[0]) / (ours.cpu() - before[1])
        raw, go, npm = got["raw"], got["go"], got["sdk1"]
        for era in (LEGACY, MODERN):
            row("9 get_resource (1 upstream GET), %s, c=16" % era, "%.0f /s" % got[era]["rate"],
                "%s; mcp-prometheus %s (target >= 3); sdk1 with fetch %s (>= 8); %s of the console asked directly"
                % (figures(got[era]), ratio(got[era]["rate"], go["rate"]), ratio(got[era]["rate"], npm["rate"]),
                   ratio(got[era]["rate"], raw["rate"])))
        row("    the console itself, GET, c=16", "%.0f /s" % raw["rate"], figures(raw) + "; shares the cores with the server")
        row("    mcp-prometheus, c=16", "%.0f /s" % go["rate"], figures(go) + "; its upstream is nginx")
        row("    sdk1 with fetch, c=16", "%.0f /s" % npm["rate"], figures(npm))


# -- cold start -------------------------------------------------------------------------------------------------------

def first_answer(argv, port, message, context=None, env=None):
    """Milliseconds from exec to the whole first answer, whose status must be 200."""
    begin = time.perf_counter()
    server = Server(argv, port, env)
    try:
        while True:
            try:
                s = socket.create_connection(("127.0.0.1", port), 10)
                break
            except OSError:
                if server.process.poll() is not None or time.perf_counter() - begin > 15:
                    raise Broken("%s does not listen" % server.name)
                time.sleep(0.0002)
        c = http.client.HTTPConnection("127.0.0.1", port)
        c.sock = context.wrap_socket(s) if context else s
        c.request("POST", "/mcp", js.dumps(message), {"Content-Type": "application/json",
                                                      "Accept": "application/json, text/event-stream"})
        status = c.getresponse().status
        took = (time.perf_counter() - begin) * 1e3
        c.close()
        if status != 200:
            raise Broken("%s answered %d" % (server.name, status))
        return took
    finally:
        server.stop()


def certificate(folder):
    files = [os.path.join(folder, name) for name in ("key.pem", "cert.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    return ["--tls-key", files[0], "--tls-certificate", files[1]]


@measure
def cold_start_over_HTTP():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        env, tls = own_environment(), certificate(folder)
        serve = lambda port: [BINARY, "serve", "--listen", "127.0.0.1:%d" % port]
        go = lambda port: [peer("mcp-time"), "--transport", "stream", "--address", "http://127.0.0.1:%d/mcp" % port]
        npm = lambda port: [node(), os.path.join(TOP, "build", "clients", "node_server.mjs"), str(port)]
        took = {}
        for name, argv, security, n in (("plain", serve, None, 15), ("TLS", lambda p: serve(p) + tls, context, 15),
                                        ("mcp-time", go, None, 15), ("sdk1", npm, None, 5)):
            ports = [free_port() for _ in range(n + 1)]
            took[name] = statistics.median([first_answer(argv(p), p, INIT, security, env) for p in ports][1:])
        row("2 cold start HTTP, exec to the first 200, plain", "%.1f ms" % took["plain"],
            "target <= 20 ms; mcp-time %.1f ms: %s, sdk1 %.0f ms" % (took["mcp-time"], ratio(took["plain"], took["mcp-time"]),
                                                                   took["sdk1"]))
        row("2 cold start HTTP, exec to the first 200, TLS", "%.1f ms" % took["TLS"],
            "target <= 30 ms, the client's handshake included")


if __name__ == "__main__":
    print("== HTTP")
    cold_start_over_HTTP()
    local_calls()
    calls_with_one_upstream_GET()
