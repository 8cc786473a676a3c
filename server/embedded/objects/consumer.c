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
#include "embedded/rest/java_text.h"
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

/* An entry as the console reads it. */
struct credential {
    const char *source, *key; /* source NULL: it cannot be read, and its consumer is not there */
    cJSON *values;
};

/* A Boolean of the store, as a word or a number too. */
static bool is_on(const cJSON *entry, const char *field)
{
    const cJSON *value = json_get(entry, field);
    if (cJSON_IsString(value))
        return text_equal_nocase(value->valuestring, "true");
    return cJSON_IsNumber(value) ? value->valuedouble != 0 : cJSON_IsTrue(value);
}

static const char *last_key(const cJSON *entry)
{
    const cJSON *key;
    const char *found = NULL;
    cJSON_ArrayForEach(key, json_get(entry, "keys"))
    {
        if (cJSON_IsString(key) && !check_blank(key->valuestring))
            found = key->valuestring;
    }
    return found;
}

/* The values of an entry; one credential is how older consoles wrote it. */
static cJSON *stored_values(struct arena *a, const cJSON *entry)
{
    cJSON *values = json_array(a);
    const cJSON *value, *list = json_get(entry, "credentials");
    const char *one = json_str(entry, "credential");
    bool there = check_blank(one);
    cJSON_ArrayForEach(value, list)
    {
        if (!cJSON_IsString(value))
            continue;
        json_add_str(a, values, value->valuestring);
        there |= one && strcmp(one, value->valuestring) == 0;
    }
    if (!there)
        json_add_str(a, values, one);
    return values;
}

static bool are_all_bearer(const cJSON *values)
{
    const cJSON *value;
    cJSON_ArrayForEach(value, values)
    {
        if (!text_starts(value->valuestring, bearer))
            return false;
    }
    return true;
}

static struct credential read_credential_entry(struct arena *a, const cJSON *entry)
{
    struct credential c = { .key = last_key(entry), .values = stored_values(a, entry) };
    const cJSON *value;
    if (!c.key || check_blank(json_str(entry, "name")))
        return c;
    if (!is_on(entry, "in_header")) {
        c.source = is_on(entry, "in_query") ? "QUERY" : NULL;
        return c;
    }
    c.source = "HEADER";
    if (strcmp(c.key, "Authorization") != 0 || !are_all_bearer(c.values))
        return c;
    cJSON *bare = json_array(a);
    cJSON_ArrayForEach(value, c.values)
        json_add_str(a, bare, java_trim(a, value->valuestring + strlen(bearer)));
    return (struct credential){ .source = "BEARER", .values = bare };
}

/* NULL: the console does not see it. */
static cJSON *consumer_answer(struct arena *a, const cJSON *entry)
{
    struct credential read = read_credential_entry(a, entry);
    if (!read.source)
        return NULL;
    cJSON *out = model_new(a, consumer_model);
    json_set_str(a, out, "name", json_str(entry, "name"));
    cJSON *c = json_add(a, json_set_array(a, out, "credentials"), model_new(a, credential_model));
    json_set_str(a, c, "type", "key-auth");
    json_set_str(a, c, "source", read.source);
    json_set_str(a, c, "key", read.key);
    json_set(a, c, "values", read.values);
    return out;
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
    for (i = 0; i < n; i++) {
        cJSON *shown = consumer_answer(r->arena, sorted[i]);
        if (shown)
            json_add(r->arena, out, shown);
    }
    rest_page(r, out);
}

