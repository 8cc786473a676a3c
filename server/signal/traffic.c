/* traffic.c - one pass over the access log that keeps a count a group and what each request took.
 * A new way to group is a row of dimensions[] and a word of TRAFFIC_NAMES. */
#include "signal/traffic.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "signal/figures_private.h"
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 70, DEFAULT_ROWS = 20, TABLE = 65536, ROWS_BYTES = 16 * 1024, SCRATCH_ROWS = 256 };

struct group {
    const char *key[TRAFFIC_BY];
    int count;
    struct figures took, first_token, used; /* used: tokens of one request */
    double input, output, total;            /* tokens */
};

struct counting {
    struct arena *a;
    const struct traffic_query *q;
    const char *(*value_of[TRAFFIC_BY])(struct arena *a, const cJSON *row);
    int dimensions;
    const char *keys[3 + 2 * TRAFFIC_BY]; /* of a record, that are looked at */
    struct arena *scratch;                /* of values looked at; renewed now and then */
    int in_scratch;
    struct group **table, all;
    struct group **groups;
    int count, room;
    int fitting;        /* requests that the filters let through, errors or not */
    int beyond, forged; /* requests of groups that found no room; lines that a client forged */
    char newest[40];
};

/* -- what a request is counted by ----------------------------------------------------------------
 */
static const char *traffic_field(const cJSON *row, const char *key)
{
    const char *s = json_str(row, key);
    return s && *s ? s : "-";
}

static bool is_absent(const char *s)
{
    return strcmp(s, "-") == 0;
}

static const char *traffic_path(struct arena *a, const cJSON *row)
{
    return traffic_fold(a, traffic_field(row, "path"));
}

static const char *traffic_route(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "route_name");
}

static const char *traffic_host(struct arena *a, const cJSON *row)
{
    const char *s = traffic_field(row, "authority"), *bracket = strchr(s, ']');
    const char *colon = strrchr(bracket ? bracket : s, ':');
    return text_lower(a, s, colon ? (size_t)(colon - s) : strlen(s));
}

static const char *status_of(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "response_code");
}

static const char *flag_of(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "response_flags");
}

static const char *traffic_replica(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "replica");
}

/* Where none was chosen, the cluster says at least which service it was to be. */
static const char *upstream_of(struct arena *a, const cJSON *row)
{
    (void)a;
    const char *host = traffic_field(row, "upstream_host");
    return is_absent(host) ? traffic_field(row, "upstream_cluster") : host;
}

/* That the gateway chose, of a route with several or a canary. */
static const char *traffic_service(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "upstream_cluster");
}

static const char *method_of(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "method");
}

static const char *traffic_client(struct arena *a, const cJSON *row)
{
    const char *s = traffic_field(row, "downstream_remote_address"), *colon = strrchr(s, ':');
    return arena_strndup(a, s, colon ? (size_t)(colon - s) : strlen(s));
}

/* As the request brought it, with what the gateway added: a client can write it. */
static const char *forwarded_of(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "x_forwarded_for");
}

static const char *agent_of(struct arena *a, const cJSON *row)
{
    (void)a;
    return traffic_field(row, "user_agent");
}

static const char *consumer_of(struct arena *a, const cJSON *row)
{
    (void)a;
    static const char *const keys[] = { "x_mse_consumer", "consumer" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!is_absent(traffic_field(row, keys[i])))
            return traffic_field(row, keys[i]);
    return traffic_field(json_get(row, "ai"), "consumer");
}

static const char *model_of(struct arena *a, const cJSON *row)
{
    (void)a;
    const char *model = traffic_field(json_get(row, "ai"), "model");
    return is_absent(model) ? traffic_field(row, "model") : model;
}

static const struct dimension {
    const char *name;
    const char *(*value_of)(struct arena *a, const cJSON *row);
    const char *key, *other; /* of Higress' format, that it is made of */
} dimensions[] = {
    { "path", traffic_path, "path", NULL },
    { "route", traffic_route, "route_name", NULL },
    { "host", traffic_host, "authority", NULL },
    { "status", status_of, "response_code", NULL },
    { "flag", flag_of, "response_flags", NULL },
    { "upstream", upstream_of, "upstream_host", "upstream_cluster" },
    { "service", traffic_service, "upstream_cluster", NULL },
    { "method", method_of, "method", NULL },
    { "client", traffic_client, "downstream_remote_address", NULL },
    { "forwarded", forwarded_of, "x_forwarded_for", NULL },
    { "user_agent", agent_of, "user_agent", NULL },
    { "model", model_of, "ai_log", NULL },
    { "consumer", consumer_of, "ai_log", NULL },
    { "replica", traffic_replica, "duration", NULL }, /* the line's source says it */
};

static void choose_dimensions(struct counting *n)
{
    const size_t known = sizeof dimensions / sizeof *dimensions;
    int keys = 0;
    n->keys[keys++] = "duration";
    n->keys[keys++] = "ai_log";
    for (int i = 0; i < TRAFFIC_BY && n->q->by[i]; i++)
        for (size_t k = 0; k < known; k++) {
            if (strcmp(dimensions[k].name, n->q->by[i]) != 0)
                continue;
            n->value_of[n->dimensions++] = dimensions[k].value_of;
            n->keys[keys++] = dimensions[k].key;
            if (dimensions[k].other)
                n->keys[keys++] = dimensions[k].other;
        }
}

