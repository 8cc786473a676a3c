#!/bin/bash
# invariants.sh - every invariant of ARCHITECTURE.md says who holds us to it, in a line `Checked by: …` whose names in backquotes
# are files, parts, or programs of the tests; or that no machine does. Prints one line for each that does not.
cd "$(dirname "$0")/../.." || exit 1
exists() { # NAME: a file below tests/, a part, an attack, a unit test
    compgen -G "tests/$1" || compgen -G "tests/*/$1" || compgen -G "tests/attack/test_$1.py" || compgen -G "tests/unit/test_$1.c"
}
awk '/^## / { on = $0 == "## Invariants" } on && /^- / { n++ } on && n { text[n] = text[n] " " $0 }
    END { for (i = 1; i <= n; i++) print text[i] }' "${1:-ARCHITECTURE.md}" | while read -r text; do
    by=${text##*Checked by: }
    if [ "$by" = "$text" ]; then
        echo "ARCHITECTURE.md: nobody is said to check: ${text:0:70}"
        continue
    fi
    grep -o '`[^`]*`' <<<"$by" | tr -d '`' | while read -r name; do
        exists "$name" >/dev/null || echo "ARCHITECTURE.md: there is no test $name: ${text:0:70}"
    done
done
