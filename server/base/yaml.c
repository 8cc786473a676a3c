/* yaml.c - libyaml's events to nodes. yaml_print.c writes, yaml_scalar.c says what scalars mean.
 *
 * One event is held at a time. Anchors are remembered by name when their node is complete, so an
 * alias inside its own anchor is unknown; each use is a copy, and the copies count towards
 * MAX_NODES, so that a few lines cannot become gigabytes.
 */
#include "base/yaml.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_node_private.h"
#include "base/lib.h"
#include "base/yaml_scalar_private.h"
#include <yaml.h>

#define YAML_API(X)                                                                                \
    X(yaml_event_delete)                                                                           \
    X(yaml_parser_delete)                                                                          \
    X(yaml_parser_initialize)                                                                      \
    X(yaml_parser_parse)                                                                           \
    X(yaml_parser_scan)                                                                            \
    X(yaml_parser_set_encoding)                                                                    \
    X(yaml_parser_set_input_string)                                                                \
    X(yaml_token_delete)
LIB_TABLE(libyaml, YAML_API);

enum { MAX_NODES = 1 << 20, MAX_ANCHORS = 1000, MAX_MERGE_STEPS = 1 << 24 };

struct anchor {
    struct anchor *older;
    const char *name;
    const cJSON *node;
};

struct yaml_lines {
    struct yaml_lines *before;
    const cJSON *node;
    int line;
};

struct reader {
    struct arena *a;
    struct err *e;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    struct anchor *anchors;
    struct yaml_lines **lines; /* the newest is first; NULL: nobody asks */
    yaml_scalar_fn *scalar;    /* of yaml_parse_events; NULL: YAML's own rules */
    bool last_counts;          /* of a key given twice; else that is an error */
    int depth, anchor_count;
    size_t nodes, merge_steps; /* work done so far */
};

static cJSON *read_node(struct reader *r);

static void *yaml_error(struct reader *r, yaml_mark_t at, const char *what, const char *name)
{
    err_set(r->e, ERR_ARGS, "not YAML at line %zu, column %zu: %s%s%s%s", at.line + 1,
            at.column + 1, what, name ? " '" : "", name ? name : "", name ? "'" : "");
    return NULL;
}

/* To the next event. False: malformed. */
static bool next_event(struct reader *r)
{
    libyaml.yaml_event_delete(&r->event);
    if (libyaml.yaml_parser_parse(&r->parser, &r->event))
        return true;
    memset(&r->event, 0, sizeof r->event);
    const yaml_parser_t *p = &r->parser;
    yaml_mark_t at = p->problem_mark;
    if (p->error == YAML_READER_ERROR) /* it knows the byte only */
        err_set(r->e, ERR_ARGS, "not YAML at byte %zu: %s", p->problem_offset, p->problem);
    else
        yaml_error(r, at, p->problem ? p->problem : "malformed", NULL);
    return false;
}

static cJSON *remember_anchor(struct reader *r, const char *name, cJSON *node)
{
    if (!name || !node)
        return node;
    if (++r->anchor_count > MAX_ANCHORS)
        return yaml_error(r, r->event.start_mark, "too many anchors", NULL);
    struct anchor *anchor = arena_make(r->a, struct anchor);
    *anchor = (struct anchor){ r->anchors, name, node };
    r->anchors = anchor;
    return node;
}

static size_t count_nodes(const cJSON *node, size_t enough)
{
    size_t n = 1;
    for (const cJSON *child = node->child; child && n <= enough; child = child->next)
        n += count_nodes(child, enough);
    return n;
}

static int depth_of(const cJSON *node)
{
    int deepest = 0;
    for (const cJSON *child = node->child; child; child = child->next) {
        int depth = depth_of(child);
        deepest = depth > deepest ? depth : deepest;
    }
    return node->child ? deepest + 1 : 0;
}

static cJSON *read_alias(struct reader *r)
{
    const char *name = (const char *)r->event.data.alias.anchor;
    if (r->scalar)
        return json_string(r->a, name);
    const struct anchor *anchor = r->anchors;
    while (anchor && strcmp(anchor->name, name) != 0)
        anchor = anchor->older;
    if (!anchor)
        return yaml_error(r, r->event.start_mark, "unknown alias", name);
    r->nodes += count_nodes(anchor->node, MAX_NODES);
    if (r->nodes > MAX_NODES || r->depth + depth_of(anchor->node) > JSON_MAX_DEPTH)
        return yaml_error(r, r->event.start_mark, "aliases make it too large", NULL);
    return json_clone(r->a, anchor->node);
}

/* The part of a tag that YAML itself defines ("str", "int", …); "" for none or "?", NULL for
 * others. */
