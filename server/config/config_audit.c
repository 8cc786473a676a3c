/* config_audit.c - audit.*: where lines are sent, and with which headers. */
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
static bool good_audit_header(const char *name, const char *value, struct err *e)
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

bool config_good_audit(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    const cJSON *list = json_path(tree, "audit.headers"), *item;
    struct config_header *out = arena_array(a, struct config_header, json_count(list) + 1);
    c->audit.headers = out;
    if (!good_ship(c->audit.ship, e))
        return false;
    if (list &&
        (!c->audit.ship || !config_is_trusted_url(c->audit.ship + strcspn(c->audit.ship, "h"))))
        return err_set(e, ERR_ARGS,
                       "these are secrets: audit.ship must be otlp:https://…, or otlp:http:// on a "
                       "loopback address with its port") ||
               err_about(e, "audit.headers");
    cJSON_ArrayForEach(item, list)
    {
        out->name = arena_strdup(a, json_str(item, "name"));
        out->value = config_read_secret(a, item, e);
        if (!out->value || !good_audit_header(out->name, out->value, e))
            return err_about(e, "audit.headers");
        learn_header(out++->value);
    }
    return true;
}
