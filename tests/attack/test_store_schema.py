"""test_store_schema.py BINARY - somebody who can write state.db and lets SQLite do the work: triggers, views, indexes,
values of another type, rows planted before ours, and the file of an earlier release put in its place. Prints what it
tried; `N passed, N failed`."""
import json
import os
import shutil
import sqlite3
import sys

os.environ["HIGRESS_OPS"] = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import client as mcp  # noqa: E402
import house as houses  # noqa: E402

FORGED = ("INSERT INTO decisions (id, at, who, channel, verdict, strength, plan, rendering) SELECT id, 9e9, 'mallory', 'page', "
          "'approved', 'person', digest, 'r' FROM plans WHERE id = :x")


def holds(truth, words):
    if not truth:
        raise AssertionError(words)


class Attack(houses.House):
    """A console, a state with two pending changes, and the hand that is not ours."""

    def __init__(self, mode="approve"):
        super().__init__(mode)
        self.state = os.path.join(self.dir, "state")
        self.x, self.y = self.propose("x.example"), self.propose("y.example")

    def propose(self, name):
        code, out, err = self.run(["call", "change_resource", json.dumps(
            {"kind": "domain", "action": "create", "name": name, "object": {"name": name, "enableHttps": "off"}}), "--json"])
        holds(code in (0, 4), out + err)
        return json.loads(out)["id"]

    def path(self, name):
        return os.path.join(self.state, name)

    def sql(self, *statements):
        db = sqlite3.connect(self.path("state.db"))
        for s in statements:
            db.execute(s, {k: getattr(self, k) for k in "xy" if ":" + k in s})
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def rows(self, query):
        db = sqlite3.connect(self.path("state.db"))
        got = db.execute(query, {k: getattr(self, k) for k in "xy" if ":" + k in query}).fetchall()
        db.close()
        return got

    def say(self, *args):
        code, out, err = self.run(list(args))
        return code, out + err

    def there(self, name):
        return self.api("GET", "/v1/domains/" + name)[0] == 200

    def apply(self):
        return self.say("call", "apply_change", json.dumps({"id": self.x}))

    def keep(self):
        """Copies the state as it is now; gives back what puts it back."""
        copy = self.dir + "/kept"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.state, copy)

        def back():
            shutil.rmtree(self.state)
            shutil.copytree(copy, self.state)
        return back


def nothing_done(a):
    """Whatever is tried now, x is not written, and somebody notices."""
    code, text = a.apply()
    said = text + a.say("changes", a.x)[1]
    verify, why = a.say("audit", "verify")
    holds(not a.there("x.example"), "x was written: " + text)
    holds("Sanitizer" not in said + why, said + why)
    holds(verify == 1, "audit verify says: " + why)
    return said + why


PLANTED = {
    "a trigger that approves when a row is signed":
        ["CREATE TRIGGER t AFTER UPDATE OF line ON plans WHEN NEW.state = 'rejected' BEGIN UPDATE plans SET "
         "state = 'approved', expires = 9e9 WHERE id = NEW.id; END"],
    "a trigger that turns a no into a yes":
        ["CREATE TRIGGER t AFTER INSERT ON decisions BEGIN UPDATE decisions SET verdict = 'approved', strength = 'person' "
         "WHERE rowid = NEW.rowid; END",
         "CREATE TRIGGER u AFTER UPDATE OF line ON plans WHEN NEW.state = 'rejected' BEGIN UPDATE plans SET "
         "state = 'approved', expires = 9e9 WHERE id = NEW.id; END"],
    "a trigger on the audit":
        ["CREATE TRIGGER t BEFORE INSERT ON audit BEGIN UPDATE plans SET title = 'harmless'; END"],
    "a trigger that waits for a proposal":
        ["CREATE TRIGGER t AFTER INSERT ON plans BEGIN UPDATE plans SET title = 'harmless' WHERE id = NEW.id; END"],
    "a view in the place of the settings":
        ["ALTER TABLE settings RENAME TO kept", "CREATE VIEW settings AS SELECT * FROM kept WHERE name <> 'pin'"],
    "an index that takes settings away":
        ["CREATE UNIQUE INDEX one ON settings((1))"],
    "a column that has a default of its own":
        ["ALTER TABLE plans ADD COLUMN more TEXT DEFAULT 'x'"],
    "a column that is computed":
        ["ALTER TABLE decisions ADD COLUMN rowid TEXT GENERATED ALWAYS AS ('1') VIRTUAL"],
}


