"""part_explain.py - explain_request: one request over 10,000 and 100,000 routes, once they are loaded, and the whole call."""
import os
import re
import subprocess
import sys
import tempfile
import time

from bench import BINARY, BUILD, HERE, TOP, Broken, measure, own_environment, row, start_console

PROGRAM = os.path.join(TOP, "build", "gcc", "explain")


@measure
def choice_of(n):
    out = subprocess.run([PROGRAM, "--bench", str(n)], capture_output=True, text=True, check=True).stdout
    found = re.search(r"load (\d+) us, request p50 (\d+) us, p99 (\d+) us", out)
    if not found:
        raise Broken(out)
    load, p50, p99 = (int(x) / 1e3 for x in found.groups())
    row("explain_request, the choice among %d routes" % n, "%.2f ms" % p50,
        "target <= 5 at 100,000; p99 %.2f ms, load and sort %.0f ms" % (p99, load))


@measure
def call_over(n):
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        subprocess.run([sys.executable, os.path.join(HERE, "routes.py"), str(n), folder], check=True)
        console = start_console(folder)
        for _ in range(2):  # the console reads its folder at the first
            begin = time.perf_counter()
            got = subprocess.run([BINARY, "call", "--json", "explain_request", '{"path":"/shop/77"}'],
                                 env=own_environment(**console.env), capture_output=True, text=True, check=True)
        row("explain_request, a whole command over %d routes" % n, "%.0f ms" % ((time.perf_counter() - begin) * 1e3),
            "with reading them; answer %d B" % len(got.stdout))


print("== explain")
subprocess.run(["make", "-s", "-C", TOP, "build/gcc/explain"], check=True)
for routes in (10000, 100000):
    choice_of(routes)
for routes in (10000, 100000):
    call_over(routes)
