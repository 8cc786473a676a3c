#!/usr/bin/env python3
"""card.py - a card follows its change up to "served by N of N": a bot by the webhook, real Envoys, one of which may lag behind.

usage: card.py [WORD]   the checks whose name holds the word. The last line is `N passed, N failed[, N skipped]`.
"""
import json
import os
import sys
import threading
import time

import replicas
from replicas import envoy, house

sys.path.insert(0, os.path.join(house.ROOT, "tests/chat"))
import room
from room import change_of, equal, has, holds

EXECUTABLE = envoy.binary()


class Served(room.Room):
    """A room whose gateway is of two Envoys."""

    def fill_gateway(self):
        super().fill_gateway()
        self.ended = False
        self.replicas = [replicas.Replica(self, i, EXECUTABLE) for i in range(2)]
        for r in self.replicas:
            holds(r.envoy.wait(), "Envoy serves")
        self.env.update(HIGRESS_OPS_ENVOY_ADMINS=",".join("http://" + r.name for r in self.replicas), HIGRESS_OPS_VERIFY_SERVED="4")
        threading.Thread(target=self.follow, daemon=True).start()

    state_of_data = replicas.Gateway.state_of_data
    follow = replicas.Gateway.follow

    def leave(self):
        self.ended = True
        for r in self.replicas:
            r.envoy.stop()
            r.wire.cut()
        super().leave()


def approved(r):
    """The change of a card that the right person has approved."""
    r.write("ada", "limit shop-pay 10")
    card = r.card()
    equal(r.press("bob", card, "approve")[0], 202)
    return card


def check_a_card_says_that_all_serve_it(r):
    card = approved(r)
    has(json.dumps(r.renewed(card, "Served by 2 of 2 replicas after")["data"]), "approved by bob (chat) at ", '"mood": "good"')
    has(r.run(["changes", change_of(card)])[1], "served: served by 2 of 2 replicas after")
    time.sleep(0.5)
    count = len(r.receiver.heard)
    r.restart()
    r.write("eve", "help")
    r.heard("message")
    holds(not any(e["type"].startswith("card") for e in r.receiver.heard[count:]), "a card that is over is left alone")


def check_a_card_says_who_does_not(r):
    r.replicas[1].how = "behind"
    card = approved(r)
    has(json.dumps(r.renewed(card, "Looking whether every replica serves it")["data"]), "applied")
    event = r.renewed(card, "Served by 1 of 2 replicas within")
    has(json.dumps(event["data"]), "not by " + r.replicas[1].name, "another one in Envoy", '"mood": "good"')
    equal(json.loads(r.run(["changes", change_of(card), "--json"])[1])["state"], "applied")


if __name__ == "__main__":
    if not EXECUTABLE:
        print("skipped: there is no Envoy here\n0 passed, 0 failed, 2 skipped")
        sys.exit(0)
    sys.exit(house.run_each(globals(), lambda check: Served(), " ".join(sys.argv[1:])))
