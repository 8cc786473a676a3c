/* mcp_dsn.c - one row of kinds[] a database: bounds of its fields, how its DSN is written and read.
 */
#include "embedded/mcp_dsn.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/check.h"
#include "embedded/rest.h"

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
    size_t max;
};

struct kind {
    const char *api, *stored;
    struct bound bounds[6]; /* ended by { 0 } */
    void (*print)(struct arena *a, struct buf *b, const cJSON *db);
    void (*parse)(struct arena *a, const char *dsn, cJSON *db);
};

static const char *text_of(const cJSON *db, const char *key)
{
    const char *s = json_str(db, key);
    return s ? s : "";
}

static void put_params(struct arena *a, struct buf *b, const cJSON *db, bool escape)
{
    const cJSON *p, *params = json_get(db, "otherParams");
    cJSON_ArrayForEach(p, params)
    {
        const char *value = cJSON_IsString(p) ? p->valuestring : "";
        buf_printf(b, "%c%s=%s", p == params->child ? '?' : '&',
                   escape ? text_percent(a, p->string) : p->string,
                   escape ? text_percent(a, value) : value);
    }
}

static void print_mysql(struct arena *a, struct buf *b, const cJSON *db)
{
    buf_printf(b, "%s:%s@tcp(%s:%s)/%s", text_of(db, "username"), text_of(db, "password"),
               text_of(db, "host"), text_of(db, "port"), text_of(db, "dbname"));
    put_params(a, b, db, false);
}

static void print_postgres(struct arena *a, struct buf *b, const cJSON *db)
{
    buf_printf(b, "postgres://%s:%s@%s:%s/%s", text_percent(a, text_of(db, "username")),
               text_percent(a, text_of(db, "password")), text_of(db, "host"), text_of(db, "port"),
               text_percent(a, text_of(db, "dbname")));
    put_params(a, b, db, true);
}

static void print_clickhouse(struct arena *a, struct buf *b, const cJSON *db)
{
    static const char *const names[][2] = {
        { "username", "username" },
        { "password", "password" },
        { "dbname", "database" },
    };
    buf_printf(b, "tcp://%s:%s", text_of(db, "host"), text_of(db, "port"));
    put_params(a, b, db, true);
    char separator = json_count(json_get(db, "otherParams")) > 0 ? '&' : '?';
    for (size_t i = 0; i < 3; i++) {
        if (!json_str(db, names[i][0]))
            continue;
        buf_printf(b, "%c%s=%s", separator, names[i][1], text_percent(a, text_of(db, names[i][0])));
        separator = '&';
    }
}

static void print_sqlite(struct arena *a, struct buf *b, const cJSON *db)
{
    (void)a;
    buf_str(b, text_of(db, "dbname"));
}

/* Cuts *rest at the first stop character; *rest goes behind it, or to the end. */
static char *cut(struct arena *a, const char **rest, const char *stops)
{
    size_t n = strcspn(*rest, stops);
    char *out = arena_strndup(a, *rest, n);
    *rest += n + ((*rest)[n] != 0);
    return out;
}

static void set_text(struct arena *a, cJSON *db, const char *key, char *s, bool escaped)
{
    char *plain = escaped ? text_unpercent(a, s, strlen(s)) : s;
    json_set_str(a, db, key, plain ? plain : s);
}

static void parse_params(struct arena *a, const char *text, cJSON *db, bool escaped)
{
    if (!text || !*text)
        return;
    cJSON *params = json_set_object(a, db, "otherParams");
    while (*text) {
        const char *pair = cut(a, &text, "&");
        const char *key = cut(a, &pair, "=");
        set_text(a, params, key, arena_strdup(a, pair), escaped);
    }
}

