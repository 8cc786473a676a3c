"""bench.py - what the parts of the bench share: rows, servers started and ended, their CPU and memory, wrk, medians.

A part is a program part_NAME.py of functions under @measure; a figure that cannot be had is a row that says BROKEN and why,
never a 0. Times are medians of interleaved rounds.
"""
import functools
import glob
import http.client
import json
import os
import re
import resource
import signal
import socket
import statistics
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "bench")
BINARY = os.path.join(TOP, "build", "gcc", "higress-ops")
HERE = os.path.join(TOP, "tests", "bench")
LEGACY, MODERN, NONE = "2025-11-25", "2026-07-28", "none"  # NONE: no MCP server
INIT = {"jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}}
ACCEPT = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
TICK = os.sysconf("SC_CLK_TCK")
running = []


class Broken(Exception):
    """A measurement that did not happen as it should; the words say what went wrong."""


def row(label, figure, target=""):
    print("%-58s %16s   %s" % (label, figure, target), flush=True)


def program(name):
    """A program of this folder with the server's own objects: its path."""
    flags = subprocess.run(["pkg-config", "--cflags", "libcjson", "yaml-0.1", "libwebsockets", "libcurl", "sqlite3", "libcrypto"],
                           capture_output=True, text=True, check=True).stdout.split()
    libs = subprocess.run(["pkg-config", "--libs", "libcjson", "yaml-0.1"], capture_output=True, text=True, check=True).stdout.split()
    objects = [os.path.join(r, n) for top in ("server", "tools") for r, _, names in os.walk(os.path.join(TOP, "build/gcc", top))
               for n in names if n.endswith(".o") and n != "main.o"]
    out = os.path.join(BUILD, name)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-D_GNU_SOURCE", "-I" + TOP + "/server", "-include", TOP + "/server/base/banned.h", *flags,
                    HERE + "/%s.c" % name, *objects, TOP + "/build/gcc/assets.o", *libs, "-lev", "-ldl", "-lm", "-Wl,-Bstatic", "-lre2",
                    "-lstdc++", "-Wl,-Bdynamic", "-static-libgcc", "-o", out], check=True)
    return out


def measure(f):
    """What f could not measure is said, and the bench goes on; servers that f started end."""
    @functools.wraps(f)
    def run(*args):
        before = len(running)
        try:
            return f(*args)
        except Exception as e:  # whatever went wrong, the other figures are wanted
            row(" ".join([f.__name__.replace("_", " ")] + [str(a) for a in args]), "BROKEN", "%s: %s" % (type(e).__name__, e))
            return None
        finally:
            while len(running) > before:
                running[-1].stop()
    return run


def ratio(x, y):
    return "x%.2f" % (x / y) if y else "x?"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def peer(name):
    """The executable of a peer from npm. Broken: there is none for this machine."""
    found = glob.glob(os.path.join(TOP, "build", "bench-peers", "node_modules", name + "-linux-*", "bin", name + "*"))
    if not found:
        raise Broken("%s does not exist for this machine" % name)
    return found[0]


def node():
    return glob.glob(os.path.join(TOP, "build", "clients", "node_modules", "node-linux-*", "bin", "node"))[0]


def own_environment(**more):
    """Of our server: a state folder of its own, no log; the same call is run again each time."""
    state = tempfile.mkdtemp(prefix="state-", dir=BUILD)
    return {**os.environ, "HIGRESS_OPS_STATE": state, "HIGRESS_OPS_LOG": "off", "HIGRESS_OPS_REPEATS": "0", **more}


