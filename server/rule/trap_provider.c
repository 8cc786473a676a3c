/* trap_provider.c - traps of AI providers and AI routes: one provider that ai-proxy refuses takes
 * all others along, a route whose provider has no key, mappings and fallbacks that cannot act. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/provider.h"
#include "rule/trap_private.h"
#include <string.h>

#define FOR_ALL                                                                                    \
    "ai-proxy refuses its configuration for every provider; a new pod runs without it and sends "  \
    "the clients' own keys to the providers"

/* -- providers -------------------------------------------------------------------------------- */

static void without_key(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = provider_key_fault(o->json, &path);
    if (why)
        trap_add(t, o, path, "%s (%s): " FOR_ALL, why, trap_value(t, o, "type", NULL));
}

static void failover_without_way_back(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = provider_failover_fault(o->json, &path);
    if (why)
        trap_add(t, o, path, "%s: " FOR_ALL, why);
}

static void setting_missing(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = provider_setting_fault(trap_arena(t), o->json, &path);
    if (why)
        trap_add(t, o, path, "%s: " FOR_ALL, why);
}

static void setting_type(struct trap_walk *t, const struct trap_object *o)
{
    const char *member;
    const char *why = provider_type_fault(trap_arena(t), json_get(o->json, "rawConfigs"), &member);
    if (why)
        trap_add(t, o, arena_printf(trap_arena(t), "rawConfigs.%s", member),
                 "%s: it is read as if it were not there", why);
}

static void setting_unread(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *raw = json_get(o->json, "rawConfigs"), *m;
    char word[TEXT_WORD];
    for (const char *rest = provider_unread; text_word_next(&rest, word);)
        if (json_get(raw, word))
            trap_add(t, o, arena_printf(trap_arena(t), "rawConfigs.%s", word), "is not read");
    cJSON_ArrayForEach(m, json_members(json_get(raw, "capabilities")))
    {
        if (!provider_capability(m->string))
            trap_add(t, o, "rawConfigs.capabilities",
                     "%s is no capability that ai-proxy knows: it "
                     "is dropped",
                     trap_name(t, m->string));
    }
    const char *mode = trap_text(raw, "reasoningContentMode");
    if (*mode && !text_has_word("passthrough|ignore|concat", mode))
        trap_add(t, o, "rawConfigs.reasoningContentMode", "is no mode: it is read as passthrough");
}

static void custom_setting(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_path(o->json, "rawConfigs.customSettings"))
    {
        const char *mode = trap_text(m, "mode"), *name = trap_text(m, "name");
        bool known = text_has_word("max_tokens|temperature|top_p|top_k|seed", name);
        const char *path = arena_printf(trap_arena(t), "rawConfigs.customSettings[%d]", i++);
        if (!*name || !json_get(m, "value") || (!strcmp(mode, "auto") && !known) ||
            (*mode && !text_has_word("auto|raw", mode)))
            trap_add(t, o, path, "is not complete, or of an unknown mode or name: it is dropped");
    }
}

static void lost_at_save(struct trap_walk *t, const struct trap_object *o)
{
    static const char *const lost[] = { "failover.cooldownDuration", "failover.failoverOnStatus",
                                        "retryOnFailure.maxRetries", "retryOnFailure.retryTimeout",
                                        "retryOnFailure.retryOnStatus" };
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        if (json_path(json_get(o->json, "rawConfigs"), lost[i])) {
            trap_add(t, o, arena_printf(trap_arena(t), "rawConfigs.%s", lost[i]),
                     "was set beside the console, which drops it when it saves the provider the "
                     "next time");
            return;
        }
}

static void error_bodies(struct trap_walk *t, const struct trap_object *o)
{
    if (trap_true(o->json, "rawConfigs.logUpstreamErrorResponseBody"))
        trap_add(t, o, "rawConfigs.logUpstreamErrorResponseBody",
                 "is true: what the provider answers to a failed request goes into the log");
}

static void provider_regexes(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_members(json_path(o->json, "rawConfigs.modelMapping")))
    {
        if (*m->string != '~')
            continue;
        const char *why = trap_bad_regex(t, m->string + 1);
        if (why)
            trap_add(t, o, "rawConfigs.modelMapping",
                     "the key %s is no expression (%s): requests of other models go on half done",
                     trap_name(t, m->string), why);
        else if (text_ends(m->string, "*"))
            trap_add(t, o, "rawConfigs.modelMapping",
                     "the key %s loses its last '*', and only the part that matched is replaced; "
                     "end it with '$'",
                     trap_name(t, m->string));
    }
}

