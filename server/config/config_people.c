/* config_people.c - `people`: bound from the checked tree, and what goes beyond one row: a name
 * or an identity belongs to one person, so that it never says two things. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"

enum role config_role_named(const char *name)
{
    int place = text_word_place(ROLES, name);
    return place ? (enum role)(1u << (place - 1)) : ROLE_NONE;
}

const char *const *config_texts(struct arena *a, const cJSON *list)
{
    const char **out = arena_array(a, const char *, json_count(list) + 1);
    const cJSON *item;
    int n = 0;
    cJSON_ArrayForEach(item, list) out[n++] = arena_strdup(a, item->valuestring);
    return out;
}

static struct config_person person_of(struct arena *a, const cJSON *row)
{
    struct config_person p = { .name = arena_strdup(a, json_str(row, "name")),
                               .os = config_texts(a, json_get(row, "os")),
                               .tokens = config_texts(a, json_get(row, "tokens")),
                               .oauth = config_texts(a, json_get(row, "oauth")),
                               .oidc = config_texts(a, json_get(row, "oidc")),
                               .chat = config_texts(a, json_get(row, "chat")),
                               .passphrase = arena_strdup(a, json_str(row, "passphrase")) };
    const cJSON *role;
    cJSON_ArrayForEach(role, json_get(row, "roles")) p.roles |=
        config_role_named(role->valuestring);
    if (p.passphrase)
        secret_learn(p.passphrase);
    return p;
}

const struct config_person *config_people_of(struct arena *a, const cJSON *list)
{
    struct config_person *out = arena_array(a, struct config_person, json_count(list) + 1);
    const cJSON *row;
    int n = 0;
    cJSON_ArrayForEach(row, list) out[n++] = person_of(a, row);
    return list ? out : NULL;
}

/* -- beyond one row ------------------------------------------------------------------------ */

static bool list_has(const char *const *list, const char *name)
{
    for (; *list; list++)
        if (!strcmp(*list, name))
            return true;
    return false;
}

/* The lists of identities, by the member that holds them. issuer: the member of struct config whose
 * subjects they are; 0: they are none. */
static const struct {
    const char *member;
    size_t at, issuer;
} channels[] = {
    { "os", offsetof(struct config_person, os), 0 },
    { "tokens", offsetof(struct config_person, tokens), 0 },
    { "oauth", offsetof(struct config_person, oauth), offsetof(struct config, oauth_issuer) },
    { "oidc", offsetof(struct config_person, oidc), offsetof(struct config, oidc.issuer) },
    { "chat", offsetof(struct config_person, chat), 0 },
};

/* One subject is one, with its issuer before it or without. */
static const char *without_issuer(const struct config *c, size_t channel, const char *identity)
{
    size_t at = channels[channel].issuer;
    const char *issuer = at ? *(const char *const *)((const char *)c + at) : NULL;
    size_t n = issuer ? strlen(issuer) : 0;
    return n && text_starts(identity, issuer) && identity[n] == '|' ? identity + n + 1 : identity;
}

static bool list_has_identity(const struct config *c, size_t channel, const char *const *list,
                              const char *identity)
{
    for (; *list; list++)
        if (!strcmp(without_issuer(c, channel, *list), without_issuer(c, channel, identity)))
            return true;
    return false;
}

bool config_name_is_shared(const char *name)
{
    return !strcmp(name, "local") || !strcmp(name, "command line");
}

static const char *const *identities_of(const struct config_person *p, size_t channel)
{
    return *(const char *const *const *)((const char *)p + channels[channel].at);
}

/* Does each identity of person i in that channel belong to no other, and to i once? */
static bool are_identities_its_own(const struct config *c, int i, size_t channel, struct err *e)
{
    const struct config_person *people = c->people;
    const char *member = channels[channel].member;
    const char *const *mine = identities_of(&people[i], channel);
    for (int n = 0; mine[n]; n++) {
        if (config_name_is_shared(mine[n]))
            return config_refuse_row(e, "people", i, member, "is what several go by, so nobody's",
                                     mine[n]);
        if (list_has_identity(c, channel, &mine[n + 1], mine[n]))
            return config_refuse_row(e, "people", i, member, "is there twice", mine[n]);
        for (int k = 0; k < i; k++)
            if (list_has_identity(c, channel, identities_of(&people[k], channel), mine[n]))
                return config_refuse_row(e, "people", i, member,
                                         "belongs to another person as well", mine[n]);
    }
    return true;
}

