#!/usr/bin/env python3
"""test_readable.py BINARY - masking hides no more than it must: every object that the recorded exchanges write is put into
an embedded console and read back through get_resource; of the strings that ../shared/reference/secrets.tsv calls harmless,
99 of 100 are as the console has them. Prints those that are not. Without the recordings: skipped."""
import json
import os
import re
import sys
from urllib.parse import unquote

import rig
import plant
from rig import Score

RECORDINGS = ("console", "console2", "console-k8s")
TABLE = os.path.join(rig.SHARED, "reference/secrets.tsv")
KINDS = {path: kind for kind, path in plant.LISTS.items()}
DERIVED = {"rawConfigurations", "version"}  # what is shown as a tree elsewhere in the object, or moves by itself
AT_LEAST = 0.99


def table():
    """{kind: [(segments, length of the literal part, class)]}"""
    rows = {}
    with open(TABLE, encoding="utf-8") as f:
        for line in f.readlines()[1:]:
            kind, path, group = line.rstrip("\n").split("\t")[:3]
            segments = path.split(".")
            rows.setdefault(kind, []).append((segments, sum(len(s) for s in segments if s != "*"), group))
    return rows


def covers(segments, path):
    """Does a row's path cover a leaf's? `*` is one member, at the end everything below."""
    if segments[-1] == "*" and len(path) >= len(segments):
        return all(s in ("*", p) for s, p in zip(segments[:-1], path))
    return len(segments) == len(path) and all(s in ("*", p) for s, p in zip(segments, path))


def class_of(rows, kinds, path):
    """harmless, secret or depends, by the row with the longest literal part; None: no row."""
    best = max(((literal, group) for kind in kinds for segments, literal, group in rows.get(kind, ())
                if covers(segments, path)), default=(0, None))
    return best[1]


def kinds_of(kind, o):
    """The kind and its part for the object's type."""
    kinds = [kind]
    if o.get("type") and kind in ("service-source", "mcp-server"):
        kinds.append("%s/%s" % (kind, re.sub(r"\d$", "", o["type"])))
    return kinds


def harmless(rows, kind, o):
    """(path, value) of each string that the table calls harmless."""
    plugin = o.get("pluginName")
    for path, value in rig.leaves(o):
        steps = re.sub(r"\[\d+\]", "[]", path).split(".")
        if not isinstance(value, str) or not value or steps[0] in DERIVED:
            continue
        where = kinds_of(kind, o)
        if plugin and steps[0] == "configurations":
            where, steps = ["plugin:" + plugin], steps[1:]
        if class_of(rows, where, steps) == "harmless":
            yield path, value


def addressed(request):
    """(kind, name, scope) of a write, or None."""
    path = unquote(request["path"].split("?")[0])
    body = request.get("body") if isinstance(request.get("body"), dict) else {}
    instance = re.fullmatch(r"/v1/(global|domains|routes|services)(?:/(.+))?/plugin-instances/(.+)", path)
    if instance:
        level, target, name = instance.groups()
        return "plugin-instance", name, "%s:%s" % (level[:-1], target) if target else level
    if path == "/v1/mcpServer":
        return "mcp-server", body.get("name"), None
    for beginning, kind in KINDS.items():
        if path == beginning:
            return kind, body.get("name"), None
        if path.startswith(beginning + "/"):
            return kind, path[len(beginning) + 1:], None
    return None


def raw(world, kind, name, scope):
    o = plant.Object(kind, name, scope, {}, 0, None)
    status, answer = world.api("GET", plant.path_of(o))
    return (answer.get("data") or None) if status == 200 and isinstance(answer, dict) else None


def measure(world, talk, rows, exchange, seen):
    """[(kind, path, value, shown)] of the strings of one written object that are new."""
    request = exchange["request"]
    at = addressed(request)
    sent = request.get("body")
    if request["method"] not in ("POST", "PUT", "DELETE") or not request["path"].startswith("/v1/"):
        return []
    status, _ = world.api(request["method"], request["path"], sent)
    if not at or not isinstance(at[1], str) or not at[1] or not isinstance(sent, dict) or status >= 300:
        return []
    kind, name, scope = at
    real = raw(world, kind, name, scope)
    if real and real.get("builtIn"):  # only the list knows what was changed of it
        return []
    shown = talk.get(kind, name, scope) if real else None
    if not shown:
        return []
    masked = dict(rig.leaves(shown))
    out = []
    for path, value in harmless(rows, kind, real):
        if (kind, path, value) not in seen:
            seen.add((kind, path, value))
            out.append((kind, path, value, masked.get(path)))
    return out


def main():
    score = Score()
    if not os.path.exists(TABLE) or not os.path.isdir(os.path.join(rig.SHARED, "recordings")):
        print("the recordings and their table are absent")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    rows, strings, seen = table(), [], set()
    for folder in RECORDINGS:
        with rig.World(sys.argv[1], "read-only") as world:
            talk = world.stdio()
            base = os.path.join(rig.SHARED, "recordings", folder)
            for name in sorted(n for n in os.listdir(base) if n.endswith(".jsonl")):
                with open(os.path.join(base, name), encoding="utf-8") as f:
                    for line in f:
                        strings += measure(world, talk, rows, json.loads(line), seen)
            score.check(world.alive() and not world.broken, "the server lives over " + folder, world.broken[:2])
    hidden = [row for row in strings if row[3] != row[2]]
    for kind, path, value, shown in hidden:
        print("not readable: %s %s: %s is shown as %s" % (kind, path, json.dumps(value)[:80], json.dumps(shown)[:80]))
    share = 1 - len(hidden) / max(1, len(strings))
    print("%d of %d harmless strings are readable: %.2f %%" % (len(strings) - len(hidden), len(strings), 100 * share))
    score.check(len(strings) > 900, "there are strings to read", len(strings))
    score.check(share >= AT_LEAST, "99 of 100 harmless strings are readable", share)
    return score.end()


if __name__ == "__main__":
    sys.exit(main())
