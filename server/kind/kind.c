/* kind.c - what follows from a row of the kind table: paths, names, content, hashes, references.
 *
 * The rows are in kind_rows.c, their fields in kind_field*.c.
 */
#include "kind/kind.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

const struct kind *kind_find(const char *name)
{
    for (const struct kind *k = kinds; name && k->name; k++)
        if (!strcmp(k->name, name))
            return k;
    return NULL;
}

/* A name becomes one path segment. '/' is refused because the console's server refuses %2F, the
 * dots because they would be resolved before sending. */
static char *path_segment(struct arena *a, const char *what, const char *name, struct err *e)
{
    if (!name || !name[strspn(name, " ")] || !strcmp(name, ".") || !strcmp(name, "..") ||
        strlen(name) > 253) {
        err_set(e, ERR_ARGS, "%s: the name is blank, '.', '..' or longer than 253 bytes", what);
        return NULL;
    }
    for (const char *s = name; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '/' || *s == '\\') {
            err_set(e, ERR_ARGS, "%s '%s': a name holds no '/', '\\' or control character", what,
                    text_clean(a, name, 80));
            return NULL;
        }
    return text_percent(a, name);
}

const char *const kind_scopes[] = { "domain", "route", "service", NULL };

/* The kind that a scope is of; *name: of what. NULL: global, or no scope at all. */
static const char *scope_kind(const char *scope, const char **name)
{
    for (const char *const *kind = kind_scopes; *kind; kind++) {
        size_t n = strlen(*kind);
        *name = scope + n + 1;
        if (text_starts(scope, *kind) && scope[n] == ':')
            return *kind;
    }
    return NULL;
}

static char *scope_path(struct arena *a, const struct kind *k, const char *scope, struct err *e)
{
    if (!(k->flags & KIND_SCOPED)) {
        if (!scope || !*scope)
            return arena_strdup(a, "");
        err_set(e, ERR_ARGS, "a %s has no scope: leave scope out", k->name);
        return NULL;
    }
    if (scope && !strcmp(scope, "global"))
        return arena_strdup(a, "/v1/global");
    const char *name, *kind = scope ? scope_kind(scope, &name) : NULL;
    if (kind) {
        const char *one = path_segment(a, "scope", name, e);
        return one ? arena_printf(a, "/v1/%ss/%s", kind, one) : NULL;
    }
    err_set(e, ERR_ARGS, "a %s needs a scope: global, domain:NAME, route:NAME or service:NAME",
            k->name);
    return NULL;
}

static char *fill_path_pattern(struct arena *a, const struct kind *k, const char *pattern,
                               const char *name, const char *scope, struct err *e)
{
    char *prefix = scope_path(a, k, scope, e);
    if (!prefix)
        return NULL;
    if (k->flags & KIND_SCOPED)
        pattern += strlen("{scope}");
    const char *hole = strstr(pattern, "{name}");
    if (!hole)
        return arena_printf(a, "%s%s", prefix, pattern);
    char *one = path_segment(a, k->name, name, e);
    return one ? arena_printf(a, "%s%.*s%s", prefix, (int)(hole - pattern), pattern, one) : NULL;
}

char *kind_list_path(struct arena *a, const struct kind *k, const char *scope, struct err *e)
{
    return fill_path_pattern(a, k, k->list, NULL, scope, e);
}

char *kind_object_path(struct arena *a, const struct kind *k, const char *name, const char *scope,
                       struct err *e)
{
    if (!k->object) {
        err_set(e, ERR_ARGS, "a %s has no path of its own", k->name);
        return NULL;
    }
    return fill_path_pattern(a, k, k->object, name, scope, e);
}

const char *kind_name_of(const struct kind *k, const cJSON *o)
{
    return json_str(o, k->key);
}

/* The console answers a GET of an instance that is not there with a disabled, empty one. */
bool kind_exists(const struct kind *k, const cJSON *o)
{
    if (!o || cJSON_IsNull(o))
        return false;
    if (!(k->flags & KIND_SCOPED))
        return true;
    return json_true(o, "enabled") || json_count(json_get(o, "configurations")) > 0;
}

static void strip_empty(cJSON *node)
{
    cJSON *next;
    for (cJSON *c = node->child; c; c = next) {
        next = c->next;
        if (cJSON_IsObject(c) || cJSON_IsArray(c))
            strip_empty(c);
        bool empty = cJSON_IsNull(c) || ((cJSON_IsObject(c) || cJSON_IsArray(c)) && !c->child);
        if (empty && cJSON_IsObject(node))
            json_detach(node, c);
    }
}

/* The console prints YAML text anew, so that only what it says can be compared. */
static void text_to_tree(struct arena *a, const struct kind *k, cJSON *content)
{
    const char *text = k->yaml ? json_str(content, k->yaml) : NULL;
    struct err ignored = { 0 };
    cJSON *tree = text && *text ? yaml_parse(a, text, strlen(text), &ignored) : NULL;
    if (tree)
        json_set(a, content, k->yaml, tree);
}

