/* field.h - one table row per field: validate arguments, print JSON Schema, mask secrets, document.
 *
 * Rows are const, designated, ended by { 0 }. Inputs are closed objects (unknown names are errors),
 * outputs open. Error texts carry the path: "services[0].port: 70000 is more than 65535".
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;

enum field_type { FIELD_END = 0, STR, INT, NUM, BOOL, OBJ, LIST, ANY };
enum field_need { OPT = 0, REQ = 1 };
enum field_flag {
    FIELD_SECRET = 1,
    FIELD_OPEN = 2, /* OBJ that admits unknown members */
    FIELD_MADE = 4, /* set by the other side; for documentation */
    FIELD_BRIEF = 8 /* choices, bounds and default hold, but are not in the schema: a model pays */
};

struct field {
    const char *name;
    enum field_type type;
    enum field_need need;
    const char *about;      /* one sentence; it is what a model reads */
    double min, max;        /* STR: length in bytes; INT/NUM: value; LIST: count; 0,0 = no bound */
    const char *one_of;     /* STR: "A|B|C" */
    const char *otherwise;  /* documented default, as JSON text */
    const struct field *of; /* OBJ: its members; LIST: of[0] is the item's row */
    unsigned flags;
    const char *complete; /* resource kind whose names complete this argument ("route") */
    const char *header;   /* "Region": 2026-07-28 clients repeat it as Mcp-Param-Region */
};

extern const struct field a_string; /* LIST of strings: .of = &a_string */

/* Checks value (an object) against rows; every mistake is in the sentence (ERR_ARGS). */
bool field_check(const struct field *rows, const cJSON *value, struct err *e);
/* Is v of that type? ANY: always. */
bool field_type_fits(enum field_type type, const cJSON *v);
/* {"type":"object","properties":{…},"required":[…],"additionalProperties":false}; `open` leaves
 * additionalProperties and optional members out (outputs). */
bool field_schema(struct buf *b, const struct field *rows, bool open);
/* Replaces the value of every FIELD_SECRET member by its fingerprint (secret_mask), in place. */
void field_mask(struct arena *a, const struct field *rows, cJSON *value);
