/* write.c - the only requests of the program that change a gateway; see write.h for who may call
 * them.
 *
 * No retries. A 2xx is success only where the console means it: 201/200 for a body, 204 for a
 * delete.
 */
#include "gateway/write.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "gateway/gateway.h"
#include "gateway/kind.h"
#include "gateway/odd.h"
#include "net/fetch.h"

/* Refusals that come before anything is begun. After any other answer the gateway must be read: the
 * console has been seen to answer 400 for a domain that it had stored. */
static bool may_have_written(const struct kind *k, int status)
{
    static const int before[] = { 401, 403, 404, 405, 413, 415 };
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (status == before[i])
            return false;
    return !(status == 409 && k->version == VERSION_ENFORCED);
}

static bool send_write(struct gateway *g, struct arena *a, const struct kind *k, const char *method,
                       const char *path, const cJSON *body, bool *maybe, struct err *e)
{
    static const struct fetch_header json[] = { { "Content-Type", "application/json" }, { 0 } };
    struct fetch_request r = { .method = method };
    if (body) {
        r.headers = json;
        r.body = json_print(a, body);
        r.body_len = strlen(r.body);
    }
    struct fetch_answer answer = { 0 };
    *maybe = false;
    if (!path)
        return false;
    if (!gateway_send(g, a, &r, path, &answer, e)) {
        *maybe = answer.maybe_sent;
        return false;
    }
    if (body ? answer.status / 100 != 2 : answer.status != 204) {
        *maybe = may_have_written(k, answer.status);
        return gateway_refused(a, method, path, &answer, e);
    }
    *maybe = true;
    return gateway_unwrap(a, method, path, &answer, e) != NULL;
}

/* -- higress-config and the allow lists ------------------------------------------------------- */

/* The console takes the whole ConfigMap as YAML text. */
static bool put_config(struct gateway *g, struct arena *a, const struct kind *k, const cJSON *o,
                       bool *maybe, struct err *e)
{
    char *path = kind_object_path(a, k, k->name, NULL, e);
    const cJSON *now = path ? gateway_get(g, a, path, NULL, NULL, e) : NULL;
    char *text = cJSON_IsString(now) ? odd_config_text(a, now->valuestring, o, e) : NULL;
    *maybe = false;
    if (!text)
        return now ? err_set(e, ERR_GATEWAY, "higress-config could not be read again") : false;
    cJSON *body = json_object(a);
    json_set_str(a, body, "config", text);
    return send_write(g, a, k, "PUT", path, body, maybe, e);
}

static bool holds(const cJSON *names, const char *name)
{
    const cJSON *n;
    cJSON_ArrayForEach(n, names)
    {
        if (cJSON_IsString(n) && !strcmp(n->valuestring, name))
            return true;
    }
    return false;
}

/* {mcpServerName, consumers}: those of x that y lacks; NULL when there is none. */
static cJSON *only_in(struct arena *a, const char *server, const cJSON *x, const cJSON *y)
{
    cJSON *body = json_object(a), *names = NULL;
    const cJSON *n;
    json_set_str(a, body, "mcpServerName", server);
    cJSON_ArrayForEach(n, x)
    {
        if (cJSON_IsString(n) && !holds(y, n->valuestring))
            json_add_str(a, names ? names : (names = json_set_array(a, body, "consumers")),
                         n->valuestring);
    }
    return names ? body : NULL;
}

/* PUT adds to the list, DELETE with a body takes off it. */
static bool put_allowed(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                        const cJSON *o, bool *maybe, struct err *e)
{
    char *path = kind_list_path(a, k, NULL, e);
    const cJSON *now = gateway_object(g, a, k, name, NULL, NULL, NULL, e);
    *maybe = false;
    if (!path || !now)
        return false;
    const cJSON *is = json_get(now, "consumers"), *wanted = json_get(o, "consumers");
    cJSON *more = only_in(a, name, wanted, is), *less = only_in(a, name, is, wanted);
    if (more && !send_write(g, a, k, "PUT", path, more, maybe, e))
        return false;
    if (!less || send_write(g, a, k, "DELETE", path, less, maybe, e))
        return true;
    *maybe = *maybe || more;
    return false;
}

bool write_create(struct gateway *g, struct arena *a, const struct kind *k, const char *scope,
                  const cJSON *o, bool *maybe, struct err *e)
{
    if (k->flags & KIND_PUT_CREATES)
        return write_put(g, a, k, kind_name_of(k, o), scope, o, maybe, e);
    return send_write(g, a, k, "POST", kind_list_path(a, k, scope, e), o, maybe, e);
}

bool write_put(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
               const char *scope, const cJSON *o, bool *maybe, struct err *e)
{
    if (!strcmp(k->name, "higress-config"))
        return put_config(g, a, k, o, maybe, e);
    if (!strcmp(k->name, "mcp-consumers"))
        return put_allowed(g, a, k, name, o, maybe, e);
    char *path = (k->flags & KIND_PUT_LIST) ? kind_list_path(a, k, scope, e)
                                            : kind_object_path(a, k, name, scope, e);
    return send_write(g, a, k, "PUT", path, o, maybe, e);
}

bool write_delete(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                  const char *scope, bool *maybe, struct err *e)
{
    return send_write(g, a, k, "DELETE", kind_object_path(a, k, name, scope, e), NULL, maybe, e);
}
