/* normal.c - takes out what the recordings' README calls volatile, and the console's prose. */
#include "contract.h"

#include "base/buf.h"
#include "base/text.h"

#include <ctype.h>

/* Members whose text is the console's own, below these paths. */
static const char *const prose_members[] = { "title",     "description",  "icon",
                                             "readmeUrl", "x-title-i18n", "x-description-i18n",
                                             "example",   "examples",     "x-example-raw",
                                             "info",      "iconUrl",      "sortOrder" };
static const char *const prose_annotations[] = { "higress.io/wasm-plugin-title",
                                                 "higress.io/wasm-plugin-description",
                                                 "higress.io/wasm-plugin-icon" };

bool normal_is_prose(const char *path)
{
    static const char *const starts[] = { "/landing", "/dashboard/configData" };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (text_starts(path, starts[i]))
            return true;
    return text_starts(path, "/v1/wasm-plugins/") && strstr(path, "/readme");
}

/* "-auth-" and five random characters, at the end of a word. */
static bool is_auth_suffix(const char *p)
{
    if (strncmp(p, "-auth-", 6) != 0)
        return false;
    for (int i = 6; i < 11; i++)
        if (!islower((unsigned char)p[i]) && !isdigit((unsigned char)p[i]))
            return false;
    return !isalnum((unsigned char)p[11]) && p[11] != '-' && p[11] != '_';
}

/* "/any/where" of "/any/where/ingresses/a.yaml", behind "open "; 0: none. */
static size_t unknown_folder(const char *text)
{
    static const char *const kinds[] = { "/ingresses/", "/configmaps/", "/secrets/",
                                         "/wasmplugins/", "/mcpbridges/" };
    size_t end = strcspn(text, " :\"");
    for (size_t i = 0; *text == '/' && i < sizeof kinds / sizeof *kinds; i++) {
        const char *kind = strstr(text, kinds[i]);
        if (kind && (size_t)(kind - text) < end)
            return (size_t)(kind - text);
    }
    return 0;
}

char *normal_text(const struct normal *n, const char *text)
{
    struct buf *out = buf_in(n->arena, 64 << 20);
    size_t dir = n->data_dir ? strlen(n->data_dir) : 0;
    while (*text) {
        if (is_auth_suffix(text)) {
            buf_str(out, "-auth-<random>");
            text += 11;
        } else if (n->unversioned && text_starts(text, "open /") && unknown_folder(text + 5)) {
            buf_str(out, "open <data>");
            text += 5 + unknown_folder(text + 5);
        } else if (dir && strncmp(text, n->data_dir, dir) == 0) {
            buf_str(out, "<data>");
            text += dir;
        } else {
            buf_char(out, *text++);
        }
    }
    return out->data;
}

static void drop_prose(cJSON *object)
{
    for (size_t i = 0; i < sizeof prose_members / sizeof *prose_members; i++)
        json_remove(object, prose_members[i]);
}

static void walk(const struct normal *n, cJSON *node, bool prose)
{
    if (cJSON_IsObject(node) && prose)
        drop_prose(node);
    cJSON *item, *next;
    for (item = node->child; item; item = next) {
        next = item->next;
        if (cJSON_IsString(item)) {
            const char *text = normal_text(n, item->valuestring);
            item->valuestring = arena_strdup(n->arena, text);
        } else {
            walk(n, item, prose);
        }
    }
}

static void drop_validity(cJSON *certificate)
{
    const char *name = json_str(certificate, "name");
    if (!name || strcmp(name, "default") != 0)
        return;
    json_remove(certificate, "validityStart");
    json_remove(certificate, "validityEnd");
}

static void normal_certificates(cJSON *body)
{
    cJSON *data = json_get(body, "data"), *item;
    cJSON_ArrayForEach(item, data) drop_validity(item);
    drop_validity(data);
    drop_validity(body);
}

