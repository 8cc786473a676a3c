/* page_map.c - the gateway as a map, and below it what was found and what changed. The drawing
 * comes whole from picture/, which escapes its texts. */
#include "base/arena.h"
#include "base/json.h"
#include "page/html_private.h"
#include <string.h>

enum { FINDINGS_SHOWN = 100, UNREAD_OPEN = 2 };

/* A drawing of ours is markup already. */
static void put_drawing(struct html *h, const char *svg)
{
    html(h, "<div class=\"drawing\" data-fresh=\"map\">");
    buf_str(h->out, svg);
    html(h, "</div>");
}

static void put_counts(struct html *h, const struct page_map *m)
{
    const cJSON *n;
    html(h, "<p class=\"facts\">");
    cJSON_ArrayForEach(n, m->counts) html(h, "<b class=\"risk %s\">%d %s</b> · ", n->string,
                                          (int)n->valuedouble, html_found(h, n->string));
    if (!json_count(m->counts))
        html(h, "%s · ", html_word(h, WORD_NOTHING_FOUND));
    html(h, "%s</p>", html_word(h, m->traffic ? WORD_TRAFFIC : WORD_NO_TRAFFIC));
}

/* The findings about objects of that risk, which the drawing shows as signs. */
static void put_findings(struct html *h, const cJSON *nodes, const char *risk, int *left)
{
    const cJSON *node, *line;
    cJSON_ArrayForEach(node, nodes)
    {
        if (strcmp(json_str(node, "risk"), risk) != 0)
            continue;
        cJSON_ArrayForEach(line, json_get(node, "says"))
        {
            if ((*left)-- <= 0)
                return;
            html(h, "<li class=\"%s\"><b>%s %s</b> %s</li>", json_str(node, "risk"),
                 json_str(node, "kind"), json_str(node, "name"), line->valuestring);
        }
    }
}

static void put_all_findings(struct html *h, const struct page_map *m)
{
    static const char *const lists[] = { "routes", "services", "hosts" };
    static const char *const risks[] = { "open", "broken", "dead", "note" };
    int left = FINDINGS_SHOWN;
    html(h, "<h2>%s</h2><ul class=\"found\">", html_word(h, WORD_FOUND));
    for (int i = 0; i < 12; i++)
        put_findings(h, json_get(m->shown, lists[i % 3]), risks[i / 3], &left);
    if (left == FINDINGS_SHOWN)
        html(h, "<li>%s</li>", html_word(h, WORD_NOTHING_FOUND));
    html(h, "</ul>");
}

static void put_map_history(struct html *h, const struct page_map *m)
{
    const cJSON *c;
    if (!json_count(json_get(m->history, "changes")))
        return;
    html(h, "<h2>%s</h2><ul class=\"history\">", html_word(h, WORD_HISTORY));
    cJSON_ArrayForEach(c, json_get(m->history, "changes"))
    {
        html(h, "<li><a href=\"/changes/%s\">%s</a> <span class=\"facts\">%s · ", json_str(c, "id"),
             json_str(c, "title"), html_state(h, json_str(c, "state")));
        html_time(h, json_str(c, "created"));
        html(h, "</span></li>");
    }
    html(h, "</ul>");
}

/* What could not be read or judged; much of it is folded, so that the drawing comes first. */
static void put_unread(struct html *h, const cJSON *unread)
{
    const cJSON *line;
    int count = json_count(unread);
    if (count > UNREAD_OPEN)
        html(h, "<details class=\"unread\"><summary>%s</summary>",
             html_count(h, WORD_UNREAD, count, 0));
    cJSON_ArrayForEach(line, unread) html(h, "<p class=\"unread\">%s</p>", line->valuestring);
    if (count > UNREAD_OPEN)
        html(h, "</details>");
}

char *page_map(const struct viewer *v, const struct page_map *m)
{
    struct html h;
    html_begin(&h, v, words_say(v->tongue, WORD_GATEWAY), WORD_GATEWAY);
    if (m->name)
        html(&h, "<p class=\"facts\"><a href=\"/\">%s</a> · %s</p><h1>%s</h1>",
             html_word(&h, WORD_WHOLE_MAP), m->kind, m->name);
    else
        html(&h, "<h1>%s <code>%s</code></h1>", html_word(&h, WORD_GATEWAY), m->gateway);
    put_counts(&h, m);
    put_unread(&h, m->unread);
    put_drawing(&h, m->svg);
    put_all_findings(&h, m);
    put_map_history(&h, m);
    return html_end(&h);
}
