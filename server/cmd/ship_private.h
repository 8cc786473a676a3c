/* ship_private.h - lines of the audit sent elsewhere, too: a file, syslog, or a collector (OTLP).
 *
 * The state itself is the queue: what the other side does not take stays there and is sent later,
 * at least once, in order; nothing waits for it, and what is read of it at once is bounded. One
 * process of a state ships at a time. A line that can never be sent (too large for syslog) goes
 * without its detail. How far it came and how many are behind says `audit shipped`; a server that
 * cannot send logs it with the number, once a minute.
 */
#pragma once

struct config;
struct engine;
struct server;
struct ship;

struct ship *ship_begin(struct server *s); /* NULL: nowhere is configured */
/* The last line that was sent elsewhere; where nothing is to be sent, one that never comes. */
int ship_line(struct engine *g, const struct config *c);
void ship_end(struct ship *x); /* NULL is fine */
