/* dashboard.h - /dashboard/...: addresses of dashboards made elsewhere. */
#pragma once
#include "embedded/rest.h"

extern const struct rest_route dashboard_rest[];
