/* manifest.c - the text of a manifest: documents, and objects in our own form.
 *
 * The text is split into its documents before it is parsed, so that a mistake is told with the line
 * it stands on.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"
#include "manifest/manifest_write.h"
#include "mask/mask.h"

struct manifest *manifest_new(struct arena *a)
{
    struct manifest *m = arena_make(a, struct manifest);
    m->arena = a;
    m->where = "the manifest";
    return m;
}

static bool is_item(const struct manifest_item *i, const struct kind *k, const char *name,
                    const char *scope)
{
    return i->kind == k && !strcmp(i->name, name) &&
           !strcmp(i->scope ? i->scope : "", scope ? scope : "");
}

struct manifest_item *manifest_item(struct manifest *m, const char *kind, const char *name,
                                    const char *scope, struct err *e)
{
    const struct kind *k = kind_find(kind);
    if (!k)
        return err_set(e, ERR_ARGS, "kind: '%s' is unknown, must be one of %s",
                       text_clean(m->arena, kind ? kind : "", 60), kind_names()),
               NULL;
    if (!name || !*name)
        return err_set(e, ERR_ARGS, "%s: is needed, it names the %s", k->key, k->name), NULL;
    for (int i = 0; i < m->count; i++)
        if (is_item(&m->list[i], k, name, scope))
            return &m->list[i];
    if (m->count == MANIFEST_MAX)
        return err_set(e, ERR_ARGS, "more than %d objects", MANIFEST_MAX), NULL;
    m->list = arena_grow(m->arena, m->list, m->count, &m->room, sizeof *m->list);
    struct manifest_item *i = &m->list[m->count++];
    *i = (struct manifest_item){ .kind = k,
                                 .name = arena_strdup(m->arena, name),
                                 .scope = arena_strdup(m->arena, scope),
                                 .object = json_object(m->arena),
                                 .where = m->where };
    json_set_str(m->arena, i->object, k->key, name);
    return i;
}

/* -- our form --------------------------------------------------------------------------------- */

static const char *item_name(const struct kind *k, const cJSON *o)
{
    const char *name = json_str(o, k->key);
    if (name)
        return name;
    return k->flags & KIND_SINGLE ? k->name : json_str(o, "name");
}

/* kind, scope, and a name that is another member of the object: ours, not the object's. */
static bool is_manifest_member(const struct kind *k, const char *member)
{
    return !strcmp(member, "kind") || (!strcmp(member, "scope") && (k->flags & KIND_SCOPED)) ||
           (!strcmp(member, "name") && strcmp(k->key, "name") != 0);
}

static bool take_own(struct manifest *m, const cJSON *o, struct err *e)
{
    const char *kind = json_str(o, "kind");
    const struct kind *k = kind_find(kind);
    const char *name = k ? item_name(k, o) : NULL;
    if (!kind)
        return err_set(e, ERR_ARGS, "kind: is needed, one of %s", kind_names());
    if (k && manifest_is_delete(o))
        return manifest_take_delete(m, k, o, name, e);
    const char *scope = k && (k->flags & KIND_SCOPED) ? json_str(o, "scope") : NULL;
    int before = m->count;
    struct manifest_item *i = manifest_item(m, kind, name, scope, e);
    if (!i)
        return false;
    if (m->count == before && i->of_tls) { /* what is said of a domain itself comes first */
        i->of_tls = false;
        json_remove(i->object, "enableHttps");
        json_remove(i->object, "certIdentifier");
    } else if (m->count == before)
        return err_set(e, ERR_ARGS, "%s '%s' stands in the manifest twice", kind,
                       text_clean(m->arena, name, 80));
    const cJSON *member;
    cJSON_ArrayForEach(member, o)
    {
        if (!is_manifest_member(i->kind, member->string))
            json_set(m->arena, i->object, member->string, json_clone(m->arena, member));
    }
    return true;
}

static bool take_one(struct manifest *m, const cJSON *o, struct err *e)
{
    if (!cJSON_IsObject(o))
        return err_set(e, ERR_ARGS, "must be an object with kind and name");
    return json_get(o, "apiVersion") ? manifest_kube(m, o, e) : take_own(m, o, e);
}

/* What is wrong with one object of a survey is what becomes of it. */
static bool survives(struct manifest *m, int count, struct err *e)
{
    if (!m->survey || e->kind != ERR_ARGS)
        return false;
    manifest_forget(m, count);
    manifest_account(m, NULL, MANIFEST_REFUSED, LOSES_ROUTE, "cannot be taken: %s", e->text);
    err_clear(e);
    return true;
}

static bool take_here(struct manifest *m, const cJSON *o, struct err *e)
{
    int count = m->count;
    bool ok = take_one(m, o, e) || survives(m, count, e) || err_at(e, "%s", m->where);
    m->object = NULL;
    return ok;
}

static bool take_items(struct manifest *m, const cJSON *root, struct err *e)
{
    const char *where = m->where;
    const cJSON *o;
    int i = 0;
    if (!cJSON_IsArray(root))
        return take_here(m, root, e);
    cJSON_ArrayForEach(o, root)
    {
        m->where = arena_printf(m->arena, "%s, object %d", where, ++i);
        if (!take_here(m, o, e))
            return false;
    }
    m->where = where;
    return true;
}

bool manifest_take(struct manifest *m, const cJSON *root, struct err *e)
{
    return take_items(m, root, e) && manifest_finish(m, e);
}

/* -- the text --------------------------------------------------------------------------------- */

