/* mask_fill.c - {"$secret": {"env": NAME}} and {"$secret": {"file": PATH}} in an object, filled in.
 *
 * A value from the server's side goes only to a place whose text is hidden: else reading the object
 * would show it.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "mask/mask.h"

static const char mark[] = "$secret";

struct fill {
    struct arena *arena;
    const struct kind *kind;
    const cJSON *object;
    mask_secret_fn *fn;
    void *arg;
    struct err *e;
};

/* {"env": NAME} or {"file": PATH}, alone in its object. */
static bool read_fill_reference(const struct fill *f, const cJSON *node, const char **from,
                                const char **name)
{
    const cJSON *ref = json_get(node, mark);
    const char *env = json_str(ref, "env"), *file = json_str(ref, "file");
    *from = env ? "env" : "file";
    *name = env ? env : file;
    return (json_count(node) == 1 && json_count(ref) == 1 && *name) ||
           err_set(f->e, ERR_ARGS,
                   "a secret is given as {\"%s\": {\"env\": NAME}} or "
                   "{\"%s\": {\"file\": PATH}}, and nothing beside it",
                   mark, mark);
}

static bool fill_in(const struct fill *f, cJSON *node)
{
    const char *from, *name, *where = NULL;
    if (!read_fill_reference(f, node, &from, &name))
        return false;
    if (!f->fn)
        return err_set(f->e, ERR_ARGS, "a reference to a secret (%s) is not known here", name);
    const char *value = f->fn(f->arg, from, name, f->e);
    if (!value)
        return false;
    const int type = node->type;
    cJSON *reference = node->child;
    node->type = cJSON_String;
    node->child = NULL;
    node->valuestring = arena_strdup(f->arena, value);
    if (mask_hides_whole(f->arena, f->kind, f->object, node, &where))
        return true;
    node->type = type;
    node->child = reference;
    node->valuestring = NULL;
    return err_set(f->e, ERR_ARGS,
                   "%s holds no secret: what stands there is shown to everybody, in whole or in "
                   "part, so that no reference goes there; give the value itself",
                   where ? text_clean(f->arena, where, 100) : f->kind->name);
}

/* name: of the member that node is, or is an element of. */
static bool fill_references(const struct fill *f, cJSON *node, const char *name)
{
    name = node->string ? node->string : name;
    if (cJSON_IsObject(node) && json_get(node, mark))
        return fill_in(f, node) || err_at(f->e, "%s", text_clean(f->arena, name, 80));
    for (cJSON *c = node->child; c; c = c->next)
        if (!fill_references(f, c, name))
            return false;
    return true;
}

bool mask_fill(struct arena *a, const struct kind *k, cJSON *o, mask_secret_fn *fn, void *arg,
               struct err *e)
{
    const struct fill f = { a, k, o, fn, arg, e };
    return fill_references(&f, o, "object");
}

void mask_drop_references(cJSON *tree)
{
    cJSON *next;
    for (cJSON *c = tree ? tree->child : NULL; c; c = next) {
        next = c->next;
        if (cJSON_IsObject(c) && json_get(c, mark))
            json_detach(tree, c);
        else
            mask_drop_references(c);
    }
}
