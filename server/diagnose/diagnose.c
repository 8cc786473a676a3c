/* diagnose.c - findings ranked and put into words.
 *
 * A finding weighs what share of the failing requests it explains, and how near to the cause it is.
 * A symptom that a nearer cause on the same object explains gives it its requests and goes behind
 * it. Confidence: high when two kinds of source agree, medium with one, low for what may be over.
 */
#include "diagnose/diagnose.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose_private.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_VERDICTS = 5, MAX_ELSEWHERE = 3, ENOUGH_ROWS = 5, BEFORE_ROWS = 900 };

/* x explains y: y's requests count for x. */
static void cover(struct facts *f, struct finding *x, struct finding *y)
{
    if (x == y || !text_has_word(x->covers, y->code) || (x->cluster && x->cluster != y->cluster) ||
        y->noise)
        return;
    if (!y->covered) {
        x->rows += y->rows;
        x->recovered = y->recovered;
        if (y->evidence > 0 && y->rows > 0)
            finding_add(f->arena, x, y->source[0], "%s", y->fact[0]);
    }
    y->covered = true;
}

/* Answers that a service gives on purpose, clients that leave: unless most requests end so, or what
 * worked before does not any more. */
static bool harmless(const struct facts *f, const struct finding *x)
{
    static const char often_normal[] =
        "UPSTREAM_4XX_HOST|UPSTREAM_4XX|CLIENT_DISCONNECT|UPSTREAM_AUTH|"
        "ACCESS_DENIED|CLIENT_PROTOCOL_ERROR";
    int seen = x->cluster ? x->cluster->ok + x->cluster->failed : f->row_count;

    return x->noise || (text_has_word(often_normal, x->code) && !x->broke && x->rows * 2 < seen);
}

bool finding_is_current(const struct facts *f, const struct finding *x)
{
    return !x->covered && !x->recovered && !x->old && !harmless(f, x);
}

/* What the log alone cannot say is said with less confidence where Envoy was not asked. */
static bool half_seen(const struct facts *f, const struct finding *x)
{
    static const char of_envoy[] = "NO_HEALTHY_UPSTREAM|NO_CLUSTER|NO_ROUTE|CIRCUIT_BREAKER";

    return text_has_word(of_envoy, x->code) && !f->in->config &&
           (f->in->from_console || !f->in->clusters);
}

static int confidence_of(const struct facts *f, const struct finding *x)
{
    bool two = x->sure;

    for (int i = 1; i < x->evidence; i++)
        two = two || strcmp(x->source[i], x->source[0]) != 0;
    if (x->recovered || x->old || harmless(f, x) || (half_seen(f, x) && !two))
        return 0;
    return two && !half_seen(f, x) ? 2 : 1;
}

static const char *confidence(const struct facts *f, const struct finding *x)
{
    static const char *const words[] = { "low", "medium", "high" };

    return words[confidence_of(f, x)];
}

/* Of a service that nobody asked for, while other requests fail. */
static bool is_met_by_nobody(const struct facts *f, const struct finding *x)
{
    return f->failed_rows > 0 && x->rows == 0 && x->cluster && x->cluster->ok == 0 &&
           x->cluster->failed == 0;
}

/* What goes wrong now stands above what may be over, high confidence above medium, then what
 * explains more requests and is nearer to the cause; last what no request met. */
static int weight(const struct facts *f, const struct finding *x)
{
    int share = f->failed_rows > 0 ? 100 * x->rows / f->failed_rows : 0;

    return share + 10 * x->rank - (is_met_by_nobody(f, x) ? 200 : 0) + 1000 * confidence_of(f, x) +
           (finding_is_current(f, x) ? 5000 : 0);
}

