/* lib.h - shared libraries loaded when first needed, so that a stdio session answers `initialize`
 * before libcurl, libwebsockets, SQLite or libcrypto cost anything.
 *
 * A module lists the functions it uses and gets a struct of typed pointers:
 *     #define CURL_API(X) X(curl_easy_init) X(curl_easy_perform)
 *     LIB_TABLE(curl, CURL_API);            // in the .c: `static struct lib_curl curl;`
 *     if (!LIB_LOAD(curl, CURL_API, "libcurl.so.4", e)) return false;
 *     curl.curl_easy_init();
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct err;

struct lib_symbol {
    const char *name;
    void **to;
};

/* Loads once; false with ERR_SYSTEM naming the library (and its Debian package) or symbol. */
bool lib_load(const char *soname, const char *package, const struct lib_symbol *symbols,
              size_t count, struct err *e);

#define LIB_MEMBER(fn) __typeof__(&fn) fn;
#define LIB_TABLE(name, API)                                                                       \
    static struct lib_##name {                                                                     \
        API(LIB_MEMBER)                                                                            \
    } name
