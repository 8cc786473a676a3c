/* fido_private.h - libfido2 1.12 (libfido2-1), as much of it as a server needs: it is loaded when
 * first used (base/lib.h), so nothing of it has to be there to build.
 */
#pragma once
#include <stddef.h>

enum { FIDO_OK = 0, FIDO_OPT_TRUE = 2 };
enum { COSE_ES256 = -7, COSE_EDDSA = -8, COSE_RS256 = -257 };

struct fido_assert;
struct fido_cred;
struct es256_pk;
struct eddsa_pk;
struct rs256_pk;

void fido_init(int flags);
struct fido_assert *fido_assert_new(void);
void fido_assert_free(struct fido_assert **a);
int fido_assert_set_count(struct fido_assert *a, size_t n);
int fido_assert_set_clientdata_hash(struct fido_assert *a, const unsigned char *hash, size_t n);
int fido_assert_set_rp(struct fido_assert *a, const char *id);
int fido_assert_set_authdata_raw(struct fido_assert *a, size_t i, const unsigned char *data,
                                 size_t n);
int fido_assert_set_sig(struct fido_assert *a, size_t i, const unsigned char *signature, size_t n);
int fido_assert_set_up(struct fido_assert *a, int opt);
int fido_assert_set_uv(struct fido_assert *a, int opt);
int fido_assert_verify(const struct fido_assert *a, size_t i, int algorithm, const void *key);

struct es256_pk *es256_pk_new(void);
void es256_pk_free(struct es256_pk **key);
int es256_pk_from_ptr(struct es256_pk *key, const void *bytes, size_t n);
struct eddsa_pk *eddsa_pk_new(void);
void eddsa_pk_free(struct eddsa_pk **key);
int eddsa_pk_from_ptr(struct eddsa_pk *key, const void *bytes, size_t n);
struct rs256_pk *rs256_pk_new(void);
void rs256_pk_free(struct rs256_pk **key);
int rs256_pk_from_ptr(struct rs256_pk *key, const void *bytes, size_t n);

struct fido_cred *fido_cred_new(void);
void fido_cred_free(struct fido_cred **c);
int fido_cred_set_type(struct fido_cred *c, int algorithm);
int fido_cred_set_clientdata_hash(struct fido_cred *c, const unsigned char *hash, size_t n);
int fido_cred_set_rp(struct fido_cred *c, const char *id, const char *name);
int fido_cred_set_authdata_raw(struct fido_cred *c, const unsigned char *data, size_t n);
int fido_cred_set_fmt(struct fido_cred *c, const char *format);
int fido_cred_set_attstmt(struct fido_cred *c, const unsigned char *statement, size_t n);
int fido_cred_set_uv(struct fido_cred *c, int opt);
int fido_cred_verify(const struct fido_cred *c);
int fido_cred_verify_self(const struct fido_cred *c);
const unsigned char *fido_cred_pubkey_ptr(const struct fido_cred *c);
size_t fido_cred_pubkey_len(const struct fido_cred *c);
const char *fido_strerr(int code);
