/* accesslog_mask.c - what of a log line may be seen, decided by a table of its keys.
 *
 * A key that the table does not have is a header somebody added to the format: it is hidden. A new
 * harmless one is a row. What stands behind an equals sign is hidden in every text of a log,
 * whatever its name, and blanked before anything else is done with the line.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include "signal/accesslog_line_private.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_VALUE = 300, MAX_AI = 80, MAX_NAME = 64, MASK_ROUNDS = 8, MAX_MASKED = 2048 };
enum { MAX_HOSTS = 8, MAX_PATHS = 8 }; /* of a line of text */

enum rule {
    HIDE,
    SHOW, /* written by the gateway itself */
    TEXT, /* may hold what a client sent */
    PATH, /* path and query */
    LINK, /* a whole URL of a client */
    AI,   /* the object that ai-statistics writes */
};

#define ROW(KEY, RULE)                                                                             \
    {                                                                                              \
        KEY, sizeof(KEY) - 1, RULE                                                                 \
    }
static const struct row {
    const char *key;
    size_t size; /* of the key */
    enum rule rule;
} rows[] = {
    /* Higress' format, in its order */
    [LOG_AI_LOG] = ROW("ai_log", AI),
    [LOG_AUTHORITY] = ROW("authority", TEXT),
    ROW("bytes_received", SHOW),
    ROW("bytes_sent", SHOW),
    ROW("downstream_local_address", SHOW),
    ROW("downstream_remote_address", SHOW),
    ROW("duration", SHOW),
    ROW("istio_policy_status", SHOW),
    ROW("method", TEXT),
    [LOG_PATH] = ROW("path", PATH),
    ROW("protocol", SHOW),
    ROW("request_id", TEXT),
    ROW("requested_server_name", TEXT),
    [LOG_RESPONSE_CODE] = ROW("response_code", SHOW),
    [LOG_RESPONSE_FLAGS] = ROW("response_flags", SHOW),
    [LOG_ROUTE_NAME] = ROW("route_name", SHOW),
    [LOG_START_TIME] = ROW("start_time", SHOW),
    ROW("trace_id", TEXT),
    ROW("upstream_cluster", SHOW),
    ROW("upstream_host", SHOW),
    ROW("upstream_local_address", SHOW),
    ROW("upstream_service_time", TEXT),
    ROW("upstream_transport_failure_reason", TEXT),
    ROW("user_agent", TEXT),
    ROW("x_forwarded_for", TEXT),
    ROW("response_code_details", TEXT),
    /* what operators add, as Istio and Envoy name it */
    ROW("attempt_count", SHOW),
    ROW("connection_termination_details", TEXT),
    ROW("consumer", TEXT),
    ROW("content_type", TEXT),
    ROW("downstream_tls_cipher", SHOW),
    ROW("downstream_tls_version", SHOW),
    ROW("filter_chain_name", SHOW),
    ROW("grpc_status", TEXT),
    ROW("host", TEXT),
    ROW("hostname", SHOW),
    ROW("http_referer", LINK),
    ROW("location", LINK),
    ROW("model", TEXT),
    ROW("pod_ip", SHOW),
    ROW("pod_name", SHOW),
    ROW("referer", LINK),
    ROW("referrer", LINK),
    ROW("request_duration", SHOW),
    ROW("response_duration", SHOW),
    ROW("response_tx_duration", SHOW),
    ROW("retry_count", SHOW),
    ROW("span_id", TEXT),
    ROW("time", SHOW),
    ROW("timestamp", SHOW),
    ROW("traceparent", TEXT),
    ROW("upstream_request_attempt_count", SHOW),
    ROW("x_b3_spanid", TEXT),
    ROW("x_envoy_attempt_count", SHOW),
    ROW("x_forwarded_proto", TEXT),
    ROW("x_mse_consumer", TEXT),
    ROW("x_real_ip", TEXT),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Names that the record itself uses: a key of the line cannot take them. */
static const char *const own[] = { "ai", "forged", "raw" };

static bool is_own_key(const char *key)
{
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(own[i], key))
            return true;
    return false;
}

