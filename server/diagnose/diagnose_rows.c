/* diagnose_rows.c - routes of the configuration and rows of the access log, as far as they belong
 * to the target.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose_predicate_private.h"
#include "diagnose/diagnose_private.h"
#include "signal/accesslog.h"
#include <stdlib.h>
#include <string.h>

struct fact_route *facts_route(const struct facts *f, const char *name)
{
    for (int i = 0; name && i < f->route_count; i++)
        if (!strcmp(f->routes[i].name, name))
            return &f->routes[i];
    return NULL;
}

static int count_routes(const cJSON *configs)
{
    const cJSON *c, *v;
    int n = 0;

    cJSON_ArrayForEach(c, configs) cJSON_ArrayForEach(v, json_path(c, "route_config.virtual_hosts"))
        n += json_count(json_get(v, "routes"));
    return n;
}

static void read_vhost(struct facts *f, const char *table, const cJSON *vhost)
{
    const cJSON *r;
    int place = 0;

    cJSON_ArrayForEach(r, json_get(vhost, "routes"))
    {
        const char *name = json_str(r, "name");
        f->routes[f->route_count++] = (struct fact_route){
            .name = name ? name : "(unnamed)",
            .table = table ? table : "-",
            .match = json_get(r, "match"),
            .action = json_get(r, "route"),
            .route = r,
            .vhost = json_str(vhost, "name"),
            .domains = json_get(vhost, "domains"),
            .place = place++,
        };
    }
}

void facts_read_routes(struct facts *f)
{
    const cJSON *part = facts_config_part(f, "RoutesConfigDump");
    const cJSON *lists[] = { json_get(part, "dynamic_route_configs"),
                             json_get(part, "static_route_configs") };
    const cJSON *c, *v;

    f->routes = arena_array(f->arena, struct fact_route,
                            count_routes(lists[0]) + count_routes(lists[1]) + 1);
    for (int i = 0; i < 2; i++)
        cJSON_ArrayForEach(c, lists[i])
        {
            const cJSON *table = json_get(c, "route_config");
            cJSON_ArrayForEach(v, json_get(table, "virtual_hosts"))
                read_vhost(f, json_str(table, "name"), v);
        }
}

static int compare_route_names(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int facts_distinct_routes(const struct facts *f)
{
    const char **seen = arena_array(f->arena, const char *, f->route_count + 1);
    int n = 0;

    for (int i = 0; i < f->route_count; i++)
        seen[i] = f->routes[i].name;
    qsort(seen, (size_t)f->route_count, sizeof *seen, compare_route_names);
    for (int i = 0; i < f->route_count; i++)
        n += i == 0 || strcmp(seen[i], seen[i - 1]) != 0;
    return n;
}

bool facts_route_leads(const struct fact_route *r, const char *cluster)
{
    const char *one = json_str(r->action, "cluster");
    const cJSON *w;

    if (one && !strcmp(one, cluster))
        return true;
    cJSON_ArrayForEach(w, json_path(r->action, "weighted_clusters.clusters"))
    {
        const char *name = json_str(w, "name");
        if (name && !strcmp(name, cluster))
            return true;
    }
    return false;
}

static const char *row_field(const cJSON *o, const char *key)
{
    const char *s = json_str(o, key);

    return s ? s : "-";
}

static double number_of(const cJSON *o, const char *key, double otherwise)
{
    const char *s = json_str(o, key);

    if (!s)
        return json_num(o, key, otherwise);
    return strcmp(s, "-") != 0 ? strtod(s, NULL) : otherwise;
}

/* By the code of the symptom; a handshake that fails has reasons of its own. */
static const struct {
    const char *code;
    enum fact_trouble trouble;
} troubles[] = {
    { "UPSTREAM_TIMEOUT", TROUBLE_TIMEOUT },    { "IDLE_TIMEOUT", TROUBLE_TIMEOUT },
    { "UPSTREAM_RESET", TROUBLE_RESET },        { "PROTOCOL_ERROR", TROUBLE_RESET },
    { "UPSTREAM_REFUSED", TROUBLE_CONNECT },    { "CONNECT_TIMEOUT", TROUBLE_CONNECT },
    { "NETWORK_UNREACHABLE", TROUBLE_CONNECT }, { "UPSTREAM_CONNECT_FAILED", TROUBLE_CONNECT },
};

