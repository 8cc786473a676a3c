/* watch.c - one line of the stream is one event. Each object has a small arena of its own, which
 * ends with it. */
#include "kube/watch.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/trace.h"
#include "kube/api_private.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <string.h>

enum { LINE_MAX_BYTES = 4 << 20, VERSION_MAX = 128, STREAM_SECONDS = 120, PAUSES = 7, GONE = 410 };
static const double STREAM_GRACE = 10, FIRST_PAUSE = 1;

struct watched {
    struct arena *arena;
    const char *name; /* "namespace/name" */
    cJSON *kept;
};

struct kube_watch {
    struct arena *arena;
    struct kube_api *api;
    struct kube_watching what;
    struct watched *objects;
    int count, room;
    char version[VERSION_MAX]; /* where the stream goes on; "": it must be listed */
    bool live;
    struct buf *line;
    struct err broken; /* what was wrong with an event */
    int failed;        /* in a row */
    struct cancel stop;
    struct kube_watch_counts counts;
};

/* -- what is there -------------------------------------------------------------------------------
 */

static const char *watched_name(struct arena *a, const cJSON *object)
{
    const cJSON *metadata = json_get(object, "metadata");
    return arena_printf(a, "%s/%s", json_text(metadata, "namespace"), json_text(metadata, "name"));
}

static void forget_at(struct kube_watch *w, int i)
{
    arena_free(w->objects[i].arena);
    w->objects[i] = w->objects[--w->count];
}

static void forget_watched(struct kube_watch *w, const char *name)
{
    for (int i = 0; i < w->count; i++)
        if (!strcmp(w->objects[i].name, name)) {
            forget_at(w, i);
            return;
        }
}

/* kept: what the caller's function made of it, in a, which becomes the object's own. */
static void put_watched(struct kube_watch *w, struct arena *a, const char *name, cJSON *kept)
{
    w->objects = arena_grow(w->arena, w->objects, w->count, &w->room, sizeof *w->objects);
    w->objects[w->count++] = (struct watched){ a, name, kept };
}

static void keep_watched(struct kube_watch *w, const cJSON *object)
{
    struct arena *a = arena_new_small();
    const char *name = watched_name(a, object);
    cJSON *kept = w->what.keep(w->what.arg, a, object);
    forget_watched(w, name);
    if (kept && w->count < w->what.max) {
        put_watched(w, a, name, kept);
        return;
    }
    if (kept)
        err_set(&w->broken, ERR_GATEWAY, "there are more than %d objects", w->what.max);
    arena_free(a);
}

static void keep_version(struct kube_watch *w, const char *version)
{
    size_t n = version ? strlen(version) : 0;
    if (n && n < VERSION_MAX)
        memcpy(w->version, version, n + 1);
}

cJSON *kube_watch_objects(const struct kube_watch *w, struct arena *a)
{
    if (!w->live)
        return NULL;
    cJSON *all = json_array(a);
    for (int i = 0; i < w->count; i++)
        json_add(a, all, json_clone(a, w->objects[i].kept));
    return all;
}

struct kube_watch_counts kube_watch_counted(const struct kube_watch *w)
{
    return w->counts;
}

/* -- the list ------------------------------------------------------------------------------------
 */

static cJSON *keep_listed(void *arg, struct arena *a, const cJSON *object)
{
    const struct kube_watch *w = arg;
    cJSON *kept = w->what.keep(w->what.arg, a, object), *o = json_object(a);
    json_set_str(a, o, "name", watched_name(a, object));
    json_set(a, o, "kept", kept);
    return kept ? o : NULL;
}

static void take_list(struct kube_watch *w, const cJSON *all)
{
    const cJSON *o;
    while (w->count)
        forget_at(w, w->count - 1);
    cJSON_ArrayForEach(o, all)
    {
        struct arena *a = arena_new_small();
        put_watched(w, a, arena_strdup(a, json_text(o, "name")),
                    json_clone(a, json_get(o, "kept")));
    }
}

static bool list_anew(struct kube_watch *w, struct err *e)
{
    struct arena *one = arena_new();
    struct kube_listing list = {
        .path = w->what.path,
        .max = w->what.max,
        .keep = keep_listed,
        .arg = w,
        .cancel = &w->stop,
    };
    const cJSON *all = kube_api_list(w->api, one, &list, e);
    bool ok = all && !list.truncated && list.version;
    w->counts.lists++;
    if (all && !ok)
        err_set(e, ERR_GATEWAY, "the list GET %s has more than %d objects, or no version",
                w->what.path, w->what.max);
    if (ok) {
        take_list(w, all);
        keep_version(w, list.version);
    }
    w->live = ok && w->version[0];
    arena_free(one);
    return ok;
}

/* -- the stream ----------------------------------------------------------------------------------
 */

