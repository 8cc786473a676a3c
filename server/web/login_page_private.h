/* login_page_private.h - what logins of every kind share (web_login.c): the page, the audit, and
 * the session at their end. */
#pragma once
#include "web/visit_private.h"

extern const char login_full[]; /* in words: there is no place for another session */

/* to: a path of ours where it goes on, checked here. wrong: a sentence, or NULL. */
void login_show(struct visit *v, int status, const char *to, const char *wrong);
/* Has its source tried too often? True after a 429. token: what it tries; "": something else. */
bool login_must_wait(struct visit *v, const char *token, const char *to);
/* A line of the audit by the channel of the pages. detail: NULL: nothing more. */
void login_note(struct web *w, const char *event, const char *who, cJSON *detail);
/* Another session than that which the browser came with, if any: an id that somebody gave it is
 * worth nothing after a login. Returns the value of Set-Cookie; NULL: login_full. who: its form is
 * not read. secret: as login_open. */
const char *login_new_session(struct visit *v, const struct logged_in *who, const char *secret,
                              cJSON *detail);
