/* picture.c - writes what was placed. */
#include "picture/picture.h"
#include "base/arena.h"
#include "base/asset.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "picture/picture_private.h"

enum {
    SVG_MAX = 4 << 20,
    TOP = 40,
    BOX = 36,
    WIDTH = 1080,
    PLOT = 72,   /* wide */
    BARS = 17,   /* high, of requests */
    CURVE = 8,   /* high, of how long they took */
    FIGURES = 62 /* the room for figures, left of it */
};

enum { NARROW = 380, INDENT = 16 /* of routes below their host, where there is one column */ };

static const int left_of[COLUMNS] = { 10, 256, 716 };
static const int width_of[COLUMNS] = { 190, 380, 354 };

static int left_edge(const struct layout *l, const struct node *n)
{
    return !l->p->narrow ? left_of[n->column] : n->column == COLUMN_ROUTE ? 4 + INDENT : 4;
}

static int width_in(const struct layout *l, const struct node *n)
{
    return l->p->narrow ? NARROW - 4 - left_edge(l, n) : width_of[n->column];
}

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

enum { WIDE_LETTER = 7, SMALL_LETTER = 6 }; /* pixels, of a name and of what stands below it */

/* As much of a text as fits into so many pixels; wide characters count as two. */
static const char *fitting(struct arena *a, const char *text, int pixels, int letter)
{
    const char *clean = text_clean(a, text, 300);
    int left = pixels;
    for (const char *s = clean; *s; s++) {
        bool begins = (*s & 0xC0) != 0x80;
        left -= !begins                                 ? 0
                : (unsigned char)*s >= 0xE0             ? 2 * letter
                : (*s >= 'A' && *s <= 'Z') || *s == '_' ? letter + 2
                                                        : letter;
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
    put_svg_text(b, arena_printf(l->a, "%s%s%s", n->kind ? n->kind : "", n->kind ? " " : "",
                                 text_clean(l->a, n->label, 300)));
    if (n->more)
        put_svg_text(b, arena_printf(l->a, ", %s", text_clean(l->a, n->more, 300)));
    if (n->waits)
        buf_printf(b, "\n%s", picture_say(l, SAY_WAITS));
    cJSON_ArrayForEach(line, n->says)
    {
        buf_char(b, '\n');
        put_svg_text(b, line->valuestring);
    }
    buf_str(b, "</title>");
}

static double in_slot(const cJSON *slot, int i)
{
    const cJSON *n = cJSON_GetArrayItem(slot, i);
    return n ? n->valuedouble : 0;
}

/* A bar a slot, its upper end red as far as requests failed. */
static void put_bars(struct buf *b, const cJSON *slots, int x, int bottom)
{
    const cJSON *slot;
    double most = 0, wide = (double)PLOT / (json_count(slots) ? json_count(slots) : 1);
    cJSON_ArrayForEach(slot, slots) most = in_slot(slot, 0) > most ? in_slot(slot, 0) : most;
    double at = x;
    cJSON_ArrayForEach(slot, slots)
    {
        double count = in_slot(slot, 0), high = most > 0 ? BARS * count / most : 0;
        double bad = count > 0 ? high * in_slot(slot, 1) / count : 0;
        high = count > 0 && high < 1 ? 1 : high;
        bad = in_slot(slot, 1) > 0 && bad < 1 ? 1 : bad;
        if (high > bad)
            buf_printf(b, "<path class=\"count\" d=\"M%.1f %dv%.1fh%.1fv%.1fz\"/>", at, bottom,
                       bad - high, wide - 1, high - bad);
        if (bad > 0)
            buf_printf(b, "<path class=\"errors\" d=\"M%.1f %.1fv%.1fh%.1fv%.1fz\"/>", at,
                       bottom - high + bad, -bad, wide - 1, bad);
        at += wide;
    }
}

/* How long the slowest of a hundred took: a line, with gaps where nothing is known. */
static void put_curve(struct buf *b, const cJSON *slots, int x, int bottom)
{
    const cJSON *slot;
    double most = 0, wide = (double)PLOT / (json_count(slots) ? json_count(slots) : 1);
    cJSON_ArrayForEach(slot, slots) most = in_slot(slot, 2) > most ? in_slot(slot, 2) : most;
    if (most <= 0)
        return;
    double at = x;
    char pen = 'M';
    buf_str(b, "<path class=\"slow\" d=\"");
    cJSON_ArrayForEach(slot, slots)
    {
        bool known = json_count(slot) > 2;
        if (known)
            buf_printf(b, "%c%.1f %.1fh%.1f", pen, at, bottom - CURVE * in_slot(slot, 2) / most,
                       wide - 1);
        pen = known ? 'L' : 'M';
        at += wide;
    }
    buf_str(b, "\"/>");
}

/* "1204", "12k", "3.4M": what fits beside a plot. */
static const char *short_count(struct arena *a, double n)
{
    return n < 10000     ? arena_printf(a, "%.0f", n)
           : n < 1000000 ? arena_printf(a, "%.0fk", n / 1000)
                         : arena_printf(a, "%.1fM", n / 1000000);
}

static const char *short_time(struct arena *a, double ms)
{
    return ms < 1000 ? arena_printf(a, "%.0f ms", ms) : arena_printf(a, "%.1f s", ms / 1000);
}

/* Fewer than one in a hundred is not none. */
static const char *short_share(struct arena *a, double part, double of)
{
    double percent = 100 * part / of;
    return percent < 1 ? "<1 %" : arena_printf(a, "%.0f %%", percent);
}

static void put_hour(struct layout *l, struct buf *b, const struct node *n)
{
    int right = left_edge(l, n) + width_in(l, n) - 8, y = top_of(n);
    int x = right - PLOT;
    const cJSON *slots = json_get(n->hour, "slots");
    double count = json_num(n->hour, "count", 0), errors = json_num(n->hour, "errors", 0);
    if (!n->hour || count <= 0)
        return;
    put_bars(b, slots, x, y + 4 + BARS);
    put_curve(b, slots, x, y + BOX - 4);
    buf_printf(b, "<text x=\"%d\" y=\"%d\" class=\"figure\">%s", x - 8, y + 15,
               short_count(l->a, count));
    if (errors > 0)
        buf_printf(b, " <tspan class=\"bad\">%s</tspan>", short_share(l->a, errors, count));
    buf_str(b, "</text>");
    if (json_get(n->hour, "p99"))
        buf_printf(b, "<text x=\"%d\" y=\"%d\" class=\"figure soft\">%s</text>", x - 8, y + 30,
                   short_time(l->a, json_num(n->hour, "p99", 0)));
}

/* The second line: what waits, then what was found, else what it matches or where it leads. */
static void put_second_line(struct layout *l, struct buf *b, const struct node *n, int x, int room)
{
    const cJSON *says = n->says ? n->says->child : NULL;
    const char *text = says ? says->valuestring : l->p->narrow ? layout_way(l, n) : n->more;
    const char *first = n->waits ? picture_say(l, SAY_WAITS) : NULL;
    int more = json_count(n->says) - 1;
    if (more > 0) {
        const char *rest = arena_printf(l->a, " +%d", more);
        text = arena_printf(l->a, "%s%s", fitting(l->a, text, room - 24, SMALL_LETTER), rest);
    }
    if (first && text)
        text = arena_printf(l->a, "%s · %s", first, text);
    else if (first)
        text = first;
    if (text)
        put_label(b, x, top_of(n) + 30,
                  says       ? "says"
                  : n->waits ? "waiting"
                             : "soft",
                  fitting(l->a, text, room, SMALL_LETTER));
}

static void put_box(struct layout *l, struct buf *b, const struct node *n)
{
    int x = left_edge(l, n), y = top_of(n), w = width_in(l, n);
    int room = w - 24 - (n->hour ? PLOT + FIGURES + 8 : 0), indent = n->risk ? 14 : 0;
    bool two_lines = n->more || n->says || n->waits;
    buf_printf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>", x, y, w, BOX);
    if (n->waits)
        buf_printf(b, "<rect class=\"waits\" x=\"%d\" y=\"%d\" width=\"4\" height=\"%d\"/>", x, y,
                   BOX);
    int line = y + (two_lines ? 15 : 22);
    if (n->risk)
        put_label(b, x + 12, line, "sign", strcmp(n->risk, "note") ? "!" : "i");
    put_label(b, x + 12 + indent, line, "name",
              fitting(l->a, n->label, room - indent, WIDE_LETTER));
    put_second_line(l, b, n, x + 12, room);
}

/* What a view of an MCP client asks about when the node is chosen. */
static void put_mark(struct buf *b, const struct node *n)
{
    buf_str(b, " tabindex=\"0\" role=\"button\" data-kind=\"");
    put_svg_text(b, n->kind ? n->kind : "domain");
    buf_str(b, "\" data-name=\"");
    put_svg_text(b, n->name);
    buf_str(b, "\"");
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
    buf_printf(b, "<g class=\"node %s%s\"", n->risk ? n->risk : "fine", n->folded ? " folded" : "");
    if (l->p->marks && n->name)
        put_mark(b, n);
    buf_char(b, '>');
    put_title(l, b, n);
    put_box(l, b, n);
    put_hour(l, b, n);
    buf_str(b, links ? "</g></a>\n" : "</g>\n");
}

static void put_edge(struct layout *l, struct buf *b, const struct edge *e)
{
    const struct node *from = &l->nodes[e->from], *to = &l->nodes[e->to];
    int x = left_of[from->column] + width_of[from->column], y = top_of(from) + BOX / 2;
    int x2 = left_of[to->column], y2 = top_of(to) + BOX / 2, bend = (x2 - x) / 2;
    bool fails = to->column == COLUMN_SERVICE && to->risk &&
                 (!strcmp(to->risk, "missing") || json_num(from->hour, "errors", 0) > 0);
    const char *risk = fails ? to->risk : "";
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
    return picture_say(l, json_true(l->p->map, "routes_unread") ? SAY_ROUTES_UNREAD
                          : l->p->find                          ? SAY_NONE_FITS
                          : l->p->kind                          ? SAY_LEADS_NOWHERE
                                                                : SAY_NO_ROUTE);
}

/* "Last hour: access log", or that there is no data. */
static const char *hour_words(const struct layout *l)
{
    const cJSON *traffic = json_get(l->p->map, "traffic");
    const char *from = json_str(traffic, "from");
    if (!traffic)
        return arena_printf(l->a, "%s: %s", picture_say(l, SAY_HOUR), picture_say(l, SAY_NO_DATA));
    bool by_log = json_true(traffic, "by_log");
    const char *source = picture_say(l, by_log ? SAY_BY_LOG : SAY_BY_COUNTERS);
    if (!from || strlen(from) < 16)
        return arena_printf(l->a, "%s: %s", picture_say(l, SAY_HOUR), source);
    return arena_printf(l->a, "%s: %s, %s %.5s UTC", picture_say(l, SAY_HOUR), source,
                        picture_say(l, SAY_SINCE), from + 11);
}

static const char *route_words(const struct layout *l)
{
    const char *word = picture_say(l, SAY_ROUTES);
    bool unread = json_true(l->p->map, "routes_unread");
    if (unread && !l->routes)
        return arena_printf(l->a, "%s: %s", word, picture_say(l, SAY_NOT_READ));
    return arena_printf(l->a, l->shown < l->routes ? "%s: %d / %d%s%s" : "%s: %d%.0d%s%s", word,
                        l->shown, l->shown < l->routes ? l->routes : 0, unread ? "; " : "",
                        unread ? picture_say(l, SAY_NOT_ALL_READ) : "");
}

static void put_heads(const struct layout *l, struct buf *b)
{
    const char *services = picture_say(l, SAY_SERVICES);
    int y = l->p->narrow ? TOP + layout_services_top(l) - 10 : 22;
    if (!json_get(l->p->map, "services"))
        services = arena_printf(l->a, "%s: %s", services, picture_say(l, SAY_NOT_READ));
    if (!l->p->narrow)
        put_label(b, left_of[COLUMN_HOST], 22, "head", picture_say(l, SAY_HOSTS));
    put_label(b, l->p->narrow ? 4 : left_of[COLUMN_ROUTE], 22, "head", route_words(l));
    if (!l->p->narrow || l->rows[COLUMN_SERVICE])
        put_label(b, l->p->narrow ? 4 : left_of[COLUMN_SERVICE], y, "head", services);
    put_label(b, (l->p->narrow ? NARROW - 4 : WIDTH - 10), 22, "figure soft", hour_words(l));
}

char *picture_svg(struct arena *a, const struct picture *p)
{
    struct layout l = { .a = a, .p = p };
    struct buf *b = buf_in(a, SVG_MAX);
    layout_make(&l);
    buf_printf(b,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map %s\" viewBox=\"0 0 %d %d\" "
               "role=\"%s\" aria-label=\"%s\">\n",
               p->narrow ? "narrow" : "wide", p->narrow ? NARROW : WIDTH, TOP + layout_height(&l),
               p->links || p->marks ? "group" : "img", picture_say(&l, SAY_MAP));
    if (p->alone)
        buf_printf(b, "<style>%s</style>\n", picture_style());
    put_heads(&l, b);
    if (!l.routes)
        put_label(b, p->narrow ? 4 + INDENT : left_of[COLUMN_ROUTE], TOP + BOX / 2 + 4, "soft",
                  empty_words(&l));
    for (int i = 0; i < l.edge_count && !p->narrow; i++)
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
