/* envoy.c - GETs on Envoy's admin port. A page to be read is one row of `pages`. */
#include "signal/envoy.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "net/fetch.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PAGE = 64 << 20, MAX_ELEMENT = 16 << 20 };

static const char *const pages[] = {
    "/clusters", "/stats",  "/config_dump", "/certs", "/server_info", "/listeners", "/init_dump",
    "/ready",    "/memory", "/runtime",     NULL
};

static bool is_allowed_page(const char *path)
{
    size_t n = strcspn(path, "?");

    for (int i = 0; pages[i]; i++)
        if (strlen(pages[i]) == n && !strncmp(pages[i], path, n))
            return true;
    return false;
}

static const char *page_shown(struct arena *a, const struct envoy_at *of, const char *path)
{
    return arena_printf(a, "Envoy's admin page %s%s%s", path, of->name ? " of " : "",
                        of->name ? of->name : "");
}

/* sink: NULL, the body is in out. */
static bool fetch_admin_page(struct loop *l, const struct config *c, struct arena *a,
                             const struct envoy_at *of, const char *path, struct fetch_request *how,
                             struct fetch_answer *out, struct err *e)
{
    how->method = "GET";
    how->url = arena_printf(a, "%s%s", of->url, path);
    how->timeout = c->timeout > 0 ? c->timeout : 10;
    how->connect_timeout = 2;
    how->via = of->via;
    how->to = TO_ENVOY;
    how->max_body = MAX_PAGE;
    if (!of->url)
        return err_set(e, ERR_ARGS, "no address of Envoy's admin interface is configured");
    if (!is_allowed_page(path))
        return err_set(e, ERR_ARGS, "Envoy's admin page %s is not one that is read here", path);
    if (!fetch(l, a, how, out, e))
        return err_at(e, "%s", page_shown(a, of, path));
    if (out->status != 200 && !text_starts(path, "/ready"))
        return err_status(e, ERR_GATEWAY, out->status, "%s answered %d: %s",
                          page_shown(a, of, path), out->status, text_clean(a, out->body, 200));
    return true;
}

cJSON *envoy_page_of(struct loop *l, const struct config *c, struct arena *a,
                     const struct envoy_at *of, const char *path, struct cancel *cancel,
                     struct err *e)
{
    struct fetch_request how = { .cancel = cancel };
    struct fetch_answer out = { 0 };
    if (!fetch_admin_page(l, c, a, of, path, &how, &out, e))
        return NULL;
    const char *body = out.body + strspn(out.body, " \r\n\t");
    if (*body != '{' && *body != '[')
        return json_string(a, text_clean(a, body, 64 * 1024));
    cJSON *tree = json_parse(a, out.body, out.len, e);
    if (!tree)
        err_at(e, "%s", page_shown(a, of, path));
    return tree;
}

cJSON *envoy_page(struct loop *l, const struct config *c, struct arena *a, const char *path,
                  struct cancel *cancel, struct err *e)
{
    const struct envoy_at only = { c->envoy_admin, c->envoy_via, NULL };
    return envoy_page_of(l, c, a, &only, path, cancel, e);
}

/* -- element by element ---------------------------------------------------------------------- */

struct elements {
    struct json_split *split;
    envoy_element_fn *fn;
    void *arg;
    struct err err;
};

static bool take_admin_element(void *arg, const char *text, size_t len)
{
    struct elements *x = arg;
    struct arena *one = arena_new();
    const cJSON *element = json_parse(one, text, len, &x->err);
    bool on = element && x->fn(x->arg, one, element);
    arena_free(one);
    return on;
}

static bool take_admin_bytes(void *arg, const char *bytes, size_t n)
{
    struct elements *x = arg;
    return x->err.kind == ERR_NONE && json_split_feed(x->split, bytes, n, &x->err);
}

bool envoy_each_of(struct loop *l, const struct config *c, const struct envoy_at *of,
                   const char *path, const char *at, envoy_element_fn *fn, void *arg,
                   struct cancel *cancel, struct err *e)
{
    struct arena *a = arena_new();
    struct elements x = { .fn = fn, .arg = arg };
    struct fetch_request how = { .cancel = cancel, .sink = take_admin_bytes, .sink_arg = &x };
    struct fetch_answer out = { 0 };
    x.split = json_split_new(a, at, MAX_ELEMENT, take_admin_element, &x);
    bool ok = fetch_admin_page(l, c, a, of, path, &how, &out, e);
    bool whole = ok && x.err.kind == ERR_NONE &&
                 (json_split_stopped(x.split) || json_split_end(x.split, &x.err));
    if (ok && !whole)
        err_set(e, ERR_GATEWAY, "%s: %s", page_shown(a, of, path), x.err.text);
    arena_free(a);
    return whole;
}

/* -- counters of a page ---------------------------------------------------------------------- */

double envoy_stat(const cJSON *stat)
{
    const char *text = json_str(stat, "value");
    return text ? strtod(text, NULL) : json_num(stat, "value", 0);
}

double envoy_host_stat(const cJSON *host, const char *name)
{
    return envoy_stat(json_find(json_get(host, "stats"), "name", name));
}

/* -- runtime keys ---------------------------------------------------------------------------- */

double envoy_runtime(struct loop *l, const struct config *c, struct arena *a, const char *key,
                     double otherwise, struct cancel *cancel, struct err *e)
{
    const cJSON *page = envoy_page(l, c, a, "/runtime?format=json", cancel, e);
    const char *value = json_str(json_get(json_get(page, "entries"), key), "final_value");

    if (!page)
        return NAN;
    return value ? strtod(value, NULL) : otherwise;
}
