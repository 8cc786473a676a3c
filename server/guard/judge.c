/* judge.c - counts of the baseline and of now held against the conditions. */
#include "guard/judge.h"
#include "base/arena.h"
#include "signal/chance.h"
#include <math.h>

static const double by_chance = 0.001, LEAST_EXPECTED = 10; /* requests that then did not come */
static const double SHORTEST = 1, LONGEST = 15;             /* seconds between two looks */
static const double UNWRITTEN = 15;                         /* seconds that the log may be behind */
enum { LOOKS = 20 };

double guard_every(const struct guard_spec *spec)
{
    double every = spec->seconds / LOOKS;
    return every < SHORTEST ? SHORTEST : every > LONGEST ? LONGEST : every;
}

/* The chance that one look at one condition may have of being wrong. */
static double allowed(const struct guard_spec *spec)
{
    return by_chance / ceil(spec->seconds / guard_every(spec)) / spec->count;
}

static const char *share_text(struct arena *a, int bad, int all)
{
    double share = all ? 100.0 * bad / all : 0;
    return arena_printf(a, share > 0 && share < 10 ? "%.2g %%" : "%.0f %%", share);
}

static const char *counted(struct arena *a, int bad, int all)
{
    return all ? arena_printf(a, "%s (%d of %d)", share_text(a, bad, all), bad, all) : "no request";
}

/* How long no request came, as far as is known: Envoy writes its log when 64 KB are full or ten
 * seconds over. Lines of other requests say that it has written; else that time is waited for. The
 * first requests after the write may still have met the configuration before it. */
static double silent_for(const struct guard_counts *now)
{
    double sure = now->to - UNWRITTEN;
    double since = now->last > now->from ? now->last : now->from;
    return (now->known_to > sure ? now->known_to : sure) - since;
}

static bool is_silent(const struct guard_counts *before, const struct guard_counts *now)
{
    double was = before->to - before->from, is = silent_for(now);
    return was > 0 && is > before->pause && before->all * is / was >= LEAST_EXPECTED;
}

static bool is_worse(const struct guard_condition *k, int i, const struct guard_counts *before,
                     const struct guard_counts *now, double limit)
{
    int bad = now->bad[i], all = now->all;
    if (bad < GUARD_LEAST_BAD || bad <= k->share * all)
        return false;
    return chance_above(bad, all, k->share) < limit &&
           (before->all == 0 || chance_of_more(bad, all, before->bad[i], before->all) < limit);
}

static const char *slow_or_status(struct arena *a, const struct guard_condition *k)
{
    return k->what == GUARD_STATUS ? arena_printf(a, "%dxx", k->class)
                                   : arena_printf(a, "slower than %g ms", k->ms);
}

struct guard_judged guard_judge(struct arena *a, const struct guard_spec *spec,
                                const struct guard_counts *before, const struct guard_counts *now)
{
    for (int i = 0; i < spec->count; i++) {
        const struct guard_condition *k = &spec->conditions[i];
        if (k->what == GUARD_NO_TRAFFIC && is_silent(before, now))
            return (struct guard_judged){
                true, arena_printf(a, "no traffic: %d requests in %.0f s before -> none in %.0f s",
                                   before->all, before->to - before->from, silent_for(now))
            };
        if (k->what != GUARD_NO_TRAFFIC && is_worse(k, i, before, now, allowed(spec)))
            return (struct guard_judged){
                true, arena_printf(a, "%s: %s %s -> %s", k->text, slow_or_status(a, k),
                                   counted(a, before->bad[i], before->all),
                                   counted(a, now->bad[i], now->all))
            };
    }
    return (struct guard_judged){ 0 };
}

char *guard_tell(struct arena *a, const struct guard_spec *spec, const struct guard_counts *before,
                 const struct guard_counts *now)
{
    char *text = arena_printf(a, "over %d request%s", now->all, now->all == 1 ? "" : "s");
    for (int i = 0; now->all && i < spec->count; i++) {
        const struct guard_condition *k = &spec->conditions[i];
        if (k->what != GUARD_NO_TRAFFIC)
            text = arena_printf(a, "%s, %s %s -> %s", text, slow_or_status(a, k),
                                before->all ? share_text(a, before->bad[i], before->all)
                                            : "no request",
                                share_text(a, now->bad[i], now->all));
    }
    return now->cut ? arena_printf(a, "%s (the log was looked at back to %s only)", text, now->cut)
                    : text;
}
