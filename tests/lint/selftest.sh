#!/bin/bash
# selftest.sh - proves that each custom check can fail: plants violations in an empty tree, one a file, and expects every
# one to be found, and nothing in a file that keeps the rules. Prints `missed: …` or `false alarm: …`.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree" || exit 1
mkdir -p server/{base,net,kind,console,plan,store,change,approve,call,mcp,embedded/rest,cmd} tools
bash "$here/rooms.sh" >"$tree/rooms.tsv"
count=0
plant() { # CHECK FILE TEXT: CHECK must report FILE
    count=$((count + 1))
    printf '%b\n' "$3" >"$2"
    case $1 in
    size) "$here/size.sh" "$2" ;;
    arguments) awk -f "$here/arguments.awk" "$here/arguments.txt" "$2" ;;
    layers) awk -f "$here/layers.awk" rooms.tsv "$2" ;;
    *) awk -f "$here/$1.awk" "$2" ;;
    esac | grep -q "^$2" || echo "missed: $1 in $2: ${3:0:70}"
    rm "$2"
}
plant layers server/plan/a.c '#include "call/call.h"'
plant layers server/net/a.c '#include "plan/plan.h"'
plant layers server/base/a.c '#include "net/loop.h"'
plant layers server/mcp/a.c '#include "cmd/cmd.h"'
plant layers server/mcp/a.c '#include "embedded/embedded.h"'
plant layers server/mcp/a.c '#include "console/write.h"'
plant layers server/plan/a.c '#include "console/write.h"'
plant layers server/change/a.c '#include "store/store_private.h"'
plant layers server/embedded/rest/a.c '#include "embedded/objects/route_private.h"'
plant layers server/store/a.c '#include "change/engine.h"'
plant layers server/embedded/a.c '#include "plan/plan.h"'
plant layers server/plan/a.c '#include "tool.h"'
plant layers server/call/a.c '#include "mcp/mcp.h"'
plant layers server/change/a.c '#include "approve/approve.h"'
plant layers tools/a.c '#include "console/gateway.h"'
plant layers tools/a.c '#include "kind/kind.h"'
plant layers server/mcp/a.c '#include <curl/curl.h>'
plant layers server/mcp/a.c '# include <libwebsockets.h>'
plant layers server/kind/a.c '#include <sqlite3.h>'
plant layers server/plan/a.c '#include <zlib.h>'
plant layers server/plan/a.c '#include <openssl/evp.h>'
plant layers server/plan/a.c '#include <yaml.h>'
plant layers server/plan/a.c '#include <dlfcn.h>'
plant rules server/mcp/a.c 'char *p = malloc(3);'
plant rules server/base/text.c 'free (p);'
plant rules tools/a.c '    x = strdup(y); /* mine */'
plant rules server/plan/a.c 'cJSON_Delete(x);'
plant rules server/plan/a.c 'cJSON_AddItemToArray(x, y);'
plant rules tools/a.c 'strcpy(a, b);'
plant rules server/mcp/a.c '/* a\n * comment */ int n = atoi(s);'
plant rules server/mcp/a.c 'puts("x");'
plant rules server/plan/a.c 'log_event(LOG_INFO, "x", "y");'
plant rules tools/a.c 'exit(1);'
plant rules server/mcp/a.c 'goto out;'
plant rules server/mcp/a.h 'typedef struct call call_t;'
plant rules server/mcp/a.c "// $(printf TO)DO: later"
plant rules server/mcp/a.c '    fiber_park();'
plant rules server/change/a.c '    if (c->mode == MODE_AUTO)'
plant size server/mcp/a.c "$(printf 'int x;\\n%.0s' {1..501})"
plant size server/mcp/a.h "$(printf 'int x;\\n%.0s' {1..151})"
plant size server/mcp/a.c "/* $(printf 'x%.0s' {1..100}) */"
plant size server/mcp/a.c "int f(void)\n{\n$(printf '    f();\\n%.0s' {1..50})    return 0;\n}"
plant size server/mcp/a.c "int f(int x)\n{\n$(printf '    if (x)\\n        x++;\\n%.0s' {1..12})    return x;\n}"
plant arguments tools/a.c 'static const struct field in[] = {\n    { "pin", STR, OPT, NULL },\n    { 0 },\n};'
plant arguments tools/a.c 'static const struct field set_in[] = {\n    { "any", ANY, REQ,\n      "One of two." },\n    { 0 },\n};'
plant arguments tools/a.c 'static const struct field in[] = {\n    { "n", INT, OPT, NULL }, { "pin", STR, OPT, NULL }, { 0 },\n};'
plant arguments tools/log.c 'static const struct field in[] = {\n    { "route", STR, OPT, NULL },\n    { "cookie", OBJ, OPT, NULL, .flags = FIELD_OPEN },\n};'
innocent() { # FILE TEXT: no check may report it
    count=$((count + 1))
    printf '%b\n' "$2" >"$1"
    found=$("$here/size.sh" "$1"; awk -f "$here/layers.awk" rooms.tsv "$1"; awk -f "$here/rules.awk" "$1"
        awk -f "$here/arguments.awk" "$here/arguments.txt" "$1")
    [ -z "$found" ] || echo "false alarm: $found"
    rm "$1"
}
innocent server/console/a.c '#include "kind/kind.h"\n#include "net/fetch.h"\n#include <string.h>\n/* free(x), cJSON_Delete(x) */'
innocent server/store/store_db.c '#include <sqlite3.h>'
innocent tools/a.c '#include "tool.h"\n#include <string.h>\nint f(void)\n{\n    fail(c, "malloc(3) and goto out");\n}'
innocent server/mcp/a.c 'arena_free(a);\nbuf_free(b);\nfreeaddrinfo(x);\nsnprintf(a, 1, "x");\nx->free(y);'
innocent server/cmd/a.c 'puts("hello");\n/* many\n free(x);\n lines */'
innocent tools/a.c 'static const struct field in[] = {\n    { "pin", STR, OPT, NULL, .max = 9,\n      .flags = FIELD_SECRET },\n    { "n", INT, OPT, NULL },\n    { "how", STR, REQ, NULL, .one_of = "a|b" },\n    { 0 },\n};\nstatic const struct field out[] = {\n    { "id", STR, REQ, NULL },\n    { 0 },\n};'
# A name that two files define, one of them for itself; a name that one file defines twice, and one that is only called, are none.
count=$((count + 2))
printf 'int room_count(void)\n{\n    return 1;\n}\n' >server/net/a.c
printf 'static int room_count(void)\n{\n    return 2;\n}\n' >server/kind/a.c
printf '#if A\nstatic int b(void)\n{\n    return 1;\n}\n#else\nstatic int b(void)\n{\n    return room_count();\n}\n#endif\n' >tools/a.c
[ "$("$here/names.sh" server/*/a.c tools/a.c | grep -c '^server/net/a.c: room_count() is defined in server/kind/a.c too')" = 1 ] ||
    echo "missed: a name that stands in two files"
