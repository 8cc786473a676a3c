"""put.py PORT DIR - p50 in ms of a route's PUT over one kept connection, and of what it costs at least: a file written,
fsync, rename, fsync of the folder. Prints "put=P floor=F"."""
import base64
import http.client
import json
import os
import statistics
import sys
import time

N = 200
port, root = int(sys.argv[1]), sys.argv[2]
headers = {"Content-Type": "application/json",
           "Authorization": "Basic " + base64.b64encode(b"admin:bench-pw-1").decode()}
connection = http.client.HTTPConnection("127.0.0.1", port)


def timed(act):
    times = []
    for i in range(N):
        start = time.perf_counter()
        act(i)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def put(i):
    route = {"name": "route-%d" % i, "path": {"matchType": "PRE", "matchValue": "/put/%d" % i},
             "services": [{"name": "shop.static", "port": 80}]}
    connection.request("PUT", "/v1/routes/route-%d" % i, json.dumps(route), headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit("PUT answered %d: %s" % (answer.status, body[:200]))


def write(i):
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    file = os.open(root + "/floor.tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, b"x" * 700)
    os.fsync(file)
    os.close(file)
    os.rename(root + "/floor.tmp", root + "/floor")
    os.fsync(folder)
    os.close(folder)


cost, floor = timed(put), timed(write)
os.unlink(root + "/floor")
print("put=%.2f floor=%.2f" % (cost, floor))
