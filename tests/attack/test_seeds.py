#!/usr/bin/env python3
"""test_seeds.py BINARY - more than 400 secrets in every place that a gateway can hold one; whatever is called, read, asked, exported,
logged or stored, none of them comes out: neither plain nor URL-encoded, JSON-escaped or in base64, nor 12 characters of it.
Prints the leaks by place and output, and what was called of what exists. SHOW=1 names each leak."""
import os
import sys
import time

import envoy_pages
import rig
import plant
import sweep
from rig import Score

OUTPUTS = (("read", ("get_resource", "list_", "gateway_overview", "describe_kind", "initialize", "tools/list")),
           ("diagnose", ("diagnose", "probe", "tail_logs", "analyze_traffic", "explain_request", "check_config",
                         "inspect_proxy", "query_metrics")),
           ("change", ("change_resource", "add_provider", "tune_")),
           ("manifest", ("apply_manifest",)), ("plans", ("get_change", "undo_", "cancel_", "apply_change")),
           ("resource", ("resources/",)), ("complete", ("completion/",)), ("prompt", ("prompts/",)),
           ("export", ("command export",)), ("command", ("command ",)), ("page", ("page ",)), ("api", ("api ",)), ("log", ("log ",)),
           ("state", ("state ",)))


def column(output):
    return next(name for name, beginnings in OUTPUTS if output.startswith(beginnings))


def run(world):
    """Fills the gateway and calls everything. (planter, objects, ids of changes, seeds that the console keeps)"""
    planter, objects = plant.fill(world)
    stored = rig.search(plant.kept(world), {s.name: s.needles() for s in planter.seeds})
    envoys = envoy_pages.start(world, objects)
    http = world.http("ann", rig.mcp.MODERN)
    stdio = world.stdio(rig.ERAS[0])
    for talk in (stdio, http):
        sweep.read(talk, objects)
        sweep.proxies(talk, envoys)
        sweep.resources(talk, objects)
        sweep.prompts(talk)
        sweep.others(talk, objects)
    for i, o in enumerate(objects):  # either client makes half of the changes: the code behind is the same
        sweep.dry((stdio, http)[i % 2], o, "new-%d" % i)
    sweep.manifests(world, stdio, objects)
    http.call("apply_manifest", {"manifest": [{**sweep.addressed(o), **o.whole()} for o in objects[:30]], "dry_run": True})
    ids = sweep.plans(http, objects)
    sweep.pages_of(world, objects)
    for talk in (http, stdio):
        sweep.decide(world, talk, ids)
    sweep.commands(world, objects, ids)
    edits = sweep.outside(world, http, objects)
    if len(edits) < 50:
        raise RuntimeError("only %d edits were told: %s" % (len(edits), edits))
    return planter, objects, ids, stored


def table(planter, leaked):
    """Place by output: how many seeds came out there."""
    names = [name for name, _ in OUTPUTS]
    groups = {}
    for seed in planter.seeds:
        groups.setdefault(seed.group, []).append(seed)
    print("%-34s %5s %s" % ("place", "seeds", " ".join("%8s" % n for n in names)))
    for group, seeds in sorted(groups.items()):
        cells = [sum(name in leaked.get(s.name, ()) for s in seeds) for name in names]
        if any(cells) or not group.startswith("plugin:"):
            print("%-34s %5d %s" % (group, len(seeds), " ".join("%8s" % (c or "-") for c in cells)))


def main():
    start, score = time.time(), Score()
    with rig.World(sys.argv[1]) as world:
        planter, objects, ids, stored = run(world)
        needles = {s.name: s.needles() for s in planter.seeds}
        refused = [o for o in objects if o.status >= 300]
        alive, broken = world.alive(), world.broken
        compared = sum(text.count(b"differs in") for output, texts in world.heard.items() for text in texts
                       if output.startswith("inspect_proxy"))
        coverage = sweep.Coverage(world)
        world.collect()
        swept = time.time() - start
        spoken = sum(len(t) for texts in world.heard.values() for t in texts)
        found = world.leaks(needles, column)
    leaked, where = {}, {}
    for output, seeds in found.items():
        for name, text in seeds.items():
            leaked.setdefault(name, set()).add(output)
            where.setdefault(name, []).append((output, text))
    table(planter, leaked)
    if os.environ.get("SHOW"):
        for name, rows in sorted(where.items()):
            print(name, "; ".join("%s %r" % row for row in rows)[:400])
    for o in refused:
        print("not taken by the console, sent as argument only: %s %s: %s" % (o.kind, o.name, str(o.answer)[:160]))
    print("coverage:")
    coverage.show()
    print("%d objects, %d seeds of which the console keeps %d, %d changes stored, %.1f MB heard in %d s, searched in %d s" % (
        len(objects), len(planter.seeds), len(stored), len(ids), spoken / 1e6, swept, time.time() - start - swept))
    print("leaked: %d of %d" % (len(leaked), len(planter.seeds)))
    for seed in planter.seeds:
        score.check(seed.name not in leaked, seed.name, ", ".join(sorted(leaked.get(seed.name, ()))))
    score.check(coverage.whole(), "everything that exists was called")
    score.check(compared > 100, "Envoys were compared", "%d differences" % compared)
    score.check(alive and not broken, "the servers live, and each answer is whole", " | ".join(broken[:5]))
    score.check(len(planter.seeds) == plant.TOTAL and len(stored) > plant.TOTAL - 10 and len(ids) > 10,
                "the gateway was filled and changes were stored")
    return score.end()


if __name__ == "__main__":
    sys.exit(main())
