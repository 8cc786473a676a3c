/* wire.c - libwebsockets behind nine functions. Sockets are accepted by http.c and adopted here
 * with the raw role, so that no HTTP code of the library ever runs.
 *
 * Whatever must not happen inside a callback of the same connection, or on a fiber, is put on one
 * list that the loop works off before it waits.
 */
#include "base/crypto.h"
#include "base/err.h"
#include "base/lib.h"
#include "net/loop.h"
#include "net/own_private.h"
#include "net/wire_private.h"
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LWS_API(X)                                                                                 \
    X(lws_create_context)                                                                          \
    X(lws_context_destroy)                                                                         \
    X(lws_create_vhost)                                                                            \
    X(lws_adopt_descriptor_vhost_via_info)                                                         \
    X(lws_get_opaque_user_data)                                                                    \
    X(lws_write)                                                                                   \
    X(lws_set_timeout)                                                                             \
    X(lws_rx_flow_control)                                                                         \
    X(lws_partial_buffered)                                                                        \
    X(lws_set_log_level)
LIB_TABLE(lws, LWS_API);

#define TLS_API(X)                                                                                 \
    X(SSL_CTX_ctrl)                                                                                \
    X(SSL_CTX_callback_ctrl)                                                                       \
    X(SSL_CTX_set_num_tickets)                                                                     \
    X(SSL_CTX_new)                                                                                 \
    X(SSL_CTX_free)                                                                                \
    X(TLS_server_method)                                                                           \
    X(SSL_CTX_set_default_passwd_cb)                                                               \
    X(SSL_CTX_use_certificate_chain_file)                                                          \
    X(SSL_CTX_use_PrivateKey_file)                                                                 \
    X(SSL_CTX_set_alpn_select_cb)                                                                  \
    X(SSL_set_SSL_CTX)                                                                             \
    X(ERR_clear_error)
LIB_TABLE(tls, TLS_API);

enum { READ_SIZE = 32 << 10, WRITE_SIZE = 256 << 10, FILES_MAX = 16384, DOMAINS_MAX = 16 };

struct wire_domain {
    struct lws_vhost *vhost;
    bool tls;
    SSL_CTX *first;   /* the library's, with the certificate of the start */
    SSL_CTX *renewed; /* ours, with the newest certificate; NULL: still the first */
    char name[24];
};

static struct {
    struct lws_context *context;
    struct loop *loop;
    struct wire *later;
    bool soon; /* work_off is queued on the loop */
    struct wire_domain domains[DOMAINS_MAX];
    int count;
    struct loop_timer *tickets; /* gives new keys for them; NULL: no server speaks TLS */
} net;

/* -- what the owner is told ----------------------------------------------------------------------
 */

static void forget_later(struct wire *w)
{
    if (!w->waiting)
        return;
    w->waiting = false;
    for (struct wire **at = &net.later; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            return;
        }
}

/* Reads only when the owner wants to and nothing of ours is stuck in the library. */
static void apply_flow(struct wire *w)
{
    lws.lws_rx_flow_control(w->lws, !w->paused && !w->blocked);
}

static int leave(struct wire *w)
{
    if (w->waiting && !w->dead) {
        forget_later(w);
        w->calls->later(w);
    }
    w->inside = false;
    return w->dead ? -1 : 0;
}

static int on_wire_bytes(struct wire *w, const char *bytes, size_t n)
{
    if (!w->started) {
        w->started = true;
        lws.lws_set_timeout(w->lws, NO_PENDING_TIMEOUT, 0); /* the one of the TLS handshake */
    }
    w->inside = true;
    if (!w->dead)
        w->calls->bytes(w, bytes, n);
    return leave(w);
}

static int on_wire_writable(struct wire *w)
{
    w->inside = true;
    if (w->blocked) {
        w->blocked = false;
        apply_flow(w);
    }
    if (!w->dead)
        w->calls->writable(w);
    return leave(w);
}

static int on_wire_closed(struct wire *w)
{
    forget_later(w);
    w->dead = true;
    w->lws = NULL;
    w->calls->closed(w);
    return 0;
}

/* -- certificates --------------------------------------------------------------------------------
 */

/* Before a certificate is chosen. Connections that are open keep theirs. */
static int choose_certificate(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    const struct wire_domain *d = arg;
    if (d->renewed)
        tls.SSL_set_SSL_CTX(ssl, d->renewed);
    return SSL_TLSEXT_ERR_OK;
}

static int choose_http1(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                        const unsigned char *in, unsigned size, void *arg)
{
    static const char name[] = "http/1.1";
    (void)ssl, (void)arg;
    for (unsigned i = 0; i < size && i + in[i] < size; i += in[i] + 1u) {
        if (in[i] != sizeof name - 1 || memcmp(in + i + 1, name, sizeof name - 1))
            continue;
        *out = in + i + 1;
        *out_size = in[i];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

/* One certificate a server: the library's own callback for the name a client asks for would pick
 * any other server's, even that of a plain one. Only tickets resume, one a handshake, which
 * reload() can end. */
static int set_up_tls(SSL_CTX *context)
{
    struct wire_domain *d = &net.domains[net.count]; /* being made */
    d->first = context;
    tls.SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                              (void (*)(void))choose_certificate);
    tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, d);
    tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
    tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
    tls.SSL_CTX_set_num_tickets(context, 1);
    return 0;
}

