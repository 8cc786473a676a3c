/* terminal_private.h - the person at this terminal: what they are asked, and who they are. Nothing
 * here reads from a pipe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { PERSON_MAX = 200 };

/* Shows that text (NULL: none) on the terminal itself, wherever the output goes, and asks until a
 * line is that word (`y` will do for `yes`), a no or the end; *sure: it was the word. False when
 * there is no terminal to ask. */
bool terminal_ask(const char *shown, const char *question, const char *word, bool *sure);
/* A line that is not shown while it is typed, without its end. False: no terminal, or no line. */
bool terminal_ask_secret(const char *question, char *out, size_t size);
/* "alice (uid 1000)", "root (uid 0, login uid 1000 alice)", "root (uid 0, sudo by bob)": the real
 * uid first, then what the kernel knows of the login, else what sudo says where it fits. The uid
 * makes it unlike any name of another channel. */
void terminal_person(char out[PERSON_MAX]);
