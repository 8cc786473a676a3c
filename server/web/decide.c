/* decide.c - a person at the page looks at a change, part by part, and decides. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/field.h"
#include "base/secret.h"
#include "change/engine.h"
#include "config/channel.h"
#include "net/http.h"
#include "plan/rendering.h"
#include "web/decide_private.h"
#include "web/seen_private.h"
#include "web/source_private.h"
#include <string.h>

const struct field decide_asked[] = {
    { "do", STR, REQ, NULL, .one_of = "list|show|approve|reject" },
    { "id", STR, OPT, NULL, .min = 4, .max = 64 },
    { "cursor", STR, OPT, "Of the list.", .min = 1, .max = 200 },
    { "part", INT, OPT, "Counted from 0.", .min = 0, .max = 100000 },
    { "seen", STR, OPT, "What came with the part before, or the last one.", .min = 1, .max = 4096 },
    { "digest", STR, OPT, "Of the change that the person has seen.", .min = 8, .max = 128 },
    { "rendering", STR, OPT, "Digest of all its parts.", .min = 8, .max = 128 },
    { "word", STR, OPT, "What was typed.", .min = 1, .max = 64 },
    { "comment", STR, OPT, "Why it is decided so.", .max = 1000 },
    { 0 },
};

int decide_status(enum err_kind kind)
{
    static const int statuses[] = {
        [ERR_ARGS] = 400,    [ERR_POLICY] = 409, [ERR_GATEWAY] = 502, [ERR_NET] = 502,
        [ERR_UNKNOWN] = 502, [ERR_GONE] = 503,   [ERR_PROTO] = 400,   [ERR_SYSTEM] = 500,
    };
    return statuses[kind];
}

/* -- deciding ---------------------------------------------------------------------------- */

/* Was every part shown? *shown: the word that came with the last one. */
static bool seen_whole(struct decision *d, const struct rendering *r, struct shown *shown)
{
    const struct seen last = { d->who, d->id, r, json_count(r->pages) - 1, NULL };
    return seen_check(engine_store(d->engine, &d->err), d->arena, json_str(d->asked, "seen"), &last,
                      &shown->word, &d->err);
}

/* What a person who approves says that they have seen. */
static bool approvable(struct decision *d, struct shown *shown)
{
    shown->rendering = json_str(d->asked, "rendering");
    shown->typed = json_str(d->asked, "word");
    if (!shown->rendering)
        return err_set(&d->err, ERR_ARGS, "rendering: say what of change %s was seen", d->id);
    const struct rendering *r = engine_rendering(d->engine, d->arena, d->id, &d->err);
    return r && seen_whole(d, r, shown);
}

static bool decided(struct decision *d, bool yes)
{
    const struct channel page = { .kind = d->by, .who = d->who };
    const char *comment = json_str(d->asked, "comment");
    struct shown shown = { .id = d->id, .plan = json_str(d->asked, "digest") };
    shown.comment = comment && *comment ? comment : NULL;
    if (!shown.plan)
        return err_set(&d->err, ERR_ARGS, "digest: say which plan of change %s was seen", d->id);
    return (!yes || approvable(d, &shown)) &&
           approve_decide(d->engine, &page, yes, &shown, &d->err);
}

/* A change that is not there has no line of the audit. */
static void note_refused_decision(struct decision *d)
{
    struct err unread = { 0 };
    const cJSON *o = engine_show(d->engine, d->arena, d->id, false, &unread);
    source_refused(d->sources, d->what, json_str(o, "id"), d->who, channel_name(d->by),
                   d->err.text);
}

static void on_gone(struct http_exchange *x)
{
    struct decision *d = x->user;
    d->x = NULL;
}

static void carry_out(void *arg)
{
    struct decision *d = arg;
    cJSON *o = engine_apply(d->engine, d->arena, d->id, &d->cancel, &d->err);
    if (d->x)
        d->x->on_gone = NULL;
    d->answer(d, o);
}

void decide(struct decision *d)
{
    bool yes = !strcmp(d->what, "approve");
    if (!decided(d, yes)) {
        note_refused_decision(d);
        d->answer(d, NULL);
        return;
    }
    const char *missing = yes ? approve_missing(d->engine, d->arena, d->id, &d->err) : NULL;
    if (!yes || missing || d->err.kind != ERR_NONE) {
        d->answer(d, engine_show(d->engine, d->arena, d->id, false, &d->err));
        return;
    }
    d->x->user = d;
    d->x->on_gone = on_gone;
    fiber_start(carry_out, d);
}

/* -- showing ----------------------------------------------------------------------------- */

/* What lets the page ask for the next part, or decide. */
static void add_seen(struct decision *d, cJSON *o, const struct rendering *r, int part)
{
    struct seen now = { d->who, d->id, r, part, NULL };
    if (part == json_count(r->pages) - 1)
        now.word = approve_word(d->arena, r);
    if (now.word)
        json_set_str(d->arena, o, "word", now.word);
    json_set_str(d->arena, o, "seen", seen_make(engine_store(d->engine, &d->err), d->arena, &now));
}

/* One part of the change: its operations whole, in place of the summary that clients get. */
cJSON *decide_show(struct decision *d)
{
    struct arena *a = d->arena;
    const char *ignored;
    cJSON *o = engine_show(d->engine, a, d->id, false, &d->err);
    const struct rendering *r = o ? engine_rendering(d->engine, a, d->id, &d->err) : NULL;
    if (!r)
        return NULL;
    d->id = json_str(r->head, "id");
    int parts = json_count(r->pages), part = (int)json_num(d->asked, "part", 0);
    const struct seen before = { d->who, d->id, r, part - 1, NULL };
    if (part >= parts)
        return err_set(&d->err, ERR_ARGS, "part: change %s has %d", d->id, parts), NULL;
    if (part > 0 && !seen_check(engine_store(d->engine, &d->err), a, json_str(d->asked, "seen"),
                                &before, &ignored, &d->err))
        return NULL;
    const cJSON *x;
    cJSON_ArrayForEach(x, r->head) json_set(a, o, x->string, json_clone(a, x));
    json_remove(o, "more_operations");
    json_set(a, o, "operations", json_clone(a, cJSON_GetArrayItem(r->pages, part)));
    json_set_str(a, o, "digest", r->plan);
    json_set_str(a, o, "rendering", r->digest);
    json_set_num(a, o, "part", part);
    json_set_num(a, o, "parts", parts);
    add_seen(d, o, r, part);
    return o;
}
