/* check.c - the whole gateway judged without traffic: what is open, broken or without effect. */
#include "call/page.h"
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_check;

enum { FOLD = 4 /* findings of one verdict that are shown where none was asked for */, DAYS = 30 };

static const struct field in[] = {
    { "risk", STR, OPT, "Only these.", .one_of = "open|broken|dead|note" },
    { "text", STR, OPT, "A verdict, an object.", .max = 200, .flags = FIELD_BRIEF },
    { "days", INT, OPT, "Until certificates end.", .min = 0, .max = 3650, .otherwise = "30",
      .flags = FIELD_BRIEF },
    { "limit", INT, OPT, NULL, .min = 1, .max = 500, .flags = FIELD_BRIEF },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field out[] = {
    { "findings", LIST, REQ, NULL },
    { "count", INT, REQ, NULL },
    { "counts", OBJ, OPT, "Of each risk, before filters.", .flags = FIELD_OPEN },
    { "envoy", STR, OPT, "Console against gateway." },
    { "unread", LIST, OPT, "What could not be read or judged." },
    { 0 },
};

/* A verdict that many objects share is said a few times and counted. */
struct fold {
    struct page *page;
    const char *verdict, *risk;
    int seen;
};

static void close_fold(struct fold *f)
{
    if (f->seen > FOLD) {
        buf_printf(page_line(f->page), "%s %s: %d more; give text %s", f->risk, f->verdict,
                   f->seen - FOLD, f->verdict);
        page_match(f->page);
    }
    f->seen = 0;
}

static const cJSON *list_findings(struct call *c)
{
    const struct inspect_ask ask = { .days = arg_num(c, "days", DAYS) };
    const cJSON *found = inspect(c, &ask), *row;
    const char *risk = arg_str(c, "risk"), *text = arg_str(c, "text");
    struct fold f = { page_new(c, arg_num(c, "limit", 0), arg_str(c, "cursor"), text), "", "", 0 };
    if (!found)
        return NULL;
    cJSON_ArrayForEach(row, json_get(found, "findings"))
    {
        if (risk && strcmp(risk, json_text(row, "risk")) != 0)
            continue;
        if (strcmp(f.verdict, json_text(row, "verdict")) != 0)
            close_fold(&f);
        f.verdict = json_text(row, "verdict");
        f.risk = json_text(row, "risk");
        if (!text && f.seen++ >= FOLD)
            continue;
        inspect_line(page_line(f.page), row);
        page_match(f.page);
    }
    close_fold(&f);
    cJSON *answer = page_answer(f.page, "findings");
    static const char *const kept[] = { "counts", "envoy", "left_out", "unread" };
    for (size_t i = 0; answer && i < sizeof kept / sizeof *kept; i++)
        if (json_get(found, kept[i]))
            json_set(arena(c), answer, kept[i], json_clone(arena(c), json_get(found, kept[i])));
    return answer;
}

static char *say_check(struct call *c, const cJSON *answer)
{
    const cJSON *m;
    struct buf *b = buf_in(arena(c), 40 * 1024);
    cJSON_ArrayForEach(m, json_get(answer, "counts"))
        buf_printf(b, "%.0f %s, ", m->valuedouble, m->string);
    buf_str(b, page_say(c, answer, "findings", "lines"));
    if (json_get(answer, "envoy"))
        buf_printf(b, "%s\n", json_str(answer, "envoy"));
    if (json_get(answer, "left_out"))
        buf_printf(b, "%.0f more were found and not kept\n", json_num(answer, "left_out", 0));
    cJSON_ArrayForEach(m, json_get(answer, "unread"))
        buf_printf(b, "not judged: %s\n", m->valuestring);
    return b->data;
}

static const struct tool tools[] = {
    {
        .name = "check_config",
        .title = "Check the configuration",
        .about = "Judges the whole configuration, worst first: open (lets in who should not), "
                 "broken, dead (no effect), note.",
        .risk = READ,
        .in = in,
        .out = out,
        .read = list_findings,
        .say = say_check,
    },
    { 0 },
};

const struct toolset toolset_check = {
    .name = "check",
    .about = "What is configured wrong.",
    .tools = tools,
};
