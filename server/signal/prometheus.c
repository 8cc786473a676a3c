/* prometheus.c - one request to /query or /query_range, and what its answer says. */
#include "signal/prometheus.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "net/fetch.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 8 << 20, BODY_MAX = 64 << 10, WORDS = 400 };

/* -- expressions -------------------------------------------------------------------------- */

void prometheus_text(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '\\' || *s == '"')
            buf_printf(b, "\\%c", *s);
        else if ((unsigned char)*s < ' ' || *s == 127)
            buf_printf(b, "\\x%02x", (unsigned char)*s);
        else
            buf_char(b, *s);
    }
}

/* The backslash of the regular expression is one of a text, too: "\\." is written for a dot. */
void prometheus_quote(struct buf *b, const char *s)
{
    for (; *s; s++) {
        char one[2] = { *s };
        if (strchr(".+*?()|[]{}^$", *s))
            buf_printf(b, "\\\\%c", *s);
        else if (*s == '\\')
            buf_str(b, "\\\\\\\\");
        else
            prometheus_text(b, one);
    }
}

double prometheus_value(const cJSON *text)
{
    char *end = NULL;
    double value = cJSON_IsString(text) ? strtod(text->valuestring, &end) : NAN;
    return end && end != text->valuestring && !*end && isfinite(value) ? value : NAN;
}

/* -- the request -------------------------------------------------------------------------- */

static const char *query_body(struct arena *a, const struct config_prometheus *p,
                              const struct prometheus_ask *ask)
{
    struct buf *b = buf_in(a, BODY_MAX);
    buf_printf(b, "query=%s&timeout=%.0fs", text_percent(a, ask->expression),
               fmax(1, ceil(p->timeout)));
    if (ask->step > 0)
        buf_printf(b, "&start=%.3f&end=%.3f&step=%.0f", ask->start, ask->end, ask->step);
    else
        buf_printf(b, "&time=%.3f", ask->end);
    return b->over ? NULL : b->data;
}

static const struct fetch_header *query_headers(struct arena *a, const struct config_prometheus *p)
{
    struct fetch_header *out = arena_array(a, struct fetch_header, 4);
    int n = 0;
    out[n++] = (struct fetch_header){ "Content-Type", "application/x-www-form-urlencoded" };
    if (p->token)
        out[n++] = (struct fetch_header){ "Authorization", arena_printf(a, "Bearer %s", p->token) };
    if (p->tenant)
        out[n++] = (struct fetch_header){ "X-Scope-OrgID", p->tenant };
    return out;
}

/* -- the answer --------------------------------------------------------------------------- */

/* Its own words; a proxy before it answers in text. */
static const cJSON *refused_query(struct arena *a, const struct fetch_answer *got,
                                  const cJSON *tree, struct err *e)
{
    const char *said = json_str(tree, "error"), *kind = json_str(tree, "errorType");
    err_status(e, ERR_GATEWAY, got->status, "Prometheus answered %d%s%s: %s", got->status,
               kind ? " " : "", kind ? text_clean(a, kind, 40) : "",
               text_clean(a, said ? said : got->body, WORDS));
    return NULL;
}

static const cJSON *read_query_answer(struct arena *a, const struct fetch_answer *got,
                                      struct err *e)
{
    struct err not_json = { 0 };
    const cJSON *tree = json_parse(a, got->body, got->len, &not_json);
    if (got->status == 200 && !tree) {
        err_set(e, ERR_GATEWAY, "Prometheus answered 200, and no JSON: %s", not_json.text);
        return NULL;
    }
    if (got->status != 200 || !text_same(json_str(tree, "status"), "success"))
        return refused_query(a, got, tree, e);
    const cJSON *data = json_get(tree, "data");
    if (!json_str(data, "resultType"))
        return err_set(e, ERR_GATEWAY, "Prometheus answered 200 without a result"), NULL;
    return data;
}

const cJSON *prometheus_ask(struct loop *l, const struct config_prometheus *p, struct arena *a,
                            const struct prometheus_ask *ask, struct cancel *cancel, struct err *e)
{
    struct fetch_answer got = { 0 };
    const char *body = query_body(a, p, ask);
    if (!body)
        return err_set(e, ERR_ARGS, "the expression is longer than %d bytes", BODY_MAX), NULL;
    const struct fetch_request r = {
        .method = "POST",
        .url = arena_printf(a, "%s/api/v1/query%s", p->url, ask->step > 0 ? "_range" : ""),
        .headers = query_headers(a, p),
        .body = body,
        .body_len = strlen(body),
        .timeout = p->timeout + 1, /* it stops by itself, and says so */
        .max_body = ANSWER_MAX,
        .ca_file = p->ca_file,
        .user_pwd_user = p->username,
        .user_pwd_password = p->password,
        .cancel = cancel,
        .repeatable = true,
        .to = TO_PROMETHEUS,
    };
    if (!fetch(l, a, &r, &got, e)) {
        if (got.cause == FETCH_TOO_LARGE) {
            err_clear(e);
            err_set(e, ERR_NET,
                    "Prometheus' answer is larger than 8 MiB: sum, use topk, or ask for less time");
        }
        return NULL;
    }
    return read_query_answer(a, &got, e);
}
