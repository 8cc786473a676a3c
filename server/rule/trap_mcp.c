/* trap_mcp.c - traps of the section mcpServer of higress-config: what makes the controller keep the
 * section before, what ends every session, rules that hide each other. mcp-yaml.md 4, 4.1, 4.3,
 * 4.4, 5, 10.5.
 *
 * The controller builds the filter's JSON by pasting texts; the filter is one for all servers.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/mcp_section_private.h"
#include "rule/trap_private.h"
#include <string.h>

static const char here[] = "data.higress.mcpServer";

const cJSON *mcp_section(const cJSON *config)
{
    const cJSON *section = json_path(config, here);
    return cJSON_IsObject(section) ? section : NULL;
}

const cJSON *mcp_section_of(const struct trap_walk *t)
{
    struct trap_object o = { 0 };
    return trap_next(trap_of(t), "higress-config", &o) ? mcp_section(o.json) : NULL;
}

static bool is_mcp_on(const cJSON *section)
{
    return json_true(section, "enable");
}

static const char *at(const struct trap_walk *t, const char *member)
{
    return arena_printf(trap_arena(t), "%s.%s", here, member);
}

/* -- what the controller does not take -------------------------------------------------------- */

static const char *match_rule_fault(const cJSON *rule)
{
    const char *upstream = trap_text(rule, "upstream_type");
    if (!text_has_word("exact|prefix|suffix|contains|regex", trap_text(rule, "match_rule_type")))
        return "has a match_rule_type that is none of exact, prefix, suffix, contains and regex";
    if (*upstream && !text_has_word("rest|sse|streamable", upstream))
        return "has an upstream_type that is none of rest, sse and streamable";
    if (json_true(rule, "enable_path_rewrite") && strcmp(upstream, "sse") != 0)
        return "rewrites the path of another upstream_type than sse";
    return NULL;
}

static void section_refused(struct trap_walk *t, const struct trap_object *o)
{
    static const char then[] = "the controller refuses the whole section and keeps the one before; "
                               "only its log says so";
    const cJSON *s = mcp_section(o->json), *rule, *secret = json_path(s, "redis.passwordSecret");
    int i = 0;
    cJSON_ArrayForEach(rule, json_get(s, "match_list"))
    {
        const char *why = match_rule_fault(rule);
        if (why)
            trap_add(t, o, arena_printf(trap_arena(t), "%s.match_list[%d]", here, i), "%s: %s", why,
                     then);
        i++;
    }
    if (secret && (!*trap_text(secret, "name") || !*trap_text(secret, "key")))
        trap_add(t, o, at(t, "redis.passwordSecret"), "has no name or key: %s", then);
    if (json_true(s, "enable_user_level_server") && !json_get(s, "redis"))
        trap_add(t, o, at(t, "enable_user_level_server"), "needs redis: %s", then);
}

/* -- what ends every session ------------------------------------------------------------------ */

#define ALL_DEAD                                                                                   \
    "the session filter gets no valid configuration, and SSE of every MCP server is dead"

static void suffix_empty(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    if (is_mcp_on(s) && !*trap_text(s, "sse_path_suffix"))
        trap_add(t, o, at(t, "sse_path_suffix"), "is empty: " ALL_DEAD "; write /sse");
}

static bool breaks_json(const char *s)
{
    return s && strpbrk(s, "\\\"\n\r\t");
}

static void quotes_in(struct trap_walk *t, const struct trap_object *o, const cJSON *object,
                      const char *members, const char *path)
{
    char word[TEXT_WORD];
    while (text_word_next(&members, word))
        if (breaks_json(json_str(object, word)))
            trap_add(t, o, arena_printf(trap_arena(t), "%s.%s", path, word),
                     "holds a backslash, a quote or a line break, which is pasted into JSON as it "
                     "is: %s; write [.] for \\. and [0-9] for \\d",
                     ALL_DEAD);
}

