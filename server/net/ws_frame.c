/* ws_frame.c - a frame is its head (taken byte by byte, judged when it is whole) and its payload,
 * which goes to the message or to `control`. To judge something more, see judge_head. */
#include "base/text.h"
#include "base/utf8.h"
#include "net/ws_frame_private.h"
#include <stdarg.h>

enum { FINAL = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f };
enum { LENGTH_16 = 126, LENGTH_64 = 127, CHARACTER_MAX = 4 };

void ws_input_init(struct ws_input *in, size_t max_message)
{
    *in = (struct ws_input){ .max_message = max_message };
    buf_init(&in->message, max_message);
}

void ws_input_free(struct ws_input *in)
{
    buf_free(&in->message);
}

static __attribute__((format(printf, 3, 4))) bool refuse_frame(struct ws_input *in, int code,
                                                               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(in->why, sizeof in->why, format, args);
    va_end(args);
    in->code = code;
    return false;
}

/* -- the head ------------------------------------------------------------------------------------
 */

static unsigned head_size(const struct ws_input *in)
{
    if (in->head_len < 2)
        return 2;
    switch (in->head[1] & LENGTH) {
    case LENGTH_16:
        return 4;
    case LENGTH_64:
        return 10;
    default:
        return 2;
    }
}

static uint64_t payload_size(const struct ws_input *in)
{
    unsigned size = head_size(in);
    if (size == 2)
        return in->head[1] & LENGTH;
    uint64_t n = 0;
    for (unsigned i = 2; i < size; i++)
        n = n << 8 | in->head[i];
    return n;
}

static bool judge_control(struct ws_input *in)
{
    if (in->opcode > WS_OP_PONG)
        return refuse_frame(in, WS_PROTOCOL_ERROR, "the server sent the unknown opcode %d",
                            in->opcode);
    if (!in->final)
        return refuse_frame(in, WS_PROTOCOL_ERROR, "the server sent a control frame in fragments");
    if (in->left > WS_CONTROL_MAX)
        return refuse_frame(in, WS_PROTOCOL_ERROR,
                            "the server sent a control frame of more than %d bytes",
                            WS_CONTROL_MAX);
    in->control_len = 0;
    return true;
}

static bool judge_data(struct ws_input *in)
{
    if (in->opcode > WS_OP_BINARY)
        return refuse_frame(in, WS_PROTOCOL_ERROR, "the server sent the unknown opcode %d",
                            in->opcode);
    if (in->opcode == WS_OP_MORE && !in->kind)
        return refuse_frame(in, WS_PROTOCOL_ERROR,
                            "the server continued a message that it had not begun");
    if (in->opcode != WS_OP_MORE && in->kind)
        return refuse_frame(in, WS_PROTOCOL_ERROR,
                            "the server began a message within another one's fragments");
    if (in->opcode != WS_OP_MORE)
        in->kind = in->opcode;
    if (in->left > in->max_message - in->message.len)
        return refuse_frame(in, WS_TOO_BIG, "the server sent a message of more than %zu bytes",
                            in->max_message);
    return true;
}

static bool judge_head(struct ws_input *in)
{
    in->final = in->head[0] & FINAL;
    in->opcode = in->head[0] & OPCODE;
    in->left = payload_size(in);
    if (in->head[0] & RESERVED)
        return refuse_frame(in, WS_PROTOCOL_ERROR,
                            "the server set reserved bits, of an extension that nobody asked for");
    if (in->head[1] & MASKED)
        return refuse_frame(in, WS_PROTOCOL_ERROR,
                            "the server masked a frame, which only clients do");
    return in->opcode >= WS_OP_CLOSE ? judge_control(in) : judge_data(in);
}

/* The second byte is judged when it is there: a bad frame with a long length need not come whole.
 */
static size_t take_frame_head(struct ws_input *in, const char *bytes, size_t n)
{
    size_t used = 0;
    while (used < n && in->head_len < head_size(in))
        in->head[in->head_len++] = (unsigned char)bytes[used++];
    return used;
}

/* -- the payload ---------------------------------------------------------------------------------
 */

