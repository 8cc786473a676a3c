"""python_sdk.py - the official Python client against the real server, over stdio, HTTP and HTTP+SSE: list, read, change
with approval in the client and out of band, cancel, reconnect after a restart, a server that dies under a call."""
import json
import os
import signal
import sys
import time
import traceback
from importlib.metadata import version

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp_types import ElicitResult

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import world
from world import house

class World(world.World):
    def stdio(self):
        command, *args = self.command()
        return StdioServerParameters(command=command, args=args, env=self.house.env)

    def http(self):
        return self.url("/mcp")

    def sse(self):
        return sse_client(self.url("/sse"))


def patch(path):
    return {"kind": "route", "action": "patch", "name": "orders", "object": {"path": {"matchValue": path}}}


def asks(answer, asked):
    async def decide(context, params):
        asked.append(params.message)
        return ElicitResult(action="accept", content={"decision": "approve"}) if answer == "accept" else \
            ElicitResult(action=answer)
    return decide


async def operate(w, server, mode):
    asked = []
    async with Client(server(), mode=mode, elicitation_callback=asks("accept", asked), read_timeout_seconds=30) as c:
        assert (c.protocol_version == "2026-07-28") == (mode == "auto"), c.protocol_version
        tools = (await c.list_tools()).tools
        assert tools[0].name == "gateway_overview" and len(tools) >= 14, tools
        uris = [str(r.uri) for r in (await c.list_resources()).resources]
        assert "higress://gateway/default/route/orders" in uris, uris
        read = await c.read_resource("higress://gateway/default/route/orders")
        assert json.loads(read.contents[0].text)["path"]["matchValue"] == w.path()
        assert len((await c.list_prompts()).prompts) >= 3
        routes = await c.call_tool("list_routes", {})
        assert routes.structured_content["count"] == 2, routes
        new = "/asked-%d" % time.time_ns()
        done = await c.call_tool("change_resource", patch(new))
        assert done.structured_content["state"] == "applied", done
        assert len(asked) == 1 and new in asked[0] and w.path() == new, asked
        wrong = await c.call_tool("get_resource", {"kind": "route", "name": "nope"})
        assert wrong.is_error, wrong


async def out_of_band(w, server, mode):
    async with Client(server(), mode=mode, read_timeout_seconds=30) as c:
        new = "/by-hand-%d" % time.time_ns()
        asks_for = await c.call_tool("change_resource", patch(new))
        answer = asks_for.structured_content
        assert answer["status"] == "approval_required" and w.path() != new, answer
        code, screen = await anyio.to_thread.run_sync(w.house.person, ["approve", answer["id"]], "yes")
        assert code == 0, screen
        seen = await c.call_tool("get_change", {"id": answer["id"], "wait": 10})
        assert seen.structured_content["state"] == "applied" and w.path() == new, seen


async def cancel(w, server, mode):
    async with Client(server(), mode=mode, read_timeout_seconds=30) as c:
        plan = (await c.call_tool("change_resource", patch("/never"))).structured_content["id"]
        start = time.monotonic()
        with anyio.move_on_after(0.5):
            await c.call_tool("get_change", {"id": plan, "wait": 20})
            raise AssertionError("it did not wait")
        assert time.monotonic() - start < 5, "cancelled late"
        seen = await c.call_tool("get_change", {"id": plan})
        assert seen.structured_content["state"] == "pending", seen
        await c.call_tool("cancel_change", {"id": plan})


async def restarted(w, server, mode):
    """A client that connects anew works at once, and the pending change is still there."""
    async with Client(server(), mode=mode, read_timeout_seconds=30) as c:
        plan = (await c.call_tool("change_resource", patch("/kept"))).structured_content["id"]
    if server != w.stdio:
        w.restart()
    async with Client(server(), mode=mode, read_timeout_seconds=30) as c:
        seen = await c.call_tool("get_change", {"id": plan})
        assert seen.structured_content["state"] == "pending", seen
        await c.call_tool("cancel_change", {"id": plan})


def kill_server(w, server):
    if server != w.stdio:
        w.kill()
        return
    for pid in filter(str.isdigit, os.listdir("/proc")):  # the child that the client has started
        try:
            stat = open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()
            if int(stat[1]) == os.getpid() and b"stdio" in open("/proc/%s/cmdline" % pid, "rb").read().split(b"\0"):
                os.kill(int(pid), signal.SIGKILL)
        except (OSError, IndexError):
            pass


async def killed(w, server, mode):
    """The call ends with an error in good time, whatever the transport."""
    start, called = time.monotonic(), False
    try:
        async with Client(server(), mode=mode, read_timeout_seconds=8) as c:
            plan = (await c.call_tool("change_resource", patch("/dead"))).structured_content["id"]
            async with anyio.create_task_group() as group:
                async def kill():
                    await anyio.sleep(0.5)
                    await anyio.to_thread.run_sync(kill_server, w, server)
                group.start_soon(kill)
                called = True
                await c.call_tool("get_change", {"id": plan, "wait": 30})
        raise AssertionError("an answer from a dead server")
    except AssertionError:
        raise
    except BaseException as e:
        if not called or isinstance(e, KeyboardInterrupt):
            raise
    finally:
        if server != w.stdio:
            w.restart()
    assert time.monotonic() - start < 20, "noticed late"


def main():
    w, passed, failed = World(), 0, 0
    ways = [("stdio", w.stdio, "legacy"), ("stdio", w.stdio, "auto"), ("HTTP", w.http, "legacy"), ("HTTP", w.http, "auto"),
            ("SSE", w.sse, "legacy")]
    for name, server, mode in ways:
        for step in (operate, out_of_band, cancel, restarted, killed):
            w.heard = step not in (restarted, killed)
            title = "Python SDK %s, %s, %s: %s" % (version("mcp"), name, mode, step.__name__.replace("_", " "))
            try:
                anyio.run(step, w, server, mode)
                passed += 1
                print("ok   " + title, flush=True)
            except BaseException:
                failed += 1
                print("FAIL %s\n%s" % (title, traceback.format_exc()[-1800:]), flush=True)
    w.close()
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
