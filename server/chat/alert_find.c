/* alert_find.c - what is found out about an incident: what its labels name is diagnosed, the
 * changes that were applied to it before it fired are looked up, and the undo of the newest is
 * planned. Everything is a call of the source's own principal: it reads, and asks for that one
 * undo, which the policy and a person decide about. Read alert_find_out() from below.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/alert_private.h"
#include "kind/derived.h"
#include <string.h>

enum {
    NAMED = 8,    /* things that labels name, that are looked up */
    TARGETS = 3,  /* of them that there are, and are diagnosed */
    OBJECTS = 40, /* that are held against changes */
    CAUSES = 2,
    FACTS = 3,
    CHANGES = 3,
    CHANGES_READ = 20, /* of one object */
    TEXT_BYTES = 600,
};
static const double APART = 2; /* seconds that clocks may differ */

/* -- what labels name -------------------------------------------------------------------------- */

struct named {
    const char *target, *name; /* "route", "shop-pay" */
    bool gone;                 /* the gateway has nothing of that name (any more) */
};
struct finding {
    struct alert_work *work;
    const struct config_alert *config;
    struct named named[NAMED], targets[TARGETS];
    int named_count, target_count;
    const char *objects[OBJECTS]; /* "route shop-pay" */
    int object_count;
    double fires; /* when it began */
    cJSON *out;
};

/* "orders.static" of "outbound|80||orders.static", of the same with '_' for '|', and of what newer
 * proxies end with ';'. */
static const char *name_of_cluster(struct arena *a, const char *value)
{
    size_t n = strlen(value);
    char between = value[strlen("outbound")];
    n -= n > 0 && value[n - 1] == ';';
    const char *whole = arena_strndup(a, value, n);
    const char *last = between == '|' || between == '_' ? strrchr(whole, between) : NULL;
    return last && last[1] ? last + 1 : whole;
}

static void add_named(struct finding *f, const char *target, const char *value)
{
    const char *name =
        text_starts(value, "outbound") ? name_of_cluster(f->work->arena, value) : value;
    for (int i = 0; i < f->named_count; i++)
        if (!strcmp(f->named[i].target, target) && !strcmp(f->named[i].name, name))
            return;
    if (f->named_count < NAMED && *name)
        f->named[f->named_count++] = (struct named){ .target = target, .name = name };
}

static void add_names_of(struct finding *f, const cJSON *labels)
{
    for (const struct config_alert_labels *l = f->config->labels; l->target; l++)
        for (const char *const *label = l->names; *label; label++) {
            const char *value = json_str(labels, *label);
            if (value)
                add_named(f, l->target, value);
        }
}

static void read_alert_names(struct finding *f, const struct store_alert *alerts, int count)
{
    struct err ignored = { 0 };
    for (int i = 0; i < count; i++) {
        const cJSON *shown =
            json_parse(f->work->arena, alerts[i].shown, strlen(alerts[i].shown), &ignored);
        add_names_of(f, json_get(shown, "labels"));
        if (f->fires <= 0 || alerts[i].starts < f->fires)
            f->fires = alerts[i].starts;
    }
}

/* -- shared ------------------------------------------------------------------------------------ */

static const char *found_words(struct finding *f, const cJSON *o, const char *member)
{
    return alert_words(f->work->arena, json_text(o, member), TEXT_BYTES);
}

static cJSON *gateway_arguments(struct finding *f)
{
    cJSON *args = json_object(f->work->arena);
    if (f->config->gateway)
        json_set_str(f->work->arena, args, "gateway", f->config->gateway);
    return args;
}

static void note_unlooked(struct finding *f, const char *about, const char *why)
{
    struct arena *a = f->work->arena;
    cJSON *unread = json_get(f->out, "unread");
    unread = unread ? unread : json_set_array(a, f->out, "unread");
    json_add_str(a, unread, alert_words(a, arena_printf(a, "%s: %s", about, why), TEXT_BYTES));
}

static void add_object(struct finding *f, const char *kind, const char *name)
{
    const char *object = arena_printf(f->work->arena, "%s %s", kind, name);
    for (int i = 0; i < f->object_count; i++)
        if (!strcmp(f->objects[i], object))
            return;
    if (f->object_count < OBJECTS)
        f->objects[f->object_count++] = object;
}

