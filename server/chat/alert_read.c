/* alert_read.c - what a source sends becomes alerts as they are kept. Alertmanager and Grafana send
 * the same skeleton; of a JSON of somebody's own the configuration says where what stands. Sources:
 * docs/chatops/alerts.md. What is kept of an alert is what alert_shown says.
 */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "chat/alert_private.h"
#include "mask/mask.h"
#include <math.h>
#include <string.h>

enum {
    LABELS = 32, /* of an alert, that are kept */
    LABEL_NAME = 100,
    LABEL_VALUE = 200,
    TITLE_BYTES = 140,
    WORDS_BYTES = 500, /* of summary and description, each */
};
static const double MILLISECONDS_FROM = 1e11; /* a number this large counts those */

const char *alert_words(struct arena *a, const char *text, size_t max)
{
    return text_clean(a, event_words(a, text_clean(a, text, 4 * max)), max);
}

/* -- one alert --------------------------------------------------------------------------------- */

static const char *label_value(struct arena *a, const cJSON *v)
{
    if (cJSON_IsString(v))
        return v->valuestring;
    return cJSON_IsNumber(v) || cJSON_IsBool(v) ? json_print(a, v) : NULL;
}

static void keep_label(struct arena *a, cJSON *out, const cJSON *l)
{
    const char *value = label_value(a, l);
    if (value && *value && mask_name_is_secret(l->string))
        value = "(secret)";
    if (value)
        json_set_str(a, out, alert_words(a, l->string, LABEL_NAME),
                     alert_words(a, value, LABEL_VALUE));
}

/* The first of them, and what decides whether it waits in quiet hours. */
static cJSON *kept_labels(struct arena *a, const cJSON *labels)
{
    cJSON *out = json_object(a);
    const cJSON *l, *severity = json_get(labels, "severity");
    if (severity)
        keep_label(a, out, severity);
    cJSON_ArrayForEach(l, labels)
    {
        if (cJSON_IsObject(labels) && l != severity && json_count(out) < LABELS)
            keep_label(a, out, l);
    }
    return out;
}

/* {"title","labels":{},"summary"?,"description"?} */
static const char *alert_shown(struct arena *a, const char *title, const cJSON *labels,
                               const char *summary, const char *description)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "title", alert_words(a, title ? title : "(without a name)", TITLE_BYTES));
    json_set(a, o, "labels", kept_labels(a, labels));
    if (summary)
        json_set_str(a, o, "summary", alert_words(a, summary, WORDS_BYTES));
    if (description)
        json_set_str(a, o, "description", alert_words(a, description, WORDS_BYTES));
    return json_print(a, o);
}

/* RFC 3339, or a number of seconds or milliseconds; 0: it says nothing. */
static double alert_time(const cJSON *v)
{
    double at = cJSON_IsString(v)   ? when_parse(v->valuestring)
                : cJSON_IsNumber(v) ? v->valuedouble
                                    : 0;
    if (cJSON_IsNumber(v) && at >= MILLISECONDS_FROM)
        at /= 1000;
    return isfinite(at) && at > 0 ? at : 0;
}

/* The time that it says, rounded so that text and number of one moment are one; else now. */
static double time_or_now(const cJSON *v, double now)
{
    double at = alert_time(v);
    return at > 0 ? floor(at * 1000) / 1000 : now;
}

/* Of the sender's key, or of what tells the alert from others: never the text itself. */
static const char *alert_key(struct arena *a, const char *given, const char *title,
                             const cJSON *labels)
{
    const char *text = given
                           ? arena_printf(a, "key %s", given)
                           : arena_printf(a, "labels %s %s", title ? title : "",
                                          cJSON_IsObject(labels) ? json_canonical(a, labels) : "");
    return crypto_sha256_hex(a, text, strlen(text));
}

static void set_alert_times(struct store_alert *out, const cJSON *starts, const cJSON *ends,
                            bool over, double now)
{
    out->starts = time_or_now(starts, now);
    out->ends = over ? time_or_now(ends, now) : 0;
    if (over && out->ends < out->starts)
        out->ends = out->starts;
}

/* -- Alertmanager and Grafana ------------------------------------------------------------------ */

