/* write_private.h - one request that changes a gateway, for write.c and special_write.c only. */
#pragma once
#include "console/write.h"

/* body NULL: a DELETE, which is answered 204. path NULL: e is set already. */
bool write_send(struct gateway *g, struct arena *a, const char *method, const char *path,
                const cJSON *body, enum write_doubt *doubt, struct err *e);
