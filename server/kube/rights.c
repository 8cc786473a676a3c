/* rights.c - the table of rights. What is asked of a cluster for the first time joins it, and
 * docs/kubernetes.md. */
#include "kube/rights.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "kube/api.h"
#include "kube/login.h"
#include "net/fetch.h"
#include <string.h>

#define REVIEWS "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#define WHO "/apis/authentication.k8s.io/v1/selfsubjectreviews"

const struct kube_right kube_rights[] = {
    { "list", "pods", NULL, "to find the pods of Higress", NULL, 0 },
    { "watch", "pods", NULL, "to hear of those that come and go", NULL, 0 },
    { "get", "pods", "log", "to read the logs of gateway and controller", NULL, 0 },
    { "get", "pods", "portforward", "to reach the console and Envoy in their pods", NULL, 0 },
    { "create", "pods", "portforward", "the same, from Kubernetes 1.35 on", NULL, 0 },
    { "get", "pods", "exec", "to ask Envoy by its agent", NULL, KUBE_USE_EXEC },
    { "create", "pods", "exec", "the same, from Kubernetes 1.35 on", NULL, KUBE_USE_EXEC },
    { "get", "secrets", NULL, "to log in at the console", KUBE_LOGIN_SECRET, KUBE_USE_LOGIN },
    { 0 },
};

/* A review: what is posted comes back with its status. */
static const cJSON *review(struct kube_api *k, struct arena *a, const char *path, cJSON *body,
                           struct cancel *c, struct err *e)
{
    const struct kube_request r = { .method = "POST", .path = path, .body = body, .cancel = c };
    struct fetch_answer answer;
    struct err why = { 0 };
    if (!kube_api_ask(k, a, &r, &answer, e))
        return NULL;
    const cJSON *o = json_parse(a, answer.body, answer.len, &why);
    if (!json_get(o, "status"))
        err_set(e, ERR_GATEWAY, "the cluster answered POST %s without a status", path);
    return json_get(o, "status");
}

static cJSON *review_body(struct arena *a, const char *group, const char *kind)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "apiVersion", arena_printf(a, "%s/v1", group));
    json_set_str(a, o, "kind", kind);
    return o;
}

const char *kube_who(struct kube_api *k, struct arena *a, struct cancel *c, struct err *e)
{
    struct err why = { 0 };
    const cJSON *status =
        review(k, a, WHO, review_body(a, "authentication.k8s.io", "SelfSubjectReview"), c, &why);
    if (!status && why.status != 404)
        err_set(e, why.kind, "%s", why.text);
    return json_str(json_get(status, "userInfo"), "username");
}

static bool has_right(struct kube_api *k, struct arena *a, const struct kube_right *right,
                      struct cancel *c, struct err *e)
{
    cJSON *o = review_body(a, "authorization.k8s.io", "SelfSubjectAccessReview");
    cJSON *about = json_set_object(a, json_set_object(a, o, "spec"), "resourceAttributes");
    json_set_str(a, about, "namespace", kube_api_access(k)->namespace);
    json_set_str(a, about, "verb", right->verb);
    json_set_str(a, about, "resource", right->resource);
    if (right->subresource)
        json_set_str(a, about, "subresource", right->subresource);
    if (right->name)
        json_set_str(a, about, "name", right->name);
    return json_true(review(k, a, REVIEWS, o, c, e), "allowed");
}

static bool is_used(const struct kube_right *right, unsigned uses)
{
    return !right->of || (right->of & uses);
}

const struct kube_right *kube_rights_missing(struct kube_api *k, struct arena *a, unsigned uses,
                                             struct cancel *c, struct err *e)
{
    enum { RIGHTS = sizeof kube_rights / sizeof *kube_rights };
    struct kube_right *out = arena_array(a, struct kube_right, RIGHTS);
    int n = 0;
    for (const struct kube_right *right = kube_rights; right->verb; right++)
        if (is_used(right, uses) && !has_right(k, a, right, c, e) && e->kind == ERR_NONE)
            out[n++] = *right;
    return e->kind == ERR_NONE ? out : NULL;
}

static const char *right_resource(struct arena *a, const struct kube_right *x)
{
    return x->subresource ? arena_printf(a, "%s/%s", x->resource, x->subresource) : x->resource;
}

/* Rows of one resource stand together: their verbs become one rule. */
const char *kube_role(struct arena *a, const char *namespace, unsigned uses)
{
    const char *out = arena_printf(a,
                                   "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"
                                   "metadata: {name: higress-ops, namespace: %s}\nrules:\n",
                                   namespace);
    for (const struct kube_right *x = kube_rights; x->verb;) {
        const char *resource = right_resource(a, x), *verbs = x->verb;
        const struct kube_right *first = x;
        for (x++; x->verb && !strcmp(right_resource(a, x), resource); x++)
            verbs = arena_printf(a, "%s, %s", verbs, x->verb);
        if (is_used(first, uses))
            out = arena_printf(a, "%s- {apiGroups: [\"\"], resources: [%s]%s%s%s, verbs: [%s]}\n",
                               out, resource, first->name ? ", resourceNames: [" : "",
                               first->name ? first->name : "", first->name ? "]" : "", verbs);
    }
    return out;
}
