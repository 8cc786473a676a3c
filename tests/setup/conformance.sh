#!/bin/bash
# conformance.sh - installs the official conformance suites pinned in tests/conformance/package-lock.json into
# build/conformance, with a Node.js of their own. Asks no network when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
stamp=build/conformance/.installed
want=$(sha256sum tests/conformance/package-lock.json | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && exit 0
rm -rf build/conformance
mkdir -p build/conformance
cp tests/conformance/package.json tests/conformance/package-lock.json build/conformance/
echo "installing the official conformance suites into build/conformance"
npm ci --prefix build/conformance --ignore-scripts --no-audit --no-fund --loglevel=error
echo "$want" >"$stamp"
