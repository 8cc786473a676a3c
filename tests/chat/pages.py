"""pages.py - every configuration text of docs/chatops is one that the program takes: each `chat:` block, and each `keys:` block in
the place of the first one's; and each key and id that a platform takes stands on its page. `N passed, N failed`."""
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("HIGRESS_OPS", os.path.join(ROOT, "build/gcc-san/higress-ops"))
HEAD = "gateway: {url: 'http://127.0.0.1:9', password: {env: CONSOLE_PASSWORD}}\nlisten: 127.0.0.1:8470\n"


def texts_of(page):
    """The configurations of a page, whole."""
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.S)
    whole = [b for b in blocks if re.search(r"^chat:", b, re.M)]
    parts = [b for b in blocks if re.match(r"\s+keys:", b)]
    return whole + [re.sub(r" +keys:\n( {6}.*\n)+", lambda m: p, w) for w in whole for p in parts]


def wrong_with(text, folder):
    platform, tenant = re.search(r"platform: (\w+)", text).group(1), re.search(r"tenants: \[([^],]+)", text).group(1)
    if "people:" not in text:
        text = HEAD + "people: [{name: ada, roles: [approver], chat: ['%s:%s/u1']}]\n" % (platform, tenant) + text
    path = os.path.join(folder, "config.yaml")
    with open(path, "w") as f:
        f.write(text)
    env = {name: "value-of-" + name for name in re.findall(r"\{env: (\w+)\}", text)}
    done = subprocess.run([PROGRAM, "check", "--config", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, **env), text=True, timeout=60)
    return None if done.returncode == 0 else "exit code %d: %s" % (done.returncode, done.stdout)


def untold(platform, names, page):
    """Keys and ids of the platform's row of config_chat.c that its page does not name."""
    return [n for n in names if not re.search(r"\b(keys|ids)\.%s\b|\b%s: |`%s`" % (n, n, n), page)]


def rows():
    """(platform, the names of its keys and ids)"""
    with open(os.path.join(ROOT, "server/config/config_chat.c")) as f:
        table = re.search(r"\} platforms\[\] = \{\n(.*?)\n\};", f.read(), re.S).group(1)
    return [(p, (keys + "|" + ids).split("|")) for p, keys, ids in re.findall(r'\{ "(\w+)", "([^"]*)", "([^"]*)",', table)]


def main():
    passed = failed = 0
    for platform, names in rows():
        with open(os.path.join(ROOT, "docs/chatops", platform + ".md")) as f:
            page = f.read()
        wrong = untold(platform, names, page)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong:
            print("FAIL %s.md does not tell of %s" % (platform, ", ".join(wrong)))
    if len(rows()) != 6:
        failed += 1
        print("FAIL %d platforms, not six" % len(rows()))
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(glob.glob(os.path.join(ROOT, "docs/chatops/*.md"))):
            texts = texts_of(open(path).read())
            for i, text in enumerate(texts or [""]):
                wrong = wrong_with(text, folder) if text else "no configuration stands there"
                passed, failed = passed + (not wrong), failed + bool(wrong)
                if wrong:
                    print("FAIL %s, configuration %d: %s\n%s" % (os.path.basename(path), i, wrong, text))
        if not wrong_with("chat: [{platform: slack, name: ops, tenants: [T1], keys: {nonsense: {env: X}}}]\n", folder):
            failed += 1
            print("FAIL a configuration that is wrong is taken")
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
