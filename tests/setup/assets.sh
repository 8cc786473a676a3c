#!/bin/sh
# assets.sh FILE... - prints an assembler file that holds the FILEs and the table of server/base/asset.h.
set -eu
printf '    .section .note.GNU-stack,"",%%progbits\n    .section .rodata\n'
n=0
for f; do
    printf 'p%d: .asciz "%s"\nd%d: .incbin "%s"\ne%d: .byte 0\n' $n "$f" $n "$f" $n
    n=$((n + 1))
done
printf '    .section .data.rel.ro,"aw"\n    .balign 8\n    .globl assets\nassets:\n'
i=0
while [ $i -lt $n ]; do
    printf '    .quad p%d, d%d, e%d\n' $i $i $i
    i=$((i + 1))
done
printf '    .quad 0, 0, 0\n'