static void quotes_in_texts(struct trap_walk *t, const struct trap_object *o, const cJSON *list,
                            const char *path)
{
    const cJSON *item;
    int i = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item) && breaks_json(item->valuestring))
            trap_add(t, o, arena_printf(trap_arena(t), "%s[%d]", path, i),
                     "holds a backslash, a quote or a line break, which is pasted into JSON as it "
                     "is: %s",
                     ALL_DEAD);
        i++;
    }
}

static void quotes(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json), *item;
    int i = 0;
    if (!is_mcp_on(s))
        return;
    quotes_in(t, o, s, "sse_path_suffix", here);
    quotes_in(t, o, json_get(s, "redis"), "address|username|password", at(t, "redis"));
    quotes_in_texts(t, o, json_path(s, "rate_limit.white_list"), at(t, "rate_limit.white_list"));
    cJSON_ArrayForEach(item, json_get(s, "match_list"))
    {
        quotes_in(t, o, item, "match_rule_domain|match_rule_path|path_rewrite_prefix",
                  arena_printf(trap_arena(t), "%s.match_list[%d]", here, i++));
    }
    i = 0;
    cJSON_ArrayForEach(item, json_get(s, "servers"))
    {
        const char *path = arena_printf(trap_arena(t), "%s.servers[%d]", here, i++);
        quotes_in(t, o, item, "name|path|type", path);
        quotes_in_texts(t, o, json_get(item, "domain_list"),
                        arena_printf(trap_arena(t), "%s.domain_list", path));
    }
}

/* -- Redis ------------------------------------------------------------------------------------ */

static void redis_address(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json), *redis = json_get(s, "redis");
    if (is_mcp_on(s) && cJSON_IsObject(redis) && !*trap_text(redis, "address"))
        trap_add(t, o, at(t, "redis.address"), "is missing: " ALL_DEAD);
}

static void redis_placeholder(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    if (!strcmp(trap_text(s, "redis.address"), "your.redis.host:6379"))
        trap_add(t, o, at(t, "redis.address"),
                 "is the console's placeholder: SSE streams open and stay silent, and the console "
                 "refuses MCP servers of type OPEN_API");
}

static bool has_servers(const struct trap_walk *t)
{
    struct trap_object o = { 0 };
    return trap_next(trap_of(t), "mcp-server", &o);
}

static void redis_none(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    if (is_mcp_on(s) && !cJSON_IsObject(json_get(s, "redis")) && has_servers(t))
        trap_add(t, o, at(t, "redis"),
                 "is missing: SSE clients get 200 with the text 'Redis is not enabled, SSE "
                 "connection is not supported'");
}

static void redis_db(struct trap_walk *t, const struct trap_object *o)
{
    double db = json_num(json_path(mcp_section(o->json), "redis"), "db", 0);
    if (db != 0)
        trap_add(t, o, at(t, "redis.db"), "is %g, and the filter uses the database 0 always", db);
}

/* -- on, off, everywhere ---------------------------------------------------------------------- */

static void trap_mcp_switched_off(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    bool wanted = has_servers(t) || json_count(json_get(s, "servers")) > 0 ||
                  json_count(json_get(s, "match_list")) > 0;
    if (!is_mcp_on(s) && wanted)
        trap_add(
            t, o, at(t, "enable"),
            "is not true, and there are MCP servers: SSE and databases do not exist, GET of an "
            "SSE path reaches the service; POST to servers of type OPEN_API works");
}

static bool any_rule(const struct trap_walk *t, const cJSON *section)
{
    if (json_count(json_get(section, "match_list")) > 0 || has_servers(t))
        return true;
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "route", &o);)
        if (json_path(o.json, "customConfigs") &&
            (json_get(json_get(o.json, "customConfigs"), "higress.io/mcp-server") ||
             json_get(json_get(o.json, "customConfigs"), "nginx.ingress.kubernetes.io/mcp-server")))
            return true;
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "service-source", &o);)
        if (json_true(json_get(o.json, "properties"), "enableMCPServer"))
            return true;
    return false;
}

static void matches_all(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    if (is_mcp_on(s) && *trap_text(s, "sse_path_suffix") && !any_rule(t, s))
        trap_add(
            t, o, at(t, "match_list"),
            "is empty and there is no MCP server: with no rule at all the session filter takes "
            "every request, holds its body until it is whole, and answers GET of any path "
            "that ends with the SSE suffix itself");
}

