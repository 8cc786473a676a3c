"""part_plane.py - the embedded control plane over 10,000 and 100,000 routes: start, list, write, memory, beside their floors.

The folder is what the real console leaves: an Ingress a route, and a rule for each in key-auth.internal. fsync is on.
"""
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bench import BINARY, BUILD, HERE, Broken, measure, row
from part_http import AUTHORIZATION

HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
PLUGIN = """apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata:
  labels:
    higress.io/resource-definer: higress
  name: key-auth.internal
  namespace: higress-system
  resourceVersion: "1000000"
spec:
  defaultConfigDisable: true
  failStrategy: FAIL_OPEN
  matchRules:
%s  phase: AUTHN
  priority: 310
  url: oci://example.com/key-auth:1.0.0
status: {}
"""


def fsync_floor(folder):
    """Median of one small file written and synced, in milliseconds."""
    times = []
    path = os.path.join(folder, ".floor")
    for _ in range(50):
        begin = time.perf_counter()
        with open(path, "wb") as f:
            f.write(b"x" * 800)
            f.flush()
            os.fsync(f.fileno())
        times.append(time.perf_counter() - begin)
    os.unlink(path)
    return statistics.median(times) * 1e3


def resident(pid, field="VmRSS"):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field))


def start(folder):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    begin = time.perf_counter()
    server = subprocess.Popen([BINARY, "console", "--data", folder, "--listen", "127.0.0.1:%d" % port],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/healthz/ready")
            connection.getresponse().read()
            return server, connection, time.perf_counter() - begin
        except OSError:
            if server.poll() is not None:
                raise Broken("the console did not start")
            time.sleep(0.005)


def ask(connection, method, path, body=None):
    begin = time.perf_counter()
    connection.request(method, path, json.dumps(body) if body is not None else None, HEADERS)
    answer = connection.getresponse()
    text = answer.read()
    took = time.perf_counter() - begin
    if answer.status >= 300:
        raise Broken("%s %s: %d %s" % (method, path, answer.status, text[:200]))
    return text, took


def run(n, folder):
    subprocess.run([sys.executable, os.path.join(HERE, "routes.py"), str(n), folder], check=True)
    os.makedirs(os.path.join(folder, "wasmplugins"))
    names = sorted("route-%d" % i for i in range(n))
    rules = "".join("  - config: {}\n    configDisable: true\n    ingress:\n    - %s\n" % name for name in names)
    with open(os.path.join(folder, "wasmplugins", "key-auth.internal.yaml"), "w") as f:
        f.write(PLUGIN % rules)
    server, connection, ready = start(folder)
    try:
        target = ", target <= 1000: x%.2f" % ready if n <= 10000 else ""
        row("%d routes: start to the first answer" % n, "%.0f ms" % (ready * 1e3), "YAML read, all in memory" + target)
        user = {"name": "admin", "displayName": "a", "password": "bench-pw-1"}
        ask(connection, "POST", "/system/init", {"adminUser": user, "configs": {}})
        lists = [ask(connection, "GET", "/v1/routes") for _ in range(7 if n <= 10000 else 4)]
        size = len(lists[0][0])
        rate = size / statistics.median(took for _, took in lists[1:]) / 1e6
        row("%d routes: GET list, %.1f MB" % (n, size / 1e6), "%.0f MB/s" % rate,
            "first %.0f ms; target >= 200: x%.2f" % (lists[0][1] * 1e3, rate / 200))
        writes = []
        for i in range(200 if n <= 10000 else 40):
            path = "/v1/routes/route-%d" % (i * 7919 % n)
            route = json.loads(ask(connection, "GET", path)[0])["data"]
            route["path"]["matchValue"] = "/changed/%d" % i
            writes.append(ask(connection, "PUT", path, route)[1] * 1e3)
        first, rest = writes[0], sorted(writes[1:])
        floor = fsync_floor(folder)
        row("%d routes: PUT route, p50 / p99" % n, "%.2f / %.2f ms" % (rest[len(rest) // 2], rest[int(len(rest) * .99)]),
            "one fsync %.2f ms: x%.1f; first PUT %.0f ms; target p50 <= 3: x%.2f"
            % (floor, rest[len(rest) // 2] / floor, first, rest[len(rest) // 2] / 3))
        memory = resident(server.pid)
        row("%d routes: RSS / peak" % n, "%d / %d kB" % (memory, resident(server.pid, "VmHWM")),
            "target <= 61440: x%.2f" % (memory / 61440) if n <= 10000 else "")
    finally:
        server.terminate()
        server.wait()


@measure
def plane_of(n):
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        run(n, folder)


print("== the embedded control plane, fsync on")
plane_of(10000)
plane_of(100000)