static bool read_routed(struct arena *a, const cJSON *x, double now, struct store_alert *out,
                        struct err *e)
{
    const cJSON *labels = json_get(x, "labels"), *notes = json_get(x, "annotations");
    const char *status = json_str(x, "status"), *title = json_str(labels, "alertname");
    if (!cJSON_IsObject(labels) || !status)
        return err_set(e, ERR_PROTO, "an alert has no labels or no status");
    const char *description = json_str(notes, "description");
    out->key = alert_key(a, json_str(x, "fingerprint"), NULL, labels);
    out->shown = alert_shown(a, title, labels, json_str(notes, "summary"),
                             description ? description : json_str(notes, "message"));
    set_alert_times(out, json_get(x, "startsAt"), json_get(x, "endsAt"),
                    !strcmp(status, "resolved"), now);
    return true;
}

static const cJSON *routed_items(struct arena *a, const cJSON *payload, struct alert_batch *out,
                                 struct err *e)
{
    const cJSON *list = json_get(payload, "alerts");
    if (!cJSON_IsArray(list) || !json_str(payload, "groupKey"))
        return err_set(e, ERR_PROTO, "it has no alerts or no groupKey"), NULL;
    double cut = json_num(payload, "truncatedAlerts", 0);
    const char *group =
        arena_printf(a, "%s\n%s", json_text(payload, "receiver"), json_text(payload, "groupKey"));
    out->group = crypto_sha256_hex(a, group, strlen(group));
    out->left_out = cut > 0 && cut < 1e9 ? floor(cut) : 0;
    return list;
}

/* -- a JSON of somebody's own ------------------------------------------------------------------ */

/* Where a field stands: where the configuration says, else under its own name. */
static const cJSON *own_field(const struct config_alert *c, const cJSON *o, const char *name)
{
    const char *path = config_named_value(c->fields, name);
    return json_path(o, path ? path : name);
}

static const char *field_text(struct arena *a, const struct config_alert *c, const cJSON *o,
                              const char *name)
{
    const cJSON *v = own_field(c, o, name);
    return v ? label_value(a, v) : NULL;
}

static bool is_over_word(const struct config_alert *c, const char *status)
{
    for (const char *const *word = c->resolved; status && *word; word++)
        if (text_equal_nocase(*word, status))
            return true;
    return false;
}

static bool read_own(struct arena *a, const struct config_alert *c, const cJSON *x, double now,
                     struct store_alert *out, struct err *e)
{
    const char *title = field_text(a, c, x, "title"), *key = field_text(a, c, x, "key");
    const cJSON *labels = own_field(c, x, "labels");
    if (!cJSON_IsObject(x) || (!title && !key && !cJSON_IsObject(labels)))
        return err_set(e, ERR_PROTO, "an alert has no title, no key and no labels");
    out->key = alert_key(a, key, title, labels);
    out->shown = alert_shown(a, title, labels, field_text(a, c, x, "summary"),
                             field_text(a, c, x, "description"));
    set_alert_times(out, own_field(c, x, "starts"), own_field(c, x, "ends"),
                    is_over_word(c, field_text(a, c, x, "status")), now);
    return true;
}

static const cJSON *own_items(struct arena *a, const struct config_alert *c, const cJSON *payload,
                              struct alert_batch *out, struct err *e)
{
    const cJSON *items = cJSON_IsArray(payload) ? payload : own_field(c, payload, "items");
    if (!items) { /* one alone */
        cJSON *list = json_array(a);
        json_add(a, list, json_clone(a, payload));
        items = list;
    }
    if (!cJSON_IsArray(items))
        return err_set(e, ERR_PROTO, "what `items` names is no list"), NULL;
    const cJSON *first = items->child;
    const char *group = field_text(a, c, payload, "group");
    group = group ? group : field_text(a, c, first, "group");
    group = group ? group : field_text(a, c, first, "title");
    group = arena_printf(a, "own %s", group ? group : "");
    out->group = crypto_sha256_hex(a, group, strlen(group));
    return items;
}

/* -- a request --------------------------------------------------------------------------------- */

bool alert_read(struct arena *a, const struct config_alert *c, const cJSON *payload, double now,
                struct alert_batch *out, struct err *e)
{
    bool own = c->from == ALERT_FROM_JSON;
    const cJSON *list = own ? own_items(a, c, payload, out, e) : routed_items(a, payload, out, e);
    const cJSON *x;
    if (!list)
        return false;
    int all = json_count(list);
    out->alerts =
        arena_array(a, struct store_alert, all < ALERTS_OF_REQUEST ? all : ALERTS_OF_REQUEST);
    cJSON_ArrayForEach(x, list)
    {
        if (out->count == ALERTS_OF_REQUEST)
            break;
        struct store_alert *one = &out->alerts[out->count++];
        if (!(own ? read_own(a, c, x, now, one, e) : read_routed(a, x, now, one, e)))
            return false;
    }
    out->left_out += all - out->count;
    return true;
}
