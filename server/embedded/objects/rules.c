/* rules.c - match rules of WasmPlugin objects, and route authentication, which is one of them.
 *
 * Rules are kept in the console's order (see by_target); scopes are rows of scopes[].
 */
#include "embedded/objects/rules_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/seed.h"
#include "embedded/rest/model.h"
#include "embedded/rest/rest.h"

enum { SCOPES = 3 };
/* In the order in which rules are sorted. */
static const char *const scopes[SCOPES] = { "service", "ingress", "domain" };
static const char auth_plugin[] = "key-auth.internal";

static const struct model_field auth_model[] = { { "enabled", M_BOOL },
                                                 { "allowedCredentialTypes", M_LIST,
                                                   model_a_string },
                                                 { "allowedConsumers", M_LIST, model_a_string },
                                                 { 0 } };

static const char *scope_target(const struct rules_target *t, int scope)
{
    const char *const names[SCOPES] = { t->service, t->ingress, t->domain };
    return names[scope];
}

/* Does the list hold exactly this name (or, for NULL, nothing)? */
static bool lists_only(const cJSON *rule, int scope, const char *name)
{
    const cJSON *list = json_get(rule, scopes[scope]);
    if (!name)
        return json_count(list) == 0;
    return json_count(list) == 1 && cJSON_IsString(list->child) &&
           strcmp(list->child->valuestring, name) == 0;
}

static bool is_rule_of(const cJSON *rule, const struct rules_target *t)
{
    for (int i = 0; i < SCOPES; i++)
        if (!lists_only(rule, i, scope_target(t, i)))
            return false;
    return true;
}

cJSON *rules_find(const cJSON *plugin, const struct rules_target *t)
{
    cJSON *rule;
    cJSON_ArrayForEach(rule, json_path(plugin, "spec.matchRules"))
    {
        if (is_rule_of(rule, t))
            return rule;
    }
    return NULL;
}

static int compare_lists(const cJSON *x, const cJSON *y)
{
    const cJSON *left = x ? x->child : NULL, *right = y ? y->child : NULL;
    for (; left && right; left = left->next, right = right->next) {
        if (!cJSON_IsString(left) || !cJSON_IsString(right))
            continue;
        int order = strcmp(left->valuestring, right->valuestring);
        if (order)
            return order;
    }
    return (left != NULL) - (right != NULL);
}

/* Rules that have a list of the scope come first, by its names; then the next scope decides. */
static int by_target(const void *x, const void *y)
{
    const cJSON *left = *(cJSON *const *)x, *right = *(cJSON *const *)y;
    for (int i = 0; i < SCOPES; i++) {
        const cJSON *mine = json_get(left, scopes[i]), *theirs = json_get(right, scopes[i]);
        bool has_mine = json_count(mine) > 0, has_theirs = json_count(theirs) > 0;
        if (has_mine != has_theirs)
            return has_mine ? -1 : 1;
        int order = compare_lists(mine, theirs);
        if (order)
            return order;
    }
    return 0;
}

static void sort_rules(struct arena *a, cJSON *rules)
{
    size_t n = 0, count = (size_t)json_count(rules);
    cJSON **items = arena_array(a, cJSON *, count + 1);
    while (rules->child) {
        items[n] = rules->child;
        json_detach(rules, items[n++]);
    }
    qsort(items, n, sizeof *items, by_target);
    for (size_t i = 0; i < n; i++)
        json_add(a, rules, items[i]);
}

static cJSON *spec_of(struct arena *a, cJSON *plugin)
{
    cJSON *spec = json_get(plugin, "spec");
    if (!cJSON_IsObject(spec))
        spec = json_set_object(a, plugin, "spec");
    json_set_str(a, spec, "failStrategy", "FAIL_OPEN");
    if (!cJSON_IsBool(json_get(spec, "defaultConfigDisable")))
        json_set_bool(a, spec, "defaultConfigDisable", true);
    return spec;
}

