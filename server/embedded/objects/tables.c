/* tables.c - every module's rows, in the order in which Allow headers name methods. */
#include "embedded/embedded.h"
#include "embedded/objects/ai_provider_private.h"
#include "embedded/objects/ai_route_private.h"
#include "embedded/objects/certificate_private.h"
#include "embedded/objects/consumer_private.h"
#include "embedded/objects/dashboard_private.h"
#include "embedded/objects/domain_private.h"
#include "embedded/objects/mcp_consumer_private.h"
#include "embedded/objects/mcp_server_private.h"
#include "embedded/objects/plugin_instance_private.h"
#include "embedded/objects/plugin_private.h"
#include "embedded/objects/proxy_private.h"
#include "embedded/objects/route_private.h"
#include "embedded/objects/service_private.h"
#include "embedded/objects/source_private.h"
#include "embedded/objects/system_private.h"
#include "embedded/rest/session.h"

const struct rest_route *const embedded_tables[] = {
    system_rest,      session_rest,  dashboard_rest,
    route_rest,       domain_rest,   source_rest,
    proxy_rest,       service_rest,  certificate_rest,
    consumer_rest,    plugin_rest,   plugin_instance_rest,
    ai_provider_rest, ai_route_rest, mcp_consumer_rest,
    mcp_server_rest,  NULL,
};
