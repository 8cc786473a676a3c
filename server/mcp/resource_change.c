/* resource_change.c - higress://change/ID, each change that was planned, and higress://audit, the
 * newest lines of the audit. Both are masked where they are stored. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "mcp/mcp.h"
#include "mcp/resource.h"
#include "store/store.h"

#define CHANGE "higress://change/"
#define AUDIT "higress://audit"

enum { CHANGES_LISTED = 50, AUDIT_LINES = 200 };

struct lister {
    struct arena *arena;
    struct resource_list *list;
};

static bool add_change(void *arg, const struct stored *row)
{
    struct lister *l = arg;
    if (row->tampered) /* list_changes and audit verify name it */
        return true;
    const struct resource line = {
        .uri = arena_printf(l->arena, CHANGE "%s", row->id),
        .name = row->id,
        .title = row->title,
        .about = arena_printf(l->arena, "A %s change.", store_state_name(row->state)),
        .mime = "application/json",
    };
    return resource_add(l->list, &line);
}

/* The store of the engine; NULL: there is none, which reading one of its resources says. */
static struct store *store_of(struct mcp *m)
{
    struct err unreadable = { 0 };
    return m->service->gateway ? engine_store(service_engine(m->service), &unreadable) : NULL;
}

static bool list_audit(struct request *r, struct resource_list *out)
{
    static const struct resource audit = {
        .uri = AUDIT,
        .name = "audit",
        .title = "Audit",
        .about = "The newest lines of the audit: what was planned, decided, written, by whom.",
        .mime = "application/json",
    };
    if (store_of(r->mcp))
        resource_add(out, &audit);
    return true;
}

static bool list_changes(struct request *r, struct resource_list *out)
{
    struct lister l = { r->arena, out };
    struct store *s = store_of(r->mcp);
    return !s || store_each_head(s, 0, 0, CHANGES_LISTED, add_change, &l, &r->err);
}

static bool change_templates(struct request *r, struct resource_list *out)
{
    static const struct resource change = {
        .uri = CHANGE "{id}",
        .name = "change",
        .title = "One change",
        .about = "A planned change: its operations, diff, state and result.",
        .mime = "application/json",
    };
    if (r->mcp->service->gateway)
        resource_add(out, &change);
    return true;
}

static bool give_json(struct request *r, const cJSON *o, struct resource_content *out)
{
    if (!o)
        return false;
    cJSON *shown = json_clone(r->arena, o);
    secret_scrub_tree(r->arena, NULL, shown);
    out->mime = "application/json";
    out->text = json_print(r->arena, shown);
    return true;
}

static bool read_audit(struct request *r, const char *uri, struct resource_content *out)
{
    if (!r->mcp->service->gateway || strcmp(uri, AUDIT) != 0)
        return false;
    struct store *s = engine_store(service_engine(r->mcp->service), &r->err);
    cJSON *o = json_object(r->arena);
    cJSON *lines = json_set_array(r->arena, o, "lines");
    return s && store_audit_lines(s, r->arena, lines, AUDIT_LINES, &r->err) && give_json(r, o, out);
}

static bool read_change(struct request *r, const char *uri, struct resource_content *out)
{
    const char *id = uri + strlen(CHANGE);
    if (!r->mcp->service->gateway || !*id || strchr(id, '/'))
        return false;
    cJSON *o = engine_show(service_engine(r->mcp->service), r->arena, id, true, &r->err);
    if (r->err.kind == ERR_ARGS) /* no such id */
        err_clear(&r->err);
    return give_json(r, o, out);
}

static char *state_of_audit(struct mcp *m, struct arena *a, const char *uri, struct cancel *c)
{
    (void)uri;
    (void)c;
    struct err e = { 0 };
    struct store *s = store_of(m);
    return s ? store_audit_newest(s, a, &e) : NULL;
}

static char *state_of_change(struct mcp *m, struct arena *a, const char *uri, struct cancel *c)
{
    (void)c;
    struct err e = { 0 };
    struct store *s = store_of(m);
    struct stored row = { 0 };
    const char *id = uri + strlen(CHANGE);
    if (!s)
        return NULL;
    if (!*id || !store_find(s, a, id, &row, &e))
        return e.kind == ERR_ARGS ? arena_strdup(a, "absent") : NULL;
    return arena_printf(a, "%s %.6f %s", store_state_name(row.state), row.updated,
                        row.guarded ? row.guarded : "");
}

static bool suggest_change_id(void *arg, const struct stored *row)
{
    if (!row->tampered)
        resource_suggest(arg, row->id);
    return true;
}

static void complete_change_id(struct request *r, const char *uri_template, const char *variable,
                               struct resource_completion *c)
{
    (void)uri_template;
    (void)variable;
    struct err ignored = { 0 };
    struct store *s = store_of(r->mcp);
    if (s)
        store_each_head(s, 0, 0, 10 * CHANGES_LISTED, suggest_change_id, c, &ignored);
}

/* Its lines tell of all changes, as list_changes does. */
const struct resource_provider resource_audit = {
    .prefix = AUDIT,
    .list = list_audit,
    .read = read_audit,
    .state = state_of_audit,
    .tool = "list_changes",
};

const struct resource_provider resource_change = {
    .prefix = CHANGE,
    .list = list_changes,
    .templates = change_templates,
    .read = read_change,
    .complete = complete_change_id,
    .state = state_of_change,
    .tool = "get_change",
};
