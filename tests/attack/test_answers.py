#!/usr/bin/env python3
"""test_answers.py BINARY - what one client gives as a secret changes nobody's answers. A client sends tokens and passwords
that are words of our own answers, an address, punctuation, very short or very long; then every answer of every client is
whole JSON, the server lives, those of another client are the same byte for byte, and all of this again after a restart on
the same state."""
import json
import re
import sys

import rig
import plant
from rig import Score

WORDS = ["approve", "pending", "true", "id", "c-", "null", "state", "draft", "applied", "operations", "content", "text", "jsonrpc",
         "result", "structuredContent", "secret", "secret:sha256:", "shop.static", "10.0.0.11:8080", "10.0.0.11", "127.0.0.1",
         "vendor.example.com", '"', "\\", "{", "}", '":"', "\\n", "\\u0000", ",", ":", "[", "]", "{}", '{"a":1}', "a", "ab",
         "abc", "route", "name", "service-source", "kind", "2026", "20", "0", "1", " ", "  ", "é", "😀", "\u2028", "%s", "%n",
         "$1", "\\1", "</script>", "higress", "gateway", "isError", "tool", "change_resource", "GET", "http", "https://"]
SIZES = [*range(1, 8), 159, 160, 161, 162, 1000, 4096, 8192, 65536, 100000]
PLACES = ("token", "password", "key", "manifest", "credential", "setting")
STILL = (  # what another client asks; nothing of it follows from what the first one does
    ("gateway_overview", {}), ("list_routes", {}), ("list_resources", {"kind": "service-source"}),
    ("get_resource", {"kind": "route", "name": "shop"}), ("get_resource", {"kind": "service-source", "name": "shop"}),
    ("get_resource", {"kind": "consumer", "name": "alice"}), ("get_resource", {"kind": "ai-provider", "name": "mind"}),
    ("describe_kind", {"kind": "ai-provider"}), ("describe_kind", {"kind": "plugin-instance", "plugin": "key-auth"}),
    ("get_resource", {"kind": "route", "name": "nobody"}), ("diagnose", {"route": "shop"}))
VOLATILE = re.compile(r'"pending": ?\[[^]]*\]|\\?npending: [^\\"]*|c-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z|"(?:took|ms|age)[A-Za-z]*":[0-9.]+|[0-9.]+ ?ms|port [0-9]{4,5}')


