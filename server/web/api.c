/* api.c - a request of /api from the gate to its row, and the one way to answer it. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/service.h"
#include "change/engine.h"
#include "web/api_private.h"
#include "web/decide_private.h"
#include "web/visit_private.h"
#include <stdlib.h>

/* -- answers ----------------------------------------------------------------------------- */

static const struct api_code *code_named(const char *code)
{
    const struct api_code *row = api_codes;
    while (row->code && strcmp(row->code, code) != 0)
        row++;
    return row;
}

static const struct api_code *code_of_status(int status)
{
    const struct api_code *row = api_codes;
    while (row->code && row->status != status)
        row++;
    return row->code ? row : code_named("internal");
}

static cJSON *problem_of(struct arena *a, const struct api_code *code, const char *detail)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "type", arena_printf(a, "urn:higress-ops:problem:%s", code->code));
    json_set_str(a, o, "title", code->about);
    json_set_num(a, o, "status", code->status);
    json_set_str(a, o, "code", code->code);
    json_set_str(a, o, "detail", secret_scrub(a, text_clean(a, detail, 2000)));
    return o;
}

const char *api_problem(struct arena *a, int status, const char *detail)
{
    cJSON *o = problem_of(a, code_of_status(status), detail);
    json_set_num(a, o, "status", status);
    return json_print(a, o);
}

