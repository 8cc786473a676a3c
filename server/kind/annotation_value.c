/* annotation_value.c - values of annotations, as the controller reads them. A form is a row of
 * `judges`. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "kind/kind.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- the controller's readers ----------------------------------------------------------------- */

bool annotation_bool(const char *text, bool *out)
{
    if (!text || !*text)
        return false;
    *out = text_has_word("1|t|T|TRUE|true|True", text);
    return *out || text_has_word("0|f|F|FALSE|false|False", text);
}

bool annotation_true(const char *text)
{
    bool yes = false;
    return annotation_bool(text, &yes) && yes;
}

bool annotation_int(const char *text, long *out)
{
    char *end = NULL;
    if (!text || !*text || isspace((unsigned char)*text))
        return false;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || *end)
        return false;
    *out = n;
    return true;
}

char **annotation_items(struct arena *a, const char *text, const char *separators)
{
    size_t n = 1, used = 0;
    for (const char *c = text; *c; c++)
        n += strchr(separators, *c) != NULL;
    char **parts = arena_array(a, char *, n + 1);
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, separators);
        const char *first = at, *last = at + length;
        while (first < last && isspace((unsigned char)*first))
            first++;
        while (last > first && isspace((unsigned char)last[-1]))
            last--;
        if (last > first)
            parts[used++] = arena_strndup(a, first, (size_t)(last - first));
        at += length + (at[length] != '\0');
    }
    return parts;
}

static bool is_readable(const struct annotation *row, const char *text)
{
    bool flag;
    long number;
    switch (row->value) {
    case IS_BOOL:
        return annotation_bool(text, &flag);
    case IS_INT:
    case IS_SECONDS:
    case IS_LIMIT:
    case IS_POSITIVE:
    case IS_PERCENT:
    case IS_REDIRECT:
        return annotation_int(text, &number);
    default:
        return text[strspn(text, " \t\r\n")];
    }
}

const cJSON *annotation_among(const cJSON *annotations, const char *name)
{
    const struct annotation *row = annotation_find(name);
    const cJSON *own = NULL, *one;
    cJSON_ArrayForEach(one, annotations)
    {
        struct annotation_name n = annotation_split(one->string);
        if (!n.name || n.disabled || !(n.under & row->under) || strcmp(n.name, name) != 0 ||
            !cJSON_IsString(one) || !is_readable(row, one->valuestring))
            continue;
        if (n.under == READ_NGINX)
            return one;
        own = one;
    }
    return own;
}

const cJSON *annotation_chosen(const cJSON *ingress, const char *name)
{
    return annotation_among(json_path(ingress, "metadata.annotations"), name);
}

const char *annotation_value(struct arena *a, const cJSON *ingress, const char *name)
{
    const cJSON *one = annotation_chosen(ingress, name);
    char **line = one ? annotation_items(a, one->valuestring, "\r\n") : NULL;
    char *all = line ? line[0] : NULL;
    for (size_t i = 1; all && line[i]; i++)
        all = arena_printf(a, "%s\n%s", all, line[i]);
    return all;
}

/* -- judges ----------------------------------------------------------------------------------- */

static enum annotation_verdict verdict_because(enum annotation_verdict verdict, const char **why,
                                               const char *sentence)
{
    *why = sentence;
    return verdict;
}

static enum annotation_verdict judge_bool(const struct annotation *row, const char *value,
                                          const char **why)
{
    bool ignored;
    (void)row;
    return annotation_bool(value, &ignored)
               ? VALUE_FITS
               : verdict_because(VALUE_IGNORED, why,
                                 "it is neither true nor false, so it is not read");
}

static enum annotation_verdict judge_int(const struct annotation *row, const char *value,
                                         const char **why)
{
    long n;
    (void)row;
    return annotation_int(value, &n)
               ? VALUE_FITS
               : verdict_because(
                     VALUE_IGNORED, why,
                     "it is no whole number without blanks and unit, so it is not read");
}

static enum annotation_verdict judge_seconds(const struct annotation *row, const char *value,
                                             const char **why)
{
    long n;
    if (judge_int(row, value, why) != VALUE_FITS)
        return VALUE_IGNORED;
    if (n = strtol(value, NULL, 10), n < 0)
        return verdict_because(VALUE_FATAL, why,
                               "it is below 0, for which Envoy refuses every route of the gateway");
    return n > 0 ? VALUE_FITS
                 : verdict_because(VALUE_IGNORED, why, "0 is not read: there is no timeout");
}

