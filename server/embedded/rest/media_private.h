/* media_private.h - media types as Spring reads them from Content-Type and Accept.
 *
 * A type that Spring refuses (no slash, a character that is no token's, a charset nobody knows) is
 * not parsed; the caller answers as Spring does.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct media {
    const char *type, *subtype; /* lower case; "*" is any */
    const char *parameters;     /* ";charset=utf-8", without q; "" */
    const char *charset;        /* NULL: not named */
    double quality;
};

/* One media type, n bytes. */
bool media_parse(struct arena *a, const char *text, size_t n, struct media *out);
bool media_is_json(const struct media *m); /* application/json, application/ANY+json */
bool media_is_concrete(const struct media *m);

/* What an Accept header allows of what an endpoint produces. */
enum media_choice { MEDIA_CHOSEN, MEDIA_NONE, MEDIA_MALFORMED };
/* accept NULL: anything. On MEDIA_CHOSEN *out is the Content-Type of a JSON answer. */
enum media_choice media_choose_json(struct arena *a, const char *accept, const char **out);
/* The same for a text, which any type fits. */
enum media_choice media_choose_text(struct arena *a, const char *accept, const char **out);
/* Does Accept want Spring's error as a page (text/html before anything)? */
bool media_wants_page(struct arena *a, const char *accept);
