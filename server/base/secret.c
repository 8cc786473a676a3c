/* secret.c - fingerprints instead of secrets, and a scrubber for texts that quote them.
 *
 * The known values live in an arena of the process; the set is bounded, and when it is full the
 * oldest place is taken again.
 */
#include "base/secret.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"

enum { KNOWN_MAX = 1024, KNOWN_SHORTEST = 6, SCRUB_MAX = 64 * 1024 * 1024 };

static const char prefix[] = "secret:sha256:";

static struct {
    struct arena *arena;
    char *known[KNOWN_MAX];
    size_t count;
    uint8_t key[SHA256_SIZE];
    bool has_key;
} secrets;

void secret_init(const void *key, size_t n)
{
    crypto_sha256(key, n, secrets.key);
    secrets.has_key = true;
}

bool secret_is_mask(const char *text)
{
    size_t n = sizeof(prefix) - 1;
    return strncmp(text, prefix, n) == 0 && strlen(text + n) == 8 &&
           strspn(text + n, "0123456789abcdef") == 8;
}

char *secret_mask(struct arena *a, const char *value)
{
    if (secret_is_mask(value))
        return arena_strdup(a, value);
    if (!secrets.has_key) {
        crypto_random(secrets.key, sizeof(secrets.key));
        secrets.has_key = true;
    }
    uint8_t mac[SHA256_SIZE];
    crypto_hmac(secrets.key, sizeof(secrets.key), value, strlen(value), mac);
    return arena_printf(a, "%s%02x%02x%02x%02x", prefix, mac[0], mac[1], mac[2], mac[3]);
}

static bool is_known(const char *value)
{
    size_t n = secrets.count < KNOWN_MAX ? secrets.count : KNOWN_MAX;
    for (size_t i = 0; i < n; i++)
        if (strcmp(secrets.known[i], value) == 0)
            return true;
    return false;
}

void secret_learn(const char *value)
{
    if (!value || strlen(value) < KNOWN_SHORTEST || secret_is_mask(value) || is_known(value))
        return;
    if (!secrets.arena)
        secrets.arena = arena_new();
    secrets.known[secrets.count++ % KNOWN_MAX] = arena_strdup(secrets.arena, value);
}

static char *replace_all(struct arena *a, char *text, const char *value)
{
    char *at = strstr(text, value);
    if (!at)
        return text;
    const char *mask = secret_mask(a, value);
    struct buf *b = buf_in(a, SCRUB_MAX);
    const char *from = text;
    for (; at; at = strstr(from, value)) {
        buf_add(b, from, (size_t)(at - from));
        buf_str(b, mask);
        from = at + strlen(value);
    }
    buf_str(b, from);
    return b->data;
}

char *secret_scrub(struct arena *a, const char *text)
{
    char *out = arena_strdup(a, text);
    size_t n = secrets.count < KNOWN_MAX ? secrets.count : KNOWN_MAX;
    for (size_t i = 0; i < n; i++)
        out = replace_all(a, out, secrets.known[i]);
    return out;
}
