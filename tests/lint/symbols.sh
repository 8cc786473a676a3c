#!/bin/bash
# symbols.sh OBJECTS - no object of tools/ refers to a function of the change engine or to a write of the console's client: the law
# that a tool only describes, seen by the linker. OBJECTS: build/gcc. Prints one line for each such reference.
mkdir -p "$1/../lint" && cd "$1" || exit 1
defined() { nm --defined-only --extern-only --format=posix "$@" | awk 'NF > 1 && $2 ~ /^[A-TV-Z]$/ { print $1 }' | sort -u; }
defined server/change/*.o server/console/write.o >../lint/forbidden.txt
[ -s ../lint/forbidden.txt ] || { echo "$1 holds no objects of the change engine"; exit 1; }
for object in ${TOOLS:-tools/*.o}; do
    nm --undefined-only --format=posix "$object" | awk '{ print $1 }' | sort -u | comm -12 - ../lint/forbidden.txt | sed "s|^|$object refers to |"
done