static void parse_mysql(struct arena *a, const char *dsn, cJSON *db)
{
    const char *rest = dsn, *login = cut(a, &rest, "@");
    set_text(a, db, "username", cut(a, &login, ":"), false);
    set_text(a, db, "password", arena_strdup(a, login), false);
    if (text_starts(rest, "tcp("))
        rest += strlen("tcp(");
    set_text(a, db, "host", cut(a, &rest, ":)"), false);
    set_text(a, db, "port", cut(a, &rest, ")"), false);
    if (*rest == '/')
        rest++;
    set_text(a, db, "dbname", cut(a, &rest, "?"), false);
    parse_params(a, rest, db, false);
}

static void parse_postgres(struct arena *a, const char *dsn, cJSON *db)
{
    const char *rest = strstr(dsn, "://") ? strstr(dsn, "://") + 3 : dsn;
    const char *login = cut(a, &rest, "@");
    set_text(a, db, "username", cut(a, &login, ":"), true);
    set_text(a, db, "password", arena_strdup(a, login), true);
    set_text(a, db, "host", cut(a, &rest, ":"), false);
    set_text(a, db, "port", cut(a, &rest, "/"), false);
    set_text(a, db, "dbname", cut(a, &rest, "?"), true);
    parse_params(a, rest, db, true);
}

static void parse_clickhouse(struct arena *a, const char *dsn, cJSON *db)
{
    static const char *const names[][2] = {
        { "username", "username" },
        { "password", "password" },
        { "database", "dbname" },
    };
    const char *rest = strstr(dsn, "://") ? strstr(dsn, "://") + 3 : dsn;
    set_text(a, db, "host", cut(a, &rest, ":"), false);
    set_text(a, db, "port", cut(a, &rest, "?/"), false);
    parse_params(a, rest, db, true);
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

static const struct kind kinds[] = {
    { "MYSQL",
      "mysql",
      { { "host", true, 253 },
        { "port", true, 5 },
        { "username", true, 32 },
        { "password", false, 256 },
        { "dbname", true, 64 } },
      print_mysql,
      parse_mysql },
    { "POSTGRESQL",
      "postgres",
      { { "host", true, 253 },
        { "port", true, 5 },
        { "username", true, 63 },
        { "password", false, 256 },
        { "dbname", true, 63 } },
      print_postgres,
      parse_postgres },
    { "SQLITE",
      "sqlite",
      { { "username", false, 128 }, { "password", false, 256 }, { "dbname", true, 1024 } },
      print_sqlite,
      parse_sqlite },
    { "CLICKHOUSE",
      "clickhouse",
      { { "host", true, 253 },
        { "port", true, 5 },
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

static bool is_printable(const char *s)
{
    while (*s >= 32 && *s <= 126)
        s++;
    return !*s;
}

static bool check_params(struct rest_request *r, const cJSON *params)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const cJSON *p;
    if (json_count(params) > MAX_PARAMS)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams must not have more than %d entries",
                         MAX_PARAMS);
    cJSON_ArrayForEach(p, params)
    {
        size_t n = strlen(p->string);
        if (n == 0 || n > MAX_PARAM_KEY || p->string[strspn(p->string, letters)])
            return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams has an invalid key: %s",
                             p->string);
        if (!cJSON_IsString(p) || strlen(p->valuestring) > MAX_PARAM_VALUE ||
            !is_printable(p->valuestring))
            return rest_fail(r, X_ILLEGAL_ARGUMENT, "otherParams has an invalid value for: %s",
                             p->string);
    }
    return true;
}

static bool check_field(struct rest_request *r, const struct bound *f, const char *s)
{
    if (check_blank(s))
        return !f->need || rest_fail(r, X_ILLEGAL_ARGUMENT, "%s must not be empty", f->field);
    if (strcmp(f->field, "port") == 0 && !check_port_text(s, strlen(s)))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "port must be between 1 and 65535");
    if (strlen(s) > f->max)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "%s is too long", f->field);
    if (!is_printable(s))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "%s contains illegal characters", f->field);
    return true;
}

bool mcp_dsn_check(struct rest_request *r, const char *api_type, const cJSON *db)
{
    const struct kind *k = find_kind(api_type);
    if (!k)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "dbType must not be null");
    if (!cJSON_IsObject(db))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "dbConfig must not be null");
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
