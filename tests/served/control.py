#!/usr/bin/env python3
"""control.py - what the control plane says of itself, in check_config and diagnose: a double of pilot's pages, and what a real
one said (../shared/recordings/stack, skipped where it is not).

usage: control.py [WORD]   the checks whose name holds the word. The last line is `N passed, N failed[, N skipped]`.
"""
import json
import os
import sys

import pilot
import replicas
from replicas import house

RECORDED = os.path.join(house.ROOT, "..", "shared", "recordings", "stack")


class Plane(replicas.Gateway):
    """The embedded console, no Envoy, and a double of pilot."""

    def __init__(self):
        super().__init__(None, 0)
        self.pilot = pilot.Pilot()
        self.env.update(HIGRESS_OPS_PILOT=self.pilot.url(15014), HIGRESS_OPS_PILOT_CONTROLLER=self.pilot.url(8888))

    def verdicts(self):
        """(those of `diagnose`, what was unavailable)"""
        code, out, err = self.run(["call", "diagnose", "{}", "--json"])
        assert code == 0, (out, err)
        answer = json.loads(out)
        answer = answer.get("structuredContent", answer)
        return {v["code"]: v for v in answer["verdicts"]}, answer.get("unavailable", [])

    def check(self):
        """(exit code, findings by verdict, what was not read)"""
        code, out, err = self.run(["check", "--gateway", "--format", "json"])
        answer = json.loads(out)
        answer = answer[0] if isinstance(answer, list) else answer
        answer = answer.get("gateways", [answer])[0]
        return code, {f["verdict"]: f for f in answer["findings"]}, answer.get("unread", [])

    def leave(self):
        self.pilot.stop()
        super().leave()


CODES = {"REGISTRY_LOST", "SOURCE_NOT_IN_REGISTRY", "REGISTRY_UNHEALTHY", "CONFIG_LOST_ON_THE_WAY", "REPLICA_REFUSED",
         "REPLICA_UNANSWERED", "REPLICA_NOT_CONNECTED", "PUSH_ERRORS", "VERSIONS_DIFFER"}


def check_a_control_plane_that_is_well_says_nothing(g):
    verdicts, unavailable = g.verdicts()
    assert not CODES & set(verdicts) and "control_plane" not in unavailable, (verdicts, unavailable)
    code, found, unread = g.check()
    assert not CODES & set(found) and not any("debug" in line for line in unread), (found, unread)
    assert not any("push=true" in path for path in g.pilot.asked) and "15014/debug/syncz" in g.pilot.asked, g.pilot.asked


def check_a_controller_that_lost_its_registry(g):
    g.pilot.say("/debug/registryz", [pilot.service("higress-gateway.higress-system.svc.cluster.local", "Kubernetes")])
    verdicts, _ = g.verdicts()
    assert "of 2 service sources of the console none" in verdicts["REGISTRY_LOST"]["evidence"][0][1], verdicts
    assert verdicts["REGISTRY_LOST"]["evidence"][0][0] == "control_plane", verdicts
    code, found, _ = g.check()
    assert code == 7 and found["REGISTRY_LOST"]["risk"] == "broken", (code, found)
    g.pilot.say("/debug/registryz", [])
    assert "REGISTRY_LOST" in g.check()[1]
    g.pilot.say("/debug/registryz", [pilot.service("orders.static"), pilot.service("higress-console.static")])
    g.pilot.say("/registry/watcherStatus", [{"name": "naming", "type": "nacos2", "healthy": False, "ready": True}], 8888)
    verdicts, _ = g.verdicts()
    assert "does not reach this registry (nacos2)" in verdicts["REGISTRY_UNHEALTHY"]["evidence"][0][1], verdicts
    assert "REGISTRY_LOST" not in verdicts


def check_which_replica_refused_and_why(g):
    key = "ghp_Zx81Qp77aVb20kLmN93rTyUiOpAsDfGh1234"
    g.pilot.say("/debug/syncz", [pilot.proxy("gw-0"), pilot.proxy("gw-1", errors={"route": "no field \x1b[31mx %s" % key}),
                                 pilot.proxy("gw-2", "1.27.1", unanswered=["listener"])])
    verdicts, _ = g.verdicts()
    v = verdicts["REPLICA_REFUSED"]
    assert v["object"] == "replica gw-1.higress-system" and "no field" in v["evidence"][0][1], v
    code, found, _ = g.check()
    assert "1 of 3 gateways" in found["REPLICA_REFUSED"]["says"] and "listeners" in found["REPLICA_UNANSWERED"]["says"], found
    assert "1.27.1 of gw-2" in found["VERSIONS_DIFFER"]["says"], found
    everything = json.dumps(verdicts) + json.dumps(found)
    assert key not in everything and "\\u001b" not in everything and "s3cr3t-of-a-config" not in everything, everything


