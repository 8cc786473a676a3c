"""plant_plugins.py - configurations of plugins with a seed at each place of places.tsv.

A row is plugin, path, rule: the path is `a.b[].c`, `*` a member of any name; the rule says what makes a value there a
secret, and with it what else the configuration must hold.
"""
import json
import os

from seeds import KNOWN, LINE, TOKEN, WHOLE

HERE = os.path.dirname(os.path.abspath(__file__))
URLS = ("https://api-user:%s@vendor.example.com/v1", "https://vendor.example.com/v1/chat?api_key=%s&region=eu",
        "https://store.example.com/prompts.txt?sig=%s&se=2030-01-01", "https://hooks.slack.com/services/%s")
# Names that say of their value that it is secret.
HEADERS = ("authorization", "x-api-key", "proxy-authorization", "x-auth-token", "private-token")
MEMBERS = ("apiSecret", "x-api-key", "client_secret", "accessToken")


def rows():
    with open(os.path.join(HERE, "places.tsv"), encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]


class Value:
    """What stands at one place: `at` says where, `rule` what makes it secret."""

    def __init__(self, planter, place, turn):
        self.planter, self.place, self.turn = planter, place, turn

    def seed(self, shapes=WHOLE):
        return self.planter.value(self.place, shapes)

    def name(self, names):
        return names[self.turn % len(names)]

    def text(self):
        """Free text with a token in it that is known by its shape, or a header line."""
        if self.turn % 4 == 3:
            return "curl -H 'X-Api-Key: %s' https://vendor.example.com/" % self.seed(("plain", "base64url", "uuid"))
        return "Answer in one line. %s is what the old script used." % self.seed(KNOWN)

    def url(self):
        form = URLS[self.turn % len(URLS)]
        return form % (self.planter.quoted(self.place) if "slack" not in form else
                       "T0%s/B0%s/%s" % ("A1B2C3D4", "E5F6G7H8", self.seed(("plain",))))

    def path(self):
        return "/v1/chat?token=%s" % self.planter.quoted(self.place)


def service_account(seed):
    return json.dumps({"client_email": "a@b.example.com", "private_key_id": "key-1", "private_key": seed,
                       "token_uri": "https://oauth2.example.com/token"})


def jwks(value):
    key = value.seed(("base64url",))
    return json.dumps({"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": key}]})


def openapi(value):
    return ("openapi: 3.0.0\ninfo: {title: shop, version: '1'}\nservers:\n- url: https://vendor.example.com/v1?api_key=%s\n"
            "paths:\n  /orders:\n    get:\n      parameters:\n      - {name: X-Api-Key, in: header, schema: {type: string, "
            "default: %s}}\n" % (value.seed(("hex", "uuid")), value.seed(("plain",))))


def schema(value):
    return {"type": "object", "properties": {"authorization": {"type": "string", "const": value.seed(LINE)},
                                             "password": {"type": "string", "default": value.seed(LINE)}}}


def fill(config, path, rule, value):
    """Puts what the rule asks for at the path of the configuration."""
    *way, last = path.split(".")
    at = config
    for step in way:
        at = walk(at, step)
    made = {"whole": value.seed, "text": value.text, "url": value.url, "urlpath": value.path, "key": lambda: value.seed(LINE),
            "config": lambda: value.seed(LINE), "jwks": lambda: jwks(value), "yaml=openapi": lambda: openapi(value),
            "json=gcp-service-account": lambda: service_account(value.seed(("pem", "plain"))),
            "tpl": lambda: '{"key":"%s","q":"{{.args.q}}"}' % value.seed(("github", "claude")),
            "line": lambda: "X-Api-Key=" + value.seed(TOKEN), "name=property": lambda: schema(value)}
    if rule == "sib":
        at.update({"key": value.name(HEADERS), value.name(("value", "newValue", "appendValue")): value.seed(LINE)})
    elif rule == "limit":
        at[last] = value.seed(TOKEN)
        (config["rule_items"][0] if "rule_items" in config else config)["limit_by_header"] = "x-api-key"
    elif rule == "name=property":
        config[path.split(".")[0]] = schema(value)
    elif rule == "name=value.name":
        at.update({"value1": {"type": "request_header", "name": "authorization"}, "value2": value.seed(TOKEN)})
    elif rule.startswith("name="):
        named(at, rule[5:], value)
        put(at, last, value.seed(LINE))
    else:
        put(at, last.replace("*", {"text": "note", "config": "apiKey"}.get(rule, value.name(MEMBERS))), made[rule]())


def named(at, sibling, value):
    """The sibling that holds the name of the header, parameter or variable."""
    *way, last = sibling.split(".")
    for step in way:
        at = walk(at, step)
    at[last] = "api_key" if sibling == "name" else value.name(HEADERS)


def walk(at, step):
    """Into the member, or into the only element of the list; made when absent."""
    name = step.rstrip("[]")
    if not step.endswith("[]"):
        return at.setdefault(name, {})
    rows_of = at.setdefault(name, [{}])
    return rows_of[0]


def put(at, last, value):
    name = last.rstrip("[]")
    if last.endswith("[]"):
        at.setdefault(name, []).append(value)
    else:
        at[name] = value


def configurations(planter):
    """{plugin: configuration}, a seed at each place."""
    out = {}
    for turn, (plugin, path, rule) in enumerate(rows()):
        if path != "workflow.nodes[].service_headers.*":  # the map form of a list that is there already
            fill(out.setdefault(plugin, {}), path, rule, Value(planter, "plugin:%s %s" % (plugin, path), turn))
    out["transformer"]["reqRules"][0]["operate"] = "add"
    complete(out)
    return out


def complete(out):
    """What the rules of the kind ask of a limit beside the places of secrets."""
    out["key-rate-limit"]["limit_keys"][0]["query_per_second"] = 10
    for plugin, period in (("cluster-key-rate-limit", "query_per_minute"), ("ai-token-ratelimit", "token_per_minute")):
        out[plugin]["rule_name"] = "one"
        out[plugin]["redis"]["service_name"] = "redis.dns"
        out[plugin]["rule_items"][0]["limit_keys"][0][period] = 10


def custom(planter):
    """Configurations of plugins that nobody knows: everything that is not clearly harmless is hidden."""
    def v(path, shapes=WHOLE):
        return planter.value("plugin:custom " + path, shapes)
    return {
        "my-signer": {"mystery": v("mystery"), "hmacSalt": v("hmacSalt"), "nested": {"deep": [{"blob": v("nested.deep[].blob")}]},
                      "upstream": "https://u:%s@vendor.example.com/" % planter.quoted("plugin:custom upstream"),
                      "enabled": True, "timeout": "10s", "limit": 12},
        "legacy": {"pw": v("pw"), "x": v("x", TOKEN), "headers": {"X-Api-Key": v("headers.X-Api-Key", LINE)},
                   "script": "ngx.req.set_header('Authorization', 'Bearer %s')" % v("script", ("plain", "base64url")),
                   "list": [v("list[]", LINE), v("list[]", TOKEN)]},
    }
