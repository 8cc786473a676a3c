"""world.py - a house whose people ask a scripted model: what the parts ask and chat and the attack share."""
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../e2e")]
import house  # noqa: E402
import model  # noqa: E402
from model import Model, Turn  # noqa: E402,F401

ANSWERED, FAILED, USAGE, CONFIG, PENDING, NOTHING, MODEL, LIMIT = 0, 1, 2, 3, 4, 8, 9, 10


class World(house.House):
    def __init__(self, mode="approve", extra_env=None):
        super().__init__(mode, {"HIGRESS_OPS_LOG": "off", **(extra_env or {})})
        self.model_folder()

    def model_folder(self):
        """The key of the model, outside of what a house says or keeps."""
        self.models = []
        self.folder_of_key = tempfile.mkdtemp(prefix="higress-ops-test-")
        self.key = os.path.join(self.folder_of_key, "key")
        with open(self.key, "w") as f:
            f.write(model.KEY + "\n")

    def put(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def model(self, api, script, **settings):
        """A scripted model, and the configuration that leads to it."""
        m = Model(api, script)
        self.models.append(m)
        self.configure({"api": api, "url": m.url, "name": "scripted", "key": {"file": self.key}, **settings})
        return m

    def configure(self, settings):
        self.env["HIGRESS_OPS_CONFIG"] = self.put("ops.yaml", json.dumps({"model": settings}))

    def ask(self, *words, timeout=60):
        """(exit code, the report as an object, stderr)"""
        code, out, err = self.run(["ask", "--json", *words], timeout=timeout)
        return code, json.loads(out) if out else None, err

    def leave(self):
        for m in self.models:
            m.stop()
        shutil.rmtree(self.folder_of_key, ignore_errors=True)
        super().leave()


def holds(truth, words):
    if not truth:
        raise AssertionError(words)


def equal(got, wanted, words=""):
    holds(got == wanted, "%s: %r, not %r" % (words, got, wanted))


def has(text, *words):
    for w in words:
        holds(w in text, "%r is not in: %s" % (w, text))