/* At the end no character may be cut. */
static bool check_text(struct ws_input *in, bool end)
{
    const char *s = in->message.data;
    size_t len = in->message.len;
    while (in->checked < len) {
        size_t left = len - in->checked;
        size_t size = utf8_size(s + in->checked, left);
        if (!size && (end || left >= CHARACTER_MAX))
            return refuse_frame(in, WS_NOT_UTF8, "the server sent a text that is no UTF-8");
        if (!size)
            return true;
        in->checked += size;
    }
    return true;
}

static bool take_payload(struct ws_input *in, const char *bytes, size_t n)
{
    in->left -= n;
    if (in->opcode >= WS_OP_CLOSE) {
        memcpy(in->control + in->control_len, bytes, n);
        in->control_len += (unsigned)n;
        in->control[in->control_len] = 0;
        return true;
    }
    if (!buf_add(&in->message, bytes, n))
        return refuse_frame(in, WS_TOO_BIG, "the server sent a message of more than %zu bytes",
                            in->max_message);
    return in->kind != WS_OP_TEXT || check_text(in, in->final && in->left == 0);
}

bool ws_code_is_sendable(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static enum ws_item judge_close(struct ws_input *in)
{
    in->code = WS_NO_CODE;
    if (in->control_len == 0)
        return WS_ITEM_CLOSE;
    int code = in->control_len < 2 ? 0 : in->control[0] << 8 | in->control[1];
    if (in->control_len < 2)
        refuse_frame(in, WS_PROTOCOL_ERROR, "the server sent a close frame of one byte");
    else if (!ws_code_is_sendable(code))
        refuse_frame(in, WS_PROTOCOL_ERROR,
                     "the server closed with %d, a code that must not be sent", code);
    else if (!text_utf8((const char *)in->control + 2, in->control_len - 2))
        refuse_frame(in, WS_NOT_UTF8, "the server gave a reason for its close that is no UTF-8");
    else
        in->code = code;
    return in->why[0] ? WS_ITEM_BAD : WS_ITEM_CLOSE;
}

static enum ws_item end_frame(struct ws_input *in)
{
    in->head_len = 0;
    in->in_payload = false;
    switch (in->opcode) {
    case WS_OP_CLOSE:
        return judge_close(in);
    case WS_OP_PING:
        return WS_ITEM_PING;
    case WS_OP_PONG:
        return WS_ITEM_PONG;
    default:
        in->given = in->final;
        return in->final ? WS_ITEM_MESSAGE : WS_ITEM_NONE;
    }
}

static void begin_message(struct ws_input *in)
{
    in->given = false;
    in->kind = 0;
    in->checked = 0;
    buf_reset(&in->message);
}

enum ws_item ws_input_feed(struct ws_input *in, const char *bytes, size_t n, size_t *used)
{
    *used = 0;
    if (in->given)
        begin_message(in);
    while (*used < n) {
        if (!in->in_payload) {
            *used += take_frame_head(in, bytes + *used, n - *used);
            if (in->head_len < head_size(in))
                return WS_ITEM_NONE;
            in->in_payload = true;
            in->control[0] = 0;
            if (!judge_head(in))
                return WS_ITEM_BAD;
        }
        size_t piece = in->left < n - *used ? (size_t)in->left : n - *used;
        if (!take_payload(in, bytes + *used, piece))
            return WS_ITEM_BAD;
        *used += piece;
        enum ws_item item = in->left ? WS_ITEM_NONE : end_frame(in);
        if (item != WS_ITEM_NONE)
            return item;
    }
    return WS_ITEM_NONE;
}

/* -- frames of ours ------------------------------------------------------------------------------
 */

size_t ws_frame_put(unsigned char *out, int opcode, const void *bytes, size_t n,
                    const unsigned char mask[4])
{
    unsigned char *p = out;
    *p++ = (unsigned char)(FINAL | opcode);
    unsigned wide = n < LENGTH_16 ? 0 : n <= UINT16_MAX ? 2 : 8;
    *p++ = (unsigned char)(MASKED | (wide == 0 ? n : wide == 2 ? LENGTH_16 : LENGTH_64));
    while (wide-- > 0)
        *p++ = (unsigned char)((uint64_t)n >> (8 * wide));
    memcpy(p, mask, 4);
    p += 4;
    const unsigned char *from = bytes;
    for (size_t i = 0; i < n; i++)
        *p++ = from[i] ^ mask[i & 3];
    return (size_t)(p - out);
}
