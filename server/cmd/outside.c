/* outside.c - `outside`: what others changed on the gateway, a look at it now, and how to begin
 * anew.
 */
#include "change/outside.h"
#include "approve/approve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "console/gateway.h"

static int look_outside(struct verb *v)
{
    struct err e = { 0 };
    struct outside_look look;
    if (!engine_look_outside(v->engine, v->arena, gateway_url(v->gateway), NULL, &look, &e))
        return verb_failed(v, &e);
    if (look.first)
        fprintf(stderr, "%d objects are known from now on: edits are seen by the next look\n",
                look.objects);
    else
        fprintf(stderr, "%d objects at %d places looked at: %d outside edits\n", look.objects,
                look.places, look.edits);
    if (look.unread)
        fprintf(stderr, "%d not read, which stay as they were known: %s\n", look.unread,
                look.why_unread ? look.why_unread : "");
    if (look.more)
        fputs("there are more edits than are kept of one look: look again\n", stderr);
    if (look.moved)
        fprintf(stderr,
                "%d places do not count, because a change of ours was written to the "
                "gateway meanwhile: look again\n",
                look.moved);
    return EXIT_DONE;
}

static int reset_outside(struct verb *v)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    const char *url = gateway_url(v->gateway);
    const char *shown = arena_printf(
        v->arena,
        "What %s was seen to hold is forgotten: what others changed there since the last "
        "look is not found any more.\n",
        url);
    if (!verb_agreed(v, shown, "Begin anew?", &code))
        return code;
    if (!engine_forget_outside(v->engine, url, v->who, &e))
        return verb_failed(v, &e);
    puts("forgotten; the next look begins anew");
    return EXIT_DONE;
}

static int print_outside(struct verb *v)
{
    struct err e = { 0 };
    const struct options *o = v->options;
    const struct outside_query all = { .limit = 100, .object = options_get(o, "object") };
    cJSON *out = o->argc ? engine_outside_edit(v->engine, v->arena, o->argv[0], false, &e)
                         : engine_outside(v->engine, v->arena, &all, &e);
    if (!out)
        return verb_failed(v, &e);
    if (options_has(o, "json"))
        puts(json_print(v->arena, out));
    else if (o->argc)
        verb_print(v, out, stdout);
    else
        puts(approve_summary_list(v->arena, out));
    return EXIT_DONE;
}

static int outside(struct verb *v)
{
    if (options_has(v->options, "reset"))
        return reset_outside(v);
    int code = options_has(v->options, "look") ? look_outside(v) : EXIT_DONE;
    return code == EXIT_DONE ? print_outside(v) : code;
}

static int run_outside(const struct options *o)
{
    return verb_start(o, true, outside);
}

static const struct option_row rows[] = {
    { "look", NULL, "Looks at the gateway first, now; no server is needed." },
    { "object", "NAME", "Only edits of what is named so: orders, route shop-*." },
    { "reset", NULL, "Forgets what the gateway was seen to hold, asked on the terminal." },
    { "json", NULL, "Prints JSON." },
    { 0 },
};

const struct command cmd_outside = {
    .name = "outside",
    .args = "[ID]",
    .about = "Lists what others changed on the gateway, or shows one such edit; undo ID plans what "
             "puts back what stood before.",
    .max_args = 1,
    .rows = rows,
    .config = true,
    .run = run_outside,
};
