"""endpoints.py - every row of the reference's endpoint index (console-api.md, section 4) exists and answers as it says.

For each method of each row: without a login it is refused, or is not, as the row's second column says; with one it is no
unknown path and no unknown method; and a GET that needs no object answers in the envelope of its row.
"""
import base64
import http.client
import json
import sys

import plugins

WRAPPED = ["data", "message", "success"]
PAGED = sorted(WRAPPED + ["total", "pageNum", "pageSize"])
BODY = json.dumps({"name": "x", "mcpServerName": "nobody", "content": "x"})
# Their Java methods return nothing, so that a refusal is an empty 200.
VOID = ("/plugin-instances/{name}", "/grafana/")
# What a row leaves open: values for its parameters.
QUERY = {"/dashboard/configData": "?type=MAIN&dataSourceUid=u", "/v1/mcpServer/consumers": "?mcpServerName=nobody"}
# Fail with an exception here: no Grafana, no chat service, no such server, no such plugin.
EXPECTED_FAILURES = ("/dashboard/init", "/dashboard/configData", "/aiproxy/", "/grafana/", "/v1/mcpServer/consumers",
                     "/landing", "/healthz/ready", "/session/logout")


def expand(cell):
    """(method, path) pairs of a row's first cell: "GET, PUT /a/{b}", "GET /a[/{name}], PUT, DELETE"."""
    words = cell.replace(",", " ").split()
    methods = [w for w in words if w.isupper() and w.isalpha()] or ["GET"]
    path = next(w for w in words if w.startswith("/")).split("?")[0].replace("**", "")
    if "[" not in path:
        return [(m, path) for m in methods]
    short, long = path.split("[")[0], path.replace("[", "").replace("]", "")
    return [("GET", short)] + [(m, long) for m in methods]


def rows(text):
    part = text[text.index("# 4. Endpoint index"):text.index("# 5. Endpoints in detail")]
    for line in part.split("\n"):
        cells = plugins.cells(line) if line.startswith("| ") else []
        if len(cells) > 3 and "/" in cells[0] and cells[0] != "method and path":
            for method, path in expand(cells[0]):
                yield method, path, cells[1], cells[3]


def ask(address, method, path, login):
    target = path
    for name in ("domainName", "routeName", "serviceName", "name"):
        target = target.replace("{%s}" % name, "nobody")
    headers = {"Content-Type": "application/json"}
    if login:
        headers["Authorization"] = "Basic " + base64.b64encode(b"a:p").decode()
    connection = http.client.HTTPConnection(address, timeout=20)
    body = None if method == "GET" else BODY
    connection.request(method, target + (QUERY.get(path, "") if method == "GET" else ""), body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


def is_spring(data):
    try:
        return "success" not in json.loads(data)
    except ValueError:
        return bool(data)


def faults(address, method, path, auth, success):
    status, data = ask(address, method, path, False)
    void = any(v in path for v in VOID) and (method == "DELETE" or "grafana" in path)
    if auth == "A" and not (status == 401 or (void and status == 200 and not data)):
        yield f"without a login: {status}"
    if auth == "-" and status == 401 and "/session/login" not in path:
        yield "needs a login"
    status, data = ask(address, method, path, True)
    if status in (404, 405) and data and is_spring(data):
        yield f"{status}: no such endpoint"
    if method != "GET" or "{" in path or path in EXPECTED_FAILURES:
        return
    keys = sorted(json.loads(data)) if status == 200 else status
    wanted = PAGED if "page" in success else WRAPPED if "env" in success else keys
    if status != 200 or keys != wanted:
        yield f"answers {keys}, not {wanted}"


def main():
    try:
        text = open(plugins.REFERENCE, encoding="utf-8").read()
    except OSError:
        print("no reference\n0 passed, 0 failed, 79 skipped")
        return 0
    console = plugins.Console()
    address = console.url.split("//")[1]
    passed = failed = 0
    try:
        for method, path, auth, success in rows(text):
            method = "GET" if method == "*" else method
            found = list(faults(address, method, path, auth, success))
            passed, failed = passed + (not found), failed + bool(found)
            for f in found:
                print(f"{method} {path}: {f}")
    finally:
        console.stop()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
