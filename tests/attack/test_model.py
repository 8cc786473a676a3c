"""test_model.py BINARY - a model's API that is broken or hostile, against `ask` and `chat`: replies that no documented API
sends, numbers that do not add up, transcripts that somebody wrote. Each case says what is expected by its name."""
import json
import os
import socket
import sys
import threading
import time
import traceback

os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../agent"))
import chat  # noqa: E402
import world  # noqa: E402
from world import ANSWERED, FAILED, LIMIT, MODEL, PENDING, Turn, USAGE, equal, has, holds, house  # noqa: E402
from model import results_of, stream_of  # noqa: E402

SSE = {"Content-Type": "text/event-stream"}
PRICE = {"input": 1.0, "output": 2.0, "cache_read": 0.1, "cache_write": 1.25, "currency": "EUR"}
DOMAIN = chat.DOMAIN


def events(*datas):
    return "".join("data: %s\n\n" % (d if isinstance(d, str) else json.dumps(d)) for d in datas)


def delta(usage=None, end=None, **members):
    return {"choices": [{"index": 0, "delta": members, "finish_reason": end}], **({"usage": usage} if usage is not None else {})}


def raw(*datas):
    """A turn of OpenAI's API, its events as they are given."""
    return Turn(body=events(*datas), headers=SSE)


def openai_only(check):
    return lambda w, api: check(w) if api == "openai" else None


# -- calls ------------------------------------------------------------------------------------------------------------------

def check_a_thousand_calls_in_a_reply_leave_the_talk_whole(w, api):
    m = w.model(api, [Turn("", [("list_routes", {"limit": 1})] * 1000, pieces=100), Turn("Too many.")])
    code, report, err = w.ask("how?")
    equal((code, m.wrong), (ANSWERED, []), err + str(report.get("error")))
    has(" ".join(results_of(m.requests[1])), "too many calls at once")


def check_calls_of_one_id_are_told_apart(w, api):
    def script(body, n):
        if n:
            return Turn("Well.")
        text = stream_of(api, Turn("", [("list_routes", {"limit": 1}), ("gateway_overview", {})])).decode()
        return Turn(body=text.replace("call_1", "call_0").replace("toolu_1", "toolu_0"), headers=SSE)

    m = w.model(api, script)
    code, report, err = w.ask("how?")
    equal((code, [c["outcome"] for c in report["calls"]], m.wrong), (ANSWERED, ["ok", "ok"], []), err)
    sent = [x for x in m.requests[1]["messages"] if x["role"] == "assistant"][0]
    ids = [c["id"] for c in sent.get("tool_calls", [])] or [b["id"] for b in sent["content"] if b["type"] == "tool_use"]
    equal(len(set(ids)), 2, "ids")


def check_a_call_without_a_name_is_answered(w, api):
    def script(body, n):
        if n:
            return Turn("Well.")
        text = stream_of(api, Turn("", [("list_routes", {})])).decode()
        return Turn(body=text.replace('"name": "list_routes"', '"nom": 1'), headers=SSE)

    code, report, err = (w.model(api, script), w.ask("how?"))[1]
    equal((code, [c["outcome"] for c in report["calls"]]), (ANSWERED, ["failed"]), err)


def check_arguments_of_a_megabyte_are_answered_and_not_repeated_to_people(w, api):
    m = w.model(api, [Turn("", [("list_routes", {"query": "x" * 1000000}), ("n" * 1000000, {})], pieces=50000), Turn("Well.")])
    code, report, err = w.ask("how?")
    equal((code, [c["outcome"] for c in report["calls"]], m.wrong), (ANSWERED, ["failed", "failed"], []), err)
    holds(len(report["calls"][1]["tool"]) < 200, "the name is cut")


# -- replies ----------------------------------------------------------------------------------------------------------------

def check_an_empty_reply_is_no_answer(w, api):
    m = w.model(api, [Turn("")])
    code, report, err = w.ask("how?")
    equal((code, report["outcome"]), (MODEL, "model failed"), err)
    has(report["error"], "without a word")
    equal(m.wrong, [])


def check_a_chat_goes_on_after_an_empty_reply(w, api):
    m = w.model(api, [Turn(""), Turn("Here.")])
    t = chat.Terminal(w)
    t.ask("how?")
    t.see("without a word")
    t.ask("and now?")
    t.see("Here.")
    chat.leave(t)
    equal(m.wrong, [])
    holds(all(x.get("content") for x in m.requests[1]["messages"]), "no message is empty")


