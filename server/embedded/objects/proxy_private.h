/* proxy_private.h - /v1/proxy-servers: forward proxies that sources may go through. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route proxy_rest[];