static void add_service_objects(struct finding *f, const char *service)
{
    static const enum derived made[] = { DERIVED_STATIC, DERIVED_DNS };
    struct arena *a = f->work->arena;
    const char *colon = strrchr(service, ':');
    const char *name =
        colon ? arena_strndup(a, service, (size_t)(colon - service)) : arena_strdup(a, service);
    add_object(f, "service", name);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        const char *source = derived_from(a, made[i], name);
        if (source)
            add_object(f, "service-source", source);
    }
}

/* What a change of it touches, by its name alone. */
static void add_own_objects(struct finding *f, const struct named *n)
{
    if (!strcmp(n->target, "service"))
        add_service_objects(f, n->name);
    else if (!strcmp(n->target, "ai_route"))
        add_object(f, "ai-route", n->name);
    else
        add_object(f, strcmp(n->target, "mcp_server") ? n->target : "mcp-server", n->name);
}

/* All that touched one of the objects from that one on, each once, those after it fired too. */
static cJSON *changes_of_objects(struct finding *f, int from)
{
    struct arena *a = f->work->arena;
    struct service *s = f->work->bots->service;
    struct err ignored = { 0 };
    const struct config *gateway = config_gateway(s->config, f->config->gateway, &ignored);
    bool several = config_several(s->config);
    cJSON *all = json_array(a);
    const cJSON *x;
    for (int i = from; i < f->object_count; i++) {
        struct err e = { 0 };
        const struct engine_query q = { .touches = f->objects[i],
                                        .gateway = several && gateway ? gateway->name : NULL,
                                        .since = f->fires - f->config->look_back,
                                        .limit = CHANGES_READ,
                                        .decisions = true };
        const cJSON *list = engine_list(service_engine(s), a, &q, &e);
        if (!list)
            note_unlooked(f, arena_printf(a, "the changes of %s", f->objects[i]), e.text);
        cJSON_ArrayForEach(x, json_get(list, "changes"))
        {
            if (!json_find(all, "id", json_text(x, "id")))
                json_add(a, all, json_clone(a, x));
        }
    }
    return all;
}

/* -- the cause --------------------------------------------------------------------------------- */

/* Evidence is [[source, fact]]: a program's answer. */
static void add_facts(struct finding *f, const cJSON *verdict, cJSON *cause)
{
    struct arena *a = f->work->arena;
    cJSON *facts = json_set_array(a, cause, "facts");
    const cJSON *pair;
    cJSON_ArrayForEach(pair, json_get(verdict, "evidence"))
    {
        const cJSON *source = cJSON_GetArrayItem(pair, 0), *fact = cJSON_GetArrayItem(pair, 1);
        if (cJSON_IsString(source) && cJSON_IsString(fact) && json_count(facts) < FACTS)
            json_add_str(
                a, facts,
                alert_words(a, arena_printf(a, "%s: %s", source->valuestring, fact->valuestring),
                            TEXT_BYTES));
    }
}

static void add_causes(struct finding *f, const cJSON *answer)
{
    struct arena *a = f->work->arena;
    cJSON *causes = json_get(f->out, "causes");
    const cJSON *v;
    cJSON_ArrayForEach(v, json_get(answer, "verdicts"))
    {
        if (json_count(causes) == TARGETS * CAUSES)
            break;
        cJSON *cause = json_add(a, causes, json_object(a));
        json_set_str(a, cause, "code", found_words(f, v, "code"));
        json_set_str(a, cause, "confidence", found_words(f, v, "confidence"));
        json_set_str(a, cause, "object", found_words(f, v, "object"));
        add_facts(f, v, cause);
    }
}

/* Does the console say that it has no such thing? */
static bool is_unknown(const cJSON *answer)
{
    return json_find(json_get(answer, "verdicts"), "code", "UNKNOWN_OBJECT") != NULL;
}

/* A thing that a change has taken away is meant all the same. */
static bool was_there(struct finding *f, const struct named *n)
{
    int had = f->object_count;
    add_own_objects(f, n);
    bool was = json_count(changes_of_objects(f, had)) > 0;
    f->object_count = had;
    return was;
}

