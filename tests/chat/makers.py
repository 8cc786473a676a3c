"""makers.py - our cards and signatures by what others made for the same: the types of @slack/types and @wecom/aibot-node-sdk, the
parser of adaptivecards, AESCipher of @larksuiteoapi/node-sdk, WecomCrypto (tests/chat/cards.mjs), in both directions.
`N passed, N failed`. Runs with the Python of build/python/chat-sdks."""
import json
import os
import subprocess
import sys
import tempfile

from feishu import KEY as FEISHU_KEY, seal
from rig import DONE, NOW, PLAN, ROOT, Driver
from wecom import KEY, TOKEN, wecom

CARDS = [PLAN, dict(PLAN, approvable=False), DONE, dict(DONE, page="https://console.example/x"), dict(PLAN, mood=0, page=None),
         {"title": "x" * 100, "mood": 3, "blocks": [{"code": "+ line\n" * 150}, {"text": ""}, {"note": "n"}], "button": "b2", "approvable": True}]


def node():
    found = [os.path.join(ROOT, "build/chat/node_modules/node-linux-%s/bin/node" % a) for a in ("x64", "arm64")]
    return [p for p in found if os.path.exists(p)][0]


def cards_of(platform, typed):
    d = Driver(platform, {"signing": "s", "secret": "s", "password": "p"}, {"app": "a"}, ["t"], url="http://127.0.0.1:9")
    made = [d.card(c) for c in CARDS] + ([d.card(dict(PLAN, types=True))] if typed else [])
    d.close()
    assert all(made), platform
    return made


def main():
    d, cases, failed = wecom(), [], 0
    from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto
    for text in ("", "a", "ä✓", "x" * 500):
        sealed = PrpCrypto(WeChatCrypto(TOKEN, KEY, "").key).encrypt(text, "").decode()
        signature = d.ask("sign", how="wecom", key=TOKEN, at=str(NOW), nonce="n1", text=sealed)["text"]
        cases.append({"at": str(NOW), "nonce": "n1", "sealed": sealed, "signature": signature, "text": text})
    given = {"slack": cards_of("slack", True), "wecom": cards_of("wecom", False), "teams": cards_of("teams", True),
             "feishu": cards_of("feishu", True), "crypto": {"wecom": {"token": TOKEN, "key": KEY, "cases": cases}, "feishu": [
                 {"key": FEISHU_KEY, "sealed": seal(t), "text": t} for t in ("", "a", "x" * 31, '{"challenge":"ä"}')]}}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cards.json")
        with open(path, "w") as f:
            json.dump(given, f)
        done = subprocess.run([node(), os.path.join(ROOT, "build/chat/cards.mjs"), path], stdout=subprocess.PIPE, text=True, timeout=120)
        print("\n".join(done.stdout.splitlines()[:-1]))
        passed, failed = (int(w) for w in done.stdout.splitlines()[-1].replace(",", "").split() if w.isdigit())
        for case in json.load(open(os.path.join(folder, "sealed.json"))):
            ours = d.ask("sign", how="wecom", key=TOKEN, at="1700000000", nonce="n1", text=case["encrypt"])["text"]
            good = ours == case["signature"] and d.ask("open", how="wecom", key=KEY, text=case["encrypt"], id="").get("text") == case["text"]
            passed, failed = passed + good, failed + (not good)
            if not good:
                print("FAIL what WecomCrypto seals opens: %r" % case)
    d.close()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
