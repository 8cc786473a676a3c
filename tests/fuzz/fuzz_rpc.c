/* fuzz_rpc.c - any bytes as a JSON-RPC message: taken or refused with a code; an id that was taken
 * comes back as it was sent, and what is printed is JSON.
 * fuzz: -runs=2000000 -max_len=4096 -timeout=20 -dict=tests/fuzz/protocol.dict
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "mcp/rpc_private.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held, const char *what)
{
    if (!held)
        bug("fuzz_rpc: %s", what);
}

static const cJSON *printed(struct arena *a, const char *text)
{
    const cJSON *node = json_parse(a, text, strlen(text), NULL);
    must(node && !strchr(text, '\n'), "what is printed is one line of JSON");
    return node;
}

static void check_id(struct arena *a, const cJSON *root, const struct rpc *rpc)
{
    const cJSON *back = printed(a, rpc_result(a, rpc->id, "{}"));
    must(json_equal(json_get(root, "id"), json_get(back, "id")), "the id is the one that was sent");
    back = printed(a, rpc_error(a, rpc->id, RPC_INTERNAL, "x", NULL));
    must(json_equal(json_get(root, "id"), json_get(back, "id")), "an error has it as well");
}

static void check_kind(const struct rpc *rpc)
{
    must((rpc->kind == RPC_REQUEST) == (rpc->method && rpc->id), "a request has method and id");
    must(rpc->kind != RPC_RESPONSE || (rpc->id && (rpc->result || rpc->error)), "a response");
    must(!rpc->params || cJSON_IsObject(rpc->params), "params are an object");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct rpc rpc = { 0 };
    char *text = arena_strndup(a, (const char *)data, size);
    bool taken = rpc_parse(a, text, size, &rpc, &e);
    const cJSON *root = json_parse(a, text, size, NULL);
    must(taken || (e.kind == ERR_PROTO && e.status < 0), "a refusal has a code");
    must(!taken || cJSON_IsObject(root), "only an object is a message");
    if (taken)
        check_kind(&rpc);
    if (rpc.id && cJSON_IsObject(root))
        check_id(a, root, &rpc);
    if (taken && rpc.progress_token)
        must(
            json_equal(json_get(printed(a, arena_printf(a, "{\"t\":%s}", rpc.progress_token)), "t"),
                       json_path(root, "params._meta.progressToken")),
            "the progress token is the one that was sent");
    arena_free(a);
    return 0;
}
