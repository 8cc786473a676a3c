"""chat.py [WORD] - `higress-ops chat` at a terminal of its own. `N passed, N failed`."""
import os
import pty
import re
import select
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import world
from world import CONFIG, Turn, equal, has, holds, house
from model import question_of, results_of

DOMAIN = ("change_resource", {"kind": "domain", "action": "create", "name": "a.example.com",
                              "object": {"name": "a.example.com", "enableHttps": "off"}})
PROMPT = "higress> "


class Terminal:
    """A person at a terminal: types, and waits for what the screen shows."""

    def __init__(self, w, args=("chat",)):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(house.BINARY, [house.BINARY, *args], {**w.env, "TERM": "xterm"})
        self.screen, self.at = "", 0

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)

    def see(self, *words, seconds=30):
        """Waits until each of these stood on the screen since the last one that was waited for; what there was until then."""
        end, start = time.time() + seconds, self.at
        for word in words:
            while word not in self.screen[self.at:]:
                holds(time.time() < end and (self.read(0.2) or time.time() < end), "%r is not seen: %r" % (word, self.screen[start:]))
            self.at += self.screen[self.at:].index(word) + len(word)
        return self.screen[start:self.at]

    def type(self, text, end="\r"):
        os.write(self.fd, (text + end).encode())

    def ask(self, text):
        self.see(PROMPT)
        self.type(text)

    def word(self):
        """The word that the question wants."""
        shown = self.see("Type ", ": ")
        return re.search(r"(\S+): $", shown).group(1)

    def close(self):
        end = time.time() + 15
        while self.read(0.2) or (time.time() < end and not self.ended()):
            pass
        return self.code

    def ended(self):
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.code = os.waitstatus_to_exitcode(status)
        return pid != 0


def leave(t):
    t.ask("/quit")
    equal(t.close(), 0, t.screen)


def check_a_talk_is_remembered(w):
    m = w.model("openai", [Turn("Looking.", [("list_routes", {"limit": 5})]), Turn("One route."), Turn("It is called default.")])
    t = Terminal(w)
    t.ask("how many routes?")
    t.see("Looking.", "> list_routes", "ok, ", "One route.", "cost unknown: model.price is not configured")
    t.ask("and its name?")
    t.see("It is called default.")
    leave(t)
    said = [x["role"] for x in m.requests[2]["messages"]]
    equal(said, ["system", "user", "assistant", "tool", "assistant", "user"])
    equal(m.wrong, [])


def check_a_person_approves_by_the_prompt_of_approve(w):
    m = w.model("anthropic", [Turn("Planning.", [DOMAIN]), Turn("It is there.")])
    t = Terminal(w)
    t.ask("add a.example.com")
    t.see("Planning.", "create domain a.example.com", '+ enableHttps: "off"', "Apply this change to the gateway? Type yes: ")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)
    t.type("yes")
    t.see("written and read back", "It is there.", "applied: Create domain a.example.com")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 200)
    has(" ".join(results_of(m.requests[1])), "applied")
    t.ask("/changes")
    t.see("applied: Create domain a.example.com; asked by")
    t.ask("/undo")
    t.see("delete domain a.example.com")
    t.type(t.word())
    t.see("written and read back")
    t.see("ok, ")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)
    leave(t)


def check_a_no_decides_nothing(w):
    m = w.model("openai", [Turn("", [DOMAIN]), Turn("It waits.")])
    t = Terminal(w)
    t.ask("add a.example.com")
    t.see("Type yes: ")
    t.type("no")
    t.see("It waits.", "pending: Create domain", "higress-ops approve c-")
    change = re.search(r"approve (c-\w+)", t.screen).group(1)
    t.ask("/approve " + change)
    t.see("Type yes: ")
    t.type("yes")
    t.see("ok, ")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 200)
    leave(t)
    has(" ".join(results_of(m.requests[1])), "A person must decide")


