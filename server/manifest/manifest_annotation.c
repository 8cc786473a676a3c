/* manifest_annotation.c - annotations of an Ingress: each becomes what its row in the table of
 * annotations says, and a finding.
 *
 * A form of values is a row of `forms`; what needs more than its value is looked at in
 * manifest_path.c (the path and its rewrite) and manifest_finish.c (HTTPS).
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/ingress.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"
#include <ctype.h>

/* -- values ----------------------------------------------------------------------------------- */

static cJSON *texts(struct arena *a, const char *s, const char *separators)
{
    cJSON *list = json_array(a);
    char **item = annotation_items(a, s, separators);
    for (int i = 0; item[i]; i++)
        json_add_str(a, list, item[i]);
    return list;
}

static cJSON *a_list(struct arena *a, const char *s)
{
    return texts(a, s, strchr(s, ',') ? "," : " \t");
}

static cJSON *at_commas(struct arena *a, const char *s)
{
    return texts(a, s, ",");
}

static cJSON *a_bool(struct arena *a, const char *s)
{
    return json_bool(a, annotation_true(s));
}

/* Below 0 is as good as 0 to the controller, and no number to the console. */
static cJSON *a_number(struct arena *a, const char *s)
{
    long n = 0;
    annotation_int(s, &n);
    return json_number(a, n < 0 ? 0 : (double)n);
}

