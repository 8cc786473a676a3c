#!/bin/bash
# symbols.sh OBJECTS - who may refer to what, seen by the linker (nm), where including a header says too little:
#   no object of tools/ refers to a function of the change engine or to a write of the console's client: a tool only describes;
#   only change/ refers to a write: only apply writes;
#   only approve/ asks the engine to decide, or whether a channel may;
#   nothing that a call needs refers to a function of the protocol.
# OBJECTS: build/gcc. Prints one line for each reference that is not allowed.
cd "$1" || exit 1
names=$(mktemp)
trap 'rm -f "$names"' EXIT
find server tools -name '*.o' | sort | xargs nm -A --extern-only --format=posix >"$names"
law() { # DEFINED-IN NAME FREE: only objects whose paths match FREE may refer to what objects that match DEFINED-IN define as NAME
    awk -v home="^($1)" -v name="^($2)$" -v free="^($3)" '
        { object = $1; sub(/:$/, "", object) }
        NR == FNR { if (object ~ home && $3 ~ /^[A-TV-Z]$/ && $2 ~ name) forbidden[$2] = 1; next }
        FNR == 1 && !length(forbidden) { print "nothing defines " name " in " home ": is it built?" }
        $3 == "U" && ($2 in forbidden) && object !~ free { print object " refers to " $2 }' "$names" "$names"
}
any='.*'
law 'server/(change/|console/write[.]o)' "$any" 'server/'
law 'server/console/write[.]o' "$any" 'server/(change|console)/'
law 'server/change/' 'engine_(decide|takes)' 'server/(change|approve)/'
law 'server/mcp/' "$any" 'server/(mcp|web|cmd)/|server/(main|toolsets)[.]o'
