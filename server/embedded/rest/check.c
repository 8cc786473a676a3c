/* check.c - patterns by hand instead of regular expressions: each is a few lines. */
#include "embedded/rest/check.h"

#include <ctype.h>
#include <string.h>

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) && (unsigned char)c < 128;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool check_blank(const char *s)
{
    return !s || s[strspn(s, " \t\r\n\f\v")] == '\0';
}

bool check_service_name(const char *s)
{
    size_t n = strlen(s);
    if (n < 1 || n > 63 || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (; *s; s++)
        if (!is_letter(*s) && !is_digit(*s) && *s != '-')
            return false;
    return true;
}

/* One label of a domain; the last one is letters only and has at least two. */
static bool check_label(const char *s, size_t n, bool last)
{
    if (n < (last ? 2u : 1u) || n > 63 || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        bool lower = s[i] >= 'a' && s[i] <= 'z';
        if (!lower && (last || (!is_digit(s[i]) && s[i] != '-')))
            return false;
    }
    return true;
}

bool check_domain(const char *s, size_t n)
{
    size_t labels = 0;
    const char *end = s + n;
    while (s < end) {
        const char *dot = memchr(s, '.', (size_t)(end - s));
        bool last = !dot;
        size_t len = (size_t)((dot ? dot : end) - s);
        if (!check_label(s, len, last))
            return false;
        labels++;
        if (last)
            return labels >= 2;
        s = dot + 1;
    }
    return false;
}

bool check_ipv4(const char *s, size_t n)
{
    const char *end = s + n;
    for (int i = 0; i < 4; i++) {
        int value = 0, digits = 0;
        while (s < end && is_digit(*s) && digits < 4) {
            value = value * 10 + (*s++ - '0');
            digits++;
        }
        if (digits < 1 || digits > 3 || value > 255)
            return false;
        if (i < 3 && (s == end || *s++ != '.'))
            return false;
    }
    return s == end;
}

bool check_port(const cJSON *port)
{
    return cJSON_IsNumber(port) && port->valuedouble >= 1 && port->valuedouble <= 65535;
}

bool check_url_path(const char *s)
{
    return s && *s == '/' && !strchr(s, '?');
}
