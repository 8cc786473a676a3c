/* route_part.c - the parts of a route and of an AI route, and its annotations as the controller
 * looks them up. */
#include "base/json.h"
#include "kind/annotation.h"
#include "rule/route_look_private.h"
#include <string.h>

const cJSON *route_path(const cJSON *route)
{
    const cJSON *path = json_get(route, "path");
    return path ? path : json_get(route, "pathPredicate");
}

const cJSON *route_headers(const cJSON *route)
{
    const cJSON *list = json_get(route, "headers");
    return list ? list : json_get(route, "headerPredicates");
}

const cJSON *route_params(const cJSON *route)
{
    const cJSON *list = json_get(route, "urlParams");
    return list ? list : json_get(route, "urlParamPredicates");
}

const cJSON *route_part(const cJSON *route, const char *member)
{
    const cJSON *part = json_get(route, member);
    return cJSON_IsObject(part) && !cJSON_IsFalse(json_get(part, "enabled")) ? part : NULL;
}

const cJSON *route_custom(const cJSON *route)
{
    const cJSON *custom = json_get(route, "customConfigs");
    return cJSON_IsObject(custom) ? custom : NULL;
}

/* -- annotations ------------------------------------------------------------------------------ */

/* Under any prefix: most routes have none of it, and the table of annotations is long. */
static bool may_have(const cJSON *custom, const char *name)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, custom)
    {
        const char *slash = strrchr(m->string, '/');
        if (slash && !strcmp(slash + 1, name))
            return true;
    }
    return false;
}

const char *route_annotation(const cJSON *route, const char *name, const char **full)
{
    const cJSON *custom = route_custom(route);
    const cJSON *m = may_have(custom, name) ? annotation_among(custom, name) : NULL;
    if (m && full)
        *full = m->string;
    return m ? m->valuestring : NULL;
}

bool route_says(const cJSON *route, const char *name)
{
    return annotation_true(route_annotation(route, name, NULL));
}

bool route_number(const cJSON *route, const char *name, long *out, const char **full)
{
    return annotation_int(route_annotation(route, name, full), out);
}

const char *route_place(struct look *l, const char *full)
{
    return look_place(l, "customConfigs.%s", full);
}
