/* ws_frame_private.h - frames of RFC 6455 as a client has them: bytes of a server to messages, and
 * a frame of ours to bytes. Does no input or output; knows no sockets. Private to net.
 *
 * Strict where the RFC says MUST: no reserved bits or opcodes, no masked frame, control frames
 * whole and at most 125 bytes, fragments in their order, texts and reasons in UTF-8 (judged while
 * they come), close codes that may be sent. A length in more bytes than it needs is let pass.
 */
#pragma once
#include "base/buf.h"
#include <stdint.h>

enum {
    WS_OP_MORE = 0,
    WS_OP_TEXT = 1,
    WS_OP_BINARY = 2,
    WS_OP_CLOSE = 8,
    WS_OP_PING = 9,
    WS_OP_PONG = 10,
};

enum {
    WS_NORMAL = 1000,
    WS_PROTOCOL_ERROR = 1002,
    WS_NO_CODE = 1005, /* stands for a close without one; never sent */
    WS_NOT_UTF8 = 1007,
    WS_TOO_BIG = 1009,
};

enum { WS_CONTROL_MAX = 125, WS_HEAD_MAX = 14, WS_REASON_MAX = WS_CONTROL_MAX - 2 };

enum ws_item { /* what the bytes completed */
               WS_ITEM_NONE,
               WS_ITEM_MESSAGE, /* kind, message: until the next feed */
               WS_ITEM_PING,    /* control, control_len */
               WS_ITEM_PONG,
               WS_ITEM_CLOSE, /* code, and the reason is control + 2 */
               WS_ITEM_BAD,   /* code and why: nothing more may be fed */
};

struct ws_input {
    struct buf message;
    size_t max_message;
    size_t checked; /* bytes of message that are whole characters */
    uint64_t left;  /* payload bytes of the frame that have not come */
    unsigned char head[WS_HEAD_MAX];
    unsigned head_len;
    unsigned char control[WS_CONTROL_MAX + 1]; /* ends with a NUL */
    unsigned control_len;
    int opcode; /* of the frame */
    int kind;   /* of the message: WS_OP_TEXT, WS_OP_BINARY; 0: none has begun */
    int code;
    char why[96]; /* "the server …" */
    bool final, in_payload, given;
};

void ws_input_init(struct ws_input *in, size_t max_message);
void ws_input_free(struct ws_input *in);
/* Takes bytes until something is complete; *used says how many. */
enum ws_item ws_input_feed(struct ws_input *in, const char *bytes, size_t n, size_t *used);

/* May such a code stand in a close frame? */
bool ws_code_is_sendable(int code);
/* Writes a whole, final, masked frame to out, which has room for WS_HEAD_MAX + n. Its size. */
size_t ws_frame_put(unsigned char *out, int opcode, const void *bytes, size_t n,
                    const unsigned char mask[4]);
