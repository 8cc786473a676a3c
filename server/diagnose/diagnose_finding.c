/* diagnose_finding.c - findings: made, given evidence, and gathered from the rows of the access
 * log. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_private.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MANY_BROKEN = 3, LOOK_BACK = 50 };

bool finding_add(struct arena *a, struct finding *x, const char *source, const char *format, ...)
{
    va_list args;

    if (!x || x->evidence >= FINDING_EVIDENCE)
        return false;
    va_start(args, format);
    x->source[x->evidence] = source;
    x->fact[x->evidence++] = text_clean(a, arena_vprintf(a, format, args), 320);
    va_end(args);
    return true;
}

struct finding *findings_new(struct findings *all, const char *code, const char *object,
                             const char *next)
{
    struct finding *x;

    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->list[i].code, code) && !strcmp(all->list[i].object, object))
            return &all->list[i];
    if (all->count == (int)(sizeof all->list / sizeof all->list[0]))
        return NULL;
    x = &all->list[all->count++];
    *x = (struct finding){ .code = code, .object = object, .next = next, .rank = 3 };
    return x;
}

const char *finding_probe_words(struct arena *a, const cJSON *probe)
{
    const char *result = json_str(probe, "result");
    const char *detail = json_str(probe, "detail");

    if (!strcmp(result, "not-probed"))
        return arena_printf(a, "not probed: %s", detail ? detail : "it is out of reach");
    return detail && *detail ? arena_printf(a, "%s, %s", result, detail) : result;
}

/* What the failing request was about: its cluster, else its route, else its host. */
static const char *failing_object(struct facts *f, const struct fact_row *r)
{
    if (strcmp(r->cluster, "-") != 0)
        return r->cluster;
    if (strcmp(r->route, "-") != 0)
        return arena_printf(f->arena, "route %s", text_clean(f->arena, r->route, 120));
    if (strcmp(r->authority, "-") != 0)
        return arena_printf(f->arena, "host %s", text_clean(f->arena, r->authority, 120));
    return "gateway";
}

static bool same_subject(const struct fact_row *x, const struct fact_row *y)
{
    return !strcmp(x->cluster, y->cluster) && !strcmp(x->route, y->route) &&
           !strcmp(x->authority, y->authority);
}

/* Twenty good answers of the same kind since the newest bad one: it may be over. Fewer say little,
 * because the next request may meet the bad endpoint again. */
static bool recovered_since(const struct facts *f, int newest_bad)
{
    int good = 0;

    for (int i = 0; i < newest_bad; i++)
        good += !f->rows[i].symptom && same_subject(&f->rows[i], &f->rows[newest_bad]);
    return good >= 20;
}

static void first_evidence(struct facts *f, struct finding *x, int at)
{
    const struct fact_row *r = &f->rows[at];
    int like = 0, all = 0;

    for (int i = 0; i < f->row_count; i++) {
        if (!same_subject(r, &f->rows[i]) && strcmp(r->authority, "-") != 0)
            continue;
        all++;
        like += f->rows[i].symptom && !strcmp(f->rows[i].symptom->code, r->symptom->code);
    }
    finding_add(f->arena, x, "access_log", "%d of %d requests, the newest to %s%s: %d %s %s (%s)",
                like, all, r->authority, r->path, r->code, r->flags, r->details, r->start);
}

/* A path that went well earlier in the log and not since: no answer on purpose. */
static bool broke(const struct facts *f, int at)
{
    const struct fact_row *bad = &f->rows[at];
    size_t n = strcspn(bad->path, "?#");

    if (!strcmp(bad->symptom->code, "UPSTREAM_4XX"))
        return false; /* that depends on what the client sent */

    for (int i = 0; i < f->row_count; i++) {
        const struct fact_row *r = &f->rows[i];
        if (r->symptom || strcmp(r->authority, bad->authority) != 0 ||
            strcmp(r->method, bad->method) != 0 || strncmp(r->path, bad->path, n) != 0 ||
            (r->path[n] != '\0' && !strchr("?#", r->path[n])))
            continue;
        return i > at;
    }
    return false;
}

/* The same trouble by endpoint: no service is blamed before that was looked at. */
static void tell_endpoints(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const struct fact_cluster *c = x->cluster;
    const char *list = NULL;
    int met = 0;

    for (int i = 0; r->met && r->trouble && i < c->host_count; i++) {
        const struct fact_host *h = &c->hosts[i];
        if (h->rows == 0 || ++met > 4)
            continue;
        list = arena_printf(f->arena, "%s%s%s %d of %d", list ? list : "", list ? ", " : "",
                            h->address, h->troubles[r->trouble], h->rows);
    }
    if (met > 1)
        finding_add(f->arena, x, "access_log", "by endpoint: %s%s", list, met > 4 ? ", …" : "");
}

void findings_from_rows(struct facts *f, struct findings *all)
{
    for (int i = 0; i < f->row_count; i++) {
        const struct fact_row *r = &f->rows[i];
        struct finding *x;
        if (!r->symptom || r->explained)
            continue;
        x = findings_new(all, r->symptom->code, failing_object(f, r), r->symptom->next);
        if (!x)
            return;
        x->broken_paths += x->rows < LOOK_BACK && broke(f, i);
        x->broke = x->broken_paths >= MANY_BROKEN;
        if (x->rows++ > 0)
            continue;
        x->cluster = facts_cluster(f, r->cluster);
        x->recovered = recovered_since(f, i);
        /* Who closes a stream that went well is gone, and nothing is broken. */
        x->noise =
            !strcmp(r->symptom->code, "CLIENT_DISCONNECT") && r->code >= 200 && r->code < 400;
        first_evidence(f, x, i);
        tell_endpoints(f, x, r);
        support_add(f, x, r);
    }
}
