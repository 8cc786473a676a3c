/* mcp_dsn.c - one row of kinds[] a database: bounds of its fields, how its DSN is written and read.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/objects/mcp_dsn_private.h"
#include "embedded/rest/check.h"
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
    { "otherParams", M_MAP, .of = model_a_string },
    { 0 },
};

struct bound {
    const char *field;
    bool need;
    size_t max; /* 0: any length */
    bool (*fits)(const char *s);
    const char *otherwise; /* what the message says when it does not */
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

static void put_params(struct arena *a, struct buf *b, const cJSON *db)
{
    const cJSON *p, *params = json_get(db, "otherParams");
    cJSON_ArrayForEach(p, params)
    {
        const char *value = cJSON_IsString(p) ? p->valuestring : "";
        buf_printf(b, "%c%s=%s", p == params->child ? '?' : '&', java_url_encode(a, p->string),
                   java_url_encode(a, value));
    }
}

/* host:port, an address with colons in brackets. */
static void put_address(struct buf *b, const cJSON *db)
{
    const char *host = dsn_part(db, "host");
    bool bare = strchr(host, ':') && *host != '[';
    buf_printf(b, bare ? "[%s]:%s" : "%s:%s", host, dsn_part(db, "port"));
}

/* user[:password]@, escaped or, for mysql, as they are. */
static void put_login(struct buf *b, const char *user, const char *password)
{
    buf_printf(b, "%s%s%s@", user, *password ? ":" : "", password);
}

static void print_mysql(struct arena *a, struct buf *b, const cJSON *db)
{
    put_login(b, dsn_part(db, "username"), dsn_part(db, "password"));
    buf_str(b, "tcp(");
    put_address(b, db);
    buf_printf(b, ")/%s", dsn_part(db, "dbname"));
    put_params(a, b, db);
}

static void print_postgres(struct arena *a, struct buf *b, const cJSON *db)
{
    buf_str(b, "postgres://");
    put_login(b, java_url_encode(a, dsn_part(db, "username")),
              java_url_encode(a, dsn_part(db, "password")));
    put_address(b, db);
    buf_printf(b, "/%s", java_url_encode(a, dsn_part(db, "dbname")));
    put_params(a, b, db);
}

static void print_clickhouse(struct arena *a, struct buf *b, const cJSON *db)
{
    static const char *const names[][2] = {
        { "username", "username" },
        { "password", "password" },
        { "dbname", "database" },
    };
    buf_str(b, "tcp://");
    put_address(b, db);
    put_params(a, b, db);
    char separator = json_count(json_get(db, "otherParams")) > 0 ? '&' : '?';
    for (size_t i = 0; i < 3; i++) {
        const char *value = dsn_part(db, names[i][0]);
        if (!*value)
            continue;
        buf_printf(b, "%c%s=%s", separator, names[i][1], java_url_encode(a, value));
        separator = '&';
    }
}

static void print_sqlite(struct arena *a, struct buf *b, const cJSON *db)
{
    (void)a;
    buf_str(b, dsn_part(db, "dbname"));
}

/* Cuts *rest at the first stop character; *rest goes behind it, or to the end. */
static char *cut(struct arena *a, const char **rest, const char *stops)
{
    size_t n = strcspn(*rest, stops);
    char *out = arena_strndup(a, *rest, n);
    *rest += n + ((*rest)[n] != 0);
    return out;
}

static void set_dsn_part(struct arena *a, cJSON *db, const char *key, char *s, bool escaped)
{
    char *plain = escaped ? text_unpercent(a, s, strlen(s)) : s;
    json_set_str(a, db, key, plain ? plain : s);
}

/* host and port, which the last colon outside of brackets parts. */
static void parse_address(struct arena *a, char *text, cJSON *db)
{
    char *bracket = strrchr(text, ']'), *colon = strrchr(bracket ? bracket : text, ':');
    if (colon) {
        *colon = '\0';
        json_set_str(a, db, "port", colon + 1);
    }
    json_set_str(a, db, "host", text);
}

/* user[:password]; without one the password is null. */
static void parse_login(struct arena *a, char *text, cJSON *db, bool escaped)
{
    char *colon = strchr(text, ':');
    if (colon) {
        *colon = '\0';
        set_dsn_part(a, db, "password", colon + 1, escaped);
    }
    set_dsn_part(a, db, "username", text, escaped);
}

static void parse_params(struct arena *a, const char *text, cJSON *db)
{
    if (!text || !*text)
        return;
    cJSON *params = json_set_object(a, db, "otherParams");
    while (*text) {
        const char *pair = cut(a, &text, "&");
        const char *key = cut(a, &pair, "=");
        set_dsn_part(a, params, key, arena_strdup(a, pair), true);
    }
}

