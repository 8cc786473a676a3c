/* api.c - a request of a cluster: where it goes, who sends it, and what its refusal says. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/api_private.h"
#include "kube/credential.h"
#include "net/fetch.h"
#include "version.h"
#include <string.h>

enum { HEADERS = 64, SAID_MAX = 500 };

struct kube_api {
    struct loop *loop;
    const struct kube_access *access;
    struct kube_credentials *credentials;
    /* A server whose certificate has another name is asked for by that name, and connected to as
     * the kubeconfig says. */
    const char *base;       /* of URLs */
    const char *connect_to; /* NULL: as the URL says */
    const char *host;       /* header; NULL: as the URL says */
};

struct loop *kube_api_loop(const struct kube_api *k)
{
    return k->loop;
}

const struct kube_access *kube_api_access(const struct kube_api *k)
{
    return k->access;
}

/* -- where it goes -------------------------------------------------------------------------------
 */

static void use_tls_name(struct kube_api *k, struct arena *a)
{
    const char *authority = strstr(k->access->server, "://") + 3;
    size_t n = strcspn(authority, "/");
    const char *host = arena_strndup(a, authority, n);
    const char *colon = strrchr(host, ':'), *bracket = strrchr(host, ']');
    const char *port = colon && (!bracket || colon > bracket) ? colon + 1 : NULL;
    const char *name = port ? arena_strndup(a, host, (size_t)(port - 1 - host)) : host;
    k->base =
        arena_printf(a, "https://%s:%s%s", k->access->tls_name, port ? port : "443", authority + n);
    k->connect_to = arena_printf(a, "%s:%s:%s:%s", k->access->tls_name, port ? port : "443", name,
                                 port ? port : "443");
    k->host = host;
}

struct kube_api *kube_api_new(struct loop *l, struct arena *a, const struct kube_access *access)
{
    struct kube_api *k = arena_make(a, struct kube_api);
    *k = (struct kube_api){ .loop = l,
                            .access = access,
                            .credentials = kube_credentials_new(l, a, access),
                            .base = access->server };
    if (access->tls_name && text_starts(access->server, "https://"))
        use_tls_name(k, a);
    return k;
}

/* -- who sends it --------------------------------------------------------------------------------
 */

struct header_list {
    struct fetch_header items[HEADERS + 1];
    int count;
};

static void add_kube_header(struct header_list *h, const char *name, const char *value)
{
    if (value && h->count < HEADERS)
        h->items[h->count++] = (struct fetch_header){ name, value };
}

/* The server lower-cases the key and takes its escapes away. */
static void add_impersonation(struct arena *a, struct header_list *h, const struct kube_access *x)
{
    add_kube_header(h, "Impersonate-User", x->as);
    add_kube_header(h, "Impersonate-Uid", x->as_uid);
    for (const char *const *group = x->as_groups; *group; group++)
        add_kube_header(h, "Impersonate-Group", *group);
    for (const struct kube_variable *v = x->as_extra; v->name; v++)
        add_kube_header(h, arena_printf(a, "Impersonate-Extra-%s", text_percent(a, v->name)),
                        v->value);
}

