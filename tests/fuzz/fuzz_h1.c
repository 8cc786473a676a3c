/* fuzz_h1.c - libFuzzer: whatever the bytes, and however they are cut, the parser ends in the same
 * place with the same requests. The first byte of the input chooses the cuts.
 * fuzz: -runs=200000 -max_len=2048 -dict=tests/fuzz/h1.dict
 */
#include "base/arena.h"
#include "net/h1_private.h"
#include <stdint.h>

enum { MAX_HEAD = 512, MAX_BODY = 64, OUT_MAX = 1 << 20 };

static void describe(const struct h1 *p, struct buf *out)
{
    buf_printf(out, "%s %s %s %s %d%d [", p->method, p->target, p->path, p->query ? p->query : "",
               p->minor, p->keep_alive);
    buf_add(out, p->body.data, p->body.len);
    buf_str(out, "]");
    for (int i = 0; i < p->count; i++)
        buf_printf(out, "%s:%s;", p->headers[i].name, p->headers[i].value);
}

/* False once a request was refused. */
static bool take(struct h1 *p, struct arena *a, const char *bytes, size_t n, struct buf *out)
{
    for (size_t total = 0;;) {
        size_t used;
        enum h1_event event = h1_feed(p, a, bytes + total, n - total, &used);
        total += used;
        if (total > n || (event == H1_MORE && total != n))
            abort();
        if (event == H1_MORE)
            return true;
        if (event == H1_BAD) {
            buf_printf(out, "bad %d", p->status);
            return false;
        }
        if (event == H1_WHOLE) {
            describe(p, out);
            h1_next(p);
        }
    }
}

/* way 0: all at once; 1: byte by byte; else pieces of 1 to 7 bytes. */
static size_t next_piece(unsigned way, unsigned *random, size_t left)
{
    *random = *random * 1103515245 + 12345;
    size_t piece = way == 0 ? left : way == 1 ? 1 : 1 + (*random >> 16) % 7;
    return piece < left ? piece : left;
}

static void parse(const char *bytes, size_t n, unsigned way, struct buf *out)
{
    struct h1 p;
    struct arena *a = arena_new();
    h1_init(&p, MAX_HEAD, MAX_BODY);
    buf_init(out, OUT_MAX);
    unsigned random = way;
    while (n) {
        size_t piece = next_piece(way, &random, n);
        if (!take(&p, a, bytes, piece, out))
            break;
        bytes += piece;
        n -= piece;
    }
    h1_free(&p);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct buf one, other;
    parse((const char *)data + 1, n - 1, 1, &one);
    parse((const char *)data + 1, n - 1, data[0], &other);
    if (one.len != other.len || memcmp(one.data, other.data, one.len) != 0)
        abort();
    buf_free(&one);
    buf_free(&other);
    return 0;
}
