/* parts_private.h - the objects of which the console makes one of a kind (`parts` of its row), as
 * far as it shows them: which of them stand when the object itself does not, or is as it was.
 *
 * Read before and after a write that failed, and by recovery; parks.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct gateway;
struct kind;

bool parts_has(const struct kind *k);
/* {"route NAME": content} of those that are there; NULL: that could not be read. */
cJSON *parts_read(struct gateway *g, struct arena *a, const struct kind *k, const char *name);
/* Which of them is not as it was, "route NAME is there"; NULL: none. */
const char *parts_moved(struct arena *a, const cJSON *was, const cJSON *now);
