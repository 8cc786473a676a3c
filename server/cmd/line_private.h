/* line_private.h - a line of a person at the terminal, edited by libedit, with what they typed
 * before behind the arrow keys; the loop runs on while they type. Without a terminal, or without
 * the library, lines are read as they come.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct line;
struct loop;

enum line_end { LINE_TYPED = 1, LINE_STOPPED /* Ctrl-C, or loop_stop */, LINE_CLOSED /* Ctrl-D */ };

/* prompt lasts as long as the line editor, which lives in a. */
struct line *line_new(struct arena *a, struct loop *l, const char *prompt);
/* *text, without its end, lives until the next call. Outside of a fiber. */
enum line_end line_read(struct line *n, const char **text);
void line_free(struct line *n); /* the terminal is as it was */
