/* listen.c - socket, bind, listen, accept, and sentences for what goes wrong with them. */
#include "net/listen.h"
#include "base/err.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int close_and_say(int fd, struct err *e, const char *address, const char *what)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    const char *hint = error == EADDRINUSE ? ": another program listens there; choose another port"
                       : error == EACCES   ? ": choose a port above 1023"
                                           : "";
    err_set(e, ERR_SYSTEM, "cannot %s %s: %s%s", what, address, strerror(error), hint);
    return -1;
}

/* -- addresses -----------------------------------------------------------------------------------
 */

/* A port, 0 included, and nothing behind it; -1 otherwise. */
static int parse_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long n = digits > 0 && digits < 6 && !text[digits] ? strtol(text, NULL, 10) : -1;
    return n > 65535 ? -1 : (int)n;
}

/* "[::1]" to "::1"; false: an IPv6 address without brackets. */
static bool cut_brackets(char *address)
{
    size_t n = strlen(address);
    if (!strchr(address, ':'))
        return true;
    if (address[0] != '[' || address[n - 1] != ']')
        return false;
    memmove(address, address + 1, n - 2);
    address[n - 2] = '\0';
    return true;
}

bool listen_split(const char *listen, char *address, size_t size, int *port, struct err *e)
{
    bool file = text_starts(listen, "unix:");
    const char *colon = file ? listen + strlen(listen) : strrchr(listen, ':');
    size_t n = colon ? (size_t)(colon - listen) : 0;
    *port = file ? (n > 5 ? 0 : -1) : n ? parse_port(colon + 1) : -1;
    if (*port >= 0 && n < size) {
        snprintf(address, size, "%.*s", (int)n, listen);
        if (!strcmp(address, "localhost"))
            snprintf(address, size, "127.0.0.1");
        if (file || cut_brackets(address))
            return true;
    }
    return err_set(e, ERR_ARGS, "'%.100s' is not ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH",
                   listen);
}

bool listen_is_local(const char *address)
{
    return text_starts(address, "127.") || !strcmp(address, "::1") || text_starts(address, "unix:");
}

/* -- Unix ----------------------------------------------------------------------------------------
 */

static bool socket_answers(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    bool yes = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;
    close(fd);
    return yes;
}

static int listen_unix(const char *path, struct err *e)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof at.sun_path) {
        err_set(e, ERR_ARGS, "the socket path %s is longer than %zu bytes", path,
                sizeof at.sun_path - 1);
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path));
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !socket_answers(&at))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    int bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&at, sizeof at);
    int error = errno;
    umask(mask);
    errno = error;
    if (bound < 0 || listen(fd, BACKLOG) < 0)
        return close_and_say(fd, e, path, "listen on the socket");
    return fd;
}

/* -- TCP -----------------------------------------------------------------------------------------
 */

static int bind_one(const struct addrinfo *i)
{
    int fd = socket(i->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, i->ai_addr, i->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int socket_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } at = { 0 };
    socklen_t size = sizeof at;
    if (getsockname(fd, &at.any, &size) < 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
}

/* "[::1]" and "::1" are the same. */
static void bare_host(const char *address, char *out, size_t size)
{
    size_t n = strlen(address);
    if (n > 2 && address[0] == '[' && address[n - 1] == ']')
        snprintf(out, size, "%.*s", (int)(n - 2), address + 1);
    else
        snprintf(out, size, "%s", address);
}

static int listen_tcp(const char *address, int *port, struct err *e)
{
    char host[256], service[16], name[300];
    bare_host(address, host, sizeof host);
    snprintf(service, sizeof service, "%d", *port);
    snprintf(name, sizeof name, "%s port %d", host, *port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, service, &hints, &found);
    if (error) {
        err_set(e, ERR_ARGS, "the listen address %s is not known: %s", host, gai_strerror(error));
        return -1;
    }
    int fd = bind_one(found);
    error = errno;
    freeaddrinfo(found);
    errno = error;
    if (fd < 0)
        return close_and_say(-1, e, name, "listen on");
    *port = socket_port(fd);
    return fd;
}

int listen_open(const char *address, int *port, struct err *e)
{
    if (text_starts(address, "unix:"))
        return listen_unix(address + 5, e);
    return listen_tcp(address, port, e);
}

static void name_peer(const struct sockaddr_storage *from, char *peer, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)from;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(peer, size, "%s:%d", host, ntohs(in->sin_port));
        return;
    }
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)from;
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
        snprintf(peer, size, "[%s]:%d", host, ntohs(in->sin6_port));
        return;
    }
    snprintf(peer, size, "unix");
}

void listen_source(const char *peer, char out[LISTEN_SOURCE])
{
    struct in6_addr six;
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(peer, ':');
    bool bracket = peer[0] == '[';
    size_t n = colon ? (size_t)(colon - peer) : strlen(peer);
    snprintf(host, sizeof host, "%.*s", (int)(bracket ? n - 2 : n), peer + bracket);
    if (!bracket || inet_pton(AF_INET6, host, &six) != 1) {
        snprintf(out, LISTEN_SOURCE, "%s", host);
        return;
    }
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
        inet_ntop(AF_INET, six.s6_addr + 12, out, LISTEN_SOURCE);
        return;
    }
    bool own = IN6_IS_ADDR_LOOPBACK(&six);
    memset(six.s6_addr + 8, 0, own ? 0 : 8);
    inet_ntop(AF_INET6, &six, host, sizeof host);
    snprintf(out, LISTEN_SOURCE, own ? "%s" : "%s/64", host);
}

int listen_accept(int fd, char *peer, size_t size)
{
    struct sockaddr_storage from = { 0 };
    socklen_t length = sizeof from;
    int client = accept4(fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0)
        return -1;
    int on = 1;
    if (from.ss_family == AF_INET || from.ss_family == AF_INET6)
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    name_peer(&from, peer, size);
    return client;
}
