/* config_alert.c - `alerts`: what goes beyond one row of settings.c: which key a source proves
 * itself by, the chat account that tells of it, and what its labels name. A way a source proves
 * itself is a row of proofs[].
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include "config/settings_private.h"
#include <string.h>

enum { TARGETS = 5, LABEL_NAMES = 16, KEY_LEAST = 16, DIGEST_MAX = 64 << 10 };

static const struct field key_rows[] = {
    { "bearer", OBJ, OPT, "Token of the Authorization header." },
    { "basic", OBJ, OPT, "USER:PASSWORD of the Authorization header." },
    { "hmac", OBJ, OPT, "Key of the signature." },
    { 0 },
};
static const struct field label_rows[] = {
    { "route", LIST, OPT, "Labels that name a route.", .max = LABEL_NAMES, .of = &a_string },
    { "service", LIST, OPT, "A service.", .max = LABEL_NAMES, .of = &a_string },
    { "domain", LIST, OPT, "A domain.", .max = LABEL_NAMES, .of = &a_string },
    { "ai_route", LIST, OPT, "An AI route.", .max = LABEL_NAMES, .of = &a_string },
    { "mcp_server", LIST, OPT, "An MCP server.", .max = LABEL_NAMES, .of = &a_string },
    { 0 },
};
static const struct field alert_rows[] = {
    { "name", STR, REQ, "Of the source.", .min = 1, .max = 40 },
    { "from", STR, REQ, "What sends them.", .one_of = ALERT_FROM },
    { "keys", OBJ, REQ, "A secret by reference.", .of = key_rows },
    { "chat", STR, REQ, "PLATFORM/NAME of an account of `chat`.", .min = 3, .max = 100 },
    { "channel", STR, REQ, "As the platform names it.", .min = 1, .max = 200 },
    { "gateway", STR, OPT, "That they are about.", .min = 1, .max = 40 },
    { "labels", OBJ, OPT, "What labels name.", .of = label_rows },
    { "fields", OBJ, OPT, "Of json: where what stands." },
    { "resolved", LIST, OPT, "Of json: a status that is over.", .min = 1, .max = 32,
      .of = &a_string },
    { "window", NUM, OPT, "Seconds.", .min = 0, .max = 3600 },
    { "stale", NUM, OPT, "Seconds.", .min = 60, .max = 30 * 86400 },
    { "look_back", NUM, OPT, "Seconds.", .min = 60, .max = 30 * 86400 },
    { "cards", INT, OPT, "New ones a minute.", .min = 1, .max = 100 },
    { 0 },
};
const struct field config_alert_field = { "alert", OBJ, OPT, "A source.", .of = alert_rows };

/* What stands there where `labels` says nothing of it. */
static const struct {
    const char *target, *names;
} usual[TARGETS] = {
    { "route", "route|higress_route|route_name|ingress" },
    { "service", "service|upstream|cluster_name|envoy_cluster_name|destination_service" },
    { "domain", "domain|host|authority" },
    { "ai_route", "ai_route" },
    { "mcp_server", "mcp_server" },
};
/* Alertmanager signs nothing, a system of somebody's own always does. */
static const struct {
    enum alert_from from;
    const char *keys;
} proofs[] = {
    { ALERT_FROM_ALERTMANAGER, "bearer|basic" },
    { ALERT_FROM_GRAFANA, "bearer|basic|hmac" },
    { ALERT_FROM_JSON, "hmac" },
};
static const char usual_resolved[] = "resolved|ok|closed|inactive|normal";

/* -- one row ----------------------------------------------------------------------------------- */

static const char *const *texts_of_words(struct arena *a, const char *list)
{
    const char **out = arena_array(a, const char *, LABEL_NAMES + 1);
    char word[TEXT_WORD];
    for (int n = 0; text_word_next(&list, word);)
        out[n++] = arena_strdup(a, word);
    return out;
}

static const struct config_alert_labels *labels_of(struct arena *a, const cJSON *given)
{
    struct config_alert_labels *out = arena_array(a, struct config_alert_labels, TARGETS + 1);
    for (int i = 0; i < TARGETS; i++) {
        const cJSON *list = json_get(given, usual[i].target);
        out[i].target = usual[i].target;
        out[i].names = list ? config_texts(a, list) : texts_of_words(a, usual[i].names);
    }
    return out;
}

