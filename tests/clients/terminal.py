"""terminal.py ANSWER COMMAND… - runs COMMAND on a terminal of its own, types ANSWER at its question (for yes: the word that
is asked for), shows the screen."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import house  # noqa: E402

code, screen = house.at_terminal(sys.argv[2:], os.environ, house.once(sys.argv[1]))
sys.stdout.write(screen)
sys.exit(code)
