/* report.c - the formats of a check: lines, JSON, SARIF and JUnit, all of the same rows. A new
 * format is a writer and a row of `formats`. */
#include "inspect/report.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "version.h"
#include <string.h>

bool report_risk(const char *word, enum trap_risk *out)
{
    for (enum trap_risk r = TRAP_OPEN; r <= TRAP_NOTE; r++)
        if (!strcmp(trap_risk_name(r), word)) {
            *out = r;
            return true;
        }
    return false;
}

int report_failures(const struct report *r)
{
    const struct trap_findings *found = r->inspection->found;
    int n = 0;
    for (int i = 0; i < found->count; i++)
        n += found->list[i].trap->risk <= r->fail_on;
    return n;
}

/* -- text ------------------------------------------------------------------------------------- */

static void write_text(struct arena *a, struct buf *b, const struct report *r)
{
    const struct trap_findings *found = r->inspection->found;
    const cJSON *m;
    for (int i = 0; i < found->count; i++)
        buf_printf(b, "%s\n", trap_line(a, &found->list[i]));
    if (found->left_out)
        buf_printf(b, "%d more were found and not kept\n", found->left_out);
    cJSON_ArrayForEach(m, inspect_unread(a, r->inspection))
        buf_printf(b, "not judged: %s\n", m->valuestring);
    if (inspect_envoy(a, r->inspection))
        buf_printf(b, "%s\n", inspect_envoy(a, r->inspection));
    buf_printf(b, "%s: %d object(s) read", r->gateway, r->inspection->world->objects);
    cJSON_ArrayForEach(m, inspect_counts(a, found))
        buf_printf(b, ", %.0f %s", m->valuedouble, m->string);
    buf_str(b, found->count ? "\n" : ", nothing found\n");
}

/* -- JSON ------------------------------------------------------------------------------------- */

static void write_json(struct arena *a, struct buf *b, const struct report *r)
{
    const struct trap_findings *found = r->inspection->found;
    cJSON *root = json_object(a), *rows;
    json_set_str(a, root, "gateway", r->gateway);
    json_set_num(a, root, "objects", r->inspection->world->objects);
    json_set(a, root, "counts", inspect_counts(a, found));
    rows = json_set_array(a, root, "findings");
    for (int i = 0; i < found->count; i++)
        json_add(a, rows, inspect_row(a, &found->list[i]));
    json_set_num(a, root, "left_out", found->left_out);
    json_set(a, root, "unread", inspect_unread(a, r->inspection));
    json_set_str(a, root, "envoy", inspect_envoy(a, r->inspection));
    buf_str(b, json_print_pretty(a, root));
    buf_char(b, '\n');
}

/* -- SARIF 2.1.0 ------------------------------------------------------------------------------ */

static const char *level(enum trap_risk risk)
{
    static const char *const levels[] = { "error", "error", "warning", "note" };
    return levels[risk];
}

static cJSON *text_node(struct arena *a, const char *text)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "text", text);
    return o;
}

static void sarif_rules(struct arena *a, cJSON *rules)
{
    for (size_t i = 0; trap_tables[i]; i++)
        for (const struct trap *t = trap_tables[i]; t->number; t++) {
            cJSON *rule = json_add(a, rules, json_object(a));
            json_set_str(a, rule, "id", t->verdict);
            json_set(a, rule, "shortDescription", text_node(a, t->title));
            json_set(a, rule, "fullDescription", text_node(a, t->rule));
            json_set_str(a, json_set_object(a, rule, "defaultConfiguration"), "level",
                         level(t->risk));
            cJSON *properties = json_set_object(a, rule, "properties");
            json_set_str(a, properties, "risk", trap_risk_name(t->risk));
            json_set_str(a, properties, "number", t->number);
        }
}

static char *uri_of(struct arena *a, const struct trap_finding *f)
{
    const char *scope = f->scope ? arena_printf(a, "%s/", text_percent(a, f->scope)) : "";
    return arena_printf(a, "higress/%s/%s%s", f->kind, scope, text_percent(a, f->name));
}

static void sarif_result(struct arena *a, cJSON *results, const struct trap_finding *f)
{
    cJSON *result = json_add(a, results, json_object(a)), *location, *logical;
    /* "route/orders", "plugin-instance/route:orders/key-auth": what stands for a file. */
    const char *where = f->scope ? arena_printf(a, "%s/%s/%s", f->kind, f->scope, f->name)
                                 : arena_printf(a, "%s/%s", f->kind, f->name);
    const char *dot = *f->path ? ", " : "";
    json_set_str(a, result, "ruleId", f->trap->verdict);
    json_set_str(a, result, "level", level(f->trap->risk));
    json_set(a, result, "message",
             text_node(a, arena_printf(a, "%s%s%s: %s%s%s%s", inspect_object(a, f), dot, f->path,
                                       f->text, f->holds ? " (" : "", f->holds ? f->holds : "",
                                       f->holds ? ")" : "")));
    location = json_add(a, json_set_array(a, result, "locations"), json_object(a));
    cJSON *physical = json_set_object(a, location, "physicalLocation");
    json_set_str(a, json_set_object(a, physical, "artifactLocation"), "uri", uri_of(a, f));
    logical = json_add(a, json_set_array(a, location, "logicalLocations"), json_object(a));
    json_set_str(a, logical, "fullyQualifiedName", text_clean(a, where, 600));
    json_set_str(a, json_set_object(a, result, "partialFingerprints"), "object/v1",
                 arena_printf(a, "%s %s %s", f->trap->verdict, text_clean(a, where, 600), f->path));
}

