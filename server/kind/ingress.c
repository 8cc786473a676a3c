/* ingress.c - the controller's rules about paths, header lines and weights. */
#include "kind/ingress.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include <ctype.h>
#include <string.h>

/* -- paths ------------------------------------------------------------------------------------ */

bool ingress_is_regex(struct arena *a, const cJSON *ingress, const char *path)
{
    const char *target = annotation_value(a, ingress, "rewrite-target");
    bool looks = target && (strpbrk(target, "$\\") || strpbrk(path, "\\.+*?()|[]{}^$"));
    return looks || annotation_true(annotation_value(a, ingress, "use-regex")) ||
           annotation_true(annotation_value(a, ingress, "full-path-regex"));
}

static const char *without_end(struct arena *a, const char *path, const char *end)
{
    size_t n = strlen(path) - (text_ends(path, end) ? strlen(end) : 0);
    return arena_strndup(a, path, n);
}

const char *ingress_plain_path(struct arena *a, const char *path)
{
    const char *plain = without_end(a, without_end(a, path, ".*"), "/*");
    return *plain ? plain : "/";
}

/* -- headers ---------------------------------------------------------------------------------- */

static const char *without_quotes(struct arena *a, const char *s)
{
    size_t n = strlen(s);
    bool quoted = n >= 2 && (*s == '"' || *s == '\'') && s[n - 1] == *s;
    return quoted ? arena_strndup(a, s + 1, n - 2) : s;
}

static cJSON *line_named(cJSON *list, const char *name)
{
    for (cJSON *h = list->child; h; h = h->next) {
        const char *key = json_str(h, "key");
        if (key && !strcmp(key, name))
            return h;
    }
    return NULL;
}

cJSON *ingress_header_lines(struct arena *a, const char *text)
{
    cJSON *list = json_array(a);
    char **line = annotation_items(a, text, "\r\n");
    for (int i = 0; line[i]; i++) {
        size_t n = strcspn(line[i], " \t");
        if (!line[i][n])
            continue;
        const char *key = without_quotes(a, arena_strndup(a, line[i], n));
        cJSON *h = line_named(list, key);
        h = h ? h : json_add(a, list, json_object(a));
        json_set_str(a, h, "key", key);
        json_set_str(a, h, "value", without_quotes(a, line[i] + n + strspn(line[i] + n, " \t")));
    }
    return list;
}

/* -- weights ---------------------------------------------------------------------------------- */

void ingress_shares(long *weights, size_t n)
{
    long sum = 0, rest = 100, *first = NULL;
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    for (size_t i = 0; i < n; i++) {
        if (!first && (weights[i] > 0 || n == 1)) {
            first = &weights[i];
            continue;
        }
        weights[i] = sum > 0 ? weights[i] * 100 / sum : 0;
        rest -= weights[i];
    }
    if (first)
        *first = rest;
}

const char *ingress_groups(struct arena *a, const char *target)
{
    char *s = arena_strdup(a, target);
    bool any = false;
    for (const char *c = s; *c; c++)
        any = any || (*c == '$' && isdigit((unsigned char)c[1]));
    for (char *c = s; any && *c; c++)
        if (*c == '$')
            *c = '\\';
    return s;
}
