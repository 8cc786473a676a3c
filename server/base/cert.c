/* cert.c - reads and makes certificates. libcrypto's functions are rows of CERT_API. */
#include "base/cert.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/lib.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define CERT_API(X)                                                                                \
    X(BIO_new_mem_buf)                                                                             \
    X(BIO_new)                                                                                     \
    X(BIO_s_mem)                                                                                   \
    X(BIO_ctrl)                                                                                    \
    X(BIO_free)                                                                                    \
    X(PEM_read_bio_X509)                                                                           \
    X(PEM_read_bio_PrivateKey)                                                                     \
    X(PEM_write_bio_X509)                                                                          \
    X(PEM_write_bio_PrivateKey)                                                                    \
    X(X509_new)                                                                                    \
    X(X509_check_private_key)                                                                      \
    X(X509_free)                                                                                   \
    X(X509_get_subject_name)                                                                       \
    X(X509_get_issuer_name)                                                                        \
    X(X509_check_host)                                                                             \
    X(X509_check_ip_asc)                                                                           \
    X(X509_NAME_get_text_by_NID)                                                                   \
    X(X509_NAME_add_entry_by_txt)                                                                  \
    X(X509_get_ext_d2i)                                                                            \
    X(GENERAL_NAMES_free)                                                                          \
    X(OPENSSL_sk_num)                                                                              \
    X(OPENSSL_sk_value)                                                                            \
    X(ASN1_STRING_get0_data)                                                                       \
    X(ASN1_STRING_length)                                                                          \
    X(ASN1_TIME_to_tm)                                                                             \
    X(X509_get0_notBefore)                                                                         \
    X(X509_get0_notAfter)                                                                          \
    X(X509_getm_notBefore)                                                                         \
    X(X509_getm_notAfter)                                                                          \
    X(X509_gmtime_adj)                                                                             \
    X(X509_get_serialNumber)                                                                       \
    X(ASN1_INTEGER_set)                                                                            \
    X(X509_set_version)                                                                            \
    X(X509_set_pubkey)                                                                             \
    X(X509_set_issuer_name)                                                                        \
    X(X509V3_EXT_conf_nid)                                                                         \
    X(X509_add_ext)                                                                                \
    X(X509_EXTENSION_free)                                                                         \
    X(X509_sign)                                                                                   \
    X(EVP_sha256)                                                                                  \
    X(EVP_PKEY_Q_keygen)                                                                           \
    X(EVP_PKEY_free)
LIB_TABLE(ssl, CERT_API);

static bool load_cert_api(struct err *e)
{
    return LIB_LOAD(ssl, CERT_API, "libcrypto.so.3", "libssl3", e);
}

static void add_name(struct arena *a, struct cert_info *out, const char *name, size_t len)
{
    for (size_t i = 0; i < out->count; i++)
        if (strlen(out->names[i]) == len && memcmp(out->names[i], name, len) == 0)
            return;
    out->names[out->count++] = arena_strndup(a, name, len);
}

static void read_names(struct arena *a, X509 *x, struct cert_info *out)
{
    char common[256];
    GENERAL_NAMES *others = ssl.X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    int n = others ? ssl.OPENSSL_sk_num((const OPENSSL_STACK *)others) : 0;
    out->names = arena_array(a, char *, n + 1);
    int len = ssl.X509_NAME_get_text_by_NID(ssl.X509_get_subject_name(x), NID_commonName, common,
                                            sizeof common);
    if (len > 0)
        add_name(a, out, common, (size_t)len);
    for (int i = 0; i < n; i++) {
        const GENERAL_NAME *name = ssl.OPENSSL_sk_value((const OPENSSL_STACK *)others, i);
        if (name->type != GEN_DNS)
            continue;
        add_name(a, out, (const char *)ssl.ASN1_STRING_get0_data(name->d.dNSName),
                 (size_t)ssl.ASN1_STRING_length(name->d.dNSName));
    }
    if (others)
        ssl.GENERAL_NAMES_free(others);
}

static void read_time(const ASN1_TIME *from, char *out, size_t size)
{
    struct tm parts;
    if (ssl.ASN1_TIME_to_tm(from, &parts) == 1)
        strftime(out, size, "%Y/%m/%d %H:%M:%SZ", &parts);
}

static const char *distinguished(struct arena *a, X509_NAME *of)
{
    char text[256];
    int n = ssl.X509_NAME_get_text_by_NID(of, NID_commonName, text, sizeof text);
    if (n <= 0)
        n = ssl.X509_NAME_get_text_by_NID(of, NID_organizationName, text, sizeof text);
    return n > 0 ? arena_strndup(a, text, (size_t)n) : "";
}

static X509 *first_certificate(const char *pem, size_t len)
{
    BIO *bio = ssl.BIO_new_mem_buf(pem, (int)len);
    X509 *x = ssl.PEM_read_bio_X509(bio, NULL, NULL, NULL);
    ssl.BIO_free(bio);
    return x;
}

