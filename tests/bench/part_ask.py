"""part_ask.py - what `ask` adds to a model's own time, a step: from the end of a reply to the arrival of the next request, with
a local read and its line in the audit between them. The model is scripted (tests/agent/model.py)."""
import os
import resource
import statistics
import subprocess
import sys

from bench import BINARY, TOP, Broken, measure, own_environment, row

sys.path.insert(0, os.path.join(TOP, "tests/agent"))
from model import KEY, Model, Turn  # noqa: E402

STEPS = 60


def gaps(api, calls):
    """Seconds between a reply and the next request, for each step; CPU seconds of a step."""
    m = Model(api, lambda body, n: Turn("Looking.", calls(n)) if n < STEPS else Turn("Well."), key=None)
    env = own_environment(HIGRESS_OPS_MODEL_API=api, HIGRESS_OPS_MODEL_URL=m.url, HIGRESS_OPS_MODEL="m", MODEL_KEY=KEY)
    config = os.path.join(env["HIGRESS_OPS_STATE"], "ops.yaml")
    with open(config, "w") as f:
        f.write("model: {limits: {steps: 1000, tokens: 100000000}}\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run([BINARY, "ask", "--json", "--config", config, "go on"], env=env, capture_output=True, text=True)
    finally:
        m.stop()
    if done.returncode or len(m.requests) != STEPS + 1:
        raise Broken("ask ended with %d: %s" % (done.returncode, done.stdout[-300:] + done.stderr[-300:]))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [start - end for end, start in zip(m.ends, m.times[1:])][1:], cpu / STEPS  # the first opens the store


@measure
def step():
    for api in ("openai", "anthropic"):
        one, cpu = gaps(api, lambda n: [("list_changes", {"limit": n % 50 + 1})])
        row("ask: a step beyond the model's own time (%s), p50 / p99" % api,
            "%.1f / %.1f ms" % (1e3 * statistics.median(one), 1e3 * sorted(one)[int(len(one) * 0.99)]),
            "target <= 5 ms; best %.1f ms, CPU %.1f ms a step (with its start)" % (1e3 * min(one), 1e3 * cpu))


print("== ask")
step()
