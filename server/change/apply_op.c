/* apply_op.c - one operation of an apply: the only place from which a change goes out.
 *
 * After a request without a clear answer the gateway is read, so that the outcome is known wherever
 * reading can tell. An answer of success is not believed before the object was seen.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/trace.h"
#include "change/apply_private.h"
#include "change/parts_private.h"
#include "console/gateway.h"
#include "console/write.h"
#include "kind/kind.h"
#include "net/loop.h"
#include "plan/compare.h"

enum { LOOKS = 3, TARGET_LOOKS = 20 };

static bool send_op(struct job *j, const struct plan_op *op, const cJSON *now,
                    enum write_doubt *doubt, struct err *e)
{
    struct gateway *g = j->at->gateway;
    if (op->verb == PLAN_DELETE)
        return write_delete(g, j->arena, op->kind, op->name, op->scope, doubt, e);
    if (op->verb == PLAN_CREATE)
        return write_create(g, j->arena, op->kind, op->scope, op->after, doubt, e);
    /* An earlier operation of this plan may have moved the version (a domain rewrites its routes);
     * the content was compared a moment ago. */
    cJSON *body = json_clone(j->arena, op->after);
    const char *version = kind_version_of(op->kind, now);
    if (version)
        json_set_str(j->arena, body, "version", version);
    return write_put(g, j->arena, op->kind, op->name, op->scope, body, doubt, e);
}

/* Made by the console for something that this plan made a moment ago: an AI route brings its
 * statistics along. What the plan says of it holds. */
static bool made_along(const struct job *j, int i)
{
    const struct plan_op *op = &j->plan->ops[i];
    for (int n = 0; op->verb == PLAN_CREATE && op->scope && n < i; n++) {
        const struct plan_op *by = &j->plan->ops[n];
        if (by->verb == PLAN_CREATE && text_starts(op->scope, "route:") &&
            kind_makes_route(j->arena, by->kind, by->name, op->scope + strlen("route:")))
            return true;
    }
    return false;
}

/* A service is discovered some time after its source was made: its instances wait for it. */
static bool wait_for_target(struct job *j, int i, struct err *e)
{
    const struct plan_op *op = &j->plan->ops[i];
    bool waits =
        i > 0 && op->verb == PLAN_CREATE && op->scope && text_starts(op->scope, "service:");
    for (int n = 0; waits && n < TARGET_LOOKS; n++) {
        bool missing = false;
        struct err why = { 0 };
        if (gateway_object(j->at->gateway, j->arena, op->kind, op->name, op->scope, &missing,
                           j->cancel, &why) ||
            why.status != 400)
            break;
        if (!nap(j->engine->loop, j->at->config->pause, j->cancel, e))
            return false;
    }
    return true;
}

/* The last look before the first byte. */
static bool still_there(struct job *j, int i, const cJSON **now)
{
    const struct plan_op *op = &j->plan->ops[i];
    struct err e = { 0 };
    *now = op->before;
    if (j->cancel && j->cancel->fired) {
        apply_say(j, "cancelled before %s '%s' was written", op->kind->name, op->name);
        return false;
    }
    if (j->plan->count == 1)
        return true; /* compared right now */
    if (!wait_for_target(j, i, &e) || !apply_read(j, j->arena, op, now, j->cancel, &e)) {
        apply_say(j, "%s '%s' was not written: %s", op->kind->name, op->name, e.text);
        return false;
    }
    if (compare_alike(j->arena, op, op->before, *now) || made_along(j, i))
        return true;
    apply_say(j, "%s '%s' was not written: it changed while applying", op->kind->name, op->name);
    return false;
}

static bool keep_outcome(struct job *j, int i, enum intent what, const char *text,
                         cJSON *differences)
{
    struct err e = { 0 };
    apply_set_outcome(j, i, what, text, differences);
    if (store_intend(j->engine->store, j->id, i, what, text, &e))
        return true;
    apply_say(j, "the state could not be kept: %s", e.text);
    return false;
}

enum compare apply_look(struct job *j, const struct plan_op *op, enum write_doubt doubt,
                        const cJSON **now)
{
    enum compare is = 0;
    for (int n = 0; n < LOOKS; n++) {
        struct err e = { 0 };
        const cJSON *seen;
        if (n > 0 && !nap(j->engine->loop, j->at->config->pause * 1.5 * n, NULL, &e))
            break;
        if (!apply_read(j, j->arena, op, &seen, NULL, &e))
            continue;
        *now = seen;
        is = compare_now(j->arena, op, *now);
        if (is != COMPARE_BEFORE || doubt == WRITE_ANSWERED)
            break;
    }
    return is;
}

static bool doubtful(struct job *j, int i, const char *why, cJSON *differences)
{
    const struct plan_op *op = &j->plan->ops[i];
    apply_say(j, "%s '%s' may or may not have been written: %s", op->kind->name, op->name, why);
    keep_outcome(j, i, INTENT_UNKNOWN, why, differences);
    j->unknown = true;
    return false;
}

