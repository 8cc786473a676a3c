/* pilot_digest.c - pages of the control plane as facts: which proxy has acknowledged what, what was
 * refused and why, which services it knows, what got lost between controller and pilot.
 *
 * The values of syncz are nonces: only "sent" and "acknowledged" of one proxy are compared, and
 * with nothing else. A kind that Envoy never answered counts as unanswered, until an error or a
 * counter says that it was refused. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "mask/mask.h"
#include "signal/pilot.h"
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MOST = 20000, CONNECTIONS_MOST = 4 * PILOT_PROXIES };
enum { SHOWN = 253, WORDS_SHOWN = 400, ERRORS_MOST = 20, LOST_MOST = 50, WATCHERS_MOST = 200 };

static const struct sync_kind {
    const char *member; /* of syncz, before _sent and _acked */
    const char *word;
    const char *type;       /* ends the type URL of `resources` */
    const char *short_name; /* in counters */
} kinds[] = {
    { "cluster", "clusters", ".Cluster", "cds" },
    { "listener", "listeners", ".Listener", "lds" },
    { "route", "routes", ".RouteConfiguration", "rds" },
    { "endpoint", "endpoints", ".ClusterLoadAssignment", "eds" },
    { "extensionconfig", "plugins", ".TypedExtensionConfig", "ecds" },
    { 0 },
};

static cJSON *member_object(struct arena *a, cJSON *o, const char *name)
{
    cJSON *m = json_get(o, name);
    return m ? m : json_set_object(a, o, name);
}

static cJSON *member_list(struct arena *a, cJSON *o, const char *name)
{
    cJSON *m = json_get(o, name);
    return m ? m : json_set_array(a, o, name);
}

static const char *digest_words(struct arena *a, const char *text)
{
    return text_clean(a, mask_shapes(a, text), WORDS_SHOWN);
}

static void count_left_out(struct arena *a, cJSON *entry, const char *what, int n)
{
    if (n > 0)
        json_set_num(a, member_object(a, entry, "left_out"), what, n);
}

void pilot_take_version(struct arena *a, cJSON *controller, const char *text)
{
    const char *version = text_clean(a, text, 80);
    size_t n = strlen(version);
    while (n > 0 && version[n - 1] == ' ')
        n--;
    if (n > 0 && !text_starts(version, "unknown"))
        json_set_str(a, controller, "version", arena_strndup(a, version, n));
}

/* -- proxies ----------------------------------------------------------------------------------- */

static const cJSON *typed_resource(const cJSON *element, const char *type)
{
    const cJSON *r;
    cJSON_ArrayForEach(r, json_members(json_get(element, "resources")))
    {
        if (text_ends(r->string, type))
            return r;
    }
    return NULL;
}

static void take_sync_kind(struct arena *a, cJSON *proxy, const cJSON *element,
                           const struct sync_kind *k)
{
    const cJSON *typed = typed_resource(element, k->type);
    const char *sent = json_str(element, arena_printf(a, "%s_sent", k->member));
    const char *acked = json_str(element, arena_printf(a, "%s_acked", k->member));
    sent = sent ? sent : json_str(typed, "sent");
    acked = acked ? acked : json_str(typed, "acked");
    const char *error = json_text(typed, "lastError");
    if (!sent || !*sent)
        return;
    const char *state = *error ? "refused" : text_same(sent, acked) ? "synced" : "unanswered";
    json_set_str(a, member_object(a, proxy, "kinds"), k->word, state);
    if (*error)
        json_set_str(a, member_object(a, proxy, "why"), k->word, digest_words(a, error));
    if (strcmp(state, "synced") != 0 && json_str(typed, "sentTime"))
        json_set_str(a, member_object(a, proxy, "sent"), k->word,
                     text_clean(a, json_str(typed, "sentTime"), 40));
}

void pilot_take_syncz(struct arena *a, cJSON *controller, const cJSON *page)
{
    cJSON *list = json_set_array(a, controller, "proxies");
    const cJSON *element;
    int n = 0;
    cJSON_ArrayForEach(element, page)
    {
        const char *name = json_str(element, "proxy"),
                   *version = json_str(element, "istio_version");
        if (!name || n == PILOT_PROXIES)
            continue;
        n++;
        cJSON *proxy = json_add(a, list, json_object(a));
        json_set_str(a, proxy, "proxy", text_clean(a, name, SHOWN));
        if (version && *version && !text_starts(version, "unknown"))
            json_set_str(a, proxy, "version", text_clean(a, version, 80));
        json_set_object(a, proxy, "kinds");
        for (const struct sync_kind *k = kinds; k->member; k++)
            take_sync_kind(a, proxy, element, k);
    }
    count_left_out(a, controller, "proxies", json_count(page) - n);
}

