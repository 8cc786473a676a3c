/* accesslog_line.c - one line of the access log as a record that nobody else wrote.
 *
 * The format is Higress': text that spells JSON, with values that Envoy does not escape. Every key
 * of the format stands in every line as its writer put it there, whatever a client sends. So a
 * client can add keys but never take one away: a key that stands twice is the mark of a forgery,
 * and a line with each key once is what it says. Where quotes of a client broke the JSON, the same
 * holds for the marks between the values, read in the format's order.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "signal/accesslog.h"
#include "signal/accesslog_line_private.h"
#include <string.h>

enum { MAX_RAW = 512, NEVER_CUT = 200, WORDS_HEAD = 80 };

static const char code_mark[] = "\"response_code\":";

/* -- lines that are JSON -------------------------------------------------------------------------
 */
/* Of trees the table shows ai_log only. */
static const char *line_value_text(struct arena *a, const cJSON *m)
{
    bool tree = cJSON_IsObject(m) || cJSON_IsArray(m);

    if (tree && log_key_place(m->string, strlen(m->string), 0) != LOG_AI_LOG)
        return LOG_HIDDEN;
    if (cJSON_IsString(m))
        return m->valuestring;
    if (cJSON_IsNumber(m))
        return arena_printf(a, "%.15g", m->valuedouble);
    if (cJSON_IsNull(m))
        return "-";
    return json_print(a, m); /* a truth value, or ai_log */
}

/* Which part of a path is secret depends on its host: that stands first while the others are put,
 * wherever and by whatever name the line has it. */
static cJSON *from_json(struct arena *a, const cJSON *o)
{
    cJSON *record = json_object(a), *first = NULL;
    const char *host = log_authority(o);
    const cJSON *m;
    int expect = 0;

    if (host)
        first = json_put(record, "authority", json_string(a, host));
    cJSON_ArrayForEach(m, o) log_put(a, record, m->string, line_value_text(a, m), &expect);
    if (first)
        json_detach(record, first);
    return record;
}

/* -- lines whose marks must be looked for --------------------------------------------------------
 */
enum { MAX_PIECES = 96, MAX_NAME = 64 };

struct piece {
    const char *name; /* of the key, as it stands in the line */
    size_t name_size;
    const char *value;
    size_t value_size;
    int place; /* in the format; -1: a key of somebody else's */
};

struct pieces {
    struct piece list[MAX_PIECES];
    int count;
    bool whole; /* begins and ends as a line does, and none is left over */
};

/* Is there `name":"` at s? Sets name and where the value begins. */
static bool read_name(const char *s, const char *end, struct piece *p)
{
    const char *at = s;

    while (at < end && *at != '"' && at - s <= MAX_NAME)
        at++;
    if (at == s || end - at < 3 || memcmp(at, "\":\"", 3) != 0)
        return false;
    *p = (struct piece){ .name = s, .name_size = (size_t)(at - s), .value = at + 3 };
    p->place = log_key_place(s, p->name_size, 0);
    return true;
}

/* The next `","name":"` at or behind s; NULL: none. */
static const char *next_mark(const char *s, const char *end, struct piece *next)
{
    const char *at = s;

    while ((at = memmem(at, (size_t)(end - at), "\",\"", 3))) {
        if (read_name(at + 3, end, next))
            return at;
        at++;
    }
    return NULL;
}

static void take_apart(const char *line, size_t n, struct pieces *all)
{
    const char *end = line + n;
    struct piece next;

    all->count = 0;
    all->whole = n > 4 && !memcmp(end - 2, "\"}", 2);
    if (n < 4 || memcmp(line, "{\"", 2) != 0 || !read_name(line + 2, end, &next)) {
        all->whole = false;
        return;
    }
    for (const char *mark = line; mark;) {
        struct piece *p = &all->list[all->count++];
        *p = next;
        mark = next_mark(p->value - 1, end, &next); /* two marks may share a quote */
        const char *stop = mark ? mark : all->whole && end - 2 >= p->value ? end - 2 : end;
        p->value_size = stop > p->value ? (size_t)(stop - p->value) : 0;
        if (mark && all->count == MAX_PIECES) {
            all->whole = false;
            return;
        }
    }
}

