/* store_pin.h - settings of a state that bind every process on it: its pin and its passphrase.
 *
 * They are kept in state.db under the anchor of the audit, so that an edited, removed or older one
 * is noticed (ERR_SYSTEM). Changing one writes an audit line. Who may change one is asked by the
 * caller: a person at a terminal, or a server that finds nothing pinned.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct store;

/* What is pinned: {"mode","approvers":[{"name","sha256"}],"least":{"change","destroy"},
 * "gateways":[{"url","mode","least"}],"policy","policy_digest"?,"people","by","at"}.
 * NULL: nothing, or e is set. mode: the strongest that may run; approvers: those who may be
 * configured; least: a channel that decides is worth at least that, by risk;
 * policy and people: whether a process must have an enforced policy, and a table of people.
 * policy_digest: which policy it was (struct rules); another one is said, and audited. */
cJSON *store_pin(struct store *s, struct arena *a, struct err *e);
/* pin NULL: nothing is pinned from now on. who and channel go into the audit. */
bool store_set_pin(struct store *s, const cJSON *pin, const char *who, const char *channel,
                   struct err *e);

/* [{"gateway"?: URL, "reason", "by", "at", "until": Unix seconds}]: what is frozen, also what has
 * thawed by itself. NULL: nothing, or e is set. */
cJSON *store_freezes(struct store *s, struct arena *a, struct err *e);
/* event: "frozen" or "freeze lifted", for the audit. */
bool store_set_freezes(struct store *s, const cJSON *list, const char *event, const char *who,
                       const char *channel, struct err *e);

/* The passphrase of the terminal, as scrypt. text NULL: none is asked for from now on. */
bool store_set_passphrase(struct store *s, const char *text, const char *who, const char *channel,
                          struct err *e);
bool store_has_passphrase(struct store *s, bool *has, struct err *e);
/* Takes some 0.1 s whatever the text is. *right is false where none is set. A wrong one is audited,
 * and after five in a row one a minute is looked at (ERR_POLICY says so). */
bool store_try_passphrase(struct store *s, const char *text, const char *who, const char *channel,
                          bool *right, struct err *e);
