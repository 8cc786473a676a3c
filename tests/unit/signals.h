/* signals.h - rows of an access log and pages of Envoy, made by hand for the tests of the
 * diagnosis.
 *
 * A row is "member=value …", as the access log's record has them; what is left out is what a plain
 * GET of /orders has.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "diagnose/diagnose.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const double signals_now = 1795968000; /* 2026-11-29T16:00:00Z */

static inline cJSON *signals_tree(struct arena *a, const char *text)
{
    struct err e = { 0 };
    cJSON *tree = json_parse(a, text, strlen(text), &e);

    if (!tree)
        fail_msg("%s: %s", e.text, text);
    return tree;
}

/* One row, `ago` seconds old, in front of the others: rows are newest first, so add old ones first.
 */
static inline void signals_row(struct arena *a, cJSON *rows, double ago, const char *members)
{
    static const char plain[] =
        "response_code=200 response_flags=- response_code_details=via_upstream method=GET "
        "authority=api.shop.example path=/orders route_name=orders duration=5 "
        "upstream_cluster=outbound|80||web.static upstream_host=10.0.0.1:80 "
        "downstream_local_address=10.0.0.9:80";
    const char *texts[] = { plain, members };
    cJSON *row = json_object(a);

    json_set_str(a, row, "start_time", when_text(a, signals_now - ago, true));
    for (size_t i = 0; i < 2; i++)
        for (const char *p = texts[i]; *p; p += strspn(p, " ")) {
            size_t key = strcspn(p, "="), value = strcspn(p + key + 1, " ");
            json_set_str(a, row, arena_strndup(a, p, key), arena_strndup(a, p + key + 1, value));
            p += key + 1 + value;
        }
    cJSON_InsertItemInArray(rows, 0, row);
}

static inline void signals_rows(struct arena *a, cJSON *rows, int count, double ago,
                                const char *members)
{
    for (int i = 0; i < count; i++)
        signals_row(a, rows, ago - i * 0.01, members);
}

static inline const char *signals_code(const cJSON *answer, int i)
{
    const cJSON *v = cJSON_GetArrayItem(json_get(answer, "verdicts"), i);
    const char *code = json_str(v, "code");

    return code ? code : "(none)";
}

static inline const char *signals_object(const cJSON *answer, int i)
{
    const char *object = json_str(cJSON_GetArrayItem(json_get(answer, "verdicts"), i), "object");

    return object ? object : "(none)";
}

/* Is the text in the evidence of verdict i? */
static inline bool signals_says(const cJSON *answer, int i, const char *text)
{
    const cJSON *v = cJSON_GetArrayItem(json_get(answer, "verdicts"), i), *e;

    cJSON_ArrayForEach(e,
                       json_get(v, "evidence")) if (strstr(json_str(e, "fact"), text)) return true;
    return false;
}
