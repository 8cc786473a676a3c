/* yaml.h - YAML text to the JSON tree and back, by libyaml. The only file that includes yaml.h.
 *
 * Scalars are resolved as sigs.k8s.io/yaml does (what kubectl and Higress use): YAML 1.1 booleans
 * (true/false/yes/no/on/off in their usual cases), null/~/empty, integers (decimal, 0x, 0o, 0b),
 * floats; quoted scalars are strings. Anchors and aliases are expanded within a bound, `<<` merges.
 * Duplicate keys are an error. Errors name line and column (ERR_ARGS).
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;

cJSON *yaml_parse(struct arena *a, const char *text, size_t len,
                  struct err *e); /* first document */
/* The same, and where its members stand. */
struct yaml_lines;
cJSON *yaml_parse_lines(struct arena *a, const char *text, size_t len, struct yaml_lines **lines,
                        struct err *e);
/* The line on which that node's key, or the item of a list, begins; 0: it is none of the text's. */
int yaml_line(const struct yaml_lines *lines, const cJSON *node);
/* All documents, as an array of roots; empty documents are left out. */
cJSON *yaml_parse_all(struct arena *a, const char *text, size_t len, struct err *e);

/* A scalar as it was written. */
struct yaml_text {
    const char *text;
    size_t len;
    const char *tag; /* "str", "int", …; "" for none; one that YAML does not define as it is */
    bool plain;      /* in no quotes, no block */
};
typedef cJSON *yaml_scalar_fn(struct arena *a, const struct yaml_text *s); /* NULL: refused */
/* The first document as a reader of single events takes it: scalars mean what the function says,
 * keys are their text, "<<" is a key, of a key given twice the last counts, an alias is its name.
 */
cJSON *yaml_parse_events(struct arena *a, const char *text, size_t len, yaml_scalar_fn *scalar,
                         struct err *e);
/* The first document as yaml_parse, but of a key given twice the last counts. */
cJSON *yaml_parse_last(struct arena *a, const char *text, size_t len, struct err *e);

/* Why a text is no YAML, for those who word it as another reader does. Places are
 * characters from the text's start; the words are libyaml's. */
struct yaml_fault {
    size_t context_at, at;
    bool scanning;       /* no token could be made; else the tokens do not fit together */
    const char *context; /* "while parsing a flow node"; NULL: none */
    const char *problem;
    const char *token; /* the token that did not fit, as YAML writes it: "]", "<stream end>" */
};
/* False: its tokens and their order are right. */
bool yaml_find_fault(struct arena *a, const char *text, size_t len, struct yaml_fault *out);

/* Block style, two spaces, keys in the tree's order, list items at their key's indent (as
 * Kubernetes prints), strings quoted when they would otherwise be read as another type, multi-line
 * strings as literal blocks. Parsing it again gives an equal tree. */
bool yaml_write(struct buf *b, const cJSON *node);
char *yaml_print(struct arena *a, const cJSON *node);
