/* regex.h - regular expressions as Envoy and the plugins read them: RE2's own words on one.
 *
 * The only header of the one C++ file of this house (regex.cc). Envoy reads expressions as bytes
 * (Latin-1), matches whole values, counts the instructions of the compiled program, and refuses all
 * routes of the gateway for one expression that it cannot take.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Instructions of a program. Envoy's runtime key re2.max_program_size.error_level says how many are
 * allowed: 100 where nothing sets it, 32768 in the bootstrap that Istio's pilot-agent (and so
 * Higress) writes. */
enum { REGEX_SIZE_STOCK = 100, REGEX_SIZE_ISTIO = 32768 };

/* The size of the program that pattern compiles to; -1: RE2 refuses it, and why[0..n) says why (cut
 * to n - 1 bytes; the pattern itself is quoted in it). A pattern that needs more than 8 MiB while
 * it is compiled is refused. */
int regex_size(const char *pattern, char *why, size_t n);

/* An expression, compiled. NULL: RE2 refuses it. For arena_defer(a, regex_free, r). */
struct regex;
struct regex *regex_new(const char *pattern);
void regex_free(void *r);
/* Is all of text[0..n) a match? That is how Envoy matches. */
bool regex_is_whole(const struct regex *r, const char *text, size_t n);
/* Every match replaced, "\\1" being a group, as Envoy rewrites a path. False: out is too small. */
bool regex_replace(const struct regex *r, const char *text, const char *with, char *out,
                   size_t room);

#ifdef __cplusplus
}
#endif
