/* kind_field.c - members of routes, domains, certificates, services, sources, proxies, consumers.
 *
 * A member that the console stores and these rows lack would be refused in a write: add its row.
 */
#include "kind/kind_field_private.h"

#define MATCH "EQUAL|PRE|REGULAR"

#define VERSION                                                                                    \
    {                                                                                              \
        "version", STR, OPT, "Changes with every write.", .flags = FIELD_MADE                      \
    }

const struct field kind_field_predicate[] = {
    { "matchType", STR, REQ, "EQUAL: the whole, PRE: a prefix, REGULAR: a regular expression.",
      .one_of = MATCH },
    { "matchValue", STR, REQ, "What is compared.", .max = 4096 },
    { "caseSensitive", BOOL, OPT, "Of a path only." },
    { 0 },
};

static const struct field keyed[] = {
    { "key", STR, REQ, "Name of the header or query parameter; ':authority' and the like too.",
      .min = 1, .max = 256 },
    { "matchType", STR, REQ, "EQUAL, PRE (a prefix) or REGULAR.", .one_of = MATCH },
    { "matchValue", STR, REQ, "What is compared.", .min = 1, .max = 4096 },
    { "caseSensitive", BOOL, OPT, "Shown only; the console does not store it here.",
      .flags = FIELD_MADE },
    { 0 },
};
const struct field kind_field_keyed = { .type = OBJ, .of = keyed };

static const struct field upstream[] = {
    { "name", STR, REQ, "Full name, as the kind service lists it: web.static, redis.dns.", .min = 1,
      .max = 253 },
    { "port", INT, OPT, "Port of the service.", .min = 1, .max = 65535 },
    { "version", STR, OPT, "Subset; stored only where there are several services.", .max = 253 },
    { "weight", INT, OPT, "Percent; those of several services sum to 100.", .min = 0, .max = 100,
      .otherwise = "100" },
    { 0 },
};
static const struct field an_upstream = { .type = OBJ, .of = upstream };

static const struct field rewrite[] = {
    { "enabled", BOOL, OPT, NULL, .otherwise = "true" },
    { "path", STR, OPT, "New path; \\1 stands for a group of a REGULAR path.", .max = 4096 },
    { "host", STR, OPT, "New Host header.", .max = 253 },
    { 0 },
};

const struct field kind_field_retry[] = {
    { "enabled", BOOL, OPT, NULL, .otherwise = "true" },
    { "attempts", INT, OPT, "How many tries.", .min = 0, .max = 100 },
    { "timeout", INT, OPT, "Seconds a try may take.", .min = 0, .max = 86400 },
    { "conditions", LIST, OPT,
      "error, timeout, invalid_header, http_500 … http_504, http_403, "
      "http_404, http_429, non_idempotent.",
      .of = &a_string },
    { 0 },
};

const struct field kind_field_cors[] = {
    { "enabled", BOOL, OPT, NULL },
    { "allowOrigins", LIST, OPT, NULL, .of = &a_string },
    { "allowMethods", LIST, OPT, NULL, .of = &a_string },
    { "allowHeaders", LIST, OPT, NULL, .of = &a_string },
    { "exposeHeaders", LIST, OPT, NULL, .of = &a_string },
    { "maxAge", INT, OPT, "Seconds.", .min = 0, .max = 2147483647 },
    { "allowCredentials", BOOL, OPT, NULL },
    { 0 },
};

static const struct field header[] = {
    { "key", STR, REQ, "Name of the header.", .min = 1, .max = 256 },
    { "value", STR, OPT, NULL, .max = 8192 },
    { 0 },
};
static const struct field a_header = { .type = OBJ, .of = header };
static const struct field header_stage[] = {
    { "add", LIST, OPT, NULL, .of = &a_header },
    { "set", LIST, OPT, NULL, .of = &a_header },
    { "remove", LIST, OPT, NULL, .of = &a_string },
    { 0 },
};
const struct field kind_field_headers[] = {
    { "enabled", BOOL, OPT, NULL, .otherwise = "true" },
    { "request", OBJ, OPT, NULL, .of = header_stage },
    { "response", OBJ, OPT, NULL, .of = header_stage },
    { 0 },
};

