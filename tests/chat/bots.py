"""bots.py [WORD] - bots end to end by the webhook platform: what people write, cards, presses of the right and the wrong
people, cards that follow a change wherever it is decided, restarts, rules of the policy, the model. `N passed, N failed`.
Runs with the Python of build/python/model-sdks."""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import openai

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import room
from room import KEYS, Room, TENANT, change_of, equal, has, holds, house, sign
from world import CONFIG, Turn

LIMIT = ("tune_rate_limit", {"route": "shop-pay", "requests": 10})


def planned(r, who="ada", text="limit shop-pay 10"):
    r.write(who, text)
    return r.card()


def text_of(card):
    return "\n".join(b["text"] for b in card["data"]["card"]["blocks"])


def check_it_ends_well_in_the_middle_of_a_card(r):
    for _ in range(3):
        planned(r)
        r.restart()


def check_commands_are_answered_in_their_thread(r):
    for text, words in (("help", "never by text"), ("overview", "route "), ("routes path=/pay", "shop-pay"),
                        ("check", ""), ("changes", "no change matches"), ("diagnose shop-pay", "route shop-pay:"),
                        ("list_routes limit=5", "shop-pay"), ("routes pat=/pay", "no such argument")):
        r.write("eve", text, thread="t of " + text)
        heard = r.heard("message")
        equal((heard["data"]["channel"], heard["data"]["thread"]), ("c1", "t of " + text))
        has(heard["data"]["text"], words)
    r.write("eve", "why does paying at shop-pay fail?")  # a sentence, and no model
    has(r.heard("message")["data"]["text"], "route shop-pay:", "The gateway:")


def check_a_sdk_of_others_takes_our_signature(r):
    """Those of the OpenAI SDK are Standard Webhooks."""
    r.write("ada", "help")
    r.heard("message")
    client = openai.OpenAI(api_key="none", webhook_secret=room.whsec(KEYS["out"]))
    headers, text = r.receiver.requests[-1]
    client.webhooks.verify_signature(text, headers)
    forged = dict(headers, **{"webhook-signature": sign(KEYS["in"], headers["webhook-id"], headers["webhook-timestamp"], text.encode())})
    try:
        client.webhooks.verify_signature(text, forged)
    except openai.InvalidWebhookSignatureError:
        return
    raise AssertionError("it takes any signature")


def check_a_plan_is_a_card_and_the_right_person_approves_it(r):
    card = planned(r)
    has(text_of(card), "customConfigs", "route-limit-rps", "asked by", "Asked by ada", "!")
    equal(card["data"]["card"]["choices"], ["approve", "reject", "details"])
    equal(r.limited(), False)
    equal(r.press("bob", card, "approve")[0], 202)
    has(json.dumps(r.renewed(card, "applied")), "approved by bob (chat) at ", '"mood": "good"')
    equal(r.limited(), True)
    holds("button" not in json.dumps(r.receiver.heard[-1]["data"]), "the buttons are gone")
    line = [x for x in r.audit("approved")][0]
    equal(line[1:4], (change_of(card), "webhook:%s/bob" % TENANT, "chat"))
    has(r.audit("chat_press")[0][4], '"pressed":"approve"', '"outcome":"approved"')


def check_who_may_not_is_told_so_and_it_is_audited(r):
    card = planned(r)
    for who, words in (("eve", "role viewer"), ("olaf", "role operator"), ("mallory", "do not know who you are")):
        r.press(who, card, "approve")
        has(r.heard("whisper")["data"]["text"], words)
        r.press(who, card, "reject")
        r.heard("whisper", words)
    r.write("eve", "limit shop-pay 5")
    has(r.heard("whisper")["data"]["text"], "You may not ask for changes here")
    r.write("mallory", "overview")
    has(r.heard("whisper")["data"]["text"], "do not know")
    equal(len(r.audit("chat_refused")), 8)
    equal((r.limited(), r.audit("approved"), r.audit("rejected")), (False, [], []))