static void write_verdict(struct facts *f, cJSON *list, const struct finding *x)
{
    cJSON *v = json_add(f->arena, list, json_object(f->arena));
    cJSON *evidence;

    json_set_str(f->arena, v, "code", x->code);
    json_set_str(f->arena, v, "confidence", confidence(f, x));
    json_set_str(f->arena, v, "object", x->object);
    if (x->seen_by)
        json_set_str(f->arena, v, "replicas", x->seen_by);
    if (x->rows > 0)
        json_set_num(f->arena, v, "requests", x->rows);
    evidence = json_set_array(f->arena, v, "evidence");
    for (int i = 0; i < x->evidence; i++) {
        cJSON *e = json_add(f->arena, evidence, json_object(f->arena));
        json_set_str(f->arena, e, "source", x->source[i]);
        json_set_str(f->arena, e, "fact", x->fact[i]);
    }
    if (x->recovered) {
        cJSON *e = json_add(f->arena, evidence, json_object(f->arena));
        json_set_str(f->arena, e, "source", "access_log");
        json_set_str(f->arena, e, "fact", "the newest requests went well: it may be over");
    }
    json_set_str(f->arena, v, "next", x->next);
}

static bool probed_well(const struct fact_host *h)
{
    const char *result = json_str(h->probe, "result");
    return result && !strcmp(result, "ok");
}

/* Endpoints that something good is known of: from Envoy, or from a probe that was really made. */
static int hosts_seen(const struct facts *f)
{
    int n = 0;

    for (int i = 0; i < f->cluster_count; i++) {
        const struct fact_cluster *c = &f->clusters[i];
        for (int k = 0; c->wanted && k < c->listed_hosts; k++)
            n += !f->in->from_console || probed_well(&c->hosts[k]);
    }
    return n;
}

/* Says which endpoints were left alone or did not take a connection, and why. False: none was. */
static bool tell_unseen(struct facts *f, struct finding *x)
{
    int n = 0;

    for (int i = 0; i < f->cluster_count; i++) {
        const struct fact_cluster *c = &f->clusters[i];
        for (int k = 0; c->wanted && k < c->listed_hosts; k++) {
            if (!c->hosts[k].probe || probed_well(&c->hosts[k]))
                continue;
            n++;
            finding_add(f->arena, x, "probe", "%s: %s", c->hosts[k].address,
                        finding_probe_words(f->arena, c->hosts[k].probe));
        }
    }
    return n > 0;
}

/* Enough to say OK of: some requests, or what Envoy and probes know of endpoints. */
static bool seen_enough(struct facts *f, struct finding *x)
{
    int hosts = hosts_seen(f), good = f->row_count - f->failed_rows;

    if (f->row_count > 0)
        finding_add(f->arena, x, "access_log", "%d of %d requests went well, from %s to %s", good,
                    f->row_count, f->rows[f->row_count - 1].start, f->rows[0].start);
    if (hosts > 0 && f->in->from_console)
        finding_add(f->arena, x, "console", "%d endpoints took a probe's connection", hosts);
    else if (hosts > 0)
        finding_add(f->arena, x, "clusters", "%d endpoints, none marked unhealthy", hosts);
    return (hosts > 0 || good >= ENOUGH_ROWS) && f->in->unread == 0;
}

static int unread_replicas(const struct facts *f)
{
    int n = 0;
    for (int i = 0; i < f->in->replica_count; i++)
        n += f->in->replicas[i].error != NULL;
    return n;
}

static struct finding well(struct facts *f)
{
    struct finding x = { .code = "OK", .object = "gateway", .next = "Nothing to do." };
    bool seen = seen_enough(f, &x), left = tell_unseen(f, &x);

