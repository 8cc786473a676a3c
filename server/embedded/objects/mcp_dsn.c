/* mcp_dsn.c - one row of kinds[] a database: bounds of its fields, how its DSN is written and read.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/objects/ai_url_private.h"
#include "embedded/objects/mcp_dsn_private.h"
#include "embedded/rest/java_number.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/rest.h"

#include <ctype.h>

enum { MAX_DSN = 256 << 10, MAX_PARAMS = 64, MAX_PARAM_KEY = 64, MAX_PARAM_VALUE = 512 };

const struct model_field mcp_dsn_model[] = {
    { "host", M_STR },
    { "port", M_STR },
    { "username", M_STR },
    { "password", M_STR },
    { "dbname", M_STR },
    { "otherParams", M_OPEN },
    { 0 },
};

struct bound {
    const char *field;
    bool need;
    size_t max; /* 0: any length */
    bool (*fits)(struct arena *a, const char *s);
    const char *otherwise; /* what the message says when it does not */
    const char *of;        /* " for sqlite", which takes the text as it is; else it is trimmed */
};

struct kind {
    const char *api, *stored;
    struct bound bounds[6]; /* ended by { 0 } */
    void (*print)(struct arena *a, struct buf *b, const cJSON *db);
    void (*parse)(struct arena *a, const char *dsn, cJSON *db);
};

static const char *dsn_part(const cJSON *db, const char *key)
{
    const char *s = json_str(db, key);
    return s ? s : "";
}

static void put_params(struct arena *a, struct buf *b, const cJSON *params)
{
    const cJSON *p;
    char separator = '?';
    cJSON_ArrayForEach(p, params)
    {
        const char *value = java_to_string(a, p);
        if (cJSON_IsNull(p) || !*value)
            continue;
        buf_printf(b, "%c%s=%s", separator, java_url_encode(a, p->string),
                   java_url_encode(a, value));
        separator = '&';
    }
}

/* host:port, an address with colons in brackets. */
static void put_address(struct buf *b, const cJSON *db)
{
    const char *host = json_text(db, "host");
    bool bare = strchr(host, ':') && *host != '[';
    buf_printf(b, bare ? "[%s]:%s" : "%s:%s", host, json_text(db, "port"));
}

static void print_mysql(struct arena *a, struct buf *b, const cJSON *db)
{
    const char *password = dsn_part(db, "password");
    buf_printf(b, "%s%s%s@tcp(", dsn_part(db, "username"), *password ? ":" : "", password);
    put_address(b, db);
    buf_printf(b, ")/%s", dsn_part(db, "dbname"));
    put_params(a, b, json_get(db, "otherParams"));
}

static void print_postgres(struct arena *a, struct buf *b, const cJSON *db)
{
    const char *password = java_url_encode(a, dsn_part(db, "password"));
    buf_printf(b, "postgres://%s%s%s@", java_url_encode(a, dsn_part(db, "username")),
               *password ? ":" : "", password);
    put_address(b, db);
    buf_printf(b, "/%s", java_url_encode(a, dsn_part(db, "dbname")));
    put_params(a, b, json_get(db, "otherParams"));
}

/* The fields of a DSN for clickhouse that are parameters there. */
static const char *const click_names[][2] = {
    { "username", "username" },
    { "password", "password" },
    { "dbname", "database" },
};

static void print_clickhouse(struct arena *a, struct buf *b, const cJSON *db)
{
    const cJSON *given = json_get(db, "otherParams");
    cJSON *params = cJSON_IsObject(given) ? json_clone(a, given) : json_object(a);
    for (size_t i = 0; i < 3; i++)
        if (json_str(db, click_names[i][0]))
            json_set_str(a, params, click_names[i][1], json_str(db, click_names[i][0]));
    buf_str(b, "tcp://");
    put_address(b, db);
    put_params(a, b, params);
}

static void print_sqlite(struct arena *a, struct buf *b, const cJSON *db)
{
    (void)a;
    buf_str(b, json_text(db, "dbname"));
}

