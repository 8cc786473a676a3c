/* cost.c - what a question has taken so far, and which of its limits are reached. Nothing is
 * guessed of money: without a price, or where the API tells no tokens, the cost is unknown. */
#include "agent/agent_private.h"
#include "base/arena.h"
#include "base/json.h"
#include "net/loop.h"

enum { MILLION = 1000000 };

/* Numbers that cannot be are none. */
static bool is_usage_told(const struct usage *u)
{
    return u->known && u->input > 0 && u->output >= 0 && u->cache_read >= 0 &&
           u->cache_write >= 0 && u->cache_read + u->cache_write <= u->input;
}

static void add_usage(struct agent *g, const struct usage *u)
{
    g->used.input += u->input;
    g->used.output += u->output;
    g->used.cache_read += u->cache_read;
    g->used.cache_write += u->cache_write;
}

void cost_add(struct agent *g, const struct usage *u, size_t said, size_t replied)
{
    g->last = *u;
    if (!is_usage_told(u)) {
        g->guessed = true;
        g->last = (struct usage){ .input = (double)said / BYTES_A_TOKEN,
                                  .output = (double)replied / BYTES_A_TOKEN };
    }
    add_usage(g, &g->last);
}

void cost_lose(struct agent *g, const struct usage *u)
{
    g->guessed = true;
    if (u->input >= 0 && u->output >= 0 && u->cache_read >= 0 && u->cache_write >= 0)
        add_usage(g, u);
}

double cost_tokens(const struct agent *g)
{
    return g->used.input + g->used.output;
}

bool cost_money(const struct agent *g, double *money, const char **why)
{
    const struct config_model *m = g->config;
    const struct usage *u = &g->used;
    *why = NULL;
    if (m->price_input < 0 || m->price_output < 0)
        *why = "model.price is not configured";
    else if (g->guessed)
        *why = "the API did not say how many tokens each request took";
    else if ((u->cache_read > 0 && m->price_cache_read < 0) ||
             (u->cache_write > 0 && m->price_cache_write < 0))
        *why = "a cache was used, and model.price.cache_read or cache_write is not configured";
    if (*why)
        return false;
    double plain = u->input - u->cache_read - u->cache_write;
    *money = plain * m->price_input + u->output * m->price_output;
    *money += u->cache_read > 0 ? u->cache_read * m->price_cache_read : 0;
    *money += u->cache_write > 0 ? u->cache_write * m->price_cache_write : 0;
    *money /= MILLION;
    return true;
}

double cost_left(const struct agent *g)
{
    return g->began + g->config->seconds - loop_now(g->service->loop);
}

double cost_seconds(const struct agent *g, double since)
{
    return (double)(long)((loop_now(g->service->loop) - since) * 1000) / 1000;
}

static const char *money_limit(struct agent *g)
{
    const struct config_model *m = g->config;
    double money;
    const char *why;
    if (m->cost <= 0 || !g->steps)
        return NULL;
    if (!cost_money(g, &money, &why))
        return arena_printf(g->step, "model.limits.cost is set, but the cost is unknown: %s", why);
    return money < m->cost ? NULL
                           : arena_printf(g->step, "%.4f of %.4f %s are spent (model.limits.cost)",
                                          money, m->cost, m->currency);
}

const char *cost_limit(struct agent *g)
{
    const struct config_model *m = g->config;
    if (g->steps >= (int)m->steps)
        return arena_printf(g->step, "%d requests to the model were made (model.limits.steps)",
                            g->steps);
    if (cost_tokens(g) >= m->tokens)
        return arena_printf(g->step, "%.0f tokens were used (model.limits.tokens: %.0f)",
                            cost_tokens(g), m->tokens);
    if (cost_left(g) <= 0)
        return arena_printf(g->step, "%.0f seconds went by (model.limits.seconds)", m->seconds);
    return money_limit(g);
}

void cost_tell(const struct agent *g, struct arena *a, cJSON *event)
{
    double money;
    const char *why;
    cJSON *tokens = json_set_object(a, event, "tokens");
    json_set_num(a, tokens, "input", (double)(long)g->used.input);
    json_set_num(a, tokens, "output", (double)(long)g->used.output);
    json_set_num(a, tokens, "cache_read", g->used.cache_read);
    json_set_num(a, tokens, "cache_write", g->used.cache_write);
    json_set_bool(a, tokens, "estimated", g->guessed);
    cJSON *cost = json_set_object(a, event, "cost");
    bool known = cost_money(g, &money, &why);
    json_set(a, cost, "amount", known ? json_number(a, money) : json_null(a));
    json_set_str(a, cost, known ? "currency" : "unknown", known ? g->config->currency : why);
}
