/* prompt.h - runbooks: prompts/NAME.md, a YAML header between '---' lines, then the text with
 * {{argument}} where an argument goes. Linked into the binary; read by the first request for one.
 */
#pragma once
#include <cjson/cJSON.h>

struct request;

cJSON *prompt_list(struct request *r);
cJSON *prompt_get(struct request *r); /* NULL after request_fail */
/* completion/complete: names of the kind that the argument's `complete` says; answers r. */
void prompt_complete(struct request *r);
