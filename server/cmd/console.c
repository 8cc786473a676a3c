/* console.c - `higress-ops console`: the embedded control plane on a port, until SIGTERM. */
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "net/http.h"
#include "net/listen.h"
#include "net/loop.h"

static const struct option_row rows[] = {
    { "data", "DIR", "Data folder in the layout of Higress standalone; an empty one is filled." },
    { "listen", "ADDRESS:PORT", "Where to serve; 127.0.0.1:8001 when not given, port 0 is any." },
    { "plugins", "DIR",
      "Folder of plugin files (*.yaml) that replace built-in ones or add to them." },
    { "hosts", "HOST,…",
      "Host names allowed beside the loopback ones and the address it listens on." },
    { "origins", "ORIGIN,…", "Origins of pages allowed beside the loopback ones." },
    { "strict-console", "on|off",
      "off: answers better than the real console where it is unsafe (docs/embedded.md)." },
    { 0 },
};

static void print_console_ready(const struct embedded_server *s, const char *address)
{
    const char *problem;
    const struct kstore *store = embedded_plane(s)->store;
    for (size_t i = 0; (problem = kstore_problem(store, i)); i++)
        log_event(LOG_WARN, "file", "%s", problem);
    bool six = strchr(address, ':') != NULL;
    printf("listening on http://%s%s%s:%d\n", six ? "[" : "", address, six ? "]" : "",
           embedded_port(s));
    fflush(stdout);
}

/* The members of "a,b"; `first`, where given, before them. Ended by NULL. */
static const char *const *split_members(struct arena *a, const char *first, const char *list)
{
    size_t most = 3;
    for (const char *c = list; c && *c; c++)
        most += *c == ',';
    const char **out = arena_array(a, const char *, most), **next = out;
    if (first)
        *next++ = first;
    while (list && *list) {
        size_t n = strcspn(list, ",");
        if (n)
            *next++ = arena_strndup(a, list, n);
        list += n + (list[n] == ',');
    }
    return out;
}

/* The Host of a client that came by the address itself, which no name can be made to say. */
static const char *own_host(struct arena *a, const char *address)
{
    return arena_printf(a, strchr(address, ':') ? "[%s]" : "%s", address);
}

static int serve(const struct embedded_options *options)
{
    struct err e = { 0 };
    struct loop *l = loop_new();
    struct embedded_server *s = embedded_start(l, options, &e);
    if (s) {
        loop_stop_on_signals(l);
        print_console_ready(s, options->address);
        loop_run(l);
        embedded_stop(s);
    } else {
        fprintf(stderr, "higress-ops console: %s\n", e.text);
    }
    http_release(l);
    loop_free(l);
    return s ? EXIT_DONE : EXIT_FAILED;
}

static int run_console(const struct options *o)
{
    struct err e = { 0 };
    char address[128];
    const char *listen = options_get(o, "listen"), *strict = options_get(o, "strict-console");
    struct embedded_options options = { .dir = options_get(o, "data"),
                                        .address = address,
                                        .plugins = options_get(o, "plugins"),
                                        .lenient = strict && strcmp(strict, "off") == 0 };
    if (!options.dir) {
        fprintf(stderr, "higress-ops console: --data DIR is needed\n");
        return EXIT_USAGE;
    }
    if (strict && strcmp(strict, "on") != 0 && !options.lenient) {
        fprintf(stderr, "higress-ops console: --strict-console is on or off, not '%s'\n", strict);
        return EXIT_USAGE;
    }
    if (!listen_split(listen ? listen : "127.0.0.1:8001", address, sizeof address, &options.port,
                      &e)) {
        fprintf(stderr, "higress-ops console: --listen: %s\n", e.text);
        return EXIT_USAGE;
    }
    struct arena *a = arena_new();
    options.hosts = split_members(a, own_host(a, address), options_get(o, "hosts"));
    options.origins = split_members(a, NULL, options_get(o, "origins"));
    int code = serve(&options);
    arena_free(a);
    return code;
}

const struct command cmd_console = {
    .name = "console",
    .args = NULL,
    .about = "Serves the Higress Console REST API over a folder of YAML files.",
    .rows = rows,
    .run = run_console,
};
