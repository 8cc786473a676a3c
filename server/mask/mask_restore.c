/* mask_restore.c - fingerprints that came back, made what they stand for: at the place where they
 * were shown, and nowhere else.
 *
 * The object as it is, masked, is walked beside the one that came back; a text is put back only
 * where both say the same. At last the result is masked once more: what would be shown now is
 * refused, for somebody may have changed what stands around it.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "mask/mask_walk_private.h"

enum { DEEPEST = 4 };

struct restoring {
    struct arena *arena;
    const struct kind *kind;
    int depth;
    struct err *e;
};

static bool refuse_fingerprint(struct restoring *r, const char *where)
{
    return err_set(r->e, ERR_ARGS,
                   "%s: %s holds the fingerprint of a secret, and that secret is not what stands "
                   "there now; give the secret itself or leave the field out",
                   r->kind ? r->kind->name : "object",
                   *where ? text_clean(r->arena, where, 200) : "it");
}

static bool has_mask(const cJSON *node)
{
    if (cJSON_IsString(node) && secret_find_mask(node->valuestring))
        return true;
    for (const cJSON *c = node ? node->child : NULL; c; c = c->next)
        if ((c->string && secret_find_mask(c->string)) || has_mask(c))
            return true;
    return false;
}

static const char *child_path(struct arena *a, const char *where, const cJSON *child)
{
    if (!child->string)
        return where;
    return *where ? arena_printf(a, "%s.%s", where, child->string) : child->string;
}

/* -- finding the same place ------------------------------------------------------------------- */

/* What tells an element of a list from the others. */
static const char *list_identity(const cJSON *element, const char **member)
{
    static const char *const members[] = { "name", "id", "key", "newKey", "headerName", "type" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *s = json_str(element, *member = members[i]);
        if (s)
            return s;
    }
    return NULL;
}

static bool same_element(const cJSON *x, const cJSON *y)
{
    const char *member, *other, *own = list_identity(x, &member);
    const char *its = list_identity(y, &other);
    return own ? its && !strcmp(member, other) && !strcmp(own, its) : !its;
}

/* Each of before's children beside its masked form. */
struct pair {
    const cJSON *real, *masked;
};

static bool restore(struct restoring *r, struct pair now, cJSON *after, const char *where);

static void take_real_value(struct arena *a, cJSON *c, const cJSON *real)
{
    cJSON *copy = json_clone(a, real);
    c->type = copy->type;
    c->valuestring = copy->valuestring;
    c->valuedouble = copy->valuedouble;
    c->valueint = copy->valueint;
    c->child = copy->child;
}

/* A plain text of a list: the one with that fingerprint, in the same list. */
static bool restore_in_list(struct restoring *r, struct pair now, cJSON *c, const char *where)
{
    const cJSON *real = now.real ? now.real->child : NULL;
    const cJSON *m = now.masked ? now.masked->child : NULL;
    for (; m && real; m = m->next, real = real->next)
        if (cJSON_IsString(m) && !strcmp(m->valuestring, c->valuestring)) {
            take_real_value(r->arena, c, real);
            return true;
        }
    return refuse_fingerprint(r, where);
}

/* An object of a list. One that looks as it was shown comes first; then those of the same name. */
static bool restore_element(struct restoring *r, struct pair now, cJSON *c, const char *where)
{
    struct pair one = { now.real ? now.real->child : NULL, now.masked ? now.masked->child : NULL };
    struct err *told = r->e;
    for (struct pair p = one; p.masked && p.real; p.masked = p.masked->next, p.real = p.real->next)
        if (json_equal(p.masked, c)) {
            take_real_value(r->arena, c, p.real);
            return true;
        }
    for (; one.masked && one.real; one.masked = one.masked->next, one.real = one.real->next) {
        struct err tried = { 0 };
        cJSON *copy = json_clone(r->arena, c);
        bool same = cJSON_IsArray(c) || same_element(one.masked, c);
        r->e = &tried;
        bool ok = same && restore(r, one, copy, where);
        r->e = told;
        if (ok) {
            take_real_value(r->arena, c, copy);
            return true;
        }
    }
    return refuse_fingerprint(r, where);
}

static struct pair pair_member(struct pair now, const char *name)
{
    const cJSON *real = now.real ? now.real->child : NULL;
    const cJSON *m = now.masked ? now.masked->child : NULL;
    for (; m && real; m = m->next, real = real->next)
        if (m->string && !strcmp(m->string, name))
            return (struct pair){ real, m };
    return (struct pair){ 0 };
}

/* -- putting back ----------------------------------------------------------------------------- */

/* The trees in two texts; false where one holds none. */
static bool trees_of(struct arena *a, struct pair texts, struct pair *trees)
{
    bool ignored;
    if (!cJSON_IsString(texts.real) || !cJSON_IsString(texts.masked))
        return false;
    trees->real = mask_text_tree(a, texts.real->valuestring, &ignored);
    trees->masked = mask_text_tree(a, texts.masked->valuestring, &ignored);
    return trees->real && trees->masked;
}

/* A text as it was shown, or the tree in it beside the one that was shown. */
static bool restore_text(struct restoring *r, struct pair now, cJSON *c, const char *where)
{
    bool json;
    struct pair old;
    if (!now.real || !now.masked)
        return refuse_fingerprint(r, where);
    if (json_equal(now.masked, c)) {
        take_real_value(r->arena, c, now.real);
        return true;
    }
    cJSON *tree = r->depth < DEEPEST && trees_of(r->arena, now, &old)
                      ? mask_text_tree(r->arena, c->valuestring, &json)
                      : NULL;
    if (!tree)
        return refuse_fingerprint(r, where);
    r->depth++;
    bool ok = restore(r, old, tree, where);
    r->depth--;
    if (ok)
        c->valuestring = json ? json_print(r->arena, tree) : yaml_print(r->arena, tree);
    return ok;
}

