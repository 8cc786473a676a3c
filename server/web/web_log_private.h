/* web_log_private.h - what was said on a stream, for clients that lost it. */
#pragma once
#include "web/web_private.h"

void web_log_keep(struct web_reply *r, const char *text, size_t n);
void web_log_drop(struct web_reply *r); /* all of it */
/* Is all that came after the event still there? */
bool web_log_holds(const struct web_reply *r, unsigned long event);
/* Sends it. */
void web_log_replay(struct web_reply *r, unsigned long event);