static void consumer_get(struct rest_request *r)
{
    const cJSON *key_auth = kstore_get(r->store, wasm_kind, wasm_key_auth);
    const cJSON *entry = json_find(stored_consumers(key_auth), "name", rest_var(r, 0));
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

/* What a request leaves out stays as it was; old NULL: nothing was there. */
static struct credential merge_credential(struct arena *a, const cJSON *c, const cJSON *old)
{
    struct credential new = { json_str(c, "source"), json_str(c, "key"), json_get(c, "values") };
    struct credential was = { 0 };
    if (old)
        was = read_credential_entry(a, old);
    if (!was.source)
        return new;
    if (check_blank(new.key))
        new.key = was.key;
    if (json_count(new.values) == 0)
        new.values = was.values;
    return new;
}

/* Writes a credential into the entry of its consumer. */
static void put_credential(struct arena *a, cJSON *entry, const struct credential *c)
{
    bool bare = strcmp(c->source, "BEARER") == 0, query = strcmp(c->source, "QUERY") == 0;
    const char *key = bare ? "Authorization" : c->key;
    const cJSON *value;
    json_set_bool(a, entry, "in_header", !query);
    json_set_bool(a, entry, "in_query", query);
    json_add_str(a, json_set_array(a, entry, "keys"), key);
    cJSON *stored = json_array(a);
    cJSON_ArrayForEach(value, c->values)
    {
        const char *v = cJSON_IsString(value) ? value->valuestring : NULL;
        if (bare)
            v = arena_printf(a, "%s%s", bearer, v ? v : "null");
        json_add(a, stored, v ? json_string(a, v) : json_null(a));
    }
    json_set(a, entry, "credentials", stored);
    json_remove(entry, "credential");
}

static bool share_value(const cJSON *given, const cJSON *stored)
{
    const cJSON *v, *w;
    cJSON_ArrayForEach(v, given)
    {
        cJSON_ArrayForEach(w, stored) if (json_equal(v, w)) return true;
    }
    return false;
}

/* Another consumer whose credential is, as read, the one asked for as it is spelt; NULL: none. */
static const char *twin_of(struct arena *a, const cJSON *consumers, const char *name,
                           const cJSON *credential)
{
    const cJSON *other;
    const char *source = json_str(credential, "source"), *key = json_str(credential, "key");
    cJSON_ArrayForEach(other, consumers)
    {
        struct credential c = read_credential_entry(a, other);
        if (!c.source || strcmp(json_str(other, "name"), name) == 0)
            continue;
        if (strcmp(source, c.source) == 0 && text_same(key, c.key) &&
            share_value(json_get(credential, "values"), c.values))
            return json_str(other, "name");
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
    cJSON *entry = json_find(consumers, "name", name);
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
    cJSON *entry = json_find(consumers, "name", name);
    const char *twin = twin_of(a, consumers, name, credential);
    if (twin) {
        rest_fail(r, X_ILLEGAL_ARGUMENT, "Key auth credential already in use by consumer: %s",
                  twin);
        return;
    }
    struct credential merged = merge_credential(a, credential, entry);
    if (json_count(merged.values) == 0) {
        rest_fail(r, X_VALIDATION, "value cannot be blank.");
        return;
    }
    if (!entry) { /* else it keeps its place in the list */
        entry = json_add(a, consumers, json_object(a));
        json_set_str(a, entry, "name", name);
    }
    put_credential(a, entry, &merged);
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

static void consumer_erase(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    const cJSON *rule, *key_auth = kstore_get(r->store, wasm_kind, wasm_key_auth);
    bool in_use = json_find_text(json_path(key_auth, "spec.defaultConfig.allow"), name);
    cJSON_ArrayForEach(rule, json_path(key_auth, "spec.matchRules"))
    {
        in_use |= json_find_text(json_path(rule, "config.allow"), name) != NULL;
    }
    if (in_use) {
        rest_fail(r, X_BUSINESS, "Consumer %s is still in use", name);
        return;
    }
    if (remove_consumer(r, name))
        rest_empty(r, 204);
}

const struct rest_route consumer_rest[] = {
    { "GET", "/v1/consumers", consumer_list, NULL, REST_PAGED },
    { "POST", "/v1/consumers", consumer_create, consumer_model },
    { "GET", "/v1/consumers/{name}", consumer_get, .not_blank = "query.name" },
    { "PUT", "/v1/consumers/{name}", consumer_update, consumer_model, .not_blank = "put.name" },
    { "DELETE", "/v1/consumers/{name}", consumer_erase, .not_blank = "delete.name" },
    { 0 },
};
