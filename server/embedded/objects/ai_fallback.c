/* ai_fallback.c - fills the template server/embedded/assets/ai-route-fallback.yaml. */
#include "base/arena.h"
#include "base/asset.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ai_fallback_private.h"

static const char template_path[] = "server/embedded/assets/ai-route-fallback.yaml";
static const char matcher_path[] = "configPatches[0].patch.value.typed_per_filter_config";

static cJSON *read_template(struct arena *a)
{
    for (const struct asset *f = assets; f->path; f++) {
        if (strcmp(f->path, template_path) != 0)
            continue;
        struct err e = { 0 };
        cJSON *spec = yaml_parse(a, f->data, asset_size(f), &e);
        if (!spec)
            bug("%s: %s", template_path, e.text);
        return spec;
    }
    bug("%s is not linked in", template_path);
}

/* Every text ROUTE below node becomes name. */
static void fill_name(struct arena *a, cJSON *node, const char *name)
{
    cJSON *child = node->child;
    while (child) {
        cJSON *next = child->next;
        if (cJSON_IsString(child) && strcmp(child->valuestring, "ROUTE") == 0)
            json_set_str(a, node, child->string, name);
        else
            fill_name(a, child, name);
        child = next;
    }
}

static cJSON *code_predicate(struct arena *a, const char *code)
{
    cJSON *out = json_object(a), *single = json_set_object(a, out, "single_predicate");
    cJSON *input = json_set_object(a, single, "input");
    json_set_str(a, input, "name", arena_printf(a, "%s_response", code));
    json_set_str(a, json_set_object(a, input, "typed_config"), "@type",
                 "type.googleapis.com/envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput");
    json_set_str(a, json_set_object(a, single, "value_match"), "exact", code);
    return out;
}

static cJSON *predicate(struct arena *a, const cJSON *codes)
{
    if (json_count(codes) == 1)
        return code_predicate(a, codes->child->valuestring);
    cJSON *out = json_object(a);
    cJSON *any = json_set_array(a, json_set_object(a, out, "or_matcher"), "predicate");
    const cJSON *code;
    cJSON_ArrayForEach(code, codes) json_add(a, any, code_predicate(a, code->valuestring));
    return out;
}

cJSON *ai_fallback_filter(struct arena *a, const char *ingress, const cJSON *codes)
{
    cJSON *spec = read_template(a);
    fill_name(a, spec, ingress);
    cJSON *filter = json_get(json_path(spec, matcher_path), "envoy.filters.http.custom_response");
    cJSON *matcher = json_path(filter, "value.custom_response_matcher.matcher_list.matchers[0]");
    json_set(a, matcher, "predicate", predicate(a, codes));
    cJSON *object = kube_new(a, ingress);
    json_set(a, object, "spec", spec);
    return object;
}
