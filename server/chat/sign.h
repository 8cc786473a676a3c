/* sign.h - how chat platforms prove that a request is theirs: signatures over the body as received,
 * and callbacks that are encrypted. Nothing here reads what a request says.
 *
 * Signatures are compared by sign_same, in constant time. What is opened here has been encrypted
 * with the key; whether it was signed is a question of its own.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum {
    SIGN_WECOM_KEY = 43,      /* characters of an EncodingAESKey */
    SIGN_WEBHOOK_WINDOW = 300 /* seconds that a signature is good */
};

/* Of Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature. */
struct sign_headers {
    const char *id, *at, *signatures;
};

/* Both there and equal. */
bool sign_same(const char *x, const char *y);
/* A time of the sender, in decimal seconds, that is at most `window` seconds from now. */
bool sign_fresh(const char *seconds, int64_t now_ms, int64_t window);

/* "v0=" and hex, over timestamp and body. docs.slack.dev: verifying requests from Slack. */
char *sign_slack(struct arena *a, const char *secret, const char *timestamp, const char *body,
                 size_t len);
/* Base64, over the timestamp alone: it says nothing about the body. */
char *sign_dingtalk(struct arena *a, const char *secret, const char *timestamp);
/* Hex, over timestamp, nonce, Encrypt Key and body. */
char *sign_feishu(struct arena *a, const char *key, const char *timestamp, const char *nonce,
                  const char *body, size_t len);
/* Hex, over what is sorted: token, timestamp, nonce and the encrypted text. DingTalk's events too.
 */
char *sign_wecom(struct arena *a, const char *token, const char *timestamp, const char *nonce,
                 const char *encrypted);
/* "v1," and base64, over id, timestamp and body (Standard Webhooks); secret: "whsec_" and base64,
 * or the base64 alone. NULL: it is none. */
char *sign_webhook(struct arena *a, const char *secret, const char *id, const char *timestamp,
                   const char *body, size_t len);

/* Hex, over timestamp, a colon and body: grafana.com, webhook contact point, HMAC signature. */
char *sign_grafana(struct arena *a, const char *secret, const char *timestamp, const char *body,
                   size_t len);
/* Was that signed with it, within a few minutes of now? The headers as they came, NULL: there is
 * none. False: e. */
bool sign_webhook_holds(struct arena *a, const char *secret, const struct sign_headers *h,
                        const char *body, size_t len, int64_t now_ms, struct err *e);

/* The text of a Feishu callback. NULL: it does not open with the key. Ends with a NUL. */
char *sign_open_feishu(struct arena *a, const char *key, const char *encrypted, size_t *n,
                       struct err *e);
/* The text of a WeCom or DingTalk callback, whose trailing id is exactly that one ("" for a bot of
 * one's own). */
char *sign_open_wecom(struct arena *a, const char *key, const char *encrypted, const char *id,
                      size_t *n, struct err *e);
