#!/bin/bash
# go_client.sh - builds the test program with the official Go client (pinned in tests/clients/go) into build/go/client.
# Exit code 2: this machine has no Go. Asks no network when the modules are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH="$PATH:/usr/local/go/bin"
command -v go >/dev/null || exit 2
export GOMODCACHE="$(tests/setup/cache.sh)/go" GOFLAGS="-mod=readonly -modcacherw" GOTOOLCHAIN=local
mkdir -p build/go
cd tests/clients/go
go build -o ../../../build/go/client .
