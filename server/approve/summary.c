/* summary.c - changes in words, out of what engine_show and engine_list give: what they do, who
 * asked and who decided, what became of them. Nothing is decided upon this text. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

enum { VALUE_BYTES = 2000 /* of one value or line */ };

static const char *op_text(const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? s : "";
}

static void put_operation_object(struct buf *b, const cJSON *op)
{
    const char *scope = op_text(op, "scope");
    buf_printf(b, "%s %s %s%s%s", op_text(op, "verb"), op_text(op, "kind"), op_text(op, "name"),
               *scope ? " at " : "", scope);
}

static void put_marked_line(struct arena *a, struct buf *b, const char *mark, const cJSON *line)
{
    if (cJSON_IsString(line))
        buf_printf(b, "%s%s\n", mark, text_clean(a, line->valuestring, VALUE_BYTES));
}

static void put_operations(struct arena *a, struct buf *b, const cJSON *change)
{
    const cJSON *op, *line;
    cJSON_ArrayForEach(op, json_get(change, "operations"))
    {
        put_operation_object(b, op);
        buf_char(b, '\n');
        cJSON_ArrayForEach(line, json_get(op, "diff")) put_marked_line(a, b, "  ", line);
    }
    if (json_get(change, "more_operations"))
        buf_printf(b, "and %.0f more operations\n", json_num(change, "more_operations", 0));
    cJSON_ArrayForEach(line, json_get(change, "warnings")) put_marked_line(a, b, "! ", line);
}

/* Who decided; or that nobody has, or did in time. */
static void put_decision(struct buf *b, const cJSON *change)
{
    const cJSON *d = json_get(change, "decision");
    const char *state = op_text(change, "state");
    if (d)
        buf_printf(b, ", %s by %s (%s) at %s", op_text(d, "verdict"), op_text(d, "who"),
                   op_text(d, "channel"), op_text(d, "at"));
    else if (!strcmp(state, "pending"))
        buf_str(b, json_get(change, "approvals") ? "; not all have decided"
                                                 : "; a person was asked and has not decided");
    else if (!strcmp(state, "expired"))
        buf_str(b, "; nobody decided before it expired");
    if (d && json_str(d, "note"))
        buf_printf(b, "; %s", op_text(d, "note"));
}

/* Those who have agreed so far, of several. */
static void put_approvals(struct buf *b, const cJSON *change)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(change, "approvals"))
        buf_printf(b, "approved so far: %s (%s) at %s\n", op_text(one, "who"),
                   op_text(one, "channel"), op_text(one, "at"));
}

static void put_life(struct buf *b, const cJSON *change)
{
    if (*op_text(change, "owner"))
        buf_printf(b, "asked by %s ", op_text(change, "owner"));
    buf_printf(b, "at %s", op_text(change, "created"));
    put_decision(b, change);
    if (json_get(change, "rejected_before"))
        buf_printf(b, "; rejected before: %s", op_text(change, "rejected_before"));
    if (json_get(change, "applied"))
        buf_printf(b, ", applied at %s", op_text(change, "applied"));
    else if (json_get(change, "updated"))
        buf_printf(b, ", %s at %s", op_text(change, "state"), op_text(change, "updated"));
    if (json_get(change, "expires"))
        buf_printf(b, ", expires %s", op_text(change, "expires"));
    buf_char(b, '\n');
}

bool approve_went_well(const cJSON *outcome)
{
    return !strcmp(op_text(outcome, "outcome"), "written") && !json_get(outcome, "note") &&
           !json_get(outcome, "differences");
}

const char *approve_result(const cJSON *change)
{
    static const char plain[] = "applied: ";
    const char *text = op_text(json_get(change, "result"), "text");
    bool repeats =
        text_starts(text, plain) && !strcmp(text + strlen(plain), op_text(change, "title"));
    return *text && !repeats ? text : NULL;
}

const char *approve_served(const cJSON *change)
{
    const cJSON *served = json_path(change, "result.served");
    return json_true(served, "looking") ? "looking whether every replica serves it"
                                        : json_str(served, "says");
}

