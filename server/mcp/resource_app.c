/* resource_app.c - MCP Apps: the view of a planned change that a client with a screen may show
 * beside the answer of a change tool. The page (assets/plan.html) holds no data and needs no
 * network; what it shows comes with the tool's result. It approves nothing. A changed page gets
 * another URI, because clients keep it. */
#include "base/arena.h"
#include "base/asset.h"
#include "base/json.h"
#include "mcp/resource.h"

enum { KEEP_MS = 3600000 };

const char resource_view_mime[] = "text/html;profile=mcp-app";

static bool resource_app_list(struct request *r, struct resource_list *out)
{
    (void)r;
    static const struct resource view = {
        .uri = RESOURCE_PLAN_VIEW,
        .name = "plan-view",
        .title = "A planned change",
        .about = "Shows a planned change: diff, warnings, how a person decides. For MCP Apps.",
        .mime = resource_view_mime,
    };
    resource_add(out, &view);
    return true;
}

/* No network, no frames, no permissions: said, although it is also what a host assumes. */
static cJSON *meta(struct arena *a)
{
    static const char *const domains[] = { "connectDomains", "resourceDomains", "frameDomains",
                                           "baseUriDomains" };
    cJSON *o = json_object(a);
    cJSON *ui = json_set_object(a, o, "ui");
    cJSON *csp = json_set_object(a, ui, "csp");
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        json_set_array(a, csp, domains[i]);
    json_set_object(a, ui, "permissions");
    json_set_bool(a, ui, "prefersBorder", true);
    return o;
}

void resource_view(struct arena *a, const char *html, struct resource_content *out)
{
    *out = (struct resource_content){ .mime = resource_view_mime,
                                      .text = html,
                                      .meta = meta(a),
                                      .ttl_ms = KEEP_MS,
                                      .for_every = true };
}

static bool read_plan_view(struct request *r, const char *uri, struct resource_content *out)
{
    if (strcmp(uri, RESOURCE_PLAN_VIEW) != 0)
        return false;
    resource_view(r->arena, asset_text("server/mcp/assets/plan.html"), out);
    return true;
}

const struct resource_provider resource_app = {
    .prefix = "ui://higress-ops/",
    .list = resource_app_list,
    .read = read_plan_view,
};
