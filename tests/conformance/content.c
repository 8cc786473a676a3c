/* content.c - fixtures with fixed contents, for both eras. The first tool needs no arguments. */
#include "fixture.h"
#include "mcp/mcp.h"
#include "net/loop.h"

static const cJSON *simple_text(struct call *c)
{
    return fixture_text(c->arena, "This is a simple text response for testing.");
}

static const cJSON *image(struct call *c)
{
    return fixture_block(c->arena, json_object(c->arena),
                         "{'type':'image','data':'" PNG "','mimeType':'image/png'}");
}

static const cJSON *audio(struct call *c)
{
    return fixture_block(c->arena, json_object(c->arena),
                         "{'type':'audio','data':'" WAV "','mimeType':'audio/wav'}");
}

static const cJSON *embedded(struct call *c)
{
    return fixture_block(
        c->arena, json_object(c->arena),
        "{'type':'resource','resource':{'uri':'test://embedded-resource',"
        "'mimeType':'text/plain','text':'This is an embedded resource content.'}}");
}

static const cJSON *mixed(struct call *c)
{
    cJSON *result = fixture_text(c->arena, "Multiple content types test:");
    fixture_block(c->arena, result, "{'type':'image','data':'" PNG "','mimeType':'image/png'}");
    cJSON *last = fixture_json(c->arena, "{'type':'resource','resource':{"
                                         "'uri':'test://mixed-content-resource',"
                                         "'mimeType':'application/json'}}");
    json_set_str(c->arena, json_get(last, "resource"), "text", "{\"test\":\"data\",\"value\":123}");
    json_add(c->arena, json_get(result, "content"), last);
    return result;
}

static const cJSON *error(struct call *c)
{
    cJSON *result = fixture_text(c->arena, "This tool intentionally returns an error for testing");
    json_set_bool(c->arena, result, "isError", true);
    return result;
}

static const cJSON *with_progress(struct call *c)
{
    for (int done = 0; done <= 100; done += 50) {
        progress(c, done, 100, "%d of 100", done);
        if (!nap(c->service->loop, 0.12, c->cancel, &c->err))
            return NULL;
    }
    return fixture_text(c->arena, "Tool with progress executed successfully");
}

static const cJSON *with_schema(struct call *c)
{
    return fixture_text(c->arena, "JSON Schema 2020-12 tool called");
}

static const cJSON *with_header(struct call *c)
{
    const char *region = arg_str(c, "region");
    return fixture_text(c->arena, "region: %s", region ? region : "(none)");
}

static const struct field region[] = {
    { "region", STR, OPT, "Where.", .header = "Region" },
    { 0 },
};

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
    "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{"
    "\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},"
    "\"properties\":{\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"
    "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},"
    "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}},"
    "\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"
    "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},"
    "\"required\":[\"contactMethod\"]},"
    "\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]},"
    "\"additionalProperties\":false}";

#define FIXTURE(n, t, f)                                                                           \
    .name = n, .title = t, .about = t ".", .risk = READ, .local = true, .whole = true, .read = f

const struct tool content_tools[] = {
    { FIXTURE("test_simple_text", "Simple text", simple_text) },
    { FIXTURE("test_image_content", "Image content", image) },
    { FIXTURE("test_audio_content", "Audio content", audio) },
    { FIXTURE("test_embedded_resource", "Embedded resource", embedded) },
    { FIXTURE("test_multiple_content_types", "Multiple content types", mixed) },
    { FIXTURE("test_error_handling", "Error", error) },
    { FIXTURE("test_tool_with_progress", "Progress", with_progress) },
    { FIXTURE("json_schema_2020_12_tool", "JSON Schema", with_schema), .schema = schema },
    { FIXTURE("test_x_mcp_header", "Argument in a header", with_header), .in = region },
    { 0 },
};
