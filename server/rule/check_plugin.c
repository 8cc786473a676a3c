/* check_plugin.c - rules of plugins, their instances and higress-config. */
#include "rule/check_private.h"
#include "rule/check_shared_private.h"

static bool plugin_builtin(const struct check *c)
{
    bool was = json_true(c->before, "builtIn"), is = json_true(c->after, "builtIn");
    if (!c->before && is)
        return check_no(c, "builtIn: a plugin of your own is not built in; leave it out");
    if (c->before && was != is)
        return check_no(c, "builtIn: cannot be changed");
    return true;
}

static bool plugin_category(const struct check *c)
{
    const char *category = json_str(c->after, "category");
    return json_true(c->after, "builtIn") || !category || !strcmp(category, "custom") ||
           check_no(c, "category: the console makes it custom for a plugin of your own; write "
                       "custom");
}

/* Of a built-in plugin the console takes image, phase, priority and pull settings only. */
static bool plugin_fixed(const struct check *c)
{
    static const char fixed[] = "category|title|description|pluginVersion";
    char word[TEXT_WORD];
    for (const char *rest = json_true(c->before, "builtIn") ? fixed : NULL;
         text_word_next(&rest, word);) {
        const cJSON *x = json_get(c->before, word), *y = json_get(c->after, word);
        if (x && y && !json_equal(x, y))
            return check_no(c, "%s: the console does not change it for a built-in plugin", word);
    }
    return true;
}

static bool instance_internal(const struct check *c)
{
    return !(json_true(c->before, "internal") || json_true(c->after, "internal")) ||
           check_no(c, "internal: this instance belongs to the console itself");
}

static bool instance_kept(const struct check *c)
{
    const cJSON *enabled = json_get(c->after, "enabled");
    return !cJSON_IsFalse(enabled) || json_count(json_get(c->after, "configurations")) > 0 ||
           check_no(c, "enabled: an instance that is off and has no configurations is not kept; "
                       "delete it instead");
}

/* What is wrong there already can always be switched off. */
static bool instance_limits(const struct check *c)
{
    const char *name = json_str(c->after, "pluginName");
    const cJSON *was = json_get(c->before, "configurations");
    if (was && cJSON_IsFalse(json_get(c->after, "enabled")) &&
        json_equal(was, json_get(c->after, "configurations")))
        return true;
    return !name || check_limits(c, name, "configurations");
}

static bool config_sections(const struct check *c)
{
    const cJSON *data = json_get(c->after, "data"), *m;
    cJSON_ArrayForEach(m, json_get(c->before, "data"))
    {
        if (!json_get(data, m->string))
            return check_no(c, "data.%s: a section cannot be taken out", check_shown(c, m->string));
    }
    return true;
}

/* The gateway reads a section whole or, for one value of a wrong type, not at all. NULL is none. */
static const char *other_type(const struct check *c, const char *where, const cJSON *x,
                              const cJSON *y)
{
    const cJSON *m;
    bool flags = cJSON_IsBool(x) && cJSON_IsBool(y);
    if (!x || !y || cJSON_IsNull(x) || cJSON_IsNull(y))
        return NULL;
    if (!flags && (x->type & 0xff) != (y->type & 0xff))
        return where;
    const char *wrong = NULL;
    for (m = cJSON_IsObject(y) ? y->child : NULL; m && !wrong; m = m->next)
        wrong =
            other_type(c, arena_printf(c->a, "%s.%s", where, m->string), json_get(x, m->string), m);
    return wrong;
}

static bool config_types(const struct check *c)
{
    const char *wrong =
        other_type(c, "data", json_get(c->before, "data"), json_get(c->after, "data"));
    return !wrong || check_no(c, "%s: is of another type than the value that is there",
                              check_shown(c, wrong));
}

/* The console keeps the text of a section; a changed one is printed from its values. */
static bool config_comments(const struct check *c)
{
    const cJSON *was = json_get(c->before, "data"), *m;
    cJSON_ArrayForEach(m, json_get(c->after, "data"))
    {
        const cJSON *old = json_get(was, m->string);
        if (cJSON_IsObject(old) && !json_equal(old, m))
            return check_no(c, "data.%s: is printed anew, comments in its text are lost",
                            check_shown(c, m->string));
    }
    return true;
}

const struct check_rule check_plugin_rules[] = {
    { "wasm-plugin", "builtIn", "builtIn is not chosen.", plugin_builtin },
    { "wasm-plugin", "category", "The category of a plugin of your own is custom.",
      plugin_category },
    { "wasm-plugin", "category|title|description|pluginVersion",
      "Of a built-in plugin only image, phase, priority and pull settings change.", plugin_fixed },
    { "plugin-instance", "", "Instances of the console itself are left alone.", instance_internal },
    { "plugin-instance", "enabled|configurations",
      "An instance that is off has configurations, or is deleted.", instance_kept },
    { "plugin-instance", "configurations|enabled",
      "Rate limits are as their plugin takes them: one window a key, one thing an item.",
      instance_limits },
    { "higress-config", "data", "Sections stay.", config_sections },
    { "higress-config", "data", "A value keeps its type: a number stays a number.", config_types },
    { "higress-config", "data", "A changed section loses the comments of its text.",
      config_comments, .doubt = true },
    { 0 },
};
