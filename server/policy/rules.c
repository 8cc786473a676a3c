/* rules.c - a policy file read and checked; a rule held against a wish.
 *
 * The shape is a field table; what goes beyond it (a pattern that fits nothing, rules that
 * contradict themselves or are never reached) is checked rule by rule. Where a list of words stands
 * a single one may.
 */
#include "policy/rules.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "base/yaml.h"
#include "base/zone.h"
#include "policy/people.h"
#include "policy/predicate_private.h"
#include <string.h>

enum { FILE_MAX = 1 << 20, RULES_MAX = 1000, CASES_MAX = 10000, APPROVALS_MAX = 8 };

struct reader {
    struct arena *a;
    const struct config *config;
    const struct rules_words *words; /* NULL: not looked at */
    cJSON *tree;
    struct yaml_lines *lines;
    const char *path;
};

/* -- the shape ------------------------------------------------------------------------------- */

static const char answers[] = "deny|dry_run|ask|auto|never";
static const struct field a_channel = { "channel", STR, OPT, NULL, .one_of = CHANNEL_WORDS };
static const struct field a_decider = { "role", STR, OPT, NULL, .one_of = "approver|admin" };
static const struct field ask_rows[] = {
    { "channels", LIST, OPT, NULL, .min = 1, .max = 8, .of = &a_channel },
    { "count", INT, OPT, NULL, .min = 1, .max = APPROVALS_MAX },
    { "roles", LIST, OPT, NULL, .min = 1, .max = 4, .of = &a_decider },
    { "not_requester", BOOL, OPT, NULL },
    { 0 },
};
static const struct field then_rows[] = { { "ask", OBJ, REQ, NULL, .of = ask_rows }, { 0 } };
static const struct field rule_rows[] = {
    { "name", STR, REQ, NULL, .min = 1, .max = 80 },
    { "when", ANY, OPT, NULL },
    { "then", ANY, REQ, NULL },
    { 0 },
};
static const struct field a_rule = { "rule", OBJ, OPT, NULL, .of = rule_rows };
static const struct field a_case = { "case", ANY, OPT, NULL };
static const struct field file_rows[] = {
    { "mode", STR, REQ, NULL, .one_of = RULES_MODES },
    { "rules", LIST, REQ, NULL, .min = 1, .max = RULES_MAX, .of = &a_rule },
    { "cases", LIST, OPT, NULL, .min = 1, .max = CASES_MAX, .of = &a_case },
    { 0 },
};

/* Where a list of words is due, a single one stands for a list of it. */
static void spread_words(struct arena *a, cJSON *object, const struct field *rows)
{
    for (; rows->name; rows++) {
        cJSON *is = json_get(object, rows->name);
        if (rows->type == LIST && cJSON_IsString(is)) {
            cJSON *list = json_array(a);
            json_add_str(a, list, is->valuestring);
            json_set(a, object, rows->name, list);
        } else if (rows->type == OBJ && cJSON_IsObject(is)) {
            spread_words(a, is, rows->of);
        }
    }
}

/* -- errors ---------------------------------------------------------------------------------- */

/* Names the line of what the error is about, or of what it is missing in. */
static bool at_line(const struct reader *x, struct err *e)
{
    char path[sizeof e->path];
    int line = 0;
    snprintf(path, sizeof path, "%s", e->path);
    for (size_t n = strlen(path); n > 0 && !line; path[--n] = '\0')
        if (e->path[n] == '\0' || strchr(".[", e->path[n]))
            line = yaml_line(x->lines, json_path(x->tree, path));
    return line ? err_at(e, "%s, line %d", x->path, line) : err_at(e, "%s", x->path);
}

/* Rule i says something that cannot be meant. */
static bool refuse_rule_at(int i, const char *member, const char *text, struct err *e)
{
    char path[sizeof e->path];
    snprintf(path, sizeof path, "rules[%d]%s%s", i, *member ? "." : "", member);
    return err_set(e, ERR_ARGS, "%s", text) || err_about(e, path);
}

