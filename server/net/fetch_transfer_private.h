/* fetch_transfer_private.h - one transfer of fetch.c, and libcurl's functions as fetch loads them.
 * Internal to net. */
#pragma once
#include "base/lib.h"
#include "net/fetch.h"
#define CURL_DISABLE_TYPECHECK /* its macros would take the place of our pointers */
#include <curl/curl.h>

struct buf;
struct fiber;

#define CURL_API(X)                                                                                \
    X(curl_easy_init)                                                                              \
    X(curl_easy_cleanup)                                                                           \
    X(curl_easy_reset)                                                                             \
    X(curl_easy_setopt)                                                                            \
    X(curl_easy_getinfo)                                                                           \
    X(curl_easy_strerror)                                                                          \
    X(curl_slist_append)                                                                           \
    X(curl_slist_free_all)                                                                         \
    X(curl_multi_init)                                                                             \
    X(curl_multi_cleanup)                                                                          \
    X(curl_multi_setopt)                                                                           \
    X(curl_multi_assign)                                                                           \
    X(curl_multi_add_handle)                                                                       \
    X(curl_multi_remove_handle)                                                                    \
    X(curl_multi_socket_action)                                                                    \
    X(curl_multi_info_read)                                                                        \
    X(curl_easy_send)                                                                              \
    X(curl_easy_recv)                                                                              \
    X(curl_url)                                                                                    \
    X(curl_url_set)                                                                                \
    X(curl_url_get)                                                                                \
    X(curl_url_cleanup)                                                                            \
    X(curl_free)
extern struct curl_lib {
    CURL_API(LIB_MEMBER)
} lib;

enum { HEADERS_MAX = 64 };

struct transfer {
    const struct fetch_request *request;
    struct fetch_answer *answer;
    struct arena *arena;
    struct fiber *fiber;
    CURL *easy; /* NULL while it waits for admission */
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    struct buf *body;
    int header_count;
    size_t received;
    size_t max_body;
    int code;            /* CURLcode, once done */
    int sockets;         /* opened */
    const char *refused; /* what the last address was that `reach` refused; NULL: none was */
    bool keeps;          /* the connection is the caller's when it stands: fetch_dial */
    bool admitted, done, cancelled, ready;
    char detail[CURL_ERROR_SIZE];
    struct transfer *next, *prev; /* among all */
    struct transfer *next_ready;
};

/* Sets everything the request asks for on t->easy; allocates t->headers and t->connect_to. */
void fetch_setup(struct transfer *t);
bool fetch_is_token(const char *s); /* of RFC 9110: the name of a header */
/* False: a name or a value would end its header; e names it. */
bool fetch_may_send(struct arena *a, const struct fetch_header *h, struct err *e);

/* fetch_tls.c: what a handshake showed, into the answer: while the connection is there, and after.
 */
void fetch_watch_session(struct transfer *t);
void fetch_read_chain(struct transfer *t);

/* Connects as r says, through its proxy, with TLS for https, and sends nothing. On success the
 * handle and its socket are the caller's, for curl_easy_send and curl_easy_recv, until
 * fetch_hang_up. */
bool fetch_dial(struct loop *l, struct arena *a, const struct fetch_request *r, CURL **easy,
                int *fd, struct err *e);
void fetch_hang_up(CURL *easy); /* closes the connection; NULL is fine */
bool fetch_load(struct loop *l,
                struct err *e); /* libcurl, for those who need it before they dial */
