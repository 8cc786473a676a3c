#!/usr/bin/env python3
"""test_restore.py BINARY - a fingerprint becomes the secret again only where it came from: at the same kind, object and
path. Elsewhere it is refused by the name of the field, and nothing that a dry run says holds the secret. What is read,
changed at a harmless member and written keeps every secret."""
import base64
import json
import os
import re
import sys
from urllib.parse import quote

import rig
import plant
import plant_kinds
import sweep
from fingerprints import MARK, elsewhere, held, marks
from rig import Score

FEW = ("route", "ai-route", "mcp-server", "higress-config", "service-source", "wasm-plugin", "dashboard")  # in all ways
WORD = "hush-of-the-environment-4711-xyz"
SECRET_FIELDS = {
    "ai-provider": lambda fp: {"tokens": [fp]}, "plugin-instance": lambda fp: {"configurations": {"redis": {"password": fp}}},
    "consumer": lambda fp: {"credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-api-key", "values": [fp]}]}}
# A harmless change of what was read. Of a consumer a further key is the only one.
EDITS = {"consumer": lambda o: {"credentials": [{**o["credentials"][0], "values": o["credentials"][0]["values"] + [
             "one-more-key-of-" + o["name"]]}]},
         "mcp-server": lambda o: {"services": [{**o["services"][0], "port": 81}]},
         "plugin-instance": lambda o: {"enabled": not o["enabled"]},
         "dashboard": lambda o: {}}
# Where what was read has no such member yet, the patch and the manifest change it again.
AGAIN = {"route": {"methods": ["PATCH"]}, "ai-route": {"modelPredicates": [{"matchType": "PRE", "matchValue": "qwen-max"}]},
         "higress-config": {"data": {"higress": {"downstream": {"idleTimeout": 199}}}}}


def representatives(objects):
    """One object of each kind that shows fingerprints, and a few plugins."""
    out, seen = [], set()
    for o in objects:
        group = o.kind if o.kind != "plugin-instance" else o.name
        if o.status < 300 and group not in seen and (o.kind != "plugin-instance" or o.name in PLUGINS):
            seen.add(group)
            out.append(o)
    return out


PLUGINS = ("ai-cache", "key-auth", "basic-auth", "mcp-server", "my-signer", "hmac-auth", "oidc")


def first_marks(talk, objects):
    """[(object, path or None, fingerprint)]: what can be put elsewhere."""
    out = []
    for o in representatives(objects):
        seen = talk.get(o.kind, o.name, o.scope)
        whole = held(seen or {})
        rows = list(whole.items())[:3]
        rows += [(None, m) for m in sorted(marks(seen or {}) - set(whole.values()))[:2]]
        out += [(o, path, fp) for path, fp in rows]
    return out


def words(o):
    """The names of members in a patch, also of those in a text of YAML."""
    if isinstance(o, dict):
        return set(o).union(*map(words, o.values()))
    if isinstance(o, list):
        return set().union(*map(words, o))
    return set(re.findall(r"(\w+):", o)) if isinstance(o, str) and "\n" in o else set()


def refused(what, patch, fp, answer):
    """The change is refused, and the error names the field or the list that it is in."""
    good, said = answer
    if good:
        return "%s: accepted" % what
    named = fp in said or any(word in said for word in words(patch) if len(word) > 1)
    return None if named else "%s: not named: %s" % (what, said[:160])


def put_elsewhere(score, talk, objects, sources):
    """Each fingerprint at each harmless place of each kind, its own object first."""
    targets = {o.kind: o for o in reversed(objects) if o.status < 300}
    tried, wrong = {}, {}
    for source, path, fp in sources:
        for kind, target in targets.items():
            at = source if source.kind == kind else target
            for field, patch in elsewhere(kind, fp):
                what = "%s %s into %s %s" % (source.kind, path or "(in a text)", kind, json.dumps(patch)[:90])
                problem = refused(what, patch, fp, talk.change("patch", kind, at.name, patch, at.scope))
                tried.setdefault((kind, field), 0)
                tried[kind, field] += 1
                if problem:
                    wrong.setdefault((kind, field), []).append(problem)
    for key, n in tried.items():
        bad = wrong.get(key, ())
        score.check(not bad, "%s.%s takes no fingerprint (%d of %d wrong)" % (*key, len(bad), n), bad[0] if bad else "")


