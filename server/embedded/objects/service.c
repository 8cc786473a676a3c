/* service.c - static and dns sources as services of namespace "mcp". The other registries would
 * need a client of their own to know their services, so they show none. */
#include "embedded/objects/service_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/objects/bridge_private.h"
#include "embedded/rest/model.h"
#include "kind/addresses.h"

#include <ctype.h>

static const struct model_field service_model[] = { { "name", M_STR },
                                                    { "namespace", M_STR },
                                                    { "port", M_INT },
                                                    { "version", M_STR },
                                                    { "endpoints", M_LIST, model_a_string },
                                                    { "protocol", M_STR },
                                                    { 0 } };

/* As the controller has it. That the console's recordings list a static source with an empty last
 * member is answered strictly; the better console does not. */
static bool is_service_listed(const struct rest_request *r, const cJSON *registry)
{
    const char *type = json_str(registry, "type"), *domain = json_str(registry, "domain");
    struct addresses_fault fault;
    if (!type || !domain || (strcmp(type, "static") != 0 && strcmp(type, "dns") != 0))
        return false;
    size_t n = strlen(domain);
    if (n && domain[n - 1] == ',' && *type == 's' && !rest_is_lenient(r))
        domain = arena_strndup(r->arena, domain, n - 1);
    return addresses_taken(r->arena, type, domain, &fault);
}

static bool list_has_text(const cJSON *list, const char *s, size_t n)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, list)
    {
        if (strlen(one->valuestring) == n && strncmp(one->valuestring, s, n) == 0)
            return true;
    }
    return false;
}

/* Addresses of the comma list, each once, without their ports. */
static void add_service_endpoints(struct arena *a, cJSON *service, const char *domain)
{
    cJSON *list = json_set_array(a, service, "endpoints");
    while (domain && *domain) {
        size_t len = strcspn(domain, ","), host = strcspn(domain, ",:");
        if (host && !list_has_text(list, domain, host))
            json_add(a, list, json_stringn(a, domain, host));
        domain += len + (domain[len] == ',');
    }
}

static cJSON *service_from_registry(struct arena *a, const cJSON *registry)
{
    cJSON *out = model_new(a, service_model);
    const char *given = json_str(registry, "protocol");
    char *protocol = arena_strdup(a, given && *given ? given : "http");
    for (char *p = protocol; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    json_set_str(a, out, "name", bridge_service_name(a, registry));
    json_set_str(a, out, "namespace", "mcp");
    json_set_num(a, out, "port", json_num(registry, "port", 80));
    add_service_endpoints(a, out, json_str(registry, "domain"));
    json_set_str(a, out, "protocol", protocol);
    return out;
}

static int compare_service_names(const void *x, const void *y)
{
    return strcmp(json_str(*(cJSON *const *)x, "name"), json_str(*(cJSON *const *)y, "name"));
}

static void service_get_all(struct rest_request *r)
{
    const cJSON *registries = bridge_list(r, "registries"), *registry;
    cJSON **services = arena_array(r->arena, cJSON *, json_count(registries) + 1);
    size_t n = 0;
    cJSON_ArrayForEach(registry, registries)
    {
        if (is_service_listed(r, registry))
            services[n++] = service_from_registry(r->arena, registry);
    }
    qsort(services, n, sizeof *services, compare_service_names);
    cJSON *out = json_array(r->arena);
    for (size_t i = 0; i < n; i++)
        json_add(r->arena, out, services[i]);
    rest_page(r, out);
}

bool service_exists(struct rest_request *r, const char *name)
{
    const cJSON *registry;
    cJSON_ArrayForEach(registry, bridge_list(r, "registries"))
    {
        if (is_service_listed(r, registry) &&
            strcmp(bridge_service_name(r->arena, registry), name) == 0)
            return true;
    }
    return false;
}

const struct rest_route service_rest[] = {
    { "GET", "/v1/services", service_get_all, NULL, REST_PAGED },
    { 0 },
};
