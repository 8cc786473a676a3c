"""answers.py BINARY… - the bytes of ten typical answers (text, structure) of each binary over the same shop.

The shop is always the same: an embedded console of that binary, thirty routes, an access log of a bad hour, ten changes.
"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp
import house

ROUTES = 30
CALLS = (
    ("gateway_overview", {}),
    ("list_routes", {}),
    ("list_resources", {"kind": "service-source"}),
    ("get_resource", {"kind": "route", "name": "shop-3"}),
    ("tail_logs", {"status": "5xx"}),
    ("diagnose", {"route": "shop-5"}),
    ("change_resource", {"kind": "route", "action": "patch", "name": "shop-3", "dry_run": True,
                         "object": {"path": {"matchValue": "/three"}, "customConfigs": {"higress.io/timeout": "5"}}}),
    ("tune_rate_limit", {"route": "shop-4", "requests": 10, "dry_run": True}),
    ("list_changes", {}),
    ("get_change", None),
)


def log_line(i, at):
    bad = i % 3 == 0
    name = "shop-%d" % (5 if bad else i % ROUTES)
    return {"ai_log": "-", "authority": "shop.example.com", "bytes_received": "0", "bytes_sent": str(400 + i),
            "downstream_local_address": "10.0.3.4:443", "downstream_remote_address": "192.0.2.%d:4%04d" % (i % 200, i),
            "duration": str(3 + i % 40), "istio_policy_status": "-", "method": "GET",
            "path": "/%s/items/%d?page=2" % (name, i), "protocol": "HTTP/1.1",
            "request_id": "8febe560-a1be-40f4-979d-%012d" % i, "requested_server_name": "shop.example.com",
            "response_code": "503" if bad else "200", "response_flags": "UF" if bad else "-", "route_name": name,
            "start_time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at)),
            "trace_id": "d23e305fb963275711af62497a%06d" % i, "upstream_cluster": "outbound|80||shop.static",
            "upstream_host": "127.0.0.1:9", "upstream_local_address": "-" if bad else "127.0.0.1:54144",
            "upstream_service_time": "-" if bad else "2",
            "upstream_transport_failure_reason": "delayed_connect_error:_111" if bad else "-",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "x_forwarded_for": "192.0.2.%d" % (i % 200),
            "response_code_details": "upstream_reset_before_response_started{connection_failure}" if bad else "via_upstream"}


def build(h):
    def make(path, o):
        status, answer = h.api("POST", path, o)
        if not 200 <= status < 300:
            raise SystemExit("the console answered %s: %s" % (status, answer))

    make("/v1/domains", {"name": "shop.example.com", "enableHttps": "off"})
    for i in range(12):
        make("/v1/service-sources", {"name": "shop" if i == 0 else "shop%d" % i, "type": "static",
                                     "domain": "127.0.0.1:9", "port": 80, "protocol": "http"})
    for i in range(ROUTES):
        make("/v1/routes", {"name": "shop-%d" % i, "domains": ["shop.example.com"],
                            "path": {"matchType": "PRE", "matchValue": "/shop-%d" % i}, "methods": ["GET", "POST"][:i % 3],
                            "services": [{"name": "shop.static", "port": 80, "weight": 100}],
                            "proxyNextUpstream": {"enabled": True, "attempts": 2, "timeout": 5, "conditions": ["error"]}})
    log, now = os.path.join(h.dir, "access.log"), time.time()
    with open(log, "w") as f:
        for i in range(600):
            f.write(json.dumps(log_line(i, now - 600 + i), separators=(",", ":")) + "\n")
    h.env["HIGRESS_OPS_ACCESS_LOG"] = log


def bytes_of(result):
    """(text, structure): as sent, without what MCP puts around them."""
    text = "".join(c.get("text", "") for c in result.get("content", []))
    structure = result.get("structuredContent")
    return (len(json.dumps(text, ensure_ascii=False).encode()),
            len(json.dumps(structure, ensure_ascii=False, separators=(",", ":")).encode()) if structure is not None else 0)


def measure(binary, show=False):
    """[(tool, text, structure)] of that binary."""
    house.BINARY, house.House.filled = binary, None
    h, sizes = house.House(mode="auto"), []
    try:
        build(h)
        c = mcp.StdioClient([binary, "stdio"], h.env, "2025-11-25")
        h.clients.append(c)
        c.open()
        for i in range(10):
            made = c.call("change_resource", {"kind": "route", "action": "patch", "name": "shop-%d" % (10 + i),
                                              "object": {"methods": ["GET", "PUT"]}})
        for tool, arguments in CALLS:
            result = c.call(tool, {"id": made["structuredContent"]["id"]} if arguments is None else arguments)
            if result.get("isError"):
                raise SystemExit("%s: %s" % (tool, result["content"]))
            sizes.append((tool, *bytes_of(result)))
            if show:
                print("-- %s\n%s\n%s" % (tool, result["content"][0]["text"], json.dumps(
                    result.get("structuredContent"), ensure_ascii=False, separators=(",", ":"))))
    finally:
        h.leave()
    return sizes


def main():
    show = "--show" in sys.argv
    binaries = [os.path.abspath(b) for b in sys.argv[1:] if not b.startswith("--")]
    all_sizes = [measure(b, show) for b in binaries]
    print("%-20s %s" % ("bytes: text+structure", "".join("%24s" % os.path.basename(b) for b in binaries)))
    for rows in zip(*all_sizes):
        print("%-20s %s" % (rows[0][0], "".join("%8d+%-7d=%7d" % (t, s, t + s) for _, t, s in rows)))
    totals = [sum(t + s for _, t, s in sizes) for sizes in all_sizes]
    print("%-20s %s" % ("all", "".join("%24d" % n for n in totals)))
    if len(totals) > 1:
        print("the last is %.0f %% of the first" % (100.0 * totals[-1] / totals[0]))


if __name__ == "__main__":
    main()
