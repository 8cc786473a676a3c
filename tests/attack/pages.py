"""pages.py - a browser without a screen, for attacks on the pages."""
import base64
import hashlib
import html.parser
import http.client
import re
import urllib.parse


def scrypt(text):
    salt = b"salt of the attack"
    key = hashlib.scrypt(text.encode(), salt=salt, n=1024, r=8, p=1, dklen=32)
    code = lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")
    return "scrypt$1024$8$1$%s$%s" % (code(salt), code(key))


class Tags(html.parser.HTMLParser):
    """Every element of a page with its attributes, and the text beside."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def hidden(self, name):
        return next((a["value"] for t, a in self.tags if t == "input" and a.get("name") == name), None)


class Browser:
    """What a browser would send, and what none would."""

    def __init__(self, port):
        self.port, self.host, self.cookie = port, "127.0.0.1:%d" % port, None

    def ask(self, method, path, fields=None, **more):
        headers = {"Host": self.host}
        if self.cookie:
            headers["Cookie"] = "higress-ops=" + self.cookie
        if fields is not None:
            headers.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://" + self.host,
                            "Sec-Fetch-Site": "same-origin"})
        headers.update({k.replace("_", "-"): v for k, v in more.items()})
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = fields if isinstance(fields, str) else urllib.parse.urlencode(fields) if fields is not None else None
        c.request(method, path, body, {k: v for k, v in headers.items() if v is not None})
        r = c.getresponse()
        text = r.read().decode("utf-8", "replace")
        c.close()
        heads = {}
        for k, v in r.getheaders():
            heads[k.lower()] = v
        return r.status, heads, text

    def login(self, fields, **more):
        status, heads, text = self.ask("POST", "/login", fields, **more)
        made = re.match(r"higress-ops=([^;]*);", heads.get("set-cookie", ""))
        self.cookie = made.group(1) if made else None
        return status, heads, text

    def form(self, path="/changes"):
        return Tags(self.ask("GET", path)[2]).hidden("form")

    def fields(self, path):
        """All hidden fields of the decision on that page."""
        tags = Tags(self.ask("GET", path)[2])
        return {n: tags.hidden(n) for n in ("form", "digest", "rendering", "seen") if tags.hidden(n)}