def check_what_is_planted_in_the_schema_signs_nothing(a):
    for name, statements in PLANTED.items():
        back = a.keep()
        a.sql(*statements)
        code, screen = a.person(["reject", a.x], "yes")
        holds(code != 0 and "schema" in screen, "%s: %s" % (name, screen))
        code, out, err = a.run(["call", "change_resource", json.dumps(
            {"kind": "domain", "action": "create", "name": "z.example", "object": {"name": "z.example", "enableHttps": "off"}})])
        holds(code not in (0, 4) and "schema" in out + err, "%s: %s" % (name, out + err))
        holds("schema" in nothing_done(a), name)
        back()
    holds(a.say("audit", "verify")[0] == 0, "put back, all is whole")


def check_a_trigger_planted_beside_a_running_server(a):
    c = mcp.StdioClient([houses.BINARY, "stdio"], a.env, "2025-11-25", "decline")
    a.clients.append(c)
    c.open()
    arguments = {"kind": "domain", "action": "create", "name": "w.example", "object": {"name": "w.example", "enableHttps": "off"}}
    c.call("change_resource", {**arguments, "dry_run": True})
    a.sql(*PLANTED["a trigger that turns a no into a yes"])
    result = c.call("change_resource", arguments)
    holds("schema" in json.dumps(result), str(result)[:400])
    holds(not a.there("w.example"), "written")
    c.close()
    nothing_done(a)


def check_a_decision_planted_before_ours_is_not_signed(a):
    a.sql(FORGED)
    code, screen = a.person(["reject", a.x], "yes")
    shown = a.say("changes", a.x, "--json")[1]
    holds('"verdict":"approved"' not in shown.replace(" ", "") and "mallory" not in shown, shown)
    holds(a.rows("SELECT count(*) FROM decisions WHERE id = :x AND who = 'mallory' AND mac IS NOT NULL") == [(0,)], "signed")
    nothing_done(a)


ODD = {
    "a time that is a text": ["UPDATE plans SET expires = (CAST(CAST(expires AS INTEGER) AS TEXT) || 'x') WHERE id = :x"],
    "a state that is a blob": ["UPDATE plans SET state = CAST(state AS BLOB) WHERE id = :x"],
    "a wish with an end of its own": ["UPDATE plans SET wish = CAST(CAST(wish AS BLOB) || x'0041' AS TEXT) WHERE id = :x"],
    "an owner that is a blob": ["UPDATE plans SET who = CAST(who AS BLOB) WHERE id = :x"],
    "a line whose id is a blob": ["UPDATE audit SET id = CAST(id AS BLOB) WHERE id = :x"],
    "a line whose id has an end of its own": ["UPDATE audit SET id = CAST(CAST(id AS BLOB) || x'0041' AS TEXT) WHERE id = :x"],
    "a setting that is a blob": ["UPDATE settings SET value = CAST(value AS BLOB)"],
    "a setting under a name that is a blob": ["UPDATE settings SET name = CAST(name AS BLOB)"],
    "a seq out of all bounds": ["INSERT INTO audit (seq, hash) VALUES (9223372036854775807, 'x')"],
    "a line number out of all bounds": ["UPDATE plans SET line = 9e300 WHERE id = :x"],
}


def check_values_of_another_type_fit_no_mac(a):
    for name, statements in ODD.items():
        back = a.keep()
        try:
            a.sql(*statements)
            code, screen = a.person(["approve", a.x], "yes")
            holds(not a.there("x.example") and "Sanitizer" not in screen, screen)
            nothing_done(a)
        except AssertionError as e:
            raise AssertionError("%s: %s" % (name, e))
        finally:
            back()


def check_a_line_of_the_audit_that_is_made_up_or_edited_is_not_shown(a):
    for name, statement in {"before the first": "INSERT INTO audit (seq, event, hash) VALUES (0, 'forged', 'x')",
                            "after the last": "INSERT INTO audit (event, hash) VALUES ('forged', 'x')",
                            "in the middle": "UPDATE audit SET event = 'forged' WHERE id = :x"}.items():
        back = a.keep()
        a.sql(statement)
        holds(a.say("audit", "verify")[0] == 1, name)
        c = mcp.StdioClient([houses.BINARY, "stdio"], a.env, "2025-11-25", "none")
        a.clients.append(c)
        c.open()
        try:
            text = json.dumps(c.request("resources/read", {"uri": "higress://audit"}))
        except mcp.RpcError as e:
            text = json.dumps(e.error)
        holds("forged" not in text and "audit" in text and "line" in text, "%s: %s" % (name, text[:400]))
        c.close()
        back()


