"""resources.py BINARY - prints docs/resources.md: what describe_kind says of each kind, which is what checks it."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp

server = subprocess.Popen([sys.argv[1], "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True)


def rpc(number, method, params):
    server.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
    server.stdin.flush()
    answer = json.loads(server.stdout.readline())
    mcp.record("2025-11-25", method, answer)
    return answer["result"]


rpc(0, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "docs", "version": "1"}})
tools = {t["name"]: t for t in rpc(1, "tools/list", {})["tools"]}
kinds = tools["list_resources"]["inputSchema"]["properties"]["kind"]["enum"]
print("# Resources\n\nGenerated from the kind table (`UPDATE=1 make test PART=golden`); do not edit. `describe_kind` says the same;\n"
      "of a plugin's `configurations` it says what the gateway's schema says. Every kind is read by `list_resources` and\n"
      "`get_resource` and written by `change_resource`, as far as its actions go.")
for number, kind in enumerate(kinds):
    fields, cursor = [], None
    while True:
        said = rpc(2 + number, "tools/call", {"name": "describe_kind", "arguments": dict(
            {"kind": kind}, **({"cursor": cursor} if cursor else {}))})["structuredContent"]
        fields += said["fields"]
        cursor = said.get("cursor")
        if not cursor:
            break
    print("\n## %s\n\n%s Actions: %s.\n\n| field | what it is |\n|---|---|" % (kind, said["about"], said["actions"].replace("|", ", ")))
    for line in fields:
        name, rest = line.split(": ", 1)
        print("| `%s` | %s |" % (name, rest.replace("|", " \\| ").replace("*", "\\*")))
    print()
    for rule in said["rules"]:
        print("- " + rule.replace("*", "\\*"))
    print("\n```json\n%s\n```" % json.dumps(said["example"], ensure_ascii=False))
server.stdin.close()
server.wait(10)