    if (f->target && f->target->kind)
        x.object = arena_printf(f->arena, "%s %s", f->target->kind, f->target->name);
    if (f->in->unread > 0)
        finding_add(f->arena, &x, "access_log", "%d lines in no known form, such as: %s",
                    f->in->unread, f->in->unread_line);
    if (unread_replicas(f) > 0)
        finding_add(f->arena, &x, "replicas", "%d of %d could not be read", unread_replicas(f),
                    f->in->replica_count);
    if (seen && unread_replicas(f) == 0)
        return x;
    x.code = "UNKNOWN";
    x.next = seen ? "What the replicas that could not be read run by is not known: see why "
                    "below, and ask again."
             : f->in->unread > 0
                 ? "Give the access log one of the known formats (docs/configuration.md): Higress' "
                   "own, Envoy's or Istio's default text, or JSON."
             : left ? "Its endpoints could not be seen from here (see the evidence). Configure "
                      "Envoy's admin address; --probe allows addresses that are left alone."
             : x.evidence > 0
                 ? "That is too little to say that all is well. Send some requests, or configure "
                   "Envoy's admin address, and ask again."
                 : "Nothing could be seen. Configure Envoy's admin address and the access log "
                   "(higress-ops check says how), or send a request and ask again.";
    return x;
}

static const char *const signal_names[] = { "clusters",    "stats",      "config_dump", "certs",
                                            "server_info", "access_log", "probes" };

static void write_unavailable(struct facts *f, cJSON *out)
{
    const cJSON *have[] = { f->in->clusters, f->in->stats, f->in->config, f->in->certs,
                            f->in->server,   f->in->rows,  f->in->probes };
    cJSON *list = json_set_array(f->arena, out, "unavailable");

    for (size_t i = 0; i < sizeof have / sizeof have[0]; i++) {
        bool log = !strcmp(signal_names[i], "access_log") && f->in->log_unread;
        if (!have[i] || (i == 0 && f->in->from_console))
            json_add_str(f->arena, list,
                         arena_printf(f->arena, "%s%s%s", signal_names[i], log ? ": " : "",
                                      log ? f->in->log_unread : ""));
    }
    if (f->in->control_unread)
        json_add_str(f->arena, list, "control_plane");
}

/* The heaviest finding not yet written; NULL when all are. */
static struct finding *take_heaviest(const struct facts *f, struct findings *all, bool *written)
{
    int best = -1;

    for (int i = 0; i < all->count; i++)
        if (!written[i] && !all->list[i].covered &&
            (best < 0 || weight(f, &all->list[i]) > weight(f, &all->list[best])))
            best = i;
    if (best < 0)
        return NULL;
    written[best] = true;
    return &all->list[best];
}

/* -- what is no incident -------------------------------------------------------------------------
 */
static const char *noise_words(struct facts *f, const struct finding *x)
{
    const char *paths = x->path_count > 0 ? x->paths[0] : "";

    for (int i = 1; i < x->path_count; i++)
        paths = arena_printf(f->arena, "%s, %s", paths, x->paths[i]);
    if (!strcmp(x->code, "NO_ROUTE"))
        return arena_printf(f->arena, "%d requests to %s that no route ever took (%s)", x->rows,
                            x->object, text_clean(f->arena, paths, 120));
    if (!strcmp(x->code, "CLIENT_DISCONNECT"))
        return arena_printf(f->arena, "%d clients of %s left", x->rows, x->object);
    return arena_printf(f->arena, "%d of %s are %s, which may be meant so", x->rows, x->object,
                        x->code);
}

/* One line of them all. They are marked as written. */
static void write_noise(struct facts *f, struct findings *all, bool *written, cJSON *out)
{
    const char *line = NULL;
    int more = 0;

    for (int i = 0; i < all->count; i++) {
        const struct finding *x = &all->list[i];
        if (x->covered || !harmless(f, x))
            continue;
        written[i] = true;
        if (line && strlen(line) > 200) {
            more += x->rows;
            continue;
        }
        const char *words = noise_words(f, x);
        line = line ? arena_printf(f->arena, "%s; %s", line, words) : words;
    }
    if (line)
        json_set_str(f->arena, out, "noise",
                     more ? arena_printf(f->arena, "%s; %d more", line, more) : line);
}

