/* call_say.c - changes as tools answer them: all of it in words, and the facts once more as data.
 *
 * The words are complete in themselves. The data leaves out what only explains (warnings, what to
 * do next), what the audit keeps (digests, bases) and what repeats (outcomes of writes that went
 * well); a client that draws plans for its person gets all of it.
 */
#include "base/buf.h"
#include "call/call_private.h"
#include "call/change.h"
#include "store/store.h"

enum { SAY_MAX = 1 << 20 };

static const char *str(const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? s : "";
}

static bool is_in(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

/* -- words ------------------------------------------------------------------------------- */

static void say_object(struct buf *b, const cJSON *op)
{
    const char *scope = str(op, "scope");
    buf_printf(b, "%s %s %s%s%s", str(op, "verb"), str(op, "kind"), str(op, "name"),
               *scope ? " at " : "", scope);
}

static void say_operations(struct buf *b, const cJSON *change)
{
    const cJSON *op, *line;
    cJSON_ArrayForEach(op, json_get(change, "operations"))
    {
        say_object(b, op);
        buf_char(b, '\n');
        cJSON_ArrayForEach(line, json_get(op, "diff"))
            buf_printf(b, "  %s\n", line->valuestring ? line->valuestring : "");
    }
    if (json_get(change, "more_operations"))
        buf_printf(b, "and %.0f more operations\n", json_num(change, "more_operations", 0));
    cJSON_ArrayForEach(line, json_get(change, "warnings"))
        buf_printf(b, "! %s\n", line->valuestring ? line->valuestring : "");
}

/* Who decided; or that nobody has, or did in time. */
static void say_decision(struct buf *b, const cJSON *change)
{
    const cJSON *d = json_get(change, "decision");
    enum plan_state state = store_state_of(json_str(change, "state"));
    if (d)
        buf_printf(b, ", %s by %s (%s) at %s", str(d, "verdict"), str(d, "who"), str(d, "channel"),
                   str(d, "at"));
    else if (state == STATE_PENDING)
        buf_str(b, "; a person was asked and has not decided");
    else if (state == STATE_EXPIRED)
        buf_str(b, "; nobody decided before it expired");
    if (d && json_str(d, "note"))
        buf_printf(b, "; %s", str(d, "note"));
}

static void say_life(struct buf *b, const cJSON *change)
{
    if (*str(change, "owner"))
        buf_printf(b, "asked by %s ", str(change, "owner"));
    buf_printf(b, "at %s", str(change, "created"));
    say_decision(b, change);
    if (json_get(change, "rejected_before"))
        buf_printf(b, "; rejected before: %s", str(change, "rejected_before"));
    if (json_get(change, "updated"))
        buf_printf(b, ", %s at %s", str(change, "state"), str(change, "updated"));
    if (json_get(change, "expires"))
        buf_printf(b, ", expires %s", str(change, "expires"));
    buf_char(b, '\n');
}

/* Written as planned, and nothing to remark. */
static bool went_well(const cJSON *outcome)
{
    return !strcmp(str(outcome, "outcome"), store_intent_name(INTENT_WRITTEN)) &&
           !json_get(outcome, "note") && !json_get(outcome, "differences");
}

static bool says_more(const cJSON *change, const cJSON *result)
{
    const char *text = str(result, "text"), *title = str(change, "title");
    return *text && !(text_starts(text, "applied: ") && !strcmp(text + 9, title));
}

static void say_result(struct arena *a, struct buf *b, const cJSON *change)
{
    const cJSON *result = json_get(change, "result"), *m, *op;
    if (says_more(change, result))
        buf_printf(b, "result: %s\n", str(result, "text"));
    cJSON_ArrayForEach(op, json_get(result, "operations"))
    {
        if (!went_well(op))
            buf_printf(b, "  %s\n", json_print(a, op));
    }
    cJSON_ArrayForEach(m, result)
    {
        if (strcmp(m->string, "text") != 0 && strcmp(m->string, "operations") != 0)
            buf_printf(b, "%s: %s\n", m->string, json_print(a, m));
    }
}

char *change_say(struct call *c, const cJSON *change)
{
    static const char *const more[] = { "gateway", "undoes", "why_not_asked_here", "decide_at",
                                        "next" };
    struct buf *b = buf_in(c->arena, SAY_MAX);
    const char *risk = str(change, "risk");
    buf_printf(b, "%s %s%s%s%s: %s\n", str(change, "id"), str(change, "state"), *risk ? " (" : "",
               risk, *risk ? ")" : "", str(change, "title"));
    say_operations(b, change);
    say_life(b, change);
    say_result(c->arena, b, change);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (json_get(change, more[i]))
            buf_printf(b, "%s: %s\n", more[i], str(change, more[i]));
    return b->data;
}

char *change_say_list(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(c->arena, SAY_MAX);
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(answer, "changes"))
    {
        const char *gateway = str(change, "gateway"), *risk = str(change, "risk");
        buf_printf(b, "%s %s%s%s%s: %s; ", str(change, "id"), str(change, "state"),
                   strcmp(risk, "destroy") ? "" : " (destroy)", *gateway ? " " : "", gateway,
                   str(change, "title"));
        say_life(b, change);
    }
    if (!b->len)
        buf_str(b, "no change matches\n");
    if (json_get(answer, "next"))
        buf_printf(b, "more with cursor %s\n", str(answer, "next"));
    buf_str(b, "Edits made elsewhere are not in this list; check_config compares.");
    return b->data;
}

