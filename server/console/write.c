/* write.c - the only requests of the program that change a gateway; see write.h for who may call
 * them.
 *
 * No retries. A 2xx is success only where the console means it: 201/200 for a body, 204 for a
 * delete.
 */
#include "console/write.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "console/gateway.h"
#include "console/odd_private.h"
#include "kind/kind.h"
#include "net/fetch.h"

/* Whoever gave up waiting says nothing about what is being done behind it. */
static enum write_doubt after_answer(struct arena *a, const struct fetch_answer *answer)
{
    bool proxy = answer->status >= 502 && answer->status <= 504;
    return proxy && !gateway_enveloped(a, answer) ? WRITE_PENDING : WRITE_ANSWERED;
}

static enum write_doubt without_answer(const struct fetch_answer *answer)
{
    if (!answer->maybe_sent)
        return WRITE_NOT_BEGUN;
    return answer->cause == FETCH_TIMEOUT ? WRITE_PENDING : WRITE_BROKEN;
}

static bool send_write(struct gateway *g, struct arena *a, const char *method, const char *path,
                       const cJSON *body, enum write_doubt *doubt, struct err *e)
{
    static const struct fetch_header json[] = { { "Content-Type", "application/json" }, { 0 } };
    struct fetch_request r = { .method = method };
    if (body) {
        r.headers = json;
        r.body = json_print(a, body);
        r.body_len = strlen(r.body);
    }
    struct fetch_answer answer = { 0 };
    *doubt = WRITE_NOT_BEGUN;
    if (!path)
        return false;
    if (!gateway_send(g, a, &r, path, &answer, e)) {
        *doubt = without_answer(&answer);
        return false;
    }
    if (body ? answer.status / 100 != 2 : answer.status != 204) {
        *doubt = after_answer(a, &answer);
        return gateway_refused(a, method, path, &answer, e);
    }
    *doubt = WRITE_ANSWERED;
    return gateway_unwrap(a, method, path, &answer, NULL, e) != NULL;
}

/* -- higress-config and the allow lists ------------------------------------------------------- */

/* The console takes the whole ConfigMap as YAML text. */
static bool put_config(struct gateway *g, struct arena *a, const struct kind *k, const cJSON *o,
                       enum write_doubt *doubt, struct err *e)
{
    char *path = kind_object_path(a, k, k->name, NULL, e);
    const cJSON *now = path ? gateway_get(g, a, path, NULL, NULL, e) : NULL;
    *doubt = WRITE_NOT_BEGUN;
    if (!now)
        return false;
    char *text = cJSON_IsString(now) ? odd_config_text(a, now->valuestring, o, e) : NULL;
    if (!text)
        return e->kind == ERR_NONE
                   ? err_set(e, ERR_GATEWAY, "higress-config could not be read again")
                   : false;
    cJSON *body = json_object(a);
    json_set_str(a, body, "config", text);
    return send_write(g, a, "PUT", path, body, doubt, e);
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
                        const cJSON *o, enum write_doubt *doubt, struct err *e)
{
    char *path = kind_list_path(a, k, NULL, e);
    const cJSON *now = gateway_object(g, a, k, name, NULL, NULL, NULL, e);
    *doubt = WRITE_NOT_BEGUN;
    if (!path || !now)
        return false;
    const cJSON *is = json_get(now, "consumers"), *wanted = json_get(o, "consumers");
    cJSON *more = only_in(a, name, wanted, is), *less = only_in(a, name, is, wanted);
    if (more && !send_write(g, a, "PUT", path, more, doubt, e))
        return false;
    if (!less || send_write(g, a, "DELETE", path, less, doubt, e))
        return true;
    if (more && *doubt == WRITE_NOT_BEGUN)
        *doubt = WRITE_ANSWERED;
    return false;
}

bool write_create(struct gateway *g, struct arena *a, const struct kind *k, const char *scope,
                  const cJSON *o, enum write_doubt *doubt, struct err *e)
{
    if (k->flags & KIND_PUT_CREATES)
        return write_put(g, a, k, kind_name_of(k, o), scope, o, doubt, e);
    return send_write(g, a, "POST", kind_list_path(a, k, scope, e), o, doubt, e);
}

bool write_put(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
               const char *scope, const cJSON *o, enum write_doubt *doubt, struct err *e)
{
    if (!strcmp(k->name, "higress-config"))
        return put_config(g, a, k, o, doubt, e);
    if (!strcmp(k->name, "mcp-consumers"))
        return put_allowed(g, a, k, name, o, doubt, e);
    char *path = (k->flags & KIND_PUT_LIST) ? kind_list_path(a, k, scope, e)
                                            : kind_object_path(a, k, name, scope, e);
    return send_write(g, a, "PUT", path, o, doubt, e);
}

bool write_delete(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                  const char *scope, enum write_doubt *doubt, struct err *e)
{
    return send_write(g, a, "DELETE", kind_object_path(a, k, name, scope, e), NULL, doubt, e);
}