/* -- ai-proxy's own instances ----------------------------------------------------------------- */

static bool provider_is(const struct trap_walk *t, const char *id)
{
    struct trap_object o;
    const cJSON *p;
    if (trap_lookup(trap_of(t), "ai-provider", id, NULL, &o))
        return true;
    if (trap_lookup(trap_of(t), "plugin-instance", "ai-proxy", "global", &o))
        cJSON_ArrayForEach(p, json_get(trap_settings(&o), "providers"))
        {
            if (!strcmp(trap_text(p, "id"), id))
                return true;
        }
    return false;
}

static void active_unknown(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    const char *id = trap_text(s, "activeProviderId");
    if (json_get(s, "provider") || trap_is_global(o) || (*id && provider_is(t, id)))
        return;
    trap_add(t, o, "configurations.activeProviderId",
             "%s: the plugin does nothing there and says nothing, the client's own key and path go "
             "upstream",
             *id ? "names no provider" : "is absent");
}

static void legacy_wins(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (json_get(s, "provider") && (json_get(s, "providers") || json_get(s, "activeProviderId")))
        trap_add(t, o, "configurations.provider",
                 "is the old form and wins: providers and activeProviderId are not read");
}

/* -- AI routes -------------------------------------------------------------------------------- */

struct upstream_list {
    const char *path;
    const cJSON *list;
};

/* Main and fallback upstreams. */
static void lists_of(const struct trap_object *o, struct upstream_list out[2])
{
    const cJSON *fallback = json_get(o->json, "fallbackConfig");
    out[0] = (struct upstream_list){ "upstreams", json_get(o->json, "upstreams") };
    out[1] =
        (struct upstream_list){ "fallbackConfig.upstreams", json_true(fallback, "enabled")
                                                                ? json_get(fallback, "upstreams")
                                                                : NULL };
}

static void provider_missing(struct trap_walk *t, const struct trap_object *o)
{
    struct upstream_list lists[2];
    const cJSON *u;
    lists_of(o, lists);
    for (int l = 0; l < 2; l++) {
        int i = 0;
        cJSON_ArrayForEach(u, lists[l].list)
        {
            struct trap_object p;
            const char *name = trap_text(u, "provider");
            const char *path = arena_printf(trap_arena(t), "%s[%d].provider", lists[l].path, i++);
            if (*name && !trap_lookup(trap_of(t), "ai-provider", name, NULL, &p))
                trap_add(t, o, path,
                         "names the provider %s, which does not exist: its share of "
                         "requests fails, and the console refuses every edit",
                         trap_name(t, name));
        }
    }
}

static void trap_upstream_keyless(struct trap_walk *t, const struct trap_object *o)
{
    struct upstream_list lists[2];
    const cJSON *u;
    lists_of(o, lists);
    for (int l = 0; l < 2; l++) {
        int i = 0;
        cJSON_ArrayForEach(u, lists[l].list)
        {
            struct trap_object p;
            const char *path = arena_printf(trap_arena(t), "%s[%d].provider", lists[l].path, i++);
            if (!trap_lookup(trap_of(t), "ai-provider", trap_text(u, "provider"), NULL, &p))
                continue;
            const char *member = NULL, *why = provider_fault(trap_arena(t), p.json, &member);
            if (why)
                trap_add(t, o, path, "leads to the provider %s, whose %s %s", trap_name(t, p.name),
                         member, why);
        }
    }
}

/* Can a request for what the key asks for reach the route? */
static bool asked_for(const cJSON *predicates, const char *key)
{
    const cJSON *p;
    size_t n = strcspn(key, "*");
    if (json_count(predicates) == 0 || *key == '*')
        return true;
    cJSON_ArrayForEach(p, predicates)
    {
        const char *value = trap_text(p, "matchValue");
        bool prefix = !strcmp(trap_text(p, "matchType"), "PRE");
        size_t shared = strlen(value) < n ? strlen(value) : n;
        bool begins_alike = !strncmp(value, key, shared);
        if (prefix ? begins_alike && (key[n] || strlen(value) <= n)
                   : begins_alike && (key[n] ? strlen(value) >= n : !strcmp(value, key)))
            return true;
    }
    return false;
}

