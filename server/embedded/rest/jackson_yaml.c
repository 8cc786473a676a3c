/* jackson_yaml.c - what a scalar means: SnakeYAML's resolver by patterns, then Jackson's reading of
 * the text. */
#include "embedded/rest/jackson_yaml.h"

#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

#include <ctype.h>

enum { LONGEST_NUMBER = 1000 };

static bool is_null(const char *s)
{
    return !*s || text_has_word("~|null|Null|NULL", s);
}

/* 1 yes, 0 no, -1 neither. */
static int truth(const char *s)
{
    static const char yes[] = "yes|Yes|YES|true|True|TRUE|on|On|ON";
    static const char no[] = "no|No|NO|false|False|FALSE|off|Off|OFF";
    return text_has_word(yes, s) ? 1 : text_has_word(no, s) ? 0 : -1;
}

/* The text without sign and underscores; *negative. NULL: too long. */
static char *digits_of(struct arena *a, const char *s, bool *negative)
{
    *negative = *s == '-';
    s += *s == '-' || *s == '+';
    if (strlen(s) > LONGEST_NUMBER)
        return NULL;
    char *out = arena_alloc(a, strlen(s) + 1), *to = out;
    for (; *s; s++)
        if (*s != '_')
            *to++ = *s;
    *to = '\0';
    return out;
}

static cJSON *number_as_json(struct arena *a, bool negative, const char *spelt)
{
    const char *text = arena_printf(a, "%s%s", negative ? "-" : "", spelt);
    return json_parse(a, text, strlen(text), NULL);
}

/* Decimal, 0b1, 0x1f and 017. NULL: something else. */
static cJSON *integer(struct arena *a, const char *s)
{
    bool negative;
    char *digits = digits_of(a, s, &negative), *end;
    if (!digits || !isdigit((unsigned char)*digits) || strchr(s, ':'))
        return NULL;
    if (digits[0] != '0' || !digits[1])
        return digits[strspn(digits, "0123456789")] ? NULL : number_as_json(a, negative, digits);
    int base = digits[1] == 'b' ? 2 : digits[1] == 'x' ? 16 : 8;
    const char *from = digits + (base == 8 ? 1 : 2);
    unsigned long long n = strtoull(from, &end, base);
    return *end || end == from ? NULL : number_as_json(a, negative, arena_printf(a, "%llu", n));
}

/* The length of an exponent at p, "e+10"; 0: none. */
static size_t exponent_length(const char *p)
{
    if (*p != 'e' && *p != 'E')
        return 0;
    size_t sign = p[1] == '-' || p[1] == '+';
    size_t n = strspn(p + 1 + sign, "0123456789");
    return n ? 1 + sign + n : 0;
}

/* 1.5, 1., .5 and 1e3: digits with a dot or an exponent. */
struct decimal {
    const char *whole, *part, *exponent; /* exponent: up to the end */
    size_t whole_len, part_len;
};

static bool read_decimal(const char *s, struct decimal *out)
{
    *out = (struct decimal){ .whole = s, .whole_len = strspn(s, "0123456789") };
    const char *dot = s + out->whole_len;
    out->part = dot + (*dot == '.');
    out->part_len = *dot == '.' ? strspn(out->part, "0123456789") : 0;
    out->exponent = out->part + out->part_len;
    size_t n = exponent_length(out->exponent);
    bool digits = out->whole_len || out->part_len;
    return digits && (*dot == '.' || n) && !out->exponent[n];
}

static cJSON *decimal(struct arena *a, const char *s)
{
    bool negative;
    struct decimal d;
    const char *text = digits_of(a, s, &negative);
    if (!text || !read_decimal(text, &d))
        return NULL;
    for (; d.whole_len > 1 && *d.whole == '0'; d.whole_len--)
        d.whole++;
    const char *spelt =
        arena_printf(a, "%s%.*s.%s%.*s%s", d.whole_len ? "" : "0", (int)d.whole_len, d.whole,
                     d.part_len ? "" : "0", (int)d.part_len, d.part, d.exponent);
    return number_as_json(a, negative, spelt);
}

/* Bytes, which the console's JSON writer prints as a list of signed numbers. */
static cJSON *binary(struct arena *a, const char *text)
{
    size_t n;
    const char *bytes = base64_decode(a, text, strlen(text), &n);
    cJSON *out = bytes ? json_array(a) : NULL;
    for (size_t i = 0; bytes && i < n; i++)
        json_add(a, out, json_number(a, (signed char)bytes[i]));
    return out;
}

/* A plain scalar without a tag. NULL: ".inf" and the like, which nobody can write as JSON. */
static cJSON *resolved(struct arena *a, const struct yaml_text *s)
{
    if (is_null(s->text))
        return json_null(a);
    if (truth(s->text) >= 0)
        return json_bool(a, truth(s->text));
    const char *unsigned_text = s->text + (*s->text == '-' || *s->text == '+');
    if (text_has_word(".inf|.Inf|.INF|.nan|.NaN|.NAN", unsigned_text))
        return NULL;
    cJSON *n = integer(a, s->text);
    if (!n)
        n = decimal(a, s->text);
    return n ? n : json_stringn(a, s->text, s->len);
}

static cJSON *scalar(struct arena *a, const struct yaml_text *s)
{
    cJSON *value = NULL;
    if (!*s->tag)
        return s->plain ? resolved(a, s) : json_stringn(a, s->text, s->len);
    if (strcmp(s->tag, "null") == 0)
        return json_null(a);
    if (strcmp(s->tag, "binary") == 0)
        return binary(a, s->text);
    if (strcmp(s->tag, "float") == 0) {
        value = decimal(a, s->text);
        return value ? value : integer(a, s->text);
    }
    if (strcmp(s->tag, "bool") == 0 && truth(s->text) >= 0)
        value = json_bool(a, truth(s->text));
    else if (strcmp(s->tag, "int") == 0)
        value = integer(a, s->text);
    return value ? value : json_stringn(a, s->text, s->len);
}

cJSON *jackson_yaml_read(struct arena *a, const char *text)
{
    cJSON *tree = yaml_parse_events(a, text, strlen(text), scalar, NULL);
    return cJSON_IsObject(tree) ? tree : NULL;
}
