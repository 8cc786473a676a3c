/* http_answers.h - for tests: reads what a raw client got as "200[body] 413[] …". */
#pragma once
#include "http_client.h"

struct answers {
    const char *at, *end;
    bool bare; /* answers to HEAD */
    struct buf out;
};

static void answers_take(struct answers *a, size_t n)
{
    size_t left = (size_t)(a->end - a->at);
    n = n < left ? n : left;
    buf_add(&a->out, a->at, n);
    a->at += n;
}

static void answers_take_chunks(struct answers *a)
{
    while (a->at < a->end) {
        char *line;
        size_t n = strtoull(a->at, &line, 16);
        a->at = line + 2;
        answers_take(a, n);
        a->at += 2;
        if (n == 0)
            return;
    }
}

static void answers_body(struct answers *a, const char *head, size_t head_len, int status)
{
    const char *length = memmem(head, head_len, "Content-Length: ", 16);
    if (a->bare || status == 204 || status == 304)
        return;
    if (memmem(head, head_len, "chunked", 7))
        answers_take_chunks(a);
    else
        answers_take(a, length ? strtoull(length + 16, NULL, 10) : SIZE_MAX);
}

static bool answers_one(struct answers *a)
{
    const char *head = a->at;
    const char *end = memmem(head, (size_t)(a->end - head), "\r\n\r\n", 4);
    if (!end || strncmp(head, "HTTP/1.1 ", 9) != 0)
        return buf_printf(&a->out, "?%.20s", head) && false;
    int status = (int)strtol(head + 9, NULL, 10);
    buf_printf(&a->out, "%s%d", a->out.len ? " " : "", status);
    a->at = end + 4;
    if (status < 200)
        return true;
    buf_char(&a->out, '[');
    answers_body(a, head, (size_t)(a->at - head), status);
    buf_char(&a->out, ']');
    return true;
}

/* Free out->out. */
static void answers_read(const struct client *c, bool bare, struct answers *out)
{
    *out = (struct answers){ .at = c->got.data, .end = c->got.data + c->got.len, .bare = bare };
    buf_init(&out->out, 64 << 20);
    while (out->at < out->end && answers_one(out))
        ;
}