def check_what_is_typed_to_a_question_of_the_models_approves_nothing(w):
    fake = Turn("Show a list of routes? Type yes: ", [("list_routes", {"limit": 5})])
    w.model("openai", lambda body, n: [fake, Turn("", [DOMAIN], delay=1.5), Turn("It waits.")][n])
    t = Terminal(w)
    t.ask("routes?")
    t.see("Show a list of routes? Type yes: ", "ok, ")
    t.type("yes")
    t.see("Apply this change to the gateway? Type yes: ")
    time.sleep(1)
    holds("It waits." not in t.screen, "it is still asked")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)
    t.type("no")
    t.see("It waits.")
    leave(t)


def check_ctrl_c_stops_the_step_and_the_talk_goes_on(w):
    m = w.model("openai", lambda body, n: Turn("Slow", delay=20) if n == 0 else Turn("Here again."))
    t = Terminal(w)
    t.ask("think long")
    while not m.requests:
        time.sleep(0.05)
    time.sleep(0.2)
    began = time.time()
    t.type("\x03", "")
    t.see(PROMPT)
    holds(time.time() - began < 5, "it stops at once")
    t.type("are you there?")
    t.see("Here again.")
    leave(t)
    equal(m.wrong, [])


def check_ctrl_c_at_the_question_decides_nothing(w):
    w.model("openai", [Turn("", [DOMAIN]), Turn("It waits.")])
    t = Terminal(w)
    t.ask("add a.example.com")
    t.see("Type yes: ")
    t.type("\x03", "")
    t.see("It waits.", "pending: Create domain")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)
    leave(t)


def check_ctrl_c_at_the_prompt_drops_the_line(w):
    m = w.model("openai", [Turn("Well.")])
    t = Terminal(w)
    t.see(PROMPT)
    t.type("delete everyth", "")
    time.sleep(0.3)
    t.type("\x03", "")
    t.see(PROMPT)
    t.type("how is it?")
    t.see("Well.")
    leave(t)
    equal(question_of(m.requests[0]).split("\n")[-1], "how is it?")


def check_lines_are_edited_and_remembered(w):
    m = w.model("openai", [Turn("Well.")])
    t = Terminal(w)
    t.ask("höw is xx\x7f\x7fit?")
    t.see("Well.", "steps")
    t.see(PROMPT)
    t.type("\x1b[A")  # the line before
    t.see("Well.", "steps")
    equal([question_of(r).split("\n")[-1] for r in m.requests], ["höw is it?"] * 2)
    t.see(PROMPT)
    t.type("\x04", "")
    equal(t.close(), 0)


def check_a_termination_ends_it(w):
    m = w.model("openai", [Turn("Slow", delay=20)])
    t = Terminal(w)
    t.ask("think long")
    while not m.requests:
        time.sleep(0.05)
    os.kill(t.pid, signal.SIGTERM)
    began = time.time()
    t.close()
    holds(time.time() - began < 10, "it ends")


def check_what_it_says_is_harmless(w):
    w.model("openai", [Turn("\x1b]0;evil\x07\x1b[2J red \u202egro", [("list_routes", {"text": "\x1b[31m"})]), Turn("Well.")])
    t = Terminal(w)
    t.ask("how is it?")
    shown = t.see("Well.")
    holds("\x1b]0;" not in shown and "\x1b[2J" not in shown and "\u202e" not in shown, repr(shown))
    leave(t)


def check_without_a_terminal_lines_are_read_and_nobody_approves(w):
    w.model("openai", [Turn("", [DOMAIN]), Turn("It waits.")])
    code, out, err = w.run(["chat"], stdin="add a.example.com\n/changes\n/nonsense\n/help\n")
    equal(code, 0)
    has(out, "It waits.", "pending: Create domain", "there is no such command", "/undo")
    equal(w.api("GET", "/v1/domains/a.example.com")[0], 404)


def check_without_a_model_it_says_so(w):
    code, _, err = w.run(["chat"])
    equal(code, CONFIG)
    has(err, "no model is configured")


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: world.World(), sys.argv[1] if len(sys.argv) > 1 else ""))
