/* trap_guard.c - traps of plugins that keep requests out or share answers: lists that are refused
 * or written by clients, rules that never act, bodies that are not looked at. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/trap_private.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* -- ip-restriction --------------------------------------------------------------------------- */

static bool is_cidr(struct arena *a, const char *s)
{
    unsigned char bytes[16];
    size_t n = strcspn(s, "/");
    const char *host = arena_strndup(a, s, n);
    int bits = inet_pton(AF_INET, host, bytes) == 1    ? 32
               : inet_pton(AF_INET6, host, bytes) == 1 ? 128
                                                       : -1;
    if (bits < 0 || !s[n])
        return bits > 0;
    char *end;
    long length = strtol(s + n + 1, &end, 10);
    return end != s + n + 1 && !*end && length >= 0 && length <= bits;
}

/* As gjson reads a list: a scalar is a list of one. */
static int count_as_gjson(const cJSON *m)
{
    return cJSON_IsArray(m) ? json_count(m) : cJSON_IsString(m) ? 1 : 0;
}

static void ip_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *m;
    int allow = count_as_gjson(json_get(s, "allow")), deny = count_as_gjson(json_get(s, "deny"));
    if (json_count(s) > 0 && !allow == !deny) {
        trap_refused(t, o, "configurations",
                     allow ? "has both allow and deny"
                           : "has neither an allow nor a deny list that "
                             "can be read");
        return;
    }
    cJSON_ArrayForEach(m, json_get(s, allow ? "allow" : "deny"))
    {
        if (!cJSON_IsString(m) || !is_cidr(trap_arena(t), m->valuestring))
            trap_refused(t, o,
                         arena_printf(trap_arena(t), "configurations.%s", allow ? "allow" : "deny"),
                         "holds what is no address and no CIDR");
    }
}

static void ip_from_header(struct trap_walk *t, const struct trap_object *o)
{
    if (!strcmp(trap_text(trap_settings(o), "ip_source_type"), "header"))
        trap_add(
            t, o, "configurations.ip_source_type",
            "is header: the client writes the address that is looked at, unless a proxy before "
            "the gateway sets it");
}

static void ip_source_unknown(struct trap_walk *t, const struct trap_object *o)
{
    const char *type = trap_text(trap_settings(o), "ip_source_type");
    if (*type && !text_has_word("origin-source|header", type))
        trap_add(t, o, "configurations.ip_source_type",
                 "is neither origin-source nor header: it is read as origin-source");
}

/* -- request-block, bot-detect, waf ----------------------------------------------------------- */

static void expressions(struct trap_walk *t, const struct trap_object *o, const char *lists)
{
    char word[TEXT_WORD];
    const cJSON *m;
    while (text_word_next(&lists, word))
        cJSON_ArrayForEach(m, json_get(trap_settings(o), word))
        {
            const char *why = cJSON_IsString(m) ? trap_bad_regex(t, m->valuestring) : "no text";
            if (why)
                trap_refused(t, o, arena_printf(trap_arena(t), "configurations.%s", word),
                             "holds what is no expression of RE2 (%s)", why);
        }
}

static void block_refused(struct trap_walk *t, const struct trap_object *o)
{
    static const char lists[] = "block_urls|block_exact_urls|block_regexp_urls|block_headers|"
                                "block_bodies|block_bodys";
    const cJSON *s = trap_settings(o);
    int n = 0;
    char word[TEXT_WORD];
    for (const char *rest = lists; text_word_next(&rest, word);)
        n += cJSON_IsArray(json_get(s, word)) ? json_count(json_get(s, word)) : 0;
    if (json_count(s) > 0 && n == 0)
        trap_refused(t, o, "configurations", "names nothing to block");
    expressions(t, o, "block_regexp_urls");
}

static void bots_refused(struct trap_walk *t, const struct trap_object *o)
{
    expressions(t, o, "allow|deny");
}

static bool directive(const cJSON *rules, const char *text)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, rules)
    {
        if (cJSON_IsString(m) && text_contains_nocase(m->valuestring, text))
            return true;
    }
    return false;
}

static void waf_off(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *rules = json_get(s, "secRules");
    if (json_count(s) > 0 && !trap_true(s, "useCRS") && !directive(rules, "SecRuleEngine On"))
        trap_add(t, o, "configurations.secRules",
                 "do not say 'SecRuleEngine On', and useCRS is not true: no rule acts");
}

static void waf_body(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *rules = json_get(trap_settings(o), "secRules");
    if (directive(rules, "REQUEST_BODY") && !directive(rules, "SecRequestBodyAccess On"))
        trap_add(t, o, "configurations.secRules",
                 "look at REQUEST_BODY without 'SecRequestBodyAccess On': they see no body");
}

/* -- request-validation, traffic-tag, cors ---------------------------------------------------- */

