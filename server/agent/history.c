/* history.c - turns, and what is cut out of them. A call and its answer are never parted. */
#include "agent/history_private.h"
#include "base/arena.h"
#include "base/json.h"
#include <string.h>

enum { KEPT_TURNS = 2 /* of results, that stay whole */, STUB_BYTES = 200 };

struct history *history_new(struct arena *a, const char *rules, const cJSON *tools)
{
    struct history *h = arena_make(a, struct history);
    *h = (struct history){ .arena = a, .rules = rules, .tools = tools };
    return h;
}

static struct turn *append_turn(struct history *h, enum turn_kind kind)
{
    h->turns = arena_grow(h->arena, h->turns, h->count, &h->room, sizeof *h->turns);
    struct turn *t = &h->turns[h->count++];
    *t = (struct turn){ .kind = kind };
    return t;
}

void history_add_person(struct history *h, const char *text)
{
    append_turn(h, TURN_PERSON)->text = arena_strdup(h->arena, text);
    h->bytes += strlen(text);
}

void history_add_model(struct history *h, const cJSON *message)
{
    append_turn(h, TURN_MODEL)->message = json_clone(h->arena, message);
    h->bytes += json_clone_size(message) / 4;
}

void history_add_results(struct history *h, const struct result *results, int count)
{
    struct turn *t = append_turn(h, TURN_RESULTS);
    t->results = arena_array(h->arena, struct result, count);
    t->count = count;
    for (int i = 0; i < count; i++) {
        t->results[i] = (struct result){ .id = arena_strdup(h->arena, results[i].id),
                                         .name = arena_strdup(h->arena, results[i].name),
                                         .text = arena_strdup(h->arena, results[i].text),
                                         .failed = results[i].failed };
        h->bytes += strlen(results[i].text);
    }
}

static bool cut_results(struct history *h, const struct turn *t)
{
    bool cut = false;
    for (int i = 0; i < t->count; i++) {
        size_t n = strlen(t->results[i].text);
        if (n <= STUB_BYTES)
            continue;
        t->results[i].text = arena_printf(
            h->arena, "(the answer of %s was dropped to make room: call it again if it is needed)",
            t->results[i].name);
        h->bytes -= n - strlen(t->results[i].text);
        cut = true;
    }
    return cut;
}

bool history_cut(struct history *h)
{
    bool cut = false;
    int kept = 0;
    for (int i = h->count - 1; i >= 0; i--) {
        const struct turn *t = &h->turns[i];
        if (t->kind == TURN_RESULTS && kept++ >= KEPT_TURNS)
            cut = cut_results(h, t) || cut;
    }
    return cut;
}
