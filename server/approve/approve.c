/* approve.c - from a stored change to a decision. What is enough to decide is the engine's matter,
 * which is told who was shown what by which channel. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/word.h"
#include "change/engine.h"
#include "plan/rendering.h"

char *approve_word(struct arena *a, const struct rendering *r)
{
    return r->risk == CHANGE ? NULL : word_make(a); /* what is not known counts as the worst */
}

static bool typed_right(const struct shown *s)
{
    return !s->word || (s->typed && word_equal(s->typed, s->word));
}

bool approve_decide(struct engine *g, const struct channel *c, bool yes, const struct shown *shown,
                    struct err *e)
{
    if (yes && !typed_right(shown))
        return err_set(
            e, ERR_POLICY,
            "change %s destroys something: type the word that the page shows to approve it",
            shown->id);
    const struct verdict v = {
        yes, c->who, c->kind, shown->plan, shown->rendering, shown->comment
    };
    return engine_decide(g, shown->id, &v, e);
}

const char *approve_missing(struct engine *g, struct arena *a, const char *id, struct err *e)
{
    int n = engine_missing(g, id, e);
    return n > 0 ? arena_printf(a,
                                "the approval is kept; %d more %s must approve change %s before "
                                "anything is written",
                                n, n == 1 ? "person" : "people", id)
                 : NULL;
}

bool approve_takes(struct engine *g, enum channel_kind by, const char *id, const char *who,
                   struct err *e)
{
    return engine_takes(g, id, who, by, e);
}

/* The whole change as the channel shows it. NULL: it may not decide, or holds less; x->why. */
static const char *text_for(struct approval *x, const struct rendering *r)
{
    const struct channel *c = x->channel;
    struct err weak = { 0 };
    if (!engine_takes(x->engine, x->id, c->who, c->kind, &weak)) {
        x->why = arena_strdup(x->arena, weak.text);
        return NULL;
    }
    const char *text = approve_text(x->arena, r, c->holds);
    const char *moved = engine_policy_moved(x->engine, x->arena, x->id);
    if (text && moved)
        text = arena_printf(x->arena, "%s\n! %s\n", text, moved);
    if (text && strlen(text) > c->holds)
        text = NULL;
    if (!text)
        x->why = arena_printf(x->arena,
                              "change %s is longer than a form may be (%zu bytes): it is approved "
                              "where all of it is shown",
                              x->id, c->holds);
    return text;
}

enum asked approve_ask(struct approval *x, const char *change, struct err *e)
{
    const struct rendering *r = engine_rendering(x->engine, x->arena, change, e);
    if (!r)
        return ASK_FAILED;
    x->id = json_str(r->head, "id");
    if (!x->channel)
        return ASK_CANNOT;
    struct ask_about about = { .id = x->id, .plan = r->plan, .rendering = r->digest };
    about.title = json_str(r->head, "title");
    about.page = x->page;
    about.text = text_for(x, r);
    about.word = about.text ? approve_word(x->arena, r) : NULL;
    struct shown shown = { 0 };
    enum asked said = x->channel->ask(x->channel, &about, &shown, e);
    if (said == ASK_YES && !typed_right(&shown))
        return ASK_LATER;
    if (said != ASK_YES && said != ASK_NO)
        return said;
    if (!approve_decide(x->engine, x->channel, said == ASK_YES, &shown, e))
        return ASK_FAILED;
    x->why = said == ASK_YES ? approve_missing(x->engine, x->arena, x->id, e) : NULL;
    return e->kind != ERR_NONE ? ASK_FAILED : x->why ? ASK_PART : said;
}
