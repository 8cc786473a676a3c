"""test_store.py BINARY - somebody who can write the state folder, but is not the key: rows, lines, copies, files, links;
and processes that are weaker than the state is pinned to. Prints what it tried."""
import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time

os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import house as houses

passed = failed = 0


def check(what, good, seen=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%s  %s%s" % ("ok  " if good else "FAIL", what, "" if good else ": " + str(seen)[:600]))


class Attack:
    """A house with two pending changes, and the hand that is not ours."""

    def __init__(self, mode="approve", extra_env=None):
        self.house = houses.House(mode, extra_env)
        self.state = os.path.join(self.house.dir, "state")
        self.x, self.y = self.propose("x.example"), self.propose("y.example")

    def propose(self, name, *flags):
        code, out, err = self.house.run(["call", "change_resource", json.dumps(
            {"kind": "domain", "action": "create", "name": name, "object": {"name": name, "enableHttps": "off"}}),
            "--json", *flags])
        found = json.loads(out) if code == 4 else {}
        return found.get("id") or found.get("change", {}).get("id") or (code, out + err)

    def path(self, name):
        return os.path.join(self.state, name)

    def sql(self, *statements):
        db = sqlite3.connect(self.path("state.db"))
        for s in statements:
            db.execute(s, {"x": self.x, "y": self.y} if ":x" in s or ":y" in s else {})
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def run(self, *args, env=None):
        was = dict(self.house.env)
        self.house.env.update(env or {})
        got = self.house.run(list(args))
        self.house.env = was
        return got[0], got[1] + got[2]

    def there(self, name):
        return self.house.api("GET", "/v1/domains/" + name)[0] == 200

    def save(self):
        shutil.rmtree(self.house.dir + "/saved", ignore_errors=True)
        shutil.copytree(self.state, self.house.dir + "/saved")

    def restore(self):
        shutil.rmtree(self.state)
        shutil.copytree(self.house.dir + "/saved", self.state)

    def end(self):
        self.house.close()
        self.house.forget()


ROWS = {
    "a row set to approved": "UPDATE plans SET state = 'approved', expires = 9e9 WHERE id = :x",
    "a row set to approved, with a decision": None,
    "another sealed text": "UPDATE plans SET sealed = (SELECT sealed FROM plans WHERE id = :y) WHERE id = :x",
    "another change under this id": None,
    "an edited summary": "UPDATE plans SET summary = replace(summary, 'x.example', 'z.example') WHERE id = :x",
    "a summary that is no JSON": "UPDATE plans SET summary = '{\"a' WHERE id = :x",
    "a summary that is a number": "UPDATE plans SET summary = '5' WHERE id = :x",
    "a summary that is a blob": "UPDATE plans SET summary = x'00ff' WHERE id = :x",
    "no title": "UPDATE plans SET title = NULL WHERE id = :x",
    "an edited title": "UPDATE plans SET title = 'harmless' WHERE id = :x",
    "an edited risk": "UPDATE plans SET risk = 'read' WHERE id = :x",
    "a later expiry": "UPDATE plans SET expires = expires + 86400 WHERE id = :x",
    "another owner": "UPDATE plans SET who = 'eve' WHERE id = :x",
    "another gateway": "UPDATE plans SET gateway = 'http://127.0.0.1:1' WHERE id = :x",
    "no MAC": "UPDATE plans SET mac = NULL WHERE id = :x",
    "its lines deleted": "DELETE FROM audit WHERE id = :x",
    "the audit emptied": "DELETE FROM audit",
    "the audit and its anchor emptied": None,
    "the newest line deleted": "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
}
MORE = {
    "a row set to approved, with a decision": [
        "UPDATE plans SET state = 'approved', expires = 9e9, decided = 'x' WHERE id = :x",
        "INSERT INTO decisions (id, at, who, channel, verdict, mac) VALUES (:x, 1, 'root', 'command line', 'approved', 'x')"],
    "another change under this id": ["UPDATE plans SET id = 'c-0' WHERE id = :x", "UPDATE plans SET id = :x WHERE id = :y"],
    "the audit and its anchor emptied": ["DELETE FROM audit", "DELETE FROM anchor"],
}


def rows(a):
    """Nothing that was written behind its back is applied, shown as a plan or decided."""
    a.save()
    for name, statement in ROWS.items():
        a.sql(*(MORE.get(name) or [statement]))
        code, text = a.run("call", "apply_change", json.dumps({"id": a.x}))
        refused = code != 0 and not a.there("x.example") and not a.there("y.example")
        _, shown = a.run("changes", a.x)
        verify, said = a.run("audit", "verify")
        code, screen = a.house.person(["approve", a.x], "yes")
        decided = a.there("x.example") or a.there("y.example") or code == 0
        check("row: " + name, refused and verify == 1 and not decided and "no such" not in shown and
              all("crash" not in t and "Sanitizer" not in t for t in (text, shown, said, screen)),
              (code, text, verify, said, screen))
        a.restore()
    a.sql("UPDATE plans SET title = 'harmless' WHERE id = :x")
    _, listed = a.run("changes", "--json")
    states = {c["id"]: c["state"] for c in json.loads(listed)["changes"]}
    check("a list shows a tampered row as that, and the others as they are",
          states == {a.x: "tampered", a.y: "pending"}, listed)
    code, text = a.run("audit", "verify")
    check("audit verify names the change", a.x in text and "tampered" in text, text)
    a.restore()
    code, text = a.run("audit", "verify")
    check("put back as it was, all is whole", code == 0, text)


def replays(a):
    """What was true once."""
    a.save()
    code, _ = a.house.person(["reject", a.x], "yes")
    check("a change is rejected", code == 0)
    anchor = a.run("audit", "head")[1].strip()
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        if os.path.exists(a.path(name)):
            os.unlink(a.path(name))
        if os.path.exists(a.house.dir + "/saved/" + name):
            shutil.copy(a.house.dir + "/saved/" + name, a.path(name))
    code, text = a.run("audit", "verify")
    check("an older copy of state.db put back is noticed", code == 1 and "older copy" in text, text)
    code, text = a.run("call", "apply_change", json.dumps({"id": a.x}))
    check("… and nothing is done with it", code != 0 and "older copy" in text, text)
    a.restore()
    code, text = a.run("audit", "verify", "--head", anchor)
    check("an older copy of all of the folder is noticed by an anchor kept elsewhere", code == 1 and "anchor" in text, text)
    check("… and only by it", a.run("audit", "verify")[0] == 0)
    os.unlink(a.path("state.head"))
    code, text = a.run("changes")
    check("a deleted head is noticed", code == 1 and "state.head" in text, text)
    with open(a.path("state.head"), "w") as f:
        f.write("0 - AAAA\n")
    os.chmod(a.path("state.head"), 0o600)
    code, text = a.run("changes")
    check("a made up head is noticed", code == 1 and "MAC" in text, text)
    a.restore()
    os.unlink(a.path("state.db"))
    for end in ("-wal", "-shm"):
        if os.path.exists(a.path("state.db" + end)):
            os.unlink(a.path("state.db" + end))
    code, text = a.run("changes")
    check("a deleted state.db is noticed", code == 1 and "state.db is gone" in text, text)
    a.restore()


def spoil(path, how):
    was = path + ".was"
    os.rename(path, was)
    if how == "link":
        os.symlink(was, path)
    elif how == "hard link":
        os.link(was, path)
    elif how == "FIFO":
        os.mkfifo(path, 0o600)
    elif how == "device":
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    elif how == "socket":
        s = socket.socket(socket.AF_UNIX)
        s.bind(path)
        s.close()
    elif how == "folder":
        os.mkdir(path)
    else:
        shutil.copy(was, path)
        os.chmod(path, 0o644)


def files(a):
    a.save()
    for name in ("state.key", "state.db", "state.head"):
        for how in ("link", "hard link", "FIFO", "device", "socket", "folder", "open to all"):
            if how == "open to all" and name == "state.db":
                continue  # it is closed, not refused: nothing in it can be read or is believed
            try:
                spoil(a.path(name), how)
            except (PermissionError, OSError) as e:
                print("skip  %s as a %s: %s" % (name, how, e))
                a.restore()
                continue
            start = time.time()
            code, text = a.run("changes")
            check("%s: %s" % (name, how), code == 1 and name in text and time.time() - start < 20, text)
            a.restore()
    os.chmod(a.path("state.db"), 0o666)
    a.run("changes")
    check("state.db is closed to others", os.stat(a.path("state.db")).st_mode & 0o777 == 0o600)
    os.rename(a.state, a.state + ".real")
    os.symlink(a.state + ".real", a.state)
    code, text = a.run("changes")
    check("the state folder as a link is refused", code == 1 and "link" in text, text)
    os.unlink(a.state)
    os.rename(a.state + ".real", a.state)
    for how in ("link", "FIFO", "device"):
        target = os.path.join(a.house.dir, "export-" + how.replace(" ", ""))
        open(target, "w").close()
        try:
            spoil(target, how)
        except (PermissionError, OSError) as e:
            print("skip  export to a %s: %s" % (how, e))
            continue
        code, text = a.run("export", "--out", target)
        check("export to a %s is refused" % how, code == 1 and not stat.S_ISREG(os.lstat(target).st_mode), text)
    target = os.path.join(a.house.dir, "export.yaml")
    code, text = a.run("export", "--out", target)
    check("an export is 0600", code == 0 and os.stat(target).st_mode & 0o777 == 0o600, text)


def approver(a, name, token):
    return {"name": name, "sha256": hashlib.sha256(token.encode()).hexdigest()}


def write_config(a, name, mode, approvers):
    path = os.path.join(a.house.dir, name)
    lines = ["mode: " + mode]
    if approvers:
        lines += ["http:", "  approvers:"]
        lines += ["    - {name: %s, sha256: %s}" % (x["name"], x["sha256"]) for x in approvers]
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    return path


def pins(a):
    ann, eve = approver(a, "ann", "token-of-ann-123456"), approver(a, "eve", "token-of-eve-123456")
    ours, theirs = write_config(a, "ours.yaml", "approve", [ann]), write_config(a, "theirs.yaml", "approve", [eve])
    auto = write_config(a, "auto.yaml", "auto", [])
    code, text = a.run("state", "pin", "--mode", "approve")
    check("a pin is not set from a pipe", code == 5 and "none:" in a.run("state", "show")[1], text)
    a.house.env.pop("HIGRESS_OPS_MODE")
    a.house.env["HIGRESS_OPS_CONFIG"] = ours
    a.house.serve()
    check("a server with approvers pins its mode and them",
          "mode approve" in a.run("state", "show")[1] and "ann" in a.run("state", "show")[1], a.run("state", "show")[1])
    for name, args, env in (("a flag", ["--mode", "auto"], {}), ("a variable", [], {"HIGRESS_OPS_MODE": "auto"}),
                            ("a file", ["--config", auto], {})):
        before = a.house.env
        a.house.env = {**before, **env}
        seen = a.propose("weak.example", *args)
        a.house.env = before
        check("a weaker process by %s is refused by name" % name,
              isinstance(seen, tuple) and "pinned to mode approve" in seen[1] and not a.there("weak.example"), seen)
        code, text = a.run("changes", *args, env=env)
        check("… and may read", code == 0 and a.x in text, text)
    a.house.env["HIGRESS_OPS_CONFIG"] = theirs
    seen = a.propose("weak.example")
    check("other approvers are refused by name", isinstance(seen, tuple) and "'eve'" in seen[1], seen)
    code, screen = a.house.person(["approve", a.x], "yes")
    check("… for a decision too", code == 5 and not a.there("x.example"), screen)
    a.house.env["HIGRESS_OPS_CONFIG"] = ours
    code, screen = a.house.person(["state", "pin", "--config", theirs], "no")
    check("a person who says no changes no pin", code == 5 and "eve" not in a.run("state", "show")[1], screen)
    server = a.house.processes[-1]
    server.terminate()
    server.wait(15)
    for name, statement in (("edited", "UPDATE settings SET value = replace(value, 'approve\"', 'auto\"') WHERE name = 'pin'"),
                            ("deleted", "DELETE FROM settings WHERE name = 'pin'")):
        a.save()
        a.sql(statement)
        seen = a.propose("weak.example", "--mode", "auto")
        check("a pin that was %s is noticed" % name, isinstance(seen, tuple) and "settings" in seen[1], seen)
        a.restore()


def passphrases(a):
    a.save()
    code, screen = a.house.types(["state", "passphrase"], "yes", "correct horse", "correct horse")
    check("a passphrase is set at a terminal", code == 0 and "asked at a terminal" in screen, screen)
    check("… which does not show it", "correct horse" not in screen, screen)
    code, screen = a.house.types(["approve", a.x], "yes", "wrong one")
    check("script with a wrong one decides nothing", code == 5 and "wrong" in screen and not a.there("x.example"), screen)
    code, screen = a.house.types(["state", "unpin"], "yes", "wrong one")
    check("… and changes no pin", code == 5, screen)
    check("… and is audited", "wrong passphrase" in a.lines(), a.lines())
    code, screen = a.house.types(["approve", a.x], "yes", "correct horse")
    check("the right one decides", code == 0 and a.there("x.example"), screen)
    raw = open(a.path("state.db"), "rb").read()
    check("it is not in the file", b"correct horse" not in raw)


def names(a):
    z = a.propose("z.example")
    forged = {"SUDO_USER": "ann\n{\"who\":\"page\"} policy", "SUDO_UID": "0"}
    old = a.house.env
    a.house.env = {**old, **forged}
    code, screen = a.house.person(["reject", z], "yes")
    a.house.env = old
    who = a.decided(z)
    check("a forged SUDO_USER is not recorded", code == 0 and "ann" not in who and "policy" not in who and "uid" in who, who)
    z = a.propose("zz.example")
    a.house.env = {**old, "SUDO_USER": "nobody", "SUDO_UID": "0"}
    a.house.person(["reject", z], "yes")
    a.house.env = old
    check("a SUDO_USER that does not fit its uid is not recorded", "nobody" not in a.decided(z), a.decided(z))


Attack.lines = lambda a: "\n".join(str(r) for r in sqlite3.connect(a.path("state.db")).execute("SELECT event, who FROM audit"))
Attack.decided = lambda a, z: str(sqlite3.connect(a.path("state.db")).execute(
    "SELECT who FROM decisions WHERE id = ?", (z,)).fetchone())


SEED = "sk-quill-\"74\"-anchor-8812"
ADDED = {"plans": ["wish", "gateway", "line", "decided", "mac"], "audit": ["mac", "tomb"], "intents": ["mac"],
         "decisions": ["strength", "plan", "rendering", "line", "mac"]}


def make_old(a, details):
    """The state as the first release kept it: its schema, its chain, its anchor; details: of its lines, by event."""
    db = sqlite3.connect(a.path("state.db"))
    for index in db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall():
        db.execute("DROP INDEX " + index[0])
    for table, columns in ADDED.items():
        for column in columns:
            db.execute("ALTER TABLE %s DROP COLUMN %s" % (table, column))
    db.execute("DROP TABLE settings")
    db.execute("DROP TABLE touches")
    for table in ("segments", "places", "watched", "outside", "cards", "alerts", "incidents", "facts"):
        db.execute("DROP TABLE %s" % table)
    before, names = "", ("seq", "at", "event", "id", "who", "channel", "detail")
    for row in db.execute("SELECT %s FROM audit ORDER BY seq" % ", ".join(names)).fetchall():
        line = dict(zip(names, row))
        line["detail"] = details.get(line["event"], line["detail"])
        text = json.dumps({**line, "before": before}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256(text.encode()).hexdigest()
        db.execute("UPDATE audit SET detail = ?, hash = ? WHERE seq = ?", (line["detail"], before, line["seq"]))
        last = line["seq"]
    with open(a.path("state.key"), "rb") as f:
        seal = hmac.new(f.read(), ("%d %s" % (last, before)).encode(), hashlib.sha256).digest()
    db.execute("UPDATE anchor SET seq = ?, seal = ?", (last, base64.urlsafe_b64encode(seal).decode().rstrip("=")))
    db.execute("PRAGMA user_version = 0")
    db.commit()
    hashes = [h for (h,) in db.execute("SELECT hash FROM audit ORDER BY seq")]
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    os.unlink(a.path("state.head"))
    return hashes


def upgrades(a):
    """A state of the first release: what it kept readable is sealed, what was not decided is void."""
    code, out, err = a.house.run(["call", "change_resource", json.dumps(
        {"kind": "ai-provider", "action": "create", "name": "quill",
         "object": {"name": "quill", "type": "openai", "tokens": [SEED]}}), "--json"])
    provider = json.loads(out)["id"] if code == 4 else None
    check("a provider with a token is proposed", provider, out + err)
    check("… and its token is in no file", not a.holds("-anchor-8812"))
    a.house.person(["reject", a.y], "yes")
    shown = json.dumps({"operations": [{"diff": ["+ tokens[0]: " + SEED]}], "warnings": [], "title": "harmless"})
    hashes = make_old(a, {"proposed": shown})
    db = sqlite3.connect(a.path("state.db"))
    db.execute("UPDATE plans SET summary = ?, state = CASE id WHEN ? THEN 'approved' ELSE state END", (shown, a.x))
    db.execute("UPDATE plans SET summary = '{\"a', title = NULL WHERE id = ?", (a.x,))
    db.commit()
    db.close()
    check("the first release kept it readable", a.holds("-anchor-8812"))
    code, text = a.run("changes", "--json")
    states = {c["id"]: c["state"] for c in json.loads(text)["changes"]} if code == 0 else text
    check("what nobody can be shown to have decided expires, what was is kept",
          states == {a.x: "expired", a.y: "rejected", provider: "expired"}, states)
    check("… and nothing is applied", not a.there("x.example"))
    check("what was readable is sealed at the start", not a.holds("-anchor-8812"))
    code, text = a.run("audit", "verify", "--head", "%d:%s" % (len(hashes), hashes[-1]))
    check("the chain is whole, and an anchor from before it fits", code == 0, text)
    now = [h for (h,) in sqlite3.connect(a.path("state.db")).execute("SELECT hash FROM audit ORDER BY seq")]
    check("every old line keeps its hash", now[:len(hashes)] == hashes)
    code, text = a.run("audit", "scrub")
    check("audit scrub says what there is", code == 0 and "tombstone" in text, text)


def holds(a, text):
    for root, _, names in os.walk(a.state):
        for name in names:
            with open(os.path.join(root, name), "rb") as f:
                if text.encode() in f.read():
                    return True
    return False


Attack.holds = holds


def cores():
    p = subprocess.Popen([houses.BINARY, "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    with open("/proc/%d/limits" % p.pid) as f:
        core = [line.split()[4] for line in f if line.startswith("Max core")]
    check("a process leaves no core", core == ["0"], core)
    check("… and belongs to nobody who looks into it", os.stat("/proc/%d/environ" % p.pid).st_uid == 0)
    p.stdin.close()
    p.wait(10)


def many_at_the_start():
    """Several processes make one state at once: each of them can work with it."""
    said = []
    for _ in range(25):
        with tempfile.TemporaryDirectory() as folder:
            env = dict(os.environ, HIGRESS_OPS_STATE=os.path.join(folder, "state"), HIGRESS_OPS_URL="http://127.0.0.1:1")
            runs = [subprocess.Popen([houses.BINARY, "call", "list_changes"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                     text=True) for _ in range(4)]
            said += [err for p in runs for err in [p.communicate()[1]] if p.returncode]
    check("a state that four processes make at once is good for each", not said, said[:3])


def main():
    many_at_the_start()
    a = Attack()
    for part in (rows, replays, files, names, pins):
        part(a)
    a.end()
    a = Attack()
    passphrases(a)
    a.end()
    a = Attack()
    upgrades(a)
    a.end()
    cores()
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)


main()