/* All replicas that do not serve it, where the sentence names one, and what Envoy does not show. */
static void put_served(struct arena *a, struct buf *b, const cJSON *change)
{
    const cJSON *served = json_path(change, "result.served"), *all = json_get(served, "not"), *one;
    const cJSON *several = json_count(all) > 1 ? all : NULL;
    if (!approve_served(change))
        return;
    buf_printf(b, "served: %s\n", approve_served(change));
    cJSON_ArrayForEach(one, several)
        buf_printf(b, "  %s: %s\n", op_text(one, "replica"), op_text(one, "why"));
    cJSON_ArrayForEach(one, json_get(served, "not_visible"))
        put_marked_line(a, b, "  not visible in Envoy: ", one);
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
        if (!text_has_word("text|operations|served", m->string))
            buf_printf(b, "%s: %s\n", m->string, json_print(a, m));
    }
    put_served(a, b, change);
}

/* How its guard stands, or how it went. */
static void put_guard(struct buf *b, const cJSON *change)
{
    const cJSON *g = json_get(change, "guard");
    const char *until = op_text(g, "until"), *text = op_text(g, "text");
    if (g)
        buf_printf(b, "guard: %s%s%s%s%s\n", op_text(g, "state"), *until ? " until " : "", until,
                   *text ? ": " : "", text);
}

char *approve_summary(struct arena *a, const cJSON *change)
{
    static const char *const more[] = { "policy", "policy_moved",       "needs",     "starts",
                                        "undoes", "why_not_asked_here", "decide_at", "next" };
    struct buf *b = buf_in(a, APPROVE_UNBOUNDED);
    const char *gateway = op_text(change, "gateway");
    buf_printf(b, "%s %s (%s%s%s): %s\n", op_text(change, "id"), op_text(change, "state"),
               op_text(change, "risk"), *gateway ? ", gateway " : "", gateway,
               op_text(change, "title"));
    put_operations(a, b, change);
    put_life(b, change);
    put_approvals(b, change);
    put_result(a, b, change);
    put_guard(b, change);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (json_get(change, more[i]))
            buf_printf(b, "%s: %s\n", more[i], op_text(change, more[i]));
    return b->data;
}

/* How far outside edits are known. */
static void put_looks(struct arena *a, struct buf *b, const cJSON *looks)
{
    const cJSON *look, *line;
    cJSON_ArrayForEach(look, looks)
    {
        const char *looked = op_text(look, "looked");
        buf_printf(b, "%s: %s%s%s%s\n", op_text(look, "gateway"),
                   json_true(look, "watched") ? "watched" : "not watched (setting outside)",
                   *looked ? ", last looked at " : ", never looked at", looked,
                   json_get(look, "unread") ? "; not read then:" : "");
        cJSON_ArrayForEach(line, json_get(look, "unread")) put_marked_line(a, b, "! ", line);
        if (json_get(look, "problem"))
            put_marked_line(a, b, "! ", json_get(look, "problem"));
    }
}

char *approve_summary_list(struct arena *a, const cJSON *answer)
{
    struct buf *b = buf_in(a, APPROVE_UNBOUNDED);
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(answer, "changes"))
    {
        const char *gateway = op_text(change, "gateway"), *risk = op_text(change, "risk");
        buf_printf(b, "%s %s%s%s%s: %s; ", op_text(change, "id"), op_text(change, "state"),
                   strcmp(risk, "destroy") ? "" : " (destroy)", *gateway ? " " : "", gateway,
                   op_text(change, "title"));
        put_life(b, change);
    }
    if (!b->len)
        buf_str(b, json_get(answer, "looks") ? "no outside edit matches\n" : "no change matches\n");
    put_looks(a, b, json_get(answer, "looks"));
    if (json_get(answer, "next"))
        buf_printf(b, "more with cursor %s\n", op_text(answer, "next"));
    buf_str(b, json_get(answer, "looks")
                   ? "Who edited is not known. undo_change plans what puts back what stood before."
                   : "Edits made elsewhere: state outside. object, actor or minutes: also who "
                     "decided.");
    return b->data;
}
