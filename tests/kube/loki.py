"""loki.py - a double of Loki that answers as its HTTP API is documented (query_range of 2.9 and 3.x): selectors, time, limit,
direction, tenant, and its errors, which are text."""
import http.server
import json
import re
import threading
import urllib.parse

MOST_ENTRIES = 5000


class Loki:
    """entries: [(ns, labels, line)]; what was asked is in `asked`."""

    def __init__(self, tenant=None, authorization=None):
        self.entries, self.asked, self.tenant, self.authorization = [], [], tenant, authorization
        self.fail = None  # (status, text): the next answer
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, text, media="text/plain; charset=utf-8"):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                q = dict(urllib.parse.parse_qsl(url.query))
                double.asked.append((url.path, q, dict(self.headers)))
                if double.fail:
                    fail, double.fail = double.fail, None
                    return self.answer(*fail)
                if url.path != "/loki/api/v1/query_range":
                    return self.answer(404, "404 page not found")
                if double.authorization and self.headers.get("Authorization") != double.authorization:
                    return self.answer(401, "Unauthorized")
                if double.tenant and self.headers.get("X-Scope-OrgID") != double.tenant:
                    return self.answer(401, "no org id")
                self.answer(*double.query(q))

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # who was ended in the middle of an answer is no fault of ours

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def query(self, q):
        selector = re.fullmatch(r'\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?\s*)+)\}', q["query"])
        if not selector:
            return 400, "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER\n"
        wanted = {k: json.loads('"%s"' % v) for k, v in re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', selector.group(1))}
        limit = int(q.get("limit", 100))
        if limit > MOST_ENTRIES:
            return 400, "max entries limit per query exceeded, limit > max_entries_limit (%d > %d)\n" % (limit, MOST_ENTRIES)
        start, end = int(q["start"]), int(q["end"])
        backward = q.get("direction", "backward") == "backward"
        found = sorted((e for e in self.entries if start <= e[0] < end and all(e[1].get(k) == v for k, v in wanted.items())),
                       key=lambda e: e[0])
        found = (found[::-1] if backward else found)[:limit]
        streams = {}
        for ns, labels, line in found:
            streams.setdefault(json.dumps(labels, sort_keys=True), []).append([str(ns), line])
        return 200, json.dumps({"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": json.loads(k), "values": v} for k, v in streams.items()], "stats": {}}}), "application/json"

    def stop(self):
        self.server.shutdown()
