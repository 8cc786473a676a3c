/* remote.h - a console that runs already, somewhere else: what may be asked of it, and what is left
 * of it afterwards.
 *
 * Without `writes` only reads are sent. With it the console must be fresh (else nothing is sent):
 * before each file its folder, when that is on this machine, gets the objects of the recordings'
 * initial folder; without a folder what a file made is deleted by the API behind it.
 */
#pragma once
#include "tidy.h"

#include <stdbool.h>
#include <stddef.h>

struct remote {
    const char *url;  /* NULL: none */
    const char *data; /* its folder; NULL: elsewhere, answers only */
    const char *user; /* "NAME:PASSWORD"; NULL: as recorded */
    bool writes;
    struct loop *loop;
    struct arena *arena;
    struct tidy tidy;
    bool seen; /* looked whether it is fresh */
};

/* Before a file that starts from the folder `initial`. False: e says why it is not replayed. */
bool remote_prepare(struct remote *r, const char *initial, struct err *e);
/* Is this exchange to be sent? *written follows what the file has done so far. */
bool remote_takes(const struct remote *r, const char *line, size_t len, bool *written);
void remote_tidy(const struct remote *r);