static int no_password(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return 0; /* instead of asking on the terminal */
}

/* A resumed connection would be shown no certificate at all, so the old tickets end. */
static void end_tickets(SSL_CTX *context)
{
    unsigned char keys[256];
    long size = tls.SSL_CTX_ctrl(context, SSL_CTRL_GET_TLSEXT_TICKET_KEYS, 0, NULL);
    if (size <= 0 || size > (long)sizeof keys)
        return;
    crypto_random(keys, (size_t)size);
    tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_TICKET_KEYS, size, keys);
}

/* They are in memory alone. A client with a ticket under the old ones shakes hands in full. */
static void change_ticket_keys(void *arg)
{
    (void)arg;
    for (int i = 0; i < net.count; i++)
        if (net.domains[i].first)
            end_tickets(net.domains[i].first);
}

/* How long a key serves; a check build may say less. */
static double ticket_key_seconds(void)
{
    const char *shorter = NULL;
#ifdef CHECK_BUILD
    shorter = getenv("HIGRESS_OPS_TICKET_SECONDS");
#endif
    return shorter ? strtod(shorter, NULL) : 3600;
}

bool wire_renew(struct wire_domain *d, const char *cert_file, const char *key_file, struct err *e)
{
    if (!d->tls)
        return err_set(e, ERR_SYSTEM, "this server speaks no TLS: restart it to begin with that");
    SSL_CTX *now = tls.SSL_CTX_new(tls.TLS_server_method());
    if (!now)
        bug("no TLS context");
    tls.SSL_CTX_set_default_passwd_cb(now, no_password);
    tls.SSL_CTX_set_alpn_select_cb(now, choose_http1, NULL);
    bool ok = tls.SSL_CTX_use_certificate_chain_file(now, cert_file) == 1 &&
              tls.SSL_CTX_use_PrivateKey_file(now, key_file, SSL_FILETYPE_PEM) == 1;
    tls.ERR_clear_error(); /* another connection must not find it */
    if (!ok) {
        tls.SSL_CTX_free(now);
        return err_set(e, ERR_SYSTEM,
                       "the certificate %s and the key %s do not load: both must be PEM and belong "
                       "together; the old ones stay in use",
                       cert_file, key_file);
    }
    tls.SSL_CTX_free(d->renewed);
    d->renewed = now;
    end_tickets(d->first);
    return true;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct wire *w;
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        return set_up_tls(user);
    case LWS_CALLBACK_RAW_RX:
        w = lws.lws_get_opaque_user_data(wsi);
        return on_wire_bytes(w, in, len);
    case LWS_CALLBACK_RAW_WRITEABLE:
        w = lws.lws_get_opaque_user_data(wsi);
        return on_wire_writable(w);
    case LWS_CALLBACK_RAW_CLOSE:
        w = lws.lws_get_opaque_user_data(wsi);
        return on_wire_closed(w);
    case LWS_CALLBACK_RAW_ADOPT:
        w = lws.lws_get_opaque_user_data(wsi);
        w->lws = wsi;
        return 0;
    default:
        return 0;
    }
}

