/* resource.c - the resource methods, whatever the provider: pages, shapes per revision, errors.
 *
 * The table of providers is at the top; what a provider does is in resource_*.c.
 */
#include "mcp/resource.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "call/catalog.h"
#include "call/service.h"
#include "config/config.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "policy/people.h"
#include "policy/policy.h"
#include "tool.h"

#include <errno.h>

enum { TEMPLATES_TTL_MS = 300000, RESOURCE_MISSING = -32002 };

static const struct resource_provider *const ours[] = {
    &resource_gateway,
    &resource_audit,
    &resource_change,
    &resource_map,
    &resource_map_view,
    &resource_app, /* the longer prefix first */
    NULL,
};

/* The i-th provider of this server: those of the toolsets first, each with its toolset. NULL: past
 * the end. */
static const struct resource_provider *provider_at(const struct mcp *m, int i,
                                                   const struct toolset **set)
{
    for (const struct toolset *const *s = m->service->toolsets; *s; s++)
        if ((*s)->resources && i-- == 0) {
            *set = *s;
            return (*s)->resources;
        }
    int n = (int)(sizeof ours / sizeof *ours) - 1;
    *set = NULL;
    return i < n ? ours[i] : NULL;
}

/* The one rule of what --toolsets and --tools leave of the resources. */
static bool is_resource_offered(const struct mcp *m, const struct resource_provider *p,
                                const struct toolset *set)
{
    if (p->tool)
        return catalog_offers(m->service->catalog, p->tool);
    return set ? catalog_offers_set(m->service->catalog, set)
               : catalog_offers_plans(m->service->catalog);
}

static const struct resource_provider *provider_of_uri(const struct mcp *m, const char *uri,
                                                       bool *offered)
{
    const struct resource_provider *p;
    const struct toolset *set = NULL;
    for (int i = 0; (p = provider_at(m, i, &set)); i++) {
        if (!text_starts(uri, p->prefix))
            continue;
        *offered = is_resource_offered(m, p, set);
        return p;
    }
    *offered = false;
    return NULL;
}

const struct resource_provider *resource_provider_of(struct mcp *m, const char *uri)
{
    bool offered = false;
    const struct resource_provider *p = provider_of_uri(m, uri, &offered);
    return offered ? p : NULL;
}

bool resource_is_off(struct mcp *m, const char *uri)
{
    bool offered = false;
    return provider_of_uri(m, uri, &offered) && !offered;
}

/* -- lists ------------------------------------------------------------------------------- */

struct resource_list {
    struct request *request;
    const char *member; /* what a row's uri is called */
    cJSON *rows;
    int seen, skip;
    bool more;
};

bool resource_add(struct resource_list *l, const struct resource *row)
{
    struct arena *a = l->request->arena;
    if (l->seen++ < l->skip)
        return true;
    if (json_count(l->rows) == RESOURCE_PAGE) {
        l->more = true;
        return false;
    }
    cJSON *o = json_add(a, l->rows, json_object(a));
    json_set_str(a, o, l->member, row->uri);
    json_set_str(a, o, "name", text_clean(a, row->name, 300));
    if (row->title && l->request->era->titles)
        json_set_str(a, o, "title", text_clean(a, row->title, 300));
    if (row->about)
        json_set_str(a, o, "description", row->about);
    if (row->mime)
        json_set_str(a, o, "mimeType", row->mime);
    return true;
}

/* Cursors are "r" and the number of rows before the page. */
static bool take_cursor(struct request *r, int *skip)
{
    const cJSON *cursor = json_get(r->rpc.params, "cursor");
    *skip = 0;
    if (!cursor || (cJSON_IsString(cursor) && !cursor->valuestring[0]))
        return true;
    const char *text = cJSON_IsString(cursor) ? cursor->valuestring : "";
    char *end = NULL;
    errno = 0;
    long n = text[0] == 'r' && text[1] >= '1' && text[1] <= '9' ? strtol(text + 1, &end, 10) : 0;
    if (n <= 0 || n > 1000000000 || errno || *end)
        return request_fail(r, 200, RPC_INVALID_PARAMS, "Invalid params: unknown cursor");
    *skip = (int)n;
    return true;
}

static void set_cache(struct request *r, cJSON *result, double ttl_ms, bool for_every)
{
    if (!r->era->modern)
        return;
    json_set_num(r->arena, result, "ttlMs", ttl_ms);
    json_set_str(r->arena, result, "cacheScope", for_every ? "public" : "private");
}

/* An error of the gateway as the answer; outside words are made harmless. */
static void refuse_resource(struct request *r)
{
    if (r->gone) {
        request_gone(r);
        return;
    }
    const char *text = secret_scrub(r->arena, text_clean(r->arena, r->err.text, 900));
    snprintf(r->err.text, sizeof r->err.text, "%s", text);
    request_error(r);
}

