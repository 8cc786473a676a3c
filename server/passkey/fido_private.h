/* fido_private.h - libfido2 1.12 (libfido2-1), as much of it as a server needs: it is loaded when
 * first used (base/lib.h), so nothing of it has to be there to build.
 */
#pragma once
#include <stddef.h>

enum { FIDO_OK = 0, FIDO_OPT_TRUE = 2 };
enum { COSE_ES256 = -7, COSE_EDDSA = -8, COSE_RS256 = -257 };

typedef struct fido_assert fido_assert_t;
typedef struct fido_cred fido_cred_t;
typedef struct es256_pk es256_pk_t;
typedef struct eddsa_pk eddsa_pk_t;
typedef struct rs256_pk rs256_pk_t;

void fido_init(int flags);
fido_assert_t *fido_assert_new(void);
void fido_assert_free(fido_assert_t **a);
int fido_assert_set_count(fido_assert_t *a, size_t n);
int fido_assert_set_clientdata_hash(fido_assert_t *a, const unsigned char *hash, size_t n);
int fido_assert_set_rp(fido_assert_t *a, const char *id);
int fido_assert_set_authdata_raw(fido_assert_t *a, size_t i, const unsigned char *data, size_t n);
int fido_assert_set_sig(fido_assert_t *a, size_t i, const unsigned char *signature, size_t n);
int fido_assert_set_up(fido_assert_t *a, int opt);
int fido_assert_set_uv(fido_assert_t *a, int opt);
int fido_assert_verify(const fido_assert_t *a, size_t i, int algorithm, const void *key);

es256_pk_t *es256_pk_new(void);
void es256_pk_free(es256_pk_t **key);
int es256_pk_from_ptr(es256_pk_t *key, const void *bytes, size_t n);
eddsa_pk_t *eddsa_pk_new(void);
void eddsa_pk_free(eddsa_pk_t **key);
int eddsa_pk_from_ptr(eddsa_pk_t *key, const void *bytes, size_t n);
rs256_pk_t *rs256_pk_new(void);
void rs256_pk_free(rs256_pk_t **key);
int rs256_pk_from_ptr(rs256_pk_t *key, const void *bytes, size_t n);

fido_cred_t *fido_cred_new(void);
void fido_cred_free(fido_cred_t **c);
int fido_cred_set_type(fido_cred_t *c, int algorithm);
int fido_cred_set_clientdata_hash(fido_cred_t *c, const unsigned char *hash, size_t n);
int fido_cred_set_rp(fido_cred_t *c, const char *id, const char *name);
int fido_cred_set_authdata_raw(fido_cred_t *c, const unsigned char *data, size_t n);
int fido_cred_set_fmt(fido_cred_t *c, const char *format);
int fido_cred_set_attstmt(fido_cred_t *c, const unsigned char *statement, size_t n);
int fido_cred_set_uv(fido_cred_t *c, int opt);
int fido_cred_verify(const fido_cred_t *c);
int fido_cred_verify_self(const fido_cred_t *c);
const unsigned char *fido_cred_pubkey_ptr(const fido_cred_t *c);
size_t fido_cred_pubkey_len(const fido_cred_t *c);
const char *fido_strerr(int code);
