#!/bin/bash
# npm.sh FOLDER [INTO] - installs the npm packages that tests/FOLDER/package-lock.json pins, with a Node.js of their own,
# into build/INTO (build/FOLDER). Asks no network when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
into=build/${2:-$1} lock=tests/$1/package-lock.json
stamp=$into/.installed
want=$(sha256sum "$lock" | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && exit 0
rm -rf "$into"
mkdir -p "$into"
cp "tests/$1/package.json" "$lock" "$into"
echo "installing into $into: $(sed -n 's/^  "description": "\(.*\)",$/\1/p' "tests/$1/package.json")"
npm ci --prefix "$into" --ignore-scripts --no-audit --no-fund --loglevel=error
echo "$want" >"$stamp"
