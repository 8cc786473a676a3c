/* instruct_private.h - what a model is told at the opening: how the tools that are offered go
 * together. */
#pragma once

struct arena;
struct catalog;

/* Names no tool that is switched off. */
const char *instruct(const struct catalog *c, struct arena *a);
