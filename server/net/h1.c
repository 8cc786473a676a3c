/* h1.c - the request parser: a head that is collected and cut in place, then a body by length or by
 * chunks, one small function per state. To add a rule about a header, add a row to `rules`.
 */
#include "base/arena.h"
#include "base/text.h"
#include "net/h1_private.h"

enum { KEEP_BODY = 16 << 10, LINE_MAX_SIZE = 256, TRAILERS_MAX = 8 << 10, METHOD_MAX = 32 };

void h1_init(struct h1 *p, size_t max_head, size_t max_body)
{
    *p = (struct h1){ .state = H1_IN_HEAD };
    buf_init(&p->head, max_head);
    buf_init(&p->body, max_body);
}

void h1_free(struct h1 *p)
{
    buf_free(&p->head);
    buf_free(&p->body);
}

void h1_drop_body(struct h1 *p)
{
    buf_free(&p->body);
}

void h1_next(struct h1 *p)
{
    struct buf head = p->head, body = p->body;
    *p = (struct h1){ .state = H1_IN_HEAD, .head = head, .body = body };
    buf_reset(&p->head);
    buf_reset(&p->body);
    if (p->body.cap > KEEP_BODY)
        buf_free(&p->body);
}

bool h1_idle(const struct h1 *p)
{
    return p->state == H1_IN_HEAD && p->head.len == 0;
}

static enum h1_event bad(struct h1 *p, int status)
{
    p->state = H1_FAILED;
    p->status = status;
    p->keep_alive = false;
    return H1_BAD;
}

static bool is_token_char(unsigned char c)
{
    static const char extra[] = "!#$%&'*+-.^_`|~";
    if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'))
        return true;
    return c && strchr(extra, c);
}

static size_t token_length(const char *s)
{
    size_t n = 0;
    while (is_token_char((unsigned char)s[n]))
        n++;
    return n;
}

/* -- the request line ----------------------------------------------------------------------------
 */

/* "http://host/path" names the same path as "/path". */
static char *request_path(struct arena *a, const char *target)
{
    if (text_starts(target, "http://") || text_starts(target, "https://")) {
        const char *authority = strstr(target, "://") + 3;
        target = authority + strcspn(authority, "/?");
        if (*target != '/')
            return arena_printf(a, "/%s", target);
    }
    return arena_strdup(a, target);
}

static int read_http_version(struct h1 *p, const char *s)
{
    if (!text_starts(s, "HTTP/"))
        return 400;
    if (strcmp(s, "HTTP/1.1") == 0)
        p->minor = 1;
    else if (strcmp(s, "HTTP/1.0") != 0)
        return 505;
    p->keep_alive = p->minor == 1;
    return 0;
}

/* 0, or the status of the refusal. */
static int read_request_line(struct h1 *p, struct arena *a, char *line)
{
    size_t n = token_length(line);
    if (n == 0 || n > METHOD_MAX || line[n] != ' ')
        return 400;
    line[n] = '\0';
    p->method = line;

    char *target = line + n + 1;
    char *space = strchr(target, ' ');
    if (!space || space == target)
        return 400;
    *space = '\0';
    for (const char *s = target; *s; s++)
        if ((unsigned char)*s < 0x21 || *s == 0x7f)
            return 400;
    p->target = target;
    char *path = request_path(a, target);
    char *mark = strchr(path, '?');
    if (mark)
        *mark = '\0';
    p->path = path;
    p->query = mark ? mark + 1 : NULL;
    return read_http_version(p, space + 1);
}

/* -- headers -------------------------------------------------------------------------------------
 */

static int rule_length(struct h1 *p, const char *value)
{
    size_t n = strspn(value, "0123456789");
    if (p->has_length || n == 0 || n > 18 || value[n])
        return 400;
    p->has_length = true;
    p->length = (size_t)strtoull(value, NULL, 10);
    return 0;
}

static int rule_encoding(struct h1 *p, const char *value)
{
    if (p->chunked || p->minor == 0)
        return 400;
    p->chunked = true;
    return text_equal_nocase(value, "chunked") ? 0 : 501;
}

static int rule_expect(struct h1 *p, const char *value)
{
    p->expects = p->minor == 1;
    return text_equal_nocase(value, "100-continue") ? 0 : 417;
}

