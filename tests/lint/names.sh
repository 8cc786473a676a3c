#!/bin/bash
# names.sh FILE.c... - a function's name stands in one file of the program, file-local ones too: a tag jump finds exactly one.
# Twice in one file is no violation: the two ends of an #if. Prints one line for each file behind the first.
pmccabe -- "$@" 2>/dev/null | awk -F'\t' '
    {
        file = name = $6
        sub(/\([0-9]+\): .*/, "", file)
        sub(/.*\): /, "", name)
    }
    name == "__attribute__" { next } # stands before a definition, and pmccabe takes it for the function
    name in home && home[name] != file { print file ": " name "() is defined in " home[name] " too: say what it does here" }
    !(name in home) { home[name] = file }'
exit 0
