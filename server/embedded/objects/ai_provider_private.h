/* ai_provider_private.h - /v1/ai/providers: large language models behind the gateway.
 *
 * A provider is an entry of spec.defaultConfig.providers in WasmPlugin ai-proxy.internal, a rule
 * there that binds a service to it, and a registry llm-NAME.internal in McpBridge default.
 */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route ai_provider_rest[];

/* Where the traffic of a provider goes: "llm-NAME.internal.dns:443". NULL: there is no provider of
 * that name. */
char *ai_provider_destination(struct rest_request *r, const char *name);
/* The same without the port: the name that match rules use. */
char *ai_provider_service(struct rest_request *r, const char *name);
