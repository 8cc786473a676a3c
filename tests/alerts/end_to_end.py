"""end_to_end.py - a bad change, a real Envoy, a real Prometheus and Alertmanager with the configuration text of
docs/chatops/alerts.md: from the alert to the card, from the press to 200 again, to the card that says it is over.
`N passed, N failed[, N skipped]`."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import alarm
from alarm import Alarm, equal, gate, has, holds, room, text_of, wait_until

PATIENCE = 90
PROMETHEUS, ALERTMANAGER = shutil.which("prometheus"), shutil.which("prometheus-alertmanager")
PEOPLE = room.PEOPLE
POLICY = """mode: enforce
rules:
  - name: an undo takes another person
    when: {undo: true}
    then: {ask: {roles: [approver], not_requester: true, channels: [chat]}}
"""


def text_of_page(name):
    """The block of the page that begins with that comment."""
    return re.search(r"```yaml\n# %s\n(.*?)```" % re.escape(name), alarm.PAGE, re.S).group(1)


def swapped(text, *pairs):
    for old, new in pairs:
        holds(old in text, "the page does not say %s any more" % old)
        text = text.replace(old, new)
    return text


class Watch:
    """Prometheus and Alertmanager with short times, in a folder of their own."""

    def __init__(self, a):
        self.folder = tempfile.mkdtemp(prefix="higress-ops-test-")
        self.ports = {"prometheus": gate.free_port(), "alertmanager": gate.free_port()}
        token = self.put("token", alarm.BEARER)
        self.put("alertmanager.yml", swapped(
            text_of_page("alertmanager.yml"), ("https://ops.example/alerts/prometheus", "http://127.0.0.1:%d/alerts/am" % a.port_of_bot),
            ("/etc/alertmanager/higress-ops", token), ("10s", "0s"), ("group_interval: 1m", "group_interval: 1s"), ("4h", "5s")))
        self.put("rules.yml", swapped(text_of_page("rules.yml"), ("[1m]", "[4s]"), ("for: 1m", "for: 0s")))
        self.put("prometheus.yml", json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:%d" % self.ports["alertmanager"]]}]}]},
            "scrape_configs": [{"job_name": "envoy", "metrics_path": "/stats/prometheus",
                                "static_configs": [{"targets": ["127.0.0.1:%d" % a.admin]}]}]}))
        self.processes = [
            self.start(ALERTMANAGER, "--config.file=alertmanager.yml", "--storage.path=am", "--cluster.listen-address=",
                       "--web.listen-address=127.0.0.1:%d" % self.ports["alertmanager"]),
            self.start(PROMETHEUS, "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--rules.alert.resend-delay=1s",
                       "--web.listen-address=127.0.0.1:%d" % self.ports["prometheus"])]
        for p, name in zip(self.processes, ("alertmanager", "prometheus")):
            room.house.wait_for(self.ports[name], p, name)

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def start(self, program, *args):
        log = open(os.path.join(self.folder, os.path.basename(program) + ".log"), "wb")
        return subprocess.Popen([program, *args], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self):
        for p in self.processes:
            p.terminate()
        for p in self.processes:
            p.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def check_from_the_alert_to_the_undo(a):
    watch = Watch(a)
    stop = a.stream("/orders")
    try:
        wait_until("200 at first", lambda: a.visit("/orders") == 200)
        dead = gate.free_port()
        bad = a.edited("service-source", "orders", {"domain": "127.0.0.1:%d" % dead})
        wait_until("the change breaks it", lambda: a.visit("/orders") == 503)
        since = len(a.receiver.heard)
        card = a.receiver.wait(lambda e: e["type"] == "card" and "UpstreamErrors" in e["data"]["card"]["title"], since, PATIENCE)
        said = text_of(card)
        has(said, "1 of 1 alert of am fires", 'cluster_name="outbound|80||orders.static"', "requests a second to",
            "Likely cause: ", "Changed before it: " + bad, "asked by root, approved by root",
            '~ domain: "127.0.0.1:%d" -> "%s"' % (dead, a.good), "Asked by alert:am")
        holds(re.search(r"Likely cause: (UPSTREAM_REFUSED|ENDPOINT_DOWN|NO_ENDPOINT)", said), said)
        equal(card["data"]["card"]["choices"], ["approve", "reject", "details"])
        a.press("olaf", card, "approve")  # an operator decides nothing
        has(a.heard("whisper")["data"]["text"], "You may not decide")
        equal(a.visit("/orders"), 503)
        a.press("bob", card, "approve")
        has(text_of(a.becomes(card, "applied")), "approved by bob (chat)")
        wait_until("200 again", lambda: a.visit("/orders") == 200)
        over = a.receiver.wait(lambda e: e["type"] == "card.update" and e["data"]["message"] == card["id"] and
                               e["data"]["card"]["title"].startswith("Alert over"), since, PATIENCE)
        has(text_of(over), "Nothing of it fires any more", "over since", "approved by bob (chat)", "applied")
        equal(over["data"]["card"]["mood"], "good")
        equal(len([c for c in a.cards() if "UpstreamErrors" in c["data"]["card"]["title"]]), 1, "repeats made more cards")
        undone = room.change_of({"data": {"x": re.search(r"change (c-[0-9a-z]+)", said).group(1)}})
        shown = a.change(undone)
        equal((shown["state"], shown["owner"], shown["undoes"], shown["decision"]["channel"]), ("applied", "alert:am", bad, "chat"))
        told = [r for r in a.audit() if r[0].startswith("alert_")]
        equal([(r[0], r[2]) for r in told], [("alert_diagnosed", "alert:am"), ("alert_told", "alert:am"), ("alert_over", "alert:am")])
        equal([json.loads(r[4])["calls"] for r in told[:1]], [["diagnose", "list_routes", "undo_change"]])
        code, out, err = a.run(["audit", "verify"])
        equal(code, 0, err)
    finally:
        stop()
        watch.stop()


def make(check):
    path = os.path.join(tempfile.mkdtemp(prefix="higress-ops-test-"), "policy.yaml")
    with open(path, "w") as f:
        f.write(POLICY)
    a = Alarm(envoy=gate.envoy.binary(), settings={"policy": {"file": path}}, window=1)
    leave = a.leave
    a.leave = lambda: (leave(), shutil.rmtree(os.path.dirname(path)))
    return a


if __name__ == "__main__":
    if not (PROMETHEUS and ALERTMANAGER and gate.envoy.binary()):
        print("end_to_end: no Prometheus, Alertmanager or Envoy on this machine")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    sys.exit(room.house.run_each(dict(globals()), make, sys.argv[1] if len(sys.argv) > 1 else ""))
