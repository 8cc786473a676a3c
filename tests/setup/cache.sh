#!/bin/sh
# cache.sh - prints the folder that outlives a checkout: what is kept there is named by the hash of all it was made from,
# so that a fresh clone finds it and nothing in it can be out of date. HIGRESS_OPS_CACHE chooses another.
set -eu
folder=${HIGRESS_OPS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/higress-ops}
mkdir -p "$folder"
echo "$folder"
