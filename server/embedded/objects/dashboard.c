/* dashboard.c - the stored address of each dashboard. There is no built-in Grafana here, so the
 * calls that need one answer as a console without one does. */
#include "embedded/objects/dashboard_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/objects/settings.h"
#include "embedded/rest/check.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/model.h"

#include <strings.h>

static const struct model_field info_model[] = {
    { "builtIn", M_BOOL }, { "uid", M_STR }, { "url", M_STR }, { 0 }
};

static const struct {
    const char *type, *key, *title;
} dashboards[] = {
    { "MAIN", "dashboard.url", "Gateway" },
    { "AI", "dashboard.url.ai", "AI gateway" },
    { "LOG", "dashboard.url.log", "Access log" },
};

/* Row of ?type=, MAIN when absent; -1 after the request was answered. */
static int dashboard_of(struct rest_request *r)
{
    const char *type = rest_query(r, "type");
    if (!type || !*type)
        return 0;
    for (int i = 0; i < (int)(sizeof dashboards / sizeof *dashboards); i++)
        if (strcasecmp(type, dashboards[i].type) == 0)
            return i;
    rest_fail(r, X_VALIDATION, "Unknown dashboard type: %s", type);
    return -1;
}

static void give_info(struct rest_request *r, int i)
{
    cJSON *info = model_new(r->arena, info_model);
    json_set_bool(r->arena, info, "builtIn", false);
    const char *url = settings_get(r, dashboards[i].key);
    json_set_str(r->arena, info, "url", url ? java_trim(r->arena, url) : NULL);
    rest_envelope(r, info);
}

static void get_info(struct rest_request *r)
{
    int i = dashboard_of(r);
    if (i >= 0)
        give_info(r, i);
}

static void put_info(struct rest_request *r)
{
    int i = dashboard_of(r);
    const char *url = json_str(r->body, "url");
    if (i < 0)
        return;
    if (!url || !*url) {
        rest_fail(r, X_VALIDATION, "Missing required parameter: url");
        return;
    }
    if (check_blank(url)) {
        rest_fail(r, X_ILLEGAL_ARGUMENT, "url cannot be null or blank.");
        return;
    }
    cJSON *values = json_object(r->arena);
    json_set_str(r->arena, values, dashboards[i].key, url);
    if (settings_set(r, values))
        give_info(r, i);
}

static void init_dashboard(struct rest_request *r)
{
    rest_fail(r, X_ILLEGAL_STATE, "No built-in dashboard is available.");
}

/* A Grafana dashboard of our own over Envoy's request metrics; the caller imports it. */
static void config_data(struct rest_request *r)
{
    struct arena *a = r->arena;
    const char *uid = rest_query(r, "dataSourceUid");
    int i = dashboard_of(r);
    if (i < 0)
        return;
    if (!uid) {
        rest_spring(r, 400);
        return;
    }
    if (check_blank(uid)) {
        rest_fail(r, X_CONSTRAINT, "getConfigData.dataSourceUid: must not be blank");
        return;
    }
    cJSON *board = json_object(a);
    json_set_str(a, board, "title", dashboards[i].title);
    cJSON *panel = json_add(a, json_set_array(a, board, "panels"), json_object(a));
    json_set_str(a, panel, "type", "timeseries");
    json_set_str(a, panel, "title", "Requests per second by response class");
    cJSON *source = json_set_object(a, panel, "datasource");
    json_set_str(a, source, "type", "prometheus");
    json_set_str(a, source, "uid", uid);
    cJSON *target = json_add(a, json_set_array(a, panel, "targets"), json_object(a));
    json_set_str(a, target, "expr",
                 "sum by (envoy_response_code_class) (rate(envoy_cluster_upstream_rq_xx[1m]))");
    rest_envelope(r, json_string(a, json_print_pretty(a, board)));
}

const struct rest_route dashboard_rest[] = {
    { "GET", "/dashboard/init", init_dashboard, .flag = "force" },
    { "GET", "/dashboard/info", get_info },
    { "PUT", "/dashboard/info", put_info, info_model },
    { "GET", "/dashboard/configData", config_data },
    { 0 },
};
