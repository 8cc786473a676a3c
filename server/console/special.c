/* special.c - reading what is not one GET of one object, and the table of such kinds.
 *
 * A new one is a row of `specials`: how one is read, which there are, how one is written.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "console/special_private.h"
#include "kind/kind.h"

/* One reading under way. */
struct reading {
    struct gateway *g;
    struct arena *a;
    const struct kind *k;
    const char *name;
    bool missing;
    struct cancel *cancel;
    struct err *e;
};

static cJSON *special_get(struct reading *o, const char *path)
{
    return gateway_get(o->g, o->a, path, NULL, o->cancel, o->e);
}

static cJSON *named(struct reading *o, const char *name)
{
    cJSON *object = json_object(o->a);
    json_set_str(o->a, object, o->k->key, name);
    return object;
}

/* -- dashboard -------------------------------------------------------------------------------- */

static const char dashboards[] = "MAIN|AI|LOG";

static cJSON *read_dashboard(struct reading *o)
{
    if (!text_has_word(dashboards, o->name)) {
        o->missing = true;
        return NULL;
    }
    cJSON *data = special_get(o, arena_printf(o->a, "/dashboard/info?type=%s", o->name));
    cJSON *object = data ? named(o, o->name) : NULL;
    for (const cJSON *m = object && cJSON_IsObject(data) ? data->child : NULL; m; m = m->next)
        json_set(o->a, object, m->string, json_clone(o->a, m));
    return object;
}

/* -- system ----------------------------------------------------------------------------------- */

static cJSON *console(struct reading *o)
{
    cJSON *info = special_get(o, "/system/info"),
          *settings = info ? special_get(o, "/system/config") : NULL;
    if (!settings)
        return NULL;
    cJSON *object = named(o, o->k->name);
    json_set_str(o->a, object, "consoleVersion", json_str(info, "version"));
    if (json_get(info, "capabilities"))
        json_set(o->a, object, "capabilities", json_clone(o->a, json_get(info, "capabilities")));
    json_set(o->a, object, "settings", json_clone(o->a, settings));
    return object;
}

/* -- higress-config --------------------------------------------------------------------------- */

/* The ConfigMap as a tree; NULL + e when it is not one. */
static cJSON *parse_config_map(struct arena *a, const char *text, struct err *e)
{
    cJSON *map = yaml_parse(a, text, strlen(text), e);
    if (map && cJSON_IsObject(json_get(map, "data")))
        return map;
    if (map)
        err_status(e, ERR_GATEWAY, 200, "the gateway's higress-config holds no data");
    return err_at(e, "higress-config"), NULL;
}

/* A section as the tree its text says; as text when it is no YAML object. */
static cJSON *section(struct arena *a, const cJSON *text)
{
    struct err ignored = { 0 };
    const char *s = cJSON_IsString(text) ? text->valuestring : "";
    cJSON *tree = yaml_parse(a, s, strlen(s), &ignored);
    return cJSON_IsObject(tree) ? tree : json_clone(a, text);
}

static cJSON *read_higress_config(struct reading *o)
{
    cJSON *text = special_get(o, "/system/higress-config"), *map = NULL;
    if (text && !cJSON_IsString(text))
        err_status(o->e, ERR_GATEWAY, 200, "the gateway answered higress-config without text");
    else if (text)
        map = parse_config_map(o->a, text->valuestring, o->e);
    if (!map)
        return NULL;
    cJSON *object = named(o, o->k->name);
    json_set_str(o->a, object, "version", json_str(json_get(map, "metadata"), "resourceVersion"));
    cJSON *data = json_set_object(o->a, object, "data");
    for (const cJSON *m = json_get(map, "data")->child; m; m = m->next)
        json_set(o->a, data, m->string, section(o->a, m));
    return object;
}

char *special_config_text(struct arena *a, const char *now, const cJSON *object, struct err *e)
{
    cJSON *map = parse_config_map(a, now, e), *next = json_object(a);
    if (!map)
        return NULL;
    const cJSON *was = json_get(map, "data");
    for (const cJSON *m = json_get(object, "data")->child; m; m = m->next) {
        const cJSON *text = json_get(was, m->string);
        bool same = text && json_equal(section(a, text), m);
        cJSON *said = same                ? json_clone(a, text)
                      : cJSON_IsString(m) ? json_clone(a, m)
                                          : json_string(a, yaml_print(a, m));
        json_set(a, next, m->string, said);
    }
    json_set(a, map, "data", next);
    if (json_str(object, "version"))
        json_set_str(a, json_get(map, "metadata"), "resourceVersion", json_str(object, "version"));
    return yaml_print(a, map);
}

