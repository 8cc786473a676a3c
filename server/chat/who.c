/* who.c - who wrote or pressed, and what they may there. One function for all that arrives: by the
 * platform's immutable ids, never by a name; who is not known is nobody.
 */
#include "base/arena.h"
#include "base/text.h"
#include "call/service.h"
#include "chat/bot_private.h"
#include "net/loop.h"
#include <string.h>

enum { NAME_SHOWN = 100 };

/* "slack:T1/U1"; a tenant with a slash would make two people one. NULL: it is nobody. */
static const char *identity_of(struct arena *a, const struct chat_account *c,
                               const struct chat_event *x)
{
    if (!x->tenant || !x->user || !*x->tenant || !*x->user || strchr(x->tenant, '/'))
        return NULL;
    return arena_printf(a, "%s:%s/%s", c->config->platform, x->tenant, x->user);
}

static const struct config_chat_channel *bound_channel(const struct config_chat *c,
                                                       const char *channel)
{
    for (const struct config_chat_channel *k = c->channels; k && k->id; k++)
        if (!strcmp(k->id, channel))
            return k;
    return NULL;
}

bool who_may(const struct chat_who *w, enum deed deed)
{
    const struct config_chat_channel *k = w->bound;
    if (!people_roles_may(w->roles, deed))
        return false;
    return !k || deed == DEED_READ ||
           (!k->read_only && (!k->roles || people_roles_may(k->roles, deed)));
}

/* False: so many are refused just now that one more line and answer would only be noise. */
static bool is_refusal_told(struct bot *b, bool known)
{
    static const int most[] = { REFUSALS_OF_NOBODY, REFUSALS_OF_PEOPLE };
    double now = loop_now(b->account.loop);
    int *count = &b->refusals[known];
    if (now - b->minute >= 60) {
        b->minute = now;
        memset(b->refusals, 0, sizeof b->refusals);
    }
    if (++*count == most[known] + 1)
        note_account(b, "chat_refused", "more of them come than are noted within this minute");
    return *count <= most[known];
}

static void say_no(struct chat_job *j, bool known, const char *identity, const char *id,
                   const char *why)
{
    if (!is_refusal_told(j->bot, known))
        return;
    note_event(j, "chat_refused", identity ? identity : "nobody", id, why);
    if (j->event.user)
        say_to_one(j, why);
}

void who_refuse(struct chat_job *j, const char *identity, const char *id, const char *why)
{
    say_no(j, true, identity, id, why);
}

bool who_admits(struct chat_job *j, struct chat_who *w)
{
    struct bot *b = j->bot;
    const struct chat_account *c = &b->account;
    const struct config *config = b->all->service->config;
    const char *identity = identity_of(j->arena, c, &j->event);
    const struct config_person *p = NULL;
    const char *why = NULL;
    if (identity && !j->event.outsider && chat_has_tenant(c, j->event.tenant))
        p = people_find(config, CHANNEL_CHAT, identity);
    else
        why = "Guests and people of other organisations are not answered here.";
    const struct config_chat_channel *bound = bound_channel(c->config, j->event.channel);
    if (!p && !why)
        why = arena_printf(j->arena,
                           "I do not know who you are, so nothing is done. Whoever runs this "
                           "server can add %s to `people`.",
                           text_clean(j->arena, text_visible(j->arena, identity), NAME_SHOWN));
    else if (p && c->config->channels && !bound && !j->event.direct)
        why = "In this channel I do not answer: it is not among those that are configured.";
    if (why || !p) {
        say_no(j, p != NULL, identity, NULL, why);
        return false;
    }
    *w = (struct chat_who){ identity, p->name, p->roles, bound };
    return true;
}
