/* overview.c - `higress-ops overview`: the gateway as a drawing, in a file or on standard output.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "call/map.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "config/config.h"
#include "console/gateway.h"
#include "picture/picture.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* path NULL: standard output. */
static bool write_picture(const char *path, const char *text, struct err *e)
{
    const char *where = path ? path : "standard output";
    FILE *f = path ? fopen(path, "we") : stdout;
    if (!f)
        return err_set(e, ERR_ARGS, "%s cannot be written: %s", where, strerror(errno));
    bool ok = fputs(text, f) >= 0 && fflush(f) == 0;
    if (path && fclose(f) != 0)
        ok = false;
    return ok || err_set(e, ERR_SYSTEM, "%s was not written whole: %s", where, strerror(errno));
}

static int draw_gateway(struct verb *v)
{
    struct err e = { 0 };
    const struct map_means means = { .loop = gateway_loop(v->gateway),
                                     .gateway = v->gateway,
                                     .config = gateway_config(v->gateway) };
    if (!gateway_url(v->gateway)) {
        err_set(&e, ERR_ARGS, "no gateway is configured; give --gateway-url");
        return verb_failed(v, &e);
    }
    cJSON *map = map_read(v->arena, &means, &e);
    if (!map)
        return verb_failed(v, &e);
    const char *gateway = config_several(v->config) ? means.config->name : NULL;
    const cJSON *waiting = map_waiting(v->arena, v->engine, gateway, json_get(map, "unread"));
    const struct picture p = { .map = map, .waiting = waiting, .alone = true };
    const char *title = arena_printf(v->arena, "Gateway %s", gateway_url(v->gateway));
    const char *text = options_has(v->options, "svg") ? picture_svg(v->arena, &p)
                                                      : picture_html(v->arena, &p, title);
    const char *path = v->options->argc ? v->options->argv[0] : NULL;
    return write_picture(path, text, &e) ? EXIT_DONE : verb_failed(v, &e);
}

static int run_overview(const struct options *o)
{
    return verb_start(o, false, draw_gateway);
}

static const struct option_row overview_rows[] = {
    { "html", NULL, "A page with the drawing and what was found (default)." },
    { "svg", NULL, "The drawing alone." },
    { 0 },
};

const struct command cmd_overview = {
    .name = "overview",
    .args = "[FILE]",
    .about = "Draws the gateway: hosts, routes, services, endpoints, and what is wrong with them.",
    .max_args = 1,
    .rows = overview_rows,
    .config = true,
    .run = run_overview,
};
