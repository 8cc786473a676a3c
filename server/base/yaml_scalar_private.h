/* yaml_scalar_private.h - what a plain scalar means; for yaml.c and yaml_print.c, so that what one
 * writes plainly the other reads as a string. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* The value of a plain scalar: null, bool, number, or the string itself. */
cJSON *yaml_scalar(struct arena *a, const char *text, size_t n);
/* May the string be written without quotes, so that no reader (YAML 1.1 or 1.2) takes it for
 * another type? Says nothing about its punctuation. */
bool yaml_scalar_is_string(const char *text);