static bool stands_twice(const struct pieces *all, const struct piece *p)
{
    int n = 0;

    for (int i = 0; i < all->count; i++)
        n += all->list[i].name_size == p->name_size &&
             !memcmp(all->list[i].name, p->name, p->name_size);
    return n > 1;
}

/* How many pieces from the first on are keys of the format, each once and in its order. */
static int sound_pieces(const struct pieces *all)
{
    int last = -1;

    for (int i = 0; i < all->count; i++) {
        const struct piece *p = &all->list[i];
        if (p->place <= last || stands_twice(all, p))
            return i;
        last = p->place;
    }
    return all->count;
}

/* Every key of the format, once and in order, whatever stands between: the line proves itself. */
static bool is_complete_line(const struct pieces *all)
{
    int want = 0;

    for (int i = 0; i < all->count; i++) {
        const struct piece *p = &all->list[i];
        if (p->place >= 0 && p->place != want++)
            return false;
    }
    return want == LOG_KEYS; /* each in its place, so none twice */
}

static cJSON *from_pieces(struct arena *a, const struct pieces *all, int count)
{
    cJSON *record = json_object(a);
    int expect = 0;

    for (int i = 0; i < count; i++) {
        const struct piece *p = &all->list[i];
        if (!stands_twice(all, p))
            log_put(a, record, arena_strndup(a, p->name, p->name_size),
                    arena_strndup(a, p->value, p->value_size), &expect);
    }
    return record;
}

/* Of a forged line what stands before the first doubtful key is told, but nothing of how the
 * request went: that would blame somebody. */
static cJSON *forged(struct arena *a, const struct pieces *all)
{
    int count = sound_pieces(all);

    while (count > 0 && all->list[count - 1].place >= LOG_RESPONSE_CODE)
        count--;
    cJSON *record = from_pieces(a, all, count);

    json_set_bool(a, record, "forged", true);
    return record;
}

cJSON *log_forged(struct arena *a, const cJSON *record, const char *doubtful)
{
    cJSON *told = json_object(a);

    for (const cJSON *m = record->child; m && strcmp(m->string, doubtful) != 0; m = m->next)
        if (log_key_place(m->string, strlen(m->string), 0) < LOG_RESPONSE_CODE)
            json_put(told, m->string, json_clone(a, m));
    json_set_bool(a, told, "forged", true);
    return told;
}

static cJSON *from_marks(struct arena *a, const char *line, size_t n, bool twice)
{
    struct pieces *all = arena_make(a, struct pieces);
    bool sound;

    take_apart(line, n, all);
    sound = !twice && all->whole && (sound_pieces(all) == all->count || is_complete_line(all));
    return sound ? from_pieces(a, all, all->count) : forged(a, all);
}

/* -- lines that need neither ---------------------------------------------------------------------
 */
/* The quote that ends the value at s; NULL: none does. */
static const char *closing_quote(const char *s, const char *end)
{
    while (s < end && *s != '"')
        s += *s == '\\' ? 2 : 1;
    return s < end ? s : NULL;
}

bool log_take_fields(const char *line, size_t n, struct log_fields *f)
{
    const char *at = line, *end = line + n;
    bool escaped = memchr(line, '\\', n);

    for (int i = 0; i < LOG_KEYS; i++) {
        size_t size;
        const char *key = log_key(i, &size);
        if ((size_t)(end - at) < size + 5 || at[0] != (i ? ',' : '{') || at[1] != '"' ||
            memcmp(at + 2, key, size) != 0 || memcmp(at + 2 + size, "\":\"", 3) != 0)
            return false;
        f->value[i] = at + size + 5;
        at = escaped ? closing_quote(f->value[i], end)
                     : memchr(f->value[i], '"', (size_t)(end - f->value[i]));
        if (!at)
            return false;
        f->size[i] = (size_t)(at++ - f->value[i]);
    }
    return end - at == 1 && *at == '}';
}

