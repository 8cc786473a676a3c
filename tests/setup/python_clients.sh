#!/bin/bash
# python_clients.sh - installs the official Python client, its two newest minors pinned in tests/clients/python-*.txt,
# each into an environment of its own under build/python. Asks no network when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
for list in tests/clients/python-*.txt; do
    home=build/python/$(basename "$list" .txt)
    want=$(sha256sum "$list" | cut -d' ' -f1)
    [ "$(cat "$home/.installed" 2>/dev/null)" = "$want" ] && continue
    rm -rf "$home"
    echo "installing $(grep '^mcp==' "$list") into $home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$list"
    echo "$want" >"$home/.installed"
done
