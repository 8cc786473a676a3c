/* check_source.c - rules of service sources and proxy servers. */
#include "kind/addresses.h"
#include "rule/check_private.h"

/* Letters, digits and inner hyphens. */
static bool plain_name(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

static bool source_name(const struct check *c)
{
    const char *name = json_str(c->after, c->k->key);
    return c->before || !name || plain_name(name) ||
           check_no(c, "%s: '%s' is not 1 to 63 letters, digits and inner hyphens", c->k->key,
                    check_shown(c, name));
}

struct part {
    const struct check *c;
    const char *what;
};

static bool domain_wrong(const struct part *p, const char *s, size_t n, const char *want)
{
    return check_no(p->c, "domain: '%s' is not %s", check_shown(p->c, arena_strndup(p->c->a, s, n)),
                    want);
}

static bool static_part(void *arg, const char *s, size_t n)
{
    const struct part *p = arg;
    const char *colon = memchr(s, ':', n);
    size_t ip = colon ? (size_t)(colon - s) : n;
    bool good = colon && check_word_ipv4(s, ip) && check_word_port(colon + 1, n - ip - 1);
    return good ||
           domain_wrong(p, s, n, "IPv4:port, such as 10.0.0.1:8080, which a static source needs");
}

static bool dns_part(void *arg, const char *s, size_t n)
{
    const struct part *p = arg;
    return check_word_host(s, n) ||
           domain_wrong(p, s, n,
                        "a dotted lower-case host name without port, which a dns source needs");
}

/* What the console takes and the controller does not. */
static bool controller_takes(const struct check *c, const char *type, const char *domain)
{
    struct addresses_fault f;
    return addresses_taken(c->a, type, domain, &f) ||
           check_no(c,
                    "domain: '%s' %s; the console takes it, and the controller then drops the "
                    "whole source: its service is not there (503)",
                    check_shown(c, f.member), f.why);
}

static bool source_domain(const struct check *c)
{
    const char *type = json_str(c->after, "type"), *domain = json_str(c->after, "domain");
    struct part p = { c, NULL };
    if (!type || !domain)
        return true;
    if (!strcmp(type, "static"))
        return check_word_each(domain, static_part, &p) && controller_takes(c, type, domain);
    if (!strcmp(type, "dns"))
        return check_word_each(domain, dns_part, &p) && controller_takes(c, type, domain);
    size_t n = strlen(domain);
    return check_word_host(domain, n) || check_word_ipv4(domain, n) ||
           domain_wrong(&p, domain, n, "one IPv4 address or host name, which a registry needs");
}

static bool nacos(const struct check *c, const char *type, const cJSON *properties)
{
    bool mcp = json_true(properties, "enableMCPServer");
    const char *base = json_str(properties, "mcpServerBaseUrl");
    const cJSON *d;
    int i = 0;
    if (json_count(json_get(properties, "nacosGroups")) == 0 && !(mcp && !strcmp(type, "nacos3")))
        return check_no(c, "properties.nacosGroups: at least one is needed");
    if (mcp && !check_word_path(base))
        return check_no(c, "properties.mcpServerBaseUrl: must begin with '/' and hold no '?'");
    cJSON_ArrayForEach(d, json_get(properties, "mcpServerExportDomains"))
    {
        if (!check_word_host(d->valuestring, strlen(d->valuestring)))
            return check_no(c, "properties.mcpServerExportDomains[%d]: '%s' is no host name", i,
                            check_shown(c, d->valuestring));
        i++;
    }
    return true;
}

/* Settings that belong to other types are dropped. */
static bool only_own(const struct check *c, const char *type, const cJSON *properties)
{
    const char *prefix = text_starts(type, "nacos")   ? "nacos"
                         : !strcmp(type, "consul")    ? "consul"
                         : !strcmp(type, "zookeeper") ? "zk"
                                                      : NULL;
    const cJSON *m;
    cJSON_ArrayForEach(m, properties)
    {
        bool mcp = !strcmp(type, "nacos3") && strstr(m->string, "MCP");
        mcp = mcp || (!strcmp(type, "nacos3") && text_starts(m->string, "mcp"));
        if (!cJSON_IsNull(m) && !mcp && !(prefix && text_starts(m->string, prefix)))
            return check_no(c, "properties.%s: the console drops it for type %s",
                            check_shown(c, m->string), type);
    }
    return true;
}

static bool source_properties(const struct check *c)
{
    const char *type = json_str(c->after, "type");
    const cJSON *properties = json_get(c->after, "properties");
    const char *center = json_str(properties, "consulDatacenter");
    if (!type || !only_own(c, type, properties))
        return !type;
    if (text_starts(type, "nacos"))
        return nacos(c, type, properties);
    if (!strcmp(type, "consul") && (!center || !*center))
        return check_no(c, "properties.consulDatacenter: is required for consul");
    return true;
}

static bool source_proxy(const struct check *c)
{
    const char *type = json_str(c->after, "type"), *proxy = json_str(c->after, "proxyName");
    return !proxy || !*proxy || !type || text_has_word("static|dns", type) ||
           check_no(c, "proxyName: only static and dns sources take a proxy, not %s", type);
}

static bool source_vport(const struct check *c)
{
    const cJSON *list = json_path(c->after, "vport.servicesVport"), *v;
    int i = 0;
    cJSON_ArrayForEach(v, list)
    {
        const char *name = json_str(v, "name");
        if (name && json_find(list, "name", name) != v)
            return check_no(c, "vport.servicesVport[%d].name: '%s' is given twice", i,
                            check_shown(c, name));
        i++;
    }
    return true;
}

static bool source_auth(const struct check *c)
{
    const cJSON *auth = json_get(c->after, "authN"), *p = json_get(auth, "properties");
    const char *type = json_str(c->after, "type");
    bool on = json_true(auth, "enabled"), was = json_true(json_get(c->before, "authN"), "enabled");
    char word[TEXT_WORD];
    if (!on || !type || (was && json_count(p) == 0))
        return true;
    const char *rest = text_starts(type, "nacos") ? "nacosUsername|nacosPassword"
                       : !strcmp(type, "consul")  ? "consulToken"
                                                  : NULL;
    if (json_count(p) == 0)
        return check_no(c, "authN.properties: is required to switch the login on");
    while (text_word_next(&rest, word))
        if (!json_str(p, word) || !*json_str(p, word))
            return check_no(c, "authN.properties.%s: is required for type %s", word, type);
    return true;
}

/* -- proxies ---------------------------------------------------------------------------------- */

static bool proxy_name(const struct check *c)
{
    const char *name = json_str(c->after, "name");
    bool good = c->before || !name ||
                (*name >= 'a' && *name <= 'z' &&
                 strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(name));
    return good || check_no(c,
                            "name: '%s' must begin with a lower-case letter and hold lower-case "
                            "letters, digits, '-', '_', '.'",
                            check_shown(c, name));
}

static bool proxy_address(const struct check *c)
{
    const char *s = json_str(c->after, "serverAddress");
    return !s || check_word_ipv4(s, strlen(s)) || check_word_host(s, strlen(s)) ||
           check_no(c, "serverAddress: '%s' is no IPv4 address and no dotted host name",
                    check_shown(c, s));
}

const struct check_rule check_source_rules[] = {
    { "service-source", "name", "The name is letters, digits and inner hyphens.", source_name },
    { "service-source", "type|domain",
      "static: IPv4:port,…; dns: host names,…; registries: one address. No blanks, no comma at the "
      "end: the controller would drop the source.",
      source_domain },
    { "service-source", "type|properties",
      "nacos needs nacosGroups, consul consulDatacenter; no settings of other types.",
      source_properties },
    { "service-source", "type|proxyName", "A proxy is for static and dns only.", source_proxy },
    { "service-source", "vport", "Each service once in vport.servicesVport.", source_vport },
    { "service-source", "authN", "A login that is switched on has its properties.", source_auth },
    { "proxy-server", "name",
      "The name begins with a lower-case letter; letters, digits, '-', '_', '.'.", proxy_name },
    { "proxy-server", "serverAddress", "The address is IPv4 or a host name.", proxy_address },
    { "wasm-plugin", "name", "The name is letters, digits and inner hyphens.", source_name },
    { 0 },
};
