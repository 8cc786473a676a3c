/* passkey.c - `passkey enroll|list|remove`: whose keys sign for changes at the page. An agent that
 * drives a logged-in browser could enrol a key made of software: it takes a code, and that a person
 * at a terminal. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "config/config.h"
#include "passkey/webauthn.h"
#include "policy/people.h"
#include "store/store_passkey.h"

/* Somebody who can log in at the page; the name that their keys go by. NULL: nobody does. */
static const char *person_named(struct verb *v, const char *name)
{
    const struct config *c = v->config;
    const struct config_person *p = people_find(c, CHANNEL_PAGE, name);
    if (p)
        return p->name;
    for (p = c->people; p && p->name; p++)
        if (!strcmp(p->name, name))
            return p->name;
    for (const struct config_token *t = c->approvers; t->name; t++)
        if (!strcmp(t->name, name))
            return t->name;
    return NULL;
}

static bool has_arguments(struct verb *v, int least, const char *how, struct err *e)
{
    return v->options->argc > least ||
           err_set(e, ERR_ARGS, "say whose: higress-ops passkey %s", how);
}

static int passkey_enroll(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    struct webauthn_site site;
    int code = EXIT_DONE;
    const char *name = v->options->argc > 1 ? v->options->argv[1] : NULL;
    const char *person = name ? person_named(v, name) : NULL;
    if (has_arguments(v, 1, "enroll NAME", &e) && !person)
        err_set(&e, ERR_ARGS,
                "nobody called '%.100s' logs in at the page: neither people nor http.approvers of "
                "the configuration have the name",
                name);
    if (e.kind != ERR_NONE || !webauthn_site_of(v->arena, v->config->page, &site, &e))
        return verb_failed(v, &e);
    const char *shown = arena_printf(
        v->arena, "'%s' can then enrol one passkey at %s/passkeys, which approves changes\n",
        person, site.origin);
    if (!verb_agreed(v, shown, "Make a code for that?", &code))
        return code;
    const char *made = store_passkey_code(s, v->arena, person, v->who, &e);
    if (!made)
        return verb_failed(v, &e);
    printf("%s\n", made);
    fprintf(stderr, "good for one key of '%s', for %d minutes: hand it to them yourself\n", person,
            PASSKEY_CODE_LASTS / 60);
    return EXIT_DONE;
}

static int passkey_list_all(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    const char *name = v->options->argc > 1 ? v->options->argv[1] : NULL;
    const cJSON *keys = store_passkeys(s, v->arena, name, &e), *k;
    if (!keys)
        return verb_failed(v, &e);
    if (!json_count(keys))
        puts("no passkeys");
    cJSON_ArrayForEach(k, keys)
    {
        printf("%-16s %.12s  %s, model %s%s, enrolled %s, %.0f signatures\n",
               verb_clean(v, k, "who"), verb_clean(v, k, "id"), verb_clean(v, k, "name"),
               verb_clean(v, k, "aaguid"), json_true(k, "attested") ? " (attested)" : "",
               verb_clean(v, k, "at"), json_num(k, "count", 0));
        if (json_get(k, "copied"))
            printf("    there is a copy of it, seen %s: it decides nothing; remove it\n",
                   verb_clean(v, k, "copied"));
    }
    return EXIT_DONE;
}

static int passkey_remove(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    int code = EXIT_DONE;
    if (!has_arguments(v, 2, "remove NAME ID", &e))
        return verb_failed(v, &e);
    const char *name = v->options->argv[1], *id = v->options->argv[2];
    const char *person = person_named(v, name);
    person = person ? person : name; /* who has left may have left keys */
    if (!verb_agreed(v, NULL, arena_printf(v->arena, "Remove that key of '%s'?", person), &code))
        return code;
    if (!store_remove_passkey(s, person, id, v->who, &e))
        return verb_failed(v, &e);
    puts("removed");
    return EXIT_DONE;
}

static int act_on_passkeys(struct verb *v)
{
    static const struct verb_action actions[] = { { "enroll", passkey_enroll },
                                                  { "list", passkey_list_all },
                                                  { "remove", passkey_remove },
                                                  { 0 } };
    return verb_act(v, actions);
}

static int run_passkey(const struct options *o)
{
    return verb_start(o, false, act_on_passkeys);
}

const struct command cmd_passkey = {
    .name = "passkey",
    .args = "enroll NAME|list [NAME]|remove NAME ID",
    .about = "Keys with which people approve changes at the page: makes a one-time code to enrol "
             "one, lists them, removes one.",
    .min_args = 1,
    .max_args = 3,
    .config = true,
    .run = run_passkey,
};