def check_an_answer_of_100_kB_at_once_is_shown_whole_at_a_terminal(w, api):
    text = "".join("line %05d of many words\n" % i for i in range(5000)) + "THE END"
    w.model(api, [Turn(text, pieces=200000)])
    t = chat.Terminal(w, ("ask", "how?"))
    t.see("line 00000", "line 02500", "line 04999", "THE END")
    equal(t.close(), ANSWERED)


def check_what_is_hidden_is_hidden_at_a_terminal_across_long_words(w, api):
    """A word as long as the buffer of a terminal, with a fingerprint across its end."""
    mark = "secret:sha256:0123456789ab"
    for n in (4080, 4090, 8180):
        w.model(api, [Turn("x" * n + mark + "y" * 3000 + " end.", pieces=11)])
        t = chat.Terminal(w, ("ask", "how?"))
        t.see("end.")
        equal(t.close(), ANSWERED)
        holds("sha256:" not in t.screen and "456789ab" not in t.screen, "half a fingerprint: %d" % n)


def check_a_reply_of_50_MB_is_bounded(w, api):
    w.model(api, [Turn("abcdefghi " * 5000000, pieces=100000)])
    code, report, err = w.ask("how?")
    equal(code, MODEL, err)
    has(report["error"], "longer than is taken")


def check_a_reply_that_drips_past_the_time_ends_in_time(w, api):
    def script(body, n):
        return Turn(body=None, delay=30)
    w.model(api, script, limits={"seconds": 2})
    began = time.time()
    code, report, err = w.ask("how?")
    equal(code, LIMIT, err)
    holds(time.time() - began < 8, "in time")


@openai_only
def check_a_reply_that_comes_a_byte_at_a_time_ends_in_time(w):
    server = socket.create_server(("127.0.0.1", 0))

    def drip():
        c = server.accept()[0]
        c.recv(65536)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        try:
            while True:
                c.sendall(b":")
                time.sleep(0.1)
        except OSError:
            c.close()

    threading.Thread(target=drip, daemon=True).start()
    w.configure({"api": "openai", "url": "http://127.0.0.1:%d/v1" % server.getsockname()[1], "name": "m", "key": {"file": w.key},
                 "limits": {"seconds": 2}})
    began = time.time()
    code, report, err = w.ask("how?")
    server.close()
    equal((code, report["outcome"]), (LIMIT, "limit hit"), err)
    has(report["error"], "model.limits.seconds")
    holds(time.time() - began < 8, "in time")


