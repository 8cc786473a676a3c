/* accesslog_format.c - the formats that a log is written in, learnt from its newest lines.
 *
 * Where an operator's format lacks keys, a client can write those without any key standing twice.
 * But it can only add keys, in one place, behind a value of its own; so a line that is another line
 * of the log with keys added so is not the gateway's. Lines with all of Higress' keys prove
 * themselves.
 */
#include "base/arena.h"
#include "base/json.h"
#include "signal/accesslog_line_private.h"
#include <string.h>

static struct log_format format_of(const cJSON *record)
{
    struct log_format f = { 0 };

    /* The texts, not ai, which comes and goes. */
    for (const cJSON *m = record->child; m; m = m->next)
        if (cJSON_IsString(m) && strcmp(m->string, "raw") != 0 && f.count < LOG_FORMAT_KEYS)
            f.keys[f.count++] = m->string;
    return f;
}

static bool same_keys(const struct log_format *x, int from_x, const struct log_format *y,
                      int from_y, int n)
{
    for (int i = 0; i < n; i++) {
        const char *p = x->keys[from_x + i], *q = y->keys[from_y + i];
        if (!p || !q || strcmp(p, q) != 0)
            return false;
    }
    return true;
}

static bool is_known_format(const struct log_formats *all, const struct log_format *f)
{
    for (int i = 0; i < all->count; i++)
        if (all->list[i].count == f->count && same_keys(&all->list[i], 0, f, 0, f->count))
            return true;
    return false;
}

/* Where there is no room, the format with the most keys goes: a client adds keys, so what it wrote
 * is never the shortest. NULL: that would be f itself. */
static struct log_format *room_for(struct log_formats *all, const struct log_format *f)
{
    struct log_format *most = &all->list[0];

    if (all->count < LOG_FORMATS)
        return &all->list[all->count++];
    for (int i = 1; i < all->count; i++)
        if (all->list[i].count > most->count)
            most = &all->list[i];
    return f->count < most->count ? most : NULL;
}

void log_learn(struct arena *a, struct log_formats *all, const cJSON *record)
{
    struct log_format f, *place;

    if (json_true(record, "forged"))
        return;
    f = format_of(record);
    if (is_known_format(all, &f) || !(place = room_for(all, &f)))
        return;
    for (int i = 0; i < f.count; i++)
        f.keys[i] = arena_strdup(a, f.keys[i]);
    *place = f;
}

/* Is `more` the keys of f with others put in at one place, behind a client's value? Where, or 0. */
static int put_in(const struct log_format *more, const struct log_format *f)
{
    int same = 0, added = more->count - f->count;

    if (added <= 0)
        return 0;
    while (same < f->count && same_keys(more, same, f, same, 1))
        same++;
    bool rest = same_keys(more, same + added, f, same, f->count - same);
    return same > 0 && rest && log_key_is_clients(more->keys[same - 1]) ? same : 0;
}

static bool has_all_log_keys(const struct log_format *f)
{
    int known = 0;

    for (int i = 0; i < f->count; i++)
        known += log_key_place(f->keys[i], strlen(f->keys[i]), i) >= 0;
    return known >= LOG_KEYS - 1; /* ai_log is not counted */
}

const cJSON *log_doubt(struct arena *a, const struct log_formats *all, const cJSON *record)
{
    struct log_format f = format_of(record);
    int at = 0;

    for (int i = 0; i < all->count && !at && !has_all_log_keys(&f); i++)
        at = put_in(&f, &all->list[i]);
    return at ? log_forged(a, record, f.keys[at]) : record;
}
