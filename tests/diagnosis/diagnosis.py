#!/usr/bin/env python3
"""diagnosis.py - does `diagnose` name what is broken?

For each case of ../shared/recordings/envoy/README.md: lets provoke.py break a real Envoy and hold
it up, asks `higress-ops call diagnose` (Envoy's admin interface and access log, no console), and
compares the first verdict with the table. The required cases must be right; the others are
counted. Then the faults of our own (faults.py), each of which must be right in all that it says.
The last line is `N passed, N failed[, N skipped]`.

usage: diagnosis.py [CASE ...]
"""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "routing"))
import envoy
import faults

FOLDER = envoy.ROOT + "/../shared/recordings/envoy"
ADMIN = "http://127.0.0.1:15900"
REQUIRED = """healthy refused one-of-two-dead all-dead-health-checked health-check-path-wrong ejected
route-timeout closes-before-answer tls-to-plain tls-expired overflow upstream-503 one-bad-endpoint
no-route no-cluster dns-failure rate-limited rejected-update""".split()


def read_table():
    rows = []
    with open(FOLDER + "/README.md") as f:
        for line in f:
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if len(cells) == 4 and re.fullmatch(r"[A-Z0-9_]+", cells[2]):
                rows.append((cells[0], cells[2]))
    return rows


def lives(group):
    """Does a process of that group still run?"""
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                state, _, member = f.read().rsplit(")", 1)[1].split()[:3]
        except OSError:
            continue
        if int(member) == group and state not in "ZX":
            return True
    return False


class Broken:
    """A case of provoke.py, held up until stop()."""

    def __init__(self, case, executable, program=FOLDER + "/provoke.py"):
        self.folder = tempfile.mkdtemp(prefix="diagnosis-")
        self.process = subprocess.Popen(
            [sys.executable, program, "--envoy", executable, "--keep", "120", case],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
            env=dict(os.environ, TMPDIR=self.folder, PYTHONDONTWRITEBYTECODE="1"))
        self.line = self.process.stdout.readline().strip()
        self.up = self.line.startswith(case + " ") and " FAILED " not in self.line

    def access_log(self):
        found = glob.glob(self.folder + "/*/access.log")
        return found[0] if found else None

    def stop(self):
        # an interrupt, so that its own cleaning up runs; the whole group, so that nothing stays
        for number in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        self.process.wait()
        for _ in range(200):  # the next Envoy binds what this one held
            if not lives(self.process.pid):
                break
            time.sleep(0.05)
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def ask(broken, state, arguments):
    """The answer's structure, or None and why."""
    command = [envoy.program(), "call", "diagnose", json.dumps(arguments), "--json", "--envoy-admin", ADMIN,
               "--state", state]
    log = broken.access_log()
    if log:
        command += ["--access-log", log]
    try:
        got = subprocess.run(command, capture_output=True, text=True, timeout=60,
                             stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None, "no answer within 60 s"
    try:
        answer = json.loads(got.stdout)
        answer = answer.get("structuredContent", answer)
        return answer if answer["verdicts"] else None, got.stdout
    except (ValueError, KeyError, TypeError):
        return None, (got.stdout + got.stderr).strip()[:300]


def diagnose(broken, state):
    """First verdict's code, and the rest for a person; or None and why."""
    answer, why = ask(broken, state, {})
    codes = [v["code"] for v in answer["verdicts"]] if answer else []
    return (codes[0], ", ".join(codes)) if codes else (None, why)


def check_own(case, executable, state):
    """All that is wrong with the answer about a fault of our own; [] is right."""
    broken = Broken(case["case"], executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "faults.py"))
    try:
        if not broken.up:
            return ["the case did not come up: " + broken.line]
        answer, why = ask(broken, state, case["arguments"])
        if not answer:
            return [why]
        first, wrong = answer["verdicts"][0], []
        codes = [v["code"] for v in answer["verdicts"]]
        if first["code"] != case["verdict"]:
            wrong.append("%s, wanted %s first" % (codes, case["verdict"]))
        if not any(case["says"] in value for _, value in first["evidence"]) and case["says"]:
            wrong.append("'%s' is not said: %s" % (case["says"], first["evidence"]))
        if case["only"] and len(codes) != case["only"]:
            wrong.append("%d verdicts, wanted %d: %s" % (len(codes), case["only"], codes))
        for line in ("noise", "elsewhere", "history"):
            if case.get(line) and case[line] not in str(answer.get(line)):
                wrong.append("%s is %s, wanted %s" % (line, answer.get(line), case[line]))
        return wrong
    finally:
        broken.stop()


def run_own(cases, executable):
    """(right, all)"""
    state, right = tempfile.mkdtemp(prefix="diagnosis-state-"), 0
    for case in cases:
        wrong = check_own(case, executable, state)
        right += not wrong
        for line in wrong:
            print("FAIL %s: %s" % (case["case"], line), flush=True)
    shutil.rmtree(state, ignore_errors=True)
    print("diagnosis: %d of %d faults of our own are told right" % (right, len(cases)))
    return right, len(cases)


def check(case, verdict, executable, state):
    broken = Broken(case, executable)
    try:
        if not broken.up:
            return False, "the case did not come up: " + broken.line
        code, more = diagnose(broken, state)
        return code == verdict, "%s first, wanted %s (%s)" % (code, verdict, more)
    finally:
        broken.stop()


def run(rows, executable):
    right, wrong_required = 0, 0
    state = tempfile.mkdtemp(prefix="diagnosis-state-")
    for case, verdict in rows:
        good, line = check(case, verdict, executable, state)
        needed = case in REQUIRED
        right += good
        wrong_required += needed and not good
        if not good:
            print("%s %s: %s" % ("FAIL" if needed else "not yet", case, line), flush=True)
    shutil.rmtree(state, ignore_errors=True)
    needed = sum(case in REQUIRED for case, _ in rows)
    print("diagnosis: %d of %d cases are named right, %d of the %d required ones" % (
        right, len(rows), needed - wrong_required, needed))
    return needed - wrong_required, needed


def main():
    if not os.path.exists(FOLDER + "/provoke.py"):
        print("diagnosis: the recordings are not here")
        print("0 passed, 0 failed, %d skipped" % len(REQUIRED))
        return 0
    executable = envoy.binary()
    if not executable:
        print("diagnosis: no Envoy")
        print("0 passed, 0 failed, %d skipped" % len(REQUIRED))
        return 0
    rows = read_table()
    missing = set(REQUIRED) - {case for case, _ in rows}
    if missing:
        raise SystemExit("cases that the table lacks: " + ", ".join(sorted(missing)))
    own = list(faults.cases(faults.load()))
    if len(sys.argv) > 1:
        rows = [row for row in rows if row[0] in sys.argv[1:]]
        own = [case for case in own if case["case"] in sys.argv[1:]]
    counts = [run(rows, executable)] if rows else []
    counts += [run_own(own, executable)] if own else []
    passed, wanted = sum(c[0] for c in counts), sum(c[1] for c in counts)
    print("%d passed, %d failed" % (passed, wanted - passed))
    return passed < wanted


if __name__ == "__main__":
    sys.exit(main())
