/* mask_leaf.c - one value by its rule. */
#include "base/arena.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "mask/mask.h"
#include "mask/mask_walk_private.h"
#include <ctype.h>
#include <strings.h>

enum { SHORT_NUMBER = 10 /* digits; fewer are no credential */, LEAST = 3 /* bytes */ };

/* A value is hidden. */
static void note_hidden(struct mask_walk *w, const char *value)
{
    if (w->found)
        secret_set_add(w->found, value);
    if (w->learns)
        secret_learn(value);
}

void mask_hide(struct mask_walk *w, cJSON *leaf)
{
    if (!cJSON_IsString(leaf) && !cJSON_IsNumber(leaf))
        return;
    char *text = cJSON_IsString(leaf) ? leaf->valuestring : json_print(w->arena, leaf);
    if (secret_is_mask(text) || mask_is_placeholder(text))
        return;
    note_hidden(w, text);
    leaf->type = cJSON_String;
    leaf->valuestring = secret_mask(w->arena, text);
}

/* The pieces of `was` that fingerprints stand for in `is`. */
static void collect_pieces(struct mask_walk *w, const char *was, const char *is)
{
    for (const char *at; (at = secret_find_mask(is));) {
        was += at - is; /* what stands before it is the same in both */
        const char *behind = secret_mask_end(at), *next = secret_find_mask(behind);
        char *between =
            arena_strndup(w->arena, behind, next ? (size_t)(next - behind) : strlen(behind));
        const char *end = *between ? strstr(was, between) : was + strlen(was);
        if (!end)
            return;
        note_hidden(w, arena_strndup(w->arena, was, (size_t)(end - was)));
        was = end;
        is = behind;
    }
}

void mask_show(struct mask_walk *w, cJSON *leaf, const char *text)
{
    if ((w->found || w->learns) && strcmp(text, leaf->valuestring) != 0)
        collect_pieces(w, leaf->valuestring, text);
    leaf->valuestring = (char *)text;
}

/* -- what no table knows ---------------------------------------------------------------------- */

static bool is_plain_number(const char *s)
{
    size_t n = strlen(s), digits = strspn(s, "0123456789");
    return n < SHORT_NUMBER && digits > 0 && strspn(s, "0123456789.%") == n;
}

static bool is_duration(const char *s)
{
    static const char *const units[] = { "ms", "s", "m", "h", "d", "us", "ns" };
    size_t n = strspn(s, "0123456789.");
    for (size_t i = 0; n > 0 && n < SHORT_NUMBER && i < sizeof units / sizeof *units; i++)
        if (!strcmp(s + n, units[i]))
            return true;
    return false;
}

static bool is_flag(const char *s)
{
    static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "null" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(s, words[i]))
            return true;
    return false;
}

static void hide_unknown(struct mask_walk *w, cJSON *leaf, const char *name)
{
    if (cJSON_IsNumber(leaf)) {
        if (mask_name_is_weighty(name) || strlen(json_print(w->arena, leaf)) >= SHORT_NUMBER)
            mask_hide(w, leaf);
        return;
    }
    const char *s = leaf->valuestring;
    bool shown = strlen(s) < LEAST || is_plain_number(s) || is_duration(s) || is_flag(s) ||
                 (!w->strict && secret_is_public(s));
    if (!shown || mask_name_is_weighty(name))
        mask_hide(w, leaf);
    else
        mask_show(w, leaf, mask_shapes(w->arena, s));
}

/* -- by a name -------------------------------------------------------------------------------- */

/* "Bearer {{.config.key}}": what is filled in later is no secret; what stands around it may be. */
static bool is_whole_template(const char *s)
{
    static const char *const schemes[] = { "Bearer ", "Basic ", "APPCODE " };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        s += text_starts(s, schemes[i]) ? strlen(schemes[i]) : 0;
    while (text_starts(s, "{{")) {
        const char *end = strstr(s, "}}");
        if (!end || strpbrk(s, "\"'`") < end)
            return end && !strpbrk(s, "\"'`") && !end[2];
        s = end + 2;
    }
    return !*s;
}

/* What is left of a text that is not hidden whole. */
static const char *readable_rest(struct arena *a, const char *s, enum mask_rule rule)
{
    bool pairs = strlen(s) > 8 && strpbrk(s, ":="); /* a header or JSON in a harmless text */
    switch (rule) {
    case MASK_URL:
        return mask_url(a, s);
    case MASK_DSN:
        return mask_dsn(a, s);
    case MASK_LINE:
        return mask_line(a, s);
    case MASK_PEM:
        return mask_pem(a, s);
    default:
        return rule == MASK_TEXT || pairs ? mask_text(a, s) : mask_shapes(a, s);
    }
}

static void by_rule(struct mask_walk *w, cJSON *leaf, enum mask_rule rule)
{
    const char *s = cJSON_IsString(leaf) ? leaf->valuestring : NULL;
    if (rule == MASK_HIDE) {
        if (!s || !is_whole_template(s))
            mask_hide(w, leaf);
        return;
    }
    if (!s)
        return;
    mask_show(w, leaf, readable_rest(w->arena, s, rule));
}

/* rule: what the name alone says. */
static void mask_by_name(struct mask_walk *w, cJSON *leaf, enum mask_rule rule, const char *name)
{
    by_rule(w, leaf, cJSON_IsString(leaf) ? mask_weigh(rule, name, leaf->valuestring) : rule);
}

/* The text at "target.name" of the nearest object. */
static const char *beside(const struct mask_place *up, const char *path)
{
    const cJSON *named = up->object ? json_path(up->object, path) : NULL;
    return named && cJSON_IsString(named) ? named->valuestring : NULL;
}

