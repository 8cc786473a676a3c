"""part_lists.py - row 12: list_routes with a filter over 10,000 and 100,000 routes, beside the raw list."""
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time

from bench import BINARY, BUILD, HERE, call_line, measure, row, start_console, stdio
from part_http import AUTHORIZATION


def fetch(port):
    begin = time.perf_counter()
    c = http.client.HTTPConnection("127.0.0.1", port)
    c.request("GET", "/v1/routes", headers={"Authorization": AUTHORIZATION})
    size = len(c.getresponse().read())
    return (time.perf_counter() - begin) * 1e3, size


@measure
def list_of(n, more):
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        subprocess.run([sys.executable, os.path.join(HERE, "routes.py"), str(n), folder], check=True)
        console = start_console(folder)
        fetch(console.port)
        raw = [fetch(console.port) for _ in range(3)]
        ours = stdio(["calls", 3, call_line("list_routes", '{"text":"route-77"}')], [BINARY, "stdio"], **console.env)
        base = statistics.median(took for took, _ in raw)
        row("12 list_routes with a filter over %d routes" % n, "%.0f ms" % (ours["p50"] / 1e3),
            "raw fetch %.0f ms of %.1f MB: %+.0f ms (target <= %d); RSS %.0f kB (target <= 16384); message %.0f B"
            % (base, raw[0][1] / 1e6, ours["p50"] / 1e3 - base, more, ours["rss_after_kb"], ours["answer_bytes"]))


print("== lists")
list_of(10000, 100)
list_of(100000, 700)
