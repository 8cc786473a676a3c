"""envoy.py - a real Envoy for a test: free ports, start, wait until it is live, stop.

Used by routing.py and diagnosis.py. Loopback only."""
import http.client
import json
import os
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))
import ports


def binary():
    """Path of the pinned Envoy, or None when it is not there and cannot be installed."""
    got = subprocess.run([ROOT + "/tests/setup/envoy.sh"], capture_output=True, text=True)
    return got.stdout.strip() if got.returncode == 0 else None


def program():
    """The higress-ops under test."""
    return os.environ.get("HIGRESS_OPS", ROOT + "/build/gcc/higress-ops")


def free_ports(count):
    return [ports.free_port() for _ in range(count)]


def get(port, path, timeout=5):
    """Body of GET path on a local port, or None."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        c.request("GET", path)
        return c.getresponse().read().decode()
    except OSError:
        return None
    finally:
        c.close()


class Envoy:
    def __init__(self, executable, config, admin, log):
        self.admin = admin
        self.log = log
        self.process = subprocess.Popen(
            [executable, "-c", config, "--use-dynamic-base-id", "--log-level", "warning",
             "--concurrency", "1", "--file-flush-interval-msec", "100"],
            stdout=subprocess.DEVNULL, stderr=open(log, "w"))

    def wait(self, listeners=1):
        """True when it serves that many listeners."""
        for _ in range(200):
            if self.process.poll() is not None:
                return False
            if "LIVE" in (get(self.admin, "/ready") or ""):
                shown = json.loads(get(self.admin, "/listeners?format=json") or "{}")
                if len(shown.get("listener_statuses", [])) >= listeners:
                    return True
            time.sleep(0.05)
        return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
