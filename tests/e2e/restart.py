#!/usr/bin/env python3
"""restart.py - an approval that is asked survives the server: 2026-07-28 keeps no session, the signed state is all.

The state is made by one process and answered to another over the same state folder; a third over a folder of its own
takes it for none of its own. And what a notification may not cause: an answer. Closes with "N passed, N failed".
"""
import json
import os
import sys
import time

from client import MODERN, StdioClient
from house import BINARY, House

passed = failed = 0
CREATE = {"kind": "domain", "action": "create", "name": "late.example",
          "object": {"name": "late.example", "enableHttps": "off"}}


def check(what, good, shown=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {what}: {str(shown)[:600]}")


def domains(house):
    return [d["name"] for d in house.api("GET", "/v1/domains")[1]["data"]]


def ask(house):
    client = StdioClient([BINARY, "stdio"], house.env, MODERN, answer="accept")
    client.open()
    result = client.request("tools/call", {"name": "change_resource", "arguments": CREATE})
    answers = {k: client.decide(v["params"]) for k, v in result.get("inputRequests", {}).items()}
    client.close()
    return {"name": "change_resource", "arguments": CREATE, "inputResponses": answers,
            "requestState": result["requestState"]}


def answer(house, params):
    client = StdioClient([BINARY, "stdio"], house.env, MODERN, answer="accept")
    client.open()
    try:
        return json.dumps(client.request("tools/call", params))
    except Exception as e:
        return "refused: %s" % e
    finally:
        client.close()


def approvals(house):
    params = ask(house)
    check("asking writes nothing", "late.example" not in domains(house))
    other = dict(house.env, HIGRESS_OPS_STATE=os.path.join(house.dir, "other"))
    mine, house.env = house.env, other
    text = answer(house, params)
    check("a server with another key does not take it", "late.example" not in domains(house), text)
    house.env = mine
    state = params["requestState"]
    text = answer(house, {**params, "requestState": state[:-3] + ("AAA" if state[-3:] != "AAA" else "BBB")})
    check("nor does the same one take a changed one", "late.example" not in domains(house), text)
    text = answer(house, params)
    check("the next process of that folder does", '"applied"' in text and "late.example" in domains(house), text)


def notifications(house):
    client = StdioClient([BINARY, "stdio"], house.env, "2025-11-25")
    client.open()
    before = len(client.heard)
    client.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":[1]}')
    client.send('{"jsonrpc":"2.0","method":"notifications/initialized","params":"x"}')
    client.send('{"jsonrpc":"2.0","method":"notifications/nothing","params":7}')
    client.request("ping")
    check("a notification with wrong params is not answered", len(client.heard) == before + 1, client.heard[before:])
    client.send('{"jsonrpc":"2.0","id":"w\\u0061it","method":"tools/call","params":{"name":"get_change","arguments":'
                '{"id":"%s","wait":20}}}' % pending(client))
    time.sleep(0.3)
    began = time.time()
    client.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"wait"}}')
    client.request("ping")
    client.close()
    check("a request is cancelled however its id is written", time.time() - began < 8, time.time() - began)


def pending(client):
    text = client.request("tools/call", {"name": "change_resource", "arguments": {
        **CREATE, "name": "other.example", "object": {"name": "other.example", "enableHttps": "off"}}})
    return text["structuredContent"]["id"]


def main():
    house = House()
    approvals(house)
    notifications(house)
    house.close()
    house.forget()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