static void validation_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (trap_true(s, "enable_swagger") && trap_true(s, "enable_oas3"))
        trap_refused(t, o, "configurations.enable_swagger", "and enable_oas3 are both true");
}

static void validation_code(struct trap_walk *t, const struct trap_object *o)
{
    double code = json_num(trap_settings(o), "rejected_code", 403);
    if (code < 101 || code > 599)
        trap_add(t, o, "configurations.rejected_code", "is no status of 101 to 599: 403 is sent");
}

static const char *condition_fault(const cJSON *c)
{
    const char *operator= trap_text(c, "operator");
    int n = json_count(json_get(c, "value"));
    if (!text_has_word("header|parameter|cookie", trap_text(c, "conditionType")))
        return "of an unknown conditionType";
    if (!text_has_word("equal|not_equal|prefix|in|not_in|regex|percentage", operator))
        return "of an unknown operator";
    return !text_has_word("in|not_in", operator) && n != 1 ? "that needs exactly one value" : NULL;
}

static void tag_broken(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *groups = json_get(trap_settings(o), "conditionGroups"), *g, *c;
    int i = 0;
    cJSON_ArrayForEach(g, groups)
    {
        const char *path = arena_printf(trap_arena(t), "configurations.conditionGroups[%d]", i++);
        cJSON_ArrayForEach(c, json_get(g, "conditions"))
        {
            const char *why = condition_fault(c);
            if (why)
                trap_add(t, o, path,
                         "has a condition %s: where a good group follows, this one "
                         "takes more requests than it says",
                         why);
        }
    }
}

static void tag_weights(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *g;
    double sum = 0;
    cJSON_ArrayForEach(g, json_get(trap_settings(o), "weightGroups")) sum +=
        json_num(g, "weight", 0);
    if (sum > 100)
        trap_refused(t, o, "configurations.weightGroups", "have weights that sum to %g, above 100",
                     sum);
}

static void cors_star(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *origins = json_get(s, "allow_origins"), *m;
    bool star = !origins && !json_get(s, "allow_origin_patterns");
    cJSON_ArrayForEach(m, origins) star =
        star || (cJSON_IsString(m) && !strcmp(m->valuestring, "*"));
    if (star && trap_true(s, "allow_credentials"))
        trap_add(t, o, "configurations.allow_credentials",
                 "is true beside the origin '*': the plugin only warns, browsers refuse it");
}

/* -- response-cache --------------------------------------------------------------------------- */

static void cache_key_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (trap_has(s, "cacheKeyFromHeader") && trap_has(s, "cacheKeyFromBody"))
        trap_refused(t, o, "configurations.cacheKeyFromHeader", "stands beside cacheKeyFromBody");
}

static void trap_cache_shared(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (json_count(s) > 0 && !trap_has(s, "cache.cacheKeyPrefix"))
        trap_add(t, o, "configurations.cache.cacheKeyPrefix",
                 "is not set, and path, method, host and user are not in the key: places and users "
                 "with equal %s get each other's answers",
                 trap_has(s, "cacheKeyFromHeader") ? "header values" : "bodies");
}

static void cache_codes(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "cacheResponseCode"))
    {
        if (!cJSON_IsNumber(m) || m->valuedouble < 100 || m->valuedouble > 599)
            trap_add(t, o, arena_printf(trap_arena(t), "configurations.cacheResponseCode[%d]", i),
                     "is no status: the list ends there, what follows is not cached");
        i++;
    }
}

/* -- plugin-config 1.2, 1.6 ------------------------------------------------------------------- */

static void host_in_capitals(struct trap_walk *t, const struct trap_object *o)
{
    const char *domain = trap_target(o, "domain:");
    if (domain && strcmp(domain, "*") != 0)
        trap_add(t, o, "",
                 "acts on the domain %s by its exact letters: a request with Host in capitals "
                 "reaches the same routes and escapes it; put it on the routes",
                 trap_name(t, domain));
}

static bool looks_at_body(const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (!strcmp(o->name, "waf"))
        return trap_true(s, "useCRS") || directive(json_get(s, "secRules"), "REQUEST_BODY");
    if (!strcmp(o->name, "request-validation"))
        return json_get(s, "body_schema");
    return json_count(s) > 0;
}

/* Is a request with Content-Encoding refused, or the header taken off? */
static bool encoding_stopped(const struct trap_world *w, const char *scope)
{
    const cJSON *m;
    struct trap_object o;
    if (trap_lookup(w, "plugin-instance", "request-block", scope, &o) && trap_enabled(&o))
        cJSON_ArrayForEach(m, json_get(trap_settings(&o), "block_headers"))
        {
            if (cJSON_IsString(m) && text_contains_nocase(m->valuestring, "content-encoding"))
                return true;
        }
    return trap_lookup(w, "plugin-instance", "transformer", scope, &o) && trap_enabled(&o) &&
           trap_removes_header(trap_settings(&o), "content-encoding");
}

