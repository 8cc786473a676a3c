/* pages_private.h - the exchanges of the pages: web_login.c, web_pages.c, web_live.c, web_undo.c.
 */
#pragma once

struct arena;
struct http_exchange;
struct web;

void web_login_page(struct web *w, struct http_exchange *x);
void web_login(struct web *w, struct http_exchange *x);
void web_oidc_begin(struct web *w, struct http_exchange *x);  /* to the provider, */
void web_oidc_answer(struct web *w, struct http_exchange *x); /* and back; web_oidc.c */
void web_oidc_start(struct web *w);
void web_oidc_stop(struct web *w); /* the server ends */
/* Where people log out at the provider; NULL: nowhere. */
const char *web_oidc_leave(const struct web *w, struct arena *a);
void web_logout(struct web *w, struct http_exchange *x);
void web_stop_judging(struct web *w);                  /* the server ends */
void web_home(struct web *w, struct http_exchange *x); /* web_map.c */
void web_changes(struct web *w, struct http_exchange *x);
void web_one_change(struct web *w, struct http_exchange *x);
void web_decide(struct web *w, struct http_exchange *x);
void web_undo(struct web *w, struct http_exchange *x, const char *who, const char *id);
void web_audit(struct web *w, struct http_exchange *x);
void web_audit_verify(struct web *w, struct http_exchange *x);
void web_passkeys(struct web *w, struct http_exchange *x); /* a person's keys; web_passkey.c */
void web_passkey_enrol(struct web *w, struct http_exchange *x);
void web_passkey_new(struct web *w, struct http_exchange *x);  /* what a browser asks a key, */
void web_passkey_sign(struct web *w, struct http_exchange *x); /* as JSON */
void web_old_link(struct web *w, struct http_exchange *x);     /* /change?id=ID */
void web_asset(struct web *w, struct http_exchange *x);
void web_live(struct web *w, struct http_exchange *x);
void web_live_tick(struct web *w); /* once a second */
void web_live_end(struct web *w);

/* web_chat.c. Is the request for a bot not too long? False after a 413. For the gate. */
bool web_chat_fits(struct http_exchange *x);
void web_chat(struct web *w, struct http_exchange *x);
void web_alert(struct web *w, struct http_exchange *x);
