/* api_private.h - what a model is asked and what it replies, whatever its API calls that.
 *
 * An API is a const row: how a history becomes a request, how the events of a stream (or a whole
 * answer) become a reply. The model's own message is kept as it came, with members that we do not
 * know, because the API wants it back so.
 */
#pragma once
#include "config/model.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;
struct fetch_header;
struct history;

enum {
    CALLS_MAX = 32 /* of one reply */,
    REPLY_MAX = 4 << 20 /* bytes of a text */,
    PARTS_MAX = 2048 /* blocks, or members that we do not know */
};

enum reply_end {
    REPLY_CUT = 0, /* the stream ended without saying why */
    REPLY_DONE,
    REPLY_CALLS,
    REPLY_LENGTH, /* the limit of its tokens: arguments may be cut */
    REPLY_REFUSED,
    REPLY_PAUSED, /* wants its own message back to go on */
    REPLY_FULL,   /* the model's window is full */
};

struct reply_call {
    const char *id, *name;
    struct buf *arguments; /* JSON as the model wrote it */
    int index;             /* the API's own place of it */
};

struct usage {
    double input; /* with what a cache gave and took */
    double output, cache_read, cache_write;
    bool known; /* the API said both, input and output */
};

/* A text that comes in pieces. */
struct reply_text {
    cJSON *object;
    const char *member;
    struct buf *text;
};

struct reply {
    struct arena *arena;
    struct buf *text;
    struct reply_call calls[CALLS_MAX];
    int call_count;
    bool too_many; /* calls than CALLS_MAX */
    bool too_long; /* a text, or more parts than PARTS_MAX: it is not taken */
    enum reply_end end;
    struct usage usage;
    cJSON *message; /* the assistant's, as the API wants it back; made by .finish */
    cJSON *parts;   /* while it comes: blocks, or members that we do not know */
    int part_count;
    struct reply_text *open; /* some grow by turns */
    int open_count, open_room;
    const char *wrong; /* what the API said went wrong, after it had begun; NULL: nothing */
    bool wrong_passes; /* and that passes */
    bool begun;        /* at least one event that we understood */
    /* Each piece of text as it comes; may be NULL. */
    void (*said)(void *arg, const char *text, size_t n);
    void *said_arg;
};

struct api {
    const char *name, *path; /* of the request, behind the base URL */
    const char
        *key_header; /* where the key goes unless it is configured; "authorization": Bearer */
    const struct fetch_header *headers; /* of its own, ended by { 0 } */
    cJSON *(*request)(struct arena *a, const struct config_model *m, const struct history *h);
    void (*event)(struct reply *r, const char *name, const cJSON *data);
    void (*whole)(struct reply *r, const cJSON *body);
    void (*finish)(struct reply *r); /* makes r->message */
};
const struct api *api_of(enum model_api which);

/* How an API names the ends of a reply; the list ends with { 0 }. Unknown ones are REPLY_DONE. */
struct reply_end_name {
    const char *name;
    enum reply_end end;
};
enum reply_end reply_end_named(const struct reply_end_name *ends, const char *reason);
/* For the rows: text and calls join the reply. */
void reply_say(struct reply *r, const char *text);
struct reply_call *reply_call(struct reply *r, int index, const char *id);
struct reply_call *reply_find_call(struct reply *r, int index); /* NULL: none */
bool reply_add_part(struct reply *r);                           /* false: there is no room for it */
/* A text that comes in pieces; it is in the object after reply_close. */
void reply_extend(struct reply *r, cJSON *object, const char *member, const char *more);
void reply_close(struct reply *r);
void reply_wrong(struct reply *r, const cJSON *error);   /* {"type","message",…}; null: none */
const char *reply_arguments(const struct reply_call *c); /* "{}" where there are none */
