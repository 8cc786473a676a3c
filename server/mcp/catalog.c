/* catalog.c - builds the list of tools once and prints it once per revision.
 *
 * What a client reads about a tool comes from its const entry only: annotations from the risk,
 * schemas from the field tables.
 */
#include "mcp/catalog.h"
#include "base/err.h"
#include "mcp/era.h"
#include "mcp/policy.h"

enum { MAX_LIST = 4 << 20, MAX_NAME = 40, MAX_ERAS = 8 };

struct catalog {
    struct arena *arena;
    struct catalog_tool *tools; /* in the order of the toolsets */
    int count;
    const char *lists[MAX_ERAS]; /* by place in eras[] */
};

static const struct field dry_run = {
    "dry_run",
    BOOL,
    OPT,
    "Only plan and show it.",
};
static const struct field nothing[] = { { 0 } };

static int field_count(const struct field *rows)
{
    int n = 0;
    while (rows && rows[n].name)
        n++;
    return n;
}

static const struct field *with_dry_run(struct arena *a, const struct field *own)
{
    int n = field_count(own);
    struct field *rows = arena_array(a, struct field, n + 2);
    if (n)
        memcpy(rows, own, sizeof *rows * (size_t)n);
    rows[n] = dry_run;
    return rows;
}

/* The names of the protocol's own test tools are given, and longer. */
static bool good_name(const struct tool *t)
{
    size_t n = strspn(t->name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && n <= (t->whole ? 64 : MAX_NAME) && !t->name[n];
}

static bool check(const struct catalog *c, const struct tool *t, struct err *e)
{
    int ways = (t->get != NULL) + (t->read != NULL) + (t->plan != NULL);
    if (!good_name(t))
        return err_set(e, ERR_SYSTEM, "tool name '%s' is not [a-z0-9_]{1,40}", t->name);
    if (catalog_find(c, t->name))
        return err_set(e, ERR_SYSTEM, "two tools are called '%s'", t->name);
    if (t->risk == RISK_UNSET || ways != 1 || !t->title || !t->about)
        return err_set(e, ERR_SYSTEM,
                       "tool '%s' needs a title, an about, a risk and one of get, read, plan",
                       t->name);
    return true;
}

struct catalog *catalog_new(struct arena *a, const struct toolset *const *sets, enum mode mode,
                            struct err *e)
{
    struct catalog *c = arena_make(a, struct catalog);
    int total = 0;
    c->arena = a;
    for (int s = 0; sets[s]; s++)
        for (const struct tool *t = sets[s]->tools; t->name; t++)
            total++;
    c->tools = arena_array(a, struct catalog_tool, total + 1);
    for (int s = 0; sets[s]; s++) {
        for (const struct tool *t = sets[s]->tools; t->name; t++) {
            if (!check(c, t, e))
                return NULL;
            c->tools[c->count++] = (struct catalog_tool){
                .tool = t,
                .set = sets[s],
                .in = t->plan ? with_dry_run(a, t->in)
                      : t->in ? t->in
                              : nothing,
                .listed = policy_of(mode, t->risk) != POLICY_DENY,
            };
        }
    }
    return c;
}

const struct catalog_tool *catalog_find(const struct catalog *c, const char *name)
{
    for (int i = 0; i < c->count; i++)
        if (!strcmp(c->tools[i].tool->name, name))
            return &c->tools[i];
    return NULL;
}

const struct catalog_tool *catalog_at(const struct catalog *c, int i)
{
    return i < c->count ? &c->tools[i] : NULL;
}

static void write_string(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, "\"%s\":", key);
    buf_json_string(b, value, strlen(value));
    buf_char(b, ',');
}

static void write_annotations(struct buf *b, enum risk risk)
{
    buf_printf(b,
               ",\"annotations\":{\"readOnlyHint\":%s,\"destructiveHint\":%s,"
               "\"idempotentHint\":%s,\"openWorldHint\":false}",
               risk == READ ? "true" : "false", risk == DESTROY ? "true" : "false",
               risk == READ ? "true" : "false");
}

static void write_tool(struct buf *b, const struct catalog_tool *t, const struct era *era)
{
    buf_char(b, '{');
    write_string(b, "name", t->tool->name);
    if (era->titles)
        write_string(b, "title", t->tool->title);
    write_string(b, "description", t->tool->about);
    buf_str(b, "\"inputSchema\":");
    if (t->tool->schema)
        buf_str(b, t->tool->schema);
    else
        field_schema(b, t->in, false);
    if (era->structured && t->tool->out) {
        buf_str(b, ",\"outputSchema\":");
        field_schema(b, t->tool->out, true);
    }
    if (era->annotations)
        write_annotations(b, t->tool->risk);
    buf_char(b, '}');
}

const char *catalog_list(struct catalog *c, const struct era *era)
{
    const char **list = &c->lists[era - eras];
    if (*list)
        return *list;
    struct buf *b = buf_in(c->arena, MAX_LIST);
    buf_str(b, "{\"tools\":[");
    bool first = true;
    for (int i = 0; i < c->count; i++) {
        if (!c->tools[i].listed)
            continue;
        if (!first)
            buf_char(b, ',');
        first = false;
        write_tool(b, &c->tools[i], era);
    }
    buf_str(b, "]}");
    *list = b->data;
    return *list;
}
