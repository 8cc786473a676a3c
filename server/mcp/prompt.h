/* prompt.h - runbooks: prompts/NAME.md, a YAML header between '---' lines, then the text with
 * {{argument}} where an argument goes. Linked into the binary; read by the first request for one.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct field;
struct kind;
struct mcp;
struct request;

/* A prompt made by code instead of a runbook; comes with a toolset. */
struct coded_prompt {
    const char *name, *about;
    const struct field *in; /* strings; NULL: none */
    /* The GetPromptResult; given: checked against `in`, may be NULL. NULL after request_fail. */
    cJSON *(*fill)(struct request *r, const cJSON *given);
};

/* Reads them again. True: the list is another one; false: not, or nobody has asked for it yet. */
bool prompt_reload(struct mcp *m);
void prompt_free(struct mcp *m);
cJSON *prompt_list(struct request *r);
cJSON *prompt_get(struct request *r); /* NULL after request_fail */
/* The kind whose names complete an argument; NULL: none, or no such prompt (r->err is set then). */
const struct kind *prompt_argument_kind(struct request *r, const char *name, const char *argument);
