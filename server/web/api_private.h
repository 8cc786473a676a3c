/* api_private.h - /api: changes over HTTP for pipelines, as JSON.
 *
 * Every path is a row of api_rows; /api/openapi.json is printed out of the same rows. Only a bearer
 * token counts, never a cookie. Tokens of clients (http.tokens, OAuth) read what their clients may
 * read; those of http.approvers decide. What a decision must name (both digests, the proof that all
 * parts were served, the word) comes with the last part of the change, to an approver alone;
 * approve/ and the engine decide as for a page. Whatever is refused is a problem of RFC 9457 with a
 * code of api_codes.
 */
#pragma once
#include "base/err.h"
#include "base/fiber.h"
#include "base/field.h"
#include "base/json.h"
#include "web/web_private.h"

enum { API_BODY_MAX = 16 << 10, API_WAIT_MOST = 50 /* seconds */ };

enum api_who { API_ANYBODY = 1, API_READERS, API_APPROVERS };
enum api_tag { API_UNTAGGED = 0, API_IF_NONE, API_IF_MATCH };

struct api;

struct api_row {
    const char *method, *path; /* "/api/changes/{id}/approve": {id} stands for one segment */
    const char *name;          /* unique: operationId */
    const char *about;
    enum api_who who;
    const char *tool;  /* a client's token reads it where this tool is offered; NULL: always */
    int status;        /* of an answer that went well */
    enum api_tag tags; /* the condition that it takes */
    const struct field *query, *body; /* closed; NULL: none */
    const struct field *answer;       /* open; NULL: an object */
    void (*handle)(struct api *c);
};
extern const struct api_row api_rows[]; /* ended by { 0 } */

/* What a program may go by. The first code of a status is the one that is meant by it alone. */
struct api_code {
    const char *code;
    int status;
    const char *about;
};
extern const struct api_code api_codes[]; /* ended by { 0 } */

/* One request. Lives in its arena, which ends with the answer; the exchange may go before. */
struct api {
    struct arena *arena;
    struct web *web;
    struct http_exchange *x; /* NULL: it has gone */
    const struct api_row *row;
    const char *id;  /* {id}; NULL: the path has none */
    const char *who; /* whose token it is; NULL: nobody's, where anybody may ask */
    bool approver;
    const cJSON *query, *body;
    struct err err;
    struct cancel cancel;
    const char *location; /* of what was made; NULL: nothing was */
    struct api *next;     /* of those that are held */
    char newest[72];      /* how far the audit had come when one that waits looked last */
};

/* The last that is done with c. tag: of what is answered; NULL: made of the answer where the row
 * has tags. */
void api_answer(struct api *c, cJSON *o, const char *tag);
void api_refuse(struct api *c, const char *code, const char *detail);
/* The same of c->err, as its kind says. */
void api_fail(struct api *c);
/* It is answered later: when it or the server goes before, x is NULL and cancel has fired. Released
 * right before the answer, while cancel has not. */
void api_hold(struct api *c);
void api_release(struct api *c);
void api_let_go(struct web *w); /* the server ends */
struct engine *api_engine(const struct api *c);
const char *api_tag_of(struct arena *a, const char *text);
/* Does the header ("if-match") name that tag, or any? */
bool api_header_names(const struct api *c, const char *header, const char *tag);
/* Is there a change of that very id? False after an answer. */
bool api_finds(struct api *c);

/* api_read.c */
void api_list(struct api *c);
void api_show(struct api *c);
void api_policy(struct api *c);
/* One part of the change for who asks, in a, with its tag. NULL: e. */
cJSON *api_change(const struct api *c, struct arena *a, const char **tag, struct err *e);
/* api_decide.c */
void api_approve(struct api *c);
void api_reject(struct api *c);
void api_undo(struct api *c);
/* api_doc.c */
void api_document(struct api *c);

void web_api(struct web *w, struct http_exchange *x);
/* web_auth.c. Is the token one of an approver, or of a client? Where none is configured nobody's
 * is. False after a refusal, or when the gate is asked again. */
bool web_reader(const struct web *w, struct http_exchange *x);
/* Is it still one of an approver? */
bool web_decides(const struct web *w, const struct http_exchange *x);

/* -- for the gate ------------------------------------------------------------------------ */

bool api_is_path(const struct http_exchange *x);
/* May it go on, by path, method, token, type and size of its body? False after a refusal, or when
 * the gate is asked again. */
bool api_gate(struct web *w, struct http_exchange *x);
/* The body of a problem, of its status's own code. */
const char *api_problem(struct arena *a, int status, const char *detail);
