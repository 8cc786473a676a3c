/* control_plane.c - what pilot_read gives and control_faults makes of it, one line each. */
#include "inspect/control_plane.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "inspect/world.h"
#include "rule/control.h"
#include "rule/trap.h"
#include "signal/pilot.h"
#include <string.h>

/* The console's service sources; NULL: they could not be read. */
static cJSON *console_sources(struct arena *a, const struct world_means *m)
{
    struct err e = { 0 };
    const struct world *w = world_read_kinds(a, m, "service-source", &e);
    cJSON *list = json_array(a);
    if (!w || !trap_known(w->trap, "service-source"))
        return NULL;
    for (struct trap_object o = { 0 }; trap_next(w->trap, "service-source", &o);)
        json_add(a, list, json_clone(a, o.json));
    return list;
}

static bool is_asked(const char *name, const char *replica)
{
    return !replica || control_is_replica(name, replica);
}

static void tell_faults(struct arena *a, cJSON *lines, const cJSON *faults, const char *replica)
{
    const cJSON *f;
    cJSON_ArrayForEach(f, faults)
    {
        const char *kind = json_text(f, "kind"), *name = json_text(f, "name");
        if (!strcmp(kind, "replica") ? is_asked(name, replica) : !replica)
            json_add_str(a, lines,
                         arena_printf(a, "fault %s %s %s: %s. %s", json_text(f, "code"), kind, name,
                                      json_text(f, "fact"), json_text(f, "next")));
    }
}

/* "3 services", or "services not read". */
static const char *count_words(struct arena *a, const cJSON *o, const char *member)
{
    const cJSON *m = json_get(o, member);
    double n = cJSON_IsArray(m) ? json_count(m) : json_num(o, member, 0);
    return m ? arena_printf(a, "%s %.0f", member, n) : arena_printf(a, "%s not read", member);
}

static void tell_controller(struct arena *a, cJSON *lines, const cJSON *c)
{
    const char *version = json_str(c, "version"), *phase = json_str(c, "phase");
    const cJSON *line;
    json_add_str(a, lines,
                 arena_printf(a, "controller %s: version %s%s%s, %s, %s, %s", json_text(c, "name"),
                              version ? version : "unknown", phase ? ", not ready: " : "",
                              phase ? phase : "", count_words(a, c, "proxies"),
                              count_words(a, c, "services"), count_words(a, c, "configs")));
    cJSON_ArrayForEach(line, json_get(c, "unread")) json_add_str(
        a, lines,
        arena_printf(a, "controller %s: not read: %s", json_text(c, "name"), line->valuestring));
}

static void tell_proxy(struct arena *a, cJSON *lines, const cJSON *controller, const cJSON *proxy)
{
    const char *version = json_str(proxy, "version"), *since = json_str(proxy, "since");
    const char *kinds = "";
    const cJSON *k;
    cJSON_ArrayForEach(k, json_members(json_get(proxy, "kinds"))) kinds =
        arena_printf(a, "%s, %s %s", kinds, k->string, cJSON_IsString(k) ? k->valuestring : "?");
    json_add_str(a, lines,
                 arena_printf(a, "gateway %s: version %s, connected to %s%s%s%s",
                              json_text(proxy, "proxy"), version ? version : "unknown",
                              json_text(controller, "name"), since ? " since " : "",
                              since ? since : "", kinds));
}

static cJSON *controller_said(struct arena *a, const cJSON *c)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", json_text(c, "name"));
    if (json_str(c, "version"))
        json_set_str(a, o, "version", json_str(c, "version"));
    if (json_get(c, "proxies"))
        json_set_num(a, o, "proxies", json_count(json_get(c, "proxies")));
    if (json_get(c, "services"))
        json_set_num(a, o, "services", json_num(c, "services", 0));
    if (json_get(c, "unread"))
        json_set(a, o, "unread", json_clone(a, json_get(c, "unread")));
    return o;
}

cJSON *inspect_control_plane(struct arena *a, const struct world_means *m, const char *replica,
                             struct err *e)
{
    const struct pilot_means means = { m->loop, m->config, m->cancel };
    const cJSON *control = pilot_read(a, &means, e), *c, *proxy, *line;
    cJSON *out = json_object(a), *lines = json_set_array(a, out, "lines");
    cJSON *controllers = json_set_array(a, out, "controllers");
    if (!control)
        return NULL;
    const struct control_facts facts = { control, console_sources(a, m) };
    tell_faults(a, lines, control_faults(a, &facts), replica);
    cJSON_ArrayForEach(line, json_get(control, "unread"))
        json_add_str(a, lines, arena_printf(a, "not read: %s", line->valuestring));
    cJSON_ArrayForEach(c, json_get(control, "controllers"))
    {
        json_add(a, controllers, controller_said(a, c));
        if (!replica)
            tell_controller(a, lines, c);
        cJSON_ArrayForEach(proxy, json_get(c, "proxies"))
        {
            if (is_asked(json_text(proxy, "proxy"), replica))
                tell_proxy(a, lines, c, proxy);
        }
    }
    return out;
}
