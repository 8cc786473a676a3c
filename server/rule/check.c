/* check.c - runs the checks of an object about to be sent; the rules are rows of check_*.c.
 *
 * In this order: what a write would erase, what the console drops, the field table, the rules.
 */
#include "rule/check.h"
#include "base/secret.h"
#include "mask/mask.h"
#include "rule/check_fields_private.h"
#include "rule/check_private.h"
#include "rule/check_shared_private.h"
#include <stdarg.h>

enum { SENTENCE = 600 };

const struct check_rule *const check_tables[] = { check_route_rules,   check_ai_rules,
                                                  check_source_rules,  check_plugin_rules,
                                                  check_key_rules,     check_mcp_rules,
                                                  check_refusal_rules, NULL };

bool check_no(const struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err_set(c->e, ERR_ARGS, "%s", text_clean(c->a, arena_vprintf(c->a, format, args), SENTENCE));
    va_end(args);
    return false;
}

const char *check_shown(const struct check *c, const char *s)
{
    const char *clean = text_clean(c->a, s, 80);
    return strcmp(clean, s) ? arena_printf(c->a, "… (%zu bytes)", strlen(s)) : clean;
}

static bool changed(const cJSON *before, const cJSON *after, const char *member)
{
    const cJSON *x = json_path(before, member), *y = json_path(after, member);
    bool none = !y || cJSON_IsNull(y);
    return !none && !(x && json_equal(x, y));
}

/* Accepted and lost: the caller would believe in something that is not there. */
static const struct {
    const char *kind, *path, *instead;
} dropped[] = {
    { "route", "timeout", "set customConfigs {\"higress.io/timeout\": \"SECONDS\"}" },
    { "route", "redirect", "set customConfigs {\"higress.io/permanent-redirect\": \"URL\"}" },
    { "route", "rateLimit",
      "use tune_rate_limit, or customConfigs {\"higress.io/route-limit-rps\": \"N\"}" },
    { "route", "mock", "use the plugin custom-response at the route" },
    { "service-source", "vport.default", "write vport.defaultValue" },
    { "service-source", "vport.services", "write vport.servicesVport" },
    { "consumer", "credentials[0].value", "write credentials[0].values, a list" },
};

static bool no_dropped(const struct check *c)
{
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (!strcmp(dropped[i].kind, c->k->name) && changed(c->before, c->after, dropped[i].path))
            return check_no(c, "%s: the console takes this field and drops it; %s", dropped[i].path,
                            dropped[i].instead);
    return true;
}

static bool nothing_erased(const struct check *c)
{
    char word[TEXT_WORD];
    for (const char *rest = c->k->needs; text_word_next(&rest, word);) {
        const char *value = json_str(c->after, word);
        if (!value || !*value)
            return check_no(c,
                            "%s: must be given; reading never shows it, and a write without it "
                            "would erase it",
                            word);
    }
    return true;
}

/* A sentence that may quote the object, without its secrets. */
static char *mask_said(struct arena *a, const struct kind *k, const cJSON *object, const char *text)
{
    struct secret_set *found = secret_set_new(a);
    mask_collect(a, k, object, found);
    return mask_quoting(a, found, text);
}

/* Is one of the rule's members new? */
static bool concerns(const struct check *c, const struct check_rule *rule)
{
    char word[TEXT_WORD];
    if (strcmp(rule->kind, c->k->name) != 0)
        return false;
    if (!c->before || !*rule->on)
        return true;
    for (const char *rest = rule->on; text_word_next(&rest, word);) {
        const cJSON *x = json_get(c->before, word), *y = json_get(c->after, word);
        if (!x != !y || (x && !json_equal(x, y)))
            return true;
    }
    return false;
}

bool check_object(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                  struct err *e)
{
    struct check c = { a, k, before, after, e };
    if (!nothing_erased(&c) || !no_dropped(&c) || !check_fields(a, k, before, after, e))
        return false;
    for (size_t i = 0; check_tables[i]; i++)
        for (const struct check_rule *rule = check_tables[i]; rule->kind; rule++)
            if (!rule->doubt && concerns(&c, rule) && !rule->holds(&c))
                return false;
    return true;
}

bool check_cluster(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                   struct err *e)
{
    struct check c = { a, k, before, after, e };
    for (const struct check_rule *rule = check_cluster_rules; rule->kind; rule++)
        if (concerns(&c, rule) && !rule->holds(&c))
            return false;
    return true;
}

char *check_doubt(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                  int n)
{
    struct err e = { 0 };
    struct check c = { a, k, before, after, &e };
    for (size_t i = 0; check_tables[i]; i++)
        for (const struct check_rule *rule = check_tables[i]; rule->kind; rule++) {
            e = (struct err){ 0 };
            if (rule->doubt && concerns(&c, rule) && !rule->holds(&c) && n-- == 0)
                return arena_strdup(a, e.text);
        }
    return NULL;
}

/* Judged by traps that say more: trap_provider.c, trap_limit.c, those of annotations. */
static bool is_judged_by_trap(const struct check_rule *rule)
{
    return rule->doubt || text_has_word("ai-provider|plugin-instance|higress-config", rule->kind) ||
           text_has_word("customConfigs|fallbackConfig", rule->on);
}

char *check_standing(struct arena *a, const struct kind *k, const cJSON *object, int n)
{
    struct err e = { 0 };
    struct check c = { a, k, object, object, &e };
    if (!check_fields_typed(k, object))
        return NULL; /* rules rely on what check_fields has seen */
    for (size_t i = 0; check_tables[i]; i++)
        for (const struct check_rule *rule = check_tables[i]; rule->kind; rule++) {
            e = (struct err){ 0 };
            if (!strcmp(rule->kind, k->name) && !is_judged_by_trap(rule) && !rule->holds(&c) &&
                n-- == 0)
                return mask_said(a, k, object, e.text);
        }
    return NULL;
}

bool check_limiter(struct arena *a, const cJSON *instance, struct err *e)
{
    const struct kind *k = kind_find("plugin-instance");
    const struct check c = { a, k, NULL, instance, e };
    const char *name = kind_name_of(k, instance);
    if (!name || check_limits(&c, name, "configurations"))
        return true;
    char *said = mask_said(a, k, instance, e->text);
    *e = (struct err){ 0 };
    return err_set(e, ERR_ARGS, "%s", said);
}

/* All of them in one line: they are asked on a cluster alone. */
static char *cluster_says(struct arena *a, const struct kind *k)
{
    char *all = NULL;
    for (const struct check_rule *rule = check_cluster_rules; rule->kind; rule++)
        if (!strcmp(rule->kind, k->name))
            all = all ? arena_printf(a, "%s %s", all, rule->says)
                      : arena_printf(a, "On a cluster: %s", rule->says);
    return all;
}

char *check_says(struct arena *a, const struct kind *k, int n)
{
    for (size_t i = 0; check_tables[i]; i++)
        for (const struct check_rule *rule = check_tables[i]; rule->kind; rule++)
            if (!strcmp(rule->kind, k->name) && n-- == 0)
                return arena_printf(a, "%s%s", rule->says, rule->doubt ? " (a warning)" : "");
    char *cluster = cluster_says(a, k);
    if (cluster && n-- == 0)
        return cluster;
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (!strcmp(dropped[i].kind, k->name) && n-- == 0)
            return arena_printf(a, "Not %s, which the console drops: %s.", dropped[i].path,
                                dropped[i].instead);
    return NULL;
}
