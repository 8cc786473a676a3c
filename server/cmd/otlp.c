/* otlp.c - one request to a collector, and what its answer means. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "cmd/otlp_private.h"
#include "config/config.h"
#include "net/fetch.h"
#include "version.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 64 << 10, TIMEOUT = 10, WAIT_MAX = 60, HEADERS_MAX = 18 };
enum { RETRY_AFTER_MAX = 3600 };

/* -- the request --------------------------------------------------------------------------- */

void otlp_attribute(struct arena *a, cJSON *list, const char *key, const char *type,
                    const char *value)
{
    if (!value)
        return;
    cJSON *o = json_add(a, list, json_object(a));
    json_set_str(a, o, "key", key);
    json_set_str(a, json_set_object(a, o, "value"), type, value);
}

const char *otlp_nanoseconds(struct arena *a, double unix_time)
{
    return arena_printf(a, "%.0f000", floor(unix_time * 1e6));
}

cJSON *otlp_envelope(struct arena *a, cJSON *body, const char *resources, const char *scopes,
                     const char *scope, const char *records)
{
    cJSON *one = json_add(a, json_set_array(a, body, resources), json_object(a));
    cJSON *resource = json_set_array(a, json_set_object(a, one, "resource"), "attributes");
    otlp_attribute(a, resource, "service.name", "stringValue", "higress-ops");
    otlp_attribute(a, resource, "service.version", "stringValue", HIGRESS_OPS_VERSION);
    cJSON *within = json_add(a, json_set_array(a, one, scopes), json_object(a));
    json_set_str(a, json_set_object(a, within, "scope"), "name", scope);
    return json_set_array(a, within, records);
}

static const struct fetch_header *request_headers(struct arena *a, const struct otlp_collector *c)
{
    struct fetch_header *out = arena_array(a, struct fetch_header, HEADERS_MAX);
    int n = 0;
    out[n++] = (struct fetch_header){ "Content-Type", "application/json" };
    for (const struct config_header *h = c->headers; h->name && n < HEADERS_MAX - 1; h++)
        out[n++] = (struct fetch_header){ h->name, h->value };
    return out;
}

/* -- the answer ---------------------------------------------------------------------------- */

/* 1, 2, 4, … seconds, up to a minute, each shorter or longer by up to a half. */
static double backoff(int tries)
{
    uint8_t chance = 0;
    crypto_random(&chance, sizeof chance);
    return fmin(WAIT_MAX, ldexp(1, tries < 6 ? tries : 6)) * (0.5 + chance / 255.0);
}

static void put_off(const struct otlp_collector *q, double wanted, struct otlp_sent *out)
{
    out->verdict = OTLP_LATER;
    out->wait = wanted > 0 ? wanted : backoff(q->tries);
}

static const char *collector_words(struct arena *a, const struct fetch_answer *answer)
{
    struct err not_json = { 0 };
    const cJSON *o = json_parse(a, answer->body, answer->len, &not_json);
    const char *said = json_str(o, "message");
    return arena_printf(a, "the collector answered %d%s%s", answer->status, said ? ": " : "",
                        said ? text_clean(a, said, 300) : "");
}

/* The count is a text, or a number. */
static void read_partial(const struct otlp_collector *q, struct arena *a,
                         const struct fetch_answer *answer, struct otlp_sent *out)
{
    struct err not_json = { 0 };
    const cJSON *o = json_parse(a, answer->body, answer->len, &not_json);
    const cJSON *partial = json_get(o, "partialSuccess");
    const char *count = json_str(partial, q->rejected);
    const char *said = json_str(partial, "errorMessage");
    double n = count ? strtod(count, NULL) : json_num(partial, q->rejected, 0);
    out->verdict = OTLP_TAKEN;
    out->rejected = n > out->lines ? out->lines : n > 0 ? (int)n : 0;
    if (out->rejected || (said && *said))
        out->why =
            arena_printf(a, "the collector took %d of %d: %s", out->lines - out->rejected,
                         out->lines, said ? text_clean(a, said, 300) : "it does not say why");
}

static void judge_collector(const struct otlp_collector *q, struct arena *a,
                            const struct fetch_answer *answer, struct otlp_sent *out)
{
    int s = answer->status;
    if (s >= 200 && s < 300) {
        read_partial(q, a, answer, out);
        return;
    }
    out->why = collector_words(a, answer);
    if (s == 400 || s == 413 || s == 422)
        out->verdict = OTLP_SMALLER;
    else if (s == 429 || s == 502 || s == 503 || s == 504)
        put_off(q, fmin(RETRY_AFTER_MAX, when_retry(fetch_answer_header(answer, "retry-after"))),
                out);
    else
        put_off(q, WAIT_MAX, out); /* not the data's fault: somebody has to look at it */
}

void otlp_post(const struct otlp_collector *c, struct arena *a, const char *body,
               struct otlp_sent *out)
{
    struct err e = { 0 };
    struct fetch_answer answer = { 0 };
    const struct fetch_request r = { .to = TO_COLLECTOR,
                                     .method = "POST",
                                     .url = c->url,
                                     .headers = request_headers(a, c),
                                     .body = body,
                                     .body_len = strlen(body),
                                     .timeout = TIMEOUT,
                                     .max_body = ANSWER_MAX,
                                     .ca_file = c->ca_file,
                                     .repeatable = true };
    if (fetch(c->loop, a, &r, &answer, &e)) {
        judge_collector(c, a, &answer, out);
        return;
    }
    put_off(c, 0, out);
    out->why = arena_strdup(a, e.text);
    if (e.kind == ERR_GONE)
        out->verdict = OTLP_GONE;
}
