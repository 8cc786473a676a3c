/* cases.c - the cases of a policy file: wishes, and what the rules must say of each. */
#include "base/arena.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "policy/people.h"
#include "policy/predicate_private.h"
#include "policy/rules.h"
#include <string.h>

enum { OBJECTS_MAX = 200 };

static const struct field object_rows[] = {
    { "kind", STR, REQ, NULL, .min = 1, .max = 64 },
    { "name", STR, REQ, NULL, .min = 1, .max = 256 },
    { "scope", STR, OPT, NULL, .min = 1, .max = 256 },
    { 0 },
};
static const struct field an_object = { "object", OBJ, OPT, NULL, .of = object_rows };
static const struct field size_rows[] = {
    { "routes", INT, OPT, NULL, .max = 100000 },
    { "share", STR, OPT, NULL, .min = 2, .max = 16 },
    { 0 },
};
static const struct field wish_rows[] = {
    { "mode", STR, OPT, NULL, .one_of = "read-only|dry-run|approve|auto" },
    { "tool", STR, OPT, NULL, .min = 1, .max = 64 },
    { "risk", STR, REQ, NULL, .one_of = "read|change|destroy" },
    { "objects", LIST, OPT, NULL, .min = 1, .max = OBJECTS_MAX, .of = &an_object },
    { "size", OBJ, OPT, NULL, .of = size_rows },
    { "gateway", STR, OPT, NULL, .min = 1, .max = 1024 },
    { "requester", STR, OPT, NULL, .min = 1, .max = 256 },
    { "channel", STR, OPT, NULL, .one_of = CHANNEL_WORDS },
    { "at", STR, OPT, NULL, .min = 10, .max = 40 },
    { "age", STR, OPT, NULL, .min = 2, .max = 16 },
    { "undo", BOOL, OPT, NULL },
    { "frozen", BOOL, OPT, NULL },
    { 0 },
};
static const struct field case_rows[] = {
    { "name", STR, OPT, NULL, .min = 1, .max = 120 },
    { "wish", OBJ, REQ, NULL, .of = wish_rows },
    { "expect", STR, REQ, NULL, .one_of = "deny|dry_run|ask|auto" },
    { "rule", STR, OPT, NULL, .min = 1, .max = 80 },
    { "count", INT, OPT, NULL, .min = 1, .max = 8 },
    { 0 },
};

static const struct freeze frozen = { "a freeze", "somebody", 4102444800 };

static const struct wish_object *case_objects(struct arena *a, const cJSON *list)
{
    struct wish_object *out = arena_array(a, struct wish_object, json_count(list) + 1);
    const cJSON *o;
    int n = 0;
    cJSON_ArrayForEach(o, list) out[n++] =
        (struct wish_object){ json_str(o, "kind"), json_str(o, "name"), json_str(o, "scope") };
    return out;
}

/* Who is meant: a person of the table by name, or a name of one of their channels. */
static void take_requester(struct wish *w, const struct config *c, const char *name)
{
    const struct config_person *p = people_find(c, CHANNEL_NONE, name);
    for (const struct config_person *k = c->people; name && k && k->name && !p; k++)
        p = strcmp(k->name, name) ? NULL : k;
    w->requester = p ? p->name : name;
    w->roles = p ? p->roles : ROLE_NONE;
}

static struct wish wish_of_case(struct arena *a, const struct config *c, const struct rules *r,
                                const cJSON *given)
{
    const char *mode = json_str(given, "mode"), *share = json_str(json_get(given, "size"), "share");
    const char *at = json_str(given, "at"), *age = json_str(given, "age");
    const cJSON *list = json_get(given, "objects");
    struct wish w = {
        .mode = mode ? policy_mode_named(mode) : c->mode,
        .risk =
            (enum risk)(text_word_place("read|change|destroy", json_str(given, "risk")) - 1 + READ),
        .tool = json_str(given, "tool"),
        .rules = r,
        .gateway = json_str(given, "gateway"),
        .url = json_str(given, "gateway"),
        .by = channel_by_word(json_str(given, "channel")),
        .objects = case_objects(a, list),
        .count = json_count(list),
        .size = { json_count(list), json_num(json_get(given, "size"), "routes", SIZE_UNKNOWN),
                  share ? predicate_share(share) : SIZE_UNKNOWN },
        .undoes = json_true(given, "undo"),
        .now = at ? when_parse(at) : when_now(),
        .age = age ? predicate_seconds(age) : 0,
        .freeze = json_true(given, "frozen") ? &frozen : NULL,
    };
    take_requester(&w, c, json_str(given, "requester"));
    return w;
}

/* Runs one; NULL: as expected, else what it is. */
static const char *differs(struct arena *a, const struct wish *w, const cJSON *one)
{
    const struct ruling is = policy_rule(w);
    const char *expected = json_str(one, "expect"), *rule = json_str(one, "rule");
    int count = (int)json_num(one, "count", is.count);
    bool same = !strcmp(expected, policy_name(is.says)) && count == is.count &&
                (!rule || !strcmp(rule, is.rule ? is.rule : "mode"));
    return same ? NULL
                : arena_printf(
                      a, "expected %s%s%s; %s%s", expected, rule ? " by " : "", rule ? rule : "",
                      policy_why(a, w, &is),
                      is.says == POLICY_ASK ? arena_printf(a, " (%s)", policy_needs(a, &is)) : "");
}

static bool is_good_case(const struct rules *r, const cJSON *one, int i, struct err *e)
{
    const cJSON *wish = json_get(one, "wish");
    const char *at = json_str(wish, "at"), *age = json_str(wish, "age");
    if (!cJSON_IsObject(one))
        err_set(e, ERR_ARGS, "is a mapping of wish and expect");
    else if (field_check(case_rows, one, e) && strcmp(json_str(wish, "risk"), "read") &&
             !json_get(wish, "objects"))
        err_set(e, ERR_ARGS, "wish: a change has objects, by which rules are held against it");
    else if (e->kind == ERR_NONE &&
             ((at && !when_parse_exact(at)) || (age && predicate_seconds(age) < 0)))
        err_set(e, ERR_ARGS, "wish: at is a time like 2026-12-24T18:00:00Z, age one like 15m");
    return e->kind == ERR_NONE || err_at(e, "%s: cases[%d]", r->path, i);
}

int rules_test(struct arena *a, const struct config *c, const struct rules *r, rules_case_fn *tell,
               void *arg, struct err *e)
{
    struct rules enforced = *r; /* a case says what the rules say, in force or not */
    int failed = 0, i = 0;
    const cJSON *one;
    enforced.mode = RULES_ENFORCE;
    cJSON_ArrayForEach(one, r->cases)
    {
        if (!is_good_case(r, one, i, e))
            return -1;
        const struct wish w = wish_of_case(a, c, &enforced, json_get(one, "wish"));
        const char *name = json_str(one, "name"), *text = differs(a, &w, one);
        i++;
        failed += text != NULL;
        tell(arg, name ? name : arena_printf(a, "case %d", i), !text, text);
    }
    return failed;
}
