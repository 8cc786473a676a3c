/* config_chat.c - `chat`: what goes beyond one row of settings.c: what each platform needs, keys by
 * reference, names that belong to one account. A platform is one row of platforms[].
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
#include "config/oidc.h"
#include "config/settings_private.h"
#include <string.h>

/* Names of keys and ids, of which `needs` must be there. */
static const struct {
    const char *name, *keys, *ids, *needs;
} platforms[] = {
    { "slack", "bot|app|signing", "app", "bot" },
    { "dingtalk", "secret", "client|robot|template", "secret|client" },
    { "feishu", "secret|encrypt|verification", "app", "secret|app" },
    { "wecom", "secret|token|aes", "bot|corp", NULL },
    { "teams", "password", "app|tenant", "password|app" },
    { "webhook", "in|out", "users", "in|out|url" },
};
enum { PLATFORMS = sizeof platforms / sizeof *platforms };
#define PLATFORM_NAMES "slack|dingtalk|feishu|wecom|teams|webhook"

/* A key that every platform may have: "USER:PASSWORD" of the proxy. */
static const char proxy_key[] = "proxy";

enum { DIGEST_MAX = 256 << 10 };

static const struct field channel_rows[] = {
    { "id", STR, REQ, "As the platform names it.", .min = 1, .max = 200 },
    { "gateway", STR, OPT, "The only one that is spoken of there.", .min = 1, .max = 40 },
    { "role", STR, OPT, "Nobody is more there.", .one_of = ROLES },
    { "read_only", BOOL, OPT, "Nothing is asked for or decided there." },
    { "quiet", OBJ, OPT, "Hours for what is urgent.", .of = config_quiet_rows },
    { 0 },
};
static const struct field a_channel = { "channel", OBJ, OPT, "A channel.", .of = channel_rows };
static const struct field chat_rows[] = {
    { "platform", STR, REQ, "Which.", .one_of = PLATFORM_NAMES },
    { "name", STR, REQ, "Of the account.", .min = 1, .max = 40 },
    { "url", STR, OPT, "Base of the platform's API.", .min = 8, .max = 1024 },
    { "ca_file", STR, OPT, "Certificates to trust there instead of the system's.", .min = 1,
      .max = 4096 },
    { "proxy", STR, OPT, "HTTP proxy for calls and socket.", .min = 8, .max = 1024 },
    { "quiet", OBJ, OPT, "Hours for what is urgent.", .of = config_quiet_rows },
    { "keys", OBJ, OPT, "Secrets by reference." },
    { "ids", OBJ, OPT, "What else the platform gave." },
    { "tenants", LIST, REQ, "Whose people are answered.", .min = 1, .max = 64, .of = &a_string },
    { "channels", LIST, OPT, "The only channels, bound.", .min = 1, .max = 1000, .of = &a_channel },
    { 0 },
};
const struct field config_chat_field = { "chat", OBJ, OPT, "A bot.", .of = chat_rows };

const char *config_named_value(const struct config_named *list, const char *name)
{
    for (; list->name; list++)
        if (!strcmp(list->name, name))
            return list->value;
    return NULL;
}

/* -- one row --------------------------------------------------------------------------------- */

