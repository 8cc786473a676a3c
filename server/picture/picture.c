/* picture.c - writes what was placed. */
#include "picture/picture.h"
#include "base/arena.h"
#include "base/asset.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "picture/picture_private.h"

enum { SVG_MAX = 4 << 20, TOP = 40, BOX = 36, WIDTH = 1080, PLOT = 90 };

static const int left_of[COLUMNS] = { 10, 300, 780 };
static const int width_of[COLUMNS] = { 210, 330, 290 };

/* -- text -------------------------------------------------------------------------------- */

static void put_svg_text(struct buf *b, const char *s)
{
    for (; s && *s; s++)
        switch (*s) {
        case '&':
            buf_str(b, "&amp;");
            break;
        case '<':
            buf_str(b, "&lt;");
            break;
        case '>':
            buf_str(b, "&gt;");
            break;
        case '"':
            buf_str(b, "&quot;");
            break;
        default:
            buf_char(b, *s);
        }
}

/* As much of a text as fits into so many pixels; wide characters count as two. */
static const char *fitting(struct arena *a, const char *text, int pixels)
{
    const char *clean = text_clean(a, text, 300);
    int left = pixels;
    for (const char *s = clean; *s; s++) {
        bool begins = (*s & 0xC0) != 0x80;
        left -= !begins ? 0 : (unsigned char)*s >= 0xE0 ? 14 : 7;
        if (left < 0)
            return arena_printf(a, "%.*s…", (int)(s - clean), clean);
    }
    return clean;
}