/* A request of the cluster without what it asks for. */
bool kube_api_head(struct kube_api *k, struct arena *a, const struct kube_request *r,
                   struct fetch_request *out, struct err *e)
{
    struct header_list *h = arena_make(a, struct header_list);
    struct kube_credential c;
    bool plain =
        text_starts(k->access->server, "http://"); /* who one is is not said in the clear */
    if (!kube_credentials_now(k->credentials, a, r->cancel, &c, e))
        return false;
    add_kube_header(h, "Accept", r->accept ? r->accept : "application/json");
    add_kube_header(h, "User-Agent", "higress-ops/" HIGRESS_OPS_VERSION);
    add_kube_header(h, "Host", k->host);
    if (r->body)
        add_kube_header(h, "Content-Type", r->type ? r->type : "application/json");
    if (!plain && c.token)
        add_kube_header(h, "Authorization", arena_printf(a, "Bearer %s", c.token));
    add_impersonation(a, h, k->access);
    struct fetch_tls *tls = arena_make(a, struct fetch_tls);
    *tls = (struct fetch_tls){ k->access->ca.text, c.certificate.file, c.certificate.text,
                               c.key.file, c.key.text };
    *out = (struct fetch_request){
        .url = arena_printf(a, "%s%s", k->base, r->path),
        .headers = h->items,
        .timeout = r->timeout,
        .ca_file = k->access->ca.file,
        .tls = tls,
        .proxy = k->access->proxy,
        .connect_to = k->connect_to,
        .user_pwd_user = plain ? NULL : c.user,
        .user_pwd_password = plain ? NULL : c.password,
        .cancel = r->cancel,
        .to = TO_KUBERNETES,
    };
    return true;
}

static bool send_as_oneself(struct kube_api *k, struct arena *a, const struct kube_request *r,
                            struct fetch_answer *out, struct err *e)
{
    struct fetch_request request;
    if (!kube_api_head(k, a, r, &request, e))
        return false;
    request.method = r->method ? r->method : "GET";
    request.body = r->body ? json_print(a, r->body) : NULL;
    request.body_len = request.body ? strlen(request.body) : 0;
    request.max_body = r->max_body;
    request.sink = r->sink;
    request.sink_arg = r->sink_arg;
    request.trickles = r->trickles;
    request.probes = r->lasts;
    return fetch(k->loop, a, &request, out, e);
}

/* -- what its refusal says -----------------------------------------------------------------------
 */

static const char *next_step(struct arena *a, const struct kube_api *k, int status)
{
    switch (status) {
    case 401:
        return arena_printf(a, "; the credential of %s%s%s is not good there", k->access->from,
                            k->access->context ? ", context " : "",
                            k->access->context ? k->access->context : "");
    case 403:
        return "; a Role of docs/kubernetes.md grants what is missing";
    case 429:
        return "; it is busy: try again later";
    default:
        return "";
    }
}

bool kube_api_refused(struct kube_api *k, struct arena *a, const struct kube_request *r,
                      const struct fetch_answer *answer, struct err *e)
{
    struct err ignored = { 0 };
    const cJSON *o = json_parse(a, answer->body, answer->len, &ignored);
    const char *said = text_same(json_str(o, "kind"), "Status") ? json_str(o, "message") : NULL;
    if (!said)
        said = answer->body;
    const char *words = text_clean(a, said, SAID_MAX);
    return err_status(e, ERR_GATEWAY, answer->status, "the cluster answered %s %.*s with %d: %s%s",
                      r->method ? r->method : "GET", (int)strcspn(r->path, "?"), r->path,
                      answer->status, *words ? words : "no reason given",
                      next_step(a, k, answer->status));
}

bool kube_api_ask(struct kube_api *k, struct arena *a, const struct kube_request *r,
                  struct fetch_answer *out, struct err *e)
{
    if (!send_as_oneself(k, a, r, out, e))
        return false;
    if (out->status == 401 && kube_credentials_refused(k->credentials) &&
        !send_as_oneself(k, a, r, out, e))
        return false;
    return (out->status >= 200 && out->status < 300) || kube_api_refused(k, a, r, out, e);
}

cJSON *kube_api_get(struct kube_api *k, struct arena *a, const char *path, struct cancel *c,
                    struct err *e)
{
    const struct kube_request r = { .path = path, .cancel = c };
    struct fetch_answer answer;
    struct err why = { 0 };
    if (!kube_api_ask(k, a, &r, &answer, e))
        return NULL;
    cJSON *o = json_parse(a, answer.body, answer.len, &why);
    if (!o)
        err_set(e, ERR_GATEWAY, "the cluster answered GET %.*s with no JSON: %s",
                (int)strcspn(path, "?"), path, why.text);
    return o;
}
