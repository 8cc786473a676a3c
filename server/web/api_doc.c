/* api_doc.c - /api/openapi.json: the rows of api_table.c as OpenAPI 3.1, whose schemas are JSON
 * Schema as field.h prints it. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "version.h"
#include "web/api_private.h"
#include <stdio.h>

enum { SCHEMA_BYTES = 64 << 10 };

/* What is answered may get more members with time. */
static void admit_more(cJSON *schema)
{
    cJSON *inner;
    json_remove(schema, "additionalProperties");
    cJSON_ArrayForEach(inner, schema)
    {
        if (cJSON_IsObject(inner))
            admit_more(inner);
    }
}

/* Whole, with members that need not be there; answer: also for members that it does not name. */
static cJSON *schema_of_fields(struct arena *a, const struct field *rows, bool answer)
{
    struct buf *b = buf_in(a, SCHEMA_BYTES);
    field_schema(b, rows, false);
    cJSON *schema = json_parse(a, b->data, b->len, NULL);
    if (answer)
        admit_more(schema);
    return schema;
}

static cJSON *reference_to(struct arena *a, const char *what, const char *name)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "$ref", arena_printf(a, "#/components/%s/%s", what, name));
    return o;
}

static cJSON *text_schema(struct arena *a)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "type", "string");
    return o;
}

/* {type: {"schema": schema}} */
static cJSON *content_in(struct arena *a, const char *type, cJSON *schema)
{
    cJSON *o = json_object(a);
    json_set(a, json_set_object(a, o, type), "schema", schema);
    return o;
}

/* -- parameters -------------------------------------------------------------------------- */

static cJSON *add_parameter(struct arena *a, cJSON *list, const char *where, const char *name,
                            const char *about, cJSON *schema)
{
    cJSON *o = json_add(a, list, json_object(a));
    json_set_str(a, o, "name", name);
    json_set_str(a, o, "in", where);
    json_set_str(a, o, "description", about);
    json_set(a, o, "schema", schema);
    return o;
}

/* A row's own schema, out of that of an object that has it. */
static cJSON *schema_of_row(struct arena *a, const struct field *row)
{
    const struct field alone[] = { *row, { 0 } };
    const cJSON *whole = schema_of_fields(a, alone, false);
    return json_clone(a, json_get(json_get(whole, "properties"), row->name));
}

static cJSON *parameters_of(struct arena *a, const struct api_row *row)
{
    static const char *const conditions[] = {
        [API_IF_NONE] = "If-None-Match", [API_IF_MATCH] = "If-Match"
    };
    static const char *const about[] = { [API_IF_NONE] = "ETag that is known: 304 if it still is.",
                                         [API_IF_MATCH] = "ETag that was read: 412 if it is not "
                                                          "any more." };
    cJSON *list = json_array(a);
    if (strstr(row->path, "{id}"))
        json_set_bool(a, add_parameter(a, list, "path", "id", "Of the change.", text_schema(a)),
                      "required", true);
    for (const struct field *f = row->query; f && f->name; f++)
        add_parameter(a, list, "query", f->name, f->about, schema_of_row(a, f));
    if (row->tags)
        add_parameter(a, list, "header", conditions[row->tags], about[row->tags], text_schema(a));
    return list;
}

/* -- operations -------------------------------------------------------------------------- */

static void add_answers(struct arena *a, cJSON *operation, const struct api_row *row)
{
    static const struct field any[] = { { 0 } };
    cJSON *answers = json_set_object(a, operation, "responses");
    cJSON *good = json_set_object(a, answers, arena_printf(a, "%d", row->status));
    json_set_str(a, good, "description", row->about);
    json_set(a, good, "content",
             content_in(a, "application/json",
                        schema_of_fields(a, row->answer ? row->answer : any, true)));
    if (row->tags == API_IF_NONE)
        json_set_str(a, json_set_object(a, answers, "304"), "description",
                     "It is as If-None-Match says.");
    json_set(a, answers, "default", reference_to(a, "responses", "Problem"));
}

static cJSON *operation_of(struct arena *a, const struct api_row *row)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "operationId", row->name);
    json_set_str(a, o, "summary", row->about);
    if (row->who == API_ANYBODY)
        json_set_array(a, o, "security"); /* none */
    json_set(a, o, "parameters", parameters_of(a, row));
    if (row->body) {
        cJSON *body = json_set_object(a, o, "requestBody");
        json_set_bool(a, body, "required", true);
        json_set(a, body, "content",
                 content_in(a, "application/json", schema_of_fields(a, row->body, false)));
    }
    add_answers(a, o, row);
    return o;
}

static void add_paths(struct arena *a, cJSON *o)
{
    cJSON *paths = json_set_object(a, o, "paths");
    for (const struct api_row *row = api_rows; row->path; row++) {
        cJSON *path = json_get(paths, row->path);
        path = path ? path : json_set_object(a, paths, row->path);
        json_set(a, path, text_lower(a, row->method, strlen(row->method)), operation_of(a, row));
    }
}

/* -- the rest ---------------------------------------------------------------------------- */

static cJSON *problem_schema(struct arena *a)
{
    static const struct field rows[] = {
        { "type", STR, REQ, "Names the kind of problem." },
        { "title", STR, REQ, "The kind, in words." },
        { "status", INT, REQ, "The status of the answer." },
        { "code", STR, REQ, "What a program goes by: one of x-codes." },
        { "detail", STR, REQ, "One sentence about this very request." },
        { 0 },
    };
    cJSON *o = schema_of_fields(a, rows, true);
    cJSON *codes = json_set_object(a, o, "x-codes");
    for (const struct api_code *row = api_codes; row->code; row++)
        json_set_str(a, codes, row->code, arena_printf(a, "%d: %s", row->status, row->about));
    return o;
}

static void add_components(struct arena *a, cJSON *o)
{
    cJSON *components = json_set_object(a, o, "components");
    cJSON *token = json_set_object(a, json_set_object(a, components, "securitySchemes"), "token");
    json_set_str(a, token, "type", "http");
    json_set_str(a, token, "scheme", "bearer");
    json_set_str(a, token, "description",
                 "Of http.approvers to decide; to read also of http.tokens, or of OAuth.");
    json_set(a, json_set_object(a, components, "schemas"), "Problem", problem_schema(a));
    cJSON *problem = json_set_object(a, json_set_object(a, components, "responses"), "Problem");
    json_set_str(a, problem, "description", "It was refused, or went wrong (RFC 9457).");
    json_set(a, problem, "content",
             content_in(a, "application/problem+json", reference_to(a, "schemas", "Problem")));
}

void api_document(struct api *c)
{
    struct arena *a = c->arena;
    cJSON *o = json_object(a), *info;
    json_set_str(a, o, "openapi", "3.1.0");
    info = json_set_object(a, o, "info");
    json_set_str(a, info, "title", "higress-ops: changes");
    json_set_str(a, info, "version", HIGRESS_OPS_VERSION);
    json_set_str(a, info, "description",
                 "Changes of a gateway for pipelines: read whole, decided, followed, taken back.");
    cJSON *none = json_add(a, json_set_array(a, o, "security"), json_object(a));
    json_set_array(a, none, "token");
    add_paths(a, o);
    add_components(a, o);
    api_answer(c, o, NULL);
}
