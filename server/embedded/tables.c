/* tables.c - every module's rows, in the order in which Allow headers name methods. */
#include "embedded/ai_provider.h"
#include "embedded/ai_route.h"
#include "embedded/certificate.h"
#include "embedded/consumer.h"
#include "embedded/dashboard.h"
#include "embedded/domain.h"
#include "embedded/embedded.h"
#include "embedded/mcp_consumer.h"
#include "embedded/mcp_server.h"
#include "embedded/plugin.h"
#include "embedded/plugin_instance.h"
#include "embedded/proxy.h"
#include "embedded/route.h"
#include "embedded/service.h"
#include "embedded/session.h"
#include "embedded/source.h"
#include "embedded/system.h"

const struct rest_route *const embedded_tables[] = {
    system_rest,      session_rest,  dashboard_rest,
    route_rest,       domain_rest,   source_rest,
    proxy_rest,       service_rest,  certificate_rest,
    consumer_rest,    plugin_rest,   plugin_instance_rest,
    ai_provider_rest, ai_route_rest, mcp_consumer_rest,
    mcp_server_rest,  NULL,
};
