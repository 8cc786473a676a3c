/* exec.c - one message is a channel and bytes: 1 stdout, 2 stderr, and at the end on 3 a Status,
 * without which nothing is known of how the command ended. */
#include "kube/exec.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/api_private.h"
#include "net/loop.h"
#include "net/ws.h"
#include <string.h>

enum { STDOUT = 1, STDERR, ENDED };
enum { OUTPUT_MAX = 16 << 20, ERRORS_MAX = 4096, SAID_MAX = 400 };
static const double COMMAND_SECONDS = 30, CLOSE_SECONDS = 0.2;

struct running {
    const struct kube_command *command;
    struct arena *a;
    const char *what;
    struct buf *out, *errors;
    const cJSON *status; /* NULL: it has not ended */
    bool enough;         /* the sink wants no more */
};

static const char *command_path(struct arena *a, const struct kube_command *c)
{
    struct buf *b = buf_in(a, 16 << 10);
    buf_printf(b, "/api/v1/namespaces/%s/pods/%s/exec?container=%s&stdout=true&stderr=true",
               text_percent(a, c->namespace), text_percent(a, c->pod),
               text_percent(a, c->container));
    for (const char *const *word = c->argv; *word; word++)
        buf_printf(b, "&command=%s", text_percent(a, *word));
    return b->over ? NULL : b->data;
}

static void take_stdout(struct running *r, const char *bytes, size_t n)
{
    if (n && r->command->sink)
        r->enough = !r->command->sink(r->command->sink_arg, bytes, n);
    else
        buf_add(r->out, bytes, n);
}

/* False: nothing more is wanted. */
static bool take_output(struct running *r, const struct ws_message *m)
{
    struct err ignored = { 0 };
    const char *bytes = m->data + 1;
    size_t n = m->len ? m->len - 1 : 0;
    switch (m->len ? (unsigned char)m->data[0] : 0) {
    case STDOUT:
        take_stdout(r, bytes, n);
        break;
    case STDERR:
        buf_add(r->errors, bytes, n < ERRORS_MAX - r->errors->len ? n : 0);
        break;
    case ENDED:
        r->status = json_parse(r->a, bytes, n, &ignored);
        break;
    default:
        break;
    }
    return !r->status && !r->enough && !r->out->over;
}

static bool read_output(struct kube_api *k, struct running *r, struct ws *w, struct err *e)
{
    double seconds = r->command->timeout > 0 ? r->command->timeout : COMMAND_SECONDS;
    double until = loop_now(kube_api_loop(k)) + seconds;
    for (;;) {
        struct arena *one = arena_new();
        struct ws_message m;
        double left = until - loop_now(kube_api_loop(k));
        enum ws_got got = left > 0 ? ws_read(w, one, left, r->command->cancel, &m, e) : WS_QUIET;
        bool on = got == WS_MESSAGE && take_output(r, &m);
        arena_free(one);
        if (got == WS_FAILED)
            return false;
        if (got == WS_QUIET)
            return err_set(e, ERR_NET, "%s did not end within %.0f s", r->what, seconds);
        if (!on)
            return true;
    }
}

static bool judge_end(struct running *r, struct err *e)
{
    struct arena *a = r->a;
    if (r->enough)
        return true;
    if (r->out->over)
        return err_set(e, ERR_NET, "%s wrote more than %zu bytes", r->what, r->out->max);
    if (!r->status)
        return err_set(e, ERR_NET, "%s: the cluster did not say how it ended", r->what);
    if (text_same(json_str(r->status, "status"), "Success"))
        return true;
    const char *said = text_clean(a, json_text(r->status, "message"), SAID_MAX);
    const char *errors = text_clean(a, r->errors->data, SAID_MAX);
    return err_set(e, ERR_NET, "%s: %s%s%s", r->what, *said ? said : "it failed",
                   *errors ? ": " : "", errors);
}

bool kube_exec(struct kube_api *k, struct arena *a, const struct kube_command *command,
               struct kube_output *out, struct err *e)
{
    static const char *const protocols[] = { "v5.channel.k8s.io", "v4.channel.k8s.io", NULL };
    struct running r = {
        .command = command,
        .a = a,
        .what =
            arena_printf(a, "%s in container %s of pod %s/%s", command->argv[0], command->container,
                         command->namespace, text_clean(a, command->pod, 253)),
        .out = buf_in(a, command->max ? command->max : OUTPUT_MAX),
        .errors = buf_in(a, ERRORS_MAX),
    };
    const char *path = command_path(a, command);
    if (!path)
        return err_set(e, ERR_ARGS, "%s: the command is too long", r.what);
    struct ws *w = kube_stream_open(k, a, path, protocols, r.what, command->cancel, e);
    if (!w)
        return false;
    bool ok = read_output(k, &r, w, e) && judge_end(&r, e);
    ws_close(w, 1000, NULL, CLOSE_SECONDS);
    ws_free(w);
    *out = (struct kube_output){ r.out->data, r.out->len };
    return ok;
}
