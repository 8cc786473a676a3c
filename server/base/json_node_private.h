/* json_node_private.h - how nodes are made and linked; for json*.c only.
 *
 * Nodes are plain cJSON structs allocated in an arena, never by cJSON itself, so there is no global
 * allocator to point anywhere and nothing to delete. The links follow cJSON's own convention: the
 * first child's `prev` is the last child, the last child's `next` is NULL.
 *
 * A number whose text a double cannot hold exactly (an integer over 2^53, 1e400) keeps that text in
 * valuestring and is printed by it.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

cJSON *json_node(struct arena *a, int type);
void json_node_set_number(cJSON *node, double n);
void json_node_append(cJSON *parent, cJSON *item);
/* Puts item where old was; old is left without links. */
void json_node_replace(cJSON *parent, cJSON *old, cJSON *item);
/* A member of the object's n whose key occurs before it, too; NULL when all keys differ. By sorting
 * when there are many, so that thousands of members cost no quadratic time. */
const cJSON *json_node_double(struct arena *a, const cJSON *object, int n);
