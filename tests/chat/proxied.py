"""proxied.py [WORD] - a chat account behind a proxy and a CA of one's own: Slack at a name that only the proxy knows, its API and its
socket with a certificate of a private CA. The proxy is a double that records each CONNECT. `N passed, N failed`. Runs with the
Python of build/python/chat-sdks."""
import importlib.util
import os
import shutil
import socket
import ssl
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import doubles  # noqa: E402
from room import Room, equal, has, holds, house  # noqa: E402

spec = importlib.util.spec_from_file_location("ws_rig", os.path.join(HERE, "../ws/rig.py"))
ws_rig = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ws_rig)
NAME, WHO, PASSWORD = "elsewhere.test", "me", "secret%of:it"


class Proxy(ws_rig.Proxy):
    """It alone knows where that name is."""

    def connect(self, sock, reader):
        try:
            return super().connect(sock, reader)
        except socket.gaierror:
            return "unknown"

    @staticmethod
    def create_connection(address):
        host, port = address
        return real_connection(("127.0.0.1" if host == NAME else host, port))


real_connection = socket.create_connection
ws_rig.socket = type("socket_of_proxy", (), {**vars(socket), "create_connection": staticmethod(Proxy.create_connection)})


class Secured(Room):
    def __init__(self, user="%s:%s" % (WHO, PASSWORD), ca=True):
        self.folder_of_ca = tempfile.mkdtemp(prefix="higress-ops-test-")
        ws_rig.certificates(self.folder_of_ca)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder_of_ca, "other.pem"), os.path.join(self.folder_of_ca, "other.key"))

        class Double(doubles.SlackDouble):
            host = NAME

        Double.context = context
        self.slack, self.proxy = doubles.Slack(Double), Proxy("%s:%s" % (WHO, PASSWORD))
        self.user, self.ca = user, ca
        super().__init__()

    def write_settings(self):
        if len(self.settings["chat"]) == 1:
            for one in self.settings["people"]:
                one["chat"].append(self.slack.identity(one["name"]))
            row, = self.slack.rows(self.folder_of_key)
            path = os.path.join(self.folder_of_key, "proxy")
            with open(path, "w") as f:
                f.write(self.user)
            row["keys"]["proxy"] = {"file": path}
            row["proxy"] = "http://127.0.0.1:%d" % self.proxy.port
            if self.ca:
                row["ca_file"] = os.path.join(self.folder_of_ca, "ca.pem")
            self.settings["chat"].append(row)
        super().write_settings()

    def why_lost(self):
        return self.audited("chat_lost")[0][4]

    def leave(self):
        said = self.everything()
        super().leave()
        self.slack.stop()
        self.proxy.stop()
        shutil.rmtree(self.folder_of_ca)
        holds(PASSWORD not in said and "secret%25of" not in said, "the proxy's password was said or kept")


def check_calls_and_socket_go_through_it(r):
    r.slack.begin(r)
    r.slack.write("ada", "limit shop-pay 10")
    card = r.slack.card()
    r.slack.press("bob", card, "approve")
    r.slack.renewed(card, "applied")
    equal(r.limited(), True)
    ports = {r.slack.double.http.server_port, r.slack.double.ws_port}
    equal({int(line.split()[1].rsplit(":", 1)[1]) for line in r.proxy.asked}, ports)
    equal({line.split(":")[0] for line in r.proxy.asked}, {"CONNECT " + NAME})
    equal(r.audit("chat_lost"), [])


def check_a_wrong_password_of_the_proxy_is_said(r):
    has(r.why_lost(), "407", "another user and password")


check_a_wrong_password_of_the_proxy_is_said.how = {"user": WHO + ":another"}


def check_a_ca_that_is_not_known_is_said(r):
    has(r.why_lost(), "not signed by a trusted authority")


check_a_ca_that_is_not_known_is_said.how = {"ca": False}


if __name__ == "__main__":
    sys.exit(house.run_each(dict(globals()), lambda check: Secured(**getattr(check, "how", {})), sys.argv[1] if len(sys.argv) > 1 else ""))
