/* fuzz_ws.c - libFuzzer: whatever a server sends, and however it is cut, a WebSocket's input ends
 * in the same place with the same messages, within its bounds; a frame of ours is read back as it
 * was. The first byte of the input chooses the cuts, the second what it is: frames, or the answer
 * to an upgrade. fuzz: -runs=200000 -max_len=2048
 */
#include "base/arena.h"
#include "net/loop.h"
#include "net/ws_private.h"
#include <stdint.h>

enum { MESSAGE_MAX = 300, OUTPUT_MAX = 4 << 20 };

static size_t piece_of(unsigned way, unsigned *random, size_t left)
{
    *random = *random * 1103515245 + 12345;
    size_t piece = way == 0 ? left : way == 1 ? 1 : 1 + (*random >> 16) % 7;
    return piece < left ? piece : left;
}

/* -- frames -- */

static void note(const struct ws_input *in, enum ws_item item, struct buf *out)
{
    if (item == WS_ITEM_NONE)
        return;
    bool data = item == WS_ITEM_MESSAGE;
    if (in->message.len > MESSAGE_MAX || in->control_len > WS_CONTROL_MAX)
        abort();
    buf_printf(out, "%d %d %d ", item, data ? in->kind : 0, item >= WS_ITEM_CLOSE ? in->code : 0);
    if (data)
        buf_add(out, in->message.data, in->message.len);
    else if (item != WS_ITEM_BAD)
        buf_add(out, in->control, in->control_len);
    buf_printf(out, "%s|", in->why);
}

static void read_frames(const char *bytes, size_t n, unsigned way, struct buf *out)
{
    struct ws_input in;
    ws_input_init(&in, MESSAGE_MAX);
    unsigned random = way;
    enum ws_item item = WS_ITEM_NONE;
    while (n && item != WS_ITEM_BAD && item != WS_ITEM_CLOSE) {
        size_t piece = piece_of(way, &random, n), used = 0;
        item = ws_input_feed(&in, bytes, piece, &used);
        if (used > piece || (item == WS_ITEM_NONE && used != piece))
            abort();
        note(&in, item, out);
        bytes += used;
        n -= used;
    }
    ws_input_free(&in);
}

/* A frame of ours, its mask undone, is that frame of a server. */
static void write_and_read(const char *bytes, size_t n)
{
    static const unsigned char none[4];
    unsigned char out[WS_HEAD_MAX + 4096];
    struct ws_input in;
    size_t used, size = ws_frame_put(out, WS_OP_BINARY, bytes, n, none), head = size - n - 4;
    out[1] &= 0x7f;
    memmove(out + head, out + head + 4, n);
    ws_input_init(&in, 4096);
    if (ws_input_feed(&in, (char *)out, size - 4, &used) != WS_ITEM_MESSAGE || used != size - 4 ||
        in.message.len != n || memcmp(in.message.data, bytes, n) != 0)
        abort();
    ws_input_free(&in);
}

/* -- the answer to an upgrade -- */

static void read_answer(const char *bytes, size_t n, unsigned way, struct buf *out)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    const struct ws_options o = { .request.url = "wss://host/path?ticket=hush4242hush" };
    struct fetch_answer answer = { .headers =
                                       arena_array(a, struct fetch_header, HEADERS_MAX + 1) };
    struct ws_shake s = {
        .arena = a, .options = &o, .answer = &answer, .secrets = secret_set_new(a)
    };
    size_t size;
    if (!ws_shake_begin(&s, &e))
        abort();
    ws_shake_request(&s, &size);
    s.accept = (char *)(uintptr_t) "accepted";
    unsigned random = way;
    enum ws_shake_got got = WS_SHAKE_MORE;
    while (n && (got == WS_SHAKE_MORE || got == WS_SHAKE_REFUSED)) {
        size_t piece = piece_of(way, &random, n);
        got = ws_shake_feed(&s, bytes, piece, &e);
        bytes += piece;
        n -= piece;
    }
    if (got == WS_SHAKE_REFUSED)
        ws_shake_say_refused(&s, "wss://host/path", &e);
    if (strstr(e.text, "hush4242hush"))
        abort();
    buf_printf(out, "%d %d %s", got, answer.status, got == WS_SHAKE_DONE ? "" : e.text);
    arena_free(a);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    struct err e = { 0 };
    if (!fetch_load(loop_new(), &e))
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    const char *bytes = (const char *)data + 2;
    void (*read)(const char *, size_t, unsigned, struct buf *) =
        data[1] & 1 ? read_answer : read_frames;
    struct buf one, other;
    buf_init(&one, OUTPUT_MAX);
    buf_init(&other, OUTPUT_MAX);
    read(bytes, n - 2, 1, &one);
    read(bytes, n - 2, data[0], &other);
    if (one.len != other.len || memcmp(one.data, other.data, one.len) != 0)
        abort();
    buf_free(&one);
    buf_free(&other);
    write_and_read(bytes, n - 2);
    return 0;
}