/* Cuts *rest at the first stop character; *rest goes behind it, or to the end. */
static char *cut(struct arena *a, const char **rest, const char *stops)
{
    size_t n = strcspn(*rest, stops);
    char *out = arena_strndup(a, *rest, n);
    *rest += n + ((*rest)[n] != 0);
    return out;
}

/* URLDecoder.decode; a text that is none stays as it is. */
static char *url_decode(struct arena *a, const char *text)
{
    char *blanks = arena_strdup(a, text);
    for (char *p = blanks; *p; p++)
        if (*p == '+')
            *p = ' ';
    char *plain = text_unpercent(a, blanks, strlen(blanks));
    return plain ? plain : arena_strdup(a, text);
}

/* user[:password]; without one the password is null. */
static void parse_login(struct arena *a, char *text, cJSON *db)
{
    char *colon = strchr(text, ':');
    if (colon) {
        *colon = '\0';
        json_set_str(a, db, "password", url_decode(a, colon + 1));
    }
    json_set_str(a, db, "username", url_decode(a, text));
}

static void parse_params(struct arena *a, const char *text, cJSON *db)
{
    if (!*text)
        return;
    cJSON *params = json_set_object(a, db, "otherParams");
    while (*text) {
        const char *pair = cut(a, &text, "&");
        const char *key = cut(a, &pair, "=");
        json_set_str(a, params, url_decode(a, key), url_decode(a, pair));
    }
}

/* host and port, which the last colon outside of brackets parts; brackets are taken off. */
static void parse_tcp(struct arena *a, char *text, cJSON *db)
{
    char *bracket = strrchr(text, ']'), *colon = strrchr(bracket ? bracket : text, ':');
    if (colon) {
        *colon = '\0';
        json_set_str(a, db, "port", colon + 1);
    }
    if (*text == '[' && text_ends(text, "]")) {
        text++;
        text[strlen(text) - 1] = '\0';
    }
    json_set_str(a, db, "host", *text ? text : NULL);
}

static void parse_mysql(struct arena *a, const char *dsn, cJSON *db)
{
    const char *rest = java_trim(a, dsn), *at = strchr(rest, '@'), *tcp = strstr(rest, "tcp(");
    if (!tcp)
        return;
    if (at && at < tcp) {
        parse_login(a, arena_strndup(a, rest, (size_t)(at - rest)), db);
        rest = at + 1;
    }
    cut(a, &rest, "(");
    parse_tcp(a, java_trim(a, cut(a, &rest, ")")), db);
    if (*rest == '/')
        rest++;
    const char *name = cut(a, &rest, "?");
    json_set_str(a, db, "dbname", *name ? name : NULL);
    parse_params(a, rest, db);
}

/* HOST[:PORT] as java.net.URI reads it. False: it knows no host there, and no user either; what the
 * console does then. */
static bool parse_authority(struct arena *a, const char *text, cJSON *db, bool port_too)
{
    struct ai_url u = { 0 };
    bool known = ai_url_parse(a, arena_printf(a, "tcp://%s/", text), &u) && u.host;
    const char *host = text, *port = NULL;
    if (known) {
        json_set_str(a, db, "host", u.host);
        json_set_str(a, db, "port", u.port >= 0 ? arena_printf(a, "%d", u.port) : NULL);
        return true;
    }
    const char *end = *text == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(end ? end : text, ':');
    host = end ? arena_strndup(a, text + 1, (size_t)(end - text) - 1)
               : arena_strndup(a, text, colon ? (size_t)(colon - text) : strlen(text));
    port = colon && port_too ? colon + 1 : NULL;
    json_set_str(a, db, "host", host);
    json_set_str(a, db, "port", port);
    return false;
}