/* A browser shows none of it as a page, in no frame, and to no other site. */
static void send_answer(struct api *c, int status, const struct http_header more[3],
                        const char *body)
{
    const char *type = status < 400 ? "application/json" : "application/problem+json";
    const struct http_header headers[] = {
        { "Content-Type", type },
        { "Cache-Control", "no-store" },
        { "X-Content-Type-Options", "nosniff" },
        { "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
        { "X-Frame-Options", "DENY" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        more[0],
        more[1],
        more[2],
        { 0 },
    };
    if (c->x)
        http_reply(c->x, status, headers, body, strlen(body));
    arena_free(c->arena);
}

const char *api_tag_of(struct arena *a, const char *text)
{
    return arena_printf(a, "\"%.32s\"", crypto_sha256_hex(a, text, strlen(text)));
}

bool api_header_names(const struct api *c, const char *header, const char *tag)
{
    const char *list = c->x ? http_header(c->x, header) : NULL;
    return list && (!strcmp(list, "*") || strstr(list, tag));
}

void api_answer(struct api *c, cJSON *o, const char *tag)
{
    struct http_header more[3] = { { 0 } }, *end = more;
    secret_scrub_tree(c->arena, NULL, o);
    const char *body = json_print(c->arena, o);
    if (!tag && c->row->tags == API_IF_NONE)
        tag = api_tag_of(c->arena, body);
    bool same = tag && c->row->tags == API_IF_NONE && api_header_names(c, "if-none-match", tag);
    if (tag)
        *end++ = (struct http_header){ "ETag", tag };
    if (c->location)
        *end = (struct http_header){ "Location", c->location };
    send_answer(c, same ? 304 : c->row->status, more, same ? "" : body);
}

void api_refuse(struct api *c, const char *code, const char *detail)
{
    const struct api_code *row = code_named(code);
    const struct http_header more[3] = { { row->status == 503 ? "Retry-After" : NULL, "5" },
                                         { 0 } };
    send_answer(c, row->status, more, json_print(c->arena, problem_of(c->arena, row, detail)));
}

void api_fail(struct api *c)
{
    const struct api_code *code = code_of_status(decide_status(c->err.kind));
    api_refuse(c, c->err.kind == ERR_UNKNOWN ? "unknown_outcome" : code->code, c->err.text);
}

/* -- later answers ----------------------------------------------------------------------- */

void api_release(struct api *c)
{
    for (struct api **at = &c->web->held; *at; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            break;
        }
    c->x->on_gone = NULL;
}

static void let_one_go(struct api *c)
{
    api_release(c);
    c->x = NULL;
    cancel_fire(&c->cancel);
}

static void held_gone(struct http_exchange *x)
{
    let_one_go(x->user);
}

void api_hold(struct api *c)
{
    c->next = c->web->held;
    c->web->held = c;
    c->x->user = c;
    c->x->on_gone = held_gone;
}

void api_let_go(struct web *w)
{
    while (w->held)
        let_one_go(w->held);
}

/* -- which row --------------------------------------------------------------------------- */

/* The id that stands in the path for {id}; "": the row has none. NULL: the path is another. */
static const char *id_in_path(struct arena *a, const struct api_row *row, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *hole = strstr(row->path, "{id}");
    size_t before = hole ? (size_t)(hole - row->path) : 0;
    if (!hole)
        return strcmp(path, row->path) ? NULL : "";
    if (strncmp(path, row->path, before) != 0)
        return NULL;
    size_t n = strspn(path + before, plain);
    bool fits = n >= 4 && n <= 64 && !strcmp(path + before + n, hole + strlen("{id}"));
    return fits ? arena_strndup(a, path + before, n) : NULL;
}

/* NULL: none; *methods: those that there are at that path, NULL: no such path. */
static const struct api_row *row_of(const struct http_exchange *x, const char **id,
                                    const char **methods)
{
    *methods = NULL;
    for (const struct api_row *row = api_rows; row->path; row++) {
        const char *found = id_in_path(x->arena, row, x->path);
        if (!found)
            continue;
        *methods = *methods ? arena_printf(x->arena, "%s, %s", *methods, row->method) : row->method;
        *id = *found ? found : NULL;
        if (!strcmp(row->method, x->method))
            return row;
    }
    return NULL;
}

/* -- the gate ---------------------------------------------------------------------------- */

bool api_is_path(const struct http_exchange *x)
{
    return text_starts(x->path, "/api/");
}

static bool refuse_at_gate(struct http_exchange *x, int status, const char *text)
{
    web_refuse(x, status, NULL, RPC_INVALID_REQUEST, text);
    return false;
}

static bool refuse_method(struct http_exchange *x, const char *methods)
{
    const struct http_header more[] = { { "Allow", methods }, { 0 } };
    web_refuse_with(x, 405, more, arena_printf(x->arena, "Use %s", methods));
    return false;
}

static bool takes_type(const struct http_exchange *x)
{
    static const char json[] = "application/json";
    const char *type = http_header(x, "content-type");
    return type && http_header_count(x, "content-type") == 1 &&
           !strncasecmp(type, json, sizeof json - 1) && strchr(" ;\t", type[sizeof json - 1]);
}

static bool takes_what_comes(struct http_exchange *x)
{
    const char *length = http_header(x, "content-length");
    if (!strcmp(x->method, "GET"))
        return true;
    if (!takes_type(x))
        return refuse_at_gate(x, 415, "Content-Type must be application/json");
    return !length || strtod(length, NULL) <= API_BODY_MAX ||
           refuse_at_gate(x, 413, "No request here is larger than 16 KiB");
}

bool api_gate(struct web *w, struct http_exchange *x)
{
    const char *id, *methods;
    const struct api_row *row = row_of(x, &id, &methods);
    if (!methods)
        return refuse_at_gate(x, 404, "There is no such path; /api/openapi.json says which are");
    if (!row)
        return refuse_method(x, methods);
    if (row->who == API_READERS && !web_reader(w, x))
        return false;
    return (row->who != API_APPROVERS || web_approver(w, x)) && takes_what_comes(x);
}

/* -- what is asked ----------------------------------------------------------------------- */

static const struct field no_fields[] = { { 0 } };

/* Texts of the query as the types that their rows have; what is no number stays a text, and the
 * check says so. */
static bool takes_query(struct api *c)
{
    const struct field *rows = c->row->query ? c->row->query : no_fields;
    cJSON *o = visit_fields(c->arena, c->x->query);
    if (!o)
        return err_set(&c->err, ERR_ARGS, "the query is not a list of names and texts, each once");
    for (const struct field *row = rows; row->name; row++) {
        const char *text = json_str(o, row->name);
        char *end = NULL;
        bool plain = text && row->type != STR && !text[strspn(text, "0123456789.")];
        double n = plain ? strtod(text, &end) : 0;
        if (plain && !*end)
            json_set_num(c->arena, o, row->name, n);
    }
    c->query = o;
    return field_check(rows, o, &c->err);
}

static bool takes_body(struct api *c)
{
    if (!c->row->body)
        return true;
    size_t n = c->x->body_len;
    const char *twice = NULL;
    c->body =
        n ? json_parse_telling(c->arena, c->x->body, n, &twice, &c->err) : json_object(c->arena);
    if (twice)
        return err_set(&c->err, ERR_ARGS, "'%.60s' is there twice", twice);
    return c->body && field_check(c->row->body, c->body, &c->err);
}

struct engine *api_engine(const struct api *c)
{
    return service_engine(c->web->mcp->service);
}

bool api_finds(struct api *c)
{
    const cJSON *o = engine_show(api_engine(c), c->arena, c->id, false, &c->err);
    if (o && text_same(json_str(o, "id"), c->id))
        return true;
    if (o || c->err.kind == ERR_ARGS)
        api_refuse(c, "not_found", arena_printf(c->arena, "there is no change %s", c->id));
    else
        api_fail(c);
    return false;
}

/* The gate has seen the token; the body may have taken longer than that was good for. */
static bool may_still(const struct api *c)
{
    return c->row->who == API_ANYBODY || c->approver || (c->row->who == API_READERS && c->who);
}

static bool is_for_clients(const struct api *c)
{
    return c->approver || !c->row->tool ||
           catalog_offers(c->web->mcp->service->catalog, c->row->tool);
}

void web_api(struct web *w, struct http_exchange *x)
{
    const char *methods;
    struct arena *a = arena_new();
    struct api *c = arena_make(a, struct api);
    *c = (struct api){ .arena = a, .web = w, .x = x, .approver = web_decides(w, x) };
    c->who = arena_strdup(a, web_principal(x));
    c->row = row_of(x, &c->id, &methods);
    c->id = arena_strdup(a, c->id);
    if (!may_still(c))
        api_refuse(c, "unauthorized", "the token is not good any more");
    else if (!is_for_clients(c))
        api_refuse(c, "switched_off",
                   arena_printf(a, "%s is not offered to clients here", c->row->tool));
    else if (x->body_len > API_BODY_MAX)
        api_refuse(c, "too_large", "No request here is larger than 16 KiB");
    else if (!takes_query(c) || !takes_body(c))
        api_fail(c);
    else
        c->row->handle(c);
}
