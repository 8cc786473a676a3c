/* store_alert.h - alerts that fire, and the incidents under which they are told.
 *
 * An alert is known by its source and a key of that source (a fingerprint); `starts` tells one
 * episode of it from the next. Alerts of one group are one incident, which is told by one card.
 * What comes is merged in one durable transaction, so that what is answered with 200 outlives the
 * process, and what comes twice is one:
 *   fires, and is not known, or began later than the one known     an episode begins
 *   fires, and is known to fire                                    seen again, no more
 *   fires, and began no later than one that is over                a late copy: nothing
 *   over, and is known to fire, and did not end before it began    its episode ends
 *   over otherwise                                                 remembered, so that its firing,
 *                                                                  should it come later, is late
 * An end that nobody sent (store_end_stale) makes no late copy of what goes on firing.
 * An incident ends with its last alert. Each row is under its MAC: one that was edited is refused
 * (ERR_SYSTEM). Texts were masked by who hands them in. Times are Unix seconds.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct store;

enum { ALERTS_KEPT = 10000, INCIDENTS_KEPT = 1000, ALERT_DAYS = 7 /* of those that are over */ };
/* The group of what comes while too many incidents begin: one card tells of all of it. */
#define ALERT_STORM "storm"

struct store_alert {
    const char *key;
    double starts, ends; /* ends 0: it fires */
    const char *shown;   /* JSON: what people see of it */
};
/* One request of a source. */
struct store_alerts {
    const char *source, *group; /* group: a digest; never ALERT_STORM */
    const struct store_alert *alerts;
    int count;
    double left_out; /* alerts of the group that were not sent or not read */
    int most;        /* incidents of the source that may begin within `within` seconds */
    double within;
    /* Where an incident is told. */
    const char *platform, *account, *channel;
};
/* What became of them. */
struct store_alerts_taken {
    int begun, again, ended, ignored;
    bool storm; /* those that began were put to the storm */
};
bool store_take_alerts(struct store *s, const struct store_alerts *in,
                       struct store_alerts_taken *out, struct err *e);
/* Ends what fires and was not heard of since `before`: its source must be gone. */
bool store_end_stale(struct store *s, const char *source, double before, struct err *e);

enum incident_state {
    INCIDENT_OPEN = 1,
    INCIDENT_OVER, /* nothing of it fires any more */
    INCIDENT_DONE, /* and its card says so; nothing more will come */
};
struct store_incident {
    const char *id, *source, *group;
    enum incident_state state;
    double opened, closed; /* closed 0: it is not */
    double revision;       /* grows with each alert that begins or ends */
    double left_out;
    const char *holder; /* the process that works on it; NULL: none yet */
    const char *found;  /* JSON: what was found out about it; NULL: nothing yet */
    const char *plan;   /* the change that would help, or NULL */
    const char *button; /* of the card under which that is decided (store_card.h), or NULL */
    const char *platform, *account, *channel;
    const char *message; /* of the platform; NULL: it was not told yet */
    const char *shown;   /* what its card shows, in a word of the teller's; NULL: nothing */
};

/* Ids of those that are not done, the oldest first, in arena a. Their number; -1 + e. */
int store_incidents(struct store *s, struct arena *a, const char ***ids, struct err *e);
/* False: there is none (e is not set), or e. */
bool store_find_incident(struct store *s, struct arena *a, const char *id,
                         struct store_incident *out, struct err *e);
/* The one whose card has that button. */
bool store_incident_of(struct store *s, struct arena *a, const char *button,
                       struct store_incident *out, struct err *e);
/* From now on this process works on it. *held false: another does, which is alive. */
bool store_hold_incident(struct store *s, const char *id, bool *held, struct err *e);
/* What is not NULL there is written: found, plan, button, message, shown; and state, where it is
 * INCIDENT_DONE and the incident is still over. */
bool store_update_incident(struct store *s, const struct store_incident *x, struct err *e);
/* Its alerts: those that fire first, then the newest; at most `most`. *firing, *all: how many there
 * are. Their number; -1 + e. */
int store_alerts_of(struct store *s, struct arena *a, const char *incident, int most,
                    struct store_alert **out, int *firing, int *all, struct err *e);
/* Is there one of it of which that is true? */
typedef bool store_alert_test(void *arg, const char *shown);
bool store_any_alert(struct store *s, const char *incident, store_alert_test *is, void *arg,
                     struct err *e);
