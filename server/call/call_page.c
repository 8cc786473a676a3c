/* call_page.c - tool.h's pages: the same paging, filter and text for every list tool. */
#include "call/call_private.h"
#include "call/page.h"
#include "config/config.h"

enum { SHORT_LINES = 50, WIDE_BYTES = 32 * 1024, LINE_MAX_BYTES = 400, BUFFER_MAX = 64 * 1024 };

struct page {
    struct call *call;
    struct arena *arena;
    struct buf *line;
    const char *text; /* what a line must contain, or NULL */
    cJSON *lines;
    int count, skip, limit;
    size_t bytes, budget;
    bool full;
};

/* What lines may take of limits.answer_bytes: the rest is for the envelope. */
static size_t short_bytes(const struct call *c)
{
    return (size_t)(c->service->config->answer_bytes * 5 / 6);
}

/* How many to skip. A cursor is what an answer gave, digits alone. */
static int skip_of(struct call *c, const char *cursor)
{
    size_t n = cursor ? strlen(cursor) : 0;
    if (cursor && (n == 0 || n > 9 || strspn(cursor, "0123456789") != n))
        fail(c, "cursor: '%s' is not one that an answer gave; leave it out for the first page",
             text_clean(c->arena, cursor, 40));
    return failed(c) || !cursor ? 0 : (int)strtol(cursor, NULL, 10);
}

struct page *page_new(struct call *c, double limit, const char *cursor, const char *text)
{
    struct page *p = arena_make(c->arena, struct page);
    *p = (struct page){
        .call = c,
        .arena = c->arena,
        .line = buf_in(c->arena, BUFFER_MAX),
        .text = text,
        .lines = json_array(c->arena),
        .skip = skip_of(c, cursor),
        .limit = limit > 0 ? (int)limit : SHORT_LINES,
        .budget = limit > 0 ? WIDE_BYTES : short_bytes(c),
    };
    return p;
}

struct buf *page_line(struct page *p)
{
    buf_reset(p->line);
    return p->line;
}

bool page_wants(const struct page *p)
{
    return p->text || (p->count >= p->skip && !p->full);
}

void page_match(struct page *p)
{
    if (p->text && !text_contains_nocase(p->line->data, p->text))
        return;
    if (p->count++ < p->skip || p->full)
        return;
    const char *line = text_clean(p->arena, p->line->data, LINE_MAX_BYTES);
    size_t bytes = strlen(line) + 4; /* quotes, comma, newline */
    if (json_count(p->lines) >= p->limit || p->bytes + bytes > p->budget) {
        p->full = true;
        return;
    }
    p->bytes += bytes;
    json_add_str(p->arena, p->lines, line);
}

cJSON *page_answer(struct page *p, const char *member)
{
    if (failed(p->call))
        return NULL;
    cJSON *answer = json_object(p->arena);
    int next = p->skip + json_count(p->lines);
    json_set(p->arena, answer, member, p->lines);
    json_set_num(p->arena, answer, "count", p->count);
    if (p->full)
        json_set_str(p->arena, answer, "cursor", arena_printf(p->arena, "%d", next));
    return answer;
}

/* The lines themselves: many clients show a model only the text. */
char *page_say(struct call *c, const cJSON *answer, const char *member, const char *noun)
{
    const cJSON *lines = json_get(answer, member);
    const char *cursor = json_str(answer, "cursor");
    struct buf *b = buf_in(c->arena, WIDE_BYTES + 1024);
    buf_printf(b, "%d of %.0f %s%s%s\n", json_count(lines), json_num(answer, "count", 0), noun,
               cursor ? "; more with cursor " : "", cursor ? cursor : "");
    const cJSON *line;
    cJSON_ArrayForEach(line, lines) buf_printf(b, "%s\n", line->valuestring);
    return b->data;
}
