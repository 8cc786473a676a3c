/* explain_order.c - the choice as an answer: which route, in which order, and why not another. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "explain/explain_private.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include <string.h>

enum { SHOWN = 60 };

static const char *const fault_names[ROUTE_FAULTS] = {
    [ROUTE_NO_PATH] = "path",   [ROUTE_NO_METHOD] = "method",      [ROUTE_NO_HEADER] = "header",
    [ROUTE_NO_QUERY] = "query", [ROUTE_UNREADABLE] = "expression",
};

/* -- predicates in words -------------------------------------------------------------------------
 */
static const char *how_in_words(const char *how)
{
    if (strcmp(how, ROUTE_EXACT_VALUE) == 0)
        return "=";
    return strcmp(how, ROUTE_PREFIX_VALUE) == 0 ? "beginning with" : "like";
}

/* The value as a route that holds nothing else would show it. */
static const char *masked_value(struct arena *a, const char *list, const struct route_predicate *p)
{
    cJSON *route = json_object(a);
    cJSON *one = json_add(a, json_set_array(a, route, list), json_object(a));
    json_set_str(a, one, "key", p->name);
    json_set_str(a, one, "matchType", "EQUAL");
    json_set_str(a, one, "matchValue", p->value);
    const cJSON *shown = mask_object(a, kind_find("route"), route);
    const cJSON *first = json_get(shown, list) ? json_get(shown, list)->child : NULL;
    const char *value = json_str(first, "matchValue");
    return text_clean(a, value ? value : "***", SHOWN);
}

static const char *say_predicate(struct arena *a, const char *noun, const char *list,
                                 const struct route_predicate *p)
{
    return arena_printf(a, "%s %s %s %s", noun, text_clean(a, p->name, SHOWN), how_in_words(p->how),
                        masked_value(a, list, p));
}

/* Nobody sends this header: a plugin makes it of the body, which is not known here. */
static const char *from_body(const struct route_predicate *p)
{
    bool model = strcmp(p->name, "x-higress-llm-model") == 0;
    return model ? " (model-router sets it to the model in the body)" : "";
}

static const char *path_in_words(struct arena *a, const struct route_rule *r)
{
    static const char *const ways[] = { "exactly ", "under ", "like " };
    return arena_printf(a, "path %s%s", ways[r->type], text_clean(a, r->written, SHOWN));
}

static const char *why_lost(struct arena *a, const struct explain_near *n)
{
    const struct route_predicate *p = n->miss.predicate;
    const char *why = "nothing: RE2 refuses its expression";
    if (n->miss.fault == ROUTE_NO_PATH)
        why = path_in_words(a, n->rule);
    else if (n->miss.fault == ROUTE_NO_METHOD)
        why = arena_printf(a, "method %s", n->rule->methods);
    else if (n->miss.fault == ROUTE_NO_HEADER)
        why = arena_printf(a, "%s%s", say_predicate(a, "header", "headers", p), from_body(p));
    else if (n->miss.fault == ROUTE_NO_QUERY)
        why = say_predicate(a, "parameter", "urlParams", p);
    return n->miss.failed > 1 ? arena_printf(a, "%s, and %d more", why, n->miss.failed - 1) : why;
}

/* -- the answer ----------------------------------------------------------------------------------
 */
static void add_near(struct arena *a, cJSON *order, const struct explain_choice *c)
{
    int rest[ROUTE_FAULTS];
    memcpy(rest, c->lost, sizeof rest);
    cJSON *list = c->near_count ? json_set_array(a, order, "lost") : NULL;
    for (int i = 0; i < c->near_count; i++) {
        cJSON *row = json_add(a, list, json_object(a));
        json_set_str(a, row, "route", text_clean(a, c->near[i].rule->name, SHOWN));
        json_set_num(a, row, "place", c->near[i].place);
        json_set_str(a, row, "takes", why_lost(a, &c->near[i]));
        rest[c->near[i].miss.fault]--;
    }
    cJSON *others = json_object(a);
    for (int i = 1; i < ROUTE_FAULTS; i++)
        if (rest[i] > 0)
            json_set_num(a, others, fault_names[i], rest[i]);
    if (json_count(others))
        json_set(a, order, "others_lost_by", others);
}

