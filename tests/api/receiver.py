"""receiver.py - somebody else's server: keeps what webhooks bring, and answers as it is told."""
import http.server
import queue
import threading


class Receiver:
    """`answers`: one (status, headers) for each request to come, then 204. `heard`: what came, in order."""

    def __init__(self, port=0):
        self.answers, self.heard = queue.SimpleQueue(), queue.Queue()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.heard.put((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, more = outer.answers.get() if not outer.answers.empty() else (204, {})
                if status == "never":
                    more["until"].wait(60)
                    status, more = 204, {}
                self.send_response(status)
                for name, value in {"Content-Length": "0", **more}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = allow_reuse_address = True

            def handle_error(self, *_):
                """A sender may end while it is answered."""

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self, seconds=30):
        return self.heard.get(timeout=seconds)

    def silent(self):
        return self.heard.empty()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