/* Is there anything beside the noise to tell of? */
static bool besides(const struct facts *f, const struct findings *all)
{
    for (int i = 0; i < all->count; i++)
        if (finding_is_current(f, &all->list[i]))
            return true;
    return f->row_count > f->failed_rows;
}

static void write_verdicts(struct facts *f, struct findings *all, cJSON *list, cJSON *out)
{
    bool written[sizeof all->list / sizeof all->list[0]] = { false };
    bool ok_said = false;
    struct finding *x;

    if (besides(f, all))
        write_noise(f, all, written, out);
    while (json_count(list) < MAX_VERDICTS && (x = take_heaviest(f, all, written))) {
        bool now = finding_is_current(f, x) || harmless(f, x);
        if (!ok_said && !now) {
            struct finding fine = well(f);
            write_verdict(f, list, &fine);
        }
        ok_said = true;
        write_verdict(f, list, x);
    }
    if (json_count(list) == 0) {
        struct finding fine = well(f);
        write_verdict(f, list, &fine);
    }
}

/* What clients wrote into the log is said, and believed by nobody. */
static void write_forged(const struct facts *f, cJSON *out)
{
    if (f->forged_rows == 0)
        return;
    json_set_num(f->arena, json_get(out, "looked_at"), "forged_lines", f->forged_rows);
    json_set_str(f->arena, out, "note",
                 arena_printf(f->arena,
                              "%d line%s of the access log hold%s a key twice, or keys as its "
                              "format cannot give them: a client sent log syntax. They are counted "
                              "for nobody; tail_logs marks them forged.",
                              f->forged_rows, f->forged_rows == 1 ? "" : "s",
                              f->forged_rows == 1 ? "s" : ""));
}

/* -- the whole -----------------------------------------------------------------------------------
 */
/* Does a finding say that something configured did not arrive? */
bool facts_lost_by_config(const struct facts *f)
{
    return f->config_lost;
}

struct findings *findings_of(struct facts *f)
{
    struct findings *all = arena_make(f->arena, struct findings);

    findings_from_clusters(f, all);
    findings_from_endpoints(f, all);
    findings_from_shadows(f, all);
    findings_from_redirects(f, all);
    findings_from_lost(f, all);
    findings_from_rows(f, all);
    findings_from_gateway(f, all);
    for (int i = 0; i < all->count; i++) {
        const struct finding *x = &all->list[i];
        bool lost = text_has_word("NO_CLUSTER|NO_ROUTE|CONFIG_MISSING", x->code) && !x->noise &&
                    !x->recovered;
        f->config_lost = f->config_lost || lost;
    }
    findings_from_config(f, all);
    if (f->in->replica_count > 1)
        findings_join_replicas(f, all);
    findings_from_replicas(f, all);
    for (int i = 0; i < all->count; i++)
        for (int k = 0; k < all->count; k++)
            cover(f, &all->list[i], &all->list[k]);
    return all;
}

static bool is_among(const struct findings *all, const struct finding *x)
{
    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->list[i].code, x->code) && !strcmp(all->list[i].object, x->object))
            return true;
    return false;
}

/* In one line: what goes wrong now, but not with the target. */
static void write_elsewhere(struct facts *f, const struct findings *own, cJSON *out)
{
    struct diagnose_signals in = *f->in;
    in.rows = in.elsewhere ? in.elsewhere : in.rows;
    in.object = NULL;
    in.issues = NULL;
    struct facts *whole = facts_make(f->arena, NULL, &in);
    struct findings *all = findings_of(whole);
    bool written[sizeof all->list / sizeof all->list[0]] = { false };
    const char *line = NULL;
    const struct finding *x;
    int n = 0;

    while ((x = take_heaviest(whole, all, written)) && finding_is_current(whole, x)) {
        if (is_among(own, x))
            continue;
        if (++n <= MAX_ELSEWHERE)
            line = arena_printf(f->arena, "%s%s%s of %s", line ? line : "", line ? "; " : "",
                                x->code, x->object);
    }
    if (n > MAX_ELSEWHERE)
        line = arena_printf(f->arena, "%s; %d more", line, n - MAX_ELSEWHERE);
    if (line)
        json_set_str(f->arena, out, "elsewhere", line);
}