static bool take_source_key(struct config_alert *c, struct arena *a, int i, const cJSON *ref,
                            struct err *e)
{
    struct err why = { 0 };
    const char *name = ref->string;
    char *value = config_read_secret(a, ref, &why);
    if (!value)
        return config_refuse_row(e, "alerts", i, "keys", why.text, name);
    secret_learn(value);
    if (strlen(value) < KEY_LEAST)
        return config_refuse_row(e, "alerts", i, "keys",
                                 "is too short to prove anything: 16 characters or more", name);
    const char *colon = strchr(value, ':');
    if (!strcmp(name, "basic") && (!colon || colon == value || !colon[1]))
        return config_refuse_row(e, "alerts", i, "keys", "is not USER:PASSWORD", name);
    if (!strcmp(name, "basic"))
        secret_learn(colon + 1);
    *(!strcmp(name, "bearer") ? &c->bearer : !strcmp(name, "basic") ? &c->basic : &c->hmac) = value;
    return true;
}

static bool take_source_proof(struct config_alert *c, struct arena *a, int i, const cJSON *keys,
                              struct err *e)
{
    const char *known = "";
    for (size_t k = 0; k < sizeof proofs / sizeof *proofs; k++)
        if (proofs[k].from == c->from)
            known = proofs[k].keys;
    if (json_count(keys) != 1)
        return config_refuse_row(e, "alerts", i, "keys", "proves itself by exactly one key",
                                 c->name);
    if (!text_has_word(known, keys->child->string))
        return config_refuse_row(e, "alerts", i, "keys",
                                 arena_printf(a, "is no proof of this source: it has %s", known),
                                 keys->child->string);
    size_t n = 0;
    if (!take_source_key(c, a, i, keys->child, e))
        return false;
    if (c->from != ALERT_FROM_JSON)
        return true;
    const char *text = text_starts(c->hmac, "whsec_") ? c->hmac + strlen("whsec_") : c->hmac;
    secret_learn(text);
    return (base64_decode(a, text, strlen(text), &n) && n >= KEY_LEAST) ||
           config_refuse_row(e, "alerts", i, "keys",
                             "must be whsec_ and base64 (echo whsec_$(openssl rand -base64 32))",
                             "hmac");
}

static bool take_source_fields(struct config_alert *c, struct arena *a, int i, const cJSON *fields,
                               struct err *e)
{
    struct config_named *out = arena_array(a, struct config_named, json_count(fields) + 1);
    const cJSON *f;
    c->fields = out;
    if (fields && c->from != ALERT_FROM_JSON)
        return config_refuse_row(e, "alerts", i, "fields",
                                 "has a form of its own: this is for json", c->name);
    cJSON_ArrayForEach(f, fields)
    {
        if (!text_has_word(ALERT_FIELDS, f->string))
            return config_refuse_row(e, "alerts", i, "fields", "is none of " ALERT_FIELDS,
                                     f->string);
        if (!cJSON_IsString(f) || !*f->valuestring || strlen(f->valuestring) > 200)
            return config_refuse_row(e, "alerts", i, "fields", "is not a path such as event.labels",
                                     f->string);
        *out++ =
            (struct config_named){ arena_strdup(a, f->string), arena_strdup(a, f->valuestring) };
    }
    return true;
}

/* -- where it is told -------------------------------------------------------------------------- */

static const struct config_chat *account_named(const struct config *c, struct arena *a,
                                               const char *name)
{
    for (const struct config_chat *x = c->chat; x->name; x++)
        if (!strcmp(arena_printf(a, "%s/%s", x->platform, x->name), name))
            return x;
    return NULL;
}

