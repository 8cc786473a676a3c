/* accesslog_line_private.h - one line of the access log: taken apart, judged, masked. For
 * accesslog.c.
 *
 * Envoy writes the values into a text format as they come: a client that sends quotes writes keys
 * of its own. So a line is believed only as far as it proves itself, and what is shown of it is
 * decided by the table of its keys (accesslog_mask.c).
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct accesslog_query;
struct arena;

/* Of Higress' own format, in its order, those that something asks for by name. */
enum {
    LOG_AI_LOG = 0,
    LOG_AUTHORITY = 1,
    LOG_PATH = 9,
    LOG_RESPONSE_CODE = 13,
    LOG_RESPONSE_FLAGS,
    LOG_ROUTE_NAME,
    LOG_START_TIME,
    LOG_KEYS = 26
};
int log_key_place(const char *key, size_t n, int expect); /* -1: none of them */
const char *log_key(int place, size_t *size);

/* What stands for everything hidden in a log: one form, which no search can tell from another. */
#define LOG_HIDDEN "***"

/* Overwrites, in place, every character of a value behind an equals sign, and of a parameter
 * without a name behind a question mark. Doing it again changes nothing. One byte behind the text
 * must be readable. Returns whether the text is plain: whatever is shown of it, but for LOG_HIDDEN
 * and what is not ASCII, stands in it byte by byte. */
bool log_blank(char *text, size_t n);
bool log_blank_counting(char *text, size_t n, int *breaks); /* and how many lines end in it */

/* A line with every key of Higress' format, once and in order, and nothing else, its values without
 * quotes but escaped ones: no record of it is ever forged. Values are found without a parse. */
struct log_fields {
    const char *value[LOG_KEYS];
    size_t size[LOG_KEYS];
};
bool log_take_fields(const char *line, size_t n, struct log_fields *f);
/* The record with the wanted keys only, masked like any; NULL: a whole one must tell. */
cJSON *log_record_of(struct arena *a, const struct log_fields *f, const bool wanted[LOG_KEYS]);
/* The keys that such a record must have for a query: what it looks at, what its filters do, and of
 * a path the host, for which it is masked. False: the query needs whole records. */
struct accesslog_query;
bool log_choose_keys(const struct accesslog_query *q, bool wanted[LOG_KEYS]);
/* The value of a key that the gateway alone writes, as the record will show it; NULL: that cannot
 * be said without masking. */
char *log_field(struct arena *a, const struct log_fields *f, int place);

/* The record of a blanked line: every value clean and masked, "forged": true where the line cannot
 * be what the gateway wrote (then only what stands before the doubtful part). NULL: no record. */
cJSON *log_record(struct arena *a, const char *line, size_t n);
/* The record of a line in Envoy's or Istio's default text format; NULL: it is not. */
cJSON *log_text_record(struct arena *a, const char *line, size_t n);
/* The key of Higress' format that an operator's name stands for; NULL: none. */
const char *log_alias(const char *name);
/* Does a JSON line hold a request, by whatever names? */
bool log_is_record(const cJSON *line);
const char *log_authority(const cJSON *line); /* by whatever name; NULL: none */
/* The record with Higress' names. Only behind log_doubt, which compares the line's own. */
const cJSON *log_canonical(struct arena *a, const cJSON *record);
/* Does the gateway itself speak here (its log shares the file), and of no request? */
bool log_is_words(const char *line, size_t n);
/* Without what a rotation by copying leaves before a line: NULs and blanks. */
size_t log_leading(const char *line, size_t n);
/* A line of another log (log_words.c); ns: when it was written, 0: not known. NULL: it is a record
 * of the access log. */
cJSON *log_words(struct arena *a, const char *line, size_t n, long long ns);
/* A line that is no record, clean and masked: {"raw": text}. */
cJSON *log_raw(struct arena *a, const char *line, size_t n);

/* Of a sound record what a forged one may tell: nothing from `doubtful` on, nothing of how the
 * request went. */
cJSON *log_forged(struct arena *a, const cJSON *record, const char *doubtful);

enum { LOG_FORMATS = 8, LOG_FORMAT_KEYS = 64 };
struct log_formats {
    struct log_format {
        const char *keys[LOG_FORMAT_KEYS];
        int count;
    } list[LOG_FORMATS];
    int count;
};
/* From one line; what was learnt lives in the arena. Where there are more formats, those with the
 * fewest keys are kept. */
void log_learn(struct arena *a, struct log_formats *all, const cJSON *record);
/* The record, or what is left of it where a client added keys to one of the formats. */
const cJSON *log_doubt(struct arena *a, const struct log_formats *all, const cJSON *record);

bool log_key_is_clients(const char *key); /* may its value be what a client sent? */
bool log_place_is_clients(int place);
/* Adds one value to the record, as the table allows it. The key must live as long. *expect: 0 with
 * the first one, then left alone. */
void log_put(struct arena *a, cJSON *record, const char *key, const char *value, int *expect);
/* The same of a key of Higress' format. */
void log_put_place(struct arena *a, cJSON *record, int place, const char *value);
/* The text without values behind an equals sign, parameters without a name, "user:password" before
 * an @; path: it is a request's path and query. */
char *log_hide_values(struct arena *a, const char *text, bool path);
/* The path as a server reads it: decoded, without dot segments. NULL: it is plain already. */
const char *log_plain_path(struct arena *a, const char *path);
/* Text that a client or a plugin wrote, masked; neither cleaned nor cut. */
char *log_mask_text(struct arena *a, const char *text);
/* A line of another format: text in which words may be paths. */
char *log_mask_line(struct arena *a, const char *line);
const char *log_value(const cJSON *row, const char *key); /* "-": none */
/* The filters, and those of them that are about what the gateway alone writes. */
bool log_row_fits(const struct accesslog_query *q, const cJSON *row);
bool log_outcome_fits(const struct accesslog_query *q, const char *route, const char *flags,
                      const char *code);
/* Does the record hide whole fields? Then its format holds some. */
bool log_hides_fields(const cJSON *record);