/* Of ai_log: figures and names. What people and models wrote is hidden, like all that is unknown.
 */
static const char *const ai_shown[] = {
    "api",
    "cache_status",
    "cached_tokens",
    "chat_round",
    "consumer",
    "input_token",
    "llm_first_token_duration",
    "llm_service_duration",
    "model",
    "output_token",
    "reasoning_tokens",
    "request_model",
    "response_type",
    "safecheck_riskLabel",
    "safecheck_status",
    "token_ratelimit_status",
    "total_token",
};

/* Lines come with their keys in the same order, so the place expected is nearly always the one. */
static int mask_row_of_key(const char *key, size_t n, int expect)
{
    for (int i = 0; i < ROWS; i++) {
        int at = (expect + i) % ROWS;
        if (rows[at].size == n && !memcmp(rows[at].key, key, n))
            return at;
    }
    return -1;
}

const char *log_key(int place, size_t *size)
{
    *size = rows[place].size;
    return rows[place].key;
}

int log_key_place(const char *key, size_t n, int expect)
{
    int at = mask_row_of_key(key, n, expect);

    return at < LOG_KEYS ? at : -1;
}

bool log_place_is_clients(int place)
{
    return rows[place].rule != SHOW;
}

bool log_key_is_clients(const char *key)
{
    int row = mask_row_of_key(key, strlen(key), 0);

    return row < 0 || rows[row].rule != SHOW;
}

/* -- texts and paths ----------------------------------------------------------------------------
 */
/* What mask.h puts in place of a secret is the same in all of the gateway's objects; a log shows
 * one form for all that is hidden. */
static char *one_form(char *text)
{
    char *out = text, *from = text, *at;

    while ((at = strstr(from, SECRET_MASK))) {
        size_t before = (size_t)(at - from);
        memmove(out, from, before);
        memcpy(out + before, LOG_HIDDEN, sizeof LOG_HIDDEN - 1);
        out += before + sizeof LOG_HIDDEN - 1;
        from = at + strnlen(at, SECRET_MASK_SIZE);
    }
    memmove(out, from, strlen(from) + 1);
    return text;
}

/* Most values are short words in which nothing can be hidden. */
static bool is_mere_word(const char *s)
{
    size_t n = strcspn(s, "=?%: ");

    return n < 16 && !s[n];
}

/* The rules for tokens look far ahead, so a text that is much longer than what is shown of it is
 * shortened first: where no token can go on. */
static char *shorten(char *text)
{
    size_t n = strnlen(text, MAX_MASKED + 1);

    if (n <= MAX_MASKED)
        return text;
    while (n > 0 && !strchr(" \t,;&\"'", text[n - 1]))
        n--;
    text[n] = '\0';
    if (n == 0)
        memcpy(text, LOG_HIDDEN, sizeof LOG_HIDDEN);
    return text;
}

/* Until it stays: what one rule hides can bring together what another one knows. */
char *log_mask_text(struct arena *a, const char *text)
{
    char *masked = one_form(mask_text(a, shorten(log_hide_values(a, text, false))));

    for (int i = 0; i < MASK_ROUNDS && strcmp(masked, text) != 0; i++) {
        text = masked;
        masked = one_form(mask_text(a, shorten(log_hide_values(a, text, false))));
    }
    return masked;
}

static char *mask_request(struct arena *a, const cJSON *record, const char *path)
{
    const char *hidden = shorten(log_hide_values(a, path, true));
    const char *host = json_str(record, "authority"); /* names whose paths are secret */
    const char *user = host ? strrchr(host, '@') : NULL;

    if (!host || *path != '/')
        return one_form(mask_url(a, hidden));
    host = user ? user + 1 : host;
    const char *url = arena_printf(a, "https://%s%s", host, hidden);
    size_t origin = strlen(url) - strlen(hidden);
    char *shown = mask_url(a, url);
    bool named = !strncmp(shown, url, origin) && shown[origin] == '/';

    return one_form(named ? shown + origin : mask_url(a, hidden));
}

