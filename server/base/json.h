/* json.h - cJSON made safe: every node lives in an arena, nothing is ever deleted by hand.
 *
 * Reading: cJSON.h's read-only parts (child, next, valuestring, cJSON_IsString, cJSON_ArrayForEach)
 * may be used anywhere. Creating, attaching and parsing go through this file only (lint): its nodes
 * are made in the arena given, never by cJSON's allocator. Nodes of one arena may be attached
 * anywhere in trees of the same arena; to cross arenas, json_clone.
 * Object keys are case-sensitive here; of a key given twice the last value counts. Numbers are
 * doubles; one that a double cannot hold exactly (9007199254740993, 1e400) keeps its text in
 * valuestring and prints as it came.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;

enum { JSON_MAX_DEPTH = 64, JSON_MAX_MEMBERS = 10000 /* of one object */ };

/* Refuses: depth over JSON_MAX_DEPTH, more than JSON_MAX_MEMBERS in an object, beyond 256 KiB more
 * than one value in six bytes, trailing text, NUL (raw or \u0000), invalid UTF-8, lone surrogates.
 * On error returns NULL and names the byte offset (ERR_PROTO). */
cJSON *json_parse(struct arena *a, const char *text, size_t len, struct err *e);
/* The same; *twice: a key that some object has twice, or NULL. Set on success only. */
cJSON *json_parse_telling(struct arena *a, const char *text, size_t len, const char **twice,
                          struct err *e);

cJSON *json_object(struct arena *a);
cJSON *json_array(struct arena *a);
cJSON *json_string(struct arena *a, const char *s);
cJSON *json_stringn(struct arena *a, const char *s, size_t n);
cJSON *json_number(struct arena *a, double n);
cJSON *json_bool(struct arena *a, bool b);
cJSON *json_null(struct arena *a);
cJSON *json_raw(struct arena *a, const char *json_text); /* printed verbatim */
cJSON *json_clone(struct arena *a, const cJSON *node);
size_t json_clone_size(const cJSON *node); /* bytes that a clone takes in its arena */
/* Texts between these live as long as the process and are never written to: clones share them. */
void json_share(const char *from, const char *to);

/* Sets or replaces a member (replacing keeps its place in the order); returns item. An item of NULL
 * is a mistake, logged once, and becomes JSON null. */
cJSON *json_set(struct arena *a, cJSON *object, const char *key, cJSON *item);
/* Appends a member that is known not to be there yet. key is not copied: it must outlive the node.
 */
cJSON *json_put(cJSON *object, const char *key, cJSON *item);
cJSON *json_set_str(struct arena *a, cJSON *object, const char *key,
                    const char *s); /* NULL s: null */
cJSON *json_set_num(struct arena *a, cJSON *object, const char *key, double n);
cJSON *json_set_bool(struct arena *a, cJSON *object, const char *key, bool b);
cJSON *json_set_object(struct arena *a, cJSON *object, const char *key); /* new empty object */
cJSON *json_set_array(struct arena *a, cJSON *object, const char *key);  /* new empty array */
cJSON *json_add(struct arena *a, cJSON *array, cJSON *item);             /* appends; returns item */
cJSON *json_add_str(struct arena *a, cJSON *array, const char *s);
void json_remove(cJSON *object, const char *key); /* absent is fine */
void json_detach(cJSON *parent, cJSON *item);     /* takes item out of an object or array */

/* Accessors that cannot fail: wrong type or absence gives NULL / the default. */
cJSON *json_get(const cJSON *object, const char *key);
/* The object, or NULL: its members are gone through by name, and the elements of a list have none.
 */
const cJSON *json_members(const cJSON *object);
const char *json_str(const cJSON *object, const char *key);
const char *json_text(const cJSON *object, const char *key); /* "" where json_str gives NULL */
double json_num(const cJSON *object, const char *key, double otherwise);
bool json_true(const cJSON *object, const char *key);
int json_count(const cJSON *array_or_object);
/* The first object of the list whose member `key` is that text; NULL: none. */
cJSON *json_find(const cJSON *list, const char *key, const char *text);
/* The first text of the list that is this one; NULL: none. */
cJSON *json_find_text(const cJSON *list, const char *text);
/* "spec.rules[0].host"; NULL when any step is missing. */
cJSON *json_path(const cJSON *root, const char *path);

bool json_equal(const cJSON *x, const cJSON *y); /* order of object members does not matter */
/* RFC 7396. Neither input is changed; the result is new in arena a. */
cJSON *json_merge_patch(struct arena *a, const cJSON *target, const cJSON *patch);

/* One line, no spaces. Integers up to 2^53 print without exponent or fraction. */
bool json_write(struct buf *b, const cJSON *node);
char *json_print(struct arena *a, const cJSON *node);
char *json_print_pretty(struct arena *a, const cJSON *node); /* two spaces an indent */
/* Canonical: keys sorted bytewise at every level, one line. What digests are made of. */
char *json_canonical(struct arena *a, const cJSON *node);

/* Streams the elements of one array out of a JSON text that arrives in pieces, without building a
 * tree of the whole. `at` is the member that holds the array ("data"), NULL when the root itself is
 * the array; with `at` set, a root that is an array is accepted as well (bare bodies). */
struct json_split;
typedef bool json_element_fn(void *arg, const char *text, size_t len); /* false: stop */
struct json_split *json_split_new(struct arena *a, const char *at, size_t max_element,
                                  json_element_fn *fn, void *arg);
/* False on malformed text or when fn said stop (*stopped). */
bool json_split_feed(struct json_split *s, const char *bytes, size_t n, struct err *e);
bool json_split_end(struct json_split *s, struct err *e); /* was it whole? */
bool json_split_stopped(const struct json_split *s);
/* Everything of the root object but the array, as a tree (for `total`, `success`, `message`). */
cJSON *json_split_rest(struct json_split *s, struct arena *a);
