/* effect_private.h - what an operation does, in a few words that make a title; only plan/ includes
 * this. */
#pragma once

struct arena;
struct plan;
struct plan_op;

/* "Require key-auth (alice) on shop-reviews", "Rotate the key of provider qwen". Never NULL; no
 * secret is in it. */
const char *effect_of(struct arena *a, const struct plan_op *op);
/* A title of a plan whose tool gave none: the effects of up to three operations, else of the one
 * that it is about. */
void effect_title(struct plan *p);
