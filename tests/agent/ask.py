"""ask.py [WORD] - `higress-ops ask` against a scripted model over both APIs: streams in every split, calls side by side, what
servers get wrong, limits, costs, retries, transcripts, cancellation, secrets. Each check runs over both APIs unless it says so
itself. `N passed, N failed`."""
import email.utils
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import world
from world import ANSWERED, CONFIG, FAILED, LIMIT, MODEL, NOTHING, PENDING, Turn, USAGE, equal, has, holds, house
from model import KEY, question_of, results_of, stream_of, tools_of

LOOK = [("gateway_overview", {}), ("list_routes", {"limit": 5})]
DOMAIN = ("change_resource", {"kind": "domain", "action": "create", "name": "a.example.com",
                              "object": {"name": "a.example.com", "enableHttps": "off"}})


def check_an_answer_after_two_reads_side_by_side(w, api):
    m = w.model(api, [Turn("Looking.", LOOK), Turn("One route, all well.")])
    code, report, _ = w.ask("how is it?")
    equal((code, report["answer"], report["outcome"]), (ANSWERED, "One route, all well.", "answered"))
    equal([c["tool"] for c in report["calls"]], ["gateway_overview", "list_routes"])
    equal([c["outcome"] for c in report["calls"]], ["ok", "ok"])
    equal((report["steps"], report["tokens"]["input"], report["tokens"]["output"]), (2, 200, 40))
    equal(m.wrong, [])
    holds(any("default" in t for t in results_of(m.requests[1])), "the answer of list_routes reaches the model")


def check_streams_in_every_split(w, api):
    turns = [Turn("Ünïcode — ok. ", LOOK, thinking="hm, let me see", comments=True), Turn("Es ist alles in Ordnung: ✓")]
    for split in (1, 2, 3, 5, 8, 13, 64, 1000):
        for newline in ("\n", "\r\n", "\r"):
            for t in turns:
                t.split, t.newline = split, newline
            m = w.model(api, turns)
            code, report, err = w.ask("how is it?")
            equal((code, report["answer"]), (ANSWERED, "Es ist alles in Ordnung: ✓"), "split %d %r %s" % (split, newline, err))
            equal(m.wrong, [])


def check_what_was_thought_goes_back_unchanged(w, api):
    m = w.model(api, [Turn("", LOOK, thinking="I need the list"), Turn("Well.")])
    equal(w.ask("how is it?")[0], ANSWERED)
    said = [x for x in m.requests[1]["messages"] if x["role"] == "assistant"][0]
    if api == "openai":
        equal(said["reasoning_content"], "I need the list")
    else:
        equal(said["content"][0], {"type": "thinking", "thinking": "I need the list", "signature": "c2lnbmVk"})


def check_calls_that_come_interleaved_or_without_ids(w, api):
    m = w.model(api, [Turn("", LOOK * 2, interleave=True, ids=False), Turn("Well.")])
    code, report, _ = w.ask("how is it?")
    equal((code, len(report["calls"]), m.wrong), (ANSWERED, 4, []))


def check_an_answer_that_is_no_stream(w, api):
    m = w.model(api, [Turn("Looking.", LOOK, plain=True), Turn("Well.", plain=True)])
    code, report, _ = w.ask("how is it?")
    equal((code, report["answer"], m.wrong), (ANSWERED, "Well.", []))


def check_arguments_that_are_no_json_are_answered(w, api):
    for text in ('{"limit": ', "", "[1]", '"x"', '{"limit": 5}}'):
        m = w.model(api, [Turn("", [("list_routes", text), ("no_such_tool", {}), ("list_routes", {"nonsense": 1})]),
                          Turn("I gave up.")])
        code, report, _ = w.ask("routes?")
        equal((code, m.wrong), (ANSWERED, []), text)
        outcomes = [c["outcome"] for c in report["calls"]]
        equal(outcomes, ["ok" if text == "" else "failed", "failed", "failed"], text)
        has(" ".join(results_of(m.requests[1])), "no such tool", "nonsense")