/* -- counting ------------------------------------------------------------------------------------
 */
bool traffic_is_error(const cJSON *row)
{
    char first = traffic_field(row, "response_code")[0];
    return first < '1' || first > '3'; /* "0" and "-": there was no answer */
}

/* Of one request; -1: not known. */
struct taken {
    double duration, first_token, input, output, total;
    bool ai;
};

static struct taken cost_of_request(const cJSON *row)
{
    const cJSON *ai = json_get(row, "ai");
    const char *duration = traffic_field(row, "duration");
    struct taken t = { .duration = -1, .ai = ai };
    if (isdigit((unsigned char)*duration))
        t.duration = strtod(duration, NULL);
    if (!ai)
        return t;
    t.first_token = json_num(ai, "llm_first_token_duration", -1);
    t.input = json_num(ai, "input_token", 0);
    t.output = json_num(ai, "output_token", 0);
    t.total = json_num(ai, "total_token", t.input + t.output);
    return t;
}

static void add_request(struct arena *a, struct group *g, const struct taken *t)
{
    g->count++;
    figures_add(a, &g->took, t->duration);
    if (!t->ai)
        return;
    figures_add(a, &g->first_token, t->first_token);
    g->input += t->input;
    g->output += t->output;
    g->total += t->total;
    if (t->total > 0)
        figures_add(a, &g->used, t->total);
}

static uint64_t group_hash(const char *const key[TRAFFIC_BY])
{
    uint64_t h = 0;
    for (int i = 0; i < TRAFFIC_BY; i++)
        h = h * 31 + text_hash(key[i], strlen(key[i]));
    return h;
}

static bool is_group_key(const struct group *g, const char *const key[TRAFFIC_BY])
{
    for (int i = 0; i < TRAFFIC_BY; i++)
        if (strcmp(g->key[i], key[i]) != 0)
            return false;
    return true;
}

static struct group *new_group(struct counting *n, const char *const key[TRAFFIC_BY])
{
    if (n->count == TRAFFIC_GROUPS)
        return NULL;
    struct group *g = arena_make(n->a, struct group);
    for (int i = 0; i < TRAFFIC_BY; i++)
        g->key[i] = arena_strdup(n->a, key[i]);
    n->groups = arena_grow(n->a, n->groups, n->count, &n->room, sizeof *n->groups);
    return n->groups[n->count++] = g;
}

/* NULL: there is no room for another one. */
static struct group *find_group(struct counting *n, const char *const key[TRAFFIC_BY])
{
    size_t at = group_hash(key) % TABLE;
    while (n->table[at] && !is_group_key(n->table[at], key))
        at = (at + 1) % TABLE;
    if (!n->table[at])
        n->table[at] = new_group(n, key);
    return n->table[at];
}

static const char no_value[] = ""; /* of a dimension that was not asked for */

static void count_in_group(struct counting *n, const cJSON *row)
{
    const char *key[TRAFFIC_BY] = { no_value, no_value, no_value };
    if (++n->in_scratch >= SCRATCH_ROWS) {
        arena_free(n->scratch);
        n->scratch = arena_new();
        n->in_scratch = 0;
    }
    for (int i = 0; i < n->dimensions && i < TRAFFIC_BY; i++)
        key[i] = n->value_of[i](n->scratch, row);
    const struct taken t = cost_of_request(row);
    add_request(n->a, &n->all, &t);
    struct group *g = n->dimensions ? find_group(n, key) : NULL;
    if (g)
        add_request(n->a, g, &t);
    else
        n->beyond += n->dimensions > 0;
}

static bool count_line(void *arg, const cJSON *row)
{
    struct counting *n = arg;
    if (json_get(row, "raw"))
        return true;
    if (json_true(row, "forged")) {
        n->forged++;
        return true;
    }
    n->fitting++;
    if (n->q->errors && !traffic_is_error(row))
        return true;
    if (!*n->newest)
        snprintf(n->newest, sizeof n->newest, "%s", traffic_field(row, "start_time"));
    count_in_group(n, row);
    return true;
}

/* -- the answer ----------------------------------------------------------------------------------
 */
static const int percents[] = { 50, 95, 99 };
enum { PERCENTS = sizeof percents / sizeof *percents };

/* Of all requests: by name. */
static void add_percentiles(struct arena *a, cJSON *to, struct figures *f)
{
    figures_sort(f);
    for (int i = 0; f->count && i < PERCENTS; i++)
        json_set_num(a, to, arena_printf(a, "p%d", percents[i]),
                     figures_percentile(f, percents[i]));
}

/* Of a row: in short. */
static void add_short(struct arena *a, cJSON *row, const char *member, struct figures *f)
{
    cJSON *to = f->count ? json_set_array(a, row, member) : NULL;
    figures_sort(f);
    for (int i = 0; to && i < PERCENTS; i++)
        json_add(a, to, json_number(a, figures_percentile(f, percents[i])));
}

