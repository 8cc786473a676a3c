/* log_pods.c - the logs of pods: GET pods/log of each replica, at once.
 *
 * The API gives lines from the last so-and-so many on, forwards, of the file that is written to: so
 * first the newest few of each, then all. `limitBytes` cuts away the newest lines, not the oldest:
 * an answer that reaches it is asked for again with fewer lines. Source: docs/logs.md; Kubernetes'
 * API reference, PodLogOptions.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/fiber.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "kube/api.h"
#include "kube/higress.h"
#include "net/beside.h"
#include "net/fetch.h"
#include "signal/log_pods_private.h"
#include <math.h>
#include <string.h>

enum { FEW = 2000, BYTES = 16 << 20, ALL_BYTES = 64 << 20, PODS = 64, AT_ONCE = 16, TRIES = 4 };
enum { BYTES_OF_ONE = 4 << 20 };
/* Of one alone, which may stand on a node that is gone, a diagnosis waits for the answer. */
static const double LOG_SECONDS = 60, LOG_SECONDS_OF_ONE = 8;

static const struct pod_log pod_logs[] = {
    [LOG_ACCESS] = { KUBE_GATEWAY, "higress-gateway" },
    [LOG_GATEWAY] = { KUBE_GATEWAY, "higress-gateway" },
    [LOG_CONTROLLER] = { KUBE_CONTROLLER, "higress-core" },
    [LOG_PILOT] = { KUBE_CONTROLLER, "discovery" },
    [LOG_CONSOLE] = { KUBE_CONSOLE, "higress-console" },
};

const struct pod_log *log_pod_log(enum log_what what)
{
    return &pod_logs[what];
}

/* -- one of them ---------------------------------------------------------------------------------
 */

struct pod_job {
    struct log_source *source;
    const struct log_chain *chain;
    struct arena *arena;
    struct cancel *cancel;
    const char *pod;
    bool named; /* the container is asked for by its name */
    size_t max; /* bytes */
    long tail;  /* lines; 0: all */
    struct buf got;
    bool full; /* the limit was reached */
    bool cut;  /* older lines are left */
    struct err err;
};

char *log_pod_path(struct arena *a, const struct log_source *s, enum log_what what, const char *pod,
                   bool named)
{
    const struct kube_access *access = kube_higress_access(s->config->kube.higress);
    const char *container = pod_logs[what].container;

    return arena_printf(a, "/api/v1/namespaces/%s/pods/%s/log?timestamps=true%s%s",
                        text_percent(a, access->namespace), text_percent(a, pod),
                        named ? "&container=" : "", named ? container : "");
}

static bool add_log_bytes(void *arg, const char *bytes, size_t n)
{
    struct pod_job *j = arg;
    size_t room = j->max - j->got.len;

    j->full = n >= room;
    return buf_add(&j->got, bytes, n < room ? n : room) && !j->full;
}

/* A chart may have named the container otherwise; where a pod has one only, it needs no name. */
bool log_no_such_container(const struct err *e)
{
    return e->status == 400 && strstr(e->text, "is not valid for pod");
}

static bool ask_pod(struct pod_job *j, struct err *e)
{
    struct log_source *s = j->source;
    struct kube_api *k = kube_higress_api(s->config->kube.higress, s->loop);
    double since = j->chain->since;
    char *path = log_pod_path(j->arena, s, j->chain->what, j->pod, j->named);
    struct fetch_answer answer;

    path = arena_printf(j->arena, "%s&limitBytes=%zu", path, j->max);
    if (j->tail)
        path = arena_printf(j->arena, "%s&tailLines=%ld", path, j->tail);
    if (since > 0)
        path = arena_printf(j->arena, "%s&sinceSeconds=%.0f", path,
                            fmax(1, ceil(when_now() - since) + 1));
    if (j->chain->previous)
        path = arena_printf(j->arena, "%s&previous=true", path);
    const struct kube_request r = { .path = path,
                                    .accept = "*/*",
                                    .timeout = s->pod ? LOG_SECONDS_OF_ONE : LOG_SECONDS,
                                    .sink = add_log_bytes,
                                    .sink_arg = j,
                                    .cancel = j->cancel };
    buf_reset(&j->got);
    j->full = false;
    return kube_api_ask(k, j->arena, &r, &answer, e);
}

static int count_breaks(const struct buf *b)
{
    const char *end = b->data + b->len;
    int n = 0;

    for (const char *nl = b->data; (nl = memchr(nl, '\n', (size_t)(end - nl))); nl++)
        n++;
    return n;
}

static void read_pod(void *arg, int which, struct cancel *own)
{
    struct pod_job *j = (struct pod_job *)arg + which;
    j->cancel = own;
    bool ok = ask_pod(j, &j->err);

    if (!ok && j->named && log_no_such_container(&j->err)) {
        j->named = false;
        err_clear(&j->err);
        ok = ask_pod(j, &j->err);
    }
    for (int i = 0; ok && j->full && i < TRIES; i++) {
        int lines = count_breaks(&j->got);
        j->cut = true;
        j->tail = lines > 1 ? lines - (lines >> (TRIES - i)) - 1 : 1;
        ok = ask_pod(j, &j->err);
    }
    j->cut = j->cut || (j->tail && count_breaks(&j->got) >= j->tail);
    if (ok && j->full)
        err_set(&j->err, ERR_GATEWAY, "its newest lines are longer than %zu bytes", j->max);
}

