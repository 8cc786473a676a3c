"""every.py [WORD] - every platform through the bot, end to end: a table of platforms (doubles.py) and cases. A cell that nobody
ran, or that failed, fails. The server and the console are real. `N passed, N failed`. Runs with the Python of
build/python/chat-sdks.

    rows: slack dingtalk feishu wecom teams webhook
    columns: the functions case_* below, each (room, platform)
"""
import json
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import doubles  # noqa: E402
import room  # noqa: E402
from room import Room, equal, has, holds, house  # noqa: E402

PLAIN = os.environ.get("HIGRESS_OPS_PLAIN", os.path.join(house.ROOT, "build/gcc/higress-ops"))
EVENTS, WARM, GROWTH = 10000, 2000, 4 << 20  # bytes that 8,000 events more may take


class Every(Room):
    """A server with an account at each platform."""

    def __init__(self, **how):
        self.platforms = [make() for make in doubles.PLATFORMS]
        self.numbers = 0
        super().__init__(**how)
        self.env["HIGRESS_OPS_LOG"] = "warn"
        for p in self.platforms:
            p.begin(self)

    def write_settings(self):
        """With the accounts of all, before the server starts."""
        if len(self.settings["chat"]) == 1:
            self.settings["people"] = [{**one, "chat": [p.identity(one["name"]) for p in self.platforms]} for one in self.settings["people"]]
            for p in self.platforms:
                self.settings["chat"] += p.rows(self.folder_of_key)
        super().write_settings()

    def lost(self):
        return len(self.audit("chat_lost"))

    def wish(self):
        """A limit that nobody asked for yet."""
        self.numbers += 1
        return "limit shop-pay %d" % (100 + self.numbers)

    def is_limited(self):
        return '"higress.io/route-limit-rps": "%d"' % (100 + self.numbers) in json.dumps(self.route())

    def lines(self, event, p, user):
        return [x for x in self.audit(event) if x[2] == p.identity(user)]

    def line(self, event, p, user, count=1):
        """The newest line of that event and person, once there are so many."""
        until = time.time() + room.PATIENCE
        while len(self.lines(event, p, user)) < count:
            holds(time.time() < until, "no line %s of %s" % (event, p.identity(user)))
            time.sleep(0.02)
        return self.lines(event, p, user)[-1]

    def known(self, card):
        """The server has heard that the card was taken."""
        until = time.time() + room.PATIENCE
        while not self.query("SELECT 1 FROM cards WHERE message = ?", card.message):
            holds(time.time() < until, "the card is not kept")
            time.sleep(0.01)

    def planned(self, p, **how):
        since = len(p.said)
        p.write("ada", self.wish(), **how)
        return p.card(since=since)

    def leave(self):
        super().leave()
        for p in self.platforms:
            p.stop()


# -- the columns ---------------------------------------------------------------------------------------------------------------


def case_message(r, p):
    for way in p.ways:
        since, ident = len(p.said), p.ident()
        for _ in range(2):  # platforms deliver again
            p.write("eve", "routes path=/pay", ident=ident, way=way)
        p.heard("text", "shop-pay", since=since)
        p.write("eve", "help", way=way)
        p.heard("text", "never by text", since=since)
        equal(p.count("shop-pay", since=since), 1, way)


def case_press_of_the_right_person(r, p):
    for way in p.presses:
        since = len(p.said)
        card = r.planned(p, way=way)
        has(card.text, str(100 + r.numbers)) if p.name != "wecom" else p.heard("text", str(100 + r.numbers), since=since)
        equal(r.is_limited(), False)
        p.press("bob", card, "approve", way=way)
        p.told_outcome(card, "applied", "approved by bob", since=since)
        equal((r.is_limited(), r.line("approved", p, "bob")[3]), (True, "chat"))


def case_press_of_the_wrong_person(r, p):
    for way in p.presses:
        since = len(p.said)
        card = r.planned(p, way=way)
        for who, words in (("eve", "role viewer"), ("olaf", "role operator")):
            for choice in ("approve", "reject"):
                before = len(p.said)
                p.press(who, card, choice, way=way)
                equal(p.heard("whisper", words, since=before).to, who)
        p.press("mallory", card, "approve", way=way)
        p.heard("whisper", "do not know who you are", since=since)
        equal(r.is_limited(), False)
        p.press("bob", card, "reject", way=way)
        p.told_outcome(card, "rejected by bob", since=since)


def case_replay(r, p):
    """The press of the right person is delivered again, and another one's, too."""
    since, again, no = len(p.said), p.ident(), p.ident()
    card = r.planned(p)
    before = len(r.lines("chat_refused", p, "eve")), len(r.lines("chat_press", p, "bob"))
    for _ in range(3):
        p.press("eve", card, "approve", ident=no)
    r.line("chat_refused", p, "eve", before[0] + 1)
    for _ in range(3):
        p.press("bob", card, "approve", ident=again)
    p.told_outcome(card, "applied", since=since)
    p.write("eve", "help")
    p.heard("text", "never by text", since=since)
    equal((len(r.lines("chat_refused", p, "eve")), len(r.lines("chat_press", p, "bob"))), (before[0] + 1, before[1] + 1))
    at = len(p.said)
    p.press("bob", card, "approve")  # another press, of a card that is decided
    p.heard("whisper", "nothing to decide any more", since=at)


