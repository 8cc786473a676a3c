#!/usr/bin/env python3
"""test_shapes.py BINARY - a console whose objects hold lists where objects belong, and the other way round: the readers that
judge the whole gateway answer, and the process lives."""
import http.server
import json
import os
import sys
import tempfile
import threading

import rig

LISTS = {"customConfigs": ["x"], "rawConfigs": [1], "configurations": [1, [2]], "properties": [1], "capabilities": ["x"]}
ODD = (
    {"name": "a", "pluginName": "key-auth", "enabled": True, "path": "x", "services": "y", "domains": {"a": 1}, "headers": {"a": 1},
     "authConfig": [1], "rewrite": [1], "headerControl": 7, "upstreams": 7, "tokens": "t", "credentials": [[1]], **LISTS},
    {"name": "a", "type": "openai", "rawConfigs": {"capabilities": ["x", 7], "modelMapping": ["y"]}, "tokens": [1, [2]],
     "upstreams": [1, {"provider": 9, "weight": "x", "modelMapping": [1, "z"]}], "customConfigs": ["higress.io/canary"],
     "pluginName": "ai-security-guard", "enabled": True, "configurations": ["contentModerationLevelBar"],
     "services": [1, [2], {"name": 9, "port": "x"}], "path": {"matchType": 9, "matchValue": [1]},
     "credentials": [{"type": 9, "values": {"a": 1}}], "fallbackConfig": {"enabled": True, "upstreams": [9]}})
READERS = (("check_config", {}), ("gateway_overview", {}), ("diagnose", {"route": "a"}), ("explain_request", {"path": "/a"}),
           ("list_routes", {}))


class Console(http.server.BaseHTTPRequestHandler):
    objects = []

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        login = self.path.startswith(("/session", "/system", "/user"))
        body = json.dumps({"success": True, "data": {"name": "admin"} if login else self.objects}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


def main():
    score, server = rig.Score(), http.server.ThreadingHTTPServer(("127.0.0.1", 0), Console)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/password", "w") as f:
            f.write("no-password-1")
        env = {**os.environ, "HIGRESS_OPS_URL": "http://127.0.0.1:%d" % server.server_port, "HIGRESS_OPS_STATE": folder + "/state",
               "HIGRESS_OPS_PASSWORD_FILE": folder + "/password"}
        for i, odd in enumerate(ODD):
            Console.objects = [odd, 7, None, [odd]] if i % 2 else [odd]
            client = rig.mcp.StdioClient([os.path.abspath(sys.argv[1]), "stdio"], env, rig.ERAS[0])
            try:
                client.open()
                for tool, arguments in READERS:
                    client.call(tool, arguments)
                client.close()
                score.check(not any("runtime error" in line for line in client.errors), "object %d" % i, client.errors[-3:])
            except rig.BROKEN as e:
                score.check(False, "%s answers for object %d" % (tool, i), e)
    server.shutdown()
    return score.end()


if __name__ == "__main__":
    sys.exit(main())
