# layers.awk rooms.tsv FILE... - who may include what. rooms.tsv is the table of ARCHITECTURE.md (rooms.sh prints it): a room, a tab, and
# the rooms it may use. A header named NAME_private.h stays in its folder; a header with a door of its own, and foreign headers,
# go where `door` and `home` say. Prints one line for each violation, with the arrow.
BEGIN {
    FS = "\t"
    # header -> the files that may include it
    door["console/write.h"] = "^server/(console|change)/"
    door["tool.h"] = "^(tools/|server/(agent|call|chat|mcp|cmd)/|server/toolsets[.]c$)"
    # what tools may include of other rooms: nothing that could write
    tools_may = "^(tool[.]h|base/.*|call/(call|read|signal|change|page)[.]h|plan/draft[.]h|rule/(limits|access)[.]h|explain/explain[.]h)$"
    # foreign header -> the files that may include it
    home["curl/"] = "^server/net/"
    home["libwebsockets"] = "^server/net/"
    home["ev.h"] = "^server/net/"
    home["sqlite3.h"] = "^server/store/store_db[.]c$"
    home["zlib.h"] = "^server/signal/accesslog_file[.]c$"
    home["openssl/"] = "^server/(base/(crypto[a-z_]*|cert[a-z_]*)[.]c$|net/)"
    home["yaml.h"] = "^server/base/yaml[.]c$"
    home["dlfcn.h"] = "^server/base/lib[.]c$"
    home["pthread.h"] = "^server/net/"
}
FILENAME ~ /rooms[.]tsv$/ {
    sees[$1] = $2
    next
}
FNR == 1 {
    folder = FILENAME
    sub(/\/[^\/]*$/, "", folder)
    sub(/^server\//, "", folder)
    room = folder
    sub(/\/.*/, "", room)
    if (!(room in sees))
        print FILENAME ":1: ARCHITECTURE.md has no room " room
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*</, "", header)
    sub(/>.*/, "", header)
    for (h in home)
        if (index(header, h) == 1 && FILENAME !~ home[h])
            print FILENAME ":" FNR ": <" header "> is not included here; " home[h] " says where"
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    header = $0
    sub(/^[^"]*"/, "", header)
    sub(/".*/, "", header)
    there = header
    if (!sub(/\/[^\/]*$/, "", there))
        there = header ~ /^(tool|version)[.]h$/ ? header : folder
    target = there
    sub(/\/.*/, "", target)
    if (target != room && index(" " sees[room] " ", " " target " ") == 0)
        print FILENAME ":" FNR ": " room " -> " target ": " room " may not include " header
    if (header ~ /_private[.]h$/ && there != folder)
        print FILENAME ":" FNR ": " header " is private to " there
    if (FILENAME ~ /^tools\// && header !~ tools_may)
        print FILENAME ":" FNR ": tools may not include " header
    if (header in door && FILENAME !~ door[header])
        print FILENAME ":" FNR ": " header " is not included here; " door[header] " says where"
}
