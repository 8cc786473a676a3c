/* json_type.c - the functions of cJSON.h that only look at a node. They stand here, as cJSON
 * defines them, because everything else of cJSON's that works on nodes is in json*.c: so nothing of
 * its library is left that a start would load.
 */
#include <cjson/cJSON.h>
#include <stddef.h>

static cJSON_bool node_has_type(const cJSON *node, int type)
{
    return node && (node->type & 0xff) == type;
}

cJSON_bool cJSON_IsFalse(const cJSON *const item)
{
    return node_has_type(item, cJSON_False);
}

cJSON_bool cJSON_IsTrue(const cJSON *const item)
{
    return node_has_type(item, cJSON_True);
}

cJSON_bool cJSON_IsBool(const cJSON *const item)
{
    return item && item->type & (cJSON_True | cJSON_False);
}

cJSON_bool cJSON_IsNull(const cJSON *const item)
{
    return node_has_type(item, cJSON_NULL);
}

cJSON_bool cJSON_IsNumber(const cJSON *const item)
{
    return node_has_type(item, cJSON_Number);
}

cJSON_bool cJSON_IsString(const cJSON *const item)
{
    return node_has_type(item, cJSON_String);
}

cJSON_bool cJSON_IsArray(const cJSON *const item)
{
    return node_has_type(item, cJSON_Array);
}

cJSON_bool cJSON_IsObject(const cJSON *const item)
{
    return node_has_type(item, cJSON_Object);
}

char *cJSON_GetStringValue(const cJSON *const item)
{
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

cJSON *cJSON_GetArrayItem(const cJSON *array, int index)
{
    cJSON *item = array && index >= 0 ? array->child : NULL;
    while (item && index-- > 0)
        item = item->next;
    return item;
}
