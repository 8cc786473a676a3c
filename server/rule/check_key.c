/* check_key.c - rules of consumers and certificates. */
#include "base/cert.h"
#include "rule/check_private.h"
#include <time.h>

/* A consumer whose credentials hold no key-auth one is deleted, with an answer that looks like
 * success; the field table refuses that. */
static bool credentials(const struct check *c)
{
    const cJSON *one = json_get(c->after, "credentials");
    const char *source = json_str(one ? one->child : NULL, "source");
    const char *key = json_str(one ? one->child : NULL, "key");
    const cJSON *values = json_get(one ? one->child : NULL, "values"), *v;
    if (source && strcmp(source, "BEARER") != 0 && (!key || !*key))
        return check_no(c, "credentials[0].key: the name of the %s is required",
                        !strcmp(source, "QUERY") ? "parameter" : "header");
    if (!c->before && json_count(values) == 0)
        return check_no(c, "credentials[0].values: at least one is needed");
    cJSON_ArrayForEach(v, values)
    {
        if (!*v->valuestring)
            return check_no(c, "credentials[0].values: an empty key would let everybody in");
    }
    return true;
}

static bool consumer_name(const struct check *c)
{
    const char *name = json_str(c->after, "name");
    for (const char *s = c->before ? NULL : name; s && *s; s++)
        if ((unsigned char)*s <= ' ')
            return check_no(c, "name: '%s' holds a blank", check_shown(c, name));
    return true;
}

static bool certificate(const struct check *c)
{
    const char *cert = json_str(c->after, "cert"), *key = json_str(c->after, "key");
    return !cert || !key || cert_check_pair(c->a, cert, key, (double)time(NULL), c->e);
}

const struct check_rule check_key_rules[] = {
    { "consumer", "name", "The name holds no blank.", consumer_name },
    { "consumer", "credentials", "HEADER and QUERY name a key; values are not empty.",
      credentials },
    { "tls-certificate", "cert|key", "cert is PEM, valid today, and key is its private key.",
      certificate },
    { 0 },
};