static void mapping_nowhere(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *predicates = json_get(o->json, "modelPredicates"), *u, *m;
    int i = 0;
    cJSON_ArrayForEach(u, json_get(o->json, "upstreams"))
    {
        const char *path = arena_printf(trap_arena(t), "upstreams[%d].modelMapping", i++);
        cJSON_ArrayForEach(m, json_members(json_get(u, "modelMapping")))
        {
            if (*m->string == '~')
                trap_add(t, o, path,
                         "the key %s is an expression, which model-mapper does not "
                         "know: it fits no model",
                         trap_name(t, m->string));
            else if (!asked_for(predicates, m->string))
                trap_add(t, o, path, "the key %s fits no model that the route takes",
                         trap_name(t, m->string));
        }
    }
}

/* Prefixes are tried in alphabetical order. */
static void shadowed_in(struct trap_walk *t, const struct trap_object *o, const char *path,
                        const cJSON *mapping)
{
    const cJSON *x, *y;
    mapping = json_members(mapping);
    cJSON_ArrayForEach(x, mapping)
    {
        size_t n = strlen(x->string);
        if (n < 2 || x->string[n - 1] != '*')
            continue;
        cJSON_ArrayForEach(y, mapping)
        {
            bool longer = x != y && text_ends(y->string, "*") && strlen(y->string) > n;
            if (longer && !strncmp(x->string, y->string, n - 1) && strcmp(x->string, y->string) < 0)
                trap_add(t, o, path, "the key %s is never reached: %s is tried first",
                         trap_name(t, y->string), trap_name(t, x->string));
        }
    }
}

static void mapping_shadowed(struct trap_walk *t, const struct trap_object *o)
{
    struct upstream_list lists[2];
    const cJSON *u;
    if (!strcmp(o->kind, "plugin-instance")) {
        shadowed_in(t, o, "configurations.modelMapping",
                    json_get(trap_settings(o), "modelMapping"));
        return;
    }
    lists_of(o, lists);
    for (int l = 0; l < 2; l++) {
        int i = 0;
        cJSON_ArrayForEach(u, lists[l].list) shadowed_in(
            t, o, arena_printf(trap_arena(t), "%s[%d].modelMapping", lists[l].path, i++),
            json_get(u, "modelMapping"));
    }
}

static bool same_upstream(const cJSON *x, const cJSON *y)
{
    const cJSON *m = json_get(x, "modelMapping"), *n = json_get(y, "modelMapping");
    return !strcmp(trap_text(x, "provider"), trap_text(y, "provider")) &&
           ((json_count(m) == 0 && json_count(n) == 0) || (m && n && json_equal(m, n)));
}

static void fallback_dead(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *f = json_get(o->json, "fallbackConfig"), *main = json_get(o->json, "upstreams");
    const cJSON *list = json_get(f, "upstreams");
    if (!json_true(f, "enabled"))
        return;
    if (json_count(list) == 0 || json_count(json_get(f, "responseCodes")) == 0) {
        trap_add(t, o, "fallbackConfig", "is on without %s: it never acts",
                 json_count(list) == 0 ? "upstreams" : "responseCodes");
        return;
    }
    if (json_count(main) == 1 && json_count(list) == 1 && same_upstream(main->child, list->child))
        trap_add(t, o, "fallbackConfig.upstreams",
                 "lead to the provider and model that just failed");
}

static void fallback_first_only(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *f = json_get(o->json, "fallbackConfig");
    int n = json_count(json_get(f, "upstreams"));
    if (json_true(f, "enabled") && n > 1 && !strcmp(trap_text(f, "fallbackStrategy"), "SEQ"))
        trap_add(t, o, "fallbackConfig.upstreams", "are %d, of which SEQ uses the first only", n);
}

#define PROVIDER .about = "ai-provider"
#define AI_ROUTE .about = "ai-route"
#define ONE_FOR_ALL                                                                                \
    "ai-proxy validates each active provider, and one that is invalid refuses the whole plugin."

