/* list.c - lists of the API, page by page and object by object. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/api.h"
#include "net/fetch.h"
#include <string.h>

enum { PAGE = 500, PAGES_MAX = 64, OBJECT_MAX = 4 << 20, BEGUN_AGAIN = 3 };

struct page {
    struct kube_listing *list;
    struct arena *a;
    int pages; /* that were read */
    cJSON *kept;
    struct json_split *split;
    struct err err;
};

static bool take_listed_object(void *arg, const char *text, size_t len)
{
    struct page *p = arg;
    struct arena *one = arena_new();
    const cJSON *object = json_parse(one, text, len, &p->err);
    bool room = json_count(p->kept) < p->list->max;
    cJSON *keep = NULL;
    p->list->truncated = p->list->truncated || !room;
    if (object && room)
        keep = p->list->keep ? p->list->keep(p->list->arg, p->a, object) : json_clone(p->a, object);
    if (keep)
        json_add(p->a, p->kept, keep);
    arena_free(one);
    return object && room;
}

static bool take_page_bytes(void *arg, const char *bytes, size_t n)
{
    struct page *p = arg;
    return p->err.kind == ERR_NONE && json_split_feed(p->split, bytes, n, &p->err);
}

static const char *page_path(struct arena *a, const char *path, const char *from)
{
    return arena_printf(a, "%s%climit=%d%s%s", path, strchr(path, '?') ? '&' : '?', PAGE,
                        from ? "&continue=" : "", from ? text_percent(a, from) : "");
}

/* one: for what is needed while it is read. *next: where the next page begins, in p->a; NULL: this
 * was the last. */
static bool read_page_in(struct kube_api *k, struct arena *one, struct page *p, const char *from,
                         const char **next, struct err *e)
{
    struct fetch_answer answer;
    const struct kube_request r = { .path = page_path(one, p->list->path, from),
                                    .sink = take_page_bytes,
                                    .sink_arg = p,
                                    .cancel = p->list->cancel };
    p->split = json_split_new(one, "items", OBJECT_MAX, take_listed_object, p);
    if (!kube_api_ask(k, one, &r, &answer, e))
        return false;
    if (p->err.kind == ERR_NONE && json_split_stopped(p->split))
        return true; /* there are more than are wanted */
    if (p->err.kind != ERR_NONE || !json_split_end(p->split, &p->err))
        return err_status(e, ERR_GATEWAY, answer.status,
                          "the cluster answered GET %s with no list: %s", p->list->path,
                          p->err.text);
    const cJSON *rest = json_split_rest(p->split, one), *metadata = json_get(rest, "metadata");
    if (!text_ends(json_text(rest, "kind"), "List"))
        return err_status(e, ERR_GATEWAY, answer.status,
                          "the cluster answered GET %s with no list but a %s", p->list->path,
                          text_clean(one, json_text(rest, "kind"), 100));
    const char *more = json_str(metadata, "continue");
    p->list->version = arena_strdup(p->a, json_str(metadata, "resourceVersion"));
    *next = more && *more ? arena_strdup(p->a, more) : NULL;
    return true;
}

/* A server may say for ever that there is more, and keep nothing of it. */
static bool read_page(struct kube_api *k, struct page *p, const char *from, const char **next,
                      struct err *e)
{
    *next = NULL;
    if (p->pages++ == PAGES_MAX)
        return err_set(e, ERR_GATEWAY,
                       "the cluster's list GET %s does not end: after %d pages it says that there "
                       "is more",
                       p->list->path, PAGES_MAX);
    struct arena *one = arena_new();
    bool ok = read_page_in(k, one, p, from, next, e);
    arena_free(one);
    return ok;
}

cJSON *kube_api_list(struct kube_api *k, struct arena *a, struct kube_listing *list, struct err *e)
{
    for (int again = 0;; again++) {
        struct page p = { .list = list, .a = a, .kept = json_array(a) };
        struct err why = { 0 };
        const char *from = NULL, *next = NULL;
        list->truncated = false;
        list->version = NULL;
        while (read_page(k, &p, from, &next, &why) && next && !list->truncated)
            from = next;
        if (why.kind == ERR_NONE)
            return p.kept;
        if (why.status == 410 && from && again < BEGUN_AGAIN)
            continue;
        *e = why;
        return NULL;
    }
}
