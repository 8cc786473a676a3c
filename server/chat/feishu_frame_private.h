/* feishu_frame_private.h - the binary frame of Feishu's long connection: one protobuf message
 * (proto2, pbbp2.Frame of lark-oapi), read and written. Strict: what is not such a frame is refused
 * whole. Strings point into the bytes read, are not NUL-terminated and hold whatever the sender put
 * there.
 */
#pragma once
#include "base/buf.h"
#include <stdint.h>

struct feishu_text {
    const char *bytes;
    size_t len;
};

struct feishu_header {
    struct feishu_text key, value;
};

enum { FEISHU_HEADERS = 32, FEISHU_CONTROL = 0, FEISHU_DATA = 1 };

struct feishu_frame {
    uint64_t seq_id, log_id;
    int32_t service, method;
    struct feishu_header headers[FEISHU_HEADERS];
    int header_count;
    struct feishu_text payload_encoding, payload_type, payload, log_id_new; /* bytes NULL: absent */
};

bool feishu_frame_read(struct feishu_frame *f, const void *bytes, size_t n);
/* False: out's ceiling was passed. */
bool feishu_frame_write(const struct feishu_frame *f, struct buf *out);
struct feishu_text feishu_text(const char *s);
/* The value of a header; bytes NULL: it is not there. */
struct feishu_text feishu_frame_header(const struct feishu_frame *f, const char *key);
bool feishu_frame_add(struct feishu_frame *f, const char *key, const char *value);
bool feishu_text_is(struct feishu_text t, const char *s);
/* A number of at most nine digits; -1: it is none. */
int feishu_text_number(struct feishu_text t);
