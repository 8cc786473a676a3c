/* answer.c - what a console's answer means: envelope or bare body, and its errors as sentences.
 *
 * The console's words are kept; Java class names, Kubernetes status objects and control characters
 * are not. What comes from elsewhere (a proxy's page, a login page) is named as such.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "console/gateway.h"
#include "net/fetch.h"
#include <ctype.h>

enum { WORDS_MAX = 600, SNIPPET_MAX = 120 };

/* Length of a leading "com.example.SomeException: ", or 0. */
static size_t class_prefix(const char *s)
{
    size_t n = 0, dots = 0;
    for (; isalnum((unsigned char)s[n]) || strchr("._$", s[n] ? s[n] : ' '); n++)
        dots += s[n] == '.';
    return dots >= 1 && s[n] == ':' && s[n + 1] == ' ' ? n + 2 : 0;
}

/* "Not Found - {"kind":"Status","message":…}" of the API server behind the console. */
static const char *without_status_object(struct arena *a, const char *s)
{
    const char *at = strstr(s, " - {");
    struct err ignored = { 0 };
    cJSON *status = at ? json_parse(a, at + 3, strlen(at + 3), &ignored) : NULL;
    const char *message = json_str(status, "message");
    return message ? arena_printf(a, "%.*s: %s", (int)(at - s), s, message) : s;
}

static const char *console_words(struct arena *a, const char *message)
{
    for (size_t n; (n = class_prefix(message)) > 0;)
        message += n;
    message = without_status_object(a, message);
    return *message && strcmp(message, "null") != 0 ? message : NULL;
}

static const char *by_status(int status, const char *method)
{
    bool post = !strcmp(method, "POST");
    switch (status) {
    case 401:
        return "user name or password is wrong; check gateway.username and the password's source";
    case 403:
        return "forbidden; something in front of the console refuses";
    case 404:
        return "not found";
    case 409:
        return post ? "it exists already" : "it was changed meanwhile; read it again";
    default:
        return "no reason given";
    }
}

static const char *foreign(struct arena *a, const struct fetch_answer *answer)
{
    if (answer->len == 0)
        return NULL;
    const char *type = fetch_answer_header(answer, "content-type");
    char *clean = text_clean(a, answer->body, SNIPPET_MAX);
    return arena_printf(a, "not the console's JSON but %s: %s",
                        type ? text_clean(a, type, 60) : "a body without a type", clean);
}

/* The sentence in an error body: the console's message, or Spring's. */
static const char *console_sentence(struct arena *a, const char *method,
                                    const struct fetch_answer *answer)
{
    struct err ignored = { 0 };
    cJSON *body = json_parse(a, answer->body ? answer->body : "", answer->len, &ignored);
    const char *message = json_str(body, "message");
    if (message && console_words(a, message))
        return console_words(a, message);
    if (json_str(body, "error") && json_str(body, "path"))
        return arena_printf(a, "%s (refused before the console's own checks)",
                            json_str(body, "error"));
    const char *strange = body ? NULL : foreign(a, answer);
    return strange ? strange : by_status(answer->status, method);
}

bool gateway_refused(struct arena *a, const char *method, const char *path,
                     const struct fetch_answer *answer, struct err *e)
{
    char *said = arena_strdup(a, console_sentence(a, method, answer));
    said = secret_scrub(a, text_clean(a, said, WORDS_MAX));
    return err_status(e, ERR_GATEWAY, answer->status, "the gateway answered %s %s with %d: %s",
                      method, path, answer->status, said);
}

bool gateway_enveloped(struct arena *a, const struct fetch_answer *answer)
{
    struct err ignored = { 0 };
    cJSON *body = json_parse(a, answer->body ? answer->body : "", answer->len, &ignored);
    return cJSON_IsBool(json_get(body, "success"));
}

cJSON *gateway_unwrap(struct arena *a, const char *method, const char *path,
                      const struct fetch_answer *answer, bool *enveloped, struct err *e)
{
    if (enveloped)
        *enveloped = false;
    if (answer->len == 0)
        return json_null(a);
    struct err why = { 0 };
    cJSON *body = json_parse(a, answer->body, answer->len, &why);
    if (!body) {
        err_status(e, ERR_GATEWAY, answer->status, "%s %s was answered with %d but %s (%s)", method,
                   path, answer->status, secret_scrub(a, arena_strdup(a, foreign(a, answer))),
                   why.text);
        return NULL;
    }
    const cJSON *success = json_get(body, "success");
    if (enveloped)
        *enveloped = cJSON_IsBool(success);
    if (!cJSON_IsBool(success) || !json_get(body, "data"))
        return body;
    if (cJSON_IsTrue(success))
        return json_get(body, "data");
    gateway_refused(a, method, path, answer, e);
    return NULL;
}
