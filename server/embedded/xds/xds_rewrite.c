/* xds_rewrite.c - what a route makes of path and Host, and where it sends a client instead. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include "kind/ingress.h"

/* -- rewriting ----------------------------------------------------------------------------------
 */

static void set_regex(struct xds *x, cJSON *action, const char *pattern, const char *to)
{
    cJSON *rewrite = json_set_object(x->a, action, "regex_rewrite");
    json_set_str(x->a, json_set_object(x->a, rewrite, "pattern"), "regex", pattern);
    json_set_str(x->a, rewrite, "substitution", to);
}

/* What follows a prefix keeps its slash when the new one has none. */
static void set_prefix_rewrite(struct xds *x, const struct xds_rule *r, cJSON *action,
                               const char *path)
{
    if (r->takes.type != ROUTE_PREFIX || text_ends(path, "/")) {
        json_set_str(x->a, action, "prefix_rewrite", path);
        return;
    }
    const char *prefix = strcmp(r->takes.path, "/") ? r->takes.path : "";
    set_regex(x, action, arena_printf(x->a, "^%s(/.*)?", prefix),
              arena_printf(x->a, "%s\\1", path));
}

void xds_rewrite(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    const char *path = xds_annotation(x, r->policies, "rewrite-path");
    const char *target = xds_annotation(x, r->policies, "rewrite-target");
    const char *host = xds_annotation(x, r->policies, "upstream-vhost");
    if (path)
        set_prefix_rewrite(x, r, action, path);
    else if (target)
        set_regex(x, action, r->takes.path, ingress_groups(x->a, target));
    if (host)
        json_set_str(x->a, action, "host_rewrite_literal", host);
}

/* -- redirects ----------------------------------------------------------------------------------
 */

static const char *status_name(long code)
{
    switch (code) {
    case 302:
        return "FOUND";
    case 303:
        return "SEE_OTHER";
    case 307:
        return "TEMPORARY_REDIRECT";
    case 308:
        return "PERMANENT_REDIRECT";
    default:
        return "MOVED_PERMANENTLY";
    }
}

/* "https://host:port/path": what is missing is taken from the request, a query is left out. */
static void set_location(struct xds *x, cJSON *redirect, const char *url)
{
    const char *rest = strstr(url, "://");
    if (rest) {
        const char *scheme = arena_strndup(x->a, url, (size_t)(rest - url));
        json_set_str(x->a, redirect, "scheme_redirect", scheme);
        rest += 3;
        size_t n = strcspn(rest, "/?#");
        char *host = arena_strndup(x->a, rest, n);
        char *colon = strrchr(host, ':');
        long port = 0;
        if (colon && annotation_int(colon + 1, &port) && port > 0 && port < 65536) {
            *colon = '\0';
            json_set_num(x->a, redirect, "port_redirect", (double)port);
        }
        json_set_str(x->a, redirect, "host_redirect", host);
        rest += n;
    } else {
        rest = url;
    }
    if (*rest == '/')
        json_set_str(x->a, redirect, "path_redirect",
                     arena_strndup(x->a, rest, strcspn(rest, "?#")));
}

static const char *redirect_url(struct xds *x, const struct xds_rule *r, const char *name)
{
    const char *url = xds_annotation(x, r->policies, name), *why;
    return url && annotation_judge(annotation_find(name), url, &why) == VALUE_FITS ? url : NULL;
}

static cJSON *app_root(struct xds *x, const struct xds_rule *r)
{
    cJSON *to = json_object(x->a);
    json_set_str(x->a, to, "path_redirect", r->app_root);
    json_set_str(x->a, to, "response_code", status_name(302));
    return to;
}

static cJSON *to_url(struct xds *x, const char *url, long status)
{
    cJSON *to = json_object(x->a);
    set_location(x, to, url);
    json_set_str(x->a, to, "response_code", status_name(status));
    return to;
}

/* A URL wins over https, the temporary one over the other. */
cJSON *xds_redirect(struct xds *x, const struct xds_rule *r)
{
    const char *temporary = redirect_url(x, r, "temporal-redirect");
    const char *permanent = redirect_url(x, r, "permanent-redirect");
    const char *code = xds_annotation(x, r->policies, "permanent-redirect-code");
    long status = 301;
    annotation_int(code, &status);
    if (r->app_root)
        return app_root(x, r);
    if (temporary)
        return to_url(x, temporary, 302);
    if (permanent)
        return to_url(x, permanent, status);
    if (!xds_annotation_true(x, r->policies, "ssl-redirect") &&
        !xds_annotation_true(x, r->policies, "force-ssl-redirect"))
        return NULL;
    cJSON *to = json_object(x->a);
    json_set_str(x->a, to, "scheme_redirect", "https");
    json_set_str(x->a, to, "response_code", status_name(308));
    return to;
}
