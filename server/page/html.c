/* html.c - writes markup and escapes the rest; the frame of every page, and small parts of many. */
#include "base/arena.h"
#include "base/asset.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "page/html_private.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 16 << 20 };

/* -- escaping ---------------------------------------------------------------------------- */

static void put_text(struct buf *b, const char *s)
{
    static const char *const escapes[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
    };
    while (s && *s) {
        size_t n = strcspn(s, "&<>\"'");
        buf_add(b, s, n);
        s += n;
        if (*s)
            buf_str(b, escapes[(unsigned char)*s++]);
    }
}

void html(struct html *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (const char *p = format; *p;) {
        size_t n = strcspn(p, "%");
        buf_add(h->out, p, n);
        p += n;
        if (!*p)
            break;
        if (p[1] == 's')
            put_text(h->out, va_arg(args, const char *));
        else if (p[1] == 'd')
            buf_printf(h->out, "%d", va_arg(args, int));
        else
            bug("html: %s", p);
        p += 2;
    }
    va_end(args);
}

/* -- words ------------------------------------------------------------------------------- */

const char *html_word(const struct html *h, enum word word)
{
    return words_say(h->viewer->tongue, word);
}

const char *html_say(const struct html *h, enum word word, const char *x, const char *y)
{
    const char *text = html_word(h, word), *at = strstr(text, "{}");
    const char *next = at ? strstr(at + 2, "{}") : NULL;
    if (!at)
        return text;
    if (!next)
        return arena_printf(h->viewer->arena, "%.*s%s%s", (int)(at - text), text, x, at + 2);
    return arena_printf(h->viewer->arena, "%.*s%s%.*s%s%s", (int)(at - text), text, x,
                        (int)(next - at - 2), at + 2, y, next + 2);
}

const char *html_count(const struct html *h, enum word word, int x, int y)
{
    struct arena *a = h->viewer->arena;
    return html_say(h, word, arena_printf(a, "%d", x), arena_printf(a, "%d", y));
}

const char *html_state(const struct html *h, const char *state)
{
    const char *known = words_state(h->viewer->tongue, state);
    return known ? known : state;
}

const char *html_risk(const struct html *h, const char *risk)
{
    const char *known = words_risk(h->viewer->tongue, risk);
    return known ? known : risk;
}

const char *html_found(const struct html *h, const char *risk)
{
    const char *known = words_found(h->viewer->tongue, risk);
    return known ? known : risk;
}

/* The weight of a language in Accept-Language; 0: it is not there. */
static double weight_of(const char *accept, const char *language)
{
    double best = 0;
    while (accept && *accept) {
        accept += strspn(accept, ", \t");
        size_t n = strcspn(accept, ",");
        size_t tag = strcspn(accept, ",;- \t");
        const char *q = memmem(accept, n, "q=", 2);
        double weight = q ? strtod(q + 2, NULL) : 1;
        if (tag == strlen(language) && !strncasecmp(accept, language, tag) && weight > best)
            best = weight;
        accept += n;
    }
    return best;
}

enum tongue page_tongue(const char *accept)
{
    return weight_of(accept, "zh") > weight_of(accept, "en") ? TONGUE_CHINESE : TONGUE_ENGLISH;
}

/* -- assets ------------------------------------------------------------------------------ */

const char *page_asset(const char *name)
{
    return asset_text(!strcmp(name, "page.js") ? "server/page/assets/page.js"
                                               : "server/page/assets/style.css");
}

char *page_assets_version(struct arena *a)
{
    const char *all = arena_printf(a, "%s%s", page_asset("style.css"), page_asset("page.js"));
    return arena_strndup(a, crypto_sha256_hex(a, all, strlen(all)), 12);
}

/* -- parts ------------------------------------------------------------------------------- */

void html_time(struct html *h, const char *iso)
{
    if (iso && strlen(iso) >= 16)
        html(h, "<time datetime=\"%s\">%s %s UTC</time>", iso,
             arena_strndup(h->viewer->arena, iso, 10),
             arena_strndup(h->viewer->arena, iso + 11, 5));
    else
        html(h, "%s", iso);
}

