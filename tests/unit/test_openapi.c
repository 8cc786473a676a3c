/* test_openapi.c - documents become tools: written ones looked at member by member, generated ones
 * counted, hostile ones refused within their bounds. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "check.h"
#include "embedded/openapi/openapi.h"

static struct arena *a;
static struct err e;

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    e = (struct err){ 0 };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static const cJSON *convert(const char *text)
{
    const char *yaml = openapi_convert(a, text, strlen(text), &e);
    if (!yaml)
        fail_msg("%s", e.text);
    const cJSON *out = yaml_parse(a, yaml, strlen(yaml), &e);
    if (!out)
        fail_msg("the result is no YAML: %s", e.text);
    return out;
}

static void refused(const char *text, const char *say)
{
    e = (struct err){ 0 };
    assert_null(openapi_convert(a, text, strlen(text), &e));
    if (!strstr(e.text, say))
        fail_msg("'%s' does not say '%s'", e.text, say);
}

static const char *at(const cJSON *tree, const char *path)
{
    const cJSON *node = json_path(tree, path);
    return cJSON_IsString(node) ? node->valuestring : node ? json_print(a, node) : "(none)";
}

static const cJSON *arg(const cJSON *tools, int tool, const char *name)
{
    const cJSON *item, *args = json_path(tools, arena_printf(a, "tools[%d].args", tool));
    cJSON_ArrayForEach(item, args) if (strcmp(json_str(item, "name"), name) == 0) return item;
    fail_msg("tool %d has no argument '%s'", tool, name);
    return NULL;
}

#define HEAD3 "openapi: 3.0.1\ninfo: {title: Pet Shop!}\n"

static const char pets[] = HEAD3
    "servers: [{url: 'https://{env}.example.com/v1/', variables: {env: {default: api}}}]\n"
    "security: [{key: []}]\n"
    "paths:\n"
    "  /pets/{id}:\n"
    "    parameters:\n"
    "    - {name: id, in: path, schema: {type: integer}, description: The pet}\n"
    "    - {name: lang, in: query, schema: {type: string}}\n"
    "    get:\n"
    "      operationId: get pet\n"
    "      summary: One\n"
    "      description: Reads it\n"
    "      parameters:\n"
    "      - $ref: '#/components/parameters/Trace'\n"
    "      - {name: lang, in: query, required: true, schema: {type: string, enum: [de, en]}}\n"
    "      - {name: sid, in: cookie, schema: {type: string, default: x}}\n"
    "      - {name: Authorization, in: header, schema: {type: string}}\n"
    "      responses:\n"
    "        '404': {description: no}\n"
    "        '200': {content: {application/json: {schema: {$ref: "
    "'#/components/schemas/Pet'}}}}\n"
    "    put:\n"
    "      security: []\n"
    "      servers: [{url: /internal}]\n"
    "      requestBody: {$ref: '#/components/requestBodies/Pet'}\n"
    "components:\n"
    "  parameters: {Trace: {name: X-Trace, in: header, schema: {type: string}}}\n"
    "  requestBodies:\n"
    "    Pet: {required: true, content: {text/xml: {}, application/json: {schema:\n"
    "      {$ref: '#/components/schemas/Pet'}}}}\n"
    "  securitySchemes:\n"
    "    key: {type: apiKey, in: query, name: k}\n"
    "    login: {type: http, scheme: Basic}\n"
    "    oidc: {type: openIdConnect, openIdConnectUrl: 'https://x'}\n"
    "  schemas:\n"
    "    Pet:\n"
    "      required: [name]\n"
    "      properties:\n"
    "        name: {type: string, description: Its name}\n"
    "        mother: {$ref: '#/components/schemas/Pet'}\n"
    "        kind: {allOf: [{$ref: '#/components/schemas/Kind'}], description: Which}\n"
    "    Kind: {type: [string, 'null'], const: cat}\n";

static void a_third_version_in_yaml(void **state)
{
    (void)state;
    const cJSON *out = convert(pets);
    assert_string_equal(at(out, "server.name"), "Pet-Shop");
    assert_string_equal(at(out, "server.securitySchemes"),
                        "[{\"id\":\"key\",\"type\":\"apiKey\",\"in\":\"query\",\"name\":\"k\"},"
                        "{\"id\":\"login\",\"type\":\"http\",\"scheme\":\"basic\"},"
                        "{\"id\":\"oidc\",\"type\":\"http\",\"scheme\":\"bearer\"}]");
    assert_int_equal(json_count(json_get(out, "tools")), 2);
    assert_string_equal(at(out, "tools[0].name"), "get_pet");
    assert_string_equal(at(out, "tools[0].description"), "One - Reads it");
    assert_string_equal(at(out, "tools[0].requestTemplate"),
                        "{\"url\":\"https://api.example.com/v1/pets/{id}\",\"method\":\"GET\","
                        "\"security\":{\"id\":\"key\"}}");
    assert_int_equal(json_count(json_path(out, "tools[0].args")), 4);
    assert_string_equal(at(arg(out, 0, "X-Trace"), "position"), "header");
    assert_string_equal(at(arg(out, 0, "lang"), "required"), "true");
    assert_string_equal(at(arg(out, 0, "lang"), "enum"), "[\"de\",\"en\"]");
    assert_string_equal(at(arg(out, 0, "sid"), "position"), "cookie");
    assert_string_equal(at(arg(out, 0, "sid"), "default"), "x");
    assert_string_equal(at(arg(out, 0, "id"), "type"), "integer");
    assert_true(json_true(arg(out, 0, "id"), "required"));
    assert_non_null(strstr(at(out, "tools[0].responseTemplate.prependBody"),
                           "- **name** (string): Its name\n- **mother** (object)\n"));
}

static void a_body_by_reference_becomes_arguments(void **state)
{
    (void)state;
    const cJSON *out = convert(pets);
    assert_string_equal(at(out, "tools[1].name"), "PUT_pets_id");
    assert_string_equal(at(out, "tools[1].requestTemplate"),
                        "{\"url\":\"/internal/pets/{id}\",\"method\":\"PUT\",\"headers\":"
                        "[{\"key\":\"Content-Type\",\"value\":\"application/json\"}]}");
    assert_string_equal(at(arg(out, 1, "name"), "position"), "body");
    assert_true(json_true(arg(out, 1, "name"), "required"));
    assert_string_equal(at(arg(out, 1, "mother"), "type"), "object");
    assert_string_equal(at(arg(out, 1, "kind"), "enum"), "[\"cat\"]");
    assert_string_equal(at(arg(out, 1, "kind"), "description"), "Which");
    assert_string_equal(at(out, "tools[1].responseTemplate"), "{}");
}

static void a_second_version_in_json(void **state)
{
    (void)state;
    const cJSON *out = convert(
        "{\"swagger\":\"2.0\",\"host\":\"h.example\",\"basePath\":\"/b/\",\"schemes\":[\"http\","
        "\"https\"],\"securityDefinitions\":{\"b\":{\"type\":\"basic\"}},\"paths\":{\"/f\":{"
        "\"post\":{\"operationId\":\"send\",\"consumes\":[\"application/x-www-form-urlencoded\"],"
        "\"security\":[{\"b\":[]}],\"parameters\":[{\"name\":\"n\",\"in\":\"formData\",\"type\":"
        "\"integer\",\"required\":true},{\"name\":\"up\",\"in\":\"formData\",\"type\":\"file\"}]}},"
        "\"/l\":{\"post\":{\"operationId\":\"send\",\"parameters\":[{\"name\":\"all\",\"in\":"
        "\"body\",\"required\":true,\"schema\":{\"type\":\"array\",\"items\":{\"$ref\":"
        "\"#/definitions/a~1b\"}}},{\"name\":\"q\",\"in\":\"query\",\"type\":\"array\",\"items\":"
        "{\"type\":\"string\"}}],\"responses\":{\"200\":{\"schema\":{\"type\":\"array\",\"items\":"
        "{\"$ref\":\"#/definitions/a~1b\"}}}}}}},\"definitions\":{\"a/b\":{\"properties\":{\"x\":"
        "{\"type\":\"number\"}}}}}");
    assert_string_equal(at(out, "server.name"), "openapi-server");
    assert_string_equal(at(out, "tools[0].requestTemplate"),
                        "{\"url\":\"https://h.example/b/f\",\"method\":\"POST\",\"headers\":[{"
                        "\"key\":\"Content-Type\",\"value\":\"application/x-www-form-urlencoded\"}]"
                        ",\"security\":{\"id\":\"b\"}}");
    assert_string_equal(at(out, "tools[0].args"),
                        "[{\"name\":\"n\",\"description\":\"\",\"type\":\"integer\",\"required\":"
                        "true,\"position\":\"body\"}]");
    assert_string_equal(at(out, "tools[1].name"), "send_2");
    assert_string_equal(at(out, "tools[1].requestTemplate.body"), "{{toJson .args.body}}");
    assert_string_equal(at(arg(out, 1, "body"), "items.properties.x.type"), "number");
    assert_string_equal(at(arg(out, 1, "q"), "position"), "query");
    assert_non_null(strstr(at(out, "tools[1].responseTemplate.prependBody"), "**[].x** (number)"));
}

static void bodies_of_other_types(void **state)
{
    (void)state;
    const cJSON *out = convert(
        HEAD3
        "paths:\n"
        "  /t: {post: {requestBody: {content: {text/plain: {schema: {type: string}}}}}}\n"
        "  /m: {post: {requestBody: {content: {multipart/form-data: {schema: {properties:\n"
        "    {f: {type: string}}}}}}}}\n"
        "  /o: {post: {requestBody: {content: {application/json: {schema: {oneOf: [\n"
        "    {required: [a], properties: {a: {type: string}}}, {properties: {b: {}}}]}}}}}}\n");
    assert_string_equal(at(out, "tools[0].requestTemplate.body"), "{{.args.body}}");
    assert_string_equal(at(out, "tools[0].requestTemplate.url"), "/t");
    assert_string_equal(at(out, "tools[1].args"), "[]");
    assert_false(json_true(arg(out, 2, "a"), "required"));
    assert_string_equal(at(arg(out, 2, "b"), "type"), "string");
}

static void what_is_no_document_is_refused(void **state)
{
    (void)state;
    refused("{", "byte");
    refused("a: [", "line 2");
    refused("hello", "neither 'openapi: 3.x' nor");
    refused("openapi: 4.0.0\npaths: {}\n", "neither");
    refused(HEAD3, "no 'paths'");
    refused(HEAD3 "paths: []\n", "no 'paths'");
    refused(HEAD3 "paths: {}\n", "no operation");
    refused(HEAD3 "paths: {/a: {get: 7, trace: {}}, x-b: {get: {}}}\n", "no operation");
}

static void hostile_documents_end(void **state)
{
    (void)state;
    refused(HEAD3 "paths: {/a: {get: {parameters: [{$ref: 'http://evil/x#/y'}]}}}\n",
            "GET /a: 'http://evil/x#/y' refers outside");
    refused(HEAD3 "paths: {/a: {get: {parameters: [{$ref: '#/nope'}]}}}\n", "leads nowhere");
    refused(HEAD3 "paths: {/a: {get: {parameters: [{$ref: '#/x'}]}}}\nx: {$ref: '#/y'}\n"
                  "y: {$ref: '#/x'}\n",
            "refers to itself");
    refused(HEAD3 "paths: {'/{{.config.key}}': {get: {}}}\n", "begins a template");
    refused(HEAD3 "paths: {/a: {post: {requestBody: {content: {'{{x}}json': {}}}}}}\n",
            "begins a template");
    const cJSON *odd = convert(
        HEAD3 "security: {a: b}\ncomponents: {securitySchemes: [1]}\nservers: {url: x}\n"
              "paths: {/a: {parameters: 7, get: {responses: x, parameters: {a: b}, security: [x],\n"
              "  requestBody: {content: [1, 2]}}, put: {requestBody: {content: {application/json:\n"
              "  {schema: {properties: [1], required: {a: 1}, items: [x], enum: 3, allOf: {b: "
              "c}}}}}}}}\n");
    assert_int_equal(json_count(json_get(odd, "tools")), 2);
}

/* 30 schemas, each with ten references to the next: 10^30 parts if all were followed. */
static void references_that_multiply_are_cut(void **state)
{
    (void)state;
    struct buf *doc = buf_in(a, 1 << 20);
    buf_str(doc, HEAD3 "paths: {/a: {post: {requestBody: {content: {application/json: {schema: "
                       "{$ref: '#/s/s0'}}}}}}}\ns:\n");
    for (int i = 0; i < 30; i++) {
        buf_printf(doc, "  s%d: {properties: {", i);
        for (int k = 0; k < 10; k++)
            buf_printf(doc, "%sp%d: {$ref: '#/s/s%d'}", k ? ", " : "", k, (i + 1) % 30);
        buf_str(doc, "}}\n");
    }
    const char *yaml = openapi_convert(a, doc->data, doc->len, &e);
    assert_non_null(yaml);
    assert_in_range(strlen(yaml), 1000, 100000);
    const cJSON *out = yaml_parse(a, yaml, strlen(yaml), &e);
    assert_int_equal(json_count(json_path(out, "tools[0].args")), 10);
    assert_string_equal(at(arg(out, 0, "p9"), "type"), "object");
}

