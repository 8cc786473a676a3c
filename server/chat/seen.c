/* seen.c - events that came before, by a digest of their ids: platforms deliver at least once. */
#include "base/arena.h"
#include "base/crypto.h"
#include "chat/bot_private.h"
#include <string.h>

enum { SETS = 1024, WAYS = 8, DIGEST = 16, KEPT_SECONDS = 3600 };

struct seen_event {
    uint8_t digest[DIGEST];
    double at; /* 0: free */
};

struct chat_seen {
    struct seen_event table[SETS][WAYS];
};

struct chat_seen *seen_events(struct arena *a)
{
    return arena_make(a, struct chat_seen);
}

bool seen_first(struct chat_seen *s, const char *id, double now)
{
    uint8_t digest[SHA256_SIZE];
    crypto_sha256(id, strlen(id), digest);
    struct seen_event *set = s->table[(digest[16] << 8 | digest[17]) % SETS], *oldest = set;
    for (struct seen_event *x = set; x < set + WAYS; x++) {
        if (x->at > 0 && now - x->at < KEPT_SECONDS && !memcmp(x->digest, digest, DIGEST))
            return false;
        oldest = x->at < oldest->at ? x : oldest;
    }
    memcpy(oldest->digest, digest, DIGEST);
    oldest->at = now;
    return true;
}

void seen_forget(struct chat_seen *s, const char *id)
{
    uint8_t digest[SHA256_SIZE];
    crypto_sha256(id, strlen(id), digest);
    struct seen_event *set = s->table[(digest[16] << 8 | digest[17]) % SETS];
    for (struct seen_event *x = set; x < set + WAYS; x++)
        if (!memcmp(x->digest, digest, DIGEST))
            x->at = 0;
}
