/* trap_object.c - what is wrong with routes, services, certificates and consumers together: routes
 * that never get a request, that lead nowhere or that nobody guards; certificates that do not serve
 * their domain; limits that nothing reaches. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "rule/check.h"
#include "rule/trap_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- where routes lead ------------------------------------------------------------------------ */

/* Is there such a service; has one of its entries that port? */
static bool service_is(const struct trap_world *w, const char *name, int port, bool *has_port)
{
    bool is = false;
    *has_port = port == 0;
    for (struct trap_object o = { 0 }; trap_next_of(w, "service", name, NULL, &o);) {
        is = true;
        *has_port = *has_port || (int)json_num(o.json, "port", 0) == port;
    }
    return is;
}

static void service_missing(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s;
    int i = 0;
    cJSON_ArrayForEach(s, json_get(o->json, "services"))
    {
        const char *path = arena_printf(trap_arena(t), "services[%d].name", i++);
        const char *name = trap_text(s, "name");
        int port = (int)json_num(s, "port", 0);
        bool has_port;
        if (!*name)
            continue;
        if (!service_is(trap_of(t), name, port, &has_port))
            trap_add(t, o, path, "is %s, a service that does not exist: requests are answered 503",
                     trap_name(t, name));
        else if (!has_port)
            trap_add(t, o, path,
                     "is %s, which is not known to have the port %d: requests are "
                     "answered 503",
                     trap_name(t, name), port);
    }
}

/* -- services that nobody answers for -----------------------------------------------------------
 */

struct used {
    const char **names; /* sorted */
    int count, room;
};

/* One of them; for all there is services_used. */
static bool is_service_used(const struct trap_world *w, const char *service)
{
    char word[TEXT_WORD];
    for (const char *rest = "route|mcp-server"; text_word_next(&rest, word);)
        for (struct trap_object o = { 0 }; trap_next(w, word, &o);)
            if (json_find(json_get(o.json, "services"), "name", service))
                return true;
    return false;
}

static int by_service_name(const void *x, const void *y)
{
    const char *const *p = x, *const *q = y;
    return strcmp(*p, *q);
}

/* Names of the services that routes and MCP servers lead to. */
static struct used services_used(struct trap_walk *t)
{
    struct used u = { 0 };
    char word[TEXT_WORD];
    const cJSON *s;
    for (const char *rest = "route|mcp-server"; text_word_next(&rest, word);)
        for (struct trap_object o = { 0 }; trap_next(trap_of(t), word, &o);)
            cJSON_ArrayForEach(s, json_get(o.json, "services"))
            {
                u.names = arena_grow(trap_arena(t), u.names, u.count, &u.room, sizeof *u.names);
                u.names[u.count++] = trap_text(s, "name");
            }
    if (u.count > 1)
        qsort(u.names, (size_t)u.count, sizeof *u.names, by_service_name);
    return u;
}

static void no_endpoints(struct trap_walk *t)
{
    struct used u = services_used(t);
    for (struct trap_object o = { 0 }; u.count > 0 && trap_next(trap_of(t), "service", &o);) {
        const cJSON *endpoints = json_get(o.json, "endpoints");
        if (cJSON_IsArray(endpoints) && json_count(endpoints) == 0 &&
            bsearch(&o.name, u.names, (size_t)u.count, sizeof *u.names, by_service_name))
            trap_add(t, &o, "endpoints",
                     "is empty, and routes lead to it: requests are answered 503");
    }
}

/* -- who guards ------------------------------------------------------------------------------- */

/* "higress.io/auth-…" has no effect in Higress; whitelist annotations keep addresses out only. */
static const struct access *access_in(const struct trap_walk *t)
{
    struct access *x = access_new(trap_arena(t));
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "plugin-instance", &o);)
        access_add(x, o.scope ? o.scope : "global", o.json);
    return x;
}

/* Does any route ask, as far as was read? */
static bool anybody_asks(const struct trap_walk *t, const struct access *x)
{
    const char *by;
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "route", &o);)
        if (access_of(x, trap_arena(t), o.json, &by) != ACCESS_NONE)
            return true;
    return false;
}

