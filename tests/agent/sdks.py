"""sdks.py - the scripted model is right: the official SDKs of both APIs read what it streams as what the script says, and
raise what it refuses. And our own requests are what those SDKs would send. `N passed, N failed`. Runs with the Python of
build/python/model-sdks."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from model import KEY, Model, Turn

import anthropic
import openai

TOOLS = [{"type": "function", "function": {"name": "list_routes", "parameters": {"type": "object", "properties": {}}}}]
ASKED = [{"role": "user", "content": "routes?"}]
CALLS = [("list_routes", {"domain": "ä", "limit": 5}), ("diagnose", {})]
passed = failed = 0


def check(words, got, wanted):
    global passed, failed
    passed += got == wanted
    failed += got != wanted
    print("%s %s%s" % ("ok  " if got == wanted else "FAIL", words, "" if got == wanted else ": %r, not %r" % (got, wanted)))


def of_openai(turn, stream=True, messages=None):
    m = Model("openai", [turn])
    c = openai.OpenAI(base_url=m.url, api_key=KEY, max_retries=0)
    try:
        if not stream:
            return c.chat.completions.create(model="m", messages=messages or ASKED, tools=TOOLS)
        with c.chat.completions.stream(model="m", messages=messages or ASKED, stream_options={"include_usage": True}) as s:
            return s.get_final_completion()
    finally:
        m.stop()


def of_anthropic(turn, stream=True, messages=None):
    m = Model("anthropic", [turn])
    c = anthropic.Anthropic(base_url=m.url, api_key=KEY, max_retries=0)
    try:
        asked = dict(model="m", max_tokens=100, messages=messages or ASKED)
        if not stream:
            return c.messages.create(**asked)
        with c.messages.stream(**asked) as s:
            return s.get_final_message()
    finally:
        m.stop()


def raised(f, *args, **how):
    try:
        f(*args, **how)
        return None
    except (openai.APIError, anthropic.APIError) as e:
        return getattr(e, "status_code", type(e).__name__)


def parts(api, answer):
    """(text, [(name, arguments)], why it ended, tokens in, tokens out) of an SDK's final object."""
    import json
    if api == "openai":
        m = answer.choices[0].message
        calls = [(c.function.name, json.loads(c.function.arguments)) for c in m.tool_calls or []]
        return m.content or "", calls, answer.choices[0].finish_reason, answer.usage.prompt_tokens, answer.usage.completion_tokens
    text = "".join(b.text for b in answer.content if b.type == "text")
    calls = [(b.name, b.input) for b in answer.content if b.type == "tool_use"]
    return text, calls, answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens


def main():
    for api, ask, end in (("openai", of_openai, ("stop", "tool_calls")), ("anthropic", of_anthropic, ("end_turn", "tool_use"))):
        for split in (1, 3, 7, 1000):
            for newline in ("\n", "\r\n"):
                how = dict(split=split, newline=newline)
                check("%s: a text, split %d %r" % (api, split, newline), parts(api, ask(Turn("Grüße ✓", **how))),
                      ("Grüße ✓", [], end[0], 100, 20))
                check("%s: text and calls, split %d %r" % (api, split, newline),
                      parts(api, ask(Turn("Looking.", CALLS, **how))), ("Looking.", CALLS, end[1], 100, 20))
        check("%s: calls interleaved" % api, parts(api, ask(Turn("", CALLS, interleave=True)))[1], CALLS)
        check("%s: with comments and thoughts" % api, parts(api, ask(Turn("Well.", comments=True, thinking="hm")))[0], "Well.")
        check("%s: not streamed" % api, parts(api, ask(Turn("Looking.", CALLS, plain=True), stream=False)),
              ("Looking.", CALLS, end[1], 100, 20))
        for status in (400, 401, 429, 500, 529):
            check("%s: %d is raised" % (api, status), raised(ask, Turn(status=status, body='{"error":{"message":"x"}}')), status)
        error = {"type": "overloaded_error", "message": "Overloaded"}
        check("%s: an error within a stream is raised" % api, raised(ask, Turn("Look", error=error)) is not None, True)
        call = {"openai": [{"role": "assistant", "content": "", "tool_calls": [{"id": "c", "type": "function", "function": {
                    "name": "x", "arguments": "{}"}}]}],
                "anthropic": [{"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "x", "input": {}}]}]}[api]
        check("%s: a call without an answer is refused" % api,
              raised(ask, Turn("no"), messages=ASKED + call + [{"role": "user", "content": "and?"}]), 400)
    thought = of_anthropic(Turn("Well.", thinking="hm")).content[0]
    check("anthropic: a thought keeps its signature", (thought.type, thought.thinking, thought.signature), ("thinking", "hm", "c2lnbmVk"))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
