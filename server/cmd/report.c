/* report.c - `report --since`: what happened to the gateway in a period, for people: Markdown, or
 * HTML.
 *
 * It is made of the audit, oldest first: a section is a row of `sections`, by the events it tells.
 * Names and titles come from models and gateways: they are text here, never markup.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine.h"
#include "cmd/audit_private.h"
#include "cmd/cmd.h"
#include "store/store_search.h"
#include "store/store_segment.h"
#include <ctype.h>

enum { PAGE = 1000, LINES_MAX = 100000, REPORT_BYTES = 64 << 20, ESCAPED_MAX = 1 << 16 };

/* One form of the report: how text, sections and rows are written. */
struct form {
    const char *head, *tail, *section, *row, *none, *more, *gone;
    const char *(*escape)(struct arena *a, const char *text);
};

static const char *escape_markdown(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, ESCAPED_MAX);
    for (const char *p = text; *p; p++) {
        if (ispunct((unsigned char)*p)) /* also "www.", "@" and "://", which some make links of */
            buf_char(b, '\\');
        buf_char(b, *p);
    }
    return b->data ? b->data : "";
}

static const char *escape_html(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, ESCAPED_MAX);
    for (const char *p = text; *p; p++) {
        if (strchr("<>&\"'", *p))
            buf_printf(b, "&#%d;", *p);
        else
            buf_char(b, *p);
    }
    return b->data ? b->data : "";
}

static const struct form markdown = {
    .head = "# Changes of the gateway, %s to %s\n",
    .section = "\n## %s (%d)\n\n",
    .row = "- %s %s\n",
    .none = "None.\n",
    .more = "\nThe newest of each kind only: there are more than are told here. Report a shorter "
            "time.\n",
    .gone = "\nThe audit before %s was removed by retention: of what happened until then only the "
            "last step of a change is told.\n",
    .tail = "",
    .escape = escape_markdown,
};
static const struct form html = {
    .head = "<!doctype html><meta charset=utf-8><meta http-equiv=Content-Security-Policy "
            "content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>Changes of the "
            "gateway</title><style>body{font:15px/1.5 system-ui,sans-serif;max-width:60em;"
            "margin:2em auto;padding:0 1em;color-scheme:light dark}li{margin:.2em 0}</style>"
            "<h1>Changes of the gateway, %s to %s</h1>\n",
    .section = "<h2>%s (%d)</h2><ul>\n",
    .row = "<li>%s %s\n",
    .none = "<li>None.\n",
    .more = "<li>The newest of each kind only: there are more than are told here. Report a "
            "shorter time.\n",
    .gone = "<p>The audit before %s was removed by retention: of what happened until then only the "
            "last step of a change is told.\n",
    .tail = "",
    .escape = escape_html,
};

enum { EVENTS = 9 }; /* of one section, at most */
static const struct section {
    const char *title, *events[EVENTS + 1];
} sections[] = {
    { "Applied", { "applied" } },
    { "Decisions", { "approved", "agreed" } },
    { "Refusals",
      { "rejected", "void", "cancelled", "expired", "wrong_token", "wrong passphrase",
        "refused" } },
    { "Not written, or not known to be", { "failed", "unknown" } },
    { "Guards",
      { "guard held", "guard unseen", "guard reverting", "guard reverted", "guard stopped" } },
    { "Outside edits", { "outside edit" } },
    { "The gate itself",
      { "pinned", "unpinned", "frozen", "freeze lifted", "upgraded", "policy edited",
        "outside watched", "outside forgotten", "segment removed" } },
};

struct report {
    struct verb *verb;
    const struct form *form;
    struct buf *out;
    cJSON *lines;  /* of one section, newest first */
    cJSON *titles; /* of changes by id, looked up once */
    bool cut;      /* the section has more lines than are told */
};

static const char *title_of(struct report *r, const char *id)
{
    struct err ignored = { 0 };
    const char *known = json_str(r->titles, id);
    if (known)
        return known;
    const cJSON *change = engine_show(r->verb->engine, r->verb->arena, id, false, &ignored);
    const char *title = change ? json_str(change, "title") : NULL;
    json_set_str(r->verb->arena, r->titles, id, title ? title : "");
    return title ? title : "";
}

