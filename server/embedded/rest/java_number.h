/* java_number.h - values as Java spells them: String.valueOf of what Jackson and Gson read. */
#pragma once
#include <cjson/cJSON.h>

struct arena;

/* Double.toString: 1.5, 1.0E20, -0.0, 1.0E-5. */
char *java_double(struct arena *a, double number);
/* Whole numbers as such, others as doubles; [a, b] and {k=v}; null is "null". */
char *java_to_string(struct arena *a, const cJSON *value);