static enum annotation_verdict judge_positive(const struct annotation *row, const char *value,
                                              const char **why)
{
    long n;
    (void)row;
    if (!annotation_int(value, &n) || n < 1)
        return verdict_because(VALUE_IGNORED, why,
                               "it is no whole number from 1 on, so it is not read");
    return n <= 4294967295L
               ? VALUE_FITS
               : verdict_because(VALUE_PARTLY, why, "it does not fit 32 bits and is cut");
}

static enum annotation_verdict judge_limit(const struct annotation *row, const char *value,
                                           const char **why)
{
    long n;
    if (annotation_int(value, &n) && n == 0)
        return verdict_because(
            VALUE_FATAL, why,
            "it is 0: no limit from 2.2.4 on, before that Envoy refuses every route of the "
            "gateway");
    if (judge_positive(row, value, why) == VALUE_FITS)
        return VALUE_FITS;
    return verdict_because(
        VALUE_IGNORED, why,
        "it is no whole number from 1 to 2^32 - 1, so there is no limit, or before 2.2.4 "
        "another one");
}

static enum annotation_verdict judge_percent(const struct annotation *row, const char *value,
                                             const char **why)
{
    long n;
    if (judge_int(row, value, why) != VALUE_FITS)
        return VALUE_IGNORED;
    n = strtol(value, NULL, 10);
    return n >= 0 ? VALUE_FITS
                  : verdict_because(
                        VALUE_FATAL, why,
                        "it is below 0, for which Envoy refuses every route of the gateway");
}

static enum annotation_verdict judge_redirect(const struct annotation *row, const char *value,
                                              const char **why)
{
    if (judge_int(row, value, why) != VALUE_FITS)
        return VALUE_IGNORED;
    if (text_has_word("301|302|303|307|308", value))
        return VALUE_FITS;
    if (text_has_word("300|304|305|306", value))
        return verdict_because(VALUE_FATAL, why,
                               "Envoy has no such redirect: the route stays without action");
    return verdict_because(VALUE_IGNORED, why,
                           "it is none of 301, 302, 303, 307 and 308, so it is 301");
}

static enum annotation_verdict judge_word(const struct annotation *row, const char *value,
                                          const char **why)
{
    char word[TEXT_WORD];
    for (const char *rest = row->words; text_word_next(&rest, word);)
        if (row->value == IS_WORD ? text_equal_nocase(word, value) : !strcmp(word, value))
            return VALUE_FITS;
    return verdict_because(VALUE_IGNORED, why,
                           "it is none of the words that are known, so it is not read");
}

/* The next item at a separator, blanks around it cut; false after the last. */
static bool next_item(const char **rest, const char *separators, const char **item, size_t *n)
{
    const char *at = *rest;
    if (!at || !*at)
        return false;
    size_t len = strcspn(at, separators);
    *rest = at + len + (at[len] != '\0');
    while (len && isspace((unsigned char)*at))
        at++, len--;
    while (len && isspace((unsigned char)at[len - 1]))
        len--;
    *item = at;
    *n = len;
    return true;
}

