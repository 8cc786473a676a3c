/* fetch_setup.c - a request becomes options of a libcurl handle, and what libcurl hands over
 * becomes an answer. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "net/fetch_transfer_private.h"
#include "net/reach.h"
#include <sys/socket.h>

enum {
    HEADER_LINE_MAX = 8192,
    STREAM_BUFFER = 128 << 10,
    ANSWER_BUFFER = 16 << 10,
    TRICKLE_BUFFER = 4 << 10
};

/* -- what libcurl hands over ------------------------------------------------------------- */

static bool is_success(struct transfer *t)
{
    long status = 0;
    lib.curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    t->received += n;
    if (!t->request->sink || !is_success(t))
        return buf_add(t->body, bytes, n) ? n : 0;
    if (t->request->sink(t->request->sink_arg, bytes, n))
        return n;
    t->answer->stopped = true;
    return 0;
}

static size_t take_header(char *line, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    const char *colon = memchr(line, ':', n);
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0)
        t->header_count = 0; /* the head after an interim answer */
    if (!colon || n > HEADER_LINE_MAX || t->header_count == HEADERS_MAX)
        return n;

    char *name = text_lower(t->arena, line, (size_t)(colon - line));
    const char *from = colon + 1;
    const char *end = line + n;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && strchr(" \t\r\n", end[-1]))
        end--;
    t->answer->headers[t->header_count++] =
        (struct fetch_header){ name, arena_strndup(t->arena, from, (size_t)(end - from)) };
    t->answer->headers[t->header_count] = (struct fetch_header){ 0 };
    return n;
}

/* -- setting a request up ---------------------------------------------------------------- */

#define SET(option, value) lib.curl_easy_setopt(t->easy, option, value)

static bool is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

bool fetch_is_token(const char *s)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *s && !s[strspn(s, token)];
}

static bool is_header_value(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' && *s != '\t')
            return false;
    return true;
}

bool fetch_may_send(struct arena *a, const struct fetch_header *h, struct err *e)
{
    for (; h && h->name; h++)
        if (!fetch_is_token(h->name) || !is_header_value(h->value))
            return err_set(e, ERR_ARGS, "the header %s cannot be sent: it holds control characters",
                           text_clean(a, h->name, 60));
    return true;
}

static void add_header(struct transfer *t, const char *line)
{
    t->headers = lib.curl_slist_append(t->headers, line);
}

static void set_request_headers(struct transfer *t)
{
    bool has_type = false;
    add_header(t, "Expect:");
    for (const struct fetch_header *h = t->request->headers; h && h->name; h++) {
        bool empty = h->value[0] == '\0'; /* "Name;" sends an empty one, "Name:" would remove it */
        add_header(t, arena_printf(t->arena, empty ? "%s;" : "%s: %s", h->name, h->value));
        has_type = has_type || text_equal_nocase(h->name, "content-type");
    }
    if (!has_type)
        add_header(t, "Content-Type:");
    SET(CURLOPT_HTTPHEADER, t->headers);
}

static void set_body(struct transfer *t)
{
    const struct fetch_request *r = t->request;
    if (strcmp(r->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (r->body || strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0) {
        SET(CURLOPT_POSTFIELDS, r->body ? r->body : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(r->body ? r->body_len : 0));
    }
    SET(CURLOPT_CUSTOMREQUEST, r->method);
    SET(CURLOPT_FRESH_CONNECT, is_read(r->method) || r->repeatable ? 0L : 1L);
}

static void set_pem(struct transfer *t, CURLoption blob, const char *text)
{
    if (text)
        SET(blob, (&(struct curl_blob){ (void *)text, strlen(text), CURL_BLOB_COPY }));
}

static void set_certificates(struct transfer *t, const struct fetch_tls *tls)
{
    set_pem(t, CURLOPT_CAINFO_BLOB, tls->ca_text);
    set_pem(t, CURLOPT_SSLCERT_BLOB, tls->cert_text);
    set_pem(t, CURLOPT_SSLKEY_BLOB, tls->key_text);
    if (tls->cert_file)
        SET(CURLOPT_SSLCERT, tls->cert_file);
    if (tls->key_file)
        SET(CURLOPT_SSLKEY, tls->key_file);
}

static void set_trust(struct transfer *t)
{
    const struct fetch_request *r = t->request;
    bool any = r->connect_only && r->any_certificate;
    SET(CURLOPT_SSL_VERIFYPEER, any ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, any ? 0L : 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (r->ca_file)
        SET(CURLOPT_CAINFO, r->ca_file);
    if (r->ca_file || (r->tls && r->tls->ca_text))
        SET(CURLOPT_CAPATH, NULL); /* it replaces the system's folder, too */
    if (r->tls)
        set_certificates(t, r->tls);
    if (!r->user_pwd_user)
        return;
    SET(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    SET(CURLOPT_USERNAME, r->user_pwd_user);
    SET(CURLOPT_PASSWORD, r->user_pwd_password ? r->user_pwd_password : "");
}

static void set_connect(struct transfer *t)
{
    if (t->request->connect_only) {
        SET(CURLOPT_CONNECT_ONLY, 1L);
        SET(CURLOPT_CERTINFO, 1L);
        fetch_watch_session(t);
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, t->keeps ? 0L : 1L);
    }
    if (!t->request->connect_to)
        return;
    t->connect_to = lib.curl_slist_append(NULL, t->request->connect_to);
    SET(CURLOPT_CONNECT_TO, t->connect_to);
}

/* The address that is judged is the one connected to: no name is resolved again after it. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = arg;
    (void)purpose;
    const char *what = reach_refuses(t->request->reach, &to->addr);
    if (what) {
        t->refused = what;
        return CURL_SOCKET_BAD;
    }
    t->sockets++;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void set_reach(struct transfer *t)
{
    if (!t->request->reach)
        return;
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, t->keeps ? 0L : 1L);
}

/* libcurl 7.88 connects a socket that is handed to it as connected once more, so it is a name. */
static void set_local_name(struct transfer *t)
{
    if (!t->request->local_name)
        return;
    SET(CURLOPT_ABSTRACT_UNIX_SOCKET, t->request->local_name);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
}

/* Nothing of the environment counts, neither a proxy nor whom it is not for. */
static void set_proxy(struct transfer *t)
{
    const char *proxy = t->request->proxy;
    SET(CURLOPT_PROXY, proxy ? proxy : "");
    if (!proxy)
        return;
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
}

static long milliseconds(double seconds, double otherwise)
{
    return (long)((seconds > 0 ? seconds : otherwise) * 1000);
}

static long http_version(enum fetch_http http)
{
    if (http == FETCH_H2)
        return CURL_HTTP_VERSION_2TLS;
    return http == FETCH_H2C ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1;
}

void fetch_setup(struct transfer *t)
{
    const struct fetch_request *r = t->request;
    SET(CURLOPT_URL, r->url);
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, http_version(r->http));
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_BUFFERSIZE, (long)(r->trickles ? TRICKLE_BUFFER
                                   : r->sink   ? STREAM_BUFFER
                                               : ANSWER_BUFFER));
    SET(CURLOPT_TIMEOUT_MS, milliseconds(r->timeout, 30));
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(r->connect_timeout, 5));
    SET(CURLOPT_ERRORBUFFER, t->detail);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, t);
    if (!r->sink)
        SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_body);
    set_body(t);
    set_request_headers(t);
    set_trust(t);
    set_proxy(t);
    set_connect(t);
    set_reach(t);
    set_local_name(t);
}
