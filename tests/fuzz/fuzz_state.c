/* fuzz_state.c - signed states and session ids: whatever is sent instead of the real one is
 * refused. The first byte says how the real text is altered by the rest, or that the rest is the
 * text.
 * fuzz: -runs=400000 -max_len=4096 -timeout=20 -dict=tests/fuzz/protocol.dict
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "call/service.h"
#include "fuzz_server.h"
#include "mcp/ask.h"
#include "mcp/ask_state_private.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/session.h"
#include "net/loop.h"
#include "tool.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held, const char *what)
{
    if (!held)
        bug("fuzz_state: %s", what);
}

/* real, altered: byte overwritten, cut, added to, two bytes swapped, replaced. */
static char *altered(struct arena *a, const char *real, const uint8_t *data, size_t size)
{
    size_t n = strlen(real);
    char *text = arena_strdup(a, real);
    const char *rest = size > 2 ? arena_strndup(a, (const char *)data + 2, size - 2) : "";
    size_t at = size > 1 ? data[1] * n / 256 : 0;
    switch (size ? data[0] % 6 : 0) {
    case 0:
        return text;
    case 1:
        text[at] = rest[0] ? rest[0] : 'A';
        return text;
    case 2:
        text[at] = '\0';
        return text;
    case 3:
        return arena_printf(a, "%.*s%s%s", (int)at, real, rest, real + at);
    case 4:
        text[at] = real[n - 1 - at];
        text[n - 1 - at] = real[at];
        return text;
    default:
        return arena_strdup(a, rest);
    }
}

static struct mcp *server(void)
{
    static struct mcp *m;
    if (!m)
        m = mcp_new(service_new(&(struct service_options){
            .loop = loop_new(), .config = fuzz_config(), .toolsets = toolsets }));
    return m;
}

static void try_state(struct arena *a, const uint8_t *data, size_t size)
{
    struct request r = { .mcp = server(), .arena = a, .principal = "alice", .era = era_modern() };
    struct question q = { .request = &r, .tool = "change_route" };
    q.args = json_parse(a, "{\"name\":\"pay\"}", 14, NULL);
    const char *real =
        ask_state_make(&q, &(struct shown){ .id = "c-0123456789ab", .plan = "digest" });
    const char *sent = altered(a, real, data, size);
    must(ask_state_read(&q, sent) == !strcmp(sent, real), "only the very text is a state");
    r.principal = "bob";
    must(!ask_state_read(&q, sent), "nobody else's state is taken");
    r.principal = "alice";
    q.tool = "change_resource";
    must(!ask_state_read(&q, sent), "no state of another tool is taken");
}

static void try_session(struct arena *a, const uint8_t *data, size_t size)
{
    struct mcp *m = server();
    struct session *s = session_open(m, "alice", "alice", &(struct err){ 0 });
    const char *real = arena_strdup(a, s->id);
    const char *sent = altered(a, real, data, size);
    must((session_find(m, sent, "alice") == s) == !strcmp(sent, real), "only the very id is one");
    must(!session_find(m, sent, "bob"), "nobody else's session is found");
    session_end(s);
    must(!session_find(m, real, "alice"), "an ended session is not found");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    try_state(a, data, size);
    try_session(a, data, size);
    arena_free(a);
    return 0;
}