const struct trap trap_provider_rows[] = {
    { "plugin-config 13.3", "PROVIDER_WITHOUT_KEY", "A provider without a key", ONE_FOR_ALL,
      TRAP_OPEN, PROVIDER, .judge = without_key },
    { "plugin-config 13.3", "FAILOVER_WITHOUT_MODEL", "Failover without a health-check model",
      "Failover needs healthCheckModel or a cooldownDuration above 0 (2.2.2), which the console "
      "does not check; without it ai-proxy refuses its configuration for every provider.",
      TRAP_OPEN, PROVIDER, .judge = failover_without_way_back },
    { "plugin-config 4.2", "PROVIDER_INCOMPLETE", "A provider that ai-proxy refuses", ONE_FOR_ALL,
      TRAP_OPEN, PROVIDER, .judge = setting_missing },
    { "plugin-config 4.1", "PROVIDER_VALUE_TYPE", "A provider setting of a wrong type",
      "A value of a wrong type counts as absent, without an error.", TRAP_DEAD, PROVIDER,
      .judge = setting_type },
    { "plugin-config 4.1", "PROVIDER_UNREAD", "A provider setting that nothing reads",
      "subPath and authHeaderKey are not read; unknown capabilities are dropped; an unknown "
      "reasoningContentMode is passthrough.",
      TRAP_DEAD, PROVIDER, .judge = setting_unread },
    { "plugin-config 4.1", "CUSTOM_SETTING_DROPPED", "A custom setting that is dropped",
      "Invalid entries of customSettings are dropped silently.", TRAP_DEAD, PROVIDER,
      .judge = custom_setting },
    { "plugin-config 4.3", "PROVIDER_LOST_AT_SAVE", "Settings that the next save drops",
      "The console replaces failover and retryOnFailure as whole maps.", TRAP_NOTE, PROVIDER,
      .judge = lost_at_save },
    { "plugin-config 4.1", "PROVIDER_ERRORS_LOGGED", "Provider answers in the log",
      "logUpstreamErrorResponseBody writes the provider's error body to the gateway log.",
      TRAP_NOTE, PROVIDER, .judge = error_bodies },
    { "plugin-config 13.3", "MODEL_REGEX_BROKEN", "A model expression that does other things",
      "A regex key that ends in '*' loses that star; one that does not compile panics at each "
      "request.",
      TRAP_BROKEN, PROVIDER, .judge = provider_regexes },
    { "plugin-config 13.3", "AI_PROXY_PROVIDER_UNKNOWN", "A rule without a provider",
      "A rule whose activeProviderId is unknown or absent does nothing and logs nothing.",
      TRAP_OPEN, .about = "plugin-instance", .plugins = "ai-proxy",
      .beside = "ai-provider|plugin-instance", .judge = active_unknown },
    { "plugin-config 4.1", "AI_PROXY_OLD_FORM", "Providers that are not read",
      "The legacy provider object wins over providers and activeProviderId.", TRAP_DEAD,
      .about = "plugin-instance", .plugins = "ai-proxy", .judge = legacy_wins },
    { "plugin-config 4", "AI_ROUTE_PROVIDER_MISSING", "An AI route to a provider that is gone",
      "The console deletes a provider that is in use, and refuses later edits of its AI routes.",
      TRAP_BROKEN, AI_ROUTE, .beside = "ai-provider", .judge = provider_missing },
    { "plugin-config 4.2", "AI_ROUTE_PROVIDER_BROKEN", "An AI route to a provider that is refused",
      ONE_FOR_ALL, TRAP_BROKEN, AI_ROUTE, .beside = "ai-provider", .judge = trap_upstream_keyless },
    { "plugin-config 4", "MODEL_MAPPING_NOWHERE", "A model mapping that fits nothing",
      "model-mapper knows exact names, prefix* and *; a key that no request of the route can have "
      "never acts.",
      TRAP_DEAD, AI_ROUTE, .judge = mapping_nowhere },
    { "plugin-config 13.6", "MODEL_MAPPING_SHADOWED", "A model prefix behind a shorter one",
      "Prefix keys are tried in alphabetical order: gpt-* shadows gpt-4*.", TRAP_DEAD,
      .about = "ai-route|plugin-instance", .plugins = "model-mapper", .judge = mapping_shadowed },
    { "plugin-config 4", "AI_FALLBACK_DEAD", "A fallback that cannot help",
      "A fallback needs upstreams and response codes, and somebody else to ask.", TRAP_DEAD,
      AI_ROUTE, .judge = fallback_dead },
    { "plugin-config 4", "AI_FALLBACK_FIRST_ONLY", "Fallbacks of which one is used",
      "SEQ uses only the first upstream.", TRAP_NOTE, AI_ROUTE, .judge = fallback_first_only },
    { 0 },
};
