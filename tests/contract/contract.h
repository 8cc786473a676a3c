/* contract.h - the contract test: recorded exchanges of the real console against ours.
 *
 * contract.c goes through the recordings, replay.c plays one exchange, process.c and wire.c send,
 * folder.c watches the data folder, normal.c takes out what is volatile or the console's own prose,
 * differ.c says where two trees differ, report.c lists that by rule; remote.c and tidy.c are for a
 * console that runs elsewhere.
 */
#pragma once
#include "base/arena.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* normal.c: trees are changed in place. */
struct normal {
    struct arena *arena;
    const char *path;     /* of the request, with query */
    const char *data_dir; /* replaced by "<data>"; NULL: the recorded side */
    bool unversioned;     /* versions count what others did too, and are not compared */
};
void normal_body(const struct normal *n, cJSON *body);
void normal_object(const struct normal *n, const char *file, cJSON *object);
char *normal_text(const struct normal *n, const char *text);
char *normal_header(const struct normal *n, const char *name, const char *value);
/* Is the body's wording the console's own (pages, dashboards, readmes)? */
bool normal_is_prose(const char *path);

/* differ.c: true when equal; else appends lines "path: expected …, got …" to out. */
bool differ(struct arena *a, const char *path, const cJSON *expected, const cJSON *got,
            struct buf *out);

/* folder.c: what changed in a data folder between two looks. */
struct folder;
struct folder *folder_open(struct arena *a, const char *dir);
/* {"ingresses/a.yaml": parsed object or null when gone} */
cJSON *folder_changes(struct folder *f, struct arena *a);
/* Makes the folder what it should be after a request: changes as folder_changes gave them, wanted
 * as recorded, {"ingresses/a.yaml": text or null when gone}. */
void folder_correct(struct folder *f, struct arena *a, const cJSON *changes, const cJSON *wanted);
bool folder_reset(const char *from, const char *to); /* the same objects as in `from`, no others */
bool folder_copy(const char *from, const char *to);  /* recordings' initial/ into a new folder */
void folder_remove(const char *dir);
