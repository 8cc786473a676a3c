/* api_read.c - changes as a list and one by one, now or when something has become of it. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine.h"
#include "config/channel.h"
#include "net/loop.h"
#include "store/store.h"
#include "web/api_private.h"
#include "web/decide_private.h"
#include <stdio.h>

enum { LOOKED_AT = 4000 /* changes, for one page */, WAITS_MAX = 128, WAITS_OF_ONE = 16 };
static const double LOOK_EVERY = 0.25; /* seconds */

/* -- a list ------------------------------------------------------------------------------ */

void api_list(struct api *c)
{
    const char *since = json_str(c->query, "since");
    const struct engine_query q = { .state = json_str(c->query, "state"),
                                    .risk = json_str(c->query, "risk"),
                                    .gateway = json_str(c->query, "gateway"),
                                    .object = json_str(c->query, "object"),
                                    .actor = json_str(c->query, "actor"),
                                    .cursor = json_str(c->query, "cursor"),
                                    .since = since ? when_since(since, when_now()) : 0,
                                    .limit = (int)json_num(c->query, "limit", 20),
                                    .look = LOOKED_AT,
                                    .decisions = true };
    if (since && q.since <= 0)
        err_set(&c->err, ERR_ARGS, "since: '%.40s' is neither 15m, 2h, 3d nor a time", since);
    cJSON *list =
        c->err.kind == ERR_NONE ? engine_list(api_engine(c), c->arena, &q, &c->err) : NULL;
    if (list)
        api_answer(c, list, NULL);
    else
        api_fail(c);
}

/* -- one change -------------------------------------------------------------------------- */

/* What a decision names, taken out of the answer: it says what was shown, so it comes last. */
struct named {
    const char *plan, *rendering, *seen, *word;
};

static const char *take_text(struct arena *a, cJSON *o, const char *member)
{
    const char *text = arena_strdup(a, json_str(o, member));
    json_remove(o, member);
    return text;
}

static struct named take_named(struct arena *a, cJSON *o)
{
    return (struct named){ take_text(a, o, "digest"), take_text(a, o, "rendering"),
                           take_text(a, o, "seen"), take_text(a, o, "word") };
}

static bool awaits_decision(const cJSON *o)
{
    enum plan_state s = store_state_of(json_str(o, "state"));
    return s == STATE_DRAFT || s == STATE_PENDING;
}

/* Who must still decide, and whether this one may. */
static bool add_decision_to_come(const struct api *c, struct arena *a, cJSON *o, struct err *e)
{
    struct err barred = { 0 };
    if (!awaits_decision(o))
        return true;
    json_set_num(a, o, "missing", engine_missing(api_engine(c), c->id, e));
    if (!c->approver || e->kind != ERR_NONE)
        return e->kind == ERR_NONE;
    cJSON *you = json_set_object(a, o, "you");
    json_set_bool(a, you, "may_approve",
                  approve_takes(api_engine(c), CHANNEL_API, c->id, c->who, &barred));
    if (barred.kind != ERR_NONE)
        json_set_str(a, you, "why", barred.text);
    return true;
}

/* The way on: to the next part, or, for an approver who has read the last, to a decision. */
static void add_way_on(const struct api *c, struct arena *a, cJSON *o, const struct named *n)
{
    int part = (int)json_num(o, "part", 0), parts = (int)json_num(o, "parts", 1);
    if (part + 1 < parts)
        json_set_str(a, o, "next",
                     arena_printf(a, "/api/changes/%s?part=%d&seen=%s", c->id, part + 1,
                                  text_percent(a, n->seen)));
    else if (c->approver && awaits_decision(o)) {
        cJSON *read = json_set_object(a, o, "read");
        json_set_str(a, read, "plan", n->plan);
        json_set_str(a, read, "rendering", n->rendering);
        json_set_str(a, read, "seen", n->seen);
        if (n->word)
            json_set_str(a, read, "word", n->word);
    }
}

/* Of all that is said of the change but its parts, of which the digest of the rendering speaks. */
static const char *tag_of_change(struct arena *a, const cJSON *o, const struct named *n)
{
    return api_tag_of(a, arena_printf(a, "%s %s %s", n->plan, n->rendering, json_canonical(a, o)));
}

