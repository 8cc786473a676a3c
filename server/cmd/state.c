/* state.c - `state show|pin|unpin|passphrase`: what binds every process on this state. Changing it
 * takes a person at a terminal of this host, and the passphrase once there is one. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "config/config.h"
#include "store/store.h"
#include "store/store_pin.h"

enum { SHORTEST = 8, LONGEST = 200 };

static int show(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    bool asks = false;
    const cJSON *pin = store_pin(s, v->arena, &e), *x;
    if (e.kind != ERR_NONE || !store_has_passphrase(s, &asks, &e))
        return verb_failed(v, &e);
    printf("state:      %s\n", v->config->state_dir);
    if (!pin)
        puts("pin:        none: a process of any mode may use this state");
    else
        printf("pin:        mode %s or stricter, by %s, %s\n", verb_clean(v, pin, "mode"),
               verb_clean(v, pin, "by"), verb_clean(v, pin, "at"));
    cJSON_ArrayForEach(x, json_get(pin, "approvers"))
    {
        printf("approver:   %s (token sha256 %.12s…)\n", verb_clean(v, x, "name"),
               verb_clean(v, x, "sha256"));
    }
    if (pin)
        printf("decided by: change: %s, destroy: %s, or more\n",
               verb_clean(v, json_get(pin, "least"), "change"),
               verb_clean(v, json_get(pin, "least"), "destroy"));
    printf("passphrase: %s\n", asks ? "asked at a terminal" : "none");
    return EXIT_DONE;
}

/* A person says yes, and knows the passphrase. *code is set when not. */
static bool agreed(struct verb *v, const char *question, int *code)
{
    struct err e = { 0 };
    bool yes = false;
    if (!terminal_ask(question, "yes", &yes)) {
        *code = verb_no_terminal(v);
        return false;
    }
    if (!yes) {
        puts("nothing was changed");
        *code = EXIT_REFUSED;
        return false;
    }
    if (verb_passphrase(v, NULL, &e))
        return true;
    *code = verb_failed(v, &e);
    return false;
}

static int pin(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    enum mode mode = v->config->mode;
    const cJSON *wanted = engine_pin_wanted(v->arena, v->config, mode, v->who);
    printf("mode %s or stricter, and %d approvers of this configuration\n", config_mode_name(mode),
           json_count(json_get(wanted, "approvers")));
    fflush(stdout);
    if (!agreed(v, "Pin this state to them?", &code))
        return code;
    if (!store_set_pin(s, wanted, v->who, "command line", &e))
        return verb_failed(v, &e);
    return show(v, s);
}

static int unpin(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    if (!agreed(v, "Let a process of any mode use this state?", &code))
        return code;
    if (!store_set_pin(s, NULL, v->who, "command line", &e))
        return verb_failed(v, &e);
    return show(v, s);
}

static bool ask_twice(char first[LONGEST + 2], struct err *e)
{
    char again[LONGEST + 2] = "";
    bool got =
        terminal_ask_secret("New passphrase (empty: none from now on): ", first, LONGEST + 2) &&
        terminal_ask_secret("Once more: ", again, sizeof again);
    bool same = got && !strcmp(first, again);
    explicit_bzero(again, sizeof again);
    if (!got)
        return err_set(e, ERR_POLICY, "no passphrase was read; nothing was changed");
    if (!same)
        return err_set(e, ERR_ARGS, "the two are not the same; nothing was changed");
    if (*first && strlen(first) < SHORTEST)
        return err_set(e, ERR_ARGS, "a passphrase has at least %d letters; nothing was changed",
                       SHORTEST);
    return true;
}

static int passphrase(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    char text[LONGEST + 2] = "";
    if (!agreed(v, "Change the passphrase of this state?", &code))
        return code;
    bool ok = ask_twice(text, &e) &&
              store_set_passphrase(s, *text ? text : NULL, v->who, "command line", &e);
    explicit_bzero(text, sizeof text);
    return ok ? show(v, s) : verb_failed(v, &e);
}

static const struct {
    const char *name;
    int (*run)(struct verb *v, struct store *s);
} verbs[] = { { "show", show }, { "pin", pin }, { "unpin", unpin }, { "passphrase", passphrase } };

static int state(struct verb *v)
{
    struct err e = { 0 };
    const char *what = v->options->argv[0];
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, what) != 0)
            continue;
        struct store *s = engine_store(v->engine, &e);
        return s ? verbs[i].run(v, s) : verb_failed(v, &e);
    }
    fprintf(stderr, "higress-ops state: '%s' is unknown; say show, pin, unpin or passphrase\n",
            what);
    return EXIT_USAGE;
}

static int run(const struct options *o)
{
    return verb_start(o, false, state);
}

const struct command cmd_state = {
    .name = "state",
    .args = "show|pin|unpin|passphrase",
    .about = "What binds every process on this state: the strongest mode, the approvers, a "
             "passphrase for the terminal.",
    .min_args = 1,
    .max_args = 1,
    .config = true,
    .run = run,
};
