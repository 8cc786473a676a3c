/* plugin_catalog.c - reads the plugin data files that are linked in.
 *
 * A new plugin is one more file in server/embedded/plugins/ with the members read in spec_read; a
 * file that does not parse, or lacks one of them, is a mistake of the build and stops the process.
 */
#include "embedded/plugin_catalog.h"
#include "base/arena.h"
#include "base/asset.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

#define FOLDER "server/embedded/plugins/"
#define IMAGES "oci://higress-registry.cn-hangzhou.cr.aliyuncs.com/plugins/"
#define READMES "https://github.com/alibaba/higress/blob/main/plugins/"

static struct {
    struct arena *arena;
    struct plugin_spec *specs;
    size_t n;
} catalog;

static const char *need(const struct asset *f, const cJSON *root, const char *key)
{
    const char *s = json_str(root, key);
    if (!s)
        bug("%s has no %s", f->path, key);
    return s;
}

static const char *readme_address(const char *path)
{
    if (!path || text_starts(path, "https://"))
        return path;
    return arena_printf(catalog.arena, READMES "%s", path);
}

static void spec_read(struct plugin_spec *p, const struct asset *f)
{
    struct err e = { 0 };
    const cJSON *root = yaml_parse(catalog.arena, f->data, asset_size(f), &e);
    if (!root)
        bug("%s: %s", f->path, e.text);
    p->name = need(f, root, "name");
    p->title = need(f, root, "title");
    p->description = need(f, root, "description");
    p->category = need(f, root, "category");
    p->phase = need(f, root, "phase");
    p->version = need(f, root, "version");
    p->image_version = need(f, root, "imageVersion");
    const char *image = json_str(root, "image");
    p->image = arena_printf(catalog.arena, IMAGES "%s", image ? image : p->name);
    p->readme = readme_address(json_str(root, "readme"));
    p->priority = (int)json_num(root, "priority", 0);
    p->covered = json_true(root, "productCovered");
    p->schema = json_get(root, "schema");
    p->example = json_get(root, "example");
}

static int by_name(const void *x, const void *y)
{
    const struct plugin_spec *p = x, *q = y;
    return strcmp(p->name, q->name);
}

static void load(void)
{
    if (catalog.arena)
        return;
    size_t n = 0;
    for (const struct asset *f = assets; f->path; f++)
        n += text_starts(f->path, FOLDER);
    catalog.arena = arena_new();
    catalog.specs = arena_array(catalog.arena, struct plugin_spec, n);
    for (const struct asset *f = assets; f->path; f++)
        if (text_starts(f->path, FOLDER))
            spec_read(&catalog.specs[catalog.n++], f);
    qsort(catalog.specs, catalog.n, sizeof *catalog.specs, by_name);
}

size_t plugin_catalog_count(void)
{
    load();
    return catalog.n;
}

const struct plugin_spec *plugin_catalog_at(size_t i)
{
    load();
    return i < catalog.n ? &catalog.specs[i] : NULL;
}

const struct plugin_spec *plugin_catalog_find(const char *name)
{
    load();
    for (size_t i = 0; name && i < catalog.n; i++)
        if (strcmp(catalog.specs[i].name, name) == 0)
            return &catalog.specs[i];
    return NULL;
}
