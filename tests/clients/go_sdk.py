"""go_sdk.py PROGRAM - judges what the official Go client (tests/clients/go) meets at the real server."""
import json
import os
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import world
from world import house


class Go:
    def __init__(self, w, way, era, step, path):
        target = {"stdio": w.command(), "http": [w.url("/mcp")], "sse": [w.url("/sse")]}[way]
        self.process = subprocess.Popen([sys.argv[1], way, era, step, path, *target], env=w.house.env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def heard(self):
        line = self.process.stdout.readline()
        assert line, "the client ended with %s" % self.process.wait()
        answer = json.loads(line)
        assert "error" not in answer, answer
        return answer

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0, "the client ended with %s" % self.process.returncode


def path_for(step):
    return "/%s-%d" % (step, time.time_ns())


def started(w, way, era, step, path):
    go = Go(w, way, era, step, path)
    version = go.heard()["version"]
    want = "2024-11-05" if way == "sse" and not era else era
    assert version == want, "negotiated %s, not %s" % (version, want)
    return go


def operate(w, way, era):
    path = path_for("operate")
    go = started(w, way, era, "operate", path)
    got = go.heard()
    assert got["tools"] >= 14 and got["resources"] > 3 and got["count"] == 2 and got["state"] == "applied", got
    assert "matchValue" in got["read"] and w.path() == path, got
    go.end()


def out_of_band(w, way, era):
    path = path_for("by-hand")
    go = started(w, way, era, "by-hand", path)
    asks = go.heard()
    assert asks["status"] == "approval_required" and w.path() != path, asks
    code, screen = w.house.person(["approve", asks["id"]], "yes")
    assert code == 0, screen
    go.process.stdin.write(b"\n")
    go.process.stdin.flush()
    assert go.heard()["state"] == "applied" and w.path() == path
    go.end()


def cancel(w, way, era):
    go = started(w, way, era, "cancel", path_for("cancel"))
    got = go.heard()
    assert got["cancelled"] and got["seconds"] < 5 and got["state"] == "cancelled", got
    go.end()


def restarted(w, way, era):
    w.restart()
    operate(w, way, era)


def killed(w, way, era):
    go = started(w, way, era, "killed", path_for("killed"))
    go.heard()
    time.sleep(0.5)
    if way == "stdio":
        subprocess.run(["pkill", "-9", "-P", str(go.process.pid)], check=False)
    else:
        w.kill()
    got = go.heard()
    assert got["failed"] and got["seconds"] < 20, got
    go.process.stdin.close()
    go.process.wait(20)
    w.restart()


def main():
    w, passed, failed = world.World(), 0, 0
    for way, era in (("stdio", "2025-11-25"), ("stdio", "2026-07-28"), ("http", "2025-11-25"), ("http", "2026-07-28"),
                     ("sse", "2025-11-25")):
        for step in (operate, out_of_band, cancel, restarted, killed):
            w.heard = step not in (restarted, killed)
            title = "Go SDK, %s, %s: %s" % (way, era, step.__name__.replace("_", " "))
            try:
                step(w, way, era)
                passed += 1
                print("ok   " + title, flush=True)
            except Exception:
                failed += 1
                print("FAIL %s\n%s" % (title, traceback.format_exc()[-1500:]), flush=True)
    w.close()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
