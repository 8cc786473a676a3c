/* passphrase.c - `higress-ops passphrase`: what the configuration keeps of a person's passphrase
 * (`people`), by which they log in at the pages. Typed at a terminal, never an argument. */
#include "base/arena.h"
#include "base/crypto.h"
#include "cmd/cmd.h"
#include "cmd/terminal_private.h"
#include <stdio.h>
#include <string.h>

enum { SALT_BYTES = 16, SHORTEST = 12, LONGEST = 1024 };
static const struct crypto_work work = { 32768, 8, 3 }; /* a third of a second, 32 MiB */

static bool asked_twice(char first[LONGEST + 2])
{
    char again[LONGEST + 2] = "";
    bool same = terminal_ask_secret("Passphrase: ", first, LONGEST + 2) &&
                terminal_ask_secret("Once more: ", again, sizeof again) && !strcmp(first, again);
    explicit_bzero(again, sizeof again);
    if (!same)
        fputs("higress-ops passphrase: no terminal, or not the same twice\n", stderr);
    else if (strlen(first) < SHORTEST)
        fprintf(stderr, "higress-ops passphrase: at least %d letters\n", SHORTEST);
    return same && strlen(first) >= SHORTEST;
}

static int run_passphrase(const struct options *o)
{
    (void)o;
    char typed[LONGEST + 2] = "";
    uint8_t salt[SALT_BYTES], key[SHA256_SIZE];
    if (!asked_twice(typed))
        return EXIT_FAILED;
    crypto_random(salt, sizeof salt);
    bool done = crypto_scrypt(typed, salt, sizeof salt, work, key);
    explicit_bzero(typed, sizeof typed);
    if (!done) {
        fputs("higress-ops passphrase: libcrypto refused the work\n", stderr);
        return EXIT_FAILED;
    }
    struct arena *a = arena_new();
    printf("scrypt$%u$%u$%u$%s$%s\n", work.n, work.r, work.p,
           base64url_encode(a, salt, sizeof salt), base64url_encode(a, key, sizeof key));
    arena_free(a);
    return EXIT_DONE;
}

const struct command cmd_passphrase = {
    .name = "passphrase",
    .about = "Asks for a passphrase and prints what `people` of the configuration keeps of it.",
    .run = run_passphrase,
};
