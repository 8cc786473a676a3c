/* probe.c - knocks side by side, and what came of them as one answer. */
#include "probe/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "mask/mask.h"
#include "net/beside.h"
#include "net/fetch.h"
#include "net/probe.h"
#include "probe/probe_private.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 40, NAMES = 8, SAID = 300, HEARD = 4000, HOST_NAME = 256 };
static const double CONNECT_SECONDS = 3;

void knock_said(struct knock *k, const char *text)
{
    struct arena *a = k->party->a;
    if (text && *text)
        json_set_str(
            a, k->row, "said",
            text_clean(a, mask_shapes(a, arena_strndup(a, text, strnlen(text, HEARD))), SAID));
}

void knock_took(struct knock *k, double seconds)
{
    json_set_num(k->party->a, k->row, "ms", (double)(long)(seconds * 10000) / 10);
}

/* -- a connect, a handshake ----------------------------------------------------------------------
 */

static void knock_tcp(struct knock *k)
{
    struct party *p = k->party;
    struct probe out = { 0 };
    struct err e = { 0 };
    json_set_str(p->a, k->row, "sent", "nothing but the connect");
    if (!probe(p->m->loop, p->a, k->host, k->port, NULL, CONNECT_SECONDS, &k->reach, k->cancel,
               &out, &e)) {
        json_set_str(p->a, k->row, "result", "other");
        knock_said(k, e.text);
        return;
    }
    json_set_str(p->a, k->row, "result", probe_name(out.result));
    knock_took(k, out.seconds);
    knock_said(k, out.detail);
}

/* "2026/11/24 00:03:55Z" of certificates, as all other times are written. */
static const char *iso_of(struct arena *a, const char *when)
{
    char *out = arena_strdup(a, when);
    for (char *at = out; *at; at++)
        *at = *at == '/' ? '-' : *at == ' ' ? 'T' : *at;
    return out;
}

static void add_sent_certificate(struct arena *a, cJSON *chain, const struct probe_certificate *c)
{
    cJSON *o = json_add(a, chain, json_object(a)), *names = json_array(a);
    json_set_str(a, o, "subject", text_clean(a, c->subject, 128));
    json_set_str(a, o, "issuer", text_clean(a, c->issuer, 128));
    for (int i = 0; i < NAMES && c->names[i]; i++)
        json_add_str(a, names, text_clean(a, c->names[i], 128));
    if (json_count(names) > 0 && json_count(chain) == 1)
        json_set(a, o, "names", names);
    json_set_str(a, o, "from", iso_of(a, c->not_before));
    json_set_str(a, o, "until", iso_of(a, c->not_after));
}

/* What is wrong beside what the handshake was refused for. */
static void add_wrong(struct knock *k, const struct probe_tls *t, cJSON *wrong)
{
    struct arena *a = k->party->a;
    const struct probe_certificate *own = t->count ? &t->chain[0] : NULL;
    if (t->shake.detail[0])
        json_add_str(a, wrong, text_clean(a, t->shake.detail, SAID));
    if (own && !t->named)
        json_add_str(a, wrong, arena_printf(a, "the certificate is not for %s", k->tls_name));
    if (own && when_parse(iso_of(a, own->not_after)) < when_now())
        json_add_str(a, wrong, "the certificate has expired");
}

static void knock_tls(struct knock *k)
{
    struct party *p = k->party;
    struct probe_tls t;
    struct err e = { 0 };
    json_set_str(p->a, k->row, "sent",
                 arena_printf(p->a, "a handshake for %s, ALPN h2 and http/1.1", k->tls_name));
    if (!probe_tls(p->m->loop, p->a, k->host, k->port, k->tls_name, CONNECT_SECONDS, &k->reach,
                   p->m->config->probe_ca_file, k->cancel, &t, &e)) {
        json_set_str(p->a, k->row, "result", "other");
        knock_said(k, e.text);
        return;
    }
    knock_took(k, t.shake.seconds);
    json_set_str(p->a, k->row, "result", probe_name(t.shake.result));
    if (!t.count) {
        knock_said(k, t.shake.detail);
        return;
    }
    cJSON *tls = json_set_object(p->a, k->row, "tls"), *wrong = json_array(p->a);
    add_wrong(k, &t, wrong);
    if (t.version)
        json_set_str(p->a, tls, "version", t.version);
    json_set_str(p->a, tls, "alpn", t.alpn ? text_clean(p->a, t.alpn, 40) : "none");
    if (json_count(wrong) > 0)
        json_set(p->a, tls, "wrong", wrong);
    cJSON *chain = json_set_array(p->a, tls, "chain");
    for (int i = 0; i < t.count; i++)
        add_sent_certificate(p->a, chain, &t.chain[i]);
}

