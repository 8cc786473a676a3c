/* diagnose_control.c - what the control plane says of itself, as issues of the diagnosis: what is
 * broken there is a cause, what may only be known of it comes behind causes. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "diagnose/diagnose_walk_private.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "rule/control.h"
#include "signal/pilot.h"
#include <string.h>

enum { MOST_SOURCES = 5000 };

struct sources_read {
    struct arena *a;
    cJSON *list;
};

static bool take_source_name(void *arg, const cJSON *source)
{
    struct sources_read *r = arg;
    cJSON *o = json_object(r->a);
    json_set_str(r->a, o, "name", json_text(source, "name"));
    json_set_str(r->a, o, "type", json_text(source, "type"));
    json_add(r->a, r->list, o);
    return json_count(r->list) < MOST_SOURCES;
}

/* NULL: they could not be read. */
static const cJSON *read_sources(struct walk *w)
{
    struct sources_read r = { w->a, json_array(w->a) };
    struct err e = { 0 };
    bool ok = w->m->gateway && gateway_url(w->m->gateway) &&
              gateway_each_kind(w->m->gateway, kind_find("service-source"), NULL, take_source_name,
                                &r, w->m->cancel, &e);
    return ok ? r.list : NULL;
}

/* Is that source where the target's requests go? */
static bool concerns_target(const struct walk *w, const cJSON *fault)
{
    const cJSON *s, *services = json_get(w->s.object, "services");
    const char *name = json_text(fault, "name");
    if (!w->target.kind || strcmp(json_text(fault, "kind"), "service-source") != 0)
        return true;
    cJSON_ArrayForEach(s, services)
    {
        if (derived_is_service_of(json_text(s, "name"), name))
            return true;
    }
    return !strcmp(w->target.kind, "service") && derived_is_service_of(w->target.name, name);
}

static void add_control_issue(struct walk *w, const cJSON *fault)
{
    static const char notes[] = CONTROL_PUSH_ERRORS "|" CONTROL_VERSIONS "|" CONTROL_UNANSWERED;
    static const char lost[] = CONTROL_REGISTRY_LOST "|" CONTROL_SOURCE_UNKNOWN;
    const char *code = json_text(fault, "code");
    bool note = text_has_word(notes, code);
    if ((note && w->target.kind) || !concerns_target(w, fault))
        return;
    cJSON *o = json_add(w->a, w->issues, json_object(w->a));
    json_set_str(w->a, o, "code", code);
    json_set_str(w->a, o, "object",
                 arena_printf(w->a, "%s %s", json_text(fault, "kind"), json_text(fault, "name")));
    json_set_str(w->a, o, "fact", json_text(fault, "fact"));
    json_set_str(w->a, o, "next", json_text(fault, "next"));
    json_set_str(w->a, o, "source", "control_plane");
    if (note)
        json_set_bool(w->a, o, "note", true);
    if (text_has_word(lost, code))
        json_set_str(w->a, o, "covers", "NO_CLUSTER|NO_HEALTHY_UPSTREAM");
}

void diagnose_read_control(struct walk *w)
{
    struct err e = { 0 };
    const struct pilot_means means = { w->m->loop, w->m->config, w->m->cancel };
    if (!pilot_configured(w->m->config))
        return;
    const cJSON *control = pilot_read(w->a, &means, &e), *one;
    w->gone = w->gone || e.kind == ERR_GONE;
    const cJSON *first = json_get(control, "controllers");
    w->s.control_unread = !first || !first->child || json_get(first->child, "unread");
    if (!control || !first->child)
        return;
    const struct control_facts facts = { control, read_sources(w) };
    cJSON_ArrayForEach(one, control_faults(w->a, &facts)) add_control_issue(w, one);
}
