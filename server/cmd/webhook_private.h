/* webhook_private.h - somebody else's server is told that a decision is wanted, and what was
 * decided, applied or taken back: Standard Webhooks, signed, by `webhook` of the configuration.
 *
 * It proves nothing and takes nothing: who hears it comes to the page, or to /api. A message says
 * what people see of a change (id, title, risk, state, who, link), and nothing of what it does. The
 * audit is the queue: each second what is behind the mark is told in its order, one at a time and
 * beside everything else, by one process of a state. A message has one id for all its attempts, and
 * after a restart. It is lost after `webhook.attempts`, when it is older than a day, or when too
 * much has come since; lost ones are counted in the mark, logged, and said by `audit told`. What
 * happened before the first server with a webhook began is not told.
 */
#pragma once

struct server;
struct webhook;

struct webhook *webhook_begin(struct server *s);
void webhook_end(
    struct webhook *x); /* nothing more begins; what is under way ends without a word */
