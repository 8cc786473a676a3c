"""reference.py TOOLS.json HELP.txt DIR - writes docs/tools.md and docs/configuration.md from what the program prints."""
import json
import re
import sys

tools, text, out = json.load(open(sys.argv[1]))["tools"], open(sys.argv[2]).read(), sys.argv[3]


def kind(schema):
    what = schema.get("type", "any")
    if "enum" in schema:
        what = " \\| ".join("`%s`" % v for v in schema["enum"])
    if what == "array":
        items = schema.get("items", {})
        what = "list of " + (kind(items) if items else "anything")
    bounds = [("%s " % word) + "%g" % schema[key] for key, word in
              (("minimum", "at least"), ("maximum", "at most"), ("minItems", "at least")) if key in schema]
    return what + (" (" + ", ".join(bounds) + ")" if bounds else "")


with open(out + "/tools.md", "w") as f:
    f.write("# Tools\n\nGenerated from the tools' tables (`UPDATE=1 make test PART=golden`); do not edit.\n")
    for t in tools:
        a = t["annotations"]
        risk = "reads" if a.get("readOnlyHint") else "may destroy" if a["destructiveHint"] else "plans a change"
        f.write("\n## %s\n\n%s *(%s)*\n" % (t["name"], t["description"], risk))
        rows = t["inputSchema"].get("properties", {})
        if rows:
            f.write("\n| argument | type | about |\n|---|---|---|\n")
        for name, schema in rows.items():
            need = "**required** " if name in t["inputSchema"].get("required", []) else ""
            default = "; default `%s`" % json.dumps(schema["default"]) if "default" in schema else ""
            f.write("| `%s` | %s | %s%s%s |\n" % (name, kind(schema), need, schema.get("description", ""), default))

with open(out + "/configuration.md", "w") as f:
    f.write("# Configuration\n\nGenerated from the option table (`UPDATE=1 make test PART=golden`); do not edit.\n"
            "A YAML file (`--config`), then environment variables, then flags; later ones win.\n"
            "`higress-ops check` names file, line and field of a mistake.\n\n```\n")
    f.write(re.search(r"configuration.*?\n(.*?)\n\n", text, re.S).group(1) + "\n```\n")
    f.write("""
## The access log

`access_log` is the file that the gateway writes to. These forms are read, also mixed in one file: Higress' JSON, Envoy's
and Istio's default text formats, and JSON with other key names (`status`, `uri`, `host`, …: `signal/accesslog_alias.c`).
Rotated files beside it (`access.log.1`, `access.log.2.gz`, `access.log-20261128.gz`) are read where it does not reach back
far enough. A line in no known form is shown raw and counted; where most are, the log is not available to `diagnose`.
The gateway's own log lines may share the file: what they say of refused updates is evidence.

## Several gateways

```yaml
gateways:
  - name: production
    url: https://console.example
    username: admin
    password: {env: PRODUCTION_PASSWORD}
    mode: approve
    envoy:
      admin_url: http://10.0.0.5:15000
      access_log: /var/log/higress/access.log
  - name: staging
    url: http://10.0.1.5:8080
    password: {file: /run/secrets/staging}
mode: auto
```

Each has a name, a URL, credentials, and may have what `gateway` and `envoy` hold for a single one. `gateway` beside the
list holds what is the same for all (`login`, `platform`, `ca_file`, `timeout`, `pause`), but no address and no credentials. The
stricter of a gateway's `mode` and `approval: {change: …, destroy: …}` and the process's counts. Tools then take
`gateway`; without it the first one is meant, or the one that `--gateway` names. A change is bound to its gateway, in
every command. `HIGRESS_OPS_PASSWORD` is not read by itself: each gateway says where its password is.

## Replicas and the control plane

```yaml
envoy:
  admin_urls: [http://10.0.0.5:15000, http://10.0.0.6:15000]   # every Envoy of the gateway
pilot:
  url: http://10.0.0.4:15014              # pilot's debug pages, where `kubernetes` does not lead to the controller's pods
  controller_url: http://10.0.0.4:8888    # the controller's own
verify:
  served: 10                              # seconds that replicas have to serve an applied change; 0: none is looked at
```

(`HIGRESS_OPS_ENVOY_ADMINS`, `HIGRESS_OPS_PILOT`, `HIGRESS_OPS_PILOT_CONTROLLER`, `HIGRESS_OPS_VERIFY_SERVED`.) Each of `gateways` may have
them. Where an Envoy is configured an applied change says by which replicas it is served: [approval.md](approval.md#served-by-every-replica). What
the control plane says of itself is judged by `check_config` and `diagnose`: [kubernetes.md](kubernetes.md#the-control-plane).

## Platform

`platform` says what keeps a gateway's objects. The API server of a cluster (`kubernetes`) refuses names, labels, hosts and
paths that the files of a `standalone` take, and the console asks only while it writes. On `kubernetes` a change that it
would refuse is refused before a plan is shown; `unknown`, it is planned with a warning; on `standalone` it is fine.
`describe_kind` lists these rules ("On a Kubernetes cluster: …").

## People and policy

`people` (who is who in each channel, and their roles) and `policy: {file: policy.yaml}` (rules on who may change what, when,
and who decides; a path beside this file) stand in the file: [policy.md](policy.md). Both are read again on SIGHUP.

## Logging in by OpenID Connect

`http.oidc` names the provider where people log in for the pages: `issuer` and `client_id`, nearly always `client_secret` (`{file: PATH}`
or `{env: NAME}`); it needs `http.page` and `people`. How to set it up, also at the provider: [approval.md](approval.md#logging-in-by-openid-connect). It is
not `http.oauth`, which is about the tokens of clients at `/mcp`. A new value takes a restart; `people` does not.

## Exit codes

| exit code | means |
|---|---|
| 0 | done; of `check --gateway`: all was read, nothing of the risk asked for was found |
| 1 | failed; of `check --gateway`: not all could be read |
| 2 | the command line is wrong |
| 3 | the configuration is wrong |
| 4 | a change waits for a decision |
| 5 | refused, and nothing was written |
| 6 | a person was asked and decided nothing: the change still waits |
| 7 | `check --gateway` found something of that risk or worse |
| 8 | `ask`: it was diagnosed, and nothing wrong was found |
| 9 | `ask`: the model, or the way to it, failed |
| 10 | `ask`: a limit of steps, tokens, time or money was reached |

## The model of `ask` and `chat`

`model` of the file: API, address, key, prices and limits are told in [ask.md](ask.md).

## Seeing what happens

`--trace fetch,change` writes one JSON line an event to stderr, whatever `log` is: requests to console and Envoy (`fetch`), tool
calls (`call`), the states of a change (`change`), the scheduler (`fiber`), our own server (`http`), or `all`. Names, paths,
counts and outcomes are in it; arguments, bodies and headers are not.
""")
