/* page_passkey.c - a person's own passkeys, and how one more is enrolled. */
#include "base/json.h"
#include "page/html_private.h"

static void put_key_list(struct html *h, const cJSON *keys)
{
    const cJSON *k;
    if (!keys->child) {
        html(h, "<p>%s</p>", html_word(h, WORD_NO_PASSKEYS));
        return;
    }
    html(h, "<ul class=\"history\">");
    cJSON_ArrayForEach(k, keys)
    {
        html(h, "<li>%s <span class=\"facts\"><code>%s</code>", json_str(k, "name"),
             json_str(k, "aaguid"));
        if (json_true(k, "attested"))
            html(h, " · %s", html_word(h, WORD_ATTESTED));
        html(h, " · ");
        html_time(h, json_str(k, "at"));
        html(h, "</span></li>");
    }
    html(h, "</ul>");
}

static void put_enrol_form(struct html *h, const struct page_passkeys *x)
{
    html(h, "<h2>%s</h2>", html_word(h, WORD_PASSKEY_NEW));
    if (x->barred) {
        html(h, "<p class=\"stop\">%s</p>", x->barred);
        return;
    }
    html(h, "<p class=\"quiet\">%s</p>", html_say(h, WORD_PASSKEY_AT, x->origin, ""));
    html_no_passkey(h);
    html_form(h, "/passkeys", "decision");
    html(h,
         "<label>%s <input name=\"code\" id=\"code\" autocomplete=\"off\" autocapitalize=\"none\" "
         "spellcheck=\"false\" maxlength=\"64\" required></label>",
         html_say(h, WORD_PASSKEY_CODE, h->viewer->who, ""));
    html(h,
         "<label>%s <input name=\"name\" id=\"name\" autocomplete=\"off\" maxlength=\"60\" "
         "required></label><p class=\"buttons\">",
         html_word(h, WORD_PASSKEY_NAME));
    html_passkey_button(h, "/passkeys/new", WORD_PASSKEY_ENROL);
    html(h, "</p></form>");
}

char *page_passkeys(const struct viewer *v, const struct page_passkeys *x)
{
    struct html h;
    html_begin(&h, v, words_say(v->tongue, WORD_PASSKEYS), WORD_NONE);
    html(&h, "<h1>%s</h1><p class=\"quiet\">%s</p>", html_word(&h, WORD_PASSKEYS),
         html_word(&h, WORD_PASSKEYS_WHY));
    if (x->problem)
        html(&h, "<p class=\"problem\" role=\"alert\">%s</p>", x->problem);
    put_key_list(&h, x->keys);
    put_enrol_form(&h, x);
    return html_end(&h);
}
