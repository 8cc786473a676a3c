/* diagnose_predicate.c - the conditions of a route, one by one, on one line of the log. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_predicate_private.h"
#include "diagnose/diagnose_private.h"
#include "rule/route_match.h"
#include "rule/route_read.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* -- hosts -------------------------------------------------------------------------------------
 */
enum { EXACT_HOST = 10000 };

static int domain_takes(const char *domain, const char *host)
{
    size_t d = strlen(domain), h = strcspn(host, ":");

    if (!strcmp(domain, "*"))
        return 1;
    if (domain[0] == '*')
        return h >= d && !strncasecmp(host + h - (d - 1), domain + 1, d - 1) ? (int)d : 0;
    d = strcspn(domain, ":");
    return d == h && !strncasecmp(domain, host, h) ? EXACT_HOST : 0;
}

int predicate_host(const cJSON *domains, const char *host)
{
    const cJSON *d;
    int best = 0;

    cJSON_ArrayForEach(d, domains)
    {
        int fit = cJSON_IsString(d) ? domain_takes(d->valuestring, host) : 0;
        best = fit > best ? fit : best;
    }
    return best;
}

/* -- paths -------------------------------------------------------------------------------------
 */
static bool under(const char *path, size_t n, const char *prefix, bool exact_case)
{
    size_t p = strlen(prefix);

    return n >= p && !(exact_case ? strncmp(path, prefix, p) : strncasecmp(path, prefix, p));
}

/* The path alone, as rule/route_match.h takes it: an expression tried as Envoy tries it. */
static bool envoy_rule_takes(struct route_rule rule, const char *path)
{
    struct arena *a = arena_new_small();
    const struct route_request request = { .method = "",
                                           .path = arena_strndup(a, path, strcspn(path, "?#")) };
    rule.methods = NULL;
    rule.header_count = rule.query_count = 0;
    bool takes = route_match(a, &rule, &request).fault == ROUTE_TAKES;
    arena_free(a);
    return takes;
}

static bool expression_takes(const char *pattern, const char *path)
{
    return envoy_rule_takes((struct route_rule){ .type = ROUTE_REGEX, .path = pattern }, path);
}

static bool is_off(const cJSON *o, const char *member)
{
    return cJSON_IsFalse(json_get(o, member));
}

bool predicate_path(const cJSON *match, const char *path)
{
    size_t n = strcspn(path, "?#");
    bool exact_case = !is_off(match, "case_sensitive");
    const char *exact = json_str(match, "path");
    const char *prefix = json_str(match, "prefix");
    const char *separated = json_str(match, "path_separated_prefix");

    if (exact)
        return strlen(exact) == n && under(path, n, exact, exact_case);
    if (prefix)
        return under(path, n, prefix, exact_case);
    return separated && envoy_rule_takes((struct route_rule){ .type = ROUTE_PREFIX,
                                                              .path = separated,
                                                              .written = separated,
                                                              .ignores_case = !exact_case },
                                         path);
}

/* -- what is not met, in words -------------------------------------------------------------------
 */
struct judge {
    struct arena *a;
    const struct fact_row *row;
    struct predicate_fit fit;
};

/* Words are made only for the route that comes nearest: there are many routes. */
__attribute__((format(printf, 4, 5))) static void fails(struct judge *j, enum predicate p,
                                                        bool unseen, const char *format, ...)
{
    va_list args;

    if (unseen)
        j->fit.unseen |= p;
    else
        j->fit.failed |= p;
    if (!j->a)
        return;
    va_start(args, format);
    const char *want = arena_vprintf(j->a, format, args);
    va_end(args);
    j->fit.wants = j->fit.wants ? arena_printf(j->a, "%s; %s", j->fit.wants, want) : want;
}

static const char *judge_shown(const struct judge *j, const char *text)
{
    return j->a ? text_clean(j->a, text, 80) : "";
}

/* "GET|POST", perhaps in brackets, has the method as one of its words. */
static bool has_method(const char *words, const char *method)
{
    size_t n = strlen(method);

    for (const char *p = words; *p;) {
        size_t w = strcspn(p, "|(),^$ ");
        if (w == n && !strncasecmp(p, method, n))
            return true;
        p += w + (p[w] != '\0');
    }
    return false;
}

static void judge_method(struct judge *j, const char *words)
{
    if (!strcmp(j->row->method, "-"))
        fails(j, PREDICATE_METHOD, true, "only %s", judge_shown(j, words));
    else if (!has_method(words, j->row->method))
        fails(j, PREDICATE_METHOD, false, "only %s; this was %s", judge_shown(j, words),
              judge_shown(j, j->row->method));
}