def values():
    for word in WORDS:
        yield repr(word), word
    for n in SIZES:
        yield "%d characters" % n, ("k%06d-" % n * (n // 8 + 1))[:n]
        yield "%d quotes" % n, '"' * n if n < 4096 else '\\"' * (n // 2)


def fill(world):
    good = [plant.put(world, *row).status < 300 for row in (
        ("service-source", "shop", {"type": "static", "domain": "10.0.0.11:8080", "port": 80, "protocol": "http"}),
        ("route", "shop", {"path": {"matchType": "PRE", "matchValue": "/shop"}, "services": [{"name": "shop.static", "port": 80}]}),
        ("consumer", "alice", {"credentials": [{"type": "key-auth", "source": "HEADER", "key": "x-api-key", "values": ["alice-key-1"]}]}),
        ("ai-provider", "mind", {"type": "qwen", "tokens": ["sk-mind-0123456789"], "rawConfigs": {}}))]
    return all(good)


def send(talk, value, i):
    """The value at every place of an argument that is a secret; one change of them is stored, the others are dry runs."""
    sent = [
        talk.change("create", "ai-provider", "p", {"name": "p%d" % i, "type": "openai", "tokens": [value]}, dry=i % 3 != 0),
        talk.change("create", "mcp-server", "db", {"name": "db%d" % i, "type": "DATABASE", "dbType": "POSTGRESQL", "services": [
            {"name": "shop.static", "port": 80}], "dbConfig": {"host": "10.0.5.1", "port": "5432", "username": "u", "dbname": "d",
                                                               "password": value}}),
        talk.call("add_provider", {"name": "q%d" % i, "type": "qwen", "key": value, "dry_run": i % 3 != 1}),
        talk.call("apply_manifest", {"manifest": [{"kind": "consumer", "name": "c%d" % i, "credentials": [
            {"type": "key-auth", "source": "BEARER", "values": [value]}]}], "dry_run": True}),
        talk.change("patch", "consumer", "alice", {"credentials": [
            {"type": "key-auth", "source": "HEADER", "key": "x", "values": [value]}]}),
        talk.change("create", "plugin-instance", "key-auth", {"pluginName": "key-auth", "enabled": True, "configurations": {
            "consumers": [{"name": "a", "credential": value}], "keys": ["x"], "in_header": True}}, "global"),
    ]
    return [answer["id"] for good, answer in sent if good and isinstance(answer, dict) and answer.get("id")]


def still(talk):
    """The answers of a client that minds its own business, without what time changes."""
    out = {}
    for tool, arguments in STILL:
        _, answer = talk.call(tool, arguments)
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        out[tool + " " + json.dumps(arguments)] = VOLATILE.sub("~", text)
    for method, params in (("tools/list", {}), ("prompts/list", {}), ("resources/templates/list", {}),
                           ("resources/read", {"uri": "higress://gateway/default/route/shop"})):
        _, answer = talk.request(method, params)
        out[method] = VOLATILE.sub("~", json.dumps(answer, ensure_ascii=False))
    return out


def look(world, talk, ids):
    """Everything that shows stored changes."""
    for change in ids:
        talk.call("get_change", {"id": change})
        talk.request("resources/read", {"uri": "higress://change/" + change})
        world.page("show", id=change)
    talk.call("list_changes", {"limit": 100})
    world.page("list")


def differs(one, other):
    return ["%s: %s / %s" % (k, one[k][:200], other.get(k, "")[:200]) for k in one if one[k] != other.get(k)]


def broken(world):
    """Answers that are no JSON, or none at all; the list starts anew."""
    out, world.broken = world.broken, []
    for output, texts in world.heard.items():
        if output.startswith("page "):
            out += ["%s: %s" % (output, t[:100]) for t in texts if not whole(t)]
    return out


def whole(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def crash_of_the_issue(world, score):
    """A token that is a word of our answers; what is shown of its stored change ended the process, after a restart too."""
    talk = world.http("ann")
    ids = []
    for i, word in enumerate(("operations", "changes", "pending-", "before", "summary", "digest", "put ai-provider", "ai-provider")):
        ids += send(talk, word, 900 + i * 3)
    look(world, talk, ids)
    score.check(world.alive() and not world.broken, "a token that is a word of our answers", world.broken[:2])
    world.broken = []
    world.serve()
    again = world.http("ann")
    look(world, again, ids)
    score.check(world.alive() and not world.broken, "its stored change after a restart", world.broken[:2])
    world.broken = []


def manifests_of_kubernetes(world, score):
    """Objects of Kubernetes with members left out or of another type end nothing."""
    talk = world.http("ann")
    head = {"Ingress": "networking.k8s.io/v1", "McpBridge": "networking.higress.io/v1", "WasmPlugin":
            "extensions.higress.io/v1alpha1", "ConfigMap": "v1", "Secret": "v1"}
    names = ("x", "mcp-server-x.internal", "key-auth.internal", "ai-proxy.internal", "mcp-server.internal", "domain-x",
             "ai-route-x", "higress-config", "default", "", None)
    specs = (None, {}, [], "x", {"rules": []}, {"rules": [{}]}, {"rules": [{"http": {"paths": [{}]}}]}, {"registries": [{}]},
             {"defaultConfig": {"consumers": [{}], "providers": [{}], "servers": [{}]}}, {"matchRules": [{}]}, {"matchRules": [
                 {"ingress": ["mcp-server-x.internal"], "config": {"server": {"name": "x"}, "allow": [1]}}]})
    for kind, version in head.items():
        for name in names:
            for spec in specs:
                o = {"apiVersion": version, "kind": kind, "spec": spec, "data": spec, "metadata": {
                    "name": name, "annotations": {"higress.io/destination": "shop.static:80"}, "labels": {}}}
                talk.call("apply_manifest", {"manifest": json.dumps(o), "dry_run": True})
        score.check(world.alive() and not world.broken, "odd manifests of %s" % kind, world.broken[:2])
        world.broken = []


def main():
    score = Score()
    with rig.World(sys.argv[1]) as world:
        score.check(fill(world), "the gateway is filled")
        crash_of_the_issue(world, score)
        manifests_of_kubernetes(world, score)
        ann, bob = world.http("ann"), world.http("bob", rig.mcp.MODERN)
        ann.change("patch", "route", "shop", {"methods": ["GET"]})
        before, ids = still(bob), []
        for i, (what, value) in enumerate(values()):
            made = send(ann, value, i)
            look(world, ann, made[:2])
            ids += made[:1]
            now = still(bob)
            moved, bad = differs(before, now), broken(world)
            score.check(not bad and not moved and world.alive(), "a secret of " + what, (bad + moved)[:2])
            before = now  # a failure is told once, for the value that made it
        world.serve()
        ann, bob = world.http("ann"), world.http("bob", rig.mcp.MODERN)
        look(world, ann, ids)
        moved = differs(before, still(bob))
        bad = broken(world)
        score.check(not bad and world.alive(), "everything is shown after a restart", bad[:3])
        score.check(not moved, "the other client's answers are the same after a restart", moved[:2])
        code, out, err = world.command("changes", "--json")
        score.check(code == 0 and whole(out), "the command shows them", out[:100] + err[:200])
        score.check(world.command("audit", "verify")[0] == 0, "the audit is whole")
        print("%d values at %d places of arguments, %d changes stored" % (len(WORDS) + 2 * len(SIZES), len(PLACES), len(ids)))
    return score.end()


if __name__ == "__main__":
    sys.exit(main())