void rules_put(struct arena *a, cJSON *plugin, const struct rules_target *t, cJSON *config,
               bool enabled)
{
    cJSON *spec = spec_of(a, plugin);
    if (!t->ingress && !t->domain && !t->service) {
        json_set(a, spec, "defaultConfig", config ? config : json_object(a));
        json_set_bool(a, spec, "defaultConfigDisable", !enabled);
        return;
    }
    cJSON *rules = json_get(spec, "matchRules"), *old = rules_find(plugin, t);
    if (!cJSON_IsArray(rules))
        rules = json_set_array(a, spec, "matchRules");
    if (old)
        json_detach(rules, old);
    cJSON *rule = json_object(a);
    if (config)
        json_set(a, rule, "config", config);
    json_set_bool(a, rule, "configDisable", !enabled);
    for (int i = 0; i < SCOPES; i++)
        if (scope_target(t, i))
            json_add_str(a, json_set_array(a, rule, scopes[i]), scope_target(t, i));
    json_add(a, rules, rule);
    sort_rules(a, rules);
}

/* Takes name out of the list; true when it was there. */
static bool drop_name(cJSON *list, const char *name)
{
    cJSON *item, *next;
    bool dropped = false;
    for (item = list ? list->child : NULL; item; item = next) {
        next = item->next;
        if (!cJSON_IsString(item) || strcmp(item->valuestring, name) != 0)
            continue;
        json_detach(list, item);
        dropped = true;
    }
    return dropped;
}

static bool drop_from_rule(cJSON *rule, const struct rules_target *t, bool *empty)
{
    bool dropped = false;
    *empty = false;
    for (int i = 0; i < SCOPES; i++) {
        cJSON *list = json_get(rule, scopes[i]);
        if (!scope_target(t, i) || !drop_name(list, scope_target(t, i)))
            continue;
        dropped = true;
        *empty = *empty || json_count(list) == 0;
    }
    return dropped;
}

bool rules_drop(cJSON *plugin, const struct rules_target *t)
{
    cJSON *rules = json_path(plugin, "spec.matchRules"), *rule, *next;
    bool changed = false, empty;
    for (rule = rules ? rules->child : NULL; rule; rule = next) {
        next = rule->next;
        if (!drop_from_rule(rule, t, &empty))
            continue;
        changed = true;
        if (empty)
            json_detach(rules, rule);
    }
    return changed;
}

static bool mentions(const cJSON *plugin, const struct rules_target *t)
{
    const cJSON *rule;
    cJSON_ArrayForEach(rule, json_path(plugin, "spec.matchRules"))
    {
        for (int i = 0; i < SCOPES; i++) {
            const char *wanted = scope_target(t, i);
            if (wanted && json_find_text(json_get(rule, scopes[i]), wanted))
                return true;
        }
    }
    return false;
}

bool rules_drop_everywhere(struct rest_request *r, const struct rules_target *t)
{
    size_t n = kstore_count(r->store, "wasmplugins");
    for (size_t i = 0; i < n; i++) {
        const cJSON *stored = kstore_at(r->store, "wasmplugins", i);
        if (!mentions(stored, t))
            continue;
        cJSON *plugin = json_clone(r->arena, stored);
        if (rules_drop(plugin, t) && !kube_save(r, "wasmplugins", plugin))
            return false;
    }
    return true;
}

/* A part that is off and empty is none. */
static bool lacks_global(const cJSON *spec)
{
    return !cJSON_IsFalse(json_get(spec, "defaultConfigDisable")) &&
           json_count(json_get(spec, "defaultConfig")) == 0;
}

/* The plugin works only with a global part; the key that nobody sends lets it load. */
static void switch_on(struct arena *a, cJSON *plugin)
{
    static const char nobody[] = "{\"allow\":[],\"consumers\":[],\"global_auth\":false,"
                                 "\"keys\":[\"x-higress-dummy-key\"]}";
    cJSON *spec = spec_of(a, plugin);
    if (!lacks_global(spec))
        return;
    json_set_bool(a, spec, "defaultConfigDisable", false);
    json_set(a, spec, "defaultConfig", json_parse(a, nobody, sizeof nobody - 1, NULL));
}

static cJSON *load_auth(struct rest_request *r)
{
    cJSON *plugin = kube_load(r, "wasmplugins", auth_plugin);
    return plugin ? plugin : seed_object(r->arena, "wasmplugins", auth_plugin);
}

