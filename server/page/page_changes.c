/* page_changes.c - changes as a list: filters, rows, and the way to older ones. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "page/html_private.h"
#include <string.h>

static const char *const states[] = { "pending", "draft",   "approved", "applying", "applied",
                                      "failed",  "unknown", "void",     "rejected", "cancelled",
                                      "expired", "outside", NULL };
static const char *const risks[] = { "change", "destroy", NULL };

/* -- filters ----------------------------------------------------------------------------- */

static void put_option(struct html *h, const char *value, const char *says, const char *chosen)
{
    bool is = chosen && !strcmp(chosen, value);
    html(h, is ? "<option value=\"%s\" selected>%s" : "<option value=\"%s\">%s", value, says);
    html(h, "</option>");
}

typedef const char *says_fn(const struct html *h, const char *name);

static const char *as_it_is(const struct html *h, const char *name)
{
    (void)h;
    return name;
}

static void put_choice(struct html *h, const char *name, enum word word, const char *const *values,
                       const char *chosen, says_fn *says)
{
    html(h, "<label>%s <select name=\"%s\">", html_word(h, word), name);
    put_option(h, "", html_word(h, WORD_ANY), chosen);
    for (; *values; values++)
        put_option(h, *values, says(h, *values), chosen);
    html(h, "</select></label>");
}

static void put_search(struct html *h, const char *name, enum word word, const char *value)
{
    html(h, "<label>%s <input type=\"search\" name=\"%s\" value=\"%s\" maxlength=\"200\"></label>",
         html_word(h, word), name, value);
}

static void put_filters(struct html *h, const struct page_filter *f, const char *const *gateways)
{
    html(h, "<form class=\"filters\" action=\"/changes\" role=\"search\">");
    put_choice(h, "state", WORD_STATE, states, f->state, html_state);
    put_choice(h, "risk", WORD_RISK, risks, f->risk, html_risk);
    if (gateways)
        put_choice(h, "gateway", WORD_GATEWAY, gateways, f->gateway, as_it_is);
    put_search(h, "object", WORD_OBJECT, f->object);
    put_search(h, "actor", WORD_ACTOR, f->actor);
    html(h, "<label>%s <input type=\"date\" name=\"since\" value=\"%s\"></label>",
         html_word(h, WORD_SINCE), f->since);
    html(h, "<button>%s</button>", html_word(h, WORD_FILTER));
    if (f->state || f->risk || f->gateway || f->object || f->actor || f->since)
        html(h, " <a href=\"/changes\">%s</a>", html_word(h, WORD_CLEAR));
    html(h, "</form>");
}

/* The address of the list with these filters, and that cursor. */
static const char *address(const struct html *h, const struct page_filter *f, const char *cursor)
{
    struct arena *a = h->viewer->arena;
    const char *const members[][2] = {
        { "state", f->state },   { "risk", f->risk },   { "gateway", f->gateway },
        { "object", f->object }, { "actor", f->actor }, { "cursor", cursor },
        { "since", f->since },
    };
    const char *to = "/changes", *mark = "?";
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!members[i][1])
            continue;
        to = arena_printf(a, "%s%s%s=%s", to, mark, members[i][0], text_percent(a, members[i][1]));
        mark = "&";
    }
    return to;
}

/* -- rows -------------------------------------------------------------------------------- */

static void put_row(struct html *h, const cJSON *c)
{
    const char *id = json_str(c, "id"), *state = json_str(c, "state"), *risk = json_str(c, "risk");
    const char *gateway = json_str(c, "gateway"), *owner = json_str(c, "owner");
    const cJSON *decision = json_get(c, "decision");
    html(h, "<li><span class=\"state %s\">%s</span>", state, html_state(h, state));
    html(h, "<a href=\"/changes/%s\">%s</a><span class=\"facts\">",
         text_percent(h->viewer->arena, id), json_str(c, "title"));
    if (risk && strcmp(risk, "change") != 0)
        html(h, "<b class=\"%s\">%s</b> · ", risk, html_risk(h, risk));
    if (gateway)
        html(h, "%s · ", gateway);
    if (owner)
        html(h, "%s %s · ", html_word(h, WORD_ASKED_BY), owner);
    if (decision)
        html(h, "%s %s %s · ", html_state(h, json_str(decision, "verdict")), html_word(h, WORD_BY),
             json_str(decision, "who"));
    html_time(h, json_str(c, "created"));
    html(h, " · <code>%s</code></span>", id);
    if (json_str(c, "rejected_before"))
        html(h, "<span class=\"stop\">%s</span>", json_str(c, "rejected_before"));
    html(h, "</li>");
}

/* How far edits made elsewhere are known, gateway by gateway. */
static void put_how_far(struct html *h, const cJSON *looks)
{
    const cJSON *look, *line;
    cJSON_ArrayForEach(look, looks)
    {
        const char *looked = json_str(look, "looked"), *gateway = json_str(look, "gateway");
        html(h, "<p class=\"quiet\">%s",
             looked ? html_say(h, WORD_LOOKED, gateway, looked)
                    : html_say(h, WORD_NOT_LOOKED, gateway, ""));
        if (!json_true(look, "watched"))
            html(h, "; %s", html_word(h, WORD_NOT_WATCHED));
        html(h, "</p>");
        cJSON_ArrayForEach(line, json_get(look, "unread"))
            html(h, "<p class=\"unread\">%s %s</p>", html_word(h, WORD_UNREAD), line->valuestring);
        if (json_str(look, "problem"))
            html(h, "<p class=\"stop\">%s</p>", json_str(look, "problem"));
    }
}

char *page_changes(const struct viewer *v, const struct page_filter *f, const cJSON *list,
                   const char *const *gateways)
{
    struct html h;
    const cJSON *c, *changes = json_get(list, "changes");
    html_begin(&h, v, words_say(v->tongue, WORD_CHANGES), WORD_CHANGES);
    html(&h, "<h1>%s</h1>", html_word(&h, WORD_CHANGES));
    put_filters(&h, f, gateways);
    html(&h, "<div data-fresh=\"list\"><ul class=\"changes\">");
    cJSON_ArrayForEach(c, changes) put_row(&h, c);
    html(&h, "</ul>");
    const char *looked_to = json_str(list, "looked_back_to");
    if (looked_to)
        html(&h, "<p class=\"quiet\">%s</p>", html_say(&h, WORD_LOOKED_BACK, looked_to, ""));
    else if (!json_count(changes))
        html(&h, "<p class=\"quiet\">%s</p>",
             html_word(&h, json_get(list, "looks") ? WORD_NO_OUTSIDE : WORD_NO_CHANGES));
    put_how_far(&h, json_get(list, "looks"));
    html(&h, "<p class=\"pager\">");
    if (f->cursor)
        html(&h, "<a href=\"%s\">%s</a> ", address(&h, f, NULL), html_word(&h, WORD_NEWEST));
    if (json_str(list, "next"))
        html(&h, "<a rel=\"next\" href=\"%s\">%s</a>", address(&h, f, json_str(list, "next")),
             html_word(&h, WORD_OLDER));
    html(&h, "</p></div>");
    return html_end(&h);
}
