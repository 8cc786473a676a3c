"""part_bots.py - bots: from a press to the decision, and what a thread takes that is remembered. The platform is the webhook of
tests/chat/room.py, the console the embedded one, the model scripted."""
import os
import statistics
import sys
import time

from bench import BINARY, TOP, Broken, measure, row

os.environ["HIGRESS_OPS"] = BINARY
sys.path.insert(0, os.path.join(TOP, "tests/chat"))
import room  # noqa: E402
from world import Turn  # noqa: E402

PRESSES, THREADS = 40, 1000


def rss(process):
    with open("/proc/%d/status" % process.pid) as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1]) << 10


@measure
def press():
    """A rejection: until the hour that its decision bears, and until its card, which is sent once that is durable, is there."""
    r, decided, told = room.Room(), [], []
    try:
        for i in range(PRESSES):
            r.write("ada", "limit shop-pay %d" % (i + 1))
            card = r.kept(r.card())
            start = time.time()
            r.press("bob", card, "reject")
            told.append(r.renewed(card, "rejected")["at"] - start)
            (at,), = r.query("SELECT max(at) FROM decisions WHERE id = ?", room.change_of(card))
            decided.append(at - start)
    finally:
        r.leave()
    for words, times, target in (("until the decision", decided, "target <= 20 ms; "), ("until its card says so", told, "")):
        row("bots: a press %s, p50 / p99" % words,
            "%.1f / %.1f ms" % (1e3 * statistics.median(times), 1e3 * sorted(times)[int(len(times) * 0.99)]),
            "%sbest %.1f ms" % (target, 1e3 * min(times)))


@measure
def threads():
    r = room.Room()
    try:
        r.model("openai", lambda body, n: Turn("word " * 600))
        r.restart()
        ask = "why is it slow? " * 60
        r.write("eve", ask, thread="first")
        r.heard("message")
        before = rss(r.processes[-1])
        for i in range(THREADS):
            r.write("eve", ask, thread="thread %d" % i)
            r.heard("message")
        grown = rss(r.processes[-1]) - before
    finally:
        r.leave()
    if grown > 100 << 20:
        raise Broken("%.1f MB" % (grown / 1e6))
    row("bots: 1,000 threads that are remembered, one exchange of 4 kB each", "%.1f MB" % (grown / 1e6),
        "target <= 20 MB with 16 kB each; what the table itself holds is bounded in tests/unit/test_bots.c")


print("== bots")
press()
threads()
