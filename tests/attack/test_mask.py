#!/usr/bin/env python3
"""test_mask.py BINARY - fingerprints sent back to where they do not belong, secrets that are words of our answers, and what
an error may quote. Each attack has a name; after each one the server still answers."""
import json
import os
import sys

from rig import Score, World

KEY = "Zx9-provider-key-77 \"quoted\" and/odd"
SHORT = "q7w"
LONG = "L0ng-" + "0123456789abcdefXY" * 30
MASK = "secret:sha256:"


def fill(world):
    for name, tokens in (("one", [KEY, LONG]), ("two", [SHORT]), ("word", ["operations", "approval_required", "structuredContent"])):
        send(world, "POST", "/v1/ai/providers", {"name": name, "type": "openai", "tokens": tokens, "protocol": "openai/v1",
                                                 "rawConfigs": {"openaiCustomUrl": "https://user:Pa55-w0rd-of-url@llm.example.com/v1"}})
    send(world, "POST", "/v1/routes", {"name": "shop", "domains": [], "path": {"matchType": "PRE", "matchValue": "/shop"},
                                       "services": [{"name": "web.static", "port": 80}],
                                       "headerControl": {"enabled": True, "request": {"add": [{"key": "Authorization", "value": "Bearer Hdr-secret-0815"}]}}})
    send(world, "POST", "/v1/service-sources", {"name": "web", "type": "static", "domain": "10.0.0.1:80", "port": 80, "protocol": "http"})


def send(world, method, path, body):
    status, answer = world.api(method, path, body)
    if status >= 300:
        raise SystemExit("%s %s: %s %s" % (method, path, status, answer))


def fingerprint(text):
    at = text.find(MASK)
    return text[at:at + len(MASK) + 8] if at >= 0 else None


def refused(score, talk, name, secrets, ok, said):
    """The change is refused by name, and nothing of a secret is in the answer."""
    text = json.dumps(said)
    score.check(not ok and "fingerprint" in text and not any(s in text for s in secrets), name, text[:300])


def restore(score, talk):
    one = talk.get("ai-provider", "one")
    mask = one["tokens"][0]
    secrets = (KEY, json.dumps(KEY)[1:-1], "Hdr-secret-0815", "Pa55-w0rd-of-url")
    score.check(all(t.startswith(MASK) for t in one["tokens"]), "a key with quotes and a long one are fingerprints", one)
    for name, patch in (("a harmless member", {"proxyName": mask}), ("another secret member", {"rawConfigs": {"awsSecretKey": mask}}),
                        ("a URL", {"rawConfigs": {"openaiCustomUrl": "https://h/" + mask}}), ("a longer text", {"tokens": ["x " + mask]}),
                        ("a name of a member", {"rawConfigs": {mask: 1}}), ("a text that is a tree", {"rawConfigs": {"vertexAuthKey": json.dumps({"client_email": mask})}})):
        refused(score, talk, "a fingerprint in " + name, secrets, *talk.change("patch", "ai-provider", "one", patch))
    refused(score, talk, "a fingerprint in another object", secrets, *talk.change("patch", "ai-provider", "two", {"tokens": [mask]}))
    refused(score, talk, "a fingerprint in a new object", secrets, *talk.change("create", "ai-provider", "new", {"name": "new", "type": "openai", "tokens": [mask]}))
    header = fingerprint(json.dumps(talk.get("route", "shop")))
    for name, control in (("a header that is no secret", {"request": {"add": [{"key": "x-team", "value": header}]}}),
                          ("a header of the answer", {"response": {"add": [{"key": "Authorization", "value": header}]}})):
        refused(score, talk, "a fingerprint in " + name, secrets, *talk.change("patch", "route", "shop", {"headerControl": control}))
    for name, text in (("a manifest", "kind: ai-provider\nname: one\nproxyName: %s\n" % mask),
                       ("YAML text", "kind: mcp-server\nname: m\ntype: OPEN_API\nservices: [{name: web.static, port: 80}]\nrawConfigurations: |\n  server: {name: %s}\n  tools: []\n" % mask)):
        ok, said = talk.call("apply_manifest", {"manifest": text, "dry_run": True})
        refused(score, talk, "a fingerprint in " + name, secrets, ok, said)
    ok, said = talk.change("patch", "ai-provider", "one", {"tokens": [mask], "type": "openai"})
    score.check(ok and KEY not in json.dumps(said), "a fingerprint where it stood is put back", said)


def references(score, world, talk):
    os.environ["HIGRESS_SECRET_ATTACK"] = "Env-secret-4711"
    ok, said = talk.call("apply_manifest", {"manifest": "kind: ai-provider\nname: one\nproxyName: ${env:HIGRESS_SECRET_ATTACK}\n", "dry_run": True})
    score.check(not ok and "Env-secret-4711" not in json.dumps(said), "a reference in a harmless member shows nothing", said)


def held_words(score, talk):
    """The gateway holds tokens that are words of our answers, and they are known to the process."""
    word = talk.get("ai-provider", "word")
    score.check(word and all(t.startswith(MASK) for t in word["tokens"]), "tokens that are words are fingerprints", word)
    ok, said = talk.change("patch", "route", "shop", {"methods": ["GET"]}, dry=False)
    score.check(ok and said.get("status") == "approval_required" and said.get("operations"), "a held word changes no answer", said)


def words(score, talk, other):
    """Tokens that are words of our answers: those that the gateway holds, and those that a client sends."""
    for token in ("operations", "structuredContent", "description", "null", "true", "}", '","operations":[', "10.0.0.1:80", "web.static"):
        ok, said = talk.call("add_provider", {"name": "w", "type": "openai", "key": token, "dry_run": True})
        score.check(ok and isinstance(said, dict) and "operations" in said, "a token that is %r: the plan is whole" % token, said)
        source = other.get("service-source", "web")
        score.check(source == {**source, "name": "web", "domain": "10.0.0.1:80"},
                    "a token that is %r changes no other client's answer" % token, source)
        ok, said = other.call("list_changes", {})
        score.check(ok, "changes are listed after a token that is %r" % token, said)
    ok, said = talk.call("add_provider", {"name": "x9", "type": SHORT, "key": SHORT, "dry_run": True})
    score.check(SHORT not in json.dumps(said), "an error does not quote a short key", said)
    score.check(other.call("gateway_overview", {})[0] and talk.call("list_routes", {})[0], "the server still answers")


def main():
    score = Score()
    with World(sys.argv[1]) as world:
        fill(world)
        ann, bob = world.http("ann"), world.http("bob")
        restore(score, ann)
        references(score, world, ann)
        held_words(score, ann)
        words(score, ann, bob)
    return score.end()


sys.exit(main())
