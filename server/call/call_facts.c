/* call_facts.c - changes as data beside their words (approve/summary.c), which are complete in
 * themselves.
 *
 * The data leaves out what only explains (warnings, what to do next), what the audit keeps
 * (digests, bases) and what repeats (outcomes of writes that went well). A client that draws plans
 * for its person gets all of it.
 */
#include "approve/approve.h"
#include "call/call_private.h"

static const char *fact_text(const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? s : "";
}

static bool is_in_list(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

static cJSON *operation_facts(struct arena *a, const cJSON *op)
{
    static const char *const left[] = { "base", "before", "after", NULL };
    cJSON *o = json_object(a);
    const cJSON *m;
    cJSON_ArrayForEach(m, op)
    {
        if (!is_in_list(m->string, left))
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
        if (!approve_went_well(op))
            json_add(a, odd, json_clone(a, op));
    }
    cJSON_ArrayForEach(m, result)
    {
        if (strcmp(m->string, "operations") != 0 &&
            (strcmp(m->string, "text") != 0 || approve_result(change)))
            json_set(a, o, m->string, json_clone(a, m));
    }
    if (json_count(odd))
        json_set(a, o, "operations", odd);
    return json_count(o) ? o : NULL;
}

static cJSON *change_facts(struct arena *a, const cJSON *change)
{
    static const char *const left[] = {
        "digest", "tool", "warnings", "next", "why_not_asked_here", "operations", "result", NULL
    };
    cJSON *o = json_object(a), *ops = json_array(a), *result = result_facts(a, change);
    const cJSON *m;
    cJSON_ArrayForEach(m, change)
    {
        if (!is_in_list(m->string, left))
            json_set(a, o, m->string, json_clone(a, m));
    }
    cJSON_ArrayForEach(m, json_get(change, "operations")) json_add(a, ops, operation_facts(a, m));
    json_set(a, o, "operations", ops);
    if (result)
        json_set(a, o, "result", result);
    return o;
}

static const char *say_change(struct arena *a, const cJSON *change)
{
    return approve_summary(a, change);
}

const struct call_voice call_of_change = { say_change, change_facts };

/* -- lists ------------------------------------------------------------------------------------ */

/* risk is said where it is more than a change. */
static cJSON *row_facts(struct arena *a, const cJSON *change)
{
    static const char *const kept[] = { "id",      "state",   "title",  "owner",  "created",
                                        "applied", "updated", "undoes", "gateway" };
    const cJSON *d = json_get(change, "decision");
    cJSON *o = json_object(a);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_get(change, kept[i]))
            json_set_str(a, o, kept[i], fact_text(change, kept[i]));
    if (strcmp(fact_text(change, "risk"), "change") != 0)
        json_set_str(a, o, "risk", fact_text(change, "risk"));
    if (json_get(change, "rejected_before"))
        json_set_bool(a, o, "rejected_before", true);
    if (json_get(change, "since")) /* an outside edit */
        json_set_str(a, o, "since", fact_text(change, "since"));
    if (json_get(change, "diff"))
        json_set(a, o, "diff", json_clone(a, json_get(change, "diff")));
    if (d)
        json_set_str(a, o, "by",
                     arena_printf(a, "%s (%s)", fact_text(d, "who"), fact_text(d, "channel")));
    return o;
}

static cJSON *list_facts(struct arena *a, const cJSON *answer)
{
    cJSON *o = json_object(a), *rows = json_set_array(a, o, "changes");
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(answer, "changes")) json_add(a, rows, row_facts(a, change));
    if (json_get(answer, "next"))
        json_set_str(a, o, "next", fact_text(answer, "next"));
    if (json_get(answer, "looks"))
        json_set(a, o, "looks", json_clone(a, json_get(answer, "looks")));
    return o;
}

static const char *say_list(struct arena *a, const cJSON *answer)
{
    return approve_summary_list(a, answer);
}

const struct call_voice call_of_changes = { say_list, list_facts };