def check_two_questions_at_once_in_one_folder_plan_both(w, api):
    def script(body, n):
        if body["messages"][-1]["role"] == "tool" or isinstance(body["messages"][-1]["content"], list) and \
                body["messages"][-1]["content"][0]["type"] == "tool_result":
            return Turn("It waits.")
        name = "%s.example.com" % ("a" if "alpha" in json.dumps(body["messages"]) else "b")
        return Turn("", [("change_resource", {"kind": "domain", "action": "create", "name": name,
                                              "object": {"name": name, "enableHttps": "off"}})], delay=0.3)

    m = w.model(api, script)
    said = {}
    threads = [threading.Thread(target=lambda q=q: said.update({q: w.ask(q)})) for q in ("alpha", "beta")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal([(said[q][0], len(said[q][1]["changes"])) for q in ("alpha", "beta")], [(PENDING, 1)] * 2, said)
    equal(m.wrong, [])
    holds(said["alpha"][1]["changes"][0]["id"] != said["beta"][1]["changes"][0]["id"], "two changes")


def check_a_year_of_retry_after_is_not_waited_for(w, api):
    for headers in ({"Retry-After": "31536000"}, {"Retry-After": "inf"}, {"Retry-After-Ms": "1e300"},
                    {"Retry-After": "Fri, 31 Dec 2199 23:59:59 GMT"}):
        w.model(api, [Turn(status=429, headers=headers, body='{"error":{"message":"slow down"}}')])
        began = time.time()
        code, report, _ = w.ask("how?")
        equal(code, MODEL, headers)
        has(report["error"], "no time left", "slow down")
        holds(time.time() - began < 8, headers)


def check_a_page_of_html_is_said_in_one_line(w, api):
    page = "<html>\n<head><title>502 \x1b[31mBad\u202e Gateway</title></head>" + "<br>" * 20000
    for status in (200, 404):
        w.model(api, [Turn(status=status, headers={"Content-Type": "text/html"}, body=page)])
        code, report, _ = w.ask("how?")
        equal(code, MODEL)
        has(report["error"], "Bad Gateway")
        holds(len(report["error"]) < 1500 and not set("\n\x1b\u202e") & set(report["error"]), report["error"])


# -- servers that are a little different (OpenAI's API only) -----------------------------------------------------------------

@openai_only
def check_a_member_error_that_is_null_is_no_error(w):
    w.model("openai", [raw({**delta(content="Well."), "error": None}, delta(end="stop"), "[DONE]")])
    code, report, err = w.ask("how?")
    equal((code, report["answer"]), (ANSWERED, "Well."), str(report))


@openai_only
def check_events_without_data_are_no_events(w):
    body = "data:\n\n: c\n\nevent: ping\ndata\n\n" + events(delta(content="Well."), delta(end="stop"))
    w.model("openai", [Turn(body=body, headers=SSE)])
    code, report, err = w.ask("how?")
    equal((code, report["answer"]), (ANSWERED, "Well."), str(report))


@openai_only
def check_two_unknown_texts_that_grow_by_turns_take_no_more_than_their_size(w):
    """Some servers send what a model thinks twice, as reasoning and as reasoning_content."""
    n = 30000
    thought = [delta(reasoning="thought %05d " % i, reasoning_content="thought %05d " % i) for i in range(n)]
    m = w.model("openai", [raw(*thought, delta(tool_calls=[{"index": 0, "id": "c", "function": {"name": "list_routes", "arguments": "{}"}}]),
                               delta(end="tool_calls")), Turn("Well.")])
    began = time.time()
    code, report, err = w.ask("how?")
    equal(code, ANSWERED, err)
    said = [x for x in m.requests[1]["messages"] if x["role"] == "assistant"][0]
    equal(said["reasoning"], "".join("thought %05d " % i for i in range(n)))
    equal(said["reasoning_content"], said["reasoning"])
    holds(time.time() - began < 20, "took %.1f s" % (time.time() - began))


# -- cost -------------------------------------------------------------------------------------------------------------------

@openai_only
def check_tokens_that_are_not_all_said_cost_an_unknown_sum(w):
    for usage in ({}, {"prompt_tokens": 100}, {"completion_tokens": 5}, {"prompt_tokens": "100", "completion_tokens": 5},
                  {"prompt_tokens": -1000000, "completion_tokens": 5}, {"prompt_tokens": 10, "completion_tokens": -5},
                  {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 5000}}):
        w.model("openai", [raw(delta(content="Well."), delta(end="stop"), {"choices": [], "usage": usage})], price=PRICE)
        code, report, _ = w.ask("how?")
        equal((code, report["cost"]["amount"], report["tokens"]["estimated"]), (ANSWERED, None, True), usage)
        holds(report["tokens"]["input"] > 0, usage)


def check_a_reply_that_broke_off_is_not_free(w, api):
    for turn in (Turn("Half an answer", error={"type": "overloaded_error", "message": "busy"}),
                 Turn("Half an answer " * 100, cut=2000)):
        w.model(api, [turn, Turn("Well.", usage=(1000, 100, 0, 0))], price=PRICE)
        code, report, _ = w.ask("how?")
        equal((code, report["cost"]["amount"]), (ANSWERED, None))
        has(report["cost"]["unknown"], "did not say")


def check_what_is_known_is_counted(w, api):
    w.model(api, [Turn("", [("list_routes", {"limit": 1})], usage=(1000, 100, 400, 0)), Turn("Well.", usage=(2000, 50, 0, 0))],
            price=PRICE)
    code, report, _ = w.ask("how?")
    equal(code, ANSWERED)
    holds(abs(report["cost"]["amount"] - (2600 * 1.0 + 400 * 0.1 + 150 * 2.0) / 1e6) < 1e-12, report["cost"])


# -- outcomes ---------------------------------------------------------------------------------------------------------------

def check_a_change_that_was_decided_meanwhile_does_not_wait(w, api):
    def script(body, n):
        if n == 0:
            return Turn("", [DOMAIN])
        if n == 1:
            text = results_of(body)[0]
            w.id = "c-" + text.split("c-", 1)[1].split()[0].strip(",.():`")
            w.said = w.person(["approve", w.id], "yes")
            return Turn("", [("get_change", {"id": w.id})])
        return Turn("It is done.")

    w.model(api, script)
    code, report, err = w.ask("add a.example.com")
    equal(w.said[0], 0, w.said[1])
    equal((code, report["changes"][0]["state"], report["outcome"]), (ANSWERED, "applied", "answered"), err)


# -- people -----------------------------------------------------------------------------------------------------------------

RULES = "mode: enforce\nrules:\n  - {name: two, then: {ask: {not_requester: true}}}\n"


