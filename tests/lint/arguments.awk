# arguments.awk arguments.txt tools/*.c - every argument of a tool that a client fills with text of its own says what it
# holds: a secret by FIELD_SECRET in its row, anything else by a line of arguments.txt. Prints one line for each that
# does not, and for each line of the list whose argument is no more.
function judge(row,    name, type, parts) {
    if (row !~ /^[ \t{]*"/)
        return
    split(row, parts, "\"")
    name = parts[2]
    type = row
    sub(/^[^,]*,[ \t]*/, "", type)
    sub(/[^A-Z].*/, "", type)
    if (type !~ /^(STR|ANY|OBJ|LIST)$/ || row ~ /[.]one_of/ || row ~ /FIELD_SECRET/)
        return
    met[FILENAME " " name] = 1
    if (!((FILENAME " " name) in said))
        print FILENAME ":" FNR ": does " name " hold a secret? FIELD_SECRET, or a line of tests/lint/arguments.txt"
}
FNR == 1 { table = row = "" }
FILENAME ~ /arguments[.]txt$/ {
    if ($0 !~ /^#/ && NF)
        said[$1 " " $2] = FNR
    next
}
{ seen[FILENAME] = 1 }
/^static const struct field [a-z_]+\[\] = [{]/ {
    table = $5
    sub(/\[.*/, "", table)
    next
}
/^[}];/ { table = "" }
table == "" || table ~ /(^|_)out$/ { next }
{
    row = row " " $0
    if ($0 ~ /[}],?[ \t]*$/) {
        for (n = split(row, rows, /[}],[ \t]*[{]/); n > 0; n--)
            judge(rows[n])
        row = ""
    }
}
END {
    for (key in said) {
        split(key, parts, " ")
        if (parts[1] in seen && !(key in met))
            print "tests/lint/arguments.txt:" said[key] ": " key " is no argument any more"
    }
}