/* -- all of them ---------------------------------------------------------------------------------
 */

static void add_note(struct log_source *s, struct log_chain *c, const char *words)
{
    if (!c->note || !strstr(c->note, words))
        c->note = c->note ? arena_printf(s->arena, "%s; %s", c->note, words)
                          : arena_strdup(s->arena, words);
}

/* A replica that cannot be read is missing, and said to be; where none can, that is the error. */
static bool take_streams(struct log_source *s, struct log_chain *c, struct pod_job *jobs, int count,
                         struct log_stream *out, struct err *e)
{
    int read = 0;

    for (int i = 0; i < count; i++) {
        const char *pod = text_clean(s->arena, jobs[i].pod, 253);
        out[i] = (struct log_stream){ pod, jobs[i].got.data, jobs[i].got.len, jobs[i].cut };
        read += jobs[i].err.kind == ERR_NONE;
        if (jobs[i].err.kind != ERR_NONE)
            out[i].size = 0;
    }
    for (int i = 0; i < count; i++) {
        if (jobs[i].err.kind == ERR_NONE)
            continue;
        if (!read)
            return err_status(e, jobs[i].err.kind, jobs[i].err.status, "the log of %s: %s",
                              out[i].replica, jobs[i].err.text);
        add_note(s, c,
                 arena_printf(s->arena, "%s was not read: %s", out[i].replica, jobs[i].err.text));
    }
    return true;
}

/* The last part there is: what a replica lacks of it was cut. */
static void tell_cut(struct log_source *s, struct log_chain *c, const struct log_stream *streams,
                     int count)
{
    for (int i = 0; i < count; i++) {
        size_t n = 0;
        const struct log_stream *t = &streams[i];
        long long first = t->cut ? log_stamp(t->text, t->text + t->size, &n) : 0;
        if (!first)
            continue;
        c->reached = fmax(c->reached, (double)first / 1e9);
        add_note(s, c,
                 arena_printf(s->arena, "%s was read back to %s only: its newest %zu bytes",
                              t->replica, when_text(s->arena, (double)first / 1e9, true), t->size));
    }
}

static struct pod_job *make_jobs(struct log_source *s, struct log_chain *c, struct arena *a,
                                 const struct kube_pod *pods, int count)
{
    struct pod_job *jobs = arena_array(a, struct pod_job, count);
    size_t most = s->pod ? BYTES_OF_ONE : BYTES;

    for (int i = 0; i < count; i++) {
        jobs[i] =
            (struct pod_job){ .source = s,
                              .chain = c,
                              .arena = a,
                              .pod = pods[i].name,
                              .named = true,
                              .max = most * (size_t)count < ALL_BYTES ? most
                                                                      : ALL_BYTES / (size_t)count,
                              .tail = c->all || c->count ? 0 : FEW };
        buf_init(&jobs[i].got, jobs[i].max + 1);
    }
    return jobs;
}

static int count_pods(struct log_source *s, struct log_chain *c, const struct kube_pod *pods)
{
    int count = 0;

    while (count < PODS && pods[count].name)
        count++;
    if (pods[count].name)
        add_note(s, c, arena_printf(s->arena, "the first %d pods were read", PODS));
    return count;
}

static const struct kube_pod *pods_of(struct log_source *s, const struct log_chain *c,
                                      struct arena *a, struct err *e)
{
    struct kube_pod *only = arena_array(a, struct kube_pod, 2); /* the last has no name */

    only->name = s->pod;
    return s->pod ? only
                  : kube_higress_pods(s->config->kube.higress, s->loop, a,
                                      pod_logs[c->what].workload, s->cancel, e);
}

static bool get_in(struct log_source *s, struct log_chain *c, struct arena *working,
                   struct log_part *out, struct err *e)
{
    const struct kube_pod *pods = pods_of(s, c, working, e);
    int count = pods ? count_pods(s, c, pods) : 0;

    if (!pods)
        return false;
    struct pod_job *jobs = make_jobs(s, c, working, pods, count);
    struct log_stream *streams = arena_array(working, struct log_stream, count);
    bool all = !jobs[0].tail;
    beside_each(s->loop, count, AT_ONCE, read_pod, jobs, s->cancel);
    bool ok = (!s->cancel->fired || err_set(e, ERR_GONE, "cancelled")) &&
              take_streams(s, c, jobs, count, streams, e);
    bool cut = false;
    for (int i = 0; i < count; i++)
        cut = cut || streams[i].cut;
    if (ok) {
        c->ended = all || !cut || s->pod;
        log_merge(s->arena, streams, count, c->before, c->ended, out);
        if (c->ended)
            tell_cut(s, c, streams, count);
    }
    for (int i = 0; i < count; i++)
        buf_free(&jobs[i].got);
    return ok;
}

bool log_pods_get(struct log_source *s, struct log_chain *c, struct log_part *out, struct err *e)
{
    struct arena *working = arena_new();
    bool ok = get_in(s, c, working, out, e);

    arena_free(working);
    return ok;
}