static enum annotation_verdict judge_methods(const struct annotation *row, const char *value,
                                             const char **why)
{
    static const char *const known[] = { "GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                         "CONNECT", "OPTIONS", "TRACE", "PATCH" };
    const char *item;
    size_t n;
    int found = 0, lost = 0;
    (void)row;
    while (next_item(&value, " ", &item, &n)) {
        bool is = n == 0;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is = is || (strlen(known[i]) == n && !strncasecmp(known[i], item, n));
        found += is && n;
        lost += !is;
    }
    if (!found)
        return verdict_because(VALUE_IGNORED, why,
                               "it names no method between blanks, so that every method is taken");
    return lost ? verdict_because(VALUE_PARTLY, why, "what is no method between blanks is dropped")
                : VALUE_FITS;
}

static bool is_address_or_range(const char *item, size_t n)
{
    char text[64], bytes[16];
    const char *slash = memchr(item, '/', n);
    size_t host = slash ? (size_t)(slash - item) : n;
    if (host == 0 || host >= sizeof text)
        return false;
    memcpy(text, item, host);
    text[host] = '\0';
    int most = inet_pton(AF_INET, text, bytes) == 1    ? 32
               : inet_pton(AF_INET6, text, bytes) == 1 ? 128
                                                       : -1;
    if (most < 0 || !slash)
        return most >= 0;
    size_t digits = n - host - 1;
    return digits >= 1 && digits <= 3 && strspn(slash + 1, "0123456789") >= digits &&
           strtol(slash + 1, NULL, 10) <= most;
}

static enum annotation_verdict judge_addresses(const struct annotation *row, const char *value,
                                               const char **why)
{
    const char *item;
    size_t n;
    int found = 0, lost = 0;
    (void)row;
    while (next_item(&value, ",", &item, &n)) {
        found += is_address_or_range(item, n);
        lost += n && !is_address_or_range(item, n);
    }
    if (!found)
        return verdict_because(
            VALUE_IGNORED, why,
            "it holds no address or range between commas, so that everybody is let in");
    return lost ? verdict_because(VALUE_PARTLY, why,
                                  "items that are no address or range are dropped")
                : VALUE_FITS;
}

static enum annotation_verdict judge_headers(const struct annotation *row, const char *value,
                                             const char **why)
{
    const char *line;
    size_t n;
    int found = 0, lost = 0;
    (void)row;
    while (next_item(&value, "\n", &line, &n)) {
        size_t name = strcspn(line, " \t\n");
        found += name < n;
        lost += n && name >= n;
    }
    if (!found)
        return verdict_because(VALUE_IGNORED, why, "it has no line NAME VALUE, so it does nothing");
    return lost ? verdict_because(VALUE_PARTLY, why, "lines without a value are dropped")
                : VALUE_FITS;
}

static enum annotation_verdict judge_path_value(const struct annotation *row, const char *value,
                                                const char **why)
{
    (void)row;
    return *value == '/' ? VALUE_FITS
                         : verdict_because(VALUE_IGNORED, why, "it does not begin with '/'");
}

static enum annotation_verdict judge_url(const struct annotation *row, const char *value,
                                         const char **why)
{
    (void)row;
    return text_starts(value, "http") && strstr(value, "://")
               ? VALUE_FITS
               : verdict_because(VALUE_IGNORED, why,
                                 "it is no URL with http or https, so it is not read");
}

/* "50 a.dns:80": the number is taken for the host. */
static enum annotation_verdict judge_services(const struct annotation *row, const char *value,
                                              const char **why)
{
    const char *line;
    size_t n;
    (void)row;
    while (next_item(&value, "\n", &line, &n)) {
        size_t word = strcspn(line, " \n"), digits = strspn(line, "0123456789");
        bool percent = word && line[word - 1] == '%';
        if (percent && (digits + 1 != word || word >= n))
            return verdict_because(
                VALUE_IGNORED, why,
                "a line has a weight that is no number, or no service: all lines are "
                "ignored");
        if (!percent && digits && digits == word && word < n)
            return verdict_because(
                VALUE_PARTLY, why,
                "a line begins with a number without %, which is taken for the host");
    }
    return VALUE_FITS;
}

static enum annotation_verdict (*const judges[])(const struct annotation *row, const char *value,
                                                 const char **why) = {
    [IS_BOOL] = judge_bool,         [IS_INT] = judge_int,
    [IS_SECONDS] = judge_seconds,   [IS_LIMIT] = judge_limit,
    [IS_POSITIVE] = judge_positive, [IS_PERCENT] = judge_percent,
    [IS_REDIRECT] = judge_redirect, [IS_WORD] = judge_word,
    [IS_EXACTLY] = judge_word,      [IS_METHODS] = judge_methods,
    [IS_HEADERS] = judge_headers,   [IS_ADDRESSES] = judge_addresses,
    [IS_PATH] = judge_path_value,   [IS_URL] = judge_url,
    [IS_SERVICES] = judge_services,
};

enum annotation_verdict annotation_judge(const struct annotation *row, const char *value,
                                         const char **why)
{
    size_t form = row->value;
    *why = NULL;
    if (!value || !value[strspn(value, " \t\r\n")])
        return verdict_because(VALUE_IGNORED, why, "it is empty, so it is not read");
    bool has_judge = form < sizeof judges / sizeof *judges && judges[form];
    return has_judge ? judges[form](row, value, why) : VALUE_FITS;
}
