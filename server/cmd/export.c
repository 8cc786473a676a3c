/* export.c - `higress-ops export`: the whole gateway as one YAML; its secrets, on demand, as
 * another file. Only the owner reads either. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "manifest/manifest_write.h"

static const size_t TEXT_MAX = (size_t)512 << 20;

static bool write_output(const char *path, const char *text, size_t n, struct err *e)
{
    if (path)
        return file_replace_own(path, text, n, e);
    return fwrite(text, 1, n, stdout) == n && fflush(stdout) == 0
               ? true
               : err_set(e, ERR_SYSTEM, "standard output took not all of it");
}

static int export(struct verb *v)
{
    struct err e = { 0 };
    struct manifest_written out;
    struct buf *b = buf_in(v->arena, TEXT_MAX);
    const char *secrets = options_get(v->options, "secrets");
    buf_str(b, "# Written by higress-ops export; read it with higress-ops import.\n");
    if (!manifest_write(v->gateway, v->arena, b, &out, NULL, &e))
        return verb_failed(v, &e);
    if (b->over) {
        err_set(&e, ERR_SYSTEM, "the export is larger than 512 MiB");
        return verb_failed(v, &e);
    }
    char *values = yaml_print(v->arena, out.values);
    if (!write_output(options_get(v->options, "out"), b->data, b->len, &e) ||
        (secrets && !file_replace_own(secrets, values, strlen(values), &e)))
        return verb_failed(v, &e);
    fprintf(stderr, "%d objects, %d secrets by reference", out.objects, out.secrets);
    if (out.unknown)
        fprintf(stderr, ", %d of them never shown by the console: give their values to import",
                out.unknown);
    fputs("\n", stderr);
    return EXIT_DONE;
}

static int run_export(const struct options *o)
{
    return verb_start(o, false, export);
}

static const struct option_row rows[] = {
    { "out", "FILE", "Writes the YAML there instead of to standard output." },
    { "secrets", "FILE", "Also writes the values of the secrets, readable by the owner only." },
    { 0 },
};

const struct command cmd_export = {
    .name = "export",
    .about = "Writes the whole gateway as one YAML, secrets by reference.",
    .rows = rows,
    .config = true,
    .run = run_export,
};
