#!/usr/bin/env python3
"""test_references.py BINARY - values on the server's side, named by a client, come out of no answer: not by a field that is
shown whole, not by the lines of a text that are shown beside its password, not by an object that is taken although one of
its secrets is not known; and explain_request says no more of a route and its limits than get_resource."""
import json
import os
import sys

import rig
import plant

ADDRESS = "inner-vault.example.com"
LINES = "user=carol-the-admin\npassword=hunter2abcdef\nhost=vault.inner"
ROBOT = json.dumps({"client_email": "robot@inner.example", "private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n"
                    "-----END PRIVATE KEY-----\n"})
os.environ.update({"HIGRESS_OPS_SECRET_ADDRESS": ADDRESS, "HIGRESS_OPS_SECRET_LINES": LINES, "HIGRESS_OPS_SECRET_ROBOT": ROBOT,
                   "HIGRESS_OPS_SECRET_DSN": "postgres://u:hush-dsn-77@db.example.com/x"})
SHOP = [{"name": "shop.static", "port": 80}]
SHORT = {"rewrite": "tkRw77", "header": "hdc-s9", "limit": "lk-s77", "redirect": "s3cU9!"}  # too short to be scrubbed
REGISTRY = {"name": "nac", "type": "nacos2", "domain": "nacos.example.com", "port": 8848, "protocol": "http",
            "properties": {"nacosGroups": ["g"], "nacosNamespaceId": ""},
            "authN": {"enabled": True, "properties": {"nacosUsername": "u", "nacosPassword": "registry-pw-1"}}}


def fill(world):
    rows = (("service-source", "shop", {"type": "static", "domain": "10.0.0.11:8080", "port": 80, "protocol": "http"}),
            ("service-source", "nac", REGISTRY),
            ("route", "a", {"path": {"matchType": "PRE", "matchValue": "/a"}, "services": SHOP,
                            "rewrite": {"enabled": True, "path": "/x?api_key=" + SHORT["rewrite"], "host": "h"},
                            "headers": [{"key": "authorization", "matchType": "EQUAL", "matchValue": SHORT["header"]}]}),
            ("route", "b", {"path": {"matchType": "PRE", "matchValue": "/b"}, "services": SHOP, "customConfigs": {
                "higress.io/permanent-redirect": "https://admin:%s@h.example.com/x" % SHORT["redirect"]}}),
            ("plugin-instance", "key-rate-limit", {"enabled": True, "configurations": {
                "rule_name": "r", "rule_items": [{"limit_by_header": "x-api-key\nnote: FORGED-1", "limit_keys": [
                    {"key": SHORT["limit"], "query_per_second\nnote: FORGED-2": 3}]}]}}, "route:a"))
    return all(plant.put(world, *row).status < 300 for row in rows)


def places(reference):
    """change_resource's arguments with the reference in a field that is read by everybody."""
    yield "mcp-server", "m", {"name": "m", "type": "OPEN_API", "services": SHOP, "description": reference}, None
    yield "mcp-server", "m", {"name": "m", "type": "OPEN_API", "services": SHOP, "rawConfigurations": reference}, None
    yield "wasm-plugin", "w", {"name": "w", "category": "custom", "imageRepository": "oci://x.example.com/p", "imageVersion": "1.0.0",
                               "title": "t", "description": reference, "phase": "AUTHN", "priority": 10}, None
    yield "plugin-instance", "custom-response", {"enabled": True, "configurations": {"body": reference, "status_code": 200}}, "global"
    yield "plugin-instance", "custom-response", {"enabled": True, "rawConfigurations": reference}, "global"
    yield "route", "r", {"name": "r", "path": {"matchType": "PRE", "matchValue": "/r"}, "services": SHOP,
                         "customConfigs": {"higress.io/odd": reference}}, None


def refused(talk, score):
    for name in ("ADDRESS", "LINES", "ROBOT"):
        reference = {"$secret": {"env": "HIGRESS_OPS_SECRET_" + name}}
        for kind, of, body, scope in places(reference):
            good, answer = talk.change("create", kind, of, body, scope)
            field = next((m for m in ("description", "configurations", "rawConfigurations", "customConfigs") if m in body), "")
            if kind == "route" and name == "ADDRESS":
                continue  # an annotation that nobody knows is hidden whole
            score.check(not good and "holds no secret" in str(answer), "%s goes to no %s of a %s" % (name, field, kind), answer)


def registry(talk, score):
    """A registry's password may stay unknown; nothing else of it may."""
    for said in ({"$secret": {"env": "HIGRESS_OPS_SECRET_ADDRESS"}}, "${env:HIGRESS_OPS_SECRET_ADDRESS}",
                 "${env:HIGRESS_OPS_SECRET_NONE}"):
        item = {"kind": "service-source", "name": "nac", "type": "nacos2", "port": 8848, "properties": {"nacosGroups": ["g"]},
                "authN": {"enabled": True}, "domain": said}
        good, answer = talk.call("apply_manifest", {"manifest": [item], "dry_run": True})
        score.check(not good, "a registry's address is no place for %s" % said, answer)
    item = {"kind": "service-source", "name": "nac", "type": "nacos2", "port": 8849, "properties": {"nacosGroups": ["g"]},
            "domain": "nacos.example.com", "authN": {"enabled": True, "properties": {
                "nacosUsername": "${env:HIGRESS_OPS_SECRET_NONE}", "nacosPassword": "${env:HIGRESS_OPS_SECRET_NONE}"}}}
    good, answer = talk.call("apply_manifest", {"manifest": [item], "dry_run": True})
    score.check(good, "a registry keeps a password that is not known", answer)


def explained(world, talk, score):
    """By a process that has not read the secrets by get_resource, so that only the tables hide them."""
    for request in ({"path": "/a/1"}, {"path": "/a/1", "headers": {"authorization": SHORT["header"]}}, {"path": "/b/1"}):
        good, answer = talk.call("explain_request", request)
        text = json.dumps({"structured": answer})
        score.check(good, "explain_request answers for %s" % request, answer)
        score.check("\\nnote: FORGED" not in text, "no line of it is forged", text)
    world.command("check", "--gateway", "--format", "json")
    world.command("check", "--gateway", "--format", "sarif")


def main():
    score = rig.Score()
    with rig.World(sys.argv[1]) as world:
        score.check(fill(world), "the gateway is filled")
        talk = world.stdio()
        explained(world, talk, score)
        refused(talk, score)
        registry(talk, score)
        world.collect()
        said = {name: {text} for name, text in SHORT.items()}
        said.update({"address": {ADDRESS}, "user": {"carol-the-admin"}, "host": {"vault.inner"}, "robot": {"robot@inner.example"}})
        said["password"] = {"hunter2abcdef"}
        found = world.leaks(said)
        score.check(not found, "nothing of it was said", found)
    return score.end()


if __name__ == "__main__":
    sys.exit(main())