/* Routes without authentication are worth a line each only where others have it. */
static void trap_routes_unguarded(struct trap_walk *t)
{
    const struct access *x = access_in(t);
    const char *by;
    int routes = 0;
    struct trap_object first = { 0 };
    bool some = anybody_asks(t, x);
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "route", &o); routes++) {
        enum access_kind k = some ? access_of(x, trap_arena(t), o.json, &by) : ACCESS_NONE;
        first = routes ? first : o;
        if (some && k == ACCESS_NONE)
            trap_add(t, &o, "authConfig", "asks nobody who they are");
        else if (some && k == ACCESS_PARTLY)
            trap_add(t, &o, "authConfig",
                     "asks only some who they are: its other hosts or services are not behind %s",
                     trap_name(t, by));
    }
    if (!some && routes > 0)
        trap_add(t, &first, "authConfig",
                 "asks nobody who they are, and no other of the %d routes does", routes);
}

static void allowed_unknown(struct trap_walk *t, const struct trap_object *o)
{
    const char *member = strcmp(o->kind, "mcp-server") ? "authConfig" : "consumerAuthInfo";
    const cJSON *auth = json_get(o->json, member), *m;
    struct trap_object c;
    int i = 0;
    if (!json_true(auth, "enabled") && !json_true(auth, "enable"))
        return;
    cJSON_ArrayForEach(m, json_get(auth, "allowedConsumers"))
    {
        const char *path = arena_printf(trap_arena(t), "%s.allowedConsumers[%d]", member, i++);
        if (cJSON_IsString(m) && !trap_lookup(trap_of(t), "consumer", m->valuestring, NULL, &c))
            trap_add(t, o, path, "names %s, a consumer that does not exist",
                     trap_name(t, m->valuestring));
    }
}

static void allowed_nobody(struct trap_walk *t, const struct trap_object *o)
{
    const char *member = strcmp(o->kind, "mcp-server") ? "authConfig" : "consumerAuthInfo";
    const cJSON *auth = json_get(o->json, member);
    bool on = json_true(auth, "enabled") || json_true(auth, "enable");
    if (on && json_count(json_get(auth, "allowedConsumers")) == 0)
        trap_add(t, o, arena_printf(trap_arena(t), "%s.allowedConsumers", member),
                 "is empty: every request is answered 403");
}

/* -- certificates ----------------------------------------------------------------------------- */

