/* list.c - collections, streamed: one element is a tree at a time, never the whole list.
 *
 * A list that ends early, holds no array, says success:false or counts other than it says (`total`)
 * is an error: an empty list must mean that there is nothing. What a view of a gateway remembers is
 * the answer as it came: reading it again is the same work without the request.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "console/memory_private.h"
#include "console/special_private.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "net/fetch.h"
#include "net/loop.h"

enum { ELEMENT_MAX = 8 << 20 };
static const size_t LIST_MAX = (size_t)512 << 20;

struct stream {
    struct json_split *split;
    gateway_each_fn *fn;
    void *arg;
    double count;
    struct buf *copy; /* of what comes, to be remembered; NULL: it is not */
    struct err err;   /* of parsing */
};

static bool element(void *arg, const char *text, size_t len)
{
    struct stream *s = arg;
    struct arena *one = arena_new();
    cJSON *o = json_parse(one, text, len, &s->err);
    s->count++;
    bool on = o && s->fn(s->arg, o);
    arena_free(one);
    return on;
}

static bool bytes(void *arg, const char *text, size_t n)
{
    struct stream *s = arg;
    if (s->copy && !buf_add(s->copy, text, n)) {
        buf_free(s->copy);
        s->copy = NULL;
    }
    return s->err.kind == ERR_NONE && json_split_feed(s->split, text, n, &s->err);
}

/* The stream ended by itself: was it a whole list of the console? */
static bool is_whole_list(struct arena *a, struct stream *s, const char *path, struct err *e)
{
    if (s->err.kind == ERR_NONE)
        json_split_end(s->split, &s->err);
    if (s->err.kind != ERR_NONE)
        return err_status(e, ERR_GATEWAY, 200, "GET %s was not answered with a JSON list: %s", path,
                          s->err.text);
    cJSON *rest = json_split_rest(s->split, a);
    const char *said = json_str(rest, "message");
    if (!json_true(rest, "success") || !cJSON_IsNumber(json_get(rest, "total")))
        return err_status(e, ERR_GATEWAY, 200,
                          "GET %s was answered with something else than a "
                          "list: %s",
                          path, text_clean(a, said ? said : "no reason given", 300));
    double total = json_num(rest, "total", 0);
    if (total == s->count)
        return true;
    return err_status(e, ERR_GATEWAY, 200, "GET %s: %g elements came where %g were announced", path,
                      s->count, total);
}

static bool is_stopped(const struct stream *s)
{
    return s->err.kind == ERR_NONE && json_split_stopped(s->split);
}

static bool read_again(struct arena *a, struct stream *s, const char *path,
                       const struct buf *answer, struct err *e)
{
    bytes(s, answer->data, answer->len);
    return is_stopped(s) || is_whole_list(a, s, path, e);
}

static bool read_list(struct gateway *g, struct arena *a, struct stream *s, const char *path,
                      struct cancel *c, struct err *e)
{
    struct list_memory *m = gateway_memory(g);
    double asked = loop_now(gateway_loop(g));
    unsigned writes = gateway_writes(g);
    const struct buf *known = memory_find(m, path, asked, writes);
    if (known)
        return read_again(a, s, path, known, e);
    struct fetch_request r = { .method = "GET", .sink = bytes, .sink_arg = s, .cancel = c };
    r.max_body = LIST_MAX;
    struct fetch_answer answer = { 0 };
    s->copy = memory_start(m);
    if (!gateway_send(g, a, &r, path, &answer, e))
        return false;
    if (answer.status / 100 != 2)
        return gateway_refused(a, "GET", path, &answer, e);
    if (is_stopped(s))
        return true;
    if (!is_whole_list(a, s, path, e))
        return false;
    if (s->copy)
        memory_keep(m, s->copy, path, asked, writes);
    s->copy = NULL;
    return true;
}

bool gateway_each(struct gateway *g, const char *path, gateway_each_fn *fn, void *arg,
                  struct cancel *c, struct err *e)
{
    struct arena *a = arena_new();
    struct stream s = { .fn = fn, .arg = arg };
    s.split = json_split_new(a, "data", ELEMENT_MAX, element, &s);
    bool ok = read_list(g, a, &s, path, c, e);
    if (s.copy) /* not the whole list */
        buf_free(s.copy);
    arena_free(a);
    return ok;
}

/* What a list shows are words of the gateway, too. */
struct naming {
    const struct kind *kind;
    gateway_each_fn *fn;
    void *arg;
};

static bool name_and_pass(void *arg, const cJSON *o)
{
    const struct naming *n = arg;
    mask_words(n->kind, o);
    return n->fn(n->arg, o);
}

bool gateway_each_kind(struct gateway *g, const struct kind *k, const char *scope,
                       gateway_each_fn *fn, void *arg, struct cancel *c, struct err *e)
{
    if (k->flags & KIND_SPECIAL)
        return special_each(g, k, fn, arg, c, e);
    struct arena *a = arena_new();
    char *path = kind_list_path(a, k, scope, e);
    struct naming n = { k, fn, arg };
    bool ok = path && gateway_each(g, path, name_and_pass, &n, c, e);
    arena_free(a);
    return ok;
}
