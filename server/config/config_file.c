/* config_file.c - the configuration's sources: a YAML file, variables, flags; and secrets by
 * reference.
 *
 * An error names where its field was given: file and line, variable, or flag.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include <limits.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, SECRET_MAX = 64 << 10, OPTIONS = 64 };

struct sources {
    struct arena *a;
    const char *path, *text;     /* the file, or NULL */
    const char *origin[OPTIONS]; /* by row of config_options: "--mode", "HIGRESS_OPS_MODE" */
};

static const char *option_origin(const struct sources *s, const char *path, size_t n)
{
    for (int i = 0; config_options[i].path; i++)
        if (s->origin[i] && !strncmp(config_options[i].path, path, n) && !config_options[i].path[n])
            return s->origin[i];
    return NULL;
}

/* The path of the field that e->text is about: what it begins with, and an unknown member's name.
 */
static void field_of(const char *text, char path[160])
{
    static const char unknown[] = "unknown field '";
    size_t n = strcspn(text, ": ");
    if (text_starts(text, unknown))
        n = 0;
    const char *name = strstr(text, unknown);
    name = name ? name + strlen(unknown) : "";
    snprintf(path, 160, "%.*s%s%.*s", n < 80 ? (int)n : 80, text, n && *name ? "." : "",
             strcspn(name, "'") < 60 ? (int)strcspn(name, "'") : 60, name);
}

static void locate(const struct sources *s, struct err *e)
{
    char path[160];
    field_of(e->text, path);
    for (size_t n = strlen(path); n > 0; n--) {
        if (path[n] != '\0' && path[n] != '.' && path[n] != '[')
            continue;
        const char *origin = option_origin(s, path, n);
        if (origin) {
            err_at(e, "%s", origin);
            return;
        }
    }
    if (s->path)
        err_at(e, "%s, line %d", s->path, config_line(s->text, path));
}

/* -- variables and flags --------------------------------------------------------------------------
 */