/* An error of a part that was checked on its own. */
static bool refuse_part(int i, const char *member, const struct err *why, struct err *e)
{
    char path[sizeof e->path];
    snprintf(path, sizeof path, "rules[%d].%s%s%.100s", i, member, *why->path ? "." : "",
             why->path);
    err_set(e, ERR_ARGS, "rules[%d].%s: %s", i, member, why->text);
    snprintf(e->path, sizeof e->path, "%s", path);
    return false;
}

/* -- what may stand in `when` ------------------------------------------------------------------ */

static const struct field *when_rows(struct arena *a)
{
    struct field *rows = arena_array(a, struct field, PREDICATES_MAX + 1);
    int n = 0;
    for (const struct predicate *p = predicates; p->holds; p++)
        rows[n++] = p->field;
    return rows;
}

static bool fits_word(const char *pattern, const char *words)
{
    char word[TEXT_WORD];
    for (const char *rest = words; text_word_next(&rest, word);)
        if (predicate_fits(pattern, word))
            return true;
    return false;
}

static bool fits_gateway(const char *pattern, const struct config *c)
{
    for (int i = 0; c->gateways && c->gateways[i]; i++) {
        const struct config *g = c->gateways[i];
        if ((g->name && predicate_fits(pattern, g->name)) ||
            (g->gateway_url && predicate_fits(pattern, g->gateway_url)))
            return true;
    }
    return !c->gateway_url; /* a process without one, that looks at the file only */
}

static bool fits_person(const char *pattern, const struct config *c)
{
    for (const struct config_person *p = c->people; p && p->name; p++)
        if (predicate_fits(pattern, p->name))
            return true;
    for (const struct config_alert *s = c->alerts; s && s->name; s++)
        if (predicate_fits(pattern, s->self.name))
            return true;
    return false;
}

/* Is the rule about what only reads? Rules are about changes, unless they say otherwise. */
static bool is_about_reads(const cJSON *when)
{
    return json_find_text(json_get(when, "risk"), "read") != NULL;
}

static bool is_about_changes(const cJSON *when)
{
    return !is_about_reads(when) || json_count(json_get(when, "risk")) > 1;
}

static bool are_known_tools(const struct reader *x, int i, const cJSON *when, struct err *e)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, json_get(x->words ? when : NULL, "tool"))
    {
        const char *is = p->valuestring;
        bool plans = fits_word(is, x->words->plans), reads = fits_word(is, x->words->reads);
        if ((plans && is_about_changes(when)) || (reads && is_about_reads(when)))
            continue;
        const char *why = reads   ? "'%.80s' only reads: add risk: read"
                          : plans ? "'%.80s' plans a change, and risk says read"
                                  : "no tool that plans or reads is called '%.80s'";
        return refuse_rule_at(i, "when.tool", arena_printf(x->a, why, is), e);
    }
    return true;
}

/* Each pattern fits something that there is, or it is misspelt. */
static bool are_known(const struct reader *x, int i, const cJSON *when, struct err *e)
{
    const cJSON *p;
    const char *kinds = x->words ? x->words->kinds : NULL;
    cJSON_ArrayForEach(p, json_get(is_about_reads(when) ? NULL : when, "requester"))
    {
        if (!fits_person(p->valuestring, x->config))
            return refuse_rule_at(
                i, "when.requester",
                arena_printf(x->a, "nobody of `people` is called '%.80s'", p->valuestring), e);
    }
    cJSON_ArrayForEach(p, json_get(when, "kind"))
    {
        if (kinds && !fits_word(p->valuestring, kinds))
            return refuse_rule_at(
                i, "when.kind", arena_printf(x->a, "no kind is called '%.80s'", p->valuestring), e);
    }
    cJSON_ArrayForEach(p, json_get(when, "gateway"))
    {
        if (!fits_gateway(p->valuestring, x->config))
            return refuse_rule_at(i, "when.gateway",
                                  arena_printf(x->a,
                                               "'%.80s' is neither name nor URL of a gateway here",
                                               p->valuestring),
                                  e);
    }
    return true;
}

