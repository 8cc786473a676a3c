/* manifest_report.c - what became of a manifest, as a text that a person can hand on and as data:
 * one line for each member of each object, the gravest status of an object first. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"

enum { STATUSES = MANIFEST_REFUSED + 1, REPORT_MAX = 64 << 20 };

static const char *const dangers[] = { [LOSES_NOTHING] = "none",
                                       [LOSES_TUNING] = "tuning",
                                       [LOSES_LIMIT] = "limit",
                                       [LOSES_ROUTE] = "route",
                                       [LOSES_ACCESS] = "access" };

static const char *at_stake(const struct manifest_finding *f)
{
    return dangers[f->status == MANIFEST_WORKS ? LOSES_NOTHING : f->danger];
}

static int by_object(const void *v, const void *w)
{
    const struct manifest_finding *x = v, *y = w;
    int order = strcmp(x->object, y->object);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* Findings of one object stand together. */
static void gather(struct manifest *m)
{
    if (m->finding_count)
        qsort(m->findings, (size_t)m->finding_count, sizeof *m->findings, by_object);
}

static int end_of(const struct manifest *m, int first)
{
    int i = first;
    while (i < m->finding_count && !strcmp(m->findings[i].object, m->findings[first].object))
        i++;
    return i;
}

static void count(const struct manifest *m, int first, int end, int counts[STATUSES])
{
    memset(counts, 0, STATUSES * sizeof *counts);
    for (int i = first; i < end; i++)
        counts[m->findings[i].status]++;
}

static char *counts_in_words(struct manifest *m, const int counts[STATUSES])
{
    char *all = arena_strdup(m->arena, "");
    for (int s = MANIFEST_REFUSED; s >= MANIFEST_WORKS; s--)
        if (counts[s])
            all = arena_printf(m->arena, "%s%s%d %s", all, *all ? ", " : "", counts[s],
                               manifest_status_name(s));
    return all;
}

/* -- Markdown --------------------------------------------------------------------------------- */

/* A cell of a table: neither a column nor markup of its own. */
static void put_cell(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (strchr("|\\`*_<>[]", *text))
            buf_char(b, '\\');
        buf_char(b, *text);
    }
}

static void put_object_section(struct manifest *m, struct buf *b, int first, int end)
{
    int counts[STATUSES];
    count(m, first, end, counts);
    buf_str(b, "\n## ");
    put_cell(b, m->findings[first].object);
    buf_printf(b,
               "\n\n%s\n\n| member | status | at stake | what becomes of it |\n|---|---|---|---|\n",
               counts_in_words(m, counts));
    for (int s = MANIFEST_REFUSED; s >= MANIFEST_WORKS; s--)
        for (int i = first; i < end; i++) {
            const struct manifest_finding *f = &m->findings[i];
            if ((int)f->status != s)
                continue;
            buf_str(b, "| ");
            put_cell(b, f->member ? f->member : "(all of it)");
            buf_printf(b, " | %s | %s | ", manifest_status_name(f->status), at_stake(f));
            put_cell(b, f->text);
            buf_str(b, " |\n");
        }
}

static void put_items(struct manifest *m, struct buf *b)
{
    buf_str(b, "\n## What the plan would hold\n\n| kind | name | scope |\n|---|---|---|\n");
    for (int i = 0; i < m->count; i++) {
        buf_printf(b, "| %s | ", m->list[i].kind->name);
        put_cell(b, text_clean(m->arena, m->list[i].name, 200));
        buf_str(b, " | ");
        put_cell(b, m->list[i].scope ? text_clean(m->arena, m->list[i].scope, 200) : "");
        buf_str(b, " |\n");
    }
}

char *manifest_markdown(struct manifest *m)
{
    struct buf *b = buf_in(m->arena, REPORT_MAX);
    int counts[STATUSES];
    gather(m);
    count(m, 0, m->finding_count, counts);
    buf_printf(b, "# Migration report\n\n%d members and objects: %s.\n", m->finding_count,
               m->finding_count ? counts_in_words(m, counts) : "all stay as they are");
    for (int i = 0; i < m->finding_count; i = end_of(m, i))
        put_object_section(m, b, i, end_of(m, i));
    if (m->count)
        put_items(m, b);
    return b->over ? NULL : arena_strdup(m->arena, b->data);
}

/* -- JSON ------------------------------------------------------------------------------------- */

static cJSON *counts_json(struct manifest *m, int first, int end)
{
    int counts[STATUSES];
    cJSON *o = json_object(m->arena);
    count(m, first, end, counts);
    for (int s = MANIFEST_WORKS; s < STATUSES; s++)
        json_set_num(m->arena, o, manifest_status_name(s), counts[s]);
    return o;
}

static void add_object_report(struct manifest *m, cJSON *list, int first, int end)
{
    struct arena *a = m->arena;
    cJSON *o = json_add(a, list, json_object(a));
    json_set_str(a, o, "object", m->findings[first].object);
    json_set(a, o, "counts", counts_json(m, first, end));
    cJSON *members = json_set_array(a, o, "members");
    for (int i = first; i < end; i++) {
        const struct manifest_finding *f = &m->findings[i];
        cJSON *x = json_add(a, members, json_object(a));
        if (f->member)
            json_set_str(a, x, "member", f->member);
        json_set_str(a, x, "status", manifest_status_name(f->status));
        json_set_str(a, x, "at_stake", at_stake(f));
        json_set_str(a, x, "text", f->text);
    }
}

cJSON *manifest_json(struct manifest *m)
{
    struct arena *a = m->arena;
    cJSON *o = json_object(a);
    gather(m);
    json_set(a, o, "counts", counts_json(m, 0, m->finding_count));
    cJSON *objects = json_set_array(a, o, "objects"), *plan = json_set_array(a, o, "plan");
    for (int i = 0; i < m->finding_count; i = end_of(m, i))
        add_object_report(m, objects, i, end_of(m, i));
    for (int i = 0; i < m->count; i++) {
        cJSON *x = json_add(a, plan, json_object(a));
        json_set_str(a, x, "kind", m->list[i].kind->name);
        json_set_str(a, x, "name", text_clean(a, m->list[i].name, 253));
        if (m->list[i].scope)
            json_set_str(a, x, "scope", text_clean(a, m->list[i].scope, 300));
    }
    return o;
}
