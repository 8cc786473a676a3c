/* verb.c - the commands of a person at a terminal: their gateway and engine, a change printed, a
 * decision asked.
 *
 * A decision is asked on the terminal itself and never taken from a pipe: a model that can run
 * commands must not be able to approve its own change. Who decided goes into the audit.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/word.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/terminal_private.h"
#include "cmd/verb_private.h"
#include "console/gateway.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "plan/plan.h"
#include "plan/rendering.h"
#include "store/store.h"
#include "store/store_pin.h"

int verb_act(struct verb *v, const struct verb_action *actions)
{
    struct err e = { 0 };
    const struct command *command = v->options->command;
    const char *what = v->options->argv[0];
    while (actions->name && strcmp(actions->name, what) != 0)
        actions++;
    if (!actions->name) {
        fprintf(stderr, "higress-ops %s: '%s' is unknown; say one of %s\n", command->name, what,
                command->args);
        return EXIT_USAGE;
    }
    struct store *s = engine_store(v->engine, &e);
    return s ? actions->run(v, s) : verb_failed(v, &e);
}

int verb_failed(const struct verb *v, const struct err *e)
{
    fprintf(stderr, "higress-ops %s: %s\n", v->options->command->name, e->text);
    return e->kind == ERR_POLICY ? EXIT_REFUSED : EXIT_FAILED;
}

/* All of them: a change knows which one it is for. */
static void open_gateways(struct loop *l, struct verb *v)
{
    struct err ignored = { 0 };
    struct config *const *all = v->config->gateways;
    const struct config *meant = config_gateway(v->config, NULL, &ignored);
    v->gateway = gateway_new(l, v->arena, meant);
    v->engine = engine_new(l, v->arena, v->gateway, v->config);
    for (int i = 0; all[i]; i++)
        if (all[i] != meant)
            engine_add(v->engine, gateway_new(l, v->arena, all[i]), all[i]);
}

static void on_loop(struct loop *l, void *arg)
{
    struct verb *v = arg;
    open_gateways(l, v);
    struct err e = { 0 };
    if (v->recovers && engine_recover(v->engine, &e) < 0)
        fprintf(stderr, "higress-ops %s: %s\n", v->options->command->name, e.text);
    v->code = v->run(v);
    engine_stop(v->engine);
    fetch_stop(l);
}

/* -- showing ------------------------------------------------------------------------- */

const char *verb_clean(struct verb *v, const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? text_clean(v->arena, s, 400) : "";
}

static void print_operation(struct verb *v, const cJSON *op, FILE *to)
{
    const char *scope = verb_clean(v, op, "scope");
    fprintf(to, "\n  %s %s %s%s%s\n", verb_clean(v, op, "verb"), verb_clean(v, op, "kind"),
            verb_clean(v, op, "name"), *scope ? " at " : "", scope);
    const cJSON *line;
    cJSON_ArrayForEach(line, json_get(op, "diff"))
    {
        if (cJSON_IsString(line))
            fprintf(to, "    %s\n", text_clean(v->arena, line->valuestring, 400));
    }
}

void verb_print(struct verb *v, const cJSON *o, FILE *to)
{
    const char *gateway = verb_clean(v, o, "gateway");
    fprintf(to, "%s  %s  (%s, %s%s%s)\n", verb_clean(v, o, "id"), verb_clean(v, o, "title"),
            verb_clean(v, o, "state"), verb_clean(v, o, "risk"), *gateway ? ", gateway " : "",
            gateway);
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(o, "operations")) print_operation(v, item, to);
    if (json_get(o, "more_operations"))
        fprintf(to, "\n  … and %d more operations\n", (int)json_num(o, "more_operations", 0));
    cJSON_ArrayForEach(item, json_get(o, "warnings"))
    {
        if (cJSON_IsString(item))
            fprintf(to, "  ! %s\n", text_clean(v->arena, item->valuestring, 400));
    }
    const char *text = verb_clean(v, json_get(o, "result"), "text");
    if (*text)
        fprintf(to, "\n  %s\n", text);
}

/* -- deciding ------------------------------------------------------------------------ */

int verb_no_terminal(const struct verb *v)
{
    fprintf(stderr,
            "higress-ops %s: a decision is asked on a terminal and never read from a pipe; run it "
            "in a terminal\n",
            v->options->command->name);
    return EXIT_REFUSED;
}

bool verb_passphrase(struct verb *v, struct err *e)
{
    bool has = false, right = false;
    char typed[256] = "";
    struct store *s = engine_store(v->engine, e);
    if (!s || !store_has_passphrase(s, &has, e) || !has)
        return s && e->kind == ERR_NONE;
    if (terminal_ask_secret("Passphrase of this state: ", typed, sizeof typed))
        store_try_passphrase(s, typed, v->who, "command line", &right, e);
    explicit_bzero(typed, sizeof typed);
    if (right || e->kind != ERR_NONE)
        return right;
    return err_set(e, ERR_POLICY, "the passphrase is wrong; nothing was decided");
}

/* The server that waits for it gets the first try; when it is gone, this process applies. */
static int see_applied(struct verb *v, const char *id)
{
    struct err e = { 0 };
    struct stored row = { 0 };
    struct store *s = engine_store(v->engine, &e);
    if (!s || !store_find(s, v->arena, id, &row, &e))
        return verb_failed(v, &e);
    double patience = store_alive(s, row.holder) ? 3 : 0;
    cJSON *o = engine_wait(v->engine, v->arena, id, patience, NULL, &e);
    const char *state = o ? json_str(o, "state") : "";
    if (o && strcmp(state, "applied") != 0)
        o = engine_apply(v->engine, v->arena, id, NULL, &e);
    if (!o)
        return verb_failed(v, &e);
    verb_print(v, o, stdout);
    return EXIT_DONE;
}

int verb_decide(struct verb *v, const char *change, bool yes, const char *question)
{
    struct err e = { 0 };
    bool sure = false;
    const struct rendering *r = engine_rendering(v->engine, v->arena, change, &e);
    if (!r)
        return verb_failed(v, &e);
    const char *id = json_str(r->head, "id");
    const char *shown = rendering_text(v->arena, r, RENDERING_UNBOUNDED);
    /* What destroys asks for more than the habit of typing yes. */
    const char *word = yes && r->risk == DESTROY ? word_make(v->arena) : "yes";
    if (!terminal_ask(shown, question, word, &sure))
        return verb_no_terminal(v);
    if (!sure) {
        puts("nothing was decided");
        return EXIT_UNDECIDED;
    }
    if (!verb_passphrase(v, &e))
        return verb_failed(v, &e);
    const struct verdict said = { yes, v->who, CHANNEL_TERMINAL, r->plan, r->digest };
    if (!engine_decide(v->engine, id, &said, &e))
        return verb_failed(v, &e);
    if (yes)
        return see_applied(v, id);
    printf("%s is rejected; nothing was written\n", id);
    return EXIT_DONE;
}

int verb_start(const struct options *o, bool recovers, int (*run)(struct verb *v))
{
    struct verb v = { .options = o, .arena = arena_new(), .run = run, .code = EXIT_DONE };
    v.recovers = recovers;
    terminal_person(v.who);
    v.config = options_config(o, v.arena, &v.code);
    if (v.config)
        loop_main(on_loop, &v);
    arena_free(v.arena);
    return v.code;
}
