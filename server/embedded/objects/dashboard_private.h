/* dashboard_private.h - /dashboard/...: addresses of dashboards made elsewhere. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route dashboard_rest[];
