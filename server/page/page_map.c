/* page_map.c - the gateway as a map, and below it what was found and what changed. The drawing
 * comes whole from picture/, which escapes its texts. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "page/html_private.h"
#include <string.h>

enum {
    FINDINGS_SHOWN = 100,
    UNREAD_OPEN = 1,
    SEARCHED = 20 /* routes */,
    CONTENT_BYTES = 256 << 10
};

/* A drawing of ours is markup already. */
static void put_drawing(struct html *h, const struct page_map *m)
{
    html(h, "<div class=\"drawing\" data-fresh=\"map\">");
    buf_str(h->out, m->svg);
    buf_str(h->out, m->narrow);
    html(h, "</div>");
}

static const char *nothing_found(const struct html *h, const struct page_map *m)
{
    return html_word(h, json_count(json_get(m->map, "unread")) ? WORD_NOTHING_IN_READ
                                                               : WORD_NOTHING_FOUND);
}

static void put_counts(struct html *h, const struct page_map *m)
{
    const cJSON *n, *counts = json_get(m->map, "counts"), *traffic = json_get(m->map, "traffic");
    html(h, "<p class=\"facts\">");
    cJSON_ArrayForEach(n, counts) html(h, "<b class=\"risk %s\">%d %s</b> · ", n->string,
                                       (int)n->valuedouble, html_found(h, n->string));
    if (!json_count(counts))
        html(h, "%s · ", nothing_found(h, m));
    html(h, "%s</p>",
         html_word(h, !traffic                       ? WORD_NO_TRAFFIC
                      : json_true(traffic, "by_log") ? WORD_TRAFFIC_LOG
                                                     : WORD_TRAFFIC_COUNTERS));
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
                continue;
            html(h, "<li class=\"%s\"><b>%s %s</b> %s</li>", json_str(node, "risk"),
                 json_str(node, "kind"), json_str(node, "name"), line->valuestring);
        }
    }
}

static void put_all_findings(struct html *h, const struct page_map *m)
{
    static const char *const lists[] = { "routes", "services", "hosts", "others" };
    static const char *const risks[] = { "open", "broken", "dead", "note" };
    int left = FINDINGS_SHOWN;
    html(h, "<h2>%s</h2><ul class=\"found\">", html_word(h, WORD_FOUND));
    for (int i = 0; i < 16; i++)
        put_findings(h, json_get(m->shown, lists[i % 4]), risks[i / 4], &left);
    if (left == FINDINGS_SHOWN)
        html(h, "<li>%s</li>", nothing_found(h, m));
    if (left < 0)
        html(h, "<li>%s</li>", html_count(h, WORD_AND_MORE, -left, 0));
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

/* The way from one gateway to another. */
static void put_gateways(struct html *h, const struct page_map *m)
{
    if (!m->gateways)
        return;
    html(h, "<nav class=\"gateways\" aria-label=\"%s\">", html_word(h, WORD_GATEWAY));
    for (const char *const *g = m->gateways; *g; g++)
        html(h,
             !m->gateway || strcmp(*g, m->gateway)
                 ? "<a href=\"/?gateway=%s\">%s</a>"
                 : "<a href=\"/?gateway=%s\" aria-current=\"true\">%s</a>",
             text_percent(h->viewer->arena, *g), *g);
    html(h, "</nav>");
}

/* The way to what is folded. */
static void put_map_search(struct html *h, const struct page_map *m)
{
    html(h, "<form class=\"filters\" role=\"search\" action=\"/\">");
    if (m->gateway)
        html(h, "<input type=\"hidden\" name=\"gateway\" value=\"%s\">", m->gateway);
    html(h, "<label>%s<input type=\"search\" name=\"find\" value=\"%s\"></label>",
         html_word(h, WORD_FIND_ON_MAP), m->find);
    html(h, "<button>%s</button></form>", html_word(h, WORD_FILTER));
}

static void put_map_head(struct html *h, const struct page_map *m)
{
    if (!m->name) {
        html(h, "<h1>%s <code>%s</code></h1>", html_word(h, WORD_GATEWAY), m->address);
        put_counts(h, m);
        if (m->find || json_count(json_get(m->map, "routes")) > SEARCHED)
            put_map_search(h, m);
        return;
    }
    html(h,
         m->gateway ? "<p class=\"facts\"><a href=\"/?gateway=%s\">"
                    : "<p class=\"facts\"><a href=\"/%s\">",
         m->gateway ? text_percent(h->viewer->arena, m->gateway) : "");
    html(h, "%s</a> · %s</p><h1>%s</h1>", html_word(h, WORD_WHOLE_MAP), m->kind, m->name);
    if (!m->drawn && !m->object)
        html(h, "<p class=\"problem\" role=\"alert\">%s</p>", html_word(h, WORD_NOT_ON_MAP));
}

/* Line by line: what is no line break of the printer's own is shown as what it is. */
static void put_lines(struct html *h, const char *text)
{
    size_t written = 0;
    for (const char *line = text; *line && written < CONTENT_BYTES; line += *line == '\n') {
        size_t n = strcspn(line, "\n");
        html(h, "%s\n", text_visible(h->viewer->arena, arena_strndup(h->viewer->arena, line, n)));
        written += n;
        line += n;
    }
    if (written >= CONTENT_BYTES)
        html(h, "%s", html_word(h, WORD_CONTENT_CUT));
}

/* What the object holds, and who uses it. */
static void put_object(struct html *h, const cJSON *object)
{
    struct arena *a = h->viewer->arena;
    const cJSON *line, *users = json_get(object, "users");
    if (!object)
        return;
    html(h, "<h2>%s</h2><ul class=\"users\" tabindex=\"0\">", html_word(h, WORD_USERS));
    cJSON_ArrayForEach(line, users) html(h, "<li>%s</li>", line->valuestring);
    if (!json_count(users))
        html(h, "<li>%s</li>", users ? html_word(h, WORD_NO_USERS) : json_text(object, "unread"));
    html(h, "</ul><h2>%s</h2><pre class=\"content\" tabindex=\"0\">", html_word(h, WORD_CONTENT));
    put_lines(h, json_print_pretty(a, json_get(object, "object")));
    html(h, "</pre>");
}

char *page_map(const struct viewer *v, const struct page_map *m)
{
    struct html h;
    html_begin(&h, v, words_say(v->tongue, WORD_GATEWAY), WORD_GATEWAY);
    put_gateways(&h, m);
    if (m->failed) {
        html(&h, "<h1>%s</h1><p class=\"problem\" role=\"alert\">%s</p>",
             html_word(&h, WORD_GATEWAY), m->failed);
        return html_end(&h);
    }
    put_map_head(&h, m);
    put_unread(&h, json_get(m->map, "unread"));
    if (m->drawn)
        put_drawing(&h, m);
    if (m->drawn || m->object)
        put_all_findings(&h, m);
    put_object(&h, m->object);
    html_history(&h, m->history, html_word(&h, WORD_HISTORY), NULL);
    return html_end(&h);
}
