/* xds_predicate.c - annotations: reading them, and those that say which requests a rule takes. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include <ctype.h>
#include <errno.h>

static const char own_prefix[] = "higress.io/";
static const char nginx_prefix[] = "nginx.ingress.kubernetes.io/";

static const char *annotation(const cJSON *ingress, const char *prefix, const char *key)
{
    char full[256];
    int n = snprintf(full, sizeof full, "%s%s", prefix, key);
    if (n < 0 || (size_t)n >= sizeof full)
        return NULL;
    const char *value = json_str(json_path(ingress, "metadata.annotations"), full);
    return value && *value ? value : NULL;
}

const char *xds_annotation(const cJSON *ingress, const char *key)
{
    const char *value = annotation(ingress, nginx_prefix, key);
    return value ? value : annotation(ingress, own_prefix, key);
}

const char *xds_annotation_own(const cJSON *ingress, const char *key)
{
    return annotation(ingress, own_prefix, key);
}

bool xds_annotation_true(const cJSON *ingress, const char *key)
{
    const char *value = xds_annotation(ingress, key);
    return value && strcmp(value, "true") == 0;
}

bool xds_number(const char *text, long *out)
{
    char *end = NULL;
    if (!text || !*text || isspace((unsigned char)*text))
        return false;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || *end)
        return false;
    *out = n;
    return true;
}

char **xds_split(struct arena *a, const char *text, const char *separators)
{
    size_t n = 1, used = 0;
    for (const char *c = text; *c; c++)
        n += strchr(separators, *c) != NULL;
    char **parts = arena_array(a, char *, n + 1);
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, separators);
        const char *first = at, *last = at + length;
        while (first < last && isspace((unsigned char)*first))
            first++;
        while (last > first && isspace((unsigned char)last[-1]))
            last--;
        if (last > first)
            parts[used++] = arena_strndup(a, first, (size_t)(last - first));
        at += length + (at[length] != '\0');
    }
    return parts;
}

static bool is_method(const char *s)
{
    static const char *const known[] = { "GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                         "CONNECT", "OPTIONS", "TRACE", "PATCH" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], s) == 0)
            return true;
    return false;
}

static bool holds(char **list, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], s) == 0)
            return true;
    return false;
}

/* Known methods, upper case, each once, in their order; others are ignored, as Higress does. */
static const char *read_methods(struct xds *x, const cJSON *ingress)
{
    const char *text = xds_annotation(ingress, "match-method");
    char **words = text ? xds_split(x->a, text, " ") : NULL;
    char *all = NULL;
    for (size_t i = 0; words && words[i]; i++) {
        for (char *c = words[i]; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        if (!is_method(words[i]) || holds(words, i, words[i]))
            continue;
        all = all ? arena_printf(x->a, "%s|%s", all, words[i]) : words[i];
    }
    return all;
}

static const struct {
    const char *prefix, *how;
} ways[] = {
    { "higress.io/exact-match-", ROUTE_EXACT_VALUE },
    { "higress.io/prefix-match-", ROUTE_PREFIX_VALUE },
    { "higress.io/regex-match-", ROUTE_REGEX_VALUE },
};

static bool named(const struct route_predicate *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

/* The name behind "query-", "header-" or "pseudo-header-"; NULL when the annotation is another. */
static const char *predicate_name(struct xds *x, const char *rest, bool query)
{
    if (query)
        return text_starts(rest, "query-") ? rest + strlen("query-") : NULL;
    if (text_starts(rest, "pseudo-header-"))
        return arena_printf(x->a, ":%s", rest + strlen("pseudo-header-"));
    return text_starts(rest, "header-") ? rest + strlen("header-") : NULL;
}

/* One name counts once: exact before prefix before regular expression. */
static size_t read_predicates(struct xds *x, const cJSON *ingress, bool query,
                              struct route_predicate **out)
{
    const cJSON *all = json_path(ingress, "metadata.annotations"), *one;
    struct route_predicate *list = arena_array(x->a, struct route_predicate, json_count(all) + 1);
    size_t n = 0;
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        cJSON_ArrayForEach(one, all)
        {
            if (!cJSON_IsString(one) || !text_starts(one->string, ways[w].prefix))
                continue;
            const char *name = predicate_name(x, one->string + strlen(ways[w].prefix), query);
            if (name && *name && !named(list, n, name))
                list[n++] = (struct route_predicate){ name, ways[w].how, one->valuestring, NULL };
        }
    }
    route_sort_predicates(list, n);
    *out = list;
    return n;
}

void xds_predicates(struct xds *x, struct xds_rule *r)
{
    r->takes.methods = read_methods(x, r->ingress);
    r->takes.header_count = read_predicates(x, r->ingress, false, &r->takes.headers);
    r->takes.query_count = read_predicates(x, r->ingress, true, &r->takes.queries);
}
