/* config_file.c - the configuration's sources: a YAML file, variables, flags; and secrets by
 * reference.
 *
 * An error names where its field was given: file and line, variable, or flag.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/field.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include "config/setting.h"
#include <limits.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, SECRET_MAX = 64 << 10 };

struct sources {
    struct arena *a;
    const char *path; /* the file, or NULL */
    cJSON *tree;      /* what it says, with variables and flags laid over it; */
    struct yaml_lines *lines;
    const char **origin; /* by row of settings: "--mode", "HIGRESS_OPS_MODE" */
};

static const char *option_origin(const struct sources *s, const char *path)
{
    for (int i = 0; settings[i].path; i++)
        if (s->origin && s->origin[i] && !strcmp(settings[i].path, path))
            return s->origin[i];
    return NULL;
}

/* Where what the error is about was given: by a variable, by a flag, or in the file; of a member
 * that is missing, what it is missing in. */
static void locate_setting(const struct sources *s, struct err *e)
{
    char path[sizeof e->path];
    snprintf(path, sizeof path, "%s", e->path);
    for (size_t n = strlen(path); n > 0; path[--n] = '\0') {
        if (e->path[n] != '\0' && e->path[n] != '.' && e->path[n] != '[')
            continue;
        const char *origin = option_origin(s, path);
        int line = yaml_line(s->lines, json_path(s->tree, path));
        if (!origin && !line)
            continue;
        err_at(e, origin ? "%s" : "%s, line %d", origin ? origin : s->path, line);
        return;
    }
    if (s->path)
        err_at(e, "%s", s->path);
}

/* -- variables and flags --------------------------------------------------------------------------
 */

static void set_by_path(struct arena *a, cJSON *tree, const char *path, cJSON *value)
{
    const char *dot = strchr(path, '.');
    if (!dot) {
        json_set(a, tree, path, value);
        return;
    }
    char *first = arena_strndup(a, path, (size_t)(dot - path));
    cJSON *inner = json_get(tree, first);
    set_by_path(a, cJSON_IsObject(inner) ? inner : json_set_object(a, tree, first), dot + 1, value);
}

static cJSON *one_token(struct arena *a, const char *item)
{
    const char *colon = strchr(item, ':');
    cJSON *o = json_object(a);
    size_t n = colon ? (size_t)(colon - item) : 0;
    json_set(a, o, "name", json_stringn(a, item, n));
    json_set_str(a, o, "sha256", colon ? colon + 1 : item);
    return o;
}

static cJSON *comma_list(struct arena *a, const struct setting *row, const char *given)
{
    cJSON *list = json_array(a);
    bool tokens = row->of->type == OBJ;
    while (*given) {
        size_t n = strcspn(given, ",");
        char *item = arena_strndup(a, given, n);
        if (n)
            json_add(a, list, tokens ? one_token(a, item) : json_string(a, item));
        given += n + (given[n] == ',');
    }
    return list;
}

static cJSON *secret_file(struct arena *a, const char *path)
{
    cJSON *ref = json_object(a);
    json_set_str(a, ref, "file", path);
    return ref;
}

/* The text of a variable or flag as the type its row has; as text where it is not of that type, for
 * the check to say so. */
static cJSON *typed(struct arena *a, const struct setting *row, const char *given)
{
    char *end;
    double n = strtod(given, &end);
    if (row->type == LIST)
        return comma_list(a, row, given);
    if (row->type == OBJ)
        return secret_file(a, given);
    if (row->type == BOOL && (!strcmp(given, "true") || !strcmp(given, "false")))
        return json_bool(a, !strcmp(given, "true"));
    if ((row->type == NUM || row->type == INT) && *given && !*end)
        return json_number(a, n);
    return json_string(a, given);
}

static const char *flag_value(const struct config_flag *flags, const char *name)
{
    const char *value = NULL;
    for (; flags && flags->name; flags++)
        if (name && !strcmp(flags->name, name))
            value = flags->value;
    return value;
}

static void overlay(struct sources *s, const struct config_flag *flags)
{
    struct arena *a = s->a;
    const char *password = getenv("HIGRESS_OPS_PASSWORD");
    if (password && *password && !json_get(s->tree, "gateways")) {
        cJSON *ref = json_object(a);
        json_set_str(a, ref, "env", "HIGRESS_OPS_PASSWORD");
        set_by_path(a, s->tree, "gateway.password", ref);
    }
    int count = 0;
    while (settings[count].path)
        count++;
    s->origin = arena_array(a, const char *, count);
    for (int i = 0; i < count; i++) {
        const struct setting *row = &settings[i];
        const char *env = row->env ? getenv(row->env) : NULL, *flag = flag_value(flags, row->flag);
        const char *given = flag ? flag : env && *env ? env : NULL;
        if (!given)
            continue;
        s->origin[i] = flag ? arena_printf(a, "--%s", row->flag) : row->env;
        set_by_path(a, s->tree, row->path, typed(a, row, given));
    }
}

/* -- reading --------------------------------------------------------------------------------------
 */

static bool parse(struct sources *s, const char *path, const char *yaml, size_t n, struct err *e)
{
    s->path = arena_strdup(s->a, path);
    cJSON *tree = yaml_parse_lines(s->a, yaml, n, &s->lines, e);
    if (!tree && e->kind != ERR_NONE)
        return err_at(e, "%s", path);
    if (tree && !cJSON_IsNull(tree) && !cJSON_IsObject(tree))
        return err_set(e, ERR_ARGS, "%s, line 1: a configuration is a mapping (gateway:, mode:, …)",
                       path);
    s->tree = cJSON_IsObject(tree) ? tree : json_object(s->a);
    return true;
}