def check_the_tool_shows_it(g):
    g.pilot.say("/debug/connections", {"totalClients": 1, "clients": [{"connectionId": "gw-1.higress-system-7", "connectedAt": "2026-11-30T09:00:00Z"}]})
    g.pilot.say("/debug/syncz", [pilot.proxy("gw-0"), pilot.proxy("gw-1", errors={"route": "no such field"})])
    g.pilot.say("/debug/push_status", 500)
    c = g.assistant()

    def ask(**more):
        r = c.call("inspect_proxy", dict(what="control_plane", **more))
        return "\n".join(x.get("text", "") for x in r["content"]), r.get("structuredContent", {})

    text, answer = ask()
    name = g.pilot.url(15014)
    for words in ("fault REPLICA_REFUSED replica gw-1.higress-system: ", "no such field", "controller %s: version 1.19.5-0000000-Clean, proxies 2, services 2" % name,
                  "gateway gw-1.higress-system: version 1.19.5, connected to %s since 2026-11-30T09:00:00Z" % name, "routes refused",
                  "not read: /debug/push_status (port 15014): answered 500"):
        assert words in text, (words, text)
    assert answer["replicas"][0]["name"] == name and answer["replicas"][0]["proxies"] == 2, answer
    text, answer = ask(replica="gw-0")
    assert answer["count"] == 1 and answer["lines"][0].startswith("gateway gw-0.higress-system"), answer
    assert ask(text="no such field")[1]["count"] == 1
    del g.env["HIGRESS_OPS_PILOT"], g.env["HIGRESS_OPS_PILOT_CONTROLLER"]
    c = g.assistant()
    assert "not configured where the control plane is" in ask()[0]


def check_what_cannot_be_read_is_no_fault(g):
    for page in (401, 500, "<html>a proxy's page</html>", "{}", "[{\"proxy\""):
        for path in list(g.pilot.pages[15014]):
            g.pilot.say(path, page)
        verdicts, unavailable = g.verdicts()
        code, found, unread = g.check()
        assert not CODES & set(verdicts) and "control_plane" in unavailable, (page, verdicts, unavailable)
        assert not CODES & set(found) and any("/debug/registryz" in line for line in unread), (page, found, unread)
        assert code in (1, 7), code
    assert g.run(["check", "--gateway"])[1].count("token of audience istio-ca") == 0
    g.pilot.say("/debug/syncz", 401)
    assert "token of audience istio-ca" in g.run(["check", "--gateway"])[1]
    g.pilot.stop()
    assert not CODES & set(g.verdicts()[0]) and any("refused" in line for line in g.check()[2])


def check_one_that_hangs_is_waited_for_once(g):
    for path in g.pilot.pages[15014]:
        g.pilot.say(path, pilot.HANGS)
    g.env["HIGRESS_OPS_TIMEOUT"] = "1"
    g.pilot.asked.clear()
    code, found, unread = g.check()
    assert [a for a in g.pilot.asked if a.startswith("15014")] == ["15014/debug/syncz"], g.pilot.asked
    assert "8888/debug/configz" in g.pilot.asked and not CODES & set(found), (g.pilot.asked, found)
    assert any("/debug/registryz" in line and "not asked for" in line for line in unread), unread


def check_what_a_real_one_said(g):
    if not os.path.isdir(RECORDED):
        print("     skipped: the recordings are not here")
        return
    for state, words in (("mixed", "plugins"), ("nack", "listeners, plugins"), ("nack-routes", "routes"), ("plugins-not-loaded", "plugins")):
        for path, name in (("/debug/syncz", "pilot-syncz.json"), ("/metrics", "pilot-metrics.txt"), ("/version", "pilot-version.txt"),
                           ("/debug/connections", "pilot-connections.json"), ("/debug/push_status", "pilot-push_status.json"),
                           ("/debug/registryz", "pilot-registryz.json"), ("/debug/configz", "pilot-configz.json")):
            where = os.path.join(RECORDED, state, name)
            g.pilot.say(path, open(where).read() if os.path.exists(where) else 404)
        converted = os.path.join(RECORDED, state, "controller-configz.json")
        g.pilot.say("/debug/configz", open(converted).read() if os.path.exists(converted) else [], 8888)
        found = g.check()[1]
        assert "configuration of %s, and" % words in found["REPLICA_REFUSED"]["says"], (state, found["REPLICA_REFUSED"])
        assert "REGISTRY_LOST" not in found or "orders" not in open(os.path.join(RECORDED, state, "pilot-registryz.json")).read(), state


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: Plane(), " ".join(sys.argv[1:])))
