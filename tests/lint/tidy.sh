#!/bin/bash
# tidy.sh FILE STAMPS FLAG... - clang-tidy on one file; leaves a stamp in the folder STAMPS when it finds nothing.
file=$1 stamp=$2/${1//\//__}
shift 2
out=$(clang-tidy-14 --quiet "$file" -- "$@" 2>/dev/null) && [ -z "$out" ] && touch "$stamp"
[ -z "$out" ] || echo "$out"