static struct config *bound(struct sources *s, struct err *e)
{
    struct config *c = config_bind(s->a, s->tree, e);
    if (!c) {
        locate_setting(s, e);
        e->kind = ERR_ARGS;
        return NULL;
    }
    c->file = s->path;
    return c;
}

struct config *config_parse(struct arena *a, const char *path, const char *yaml, size_t n,
                            struct err *e)
{
    struct sources s = { .a = a };
    return parse(&s, path, yaml, n, e) ? bound(&s, e) : NULL;
}

struct config *config_read(struct arena *a, const struct config_flag *flags, struct err *e)
{
    struct sources s = { .a = a, .tree = json_object(a) };
    const char *path = flag_value(flags, "config");
    path = path ? path : getenv("HIGRESS_OPS_CONFIG");
    size_t n = 0;
    char *yaml = path && *path ? file_read(a, path, FILE_MAX, &n, e) : NULL;
    if (path && *path && (!yaml || !parse(&s, path, yaml, n, e)))
        return NULL;
    overlay(&s, flags);
    return bound(&s, e);
}

/* -- secrets by reference ------------------------------------------------------------ */

static char *secret_error(struct err *e, enum err_kind kind, const char *what, const char *name)
{
    err_set(e, kind, "%s '%s'", what, name);
    return NULL;
}

char *config_read_secret(struct arena *a, const cJSON *ref, struct err *e)
{
    const char *env = json_str(ref, "env"), *file = json_str(ref, "file");
    if (!env == !file)
        return secret_error(e, ERR_ARGS, "give either env or file", "");
    if (env) {
        const char *value = getenv(env);
        return value && *value
                   ? arena_strdup(a, value)
                   : secret_error(e, ERR_ARGS, "this variable is not set or empty:", env);
    }
    size_t n;
    char *value = file_read_secret(a, file, SECRET_MAX, &n, e);
    while (value && n && (value[n - 1] == '\n' || value[n - 1] == '\r'))
        value[--n] = '\0';
    return value && !n ? secret_error(e, ERR_ARGS, "this file is empty:", file) : value;
}

static char *real_path(struct arena *a, const char *path)
{
    char resolved[PATH_MAX];
    return realpath(path, resolved) ? arena_strdup(a, resolved) : NULL;
}

/* "A, B", for people; none: "nothing". */
static const char *join_with_commas(struct arena *a, const char *const *list)
{
    const char *all = NULL;
    for (; *list; list++)
        all = all ? arena_printf(a, "%s, %s", all, *list) : *list;
    return all ? all : "nothing";
}

/* The file by its real path, so that neither ".." nor a link leads out of the allowed folders. */
static char *allowed_file(const struct config *c, struct arena *a, const char *file)
{
    char *real = real_path(a, file);
    for (const char *const *d = c->secret_dirs; real && *d; d++) {
        const char *dir = real_path(a, *d);
        if (dir && text_starts(real, dir) && real[strlen(dir)] == '/')
            return real;
    }
    return NULL;
}

static bool allowed_variable(const struct config *c, const char *name)
{
    for (const char *const *p = c->secret_envs; *p; p++)
        if (**p && text_starts(name, *p))
            return true;
    return false;
}

/* Does it stand in an allowed folder? Of others nothing is told. */
static bool in_allowed_folder(const struct config *c, struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *dir =
        slash ? real_path(a, arena_printf(a, "%.*s/.", (int)(slash - file), file)) : NULL;
    for (const char *const *d = c->secret_dirs; dir && *d; d++) {
        const char *top = real_path(a, *d);
        size_t n = top ? strlen(top) : 0;
        if (top && text_starts(dir, top) && (!dir[n] || dir[n] == '/'))
            return true;
    }
    return false;
}

static char *secret_of_file(const struct config *c, struct arena *a, const char *file,
                            struct err *e)
{
    cJSON *real = json_object(a);
    char *path = allowed_file(c, a, file);
    json_set_str(a, real, "file", path);
    if (path)
        return config_read_secret(a, real, e);
    if (in_allowed_folder(c, a, file) && access(file, F_OK) != 0)
        return secret_error(e, ERR_ARGS, "this file is allowed, but not there:", file);
    err_set(e, ERR_POLICY,
            "secrets.dirs allows no file '%.200s': it allows those in %.200s; whoever runs this "
            "server can add a folder (--secret-dirs)",
            file, join_with_commas(a, c->secret_dirs));
    return NULL;
}

static char *secret_of_variable(const struct config *c, struct arena *a, const char *env,
                                struct err *e)
{
    const char *value = allowed_variable(c, env) ? getenv(env) : NULL;
    if (value && *value)
        return arena_strdup(a, value);
    if (allowed_variable(c, env))
        return secret_error(e, ERR_ARGS,
                            "this variable is allowed, but not set (or empty) where the server "
                            "runs:",
                            env);
    err_set(e, ERR_POLICY,
            "secrets.envs allows no variable '%.120s': it allows names that begin with %.200s; "
            "whoever runs this server can add to it (--secret-envs)",
            env, join_with_commas(a, c->secret_envs));
    return NULL;
}

char *config_secret(const struct config *c, struct arena *a, const cJSON *ref, struct err *e)
{
    const char *env = json_str(ref, "env"), *file = json_str(ref, "file");
    char *value = NULL;
    if (env && !file)
        value = secret_of_variable(c, a, env, e);
    else if (file && !env)
        value = secret_of_file(c, a, file, e);
    else
        secret_error(e, ERR_ARGS, "give either env or file", "");
    if (value)
        secret_learn(value);
    return value;
}
