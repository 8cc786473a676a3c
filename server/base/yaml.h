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
/* All documents, as an array of roots; empty documents are left out. */
cJSON *yaml_parse_all(struct arena *a, const char *text, size_t len, struct err *e);

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