static const char *row_text(struct report *r, const cJSON *line)
{
    struct arena *a = r->verb->arena;
    const char *id = json_str(line, "id"), *text = json_str(json_get(line, "detail"), "text");
    const char *said = arena_printf(a, "%s: %s%s%s by %s over %s%s%.300s", json_str(line, "event"),
                                    id ? id : "", id ? " " : "", id ? title_of(r, id) : "",
                                    json_str(line, "who") ? json_str(line, "who") : "-",
                                    json_str(line, "channel") ? json_str(line, "channel") : "-",
                                    text ? ": " : "", text ? text : "");
    return r->form->escape(a, text_clean(a, said, 700));
}

/* All lines of an event in the period. */
static bool collect_event(struct report *r, struct store *s, struct store_search q, struct err *e)
{
    struct arena *a = r->verb->arena;
    q.limit = PAGE;
    for (int n = 0; n < LINES_MAX; n += PAGE) {
        const cJSON *page = store_search_audit(s, a, &q, e), *line;
        if (!page)
            return false;
        cJSON_ArrayForEach(line, json_get(page, "lines"))
            json_add(a, r->lines, json_clone(a, line));
        q.cursor = json_str(page, "next");
        if (!q.cursor)
            return true;
    }
    r->cut = true;
    return true;
}

static int by_number(const void *x, const void *y)
{
    double a = json_num(*(const cJSON *const *)x, "seq", 0);
    double b = json_num(*(const cJSON *const *)y, "seq", 0);
    return (a > b) - (a < b);
}

static bool write_section(struct report *r, struct store *s, const struct section *x,
                          const struct store_search *period, struct err *e)
{
    struct arena *a = r->verb->arena;
    r->lines = json_array(a);
    r->cut = false;
    for (int i = 0; x->events[i]; i++) {
        struct store_search q = *period;
        q.event = x->events[i];
        if (!collect_event(r, s, q, e))
            return false;
    }
    int n = json_count(r->lines), at = 0;
    const cJSON **rows = arena_array(a, const cJSON *, n + 1), *line;
    cJSON_ArrayForEach(line, r->lines) rows[at++] = line;
    qsort(rows, (size_t)n, sizeof *rows, by_number);
    buf_printf(r->out, r->form->section, x->title, n);
    for (int i = 0; i < n; i++)
        buf_printf(r->out, r->form->row, r->form->escape(a, json_str(rows[i], "at")),
                   row_text(r, rows[i]));
    if (n == 0)
        buf_str(r->out, r->form->none);
    if (r->cut)
        buf_str(r->out, r->form->more);
    return true;
}

/* What cannot be told any more. */
static bool write_removed(struct report *r, struct store *s, double since, struct err *e)
{
    struct arena *a = r->verb->arena;
    const cJSON *segments = store_segments(s, a, 1, e);
    const char *to = json_str(segments, "removed_to_time");
    if (to && when_parse(to) > since)
        buf_printf(r->out, r->form->gone, r->form->escape(a, to));
    return segments != NULL;
}

static int write_report(struct verb *v)
{
    struct err e = { 0 };
    struct store_search period = { 0 };
    struct store *s =
        audit_period(v, &period.since, &period.until, &e) ? engine_store(v->engine, &e) : NULL;
    if (!s)
        return verb_failed(v, &e);
    double until = period.until > 0 ? period.until : when_now();
    struct report r = { .verb = v, .titles = json_object(v->arena) };
    r.form = options_has(v->options, "html") ? &html : &markdown;
    r.out = buf_in(v->arena, REPORT_BYTES);
    buf_printf(r.out, r.form->head, when_text(v->arena, period.since, false),
               when_text(v->arena, until, false));
    if (!write_removed(&r, s, period.since, &e))
        return verb_failed(v, &e);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (!write_section(&r, s, &sections[i], &period, &e))
            return verb_failed(v, &e);
    buf_str(r.out, r.form->tail);
    if (r.out->over)
        err_set(&e, ERR_SYSTEM, "the report is larger than %d MB; report a shorter time",
                REPORT_BYTES >> 20);
    else
        fputs(r.out->data, stdout);
    return r.out->over ? verb_failed(v, &e) : EXIT_DONE;
}

static int run_report(const struct options *o)
{
    return verb_start(o, false, write_report);
}

static const struct option_row rows[] = {
    { "since", "TIME", "Begin of the period: 7d, 12h, or 2026-12-01T00:00:00Z." },
    { "until", "TIME", "Its end; now when not given." },
    { "html", NULL, "HTML instead of Markdown." },
    { 0 },
};

const struct command cmd_report = {
    .name = "report",
    .about =
        "Says what happened to the gateway in a period: changes, who decided, refusals, guards; "
        "Markdown or HTML, out of the audit.",
    .rows = rows,
    .config = true,
    .run = run_report,
};
