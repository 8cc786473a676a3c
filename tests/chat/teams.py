"""teams.py [WORD] - the Teams platform against activities after learn.microsoft.com, tokens of a key of our own (what
botframework-connector says of the same tokens is compared), and a scripted connector. `N passed, N failed`. Runs with the Python
of build/python/chat-sdks."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from rig import DONE, PLAN, ROOT, Api, Driver, equal, event, has, nothing, refused, run, said_no

APP, TENANT = "00000000-0000-0000-0000-0000000000aa", "00000000-0000-0000-0000-00000000000b"
ANN, PASSWORD, ISSUED = "00000000-0000-0000-0000-00000000000a", "teamsPASSWORDsecret", "issuedSECRETtoken"
SERVICE = "https://smba.trafficmanager.net/emea/"
KEYS = {kid: rsa.generate_private_key(public_exponent=65537, key_size=2048) for kid in ("k1", "k2", "gone")}


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


def public(kid, endorsements):
    n = KEYS[kid].public_key().public_numbers()
    number = lambda v: b64(v.to_bytes((v.bit_length() + 7) // 8, "big"))
    return {"kty": "RSA", "use": "sig", "kid": kid, "n": number(n.n), "e": number(n.e), "endorsements": endorsements}


def token(kid="k1", key=None, head=None, **claims):
    now = int(time.time())
    said = {"iss": "https://api.botframework.com", "aud": APP, "serviceurl": SERVICE, "nbf": now - 60, "exp": now + 3600}
    said.update(claims)
    said = {k: v for k, v in said.items() if v is not None}
    text = "%s.%s" % (b64(head or {"alg": "RS256", "typ": "JWT", "kid": kid}), b64(said))
    return text + "." + b64(KEYS[key or kid].sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


def api_of(**more):
    answers = {"/v1/.well-known/keys": {"keys": [public("k1", ["msteams", "webchat"]), public("k2", ["webchat"])]},
               "/%s/oauth2/v2.0/token" % TENANT: {"token_type": "Bearer", "access_token": ISSUED, "expires_in": 3599}}

    def check(r):
        if r["path"].endswith("/token"):
            return None if b"client_secret=" + PASSWORD.encode() in r["body"] else "not the app's credentials"
        if r["path"].startswith("/v3/") and r["headers"].get("authorization") != "Bearer " + ISSUED:
            return "no token"
        if r["path"].startswith("/v3/") and len(r["body"]) > 28000:
            return "too large"
    api = Api(answers, check)
    api.answers["/v1/.well-known/openidconfiguration"] = [
        {"issuer": "https://api.botframework.com", "jwks_uri": api.url + "/v1/.well-known/keys",
         "id_token_signing_alg_values_supported": ["RS256"]}]
    api.answers.update({"/" + k: v if isinstance(v, list) else [v] for k, v in more.items()})
    return api


def teams(api, ready=True):
    d = Driver("teams", {"password": PASSWORD}, {"app": APP, "tenant": TENANT}, [TENANT], url=api.url, secrets=[ISSUED])
    while ready and "/v1/.well-known/keys" not in api.paths():
        d.ask("wait", seconds=0.05)
    if ready:
        d.ask("wait", seconds=0.1)
    return d


def send(d, activity, bearer=None, **how):
    return d.take(activity, {"Authorization": "Bearer " + (token() if bearer is None else bearer)}, now=int(time.time()), **how)


def message(text="<at>gateway</at> restart &lt;gw&gt;", **m):
    return dict({"type": "message", "id": "1700000000000", "timestamp": "2023-11-14T22:13:20.000Z", "channelId": "msteams",
                 "serviceUrl": SERVICE, "from": {"id": "29:1abc", "name": "Ann", "aadObjectId": ANN},
                 "conversation": {"conversationType": "channel", "tenantId": TENANT, "id": "19:x@thread.tacv2;messageid=1699"},
                 "recipient": {"id": "28:" + APP, "name": "gateway"}, "channelData": {"tenant": {"id": TENANT}},
                 "entities": [{"type": "mention", "text": "<at>gateway</at>", "mentioned": {"id": "28:" + APP, "name": "gateway"}}],
                 "text": text}, **m)


def press(choice="approve", **p):
    return dict(message(), **dict({"type": "invoke", "name": "adaptiveCard/action", "id": "f:1", "replyToId": "1700000000001",
                                   "value": {"action": {"type": "Action.Execute", "verb": choice,
                                                        "data": {"id": "b7f3a", "d": choice, "typed": "shop"}}, "trigger": "manual"}}, **p))


def check_messages():
    api = api_of()
    d = teams(api)
    got = event(send(d, message()), kind="message", id="1700000000000", tenant=TENANT, user=ANN, name="Ann", channel="19:x@thread.tacv2",
                thread="1699", text="restart <gw>", reply=SERVICE, at_ms=1700000000000)
    assert not {"outsider", "direct"} & set(got), got
    event(send(d, message("overview", conversation={"conversationType": "personal", "tenantId": TENANT, "id": "a:1"}, entities=None)),
          direct=True, channel="a:1", text="overview")
    event(send(d, message("<at>gateway</at> ask <at>Bob</at>")), text="ask Bob")
    event(send(d, message(conversation={"tenantId": "other", "id": "19:x"})), outsider=True, tenant="other")
    event(send(d, message(channelData={"tenant": {"id": "other"}})), outsider=True)
    event(send(d, message(**{"from": {"id": "29:1abc", "name": "Ann"}})), outsider=True)
    for m in ({"type": "conversationUpdate"}, {"type": "messageReaction"}, {"from": {"id": "28:other", "aadObjectId": ANN}},
              {"from": {"id": "29:x", "aadObjectId": ANN, "role": "bot"}}, {"type": "messageUpdate"}, {"type": "invoke", "name": "task/fetch"}):
        nothing(send(d, message(**m)))
    d.close()
    api.stop()


def check_presses():
    api = api_of()
    d = teams(api)
    for choice in ("approve", "reject", "details"):
        a = send(d, press(choice))
        event(a, kind="press", id="f:1", choice=choice, button="b7f3a", message="1700000000001", user=ANN, tenant=TENANT, typed="shop",
              channel="19:x@thread.tacv2")
        equal((a["type"], json.loads(a["body"])["statusCode"], json.loads(a["body"])["type"]),
              ("application/json", 200, "application/vnd.microsoft.activity.message"))
        event(send(d, message(value={"id": "b7f3a", "d": choice}, replyToId="17")), kind="press", choice=choice, message="17")
    nothing(send(d, press(value={"action": {"data": {"id": "b7f3a", "d": "page"}}})))
    for value in (7, [], "x", {"action": []}, {"action": {"data": "x"}}):
        nothing(send(d, press(value=value)))
    d.close()
    api.stop()


def check_tokens():
    api, now = api_of(), int(time.time())
    d = teams(api)
    n = KEYS["k1"].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = b64({"alg": "HS256", "typ": "JWT", "kid": "k1"}) + "." + token().split(".")[1]
    hs256 = head + "." + b64(hmac.new(n, head.encode(), hashlib.sha256).digest())
    none = b64({"alg": "none", "typ": "JWT", "kid": "k1"}) + "." + token().split(".")[1] + "."
    good = token()
    cases = [("good", good, {}, True), ("within the skew", token(exp=now - 200, nbf=now - 4000), {}, True),
             ("not yet, within the skew", token(nbf=now + 200), {}, True),
             ("expired", token(exp=now - 400, nbf=now - 4000), {}, False), ("not yet", token(nbf=now + 400), {}, False),
             ("no exp", token(exp=None), {}, None), ("another app", token(aud="other"), {}, False), ("no aud", token(aud=None), {}, False),
             ("another issuer", token(iss="https://sts.windows.net/x/"), {}, False), ("no issuer", token(iss=None), {}, False),
             ("another serviceUrl", good, {"serviceUrl": "https://evil.example/"}, False), ("no serviceurl", token(serviceurl=None), {}, False),
             ("a slash less", good, {"serviceUrl": SERVICE[:-1]}, False),
             ("the claim in camel case", token(serviceurl=None, serviceUrl=SERVICE), {}, False),
             ("not endorsed", token("k2"), {}, False), ("for a channel it is endorsed for", token("k2"), {"channelId": "webchat"}, True),
             ("another channel", good, {"channelId": "slack"}, False), ("signed by another key", token(key="k2"), {}, False),
             ("an unknown key", token("gone"), {}, False), ("HS256 with the public key", hs256, {}, False), ("alg none", none, {}, False),
             ("no kid", token(head={"alg": "RS256"}), {}, False), ("cut", good[:-8], {}, False), ("no JWT", "x", {}, False),
             ("two tokens", good + "." + good, {}, False), ("nothing", "", {}, False)]
    asked = [{"token": t, "service": m.get("serviceUrl", SERVICE), "channel": m.get("channelId", "msteams")} for _, t, m, _ in cases]
    node = [p for p in (os.path.join(ROOT, "build/chat/node_modules/node-linux-%s/bin/node" % a) for a in ("x64", "arm64")) if os.path.exists(p)]
    theirs = subprocess.run(node[:1] + [os.path.join(ROOT, "build/chat/tokens.mjs")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, input=json.dumps(
        {"metadata": api.url + "/v1/.well-known/openidconfiguration", "app": APP, "cases": asked}).encode(), timeout=60).stdout
    for (name, t, m, wanted), said in zip(cases, json.loads(theirs.decode().splitlines()[-1])):
        a = send(d, message(**m), t)
        equal(a["ok"], bool(wanted), name)
        equal(said, bool(wanted) if wanted is not None else said, "botframework-connector, " + name)
        if not wanted:
            refused(a, 403)
    refused(d.take(message(), {}), 403)
    refused(d.take(message(), {"Authorization": "Basic " + good}), 403)
    for body in ("", "{", "[]", "7", "null"):
        refused(send(d, body), 403)
    d.close()
    api.stop()


def check_keys_are_read_again():
    api = api_of()
    d = teams(api, ready=False)
    refused(send(d, message()), 503, "not read yet")
    while "/v1/.well-known/keys" not in api.paths():
        d.ask("wait", seconds=0.05)
    d.ask("wait", seconds=0.1)
    event(send(d, message()))
    for _ in range(20):
        refused(send(d, message(), token("gone")), 403, "does not publish")
        d.ask("wait", seconds=0.01)
    equal(api.paths().count("/v1/.well-known/keys"), 1)
    d.close()
    api.stop()
    for answer in ((500, {}, "x"), {"keys": 7}, "<html>"):
        api = api_of(**{"v1/.well-known/keys": [answer]})
        d = teams(api)
        refused(send(d, message()), 503, "not read yet: ")
        d.close()
        api.stop()


def check_cards():
    api = api_of()
    d = teams(api)
    card = d.card(dict(PLAN, types=True))
    text = json.dumps(card, ensure_ascii=False)
    equal((card["type"], card["version"], card["body"][0]["style"]), ("AdaptiveCard", "1.4", "warning"))
    assert '"TextBlock"' not in text and "\u202e" not in text
    runs = [r for b in card["body"] for i in b.get("items", []) for r in i["inlines"]]
    equal([r["text"] for r in runs[:3]], [PLAN["title"], PLAN["blocks"][0]["text"].split("\n")[0], "@all # title"])
    equal([a["type"] for a in card["actions"]], ["Action.Execute"] * 3 + ["Action.OpenUrl"])
    equal([a["data"] for a in card["actions"][:3]], [{"id": "b7f3a", "d": c} for c in ("approve", "reject", "details")])
    equal([a["fallback"]["data"] for a in card["actions"][:3]], [a["data"] for a in card["actions"][:3]])
    equal([b["id"] for b in card["body"] if b["type"] == "Input.Text"], ["typed"])
    equal(len(d.card(dict(PLAN, approvable=False))["actions"]), 3)
    assert "actions" not in d.card(DONE) and d.card(DONE)["body"][0]["style"] == "good"
    equal(d.card({"title": "t", "blocks": [{"code": "  a\n\nb"}]})["body"][1]["items"][0]["inlines"][0]["text"], "\u00a0\u00a0a")
    equal(d.card({"title": "t", "blocks": [{"code": "x" * 27000}]}), None)
    d.close()
    api.stop()


def check_calls():
    room = "/v3/conversations/19%3Ax%40thread.tacv2"
    api = api_of(**{room[1:] + "%3Bmessageid%3D1699/activities": {"id": "17"}, room[1:] + "/activities": {"id": "18"},
                    room[1:] + "/activities/17": {"id": "17"}, "v3/conversations": {"id": "a:2"}, "v3/conversations/a%3A2/activities": {"id": "19"}})
    d = teams(api)
    begun = len(api.seen)
    equal(d.say("a <b>**c**", "19:x@thread.tacv2", thread="1699", reply=SERVICE)["message"], "17")
    equal(api.seen[begun + 1]["json"], {"type": "message", "text": "a <b>**c**", "textFormat": "plain"})
    equal(d.show(PLAN, "19:x@thread.tacv2")["message"], "18")
    equal(api.seen[begun + 2]["json"]["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive")
    assert d.renew(DONE, "17", "19:x@thread.tacv2")["ok"]
    equal((api.seen[begun + 3]["method"], api.seen[begun + 3]["path"]), ("PUT", room + "/activities/17"))
    assert d.whisper("not you", ANN, "19:x@thread.tacv2")["ok"]
    equal(api.seen[begun + 4]["json"], {"bot": {"id": "28:" + APP}, "members": [{"id": ANN}], "isGroup": False,
                                        "channelData": {"tenant": {"id": TENANT}}})
    said_no(d.say("x" * 12001, "19:x"), "does not fit")
    said_no(d.show({"title": "t", "blocks": [{"code": "x" * 28000}]}, "19:x"), "does not fit whole")
    equal((api.paths().count("/%s/oauth2/v2.0/token" % TENANT), api.wrong), (1, []))
    d.close()
    api.stop()


def check_refusals_and_too_many():
    path = "v3/conversations/19%3Ax/activities"
    api = api_of(**{path: [(429, {"Retry-After": "1"}, {"error": {"code": "TooManyRequests", "message": "slow"}}), {"id": "1"},
                           (403, {}, {"error": {"code": "BotNotInConversationRoster", "message": "The bot is not there " + ISSUED}})]})
    d = teams(api)
    began = time.monotonic()
    assert d.say("x", "19:x")["ok"] and time.monotonic() - began >= 1
    said_no(d.say("x", "19:x"), "Teams", "HTTP 403", "BotNotInConversationRoster")
    said_no(d.say("x", "19:x"), "HTTP 403")
    equal(api.paths().count("/%s/oauth2/v2.0/token" % TENANT), 2)
    d.close()
    api.stop()
    api = api_of(**{"%s/oauth2/v2.0/token" % TENANT: (401, {}, {"error": "invalid_client", "error_description": "bad secret " + PASSWORD})})
    d = teams(api)
    said_no(d.say("x", "19:x"), "oauth2", "invalid_client", "bad secret")
    d.close()
    api.stop()


if __name__ == "__main__":
    sys.exit(run(dict(globals()), sys.argv[1] if len(sys.argv) > 1 else ""))
