#!/bin/bash
# tidy.sh STAMPS KEY FILE FLAG... - clang-tidy on one file; leaves the stamp STAMPS/KEY when it finds nothing.
stamps=$1 key=$2 file=$3
shift 3
out=$(clang-tidy-14 --quiet "$file" -- "$@" 2>/dev/null) && [ -z "$out" ] && [ "$key" != - ] && touch "$stamps/$key"
[ -z "$out" ] || echo "$out"
