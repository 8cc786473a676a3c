"""pages.py - the configuration texts of docs/clients/*.md are what they say: every command line in them is run, every URL
asked, with only addresses, the password's path and the token put in. Needs build/clients (tests/setup/npm.sh clients)."""
import glob
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import world
from world import house
import client as mcp

ROOT = house.ROOT
TOKEN = "quiet-otter-5512"
MODULES = os.path.join(ROOT, "build/clients/node_modules")
INSPECTOR = os.path.join(MODULES, "@modelcontextprotocol/inspector/clients/launcher/build/index.js")
BRIDGE = os.path.join(MODULES, "mcp-remote/dist/proxy.js")
LEGACY = "2025-11-25"


class Pages:
    def __init__(self):
        self.w = world.World()
        self.w.heard = False  # the pages' clients record by themselves
        self.locked = self.w.house.serve(["--tokens", "ops:" + hashlib.sha256(TOKEN.encode()).hexdigest()])
        self.free = house.free_port()
        bin_dir = os.path.join(self.w.house.dir, "bin")
        os.mkdir(bin_dir)
        os.symlink(os.path.abspath(house.BINARY), os.path.join(bin_dir, "higress-ops"))
        node = glob.glob(os.path.join(MODULES, "node-linux-*/bin"))[0]
        self.env = {**os.environ, "PATH": "%s:%s:%s" % (bin_dir, node, os.environ["PATH"]), "NO_COLOR": "1",
                    "HOME": self.w.house.dir, "HIGRESS_OPS_STATE": os.path.join(self.w.house.dir, "state")}
        self.full_env = {**self.w.house.env, **{k: self.env[k] for k in ("PATH", "NO_COLOR", "HOME")}}
        self.password = self.w.house.env["HIGRESS_OPS_PASSWORD_FILE"]

    def read(self, path):
        """The page with this test's addresses in it."""
        with open(path) as f:
            text = f.read()
        for said, here in (("127.0.0.1:8470", "127.0.0.1:%d" % self.w.port), ("TOKEN", TOKEN),
                           ("127.0.0.1:8080", "127.0.0.1:%d" % self.w.house.port),
                           ("0.0.0.0:8470", "127.0.0.1:%d" % self.free), ("/etc/higress-ops/password", self.password)):
            text = re.sub(r"(?<![A-Z_])" + re.escape(said), here, text)
        return re.findall(r"```(\w+)\n(.*?)```", text, re.S)

    def stdio(self, command, env):
        if command[0] == "npx":
            assert command[1] == "-y" and command[2].startswith("mcp-remote@"), command
            with open(os.path.join(MODULES, "mcp-remote/package.json")) as f:
                assert command[2] == "mcp-remote@" + json.load(f)["version"], "another version than the tested one"
            command = ["node", BRIDGE] + command[3:]
        c = mcp.StdioClient(command, {**self.env, **env}, LEGACY)
        try:
            c.open()
            assert c.call("gateway_overview").get("isError") is False, "the gateway is reached"
        finally:
            c.process.stdin.close()
            c.process.kill()

    def http(self, url, headers):
        assert url == self.w.url("/mcp"), url
        port = self.locked if headers else self.w.port
        assert headers in ({}, {"Authorization": "Bearer " + TOKEN}), headers
        c = mcp.HttpClient("127.0.0.1", port, LEGACY, token=TOKEN if headers else None)
        c.open()
        assert c.call("gateway_overview").get("isError") is False, "the gateway is reached"

    def entry(self, o):
        """One server of a configuration file."""
        url = o.get("url") or o.get("serverUrl") or o.get("httpUrl")
        if not url:
            self.stdio([o["command"]] + o["args"], o.get("env", {}))
        elif "bearer_token_env_var" in o:
            self.http(url, {"Authorization": "Bearer " + TOKEN})
        else:
            self.http(url, o.get("headers", {}))

    def run(self, command, want):
        done = subprocess.run(command, env=self.env if "--cli" in command else self.full_env,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and want in done.stdout, "%s: %s %s" % (command, done.stdout[-500:], done.stderr[-800:])

    def serve(self, line):
        process = subprocess.Popen(["bash", "-c", "exec " + line], env=self.full_env, stdout=subprocess.DEVNULL)
        house.wait_for(self.free, process, "the server of the page")
        c = mcp.HttpClient("127.0.0.1", self.free, LEGACY, token=TOKEN)
        c.open()
        process.terminate()
        process.wait()

    def line(self, line):
        """One command line of a page. False: only a heading of what a person does."""
        words = shlex.split(line)
        env = dict(words[i + 1].split("=", 1) for i, w in enumerate(words) if w == "--env")
        if words[0] == "npx" and "--cli" in words:
            self.run(["node", INSPECTOR] + words[2:], '"isError": false' if "tools/call" in words else "gateway_overview")
        elif words[0] == "curl":
            self.run(["bash", "-c", line], '"protocolVersion":"2025-11-25"')
        elif words[:2] == ["higress-ops", "serve"]:
            self.serve(line)
        elif "higress-ops" in words:
            self.stdio(words[words.index("higress-ops"):], env)
        elif words[1:3] == ["mcp", "add"]:
            url = next(w for w in words if w.startswith("http://"))
            header = words[words.index("--header") + 1].split(": ", 1) if "--header" in words else None
            self.http(url, dict([header]) if header else {})
        else:
            assert words[0] == "npx" and len(words) == 2, "nobody checks: " + line

    def block(self, kind, text):
        if kind == "sh":
            for line in text.strip().splitlines():
                self.line(line)
            return
        tree = json.loads(text) if kind == "json" else tomllib.loads(text)
        for name, servers in tree.items():
            assert set(servers) == {"higress"}, name
            self.entry(servers["higress"])


def main():
    pages, passed, failed = Pages(), 0, 0
    for path in sorted(glob.glob(os.path.join(ROOT, "docs/clients/*.md"))):
        for i, (kind, text) in enumerate(pages.read(path)):
            title = "docs/clients/%s, text %d" % (os.path.basename(path), i + 1)
            try:
                pages.block(kind, text)
                passed += 1
                print("ok   " + title, flush=True)
            except Exception as e:
                failed += 1
                print("FAIL %s: %s: %s" % (title, type(e).__name__, e), flush=True)
    pages.w.close()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
