/* offload.h - work for a processor that would hold up the loop: a thread beside it.
 *
 * The thread has fn and arg alone: fn touches nothing of the program (no arena, no log, no library
 * that is loaded when first used). Signals stay with the loop's thread.
 */
#pragma once
#include <stdbool.h>

struct cancel;
struct err;
struct loop;

/* Parks until fn(arg) has returned. False: it could not be started, or ERR_GONE: c fired; fn has
 * ended then, too, whatever came of it. what: in words, for traces. */
bool offload(struct loop *l, void (*fn)(void *arg), void *arg, const char *what, struct cancel *c,
             struct err *e);
