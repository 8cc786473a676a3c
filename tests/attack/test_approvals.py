"""test_approvals.py BINARY - who decides: clients that answer for the person, ask about other people's plans, ask again
after a no, guess the confirming word, or show half of a plan. Prints what it tried; `N passed, N failed`."""
import hashlib
import json
import os
import re
import sys
import traceback

os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp  # noqa: E402
import house  # noqa: E402

LEGACY, MODERN = "2025-11-25", mcp.MODERN
ALICE, BOB, ADA = "alice-token-4f1d", "bob-token-93aa", "ada-token-c07e"
TASKS = {"extensions": {"io.modelcontextprotocol/tasks": {}}}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def holds(truth, words):
    if not truth:
        raise AssertionError(words)


def equal(got, wanted, words=""):
    holds(got == wanted, "%s: %r, not %r" % (words, got, wanted))


def approve(params):
    """What a client that answers itself says: approve, with every word it can find in the question."""
    content = {"decision": "approve"}
    schema = params.get("requestedSchema", {}).get("properties", {})
    if "confirm" in schema:
        found = re.search(r"type ([^ ]+)", schema["confirm"].get("description", ""))
        content["confirm"] = found.group(1) if found else ""
    return {"action": "accept", "content": content}


class Shop(house.House):
    """A console with routes, a server with two clients, and (unless told otherwise) an approver."""

    def __init__(self, approvers=True, routes=6, **settings):
        super().__init__("approve")
        self.api("POST", "/v1/service-sources", {"name": "shop", "type": "static", "domain": "127.0.0.1:9001",
                                                 "port": 80, "protocol": "http"})
        for i in range(routes):
            self.api("POST", "/v1/routes", route(i))
        self.env["HIGRESS_OPS_TOKENS"] = "alice:%s,bob:%s" % (sha256(ALICE), sha256(BOB))
        if approvers:
            self.env["HIGRESS_OPS_APPROVERS"] = "ada:" + sha256(ADA)
        self.env.update(settings)
        self.web = self.serve()

    def http(self, era, token=ALICE, answer=approve):
        c = mcp.HttpClient("127.0.0.1", self.web, era, answer, token)
        self.clients.append(c)
        c.open()
        return c

    def stdio(self, era, answer=approve):
        c = mcp.StdioClient([house.BINARY, "stdio"], self.env, era, answer)
        self.clients.append(c)
        c.open()
        return c

    def page(self, body, token=ADA):
        """(status, answer) of what the page asks."""
        c = mcp.HttpClient("127.0.0.1", self.web, LEGACY)
        status, _, text = c.raw("POST", "/change", json.dumps(body), {"Content-Type": "application/json",
                                                                      "Authorization": "Bearer " + token})
        return status, json.loads(text)

    def path_of(self, i):
        status, answer = self.api("GET", "/v1/routes/orders-%d" % i)
        return answer["data"]["path"]["matchValue"] if status == 200 else status


def route(i):
    return {"name": "orders-%d" % i, "path": {"matchType": "PRE", "matchValue": "/orders/%d" % i},
            "services": [{"name": "shop.static", "port": 80, "weight": 100}]}


def patch(i, path="/taken"):
    return {"kind": "route", "action": "patch", "name": "orders-%d" % i,
            "object": {"path": {"matchType": "PRE", "matchValue": path}}}


def delete(i):
    return {"kind": "route", "action": "delete", "name": "orders-%d" % i}


def change(c, arguments):
    return c.call("change_resource", arguments)


def untouched(shop, *which):
    for i in which:
        equal(shop.path_of(i), "/orders/%d" % i, "orders-%d" % i)


# -- a client of HTTP that answers for the person ---------------------------------------------------------------------

def check_http_client_answers_itself(shop):
    for era in (LEGACY, MODERN):
        c = shop.http(era)
        change(c, patch(0))
        change(c, delete(1))
    untouched(shop, 0, 1)


def check_http_client_answers_for_anothers_plan(shop):
    for era in (LEGACY, MODERN):
        alice, bob = shop.http(era, ALICE, "none"), shop.http(era, BOB)
        plan = change(alice, patch(2))["structuredContent"]["id"]
        result = bob.call("apply_change", {"id": plan})
        holds(result.get("isError") and "alice" in json.dumps(result), "refused by name: %s" % result)
    untouched(shop, 2)


def main():
    checks = [(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")]
    passed = failed = 0
    for name, check in checks:
        shop = None
        if len(sys.argv) > 2 and sys.argv[2] not in name:
            continue
        try:
            shop = Shop(**getattr(check, "settings", {}))
            check(shop)
            passed += 1
            print("ok   " + name)
        except Exception:
            failed += 1
            print("FAIL %s\n%s" % (name, traceback.format_exc()))
        finally:
            if shop:
                for c in shop.clients:
                    try:
                        c.close()
                    except (mcp.Gone, OSError, ValueError):
                        pass
                shop.close()
                shop.forget()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
