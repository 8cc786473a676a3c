/* schedule_private.h - what bots say by themselves, and when they do not: schedules of the
 * configuration (config/schedule.h), quiet hours.
 *
 * What was said last stands in the store as a fact "schedule NAME", what is kept for the end of
 * quiet hours as "quiet PLATFORM/ACCOUNT" (store/store_fact.h): a restart says nothing twice, and
 * of several processes on one state one speaks. A schedule reads as the principal
 * "schedule:NAME", without a model, and is audited.
 */
#pragma once
#include "chat/bot_private.h"
#include "config/schedule.h"

struct agent;

/* -- schedule_due.c: when. Pure but for the tables of time zones. Unix seconds. ---------------- */

double schedule_next(const struct config_schedule *s, double after); /* the first after that */
double schedule_newest(const struct config_schedule *s, double now); /* the last until then */
/* How many there are after the one and before the other, at most SCHEDULE_COUNTED. */
enum { SCHEDULE_COUNTED = 1000 };
int schedule_between(const struct config_schedule *s, double after, double before);
/* "2026-11-30 08:00 CET" */
const char *schedule_time(struct arena *a, const char *zone, double at);
/* What of it says when; another text is another schedule. */
const char *schedule_rule(struct arena *a, const struct config_schedule *s);
bool quiet_within(const struct config_quiet *q, double now); /* NULL is never quiet */

/* -- schedule_text.c, schedule_alerts.c, schedule_certificates.c: what
 * ------------------------------------------- */

/* One run of a schedule. */
struct schedule_run {
    const struct config_schedule *schedule;
    struct bot *bot;
    struct arena *arena;
    struct agent *agent;
    struct cancel cancel; /* fires when the bots stop */
    double due, since;    /* since: the one that was said before; 0: none was */
    int left_out;         /* that were due between them */
    bool late;
};
/* All of it, for one message of that platform. Parks; NULL: it was stopped. */
const char *schedule_text(struct schedule_run *r);
const char *schedule_title(struct arena *a, const struct schedule_run *r); /* its first line */
/* What fires, a line for each incident; "Nothing."; NULL: no source of alerts is configured. */
const char *schedule_alerts(const struct schedule_run *r);
/* The certificates that the gateway's Envoy holds and that end soon, a line each. Parks. */
const char *schedule_certificates(struct schedule_run *r);

/* -- quiet.c ---------------------------------------------------------------------------------- */

/* Is it quiet there now? */
bool quiet_now(const struct config_chat *c, const char *channel);
/* Is an alert of that severity told there nevertheless? NULL: none is known. */
bool quiet_is_urgent(const struct config_chat *c, const char *channel, const char *severity);
/* Keeps it for the end of the quiet hours. False: it could not be kept (e): say it now. */
bool quiet_keep(struct bot *b, const char *channel, const char *title, const char *text,
                struct err *e);
/* Posts what was kept where it is quiet no more. On the loop, at times. */
void quiet_tick(struct bot *b);

/* -- note.c ---------------------------------------------------------------------------------- */

/* One line about what the bot says by itself. who: "schedule:NAME". b: NULL: there is none. */
void note_schedule(struct bot *b, const char *who, const cJSON *detail);

/* -- schedule.c ------------------------------------------------------------------------------- */

struct schedules;
void schedules_start(struct bots *b); /* also when the configuration was read again */
void schedules_tick(struct bots *b);
void schedules_stop(struct bots *b);
bool schedules_busy(const struct bots *b);
