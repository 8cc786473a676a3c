/* alert_private.h - alerts from within: what is read, found out, shown. */
#pragma once
#include "chat/alert.h"
#include "chat/card_private.h"
#include "config/alert.h"
#include "store/store_alert.h"

struct config_alert;

enum { ALERTS_READ = 50 /* of an incident, to find out about it */ };

/* What is kept of a source while the process runs. */
struct alert_source {
    struct alert_source *next;
    const char *name;
    struct chat_seen *seen; /* ids of requests that were signed; NULL: none came */
    double minute, refused_said;
    int requests;
    double stale_at; /* when it was last looked for what is heard of no more */
};

/* One incident that is worked on, by a fiber of its own. */
struct alert_work {
    struct alert_work *next;
    struct bots *bots;
    struct arena *arena;
    struct cancel cancel;
    struct cancel woken; /* by the end of a call */
    const char *id;      /* of the incident */
    cJSON *calls;        /* names of the tools it called, for the audit */
    bool failed;         /* it could not be read, or what was found not be kept */
};

/* -- alert_take.c ------------------------------------------------------------------------------ */

const struct config_alert *alert_configured(const struct bots *b, const char *name);
struct alert_source *alert_source(struct bots *b, const char *name);

/* -- alert_read.c: what a request says --------------------------------------------------------- */

struct alert_batch {
    const char *group; /* a digest */
    struct store_alert *alerts;
    int count;
    double left_out; /* not sent by the source, or not read */
};
/* False: it is not what that kind of source sends, and e says how. */
bool alert_read(struct arena *a, const struct config_alert *c, const cJSON *payload, double now,
                struct alert_batch *out, struct err *e);
/* Text of strangers, as it is kept: masked, one line, at most max bytes. */
const char *alert_words(struct arena *a, const char *text, size_t max);

/* -- alert_find.c: the likely cause, the change before it, its undo ------------------------------
 */

/* {"at","about":["route pay"],"causes":[{"code","confidence","object","facts":[…],"next"}],
 *  "unread":[sentence],"changes":[{"id","title","at","owner","by"?,"note"?}],"undo"?:{"of","id"?,
 *  "why"?}}, all of it masked. Parks. NULL: it was stopped. */
cJSON *alert_find_out(struct alert_work *w, const struct config_alert *c,
                      const struct store_alert *alerts, int count);
/* -- alert_call.c ------------------------------------------------------------------------------ */

#define ALERT_ASKS "undo_change" /* the only tool it calls that does not read */
/* One call as the source's own principal. Parks. Its answer in the work's arena; NULL: why says
 * why. */
const cJSON *alert_call(struct alert_work *w, const struct config_alert *c, const char *tool,
                        const cJSON *args, const char **why);

/* -- alert_tell.c ------------------------------------------------------------------------------ */

/* A line of audit about an incident. id: of the change that would help, or NULL. */
void alert_note(struct bots *b, const struct store_incident *i, const char *event, const char *id,
                cJSON *detail, struct arena *a);
/* Are these quiet hours, and nothing of all of it is urgent? Its card comes when they end. */
bool alert_must_wait(struct store *s, const struct bot *x, const struct store_incident *i);
/* Its first card, and the card as it is to look now. What fails is tried again. Both park. */
void alert_show(struct bots *b, struct store *s, struct arena *a, struct bot *x,
                struct store_incident *i);
void alert_renew(struct bots *b, struct store *s, struct arena *a, struct bot *x,
                 struct store_incident *i);

/* -- alert_card.c ------------------------------------------------------------------------------ */

/* The incident as it is now, before what `plan` (NULL: there is none) shows of the change that
 * would help; of that the buttons stay while it shows all. */
struct chat_card *alert_card(struct arena *a, struct bot *x, struct store *s,
                             const struct store_incident *i, struct chat_card *plan, struct err *e);
/* A word for what its card shows: another one, and the card is renewed. */
const char *alert_shows(struct arena *a, const struct store_incident *i, const cJSON *change);
