"""policy.py BUILD - the part `policy`: unit tests of the decision, and docs/policy.md: its configuration, its policy with the
cases in it, and its commands are run as they stand there. `N passed, N failed`."""
import os
import re
import subprocess
import sys
import tempfile

BUILD = sys.argv[1]
BINARY = os.path.abspath(os.path.join(BUILD, "higress-ops"))
passed = failed = 0


def count(good, name, text=""):
    global passed, failed
    passed += bool(good)
    failed += not good
    print("%s %s%s" % ("ok  " if good else "FAIL", name, "" if good else "\n" + text))


def units():
    for name in ("policy", "rules", "people", "policy_engine"):
        p = subprocess.run([os.path.join(BUILD, "test_" + name)], capture_output=True, text=True, timeout=500)
        said = re.findall(r"\[  (?:PASSED|FAILED)  \] (\d+) test", p.stdout + p.stderr)
        count(p.returncode == 0 and said, "unit tests: %s (%s)" % (name, said), (p.stdout + p.stderr)[-3000:])


def blocks(kind, page="policy"):
    with open("docs/%s.md" % page) as f:
        return re.findall(r"```\w+ %s\n(.*?)```" % kind, f.read(), re.S)


def run(folder, args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("HIGRESS_OPS")}
    env.update(HIGRESS_OPS_CONFIG=os.path.join(folder, "ops.yaml"), HIGRESS_OPS_STATE=os.path.join(folder, "state"))
    p = subprocess.run([BINARY] + args, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=60)
    return p.returncode, p.stdout + p.stderr


def page(folder):
    config, policy = blocks("config"), blocks("policy")
    count(len(config) == 1 and len(policy) == 1, "docs/policy.md has a configuration and a policy")
    for name, text in (("ops.yaml", config[0]), ("policy.yaml", policy[0])):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
        os.chmod(os.path.join(folder, name), 0o600)
    code, out = run(folder, ["check"])
    count(code == 0, "higress-ops check takes both", out)
    wanted = {"policy test policy.yaml": (0, "0 failed"), "policy show": (0, "everything else"),
              "policy explain c-0123456789ab": (1, "there is no change"),
              'freeze --reason "Black Friday" --until 3d': (5, "terminal"), "freeze --lift": (1, "not frozen")}
    for line in "".join(blocks("commands")).strip().split("\n"):
        args = [a.strip('"') for a in re.findall(r'"[^"]*"|\S+', line)][1:]
        code, out = run(folder, args)
        expected = wanted.pop(" ".join(line.split()[1:]), (None, ""))
        people = "not in the table" in out or "has the role" in out  # who runs the tests is none of the page's people
        count(code == expected[0] and (expected[1] in out or people), line, "%s: %s" % (code, out))
    count(not wanted, "every command is in docs/policy.md", str(wanted))


def security(folder):
    """docs/security.md: the configuration that it recommends is one, and says what the text says."""
    (text,) = blocks("config", "security")
    with open(os.path.join(folder, "ops.yaml"), "w") as f:
        f.write(text)
    code, out = run(folder, ["check"])
    count(code == 3 and "CONSOLE_PASSWORD" in out, "docs/security.md: a password that is not there is named", out)
    os.environ["CONSOLE_PASSWORD"] = "not-shown-to-anybody"
    code, out = run(folder, ["check"])
    count(code == 0 and "bearer tokens" in out and "https://ops.example/change" in out and "not-shown" not in out,
          "docs/security.md: its configuration is right", out)
    code, out = run(folder, ["policy", "show"])
    count(code == 0 and "alice: approver" in out and "bots: operator" in out, "docs/security.md: who may do what", out)


def cases_can_fail(folder):
    with open(os.path.join(folder, "policy.yaml")) as f:
        text = f.read()
    with open(os.path.join(folder, "wrong.yaml"), "w") as f:
        f.write(text.replace("expect: auto", "expect: deny"))
    os.chmod(os.path.join(folder, "wrong.yaml"), 0o600)
    code, out = run(folder, ["policy", "test", "wrong.yaml"])
    count(code == 1 and "1 failed" in out and "one plugin's rule at one route" in out, "a case that differs fails", out)
    with open(os.path.join(folder, "wrong.yaml"), "a") as f:
        f.write("  - {wish: {risk: change}, expects: auto}\n")
    code, out = run(folder, ["policy", "test", "wrong.yaml"])
    count(code == 1 and "expects" in out, "a misspelt case is an error", out)


units()
with tempfile.TemporaryDirectory(prefix="higress-ops-policy-") as made:
    page(made)
    cases_can_fail(made)
    security(made)
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
