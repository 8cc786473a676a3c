/* text.c - a change as text, whole, before it is decided. */
#include "base/text.h"
#include "approve/approve.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/secret.h"
#include "plan/rendering.h"

static void put_head(struct buf *b, const cJSON *head)
{
    const char *gateway = json_str(head, "gateway"), *rejected = json_str(head, "rejected");
    buf_printf(b, "%s\n(change %s, risk: %s, asked by %s%s%s)\n", json_str(head, "title"),
               json_str(head, "id"), json_str(head, "risk"), json_str(head, "asks"),
               gateway ? ", gateway: " : "", gateway ? gateway : "");
    if (rejected)
        buf_printf(b, "!! %s\n", rejected);
}

static void put_operation(struct buf *b, const cJSON *op, int *last)
{
    int n = (int)json_num(op, "n", 0);
    const char *scope = json_str(op, "scope");
    if (n != *last)
        buf_printf(b, "\n%s %s %s%s%s\n", json_str(op, "verb"), json_str(op, "kind"),
                   json_str(op, "name"), scope ? " at " : "", scope ? scope : "");
    *last = n;
    const cJSON *line;
    cJSON_ArrayForEach(line, json_get(op, "lines")) buf_printf(b, "  %s\n", line->valuestring);
}

static void put_plan(struct buf *b, const struct rendering *r)
{
    int last = 0;
    const cJSON *page, *item;
    cJSON_ArrayForEach(page, r->pages)
    {
        cJSON_ArrayForEach(item, page) put_operation(b, item, &last);
    }
}

static void put_plan_warnings(struct buf *b, const struct rendering *r)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(r->head, "warnings"))
        buf_printf(b, "! %s\n", item->valuestring);
}

char *approve_text(struct arena *a, const struct rendering *r, size_t max)
{
    struct buf *b = buf_in(a, max);
    put_head(b, r->head);
    put_plan(b, r);
    put_plan_warnings(b, r);
    return b->over ? NULL : secret_scrub(a, b->data);
}

struct approve_parts approve_parts(struct arena *a, const struct rendering *r)
{
    struct buf *parts[3];
    for (int i = 0; i < 3; i++)
        parts[i] = buf_in(a, APPROVE_UNBOUNDED);
    put_head(parts[0], r->head);
    put_plan(parts[1], r);
    put_plan_warnings(parts[2], r);
    return (struct approve_parts){ secret_scrub(a, parts[0]->data), secret_scrub(a, parts[1]->data),
                                   secret_scrub(a, parts[2]->data) };
}

char *approve_ways(struct arena *a, const char *id, const char *page)
{
    const char *at = page ? arena_printf(a, "at %s, or by ", page) : "";
    return arena_printf(a, "%s`higress-ops approve %s` (or reject)", at, id);
}
