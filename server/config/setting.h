/* setting.h - the row of one setting, of which settings.c has the table. */
#pragma once
#include <cjson/cJSON.h>
#include <stddef.h>

struct arena;
struct field;

/* All that is known of it. The columns after `otherwise` are for the configuration
 * itself (settings.c). */
struct setting {
    const char *path;  /* "gateway.url": where it stands in the file */
    const char *env;   /* "HIGRESS_OPS_URL" */
    const char *flag;  /* "gateway-url" for --gateway-url */
    const char *value; /* "URL": what the flag takes, for help; NULL: nothing */
    const char *about;
    const char *otherwise; /* default as text, or NULL */
    int type;              /* enum field_type, in the file */
    void (*take)(void *member, struct arena *a, const struct setting *row, const cJSON *value);
    size_t at, size; /* of the member of struct config that it fills */
    unsigned flags;
    double min, max; /* bounds and members, as in struct field */
    const struct field *of;
};
extern const struct setting settings[]; /* ended by { 0 } */