static bool diagnose_named(struct finding *f, struct named *n)
{
    struct arena *a = f->work->arena;
    const char *why;
    cJSON *args = gateway_arguments(f);
    if (n)
        json_set_str(a, args, n->target, n->name);
    const cJSON *answer = alert_call(f->work, f->config, "diagnose", args, &why);
    const char *about = n ? arena_printf(a, "%s %s", n->target, n->name) : "the gateway";
    if (n && answer)
        n->gone = is_unknown(answer);
    if (!answer || (n && n->gone && !was_there(f, n))) {
        note_unlooked(f, about, answer ? "the gateway has nothing of that name" : why);
        return false;
    }
    add_causes(f, answer);
    if (n)
        json_add_str(a, json_get(f->out, "about"), text_clean(a, about, TEXT_BYTES));
    return true;
}

/* -- what belongs to it ------------------------------------------------------------------------ */

static void add_route_objects(struct finding *f, const cJSON *route)
{
    const cJSON *service, *domain;
    cJSON_ArrayForEach(service, json_get(route, "services"))
    {
        if (json_str(service, "name"))
            add_service_objects(f, json_str(service, "name"));
    }
    cJSON_ArrayForEach(domain, json_get(route, "domains"))
    {
        if (cJSON_IsString(domain))
            add_object(f, "domain", domain->valuestring);
    }
}

/* "NAME DOMAINS PATH > SERVICE" each: a program's answer. */
static void add_routes_listed(struct finding *f, const cJSON *lines)
{
    const cJSON *line;
    cJSON_ArrayForEach(line, lines)
    {
        const char *text = cJSON_GetStringValue(line);
        if (text)
            add_object(f, "route", arena_strndup(f->work->arena, text, strcspn(text, " ")));
    }
}

/* The objects behind one target: of a route what it leads to, of the others the routes that lead
 * there. */
static void add_objects_of(struct finding *f, const struct named *n)
{
    struct arena *a = f->work->arena;
    const char *why;
    cJSON *args = gateway_arguments(f);
    bool route = !strcmp(n->target, "route");
    add_own_objects(f, n);
    if (n->gone || !strcmp(n->target, "ai_route") || !strcmp(n->target, "mcp_server"))
        return;
    if (route)
        json_set_str(a, args, "kind", n->target);
    json_set_str(a, args, route ? "name" : n->target, n->name);
    const cJSON *answer =
        alert_call(f->work, f->config, route ? "get_resource" : "list_routes", args, &why);
    if (!answer)
        note_unlooked(f, arena_printf(a, "what belongs to %s %s", n->target, n->name), why);
    else if (route)
        add_route_objects(f, json_get(answer, "object"));
    else
        add_routes_listed(f, json_get(answer, "routes"));
}

/* -- the changes before it --------------------------------------------------------------------- */

static double applied_at(const cJSON *change)
{
    return when_parse(json_str(change, "applied"));
}

/* Was it taken back since, or is it being? */
static const cJSON *reverse_of(const cJSON *list, const char *id)
{
    const cJSON *x;
    cJSON_ArrayForEach(x, list)
    {
        const char *of = json_str(x, "undoes");
        if (of && !strcmp(of, id) &&
            text_has_word("applied|approved|applying", json_text(x, "state")))
            return x;
    }
    return NULL;
}

static bool is_change_before(const struct finding *f, const cJSON *change)
{
    double at = applied_at(change);
    return at > 0 && at <= f->fires + APART && at >= f->fires - f->config->look_back;
}

/* The newest of those that are not told yet; NULL: there is none. */
static const cJSON *newest_before(const struct finding *f, const cJSON *all, const cJSON *told)
{
    const cJSON *x, *best = NULL;
    cJSON_ArrayForEach(x, all)
    {
        if (is_change_before(f, x) && !json_find(told, "id", json_text(x, "id")) &&
            (!best || applied_at(x) > applied_at(best)))
            best = x;
    }
    return best;
}