/* "a" or "a.b" */
static void remove_path(cJSON *content, char *path)
{
    char *dot = strchr(path, '.');
    if (dot)
        *dot = '\0';
    if (dot)
        json_remove(json_get(content, path), dot + 1);
    else
        json_remove(content, path);
}

void kind_strip(const struct kind *k, cJSON *o)
{
    char word[TEXT_WORD];
    for (const char *rest = k->strip; text_word_next(&rest, word);)
        remove_path(o, word);
}

cJSON *kind_content(struct arena *a, const struct kind *k, const cJSON *o)
{
    if (!o)
        return NULL;
    cJSON *content = json_clone(a, o);
    char word[TEXT_WORD];
    for (const char *rest = k->made; text_word_next(&rest, word);)
        remove_path(content, word);
    text_to_tree(a, k, content);
    strip_empty(content);
    return content;
}

const char *kind_version_of(const struct kind *k, const cJSON *o)
{
    bool counts = k->version == VERSION_ENFORCED || k->version == VERSION_LATE;
    return counts ? json_str(o, "version") : NULL;
}

char *kind_hash(struct arena *a, const struct kind *k, const cJSON *o)
{
    if (!kind_exists(k, o))
        return arena_strdup(a, "absent");
    const char *version = kind_version_of(k, o);
    char *text =
        arena_printf(a, "%s\n%s", json_canonical(a, kind_content(a, k, o)), version ? version : "");
    return crypto_sha256_hex(a, text, strlen(text));
}

bool kind_makes_route(struct arena *a, const struct kind *k, const char *name, const char *route)
{
    for (const enum derived *d = k->parts; *d; d++)
        if (!strcmp(derived_kind(*d), "route") && !strcmp(derived_name(a, *d, name), route))
            return true;
    return false;
}

const char *const *kind_made_routes(struct arena *a, const char *name)
{
    const char **routes = arena_array(a, const char *, 4);

    routes[0] = derived_name(a, DERIVED_AI_ROUTE, name);
    routes[1] = derived_name(a, DERIVED_AI_FALLBACK, name);
    routes[2] = derived_name(a, DERIVED_MCP_ROUTE, name);
    return routes;
}

char *kind_mcp_of(struct arena *a, const char *route)
{
    return derived_from(a, DERIVED_MCP_ROUTE, route);
}

char *kind_ai_of(struct arena *a, const char *route)
{
    char *name = derived_from(a, DERIVED_AI_FALLBACK, route);
    return name ? name : derived_from(a, DERIVED_AI_ROUTE, route);
}

/* -- references ------------------------------------------------------------------------------- */

struct walk {
    struct arena *arena;
    const char *kind; /* of what the paths point to */
    kind_ref_fn *fn;
    void *arg;
};

static bool walk_path(const struct walk *w, const cJSON *node, const char *path, const char *where);

static bool walk_found(const struct walk *w, const cJSON *found, const char *rest,
                       const char *where)
{
    if (*rest)
        return walk_path(w, found, rest + (*rest == '.'), where);
    if (!cJSON_IsString(found) || !found->valuestring[0])
        return true;
    return w->fn(w->arg, where, w->kind, found->valuestring);
}

/* path: "a.b[].c" below node, where: how node was reached. */
static bool walk_path(const struct walk *w, const cJSON *node, const char *path, const char *where)
{
    size_t n = strcspn(path, ".[");
    bool each = text_starts(path + n, "[]");
    const char *rest = path + n + (each ? 2 : 0);
    char *here = arena_printf(w->arena, "%s%s%.*s", where, *where ? "." : "", (int)n, path);
    char member[TEXT_WORD];
    snprintf(member, sizeof member, "%.*s", (int)n, path);
    const cJSON *c = json_get(node, member), *item;
    int i = 0;
    if (!c || !each)
        return !c || walk_found(w, c, rest, here);
    cJSON_ArrayForEach(item, c)
    {
        if (!walk_found(w, item, rest, arena_printf(w->arena, "%s[%d]", here, i++)))
            return false;
    }
    return true;
}

static bool scope_ref(const char *scope, kind_ref_fn *fn, void *arg)
{
    const char *name, *kind = scope_kind(scope, &name);
    return !kind || fn(arg, "scope", kind, name);
}

bool kind_refs(struct arena *a, const struct kind *k, const char *scope, const cJSON *o,
               kind_ref_fn *fn, void *arg)
{
    char row[TEXT_WORD];
    if ((k->flags & KIND_SCOPED) && scope && !scope_ref(scope, fn, arg))
        return false;
    for (const char *rest = k->refs; text_word_next(&rest, row);) {
        size_t n = strcspn(row, ">");
        struct walk w = { a, arena_strdup(a, row + n + 1), fn, arg };
        if (!walk_path(&w, o, arena_strndup(a, row, n), ""))
            return false;
    }
    return true;
}
