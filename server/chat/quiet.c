/* quiet.c - hours in which a bot says by itself only what is urgent. What it would have said is
 * kept in the store, a fact an account, and said as one message when they end.
 *
 * The fact: {"kept": [{"channel", "at", "title", "text"}], "left": {CHANNEL: how many found no
 * room}, "saying"?: {"channel", "by": process}}. It is changed by comparing what was read, so that
 * several processes may. What is being said goes once it was: where the process ended meanwhile, it
 * is said again, and that it may have come before.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/schedule_private.h"
#include "net/loop.h"
#include "store/store.h"
#include "store/store_fact.h"
#include <string.h>

enum {
    TEXT_KEPT = 1500,      /* bytes of one, the rest is cut */
    KEPT_BYTES = 12 << 10, /* of all, as JSON */
    SUMMARY_BYTES = 24 << 10,
    TRIES = 5, /* others may write the same fact just then */
};
static const double LOOK_AGAIN = 2, AFTER_FAILURE = 60; /* seconds */

/* -- whether ---------------------------------------------------------------------------------- */

static const struct config_quiet *quiet_of(const struct config_chat *c, const char *channel)
{
    for (const struct config_chat_channel *k = c->channels; k && k->id; k++)
        if (k->quiet && !strcmp(k->id, channel))
            return k->quiet;
    return c->quiet;
}

bool quiet_now(const struct config_chat *c, const char *channel)
{
    return quiet_within(quiet_of(c, channel), when_now());
}

bool quiet_is_urgent(const struct config_chat *c, const char *channel, const char *severity)
{
    const struct config_quiet *q = quiet_of(c, channel);
    for (const char *const *u = q ? q->urgent : NULL; u && *u && severity; u++)
        if (text_equal_nocase(*u, severity))
            return true;
    return !q;
}

/* -- kept ---------------------------------------------------------------------------------------
 */

static struct store *quiet_store(const struct bot *b, struct err *e)
{
    return engine_store(service_engine(b->all->service), e);
}

static const char *fact_name(struct arena *a, const struct bot *b)
{
    return arena_printf(a, "quiet %s", bot_label(a, b));
}

static void count_left(struct arena *a, cJSON *kept, const char *channel, double more)
{
    cJSON *left = (cJSON *)json_get(kept, "left");
    left = left ? left : json_set_object(a, kept, "left");
    if (more > 0)
        json_set_num(a, left, channel, json_num(left, channel, 0) + more);
}

/* One more: kept, or counted where there is no room. */
static void add_kept(struct arena *a, cJSON *kept, const cJSON *one)
{
    cJSON *list = (cJSON *)json_get(kept, "kept");
    list = list ? list : json_set_array(a, kept, "kept");
    if (strlen(json_print(a, kept)) + strlen(json_print(a, one)) <= KEPT_BYTES)
        json_add(a, list, json_clone(a, one));
    else
        count_left(a, kept, json_text(one, "channel"), 1);
}

static bool is_claimed(bool done, struct err *e)
{
    return done || (e->kind == ERR_NONE &&
                    err_set(e, ERR_SYSTEM, "another process keeps writing what is kept here"));
}

static bool keep_one(struct bot *b, struct arena *a, const cJSON *one, struct err *e)
{
    struct store *s = quiet_store(b, e);
    bool done = false;
    for (int i = 0; s && !done && i < TRIES && e->kind == ERR_NONE; i++) {
        const cJSON *was = store_fact(s, a, fact_name(a, b), e);
        cJSON *now = was ? json_clone(a, was) : json_object(a);
        add_kept(a, now, one);
        if (e->kind == ERR_NONE)
            store_claim_fact(s, fact_name(a, b), was, now, &done, e);
    }
    return is_claimed(done, e);
}

bool quiet_keep(struct bot *b, const char *channel, const char *title, const char *text,
                struct err *e)
{
    struct arena *a = arena_new();
    size_t n = strlen(text);
    bool cut = n > TEXT_KEPT;
    for (n = cut ? TEXT_KEPT : n; cut && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
        n--;
    cJSON *one = json_object(a);
    json_set_str(a, one, "channel", channel);
    json_set_num(a, one, "at", when_now());
    json_set_str(a, one, "title", title);
    json_set_str(a, one, "text", arena_printf(a, "%.*s%s", (int)n, text, cut ? "\n… (cut)" : ""));
    bool kept = keep_one(b, a, one, e);
    arena_free(a);
    return kept;
}

/* -- said when they end -------------------------------------------------------------------------
 */

/* Does a process that lives say it just now, or an account that ended in this one? */
static bool is_being_said(const struct bot *b, struct arena *a, struct store *s, const cJSON *was)
{
    const char *by = json_str(json_get(was, "saying"), "by");
    if (!text_same(by, store_owner(s)))
        return by && store_alive(s, by);
    for (const struct bot *x = b->all->first; x; x = x->next)
        if (x != b && x->telling && !strcmp(bot_label(a, x), bot_label(a, b)))
            return true;
    return false;
}

static int kept_of(const cJSON *kept, const char *channel)
{
    const cJSON *one;
    int n = 0;
    cJSON_ArrayForEach(one, json_get(kept, "kept")) n +=
        !strcmp(json_text(one, "channel"), channel);
    return n;
}

/* What there is beside what was told of that channel; NULL: nothing. */
static cJSON *kept_after(struct arena *a, const cJSON *is, const cJSON *told, const char *channel)
{
    cJSON *now = json_object(a), *list = json_set_array(a, now, "kept");
    cJSON *left = json_set_object(a, now, "left");
    int n = kept_of(told, channel);
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(is, "kept"))
    {
        if (strcmp(json_text(one, "channel"), channel) != 0 || n-- <= 0)
            json_add(a, list, json_clone(a, one));
    }
    cJSON_ArrayForEach(one, json_get(is, "left"))
    {
        bool same = !strcmp(one->string, channel);
        double more = one->valuedouble - (same ? json_num(json_get(told, "left"), channel, 0) : 0);
        if (more > 0)
            json_set_num(a, left, one->string, more);
    }
    return json_count(list) || json_count(left) ? now : NULL;
}