def check_a_change_waits_and_nothing_is_written(w, api):
    m = w.model(api, [Turn("Planning.", [DOMAIN]), Turn("It waits for a person.")])
    code, report, _ = w.ask("add a.example.com")
    equal((code, report["outcome"], len(report["changes"])), (PENDING, "change waits", 1))
    change = report["changes"][0]
    equal(change["state"], "pending")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)
    has(" ".join(results_of(m.requests[1])), "higress-ops approve")
    code, screen = w.person(["approve", change["id"]], "yes")
    equal(code, 0, screen)
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 200)


def check_changes_run_one_by_one_and_never_approve(w, api):
    second = ("change_resource", {**DOMAIN[1], "name": "b.example.com", "object": {"name": "b.example.com", "enableHttps": "off"}})

    def script(body, n):
        if n == 0:
            return Turn("", [DOMAIN, second])
        if n == 1:
            ids = [t.split("change ")[1].split(",")[0].strip("()") for t in results_of(body) if "change c-" in t]
            return Turn("", [("apply_change", {"id": i}) for i in ids])
        return Turn("They wait.")

    w.model(api, script)
    code, report, _ = w.ask("add both")
    equal((code, [c["state"] for c in report["changes"]]), (PENDING, ["pending", "pending"]))
    equal(w.api("GET", "/v1/domains/b.example.com")[0], 404)


def check_nothing_found_has_its_own_code(w, api):
    w.model(api, [Turn("", [("diagnose", {})]), Turn("I see nothing.")])
    code, report, _ = w.ask("what is wrong?")
    equal((code, report["verdicts"][0]["code"]), (ANSWERED, "UNKNOWN"))  # what was not seen is not said to be well


def check_a_long_result_is_read_by_page(w, api):
    def script(body, n):
        if n == 0:
            return Turn("", [("describe_kind", {"kind": "route"})])
        text = results_of(body)[0]
        if n < 3 and "read_result" in text:
            at = int(text.rsplit('"offset":', 1)[1].split("}")[0])
            return Turn("", [("read_result", {"id": "r0", "offset": at})])
        return Turn("Read.")

    m = w.model(api, script, limits={"result_bytes": 512})
    code, report, _ = w.ask("what is a route?")
    equal(code, ANSWERED)
    pages = [results_of(b)[0] for b in m.requests[1:3]]
    holds(all(len(p) < 800 for p in pages), "pages are bounded: %s" % [len(p) for p in pages])
    has(pages[1], "bytes ")
    m = w.model(api, [Turn("", [("read_result", {"id": i, "offset": 0}) for i in ("r0", "r9", "x", "../etc")] +
                           [("read_result", {"id": "r0"})]), Turn("No.")])
    equal([c["outcome"] for c in w.ask("more")[1]["calls"]], ["failed"] * 5)


def check_runbooks_are_offered_and_read(w, api):
    m = w.model(api, [Turn("", [("read_runbook", {"name": "diagnose-upstream"}), ("read_runbook", {"name": "../../etc/passwd"})]),
                      Turn("Read.")])
    equal([c["outcome"] for c in w.ask("how?")[1]["calls"]], ["ok", "failed"])
    has(results_of(m.requests[1])[0], "Call `diagnose`")
    has(json.dumps(m.requests[0]["tools"]), "diagnose-upstream", "onboard-provider", "tune-limits")


def check_text_of_a_gateway_comes_quoted(w, api):
    m = w.model(api, [Turn("", LOOK), Turn("Well.")])
    w.ask("how is it?")
    marker = question_of(m.requests[0]).split("session: ")[1].split(")")[0]
    equal(len(marker), 24)
    for text in results_of(m.requests[1]):
        holds(text.startswith("<data-%s>\n" % marker) and text.endswith("\n</data-%s>" % marker), text)
    other = w.model(api, [Turn("Well.")])
    w.ask("how is it?")
    holds(marker not in json.dumps(other.requests), "each session has a marker of its own")
    constant = [json.dumps([r["tools"], r.get("system"), [x for x in r["messages"] if x["role"] == "system"]])
                for r in (m.requests[0], other.requests[0])]
    equal(constant[0], constant[1], "the beginning is the same for a cache")