/* The end of the document that begins at p: the next mark, or the end of the text. */
static const char *document_end(const char *p, int *lines)
{
    while (*p) {
        p += strcspn(p, "\n");
        if (!*p)
            break;
        p++;
        ++*lines;
        if (text_starts(p, "---") && strchr(" \t\r\n", p[3]))
            break;
    }
    return p;
}

static cJSON *parse_json(struct manifest *m, const char *text, size_t len)
{
    struct err ignored = { 0 };
    const char *p = text + strspn(text, " \t\r\n");
    return *p == '[' || *p == '{' ? json_parse(m->arena, text, len, &ignored) : NULL;
}

static bool read_yaml_document(struct manifest *m, const char *text, size_t len, struct err *e)
{
    cJSON *root = yaml_parse(m->arena, text, len, e);
    if (!root || cJSON_IsNull(root))
        return e->kind == ERR_NONE || survives(m, m->count, e) || err_at(e, "%s", m->where);
    return take_items(m, root, e);
}

static const char *place_in_file(struct manifest *m, const char *text)
{
    return m->file ? arena_printf(m->arena, "%s, %s", m->file, text) : text;
}

bool manifest_add(struct manifest *m, const char *text, size_t len, struct err *e)
{
    int line = 1, number = 0;
    if (len > MANIFEST_BYTES)
        return err_set(e, ERR_ARGS, "the manifest is larger than %d bytes", MANIFEST_BYTES);
    m->where = place_in_file(m, "the manifest");
    cJSON *json = parse_json(m, text, len);
    for (const char *p = text; !json && *p;) {
        int first = line;
        const char *end = document_end(p, &line);
        m->where =
            place_in_file(m, arena_printf(m->arena, "document %d (line %d)", ++number, first));
        if (!read_yaml_document(m, p, (size_t)(end - p), e))
            return false;
        p = end;
    }
    return !json || take_items(m, json, e);
}

bool manifest_read(struct manifest *m, const char *text, size_t len, struct err *e)
{
    if (!manifest_add(m, text, len, e) || !manifest_finish(m, e))
        return false;
    return m->count > 0 || err_set(e, ERR_ARGS, "the manifest holds no object");
}

/* -- secrets by reference --------------------------------------------------------------------- */

/* A value from elsewhere goes only where nobody will see it, or where export asks for just this one
 * because the console never shows what stands there. */
static bool goes_unseen(struct manifest *m, const struct manifest_item *i, const char *from,
                        const char *name, const cJSON *leaf, struct err *e)
{
    const char *where;
    char *asked = manifest_unseen(m->arena, i->kind, i->name, leaf->string);
    bool hidden = m->whole_secrets ? mask_hides_whole(m->arena, i->kind, i->object, leaf, &where)
                                   : mask_hides(m->arena, i->kind, i->object, leaf, &where);
    if (hidden || (asked && !strcmp(asked, name)))
        return true;
    return err_set(e, ERR_ARGS,
                   "%s: a reference (${%s:…}) stands for a secret, and this is no field that holds "
                   "one: its value would be shown; give the value itself",
                   where ? text_clean(m->arena, where, 100) : i->kind->name, from);
}

/* "${env:NAME}": *from, and the length of what stands before the name; 0: no reference. */
static size_t read_secret_reference(const char *s, const char **from)
{
    static const char *const known[] = { "env", "file", "secret" };
    for (size_t f = 0; f < sizeof known / sizeof *known; f++) {
        size_t n = strlen(known[f]);
        *from = known[f];
        if (text_starts(s, "${") && !strncmp(s + 2, *from, n) && s[n + 2] == ':' &&
            text_ends(s, "}"))
            return n + 3;
    }
    return 0;
}

bool manifest_refers(const cJSON *node)
{
    const char *from;
    if (cJSON_IsString(node) && read_secret_reference(node->valuestring, &from))
        return true;
    for (const cJSON *c = node ? node->child : NULL; c; c = c->next)
        if ((c->string && !strcmp(c->string, "$secret")) || manifest_refers(c))
            return true;
    return false;
}

static bool resolve_text(struct manifest *m, const struct manifest_item *i, cJSON *node,
                         const char *from, const char *name, manifest_secret_fn *fn, void *arg,
                         struct err *e)
{
    char *reference = node->valuestring;
    const char *value = fn(arg, from, name, e);
    if (!value)
        return err_at(e, "%s", node->string ? node->string : "a list");
    node->valuestring = arena_strdup(m->arena, value);
    if (goes_unseen(m, i, from, name, node, e))
        return true;
    node->valuestring = reference;
    return false;
}

static bool resolve_secrets(struct manifest *m, const struct manifest_item *i, cJSON *node,
                            manifest_secret_fn *fn, void *arg, struct err *e)
{
    const char *from, *s = cJSON_IsString(node) ? node->valuestring : "";
    size_t before = read_secret_reference(s, &from);
    if (before)
        return resolve_text(m, i, node, from,
                            arena_strndup(m->arena, s + before, strlen(s) - before - 1), fn, arg,
                            e);
    for (cJSON *c = node->child; c; c = c->next)
        if (!resolve_secrets(m, i, c, fn, arg, e))
            return false;
    return true;
}

void manifest_resolve(struct manifest *m, manifest_secret_fn *fn, void *arg)
{
    for (int i = 0; i < m->count; i++) {
        struct manifest_item *x = &m->list[i];
        struct err why = { 0 };
        if (!mask_fill(m->arena, x->kind, x->object, fn, arg, &why) ||
            !resolve_secrets(m, x, x->object, fn, arg, &why))
            x->unknown = arena_strdup(m->arena, why.text);
    }
}
