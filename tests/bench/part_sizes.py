"""part_sizes.py - rows 14 and 18: tokens of tools/list (counted with gpt-tokenizer, o200k) and the size of the binary."""
import json
import os
import subprocess
import tempfile

from bench import BINARY, BUILD, INIT, TOP, Broken, measure, node, own_environment, peer, row

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def tokens(argv):
    """[total, [tokens, name] of each tool, the costliest first]."""
    said = "".join(json.dumps(m) + "\n" for m in (INIT, {"jsonrpc": "2.0", "method": "notifications/initialized"}, LIST))
    server = subprocess.Popen(argv, env=own_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    server.stdin.write(said)
    server.stdin.flush()
    answer = [json.loads(server.stdout.readline()) for _ in range(2)][1]
    server.stdin.close()
    server.terminate()
    server.wait(10)
    counter = os.path.join(TOP, "build", "clients", "tokens.mjs")
    out = subprocess.run([node(), counter], capture_output=True, text=True, timeout=60,
                         input=json.dumps(answer["result"]["tools"], ensure_ascii=False, separators=(",", ":")))
    if out.returncode:
        raise Broken(out.stderr.strip()[-200:])
    return json.loads(out.stdout)


@measure
def tokens_of_tools_list():
    total, each = tokens([BINARY, "stdio"])
    go, go_each = tokens([peer("mcp-time"), "--transport", "stdio"])
    row("14 tools/list, tokens in total", "%d" % total,
        "target <= 5000; %d tools; mcp-time %d for %d" % (len(each), go, len(go_each)))
    over = ["%s %d" % (name, n) for n, name in each if n > 150]
    row("14 tokens a tool, mean / max", "%.0f / %d" % (sum(n for n, _ in each) / len(each), each[0][0]),
        "target: mean <= 150; tools over it: %s; mcp-time %.0f / %d" % (", ".join(over) or "none", go / len(go_each), go_each[0][0]))


@measure
def binary():
    with tempfile.NamedTemporaryFile(dir=BUILD) as stripped:
        subprocess.run(["strip", "-o", stripped.name, BINARY], check=True)
        row("18 binary, stripped", "%d B" % os.path.getsize(stripped.name),
            "target <= 400 kB; mcp-time %d B" % os.path.getsize(peer("mcp-time")))


print("== sizes")
tokens_of_tools_list()
binary()