def check_prompt_caching_is_asked_for_where_there_are_words(w, api):
    m = w.model(api, [Turn("", LOOK), Turn("Well.")])
    w.ask("how is it?")
    marks = json.dumps(m.requests[1]).count("cache_control")
    equal(marks, 3 if api == "anthropic" else 0)
    m = w.model(api, [Turn("Well.")], cache=False)
    w.ask("how is it?")
    equal(json.dumps(m.requests).count("cache_control"), 0)
    earlier = json.dumps(m.requests[0]["messages"])[:-1]
    holds(earlier, "a history that only grows")


def check_what_it_costs(w, api):
    price = {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75, "currency": "EUR"}
    turns = [Turn("", LOOK, usage=(1000, 100, 400, 200)), Turn("Well.", usage=(2000, 50, 0, 0))]
    w.model(api, turns, price=price)
    cost = w.ask("how is it?")[1]["cost"]
    written = 200 if api == "anthropic" else 0
    plain = 3000 - 400 - written
    equal(round(cost["amount"], 9), round((plain * 3 + 150 * 15 + 400 * 0.3 + written * 3.75) / 1e6, 9))
    equal(cost["currency"], "EUR")
    w.model(api, turns)
    equal(w.ask("how is it?")[1]["cost"], {"amount": None, "unknown": "model.price is not configured"})
    w.model(api, turns, price={"input": 3, "output": 15})
    has(w.ask("how is it?")[1]["cost"]["unknown"], "cache_read")
    w.model(api, [Turn("Well.", usage=None)], price=price)
    if api == "openai":
        report = w.ask("how is it?")[1]
        has(report["cost"]["unknown"], "did not say")
        equal(report["tokens"]["estimated"], True)


def check_limits_end_a_question(w, api):
    endless = lambda body, n: Turn("Once more. ", [("list_routes", {"limit": n + 1})], usage=(1000, 10, 0, 0))
    price = {"input": 1, "output": 1, "cache_read": 1, "cache_write": 1}
    for limits, word in (({"steps": 3}, "limits.steps"), ({"tokens": 2500}, "limits.tokens"), ({"cost": 0.002}, "limits.cost"),
                         ({"seconds": 1}, "limits.seconds")):
        slow = lambda body, n: Turn("Once more. ", [("list_routes", {"limit": n + 1})], delay=0.4)
        m = w.model(api, slow if "seconds" in limits else endless, limits=limits, price=price)
        code, report, _ = w.ask("go on")
        equal((code, report["outcome"]), (LIMIT, "limit hit"), word)
        has(report["error"], word)
        holds(len(m.requests) <= 4, "%s: %d requests" % (word, len(m.requests)))
        equal(report["answer"].strip(), "Once more.")
        equal(m.wrong, [])
    w.configure({"url": "http://127.0.0.1:9", "name": "m", "limits": {"cost": 1}})
    code, _, err = w.run(["ask", "x"])
    equal(code, CONFIG)
    has(err, "model.limits.cost", "the cost is unknown")


def check_the_same_call_again_and_again_is_not_made(w, api):
    m = w.model(api, lambda body, n: Turn("", [("list_routes", {"limit": 7})]) if n < 5 else Turn("Enough."))
    code, report, _ = w.ask("go on")
    equal([c["outcome"] for c in report["calls"]], ["ok", "ok", "failed", "failed", "failed"])
    has(results_of(m.requests[3])[0], "made twice before")