/* -- side by side --------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    void (*knock)(struct knock *k);
} ways[] = {
    [BY_TCP] = { "tcp", knock_tcp },          [BY_TLS] = { "tls", knock_tls },
    [BY_HTTP] = { "http", knock_http },       [BY_GRPC] = { "grpc", knock_grpc },
    [BY_MODELS] = { "models", knock_models }, [BY_MCP] = { "mcp", knock_mcp },
};

/* Characters of a URL in a name ("x@elsewhere", "elsewhere/") would lead to another place than the
 * gateway is led to. */
static bool is_a_place(const struct knock *k)
{
    return probe_is_host(k->host) && (!k->tls_name || probe_is_host(k->tls_name));
}

static void knock_one(void *arg, int i, struct cancel *own)
{
    struct party *p = arg;
    struct knock *k = p->knocks[i];
    const char *at =
        arena_printf(p->a, strchr(k->host, ':') ? "[%s]:%d" : "%s:%d", k->host, k->port);
    k->row = json_object(p->a);
    k->cancel = own;
    json_set_str(p->a, k->row, "at", k->gateway ? "the gateway" : text_clean(p->a, at, HOST_NAME));
    json_set_str(p->a, k->row, "by", ways[k->by].name);
    if (k->gateway || is_a_place(k)) {
        ways[k->by].knock(k);
        return;
    }
    json_set_str(p->a, k->row, "sent", "nothing");
    json_set_str(p->a, k->row, "result", "not-probed");
    knock_said(k, "its host, or the name for its certificate, is no name of a host");
}

/* -- what came -----------------------------------------------------------------------------------
 */

static bool went_well(const struct knock *k)
{
    return text_same(json_str(k->row, "result"), "ok");
}

static void add_rows(struct party *p, cJSON *answer)
{
    cJSON *counts = json_object(p->a), *rows = json_array(p->a);
    for (int well = 0; well < 2; well++)
        for (int i = 0; i < p->count; i++) {
            const char *result = json_text(p->knocks[i]->row, "result");
            if (went_well(p->knocks[i]) != well)
                continue;
            json_set_num(p->a, counts, result, json_num(counts, result, 0) + 1);
            if (json_count(rows) < ROWS)
                json_add(p->a, rows, p->knocks[i]->row);
        }
    json_set(p->a, answer, "counts", counts);
    json_set(p->a, answer, "probes", rows);
    int left_out = p->left_out + p->count - json_count(rows);
    if (left_out)
        json_set_num(p->a, answer, "left_out", left_out);
}

cJSON *probing_run(struct arena *a, const struct probing *m, const struct probe_ask *ask,
                   struct err *e)
{
    struct party p = { .a = a, .m = m, .ask = ask, .e = e, .notes = json_array(a) };
    char here[HOST_NAME] = "";
    if (!party_gather(&p))
        return NULL;
    beside_each(m->loop, p.count, FETCH_PROBES, knock_one, &p, m->cancel);
    if (m->cancel && m->cancel->fired) {
        err_set(e, ERR_GONE, "cancelled");
        return NULL;
    }
    party_ask_envoy(&p);
    (void)gethostname(here, sizeof here - 1);
    cJSON *answer = json_object(a);
    json_set_str(a, answer, "target",
                 ask->kind ? arena_printf(a, "%s %s", ask->kind, text_clean(a, ask->name, 200))
                           : text_clean(a, ask->address, 200));
    json_set_str(a, answer, "from",
                 arena_printf(a, "higress-ops on host %s", text_clean(a, here, HOST_NAME)));
    add_rows(&p, answer);
    if (json_count(p.notes) > 0)
        json_set(a, answer, "notes", p.notes);
    return answer;
}
