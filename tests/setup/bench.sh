#!/bin/bash
# bench.sh - installs the servers that `make bench` measures beside higress-ops, pinned in tests/bench/package-lock.json,
# into build/bench-peers. Asks no network when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
stamp=build/bench-peers/.installed
want=$(sha256sum tests/bench/package-lock.json | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && exit 0
rm -rf build/bench-peers
mkdir -p build/bench-peers
cp tests/bench/package.json tests/bench/package-lock.json build/bench-peers/
echo "installing the peers of the bench into build/bench-peers"
npm ci --prefix build/bench-peers --ignore-scripts --no-audit --no-fund --loglevel=error
echo "$want" >"$stamp"
