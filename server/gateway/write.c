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
    return send_write(g, a, k, "PUT", kind_object_path(a, k, name, scope, e), o, maybe, e);
}

bool write_delete(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                  const char *scope, bool *maybe, struct err *e)
{
    return send_write(g, a, k, "DELETE", kind_object_path(a, k, name, scope, e), NULL, maybe, e);
}
