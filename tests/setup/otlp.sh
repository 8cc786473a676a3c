#!/bin/bash
# otlp.sh - build/python/otlp gets the schemas of OTLP, pinned in tests/audit/otlp.txt.
# They are installed once for all checkouts (tests/setup/cache.sh); asks no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."
list=tests/audit/otlp.txt cache=$(tests/setup/cache.sh)
exec 9>"$cache/.otlp.lock"
flock 9
home=$cache/otlp-$({ cat "$list"; python3 --version; } | sha256sum | cut -c1-16)
if [ ! -f "$home/.installed" ]; then
    rm -rf "$home"
    echo "installing $(tr '\n' ' ' <"$list")into $home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$list"
    touch "$home/.installed"
fi
mkdir -p build/python
[ -L build/python/otlp ] || rm -rf build/python/otlp
ln -sfn "$home" build/python/otlp