static const char *core_tag(const char *tag)
{
    static const char core[] = "tag:yaml.org,2002:";
    if (!tag)
        return "";
    if (strcmp(tag, "!") == 0)
        return "str";
    return strncmp(tag, core, sizeof core - 1) == 0 ? tag + sizeof core - 1 : NULL;
}

static bool list_has_word(const char *word, const char *list)
{
    const char *at = strstr(list, word);
    size_t n = strlen(word);
    return n && at && (at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]);
}

static cJSON *read_foreign_scalar(struct reader *r, const char *tag, bool plain)
{
    const char *written = (const char *)r->event.data.scalar.tag;
    if (written && strcmp(written, "!") == 0) /* not resolved, and no type either */
        tag = "";
    struct yaml_text s = { (const char *)r->event.data.scalar.value, r->event.data.scalar.length,
                           tag ? tag : written, plain };
    cJSON *value = r->scalar(r->a, &s);
    return value ? value : yaml_error(r, r->event.start_mark, "no value of its type", NULL);
}

static cJSON *read_scalar(struct reader *r)
{
    const char *text = (const char *)r->event.data.scalar.value;
    size_t n = r->event.data.scalar.length;
    const char *tag = core_tag((const char *)r->event.data.scalar.tag);
    bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (strlen(text) != n)
        return yaml_error(r, r->event.start_mark, "a scalar holds a NUL character", NULL);
    if (r->scalar)
        return read_foreign_scalar(r, tag, plain);
    if (!tag || (*tag && !list_has_word(tag, "str int float bool null timestamp")))
        return yaml_error(r, r->event.start_mark, "unknown tag",
                          (const char *)r->event.data.scalar.tag);
    if (*tag ? list_has_word(tag, "str timestamp") : !plain)
        return json_stringn(r->a, text, n);
    return yaml_scalar(r->a, text, n);
}

static void note_line(struct reader *r, yaml_mark_t at, const cJSON *node)
{
    if (!r->lines)
        return;
    struct yaml_lines *line = arena_make(r->a, struct yaml_lines);
    *line = (struct yaml_lines){ *r->lines, node, (int)at.line + 1 };
    *r->lines = line;
}

static cJSON *read_sequence(struct reader *r)
{
    cJSON *array = json_array(r->a);
    for (;;) {
        if (!next_event(r))
            return NULL;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return array;
        yaml_mark_t at = r->event.start_mark;
        cJSON *item = read_node(r);
        if (!item)
            return NULL;
        note_line(r, at, item);
        json_node_append(array, item);
    }
}

/* Whatever the key is, JSON needs a string: true becomes "true", 8080 "8080". */
static char *read_mapping_key(struct reader *r)
{
    yaml_mark_t at = r->event.start_mark;
    if (r->scalar && r->event.type == YAML_SCALAR_EVENT)
        return arena_strdup(r->a, (const char *)r->event.data.scalar.value);
    if (r->scalar)
        return yaml_error(r, at, "a key is no scalar", NULL);
    const cJSON *key = read_node(r);
    if (!key)
        return NULL;
    if (cJSON_IsString(key))
        return key->valuestring;
    if (cJSON_IsObject(key) || cJSON_IsArray(key))
        return yaml_error(r, at, "a key is no scalar", NULL);
    return json_print(r->a, key);
}

static bool is_merge_key(const struct reader *r)
{
    return !r->scalar && r->event.type == YAML_SCALAR_EVENT &&
           r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           strcmp((const char *)r->event.data.scalar.value, "<<") == 0;
}

/* Keys written in the mapping itself win over merged ones, earlier merged ones over later. */
static bool merge(struct reader *r, cJSON *object, const cJSON *from, yaml_mark_t at)
{
    if (cJSON_IsArray(from)) {
        for (const cJSON *item = from->child; item; item = item->next)
            if (!cJSON_IsObject(item) || !merge(r, object, item, at))
                return yaml_error(r, at, "<< takes a mapping or a list of mappings", NULL) != NULL;
        return true;
    }
    if (!cJSON_IsObject(from))
        return yaml_error(r, at, "<< takes a mapping or a list of mappings", NULL) != NULL;
    r->merge_steps += (size_t)json_count(from) * (size_t)json_count(object);
    if (r->merge_steps > MAX_MERGE_STEPS)
        return yaml_error(r, at, "<< makes it too large", NULL) != NULL;
    for (const cJSON *m = from->child; m; m = m->next)
        if (!json_get(object, m->string))
            json_set(r->a, object, m->string, json_clone(r->a, m));
    return true;
}

