/* differ.c - where two JSON trees differ. Texts that are YAML on both sides are compared as YAML.
 */
#include "contract.h"

#include "base/buf.h"
#include "base/yaml.h"

static bool report(struct arena *a, const char *path, const cJSON *expected, const cJSON *got,
                   struct buf *out)
{
    const char *want = expected ? json_print(a, expected) : "nothing";
    const char *have = got ? json_print(a, got) : "nothing";
    buf_printf(out, "      %s: expected %.700s, got %.700s\n", *path ? path : "(root)", want, have);
    return false;
}

static bool differ_objects(struct arena *a, const char *path, const cJSON *expected,
                           const cJSON *got, struct buf *out)
{
    bool equal = true;
    const cJSON *item;
    cJSON_ArrayForEach(item, expected)
    {
        const char *below = arena_printf(a, "%s.%s", path, item->string);
        equal &= differ(a, below, item, json_get(got, item->string), out);
    }
    cJSON_ArrayForEach(item, got)
    {
        if (!json_get(expected, item->string))
            equal = report(a, arena_printf(a, "%s.%s", path, item->string), NULL, item, out);
    }
    return equal;
}

static bool differ_arrays(struct arena *a, const char *path, const cJSON *expected,
                          const cJSON *got, struct buf *out)
{
    bool equal = true;
    const cJSON *x = expected->child, *y = got->child;
    for (int i = 0; x || y; i++) {
        equal &= differ(a, arena_printf(a, "%s[%d]", path, i), x, y, out);
        x = x ? x->next : NULL;
        y = y ? y->next : NULL;
    }
    return equal;
}

static bool same_text(struct arena *a, const char *x, const char *y)
{
    if (strcmp(x, y) == 0)
        return true;
    if (!strchr(x, '\n') || !strchr(y, '\n'))
        return false;
    cJSON *left = yaml_parse(a, x, strlen(x), NULL), *right = yaml_parse(a, y, strlen(y), NULL);
    return cJSON_IsObject(left) && json_equal(left, right);
}

bool differ(struct arena *a, const char *path, const cJSON *expected, const cJSON *got,
            struct buf *out)
{
    if (!expected || !got)
        return report(a, path, expected, got, out);
    if (cJSON_IsObject(expected) && cJSON_IsObject(got))
        return differ_objects(a, path, expected, got, out);
    if (cJSON_IsArray(expected) && cJSON_IsArray(got))
        return differ_arrays(a, path, expected, got, out);
    if (cJSON_IsString(expected) && cJSON_IsString(got) &&
        same_text(a, expected->valuestring, got->valuestring))
        return true;
    return json_equal(expected, got) || report(a, path, expected, got, out);
}