static int rule_connection(struct h1 *p, const char *value)
{
    for (const char *s = value; *s;) {
        s += strspn(s, ", \t");
        size_t n = strcspn(s, ", \t");
        if (n == 5 && strncasecmp(s, "close", n) == 0)
            p->keep_alive = false;
        if (n == 10 && strncasecmp(s, "keep-alive", n) == 0)
            p->keep_alive = true;
        s += n;
    }
    return 0;
}

static const struct {
    const char *name;
    int (*check)(struct h1 *p, const char *value);
} rules[] = {
    { "content-length", rule_length },
    { "transfer-encoding", rule_encoding },
    { "expect", rule_expect },
    { "connection", rule_connection },
};

static int apply_rules(struct h1 *p, const struct http_header *h)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(h->name, rules[i].name) == 0)
            return rules[i].check(p, h->value);
    return 0;
}

/* Without the white space around it; NULL when it has control characters. */
static char *trim_header_value(char *value)
{
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        value[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7f)
            return NULL;
    return value;
}

static int read_header(struct h1 *p, char *line)
{
    size_t n = token_length(line);
    if (n == 0 || line[n] != ':')
        return 400;
    if (p->count == H1_HEADERS_MAX)
        return 431;
    for (size_t i = 0; i < n; i++)
        if (line[i] >= 'A' && line[i] <= 'Z')
            line[i] |= 32;
    line[n] = '\0';

    char *value = trim_header_value(line + n + 1);
    if (!value)
        return 400;
    struct http_header *h = &p->headers[p->count++];
    *h = (struct http_header){ line, value };
    return apply_rules(p, h);
}

static int check_head(const struct h1 *p)
{
    int hosts = 0;
    for (int i = 0; i < p->count; i++)
        hosts += strcmp(p->headers[i].name, "host") == 0;
    if (hosts > 1 || (hosts == 0 && p->minor == 1))
        return 400;
    if (p->chunked && p->has_length)
        return 400;
    return p->length > p->body.max ? 413 : 0;
}

static int count_head_lines(const char *s)
{
    int n = 0;
    for (; (s = strchr(s, '\n')); s++)
        n++;
    return n;
}

/* Cuts a line off at its CRLF; NULL when it has a bare CR or LF. */
static char *cut_line(char **at)
{
    char *line = *at;
    char *end = line + strcspn(line, "\r\n");
    if (end[0] != '\r' || end[1] != '\n')
        return NULL;
    *end = '\0';
    *at = end + 2;
    return line;
}

static int parse_head(struct h1 *p, struct arena *a)
{
    if (memchr(p->head.data, '\0', p->head.len))
        return 400;
    int lines = count_head_lines(p->head.data);
    int room = lines < H1_HEADERS_MAX ? lines : H1_HEADERS_MAX;
    p->headers = arena_array(a, struct http_header, room + 1);

    char *at = p->head.data;
    char *line = cut_line(&at);
    int status = line ? read_request_line(p, a, line) : 400;
    while (!status && (line = cut_line(&at)) && *line)
        status = read_header(p, line);
    if (!status && !line)
        status = 400;
    return status ? status : check_head(p);
}

static enum h1_state body_state(const struct h1 *p)
{
    if (p->chunked)
        return H1_IN_SIZE;
    return p->length ? H1_IN_BODY : H1_AT_END;
}

/* Bytes after the blank line are not taken. */
static size_t collect_head(struct h1 *p, const char *bytes, size_t n, bool *found)
{
    size_t had = p->head.len, room = p->head.max - had;
    size_t take = n < room ? n : room;
    buf_add(&p->head, bytes, take);
    size_t from = had > 3 ? had - 3 : 0;
    char *end = memmem(p->head.data + from, p->head.len - from, "\r\n\r\n", 4);
    *found = end != NULL;
    if (!end)
        return take;
    size_t len = (size_t)(end - p->head.data) + 4;
    p->head.len = len;
    p->head.data[len] = '\0';
    return len - had;
}

static enum h1_event feed_head(struct h1 *p, struct arena *a, const char *bytes, size_t n,
                               size_t *used)
{
    size_t skipped = 0;
    while (p->head.len == 0 && skipped < n && (bytes[skipped] == '\r' || bytes[skipped] == '\n'))
        skipped++;
    bool found = false;
    *used = skipped + collect_head(p, bytes + skipped, n - skipped, &found);
    if (p->head.len && !is_token_char((unsigned char)p->head.data[0]))
        return bad(p, 400);
    if (!found)
        return p->head.len == p->head.max ? bad(p, 431) : H1_MORE;
    int status = parse_head(p, a);
    if (status)
        return bad(p, status);
    p->state = body_state(p);
    p->left = p->length;
    return H1_HEAD;
}