/* The page knows a person by name too: no token may say that name for another. */
static bool are_no_names(const struct config_person *people, int i, struct err *e)
{
    for (const char *const *t = people[i].tokens; *t; t++)
        for (int k = 0; people[k].name; k++)
            if (k != i && !strcmp(people[k].name, *t))
                return config_refuse_row(e, "people", i, "tokens", "is the name of another person",
                                         *t);
    return true;
}

static bool is_scrypt(const char *text)
{
    int dollars = 0;
    for (const char *s = text; *s; s++)
        dollars += *s == '$';
    return text_starts(text, "scrypt$") && dollars == 5;
}

/* "PLATFORM:TENANT/USER", which looks like no name of another channel. */
static bool is_chat_identity(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    const char *slash = strchr(text, '/');
    return n && text[n] == ':' && slash && slash > text + n + 1 && slash[1] &&
           !strpbrk(text, "|() \t\r\n");
}

static bool are_chat_identities(const struct config_person *people, int i, struct err *e)
{
    for (const char *const *c = people[i].chat; *c; c++)
        if (!is_chat_identity(*c))
            return config_refuse_row(e, "people", i, "chat", "is not PLATFORM:TENANT/USER", *c);
    return true;
}

static bool is_good_person(const struct config *c, int i, struct err *e)
{
    const struct config_person *people = c->people, *p = &people[i];
    if (config_name_is_shared(p->name))
        return config_refuse_row(e, "people", i, "name", "is what several go by, so nobody's",
                                 p->name);
    for (int k = 0; k < i; k++)
        if (!strcmp(people[k].name, p->name))
            return config_refuse_row(e, "people", i, "name", "is the name of two", p->name);
    for (size_t channel = 0; channel < sizeof channels / sizeof *channels; channel++)
        if (!are_identities_its_own(c, i, channel, e))
            return false;
    if (p->passphrase && !is_scrypt(p->passphrase))
        return config_refuse_row(e, "people", i, "passphrase",
                                 "must be 'scrypt$N$R$P$SALT$KEY', never the text itself",
                                 "(not shown)");
    return are_chat_identities(people, i, e) && are_no_names(people, i, e);
}

/* A token may neither pass for a person who does not have it, nor be taken for one of OAuth or for
 * a user at a terminal. */
static bool are_plain_tokens(const struct config_person *people, const struct config_token *t,
                             const char *path, struct err *e)
{
    for (; t->name; t++) {
        if (strpbrk(t->name, "|("))
            return err_set(e, ERR_ARGS, "'%s' may hold no '|' and no '(' where there are people",
                           t->name) ||
                   err_about(e, path);
        for (const struct config_person *p = people; p->name; p++)
            if (list_has(p->chat, t->name))
                return err_set(e, ERR_ARGS, "'%s' is what '%s' goes by in a chat", t->name,
                               p->name) ||
                       err_about(e, path);
            else if (!strcmp(p->name, t->name) && !list_has(p->tokens, t->name))
                return err_set(e, ERR_ARGS,
                               "'%s' is the name of a person who does not have this token; add it "
                               "to their `tokens`, or name it otherwise",
                               t->name) ||
                       err_about(e, path);
    }
    return true;
}

bool config_good_people(const struct config *c, struct err *e)
{
    for (int i = 0; c->people && c->people[i].name; i++)
        if (!is_good_person(c, i, e))
            return false;
    return !c->people || (are_plain_tokens(c->people, c->tokens, "http.tokens", e) &&
                          are_plain_tokens(c->people, c->approvers, "http.approvers", e));
}
