/* render.c - `higress-ops render`: a data folder as files that a local Envoy watches.
 *
 * What `demo` does all the time, once and by hand: writes cds.json, rds.json, lds.json and the
 * start file envoy.json, and prints what could not be rendered, one JSON line each. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "embedded/xds/xds.h"
#include <limits.h>

static const struct option_row rows[] = {
    { "data", "DIR", "Data folder in the layout of Higress standalone." },
    { "out", "DIR", "Folder for the files; Envoy is told to watch it." },
    { "port", "PORT", "Where Envoy listens for requests on 127.0.0.1; 8080 when not given." },
    { "admin", "PORT", "Where its admin interface listens on 127.0.0.1; 15000 when not given." },
    { "log", "FILE", "Access log; access.log in the folder when not given." },
    { 0 },
};

/* Envoy wants absolute paths of what it watches. */
static const char *make_folder(struct arena *a, const char *path, struct err *e)
{
    char full[PATH_MAX];
    if (!file_make_dir(path, 0700, e))
        return NULL;
    if (!realpath(path, full))
        return err_set(e, ERR_SYSTEM, "cannot resolve the folder %s", path), NULL;
    return arena_strdup(a, full);
}

static bool render_envoy_files(struct arena *a, const struct options *o, int port, int admin,
                               struct err *e)
{
    const char *log = options_get(o, "log");
    const char *out = make_folder(a, options_get(o, "out"), e);
    struct xds_input in = { .address = "127.0.0.1", .port = port, .folder = out };
    struct xds_output files;
    if (!out || !xds_read_folder(a, options_get(o, "data"), &in, e))
        return false;
    in.access_log = log ? log : arena_printf(a, "%s/access.log", out);
    xds_render(a, &in, &files);

    const char *start = json_print_pretty(a, xds_bootstrap(a, out, admin));
    const cJSON *note;
    cJSON_ArrayForEach(note, files.notes) puts(json_print(a, note));
    return xds_write(a, out, &files, e) &&
           file_replace(arena_printf(a, "%s/envoy.json", out), start, strlen(start), 0600, e);
}

static int run_render(const struct options *o)
{
    int port = 0, admin = 0;
    if (!options_int(o, "port", 1, 65535, 8080, &port) ||
        !options_int(o, "admin", 1, 65535, 15000, &admin))
        return EXIT_USAGE;
    if (!options_has(o, "data") || !options_has(o, "out")) {
        fprintf(stderr, "higress-ops render: --data and --out are needed\n");
        return EXIT_USAGE;
    }
    struct arena *a = arena_new();
    struct err e = { 0 };
    bool good = render_envoy_files(a, o, port, admin, &e);
    if (!good)
        fprintf(stderr, "higress-ops render: %s\n", e.text);
    arena_free(a);
    return good ? EXIT_DONE : EXIT_FAILED;
}

const struct command cmd_render = {
    .name = "render",
    .about = "Writes a data folder as configuration files for a local Envoy.",
    .rows = rows,
    .run = run_render,
};
