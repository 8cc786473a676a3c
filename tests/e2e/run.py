"""run.py [--file NAME] [WORD…] - runs the scenarios (of that file) over stdio and HTTP and both eras. A WORD that is a
transport or an era chooses it; of other WORDs a scenario's name must contain one.

A scenario is a text file; each line is one step:

    # what must hold                                the name of what follows, up to the next '#'
    given POST /v1/routes {…}                       asks the console directly; any 2xx
    mode auto                                       of the server that follows (default approve)
    env NAME VALUE                                  a variable of the server that follows
    log {…}                                         a line of the access log of the server that follows
    person accept|decline|cancel|none               what the client answers when it is asked
    call TOOL {…}                                   a tool call
    ok {…} | error | denied "text"                  ok: not isError and the structured answer contains {…};
                                                    error "text": isError and the text contains it
    text "words"                                    the text of the last answer contains them
    silent "words"                                  it does not
    keep NAME path.to.member                        of the last structured answer; later $NAME
    shell 0 approve $id <- yes                      a person runs the command and types what follows `<-`
    run 2 approve $id                               the command without a terminal; its exit code
    out "words" | screen "words"                    what it printed contains them
    console GET /v1/routes/x {…} | 404              what the console holds contains {…}, or that status
    asked N                                         how often the person was asked so far in this scenario
    never "words"                                   nothing said or kept anywhere contains them
    wait SECONDS
    only stdio|http|modern|legacy                   runs in these variants only

{…} is JSON; an object is contained when each of its members is, an array when it is equal; "~x" is a string that
contains x. Prints one line a scenario and variant.
"""
import json
import os
import re
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client as mcp
import house
import protocol

HERE = os.path.dirname(os.path.abspath(__file__))
VARIANTS = [("stdio", "2025-11-25"), ("stdio", "2026-07-28"), ("http", "2025-06-18"), ("http", "2025-11-25"),
            ("http", "2026-07-28")]


class Failed(Exception):
    pass


def parse(path):
    """[(name, [(line number, verb, rest)])]"""
    scenarios = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if line.startswith("#"):
            if scenarios and not scenarios[-1][1]:
                scenarios[-1] = (scenarios[-1][0] + " " + line[1:].strip(), [])
            else:
                scenarios.append((line[1:].strip(), []))
        elif line[:1] in (" ", "\t") and line.strip():
            n, verb, rest = scenarios[-1][1][-1]
            scenarios[-1][1][-1] = (n, verb, rest + " " + line.strip())
        elif line.strip():
            verb, _, rest = line.partition(" ")
            scenarios[-1][1].append((number, verb, rest.strip()))
    return scenarios


def contains(want, got):
    if isinstance(want, dict):
        return isinstance(got, dict) and all(k in got and contains(v, got[k]) for k, v in want.items())
    if isinstance(want, str) and want.startswith("~"):
        return want[1:] in (got if isinstance(got, str) else json.dumps(got, ensure_ascii=False))
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(contains, want, got))
    return want == got


