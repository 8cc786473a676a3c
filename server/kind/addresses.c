/* addresses.c - generateServiceEntry of Higress' registry/direct/watcher.go (2.1.11), in C. */
#include "kind/addresses.h"
#include "base/arena.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* net.ParseIP: no leading zeros; a colon cannot be in it here. */
static bool is_ip(const char *s)
{
    unsigned char out[sizeof(struct in_addr)];
    return inet_pton(AF_INET, s, out) == 1;
}

/* strconv.ParseUint(…, 10, 32) */
static bool is_number(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s) && strlen(s) <= 19 &&
           strtoull(s, NULL, 10) <= UINT32_MAX;
}

/* "10.0.0.1:8080" */
static bool is_endpoint(struct arena *a, const char *s)
{
    const char *colon = strchr(s, ':');
    return colon && !strchr(colon + 1, ':') && is_ip(arena_strndup(a, s, (size_t)(colon - s))) &&
           is_number(colon + 1);
}

static bool is_dns_label(const char *s, size_t n)
{
    if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && s[i] != '-')
            return false;
    return true;
}

/* Labels with a dot at least; the last one is 2 to 63 letters. */
static bool is_domain(const char *s)
{
    const char *dot;
    for (int labels = 0;; labels++, s = dot + 1) {
        dot = strchr(s, '.');
        if (!dot) {
            size_t n = strlen(s), letters = 0;
            while (isalpha((unsigned char)s[letters]))
                letters++;
            return labels > 0 && n >= 2 && n <= 63 && letters == n;
        }
        if (!is_dns_label(s, (size_t)(dot - s)))
            return false;
    }
}

bool addresses_taken(struct arena *a, const char *type, const char *domain,
                     struct addresses_fault *fault)
{
    bool is_static = !strcmp(type, "static");
    if (!is_static && strcmp(type, "dns") != 0)
        return true;
    for (const char *s = domain;; s++) {
        size_t n = strcspn(s, ",");
        const char *one = arena_strndup(a, s, n);
        if (!(is_static ? is_endpoint(a, one) : is_domain(one))) {
            fault->member = one;
            fault->why = n == 0                         ? "is empty"
                         : one[strcspn(one, " \t\r\n")] ? "holds a blank"
                         : is_static                    ? "is not IPv4:port"
                                                        : "is not a dotted host name";
            return false;
        }
        s += n;
        if (!*s)
            return true;
    }
}
