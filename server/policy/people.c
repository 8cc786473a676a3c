/* people.c - the table of people looked up, and the table of what each role may do. */
#include "policy/people.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include <string.h>

/* -- what each role may do ----------------------------------------------------------------- */

static const struct {
    unsigned roles; /* any of them; ROLE_NONE: everybody */
    const char *what;
} deeds[] = {
    [DEED_READ] = { ROLE_NONE, "read" },
    [DEED_PROPOSE] = { ROLE_OPERATOR | ROLE_ADMIN, "ask for changes" },
    [DEED_DECIDE] = { ROLE_APPROVER | ROLE_ADMIN, "decide about changes" },
    [DEED_ADMINISTER] = { ROLE_ADMIN, "change settings of the state" },
};

const char *people_roles_text(struct arena *a, unsigned roles)
{
    const char *text = NULL, *rest = ROLES;
    char word[TEXT_WORD];
    while (text_word_next(&rest, word))
        if (roles & config_role_named(word))
            text = arena_printf(a, "%s%s%s", text ? text : "", text ? ", " : "", word);
    return text ? text : "no role";
}

bool people_roles_may(unsigned roles, enum deed deed)
{
    return !deeds[deed].roles || (roles & deeds[deed].roles);
}

bool people_may(const struct config *c, enum deed deed, enum channel_kind by, const char *name,
                struct err *e)
{
    unsigned roles = people_roles(c, by, name), needed = deeds[deed].roles;
    if (!c->people || people_roles_may(roles, deed))
        return true;
    struct arena *a = arena_new();
    const struct config_person *p = people_find(c, by, name);
    err_set(e, ERR_POLICY,
            p ? "'%.100s' has the role %s and may not %s: that takes the role %s (`people` in the "
                "configuration)"
              : "'%.100s' is not in the table of people, so has %s and may not %s: that takes the "
                "role %s (`people` in the configuration)",
            p ? p->name : text_clean(a, name, 100), people_roles_text(a, roles), deeds[deed].what,
            people_roles_text(a, needed));
    arena_free(a);
    return false;
}

/* -- who it is ----------------------------------------------------------------------------- */

/* The user who logged in, of "root (uid 0, sudo by ada)" and its like (cmd/terminal.c), whose names
 * hold neither blanks nor brackets; NULL: it is no name of a terminal. */
static const char *user_of(struct arena *a, const char *name)
{
    static const char sudo[] = ", sudo by ", login[] = ", login uid ";
    const char *uid = strstr(name, " (uid ");
    const char *by = uid ? strstr(uid, sudo) : NULL, *in = uid ? strstr(uid, login) : NULL;
    const char *end = uid ? strchr(uid, ')') : NULL;
    if (!end)
        return NULL;
    by = by ? by + strlen(sudo) : in ? strchr(in + strlen(login), ' ') : NULL;
    by = by && *by == ' ' ? by + 1 : by;
    if (by > end)
        return NULL;
    return by ? arena_strndup(a, by, (size_t)(end - by))
              : arena_strndup(a, name, (size_t)(uid - name));
}

static bool identity_listed(const char *const *list, const char *name)
{
    for (; *list; list++)
        if (!strcmp(*list, name))
            return true;
    return false;
}

static bool has_user(const struct config_person *p, const struct config *c, const char *name)
{
    (void)c;
    if (strchr(name, '|')) /* a subject of OAuth, which may say anything behind its issuer */
        return false;
    struct arena *a = arena_new();
    const char *user = user_of(a, name);
    bool has = user && identity_listed(p->os, user);
    arena_free(a);
    return has;
}

static bool has_token(const struct config_person *p, const struct config *c, const char *name)
{
    (void)c;
    return identity_listed(p->tokens, name);
}