def case_forged(r, p):
    card = r.planned(p)
    for words, status in p.forged(card):
        holds(status in (401, 403), "%s: %s" % (words, status))
    equal(r.is_limited(), False)
    since = len(p.said)
    p.press("bob", card, "reject")
    p.told_outcome(card, "rejected by bob", since=since)
    equal(r.audited("wrong_token")[0][3], "chat")


def case_late(r, p):
    """In a room of its own, where nobody decides in time."""
    since, card = len(p.said), p.late
    p.told_outcome(card, "Nobody decided in time")
    p.press("bob", card, "approve")
    p.heard("whisper", "nothing to decide any more: the change is expired", since=since)
    equal((r.limited(), r.audit("approved")), (False, []))


def case_card_update(r, p):
    """Decided at a terminal: the card follows."""
    since = len(p.said)
    card = r.planned(p)
    ident = r.query("SELECT id FROM plans ORDER BY created DESC LIMIT 1")[0][0]
    code, screen = r.person(["reject", ident], "yes")
    equal(code, 0, screen)
    told = p.told_outcome(card, "rejected by", "command line", since=since)
    for mark in ('"actions": [', '"behaviors"', '"decides": "true"', '"choices"', '"Action.Execute"'):
        holds(mark not in told.text, "the buttons stay")


def case_reconnect(r, p):
    since = len(p.said)
    card = r.planned(p)
    r.known(card)
    p.cut()
    p.press("bob", card, "approve")
    p.told_outcome(card, "applied", since=since)
    equal(r.is_limited(), True)


def case_rate_limit(r, p):
    since, refused, lost = len(p.said), p.refused, r.lost()
    p.too_many()
    p.write("eve", "help")
    p.heard("text", "never by text", p.limited, since=since)
    equal((p.refused, r.lost()), (refused + 1, lost), "it waits once, and nothing is lost")


def case_ten_thousand_events(r, p):
    """Of a stranger, each judged, read and refused; a room of its own, whose server is not instrumented."""
    def rss():
        with open("/proc/%d/status" % r.processes[-1].pid) as f:
            return int(next(line for line in f if line.startswith("VmRSS")).split()[1]) << 10

    def answered(words):
        since = len(p.said)
        p.write("eve", words)
        p.heard("text", "never by text", since=since)

    equal(p.flood(30), 30, "are taken")
    until = time.time() + room.PATIENCE  # the first 20 of a minute are answered one by one
    while len([x for x in r.audit("chat_refused") if x[3] == "%s/%s" % (p.name, p.account)]) <= 20:
        holds(time.time() < until, "they are not refused")
        time.sleep(0.05)
    equal(p.flood(WARM, 30), WARM, "are taken")
    answered("help")
    before = rss()
    equal(p.flood(EVENTS - WARM, WARM + 30), EVENTS - WARM, "are taken")
    answered("help")
    grown = rss() - before
    holds(grown < GROWTH, "%d bytes more" % grown)  # on a busy machine some of them are dropped, which is said (chat_full)


# -- the table -----------------------------------------------------------------------------------------------------------------

CASES = {n[5:].replace("_", " "): f for n, f in list(globals().items()) if n.startswith("case_")}
ALONE = ("late", "ten thousand events")


def late_room():
    r = Every(settings={"plan_ttl": 2})
    for p in r.platforms:  # all of them at once: they are waited for together
        p.late = r.planned(p)
    return r


def plain_room():
    was, house.BINARY = house.BINARY, PLAIN
    try:
        return Every()
    finally:
        house.BINARY = was


ROOMS = ((Every, [c for c in CASES if c not in ALONE]), (late_room, ["late"]), (plain_room, ["ten thousand events"]))


def main(word=""):
    cells = {}
    for make, cases in ROOMS:
        wanted = [c for c in cases if word in c]
        r = make() if wanted else None
        for p in r.platforms if r else ():
            for case in wanted:
                began = time.time()
                try:
                    CASES[case](r, p)
                    cells[p.name, case] = "ok"
                except Exception:
                    cells[p.name, case] = "FAIL"
                    print("FAIL %s, %s\n%s" % (p.name, case, traceback.format_exc()))
                print("%-10s %-30s %s %.1f s" % (p.name, case, cells[p.name, case], time.time() - began), flush=True)
        if r:
            try:
                r.leave()
            except Exception:
                cells["all", "leaves nothing and says no key"] = "FAIL"
                traceback.print_exc(file=sys.stdout)
    names, cases = [p.name for p in doubles.PLATFORMS], [c for c in CASES if word in c]
    missing = [(n, c) for n in names for c in cases if (n, c) not in cells]
    print("\n%-32s%s" % ("", "".join("%-10s" % n for n in names)))
    for c in cases:
        print("%-32s%s" % (c, "".join("%-10s" % cells.get((n, c), "MISSING") for n in names)))
    failed = len(missing) + sum(v != "ok" for v in cells.values())
    print("%d passed, %d failed" % (sum(v == "ok" for v in cells.values()), failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