static void body_bypass(struct trap_walk *t, const struct trap_object *o)
{
    const struct trap_world *w = trap_of(t);
    if (looks_at_body(o) && !encoding_stopped(w, o->scope) && !encoding_stopped(w, "global"))
        trap_add(t, o, "",
                 "does not look at the body of a request that has Content-Encoding: a client that "
                 "adds 'Content-Encoding: identity' passes by it; refuse the header with "
                 "request-block or remove it with transformer");
}

#define OF(names) .about = "plugin-instance", .plugins = names
#define BESIDE .beside = "plugin-instance"

const struct trap trap_guard_rows[] = {
    { "plugin-config 9", "IP_LIST_REFUSED", "An address list that the plugin refuses",
      "Exactly one of allow and deny, each item an address or CIDR, else the plugin refuses it.",
      TRAP_OPEN, OF("ip-restriction"), BESIDE, .judge = ip_refused },
    { "plugin-config 9", "IP_FROM_CLIENT", "An address that the client writes",
      "In header mode the header is client controlled unless a proxy sets it.", TRAP_OPEN,
      OF("ip-restriction"), .judge = ip_from_header },
    { "plugin-config 9", "IP_SOURCE_UNKNOWN", "A source of addresses that is not known",
      "An unknown ip_source_type is origin-source.", TRAP_DEAD, OF("ip-restriction"),
      .judge = ip_source_unknown },
    { "plugin-config 9", "BLOCK_REFUSED", "A block list that the plugin refuses",
      "Nothing given, or an expression that RE2 does not take, is refused.", TRAP_OPEN,
      OF("request-block"), BESIDE, .judge = block_refused },
    { "plugin-config 9", "BOTS_REFUSED", "A bot list that the plugin refuses",
      "An expression that RE2 does not take is refused.", TRAP_OPEN, OF("bot-detect"), BESIDE,
      .judge = bots_refused },
    { "plugin-config 9", "WAF_OFF", "A firewall whose rules do not act",
      "With useCRS false the engine is off until secRules says SecRuleEngine On.", TRAP_OPEN,
      OF("waf"), .judge = waf_off },
    { "plugin-config 9", "WAF_WITHOUT_BODY", "A firewall that sees no body",
      "Body rules need SecRequestBodyAccess On.", TRAP_OPEN, OF("waf"), .judge = waf_body },
    { "plugin-config 9", "VALIDATION_REFUSED", "A validation that the plugin refuses",
      "enable_swagger and enable_oas3 exclude each other.", TRAP_OPEN, OF("request-validation"),
      BESIDE, .judge = validation_refused },
    { "plugin-config 9", "VALIDATION_CODE", "A status that is not sent",
      "rejected_code outside 101–599 is the default.", TRAP_DEAD, OF("request-validation"),
      .judge = validation_code },
    { "plugin-config 9", "TAG_CONDITION_BROKEN", "A tag condition that matches more than it says",
      "An error in one condition group can be overwritten by a later good group.", TRAP_BROKEN,
      OF("traffic-tag"), .judge = tag_broken },
    { "plugin-config 9", "TAG_WEIGHTS_REFUSED", "Tag weights above 100",
      "The weights sum to at most 100.", TRAP_BROKEN, OF("traffic-tag"), BESIDE,
      .judge = tag_weights },
    { "plugin-config 9", "CORS_CONTRADICTION", "Credentials for every origin",
      "cors never refuses; the browser decides on contradictory settings.", TRAP_NOTE, OF("cors"),
      .judge = cors_star },
    { "plugin-config 9", "RESPONSE_CACHE_REFUSED", "A response cache that the plugin refuses",
      "cacheKeyFromHeader and cacheKeyFromBody exclude each other.", TRAP_BROKEN,
      OF("response-cache"), BESIDE, .judge = cache_key_refused },
    { "plugin-config 9", "RESPONSE_CACHE_SHARED", "Answers that users and places share",
      "Path, method, host and user are not in the cache key.", TRAP_OPEN, OF("response-cache"),
      .judge = trap_cache_shared },
    { "plugin-config 9", "RESPONSE_CACHE_CODES", "A list of statuses that ends early",
      "One bad cacheResponseCode ends the list.", TRAP_DEAD, OF("response-cache"),
      .judge = cache_codes },
    { "plugin-config 1.2", "HOST_CASE_ESCAPES", "A domain rule that capitals escape",
      "Plugins compare domains case-sensitively, Envoy does not.", TRAP_OPEN, OF(TRAP_GUARDS),
      .judge = host_in_capitals },
    { "plugin-config 1.6", "BODY_CHECK_BYPASS", "A body check that a header passes by",
      "Body callbacks are skipped for any Content-Encoding, octet-stream, grpc or websocket.",
      TRAP_OPEN, OF("ai-security-guard|ai-data-masking|waf|request-validation|ai-context-limit"),
      BESIDE, .judge = body_bypass },
    { 0 },
};
