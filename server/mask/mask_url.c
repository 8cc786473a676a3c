/* mask_url.c - addresses without their secrets: URLs, and data source names of databases.
 *
 * Where the path of a URL is the secret (webhooks), a row of `webhooks` says so.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/text.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include <ctype.h>
#include <strings.h>

enum { URL_MAX = 1 << 20, USER_MAX = 20, KEY_IN_PATH = 12 };

/* Host (a leading '.': its end) and what of the path before the secret is shown. */
static const struct {
    const char *host, *path;
} webhooks[] = {
    { "hooks.slack.com", "/" },
    { "open.feishu.cn", "/open-apis/bot/v2/hook/" },
    { "open.feishu.cn", "/open-apis/bot/hook/" },
    { "open.larksuite.com", "/open-apis/bot/" },
    { "discord.com", "/api/" },
    { ".discord.com", "/api/" },
    { "discordapp.com", "/api/" },
    { "api.telegram.org", "/" },
    { ".webhook.office.com", "/" },
    { "outlook.office.com", "/webhook/" },
    { "outlook.office365.com", "/webhook/" },
    { "events.pagerduty.com", "/integration/" },
    { "api.day.app", "/" },
    { "sctapi.ftqq.com", "/" },
    { "webhook.site", "/" },
    { ".logic.azure.com", "/" },
    { "hc-ping.com", "/" },
    { "hchk.io", "/" },
    { "hooks.zapier.com", "/" },
    { "maker.ifttt.com", "/" },
};
/* Segments after one of these are keys where they look like one. */
static const char *const before_key[] = { "mcp",     "sse",      "hook",      "hooks",
                                          "webhook", "webhooks", "webhookb2", "token",
                                          "key",     "ping",     "bot",       "public-dashboards" };

/* Of a data source name: settings. */
static const char *const dsn_shown[] = { "sslmode",     "charset",     "parseTime", "loc",
                                         "tls",         "collation",   "mode",      "cache",
                                         "database",    "username",    "user",      "timeout",
                                         "readTimeout", "compress",    "secure",    "skip_verify",
                                         "search_path", "writeTimeout" };

struct parts { /* of a URL; each begins where the one before ends */
    const char *host, *path, *query, *fragment, *end;
};

/* Behind "https://", "jdbc:mysql://" or "//"; s itself: no scheme. */
static const char *authority(const char *s, const char *end)
{
    const char *p = s;
    while (p < end && (isalnum((unsigned char)*p) || strchr("+.-", *p) ||
                       (*p == ':' && end - p > 1 && p[1] != '/')))
        p++;
    if (end - p > 3 && text_starts(p, "://"))
        return p + 3;
    return end - s > 2 && text_starts(s, "//") ? s + 2 : s;
}

/* A fingerprint that userinfo ends with. */
static bool is_hidden(const char *s, const char *end)
{
    return end - s > SECRET_MASK_SIZE && secret_starts_mask(s) && s[SECRET_MASK_SIZE] == '@';
}

/* "user:pa/ss" before an '@': no port begins so, and the '/' is the password's. What is hidden
 * already ends where its fingerprint does. */
static bool begins_user(const char *s, const char *end)
{
    if (is_hidden(s, end))
        return false;
    while (s < end && !strchr(":/?#@", *s))
        s++;
    return end - s > 1 && *s == ':' && s[1] != '/' && !isdigit((unsigned char)s[1]) &&
           !is_hidden(s + 1, end);
}

/* userinfo ends at the last '@'. */
static const char *last_at(const char *from, const char *end)
{
    const char *found = NULL;
    for (const char *p = from; p < end; p++)
        if (*p == '@')
            found = p;
    return found;
}

static struct parts split_url(const char *s, size_t n)
{
    struct parts p = { .host = authority(s, s + n), .end = s + n };
    const char *user = begins_user(p.host, p.end) ? last_at(p.host, p.end) : NULL;
    for (p.path = user ? user : p.host; p.path < p.end && !strchr("/?#", *p.path); p.path++) {
    }
    for (p.query = p.path; p.query < p.end && !strchr("?#", *p.query); p.query++) {
    }
    for (p.fragment = p.query; p.fragment < p.end && *p.fragment != '#'; p.fragment++) {
    }
    return p;
}

/* A user with a password stays, for whoever decides; one alone may be a token. "token:x" names
 * none, and nor does what looks like a fingerprint. */
static void write_user(struct arena *a, struct buf *b, const char *s, const char *end)
{
    const char *colon = memchr(s, ':', (size_t)(end - s));
    const char *user = colon ? arena_strndup(a, s, (size_t)(colon - s)) : "";
    if (!colon || colon - s > USER_MAX || secret_starts_mask(s) || mask_query_is_secret(user)) {
        mask_piece(a, b, s, (size_t)(end - s));
    } else {
        buf_add(b, s, (size_t)(colon + 1 - s));
        mask_piece(a, b, colon + 1, (size_t)(end - colon - 1));
    }
    buf_char(b, '@');
}

