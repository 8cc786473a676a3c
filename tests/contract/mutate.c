/* mutate.c - damages a JSON tree: values of another type, members lost, doubled, emptied, huge. */
#include "mutate.h"

static unsigned pick(unsigned long long *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33) % n;
}

static cJSON *odd_value(struct arena *a, unsigned long long *seed)
{
    static const char *const texts[] = { "null",
                                         "true",
                                         "0",
                                         "-1",
                                         "1e300",
                                         "\"\"",
                                         "\" \"",
                                         "\"x\"",
                                         "\"a\\nb\"",
                                         "[]",
                                         "{}",
                                         "[null]",
                                         "[[]]",
                                         "[{}]",
                                         "[\"\"]",
                                         "{\"\":1}",
                                         "\"443\"",
                                         "2147483648",
                                         "\"/\"",
                                         "\"../x\"",
                                         "\"%s%n\"",
                                         "\"\\u0001\"",
                                         "{\"a\":{\"a\":null}}" };
    const char *text = texts[pick(seed, sizeof texts / sizeof *texts)];
    return json_parse(a, text, strlen(text), NULL);
}

static int count(const cJSON *node)
{
    int n = 1;
    const cJSON *item;
    cJSON_ArrayForEach(item, node) n += count(item);
    return n;
}

/* Visits nodes in order; damages the one where *left reaches 0. */
static bool damage(struct arena *a, cJSON *parent, int *left, unsigned long long *seed)
{
    cJSON *item, *next;
    for (item = parent->child; item; item = next) {
        next = item->next;
        if ((*left)-- > 0) {
            if (damage(a, item, left, seed))
                return true;
            continue;
        }
        unsigned how = pick(seed, 4);
        if (how == 0)
            json_detach(parent, item);
        else if (cJSON_IsArray(parent))
            json_add(a, parent, how == 1 ? json_clone(a, item) : odd_value(a, seed));
        else
            json_set(a, parent, arena_strdup(a, item->string), odd_value(a, seed));
        return true;
    }
    return false;
}

static const char *odd_path(struct arena *a, const char *path, unsigned long long *seed)
{
    static const char *const tails[] = {
        "/",   "%20",   "//",           "?pageNum=0", "?pageSize=9999999999", "/x/y/z", ".", "%00",
        "%zz", "?=&&a", "%F0%9F%98%80", "?lang=xx",   "?domainName=%2A",      ";v=1"
    };
    return arena_printf(a, "%s%s", path, tails[pick(seed, sizeof tails / sizeof *tails)]);
}

cJSON *mutate(struct arena *a, const cJSON *exchange, unsigned long long *seed)
{
    cJSON *copy = json_clone(a, exchange), *request = json_get(copy, "request");
    cJSON *body = json_get(request, "body");
    if (!body || pick(seed, 8) == 0)
        json_set_str(a, request, "path", odd_path(a, json_str(request, "path"), seed));
    for (unsigned i = 0, n = 1 + pick(seed, 3); body && i < n; i++) {
        int left = (int)pick(seed, (unsigned)count(body));
        damage(a, body, &left, seed);
    }
    return copy;
}