/* The console reads names into a set: each once, no nulls. */
static void add_once(struct arena *a, cJSON *names, const cJSON *name)
{
    const cJSON *there;
    if (!cJSON_IsString(name))
        return;
    cJSON_ArrayForEach(there, names) if (json_equal(there, name)) return;
    json_add(a, names, json_clone(a, name));
}

/* A rule that is off and empty is no rule. */
static cJSON *shown_auth(struct arena *a, const cJSON *rule)
{
    cJSON *auth = model_new(a, auth_model);
    const cJSON *config = json_get(rule, "config"), *name;
    bool enabled = rule && !json_true(rule, "configDisable");
    json_set_bool(a, auth, "enabled", enabled);
    if (!enabled && json_count(config) == 0)
        return auth;
    json_add_str(a, json_set_array(a, auth, "allowedCredentialTypes"), "key-auth");
    cJSON *names = json_set_array(a, auth, "allowedConsumers");
    cJSON_ArrayForEach(name, json_get(config, "allow")) add_once(a, names, name);
    return auth;
}

struct rules_index {
    size_t count, next; /* next: where a walk in the order of names is */
    bool settled;       /* sorted as a write sorts them, nothing missing */
    const char *off;    /* the JSON of authentication that is off */
    struct entry {
        const char *ingress;
        const cJSON *rule;
    } * entries; /* sorted by ingress */
};

static int by_ingress(const void *x, const void *y)
{
    return strcmp(((const struct entry *)x)->ingress, ((const struct entry *)y)->ingress);
}

static struct rules_index *index_rules(struct arena *a, const cJSON *plugin)
{
    const cJSON *rules = json_path(plugin, "spec.matchRules");
    struct rules_index *index = arena_make(a, struct rules_index);
    index->entries = arena_array(a, struct entry, json_count(rules) + 1);
    const cJSON *rule;
    cJSON_ArrayForEach(rule, rules)
    {
        const cJSON *list = json_get(rule, "ingress");
        if (json_count(list) != 1 || !cJSON_IsString(list->child))
            continue;
        struct rules_target target = { .ingress = list->child->valuestring };
        if (is_rule_of(rule, &target))
            index->entries[index->count++] = (struct entry){ target.ingress, rule };
    }
    qsort(index->entries, index->count, sizeof *index->entries, by_ingress);
    index->off = json_print(a, shown_auth(a, NULL));
    return index;
}

/* Would rules_put leave everything but its rule as it is? */
static bool is_settled(const cJSON *plugin)
{
    const cJSON *spec = json_get(plugin, "spec"), *rules = json_get(spec, "matchRules");
    const cJSON *before = NULL, *rule;
    if (!text_same(json_text(spec, "failStrategy"), "FAIL_OPEN") ||
        !cJSON_IsBool(json_get(spec, "defaultConfigDisable")) || !cJSON_IsArray(rules))
        return false;
    cJSON_ArrayForEach(rule, rules)
    {
        if (before && by_target(&before, &rule) > 0)
            return false;
        before = rule;
    }
    return true;
}

struct rules_index *rules_index_auth(struct rest_request *r)
{
    struct arena *a;
    void **memo = kstore_memo(r->store, "wasmplugins", auth_plugin, &a);
    if (!memo)
        return index_rules(r->arena, NULL);
    if (!*memo) {
        const cJSON *plugin = kstore_get(r->store, "wasmplugins", auth_plugin);
        struct rules_index *index = index_rules(a, plugin);
        index->settled = is_settled(plugin);
        *memo = index;
    }
    return *memo;
}

static const cJSON *find_indexed(struct rules_index *index, const char *ingress)
{
    struct entry key = { ingress, NULL }, *found = &index->entries[index->next];
    if (index->next >= index->count || strcmp(found->ingress, ingress) != 0)
        found = bsearch(&key, index->entries, index->count, sizeof key, by_ingress);
    if (found)
        index->next = (size_t)(found - index->entries) + 1;
    return found ? found->rule : NULL;
}

