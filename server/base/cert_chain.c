/* cert_chain.c - does the maker of an authenticator vouch for it? By libcrypto. */
#include "base/arena.h"
#include "base/cert.h"
#include "base/err.h"
#include "base/lib.h"
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define CHAIN_API(X)                                                                               \
    X(BIO_new_mem_buf)                                                                             \
    X(BIO_free)                                                                                    \
    X(PEM_read_bio_X509)                                                                           \
    X(d2i_X509)                                                                                    \
    X(X509_free)                                                                                   \
    X(X509_get_version)                                                                            \
    X(X509_check_ca)                                                                               \
    X(X509_get_subject_name)                                                                       \
    X(X509_NAME_get_text_by_NID)                                                                   \
    X(OBJ_txt2obj)                                                                                 \
    X(ASN1_OBJECT_free)                                                                            \
    X(X509_get_ext_by_OBJ)                                                                         \
    X(X509_get_ext)                                                                                \
    X(X509_EXTENSION_get_data)                                                                     \
    X(ASN1_STRING_get0_data)                                                                       \
    X(ASN1_STRING_length)                                                                          \
    X(X509_STORE_new)                                                                              \
    X(X509_STORE_free)                                                                             \
    X(X509_STORE_add_cert)                                                                         \
    X(X509_STORE_set_flags)                                                                        \
    X(X509_STORE_CTX_new)                                                                          \
    X(X509_STORE_CTX_free)                                                                         \
    X(X509_STORE_CTX_init)                                                                         \
    X(X509_STORE_CTX_get_error)                                                                    \
    X(X509_verify_cert)                                                                            \
    X(X509_verify_cert_error_string)                                                               \
    X(OPENSSL_sk_new_null)                                                                         \
    X(OPENSSL_sk_push)                                                                             \
    X(OPENSSL_sk_free)
LIB_TABLE(ssl, CHAIN_API);

enum { MODEL_SIZE = 16, CHAIN_MAX = 8 };

static X509 *parse_der(const struct cert_der *d)
{
    const unsigned char *p = d->at;
    X509 *x = ssl.d2i_X509(NULL, &p, (long)d->len);
    if (!x || p == d->at + d->len)
        return x;
    ssl.X509_free(x);
    return NULL;
}

/* What WebAuthn wants of such a certificate ("8.2.1"), and of the model that it names, if any. */
static bool is_of_model(X509 *x, const unsigned char model[MODEL_SIZE])
{
    char unit[64] = "";
    ssl.X509_NAME_get_text_by_NID(ssl.X509_get_subject_name(x), NID_organizationalUnitName, unit,
                                  sizeof unit);
    if (ssl.X509_get_version(x) != 2 || ssl.X509_check_ca(x) ||
        strcmp(unit, "Authenticator Attestation") != 0)
        return false;
    ASN1_OBJECT *name = ssl.OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1);
    int at = ssl.X509_get_ext_by_OBJ(x, name, -1);
    ssl.ASN1_OBJECT_free(name);
    if (at < 0)
        return true;
    const ASN1_OCTET_STRING *value = ssl.X509_EXTENSION_get_data(ssl.X509_get_ext(x, at));
    const unsigned char *bytes = ssl.ASN1_STRING_get0_data(value);
    return ssl.ASN1_STRING_length(value) == 2 + MODEL_SIZE && bytes[0] == V_ASN1_OCTET_STRING &&
           bytes[1] == MODEL_SIZE && !memcmp(bytes + 2, model, MODEL_SIZE);
}

/* Those that are trusted: roots, or whatever else the operator put there. */
static X509_STORE *trusted(const char *pem)
{
    X509_STORE *s = ssl.X509_STORE_new();
    BIO *bio = ssl.BIO_new_mem_buf(pem, -1);
    X509 *x;
    while ((x = ssl.PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        ssl.X509_STORE_add_cert(s, x);
        ssl.X509_free(x);
    }
    ssl.BIO_free(bio);
    ssl.X509_STORE_set_flags(s, X509_V_FLAG_PARTIAL_CHAIN);
    return s;
}

static bool chain_leads(X509 *const *x, size_t count, const char *roots, struct err *e)
{
    X509_STORE *s = trusted(roots);
    X509_STORE_CTX *c = ssl.X509_STORE_CTX_new();
    OPENSSL_STACK *between = ssl.OPENSSL_sk_new_null();
    for (size_t i = 1; i < count; i++)
        ssl.OPENSSL_sk_push(between, x[i]);
    bool ok = ssl.X509_STORE_CTX_init(c, s, x[0], (STACK_OF(X509) *)between) == 1 &&
              ssl.X509_verify_cert(c) == 1;
    if (!ok)
        err_set(e, ERR_POLICY,
                "the certificate of the key's maker leads to none that is trusted here "
                "(passkeys.roots): %s",
                ssl.X509_verify_cert_error_string(ssl.X509_STORE_CTX_get_error(c)));
    ssl.X509_STORE_CTX_free(c);
    ssl.X509_STORE_free(s);
    ssl.OPENSSL_sk_free(between);
    return ok;
}

bool cert_leads(const struct cert_der *chain, size_t count, const char *roots,
                const unsigned char model[MODEL_SIZE], struct err *e)
{
    X509 *x[CHAIN_MAX] = { 0 };
    size_t n = 0;
    if (!LIB_LOAD(ssl, CHAIN_API, "libcrypto.so.3", "libssl3", e))
        return false;
    while (n < count && n < CHAIN_MAX && (x[n] = parse_der(&chain[n])))
        n++;
    bool ok = n > 0 && n == count;
    if (!ok || !is_of_model(x[0], model))
        ok = err_set(e, ERR_POLICY,
                     "the certificate that came with the key is not one of an authenticator of "
                     "that model");
    ok = ok && chain_leads(x, count, roots, e);
    while (n)
        ssl.X509_free(x[--n]);
    return ok;
}