void pilot_take_connections(struct arena *a, cJSON *controller, const cJSON *page)
{
    const cJSON *client;
    cJSON *proxy;
    int n = 0;
    cJSON_ArrayForEach(client, json_get(page, "clients"))
    {
        if (n++ == CONNECTIONS_MOST)
            break;
        const char *id = json_text(client, "connectionId"), *dash = strrchr(id, '-');
        const char *since = json_str(client, "connectedAt");
        const char *name = arena_strndup(a, id, dash ? (size_t)(dash - id) : strlen(id));
        proxy = json_find(json_get(controller, "proxies"), "proxy", text_clean(a, name, SHOWN));
        const char *before = json_str(proxy, "since");
        if (proxy && since && (!before || strcmp(before, since) < 0))
            json_set_str(a, proxy, "since", text_clean(a, since, 40));
    }
}

/* -- counters ---------------------------------------------------------------------------------- */

/* One sample of the text format: NAME{labels} VALUE. */
struct sample {
    const char *name, *labels; /* labels "" where there are none */
    double value;
};

static bool read_sample(struct arena *a, const char *line, size_t n, struct sample *out)
{
    const char *text = arena_strndup(a, line, n), *brace = strchr(text, '{');
    const char *end = brace ? strrchr(text, '}') : NULL;
    size_t name = strcspn(text, "{ ");
    const char *rest = end ? end + 1 : text + name;
    if (*text == '#' || (brace && !end) || !*rest)
        return false;
    *out = (struct sample){ arena_strndup(a, text, name), "", strtod(rest, NULL) };
    if (end)
        out->labels = arena_strndup(a, brace + 1, (size_t)(end - brace - 1));
    return true;
}

/* "lds" of `err="Internal",type="lds"`; "": it has no such label. */
static const char *sample_label(struct arena *a, const struct sample *s, const char *name)
{
    const char *key = arena_printf(a, "%s=\"", name), *at = s->labels;
    while ((at = strstr(at, key)) && at != s->labels && at[-1] != ',')
        at++;
    at = at ? at + strlen(key) : NULL;
    return at ? arena_strndup(a, at, strcspn(at, "\"")) : "";
}

static void refuse_kind(struct arena *a, cJSON *proxy, const struct sync_kind *k)
{
    cJSON *states = json_get(proxy, "kinds");
    if (!strcmp(json_text(states, k->word), "unanswered"))
        json_set_str(a, states, k->word, "refused");
}

/* pilot_xds_lds_reject{node=…} is one while that proxy refuses; pilot_total_xds_rejects{type=…}
 * counts all proxies. Neither makes a kind refused that was acknowledged since. */
static void take_refusal(struct arena *a, cJSON *controller, const struct sample *s)
{
    bool total = !strcmp(s->name, "pilot_total_xds_rejects");
    const char *node = sample_label(a, s, "node");
    cJSON *proxy;
    for (const struct sync_kind *k = kinds; k->member && s->value > 0; k++) {
        bool own = !strcmp(s->name, arena_printf(a, "pilot_xds_%s_reject", k->short_name));
        if (!own && !(total && !strcmp(sample_label(a, s, "type"), k->short_name)))
            continue;
        cJSON_ArrayForEach(proxy, json_get(controller, "proxies"))
        {
            if (total || !strcmp(node, json_text(proxy, "proxy")))
                refuse_kind(a, proxy, k);
        }
    }
}

static const char *push_failure(struct arena *a, const struct sample *s)
{
    const char *type = sample_label(a, s, "type");
    bool built = !text_ends(type, "_builderr");
    if (!strcmp(s->name, "pilot_xds_pushes") && (text_ends(type, "_senderr") || !built))
        return arena_printf(a, "%.0f pushes of %.*s could not be %s since its start", s->value,
                            (int)strcspn(type, "_"), type, built ? "sent" : "built");
    if (!strcmp(s->name, "pilot_sds_certificate_errors_total"))
        return arena_printf(a, "%.0f certificates could not be read since its start", s->value);
    return NULL;
}

static void add_push_error(struct arena *a, cJSON *controller, const char *text)
{
    cJSON *list = member_list(a, controller, "errors");
    if (json_count(list) < ERRORS_MOST)
        json_add_str(a, list, text);
}

/* Is it a sample that something is read from? */
static bool is_told_of(const char *line, size_t n)
{
    return n < 4096 && (text_starts(line, "pilot_xds_") || text_starts(line, "pilot_sds_") ||
                        text_starts(line, "pilot_total_xds_"));
}

