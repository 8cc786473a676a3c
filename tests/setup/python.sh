#!/bin/bash
# python.sh LIST... - build/python/NAME gets an environment with the packages that each NAME.txt pins. They are installed once
# for all checkouts (tests/setup/cache.sh); asks no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=$(tests/setup/cache.sh)
exec 9>"$cache/.python.lock"
flock 9
mkdir -p build/python
for list; do
    name=$(basename "$list" .txt)
    home=$cache/$name-$({ cat "$list"; python3 --version; } | sha256sum | cut -c1-16)
    if [ ! -f "$home/.installed" ]; then
        rm -rf "$home"
        echo "installing $list into $home"
        python3 -m venv "$home"
        "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$list"
        touch "$home/.installed"
    fi
    [ -L "build/python/$name" ] || rm -rf "build/python/$name"
    ln -sfn "$home" "build/python/$name"
done