/* -- rules of match_list ---------------------------------------------------------------------- */

static void domain_empty(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *rule;
    int i = 0;
    cJSON_ArrayForEach(rule, json_get(mcp_section(o->json), "match_list"))
    {
        if (!*trap_text(rule, "match_rule_domain"))
            trap_add(t, o,
                     arena_printf(trap_arena(t), "%s.match_list[%d].match_rule_domain", here, i),
                     "is empty, which fits an empty Host only: the rule never matches; write *");
        i++;
    }
}

static void rewrite_dead(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *rule;
    int i = 0;
    cJSON_ArrayForEach(rule, json_get(mcp_section(o->json), "match_list"))
    {
        if (json_true(rule, "enable_path_rewrite") &&
            !strcmp(trap_text(rule, "upstream_type"), "sse") &&
            strcmp(trap_text(rule, "match_rule_type"), "prefix") != 0)
            trap_add(t, o,
                     arena_printf(trap_arena(t), "%s.match_list[%d].enable_path_rewrite", here, i),
                     "acts on rules of the type prefix only");
        i++;
    }
}

static bool covers_domain(const char *wide, const char *narrow)
{
    return !strcmp(wide, narrow) ||
           (*wide == '*' && text_ends(narrow, wide + 1)); /* "*": every host */
}

/* Does each path that `narrow` takes fit `wide`? By what can be told of texts. */
static bool covers_path(const cJSON *wide, const cJSON *narrow)
{
    const char *path = trap_text(wide, "match_rule_path"),
               *how = trap_text(wide, "match_rule_type");
    const char *other = trap_text(narrow, "match_rule_path");
    const char *other_how = trap_text(narrow, "match_rule_type");
    if (!*path)
        return true;
    if (!strcmp(how, "prefix"))
        return text_has_word("prefix|exact", other_how) && text_starts(other, path);
    return !strcmp(how, other_how) && !strcmp(path, other);
}

static bool acts_alike(const cJSON *x, const cJSON *y)
{
    const char *p = trap_text(x, "upstream_type"), *q = trap_text(y, "upstream_type");
    return !strcmp(*p ? p : "rest", *q ? q : "rest") &&
           json_true(x, "enable_path_rewrite") == json_true(y, "enable_path_rewrite") &&
           !strcmp(trap_text(x, "path_rewrite_prefix"), trap_text(y, "path_rewrite_prefix"));
}

static void rule_shadowed(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *list = json_get(mcp_section(o->json), "match_list"), *later, *first;
    int i = 0;
    cJSON_ArrayForEach(later, list)
    {
        int k = 0;
        for (first = list->child; first != later; first = first->next, k++)
            if (covers_domain(trap_text(first, "match_rule_domain"),
                              trap_text(later, "match_rule_domain")) &&
                covers_path(first, later) && !acts_alike(first, later)) {
                trap_add(t, o, arena_printf(trap_arena(t), "%s.match_list[%d]", here, i),
                         "is never reached: match_list[%d] takes its requests, and treats them "
                         "otherwise",
                         k);
                break;
            }
        i++;
    }
}

/* -- servers of users ------------------------------------------------------------------------- */

static void rate_limit_dead(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    if (cJSON_IsObject(json_get(s, "rate_limit")) && !json_true(s, "enable_user_level_server"))
        trap_add(t, o, at(t, "rate_limit"),
                 "does nothing without enable_user_level_server: no call is limited");
}

static void rate_limit_default(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    if (is_mcp_on(s) && json_true(s, "enable_user_level_server") && !json_get(s, "rate_limit"))
        trap_add(t, o, at(t, "rate_limit"),
                 "is not given: each user may call tools 100 times a day");
}

static void user_config(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = mcp_section(o->json);
    if (is_mcp_on(s) && json_true(s, "enable_user_level_server"))
        trap_add(t, o, at(t, "enable_user_level_server"),
                 "lets every client whose address counts as internal read and write each user's "
                 "settings at paths that end with /config, before any login plugin is asked");
}