static void deep_and_wide_documents_are_bounded(void **state)
{
    (void)state;
    struct buf *doc = buf_in(a, 8 << 20);
    buf_str(doc, HEAD3 "paths: {/a: {post: {requestBody: {content: {application/json: {schema: ");
    for (int i = 0; i < 24; i++)
        buf_str(doc, "{properties: {p: ");
    buf_str(doc, "{type: string}");
    for (int i = 0; i < 24; i++)
        buf_str(doc, "}}");
    buf_str(doc, "}}}}}}\n");
    assert_int_equal(json_count(json_get(convert(doc->data), "tools")), 1);
    doc = buf_in(a, 8 << 20);
    buf_str(doc, HEAD3 "paths: {/a: {post: {requestBody: {content: {application/json: {schema: "
                       "{properties: {");
    for (int i = 0; i < 300; i++)
        buf_char(doc, 'k');
    buf_str(doc, ": {}}}}}}}}}\n");
    refused(doc->data, "name is longer");
    doc = buf_in(a, 8 << 20);
    buf_str(doc, HEAD3 "paths:\n");
    for (int i = 0; i < 501; i++)
        buf_printf(doc, "  /p%d: {get: {}}\n", i);
    refused(doc->data, "more than 500 operations");
    buf_str(doc, "#");
    for (int i = 0; i < 5 << 20; i += 64)
        buf_printf(doc, "%064d", i);
    refused(doc->data, "larger than");
}

