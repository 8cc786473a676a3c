#!/bin/bash
# model_sdks.sh - build/python/model-sdks gets the official Python SDKs of both model APIs, pinned in tests/agent/model-sdks.txt.
# They are installed once for all checkouts (tests/setup/cache.sh); asks no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."
list=tests/agent/model-sdks.txt cache=$(tests/setup/cache.sh)
exec 9>"$cache/.model-sdks.lock"
flock 9
home=$cache/model-sdks-$({ cat "$list"; python3 --version; } | sha256sum | cut -c1-16)
if [ ! -f "$home/.installed" ]; then
    rm -rf "$home"
    echo "installing $(grep -E '^(openai|anthropic)==' "$list" | tr '\n' ' ')into $home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$list"
    touch "$home/.installed"
fi
mkdir -p build/python
[ -L build/python/model-sdks ] || rm -rf build/python/model-sdks
ln -sfn "$home" build/python/model-sdks
