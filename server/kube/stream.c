/* stream.c - a WebSocket of a cluster, opened as whom the kubeconfig says. */
#include "base/arena.h"
#include "base/err.h"
#include "kube/api_private.h"
#include "net/ws.h"

static const double OPEN_SECONDS = 10;

struct ws *kube_stream_open(struct kube_api *k, struct arena *a, const char *path,
                            const char *const *protocols, const char *what, struct cancel *c,
                            struct err *e)
{
    const struct kube_request r = { .path = path, .timeout = OPEN_SECONDS, .cancel = c };
    struct ws_options o = { .protocols = protocols, .max_message = 1 << 20 };
    struct fetch_answer answer = { 0 };
    struct err why = { 0 };
    if (!kube_api_head(k, a, &r, &o.request, e))
        return NULL;
    struct ws *w = ws_open(kube_api_loop(k), a, &o, &answer, &why);
    if (!w && answer.status >= 400 && answer.body)
        kube_api_refused(k, a, &r, &answer, e);
    else if (!w)
        err_status(e, why.kind, why.status, "%s: %s", what, why.text);
    return w;
}