/* A name of a host as it counts: without port, and without the dot that may end it. */
static char *plain_host(struct arena *a, const char *s, size_t n)
{
    const char *port = memchr(s, ':', n);
    n = port ? (size_t)(port - s) : n;
    while (n && s[n - 1] == '.')
        n--;
    return text_lower(a, s, n);
}

static const char *hook_path(const char *host, const char *path)
{
    for (size_t i = 0; i < sizeof webhooks / sizeof *webhooks; i++) {
        const char *h = webhooks[i].host, *shown = webhooks[i].path;
        bool fits = *h == '.' ? text_ends(host, h) : *h == *host && !strcmp(host, h);
        if (fits && !strncasecmp(path, shown, strlen(shown)))
            return shown;
    }
    return NULL;
}

static bool is_key_byte(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("-_~", c));
}

/* Is a part of the segment long, with letters and digits? */
static bool looks_like_key(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool digit = false, letter = false;
        size_t from = i;
        for (; i < n && is_key_byte(s[i]); i++) {
            digit = digit || isdigit((unsigned char)s[i]);
            letter = letter || isalpha((unsigned char)s[i]);
        }
        if (i - from >= KEY_IN_PATH && digit && letter)
            return true;
    }
    return false;
}

static bool is_before_key(const char *s, size_t n)
{
    for (size_t i = 0; i < sizeof before_key / sizeof *before_key; i++)
        if (strlen(before_key[i]) == n && strncasecmp(s, before_key[i], n) == 0)
            return true;
    return false;
}

/* A segment may be a token by its form, too; scheme and host are gone, so mask_shapes ends. */
static void write_segments(struct arena *a, struct buf *b, const char *s, const char *end)
{
    bool key_next = false;
    while (s < end) {
        size_t n = 0;
        while (s + n < end && s[n] != '/')
            n++;
        if (key_next && looks_like_key(s, n))
            mask_piece(a, b, s, n);
        else
            buf_str(b, mask_shapes(a, arena_strndup(a, s, n)));
        key_next = key_next || is_before_key(s, n);
        s += n;
        if (s < end)
            buf_char(b, *s++);
    }
}

static void mask_url_path(struct arena *a, struct buf *b, const char *host, const struct parts *p)
{
    size_t n = (size_t)(p->query - p->path);
    char *path = arena_strndup(a, p->path, n);
    const char *shown = hook_path(host, path);
    if (!shown) {
        write_segments(a, b, p->path, p->query);
        return;
    }
    size_t open = strlen(shown);
    buf_str(b, shown);
    if (path[open])
        mask_piece(a, b, path + open, n - open);
}

static bool is_short_number(const char *s, size_t n)
{
    return n < 10 && strspn(s, "0123456789.-") >= n;
}

static bool is_shown(const char *name)
{
    for (size_t i = 0; i < sizeof dsn_shown / sizeof *dsn_shown; i++)
        if (text_equal_nocase(name, dsn_shown[i]))
            return true;
    return mask_query_is_shown(name);
}

/* A flag, a short number, what is filled in later. */
static bool is_setting(const char *name, const char *value)
{
    bool flag = !strcasecmp(value, "true") || !strcasecmp(value, "false");
    bool number = is_short_number(value, strlen(value)) && !mask_query_is_secret(name);
    return flag || number || mask_is_placeholder(value) || (*value == '{' && text_ends(value, "}"));
}

static void write_pair(struct arena *a, struct buf *b, const char *s, size_t n)
{
    const char *equals = memchr(s, '=', n);
    if (!equals) {
        mask_piece(a, b, s, n);
        return;
    }
    char *name = arena_strndup(a, s, (size_t)(equals - s));
    char *value = arena_strndup(a, equals + 1, n - (size_t)(equals + 1 - s));
    buf_str(b, name);
    buf_char(b, '=');
    if (is_shown(name) && !strstr(value, "://")) /* a URL in a URL in a URL … has no end */
        buf_str(b, mask_shapes(a, value));
    else if (is_setting(name, value))
        buf_str(b, value);
    else
        mask_piece(a, b, value, strlen(value));
}

static void write_query(struct arena *a, struct buf *b, const char *s, const char *end)
{
    while (s < end) {
        size_t n = 0;
        while (s + n < end && !strchr("&;", s[n]))
            n++;
        if (n)
            write_pair(a, b, s, n);
        s += n;
        if (s < end)
            buf_char(b, *s++);
    }
}

