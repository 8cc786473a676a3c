/* reach.c - networks that a probe has no business in, as a table over the 16 bytes of an IPv6
 * address; an IPv4 address is its mapped form. A new one is a row. The first row that fits counts.
 */
#include "net/reach.h"
#include "base/err.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { ADDRESS_BYTES = 16, ADDRESS_BITS = 128, MAPPED_BYTES = 12, MAPPED_BITS = 96 };

static const char loopback[] = "this host's own loopback address";
static const char metadata[] = "the metadata service of a cloud";

static const struct {
    const char *network;
    int bits; /* of an IPv4 row: of its 32 */
    const char *what;
} rows[] = {
    { "169.254.169.254", 32, metadata },
    { "169.254.170.2", 32, metadata }, /* credentials of AWS containers */
    { "169.254.170.23", 32, metadata },
    { "100.100.100.200", 32, metadata }, /* Alibaba */
    { "168.63.129.16", 32, metadata },   /* Azure */
    { "192.0.0.192", 32, metadata },     /* Oracle */
    { "fd00:ec2::254", 128, metadata },  /* AWS */
    { "fd00:ec2::23", 128, metadata },
    { "fd20:ce::254", 128, metadata }, /* Google */
    { "fd00:c1::a9fe:a9fe", 128, metadata },
    { "127.0.0.0", 8, loopback },
    { "::1", 128, loopback },
    { "0.0.0.0", 8, "an unspecified address" },
    { "::", 128, "an unspecified address" },
    { "169.254.0.0", 16, "a link-local address" },
    { "fe80::", 10, "a link-local address" },
    { "224.0.0.0", 4, "a multicast address" },
    { "ff00::", 8, "a multicast address" },
    { "255.255.255.255", 32, "a broadcast address" },
    { "240.0.0.0", 4, "a reserved address" },
};

/* IPv6 networks that carry an IPv4 address, and where. */
static const struct {
    const char *network;
    int bits, at;
    bool inverted;
} wrappings[] = {
    { "64:ff9b::", 96, 12, false },    /* NAT64 */
    { "64:ff9b:1::", 48, 12, false },  /* NAT64 of a network's own */
    { "::", 96, 12, false },           /* IPv4-compatible */
    { "::ffff:0:0:0", 96, 12, false }, /* IPv4-translated */
    { "2002::", 16, 2, false },        /* 6to4 */
    { "2001::", 32, 12, true },        /* Teredo */
};

static const unsigned char mapped[MAPPED_BYTES] = { [10] = 0xff, [11] = 0xff };

struct address {
    unsigned char bytes[ADDRESS_BYTES];
};

static struct address of_four(const void *four)
{
    struct address a;
    memcpy(a.bytes, mapped, MAPPED_BYTES);
    memcpy(a.bytes + MAPPED_BYTES, four, 4);
    return a;
}

/* *four: it was written as an IPv4 address. */
static bool read_address(const char *text, struct address *out, bool *four)
{
    unsigned char bytes[4];
    *four = inet_pton(AF_INET, text, bytes) == 1;
    if (*four)
        *out = of_four(bytes);
    return *four || inet_pton(AF_INET6, text, out->bytes) == 1;
}

static bool same_bits(const struct address *x, const struct address *y, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    unsigned mask = (0xffu << (8 - rest)) & 0xffu;
    return !memcmp(x->bytes, y->bytes, (size_t)whole) &&
           (!rest || ((x->bytes[whole] ^ y->bytes[whole]) & mask) == 0);
}

static bool is_in_network(const struct address *a, const char *network, int bits)
{
    struct address n;
    bool four = false;
    return read_address(network, &n, &four) && same_bits(a, &n, bits + (four ? MAPPED_BITS : 0));
}

/* The IPv4 address that an IPv6 one stands for, as often as it is wrapped. */
static struct address unwrapped(struct address a)
{
    for (size_t i = 0; i < sizeof wrappings / sizeof *wrappings; i++) {
        if (!is_in_network(&a, wrappings[i].network, wrappings[i].bits))
            continue;
        unsigned char four[4];
        for (int k = 0; k < 4; k++)
            four[k] = a.bytes[wrappings[i].at + k] ^ (wrappings[i].inverted ? 0xff : 0);
        return of_four(four);
    }
    return a;
}

static const char *what_is(const struct address *a)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (is_in_network(a, rows[i].network, rows[i].bits))
            return rows[i].what;
    return NULL;
}

/* -- what the configuration allows ------------------------------------------------------- */

struct network {
    struct address address;
    int bits;
};

/* "8" of "/8"; -1: not a number of bits up to `most`. */
static int read_bits(const char *text, int most)
{
    size_t digits = strspn(text, "0123456789");
    long n = digits > 0 && digits < 4 && !text[digits] ? strtol(text, NULL, 10) : -1;
    return n > most ? -1 : (int)n;
}

static bool read_network(const char *text, struct network *out)
{
    char host[INET6_ADDRSTRLEN];
    bool four = false;
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof host)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)n, text);
    if (!read_address(host, &out->address, &four))
        return false;
    int most = four ? ADDRESS_BITS - MAPPED_BITS : ADDRESS_BITS;
    int bits = slash ? read_bits(slash + 1, most) : most;
    out->bits = bits + (four ? MAPPED_BITS : 0);
    return bits >= 0;
}

bool reach_is_network(const char *text, struct err *e)
{
    struct network n;
    return read_network(text, &n) ||
           err_set(e, ERR_ARGS, "'%.60s' is not an address or ADDRESS/BITS", text);
}

static bool is_allowed_address(const struct reach *r, const struct address *a)
{
    struct network n;
    for (const char *const *one = r->allow; one && *one; one++)
        if (read_network(*one, &n) && same_bits(a, &n.address, n.bits))
            return true;
    return false;
}

/* -- the judgement ----------------------------------------------------------------------- */

const char *reach_refuses(const struct reach *r, const struct sockaddr *to)
{
    struct address a;
    if (to->sa_family == AF_INET)
        a = of_four(&((const struct sockaddr_in *)(const void *)to)->sin_addr);
    else if (to->sa_family == AF_INET6)
        memcpy(a.bytes, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr, sizeof a);
    else
        return "no address of the network";
    const char *what = what_is(&a);
    struct address inner = unwrapped(a);
    what = what ? what : what_is(&inner);
    if (!what || (what == loopback && r->loopback) || is_allowed_address(r, &a) ||
        is_allowed_address(r, &inner))
        return NULL;
    return what;
}

bool reach_is_loopback(const char *host)
{
    struct address a;
    bool four = false;
    if (text_equal_nocase(host, "localhost") || text_ends(host, ".localhost"))
        return true;
    if (!read_address(host, &a, &four))
        return false;
    struct address inner = unwrapped(a);
    const char *what = what_is(&a);
    return (what ? what : what_is(&inner)) == loopback;
}

bool reach_is_here(const char *url)
{
    char host[256];
    const char *at = strstr(url, "://");
    if (!at)
        return false;
    at += 3;
    bool six = at[0] == '[';
    int n = snprintf(host, sizeof host, "%.*s", (int)strcspn(at + six, six ? "]" : ":/"), at + six);
    return n < (int)sizeof host && reach_is_loopback(host);
}

bool reach_is_allowed(const char *const *allow, const char *host)
{
    struct address a;
    bool four = false;
    return read_address(host, &a, &four) &&
           is_allowed_address(&(struct reach){ .allow = allow }, &a);
}
