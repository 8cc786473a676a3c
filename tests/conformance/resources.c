/* resources.c - the suite's resources: text, binary, a template, one to subscribe to. */
#include "fixture.h"
#include "mcp/resource.h"

#define TEMPLATE_HEAD "test://template/"
#define TEMPLATE_TAIL "/data"

static bool list(struct request *r, struct resource_list *l)
{
    static const struct resource rows[] = {
        { "test://static-text", "static-text", "Static text", "A text.", "text/plain" },
        { "test://static-binary", "static-binary", "Static binary", "An image.", "image/png" },
        { "test://watched-resource", "watched-resource", "Watched", "A text.", "text/plain" },
        { 0 },
    };
    (void)r;
    for (const struct resource *row = rows; row->uri; row++)
        if (!resource_add(l, row))
            break;
    return true;
}

static bool templates(struct request *r, struct resource_list *l)
{
    static const struct resource row = { TEMPLATE_HEAD "{id}" TEMPLATE_TAIL, "template", "Template",
                                         "Data by id.", "application/json" };
    (void)r;
    resource_add(l, &row);
    return true;
}

static bool read_template(struct request *r, const char *uri, struct resource_content *out)
{
    size_t head = sizeof TEMPLATE_HEAD - 1;
    if (!text_starts(uri, TEMPLATE_HEAD) || !text_ends(uri, TEMPLATE_TAIL) ||
        strlen(uri) <= head + sizeof TEMPLATE_TAIL - 1)
        return false;
    size_t n = strlen(uri) - head - (sizeof TEMPLATE_TAIL - 1);
    const char *id = arena_strndup(r->arena, uri + head, n);
    cJSON *o = json_object(r->arena);
    json_set_str(r->arena, o, "id", id);
    json_set_bool(r->arena, o, "templateTest", true);
    json_set_str(r->arena, o, "data", arena_printf(r->arena, "Data for ID: %s", id));
    out->mime = "application/json";
    out->text = json_print(r->arena, o);
    return true;
}

static bool read_one(struct request *r, const char *uri, struct resource_content *out)
{
    out->for_every = true;
    out->mime = "text/plain";
    if (!strcmp(uri, "test://static-text")) {
        out->text = "This is the content of the static text resource.";
    } else if (!strcmp(uri, "test://watched-resource")) {
        out->text = "This is the content of the watched resource.";
    } else if (!strcmp(uri, "test://static-binary")) {
        out->mime = "image/png";
        out->blob = PNG;
    } else {
        return read_template(r, uri, out);
    }
    return true;
}

const struct resource_provider fixture_resources = {
    .prefix = "test://", .list = list, .templates = templates, .read = read_one
};
