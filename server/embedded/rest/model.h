/* model.h - the shapes of the Console REST API: const tables that bind a request body as Jackson
 * does and print every declared field in order, null when unset.
 *
 * Binding rules: unknown members are dropped, missing ones are null; a string field takes numbers
 * and booleans as their text; an integer takes "443", "" (null) and truncates 1.5; a boolean takes
 * "true" and "false"; anything else that does not fit makes the whole body unreadable (Spring's
 * 400, rest.h). Rows are ended by { 0 }.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

enum model_type {
    M_END = 0,
    M_STR,
    M_INT,  /* Java Integer: 32 bits */
    M_LONG, /* Java Long */
    M_BOOL,
    M_ENUM, /* a Java enum: one_of names the constants, exact */
    M_OBJ,  /* of: its rows */
    M_LIST, /* of[0] is the element's row (its name is not used) */
    M_MAP,  /* of[0] is the value's row */
    M_DATE, /* text "yyyy/MM/dd HH:mm:ss'Z'" */
    M_ANY,  /* any JSON value */
    M_OPEN, /* any JSON object (Map<String, Object>) */
};

struct model_field {
    const char *name;
    enum model_type type;
    const struct model_field *of;
    const char *one_of;    /* M_ENUM: "A|B|C" */
    const char *otherwise; /* value when the member is missing, as JSON text; NULL: null */
};

extern const struct model_field model_a_string[]; /* for M_LIST and M_MAP of strings */
extern const struct model_field model_anything[];

/* The whole typed object, every declared member present and in order. NULL: does not fit. `in` must
 * be an object. */
cJSON *model_bind(struct arena *a, const struct model_field *rows, const cJSON *in);
/* A new object with every member set to its default or null: build answers with this and json_set,
 * which keeps the order. */
cJSON *model_new(struct arena *a, const struct model_field *rows);
/* Compact copy without null members at any depth (what Jackson stores with NON_NULL). */
cJSON *model_without_nulls(struct arena *a, const cJSON *node);
