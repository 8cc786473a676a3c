/* trap_change.c - traps of plugins that change requests and answers, or log them. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/trap_private.h"
#include <string.h>

/* -- custom-response -------------------------------------------------------------------------- */

static void response_rules(struct trap_walk *t, const struct trap_object *o)
{
    if (json_get(trap_settings(o), "rules"))
        trap_add(t, o, "configurations.rules",
                 "is not read by the plugin of the image 2.0.0: every request there is answered "
                 "with what stands beside it");
}

/* A header has '=' once: no more, no less. */
static void headers_with(struct trap_walk *t, const struct trap_object *o, bool cut)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "headers"))
    {
        const char *path = arena_printf(trap_arena(t), "configurations.headers[%d]", i++);
        const char *equals = cJSON_IsString(m) ? strchr(m->valuestring, '=') : NULL;
        if (!cut && !equals)
            trap_add(t, o, path,
                     "has no '=': the plugin reads memory that is not its own, and may "
                     "crash");
        if (cut && equals && strchr(equals + 1, '='))
            trap_add(t, o, path, "has a value that holds '=': it is cut there");
    }
}

static void header_without(struct trap_walk *t, const struct trap_object *o)
{
    headers_with(t, o, false);
}

static void header_cut(struct trap_walk *t, const struct trap_object *o)
{
    headers_with(t, o, true);
}

/* -- transformer ------------------------------------------------------------------------------ */

static const char *transform_rule_fault(const cJSON *rule)
{
    static const char operations[] = "remove|rename|replace|add|append|map|dedupe";
    const cJSON *m;
    if (!text_has_word(operations, trap_text(rule, "operate")))
        return "has an unknown operate";
    if (trap_has(rule, "mapSource") &&
        !text_has_word("self|headers|querys|body", trap_text(rule, "mapSource")))
        return "has an unknown mapSource";
    cJSON_ArrayForEach(m, json_get(rule, "body"))
    {
        if (trap_has(m, "value_type") &&
            !text_has_word("object|boolean|number|string", trap_text(m, "value_type")))
            return "has an unknown value_type";
    }
    return NULL;
}

static const char *rules_fault(const cJSON *rules, int *at)
{
    const cJSON *m;
    *at = 0;
    cJSON_ArrayForEach(m, rules)
    {
        const char *why = transform_rule_fault(m);
        if (why)
            return why;
        (*at)++;
    }
    return NULL;
}

static void transformer_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *request = json_get(s, "reqRules");
    const cJSON *answer = json_get(s, "respRules");
    int at;
    const char *why = rules_fault(answer, &at), *list = "respRules";
    if (json_count(s) > 0 && json_count(request) == 0 && json_count(answer) == 0)
        trap_refused(t, o, "configurations", "has neither reqRules nor respRules");
    if (!why && json_count(answer) == 0) {
        why = rules_fault(request, &at);
        list = "reqRules";
    }
    if (why)
        trap_refused(t, o, arena_printf(trap_arena(t), "configurations.%s[%d]", list, at), "%s",
                     why);
}

static void requests_forgotten(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    int at, ignored;
    const char *why = rules_fault(json_get(s, "reqRules"), &at);
    if (why && json_count(json_get(s, "respRules")) > 0 &&
        !rules_fault(json_get(s, "respRules"), &ignored))
        trap_add(t, o, arena_printf(trap_arena(t), "configurations.reqRules[%d]", at),
                 "%s: because respRules are right the plugin starts without any request rule", why);
}

/* -- the others ------------------------------------------------------------------------------- */

static void cache_expires(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m = json_get(trap_settings(o), "expires");
    const char *s = cJSON_IsString(m) ? m->valuestring : "";
    bool number = *s && strspn(s, "0123456789") == strlen(s);
    if (json_count(trap_settings(o)) > 0 && !cJSON_IsNumber(m) && !number &&
        !text_has_word("max|epoch", s))
        trap_add(t, o, "configurations.expires",
                 "is no number of seconds, max or epoch, and nothing "
                 "checks it");
}

static void gray_weights(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    int i = 0, weighted = 0;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "grayDeployments"))
    {
        const char *path = arena_printf(trap_arena(t), "configurations.grayDeployments[%d]", i++);
        if (!trap_true(m, "enabled"))
            trap_add(t, o, path, "is not enabled: true, and gets nobody");
        else if (weighted > 0)
            trap_add(t, o, path, "stands behind one with a weight, where reading stops");
        weighted += trap_true(m, "enabled") && json_num(m, "weight", 0) > 0;
    }
}

