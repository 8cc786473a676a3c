/* login.c - a table of fixed size; names live with their place in it. */
#include "base/arena.h"
#include "base/crypto.h"
#include "config/config.h"
#include "web/login_private.h"
#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 32, FORM_BYTES = 24, NAME_MAX_BYTES = 256 };

struct place {
    struct logged_in login;
    bool taken;
    unsigned char id[SHA256_SIZE], secret[SHA256_SIZE]; /* digests */
    char who[NAME_MAX_BYTES], form[64];
    double opened, used;
};

struct logins {
    struct arena *arena;
    const struct config *config;
    struct place places[LOGINS_MAX];
};

struct logins *logins_new(const struct config *c)
{
    struct arena *a = arena_new();
    struct logins *l = arena_make(a, struct logins);
    l->arena = a;
    l->config = c;
    return l;
}

void logins_free(struct logins *l)
{
    if (l)
        arena_free(l->arena);
}

static void login_digest(const char *text, unsigned char out[SHA256_SIZE])
{
    crypto_sha256(text, strlen(text), out);
}

static bool came_from(const struct place *p, const char *secret)
{
    unsigned char is[SHA256_SIZE];
    if (!secret)
        return false;
    login_digest(secret, is);
    return crypto_equal(is, p->secret, sizeof is);
}

static bool is_in_row(const struct place *p, const struct config_person *person)
{
    if (p->login.by == LOGIN_BY_PASSPHRASE)
        return came_from(p, person->passphrase);
    for (const char *const *i = person->oidc; *i; i++)
        if (came_from(p, *i))
            return true;
    return false;
}

/* Is what it came from still that of its person or token? */
static bool is_still_configured(const struct config *c, const struct place *p)
{
    if (p->login.by == LOGIN_BY_TOKEN) {
        for (const struct config_token *t = c->approvers; t->name; t++)
            if (!strcmp(t->name, p->who))
                return came_from(p, t->sha256);
        return false;
    }
    for (const struct config_person *row = c->people; row && row->name; row++)
        if (!strcmp(row->name, p->who))
            return is_in_row(p, row);
    return false;
}

static bool login_stands(const struct logins *l, const struct place *p, double now)
{
    return now - p->used <= LOGIN_IDLE && now - p->opened <= LOGIN_MOST &&
           is_still_configured(l->config, p);
}

/* Tokens have names of their own; what else somebody logs in with, it is the same person. */
static bool is_of(const struct place *p, const char *who, enum login_by by)
{
    return p->taken && (p->login.by == LOGIN_BY_TOKEN) == (by == LOGIN_BY_TOKEN) &&
           !strcmp(p->who, who);
}

/* A free place, or that of the same person's session that was used least lately, if they have so
 * many. NULL: none. */
static struct place *login_room(struct logins *l, const char *who, enum login_by by, double now)
{
    struct place *room = NULL, *oldest = NULL;
    int theirs = 0;
    for (struct place *p = l->places; p < l->places + LOGINS_MAX; p++) {
        p->taken = p->taken && login_stands(l, p, now);
        if (!p->taken) {
            room = room ? room : p;
        } else if (is_of(p, who, by)) {
            theirs++;
            oldest = !oldest || p->used < oldest->used ? p : oldest;
        }
    }
    return theirs >= LOGINS_OF_ONE ? oldest : room;
}

const char *login_open(struct logins *l, struct arena *a, const char *who, enum login_by by,
                       const char *secret, double now)
{
    struct place *p = strlen(who) < NAME_MAX_BYTES ? login_room(l, who, by, now) : NULL;
    if (!p)
        return NULL;
    const char *cookie = crypto_token(a, ID_BYTES);
    *p = (struct place){ .taken = true, .opened = now, .used = now };
    snprintf(p->who, sizeof p->who, "%s", who);
    snprintf(p->form, sizeof p->form, "%s", crypto_token(a, FORM_BYTES));
    p->login = (struct logged_in){ p->who, p->form, by };
    login_digest(cookie, p->id);
    login_digest(secret, p->secret);
    return cookie;
}

static struct place *find_login(struct logins *l, const char *cookie)
{
    unsigned char id[SHA256_SIZE];
    if (!cookie)
        return NULL;
    login_digest(cookie, id);
    for (struct place *p = l->places; p < l->places + LOGINS_MAX; p++)
        if (p->taken && crypto_equal(p->id, id, sizeof id))
            return p;
    return NULL;
}

const struct logged_in *login_find(struct logins *l, const char *cookie, double now, bool works)
{
    struct place *p = find_login(l, cookie);
    if (!p)
        return NULL;
    p->taken = login_stands(l, p, now);
    if (works && p->taken)
        p->used = now;
    return p->taken ? &p->login : NULL;
}

void login_close(struct logins *l, const char *cookie)
{
    struct place *p = find_login(l, cookie);
    if (p)
        *p = (struct place){ 0 };
}
