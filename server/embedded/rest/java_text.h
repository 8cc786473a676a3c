/* java_text.h - texts as Java's library reads them: where the real console's answer is what its
 * library made of an odd text. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Base64.getDecoder(): padding may be missing. NULL: *problem is the exception's text. The result
 * ends with a NUL that *len does not count. */
char *java_base64(struct arena *a, const char *text, size_t *len, const char **problem);

char *java_trim(struct arena *a, const char *text); /* String.trim: no control characters either */

/* String.split: how many parts, empty ones at the end not counted ("a:b:" has two); "" has one.
 * parts gets the first `most` of them. */
size_t java_split(struct arena *a, const char *text, char separator, char **parts, size_t most);

/* Sorts names as a HashMap made for `capacity` of them gives its keys. */
void java_hash_order(struct arena *a, const char **names, size_t n, size_t capacity);

/* URLEncoder.encode with blanks as %20. */
char *java_url_encode(struct arena *a, const char *text);

bool java_parse_int(const char *text, int *out); /* Integer.parseInt: decimal, a sign, no blanks */

/* Spring's text to Integer: blanks anywhere are dropped, 0x10 and #10 are hexadecimal. */
enum java_number { JAVA_NONE, JAVA_NUMBER, JAVA_BAD }; /* "" is no number, but not bad */
enum java_number java_integer(const char *text, int *out);
/* Spring's text to Boolean: true, on, yes, 1 and false, off, no, 0 in any case. */
enum java_number java_boolean(const char *text, bool *out);
