/* diagnose_window.c - now against before: whose share of errors changed, when, and what was applied
 * then.
 *
 * Rows are counted by service in slices of time as they are read, so that a window of a million
 * lines costs no memory. The moment of a change is where two shares explain the slices best; it is
 * told only where chance does not make the difference.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose_private.h"
#include "diagnose/diagnose_window_private.h"
#include "signal/chance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLICES = 120, SERIES = 64, CLASSES = 2, MOST_LINES = 5, NEAR_BEFORE = 180, NEAR_AFTER = 15 };
static const double by_chance = 0.001;
static const char *const class_names[CLASSES] = { "4xx", "5xx" };

struct slice {
    int all, bad[CLASSES];
    double first_bad[CLASSES]; /* its time */
};

struct series {
    const char *name;
    struct slice slices[SLICES];
};

struct diagnose_window {
    struct arena *arena;
    double from, to;
    struct series *series[SERIES];
    int count;
    int left_out; /* rows of services for which there was no room */
};

struct diagnose_window *window_new(struct arena *a, double from, double to)
{
    struct diagnose_window *w = arena_make(a, struct diagnose_window);

    w->arena = a;
    w->from = from;
    w->to = to;
    return w;
}

static struct series *series_of(struct diagnose_window *w, const char *name)
{
    struct series *s;

    for (int i = 0; i < w->count; i++)
        if (!strcmp(w->series[i]->name, name))
            return w->series[i];
    if (w->count == SERIES)
        return NULL;
    s = w->series[w->count++] = arena_make(w->arena, struct series);
    s->name = arena_strdup(w->arena, name);
    return s;
}

static const char *window_field(const cJSON *row, const char *key)
{
    const char *s = json_str(row, key);

    return s && *s ? s : "-";
}

/* The service; else the route, else the host. */
static const char *subject_of(struct diagnose_window *w, const cJSON *row)
{
    const char *cluster = window_field(row, "upstream_cluster"), *bar = strrchr(cluster, '|');

    if (strcmp(cluster, "-") != 0)
        return bar ? bar + 1 : cluster;
    if (strcmp(window_field(row, "route_name"), "-") != 0)
        return window_field(row, "route_name");
    return text_clean(w->arena, window_field(row, "authority"), 80);
}

static void count_bad(struct slice *s, int class, double at)
{
    s->bad[class]++;
    if (s->first_bad[class] == 0 || at < s->first_bad[class])
        s->first_bad[class] = at;
}

void window_take(struct diagnose_window *w, const cJSON *row)
{
    double at = when_parse(json_str(row, "start_time"));
    int code = (int)strtol(window_field(row, "response_code"), NULL, 10);
    int place = (int)((at - w->from) / (w->to - w->from) * SLICES);
    struct series *s;

    if (at < w->from || json_true(row, "forged") || json_get(row, "raw"))
        return;
    s = series_of(w, subject_of(w, row));
    if (!s) {
        w->left_out++;
        return;
    }
    struct slice *slice = &s->slices[place < SLICES ? place : SLICES - 1];
    slice->all++;
    if (code >= 500 || code == 0)
        count_bad(slice, 1, at);
    else if (code >= 400)
        count_bad(slice, 0, at);
}

/* -- where it changed ----------------------------------------------------------------------------
 */
struct change {
    const struct series *of;
    int class, at; /* the first slice of the later part */
    int bad[2], all[2];
    double when, chance;
};

static double likelihood(int bad, int all)
{
    double share = all ? (double)bad / all : 0;

    return (bad ? bad * log(share) : 0) + (all - bad ? (all - bad) * log(1 - share) : 0);
}

static struct change best_split(const struct series *s, int class)
{
    struct change best = { .of = s, .class = class };
    int total = 0, total_bad = 0, all = 0, bad = 0;
    double most = -HUGE_VAL;

    for (int i = 0; i < SLICES; i++) {
        total += s->slices[i].all;
        total_bad += s->slices[i].bad[class];
    }
    for (int i = 1; i < SLICES; i++) {
        all += s->slices[i - 1].all;
        bad += s->slices[i - 1].bad[class];
        double fit = likelihood(bad, all) + likelihood(total_bad - bad, total - all);
        if (all == 0 || all == total || fit <= most)
            continue;
        most = fit;
        best.at = i;
        best.bad[0] = bad;
        best.all[0] = all;
        best.bad[1] = total_bad - bad;
        best.all[1] = total - all;
    }
    return best;
}

