/* resource_map.c - the gateway as a picture: higress://map/{gateway}, or of one object with what
 * leads to and from it, higress://map/{gateway}/KIND/NAME; and ui://higress-ops/map1, the view that
 * a client with a screen may show beside the overview and a diagnosis. The view holds no data: it
 * reads the picture, which is SVG and says of each node which object it is. */
#include "base/arena.h"
#include "base/asset.h"
#include "base/json.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/map.h"
#include "call/service.h"
#include "config/config.h"
#include "inspect/inspect_map.h"
#include "mcp/mcp.h"
#include "mcp/resource.h"
#include "picture/picture.h"

#define PREFIX "higress://map/"
#define GATEWAY "default"

static const char svg_mime[] = "image/svg+xml";

bool resource_map_offered(const struct catalog *c)
{
    return catalog_offers(c, RESOURCE_MAP_TOOL) &&
           (catalog_offers(c, "list_routes") || catalog_offers(c, "list_resources") ||
            catalog_offers(c, "get_resource"));
}

static bool is_map_shown(const struct mcp *m)
{
    return m->service->gateway && resource_map_offered(m->service->catalog);
}

/* -- the picture ------------------------------------------------------------------------- */

static bool list_map(struct request *r, struct resource_list *out)
{
    static const struct resource map = {
        .uri = PREFIX GATEWAY,
        .name = "map",
        .title = "Map of the gateway",
        .about = "Hosts, routes, services, with what is wrong and the traffic of the last hour.",
        .mime = svg_mime,
    };
    if (is_map_shown(r->mcp))
        resource_add(out, &map);
    return true;
}

static bool map_templates(struct request *r, struct resource_list *out)
{
    static const struct resource one = {
        .uri = PREFIX "{gateway}/{kind}/{name}",
        .name = "map-of",
        .title = "One object on the map",
        .about = "What leads to and from it.",
        .mime = svg_mime,
    };
    if (is_map_shown(r->mcp))
        resource_add(out, &one);
    return true;
}

/* What a URI asks for; kind NULL: the whole. */
struct map_place {
    const char *gateway; /* NULL: the one that is meant */
    const char *kind, *name;
};

static bool find_map_place(const struct mcp *m, struct arena *a, const char *uri,
                           struct map_place *out)
{
    const char *rest = uri + strlen(PREFIX);
    const char *gateway = resource_segment(a, &rest);
    *out = (struct map_place){ .kind = rest ? resource_segment(a, &rest) : NULL };
    out->name = out->kind ? resource_segment(a, &rest) : NULL;
    if (!gateway || rest || (out->kind && !out->name) || !is_map_shown(m))
        return false;
    if (strcmp(gateway, GATEWAY) != 0)
        out->gateway = gateway;
    return !out->gateway || config_several(m->config);
}

static const char *draw_map(struct mcp *m, struct arena *a, const struct map_place *at,
                            struct cancel *cancel, struct err *e)
{
    cJSON *map = json_clone(a, map_kept(m->service, at->gateway, cancel, e));
    if (!map || (at->kind && !inspect_on_map(map, at->kind, at->name)))
        return NULL;
    const struct picture p = {
        .map = map,
        .waiting = map_waiting(a, service_engine(m->service), at->gateway, json_get(map, "unread")),
        .kind = at->kind,
        .name = at->name,
        .marks = true,
    };
    return picture_svg(a, &p);
}

static bool read_map_picture(struct request *r, const char *uri, struct resource_content *out)
{
    struct map_place at;
    if (!find_map_place(r->mcp, r->arena, uri, &at))
        return false;
    out->mime = svg_mime;
    out->text = draw_map(r->mcp, r->arena, &at, &r->cancel, &r->err);
    return out->text;
}

static char *state_of_map(struct mcp *m, struct arena *a, const char *uri, struct cancel *c)
{
    struct map_place at;
    struct err e = { 0 };
    const char *svg = find_map_place(m, a, uri, &at) ? draw_map(m, a, &at, c, &e) : NULL;
    return svg ? arena_printf(a, "%016llx", (unsigned long long)text_hash(svg, strlen(svg))) : NULL;
}

const struct resource_provider resource_map = {
    .prefix = PREFIX,
    .list = list_map,
    .templates = map_templates,
    .read = read_map_picture,
    .state = state_of_map,
    .remote = true,
    .tool = RESOURCE_MAP_TOOL,
};

/* -- the view ---------------------------------------------------------------------------- */

static bool list_map_view(struct request *r, struct resource_list *out)
{
    static const struct resource view = {
        .uri = RESOURCE_MAP_VIEW,
        .name = "map-view",
        .title = "The gateway as a map",
        .about = "Shows the map, and an object of it when it is chosen. For MCP Apps.",
        .mime = resource_view_mime,
    };
    if (is_map_shown(r->mcp))
        resource_add(out, &view);
    return true;
}

/* The style of the drawing stands in one place; the view takes it in. */
static bool read_map_view(struct request *r, const char *uri, struct resource_content *out)
{
    static const char mark[] = "/* map.css */";
    const char *page = asset_text("server/mcp/assets/map.html"), *at = strstr(page, mark);
    if (strcmp(uri, RESOURCE_MAP_VIEW) != 0 || !is_map_shown(r->mcp))
        return false;
    resource_view(r->arena,
                  arena_printf(r->arena, "%.*s%s%s", (int)(at - page), page, picture_style(),
                               at + sizeof mark - 1),
                  out);
    return true;
}

const struct resource_provider resource_map_view = {
    .prefix = "ui://higress-ops/map",
    .list = list_map_view,
    .read = read_map_view,
    .tool = RESOURCE_MAP_TOOL,
};
