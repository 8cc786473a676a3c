/* settings_check.c - what follows from the rows of settings.c: the tables that a file is held
 * against, the members that are filled, and what a running server takes over. */
#include "base/arena.h"
#include "base/json.h"
#include "config/config_file_private.h"
#include "config/settings_private.h"
#include <string.h>

/* The rest of the row's path below `folder` ("http.", or "" for all); NULL: it is not there. */
static const char *below(const struct setting *row, const char *folder)
{
    const char *path = row->path;
    while (*folder && *folder == *path)
        folder++, path++;
    return *folder ? NULL : path;
}

static bool is_told(const struct field *rows, const char *name, size_t n)
{
    for (; rows->name; rows++)
        if (*rows->name == *name && strncmp(rows->name, name, n) == 0 && !rows->name[n])
            return true;
    return false;
}

static struct field field_of(const struct setting *row, const char *name)
{
    return (struct field){ name,
                           row->type,
                           row->flags & NEEDED ? REQ : OPT,
                           row->about,
                           .min = row->min,
                           .max = row->max,
                           .one_of = row->flags & ONE_OF ? row->value : NULL,
                           .of = row->of };
}

static int count_below(const char *folder, unsigned only)
{
    int n = 0;
    for (const struct setting *row = settings; row->path; row++)
        n += below(row, folder) && (row->flags & only) == only;
    return n;
}

/* The members of a folder of the file, as a table for field_check with room for `more` of them.
 * only: flags that a row must have. */
static struct field *fields_below(struct arena *a, const char *folder, unsigned only, int more)
{
    struct field *rows =
        arena_array(a, struct field, (size_t)(count_below(folder, only) + more + 1));
    int n = 0;
    for (const struct setting *row = settings; row->path; row++) {
        const char *name = below(row, folder), *dot = name ? strchr(name, '.') : NULL;
        if (!name || (row->flags & only) != only)
            continue;
        if (!dot) {
            rows[n++] = field_of(row, name);
            continue;
        }
        if (is_told(rows, name, (size_t)(dot - name)))
            continue;
        char *inner = arena_strndup(a, row->path, (size_t)(dot + 1 - row->path));
        rows[n++] = (struct field){ arena_strndup(a, name, (size_t)(dot - name)), OBJ,
                                    .of = fields_below(a, inner, only, 0) };
    }
    return rows;
}

/* A member of `gateways`: what belongs to each gateway, without the word `gateway`. */
static const struct field *a_gateway(struct arena *a)
{
    struct field *rows = fields_below(a, "gateway.", EACH, count_below("", EACH) + 1), *end = rows;
    struct field *item = arena_make(a, struct field);
    for (; end->name; end++)
        if (!strcmp(end->name, "url"))
            end->need = REQ;
    for (const struct field *other = fields_below(a, "", EACH, 0); other->name; other++)
        if (strcmp(other->name, "gateway") != 0)
            *end++ = *other;
    *end = (struct field){ "name", STR, REQ, "How tools and people call it.", .min = 1, .max = 40 };
    *item = (struct field){ "gateway", OBJ, OPT, "A gateway.", .of = rows };
    return item;
}

bool settings_check(const cJSON *tree, struct err *e)
{
    struct arena *a = arena_new(); /* the tables are of no use after it */
    struct field *rows = fields_below(a, "", 0, 1), *end = rows;
    while (end->name)
        end++;
    *end = (struct field){ "gateways",          LIST,     OPT,
                           "Several consoles.", .min = 1, .max = CONFIG_GATEWAYS_MAX,
                           .of = a_gateway(a) };
    bool ok = field_check(rows, tree, e);
    arena_free(a);
    return ok;
}

void settings_take(struct config *c, struct arena *a, const cJSON *tree)
{
    for (const struct setting *row = settings; row->path; row++)
        if (row->take)
            row->take((char *)c + row->at, a, row, json_path(tree, row->path));
}

void settings_reload(struct config *c, const struct config *now)
{
    for (const struct setting *row = settings; row->path; row++)
        if (row->flags & RELOAD)
            memcpy((char *)c + row->at, (const char *)now + row->at, row->size);
}
