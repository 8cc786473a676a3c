/* repeat.c - a small table of the calls that came lately, the oldest giving way. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "call/repeat_private.h"
#include "change/engine.h"
#include "config/config.h"
#include "net/loop.h"

enum { ENTRIES = 32, ANSWER_BYTES = 64 << 10 };

struct entry {
    char key[65];
    double first, answered;
    int times;           /* since the first */
    struct arena *arena; /* of the answer; NULL: none is kept */
    struct call_end end;
};

struct repeat_table {
    struct entry entries[ENTRIES];
    char newest[65]; /* line of the audit that the answers are not older than */
    unsigned moved;  /* how often that was another one */
};

static void forget_entry(struct entry *x)
{
    arena_free(x->arena);
    *x = (struct entry){ 0 };
}

void repeat_free(struct service *s)
{
    for (int i = 0; s->repeats && i < ENTRIES; i++)
        forget_entry(&s->repeats->entries[i]);
}

static bool is_repeatable(const struct call *c)
{
    const struct tool *t = c->entry->tool;
    return t->risk == READ && !t->fleeting && !t->bound && !t->whole &&
           c->service->config->repeats > 0;
}

static void key_of_call(struct call *c, char key[65])
{
    const char *text = arena_printf(
        c->arena, "%s\n%s\n%s\n%s", c->caller->principal, c->entry->tool->name,
        c->config->gateway_url ? c->config->gateway_url : "", json_canonical(c->arena, c->args));
    snprintf(key, 65, "%s", crypto_sha256_hex(c->arena, text, strlen(text)));
}

/* Something happened to a change: what was answered before may be no longer so. */
static void forget_what_is_old(struct call *c, struct repeat_table *t)
{
    const char *newest = c->service->engine ? engine_newest(c->service->engine, c->arena) : "";
    if (!strcmp(newest, t->newest))
        return;
    for (int i = 0; i < ENTRIES; i++)
        forget_entry(&t->entries[i]);
    snprintf(t->newest, sizeof t->newest, "%s", newest);
    t->moved++;
}

static struct entry *find_entry(struct call *c, const char *key)
{
    struct service *s = c->service;
    s->repeats = s->repeats ? s->repeats : arena_make(s->arena, struct repeat_table);
    forget_what_is_old(c, s->repeats);
    struct entry *oldest = s->repeats->entries;
    for (int i = 0; i < ENTRIES; i++) {
        struct entry *x = &s->repeats->entries[i];
        if (!strcmp(x->key, key))
            return x;
        oldest = x->first < oldest->first ? x : oldest;
    }
    forget_entry(oldest);
    snprintf(oldest->key, sizeof oldest->key, "%s", key);
    return oldest;
}

static struct call_end copy_end(struct arena *a, const struct call_end *end)
{
    return (struct call_end){ .answer = json_clone(a, end->answer),
                              .text = arena_strdup(a, end->text),
                              .facts = end->facts ? json_clone(a, end->facts) : NULL };
}

bool repeat_answers(struct call *c, struct call_end *end)
{
    char key[65];
    double now = loop_now(c->service->loop);
    if (!is_repeatable(c))
        return false;
    key_of_call(c, key);
    struct entry *x = find_entry(c, key);
    c->repeats_moved = c->service->repeats->moved;
    if (x->times == 0 || now - x->first > c->service->config->repeat_seconds) {
        forget_entry(x);
        snprintf(x->key, sizeof x->key, "%s", key);
        x->first = now;
    }
    if (++x->times <= (int)c->service->config->repeats || !x->arena)
        return false;
    *end = copy_end(c->arena, &x->end);
    const char *said =
        arena_printf(c->arena,
                     "This is the answer of %.0f s ago: the same call came %d times within %.0f s "
                     "and is not run again before that is over, or a change is made.",
                     now - x->answered, x->times, c->service->config->repeat_seconds);
    end->text = arena_printf(c->arena, "%s\n%s", said, end->text ? end->text : "");
    if (cJSON_IsObject(end->answer))
        json_set_str(c->arena, end->answer, "repeated", said);
    return true;
}

/* What an error says, or what is too large, is newer than the answer of before, too. */
void repeat_keep(struct call *c, const struct call_end *end)
{
    char key[65];
    size_t text = end->text ? strlen(end->text) : 0;
    if (!is_repeatable(c))
        return;
    key_of_call(c, key);
    struct entry *x = find_entry(c, key);
    if (c->service->repeats->moved != c->repeats_moved)
        return; /* read before a change that others have seen */
    arena_free(x->arena);
    x->arena = NULL;
    if (!end->answer || json_clone_size(end->answer) + text > ANSWER_BYTES)
        return;
    x->arena = arena_sized(json_clone_size(end->answer) + text + 4096);
    x->end = copy_end(x->arena, end);
    x->answered = loop_now(c->service->loop);
}