def check_other_tenants_are_outsiders(r):
    card = planned(r)
    for tenant in ("t2", "t1/x", "", None):
        r.press("bob", card, "approve", tenant=tenant)
        has(r.heard("whisper")["data"]["text"], "other organisations")
    equal(r.limited(), False)


def check_a_change_that_was_planned_elsewhere_is_a_card_too(r):
    code, out, err = r.run(["call", "tune_rate_limit", json.dumps({"route": "shop-pay", "requests": 7}), "--json"])
    change = json.loads(out)["id"]
    card = planned(r, text="change " + change)
    equal((change_of(card), card["data"]["card"]["choices"]), (change, ["approve", "reject", "details"]))
    r.press("bob", card, "approve")
    r.renewed(card, "applied")
    equal(r.limited(), True)


def check_a_rejection(r):
    card = planned(r)
    r.press("bob", card, "reject")
    has(json.dumps(r.renewed(card, "rejected")), "rejected by bob (chat)")
    equal(r.limited(), False)
    r.press("ada", card, "approve")
    has(r.heard("whisper")["data"]["text"], "nothing to decide any more: the change is rejected", "by bob")


def check_the_same_event_comes_again(r):
    card = planned(r)
    equal(r.press("eve", card, "approve", ident="in_again")[0], 202)
    r.heard("whisper")
    equal(r.press("eve", card, "approve", ident="in_again")[0], 202)
    r.write("eve", "help")
    r.heard("message")
    equal(len(r.audit("chat_refused")), 1)


def check_details_show_all_of_it(r):
    card = planned(r)
    r.press("eve", card, "details")
    has(r.heard("message")["data"]["text"], "customConfigs", change_of(card))
    r.press("bob", card, "reject")
    r.renewed(card, "rejected")
    r.press("eve", card, "details")
    has(r.heard("message")["data"]["text"], "rejected by")


def check_nobody_decides_in_time(r):
    card = planned(r)
    r.renewed(card, "Nobody decided in time. That is no rejection")
    r.press("bob", card, "approve")
    has(r.heard("whisper")["data"]["text"], "nothing to decide any more: the change is expired")
    equal((r.limited(), r.audit("rejected")), (False, []))
    equal([b["text"] for b in planned(r)["data"]["card"]["blocks"]][1], "\nput route shop-pay\n  + customConfigs: "
          "{\"higress.io/route-limit-rps\":\"10\"}\n")


check_nobody_decides_in_time.settings = {"plan_ttl": 2}


def check_a_pending_card_survives_a_restart(r):
    card = r.kept(planned(r))
    r.restart()
    r.press("bob", card, "approve")
    r.renewed(card, "applied")
    equal(r.limited(), True)


def check_what_was_decided_while_the_bot_was_away(r):
    card = r.kept(planned(r))
    r.processes[-1].terminate()
    r.processes[-1].wait(30)
    r.since = len(r.receiver.heard)
    code, screen = r.person(["approve", change_of(card)], "yes")
    equal(code, 0, screen)
    r.port_of_bot = r.serve()
    r.renewed(card, "applied", "command line")


def check_a_decision_at_a_terminal_renews_the_card(r):
    card = planned(r)
    r.since = len(r.receiver.heard)
    code, screen = r.person(["reject", change_of(card)], "yes")
    equal(code, 0, screen)
    r.renewed(card, "rejected by", "command line")


def check_a_card_that_could_not_be_renewed_is_renewed_later(r):
    card = planned(r)
    r.receiver.refuse = [503, 503]
    r.press("bob", card, "approve")
    r.renewed(card, "applied")
    equal(len(r.audit("approved")), 1)
    holds(any("503" in x[4] for x in r.audit("chat_lost")), r.audit("chat_lost"))
    r.audited("chat_back")