static int count_hidden(const char *text)
{
    int n = 0;

    for (; (text = strstr(text, LOG_HIDDEN)); text += sizeof LOG_HIDDEN - 1)
        n++;
    return n;
}

/* However it is encoded: where its plain form would hide more, nothing of it is shown. */
static char *mask_path(struct arena *a, const cJSON *record, const char *path)
{
    char *shown = mask_request(a, record, path);
    const char *plain = log_plain_path(a, path);

    if (!plain || count_hidden(mask_request(a, record, plain)) <= count_hidden(shown))
        return shown;
    return arena_strdup(a, "/" LOG_HIDDEN);
}

/* -- lines of other formats ----------------------------------------------------------------------
 */
static const char gaps[] = " \t\"'";

/* Names of hosts that stand in the text as words: one of them is where its request went. */
static int find_hosts(struct arena *a, const char *text, const char *hosts[MAX_HOSTS])
{
    int count = 0;

    for (const char *s = text; *s && count < MAX_HOSTS;) {
        size_t n = strcspn(s, gaps);
        char *word = arena_strndup(a, s, n);
        if (strchr(word, '.') && !strpbrk(word, "/?=") && strspn(word, "0123456789.:") < n)
            hosts[count++] = word;
        s += n + (s[n] != '\0');
    }
    return count;
}

/* The path as the host for which most of it is secret would have it shown. */
static const char *mask_word(struct arena *a, const char *word, const char *const *hosts, int count)
{
    cJSON *record = json_object(a);
    const char *best = mask_path(a, record, word);

    for (int i = 0; i < count; i++) {
        json_set_str(a, record, "authority", hosts[i]);
        const char *shown = mask_path(a, record, word);
        if (count_hidden(shown) > count_hidden(best))
            best = shown;
    }
    return best;
}

char *log_mask_line(struct arena *a, const char *line)
{
    char *text = shorten(arena_strdup(a, line));
    struct buf *b = buf_in(a, MAX_MASKED * 4);
    const char *hosts[MAX_HOSTS];
    int count = find_hosts(a, text, hosts), paths = 0;

    for (const char *s = text; *s;) {
        size_t n = strcspn(s, gaps);
        char *word = arena_strndup(a, s, n);
        if (*word != '/')
            buf_str(b, word);
        else if (++paths > MAX_PATHS) /* a request has one */
            buf_str(b, LOG_HIDDEN);
        else
            buf_str(b, mask_word(a, word, hosts, count));
        s += n;
        if (*s)
            buf_char(b, *s++);
    }
    return log_mask_text(a, b->data ? b->data : "");
}

/* Only what is a URL indeed is shown as one. */
static char *mask_link(struct arena *a, const char *link)
{
    if (strncasecmp(link, "http://", 7) != 0 && strncasecmp(link, "https://", 8) != 0)
        return arena_strdup(a, LOG_HIDDEN);
    return one_form(mask_url(a, shorten(log_hide_values(a, link, true))));
}

/* -- records -------------------------------------------------------------------------------------
 */
static bool is_ascii(const char *s, size_t n)
{
    unsigned char odd = 0;

    for (size_t i = 0; i < n; i++)
        odd |= (unsigned char)(s[i] < ' ' || s[i] == 0x7f); /* signed: beyond ASCII too */
    return !odd;
}

static const char *clean(struct arena *a, const char *s, size_t max)
{
    size_t n = strlen(s);

    return n <= max && is_ascii(s, n) ? s : text_clean(a, s, max);
}

static bool is_ai_shown(const char *key)
{
    for (size_t i = 0; i < sizeof ai_shown / sizeof *ai_shown; i++)
        if (!strcmp(ai_shown[i], key))
            return true;
    return false;
}

