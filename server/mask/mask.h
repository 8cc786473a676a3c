/* mask.h - secrets of gateway objects: hidden on the way out, put back on the way in.
 *
 * What is secret is said by tables (mask_table.h): each member of each kind, each plugin's settings
 * and the trees in their texts. What no table knows is hidden, unless it is a boolean, a duration,
 * a short number, one or two bytes, or a word that this gateway shows itself (mask_words). Tokens
 * known by their form
 * are hidden wherever they stand. References (${secret.name.key}) and placeholders stay.
 *
 * Masking is a function of the object and of what the gateway holds: nothing is learnt from it.
 * Whoever reads from the gateway says so by mask_learn.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct kind;
struct secret_set;

/* A masked copy in arena a. k may be NULL: names and forms alone decide. Masking it again changes
 * nothing. */
cJSON *mask_object(struct arena *a, const struct kind *k, const cJSON *o);
/* The same; the values that were hidden join `found`. */
cJSON *mask_collect(struct arena *a, const struct kind *k, const cJSON *o,
                    struct secret_set *found);
/* The values that a masked object would hide are scrubbed from now on: o came from the gateway. */
void mask_learn(const struct kind *k, const cJSON *o);
/* Names, hosts, paths and addresses in an object that came from the gateway: never hidden. Cheap:
 * called for each object of a list. */
void mask_words(const struct kind *k, const cJSON *o);
/* Does an object that was shown hold nothing that would be hidden today? */
bool mask_is_clean(const struct kind *k, const cJSON *shown);

/* Fingerprints in `after` (shown to a model and sent back) become the values that stood at the same
 * place of `before` (an element of a list is found by its name, key or id, a plain secret in a list
 * by its fingerprint), if the tables hide what stands there. False with ERR_ARGS, naming the field,
 * for any other. In place; before may be NULL. */
bool mask_restore(struct arena *a, const struct kind *k, const cJSON *before, cJSON *after,
                  struct err *e);
/* Is the text at this leaf of o hidden there, or nothing that anybody hides (a placeholder,
 * certificates)? For values that were filled in by reference. *where: its path. */
bool mask_hides(struct arena *a, const struct kind *k, const cJSON *o, const cJSON *leaf,
                const char **where);
/* The same where nothing but an address is left to read beside what is hidden: of a text of several
 * lines some are hidden anywhere, and the others are shown. */
bool mask_hides_whole(struct arena *a, const struct kind *k, const cJSON *o, const cJSON *leaf,
                      const char **where);

/* References in an object, {"$secret": {"env": NAME}} or {"file": PATH}, become what fn says of
 * them (NULL + e), if the tables hide all that stands there. from: "env" or "file". In place; false
 * with an error that names the field, and nothing filled in there. */
typedef const char *mask_secret_fn(void *arg, const char *from, const char *name, struct err *e);
bool mask_fill(struct arena *a, const struct kind *k, cJSON *o, mask_secret_fn *fn, void *arg,
               struct err *e);
void mask_drop_references(cJSON *tree); /* their names are no secrets; in place */

/* An error's text without what the set holds; replaced whole where it quotes a secret that is too
 * short to be found in it for sure. */
void mask_error(struct arena *a, const struct secret_set *set, struct err *e);
char *mask_quoting(struct arena *a, const struct secret_set *set, const char *text);

bool mask_name_is_secret(const char *member); /* "apiKey", "x-api-key", "password", … */
/* Is what stands under such a header or query parameter a credential? In any case. */
bool mask_header_is_secret(const char *name);
bool mask_query_is_secret(const char *name);
/* Any text: tokens known by their form (ghp_…, "Bearer x", PEM keys, passwords and keys in URLs)
 * become fingerprints; a URL keeps scheme, host and path. */
char *mask_shapes(struct arena *a, const char *text);
