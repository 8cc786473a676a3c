/* web_get.c - GET: the standalone stream of a session, or the rest of a stream that was lost.
 *
 * A session has one standalone stream; the newest GET has it. Its messages wait, bounded, while
 * nobody listens. Last-Event-ID names a stream and an event; streams of other sessions and events
 * that are gone are refused, never replaced by something else.
 */
#include "base/arena.h"
#include "base/text.h"
#include "mcp/era.h"
#include "net/loop.h"
#include "web/web_log_private.h"

static struct web_reply *new_standing(struct web *w, struct session *s, struct http_exchange *x)
{
    struct web_reply *r = web_reply_new(w, x);
    web_reply_of(r, s);
    r->pending = 0;
    web_open_standalone(r, s);
    return r;
}

static void stand(struct web *w, struct session *s, struct http_exchange *x, const char *last,
                  unsigned long event)
{
    struct web_reply *r = web_standalone_of(s);
    if (r ? r->dies : s->standalone != NULL) {
        web_refuse(x, 400, NULL, RPC_INVALID_REQUEST, "This session has its stream at /sse");
        return;
    }
    r = r ? r : new_standing(w, s, x);
    web_attach(r, x);
    r->standalone.open = r->x != NULL;
    web_log_replay(r, last && event <= r->last ? event : r->told);
}

static struct web_reply *find_stream(struct web *w, const struct session *s, unsigned number)
{
    for (struct web_reply *r = w->newest; r; r = r->older)
        if (r->serial == s->serial && r->number == number && r->streaming)
            return r;
    return NULL;
}

static void resume_stream(struct web *w, const struct session *s, struct http_exchange *x,
                          unsigned number, unsigned long event)
{
    struct web_reply *r = find_stream(w, s, number);
    if (!r || !web_log_holds(r, event)) {
        web_refuse(x, 400, NULL, RPC_INVALID_REQUEST,
                   "Last-Event-ID names an event that is not kept here (any more)");
        return;
    }
    web_attach(r, x);
    web_log_replay(r, event);
    if (!r->pending)
        web_detach(r);
}

/* "7-12": stream 7, event 12. */
static bool read_event_id(const char *text, unsigned *number, unsigned long *event)
{
    size_t n = strspn(text, "0123456789"), m = 0;
    if (n < 1 || n > 9 || text[n] != '-')
        return false;
    m = strspn(text + n + 1, "0123456789");
    if (m < 1 || m > 18 || text[n + 1 + m])
        return false;
    *number = (unsigned)strtoul(text, NULL, 10);
    *event = strtoul(text + n + 1, NULL, 10);
    return true;
}

void web_get(struct web *w, struct http_exchange *x)
{
    const char *accept = http_header(x, "accept");
    const char *last = http_header(x, "last-event-id");
    unsigned number = 0;
    unsigned long event = 0;
    if (!http_header(x, "mcp-session-id")) {
        static const struct http_header allow[] = { { "Allow", "POST" }, { 0 } };
        http_reply(x, 405, allow, NULL, 0);
        return;
    }
    if (!accept || !text_contains_nocase(accept, "text/event-stream")) {
        web_refuse(x, 406, NULL, RPC_INVALID_REQUEST, "Accept must allow text/event-stream");
        return;
    }
    struct session *s = web_session(w, x, NULL);
    if (!s)
        return;
    if (last && !read_event_id(last, &number, &event))
        web_refuse(x, 400, NULL, RPC_INVALID_REQUEST, "Last-Event-ID is not an id of ours");
    else if (number)
        resume_stream(w, s, x, number, event);
    else
        stand(w, s, x, last, event);
}
