/* say.c - answers, in what the platform takes. */
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "chat/bot_private.h"
#include <string.h>

static const char rest_is_cut[] = "\n… (cut: it is longer than a message may be here)";

void say_outcome(struct bot *b, bool ok, const struct err *e)
{
    if (ok)
        chat_back(&b->account);
    else if (e->kind == ERR_NET || e->kind == ERR_GATEWAY)
        chat_lost(&b->account, e->text);
}

bool say_concerns_account(const struct err *e)
{
    return e->kind == ERR_NET || e->kind == ERR_UNKNOWN || e->kind == ERR_GONE ||
           e->status == 401 || e->status == 429 || e->status >= 500;
}

void say_to_one(struct chat_job *j, const char *text)
{
    struct bot *b = j->bot;
    struct err e = { 0 };
    bool ok =
        b->account.platform->whisper(&b->account, j->arena, &j->place, j->event.user, text, &e);
    if (ok || say_concerns_account(&e))
        say_outcome(b, ok, &e);
    if (!ok)
        log_event(LOG_WARN, "chat", "a person could not be told: %s", e.text);
}

static bool say_whole(struct chat_job *j, const char *text, struct err *e)
{
    struct bot *b = j->bot;
    const char *message = NULL;
    return b->account.platform->say(&b->account, j->arena, &j->place, text, &message, e);
}

/* Its first bytes, whole characters, and that it is cut. */
static const char *cut_to(struct arena *a, const char *text, size_t max)
{
    size_t n = max > sizeof rest_is_cut ? max - sizeof rest_is_cut : 0;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    return arena_printf(a, "%.*s%s", (int)n, text, rest_is_cut);
}

bool say_answer(struct chat_job *j, const char *text)
{
    struct bot *b = j->bot;
    const struct chat_platform *p = b->account.platform;
    struct err e = { 0 };
    size_t n = strlen(text);
    bool ok = n > p->text_max && p->file &&
              p->file(&b->account, j->arena, &j->place, "answer.txt", text, n, &e);
    if (!ok) { /* it fits, there are no files, or this one was refused */
        e = (struct err){ 0 };
        ok = say_whole(j, n > p->text_max ? cut_to(j->arena, text, p->text_max) : text, &e);
    }
    say_outcome(b, ok, &e);
    if (!ok)
        log_event(LOG_WARN, "chat", "an answer could not be sent: %s", e.text);
    return ok;
}
