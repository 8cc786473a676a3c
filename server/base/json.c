/* json.c - making, linking, reading and comparing nodes. json_parse.c reads text, json_print.c
 * writes it, json_split.c streams, json_patch.c merges. */
#include "base/json.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json_node_private.h"
#include <limits.h>
#include <math.h>
#include <stdint.h>

cJSON *json_node(struct arena *a, int type)
{
    cJSON *node = arena_make(a, cJSON);
    node->type = type;
    return node;
}

void json_node_set_number(cJSON *node, double n)
{
    node->type = cJSON_Number;
    node->valuedouble = n;
    node->valueint = n >= INT_MAX ? INT_MAX : n <= INT_MIN ? INT_MIN : isnan(n) ? 0 : (int)n;
}

void json_node_append(cJSON *parent, cJSON *item)
{
    cJSON *first = parent->child;
    item->next = NULL;
    if (!first) {
        parent->child = item;
        item->prev = item;
        return;
    }
    item->prev = first->prev;
    first->prev->next = item;
    first->prev = item;
}

void json_node_replace(cJSON *parent, cJSON *old, cJSON *item)
{
    bool only = old->prev == old;
    item->next = old->next;
    item->prev = only ? item : old->prev;
    if (parent->child == old)
        parent->child = item;
    else
        old->prev->next = item;
    if (old->next)
        old->next->prev = item;
    else
        parent->child->prev = item;
    old->next = old->prev = NULL;
}

void json_detach(cJSON *parent, cJSON *item)
{
    cJSON *first = parent->child;
    if (item->next)
        item->next->prev = item->prev;
    else if (item != first)
        first->prev = item->prev;
    if (item == first)
        parent->child = item->next;
    else
        item->prev->next = item->next;
    item->next = item->prev = NULL;
}

cJSON *json_object(struct arena *a)
{
    return json_node(a, cJSON_Object);
}

cJSON *json_array(struct arena *a)
{
    return json_node(a, cJSON_Array);
}

cJSON *json_stringn(struct arena *a, const char *s, size_t n)
{
    cJSON *node = json_node(a, cJSON_String);
    node->valuestring = arena_strndup(a, s, n);
    return node;
}

cJSON *json_string(struct arena *a, const char *s)
{
    return s ? json_stringn(a, s, strlen(s)) : json_null(a);
}

cJSON *json_number(struct arena *a, double n)
{
    if (!isfinite(n))
        return json_null(a);
    cJSON *node = json_node(a, cJSON_Number);
    json_node_set_number(node, n);
    return node;
}

cJSON *json_bool(struct arena *a, bool b)
{
    cJSON *node = json_node(a, b ? cJSON_True : cJSON_False);
    node->valueint = b;
    return node;
}

cJSON *json_null(struct arena *a)
{
    return json_node(a, cJSON_NULL);
}

cJSON *json_raw(struct arena *a, const char *json_text)
{
    cJSON *node = json_node(a, cJSON_Raw);
    node->valuestring = arena_strdup(a, json_text);
    return node;
}

static const char *shared_from, *shared_to; /* json_share */

void json_share(const char *from, const char *to)
{
    shared_from = from;
    shared_to = to;
}

static bool is_shared(const char *text)
{
    return text >= shared_from && text < shared_to;
}

static char *clone_text(struct arena *a, char *text)
{
    return is_shared(text) ? text : arena_strdup(a, text);
}

static size_t clone_text_size(const char *text)
{
    return text && !is_shared(text) ? arena_room(strlen(text) + 1) : 0;
}

cJSON *json_clone(struct arena *a, const cJSON *node)
{
    if (!node)
        return NULL;
    cJSON *copy = json_node(a, node->type & 0xff);
    copy->valueint = node->valueint;
    copy->valuedouble = node->valuedouble;
    copy->valuestring = clone_text(a, node->valuestring);
    const cJSON *child;
    cJSON_ArrayForEach(child, node)
    {
        cJSON *item = json_clone(a, child);
        item->string = clone_text(a, child->string);
        json_node_append(copy, item);
    }
    return copy;
}

size_t json_clone_size(const cJSON *node)
{
    size_t bytes = node ? arena_room(sizeof *node) + clone_text_size(node->valuestring) : 0;
    const cJSON *child;
    cJSON_ArrayForEach(child, node) bytes +=
        json_clone_size(child) + clone_text_size(child->string);
    return bytes;
}

/* A tree that has a hole is no reason to end a process that others use. */
static cJSON *null_for_missing(struct arena *a, const char *where)
{
    bug_survived("%s was given nothing; null stands in its place", where);
    return json_null(a);
}

cJSON *json_set(struct arena *a, cJSON *object, const char *key, cJSON *item)
{
    if (!item)
        item = null_for_missing(a, "json_set");
    if (item->prev)
        bug("json_set: the value of '%s' already hangs in a tree", key);
    item->string = arena_strdup(a, key);
    cJSON *old = json_get(object, key);
    if (old)
        json_node_replace(object, old, item);
    else
        json_node_append(object, item);
    return item;
}

cJSON *json_put(cJSON *object, const char *key, cJSON *item)
{
    if (item->prev)
        bug("json_put: the value of '%s' already hangs in a tree", key);
    item->string = (char *)(uintptr_t)key;
    item->type |= cJSON_StringIsConst;
    json_node_append(object, item);
    return item;
}

