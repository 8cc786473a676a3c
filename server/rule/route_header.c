/* route_header.c - looks at headers that a route sets: Envoy reads % in their values as a format,
 * and takes names and values of bounded length (tried on Envoy 1.40). */
#include "base/json.h"
#include "rule/route_look_private.h"
#include "rule/route_match.h"
#include <ctype.h>
#include <string.h>

enum { LENGTH_MAX = 16384, HEADERS_MAX = 1000 };

/* "%NAME%", "%NAME(…)%", "%NAME(…):7%": its length; 0: it is none. */
static size_t format_length(const char *s)
{
    const char *at = s + 1;
    if (!isupper((unsigned char)*at))
        return 0;
    while (isupper((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_')
        at++;
    for (bool open = *at == '('; open && (at = strchr(at, ')'));) {
        at++;
        open = *at != '%' && *at != ':';
    }
    if (at && *at == ':')
        at += 1 + strspn(at + 1, "0123456789");
    return at && *at == '%' ? (size_t)(at - s) + 1 : 0;
}

bool route_header_is_format(const char *value)
{
    for (const char *at = value; (at = strchr(at, '%'));) {
        size_t n = at[1] == '%' ? 2 : format_length(at);
        if (!n)
            return false;
        at += n;
    }
    return true;
}

typedef void look_header(struct look *l, const cJSON *header, const char *path);

static void each_header(struct look *l, look_header *fn)
{
    static const char *const lists[] = { "request.add", "request.set", "response.add",
                                         "response.set" };
    const cJSON *control = route_part(l->tree, "headerControl"), *h;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int n = 0;
        cJSON_ArrayForEach(h, json_path(control, lists[i]))
        {
            fn(l, h, look_place(l, "headerControl.%s[%d]", lists[i], n++));
        }
    }
}

static void look_at_value(struct look *l, const cJSON *header, const char *path)
{
    const char *value = json_str(header, "value");
    if (value && !route_header_is_format(value))
        look_say(
            l, look_place(l, "%s.value", path),
            "has a %% that is neither %%%% nor one of Envoy's variables (%%REQ(name)%%, …), for "
            "which Envoy refuses every route of the gateway; write %%%% for one %%");
}

void route_look_header_values(struct look *l)
{
    each_header(l, look_at_value);
}

static void look_at_length(struct look *l, const cJSON *header, const char *path)
{
    const char *key = json_text(header, "key"), *value = json_text(header, "value");
    if (strlen(key) > LENGTH_MAX || strlen(value) > LENGTH_MAX)
        look_say(l, path,
                 "is longer than %d bytes, for which Envoy refuses every route of the "
                 "gateway",
                 LENGTH_MAX);
    else if (!strcmp(key, "\"\"") || !strcmp(key, "''"))
        look_say(l, path, "has no name, for which Envoy refuses every route of the gateway");
}

void route_look_header_lengths(struct look *l)
{
    static const char *const sides[] = { "request", "response" };
    const cJSON *control = route_part(l->tree, "headerControl");
    each_header(l, look_at_length);
    for (int i = 0; i < 2; i++) {
        const cJSON *side = json_get(control, sides[i]);
        if (json_count(json_get(side, "add")) + json_count(json_get(side, "set")) > HEADERS_MAX)
            look_say(l, look_place(l, "headerControl.%s", sides[i]),
                     "has more than %d headers, for which Envoy refuses every route of the gateway",
                     HEADERS_MAX);
    }
}