/* Values are not told: whether they are secret is for the object's mask to say (get_resource). */
static void judge_header(struct judge *j, const char *name, bool without)
{
    fails(j, PREDICATE_HEADER, true,
          "only with%s the header %s as it wants it, which the log does not hold",
          without ? "out" : "", judge_shown(j, name));
}

/* Is there a parameter of that name? Its value is hidden. */
static bool has_parameter(const char *path, const char *name)
{
    const char *query = strchr(path, '?');
    size_t n = strlen(name);

    for (const char *p = query; p && *p;) {
        p++;
        if (!strncmp(p, name, n) && strchr("=&", p[n]))
            return true;
        p = strchr(p, '&');
    }
    return false;
}

static void judge_parameter(struct judge *j, const char *name)
{
    bool there = has_parameter(j->row->path, name);

    fails(j, PREDICATE_QUERY, there, "only with the parameter %s%s", judge_shown(j, name),
          there ? " as it wants it, whose value the log hides" : "; this had none");
}

static void judge_path_predicate(struct judge *j, bool takes, const char *how, const char *value)
{
    j->fit.literal = value;
    if (!takes)
        fails(j, PREDICATE_PATH, false, "only paths %s %s", how, judge_shown(j, value));
}

static void judge_expression(struct judge *j, const char *pattern)
{
    judge_path_predicate(j, expression_takes(pattern, j->row->path), "like", pattern);
}

/* -- Envoy's match -------------------------------------------------------------------------------
 */
/* The method or the methods that a matcher compares with. */
static const char *matcher_words(const cJSON *matcher)
{
    const cJSON *text = json_get(matcher, "string_match");
    const char *exact = json_str(text, "exact");
    const char *regex = json_str(json_get(text, "safe_regex"), "regex");

    return exact ? exact : regex ? regex : "";
}

static void judge_envoy_header(struct judge *j, const cJSON *header)
{
    const char *name = json_str(header, "name");

    if (name && !strcmp(name, ":method") && !json_true(header, "invert_match"))
        judge_method(j, matcher_words(header));
    else if (name)
        judge_header(j, name, json_true(header, "invert_match"));
}

struct predicate_fit predicate_match(struct arena *a, const cJSON *match, const struct fact_row *r)
{
    struct judge j = { .a = a, .row = r, .fit = { .literal = "" } };
    const char *exact = json_str(match, "path"), *prefix = json_str(match, "prefix");
    const char *separated = json_str(match, "path_separated_prefix");
    const char *regex = json_str(json_get(match, "safe_regex"), "regex");
    const char *literal = exact ? exact : prefix ? prefix : separated;
    const cJSON *o;

    if (literal)
        judge_path_predicate(&j, predicate_path(match, r->path), exact ? "equal to" : "under",
                             literal);
    else
        judge_expression(&j, regex ? regex : "");
    cJSON_ArrayForEach(o, json_get(match, "headers")) judge_envoy_header(&j, o);
    cJSON_ArrayForEach(o, json_get(match, "query_parameters"))
    {
        if (json_str(o, "name"))
            judge_parameter(&j, json_str(o, "name"));
    }
    return j.fit;
}

/* -- the console's route -------------------------------------------------------------------------
 */
static void judge_console_path(struct judge *j, const cJSON *route)
{
    struct arena *a = arena_new_small();
    struct route_rule rule;
    static const char *const how[] = { "equal to", "under", "like" };

    route_read(a, route, &rule);
    judge_path_predicate(j, envoy_rule_takes(rule, j->row->path), how[rule.type],
                         json_text(json_get(route, "path"), "matchValue"));
    arena_free(a);
}

static void judge_console_methods(struct judge *j, const cJSON *methods)
{
    char words[200] = "";
    const cJSON *m;

    cJSON_ArrayForEach(m, methods)
    {
        size_t n = strlen(words);
        if (cJSON_IsString(m))
            snprintf(words + n, sizeof words - n, "%s%s", n ? "|" : "", m->valuestring);
    }
    if (*words)
        judge_method(j, words);
}

struct predicate_fit predicate_console(struct arena *a, const cJSON *route,
                                       const struct fact_row *r)
{
    struct judge j = { .a = a, .row = r, .fit = { .literal = "" } };
    const cJSON *domains = json_get(route, "domains"), *o;

    if (json_count(domains) > 0 && !predicate_host(domains, r->authority))
        fails(&j, PREDICATE_HOST, false, "only other hosts");
    judge_console_path(&j, route);
    judge_console_methods(&j, json_get(route, "methods"));
    cJSON_ArrayForEach(o, json_get(route, "headers")) judge_header(&j, json_text(o, "key"), false);
    cJSON_ArrayForEach(o, json_get(route, "urlParams")) judge_parameter(&j, json_text(o, "key"));
    return j.fit;
}
