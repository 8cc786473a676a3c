/* yaml_scalar.c - the resolution of plain scalars, as sigs.k8s.io/yaml does it.
 *
 * Words come from a table; numbers are turned into JSON's spelling and read by json_parse, so that
 * integers beyond 2^53 keep their digits. Writing is more careful than reading: what only other
 * readers take for another type (y, 1:30, a date) is quoted too.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/yaml_scalar_private.h"
#include <ctype.h>
#include <errno.h>
#include <strings.h>

enum { LONGEST_NUMBER = 400, LONGEST_WORD = 8 };

struct word {
    const char *text;
    int type;
};

static const struct word words[] = {
    { "", cJSON_NULL },       { "~", cJSON_NULL },      { "null", cJSON_NULL },
    { "Null", cJSON_NULL },   { "NULL", cJSON_NULL },   { "true", cJSON_True },
    { "True", cJSON_True },   { "TRUE", cJSON_True },   { "yes", cJSON_True },
    { "Yes", cJSON_True },    { "YES", cJSON_True },    { "on", cJSON_True },
    { "On", cJSON_True },     { "ON", cJSON_True },     { "false", cJSON_False },
    { "False", cJSON_False }, { "FALSE", cJSON_False }, { "no", cJSON_False },
    { "No", cJSON_False },    { "NO", cJSON_False },    { "off", cJSON_False },
    { "Off", cJSON_False },   { "OFF", cJSON_False },
};

static const struct word *find_word(const char *text)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (*words[i].text == *text && strcmp(words[i].text, text) == 0)
            return &words[i];
    return NULL;
}

/* 0x1f, 0o17, 0b11 and 017, behind a sign. False: none of them, or over 64 bits. */
static bool read_based(const char *digits, unsigned long long *value)
{
    static const char letters[] = "xXoObB";
    static const int bases[] = { 16, 16, 8, 8, 2, 2 };
    if (digits[0] != '0' || !digits[1])
        return false;
    const char *letter = strchr(letters, digits[1]);
    int base = letter ? bases[letter - letters] : 8;
    digits += letter ? 2 : 1;
    if (!isalnum((unsigned char)*digits))
        return false;
    char *end;
    errno = 0;
    *value = strtoull(digits, &end, base);
    return !*end && !errno;
}

/* [0-9]* from *s on, copied to *out. */
static size_t take_digits(const char **s, char **out)
{
    size_t n = strspn(*s, "0123456789");
    memcpy(*out, *s, n);
    *s += n;
    *out += n;
    return n;
}

/* ([eE][-+]?[0-9]+)? up to the end of the text. */
static bool take_exponent(const char *s, char *out)
{
    if (*s == 'e' || *s == 'E') {
        *out++ = *s++;
        if (*s == '-' || *s == '+')
            *out++ = *s++;
        if (!take_digits(&s, &out))
            return false;
    }
    *out = 0;
    return !*s;
}

/* (\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? spelt as JSON into out. False: something else. */
static bool spell_decimal(const char *s, char *out)
{
    while (*s == '0' && isdigit((unsigned char)s[1]))
        s++;
    size_t whole = take_digits(&s, &out), fraction = 0;
    if (!whole)
        *out++ = '0';
    if (*s == '.') {
        s++;
        *out++ = '.';
        fraction = take_digits(&s, &out);
        if (!fraction)
            *out++ = '0';
    }
    return (whole || fraction) && take_exponent(s, out);
}

/* The JSON spelling of a number, or NULL. */
static const char *spell_number(const char *text, char spelt[LONGEST_NUMBER + 8])
{
    char bare[LONGEST_NUMBER + 1], *to = bare;
    unsigned long long value;
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    if (!isdigit((unsigned char)*text) && *text != '.')
        return NULL;
    for (; *text; text++)
        if (*text != '_')
            *to++ = *text;
    *to = 0;
    *spelt = '-';
    if (read_based(bare, &value))
        snprintf(spelt + 1, LONGEST_NUMBER, "%llu", value);
    else if (!spell_decimal(bare, spelt + 1))
        return NULL;
    return spelt + !negative;
}

cJSON *yaml_scalar(struct arena *a, const char *text, size_t n)
{
    char spelt[LONGEST_NUMBER + 8];
    const struct word *word = n <= LONGEST_WORD ? find_word(text) : NULL;
    if (word && word->type == cJSON_NULL)
        return json_null(a);
    if (word)
        return json_bool(a, word->type == cJSON_True);
    const char *number = n <= LONGEST_NUMBER ? spell_number(text, spelt) : NULL;
    if (number)
        return json_parse(a, number, strlen(number), NULL);
    return json_stringn(a, text, n);
}

/* 2026-11-24 and what begins like it; 1:30 and 1:30:15.5, which YAML 1.1 counts in sixties. */
static bool looks_like_time(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t n = strspn(text, "0123456789_");
    if (n == 4 && text[4] == '-' && isdigit((unsigned char)text[5]))
        return true;
    return n && text[n] == ':' && text[n + strspn(text + n, "0123456789:._")] == 0;
}

bool yaml_scalar_is_string(const char *text)
{
    static const char *const taken_elsewhere[] = { "y", "Y", "n", "N", "=", "<<" };
    char spelt[LONGEST_NUMBER + 8];
    for (size_t i = 0; i < sizeof taken_elsewhere / sizeof *taken_elsewhere; i++)
        if (strcmp(text, taken_elsewhere[i]) == 0)
            return false;
    if (find_word(text) || looks_like_time(text))
        return false;
    if (*text == '.' && (strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0))
        return false;
    if ((*text == '-' || *text == '+') && strcasecmp(text + 1, ".inf") == 0)
        return false;
    return strlen(text) > LONGEST_NUMBER || !spell_number(text, spelt);
}