/* False: the stream is over. */
static bool take_watch_event(struct kube_watch *w, const char *text, size_t n)
{
    struct arena *one = arena_new();
    const cJSON *event = json_parse(one, text, n, &w->broken);
    const char *type = json_text(event, "type");
    const cJSON *object = json_get(event, "object");
    if (!strcmp(type, "ERROR")) {
        err_status(&w->broken, ERR_GATEWAY, (int)json_num(object, "code", 0), "%s",
                   text_clean(one, json_text(object, "message"), 300));
    } else if (!strcmp(type, "DELETED")) {
        forget_watched(w, watched_name(one, object));
    } else if (!strcmp(type, "ADDED") || !strcmp(type, "MODIFIED")) {
        keep_watched(w, object);
    }
    if (event && !w->broken.kind) {
        keep_version(w, json_str(json_get(object, "metadata"), "resourceVersion"));
        w->counts.events++;
    }
    arena_free(one);
    return event && !w->broken.kind;
}

static bool take_watch_bytes(void *arg, const char *bytes, size_t n)
{
    struct kube_watch *w = arg;
    while (n) {
        const char *end = memchr(bytes, '\n', n);
        size_t piece = end ? (size_t)(end - bytes) : n;
        if (!buf_add(w->line, bytes, piece))
            return err_set(&w->broken, ERR_GATEWAY, "an event has more than %d bytes",
                           LINE_MAX_BYTES);
        if (end && w->line->len && !take_watch_event(w, w->line->data, w->line->len))
            return false;
        if (end)
            buf_reset(w->line);
        bytes += piece + (end != NULL);
        n -= piece + (end != NULL);
    }
    return true;
}

/* True: it ended as streams do, and goes on where it was. */
static bool follow_stream(struct kube_watch *w, struct err *e)
{
    struct arena *one = arena_new_small();
    struct fetch_answer answer;
    const struct kube_request r = {
        .path = arena_printf(one,
                             "%s%cwatch=1&allowWatchBookmarks=true&timeoutSeconds=%d"
                             "&resourceVersion=%s",
                             w->what.path, strchr(w->what.path, '?') ? '&' : '?', STREAM_SECONDS,
                             text_percent(one, w->version)),
        .timeout = STREAM_SECONDS + STREAM_GRACE,
        .sink = take_watch_bytes,
        .sink_arg = w,
        .trickles = true,
        .cancel = &w->stop,
    };
    w->broken = (struct err){ 0 };
    buf_reset(w->line);
    w->counts.streams++;
    bool ok = kube_api_ask(w->api, one, &r, &answer, e);
    if (ok && w->broken.kind)
        ok = err_status(e, w->broken.kind, w->broken.status, "%s", w->broken.text);
    arena_free(one);
    return ok;
}

/* -- both, again and again -----------------------------------------------------------------------
 */

/* A stream without a word need not be one: what stands between may swallow events. So the list is
 * read again, and what is known counts no more while the next try waits for the second one. */
static void doubt_silence(struct kube_watch *w)
{
    w->version[0] = '\0';
    w->live = w->live && w->failed == 1;
}

/* True: the next try waits. A stream that brought something, or lasted, begins the count of
 * failures anew; a list does not, so that one which always leads to a stream that fails is not
 * asked for without end. */
static bool run_watch_once(struct kube_watch *w)
{
    struct loop *l = kube_api_loop(w->api);
    struct err e = { 0 };
    int events = w->counts.events;
    double began = loop_now(l);
    bool streams = w->version[0];
    bool ok = streams ? follow_stream(w, &e) : list_anew(w, &e);
    if (ok && !streams)
        return false;
    if (w->counts.events > events || loop_now(l) - began >= 1)
        w->failed = 0;
    if (ok && !w->failed && w->counts.events > events)
        return false;
    w->failed += w->failed < PAUSES;
    if (ok) { /* it ended at once, or without a word */
        doubt_silence(w);
        return true;
    }
    trace(TRACE_FETCH, "the watch of %s: %s", w->what.path, e.text);
    w->live = false;
    w->version[0] = '\0';
    return e.status != GONE || w->failed > 1;
}

static void watch_on_fiber(void *arg)
{
    struct kube_watch *w = arg;
    while (!w->stop.fired) {
        struct err ignored = { 0 };
        if (run_watch_once(w))
            nap_for(kube_api_loop(w->api), FIRST_PAUSE * (double)(1 << (w->failed - 1)),
                    "the next try of a watch", w->what.path, &w->stop, &ignored);
    }
    while (w->count)
        forget_at(w, w->count - 1);
    arena_free(w->arena);
}

struct kube_watch *kube_watch_start(struct kube_api *k, const struct kube_watching *what)
{
    struct arena *a = arena_new_small();
    struct kube_watch *w = arena_make(a, struct kube_watch);
    *w = (struct kube_watch){
        .arena = a, .api = k, .what = *what, .line = buf_in(a, LINE_MAX_BYTES)
    };
    fiber_start(watch_on_fiber, w);
    return w;
}

void kube_watch_stop(struct kube_watch *w)
{
    if (w)
        cancel_fire(&w->stop);
}