/* Writing a rule again as it is moves the version and nothing else, as the real console does at
 * every write of a route. */
static bool is_unchanged(struct rest_request *r, const char *ingress, const cJSON *config,
                         bool enabled)
{
    struct rules_index *index = rules_index_auth(r);
    const cJSON *rule = index->settled ? find_indexed(index, ingress) : NULL;
    const cJSON *disabled = json_get(rule, "configDisable");
    if (!cJSON_IsBool(disabled) || cJSON_IsTrue(disabled) == enabled)
        return false;
    const cJSON *spec = json_get(kstore_get(r->store, "wasmplugins", auth_plugin), "spec");
    if (enabled && lacks_global(spec))
        return false;
    return json_equal(json_get(rule, "config"), config);
}

/* The rule of an Ingress as key-auth is written: a switch that is null, and what else its config
 * holds, stay as they are. */
static bool write_key_auth(struct rest_request *r, const char *ingress, const cJSON *auth)
{
    struct arena *a = r->arena;
    struct rules_target target = { .ingress = ingress };
    const cJSON *rule = rules_find(kstore_get(r->store, "wasmplugins", auth_plugin), &target);
    const cJSON *before = json_get(rule, "config"), *consumers = json_get(auth, "allowedConsumers");
    const cJSON *given = json_get(auth, "enabled");
    bool was_on = rule && !json_true(rule, "configDisable");
    bool enabled = cJSON_IsBool(given) ? cJSON_IsTrue(given) : cJSON_IsObject(auth) && was_on;
    cJSON *config = cJSON_IsObject(before) ? json_clone(a, before) : json_object(a);
    json_remove(config, "allow");
    if (cJSON_IsArray(consumers))
        json_set(a, config, "allow", json_clone(a, consumers));
    if (is_unchanged(r, ingress, config, enabled) &&
        kstore_touch(r->store, "wasmplugins", auth_plugin, NULL))
        return true;
    cJSON *plugin = load_auth(r);
    rules_put(a, plugin, &target, config, enabled);
    if (enabled)
        switch_on(a, plugin);
    return kube_save(r, "wasmplugins", plugin) != NULL;
}

bool rules_write_auth(struct rest_request *r, const char *ingress, const cJSON *auth)
{
    const cJSON *type, *types = json_get(auth, "allowedCredentialTypes");
    bool written = false;
    if (json_count(types) == 0)
        return write_key_auth(r, ingress, auth);
    cJSON_ArrayForEach(type, types) /* one after another: what was written stays */
    {
        const char *name = cJSON_IsString(type) ? type->valuestring : "null";
        if (strcmp(name, "key-auth") != 0)
            return rest_fail(r, X_ILLEGAL_ARGUMENT, "Unsupported credential type: %s", name);
        if (!written && !write_key_auth(r, ingress, auth))
            return false;
        written = true;
    }
    return true;
}

cJSON *rules_read_auth(struct rest_request *r, const char *ingress)
{
    struct rules_target target = { .ingress = ingress };
    return shown_auth(r->arena,
                      rules_find(kstore_get(r->store, "wasmplugins", auth_plugin), &target));
}

bool rules_write_indexed_auth(struct buf *out, struct rules_index *index, const char *ingress)
{
    const cJSON *rule = find_indexed(index, ingress);
    if (!rule || (json_true(rule, "configDisable") && json_count(json_get(rule, "config")) == 0))
        return buf_str(out, index->off);
    struct arena *scratch = arena_new();
    bool fits = json_write(out, shown_auth(scratch, rule));
    arena_free(scratch);
    return fits;
}

bool rules_keep_auth(struct rest_request *r, const char *const *ingresses)
{
    if (!*ingresses)
        return true;
    struct rules_index *index = rules_index_auth(r);
    cJSON *plugin = load_auth(r);
    unsigned writes = 0;
    for (; *ingresses; ingresses++, writes++) {
        struct rules_target target = { .ingress = *ingresses };
        if (!find_indexed(index, *ingresses))
            rules_put(r->arena, plugin, &target, json_object(r->arena), false);
    }
    return kube_save_many(r, "wasmplugins", plugin, writes) != NULL;
}