bool resource_is_admitted(const struct request *r, struct err *e)
{
    const struct config *c = r->mcp->service->config;
    const struct wish w = { .mode = c->mode,
                            .risk = READ,
                            .tool = RESOURCE_READ,
                            .gateway = c->name,
                            .url = c->gateway_url,
                            .rules = c->rules,
                            .requester = people_name(c, CHANNEL_NONE, r->principal),
                            .roles = people_roles(c, CHANNEL_NONE, r->principal),
                            .now = when_now() };
    return policy_admits(&w, e);
}

static bool admit_reader(struct request *r)
{
    const char *busy = request_busy(r);
    if (busy)
        return request_fail(r, 200, RPC_INTERNAL, "Busy: %s; ask again in a few seconds", busy);
    return resource_is_admitted(r, &r->err);
}

static bool fill_resource_list(struct request *r, struct resource_list *l, bool templates)
{
    const struct resource_provider *p;
    const struct toolset *set = NULL;
    for (int i = 0; !l->more && (p = provider_at(r->mcp, i, &set)); i++) {
        if (!is_resource_offered(r->mcp, p, set))
            continue;
        bool (*rows)(struct request *, struct resource_list *) = templates ? p->templates : p->list;
        if (rows && !rows(r, l))
            return false;
    }
    return !r->gone;
}

static void answer_rows(struct request *r, bool templates)
{
    struct arena *a = r->arena;
    struct resource_list l = { .request = r,
                               .member = templates ? "uriTemplate" : "uri",
                               .rows = json_array(a) };
    if (!admit_reader(r) || !take_cursor(r, &l.skip) || !fill_resource_list(r, &l, templates)) {
        refuse_resource(r);
        return;
    }
    cJSON *result = json_object(a);
    json_set(a, result, templates ? "resourceTemplates" : "resources", l.rows);
    if (l.more)
        json_set_str(a, result, "nextCursor", arena_printf(a, "r%d", l.skip + RESOURCE_PAGE));
    set_cache(r, result, templates ? TEMPLATES_TTL_MS : 0, false);
    request_result(r, request_envelope(r, result));
}

static void list_main(void *arg)
{
    answer_rows(arg, false);
}

static void templates_main(void *arg)
{
    answer_rows(arg, true);
}

void resource_list(struct request *r)
{
    fiber_start(list_main, r);
}

void resource_templates(struct request *r)
{
    fiber_start(templates_main, r);
}

/* -- one resource ------------------------------------------------------------------------ */

const char *resource_uri(struct request *r)
{
    const char *uri = json_str(r->rpc.params, "uri");
    if (!uri || !uri[0])
        return request_fail(r, 200, RPC_INVALID_PARAMS, "Invalid params: uri must be a string");
    if (strlen(uri) > RESOURCE_URI_MAX)
        return request_fail(r, 200, RPC_INVALID_PARAMS, "Invalid params: uri is over %d bytes",
                            RESOURCE_URI_MAX);
    return uri;
}

const char *resource_segment(struct arena *a, const char **rest)
{
    if (!*rest || !**rest)
        return NULL;
    size_t n = strcspn(*rest, "/");
    const char *one = n ? text_unpercent(a, *rest, n) : NULL;
    *rest = (*rest)[n] ? *rest + n + 1 : NULL;
    return one;
}

const char *resource_missing(struct request *r, const char *uri)
{
    cJSON *data = json_object(r->arena);
    json_set_str(r->arena, data, "uri", text_clean(r->arena, uri, RESOURCE_URI_MAX));
    r->err_data = json_print(r->arena, data);
    return request_fail(r, 200, r->era->modern ? (int)RPC_INVALID_PARAMS : (int)RESOURCE_MISSING,
                        "Resource not found");
}

static cJSON *contents(struct request *r, const char *uri, const struct resource_content *c)
{
    struct arena *a = r->arena;
    cJSON *result = json_object(a);
    cJSON *one = json_add(a, json_set_array(a, result, "contents"), json_object(a));
    json_set_str(a, one, "uri", uri);
    if (c->mime)
        json_set_str(a, one, "mimeType", c->mime);
    json_set_str(a, one, c->blob ? "blob" : "text", c->blob ? c->blob : c->text);
    if (c->meta)
        json_set(a, one, "_meta", c->meta);
    set_cache(r, result, c->ttl_ms, c->for_every);
    return result;
}

static void read_main(void *arg)
{
    struct request *r = arg;
    struct resource_content c = { 0 };
    const char *uri = admit_reader(r) ? resource_uri(r) : NULL;
    const struct resource_provider *p = uri ? resource_provider_of(r->mcp, uri) : NULL;
    bool found = p && p->read(r, uri, &c);
    if (uri && !found && r->err.kind == ERR_NONE)
        resource_missing(r, uri);
    if (!found || r->gone)
        refuse_resource(r);
    else
        request_result(r, request_envelope(r, contents(r, uri, &c)));
}

void resource_read(struct request *r)
{
    fiber_start(read_main, r);
}
