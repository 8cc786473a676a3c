/* config_audit.c - audit.*: where lines are sent; and headers of collectors. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include "config/oidc.h"
#include <string.h>

static bool good_ship(const char *to, struct err *e)
{
    if (!to || text_starts(to, "file:/") || !strcmp(to, "syslog") || text_starts(to, "syslog:/"))
        return true;
    if (text_starts(to, "otlp:http://") || text_starts(to, "otlp:https://"))
        return !strpbrk(to, "@# \t\r\n") ||
               err_set(e, ERR_ARGS, "must be a URL without user, fragment or blanks") ||
               err_about(e, "audit.ship");
    return err_set(e, ERR_ARGS,
                   "'%.80s' is neither file:/PATH nor syslog nor syslog:/SOCKET nor otlp:URL",
                   to) ||
           err_about(e, "audit.ship");
}

/* As RFC 9110 wants them: a token, and no line end in a value. */
static bool is_header(const char *name, const char *value, struct err *e)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`|~";
    if (name[strspn(name, token)])
        return err_set(e, ERR_ARGS, "'%.60s' is no name of a header", name);
    for (; *value; value++)
        if ((unsigned char)*value < ' ' && *value != '\t')
            return err_set(e, ERR_ARGS, "the value of '%.60s' is more than one line", name);
    return true;
}

/* "Bearer TOKEN": the token is one, too. */
static void learn_header(const char *value)
{
    const char *blank = strrchr(value, ' ');
    secret_learn(value);
    if (blank)
        secret_learn(blank + 1);
}

bool config_read_headers(struct arena *a, const cJSON *tree, const char *group, const char *url,
                         const struct config_header **headers, struct err *e)
{
    const char *path = arena_printf(a, "%s.headers", group);
    const cJSON *list = json_path(tree, path), *item;
    struct config_header *out = arena_array(a, struct config_header, json_count(list) + 1);
    *headers = out;
    if (list && (!url || !config_is_trusted_url(url)))
        return err_set(e, ERR_ARGS,
                       "these are secrets: the collector's URL must be https://…, or http:// on a "
                       "loopback address with its port") ||
               err_about(e, path);
    cJSON_ArrayForEach(item, list)
    {
        out->name = arena_strdup(a, json_str(item, "name"));
        out->value = config_read_secret(a, item, e);
        if (!out->value || !is_header(out->name, out->value, e))
            return err_about(e, path);
        learn_header(out++->value);
    }
    return true;
}

bool config_good_audit(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    const char *ship = c->audit.ship;
    return good_ship(ship, e) &&
           config_read_headers(a, tree, "audit", ship ? ship + strcspn(ship, "h") : NULL,
                               &c->audit.headers, e);
}