static void add_tokens(struct arena *a, cJSON *answer, struct group *g)
{
    if (g->total <= 0)
        return;
    cJSON *tokens = json_set_object(a, answer, "tokens");
    json_set_num(a, tokens, "input", g->input);
    json_set_num(a, tokens, "output", g->output);
    json_set_num(a, tokens, "total", g->total);
    add_percentiles(a, tokens, &g->used);
}

static void add_totals(struct counting *n, cJSON *answer)
{
    json_set_num(n->a, answer, "matched", n->all.count);
    if (n->q->errors)
        json_set_num(n->a, answer, "of", n->fitting);
    if (n->all.took.count)
        add_percentiles(n->a, json_set_object(n->a, answer, "duration"), &n->all.took);
    if (n->all.first_token.count)
        add_percentiles(n->a, json_set_object(n->a, answer, "first_token"), &n->all.first_token);
    add_tokens(n->a, answer, &n->all);
}

static cJSON *group_row(struct counting *n, struct group *g)
{
    cJSON *row = json_object(n->a);
    for (int i = 0; i < n->dimensions; i++)
        json_set_str(n->a, row, n->q->by[i], text_clean(n->a, g->key[i], SHOWN));
    json_set_num(n->a, row, "count", g->count);
    json_set_num(n->a, row, "share", round(1000.0 * g->count / n->all.count) / 10);
    add_short(n->a, row, "ms", &g->took);
    add_short(n->a, row, "first_token_ms", &g->first_token);
    if (g->total > 0)
        json_set_num(n->a, row, "tokens", g->total);
    return row;
}

static int by_count(const void *v, const void *w)
{
    const struct group *p = *(struct group *const *)v, *q = *(struct group *const *)w;
    int order = (p->count < q->count) - (p->count > q->count);
    for (int i = 0; !order && i < TRAFFIC_BY; i++)
        order = strcmp(p->key[i], q->key[i]);
    return order;
}

static void add_group_rows(struct counting *n, cJSON *answer)
{
    int most = n->q->rows > 0 ? n->q->rows : DEFAULT_ROWS, left = n->beyond;
    cJSON *rows = json_set_array(n->a, answer, "rows");
    size_t bytes = 0;
    int i = 0;
    if (n->count)
        qsort(n->groups, (size_t)n->count, sizeof(void *), by_count);
    for (; i < n->count && i < most && bytes < ROWS_BYTES; i++)
        bytes += strlen(json_print(n->a, json_add(n->a, rows, group_row(n, n->groups[i]))));
    for (int k = i; k < n->count; k++)
        left += n->groups[k]->count;
    if (left == 0)
        return;
    cJSON *out = json_set_object(n->a, answer, "left_out");
    json_set_num(n->a, out, "rows", n->count - i);
    json_set_num(n->a, out, "requests", left);
    if (n->beyond)
        json_set_num(n->a, out, "of_uncounted_rows", n->beyond);
}

static void add_window(struct counting *n, cJSON *answer, const struct accesslog_seen *seen)
{
    struct arena *a = n->a;
    cJSON *window = json_set_object(a, answer, "window");
    double since = n->q->log.since;
    bool reached = since > 0 && (!*seen->oldest || when_parse(seen->oldest) <= since);
    if (reached)
        json_set_str(a, window, "from", when_text(a, since, false));
    else if (*seen->oldest)
        json_set_str(a, window, "from", seen->oldest);
    json_set_str(a, window, "to", when_text(a, when_now(), false));
    json_set_num(a, window, "lines_read", seen->lines);
    json_set_num(a, window, "bytes_read", (double)seen->scanned);
    if (*n->newest)
        json_set_str(a, answer, "newest", n->newest);
    if (seen->cut) {
        cJSON *left = json_set_object(a, answer, "not_looked_at");
        if (seen->left)
            json_set_num(a, left, "bytes", (double)seen->left);
        if (*seen->cursor)
            json_set_str(a, left, "cursor", seen->cursor);
    }
    if (seen->note)
        json_set_str(a, answer, "note", seen->note);
    if (n->forged)
        json_set_num(a, answer, "forged", n->forged);
    if (seen->raw)
        json_set_num(a, answer, "unreadable", seen->raw);
}

cJSON *traffic_count(struct arena *a, struct log_source *from, const struct traffic_query *q,
                     struct err *e)
{
    struct counting n = { .a = a, .q = q, .table = arena_array(a, struct group *, TABLE) };
    struct accesslog_query log = q->log;
    struct accesslog_seen seen = { 0 };
    cJSON *answer = json_object(a);

    log.limit = INT_MAX;
    log.only = n.keys;
    n.scratch = arena_new();
    choose_dimensions(&n);
    bool ok = accesslog_read(a, from, &log, count_line, &n, &seen, e);
    arena_free(n.scratch);
    if (!ok)
        return NULL;
    add_totals(&n, answer);
    add_window(&n, answer, &seen);
    if (n.dimensions)
        add_group_rows(&n, answer);
    return answer;
}