static bool are_good_hours(int i, const cJSON *w, struct err *e)
{
    const char *from = json_str(w, "from"), *to = json_str(w, "to");
    if (!from && !to)
        return true;
    if (!from || !to || zone_minutes(from) < 0 || zone_minutes(to) < 0 || !strcmp(from, "24:00"))
        return refuse_rule_at(i, "when.window", "give both from and to, each as HH:MM", e);
    return strcmp(from, to) || refuse_rule_at(i, "when.window", "from and to are the same", e);
}

static bool are_good_dates(int i, const cJSON *w, struct err *e)
{
    const char *since = json_str(w, "since"), *until = json_str(w, "until");
    double from = when_parse_exact(since), to = when_parse_exact(until);
    if ((since && !from) || (until && !to))
        return refuse_rule_at(i, "when.window",
                              "since and until are times with their zone, like "
                              "2026-12-24T18:00:00+01:00",
                              e);
    return !since || !until || from < to ||
           refuse_rule_at(i, "when.window", "ends before it begins", e);
}

static bool is_good_window(const struct reader *x, int i, const cJSON *w, struct err *e)
{
    const char *zone = json_str(w, "zone");
    if (!w->child)
        return refuse_rule_at(i, "when.window", "is empty", e);
    if (zone && !zone_is_known(zone))
        return refuse_rule_at(
            i, "when.window.zone",
            arena_printf(x->a, "there is no time zone '%.60s' on this machine", zone), e);
    return are_good_hours(i, w, e) && are_good_dates(i, w, e);
}

static bool is_good_size(int i, const char *member, const cJSON *size, struct err *e)
{
    const char *share = json_str(size, "share");
    if (size && !size->child)
        return refuse_rule_at(i, member, "is empty", e);
    return !share || predicate_share(share) >= 0 ||
           refuse_rule_at(i, member, "share is per cent, like 20 %", e);
}

/* More than one number and at most another: there is none. */
static bool excludes(const cJSON *over, const cJSON *within, const char *member)
{
    double least = json_num(over, member, -1), most = json_num(within, member, -1);
    return least >= 0 && most >= 0 && least >= most;
}

static bool are_good_sizes(int i, const cJSON *when, struct err *e)
{
    const cJSON *over = json_get(when, "over"), *within = json_get(when, "within");
    if (!is_good_size(i, "when.over", over, e) || !is_good_size(i, "when.within", within, e))
        return false;
    if (excludes(over, within, "objects") || excludes(over, within, "routes"))
        return refuse_rule_at(i, "when", "over and within leave nothing between them", e);
    return true;
}

/* What only reads has no objects, no size, no age and nobody who decides. */
static bool holds_for_reads(int i, const cJSON *when, struct err *e)
{
    static const char *const never[] = { "kind", "name", "channel", "over", "older_than", NULL };
    for (int k = 0; never[k] && !is_about_changes(when); k++)
        if (json_get(when, never[k]))
            return refuse_rule_at(i, "when",
                                  "kind, name, channel, over and older_than never hold "
                                  "for what only reads (risk: read)",
                                  e);
    return true;
}

static bool is_good_when(const struct reader *x, int i, const cJSON *when, struct err *e)
{
    const cJSON *window = json_get(when, "window"), *age = json_get(when, "older_than");
    if (age && predicate_seconds(age->valuestring) < 0)
        return refuse_rule_at(i, "when.older_than", "is a time like 90s, 15m, 2h or 1d", e);
    if ((json_get(when, "role") || json_get(when, "requester")) && !x->config->people)
        return refuse_rule_at(i, "when", "role and requester need `people` in the configuration",
                              e);
    return are_known_tools(x, i, when, e) && are_known(x, i, when, e) &&
           holds_for_reads(i, when, e) && are_good_sizes(i, when, e) &&
           (!window || is_good_window(x, i, window, e));
}

