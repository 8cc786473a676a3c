/* source_check.c - the validation of service sources, in the console's order and words.
 *
 * What a type asks for is its row of types[].
 */
#include "embedded/objects/source_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "embedded/rest/check.h"
#include "embedded/rest/java_text.h"

#include <limits.h>
#include <math.h>

static bool check_static(struct rest_request *r, const cJSON *source);
static bool check_dns(struct rest_request *r, const cJSON *source);
static bool check_nacos(struct rest_request *r, const cJSON *source);
static bool check_consul(struct rest_request *r, const cJSON *source);

static const struct source_type {
    const char *name;
    bool registry; /* its domain is one address */
    bool (*check)(struct rest_request *r, const cJSON *source);
} types[] = {
    { "nacos", true, check_nacos },    { "nacos2", true, check_nacos },
    { "nacos3", true, check_nacos },   { "zookeeper", true, NULL },
    { "consul", true, check_consul },  { "eureka", true, NULL },
    { "static", false, check_static }, { "dns", false, check_dns },
};

static const struct source_type *find_source_type(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

/* One member of a comma list, NUL-terminated. */
typedef bool check_member(struct rest_request *r, const char *s);

/* "10.0.0.1:80", as split at ':' by Java: empty parts at the end do not count. */
static bool check_endpoint(struct rest_request *r, const char *s)
{
    char *part[2];
    int port;
    if (java_split(r->arena, s, ':', part, 2) != 2)
        return rest_fail(r, X_VALIDATION,
                         "Invalid address format: %s. Correct format is IP:Port, e.g., "
                         "192.168.1.1:8080",
                         s);
    if (!check_ipv4(part[0], strlen(part[0])))
        return rest_fail(r, X_VALIDATION, "Invalid IP address format: %s", part[0]);
    if (!java_parse_int(part[1], &port))
        return rest_fail(r, X_VALIDATION, "Invalid port number: %s. Port must be an integer.",
                         part[1]);
    if (port < 1 || port > 65535)
        return rest_fail(r, X_VALIDATION, "Invalid port range: %d. Port must be between 1-65535.",
                         port);
    return true;
}

static bool check_host(struct rest_request *r, const char *s)
{
    return check_domain(s, strlen(s)) || rest_fail(r, X_VALIDATION, "Invalid domain format: %s", s);
}

/* Each member of `domain`, blanks around it cut off; empty ones are overlooked, wherever they are.
 * False after a failure; *n: how many there were. */
static bool each_member(struct rest_request *r, const cJSON *source, check_member *check, int *n)
{
    static const char blank[] = " \t\r\n\f\v";
    for (const char *p = json_str(source, "domain");; p++) {
        size_t len = strcspn(p, ","), from = strspn(p, blank);
        size_t to = len;
        while (to > from && strchr(blank, p[to - 1]))
            to--;
        if (from < to) {
            ++*n;
            if (!check(r, arena_strndup(r->arena, p + from, to - from)))
                return false;
        }
        p += len;
        if (!*p)
            return true;
    }
}

static bool check_static(struct rest_request *r, const cJSON *source)
{
    int n = 0;
    return each_member(r, source, check_endpoint, &n) &&
           (n || rest_fail(r, X_VALIDATION,
                           "Static service source domain format is invalid. Must provide a list of "
                           "IP:Port addresses separated by commas."));
}

static bool check_dns(struct rest_request *r, const cJSON *source)
{
    int n = 0;
    return each_member(r, source, check_host, &n) &&
           (n || rest_fail(r, X_VALIDATION,
                           "DNS service source domain format is invalid. Must provide a list of "
                           "domain names separated by commas."));
}

static bool check_nacos(struct rest_request *r, const cJSON *source)
{
    const cJSON *properties = json_get(source, "properties");
    const cJSON *groups = json_get(properties, "nacosGroups");
    if (json_count(properties) == 0)
        return rest_fail(r, X_VALIDATION,
                         "Nacos service source requires properties configuration.");
    bool nacos3 = strcmp(json_str(source, "type"), "nacos3") == 0;
    if (nacos3 && json_true(properties, "enableMCPServer"))
        return true;
    if (json_count(groups) == 0 || !cJSON_IsArray(groups))
        return rest_fail(r, X_VALIDATION,
                         "Nacos service source requires at least one group in nacosGroups.");
    return true;
}

static bool check_consul(struct rest_request *r, const cJSON *source)
{
    const cJSON *properties = json_get(source, "properties");
    const cJSON *interval = json_get(properties, "consulRefreshInterval");
    if (json_count(properties) == 0)
        return rest_fail(r, X_VALIDATION,
                         "Consul service source requires properties configuration.");
    if (check_blank(json_str(properties, "consulDatacenter")))
        return rest_fail(r, X_VALIDATION,
                         "Consul service source requires consulDatacenter configuration.");
    if (!interval || cJSON_IsNull(interval))
        return true;
    double n = cJSON_IsNumber(interval) ? interval->valuedouble : 0.5;
    if (n != trunc(n) || fabs(n) > INT_MAX)
        return rest_fail(r, X_VALIDATION,
                         "Invalid type for consulRefreshInterval. Must be an integer.");
    if (n < 10 || n > 600)
        return rest_fail(r, X_VALIDATION,
                         "Invalid consulRefreshInterval value: %.0f. Must be between 10 and 600 "
                         "seconds.",
                         n);
    return true;
}

static bool check_export_domains(struct rest_request *r, const cJSON *domains)
{
    const cJSON *domain;
    if (domains && !cJSON_IsNull(domains) && !cJSON_IsArray(domains))
        return rest_fail(r, X_VALIDATION,
                         "Invalid type for mcpServerExportDomains. Must be a list of strings.");
    cJSON_ArrayForEach(domain, domains)
    {
        if (!cJSON_IsString(domain))
            return rest_fail(
                r, X_VALIDATION,
                "Invalid domain in mcpServerExportDomains. All entries must be strings.");
        if (!check_domain(domain->valuestring, strlen(domain->valuestring)))
            return rest_fail(r, X_VALIDATION, "Invalid domain format in mcpServerExportDomains: %s",
                             domain->valuestring);
    }
    return true;
}

static bool check_mcp(struct rest_request *r, const cJSON *source)
{
    const cJSON *properties = json_get(source, "properties");
    const cJSON *enable = json_get(properties, "enableMCPServer");
    const cJSON *base = json_get(properties, "mcpServerBaseUrl");
    if (strcmp(json_str(source, "type"), "nacos3") != 0 || !enable || cJSON_IsNull(enable))
        return true;
    if (!cJSON_IsBool(enable))
        return rest_fail(r, X_VALIDATION, "Invalid type for enableMCPServer. Must be a boolean.");
    if (!cJSON_IsTrue(enable))
        return true;
    if (!check_export_domains(r, json_get(properties, "mcpServerExportDomains")))
        return false;
    if (!cJSON_IsString(base))
        return rest_fail(r, X_VALIDATION, "Invalid type for mcpServerBaseUrl. Must be a string.");
    return check_url_path(base->valuestring) ||
           rest_fail(r, X_VALIDATION,
                     "Invalid mcpServerBaseUrl format: %s. Must start with '/' and cannot "
                     "contain '?' characters.",
                     base->valuestring);
}

static const char *or_null(const char *s)
{
    return s ? s : "null";
}

static bool check_vport(struct rest_request *r, const cJSON *vport)
{
    const cJSON *port = json_get(vport, "defaultValue"), *service, *other;
    if (port && !cJSON_IsNull(port) && !check_port(port))
        return rest_fail(r, X_VALIDATION,
                         "Invalid VPort default value. Must be an integer between 1-65535.");
    cJSON_ArrayForEach(service, json_get(vport, "servicesVport"))
    {
        const char *name = or_null(json_str(service, "name"));
        if (cJSON_IsNull(service))
            return rest_fail(r, X_NULL_POINTER,
                             "Cannot invoke \"com.alibaba.higress.sdk.service.kubernetes.crd.mcp."
                             "VPort$ServiceVport.getValue()\" because \"serviceVport\" is null");
        if (!check_port(json_get(service, "value")))
            return rest_fail(r, X_VALIDATION,
                             "Invalid VPort value for service %s. Must be an integer between "
                             "1-65535.",
                             name);
        for (other = json_get(vport, "servicesVport")->child; other != service; other = other->next)
            if (strcmp(or_null(json_str(other, "name")), name) == 0)
                return rest_fail(r, X_VALIDATION,
                                 "Duplicate service name in VPort configuration: %s", name);
    }
    return true;
}

static bool check_present(struct rest_request *r, const cJSON *source)
{
    const char *type = json_str(source, "type");
    if (check_blank(json_str(source, "name")))
        return rest_fail(r, X_VALIDATION, "Service source name is required.");
    if (check_blank(type))
        return rest_fail(r, X_VALIDATION, "Service source type is required.");
    if (check_blank(json_str(source, "domain")))
        return rest_fail(r, X_VALIDATION, "Service source domain/IP is required.");
    if (!check_service_name(json_str(source, "name")))
        return rest_fail(r, X_VALIDATION,
                         "Invalid service source name format. Name can only contain letters, "
                         "numbers, and hyphens(-), cannot start or end with a hyphen, and must be "
                         "1-63 characters long.");
    return find_source_type(type) ||
           rest_fail(r, X_VALIDATION,
                     "Unsupported service source type: %s. Supported types: [nacos, nacos2, "
                     "nacos3, zookeeper, consul, eureka, static, dns]",
                     type);
}

static bool check_address(struct rest_request *r, const cJSON *source,
                          const struct source_type *type)
{
    const char *domain = json_str(source, "domain");
    size_t n = strlen(domain);
    if (type->registry && !check_ipv4(domain, n) && !check_domain(domain, n))
        return rest_fail(r, X_VALIDATION,
                         "Invalid domain format. For %s type, domain must be a valid domain name "
                         "or IP address.",
                         type->name);
    if (!cJSON_IsNumber(json_get(source, "port")))
        return rest_fail(r, X_VALIDATION, "Service source port is required.");
    return check_port(json_get(source, "port")) ||
           rest_fail(r, X_VALIDATION,
                     "Invalid port range. Port must be an integer between 1-65535.");
}

bool source_check(struct rest_request *r, const cJSON *source)
{
    if (!check_present(r, source))
        return false;
    const struct source_type *type = find_source_type(json_str(source, "type"));
    const char *proxy = json_str(source, "proxyName");
    if (!check_address(r, source, type) || !check_mcp(r, source) ||
        (type->check && !type->check(r, source)))
        return false;
    if (type->registry && proxy && *proxy)
        return rest_fail(r, X_VALIDATION,
                         "Proxy server name is only supported for static and dns types.");
    return check_vport(r, json_get(source, "vport"));
}
