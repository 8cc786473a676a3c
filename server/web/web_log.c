/* web_log.c - the events of the streams of sessions, kept for a client that lost its connection.
 *
 * Bounded twice: a stream keeps its newest LOG_MAX bytes, all streams together KEPT_MAX; then the
 * oldest stream that has ended goes first. Who asks for what is gone is told so (web_get.c).
 */
#include "base/arena.h"
#include "web/web_log_private.h"

enum { LOG_MAX = 1 << 20, KEPT_MAX = 32 << 20 };

static struct web_record record_at(const struct web_reply *r, size_t at)
{
    struct web_record record;
    memcpy(&record, r->log.data + at, sizeof record);
    return record;
}

static void drop_first(struct web_reply *r)
{
    struct web_record record = record_at(r, 0);
    buf_consume(&r->log, sizeof record + record.size);
    r->first = record.event + 1;
    if (r->web)
        r->web->kept -= sizeof record + record.size;
}

void web_log_drop(struct web_reply *r)
{
    if (r->web)
        r->web->kept -= r->log.len;
    r->first = r->last + 1;
    buf_free(&r->log);
}

/* Streams that have ended first, then what others said. */
static void free_kept_events(struct web *w, const struct web_reply *but)
{
    struct web_reply *newer = NULL;
    for (struct web_reply *r = w->oldest; r && w->kept > KEPT_MAX; r = newer) {
        newer = r->newer;
        bool ended = !r->x && !r->pending && !r->session;
        if (!ended || r == but)
            continue;
        web_log_drop(r);
        web_release(r);
    }
    for (struct web_reply *r = w->oldest; r && w->kept > KEPT_MAX; r = r->newer)
        if (r != but)
            web_log_drop(r);
}

void web_log_keep(struct web_reply *r, const char *text, size_t n)
{
    const struct web_record record = { r->last, n };
    while (r->log.len && r->log.len + sizeof record + n > LOG_MAX)
        drop_first(r);
    r->log.max = LOG_MAX;
    if (!r->web || sizeof record + n > LOG_MAX) {
        r->first = r->last + 1;
        return;
    }
    buf_add(&r->log, &record, sizeof record);
    buf_add(&r->log, text, n);
    r->web->kept += sizeof record + n;
    free_kept_events(r->web, r);
}

bool web_log_holds(const struct web_reply *r, unsigned long event)
{
    return event <= r->last && event + 1 >= r->first;
}

void web_log_replay(struct web_reply *r, unsigned long event)
{
    struct web_record record;
    for (size_t at = 0; r->x && at < r->log.len; at += sizeof record + record.size) {
        record = record_at(r, at);
        if (record.event > event && web_write(r, r->log.data + at + sizeof record, record.size))
            r->told = record.event;
    }
}
