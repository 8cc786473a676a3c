/* fuzz_feishu.c - libFuzzer: whatever bytes come as a frame of Feishu's long connection, what is
 * read lies within them, and what is written from it is read as the same. fuzz: -runs=300000
 * -max_len=1024
 */
#include "chat/feishu_frame_private.h"
#include <stdlib.h>

enum { OUT_MAX = 1 << 20 };

static bool same_text(struct feishu_text x, struct feishu_text y)
{
    return !x.bytes == !y.bytes && x.len == y.len &&
           (x.len == 0 || memcmp(x.bytes, y.bytes, x.len) == 0);
}

static void check_within(struct feishu_text t, const uint8_t *data, size_t n)
{
    const uint8_t *at = (const uint8_t *)t.bytes;
    if (at && (at < data || at > data + n || t.len > (size_t)(data + n - at)))
        abort();
}

static bool same_numbers(const struct feishu_frame *x, const struct feishu_frame *y)
{
    return x->seq_id == y->seq_id && x->log_id == y->log_id && x->service == y->service &&
           x->method == y->method && x->header_count == y->header_count;
}

static void check_same(const struct feishu_frame *x, const struct feishu_frame *y)
{
    bool same = same_numbers(x, y) && same_text(x->payload, y->payload) &&
                same_text(x->payload_type, y->payload_type) &&
                same_text(x->payload_encoding, y->payload_encoding) &&
                same_text(x->log_id_new, y->log_id_new);
    for (int i = 0; same && i < x->header_count; i++)
        same = same_text(x->headers[i].key, y->headers[i].key) &&
               same_text(x->headers[i].value, y->headers[i].value);
    if (!same)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct feishu_frame f, again;
    if (!feishu_frame_read(&f, data, n))
        return 0;
    check_within(f.payload, data, n);
    check_within(f.log_id_new, data, n);
    for (int i = 0; i < f.header_count; i++) {
        check_within(f.headers[i].key, data, n);
        check_within(f.headers[i].value, data, n);
        if (feishu_text_number(f.headers[i].value) < -1)
            abort();
    }
    struct buf out;
    buf_init(&out, OUT_MAX);
    if (!feishu_frame_write(&f, &out) || !feishu_frame_read(&again, out.data, out.len))
        abort();
    check_same(&f, &again);
    buf_free(&out);
    return 0;
}
