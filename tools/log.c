/* log.c - the gateway's access log, newest first: parsed, filtered, bounded. */
#include "call/signal.h"
#include "tool.h"
#include <stdio.h>
#include <string.h>

extern const struct toolset toolset_log;

enum { DEFAULT_LINES = 20, BUDGET = 16 * 1024 };

static const struct field in[] = {
    { "route", STR, OPT, NULL, .complete = "route" },
    { "host", STR, OPT, NULL },
    { "path", STR, OPT, "Prefix." },
    { "status", STR, OPT, NULL, .one_of = "2xx|3xx|4xx|5xx", .flags = FIELD_BRIEF },
    { "flag", STR, OPT, "UF, NR" },
    { "text", STR, OPT, NULL },
    { "full", BOOL, OPT, NULL },
    { "minutes", NUM, OPT, NULL, .min = 0, .max = 100000, .flags = FIELD_BRIEF },
    { "limit", INT, OPT, NULL, .min = 1, .max = 200, .otherwise = "20", .flags = FIELD_BRIEF },
    { "cursor", STR, OPT, NULL, .flags = FIELD_BRIEF },
    { "what", STR, OPT, NULL, .one_of = LOG_WHATS },
    { "previous", BOOL, OPT, "Of crashed containers.", .flags = FIELD_BRIEF },
    { "follow", INT, OPT, "Seconds to wait.", .min = 1, .max = 60, .flags = FIELD_BRIEF },
    { 0 },
};

static const struct field out[] = {
    { "lines", LIST, REQ, NULL },
    { "source", STR, OPT, NULL },
    { "truncated", BOOL, OPT, NULL },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

struct lines {
    cJSON *kept;
    int limit;
    size_t bytes;
    bool more;
};

static bool take_log_line(struct call *c, void *arg, const cJSON *row)
{
    struct lines *l = arg;
    cJSON *slim = json_object(arena(c));
    const cJSON *m;

    if (json_count(l->kept) >= l->limit || l->bytes > BUDGET) {
        l->more = true;
        return false;
    }
    cJSON_ArrayForEach(m, row) /* clean, cut and masked already; what is absent is left out */
    {
        const char *text = cJSON_IsString(m) ? m->valuestring : "";
        if (cJSON_IsString(m) && (!*text || !strcmp(text, "-")))
            continue;
        l->bytes += strlen(m->string) + strlen(text) + 6;
        json_set(arena(c), slim, m->string, json_clone(arena(c), m));
    }
    json_add(arena(c), l->kept, slim);
    return true;
}

/* What filters cannot find, and what could not be read; NULL: nothing. */
static const char *note_of(struct call *c, const struct log_seen *seen)
{
    if (!seen->unreadable)
        return seen->note;
    return arena_printf(arena(c),
                        "most of this log is in no known form, so filters find nothing in it%s%s%s"
                        "%s",
                        seen->line ? "; such as: " : "", seen->line ? seen->line : "",
                        seen->note ? "; " : "", seen->note ? seen->note : "");
}

/* How far back it looked, and how to look further. */
static void tell_log_seen(struct call *c, cJSON *answer, const struct log_seen *seen)
{
    const char *note = note_of(c, seen);

    if (seen->cursor)
        json_set_str(arena(c), answer, "cursor", seen->cursor);
    if (seen->oldest)
        json_set_str(arena(c), answer, "looked_back_to", seen->oldest);
    if (seen->raw > 0)
        json_set_num(arena(c), answer, "unreadable", seen->raw);
    if (note)
        json_set_str(arena(c), answer, "note", note);
}

/* -- as they come ---------------------------------------------------------------------------------
 */

/* The newest lines are kept, in an arena that is renewed: who follows may see many. */
struct followed {
    struct arena *kept;
    cJSON *rows; /* the oldest first */
    int limit, matched, streamed;
};

static void renew_kept(struct followed *f)
{
    struct arena *next = arena_new();
    cJSON *rows = json_array(next);
    const cJSON *row;
    int skip = json_count(f->rows) - f->limit;

    cJSON_ArrayForEach(row, f->rows)
    {
        if (skip-- <= 0)
            json_add(next, rows, json_clone(next, row));
    }
    arena_free(f->kept);
    f->kept = next;
    f->rows = rows;
}

static bool take_followed(struct call *c, void *arg, const cJSON *row)
{
    struct followed *f = arg;

    f->matched++;
    if (may_tell_line(c)) {
        tell_line(c, log_line_text(c, row));
        f->streamed++;
    }
    json_add(f->kept, f->rows, json_clone(f->kept, row));
    if (json_count(f->rows) > 2 * f->limit)
        renew_kept(f);
    return true;
}

static void take_newest_first(struct call *c, struct lines *l, const cJSON *rows)
{
    const cJSON *last = rows->child ? rows->child->prev : NULL;

    for (int n = json_count(rows); last && n > 0 && take_log_line(c, l, last); n--)
        last = last->prev;
}

/* Who hears of progress sees lines as they come; the answer has the newest of them all. */
static bool follow_log(struct call *c, const struct log_query *q, struct lines *l, cJSON *answer)
{
    struct followed f = { .kept = arena_new(), .limit = l->limit };

    f.rows = json_array(f.kept);
    bool ok = log_follow_each(c, q, arg_num(c, "follow", 0), take_followed, &f);
    if (ok) {
        take_newest_first(c, l, f.rows);
        json_set_num(arena(c), answer, "matched", f.matched);
        json_set_num(arena(c), answer, "streamed", f.streamed);
        if (f.streamed)
            tell_line(c, arena_printf(arena(c), "%d lines came, %d were left out here", f.matched,
                                      f.matched - f.streamed));
    }
    arena_free(f.kept);
    return ok;
}

/* -- the call -------------------------------------------------------------------------------------
 */

/* Filters that are about requests, where other lines are asked for. */
static bool good_filters(struct call *c, enum log_what what)
{
    const char *rest = ACCESSLOG_REQUEST_FILTERS;
    char name[TEXT_WORD];

    while (what != LOG_ACCESS && text_word_next(&rest, name))
        if (arg_str(c, name))
            return fail(c, "%s is of requests: only what access has it; text filters any lines",
                        name);
    if (arg_num(c, "follow", 0) > 0 && (arg_str(c, "cursor") || arg_bool(c, "previous")))
        return fail(c, "follow is about lines to come: leave out cursor and previous");
    return true;
}

static const cJSON *run_log(struct call *c)
{
    struct lines l = { .kept = json_array(arena(c)),
                       .limit = (int)arg_num(c, "limit", DEFAULT_LINES) };
    struct log_seen seen = { 0 };
    struct log_query q = log_asked(c);
    cJSON *answer = json_object(arena(c));

    q.what = (enum log_what)(arg_str(c, "what") ? text_word_place(LOG_WHATS, arg_str(c, "what")) - 1
                                                : LOG_ACCESS);
    q.previous = arg_bool(c, "previous");
    q.limit = l.limit + 1;
    q.seen = &seen;
    if (!good_filters(c, q.what))
        return NULL;
    bool follows = arg_num(c, "follow", 0) > 0;
    bool ok = follows ? follow_log(c, &q, &l, answer) : log_each(c, &q, take_log_line, &l);
    if (!ok)
        return NULL;
    json_set(arena(c), answer, "lines", l.kept);
    json_set_str(arena(c), answer, "source", log_where(c, q.what));
    if (l.more)
        json_set_bool(arena(c), answer, "truncated", true);
    tell_log_seen(c, answer, &seen);
    return answer;
}

static const char *log_part(const cJSON *row, const char *member)
{
    const char *s = json_str(row, member);
    return s ? s : "-";
}

/* What there is besides lines; none: there are none. */
static void say_count(struct buf *b, const cJSON *answer, bool none)
{
    const char *back = json_str(answer, "looked_back_to"), *source = json_text(answer, "source");
    bool followed = json_get(answer, "streamed");

    if (followed)
        buf_printf(b, "%.0f lines came", json_num(answer, "matched", 0));
    else if (none)
        buf_printf(b, "no line matches%s%s", back ? ", back to " : "", back ? back : "");
    if (!text_starts(source, "file "))
        buf_printf(b, "%sfrom %s", none || followed ? ", " : "", source);
}

static bool at_line_start(const struct buf *b)
{
    return b->len == 0 || b->data[b->len - 1] == '\n';
}

static void say_seen(struct buf *b, const cJSON *answer)
{
    const char *cursor = json_str(answer, "cursor");

    say_count(b, answer, !b->len);
    if (json_get(answer, "unreadable"))
        buf_printf(b, "%s%.0f lines are in no known form", at_line_start(b) ? "" : "; ",
                   json_num(answer, "unreadable", 0));
    if (json_get(answer, "note"))
        buf_printf(b, "\nnote: %s", json_str(answer, "note"));
    if (cursor)
        buf_printf(b, "%solder lines: cursor %s", at_line_start(b) ? "" : "\n", cursor);
}

static char *say_log(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), 8000);
    const cJSON *row;

    cJSON_ArrayForEach(row, json_get(answer, "lines")) buf_printf(b, "%s\n", log_line_text(c, row));
    say_seen(b, answer);
    return b->data;
}

