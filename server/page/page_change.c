/* page_change.c - one change: what and why, what it does part by part, who decides, what became of
 * it. The values that change stand on the page whole; what stays is folded. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "page/html_private.h"
#include <string.h>

static bool is_named(const char *text, const char *word)
{
    return text && word && !strcmp(text, word);
}

static bool is_undecided(const cJSON *change)
{
    const char *state = json_str(change, "state");
    return is_named(state, "pending") || is_named(state, "draft");
}

/* -- what it does ------------------------------------------------------------------------ */

/* The rows from `row` on that stay, folded; the first that does not, or NULL. */
static const cJSON *put_what_stays(struct html *h, const cJSON *row)
{
    int count = 0;
    for (const cJSON *r = row; r && !json_true(r, "changes"); r = r->next)
        count++;
    html(h, "<tbody class=\"stays\"><tr><td colspan=\"3\"><details><summary>%s</summary><dl>",
         html_count(h, WORD_UNCHANGED, count, 0));
    for (; count--; row = row->next)
        html(h, "<div><dt>%s</dt><dd>%s</dd></div>", json_str(row, "path"), json_str(row, "is"));
    html(h, "</dl></details></td></tr></tbody>");
    return row;
}

static void put_side(struct html *h, const char *class, const char *mark, const char *value)
{
    if (value)
        html(h, "<td class=\"%s\"><span class=\"mark\">%s</span>%s</td>", class, mark, value);
    else
        html(h, "<td class=\"%s none\"></td>", class);
}

static void put_what_changes(struct html *h, const cJSON *row)
{
    const char *was = json_str(row, "was"), *now = json_str(row, "is");
    html(h, "<tbody class=\"%s\"><tr><th scope=\"row\">%s</th>",
         !was  ? "added"
         : now ? "changed"
               : "removed",
         json_str(row, "path"));
    put_side(h, "was", "\u2212", was);
    put_side(h, "is", "+", now);
    html(h, "</tr></tbody>");
}

static void put_rows(struct html *h, const cJSON *op)
{
    const cJSON *row = json_get(op, "rows") ? json_get(op, "rows")->child : NULL;
    if (!row) {
        const cJSON *line;
        cJSON_ArrayForEach(line, json_get(op, "lines")) html(h, "<p>%s</p>", line->valuestring);
        return;
    }
    html(h,
         "<table class=\"diff\"><thead><tr><td></td><th scope=\"col\">%s</th>"
         "<th scope=\"col\">%s</th></tr></thead>",
         html_word(h, WORD_BEFORE), html_word(h, WORD_AFTER));
    while (row) {
        if (json_true(row, "changes")) {
            put_what_changes(h, row);
            row = row->next;
        } else {
            row = put_what_stays(h, row);
        }
    }
    html(h, "</table>");
}

static void put_diff(struct html *h, const cJSON *op)
{
    const char *verb = json_str(op, "verb"), *scope = json_str(op, "scope");
    enum word word = is_named(verb, "create") ? WORD_CREATE
                     : is_named(verb, "put")  ? WORD_PUT
                                              : WORD_DELETE;
    html(h, "<section class=\"operation\"><h3><span class=\"number\">%d</span> ",
         (int)json_num(op, "n", 0));
    html(h, "<span class=\"verb %s\">%s</span> %s <b>%s</b>", verb, html_word(h, word),
         json_str(op, "kind"), json_str(op, "name"));
    if (scope)
        html(h, " · %s", scope);
    html(h, "</h3>");
    put_rows(h, op);
    html(h, "</section>");
}

static void put_parts(struct html *h, const cJSON *change)
{
    int part = (int)json_num(change, "part", 0), parts = (int)json_num(change, "parts", 1);
    const char *id = json_str(change, "id");
    const cJSON *op;
    html(h,
         "<h2>%s</h2><div id=\"operations\"><label class=\"switch\"><input type=\"checkbox\" "
         "id=\"side\"> %s</label>",
         html_word(h, WORD_TOUCHES), html_word(h, WORD_SIDE_BY_SIDE));
    if (parts > 1)
        html(h, "<p class=\"quiet\">%s</p>", html_count(h, WORD_PART_OF, part + 1, parts));
    cJSON_ArrayForEach(op, json_get(change, "operations")) put_diff(h, op);
    html(h, "</div>");
    if (part + 1 < parts)
        html(h,
             "<p><a class=\"button\" id=\"next\" "
             "href=\"/changes/%s?part=%d&amp;seen=%s\">%s</a></p>",
             id, part + 1, json_str(change, "seen"),
             html_count(h, WORD_NEXT_PART, part + 2, parts));
    if (part)
        html(h, "<p><a href=\"/changes/%s\">%s</a></p>", id, html_word(h, WORD_FIRST_PART));
}

