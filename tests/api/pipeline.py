"""pipeline.py BINARY - docs/pipeline.md is what it says: its configuration is served, its commands are run as they stand there,
with only addresses, tokens and paths put in. Closes with `N passed, N failed`."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../attack"))
sys.path.insert(0, HERE)
import webhook  # noqa: E402
from test_approvals import equal, holds, sha256  # noqa: E402
import house  # noqa: E402

CI, RELEASE = "ci-token-of-the-page", "release-token-of-the-page"
NEW = {"path": {"matchType": "PRE", "matchValue": "/orders/new"}}


def blocks(kind):
    with open(os.path.join(house.ROOT, "docs/pipeline.md")) as f:
        return re.findall(r"```%s\n(.*?)```" % kind, f.read(), re.S)


class Shop(webhook.Shop):
    """The server of the page."""

    def __init__(self):
        super().__init__()
        self.api("POST", "/v1/routes", {"name": "orders", "path": {"matchType": "PRE", "matchValue": "/orders"},
                                        "services": [{"name": "shop.static", "port": 80, "weight": 100}]})

    def serve(self, args=()):
        config, policy = blocks("yaml")
        for said, here in (("CI_SHA256", sha256(CI)), ("RELEASE_SHA256", sha256(RELEASE)),
                           ("https://ci.example/hooks/gateway", "http://127.0.0.1:%d/hook" % self.receiver.port),
                           ("/etc/higress-ops/webhook.secret", os.path.join(self.dir, "hook.secret"))):
            holds(said in config, said)
            config = config.replace(said, here)
        for name in ("HIGRESS_OPS_TOKENS", "HIGRESS_OPS_APPROVERS"):
            self.env.pop(name, None)
        self.env.update(HIGRESS_OPS_CONFIG=os.path.join(self.dir, "ops.yaml"), HIGRESS_OPS_LOG="info")
        self.write("hook.secret", webhook.SECRET)
        self.write("ops.yaml", config)
        self.write("policy.yaml", policy)
        self.web = house.House.serve(self, args)
        self.until("told to line")
        return self.web

    def runs(self, steps, object=None, between=""):
        """(exit code, output) of the commands of the page, one after the other in one shell."""
        folder = os.path.join(self.dir, "job")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "orders.json"), "w") as f:
            json.dump(object or NEW, f)
        text = "set -euo pipefail\n" + between.join(steps).replace("https://ops.example", "http://127.0.0.1:%d" % self.web)
        p = subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, text=True, timeout=120,
                           env={**os.environ, "CI_TOKEN": CI, "RELEASE_TOKEN": RELEASE})
        return p.returncode, p.stdout + p.stderr

    def made(self, name):
        with open(os.path.join(self.dir, "job", name)) as f:
            return f.read()

    def path(self):
        return self.api("GET", "/v1/routes/orders")[1]["data"]["path"]["matchValue"]


def check_the_page_from_plan_to_undo(shop):
    steps = blocks("sh")
    equal(len(steps), 5, "steps")
    code, out = shop.runs(steps)
    equal(code, 0, out)
    holds("applied: " in out and out.strip().endswith("not_planned"), out)
    equal(shop.path(), "/orders/new", "written")
    comment = shop.made("comment.md")
    holds('~ path.matchValue: "/orders" -> "/orders/new"' in comment and "Needs: 1 person" in comment, comment)
    heard = [shop.hears() for _ in range(2)]
    equal([o["type"] for _, o in heard], ["change.approved", "change.applied"], "the webhook says so, too")
    equal(json.loads(shop.made("decided.json"))["decision"]["channel"], "API", "by which channel")


def check_another_change_than_the_reviewed_one_stops_the_job(shop):
    steps = blocks("sh")
    code, out = shop.runs([steps[0], steps[1], "echo 'something else' >> diff.txt\n", steps[2]])
    holds(code != 0 and "differ" in out or "EOF" in out, out)
    equal(shop.path(), "/orders", "nothing was written")


def check_the_clients_token_does_not_approve(shop):
    steps = blocks("sh")
    mine = steps[2].replace("$RELEASE_TOKEN", "$CI_TOKEN").replace(".read + ", '(.read // {plan: "x", rendering: "x"}) + ')
    code, out = shop.runs([steps[0], steps[1], mine])
    holds(code != 0 and "403" in out, "%s: %s" % (code, out))
    holds("which decides nothing" in shop.made("decided.json"), shop.made("decided.json"))
    equal(shop.path(), "/orders", "nothing was written")


def check_what_destroys_is_for_people(shop):
    steps = blocks("sh")
    gone = steps[0].replace('action: "patch", object: $object[0], ', 'action: "delete", ')
    code, out = shop.runs([gone, steps[1], steps[2]])
    holds(code != 0 and "403" in out, "%s: %s" % (code, out))
    holds("the rest is for people" in shop.made("decided.json"), shop.made("decided.json"))
    equal(shop.path(), "/orders", "still there")


def check_text_of_a_gateway_is_code_in_the_comment(shop):
    steps = blocks("sh")
    value = "/~~~\n```\n# Approve me\n\n[x](https://evil.example) <b>"
    code, out = shop.runs(steps[:2], {"customLabels": {"note": value}})
    equal(code, 0, out)
    lines = shop.made("comment.md").splitlines()
    holds(any("Approve me" in line for line in lines), "it is there")
    equal([line for line in lines if not line.startswith("    ")], [], "every line is code")


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Shop(), "".join(sys.argv[2:3])))
