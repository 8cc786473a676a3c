/* page_audit.c - the newest lines of the audit. */
#include "base/json.h"
#include "page/html_private.h"

/* The member that people read, and all of them folded. */
static void put_audit_detail(struct html *h, const cJSON *detail)
{
    static const char *const said[] = { "comment", "text", "note", "title", "reason" };
    const char *first = NULL;
    for (size_t i = 0; !first && i < sizeof said / sizeof *said; i++)
        first = json_str(detail, said[i]);
    if (!detail)
        return;
    html(h, "<details><summary>%s</summary>%s</details>", first ? first : "…",
         json_print(h->viewer->arena, detail));
}

static void put_audit_line(struct html *h, const cJSON *line)
{
    const char *id = json_str(line, "id");
    html(h, "<tr><td>%d</td><td>", (int)json_num(line, "seq", 0));
    html_time(h, json_str(line, "at"));
    html(h, "</td><td>%s</td><td>%s</td><td>", json_str(line, "event"), json_str(line, "who"));
    if (id)
        html(h, "<a href=\"/changes/%s\"><code>%s</code></a>", id, id);
    html(h, "</td><td>%s</td><td class=\"detail\">", json_str(line, "channel"));
    put_audit_detail(h, json_get(line, "detail"));
    html(h, "</td></tr>");
}

const char *page_audit_too_long(const struct viewer *v, int lines)
{
    const struct html h = { v, NULL };
    return html_count(&h, WORD_AUDIT_TOO_LONG, lines, 0);
}

char *page_audit(const struct viewer *v, const cJSON *lines, const char *verified, bool whole)
{
    static const enum word columns[] = { WORD_WHEN,   WORD_EVENT,   WORD_WHO,
                                         WORD_CHANGE, WORD_CHANNEL, WORD_DETAIL };
    struct html h;
    const cJSON *line;
    html_begin(&h, v, words_say(v->tongue, WORD_AUDIT), WORD_AUDIT);
    html(&h, "<h1>%s</h1>", html_word(&h, WORD_AUDIT));
    html_form(&h, "/audit", "row");
    html(&h, "<button>%s</button> <span class=\"quiet\">%s</span></form>",
         html_word(&h, WORD_VERIFY), html_word(&h, WORD_VERIFY_WHY));
    if (verified)
        html(&h,
             whole ? "<p class=\"good\" role=\"status\">%s</p>"
                   : "<p class=\"problem\" role=\"alert\">%s</p>",
             verified);
    html(&h,
         "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><thead><tr>"
         "<th scope=\"col\">#</th>",
         html_word(&h, WORD_AUDIT));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        html(&h, "<th scope=\"col\">%s</th>", html_word(&h, columns[i]));
    html(&h, "</tr></thead><tbody data-fresh=\"audit\">");
    cJSON_ArrayForEach(line, lines) put_audit_line(&h, line);
    html(&h, "</tbody></table></div>");
    return html_end(&h);
}
