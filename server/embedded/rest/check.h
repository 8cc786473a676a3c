/* check.h - the console's shared patterns (console-api.md §6.0). */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

bool check_blank(const char *s);            /* NULL, empty or only whitespace */
bool check_service_name(const char *s);     /* 1-63 letters, digits, inner hyphens */
bool check_domain(const char *s, size_t n); /* lower case, at least one dot, no wildcard */
bool check_ipv4(const char *s, size_t n);   /* dotted quad; leading zeros are allowed */
bool check_port(const cJSON *port);         /* a number 1..65535 */
bool check_url_path(const char *s);         /* starts with '/', no '?' */