static void put(struct arena *a, cJSON *tree, const char *path, cJSON *value)
{
    const char *dot = strchr(path, '.');
    if (!dot) {
        json_set(a, tree, path, value);
        return;
    }
    char *first = arena_strndup(a, path, (size_t)(dot - path));
    cJSON *inner = json_get(tree, first);
    put(a, cJSON_IsObject(inner) ? inner : json_set_object(a, tree, first), dot + 1, value);
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

static cJSON *comma_list(struct arena *a, const char *path, const char *given)
{
    cJSON *list = json_array(a);
    bool tokens = !strcmp(path, "http.tokens") || !strcmp(path, "http.approvers");
    while (*given) {
        size_t n = strcspn(given, ",");
        char *item = arena_strndup(a, given, n);
        if (n)
            json_add(a, list, tokens ? one_token(a, item) : json_string(a, item));
        given += n + (given[n] == ',');
    }
    return list;
}

static enum field_type type_of(const struct field *rows, const char *path)
{
    size_t n = strcspn(path, ".");
    while (rows->name && (strncmp(rows->name, path, n) != 0 || rows->name[n]))
        rows++;
    return rows->of && path[n] ? type_of(rows->of, path + n + 1) : rows->type;
}

static cJSON *password_file(struct arena *a, const char *path)
{
    cJSON *ref = json_object(a);
    json_set_str(a, ref, "file", path);
    return ref;
}

/* The text of a variable or flag as the type its field has; as text where it is not of that type,
 * for the check to say so. */
static cJSON *typed(struct arena *a, const char *path, const char *given)
{
    char *end;
    double n = strtod(given, &end);
    enum field_type type = type_of(config_fields, path);
    if (type == LIST)
        return comma_list(a, path, given);
    if (type == OBJ)
        return password_file(a, given);
    if (type == BOOL && (!strcmp(given, "true") || !strcmp(given, "false")))
        return json_bool(a, !strcmp(given, "true"));
    if ((type == NUM || type == INT) && *given && !*end)
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

static void overlay(struct sources *s, cJSON *tree, const struct config_flag *flags)
{
    struct arena *a = s->a;
    const char *password = getenv("HIGRESS_OPS_PASSWORD");
    if (password && *password && !json_get(tree, "gateways")) {
        cJSON *ref = json_object(a);
        json_set_str(a, ref, "env", "HIGRESS_OPS_PASSWORD");
        put(a, tree, "gateway.password", ref);
    }
    for (int i = 0; i < OPTIONS && config_options[i].path; i++) {
        const struct config_option *o = &config_options[i];
        const char *env = o->env ? getenv(o->env) : NULL, *flag = flag_value(flags, o->flag);
        const char *given = flag ? flag : env && *env ? env : NULL;
        if (!given)
            continue;
        s->origin[i] = flag ? arena_printf(a, "--%s", o->flag) : o->env;
        put(a, tree, o->path, typed(a, o->path, given));
    }
}

/* -- reading --------------------------------------------------------------------------------------
 */

static cJSON *parse(struct sources *s, const char *path, const char *yaml, size_t n, struct err *e)
{
    s->path = path;
    s->text = yaml;
    cJSON *tree = yaml_parse(s->a, yaml, n, e);
    if (!tree && e->kind != ERR_NONE) {
        err_at(e, "%s", path);
        return NULL;
    }
    if (!tree || cJSON_IsNull(tree))
        return json_object(s->a);
    if (cJSON_IsObject(tree))
        return tree;
    err_set(e, ERR_ARGS, "%s, line 1: a configuration is a mapping (gateway:, mode:, …)", path);
    return NULL;
}

static struct config *bound(struct sources *s, cJSON *tree, struct err *e)
{
    struct config *c = config_bind(s->a, tree, e);
    if (!c) {
        locate(s, e);
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
    cJSON *tree = parse(&s, arena_strdup(a, path), yaml, n, e);
    return tree ? bound(&s, tree, e) : NULL;
}

struct config *config_read(struct arena *a, const struct config_flag *flags, struct err *e)
{
    struct sources s = { .a = a };
    const char *path = flag_value(flags, "config");
    path = path ? path : getenv("HIGRESS_OPS_CONFIG");
    cJSON *tree = json_object(a);
    if (path && *path) {
        size_t n;
        char *yaml = file_read(a, path, FILE_MAX, &n, e);
        tree = yaml ? parse(&s, arena_strdup(a, path), yaml, n, e) : NULL;
    }
    if (!tree)
        return NULL;
    overlay(&s, tree, flags);
    return bound(&s, tree, e);
}

/* -- secrets by reference ------------------------------------------------------------ */

static char *no_secret(struct err *e, enum err_kind kind, const char *what, const char *name)
{
    err_set(e, kind, "%s '%s'", what, name);
    return NULL;
}

char *config_read_secret(struct arena *a, const cJSON *ref, struct err *e)
{
    const char *env = json_str(ref, "env"), *file = json_str(ref, "file");
    if (!env == !file)
        return no_secret(e, ERR_ARGS, "give either env or file", "");
    if (env) {
        const char *value = getenv(env);
        return value && *value ? arena_strdup(a, value)
                               : no_secret(e, ERR_ARGS, "this variable is not set or empty:", env);
    }
    size_t n;
    char *value = file_read_secret(a, file, SECRET_MAX, &n, e);
    while (value && n && (value[n - 1] == '\n' || value[n - 1] == '\r'))
        value[--n] = '\0';
    return value && !n ? no_secret(e, ERR_ARGS, "this file is empty:", file) : value;
}

static char *real_path(struct arena *a, const char *path)
{
    char resolved[PATH_MAX];
    return realpath(path, resolved) ? arena_strdup(a, resolved) : NULL;
}

/* "A, B", for people; none: "nothing". */
static const char *listed(struct arena *a, const char *const *list)
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
        return no_secret(e, ERR_ARGS, "this file is allowed, but not there:", file);
    err_set(e, ERR_POLICY,
            "secrets.dirs allows no file '%.200s': it allows those in %.200s; whoever runs this "
            "server can add a folder (--secret-dirs)",
            file, listed(a, c->secret_dirs));
    return NULL;
}

static char *secret_of_variable(const struct config *c, struct arena *a, const char *env,
                                struct err *e)
{
    const char *value = allowed_variable(c, env) ? getenv(env) : NULL;
    if (value && *value)
        return arena_strdup(a, value);
    if (allowed_variable(c, env))
        return no_secret(e, ERR_ARGS,
                         "this variable is allowed, but not set (or empty) where the server "
                         "runs:",
                         env);
    err_set(e, ERR_POLICY,
            "secrets.envs allows no variable '%.120s': it allows names that begin with %.200s; "
            "whoever runs this server can add to it (--secret-envs)",
            env, listed(a, c->secret_envs));
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
        no_secret(e, ERR_ARGS, "give either env or file", "");
    if (value)
        secret_learn(value);
    return value;
}
