/* rendering.c - a plan as lines, the lines as pages.
 *
 * An operation that does not fit on what is left of a page goes on on the next one; a line is never
 * parted.
 */
#include "plan/rendering.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/diff.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/plan.h"

enum {
    PAGE_BYTES = 48 << 10,
    OPERATION_BYTES = 120, /* about, without its lines */
    FEW_OPERATIONS = 20,   /* of them the rows say what stays, too */
    STAYS_SHOWN = 100      /* of one operation */
};

struct pager {
    struct arena *a;
    cJSON *pages, *page;
    size_t used;
    int stays; /* rows of what stays, of one operation */
};

static void turn_page(struct pager *g)
{
    g->page = json_add(g->a, g->pages, json_array(g->a));
    g->used = 0;
}

/* The operation (or what is left of it) on the page under way. */
static cJSON *begin_operation(struct pager *g, const struct plan_op *op, int n)
{
    struct arena *a = g->a;
    if (g->used + OPERATION_BYTES > PAGE_BYTES)
        turn_page(g);
    cJSON *o = json_add(a, g->page, json_object(a));
    json_set_num(a, o, "n", n);
    json_set_str(a, o, "verb", plan_verb_name(op->verb));
    json_set_str(a, o, "kind", op->kind->name);
    json_set_str(a, o, "name", text_visible(a, op->name));
    if (op->scope)
        json_set_str(a, o, "scope", text_visible(a, op->scope));
    g->used += OPERATION_BYTES;
    json_set_array(a, o, "lines");
    json_set_array(a, o, "rows");
    return o;
}

static void add_row(struct pager *g, cJSON *operation, cJSON *row)
{
    const char *line = json_str(row, "line");
    if (line)
        json_add_str(g->a, json_get(operation, "lines"), line);
    json_remove(row, "line");
    json_set_bool(g->a, row, "changes", line != NULL);
    json_add(g->a, json_get(operation, "rows"), row);
    g->used += line ? strlen(line) : 0;
}

static void add_operation(struct pager *g, const struct plan_op *op, int n)
{
    struct arena *a = g->a;
    if (op->before)
        mask_words(op->kind, op->before); /* the same are known whichever process shows it */
    const cJSON *before = mask_object(a, op->kind, kind_content(a, op->kind, op->before));
    const cJSON *after = mask_object(a, op->kind, kind_content(a, op->kind, op->after));
    cJSON *on_page = begin_operation(g, op, n), *next;
    cJSON *all = diff_rows(a, before, after, g->stays);
    for (cJSON *row = all->child; row; row = next) {
        next = row->next;
        const char *line = json_str(row, "line");
        if (json_get(on_page, "lines")->child && line && g->used + strlen(line) > PAGE_BYTES) {
            turn_page(g);
            on_page = begin_operation(g, op, n);
        }
        json_detach(all, row);
        add_row(g, on_page, row);
    }
    if (!json_get(on_page, "lines")->child)
        json_add_str(a, json_get(on_page, "lines"), "(no value of it changes)");
}

static cJSON *rendering_head(struct arena *a, const struct plan *p,
                             const struct rendering_about *about)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "id", about->id);
    json_set_str(a, o, "title", text_visible(a, p->title));
    json_set_str(a, o, "risk", risk_name(p->risk));
    json_set_str(a, o, "gateway", text_visible(a, p->gateway));
    json_set_str(a, o, "asks", text_visible(a, about->owner));
    if (p->undoes)
        json_set_str(a, o, "undoes", p->undoes);
    if (about->rejected)
        json_set_str(a, o, "rejected", text_visible(a, about->rejected));
    cJSON *warnings = json_set_array(a, o, "warnings");
    for (int i = 0; i < p->warning_count; i++)
        json_add_str(a, warnings, text_visible(a, p->warnings[i]));
    return o;
}

struct rendering *rendering_make(struct arena *a, const struct plan *p,
                                 const struct rendering_about *about)
{
    struct rendering *r = arena_make(a, struct rendering);
    struct pager g = { .a = a, .pages = json_array(a) };
    g.stays = p->count <= FEW_OPERATIONS ? STAYS_SHOWN : 0;
    turn_page(&g);
    for (int i = 0; i < p->count; i++)
        add_operation(&g, &p->ops[i], i + 1);
    r->plan = p->digest;
    r->risk = p->risk;
    r->head = rendering_head(a, p, about);
    r->pages = g.pages;
    char *text = arena_printf(a, "%s\n%s\n%s", r->plan, json_canonical(a, r->head),
                              json_canonical(a, r->pages));
    r->digest = crypto_sha256_hex(a, text, strlen(text));
    return r;
}