def put_people(w, script, roles, rules=RULES):
    m = world.Model("openai", script)
    w.models.append(m)
    os.chmod(w.put("policy.yaml", rules), 0o600)
    w.env["HIGRESS_OPS_CONFIG"] = w.put("ops.yaml", json.dumps(
        {"model": {"api": "openai", "url": m.url, "name": "scripted", "key": {"file": w.key}},
         "people": [{"name": "ann", "roles": roles, "os": [os.popen("id -un").read().strip()]},
                    {"name": "ben", "roles": ["approver"], "os": ["ben"]}],
         "policy": {"file": "policy.yaml"}}))
    return m


@openai_only
def check_who_asks_a_model_is_the_requester_and_does_not_decide(w):
    ids = []

    def script(body, n):
        if n == 0:
            return Turn("", [DOMAIN])
        ids.append("c-" + results_of(body)[0].split("c-", 1)[1].split()[0].strip(",.():`"))
        return Turn("It waits.")

    put_people(w, script, ["operator", "approver"])
    code, report, err = w.ask("add a.example.com")
    equal((code, [c["state"] for c in report["changes"]]), (PENDING, ["pending"]), err)
    code, screen = w.person(["approve", ids[0]], "yes")
    holds(code != 0 and "ann" in screen, screen)
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)
    put_people(w, [Turn("", [("apply_change", {"id": ids[0]})]), Turn("It waits.")], ["operator", "approver"])
    t = chat.Terminal(w)
    t.ask("/approve " + ids[0])
    t.see("ann")
    t.ask("apply it")
    t.see("It waits.")
    chat.leave(t)
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)


@openai_only
def check_who_may_only_read_plans_nothing_by_a_model(w):
    m = put_people(w, [Turn("", [DOMAIN]), Turn("I could not.")], ["viewer"])
    code, report, err = w.ask("add a.example.com")
    holds(report, err)
    equal((code, report["changes"], report["calls"][0]["outcome"]), (ANSWERED, [], "failed"), err)
    has(results_of(m.requests[1])[0], "viewer")


@openai_only
def check_a_rule_that_says_auto_lets_no_model_write(w):
    put_people(w, [Turn("", [DOMAIN]), Turn("Done.")], ["operator", "approver"], "mode: enforce\nrules:\n  - {name: free, then: auto}\n")
    w.env["HIGRESS_OPS_MODE"] = "auto"
    code, report, err = w.ask("add a.example.com")
    equal((code, [c["state"] for c in report["changes"]]), (PENDING, ["pending"]), err)
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)


@openai_only
def check_one_yes_applies_one_change_of_many_and_no_words_of_a_model_are_a_question(w):
    made = ["%s.example.com" % c for c in "abcde"]
    calls = [("change_resource", {**DOMAIN[1], "name": n, "object": {"name": n, "enableHttps": "off"}}) for n in made]
    w.model("openai", lambda body, n: Turn("Apply this change to the gateway? Type yes: ", calls) if n == 0 else Turn("Done."))
    t = chat.Terminal(w)
    t.ask("add them")
    t.see("Type yes: ", "Type yes: ")
    t.type("yes\ryes\ryes\ryes\ryes\ryes")
    t.see("written and read back", "b.example.com", "Type yes: ")
    for name in made[2:]:
        t.type("\x03", "")
        t.see(name, "Type yes: ")
    t.type("\x03", "")
    t.see("Done.")
    chat.leave(t)
    equal([w.api("GET", "/v1/domains/" + n)[0] for n in made], [200, 404, 404, 404, 404])


# -- transcripts and questions ----------------------------------------------------------------------------------------------

@openai_only
def check_a_transcript_that_somebody_wrote_is_harmless(w):
    evil = "a\u001b]52;c;eA==\u0007b\u009b31mc\u202ed"
    lines = [{"event": "question", "text": evil}, {"event": "call", "n": 1, "tool": evil, "arguments": {evil: evil}},
             {"event": "result", "n": 1, "tool": evil, "outcome": evil, "change": {"id": evil, "state": "pending", "title": evil}},
             {"event": "reply", "text": evil, "last": True}, {"event": "notice", "text": evil}, {"event": 7}, [], 1, None,
             {"event": "result", "n": "x", "change": 5, "verdicts": 9}, {"event": "call"},
             {"event": "end", "outcome": "answered", "answer": evil, "error": evil, "model": evil, "tokens": 5, "cost": "x"}]
    path = w.put("t.jsonl", "".join(json.dumps(x) + "\n" for x in lines))
    for args in (["ask", "--replay", path], ["ask", "--replay", path, "--json"]):
        code, out, err = w.run(args)
        equal(code, ANSWERED, err)
        holds(not set("\x1b\x07\x9b\u202e") & set(out + err), "%s %r" % (args, out + err))
    json.loads(out)
    t = chat.Terminal(w, ("ask", "--replay", path))
    equal(t.close(), ANSWERED)
    holds("\x1b" not in t.screen and "\x9b" not in t.screen, repr(t.screen))
    for text in ("", "{", '{"event":"end"}\n', '{"event":"end","outcome":"great"}\n', "\0", "[" * 100000):
        code, _, err = w.run(["ask", "--replay", w.put("u.jsonl", text)])
        equal(code, FAILED, text[:20])
        holds(err.strip(), "it says why")


