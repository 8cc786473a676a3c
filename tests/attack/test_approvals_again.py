"""test_approvals_again.py BINARY - a no that is got round: the same wish in parts, with more around it, in other words or
by another tool; a terminal that does not show what it asks about; and passphrases guessed. Prints what it tried;
`N passed, N failed`."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_approvals as base  # noqa: E402
from test_approvals import LEGACY, MODERN, ALICE, BOB, change, delete, holds, patch, route, settings, waits  # noqa: E402
import house  # noqa: E402


def rejected(shop, arguments, tool="change_resource"):
    """A person said no to it at a terminal."""
    o = waits(shop.http(LEGACY, ALICE, "none").call(tool, arguments))
    code, screen = shop.person(["reject", o["id"]], "yes")
    holds(code == 0, screen)


def not_by_a_form(shop, arguments, tool="change_resource"):
    """Nobody's client is asked for it, over any transport; the answer says that it was rejected."""
    for c in (shop.stdio(LEGACY), shop.stdio(MODERN), shop.http(MODERN, BOB)):
        result = c.call(tool, arguments)
        waits(result, "rejected")
        holds(not c.asked, "a form was shown for %s" % str(arguments)[:200])


def manifest(*objects):
    return {"manifest": list(objects)}


def taken(i, path="/taken", **more):
    return {"kind": "route", **{**route(i), "path": {"matchType": "PRE", "matchValue": path}, **more}}


@settings(approvers=False)
def check_a_slip_at_the_terminal_is_asked_again_and_decides_nothing(shop):
    c = shop.http(LEGACY, ALICE, "none")
    plan = waits(c.call("change_resource", patch(0)))["id"]
    code, screen = shop.types(["approve", plan], "ok", "yes please", "n")
    holds(code == 6 and screen.count("Type yes") == 3 and "nothing was decided" in screen, screen)
    code, screen = shop.types(["approve", plan], "x" * 200 + "yes", "sure", "", "what", "approve")
    holds(code == 6 and screen.count("Type yes") == 5, screen)
    code, screen = shop.types(["approve", plan], "maybe", "Y")
    holds(code == 0, screen)
    plan = waits(c.call("change_resource", delete(1)))["id"]
    code, screen = shop.types(["approve", plan], "y", "yes", "no")
    holds(code == 6 and screen.count("Type ") == 3, "a word is needed: " + screen)


@settings(approvers=False)
def check_a_rejected_change_comes_back_in_parts(shop):
    rejected(shop, manifest(taken(0), taken(1)), "apply_manifest")
    not_by_a_form(shop, patch(0))
    not_by_a_form(shop, manifest(taken(1)), "apply_manifest")
    base.untouched(shop, 0, 1)
    c = shop.stdio(LEGACY)
    holds(base.changed(change(c, patch(2)), "another wish")["state"] == "applied", "what was not rejected is asked")


@settings(approvers=False)
def check_a_rejected_change_comes_back_with_more_of_the_object(shop):
    rejected(shop, patch(0))
    labels = {"customLabels": {"note": "harmless"}}
    not_by_a_form(shop, {**patch(0), "object": {**patch(0)["object"], **labels}})
    not_by_a_form(shop, manifest(taken(0, **labels), taken(2, "/two")), "apply_manifest")
    c = shop.stdio(LEGACY)
    done = change(c, {"kind": "route", "action": "patch", "name": "orders-0", "object": labels})
    holds(base.changed(done, "harmless by itself")["state"] == "applied", "done")
    not_by_a_form(shop, patch(0))
    base.untouched(shop, 0)


@settings(approvers=False)
def check_a_rejected_change_comes_back_in_other_words(shop):
    rejected(shop, patch(0))
    whole = {**route(0), "path": {"matchValue": "/taken", "matchType": "PRE"}}
    backwards = dict(reversed(list(whole.items())))
    for arguments in ({"kind": "route", "action": "replace", "name": "orders-0", "object": backwards},
                      {"kind": "route", "action": "patch", "name": "orders-0",
                       "object": {"path": {"matchType": "PRE", "matchValue": "/taken"}, "rewrite": None}},
                      {"kind": "route", "action": "patch", "name": "orders-0", "object": {"path": {"matchValue": "/taken"}}}):
        not_by_a_form(shop, arguments)
    not_by_a_form(shop, {"manifest": "kind: route\nname: orders-0\npath: {matchType: PRE, matchValue: /taken}\n"
                         "services: [{name: shop.static, port: 80, weight: 100}]\n"}, "apply_manifest")
    base.untouched(shop, 0)


