/* plugin_catalog.c - reads the plugin data files: those linked in, then those of a folder.
 *
 * A new plugin is one more file in server/embedded/plugins/ (or in the folder given) with the
 * members of texts[], a priority and a schema. A linked-in file with a mistake is one of the build
 * and stops the process; in a folder's file it is named with its line.
 */
#include "embedded/objects/plugin_catalog.h"
#include "base/arena.h"
#include "base/asset.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stddef.h>

#define FOLDER "server/embedded/plugins/"
#define IMAGES "oci://higress-registry.cn-hangzhou.cr.aliyuncs.com/plugins/"
#define READMES "https://github.com/alibaba/higress/blob/main/plugins/"

enum { MAX_PLUGINS = 1000, MAX_FILE = 1 << 20, MAX_SCHEMA_DEPTH = 32, MAX_NAME = 63 };

static struct {
    struct arena *arena;
    struct plugin_spec *specs;
    size_t n;
} catalog;

/* One file being read. */
struct file {
    const char *path, *text;
    const cJSON *root;
    struct err *e;
};

static const struct {
    const char *key;
    size_t at; /* in struct plugin_spec */
} texts[] = { { "name", offsetof(struct plugin_spec, name) },
              { "title", offsetof(struct plugin_spec, title) },
              { "description", offsetof(struct plugin_spec, description) },
              { "category", offsetof(struct plugin_spec, category) },
              { "phase", offsetof(struct plugin_spec, phase) },
              { "version", offsetof(struct plugin_spec, version) },
              { "imageVersion", offsetof(struct plugin_spec, image_version) } };

/* Where the top-level key is written; 1 when it is not. */
static size_t key_line(const struct file *f, const char *key)
{
    size_t line = 1, len = strlen(key);
    for (const char *p = f->text; p; line++) {
        if (strncmp(p, key, len) == 0 && p[len] == ':')
            return line;
        p = strchr(p, '\n');
        p = p ? p + 1 : NULL;
    }
    return 1;
}

static bool wrong_spec(const struct file *f, const char *key, const char *what)
{
    return err_set(f->e, ERR_ARGS, "%s line %zu: '%s' %s", f->path, key_line(f, key), key, what);
}

static bool read_texts(struct plugin_spec *p, const struct file *f)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *s = json_str(f->root, texts[i].key);
        if (!s || !*s)
            return wrong_spec(f, texts[i].key, s ? "is empty" : "is no text or is missing");
        *(const char **)((char *)p + texts[i].at) = s;
    }
    return true;
}

