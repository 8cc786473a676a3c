#!/bin/bash
# ws.sh - build/python/ws gets what tests/ws/python.txt pins: a WebSocket server of another make and the official clients of
# chat sockets. They are installed once for all checkouts (tests/setup/cache.sh); asks no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."
list=tests/ws/python.txt cache=$(tests/setup/cache.sh)
exec 9>"$cache/.ws.lock"
flock 9
home=$cache/ws-$({ cat "$list"; python3 --version; } | sha256sum | cut -c1-16)
if [ ! -f "$home/.installed" ]; then
    rm -rf "$home"
    echo "installing $(grep '^websockets==' "$list") and the clients of chat sockets into $home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$list"
    touch "$home/.installed"
fi
mkdir -p build/python
[ -L build/python/ws ] || rm -rf build/python/ws
ln -sfn "$home" build/python/ws
