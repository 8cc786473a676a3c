/* openapi_private.h - what the files of the converter share. After a failure (`failed`) results are
 * still whole trees, so that callers need to look once per operation only. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;

enum { OPENAPI_DEPTH = 8 };

struct openapi {
    struct arena *a;
    const cJSON *doc;
    struct err *e;
    bool failed;
    bool v2;                          /* Swagger 2 */
    long nodes, all_nodes;            /* schema nodes made for the operation, and so far */
    long steps;                       /* members passed by when references were followed */
    const char *at;                   /* "GET /pets", for errors */
    int depth;                        /* of the schema being read */
    const cJSON *open[OPENAPI_DEPTH]; /* the schemas around it */
};

/* One tool being made. */
struct openapi_tool {
    const cJSON *item, *operation; /* of the document */
    cJSON *args, *request;         /* of the tool */
};

/* Sets the error once; returns NULL. */
void *openapi_fail(struct openapi *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Follows $ref; an empty object when it leads nowhere. */
const cJSON *openapi_resolve(struct openapi *o, const cJSON *node);
/* A schema of its own, references and combinations resolved: type, description, properties … */
cJSON *openapi_schema(struct openapi *o, const cJSON *schema);
const char *openapi_text(struct openapi *o, const cJSON *node, const char *key); /* cleaned; "" */
/* A text that becomes part of a template, cleaned; one that would begin a stand-in fails. */
const char *openapi_plain(struct openapi *o, const char *text, size_t max);
/* The entry of a "content" object to use: JSON before forms before others. NULL: none. */
const cJSON *openapi_media(const cJSON *content);

void openapi_add_args(struct openapi *o, struct openapi_tool *t);
/* What the answer holds, in words; NULL when the document does not say. */
const char *openapi_answer(struct openapi *o, const cJSON *operation);
