/* webhook.h - `webhook` of the configuration: who is told that a decision is wanted, and what
 * became of changes (cmd/webhook.c). */
#pragma once
#include <stdbool.h>

struct config_webhook {
    const char *url;     /* learnt by the scrubber: some hold a secret. NULL: nobody is told */
    const char *secret;  /* "whsec_" and base64 of 24 to 64 bytes; resolved, learnt */
    const char *ca_file; /* NULL: the system's bundle */
    bool clear_text;     /* http to other machines than this one is allowed */
    double attempts;     /* of one message */
};
