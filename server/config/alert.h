/* alert.h - rows of `alerts` in the configuration: systems that tell us what fires, and where it is
 * told on. What each row is for stands in docs/chatops/alerts.md.
 *
 * Keys are resolved and learnt by the scrubber. Strings live in the arena of the configuration.
 */
#pragma once
#include "config/chat.h"
#include "config/person.h"
#include <stdbool.h>

enum alert_from { ALERT_FROM_ALERTMANAGER = 1, ALERT_FROM_GRAFANA, ALERT_FROM_JSON };
#define ALERT_FROM "alertmanager|grafana|json"

/* What labels may name, by the arguments of diagnose; and members of a JSON of somebody's own. */
#define ALERT_TARGETS "route|service|domain|ai_route|mcp_server"
#define ALERT_FIELDS "items|key|status|title|starts|ends|labels|group|summary|description"

struct config_alert_labels {
    const char *target;       /* a word of ALERT_TARGETS */
    const char *const *names; /* of the labels; ended by NULL */
};

struct config_alert {
    const char *name; /* in the path, the principal and the audit: POST /alerts/NAME */
    enum alert_from from;
    /* One of the three. bearer, basic ("USER:PASSWORD"): the Authorization header; hmac: a
     * signature over time and body. */
    const char *bearer, *basic, *hmac;
    const struct config_chat *chat;           /* the account it is told by */
    const char *channel;                      /* where */
    const char *gateway;                      /* that it is about; NULL: the one that is meant */
    const struct config_alert_labels *labels; /* ended by { 0 } */
    const struct config_named *fields;        /* of JSON: name and path; ended by { 0 } */
    const char *const *resolved;              /* of JSON: words of a status that is over */
    double window;                            /* seconds that a new group waits for more of it */
    double stale;              /* seconds after which what is not heard of any more is over */
    double look_back;          /* seconds before it began, within which a change may be the cause */
    double cards;              /* new ones a minute; what begins beyond them is told by one card */
    struct config_person self; /* "alert:NAME": may ask for changes, and decides nothing */
    const char *digest;        /* of all that, keys included */
};
