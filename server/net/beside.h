/* beside.h - the same thing done for several, side by side. */
#pragma once

struct cancel;
struct loop;

/* own: a token wakes one fiber only, so each has its own, which fires with the caller's. */
typedef void beside_fn(void *arg, int i, struct cancel *own);
/* fn(arg, 0) to fn(arg, count - 1) on fibers of their own, at_once of them at most; a single one
 * runs on the caller's. Comes back when all have ended. Parks. */
void beside_each(struct loop *l, int count, int at_once, beside_fn *fn, void *arg,
                 struct cancel *cancel);
