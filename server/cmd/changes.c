/* changes.c - `approve`, `reject`, `changes`, `undo`, `audit`: a person and the changes, at a
 * terminal.
 *
 * A decision is asked on the terminal itself and never taken from a pipe: a model that can run
 * commands must not be able to approve its own change. Who decided goes into the audit.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "gateway/engine.h"
#include "gateway/gateway.h"
#include "gateway/plan.h"
#include "gateway/store.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <pwd.h>
#include <unistd.h>

struct verb {
    const struct options *options;
    struct arena *arena;
    struct config *config;
    struct engine *engine;
    char who[80];
    int (*run)(struct verb *v);
    bool recovers; /* looks first at changes whose process died while applying */
    int code;
};

static int failed(const struct verb *v, const struct err *e)
{
    fprintf(stderr, "higress-ops %s: %s\n", v->options->command->name, e->text);
    return e->kind == ERR_POLICY ? EXIT_REFUSED : EXIT_FAILED;
}

static void on_loop(struct loop *l, void *arg)
{
    struct verb *v = arg;
    struct gateway *g = gateway_new(l, v->arena, v->config);
    v->engine = engine_new(l, v->arena, g, v->config);
    struct err e = { 0 };
    if (v->recovers && engine_recover(v->engine, &e) < 0)
        fprintf(stderr, "higress-ops %s: %s\n", v->options->command->name, e.text);
    v->code = v->run(v);
    engine_stop(v->engine);
    fetch_stop(l);
}

static void name_person(char who[80])
{
    const struct passwd *p = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    snprintf(who, 80, "%.60s%s%.10s", p ? p->pw_name : "uid ", sudo ? " by " : "",
             sudo ? sudo : "");
}

/* -- showing ------------------------------------------------------------------------- */

static const char *clean(struct verb *v, const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? text_clean(v->arena, s, 400) : "";
}

static void print_operation(struct verb *v, const cJSON *op, FILE *to)
{
    const char *scope = clean(v, op, "scope");
    fprintf(to, "\n  %s %s %s%s%s\n", clean(v, op, "verb"), clean(v, op, "kind"),
            clean(v, op, "name"), *scope ? " at " : "", scope);
    const cJSON *line;
    cJSON_ArrayForEach(line, json_get(op, "diff"))
    {
        if (cJSON_IsString(line))
            fprintf(to, "    %s\n", text_clean(v->arena, line->valuestring, 400));
    }
}

static void print_change(struct verb *v, const cJSON *o, FILE *to)
{
    fprintf(to, "%s  %s  (%s, %s)\n", clean(v, o, "id"), clean(v, o, "title"), clean(v, o, "state"),
            clean(v, o, "risk"));
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(o, "operations")) print_operation(v, item, to);
    cJSON_ArrayForEach(item, json_get(o, "warnings"))
    {
        if (cJSON_IsString(item))
            fprintf(to, "  ! %s\n", text_clean(v->arena, item->valuestring, 400));
    }
    const char *text = clean(v, json_get(o, "result"), "text");
    if (*text)
        fprintf(to, "\n  %s\n", text);
}

/* -- deciding ------------------------------------------------------------------------ */

/* One line from the terminal. False when there is none to ask. */
static bool ask_terminal(const char *question, bool *yes)
{
    char answer[16] = "";
    FILE *tty = isatty(STDIN_FILENO) ? fopen("/dev/tty", "r+") : NULL;
    if (!tty)
        return false;
    fputs(question, tty);
    fflush(tty);
    if (!fgets(answer, sizeof answer, tty))
        answer[0] = '\0';
    fclose(tty);
    *yes = !strcmp(answer, "yes\n");
    return true;
}

static int no_terminal(struct verb *v)
{
    fprintf(stderr,
            "higress-ops %s: a decision is asked on a terminal and never read from a pipe; run it "
            "in a terminal\n",
            v->options->command->name);
    return EXIT_REFUSED;
}

/* The server that waits for it gets the first try; when it is gone, this process applies. */
static int see_applied(struct verb *v, const char *id)
{
    struct err e = { 0 };
    struct stored row = { 0 };
    struct store *s = engine_store(v->engine, &e);
    if (!s || !store_find(s, v->arena, id, &row, &e))
        return failed(v, &e);
    double patience = store_alive(s, row.holder) ? 3 : 0;
    cJSON *o = engine_wait(v->engine, v->arena, id, patience, NULL, &e);
    const char *state = o ? json_str(o, "state") : "";
    if (o && strcmp(state, "applied") != 0)
        o = engine_apply(v->engine, v->arena, id, NULL, &e);
    if (!o)
        return failed(v, &e);
    print_change(v, o, stdout);
    return EXIT_DONE;
}