def check_the_last_reply_is_announced(w, api):
    m = w.model(api, lambda body, n: Turn("Well.") if "One reply is left" in json.dumps(body["messages"][-1]) else
                Turn("", [("list_routes", {"limit": n + 1})]), limits={"steps": 4})
    equal((w.ask("go on")[0], len(m.requests)), (ANSWERED, 4))


def check_errors_are_the_apis_own_words_without_the_key(w, api):
    cases = [(401, {}, json.dumps({"error": {"message": "Incorrect API key provided: %s." % KEY, "code": "invalid_api_key"}})),
             (403, {}, "Request denied by ai quota check, No quota left"), (400, {}, '{"message":"no such model"}'),
             (404, {}, "<html>nginx</html>"), (422, {}, ""),
             (429, {}, json.dumps({"error": {"message": "quota", "code": "insufficient_quota"}}))]
    for status, headers, body in cases:
        m = w.model(api, [Turn(status=status, headers=headers, body=body)])
        code, report, err = w.ask("how is it?")
        equal((code, report["outcome"], len(m.requests)), (MODEL, "model failed", 1), body)
        has(report["error"], str(status))
        holds(KEY not in json.dumps(report) + err, "the key is shown: %s" % report)
    has(w.ask("how is it?")[1]["error"], "quota (insufficient_quota)")
    for body in ("<html>login</html>", '{"hello":1}', ""):
        m = w.model(api, [Turn(status=200, body=body)])
        code, report, _ = w.ask("how is it?")
        equal(code, MODEL)
        has(report["error"], "no reply of a model")


def check_what_passes_is_asked_again_as_the_headers_say(w, api):
    for status, headers, least, most in ((429, {"retry-after-ms": "300"}, 0.3, 0.9), (529, {"Retry-After": "1"}, 1.0, 1.6),
                                         (503, {"Retry-After": None}, 0.1, 3.1), (500, {}, 0.3, 1.2),
                                         (400, {"x-should-retry": "true", "retry-after-ms": "10"}, 0, 0.6)):
        headers = {k: v or email.utils.formatdate(time.time() + 3, usegmt=True) for k, v in headers.items()}
        m = w.model(api, [Turn(status=status, headers=headers, body="Too many requests"), Turn("Well.")])
        code, report, _ = w.ask("how is it?")
        equal((code, report["answer"], len(m.requests)), (ANSWERED, "Well.", 2), status)
        waited = m.times[1] - m.times[0]
        holds(least <= waited <= most, "%d: waited %.2f s, not %.2f to %.2f" % (status, waited, least, most))
    m = w.model(api, [Turn(status=529, headers={"x-should-retry": "false"}, body="no")])
    equal((w.ask("how is it?")[0], len(m.requests)), (MODEL, 1))
    m = w.model(api, [Turn(status=429, headers={"Retry-After": "3600"}, body="Too many requests")], limits={"seconds": 5})
    began = time.time()
    code, report, _ = w.ask("how is it?")
    equal((code, len(m.requests)), (MODEL, 1))
    has(report["error"], "Too many requests", "no time left")
    holds(time.time() - began < 3, "an hour is not waited for")


