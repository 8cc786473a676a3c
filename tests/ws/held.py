"""held.py - the doubles of the platforms' sockets are right: their official clients connect to them, get messages and presses
out of the same frames, and answer them as ours does. `N passed, N failed`. Runs with the Python of build/python/ws."""
import glob
import json
import os
import queue
import subprocess
import sys
import threading

from double import DingTalk, Feishu, Slack, WeCom
from rig import ROOT, end, holds

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = glob.glob(os.path.join(ROOT, "build/ws/node_modules/node-linux-*/bin/node"))[0]


class Sdk:
    def __init__(self, kind, double):
        url = double.base()
        command = [NODE, "sdk.mjs"] if kind == "node" else [sys.executable, os.path.join(HERE, "sdk.py")]
        env = dict(os.environ, DINGTALK_OPENAPI_ENDPOINT=url)
        self.run = subprocess.Popen(command + [double.platform, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env,
                                    cwd=os.path.join(ROOT, "build/ws") if kind == "node" else HERE)
        self.said = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.run.stdout:
            if line.startswith(b"{"):
                self.said.put(json.loads(line))

    def until(self, key):
        try:
            while True:
                said = self.said.get(timeout=20)
                if key in said:
                    return said[key]
        except queue.Empty:
            return None

    def stop(self):
        self.run.kill()
        self.run.wait()


def slack(kind):
    d = Slack()
    sdk = Sdk(kind, d)
    link = d.link(30)
    link.send(d.message("en1", "overview"))
    holds("slack (%s): its message" % kind, sdk.until("text") == "overview")
    ack = link.until(lambda f: f.get("envelope_id") == "en1")
    holds("slack (%s): its answer" % kind, ack is not None and not ack.get("payload"), ack)
    link.send(d.press("en2"))
    holds("slack (%s): its press" % kind, sdk.until("pressed") == "b7f3a")
    if kind == "node":
        link.send({"type": "disconnect", "reason": "warning", "debug_info": {"host": "x"}})
        holds("slack (node): a warning brings the next connection", d.link(30) is not None)
    sdk.stop()
    d.stop()


def dingtalk():
    d = DingTalk()
    sdk = Sdk("python", d)
    link = d.link(30)
    link.send(d.frame("SYSTEM", "ping", "p1", {"opaque": "abc"}))
    pong = link.until(lambda f: f["headers"]["messageId"] == "p1")
    holds("dingtalk: its pong", pong is not None and pong["code"] == 200 and json.loads(pong["data"]) == {"opaque": "abc"}, pong)
    link.send(d.message("c1", "restart gw"))
    holds("dingtalk: its message", sdk.until("text") == "restart gw")
    ack = link.until(lambda f: f["headers"]["messageId"] == "c1")
    holds("dingtalk: its answer", ack is not None and ack["code"] == 200 and "response" in json.loads(ack["data"]), ack)
    link.send(d.press("c2"))
    holds("dingtalk: its press", sdk.until("pressed") == "b7f3a")
    sdk.stop()
    d.stop()


def feishu():
    d = Feishu()
    sdk = Sdk("python", d)
    link = d.link(30)
    ping = link.until(lambda f: d.header(f, "type") == "ping")
    holds("feishu: its ping", ping is not None and ping.SerializeToString().hex() == "08001000180720002a0c0a0474797065120470696e67")
    for pieces, order in ((1, [0]), (4, [3, 1, 0, 2])):
        frames = d.event("m%d" % pieces, d.message("overview %d" % pieces, "e%d" % pieces), pieces)
        for i in order:
            link.send(frames[i])
        holds("feishu: its message in %d" % pieces, sdk.until("text") == "overview %d" % pieces)
        ack = link.until(lambda f: d.header(f, "message_id") == "m%d" % pieces)
        holds("feishu: its answer", ack is not None and json.loads(ack.payload)["code"] == 200 and
              [h.key for h in ack.headers] == ["type", "message_id", "sum", "seq", "trace_id", "biz_rt"], ack)
    sdk.stop()
    d.stop()


def wecom():
    d = WeCom()
    sdk = Sdk("node", d)
    link = d.link(30)
    asked = link.until(lambda f: f["cmd"] == "aibot_subscribe")
    holds("wecom: its subscription", asked is not None and asked["body"] == {"bot_id": "B1", "secret": "wecomSECRET"}, asked)
    holds("wecom: let in", sdk.until("connected") is True)
    link.send(d.message("r1", "restart gw"))
    holds("wecom: its message", sdk.until("text") == "@bot restart gw")
    said = link.until(lambda f: f["cmd"] == "aibot_respond_msg")
    holds("wecom: its answer", said is not None and said["headers"]["req_id"] == "r1" and said["body"]["msgtype"] == "stream", said)
    holds("wecom: what it sends is confirmed", sdk.until("answered") is True)
    link.send(d.event("r9", "template_card_event", template_card_event={"card_type": "button_interaction",
                                                                        "event_key": "7f3a:approve", "task_id": "ap"}))
    holds("wecom: its press", sdk.until("pressed") == "7f3a:approve")
    link.send(d.event("r10", "disconnected_event"))
    holds("wecom: thrown out", sdk.until("thrown_out") is True)
    holds("wecom: and does not come back", d.link(4) is None)
    sdk.stop()
    d.stop()


slack("python")
slack("node")
dingtalk()
feishu()
wecom()
end()
