/* passphrase_private.h - "scrypt$N$R$P$SALT$KEY" of the configuration, held against what somebody
 * typed. */
#pragma once
#include "base/crypto.h"

struct arena;

enum { PASSPHRASE_MAX = 1024, PASSPHRASE_SALT_MAX = 64 };

/* What the work needs; a copy of all of it, so that a thread may do it. */
struct passphrase {
    struct crypto_work work;
    uint8_t salt[PASSPHRASE_SALT_MAX], key[SHA256_SIZE];
    size_t salt_len;
    char typed[PASSPHRASE_MAX + 1];
    bool right; /* out */
};

/* False: that is not such a text, or asks for more work than any of ours. NULL stored: work like
 * that of a new one, for nobody, which nothing is right for. */
bool passphrase_read(struct arena *a, const char *stored, struct passphrase *out);
/* Slow on purpose. Wipes what was typed. */
void passphrase_judge(void *passphrase);
