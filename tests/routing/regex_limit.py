"""regex_limit.py - a route whose expression is too large for some Envoys: what the gateway's own one says decides.

Three gateways: one whose Envoy cannot be asked, one with a stock Envoy, one with the bootstrap that Istio writes."""
import json
import os
import sys
import tempfile

import envoy

sys.path.insert(0, envoy.ROOT + "/tests/e2e")
import house

LARGE = "/(a{100}){3}"  # about 300 instructions
ISTIO = {"layers": [{"name": "global config", "static_layer": {"re2.max_program_size.error_level": "32768"}}]}


def plan(home, value):
    """(exit code, all that was said) about a new route with that path."""
    asked = {"kind": "route", "action": "create", "dry_run": True, "object": {
        "name": "large", "domains": [], "path": {"matchType": "REGULAR", "matchValue": value},
        "services": [{"name": "web.static", "port": 80}]}}
    code, out, err = home.run(["call", "change_resource", json.dumps(asked)])
    return code, out + err


def with_envoy(home, executable, folder, runtime):
    (admin,) = envoy.free_ports(1)
    path = os.path.join(folder, "bootstrap.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
                   **({"layered_runtime": runtime} if runtime else {})}, f)
    running = envoy.Envoy(executable, path, admin, os.path.join(folder, "envoy.log"))
    try:
        assert running.wait(0), "Envoy does not start"
        home.env["HIGRESS_OPS_ENVOY_ADMIN"] = "http://127.0.0.1:%d" % admin
        return plan(home, LARGE)
    finally:
        del home.env["HIGRESS_OPS_ENVOY_ADMIN"]
        running.stop()


def main():
    executable = envoy.binary()
    if not executable:
        print("no Envoy here\n0 passed, 0 failed, 1 skipped")
        return 0
    home = house.House("dry-run")
    failed = []
    try:
        home.api("POST", "/v1/service-sources", {"name": "web", "type": "static", "domain": "127.0.0.1:9999", "port": 9999})
        with tempfile.TemporaryDirectory() as folder:
            said = {"small": plan(home, "/api/.*"), "unknown": plan(home, LARGE), "wrong": plan(home, "/(a)\\1"),
                    "stock": with_envoy(home, executable, folder, None),
                    "istio": with_envoy(home, executable, folder, ISTIO)}
        wanted = {"small": (0, None, "instructions"), "unknown": (0, "does not set re2.max_program_size", None),
                  "wrong": (1, "no regular expression of RE2: invalid escape sequence", None),
                  "stock": (1, "this gateway's Envoy takes 100", None), "istio": (0, None, "instructions")}
        for name, (code, there, not_there) in wanted.items():
            got, text = said[name]
            if (got == 0) != (code == 0) or (there and there not in text) or (not_there and not_there in text):
                failed.append(name)
                print("FAIL %s: exit %d, %s" % (name, got, text[:600]))
    finally:
        home.close()
    print("%d passed, %d failed" % (5 - len(failed), len(failed)))
    return len(failed) > 0


if __name__ == "__main__":
    sys.exit(main())
