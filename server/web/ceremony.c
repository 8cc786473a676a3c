/* ceremony.c - a table of fixed size, looked up by challenge. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "web/ceremony_private.h"
#include <string.h>

struct asked_key {
    bool taken;
    uint8_t nonce[PASSKEY_NONCE], challenge[WEBAUTHN_CHALLENGE], who[SHA256_SIZE];
    double until;
};

struct ceremonies {
    struct asked_key places[CEREMONIES_MAX];
};

struct ceremonies *ceremonies_new(struct arena *a)
{
    return arena_make(a, struct ceremonies);
}

/* A free place, or that of the same person's oldest question if they have so many, or the oldest.
 */
static struct asked_key *ceremony_room(struct ceremonies *t, const uint8_t who[SHA256_SIZE],
                                       double now)
{
    struct asked_key *room = NULL, *theirs = NULL, *oldest = t->places;
    int count = 0;
    for (struct asked_key *p = t->places; p < t->places + CEREMONIES_MAX; p++) {
        p->taken = p->taken && p->until > now;
        oldest = p->until < oldest->until ? p : oldest;
        if (!p->taken) {
            room = room ? room : p;
        } else if (crypto_equal(p->who, who, SHA256_SIZE)) {
            count++;
            theirs = !theirs || p->until < theirs->until ? p : theirs;
        }
    }
    return count >= CEREMONIES_OF_ONE ? theirs : room ? room : oldest;
}

static void passkey_challenge_of(const struct asked_key *p, const struct passkey_question *what,
                                 uint8_t out[WEBAUTHN_CHALLENGE])
{
    struct passkey_question q = *what;
    q.until = p->until;
    memcpy(q.nonce, p->nonce, sizeof q.nonce);
    passkey_challenge(&q, out);
}

void ceremony_open(struct ceremonies *t, const struct passkey_question *what, double now,
                   uint8_t challenge[WEBAUTHN_CHALLENGE])
{
    uint8_t who[SHA256_SIZE];
    crypto_sha256(what->who, strlen(what->who), who);
    struct asked_key *p = ceremony_room(t, who, now);
    *p = (struct asked_key){ .taken = true, .until = now + CEREMONY_LASTS };
    memcpy(p->who, who, sizeof who);
    crypto_random(p->nonce, sizeof p->nonce);
    passkey_challenge_of(p, what, p->challenge);
    memcpy(challenge, p->challenge, WEBAUTHN_CHALLENGE);
}

bool ceremony_take(struct ceremonies *t, struct passkey_question *what,
                   const uint8_t challenge[WEBAUTHN_CHALLENGE], double now, struct err *e)
{
    struct asked_key found = { 0 };
    uint8_t wanted[WEBAUTHN_CHALLENGE];
    for (struct asked_key *p = t->places; p < t->places + CEREMONIES_MAX; p++) {
        if (!p->taken || !crypto_equal(p->challenge, challenge, WEBAUTHN_CHALLENGE))
            continue;
        found = *p;
        *p = (struct asked_key){ 0 };
    }
    if (!found.taken)
        return err_set(e, ERR_POLICY,
                       "the key answers a question that is not open here: it was answered already, "
                       "is of another server, or too old; ask the key again");
    if (found.until <= now)
        return err_set(e, ERR_POLICY, "the key answered too late: ask it again (%d s at most)",
                       CEREMONY_LASTS);
    passkey_challenge_of(&found, what, wanted);
    what->until = found.until;
    memcpy(what->nonce, found.nonce, sizeof what->nonce);
    return crypto_equal(wanted, challenge, sizeof wanted) ||
           err_set(e, ERR_POLICY,
                   "the key answered another question than this one: another person, session, "
                   "change or plan; nothing was decided");
}
