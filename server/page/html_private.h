/* html_private.h - how a page is written. */
#pragma once
#include "base/buf.h"
#include "page/page.h"
#include "page/words_private.h"

struct html {
    const struct viewer *viewer;
    struct buf *out;
};

/* The format is markup and nothing else; what a %s stands for is escaped, in text and in quoted
 * attributes alike. Only %s and %d; NULL is "". */
void html(struct html *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A text of the table in the reader's language; escaped as any other by html(). */
const char *html_word(const struct html *h, enum word word);
/* The same with x, and then y, in the place of each {}. */
const char *html_say(const struct html *h, enum word word, const char *x, const char *y);
const char *html_count(const struct html *h, enum word word, int x, int y);
/* The words of a state or a risk, as the engine names them; the name itself when it is unknown. */
const char *html_state(const struct html *h, const char *state);
const char *html_found(const struct html *h, const char *risk);
const char *html_risk(const struct html *h, const char *risk);
/* "2026-11-24 05:28 UTC" as a <time>. */
void html_time(struct html *h, const char *iso);
/* Changes that touched an object, without the one `but`, below a head; nothing where there are
 * none. */
void html_history(struct html *h, const cJSON *history, const char *head, const char *but);
/* A form that posts to path, up to the closing tag. */
void html_form(struct html *h, const char *path, const char *class);

/* A button that asks a key of the browser's owner by the options of `path`, and then sends its
 * form; hidden until the script (page.js) finds that the browser can. */
void html_passkey_button(struct html *h, const char *path, enum word word);
/* What stands there while it cannot, and where it says what went wrong. */
void html_no_passkey(struct html *h);

/* The frame of every page. here: the link of the menu that is this page; WORD_NONE: none. */
void html_begin(struct html *h, const struct viewer *v, const char *title, enum word here);
char *html_end(struct html *h);
