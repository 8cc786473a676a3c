"""mcp.py DIR - writes docs/mcp.md: the tables from server/mcp/method.c and era.c, then tests/golden/mcp-notes.md."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FEATURES = (("completions", "`completion/complete` and its capability"), ("annotations", "annotations of tools"),
            ("titles", "`title` beside `name`"), ("structured", "`outputSchema` and `structuredContent`"),
            ("elicits", "asking the person (elicitation)"), ("form_mode", "elicitation names its mode"),
            ("batches", "batches are accepted"),
            ("primes", "a stream begins with an empty event"), ("step_texts", "progress says what it is about"), ("links", "`resource_link` blocks"),
            ("modern", "stateless: `_meta` in every request, no sessions"))


def source(name):
    with open(os.path.join(ROOT, "server/mcp", name)) as f:
        return f.read()


bits = {k: int(v) for k, v in re.findall(r"(ERA_\w+) = (\d+)", source("era.h"))}
eras = []
for row in re.findall(r"\{ (\.version = .*?) \},\n", source("era.c"), re.S):
    members = dict(re.findall(r"\.(\w+) = ([^,}\s]+)", row))
    eras.append((members["version"].strip('"'), bits[members["bit"]], members))
newest = eras[::-1]
rows = re.findall(r'^    \{ "([^"]+)",\s*([^.]*?), (?:\.later|\.run)', source("method.c"), re.M)
if len(rows) < 10 or len(eras) < 3:
    sys.exit("the tables of method.c or era.c are written otherwise than mcp.py expects")


def table(out, head, lines):
    out.write("\n| %s | %s |\n|%s\n" % (head, " | ".join(e[0] for e in newest), "---|" * (len(newest) + 1)))
    for name, has in lines:
        out.write("| %s | %s |\n" % (name, " | ".join("yes" if has(e) else "–" for e in newest)))


def mask(expression):
    return eval(re.sub(r"ERA_\w+", lambda m: str(bits[m.group()]), expression), {"__builtins__": {}})


with open(sys.argv[1] + "/mcp.md", "w") as out:
    out.write("# What of MCP is supported\n\nThe tables are generated from the method and revision tables of `server/mcp`, "
              "the rest from\n`tests/golden/mcp-notes.md` (`UPDATE=1 make test PART=golden`); do not edit.\n\n## Methods\n")
    table(out, "method", [("`%s`" % name, lambda e, m=mask(expression): e[1] & m) for name, expression in rows])
    out.write("\n## Features\n")
    table(out, "feature", [(text, lambda e, f=feature: e[2].get(f) == "true") for feature, text in FEATURES
                           if any(e[2].get(feature) for e in eras)])
    with open(os.path.join(ROOT, "tests/golden/mcp-notes.md")) as notes:
        out.write("\n" + notes.read())