bool cert_read(struct arena *a, const char *pem, size_t len, struct cert_info *out, struct err *e)
{
    *out = (struct cert_info){ 0 };
    if (!load_cert_api(e))
        return false;
    X509 *x = first_certificate(pem, len);
    if (!x)
        return err_set(e, ERR_ARGS, "the text holds no certificate in PEM");
    read_names(a, x, out);
    out->subject = distinguished(a, ssl.X509_get_subject_name(x));
    out->issuer = distinguished(a, ssl.X509_get_issuer_name(x));
    read_time(ssl.X509_get0_notBefore(x), out->not_before, sizeof out->not_before);
    read_time(ssl.X509_get0_notAfter(x), out->not_after, sizeof out->not_after);
    ssl.X509_free(x);
    return true;
}

bool cert_is_for(const char *pem, size_t len, const char *host)
{
    struct err ignored = { 0 };
    if (!load_cert_api(&ignored))
        return false;
    X509 *x = first_certificate(pem, len);
    bool fits = x && (ssl.X509_check_ip_asc(x, host, 0) == 1 ||
                      ssl.X509_check_host(x, host, strlen(host), 0, NULL) == 1);
    ssl.X509_free(x);
    return fits;
}

/* An empty passphrase is given, or libcrypto would ask for one on the terminal. */
static bool cert_matches_key(X509 *x, const char *pem)
{
    BIO *bio = ssl.BIO_new_mem_buf(pem, (int)strlen(pem));
    char none[] = "";
    EVP_PKEY *key = ssl.PEM_read_bio_PrivateKey(bio, NULL, NULL, none);
    ssl.BIO_free(bio);
    bool fits = key && ssl.X509_check_private_key(x, key) == 1;
    if (key)
        ssl.EVP_PKEY_free(key);
    return fits;
}

bool cert_check_pair(struct arena *a, const char *cert, const char *key, double now, struct err *e)
{
    struct cert_info info = { 0 };
    char today[32];
    struct tm parts;
    time_t at = (time_t)now;
    if (!cert_read(a, cert, strlen(cert), &info, e))
        return err_at(e, "cert");
    strftime(today, sizeof today, "%Y/%m/%d %H:%M:%SZ", gmtime_r(&at, &parts));
    if (strcmp(info.not_after, today) < 0)
        return err_set(e, ERR_ARGS, "cert: it expired at %s", info.not_after);
    if (strcmp(info.not_before, today) > 0)
        return err_set(e, ERR_ARGS, "cert: it is not valid before %s", info.not_before);
    BIO *bio = ssl.BIO_new_mem_buf(cert, (int)strlen(cert));
    X509 *x = ssl.PEM_read_bio_X509(bio, NULL, NULL, NULL);
    ssl.BIO_free(bio);
    bool fits = x && cert_matches_key(x, key);
    if (x)
        ssl.X509_free(x);
    return fits || err_set(e, ERR_ARGS, "key: is no PEM private key of the certificate in cert");
}

static bool add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *extension = ssl.X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    if (!extension)
        return false;
    bool added = ssl.X509_add_ext(x, extension, -1) == 1;
    ssl.X509_EXTENSION_free(extension);
    return added;
}

static bool fill_certificate(struct arena *a, X509 *x, EVP_PKEY *key, const char *name, int days)
{
    ssl.X509_set_version(x, 2);
    ssl.ASN1_INTEGER_set(ssl.X509_get_serialNumber(x), 1);
    ssl.X509_gmtime_adj(ssl.X509_getm_notBefore(x), 0);
    ssl.X509_gmtime_adj(ssl.X509_getm_notAfter(x), 86400L * days);
    X509_NAME *subject = ssl.X509_get_subject_name(x);
    return ssl.X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const void *)name, -1, -1,
                                          0) == 1 &&
           ssl.X509_set_issuer_name(x, subject) == 1 && ssl.X509_set_pubkey(x, key) == 1 &&
           add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(x, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
           add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(x, NID_subject_alt_name, arena_printf(a, "DNS:%s", name)) &&
           ssl.X509_sign(x, key, ssl.EVP_sha256()) > 0;
}

static char *drain_bio(struct arena *a, BIO *bio)
{
    char *bytes = NULL;
    long len = ssl.BIO_ctrl(bio, BIO_CTRL_INFO, 0, &bytes);
    char *text = len > 0 ? arena_strndup(a, bytes, (size_t)len) : NULL;
    ssl.BIO_free(bio);
    return text;
}

bool cert_make(struct arena *a, const char *name, int days, char **cert, char **key, struct err *e)
{
    if (!load_cert_api(e))
        return false;
    EVP_PKEY *pair = ssl.EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    X509 *x = ssl.X509_new();
    BIO *cert_out = ssl.BIO_new(ssl.BIO_s_mem()), *key_out = ssl.BIO_new(ssl.BIO_s_mem());
    bool made = pair && x && fill_certificate(a, x, pair, name, days) &&
                ssl.PEM_write_bio_X509(cert_out, x) == 1 &&
                ssl.PEM_write_bio_PrivateKey(key_out, pair, NULL, NULL, 0, NULL, NULL) == 1;
    *cert = drain_bio(a, cert_out);
    *key = drain_bio(a, key_out);
    if (x)
        ssl.X509_free(x);
    if (pair)
        ssl.EVP_PKEY_free(pair);
    if (made && *cert && *key)
        return true;
    return err_set(e, ERR_SYSTEM, "no certificate for %s could be made by libcrypto", name);
}
