/* fuzz_jwt.c - access tokens that nobody signed: never good, whatever they say. The first byte says
 * whether the rest is the whole token, or header, payload and signature that are coded for it.
 * fuzz: -runs=600000 -max_len=4096 -timeout=20 -dict=tests/fuzz/protocol.dict
 */
#include "auth/jwt_private.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The public keys of RFC 8037 A.2 and RFC 7515 A.3, and an RSA one whose private half is lost. */
static const char keys[] =
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"RSA\",\"kid\":\"r\",\"e\":\"AQAB\",\"n\":"
    "\""
    "lm2V14uENY--aQS0CRRa2ib1wMUSKceRgLXmAmeCmYRpNmRmkWU3dOkA5YONbJ-VN2TWTln-pveuaYJm"
    "gpO193nTbnsXEvmZ5RV8li2HLeYbUss6BeTYTESq8cFQrD0QdreiN1AvrA2LNYhiGnYbCZ8rrMylbgfA"
    "EtDaKfbTTzxpWNyjyMIH6zUJ2rPFJNuQs7CR8NY-Tph4q_8pjFPtWZJj4nv-inpNasX82vhAvz3iscpu"
    "AIWCMTXwiK1vJ8QeN9OEI-DJUPNwwIOmN_QO7zWu7Pp9xYCZIkOv-ZlUzSwqcIn1tvpR-S6_yp3Qudfv"
    "iXu2RcpqbOx3u7ZJ75SniQ"
    "\"}]}";

static const char *const heads[] = {
    "{\"alg\":\"EdDSA\",\"kid\":\"o\"}", "{\"alg\":\"ES256\",\"kid\":\"e\"}",
    "{\"alg\":\"RS256\",\"kid\":\"r\"}", "{\"alg\":\"none\"}",
    "{\"alg\":\"HS256\",\"kid\":\"o\"}", "{\"alg\":\"RS256\",\"kid\":\"o\"}",
};
enum { HEADS = sizeof heads / sizeof heads[0] };

/* One of our headers, half of the bytes as payload, half as signature. */
static const char *built(struct arena *a, const char *head, const uint8_t *data, size_t size)
{
    size_t half = size / 2;
    return arena_printf(a, "%s.%s.%s", base64url_encode(a, head, strlen(head)),
                        base64url_encode(a, data, half),
                        base64url_encode(a, data + half, size - half));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena *a = arena_new();
    const struct jwt_rules rules = { "https://as.example", "https://gw.example/mcp", 1e9, 60 };
    const cJSON *claims = NULL;
    const char *why = NULL;
    const char *token = data[0] < HEADS ? built(a, heads[data[0]], data + 1, size - 1)
                                        : arena_strndup(a, (const char *)data + 1, size - 1);
    const cJSON *jwks = json_parse(a, keys, sizeof keys - 1, NULL);
    if (jwt_check(a, jwks, &rules, token, &claims, &why) == JWT_GOOD)
        bug("fuzz_jwt: a token that nobody signed is good");
    arena_free(a);
    return 0;
}
