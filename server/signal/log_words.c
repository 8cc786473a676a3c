/* log_words.c - lines that are no requests: what Envoy, its plugins, the agent, the controller and
 * pilot say of themselves, as {time, level, component, text}.
 *
 * A form is a function of `forms`. Whatever a line is, its text is masked as any text of others is
 * (accesslog_mask.c); of JSON, members without a row in `told` are hidden.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "signal/accesslog_line_private.h"
#include "signal/log_source_private.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 1000, COMPONENT = 100, STAMP = 40, MEMBERS = 8 };

struct words {
    const char *time;      /* as it stands; NULL: none */
    const char *level;     /* a row of `levels`; NULL: none */
    const char *component; /* NULL: none */
    const char *text;
};

/* -- pieces --------------------------------------------------------------------------------------
 */

static const struct {
    const char *said, *level;
} levels[] = {
    { "trace", "trace" },    { "debug", "debug" },       { "info", "info" },
    { "warn", "warning" },   { "warning", "warning" },   { "err", "error" },
    { "error", "error" },    { "critical", "critical" }, { "fatal", "critical" },
    { "panic", "critical" }, { "dpanic", "critical" },   { "off", "off" },
};

static const char *level_of(const char *s, size_t n)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strlen(levels[i].said) == n && !strncasecmp(levels[i].said, s, n))
            return levels[i].level;
    return NULL;
}

/* Up to the stop, which is skipped; NULL: there is none. */
static char *piece(struct arena *a, const char **at, const char *stop)
{
    const char *end = strstr(*at, stop);
    char *out = end ? arena_strndup(a, *at, (size_t)(end - *at)) : NULL;

    *at = end ? end + strlen(stop) : *at;
    return out;
}

static bool is_stamp(const char *s)
{
    return s && strlen(s) >= 19 && strlen(s) <= STAMP && isdigit((unsigned char)*s) &&
           s[4] == '-' && s[7] == '-' && s[13] == ':' && s[16] == ':';
}

/* -- forms ---------------------------------------------------------------------------------------
 */

/* A plugin's line: "wasm log shop.key-auth: text". */
static void take_plugin(struct arena *a, struct words *w)
{
    static const char mark[] = "wasm log ";
    const char *at = strstr(w->text, mark), *from = at ? at + sizeof mark - 1 : NULL;
    char *name = from ? piece(a, &from, ": ") : NULL;

    if (!name)
        return;
    w->component = arena_printf(a, "wasm %s", name);
    w->text = from;
}

/* "[2026-11-24 05:40:59.247][12][warning][config] [source/server.cc:1] text" */
static bool take_envoy(struct arena *a, const char *line, struct words *w)
{
    const char *at = line + 1;

    if (*line != '[')
        return false;
    w->time = piece(a, &at, "][");
    const char *thread = piece(a, &at, "]["), *level = piece(a, &at, "][");
    w->component = piece(a, &at, "] ");
    if (!is_stamp(w->time) || !thread || !level || !w->component)
        return false;
    w->level = level_of(level, strlen(level));
    w->text = at;
    take_plugin(a, w);
    return w->level;
}

/* "2026-11-24T05:40:59.247000Z\tinfo\tads\ttext", the scope may be missing; Envoy under Istio's
 * agent says "envoy config external/…:12" there, and its thread behind the text. */
static bool take_istio(struct arena *a, const char *line, struct words *w)
{
    const char *at = line;

    w->time = piece(a, &at, "\t");
    const char *level = is_stamp(w->time) ? piece(a, &at, "\t") : NULL;
    w->level = level ? level_of(level, strlen(level)) : NULL;
    if (!w->level)
        return false;
    w->component = piece(a, &at, "\t");
    w->text = at;
    if (w->component && text_starts(w->component, "envoy ")) {
        const char *logger = w->component + strlen("envoy "), *rest = logger;
        const char *name = piece(a, &rest, " "), *text = w->text;
        w->component = name ? name : logger;
        const char *said = piece(a, &text, "\tthread");
        w->text = said ? said : w->text;
        take_plugin(a, w);
    }
    return true;
}

/* "W1124 05:40:59.247000       1 reflector.go:561] text": no year, so its time is the line's. */
static bool take_klog(struct arena *a, const char *line, struct words *w)
{
    static const char letters[] = "IWEF", *const meant[] = { "info", "warning", "error",
                                                             "critical" };
    const char *letter = *line ? strchr(letters, *line) : NULL, *at = strstr(line, "] ");

    if (!letter || !at || strspn(line + 1, "0123456789") != 4 || line[5] != ' ')
        return false;
    const char *file = at;
    while (file > line && file[-1] != ' ')
        file--;
    w->level = meant[letter - letters];
    w->component = arena_strndup(a, file, (size_t)(at - file));
    w->text = at + 2;
    return true;
}

/* "2026-11-24 05:40:59.247  INFO 1 --- [nio-8080-exec-1] c.a.h.console.Filter : text", as Spring
 * Boot writes it; its time may be that of ISO 8601. */