void html_history(struct html *h, const cJSON *history, const char *head, const char *but)
{
    const cJSON *c, *list = json_get(history, "changes");
    const char *unread = json_str(history, "unread");
    bool alone = json_count(list) == 1 && but && !strcmp(json_str(list->child, "id"), but);
    if (!unread && (alone || !json_count(list)))
        return;
    html(h, "<h2>%s</h2>", head);
    if (unread)
        html(h, "<p class=\"unread\">%s</p>", unread);
    html(h, "<ul class=\"history\">");
    cJSON_ArrayForEach(c, list)
    {
        if (but && !strcmp(json_str(c, "id"), but))
            continue;
        html(h, "<li><a href=\"/changes/%s\">%s</a> <span class=\"facts\">%s · ", json_str(c, "id"),
             json_str(c, "title"), html_state(h, json_str(c, "state")));
        html_time(h, json_str(c, "created"));
        html(h, "</span></li>");
    }
    html(h, "</ul>");
}

void html_form(struct html *h, const char *path, const char *class)
{
    html(h, "<form method=\"post\" action=\"%s\" class=\"%s\">", path, class);
    html(h, "<input type=\"hidden\" name=\"form\" value=\"%s\">", h->viewer->form);
}

void html_passkey_button(struct html *h, const char *path, enum word word)
{
    html(h,
         "<button type=\"button\" class=\"main\" hidden data-passkey=\"%s\" data-failed=\"%s\">"
         "%s</button> ",
         path, html_word(h, WORD_PASSKEY_FAILED), html_word(h, word));
}

void html_no_passkey(struct html *h)
{
    html(h,
         "<p class=\"stop no-passkey\">%s</p>"
         "<p class=\"problem\" id=\"passkey-says\" role=\"alert\" hidden></p>",
         html_word(h, WORD_NO_PASSKEY));
}

static void put_menu(struct html *h, enum word here)
{
    static const struct {
        const char *path;
        enum word word;
    } links[] = { { "/", WORD_GATEWAY }, { "/changes", WORD_CHANGES }, { "/audit", WORD_AUDIT } };
    const struct viewer *v = h->viewer;
    html(h, "<nav>");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        html(h, "<a href=\"%s\"", links[i].path);
        html(h, links[i].word == here ? " aria-current=\"page\">%s" : ">%s",
             html_word(h, links[i].word));
        if (links[i].word == WORD_CHANGES)
            html(h, *v->waiting ? " <b id=\"waiting\">%s</b>" : "<b id=\"waiting\" hidden>%s</b>",
                 v->waiting);
        html(h, "</a>");
    }
    html(h, "</nav>");
    html_form(h, "/logout", "who");
    html(h, "<a href=\"/passkeys\" title=\"%s\">%s</a> <button class=\"quiet\">%s</button></form>",
         html_word(h, WORD_PASSKEYS), v->who, html_word(h, WORD_LOGOUT));
}

void html_begin(struct html *h, const struct viewer *v, const char *title, enum word here)
{
    static const char *const codes[TONGUES] = { "en", "zh-Hans" };
    *h = (struct html){ v, buf_in(v->arena, PAGE_MAX) };
    html(h,
         "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width\"><title>",
         codes[v->tongue]);
    if (v->waiting && *v->waiting)
        html(h, "(%s) ", v->waiting);
    html(h, "%s · Higress</title><link rel=\"stylesheet\" href=\"/style.css?v=%s\">", title,
         v->version);
    if (here == WORD_GATEWAY)
        html(h, "<link rel=\"stylesheet\" href=\"/map.css?v=%s\">", v->version);
    html(h, "<script src=\"/page.js?v=%s\" defer></script></head><body", v->version);
    html(h, v->who ? " data-live=\"/changes/live\">" : ">");
    html(h, "<a class=\"skip\" href=\"#main\">%s</a><header>", html_word(h, WORD_SKIP));
    html(h, "<a class=\"home\" href=\"/\">Higress</a>");
    if (v->who)
        put_menu(h, here);
    html(h, "</header><main id=\"main\">");
}

char *html_end(struct html *h)
{
    html(h,
         "<p id=\"news\" role=\"status\" hidden>%s <a href=\"\">%s</a></p></main></body></html>\n",
         html_word(h, WORD_NEWS), html_word(h, WORD_RELOAD));
    return h->out->data;
}

char *page_note(const struct viewer *v, const char *title, const char *text)
{
    struct html h;
    html_begin(&h, v, title, WORD_NONE);
    html(&h,
         "<h1>%s</h1><p class=\"problem\" role=\"alert\">%s</p><p><a href=\"/changes\">%s</a></p>",
         title, text, html_word(&h, WORD_TO_CHANGES));
    return html_end(&h);
}
