/* settings_take.c - from a value of the file to the member of struct config that its row names. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config_file_private.h"
#include "config/settings_private.h"
#include <stdlib.h>
#include <string.h>

/* The value, or what the row says is there without one. */
static const char *text_or_default(const struct setting *row, const cJSON *value)
{
    if (cJSON_IsString(value))
        return value->valuestring;
    return row->flags & SAID ? NULL : row->otherwise;
}

void setting_take_text(void *member, struct arena *a, const struct setting *row, const cJSON *value)
{
    *(const char **)member = arena_strdup(a, text_or_default(row, value));
}

void setting_take_number(void *member, struct arena *a, const struct setting *row,
                         const cJSON *value)
{
    (void)a;
    *(double *)member = cJSON_IsNumber(value) ? value->valuedouble : strtod(row->otherwise, NULL);
}

void setting_take_texts(void *member, struct arena *a, const struct setting *row,
                        const cJSON *value)
{
    const char **out = arena_array(a, const char *, json_count(value) + 2);
    const cJSON *item;
    int i = 0;
    cJSON_ArrayForEach(item, value) out[i++] = arena_strdup(a, item->valuestring);
    if (!value)
        out[0] = row->otherwise;
    *(const char *const **)member = out;
}

void setting_take_tokens(void *member, struct arena *a, const struct setting *row,
                         const cJSON *value)
{
    struct config_token *out = arena_array(a, struct config_token, json_count(value) + 1);
    const cJSON *item;
    int i = 0;
    (void)row;
    cJSON_ArrayForEach(item, value)
    {
        out[i].name = arena_strdup(a, json_str(item, "name"));
        out[i++].sha256 = arena_strdup(a, json_str(item, "sha256"));
    }
    *(const struct config_token **)member = out;
}

void setting_take_people(void *member, struct arena *a, const struct setting *row,
                         const cJSON *value)
{
    (void)row;
    *(const struct config_person **)member = config_people_of(a, value);
}

void setting_take_bool(void *member, struct arena *a, const struct setting *row, const cJSON *value)
{
    (void)a;
    *(bool *)member = value ? cJSON_IsTrue(value) : !strcmp(row->otherwise, "true");
}

/* Enumerations begin at 1, in the order of the words. */
void setting_take_choice(void *member, struct arena *a, const struct setting *row,
                         const cJSON *value)
{
    unsigned place = (unsigned)text_word_place(row->value, text_or_default(row, value));
    (void)a;
    memcpy(member, &place, sizeof place);
}

void setting_take_outside(void *member, struct arena *a, const struct setting *row,
                          const cJSON *value)
{
    (void)a;
    *(bool *)member = !strcmp(text_or_default(row, value), "snapshot");
}

void setting_take_read_only(void *member, struct arena *a, const struct setting *row,
                            const cJSON *value)
{
    (void)a, (void)row;
    if (cJSON_IsTrue(value))
        *(enum mode *)member = MODE_READ_ONLY;
}

void setting_take_strength(void *member, struct arena *a, const struct setting *row,
                           const cJSON *value)
{
    (void)a;
    *(enum strength *)member = channel_strength_named(text_or_default(row, value));
}
