"""switches.py - the switches of `higress-ops console` as a user has them: --plugins and --strict-console."""
import os
import subprocess
import sys
import tempfile
import urllib.error

import plugins

PLUGIN = """name: {name}
title: Mine
description: My own plugin.
category: custom
phase: {phase}
priority: 5
version: 3.2.1
imageVersion: 3.2.1
image: oci://registry.example/mine
schema:
  type: object
  properties:
    a:
      type: integer
      default: 4
"""


def refused(*arguments):
    """(exit code, what it says) of a console that must not start."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([plugins.PROGRAM, "console", "--data", folder, "--listen", "127.0.0.1:0", *arguments],
                              capture_output=True, text=True, timeout=20)
        return done.returncode, done.stderr


def status_of(console, path):
    try:
        console.call("GET", path)
    except urllib.error.HTTPError as e:
        return e.code
    return 200


def with_console(check, *arguments):
    console = plugins.Console(*arguments)
    try:
        return check(console)
    finally:
        console.stop()


def own_plugin(folder):
    with open(os.path.join(folder, "mine.yaml"), "w") as f:
        f.write(PLUGIN.format(name="mine", phase="STATS"))
    with open(os.path.join(folder, "cors.yaml"), "w") as f:
        f.write(PLUGIN.format(name="cors", phase="AUTHZ"))

    def check(console):
        listed = {p["name"]: p for p in console.call("GET", "/v1/wasm-plugins")["data"]}
        schema = console.call("GET", "/v1/wasm-plugins/mine/config")["data"]["schema"]["jsonSchema"]
        return (len(listed) == 53 and listed["mine"]["imageRepository"] == "oci://registry.example/mine"
                and listed["cors"]["pluginVersion"] == "3.2.1" and listed["key-auth"]["pluginVersion"] == "1.0.0"
                and schema["properties"]["a"]["default"] == 4)
    return with_console(check, "--plugins", folder)


def bad_plugin(folder):
    with open(os.path.join(folder, "bad.yaml"), "w") as f:
        f.write(PLUGIN.format(name="bad", phase="SOON"))
    code, said = refused("--plugins", folder)
    return code == 1 and "bad.yaml line 5: 'phase'" in said


def strict():
    path = "/v1/mcpServer/nobody"
    return (with_console(lambda c: status_of(c, path)) == 502
            and with_console(lambda c: status_of(c, path), "--strict-console=on") == 502
            and with_console(lambda c: status_of(c, path), "--strict-console=off") == 404
            and refused("--strict-console=maybe")[0] == 2)


def seeded_folder():
    """A folder as standalone leaves it: settings that say nothing of a default route, and no Ingress."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "configmaps"))
        with open(os.path.join(folder, "configmaps", "higress-console.yaml"), "w") as f:
            f.write("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: higress-console\n  namespace: higress-system\n"
                    "data:\n  mode: standalone\n  system.initialized: \"false\"\n")
        made = ("ingresses/default.yaml", "secrets/default.yaml", "configmaps/domain-higress-default-domain.yaml")
        start_and_stop(folder)
        if not all(os.path.exists(os.path.join(folder, name)) for name in made):
            return False
        os.remove(os.path.join(folder, made[0]))
        start_and_stop(folder)  # whoever deletes the route does not get it back
        with open(os.path.join(folder, "configmaps", "higress-console.yaml")) as f:
            text = f.read()
        return 'route.default.initialized: "true"' in text and not os.path.exists(os.path.join(folder, made[0]))


def start_and_stop(folder):
    process = subprocess.Popen([plugins.PROGRAM, "console", "--data", folder, "--listen", "127.0.0.1:0"],
                               stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.terminate()
    process.wait()


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        checks = [("own plugins replace and add", lambda: own_plugin(one)),
                  ("a bad plugin file is named with its line", lambda: bad_plugin(two)),
                  ("strict is the default and can be switched off", strict),
                  ("a seeded folder gets its default route, once", seeded_folder)]
        for name, check in checks:
            good = check()
            failed += not good
            print(f"{'ok' if good else 'FAILED'}: {name}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
