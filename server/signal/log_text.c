/* log_text.c - rows as lines; what is coloured how is decided by `paints`. */
#include "signal/log_text.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include <string.h>

enum { LINE = 8192 };

static const struct paint {
    const char *word; /* a level, or the first digit of a status */
    const char *begin;
} paints[] = {
    { "5", "\033[31m" },       { "4", "\033[33m" },     { "2", "\033[32m" },
    { "0", "\033[31m" },       { "error", "\033[31m" }, { "critical", "\033[1;31m" },
    { "warning", "\033[33m" }, { "debug", "\033[2m" },  { "trace", "\033[2m" },
};
static const char dim[] = "\033[2m", plain[] = "\033[0m";

static const char *row_part(const cJSON *row, const char *member)
{
    const char *s = json_str(row, member);
    return s ? s : "-";
}

const char *log_row_client(struct arena *a, const cJSON *row)
{
    const char *whole = row_part(row, "downstream_remote_address"), *colon = strrchr(whole, ':');
    const char *peer = arena_strndup(a, whole, colon ? (size_t)(colon - whole) : strlen(whole));
    const char *forwarded = row_part(row, "x_forwarded_for");

    return strcmp(forwarded, "-") == 0 || strcmp(forwarded, peer) == 0
               ? peer
               : arena_printf(a, "%s (forwarded %s)", peer, forwarded);
}

static void put_painted(struct buf *b, const char *text, const char *begin)
{
    buf_printf(b, "%s%s%s", begin ? begin : "", text, begin ? plain : "");
}

static const char *paint_of(const char *text, size_t n)
{
    for (size_t i = 0; i < sizeof paints / sizeof *paints; i++)
        if (!strncmp(paints[i].word, text, n) && strlen(paints[i].word) == n)
            return paints[i].begin;
    return NULL;
}

static void put_request(struct arena *a, struct buf *b, const cJSON *row, bool colours)
{
    const char *status = row_part(row, "response_code");

    if (json_true(row, "forged"))
        buf_str(b, "FORGED by a client, only this is sound: ");
    buf_printf(b, "%s ", row_part(row, "start_time"));
    put_painted(b, status, colours ? paint_of(status, 1) : NULL);
    buf_printf(b, " %s %s%s %s %s route=%s %s client=%s %s", row_part(row, "method"),
               row_part(row, "authority"), row_part(row, "path"), row_part(row, "response_flags"),
               row_part(row, "response_code_details"), row_part(row, "route_name"),
               row_part(row, "upstream_host"), log_row_client(a, row), row_part(row, "user_agent"));
}

static void put_words(struct buf *b, const cJSON *row, bool colours)
{
    const char *level = json_str(row, "level"), *component = json_str(row, "component");

    buf_printf(b, "%s ", row_part(row, "time"));
    put_painted(b, level ? level : "-", colours && level ? paint_of(level, strlen(level)) : NULL);
    if (component)
        buf_printf(b, " [%s]", component);
    buf_printf(b, " %s", row_part(row, "text"));
}

char *log_row_text(struct arena *a, const cJSON *row, bool colours)
{
    struct buf *b = buf_in(a, LINE);
    const char *replica = json_str(row, "replica");

    if (json_get(row, "raw"))
        buf_str(b, row_part(row, "raw"));
    else if (json_get(row, "text") || json_get(row, "level"))
        put_words(b, row, colours);
    else
        put_request(a, b, row, colours);
    if (replica) {
        buf_str(b, " ");
        put_painted(b, arena_printf(a, "@%s", replica), colours ? dim : NULL);
    }
    return b->data;
}
