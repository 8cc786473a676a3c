/* stop.c - `stop`: a person ends what is still to come of a change: its scheduled start, or the
 * guard that would take it back. Asked on the terminal, as every decision is. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/terminal_private.h"
#include "cmd/verb_private.h"

static int stop_change(struct verb *v)
{
    struct err e = { 0 };
    bool sure = false;
    const char *id = v->options->argv[0];
    const char *why = options_get(v->options, "reason");
    cJSON *change = engine_show(v->engine, v->arena, id, false, &e);
    if (!change)
        return verb_failed(v, &e);
    if (!terminal_ask(approve_summary(v->arena, change),
                      "Stop what is still to come of this change?", "yes", &sure))
        return verb_no_terminal(v);
    if (!sure)
        return puts("nothing was stopped"), EXIT_UNDECIDED;
    if (!verb_passphrase(v, &e) ||
        !engine_stop_guard(v->engine, id, v->who,
                           text_clean(v->arena, why ? why : "no reason", 200), &e))
        return verb_failed(v, &e);
    printf("%s: stopped\n", id);
    return EXIT_DONE;
}

static int run_stop(const struct options *o)
{
    return verb_start(o, false, stop_change);
}

static const struct option_row rows[] = {
    { "reason", "TEXT", "Why; goes into the audit." },
    { 0 },
};

const struct command cmd_stop = {
    .name = "stop",
    .args = "ID",
    .about = "Stops what is still to come of a change: its scheduled start, or its guard. Asked on "
             "the terminal.",
    .min_args = 1,
    .max_args = 1,
    .rows = rows,
    .config = true,
    .run = run_stop,
};