cJSON *json_set_str(struct arena *a, cJSON *object, const char *key, const char *s)
{
    return json_set(a, object, key, json_string(a, s));
}

cJSON *json_set_num(struct arena *a, cJSON *object, const char *key, double n)
{
    return json_set(a, object, key, json_number(a, n));
}

cJSON *json_set_bool(struct arena *a, cJSON *object, const char *key, bool b)
{
    return json_set(a, object, key, json_bool(a, b));
}

cJSON *json_set_object(struct arena *a, cJSON *object, const char *key)
{
    return json_set(a, object, key, json_object(a));
}

cJSON *json_set_array(struct arena *a, cJSON *object, const char *key)
{
    return json_set(a, object, key, json_array(a));
}

cJSON *json_add(struct arena *a, cJSON *array, cJSON *item)
{
    if (!item)
        item = null_for_missing(a, "json_add");
    if (item->prev)
        bug("json_add: the item already hangs in a tree");
    json_node_append(array, item);
    return item;
}

cJSON *json_add_str(struct arena *a, cJSON *array, const char *s)
{
    return json_add(a, array, json_string(a, s));
}

void json_remove(cJSON *object, const char *key)
{
    cJSON *item = json_get(object, key);
    if (item)
        json_detach(object, item);
}

static cJSON *member_n(const cJSON *object, const char *key, size_t n)
{
    if (!object || (object->type & 0xff) != cJSON_Object)
        return NULL;
    for (cJSON *m = object->child; m; m = m->next)
        if ((!n || *m->string == *key) && !strncmp(m->string, key, n) && !m->string[n])
            return m;
    return NULL;
}

cJSON *json_get(const cJSON *object, const char *key)
{
    if (!cJSON_IsObject(object))
        return NULL;
    for (cJSON *m = object->child; m; m = m->next)
        if (*m->string == *key && strcmp(m->string, key) == 0)
            return m;
    return NULL;
}

const cJSON *json_members(const cJSON *object)
{
    return cJSON_IsObject(object) ? object : NULL;
}

const char *json_str(const cJSON *object, const char *key)
{
    const cJSON *m = json_get(object, key);
    return cJSON_IsString(m) ? m->valuestring : NULL;
}

const char *json_text(const cJSON *object, const char *key)
{
    const char *s = json_str(object, key);
    return s ? s : "";
}

cJSON *json_find(const cJSON *list, const char *key, const char *text)
{
    cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *s = json_str(item, key);
        if (s && text && strcmp(s, text) == 0)
            return item;
    }
    return NULL;
}

cJSON *json_find_text(const cJSON *list, const char *text)
{
    cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
            return item;
    }
    return NULL;
}

double json_num(const cJSON *object, const char *key, double otherwise)
{
    const cJSON *m = json_get(object, key);
    return cJSON_IsNumber(m) ? m->valuedouble : otherwise;
}

bool json_true(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(json_get(object, key));
}

int json_count(const cJSON *array_or_object)
{
    int n = 0;
    const cJSON *child;
    cJSON_ArrayForEach(child, array_or_object) n++;
    return n;
}

/* One "[12]" at *path; moves behind it. NULL when it is no index or there is no such item. */
static cJSON *step_index(const cJSON *node, const char **path)
{
    char *end;
    long i = strtol(*path + 1, &end, 10);
    if (*end != ']' || end == *path + 1 || i < 0 || !cJSON_IsArray(node))
        return NULL;
    *path = end + 1;
    cJSON *item = node->child;
    while (item && i-- > 0)
        item = item->next;
    return item;
}

cJSON *json_path(const cJSON *root, const char *path)
{
    const cJSON *node = root;
    while (*path && node) {
        if (*path == '[') {
            node = step_index(node, &path);
            continue;
        }
        path += *path == '.';
        size_t n = strcspn(path, ".[");
        node = member_n(node, path, n);
        path += n;
    }
    return (cJSON *)node;
}

static bool numbers_equal(const cJSON *x, const cJSON *y)
{
    if (x->valuestring && y->valuestring)
        return strcmp(x->valuestring, y->valuestring) == 0;
    return !x->valuestring && !y->valuestring && x->valuedouble == y->valuedouble;
}

static bool arrays_equal(const cJSON *x, const cJSON *y)
{
    const cJSON *i = x->child, *k = y->child;
    for (; i && k; i = i->next, k = k->next)
        if (!json_equal(i, k))
            return false;
    return !i && !k;
}

static bool objects_equal(const cJSON *x, const cJSON *y)
{
    if (json_count(x) != json_count(y))
        return false;
    for (const cJSON *m = x->child; m; m = m->next)
        if (!json_equal(m, json_get(y, m->string)))
            return false;
    return true;
}

bool json_equal(const cJSON *x, const cJSON *y)
{
    if (!x || !y || (x->type & 0xff) != (y->type & 0xff))
        return x == y;
    switch (x->type & 0xff) {
    case cJSON_Number:
        return numbers_equal(x, y);
    case cJSON_String:
    case cJSON_Raw:
        return strcmp(x->valuestring, y->valuestring) == 0;
    case cJSON_Array:
        return arrays_equal(x, y);
    case cJSON_Object:
        return objects_equal(x, y);
    default:
        return true;
    }
}
