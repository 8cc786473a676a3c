/* xds_note.c - what is in the data folder and not in the rendering: said, not hidden.
 *
 * An annotation is either in the table below (rendered, or known to change no request) or it is
 * reported. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"

enum reach { BOTH, OWN }; /* read under both prefixes, or only under higress.io/ */

static const struct {
    const char *key;
    enum reach reach;
} known[] = {
    /* rendered */
    { "destination", OWN },
    { "use-regex", BOTH },
    { "full-path-regex", BOTH },
    { "ignore-path-case", BOTH },
    { "match-method", BOTH },
    { "rewrite-path", OWN },
    { "rewrite-target", BOTH },
    { "upstream-vhost", BOTH },
    { "timeout", OWN },
    { "proxy-next-upstream", BOTH },
    { "proxy-next-upstream-tries", BOTH },
    { "proxy-next-upstream-timeout", BOTH },
    { "request-header-control-add", OWN },
    { "request-header-control-update", OWN },
    { "request-header-control-remove", OWN },
    { "response-header-control-add", OWN },
    { "response-header-control-update", OWN },
    { "response-header-control-remove", OWN },
    { "enable-cors", BOTH },
    { "cors-allow-origin", BOTH },
    { "cors-allow-methods", BOTH },
    { "cors-allow-headers", BOTH },
    { "cors-expose-headers", BOTH },
    { "cors-allow-credentials", BOTH },
    { "cors-max-age", BOTH },
    { "route-limit-rps", OWN },
    { "route-limit-rpm", OWN },
    { "route-limit-burst-multiplier", OWN },
    { "ssl-redirect", BOTH },
    { "force-ssl-redirect", BOTH },
    { "permanent-redirect", BOTH },
    { "permanent-redirect-code", BOTH },
    { "temporal-redirect", BOTH },
    /* the console's own: no request is treated otherwise because of them */
    { "comment", OWN },
    { "resource-description", OWN },
    { "biz-type", OWN },
    { "enable-rewrite", OWN },
    { "enable-header-control", OWN },
    { "enable-proxy-next-upstream", OWN },
};

static bool is_known(const char *key, enum reach reach)
{
    static const char *const predicates[] = { "exact-match-", "prefix-match-", "regex-match-" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].key, key) == 0 && (reach == OWN || known[i].reach == BOTH))
            return true;
    for (size_t i = 0; reach == OWN && i < sizeof predicates / sizeof *predicates; i++)
        if (text_starts(key, predicates[i]))
            return true;
    return false;
}

static void note_annotations(struct xds *x, const cJSON *ingress)
{
    static const char own[] = "higress.io/", nginx[] = "nginx.ingress.kubernetes.io/";
    const cJSON *one;
    cJSON_ArrayForEach(one, json_path(ingress, "metadata.annotations"))
    {
        const char *key = one->string;
        bool strange = (text_starts(key, own) && !is_known(key + sizeof own - 1, OWN)) ||
                       (text_starts(key, nginx) && !is_known(key + sizeof nginx - 1, BOTH));
        bool own_envoy = strstr(key, "/canary-by-header") || strstr(key, "/canary-by-cookie");
        if (strange)
            xds_note(x, "ingress", xds_object_name(ingress), "the annotation %s is not rendered%s",
                     key, own_envoy ? ": it needs Higress' own Envoy (cluster_fallback)" : "");
    }
    if (json_count(json_path(ingress, "spec.tls")) > 0)
        xds_note(x, "ingress", xds_object_name(ingress),
                 "no HTTPS listener is rendered: its hosts are served by plain HTTP only");
}

static bool is_active(const cJSON *plugin)
{
    const cJSON *spec = json_get(plugin, "spec"), *rule;
    if (!json_true(spec, "defaultConfigDisable"))
        return true;
    cJSON_ArrayForEach(
        rule, json_get(spec, "matchRules")) if (!json_true(rule, "configDisable")) return true;
    return false;
}

static void note_plugins(struct xds *x)
{
    const cJSON *plugin;
    cJSON_ArrayForEach(plugin, x->in->wasmplugins) if (is_active(plugin))
        xds_note(x, "wasmplugin", xds_object_name(plugin),
                 "plugins do not run in this Envoy: what it demands, limits or rewrites does "
                 "not happen");
}

/* Both come with every fresh installation and change nothing that is rendered. */
static bool is_seed(const char *filter)
{
    return strcmp(filter, "higress-gateway-global-custom-response") == 0 ||
           strcmp(filter, "higress-http-resolver-cluster") == 0;
}

void xds_notes(struct xds *x)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, x->in->ingresses) note_annotations(x, one);
    note_plugins(x);
    cJSON_ArrayForEach(one, x->in->envoyfilters) if (!is_seed(xds_object_name(one)))
        xds_note(x, "envoyfilter", xds_object_name(one), "EnvoyFilters are not rendered");
    cJSON_ArrayForEach(one, x->in->http2rpcs)
        xds_note(x, "http2rpc", xds_object_name(one), "Dubbo and gRPC mapping is not rendered");
}