/* -- data -------------------------------------------------------------------------------- */

static cJSON *operation_facts(struct arena *a, const cJSON *op)
{
    static const char *const left[] = { "base", "before", "after", NULL };
    cJSON *o = json_object(a);
    const cJSON *m;
    cJSON_ArrayForEach(m, op)
    {
        if (!is_in(m->string, left))
            json_set(a, o, m->string, json_clone(a, m));
    }
    return o;
}

/* Of a result what went otherwise than planned; NULL: nothing did. */
static cJSON *result_facts(struct arena *a, const cJSON *change)
{
    const cJSON *result = json_get(change, "result"), *m, *op;
    cJSON *o = json_object(a), *odd = json_array(a);
    cJSON_ArrayForEach(op, json_get(result, "operations"))
    {
        if (!went_well(op))
            json_add(a, odd, json_clone(a, op));
    }
    cJSON_ArrayForEach(m, result)
    {
        if (strcmp(m->string, "operations") != 0 &&
            (strcmp(m->string, "text") != 0 || says_more(change, result)))
            json_set(a, o, m->string, json_clone(a, m));
    }
    if (json_count(odd))
        json_set(a, o, "operations", odd);
    return json_count(o) ? o : NULL;
}

cJSON *call_change_facts(struct arena *a, const cJSON *change)
{
    static const char *const left[] = {
        "digest", "tool", "warnings", "next", "why_not_asked_here", "operations", "result", NULL
    };
    cJSON *o = json_object(a), *ops = json_array(a), *result = result_facts(a, change);
    const cJSON *m;
    cJSON_ArrayForEach(m, change)
    {
        if (!is_in(m->string, left))
            json_set(a, o, m->string, json_clone(a, m));
    }
    cJSON_ArrayForEach(m, json_get(change, "operations")) json_add(a, ops, operation_facts(a, m));
    json_set(a, o, "operations", ops);
    if (result)
        json_set(a, o, "result", result);
    return o;
}

/* risk is said where it is more than a change. */
static cJSON *row_facts(struct arena *a, const cJSON *change)
{
    static const char *const kept[] = { "id",      "state",   "title",  "owner",
                                        "created", "updated", "undoes", "gateway" };
    const cJSON *d = json_get(change, "decision");
    cJSON *o = json_object(a);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_get(change, kept[i]))
            json_set_str(a, o, kept[i], str(change, kept[i]));
    if (strcmp(str(change, "risk"), "change") != 0)
        json_set_str(a, o, "risk", str(change, "risk"));
    if (json_get(change, "rejected_before"))
        json_set_bool(a, o, "rejected_before", true);
    if (d)
        json_set_str(a, o, "by", arena_printf(a, "%s (%s)", str(d, "who"), str(d, "channel")));
    return o;
}

cJSON *call_list_facts(struct arena *a, const cJSON *answer)
{
    cJSON *o = json_object(a), *rows = json_set_array(a, o, "changes");
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(answer, "changes")) json_add(a, rows, row_facts(a, change));
    if (json_get(answer, "next"))
        json_set_str(a, o, "next", str(answer, "next"));
    return o;
}
