/* diff.h - two JSON trees as short lines a person can read.
 *
 *     ~ services[web.static].weight: 90 -> 50      + domains[1]: "b.example"      - cors: {…}
 * Absent, null and objects of nulls are the same. Elements of lists are matched by their name, key
 * or provider where they have one, else by place. Give masked trees: nothing is hidden here.
 */
#pragma once
#include <cjson/cJSON.h>

struct arena;

/* An array of strings, at most max_lines, the last saying how many were left out. */
cJSON *diff_lines(struct arena *a, const cJSON *before, const cJSON *after, int max_lines);
/* The same for a person who decides, as rows {"path","was"?,"is"?,"line"}: all of them, no value or
 * path cut, what cannot be seen written out (text_visible), and the new order of a list where it
 * moved. Among them, in their places, at most so many of what stays: {"path","is"}, values cut. */
cJSON *diff_rows(struct arena *a, const cJSON *before, const cJSON *after, int stays);
