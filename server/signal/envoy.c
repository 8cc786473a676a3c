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

enum { MAX_PAGE = 64 << 20 };

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

static bool fetch_admin_page(struct loop *l, const struct config *c, struct arena *a,
                             const char *path, struct cancel *cancel, struct fetch_answer *out,
                             struct err *e)
{
    struct fetch_request r = {
        .method = "GET",
        .url = arena_printf(a, "%s%s", c->envoy_admin, path),
        .timeout = c->timeout > 0 ? c->timeout : 10,
        .connect_timeout = 2,
        .via = c->envoy_via,
        .to = TO_ENVOY,
        .max_body = MAX_PAGE,
        .cancel = cancel,
    };

    if (!fetch(l, a, &r, out, e))
        return err_at(e, "Envoy's admin page %s", path);
    if (out->status != 200 && !text_starts(path, "/ready"))
        return err_status(e, ERR_GATEWAY, out->status, "Envoy's admin page %s answered %d: %s",
                          path, out->status, text_clean(a, out->body, 200));
    return true;
}

cJSON *envoy_page(struct loop *l, const struct config *c, struct arena *a, const char *path,
                  struct cancel *cancel, struct err *e)
{
    struct fetch_answer out = { 0 };
    const char *body;
    cJSON *tree;

    if (!c->envoy_admin) {
        err_set(e, ERR_ARGS, "no address of Envoy's admin interface is configured");
        return NULL;
    }
    if (!is_allowed_page(path)) {
        err_set(e, ERR_ARGS, "Envoy's admin page %s is not one that is read here", path);
        return NULL;
    }
    if (!fetch_admin_page(l, c, a, path, cancel, &out, e))
        return NULL;
    body = out.body + strspn(out.body, " \r\n\t");
    if (*body != '{' && *body != '[')
        return json_string(a, text_clean(a, body, 64 * 1024));
    tree = json_parse(a, out.body, out.len, e);
    if (!tree)
        err_at(e, "Envoy's admin page %s", path);
    return tree;
}

double envoy_runtime(struct loop *l, const struct config *c, struct arena *a, const char *key,
                     double otherwise, struct cancel *cancel, struct err *e)
{
    const cJSON *page = envoy_page(l, c, a, "/runtime?format=json", cancel, e);
    const char *value = json_str(json_get(json_get(page, "entries"), key), "final_value");

    if (!page)
        return NAN;
    return value ? strtod(value, NULL) : otherwise;
}
