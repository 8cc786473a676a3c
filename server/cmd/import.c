/* import.c - `higress-ops import FILE`: what an export wrote, or any manifest, as one plan through
 * the same gate as every other change. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "config/config.h"
#include "manifest/manifest.h"
#include "manifest/manifest_write.h"
#include "plan/plan.h"
#include "plan/verify.h"

struct known {
    struct verb *verb;
    const cJSON *values; /* of --secrets, or NULL */
};

/* The file first; then the person's own variables, of our names only; then what the configuration
 * allows. */
static const char *import_secret(void *arg, const char *from, const char *name, struct err *e)
{
    struct known *k = arg;
    const char *value = json_str(k->values, name);
    if (!value && text_starts(name, MANIFEST_SECRET))
        value = getenv(name);
    if (value) {
        secret_learn(value);
        return value;
    }
    if (text_starts(name, MANIFEST_SECRET) || !strcmp(from, "secret")) {
        err_set(e, ERR_ARGS, "%.120s has no value: give --secrets FILE or set the variable", name);
        return NULL;
    }
    cJSON *ref = json_object(k->verb->arena);
    json_set_str(k->verb->arena, ref, from, name);
    return config_secret(k->verb->config, k->verb->arena, ref, e);
}

static bool read_secrets(struct known *k, struct err *e)
{
    const char *path = options_get(k->verb->options, "secrets");
    size_t n;
    if (!path)
        return true;
    char *text = file_read(k->verb->arena, path, MANIFEST_BYTES, &n, e);
    k->values = text ? yaml_parse(k->verb->arena, text, n, e) : NULL;
    return k->values || err_at(e, "%s", path);
}

static bool describe_import(struct verb *v, struct plan *p, struct err *e)
{
    const char *path = v->options->argv[0];
    struct known known = { .verb = v };
    size_t n;
    struct manifest *m = manifest_new(v->arena);
    char *text = file_read(v->arena, path, MANIFEST_BYTES, &n, e);
    if (!text || !read_secrets(&known, e))
        return false;
    if (!manifest_read(m, text, n, e))
        return err_at(e, "%s", path);
    m->skip_unknown = options_has(v->options, "skip-unknown");
    manifest_resolve(m, import_secret, &known);
    return manifest_plan(v->gateway, p, m, true, NULL);
}

static int import(struct verb *v)
{
    struct err e = { 0 };
    const char *id = NULL;
    bool dry = options_has(v->options, "dry-run");
    struct plan *p = plan_new(v->arena, "import", CHANGE, &e);
    p->as_is = options_has(v->options, "as-is");
    if (!describe_import(v, p, &e)) {
        if (!text_starts(e.text, "nothing to change"))
            return verb_failed(v, &e);
        puts(e.text);
        return EXIT_DONE;
    }
    if (!verify_plan(v->gateway, p, NULL))
        return verb_failed(v, &e);
    enum engine_next next = engine_propose(v->engine, p, dry, v->who, &id, &e);
    if (next == ENGINE_REFUSED)
        return verb_failed(v, &e);
    if (next == ENGINE_ASK)
        return verb_decide(v, id, true, "Apply this to the gateway?");
    cJSON *o = next == ENGINE_GO ? engine_apply(v->engine, v->arena, id, NULL, &e)
                                 : engine_show(v->engine, v->arena, id, false, &e);
    if (!o)
        return verb_failed(v, &e);
    verb_print(v, o, stdout);
    if (next == ENGINE_DRAFT)
        printf("\nNothing is written: higress-ops approve %s applies it\n", id);
    return EXIT_DONE;
}

static int run_import(const struct options *o)
{
    return verb_start(o, true, import);
}

static const struct option_row rows[] = {
    { "dry-run", NULL, "Shows the plan and writes nothing." },
    { "secrets", "FILE", "Values of the secrets, as export --secrets wrote them." },
    { "as-is", NULL, "Takes objects that a rule is against, with a warning: a console held them." },
    { "skip-unknown", NULL, "Leaves out objects with a secret that is not known." },
    { 0 },
};

const struct command cmd_import = {
    .name = "import",
    .args = "FILE",
    .about = "Plans to make the gateway what an export says; asked on the terminal.",
    .min_args = 1,
    .max_args = 1,
    .rows = rows,
    .config = true,
    .run = run_import,
};
