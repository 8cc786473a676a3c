/* consumer.c - /v1/consumers.
 *
 * A consumer is an entry of spec.defaultConfig.consumers in WasmPlugin key-auth.internal and holds
 * one credential: where the key is looked for and its values. BEARER is a HEADER credential on
 * Authorization whose values start with "Bearer ". Another credential type is another row of
 * sources[] or, for another plugin, another module.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/consumer_private.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"

static const struct model_field credential_model[] = {
    { "type", M_STR },
    { "source", M_STR },
    { "key", M_STR },
    { "values", M_LIST, .of = model_a_string },
    { 0 },
};

static const struct model_field a_credential[] = { { "", M_OBJ, .of = credential_model } };

static const struct model_field consumer_model[] = {
    { "name", M_STR },
    { "credentials", M_LIST, .of = a_credential },
    { 0 },
};

static const char bearer[] = "Bearer ";

static bool is_key_auth(const cJSON *credential)
{
    const char *type = json_str(credential, "type");
    return type && strcmp(type, "key-auth") == 0;
}

static const cJSON *stored_consumers(const cJSON *key_auth)
{
    return json_path(key_auth, "spec.defaultConfig.consumers");
}

static const char *first_text(const cJSON *list)
{
    return list && cJSON_IsString(list->child) ? list->child->valuestring : NULL;
}

static const char *stored_source(const cJSON *entry)
{
    const cJSON *value, *values = json_get(entry, "credentials");
    const char *key = first_text(json_get(entry, "keys"));
    if (!json_true(entry, "in_header"))
        return "QUERY";
    if (!key || !text_equal_nocase(key, "Authorization") || !values || !values->child)
        return "HEADER";
    cJSON_ArrayForEach(value, values) if (!cJSON_IsString(value) ||
                                          !text_starts(value->valuestring, bearer)) return "HEADER";
    return "BEARER";
}

static cJSON *consumer_answer(struct arena *a, const cJSON *entry)
{
    cJSON *out = model_new(a, consumer_model);
    json_set_str(a, out, "name", json_str(entry, "name"));
    cJSON *c = json_add(a, json_set_array(a, out, "credentials"), model_new(a, credential_model));
    const char *source = stored_source(entry);
    bool bare = strcmp(source, "BEARER") == 0;
    json_set_str(a, c, "type", "key-auth");
    json_set_str(a, c, "source", source);
    json_set_str(a, c, "key", bare ? NULL : first_text(json_get(entry, "keys")));
    cJSON *values = json_set_array(a, c, "values");
    const cJSON *value;
    cJSON_ArrayForEach(value, json_get(entry, "credentials"))
    {
        if (cJSON_IsString(value))
            json_add_str(a, values, value->valuestring + (bare ? strlen(bearer) : 0));
    }
    return out;
}

static cJSON *find_consumer(const cJSON *consumers, const char *name)
{
    cJSON *entry;
    cJSON_ArrayForEach(entry, consumers)
    {
        const char *given = json_str(entry, "name");
        if (given && strcmp(given, name) == 0)
            return entry;
    }
    return NULL;
}

static int compare_consumer_names(const void *x, const void *y)
{
    const char *n = json_str(*(cJSON *const *)x, "name"), *m = json_str(*(cJSON *const *)y, "name");
    return strcmp(n ? n : "", m ? m : "");
}

static void consumer_list(struct rest_request *r)
{
    const cJSON *entry,
        *consumers = stored_consumers(kstore_get(r->store, wasm_kind, wasm_key_auth));
    size_t n = (size_t)json_count(consumers), i = 0;
    const cJSON **sorted = arena_array(r->arena, const cJSON *, n + 1);
    cJSON_ArrayForEach(entry, consumers) sorted[i++] = entry;
    qsort(sorted, n, sizeof *sorted, compare_consumer_names);
    cJSON *out = json_array(r->arena);
    for (i = 0; i < n; i++)
        json_add(r->arena, out, consumer_answer(r->arena, sorted[i]));
    rest_page(r, out);
}

static void consumer_get(struct rest_request *r)
{
    const cJSON *entry = find_consumer(
        stored_consumers(kstore_get(r->store, wasm_kind, wasm_key_auth)), rest_var(r, 0));
    rest_give(r, entry ? consumer_answer(r->arena, entry) : NULL);
}

/* An update may leave the values out: they stay. */
static bool validate_credential(struct rest_request *r, const cJSON *c, bool update)
{
    static const char *const sources[] = { "BEARER", "HEADER", "QUERY", NULL };
    const char *source = json_str(c, "source");
    size_t i = 0;
    while (source && sources[i] && strcmp(sources[i], source) != 0)
        i++;
    if (check_blank(source))
        return rest_fail(r, X_VALIDATION, "source cannot be blank.");
    if (!sources[i])
        return rest_fail(r, X_VALIDATION, "unknown source value: %s", source);
    if (i > 0 && check_blank(json_str(c, "key")))
        return rest_fail(r, X_VALIDATION, "key cannot be blank.");
    if (!update && json_count(json_get(c, "values")) == 0)
        return rest_fail(r, X_VALIDATION, "value cannot be blank.");
    return true;
}

