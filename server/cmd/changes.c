/* changes.c - `approve`, `reject`, `changes`, `undo`: a person and the changes, at a
 * terminal. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "plan/plan.h"
#include "store/store.h"

static int approve(struct verb *v)
{
    return verb_decide(v, v->options->argv[0], true, "Apply this change to the gateway?");
}

static int reject(struct verb *v)
{
    return verb_decide(v, v->options->argv[0], false, "Reject this change?");
}

/* -- the rest ------------------------------------------------------------------------ */

static int print_changes(struct verb *v)
{
    struct err e = { 0 };
    const struct options *o = v->options;
    const struct engine_query query = { .state = options_get(o, "only"), .limit = 50 };
    cJSON *out = o->argc ? engine_show(v->engine, v->arena, o->argv[0], false, &e)
                         : engine_list(v->engine, v->arena, &query, &e);
    if (!out)
        return verb_failed(v, &e);
    if (options_has(o, "json")) {
        puts(json_print(v->arena, out));
        return EXIT_DONE;
    }
    if (o->argc)
        verb_print(v, out, stdout);
    const cJSON *c;
    cJSON_ArrayForEach(c, json_get(out, "changes"))
    {
        const char *gateway = verb_clean(v, c, "gateway");
        printf("%-18s %-9s %-7s %s  %s%s%s\n", verb_clean(v, c, "id"), verb_clean(v, c, "state"),
               verb_clean(v, c, "risk"), verb_clean(v, c, "created"), gateway, *gateway ? ": " : "",
               verb_clean(v, c, "title"));
    }
    return EXIT_DONE;
}

static int undo_change(struct verb *v)
{
    struct err e = { 0 };
    const char *id = NULL;
    struct plan *p = plan_new(v->arena, "undo", CHANGE, &e);
    p->if_used = options_get(v->options, "if-used");
    if (!engine_undo(v->engine, p, v->options->argv[0], NULL, &e) ||
        !engine_propose(v->engine, p, true, v->who, &id, &e))
        return verb_failed(v, &e);
    cJSON *o = engine_show(v->engine, v->arena, id, false, &e);
    if (!o)
        return verb_failed(v, &e);
    verb_print(v, o, stdout);
    printf("\nNothing is written yet: higress-ops approve %s\n", id);
    return EXIT_PENDING;
}

static int run_approve(const struct options *o)
{
    return verb_start(o, true, approve);
}

static int run_reject(const struct options *o)
{
    return verb_start(o, true, reject);
}

static int run_changes(const struct options *o)
{
    return verb_start(o, true, print_changes);
}

static int run_undo(const struct options *o)
{
    return verb_start(o, true, undo_change);
}

static const struct option_row listing[] = {
    { "only", "STATE", "Only changes in this state (pending, applied, …)." },
    { "json", NULL, "Prints JSON." },
    { 0 },
};

static const struct option_row undoing[] = {
    { "if-used", "cascade|force", "What to do where others use by now what would go." },
    { 0 },
};

const struct command cmd_approve = {
    .name = "approve",
    .args = "ID",
    .about =
        "Shows a change and asks on the terminal whether it is applied: y or yes (what destroys: "
        "its word). Exit code 0 applied, 5 refused, 6 nothing was decided.",
    .min_args = 1,
    .max_args = 1,
    .config = true,
    .run = run_approve,
};
const struct command cmd_reject = {
    .name = "reject",
    .args = "ID",
    .about =
        "Shows a change and rejects it, asked on the terminal; exit code 6: nothing was decided.",
    .min_args = 1,
    .max_args = 1,
    .config = true,
    .run = run_reject,
};
const struct command cmd_changes = {
    .name = "changes",
    .args = "[ID]",
    .about = "Lists changes, or shows one.",
    .max_args = 1,
    .rows = listing,
    .config = true,
    .run = run_changes,
};
const struct command cmd_undo = {
    .name = "undo",
    .args = "ID",
    .about = "Plans the reverse of a change; approve applies it.",
    .min_args = 1,
    .max_args = 1,
    .rows = undoing,
    .config = true,
    .run = run_undo,
};
