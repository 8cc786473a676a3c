#!/usr/bin/env python3
"""audit.py - the commands of docs/audit.md and docs/approval.md over a state in which something happened: what search finds, what
a report tells, that text stays text. Closes with `N passed, N failed`."""
import json
import os
import re
import shlex
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../guard"))
import gate  # noqa: E402
import kills  # noqa: E402

DOCS = os.path.join(HERE, "../../docs")
passed = failed = 0


def check(what, good, shown=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s: %s" % (what, str(shown)[:800]))


def commands(page):
    text = open(os.path.join(DOCS, page)).read()
    return [line[2:] for block in re.findall(r"```console\n(.*?)```", text, re.S) for line in block.splitlines() if line.startswith("$ ")]


def calls(page):
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", open(os.path.join(DOCS, page)).read(), re.S)]


def search(b, *args):
    code, out, err = b.run(["audit", "search", *args, "--json"])
    return json.loads(out)["lines"] if code == 0 else err


def examples(b, c):
    for arguments in calls("approval.md"):
        b.lines("orders", 20, 200)
        ok, text, data = b.call(c, "change_resource", dry_run=True, **arguments)
        late = "a time to come" in text  # the example's day has passed
        check("an example of docs/approval.md is planned", ok or late, text)
        check("and says what is agreed to", late or "guard: " in text or "schedule: " in text, text)


def shipping(b):
    """To a file and to syslog: all lines, in order, also those of the time when nobody took them."""
    there = os.path.join(b.dir, "audit.jsonl")
    c = b.assistant(args=["--audit-ship", "file:" + there])
    last = search(b, "--limit", "1")[0]["seq"]
    gate.eventually("shipped", 20, lambda: os.path.exists(there) and len(open(there).readlines()) >= last)
    lines = [json.loads(line) for line in open(there)]
    check("every line once, in order", [line["seq"] for line in lines][:last] == list(range(1, last + 1)), lines[:3])
    check("with its hash", all(len(line["hash"]) == 64 for line in lines))
    check("and nothing is behind", b.run(["audit", "shipped"])[1].endswith(": 0 behind\n"), b.run(["audit", "shipped"]))
    b.kill(c)
    path = os.path.join(b.dir, "log.socket")
    c = b.assistant(args=["--audit-ship", "syslog:" + path])
    b.change(c, "route", "other", {"methods": ["POST"]})
    time.sleep(1.5)
    check("nobody listens: they stay, and are counted", " 0 behind" not in b.run(["audit", "shipped"])[1])
    inlet = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    inlet.bind(path)
    inlet.settimeout(20)
    first = inlet.recv(1 << 20).decode()
    check("then they arrive", first.startswith("<13>higress-ops: {") and '"event":"proposed"' in first, first)
    code, out, err = b.run(["audit", "head", "--audit-ship", "carrier pigeon"])
    check("a wrong place is an error", code == 3 and "neither file:/PATH" in err, (code, err))


def main():
    b = kills.Bench()
    try:
        c = b.assistant()
        examples(b, c)
        b.lines("orders", 20, 200)
        change, _ = b.change(c, "route", "orders", {"methods": ["GET"]}, guard={"for": "60s", "revert_if": ["5xx > 2 %"]})
        undone, _ = b.change(c, "route", "other", {"methods": ["GET"]})
        ok, text, data = b.call(c, "undo_change", id=undone)
        no = b.assistant("decline")
        b.call(no, "change_resource", kind="domain", action="create", name="x-y.example",
               object={"name": "x-y.example", "enableHttps": "off"})
        events = [line["event"] for line in reversed(search(b, "--change", change))]
        check("the life of a change", events == ["proposed", "approved", "applying", "applied"], events)
        found = search(b, "--object", "route orders")
        check("by object", found and all(line.get("id") for line in found) and change in {line["id"] for line in found}, found)
        check("by the beginning of one", len(search(b, "--object", "route o*")) >= len(found))
        check("by event", [line["id"] for line in search(b, "--event", "rejected")] != [])
        check("by who, nobody", search(b, "--who", "nobody") == [])
        check("by time", search(b, "--since", "2099-01-01T00:00:00Z") == [])
        check("a wrong time is said", "neither a time" in search(b, "--since", "yesterday"))
        for command in commands("audit.md"):
            argv = shlex.split(command)[1:]
            code, out, err = b.run(argv)
            check(command, code == 0, err)
        code, out, err = b.run(["report", "--since", "1h"])
        for words in ("## Applied (3)", "## Decisions", "## Refusals (1)", change.replace("-", "\\-")):
            check("the report says %s" % words, words in out, out)
        code, page, err = b.run(["report", "--since", "1h", "--html"])
        check("the report as a page", page.startswith("<!doctype html>") and change in page and "<script" not in page, page)
        shipping(b)
        code, out, err = b.run(["audit", "verify"])
        check("whole", code == 0, err)
    finally:
        b.leave()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