static bool restore_child(struct restoring *r, struct pair now, cJSON *after, cJSON *c,
                          const char *where)
{
    if (cJSON_IsArray(after) && cJSON_IsString(c))
        return restore_in_list(r, now, c, where);
    if (cJSON_IsArray(after))
        return restore_element(r, now, c, where);
    struct pair p = pair_member(now, c->string);
    if (secret_find_mask(c->string)) {
        if (!p.real)
            return refuse_fingerprint(r, where);
        c->string = arena_strdup(r->arena, p.real->string);
    }
    if (cJSON_IsString(c))
        return !secret_find_mask(c->valuestring) || restore_text(r, p, c, where);
    return restore(r, p, c, where);
}

/* now: what `after` was before, or nothing. */
static bool restore(struct restoring *r, struct pair now, cJSON *after, const char *where)
{
    if (now.real && (now.real->type & 0xff) != (after->type & 0xff))
        now = (struct pair){ 0 };
    for (cJSON *c = after->child; c; c = c->next) {
        const char *at = child_path(r->arena, where, c);
        if ((has_mask(c) || (c->string && secret_find_mask(c->string))) &&
            !restore_child(r, now, after, c, at))
            return false;
    }
    return true;
}

/* Is each fingerprint that was put back still hidden, now that all else is as it will be? */
static bool still_hidden(struct restoring *r, const cJSON *shown, const cJSON *again,
                         const char *where)
{
    if (cJSON_IsString(shown)) {
        for (const char *m = secret_find_mask(shown->valuestring); m; m = secret_find_mask(m + 1)) {
            char *mask = arena_strndup(r->arena, m, SECRET_MASK_SIZE);
            if (!again || !cJSON_IsString(again) || !strstr(again->valuestring, mask))
                return refuse_fingerprint(r, where);
        }
        return true;
    }
    const cJSON *a = again ? again->child : NULL;
    for (const cJSON *s = shown ? shown->child : NULL; s; s = s->next, a = a ? a->next : NULL)
        if (!still_hidden(r, s, a, s->string ? s->string : where))
            return false;
    return true;
}

bool mask_restore(struct arena *a, const struct kind *k, const cJSON *before, cJSON *after,
                  struct err *e)
{
    struct restoring r = { .arena = a, .kind = k, .e = e };
    if (!after || !has_mask(after))
        return true;
    if (cJSON_IsString(after))
        return refuse_fingerprint(&r, "");
    before = before ? mask_bare(a, k, before) : NULL;
    const cJSON *shown = mask_bare(a, k, after);
    struct pair ways[] = { { before, before ? mask_object(a, k, before) : NULL },
                           { before, before ? mask_strictly(a, k, before) : NULL } };
    struct err tried = { 0 };
    cJSON *first = json_clone(a, after);
    r.e = &tried;
    bool ok = restore(&r, ways[0], first, "");
    r.e = e;
    if (ok)
        after->child = first->child;
    else if (!restore(&r, ways[1], after, ""))
        return false;
    return still_hidden(&r, shown, mask_strictly(a, k, mask_bare(a, k, after)), "");
}

/* -- values by reference ---------------------------------------------------------------------- */

/* Where the leaf stands; *masked becomes what is shown of it. NULL: not in o. */
static const char *path_to_leaf(struct arena *a, const cJSON *o, const cJSON *leaf,
                                const cJSON **masked, const char *where)
{
    if (o == leaf)
        return where;
    const cJSON *m = *masked ? (*masked)->child : NULL;
    for (const cJSON *c = o->child; c; c = c->next, m = m ? m->next : NULL) {
        const cJSON *shown = m;
        const char *found = path_to_leaf(a, c, leaf, &shown, child_path(a, where, c));
        if (found) {
            *masked = shown;
            return found;
        }
    }
    return NULL;
}

/* An address (one line) is read with its password alone hidden. */
static bool is_hidden_address(struct arena *a, const char *value, const char *shown)
{
    return strstr(value, "://") && !strpbrk(value, " \t\r\n") &&
           secret_has_mask(shown, strlen(shown)) &&
           (!strcmp(mask_dsn(a, value), shown) || !strcmp(mask_url(a, value), shown));
}

bool mask_hides_whole(struct arena *a, const struct kind *k, const cJSON *o, const cJSON *leaf,
                      const char **where)
{
    const char *value = leaf->valuestring;
    const cJSON *shown = mask_strictly(a, k, o);
    if (!mask_hides(a, k, o, leaf, where))
        return false;
    path_to_leaf(a, o, leaf, &shown, "");
    const char *text = shown && cJSON_IsString(shown) ? shown->valuestring : value;
    return !strcmp(text, value) || secret_is_mask(text) || is_hidden_address(a, value, text);
}

bool mask_hides(struct arena *a, const struct kind *k, const cJSON *o, const cJSON *leaf,
                const char **where)
{
    const char *value = leaf->valuestring;
    const cJSON *shown = mask_strictly(a, k, o);
    *where = path_to_leaf(a, o, leaf, &shown, "");
    if (mask_is_placeholder(value) || (*where && !strcmp(mask_pem(a, value), value)))
        return true;
    const char *text = *where && shown && cJSON_IsString(shown) ? shown->valuestring : NULL;
    return text && strcmp(text, value) != 0;
}
