#!/bin/bash
# rooms.sh - prints the table of rooms in ARCHITECTURE.md as `ROOM<tab>ROOMS IT MAY USE`, for layers.awk.
cd "$(dirname "$0")/../.." || exit 1
awk -F' *[|] *' '/^## / { on = $0 == "## The rooms" } on && NF == 5 && $2 !~ /^(room|-+)$/ { print $2 "\t" $4 }' ARCHITECTURE.md
