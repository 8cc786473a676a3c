/* config_model.c - `model`: what goes beyond one row of settings.c. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/config_file_private.h"

/* What the agent says itself, and what a request could not do without. */
static const char *const own[] = { "messages", "tools", "system", "stream", "model" };

static bool good_request(const struct config_model *m, struct err *e)
{
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (json_get(m->request, own[i]))
            return err_set(e, ERR_ARGS, "may not set '%s', which each request says itself",
                           own[i]) ||
                   err_about(e, "model.request");
    return true;
}

static bool good_header(const struct config_model *m, struct err *e)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (m->key_header && m->key_header[strspn(m->key_header, letters)])
        return err_set(e, ERR_ARGS, "is not the name of a header") ||
               err_about(e, "model.key_header");
    return true;
}

static void take_prices(struct config_model *m, struct arena *a, const cJSON *price)
{
    m->price_input = json_num(price, "input", -1);
    m->price_output = json_num(price, "output", -1);
    m->price_cache_read = json_num(price, "cache_read", -1);
    m->price_cache_write = json_num(price, "cache_write", -1);
    const char *currency = json_str(price, "currency");
    m->currency = arena_strdup(a, currency ? currency : "USD");
}

static bool take_limits(struct config_model *m, const cJSON *limits, struct err *e)
{
    m->steps = json_num(limits, "steps", 24);
    m->tokens = json_num(limits, "tokens", 500000);
    m->seconds = json_num(limits, "seconds", 600);
    m->result_bytes = json_num(limits, "result_bytes", 12000);
    m->cost = json_num(limits, "cost", 0);
    if (m->cost > 0 && (m->price_input < 0 || m->price_output < 0))
        return err_set(e, ERR_ARGS,
                       "needs model.price.input and model.price.output: without them the cost "
                       "is unknown") ||
               err_about(e, "model.limits.cost");
    return true;
}

static bool take_key(struct config_model *m, struct arena *a, const cJSON *where, struct err *e)
{
    if (!where)
        return true;
    char *key = config_read_secret(a, where, e);
    if (!key)
        return err_about(e, "model.key");
    if (strpbrk(key, " \t\r\n"))
        return err_set(e, ERR_ARGS, "a key holds no blanks and is one line") ||
               err_about(e, "model.key");
    secret_learn(key);
    m->key = key;
    return true;
}

bool config_good_model(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    struct config_model *m = &c->model;
    take_prices(m, a, json_path(tree, "model.price"));
    if (!m->url && json_path(tree, "model.key"))
        return err_set(e, ERR_ARGS, "is missing: where is the model?") || err_about(e, "model.url");
    if (m->url && !m->name)
        return err_set(e, ERR_ARGS, "is missing: which model is asked?") ||
               err_about(e, "model.name");
    m->request = json_clone(a, json_path(tree, "model.request"));
    return take_limits(m, json_path(tree, "model.limits"), e) && good_request(m, e) &&
           good_header(m, e) && take_key(m, a, json_path(tree, "model.key"), e);
}
