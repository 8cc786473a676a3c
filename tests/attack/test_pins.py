"""test_pins.py BINARY - a state pinned by a server of several gateways, and weaker processes beside it. Prints what it
tried; `N passed, N failed`."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_approvals as base  # noqa: E402
from test_approvals import holds  # noqa: E402
import house  # noqa: E402


class Two(house.House):
    """Two gateways, one of them guarded, one state, one server with an approver."""

    def __init__(self):
        super().__init__()
        self.other = house.House()
        for name in ("HIGRESS_OPS_MODE", "HIGRESS_OPS_URL", "HIGRESS_OPS_PASSWORD_FILE"):
            self.env.pop(name)
        self.env["HIGRESS_OPS_TOKENS"] = "alice:" + base.sha256(base.ALICE)
        self.ours = self.config("ours", "approve", "http:\n  approvers: [{name: ada, sha256: %s}]" % base.sha256(base.ADA))
        self.env["HIGRESS_OPS_CONFIG"] = self.ours
        self.web = self.serve()

    def config(self, name, guarded, more="", host="127.0.0.1", mode="auto"):
        path = os.path.join(self.dir, name + ".yaml")
        rows = ["gateways:"]
        for gateway, at, how in (("prod", self, guarded), ("lab", self.other, "auto")):
            rows += ["  - name: " + gateway, "    url: http://%s:%d" % (host, at.port),
                     "    password: {file: %s/password}" % at.dir, "    mode: " + how]
        with open(path, "w") as f:
            f.write("\n".join(rows + ["mode: " + mode, more, ""]))
        return path

    def create(self, config, gateway, name):
        code, out, err = self.run(["call", "--config", config, "--json", "change_resource", json.dumps(
            {"gateway": gateway, "kind": "domain", "action": "create", "name": name,
             "object": {"name": name, "enableHttps": "off"}})])
        return code, out + err

    def there(self, name):
        return self.api("GET", "/v1/domains/" + name)[0] == 200

    def close(self):
        return self.other.close() + super().close()

    def forget(self):
        self.other.forget()
        super().forget()


def check_each_gateway_is_pinned_by_its_own_mode(two):
    code, out, _ = two.run(["state", "show"])
    holds("prod" not in out and "mode approve" in out and "mode auto" in out, out)
    code, text = two.create(two.ours, "lab", "lab.example")
    holds(code == 0 and '"applied"' in text, text)
    code, text = two.create(two.ours, "prod", "asked.example")
    holds(code == 4 and not two.there("asked.example"), text)


def check_a_process_that_is_weaker_on_one_gateway_only(two):
    weak = two.config("weak", "auto")
    code, text = two.create(weak, "prod", "weak.example")
    holds(code == 5 or "pinned to mode approve" in text, text)
    holds("pinned to mode approve" in text and not two.there("weak.example"), text)
    code, text = two.create(weak, "lab", "fine.example")
    holds(code == 0, "where it is not weaker it may: " + text)


def check_another_name_for_the_gateway_is_no_way_round(two):
    for host in ("localhost", "127.1", "127.0.0.2"):
        weak = two.config("weak", "auto", host=host)
        code, text = two.create(weak, "prod", "alias.example")
        holds(code != 0 and not two.there("alias.example"), "%s: %s" % (host, text))


def check_one_gateway_alone_by_flags(two):
    for args in (["--mode", "auto"], []):
        env = two.env
        two.env = {**env, "HIGRESS_OPS_URL": "http://127.0.0.1:%d" % two.port, "HIGRESS_OPS_MODE": "auto",
                   "HIGRESS_OPS_PASSWORD_FILE": two.dir + "/password"}
        two.env.pop("HIGRESS_OPS_CONFIG")
        code, out, err = two.run(["call", "--json", *args, "change_resource", json.dumps(
            {"kind": "domain", "action": "create", "name": "alone.example", "object": {"name": "alone.example",
                                                                                      "enableHttps": "off"}})])
        two.env = env
        holds("pinned to mode approve" in out + err and not two.there("alone.example"), out + err)


def check_a_weaker_channel_on_one_gateway(two):
    """approval.change of prod is what the server said, whatever the other process says."""
    loose = two.config("loose", "approve", "approval: {change: http-form}")
    c = base.mcp.StdioClient([house.BINARY, "stdio", "--config", loose], two.env, base.LEGACY, base.approve)
    c.open()
    result = c.call("change_resource", {"gateway": "prod", "kind": "domain", "action": "delete", "name": "higress-default-domain"})
    holds(not c.asked, str(result)[:300])
    c.close()


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Two(), "".join(sys.argv[2:3])))
