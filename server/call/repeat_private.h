/* repeat_private.h - the same call again and again, answered from an earlier one: what a model that
 * runs in circles costs. Only reading, never what is of the moment (tool.h: fleeting), by caller,
 * tool, gateway and arguments; whatever moves a change empties it. Bounded in entries and bytes.
 */
#pragma once
#include "call/call_private.h"

/* Takes note of the call. True: it has come too often lately, and *end is the earlier answer, which
 * says so; in the call's arena. */
bool repeat_answers(struct call *c, struct call_end *end);
/* It has run, and this is its answer. */
void repeat_keep(struct call *c, const struct call_end *end);
void repeat_free(struct service *s);
