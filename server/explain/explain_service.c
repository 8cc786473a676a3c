/* explain_service.c - the endpoints behind the services that a route names. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "explain/explain_private.h"
#include <string.h>

enum { ENDPOINTS = 8, SHOWN = 120 };

static void add_endpoint_shown(struct arena *a, cJSON *row, const char *endpoint)
{
    cJSON *list = json_get(row, "endpoints");
    int n = json_count(list);
    if (n > ENDPOINTS)
        return;
    json_add_str(a, list, n == ENDPOINTS ? "and more" : text_clean(a, endpoint, SHOWN));
}

/* The row's port decides where the console has one service of that name a port. */
static bool row_is_for_service(const cJSON *row, const cJSON *service, const char *name)
{
    const char *wanted = json_str(row, "service");
    double port = json_num(row, "port", 0), there = json_num(service, "port", 0);
    return wanted && strcmp(wanted, name) == 0 && (port <= 0 || there <= 0 || port == there);
}

void explain_add_service(struct arena *a, cJSON *answer, const cJSON *service)
{
    const char *name = json_str(service, "name");
    const cJSON *e;
    cJSON *row;
    cJSON_ArrayForEach(row, json_get(answer, "services"))
    {
        if (!name || !row_is_for_service(row, service, name))
            continue;
        json_set_array(a, row, "endpoints");
        cJSON_ArrayForEach(e, json_get(service, "endpoints"))
        {
            if (cJSON_IsString(e))
                add_endpoint_shown(a, row, e->valuestring);
        }
    }
}

/* Members of the comma list; those of a dns source get the source's port. */
static void add_members(struct arena *a, cJSON *row, const cJSON *source, bool dns)
{
    double port = json_num(source, "port", 80);
    const char *at = json_str(source, "domain");
    json_set_array(a, row, "endpoints");
    while (at && *at) {
        size_t n = strcspn(at, ",");
        if (n)
            add_endpoint_shown(a, row,
                               dns ? arena_printf(a, "%.*s:%.0f", (int)n, at, port)
                                   : arena_strndup(a, at, n));
        at += n + (at[n] == ',');
    }
}

void explain_add_source(struct arena *a, cJSON *answer, const cJSON *source)
{
    const char *name = json_str(source, "name"), *type = json_str(source, "type");
    bool dns = type && strcmp(type, "dns") == 0;
    cJSON *row;
    if (!name || !type || (!dns && strcmp(type, "static") != 0))
        return;
    const char *service = arena_printf(a, "%s.%s", name, type);
    cJSON_ArrayForEach(row, json_get(answer, "services"))
    {
        if (row_is_for_service(row, NULL, service))
            add_members(a, row, source, dns);
    }
}

void explain_end_services(struct arena *a, cJSON *answer)
{
    cJSON *row;
    cJSON_ArrayForEach(row, json_get(answer, "services"))
    {
        if (json_get(row, "endpoints"))
            continue;
        json_set_bool(a, row, "missing", true);
        explain_add_note(a, answer,
                         arena_printf(a, "the gateway knows no service %s with that port: 503 NC",
                                      json_str(row, "service")));
    }
}
