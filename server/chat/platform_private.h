/* platform_private.h - what the files of the platforms share, and what a platform's socket takes
 * from its file. Internal to chat.
 *
 * NAME_read turns one payload, of a request or of a frame, into events. True: out->events holds
 * them; none when it is nothing for us (a type that is not on the list, another bot). False: it is
 * not what the platform documents, and e says how. The payload must live as long as a.
 */
#pragma once
#include "chat/account.h"
#include "chat/platform.h"

struct buf;
struct fetch_header;

extern const struct chat_platform chat_slack, chat_feishu, chat_dingtalk, chat_wecom, chat_teams,
    chat_webhook;

extern const char slack_api[], dingtalk_api[], feishu_api[]; /* bases of their APIs */

/* The payload of an envelope (events_api, interactive, slash_commands), or of an HTTP request. */
bool slack_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                struct chat_taken *out, struct err *e);
/* The event of a frame, or of a request once it is decrypted. */
bool feishu_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                 struct chat_taken *out, struct err *e);
/* The frame's `data`, parsed. frame: its messageId, which a press has no other id than. */
bool dingtalk_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                   const char *frame, struct chat_taken *out, struct err *e);
/* The frame's `body`, or a callback decrypted. reply: the frame's req_id; NULL: it was a callback.
 */
bool wecom_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                const char *reply, struct chat_taken *out, struct err *e);

cJSON *slack_card(struct arena *a, const struct chat_card *card);
cJSON *feishu_card(struct arena *a, const struct chat_card *card);
cJSON *teams_card(struct arena *a, const struct chat_card *card);
/* & < > as Slack wants them: where text is markup. */
char *slack_escaped(struct arena *a, const char *text);

/* WeCom's bot speaks through its socket: socket_wecom.c sets account->state to this while it is
 * subscribed, and to NULL when it is not. Parks: sends one frame and waits for the one that answers
 * it, which is *answer (may be NULL), in a. req_id NULL: one of its own. False: e says so, in the
 * server's words (errmsg). */
struct wecom_way {
    bool (*send)(struct chat_account *c, struct arena *a, const char *cmd, const char *req_id,
                 const cJSON *body, const cJSON **answer, struct err *e);
};

/* -- what is read --------------------------------------------------------------------------- */

/* One event more, zeroed but for its kind. */
struct chat_event *chat_taken_add(struct arena *a, struct chat_taken *out,
                                  enum chat_event_kind kind);
/* The words of a button: in action ids, verbs and keys. */
const char *chat_choice_word(enum chat_choice choice);
enum chat_choice chat_choice_named(const char *word); /* CHAT_NO_CHOICE: none of them */
/* The member, where it is a text that is not empty; else NULL. */
const char *chat_text_of(const cJSON *object, const char *key);
/* JSON that stands in a text, "what" says where. NULL: e says that it is none. */
const cJSON *chat_nested(struct arena *a, const char *text, const char *what, struct err *e);
/* A value of a form or of a query, decoded; NULL: it is not there, or not decodable. */
char *chat_form_value(struct arena *a, const char *form, size_t len, const char *name);
/* The text without every `mention`, and without blanks around it. */
char *chat_without(struct arena *a, const char *text, const char *mention);
char *chat_trimmed(struct arena *a, const char *text);
bool chat_refuse(struct chat_taken *out, int status, struct err *e, const char *why);
void chat_answer_json(struct arena *a, struct chat_taken *out, const cJSON *body);

/* -- what is said --------------------------------------------------------------------------- */

/* Lines kept; whatever else is not seen, or changes the order of what is, written out. */
char *chat_visible(struct arena *a, const char *text);
size_t chat_units(const char *text); /* of UTF-16, in which the platforms count characters */
/* The next piece of at most `max` units, cut behind a line where there is one; NULL: no more. */
char *chat_piece(struct arena *a, const char **rest, size_t max);
bool chat_fits(const char *text, size_t max, struct err *e); /* bytes; false: e says so */

/* One file as multipart/form-data beside `fields` (ended by { 0 }). *type: with its boundary. */
struct buf *chat_multipart(struct arena *a, const struct fetch_header *fields, const char *part,
                           const char *name, const char *bytes, size_t len, const char **type);

/* One call of the platform's API. */
struct chat_ask {
    const char *method;                 /* NULL: POST */
    const char *url;                    /* may hold a token: it is never shown */
    const char *what;                   /* in errors: "chat.postMessage" */
    const struct fetch_header *headers; /* ended by { 0 }; NULL: none */
    const cJSON *json;                  /* its body; NULL: the next three */
    const char *body, *type;
    size_t len;
    const char *proof; /* the member that says it is done: "ok" by true, others by 0; NULL: the
                          status says it */
};
/* Parks. The answer's tree (an empty object where it has none), or NULL: e says in the platform's
 * words what went wrong. "Too many" is waited for once, as long as the platform says, up to
 * CHAT_WAIT seconds. */
enum { CHAT_WAIT = 30, CHAT_ANSWER_MAX = 1 << 20, CHAT_SECONDS = 15 };
const cJSON *chat_call(struct chat_account *c, struct arena *a, const struct chat_ask *q,
                       struct err *e);
/* Is that member ("code", "errcode") the platform's word for "too many"? e->status is then
 * CHAT_TOO_MANY, whatever HTTP said. */
enum { CHAT_TOO_MANY = 429, CHAT_WECOM_OFTEN = 45009, CHAT_WECOM_AT_ONCE = 45033 };
bool chat_is_too_many(const cJSON *code);
/* Parks so long. False: the account ended meanwhile. */
bool chat_wait(struct chat_account *c, double seconds, struct err *e);

/* A token that the platform gives for a time; account->state begins with it. */
enum { CHAT_TOKEN_MAX = 8192, CHAT_TOKEN_EARLY = 300 /* seconds before its end, it is renewed */ };
struct chat_token {
    double until; /* by loop_now */
    char text[CHAT_TOKEN_MAX];
};
/* The one that is kept, or what `q` gets: the member `text` of its answer, for as many seconds as
 * `seconds` says. Parks. NULL: e. */
const char *chat_token_of(struct chat_account *c, struct arena *a, struct chat_token *t,
                          const struct chat_ask *q, const char *text, const char *seconds,
                          struct err *e);
/* The same with it: an answer of 400 to 403 makes it be fetched anew next time. */
const cJSON *chat_call_with(struct chat_account *c, struct arena *a, struct chat_token *t,
                            const struct chat_ask *q, struct err *e);
