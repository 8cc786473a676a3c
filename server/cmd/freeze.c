/* freeze.c - `freeze`: nothing is applied to a gateway, or to any, until a time; and the end of it.
 * Kept in the state like a pin, so it takes a person at a terminal, and every process sees it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "config/config.h"
#include "store/store_pin.h"
#include <string.h>

enum { REASON_MAX = 200 };
static const double LONGEST = 366 * 86400.0;

/* "2h", "3d" from now, or a time; 0: neither, or past. */
static double until_of(const char *text)
{
    double now = when_now(), at = when_parse_exact(text);
    double ago = text && when_parse(text) <= 0 ? when_since(text, now) : 0;
    at = ago > 0 ? now + (now - ago) : at;
    return at > now && at < now + LONGEST ? at : 0;
}

/* Address of the gateway that is named; NULL: all are meant, or e says that there is none. */
static const char *url_of(struct verb *v, struct err *e)
{
    const char *name = options_get(v->options, "gateway");
    const struct config *c = name ? config_gateway(v->config, name, e) : NULL;
    return c ? c->gateway_url : NULL;
}

/* Those that go on beside one of that gateway: what has thawed is left out. */
static cJSON *other_freezes(struct verb *v, const char *url, bool *there, struct err *e)
{
    cJSON *kept = json_array(v->arena);
    struct store *s = engine_store(v->engine, e);
    const cJSON *list = s ? store_freezes(s, v->arena, e) : NULL, *f;
    *there = false;
    cJSON_ArrayForEach(f, list)
    {
        if (json_num(f, "until", 0) <= when_now())
            continue;
        if (text_same(json_str(f, "gateway"), url))
            *there = true;
        else
            json_add(v->arena, kept, json_clone(v->arena, f));
    }
    return e->kind == ERR_NONE ? kept : NULL;
}

/* The list is read anew: others may have frozen something while a person was asked. frozen: what
 * joins it, NULL: nothing does. */
static int freeze_keep(struct verb *v, const char *url, const cJSON *frozen, const char *said)
{
    struct err e = { 0 };
    bool there;
    cJSON *list = other_freezes(v, url, &there, &e);
    struct store *s = list ? engine_store(v->engine, &e) : NULL;
    if (frozen && list)
        json_add(v->arena, list, json_clone(v->arena, frozen));
    if (!s || !store_set_freezes(s, list, frozen ? "frozen" : "freeze lifted", v->who,
                                 "command line", &e))
        return verb_failed(v, &e);
    puts(said);
    return EXIT_DONE;
}

static int freeze_lift(struct verb *v, const char *url, const char *what)
{
    struct err e = { 0 };
    bool there = false;
    int code = EXIT_DONE;
    if (other_freezes(v, url, &there, &e) && !there)
        err_set(&e, ERR_ARGS, "changes of %s are not frozen; policy show lists what is", what);
    if (e.kind != ERR_NONE)
        return verb_failed(v, &e);
    if (!verb_agreed(v, arena_printf(v->arena, "changes of %s are frozen\n", what),
                     "Let them be applied again?", &code))
        return code;
    return freeze_keep(v, url, NULL,
                       arena_printf(v->arena, "changes of %s are frozen no more", what));
}

static int freeze_begin(struct verb *v, const char *url, const char *what)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    const char *reason = options_get(v->options, "reason");
    double until = until_of(options_get(v->options, "until"));
    if (!reason || !*reason || until <= 0) {
        err_set(
            &e, ERR_ARGS,
            "say --reason and --until: a time to come within a year (2026-12-24T18:00:00+01:00), "
            "or how long (90m, 2h, 3d)");
        return verb_failed(v, &e);
    }
    reason = text_clean(v->arena, reason, REASON_MAX);
    cJSON *f = json_object(v->arena);
    if (url)
        json_set_str(v->arena, f, "gateway", url);
    json_set_str(v->arena, f, "reason", reason);
    json_set_str(v->arena, f, "by", v->who);
    json_set_str(v->arena, f, "at", when_text(v->arena, when_now(), false));
    json_set_num(v->arena, f, "until", until);
    const char *shown = arena_printf(v->arena, "no change of %s is applied until %s: %s\n", what,
                                     when_text(v->arena, until, false), reason);
    if (!verb_agreed(v, shown, "Freeze them?", &code))
        return code;
    return freeze_keep(
        v, url, f,
        arena_printf(v->arena, "frozen: %s until %s", what, when_text(v->arena, until, false)));
}

static int freeze_or_lift(struct verb *v)
{
    struct err e = { 0 };
    const char *url = url_of(v, &e), *what = url ? url : "all gateways";
    if (e.kind != ERR_NONE)
        return verb_failed(v, &e);
    return options_has(v->options, "lift") ? freeze_lift(v, url, what) : freeze_begin(v, url, what);
}

static int run_freeze(const struct options *o)
{
    return verb_start(o, false, freeze_or_lift);
}

static const struct option_row rows[] = {
    { "reason", "TEXT", "Why; whoever is refused reads it." },
    { "until", "TIME", "When it ends: 2h, 3d, or 2026-12-24T18:00:00+01:00." },
    { "lift", NULL, "Ends it now." },
    { 0 },
};

const struct command cmd_freeze = {
    .name = "freeze",
    .about =
        "Lets no change be applied until a time (to the gateway named by --gateway, else to any), "
        "asked on the terminal; also no undo and nothing that is scheduled, unless a rule of the "
        "policy says `frozen: true`.",
    .rows = rows,
    .config = true,
    .run = run_freeze,
};