static bool take_when(const struct reader *x, int i, cJSON *given, struct rule *r, struct err *e)
{
    struct err why = { 0 };
    cJSON *when = json_get(given, "when");
    if (!when)
        return true;
    if (!cJSON_IsObject(when) || !when->child)
        return refuse_rule_at(i, "when", "is a mapping of predicates; leave it out to mean always",
                              e);
    spread_words(x->a, when, when_rows(x->a));
    if (!field_check(when_rows(x->a), when, &why))
        return refuse_part(i, "when", &why, e);
    r->when = when;
    return is_good_when(x, i, when, e);
}

/* -- what may stand in `then` ------------------------------------------------------------------ */

static unsigned channel_bits(const cJSON *words)
{
    unsigned bits = 0;
    const cJSON *w;
    cJSON_ArrayForEach(w, words) bits |= 1u << channel_by_word(w->valuestring);
    return bits;
}

/* How many people could say yes to that. */
static int deciders(const struct config *c, unsigned roles)
{
    int n = 0;
    for (const struct config_person *p = c->people; p && p->name; p++)
        n += (p->roles & roles) != 0;
    return n;
}

static bool take_ask(const struct reader *x, int i, const cJSON *ask, struct rule *r, struct err *e)
{
    const cJSON *role;
    struct ruling *k = &r->asks;
    k->channels = channel_bits(json_get(ask, "channels"));
    k->count = (int)json_num(ask, "count", 1);
    k->not_requester = json_true(ask, "not_requester");
    cJSON_ArrayForEach(role, json_get(ask, "roles")) k->roles |=
        config_role_named(role->valuestring);
    if (k->count == 1 && !k->roles && !k->not_requester)
        return true;
    if (!x->config->people)
        return refuse_rule_at(i, "then.ask",
                              "count, roles and not_requester compare people: give `people` in the "
                              "configuration",
                              e);
    int able = deciders(x->config, k->roles ? k->roles : (unsigned)(ROLE_APPROVER | ROLE_ADMIN));
    return able >= k->count ||
           refuse_rule_at(
               i, "then.ask",
               arena_printf(x->a, "%d must agree, and %d may: see `people`", k->count, able), e);
}

static bool take_then(const struct reader *x, int i, const cJSON *given, struct rule *r,
                      struct err *e)
{
    cJSON *then = json_get(given, "then");
    const char *word = cJSON_IsString(then) ? then->valuestring : NULL;
    struct err why = { 0 };
    r->asks.count = 1;
    r->asks.object = -1;
    if (word && text_has_word(answers, word)) {
        r->never = !strcmp(word, "never");
        r->says = r->never ? POLICY_DENY : (enum policy)(text_word_place(answers, word) - 1);
        return r->says != POLICY_GO || !json_get(r->when, "channel") ||
               refuse_rule_at(i, "then", "auto is decided by nobody, so by no channel", e);
    }
    if (!cJSON_IsObject(then))
        return refuse_rule_at(i, "then", "is one of deny, dry_run, ask, auto, never, or {ask: {…}}",
                              e);
    r->says = POLICY_ASK;
    if (cJSON_IsObject(json_get(then, "ask")))
        spread_words(x->a, json_get(then, "ask"), ask_rows);
    if (!field_check(then_rows, then, &why))
        return refuse_part(i, "then", &why, e);
    return take_ask(x, i, json_get(then, "ask"), r, e);
}

/* -- the file ---------------------------------------------------------------------------------- */

/* A `never` is looked at before all others, and what is about freezes while one holds. */
static bool is_reached(const struct reader *x, int i, const struct rule *rules, struct err *e)
{
    bool before_others = rules[i].never || cJSON_IsTrue(json_get(rules[i].when, "frozen"));
    for (int k = 0; k < i && !before_others; k++)
        if (!rules[k].when)
            return refuse_rule_at(
                i, "", arena_printf(x->a, "is never reached: '%.80s' always holds", rules[k].name),
                e);
    return true;
}

/* Nobody is asked whether something may be read. */
static bool is_answer_for_reads(int i, const struct rule *r, struct err *e)
{
    return !is_about_reads(r->when) || is_about_changes(r->when) || r->says == POLICY_DENY ||
           r->says == POLICY_GO ||
           refuse_rule_at(i, "then", "what only reads is denied or let through (deny, never, auto)",
                          e);
}