def check_a_card_that_was_deleted_keeps_no_other_from_being_renewed(r):
    r.write("ada", "limit shop-pay 10")
    gone = r.kept(r.card())
    r.write("ada", "change_resource kind=route action=delete name=shop-pay")
    card = r.kept(r.card())
    r.receiver.deleted.add(gone["id"])
    since = len(r.receiver.heard)
    r.press("bob", gone, "reject")
    r.audited("rejected")
    r.press("bob", card, "reject")
    r.renewed(card, "rejected by bob", since=since)
    equal(r.audit("chat_lost"), [])
    r.receiver.deleted.clear()
    r.renewed(gone, "rejected by bob", since=since)


def check_a_card_whose_change_is_decided_while_it_is_sent(r):
    r.write("ada", "change_resource kind=route action=delete name=shop-pay")
    other = r.kept(r.card())
    r.receiver.hold = threading.Event()
    card = planned(r)
    since = len(r.receiver.heard)
    for x in (card, other):
        code, screen = r.person(["reject", change_of(x)], "yes")
        equal(code, 0, screen)
    r.renewed(other, "rejected", since=since)  # both were looked at
    r.receiver.hold.set()
    r.renewed(card, "rejected", since=since)


def check_too_many_requests_are_waited_for(r):
    r.receiver.refuse = [429]
    r.write("ada", "help")
    r.heard("message", "never by text")
    equal(r.audit("chat_lost"), [])


def check_a_plan_that_moved(r):
    card = planned(r)
    route = r.route()
    route["path"]["matchValue"] = "/payments"
    equal(r.api("PUT", "/v1/routes/shop-pay", route)[0], 200)
    r.press("bob", card, "approve")
    r.renewed(card, "void")
    has(r.heard("whisper")["data"]["text"], "shop-pay")
    equal(r.limited(), False)


def check_two_people(r):
    card = planned(r, "root")
    has(text_of(card), "needs 2 people")
    r.press("ada", card, "approve")
    has(r.heard("whisper")["data"]["text"], "1 more person")
    has(text_of(r.renewed(card, "Approved so far by ada")), "customConfigs")
    equal(r.limited(), False)
    r.press("ada", card, "approve")
    has(r.heard("whisper")["data"]["text"], "has approved change")
    r.press("bob", card, "approve")
    r.renewed(card, "applied")
    equal(r.limited(), True)


check_two_people.policy = "mode: enforce\nrules:\n- name: two\n  when: {kind: route}\n  then: {ask: {count: 2, channels: [chat], not_requester: true}}\n"


def check_who_asked_may_not_decide_where_a_rule_says_so(r):
    card = planned(r)
    r.press("ada", card, "approve")
    has(r.heard("whisper")["data"]["text"], "two")
    r.press("bob", card, "approve")
    r.renewed(card, "applied")


check_who_asked_may_not_decide_where_a_rule_says_so.policy = \
    "mode: enforce\nrules:\n- name: two\n  when: {kind: route}\n  then: {ask: {not_requester: true}}\n"


def check_a_policy_without_chat(r):
    card = planned(r)
    r.press("bob", card, "approve")
    has(r.heard("whisper")["data"]["text"], "page")
    equal((r.limited(), r.audit("approved")), (False, []))


check_a_policy_without_chat.policy = "mode: enforce\nrules:\n- name: at the page\n  when: {kind: route}\n  then: {ask: {channels: [page]}}\n"


def check_what_destroys_takes_a_typed_word(r):
    card = planned(r, text='change_resource kind=route action=delete name=shop-pay')
    word = text_of(card).split("type ")[1].split(" ")[0]
    equal(card["data"]["card"]["types"], True)
    for typed in (None, "", "yes", word[:-1]):
        r.press("bob", card, "approve", **({"typed": typed} if typed is not None else {}))
        has(r.heard("whisper")["data"]["text"], "type the word")
    equal(r.api("GET", "/v1/routes/shop-pay")[0], 200)
    r.press("bob", card, "approve", typed=" %s " % word.upper())
    r.renewed(card, "applied")
    equal(r.api("GET", "/v1/routes/shop-pay")[0], 404)


