"""rig.py - for attacks from outside: a gateway of the embedded console, the server over stdio and HTTP, every command,
the page of approvers, and all that any of them ever said, kept by the name of the output it came from.

    with rig.World(binary) as world:
        world.api("POST", "/v1/consumers", {...})          # fill the gateway through the console's REST API
        talk = world.stdio() or world.http("ann")           # a client; every answer is kept in world.heard
        good, answer = talk.call("get_resource", {"kind": "consumer", "name": "alice"})
        world.command("export"), world.page("list")
        found = world.leaks({"name of the seed": needles})  # {output: {name of the seed}}
"""
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))
if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
    os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
import client as mcp  # noqa: E402
import house  # noqa: E402

ERAS = ("2025-11-25", mcp.MODERN)
APPROVER = "approver-token-of-the-rig"
SHARED = os.path.join(HERE, "../../../shared")
BROKEN = (mcp.Gone, ValueError, OSError, http.client.HTTPException)
mcp.record = lambda *_: None  # what attacks hear is judged here, and is not for tests/parts/90-schemas


def token_of(client):
    return "token-of-client-" + client


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Talk:
    """One client. What it hears is kept by tool or method in the world's `heard`."""

    def __init__(self, world, client, name):
        self.world, self.client, self.name = world, client, name
        self.called = {}
        self.tools = []

    def open(self):
        self.keep("initialize", self.client.open())
        self.tools = self.every("tools/list", "tools")
        return self

    def keep(self, output, answer):
        self.world.keep(output + " " + self.name, answer if isinstance(answer, (str, bytes)) else
                        json.dumps(answer, ensure_ascii=False))

    def request(self, method, params=None, output=None):
        """(answered well, result or error object)"""
        self.called[method] = self.called.get(method, 0) + 1
        try:
            good, answer = True, self.client.request(method, params)
        except mcp.RpcError as e:
            good, answer = False, e.error
        except BROKEN as e:
            good, answer = False, self.broken(method, params, e)
        self.keep(output or method, answer)
        return good, answer

    def broken(self, what, said, error):
        """No answer, or one that is no JSON."""
        self.world.fell("%s %s %s" % (self.name, what, json.dumps(said)[:300]), error)
        return {"broken": str(error)}

    def every(self, method, member):
        """All pages of a list."""
        rows, cursor = [], None
        while True:
            good, page = self.request(method, {"cursor": cursor} if cursor else {})
            if not good:
                return rows
            rows += page[member]
            cursor = page.get("nextCursor")
            if not cursor:
                return rows

    def call(self, tool, arguments=None, output=None):
        """(answered well, structured answer or the text of the error); the whole result is kept."""
        self.called[tool] = self.called.get(tool, 0) + 1
        try:
            result = self.client.call(tool, arguments or {})
        except mcp.RpcError as e:
            self.keep(output or tool, e.error)
            return False, str(e.error.get("message"))
        except BROKEN as e:
            return False, str(self.broken(tool, arguments, e))
        self.keep(output or tool, result)
        text = " ".join(c.get("text", "") for c in result.get("content", []))
        if result.get("isError"):
            return False, text
        return True, result.get("structuredContent", text)

    def get(self, kind, name=None, scope=None):
        """The object as a client sees it, or None."""
        arguments = {"kind": kind}
        arguments.update({k: v for k, v in (("name", name), ("scope", scope)) if v})
        good, answer = self.call("get_resource", arguments)
        return answer.get("object") if good else None

    def change(self, action, kind, name, body=None, scope=None, dry=True, **more):
        arguments = {"kind": kind, "action": action, "name": name, "object": body, "scope": scope,
                     "dry_run": dry or None, **more}
        return self.call("change_resource", {k: v for k, v in arguments.items() if v is not None},
                         "change_resource " + action)

    def log(self):
        """What the process wrote to stderr (of a client over HTTP: the server's)."""
        errors = getattr(self.client, "errors", None)
        if errors is not None:
            return "".join(errors)
        with open(os.path.join(self.world.house.dir, "serve.log"), errors="replace") as f:
            return f.read()