/* In a path of HTTP, in logs. */
static bool is_account_name(const char *name)
{
    return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

static bool take_channels(struct config_chat *c, struct arena *a, int i, const cJSON *list,
                          struct err *e)
{
    struct config_chat_channel *k =
        arena_array(a, struct config_chat_channel, json_count(list) + 1);
    const cJSON *row;
    c->channels = list ? k : NULL;
    cJSON_ArrayForEach(row, list)
    {
        const char *role = json_str(row, "role");
        k->id = arena_strdup(a, json_str(row, "id"));
        k->gateway = arena_strdup(a, json_str(row, "gateway"));
        k->roles = role ? config_role_named(role) : ROLE_NONE;
        k->read_only = json_true(row, "read_only");
        struct err why = { 0 };
        if (!config_take_quiet(a, json_get(row, "quiet"), &k->quiet, &why))
            return config_refuse_row(e, "chat", i, "channels", why.text, k->id);
        k++;
    }
    return true;
}

static bool take_account_key(struct config_named *out, struct arena *a, int i, const cJSON *ref,
                             struct err *e)
{
    struct err why = { 0 };
    char *value = cJSON_IsObject(ref) ? config_read_secret(a, ref, &why) : NULL;
    if (!value)
        return config_refuse_row(e, "chat", i, "keys",
                                 why.kind ? why.text
                                          : "is not given by {env: NAME} or "
                                            "{file: PATH}",
                                 ref->string);
    secret_learn(value);
    *out = (struct config_named){ arena_strdup(a, ref->string), value };
    return true;
}

static bool take_account_keys(struct config_chat *c, struct arena *a, int i, const cJSON *keys,
                              const char *known, struct err *e)
{
    struct config_named *out = arena_array(a, struct config_named, json_count(keys) + 1);
    const cJSON *ref;
    c->keys = out;
    cJSON_ArrayForEach(ref, keys)
    {
        if (!text_has_word(known, ref->string) && strcmp(ref->string, proxy_key) != 0)
            return config_refuse_row(e, "chat", i, "keys", "is no key of this platform",
                                     ref->string);
        if (!take_account_key(out++, a, i, ref, e))
            return false;
    }
    return true;
}

static bool take_account_ids(struct config_chat *c, struct arena *a, int i, const cJSON *ids,
                             const char *known, struct err *e)
{
    struct config_named *out = arena_array(a, struct config_named, json_count(ids) + 1);
    const cJSON *id;
    c->ids = out;
    cJSON_ArrayForEach(id, ids)
    {
        if (!text_has_word(known, id->string))
            return config_refuse_row(e, "chat", i, "ids", "is no id of this platform", id->string);
        if (!cJSON_IsString(id) || !*id->valuestring)
            return config_refuse_row(e, "chat", i, "ids", "is not a text", id->string);
        *out++ =
            (struct config_named){ arena_strdup(a, id->string), arena_strdup(a, id->valuestring) };
    }
    return true;
}

static bool has_what_it_needs(const struct config_chat *c, int i, const char *needs, struct err *e)
{
    char word[TEXT_WORD];
    while (text_word_next(&needs, word))
        if (!strcmp(word, "url")
                ? !c->url
                : !config_named_value(c->keys, word) && !config_named_value(c->ids, word))
            return config_refuse_row(e, "chat", i, "platform", "is missing: this platform needs it",
                                     word);
    return true;
}

/* "http://HOST:PORT"; user and password are a key. */
static bool is_proxy_url(const char *url)
{
    static const char scheme[] = "http://";
    const char *host = text_starts(url, scheme) ? url + sizeof scheme - 1 : "";
    const char *port = strrchr(host, ':');
    return port && port > host && port[1] && !port[1 + strspn(port + 1, "0123456789")] &&
           !strpbrk(host, "@/?# \t\r\n");
}

static bool take_account_proxy(struct config_chat *c, struct arena *a, int i, const char *proxy,
                               struct err *e)
{
    const char *who = config_named_value(c->keys, proxy_key);
    const char *colon = who ? strchr(who, ':') : NULL;
    if (!proxy)
        return !who || config_refuse_row(e, "chat", i, "proxy", "is missing: keys.proxy is for it",
                                         proxy_key);
    if (!is_proxy_url(proxy))
        return config_refuse_row(e, "chat", i, "proxy",
                                 "must be http://HOST:PORT; its user and password are a key "
                                 "(keys.proxy, as USER:PASSWORD)",
                                 proxy);
    if (who && !colon)
        return config_refuse_row(e, "chat", i, "keys", "does not hold USER:PASSWORD", proxy_key);
    c->proxy = arena_strdup(a, proxy);
    if (who) {
        secret_learn(colon + 1);
        c->proxy = arena_printf(a, "http://%s:%s@%s",
                                text_percent(a, arena_strndup(a, who, (size_t)(colon - who))),
                                text_percent(a, colon + 1), proxy + strlen("http://"));
    }
    return true;
}

/* Of the row and its keys, which the row only names. */
static const char *account_digest(struct arena *a, const struct config_chat *c, const cJSON *row)
{
    struct buf *b = buf_in(a, DIGEST_MAX);
    buf_str(b, json_canonical(a, row));
    for (const struct config_named *k = c->keys; k->name; k++)
        buf_printf(b, "\n%s=%s", k->name, k->value);
    return crypto_sha256_hex(a, b->data, b->len);
}

/* platform: its row. */
static bool take_account_folders(struct config_chat *c, struct arena *a, int i, const cJSON *row,
                                 int platform, struct err *e)
{
    struct err why = { 0 };
    if (!config_take_quiet(a, json_get(row, "quiet"), &c->quiet, &why))
        return config_refuse_row(e, "chat", i, "quiet", why.text, c->name);
    return take_channels(c, a, i, json_get(row, "channels"), e) &&
           take_account_keys(c, a, i, json_get(row, "keys"), platforms[platform].keys, e) &&
           take_account_ids(c, a, i, json_get(row, "ids"), platforms[platform].ids, e) &&
           has_what_it_needs(c, i, platforms[platform].needs, e) &&
           take_account_proxy(c, a, i, json_str(row, "proxy"), e);
}

static bool take_account(struct config_chat *c, struct arena *a, int i, const cJSON *row,
                         struct err *e)
{
    int p = text_word_place(PLATFORM_NAMES, json_str(row, "platform")) - 1;
    const char *url = json_str(row, "url");
    size_t n = url ? strlen(url) : 0;
    while (n && url[n - 1] == '/')
        n--;
    c->platform = platforms[p].name;
    c->name = arena_strdup(a, json_str(row, "name"));
    c->url = url ? arena_strndup(a, url, n) : NULL;
    c->ca_file = arena_strdup(a, json_str(row, "ca_file"));
    c->tenants = config_texts(a, json_get(row, "tenants"));
    if (!is_account_name(c->name))
        return config_refuse_row(e, "chat", i, "name",
                                 "may hold lower-case letters, digits and '-'", c->name);
    if (url && !config_is_trusted_url(url))
        return config_refuse_row(
            e, "chat", i, "url",
            "must be https://…, or http:// on a loopback address with its port, "
            "without user, fragment or blanks",
            url);
    c->digest = take_account_folders(c, a, i, row, p, e) ? account_digest(a, c, row) : NULL;
    return c->digest != NULL;
}

/* -- all of them ----------------------------------------------------------------------------- */

static bool are_channel_gateways(const struct config *c, int i, struct err *e)
{
    for (const struct config_chat_channel *k = c->chat[i].channels; k && k->id; k++) {
        struct err none = { 0 };
        if (k->gateway && !config_gateway(c, k->gateway, &none))
            return config_refuse_row(e, "chat", i, "channels", "is no gateway of `gateways`",
                                     k->gateway);
    }
    return true;
}

bool config_good_chat(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    const cJSON *list = json_get(tree, "chat"), *row;
    struct config_chat *out = arena_array(a, struct config_chat, json_count(list) + 1);
    int n = 0;
    c->chat = out;
    if (json_count(list) && !c->people)
        return err_set(e, ERR_ARGS,
                       "needs `people`: a bot answers those only whom the table of people knows "
                       "(people[].chat: [\"slack:TEAM/USER\"])") ||
               err_about(e, "chat");
    cJSON_ArrayForEach(row, list)
    {
        if (!take_account(&out[n], a, n, row, e) || !are_channel_gateways(c, n, e))
            return false;
        for (int k = 0; k < n; k++)
            if (!strcmp(out[k].name, out[n].name) && out[k].platform == out[n].platform)
                return config_refuse_row(e, "chat", n, "name", "is the name of two accounts there",
                                         out[n].name);
        n++;
    }
    return true;
}
