/* test_trap_source.c - traps of sources, domains and canaries: what the real stack does and the
 * console does not say. */
#include "trap_case.h"

#include "rule/trap_private.h"

#define SOURCE(domain)                                                                             \
    "{\"service-source\":[{\"name\":\"web\",\"type\":\"static\",\"port\":80,\"domain\":\"" domain  \
    "\"}]}"
#define ROUTE(port)                                                                                \
    "{\"service-source\":[{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.1:9000\","     \
    "\"port\":"                                                                                    \
    "8080}],\"route\":[{\"name\":\"r\",\"services\":[{\"name\":\"web.static\",\"port\":" port      \
    "}]}],"                                                                                        \
    "\"mcp-server\":[]}"
#define NAME_50 "a23456789.b23456789.c23456789.d23456789.e23456.com"

static const struct trap_case cases[] = {
    { "data-plane MCPBRIDGE", "SOURCE_DROPPED", SOURCE("10.0.0.1:80, 10.0.0.2:80"), "web",
      "domain: the address ' 10.0.0.2:80' holds a blank", SOURCE("10.0.0.1:80,10.0.0.2:80") },
    { "data-plane MCPBRIDGE", "SOURCE_DROPPED", SOURCE("10.0.0.1:80,"), "web",
      "domain: the address '' is empty", SOURCE("10.0.0.1:80") },
    { "data-plane MCPBRIDGE", "SOURCE_DROPPED", SOURCE("10.0.0.01:80"), "web",
      "'10.0.0.01:80' is not IPv4:port", SOURCE("10.0.0.1:65535") },
    { "data-plane MCPBRIDGE", "SOURCE_DROPPED",
      "{\"service-source\":[{\"name\":\"d\",\"type\":\"dns\",\"domain\":\"a.example, "
      "b.example\"}]}",
      "d", "the service d.dns is not there",
      "{\"service-source\":[{\"name\":\"d\",\"type\":\"dns\",\"domain\":\"a.example,B.example\"}]"
      "}" },
    { "data-plane NOCLUSTER", "SERVICE_PORT", ROUTE("80"), "r",
      "services[0].port: goes to port 80 of web.static, whose source says 8080", ROUTE("8080") },
    { "console-api 6.1", "DOMAIN_TOO_LONG",
      "{\"domain\":[{\"name\":\"*." NAME_50 "\"}],\"route\":[],\"ai-route\":[],\"mcp-server\":[]}",
      "*." NAME_50, "66 bytes as a label",
      "{\"domain\":[{\"name\":\"" NAME_50 "\"}],\"route\":[],\"ai-route\":[],\"mcp-server\":[]}" },
    { "annotations 3", "CANARY_OWN_ENVOY",
      "{\"route\":[{\"name\":\"c\",\"customConfigs\":{\"higress.io/"
      "canary-by-header\":\"x\"}}],\"ai-route\":[]}",
      "c", "higress.io/canary-by-header needs Higress' own Envoy",
      "{\"route\":[{\"name\":\"c\",\"customConfigs\":{\"higress.io/"
      "canary-weight\":\"5\"}}],\"ai-route\":[]}" },
};

static void cases_by_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        case_try(&cases[i]);
}

static void every_row_has_a_case(void **state)
{
    (void)state;
    case_all_tried(trap_source_rows, cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_by_number),
        cmocka_unit_test(every_row_has_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
