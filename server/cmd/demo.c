/* demo.c - `higress-ops demo`: the whole thing in one process, with a real Envoy behind it.
 *
 * The order of starting is in start_demo(); everything that was started is ended in stop(), in
 * reverse, however the demo ends. Parts: demo.h. */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "cmd/demo_private.h"
#include "embedded/embedded.h"
#include "embedded/xds/envoy.h"
#include "net/fetch.h"
#include "net/http.h"
#include "net/loop.h"
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

void demo_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static const struct option_row rows[] = {
    { "dir", "DIR", "Folder of the demo, made anew each time; ./higress-ops-demo when not given." },
    { "once", NULL, "Do it all, check it, and end." },
    { "envoy", "FILE", "Envoy executable; looked for when not given." },
    { "console-port", "PORT", "Embedded console; the first free one from 8001." },
    { "gateway-port", "PORT", "Envoy; the first free one from 8080." },
    { "admin-port", "PORT", "Envoy's admin interface; the first free one from 15000." },
    { "mcp-port", "PORT", "MCP over HTTP; the first free one from 8470." },
    { 0 },
};

/* -- parts ---------------------------------------------------------------------------------------
 */
static bool start_console(struct demo *d, struct err *e)
{
    struct embedded_options o = { .dir = arena_printf(d->arena, "%s/data", d->dir),
                                  .address = "127.0.0.1",
                                  .port = d->console_port };
    d->console = embedded_start(d->loop, &o, e);
    if (!d->console)
        return false;
    cJSON *body = json_object(d->arena);
    cJSON *user = json_set_object(d->arena, body, "adminUser");
    json_set_str(d->arena, user, "name", "admin");
    json_set_str(d->arena, user, "displayName", "admin");
    json_set_str(d->arena, user, "password", "admin");
    json_set_object(d->arena, body, "configs");
    return demo_console(d, "POST", "/system/init", body, e);
}

static void on_envoy_news(void *arg, const char *sentence)
{
    (void)arg;
    demo_say("%s", sentence);
}

static bool wait_for_envoy(struct demo *d, struct err *e)
{
    for (int i = 0; i < 300 && envoy_runs(d->envoy); i++) {
        if (demo_request(d, "/orders", &d->cancel, NULL) == 200)
            return true;
        if (!nap(d->loop, 0.05, &d->cancel, e))
            return false;
    }
    return err_set(e, ERR_SYSTEM, "Envoy does not serve the shop; its log is %s/envoy/envoy.log",
                   d->dir);
}

static bool start_envoy(struct demo *d, struct err *e)
{
    if (!d->envoy_path) {
        demo_say("There is no Envoy here (tests/setup/envoy.sh installs one): going on without, so "
                 "no traffic flows and nothing is measured.");
        return true;
    }
    struct envoy_options o = { .executable = d->envoy_path,
                               .data = arena_printf(d->arena, "%s/data", d->dir),
                               .folder = arena_printf(d->arena, "%s/envoy", d->dir),
                               .port = d->gateway_port,
                               .admin_port = d->admin_port,
                               .tell = on_envoy_news };
    d->envoy = envoy_start(d->loop, &o, e);
    if (!d->envoy || !wait_for_envoy(d, e))
        return false;
    demo_say("Envoy runs on data that the console serves; not rendered:");
    const cJSON *note;
    cJSON_ArrayForEach(note, envoy_notes(d->envoy))
        demo_say("  %s: %s", json_str(note, "object"), json_str(note, "reason"));
    return true;
}

static bool find_envoy(struct demo *d, struct err *e)
{
    const char *given = options_get(d->options, "envoy");
    d->envoy_path = given ? given : envoy_find(d->arena);
    return !given || access(given, X_OK) == 0 ||
           err_set(e, ERR_ARGS, "--envoy %s is not an executable file", given);
}

static bool start_demo(struct demo *d, struct err *e)
{
    if (!find_envoy(d, e) || !demo_make_folder(d, e) || !demo_choose_ports(d, e) ||
        !demo_write_config(d, e) || !demo_start_upstreams(d, e) || !start_console(d, e) ||
        !demo_create_shop(d, e) || !start_envoy(d, e) || !demo_start_web(d, e))
        return false;
    if (d->envoy)
        demo_start_traffic(d);
    return true;
}

static void stop(struct demo *d)
{
    demo_stop_traffic(d);
    demo_stop_web(d);
    envoy_stop(d->envoy);
    embedded_stop(d->console);
    if (d->orders)
        http_close(d->orders);
    if (d->catalog)
        http_close(d->catalog);
}

/* -- the course of it ----------------------------------------------------------------------------
 */
static bool perform_demo(struct demo *d, struct err *e)
{
    if (!start_demo(d, e))
        return false;
    if (d->envoy) {
        demo_say("a few seconds of traffic");
        if (!nap(d->loop, d->once ? 2 : 4, &d->cancel, e))
            return false;
    }
    if (!demo_print_diagnosis(d, e))
        return false;
    demo_print_guide(d);
    return !d->once || demo_check(d, e);
}

static void course(void *arg)
{
    struct demo *d = arg;
    struct err e = { 0 };
    if (!perform_demo(d, &e) && e.kind != ERR_GONE) {
        fprintf(stderr, "higress-ops demo: %s\n", e.text);
        d->code = e.kind == ERR_ARGS ? EXIT_USAGE : EXIT_FAILED;
    }
    d->ended = true;
    if (d->once || d->code != EXIT_DONE || d->cancel.fired)
        loop_stop(d->loop);
}

/* From inside the loop: what ends before loop_run could not stop it. */
static void begin_demo(void *arg)
{
    fiber_start(course, arg);
}

static void on_demo_signal(void *arg, int signum)
{
    struct demo *d = arg;
    (void)signum;
    if (d->ended)
        loop_stop(d->loop);
    else
        cancel_fire(&d->cancel);
}

static int run_demo(const struct options *o)
{
    struct arena *a = arena_new();
    struct demo d = {
        .arena = a, .loop = loop_new(), .options = o, .once = options_has(o, "once")
    };
    loop_signal(d.loop, SIGINT, on_demo_signal, &d);
    loop_signal(d.loop, SIGTERM, on_demo_signal, &d);
    loop_soon(d.loop, begin_demo, &d);
    loop_run(d.loop);

    stop(&d);
    fetch_stop(d.loop); /* resumes whoever still waits, so that every stack unwinds */
    if (d.once && d.code == EXIT_DONE)
        demo_say("the demo did what it promises");
    http_release(d.loop);
    loop_free(d.loop);
    fiber_drain_pool();
    arena_free(a);
    return d.code;
}

const struct command cmd_demo = {
    .name = "demo",
    .about = "Runs a sample shop: console, Envoy, traffic and MCP over HTTP.",
    .rows = rows,
    .run = run_demo,
};