def other_secrets(score, talk, objects, sources):
    """A field that is a secret too, but not the one: of another object, another kind, another member."""
    targets = {}
    for o in objects:
        if o.kind in SECRET_FIELDS and o.status < 300:
            targets.setdefault(o.kind, []).append(o)
    bad, n = [], 0
    for source, path, fp in sources:
        for kind, make in SECRET_FIELDS.items():
            for target in targets[kind][-2:]:
                shown = held(talk.get(kind, target.name, target.scope) or {})
                if (target.kind, target.name) == (source.kind, source.name) or shown.get(path) == fp:
                    continue
                patch = make(fp)
                n += 1
                problem = refused("%s %s -> %s %s" % (source.kind, source.name, kind, target.name), patch, fp,
                                  talk.change("patch", kind, target.name, patch, target.scope))
                bad += [problem] if problem else []
    score.check(not bad, "secret fields of others take no fingerprint (%d of %d wrong)" % (len(bad), n), bad[:1])


def renamed(score, talk, objects):
    """A copy under another name would carry the secret to a new object."""
    for o in representatives(objects):
        seen = talk.get(o.kind, o.name, o.scope)
        if not marks(seen or {}) or o.kind in sweep.FIXED:
            continue
        new = {**seen, "name": "copy-of-it"}
        good, said = talk.change("create", o.kind, "copy-of-it", new, o.scope)
        score.check(not good, "a copy of %s is refused" % o.kind, said)
        good, said = talk.call("apply_manifest", {"manifest": [{"kind": o.kind, **new}], "dry_run": True})
        score.check(not good, "a copy of %s by a manifest is refused" % o.kind, said)
        talk.change("patch", o.kind, o.name, {"name": "renamed"}, o.scope)
        talk.change("replace", o.kind, o.name, {**seen, "name": "renamed"}, o.scope)
    for scope in ("route:annotated", "global"):
        o = next(x for x in objects if x.name == "ai-cache")
        seen = talk.get(o.kind, o.name, o.scope)
        good, said = talk.change("create", o.kind, o.name, {k: seen[k] for k in ("pluginName", "enabled", "configurations")}, scope)
        if scope != o.scope:
            score.check(not good, "a plugin's secrets do not go to another scope", said)


def by_key(score, talk):
    """Elements of a list are known by their key: in another order they keep their values, under another key they do not."""
    control = (talk.get("route", "headers") or {}).get("headerControl") or {}
    rows = control.get("request", {}).get("set") or []
    score.check(len(rows) > 1 and all(MARK.search(r["value"]) for r in rows[:2]), "header values are masked", rows)
    if len(rows) < 2:
        return
    turned = {**control, "request": {**control["request"], "set": rows[::-1]}}
    good, said = talk.change("patch", "route", "headers", {"headerControl": turned, "methods": ["GET"]})
    score.check(good, "header values in another order are taken", said)
    for name in ("X-Note", rows[1]["key"]):
        moved = [{"key": name, "value": rows[0]["value"]}] + ([] if name == rows[1]["key"] else rows[1:])
        changed = {**control, "request": {**control["request"], "set": moved}}
        problem = refused("a header value under the name of another", {"headerControl": changed}, rows[0]["value"],
                          talk.change("patch", "route", "headers", {"headerControl": changed}))
        score.check(not problem, "a header value does not move to %s" % name, problem)