def check_a_rejected_wish_whose_row_is_gone_or_hidden(a):
    code, screen = a.person(["reject", a.x], "yes")
    holds(code == 0, screen)
    back = a.keep()
    for name, statement in {
        "deleted": "DELETE FROM plans WHERE id = :x",
        "of another state": "UPDATE plans SET state = 'expired' WHERE id = :x",
        "of another wish": "UPDATE plans SET wish = 'w' WHERE id = :x",
        "of a blob": "UPDATE plans SET wish = CAST(wish AS BLOB) WHERE id = :x",
        "without its decision": "DELETE FROM decisions WHERE id = :x",
    }.items():
        a.sql(statement)
        c = mcp.StdioClient([houses.BINARY, "stdio"], a.env, "2025-11-25", "accept")
        a.clients.append(c)
        c.open()
        result = c.call("change_resource", {"kind": "domain", "action": "create", "name": "x.example",
                                            "object": {"name": "x.example", "enableHttps": "off"}})
        holds(not c.asked and not a.there("x.example"), "%s: %s" % (name, str(result)[:300]))
        c.close()
        back()


def check_an_older_row_with_its_newer_lines_hidden(a):
    """What was approved once is not approved again, also where an index does not show the newer lines."""
    before = a.rows("SELECT * FROM plans WHERE id = :x")[0]
    code, screen = a.person(["reject", a.x], "yes")
    holds(code == 0, screen)
    db = sqlite3.connect(a.path("state.db"))
    db.execute("DELETE FROM plans WHERE id = ?", (a.x,))
    db.execute("INSERT INTO plans VALUES (%s)" % ", ".join("?" * len(before)), before)
    db.commit()
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_id'").fetchone()
    last = db.execute("SELECT max(seq) FROM audit").fetchone()[0]
    db.execute("PRAGMA writable_schema = ON")  # an index without the newest line, under the definition of ours
    db.execute("DROP INDEX audit_id")
    db.execute(sql + " WHERE seq < %d" % last)
    db.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'audit_id'", (sql,))
    db.commit()
    db.close()
    code, screen = a.person(["approve", a.x], "yes")
    holds(code != 0 and not a.there("x.example"), screen)
    nothing_done(a)


OLD = {"plans": ["wish", "gateway", "line", "decided", "mac"], "audit": ["mac", "tomb"], "intents": ["mac"],
       "decisions": ["strength", "plan", "rendering", "line", "mac"]}


def downgrade(a):
    """The file as one of the first release, and no head: what is in it could be from before MACs."""
    db = sqlite3.connect(a.path("state.db"))
    for (index,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall():
        db.execute("DROP INDEX " + index)
    for table, columns in OLD.items():
        for column in columns:
            db.execute("ALTER TABLE %s DROP COLUMN %s" % (table, column))
    db.execute("DROP TABLE settings")
    db.execute("DROP TABLE touches")
    for table in ("segments", "places", "watched", "outside", "cards", "alerts", "incidents", "facts"):
        db.execute("DROP TABLE %s" % table)
    db.execute("PRAGMA user_version = 0")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    os.unlink(a.path("state.head"))


def check_a_state_made_to_look_like_one_of_the_first_release(a):
    """The way round pins, passphrases and rejections."""
    a.person(["reject", a.y], "yes")
    back = a.keep()
    for more in ((), ("DELETE FROM audit", "DELETE FROM anchor"), ("DELETE FROM plans WHERE id = :y",)):
        downgrade(a)
        a.sql(*more)
        code, text = a.say("changes")
        holds(code == 1 and "first release" in text, "%s: %s" % (more, text))
        holds(not a.there("x.example"), "written")
        back()
    for version in (1, 6, -1):
        a.sql("PRAGMA user_version = %d" % version)
        code, text = a.say("changes")
        holds(code == 1 and "version" in text, text)
        back()


def check_an_older_copy_of_the_whole_folder_beside_a_running_server(a):
    """Head and all: the server has seen more."""
    c = mcp.StdioClient([houses.BINARY, "stdio"], a.env, "2025-11-25", "none")
    a.clients.append(c)
    c.open()
    c.call("list_changes", {})
    back = a.keep()
    a.person(["reject", a.x], "yes")
    c.call("get_change", {"id": a.x})
    back()
    result = c.call("apply_change", {"id": a.x})
    holds(result.get("isError"), str(result)[:400])
    c.close()


def check_the_files_beside_state_db_are_ours_too(a):
    victim = os.path.join(a.dir, "victim")
    for name in ("state.db-wal", "state.db-shm", "state.db-journal"):
        for how in ("link", "fifo", "hard link"):
            back = a.keep()
            with open(victim, "w") as f:
                f.write("precious")
            if os.path.exists(a.path(name)):
                os.unlink(a.path(name))
            if how == "link":
                os.symlink(victim, a.path(name))
            elif how == "fifo":
                os.mkfifo(a.path(name), 0o600)
            else:
                os.link(victim, a.path(name))
            code, text = a.say("changes")
            holds(code == 1 and name in text, "%s as a %s: %s" % (name, how, text))
            with open(victim) as f:
                holds(f.read() == "precious", "written to through a " + how)
            back()


if __name__ == "__main__":
    sys.exit(houses.run_each(globals(), lambda check: Attack(), "".join(sys.argv[2:3])))
