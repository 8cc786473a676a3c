/* passkey_private.h - passkeys at the pages: what a browser is asked for, and what its answer is
 * worth. Whom a key is of: the person of the table, or the name of an approver's token, whichever
 * way they logged in.
 */
#pragma once
#include "base/json.h"
#include "web/visit_private.h"

/* Whose keys this visitor's are. */
const char *passkey_person(const struct visit *v);
/* Those that are worth something. NULL: e. */
cJSON *passkey_list(const struct visit *v, struct err *e);
/* What navigator.credentials.create is to be given, for that code. NULL: e. */
cJSON *passkey_ask_new(const struct visit *v, const char *code, struct err *e);
/* Takes the new key: "code", "name", "client", "attestation" of the form. */
bool passkey_enrol(const struct visit *v, struct err *e);
/* What navigator.credentials.get is to be given, for an approval of what the form says: "digest",
 * "rendering". NULL: e. */
cJSON *passkey_ask_sign(const struct visit *v, const char *change, struct err *e);
/* Did one of this person's keys sign for exactly that ("passkey", "digest", "rendering" of the
 * form)? Once: no answer counts twice. False: e, and the audit, say why. */
bool passkey_signed(const struct visit *v, const char *change, struct err *e);