/* -- who decides ------------------------------------------------------------------------- */

static void put_hidden(struct html *h, const cJSON *change, const char *member)
{
    html(h, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", member, json_str(change, member));
}

static void put_typed_word(struct html *h, const char *word)
{
    html(h,
         "<label>%s <input name=\"word\" id=\"word\" autocomplete=\"off\" autocapitalize=\"none\" "
         "spellcheck=\"false\" maxlength=\"64\" data-word=\"%s\"></label>",
         html_say(h, WORD_TYPE_WORD, word, ""), word);
}

/* may: all of it was shown to somebody who has not approved it yet. */
static void put_buttons(struct html *h, const struct page_change *x, bool may)
{
    const char *id = json_str(x->change, "id");
    bool alone = x->missing < 2; /* this yes is enough */
    if (may && x->passkey)
        html_no_passkey(h);
    html(h, "<p class=\"buttons\">");
    if (may && x->passkey)
        html_passkey_button(h, "/passkeys/sign", WORD_PASSKEY_APPROVE);
    if (may && x->plain)
        html(h,
             "<button class=\"main\" name=\"do\" value=\"approve\" data-sure=\"%s\">%s</button> ",
             html_word(h, alone ? WORD_SURE_APPROVE : WORD_SURE_AGREE),
             html_word(h, alone ? WORD_APPROVE : WORD_AGREE));
    html(h,
         "<button name=\"do\" value=\"reject\" formaction=\"/changes/%s\" formnovalidate "
         "data-sure=\"%s\">%s</button></p>",
         id, html_word(h, WORD_SURE_REJECT), html_word(h, WORD_REJECT));
}

/* Why it is decided so, and for which object: of the policy, in its words. */
static void put_policy(struct html *h, const cJSON *policy)
{
    const cJSON *line, *objects = json_get(policy, "objects");
    if (json_str(policy, "unread"))
        html(h, "<p class=\"unread\">%s: %s</p>", html_word(h, WORD_POLICY),
             json_str(policy, "unread"));
    if (!json_str(policy, "why"))
        return;
    html(h, "<p class=\"quiet\">%s: %s</p>", html_word(h, WORD_POLICY), json_str(policy, "why"));
    if (json_str(policy, "policy_moved"))
        html(h, "<p class=\"stop\">%s</p>", json_str(policy, "policy_moved"));
    if (json_count(objects) < 2)
        return;
    html(h, "<details><summary>%s</summary><ul>", html_word(h, WORD_BY_OBJECT));
    cJSON_ArrayForEach(line, objects) html(h, "<li>%s</li>", line->valuestring);
    html(h, "</ul></details>");
}

/* Who must still decide. */
static void put_needs(struct html *h, const struct page_change *x)
{
    const char *needs = json_str(x->policy, "needs");
    bool draft = is_named(json_str(x->change, "state"), "draft");
    if (draft || !needs) /* else the policy says by which ways */
        html(h, "<p class=\"quiet\">%s</p>",
             draft ? html_word(h, WORD_DRAFT_WHY)
                   : html_say(h, WORD_WAITS_FOR_PERSON, json_str(x->change, "id"), ""));
    html(h, "<p class=\"needs\">");
    if (needs)
        html(h, "%s ", html_say(h, WORD_NEEDS, needs, ""));
    if (x->missing && !draft)
        html(h, "<b>%s</b>", html_count(h, WORD_MISSING, x->missing, 0));
    html(h, "</p>");
    put_policy(h, x->policy);
}

/* The form, with what says that all parts were shown. */
static void put_decide_form(struct html *h, const struct page_change *x)
{
    const cJSON *change = x->change;
    const char *id = json_str(change, "id"), *word = json_str(change, "word");
    bool last = json_num(change, "part", 0) + 1 >= json_num(change, "parts", 1);
    html(h, "<section class=\"decide\"><h2>%s</h2>", html_word(h, WORD_DECISION));
    put_needs(h, x);
    if (!h->viewer->decides) {
        html(h, "<p>%s</p></section>", html_word(h, WORD_MAY_NOT));
        return;
    }
    bool may = last && !x->barred && !x->agreed;
    if (x->agreed)
        html(h, "<p>%s</p>", html_word(h, WORD_AGREED_ALREADY));
    else if (x->barred)
        html(h, "<p class=\"stop\">%s</p>", x->barred);
    if (!last)
        html(h, "<p class=\"stop\">%s</p>", html_word(h, WORD_NOT_ALL_SHOWN));
    html_form(h, arena_printf(h->viewer->arena, "/changes/%s", id), "decision");
    put_hidden(h, change, "digest");
    if (may) {
        html(h, "<input type=\"hidden\" name=\"change\" value=\"%s\">", id);
        put_hidden(h, change, "rendering");
        put_hidden(h, change, "seen");
        if (word)
            put_typed_word(h, word);
    }
    html(h, "<label>%s <textarea name=\"comment\" rows=\"2\" maxlength=\"500\"></textarea></label>",
         html_word(h, WORD_COMMENT));
    put_buttons(h, x, may);
    html(h, "</form></section>");
}

static void put_undo(struct html *h, const cJSON *change)
{
    if (!h->viewer->acts || !is_named(json_str(change, "state"), "applied"))
        return;
    html_form(h, arena_printf(h->viewer->arena, "/changes/%s", json_str(change, "id")), "row");
    html(h, "<button name=\"do\" value=\"undo\">%s</button> <span class=\"quiet\">%s</span></form>",
         html_word(h, WORD_UNDO), html_word(h, WORD_UNDO_WHY));
}

/* -- what became of it ------------------------------------------------------------------- */

static void put_step(struct html *h, const char *class, const char *what, const char *who,
                     const char *at)
{
    html(h, "<li class=\"%s\"><b>%s</b> ", class, what);
    if (who)
        html(h, "%s %s ", html_word(h, WORD_BY), who);
    html_time(h, at);
}

/* Those who agreed while more people had to. */
static void put_earlier_approvals(struct html *h, const cJSON *change)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(change, "approvals"))
    {
        put_step(h, "approved", html_state(h, "approved"), json_str(one, "who"),
                 json_str(one, "at"));
        html(h, " · %s</li>", json_str(one, "channel"));
    }
}