/* -- as data ---------------------------------------------------------------------------------- */

enum { CELL_BYTES = 48 };
static const char columns[] = "time status method host path flags route upstream client agent";

static void add_cell(struct call *c, cJSON *cells, const char *text)
{
    json_add_str(arena(c), cells, text_clean(arena(c), text, CELL_BYTES));
}

/* The values of `columns`; of what is no sound line, all that there is. */
static cJSON *cells_of(struct call *c, const cJSON *row)
{
    static const char *const members[] = { "response_code",  "method",     "authority",    "path",
                                           "response_flags", "route_name", "upstream_host" };
    const char *time = log_part(row, "start_time");
    cJSON *cells = json_array(arena(c));

    if (json_get(row, "raw") || json_get(row, "forged"))
        return json_clone(arena(c), row);
    add_cell(c, cells, arena_printf(arena(c), "%.*s", (int)strcspn(time, ".Z"), time));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        add_cell(c, cells, log_part(row, members[i]));
    add_cell(c, cells, log_line_client(c, row));
    add_cell(c, cells, text_clean(arena(c), log_part(row, "user_agent"), 24));
    return cells;
}

static const cJSON *log_facts(struct call *c, const cJSON *answer)
{
    cJSON *o = json_clone(arena(c), answer);
    const cJSON *row;

    if (arg_bool(c, "full"))
        return answer;
    cJSON *rows = json_set_array(arena(c), o, "lines");
    cJSON_ArrayForEach(row, json_get(answer, "lines")) json_add(arena(c), rows, cells_of(c, row));
    json_set_str(arena(c), o, "columns", columns);
    return o;
}

static const struct tool tools[] = {
    {
        .name = "tail_logs",
        .title = "Tail logs",
        .about = "Newest log lines that match; untrusted text.",
        .risk = READ,
        .fleeting = true,
        .in = in,
        .out = out,
        .read = run_log,
        .local = true,
        .of_each = true,
        .say = say_log,
        .facts = log_facts,
    },
    { 0 },
};

const struct toolset toolset_log = {
    .name = "log",
    .about = "The logs.",
    .tools = tools,
};
