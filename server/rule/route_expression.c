/* route_expression.c - looks at every regular expression that comes of a route: those that people
 * write, and those that the controller makes of paths, canaries and origins without escaping. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/regex.h"
#include "rule/route_look_private.h"
#include <string.h>

enum { WHY_MAX = 120 };

typedef void look_expression(struct look *l, const char *expression, const char *path);

static void each_predicate(struct look *l, const cJSON *list, look_expression *fn)
{
    const cJSON *p;
    int i = 0;
    cJSON_ArrayForEach(p, list)
    {
        const char *value = json_str(p, "matchValue");
        if (value && *value && !strcmp(json_text(p, "matchType"), "REGULAR"))
            fn(l, value, look_place(l, "%s[%d].matchValue", list->string, i));
        i++;
    }
}

/* A path goes on with anything, unless full-path-regex ends it. */
static void path_expression(struct look *l, look_expression *fn)
{
    const cJSON *path = route_path(l->tree);
    const char *value = json_str(path, "matchValue");
    bool whole = route_says(l->tree, "full-path-regex");
    if (value && (whole || !strcmp(json_text(path, "matchType"), "REGULAR")))
        fn(l, arena_printf(l->a, "%s%s", value, whole ? "$" : ".*"),
           look_place(l, "%s.matchValue", path->string));
}

/* A prefix that is rewritten is put into an expression as it is. */
static void each_rewrite_expression(struct look *l, look_expression *fn)
{
    const cJSON *path = route_path(l->tree);
    const char *from = json_str(path, "matchValue");
    const char *to = json_str(route_part(l->tree, "rewrite"), "path");
    if (!from || !to || !*to || text_ends(to, "/") ||
        strcmp(json_text(path, "matchType"), "PRE") != 0)
        return;
    size_t n = strlen(from) - text_ends(from, "/");
    fn(l, arena_printf(l->a, "^%.*s(/.*)?", (int)n, from),
       look_place(l, "%s.matchValue", path->string));
}

/* The first of value, pattern and cookie ends the controller's reading. */
static void canary_expression(struct look *l, look_expression *fn)
{
    static const struct {
        const char *name, *before, *behind;
    } forms[] = {
        { "canary-by-header-value", "always|", "" },
        { "canary-by-header-pattern", ".*", ".*" },
        { "canary-by-cookie", "^(.*?;\\s*)?(", "=always)(;.*)?$" },
    };
    const char *full = NULL, *value = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !value; i++) {
        value = route_annotation(l->tree, forms[i].name, &full);
        if (value && route_says(l->tree, "canary"))
            fn(l, arena_printf(l->a, "%s%s%s", forms[i].before, value, forms[i].behind),
               route_place(l, full));
    }
}

/* A star at the beginning of a host: of what follows only dots are escaped. */
static void origin_expressions(struct look *l, look_expression *fn)
{
    const cJSON *cors = json_get(l->tree, "cors"), *o;
    int i = 0;
    if (!json_true(cors, "enabled"))
        return;
    cJSON_ArrayForEach(o, json_get(cors, "allowOrigins"))
    {
        const char *host = cJSON_IsString(o) ? strstr(o->valuestring, "://") : NULL;
        const char *path = look_place(l, "cors.allowOrigins[%d]", i++);
        if (!host || host[3] != '*')
            continue;
        char *out = arena_alloc(l->a, 2 * strlen(host) + 3), *to = out;
        *to++ = '.';
        *to++ = '*';
        for (const char *c = host + 4; *c && *c != '/'; c++) {
            if (*c == '.')
                *to++ = '\\';
            *to++ = *c;
        }
        *to = '\0';
        fn(l, out, path);
    }
}

static void each_expression(struct look *l, look_expression *fn)
{
    path_expression(l, fn);
    each_predicate(l, route_headers(l->tree), fn);
    each_predicate(l, route_params(l->tree), fn);
    each_rewrite_expression(l, fn);
    canary_expression(l, fn);
    origin_expressions(l, fn);
}

static void look_at_re2_refusal(struct look *l, const char *expression, const char *path)
{
    char why[WHY_MAX] = "";
    int size = regex_size(expression, why, sizeof why);
    why[strcspn(why, ":")] = '\0'; /* behind it stands the expression */
    if (size < 0)
        look_say(l, path,
                 "becomes an expression that RE2 does not take (%s); Envoy refuses every route of "
                 "the gateway for it",
                 why);
    else if (size > REGEX_SIZE_ISTIO)
        look_say(l, path,
                 "becomes an expression of %d instructions, of which a gateway allows %d; Envoy "
                 "refuses every route of the gateway for it",
                 size, REGEX_SIZE_ISTIO);
}

void route_look_expressions(struct look *l)
{
    each_expression(l, look_at_re2_refusal);
}

static void large(struct look *l, const char *expression, const char *path)
{
    char why[WHY_MAX];
    int size = regex_size(expression, why, sizeof why);
    if (size > REGEX_SIZE_STOCK && size <= REGEX_SIZE_ISTIO)
        look_say(l, path,
                 "becomes an expression of %d instructions: a gateway whose bootstrap does not set "
                 "re2.max_program_size.error_level allows %d and refuses every route for it",
                 size, REGEX_SIZE_STOCK);
}

void route_look_large_expressions(struct look *l)
{
    each_expression(l, large);
}