def check_mode_auto_counts_as_approve_here(r):
    card = planned(r)
    equal(r.limited(), False)
    r.press("bob", card, "approve")
    r.renewed(card, "applied")


check_mode_auto_counts_as_approve_here.mode = "auto"


def check_an_undo_is_planned_and_decided_here(r):
    card = planned(r)
    r.press("bob", card, "approve")
    r.renewed(card, "applied")
    undo = planned(r, text="undo " + change_of(card))
    has(text_of(undo), "- customConfigs")
    r.press("bob", undo, "approve")
    r.renewed(undo, "applied")
    equal(r.limited(), False)


def check_without_trust_the_sender_is_one_system(r):
    r.write("ada", "limit shop-pay 10")
    card = r.card()
    has(text_of(card), "asked by webhook:%s/system" % TENANT)
    r.press("root", card, "approve")
    r.renewed(card, "approved by the deployer (chat)")
    equal(r.audit("approved")[0][2], "webhook:%s/system" % TENANT)


check_without_trust_the_sender_is_one_system.account = {"ids": {}}
check_without_trust_the_sender_is_one_system.people = [{"name": "the deployer", "roles": ["operator", "approver"],
                                                        "chat": ["webhook:%s/system" % TENANT]}]


def check_a_reload_takes_accounts_away_and_brings_them(r):
    def hup(chat):
        r.settings["chat"] = chat
        r.write_settings()
        r.processes[-1].send_signal(signal.SIGHUP)

    def until(status):
        end = time.time() + room.PATIENCE
        while r.send(r.event("eve", type="message", text="help"))[0] != status:
            holds(time.time() < end, "the account stays as it was")

    before = r.settings["chat"]
    hup([])
    until(404)
    hup(before)
    until(202)


def check_what_is_wrong_is_said_with_its_line(r):
    for change, words in (({"platform": "irc"}, "platform"), ({"tenants": []}, "tenants"),
                          ({"keys": {"in": {"file": "/nowhere/at/all"}}}, "chat[0].keys")):
        settings = json.loads(json.dumps(r.settings))
        settings["chat"][0].update(change)
        r.env["HIGRESS_OPS_CONFIG"] = r.put("wrong.yaml", json.dumps(settings))
        code, _, err = r.run(["serve", "--listen", "127.0.0.1:1"])
        equal(code, CONFIG, err)
        has(err, "wrong.yaml", "line 1", words)


