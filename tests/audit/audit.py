#!/usr/bin/env python3
"""audit.py - the commands of docs/audit.md and docs/approval.md over a state in which something happened: what search finds, what
a report tells, that text stays text. Closes with `N passed, N failed`."""
import json
import os
import re
import shlex
import socket
import sqlite3
import subprocess
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
    gate.eventually("and nothing is behind", 20, lambda: b.run(["audit", "shipped"])[1].endswith(": 0 behind\n"))
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
    b.kill(c)
    check("then they arrive", first.startswith("<13>higress-ops: {") and '"event":"proposed"' in first, first)
    code, out, err = b.run(["audit", "head", "--audit-ship", "carrier pigeon"])
    check("a wrong place is an error", code == 3 and "neither file:/PATH" in err, (code, err))


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
ssize_t write(int fd, const void *data, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);
    char link[64], path[512] = "";
    if (!real)
        real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "full.jsonl") && access(getenv("DISK_FULL"), F_OK) == 0)
        return real(fd, data, n / 2);
    return real(fd, data, n);
}
"""


def numbers(path):
    return [json.loads(line)["seq"] for line in open(path)] if os.path.exists(path) else []


def one_more(b, c, method):
    b.change(c, "route", "other", {"methods": [method]})
    return search(b, "--limit", "1")[0]["seq"]


def shipping_goes_wrong(b):
    """A file that is moved away, a disk that is full, a mark that somebody wrote: nothing is lost, nothing is half."""
    there = os.path.join(b.dir, "moved.jsonl")
    mark = os.path.join(b.dir, "state", "audit.shipped")
    if os.path.exists(mark):
        os.unlink(mark)
    c = b.assistant(args=["--audit-ship", "file:" + there])
    last = one_more(b, c, "PUT")
    gate.eventually("shipped", 20, lambda: last in numbers(there))
    os.rename(there, there + ".1")
    last = one_more(b, c, "GET")
    gate.eventually("the new file is found", 20, lambda: last in numbers(there))
    check("all of them are in one or the other", numbers(there + ".1") + numbers(there) == list(range(1, last + 1)))
    os.unlink(there)
    last = one_more(b, c, "POST")
    gate.eventually("nor is it written to what was deleted", 20, lambda: last in numbers(there))
    with open(mark, "w") as f:
        f.write("999999\n")
    check("a forged mark is said", "not what was written" in b.run(["audit", "shipped"])[1], b.run(["audit", "shipped"]))
    last = one_more(b, c, "DELETE")
    gate.eventually("and hides nothing", 20, lambda: last in numbers(there) and 1 in numbers(there))
    b.kill(c)
    secret = os.path.join(b.dir, "elsewhere")
    open(secret, "w").close()
    link = os.path.join(b.dir, "link.jsonl")
    os.symlink(secret, link)
    c = b.assistant(args=["--audit-ship", "file:" + link])
    one_more(b, c, "PATCH")
    time.sleep(2.5)
    check("a link is not followed", os.path.getsize(secret) == 0)
    b.kill(c)
    if "-san" not in gate.house.BINARY:
        full_disk(b)


def full_disk(b):
    there, full = os.path.join(b.dir, "full.jsonl"), os.path.join(b.dir, "disk.full")
    shim = os.path.join(b.dir, "write.so")
    with open(shim + ".c", "w") as f:
        f.write(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, shim + ".c", "-ldl"], check=True)
    b.env.update(LD_PRELOAD=shim, DISK_FULL=full)
    open(full, "w").close()
    c = b.assistant(args=["--audit-ship", "file:" + there])
    one_more(b, c, "GET")
    time.sleep(2.5)
    check("of a full disk nothing half", os.path.exists(there) and os.path.getsize(there) == 0, open(there).read()[-300:])
    os.unlink(full)
    last = one_more(b, c, "PUT")
    gate.eventually("then they come", 20, lambda: last in numbers(there))
    b.kill(c)
    for name in ("LD_PRELOAD", "DISK_FULL"):
        b.env.pop(name)


def index(b, change, undone):
    """The index of objects is under no MAC: what it finds is held against the change."""
    def sql(statement, *args):
        db = sqlite3.connect(os.path.join(b.dir, "state", "state.db"), timeout=10)
        db.execute(statement, args)
        db.commit(), db.close()

    check("a change and an object that it does not touch", search(b, "--change", undone, "--object", "route orders") == [])
    check("and one that it does", search(b, "--change", change, "--object", "route orders") != [])
    sql("INSERT INTO touches (object, id) VALUES ('route orders', ?)", undone)
    check("another change is said to touch it", "index was tampered with" in str(search(b, "--object", "route orders")))
    check("also by how it begins", "index was tampered with" in str(search(b, "--object", "route or*")))
    sql("DELETE FROM touches WHERE object = 'route orders' AND id = ?", undone)
    sql("UPDATE touches SET id = id || '-gone' WHERE id = ?", change)
    code, out, err = b.run(["audit", "verify"])
    check("a change is taken out of it", code != 0 and "index of objects" in err, (out, err))
    sql("UPDATE touches SET id = ? WHERE id = ? || '-gone'", change, change)
    check("whole again", b.run(["audit", "verify"])[0] == 0)


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
        b.call(no, "change_resource", kind="domain", action="create", name="www.x-y.example",
               object={"name": "www.x-y.example", "enableHttps": "off"})
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
            unknown = "evidence" in argv and "there is no change" in err  # the page's change is none of these
            check(command, code == 0 or unknown, err)
        code, out, err = b.run(["report", "--since", "1h"])
        for words in ("## Applied (3)", "## Decisions", "## Refusals (1)", change.replace("-", "\\-")):
            check("the report says %s" % words, words in out, out)
        code, page, err = b.run(["report", "--since", "1h", "--html"])
        check("the report as a page", page.startswith("<!doctype html>") and change in page and "<script" not in page, page)
        code, out, err = b.run(["report", "--since", "1h"])
        check("nothing in it becomes a link", "://" not in out and "www." not in out, out)
        index(b, change, undone)
        shipping(b)
        shipping_goes_wrong(b)
        code, out, err = b.run(["audit", "verify"])
        check("whole", code == 0, err)
    finally:
        b.leave()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