cJSON *api_change(const struct api *c, struct arena *a, const char **tag, struct err *e)
{
    static const char *const of_part[] = { "operations", "part", "parts" };
    struct decision d = { .arena = a, .engine = api_engine(c), .who = c->who, .id = c->id };
    cJSON *apart[3], *op;
    d.asked = c->query ? c->query : json_object(a);
    cJSON *o = decide_show(&d);
    if (!o) {
        *e = d.err;
        return NULL;
    }
    const struct named n = take_named(a, o);
    json_remove(o, "asks"); /* it is the owner */
    for (int i = 0; i < 3; i++)
        json_detach(o, apart[i] = json_get(o, of_part[i]));
    if (!add_decision_to_come(c, a, o, e))
        return NULL;
    *tag = tag_of_change(a, o, &n);
    for (int i = 0; i < 3; i++)
        json_set(a, o, of_part[i], apart[i]);
    cJSON_ArrayForEach(op, apart[0]) json_remove(op, "rows");
    add_way_on(c, a, o, &n);
    return o;
}

static void show_now(struct api *c)
{
    const char *tag = NULL;
    if (!api_finds(c))
        return;
    cJSON *o = api_change(c, c->arena, &tag, &c->err);
    if (o)
        api_answer(c, o, tag);
    else if (c->err.kind == ERR_POLICY)
        api_refuse(c, "not_shown", c->err.text);
    else
        api_fail(c);
}

/* -- waiting ----------------------------------------------------------------------------- */

static int count_waits(const struct web *w, const char *who)
{
    int n = 0;
    for (const struct api *c = w->held; c; c = c->next)
        n += !who || !strcmp(c->who, who);
    return n;
}

/* Is it what is waited for? Where it cannot be read, that is to be said at once. */
static bool has_come(const struct api *c, struct arena *a)
{
    struct err e = { 0 };
    const char *tag = NULL;
    bool known = http_header(c->x, "if-none-match") != NULL;
    const cJSON *o =
        known ? api_change(c, a, &tag, &e) : engine_show(api_engine(c), a, c->id, false, &e);
    if (!o || known)
        return !o || !api_header_names(c, "if-none-match", tag);
    return store_final(store_state_of(json_str(o, "state")));
}

/* Looks only when the audit has a new line: whatever becomes of a change writes one. */
static bool is_time_to_answer(struct api *c)
{
    struct arena *a = arena_new();
    const char *newest = engine_newest(api_engine(c), a);
    bool news = strcmp(newest, c->newest) != 0, come = false;
    snprintf(c->newest, sizeof c->newest, "%s", newest);
    if (news)
        come = has_come(c, a);
    arena_free(a);
    return come;
}

static void wait_for_change(void *arg)
{
    struct api *c = arg;
    struct loop *l = c->web->mcp->loop;
    double until = loop_now(l) + json_num(c->query, "wait", 0);
    while (!is_time_to_answer(c) && loop_now(l) < until)
        if (!nap_for(l, LOOK_EVERY, "what becomes of change", c->id, &c->cancel, &c->err))
            break;
    if (!c->x) {
        arena_free(c->arena);
        return;
    }
    api_release(c);
    err_clear(&c->err);
    show_now(c);
}

void api_show(struct api *c)
{
    if (json_num(c->query, "wait", 0) <= 0) {
        show_now(c);
        return;
    }
    if (!api_finds(c))
        return;
    if (count_waits(c->web, NULL) >= WAITS_MAX || count_waits(c->web, c->who) >= WAITS_OF_ONE) {
        api_refuse(c, "busy",
                   "too many requests wait here already: ask without wait, or again later");
        return;
    }
    api_hold(c);
    fiber_start(wait_for_change, c);
}

/* -- the policy -------------------------------------------------------------------------- */

void api_policy(struct api *c)
{
    if (!api_finds(c))
        return;
    cJSON *o = engine_explain(api_engine(c), c->arena, c->id, &c->err);
    if (o)
        api_answer(c, o, NULL);
    else
        api_fail(c);
}