@settings(approvers=False)
def check_a_rejected_delete_comes_back_as_a_rename_or_with_more(shop):
    rejected(shop, delete(1))
    not_by_a_form(shop, {**delete(1), "if_used": "force"})
    not_by_a_form(shop, {"kind": "route", "action": "replace", "name": "orders-1", "object": {**route(1), "name": "orders-9"}})
    base.untouched(shop, 1)


@settings(approvers=False, mode="auto")
def check_auto_lets_no_part_of_a_rejected_change_through(shop):
    c = shop.http(LEGACY, ALICE, "none")
    draft = base.changed(c.call("apply_manifest", {**manifest(taken(0), taken(1)), "dry_run": True}), "draft")["id"]
    holds(shop.person(["reject", draft], "yes")[0] == 0, "rejected")
    waits(change(c, patch(0)), "rejected")
    waits(change(c, {**patch(1), "object": {**patch(1)["object"], "customLabels": {"a": "b"}}}), "rejected")
    base.untouched(shop, 0, 1)


@settings(approvers=False, mode="auto")
def check_an_undo_that_was_rejected_is_not_let_through(shop):
    c = shop.http(LEGACY, ALICE, "none")
    done = base.changed(change(c, patch(0)), "auto")["id"]
    draft = base.changed(c.call("undo_change", {"id": done, "dry_run": True}), "draft")["id"]
    holds(shop.person(["reject", draft], "yes")[0] == 0, "rejected")
    waits(c.call("undo_change", {"id": done}), "rejected")
    waits(change(c, patch(0, "/orders/0")), "rejected")
    holds(shop.path_of(0) == "/taken", "as it was")


# -- what is drawn as nothing -------------------------------------------------------------------------------------------

def check_nothing_that_is_shown_is_invisible(shop):
    points = ([0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180e, 0x3164, 0xffa0, 0xfeff, 0xa0, 0x1680, 0x202f,
               0x205f, 0x2800, 0x3000, 0x1d173, 0x1d17a, 0x1bca0, 0xe0001, 0xe0041, 0xe0100, 0x85, 0x9b, 0x7f, 0x1b] +
              list(range(0x2000, 0x2010)) + list(range(0x2028, 0x202f)) + list(range(0x2060, 0x2070)) +
              list(range(0xfe00, 0xfe10)) + list(range(0xfff9, 0xfffc)))
    text = "".join("%c" % p for p in points)
    alice = shop.http(LEGACY, ALICE, "none")
    plan = waits(change(alice, {"kind": "route", "action": "patch", "name": "orders-0",
                                "object": {"customLabels": {"n" + text: "v" + text}}}))["id"]
    code, screen = shop.person(["approve", plan], "no")
    shown = "".join(line for part in base.whole(shop, plan) for op in part["operations"] for line in op["lines"])
    for p in points:
        holds(chr(p) not in screen and chr(p) not in shown, "U+%04X" % p)
        holds("%04x" % p in shown.lower() or p < 0x20, "U+%04X is written out: %s" % (p, shown))


# -- terminals ---------------------------------------------------------------------------------------------------------

def check_a_terminal_shows_what_it_asks_about_wherever_the_output_goes(shop):
    plan = waits(change(shop.http(LEGACY, ALICE, "none"), patch(0)))["id"]
    for out in ("/dev/null", os.path.join(shop.dir, "elsewhere")):
        code, screen = shop.types(["approve", plan], "no", out=out)
        holds("/taken" in screen and "Type yes" in screen, "%s: %s" % (out, screen))
        holds(code == 6, screen)
    base.untouched(shop, 0)


def check_passphrases_are_not_guessed_fast(shop):
    plan = waits(change(shop.http(LEGACY, ALICE, "none"), patch(0)))["id"]
    code, screen = shop.types(["state", "passphrase"], "yes", "correct horse", "correct horse")
    holds(code == 0, screen)
    tried = 0
    for i in range(9):
        code, screen = shop.types(["approve", plan], "yes", "guess number %d" % i)
        holds(code == 5, screen)
        tried += "is wrong" in screen
    holds(tried <= 5, "%d guesses in a row were looked at" % tried)
    holds("too many" in screen, screen)
    code, screen = shop.types(["approve", plan], "yes", "correct horse")
    holds(code == 5 and "too many" in screen, "nor does it say which one is right: " + screen)
    base.untouched(shop, 0)
    lines = shop.run(["audit", "verify"])
    holds(lines[0] == 0, str(lines))


if __name__ == "__main__":
    sys.exit(house.run_each(globals(), lambda check: base.Shop(**getattr(check, "settings", {})), "".join(sys.argv[2:3])))
