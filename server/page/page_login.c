/* page_login.c - where people say who they are. */
#include "page/html_private.h"

static void put_field(struct html *h, const char *name, enum word word, const char *type,
                      const char *complete)
{
    html(h, "<label>%s <input name=\"%s\" id=\"%s\" type=\"%s\" autocomplete=\"%s\" ",
         html_word(h, word), name, name, type, complete);
    html(h, "maxlength=\"1024\" spellcheck=\"false\" autocapitalize=\"none\" required></label>");
}

static void put_to(struct html *h, const char *to)
{
    html(h, "<input type=\"hidden\" name=\"to\" value=\"%s\">", to);
}

char *page_login(const struct viewer *v, const struct page_login *login)
{
    struct html h;
    html_begin(&h, v, words_say(v->tongue, WORD_LOGIN), WORD_NONE);
    html(&h, "<div class=\"login\"><h1>%s</h1><p class=\"quiet\">%s</p>", html_word(&h, WORD_LOGIN),
         html_word(&h, WORD_LOGIN_WHY));
    if (login->wrong)
        html(&h, "<p class=\"problem\" role=\"alert\">%s</p>", login->wrong);
    if (login->leave)
        html(&h, "<p class=\"quiet\">%s <a href=\"%s\">%s</a></p>", html_word(&h, WORD_LEFT),
             login->leave, html_say(&h, WORD_LEAVE_PROVIDER, login->provider, ""));
    if (login->provider) {
        html(&h, "<form method=\"post\" action=\"/login/oidc\" id=\"oidc\">");
        put_to(&h, login->to);
        html(&h, "<button class=\"main\">%s</button></form>",
             html_say(&h, WORD_LOGIN_BY, login->provider, ""));
    }
    if (login->passphrases && login->provider)
        html(&h, "<h2>%s</h2>", html_word(&h, WORD_PASSPHRASE_INSTEAD));
    if (login->passphrases) {
        html(&h, "<form method=\"post\" action=\"/login\" id=\"known\">");
        put_to(&h, login->to);
        put_field(&h, "name", WORD_NAME, "text", "username");
        put_field(&h, "passphrase", WORD_PASSPHRASE, "password", "current-password");
        html(&h,
             login->provider ? "<button>%s</button></form>"
                             : "<button class=\"main\">%s</button></form>",
             html_word(&h, WORD_LOGIN));
    }
    if (login->tokens && (login->passphrases || login->provider))
        html(&h, "<h2>%s</h2>", html_word(&h, WORD_TOKEN_INSTEAD));
    if (login->tokens) {
        html(&h, "<form method=\"post\" action=\"/login\" id=\"who\">");
        put_to(&h, login->to);
        put_field(&h, "token", WORD_TOKEN, "password", "off");
        html(&h, "<button>%s</button></form>", html_word(&h, WORD_LOGIN));
    }
    html(&h, "</div>");
    return html_end(&h);
}

char *page_onward(const struct viewer *v, const char *url, const char *provider)
{
    struct html h;
    html_begin(&h, v, words_say(v->tongue, WORD_LOGIN), WORD_NONE);
    html(&h, "<div class=\"login\"><h1>%s</h1><p>%s</p><p><a href=\"%s\">%s</a></p></div>",
         html_word(&h, WORD_LOGIN),
         provider ? html_say(&h, WORD_TO_PROVIDER, provider, "") : html_word(&h, WORD_LOGGED_IN),
         url, html_word(&h, WORD_GO_ON));
    return html_end(&h);
}