/* -- mcp-consumers ---------------------------------------------------------------------------- */

static cJSON *read_mcp_consumers(struct reading *o)
{
    char *name = kind_object_path(o->a, kind_find("mcp-server"), o->name, NULL, o->e);
    if (!name || !gateway_get(o->g, o->a, name, &o->missing, o->cancel, o->e))
        return NULL;
    char *path = kind_object_path(o->a, o->k, o->name, NULL, o->e);
    cJSON *rows = path ? special_get(o, path) : NULL;
    const cJSON *row;
    if (rows && !cJSON_IsArray(rows))
        err_status(o->e, ERR_GATEWAY, 200, "the gateway answered %s without a list", path);
    if (!cJSON_IsArray(rows))
        return NULL;
    cJSON *object = named(o, o->name);
    cJSON *consumers = json_set_array(o->a, object, "consumers");
    cJSON_ArrayForEach(row, rows)
    {
        const char *consumer = json_str(row, "consumerName");
        if (consumer)
            json_add_str(o->a, consumers, consumer);
    }
    return object;
}

/* -- the table -------------------------------------------------------------------------------- */

struct special {
    const char *kind;
    cJSON *(*read)(struct reading *o);
    const char *all;         /* their names; NULL: those of the MCP servers */
    special_write_fn *write; /* NULL: none, or one PUT of the object */
};

static const struct special specials[] = {
    { "dashboard", read_dashboard, dashboards, NULL },
    { "system", console, "system", NULL },
    { "higress-config", read_higress_config, "higress-config", special_write_config },
    { "mcp-consumers", read_mcp_consumers, NULL, special_write_allowed },
};

static const struct special *special_reader(const struct kind *k)
{
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (!strcmp(specials[i].kind, k->name))
            return &specials[i];
    bug("%s is marked special and has no row", k->name);
}

special_write_fn *special_writer(const struct kind *k)
{
    return k->flags & KIND_SPECIAL ? special_reader(k)->write : NULL;
}

cJSON *special_object(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                      bool *missing, struct cancel *c, struct err *e)
{
    struct reading o = { g, a, k, name, false, c, e };
    const struct special *row = special_reader(k);
    bool other = (k->flags & KIND_SINGLE) && strcmp(name, k->name) != 0;
    cJSON *object = other ? NULL : row->read(&o);
    if (object || !(other || o.missing))
        return object;
    if (missing)
        *missing = true;
    else if (row->all)
        err_status(e, ERR_GATEWAY, 404, "%s '%s' does not exist; there is %s", k->name,
                   text_clean(a, name, 80), row->all);
    else
        err_status(e, ERR_GATEWAY, 404, "mcp-server '%s' does not exist", text_clean(a, name, 80));
    return NULL;
}

struct servers {
    struct arena *a;
    cJSON *names;
};

static bool server_name(void *arg, const cJSON *o)
{
    struct servers *s = arg;
    if (json_str(o, "name"))
        json_add_str(s->a, s->names, json_str(o, "name"));
    return true;
}

bool special_each(struct gateway *g, const struct kind *k, gateway_each_fn *fn, void *arg,
                  struct cancel *c, struct err *e)
{
    struct arena *a = arena_new();
    struct servers s = { a, json_array(a) };
    char word[TEXT_WORD];
    const cJSON *name;
    bool missing, ok = true;
    const struct special *row = special_reader(k);
    for (const char *rest = row->all; text_word_next(&rest, word);)
        json_add_str(a, s.names, word);
    if (!row->all)
        ok = gateway_each_kind(g, kind_find("mcp-server"), NULL, server_name, &s, c, e);
    if (!ok)
        s.names = json_array(a);
    cJSON_ArrayForEach(name, s.names)
    {
        struct arena *one = arena_new();
        cJSON *o = special_object(g, one, k, name->valuestring, &missing, c, e);
        ok = o || e->kind == ERR_NONE;
        bool on = ok && (!o || fn(arg, o));
        arena_free(one);
        if (!on)
            break;
    }
    arena_free(a);
    return ok;
}