/* "ISSUER|SUBJECT", of which the configuration may leave out its own issuer. */
static bool has_subject(const struct config_person *p, const struct config *c, const char *name)
{
    size_t n = c->oauth_issuer ? strlen(c->oauth_issuer) : 0;
    bool ours = n && text_starts(name, c->oauth_issuer) && name[n] == '|';
    return strchr(name, '|') &&
           (identity_listed(p->oauth, name) || (ours && identity_listed(p->oauth, name + n + 1)));
}

static bool has_chat(const struct config_person *p, const struct config *c, const char *name)
{
    (void)c;
    return identity_listed(p->chat, name);
}

static bool has_login(const struct config_person *p, const struct config *c, const char *name)
{
    (void)c;
    return (p->passphrase || p->oidc[0]) && !strcmp(p->name, name);
}

enum { NAMES_OF = 4 };

/* Which lists of a person a channel's names are looked up in. */
static const struct {
    bool (*has)(const struct config_person *p, const struct config *c, const char *name);
    enum channel_kind of[NAMES_OF];
} names[] = {
    { has_user, { CHANNEL_TERMINAL, CHANNEL_FORM_STDIO } },
    { has_token, { CHANNEL_FORM_HTTP, CHANNEL_PAGE, CHANNEL_API, CHANNEL_PASSKEY } },
    { has_subject, { CHANNEL_FORM_HTTP, CHANNEL_PAGE, CHANNEL_PASSKEY } },
    { has_chat, { CHANNEL_CHAT } },
    { has_login, { CHANNEL_PAGE, CHANNEL_PASSKEY } },
};

static bool is_behind(const struct config_person *p, const struct config *c, enum channel_kind by,
                      const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int k = 0; k < NAMES_OF && names[i].of[k]; k++)
            if ((by == CHANNEL_NONE || by == names[i].of[k]) && names[i].has(p, c, name))
                return true;
    return false;
}

const struct config_person *people_find(const struct config *c, enum channel_kind by,
                                        const char *name)
{
    for (const struct config_person *p = c->people; name && p && p->name; p++)
        if (is_behind(p, c, by, name))
            return p;
    /* No channel is a source's: it asks for changes, and decides about none. */
    for (const struct config_alert *s = c->alerts; by == CHANNEL_NONE && name && s && s->name; s++)
        if (!strcmp(s->self.name, name))
            return &s->self;
    return NULL;
}

/* An identity that names an issuer is of that one alone, whatever a subject looks like. */
static bool is_identity(const struct config *c, const char *identity, const char *value)
{
    size_t n = strlen(c->oidc.issuer);
    if (!strstr(identity, "://"))
        return !strcmp(identity, value);
    return text_starts(identity, c->oidc.issuer) && identity[n] == '|' &&
           !strcmp(identity + n + 1, value);
}

const struct config_person *people_by_oidc(const struct config *c, const char *value,
                                           const char **identity)
{
    for (const struct config_person *p = c->people; p && p->name; p++)
        for (const char *const *i = p->oidc; *i; i++)
            if (is_identity(c, *i, value)) {
                *identity = *i;
                return p;
            }
    return NULL;
}

const char *people_name(const struct config *c, enum channel_kind by, const char *name)
{
    const struct config_person *p = people_find(c, by, name);
    return p ? p->name : name;
}

unsigned people_roles(const struct config *c, enum channel_kind by, const char *name)
{
    const struct config_person *p = people_find(c, by, name);
    return p ? p->roles : ROLE_NONE;
}

/* -- are two one? -------------------------------------------------------------------------- */

enum sameness people_same(const struct config *c, const char *requester, enum channel_kind by,
                          const char *who)
{
    const struct config_person *p = people_find(c, CHANNEL_NONE, requester);
    if (!requester || !who)
        return SAME_NOT;
    if (!strcmp(requester, who) || (p && p == people_find(c, by, who)))
        return SAME_PERSON;
    return config_name_is_shared(requester) || config_name_is_shared(who) ? SAME_MAYBE : SAME_NOT;
}
