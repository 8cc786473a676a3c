/* source_check.c - the validation of service sources, in the console's order and words.
 *
 * What a type asks for is its row of types[].
 */
#include "embedded/objects/source_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "embedded/rest/check.h"

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

static const struct source_type *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

/* Java's trim: n bytes at *s without the blanks around them. */
static size_t trim(const char **s, size_t n)
{
    while (n && (unsigned char)**s <= ' ')
        (*s)++, n--;
    while (n && (unsigned char)(*s)[n - 1] <= ' ')
        n--;
    return n;
}

/* "10.0.0.1:80" of n bytes. */
static bool check_endpoint(struct rest_request *r, const char *s, size_t n)
{
    n = trim(&s, n);
    const char *colon = memchr(s, ':', n);
    size_t host = colon ? (size_t)(colon - s) : n;
    if (!colon || memchr(colon + 1, ':', n - host - 1))
        return rest_fail(r, X_VALIDATION,
                         "Invalid address format: %.*s. Correct format is IP:Port, e.g., "
                         "192.168.1.1:8080",
                         (int)n, s);
    if (!check_ipv4(s, host))
        return rest_fail(r, X_VALIDATION, "Invalid IP address format: %.*s", (int)host, s);
    if (!check_port_text(colon + 1, n - host - 1))
        return rest_fail(r, X_VALIDATION, "Invalid port range: %.*s. Port must be between 1-65535.",
                         (int)(n - host - 1), colon + 1);
    return true;
}

/* "shop.example.com" of n bytes. */
static bool check_host(struct rest_request *r, const char *s, size_t n)
{
    n = trim(&s, n);
    return check_domain(s, n) ||
           rest_fail(r, X_VALIDATION, "Invalid domain format: %.*s", (int)n, s);
}

/* Each member of the comma list in `domain`; like Java's split, empty ones at the end do not count.
 */
static bool each_address(struct rest_request *r, const cJSON *source,
                         bool (*check)(struct rest_request *r, const char *s, size_t n))
{
    const char *p = json_str(source, "domain");
    size_t end = strlen(p);
    while (end && p[end - 1] == ',')
        end--;
    for (size_t at = 0; at <= end;) {
        size_t len = strcspn(p + at, ",");
        if (at + len > end)
            len = end - at;
        if (!check(r, p + at, len))
            return false;
        at += len + 1;
    }
    return true;
}

static bool check_static(struct rest_request *r, const cJSON *source)
{
    return each_address(r, source, check_endpoint);
}

static bool check_dns(struct rest_request *r, const cJSON *source)
{
    return each_address(r, source, check_host);
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
        return rest_fail(r, X_VALIDATION, "Consul service source requires consulDatacenter.");
    if (!interval || cJSON_IsNull(interval))
        return true;
    if (!cJSON_IsNumber(interval) || interval->valuedouble < 10 || interval->valuedouble > 600)
        return rest_fail(r, X_VALIDATION,
                         "Invalid consulRefreshInterval value: %s. Must be between 10 and 600 "
                         "seconds.",
                         json_print(r->arena, interval));
    return true;
}

static bool check_mcp(struct rest_request *r, const cJSON *source)
{
    const cJSON *properties = json_get(source, "properties"), *domain;
    const cJSON *enable = json_get(properties, "enableMCPServer");
    const char *base = json_str(properties, "mcpServerBaseUrl");
    if (strcmp(json_str(source, "type"), "nacos3") != 0 || !enable || cJSON_IsNull(enable))
        return true;
    if (!cJSON_IsBool(enable))
        return rest_fail(r, X_VALIDATION, "Invalid type for enableMCPServer. Must be a boolean.");
    if (!cJSON_IsTrue(enable))
        return true;
    if (!check_url_path(base))
        return rest_fail(r, X_VALIDATION,
                         "Invalid mcpServerBaseUrl format: %s. Must start with '/' and cannot "
                         "contain '?' characters.",
                         base ? base : "null");
    cJSON_ArrayForEach(domain, json_get(properties, "mcpServerExportDomains"))
    {
        const char *text = cJSON_IsString(domain) ? domain->valuestring : "null";
        if (!check_domain(text, strlen(text)))
            return rest_fail(r, X_VALIDATION, "Invalid domain format in mcpServerExportDomains: %s",
                             text);
    }
    return true;
}

static bool check_vport(struct rest_request *r, const cJSON *vport)
{
    const cJSON *port = json_get(vport, "defaultValue"), *service, *other;
    if (port && !cJSON_IsNull(port) && !check_port(port))
        return rest_fail(r, X_VALIDATION,
                         "Invalid VPort default value. Must be an integer between 1-65535.");
    cJSON_ArrayForEach(service, json_get(vport, "servicesVport"))
    {
        const char *name = json_str(service, "name");
        if (check_blank(name))
            return rest_fail(r, X_VALIDATION, "Service name in VPort configuration is required.");
        if (!check_port(json_get(service, "value")))
            return rest_fail(r, X_VALIDATION, "Invalid VPort value of service: %s", name);
        for (other = json_get(vport, "servicesVport")->child; other != service; other = other->next)
            if (strcmp(json_str(other, "name"), name) == 0)
                return rest_fail(r, X_VALIDATION,
                                 "Duplicate service name in VPort configuration: %s", name);
    }
    return true;
}

static bool check_present(struct rest_request *r, const cJSON *source)
{
    const cJSON *port = json_get(source, "port");
    if (check_blank(json_str(source, "name")))
        return rest_fail(r, X_VALIDATION, "Service source name is required.");
    if (check_blank(json_str(source, "type")))
        return rest_fail(r, X_VALIDATION, "Service source type is required.");
    if (check_blank(json_str(source, "domain")))
        return rest_fail(r, X_VALIDATION, "Service source domain/IP is required.");
    if (!check_service_name(json_str(source, "name")))
        return rest_fail(r, X_VALIDATION,
                         "Invalid service source name format. Name can only contain letters, "
                         "numbers, and hyphens(-), cannot start or end with a hyphen, and must be "
                         "1-63 characters long.");
    if (!find_type(json_str(source, "type")))
        return rest_fail(r, X_VALIDATION,
                         "Unsupported service source type: %s. Supported types: [nacos, nacos2, "
                         "nacos3, zookeeper, consul, eureka, static, dns]",
                         json_str(source, "type"));
    if (!cJSON_IsNumber(port))
        return rest_fail(r, X_VALIDATION, "Service source port is required.");
    return true;
}

bool source_check(struct rest_request *r, const cJSON *source)
{
    if (!check_present(r, source))
        return false;
    const char *domain = json_str(source, "domain"), *proxy = json_str(source, "proxyName");
    const struct source_type *type = find_type(json_str(source, "type"));
    if (type->registry && !check_ipv4(domain, strlen(domain)) &&
        !check_domain(domain, strlen(domain)))
        return rest_fail(r, X_VALIDATION, "Invalid domain/IP format: %s", domain);
    if (!check_port(json_get(source, "port")))
        return rest_fail(r, X_VALIDATION,
                         "Invalid port range. Port must be an integer between 1-65535.");
    if (!check_mcp(r, source))
        return false;
    if (type->check && !type->check(r, source))
        return false;
    if (type->registry && !check_blank(proxy))
        return rest_fail(r, X_VALIDATION,
                         "Proxy server name is only supported for static and dns types.");
    return check_vport(r, json_get(source, "vport"));
}
