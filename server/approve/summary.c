/* summary.c - changes in words, out of what engine_show and engine_list give: what they do, who
 * asked and who decided, what became of them. Nothing is decided upon this text. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

enum { VALUE_BYTES = 2000 /* of one value or line */ };

static const char *str(const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? s : "";
}

static void put_object(struct buf *b, const cJSON *op)
{
    const char *scope = str(op, "scope");
    buf_printf(b, "%s %s %s%s%s", str(op, "verb"), str(op, "kind"), str(op, "name"),
               *scope ? " at " : "", scope);
}

static void put_line(struct arena *a, struct buf *b, const char *mark, const cJSON *line)
{
    if (cJSON_IsString(line))
        buf_printf(b, "%s%s\n", mark, text_clean(a, line->valuestring, VALUE_BYTES));
}

static void put_operations(struct arena *a, struct buf *b, const cJSON *change)
{
    const cJSON *op, *line;
    cJSON_ArrayForEach(op, json_get(change, "operations"))
    {
        put_object(b, op);
        buf_char(b, '\n');
        cJSON_ArrayForEach(line, json_get(op, "diff")) put_line(a, b, "  ", line);
    }
    if (json_get(change, "more_operations"))
        buf_printf(b, "and %.0f more operations\n", json_num(change, "more_operations", 0));
    cJSON_ArrayForEach(line, json_get(change, "warnings")) put_line(a, b, "! ", line);
}

/* Who decided; or that nobody has, or did in time. */
static void put_decision(struct buf *b, const cJSON *change)
{
    const cJSON *d = json_get(change, "decision");
    const char *state = str(change, "state");
    if (d)
        buf_printf(b, ", %s by %s (%s) at %s", str(d, "verdict"), str(d, "who"), str(d, "channel"),
                   str(d, "at"));
    else if (!strcmp(state, "pending"))
        buf_str(b, json_get(change, "approvals") ? "; not all have decided"
                                                 : "; a person was asked and has not decided");
    else if (!strcmp(state, "expired"))
        buf_str(b, "; nobody decided before it expired");
    if (d && json_str(d, "note"))
        buf_printf(b, "; %s", str(d, "note"));
}

/* Those who have agreed so far, of several. */
static void put_approvals(struct buf *b, const cJSON *change)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(change, "approvals"))
        buf_printf(b, "approved so far: %s (%s) at %s\n", str(one, "who"), str(one, "channel"),
                   str(one, "at"));
}

static void put_life(struct buf *b, const cJSON *change)
{
    if (*str(change, "owner"))
        buf_printf(b, "asked by %s ", str(change, "owner"));
    buf_printf(b, "at %s", str(change, "created"));
    put_decision(b, change);
    if (json_get(change, "rejected_before"))
        buf_printf(b, "; rejected before: %s", str(change, "rejected_before"));
    if (json_get(change, "updated"))
        buf_printf(b, ", %s at %s", str(change, "state"), str(change, "updated"));
    if (json_get(change, "expires"))
        buf_printf(b, ", expires %s", str(change, "expires"));
    buf_char(b, '\n');
}

bool approve_went_well(const cJSON *outcome)
{
    return !strcmp(str(outcome, "outcome"), "written") && !json_get(outcome, "note") &&
           !json_get(outcome, "differences");
}

const char *approve_result(const cJSON *change)
{
    static const char plain[] = "applied: ";
    const char *text = str(json_get(change, "result"), "text");
    bool repeats = text_starts(text, plain) && !strcmp(text + strlen(plain), str(change, "title"));
    return *text && !repeats ? text : NULL;
}

static void put_result(struct arena *a, struct buf *b, const cJSON *change)
{
    const cJSON *result = json_get(change, "result"), *m, *op;
    if (approve_result(change))
        buf_printf(b, "result: %s\n", approve_result(change));
    cJSON_ArrayForEach(op, json_get(result, "operations"))
    {
        if (!approve_went_well(op))
            buf_printf(b, "  %s\n", json_print(a, op));
    }
    cJSON_ArrayForEach(m, result)
    {
        if (strcmp(m->string, "text") != 0 && strcmp(m->string, "operations") != 0)
            buf_printf(b, "%s: %s\n", m->string, json_print(a, m));
    }
}

char *approve_summary(struct arena *a, const cJSON *change)
{
    static const char *const more[] = { "policy",    "needs", "undoes", "why_not_asked_here",
                                        "decide_at", "next" };
    struct buf *b = buf_in(a, APPROVE_UNBOUNDED);
    const char *gateway = str(change, "gateway");
    buf_printf(b, "%s %s (%s%s%s): %s\n", str(change, "id"), str(change, "state"),
               str(change, "risk"), *gateway ? ", gateway " : "", gateway, str(change, "title"));
    put_operations(a, b, change);
    put_life(b, change);
    put_approvals(b, change);
    put_result(a, b, change);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (json_get(change, more[i]))
            buf_printf(b, "%s: %s\n", more[i], str(change, more[i]));
    return b->data;
}

char *approve_summary_list(struct arena *a, const cJSON *answer)
{
    struct buf *b = buf_in(a, APPROVE_UNBOUNDED);
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(answer, "changes"))
    {
        const char *gateway = str(change, "gateway"), *risk = str(change, "risk");
        buf_printf(b, "%s %s%s%s%s: %s; ", str(change, "id"), str(change, "state"),
                   strcmp(risk, "destroy") ? "" : " (destroy)", *gateway ? " " : "", gateway,
                   str(change, "title"));
        put_life(b, change);
    }
    if (!b->len)
        buf_str(b, "no change matches\n");
    if (json_get(answer, "next"))
        buf_printf(b, "more with cursor %s\n", str(answer, "next"));
    buf_str(b,
            "Edits made elsewhere are not in this list: check_config finds them. object, actor or "
            "minutes: also who decided.");
    return b->data;
}