static enum fact_trouble trouble_of(const struct fact_row *r)
{
    const char *code = r->symptom ? r->symptom->code : "";

    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++)
        if (!strcmp(troubles[i].code, code))
            return troubles[i].trouble;
    if (!strcmp(code, "CLIENT_DISCONNECT") && r->code == 0)
        return TROUBLE_TIMEOUT; /* the client's patience ended */
    if (!strstr(r->details, "via_upstream") && !r->passed_on)
        return TROUBLE_NONE;
    return r->code >= 500 ? TROUBLE_5XX : r->code >= 400 ? TROUBLE_4XX : TROUBLE_NONE;
}

static struct fact_row row_read(const cJSON *o)
{
    struct fact_row r = {
        .code = (int)number_of(o, "response_code", 0),
        .flags = row_field(o, "response_flags"),
        .details = row_field(o, "response_code_details"),
        .reason = row_field(o, "upstream_transport_failure_reason"),
        .route = row_field(o, "route_name"),
        .cluster = row_field(o, "upstream_cluster"),
        .host = row_field(o, "upstream_host"),
        .authority = row_field(o, "authority"),
        .path = row_field(o, "path"),
        .method = row_field(o, "method"),
        .port = facts_port_of(row_field(o, "downstream_local_address")),
        .start = row_field(o, "start_time"),
        .duration = number_of(o, "duration", -1),
    };
    r.at = when_parse(r.start);
    r.passed_on = !strcmp(r.details, "-") && !strcmp(r.flags, "-") && strcmp(r.host, "-") != 0;
    r.symptom = symptom_of(&r);
    r.trouble = trouble_of(&r);
    return r;
}

static void count_fact_row(struct facts *f, struct fact_row *r)
{
    bool named = strcmp(r->cluster, "-") != 0;
    struct fact_cluster *c = named ? facts_add_cluster(f, r->cluster) : NULL;
    struct fact_host *h = facts_add_host(f, c, r->host);
    struct fact_route *route = facts_route(f, r->route);
    bool failed = r->symptom != NULL;

    r->of = c;
    r->met = h;
    f->failed_rows += failed;
    if (route)
        *(failed ? &route->failed : &route->ok) += 1;
    if (c)
        *(failed ? &c->failed : &c->ok) += 1;
    if (!h)
        return;
    *(failed ? &h->failed : &h->ok) += 1;
    h->rows++;
    h->troubles[r->trouble]++;
}

/* Newest first; what has no time keeps its place among equals. */
static int compare_rows_newest(const void *x, const void *y)
{
    const struct fact_row *a = x, *b = y;

    if (a->at != b->at)
        return a->at < b->at ? 1 : -1;
    return a->order - b->order;
}

void facts_read_rows(struct facts *f)
{
    const cJSON *o;

    f->rows = arena_array(f->arena, struct fact_row, json_count(f->in->rows) + 1);
    cJSON_ArrayForEach(o, f->in->rows)
    {
        if (json_true(o, "forged")) {
            f->forged_rows++;
            continue;
        }
        struct fact_row r = row_read(o);
        if (!facts_row_wanted(f, &r))
            continue;
        r.order = f->row_count;
        f->rows[f->row_count++] = r;
    }
    qsort(f->rows, (size_t)f->row_count, sizeof *f->rows, compare_rows_newest);
    for (int i = 0; i < f->row_count; i++)
        count_fact_row(f, &f->rows[i]);
    f->target_found = facts_target_found(f);
}
