#!/bin/bash
# size.sh FILE... - file <= 500 lines (a header <= 150), line <= 100 characters, function <= 50 lines and McCabe <= 12.
# Prints one line for each violation. There is no list of exceptions: split instead.
export LC_ALL=C.UTF-8
for file; do
    lines=$(wc -l <"$file") most=500
    [[ $file == *.h ]] && most=150
    [ "$lines" -le "$most" ] || echo "$file: $lines lines, $most are allowed"
done
grep -nHE '^.{101,}' -- "$@" /dev/null | sed -E 's/^([^:]*:[0-9]+):.*/\1: longer than 100 characters/'
pmccabe -- "$@" 2>/dev/null | awk -F'\t' '
    $2 > 12 { print $6 ": McCabe " $2 ", 12 are allowed" }
    $5 > 50 { print $6 ": " $5 " lines in a function, 50 are allowed" }'
exit 0
