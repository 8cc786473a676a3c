/* verb.c - the commands of a person at a terminal: their gateway and engine, a change printed, a
 * decision asked.
 *
 * A decision is asked on the terminal itself and never taken from a pipe: a model that can run
 * commands must not be able to approve its own change. Who decided goes into the audit.
 */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/terminal_private.h"
#include "cmd/verb_private.h"
#include "console/gateway.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "policy/people.h"
#include "store/store.h"
#include "store/store_pin.h"

enum { LOOKED_AT = 310 /* seconds: longer than replicas are ever looked at */ };

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
    struct store *s = actions->stateless ? NULL : engine_store(v->engine, &e);
    return s || actions->stateless ? actions->run(v, s) : verb_failed(v, &e);
}

int verb_failed(const struct verb *v, const struct err *e)
{
    fprintf(stderr, "higress-ops %s: %s\n", v->options->command->name, e->text);
    return e->kind == ERR_POLICY ? EXIT_REFUSED : EXIT_FAILED;
}

/* All of them: a change knows which one it is for. */
static void open_verb_gateways(struct loop *l, struct verb *v)
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
    open_verb_gateways(l, v);
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

void verb_print(struct verb *v, const cJSON *o, FILE *to)
{
    fputs(approve_summary(v->arena, o), to);
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

bool verb_agreed(struct verb *v, const char *shown, const char *question, int *code)
{
    struct err e = { 0 };
    bool yes = false;
    if (!people_may(v->config, DEED_ADMINISTER, CHANNEL_TERMINAL, v->who, &e)) {
        *code = verb_failed(v, &e);
        return false;
    }
    if (!terminal_ask(shown, question, "yes", &yes)) {
        *code = verb_no_terminal(v);
        return false;
    }
    if (!yes) {
        puts("nothing was changed");
        *code = EXIT_REFUSED;
        return false;
    }
    if (verb_passphrase(v, &e))
        return true;
    *code = verb_failed(v, &e);
    return false;
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
    else if (o && json_true(json_path(o, "result.served"), "looking"))
        o = engine_wait(v->engine, v->arena, id, LOOKED_AT, NULL, &e);
    if (!o)
        return verb_failed(v, &e);
    verb_print(v, o, stdout);
    return EXIT_DONE;
}

static enum asked ask_terminal(struct channel *c, const struct ask_about *about,
                               struct shown *shown, struct err *e)
{
    const struct verb_question *s = c->arg;
    bool sure = false;
    /* What destroys asks for more than the habit of typing yes. */
    const char *word = s->yes && about->word ? about->word : "yes";
    if (!about->text || !terminal_ask(about->text, s->question, word, &sure))
        return ASK_CANNOT;
    if (!sure)
        return ASK_LATER;
    *shown = (struct shown){ about->id, about->plan, about->rendering, word, word };
    if (!verb_passphrase(s->verb, e))
        return ASK_FAILED;
    return s->yes ? ASK_YES : ASK_NO;
}

void verb_terminal(struct verb_question *q, struct channel *out)
{
    *out = (struct channel){ CHANNEL_TERMINAL, q->verb->who, APPROVE_UNBOUNDED, ask_terminal, q };
}

static int cannot_ask(const struct verb *v, const char *why)
{
    if (!why)
        return verb_no_terminal(v);
    fprintf(stderr, "higress-ops %s: %s\n", v->options->command->name, why);
    return EXIT_REFUSED;
}

int verb_decide(struct verb *v, const char *change, bool yes, const char *question)
{
    struct err e = { 0 };
    struct verb_question q = { v, yes, question };
    struct channel terminal;
    verb_terminal(&q, &terminal);
    struct approval x = { .engine = v->engine, .arena = v->arena, .channel = &terminal };
    switch (approve_ask(&x, change, &e)) {
    case ASK_YES:
        return see_applied(v, x.id);
    case ASK_PART:
        puts(x.why);
        return EXIT_PENDING;
    case ASK_NO:
        printf("%s is rejected; nothing was written\n", x.id);
        return EXIT_DONE;
    case ASK_LATER:
        puts("nothing was decided");
        return EXIT_UNDECIDED;
    case ASK_FAILED:
        return verb_failed(v, &e);
    default:
        return cannot_ask(v, x.why);
    }
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
