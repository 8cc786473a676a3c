/* plugin_yaml.c - see plugin_yaml.h. To change the YAML style, change put_scalar and put_entry. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "embedded/objects/plugin_yaml_private.h"
#include "embedded/rest/java_number.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <strings.h>

enum { MAX_TEXT = 8 << 20 };

static int compare_config_keys(const void *x, const void *y)
{
    return strcmp((*(cJSON *const *)x)->string, (*(cJSON *const *)y)->string);
}

static cJSON *sorted_config(struct arena *a, const cJSON *config)
{
    size_t n = (size_t)json_count(config), i = 0;
    const cJSON **members = arena_array(a, const cJSON *, n + 1);
    const cJSON *m;
    cJSON_ArrayForEach(m, config) members[i++] = m;
    qsort(members, n, sizeof *members, compare_config_keys);
    cJSON *out = json_object(a);
    for (i = 0; i < n; i++)
        json_set(a, out, members[i]->string, plugin_yaml_read_back(a, members[i]));
    return out;
}

/* Whole, and no more than an int holds: those are whole again where they are members. */
static bool fits_int(double d)
{
    return d >= INT_MIN && d <= INT_MAX && d == floor(d);
}

cJSON *plugin_yaml_read_back(struct arena *a, const cJSON *config)
{
    if (cJSON_IsObject(config))
        return sorted_config(a, config);
    if (cJSON_IsNumber(config) && !fits_int(config->valuedouble))
        return json_raw(a, java_double(a, config->valuedouble));
    if (!cJSON_IsArray(config))
        return json_clone(a, config);
    cJSON *out = json_array(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, config)
    {
        if (cJSON_IsNumber(item))
            json_add(a, out, json_raw(a, java_double(a, item->valuedouble)));
        else
            json_add(a, out, plugin_yaml_read_back(a, item));
    }
    return out;
}

static void put_line(struct buf *b, int indent)
{
    buf_char(b, '\n');
    for (int i = 0; i < indent; i++)
        buf_char(b, ' ');
}

/* Would be read as something else than text. */
static bool is_reserved(const char *key)
{
    static const char *const words[] = { "true", "false", "null", "yes", "no", "on",
                                         "off",  "y",     "n",    "",    NULL };
    for (size_t i = 0; words[i]; i++)
        if (strcasecmp(key, words[i]) == 0)
            return true;
    return *key == '~' || strncasecmp(key, "0x", 2) == 0;
}

/* Needs no quotes as a key: no indicator in front, no ": " or " #" inside. */
static bool is_plain_key(const char *key)
{
    if (strchr("?,[]{}#&*!|>'\"%@` ", *key) || key[strlen(key) - 1] == ' ')
        return false;
    if ((*key == '-' || *key == ':') && (!key[1] || key[1] == ' '))
        return false;
    return !strstr(key, ": ") && !strstr(key, " #") && key[strlen(key) - 1] != ':' &&
           !strpbrk(key, "\t\n\r");
}

static void put_key(struct buf *b, const char *key)
{
    if (is_reserved(key) || strpbrk(key, "\t\n\r")) {
        buf_json_string(b, key, strlen(key));
        return;
    }
    const char *quote = is_plain_key(key) ? "" : "'";
    buf_str(b, quote);
    for (const char *p = key; *p; p++) {
        buf_char(b, *p);
        if (*quote && *p == '\'')
            buf_char(b, '\'');
    }
    buf_str(b, quote);
}

static void put_string(struct buf *b, const char *s)
{
    buf_char(b, '"');
    for (const char *p = s; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_printf(b, "\\%c", *p);
        else if (*p == '\n')
            buf_str(b, "\\n");
        else if (*p == '\t')
            buf_str(b, "\\t");
        else if (*p == '\r')
            buf_str(b, "\\r");
        else
            buf_char(b, *p);
    }
    buf_char(b, '"');
}

static void put_node(struct arena *a, struct buf *b, const cJSON *node, int indent, bool inlined);

/* SnakeYAML writes several lines as a block, unless a block would lose something of them. */
static bool fits_block(const char *s)
{
    if (!strchr(s, '\n') || s[strlen(s) - 1] == ' ')
        return false;
    for (; *s; s++)
        if ((*s == ' ' && s[1] == '\n') || (*(const unsigned char *)s < ' ' && *s != '\n'))
            return false;
    return true;
}

/* |- when no line break ends the text, |+ when several do; 2 when blanks stand in front. */
static void put_block(struct buf *b, const char *s, int indent)
{
    size_t n = strlen(s);
    const char *chomp = s[n - 1] != '\n' ? "-" : n == 1 || s[n - 2] == '\n' ? "+" : "";
    buf_printf(b, "|%s%s", strchr(" \n", *s) ? "2" : "", chomp);
    for (const char *line = s; *line;) {
        size_t len = strcspn(line, "\n");
        if (len)
            put_line(b, indent);
        else
            buf_char(b, '\n');
        buf_add(b, line, len);
        line += len + (line[len] == '\n');
    }
}

static void put_scalar(struct arena *a, struct buf *b, const cJSON *node, int indent)
{
    if (cJSON_IsString(node) && fits_block(node->valuestring))
        put_block(b, node->valuestring, indent);
    else if (cJSON_IsString(node))
        put_string(b, node->valuestring);
    else
        buf_str(b, json_print(a, node)); /* numbers, booleans, null, {} and [] */
}

/* One member or list item after its "key:" or "-". */
static void put_value(struct arena *a, struct buf *b, const cJSON *node, int indent, bool in_list)
{
    bool nested = (cJSON_IsObject(node) || cJSON_IsArray(node)) && node->child;
    if (!nested) {
        buf_char(b, ' ');
        put_scalar(a, b, node, indent + 2);
    } else if (in_list) {
        buf_char(b, ' ');
        put_node(a, b, node, indent + 2, true);
    } else {
        put_node(a, b, node, cJSON_IsObject(node) ? indent + 2 : indent, false);
    }
}

/* inlined: the first entry stands on the line that is already begun. */
static void put_node(struct arena *a, struct buf *b, const cJSON *node, int indent, bool inlined)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, node)
    {
        if (!inlined)
            put_line(b, indent);
        inlined = false;
        if (cJSON_IsObject(node)) {
            put_key(b, entry->string);
            buf_char(b, ':');
        } else {
            buf_char(b, '-');
        }
        put_value(a, b, entry, indent, cJSON_IsArray(node));
    }
}

char *plugin_yaml_print(struct arena *a, const cJSON *config)
{
    if (!config || !config->child)
        return arena_strdup(a, "");
    struct buf *b = buf_in(a, MAX_TEXT);
    put_node(a, b, config, 0, true);
    return b->data;
}