def in_order(score, talk):
    """Plain secrets in a list are known by their fingerprints: one may be taken out, and the others keep theirs."""
    tokens = (talk.get("ai-provider", "p-qwen") or {}).get("tokens", [])
    good, said = talk.change("patch", "ai-provider", "p-qwen", {"tokens": tokens[:0:-1]})
    score.check(good and len(tokens) == 3, "tokens in another order, without the first, are taken", said)


def in_manifests(score, talk, sources):
    """Our YAML and Kubernetes' own, with a fingerprint in a place of its own."""
    texts = {"a WasmPlugin": "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: my-signer-1.0}\n"
                             "spec: {url: 'oci://registry.example.com/my-signer:1.0', phase: AUTHN, defaultConfig: {note: '%s'}}\n",
             "an Ingress": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n  annotations:\n"
                           "    higress.io/rewrite-target: /%s\n    higress.io/destination: shop.static:80\nspec:\n  rules:\n"
                           "  - http:\n      paths:\n      - {path: /shop, pathType: Prefix, backend: {resource: {apiGroup: "
                           "networking.higress.io, kind: McpBridge, name: default}}}\n",
             "an McpBridge": "apiVersion: networking.higress.io/v1\nkind: McpBridge\nmetadata: {name: default}\nspec:\n  registries:\n"
                             "  - {name: shop, type: static, domain: '%s', port: 80}\n",
             "a ConfigMap": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: higress-config}\n"
                            "data:\n  mesh: |\n    accessLogFile: '%s'\n",
             "our YAML": "kind: route\nname: shop\nrewrite: {enabled: true, path: '/%s'}\n",
             "a key": "kind: ai-provider\nname: p-qwen\nrawConfigs: {modelMapping: {'%s': x}}\n"}
    for what, text in texts.items():
        bad = []
        for _, _, fp in sources:
            good, said = talk.call("apply_manifest", {"manifest": text % fp, "dry_run": True})
            bad += [said] if good else []
        score.check(not bad, "%s takes no fingerprint (%d of %d)" % (what, len(bad), len(sources)), bad[:1])


def references(score, world, talk, objects):
    """${env:…} and ${file:…} stand for a secret only where one belongs."""
    target = {o.kind: o for o in reversed(objects) if o.status < 300}
    for ref in ("${env:HIGRESS_OPS_SECRET_HUSH}", "${file:%s/secrets/hush}" % world.house.dir):
        form = ref.split(":")[0][2:]
        for kind, o in target.items():
            bad = []
            for field, patch in elsewhere(kind, ref):
                row = {**sweep.addressed(o), **patch}
                for manifest in ([row], plant_kinds.yaml(row)):
                    good, said = talk.call("apply_manifest", {"manifest": manifest, "dry_run": True})
                    if WORD in json.dumps(said):
                        bad.append("%s: %s" % (field, json.dumps(said)))
                talk.change("patch", kind, o.name, patch, o.scope)
            score.check(not bad, "a %s reference in a harmless field of %s is not opened (%d)" % (form, kind, len(bad)), bad[:1])
        row = {"kind": "ai-provider", "name": "p-qwen", "tokens": [ref]}
        good, said = talk.call("apply_manifest", {"manifest": [row], "dry_run": True})
        score.check(good, "a %s reference as a token is taken" % form, said)


def raw(world, o):
    """The object as the console has it."""
    status, answer = world.api("GET", plant.path_of(o))
    return (answer.get("data", answer) if isinstance(answer, dict) else answer) if status == 200 else None


def counts(world, seeds, o):
    """{seed: how often it stands in an object}; what the console hides is counted in its files."""
    text = "\n".join(v for _, v in rig.leaves(raw(world, o)) if isinstance(v, str))
    kept = plant.kept(world) if o.kind == "service-source" else b""
    out = {}
    for seed in seeds:
        ways = {way for core in seed.cores for way in (core, json.dumps(core)[1:-1], quote(core, safe=""))}
        n = sum(text.count(way) for way in ways) + kept.count(base64.b64encode(seed.value.encode()))
        if n:
            out[seed] = n
    return out


