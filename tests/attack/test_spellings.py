#!/usr/bin/env python3
"""test_spellings.py BINARY - secrets under names that nobody's list has, in addresses of every form, as the wrong type, as a
member's name, in YAML of odd spellings; and texts made to take long. Each is read back from a gateway that holds it and sent
as a dry run; no answer may hold it."""
import json
import sys
import time

from rig import Score, World

NAMES = """API-KEY x_api_key apiKey2 API.KEY аpiKey api\u200bKey clientSecret2 pass_word PASSWD X-Auth key ak privkey priv_key pkcs12
storepass keypass pem cert_key tls_key ssl_key licenseKey salt seed mnemonic otp_code creds cred login csrf connect.sid PHPSESSID
oauth2 x-sign hash passcode passkey apipass db_pass redis_auth requirepass basicAuth encrypt_key aesKey rsa_private jdbcUrl
databaseUrl x-goog-key encodingAESKey signKey deploy_key ssh_key id_rsa masterKey root_pass adminPass userpw secretRef
token_name keyMaterial x-forwarded-auth proxyAuth X-Anything""".split()
URLS = """https://%s@h/x https://:%s@h/x https://u:a@b%s@h/x https://u:%%40%s@h/x https://u:p/%s@h/x https://u:%s?x@h/
https://h/x;jsessionid=%s https://h/x#access_token=%s https://h/?%s https://h/?a[token]=%s HTTPS://U:%s@H wss://u:%s@h redis://:%s@h:6379/0
jdbc:postgresql://u:%s@h/db jdbc:mysql://h/db?user=u&password=%s amqp://u:%s@h/v mongodb+srv://u:%s@h/db //u:%s@h/x
https://h/x?u=https://a:%s@b/ https://hooks.slack.com/services/T/B/%s https://hooks.slack.com./services/%s
https://HOOKS.SLACK.COM:443/services/%s https://discord.com/api/v10/webhooks/1/%s https://canary.discord.com/api/webhooks/1/%s
https://api.telegram.org/file/bot1:%s/x https://events.pagerduty.com/integration/%s/enqueue https://api.day.app/%s/title
https://sctapi.ftqq.com/%s.send https://webhook.site/%s https://rocket.example.com/hooks/a/%s https://outlook.office365.com/webhook/%s
https://oapi.dingtalk.com/robot/send?access_token=%s https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=%s""".split()
TEXTS = ["see https:\\/\\/u:%s@h\\/x", "//u:%s@h/x", "a https://h/?sig=%s b", "signKey=%s", '{"masterKey":"%s"}', "x-goog-key: %s"]
DSNS = ["u:%s@tcp(h:1)/d", "u:p@%s@tcp(h)/d", "u:%s/x@unix(/tmp/s)/d", "u/%s@h:1521/x", "host=h password = %s", "host=h password='it''s %s'",
        "host=h password=a\\ %s", "Server=h;Uid=u;Pwd=%s;", "AccountName=a;AccountKey=%s;", "host=h options='-c token=%s'",
        '{"password":"%s"}', "Endpoint=sb://h/;SharedAccessKey=%s", "file:x?_auth_pass=%s"]
YAMLS = ["redis: &a {password: %s}\nx: *a", "base: &b {password: %s}\nredis: {<<: *b}", "redis: {password: %s, password: x}", "redis: {} # %s",
         "redis: {}\n---\nredis: {password: %s}", "redis: {password: [{a: %s}]}", "redis: |\n  password: %s", "redis: {%s: x}", "%s: x",
         "_rules_:\n- _match_route_: [a]\n  redis: {password: %s}", "REDIS: {Password: %s}", "redis: {password: %s", "{\"redis\":{\"pass\\u0077ord\":\"%s\"}}",
         "rule_items: [{limit_by_per_header: X-API-KEY, limit_keys: [{key: %s}]}]"]