/* Plans that were applied, and edits that were seen, within the window that was looked at. */
static void write_timeline(struct facts *f, cJSON *out)
{
    double from = f->row_count > 0 ? f->rows[f->row_count - 1].at : 0;
    cJSON *lines = json_array(f->arena);
    const cJSON *o;

    cJSON_ArrayForEach(o, f->in->changes)
    {
        const char *at = json_str(o, "at"), *id = json_str(o, "id"), *title = json_str(o, "title");
        if (at && id && json_count(lines) < MAX_VERDICTS && when_parse(at) >= from - BEFORE_ROWS)
            json_add_str(f->arena, lines,
                         arena_printf(f->arena, "%s %s: %s", at,
                                      arena_printf(f->arena,
                                                   json_str(o, "since") ? "edit %s was seen"
                                                                        : "plan %s was applied",
                                                   id),
                                      text_clean(f->arena, title ? title : "", 160)));
    }
    if (json_count(lines) > 0)
        json_set(f->arena, out, "timeline", lines);
}

/* Why: what they run by is not known. */
static void write_unread_replicas(struct facts *f, cJSON *out)
{
    cJSON *lines = json_array(f->arena);
    if (f->in->unlisted)
        json_add_str(f->arena, lines, text_clean(f->arena, f->in->unlisted, 240));
    for (int i = 0; i < f->in->replica_count; i++)
        if (f->in->replicas[i].error && json_count(lines) < MAX_VERDICTS)
            json_add_str(f->arena, lines, text_clean(f->arena, f->in->replicas[i].error, 240));
    if (json_count(lines) > 0)
        json_set(f->arena, out, "replicas", lines);
}

/* What was not asked for is absent, not 0. */
static void write_looked_at(struct facts *f, cJSON *out)
{
    cJSON *seen = json_set_object(f->arena, out, "looked_at");

    if (f->in->rows) {
        json_set_num(f->arena, seen, "log_lines", f->row_count);
        json_set_num(f->arena, seen, "failed", f->failed_rows);
    }
    if (f->row_count > 0) {
        json_set_str(f->arena, seen, "from", f->rows[f->row_count - 1].start);
        json_set_str(f->arena, seen, "to", f->rows[0].start);
    }
    if (f->in->config)
        json_set_num(f->arena, seen, "routes", facts_distinct_routes(f));
    if (f->in->clusters || f->in->config)
        json_set_num(f->arena, seen, "clusters", f->known_clusters);
    if (f->in->probes)
        json_set_num(f->arena, seen, "probes", json_count(f->in->probes));
    write_forged(f, out);
}

cJSON *diagnose_judge(struct arena *a, const struct diagnose_target *t,
                      const struct diagnose_signals *s)
{
    struct facts *f = facts_make(a, t, s);
    struct findings *all = findings_of(f);
    bool target = t && t->kind;
    cJSON *out = json_object(a);

    if (target)
        json_set_str(a, out, "target", arena_printf(a, "%s %s", t->kind, t->name));
    if (target)
        json_set(a, out, "about", facts_about(f));
    write_verdicts(f, all, json_set_array(a, out, "verdicts"), out);
    if (target)
        write_elsewhere(f, all, out);
    if (s->compared)
        json_set(a, out, "compared", json_clone(a, s->compared));
    write_timeline(f, out);
    if (json_count(f->history) > 0)
        json_set(a, out, "history", f->history);
    write_unavailable(f, out);
    write_unread_replicas(f, out);
    write_looked_at(f, out);
    return out;
}
