/* cbc.h - AES-CBC by libcrypto: the console's session token, callbacks of chat platforms. */
#pragma once
#include <stddef.h>

struct arena;
struct err;

/* PKCS#5 padding. key_len 16, 24 or 32; iv 16 bytes. NULL on error (ERR_SYSTEM), or when text does
 * not decrypt (ERR_ARGS). The result of cbc_open ends with a NUL that *out_len does not count. */
void *cbc_seal(struct arena *a, const void *key, size_t key_len, const void *iv, const void *bytes,
               size_t len, size_t *out_len, struct err *e);
void *cbc_open(struct arena *a, const void *key, size_t key_len, const void *iv, const void *bytes,
               size_t len, size_t *out_len, struct err *e);
/* The same, of which the padding is left to the caller: len is a multiple of 16. */
void *cbc_open_blocks(struct arena *a, const void *key, size_t key_len, const void *iv,
                      const void *bytes, size_t len, struct err *e);
