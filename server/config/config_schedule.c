/* config_schedule.c - `schedules`, and `quiet` of accounts of `chat`: what goes beyond one row of
 * settings.c: times, zones, and that the account, the channel and the gateway are there.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "base/zone.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include "config/settings_private.h"
#include <string.h>

enum { DAY_MINUTES = 24 * 60, DAYS_UNSAID = 30 };
static const double EVERY_LEAST = 5, EVERY_MOST = 31 * 86400.;

static const struct field schedule_rows[] = {
    { "name", STR, REQ, "In what is said, and in the audit.", .min = 1, .max = 40 },
    { "what", STR, REQ, "What is said.", .one_of = SCHEDULE_WHATS },
    { "account", STR, REQ, "By which account: PLATFORM/NAME.", .min = 3, .max = 60 },
    { "channel", STR, REQ, "Where, as the platform names it.", .min = 1, .max = 200 },
    { "at", STR, OPT, "When, each day: HH:MM.", .min = 5, .max = 5 },
    { "weekdays", BOOL, OPT, "Not on Saturday and Sunday." },
    { "every", STR, OPT, "Or how often: 30m, 6h, 7d; counted in UTC.", .min = 2, .max = 12 },
    { "zone", STR, OPT, "Whose clock: Europe/Berlin.", .min = 1, .max = 60 },
    { "gateway", STR, OPT, "About which.", .min = 1, .max = 40 },
    { "certificate_days", NUM, OPT, "Certificates that end within them.", .min = 1, .max = 3650 },
    { 0 },
};
const struct field config_schedule_field = { "schedule", OBJ, OPT, "What a bot says by itself.",
                                             .of = schedule_rows };

/* -- when ------------------------------------------------------------------------------------ */

/* HH:MM before 24:00; -1: it is not that. */
static int minutes_of_day(const char *text)
{
    int minutes = zone_minutes(text);
    return minutes < DAY_MINUTES ? minutes : -1;
}

/* "6h" in seconds; 0: it is none. */
static double seconds_of(const char *text)
{
    static const double base = 1e10; /* any time that is long after 1970 */
    bool plain = text[strspn(text, "0123456789")] && !text[strspn(text, "0123456789") + 1];
    double then = plain ? when_since(text, base) : 0;
    return then > 0 ? base - then : 0;
}

/* Exactly one of the two. */
static bool take_times(struct config_schedule *s, int i, const char *at, const char *every,
                       struct err *e)
{
    s->minutes = at ? minutes_of_day(at) : -1;
    s->every = every ? seconds_of(every) : 0;
    if (!at == !every)
        return config_refuse_row(e, "schedules", i, "at", "and every: give one of them",
                                 at ? at : "");
    if (at && s->minutes < 0)
        return config_refuse_row(e, "schedules", i, "at", "is no time of a day (HH:MM)", at);
    if (every && (s->every < EVERY_LEAST || s->every > EVERY_MOST))
        return config_refuse_row(e, "schedules", i, "every",
                                 "is no time of 5s to 31d (30m, 6h, 7d)", every);
    return !every || !s->weekdays ||
           config_refuse_row(e, "schedules", i, "weekdays", "goes with at, not with every", every);
}

/* -- where ----------------------------------------------------------------------------------- */

static const struct config_chat *account_of(const struct config *c, const struct config_schedule *s)
{
    for (const struct config_chat *x = c->chat; x->name; x++)
        if (!strcmp(x->platform, s->platform) && !strcmp(x->name, s->account))
            return x;
    return NULL;
}

static const struct config_chat_channel *channel_of(const struct config_chat *c, const char *id)
{
    for (const struct config_chat_channel *k = c->channels; k && k->id; k++)
        if (!strcmp(k->id, id))
            return k;
    return NULL;
}

/* bound: of its channel, or NULL. */
static bool take_gateway(const struct config *c, struct config_schedule *s, int i,
                         const char *bound, struct err *e)
{
    struct err none = { 0 };
    if (s->gateway && !config_gateway(c, s->gateway, &none))
        return config_refuse_row(e, "schedules", i, "gateway", "is no gateway of `gateways`",
                                 s->gateway);
    if (bound && s->gateway && strcmp(bound, s->gateway) != 0)
        return config_refuse_row(e, "schedules", i, "gateway",
                                 "is another one than that channel is bound to", s->gateway);
    s->gateway = s->gateway ? s->gateway : bound;
    return true;
}

