/* route_annotation.c - looks at the annotations of a route one by one, by the table of
 * kind/annotation.h: names that nobody reads, values that the controller does not take. */
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "kind/kind.h"
#include "rule/route_look_private.h"
#include <stdio.h>
#include <string.h>

/* -- the walk --------------------------------------------------------------------------------- */

struct one {
    struct look *l;
    const char *full; /* its name as it stands there */
    const char *name; /* without its prefix */
    const char *value;
    const struct annotation *row; /* NULL: nobody knows it */
    bool read;                    /* under this prefix */
};

static void each_annotation(struct look *l, void (*fn)(const struct one *o))
{
    const cJSON *m;
    cJSON_ArrayForEach(m, route_custom(l->tree))
    {
        struct annotation_name n = annotation_split(m->string);
        const struct annotation *row = n.name && !n.disabled ? annotation_find(n.name) : NULL;
        struct one o = { l,      m->string,
                         n.name, cJSON_IsString(m) ? m->valuestring : "",
                         row,    row && (row->under & n.under) };
        if (!n.disabled)
            fn(&o);
    }
}

static void say_of_annotation(const struct one *o, const char *what)
{
    look_say(o->l, route_place(o->l, look_name(o->l, o->full)), "%s", what);
}

/* What was lost, and what does it instead. */
static void say_lost(const struct one *o)
{
    const struct annotation *row = o->row;
    look_say(o->l, route_place(o->l, look_name(o->l, o->full)), "is not read: %s%s%s", row->does,
             row->use ? "; instead: " : "", row->use ? row->use : "");
}

/* Known, and not read under this name; one whose value kept nobody out loses nothing. */
static bool is_lost_annotation(const struct one *o, enum annotation_fate fate)
{
    return o->row && !o->read && o->row->fate == fate &&
           !(fate == BECOMES_REFUSAL && o->row->words && text_has_word(o->row->words, o->value));
}

/* -- names ------------------------------------------------------------------------------------ */

static bool is_list_of_addresses(const struct one *o)
{
    return text_ends(o->name, "list-source-range");
}

static void look_at_lost_allow_list(const struct one *o)
{
    if (o->name && is_list_of_addresses(o) &&
        (is_lost_annotation(o, BECOMES_OTHER) || is_lost_annotation(o, BECOMES_REFUSAL)))
        say_lost(o);
}

void route_look_allow_list_names(struct look *l)
{
    each_annotation(l, look_at_lost_allow_list);
}

static bool is_login(const struct one *o)
{
    return text_starts(o->name, "auth-") || text_has_word("enable-global-auth|satisfy", o->name);
}

static void look_at_lost_login(const struct one *o)
{
    if (is_lost_annotation(o, BECOMES_REFUSAL) && is_login(o))
        say_lost(o);
}

void route_look_login_names(struct look *l)
{
    each_annotation(l, look_at_lost_login);
}

static void guard(const struct one *o)
{
    if (is_lost_annotation(o, BECOMES_REFUSAL) && !is_login(o) && !is_list_of_addresses(o))
        say_lost(o);
}

void route_look_guard_names(struct look *l)
{
    each_annotation(l, guard);
}

static void limit(const struct one *o)
{
    if (is_lost_annotation(o, BECOMES_NOTHING) && o->row->danger == LOSES_LIMIT)
        say_lost(o);
}

void route_look_limit_names(struct look *l)
{
    each_annotation(l, limit);
}

static void lost(const struct one *o)
{
    bool other = is_lost_annotation(o, BECOMES_OTHER) && !is_list_of_addresses(o);
    if (other || (is_lost_annotation(o, BECOMES_NOTHING) && o->row->danger >= LOSES_ROUTE))
        say_lost(o);
}

void route_look_lost_names(struct look *l)
{
    each_annotation(l, lost);
}

static void tuning(const struct one *o)
{
    if (is_lost_annotation(o, BECOMES_NOTHING) && o->row->danger <= LOSES_TUNING)
        say_lost(o);
}

void route_look_tuning_names(struct look *l)
{
    each_annotation(l, tuning);
}

/* Read, but not under this prefix. */
static void prefix(const struct one *o)
{
    if (o->row && o->row->under && !o->read)
        say_of_annotation(o, "is read under higress.io/ only");
}

void route_look_prefixes(struct look *l)
{
    each_annotation(l, prefix);
}

static void look_at_unknown(const struct one *o)
{
    static const char cloud[] = "mse.ingress.kubernetes.io/";
    bool of_cloud = text_starts(o->full, cloud);
    if (o->row || (!o->name && !of_cloud))
        return;
    const char *near = annotation_near(of_cloud ? o->full + sizeof cloud - 1 : o->name);
    look_say(o->l, route_place(o->l, look_name(o->l, o->full)), "is a name that nobody reads%s%s",
             near ? "; probably meant: higress.io/" : "", near ? near : "");
}

void route_look_unknown_names(struct look *l)
{
    each_annotation(l, look_at_unknown);
}