static void sarif_invocation(struct arena *a, cJSON *run, const struct report *r)
{
    cJSON *one = json_add(a, json_set_array(a, run, "invocations"), json_object(a)), *notes;
    const cJSON *m;
    json_set_bool(a, one, "executionSuccessful", json_count(r->inspection->world->unread) == 0);
    notes = json_set_array(a, one, "toolExecutionNotifications");
    cJSON_ArrayForEach(m, inspect_unread(a, r->inspection))
    {
        cJSON *note = json_add(a, notes, json_object(a));
        json_set_str(a, note, "level", "warning");
        json_set(a, note, "message",
                 text_node(a, arena_printf(a, "not judged: %s", m->valuestring)));
    }
}

static void write_sarif(struct arena *a, struct buf *b, const struct report *r)
{
    const struct trap_findings *found = r->inspection->found;
    cJSON *root = json_object(a), *run, *driver, *results;
    json_set_str(a, root, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_set_str(a, root, "version", "2.1.0");
    run = json_add(a, json_set_array(a, root, "runs"), json_object(a));
    driver = json_set_object(a, json_set_object(a, run, "tool"), "driver");
    json_set_str(a, driver, "name", "higress-ops");
    json_set_str(a, driver, "version", HIGRESS_OPS_VERSION);
    sarif_rules(a, json_set_array(a, driver, "rules"));
    sarif_invocation(a, run, r);
    results = json_set_array(a, run, "results");
    for (int i = 0; i < found->count; i++)
        sarif_result(a, results, &found->list[i]);
    buf_str(b, json_print_pretty(a, root));
    buf_char(b, '\n');
}

/* -- JUnit ------------------------------------------------------------------------------------ */

static void xml(struct buf *b, const char *s)
{
    for (; *s; s++) {
        const char *escaped = *s == '&'   ? "&amp;"
                              : *s == '<' ? "&lt;"
                              : *s == '>' ? "&gt;"
                              : *s == '"' ? "&quot;"
                                          : NULL;
        if (escaped)
            buf_str(b, escaped);
        else if ((unsigned char)*s >= 0x20)
            buf_char(b, *s);
    }
}

static bool is_unjudged(const struct trap_findings *found, const struct trap *t)
{
    for (const struct trap_unjudged *u = found->unjudged; u->kind; u++) {
        size_t n = strlen(t->verdict);
        for (const char *s = u->verdicts; (s = strstr(s, t->verdict)); s += n)
            if ((s == u->verdicts || s[-1] == ' ') && (s[n] == ',' || !s[n]))
                return true;
    }
    return false;
}

/* The findings of a trap; those that fail, or those that do not. */
static int junit_lines(struct arena *a, struct buf *b, const struct report *r, const struct trap *t)
{
    const struct trap_findings *found = r->inspection->found;
    int n = 0;
    for (int i = 0; i < found->count; i++) {
        if (found->list[i].trap != t)
            continue;
        n++;
        if (b) {
            xml(b, trap_line(a, &found->list[i]));
            buf_char(b, '\n');
        }
    }
    return n;
}

static void junit_case(struct arena *a, struct buf *b, const struct report *r, const struct trap *t)
{
    bool fails = t->risk <= r->fail_on;
    int n = junit_lines(a, NULL, r, t);
    const char *tag = fails ? "failure" : "system-out";
    buf_str(b, "  <testcase classname=\"");
    xml(b, arena_printf(a, "%s %s", trap_risk_name(t->risk), t->number));
    buf_printf(b, "\" name=\"%s\">", t->verdict);
    if (n == 0 && is_unjudged(r->inspection->found, t))
        buf_str(b, "<skipped message=\"not judged: not all was read\"/>");
    if (n > 0) {
        buf_printf(b, "<%s", tag);
        if (fails) {
            buf_str(b, " message=\"");
            xml(b, t->title);
            buf_char(b, '"');
        }
        buf_char(b, '>');
        junit_lines(a, b, r, t);
        buf_printf(b, "</%s>", tag);
    }
    buf_str(b, "</testcase>\n");
}

static void write_junit(struct arena *a, struct buf *b, const struct report *r)
{
    int tests = 0, failures = 0, skipped = 0;
    for (size_t i = 0; trap_tables[i]; i++)
        for (const struct trap *t = trap_tables[i]; t->number; t++) {
            int n = junit_lines(a, NULL, r, t);
            tests++;
            failures += n > 0 && t->risk <= r->fail_on;
            skipped += n == 0 && is_unjudged(r->inspection->found, t);
        }
    buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buf_printf(b,
               "<testsuite name=\"higress-ops check\" tests=\"%d\" failures=\"%d\" errors=\"0\" "
               "skipped=\"%d\">\n",
               tests, failures, skipped);
    for (size_t i = 0; trap_tables[i]; i++)
        for (const struct trap *t = trap_tables[i]; t->number; t++)
            junit_case(a, b, r, t);
    buf_str(b, "</testsuite>\n");
}

/* -- the table -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*write)(struct arena *a, struct buf *b, const struct report *r);
} formats[] = {
    { "text", write_text },
    { "json", write_json },
    { "sarif", write_sarif },
    { "junit", write_junit },
};

bool report_is_format(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(formats[i].name, format))
            return true;
    return false;
}

void report_write(struct arena *a, struct buf *b, const char *format, const struct report *r)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(formats[i].name, format))
            formats[i].write(a, b, r);
}
