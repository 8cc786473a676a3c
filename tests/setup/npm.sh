#!/bin/bash
# npm.sh FOLDER [INTO] - build/INTO (build/FOLDER) gets the npm packages that tests/FOLDER/package-lock.json pins, with a
# Node.js of their own, and beside them the programs of tests/FOLDER. The packages are installed once for all checkouts
# (tests/setup/cache.sh); asks no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."
into=build/${2:-$1} lock=tests/$1/package-lock.json
home=$(tests/setup/cache.sh)/npm-$(sha256sum "$lock" | cut -c1-16)
mkdir -p "$home"
exec 9>"$home/.lock" # parts of the test suite may ask for it together
flock 9
if [ ! -f "$home/.installed" ]; then
    cp "tests/$1/package.json" "$lock" "$home"
    echo "installing for $into: $(sed -n 's/^  "description": "\(.*\)",$/\1/p' "tests/$1/package.json")"
    npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund --loglevel=error
    touch "$home/.installed"
fi
if [ "$(readlink "$into/node_modules")" != "$home/node_modules" ]; then
    rm -rf "$into"
    mkdir -p "$into"
    cp "tests/$1/package.json" "$into"
    ln -s "$home/node_modules" "$into/node_modules"
fi
cp -u tests/"$1"/*.mjs "$into"
