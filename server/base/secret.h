/* secret.h - how a secret is shown: never.
 *
 * secret_mask gives "secret:sha256:1a2b3c4d" (8 hex digits of an HMAC with a per-installation key,
 * so that equal secrets look equal and guesses cannot be checked offline). Texts that are masked
 * already stay as they are. secret_scrub replaces every known secret value that occurs in a text
 * (error messages of others quote what they were sent).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;

void secret_init(const void *key, size_t n); /* before first use; else a random key per process */
char *secret_mask(struct arena *a, const char *value);
bool secret_is_mask(const char *text);
/* Remembers a value of 6 bytes or more so that secret_scrub finds it (process-wide, bounded set).
 */
void secret_learn(const char *value);
char *secret_scrub(struct arena *a, const char *text);
