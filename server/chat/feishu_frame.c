/* feishu_frame.c - protobuf's wire format as far as one message needs it: varints and
 * length-delimited fields; unknown ones are passed over. */
#include "chat/feishu_frame_private.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5, VARINT_MOST = 10 };
enum { SEQ_ID = 1, LOG_ID, SERVICE, METHOD, HEADERS, ENCODING, TYPE, PAYLOAD, LOG_ID_NEW };
enum { KEY = 1, VALUE = 2 };

struct reader {
    const unsigned char *at, *end;
    bool bad;
};

/* One field: its number, and what it holds. */
struct wire_field {
    uint64_t number;
    unsigned type;
    uint64_t value;
    struct feishu_text text;
};

static uint64_t read_varint(struct reader *r)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MOST && r->at < r->end; i++) {
        unsigned char byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80))
            return value;
    }
    r->bad = true;
    return 0;
}

static struct feishu_text read_delimited(struct reader *r, uint64_t n)
{
    if (n > (uint64_t)(r->end - r->at)) {
        r->bad = true;
        return (struct feishu_text){ 0 };
    }
    struct feishu_text t = { (const char *)r->at, (size_t)n };
    r->at += n;
    return t;
}

/* False: the end, or bad. */
static bool next_field(struct reader *r, struct wire_field *f)
{
    if (r->at == r->end || r->bad)
        return false;
    uint64_t tag = read_varint(r);
    *f = (struct wire_field){ .number = tag >> 3, .type = tag & 7 };
    if (f->type == VARINT)
        f->value = read_varint(r);
    else if (f->type == BYTES)
        f->text = read_delimited(r, read_varint(r));
    else if (f->type == FIXED64 || f->type == FIXED32)
        read_delimited(r, f->type == FIXED64 ? 8 : 4);
    else
        r->bad = true;
    r->bad = r->bad || f->number == 0;
    return !r->bad;
}

static bool read_frame_header(struct feishu_frame *f, struct feishu_text in)
{
    if (f->header_count == FEISHU_HEADERS)
        return false;
    struct feishu_header *h = &f->headers[f->header_count++];
    struct reader r = { (const unsigned char *)in.bytes, (const unsigned char *)in.bytes + in.len,
                        false };
    struct wire_field w;
    *h = (struct feishu_header){ 0 };
    while (next_field(&r, &w))
        if (w.type == BYTES && (w.number == KEY || w.number == VALUE))
            *(w.number == KEY ? &h->key : &h->value) = w.text;
    return !r.bad && h->key.bytes && h->value.bytes;
}

static struct feishu_text *text_field(struct feishu_frame *f, uint64_t number)
{
    switch (number) {
    case ENCODING:
        return &f->payload_encoding;
    case TYPE:
        return &f->payload_type;
    case PAYLOAD:
        return &f->payload;
    case LOG_ID_NEW:
        return &f->log_id_new;
    default:
        return NULL;
    }
}

/* False: a field has another type than it is declared with, or a header is none. */
static bool take_frame_field(struct feishu_frame *f, const struct wire_field *w)
{
    if (w->number == HEADERS)
        return w->type == BYTES && read_frame_header(f, w->text);
    if (w->number > LOG_ID_NEW)
        return true;
    struct feishu_text *text = text_field(f, w->number);
    if (w->type != (text ? BYTES : VARINT))
        return false;
    if (text)
        *text = w->text;
    else if (w->number == SEQ_ID)
        f->seq_id = w->value;
    else if (w->number == LOG_ID)
        f->log_id = w->value;
    else if (w->number == SERVICE)
        f->service = (int32_t)w->value;
    else
        f->method = (int32_t)w->value;
    return true;
}

bool feishu_frame_read(struct feishu_frame *f, const void *bytes, size_t n)
{
    struct reader r = { bytes, (const unsigned char *)bytes + n, false };
    struct wire_field w;
    unsigned seen = 0, needed = 1u << SEQ_ID | 1u << LOG_ID | 1u << SERVICE | 1u << METHOD;
    *f = (struct feishu_frame){ 0 };
    while (next_field(&r, &w)) {
        if (!take_frame_field(f, &w))
            return false;
        seen |= w.number <= LOG_ID_NEW ? 1u << w.number : 0;
    }
    return !r.bad && (seen & needed) == needed;
}

/* -- writing -------------------------------------------------------------------------------------
 */

static void write_varint(struct buf *b, uint64_t value)
{
    while (value > 0x7f) {
        buf_char(b, (char)(0x80 | (value & 0x7f)));
        value >>= 7;
    }
    buf_char(b, (char)value);
}

static void put_number_field(struct buf *b, unsigned number, uint64_t value)
{
    write_varint(b, number << 3 | VARINT);
    write_varint(b, value);
}

static void put_text_field(struct buf *b, unsigned number, struct feishu_text t)
{
    if (!t.bytes)
        return;
    write_varint(b, number << 3 | BYTES);
    write_varint(b, t.len);
    buf_add(b, t.bytes, t.len);
}

static size_t varint_size(uint64_t value)
{
    size_t n = 1;
    while (value >>= 7)
        n++;
    return n;
}

static void put_header_field(struct buf *b, const struct feishu_header *h)
{
    write_varint(b, HEADERS << 3 | BYTES);
    write_varint(b, 2 + varint_size(h->key.len) + h->key.len + varint_size(h->value.len) +
                        h->value.len);
    put_text_field(b, KEY, h->key);
    put_text_field(b, VALUE, h->value);
}

bool feishu_frame_write(const struct feishu_frame *f, struct buf *out)
{
    put_number_field(out, SEQ_ID, f->seq_id);
    put_number_field(out, LOG_ID, f->log_id);
    put_number_field(out, SERVICE, (uint64_t)(int64_t)f->service);
    put_number_field(out, METHOD, (uint64_t)(int64_t)f->method);
    for (int i = 0; i < f->header_count; i++)
        put_header_field(out, &f->headers[i]);
    put_text_field(out, ENCODING, f->payload_encoding);
    put_text_field(out, TYPE, f->payload_type);
    put_text_field(out, PAYLOAD, f->payload);
    put_text_field(out, LOG_ID_NEW, f->log_id_new);
    return !out->over;
}

/* -- headers -------------------------------------------------------------------------------------
 */

struct feishu_text feishu_text(const char *s)
{
    return (struct feishu_text){ s, strlen(s) };
}

bool feishu_text_is(struct feishu_text t, const char *s)
{
    return t.bytes && t.len == strlen(s) && memcmp(t.bytes, s, t.len) == 0;
}

struct feishu_text feishu_frame_header(const struct feishu_frame *f, const char *key)
{
    for (int i = 0; i < f->header_count; i++)
        if (feishu_text_is(f->headers[i].key, key))
            return f->headers[i].value;
    return (struct feishu_text){ 0 };
}

bool feishu_frame_add(struct feishu_frame *f, const char *key, const char *value)
{
    if (f->header_count == FEISHU_HEADERS)
        return false;
    f->headers[f->header_count++] = (struct feishu_header){ feishu_text(key), feishu_text(value) };
    return true;
}

int feishu_text_number(struct feishu_text t)
{
    if (!t.bytes || t.len == 0 || t.len > 9)
        return -1;
    int n = 0;
    for (size_t i = 0; i < t.len; i++) {
        if (t.bytes[i] < '0' || t.bytes[i] > '9')
            return -1;
        n = n * 10 + (t.bytes[i] - '0');
    }
    return n;
}
