/* account.c - what a platform asks of its account's row. */
#include "chat/account.h"
#include <string.h>

const char *chat_key(const struct chat_account *c, const char *name)
{
    return config_named_value(c->config->keys, name);
}

const char *chat_id(const struct chat_account *c, const char *name)
{
    return config_named_value(c->config->ids, name);
}

const char *chat_url(const struct chat_account *c, const char *own)
{
    return c->config->url ? c->config->url : own;
}

bool chat_has_tenant(const struct chat_account *c, const char *tenant)
{
    for (const char *const *t = c->config->tenants; tenant && *t; t++)
        if (!strcmp(*t, tenant))
            return true;
    return false;
}
