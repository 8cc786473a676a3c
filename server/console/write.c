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
#include "console/special_private.h"
#include "console/write_private.h"
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

bool write_send(struct gateway *g, struct arena *a, const char *method, const char *path,
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

bool write_create(struct gateway *g, struct arena *a, const struct kind *k, const char *scope,
                  const cJSON *o, enum write_doubt *doubt, struct err *e)
{
    if (k->flags & KIND_PUT_CREATES)
        return write_put(g, a, k, kind_name_of(k, o), scope, o, doubt, e);
    return write_send(g, a, "POST", kind_list_path(a, k, scope, e), o, doubt, e);
}

bool write_put(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
               const char *scope, const cJSON *o, enum write_doubt *doubt, struct err *e)
{
    special_write_fn *special = special_writer(k);
    if (special)
        return special(g, a, k, name, o, doubt, e);
    char *path = (k->flags & KIND_PUT_LIST) ? kind_list_path(a, k, scope, e)
                                            : kind_object_path(a, k, name, scope, e);
    return write_send(g, a, "PUT", path, o, doubt, e);
}

bool write_delete(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                  const char *scope, enum write_doubt *doubt, struct err *e)
{
    return write_send(g, a, "DELETE", kind_object_path(a, k, name, scope, e), NULL, doubt, e);
}