static bool take_place(const struct config *c, struct config_schedule *s, int i, struct err *e)
{
    const struct config_chat *account = account_of(c, s);
    const struct config_chat_channel *k = account ? channel_of(account, s->channel) : NULL;
    if (!account)
        return config_refuse_row(e, "schedules", i, "account",
                                 "is no account of `chat` (PLATFORM/NAME)", s->account);
    if (account->channels && !k)
        return config_refuse_row(e, "schedules", i, "channel",
                                 "is not among the channels of that account", s->channel);
    return take_gateway(c, s, i, k ? k->gateway : NULL, e);
}

/* -- all of them ----------------------------------------------------------------------------- */

static bool bind_schedule(const struct config *c, struct arena *a, struct config_schedule *s, int i,
                          const cJSON *row, struct err *e)
{
    const char *account = json_str(row, "account"), *slash = strchr(account, '/');
    const char *zone = json_str(row, "zone");
    s->name = arena_strdup(a, json_str(row, "name"));
    s->what = (enum schedule_what)text_word_place(SCHEDULE_WHATS, json_str(row, "what"));
    s->zone = zone ? arena_strdup(a, zone) : "UTC";
    s->gateway = arena_strdup(a, json_str(row, "gateway"));
    s->platform = slash ? arena_strndup(a, account, (size_t)(slash - account)) : "";
    s->account = arena_strdup(a, slash ? slash + 1 : account);
    s->channel = arena_strdup(a, json_str(row, "channel"));
    s->certificate_days = json_num(row, "certificate_days", DAYS_UNSAID);
    s->weekdays = json_true(row, "weekdays");
    if (!zone_is_known(s->zone))
        return config_refuse_row(e, "schedules", i, "zone",
                                 "is no time zone of this machine (/usr/share/zoneinfo)", s->zone);
    return take_times(s, i, json_str(row, "at"), json_str(row, "every"), e) &&
           take_place(c, s, i, e);
}

bool config_good_schedules(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    const cJSON *list = json_get(tree, "schedules"), *row;
    struct config_schedule *out = arena_array(a, struct config_schedule, json_count(list) + 1);
    int n = 0;
    c->schedules = out;
    cJSON_ArrayForEach(row, list)
    {
        if (!bind_schedule(c, a, &out[n], n, row, e))
            return false;
        for (int k = 0; k < n; k++)
            if (!strcmp(out[k].name, out[n].name))
                return config_refuse_row(e, "schedules", n, "name", "is the name of two schedules",
                                         out[n].name);
        n++;
    }
    return true;
}

/* -- quiet ----------------------------------------------------------------------------------- */

const struct field config_quiet_rows[] = {
    { "from", STR, REQ, "HH:MM.", .min = 5, .max = 5 },
    { "to", STR, REQ, "HH:MM.", .min = 5, .max = 5 },
    { "zone", STR, OPT, "Whose clock.", .min = 1, .max = 60 },
    { "urgent", LIST, OPT, "Severities of alerts that are told nevertheless.", .max = 16,
      .of = &a_string },
    { 0 },
};

bool config_take_quiet(struct arena *a, const cJSON *row, const struct config_quiet **out,
                       struct err *e)
{
    static const char *const critical[] = { "critical", NULL };
    const char *zone = json_str(row, "zone");
    struct config_quiet *q = arena_make(a, struct config_quiet);
    *out = row ? q : NULL;
    if (!row)
        return true;
    q->from = minutes_of_day(json_str(row, "from"));
    q->to = minutes_of_day(json_str(row, "to"));
    q->zone = zone ? arena_strdup(a, zone) : "UTC";
    q->urgent = json_get(row, "urgent") ? config_texts(a, json_get(row, "urgent")) : critical;
    if (q->from < 0 || q->to < 0 || q->from == q->to)
        return err_set(e, ERR_ARGS, "quiet needs two different times of a day (HH:MM)");
    return zone_is_known(q->zone) ||
           err_set(e, ERR_ARGS, "'%.60s' is no time zone of this machine (/usr/share/zoneinfo)",
                   q->zone);
}
