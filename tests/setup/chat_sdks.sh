#!/bin/bash
# chat_sdks.sh - build/python/chat-sdks gets the Python SDKs of chat platforms, pinned in tests/chat/chat-sdks.txt.
# They are installed once for all checkouts (tests/setup/cache.sh); asks no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."
list=tests/chat/chat-sdks.txt cache=$(tests/setup/cache.sh)
exec 9>"$cache/.chat-sdks.lock"
flock 9
home=$cache/chat-sdks-$({ cat "$list"; python3 --version; } | sha256sum | cut -c1-16)
if [ ! -f "$home/.installed" ]; then
    rm -rf "$home"
    echo "installing $(grep -E '^(slack_sdk|lark-oapi|wechatpy|dingtalk-stream)==' "$list" | tr '\n' ' ')into $home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$list"
    touch "$home/.installed"
fi
mkdir -p build/python
[ -L build/python/chat-sdks ] || rm -rf build/python/chat-sdks
ln -sfn "$home" build/python/chat-sdks
