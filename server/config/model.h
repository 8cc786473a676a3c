/* model.h - `model` of the configuration: the language model that `ask` and `chat` put questions
 * to, what it costs, and how far one question may go.
 *
 * Where it is and the key come from the operator alone. What costs nothing known is unknown: a
 * price that is not configured is negative.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

enum model_api { MODEL_OPENAI = 1, MODEL_ANTHROPIC };

struct config_model {
    enum model_api api;
    const char *url;        /* base, without a trailing slash; NULL: no model is configured */
    const char *name;       /* of the model */
    const char *key;        /* resolved, learnt by the scrubber; NULL: none is sent */
    const char *key_header; /* that carries it; NULL: the API's own */
    const char *ca_file;    /* NULL: the system's bundle */
    double timeout;         /* seconds for one request */
    double answer_tokens;   /* most that one reply may have */
    double window;          /* tokens that a request may hold */
    bool cache;             /* asks for prompt caching where the API has words for it */
    const cJSON *request;   /* merged into each request (RFC 7396); NULL: nothing */
    /* Of a million tokens, in `currency`; negative: not configured. */
    double price_input, price_output, price_cache_read, price_cache_write;
    const char *currency;
    /* Of one question. */
    double steps, tokens, seconds, result_bytes;
    double cost; /* in `currency`; 0: no limit */
};