const struct field kind_field_auth[] = {
    { "enabled", BOOL, OPT, "Off when left out." },
    { "allowedCredentialTypes", LIST, OPT, "Only key-auth.", .of = &a_string },
    { "allowedConsumers", LIST, OPT, "Names of consumers that may call.", .of = &a_string },
    { 0 },
};

const struct field kind_field_route[] = {
    { "name", STR, REQ, "Lower-case letters, digits, '-' and '.'; not changed later.", .min = 1,
      .max = 253 },
    VERSION,
    { "domains", LIST, OPT, "Host names; none: every host.", .of = &a_string },
    { "path", OBJ, REQ, "Which paths.", .of = kind_field_predicate },
    { "methods", LIST, OPT, "GET, POST, …; none: every method.", .of = &a_string },
    { "headers", LIST, OPT, "Headers a request must have.", .of = &kind_field_keyed },
    { "urlParams", LIST, OPT, "Query parameters a request must have.", .of = &kind_field_keyed },
    { "services", LIST, REQ, "Where the traffic goes.", .min = 1, .max = 100, .of = &an_upstream },
    { "rewrite", OBJ, OPT, "Change of path and Host before forwarding.", .of = rewrite },
    { "proxyNextUpstream", OBJ, OPT, "Retries.", .of = kind_field_retry },
    { "cors", OBJ, OPT, "Cross-origin answers.", .of = kind_field_cors },
    { "headerControl", OBJ, OPT, "Headers added, set, removed.", .of = kind_field_headers },
    { "authConfig", OBJ, OPT, "Who may call.", .of = kind_field_auth },
    { "customConfigs", OBJ, OPT, "Further annotations: higress.io/timeout, …",
      .flags = FIELD_OPEN },
    { "customLabels", OBJ, OPT, "Further labels, texts.", .flags = FIELD_OPEN },
    { "readonly", BOOL, OPT, "True: not for the console's pages.", .flags = FIELD_MADE },
    { 0 },
};

const struct field kind_field_domain[] = {
    { "name", STR, REQ, "Host name, *.example.com, or higress-default-domain (every other host).",
      .min = 1, .max = 253 },
    VERSION,
    { "enableHttps", STR, OPT, "force also redirects HTTP.", .one_of = "off|on|force" },
    { "certIdentifier", STR, OPT, "Name of the TLS certificate.", .max = 253 },
    { 0 },
};

static const struct field vport_of[] = {
    { "name", STR, REQ, "Name of the service.", .min = 1, .max = 253 },
    { "value", INT, REQ, NULL, .min = 1, .max = 65535 },
    { 0 },
};
static const struct field a_vport = { .type = OBJ, .of = vport_of };
static const struct field vport[] = {
    { "defaultValue", INT, OPT, "Port of services without one of their own.", .min = 1,
      .max = 65535 },
    { "servicesVport", LIST, OPT, NULL, .of = &a_vport },
    { 0 },
};

static const struct field properties[] = {
    { "nacosNamespaceId", STR, OPT, "nacos, nacos2, nacos3." },
    { "nacosGroups", LIST, OPT, "Needed by nacos and nacos2.", .of = &a_string },
    { "enableMCPServer", BOOL, OPT, "nacos3." },
    { "mcpServerBaseUrl", STR, OPT, "nacos3: a path." },
    { "mcpServerExportDomains", LIST, OPT, "nacos3.", .of = &a_string },
    { "consulDatacenter", STR, OPT, "Needed by consul.", .min = 1 },
    { "consulServiceTag", STR, OPT, "consul." },
    { "consulRefreshInterval", INT, OPT, "consul, seconds.", .min = 10, .max = 600 },
    { "zkServicesPath", LIST, OPT, "zookeeper.", .of = &a_string },
    { 0 },
};

static const struct field authn[] = {
    { "enabled", BOOL, OPT, NULL },
    { "properties", OBJ, OPT, "nacosUsername and nacosPassword, or consulToken; never shown.",
      .flags = FIELD_OPEN | FIELD_SECRET },
    { 0 },
};

