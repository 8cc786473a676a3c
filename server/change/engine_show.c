/* engine_show.c - a change as an answer: shown, waited for; and applying as a caller sees it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "change/guard_private.h"
#include "change/served_private.h"
#include "net/loop.h"
#include "store/store_decision.h"

static const double POLL = 0.15, PATIENCE = 120; /* seconds */
enum { LIST_MAX = 100 };

static void set_time(struct arena *a, cJSON *o, const char *name, double unix_time)
{
    json_set_str(a, o, name, when_text(a, unix_time, false));
}

/* Where there are several, a change says which one it is for: by name, or by address when it is
 * another process's. */
static void set_gateway(const struct engine *g, struct arena *a, cJSON *o, const struct stored *row)
{
    const char *url = row->gateway;
    const struct engine_at *at = engine_at(g, url);
    if (config_several(g->config) || !at)
        json_set_str(a, o, "gateway", at && at->config->name ? at->config->name : url);
}

cJSON *engine_head(struct engine *g, struct arena *a, const struct stored *row)
{
    struct err ignored = { 0 }; /* whoever decides is told again, by rendering.h */
    cJSON *o = json_object(a);
    json_set_str(a, o, "id", row->id);
    json_set_str(a, o, "state", store_state_name(row->state));
    json_set_str(a, o, "title", row->title);
    json_set_str(a, o, "risk", row->risk);
    set_gateway(g, a, o, row);
    json_set_str(a, o, "tool", row->tool);
    json_set_str(a, o, "owner", row->owner);
    const char *rejected =
        engine_undecided(row) ? engine_rejected(g, a, row->gateway, row->wish, &ignored) : NULL;
    if (rejected)
        json_set_str(a, o, "rejected_before", rejected);
    if (row->undoes)
        json_set_str(a, o, "undoes", row->undoes);
    set_time(a, o, "created", row->created);
    if (row->state == STATE_APPLIED)
        set_time(a, o, "applied", row->updated);
    else if (row->updated - row->created >= 1)
        set_time(a, o, "updated", row->updated);
    return o;
}

/* Who decided, where, and whether that is who asked. */
bool engine_set_decision(struct engine *g, struct arena *a, cJSON *o, const struct stored *row,
                         struct err *e)
{
    struct store_decision d = { 0 };
    bool there = false;
    if (!store_decision(g->store, a, row, &d, &there, e))
        return false;
    if (!there)
        return true;
    cJSON *decision = json_set_object(a, o, "decision");
    json_set_str(a, decision, "verdict", d.verdict);
    json_set_str(a, decision, "who", d.who);
    json_set_str(a, decision, "channel", d.channel);
    set_time(a, decision, "at", d.at);
    bool yes = !strcmp(d.verdict, store_state_name(STATE_APPROVED));
    const char *note = engine_same_person(g, a, row->owner, channel_named(d.channel), d.who, yes);
    if (note)
        json_set_str(a, decision, "note", note);
    if (d.comment)
        json_set_str(a, decision, "comment", d.comment);
    return true;
}

/* Of very many outcomes those that went well are counted, not shown. */
static cJSON *bounded_outcomes(struct arena *a, const cJSON *result)
{
    const cJSON *all = json_get(result, "operations"), *op;
    if (json_count(all) <= LIST_MAX)
        return json_clone(a, result);
    cJSON *o = json_object(a), *counts = json_object(a), *shown = json_array(a);
    cJSON_ArrayForEach(op, all)
    {
        const char *outcome = json_str(op, "outcome");
        json_set_num(a, counts, outcome, json_num(counts, outcome, 0) + 1);
        if (strcmp(outcome, store_intent_name(INTENT_WRITTEN)) != 0 && json_count(shown) < LIST_MAX)
            json_add(a, shown, json_clone(a, op));
    }
    cJSON_ArrayForEach(op, result)
    {
        if (op != all)
            json_set(a, o, op->string, json_clone(a, op));
    }
    json_set(a, o, "operations", shown);
    json_set(a, o, "counts", counts);
    return o;
}

/* A plan of an earlier release that cannot be opened any more has none. */
static void set_summary_list(struct arena *a, cJSON *o, const char *name, const cJSON *summary)
{
    const cJSON *list = json_get(summary, name);
    json_set(a, o, name, list ? json_clone(a, list) : json_array(a));
}

/* Its times, and what watches it. */
static void set_what_is_to_come(struct engine *g, struct arena *a, cJSON *o,
                                const struct stored *row)
{
    cJSON *guard = guard_show(g, a, row);
    if (!store_final(row->state))
        set_time(a, o, "expires", row->expires);
    if (!store_final(row->state) && row->starts > 0)
        set_time(a, o, "starts", row->starts);
    if (guard)
        json_set(a, o, "guard", guard);
}