/* One "key: value" with the key as the current event; what << brings is kept for the end. */
static bool read_mapping_entry(struct reader *r, cJSON *object, cJSON *merged)
{
    bool merges = is_merge_key(r);
    yaml_mark_t at = r->event.start_mark;
    char *key = read_mapping_key(r);
    if (!key || !next_event(r))
        return false;
    cJSON *value = read_node(r);
    if (!value)
        return false;
    if (merges) {
        json_node_append(merged, value);
        return true;
    }
    if (r->last_counts && json_get(object, key)) {
        json_set(r->a, object, key, value);
        return true;
    }
    value->string = key;
    json_node_append(object, value);
    note_line(r, at, value);
    return true;
}

static cJSON *finish_mapping(struct reader *r, cJSON *object, const cJSON *merged, int n,
                             yaml_mark_t at)
{
    if (n > JSON_MAX_MEMBERS)
        return yaml_error(r, at, "a mapping has too many keys", NULL);
    /* Not all of the n are members: << is none. */
    const cJSON *twice = json_node_double(r->a, object, json_count(object));
    if (twice)
        return yaml_error(r, at, "a mapping has twice the key", twice->string);
    for (const cJSON *from = merged->child; from; from = from->next)
        if (!merge(r, object, from, at))
            return NULL;
    return object;
}

static cJSON *read_mapping(struct reader *r)
{
    yaml_mark_t at = r->event.start_mark;
    cJSON *object = json_object(r->a), *merged = json_array(r->a);
    for (int n = 0;; n++) {
        if (!next_event(r))
            return NULL;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return finish_mapping(r, object, merged, n, at);
        if (!read_mapping_entry(r, object, merged))
            return NULL;
    }
}

static cJSON *read_collection(struct reader *r)
{
    bool mapping = r->event.type == YAML_MAPPING_START_EVENT;
    const unsigned char *anchor =
        mapping ? r->event.data.mapping_start.anchor : r->event.data.sequence_start.anchor;
    const char *name = arena_strdup(r->a, (const char *)anchor);
    if (r->depth == JSON_MAX_DEPTH)
        return yaml_error(r, r->event.start_mark, "nested too deeply", NULL);
    r->depth++;
    cJSON *node = mapping ? read_mapping(r) : read_sequence(r);
    r->depth--;
    return remember_anchor(r, name, node);
}

/* The node the current event starts; afterwards the current event is its last one. */
static cJSON *read_node(struct reader *r)
{
    if (++r->nodes > MAX_NODES)
        return yaml_error(r, r->event.start_mark, "too many values", NULL);
    if (r->event.type == YAML_ALIAS_EVENT)
        return read_alias(r);
    if (r->event.type != YAML_SCALAR_EVENT)
        return read_collection(r);
    const char *name = arena_strdup(r->a, (const char *)r->event.data.scalar.anchor);
    return remember_anchor(r, name, read_scalar(r));
}

/* The next document's root; NULL at the end of the stream, and on an error (r->e says). */
static cJSON *read_root(struct reader *r, bool *failed)
{
    *failed = true;
    if (!next_event(r))
        return NULL;
    if (r->event.type == YAML_STREAM_END_EVENT) {
        *failed = false;
        return NULL;
    }
    r->anchors = NULL;
    if (!next_event(r))
        return NULL;
    cJSON *root = read_node(r);
    if (!root || !next_event(r)) /* to the document's end */
        return NULL;
    *failed = false;
    return root;
}

static bool start_parser(struct reader *r, const char *text, size_t len, struct err *e)
{
    if (!LIB_LOAD(libyaml, YAML_API, "libyaml-0.so.2", "libyaml-0-2", e))
        return false;
    if (!libyaml.yaml_parser_initialize(&r->parser))
        bug("out of memory: a YAML parser");
    libyaml.yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    libyaml.yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
    return true;
}

static void end_parser(struct reader *r)
{
    libyaml.yaml_event_delete(&r->event);
    libyaml.yaml_parser_delete(&r->parser);
}

static cJSON *parse_first(struct reader *rules, const char *text, size_t len)
{
    struct reader r = *rules;
    bool failed = true;
    cJSON *root = NULL;
    if (!start_parser(&r, text, len, r.e))
        return NULL;
    if (next_event(&r)) /* the stream's start */
        root = read_root(&r, &failed);
    end_parser(&r);
    return root || failed ? root : json_null(r.a);
}

cJSON *yaml_parse(struct arena *a, const char *text, size_t len, struct err *e)
{
    return parse_first(&(struct reader){ .a = a, .e = e }, text, len);
}

cJSON *yaml_parse_lines(struct arena *a, const char *text, size_t len, struct yaml_lines **lines,
                        struct err *e)
{
    *lines = NULL;
    return parse_first(&(struct reader){ .a = a, .e = e, .lines = lines }, text, len);
}

int yaml_line(const struct yaml_lines *lines, const cJSON *node)
{
    while (lines && lines->node != node)
        lines = lines->before;
    return lines ? lines->line : 0;
}