#define CONFIG .about = "higress-config"

const struct trap trap_mcp_rows[] = {
    { "mcp-yaml 4 invalid", "MCP_SECTION_REFUSED", "A section mcpServer that is not taken",
      "One invalid member keeps the previous section in force; nothing but a line of the log says "
      "so.",
      TRAP_BROKEN, CONFIG, .judge = section_refused },
    { "mcp-yaml 10.5 suffix", "MCP_SUFFIX_EMPTY", "An empty SSE suffix",
      "The suffix has no default; without one the session filter refuses its configuration.",
      TRAP_BROKEN, CONFIG, .judge = suffix_empty },
    { "mcp-yaml 10.5 quotes", "MCP_QUOTE", "A quote or backslash that ends all MCP sessions",
      "The controller builds the filter's JSON by pasting texts: one backslash or quote breaks it "
      "for all servers.",
      TRAP_BROKEN, CONFIG, .judge = quotes },
    { "mcp-yaml 10.5 redis", "MCP_REDIS_PLACEHOLDER", "The console's placeholder for Redis",
      "The console writes an address of Redis that is none.", TRAP_BROKEN, CONFIG,
      .judge = redis_placeholder },
    { "mcp-yaml 4 redis", "MCP_REDIS_ADDRESS", "Redis without an address",
      "A section redis without an address makes the session filter refuse its configuration.",
      TRAP_BROKEN, CONFIG, .judge = redis_address },
    { "mcp-yaml 4.3", "MCP_REDIS_NONE", "SSE without Redis",
      "Without Redis SSE is answered by a text, with the status 200.", TRAP_BROKEN, CONFIG,
      .beside = "mcp-server", .judge = redis_none },
    { "mcp-yaml 4 db", "MCP_REDIS_DB", "Another database of Redis",
      "db is ignored: it is always 0.", TRAP_NOTE, CONFIG, .judge = redis_db },
    { "mcp-yaml 5", "MCP_OFF", "MCP servers that are switched off",
      "Without mcpServer.enable the session filter and the built-in servers do not exist.",
      TRAP_BROKEN, CONFIG, .beside = "mcp-server", .judge = trap_mcp_switched_off },
    { "mcp-yaml 4.1 none", "MCP_MATCHES_ALL", "A session filter that takes every request",
      "With no rule at all the session filter takes every request for MCP.", TRAP_BROKEN, CONFIG,
      .beside = "mcp-server|route|service-source", .judge = matches_all },
    { "mcp-yaml 4 domain", "MCP_DOMAIN_EMPTY", "A rule without a domain",
      "An empty domain fits an empty Host only.", TRAP_DEAD, CONFIG, .judge = domain_empty },
    { "mcp-yaml 4 rewrite", "MCP_REWRITE_DEAD", "A rewrite that does nothing",
      "Paths are rewritten for sse with a rule of the type prefix.", TRAP_DEAD, CONFIG,
      .judge = rewrite_dead },
    { "mcp-yaml 4.1", "MCP_RULE_SHADOWED", "A rule that is never reached",
      "The first rule that matches decides; a wide prefix hides later ones.", TRAP_BROKEN, CONFIG,
      .judge = rule_shadowed },
    { "mcp-yaml 4 rate_limit", "MCP_RATE_LIMIT_DEAD", "A rate limit that limits nothing",
      "rate_limit acts with enable_user_level_server only.", TRAP_DEAD, CONFIG,
      .judge = rate_limit_dead },
    { "mcp-yaml 4 rate_limit default", "MCP_RATE_LIMIT_DEFAULT", "A rate limit that nobody gave",
      "Without rate_limit each user has 100 calls a day.", TRAP_NOTE, CONFIG,
      .judge = rate_limit_default },
    { "mcp-yaml 4.4", "MCP_USER_CONFIG", "Settings of users before any login",
      "The path /config lies before key-auth and looks at x-envoy-internal only.", TRAP_OPEN,
      CONFIG, .judge = user_config },
    { 0 },
};
