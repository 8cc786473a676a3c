/* console.c - `higress-ops console`: the embedded control plane on a port, until SIGTERM. */
#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "embedded/embedded.h"
#include "embedded/kstore.h"
#include "net/http.h"
#include "net/listen.h"
#include "net/loop.h"

static const struct option_row rows[] = {
    { "data", "DIR", "Data folder in the layout of Higress standalone; an empty one is filled." },
    { "listen", "ADDRESS:PORT", "Where to serve; 127.0.0.1:8001 when not given, port 0 is any." },
    { "plugins", "DIR",
      "Folder of plugin files (*.yaml) that replace built-in ones or add to them." },
    { "strict-console", "on|off",
      "off: answers better than the real console where it is unsafe (docs/embedded.md)." },
    { 0 },
};

static void tell(const struct embedded_server *s, const char *address)
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

static int run(const struct options *o)
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
    struct loop *l = loop_new();
    struct embedded_server *s = embedded_start(l, &options, &e);
    if (s) {
        loop_stop_on_signals(l);
        tell(s, address);
        loop_run(l);
        embedded_stop(s);
    } else {
        fprintf(stderr, "higress-ops console: %s\n", e.text);
    }
    http_release(l);
    loop_free(l);
    return s ? EXIT_DONE : EXIT_FAILED;
}

const struct command cmd_console = {
    .name = "console",
    .args = NULL,
    .about = "Serves the Higress Console REST API over a folder of YAML files.",
    .rows = rows,
    .run = run,
};
