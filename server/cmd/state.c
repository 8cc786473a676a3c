/* state.c - `state show|pin|unpin|passphrase`: what binds every process on this state. Changing it
 * takes a person at a terminal of this host, and the passphrase once there is one. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "config/config.h"
#include "policy/rules.h"
#include "store/store.h"
#include "store/store_pin.h"

enum { SHORTEST = 8, LONGEST = 200 };

/* Which policy it was when it was pinned, and whether this process has another. */
static void print_pinned_policy(struct verb *v, const cJSON *pin)
{
    const struct rules *own = v->config->rules;
    const char *pinned = json_str(pin, "policy_digest");
    if (!pinned)
        return;
    printf("policy:     enforced, sha256 %.12s…\n", pinned);
    if (!own || strcmp(own->digest, pinned) != 0)
        printf("            this configuration has another one (%.12s…): it was edited since; "
               "`higress-ops state pin` pins it\n",
               own ? own->digest : "none");
}

static int print_state(struct verb *v, struct store *s)
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
    cJSON_ArrayForEach(x, json_get(pin, "gateways"))
    {
        printf("gateway:    %s: mode %s or stricter, change: %s, destroy: %s, or more\n",
               verb_clean(v, x, "url"), verb_clean(v, x, "mode"),
               verb_clean(v, json_get(x, "least"), "change"),
               verb_clean(v, json_get(x, "least"), "destroy"));
    }
    cJSON_ArrayForEach(x, json_get(pin, "approvers"))
    {
        printf("approver:   %s (token sha256 %.12s…)\n", verb_clean(v, x, "name"),
               verb_clean(v, x, "sha256"));
    }
    if (pin)
        printf("decided by: change: %s, destroy: %s, or more\n",
               verb_clean(v, json_get(pin, "least"), "change"),
               verb_clean(v, json_get(pin, "least"), "destroy"));
    print_pinned_policy(v, pin);
    printf("passphrase: %s\n", asks ? "asked at a terminal" : "none");
    return EXIT_DONE;
}

static int pin(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    enum mode mode = v->config->mode;
    const cJSON *wanted = engine_pin_wanted(v->engine, v->arena, v->who);
    const char *shown =
        arena_printf(v->arena, "mode %s or stricter, and %d approvers of this configuration\n",
                     config_mode_name(mode), json_count(json_get(wanted, "approvers")));
    if (!verb_agreed(v, shown, "Pin this state to them?", &code))
        return code;
    if (!store_set_pin(s, wanted, v->who, "command line", &e))
        return verb_failed(v, &e);
    return print_state(v, s);
}

static int unpin(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    if (!verb_agreed(v, NULL, "Let a process of any mode use this state?", &code))
        return code;
    if (!store_set_pin(s, NULL, v->who, "command line", &e))
        return verb_failed(v, &e);
    return print_state(v, s);
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
    if (!verb_agreed(v, NULL, "Change the passphrase of this state?", &code))
        return code;
    bool ok = ask_twice(text, &e) &&
              store_set_passphrase(s, *text ? text : NULL, v->who, "command line", &e);
    explicit_bzero(text, sizeof text);
    return ok ? print_state(v, s) : verb_failed(v, &e);
}

static int act_on_state(struct verb *v)
{
    static const struct verb_action actions[] = { { "show", print_state },
                                                  { "pin", pin },
                                                  { "unpin", unpin },
                                                  { "passphrase", passphrase },
                                                  { 0 } };
    return verb_act(v, actions);
}

static int run_state(const struct options *o)
{
    return verb_start(o, false, act_on_state);
}

const struct command cmd_state = {
    .name = "state",
    .args = "show|pin|unpin|passphrase",
    .about = "What binds every process on this state: the strongest mode, the approvers, a "
             "passphrase for the terminal.",
    .min_args = 1,
    .max_args = 1,
    .config = true,
    .run = run_state,
};
