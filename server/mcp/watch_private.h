/* watch_private.h - resources that somebody subscribed to: looks whether they changed, and says so
 * to sessions and listen streams.
 *
 * What changed is told by a digest of the resource's state (resource.h). Changes and the audit are
 * looked at when the audit has grown, which costs one local query a second. Objects of the gateway
 * are looked at then too, and every config.watch seconds; 0: only then, so that the gateway is not
 * asked for what nobody changed through this server. Nothing runs while nobody is subscribed.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct mcp;
struct owner;
struct session;

enum { WATCH_MAX = 1000, WATCH_MAX_EACH = 100 /* of one session */ };

/* One more, one fewer who wants to hear of it. False: the owner has its share of WATCH_MAX; the
 * words say so. */
bool watch_want(struct owner *o, const char *uri);
void watch_unwant(struct owner *o, const char *uri);
const char *watch_words(const struct owner *o, struct arena *a);

/* A session's own. False: too many. Twice is once. */
bool watch_subscribe(struct session *s, const char *uri);
void watch_unsubscribe(struct session *s, const char *uri);
void watch_unsubscribe_all(struct session *s); /* the session ends */

void watch_stop(struct mcp *m); /* no more looks; the fiber ends in a later turn of the loop */
void watch_free(struct mcp *m);
