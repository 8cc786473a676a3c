/* event.c - events, and the words in them made harmless. */
#include "agent/agent_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "mask/mask.h"
#include <string.h>

enum { WORDS_MAX = 4 << 20 };

static const char *const outcomes[] = {
    [0] = "",
    [AGENT_ANSWERED] = "answered",
    [AGENT_WAITS] = "change waits",
    [AGENT_NOTHING] = "nothing found",
    [AGENT_FAILED] = "model failed",
    [AGENT_LIMIT] = "limit hit",
    [AGENT_STOPPED] = "stopped",
    [AGENT_UNREAD] = "gateway not read",
};

const char *agent_outcome_name(enum agent_outcome o)
{
    return outcomes[o];
}

enum agent_outcome agent_outcome_named(const char *name)
{
    for (int i = AGENT_ANSWERED; name && i <= AGENT_UNREAD; i++)
        if (!strcmp(outcomes[i], name))
            return (enum agent_outcome)i;
    return 0;
}

cJSON *event_new(struct agent *g, const char *name)
{
    cJSON *event = json_object(g->step);
    json_set_str(g->step, event, "event", name);
    return event;
}

void event_tell(struct agent *g, const cJSON *event)
{
    g->options.listener.told(g->options.listener.arg, event);
}

void event_notice(struct agent *g, const char *text)
{
    cJSON *event = event_new(g, "notice");
    json_set_str(g->step, event, "text", text);
    event_tell(g, event);
}

char *agent_words(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, WORDS_MAX);
    while (text && *text) {
        size_t n = strcspn(text, "\n\t");
        buf_str(b, text_clean(a, arena_strndup(a, text, n), 3 * n + 3));
        text += n;
        if (*text)
            buf_char(b, *text++);
    }
    return b->data;
}

/* A fingerprint tells whoever reads two of them whether two secrets are one: people need none. */
static char *without_fingerprints(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, WORDS_MAX);
    for (const char *mask; (mask = secret_find_mask(text)); text = secret_mask_end(mask)) {
        buf_add(b, text, (size_t)(mask - text));
        buf_str(b, "(secret)");
    }
    buf_str(b, text);
    return b->data;
}

char *event_words(struct arena *a, const char *text)
{
    char *shown = mask_shapes(a, secret_scrub(a, text ? text : ""));
    return agent_words(a, without_fingerprints(a, shown));
}

static bool ends_word(const char *text, size_t n)
{
    static const char *const ends[] = { " ", "\n", "\t", "，", "。", "、", "；", "：", "！", "？" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t size = strlen(ends[i]);
        if (n >= size && !memcmp(text + n - size, ends[i], size))
            return true;
    }
    return false;
}

/* Word by word, however long, so that what must be hidden is seen whole. */
void event_said(void *agent, const char *text, size_t n)
{
    struct agent *g = agent;
    size_t had = g->unsaid->len; /* none of it ends a word */
    buf_add(g->unsaid, text, n);
    size_t whole = g->unsaid->len;
    while (whole > had && !ends_word(g->unsaid->data, whole))
        whole--;
    if (whole == had)
        return;
    struct arena *a = arena_new_small();
    const struct agent_listener *l = &g->options.listener;
    const char *words = event_words(a, arena_strndup(a, g->unsaid->data, whole));
    buf_consume(g->unsaid, whole);
    if (l->said)
        l->said(l->arg, words);
    arena_free(a);
}

void event_said_all(struct agent *g)
{
    if (g->unsaid->len)
        event_said(g, " ", 1);
    buf_reset(g->unsaid);
}
