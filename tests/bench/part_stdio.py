"""part_stdio.py - rows 1, 3, 4, 5: cold start, memory, latency on one core and pipelined calls, beside a C echo (the floor),
mcp-time (mcp-go) and the TypeScript SDK's servers."""
import os
import statistics

from bench import BINARY, BUILD, LIST, TOP, call_line, measure, micros, node, peer, ratio, row, stdio

OURS, FLOOR = [BINARY, "stdio"], [os.path.join(BUILD, "echo")]


def sdk():
    return [node(), os.path.join(TOP, "build", "clients", "node_server.mjs")]


def sdk2():
    return [node(), os.path.join(TOP, "build", "bench-peers", "node_modern.mjs")]


@measure
def cold_start():
    programs = {"echo": FLOOR, "ours": OURS, "go": [peer("mcp-time")], "one": sdk(), "two": sdk2()}
    runs = {name: [] for name in programs}
    for _ in range(5):
        for name, argv in programs.items():
            runs[name].append(stdio(["cold", 1 if name in ("one", "two") else 5], argv))
    took = {name: statistics.median(r["med"] for r in some) for name, some in runs.items()}
    rss = {name: some[-1]["rss_kb"] for name, some in runs.items()}
    row("1 cold start stdio, exec to initialize answered", "%.0f us" % took["ours"],
        "C echo %.0f us: %s (target <= 3); mcp-time %.0f us: %s (<= 0.6); sdk1 %.0f, sdk2 %.0f us: x%.4f (<= 0.02)"
        % (took["echo"], ratio(took["ours"], took["echo"]), took["go"], ratio(took["ours"], took["go"]), took["one"], took["two"],
           took["ours"] / took["two"]))
    row("3 RSS after initialize", "%.0f kB" % rss["ours"],
        "target <= 3072 kB; C echo %.0f, mcp-time %.0f, sdk1 %.0f, sdk2 %.0f kB"
        % (rss["echo"], rss["go"], rss["one"], rss["two"]))


@measure
def local_call():
    floor = stdio(["calls", 5000, call_line("echo")], FLOOR, 0)
    ours = stdio(["calls", 5000, call_line("list_changes")], OURS, 0)
    go = stdio(["calls", 5000, call_line("current_time")], [peer("mcp-time")], 0)
    npm = stdio(["calls", 2000, call_line("echo")], sdk(), 0)
    row("4 a local call (list_changes), one core, p50 / p99", micros(ours),
        "C echo %.1f us: %s (target <= 2); best peer %.1f us: %s (target <= 0.15); mcp-time %s; sdk1 %s"
        % (floor["p50"], ratio(ours["p50"], floor["p50"]), min(go["p50"], npm["p50"]),
           ratio(ours["p50"], min(go["p50"], npm["p50"])), micros(go), micros(npm)))
    best = max(go["pipelined_per_s"], npm["pipelined_per_s"])
    row("5 local calls pipelined, one core", "%.0f /s" % ours["pipelined_per_s"],
        "best peer %.0f: %s (target >= 10); mcp-time %.0f, sdk1 %.0f /s; C echo %.0f"
        % (best, ratio(ours["pipelined_per_s"], best), go["pipelined_per_s"], npm["pipelined_per_s"], floor["pipelined_per_s"]))


@measure
def tools_list():
    floor = stdio(["calls", 5000, LIST], FLOOR, 0)
    ours = stdio(["calls", 5000, LIST], OURS, 0)
    go = stdio(["calls", 5000, LIST], [peer("mcp-time")], 0)
    npm = stdio(["calls", 2000, LIST], sdk(), 0)
    row("4 tools/list, one core, p50 / p99", micros(ours), "C echo %.1f us: %s (target <= 2); mcp-time %s; sdk1 (2 tools) %s"
        % (floor["p50"], ratio(ours["p50"], floor["p50"]), micros(go), micros(npm)))
    row("5 tools/list pipelined, one core", "%.0f /s" % ours["pipelined_per_s"],
        "%.0f B each; mcp-time %.0f /s of %.0f B: %s; sdk1 (2 tools) %.0f /s of %.0f B: %s (target >= 10)"
        % (ours["answer_bytes"], go["pipelined_per_s"], go["answer_bytes"], ratio(ours["pipelined_per_s"], go["pipelined_per_s"]),
           npm["pipelined_per_s"], npm["answer_bytes"], ratio(ours["pipelined_per_s"], npm["pipelined_per_s"])))


print("== stdio")
cold_start()
local_call()
tools_list()
