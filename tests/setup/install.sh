#!/bin/bash
# install.sh run|test - installs, on Debian 12, the packages that are missing for `make run` or `make test`.
# Says what it installs. Asks no network when nothing is missing. Without root it prints the command and stops.
set -euo pipefail
run=(gcc g++ libc6-dev make pkg-config libwebsockets-dev libwebsockets-evlib-ev libev-dev libcurl4-openssl-dev
    libcjson-dev libyaml-dev libre2-dev libsqlite3-dev libssl-dev zlib1g-dev libfido2-1 libedit2 ca-certificates tzdata python3 python3-venv)
test=(clang clang-format clang-tidy cppcheck pmccabe libcmocka-dev libclang-rt-14-dev nodejs npm nginx-light
    openssl git procps curl jq chromium-headless-shell prometheus prometheus-alertmanager)
case "${1:-}" in
run) want=("${run[@]}") ;;
test) want=("${run[@]}" "${test[@]}") ;;
*) sed -n '2,3s/^# //p' "$0"; exit 2 ;;
esac
provided() { # a package of that name is installed, or its commands came another way
    case "$1" in
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    curl) command -v curl >/dev/null ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed' ;;
    esac
}
missing=()
for package in "${want[@]}"; do provided "$package" || missing+=("$package"); done
[ ${#missing[@]} -gt 0 ] || exit 0
command="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" != 0 ]; then
    printf 'Packages are missing. As root:\n    apt-get update && %s\n' "$command" >&2
    exit 1
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
mkdir -p build
log=build/install.log
apt-get update -qq >"$log" 2>&1 && $command >>"$log" 2>&1 || {
    tail -20 "$log" >&2
    echo "apt-get did not install them; the whole output is in $log" >&2
    exit 1
}