static void tell_change(struct finding *f, cJSON *out, const cJSON *x, const cJSON *reverse)
{
    struct arena *a = f->work->arena;
    const cJSON *d = json_get(x, "decision");
    cJSON *o = json_add(a, out, json_object(a));
    json_set_str(a, o, "id", json_text(x, "id"));
    json_set_str(a, o, "title", found_words(f, x, "title"));
    json_set_str(a, o, "at", json_text(x, "applied"));
    json_set_str(a, o, "owner", found_words(f, x, "owner"));
    if (d)
        json_set_str(a, o, "by", found_words(f, d, "who"));
    if (reverse)
        json_set_str(a, o, "note",
                     arena_printf(a, "taken back by %s since", json_text(reverse, "id")));
    else if (json_str(x, "undoes"))
        json_set_str(a, o, "note", arena_printf(a, "it took back %s", json_str(x, "undoes")));
}

/* A channel in which nothing is asked for gets no plan either. */
static const char *why_not_there(const struct config_alert *c)
{
    for (const struct config_chat_channel *k = c->chat->channels; k && k->id; k++)
        if (!strcmp(k->id, c->channel) && k->read_only)
            return "this channel only reads: undo_change elsewhere plans it";
    return NULL;
}

/* Who works on it already is not offered that their work goes, too. */
static const char *why_not_now(struct finding *f, const cJSON *all, const cJSON *change)
{
    const cJSON *x;
    cJSON_ArrayForEach(x, all)
    {
        if (applied_at(x) > applied_at(change))
            return arena_printf(f->work->arena,
                                "%s was applied there since: undo_change plans it all the same",
                                json_text(x, "id"));
    }
    return NULL;
}

/* why: not NULL: it is not. */
static void ask_for_undo(struct finding *f, const cJSON *change, const char *why)
{
    struct arena *a = f->work->arena;
    const char *id = json_text(change, "id");
    cJSON *undo = json_set_object(a, f->out, "undo"), *args = json_object(a);
    json_set_str(a, undo, "of", id);
    json_set_str(a, args, "id", id);
    const cJSON *answer = why ? NULL : alert_call(f->work, f->config, ALERT_ASKS, args, &why);
    const char *state = json_text(answer, "state");
    if (!strcmp(state, "pending"))
        json_set_str(a, undo, "id", json_text(answer, "id"));
    else
        json_set_str(a, undo, "why",
                     answer
                         ? arena_printf(a, "its plan %s is a %s: nothing is applied in this mode",
                                        json_text(answer, "id"), state)
                         : why);
}

static void look_before(struct finding *f)
{
    cJSON *all = changes_of_objects(f, 0);
    cJSON *out = json_set_array(f->work->arena, f->out, "changes");
    const cJSON *first = newest_before(f, all, out), *x;
    while (json_count(out) < CHANGES && (x = newest_before(f, all, out)))
        tell_change(f, out, x, reverse_of(all, json_text(x, "id")));
    if (!first || json_str(first, "undoes") || reverse_of(all, json_text(first, "id")))
        return;
    const char *why = why_not_there(f->config);
    ask_for_undo(f, first, why ? why : why_not_now(f, all, first));
}

/* -- all of it --------------------------------------------------------------------------------- */

cJSON *alert_find_out(struct alert_work *w, const struct config_alert *c,
                      const struct store_alert *alerts, int count)
{
    struct arena *a = w->arena;
    struct finding f = { .work = w, .config = c, .out = json_object(a) };
    json_set_str(a, f.out, "at", when_text(a, when_now(), false));
    json_set_array(a, f.out, "about");
    json_set_array(a, f.out, "causes");
    read_alert_names(&f, alerts, count);
    for (int i = 0; i < f.named_count && f.target_count < TARGETS && !w->cancel.fired; i++)
        if (diagnose_named(&f, &f.named[i]))
            f.targets[f.target_count++] = f.named[i];
    if (!f.target_count && !w->cancel.fired)
        diagnose_named(&f, NULL);
    for (int i = 0; i < f.target_count && !w->cancel.fired; i++)
        add_objects_of(&f, &f.targets[i]);
    if (!w->cancel.fired)
        look_before(&f);
    return w->cancel.fired ? NULL : f.out;
}