static bool needs_masking(unsigned char c)
{
    return c < ' ' || c >= 0x7f || c == '=' || c == '?' || c == '\\';
}

char *log_field(struct arena *a, const struct log_fields *f, int place)
{
    if (log_place_is_clients(place) || f->size[place] > NEVER_CUT)
        return NULL;
    for (size_t i = 0; i < f->size[place]; i++)
        if (needs_masking((unsigned char)f->value[place][i]))
            return NULL;
    return arena_strndup(a, f->value[place], f->size[place]);
}

/* Is the text between the quotes the value itself? */
static bool needs_no_unescaping(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || (unsigned char)s[i] >= 0x7f || s[i] == '\\')
            return false;
    return true;
}

cJSON *log_record_of(struct arena *a, const struct log_fields *f, const bool wanted[LOG_KEYS])
{
    cJSON *record = json_object(a);

    for (int i = 0; i < LOG_KEYS; i++) {
        if (!wanted[i])
            continue;
        if (i != LOG_AI_LOG && !needs_no_unescaping(f->value[i], f->size[i]))
            return NULL; /* ai_log is read as it stands */
        log_put_place(a, record, i, arena_strndup(a, f->value[i], f->size[i]));
    }
    return record;
}

/* A copy in which a NUL ends nothing. */
static char *without_nul(struct arena *a, const char *line, size_t n)
{
    char *text = arena_strndup(a, line, n);

    for (char *nul = text; (nul = memchr(nul, '\0', n - (size_t)(nul - text)));)
        *nul = ' ';
    return text;
}

size_t log_leading(const char *line, size_t n)
{
    size_t from = 0;

    while (from < n && (line[from] == '\0' || line[from] == ' '))
        from++;
    return from;
}

/* "[2026-11-24 05:40:59.247][12][warning][config] …", or tabs as Istio's agent writes it. */
bool log_is_words(const char *line, size_t n)
{
    size_t look = n < WORDS_HEAD ? n : WORDS_HEAD;

    if (n > 0 && line[0] == '[' && memmem(line, look, "][", 2))
        return true;
    return memmem(line, look, "\twarn", 5) || memmem(line, look, "\tinfo", 5) ||
           memmem(line, look, "\terror", 6) || memmem(line, look, "\tdebug", 6) ||
           memmem(line, look, "\tcritical", 9);
}

cJSON *log_record(struct arena *a, const char *line, size_t n)
{
    struct err e = { 0 };
    const char *twice = NULL;
    const cJSON *o;

    size_t from = log_leading(line, n);
    line += from;
    n -= from;
    while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == ' '))
        n--;
    if (n > 1 && line[0] == '[')
        return log_text_record(a, without_nul(a, line, n), n);
    if (n < 2 || line[0] != '{')
        return NULL;
    o = json_parse_telling(a, line, n, &twice, &e);
    if (cJSON_IsObject(o) && !twice)
        return log_is_record(o) ? from_json(a, o) : NULL;
    if (!memmem(line, n, code_mark, sizeof code_mark - 1))
        return NULL;
    return from_marks(a, without_nul(a, line, n), n, twice != NULL);
}

cJSON *log_raw(struct arena *a, const char *line, size_t n)
{
    cJSON *record = json_object(a);

    json_set_str(a, record, "raw",
                 text_clean(a, log_mask_line(a, without_nul(a, line, n)), MAX_RAW));
    return record;
}

cJSON *accesslog_parse(struct arena *a, const char *line, size_t n)
{
    char *copy = arena_alloc(a, n + 1);

    memcpy(copy, line, n);
    while (n > 0 && copy[n - 1] == '\n')
        n--;
    log_blank(copy, n);
    return (cJSON *)log_canonical(a, log_record(a, copy, n));
}