cJSON *engine_show(struct engine *g, struct arena *a, const char *id, bool whole, struct err *e)
{
    struct stored row = { 0 };
    struct store *s = engine_store(g, e);
    if (!s || !store_find(s, a, id, &row, e))
        return NULL;
    cJSON *o = engine_head(g, a, &row);
    set_what_is_to_come(g, a, o, &row);
    json_set_str(a, o, "digest", row.digest);
    const cJSON *summary = row.summary;
    struct plan *p = whole ? store_plan(s, a, row.id, e) : NULL;
    if (whole && !p)
        return NULL;
    if (p)
        summary = plan_show(a, p, true);
    set_summary_list(a, o, "operations", summary);
    set_summary_list(a, o, "warnings", summary);
    if (json_get(summary, "more_operations"))
        json_set_num(a, o, "more_operations", json_num(summary, "more_operations", 0));
    if (!engine_set_decision(g, a, o, &row, e) || !engine_set_policy(g, a, o, &row, e))
        return NULL;
    if (row.result)
        json_set(a, o, "result", bounded_outcomes(a, row.result));
    if (served_is_looked_at(g, &row))
        json_set_bool(a, json_path(o, "result.served"), "looking", true);
    return o;
}

/* Is it approved, and its time still to come? */
static bool is_early(const struct stored *row)
{
    return row->state == STATE_APPROVED && row->starts > when_now();
}

/* Does something come of it soon? */
static bool at_work(struct engine *g, const char *id, struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    bool found = store_find(g->store, a, id, &row, e);
    bool works =
        row.state == STATE_PENDING || row.state == STATE_APPROVED || row.state == STATE_APPLYING;
    works = found && ((works && !is_early(&row)) || served_is_looked_at(g, &row));
    arena_free(a);
    return works;
}

static bool find_change_state(struct engine *g, const char *id, enum plan_state *state,
                              bool *looked_at, struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct store *s = engine_store(g, e);
    bool ok = s && store_find(s, a, id, &row, e);
    *state = row.state;
    *looked_at = ok && served_is_looked_at(g, &row);
    arena_free(a);
    return ok;
}

const char *engine_newest(struct engine *g, struct arena *a)
{
    struct err unread = { 0 }; /* whoever reads the store is told */
    const char *hash = g->store ? store_audit_newest(g->store, a, &unread) : NULL;
    return hash ? hash : "";
}

cJSON *engine_wait(struct engine *g, struct arena *a, const char *id, double seconds,
                   struct cancel *c, struct err *e)
{
    double until = loop_now(g->loop) + seconds;
    if (!engine_store(g, e))
        return NULL;
    for (;;) {
        if (loop_now(g->loop) >= until || !at_work(g, id, e))
            return e->kind == ERR_NONE ? engine_show(g, a, id, false, e) : NULL;
        if (!nap_for(g->loop, POLL, "what becomes of change", id, c, e))
            return NULL;
    }
}

/* Somebody else applies it: their result is ours. */
static bool wait_for_other(struct engine *g, const char *id, struct cancel *c,
                           enum plan_state *state, struct err *e)
{
    double until = loop_now(g->loop) + PATIENCE;
    bool looked_at = false;
    for (;;) {
        if (!find_change_state(g, id, state, &looked_at, e))
            return false;
        if (*state != STATE_APPLYING && *state != STATE_APPROVED && !looked_at)
            return true;
        if (loop_now(g->loop) >= until)
            return err_set(e, ERR_UNKNOWN,
                           "change %s is still being applied by another process; "
                           "get_change shows what comes of it",
                           id);
        if (!nap(g->loop, POLL, c, e))
            return false;
    }
}

static bool say_state(const struct stored *row, struct err *e)
{
    const char *text = json_str(row->result, "text");
    enum err_kind kind = row->state == STATE_UNKNOWN  ? ERR_UNKNOWN
                         : row->state == STATE_FAILED ? ERR_GATEWAY
                                                      : ERR_POLICY;
    return err_set(e, kind, "change %s is %s%s%s", row->id, store_state_name(row->state),
                   text ? ": " : "; nothing was written by it", text ? text : "");
}

cJSON *engine_apply(struct engine *g, struct arena *a, const char *id, struct cancel *c,
                    struct err *e)
{
    return engine_apply_told(g, a, id, (struct engine_listener){ 0 }, c, e);
}

static bool find_decided(struct engine *g, struct arena *a, const char *id, struct stored *row,
                         struct err *e)
{
    struct store *s = engine_store(g, e);
    if (!s || !store_expire(s, e) || !store_find(s, a, id, row, e))
        return false;
    return !engine_undecided(row) ||
           err_set(e, ERR_POLICY, "change %s waits for a decision", row->id);
}

cJSON *engine_apply_told(struct engine *g, struct arena *a, const char *id,
                         struct engine_listener listener, struct cancel *c, struct err *e)
{
    struct stored row = { 0 };
    enum plan_state state = 0;
    if (!find_decided(g, a, id, &row, e))
        return NULL;
    id = row.id;
    if (is_early(&row)) /* the watcher of the process that holds it does, then */
        return engine_show(g, a, id, false, e);
    if (row.state == STATE_APPROVED)
        apply_run(g, a, id, listener, c, &state, e);
    if (e->kind != ERR_NONE)
        return NULL;
    if (!state && !wait_for_other(g, id, c, &state, e))
        return NULL;
    if (!store_find(g->store, a, id, &row, e))
        return NULL;
    return state == STATE_APPLIED ? engine_show(g, a, id, false, e) : (say_state(&row, e), NULL);
}