static bool take_rule(const struct reader *x, int i, cJSON *given, struct rule *rules,
                      struct err *e)
{
    struct rule *r = &rules[i];
    r->name = json_str(given, "name");
    r->line = yaml_line(x->lines, given);
    for (int k = 0; k < i; k++) {
        if (!strcmp(rules[k].name, r->name))
            return refuse_rule_at(i, "name", "is that of an earlier rule", e);
    }
    if (!strcmp(r->name, "freeze") || !strcmp(r->name, "mode"))
        return refuse_rule_at(i, "name", "is what a freeze, or the mode, goes by", e);
    return take_when(x, i, given, r, e) && take_then(x, i, given, r, e) &&
           is_answer_for_reads(i, r, e) && is_reached(x, i, rules, e);
}

static struct rules *bind_rules(const struct reader *x, struct err *e)
{
    cJSON *list = json_get(x->tree, "rules");
    struct rules *all = arena_make(x->a, struct rules);
    struct rule *rules = arena_array(x->a, struct rule, json_count(list) + 1);
    if (cJSON_IsFalse(json_get(x->tree, "mode"))) /* how YAML reads a bare off */
        json_set_str(x->a, x->tree, "mode", "off");
    if (!field_check(file_rows, x->tree, e))
        return NULL;
    for (cJSON *given = list->child; given; given = given->next)
        if (!take_rule(x, all->count++, given, rules, e))
            return NULL;
    all->path = x->path;
    all->mode = (enum rules_mode)text_word_place(RULES_MODES, json_str(x->tree, "mode"));
    all->rules = rules;
    all->cases = json_get(x->tree, "cases");
    return all;
}

const struct rules *rules_parse(struct arena *a, const struct config *c,
                                const struct rules_words *words, const char *path, const char *yaml,
                                size_t n, struct err *e)
{
    struct reader x = { .a = a, .config = c, .words = words, .path = arena_strdup(a, path) };
    x.tree = yaml_parse_lines(a, yaml, n, &x.lines, e);
    if (e->kind != ERR_NONE)
        return err_at(e, "%s", path), NULL;
    if (!cJSON_IsObject(x.tree))
        return err_set(e, ERR_ARGS, "%s, line 1: a policy is a mapping of mode and rules", path),
               NULL;
    struct rules *r = bind_rules(&x, e);
    if (r)
        r->digest = crypto_sha256_hex(a, yaml, n);
    else
        at_line(&x, e);
    return r;
}

/* Beside the configuration, unless it says where. */
static const char *policy_path(struct arena *a, const struct config *c)
{
    const char *slash = c->file ? strrchr(c->file, '/') : NULL;
    return c->policy_file[0] == '/' || !slash
               ? c->policy_file
               : arena_printf(a, "%.*s/%s", (int)(slash - c->file), c->file, c->policy_file);
}

const struct rules *rules_read(struct arena *a, const struct config *c,
                               const struct rules_words *words, struct err *e)
{
    if (!c->policy_file)
        return NULL;
    size_t n = 0;
    const char *path = policy_path(a, c);
    /* Whoever can write it decides what is approved: a plain file that only its owner writes. */
    char *yaml = file_read_secret(a, path, FILE_MAX, &n, e);
    return yaml ? rules_parse(a, c, words, path, yaml, n, e) : NULL;
}

/* -- a rule held against a wish ------------------------------------------------------------------
 */

bool rules_hold(const struct rule *r, const struct wish *w, int object)
{
    const struct wish_object *o = object >= 0 && object < w->count ? &w->objects[object] : NULL;
    const cJSON *wanted;
    if (w->risk == READ && !json_get(r->when, "risk"))
        return false; /* rules are about changes, unless they say otherwise */
    cJSON_ArrayForEach(wanted, r->when)
    {
        const struct predicate *p = predicate_find(wanted->string);
        if (!p || !p->holds(wanted, w, o))
            return false;
    }
    return true;
}