static void put_timeline(struct html *h, const cJSON *change)
{
    const cJSON *d = json_get(change, "decision");
    const char *state = json_str(change, "state"), *verdict = json_str(d, "verdict");
    const char *applied = json_str(change, "applied");
    html(h, "<h2>%s</h2><ol class=\"timeline\" data-fresh=\"timeline\">",
         html_word(h, WORD_TIMELINE));
    put_step(h, "done", html_word(h, WORD_PLANNED), json_str(change, "owner"),
             json_str(change, "created"));
    html(h, "</li>");
    put_earlier_approvals(h, change);
    if (d) {
        put_step(h, verdict, html_state(h, verdict), json_str(d, "who"), json_str(d, "at"));
        html(h, " · %s", json_str(d, "channel"));
        if (json_str(d, "note"))
            html(h, "<span class=\"note\">%s</span>", json_str(d, "note"));
        if (json_str(d, "comment"))
            html(h, "<q>%s</q>", json_str(d, "comment"));
        html(h, "</li>");
    }
    if (is_undecided(change))
        put_step(h, "later", html_word(h, WORD_EXPIRES), NULL, json_str(change, "expires"));
    else if (!is_named(state, verdict))
        put_step(h, state, html_state(h, state), NULL,
                 applied ? applied : json_str(change, "updated"));
    html(h, "</ol>");
}

/* Which replicas serve it, each that does not, and what nobody can see. */
static void put_served_by(struct html *h, const cJSON *served)
{
    const cJSON *one;
    if (!served)
        return;
    html(h, "<p class=\"note\" data-fresh=\"served\">%s</p>",
         json_true(served, "looking") ? html_word(h, WORD_LOOKING_SERVED)
                                      : json_text(served, "says"));
    cJSON_ArrayForEach(one, json_get(served, "not"))
        html(h, "<p class=\"note\"><code>%s</code>: %s</p>", json_text(one, "replica"),
             json_text(one, "why"));
    cJSON_ArrayForEach(one, json_get(served, "not_visible"))
        html(h, "<p class=\"note\">%s: %s</p>", html_word(h, WORD_NOT_VISIBLE),
             cJSON_IsString(one) ? one->valuestring : "");
}

static void put_change_result(struct html *h, const cJSON *change)
{
    const cJSON *result = json_get(change, "result");
    if (json_str(result, "text"))
        html(h, "<h2>%s</h2><p class=\"result %s\">%s</p>", html_word(h, WORD_RESULT),
             json_str(change, "state"), json_str(result, "text"));
    put_served_by(h, json_get(result, "served"));
}