void mask_url_write(struct arena *a, struct buf *b, const char *s, size_t n)
{
    struct parts p = split_url(s, n);
    const char *user = last_at(p.host, p.path);
    if (user && (p.host != s || begins_user(s, user))) {
        buf_add(b, s, (size_t)(p.host - s));
        write_user(a, b, p.host, user);
        s = p.host = user + 1;
    }
    buf_add(b, s, (size_t)(p.path - s));
    mask_url_path(a, b, plain_host(a, p.host, (size_t)(p.path - p.host)), &p);
    if (p.query < p.fragment) {
        buf_char(b, '?');
        write_query(a, b, p.query + 1, p.fragment);
    }
    if (p.fragment < p.end) {
        buf_char(b, '#');
        write_query(a, b, p.fragment + 1, p.end);
    }
}

char *mask_url(struct arena *a, const char *text)
{
    const char *scheme = strstr(text, "://");
    if (mask_is_placeholder(text) || secret_is_mask(text))
        return arena_strdup(a, text);
    if (!scheme && *text != '/' && !strpbrk(text, "/?@"))
        return mask_shapes(a, text);
    if (strpbrk(text, " \t\r\n"))
        return mask_text(a, text);
    struct buf *b = buf_in(a, URL_MAX);
    mask_url_write(a, b, text, strlen(text));
    return b->data;
}

/* -- data source names ------------------------------------------------------------------------ */

/* A value of words: in quotes, doubled or escaped inside of them, or to the next gap. */
static size_t word_length(const char *v)
{
    char quote = *v == '\'' || *v == '"' ? *v : '\0';
    size_t n = quote != '\0';
    for (; v[n]; n++) {
        if (v[n] == '\\' && v[n + 1])
            n++;
        else if (quote && v[n] == quote && v[n + 1] == quote)
            n++;
        else if (quote ? v[n] == quote : strchr(" \t\n;", v[n]) != NULL)
            break;
    }
    return n + (quote && v[n] == quote);
}

/* "host=h user=u password='x y'", "Server=h;Pwd=x": the value after the word. */
static char *words_dsn(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, URL_MAX);
    while (*text) {
        size_t name = strcspn(text, "=; \t\n");
        char *word = arena_strndup(a, text, name);
        size_t equals = name + strspn(text + name, " \t");
        if (name == 0 || text[equals] != '=') {
            name += text[name] != '\0';
            buf_add(b, text, name);
            text += name;
            continue;
        }
        const char *v = text + equals + 1 + strspn(text + equals + 1, " \t");
        size_t n = word_length(v);
        buf_add(b, text, (size_t)(v - text));
        if (mask_query_is_secret(word))
            mask_piece(a, b, v, n);
        else
            buf_str(b, mask_text(a, arena_strndup(a, v, n)));
        text = v + n;
    }
    return b->data;
}

/* "user:pass@tcp(host:port)/db?k=v": the password may hold anything, '@' and '/' too. */
static char *mysql_dsn(struct arena *a, const char *text, const char *address)
{
    struct buf *b = buf_in(a, URL_MAX);
    const char *colon = text + strcspn(text, ":/"); /* a slash: of Oracle */
    const char *query = strchr(address, '?');
    if (colon < address) {
        buf_add(b, text, (size_t)(colon + 1 - text));
        mask_piece(a, b, colon + 1, (size_t)(address - colon - 1));
    } else {
        buf_add(b, text, (size_t)(address - text));
    }
    buf_add(b, address, query ? (size_t)(query + 1 - address) : strlen(address));
    if (query)
        write_query(a, b, query + 1, query + strlen(query));
    return b->data;
}

/* "name=value" before any host. */
static bool is_words(const char *text, const char *scheme)
{
    const char *equals = strchr(text, '=');
    return equals && (!scheme || equals < scheme) && equals < text + strcspn(text, "?@");
}

static char *other_dsn(struct arena *a, const char *text)
{
    const char *scheme = strstr(text, "://");
    if (is_words(text, scheme))
        return words_dsn(a, text);
    const char *from = scheme ? scheme + 3 : text;
    const char *at = last_at(from, from + strcspn(from, "?"));
    if (at)
        return arena_printf(a, "%.*s%s", (int)(from - text), text, mysql_dsn(a, from, at));
    return scheme || strchr(text, '?') ? mask_url(a, text) : mask_shapes(a, text);
}

char *mask_dsn(struct arena *a, const char *text)
{
    const char *tcp = strstr(text, "@tcp("), *unix_socket = strstr(text, "@unix(");
    if (mask_is_placeholder(text) || secret_is_mask(text))
        return arena_strdup(a, text);
    if (tcp || unix_socket)
        return mysql_dsn(a, text, tcp ? tcp : unix_socket);
    return *text == '{' ? mask_text(a, text) : other_dsn(a, text);
}
