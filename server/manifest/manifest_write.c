/* manifest_write.c - a whole gateway as a manifest; the mirror of manifest.c.
 *
 * Lists are streamed; of each object only its text is kept until its kind is written.
 */
#include "manifest/manifest_write.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "manifest/manifest.h"
#include "mask/mask.h"
#include <ctype.h>

struct object {
    const char *name, *scope, *text;
};

struct writing {
    struct gateway *gateway;
    struct arena *arena, *one; /* of all, of the object under way */
    struct cancel *cancel;
    struct manifest_written *out;
    const struct kind *kind;
    const char *scope;
    struct object *list;
    int count, room;
    const char **names; /* of what lists leave members out of, and of scopes */
    int name_count, name_room;
    struct err *e;
};

/* -- secrets ---------------------------------------------------------------------------------- */

/* What the console never shows of a registry, by the beginning of its type. */
static const struct {
    const char *type_prefix, *member;
} unseen[] = {
    { "nacos", "nacosUsername" },
    { "nacos", "nacosPassword" },
    { "consul", "consulToken" },
};

/* HIGRESS_SECRET_AI_PROVIDER_QW_TOKENS_0. */
static char *variable(struct arena *a, const struct kind *k, const char *scope, const char *name,
                      const char *path)
{
    char *v = arena_printf(a, MANIFEST_SECRET "%s%s%s_%s%s", k->name, scope ? "_" : "",
                           scope ? scope : "", name, path);
    for (char *p = v; *p; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return v;
}

char *manifest_unseen(struct arena *a, const struct kind *k, const char *name, const char *member)
{
    bool is = k->needs && member && text_has_word(k->needs, member);
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        is = is ||
             (!strcmp(k->name, "service-source") && member && !strcmp(member, unseen[i].member));
    return is ? variable(a, k, NULL, name, arena_printf(a, "_%s", member)) : NULL;
}

/* Two names may give one variable. */
static const char *keep_variable(struct writing *w, char *name, const char *value)
{
    const char *old;
    for (int n = 2; (old = json_str(w->out->values, name)) && value && strcmp(old, value); n++)
        name = arena_printf(w->one, "%s_%d", name, n);
    if (value)
        json_set_str(w->arena, w->out->values, name, value);
    w->out->secrets++;
    w->out->unknown += !value;
    return arena_printf(w->one, "${env:%s}", name);
}

/* A value that is hidden becomes a reference. */
static void refer_leaf(struct writing *w, cJSON *c, const cJSON *masked, const char *name,
                       const char *path)
{
    if ((!cJSON_IsString(c) && !cJSON_IsNumber(c)) || !masked || json_equal(c, masked))
        return;
    const char *value = cJSON_IsString(c) ? c->valuestring : json_print(w->one, c);
    c->type = cJSON_String;
    c->valuestring = arena_strdup(
        w->one, keep_variable(w, variable(w->one, w->kind, w->scope, name, path), value));
}

/* masked: the same tree with its secrets hidden. A member's name that holds one is written as it is
 * shown: a name cannot be a reference. */
static void refer(struct writing *w, cJSON *node, const cJSON *masked, const char *name,
                  const char *path)
{
    int i = 0;
    const cJSON *m = masked ? masked->child : NULL;
    for (cJSON *c = node->child; c; c = c->next, i++) {
        const char *here = c->string ? arena_printf(w->one, "%s_%s", path, c->string)
                                     : arena_printf(w->one, "%s_%d", path, i);
        if (c->child)
            refer(w, c, m, name, here);
        else
            refer_leaf(w, c, m, name, here);
        if (c->string && m)
            c->string = m->string;
        m = m ? m->next : NULL;
    }
}

static void ask_for(struct writing *w, cJSON *to, const char *name, const char *member)
{
    json_set_str(w->one, to, member,
                 keep_variable(w, manifest_unseen(w->one, w->kind, name, member), NULL));
}

/* What the console never shows is asked for by name. */
static void refer_unseen(struct writing *w, cJSON *o, const char *name)
{
    char word[TEXT_WORD];
    for (const char *rest = w->kind->needs; text_word_next(&rest, word);)
        ask_for(w, o, name, word);
    cJSON *auth = json_get(o, "authN");
    const char *type = json_str(o, "type");
    if (strcmp(w->kind->name, "service-source") != 0 || !type || !json_true(auth, "enabled"))
        return;
    cJSON *to = json_set_object(w->one, auth, "properties");
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if (text_starts(type, unseen[i].type_prefix))
            ask_for(w, to, name, unseen[i].member);
}

/* -- one object ------------------------------------------------------------------------------- */

/* The console's own, or nothing that anybody set. */
static bool omitted(const struct kind *k, const cJSON *o, const char *name)
{
    if (!name || derived_is_internal(name))
        return true;
    if (!strcmp(k->name, "wasm-plugin"))
        return json_true(o, "builtIn");
    if (!strcmp(k->name, "plugin-instance"))
        return json_true(o, "internal") || !kind_exists(k, o);
    return !strcmp(k->name, "dashboard") && (!json_str(o, "url") || json_true(o, "builtIn"));
}

/* The statistics that the console switches on for every AI route by itself. */
static bool automatic(const struct writing *w, const char *name, const cJSON *content)
{
    const cJSON *config = json_get(content, "configurations");
    return w->scope && derived_is_internal(w->scope) && !strcmp(name, "ai-statistics") &&
           json_count(config) == 1 && json_true(config, "use_default_response_attributes");
}

static int by_member(const void *x, const void *y)
{
    const cJSON *const *p = x, *const *q = y;
    return strcmp((*p)->string, (*q)->string);
}

/* kind, name, scope, and the members in the order of their names. */
static cJSON *ordered(struct writing *w, const char *name, const cJSON *content)
{
    struct arena *a = w->one;
    int n = 0;
    const cJSON **members = arena_array(a, const cJSON *, json_count(content) + 1), *c;
    cJSON_ArrayForEach(c, content) members[n++] = c;
    qsort(members, (size_t)n, sizeof *members, by_member);
    cJSON *o = json_object(a);
    json_set_str(a, o, "kind", w->kind->name);
    json_set_str(a, o, "name", name);
    if (w->scope)
        json_set_str(a, o, "scope", w->scope);
    for (int i = 0; i < n; i++)
        if (strcmp(members[i]->string, w->kind->key) != 0)
            json_set(a, o, members[i]->string, json_clone(a, members[i]));
    return o;
}

/* In free-form settings an empty member says something; of what cannot be read, the members that
 * the gateway makes of it tell whether another one is the same. */
static cJSON *content_of(struct arena *a, const struct kind *k, const cJSON *o)
{
    char word[TEXT_WORD];
    if (!(k->flags & KIND_SINGLE) && !k->needs)
        return kind_content(a, k, o);
    cJSON *content = json_clone(a, o), *next;
    for (cJSON *c = content->child; c; c = next) {
        next = c->next;
        if (cJSON_IsNull(c))
            json_detach(content, c);
    }
    for (const char *rest = k->needs ? "version" : k->made; text_word_next(&rest, word);)
        json_remove(content, word);
    return content;
}

/* YAML in a text that holds a secret is written as the tree it is: only the secret becomes a
 * reference. */
static void open_text(struct writing *w, cJSON *content)
{
    const char *member = w->kind->yaml, *text = member ? json_str(content, member) : NULL;
    struct err ignored = { 0 };
    if (!text || mask_is_clean(w->kind, content))
        return;
    cJSON *tree = yaml_parse(w->one, text, strlen(text), &ignored);
    if (cJSON_IsObject(tree))
        json_set(w->one, content, member, tree);
}

/* The object's text, made in an arena of its own; NULL: it is the console's. */
static const char *object_document(struct writing *w, const cJSON *o, const char *name)
{
    struct arena *all = w->arena, *one = arena_new();
    const char *text = NULL;
    cJSON *content = content_of(one, w->kind, o);
    w->one = one;
    open_text(w, content);
    if (!automatic(w, name, content)) {
        refer(w, content, mask_object(one, w->kind, content), name, "");
        refer_unseen(w, content, name);
        text = arena_strdup(all, yaml_print(one, ordered(w, name, content)));
    }
    arena_free(one);
    return text;
}

static void add_document(struct writing *w, const cJSON *o)
{
    struct arena *a = w->arena;
    const char *name = kind_name_of(w->kind, o);
    const char *text = omitted(w->kind, o, name) ? NULL : object_document(w, o, name);
    if (!text)
        return;
    w->list = arena_grow(a, w->list, w->count, &w->room, sizeof *w->list);
    w->list[w->count++] = (struct object){ arena_strdup(a, name), w->scope ? w->scope : "", text };
}

/* -- lists ------------------------------------------------------------------------------------ */

static bool take_object(void *arg, const cJSON *o)
{
    add_document(arg, o);
    return true;
}

static bool take_name(void *arg, const cJSON *o)
{
    struct writing *w = arg;
    const char *name = json_str(o, w->kind->key);
    const char *last = w->name_count ? w->names[w->name_count - 1] : "";
    if (!name || !strcmp(last, name)) /* a service is listed once a port */
        return true;
    w->names = arena_grow(w->arena, w->names, w->name_count, &w->name_room, sizeof *w->names);
    w->names[w->name_count++] = arena_strdup(w->arena, name);
    return true;
}

static bool list_object_names(struct writing *w)
{
    w->name_count = 0;
    return gateway_each_kind(w->gateway, w->kind, NULL, take_name, w, w->cancel, w->e);
}

static bool write_kind(struct writing *w, const char *kind)
{
    w->kind = kind_find(kind);
    w->scope = NULL;
    if (!(w->kind->flags & KIND_THIN_LIST))
        return gateway_each_kind(w->gateway, w->kind, NULL, take_object, w, w->cancel, w->e);
    if (!list_object_names(w))
        return false;
    for (int i = 0; i < w->name_count; i++) {
        cJSON *o =
            gateway_object(w->gateway, w->arena, w->kind, w->names[i], NULL, NULL, w->cancel, w->e);
        if (!o)
            return false;
        add_document(w, o);
    }
    return true;
}

static bool write_instances(struct writing *w)
{
    const struct kind *k = kind_find("plugin-instance");
    w->kind = k;
    w->scope = "global";
    if (!gateway_each_kind(w->gateway, k, w->scope, take_object, w, w->cancel, w->e))
        return false;
    for (const char *const *scope = kind_scopes; *scope; scope++) {
        w->kind = kind_find(*scope);
        if (!list_object_names(w))
            return false;
        w->kind = k;
        for (int i = 0; i < w->name_count; i++) {
            w->scope = arena_printf(w->arena, "%s:%s", *scope, w->names[i]);
            if (!gateway_each_kind(w->gateway, k, w->scope, take_object, w, w->cancel, w->e))
                return false;
        }
    }
    return true;
}

static int compare_documents(const void *x, const void *y)
{
    const struct object *p = x, *q = y;
    int scopes = strcmp(p->scope, q->scope);
    return scopes ? scopes : strcmp(p->name, q->name);
}

bool manifest_write(struct gateway *g, struct arena *a, struct buf *to,
                    struct manifest_written *out, struct cancel *c, struct err *e)
{
    struct writing w = { .gateway = g, .arena = a, .cancel = c, .out = out, .e = e };
    char word[TEXT_WORD];
    *out = (struct manifest_written){ .values = json_object(a) };
    for (const char *rest = manifest_order; text_word_next(&rest, word);) {
        if (!strcmp(word, "mcp-consumers")) /* the servers themselves name them */
            continue;
        if (!(strcmp(word, "plugin-instance") ? write_kind(&w, word) : write_instances(&w)))
            return false;
        qsort(w.list, (size_t)w.count, sizeof *w.list, compare_documents);
        for (int i = 0; i < w.count; i++)
            buf_printf(to, "---\n%s", w.list[i].text);
        out->objects += w.count;
        w.count = 0;
    }
    return true;
}