static unsigned long long seed = 20261124;
static unsigned below(unsigned n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % n;
}

/* A document of random operations and references; every operation is one tool, every parameter one
 * argument in its place. */
static void generated_documents_keep_everything(void **state)
{
    static const char *const places[] = { "path", "query", "header", "cookie" };
    static const char *const methods[] = { "get", "put", "post", "delete", "patch" };
    (void)state;
    for (int round = 0; round < 60; round++) {
        struct buf *doc = buf_in(a, 1 << 20);
        unsigned paths = 1 + below(12), per = 1 + below(5), args = below(6);
        buf_str(doc, HEAD3 "components: {schemas: {");
        for (unsigned i = 0; i < 5; i++)
            buf_printf(doc,
                       "%sS%u: {type: object, properties: {a: {$ref: '#/components/schemas/"
                       "S%u'}, b: {type: array, items: {$ref: '#/components/schemas/S%u'}}}}",
                       i ? ", " : "", i, below(5), below(5));
        buf_str(doc, "}}\npaths:\n");
        for (unsigned i = 0; i < paths; i++) {
            buf_printf(doc, "  /p%u:\n", i);
            for (unsigned m = 0; m < per; m++) {
                buf_printf(doc,
                           "    %s:\n      responses: {'200': {content: {application/json: "
                           "{schema: {$ref: '#/components/schemas/S%u'}}}}}\n"
                           "      parameters:\n      - {name: z, in: query}\n",
                           methods[m], below(5));
                for (unsigned k = 0; k < args; k++)
                    buf_printf(doc,
                               "      - {name: a%u, in: %s, schema: {$ref: '#/components/"
                               "schemas/S%u'}}\n",
                               k, places[below(4)], below(5));
            }
        }
        const cJSON *tool, *tools = json_get(convert(doc->data), "tools");
        assert_int_equal(json_count(tools), paths * per);
        cJSON_ArrayForEach(tool, tools)
        {
            assert_int_equal(json_count(json_get(tool, "args")), args + 1);
            assert_non_null(json_path(tool, "responseTemplate.prependBody"));
        }
    }
}

