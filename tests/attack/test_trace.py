"""test_trace.py BINARY - what --trace and SIGUSR1 tell those who run the server, and that no secret is in it. Prints what
it tried; `N passed, N failed`."""
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_approvals as base  # noqa: E402
from test_approvals import holds  # noqa: E402
import house  # noqa: E402

AREAS = {"fetch", "call", "change", "fiber", "http"}
SEED = "seed-Of-A-Credential-77aa"


class Traced(house.House):
    def __init__(self, check):
        super().__init__("auto", {"HIGRESS_OPS_TRACE": getattr(check, "trace", "all")})

    def lines(self):
        """What the server wrote on stderr, each line as JSON."""
        with open(os.path.join(self.dir, "serve.log")) as f:
            return [json.loads(line) for line in f if not line.startswith("listening")]

    def client(self, port):
        c = base.mcp.HttpClient("127.0.0.1", port, base.LEGACY)
        c.open()
        self.clients.append(c)
        return c

    def usr1(self, pid, lines, *wanted):
        """Sends it until what was written holds all that is wanted."""
        for _ in range(100):
            os.kill(pid, signal.SIGUSR1)
            time.sleep(0.1)
            said = lines()
            if all(any(w in line["msg"] for line in said) for w in wanted):
                return said
        holds(False, str(said)[-2000:])


def change(client, name, **more):
    return client.call("change_resource", {"kind": "domain", "action": "create", "name": name,
                                           "object": {"name": name, "enableHttps": "off"}, **more})


def check_every_area_says_a_line_an_event(home):
    c = home.client(home.serve())
    holds(change(c, "traced.example")["structuredContent"]["state"] == "applied", "not applied")
    c.call("list_routes")
    lines = home.lines()
    holds({x["event"] for x in lines} == AREAS, str({x["event"] for x in lines}))
    holds(all(x["level"] == "trace" and x["ts"] for x in lines), str(lines[:2]))
    begins = [x for x in lines if x["event"] == "call" and x["msg"].endswith("(mcp) begins")]
    holds([x["msg"].split()[0] for x in begins] == ["change_resource", "list_routes"], str(begins))
    first, second = (x["call"] for x in begins)
    holds(first != second, first)
    told = [x["msg"] for x in lines if x["event"] == "change" and x.get("call") == first]
    for part in ("by local: let through", "approved by policy over auto", "create domain traced.example: written and read back"):
        holds(any(part in t for t in told), "%s: %s" % (part, told))
    holds(any(x["event"] == "fetch" and x.get("call") == second and "/v1/routes: 200" in x["msg"] for x in lines), str(lines))
    holds(any(x["event"] == "call" and x["msg"].startswith("list_routes: ok, ") for x in lines), str(lines[-3:]))


def check_only_the_areas_that_were_named(home):
    home.client(home.serve()).call("list_routes")
    holds({x["event"] for x in home.lines()} == {"fetch", "call"}, str(home.lines()))


check_only_the_areas_that_were_named.trace = "call,fetch"


def check_nothing_when_off(home):
    home.client(home.serve()).call("list_routes")
    holds(home.lines() == [], str(home.lines()))


check_nothing_when_off.trace = ""


def check_an_area_that_there_is_not(home):
    code, _, err = home.run(["tools", "--trace", "fetch,everything"])
    holds(code != 0, str(code))
    holds("'everything' is not one of fetch|call|change|fiber|http|ws|all" in err, err)


def check_no_secret_is_traced(home):
    home.env["HIGRESS_OPS_TOKENS"] = "ann:" + base.sha256(SEED + "-token")
    port = home.serve()
    c = base.mcp.HttpClient("127.0.0.1", port, base.LEGACY, token=SEED + "-token")
    c.open()
    home.clients.append(c)
    made = c.call("change_resource", {"kind": "consumer", "action": "create", "name": "bob", "object": {
        "name": "bob", "credentials": [{"type": "key-auth", "source": "QUERY", "key": "k", "values": [SEED]}]}})
    holds(made["structuredContent"]["state"] == "applied", str(made)[:500])
    c.call("get_resource", {"kind": "consumer", "name": "bob"})
    c.call("get_resource", {"kind": "consumer", "name": SEED})  # known by now to be one
    c.raw("GET", "/mcp?token=" + SEED, headers={"Authorization": "Bearer " + SEED})
    text = json.dumps(home.lines())
    holds(len(home.lines()) > 20 and "ann" in text, text[:300])
    for secret in (SEED, house.PASSWORD, SEED.encode().hex()):
        holds(secret not in text, text[max(0, text.find(secret) - 300):][:600])


def check_usr1_says_who_waits_for_what(home):
    """The question to a client is open, and another call waits for that change."""
    home.env["HIGRESS_OPS_MODE"] = "approve"
    asked = threading.Event()
    release = threading.Event()

    def late(params):
        asked.set()
        release.wait(30)
        return {"action": "decline"}
    c = base.mcp.StdioClient([house.BINARY, "stdio"], home.env, base.LEGACY, late)
    c.open()
    home.clients.append(c)
    caller = threading.Thread(target=change, args=(c, "asked.example"), daemon=True)
    caller.start()
    holds(asked.wait(20), "nobody was asked")

    def lines():
        return [json.loads(x) for x in "".join(c.errors).splitlines() if x.endswith("}")]
    said = home.usr1(c.process.pid, lines, "change_resource by local: waits for an answer of the client to "
                     "elicitation/create since ", " fibers")
    of_call = [x for x in said if "waits for an answer of the client" in x["msg"]]
    holds(of_call[0]["call"] == "1" and of_call[0]["event"] == "fiber", str(of_call))
    release.set()
    caller.join(20)


check_usr1_says_who_waits_for_what.trace = ""


def check_usr1_when_nobody_waits(home):
    home.serve()
    said = home.usr1(home.processes[-1].pid, home.lines, "0 fibers")
    holds(all(x["level"] == "trace" for x in said), str(said))


check_usr1_when_nobody_waits.trace = ""

if __name__ == "__main__":
    sys.exit(house.run_each(globals(), Traced, "".join(sys.argv[2:3])))
