/* report.c - see report.h. */
#include "report.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <fnmatch.h>
#include <stdio.h>

enum { MAX_TABLE = 1 << 20, COLUMNS = 5, EXAMPLES = 6, MAX_NAME = 4096 };

struct row {
    struct row *next;
    char *columns[COLUMNS]; /* method, path, status recorded, status now, rule */
};

struct group {
    struct group *next;
    char *rule, *first; /* first: the differences of its first exchange */
    int count;
    struct buf *where;
};

struct report {
    struct arena *arena;
    struct row *rows, **last_row;
    struct group *groups, **last;
};

static void read_row(struct report *r, char *line)
{
    struct row *row = arena_make(r->arena, struct row);
    int n = 0;
    for (char *p = line; p && n < COLUMNS; n++) {
        row->columns[n] = p;
        p = strchr(p, '\t');
        if (p)
            *p++ = '\0';
    }
    if (n < COLUMNS || *line == '#')
        return;
    *r->last_row = row;
    r->last_row = &row->next;
}

struct report *report_new(struct arena *a, const char *rules)
{
    size_t len;
    struct report *r = arena_make(a, struct report);
    r->arena = a;
    r->last = &r->groups;
    r->last_row = &r->rows;
    char *text = file_read(a, rules, MAX_TABLE, &len, NULL);
    for (char *line = text, *end; line && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        read_row(r, line);
    }
    return r;
}

static bool status_fits(const char *column, int status)
{
    return strcmp(column, "*") == 0 || strtol(column, NULL, 10) == status;
}

/* The rule of rules.tsv, or NULL. */
static char *named_rule(const struct report *r, const struct report_item *item)
{
    const cJSON *request = json_get(item->exchange, "request");
    int recorded = (int)json_num(json_get(item->exchange, "response"), "status", 0);
    for (const struct row *row = r->rows; row; row = row->next)
        if (strcmp(row->columns[0], json_str(request, "method")) == 0 &&
            fnmatch(row->columns[1], json_str(request, "path"), 0) == 0 &&
            status_fits(row->columns[2], recorded) && status_fits(row->columns[3], item->status))
            return row->columns[4];
    return NULL;
}

static bool is_word_of_the_api(const char *s, size_t n)
{
    static const char words[] =
        " v1 routes domains services service-sources proxy-servers tls-certificates consumers "
        "wasm-plugins config readme plugin-instances global ai providers mcpServer session login "
        "logout user info changePassword system init higress-config healthz ready dashboard "
        "landing swaggerToMcpConfig configData grafana aiproxy ";
    char padded[64];
    int len = snprintf(padded, sizeof padded, " %.*s ", (int)n, s);
    return len < (int)sizeof padded && strstr(words, padded);
}

/* "/v1/routes/{name}" of "/v1/routes/a?b=c". */
static char *path_shape(struct arena *a, const char *path)
{
    struct buf *out = buf_in(a, MAX_NAME);
    for (const char *p = path; *p == '/';) {
        size_t n = strcspn(p + 1, "/?");
        if (n == 0 || is_word_of_the_api(p + 1, n))
            buf_printf(out, "/%.*s", (int)n, p + 1);
        else
            buf_str(out, "/{name}");
        p += 1 + n;
    }
    return out->data;
}

/* The first line up to its values, without positions in lists. */
static char *what_differs(struct arena *a, const char *differences)
{
    struct buf *out = buf_in(a, MAX_NAME);
    const char *p = differences + strspn(differences, " ");
    bool status = text_starts(p, "status:");
    size_t n = strcspn(p, status ? "\n" : ":\n");
    for (size_t i = 0; i < n && i < 200; i++) {
        if (status && p[i] == ':' && i > 7) /* the body behind the status */
            break;
        buf_char(out, p[i]);
        if (p[i] == '[')
            i += strspn(p + i + 1, "0123456789");
    }
    return out->data;
}

static char *general_rule(struct arena *a, const struct report_item *item)
{
    const cJSON *request = json_get(item->exchange, "request");
    return arena_printf(a, "%s %s: %s", json_str(request, "method"),
                        path_shape(a, json_str(request, "path")),
                        what_differs(a, item->differences));
}

static struct group *group_of(struct report *r, const char *rule)
{
    for (struct group *g = r->groups; g; g = g->next)
        if (strcmp(g->rule, rule) == 0)
            return g;
    struct group *g = arena_make(r->arena, struct group);
    g->rule = arena_strdup(r->arena, rule);
    g->where = buf_in(r->arena, MAX_NAME);
    *r->last = g;
    r->last = &g->next;
    return g;
}

void report_add(struct report *r, const struct report_item *item)
{
    char *rule = named_rule(r, item);
    if (!rule && item->follows)
        rule = arena_strdup(r->arena, "(follows from what differed before it in its file)");
    if (!rule)
        rule = general_rule(r->arena, item);
    struct group *g = group_of(r, rule);
    if (!g->first)
        g->first = arena_strdup(r->arena, item->differences);
    if (g->count++ < EXAMPLES)
        buf_printf(g->where, "%s%s %d", g->where->len ? ", " : "", item->file,
                   (int)json_num(item->exchange, "n", 0));
}

void report_print(const struct report *r)
{
    if (!r->groups)
        return;
    printf("what differs, by rule:\n");
    for (const struct group *g = r->groups; g; g = g->next) {
        printf("- %s\n    %d: %s%s\n", g->rule, g->count, g->where->data,
               g->count > EXAMPLES ? ", …" : "");
        printf("%.240s\n", arena_strndup(r->arena, g->first, strcspn(g->first, "\n")));
    }
}