static bool is_harmless_key(struct arena *a, const char *key)
{
    size_t n = 0;

    while (isalnum((unsigned char)key[n]) || (key[n] && strchr("_-.", key[n])))
        n++;
    return n > 0 && n <= MAX_NAME && !key[n] && !strcmp(mask_shapes(a, key), key);
}

static void put_ai_member(struct arena *a, cJSON *ai, const cJSON *m)
{
    const char *text = cJSON_IsString(m) ? m->valuestring : NULL;

    if (is_ai_shown(m->string) && cJSON_IsNumber(m))
        json_put(ai, m->string, json_number(a, m->valuedouble));
    else if (is_ai_shown(m->string) && text)
        json_put(ai, m->string, json_string(a, clean(a, log_mask_text(a, text), MAX_AI)));
    else if (is_harmless_key(a, m->string) && !cJSON_IsNumber(m))
        json_put(ai, m->string, json_string(a, LOG_HIDDEN));
}

/* The text is JSON, or still escaped as it stood in a line whose JSON is broken. */
static void put_ai(struct arena *a, cJSON *record, const char *text)
{
    struct err e = { 0 };
    const char *twice = NULL;
    const cJSON *m, *log = NULL;

    if (*text == '{' && text[1] == '\\') {
        const cJSON *whole = json_parse(a, arena_printf(a, "\"%s\"", text), strlen(text) + 2, &e);
        text = cJSON_IsString(whole) ? whole->valuestring : "-";
    }
    if (*text == '{')
        log = json_parse_telling(a, text, strlen(text), &twice, &e);
    if (!cJSON_IsObject(log) || twice)
        return;
    cJSON *ai = json_object(a);
    cJSON_ArrayForEach(m, log) put_ai_member(a, ai, m);
    if (ai->child)
        json_put(record, "ai", ai);
}

static const char *masked(struct arena *a, const cJSON *record, enum rule rule, const char *value)
{
    if (rule == HIDE)
        return *value && strcmp(value, "-") != 0 ? LOG_HIDDEN : "-";
    if (rule == PATH)
        return mask_path(a, record, value);
    if (rule == LINK)
        return strcmp(value, "-") != 0 ? mask_link(a, value) : value;
    return is_mere_word(value) || (rule == SHOW && !strpbrk(value, "=?")) ? value
                                                                          : log_mask_text(a, value);
}

void log_put_place(struct arena *a, cJSON *record, int place, const char *value)
{
    const struct row *row = &rows[place];

    if (row->rule == AI)
        put_ai(a, record, value);
    else
        json_put(record, row->key,
                 json_string(a, clean(a, masked(a, record, row->rule, value), MAX_VALUE)));
}

void log_put(struct arena *a, cJSON *record, const char *key, const char *value, int *expect)
{
    int row = mask_row_of_key(key, strlen(key), *expect);
    const char *alias = row < 0 ? log_alias(key) : NULL;
    int meant = alias ? mask_row_of_key(alias, strlen(alias), *expect) : row;
    enum rule rule = meant < 0 ? HIDE : alias && rows[meant].rule == SHOW ? TEXT : rows[meant].rule;

    *expect = row >= 0 ? row + 1 : *expect;
    if (row >= 0)
        log_put_place(a, record, row, value);
    else if (rule == AI)
        put_ai(a, record, value);
    else if (!is_own_key(key) && is_harmless_key(a, key))
        json_put(record, key, json_string(a, clean(a, masked(a, record, rule, value), MAX_VALUE)));
}

bool log_hides_fields(const cJSON *record)
{
    const cJSON *m, *in;
    int expect = 0;

    cJSON_ArrayForEach(in, json_get(record, "ai")) if (!is_ai_shown(in->string)) return true;
    cJSON_ArrayForEach(m, record)
    {
        int row = mask_row_of_key(m->string, strlen(m->string), expect);
        if (row < 0 && cJSON_IsString(m) && !is_own_key(m->string) && !log_alias(m->string))
            return true;
        expect = row >= 0 ? row + 1 : expect;
    }
    return false;
}
