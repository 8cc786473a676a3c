"""pages.py [WORD] - docs/ask.md says what is so: its configurations are read, its command lines run in their order, at a scripted
model, with only addresses and paths put in; and its table of exit codes is the program's. `N passed, N failed`."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import world
from model import KEY, Model, question_of
from world import Turn, equal, holds, house

PAGE = os.path.join(house.ROOT, "docs/ask.md")


def script(body, n):
    """A model that looks, and plans where that is asked for."""
    last = body["messages"][-1]
    if last["role"] == "tool" or "tool_result" in str(last["content"]):
        return Turn("That is all.")
    if "timeout" in question_of(body):
        return Turn("Planning.", [("change_resource", {"kind": "route", "action": "patch", "name": "checkout", "object": {
            "customConfigs": {"higress.io/timeout": "5"}}})])
    return Turn("Looking.", [("diagnose", {"route": "checkout"})])


def blocks(kind):
    with open(PAGE) as f:
        return re.findall(r"```%s\n(.*?)```" % kind, f.read(), re.S)


class Page(world.World):
    def __init__(self):
        super().__init__()
        self.both = {"http://127.0.0.1:8090/v1": Model("openai", script), "http://127.0.0.1:8091": Model("anthropic", script)}
        self.models += self.both.values()
        self.api("POST", "/v1/routes", {"name": "checkout", "domains": [], "path": {"matchType": "PRE", "matchValue": "/checkout"},
                                        "services": [{"name": "higress-console.static", "port": 8080}]})
        bin_dir = os.path.join(self.dir, "bin")
        os.mkdir(bin_dir)
        os.symlink(os.path.abspath(house.BINARY), os.path.join(bin_dir, "higress-ops"))
        self.env.update(PATH="%s:%s" % (bin_dir, os.environ["PATH"]), MODEL_KEY=KEY)
        for name in ("HIGRESS_OPS_URL", "HIGRESS_OPS_MODE"):
            del self.env[name]

    def use(self, text):
        for said, m in self.both.items():
            text = text.replace(said, m.url)
        text = text.replace("/etc/higress-ops/password", self.env["HIGRESS_OPS_PASSWORD_FILE"])
        text = text.replace("/etc/higress-ops/model-key", self.key).replace("127.0.0.1:8080", "127.0.0.1:%d" % self.port)
        self.env["HIGRESS_OPS_CONFIG"] = self.put("ops.yaml", text)

    def line(self, line):
        return subprocess.run(["bash", "-c", line], env=self.env, cwd=self.dir, capture_output=True, text=True, timeout=60)


def check_each_configuration_is_taken(w):
    texts = blocks("yaml")
    equal(len(texts), 2)
    for text in texts:
        w.use(text)
        code, out, err = w.run(["ask", "--json", "is checkout well?"])
        holds(code in (0, 8), "%d %s %s" % (code, out, err))
    holds(all(m.requests and not m.wrong for m in w.both.values()), "each was asked")


def check_each_command_line_runs(w):
    w.use(blocks("yaml")[0])
    lines = [line for block in blocks("sh") for line in block.strip().splitlines()]
    holds(len(lines) >= 11, "lines: %s" % lines)
    for line in lines:
        if line.startswith("jq ") and not shutil.which("jq"):
            continue
        done = w.line(line)
        holds(done.returncode in (0, 8), "%s: %d %s %s" % (line, done.returncode, done.stdout, done.stderr))
        if "--only pending" in line:
            holds("checkout" in done.stdout, "it waits: " + done.stdout)
    timeout = w.api("GET", "/v1/routes/checkout")[1]["data"].get("customConfigs") or {}
    holds("higress.io/timeout" not in timeout, "a pipeline writes nothing")


def check_the_exit_codes_are_those_of_the_program(w):
    with open(os.path.join(house.ROOT, "server/cmd/cmd.h")) as f:
        code_of = {name: int(n) for name, n in re.findall(r"(EXIT_\w+) = (\d+)", f.read())}
    with open(PAGE) as f:
        told = dict(re.findall(r"^\| (\d+) \| ([a-z ]+) \|", f.read(), re.M))
    equal(told, {str(code_of[c]): words for c, words in (
        ("EXIT_DONE", "answered"), ("EXIT_PENDING", "change waits"), ("EXIT_NOTHING", "nothing found"), ("EXIT_MODEL", "model failed"),
        ("EXIT_LIMIT", "limit hit"), ("EXIT_FAILED", "stopped"))})


def check_each_command_of_a_chat_is_told(w):
    w.use(blocks("yaml")[0])
    _, out, _ = w.run(["chat"], stdin="/help\n")
    with open(PAGE) as f:
        page = f.read()
    for name in re.findall(r"^(/\w+)", out, re.M):
        holds(name in page, name + " is not in docs/ask.md")


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Page(), sys.argv[1] if len(sys.argv) > 1 else ""))