static bool is_plugin_name(const char *s)
{
    size_t n = strlen(s);
    for (const char *p = s; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
            return false;
    return n <= MAX_NAME && s[0] != '-' && s[n - 1] != '-';
}

/* NULL: fine. Else the sentence's rest. */
static const char *schema_fault(const cJSON *node, int depth)
{
    const char *type = json_str(node, "type"), *fault = NULL;
    const cJSON *property;
    if (depth == MAX_SCHEMA_DEPTH)
        return "is nested too deeply";
    if (!type || !text_has_word("string|integer|number|boolean|object|array", type))
        return "has a part without a type that JSON knows";
    cJSON_ArrayForEach(property, json_get(node, "properties"))
    {
        if (!fault)
            fault = schema_fault(property, depth + 1);
    }
    if (!fault && strcmp(type, "array") == 0)
        fault = json_get(node, "items") ? schema_fault(json_get(node, "items"), depth + 1)
                                        : "has an array without items";
    return fault;
}

static bool check_plugin_spec(const struct plugin_spec *p, const struct file *f)
{
    const char *fault = schema_fault(p->schema, 0);
    if (!is_plugin_name(p->name))
        return wrong_spec(f, "name", "may hold a-z, 0-9 and - only");
    if (!text_has_word("UNSPECIFIED_PHASE|AUTHN|AUTHZ|STATS", p->phase))
        return wrong_spec(f, "phase", "is none of UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS");
    if (!cJSON_IsNumber(json_get(f->root, "priority")))
        return wrong_spec(f, "priority", "is no number or is missing");
    if (!cJSON_IsObject(p->schema))
        return wrong_spec(f, "schema", "is no mapping or is missing");
    return !fault || wrong_spec(f, "schema", fault);
}

static bool spec_read(struct plugin_spec *p, const char *path, const char *text, size_t len,
                      struct err *e)
{
    struct err fault = { 0 };
    struct file f = { .path = path, .text = text, .e = e };
    f.root = yaml_parse(catalog.arena, text, len, &fault);
    if (!f.root)
        return err_set(e, ERR_ARGS, "%s: %s", path, fault.text);
    if (!read_texts(p, &f))
        return false;
    const char *image = json_str(f.root, "image");
    p->image = arena_printf(catalog.arena, IMAGES "%s", image ? image : p->name);
    if (image && strstr(image, "://"))
        p->image = image;
    const char *readme = json_str(f.root, "readme");
    bool whole = !readme || text_starts(readme, "https://");
    p->readme = whole ? readme : arena_printf(catalog.arena, READMES "%s", readme);
    p->priority = (int)json_num(f.root, "priority", 0);
    p->covered = json_true(f.root, "productCovered");
    p->schema = json_get(f.root, "schema");
    p->example = json_get(f.root, "example");
    return check_plugin_spec(p, &f);
}

static int compare_plugin_names(const void *x, const void *y)
{
    const struct plugin_spec *p = x, *q = y;
    return strcmp(p->name, q->name);
}

static void load_catalog(void)
{
    struct err e = { 0 };
    if (catalog.arena)
        return;
    catalog.arena = arena_new();
    catalog.specs = arena_array(catalog.arena, struct plugin_spec, MAX_PLUGINS);
    for (const struct asset *f = assets; f->path; f++)
        if (text_starts(f->path, FOLDER) &&
            !spec_read(&catalog.specs[catalog.n++], f->path, f->data, asset_size(f), &e))
            bug("%s", e.text);
    qsort(catalog.specs, catalog.n, sizeof *catalog.specs, compare_plugin_names);
}

/* In place of the one of that name, or as one more. */
static bool take_plugin_spec(struct plugin_spec *spec, const char *path, struct err *e)
{
    for (size_t i = 0; i < catalog.n; i++) {
        struct plugin_spec *p = &catalog.specs[i];
        if (strcmp(p->name, spec->name) != 0)
            continue;
        if (p->file)
            return err_set(e, ERR_ARGS, "%s line 1: plugin '%s' is described in %s already", path,
                           spec->name, p->file);
        *p = *spec;
        return true;
    }
    if (catalog.n == MAX_PLUGINS)
        return err_set(e, ERR_ARGS, "%s: more than %d plugins", path, MAX_PLUGINS);
    catalog.specs[catalog.n++] = *spec;
    return true;
}

static bool read_file(const char *path, struct err *e)
{
    size_t len;
    struct plugin_spec spec = { .file = path };
    const char *text = file_read(catalog.arena, path, MAX_FILE, &len, e);
    return text && spec_read(&spec, path, text, len, e) && take_plugin_spec(&spec, path, e);
}

bool plugin_catalog_add(const char *dir, struct err *e)
{
    load_catalog();
    bool good = true;
    DIR *d = opendir(dir);
    if (!d)
        return err_set(e, ERR_SYSTEM, "the plugin folder '%s' cannot be read: %s", dir,
                       strerror(errno));
    for (struct dirent *entry; good && (entry = readdir(d));)
        if (entry->d_name[0] != '.' && text_ends(entry->d_name, ".yaml"))
            good = read_file(arena_printf(catalog.arena, "%s/%s", dir, entry->d_name), e);
    closedir(d);
    qsort(catalog.specs, catalog.n, sizeof *catalog.specs, compare_plugin_names);
    return good;
}

void plugin_catalog_reset(void)
{
    arena_free(catalog.arena);
    catalog.arena = NULL;
    catalog.specs = NULL;
    catalog.n = 0;
}

size_t plugin_catalog_count(void)
{
    load_catalog();
    return catalog.n;
}

const struct plugin_spec *plugin_catalog_at(size_t i)
{
    load_catalog();
    return i < catalog.n ? &catalog.specs[i] : NULL;
}

const struct plugin_spec *plugin_catalog_find(const char *name)
{
    load_catalog();
    for (size_t i = 0; name && i < catalog.n; i++)
        if (strcmp(catalog.specs[i].name, name) == 0)
            return &catalog.specs[i];
    return NULL;
}
