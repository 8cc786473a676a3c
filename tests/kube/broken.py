"""broken.py - an API server whose streams of logs end as a proxy ends them: anywhere. For the cases without a cluster."""
import http.server
import json
import threading

POD = {"status": {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}],
                  "containerStatuses": [{"name": "higress-gateway", "ready": True, "state": {"running": {}}}]},
       "spec": {"containers": [{"name": "higress-gateway"}]}}


class Broken:
    """pods() gives the names of the gateway's pods; read(pod, follows) what a request for a log gets, piece by piece; None: 404."""

    def __init__(self, pods, read):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, tree):
                body = json.dumps(tree).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path, _, query = self.path.partition("?")
                if not path.endswith("/log"):
                    return self.answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [
                        {"metadata": {"name": n, "namespace": "higress-system", "labels": {"app": "higress-gateway"}}, **POD}
                        for n in pods()]})
                pieces = read(path.split("/")[-2], "follow=true" in query)
                if pieces is None:
                    return self.answer(404, {"kind": "Status", "status": "Failure", "message": "gone", "code": 404})
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for piece in pieces:
                    b = piece.encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(b), b))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # who was ended in the middle of an answer is no fault of ours

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self, c):
        """A configuration that reads the pods' logs here."""
        kube = c.write("broken.json", json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "a", "users": [{"name": "a", "user": {}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "clusters": [{"name": "a", "cluster": {"server": self.url}}]}))
        return c.write("broken.yaml", "kubernetes: {kubeconfig: %s, namespace: higress-system}\n" % kube)

    def stop(self):
        self.server.shutdown()
