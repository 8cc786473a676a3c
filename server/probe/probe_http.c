/* probe_http.c - requests of a knock: where they go, GET of a route's path, gRPC's health check. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "kube/higress.h"
#include "net/fetch.h"
#include "net/probe.h"
#include "probe/probe_private.h"
#include <stdlib.h>
#include <string.h>

enum { HEADERS = 12, BODY_MAX = 1 << 20, TRAFFIC_PORT = 80, SERVER_ERROR = 500 };
static const double ANSWER_SECONDS = 10, KNOCK_SECONDS = 3;

/* -- where they go -------------------------------------------------------------------------------
 */

static bool send_to_gateway(struct knock *k, struct fetch_request *r, struct fetch_answer *out,
                            struct err *e)
{
    const struct config *c = k->party->m->config;
    if (c->traffic_url) {
        r->url = arena_printf(k->party->a, "%s%s", c->traffic_url, k->path);
        r->ca_file = c->probe_ca_file;
        return fetch(k->party->m->loop, k->party->a, r, out, e);
    }
    const struct kube_pod *pods = kube_higress_pods(c->kube.higress, k->party->m->loop, k->party->a,
                                                    KUBE_GATEWAY, k->cancel, e);
    if (!pods)
        return false;
    const struct kube_pod_at *pod =
        kube_higress_pod_at(c->kube.higress, k->party->a, pods->name, TRAFFIC_PORT);
    json_set_str(k->party->a, k->row, "at",
                 arena_printf(k->party->a, "the gateway's pod %s, port %d",
                              text_clean(k->party->a, pods->name, 253), TRAFFIC_PORT));
    r->url = arena_printf(k->party->a, "%s%s", pod->url, k->path);
    r->via = &pod->via;
    return fetch(k->party->m->loop, k->party->a, r, out, e);
}

static bool send_directly(struct knock *k, struct fetch_request *r, struct fetch_answer *out,
                          struct err *e)
{
    struct arena *a = k->party->a;
    const char *to = arena_printf(a, strchr(k->host, ':') ? "[%s]" : "%s", k->host);
    const char *name = k->tls_name && !strchr(k->tls_name, ':') ? k->tls_name : to;
    r->url = arena_printf(a, "%s://%s:%d%s", k->tls_name ? "https" : "http", name, k->port,
                          k->path ? k->path : "/");
    r->connect_to = arena_printf(a, "%s:%d:%s:%d", name, k->port, to, k->port);
    r->reach = &k->reach;
    r->ca_file = k->party->m->config->probe_ca_file;
    return fetch(k->party->m->loop, a, r, out, e);
}

bool knock_send(struct knock *k, const struct fetch_request *r, struct fetch_answer *out,
                struct err *e)
{
    struct fetch_header headers[HEADERS + 3] = { { "User-Agent", "higress-ops" } };
    struct fetch_request own = *r;
    int n = 1;
    if (k->as)
        headers[n++] = (struct fetch_header){ "Host", k->as };
    for (const struct fetch_header *h = r->headers; h && h->name && n < HEADERS; h++)
        headers[n++] = *h;
    own.headers = headers;
    own.probes = true;
    own.cancel = k->cancel;
    own.timeout = ANSWER_SECONDS;
    own.connect_timeout = KNOCK_SECONDS;
    own.max_body = BODY_MAX;
    bool ok = k->gateway ? send_to_gateway(k, &own, out, e) : send_directly(k, &own, out, e);
    if (out->seconds > 0)
        knock_took(k, out->seconds);
    return ok;
}

void knock_failed(struct knock *k, const struct fetch_answer *answer, const struct err *e)
{
    const char *result = probe_name(probe_result_of((int)answer->cause));
    json_set_str(k->party->a, k->row, "result",
                 e->kind == ERR_NET && answer->cause ? result : "other");
    knock_said(k, e->text);
}

/* -- GET of a route's path -----------------------------------------------------------------------
 */

