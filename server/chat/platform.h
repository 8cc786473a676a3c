/* platform.h - what a chat platform is to the bot: one const row and one file each.
 *
 * A platform turns what arrives (a request of its servers, a frame of its socket) into events, and
 * what the bot says (text, cards, files) into calls of its API. It judges whether the platform sent
 * it, and decides nothing: who a user is, what they may, and what a button means is the bot's
 * (bot.h). What an event holds is a stranger's text.
 *
 * Wire formats, limits and their sources: the pages of docs/chatops.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct chat_account; /* one bot at one platform: its row of the configuration, its tokens */
struct chat_socket;  /* socket.h */
struct err;

/* -- what arrives --------------------------------------------------------------------------- */

enum chat_event_kind {
    CHAT_MESSAGE = 1, /* a person wrote to the bot: directly, or by name in a channel */
    CHAT_PRESS,       /* a person pressed a button of a card */
};

enum chat_choice { CHAT_NO_CHOICE = 0, CHAT_APPROVE, CHAT_REJECT, CHAT_DETAILS, CHAT_CHOICES };

struct chat_event {
    enum chat_event_kind kind;
    const char *id;            /* of this event at the platform: the same one may come again */
    const char *tenant, *user; /* who: both immutable. NULL: unknown, which is nobody */
    const char *name;          /* what they call themselves: for eyes only */
    bool outsider;             /* a guest, another tenant's, or another bot */
    const char *channel;       /* where */
    const char *thread;        /* in which an answer belongs; NULL: the channel itself */
    const char *message;       /* of a press: the card's; else the message itself */
    bool direct;               /* nobody else reads there */
    const char *text;          /* of a message, without the bot's name */
    const char *button;        /* of a press: what chat_card.button was */
    enum chat_choice choice;   /* of a press */
    const char *typed;         /* of a press: what stood in the card's input; NULL: none */
    const char *reply;         /* where the platform takes an answer to this very event. A secret */
    int64_t at_ms;             /* when, by the platform; 0: it does not say */
};

/* A request of the platform's servers, its body as received. */
struct chat_request {
    const char *method, *path, *query;
    const char *(*header)(const struct chat_request *r, const char *name); /* NULL: it has none */
    const char *body;
    size_t len;
    int64_t now_ms;
    void *arg; /* of header */
};

/* What is answered at once, and what it was about. */
struct chat_taken {
    int status;       /* of the answer: 200 … */
    const char *type; /* its media type; NULL: text/plain */
    const char *body; /* NULL: empty */
    struct chat_event *events;
    size_t n;
    bool unproven; /* anybody may send that: it says nothing for where it came from */
};

/* -- what is said --------------------------------------------------------------------------- */

/* Where something is said. */
struct chat_place {
    const char *channel;
    const char *thread; /* NULL: none */
    const char *reply;  /* chat_event.reply while it is young enough to be used; NULL: none */
};

enum chat_block_kind {
    CHAT_TEXT = 1, /* plain text: nothing in it is markup */
    CHAT_CODE,     /* the same, lines kept: a diff */
    CHAT_NOTE,     /* the same, small: who asked, when it expires */
};

struct chat_block {
    enum chat_block_kind kind;
    const char *text;
};

enum chat_mood { CHAT_PLAIN = 0, CHAT_WAITS, CHAT_GOOD, CHAT_BAD };

struct chat_card {
    const char *title; /* one line */
    enum chat_mood mood;
    const struct chat_block *blocks;
    size_t n;
    const char *button; /* opaque: of Approve, Reject and Details; NULL: the card has no buttons */
    bool approvable;    /* false: Reject and Details alone, the page is where it is approved */
    bool types;         /* Approve needs a word that is typed into the card */
    const char *page;   /* a link for people; NULL: none */
};

/* -- a platform ----------------------------------------------------------------------------- */

struct chat_platform {
    const char
        *name; /* "slack": in the configuration, in the path of its requests, in identities */
    const char *title;    /* "Slack" */
    size_t text_max;      /* bytes of text that one message takes; longer ones go as a file */
    bool renews;          /* a card can be changed after it was sent */
    bool renews_by_press; /* the card itself only with the reply of a press, and only once */
    bool takes_typed;     /* a card can hold an input */

    /* Once, when the account begins: what it needs before a request comes. NULL: nothing. */
    void (*start)(struct chat_account *c);

    /* Is that request the platform's? Then what is in it. False: e says why, and out->status what
     * is answered. 400: it is the platform's, and not what it documents; 503: it cannot be judged
     * now; else it is counted and slowed like a wrong token. NULL: it has no way in over HTTP. */
    bool (*take)(struct chat_account *c, struct arena *a, const struct chat_request *r,
                 struct chat_taken *out, struct err *e);
    const struct chat_socket *socket; /* how it comes in without an endpoint; NULL: it cannot */

    /* The card as the platform's JSON, whole; NULL: it does not fit into what the platform takes.
     */
    cJSON *(*card)(struct arena *a, const struct chat_card *card);

    /* These call the platform's API and park. False: e says in the platform's words what went
     * wrong; where it said how long to wait, that was waited for once. *message: of what was sent,
     * for renew. */
    bool (*say)(struct chat_account *c, struct arena *a, const struct chat_place *where,
                const char *text, const char **message, struct err *e);
    bool (*show)(struct chat_account *c, struct arena *a, const struct chat_place *where,
                 const struct chat_card *card, const char **message, struct err *e);
    bool (*renew)(struct chat_account *c, struct arena *a, const struct chat_place *where,
                  const char *message, const struct chat_card *card, struct err *e);
    /* To that one person alone: in the channel where others do not see it, or directly. */
    bool (*whisper)(struct chat_account *c, struct arena *a, const struct chat_place *where,
                    const char *user, const char *text, struct err *e);
    /* NULL: it takes none; the text is cut, and says where the rest is. */
    bool (*file)(struct chat_account *c, struct arena *a, const struct chat_place *where,
                 const char *name, const char *text, size_t len, struct err *e);
};

extern const struct chat_platform *const chat_platforms[];
extern const size_t chat_platforms_n;
