/* source_private.h - wrong tokens by where they come from: slowed, and audited without letting
 * anybody fill the audit.
 *
 * A source is what listen_source says of a peer. After SOURCE_FREE wrong tokens
 * its tokens are not judged for a while, which doubles from one to SOURCE_WAIT_MOST seconds with
 * each further wrong one; one wrong token is forgotten every SOURCE_FORGET seconds. What is not
 * judged is answered at once, holds nothing, and makes no wait longer. A token that was right from
 * that source lately is judged all the same, so that who shares an address with a guesser keeps
 * working. The table has a fixed size; behind a proxy all clients are one source, the proxy.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct mcp;
struct sources;

enum { SOURCE_FREE = 20, SOURCE_FORGET = 10, SOURCE_WAIT_MOST = 60 };

struct sources *sources_new(struct mcp *m);
void sources_free(struct sources *s); /* audits what it has not said yet */
/* Once a second: what came since the last line of a source, a minute ago or more. */
void sources_tick(struct sources *s);

/* Seconds for which tokens of that peer are not judged; 0: this one is. */
double source_wait(struct sources *s, const char *peer, const char *token);
void source_right(struct sources *s, const char *peer, const char *token);
/* door: what it was for, "mcp", "change", "chat" or "alerts"; the channel of the audit line.
 * by_issuer: an issuer makes the tokens, which nobody guesses and honest clients bring expired: it
 * counts an eighth. */
void source_wrong(struct sources *s, const char *peer, const char *door, bool by_issuer);

/* Somebody who is known was refused what they asked for: "approve". A line of the audit each, of
 * all together as many a minute as of wrong tokens; the rest is counted in the next. id: of a
 * change that there is, or NULL. */
void source_refused(struct sources *s, const char *what, const char *id, const char *who,
                    const char *channel, const char *why);