static void put_label(struct buf *b, int x, int y, const char *class, const char *text)
{
    buf_printf(b, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
    put_svg_text(b, text);
    buf_str(b, "</text>");
}

/* -- nodes ------------------------------------------------------------------------------- */

static int top_of(const struct node *n)
{
    return TOP + n->y;
}

/* All that is known of it, for who points at it or hears it read. */
static void put_title(struct layout *l, struct buf *b, const struct node *n)
{
    const cJSON *line;
    buf_str(b, "<title>");
    put_svg_text(
        b, arena_printf(l->a, "%s %s", n->kind ? n->kind : "", text_clean(l->a, n->label, 300)));
    if (n->more)
        put_svg_text(b, arena_printf(l->a, ", %s", text_clean(l->a, n->more, 300)));
    if (n->waits)
        buf_str(b, "\na change waits");
    cJSON_ArrayForEach(line, n->says)
    {
        buf_char(b, '\n');
        put_svg_text(b, line->valuestring);
    }
    buf_str(b, "</title>");
}

/* Requests as a bar, errors as its end, and the slowest of a hundred in words. */
static void put_traffic(struct layout *l, struct buf *b, const struct node *n)
{
    int x = left_of[COLUMN_ROUTE] + width_of[COLUMN_ROUTE] - PLOT - 8, y = top_of(n);
    double count = json_num(n->traffic, "count", 0), errors = json_num(n->traffic, "errors", 0);
    if (!n->traffic || count <= 0 || l->busiest <= 0)
        return;
    double whole = PLOT * count / l->busiest, bad = whole * errors / count;
    buf_printf(b, "<rect class=\"count\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"5\"/>", x, y + 8,
               whole < 1 ? 1 : whole);
    if (errors > 0)
        buf_printf(b, "<rect class=\"errors\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"5\"/>",
                   x + whole - bad, y + 8, bad < 1 ? 1 : bad);
    const char *slow = json_get(n->traffic, "p99")
                           ? arena_printf(l->a, " · %.0f ms", json_num(n->traffic, "p99", 0))
                           : "";
    put_label(b, x, y + 28, "soft", arena_printf(l->a, "%.0f%s", count, slow));
}

static void put_box(struct layout *l, struct buf *b, const struct node *n)
{
    int x = left_of[n->column], y = top_of(n), w = width_of[n->column];
    int room = w - 40 - (n->traffic ? PLOT + 8 : 0);
    buf_printf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>", x, y, w, BOX);
    if (n->waits)
        buf_printf(b, "<rect class=\"waits\" x=\"%d\" y=\"%d\" width=\"4\" height=\"%d\"/>", x, y,
                   BOX);
    put_label(b, x + 12, y + (n->more ? 15 : 22), "name", fitting(l->a, n->label, room));
    if (n->more)
        put_label(b, x + 12, y + 30, "soft", fitting(l->a, n->more, room));
    if (n->risk)
        put_label(b, x + w - 16, y + 22, "sign", strcmp(n->risk, "note") ? "!" : "i");
}

static void put_map_node(struct layout *l, struct buf *b, const struct node *n)
{
    bool links = l->p->links && n->name;
    if (links && l->p->gateway)
        buf_printf(b, "<a href=\"/?gateway=%s&amp;", text_percent(l->a, l->p->gateway));
    else if (links)
        buf_str(b, "<a href=\"/?");
    if (links)
        buf_printf(b, "kind=%s&amp;name=%s\">", n->kind ? n->kind : "domain",
                   text_percent(l->a, n->name));
    buf_printf(b, "<g class=\"node %s%s\">", n->risk ? n->risk : "fine",
               n->folded ? " folded" : "");
    put_title(l, b, n);
    put_box(l, b, n);
    put_traffic(l, b, n);
    buf_str(b, links ? "</g></a>\n" : "</g>\n");
}

static void put_edge(struct layout *l, struct buf *b, const struct edge *e)
{
    const struct node *from = &l->nodes[e->from], *to = &l->nodes[e->to];
    int x = left_of[from->column] + width_of[from->column], y = top_of(from) + BOX / 2;
    int x2 = left_of[to->column], y2 = top_of(to) + BOX / 2, bend = (x2 - x) / 2;
    const char *risk = to->column == COLUMN_SERVICE && to->risk ? to->risk : "";
    buf_printf(b, "<path class=\"edge %s\" d=\"M%d %dC%d %d %d %d %d %d\"/>\n", risk, x, y,
               x + bend, y, x2 - bend, y2, x2, y2);
}

/* -- the drawing ------------------------------------------------------------------------- */

const char *picture_style(void)
{
    return asset_text("server/picture/assets/map.css");
}

/* Why nothing is drawn: what was not read is not "nothing". */
static const char *empty_words(const struct layout *l)
{
    if (json_true(l->p->map, "routes_unread"))
        return "The routes could not be read.";
    return l->p->kind ? "No route leads here." : "This gateway has no route.";
}

static void put_heads(const struct layout *l, struct buf *b)
{
    bool unread = json_true(l->p->map, "routes_unread");
    const char *routes =
        arena_printf(l->a, l->shown < l->routes ? "%d of %d" : "%d", l->shown, l->routes);
    const char *const heads[COLUMNS] = {
        "Hosts of these routes",
        !unread     ? arena_printf(l->a, "Routes: %s", routes)
        : l->routes ? arena_printf(l->a, "Routes: %s; not all could be read", routes)
                    : "Routes: not read",
        json_get(l->p->map, "services") ? "Services they lead to" : "Services: not read"
    };
    for (int i = 0; i < COLUMNS; i++)
        put_label(b, left_of[i], 22, "head", heads[i]);
    if (l->busiest > 0)
        put_label(b, left_of[COLUMN_ROUTE] + width_of[COLUMN_ROUTE] - PLOT - 8, 22, "soft",
                  "last hour");
}

char *picture_svg(struct arena *a, const struct picture *p)
{
    struct layout l = { .a = a, .p = p };
    struct buf *b = buf_in(a, SVG_MAX);
    layout_make(&l);
    buf_printf(b,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map\" viewBox=\"0 0 %d %d\" "
               "role=\"%s\" aria-label=\"Map of the gateway\">\n",
               WIDTH, TOP + layout_height(&l), p->links ? "group" : "img");
    if (p->alone)
        buf_printf(b, "<style>%s</style>\n", picture_style());
    put_heads(&l, b);
    if (!l.routes)
        put_label(b, left_of[COLUMN_ROUTE], TOP + BOX / 2 + 4, "soft", empty_words(&l));
    for (int i = 0; i < l.edge_count; i++)
        put_edge(&l, b, &l.edges[i]);
    for (int i = 0; i < l.node_count; i++)
        put_map_node(&l, b, &l.nodes[i]);
    buf_str(b, "</svg>\n");
    return b->data;
}

static void put_findings_of(struct arena *a, struct buf *b, const cJSON *nodes)
{
    const cJSON *node, *line;
    cJSON_ArrayForEach(node, nodes)
    {
        cJSON_ArrayForEach(line, json_get(node, "says"))
        {
            buf_str(b, "<li>");
            put_svg_text(b, arena_printf(a, "%s %s: %s", json_str(node, "kind"),
                                         text_clean(a, json_str(node, "name"), 300),
                                         line->valuestring));
            buf_str(b, "</li>\n");
        }
    }
}

char *picture_html(struct arena *a, const struct picture *p, const char *title)
{
    static const char *const lists[] = { "routes", "services", "hosts", "others" };
    struct picture inside = *p;
    struct buf *b = buf_in(a, 2 * SVG_MAX);
    const cJSON *line;
    inside.alone = true;
    buf_str(b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    put_svg_text(b, title);
    buf_str(b, "</title><style>:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}"
               "body{max-width:68rem;margin:1.5rem auto;padding:0 1rem}</style></head><body><h1>");
    put_svg_text(b, title);
    buf_str(b, "</h1>\n");
    buf_str(b, picture_svg(a, &inside));
    buf_str(b, "<ul>\n");
    for (int i = 0; i < 4; i++)
        put_findings_of(a, b, json_get(p->map, lists[i]));
    cJSON_ArrayForEach(line, json_get(p->map, "unread"))
    {
        buf_str(b, "<li>");
        put_svg_text(b, line->valuestring);
        buf_str(b, "</li>\n");
    }
    buf_str(b, "</ul></body></html>\n");
    return b->data;
}