cJSON *yaml_parse_events(struct arena *a, const char *text, size_t len, yaml_scalar_fn *scalar,
                         struct err *e)
{
    return parse_first(&(struct reader){ .a = a, .e = e, .scalar = scalar, .last_counts = true },
                       text, len);
}

cJSON *yaml_parse_last(struct arena *a, const char *text, size_t len, struct err *e)
{
    return parse_first(&(struct reader){ .a = a, .e = e, .last_counts = true }, text, len);
}

cJSON *yaml_parse_all(struct arena *a, const char *text, size_t len, struct err *e)
{
    struct reader r = { .a = a, .e = e };
    bool failed = true;
    cJSON *roots = json_array(a), *root = roots;
    if (!start_parser(&r, text, len, e))
        return NULL;
    if (!next_event(&r))
        root = NULL;
    while (root) {
        root = read_root(&r, &failed);
        if (root && !cJSON_IsNull(root))
            json_node_append(roots, root);
    }
    end_parser(&r);
    return failed ? NULL : roots;
}

static const char *token_sign(yaml_token_type_t type)
{
    static const char *const signs[] = { [YAML_STREAM_START_TOKEN] = "<stream start>",
                                         [YAML_STREAM_END_TOKEN] = "<stream end>",
                                         [YAML_VERSION_DIRECTIVE_TOKEN] = "<directive>",
                                         [YAML_TAG_DIRECTIVE_TOKEN] = "<directive>",
                                         [YAML_DOCUMENT_START_TOKEN] = "<document start>",
                                         [YAML_DOCUMENT_END_TOKEN] = "<document end>",
                                         [YAML_BLOCK_SEQUENCE_START_TOKEN] =
                                             "<block sequence start>",
                                         [YAML_BLOCK_MAPPING_START_TOKEN] = "<block mapping start>",
                                         [YAML_BLOCK_END_TOKEN] = "<block end>",
                                         [YAML_FLOW_SEQUENCE_START_TOKEN] = "[",
                                         [YAML_FLOW_SEQUENCE_END_TOKEN] = "]",
                                         [YAML_FLOW_MAPPING_START_TOKEN] = "{",
                                         [YAML_FLOW_MAPPING_END_TOKEN] = "}",
                                         [YAML_BLOCK_ENTRY_TOKEN] = "-",
                                         [YAML_FLOW_ENTRY_TOKEN] = ",",
                                         [YAML_KEY_TOKEN] = "?",
                                         [YAML_VALUE_TOKEN] = ":",
                                         [YAML_ALIAS_TOKEN] = "<alias>",
                                         [YAML_ANCHOR_TOKEN] = "<anchor>",
                                         [YAML_TAG_TOKEN] = "<tag>",
                                         [YAML_SCALAR_TOKEN] = "<scalar>" };
    bool known = (size_t)type < sizeof signs / sizeof *signs && signs[type];
    return known ? signs[type] : "<error>";
}

/* The parser drops the token it stumbles over; its start says which one it was. */
static const char *token_at(const char *text, size_t len, size_t index)
{
    struct reader r = { 0 };
    yaml_token_t token;
    const char *sign = NULL;
    struct err none = { 0 }; /* it was loaded to find the fault */
    for (bool more = start_parser(&r, text, len, &none);
         more && !sign && libyaml.yaml_parser_scan(&r.parser, &token);) {
        more = token.type != YAML_STREAM_END_TOKEN;
        if (token.start_mark.index >= index && token.type != YAML_STREAM_START_TOKEN)
            sign = token_sign(token.type);
        libyaml.yaml_token_delete(&token);
    }
    libyaml.yaml_parser_delete(&r.parser);
    return sign ? sign : token_sign(YAML_STREAM_END_TOKEN);
}

bool yaml_find_fault(struct arena *a, const char *text, size_t len, struct yaml_fault *out)
{
    struct reader r = { 0 };
    const yaml_parser_t *p = &r.parser;
    bool good = true;
    struct err e = { 0 };
    if (!start_parser(&r, text, len, &e)) {
        *out = (struct yaml_fault){ .problem = arena_strdup(a, e.text) };
        return true;
    }
    while (good && r.event.type != YAML_STREAM_END_EVENT)
        good = next_event(&r);
    *out = (struct yaml_fault){ .problem = NULL };
    if (!good) {
        out->scanning = p->error != YAML_PARSER_ERROR;
        out->context = arena_strdup(a, p->context);
        out->problem = arena_strdup(a, p->problem ? p->problem : "malformed");
        out->context_at = p->context_mark.index;
        out->at = p->problem_mark.index;
        out->token = out->scanning ? NULL : token_at(text, len, p->problem_mark.index);
    }
    end_parser(&r);
    return !good;
}
