"""predictions.py - requests that no recording holds, with what the real console is expected to answer by the rule.

`predictions/KIND.jsonl` holds them: one request a line, in order, from a fresh console whose account is admin/admin:

    rule      what the answer follows from: a section of console-api.md, or a rule in words
    sure      how sure that is, from 0 to 1
    request   method, path, body (JSON) or body_text or body_base64, headers (null: not sent), as in the recordings
    response  status; body: all of it ("" is none); at: what is at some places of it ("data/0/name": value, "~" is a slash in a
              name, "header NAME": the header, "header NAME ~": a part of it)

They are bets, not recordings: a row that a real console answers otherwise is to be mended here and in the rule that made it.
`predictions.py [--url URL] [--account NAME:PASSWORD] [KIND...]`; with a URL the console asked should be a fresh one, per kind.
"""
import argparse
import base64
import glob
import json
import os
import socket
import sys

import plugins

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "predictions")
ACCOUNT = {"name": "admin", "displayName": "Admin", "password": "admin"}


class Console(plugins.Console):
    account = ACCOUNT


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}

    def tree(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode("utf-8", "replace")

    def at(self, place):
        node = self.tree()
        for step in place.split("/"):
            node = node[int(step)] if isinstance(node, list) else node[step.replace("~", "/")]
        return node


class Client:
    def __init__(self, address, account):
        self.address, self.cookie = address, ""
        self.login = "Basic " + base64.b64encode(account.encode()).decode()

    def ask(self, request):
        body = body_of(request)
        sent = {"host": self.address, "connection": "close", "authorization": self.login}
        if body or request["method"] != "GET":
            sent.update({"content-type": "application/json", "content-length": str(len(body))})
        sent.update({k.lower(): v for k, v in (request.get("headers") or {}).items()})
        lines = [f"{request['method']} {request['path']} HTTP/1.1"]
        lines += [f"{k}: {v.replace('<from login>', self.cookie)}" for k, v in sent.items() if v is not None]
        host, port = self.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 20) as s:
            s.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            raw = b""
            while piece := s.recv(65536):
                raw += piece
        answer = Answer(raw)
        cookie = answer.headers.get("set-cookie", "")
        if request["path"] == "/session/login" and cookie.startswith("_hi_sess="):
            self.cookie = cookie[len("_hi_sess="):].split(";")[0]
        return answer


def body_of(request):
    if "body_base64" in request:
        return base64.b64decode(request["body_base64"])
    if "body_text" in request:
        return request["body_text"].encode()
    return json.dumps(request["body"]).encode() if "body" in request else b""


def at_place(answer, place):
    try:
        return answer.headers.get(place.split()[1]) if place.startswith("header ") else answer.at(place)
    except (KeyError, ValueError, TypeError, IndexError):
        return f"(nothing: {answer.body[:160]!r})"


def same(got, want):
    """JSON's true is not its 1, but 1.0 is."""
    if isinstance(got, dict) and isinstance(want, dict):
        return got.keys() == want.keys() and all(same(got[k], want[k]) for k in want)
    if isinstance(got, list) and isinstance(want, list):
        return len(got) == len(want) and all(map(same, got, want))
    return got == want and isinstance(got, bool) == isinstance(want, bool)


def faults(answer, response):
    if answer.status != response["status"]:
        yield f"{answer.status}, not {response['status']}: {answer.body[:200]!r}"
        return
    if "body" in response and not same(answer.tree(), response["body"]):
        yield f"{answer.body.decode('utf-8', 'replace')}, not {json.dumps(response['body'], ensure_ascii=False)}"
    for place, want in response.get("at", {}).items():
        got = at_place(answer, place)
        good = want in (got or "") if place.endswith(" ~") else same(got, want)
        if not good:
            yield f"{place}: {got!r}, not {want!r}"


def check(kind, address, account):
    with open(os.path.join(FOLDER, kind + ".jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    client, wrong = Client(address, account), 0
    for number, row in enumerate(rows, 1):
        found = list(faults(client.ask(row["request"]), row["response"]))
        wrong += bool(found)
        for fault in found:
            said = row["request"].get("body", row["request"].get("body_text", ""))
            print(f"{kind} {number}: {row['request']['method']} {row['request']['path'][:90]} "
                  f"{json.dumps(said, ensure_ascii=False)[:160]} ({row['rule']}, {row['sure']}): {fault}")
    sure = sum(row["sure"] for row in rows)
    print(f"{kind}: {len(rows)} predicted, {wrong} otherwise; we would bet on {sure:.0f}, {50 * sure / len(rows):.1f} of 50")
    return len(rows) - wrong, wrong


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--url")
    options.add_argument("--account", default="admin:admin")
    options.add_argument("kinds", nargs="*")
    options = options.parse_args()
    every = sorted(os.path.basename(p)[:-len(".jsonl")] for p in glob.glob(os.path.join(FOLDER, "*.jsonl")))
    passed = failed = 0
    for kind in options.kinds or every:
        console = None if options.url else Console()
        try:
            counts = check(kind, (options.url or console.url).split("//")[1].rstrip("/"), options.account)
        finally:
            if console:
                console.stop()
        passed, failed = passed + counts[0], failed + counts[1]
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
