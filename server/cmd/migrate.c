/* migrate.c - `higress-ops migrate`: Ingresses and Higress' own objects as Kubernetes has them,
 * looked at by the controller's rules: what works, what becomes something else, what is lost. With
 * --plan also the plan that brings them to the gateway, through the same gate as every other
 * change. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/migrate_private.h"
#include "cmd/verb_private.h"
#include "manifest/manifest.h"
#include "plan/plan.h"
#include "plan/verify.h"

static bool wants_json(const struct options *o)
{
    const char *format = options_get(o, "format");
    return format && !strcmp(format, "json");
}

static int refused_count(const struct manifest *m)
{
    int n = 0;
    for (int i = 0; i < m->finding_count; i++)
        n += m->findings[i].status == MANIFEST_REFUSED;
    return n;
}

/* change: what the engine shows of the plan, or NULL. */
static bool print_report(const struct options *o, struct manifest *m, const cJSON *change)
{
    cJSON *report = wants_json(o) ? manifest_json(m) : NULL;
    if (report && change)
        json_set(m->arena, report, "change", json_clone(m->arena, change));
    const char *text = report ? json_print_pretty(m->arena, report) : manifest_markdown(m);
    return text && fputs(text, stdout) >= 0 && (!report || putchar('\n') == '\n') &&
           fflush(stdout) == 0;
}

static struct manifest *survey(const struct options *o, struct arena *a, struct err *e)
{
    struct manifest *m = manifest_new(a);
    m->survey = true;
    m->space = options_get(o, "namespace");
    return migrate_read(m, o->argv[0], e) ? m : NULL;
}

static int migrate_failed(const struct err *e)
{
    fprintf(stderr, "higress-ops migrate: %s\n", e->text);
    return EXIT_FAILED;
}

/* -- the plan --------------------------------------------------------------------------------- */

static const char *refuse_secret(void *arg, const char *from, const char *name, struct err *e)
{
    (void)arg;
    err_set(e, ERR_ARGS, "${%s:%.80s}: migrate knows no secrets, higress-ops import does", from,
            name);
    return NULL;
}

/* Drawn up, stored, and nothing else: a person approves it as any other. NULL + e. */
static cJSON *draw_up(struct verb *v, struct manifest *m, const char **id, struct err *e)
{
    struct plan *p = plan_new(v->arena, "migrate", CHANGE, e);
    manifest_resolve(m, refuse_secret, NULL);
    if (!manifest_plan(v->gateway, p, m, false, NULL) || !verify_plan(v->gateway, p, NULL) ||
        engine_propose(v->engine, p, true, v->who, id, e) == ENGINE_REFUSED)
        return NULL;
    return engine_show(v->engine, v->arena, *id, false, e);
}

static int plan(struct verb *v)
{
    struct err e = { 0 };
    const char *id = NULL;
    const struct options *o = v->options;
    struct manifest *m = survey(o, v->arena, &e);
    if (!m)
        return migrate_failed(&e);
    int refused = refused_count(m);
    if (refused && !options_has(o, "without-refused")) {
        print_report(o, m, NULL);
        fprintf(stderr,
                "higress-ops migrate: no plan is made, %d of its members are refused; "
                "--without-refused plans the rest\n",
                refused);
        return EXIT_REFUSED;
    }
    cJSON *change = m->count ? draw_up(v, m, &id, &e) : NULL;
    if (!print_report(o, m, change))
        return EXIT_FAILED;
    if (!change) {
        if (e.kind == ERR_NONE)
            err_set(&e, ERR_ARGS, "nothing is left to plan");
        return verb_failed(v, &e);
    }
    if (!wants_json(o)) {
        puts("\n## The plan\n");
        verb_print(v, change, stdout);
    }
    fprintf(stderr, "\nNothing is written: higress-ops approve %s applies it\n", id);
    return EXIT_PENDING;
}

static int report(const struct options *o)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct manifest *m = survey(o, a, &e);
    int code = m ? print_report(o, m, NULL) ? EXIT_DONE : EXIT_FAILED : migrate_failed(&e);
    arena_free(a);
    return code;
}

static int run_migrate(const struct options *o)
{
    const char *format = options_get(o, "format");
    if (format && strcmp(format, "json") != 0 && strcmp(format, "markdown") != 0) {
        fprintf(stderr, "higress-ops migrate: --format is markdown or json\n");
        return EXIT_USAGE;
    }
    return options_has(o, "plan") ? verb_start(o, true, plan) : report(o);
}

static const struct option_row rows[] = {
    { "format", "FORMAT", "markdown (when not given) or json." },
    { "namespace", "NAME", "Of objects that name none; higress-system when not given." },
    { "plan", NULL, "Also draws up the plan at the gateway; higress-ops approve applies it." },
    { "without-refused", NULL, "Plans the rest where something is refused." },
    { 0 },
};

const struct command cmd_migrate = {
    .name = "migrate",
    .args = "FILE|FOLDER|-",
    .about = "Reports what becomes of Kubernetes YAML (nginx or Higress), and plans it.",
    .min_args = 1,
    .max_args = 1,
    .rows = rows,
    .config = true,
    .run = run_migrate,
};
