/* runbook.h - runbooks: prompts/NAME.md, a YAML header between '---' lines, then the text with
 * {{argument}} where an argument goes. Those of prompts/ are linked into the binary; those of a
 * folder join them, or take the place of one with their name.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct catalog;

enum { RUNBOOKS_MAX = 64 };

struct runbook {
    const cJSON *head; /* name, title, description, arguments */
    const char *body;
};

struct runbooks {
    struct runbook all[RUNBOOKS_MAX];
    int count;
};

/* dir: NULL: none. A file that is wrong is left out and logged. */
struct runbooks *runbooks_read(struct arena *a, const char *dir);
/* Does it lead to no tool that is switched off? */
bool runbook_offered(const struct catalog *c, const struct runbook *r);
/* {{name}} becomes what was given for it, cleaned: it is data, and one line. given: NULL: nothing.
 */
char *runbook_fill(struct arena *a, const struct runbook *r, const cJSON *given);
