/* mask_rule.h - what the tables of secrets say about one member or name, and the tables of names.
 *
 * The rules are those of the reference on secrets: a value is shown, hidden whole, or read as what
 * it is (a URL, a data source name, text, a header under a name that stands beside it, …) and loses
 * its secret part only. Text is never judged by its look first: the rule of its place comes first,
 * then mask_shapes for tokens that anybody knows by their form.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

enum mask_rule {
    MASK_UNKNOWN = 0, /* no table knows it: hidden, unless it is a word of this gateway */
    MASK_SHOW,        /* harmless; known token shapes are hidden all the same */
    MASK_HIDE,        /* secret, whole */
    MASK_URL,         /* scheme, host and path stay */
    MASK_DSN,         /* the address of a database: loses its password */
    MASK_TEXT,        /* prose, templates, snippets: "name: value" is judged by the name */
    MASK_NAMED,       /* header or parameter, named by the sibling `with` ("key", "target.name") */
    MASK_KEY,         /* by the member's own name */
    MASK_ANNOTATION,  /* by the member's own name, which is an annotation's */
    MASK_LINE,        /* a header in one text: "K=V", "name value" */
    MASK_SIBLING,     /* transformer: by `key` beside it */
    MASK_LIMIT,       /* rate limits: a credential where the limit goes by one */
    MASK_CONFIG,      /* settings of an MCP server: every text but a few names */
    MASK_TREE,        /* JSON or YAML, as a tree or in a text; `with`: the table of the tree */
    MASK_PLUGIN,      /* the same; the table of the plugin that `with` beside it names */
    MASK_JWKS,        /* a set of keys: the private members */
    MASK_PEM,         /* certificates stay, nothing else does */
    MASK_SCHEMA,      /* JSON Schema: examples and defaults, by the property's name */
    MASK_CREDENTIAL,  /* MASK_HIDE of the kind of a user's name, a colon and the password */
};

/* By name, in any case. */
enum mask_rule mask_header_rule(const char *name);
enum mask_rule mask_query_rule(const char *name);
bool mask_query_is_shown(const char *name);        /* of a URL: api-version, X-Amz-Expires, … */
bool mask_name_is_harmless(const char *name);      /* of a header or parameter that we know */
bool mask_cookie_is_shown(const char *name);       /* INGRESSCOOKIE, lang, … */
enum mask_rule mask_member_rule(const char *name); /* MASK_HIDE or MASK_SHOW */
bool mask_name_is_weighty(const char *name);       /* "password": hidden even as a short number */
/* *with: the rest of a name that holds another ("exact-match-header-x-api-key"), or NULL. */
enum mask_rule mask_annotation_rule(const char *name, const char **with);
/* Under a name that somebody made up and that says nothing for sure: what the value looks like
 * decides (letters and digits under "signKey"; a random text of 16 under any name). */
enum mask_rule mask_weigh(enum mask_rule by_name, const char *name, const char *value);
bool mask_is_placeholder(const char *value); /* "", EMPTY, your-…, <…>, ***, ${secret.…} */

/* A URL at s, n bytes long, without its secrets: userinfo, query values of secret names, paths of
 * webhooks. Written to b. */
void mask_url_write(struct arena *a, struct buf *b, const char *s, size_t n);
char *mask_url(struct arena *a, const char *text);  /* MASK_URL; what is no URL is text */
char *mask_dsn(struct arena *a, const char *text);  /* MASK_DSN */
char *mask_text(struct arena *a, const char *text); /* MASK_TEXT */
char *mask_pem(struct arena *a, const char *text);  /* MASK_PEM */
char *mask_line(struct arena *a, const char *text); /* MASK_LINE, one or several lines */
/* Writes the fingerprint of s, n bytes; what is a fingerprint or a placeholder stays. */
void mask_piece(struct arena *a, struct buf *b, const char *s, size_t n);
