/* rotate_private.h - segments of the audit closed and removed by a server, and said at a terminal.
 *
 * A server looks once a minute, if it has the state open; of several each may. What could not be
 * done is logged, once a minute.
 */
#pragma once

struct rotate;
struct server;

struct rotate *rotate_begin(struct server *s);
void rotate_end(struct rotate *r); /* NULL is fine */
