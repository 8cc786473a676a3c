/* session.h - who is asking: the console's one account, its cookie and HTTP Basic. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route session_rest[];

/* True when cookie or Basic name the admin; else the request has been answered. */
bool session_check(struct rest_request *r);
/* Is there a complete admin account? */
bool session_has_admin(struct rest_request *r);
/* Writes the account into secret higress-console with new random key and iv. user: {name,
 * displayName, password}. False: the request has been answered. */
bool session_set_admin(struct rest_request *r, const cJSON *user);