def check_the_texts_of_the_pages_start_a_server(r):
    """Each whole ```yaml of docs/chatops, with a value for each variable that it names."""
    seen = 0
    for path in sorted(glob.glob(os.path.join(house.ROOT, "docs/chatops/*.md"))):
        for text in re.findall(r"^```yaml\n(.*?)^```", open(path).read(), re.M | re.S):
            if "listen:" not in text:  # a part of one; 57-platforms starts those
                continue
            seen += 1
            names = set(re.findall(r"\{env: (\w+)\}", text))
            env = {**r.env, **{n: room.whsec(b"a value of a page, made up") for n in names}}
            env.update({"HIGRESS_OPS_CONFIG": r.put("page.yaml", text), "HIGRESS_OPS_STATE": os.path.join(r.dir, "page%d" % seen),
                        "HIGRESS_OPS_URL": "http://127.0.0.1:9"})
            p = subprocess.Popen([house.BINARY, "serve", "--listen", "127.0.0.1:0"], env=env, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
            line = p.stdout.readline()
            p.terminate()
            err = p.communicate(timeout=30)[1]
            has(line + err, "listening on")
    holds(seen >= 2, seen)


def check_the_model_answers_plans_and_remembers(r):
    m = r.model("openai", [Turn("Let me see.", [LIMIT]), Turn("I planned a limit."), Turn("As I said: a limit.")])
    r.restart()
    r.write("ada", "please limit paying")
    r.heard("message", "I planned a limit.")
    card = r.card()
    has(text_of(card), "customConfigs")
    r.write("ada", "what did you do?")
    r.heard("message", "As I said")
    said = [x["content"] for x in m.requests[2]["messages"] if x["role"] != "system"]
    holds("please limit paying" in said[0] and said[1] == "I planned a limit.", said)
    r.write("ada", "what did you do?", thread="another")
    r.heard("message", "As I said")
    holds("please limit" not in json.dumps(m.requests[3]), "another thread knows nothing of this one")
    for n, place in enumerate([("c1 x", "y"), ("c1", "x y")]):
        r.write("ada", "a question of one place", channel=place[0], thread=place[1])
        r.heard("message", "As I said")
        equal(json.dumps(m.requests[4 + n]).count("a question of one place"), 1, place)
    equal((m.wrong, r.limited()), ([], False))
    line = r.audit("model_calls")[0]
    equal(line[2:4], ("webhook:%s/ada" % TENANT, "webhook/ops"))


def check_the_model_of_a_viewer_has_no_tool_that_changes(r):
    m = r.model("openai", [Turn("", [LIMIT]), Turn("I may not.")])
    r.restart()
    r.write("eve", "limit paying, please do it")
    r.heard("message", "I may not.")
    holds("tune_rate_limit" not in [t["function"]["name"] for t in m.requests[0]["tools"]], "it is offered")
    has(json.dumps(m.requests[1]["messages"]), "here is only read")
    equal(r.audit("proposed"), [])


def check_what_it_does_is_shown_in_one_message(r):
    m = r.model("openai", lambda body, n: (time.sleep(2.5), Turn("", [("list_routes", {"limit": n + 1})]) if n < 3
                                           else Turn("All is well."))[1])
    r.restart()
    r.write("ada", "how is it?")
    working = r.receiver.wait(lambda e: e["type"] == "card" and e["data"]["card"]["title"] == "Working on it", r.since)
    r.renewed(working, "list_routes")
    r.heard("message", "All is well.")
    r.renewed(working, "Done")
    equal(m.wrong, [])


def check_long_answers_come_as_a_file(r):
    m = r.model("openai", [Turn("word " * 5000)])
    r.restart()
    r.write("ada", "tell me everything")
    heard = r.heard("file", "answer.txt")
    equal(heard["data"]["text"].count("word"), 5000)
    equal(m.wrong, [])


def check_a_plan_that_does_not_fit_has_no_approve(r):
    many = [{"kind": "service-source", "name": "many-%03d" % i, "type": "static", "port": 80,
             "domain": ",".join("10.%d.%d.1:8080" % (i, k) for k in range(20))} for i in range(250)]
    m = r.model("openai", [Turn("", [("apply_manifest", {"manifest": many})]), Turn("Planned.")])
    r.restart()
    r.write("ada", "make them all")
    r.heard("message", "Planned.")
    holds(r.audit("proposed"), json.dumps(m.requests[1]["messages"][-1])[:800])
    card = r.card()
    equal(card["data"]["card"]["choices"], ["reject", "details"])
    has(text_of(card), "cannot be shown whole")
    r.press("bob", card, "approve")
    has(r.heard("whisper")["data"]["text"], "does not show the whole change")
    equal((r.audit("approved"), m.wrong), ([], []))


def make(check):
    settings = dict(getattr(check, "settings", {}))
    policy = getattr(check, "policy", None)
    if policy:
        path = os.path.join(house.tempfile.mkdtemp(prefix="higress-ops-test-"), "policy.yaml")
        with open(path, "w") as f:
            f.write(policy)
        settings["policy"] = {"file": path}
    r = Room(getattr(check, "mode", "approve"), people=getattr(check, "people", None), settings=settings,
             **getattr(check, "account", {}))
    if policy:
        leave = r.leave
        r.leave = lambda: (leave(), house.shutil.rmtree(os.path.dirname(path)))
    return r


if __name__ == "__main__":
    sys.exit(house.run_each(dict(globals()), make, sys.argv[1] if len(sys.argv) > 1 else ""))