const struct field kind_field_source[] = {
    { "name", STR, REQ, "Letters, digits and '-'; its service is NAME.TYPE.", .min = 1, .max = 63 },
    VERSION,
    { "type", STR, REQ, NULL, .one_of = "static|dns|nacos|nacos2|nacos3|zookeeper|consul|eureka" },
    { "domain", STR, REQ, "static: IPv4:port,…; dns: host names,…; else one address.", .min = 1,
      .max = 8192 },
    { "port", INT, REQ, "static: 80.", .min = 1, .max = 65535 },
    { "protocol", STR, OPT, NULL, .one_of = "http|https|grpc|grpcs" },
    { "sni", STR, OPT, "For https and grpcs.", .max = 253 },
    { "proxyName", STR, OPT, "A proxy server to go through; static and dns only.", .max = 63 },
    { "vport", OBJ, OPT, "Ports for services that are found without one.", .of = vport },
    { "properties", OBJ, OPT, "Settings of registries.", .of = properties },
    { "authN", OBJ, OPT, "Login at the registry.", .of = authn },
    { 0 },
};

const struct field kind_field_proxy[] = {
    { "name", STR, REQ, "Lower-case letters, digits, '-', '_', '.'; begins with a letter.",
      .min = 1, .max = 63 },
    VERSION,
    { "type", STR, REQ, NULL, .one_of = "http" },
    { "serverAddress", STR, REQ, "IPv4 address or host name.", .min = 1, .max = 253 },
    { "serverPort", INT, REQ, NULL, .min = 1, .max = 65535 },
    { "connectTimeout", INT, OPT, "Milliseconds.", .min = 0, .max = 2147483647,
      .otherwise = "1200" },
    { 0 },
};

const struct field kind_field_service[] = {
    { "name", STR, OPT, "Full name.", .flags = FIELD_MADE },
    { "namespace", STR, OPT, "mcp for services of service sources.", .flags = FIELD_MADE },
    { "port", INT, OPT, NULL, .flags = FIELD_MADE },
    { "protocol", STR, OPT, NULL, .flags = FIELD_MADE },
    { "endpoints", LIST, OPT, "Addresses.", .flags = FIELD_MADE, .of = &a_string },
    { "version", INT, OPT, NULL, .flags = FIELD_MADE },
    { 0 },
};

const struct field kind_field_certificate[] = {
    { "name", STR, REQ, "Lower-case letters, digits, '-' and '.'.", .min = 1, .max = 253 },
    VERSION,
    { "cert", STR, REQ, "PEM, the server's certificate first; never shown.", .min = 1,
      .max = 1 << 20 },
    { "key", STR, REQ, "PEM private key of cert; never shown.", .min = 1, .max = 1 << 16,
      .flags = FIELD_SECRET },
    { "domains", LIST, OPT, "Names in the certificate.", .flags = FIELD_MADE, .of = &a_string },
    { "validityStart", STR, OPT, NULL, .flags = FIELD_MADE },
    { "validityEnd", STR, OPT, NULL, .flags = FIELD_MADE },
    { 0 },
};

static const struct field credential[] = {
    { "type", STR, REQ, NULL, .one_of = "key-auth" },
    { "source", STR, REQ, "Where the key is sent; BEARER: Authorization.",
      .one_of = "BEARER|HEADER|QUERY" },
    { "key", STR, OPT, "Name of the header or parameter; for HEADER and QUERY.", .max = 256 },
    { "values", LIST, OPT, "The keys; kept when left out of a change.", .flags = FIELD_SECRET,
      .of = &a_string },
    { 0 },
};
static const struct field a_credential = { .type = OBJ, .of = credential };

const struct field kind_field_consumer[] = {
    { "name", STR, REQ, NULL, .min = 1, .max = 253 },
    { "version", STR, OPT, NULL, .flags = FIELD_MADE },
    { "credentials", LIST, REQ, "Exactly one.", .min = 1, .max = 1, .of = &a_credential },
    { 0 },
};
