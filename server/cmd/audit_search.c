/* audit_search.c - `audit search`: lines of the audit by who, what, change, object and time. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "cmd/audit_private.h"
#include "cmd/cmd.h"
#include "store/store_search.h"

static bool read_period_end(const struct verb *v, const char *name, double *out, struct err *e)
{
    const char *text = options_get(v->options, name);
    *out = text ? when_since(text, when_now()) : 0;
    return !text || *out > 0 ||
           err_set(e, ERR_ARGS,
                   "--%s: '%.40s' is neither a time (2026-12-01T02:00:00Z) nor a span "
                   "(30m, 12h, 7d)",
                   name, text);
}

bool audit_period(const struct verb *v, double *since, double *until, struct err *e)
{
    return read_period_end(v, "since", since, e) && read_period_end(v, "until", until, e);
}

static const char *detail_text(struct arena *a, const cJSON *line)
{
    const cJSON *detail = json_get(line, "detail");
    const char *text = json_str(detail, "text");
    if (!text)
        text = json_str(detail, "note");
    if (!text)
        text = json_str(detail, "title");
    return text ? text_clean(a, text, 200) : "";
}

int audit_search(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    const struct options *o = v->options;
    struct store_search q = { .who = options_get(o, "who"),
                              .event = options_get(o, "event"),
                              .id = options_get(o, "change"),
                              .object = options_get(o, "object"),
                              .cursor = options_get(o, "cursor") };
    if (!options_int(o, "limit", 1, 1000, 50, &q.limit))
        return EXIT_USAGE;
    cJSON *out =
        audit_period(v, &q.since, &q.until, &e) ? store_search_audit(s, v->arena, &q, &e) : NULL;
    if (!out)
        return verb_failed(v, &e);
    if (options_has(o, "json")) {
        puts(json_print(v->arena, out));
        return EXIT_DONE;
    }
    const cJSON *line;
    cJSON_ArrayForEach(line, json_get(out, "lines")) printf(
        "%7.0f %s %-16s %-18s %s over %s: %s\n", json_num(line, "seq", 0),
        verb_clean(v, line, "at"), verb_clean(v, line, "event"), verb_clean(v, line, "id"),
        verb_clean(v, line, "who"), verb_clean(v, line, "channel"), detail_text(v->arena, line));
    if (json_str(out, "looked_back_to"))
        printf("looked at the lines back to %s\n", json_str(out, "looked_back_to"));
    if (json_get(out, "removed_to"))
        printf("lines to %.0f were removed by retention: higress-ops audit segments\n",
               json_num(out, "removed_to", 0));
    if (json_str(out, "next"))
        printf("more: --cursor %s\n", json_str(out, "next"));
    return EXIT_DONE;
}
