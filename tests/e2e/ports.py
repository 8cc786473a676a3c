"""ports.py - ports for the servers of a test, also while other tests run beside it."""
import fcntl
import os
import random
import socket
import tempfile

FIRST, COUNT = 20000, 12000  # below what the system gives to clients (net.ipv4.ip_local_port_range)
held = []


def free_port():
    """A port that nothing listens on; until this process ends no other test is given it, and no client."""
    folder = os.path.join(tempfile.gettempdir(), "higress-ops-ports-%d" % os.getuid())
    os.makedirs(folder, exist_ok=True)
    start = random.SystemRandom().randrange(COUNT)
    for n in range(COUNT):
        port = FIRST + (start + n) % COUNT
        lock = open(os.path.join(folder, str(port)), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        held.append(lock)
        return port
    raise RuntimeError("every port from %d to %d is taken" % (FIRST, FIRST + COUNT - 1))