static void by_sibling(struct mask_walk *w, cJSON *leaf, const struct mask_place *up,
                       const char *with)
{
    bool parameter = *with == '?';
    const char *name = beside(up, with + parameter);
    const char *type = json_str(up->object, "conditionType");
    if (!name || !*name) {
        if (cJSON_IsString(leaf))
            hide_unknown(w, leaf, up->name);
        return;
    }
    parameter = parameter || (type && !strcmp(type, "parameter"));
    if (type && !strcmp(type, "cookie"))
        by_rule(w, leaf, mask_cookie_is_shown(name) ? MASK_SHOW : MASK_HIDE);
    else
        mask_by_name(w, leaf, parameter ? mask_query_rule(name) : mask_header_rule(name), name);
}

/* {"key":"Authorization","value":"…"}, wherever it stands. */
static bool is_pair_value(const struct mask_place *up)
{
    const char *key = beside(up, "key");
    key = key ? key : beside(up, "name");
    return key && up->name && text_starts(up->name, "value") && mask_header_is_secret(key);
}

static void by_own_name(struct mask_walk *w, cJSON *leaf, const struct mask_place *up)
{
    bool secret = mask_member_rule(up->name) == MASK_HIDE || is_pair_value(up);
    if (cJSON_IsNumber(leaf)) {
        if (mask_name_is_weighty(up->name) ||
            (secret && strlen(json_print(w->arena, leaf)) >= SHORT_NUMBER))
            mask_hide(w, leaf);
        return;
    }
    mask_by_name(w, leaf, secret ? MASK_HIDE : MASK_TEXT, up->name);
}

static bool is_known_annotation(const char *annotation)
{
    struct annotation_name n = annotation_split(annotation);
    return (n.name && !n.disabled) || text_starts(annotation, "kubernetes.io/");
}

static void by_annotation(struct mask_walk *w, cJSON *leaf, const struct mask_place *up)
{
    const char *with, *slash = strrchr(up->name, '/');
    enum mask_rule rule = mask_annotation_rule(up->name, &with);
    if (with) {
        rule = strstr(up->name, "-query-") ? mask_query_rule(with) : mask_header_rule(with);
        mask_by_name(w, leaf, rule, with);
        return;
    }
    if (rule == MASK_KEY) /* of a canary, by the header that another annotation names */
        rule = MASK_HIDE;
    else if (rule == MASK_TREE)
        rule = MASK_HIDE; /* the whole object once more */
    else if (rule == MASK_SHOW && mask_member_rule(slash ? slash + 1 : up->name) == MASK_HIDE)
        rule = MASK_HIDE;
    else if (rule == MASK_SHOW && !is_known_annotation(up->name))
        rule = MASK_UNKNOWN;
    if (rule == MASK_UNKNOWN)
        hide_unknown(w, leaf, up->name);
    else
        by_rule(w, leaf, rule);
}

/* -- rate limits, settings of MCP servers ----------------------------------------------------- */

static const char *limit_by(const struct mask_place *up, const char *what)
{
    for (; up; up = up->up)
        for (const cJSON *c = up->object ? up->object->child : NULL; c; c = c->next)
            if (cJSON_IsString(c) && text_starts(c->string, "limit_by_") &&
                text_ends(c->string, what) && c->valuestring[0])
                return c->valuestring;
    return NULL;
}

static void by_limit(struct mask_walk *w, cJSON *leaf, const struct mask_place *up)
{
    const char *header = limit_by(up, "header"), *parameter = limit_by(up, "param");
    const char *cookie = limit_by(up, "cookie");
    bool secret = (header && mask_header_is_secret(header)) ||
                  (parameter && mask_query_is_secret(parameter)) ||
                  (cookie && !mask_cookie_is_shown(cookie));
    const char *s = cJSON_IsString(leaf) ? leaf->valuestring : "";
    by_rule(w, leaf, secret && strcmp(s, "*") && strcmp(s, "regexp:.*") ? MASK_HIDE : MASK_SHOW);
}

static void by_setting(struct mask_walk *w, cJSON *leaf, const char *name)
{
    static const char *const shown[] = { "host",  "domain", "region",  "version",
                                         "model", "lang",   "timeout", "format" };
    if (!strcasecmp(name, "baseUrl") || !strcasecmp(name, "url")) {
        by_rule(w, leaf, MASK_URL);
        return;
    }
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (!strcasecmp(name, shown[i])) {
            by_rule(w, leaf, MASK_SHOW);
            return;
        }
    if (cJSON_IsString(leaf) && !is_whole_template(leaf->valuestring))
        mask_hide(w, leaf);
}

static bool has_nothing_to_hide(const cJSON *leaf)
{
    if (cJSON_IsString(leaf))
        return !leaf->valuestring[0] || secret_is_mask(leaf->valuestring);
    return !cJSON_IsNumber(leaf);
}

void mask_leaf(struct mask_walk *w, const struct mask_at *at, cJSON *leaf,
               const struct mask_place *up)
{
    const struct mask_row *row = at->row;
    enum mask_rule rule = row ? row->rule : MASK_UNKNOWN;
    if (has_nothing_to_hide(leaf))
        return;
    if (rule == MASK_UNKNOWN || rule == MASK_PLUGIN || rule == MASK_TREE)
        hide_unknown(w, leaf, up->name);
    else if (rule == MASK_NAMED)
        by_sibling(w, leaf, up, row->with);
    else if (rule == MASK_KEY)
        by_own_name(w, leaf, up);
    else if (rule == MASK_ANNOTATION)
        by_annotation(w, leaf, up);
    else if (rule == MASK_LIMIT)
        by_limit(w, leaf, up);
    else if (rule == MASK_CONFIG)
        by_setting(w, leaf, up->name);
    else if (rule == MASK_HIDE)
        mask_hide(w, leaf);
    else
        by_rule(w, leaf, rule);
}