/* "2026/11/24 00:03:55Z", as the console writes it; 0: not readable. */
static double console_time(struct arena *a, const char *s)
{
    int y, mo, d, h, mi, sec;
    if (!s)
        return 0;
    if (sscanf(s, "%4d/%2d/%2d %2d:%2d:%2d", &y, &mo, &d, &h, &mi, &sec) != 6)
        return when_parse(s);
    return when_parse(arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", y, mo, d, h, mi, sec));
}

/* Days until the end; false: unknown. */
static bool days_left(const struct trap_walk *t, const struct trap_object *o, double *days)
{
    double end = console_time(trap_arena(t), json_str(o->json, "validityEnd"));
    double now = trap_now(trap_of(t));
    *days = (end - now) / 86400;
    return end > 0 && now > 0;
}

static void trap_certificate_expired(struct trap_walk *t, const struct trap_object *o)
{
    double days;
    if (days_left(t, o, &days) && days <= 0)
        trap_add(t, o, "validityEnd", "was %.0f day(s) ago: clients refuse it", -days);
}

static void expiring(struct trap_walk *t, const struct trap_object *o)
{
    double days;
    if (days_left(t, o, &days) && days > 0 && days <= trap_days(trap_of(t)))
        trap_add(t, o, "validityEnd", "is in %.0f day(s)", days);
}

static void unreadable(struct trap_walk *t, const struct trap_object *o)
{
    if (cJSON_IsNull(json_get(o->json, "validityEnd")))
        trap_add(t, o, "cert", "cannot be read as a certificate: TLS of its domains fails");
}

static bool host_covered(const char *pattern, const char *host)
{
    const char *dot = strchr(host, '.');
    if (text_equal_nocase(pattern, host))
        return true;
    return text_starts(pattern, "*.") && dot && text_equal_nocase(pattern + 1, dot);
}

static void not_covered(struct trap_walk *t, const struct trap_object *o)
{
    const char *cert = trap_text(o->json, "certIdentifier");
    struct trap_object c;
    const cJSON *n;
    if (!*cert || !text_has_word("on|force", trap_text(o->json, "enableHttps")) ||
        !strcmp(o->name, "higress-default-domain"))
        return;
    if (!trap_lookup(trap_of(t), "tls-certificate", cert, NULL, &c)) {
        trap_add(t, o, "certIdentifier", "is %s, a certificate that does not exist: TLS fails",
                 trap_name(t, cert));
        return;
    }
    if (json_count(json_get(c.json, "domains")) == 0)
        return;
    cJSON_ArrayForEach(n, json_get(c.json, "domains"))
    {
        if (cJSON_IsString(n) && host_covered(n->valuestring, o->name))
            return;
    }
    trap_add(t, o, "certIdentifier", "is %s, which is not for this name: clients refuse it",
             trap_name(t, cert));
}

static void https_off(struct trap_walk *t, const struct trap_object *o)
{
    if (text_has_word("on|force", trap_text(o->json, "enableHttps")) &&
        !*trap_text(o->json, "certIdentifier"))
        trap_add(t, o, "certIdentifier",
                 "is absent: HTTPS is not served, whatever enableHttps says");
}

/* -- limits ----------------------------------------------------------------------------------- */

static bool domain_used(const struct trap_world *w, const char *domain)
{
    static const char kinds_of[] = "route|ai-route|mcp-server";
    char word[TEXT_WORD];
    for (const char *rest = kinds_of; text_word_next(&rest, word);)
        for (struct trap_object o = { 0 }; trap_next(w, word, &o);) {
            if (!strcmp(domain, "higress-default-domain") &&
                json_count(json_get(o.json, "domains")) == 0)
                return true;
            if (json_find_text(json_get(o.json, "domains"), domain))
                return true;
        }
    return false;
}

static void limit_unreached(struct trap_walk *t, const struct trap_object *o)
{
    const char *service = trap_target(o, "service:"), *domain = trap_target(o, "domain:");
    const struct trap_world *w = trap_of(t);
    bool provider = service && text_starts(service, "llm-");
    if ((service && !provider && !is_service_used(w, service)) ||
        (domain && !domain_used(w, domain)))
        trap_add(t, o, "", "acts on the %s %s, which no route leads to: nothing is limited",
                 service ? "service" : "domain", trap_name(t, service ? service : domain));
}

static void limit_consumer_unknown(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *item, *key;
    struct trap_object c;
    int i = 0;
    /* consumers of other plugins are not in the console's list */
    if (trap_runs_on(t, "basic-auth|hmac-auth|jwt-auth|oauth|hmac-auth-apisix", o->scope))
        return;
    cJSON_ArrayForEach(item, json_get(trap_settings(o), "rule_items"))
    {
        const char *path = arena_printf(trap_arena(t), "configurations.rule_items[%d]", i++);
        cJSON_ArrayForEach(key, json_get(item, "limit_keys"))
        {
            const char *name = trap_text(key, "key");
            if (json_get(item, "limit_by_consumer") && *name &&
                !trap_lookup(trap_of(t), "consumer", name, NULL, &c))
                trap_add(t, o, path, "limits the consumer %s, who does not exist",
                         trap_name(t, name));
        }
    }
}

/* -- the rules of the write path -------------------------------------------------------------- */

static void rules_broken(struct trap_walk *t, const struct trap_object *o)
{
    const struct kind *k = kind_find(o->kind);
    const char *text;
    if (derived_is_internal(o->name))
        return;
    for (int n = 0; (text = check_standing(trap_arena(t), k, o->json, n)); n++) {
        size_t colon = strcspn(text, ":");
        const char *path =
            colon < 80 && text[colon] ? arena_strndup(trap_arena(t), text, colon) : "";
        trap_add(t, o, path, "%s", *path ? text + colon + 2 : text);
    }
}

#define SERVICES .about = "route|mcp-server", .beside = "service"

const struct trap trap_object_rows[] = {
    { "check 1", "ROUTE_SERVICE_MISSING", "A route to a service that does not exist",
      "Such a route is there, its cluster is not: 503 NC.", TRAP_BROKEN, SERVICES,
      .judge = service_missing },
    { "check 2", "SERVICE_WITHOUT_ENDPOINTS", "A service without endpoints",
      "A cluster without hosts answers 503 UH.", TRAP_BROKEN, .about = "service",
      .beside = "service|route|mcp-server", .find = no_endpoints },
    { "check 3", "CERTIFICATE_EXPIRED", "A certificate that has expired",
      "Clients refuse a certificate after its end.", TRAP_BROKEN, .about = "tls-certificate",
      .judge = trap_certificate_expired },
    { "check 4", "CERTIFICATE_EXPIRING", "A certificate that expires soon",
      "Clients refuse a certificate after its end.", TRAP_NOTE, .about = "tls-certificate",
      .judge = expiring },
    { "check 5", "CERTIFICATE_UNREADABLE", "A certificate that is none",
      "The console takes any text as a certificate.", TRAP_BROKEN, .about = "tls-certificate",
      .judge = unreadable },
    { "check 6", "HOST_NOT_COVERED", "A domain that its certificate does not cover",
      "Clients refuse a certificate for another name.", TRAP_BROKEN, .about = "domain",
      .beside = "tls-certificate", .judge = not_covered },
    { "check 7", "HTTPS_WITHOUT_CERTIFICATE", "HTTPS without a certificate",
      "Without certIdentifier a domain's HTTPS is off.", TRAP_DEAD, .about = "domain",
      .judge = https_off },
    { "check 8", "ROUTE_UNGUARDED", "A route without authentication",
      "Neither authConfig nor an auth plugin at the route, its domains, services or global asks "
      "who sends a request.",
      TRAP_NOTE, .about = "route", .beside = "plugin-instance|route",
      .find = trap_routes_unguarded },
    { "check 9", "ALLOWED_CONSUMER_MISSING", "An allowed consumer that does not exist",
      "A name that no consumer has lets nobody in.", TRAP_DEAD,
      .about = "route|ai-route|mcp-server", .beside = "consumer", .judge = allowed_unknown },
    { "check 10", "ALLOWED_NOBODY", "Authentication that lets nobody in",
      "An enabled authentication without consumers is an empty allow list.", TRAP_BROKEN,
      .about = "route|ai-route|mcp-server", .judge = allowed_nobody },
    { "check 11", "LIMIT_UNREACHED", "A limit that nothing reaches",
      "An instance acts on requests that go to its target.", TRAP_DEAD, .about = "plugin-instance",
      .plugins = "key-rate-limit|cluster-key-rate-limit|ai-token-ratelimit|ai-quota",
      .beside = "route|ai-route|mcp-server", .judge = limit_unreached },
    { "check 12", "LIMIT_CONSUMER_MISSING", "A limit of a consumer that does not exist",
      "limit_by_consumer compares names of consumers.", TRAP_DEAD, .about = "plugin-instance",
      .plugins = "cluster-key-rate-limit|ai-token-ratelimit",
      .beside = "consumer|plugin-instance|route", .judge = limit_consumer_unknown },
    { "check 13", "RULE_BROKEN", "An object that a rule is against",
      "The rules that a change must keep (describe_kind) are not kept by what stands there.",
      TRAP_BROKEN, .about = "route|ai-route|service-source|proxy-server|mcp-server",
      .judge = rules_broken },
    { 0 },
};
