/* change.c - the life of a change after its plan was made: ask for it, look at it, drop it, reverse
 * it. */
#include "call/change.h"
#include "tool.h"

extern const struct toolset toolset_change;

static const struct field undo_in[] = {
    { "id", STR, REQ, NULL, .min = 4, .flags = FIELD_BRIEF },
    { "if_used", STR, OPT, NULL, .one_of = "cascade|force" },
    { 0 },
};

static const struct field by_id[] = {
    { "id", STR, REQ, NULL, .min = 4, .flags = FIELD_BRIEF },
    { 0 },
};

static const struct field get_in[] = {
    { "id", STR, REQ, NULL, .min = 4, .flags = FIELD_BRIEF },
    { "wait", NUM, OPT, "Seconds, at most 50.", .min = 0, .max = 50, .flags = FIELD_BRIEF },
    { 0 },
};

static const struct field list_in[] = {
    { "object", STR, OPT, "orders, route shop-*." },
    { "actor", STR, OPT, "Who asked or decided." },
    { "minutes", NUM, OPT, NULL, .min = 0, .max = 10000000, .flags = FIELD_BRIEF },
    { "state", STR, OPT, "pending, …; outside: not by us.", .flags = FIELD_BRIEF,
      .one_of = "draft|pending|approved|applying|applied|failed|unknown|void|rejected|cancelled|"
                "expired|outside" },
    { "limit", INT, OPT, NULL, .min = 1, .max = 100, .otherwise = "20", .flags = FIELD_BRIEF },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field change_out[] = {
    { "id", STR, REQ, NULL },
    { "state", STR, OPT, NULL },
    { 0 },
};

static const struct field list_out[] = {
    { "changes", LIST, REQ, NULL },
    { 0 },
};

static const cJSON *apply_change(struct call *c)
{
    return change_apply(c, arg_str(c, "id"));
}

static const cJSON *get_change(struct call *c)
{
    return change_get(c, arg_str(c, "id"), arg_num(c, "wait", 0));
}

static const cJSON *list_change(struct call *c)
{
    const struct change_query q = {
        .state = arg_str(c, "state"),
        .object = arg_str(c, "object"),
        .actor = arg_str(c, "actor"),
        .cursor = arg_str(c, "cursor"),
        .minutes = arg_num(c, "minutes", 0),
        .limit = (int)arg_num(c, "limit", 20),
    };

    return change_list(c, &q);
}

static const cJSON *cancel_change(struct call *c)
{
    return change_cancel(c, arg_str(c, "id"));
}

static bool plan_undo(struct call *c, struct plan *p)
{
    return change_undo(c, p, arg_str(c, "id"));
}

static const struct tool tools[] = {
    {
        .name = "apply_change",
        .title = "Ask for a change",
        .about = "Asks a person to approve a planned change and applies it when they do.",
        .risk = DESTROY,
        .in = by_id,
        .out = change_out,
        .read = apply_change,
        .bound = true,
    },
    {
        .name = "get_change",
        .title = "Get a change",
        .about = "Shows a change: state, diff, outcome. With wait: until it is done.",
        .risk = READ,
        .fleeting = true,
        .in = get_in,
        .out = change_out,
        .read = get_change,
        .local = true,
    },
    {
        .name = "list_changes",
        .title = "List changes",
        .about = "Lists changes made here, newest first.",
        .risk = READ,
        .fleeting = true,
        .in = list_in,
        .out = list_out,
        .read = list_change,
        .local = true,
    },
    {
        .name = "cancel_change",
        .title = "Cancel a change",
        .about = "Drops a change that nobody has decided yet.",
        .risk = CHANGE,
        .in = by_id,
        .out = change_out,
        .read = cancel_change,
        .local = true,
    },
    {
        .name = "undo_change",
        .title = "Undo a change",
        .about = "Plans the reverse of a change or outside edit.",
        .risk = CHANGE,
        .in = undo_in,
        .out = change_out,
        .plan = plan_undo,
        .bound = true,
    },
    { 0 },
};

const struct toolset toolset_change = {
    .name = "change",
    .about = "Changes: plans, decisions, undo.",
    .tools = tools,
};
