/* consumer_private.h - /v1/consumers: who may call guarded routes, stored in key-auth.internal. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route consumer_rest[];