/* -- bodies --------------------------------------------------------------------------------------
 */

static enum h1_event feed_bytes(struct h1 *p, const char *bytes, size_t n, size_t *used)
{
    size_t take = n < p->left ? n : p->left;
    if (!buf_add(&p->body, bytes, take))
        return bad(p, 413);
    p->left -= take;
    *used = take;
    if (p->left == 0)
        p->state = p->state == H1_IN_BODY ? H1_AT_END : H1_IN_CHUNK_END;
    p->line = 0;
    return H1_MORE;
}

static int chunk_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (c | 32) - 'a' + 10;
    return -1;
}

static enum h1_event end_size_line(struct h1 *p)
{
    if (p->digits == 0)
        return bad(p, 400);
    if (p->left > p->body.max - p->body.len)
        return bad(p, 413);
    p->state = p->left ? H1_IN_CHUNK : H1_IN_TRAILER;
    p->digits = 0;
    p->line = 0;
    p->blank = true;
    return H1_MORE;
}

static enum h1_event feed_digit(struct h1 *p, char c)
{
    int digit = chunk_digit(c);
    if (digit >= 0 && p->digits < 15) {
        p->left = p->left * 16 + (size_t)digit;
        p->digits++;
        return H1_MORE;
    }
    if (p->digits == 0 || (c != ';' && c != ' ' && c != '\t'))
        return bad(p, 400);
    p->state = H1_IN_EXTENSION;
    return H1_MORE;
}

/* A line ends with CRLF and has neither byte elsewhere. *end says that it did. */
static bool line_goes_on(struct h1 *p, char c, bool *end)
{
    bool was_cr = p->cr;
    p->cr = c == '\r';
    *end = was_cr && c == '\n';
    return *end || (!was_cr && c != '\n');
}

/* size [; extension] CRLF */
static enum h1_event feed_size(struct h1 *p, char c)
{
    bool end;
    if (!line_goes_on(p, c, &end) || ++p->line > LINE_MAX_SIZE)
        return bad(p, 400);
    if (end)
        return end_size_line(p);
    if (c == '\r')
        return H1_MORE;
    if (p->state == H1_IN_SIZE)
        return feed_digit(p, c);
    return (unsigned char)c < 0x20 && c != '\t' ? bad(p, 400) : H1_MORE;
}

static enum h1_event feed_chunk_end(struct h1 *p, char c)
{
    bool end;
    if (!line_goes_on(p, c, &end) || (!end && c != '\r'))
        return bad(p, 400);
    if (end)
        p->state = H1_IN_SIZE;
    return H1_MORE;
}

static enum h1_event feed_trailer(struct h1 *p, char c)
{
    bool end;
    if (!line_goes_on(p, c, &end))
        return bad(p, 400);
    if (++p->line > TRAILERS_MAX)
        return bad(p, 431);
    if (end && p->blank)
        p->state = H1_AT_END;
    else if (c != '\r')
        p->blank = end;
    return H1_MORE;
}

static enum h1_event feed_body(struct h1 *p, const char *bytes, size_t n, size_t *used)
{
    if (p->state == H1_IN_BODY || p->state == H1_IN_CHUNK)
        return feed_bytes(p, bytes, n, used);
    *used = 1;
    if (p->state == H1_IN_CHUNK_END)
        return feed_chunk_end(p, *bytes);
    return p->state == H1_IN_TRAILER ? feed_trailer(p, *bytes) : feed_size(p, *bytes);
}

enum h1_event h1_feed(struct h1 *p, struct arena *a, const char *bytes, size_t n, size_t *used)
{
    *used = 0;
    if (p->state == H1_FAILED)
        return H1_BAD;
    if (p->state == H1_IN_HEAD)
        return n ? feed_head(p, a, bytes, n, used) : H1_MORE;
    enum h1_event event = H1_MORE;
    while (event == H1_MORE && p->state != H1_AT_END && *used < n) {
        size_t took = 0;
        event = feed_body(p, bytes + *used, n - *used, &took);
        *used += took;
    }
    return event == H1_MORE && p->state == H1_AT_END ? H1_WHOLE : event;
}