class Run:
    def __init__(self, transport, era):
        self.transport, self.era = transport, era
        self.mode, self.answer, self.kept = "approve", "none", {}
        self.house = house.House()
        self.client = self.result = self.code = self.screen = None
        self.asked_before = 0

    def fill(self, text):
        return re.sub(r"\$(\w+)", lambda m: str(self.kept.get(m.group(1), m.group(0))), text)

    def connected(self):
        if self.client:
            return self.client
        self.house.env["HIGRESS_OPS_MODE"] = self.mode
        if self.transport == "stdio":
            c = mcp.StdioClient([house.BINARY, "stdio"], self.house.env, self.era, self.answer)
        else:
            c = mcp.HttpClient("127.0.0.1", self.house.serve(), self.era, self.answer)
        self.client = c
        self.house.clients.append(c)
        c.open()
        self.tools = {t["name"]: t for t in c.request("tools/list")["tools"]}
        return c

    def disconnect(self):
        if self.client:
            self.asked_before += len(self.client.asked)
            self.client.close()
            self.client = None

    # -- steps --------------------------------------------------------------------------------------------------
    def do_given(self, rest):
        method, path, body = (rest.split(" ", 2) + [None])[:3]
        status, answer = self.house.api(method, path, json.loads(self.fill(body)) if body else None)
        if not 200 <= status < 300:
            raise Failed("the console answered %s: %s" % (status, answer))

    def do_mode(self, rest):
        self.disconnect()
        self.mode = rest

    def do_env(self, rest):
        self.disconnect()
        name, value = rest.split(" ", 1)
        self.house.env[name] = value

    def do_log(self, rest):
        self.disconnect()
        path = os.path.join(self.house.dir, "access.log")
        self.house.env["HIGRESS_OPS_ACCESS_LOG"] = path
        with open(path, "a") as f:
            f.write(rest + "\n")

    def do_person(self, rest):
        self.disconnect()
        self.answer = rest

    def do_call(self, rest):
        tool, _, args = rest.partition(" ")
        self.result = self.connected().call(tool, json.loads(self.fill(args)) if args else {})
        self.check_shape(tool)

    def check_shape(self, tool):
        """Whatever the scenario is about: what the tool's schema promises is kept, and there are words beside it."""
        schema = self.tools.get(tool, {}).get("outputSchema")
        if not self.text_of().strip():
            raise Failed("no text beside the answer of " + tool)
        if self.result.get("isError") or not schema:
            return
        wrong = protocol.misfit(schema, self.result.get("structuredContent"))
        if wrong:
            raise Failed("%s does not keep its outputSchema: %s" % (tool, wrong))

    def text_of(self):
        return "\n".join(c.get("text", "") for c in self.result["content"])

    def do_ok(self, rest):
        if self.result.get("isError"):
            raise Failed("isError: " + self.text_of())
        if rest and not contains(json.loads(self.fill(rest)), self.result.get("structuredContent")):
            raise Failed("got " + json.dumps(self.result.get("structuredContent"), ensure_ascii=False)[:1500])

    def do_error(self, rest):
        if not self.result.get("isError"):
            raise Failed("no error: " + self.text_of()[:600])
        self.do_text(rest)

    def do_text(self, rest):
        if rest and json.loads(self.fill(rest)) not in self.text_of():
            raise Failed("the text is: " + self.text_of()[:800])

    def do_silent(self, rest):
        if json.loads(self.fill(rest)) in self.text_of():
            raise Failed("the text is: " + self.text_of()[:800])

    def do_keep(self, rest):
        name, path = rest.split()
        value = self.result["structuredContent"]
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
        self.kept[name] = value

    def do_shell(self, rest):
        command, _, typed = self.fill(rest).partition("<-")
        want, *args = command.split()
        self.code, self.screen = self.house.person(args, typed.strip())
        if self.code != int(want):
            raise Failed("exit code %s: %s" % (self.code, self.screen[-800:]))

    def do_run(self, rest):
        want, *args = self.fill(rest).split(" ")
        self.code, out, err = self.house.run(args)
        self.screen = out + err
        if self.code != int(want):
            raise Failed("exit code %s: %s" % (self.code, self.screen[-800:]))

    def do_out(self, rest):
        if json.loads(self.fill(rest)) not in self.screen:
            raise Failed("it printed: " + self.screen[-800:])

    do_screen = do_out

    def do_console(self, rest):
        method, path, want = self.fill(rest).split(" ", 2)
        status, answer = self.house.api(method, path)
        if want.isdigit():
            if status != int(want):
                raise Failed("status %s: %s" % (status, answer))
            return
        data = answer.get("data", answer) if isinstance(answer, dict) else answer
        if not contains(json.loads(want), data):
            raise Failed("the console holds " + json.dumps(data, ensure_ascii=False)[:1500])

    def do_asked(self, rest):
        n = self.asked_before + (len(self.client.asked) if self.client else 0)
        if n != int(rest):
            raise Failed("asked %d times" % n)

    def do_never(self, rest):
        words = json.loads(self.fill(rest))
        if words in self.house.everything() or words in (self.screen or ""):
            raise Failed("found " + words)

    def do_wait(self, rest):
        time.sleep(float(rest))

    def do_only(self, rest):
        pass


def fits(steps, transport, era):
    kinds = {transport, "modern" if era == mcp.MODERN else "legacy", era}
    return all(set(rest.split()) <= kinds for _, verb, rest in steps if verb == "only")


def play(steps, transport, era):
    """None, or what went wrong."""
    run = Run(transport, era)
    try:
        for number, verb, rest in steps:
            try:
                step = getattr(run, "do_" + verb, None)
                if not step:
                    raise Failed("no step '%s'" % verb)
                step(rest)
            except (Failed, mcp.RpcError, mcp.Gone, KeyError, TypeError) as e:
                return "line %d: %s %s\n      %s: %s" % (number, verb, rest[:200], type(e).__name__, e)
        run.disconnect()
        bad = [c for c in run.house.close() if c not in (0, -15)]
        if bad:
            logs = "".join(open(os.path.join(run.house.dir, f), errors="replace").read()
                           for f in ("console.log", "serve.log") if os.path.exists(os.path.join(run.house.dir, f)))
            return "a process ended with %s\n%s" % (bad, logs[-3000:])
        return None
    except Exception:
        return traceback.format_exc()
    finally:
        run.house.close()
        run.house.forget()


def chosen(words):
    """[(file, title, steps, transport, era)]"""
    only = words[1] if words[:1] == ["--file"] else ""
    words = words[2:] if only else words
    variants = [v for v in VARIANTS if (v[0] in words or not {"stdio", "http"} & set(words)) and
                (v[1] in words or not {era for _, era in VARIANTS} & set(words))]
    words = [w for w in words if w not in {word for v in VARIANTS for word in v}]
    for name in sorted(os.listdir(os.path.join(HERE, "scenarios"))):
        if only and name != only:
            continue
        for title, steps in parse(os.path.join(HERE, "scenarios", name)):
            if not words or any(w in name or w in title for w in words):
                yield from ((name, title, steps, *v) for v in variants if fits(steps, *v))


def main():
    passed = failed = 0
    for name, title, steps, transport, era in chosen(sys.argv[1:]):
        began = time.time()
        wrong = play(steps, transport, era)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        print("%s %s: %s (%s, %s) %.1f s" % ("FAIL" if wrong else "ok  ", name, title, transport, era, time.time() - began))
        if wrong:
            print("      " + wrong, flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0 or not passed


if __name__ == "__main__":
    sys.exit(main())