static void parse_postgres(struct arena *a, const char *dsn, cJSON *db)
{
    const char *rest = strstr(dsn, "://") ? strstr(dsn, "://") + 3 : dsn;
    const char *authority = cut(a, &rest, "/"), *at = strrchr(authority, '@');
    const char *login = at ? arena_strndup(a, authority, (size_t)(at - authority)) : NULL;
    if (parse_authority(a, at ? at + 1 : authority, db, true) && login)
        parse_login(a, text_unpercent(a, login, strlen(login)), db); /* decoded twice */
    const char *name = cut(a, &rest, "?"), *plain = text_unpercent(a, name, strlen(name));
    if (*name)
        json_set_str(a, db, "dbname", url_decode(a, plain ? plain : name));
    parse_params(a, rest, db);
}

static void parse_clickhouse(struct arena *a, const char *dsn, cJSON *db)
{
    const char *rest = strstr(dsn, "://") ? strstr(dsn, "://") + 3 : dsn;
    parse_authority(a, cut(a, &rest, "?"), db, false);
    parse_params(a, rest, db);
    cJSON *params = json_get(db, "otherParams");
    for (size_t i = 0; i < 3; i++) {
        const char *s = json_str(params, click_names[i][1]);
        if (s)
            json_set_str(a, db, click_names[i][0], s);
        if (cJSON_IsObject(params))
            json_remove(params, click_names[i][1]);
    }
    if (cJSON_IsObject(params) && !params->child)
        json_set(a, db, "otherParams", json_null(a));
}

static void parse_sqlite(struct arena *a, const char *dsn, cJSON *db)
{
    json_set_str(a, db, "dbname", dsn);
}

/* One to 63 letters, digits and inner hyphens a label, labels with dots between. */
static bool is_dsn_hostname(const char *s)
{
    for (;; s++) {
        size_t n = strcspn(s, ".");
        if (n == 0 || n > 63 || !isalnum((unsigned char)*s) || !isalnum((unsigned char)s[n - 1]))
            return false;
        for (size_t i = 0; i < n; i++)
            if (!isalnum((unsigned char)s[i]) && s[i] != '-')
                return false;
        s += n;
        if (!*s)
            return true;
    }
}

/* A dot may end it. */
static bool is_dsn_host(struct arena *a, const char *s)
{
    size_t n = strlen(s);
    return strchr(s, ':') || (*s == '[' && text_ends(s, "]")) ||
           is_dsn_hostname(arena_strndup(a, s, n - (n > 1 && s[n - 1] == '.')));
}

static bool is_port(struct arena *a, const char *s)
{
    int port;
    return java_parse_int(java_trim(a, s), &port) && port >= 1 && port <= 65535;
}

#define HOST                                                                                       \
    {                                                                                              \
        "host", true, 253, is_dsn_host, "must be a valid hostname or IP address"                   \
    }
#define PORT                                                                                       \
    {                                                                                              \
        "port", true, 0, is_port, "must be an integer in 1..65535"                                 \
    }

static const struct kind kinds[] = {
    { "MYSQL",
      "mysql",
      { HOST, PORT, { "username", true, 32 }, { "dbname", true, 64 }, { "password", false, 256 } },
      print_mysql,
      parse_mysql },
    { "POSTGRESQL",
      "postgres",
      { HOST, PORT, { "username", true, 63 }, { "dbname", true, 63 }, { "password", false, 256 } },
      print_postgres,
      parse_postgres },
    { "SQLITE",
      "sqlite",
      { { "dbname", true, 1024, NULL, NULL, " for sqlite" },
        { "username", false, 128 },
        { "password", false, 256 } },
      print_sqlite,
      parse_sqlite },
    { "CLICKHOUSE",
      "clickhouse",
      { HOST,
        PORT,
        { "username", false, 256 },
        { "dbname", false, 255 },
        { "password", false, 256 } },
      print_clickhouse,
      parse_clickhouse },
};

static const struct kind *find_kind(const char *api)
{
    for (size_t i = 0; api && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].api, api) == 0)
            return &kinds[i];
    return NULL;
}