found=$("$here/names.sh" server/net/a.c tools/a.c)
[ -z "$found" ] || echo "false alarm: $found"
rm server/*/a.c tools/a.c
# Objects that refer to what they may not, in a tree that holds what is forbidden.
mkdir -p objects/server/{change,console,mcp,call,approve,web} objects/tools
object() { # PATH DECLARATION: compiles it
    gcc -x c -c -o "objects/$1" - <<<"$2"
}
object server/change/engine_decide.o 'int engine_decide(void) { return 1; } int engine_takes(void) { return 1; }'
object server/console/write.o 'int gateway_write(void) { return 1; }'
object server/mcp/task.o 'int task_detach(void) { return 1; }'
object server/approve/approve.o 'int engine_decide(void); int approve_ask(void) { return engine_decide(); }'
object server/change/apply.o 'int gateway_write(void); int apply(void) { return gateway_write(); }'
refers() { # OBJECT NAME: symbols.sh must report that it does
    count=$((count + 1))
    object "$1" "int $2(void); int use(void) { return $2(); }"
    "$here/symbols.sh" objects | grep -qx "$1 refers to $2" || echo "missed: $1 refers to $2"
    rm "objects/$1"
}
count=$((count + 1))
found=$("$here/symbols.sh" objects)
[ -z "$found" ] || echo "false alarm: $found"
refers tools/a.o engine_decide
refers tools/a.o gateway_write
refers server/mcp/a.o gateway_write
refers server/call/a.o engine_decide
refers server/web/a.o engine_takes
refers server/call/a.o task_detach
refers server/approve/a.o task_detach
count=$((count + 1))
echo 'int main(void) { return 0; }' | gcc -x c -o linked - -Wl,--no-as-needed -lcurl
"$here/libraries.sh" linked | grep -q '^linked links libcurl' || echo "missed: a program that links libcurl"
invariant() { # TEXT WORD: invariants.sh must say so
    count=$((count + 1))
    printf '## Invariants\n\n%s\n\n## Next\n' "$1" >invariants.md
    "$here/invariants.sh" "$PWD/invariants.md" | grep -q "$2" || echo "missed: an invariant: $1"
}
invariant '- Nothing is lost.' 'nobody is said to check'
invariant '- Nothing is lost.\n  Checked by: `no_such_test`.' 'there is no test no_such_test'
# A file with a stamp is left alone until it, a header that it includes, or the checker changes (unseen.py).
seen() { # EXPECTED WHAT FLAGS: is server/a.c left alone?
    count=$((count + 1))
    local out
    out=$(python3 "$here/unseen.py" stamps "$3" -- server/a.c)
    [ "$1" = "$([ -z "$out" ] && echo yes || echo no)" ] || echo "missed: $2"
    touch "stamps/${out%% *}"
}
mkdir -p build/gcc/server stamps
echo 'int x;' >server/a.c
echo 'extern int x;' >server/a.h
seen no "a file without a .d is linted" flags
printf 'build/gcc/server/a.o: server/a.c \\\n server/a.h\nserver/a.h:\n' >build/gcc/server/a.d
seen no "a new file is linted" flags
seen yes "a file with a stamp is not linted again" flags
seen no "other flags lint again" "other flags"
echo 'extern int y;' >>server/a.h
seen no "a header that changed lints again" flags
echo 'int y;' >>server/a.c
seen no "a file that changed is linted again" flags
[ $count -eq 72 ] || echo "missed: $count cases ran instead of 70"
