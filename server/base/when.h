/* when.h - times as text: ISO 8601 in UTC, read and written. */
#pragma once
#include <stdbool.h>

struct arena;

double when_now(void); /* Unix seconds by the wall clock */
/* "2026-11-24T05:28:21Z"; with millis "2026-11-24T05:28:21.636Z". */
char *when_text(struct arena *a, double unix_time, bool millis);
/* "2026-11-24T05:28:21.636Z" (fraction and Z may be missing; "+08:00" is heard) as Unix seconds; 0
 * on NULL or anything else. */
double when_parse(const char *iso);
/* The same of what a person wrote to be held to: whole, with its zone, and a day and hour that
 * there are; 0 otherwise. */
double when_parse_exact(const char *iso);
/* "15m", "2h", "3d", "90s" before `now`, or an ISO time; 0 on anything else. */
double when_since(const char *text, double now);
/* Seconds that a Retry-After asks for: "120", "0.5" or an HTTP date, of one that is past 0;
 * negative: it says nothing. */
double when_retry(const char *text);
