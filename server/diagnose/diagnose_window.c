/* diagnose_window.c - now against before: whose share of errors changed, whose latency
 * (diagnose_latency.c), when, and what was applied then.
 *
 * Rows are counted by service in slices of time as they are read, so that a window of a million
 * lines costs no memory. The moment of a change is where two shares explain the slices best; it is
 * told only where chance does not make the difference.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose_latency_private.h"
#include "diagnose/diagnose_private.h"
#include "diagnose/diagnose_window_private.h"
#include "signal/chance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLICES = WINDOW_SLICES,
    SERIES = 64,
    CLASSES = 2,
    MOST_LINES = 5,
    NEAR_BEFORE = 180,
    NEAR_AFTER = 15
};
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
    struct latency *latency;
};

struct diagnose_window *window_new(struct arena *a, double from, double to)
{
    struct diagnose_window *w = arena_make(a, struct diagnose_window);

    w->arena = a;
    w->from = from;
    w->to = to;
    w->latency = latency_new(a);
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
    place = place < SLICES ? place : SLICES - 1;
    latency_take(w->latency, row, place);
    s = series_of(w, subject_of(w, row));
    if (!s)
        return;
    struct slice *slice = &s->slices[place];
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
    int class;
    struct window_split parts;
    double when, chance;
};

static double likelihood(int bad, int all)
{
    double share = all ? (double)bad / all : 0;

    return (bad ? bad * log(share) : 0) + (all - bad ? (all - bad) * log(1 - share) : 0);
}

struct window_split window_split(const int all[WINDOW_SLICES], const int bad[WINDOW_SLICES])
{
    struct window_split best = { 0 };
    int total = 0, total_bad = 0, n = 0, k = 0;
    double most = -HUGE_VAL;

    for (int i = 0; i < SLICES; i++) {
        total += all[i];
        total_bad += bad[i];
    }
    for (int i = 1; i < SLICES; i++) {
        n += all[i - 1];
        k += bad[i - 1];
        double fit = likelihood(k, n) + likelihood(total_bad - k, total - n);
        if (n == 0 || n == total || fit <= most)
            continue;
        most = fit;
        best = (struct window_split){ i, { k, total_bad - k }, { n, total - n } };
    }
    return best;
}

static struct window_split split_of(const struct series *s, int class)
{
    int all[SLICES], bad[SLICES];

    for (int i = 0; i < SLICES; i++) {
        all[i] = s->slices[i].all;
        bad[i] = s->slices[i].bad[class];
    }
    return window_split(all, bad);
}

static double begin_of(const struct diagnose_window *w, int slice)
{
    return w->from + (w->to - w->from) * slice / SLICES;
}

/* The first one of the later part where it got worse, else the slice's beginning. */
static double moment_of(const struct diagnose_window *w, const struct change *k, bool worse)
{
    for (int i = k->parts.at; worse && i < SLICES; i++)
        if (k->of->slices[i].bad[k->class])
            return k->of->slices[i].first_bad[k->class];
    return begin_of(w, k->parts.at);
}

static bool find_change(const struct diagnose_window *w, const struct series *s, int class,
                        struct change *out)
{
    struct change k = { .of = s, .class = class, .parts = split_of(s, class) };
    const int *bad = k.parts.bad, *all = k.parts.all;
    bool worse = (double)bad[1] * all[0] > (double)bad[0] * all[1];

    if (k.parts.at == 0)
        return false;
    k.chance = worse ? chance_of_more(bad[1], all[1], bad[0], all[0])
                     : chance_of_more(bad[0], all[0], bad[1], all[1]);
    k.when = moment_of(w, &k, worse);
    *out = k;
    return k.chance < by_chance && bad[0] + bad[1] >= 3;
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

/* How long before the moment it was applied. Of an edit made elsewhere only two looks are known,
 * between which it was made: the longest that it can be, when the moment lies between them. */
static double seconds_before(const cJSON *change, double when)
{
    double at = when_parse(json_str(change, "at"));
    const char *since = json_str(change, "since");
    double first = since ? when_parse(since) : at;
    return when >= first && when < at ? when - first : when - at;
}

/* The change nearest to the moment, shortly before it. */
static const cJSON *applied_near(const cJSON *changes, double when)
{
    const cJSON *o, *best = NULL;
    double nearest = NEAR_BEFORE;

    cJSON_ArrayForEach(o, changes)
    {
        double before = seconds_before(o, when);
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

/* "text since 14:02, when plan c-1 was applied (title)", or "…; edit o-1 was made elsewhere …" */
static const char *dated_line(struct arena *a, const char *text, double when, const cJSON *changes)
{
    const cJSON *plan = applied_near(changes, when);

    text = arena_printf(a, "%s since %s", text, when_text(a, when, false));
    if (!plan)
        return text;
    if (json_str(plan, "since"))
        return arena_printf(a, "%s; edit %s was made elsewhere between %s and %s (%.300s)", text,
                            json_str(plan, "id"), json_str(plan, "since"), json_str(plan, "at"),
                            json_text(plan, "title"));
    return arena_printf(a, "%s, when plan %s was applied (%s)", text, json_str(plan, "id"),
                        json_str(plan, "title") ? json_str(plan, "title") : "no title");
}

static const char *share_line(struct arena *a, const struct change *k)
{
    const int *bad = k->parts.bad, *all = k->parts.all;

    return arena_printf(a, "%s of %s: %s (%d of %d) -> %s (%d of %d)", class_names[k->class],
                        text_clean(a, k->of->name, 80), percent(a, bad[0], all[0]), bad[0], all[0],
                        percent(a, bad[1], all[1]), bad[1], all[1]);
}

/* How many changed. */
static int add_share_lines(struct diagnose_window *w, const cJSON *changes, cJSON *lines)
{
    struct change *found = arena_array(w->arena, struct change, SERIES * CLASSES);
    int n = 0;

    for (int i = 0; i < w->count; i++)
        for (int class = 0; class < CLASSES; class ++)
            n += find_change(w, w->series[i], class, &found[n]);
    qsort(found, (size_t)n, sizeof *found, by_chance_first);
    for (int i = 0; i < n && i < MOST_LINES; i++)
        json_add_str(w->arena, lines,
                     dated_line(w->arena, share_line(w->arena, &found[i]), found[i].when, changes));
    return n;
}

static int add_latency_lines(struct diagnose_window *w, const cJSON *changes, cJSON *lines)
{
    int n = 0;
    const struct latency_change *found = latency_changes(w->latency, &n);

    for (int i = 0; i < n && i < MOST_LINES; i++)
        json_add_str(w->arena, lines,
                     dated_line(w->arena, found[i].text, begin_of(w, found[i].at), changes));
    return n;
}

cJSON *window_lines(struct diagnose_window *w, const cJSON *changes)
{
    cJSON *lines = json_array(w->arena);
    int n = add_share_lines(w, changes, lines);

    n += add_latency_lines(w, changes, lines);
    if (n > json_count(lines))
        json_add_str(w->arena, lines, arena_printf(w->arena, "%d more", n - json_count(lines)));
    if (n == 0)
        json_add_str(
            w->arena, lines,
            arena_printf(
                w->arena,
                "no service's share of 4xx or 5xx changed, and no latency of a route or an "
                "endpoint, between %s and %s",
                when_text(w->arena, w->from, false), when_text(w->arena, w->to, false)));
    return lines;
}