TYPES = [("jwt-auth", {"consumers": [{"jwks": ["%s"]}]}), ("oidc", {"provider": {"apiTokens": "%s"}}), ("key-auth", {"credentials": {"%s": 1}}),
         ("unheard", {"x": {"y": [["%s"]]}}), ("ai-cache", {"cache": {"password": {"value": ["%s"]}}}),
         ("mcp-server", {"server": {"config": {"url": {"a": "%s"}}}})]
SLOW = ["//", "eyJaaaaaaaaaa-", "a.", "a=", "token={", "?x=?x=", "//a:b@", "-----BEGIN CERTIFICATE-----"]


def instance(plugin, settings):
    return "plugin-instance", plugin, {"pluginName": plugin, "enabled": True, **settings}, "global"


def objects(seed):
    """(what it tries, kind, name, object, scope)"""
    for name in NAMES:
        yield "the header %r" % name, "route", "r", {"name": "r", "path": {"matchType": "PRE", "matchValue": "/"}, "services": [
            {"name": "a.dns", "port": 80}], "headerControl": {"request": {"add": [{"key": name, "value": seed}]}}}, None
        yield ("the member %r" % name, *instance("ext-auth", {"configurations": {"http_service": {"authorization_request": {
            "headers_to_add": {name: seed}}}}}))
    for url in URLS:
        yield url, "ai-provider", "p", {"name": "p", "type": "openai", "tokens": [], "rawConfigs": {
            "openaiCustomUrl": url.replace("%s", seed).replace("%%", "%")}}, None
    for text in TEXTS + URLS:
        yield ("the text " + text, *instance("custom-response", {"configurations": {"body": text.replace("%s", seed)}}))
    for dsn in DSNS:
        yield "the address " + dsn, "higress-config", "higress-config", {"data": {"higress": {"mcpServer": {"servers": [
            {"name": "d", "path": "/d", "type": "database", "config": {"dbType": "mysql", "dsn": dsn.replace("%s", seed)}}]}}}}, None
    for text in YAMLS:
        yield ("the YAML " + text, *instance("cluster-key-rate-limit", {"rawConfigurations": text.replace("%s", seed)}))
    for plugin, settings in TYPES:
        yield ("the settings %s" % settings, *instance(plugin, {"configurations": json.loads(json.dumps(settings).replace("%s", seed))}))


def try_all(score, talk, seed):
    n = 0
    for what, kind, name, body, scope in objects(seed):
        for action in ("create", "replace"):
            _, said = talk.change(action, kind, name, body, scope)
            score.check(seed not in json.dumps(said), "%s %s" % (action, what), said)
            n += 1
    return n


def held(score, world, talk, seed):
    """The same, written past us and read."""
    n = 0
    for what, kind, name, body, _ in objects(seed):
        where = {"ai-provider": "/v1/ai/providers", "plugin-instance": "/v1/global/plugin-instances/" + name}.get(kind)
        if not where:
            continue
        world.api("PUT" if kind == "plugin-instance" else "POST", where, body)
        text = json.dumps(talk.get(kind, name, "global" if kind == "plugin-instance" else None))
        score.check(seed not in text, "reading " + what, text)
        n += text != "null"
        if kind == "ai-provider":
            world.api("DELETE", where + "/" + name)
    return n


def slow(score, talk):
    for unit in SLOW:
        start = time.time()
        kind, name, body, scope = instance("custom-response", {"configurations": {"body": unit * (200000 // len(unit))}})
        talk.change("create", kind, name, body, scope)
        score.check(time.time() - start < 10, "200 kB of %r do not take long" % unit, time.time() - start)


def main():
    score = Score()
    with World(sys.argv[1]) as world:
        talk = world.stdio()
        tried = sum(try_all(score, talk, seed) for seed in ("SEEDaQ7zX9kLm2vB", "q8Hn5tRw2Zp0Ly7cVbKd"))
        read = held(score, world, talk, "SEEDaQ7zX9kLm2vB")
        slow(score, talk)
        score.check(read > 60, "objects were read", read)
        score.check(world.alive() and not world.broken, "the server lives", world.broken[:3])
    print("%d dry runs, %d objects read" % (tried, read))
    return score.end()


if __name__ == "__main__":
    sys.exit(main())
