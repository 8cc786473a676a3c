/* regex.h - regular expressions as Envoy and the plugins read them: RE2's own words on one.
 *
 * The only header of the one C++ file of this house (regex.cc). Envoy reads expressions as bytes
 * (Latin-1), matches whole values, counts the instructions of the compiled program, and refuses all
 * routes of the gateway for one expression that it cannot take.
 */
#pragma once
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

#ifdef __cplusplus
}
#endif
