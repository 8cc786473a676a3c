/* web.h - Streamable HTTP on /mcp: session revisions and 2026-07-28, told apart per message; and
 * HTTP+SSE of 2024-11-05 on /sse and /messages.
 *
 * Every request, whatever its path, passes one gate before its body is read: Host, Origin, bearer
 * token, path, method, content type. An answer is one JSON object, or becomes an event stream when
 * something must be said before it. A client that leaves cancels a 2026-07-28 request and nothing
 * else. Addresses that are not loopback are refused unless bearer tokens are configured.
 */
#pragma once
#include <stdbool.h>

struct bots;
struct err;
struct mcp;
struct web;

/* Listens on config.listen. Lives until web_close; errors are ERR_ARGS (address) or ERR_NET. */
struct web *web_listen(struct mcp *m, struct err *e);
/* The configuration was read again: the certificate too. False: the old one stays in use. */
bool web_reload(struct web *w, struct err *e);
/* Requests to /chat/ go there; NULL: to nobody. */
void web_serve_bots(struct web *w, struct bots *b);
int web_port(const struct web *w);
void web_close(struct web *w); /* NULL is fine */
