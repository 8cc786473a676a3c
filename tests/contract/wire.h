/* wire.h - the same call over HTTP. */
#pragma once
#include "embedded/embedded.h"

struct loop;

/* Parks. False (e says why) when no answer came. Headers that only HTTP adds are left out. */
bool wire_is_transport(const char *header);
bool wire_call(struct loop *l, struct arena *a, const char *base, const struct embedded_call *call,
               struct embedded_answer *out, struct err *e);