static cJSON *method_list(struct arena *a, const char *s)
{
    cJSON *all = texts(a, s, " "), *list = json_array(a);
    for (cJSON *m = all->child; m; m = m->next) {
        const char *why;
        for (char *c = m->valuestring; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        if (annotation_judge(annotation_find("match-method"), m->valuestring, &why) == VALUE_FITS)
            json_add_str(a, list, m->valuestring);
    }
    return list;
}

static cJSON *(*const forms[])(struct arena *a, const char *s) = {
    [IS_BOOL] = a_bool,      [IS_INT] = a_number,        [IS_COMMAS] = at_commas,
    [IS_LIST] = a_list,      [IS_METHODS] = method_list, [IS_HEADERS] = ingress_header_lines,
    [IS_TEXT] = json_string, [IS_PATH] = json_string,
};

/* -- members ---------------------------------------------------------------------------------- */

/* "headerControl.request" of the route, made where it is missing. */
static cJSON *section_of(struct ingress *in, const char *path, size_t len)
{
    char name[TEXT_WORD];
    cJSON *at = in->route;
    for (const char *end = path + len; path < end;) {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        cJSON *next = json_get(at, name);
        at = next ? next : json_set_object(in->a, at, name);
        path += n + (path[n] == '.');
    }
    return at;
}

static void set_annotated_member(struct ingress *in, const struct annotation *row,
                                 const char *value)
{
    const char *dot = strrchr(row->member, '.');
    size_t len = dot ? (size_t)(dot - row->member) : 0;
    json_set(in->a, section_of(in, row->member, len), dot ? dot + 1 : row->member,
             forms[row->value](in->a, value));
}

/* "rewrite", "proxyNextUpstream", "headerControl": the console switches them as a whole. */
static void switch_section(struct ingress *in, const struct annotation *row, bool on)
{
    size_t n = strcspn(row->member, ".");
    char *name = arena_strndup(in->a, row->member, n);
    if (text_has_word("rewrite|proxyNextUpstream|headerControl", name))
        json_set_bool(in->a, section_of(in, name, n), "enabled", on);
}

static void set_predicate(struct ingress *in, const struct annotation_predicate *is,
                          const char *value)
{
    cJSON *list = json_get(in->route, is->field);
    list = list ? list : json_set_array(in->a, in->route, is->field);
    cJSON *p = json_add(in->a, list, json_object(in->a));
    json_set_str(in->a, p, "matchType", is->type);
    json_set_str(in->a, p, "matchValue", value);
    json_set_str(in->a, p, "key", arena_printf(in->a, "%s%s", is->pseudo ? ":" : "", is->key));
}

static bool is_ingress_retry_condition(const char *word)
{
    bool status = text_starts(word, "http_") && strlen(word) == 8 &&
                  (word[5] == '4' || word[5] == '5') && strspn(word + 5, "0123456789") == 3;
    return status || text_has_word("error|timeout|invalid_header|non_idempotent", word);
}

/* Words that the gateway does not know are dropped by it, too. "off" is no retry at all. */
static void set_conditions(struct ingress *in, const char *full, const char *value)
{
    cJSON *known = json_array(in->a);
    bool off = false, lost = false;
    for (const cJSON *w = a_list(in->a, value)->child; w; w = w->next) {
        bool is = is_ingress_retry_condition(w->valuestring);
        if (is)
            json_add_str(in->a, known, w->valuestring);
        off = off || !strcmp(w->valuestring, "off");
        lost = lost || (!is && strcmp(w->valuestring, "off") != 0);
    }
    bool any = json_count(known) > 0 && !off;
    if (any)
        json_set(in->a, json_get(in->route, "proxyNextUpstream"), "conditions", known);
    if (lost)
        manifest_account(in->m, full, MANIFEST_TRANSLATED, LOSES_LIMIT,
                         "words that name no failure the gateway retries on are left out%s",
                         any || off ? "" : "; none is left");
    else
        manifest_account(in->m, full, MANIFEST_WORKS, LOSES_NOTHING, "%s",
                         off ? "no retry" : annotation_find("proxy-next-upstream")->does);
}

/* -- one annotation --------------------------------------------------------------------------- */

static void keep_as_custom(struct ingress *in, const char *full, const char *value)
{
    if (!in->customs)
        in->customs = json_object(in->a);
    json_set_str(in->a, in->customs, full, value);
}

static const char *instead(struct ingress *in, const struct annotation *row)
{
    return row->use ? arena_printf(in->a, "; instead: %s", row->use) : "";
}

/* The names of the controller's own parser: a text that stands anywhere in them stops it. */
static bool stops_controller(const char *full)
{
    struct annotation_name n = annotation_split(full);
    struct annotation_predicate ignored;
    bool like = strstr(full, "match-header") || strstr(full, "match-pseudo-header") ||
                strstr(full, "match-query");
    return like && !(n.under == READ_OWN && !n.disabled && annotation_predicate(n.name, &ignored) &&
                     *ignored.key);
}

static void account_lost(struct ingress *in, const char *full, const char *value,
                         const struct annotation *row)
{
    char plugin[TEXT_WORD];
    bool harmless = row->fate == BECOMES_REFUSAL && row->words && text_has_word(row->words, value);
    if (row->fate == BECOMES_REFUSAL && !harmless)
        manifest_account(in->m, full, MANIFEST_REFUSED, LOSES_ACCESS,
                         "Higress does not read it, and the route is open without it: %s%s",
                         row->does, instead(in, row));
    else if (harmless)
        manifest_account(in->m, full, MANIFEST_IGNORED, LOSES_NOTHING,
                         "Higress does not read it; with this value nothing is lost");
    else
        manifest_account(
            in->m, full,
            annotation_plugin(row, plugin, sizeof plugin) ? MANIFEST_PLUGIN : MANIFEST_IGNORED,
            row->danger, "Higress does not read it; lost: %s%s", row->does, instead(in, row));
}

/* Written under the name by which Higress reads it, unless that is there already. */
static void write_other(struct ingress *in, const char *full, const char *value,
                        const struct annotation *row)
{
    const char *why;
    const char *name = arena_printf(in->a, "nginx.ingress.kubernetes.io/%s", row->use);
    if (annotation_chosen(in->o, row->use))
        manifest_account(in->m, full, MANIFEST_REFUSED, LOSES_ACCESS,
                         "it stands beside %s, and only one of them can hold: join their lists",
                         row->use);
    else if (annotation_judge(row, value, &why) == VALUE_IGNORED)
        manifest_account(in->m, full, MANIFEST_REFUSED, LOSES_ACCESS, "%s", why);
    else {
        keep_as_custom(in, name, value);
        manifest_account(in->m, full, MANIFEST_TRANSLATED, LOSES_ACCESS,
                         "Higress does not read this name: written as %s, which does the same",
                         name);
    }
}

static bool is_below_0(const struct annotation *row, const char *value)
{
    return row->fate == BECOMES_MEMBER && row->value == IS_INT && *value == '-';
}

/* False: the annotation does nothing, or must not be taken. whole: as it is. */
static bool annotation_fits(struct ingress *in, const char *full, const char *value,
                            const struct annotation *row, bool *whole)
{
    const char *why;
    enum annotation_verdict v = annotation_judge(row, value, &why);
    bool empty = !value[strspn(value, " \t\r\n")];
    bool opens = row->danger == LOSES_ACCESS && !empty;
    if (v == VALUE_FATAL || (v == VALUE_IGNORED && opens))
        manifest_account(in->m, full, MANIFEST_REFUSED, row->danger, "%s: %s", why, row->does);
    else if (v == VALUE_IGNORED)
        manifest_account(in->m, full, MANIFEST_IGNORED, row->danger, "%s: %s%s%s", why, row->does,
                         row->versions ? ". " : "", row->versions ? row->versions : "");
    else if (v == VALUE_PARTLY)
        manifest_account(in->m, full, MANIFEST_TRANSLATED, row->danger, "%s", why);
    else if (is_below_0(row, value))
        manifest_account(in->m, full, MANIFEST_TRANSLATED, LOSES_TUNING,
                         "it is below 0, which the console does not take: it becomes 0");
    else
        *whole = true;
    return v == VALUE_FITS || v == VALUE_PARTLY;
}

/* Members of which more is looked at than the value. */
static const char elsewhere[] = "use-regex|rewrite-target|rewrite-path|destination|ssl-redirect";

/* False: what became of it is said already, or later. */
static bool take_member(struct ingress *in, const char *full, const char *value,
                        const struct annotation *row)
{
    struct annotation_predicate is;
    struct annotation_name n = annotation_split(full);
    if (!strcmp(row->name, "proxy-next-upstream")) {
        switch_section(in, row, true);
        set_conditions(in, full, value);
        return false;
    }
    if (annotation_predicate(n.name, &is))
        set_predicate(in, &is, value);
    else if (!strcmp(row->name, "ignore-path-case"))
        json_set_bool(in->a, section_of(in, "path", 4), "caseSensitive", !annotation_true(value));
    else if (!text_has_word(elsewhere, row->name))
        set_annotated_member(in, row, annotation_value(in->a, in->o, row->name));
    switch_section(in, row, true);
    return strcmp(row->name, "rewrite-target") != 0 &&
           !(!strcmp(row->name, "ssl-redirect") && annotation_true(value));
}

static void take_read(struct ingress *in, const char *full, const char *value,
                      const struct annotation *row)
{
    const cJSON *chosen =
        row->name[strlen(row->name) - 1] == '-' ? NULL : annotation_chosen(in->o, row->name);
    if (chosen && strcmp(chosen->string, full) != 0) {
        manifest_account(in->m, full, MANIFEST_IGNORED, LOSES_NOTHING,
                         "%s stands there, too, and is the one that is read", chosen->string);
        return;
    }
    bool whole = false;
    if (!annotation_fits(in, full, value, row, &whole))
        return;
    if (row->fate == BECOMES_MEMBER)
        whole = take_member(in, full, value, row) && whole;
    else
        keep_as_custom(in, full, value);
    if (whole)
        manifest_account(in->m, full, MANIFEST_WORKS, row->danger, "%s%s%s%s", row->does,
                         instead(in, row), row->versions ? ". " : "",
                         row->versions ? row->versions : "");
}

/* The console's switches and remarks, and what a switched-off section keeps. */
static void take_mark(struct ingress *in, const char *full, const char *value,
                      const struct annotation *row)
{
    if (row->fate == BECOMES_MARK)
        keep_as_custom(in, full, value);
    manifest_account(in->m, full,
                     row->fate == BECOMES_MARK || row->member ? MANIFEST_WORKS : MANIFEST_IGNORED,
                     LOSES_NOTHING, "%s", row->does);
}

/* Is a value of that section read, so that what is switched off beside it counts for nothing? */
static bool is_section_on(struct ingress *in, const struct annotation *row)
{
    char *section = arena_strndup(in->a, row->member, strcspn(row->member, "."));
    return json_true(json_get(in->route, section), "enabled");
}

/* A value that is switched off stays so, unless one that is read stands in its section. */
static void take_disabled(struct ingress *in, const char *full, const char *value,
                          const struct annotation *row)
{
    bool is_member = row && row->member && forms[row->value];
    bool rewrites = is_member && text_has_word("rewrite-target|rewrite-path", row->name);
    bool stays =
        is_member && (rewrites || !text_has_word(elsewhere, row->name)) && !is_section_on(in, row);
    if (stays) {
        set_annotated_member(in, row, value);
        switch_section(in, row, false);
    }
    manifest_account(in->m, full, stays ? MANIFEST_WORKS : MANIFEST_IGNORED, LOSES_NOTHING,
                     stays ? "stays switched off" : "it is switched off and read by nobody");
}

static void take_unknown(struct ingress *in, const char *full, const char *value)
{
    keep_as_custom(in, full, value);
    manifest_account(in->m, full, MANIFEST_IGNORED, LOSES_ROUTE,
                     "no release of Higress that we know reads it: kept, and without effect");
}

static void take_foreign(struct ingress *in, const char *full, const char *value)
{
    if (!strcmp(full, "kubernetes.io/ingress.class"))
        manifest_account(in->m, full, MANIFEST_TRANSLATED, LOSES_TUNING,
                         "the console writes its own class: Higress serves the route, whatever "
                         "served this class before");
    else if (text_starts(full, "kubectl.kubernetes.io/"))
        manifest_account(in->m, full, MANIFEST_IGNORED, LOSES_NOTHING,
                         "what kubectl remembers; left out");
    else {
        keep_as_custom(in, full, value);
        manifest_account(in->m, full, MANIFEST_WORKS, LOSES_NOTHING,
                         "kept: it is nothing of Higress' or nginx'");
    }
}

static void take_ours(struct ingress *in, const char *full, const char *value,
                      struct annotation_name n)
{
    const struct annotation *row = annotation_find(n.name);
    if (!row)
        take_unknown(in, full, value);
    else if (row->under & n.under)
        take_read(in, full, value, row);
    else if (row->under)
        manifest_account(in->m, full, MANIFEST_IGNORED, row->danger,
                         "Higress reads it as higress.io/%s only; lost: %s", n.name, row->does);
    else if (row->fate == BECOMES_OTHER)
        write_other(in, full, value, row);
    else if (row->fate == BECOMES_NOTHING || row->fate == BECOMES_REFUSAL)
        account_lost(in, full, value, row);
    else
        take_mark(in, full, value, row);
}

static bool take_annotation(struct ingress *in, const cJSON *item, bool disabled, struct err *e)
{
    struct annotation_name n = annotation_split(item->string);
    if (!cJSON_IsString(item))
        return disabled || err_set(e, ERR_ARGS, "metadata.annotations.%s: must be a text",
                                   text_clean(in->a, item->string, 80));
    if (n.disabled != disabled)
        return true;
    if (stops_controller(item->string))
        manifest_account(in->m, item->string, MANIFEST_REFUSED, LOSES_ACCESS,
                         "a name that holds match-header or match-query and is no predicate stops "
                         "the controller or makes it forget predicates of this Ingress");
    else if (!n.name)
        take_foreign(in, item->string, item->valuestring);
    else if (disabled)
        take_disabled(in, item->string, item->valuestring, annotation_find(n.name));
    else
        take_ours(in, item->string, item->valuestring, n);
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

/* The services of a console's route weigh 100 together, and that is what the weight is a part of;
 * of one that is a plain service the total says it. */
static void settle_share(struct ingress *in, const cJSON *weight)
{
    const cJSON *total = annotation_chosen(in->o, "canary-weight-total");
    long n = 0, of = 100;
    if (total && !annotation_chosen(in->o, "destination"))
        annotation_int(total->valuestring, &of);
    of = of > 0 ? of : 100;
    if (!annotation_int(weight->valuestring, &n))
        return;
    if (n > of) {
        manifest_account(in->m, weight->string, MANIFEST_REFUSED, LOSES_ROUTE,
                         "it is more than there is (canary-weight-total, or 100), for which Envoy "
                         "refuses every route of the gateway");
        return;
    }
    if (total)
        json_remove(in->customs, total->string);
    if (of == 100)
        return;
    keep_as_custom(in, weight->string,
                   arena_printf(in->a, "%d", (int)((double)n / (double)of * 100)));
    manifest_account(in->m, weight->string, MANIFEST_TRANSLATED, LOSES_ROUTE,
                     "it becomes a part of 100, cut down to whole percents, as the gateway has it");
}

/* What several of them say together: the first of header, cookie and weight is all that is read. */
static void judge_canary(struct ingress *in)
{
    const char *header = annotation_value(in->a, in->o, "canary-by-header");
    const cJSON *value = annotation_chosen(in->o, "canary-by-header-value");
    const cJSON *weight = annotation_chosen(in->o, "canary-weight");
    if (value && !header)
        manifest_account(in->m, value->string, MANIFEST_IGNORED, LOSES_ROUTE,
                         "without canary-by-header it is a canary of weight 0: nothing goes there");
    if (!weight)
        return;
    if (header || value || annotation_value(in->a, in->o, "canary-by-cookie")) {
        manifest_account(
            in->m, weight->string, MANIFEST_IGNORED, LOSES_ROUTE,
            "a canary by header or cookie has no weight: Higress does not read it, where "
            "nginx shares what the header does not decide");
        return;
    }
    settle_share(in, weight);
}

/* "off", whatever the number of tries says. */
static bool retries_are_off(struct ingress *in)
{
    const char *words = annotation_value(in->a, in->o, "proxy-next-upstream");
    for (const cJSON *w = words ? a_list(in->a, words)->child : NULL; w; w = w->next)
        if (!strcmp(w->valuestring, "off"))
            return true;
    return false;
}

bool manifest_annotations(struct ingress *in, struct err *e)
{
    const cJSON *all = json_path(in->o, "metadata.annotations"), *item;
    if (all && !cJSON_IsObject(all) && !cJSON_IsNull(all))
        return err_set(e, ERR_ARGS, "metadata.annotations: must be an object");
    for (int disabled = 0; disabled < 2; disabled++)
        cJSON_ArrayForEach(item, all)
        {
            if (!take_annotation(in, item, disabled, e))
                return false;
        }
    if (retries_are_off(in))
        json_set_num(in->a, json_get(in->route, "proxyNextUpstream"), "attempts", 0);
    if (annotation_true(annotation_value(in->a, in->o, "canary")))
        judge_canary(in);
    return true;
}