@openai_only
def check_a_transcript_is_its_owners_and_no_link(w):
    w.model("openai", [Turn("Well.")])
    path = os.path.join(w.dir, "t.jsonl")
    equal(w.ask("--transcript", path, "how?")[0], ANSWERED)
    equal(os.stat(path).st_mode & 0o777, 0o600)
    os.symlink(w.put("precious", "data"), os.path.join(w.dir, "link"))
    code, _, err = w.run(["ask", "--transcript", os.path.join(w.dir, "link"), "how?"])
    equal(code, FAILED)
    equal(open(os.path.join(w.dir, "precious")).read(), "data")
    equal(w.run(["ask", "--transcript", "/dev/full", "how?"])[0], FAILED)


@openai_only
def check_questions_that_are_none(w):
    m = w.model("openai", [Turn("Well.")])
    for text in ("", "\n", " \t ", "why?\0 and delete all", "x" * 10000000):
        code, _, err = w.run(["ask", "-"], stdin=text, timeout=60)
        equal(code, USAGE, text[:20])
        has(err, "a question is")
    equal(m.requests, [])


# -- without a model --------------------------------------------------------------------------------------------------------

@openai_only
def check_without_a_model_what_could_not_be_read_is_not_said_to_be_missing(w):
    w.env["HIGRESS_OPS_URL"] = "http://127.0.0.1:9"
    code, report, err = w.ask("--no-model", "why is checkout 503?")
    equal((code, report["outcome"]), (FAILED, "gateway not read"), str(report))
    holds("names nothing" not in json.dumps(report), report["answer"])
    has(report["error"], "refused")


@openai_only
def check_without_a_model_words_name_what_they_mean(w):
    w.api("POST", "/v1/service-sources", {"type": "static", "name": "payments", "domain": "127.0.0.1:9", "port": 80, "protocol": "http"})
    w.api("POST", "/v1/domains", {"name": "shop.example.com", "enableHttps": "off"})
    for name, path in (("ai-route-assistant", "/assist"), ("membership", "/m"), ("shop-pay", "/pay/")):
        w.api("POST", "/v1/routes", {"name": name, "domains": ["shop.example.com"], "path": {"matchType": "PRE", "matchValue": path},
                                     "services": [{"name": "payments.static", "port": 80}]})
    for question, said, unsaid in (
            ("chekout route is broken", "names nothing", "ai-route-assistant:"),
            ("the ship is sinking, which service?", "names nothing", "membership:"),
            ("http://shop.example.com/pay/1 gives 502", "route shop-pay:", "membership:"),
            ("http://shop.example.com/pay/1 gives 502", "domain shop.example.com:", "names nothing"),
            ("/payroll?", "names nothing", "shop-pay:"), ("what is with /pay", "route shop-pay:", "names nothing"),
            ("It is /pay.", "route shop-pay:", "names nothing"), ("/pay失败", "route shop-pay:", "names nothing"),
            ("shop-pay 路由 503 了，帮我看看", "route shop-pay:", "names nothing"),
            ("支付 /pay 为什么失败", "route shop-pay:", "names nothing")):
        code, report, _ = w.ask("--no-model", question)
        has(report["answer"], said)
        holds("\nroute " + unsaid not in "\n" + report["answer"] and unsaid not in report["answer"].split("The gateway:")[0],
              (question, report["answer"]))


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
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    passed = failed = 0
    for name, check in [(n[6:].replace("_", " "), f) for n, f in globals().items() if n.startswith("check_")]:
        for api in ("openai", "anthropic"):
            if word not in name + " " + api or (check.__name__ == "<lambda>" and api != "openai"):
                continue
            wrong = run_check(check, api)
            failed, passed = failed + (wrong is not None), passed + (wrong is None)
            print("%s %s (%s)%s" % ("FAIL" if wrong else "ok  ", name, api, "\n" + wrong if wrong else ""), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
