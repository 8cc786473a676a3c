"""moving.py - export and import: a gateway moved into an empty one is the same gateway.

Each recording of the real console is replayed into an embedded plane, which is exported and imported into an empty
one; both are then exported again and read through the API: texts, secrets and every object must be equal. Closes
with "N passed, N failed[, N skipped]".
"""
import base64
import difflib
import glob
import http.client
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house

RECORDINGS = os.path.join(house.ROOT, "../shared/recordings/console")
LISTS = ["/v1/service-sources", "/v1/proxy-servers", "/v1/tls-certificates", "/v1/domains", "/v1/consumers",
         "/v1/ai/providers", "/v1/wasm-plugins", "/v1/routes", "/v1/ai/routes", "/v1/mcpServer",
         "/v1/global/plugin-instances"]
SECRET_LINE = r"^  (tls.crt|tls.key|consulToken|nacosUsername|nacosPassword): ([A-Za-z0-9+/=]+)$"
passed = failed = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok    " if ok else "FAIL  ") + what + ("" if ok else ": " + str(detail)[-1500:]))


class Plane(house.House):
    """A console over a copy of `folder`, and what a person needs to run commands against it."""

    def __init__(self, folder):
        self.dir = tempfile.mkdtemp(prefix="higress-ops-test-")
        self.processes, self.clients, self.port = [], [], house.free_port()
        data = os.path.join(self.dir, "data")
        shutil.copytree(folder, data)
        self.log = open(os.path.join(self.dir, "console.log"), "wb")
        p = self.start(["console", "--data", data, "--listen", "127.0.0.1:%d" % self.port], self.log)
        house.wait_for(self.port, p, "the console")
        self.env = {**os.environ, "HIGRESS_OPS_URL": "http://127.0.0.1:%d" % self.port, "HIGRESS_OPS_PASSWORD": "admin",
                    "HIGRESS_OPS_STATE": os.path.join(self.dir, "state"), "HIGRESS_OPS_MODE": "approve"}

    def ask(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        given = {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode(), **(headers or {})}
        if body is not None:
            given["Content-Type"] = "application/json"
        c.request(method, path, body, given)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, text

    def file(self, name):
        return os.path.join(self.dir, name)


def replay(plane, path):
    """Every write of the recording; what it answers is the contract test's business."""
    n = 0
    for line in open(path):
        r = json.loads(line)["request"]
        body = r.get("body")
        if r["method"] not in ("POST", "PUT", "DELETE") or not r["path"].startswith(("/v1/", "/system/higress-config")):
            continue
        if r["path"] == "/v1/tls-certificates" and not (body or {}).get("name"):
            continue  # the real console, and so ours, never lists certificates again after this
        plane.ask(r["method"], r["path"], body if isinstance(body, (str, type(None))) else json.dumps(body))
        n += 1
    return n


def export(plane, name):
    code, out, err = plane.run(["export", "--out", plane.file(name + ".yaml"),
                                "--secrets", plane.file(name + ".secrets")])
    return code, open(plane.file(name + ".yaml")).read() if code == 0 else out, err


def plain(o):
    """Without what the gateway makes: versions, ids, dates."""
    if isinstance(o, dict):
        kept = {k: plain(v) for k, v in o.items() if k not in ("version", "imagePullPolicy")}
        return {k: v for k, v in kept.items() if v not in (None, [], {})}
    return [plain(v) for v in o] if isinstance(o, list) else o


def objects(plane, path):
    """By name; without the nameless and without the built-in plugins, whose image alone could differ and which
    reading one by one never shows."""
    status, text = plane.ask("GET", path)
    if status == 200:
        named = [o for o in json.loads(text)["data"] if (o.get("name") or o.get("pluginName")) and not o.get("builtIn")]
        return {o.get("name") or o.get("pluginName"): plain(o) for o in named}
    return None


def secrets_of(source):
    """{variable: value} of what no API shows, from the source's folder: keys and passwords of registries."""
    given = {}
    for path in glob.glob(source.file("data/secrets/*.yaml")):
        name = os.path.basename(path)[:-5]
        registry = re.sub(r"-auth-[a-z0-9]{5}$", "", name)
        for key, coded in re.findall(SECRET_LINE, open(path).read(), re.M):
            kind, of, member = ("TLS_CERTIFICATE", name, key.replace("tls.crt", "CERT").replace("tls.key", "KEY"))
            if not key.startswith("tls."):
                kind, of, member = "SERVICE_SOURCE", registry, key
            variable = re.sub(r"[^A-Za-z0-9]", "_", "HIGRESS_SECRET_%s_%s_%s" % (kind, of, member)).upper()
            given[variable] = base64.b64decode(coded).decode()
    return given


def give_secrets(source, name):
    text, given = open(source.file(name + ".yaml")).read(), secrets_of(source)
    kept = open(source.file(name + ".secrets")).read()
    with open(source.file(name + ".secrets"), "w") as f:
        f.write(kept if kept.strip() != "{}" else "")
        for k in sorted(set(re.findall(r"\$\{env:(\w+)\}", text))):
            if k + ":" not in kept:
                f.write("%s: %s\n" % (k, json.dumps(given.get(k, ""))))


PATHS = {"route": "/v1/routes/", "ai-route": "/v1/ai/routes/", "service-source": "/v1/service-sources/",
         "domain": "/v1/domains/", "tls-certificate": "/v1/tls-certificates/", "mcp-server": "/v1/mcpServer/",
         "ai-provider": "/v1/ai/providers/", "consumer": "/v1/consumers/"}


def load(source, target):
    """Imports; an object that the console itself refuses to take is taken out of the source and tried without it.
    (exit code, screen, names refused)"""
    refused = []
    while True:
        give_secrets(source, "a")
        code, screen = target.person(["import", source.file("a.yaml"), "--secrets", source.file("a.secrets"),
                                      "--as-is"], "yes", 120)
        named = re.search(r"(%s) '([^']+)'(?: was not written: the gateway answered|: the provider)" % "|".join(PATHS),
                          screen)
        if code == 0 or not named or len(refused) > 20:
            return code, screen, refused
        refused.append(" ".join(named.groups()))
        source.ask("DELETE", PATHS[named.group(1)] + urllib.parse.quote(named.group(2)))
        export(source, "a")


def move(recording):
    name = os.path.basename(recording)[:-6]
    source, target = Plane(os.path.join(RECORDINGS, "initial")), Plane(os.path.join(RECORDINGS, "initial"))
    try:
        writes = replay(source, recording)
        code, text, err = export(source, "a")
        check("%s: exports after %d writes" % (name, writes), code == 0, err)
        if code:
            return 0
        mode = stat.S_IMODE(os.stat(source.file("a.secrets")).st_mode)
        values = [l.split(": ", 1)[1].strip().strip("'\"") for l in open(source.file("a.secrets")) if ": " in l]
        leaks = [v for v in values if len(v) > 5 and v in text]
        check("%s: the secrets are in their file only" % name, mode == 0o600 and not leaks, leaks)
        code, out, err = source.run(["import", source.file("a.yaml"), "--secrets", source.file("a.secrets"), "--as-is"])
        check("%s: its own export changes nothing" % name, code == 0 and "nothing to change" in out, out[-700:] + err)
        code, screen, refused = load(source, target)
        check("%s: imports, but for %d objects that the console refuses: %s" % (name, len(refused), ", ".join(refused)),
              code == 0 and ("applied" in screen or "nothing to change" in screen), screen[-700:])
        text, again = open(source.file("a.yaml")).read(), export(target, "b")[1]
        check("%s: exports the same text again" % name, again == text, difference(text, again))
        n = 0
        for path in LISTS:
            x, y = objects(source, path), objects(target, path)
            if path == "/v1/routes":  # what a failed request left of an AI route that is not there
                there = objects(source, "/v1/ai/routes")
                x = {k: v for k, v in x.items()
                     if not k.startswith("ai-route-") or k.split("-", 2)[2].split(".")[0] in there}
            n += len(x or {})
            check("%s: %s is the same" % (name, path), x == y, difference(json.dumps(x, indent=1, sort_keys=True),
                                                                          json.dumps(y, indent=1, sort_keys=True)))
        return n
    finally:
        for p in (source, target):
            p.close()
            p.forget()


def difference(x, y):
    return "\n".join(list(difflib.unified_diff(x.split("\n"), y.split("\n"), lineterm="", n=1))[:30])


def main():
    if not os.path.isdir(RECORDINGS):
        print("0 passed, 0 failed, 1 skipped")
        return
    total = 0
    only = sys.argv[1:]
    for recording in sorted(glob.glob(RECORDINGS + "/*.jsonl")):
        if not only or any(w in recording for w in only):
            total += move(recording)
    print("%d objects moved" % total)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)


main()
