/* attempt.c - a table of fixed size, looked up by the digests of cookie and state. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/when.h"
#include "web/attempt_private.h"
#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 32 };

struct attempt_place {
    bool taken;
    uint8_t cookie[SHA256_SIZE], state[SHA256_SIZE], from[SHA256_SIZE]; /* digests */
    double until;
    struct attempt attempt;
};

struct attempts {
    struct attempt_place places[ATTEMPTS_MAX];
};

struct attempts *attempts_new(struct arena *a)
{
    return arena_make(a, struct attempts);
}

static void digest_of_text(const char *text, uint8_t out[SHA256_SIZE])
{
    crypto_sha256(text, strlen(text), out);
}

/* A free place, or that of the same source's oldest if it has so many, or the oldest. */
static struct attempt_place *attempt_room(struct attempts *t, const uint8_t from[SHA256_SIZE],
                                          double now)
{
    struct attempt_place *room = NULL, *theirs = NULL, *oldest = t->places;
    int count = 0;
    for (struct attempt_place *p = t->places; p < t->places + ATTEMPTS_MAX; p++) {
        p->taken = p->taken && p->until > now;
        oldest = p->until < oldest->until ? p : oldest;
        if (!p->taken) {
            room = room ? room : p;
        } else if (crypto_equal(p->from, from, SHA256_SIZE)) {
            count++;
            theirs = !theirs || p->until < theirs->until ? p : theirs;
        }
    }
    return count >= ATTEMPTS_OF_ONE ? theirs : room ? room : oldest;
}

bool attempt_is_known(const struct attempts *t, const char *cookie, double now)
{
    uint8_t digest[SHA256_SIZE];
    if (!cookie)
        return false;
    digest_of_text(cookie, digest);
    for (const struct attempt_place *p = t->places; p < t->places + ATTEMPTS_MAX; p++)
        if (p->taken && p->until > now && crypto_equal(p->cookie, digest, sizeof digest))
            return true;
    return false;
}

static void put_secret(struct arena *a, char *out, size_t size)
{
    snprintf(out, size, "%s", crypto_token(a, SECRET_BYTES));
}

const char *attempt_open(struct attempts *t, struct arena *a, const char *cookie, const char *from,
                         const char *to, double now, struct attempt *out)
{
    uint8_t source[SHA256_SIZE];
    const char *holds = attempt_is_known(t, cookie, now) ? cookie : crypto_token(a, SECRET_BYTES);
    digest_of_text(from, source);
    struct attempt_place *p = attempt_room(t, source, now);
    *p = (struct attempt_place){ .taken = true, .until = now + ATTEMPT_LASTS };
    struct oidc_secrets *s = &p->attempt.secrets;
    put_secret(a, s->state, sizeof s->state);
    put_secret(a, s->nonce, sizeof s->nonce);
    put_secret(a, s->verifier, sizeof s->verifier);
    s->began = when_now();
    snprintf(p->attempt.to, ATTEMPT_TO, "%s", strlen(to) < ATTEMPT_TO ? to : "/changes");
    digest_of_text(holds, p->cookie);
    digest_of_text(s->state, p->state);
    memcpy(p->from, source, sizeof source);
    *out = p->attempt;
    return holds;
}

bool attempt_take(struct attempts *t, const char *cookie, const char *state, double now,
                  struct attempt *out)
{
    uint8_t holds[SHA256_SIZE], says[SHA256_SIZE];
    bool found = false;
    if (!cookie || !state)
        return false;
    digest_of_text(cookie, holds);
    digest_of_text(state, says);
    for (struct attempt_place *p = t->places; p < t->places + ATTEMPTS_MAX; p++) {
        if (!p->taken || !crypto_equal(p->state, says, sizeof says) ||
            !crypto_equal(p->cookie, holds, sizeof holds))
            continue;
        found = p->until > now;
        *out = p->attempt;
        *p = (struct attempt_place){ 0 };
    }
    return found;
}