static void work_off(void *arg)
{
    (void)arg;
    net.soon = false;
    while (net.later) {
        struct wire *w = net.later;
        net.later = w->next;
        w->waiting = false;
        if (!w->dead)
            w->calls->later(w);
        if (w->dead)
            lws.lws_set_timeout(w->lws, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
    }
}

void wire_later(struct wire *w)
{
    if (w->waiting || !w->lws)
        return;
    w->waiting = true;
    w->next = net.later;
    net.later = w;
    if (w->inside || net.soon)
        return;
    net.soon = true;
    loop_soon(net.loop, work_off, NULL);
}

void wire_kill(struct wire *w)
{
    w->dead = true;
    wire_later(w);
}

/* -- bytes ---------------------------------------------------------------------------------------
 */

bool wire_write(struct wire *w, const char *bytes, size_t n)
{
    /* The raw role sends from the buffer as it is: no room is needed in front of it. */
    if (lws.lws_write(w->lws, (unsigned char *)(uintptr_t)bytes, n, LWS_WRITE_RAW) < 0)
        return false;
    if (lws.lws_partial_buffered(w->lws)) {
        w->blocked = true;
        apply_flow(w);
    }
    return true;
}

void wire_pause(struct wire *w, bool pause)
{
    if (w->paused == pause || !w->lws)
        return;
    w->paused = pause;
    apply_flow(w);
}

void wire_half_close(struct wire *w)
{
    shutdown(w->fd, SHUT_WR);
}

/* -- context and domains -------------------------------------------------------------------------
 */

static void no_log(int level, const char *line)
{
    (void)level, (void)line;
}

static const struct lws_protocols protocols[] = {
    { .name = "raw", .callback = on_event, .tx_packet_size = WRITE_SIZE },
    { 0 },
};

/* The library sizes its tables by the limit of open files: raise a small one, hide a huge one. */
static void bound_files(struct rlimit *kept)
{
    getrlimit(RLIMIT_NOFILE, kept);
    struct rlimit now = *kept;
    if (now.rlim_cur < FILES_MAX && now.rlim_max > now.rlim_cur) {
        kept->rlim_cur = now.rlim_max < FILES_MAX ? now.rlim_max : FILES_MAX;
        now.rlim_cur = kept->rlim_cur;
    }
    if (now.rlim_cur > FILES_MAX)
        now.rlim_cur = FILES_MAX;
    setrlimit(RLIMIT_NOFILE, &now);
}

static void release_deferred_wire(void *arg)
{
    wire_release(arg);
}

static bool start_context(struct loop *l, struct err *e)
{
    if (net.context)
        return net.loop == l ? true
                             : err_set(e, ERR_SYSTEM, "HTTP servers run on another loop already");
    if (!LIB_LOAD(lws, LWS_API, "libwebsockets.so.17", "libwebsockets17", e) ||
        !LIB_LOAD(tls, TLS_API, "libssl.so.3", "libssl3", e))
        return false;
    lws.lws_set_log_level(0, no_log);
    void *loops[] = { loop_ev(l) };
    struct lws_context_creation_info info = {
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .foreign_loops = loops,
        .pt_serv_buf_size = READ_SIZE,
        .port = CONTEXT_PORT_NO_LISTEN,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
    };
    struct rlimit kept;
    bound_files(&kept);
    net.context = lws.lws_create_context(&info);
    setrlimit(RLIMIT_NOFILE, &kept);
    if (!net.context)
        return err_set(e, ERR_SYSTEM,
                       "libwebsockets did not start: its libev plug-in may be missing; "
                       "install the package libwebsockets-evlib-ev");
    net.loop = l;
    loop_at_end(l, release_deferred_wire, l);
    return true;
}

static struct wire_domain *find_plain(void)
{
    for (int i = 0; i < net.count; i++)
        if (!net.domains[i].tls)
            return &net.domains[i];
    return NULL;
}

static bool is_readable_file(const char *file, const char *what, struct err *e)
{
    if (access(file, R_OK) == 0)
        return true;
    return err_set(e, ERR_SYSTEM, "the %s file %s is not readable: check the path and its mode",
                   what, file);
}

static struct wire_domain *add_domain(const char *cert_file, const char *key_file)
{
    struct wire_domain *d = &net.domains[net.count];
    *d = (struct wire_domain){ .tls = cert_file != NULL };
    snprintf(d->name, sizeof d->name, "wire%d", net.count);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .vhost_name = d->name,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   (d->tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .ssl_cert_filepath = cert_file,
        .ssl_private_key_filepath = key_file,
        .alpn = "http/1.1",
    };
    d->vhost = lws.lws_create_vhost(net.context, &info);
    if (!d->vhost)
        return NULL;
    net.count++;
    double every = ticket_key_seconds();
    if (d->tls && !net.tickets)
        net.tickets = loop_timer(net.loop, every, every, change_ticket_keys, NULL);
    return d;
}

struct wire_domain *wire_domain(struct loop *l, const char *cert_file, const char *key_file,
                                struct err *e)
{
    if (!start_context(l, e))
        return NULL;
    if (!cert_file && find_plain())
        return find_plain();
    if (cert_file &&
        !(is_readable_file(cert_file, "certificate", e) && is_readable_file(key_file, "key", e)))
        return NULL;
    if (net.count == DOMAINS_MAX) {
        err_set(e, ERR_SYSTEM, "more than %d HTTP servers in one process", DOMAINS_MAX);
        return NULL;
    }
    struct wire_domain *d = add_domain(cert_file, key_file);
    if (!d)
        err_set(e, ERR_SYSTEM,
                "the certificate %s and the key %s do not load: both must be PEM and belong "
                "together",
                cert_file, key_file);
    return d;
}

bool wire_adopt(struct wire *w, struct wire_domain *d, int fd, const struct wire_calls *calls)
{
    w->calls = calls;
    w->fd = fd;
    lws_adopt_desc_t desc = {
        .vh = d->vhost,
        .type = LWS_ADOPT_SOCKET | (d->tls ? LWS_ADOPT_ALLOW_SSL : 0),
        .fd = { .sockfd = fd },
        .vh_prot_name = "raw",
        .opaque = w,
    };
    struct lws *wsi = lws.lws_adopt_descriptor_vhost_via_info(&desc);
    if (!wsi)
        return false;
    w->lws = wsi;
    return true;
}

void wire_release(struct loop *l)
{
    if (!net.context || net.loop != l)
        return;
    loop_untimer(net.tickets);
    net.tickets = NULL;
    lws.lws_context_destroy(net.context);
    for (int i = 0; i < net.count; i++)
        tls.SSL_CTX_free(net.domains[i].renewed);
    net.context = NULL;
    net.count = 0;
    net.later = NULL;
    net.soon = false;
}