static bool take_spring(struct arena *a, const char *line, struct words *w)
{
    const char *at = line + strcspn(line, "."), *logger;

    at += strcspn(at, " ");
    w->time = arena_strndup(a, line, (size_t)(at - line));
    at += strspn(at, " ");
    size_t n = strcspn(at, " ");
    w->level = level_of(at, n);
    if (!is_stamp(w->time) || !w->level || !(logger = strstr(at, "] ")) || !strstr(at, " --- ["))
        return false;
    logger += 2;
    w->text = strstr(logger, " : ");
    n = strcspn(logger, " ");
    w->component = arena_strndup(a, logger, n);
    w->text = w->text ? w->text + 3 : logger + n;
    return true;
}

static const struct {
    const char *key;
    enum { AT, LEVEL, WHERE, SAYS, FAULT } is;
} told[] = {
    { "ts", AT },        { "time", AT },      { "timestamp", AT },    { "level", LEVEL },
    { "logger", WHERE }, { "scope", WHERE },  { "component", WHERE }, { "caller", WHERE },
    { "msg", SAYS },     { "message", SAYS }, { "error", FAULT },     { "err", FAULT },
};

static int told_key_row(const char *key)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (!strcmp(told[i].key, key))
            return (int)i;
    return -1;
}

/* A number: Unix seconds, or milliseconds. */
static const char *told_time(struct arena *a, const cJSON *m)
{
    double at = m->valuedouble;

    if (cJSON_IsString(m))
        return m->valuestring;
    return cJSON_IsNumber(m) ? when_text(a, at > 1e11 ? at / 1e3 : at, true) : NULL;
}

static void take_told_member(struct arena *a, const cJSON *m, bool sound, struct words *w,
                             struct buf *more)
{
    int row = sound ? told_key_row(m->string) : -1;
    const char *s = cJSON_IsString(m) ? m->valuestring : NULL;

    if (row >= 0 && told[row].is == AT)
        w->time = told_time(a, m);
    else if (row < 0 || !s)
        buf_printf(more, " %s=%s", text_clean(a, m->string, 40), LOG_HIDDEN);
    else if (told[row].is == LEVEL)
        w->level = level_of(s, strlen(s));
    else if (told[row].is == WHERE)
        w->component = w->component ? w->component : s;
    else if (told[row].is == SAYS)
        w->text = s;
    else
        buf_printf(more, " %s: %s", m->string, s);
}

/* {"level":"info","ts":1732427459.2,"logger":"ingress","msg":"text"}, as zap writes it. Whatever
 * else is JSON is told by its members, too; of one that says something twice only the names. */
static bool take_json(struct arena *a, const char *line, struct words *w)
{
    struct err e = { 0 };
    const char *twice = NULL;
    const cJSON *o = *line == '{' ? json_parse_telling(a, line, strlen(line), &twice, &e) : NULL;
    struct buf *more = buf_in(a, TEXT * 8);
    int n = 0;

    if (!cJSON_IsObject(o))
        return false;
    cJSON *m;
    cJSON_ArrayForEach(m, o) if (n++ < MEMBERS || told_key_row(m->string) >= 0)
        take_told_member(a, m, !twice, w, more);
    w->text = arena_printf(a, "%s%s", w->text ? w->text : "", more->len ? more->data : "");
    return true;
}

/* -- one line ------------------------------------------------------------------------------------
 */

static void put_masked(struct arena *a, cJSON *row, const char *key, const char *text, size_t max)
{
    if (text && *text)
        json_set_str(a, row, key, text_clean(a, log_mask_line(a, text), max));
}

/* By its own time where it has one with a zone, else by that of the line. */
static void put_words_time(struct arena *a, cJSON *row, const char *time, long long ns)
{
    size_t n = 0;
    const char *end = time ? time + strlen(time) : NULL;

    if (time && (!ns || log_stamp(time, end, &n)) && is_stamp(time))
        json_set_str(a, row, "time", text_clean(a, time, STAMP));
    else if (ns)
        json_set_str(a, row, "time", when_text(a, (double)ns / 1e9, true));
}

cJSON *log_words(struct arena *a, const char *line, size_t n, long long ns)
{
    static bool (*const forms[])(struct arena * a, const char *line,
                                 struct words *w) = { take_envoy, take_istio, take_klog,
                                                      take_spring, take_json };
    struct words w = { 0 };
    char *text = arena_strndup(a, line, n);
    bool known = false;

    if (log_record(a, line, n))
        return NULL;
    for (char *nul = text; (nul = memchr(nul, '\0', n - (size_t)(nul - text)));)
        *nul = ' ';
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !known; i++) {
        w = (struct words){ 0 };
        known = forms[i](a, text, &w);
    }
    if (!known)
        w = (struct words){ .text = text };
    cJSON *row = json_object(a);
    put_words_time(a, row, w.time, ns);
    if (w.level)
        json_set_str(a, row, "level", w.level);
    put_masked(a, row, "component", w.component, COMPONENT);
    put_masked(a, row, "text", w.text, TEXT);
    return row;
}