static int decide(struct verb *v, bool yes, const char *question)
{
    struct err e = { 0 };
    bool sure = false;
    cJSON *o = engine_show(v->engine, v->arena, v->options->argv[0], false, &e);
    if (!o)
        return failed(v, &e);
    const char *id = json_str(o, "id");
    print_change(v, o, stdout);
    fflush(stdout);
    if (!ask_terminal(question, &sure))
        return no_terminal(v);
    if (!sure) {
        puts("nothing was decided");
        return EXIT_REFUSED;
    }
    if (!engine_decide(v->engine, id, json_str(o, "digest"), yes, v->who, "command line", &e))
        return failed(v, &e);
    if (yes)
        return see_applied(v, id);
    printf("%s is rejected; nothing was written\n", id);
    return EXIT_DONE;
}

static int approve(struct verb *v)
{
    return decide(v, true, "\nApply this change to the gateway? Type yes: ");
}

static int reject(struct verb *v)
{
    return decide(v, false, "\nReject this change? Type yes: ");
}

/* -- the rest ------------------------------------------------------------------------ */

static int changes(struct verb *v)
{
    struct err e = { 0 };
    const struct options *o = v->options;
    cJSON *out = o->argc ? engine_show(v->engine, v->arena, o->argv[0], false, &e)
                         : engine_list(v->engine, v->arena, options_get(o, "only"), 50, NULL, &e);
    if (!out)
        return failed(v, &e);
    if (options_has(o, "json")) {
        puts(json_print(v->arena, out));
        return EXIT_DONE;
    }
    if (o->argc)
        print_change(v, out, stdout);
    const cJSON *c;
    cJSON_ArrayForEach(c, json_get(out, "changes"))
    {
        printf("%-18s %-9s %-7s %s  %s\n", clean(v, c, "id"), clean(v, c, "state"),
               clean(v, c, "risk"), clean(v, c, "created"), clean(v, c, "title"));
    }
    return EXIT_DONE;
}

static int undo(struct verb *v)
{
    struct err e = { 0 };
    const char *id = NULL;
    struct plan *p = plan_new(v->arena, "undo", CHANGE, &e);
    p->if_used = options_get(v->options, "if-used");
    if (!engine_undo(v->engine, p, v->options->argv[0], NULL, &e) ||
        !engine_propose(v->engine, p, true, v->who, &id, &e))
        return failed(v, &e);
    cJSON *o = engine_show(v->engine, v->arena, id, false, &e);
    if (!o)
        return failed(v, &e);
    print_change(v, o, stdout);
    printf("\nNothing is written yet: higress-ops approve %s\n", id);
    return EXIT_PENDING;
}

static int audit(struct verb *v)
{
    struct err e = { 0 };
    int lines = 0;
    if (strcmp(v->options->argv[0], "verify") != 0) {
        fprintf(stderr, "higress-ops audit: '%s' is unknown; say audit verify\n",
                v->options->argv[0]);
        return EXIT_USAGE;
    }
    struct store *s = engine_store(v->engine, &e);
    if (!s || !store_verify(s, &lines, &e))
        return failed(v, &e);
    printf("the audit is whole: %d lines\n", lines);
    return EXIT_DONE;
}

static int start(const struct options *o, int (*run)(struct verb *v))
{
    struct verb v = { .options = o, .arena = arena_new(), .run = run, .code = EXIT_DONE };
    v.recovers = run != audit;
    name_person(v.who);
    v.config = options_config(o, v.arena, &v.code);
    if (v.config)
        loop_main(on_loop, &v);
    arena_free(v.arena);
    return v.code;
}

static int run_approve(const struct options *o)
{
    return start(o, approve);
}

static int run_reject(const struct options *o)
{
    return start(o, reject);
}

static int run_changes(const struct options *o)
{
    return start(o, changes);
}

static int run_undo(const struct options *o)
{
    return start(o, undo);
}

static int run_audit(const struct options *o)
{
    return start(o, audit);
}

static const struct option_row listing[] = {
    { "only", "STATE", "Only changes in this state (pending, applied, …)." },
    { "json", NULL, "Prints JSON." },
    { 0 },
};

static const struct option_row undoing[] = {
    { "if-used", "cascade|force", "What to do where others use by now what would go." },
    { 0 },
};

const struct command cmd_approve = {
    .name = "approve",
    .args = "ID",
    .about = "Shows a change and asks on the terminal whether it is applied.",
    .min_args = 1,
    .max_args = 1,
    .config = true,
    .run = run_approve,
};
const struct command cmd_reject = {
    .name = "reject",
    .args = "ID",
    .about = "Shows a change and rejects it, asked on the terminal.",
    .min_args = 1,
    .max_args = 1,
    .config = true,
    .run = run_reject,
};
const struct command cmd_changes = {
    .name = "changes",
    .args = "[ID]",
    .about = "Lists changes, or shows one.",
    .max_args = 1,
    .rows = listing,
    .config = true,
    .run = run_changes,
};
const struct command cmd_undo = {
    .name = "undo",
    .args = "ID",
    .about = "Plans the reverse of a change; approve applies it.",
    .min_args = 1,
    .max_args = 1,
    .rows = undoing,
    .config = true,
    .run = run_undo,
};
const struct command cmd_audit = {
    .name = "audit",
    .args = "verify",
    .about = "Checks that no line of the audit was changed or removed.",
    .min_args = 1,
    .max_args = 1,
    .config = true,
    .run = run_audit,
};
