/* config_gateways.c - one gateway or several: each becomes a configuration of its own.
 *
 * A member of `gateways` is bound as if it stood alone: its fields take the places of `gateway` and
 * `envoy`, where the rules are. `gateway` beside it holds what is the same for all, but neither an
 * address nor credentials, so that no password reaches a console it was not given for.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include "config/settings_private.h"

bool config_several(const struct config *c)
{
    return c->gateways && c->gateways[0] && c->gateways[1];
}

const char *config_names(struct arena *a, const struct config *c, const char *between)
{
    struct buf *b = buf_in(a, 4096);
    for (int i = 0; c->gateways[i]; i++)
        buf_printf(b, "%s%s", i ? between : "", c->gateways[i]->name);
    return b->data;
}

struct config *config_gateway(const struct config *c, const char *name, struct err *e)
{
    const char *wanted = name ? name : c->name;
    for (int i = 0; c->gateways[i]; i++)
        if (!wanted || (c->gateways[i]->name && !strcmp(c->gateways[i]->name, wanted)))
            return c->gateways[i];
    struct arena *a = arena_new();
    const char *clean = text_clean(a, wanted, 60);
    if (c->gateways[0]->name)
        err_set(e, ERR_ARGS, "there is no gateway '%s'; there are %s", clean,
                config_names(a, c, ", "));
    else
        err_set(e, ERR_ARGS, "there is no gateway '%s': the configuration names none", clean);
    arena_free(a);
    return NULL;
}

/* -- binding ------------------------------------------------------------------------------- */

/* Does what each gateway has of its own stand beside `gateway` where there is only one: "envoy"? */
static bool is_beside_gateway(const char *member)
{
    size_t n = strlen(member);
    for (const struct setting *row = settings; row->path; row++)
        if (row->flags & EACH && !strncmp(row->path, member, n) &&
            (row->path[n] == '.' || !row->path[n]))
            return true;
    return false;
}

/* The tree as it would be if this were the only gateway. */
static cJSON *alone(struct arena *a, const cJSON *tree, const cJSON *member)
{
    cJSON *t = json_clone(a, tree);
    cJSON *same = json_get(t, "gateway");
    same = same ? same : json_set_object(a, t, "gateway");
    const cJSON *x;
    cJSON_ArrayForEach(x, member)
    {
        bool beside = is_beside_gateway(x->string);
        if (strcmp(x->string, "name") != 0)
            json_set(a, beside ? t : same, x->string, json_clone(a, x));
    }
    return t;
}

static bool about_member(struct err *e, int i, const char *member)
{
    char path[sizeof e->path];
    snprintf(path, sizeof path, "gateways[%d].%.100s", i, member);
    return err_about(e, path);
}

/* A rule names "gateway.url" or "envoy.admin_url"; the person wrote "gateways[2].url". */
static void rename_error(struct err *e, int i)
{
    struct err was = *e;
    const char *member = was.path + (text_starts(was.path, "gateway.") ? strlen("gateway.") : 0);
    err_clear(e);
    err_set(e, was.kind, "%s", was.text + strlen(was.path) + strlen(": "));
    about_member(e, i, member);
}

static bool different(struct config *const *all, int i, struct err *e)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *name = all[i]->name;
    if (name[strspn(name, letters)])
        return err_set(e, ERR_ARGS, "letters, digits, '-', '_' and '.' only") ||
               about_member(e, i, "name");
    for (int k = 0; k < i; k++) {
        if (!strcmp(all[k]->name, name))
            return err_set(e, ERR_ARGS, "'%s' is the name of two", name) ||
                   about_member(e, i, "name");
        if (!strcmp(all[k]->gateway_url, all[i]->gateway_url))
            return err_set(e, ERR_ARGS, "the same console as gateways[%d]", k) ||
                   about_member(e, i, "url");
    }
    return true;
}

static void take_stricter(enum strength *own, enum strength process)
{
    *own = *own > process ? *own : process;
}

static struct config *bind_member(struct arena *a, const cJSON *tree, const cJSON *member, int i,
                                  const struct config *process, struct err *e)
{
    struct config *c = config_bind_one(a, alone(a, tree, member), e);
    if (!c) {
        rename_error(e, i);
        return NULL;
    }
    c->name = arena_strdup(a, json_str(member, "name"));
    c->mode = c->mode < process->mode ? c->mode : process->mode;
    take_stricter(&c->approval_change, process->approval_change);
    take_stricter(&c->approval_destroy, process->approval_destroy);
    return c;
}

/* What the process has of the one that is meant; the loosest mode, because tools are offered when
 * any gateway allows them. */
static struct config *process_of(struct arena *a, struct config *const *all, const char *name,
                                 struct err *e)
{
    struct config *c = arena_make(a, struct config);
    struct config list = { .gateways = all };
    const struct config *meant = config_gateway(&list, name, e);
    if (!meant)
        return err_about(e, "default_gateway"), NULL;
    *c = *meant;
    for (int i = 0; all[i]; i++) {
        all[i]->gateways = all;
        c->mode = c->mode > all[i]->mode ? c->mode : all[i]->mode;
    }
    c->gateways = all;
    return c;
}

static struct config *bind_gateways(struct arena *a, const cJSON *tree, const cJSON *list,
                                    struct err *e)
{
    struct config **all = arena_array(a, struct config *, CONFIG_GATEWAYS_MAX + 1);
    static const char *const outside[] = { "gateway.url", "gateway.username", "gateway.password",
                                           "envoy", "pilot" };
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        if (json_path(tree, outside[i])) {
            err_set(e, ERR_ARGS, "belongs to each of `gateways`, not beside them");
            return err_about(e, outside[i]), NULL;
        }
    struct config *process = config_bind_one(a, tree, e);
    int i = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, list)
    {
        all[i] = process ? bind_member(a, tree, member, i, process, e) : NULL;
        if (!all[i] || !different(all, i, e))
            return NULL;
        i++;
    }
    return process_of(a, all, json_str(tree, "default_gateway"), e);
}

struct config *config_bind_gateways(struct arena *a, const cJSON *tree, struct err *e)
{
    const cJSON *list = json_get(tree, "gateways");
    const char *name = json_str(tree, "default_gateway");
    if (list)
        return bind_gateways(a, tree, list, e);
    struct config *c = config_bind_one(a, tree, e);
    if (!c)
        return NULL;
    struct config **one = arena_array(a, struct config *, 2);
    one[0] = c;
    c->gateways = one;
    if (name && !config_gateway(c, name, e))
        return err_about(e, "default_gateway"), NULL;
    return c;
}