def open_files(n):
    """At least n descriptors for this process and what it starts. Broken: the hard limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < n:
        raise Broken("`ulimit -Hn` is %d, %d are needed" % (hard, n))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, n), hard))


class Server:
    """A server process of which the CPU and memory are read; nginx' figures are its worker's."""

    def __init__(self, argv, port, env=None):
        self.port, self.name = port, os.path.basename(argv[0])
        self.process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(self)

    def wait(self, seconds=15):
        until = time.time() + seconds
        while time.time() < until:
            if self.process.poll() is not None:
                raise Broken("%s ended with %d" % (self.name, self.process.returncode))
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.01)
        raise Broken("%s does not listen" % self.name)

    def pid(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as f:
            workers = f.read().split()
        return int(workers[0]) if self.name == "nginx" and workers else self.process.pid

    def cpu(self):
        """Seconds of user and system time so far."""
        with open("/proc/%d/stat" % self.pid()) as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss(self, field="VmRSS"):
        with open("/proc/%d/status" % self.pid()) as f:
            return next(int(line.split()[1]) for line in f if line.startswith(field))

    def stop(self):
        if self in running:
            running.remove(self)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_ours(*options, **env):
    port = free_port()
    return Server([BINARY, "serve", "--listen", "127.0.0.1:%d" % port, *options], port, own_environment(**env))


def start_mcp_time():
    port = free_port()
    return Server([peer("mcp-time"), "--transport", "stream", "--address", "http://127.0.0.1:%d/mcp" % port], port)


def start_node(script, folder="clients", **env):
    port = free_port()
    return Server([node(), os.path.join(TOP, "build", folder, script), str(port)], port, {**os.environ, **env})


def start_nginx(answer='return 200 "ok";'):
    port = free_port()
    prefix = tempfile.mkdtemp(prefix="nginx-", dir=BUILD)
    conf = os.path.join(prefix, "conf")
    with open(conf, "w") as f:
        f.write("worker_processes 1; daemon off; pid %s/pid; error_log /dev/null;\nevents { worker_connections 4096; }\n"
                "http { access_log off; keepalive_requests 1000000000; default_type application/json;\n"
                "server { listen 127.0.0.1:%d; location / { %s } } }\n" % (prefix, port, answer))
    return Server(["nginx", "-p", prefix, "-c", conf], port)


def start_console(folder):
    """The embedded console with a user; its environment is what a server needs to operate it."""
    port = free_port()
    server = Server([BINARY, "console", "--data", folder, "--listen", "127.0.0.1:%d" % port], port).wait(60)
    status, _, text = post(port, {"adminUser": {"name": "admin", "displayName": "a", "password": "bench-pw-1"}, "configs": {}},
                           path="/system/init")
    if status >= 300:
        raise Broken("the console's init answered %d %s" % (status, text[:100]))
    server.env = {"HIGRESS_OPS_URL": "http://127.0.0.1:%d" % port, "HIGRESS_OPS_PASSWORD": "bench-pw-1"}
    return server


def post(port, message, headers=(), path="/mcp"):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request("POST", path, json.dumps(message), {**ACCEPT, **dict(headers)})
    answer = c.getresponse()
    text = answer.read().decode()
    c.close()
    return answer.status, answer, text


def open_session(port):
    status, answer, text = post(port, INIT)
    own = answer.getheader("Mcp-Session-Id")
    if status != 200 or not own:
        raise Broken("initialize answered %d %s" % (status, text[:100]))
    post(port, {"jsonrpc": "2.0", "method": "notifications/initialized"}, {"Mcp-Session-Id": own})
    return own


class Target:
    """What wrk asks of a server: a tool in an era, or a plain GET. The answer of one call is looked at first."""

    def __init__(self, name, server, tool=None, era=LEGACY, path="/mcp", args="{}", headers=()):
        self.name, self.server, self.tool, self.path, self.headers = name, server, tool, path, headers
        self.env = {**os.environ, "BENCH_ERA": era, "BENCH_ARGS": args}
        if not tool:
            return
        self.env["BENCH_TOOL"] = tool
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": json.loads(args)}}
        extra = {}
        if era == MODERN:
            extra = {"MCP-Protocol-Version": era, "Mcp-Method": "tools/call", "Mcp-Name": tool}
            call["params"]["_meta"] = {"io.modelcontextprotocol/protocolVersion": era,
                                       "io.modelcontextprotocol/clientCapabilities": {}}
        elif era == LEGACY:
            extra["Mcp-Session-Id"] = self.env["BENCH_SESSION"] = open_session(server.port)
        status, _, text = post(server.port, call, extra)
        if era == NONE:
            return
        if status != 200 or '"result"' not in text or '"isError":true' in text:
            raise Broken("%s answers %d %s" % (name, status, text[:200]))

    def wrk(self, connections, seconds=2):
        """Figures of one round: rate, p50, p99 (us), cpu (us a request), timeout."""
        command = ["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "-s", os.path.join(HERE, "http.lua")]
        for header in self.headers:
            command += ["-H", header]
        before = self.server.cpu()
        out = subprocess.run(command + ["http://127.0.0.1:%d%s" % (self.server.port, self.path)], env=self.env,
                             capture_output=True, text=True, timeout=60 + seconds)
        used = self.server.cpu() - before
        got = {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", out.stdout.partition("FIGURES")[2])}
        if not got.get("requests"):
            raise Broken("%s: wrk had no answer: %s" % (self.name, (out.stdout + out.stderr)[-200:]))
        if got["status"] + got["broken"] or used <= 0:
            raise Broken("%s: %d answers are errors, %d connections broke, %.2f s of CPU were used"
                         % (self.name, got["status"], got["broken"], used))
        return {**got, "rate": got["requests"] / got["seconds"], "cpu": used / got["requests"] * 1e6}


def compare(targets, connections, rounds=3, seconds=2):
    """Rounds in turn over all targets; the median of each figure by the target's name, timeouts added up."""
    runs = {t.name: [] for t in targets}
    for _ in range(rounds):
        for t in targets:
            runs[t.name].append(t.wrk(connections, seconds))
    return {name: {k: (sum if k == "timeout" else statistics.median)(r[k] for r in some) for k in some[0]}
            for name, some in runs.items()}


def stdio(mode, argv, core=None, **env):
    """The figures of stdio_bench: mode is ["cold", N] or ["calls", N, LINE]."""
    command = ["taskset", "-c", str(core)] if core is not None else []
    command += [os.path.join(BUILD, "stdio_bench")] + [str(m) for m in mode] + ["--"] + argv
    out = subprocess.run(command, env=own_environment(**env), capture_output=True, text=True, timeout=120)
    got = {k: float(v) for k, v in re.findall(r"(\w+)=(-?[\d.]+)", out.stdout)}
    if out.returncode or not got or min(got.values()) <= 0:
        raise Broken("%s: %s" % (os.path.basename(argv[0]), (out.stdout + out.stderr).strip()[-200:]))
    return got


def call_line(tool, args="{}"):
    return '{"jsonrpc":"2.0","id":%%d,"method":"tools/call","params":{"name":"%s","arguments":%s}}' % (tool, args)


def micros(figures):
    return "%.0f / %.0f us" % (figures["p50"], figures["p99"])


LIST = '{"jsonrpc":"2.0","id":%d,"method":"tools/list"}'
