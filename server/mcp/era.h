/* era.h - the protocol revisions: what each sends and expects, as one table.
 *
 * Code elsewhere asks a member of the row, never compares versions. "Modern" is the stateless
 * protocol from 2026-07-28 on; the others open a session with `initialize`.
 */
#pragma once
#include <stdbool.h>

enum era_bit {
    ERA_2024_11 = 1,
    ERA_2025_03 = 2,
    ERA_2025_06 = 4,
    ERA_2025_11 = 8,
    ERA_2026_07 = 16,
    ERA_SESSIONS = 15,
    ERA_ALL = 31,
};

struct era {
    const char *version;
    enum era_bit bit;
    bool modern;      /* per-request _meta, no sessions */
    bool completions; /* the completions capability exists */
    bool annotations; /* on tools */
    bool titles;      /* `title` beside `name` */
    bool structured;  /* outputSchema and structuredContent */
    bool elicits;     /* elicitation/create exists */
    bool step_texts;  /* progress has a message */
    bool primes;      /* an event stream begins with an event that only has an id */
    bool batches;     /* an array of messages is a message */
    bool form_mode;   /* elicitation/create names its mode */
};

extern const struct era eras[]; /* oldest first; ended by { 0 } */

const struct era *era_find(const char *version);      /* NULL: unknown */
const struct era *era_negotiate(const char *version); /* the session revision to answer with */
const struct era *era_modern(void);
/* May this value stand in the MCP-Protocol-Version header of a session's request? */
bool era_is_legacy(const char *version);
const char *era_supported(void); /* JSON array of the versions, newest first */
