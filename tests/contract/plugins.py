"""plugins.py - the plugin catalogue against the reference's tables (console-api.md, section 8).

Every row is looked up in what `higress-ops console` serves: the table of all plugins in `GET /v1/wasm-plugins`, the table
of each plugin's keys in `GET /v1/wasm-plugins/NAME/config`. Nothing may be missing, differ, or be there in addition.
"""
import ast
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

REFERENCE = "../shared/reference/console-api.md"
PROGRAM = os.environ.get("HIGRESS_OPS", "build/gcc/higress-ops")
KEY_COLUMNS = "| key | type | req | default | constraints | note |"


class Console:
    account = {"name": "a", "displayName": "A", "password": "p"}

    def __init__(self, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [PROGRAM, "console", "--data", self.folder.name, "--listen", "127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.call("POST", "/system/init", {"adminUser": self.account})

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json",
                   "Authorization": "Basic " + base64.b64encode("{name}:{password}".format(**self.account).encode()).decode()}
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method)) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def cells(line):
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def plain(cell):
    return cell.strip("`")


def catalogue(text):
    """name -> row of the table of all plugins."""
    head = text.index("| name | category | phase |")
    columns, _, *rows = text[head:text.index("\n\n", head)].split("\n")
    return {plain(cells(r)[0]): dict(zip(cells(columns), cells(r))) for r in rows}


def key_tables(text, names):
    """plugin -> {dotted key: row}."""
    tables = {}
    for part in re.split(r"^### ", text, flags=re.M)[1:]:
        name = part.split("\n", 1)[0].strip()
        if name not in names:
            continue
        body = part.split("\n## ", 1)[0].split("\n# ", 1)[0]
        tables[name] = {}
        if KEY_COLUMNS in body:
            for line in body[body.index(KEY_COLUMNS):].split("\n")[2:]:
                if not line.startswith("|"):
                    break
                row = dict(zip(cells(KEY_COLUMNS), cells(line)))
                tables[name][plain(row["key"])] = row
    return tables


def type_of(node):
    kind = node.get("type", "")
    if kind == "array":
        return f"array<{type_of(node.get('items', {}))}>"
    extra = node.get("additionalProperties")
    if kind == "object" and extra and not node.get("properties"):
        return f"map<string,{type_of(extra) if isinstance(extra, dict) and extra else 'any'}>"
    return kind


def flatten(node, path=""):
    """dotted key -> (schema node, is it required)."""
    out = {}
    for key, child in (node.get("properties") or {}).items():
        here = f"{path}{key}"
        out[here] = (child, key in (node.get("required") or []))
        below = here + "."
        while child.get("type") == "array":
            child, below = child.get("items", {}), below[:-1] + "[]."
        out.update(flatten(child, below))
    return out


def default_text(value):
    if isinstance(value, str):
        return value.replace("\n", "\\n")
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def written_default(text):
    """The reference prints lists as Python does."""
    return json.dumps(ast.literal_eval(text), ensure_ascii=False) if text.startswith("[") else text


def constraints(node):
    out = {}
    for key in ("minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "x-scope"):
        if node.get(key) is not None:
            out[key] = str(node[key])
    if node.get("enum") is not None:
        out["enum"] = ", ".join(map(str, node["enum"]))
    if node.get("type") == "array" and node.get("items", {}).get("enum") is not None:
        out["item enum"] = ", ".join(map(str, node["items"]["enum"]))
    return out


def written_constraints(cell):
    return dict(part.split(": ", 1) for part in cell.replace("`", "").split("; ") if ": " in part)


def compare_key(key, row, node, required):
    problems = []
    want = [row["type"], row["req"] == "yes", written_default(plain(row["default"]))]
    got = [type_of(node), required, default_text(node.get("default"))]
    for name, w, g in zip(("type", "required", "default"), want, got):
        if w != g:
            problems.append(f"{key}: {name} is {g!r}, not {w!r}")
    w, g = written_constraints(row["constraints"]), constraints(node)
    for name in sorted(set(w) | set(g)):
        if w.get(name) != g.get(name):
            problems.append(f"{key}: {name} is {g.get(name)!r}, not {w.get(name)!r}")
    return problems


def compare_plugin(row, listed, keys, schema):
    phase = "UNSPECIFIED_PHASE" if row["phase"] == "default" else row["phase"]
    image = listed["imageRepository"].rsplit("/", 1)[1]
    want = [row["category"], phase, int(row["priority"]), row["version"], row["image tag"], row["P"] == "P"]
    got = [listed["category"], listed["phase"], listed["priority"], listed["pluginVersion"], listed["imageVersion"],
           listed["productCovered"]]
    names = ("category", "phase", "priority", "version", "image tag", "product-covered")
    problems = [f"{n} is {g!r}, not {w!r}" for n, w, g in zip(names, want, got) if w != g]
    name = plain(row["name"])
    if image != {"json-converter": "jsonrpc-converter"}.get(name, name):
        problems.append(f"image is {image!r}")
    required = {r.strip("` ") for r in row["required"].split(",") if r.strip()}
    if required != set(schema.get("required") or []):
        problems.append(f"required is {sorted(schema.get('required') or [])}, not {sorted(required)}")
    found = flatten(schema)
    problems += [f"{k} is missing" for k in keys if k not in found]
    problems += [f"{k} is not in the reference" for k in found if k not in keys]
    for key in keys:
        if key in found:
            problems += compare_key(key, keys[key], *found[key])
    return problems


def main():
    try:
        text = open(REFERENCE, encoding="utf-8").read()
    except OSError:
        print("no reference\n0 passed, 0 failed, 52 skipped")
        return 0
    rows = catalogue(text)
    tables = key_tables(text, rows)
    console = Console()
    try:
        listed = {p["name"]: p for p in console.call("GET", "/v1/wasm-plugins")["data"]}
        failed = 0
        for name in sorted(set(rows) | set(listed)):
            if name not in rows or name not in listed:
                problems = ["is only on one side"]
            else:
                schema = console.call("GET", f"/v1/wasm-plugins/{name}/config")["data"]["schema"]["jsonSchema"]
                problems = compare_plugin(rows[name], listed[name], tables.get(name, {}), schema)
            failed += bool(problems)
            for p in problems:
                print(f"{name}: {p}")
    finally:
        console.stop()
    keys = sum(map(len, tables.values()))
    print(f"plugins: {len(rows) - failed} of {len(rows)} as the reference has them, {keys} keys")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
