/* rest.h - one request to the embedded console and its answer: how handlers read and reply.
 *
 * A module is a table of rows (method, path, handler, body shape). The core matches the raw path,
 * decodes variables, binds body and paging parameters (misfits are answered as Spring does), checks
 * the login, and only then calls the handler, which is synchronous and answers by exactly one of
 * rest_give, rest_page, rest_envelope, rest_bare, rest_empty, rest_fail.
 * The first answer wins: functions deep below may rest_fail and return false all the way up.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct embedded;
struct embedded_call;
struct model_field;
struct kstore;

enum { REST_MAX_VARS = 3 };

struct rest_request {
    struct arena *arena; /* ends with the request */
    struct embedded *embedded;
    struct kstore *store;
    const struct embedded_call *call; /* headers and raw body */
    const char *method;
    const char *path;                /* as sent, without the query */
    const char *lookup;              /* the same as rows are matched with: no ;x, no // */
    const char *vars[REST_MAX_VARS]; /* decoded values of {…}, left to right */
    const cJSON *query;              /* decoded parameters: the list of each one's values */
    cJSON *body;                     /* bound by the row's model; NULL when the row has none */
    const struct rest_route *route;
    struct rest_reply {
        int status;               /* 0: not answered yet */
        const char *content_type; /* NULL: application/json */
        const char *text;         /* never NULL once answered */
        size_t len;
        const char *headers[8][2]; /* further headers: name, value; ended by NULL */
    } reply;
};

typedef void rest_handler(struct rest_request *r);

enum rest_flag {
    REST_ANONYMOUS = 1, /* no login needed */
    REST_PAGED = 2,     /* pageNum and pageSize must be integers */
    REST_VOID = 4,      /* the Java method returns void: any failure is an empty 200 */
    REST_PREFIX = 8,    /* the path is a prefix: /grafana/… */
    REST_LOOSE = 16,    /* a body is optional */
    REST_NO_PAGE = 32,  /* refused to pages in a browser, whatever their origin */
};

struct rest_route {
    const char *method; /* "GET" also serves HEAD; "*" is any */
    const char *path;   /* "/v1/routes/{name}" */
    rest_handler *handler;
    const struct model_field *body;
    unsigned flags;
    const char *flag; /* a query parameter that is a Boolean; NULL: none */
    /* The Java method and its parameters, one a variable of the path, that must not be blank:
     * "update.name"; NULL: nobody checks. */
    const char *not_blank;
};

/* Exceptions of the real console: class name and status (console-api.md §3.4). */
enum rest_exception {
    X_VALIDATION = 1,   /* sdk ValidationException, 400 */
    X_AUTH,             /* AuthException, 401 */
    X_NOT_FOUND,        /* NotFoundException, 502 */
    X_CONFLICT,         /* ResourceConflictException, 409; text NULL */
    X_BUSINESS,         /* BusinessException, 500 */
    X_JAVAX,            /* javax ValidationException, 500 */
    X_CONSTRAINT,       /* javax ConstraintViolationException, 500 */
    X_ILLEGAL_ARGUMENT, /* 500 */
    X_ILLEGAL_STATE,    /* 500 */
    X_NULL_POINTER,     /* 500 */
    X_INDEX,            /* IndexOutOfBoundsException, 500 */
    X_CLASS_CAST,       /* 500 */
    X_API,              /* kubernetes ApiException, 500 */
    X_YAML_PARSER,      /* snakeyaml ParserException, 500 */
    X_YAML_SCANNER,     /* snakeyaml ScannerException, 500 */
};

/* Always returns false. format NULL prints the text "null". */
bool rest_fail(struct rest_request *r, enum rest_exception x, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A wrapped exception: the outer one's status, the inner one's name. */
bool rest_fail_as(struct rest_request *r, int status, enum rest_exception x, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
/* May this answer be better than the real console's? (--strict-console=off) */
bool rest_is_lenient(const struct rest_request *r);
/* Refuses a body without a name, which the real console stores as "" or "null". */
bool rest_needs_name(struct rest_request *r);

/* ControllerUtil: GET enveloped (404 empty when NULL), POST 201 bare, PUT 200 bare (empty body when
 * NULL). */
void rest_give(struct rest_request *r, const cJSON *data);
/* A list, paged by pageNum and pageSize if given. items is an array in the request's arena. */
void rest_page(struct rest_request *r, const cJSON *items);
bool rest_past_end(const struct rest_request *r, int total); /* is the page asked for beyond it? */
/* The same for lists whose items are made one by one, so that a hundred thousand never exist at
 * once: begin says which of total are wanted (from ≤ i < to), add them in order, end. */
struct rest_list {
    struct buf *out;
    int total, from, to;
    int page_num, page_size; /* -1: not asked for */
};
bool rest_list_begin(struct rest_request *r, int total, struct rest_list *l);
void rest_list_add(struct rest_list *l, const cJSON *item);
struct buf *rest_list_next(struct rest_list *l); /* the caller writes one item's JSON into it */
void rest_list_end(struct rest_request *r, struct rest_list *l);
/* Always 200 {"success":true,"message":null,"data":…}; NULL data is null. */
void rest_envelope(struct rest_request *r, const cJSON *data);
void rest_bare(struct rest_request *r, int status, const cJSON *data);
void rest_empty(struct rest_request *r, int status); /* 204 after a delete */
void rest_text(struct rest_request *r, int status, const char *content_type, const char *text);
void rest_plain(struct rest_request *r, const char *text); /* a String of a controller */
void rest_header(struct rest_request *r, const char *name, const char *value);
/* Spring's own error object (400, 404, 405, 406, 415), or its page when HTML was asked for. */
bool rest_spring(struct rest_request *r, int status);

const char *rest_call_header(const struct rest_request *r, const char *name); /* lower-case name */
/* A parameter of the query, NULL when absent: a text is all values of that name with commas
 * between, a number or a switch the first of them. */
const char *rest_query(const struct rest_request *r, const char *name);
const char *rest_query_first(const struct rest_request *r, const char *name);
const char *rest_var(const struct rest_request *r, size_t i);
