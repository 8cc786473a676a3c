/* fetch_meter.c - requests counted: to whom, what came of them, how long they took. Never a URL. */
#include "base/fiber.h"
#include "base/meter.h"
#include "net/fetch.h"
#include "net/fetch_meter_private.h"

static const char *const ends_named[TO_ENDS] = { [TO_OTHER] = "other",
                                                 [TO_CONSOLE] = "console",
                                                 [TO_ENVOY] = "envoy",
                                                 [TO_KUBERNETES] = "kubernetes",
                                                 [TO_PROMETHEUS] = "prometheus",
                                                 [TO_LOKI] = "loki",
                                                 [TO_CONTROLLER] = "controller",
                                                 [TO_COLLECTOR] = "collector",
                                                 [TO_MODEL] = "model",
                                                 [TO_ISSUER] = "issuer",
                                                 [TO_CHAT] = "chat",
                                                 [TO_WEBHOOK] = "webhook" };

static const char *status_class(int status)
{
    static const char *const classes[] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };
    return classes[status >= 100 && status < 600 ? status / 100 : 0];
}

/* Methods are texts of our own. */
void fetch_begin(struct fetch_seen *s, const struct fetch_request *r)
{
    s->began = fiber_clock();
    span_begin_request(&s->span, ends_named[r->to], r->method);
}

void fetch_end(struct fetch_seen *s, const struct fetch_request *r, const struct fetch_answer *out)
{
    const char *to = ends_named[r->to];
    meter_count(METER_REQUESTS, to, status_class(out->status), 1);
    meter_took(METER_REQUEST_TIME, to, fiber_clock() - s->began);
    s->span.status = out->status;
    span_end(&s->span, out->status >= 400 ? "status" : out->status ? NULL : "no answer");
}
