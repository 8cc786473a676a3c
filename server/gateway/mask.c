/* mask.c - secrets of gateway objects: hidden on the way out, put back on the way in.
 *
 * Two passes over a copy: the paths of the kind's row, then names and value shapes anywhere. To
 * teach it a new name, add to `telling`; to except one, to `harmless`.
 */
#include "gateway/mask.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "gateway/kind.h"

/* Values that are secret wherever they stand. */
static bool value_is_secret(const char *s)
{
    const char *at = strstr(s, "://");
    const char *user = at ? strpbrk(at + 3, "@/") : NULL;
    return strstr(s, "PRIVATE KEY-----") || (text_starts(s, "Bearer ") && strlen(s) > 12) ||
           (text_starts(s, "Basic ") && strlen(s) > 12) ||
           (text_starts(s, "sk-") && strlen(s) > 16) ||
           (user && *user == '@' && memchr(at + 3, ':', (size_t)(user - at - 3)));
}

static void hide(struct arena *a, cJSON *parent, cJSON *leaf)
{
    char *text = cJSON_IsString(leaf) ? leaf->valuestring : json_print(a, leaf);
    if (!*text || secret_is_mask(text))
        return;
    secret_learn(text);
    cJSON *masked = json_string(a, secret_mask(a, text));
    if (cJSON_IsObject(parent)) {
        json_set(a, parent, leaf->string, masked);
        return;
    }
    /* An element of a list: there is no replacing call, so the node itself takes the text. */
    leaf->type = masked->type;
    leaf->valuestring = masked->valuestring;
}

static bool hideable(const cJSON *n)
{
    return cJSON_IsString(n) || cJSON_IsNumber(n);
}

static void hide_path(struct arena *a, cJSON *node, const char *path);

static void hide_found(struct arena *a, cJSON *parent, cJSON *found, const char *rest)
{
    if (*rest)
        hide_path(a, found, rest);
    else if (hideable(found))
        hide(a, parent, found);
}

/* path: "a.b[].c"; "*" is any member. */
static void hide_path(struct arena *a, cJSON *node, const char *path)
{
    char member[KIND_WORD];
    size_t n = strcspn(path, ".[");
    memcpy(member, path, n);
    member[n] = '\0';
    bool each = text_starts(path + n, "[]"), any = !strcmp(member, "*");
    const char *rest = path + n + (each ? 2 : 0);
    rest += *rest == '.';
    cJSON *next;
    for (cJSON *c = cJSON_IsObject(node) ? node->child : NULL; c; c = next) {
        next = c->next;
        if (!any && strcmp(member, c->string) != 0)
            continue;
        if (!each)
            hide_found(a, node, c, rest);
        for (cJSON *i = each ? c->child : NULL; i; i = i->next)
            hide_found(a, c, i, rest);
    }
}

/* {"key":"Authorization","value":"…"}: a header, a query parameter, an environment entry. */
static bool pair_is_secret(const cJSON *object)
{
    const char *key = json_str(object, "key");
    key = key ? key : json_str(object, "name");
    return key && mask_name_is_secret(key);
}

static bool leaf_is_secret(const cJSON *c, bool named)
{
    if (cJSON_IsString(c))
        return named || value_is_secret(c->valuestring);
    /* Numbers under "max_tokens" and "token_per_minute" are limits; under a password they are not.
     */
    return named && cJSON_IsNumber(c) && c->string && !text_contains_nocase(c->string, "token");
}

static void hide_names(struct arena *a, cJSON *node, bool named)
{
    bool pair = cJSON_IsObject(node) && pair_is_secret(node);
    cJSON *next;
    for (cJSON *c = node->child; c; c = next) {
        next = c->next;
        bool mine = named && cJSON_IsArray(node);
        if (cJSON_IsObject(node) && c->string)
            mine = mask_name_is_secret(c->string) || (pair && text_starts(c->string, "value"));
        if (leaf_is_secret(c, mine))
            hide(a, node, c);
        else if (c->child)
            hide_names(a, c, mine && cJSON_IsArray(c));
    }
}

/* A plugin's YAML text says what `configurations` says; alone, it is masked as a tree. */
static void hide_yaml(struct arena *a, cJSON *o)
{
    const char *text = json_str(o, "rawConfigurations");
    if (!text || !*text)
        return;
    if (json_count(json_get(o, "configurations")) > 0) {
        json_remove(o, "rawConfigurations");
        return;
    }
    struct err e = { 0 };
    cJSON *tree = yaml_parse(a, text, strlen(text), &e);
    if (tree)
        hide_names(a, tree, false);
    json_set_str(a, o, "rawConfigurations", tree ? yaml_print(a, tree) : secret_mask(a, text));
}

cJSON *mask_object(struct arena *a, const struct kind *k, const cJSON *o)
{
    if (!o)
        return NULL;
    cJSON *copy = json_clone(a, o);
    char path[KIND_WORD];
    for (const char *rest = k ? k->secrets : NULL; kind_next(&rest, path);)
        hide_path(a, copy, path);
    hide_yaml(a, copy);
    hide_names(a, copy, false);
    return copy;
}

/* The leaf of tree whose fingerprint is mask. */
static const cJSON *behind(struct arena *a, const cJSON *tree, const char *mask)
{
    for (const cJSON *c = tree ? tree->child : NULL; c; c = c->next) {
        if (hideable(c)) {
            const char *text = cJSON_IsString(c) ? c->valuestring : json_print(a, c);
            if (*text && !strcmp(secret_mask(a, text), mask))
                return c;
        }
        const cJSON *found = behind(a, c, mask);
        if (found)
            return found;
    }
    return NULL;
}

static bool restore_leaf(struct arena *a, const struct kind *k, const cJSON *before, cJSON *c,
                         struct err *e)
{
    const cJSON *real = secret_is_mask(c->valuestring) ? behind(a, before, c->valuestring) : NULL;
    if (!real)
        return err_set(e, ERR_ARGS,
                       "%s: '%s' holds the fingerprint of a secret (%s), which matches nothing in "
                       "the object as it is; give the secret itself or leave the field out",
                       k ? k->name : "object", c->string ? c->string : "a list",
                       text_clean(a, c->valuestring, 60));
    cJSON *copy = json_clone(a, real);
    c->type = copy->type;
    c->valuestring = copy->valuestring;
    c->valuedouble = copy->valuedouble;
    c->valueint = copy->valueint;
    return true;
}

bool mask_restore(struct arena *a, const struct kind *k, const cJSON *before, cJSON *after,
                  struct err *e)
{
    for (cJSON *c = after ? after->child : NULL; c; c = c->next) {
        if (cJSON_IsString(c) && strstr(c->valuestring, "secret:sha256:")) {
            if (!restore_leaf(a, k, before, c, e))
                return false;
        } else if (!mask_restore(a, k, before, c, e)) {
            return false;
        }
    }
    return true;
}
