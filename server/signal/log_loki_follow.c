/* log_loki_follow.c - Loki asked again and again for what came: the last seconds each time, because
 * lines come late and in no order; those that were told are known by time and text. */
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "net/loop.h"
#include "signal/log_follow_private.h"
#include "signal/log_loki_private.h"
#include <math.h>
#include <string.h>

enum { TOLD = 65536, PROBES = 32, MOST = 5000 };
static const double EVERY_SECONDS = 1;
static const long long BACK_NS = 10000000000;

struct loki_follower {
    struct log_follower follower;
    long long from; /* lines older than this are of no interest */
    struct told {
        uint64_t hash;
        long long ns; /* older than what is asked for: free */
    } told[TOLD];
    bool again; /* nothing is waited for */
};

static uint64_t entry_hash(const struct loki_entry *x)
{
    uint64_t h = text_hash(x->line, strlen(x->line)) ^ ((uint64_t)x->ns * 0x9e3779b97f4a7c15U);
    return x->replica ? h * 31 + text_hash(x->replica, strlen(x->replica)) : h;
}

/* Was it told? Then it is known from now on. What is too old to come again makes room. */
static bool is_untold(struct loki_follower *f, const struct loki_entry *x, long long oldest)
{
    uint64_t h = entry_hash(x);
    struct told *room = NULL, *slot = NULL;

    for (size_t i = 0; i < PROBES; i++) {
        slot = &f->told[(h + i) % TOLD];
        if (slot->ns == x->ns && slot->hash == h)
            return false;
        if (!room && slot->ns < oldest)
            room = slot;
    }
    *(room ? room : slot) = (struct told){ h, x->ns };
    return true;
}

static bool poll_loki(struct log_follower *follower, struct arena *a, struct log_part *out,
                      struct err *e)
{
    struct loki_follower *f = (struct loki_follower *)follower;
    long long now = (long long)(when_now() * 1e9);
    struct loki_answer x = { 0 };
    const struct loki_query q = { .what = follower->q->what,
                                  .start = f->from > now - BACK_NS ? f->from : now - BACK_NS,
                                  .end = now + 1000000000,
                                  .limit = MOST };
    int n = 0;

    *out = (struct log_part){ .fd = -1 };
    if (!f->again && !log_loki_ask(follower->source, a, &q, &x, e))
        return false;
    f->again = true;
    for (int i = 0; i < x.count; i++)
        if (is_untold(f, &x.entries[i], q.start))
            x.entries[n++] = x.entries[i];
    if (x.count == q.limit)
        log_follow_note(follower, "Loki had more lines than could be asked for at once");
    log_loki_part(a, &x, 0, n, out);
    return true;
}

static bool pause_loki(struct log_follower *follower, double seconds, struct err *e)
{
    struct loki_follower *f = (struct loki_follower *)follower;

    f->again = false;
    return nap_for(follower->source->loop, fmin(seconds, EVERY_SECONDS), "lines of", "Loki",
                   follower->source->cancel, e);
}

static void close_loki(struct log_follower *follower)
{
    (void)follower;
}

struct log_follower *log_follow_loki(struct log_source *s, struct arena *a,
                                     const struct accesslog_query *q, const struct log_part *newest)
{
    static const struct log_follower_ops ops = { poll_loki, pause_loki, close_loki };
    struct loki_follower *f = arena_make(a, struct loki_follower);
    const char *at = newest->text;

    f->follower = (struct log_follower){ .ops = &ops, .source = s, .q = q, .arena = a };
    f->from = newest->lines ? newest->marks[newest->lines - 1].ns - BACK_NS
                            : (long long)(when_now() * 1e9);
    if (newest->lines >= LOKI_PAGE && newest->marks[0].ns > f->from)
        f->from = newest->marks[0].ns; /* what is older was there, and is not known */
    for (int i = 0; i < newest->lines; i++) {
        const char *nl = strchr(at, '\n');
        struct loki_entry x = { .ns = newest->marks[i].ns,
                                .line = arena_strndup(a, at, (size_t)(nl - at)),
                                .replica = newest->replicas
                                               ? newest->replicas[newest->marks[i].replica]
                                               : NULL };
        if (x.ns >= f->from)
            is_untold(f, &x, f->from);
        at = nl + 1;
    }
    return &f->follower;
}
