/* diagnose_setting.c - the gateway's setting behind a limit that a request met, and its present
 * value: as Envoy runs it, and as higress-config says. A new one is a row of `settings`.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_private.h"
#include <string.h>

static const struct setting {
    const char *code, *details; /* of the symptom; details NULL: any */
    const char *path;           /* in section `higress` of higress-config */
    const char *usual, *unit;   /* where it is not set */
    const char *envoy;          /* member of Envoy's listener */
} settings[] = {
    { "IDLE_TIMEOUT", NULL, "downstream.idleTimeout", "180", " s", "stream_idle_timeout" },
    { "REQUEST_TOO_LARGE", "headers_too_large", "downstream.maxRequestHeadersKb", "60", " KiB",
      "max_request_headers_kb" },
    { "REQUEST_TOO_LARGE", NULL, "downstream.connectionBufferLimits", "32768", " bytes",
      "per_connection_buffer_limit_bytes" },
    { "UPSTREAM_RESET", "connection_termination", "upstream.idleTimeout", "10", " s", NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};

/* A number or a duration as text; NULL: neither. */
static const char *value_text(struct arena *a, const cJSON *m)
{
    if (cJSON_IsNumber(m))
        return arena_printf(a, "%.15g", m->valuedouble);
    return cJSON_IsString(m) ? m->valuestring : NULL;
}

/* The first member of that name within a tree. */
static const cJSON *find_member_deep(const cJSON *tree, const char *name)
{
    const cJSON *m, *found = json_get(tree, name);

    cJSON_ArrayForEach(m, tree)
    {
        if (found)
            break;
        if (cJSON_IsObject(m) || cJSON_IsArray(m))
            found = find_member_deep(m, name);
    }
    return found;
}

static void tell_running(struct facts *f, struct finding *x, const struct setting *s)
{
    const cJSON *listeners = facts_config_part(f, "ListenersConfigDump");
    const cJSON *list = json_get(listeners, "dynamic_listeners");
    const cJSON *fixed = json_get(listeners, "static_listeners");
    const cJSON *found = s->envoy ? find_member_deep(list, s->envoy) : NULL;
    const char *value;

    if (!listeners || !s->envoy)
        return;
    found = found ? found : find_member_deep(fixed, s->envoy);
    value = value_text(f->arena, found);
    finding_add(f->arena, x, "config_dump", "the listener's %s is %s", s->envoy,
                value ? value : "not set: Envoy's own default");
}

void setting_tell(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const struct setting *s = settings;

    while (s->code &&
           (strcmp(s->code, x->code) != 0 || (s->details && !strstr(r->details, s->details))))
        s++;
    if (!s->code)
        return;
    tell_running(f, x, s);
    const char *value = value_text(f->arena, json_path(f->in->settings, s->path));
    if (f->in->settings)
        finding_add(f->arena, x, "console", "higress-config %s is %s%s%s", s->path,
                    value ? value : "not set, so ", value ? "" : s->usual, s->unit);
    x->next =
        arena_printf(f->arena, "%s The setting is %s in higress-config (%s%s%s).", x->next, s->path,
                     value ? "now " : "unless set ", value ? value : s->usual, s->unit);
}