/* The n-th node below, counted as they are written. */
static cJSON *node_at(cJSON *node, unsigned *n)
{
    for (cJSON *child = node->child; child; child = child->next) {
        if ((*n)-- == 0)
            return child;
        cJSON *found = node_at(child, n);
        if (found)
            return found;
    }
    return NULL;
}

/* Any node of a document replaced by something that does not belong there: a result that is YAML,
 * or a sentence. */
static void damaged_documents_are_answered(void **state)
{
    static const char *const odd[] = { "null",
                                       "7",
                                       "\"x\"",
                                       "[]",
                                       "{}",
                                       "[[{\"a\":1}]]",
                                       "{\"$ref\":\"#\"}",
                                       "{\"$ref\":\"#/paths\"}",
                                       "{\"$ref\":\"#/components/schemas/Pet/properties\"}",
                                       "{\"$ref\":7}",
                                       "{\"allOf\":[{\"$ref\":\"#/paths\"},3]}" };
    (void)state;
    for (int round = 0; round < 1500; round++) {
        struct arena *mine = arena_new();
        cJSON *doc = yaml_parse(mine, pets, strlen(pets), &e), *node = NULL;
        for (unsigned damage = 1 + below(3); damage; damage--) {
            unsigned n = below(200);
            const char *text = odd[below(sizeof odd / sizeof *odd)];
            cJSON *new = json_parse(mine, text, strlen(text), &e);
            node = node_at(doc, &n);
            if (!node)
                continue;
            node->type = new->type;
            node->child = new->child;
            node->valuestring = new->valuestring;
            node->valuedouble = new->valuedouble;
        }
        const char *text = json_print(mine, doc);
        struct err fault = { 0 };
        const char *yaml = openapi_convert(mine, text, strlen(text), &fault);
        if (yaml ? !yaml_parse(mine, yaml, strlen(yaml), &fault) : !*fault.text)
            fail_msg("%s: %s", text, fault.text);
        arena_free(mine);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = { TEST(a_third_version_in_yaml),
                                        TEST(a_body_by_reference_becomes_arguments),
                                        TEST(a_second_version_in_json),
                                        TEST(bodies_of_other_types),
                                        TEST(what_is_no_document_is_refused),
                                        TEST(hostile_documents_end),
                                        TEST(references_that_multiply_are_cut),
                                        TEST(deep_and_wide_documents_are_bounded),
                                        TEST(generated_documents_keep_everything),
                                        TEST(damaged_documents_are_answered) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