static bool validate_consumer(struct rest_request *r, bool update)
{
    const cJSON *c, *credentials = json_get(r->body, "credentials");
    if (check_blank(json_str(r->body, "name")))
        return rest_fail(r, X_VALIDATION, "name cannot be blank.");
    if (json_count(credentials) == 0)
        return rest_fail(r, X_VALIDATION, "credentials cannot be empty.");
    cJSON_ArrayForEach(c, credentials)
    {
        if (!cJSON_IsObject(c))
            return rest_fail(r, X_NULL_POINTER,
                             "Cannot invoke \"com.alibaba.higress.sdk.model.consumer.Credential."
                             "validate(boolean)\" because \"c\" is null");
        if (is_key_auth(c) && !validate_credential(r, c, update))
            return false;
    }
    return true;
}

/* The stored form of a credential; what it leaves out stays as in `old` (NULL: nothing there). */
static cJSON *merged_entry(struct arena *a, const char *name, const cJSON *c, const cJSON *old)
{
    const char *source = json_str(c, "source"), *key = json_str(c, "key");
    bool bare = strcmp(source, "BEARER") == 0;
    if (bare)
        key = "Authorization";
    cJSON *entry = json_object(a);
    json_set_str(a, entry, "name", name);
    json_set_bool(a, entry, "in_header", strcmp(source, "QUERY") != 0);
    json_set_bool(a, entry, "in_query", strcmp(source, "QUERY") == 0);
    json_add_str(a, json_set_array(a, entry, "keys"), key);
    const cJSON *value, *values = json_get(c, "values");
    if (json_count(values) == 0 && json_get(old, "credentials")) {
        json_set(a, entry, "credentials", json_clone(a, json_get(old, "credentials")));
        return entry;
    }
    cJSON *stored = json_set_array(a, entry, "credentials");
    cJSON_ArrayForEach(value, values)
    {
        const char *v = cJSON_IsString(value) ? value->valuestring : NULL;
        if (bare && !(v && text_starts(v, bearer)))
            v = arena_printf(a, "%s%s", bearer, v ? v : "null");
        json_add(a, stored, v ? json_string(a, v) : json_null(a));
    }
    return entry;
}

static bool share_value(const cJSON *x, const cJSON *y)
{
    const cJSON *v, *w;
    cJSON_ArrayForEach(v, json_get(x, "credentials"))
    {
        cJSON_ArrayForEach(w, json_get(y, "credentials")) if (json_equal(v, w)) return true;
    }
    return false;
}

/* The name of another consumer that the same request would also be taken for; NULL: none. */
static const char *twin_of(const cJSON *consumers, const cJSON *entry)
{
    const cJSON *other;
    cJSON_ArrayForEach(other, consumers)
    {
        const char *name = json_str(other, "name");
        if (!name || strcmp(name, json_str(entry, "name")) == 0)
            continue;
        if (json_true(other, "in_header") == json_true(entry, "in_header") &&
            json_equal(json_get(other, "keys"), json_get(entry, "keys")) &&
            share_value(other, entry))
            return name;
    }
    return NULL;
}

