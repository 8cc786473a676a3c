"""rig.py - a cluster on loopback: etcd, a real kube-apiserver with RBAC, and a kubelet double behind it
(tests/setup/kube.sh). There is no scheduler and no controller: what is there is what a test put there."""
import atexit
import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(TOP, "build", "kube")
sys.path.insert(0, os.path.join(TOP, "tests/e2e"))
from ports import free_port


class Cluster:
    """People: {name: token}; who has no roles has no rights. `admin` may do anything."""

    def __init__(self, people=()):
        self.folder = tempfile.mkdtemp(prefix="kube-")
        self.tokens = {"admin": "admin-token-0123456789"}
        self.tokens.update({name: name + "-token-0123456789" for name in people})
        self.pods, self.processes = {}, []
        self.port, self.kubelet_port = free_port(), free_port()
        atexit.register(self.stop)
        self._certificates()
        self._start()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def _openssl(self, *argv):
        subprocess.run(["openssl", *argv], cwd=self.folder, check=True, capture_output=True)

    def _certificates(self):
        self._openssl("genrsa", "-out", "sa.key", "2048")
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=rig",
                      "-days", "2")
        self.certificate("server", "/CN=kube", "subjectAltName=DNS:kubernetes,IP:127.0.0.1")
        self.certificate("kubelet", "/CN=node", "subjectAltName=IP:127.0.0.1")
        self.certificate("cert-admin", "/O=system:masters/CN=cert-admin", "extendedKeyUsage=clientAuth")

    def certificate(self, name, subject, extension):
        self.write(name + ".ext", extension)
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", subject)
        self._openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-out", name + ".crt", "-days", "2",
                      "-extfile", name + ".ext")

    def _run(self, name, *argv):
        log = open(self.path(name + ".log"), "w")
        self.processes.append(subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log))

    def _start(self):
        etcd, peer = ("http://127.0.0.1:%d" % free_port() for _ in range(2))
        self._run("etcd", "etcd", "--data-dir", self.path("etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
                  "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer,
                  "--unsafe-no-fsync")
        groups = {"admin": ',"system:masters"'}
        self.write("tokens.csv", "".join("%s,%s,%s%s\n" % (t, n, n, groups.get(n, "")) for n, t in self.tokens.items()))
        self.write("pods.json", "{}")
        self._run("kubelet", os.path.join(PROGRAMS, "kubelet"), self.path("pods.json"), "127.0.0.1:%d" % self.kubelet_port,
                  self.path("kubelet.crt"), self.path("kubelet.key"))
        self._run("apiserver", os.path.join(PROGRAMS, "apiserver"), "--etcd-servers=" + etcd, "--secure-port=%d" % self.port,
                  "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--tls-cert-file=" + self.path("server.crt"),
                  "--tls-private-key-file=" + self.path("server.key"), "--client-ca-file=" + self.path("ca.crt"),
                  "--service-account-key-file=" + self.path("sa.key"), "--service-account-signing-key-file=" + self.path("sa.key"),
                  "--service-account-issuer=https://kubernetes.default.svc", "--token-auth-file=" + self.path("tokens.csv"),
                  "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16",
                  "--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none")
        until = time.time() + 120
        while time.time() < until:
            try:
                if self.ask("GET", "/readyz") is not None:
                    break
            except (OSError, urllib.error.URLError):
                if any(p.poll() is not None for p in self.processes):
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError("the API server is not ready: " + open(self.path("apiserver.log")).read()[-2000:])
        self.apply("/api/v1/nodes", {"kind": "Node", "metadata": {"name": "node"}}, {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self.kubelet_port}}})

    def stop(self):
        for p in reversed(self.processes):
            p.kill()
            p.wait()
        self.processes = []
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- what is there -----------------------------------------------------------------------------

    def ask(self, method, path, body=None, who="admin", media="application/json"):
        r = urllib.request.Request("https://127.0.0.1:%d%s" % (self.port, path), method=method,
                                   data=None if body is None else json.dumps(body).encode(),
                                   headers={"Authorization": "Bearer " + self.tokens[who], "Content-Type": media})
        trust = ssl.create_default_context(cafile=self.path("ca.crt"))
        with urllib.request.urlopen(r, context=trust, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text.decode()

    def apply(self, path, o, status=None):
        """Makes an object (and its status); gives its path."""
        self.ask("POST", path, o)
        own = path + "/" + o["metadata"]["name"]
        if status:
            self.status(own, status)
        return own

    def status(self, path, status):
        self.ask("PATCH", path + "/status", {"status": status}, media="application/merge-patch+json")

    def namespace(self, name):
        return self.apply("/api/v1/namespaces", {"metadata": {"name": name}})

    def pod(self, namespace, name, labels=None, containers=("main",), ports=None, logs=None, previous=None, programs=None,
            phase="Running"):
        """A pod whose ports and logs are local: {15000: 41234}, {"main": FILE}; programs: {"main": PROGRAM} for exec."""
        self.pods["%s/%s" % (namespace, name)] = {"ports": {str(k): "127.0.0.1:%d" % v for k, v in (ports or {}).items()},
                                                  "logs": logs or {}, "previous": previous or {}, "exec": programs or {}}
        self.write("pods.next", json.dumps(self.pods))
        os.replace(self.path("pods.next"), self.path("pods.json"))
        self.apply("/api/v1/namespaces/%s/pods" % namespace, {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"nodeName": "node", "automountServiceAccountToken": False,
                     "containers": [{"name": c, "image": "local"} for c in containers]}},
            {"phase": phase, "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}],
             "conditions": [{"type": "Ready", "status": "True"}],
             "containerStatuses": [{"name": c, "ready": True, "restartCount": 0, "image": "local", "imageID": "",
                                    "state": {"running": {"startedAt": "2026-11-30T00:00:00Z"}}} for c in containers]})

    def pod_status(self, namespace, name, status):
        self.status("/api/v1/namespaces/%s/pods/%s" % (namespace, name), status)

    def role(self, namespace, who, rules):
        """Grants: [([verbs], [resources])] in the core group; a third member is the name of the only object."""
        self.apply("/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles" % namespace, {
            "metadata": {"name": who}, "rules": [
                dict({"apiGroups": [""], "verbs": v, "resources": r}, **({"resourceNames": n} if any(n) else {})) for v, r, *n in rules]})
        self.apply("/apis/rbac.authorization.k8s.io/v1/namespaces/%s/rolebindings" % namespace, {
            "metadata": {"name": who}, "subjects": [{"kind": "User", "name": who, "apiGroup": "rbac.authorization.k8s.io"}],
            "roleRef": {"kind": "Role", "name": who, "apiGroup": "rbac.authorization.k8s.io"}})

    # -- how it is reached -------------------------------------------------------------------------

    def kubeconfig(self, name, user, cluster=None, server=None):
        """A file with one context; user: members of the kubeconfig's user."""
        with open(self.path("ca.crt"), "rb") as f:
            ca = base64.b64encode(f.read()).decode()
        about = {"server": server or "https://127.0.0.1:%d" % self.port, "certificate-authority-data": ca}
        about.update(cluster or {})
        return self.write(name + ".kubeconfig", json.dumps({
            "current-context": "rig", "clusters": [{"name": "c", "cluster": {k: v for k, v in about.items() if v}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "rig", "context": {"cluster": "c", "user": "u"}}]}))

    def token_config(self, who, **more):
        return self.kubeconfig(who, {"token": self.tokens[who]}, **more)
