"""part_upstream.py - rows 3 and 6: get_resource over stdio against the embedded console: what a call adds to the raw GET,
client, server and console on one core, and the memory; beside mcp-prometheus (the Go SDK), whose upstream is nginx."""
import os
import tempfile

from bench import (BINARY, BUILD, Target, call_line, compare, measure, micros, peer, ratio, row, start_console, start_nginx,
                   stdio)
from part_http import AUTHORIZATION, METRICS, QUERY


@measure
def a_call_with_one_upstream_GET():
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        console, metrics = start_console(folder), start_nginx(METRICS).wait()
        raw = compare([Target("raw", console, path="/v1/routes/default", headers=["Authorization: " + AUTHORIZATION])], 1)["raw"]
        call = call_line("get_resource", '{"kind":"route","name":"default"}')
        runs = [stdio(["calls", 2000, call], [BINARY, "stdio"], **console.env) for _ in range(3)]
        ours = sorted(runs, key=lambda r: r["p50"])[1]
        go = stdio(["calls", 2000, call_line("query", QUERY)],
                   [peer("mcp-prometheus"), "--url", "http://127.0.0.1:%d" % metrics.port])
        raw_go = compare([Target("raw", metrics, path="/api/v1/query?query=up")], 1)["raw"]
        added, added_go = ours["p50"] - raw["p50"], go["p50"] - raw_go["p50"]
        row("6 get_resource over stdio, p50 / p99", micros(ours),
            "raw GET %.0f us: %.0f us on top (target <= 80); mcp-prometheus %.0f us on top: %s (target <= 0.2)"
            % (raw["p50"], added, added_go, ratio(added, added_go)))
        row("3 RSS after the first upstream call", "%.0f kB" % ours["rss_kb"],
            "target <= 12288 kB; mcp-prometheus %.0f kB" % go["rss_kb"])
        row("3 RSS growth by 2000 calls / and 2000 with 64 under way / a second later",
            "%+.0f / %+.0f / %+.0f kB" % tuple(ours["rss_%s_kb" % when] - ours["rss_kb"] for when in ("one", "after", "calm")),
            "target <= 1024 kB; mcp-prometheus %+.0f / %+.0f / %+.0f kB"
            % tuple(go["rss_%s_kb" % when] - go["rss_kb"] for when in ("one", "after", "calm")))


if __name__ == "__main__":
    print("== calls with one upstream GET over stdio, all on one core")
    os.sched_setaffinity(0, {0})
    a_call_with_one_upstream_GET()
