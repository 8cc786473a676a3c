/* special_write.c - writing what is not one PUT of one object: higress-config, and the allow list
 * of an MCP server. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "console/special_private.h"
#include "console/write_private.h"
#include "kind/kind.h"

/* The console takes the whole ConfigMap as YAML text. */
bool special_write_config(struct gateway *g, struct arena *a, const struct kind *k,
                          const char *name, const cJSON *o, enum write_doubt *doubt, struct err *e)
{
    (void)name;
    char *path = kind_object_path(a, k, k->name, NULL, e);
    const cJSON *now = path ? gateway_get(g, a, path, NULL, NULL, e) : NULL;
    *doubt = WRITE_NOT_BEGUN;
    if (!now)
        return false;
    char *text = cJSON_IsString(now) ? special_config_text(a, now->valuestring, o, e) : NULL;
    if (!text)
        return e->kind == ERR_NONE
                   ? err_set(e, ERR_GATEWAY, "higress-config could not be read again")
                   : false;
    cJSON *body = json_object(a);
    json_set_str(a, body, "config", text);
    return write_send(g, a, "PUT", path, body, doubt, e);
}

/* {mcpServerName, consumers}: those of x that y lacks; NULL when there is none. */
static cJSON *only_in(struct arena *a, const char *server, const cJSON *x, const cJSON *y)
{
    cJSON *body = json_object(a), *names = NULL;
    const cJSON *n;
    json_set_str(a, body, "mcpServerName", server);
    cJSON_ArrayForEach(n, x)
    {
        if (cJSON_IsString(n) && !json_find_text(y, n->valuestring))
            json_add_str(a, names ? names : (names = json_set_array(a, body, "consumers")),
                         n->valuestring);
    }
    return names ? body : NULL;
}

/* PUT adds to the list, DELETE with a body takes off it. */
bool special_write_allowed(struct gateway *g, struct arena *a, const struct kind *k,
                           const char *name, const cJSON *o, enum write_doubt *doubt, struct err *e)
{
    char *path = kind_list_path(a, k, NULL, e);
    const cJSON *now = gateway_object(g, a, k, name, NULL, NULL, NULL, e);
    *doubt = WRITE_NOT_BEGUN;
    if (!path || !now)
        return false;
    const cJSON *is = json_get(now, "consumers"), *wanted = json_get(o, "consumers");
    cJSON *more = only_in(a, name, wanted, is), *less = only_in(a, name, is, wanted);
    if (more && !write_send(g, a, "PUT", path, more, doubt, e))
        return false;
    if (!less || write_send(g, a, "DELETE", path, less, doubt, e))
        return true;
    if (more && *doubt == WRITE_NOT_BEGUN)
        *doubt = WRITE_ANSWERED;
    return false;
}
