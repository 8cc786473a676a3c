/* schedule_certificates.c - the certificates that the gateway's Envoy holds, by when they end. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "chat/schedule_private.h"
#include "config/config.h"
#include "signal/envoy.h"
#include <stdlib.h>
#include <string.h>

enum { CERTIFICATES = 500, SHOWN = 50, LINES_BYTES = 32 << 10, NAME_BYTES = 120 };
static const double DAY = 86400;

struct held {
    const char *name, *serial;
    double end;
};

struct holding {
    struct arena *arena;
    struct held list[CERTIFICATES];
    int count, more;
    double until;
};

static int by_end(const void *x, const void *y)
{
    double a = ((const struct held *)x)->end, b = ((const struct held *)y)->end;
    return (a > b) - (a < b);
}

/* The same one is held for each listener and cluster that uses it. */
static bool is_taken_already(const struct holding *h, const char *serial, double end)
{
    for (int i = 0; i < h->count; i++)
        if (h->list[i].end == end && !strcmp(h->list[i].serial, serial))
            return true;
    return false;
}

static void note_end_of_certificate(struct holding *h, const cJSON *cert)
{
    double end = when_parse(json_str(cert, "expiration_time"));
    const char *dns = json_str(json_path(cert, "subject_alt_names[0]"), "dns");
    const char *serial = json_text(cert, "serial_number");
    if (end <= 0 || end > h->until || is_taken_already(h, serial, end))
        return;
    if (h->count == CERTIFICATES) {
        h->more++;
        return;
    }
    h->list[h->count++] =
        (struct held){ dns ? text_clean(h->arena, dns, NAME_BYTES) : "(no name)", serial, end };
}

static const char *holding_text(struct holding *h, double now)
{
    struct buf *b = buf_in(h->arena, LINES_BYTES);
    qsort(h->list, (size_t)h->count, sizeof *h->list, by_end);
    for (int i = 0; i < h->count && i < SHOWN; i++) {
        const struct held *x = &h->list[i];
        double days = (x->end - now) / DAY;
        if (days < 0)
            buf_printf(b, "%s ended %s, %.0f day(s) ago\n", x->name,
                       when_text(h->arena, x->end, false), -days);
        else
            buf_printf(b, "%s ends %s, in %.0f day(s)\n", x->name,
                       when_text(h->arena, x->end, false), days);
    }
    int more = h->more + (h->count > SHOWN ? h->count - SHOWN : 0);
    if (more)
        buf_printf(b, "and %d more\n", more);
    return h->count ? b->data : "none";
}

const char *schedule_certificates(struct schedule_run *r)
{
    struct arena *a = r->arena;
    struct service *s = r->bot->all->service;
    struct err e = { 0 };
    const struct config *c = NULL;
    const cJSON *group, *cert, *page = NULL;
    if (service_gateway(s, r->schedule->gateway, &c, &e))
        page = envoy_page(s->loop, c, a, "/certs", &r->cancel, &e);
    if (!page)
        return arena_printf(a, "Envoy's certificates could not be read: %s",
                            text_clean(a, e.text, 400));
    struct holding *h = arena_make(a, struct holding);
    h->arena = a;
    h->until = when_now() + r->schedule->certificate_days * DAY;
    cJSON_ArrayForEach(group, json_get(page, "certificates"))
        cJSON_ArrayForEach(cert, json_get(group, "cert_chain")) note_end_of_certificate(h, cert);
    return holding_text(h, when_now());
}