class World:
    """A console over an empty folder, a state folder, and whoever talks. `mode` is that of every process."""

    def __init__(self, binary=None, mode="approve", args=()):
        if binary:
            house.BINARY = os.path.abspath(binary)
        self.args = ["--log", "debug", *args]
        self.house = house.House(mode)
        self.api = self.house.api
        self.heard = {}  # output -> list of texts
        self.talks, self.commands, self.port, self.server = [], {}, None, None
        self.broken = []  # calls without an answer, or with one that is no JSON

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def keep(self, output, text):
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        self.heard.setdefault(output, []).append(data)

    # -- who talks --
    def stdio(self, era=ERAS[0], answer="none", args=()):
        def start():
            c = mcp.StdioClient([house.BINARY, "stdio", *self.args, *args], self.house.env, era, answer)
            c.again = start
            return c
        return self.opened(Talk(self, start(), "stdio"))

    def http(self, who="ann", era=ERAS[0], answer="none"):
        if not self.port:
            self.serve()
        c = mcp.HttpClient("127.0.0.1", self.port, era, answer, token_of(who))
        return self.opened(Talk(self, c, "http"))

    def opened(self, talk):
        self.talks.append(talk)
        return talk.open()

    def serve(self, clients=("ann", "bob"), args=()):
        """Starts (or starts again, on the same state) the server over HTTP."""
        tokens = ",".join("%s:%s" % (c, sha256(token_of(c))) for c in clients)
        if self.server:
            house_end(self.server)
        self.port = self.house.serve(["--tokens", tokens, "--approvers", "boss:" + sha256(APPROVER), *self.args, *args])
        self.server = self.house.processes[-1]
        return self.port

    def approver(self, kept, method, path, body):
        """(status, parsed answer) of a request with the approver's token; kept by that name."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            c.request(method, path, body and json.dumps(body),
                      {"Content-Type": "application/json", "Authorization": "Bearer " + APPROVER})
            answer = c.getresponse()
            text = answer.read().decode("utf-8", "replace")
            self.keep(kept, text)
            return answer.status, json.loads(text)
        except BROKEN as e:
            self.fell("%s %s %s" % (method, path, body), e)
            return 0, {}
        finally:
            c.close()

    def page(self, do, **members):
        """Of the page of approvers, as programs ask it."""
        return self.approver("page " + do, "POST", "/change", {"do": do, **members})

    def pipeline(self, name, method, path, body=None):
        return self.approver("api " + name, method, path, body)

    def look(self, path):
        """What an approver sees on that page of the server."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        home = {"Origin": "http://127.0.0.1:%d" % self.port, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            c.request("POST", "/login", "token=" + APPROVER, home)
            answer = c.getresponse()
            answer.read()
            c.request("GET", path, None, {"Cookie": answer.getheader("set-cookie", "").split(";")[0]})
            answer = c.getresponse()
            self.keep("page view of " + path.split("?")[0].split("/c-")[0], answer.read())
            return answer.status
        except BROKEN as e:
            self.fell("view of " + path, e)
            return 0
        finally:
            c.close()

    def command(self, *args, stdin=""):
        """(exit code, stdout, stderr) of a command; both texts are kept."""
        self.commands[args[0]] = self.commands.get(args[0], 0) + 1
        code, out, err = self.house.run(list(args), stdin)
        self.keep("command " + args[0], out + "\n" + err)
        return code, out, err

    def person(self, *args, answer="no"):
        """A command on a terminal where somebody types `answer`."""
        self.commands[args[0]] = self.commands.get(args[0], 0) + 1
        code, screen = self.house.person(list(args), answer)
        self.keep("command " + args[0], screen)
        return code, screen

    def fell(self, what, error):
        """Remembers a call without a whole answer. A server that has gone is started again, with its clients."""
        time.sleep(0.3)  # a process that falls closes its streams before it is gone
        self.broken.append("%s: %s" % (what, str(error)[-300:]))
        if self.server and self.server.poll() is not None:
            self.serve()
            for talk in self.talks:
                if isinstance(talk.client, mcp.HttpClient):
                    talk.client.port, talk.client.session = self.port, None
                    talk.client.open()
        for talk in self.talks:
            if hasattr(talk.client, "process") and talk.client.process.poll() is not None:
                talk.keep("log", talk.log())
                talk.client = talk.client.again()
                talk.client.open()

    # -- what was said --
    def alive(self):
        """Every server that should still run does."""
        stdio = [t.client.process.poll() for t in self.talks if hasattr(t.client, "process") and not t.client.process.stdin.closed]
        return all(code is None for code in stdio) and (not self.server or self.server.poll() is None)

    def collect(self):
        """Ends the clients and adds the logs and the state folder, as bytes, to what was heard."""
        for talk in self.talks:
            if hasattr(talk.client, "process") and talk.client.process.poll() is None:
                talk.client.close()
        time.sleep(0.2)
        for talk in self.talks:
            self.heard["log " + talk.name] = [talk.log().encode("utf-8", "replace")]
        for folder, _, names in os.walk(os.path.join(self.house.dir, "state")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    self.keep("state " + name, f.read())

    def leaks(self, needles, group=str):
        """needles: {seed: set of texts that give it away}; group(output): the name under which an output counts.
        {group: {seed: one text found}}"""
        together = {}
        for output, texts in self.heard.items():
            together.setdefault(group(output), []).extend(set(texts))
        found = search_all({name: b"\n".join(texts) for name, texts in together.items()}, needles)
        return {name: seeds for name, seeds in found.items() if seeds}

    def close(self):
        for talk in self.talks:
            if hasattr(talk.client, "process") and talk.client.process.poll() is None:
                talk.client.process.kill()
        codes = self.house.close()
        self.house.forget()
        return codes


def house_end(process):
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def search(blob, needles):
    """{seed: text found in blob}. A text holds no newline."""
    return search_all({"0": blob}, needles)["0"]


def search_all(blobs, needles):
    """{name of the blob: {seed: text found in it}}; grep looks for all texts at once."""
    owner = {}
    for seed, texts in needles.items():
        for text in texts:
            owner.setdefault(text.encode("utf-8", "surrogatepass"), seed)
    names = list(blobs)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in [("wanted", b"\n".join(owner))] + [(str(i), blobs[n]) for i, n in enumerate(names)]:
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        got = subprocess.run(["grep", "-aoHF", "-f", "wanted", *map(str, range(len(names)))], cwd=folder, capture_output=True,
                             check=False, env={**os.environ, "LC_ALL": "C"})
    if got.returncode > 1:
        raise RuntimeError("grep: " + got.stderr.decode())
    found = {name: {} for name in names}
    for line in set(got.stdout.split(b"\n")):
        number, _, text = line.partition(b":")
        if text in owner:
            found[names[int(number)]].setdefault(owner[text], text.decode("utf-8", "replace"))
    return found


def leaves(o, path=""):
    """(path, value) of every leaf; elements of lists are `[N]`."""
    if isinstance(o, dict):
        for name, value in o.items():
            yield from leaves(value, path + ("." if path else "") + name)
    elif isinstance(o, list):
        for i, value in enumerate(o):
            yield from leaves(value, "%s[%d]" % (path, i))
    else:
        yield path, o


class Score:
    """Counts checks by name; says each failure once."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, right, what, detail=""):
        if right:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL  %s%s" % (what, ": " + str(detail)[:600] if detail != "" else ""))
        return right

    def end(self):
        print("%d passed, %d failed" % (self.passed, self.failed) + (", %d skipped" % self.skipped if self.skipped else ""))
        return 1 if self.failed else 0