static void add_also(struct arena *a, cJSON *answer, const char *member,
                     const struct explain_also *list, int count, bool host)
{
    int shown = count < EXPLAIN_ALSO ? count : EXPLAIN_ALSO;
    cJSON *rows = count ? json_set_array(a, answer, member) : NULL;
    for (int i = 0; i < shown; i++) {
        const char *route = text_clean(a, list[i].route, SHOWN);
        json_add_str(a, rows,
                     host ? arena_printf(a, "%s (%s)", route, list[i].virtual_host) : route);
    }
    if (count > shown)
        json_add_str(a, rows, arena_printf(a, "and %d more", count - shown));
}

/* What only the time of creation would tell. */
static void add_doubt(struct arena *a, cJSON *answer, const struct explain_choice *c)
{
    bool twins = c->same && !*c->rule->takes.created;
    if (c->ties)
        json_set_str(a, answer, "unsure",
                     arena_printf(a,
                                  "%d of would_take_too rank%s equal to it: the one created first "
                                  "takes the request, and the console does not tell which that is",
                                  c->ties, c->ties == 1 ? "s" : ""));
    else if (twins)
        json_set_str(a, answer, "unsure",
                     arena_printf(a,
                                  "%s takes exactly the same requests: only the one created first "
                                  "lives, and the console does not tell which that is",
                                  text_clean(a, c->same, SHOWN)));
    else if (c->same)
        json_set_str(a, answer, "dead_twin", text_clean(a, c->same, SHOWN));
}

/* "ai-route-chat.internal" is the AI route chat to everybody but Envoy. */
static void add_maker(struct arena *a, cJSON *answer, const char *route)
{
    const char *server = kind_mcp_of(a, route), *ai = kind_ai_of(a, route);
    if (server)
        json_set_str(a, answer, "mcp_server", server);
    if (ai)
        json_set_str(a, answer, "ai_route", ai);
}

static void add_app_root_redirect(struct arena *a, cJSON *answer, const struct explain_choice *c)
{
    cJSON *to = json_set_object(a, answer, "redirect");
    json_set_num(a, to, "code", 302);
    json_set_str(a, to, "to", text_clean(a, mask_shapes(a, c->app_root), 2 * SHOWN));
    json_set_str(a, to, "by", arena_printf(a, "app-root of %s", c->app_root_of));
}

cJSON *explain_order(struct arena *a, const struct explain_choice *c)
{
    cJSON *answer = json_object(a);
    json_set_str(a, answer, "route", c->route ? text_clean(a, c->route, 120) : NULL);
    if (c->route)
        add_maker(a, answer, c->route);
    json_set_str(a, answer, "virtual_host", c->virtual_host);
    json_set_str(a, answer, "plain_host", c->plain_host);
    if (c->base)
        json_set_str(a, answer, "canary_of", text_clean(a, c->base, SHOWN));
    if (c->virtual_host) {
        cJSON *order = json_set_object(a, answer, "order");
        if (c->place)
            json_set_num(a, order, "place", c->place);
        json_set_num(a, order, "of", c->of);
        add_near(a, order, c);
        add_also(a, order, "would_take_too", c->also, c->also_count, false);
        add_also(a, order, "hidden", c->hidden, c->hidden_count, true);
    }
    add_doubt(a, answer, c);
    if (c->app_root)
        add_app_root_redirect(a, answer, c);
    if (c->plain_host)
        explain_add_note(
            a, answer,
            arena_printf(a,
                         "domain %s has no HTTPS (enableHttps off, or no certificate): its routes "
                         "take plain HTTP only, and clients meet the certificate of another host, "
                         "if any",
                         c->plain_host));
    if (c->lost[ROUTE_UNREADABLE])
        explain_add_note(a, answer,
                         "RE2 refuses an expression of these routes: Envoy then refuses all routes "
                         "of the gateway, and keeps those of before");
    if (c->baseless)
        explain_add_note(a, answer,
                         arena_printf(a,
                                      "%d canaries are ignored: no other route has the host, path "
                                      "and predicates of theirs",
                                      c->baseless));
    return answer;
}