/* -- the page ---------------------------------------------------------------------------- */

static void put_change_head(struct html *h, const struct page_change *x)
{
    const cJSON *change = x->change;
    const char *state = json_str(change, "state"), *undoes = json_str(change, "undoes");
    html(h,
         "<p class=\"facts\"><span class=\"state %s\" data-fresh=\"state\">%s</span> "
         "<code>%s</code>",
         state, html_state(h, state), json_str(change, "id"));
    html(h, " · %s: <b class=\"%s\">%s</b>", html_word(h, WORD_RISK), json_str(change, "risk"),
         html_risk(h, json_str(change, "risk")));
    html(h, " · %s: %s", html_word(h, WORD_GATEWAY), json_str(change, "gateway"));
    html(h, " · %s %s</p>", html_word(h, WORD_ASKED_BY), json_str(change, "asks"));
    html(h, "<h1>%s</h1>", json_str(change, "title"));
    if (x->problem)
        html(h, "<p class=\"problem\" role=\"alert\">%s</p>", x->problem);
    if (undoes)
        html(h, "<p>%s <a href=\"/changes/%s\"><code>%s</code></a></p>", html_word(h, WORD_UNDOES),
             undoes, undoes);
    if (json_str(change, "rejected"))
        html(h, "<p class=\"stop\">%s</p>", json_str(change, "rejected"));
}

static void put_warnings(struct html *h, const cJSON *change)
{
    const cJSON *line, *warnings = json_get(change, "warnings");
    if (!json_count(warnings))
        return;
    html(h, "<h2>%s</h2><ul class=\"warnings\">", html_word(h, WORD_WARNINGS));
    cJSON_ArrayForEach(line, warnings) html(h, "<li>%s</li>", line->valuestring);
    html(h, "</ul>");
}

char *page_change(const struct viewer *v, const struct page_change *x)
{
    struct html h;
    html_begin(&h, v, json_str(x->change, "title"), WORD_CHANGES);
    bool looking = json_true(json_path(x->change, "result.served"), "looking");
    html(&h, "<article id=\"view\" data-state=\"%s %d%s\">", json_str(x->change, "state"),
         json_count(json_get(x->change, "approvals")), looking ? " looking" : "");
    put_change_head(&h, x);
    put_change_result(&h, x->change);
    put_warnings(&h, x->change);
    put_parts(&h, x->change);
    if (is_undecided(x->change))
        put_decide_form(&h, x);
    put_undo(&h, x->change);
    put_timeline(&h, x->change);
    const cJSON *op = json_get(x->change, "operations");
    if (op && op->child)
        html_history(&h, x->history, html_say(&h, WORD_HISTORY_OF, json_str(op->child, "name"), ""),
                     json_str(x->change, "id"));
    html(&h, "</article>");
    return html_end(&h);
}

char *page_outside(const struct viewer *v, const cJSON *edit, const cJSON *history)
{
    struct html h;
    const char *id = json_str(edit, "id"), *state = json_str(edit, "state");
    const cJSON *op = json_get(edit, "operations");
    html_begin(&h, v, json_str(edit, "title"), WORD_CHANGES);
    html(&h,
         "<article id=\"view\"><p class=\"facts\"><span class=\"state %s\">%s</span> "
         "<code>%s</code>",
         state, html_state(&h, state), id);
    if (json_str(edit, "gateway"))
        html(&h, " · %s: %s", html_word(&h, WORD_GATEWAY), json_str(edit, "gateway"));
    html(&h, "</p><h1>%s %s</h1>", json_text(op ? op->child : NULL, "kind"),
         json_text(op ? op->child : NULL, "name"));
    html(&h, "<p>%s. %s</p>",
         html_say(&h, WORD_OUTSIDE_BETWEEN, json_str(edit, "since"), json_str(edit, "created")),
         html_word(&h, WORD_OUTSIDE_WHY));
    put_parts(&h, edit);
    if (v->acts && json_true(edit, "restorable")) {
        html_form(&h, arena_printf(v->arena, "/changes/%s", id), "row");
        html(&h,
             "<button name=\"do\" value=\"undo\">%s</button> <span class=\"quiet\">%s</span>"
             "</form>",
             html_word(&h, WORD_RESTORE), html_word(&h, WORD_RESTORE_WHY));
    }
    if (op && op->child)
        html_history(&h, history, html_say(&h, WORD_HISTORY_OF, json_str(op->child, "name"), ""),
                     id);
    html(&h, "</article>");
    return html_end(&h);
}
