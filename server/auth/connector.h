/* connector.h - tokens of the Bot Framework's connector, by which a request is Microsoft's.
 *
 * Source: learn.microsoft.com, "Authenticate requests from the Bot Connector service to your bot".
 */
#pragma once
#include <cjson/cJSON.h>

struct arena;

struct connector_rules {
    const char *app;     /* our app id */
    const char *channel; /* of the activity, which the key must be endorsed for */
    const char *service; /* the activity's serviceUrl, which the token must name */
    double now;          /* Unix seconds */
};

enum connector_verdict {
    CONNECTOR_GOOD = 1,
    CONNECTOR_BAD,
    CONNECTOR_NO_KEY, /* the set has no such key: it may be an old set */
};

/* jwks: of https://login.botframework.com/v1/.well-known/keys; NULL: CONNECTOR_NO_KEY. why: a
 * constant. */
enum connector_verdict connector_check(struct arena *a, const cJSON *jwks,
                                       const struct connector_rules *r, const char *token,
                                       const char **why);
