"""words.py [WORD] - the twelve requests of people on call, from their words to the outcome: each is put to `ask`, a scripted
model makes the calls that a good one makes, and what `ask` says in the end holds what a right answer contains
(tests/oncall/oncall.py says what that is). `N passed, N failed[, N skipped]`."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../oncall")]
import oncall
import shop
import world
from model import results_of
from world import ANSWERED, NOTHING, PENDING, Turn, house

WORDS = {"1": "payments answer 503, why?", "2": "some requests to /reviews fail, maybe a third",
         "3": "/reports is slow, then 504. What would you change?",
         "4": "GET /inventory/stock does not reach orders although there is a route for it",
         "5": "rotate the key of provider qwen, the new one is in an environment variable",
         "6": "what breaks if I delete source orders?", "7": "who changed route cart today and what?",
         "8": "add DeepSeek as fallback of the chat route, key in an environment variable",
         "9": "which routes have no authentication?", "10": "errors of the last 5 minutes by path, status and upstream",
         "11": "is the gateway running what the console shows?", "12": "delete the routes camp-*"}


class Shop(shop.Shop, world.World):
    """The shop with several things broken, where people ask a scripted model."""

    def __init__(self, executable):
        world.World.model_folder(self)
        shop.Shop.__init__(self, executable)


class AskRequest(oncall.Request):
    """Each call is made by the scripted model, and what it read is what it answers."""

    def __init__(self, home, client, number, api):
        super().__init__(home, client, 9)
        self.number, self.api = number, api

    def call(self, tool, fails=False, **arguments):
        m = self.shop.model(self.api, lambda body, n: Turn("\n".join(plain(t) for t in results_of(body)))
                            if n else Turn("", [(tool, arguments)]), limits={"result_bytes": 60000})
        code, report, err = self.shop.ask(WORDS[self.number])
        call = report["calls"][0]
        waits = any(c["state"] == "pending" for c in report["changes"])
        self.holds(not m.wrong, "the order of messages is right: %s" % m.wrong)
        self.holds(code == (PENDING if waits else NOTHING if code == NOTHING else ANSWERED), "exit code %d %s" % (code, err))
        self.holds(call["tool"] == tool and call["outcome"] == ("failed" if fails else "ok"), "the call is said: %s" % call)
        self.holds(code != NOTHING or all(v["code"] == "OK" for v in report["verdicts"]), "nothing is found where all is OK")
        self.calls, self.bytes, self.text = self.calls + 1, self.bytes + len(report["answer"]), report["answer"]
        return {"changes": report["changes"] or [{"id": i} for i in re.findall(r"^(c-\w+)", self.text, re.M)],
                "routes": self.text.splitlines()[1:]}


def plain(text):
    return re.sub(r"^(ERROR: )?<data-\w+>\n|\n</data-\w+>$", "", text)


def check_nothing_wrong_has_its_own_code(r):
    r.shop.model(r.api, [Turn("", [("diagnose", {"route": "catalog"})]), Turn("All is well with catalog.")])
    code, report, _ = r.shop.ask("is catalog well?")
    r.text = report["answer"]
    r.holds((code, report["outcome"]) == (NOTHING, "nothing found"), "exit code %d, %s" % (code, report["verdicts"]))


def check_without_a_model_payments_are_explained(r):
    code, report, _ = r.shop.ask("--no-model", WORDS["1"])
    r.text = report["answer"]
    r.says(r"route payments:", r"UPSTREAM_REFUSED \(high\) \S*payments\.static", r"127\.0\.0\.1:%d" % r.shop.payments)
    r.holds(code == ANSWERED and report["verdicts"][0]["code"] == "UPSTREAM_REFUSED", "code %d" % code)


def main():
    executable = oncall.envoy.binary()
    checks = {n.split("_")[1]: f for n, f in vars(oncall).items() if n.startswith("check_") and n.split("_")[1] in WORDS}
    checks.update({n[6:]: f for n, f in globals().items() if n.startswith("check_")})
    if not executable:
        print("oncall: no Envoy\n0 passed, 0 failed, %d skipped" % len(checks))
        return 0
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    home = Shop(executable)
    missing = sorted(set(WORDS) - set(checks))  # oncall.py says of each what a right answer is
    for number in missing:
        print("FAIL %s: nothing says what a right answer is" % WORDS[number])
    passed, failed = 0, len(missing)
    try:
        oncall.change_a_route(home)
        client = home.assistant()
        for i, (number, check) in enumerate(checks.items()):
            if word and word not in (number, WORDS.get(number)):
                continue
            r = AskRequest(home, client, number, ("openai", "anthropic")[i % 2])
            check(r)
            passed += not r.wrong
            failed += bool(r.wrong)
            print("%s %s" % ("FAIL" if r.wrong else "ok  ", WORDS.get(number, number.replace("_", " "))))
            for wrong in r.wrong:
                print("     " + wrong.replace("\n", "\n       "))
    finally:
        home.leave()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