/* The first one of the later part where it got worse, else the slice's beginning. */
static double moment_of(const struct diagnose_window *w, const struct change *k, bool worse)
{
    for (int i = k->at; worse && i < SLICES; i++)
        if (k->of->slices[i].bad[k->class])
            return k->of->slices[i].first_bad[k->class];
    return w->from + (w->to - w->from) * k->at / SLICES;
}

static bool find_change(const struct diagnose_window *w, const struct series *s, int class,
                        struct change *out)
{
    struct change k = best_split(s, class);
    bool worse;

    if (k.at == 0)
        return false;
    worse = (double)k.bad[1] * k.all[0] > (double)k.bad[0] * k.all[1];
    k.chance = worse ? chance_of_more(k.bad[1], k.all[1], k.bad[0], k.all[0])
                     : chance_of_more(k.bad[0], k.all[0], k.bad[1], k.all[1]);
    k.when = moment_of(w, &k, worse);
    *out = k;
    return k.chance < by_chance && k.bad[0] + k.bad[1] >= 3;
}

/* -- what is told --------------------------------------------------------------------------------
 */
static const char *percent(struct arena *a, int bad, int all)
{
    double share = all ? 100.0 * bad / all : 0;

    if (share > 0 && share < 0.1)
        return arena_printf(a, "%.2g %%", share);
    return arena_printf(a, share > 0 && share < 10 ? "%.1f %%" : "%.0f %%", share);
}

/* The plan applied nearest to the moment, shortly before it. */
static const cJSON *applied_near(const cJSON *changes, double when)
{
    const cJSON *o, *best = NULL;
    double nearest = NEAR_BEFORE;

    cJSON_ArrayForEach(o, changes)
    {
        double before = when - when_parse(json_str(o, "at"));
        if (before < -NEAR_AFTER || fabs(before) > nearest)
            continue;
        nearest = fabs(before);
        best = o;
    }
    return best;
}

static int by_chance_first(const void *x, const void *y)
{
    const struct change *a = x, *b = y;

    return (a->chance > b->chance) - (a->chance < b->chance);
}

static const char *change_line(struct diagnose_window *w, const struct change *k,
                               const cJSON *changes)
{
    struct arena *a = w->arena;
    const cJSON *plan = applied_near(changes, k->when);
    const char *text = arena_printf(
        a, "%s of %s: %s (%d of %d) -> %s (%d of %d) since %s", class_names[k->class],
        text_clean(a, k->of->name, 80), percent(a, k->bad[0], k->all[0]), k->bad[0], k->all[0],
        percent(a, k->bad[1], k->all[1]), k->bad[1], k->all[1], when_text(a, k->when, false));

    if (!plan)
        return text;
    return arena_printf(a, "%s, when plan %s was applied (%s)", text, json_str(plan, "id"),
                        json_str(plan, "title") ? json_str(plan, "title") : "no title");
}

cJSON *window_lines(struct diagnose_window *w, const cJSON *changes)
{
    struct change *found = arena_array(w->arena, struct change, SERIES * CLASSES);
    cJSON *lines = json_array(w->arena);
    int n = 0;

    for (int i = 0; i < w->count; i++)
        for (int class = 0; class < CLASSES; class ++)
            n += find_change(w, w->series[i], class, &found[n]);
    qsort(found, (size_t)n, sizeof *found, by_chance_first);
    for (int i = 0; i < n && i < MOST_LINES; i++)
        json_add_str(w->arena, lines, change_line(w, &found[i], changes));
    if (n > MOST_LINES)
        json_add_str(w->arena, lines, arena_printf(w->arena, "%d more", n - MOST_LINES));
    if (n == 0)
        json_add_str(
            w->arena, lines,
            arena_printf(w->arena, "no service's share of 4xx or 5xx changed between %s and %s",
                         when_text(w->arena, w->from, false), when_text(w->arena, w->to, false)));
    return lines;
}
