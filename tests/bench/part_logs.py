"""part_logs.py - lines of logs: a file of 1 GB searched beside grep -F and counted; of three pods merged and filtered, by CPU; and how
long a line of a file, and of a pod behind a real kube-apiserver, takes until a client that follows has it."""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from bench import BINARY, HERE, TOP, Broken, measure, own_environment, program, ratio, row

sys.path.insert(0, os.path.join(HERE, "../kube"))
LINES = 100000
GB = 10**9
ABSENT = "/service-77/orders/no-such-order"


def write_log(path, size):
    """Lines like those of a gateway with 200 routes, over and over until there are so many bytes."""
    import logs
    lines = "".join(logs.record(time.time(), path="/service-%d/orders/%d?page=%d&k=v" % (i % 200, i * 7919, i % 9),
                                response_code="503" if i % 50 == 0 else "200", duration=str(i * 13 % 900), route_name="r%d" % (i % 200),
                                request_id="0b1f2c3d-4e5f-6789-abcd-ef01%08d" % i, user_agent="Mozilla/5.0 (X11; Linux x86_64) "
                                "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36") + "\n" for i in range(10000))
    with open(path, "w") as f:
        for _ in range(size // len(lines) + 1):
            f.write(lines)
    return os.path.getsize(path)


def cpu_of(argv, env=None):
    """Seconds of user and system time of a command, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


@measure
def long_file():
    with tempfile.TemporaryDirectory() as d:
        path, env, mine, grep, counts = os.path.join(d, "access.log"), own_environment(), [], [], []
        size = write_log(path, GB)

        def counted(*by):
            took, said = cpu_of([BINARY, "call", "--json", "--access-log", path, "analyze_traffic", json.dumps({"by": by})], env)
            return json.loads(said)["window"]["bytes_read"] / took / 1e6

        for _ in range(5):
            took, said = cpu_of([BINARY, "call", "--json", "--access-log", path, "tail_logs", json.dumps({"text": ABSENT})], env)
            if json.loads(said)["lines"] or "cursor" in json.loads(said):
                raise Broken("not all of it was searched: " + said[:200])
            mine.append(took)
            grep.append(cpu_of(["grep", "-F", "-c", ABSENT, path])[0])
            counts.append((counted("route", "status"), counted("path", "status")))
        mine, grep = statistics.median(mine), statistics.median(grep)
        row("17 words that are nowhere in a log of 1 GB", "%.1f GB/s" % (size / mine / 1e9),
            "CPU, whole command; grep -F %.1f GB/s, target >= it: %s" % (size / grep / 1e9, ratio(grep, mine)))
        routes, paths = (statistics.median(c) for c in zip(*counts))
        row("counts of 64 MiB of it by route and status", "%.0f MB/s" % routes,
            "CPU, whole command; target >= 400; by path, which is masked and folded, and status %.0f MB/s" % paths)


@measure
def merged_and_filtered():
    out = subprocess.run([program("log_bench"), str(LINES)], capture_output=True, text=True, timeout=300, check=True).stdout
    said = dict(line.split() for line in out.splitlines())
    row("%d lines of 3 pods merged and filtered" % LINES, said["both"] + " MB/s",
        "CPU; target >= 200; merged alone %s MB/s, %s rows" % (said["merge"], said["rows"]))


def delays(config, env, write, count=60):
    """Seconds from a line's writing to its notification, by a client over stdio; the first ones, until it follows, are left out."""
    p = subprocess.Popen([BINARY, "stdio", "--config", config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, env=env)
    came = {}

    def read():
        for line in p.stdout:
            if "/n/" in line and "notifications/progress" in line:
                came.setdefault(int(line.split("/n/")[1].split()[0]), time.perf_counter())

    threading.Thread(target=read, daemon=True).start()
    for message in ({"id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {},
                                                                 "clientInfo": {"name": "b", "version": "1"}}},
                    {"method": "notifications/initialized"},
                    {"id": 1, "method": "tools/call", "params": {"name": "tail_logs", "arguments": {"follow": 30},
                                                                 "_meta": {"progressToken": "p"}}}):
        p.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        p.stdin.flush()
    written = {}
    for n in range(2000):
        written[n] = time.perf_counter()
        write(n)
        time.sleep(0.06)
        if len(came) >= count:
            break
    p.kill()
    p.wait()
    took = sorted(came[n] - written[n] for n in came)
    return took[len(took) // 2], took[len(took) * 95 // 100]


def tell(what, took, more):
    row("a line of %s until it is told" % what, "%.1f ms" % (took[0] * 1e3), "target <= 50; p95 %.1f ms; %s" % (took[1] * 1e3, more))


@measure
def followed_file():
    import logs
    with tempfile.TemporaryDirectory() as d:
        path, config = os.path.join(d, "access.log"), os.path.join(d, "ops.yaml")
        open(path, "w").close()
        with open(config, "w") as f:
            f.write("envoy: {access_log: %s}\n" % path)

        def write(n):
            with open(path, "a") as f:
                f.write(logs.record(time.time(), path="/n/%d" % n) + "\n")

        tell("a file", delays(config, dict(os.environ, HIGRESS_OPS_STATE=d + "/state"), write), "it is looked at every 20 ms")


@measure
def followed_pods():
    import logs
    import rig
    if not os.path.exists(os.path.join(rig.PROGRAMS, "apiserver")):
        row("a line of a pod until it is told", "absent", "make kube builds an API server, once a machine")
        return
    c = rig.Cluster()
    try:
        g = logs.Gateway(c)
        config = c.write("ops.yaml", "kubernetes: {kubeconfig: %s, namespace: higress-system}\n" % c.token_config("admin"))

        def write(n):
            g.logs[n % 3].write((time.time(), logs.record(time.time(), path="/n/%d" % n)))

        tell("one of 3 pods", delays(config, dict(os.environ, HIGRESS_OPS_STATE=c.path("state")), write),
             "the kubelet double looks every 5 ms")
    finally:
        c.stop()


if __name__ == "__main__":
    print("== logs")
    sys.argv[1:] = [os.path.relpath(os.path.dirname(BINARY), TOP)]  # what logs.py takes
    long_file()
    merged_and_filtered()
    followed_file()
    followed_pods()