def lossless(score, world, talk, planter, objects):
    """Read, edit, write: by replace, by a patch of the whole, by a manifest; each time every secret is as it was."""
    done = {}
    for i, o in enumerate(objects):
        seen = talk.get(o.kind, o.name, o.scope) if o.status < 300 else None
        before = counts(world, planter.seeds, o) if seen and o.kind != "tls-certificate" else None
        if not before:  # of a certificate reading shows nothing, and a write must bring all of it
            continue
        edit = EDITS.get(o.kind, lambda _, k=o.kind: sweep.HARMLESS[k])(seen)
        edited = {**seen, **edit}
        for how in ("replace", "patch", "manifest") if i % 3 == 0 or o.kind in FEW else ("replace",):
            body = edited if how != "patch" else {**seen, **AGAIN.get(o.kind, {})}
            if o.kind == "higress-config" and how == "replace":
                body = {**seen, "data": {**seen["data"], "higress": {**seen["data"]["higress"], "upstream": {"idleTimeout": 9}}}}
            if how == "manifest":
                good, said = talk.call("apply_manifest", {"manifest": [{**body, **sweep.addressed(o)}]})
            else:
                good, said = talk.change(how, o.kind, o.name, body, o.scope, dry=False)
            same = "already looks like that" in str(said) or "nothing to change" in str(said)
            now = counts(world, before, o)
            lost = sorted(seed.name for seed in before if now.get(seed, 0) < before[seed])
            done.setdefault(o.kind, []).append(good)
            score.check((good or same) and not lost, "%s %s by %s keeps its secrets" % (o.kind, o.name, how),
                        "%s; lost: %s" % (said if not good else "written", lost))
    for kind, rows in done.items():
        print("  read, edited and written: %-16s %d, of which %d were a change" % (kind, len(rows), sum(rows)))
    return done


def main():
    score = Score()
    os.environ["HIGRESS_OPS_SECRET_HUSH"] = WORD
    with rig.World(sys.argv[1], "auto") as world:
        os.makedirs(world.house.dir + "/secrets")
        with open(world.house.dir + "/secrets/hush", "w", encoding="ascii") as f:
            f.write(WORD)
        os.chmod(world.house.dir + "/secrets/hush", 0o600)
        world.args += ["--secret-dirs", world.house.dir + "/secrets"]
        planter, objects = plant.fill(world)
        talk = world.stdio()
        early = marks(talk.get("ai-provider", "p-qwen"))
        talk.change("patch", "route", "shop", {"methods": ["GET"]})  # the first change opens the state
        score.check(early and early == marks(talk.get("ai-provider", "p-qwen")), "a fingerprint is the same after the first change")
        sources = first_marks(talk, objects)
        score.check(len(sources) > 20, "there are fingerprints to move", len(sources))
        put_elsewhere(score, talk, objects, sources)
        other_secrets(score, talk, objects, sources)
        renamed(score, talk, objects)
        by_key(score, talk)
        in_order(score, talk)
        in_manifests(score, talk, sources)
        references(score, world, talk, objects)
        done = lossless(score, world, talk, planter, objects)
        score.check(len(done) > 6, "objects of seven kinds were edited", sorted(done))
        score.check(world.alive() and not world.broken, "the server lives", world.broken[:3])
        world.collect()
        needles = {s.name: s.needles() for s in planter.seeds}
        needles["the reference"] = {WORD}
        found = world.leaks(needles, lambda output: output.split(" ")[0])
    leaked = sorted({name for names in found.values() for name in names})
    for name in needles:
        score.check(name not in leaked, "said: " + name, [o for o, names in found.items() if name in names])
    print("%d fingerprints of %d objects were put elsewhere; secrets said: %d" % (len(sources), len(objects), len(leaked)))
    return score.end()


if __name__ == "__main__":
    sys.exit(main())
