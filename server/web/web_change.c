/* web_change.c - decisions by programs of people: POST /change with the token of an approver
 * (http.approvers). The gate takes no other there and no client has one, so that nothing a model
 * can send decides. The token is a header, which a browser adds for no other site.
 *
 *     {"do":"list","cursor"?}                        engine_list of what waits
 *     {"do":"show","id","part"?,"seen"?}             one part of the change, whole; "seen" of the
 * part before it
 *     {"do":"approve","id","digest","rendering","seen","word"?}   "seen" of the last part
 *     {"do":"reject","id","digest"}
 */
#include "base/arena.h"
#include "base/field.h"
#include "base/secret.h"
#include "call/service.h"
#include "change/engine.h"
#include "web/decide_private.h"
#include "web/web_private.h"

enum { PENDING_SHOWN = 50 };

static void answer_decision(struct decision *d, cJSON *o)
{
    static const struct http_header headers[] = { { "Content-Type", "application/json" },
                                                  { "Cache-Control", "no-store" },
                                                  { 0 } };
    cJSON *error = NULL, *op;
    if (!o)
        json_set_str(d->arena, error = json_object(d->arena), "error", d->err.text);
    cJSON_ArrayForEach(op, json_get(o, "operations")) json_remove(op, "rows");
    secret_scrub_tree(d->arena, NULL, o ? o : error);
    const char *body = json_print(d->arena, o ? o : error);
    if (d->x)
        http_reply(d->x, o ? 200 : decide_status(d->err.kind), headers, body, strlen(body));
    arena_free(d->arena);
}

/* -- the exchange ------------------------------------------------------------------------ */

static bool read_decision_body(struct decision *d, const struct http_exchange *x)
{
    cJSON *o = json_parse(d->arena, x->body, x->body_len, &d->err);
    if (!o || !field_check(decide_asked, o, &d->err))
        return false;
    d->asked = o;
    d->what = json_str(o, "do");
    d->id = json_str(o, "id");
    return d->id || !strcmp(d->what, "list") ||
           err_set(&d->err, ERR_ARGS, "id: which change is missing");
}

void web_change(struct web *w, struct http_exchange *x)
{
    struct arena *a = arena_new();
    struct decision *d = arena_make(a, struct decision);
    *d = (struct decision){ .arena = a,
                            .engine = service_engine(w->mcp->service),
                            .x = x,
                            .by = CHANNEL_PAGE,
                            .sources = w->sources,
                            .answer = answer_decision };
    d->who = arena_strdup(a, web_principal(x));
    if (!read_decision_body(d, x))
        answer_decision(d, NULL);
    else if (!strcmp(d->what, "list"))
        answer_decision(
            d, engine_list(d->engine, a,
                           &(struct engine_query){ .state = "pending",
                                                   .limit = PENDING_SHOWN,
                                                   .cursor = json_str(d->asked, "cursor") },
                           &d->err));
    else if (!strcmp(d->what, "show"))
        answer_decision(d, decide_show(d));
    else
        decide(d);
}
