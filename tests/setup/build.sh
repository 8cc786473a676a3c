#!/bin/bash
# build.sh ARGUMENT... - make with all processors, one at a time: test parts that run beside each other share build/.
cd "$(dirname "$0")/../.." || exit 1
mkdir -p build
exec flock build/.make.lock make -s -j"$(nproc)" "$@"
