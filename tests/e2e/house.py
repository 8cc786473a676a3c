"""house.py - real processes for a test: the embedded control plane, the MCP server, people at a terminal."""
import atexit
import base64
import hashlib
import http.client
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import traceback

import client as mcp
from ports import free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("HIGRESS_OPS", os.path.join(ROOT, "build/gcc-san/higress-ops"))
PASSWORD = "wet-paint-7731"


def wait_for(port, process, what):
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("%s ended with %s" % (what, process.returncode))
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(what + " does not listen")


def at_terminal(argv, env, reply, out=None, timeout=30):
    """(exit code, screen) of a command on a terminal of its own. reply(screen): what is typed now (bytes), or None; asked
    when nothing more comes. out: a file that the command's output goes to instead."""
    pid, fd = pty.fork()
    if pid == 0:
        if out:
            os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT), 1)
        os.execve(argv[0], argv, env)
    screen, heard, end = b"", 0, time.time() + timeout
    while time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                chunk = os.read(fd, 65536)
            except OSError:
                break
            if not chunk:
                break
            screen += chunk
        elif len(screen) > heard:
            text = reply(screen)
            if text is not None:
                heard = len(screen) + 2  # the end of line that the terminal shows, too
                os.write(fd, text + b"\n")
    else:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), screen.decode(errors="replace")


def once(answer):
    """Answers the first question; for yes: by the word that is asked for."""
    typed = False

    def reply(screen):
        nonlocal typed
        if typed or screen.rstrip()[-1:] not in (b"?", b":", b"]", b">", b")"):
            return None
        typed = True
        word = re.search(rb"Type (\S+): ?$", screen)
        return word.group(1) if word and answer == "yes" else answer.encode()

    return reply


def run_each(module, make, word=""):
    """Runs the check_* functions of a module whose names hold the word, each in a house of its own, which `make` gives for
    the check; prints them and `N passed, N failed`. Gives the exit code."""
    passed = failed = 0
    for name, check in [(n[6:].replace("_", " "), f) for n, f in module.items() if n.startswith("check_")]:
        if word not in name:
            continue
        home = None
        try:
            home = make(check)
            check(home)
            passed += 1
            print("ok   " + name)
        except Exception:
            failed += 1
            print("FAIL %s\n%s" % (name, traceback.format_exc()))
        finally:
            if home:
                home.leave()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


class House:
    """A folder of its own with data, state and logs; everything ends with close(). The first house of a process is filled
    by the console, which makes keys for it; the others begin as copies of what it had when it was filled."""
    filled = None  # a folder

    def __init__(self, mode="approve", extra_env=None):
        self.dir = tempfile.mkdtemp(prefix="higress-ops-test-")
        data = os.path.join(self.dir, "data")
        if House.filled:
            shutil.copytree(House.filled, data)
        self.processes, self.clients = [], []
        self.port = free_port()
        self.console_log = open(os.path.join(self.dir, "console.log"), "wb")
        self.console = self.start(["console", "--data", data, "--listen",
                                   "127.0.0.1:%d" % self.port], self.console_log)
        wait_for(self.port, self.console, "the console")
        if not House.filled:
            self.fill(data)
        password = os.path.join(self.dir, "password")
        with open(password, "w") as f:
            f.write(PASSWORD)
        self.env = {**os.environ, "HIGRESS_OPS_URL": "http://127.0.0.1:%d" % self.port,
                    "HIGRESS_OPS_PASSWORD_FILE": password, "HIGRESS_OPS_STATE": os.path.join(self.dir, "state"),
                    "HIGRESS_OPS_MODE": mode, **(extra_env or {})}

    def state_of_data(self):
        """Moves with each file of the console's folder."""
        h = hashlib.sha256()
        for root, _, names in sorted(os.walk(os.path.join(self.dir, "data"))):
            for name in sorted(names):
                s = os.stat(os.path.join(root, name))
                h.update(("%s %s %s\n" % (name, s.st_size, s.st_mtime_ns)).encode())
        return h.hexdigest()

    def fill(self, data):
        self.api("POST", "/system/init", {"adminUser": {"name": "admin", "displayName": "Admin",
                                                        "password": PASSWORD}, "configs": {}}, anonymous=True)
        kept = tempfile.mkdtemp(prefix="higress-ops-test-")
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        House.filled = os.path.join(kept, "data")
        shutil.copytree(data, House.filled)

    def start(self, args, log):
        p = subprocess.Popen([BINARY] + args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                             env=getattr(self, "env", None))
        self.processes.append(p)
        return p

    def api(self, method, path, body=None, anonymous=False):
        """(status, parsed body) straight from the console."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/json"}
        if not anonymous:
            headers["Authorization"] = "Basic " + base64.b64encode(("admin:" + PASSWORD).encode()).decode()
        c.request(method, path, json.dumps(body) if body is not None else None, headers)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        try:
            return r.status, json.loads(text) if text else None
        except ValueError:
            return r.status, text

    def serve(self, args=()):
        port = free_port()
        self.serve_log = open(os.path.join(self.dir, "serve.log"), "ab")
        p = self.start(["serve", "--listen", "127.0.0.1:%d" % port, *args], self.serve_log)
        wait_for(port, p, "the server")
        return port

    def run(self, args, stdin="", timeout=60):
        """(exit code, stdout, stderr) of one command."""
        p = subprocess.run([BINARY] + args, env=self.env, input=stdin.encode(), capture_output=True, timeout=timeout)
        return p.returncode, p.stdout.decode(), p.stderr.decode()

    def person(self, args, answer, timeout=30):
        """(exit code, what was on the screen): a person at a terminal who types `answer` when asked. Whoever says yes
        types the word that is asked for."""
        return at_terminal([BINARY] + args, self.env, once(answer), timeout=timeout)

    def types(self, args, *answers, out=None):
        """(exit code, what was on the screen): one answer for each question that ends with a colon."""
        left = list(answers)
        return at_terminal([BINARY] + args, self.env, lambda screen:
                           left.pop(0).encode() if left and screen.rstrip()[-1:] == b":" else None, out)

    def everything(self):
        """All that any process said or kept: outputs, logs, state files."""
        parts = ["".join(c.heard) for c in self.clients]
        for root, _, names in os.walk(self.dir):
            if os.path.relpath(root, self.dir).split(os.sep)[0] == "data":
                continue
            for name in names:
                if name in ("password",):
                    continue
                with open(os.path.join(root, name), "rb") as f:
                    parts.append(f.read().decode("latin-1"))
        return "\n".join(parts)

    def close(self):
        codes = []
        for p in reversed(self.processes):
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
                try:
                    p.wait(15)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
            codes.append(p.returncode)
        return codes

    def forget(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def leave(self):
        """Closes the clients and all that runs, and forgets the folder."""
        for c in self.clients:
            try:
                c.close()
            except (mcp.Gone, OSError, ValueError):
                pass
        self.close()
        self.forget()
