/* utf8.h - one character of UTF-8 at a time; what is not well-formed (RFC 3629) has size 0. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the character at s (1 to 4) within n bytes; 0 when it is malformed or cut. */
size_t utf8_size(const char *s, size_t n);
/* How many of n bytes, from s on, are ASCII that a JSON string holds as it is. */
size_t utf8_plain(const char *s, size_t n);
/* The code point of a character of that size. */
uint32_t utf8_point(const char *s, size_t size);
/* Writes the character to out; returns its size. point must be valid. */
size_t utf8_put(char out[4], uint32_t point);
