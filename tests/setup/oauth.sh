#!/bin/bash
# oauth.sh - installs the authorization server pinned in tests/oauth/package-lock.json into build/oauth, with a Node.js of
# its own. Asks no network when it is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
stamp=build/oauth/.installed
want=$(sha256sum tests/oauth/package-lock.json | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && exit 0
rm -rf build/oauth
mkdir -p build/oauth
cp tests/oauth/package.json tests/oauth/package-lock.json build/oauth/
echo "installing the authorization server into build/oauth"
npm ci --prefix build/oauth --ignore-scripts --no-audit --no-fund --loglevel=error
echo "$want" >"$stamp"
