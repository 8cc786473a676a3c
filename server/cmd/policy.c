/* policy.c - `policy test|explain|show`: the rules held against their own cases, against a change,
 * and what is in force. Nothing here decides or changes anything. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "config/config.h"
#include "policy/people.h"
#include "policy/rules.h"
#include "store/store_pin.h"
#include <string.h>

enum { FILE_MAX = 1 << 20 };

/* -- test -------------------------------------------------------------------------------------- */

static void tell_case(void *arg, const char *name, bool passed, const char *text)
{
    struct verb *v = arg;
    printf("%s %s%s%s\n", passed ? "ok  " : "FAIL", text_clean(v->arena, name, 120),
           text ? ": " : "", text ? text_clean(v->arena, text, 400) : "");
}

static int policy_test(struct verb *v, struct store *none)
{
    (void)none;
    struct err e = { 0 };
    size_t n = 0;
    const char *path = v->options->argc > 1 ? v->options->argv[1] : NULL;
    const struct rules *r = v->config->rules;
    char *yaml = path ? file_read_secret(v->arena, path, FILE_MAX, &n, &e) : NULL;
    if (path)
        r = yaml ? rules_parse(v->arena, v->config, options_words(v->arena), path, yaml, n, &e)
                 : NULL;
    if (!path && !r)
        err_set(&e, ERR_ARGS, "name a file, or one in the configuration (policy.file)");
    int failed = r ? rules_test(v->arena, v->config, r, tell_case, v, &e) : -1;
    if (failed < 0)
        return verb_failed(v, &e);
    int count = json_count(r->cases);
    printf("%d rules; %d passed, %d failed\n", r->count, count - failed, failed);
    return failed ? EXIT_FAILED : EXIT_DONE;
}

/* -- explain ----------------------------------------------------------------------------------- */

static int policy_explain(struct verb *v, struct store *s)
{
    (void)s;
    struct err e = { 0 };
    static const char *const lines[] = { "requester", "why", "policy_moved", "needs", "in_shadow" };
    const char *id = v->options->argc > 1 ? v->options->argv[1] : NULL;
    if (!id)
        err_set(&e, ERR_ARGS, "say which change: higress-ops policy explain ID");
    const cJSON *o = id ? engine_explain(v->engine, v->arena, id, &e) : NULL, *x;
    if (!o)
        return verb_failed(v, &e);
    printf("%s: %s by %s\n", verb_clean(v, o, "id"), verb_clean(v, o, "says"),
           verb_clean(v, o, "rule"));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (json_get(o, lines[i]))
            printf("%s: %s\n", lines[i], verb_clean(v, o, lines[i]));
    cJSON_ArrayForEach(x, json_get(o, "objects"))
        printf("  %s\n", text_clean(v->arena, x->valuestring, 600));
    cJSON_ArrayForEach(x, json_get(o, "approvals"))
        printf("approved by %s (%s) at %s\n", verb_clean(v, x, "who"), verb_clean(v, x, "channel"),
               verb_clean(v, x, "at"));
    return EXIT_DONE;
}

/* -- show -------------------------------------------------------------------------------------- */

static void show_rules(struct verb *v, const struct rules *r)
{
    char word[TEXT_WORD] = "";
    const char *rest = RULES_MODES;
    for (int i = 0; r && i < (int)r->mode; i++)
        text_word_next(&rest, word);
    if (!r) {
        puts("policy: none; what modes and channels say holds");
        return;
    }
    printf("policy: %s, mode %s, %d rules; the first that holds for an object decides\n", r->path,
           word, r->count);
    for (int i = 0; i < r->count; i++) {
        const struct rule *x = &r->rules[i];
        printf("%4d  %s: %s%s%s  when %s\n", x->line, text_clean(v->arena, x->name, 80),
               x->never ? "never" : policy_name(x->says), x->says == POLICY_ASK ? ", " : "",
               x->says == POLICY_ASK ? policy_needs(v->arena, &x->asks) : "",
               x->when ? text_clean(v->arena, json_print(v->arena, x->when), 400) : "always");
    }
}

static int policy_show(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    const cJSON *list = store_freezes(s, v->arena, &e), *f;
    if (e.kind != ERR_NONE)
        return verb_failed(v, &e);
    printf("mode:   %s\n", config_mode_name(v->config->mode));
    show_rules(v, v->config->rules);
    cJSON_ArrayForEach(f, list)
    {
        double until = json_num(f, "until", 0);
        if (until > when_now())
            printf("frozen: %s until %s by %s: %s\n",
                   json_get(f, "gateway") ? verb_clean(v, f, "gateway") : "all gateways",
                   when_text(v->arena, until, false), verb_clean(v, f, "by"),
                   verb_clean(v, f, "reason"));
    }
    for (const struct config_person *p = v->config->people; p && p->name; p++)
        printf("person: %s: %s\n", text_clean(v->arena, p->name, 80),
               people_roles_text(v->arena, p->roles));
    if (!v->config->people)
        puts("people: no table; who a channel lets decide may");
    return EXIT_DONE;
}

static int run_policy_action(struct verb *v)
{
    static const struct verb_action actions[] = {
        { "test", policy_test, true }, { "explain", policy_explain }, { "show", policy_show }, { 0 }
    };
    return verb_act(v, actions);
}

static int run_policy(const struct options *o)
{
    return verb_start(o, false, run_policy_action);
}

const struct command cmd_policy = {
    .name = "policy",
    .args = "test [FILE]|explain CHANGE|show",
    .about = "Runs the cases of a policy file, says which rule holds for a change and why, or "
             "shows what is in force.",
    .min_args = 1,
    .max_args = 2,
    .config = true,
    .run = run_policy,
};