/* TRACE answers with the request's head; what only HTTP adds to that is not the console's. */
static char *normal_trace(struct arena *a, const char *text)
{
    static const char *const transport[] = { "host:", "accept",
                                             "content-length:", "user-agent:", "connection:" };
    struct buf *out = buf_in(a, 64 << 10);
    for (size_t len; *text; text += len) {
        len = strcspn(text, "\n");
        len += text[len] == '\n';
        bool keep = true;
        for (size_t i = 0; i < sizeof transport / sizeof *transport; i++)
            keep &= !text_starts(text, transport[i]);
        buf_add(out, text, keep ? len : 0);
    }
    return out->data;
}

static void drop_versions(cJSON *node)
{
    json_remove(node, "version");
    for (cJSON *child = node->child; child; child = child->next) {
        char *line = cJSON_IsString(child) ? strstr(child->valuestring, "resourceVersion: ") : NULL;
        if (line) /* of a whole object in YAML */
            memset(line + strlen("resourceVersion: "), ' ',
                   strcspn(line, "\n") - strlen("resourceVersion: "));
        if (cJSON_IsObject(child) || cJSON_IsArray(child))
            drop_versions(child);
    }
}

static void normal_tree(const struct normal *n, cJSON *body)
{
    if (json_get(body, "timestamp") && json_get(body, "error"))
        json_remove(body, "timestamp");
    if (n->unversioned)
        drop_versions(body);
    walk(n, body, text_starts(n->path, "/v1/wasm-plugins"));
    if (text_starts(n->path, "/v1/tls-certificates"))
        normal_certificates(body);
    cJSON *data = json_get(body, "data");
    if (normal_is_prose(n->path) && cJSON_IsString(data))
        json_set_str(n->arena, body, "data", "prose");
}

void normal_body(const struct normal *n, cJSON *body)
{
    if (cJSON_IsString(body) && text_starts(body->valuestring, "TRACE "))
        body->valuestring = normal_trace(n->arena, body->valuestring);
    else if (cJSON_IsObject(body) || cJSON_IsArray(body))
        normal_tree(n, body);
}

void normal_object(const struct normal *n, const char *file, cJSON *object)
{
    cJSON *metadata = json_get(object, "metadata");
    if (!metadata)
        return;
    json_remove(metadata, "managedFields");
    json_remove(metadata, "creationTimestamp");
    cJSON *annotations = json_get(metadata, "annotations");
    for (size_t i = 0; annotations && i < sizeof prose_annotations / sizeof *prose_annotations; i++)
        json_remove(annotations, prose_annotations[i]);
    if (strcmp(file, "secrets/higress-console.yaml") == 0) {
        json_remove(json_get(object, "data"), "key");
        json_remove(json_get(object, "data"), "iv");
    }
    walk(n, object, false);
}

/* "GET, PUT" and "PUT,GET" mean the same. */
static char *sorted_list(struct arena *a, const char *value)
{
    static const char *const methods[] = { "DELETE", "GET",  "HEAD", "OPTIONS",
                                           "PATCH",  "POST", "PUT" };
    struct buf *out = buf_in(a, 1024);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strstr(value, methods[i]))
            buf_printf(out, "%s ", methods[i]);
    return out->data;
}

/* The token and the date of a session cookie. */
static char *plain_cookie(struct arena *a, const char *value)
{
    struct buf *out = buf_in(a, 4096);
    const char *end = strchr(value, ';'), *expires = strstr(value, "Expires=");
    bool token = text_starts(value, "_hi_sess=") && end && end > value + 9;
    buf_str(out, token ? "_hi_sess=<token>" : "_hi_sess=");
    if (!end)
        return out->data;
    bool dated = token && expires;
    const char *rest = dated ? expires + strcspn(expires, ";") : end;
    buf_add(out, end, dated ? (size_t)(expires - end) : 0);
    buf_str(out, rest);
    return out->data;
}

char *normal_header(const struct normal *n, const char *name, const char *value)
{
    if (strcmp(name, "allow") == 0)
        return sorted_list(n->arena, value);
    if (strcmp(name, "set-cookie") == 0)
        return plain_cookie(n->arena, value);
    return arena_strdup(n->arena, value);
}