/* The controller takes one of them. */
static void look_at_doubled(const struct one *o)
{
    const char *taken = NULL;
    if (o->row && o->read && route_annotation(o->l->tree, o->name, &taken) && taken &&
        strcmp(taken, o->full) != 0 &&
        strcmp(route_annotation(o->l->tree, o->name, NULL), o->value) != 0)
        look_say(o->l, route_place(o->l, look_name(o->l, o->full)), "is not taken beside %s",
                 look_name(o->l, taken));
}

void route_look_twice(struct look *l)
{
    each_annotation(l, look_at_doubled);
}

/* -- values ----------------------------------------------------------------------------------- */

/* Those have rows of their own, which say what comes of it. */
static bool is_judged_elsewhere(const struct one *o)
{
    return o->row->value == IS_LIMIT ||
           text_has_word("timeout|whitelist-source-range|canary-weight|canary-weight-total|"
                         "permanent-redirect-code|route-limit-burst-multiplier",
                         o->name);
}

static void look_at_own_value(const struct one *o)
{
    const char *why = NULL;
    enum annotation_verdict verdict;
    if (!o->row || !o->read || is_judged_elsewhere(o))
        return;
    verdict = annotation_judge(o->row, o->value, &why);
    if (verdict == VALUE_IGNORED || verdict == VALUE_PARTLY)
        say_of_annotation(o, why);
}

void route_look_values(struct look *l)
{
    each_annotation(l, look_at_own_value);
}

void route_look_timeout_value(struct look *l)
{
    const cJSON *m = json_get(route_custom(l->tree), "higress.io/timeout");
    const char *why = NULL;
    if (cJSON_IsString(m) &&
        annotation_judge(annotation_find("timeout"), m->valuestring, &why) == VALUE_IGNORED)
        look_say(l, route_place(l, m->string), "%s: requests have no timeout", why);
}

static void look_at_addresses(struct look *l, enum annotation_verdict wanted)
{
    const char *full = NULL, *why = NULL;
    const char *list = route_annotation(l->tree, "whitelist-source-range", &full);
    if (list && annotation_judge(annotation_find("whitelist-source-range"), list, &why) == wanted)
        look_say(l, route_place(l, full), "%s", why);
}

void route_look_allow_list(struct look *l)
{
    look_at_addresses(l, VALUE_IGNORED);
}

void route_look_allow_list_items(struct look *l)
{
    look_at_addresses(l, VALUE_PARTLY);
}

/* -- rate limits ------------------------------------------------------------------------------ */

static const char *own(const struct look *l, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "higress.io/%s", name);
    return json_str(route_custom(l->tree), full);
}

static bool is_uint32(const char *s)
{
    long n;
    return annotation_int(s, &n) && n >= 1 && n <= 4294967295L;
}

/* Do the limit and its burst make a bucket? */
static bool is_bucket(const char *limit_of, const char *burst)
{
    long n = 0, times = 5;
    if (!is_uint32(limit_of) || (burst && !is_uint32(burst)))
        return false;
    annotation_int(limit_of, &n);
    if (burst)
        annotation_int(burst, &times);
    return n <= 4294967295L / times;
}

/* rpm hides rps, whatever it says; a bad multiplier drops either. */
void route_look_limit_none(struct look *l)
{
    const char *rpm = own(l, "route-limit-rpm"), *rps = own(l, "route-limit-rps");
    const char *limit_of = rpm ? rpm : rps;
    if (limit_of && !is_bucket(limit_of, own(l, "route-limit-burst-multiplier")))
        look_say(
            l, route_place(l, rpm ? "higress.io/route-limit-rpm" : "higress.io/route-limit-rps"),
            "is no whole number from 1 on, or with its burst more than 32 bits hold: the route "
            "has no limit at all, and nothing says so%s",
            rpm && rps ? "; route-limit-rps does not take its place" : "");
}

void route_look_limit_cast(struct look *l)
{
    static const char *const names[] = { "route-limit-rpm", "route-limit-rps",
                                         "route-limit-burst-multiplier" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value_of = own(l, names[i]);
        long n;
        bool multiplier = i == 2;
        if (!annotation_int(value_of, &n) || is_uint32(value_of) || (n == 0 && !multiplier))
            continue;
        look_say(l, look_place(l, "customConfigs.higress.io/%s", names[i]),
                 n == 0 ? "is 0: the bucket holds nothing, and every request is answered 429"
                        : "is cut to 32 bits: another limit, which nobody meant");
    }
}

void route_look_limit_alone(struct look *l)
{
    bool limited = own(l, "route-limit-rpm") || own(l, "route-limit-rps");
    if (own(l, "route-limit-burst-multiplier") && !limited)
        look_say(l, "customConfigs.higress.io/route-limit-burst-multiplier",
                 "does nothing without route-limit-rps or route-limit-rpm");
    if (own(l, "route-limit-rpm") && own(l, "route-limit-rps"))
        look_say(l, "customConfigs.higress.io/route-limit-rps",
                 "is not read beside route-limit-rpm");
}
