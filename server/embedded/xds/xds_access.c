/* xds_access.c - which clients a route lets in, which endpoint they stay with, who gets a copy. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"

/* -- addresses -----------------------------------------------------------------------------------
 */

/* Items that are no address are dropped, as Higress does. */
static void add_address(struct xds *x, const char *item, cJSON *ids)
{
    const struct annotation *row = annotation_find("whitelist-source-range");
    const char *slash = strchr(item, '/'), *why;
    long bits = strchr(item, ':') ? 128 : 32;
    if (annotation_judge(row, item, &why) != VALUE_FITS)
        return;
    if (slash)
        annotation_int(slash + 1, &bits);
    cJSON *ip = json_set_object(x->a, json_add(x->a, ids, json_object(x->a)), "remote_ip");
    json_set_str(x->a, ip, "address_prefix",
                 slash ? arena_strndup(x->a, item, (size_t)(slash - item)) : item);
    json_set_num(x->a, ip, "prefix_len", (double)bits);
}

void xds_addresses(struct xds *x, const struct xds_rule *r, cJSON *route)
{
    struct arena *a = x->a;
    const char *text = xds_annotation(x, r->policies, "whitelist-source-range");
    char **item = annotation_items(a, text ? text : "", ",");
    cJSON *ids = json_array(a);
    for (size_t i = 0; item[i]; i++)
        add_address(x, item[i], ids);
    if (text && json_count(ids) == 0)
        xds_note(x, "ingress", xds_object_name(r->ingress),
                 "its whitelist-source-range holds no address: everybody is let in");
    if (json_count(ids) == 0)
        return;
    cJSON *c = xds_filter(x, route, "envoy.filters.http.rbac",
                          XDS_TYPE "extensions.filters.http.rbac.v3.RBACPerRoute");
    cJSON *rules = json_set_object(a, json_set_object(a, c, "rbac"), "rules");
    json_set_str(a, rules, "action", "DENY");
    cJSON *policy = json_set_object(a, json_set_object(a, rules, "policies"), "ip-access-control");
    json_set_bool(a, json_add(a, json_set_array(a, policy, "permissions"), json_object(a)), "any",
                  true);
    cJSON *principal = json_add(a, json_set_array(a, policy, "principals"), json_object(a));
    cJSON *others = json_set_object(a, json_set_object(a, principal, "not_id"), "or_ids");
    json_set(a, others, "ids", ids);
}

/* -- endpoints -----------------------------------------------------------------------------------
 */

static bool by_cookie(struct xds *x, const struct xds_rule *r, cJSON *policy)
{
    const char *name = xds_annotation(x, r->policies, "session-cookie-name");
    const char *path = xds_annotation(x, r->policies, "session-cookie-path");
    const char *age = xds_annotation(x, r->policies, "session-cookie-max-age");
    long seconds = 0;
    if (!name && !path && !xds_annotation(x, r->policies, "affinity"))
        return false;
    age = age ? age : xds_annotation(x, r->policies, "session-cookie-expires");
    if (!annotation_int(age, &seconds) || seconds < 0)
        seconds = 0;
    cJSON *cookie = json_set_object(x->a, policy, "cookie");
    json_set_str(x->a, cookie, "name", name ? name : "INGRESSCOOKIE");
    json_set_str(x->a, cookie, "path", path ? path : "/");
    json_set_str(x->a, cookie, "ttl", arena_printf(x->a, "%lds", seconds));
    return true;
}

/* Exactly one variable; anything else is no hash. */
static bool by_variable(struct xds *x, const struct xds_rule *r, cJSON *policy)
{
    static const char header[] = "$http_", query[] = "$arg_";
    const char *by = xds_annotation(x, r->policies, "upstream-hash-by");
    if (!by || strpbrk(by + 1, "$ {}"))
        return false;
    if (strcmp(by, "$remote_addr") == 0)
        json_set_bool(x->a, json_set_object(x->a, policy, "connection_properties"), "source_ip",
                      true);
    else if (strcmp(by, "$request_uri") == 0 || strcmp(by, "$host") == 0)
        json_set_str(x->a, json_set_object(x->a, policy, "header"), "header_name",
                     strcmp(by, "$host") ? ":path" : ":authority");
    else if (text_starts(by, header))
        json_set_str(x->a, json_set_object(x->a, policy, "header"), "header_name",
                     by + sizeof header - 1);
    else if (text_starts(by, query))
        json_set_str(x->a, json_set_object(x->a, policy, "query_parameter"), "name",
                     by + sizeof query - 1);
    return policy->child != NULL;
}

void xds_hash(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    cJSON *policy = json_object(x->a);
    if (by_cookie(x, r, policy) || by_variable(x, r, policy))
        json_add(x->a, json_set_array(x->a, action, "hash_policy"), policy);
}

/* -- copies --------------------------------------------------------------------------------------
 */

void xds_mirror(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    const char *host = xds_annotation(x, r->policies, "mirror-target-fqdn");
    const char *share = xds_annotation(x, r->policies, "mirror-percentage");
    long port = 80, percent = 100;
    if (!annotation_int(xds_annotation(x, r->policies, "mirror-target-fqdn-port"), &port))
        port = 80;
    if (!annotation_int(share, &percent) || percent > 100)
        percent = 100;
    if (!host || percent <= 0)
        return;
    cJSON *one =
        json_add(x->a, json_set_array(x->a, action, "request_mirror_policies"), json_object(x->a));
    json_set_str(x->a, one, "cluster", arena_printf(x->a, "outbound|%ld||%s", port, host));
    cJSON *value =
        json_set_object(x->a, json_set_object(x->a, one, "runtime_fraction"), "default_value");
    json_set_num(x->a, value, "numerator", (double)percent);
}
