"""remote.py - `make contract URL=`: the contract asked of consoles that run already.

A console of ours started strict answers all as recorded, with its folder and, but for what no request can delete again,
without. One started with --strict-console=off differs in exactly the rules of rules.tsv that the recordings hold, and each
of them is a row of the table in docs/embedded.md. Without ALLOW_WRITES nothing changes; a console in use is not written to.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import plugins

INITIAL = "../shared/recordings/console/initial"
CONTRACT = os.environ.get("CONTRACT", "build/gcc/contract")
# Rows of the table that no recorded request touches.
UNRECORDED = {"`swaggerToMcpConfig` of what cannot be converted", "a name that leads out of its folder (`../x`)"}


class Console:
    def __init__(self, *arguments):
        self.folder = tempfile.mkdtemp()
        shutil.copytree(INITIAL, self.folder, dirs_exist_ok=True)
        for root, folders, files in os.walk(self.folder):
            for name in folders + files:
                os.chmod(os.path.join(root, name), 0o755)
        self.process = subprocess.Popen(
            [plugins.PROGRAM, "console", "--data", self.folder, "--listen", "127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def contract(self, *arguments):
        done = subprocess.run([CONTRACT, "--url", self.url, *arguments], capture_output=True, text=True, timeout=250)
        return done.returncode, done.stdout

    def objects(self):
        out = {}
        for root, _, files in os.walk(self.folder):
            for name in files:
                if name.endswith(".yaml"):
                    with open(os.path.join(root, name), encoding="utf-8") as f:
                        out[os.path.join(root, name)] = f.read()
        return out

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def rules(said):
    return set(re.findall(r"^- (.*)$", said, re.M))


def table_rows():
    with open("docs/embedded.md", encoding="utf-8") as f:
        text = f.read()
    part = text[text.index("| request | real console"):].split("\n\n", 1)[0]
    return {plugins.cells(line)[0] for line in part.split("\n")[2:]}


def with_console(check, *arguments):
    console = Console(*arguments)
    try:
        return check(console)
    finally:
        console.stop()


def reads_change_nothing(console):
    before = console.objects()
    code, said = console.contract()
    return code == 0 and " 0 failed" in said and console.objects() == before


def strict_is_equal(console):
    code, said = console.contract("--writes", "--data", console.folder)
    return code == 0 and not rules(said)


def answers_only(console):
    """What is left behind by requests that cannot be undone differs, and only in lists of it."""
    code, said = console.contract("--writes", "console2/providers", "console2/mcp", "console/ai-routes", "console/routes")
    return code == 0 and not rules(said)


def lenient_differs_by_its_table(console):
    code, said = console.contract("--writes", "--data", console.folder)
    if rules(said) != table_rows() - UNRECORDED:
        print(said)
        print("table only:", table_rows() - UNRECORDED - rules(said))
    return code == 1 and rules(said) == table_rows() - UNRECORDED


def in_use_is_left_alone(console):
    console.contract("--writes", "--data", console.folder, "console2/routes")
    before = console.objects()
    code, said = console.contract("--writes", "--data", console.folder, "console/routes")
    return code == 1 and "is not fresh" in said and console.objects() == before


def main():
    if not os.path.isdir(INITIAL):
        print("no recordings\n0 passed, 0 failed, 5 skipped")
        return 0
    checks = [("reads change nothing", reads_change_nothing, []),
              ("a strict console is equal", strict_is_equal, []),
              ("a console whose folder is elsewhere", answers_only, []),
              ("--strict-console=off differs by its table", lenient_differs_by_its_table, ["--strict-console=off"]),
              ("a console in use is left alone", in_use_is_left_alone, [])]
    failed = 0
    for name, check, arguments in checks:
        good = with_console(check, *arguments)
        failed += not good
        print(f"{'ok' if good else 'FAILED'}: {name}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