static void parse_mysql(struct arena *a, const char *dsn, cJSON *db)
{
    const char *rest = dsn, *address = strstr(dsn, "tcp(");
    parse_login(a, cut(a, &rest, "@"), db, false);
    if (!address)
        return;
    address += strlen("tcp(");
    parse_address(a, cut(a, &address, ")"), db);
    if (*address == '/')
        address++;
    set_dsn_part(a, db, "dbname", cut(a, &address, "?"), false);
    parse_params(a, address, db);
}

static void parse_postgres(struct arena *a, const char *dsn, cJSON *db)
{
    const char *rest = strstr(dsn, "://") ? strstr(dsn, "://") + 3 : dsn;
    parse_login(a, cut(a, &rest, "@"), db, true);
    parse_address(a, cut(a, &rest, "/"), db);
    set_dsn_part(a, db, "dbname", cut(a, &rest, "?"), true);
    parse_params(a, rest, db);
}

static void parse_clickhouse(struct arena *a, const char *dsn, cJSON *db)
{
    static const char *const names[][2] = {
        { "username", "username" },
        { "password", "password" },
        { "database", "dbname" },
    };
    const char *rest = strstr(dsn, "://") ? strstr(dsn, "://") + 3 : dsn;
    parse_address(a, cut(a, &rest, "?/"), db);
    parse_params(a, rest, db);
    cJSON *params = json_get(db, "otherParams");
    for (size_t i = 0; i < 3; i++) {
        const char *s = json_str(params, names[i][0]);
        if (s)
            json_set_str(a, db, names[i][1], s);
        if (cJSON_IsObject(params))
            json_remove(params, names[i][0]);
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

static bool is_dsn_host(const char *s)
{
    return strchr(s, ':') || is_dsn_hostname(s);
}

static bool is_port(const char *s)
{
    return check_port_text(s, strlen(s));
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
      { HOST, PORT, { "username", true, 32 }, { "password", false, 256 }, { "dbname", true, 64 } },
      print_mysql,
      parse_mysql },
    { "POSTGRESQL",
      "postgres",
      { HOST, PORT, { "username", true, 63 }, { "password", false, 256 }, { "dbname", true, 63 } },
      print_postgres,
      parse_postgres },
    { "SQLITE",
      "sqlite",
      { { "username", false, 128 }, { "password", false, 256 }, { "dbname", true, 1024 } },
      print_sqlite,
      parse_sqlite },
    { "CLICKHOUSE",
      "clickhouse",
      { HOST,
        PORT,
        { "username", false, 256 },
        { "password", false, 256 },
        { "dbname", false, 255 } },
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
    if (!cJSON_IsString(p))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams value for '%s' must not be null",
                         p->string);
    if (strlen(p->valuestring) > MAX_PARAM_VALUE)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams value for '%s' length must be <= %d",
                         p->string, MAX_PARAM_VALUE);
    return is_printable_text(p->valuestring) ||
           rest_fail(r, X_ILLEGAL_ARGUMENT,
                     "otherParams value for '%s' contains non-printable characters", p->string);
}

static bool check_params(struct rest_request *r, const cJSON *params)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const cJSON *p;
    if (json_count(params) > MAX_PARAMS)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams size must be <= %d", MAX_PARAMS);
    cJSON_ArrayForEach(p, params)
    {
        size_t n = strlen(p->string);
        if (check_blank(p->string))
            return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams key must not be empty");
        if (n > MAX_PARAM_KEY)
            return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams key length must be <= %d",
                             MAX_PARAM_KEY);
        if (p->string[strspn(p->string, letters)])
            return rest_fail(r, X_ILLEGAL_ARGUMENT,
                             "otherParams key may only contain letters, digits, '.', '_' or '-'");
        if (!check_param_value(r, p))
            return false;
    }
    return true;
}

static bool check_field(struct rest_request *r, const struct bound *f, const char *s)
{
    if (check_blank(s))
        return !f->need || rest_fail(r, X_ILLEGAL_ARGUMENT, "%s must not be empty", f->field);
    if (f->max && strlen(s) > f->max)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "%s length must be <= %zu", f->field, f->max);
    if (!is_printable_text(s))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "%s contains non-printable characters", f->field);
    return !f->fits || f->fits(s) ||
           rest_fail(r, X_ILLEGAL_ARGUMENT, "%s %s", f->field, f->otherwise);
}

bool mcp_dsn_check(struct rest_request *r, const char *api_type, const cJSON *db)
{
    const struct kind *k = find_kind(api_type);
    if (!k)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "type must not be null");
    if (!cJSON_IsObject(db))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "config must not be null");
    for (const struct bound *f = k->bounds; f->field; f++)
        if (!check_field(r, f, json_str(db, f->field)))
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
