"""rig.py - what the tests of the chat platforms share: the driver program (platforms.c), a scripted API of a platform, checks.

    d = Driver("slack", keys={…}, ids={…}, tenants=[…], url=api.url); d.take(body, headers, query, now), d.card({…}), d.say(…)
    api = Api({"/chat.postMessage": [(429, {"Retry-After": "0"}, {}), {"ok": True, "ts": "1.2"}]})

A path of the API has a list of answers, the last of which stays: an object, or (status, headers, object or text). api.seen
holds every request: method, path, query, headers in lower case, body as bytes, json. Closing a Driver holds that no key of its
account, and no address given as `secrets`, ever stood in an error.
"""
import http.server
import json
import os
import subprocess
import threading
import traceback
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("PLATFORMS", os.path.join(ROOT, "build/gcc-san/platforms"))
NOW = 1700000000
PLAN = {"title": "Restart <gateway> & co?", "mood": 1, "button": "b7f3a", "approvable": True,
        "blocks": [{"text": "Asked by <!channel> <at id=all></at> **bold** [x](https://evil.example)\n@all # title"},
                   {"code": "- ```old```\n+ new <b>&amp;</b> \u202eevil"}, {"note": "by ann, until 12:00"}],
        "page": "https://console.example/changes/7f3a?x=1&y=2"}
DONE = {"title": "Approved by Ann", "mood": 2, "blocks": [{"text": "served by 3 of 3"}]}


class Driver:
    def __init__(self, platform, keys=(), ids=(), tenants=(), url=None, secrets=()):
        self.secrets = [v for v in dict(keys).values()] + list(secrets)
        self.errors = []
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        account = {"platform": platform, "keys": dict(keys), "ids": dict(ids), "tenants": list(tenants)}
        if url:
            account["url"] = url
        assert self.ask("account", **account)["ok"], platform

    def ask(self, what, **args):
        self.process.stdin.write(json.dumps(dict(args, do=what)).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the program ended"
        answer = json.loads(line)
        self.errors.append(answer.get("error", ""))
        return answer

    def take(self, body, headers=(), query="", now=NOW, method="POST"):
        return self.ask("take", body=body if isinstance(body, str) else json.dumps(body), method=method, query=query,
                        headers={k.lower(): v for k, v in dict(headers).items()}, now=now * 1000)

    def read(self, payload, reply=None):
        return self.ask("read", payload=payload, **({"reply": reply} if reply else {}))

    def card(self, card):
        return self.ask("card", card=card)["card"]

    def say(self, text, channel, **where):
        return self.ask("say", text=text, where=dict(where, channel=channel))

    def show(self, card, channel, **where):
        return self.ask("show", card=card, where=dict(where, channel=channel))

    def renew(self, card, message, channel, **where):
        return self.ask("renew", card=card, message=message, where=dict(where, channel=channel))

    def whisper(self, text, user, channel, **where):
        return self.ask("whisper", text=text, user=user, where=dict(where, channel=channel))

    def file(self, name, text, channel, **where):
        return self.ask("file", name=name, text=text, where=dict(where, channel=channel))

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0, "the program ended with %s" % self.process.returncode
        for error in self.errors:
            for secret in self.secrets:
                assert secret not in error, "a secret in an error: %s" % error


class Api:
    def __init__(self, answers, check=None):
        self.answers, self.check = {k: v if isinstance(v, list) else [v] for k, v in answers.items()}, check
        self.seen, self.wrong = [], []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                url = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = {"method": self.command, "path": url.path, "query": dict(urllib.parse.parse_qsl(url.query)),
                           "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}
                try:
                    request["json"] = json.loads(body)
                except ValueError:
                    request["json"] = None
                api.seen.append(request)
                status, headers, answer = api.answer(request)
                data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = serve

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        answers = self.answers.get(request["path"])
        if self.check:
            problem = self.check(request)
            if problem:
                self.wrong.append("%s %s: %s" % (request["method"], request["path"], problem))
        if not answers:
            self.wrong.append("%s %s: nobody answers there" % (request["method"], request["path"]))
            return 404, {}, "not found"
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, tuple) else (200, {}, answer)

    def paths(self):
        return [r["path"] for r in self.seen]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def equal(got, wanted, words=""):
    assert got == wanted, "%s %r, not %r" % (words, got, wanted)


def has(text, *parts):
    for part in parts:
        assert part in text, "%r is not in %r" % (part, text)


def event(answer, **wanted):
    """The one event of the answer has these members."""
    assert answer["ok"], answer
    equal(len(answer["events"]), 1, answer)
    got = answer["events"][0]
    for key, value in wanted.items():
        equal(got.get(key), value, key)
    return got


def nothing(answer):
    assert answer["ok"], answer
    equal(answer["events"], [])


def refused(answer, status, *words):
    assert not answer["ok"], answer
    equal((answer.get("status"), answer.get("events")), (status, []))
    has(answer["error"], *words)


def said_no(answer, *words):
    assert not answer["ok"], answer
    has(answer["error"], *words)


def run(scope, word=""):
    """Every check_* of the module; prints what failed. `N passed, N failed`."""
    passed = failed = 0
    for name, check in scope.items():
        if not name.startswith("check_") or word not in name:
            continue
        try:
            check()
            passed += 1
        except Exception:
            failed += 1
            print("FAIL %s" % name)
            traceback.print_exc()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0