/* spec.defaultConfig of key-auth.internal, made when it is not there yet. */
static cJSON *global_config(struct arena *a, cJSON *key_auth)
{
    cJSON *config = wasm_edit_config(a, key_auth);
    if (!config->child) {
        json_set_array(a, config, "allow");
        json_set_bool(a, config, "global_auth", false);
        json_add_str(a, json_set_array(a, config, "keys"), "x-higress-dummy-key");
    }
    if (!cJSON_IsArray(json_get(config, "consumers")))
        json_set_array(a, config, "consumers");
    wasm_set_config(a, key_auth, config, true);
    return config;
}

static const cJSON *first_key_auth(const cJSON *credentials)
{
    const cJSON *c;
    cJSON_ArrayForEach(c, credentials) if (is_key_auth(c)) return c;
    return NULL;
}

static bool remove_consumer(struct rest_request *r, const char *name)
{
    cJSON *key_auth = kube_load(r, wasm_kind, wasm_key_auth);
    cJSON *consumers = json_path(key_auth, "spec.defaultConfig.consumers");
    cJSON *entry = find_consumer(consumers, name);
    if (!entry)
        return true;
    json_detach(consumers, entry);
    return kube_replace(r, wasm_kind, key_auth);
}

static void save_consumer(struct rest_request *r)
{
    struct arena *a = r->arena;
    const char *name = json_str(r->body, "name");
    const cJSON *credential = first_key_auth(json_get(r->body, "credentials"));
    if (!credential) {
        if (remove_consumer(r, name))
            rest_give(r, NULL);
        return;
    }
    cJSON *key_auth = wasm_internal(r, "key-auth");
    if (!key_auth)
        return;
    cJSON *consumers = json_get(global_config(a, key_auth), "consumers");
    cJSON *old = find_consumer(consumers, name);
    if (!old && !validate_credential(r, credential, false))
        return;
    cJSON *entry = merged_entry(a, name, credential, old);
    const char *twin = twin_of(consumers, entry);
    if (twin) {
        rest_fail(r, X_ILLEGAL_ARGUMENT, "Key auth credential already in use by consumer: %s",
                  twin);
        return;
    }
    if (old) { /* keeps its place in the list */
        const cJSON *m;
        cJSON_ArrayForEach(m, entry) json_set(a, old, m->string, json_clone(a, m));
    } else {
        json_add(a, consumers, entry);
    }
    if (kube_save(r, wasm_kind, key_auth))
        rest_give(r, consumer_answer(a, entry));
}

static void consumer_create(struct rest_request *r)
{
    if (validate_consumer(r, false))
        save_consumer(r);
}

static void consumer_update(struct rest_request *r)
{
    const char *name = json_str(r->body, "name");
    if (!name || !*name)
        json_set_str(r->arena, r->body, "name", rest_var(r, 0));
    else if (strcmp(name, rest_var(r, 0)) != 0) {
        rest_fail(r, X_JAVAX, "Consumer name in the URL doesn't match the one in the body.");
        return;
    }
    if (validate_consumer(r, true))
        save_consumer(r);
}

static bool rule_allows(const cJSON *rule, const char *name)
{
    const cJSON *allowed;
    cJSON_ArrayForEach(allowed, json_path(rule, "config.allow"))
    {
        if (cJSON_IsString(allowed) && strcmp(allowed->valuestring, name) == 0)
            return true;
    }
    return false;
}

static void consumer_erase(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    const cJSON *rule, *key_auth = kstore_get(r->store, wasm_kind, wasm_key_auth);
    cJSON_ArrayForEach(rule, json_path(key_auth, "spec.matchRules"))
    {
        if (!rule_allows(rule, name))
            continue;
        rest_fail(r, X_BUSINESS, "Consumer %s is still in use", name);
        return;
    }
    if (remove_consumer(r, name))
        rest_empty(r, 204);
}

const struct rest_route consumer_rest[] = {
    { "GET", "/v1/consumers", consumer_list, NULL, REST_PAGED },
    { "POST", "/v1/consumers", consumer_create, consumer_model },
    { "GET", "/v1/consumers/{name}", consumer_get },
    { "PUT", "/v1/consumers/{name}", consumer_update, consumer_model },
    { "DELETE", "/v1/consumers/{name}", consumer_erase },
    { 0 },
};
