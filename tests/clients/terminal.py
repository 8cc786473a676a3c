"""terminal.py ANSWER COMMAND… - runs COMMAND on a terminal of its own, types ANSWER at its question (for yes: the word that
is asked for), shows the screen."""
import os
import pty
import re
import select
import sys
import time

pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
screen, typed, end = b"", False, time.time() + 30
while time.time() < end:
    if select.select([fd], [], [], 0.2)[0]:
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            break
        if not chunk:
            break
        screen += chunk
    elif screen and not typed:
        word = re.search(rb"Type (\S+): ?$", screen)
        os.write(fd, (word.group(1) if word and sys.argv[1] == "yes" else sys.argv[1].encode()) + b"\n")
        typed = True
_, status = os.waitpid(pid, 0)
sys.stdout.write(screen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(status))
