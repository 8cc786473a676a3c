/* verify_rules.c - rules about an object and what else the gateway holds. A rule is a row. */
#include "plan/verify_private.h"
#include "rule/check.h"
#include "rule/schema.h"
#include <stdarg.h>

static bool refuse_rule(struct verify *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse_rule(struct verify *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(v->p->arena, format, args);
    va_end(args);
    return err_set(v->p->err, ERR_ARGS, "%s '%s': %s", v->op->kind->name, v->op->name,
                   text_clean(v->p->arena, text, 400));
}

static bool is_new(const struct verify *v, const char *member)
{
    const cJSON *x = json_get(v->op->before, member), *y = json_get(v->op->after, member);
    return y && !(x && json_equal(x, y));
}

/* -- domains of one route ---------------------------------------------------------------------- */

/* "off", "on" or "force", as the gateway acts. NULL after an error. */
static const char *https_mode_of(struct verify *v, const char *name)
{
    const cJSON *d = verify_object(v, "domain", name);
    const char *mode = json_str(d, "enableHttps"), *cert = json_str(d, "certIdentifier");
    if (v->p->err->kind != ERR_NONE)
        return NULL;
    return mode && strcmp(mode, "off") && cert && *cert ? mode : "off";
}

/* The console answers 400 when the domains of a route disagree, for a domain after it was stored.
 */
static bool agree(struct verify *v, const cJSON *domains, const char *whose)
{
    const char *first = NULL, *of = NULL;
    const cJSON *d;
    cJSON_ArrayForEach(d, domains)
    {
        const char *mode = https_mode_of(v, d->valuestring);
        if (!mode)
            return false;
        if (first && strcmp(first, mode) != 0)
            return refuse_rule(
                v,
                "domains: %s%s has HTTPS %s and %s has %s; all domains of a route need the "
                "same",
                whose, of, first, d->valuestring, mode);
        first = mode;
        of = d->valuestring;
    }
    return true;
}

static bool domains_agree(struct verify *v)
{
    const cJSON *domains = json_get(v->op->after, "domains");
    return json_count(domains) < 2 || agree(v, domains, "");
}

struct bound {
    struct verify *v;
    cJSON *routes; /* [{name, domains}] of routes with this domain and others */
};

static bool take_bound(void *arg, const cJSON *route)
{
    struct bound *b = arg;
    struct arena *a = b->v->p->arena;
    const cJSON *domains = json_get(route, "domains"), *d;
    bool has = false;
    cJSON_ArrayForEach(d, domains) has =
        has || (cJSON_IsString(d) && !strcmp(d->valuestring, b->v->op->name));
    if (!has || json_count(domains) < 2)
        return true;
    cJSON *one = json_add(a, b->routes, json_object(a));
    json_set_str(a, one, "name", json_str(route, "name"));
    json_set(a, one, "domains", json_clone(a, domains));
    return true;
}

static bool routes_agree(struct verify *v)
{
    struct bound b = { v, json_array(v->p->arena) };
    const cJSON *r;
    if (!is_new(v, "enableHttps") && !is_new(v, "certIdentifier"))
        return true;
    if (!gateway_each_kind(v->g, kind_find("route"), NULL, take_bound, &b, v->cancel, v->p->err))
        return false;
    cJSON_ArrayForEach(r, b.routes)
    {
        const char *name = json_str(r, "name");
        if (!agree(v, json_get(r, "domains"),
                   arena_printf(v->p->arena, "of route %s ", name ? name : "?")))
            return false;
    }
    return true;
}

/* -- certificates ------------------------------------------------------------------------------ */

static bool host_pattern_covers(const char *pattern, const char *host)
{
    const char *dot = strchr(host, '.');
    if (!strcmp(pattern, host))
        return true;
    return text_starts(pattern, "*.") && dot && !strcmp(pattern + 1, dot);
}

/* Names that do not cover the domain are a doubt: it may be replaced, or be meant. */
static bool certificate_covers(struct verify *v)
{
    const char *cert = json_str(v->op->after, "certIdentifier");
    const cJSON *o = cert && *cert && is_new(v, "certIdentifier")
                         ? verify_object(v, "tls-certificate", cert)
                         : NULL;
    const cJSON *names = json_get(o, "domains"), *n;
    if (json_count(names) == 0 || !strcmp(v->op->name, "higress-default-domain"))
        return v->p->err->kind == ERR_NONE;
    cJSON_ArrayForEach(n, names)
    {
        if (cJSON_IsString(n) && host_pattern_covers(n->valuestring, v->op->name))
            return true;
    }
    plan_warn(v->p, "certificate %s is for %s, not for %s: clients will refuse it", cert,
              text_clean(v->p->arena, json_print(v->p->arena, names), 160), v->op->name);
    return true;
}

/* -- consumers --------------------------------------------------------------------------------- */

struct rival {
    const struct verify *v;
    const cJSON *mine;
    char *found;
};

static bool credentials_overlap(const cJSON *x, const cJSON *y)
{
    const char *sx = json_str(x, "source"), *sy = json_str(y, "source");
    const char *kx = json_str(x, "key"), *ky = json_str(y, "key");
    const cJSON *m, *n;
    if (!sx || !sy || strcmp(sx, sy) != 0 || strcmp(kx ? kx : "", ky ? ky : "") != 0)
        return false;
    cJSON_ArrayForEach(m, json_get(x, "values"))
    {
        cJSON_ArrayForEach(n, json_get(y, "values"))
        {
            if (cJSON_IsString(m) && json_equal(m, n))
                return true;
        }
    }
    return false;
}

static bool take_rival(void *arg, const cJSON *o)
{
    struct rival *r = arg;
    const char *name = json_str(o, "name");
    const cJSON *credentials = json_get(o, "credentials");
    if (!name || !strcmp(name, r->v->op->name) || !credentials ||
        !credentials_overlap(r->mine, credentials->child))
        return true;
    r->found = arena_strdup(r->v->p->arena, name);
    return false;
}

static bool key_is_alone(struct verify *v)
{
    const cJSON *mine = json_get(v->op->after, "credentials");
    struct rival r = { v, mine ? mine->child : NULL, NULL };
    if (!is_new(v, "credentials"))
        return true;
    if (!gateway_each_kind(v->g, v->op->kind, NULL, take_rival, &r, v->cancel, v->p->err))
        return false;
    return !r.found ||
           refuse_rule(v, "credentials[0].values: consumer '%s' has one of these keys already",
                       r.found);
}

/* -- plugins ----------------------------------------------------------------------------------- */

static bool settings_fit(struct verify *v)
{
    struct arena *a = v->p->arena;
    const cJSON *settings = json_get(v->op->after, "configurations"), *m;
    struct err *e = v->p->err;
    bool missing = false;
    if (!is_new(v, "configurations") || json_count(settings) == 0)
        return true;
    char *path = kind_object_path(a, kind_find("wasm-plugin"), v->op->name, NULL, e);
    const cJSON *answer =
        path ? gateway_get(v->g, a, arena_printf(a, "%s/config", path), &missing, v->cancel, e)
             : NULL;
    const cJSON *schema = schema_of(answer);
    bool needed = v->op->scope && !strcmp(v->op->scope, "global") && !check_is_limiter(v->op->name);
    if (!schema)
        return e->kind == ERR_NONE;
    if (!schema_check(a, schema, settings, "configurations", needed, e))
        return err_at(e, "%s '%s'", v->op->kind->name, v->op->name);
    cJSON_ArrayForEach(m, schema_unknown(a, schema, settings, "configurations"))
    {
        if (!schema_plugin_takes(v->op->name, m->valuestring))
            plan_warn(v->p, "%s is not in the schema of %s", m->valuestring, v->op->name);
    }
    return true;
}

struct listed {
    const char *name;
    bool found;
};

static bool take_listed(void *arg, const cJSON *o)
{
    struct listed *l = arg;
    const char *name = json_str(o, "name");
    l->found = name && !strcmp(name, l->name);
    return !l->found;
}

/* The plugins let every request pass when they do not reach their Redis. */
static bool redis_exists(struct verify *v)
{
    const char *name = json_str(json_path(v->op->after, "configurations.redis"), "service_name");
    struct listed l = { name, false };
    if (!name || !*name || !is_new(v, "configurations"))
        return true;
    if (!gateway_each_kind(v->g, kind_find("service"), NULL, take_listed, &l, v->cancel, v->p->err))
        return false;
    if (!l.found && strspn(name, "0123456789.:") == strlen(name))
        plan_warn(
            v->p,
            "configurations.redis.service_name: %s is an address, and the plugin asks services "
            "of the gateway only: it lets everything pass; make a service-source for it",
            text_clean(v->p->arena, name, 120));
    else if (!l.found)
        plan_warn(v->p,
                  "configurations.redis.service_name: the gateway knows no service '%s'; "
                  "without its Redis the plugin lets everything pass",
                  text_clean(v->p->arena, name, 120));
    return true;
}

/* -- MCP servers ------------------------------------------------------------------------------- */

static bool redis_is_set(struct verify *v)
{
    const char *type = json_str(v->op->after, "type");
    bool open_api = type && !strcmp(type, "OPEN_API");
    const cJSON *config =
        open_api && !v->op->before ? verify_object(v, "higress-config", "higress-config") : NULL;
    const char *address = json_str(json_path(config, "data.higress.mcpServer.redis"), "address");
    if (!config)
        return v->p->err->kind == ERR_NONE;
    if (address && *address && strcmp(address, "your.redis.host:6379") != 0)
        return true;
    return refuse_rule(v,
                       "type: OPEN_API needs a Redis; set data.higress.mcpServer.redis.address of "
                       "higress-config first");
}

/* -- the table --------------------------------------------------------------------------------- */

static const struct {
    const char *kind, *says;
    bool (*holds)(struct verify *v);
} rules[] = {
    { "route", "The gateway's Envoy takes expressions of that size.", verify_regex },
    { "ai-route", "The gateway's Envoy takes expressions of that size.", verify_regex },
    { "route", "All domains of a route have the same HTTPS mode.", domains_agree },
    { "ai-route", "All domains of a route have the same HTTPS mode.", domains_agree },
    { "mcp-server", "All domains of a route have the same HTTPS mode.", domains_agree },
    { "mcp-server", "OPEN_API needs a Redis address in higress-config.", redis_is_set },
    { "domain", "The other domains of its routes have the same HTTPS mode.", routes_agree },
    { "domain", "The certificate is for this name (a warning).", certificate_covers },
    { "consumer", "No other consumer has the same key in the same place.", key_is_alone },
    { "plugin-instance", "configurations fit the plugin's schema; unknown members are a warning.",
      settings_fit },
    { "plugin-instance", "The Redis of a plugin is a service of the gateway (a warning).",
      redis_exists },
};

bool verify_rules(struct verify *v)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!strcmp(rules[i].kind, v->op->kind->name) && !rules[i].holds(v))
            return false;
    return true;
}

const char *verify_says(const struct kind *k, int n)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!strcmp(rules[i].kind, k->name) && n-- == 0)
            return rules[i].says;
    return NULL;
}
