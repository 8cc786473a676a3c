#!/bin/bash
# clients.sh - installs the official MCP clients pinned in tests/clients/package-lock.json into build/clients, with a
# Node.js of their own. Asks no network when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
stamp=build/clients/.installed
want=$(sha256sum tests/clients/package-lock.json | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && exit 0
rm -rf build/clients
mkdir -p build/clients
cp tests/clients/package.json tests/clients/package-lock.json build/clients/
echo "installing the official MCP clients into build/clients"
npm ci --prefix build/clients --ignore-scripts --no-audit --no-fund --loglevel=error
echo "$want" >"$stamp"
