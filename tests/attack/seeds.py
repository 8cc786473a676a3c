"""seeds.py - secret values of every shape that real ones have, and the texts that give one away.

A seed knows its value, where it was planted, and its core: the part of the value that is the secret (of a JWT the
signature, of `Bearer x` the x, of a PEM block its body). Whoever shows a core in any coding, or 12 characters of it, leaks.
"""
import base64
import html
import json
import random
import re
import string
import urllib.parse
import uuid

ESCAPED = re.compile(r"%[0-9A-F]{2}|\\+u[0-9a-f]{4}|&#?\w+;|\W")
ALNUM = string.ascii_letters + string.digits
PART = 12   # so many characters of a core in a row are a leak
LONG = 400  # longer cores are looked for in steps

rnd = random.Random(20261129)


def letters(n, alphabet=ALNUM):
    return "".join(rnd.choice(alphabet) for _ in range(n))


def b64(n):
    return base64.b64encode(rnd.randbytes(n)).decode()


def unpadded(n):
    return base64.urlsafe_b64encode(rnd.randbytes(n)).decode().rstrip("=")


def jwt():
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    claims = base64.urlsafe_b64encode(json.dumps({"iss": "shop", "sub": letters(6), "exp": 1999999999}).encode())
    signature = unpadded(32)
    return "%s.%s.%s" % (head, claims.decode().rstrip("="), signature), [signature]


def pem():
    body = [b64(48) for _ in range(4)]
    return "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n" % "\n".join(body), body


def around(before, core, after=""):
    return before + core + after, [core]


# name -> a function that returns the value, or (value, its cores)
SHAPES = {
    "short6": lambda: letters(3) + letters(1, string.digits) + letters(2, string.ascii_uppercase),
    "short7": lambda: letters(7),
    "plain": lambda: letters(24),
    "quotes": lambda: '%s"%s\'%s' % (letters(5), letters(6), letters(5)),
    "backslash": lambda: "%s\\%s\\\\n%s" % (letters(5), letters(5), letters(4)),
    "unicode": lambda: "%sé%s密%s😀%s" % (letters(5), letters(5), letters(5), letters(4)),
    "long": lambda: letters(5000),
    "over160": lambda: letters(170, ALNUM + "-_"),
    "base64": lambda: b64(30),
    "base64url": lambda: unpadded(33),
    "hex": lambda: letters(32, "0123456789abcdef"),
    "hex64": lambda: letters(64, "0123456789abcdef"),
    "answer": lambda: rnd.choice(["approve", "pending", "true", "applied"]) + letters(6),
    "json": lambda: around('{"token":"', letters(24), '"}'),
    "sk": lambda: around("sk-proj-", letters(60) + "T3BlbkFJ" + letters(64)),
    "claude": lambda: around("sk-ant-api03-", letters(93, ALNUM + "_-") + "AA"),
    "uuid": lambda: str(uuid.UUID(bytes=rnd.randbytes(16), version=4)),
    "github": lambda: around("ghp_", letters(36)),
    "slack": lambda: around("xoxb-", "%s-%s-%s" % (letters(12, string.digits), letters(12, string.digits), letters(24))),
    "jwt": jwt,
    "pem": pem,
    "colon": lambda: letters(8) + ":" + letters(12),
    "blanks": lambda: "%s %s  %s" % (letters(6), letters(6), letters(6)),
    "query": lambda: "%s&a=%s?%s#%s" % (letters(5), letters(5), letters(4), letters(4)),
    "percent": lambda: "%s%%40%s%%2F%s" % (letters(6), letters(6), letters(6)),
    "yaml": lambda: "%s: &a [%s] # %s" % (letters(6), letters(6), letters(6)),
    "dollar": lambda: "$%s$$%s`%s" % (letters(6), letters(6), letters(5)),
    "html": lambda: "<%s>&amp;%s" % (letters(8), letters(8)),
    "bearer": lambda: around("Bearer ", letters(40)),
    "number": lambda: letters(1, "123456789") + letters(14, string.digits),
    "webhook": lambda: around("https://hooks.slack.com/services/", "T%s/B%s/%s" % (letters(9), letters(9), letters(24))),
}
KNOWN = ("github", "jwt", "sk", "slack", "pem", "claude")       # shapes that are masked wherever they stand
WHOLE = tuple(s for s in SHAPES if s not in ("webhook", "number"))       # a member that is a secret may hold any
LINE = tuple(s for s in WHOLE if s not in ("pem", "long"))      # of one line, as header values are
TOKEN = ("plain", "base64url", "hex", "uuid", "github", "over160", "answer", "short7", "hex64", "claude")


class Seed:
    def __init__(self, number, place, shape):
        made = SHAPES[shape]()
        self.value, self.cores = made if isinstance(made, tuple) else (made, [made])
        self.name = "%03d %s (%s)" % (number, place, shape)
        self.place, self.shape = place, shape
        self.group = place.split(" ")[0]

    def needles(self):
        out = set()
        for core in self.cores:
            for form in forms(core):
                out |= parts(form)
        return out


def forms(core):
    """A text as it may be printed: plain, as JSON once and twice, in a URL, as HTML, and in base64 at each offset."""
    raw = core.encode()
    once = json.dumps(core, ensure_ascii=False)[1:-1]
    yield from {core, once, json.dumps(core)[1:-1], json.dumps(once, ensure_ascii=False)[1:-1],
                urllib.parse.quote(core, safe=""), urllib.parse.quote(core), urllib.parse.quote_plus(core),
                html.escape(core), core.replace("'", "''")}
    if len(raw) < 9:  # fewer say too little in base64 to be told from chance
        return
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        text = text[offset + 1 if offset else 0:-1]
        yield from {text, text.replace("+", "-").replace("/", "_")}


def parts(form):
    """What to look for so that any PART characters in a row are found; a shorter text is looked for whole."""
    out = set()
    for line in form.split("\n"):
        if len(line) <= PART:
            if len(line) >= 6:
                out.add(line)
            continue
        step = 1 if len(line) <= LONG else 7
        out |= {line[i:i + PART] for i in range(0, len(line) - PART + 1, step)}
    return {text for text in out if len(ESCAPED.sub("", text)) > 3}  # the rest says nothing of this seed


class Planter:
    """Makes seeds; the shapes of a place follow each other, so that every place sees several over the run."""

    def __init__(self):
        self.seeds, self.turn = [], {}

    def seed(self, place, shapes=WHOLE):
        group = shapes if isinstance(shapes, tuple) else (shapes,)
        turn = self.turn.get(group, 0)
        self.turn[group] = turn + 1
        made = Seed(len(self.seeds), place, group[turn % len(group)])
        self.seeds.append(made)
        return made

    def value(self, place, shapes=WHOLE):
        return self.seed(place, shapes).value

    def quoted(self, place, shapes=TOKEN):
        """Percent-encoded, for a URL."""
        return urllib.parse.quote(self.value(place, shapes), safe="")
