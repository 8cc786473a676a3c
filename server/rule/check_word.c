/* check_word.c - the words that names and addresses are made of, as the console and Kubernetes
 * take them. */
#include "rule/check_private.h"

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One part of a name: letters and digits, '-' inside. */
static bool label(const char *s, size_t n)
{
    if (n == 0 || n > 63 || !is_lower_or_digit(s[0]) || !is_lower_or_digit(s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_lower_or_digit(s[i]) && s[i] != '-')
            return false;
    return true;
}

/* Labels between dots; how many, 0 when one is wrong. */
static int labels(const char *s, size_t n)
{
    int count = 0;
    for (size_t at = 0; at <= n;) {
        const char *dot = memchr(s + at, '.', n - at);
        size_t end = dot ? (size_t)(dot - s) : n;
        if (!label(s + at, end - at))
            return 0;
        count++;
        at = end + 1;
    }
    return count;
}

bool check_word_kube(const char *s, size_t n)
{
    return n > 0 && n <= 253 && labels(s, n) > 0;
}

bool check_word_host(const char *s, size_t n)
{
    if (n == 0 || n > 253 || labels(s, n) < 2)
        return false;
    size_t i = n;
    while (s[i - 1] != '.')
        i--;
    for (size_t k = i; k < n; k++)
        if (s[k] < 'a' || s[k] > 'z')
            return false;
    return n - i >= 2;
}

/* A decimal number of at most `most`; -1 else. */
static long bounded_number(const char *s, size_t n, long most)
{
    long v = 0;
    if (n == 0 || n > 9)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v <= most ? v : -1;
}

bool check_word_ipv4(const char *s, size_t n)
{
    int parts = 0;
    for (size_t at = 0; at <= n; parts++) {
        const char *dot = memchr(s + at, '.', n - at);
        size_t end = dot ? (size_t)(dot - s) : n;
        if (end - at > 3 || bounded_number(s + at, end - at, 255) < 0)
            return false;
        at = end + 1;
    }
    return parts == 4;
}

bool check_word_port(const char *s, size_t n)
{
    return bounded_number(s, n, 65535) > 0;
}

bool check_word_path(const char *s)
{
    return s && *s == '/' && !strchr(s, '?');
}

bool check_word_url(const char *s)
{
    size_t n = text_starts(s, "http://") ? 7 : text_starts(s, "https://") ? 8 : 0;
    if (n == 0 || !s[n] || strchr("/:?#", s[n]))
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ')
            return false;
    return true;
}

bool check_word_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 32 || (unsigned char)*s > 126)
            return false;
    return true;
}

bool check_word_each(const char *list, bool (*fn)(void *arg, const char *s, size_t n), void *arg)
{
    for (const char *s = list;;) {
        size_t n = strcspn(s, ",");
        size_t from = strspn(s, " "), to = n;
        while (to > from && s[to - 1] == ' ')
            to--;
        if (!fn(arg, s + (from < to ? from : to), to > from ? to - from : 0))
            return false;
        if (!s[n])
            return true;
        s += n + 1;
    }
}
