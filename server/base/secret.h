/* secret.h - how a secret is shown: never.
 *
 * secret_mask gives "secret:sha256:1a2b3c4d" (8 hex digits of an HMAC with a per-installation key,
 * so that equal secrets look equal and guesses cannot be checked offline). Texts that are masked
 * already stay as they are.
 *
 * What is shown is masked by its place, before it is printed (mask/mask.h). Scrubbing is for
 * texts of others that quote what they were sent: it replaces values that are known to be secret,
 * also where they stand percent-encoded, escaped as in JSON or in base64. Known are, for the whole
 * process, values that came from the gateway or the configuration, and in a secret_set those of one
 * call or plan, which end with it: nothing that a client sent is known to another one's answers.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* The key of fingerprints. Without one, the first that is needed asks `find` for it (32 bytes);
 * where that has none, fingerprints are those of this process only. */
void secret_init(const void *key, size_t n);
typedef bool secret_key_fn(const char *where, uint8_t key[32]);
void secret_init_later(secret_key_fn *find, const char *where); /* where must outlive the process */
char *secret_mask(struct arena *a, const char *value);
/* A fingerprint: this, and eight hexadecimal digits. */
#define SECRET_MASK "secret:sha256:"
enum { SECRET_MASK_SIZE = sizeof SECRET_MASK - 1 + 8 };
bool secret_is_mask(const char *text);
/* The first fingerprint in a text, or what claims to be one; NULL: none. */
const char *secret_find_mask(const char *text);
bool secret_has_mask(const char *text, size_t n); /* within n bytes */
bool secret_starts_mask(const char *text);        /* is that one at its beginning? */
/* Behind it, or at the text's end where that comes first. */
const char *secret_mask_end(const char *mask);

enum { SECRET_SHORTEST = 8 }; /* of what is scrubbed; see secret_quotes_short */

struct secret_set;
struct secret_set *secret_set_new(struct arena *a);
void secret_set_add(struct secret_set *s, const char *value); /* bounded; masks are left out */

/* A value from the gateway or the configuration, never from a client's arguments. */
void secret_learn(const char *value);
/* A name, host, path or address that the gateway shows (never from arguments either): it is not
 * scrubbed, whatever is known. Bounded: older words are forgotten. */
void secret_publish(const char *word);
bool secret_is_public(const char *word);

/* A copy in a. With a set (or NULL), its values too. A text that is a JSON object or list is
 * scrubbed as the tree it is: its keys and its form stay. */
char *secret_scrub(struct arena *a, const char *text);
char *secret_scrub_with(struct arena *a, const struct secret_set *set, const char *text);
/* Every string of the tree, in place; keys, structure and whole texts that are one lower-case word
 * (states, kinds) stay. */
void secret_scrub_tree(struct arena *a, const struct secret_set *set, cJSON *tree);
/* Does text hold one of the set that is too short to be scrubbed, as a word of its own? */
bool secret_quotes_short(const struct secret_set *set, const char *text);