/* A bot that does not answer there, or about another gateway, does not tell it there either. */
static bool is_told_somewhere(const struct config *c, const struct config_alert *x, int i,
                              struct err *e)
{
    const struct config_chat_channel *k = x->chat->channels;
    struct err none = { 0 };
    const struct config *g = config_gateway(c, x->gateway, &none);
    if (!g)
        return config_refuse_row(e, "alerts", i, "gateway", "is no gateway of `gateways`",
                                 x->gateway);
    while (k && k->id && strcmp(k->id, x->channel) != 0)
        k++;
    if (k && !k->id)
        return config_refuse_row(e, "alerts", i, "channel",
                                 "is not among the channels of that account", x->channel);
    if (k && k->gateway && !text_same(k->gateway, g->name))
        return config_refuse_row(e, "alerts", i, "channel", "is bound to another gateway",
                                 x->channel);
    return true;
}

/* Nobody else may go by the principal of a source. */
static bool is_principal_free(const struct config *c, const char *principal)
{
    const struct config_token *const lists[] = { c->tokens, c->approvers };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct config_token *t = lists[i]; t->name; t++)
            if (!strcmp(t->name, principal))
                return false;
    for (const struct config_person *p = c->people; p && p->name; p++)
        if (!strcmp(p->name, principal))
            return false;
    return true;
}

static struct config_person principal_of(struct arena *a, const char *name)
{
    static const char *const nothing[] = { NULL };
    return (struct config_person){ .name = arena_printf(a, "alert:%s", name),
                                   .roles = ROLE_OPERATOR,
                                   .os = nothing,
                                   .tokens = nothing,
                                   .oauth = nothing,
                                   .oidc = nothing,
                                   .chat = nothing };
}

static const char *source_digest(struct arena *a, const struct config_alert *c, const cJSON *row)
{
    struct buf *b = buf_in(a, DIGEST_MAX);
    buf_printf(b, "%s\n%s\n%s", json_canonical(a, row), c->chat->digest,
               c->bearer  ? c->bearer
               : c->basic ? c->basic
                          : c->hmac);
    return crypto_sha256_hex(a, b->data, b->len);
}

static bool take_alert_source(struct config_alert *x, const struct config *c, struct arena *a,
                              int i, const cJSON *row, struct err *e)
{
    const cJSON *resolved = json_get(row, "resolved");
    x->name = arena_strdup(a, json_str(row, "name"));
    x->from = (enum alert_from)text_word_place(ALERT_FROM, json_str(row, "from"));
    x->channel = arena_strdup(a, json_str(row, "channel"));
    x->gateway = arena_strdup(a, json_str(row, "gateway"));
    x->labels = labels_of(a, json_get(row, "labels"));
    x->resolved = resolved ? config_texts(a, resolved) : texts_of_words(a, usual_resolved);
    x->window = json_num(row, "window", 5);
    x->stale = json_num(row, "stale", 36000);
    x->look_back = json_num(row, "look_back", 86400);
    x->cards = json_num(row, "cards", 10);
    x->self = principal_of(a, x->name);
    x->chat = account_named(c, a, json_str(row, "chat"));
    if (x->name[strspn(x->name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return config_refuse_row(e, "alerts", i, "name",
                                 "may hold lower-case letters, digits and '-'", x->name);
    if (!is_principal_free(c, x->self.name))
        return config_refuse_row(e, "alerts", i, "name", "is what a token or a person goes by",
                                 x->self.name);
    if (!x->chat)
        return config_refuse_row(e, "alerts", i, "chat", "is no PLATFORM/NAME of `chat`",
                                 json_str(row, "chat"));
    if (!is_told_somewhere(c, x, i, e) || !take_source_proof(x, a, i, json_get(row, "keys"), e) ||
        !take_source_fields(x, a, i, json_get(row, "fields"), e))
        return false;
    x->digest = source_digest(a, x, row);
    return true;
}

bool config_good_alerts(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    const cJSON *list = json_get(tree, "alerts"), *row;
    struct config_alert *out = arena_array(a, struct config_alert, json_count(list) + 1);
    int n = 0;
    c->alerts = out;
    cJSON_ArrayForEach(row, list)
    {
        if (!take_alert_source(&out[n], c, a, n, row, e))
            return false;
        for (int k = 0; k < n; k++)
            if (!strcmp(out[k].name, out[n].name))
                return config_refuse_row(e, "alerts", n, "name", "is the name of two", out[n].name);
        n++;
    }
    return true;
}