def check_a_reply_that_breaks_off_is_asked_for_again(w, api):
    whole = len(stream_of(api, Turn("Looking.", [DOMAIN])))
    for cut in (0, 1, whole // 3, whole // 2, whole - 150):
        m = w.model(api, [Turn("Looking.", [DOMAIN], cut=cut), Turn("Well.")])
        code, report, _ = w.ask("how is it?")
        equal((code, report["answer"], report["calls"]), (ANSWERED, "Well.", []), "cut at %d" % cut)
        equal(len(m.requests), 2)
    m = w.model(api, [Turn("half", cut=whole // 3)])
    code, report, _ = w.ask("how is it?")
    equal((code, len(m.requests)), (MODEL, 4))
    soon = {"type": "overloaded_error", "message": "Overloaded"}
    m = w.model(api, [Turn("Look", error=soon), Turn("Well.")])
    equal((w.ask("how is it?")[0], len(m.requests)), (ANSWERED, 2))
    m = w.model(api, [Turn("Look", error={"type": "invalid_request_error", "message": "bad " + KEY})])
    code, report, _ = w.ask("how is it?")
    equal((code, len(m.requests)), (MODEL, 1))
    has(report["error"], "bad ")
    holds(KEY not in json.dumps(report), "the key is shown")


def check_a_reply_at_its_limit_of_tokens_runs_no_call(w, api):
    end = {"openai": "length", "anthropic": "max_tokens"}[api]
    m = w.model(api, [Turn("", [DOMAIN], end=end), Turn("Well.")])
    code, report, _ = w.ask("how is it?")
    equal((code, report["changes"]), (ANSWERED, []))
    has(results_of(m.requests[1])[0], "cut at its limit")
    m = w.model(api, [Turn("This is hal", end=end)])
    code, report, _ = w.ask("how is it?")
    equal((code, report["answer"]), (LIMIT, "This is hal"))


def check_a_refusal_is_no_answer(w, api):
    w.model(api, [Turn("I cannot.", end={"openai": "content_filter", "anthropic": "refusal"}[api])])
    code, report, _ = w.ask("how is it?")
    equal(code, MODEL)
    has(report["error"], "refused")


def check_a_window_that_is_full_loses_old_answers(w, api):
    full = json.dumps({"error": {"message": "prompt is too long: 9 tokens > 8", "code": "context_length_exceeded"}})

    def script(body, n):
        size = len(json.dumps(body["messages"]))
        if size > 30000:
            return Turn(status=400, body=full)
        return Turn("", [("describe_kind", {"kind": k}) for k in ("route", "ai-route", "mcp-server")[:1 + n % 3]]) if n < 6 else Turn("Well.")

    m = w.model(api, script, limits={"result_bytes": 9000})
    code, report, err = w.ask("what is there?")
    equal((code, m.wrong), (ANSWERED, []), str(report))
    has(json.dumps(m.requests[-1]), "was dropped to make room")


def check_results_of_200k_tokens(w, api):
    headers = [{"key": "x-%d" % i, "matchType": "EQUAL", "matchValue": "v" * 200} for i in range(3500)]
    status, _ = w.api("POST", "/v1/routes", {"name": "big", "path": {"matchType": "PRE", "matchValue": "/big"}, "headers": headers,
                                             "services": [{"name": "higress-console.static", "port": 8080}]})
    equal(status, 201)
    m = w.model(api, [Turn("", [("get_resource", {"kind": "route", "name": "big"})]), Turn("Well.")])
    code, report, _ = w.ask("what is it?", timeout=100)
    equal((code, m.wrong), (ANSWERED, []))
    holds(report["calls"][0]["bytes"] > 600000, "it is long: %s" % report["calls"])
    holds(all(len(t) < 13000 for t in results_of(m.requests[1])), "a page is bounded")


def check_what_the_person_types_that_looks_like_a_secret_is_hidden(w, api):
    secret = "ghp_" + "a8Fk2LmQ9xZ4vB7nT1cR5wE3yU6iO0pD" + "1234"
    m = w.model(api, [Turn("I cannot see it.")])
    path = os.path.join(w.dir, "t.jsonl")
    code, out, err = w.run(["ask", "--transcript", path, "set the key of qwen to %s, and %s" % (secret, KEY)])
    said = json.dumps(m.requests) + out + err + open(path).read()
    holds(secret not in said and KEY not in said, "a secret went out")


def check_a_model_that_echoes_its_key_or_controls(w, api):
    w.model(api, [Turn("Key: %s \x1b[2J\x07 secret:sha256:1a2b3c4d \u202etxt" % KEY, [("list_routes", {"text": KEY})], split=3, pieces=3),
                  Turn("Well, %s." % KEY, pieces=1)])
    path = os.path.join(w.dir, "t.jsonl")
    code, out, err = w.run(["ask", "--transcript", path, "how is it?"])
    shown = house.at_terminal([house.BINARY, "ask", "how is it?"], w.env, lambda s: None)[1]
    for text in (out, err, open(path).read(), shown):
        for bad in (KEY, "\x1b", "\x07", "sha256:1a2b", "\u202e"):
            holds(bad not in text, "%r is shown in %r" % (bad, text))


def check_a_transcript_is_shown_again(w, api):
    m = w.model(api, [Turn("Planning.", [DOMAIN]), Turn("It waits.")])
    path = os.path.join(w.dir, "t.jsonl")
    code, out, err = w.run(["ask", "--json", "--transcript", path, "add a.example.com"])
    equal(os.stat(path).st_mode & 0o777, 0o600)
    m.stop()
    w.models.remove(m)
    again, out2, _ = w.run(["ask", "--json", "--replay", path])
    equal((again, json.loads(out2)), (code, json.loads(out)))
    code, text, _ = w.run(["ask", "--replay", path])
    has(text, "It waits.", "higress-ops approve c-")
    events = [json.loads(line)["event"] for line in open(path)]
    equal((events[0], events[-1]), ("question", "end"))
    half = w.put("half.jsonl", "".join(open(path).readlines()[:-1]))
    code, _, err = w.run(["ask", "--replay", half])
    equal(code, FAILED)
    has(err, "no whole transcript")


def check_a_signal_stops_the_question(w, api):
    m = w.model(api, [Turn("Wait", delay=20)])
    p = subprocess.Popen([house.BINARY, "ask", "--json", "how is it?"], env=w.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not m.requests:
        time.sleep(0.05)
    began = time.time()
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=10)
    holds(time.time() - began < 3, "it stops at once")
    equal((p.returncode, json.loads(out)["outcome"]), (FAILED, "stopped"))


def check_a_signal_stops_a_call_that_waits(w, api):
    m = w.model(api, [Turn("", [("list_routes", {"limit": 5}), DOMAIN]), Turn("Well.")])
    os.kill(w.console.pid, signal.SIGSTOP)
    try:
        p = subprocess.Popen([house.BINARY, "ask", "--json", "how is it?"], env=w.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not m.requests:
            time.sleep(0.05)
        time.sleep(0.5)
        began = time.time()
        p.send_signal(signal.SIGTERM)
        out, _ = p.communicate(timeout=20)
        holds(time.time() - began < 5, "it stops at once")
    finally:
        os.kill(w.console.pid, signal.SIGCONT)
    report = json.loads(out)
    equal((report["outcome"], [c["outcome"] for c in report["calls"]], report["changes"]), ("stopped", ["stopped", "failed"], []))


def check_time_runs_out_while_a_call_waits(w, api):
    w.model(api, [Turn("", [("list_routes", {"limit": 5})]), Turn("Well.")], limits={"seconds": 1})
    os.kill(w.console.pid, signal.SIGSTOP)
    try:
        began = time.time()
        code, report, _ = w.ask("how is it?")
        holds(time.time() - began < 6, "it ends in time")
    finally:
        os.kill(w.console.pid, signal.SIGCONT)
    equal((code, report["calls"][0]["outcome"]), (LIMIT, "stopped"))


def check_mistakes_of_the_configuration(w, api):
    fine = {"url": "http://127.0.0.1:9", "name": "m"}
    for wrong, words in (({"name": None}, "model.name"), ({"url": "ftp://x"}, "model.url"), ({"url": "http://u:p@x"}, "model.url"),
                         ({"key": {"file": "/nonexistent"}}, "model.key"), ({"key": {"env": "NOT_SET_77"}}, "model.key"),
                         ({"key": "sk-plain-in-the-file"}, "model.key"), ({"key_header": "x: y"}, "model.key_header"),
                         ({"price": {"input": -1}}, "model.price"), ({"limits": {"steps": 0}}, "model.limits"), ({"api": "other"}, "model.api"),
                         ({"nonsense": 1}, "nonsense"), ({"request": {"tools": []}}, "model.request")):
        w.configure({k: v for k, v in {**fine, **wrong}.items() if v is not None})
        code, _, err = w.run(["ask", "x"])
        equal(code, CONFIG, "%s: %s" % (wrong, err))
        has(err, words)
        holds("sk-plain" not in err, "a key in the file is not shown: " + err)


def check_one_of_several_gateways(w, api):
    m = w.model(api, [Turn("", [("list_routes", {"gateway": "b"})]), Turn("Well.")])
    with open(w.env["HIGRESS_OPS_CONFIG"]) as f:
        settings = json.load(f)
    password = {"file": w.env["HIGRESS_OPS_PASSWORD_FILE"]}
    settings["gateways"] = [{"name": "a", "url": "http://127.0.0.1:9", "password": password},
                            {"name": "b", "url": w.env.pop("HIGRESS_OPS_URL"), "password": password}]
    del w.env["HIGRESS_OPS_PASSWORD_FILE"]
    w.env["HIGRESS_OPS_CONFIG"] = w.put("several.yaml", json.dumps(settings))
    code, report, err = w.ask("routes of b?")
    equal((code, [c["outcome"] for c in report["calls"]], m.wrong), (ANSWERED, ["ok"], []), err)


def check_the_key_goes_where_it_is_configured(w, api):
    m = w.model(api, [Turn("Well.")])
    w.ask("how is it?")
    sent = m.headers[0]
    equal(sent.get("authorization" if api == "openai" else "x-api-key"), ("Bearer " if api == "openai" else "") + KEY)
    holds(sum(KEY in v for v in sent.values()) == 1, "the key is in one header")
    m = w.model(api, [Turn("Well.")], key_header="authorization")
    w.ask("how is it?")
    equal(m.headers[0]["authorization"], "Bearer " + KEY)


def check_members_of_requests_are_configured(w, api):
    m = w.model(api, [Turn("Well.")], request={"stream_options": None, "max_completion_tokens": None, "max_tokens": 77,
                                               "reasoning_effort": "low"})
    w.ask("how is it?")
    r = m.requests[0]
    equal((r["max_tokens"], r["reasoning_effort"], "stream_options" in r, "max_completion_tokens" in r), (77, "low", False, False))
    w.configure({"url": "http://127.0.0.1:9", "name": "m", "request": {"messages": []}})
    code, _, err = w.run(["ask", "x"])
    equal(code, CONFIG)
    has(err, "may not set 'messages'")


def check_redirects_are_not_followed(w, api):
    other = w.model(api, [Turn("Stolen.")])
    w.model(api, [Turn(status=307, headers={"Location": other.url}, body="moved")])
    code, report, _ = w.ask("how is it?")
    equal((code, len(other.requests)), (MODEL, 0))


def check_only_what_the_mode_allows_is_offered(w, api):
    m = w.model(api, [Turn("", [DOMAIN]), Turn("I may not.")])
    w.env["HIGRESS_OPS_MODE"] = "read-only"
    code, report, _ = w.ask("add a.example.com")
    holds("change_resource" not in tools_of(m.requests[0]), "no change tool is offered")
    equal((code, report["calls"][0]["outcome"], report["changes"]), (ANSWERED, "failed", []))


def check_auto_counts_as_approve(w, api):
    w.env["HIGRESS_OPS_MODE"] = "auto"
    w.model(api, [Turn("", [DOMAIN]), Turn("It waits.")])
    code, report, _ = w.ask("add a.example.com")
    equal((code, [c["state"] for c in report["changes"]]), (PENDING, ["pending"]))
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)


def check_the_rules_are_short_and_name_what_there_is(w, api):
    m = w.model(api, [Turn("Well.")])
    w.ask("how is it?")
    with open(os.path.join(house.ROOT, "prompts/ask.txt")) as f:
        rules = f.read()
    sent = m.requests[0].get("system") or m.requests[0]["messages"][0]["content"]
    equal(sent if isinstance(sent, str) else sent[0]["text"], rules)
    holds(len(rules.split()) <= 300, "%d words" % len(rules.split()))
    named = {x for x in re.findall(r"\b[a-z]+_[a-z_]+\b", rules) if x not in ("dry_run",)}
    holds(named <= set(tools_of(m.requests[0])), named - set(tools_of(m.requests[0])))


def check_the_audit_knows_each_call(w, api):
    w.model(api, [Turn("", LOOK), Turn("", [DOMAIN, ("no_such_tool", {})]), Turn("Well.")])
    w.ask("add a.example.com")
    code, out, _ = w.run(["audit", "verify"])
    has(out, "the audit is whole")
    import sqlite3
    rows = sqlite3.connect(os.path.join(w.dir, "state", "state.db")).execute(
        "SELECT who, channel, detail FROM audit WHERE event = 'model_calls' ORDER BY seq").fetchall()
    equal(len(rows), 2)
    second = json.loads(rows[1][2])
    equal([(c["tool"], c["outcome"]) for c in second["calls"]], [("change_resource", "ok"), ("no_such_tool", "failed")])
    equal(second["after_reading"], ["gateway_overview", "list_routes"])
    equal(rows[1][1], "ask")


def check_without_a_model_words_come_all_the_same(w, api):
    w.api("POST", "/v1/service-sources", {"type": "static", "name": "payments", "domain": "127.0.0.1:9", "port": 80, "protocol": "http"})
    w.api("POST", "/v1/routes", {"name": "checkout", "domains": [], "path": {"matchType": "PRE", "matchValue": "/checkout"},
                                 "services": [{"name": "payments.static", "port": 80}]})
    for question, target in (("why is checkout 503?", "route checkout"), ("Payments fail.", "service payments.static"),
                             ("/checkout/7 is slow", "route checkout"), ("anything?", "names nothing")):
        code, report, _ = w.ask("--no-model", question)
        holds(code in (ANSWERED, NOTHING), code)
        has(report["answer"], target, "The gateway:", "What is broken in the configuration")
        equal([c["tool"] for c in report["calls"]], ["diagnose", "gateway_overview", "check_config"])
        holds("model" not in report, "no model is named")
    code, out, _ = w.run(["ask", "--no-model", "-"], stdin="why is checkout 503?")
    has(out, "route checkout")


def check_mistakes_of_the_command_line(w, api):
    code, _, err = w.run(["ask", "how?"])
    equal(code, CONFIG)
    has(err, "no model is configured", "--no-model")
    equal(w.run(["ask"])[0], USAGE)
    equal(w.run(["ask", ""])[0], USAGE)
    equal(w.run(["ask", "-"], stdin="x" * 70000)[0], USAGE)
    w.model(api, [Turn("Well.")])
    equal(w.run(["ask", "--transcript", "/nonexistent/x", "how?"])[0], FAILED)
    w.models[0].stop()
    url = w.models.pop().url
    w.configure({"api": api, "url": url, "name": "m", "limits": {"seconds": 60}})
    code, report, _ = w.ask("how?")
    equal(code, MODEL)
    has(report["error"], "refused")


def run_check(check, api):
    w = world.World()
    try:
        check(w, api)
        return None
    except Exception:
        return traceback.format_exc()
    finally:
        w.leave()


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    for name, check in [(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")]:
        for api in ("openai", "anthropic"):
            if word not in name + " " + api:
                continue
            wrong = run_check(check, api)
            failed += wrong is not None
            passed += wrong is None
            print("%s %s (%s)%s" % ("FAIL" if wrong else "ok  ", name, api, "\n" + wrong if wrong else ""), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