/* The answer was success; what does the gateway hold? Said to be written only when it was seen. */
static bool read_back(struct job *j, int i)
{
    const struct plan_op *op = &j->plan->ops[i];
    const cJSON *now = NULL;
    enum compare is = apply_look(j, op, WRITE_BROKEN, &now);
    if (!is)
        return doubtful(j, i, "accepted, but it could not be read back", NULL);
    cJSON *differences = compare_wanted(j->arena, op, now);
    j->wrote[i] = now;
    bool kept = op->verb == PLAN_DELETE ? !now : now && is != COMPARE_BEFORE;
    if (kept)
        return keep_outcome(j, i, INTENT_WRITTEN,
                            json_count(differences) ? "the gateway stored it differently" : NULL,
                            differences);
    keep_outcome(j, i, INTENT_NOT_WRITTEN, "answered with success, but reading shows no change",
                 differences);
    apply_say(j, "the gateway answered with success, but %s '%s' is as it was before",
              op->kind->name, op->name);
    return false;
}

static bool refuse_operation(struct job *j, int i, enum intent what, const struct err *why,
                             cJSON *differences)
{
    const struct plan_op *op = &j->plan->ops[i];
    apply_say(j, "%s '%s' was not written: %s", op->kind->name, op->name, why->text);
    keep_outcome(j, i, what, why->text, differences);
    return false;
}

static bool in_part(struct job *j, int i, const char *what, const struct err *why,
                    cJSON *differences)
{
    const struct plan_op *op = &j->plan->ops[i];
    apply_say(j, "%s '%s' was written in part (%s): %s", op->kind->name, op->name, what, why->text);
    keep_outcome(j, i, INTENT_UNKNOWN,
                 arena_printf(j->arena, "written in part, %s: %s", what, why->text), differences);
    j->unknown = true;
    return false;
}

/* Of the parts that the console writes first, the one that is not as it was before. */
static const char *part_left(struct job *j, const struct plan_op *op, bool *seen)
{
    bool has = parts_has(op->kind);
    cJSON *parts = has ? parts_read(j->at->gateway, j->arena, op->kind, op->name) : NULL;
    /* Parts that nobody can read may be changed while those that can be read are not: only of an
     * object that never was there it is sure that nothing is. */
    *seen = !has || (op->verb == PLAN_CREATE && j->parts && parts);
    return j->parts && parts ? parts_moved(j->arena, j->parts, parts) : NULL;
}

static bool unclear(struct job *j, int i, enum write_doubt doubt, const struct err *why)
{
    const struct plan_op *op = &j->plan->ops[i];
    const cJSON *now = NULL;
    enum compare is = apply_look(j, op, doubt, &now);
    if (is == COMPARE_AFTER) {
        j->wrote[i] = now;
        j->remark = arena_strdup(j->arena, why->text);
        return keep_outcome(j, i, INTENT_WRITTEN,
                            arena_printf(j->arena, "it is there, although: %s", why->text), NULL);
    }
    cJSON *differences = is ? compare_wanted(j->arena, op, now) : NULL;
    if (is == COMPARE_OTHER && doubt != WRITE_PENDING)
        return in_part(j, i, now ? "it is there, not as wanted" : "it is gone", why, differences);
    bool seen;
    const char *left = part_left(j, op, &seen);
    if (left)
        return in_part(j, i, left, why, differences);
    if (is != COMPARE_BEFORE || doubt == WRITE_PENDING || !seen)
        return doubtful(j, i, why->text, differences);
    return refuse_operation(j, i, why->status / 100 == 4 ? INTENT_REFUSED : INTENT_NOT_WRITTEN, why,
                            differences);
}

bool apply_op(struct job *j, int i, bool *undo)
{
    const struct plan_op *op = &j->plan->ops[i];
    const cJSON *now;
    struct err e = { 0 };
    bool held = false;
    enum write_doubt doubt;
    if (!still_there(j, i, &now))
        return false;
    if (!store_start_op(j->engine->store, j->id, i, STORE_LEASE_WRITING, &held, &e)) {
        apply_say(j, "the state could not be kept: %s", e.text);
        return false;
    }
    if (!held) {
        *undo = false;
        j->unknown = j->done > 0;
        apply_say(j, "stopped: another process took this change over");
        return false;
    }
    apply_set_outcome(j, i, INTENT_STARTED, NULL, NULL);
    j->parts =
        parts_has(op->kind) ? parts_read(j->at->gateway, j->arena, op->kind, op->name) : NULL;
    apply_step("intent", i);
    bool ok = send_op(j, op, now, &doubt, &e);
    apply_step("sent", i);
    if (ok)
        ok = read_back(j, i);
    else
        ok = doubt ? unclear(j, i, doubt, &e) : refuse_operation(j, i, INTENT_REFUSED, &e, NULL);
    apply_step("recorded", i);
    trace(TRACE_CHANGE, "%s: %s %s %s: %s", j->id, plan_verb_name(op->verb), op->kind->name,
          op->name, ok ? "written and read back" : j->text);
    return ok;
}