static const char *summary_of(struct arena *a, const cJSON *was, const char *channel)
{
    struct buf *b = buf_in(a, SUMMARY_BYTES);
    int n = kept_of(was, channel), left = (int)json_num(json_get(was, "left"), channel, 0);
    const cJSON *one;
    buf_printf(b, "The quiet hours are over. Kept meanwhile: %d.", n + left);
    if (text_same(json_str(json_get(was, "saying"), "channel"), channel))
        buf_str(b, "\nThe process ended while this was being said: it may have come before.");
    cJSON_ArrayForEach(one, json_get(was, "kept")) if (!strcmp(json_text(one, "channel"), channel))
        buf_printf(b, "\n\n%s, of %s\n%s", json_text(one, "title"),
                   when_text(a, json_num(one, "at", 0), false), json_text(one, "text"));
    if (left)
        buf_printf(b, "\n\n%d more found no room and are lost: ask for them again.", left);
    return b->data;
}

/* The first channel with something kept, or counted, where it is not quiet; NULL: none. */
static const char *channel_to_tell(const struct bot *b, const cJSON *was)
{
    const cJSON *one;
    cJSON_ArrayForEach(
        one,
        json_get(was,
                 "kept")) if (!quiet_now(b->account.config,
                                         json_text(one, "channel"))) return json_text(one,
                                                                                      "channel");
    cJSON_ArrayForEach(one, json_get(was, "left")) if (!quiet_now(b->account.config,
                                                                  one->string)) return one->string;
    return NULL;
}

/* What was said goes; what could not be is tried again. */
static void end_saying(struct bot *b, struct arena *a, struct store *s, const cJSON *told,
                       const char *channel, bool said)
{
    struct err e = { 0 };
    bool done = false;
    for (int i = 0; !done && i < TRIES && e.kind == ERR_NONE; i++) {
        const cJSON *is = store_fact(s, a, fact_name(a, b), &e);
        cJSON *now = said || !is ? kept_after(a, is, told, channel) : json_clone(a, is);
        if (now)
            json_remove(now, "saying");
        if (e.kind == ERR_NONE)
            store_claim_fact(s, fact_name(a, b), is, now, &done, &e);
    }
    if (!is_claimed(done, &e))
        note_account(b, "quiet_lost", e.text);
}

static void tell_kept(void *arg)
{
    struct bot *b = arg;
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct store *s = quiet_store(b, &e);
    const cJSON *was = s ? store_fact(s, a, fact_name(a, b), &e) : NULL;
    const char *channel = was && !is_being_said(b, a, s, was) ? channel_to_tell(b, was) : NULL;
    bool done = false;
    if (channel) {
        cJSON *now = json_clone(a, was), *saying = json_set_object(a, now, "saying");
        json_set_str(a, saying, "channel", channel);
        json_set_str(a, saying, "by", store_owner(s));
        store_claim_fact(s, fact_name(a, b), was, now, &done, &e);
    }
    struct chat_job job = { .arena = a, .bot = b, .place = { .channel = channel } };
    bool said = done && say_answer(&job, summary_of(a, was, channel));
    if (done && (said || !b->all->stopping))
        end_saying(b, a, s, was, channel, said);
    b->quiet_at = loop_now(b->account.loop) + (done && !said ? AFTER_FAILURE : LOOK_AGAIN);
    b->telling = false;
    arena_free(a);
}

void quiet_tick(struct bot *b)
{
    struct err e = { 0 };
    double now = loop_now(b->account.loop);
    if (b->gone || b->telling || now < b->quiet_at || b->all->stopping)
        return;
    b->quiet_at = now + LOOK_AGAIN;
    struct arena *a = arena_new();
    struct store *s = quiet_store(b, &e);
    const cJSON *was = s ? store_fact(s, a, fact_name(a, b), &e) : NULL;
    b->telling = was && !is_being_said(b, a, s, was) && channel_to_tell(b, was);
    if (e.kind != ERR_NONE && !b->quiet_said)
        note_account(b, "quiet_lost", e.text);
    b->quiet_said = e.kind != ERR_NONE;
    arena_free(a);
    if (b->telling)
        fiber_start(tell_kept, b);
}
