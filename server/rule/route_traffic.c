/* route_traffic.c - looks at what a route says and the gateway reads otherwise: methods,
 * predicates, rewrites, redirects, services, retries, headers, origins (annotations.md 2, 4, 6, 7).
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "kind/kind.h"
#include "rule/route_look_private.h"
#include <ctype.h>
#include <string.h>

/* -- which requests --------------------------------------------------------------------------- */

static bool is_method(const char *s)
{
    static const char *const known[] = { "GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                         "CONNECT", "OPTIONS", "TRACE", "PATCH" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (text_equal_nocase(known[i], s))
            return true;
    return false;
}

static void look_at_methods(struct look *l, bool all, const char *what)
{
    const cJSON *list = json_get(l->tree, "methods"), *m;
    int known = 0, lost = 0;
    cJSON_ArrayForEach(m, list)
    {
        bool is = cJSON_IsString(m) && is_method(m->valuestring);
        known += is;
        lost += !is;
    }
    if (lost && all == (known == 0))
        look_say(l, "methods", "%s", what);
}

void route_look_methods_all(struct look *l)
{
    look_at_methods(l, true,
                    "name no method between blanks: the route takes every method, as if none were "
                    "given");
}

void route_look_methods_some(struct look *l)
{
    look_at_methods(l, false,
                    "hold a word that is no method: it is dropped, and its requests find "
                    "another route or none");
}

static void look_at_ways(struct look *l, const cJSON *list)
{
    const cJSON *p, *q;
    int i = 0;
    cJSON_ArrayForEach(p, list)
    {
        for (q = list->child; q != p; q = q->next)
            if (!strcmp(json_text(q, "key"), json_text(p, "key")) &&
                strcmp(json_text(q, "matchType"), json_text(p, "matchType")) != 0)
                break;
        if (q != p)
            look_say(l, look_place(l, "%s[%d]", list->string, i),
                     "is a second predicate of '%s' in another way: one of the two, taken at "
                     "random at each push, is not set",
                     look_name(l, json_text(p, "key")));
        i++;
    }
}

void route_look_random_predicates(struct look *l)
{
    look_at_ways(l, route_headers(l->tree));
    look_at_ways(l, route_params(l->tree));
}

void route_look_case(struct look *l)
{
    const cJSON *path = route_path(l->tree);
    if (cJSON_IsFalse(json_get(path, "caseSensitive")) &&
        !strcmp(json_text(path, "matchType"), "REGULAR"))
        look_say(l, look_place(l, "%s.caseSensitive", path->string),
                 "does nothing for an expression; begin it with (?i)");
}

void route_look_accidental_regex(struct look *l)
{
    const cJSON *path = route_path(l->tree);
    const char *type = json_text(path, "matchType"), *full = NULL;
    const char *set = route_annotation(l->tree, "full-path-regex", &full);
    if (annotation_true(set) && strcmp(type, "REGULAR") != 0 &&
        strpbrk(json_text(path, "matchValue"), "\\.+*?()|[]{}^$"))
        look_say(l, route_place(l, full),
                 "makes an expression of a path that is not one: '.' takes any letter, and the "
                 "whole path must match");
}

/* -- rewrites and redirects ------------------------------------------------------------------- */

static bool has_group(const char *s)
{
    for (; (s = strpbrk(s, "$\\")); s++)
        if (isdigit((unsigned char)s[1]))
            return true;
    return false;
}

void route_look_literal_group(struct look *l)
{
    const char *to = json_text(route_part(l->tree, "rewrite"), "path");
    if (has_group(to) && strcmp(json_text(route_path(l->tree), "matchType"), "REGULAR") != 0)
        look_say(l, "rewrite.path",
                 "has a group, and the path is no expression: written by the console, it is taken "
                 "letter by letter");
}

/* The console shows rewrite-path and rewrite-target alike; it writes only the first. */
void route_look_foreign_rewrite(struct look *l)
{
    const char *to = json_text(route_part(l->tree, "rewrite"), "path");
    if (json_true(l->tree, "readonly") && *to && !has_group(to) &&
        !strcmp(json_text(route_path(l->tree), "matchType"), "PRE"))
        look_say(l, "rewrite.path",
                 "stands on an Ingress that the console did not make: if it says rewrite-target "
                 "there and not rewrite-path, the path is an expression without an end, '/foo/x' "
                 "becomes '//x' and a second '/foo' in it is replaced, too");
}

static bool is_url(const struct look *l, const char *name, const char **value, const char **full)
{
    const char *why;
    *value = route_annotation(l->tree, name, full);
    return *value && annotation_judge(annotation_find(name), *value, &why) == VALUE_FITS;
}

void route_look_redirects(struct look *l)
{
    const char *first, *second, *at = NULL, *other = NULL;
    if (is_url(l, "temporal-redirect", &first, &at) &&
        is_url(l, "permanent-redirect", &second, &other))
        look_say(l, route_place(l, other), "is not read beside temporal-redirect");
}

void route_look_redirect_query(struct look *l)
{
    static const char *const names[] = { "temporal-redirect", "permanent-redirect" };
    const char *value, *full = NULL;
    for (int i = 0; i < 2; i++)
        if (is_url(l, names[i], &value, &full) && strpbrk(value, "?#"))
            look_say(l, route_place(l, full),
                     "has a query, which is lost: that of the request is kept");
}

void route_look_redirect_code_unread(struct look *l)
{
    const char *full = NULL, *why = NULL;
    const char *code = route_annotation(l->tree, "permanent-redirect-code", &full);
    if (code &&
        annotation_judge(annotation_find("permanent-redirect-code"), code, &why) == VALUE_IGNORED)
        look_say(l, route_place(l, full), "%s", why);
}

/* -- services --------------------------------------------------------------------------------- */

void route_look_no_percent(struct look *l)
{
    const cJSON *s;
    int i = 0;
    cJSON_ArrayForEach(s, json_get(l->tree, "services"))
    {
        const char *name = json_text(s, "name");
        if (*name && strspn(name, "0123456789") == strlen(name))
            look_say(l, look_place(l, "services[%d].name", i),
                     "is the number %s: a weight without %%, which the gateway takes for the host; "
                     "its requests are answered 503",
                     look_name(l, name));
        i++;
    }
}

static bool has_scheme(const char *name)
{
    return text_starts(name, "http://") || text_starts(name, "https://");
}

void route_look_bad_port(struct look *l)
{
    const cJSON *s;
    int i = 0;
    cJSON_ArrayForEach(s, json_get(l->tree, "services"))
    {
        const char *name = json_text(s, "name");
        if (strchr(name, ':') && !has_scheme(name))
            look_say(l, look_place(l, "services[%d].name", i),
                     "ends with what is no port: it stays part of the host's name, and requests "
                     "are answered 503");
        i++;
    }
}

void route_look_scheme(struct look *l)
{
    const cJSON *s;
    int i = 0;
    cJSON_ArrayForEach(s, json_get(l->tree, "services"))
    {
        if (has_scheme(json_text(s, "name")))
            look_say(l, look_place(l, "services[%d].name", i),
                     "begins with a scheme, which is part of the host's name: requests are "
                     "answered 503");
        i++;
    }
}

void route_look_weight_sum(struct look *l)
{
    const cJSON *s;
    double sum = 0;
    int n = 0;
    cJSON_ArrayForEach(s, json_get(l->tree, "services"))
    {
        sum += json_num(s, "weight", 100);
        n++;
    }
    if (n > 1 && sum > 0 && sum != 100)
        look_say(l, "services",
                 "have weights that add up to %g: the second and later ones get their share of "
                 "that sum, cut to whole percents, and the first one the rest",
                 sum);
}

/* -- retries ---------------------------------------------------------------------------------- */

void route_look_retry_words(struct look *l)
{
    static const char words[] = "error|timeout|invalid_header|non_idempotent|off";
    const cJSON *list = json_get(route_part(l->tree, "proxyNextUpstream"), "conditions"), *c;
    int n = 0, known = 0;
    cJSON_ArrayForEach(c, list)
    {
        n++;
        known += cJSON_IsString(c) &&
                 (text_has_word(words, c->valuestring) || text_starts(c->valuestring, "http_"));
    }
    if (n > known)
        look_say(l, "proxyNextUpstream.conditions",
                 known ? "hold a word that is no condition (they are in small letters): it is "
                         "dropped"
                       : "hold no word that is a condition (they are in small letters): the "
                         "gateway's own ones hold, a retry on any 503 among them");
}

void route_look_retry_off(struct look *l)
{
    const cJSON *retry = route_part(l->tree, "proxyNextUpstream");
    const cJSON *attempts = json_get(retry, "attempts");
    if (cJSON_IsNumber(attempts) && attempts->valuedouble <= 0)
        look_say(l, "proxyNextUpstream.attempts",
                 "is %g: nothing is tried again (0 is without end in ingress-nginx)",
                 attempts->valuedouble);
}

void route_look_double_writes(struct look *l)
{
    const cJSON *list = json_get(route_part(l->tree, "proxyNextUpstream"), "conditions"), *c;
    bool writes = false, errors = false;
    cJSON_ArrayForEach(c, list)
    {
        const char *s = cJSON_IsString(c) ? c->valuestring : "";
        writes = writes || !strcmp(s, "non_idempotent");
        errors = errors || text_has_word("error|timeout|invalid_header", s);
    }
    if (writes && errors)
        look_say(l, "proxyNextUpstream.conditions",
                 "repeat POST, PATCH and LOCK on any 5xx answer: what the service did before it "
                 "failed is done twice");
}

/* -- headers and origins ---------------------------------------------------------------------- */

static void look_at_headers(struct look *l, const cJSON *list, const char *path)
{
    const cJSON *h, *later;
    int i = 0;
    cJSON_ArrayForEach(h, list)
    {
        const char *key = json_text(h, "key");
        for (later = h->next; later && !text_equal_nocase(json_text(later, "key"), key);)
            later = later->next;
        if (*key == ':' && !text_equal_nocase(key, ":authority"))
            look_say(l, look_place(l, "%s[%d]", path, i),
                     "'%s' is a pseudo header, which the gateway leaves as it is",
                     look_name(l, key));
        else if (later && !strcmp(json_text(later, "key"), key))
            look_say(l, look_place(l, "%s[%d]", path, i),
                     "'%s' is given again below; the last value counts", look_name(l, key));
        i++;
    }
}

void route_look_headers(struct look *l)
{
    static const char *const lists[] = { "request.add", "request.set", "response.add",
                                         "response.set" };
    const cJSON *control = route_part(l->tree, "headerControl");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        look_at_headers(l, json_path(control, lists[i]),
                        look_place(l, "headerControl.%s", lists[i]));
}

static const cJSON *origins(const struct look *l)
{
    const cJSON *cors = json_get(l->tree, "cors");
    return json_true(cors, "enabled") ? json_get(cors, "allowOrigins") : NULL;
}

void route_look_any_origin(struct look *l)
{
    const cJSON *cors = json_get(l->tree, "cors"), *o;
    bool any = json_true(cors, "enabled") && json_count(origins(l)) == 0;
    cJSON_ArrayForEach(o, origins(l)) any =
        any || (cJSON_IsString(o) && !strcmp(o->valuestring, "*"));
    if (any && !cJSON_IsFalse(json_get(cors, "allowCredentials")))
        look_say(l, "cors",
                 "lets pages of every origin read answers with the user's cookies: any origin is "
                 "allowed, and so are credentials%s",
                 json_get(cors, "allowCredentials") ? "" : ", which are on by default");
}

static bool is_any_host(const char *origin)
{
    const char *host = strstr(origin, "://");
    return host && host[3] == '*';
}

void route_look_origin_scheme(struct look *l)
{
    const cJSON *o;
    int i = 0;
    cJSON_ArrayForEach(o, origins(l))
    {
        if (cJSON_IsString(o) && is_any_host(o->valuestring))
            look_say(l, look_place(l, "cors.allowOrigins[%d]", i),
                     "is compared by the end of the host only: the scheme is not looked at, pages "
                     "over http are let in");
        i++;
    }
}

void route_look_origin_unread(struct look *l)
{
    const cJSON *o;
    int i = 0;
    cJSON_ArrayForEach(o, origins(l))
    {
        const char *s = cJSON_IsString(o) ? o->valuestring : "";
        if (strchr(s, '*') && strcmp(s, "*") != 0 && !is_any_host(s))
            look_say(l, look_place(l, "cors.allowOrigins[%d]", i),
                     "has its '*' elsewhere than at the beginning of the host and is ignored");
        i++;
    }
}

void route_look_cors_off(struct look *l)
{
    const cJSON *cors = json_get(l->tree, "cors"), *m;
    bool said = !cJSON_IsObject(cors) || cJSON_IsBool(json_get(cors, "enabled"));
    cJSON_ArrayForEach(m, (said ? NULL : cors))
    {
        if (!cJSON_IsNull(m) && (!cJSON_IsArray(m) || m->child)) {
            look_say(l, look_place(l, "cors.%s", m->string), "does nothing: CORS is not enabled");
            return;
        }
    }
}

/* -- how the service is spoken to ------------------------------------------------------------- */

void route_look_fallback(struct look *l)
{
    const char *full = NULL, *codes = route_annotation(l->tree, "custom-http-errors", &full);
    if (!codes)
        return;
    if (!route_annotation(l->tree, "default-backend", NULL)) {
        look_say(l, route_place(l, full), "does nothing without default-backend");
        return;
    }
    char **item = annotation_items(l->a, codes, ",");
    for (size_t i = 0; item[i]; i++)
        if (text_has_word("200|301|302|303|304|307|308", item[i]))
            look_say(l, route_place(l, full),
                     "names %s, which the gateway does not replace; with none left such answers "
                     "become 503",
                     look_name(l, item[i]));
}

void route_look_tls_secret(struct look *l)
{
    const char *full = NULL, *protocol = route_annotation(l->tree, "backend-protocol", NULL);
    if (route_annotation(l->tree, "proxy-ssl-secret", &full) &&
        (!protocol || text_equal_nocase(protocol, "HTTP")))
        look_say(l, route_place(l, full),
                 "does nothing without a backend-protocol other than HTTP: the service is spoken "
                 "to in clear text");
}

void route_look_tls_verify(struct look *l)
{
    const char *full = NULL;
    if (route_annotation(l->tree, "proxy-ssl-verify", &full))
        look_say(l, route_place(l, full),
                 "does nothing: whether the service's certificate is verified depends on the "
                 "release of the gateway only");
}

void route_look_tls_name(struct look *l)
{
    const char *full = NULL, *sent = route_annotation(l->tree, "proxy-ssl-server-name", NULL);
    if (route_annotation(l->tree, "proxy-ssl-name", &full) && (!sent || strcmp(sent, "on") != 0))
        look_say(l, route_place(l, full), "is not sent without proxy-ssl-server-name: on");
}

void route_look_tls(struct look *l)
{
    const char *full = NULL, *protocol = route_annotation(l->tree, "backend-protocol", &full);
    if (protocol && (text_equal_nocase(protocol, "HTTPS") || text_equal_nocase(protocol, "GRPCS")))
        look_say(l, route_place(l, full), "speaks TLS to the service");
}