/* What comes with 2xx is not looked at. */
static bool enough(void *arg, const char *bytes, size_t n)
{
    (void)arg;
    (void)bytes;
    (void)n;
    return false;
}

static void say_status(struct knock *k, const struct fetch_answer *answer)
{
    struct arena *a = k->party->a;
    json_set_num(a, k->row, "status", answer->status);
    bool well = answer->status < SERVER_ERROR;
    json_set_str(a, k->row, "result", well ? "ok" : arena_printf(a, "http-%d", answer->status));
    if (!well && answer->body)
        knock_said(k, answer->body);
}

void knock_http(struct knock *k)
{
    struct fetch_request r = { .method = "GET", .sink = enough };
    struct fetch_answer answer = { 0 };
    struct err e = { 0 };
    const char *as = k->as ? k->as : k->host;
    json_set_str(
        k->party->a, k->row, "sent",
        text_clean(k->party->a, arena_printf(k->party->a, "GET %s, Host %s", k->path, as), 400));
    if (knock_send(k, &r, &answer, &e) || answer.status)
        say_status(k, &answer);
    else
        knock_failed(k, &answer, &e);
}

/* -- grpc.health.v1.Health/Check -----------------------------------------------------------------
 */

enum { FRAME_HEAD = 5, GRPC_UNIMPLEMENTED = 12, GRPC_NOT_FOUND = 5, HTTP_FINE = 200 };

/* HealthCheckResponse is one field: status = 1, an enumeration below 128. A message of default
 * values is empty. -1: it is no such message. */
static int serving_status(const struct fetch_answer *answer)
{
    const unsigned char *b = (const unsigned char *)answer->body;
    if (answer->len == FRAME_HEAD && !memcmp(b, "\0\0\0\0\0", FRAME_HEAD))
        return 0;
    static const unsigned char head[] = { 0, 0, 0, 0, 2, 0x08 };
    bool good = answer->len == sizeof head + 1 && !memcmp(b, head, sizeof head);
    return good ? b[sizeof head] : -1;
}

static void say_health(struct knock *k, const struct fetch_answer *answer)
{
    static const char *const names[] = { "unknown", "ok", "not-serving", "service-unknown" };
    const char *status = fetch_answer_header(answer, "grpc-status");
    const char *message = fetch_answer_header(answer, "grpc-message");
    long code = status ? strtol(status, NULL, 10) : -1;
    int serving = serving_status(answer);
    const char *result = "no-grpc";
    if (code == GRPC_UNIMPLEMENTED)
        result = "no-health-service";
    else if (code > 0)
        result = arena_printf(k->party->a, "grpc-%ld", code);
    else if (code == 0 && serving >= 0 && serving < (int)(sizeof names / sizeof *names))
        result = names[serving];
    json_set_str(k->party->a, k->row, "result", result);
    json_set_num(k->party->a, k->row, "status", answer->status);
    knock_said(k, message ? text_unpercent(k->party->a, message, strlen(message)) : NULL);
}

void knock_grpc(struct knock *k)
{
    static const struct fetch_header headers[] = { { "Content-Type", "application/grpc" },
                                                   { "TE", "trailers" },
                                                   { 0 } };
    struct fetch_request r = {
        .method = "POST",
        .http = k->tls_name ? FETCH_H2 : FETCH_H2C,
        .headers = headers,
        .body = "\0\0\0\0\0", /* no compression, length 0: of the server as a whole */
        .body_len = FRAME_HEAD,
    };
    struct fetch_answer answer = { 0 };
    struct err e = { 0 };
    k->path = "/grpc.health.v1.Health/Check";
    json_set_str(k->party->a, k->row, "sent", "POST /grpc.health.v1.Health/Check of the server");
    if (knock_send(k, &r, &answer, &e))
        say_health(k, &answer);
    else
        knock_failed(k, &answer, &e);
}
