/* note.c - what is said of bots in the audit: who pressed and wrote what is not, ids are. Never a
 * token, an address to answer at, or a text.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/schedule_private.h"
#include "store/store.h"

enum { ID_SHOWN = 120, WHO_SHOWN = 200, WHY_SHOWN = 400 };

static void add_line(struct bot *b, const char *event, const char *id, const char *who,
                     const cJSON *detail, struct arena *a)
{
    struct err e = { 0 };
    struct service *s = b->all->service;
    struct store *store = s->gateway ? engine_store(service_engine(s), &e) : NULL;
    if (s->gateway && (!store || !store_audit(store, event, id, who, bot_label(a, b), detail, &e)))
        log_event(LOG_ERROR, "chat", "the audit could not be written: %s", e.text);
}

void note_account(struct bot *b, const char *event, const char *why)
{
    struct arena *a = arena_new();
    cJSON *detail = json_object(a);
    if (why)
        json_set_str(a, detail, "why", text_clean(a, why, WHY_SHOWN));
    log_event(LOG_WARN, "chat", "%s: %s%s%s", bot_label(a, b), event, why ? ": " : "",
              why ? json_str(detail, "why") : "");
    add_line(b, event, NULL, bot_label(a, b), detail, a);
    arena_free(a);
}

/* What cannot be seen is written out: two ids that look alike are two. */
static const char *shown_id(struct arena *a, const char *id, size_t max)
{
    return text_clean(a, text_visible(a, id), max);
}

void note_event(struct chat_job *j, const char *event, const char *who, const char *id,
                const char *outcome)
{
    static const char *const choices[] = {
        [CHAT_APPROVE] = "approve", [CHAT_REJECT] = "reject", [CHAT_DETAILS] = "details"
    };
    struct arena *a = j->arena;
    cJSON *detail = json_object(a);
    json_set_str(a, detail, "event", shown_id(a, j->event.id, ID_SHOWN));
    json_set_str(a, detail, "where", shown_id(a, j->event.channel, ID_SHOWN));
    if (j->event.kind == CHAT_PRESS && j->event.choice && j->event.choice < CHAT_CHOICES)
        json_set_str(a, detail, "pressed", choices[j->event.choice]);
    json_set_str(a, detail, "outcome", text_clean(a, outcome, WHY_SHOWN));
    add_line(j->bot, event, id, shown_id(a, who, WHO_SHOWN), detail, a);
}

void note_schedule(struct bot *b, const char *who, const cJSON *detail)
{
    struct arena *a = arena_new();
    if (b)
        add_line(b, "schedule", NULL, who, detail, a);
    arena_free(a);
}