static void gray_age(struct trap_walk *t, const struct trap_object *o)
{
    if (json_get(trap_settings(o), "storeMaxAge") || json_get(trap_settings(o), "StoreMaxAge"))
        trap_add(t, o, "configurations.storeMaxAge", "is never applied");
}

static void error_format(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "rules"))
    {
        if (!trap_has(m, "match.statuscode") || !trap_has(m, "replace.statuscode"))
            trap_refused(t, o, arena_printf(trap_arena(t), "configurations.rules[%d]", i),
                         "needs match.statuscode and replace.statuscode");
        i++;
    }
}

static void bodies_logged(struct trap_walk *t, const struct trap_object *o)
{
    static const char switches[] = "request.headers.enabled|request.body.enabled|"
                                   "response.headers.enabled|response.body.enabled";
    char word[TEXT_WORD];
    for (const char *rest = switches; text_word_next(&rest, word);)
        if (trap_true(trap_settings(o), word)) {
            trap_add(t, o, arena_printf(trap_arena(t), "configurations.%s", word),
                     "is true: headers and bodies go into the access log as they are, with the "
                     "secrets in them");
            return;
        }
}

static void rewrite_expressions(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "rules"))
    {
        const char *why = trap_bad_regex(t, trap_text(m, "regex"));
        if (why)
            trap_refused(t, o, arena_printf(trap_arena(t), "configurations.rules[%d].regex", i),
                         "is no expression of RE2 (%s)", why);
        i++;
    }
}

#define OF(names) .about = "plugin-instance", .plugins = names
#define BESIDE .beside = "plugin-instance"

const struct trap trap_change_rows[] = {
    { "plugin-config 10", "RESPONSE_RULES_UNREAD", "Rules that the plugin does not know",
      "custom-response 2.0.0 (C++) has no rules; the Go plugin up to 2.2.1 had.", TRAP_BROKEN,
      OF("custom-response"), .judge = response_rules },
    { "plugin-config 13.6", "RESPONSE_HEADER_CRASHES", "A header without '='",
      "An item without '=' is warned about and then read out of bounds.", TRAP_BROKEN,
      OF("custom-response"), .judge = header_without },
    { "plugin-config 10", "RESPONSE_HEADER_CUT", "A header that is cut",
      "A value that holds '=' is cut at its first one, with a warning in the log only.",
      TRAP_BROKEN, OF("custom-response"), .judge = header_cut },
    { "plugin-config 10", "TRANSFORMER_REFUSED", "Rules that the transformer refuses",
      "operate, mapSource and value_type must be known, and one rule list be there.", TRAP_BROKEN,
      OF("transformer"), BESIDE, .judge = transformer_refused },
    { "plugin-config 10", "TRANSFORMER_REQUESTS_LOST", "Request rules that are forgotten",
      "An error in reqRules is forgotten if respRules parse.", TRAP_OPEN, OF("transformer"),
      .judge = requests_forgotten },
    { "plugin-config 10", "CACHE_EXPIRES", "A time to live that nothing checks",
      "expires is seconds, max or epoch; nothing is validated.", TRAP_DEAD, OF("cache-control"),
      .judge = cache_expires },
    { "plugin-config 10", "GRAY_NEVER_REACHED", "A gray deployment that nobody gets",
      "enabled must be true, and reading stops at the first weighted one.", TRAP_DEAD,
      OF("frontend-gray"), .judge = gray_weights },
    { "plugin-config 10", "GRAY_MAX_AGE", "An age that is never applied",
      "StoreMaxAge is never applied (an inverted check).", TRAP_DEAD, OF("frontend-gray"),
      .judge = gray_age },
    { "plugin-config 10", "ERROR_FORMAT_REFUSED", "Error formats that the plugin refuses",
      "match.statuscode and replace.statuscode are required.", TRAP_BROKEN, OF("gw-error-format"),
      BESIDE, .judge = error_format },
    { "plugin-config 10", "REWRITE_REFUSED", "Rewrites that the plugin refuses",
      "Expressions are RE2's.", TRAP_BROKEN, OF("nginx-rewrite-compatible"), BESIDE,
      .judge = rewrite_expressions },
    { "plugin-config 10", "BODIES_LOGGED", "Bodies and headers in the log",
      "log-request-response writes them with their secrets where the log format names them.",
      TRAP_NOTE, OF("log-request-response"), .judge = bodies_logged },
    { 0 },
};