const char *mcp_dsn_stored_type(const char *api_type)
{
    const struct kind *k = find_kind(api_type);
    return k ? k->stored : NULL;
}

const char *mcp_dsn_api_type(const char *stored_type)
{
    for (size_t i = 0; stored_type && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].stored, stored_type) == 0)
            return kinds[i].api;
    return NULL;
}

static bool is_printable_text(const char *s)
{
    while (*s >= 32 && *s <= 126)
        s++;
    return !*s;
}

static bool check_param_value(struct rest_request *r, const cJSON *p)
{
    const char *value = java_to_string(r->arena, p);
    if (cJSON_IsNull(p))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams value for '%s' must not be null",
                         java_trim(r->arena, p->string));
    if (!is_printable_text(value))
        return rest_fail(r, X_ILLEGAL_ARGUMENT,
                         "otherParams value contains non-printable characters");
    return strlen(value) <= MAX_PARAM_VALUE ||
           rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams value length must be <= %d",
                     MAX_PARAM_VALUE);
}

static bool check_param_key(struct rest_request *r, const char *given)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *key = java_trim(r->arena, given);
    if (!*key)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams key must not be empty");
    if (!is_printable_text(key))
        return rest_fail(r, X_ILLEGAL_ARGUMENT,
                         "otherParams key contains non-printable characters");
    if (strlen(key) > MAX_PARAM_KEY)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams key length must be <= %d",
                         MAX_PARAM_KEY);
    return !key[strspn(key, letters)] ||
           rest_fail(r, X_ILLEGAL_ARGUMENT,
                     "otherParams key may only contain letters, digits, '.', '_' or '-'");
}

static bool check_params(struct rest_request *r, const cJSON *params)
{
    const cJSON *p;
    if (json_count(params) > MAX_PARAMS)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "too many otherParams entries (max %d)",
                         MAX_PARAMS);
    cJSON_ArrayForEach(p, params)
    {
        if (!check_param_key(r, p->string) || !check_param_value(r, p))
            return false;
    }
    return true;
}

static bool check_field(struct rest_request *r, const struct bound *f, const char *given)
{
    const char *of = f->of ? f->of : "";
    bool as_it_is = f->of || strcmp(f->field, "password") == 0;
    const char *s = as_it_is ? given : java_trim(r->arena, given);
    if (f->max && !is_printable_text(s))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "%s contains non-printable characters", f->field);
    if (f->max && strlen(s) > f->max)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "%s length must be <= %zu%s", f->field, f->max, of);
    return !f->fits || f->fits(r->arena, s) ||
           rest_fail(r, X_ILLEGAL_ARGUMENT, "%s %s", f->field, f->otherwise);
}

static bool check_given(struct rest_request *r, const struct bound *f, const char *given)
{
    if (f->need && (!given || !*java_trim(r->arena, given)))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "%s must not be empty%s", f->field,
                         f->of ? f->of : "");
    return !given || check_field(r, f, given);
}

bool mcp_dsn_check(struct rest_request *r, const char *api_type, const cJSON *db)
{
    const struct kind *k = find_kind(api_type);
    if (!cJSON_IsObject(db))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "config must not be null");
    if (!k)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "type must not be null");
    for (const struct bound *f = k->bounds; f->field; f++)
        if (!check_given(r, f, json_str(db, f->field)))
            return false;
    return check_params(r, json_get(db, "otherParams"));
}

char *mcp_dsn_print(struct arena *a, const char *api_type, const cJSON *db)
{
    struct buf *b = buf_in(a, MAX_DSN);
    find_kind(api_type)->print(a, b, db);
    return b->data;
}

cJSON *mcp_dsn_parse(struct arena *a, const char *api_type, const char *dsn)
{
    const struct kind *k = find_kind(api_type);
    cJSON *db = model_new(a, mcp_dsn_model);
    if (k && dsn)
        k->parse(a, dsn, db);
    return db;
}
