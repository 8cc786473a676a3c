/* tables.c - every module's rows, in the order in which Allow headers name methods. */
#include "embedded/certificate.h"
#include "embedded/dashboard.h"
#include "embedded/domain.h"
#include "embedded/embedded.h"
#include "embedded/proxy.h"
#include "embedded/route.h"
#include "embedded/service.h"
#include "embedded/session.h"
#include "embedded/source.h"
#include "embedded/system.h"

const struct rest_route *const embedded_tables[] = {
    system_rest, session_rest, dashboard_rest, route_rest,       domain_rest,
    source_rest, proxy_rest,   service_rest,   certificate_rest, NULL,
};
