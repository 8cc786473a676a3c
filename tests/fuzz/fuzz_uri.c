/* fuzz_uri.c - any text as the URI of a resource: it names an object, which then has that URI
 * again, or it names none.
 * fuzz: -runs=2500000 -max_len=4096 -timeout=20 -dict=tests/fuzz/protocol.dict
 */
#include "base/err.h"
#include "call/service.h"
#include "fuzz_server.h"
#include "mcp/resource_gateway.c"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held, const char *what)
{
    if (!held)
        bug("fuzz_uri: %s", what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct place at, again;
    struct service service = { .config = fuzz_config() };
    struct mcp m = { .config = service.config, .service = &service };
    service.gateway = (struct gateway *)&m; /* only asked whether it is there */
    char *rest = arena_strndup(a, (const char *)data, size);
    if (find_place(&m, a, arena_printf(a, PREFIX "%s", rest), &at)) {
        must(at.kind && at.name[0], "it names something");
        must(!at.scope == !(at.kind->flags & KIND_SCOPED), "with a scope where there are scopes");
        const char *scope = at.scope ? arena_printf(a, "%s/", text_percent(a, at.scope)) : "";
        const char *uri = arena_printf(a, PREFIX GATEWAY "/%s/%s%s", at.kind->name, scope,
                                       text_percent(a, at.name));
        must(find_place(&m, a, uri, &again) && again.kind == at.kind &&
                 !strcmp(again.name, at.name),
             "its own URI names it");
        must(!at.scope || !strcmp(again.scope, at.scope), "and its scope");
    }
    arena_free(a);
    return 0;
}
