/* xds_note.c - what is in the data folder and not in the rendering: said, not hidden.
 *
 * An annotation that Higress reads is rendered, or acts on something that is not rendered and is
 * reported; one that Higress does not read is reported, too, unless it is the console's own. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include "kind/kind.h"

/* Read by Higress, acting on routes, and left out here. */
static const char unrendered[] =
    "default-backend|custom-http-errors|mirror-target-service|rpc-destination-name";
/* Acting on more than a route, and rendered. */
static const char rendered[] = "app-root";

static void note_annotation(struct xds *x, const cJSON *ingress, const char *full)
{
    struct annotation_name n = annotation_split(full);
    const struct annotation *known = n.name ? annotation_find(n.name) : NULL;
    const struct annotation *read = annotation_is_read(full);
    bool quiet =
        !n.name || n.disabled || (known && known->danger == LOSES_NOTHING) ||
        (read && (text_has_word(rendered, read->name) ||
                  (read->scope == ACTS_ON_ROUTE && !text_has_word(unrendered, read->name))));
    if (!quiet)
        xds_note(x, "ingress", xds_object_name(ingress),
                 read ? "the annotation %s is not rendered"
                      : "the annotation %s does nothing: Higress does not read it",
                 full);
}

const char *xds_unrendered(const cJSON *ingress)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_path(ingress, "metadata.annotations"))
    {
        const struct annotation *read = annotation_is_read(one->string);
        if (read && read->scope == ACTS_ON_ROUTE && text_has_word(unrendered, read->name))
            return one->string;
    }
    return NULL;
}

static void note_annotations(struct xds *x, const cJSON *ingress)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_path(ingress, "metadata.annotations"))
        note_annotation(x, ingress, one->string);
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
    cJSON_ArrayForEach(one, x->in->wasmplugins) if (is_active(one))
        xds_note(x, "wasmplugin", xds_object_name(one),
                 "plugins do not run in this Envoy: what it demands, limits or rewrites does "
                 "not happen");
    cJSON_ArrayForEach(one, x->in->envoyfilters) if (!is_seed(xds_object_name(one)))
        xds_note(x, "envoyfilter", xds_object_name(one), "EnvoyFilters are not rendered");
    cJSON_ArrayForEach(one, x->in->http2rpcs)
        xds_note(x, "http2rpc", xds_object_name(one), "Dubbo and gRPC mapping is not rendered");
}