void pilot_take_metrics(struct arena *a, cJSON *controller, const char *text)
{
    int samples = 0;
    for (const char *line = text; *line && samples < SAMPLES_MOST;) {
        struct sample s;
        size_t n = strcspn(line, "\n");
        if (is_told_of(line, n) && ++samples && read_sample(a, line, n, &s)) {
            take_refusal(a, controller, &s);
            const char *failure = s.value > 0 ? push_failure(a, &s) : NULL;
            if (failure)
                add_push_error(a, controller, failure);
        }
        line += n + (line[n] == '\n');
    }
}

/* {"pilot_eds_no_instances": {"outbound|80||x": {"message"?}}}: of the newest push. */
void pilot_take_push_status(struct arena *a, cJSON *controller, const cJSON *page)
{
    const cJSON *metric, *about;
    cJSON_ArrayForEach(metric, json_members(page))
    {
        cJSON_ArrayForEach(about, json_members(metric))
        {
            const char *message = json_str(about, "message");
            add_push_error(
                a, controller,
                digest_words(a, arena_printf(a, "%s in the newest push: %s%s%s", metric->string,
                                             about->string, message ? ": " : "",
                                             message ? message : "")));
        }
    }
}

/* -- what it knows ----------------------------------------------------------------------------- */

void pilot_take_registryz(struct arena *a, cJSON *controller, const cJSON *page)
{
    cJSON *hosts = json_set_array(a, controller, "hosts");
    const cJSON *service;
    int external = 0, services = 0, shown = 0;
    cJSON_ArrayForEach(service, page)
    {
        const char *host = json_str(service, "hostname");
        const char *registry = json_text(json_get(service, "Attributes"), "ServiceRegistry");
        external += !strcmp(registry, "External");
        services++;
        if (host && shown++ < PILOT_HOSTS)
            json_add_str(a, hosts, text_clean(a, host, SHOWN));
    }
    json_set_num(a, controller, "services", services);
    json_set_num(a, controller, "external", external);
    count_left_out(a, controller, "hosts", services - json_count(hosts));
}

static const char *config_name(struct arena *a, const cJSON *o)
{
    const cJSON *metadata = json_get(o, "metadata");
    return arena_printf(a, "%s %s/%s", json_text(o, "kind"), json_text(metadata, "namespace"),
                        json_text(metadata, "name"));
}

static int compare_config_names(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* What the controller converted and pilot does not have. What pilot has beside it comes from the
 * cluster itself. */
static void find_not_arrived(struct arena *a, cJSON *entry, const cJSON *controller,
                             const cJSON *pilot)
{
    const char **there = arena_array(a, const char *, json_count(pilot) + 1);
    size_t n = 0;
    const cJSON *o;
    cJSON *lost = json_array(a);
    cJSON_ArrayForEach(o, pilot) there[n++] = config_name(a, o);
    qsort(there, n, sizeof *there, compare_config_names);
    int count = 0;
    cJSON_ArrayForEach(o, controller)
    {
        const char *name = config_name(a, o);
        if (n && bsearch(&name, there, n, sizeof *there, compare_config_names))
            continue;
        if (count++ < LOST_MOST)
            json_add_str(a, lost, text_clean(a, name, SHOWN));
    }
    if (count)
        json_set(a, entry, "lost", lost);
    count_left_out(a, entry, "lost", count - json_count(lost));
}

void pilot_take_configz(struct arena *a, cJSON *entry, const cJSON *controller, const cJSON *pilot)
{
    if (controller)
        json_set_num(a, entry, "converted", json_count(controller));
    if (pilot)
        json_set_num(a, entry, "configs", json_count(pilot));
    bool whole = json_count(controller) <= PILOT_NAMES && json_count(pilot) <= PILOT_NAMES;
    if (controller && pilot && whole)
        find_not_arrived(a, entry, controller, pilot);
}

void pilot_take_watchers(struct arena *a, cJSON *controller, const cJSON *page)
{
    cJSON *list = json_set_array(a, controller, "watchers");
    const cJSON *w;
    cJSON_ArrayForEach(w, page)
    {
        if (json_count(list) == WATCHERS_MOST)
            break;
        cJSON *o = json_add(a, list, json_object(a));
        json_set_str(a, o, "name", text_clean(a, json_text(w, "name"), SHOWN));
        json_set_str(a, o, "type", text_clean(a, json_text(w, "type"), 40));
        json_set_bool(a, o, "healthy", json_true(w, "healthy"));
    }
}
