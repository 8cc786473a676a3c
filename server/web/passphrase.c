/* passphrase.c - reads the text with bounds, and does the work. */
#include "base/arena.h"
#include "base/text.h"
#include "web/passphrase_private.h"
#include <stdlib.h>
#include <string.h>

/* What `higress-ops passphrase` uses, and the most that is done for a stranger. */
static const struct crypto_work usual = { 32768, 8, 3 };
enum { N_MOST = 1 << 17, R_MOST = 16, P_MOST = 8, PARTS = 6 };

static bool read_work(const char *text, unsigned most, unsigned *out)
{
    char *end = NULL;
    unsigned long n = strtoul(text, &end, 10);
    *out = (unsigned)n;
    return *text >= '1' && *text <= '9' && !*end && n <= most;
}

static bool read_bytes(struct arena *a, const char *text, uint8_t *out, size_t most, size_t *n)
{
    const void *raw = base64url_decode(a, text, strlen(text), n);
    if (!raw || *n > most)
        return false;
    memcpy(out, raw, *n);
    return true;
}

bool passphrase_read(struct arena *a, const char *stored, struct passphrase *out)
{
    char *part[PARTS], *rest = arena_strdup(a, stored);
    size_t key = 0;
    out->work = usual;
    out->salt_len = 16;
    if (!stored)
        return true;
    for (int i = 0; i < PARTS; i++)
        part[i] = rest ? strsep(&rest, "$") : NULL;
    return part[PARTS - 1] && !rest && !strcmp(part[0], "scrypt") &&
           read_work(part[1], N_MOST, &out->work.n) && read_work(part[2], R_MOST, &out->work.r) &&
           read_work(part[3], P_MOST, &out->work.p) &&
           read_bytes(a, part[4], out->salt, sizeof out->salt, &out->salt_len) &&
           read_bytes(a, part[5], out->key, sizeof out->key, &key) && key == sizeof out->key;
}

void passphrase_judge(void *passphrase)
{
    struct passphrase *p = passphrase;
    uint8_t is[SHA256_SIZE];
    bool done = crypto_scrypt(p->typed, p->salt, p->salt_len, p->work, is);
    p->right = done && crypto_equal(is, p->key, sizeof is);
    explicit_bzero(p->typed, sizeof p->typed);
}
